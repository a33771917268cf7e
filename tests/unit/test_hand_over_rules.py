"""Which cases go where: one place each, no hard reason, no cap broken, the same whatever the order of the rows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import Caseload, Lot, Place, Want
from app.domain.capacity import offerable_of
from app.domain.hand_over import NextSupply, RunningCase, plan_hand_over
from app.domain.policy import Policy

DAY = date(2026, 11, 2)
OLD, NEW = UUID(int=1), UUID(int=2)
HERE, THERE = UUID(int=11), UUID(int=12)
NEEDS = ("attendance", "housing")


def lot(**changes: object) -> Lot:
    made = Lot(
        id=NEW, provider_id=HERE, service_id=UUID(int=3), starts_on=DAY, ends_on=date(2027, 8, 31), area_ids=(),
        school_ids=(), key_stages=("KS3",), needs=NEEDS, languages=("ENG",), modes=("home",), standard_weeks=6,
        volume_left=100, place_count=5,
    )  # fmt: skip
    return replace(made, **changes)


def case(number: int, need: str = "attendance", worker: int | None = None, *, started: bool = True) -> RunningCase:
    want = Want(
        referral_id=UUID(int=1000 + number), reference=f"R-{number}", household_id=UUID(int=2000 + number), band="P3",
        banded_on=DAY, received_at=datetime(2026, 10, 1, 9, number % 60, tzinfo=UTC), area_id=None, school_id=None,
        key_stage="KS3", primary_need=need, language="ENG", modes=("home",),
    )  # fmt: skip
    who = None if worker is None else UUID(int=500 + worker)
    where = UUID(int=6000 + number)
    return RunningCase(UUID(int=3000 + number), want, OLD, HERE, who, who, where, 1, started, withheld=False)


def place(number: int, need: str | None = None, worker: int | None = None) -> Place:
    who = None if worker is None else UUID(int=500 + worker)
    return Place(UUID(int=4000 + number), NEW, number, who, needs=None if need is None else (need,))


workers = st.one_of(st.none(), st.integers(0, 2))
cases = st.lists(st.tuples(st.sampled_from(NEEDS), workers, st.booleans()), max_size=7)
places = st.lists(st.tuples(st.one_of(st.none(), st.sampled_from(NEEDS)), workers), max_size=7)


@given(cases, places, st.integers(0, 4), st.integers(0, 7), st.randoms())
def test_every_case_once_and_no_rule_broken(rows, spots, spare, volume, random) -> None:
    running = [case(number, need, worker, started=begun) for number, (need, worker, begun) in enumerate(rows)]
    free = [place(number, need, worker) for number, (need, worker) in enumerate(spots)]
    on = [each.caseload_of for each in running]
    loads = [
        Caseload(UUID(int=500 + who), on.count(UUID(int=500 + who)) + spare, on.count(UUID(int=500 + who)))
        for who in range(3)
    ]
    supply = NextSupply({NEW: lot(volume_left=volume)}, free, loads)
    plan = plan_hand_over(running, {OLD: NEW}, supply, Policy(), DAY)
    told = [move.case.intervention_id for move in plan.moves] + [stay.case.intervention_id for stay in plan.stays]
    assert sorted(told) == sorted(each.intervention_id for each in running)
    assert len({move.place.id for move in plan.moves}) == len(plan.moves)
    for move in plan.moves:
        assert move.case.want.primary_need in (move.place.needs or NEEDS)
    assert sum(not move.case.started for move in plan.moves) <= volume
    moved = {move.case.intervention_id for move in plan.moves}
    for load in loads:
        after = sum(move.place.practitioner_id == load.practitioner_id for move in plan.moves) + sum(
            each.caseload_of == load.practitioner_id for each in running if each.intervention_id not in moved
        )
        assert after <= load.limit
    random.shuffle(running)
    random.shuffle(free)
    assert plan_hand_over(running, {OLD: NEW}, replace(supply, places=free), Policy(), DAY) == plan


def test_a_family_keeps_its_practitioner_where_it_can() -> None:
    free = [place(number, worker=number) for number in range(3)]
    running = [case(number, worker=2 - number) for number in range(3)]
    loads = [Caseload(UUID(int=500 + who), 1, 1) for who in range(3)]
    plan = plan_hand_over(running, {OLD: NEW}, NextSupply({NEW: lot()}, free, loads), Policy(), DAY)
    assert [move.place.practitioner_id for move in plan.moves] == [each.practitioner_id for each in running]


def test_work_that_has_begun_goes_first_and_uses_no_volume() -> None:
    running = [case(0, started=False), case(1)]
    plan = plan_hand_over(running, {OLD: NEW}, NextSupply({NEW: lot(volume_left=0)}, [place(0)], []), Policy(), DAY)
    assert [move.case for move in plan.moves] == [running[1]]
    assert [stay.reason for stay in plan.stays] == ["VOLUME"]
    ample = plan_hand_over(running, {OLD: NEW}, NextSupply({NEW: lot()}, [place(0)], []), Policy(), DAY)
    assert [stay.reason for stay in ample.stays] == ["NO_FREE_PLACE"]


@pytest.mark.parametrize(("limit", "moved"), [(1, 0), (2, 2)])
def test_a_place_with_its_next_family_counts_once_against_the_caseload(limit: int, moved: int) -> None:
    """Both would go, each to a place of its own: that is one place more than their practitioner has now."""
    now = replace(case(0, worker=0), place_bookings=2)
    then = replace(case(1, worker=0, started=False), place_id=now.place_id, place_bookings=2)
    supply = NextSupply({NEW: lot()}, [place(0, worker=0), place(1, worker=0)], [Caseload(UUID(int=500), limit, 1)])
    assert len(plan_hand_over([now, then], {OLD: NEW}, supply, Policy(), DAY).moves) == moved


def test_a_declined_offer_counts_against_another_provider_and_not_against_its_own() -> None:
    running = case(0)
    running = replace(running, want=replace(running.want, declined_provider_ids=(HERE, THERE)))
    for provider, reason in ((HERE, None), (THERE, "PROVIDER_DECLINED")):
        supply = NextSupply({NEW: lot(provider_id=provider)}, [place(0)], [])
        plan = plan_hand_over([running], {OLD: NEW}, supply, Policy(), DAY)
        assert [stay.reason for stay in plan.stays] == ([reason] if reason else [])


def test_a_lot_that_is_not_named_keeps_its_cases() -> None:
    supply = NextSupply({NEW: lot()}, [place(0)], [])
    other = replace(case(0), lot_id=UUID(int=9))
    assert [stay.reason for stay in plan_hand_over([other], {OLD: NEW}, supply, Policy(), DAY).stays] == [
        "LOT_NOT_MAPPED"
    ]


@given(st.integers(0, 6), st.integers(0, 8))
def test_so_many_free_places_wait_as_families_are_held_after_a_cut(free: int, held: int) -> None:
    offered = offerable_of([place(number) for number in range(1, free + 1)], {NEW: held})
    assert sorted(each.number for each in offered) == list(range(1, max(0, free - held) + 1))
