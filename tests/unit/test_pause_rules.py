"""What pauses, extensions and resumptions do to a planned end and to the clocks, against walking day by day."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.clock import london_date, london_moment
from app.domain.calendar import Calendar
from app.domain.case_obligations import CaseDates, add_days_of_work, case_obligations
from app.domain.clocks import due_at
from app.domain.pauses import Pause, check_not_paused_on, check_pause, check_resume, moved_by, school_days_of
from app.domain.policy import Policy
from app.errors import ActionNotAvailable, Invalid

CALENDAR = Calendar()
DAY = timedelta(days=1)
DAYS = st.dates(date(2026, 9, 1), date(2027, 8, 31))
SPANS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=4)
"""Gaps and lengths in calendar days, one span after the other."""


def walked(start: date, count: int, still: Iterable[tuple[date, date]]) -> date:
    """The school day `count` school days after `start`, a day at a time; days inside a span are passed over."""
    spans = list(still)
    day = start
    while count:
        day += DAY
        if CALENDAR.is_school_day(day) and not any(first <= day < until for first, until in spans):
            count -= 1
    return day


def laid_out(start: date, gaps: list[tuple[int, int]]) -> list[tuple[date, date]]:
    spans = []
    for gap, length in gaps:
        first = start + timedelta(days=gap)
        start = first + timedelta(days=length)
        spans.append((first, start))
    return spans


@given(start=DAYS, count=st.integers(1, 40), gaps=SPANS)
def test_days_that_are_not_worked_are_passed_over(start: date, count: int, gaps: list[tuple[int, int]]) -> None:
    still = laid_out(start - timedelta(days=10), gaps)
    assert add_days_of_work(CALENDAR, start, count, still) == walked(start, count, still)


@given(first=DAYS, length=st.integers(-3, 60))
def test_the_school_days_of_a_pause_are_those_that_a_walk_meets(first: date, length: int) -> None:
    until = first + timedelta(days=length)
    walk = [first + timedelta(days=passed) for passed in range(max(length, 0))]
    assert school_days_of(CALENDAR, first, until) == sum(map(CALENDAR.is_school_day, walk))


@dataclass
class Case:
    """A case as the acts move it: its planned end, and what the walk is checked against."""

    start: date
    end: date
    weeks: int = 6
    today: date = date.min
    pauses: list[Pause] = field(default_factory=list)

    @property
    def open(self) -> Pause | None:
        return next((pause for pause in self.pauses if pause.resumed_on is None), None)

    def pause(self, on: date, expected_last_on: date) -> None:
        days = school_days_of(CALENDAR, on, expected_last_on + DAY)
        self.end = moved_by(CALENDAR, self.end, days)
        self.pauses.append(Pause(on, expected_last_on, days))

    def resume(self, on: date) -> None:
        pause = self.pauses.pop()
        days = school_days_of(CALENDAR, pause.starts_on, on)
        self.end = moved_by(CALENDAR, self.end, days - pause.school_days)
        self.pauses.append(replace(pause, school_days=days, resumed_on=on))

    def extend(self, weeks: int) -> None:
        self.end = CALENDAR.planned_end(self.end, weeks)
        self.weeks += weeks


ACTS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend"]), st.integers(0, 15), st.integers(0, 30)), max_size=12
)


@given(start=DAYS, acts=ACTS)
@example(start=date(2026, 11, 2), acts=[("pause", 3, 10), ("extend", 2, 2), ("resume", 1, 0)])
def test_the_planned_end_leaves_as_many_days_of_work_as_were_commissioned(
    start: date, acts: list[tuple[str, int, int]]
) -> None:
    """Whatever the order: the days of `[start, end)` that no pause holds are five for each week, and no more."""
    case = Case(start, CALENDAR.planned_end(start), today=start)
    for act, later, length in acts:
        case.today += timedelta(days=later)
        if act == "extend" and case.today < case.end:
            case.extend(length % 3 + 1)
        elif act == "resume" and case.open is not None:
            case.resume(max(case.today, case.open.starts_on))
        elif act == "pause" and case.open is None and case.today < case.end:
            case.pause(case.today, case.today + timedelta(days=length))
    still = [(pause.starts_on, pause.until) for pause in case.pauses]
    first = CALENDAR.add_school_days(start, 0)
    # The day after the last day of the work is the first that it no longer needs.
    last = walked(first - DAY, 5 * case.weeks, still)
    worked = [day for day in CALENDAR.school_days(start, case.end - DAY) if not any(a <= day < b for a, b in still)]
    assert len(worked) == 5 * case.weeks
    assert worked[-1] == last
    assert case.end > last
    assert CALENDAR.is_school_day(case.end)


# Within policy

TODAY = date(2026, 11, 20)
WORK_FROM = date(2026, 11, 2)
POLICY = Policy()


def expected(starts_on: date = TODAY, last_on: date = date(2026, 12, 4), **changes: object) -> int:
    given: dict[str, object] = {"before": (), "work_from_on": WORK_FROM, "last_met_on": None, "today": TODAY, **changes}
    before = given.pop("before")
    return check_pause(
        before,
        CALENDAR,
        POLICY,
        starts_on=starts_on,
        expected_last_on=last_on,
        **given,  # type: ignore[arg-type]
    )


def refusals(*arguments: date, **changes: object) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        expected(*arguments, **changes)
    return {(fault.pointer, fault.code) for fault in refused.value.errors}


def test_a_pause_counts_its_last_day() -> None:
    assert expected() == 11
    assert expected(last_on=TODAY) == 1


def test_a_pause_is_recorded_about_when_it_begins() -> None:
    assert expected(date(2026, 11, 13)) == 16, "five school days ago"
    assert refusals(date(2026, 11, 12)) == {("/starts_on", "too_long_ago")}
    assert expected(date(2026, 11, 23)) == 10, "the next school day"
    assert refusals(date(2026, 11, 24)) == {("/starts_on", "in_the_future")}


def test_a_pause_lies_inside_the_case_and_after_what_was_done() -> None:
    assert refusals(WORK_FROM - DAY, today=WORK_FROM) == {("/starts_on", "before_the_start")}
    assert refusals(last_met_on=TODAY) == {("/starts_on", "after_a_contact")}
    assert expected(date(2026, 11, 23), last_met_on=TODAY) == 10
    assert refusals(last_on=TODAY - DAY) == {("/expected_last_on", "in_the_past")}


def test_a_pause_overlaps_no_other() -> None:
    before = (Pause(date(2026, 11, 9), date(2026, 11, 20), 8, resumed_on=TODAY),)
    assert refusals(TODAY - DAY, before=before) == {("/starts_on", "overlaps")}
    assert expected(before=before) == 11, "on the first day back it may stand still again"


@given(used=st.integers(0, 25), length=st.integers(0, 60))
def test_policy_bounds_all_pauses_together(used: int, length: int) -> None:
    before = (Pause(date(2026, 11, 3), date(2026, 11, 4), used, resumed_on=date(2026, 11, 5)),)
    last_on = TODAY + timedelta(days=length)
    days = school_days_of(CALENDAR, TODAY, last_on + DAY)
    if used + days <= 20:
        assert expected(TODAY, last_on, before=before) == days
    else:
        assert refusals(TODAY, last_on, before=before) == {("/expected_last_on", "beyond_policy")}


def test_a_pause_without_end_is_refused_at_once() -> None:
    assert refusals(TODAY, date(2100, 12, 31)) == {("/expected_last_on", "beyond_policy")}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (date(2026, 11, 21), "in_the_future"),
        (date(2026, 11, 8), "before_the_pause"),
        (date(2026, 11, 12), "too_long_ago"),
    ],
)
def test_a_first_day_back_lies_in_the_pause_and_not_long_ago(asked: date, code: str) -> None:
    pause = Pause(date(2026, 11, 9), date(2026, 11, 13), 5)
    with pytest.raises(Invalid) as refused:
        check_resume(pause, CALENDAR, POLICY, resumed_on=asked, today=TODAY)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [("/resumed_on", code)]


def test_work_is_resumed_today_unless_stated() -> None:
    pause = Pause(date(2026, 11, 9), date(2026, 12, 4), 19)
    assert check_resume(pause, CALENDAR, POLICY, resumed_on=None, today=TODAY) == TODAY
    assert check_resume(pause, CALENDAR, POLICY, resumed_on=date(2026, 11, 16), today=TODAY) == date(2026, 11, 16)
    ahead = Pause(date(2026, 11, 23), date(2026, 12, 4), 10)
    assert check_resume(ahead, CALENDAR, POLICY, resumed_on=None, today=TODAY) == date(2026, 11, 23), "never begun"
    with pytest.raises(ActionNotAvailable):
        check_resume(None, CALENDAR, POLICY, resumed_on=None, today=TODAY)


def test_an_open_pause_holds_every_day_and_one_that_is_over_its_own() -> None:
    lasting = Pause(date(2026, 11, 9), date(2026, 11, 13), 5)
    check_not_paused_on([lasting], date(2026, 11, 8), "/held_at")
    with pytest.raises(ActionNotAvailable):
        check_not_paused_on([lasting], date(2026, 12, 1), "/held_at")
    over = replace(lasting, resumed_on=date(2026, 11, 16))
    check_not_paused_on([over], date(2026, 11, 16), "/held_at")
    with pytest.raises(Invalid):
        check_not_paused_on([over], date(2026, 11, 15), "/held_at")


# What is owed, and when

ACCEPTED_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
END = CALENDAR.planned_end(date(2026, 11, 2))


def dues(**changes: object) -> dict[str, datetime]:
    case = replace(CaseDates(ACCEPTED_AT, date(2026, 11, 2), END), **changes)  # type: ignore[arg-type]
    return dict(case_obligations(case, POLICY, CALENDAR, CALENDAR))


def on(day: date, hour: int = 17) -> datetime:
    return london_moment(day, hour)


def test_before_the_work_begins_only_the_first_contact_is_owed() -> None:
    assert dues() == {"initial_contact": due_at("school_day", CALENDAR, ACCEPTED_AT, 5)}
    later = date(2026, 11, 23)
    assert dues(planned_start_on=later) == {"initial_contact": due_at("school_day", CALENDAR, london_moment(later), 5)}


def test_the_first_contact_owes_what_follows_from_it() -> None:
    owed = dues(started_on=date(2026, 11, 4))
    assert {kind: london_date(moment) for kind, moment in owed.items()} == {
        "initial_contact": date(2026, 11, 9),
        "baseline": date(2026, 11, 11),
        "plan": date(2026, 11, 18),
        # 28 school days from the first contact to the planned end.
        "review": date(2026, 11, 24),
        "closure": END,
    }
    assert owed["closure"] == london_moment(END)


def test_completed_work_owes_a_follow_up_a_term_later() -> None:
    closed = date(2026, 12, 11)
    owed = dues(started_on=date(2026, 11, 4), completed_on=closed)
    assert owed["follow_up"] == on(CALENDAR.add_school_days(closed, 65))


@given(started=st.integers(0, 20), at=st.integers(0, 25), length=st.integers(0, 30), kept=st.booleans())
def test_a_pause_puts_off_what_is_due_after_it_began_and_nothing_else(
    started: int, at: int, length: int, kept: bool
) -> None:
    first = date(2026, 11, 3) + timedelta(days=started)
    begins = first + timedelta(days=at + 1)
    assume(begins < END)
    pause = Pause(
        begins, begins + timedelta(days=length), school_days_of(CALENDAR, begins, begins + timedelta(length + 1))
    )
    if kept:
        pause = replace(pause, resumed_on=pause.until)
    moved_end = moved_by(CALENDAR, END, pause.school_days)
    still = [(pause.starts_on, pause.until)]
    owed = dues(started_on=first, planned_end_on=moved_end, pauses=(pause,))
    half = len(CALENDAR.school_days(first, END - DAY)) // 2
    assert owed["baseline"] == on(walked(first, 5, still))
    assert owed["plan"] == on(walked(first, 10, still))
    if half:
        assert owed["review"] == on(walked(first, half, still))
    assert owed["closure"] == london_moment(moved_end)
    assert ("pause_end" in owed) is not kept
    if not kept:
        last = pause.expected_last_on
        assert owed["pause_end"] == on(last if CALENDAR.is_school_day(last) else walked(last, 1, []))


def test_the_days_in_which_a_case_stood_closed_are_not_counted() -> None:
    started = date(2026, 11, 4)
    shut = (date(2026, 11, 7), date(2026, 11, 12))
    before, after = dues(started_on=started), dues(started_on=started, shut=(shut,))
    assert after["initial_contact"] == on(date(2026, 11, 12)), "three school days of the closure were before it was due"
    assert after["baseline"] == on(walked(started, 5, [shut]))
    assert CALENDAR.school_days_between(london_date(before["closure"]), london_date(after["closure"])) == 3


def test_days_of_a_closure_inside_a_pause_count_once() -> None:
    pause = Pause(date(2026, 11, 9), date(2026, 11, 20), 10, resumed_on=date(2026, 11, 23))
    moved_end = moved_by(CALENDAR, END, 10)
    once = dues(started_on=date(2026, 11, 4), planned_end_on=moved_end, pauses=(pause,))
    shut = (date(2026, 11, 11), date(2026, 11, 14))
    assert dues(started_on=date(2026, 11, 4), planned_end_on=moved_end, pauses=(pause,), shut=(shut,)) == once


def test_a_moment_is_at_the_same_hour_in_summer() -> None:
    accepted = datetime.combine(date(2027, 3, 24), time(9), UTC)
    case = CaseDates(accepted, date(2027, 3, 24), CALENDAR.planned_end(date(2027, 3, 24)))
    assert case_obligations(case, POLICY, CALENDAR, CALENDAR)["initial_contact"].astimezone(UTC).hour == 16
