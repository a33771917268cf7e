"""What officers do by hand, as pure rules: choices of places, bands, and closures undone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access import Kind
from app.clock import london_date, london_moment
from app.domain.allocation import Caseload, Hold, Place, Reason, Snapshot, decide
from app.domain.allocation.certificate import Rules, jumps
from app.domain.allocation.order import counting_band, date_of_band
from app.domain.allocation.override import (
    CASELOAD,
    STANDS,
    excused,
    is_free,
    officers_choice,
    passed_over,
    stands_against,
)
from app.domain.allocation_explained import Names, explain, recorded_facts
from app.domain.calendar import default_calendar
from app.domain.decision_record import decision_content, record_of, replay
from app.domain.policy import Policy
from app.domain.policy_published import Publication, public_page, transparency_record
from app.domain.referral import CASE_STATES, TRANSITIONS, State, Transition, available_actions, reopened_state
from app.domain.reopening import due_anew, may_be_undone
from tests.factories.snapshots import BANDS, LOT, TODAY, WANT, an_id, snapshots

POLICY = Policy()
CALENDAR = default_calendar("2026/27")
PLACE = Place(an_id(1), LOT.id, 1, an_id(400))
crowded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def choices(draw: st.DrawFn) -> tuple[Snapshot, int, Place]:
    """A snapshot, one of its referrals by number, and a place that an officer may give it."""
    made = draw(snapshots())
    # One more lot, place and family, so that there is always a choice to be made.
    lot = replace(LOT, id=an_id(150), provider_id=an_id(250))
    snapshot = replace(
        made,
        wants=(*made.wants, replace(WANT, household_id=an_id(7999))),
        lots=(*made.lots, lot),
        places=(*made.places, Place(an_id(1999), lot.id, 99)),
    )
    lots = {lot.id: lot for lot in snapshot.lots}
    possible = [
        (number, place)
        for number, want in enumerate(snapshot.wants)
        for place in snapshot.places
        if is_free(place) and stands_against(want, lots[place.lot_id], place, snapshot.caseloads, TODAY) is None
    ]
    number, place = draw(st.sampled_from(possible))
    return snapshot, number, place


@crowded
@given(choices())
def test_every_jump_of_an_officer_is_excused_and_the_rule_makes_none(made: tuple[Snapshot, int, Place]) -> None:
    snapshot, number, place = made
    want = snapshot.wants[number]
    lot = next(lot for lot in snapshot.lots if lot.id == place.lot_id)
    choice = officers_choice(want, lot, place, POLICY, TODAY)
    over = passed_over(snapshot, POLICY, TODAY, choice)
    marked = excused(choice, over)
    assert (marked.excuse == "OFFICER_OVERRIDE") == bool(over)
    order, rules = Rules(snapshot, POLICY, TODAY).order, Rules(snapshot, POLICY, TODAY)
    wants = {each.referral_id: each for each in snapshot.wants}
    for one in over:
        assert order.key(wants[one]) < order.key(want)
        assert rules.could_have(wants[one], place)
    others = tuple(each for each in snapshot.wants if each.referral_id != want.referral_id)
    left = tuple(each for each in snapshot.places if each.id != place.id)
    rest = decide(replace(snapshot, wants=others, places=left), POLICY, TODAY)
    found = jumps(snapshot, POLICY, TODAY, (marked, *rest.decisions))
    mine = {jump.code for jump in found if jump.referral_id == want.referral_id}
    assert mine <= {"OFFICER_OVERRIDE", "FAMILY_PAUSED"}
    assert not any(decision.by_officer or decision.excuse == "OFFICER_OVERRIDE" for decision in rest.decisions)


@crowded
@given(choices())
def test_the_record_of_an_officers_choice_leads_to_it_again(made: tuple[Snapshot, int, Place]) -> None:
    snapshot, number, place = made
    want = snapshot.wants[number]
    lot = next(lot for lot in snapshot.lots if lot.id == place.lot_id)
    choice = officers_choice(want, lot, place, POLICY, TODAY)
    record = record_of(want, choice, snapshot.lots, snapshot.places, POLICY, TODAY, taken=snapshot.places)
    stored = orjson.loads(orjson.dumps(record, default=str))
    content = orjson.loads(orjson.dumps(decision_content(choice), default=str))
    assert orjson.loads(orjson.dumps(decision_content(replay(stored)), default=str)) == content
    assert content["place_id"] == str(place.id)
    text = explain(recorded_facts(stored), Names("Year 9", None))
    assert text.startswith("An officer of the authority offered this family a free place")
    for other in snapshot.wants:
        if other is not want:
            assert str(other.referral_id) not in orjson.dumps(stored).decode()


@pytest.mark.parametrize(
    ("want", "lot", "caseloads", "rule"),
    [
        ({"holds": (Hold.SAFEGUARDING_HOLD.value,)}, {}, (), "SAFEGUARDING_HOLD"),
        ({"holds": (Hold.HOUSEHOLD_HAS_PLACE.value,)}, {}, (), "HOUSEHOLD_HAS_PLACE"),
        ({"holds": (Hold.FAMILY_PAUSED.value,)}, {}, (), "FAMILY_PAUSED"),
        ({"refused_provider_ids": (LOT.provider_id,)}, {}, (), "CONFLICT"),
        ({"language": "UKR"}, {}, (), "LANGUAGE"),
        ({}, {"ends_on": TODAY - timedelta(days=1)}, (), "CONTRACT_PERIOD"),
        ({}, {"volume_left": 0}, (), "VOLUME"),
        ({}, {}, (Caseload(an_id(400), 2, 2),), CASELOAD),
        ({}, {}, (Caseload(an_id(400), 2, 1),), None),
        ({"declined_provider_ids": (LOT.provider_id,)}, {}, (), None),
        ({"preferred_mode": "remote", "band": "P4"}, {}, (), None),
    ],
)
def test_what_stands_whoever_decides(want: dict, lot: dict, caseloads: tuple, rule: str | None) -> None:
    against = stands_against(replace(WANT, **want), replace(LOT, **lot), PLACE, caseloads, TODAY)
    assert against == rule
    assert rule is None or rule in STANDS


def test_every_rule_either_stands_or_may_be_set_aside() -> None:
    aside = {Reason.PROVIDER_DECLINED.value, Reason.WINDOW.value, Reason.COURSE_DATE.value}
    assert {rule.value for rule in (*Reason, *Hold)} | {CASELOAD} == aside | set(STANDS)


@pytest.mark.parametrize(
    ("place", "free"),
    [({}, True), ({"booked": True}, False), ({"in_service": False}, False), ({"free_in": 1}, False)],
)
def test_only_a_place_that_is_free_now_can_be_chosen(place: dict, *, free: bool) -> None:
    assert is_free(replace(PLACE, **place)) is free


@given(
    st.sampled_from(BANDS), st.sampled_from(BANDS), st.integers(0, 200),
    st.one_of(st.none(), st.integers(-100, 100)),
)  # fmt: skip
def test_a_band_counts_from_today_but_for_what_the_long_stop_gave(
    before: str, to: str, days: int, stop: int | None
) -> None:
    banded_on = TODAY - timedelta(days=days)
    long_stop_on = None if stop is None else TODAY + timedelta(days=stop)
    counting = counting_band(before, banded_on, long_stop_on, POLICY, TODAY)
    dated = date_of_band(to, counting, TODAY)
    assert banded_on <= dated <= TODAY or long_stop_on == dated
    if to not in (before, "P3"):
        assert dated == TODAY
    if before == "P4" and to == "P3" and stop is not None and stop <= 0:
        assert dated == long_stop_on


@pytest.mark.parametrize("before", [state for state in State if state not in (State.NEW, State.CLOSED)])
@pytest.mark.parametrize("free", [True, False])
def test_a_closure_is_undone_by_a_listed_move_to_where_it_stood_or_to_waiting(before: State, *, free: bool) -> None:
    target = reopened_state(before, place_is_free=free)
    assert Transition(State.CLOSED, target, "referral.reopened") in TRANSITIONS
    if before in CASE_STATES:
        assert target is (before if free else State.WAITING)


def test_reopening_is_all_that_a_closed_referral_is_open_to() -> None:
    for kind in Kind:
        assert available_actions(State.CLOSED, kind) == []
        assert available_actions(State.CLOSED, kind, reopenable=True) == ["reopen"]
        assert "reopen" not in available_actions(State.WAITING, kind, reopenable=True)


def test_what_is_held_is_released_before_it_is_placed_by_hand() -> None:
    held = available_actions(State.WAITING, Kind.AUTHORITY, held=True)
    assert "override" not in held
    assert "release" in held
    assert "override" in available_actions(State.WAITING, Kind.AUTHORITY)


def test_what_is_published_says_what_officers_may_do() -> None:
    about = Publication("Testshire (made up)", 3, date(2026, 9, 1), "places@testshire.example", POLICY.digest())
    page = public_page(POLICY, about)
    assert "change a band with a reason, or offer a free place out of order" in page
    assert "No officer can place a family with a provider that it refuses" in page
    decisions = transparency_record(POLICY, about)["tier_2"]["decision_making"]["human_decisions"]
    assert any("offer a family a free place out of order" in each for each in decisions)


FRIDAY = datetime(2026, 10, 16, 16, tzinfo=UTC)
"""A week before the half-term holiday, which ends with October."""


def test_a_closure_can_be_undone_for_ten_school_days() -> None:
    last = CALENDAR.add_school_days(london_date(FRIDAY), 10)
    assert last > date(2026, 11, 2), "the holiday does not count"
    assert may_be_undone(FRIDAY, FRIDAY, CALENDAR)
    assert may_be_undone(FRIDAY, london_moment(last, 23), CALENDAR)
    assert not may_be_undone(FRIDAY, london_moment(CALENDAR.add_school_days(last, 1)), CALENDAR)


@given(st.integers(0, 20), st.integers(0, 30))
def test_what_is_owed_again_has_as_many_school_days_left_as_it_had(left: int, closed_for: int) -> None:
    closed_on = london_date(FRIDAY)
    due_at = london_moment(CALENDAR.add_school_days(closed_on, left) if left else closed_on, 17)
    now = FRIDAY + timedelta(days=closed_for)
    anew = due_anew("school_day", due_at, closed_at=FRIDAY, now=now, calendar=CALENDAR)
    assert CALENDAR.school_days_between(london_date(now), london_date(anew)) == left
    assert (anew.astimezone(UTC) - london_moment(london_date(anew), 17)) == timedelta(0), "at the same hour in England"


def test_hours_are_given_back_as_hours() -> None:
    due_at, now = FRIDAY + timedelta(hours=3), FRIDAY + timedelta(days=2)
    anew = due_anew("calendar_hour", due_at, closed_at=FRIDAY, now=now, calendar=CALENDAR)
    assert anew == now + timedelta(hours=3)
