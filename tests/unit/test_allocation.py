"""The first allocation policy: its reasons in order, its order of families, and what holds for every plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from json import dumps, loads
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import Decision, Lot, Place, Reason, Snapshot, Want, decide, lot_reason, order, place_reason
from app.domain.decision_record import decision_content, record_of, replay
from app.domain.policy import Policy, policy_from

TODAY = date(2026, 11, 2)
NEEDS = ("attendance", "parenting_support")


def an_id(number: int) -> UUID:
    return UUID(int=number)


WANT = Want(
    referral_id=an_id(1), reference="R-1", household_id=an_id(2), band="P3", banded_on=TODAY,
    received_at=datetime(2026, 11, 2, 9, tzinfo=UTC), area_id=an_id(10), school_id=an_id(11), key_stage="KS3",
    primary_need="attendance", language="ENG", modes=("home",),
)  # fmt: skip
LOT = Lot(
    id=an_id(100), provider_id=an_id(200), service_id=an_id(300), starts_on=TODAY, ends_on=TODAY, area_ids=(),
    school_ids=(), key_stages=("KS3",), needs=NEEDS, languages=("ENG",), modes=("home", "school"), standard_weeks=6,
    volume_left=5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("want", "lot", "reason"),
    [
        ({}, {}, None),
        ({}, {"ends_on": TODAY - timedelta(days=1)}, Reason.CONTRACT_PERIOD),
        ({}, {"starts_on": TODAY + timedelta(days=1)}, Reason.CONTRACT_PERIOD),
        ({}, {"area_ids": (an_id(99),)}, Reason.LOT_AREA),
        ({}, {"area_ids": (an_id(99),), "school_ids": (an_id(11),)}, None),
        ({"key_stage": "KS1"}, {}, Reason.KEY_STAGE),
        ({"primary_need": "housing"}, {}, Reason.NEED),
        ({"language": "POL"}, {}, Reason.LANGUAGE),
        ({"modes": ("remote",)}, {}, Reason.MODE),
        ({"refused_provider_ids": (an_id(200),)}, {}, Reason.CONFLICT),
        ({"declined_provider_ids": (an_id(200),)}, {}, Reason.PROVIDER_DECLINED),
        ({}, {"volume_left": 0}, Reason.VOLUME),
        ({"language": "POL", "key_stage": "KS1"}, {"volume_left": 0}, Reason.KEY_STAGE),
    ],
)
def test_the_first_reason_against_a_lot(want: dict, lot: dict, reason: Reason | None) -> None:
    changed = replace(LOT, **lot)
    assert lot_reason(replace(WANT, **want), changed, changed.volume_left, TODAY) == reason


def test_a_places_own_abilities_stand_over_its_services() -> None:
    place = Place(an_id(1), LOT.id, 1, languages=("POL",))
    assert place_reason(WANT, LOT, place) is Reason.LANGUAGE
    plan = decide(Snapshot((WANT,), (LOT,), (place,)), Policy(), TODAY)
    assert plan.decisions[0].outcome == "unplaceable"


def test_a_household_with_a_place_waits() -> None:
    places = tuple(Place(an_id(number), LOT.id, number) for number in (1, 2))
    sibling = replace(WANT, referral_id=an_id(3), reference="R-2")
    plan = decide(Snapshot((WANT, sibling), (LOT,), places), Policy(), TODAY)
    assert [(decision.outcome, decision.hold) for decision in plan.decisions] == [
        ("offered", None), ("waiting", "HOUSEHOLD_HAS_PLACE"),
    ]  # fmt: skip


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    providers = [an_id(200 + number) for number in range(3)]
    lots = tuple(
        replace(
            LOT,
            id=an_id(100 + number),
            provider_id=draw(st.sampled_from(providers)),
            area_ids=tuple(draw(st.sets(st.sampled_from([an_id(10), an_id(12)]), max_size=2))),
            key_stages=tuple(draw(st.sets(st.sampled_from(["KS2", "KS3"]), min_size=1))),
            needs=tuple(draw(st.sets(st.sampled_from(NEEDS), min_size=1))),
            volume_left=draw(st.integers(0, 3)),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    places = tuple(
        Place(an_id(1000 + number), draw(st.sampled_from(lots)).id, number + 1)
        for number in range(draw(st.integers(0, 5)) if lots else 0)
    )
    wants = tuple(
        replace(
            WANT,
            referral_id=an_id(5000 + number),
            reference=f"R-{number}",
            household_id=an_id(7000 + draw(st.integers(0, 8))),
            band=draw(st.sampled_from(["P1", "P2", "P3", "P4"])),
            banded_on=TODAY - timedelta(days=draw(st.integers(0, 3))),
            received_at=WANT.received_at - timedelta(minutes=draw(st.integers(0, 3))),
            area_id=draw(st.sampled_from([an_id(10), an_id(12), None])),
            key_stage=draw(st.sampled_from(["KS2", "KS3"])),
            primary_need=draw(st.sampled_from(NEEDS)),
            refused_provider_ids=tuple(draw(st.sets(st.sampled_from(providers), max_size=1))),
            holds=tuple(draw(st.sampled_from([(), (), (), ("SAFEGUARDING_HOLD",)]))),
        )
        for number in range(draw(st.integers(0, 8)))
    )
    return Snapshot(wants, lots, places)


def fits(want: Want, lot: Lot, place: Place) -> bool:
    return lot_reason(want, lot, 1, TODAY) is None and place_reason(want, lot, place) is None


@given(snapshots())
def test_what_holds_for_every_plan(snapshot: Snapshot) -> None:
    plan = decide(snapshot, Policy(), TODAY)
    wants = {want.referral_id: want for want in snapshot.wants}
    lots = {lot.id: lot for lot in snapshot.lots}
    made = [decision for decision in plan.decisions if decision.place]
    assert sorted(decision.referral_id for decision in plan.decisions) == sorted(wants), "everyone is decided once"
    assert [decision.referral_id for decision in plan.decisions] == [
        want.referral_id for want in sorted(snapshot.wants, key=order)
    ]
    assert len({decision.place.id for decision in made}) == len(made), "no place twice"
    for decision in made:
        want, lot = wants[decision.referral_id], lots[decision.place.lot_id]
        assert fits(want, lot, decision.place)
        assert not want.holds
    for lot in snapshot.lots:
        assert sum(decision.place.lot_id == lot.id for decision in made) <= lot.volume_left
    assert len({wants[decision.referral_id].household_id for decision in made}) == len(made)
    check_nobody_jumped(snapshot, plan.decisions)


def check_nobody_jumped(snapshot: Snapshot, decisions: tuple[Decision, ...]) -> None:
    """No one who waits could have had a place that someone behind them got, or one that is still free."""
    wants = {want.referral_id: want for want in snapshot.wants}
    lots = {lot.id: lot for lot in snapshot.lots}
    taken = {decision.place.id for decision in decisions if decision.place}
    used = {lot_id: sum(1 for d in decisions if d.place and d.place.lot_id == lot_id) for lot_id in lots}
    for position, decision in enumerate(decisions):
        if decision.place or decision.hold:
            continue
        want = wants[decision.referral_id]
        for later in decisions[position + 1 :]:
            if later.place:
                assert not fits(want, lots[later.place.lot_id], later.place)
        for place in snapshot.places:
            if place.id not in taken and used[place.lot_id] < lots[place.lot_id].volume_left:
                assert not fits(want, lots[place.lot_id], place)


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_changes_nothing(snapshot: Snapshot, chance) -> None:
    shuffled = Snapshot(*(tuple(chance.sample(part, len(part))) for part in (
        snapshot.wants, snapshot.lots, snapshot.places,
    )))  # fmt: skip
    assert decide(snapshot, Policy(), TODAY) == decide(shuffled, Policy(), TODAY)


@given(snapshots())
def test_every_decision_can_be_made_again_from_its_record(snapshot: Snapshot) -> None:
    plan = decide(snapshot, Policy(), TODAY)
    by_id = {want.referral_id: want for want in snapshot.wants}
    for decision in plan.decisions:
        taken = [other.place for other in plan.offered if other is not decision]
        record = record_of(
            by_id[decision.referral_id], decision, snapshot.lots, plan.spare, Policy(), TODAY, taken=taken
        )
        again = replay(loads(dumps(orjson.loads(orjson.dumps(record, default=str)))))
        assert decision_content(again) == decision_content(decision)
        assert orjson.dumps(decision_content(again)) == orjson.dumps(
            {key: record[key] for key in decision_content(again)}
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answer_days": {"P1": 1}}, "P2, P3, P4"),
        ({"answer_days": {"P1": 1, "P2": 2, "P3": 3, "P4": 3.5}}, "whole number"),
        ({"return_working_days": -1}, "whole number"),
        ({"lucky_number": 7}, "lucky_number"),
    ],
)
def test_a_policy_that_is_not_whole_is_refused(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        policy_from({**Policy().content(), **change})


def test_the_digest_is_of_the_content() -> None:
    assert policy_from(Policy().content()).digest() == Policy().digest()
    assert Policy(return_working_days=5).digest() != Policy().digest()
