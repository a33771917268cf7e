"""The last year played again: it keeps every rule of places, knows nothing beforehand, and compares like with like."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.allocation.facts import Caseload
from app.domain.allocation.replay import ACCEPTED, EXPIRED, Answer, Booking
from app.domain.allocation.what_if import WhatIf
from app.domain.allocation.year import Holder, Wait, Work, Year, otherwise
from app.domain.allocation.year_figures import World, compared, figures, waits_of
from app.domain.allocation.year_replay import YearReplay, play_year
from app.domain.policy import BANDS, Policy
from tests.factories.years import busy_year, case_of, days_of, lot_of, places_of

POLICY = Policy()
NOT_AHEAD = replace(POLICY, windows=dict.fromkeys(BANDS, 0))
SEEDS = st.integers(0, 10_000)


class Watched(YearReplay):
    """A play that writes down its offers, and looks at the rules each evening."""

    def __init__(self, year: Year, policy: Policy) -> None:
        super().__init__(year, policy)
        self.offers: list[tuple[int, int, int]] = []
        self.first_end: int | None = None
        self.limits = {each.practitioner_id: each.limit for each in year.caseloads}

    def offered(self, number: int, place: int) -> None:
        assert self.in_service(place), "offered while it did not stand"
        self.offers.append((self.day, number, place))
        super().offered(number, place)

    def ended(self, place: int, booking: Booking) -> None:
        if self.first_end is None:
            self.first_end = self.day
        super().ended(place, booking)

    def evening(self) -> None:
        super().evening()
        families = [each.referral for held in self.held for each in (held.here, held.next) if each is not None]
        assert len(families) == len(set(families)), "one place each"
        assert not set(families) & set(self.waiting), "placed and waiting"
        for practitioner, limit in self.limits.items():
            mine = [held.here for held, place in zip(self.held, self.places, strict=True)
                    if place.practitioner_id == practitioner]  # fmt: skip
            assert sum(here is not None for here in mine) <= limit


def watch(year: Year, policy: Policy = POLICY) -> Watched:
    played = Watched(year, policy)
    played.play_days(len(year.days))
    return played


@given(SEEDS, st.integers(10, 80), st.integers(2, 12))
@settings(max_examples=20, deadline=None)
def test_everyone_is_counted_once_and_the_same_year_gives_the_same(seed: int, families: int, places: int) -> None:
    year = busy_year(families, 2, places, seed=seed, school_days=60)
    told = figures(year, watch(year).played())
    assert told == figures(year, play_year(year, POLICY))
    line = told["all"]
    assert line["started"] + line["waiting"] + line["unplaceable"] + line["left"] == line["referrals"] == families
    for name in ("by_band", "by_area", "by_school"):
        for figure in ("referrals", "started", "waiting", "unplaceable", "left", "school_days_waited"):
            assert sum(each[figure] for each in told[name].values()) == line[figure]
    for use in told["by_lot"].values():
        assert use["held_days"] <= use["place_days"]


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_no_change_is_no_difference(seed: int) -> None:
    year = busy_year(60, 2, 6, seed=seed, school_days=60)
    plain = World(year, POLICY)
    told = compared(plain, World(*otherwise(year, POLICY, WhatIf(fair_share=False))))
    assert told["otherwise"] == told["as_it_was"]
    assert all(value in (0, None) for value in told["difference"]["all"].values())
    assert "no difference" in told["summary"]


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_how_long_the_work_will_take_decides_nothing_before_it_has_ended(seed: int) -> None:
    year = busy_year(60, 2, 6, seed=seed, school_days=60)
    longer = replace(
        year,
        cases=tuple(
            replace(case, work=case.work._replace(stay=case.work.stay + 7)) if case.work else case
            for case in year.cases
        ),
    )
    one, other = watch(year), watch(longer)
    until = min(day for day in (one.first_end, other.first_end, 60) if day is not None)
    assert [offer for offer in one.offers if offer[0] < until] == [offer for offer in other.offers if offer[0] < until]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), min_size=1, max_size=30), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_in_one_queue_for_like_places_another_place_lengthens_nobodys_wait(
    families: list[tuple[int, int]], places: int
) -> None:
    # With bands, several lots and offers ahead of a planned end this holds for most, and not for every family.
    days = days_of(60)
    lot = lot_of(1)
    cases = [
        case_of(number, day, band="P2", days=days, work=Work(stay, 0))
        for number, (day, stay) in enumerate(sorted(families))
    ]
    year = Year(days=days, lots=(lot,), places=places_of(lot, places), cases=tuple(cases))
    more, _ = otherwise(year, NOT_AHEAD, WhatIf(places=((lot.id, 1),)))
    before, after = play_year(year, NOT_AHEAD).waits, play_year(more, NOT_AHEAD).waits
    for one, other in zip(before, after, strict=True):
        assert other.days <= one.days
        assert other.reached >= one.reached


def test_silence_counted_as_a_yes_leaves_no_time_outs_and_the_same_answers_otherwise() -> None:
    year = busy_year(80, 2, 8, seed=3, school_days=60)
    silent, policy = otherwise(year, POLICY, WhatIf(deemed_acceptance=True))
    assert play_year(year, POLICY).time_outs > 0
    assert play_year(silent, policy).time_outs == 0
    provider = year.lots[0].provider_id
    pairs = zip(year.answers[provider], silent.answers[provider], strict=True)  # type: ignore[index]
    assert all(other == (Answer(ACCEPTED, one.days) if one.outcome == EXPIRED else one) for one, other in pairs)


def test_a_provider_answers_a_family_as_it_really_did_and_is_not_asked_again() -> None:
    days, lot = days_of(30), lot_of(1)
    no = ((lot.provider_id, Answer("declined", 1)),)
    year = Year(
        days=days,
        lots=(lot,),
        places=places_of(lot, 1),
        cases=(
            case_of(0, 0, band="P1", days=days, answers=no),
            case_of(1, 0, band="P2", days=days, work=Work(10, 1)),
        ),
        answers={lot.provider_id: (Answer(ACCEPTED, 1),)},
    )
    played = watch(year)
    assert [number for _, number, _ in played.offers] == [0, 1]
    assert figures(year, played.played())["by_band"]["P1"]["unplaceable"] == 1


def test_who_waited_or_held_a_place_when_the_year_began_counts_in_the_order_and_in_no_figure() -> None:
    days, lot = days_of(40), lot_of(1)
    year = Year(
        days=days,
        lots=(lot,),
        places=places_of(lot, 1),
        cases=(
            case_of(0, -5, days=days, arrives=0, counted=False, work=Work(10, 0)),
            case_of(1, 0, days=days, work=Work(10, 0)),
        ),
        holders=(Holder(0, UUID(int=1), -10, 4),),
    )
    played = watch(year)
    told = figures(year, played.played())
    assert [number for _, number, _ in played.offers] == [0, 1]
    assert played.offers[0][0] == 4, "only when the place was free; it ended before it was planned to"
    assert (told["all"]["referrals"], told["all"]["started"]) == (1, 1)
    assert told["by_lot"][str(lot.id)]["starts"] == 2
    assert told["by_lot"][str(lot.id)]["held_days"] == len([*range(4), *range(4, 16), *range(16, 28)])


def test_a_cut_evicts_nobody_and_takes_nobody_new() -> None:
    days, lot = days_of(40), lot_of(1)
    year = Year(
        days=days,
        lots=(lot,),
        places=places_of(lot, 2),
        cases=(case_of(0, 0, days=days),),
        holders=(Holder(0, UUID(int=1), -10, 15), Holder(1, UUID(int=2), -10, 20)),
    )
    other, policy = otherwise(year, POLICY, WhatIf(places=((lot.id, -2),)))
    played = watch(other, policy)
    assert played.offers == []
    assert figures(other, played.played())["by_lot"][str(lot.id)]["held_days"] == 35


def test_a_household_has_one_place_at_a_time_and_volume_and_caseloads_are_kept() -> None:
    days, lot = days_of(60), lot_of(1, volume=2)
    one, two, *others = (case_of(number, 0, band="P2", days=days, work=Work(9, 0)) for number in range(6))
    two = replace(two, want=replace(two.want, household_id=one.want.household_id))
    worker = UUID(int=7)
    spots = tuple(replace(spot, place=replace(spot.place, practitioner_id=worker)) for spot in places_of(lot, 4))
    year = Year(days=days, lots=(lot,), places=spots, cases=(one, two, *others), caseloads=(Caseload(worker, 1, 0),))
    played = watch(year)
    assert [number for _, number, _ in played.offers] == [0, 1], "one at a time, and no more than the volume"
    assert played.offers[1][0] >= played.offers[0][0] + 9
    roomy = replace(year, lots=(replace(lot, volume_left=100),), caseloads=())
    first = [number for day, number, _ in watch(roomy).offers if day == 0]
    assert first == [0, 2, 3, 4], "the sister waits for its household's place"


def test_an_extra_place_brings_its_volume() -> None:
    days, lot = days_of(60), lot_of(1, volume=6)
    year = Year(days=days, lots=(lot,), places=places_of(lot, 2))
    other, _ = otherwise(year, POLICY, WhatIf(places=((lot.id, 2),), practitioners=((lot.id, "POL", 1),)))
    assert (len(other.places), other.lots[0].volume_left) == (5, 6 + 3 * 3)
    assert [spot.place.languages for spot in other.places[-1:]] == [("ENG", "POL")]
    late = replace(year, places=tuple(replace(spot, opens=10, closes=20) for spot in year.places))
    beside, _ = otherwise(late, POLICY, WhatIf(places=((lot.id, 1),)))
    assert (beside.places[-1].opens, beside.places[-1].closes) == (10, 20)


def test_places_count_while_their_contract_runs() -> None:
    days = days_of(30)
    lot = lot_of(1, ends_on=days[9])
    year = Year(days=days, lots=(lot,), places=places_of(lot, 2), cases=(case_of(0, 15, days=days),))
    told = figures(year, play_year(year, POLICY))
    assert told["by_lot"][str(lot.id)]["place_days"] == 20
    assert told["all"]["unplaceable"] == 1


def test_with_fair_share_on_a_school_that_had_much_comes_after_the_others() -> None:
    days, lot = days_of(60), lot_of(1)
    cases = [case_of(number, 0, days=days, work=Work(5, 0)) for number in range(8)]
    much, little = UUID(int=200), UUID(int=201)
    cases = [
        replace(case, want=replace(case.want, school_id=much if number < 7 else little))
        for number, case in enumerate(cases)
    ]
    year = Year(days=days, lots=(lot,), places=places_of(lot, 1), cases=tuple(cases), rolls={much: 100, little: 900})
    fair, policy = otherwise(year, POLICY, WhatIf(fair_share=True))
    assert [number for _, number, _ in watch(year).offers] == list(range(8))
    assert watch(fair, policy).offers[-1][1] != 7
    anew = replace(year, starts_before={much: 50}, new_year=0)
    assert watch(anew, policy).offers == watch(fair, policy).offers, "a new academic year counts anew"


def test_the_long_stop_of_the_policy_that_is_asked_about_counts() -> None:
    days, lot = days_of(60), lot_of(1)
    cases = [case_of(0, 0, band="P4", days=days), *(case_of(1 + day, day, days=days) for day in range(40))]
    year = Year(days=days, lots=(lot,), places=places_of(lot, 1), cases=tuple(cases),
                works={lot.id: (Work(2, 0),)})  # fmt: skip
    soon = replace(POLICY, long_stop={"band": "P4", "becomes": "P3", "school_days": 5})
    never = replace(POLICY, long_stop=None)
    assert any(number == 0 for _, number, _ in watch(year, soon).offers)
    assert not any(number == 0 for _, number, _ in watch(year, never).offers)


def test_waits_are_estimated_with_those_who_still_wait() -> None:
    waits = [Wait(2, reached=True), Wait(4, reached=True), Wait(6, reached=False), Wait(8, reached=True)]
    assert waits_of(waits) == {
        "median_school_days": 4,
        "p90_school_days": 8,
        "mean_school_days": 5.0,
        "school_days_waited": 20,
    }
    assert waits_of([Wait(3, reached=True), Wait(9, reached=False)])["p90_school_days"] is None
    assert waits_of([Wait(1, reached=True), Wait(1, reached=True), Wait(2, reached=True)])["mean_school_days"] == 1.3
    assert set(waits_of([]).values()) == {None}


def test_days_are_the_years_own() -> None:
    year = busy_year(5, 1, 2, seed=1, school_days=10)
    replay = YearReplay(year, POLICY)
    assert replay.date_of(0) == date(2025, 9, 1)
    assert replay.date_of(11) > year.days[-1]
