from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contract_terms import ContractTerms, Variation, VariationKind, effective_terms, variation_from

FIRST, SECOND = UUID(int=1), UUID(int=2)
SIGNED = ContractTerms(date(2026, 9, 1), date(2027, 8, 31), 100, {FIRST: 60, SECOND: 20})
DAYS = st.dates(date(2026, 8, 1), date(2028, 12, 31))


@st.composite
def variation(draw: st.DrawFn, number: int) -> Variation:
    kind = draw(st.sampled_from(VariationKind))
    on = draw(DAYS)
    match kind:
        case VariationKind.EXTENSION:
            return Variation(number, kind, on, ends_on=draw(DAYS))
        case VariationKind.PRICE:
            return Variation(number, kind, on, price_pence=draw(st.integers(0, 10**9)))
        case VariationKind.VOLUME:
            volume = draw(st.integers(0, 500))
            return Variation(number, kind, on, lot_id=draw(st.sampled_from([FIRST, SECOND])), volume=volume)
        case VariationKind.LOTS:
            return Variation(number, kind, on, lot_ids=(draw(st.sampled_from([FIRST, SECOND])),))
        case VariationKind.DEEMED_ACCEPTANCE:
            return Variation(number, kind, on, deemed_acceptance=draw(st.booleans()))


@st.composite
def variations(draw: st.DrawFn) -> list[Variation]:
    return [draw(variation(number)) for number in range(1, draw(st.integers(0, 7)) + 1)]


@given(variations(), DAYS, st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_matter(recorded: list[Variation], on: date, chance: object) -> None:
    shuffled = list(recorded)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert effective_terms(SIGNED, shuffled, on) == effective_terms(SIGNED, recorded, on)


@given(variations(), DAYS)
def test_what_takes_effect_later_changes_no_earlier_date(recorded: list[Variation], on: date) -> None:
    # A lot is known to join later only by the variation that adds it, so those stay.
    by_then = [one for one in recorded if one.effective_on <= on or one.kind is VariationKind.LOTS]
    assert effective_terms(SIGNED, recorded, on) == effective_terms(SIGNED, by_then, on)


@given(variations(), DAYS)
def test_the_last_word_by_date_and_number_holds(recorded: list[Variation], on: date) -> None:
    in_effect = sorted(
        (one for one in recorded if one.effective_on <= on), key=lambda one: (one.effective_on, one.number)
    )
    terms = effective_terms(SIGNED, recorded, on)
    ends = [one.ends_on for one in in_effect if one.kind is VariationKind.EXTENSION]
    prices = [one.price_pence for one in in_effect if one.kind is VariationKind.PRICE]
    silence = [one.deemed_acceptance for one in in_effect if one.kind is VariationKind.DEEMED_ACCEPTANCE]
    assert terms.deemed_acceptance == (silence or [SIGNED.deemed_acceptance])[-1]
    assert terms.ends_on == (ends or [SIGNED.ends_on])[-1]
    assert terms.price_pence == (prices or [SIGNED.price_pence])[-1]
    for lot_id in (FIRST, SECOND):
        volumes = [one.volume for one in in_effect if one.lot_id == lot_id]
        joins = [one.effective_on for one in recorded if lot_id in one.lot_ids]
        expected = None if joins and min(joins) > on else (volumes or [SIGNED.volumes[lot_id]])[-1]
        assert terms.volumes.get(lot_id) == expected


def test_terms_without_variations_are_as_signed() -> None:
    assert effective_terms(SIGNED, [], date(2026, 1, 1)) == SIGNED
    assert not SIGNED.in_force(date(2026, 8, 31))
    assert SIGNED.in_force(date(2026, 9, 1))
    assert SIGNED.in_force(date(2027, 8, 31))
    assert not SIGNED.in_force(date(2027, 9, 1))


def test_an_extension_shows_from_the_day_it_takes_effect() -> None:
    extended = Variation(1, VariationKind.EXTENSION, date(2027, 6, 1), ends_on=date(2028, 8, 31))
    assert effective_terms(SIGNED, [extended], date(2027, 6, 1) - timedelta(days=1)).ends_on == date(2027, 8, 31)
    assert effective_terms(SIGNED, [extended], date(2027, 6, 1)).ends_on == date(2028, 8, 31)


def test_a_stored_variation_is_read_back_as_its_kind() -> None:
    on = date(2027, 6, 1)
    assert variation_from(1, "extension", on, {"ends_on": "2028-08-31"}).ends_on == date(2028, 8, 31)
    assert variation_from(2, "price", on, {"price_pence": 7}).price_pence == 7
    volume = variation_from(3, "volume", on, {"lot_id": str(FIRST), "volume": 9})
    assert (volume.lot_id, volume.volume) == (FIRST, 9)
    assert variation_from(4, "lots", on, {"lot_ids": [str(SECOND)]}).lot_ids == (SECOND,)
    assert variation_from(7, "deemed_acceptance", on, {"deemed_acceptance": True}).deemed_acceptance is True
    with pytest.raises(TypeError):
        variation_from(8, "deemed_acceptance", on, {"deemed_acceptance": "yes"})
    with pytest.raises(KeyError):
        variation_from(5, "price", on, {})
    with pytest.raises(ValueError):
        variation_from(6, "wish", on, {})
