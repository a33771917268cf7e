"""The rules of courses, placements and link days, by themselves."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import Calendar
from app.domain.courses import (
    Audience,
    CourseState,
    Session,
    Who,
    audience_fault,
    person_id,
    register_faults,
    session_faults,
    shown_state,
)
from app.domain.link_days import DayPart, is_free, term_label
from app.domain.placements import MOST_WEEKS, Asked, Basis, notice_faults, request_faults, weeks_fault

CALENDAR = Calendar()
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAYS = st.dates(date(2026, 9, 1), date(2028, 7, 31))


def meeting(day: int, hour: int = 18, minutes: int = 60) -> Session:
    start = NOW.replace(hour=hour) + timedelta(days=day)
    return Session(start, start + timedelta(minutes=minutes))


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20, unique=True))
def test_sessions_are_sound_in_order_and_in_no_other(days: list[int]) -> None:
    ordered = [meeting(day) for day in sorted(days)]
    assert session_faults(ordered, NOW) == []
    if len(ordered) > 1:
        assert [fault.code for fault in session_faults(ordered[::-1], NOW)] == ["out_of_order"] * (len(ordered) - 1)


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (meeting(-1), "in_the_past"),
        (meeting(0, hour=9), "in_the_past"),
        (meeting(1, minutes=0), "out_of_order"),
        (meeting(1, hour=8, minutes=601), "out_of_order"),
        (meeting(1, hour=23, minutes=120), "over_midnight"),
    ],
)
def test_a_session_that_cannot_be_is_told_apart(session: Session, code: str) -> None:
    assert [fault.code for fault in session_faults([session], NOW)] == [code]


@given(st.lists(st.uuids(), max_size=8, unique=True), st.data())
def test_a_register_holds_everyone_with_a_seat_once(seated: list[UUID], data: st.DataObject) -> None:
    assert register_faults(seated, data.draw(st.permutations(seated))) == []
    if seated:
        one = data.draw(st.sampled_from(seated))
        assert register_faults(seated, [*seated, one])
        assert register_faults(seated, [each for each in seated if each != one])
    assert register_faults(seated, [*seated, uuid4()])


@given(st.sampled_from(Audience), st.sampled_from(Who))
def test_families_are_for_both_and_the_others_for_their_own(audience: Audience, who: Who) -> None:
    fits = audience is Audience.FAMILIES or audience.value.startswith(who.value[:5])
    assert (audience_fault(audience, ["KS1"], who, "KS1") is None) == fits
    assert audience_fault(audience, ["KS2"], who, "KS1") is not None


def test_an_adult_is_the_same_person_however_the_name_is_typed() -> None:
    pupil, household = uuid4(), uuid4()
    assert person_id(Who.ADULT, pupil, household, " Ann  LEE ") == person_id(Who.ADULT, pupil, household, "Ann Lee")
    assert person_id(Who.ADULT, pupil, household, "Ann Lee") != person_id(Who.ADULT, pupil, uuid4(), "Ann Lee")
    assert person_id(Who.CHILD, pupil, household, "Ann Lee") == pupil


def test_only_a_planned_course_is_full() -> None:
    assert shown_state(CourseState.PLANNED, 0) == "full"
    assert shown_state(CourseState.PLANNED, 1) == "planned"
    assert shown_state(CourseState.RUNNING, 0) == "running"


@given(st.integers(1, MOST_WEEKS), st.integers(1, MOST_WEEKS))
def test_a_placement_lasts_twenty_weeks_in_all(weeks: int, more: int) -> None:
    assert (weeks_fault(weeks, more) is None) == (weeks + more <= 20)


@given(DAYS, st.integers(1, MOST_WEEKS))
def test_a_placement_begins_on_a_school_day_within_its_contract(on: date, weeks: int) -> None:
    ends_on = CALENDAR.planned_end(on, weeks)
    asked = Asked(Basis.AGREED, on, ends_on, None, on)
    last = date(2028, 7, 31)
    sound = CALENDAR.is_school_day(on) and ends_on <= last + timedelta(days=1)
    assert (request_faults(asked, CALENDAR, date(2026, 9, 1), (date(2026, 9, 1), last)) == []) == sound


@given(DAYS, st.integers(0, 20))
def test_parents_are_told_of_a_direction_two_school_days_before(starts_on: date, before: int) -> None:
    """Counted by walking: the school days after the day on which they were told, the first day included."""
    told_on = starts_on - timedelta(days=before)
    days = sum(CALENDAR.is_school_day(told_on + timedelta(days=day)) for day in range(1, before + 1))
    faults = notice_faults(Basis.OFF_SITE_DIRECTION, told_on, starts_on, CALENDAR, date(2030, 1, 1))
    assert (faults == []) == (days >= 2)
    assert notice_faults(Basis.AGREED, told_on, starts_on, CALENDAR, date(2030, 1, 1)) == []


@given(st.sampled_from(DayPart), st.sampled_from(DayPart))
def test_two_parts_of_a_day_meet_unless_they_are_its_two_halves(one: DayPart, other: DayPart) -> None:
    assert one.meets(other) == other.meets(one) == (one.halves + other.halves > 2 or one is other)
    assert is_free(one, [other]) != one.meets(other)


def test_a_day_in_the_holidays_counts_to_the_term_after_them() -> None:
    assert term_label(CALENDAR, date(2026, 11, 11)) == "2026/27-autumn"
    assert term_label(CALENDAR, date(2026, 12, 29)) == "2026/27-spring"
    assert term_label(CALENDAR, date(2027, 8, 31)) == "2027/28-autumn"
