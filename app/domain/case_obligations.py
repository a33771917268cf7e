"""What a provider owes on a case, and when: worked out from the dates of the case alone.

This is the one rule of it. The acts write what it gives, and whoever wants to check the obligations that stand in the
table can work them out again with it from the rows or the events of a case.

An initial contact is owed from acceptance. The first attended contact owes a baseline reading, a plan, a review
half-way through the planned work and the closure at its planned end. A pause owes its end. Work that was completed owes
a follow-up a term later. Days in which a case is paused, or stood closed until that was undone, are no days to act on:
they put off what is due after they began. What is owed about a pupil counts in the days of the pupil's school, the
follow-up in the authority's; the figures are those of the policy of the day on which the case was accepted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.clock import london_date, london_moment
from app.domain.calendar import Calendar
from app.domain.clocks import DAY_ENDS_AT
from app.domain.obligations import ObligationKind
from app.domain.pauses import Pause, school_days_of
from app.domain.policy import Policy

Span = tuple[date, date]
"""Days, `[first, until)`."""

OWED_BY_THE_START: Final[tuple[ObligationKind, ...]] = ("baseline", "plan", "review", "closure")
"""What the first attended contact owes."""


@dataclass(frozen=True, slots=True)
class CaseDates:
    """The dates that settle what is owed on a case."""

    accepted_at: datetime
    planned_start_on: date
    planned_end_on: date
    """As pauses and extensions have moved it."""
    started_on: date | None = None
    pauses: tuple[Pause, ...] = ()
    shut: tuple[Span, ...] = ()
    """The days after each closure that was undone, up to and with that on which it was."""
    completed_on: date | None = None
    """The day of the closure, of work that was completed."""


def case_obligations(
    case: CaseDates, policy: Policy, of_school: Calendar, of_authority: Calendar
) -> dict[ObligationKind, datetime]:
    """When each thing is due that the dates of a case call for, met or not; the aware moment by kind."""
    still = _joined([*((pause.starts_on, pause.until) for pause in case.pauses), *case.shut])

    def days_after(start: date, count: int) -> datetime:
        return london_moment(add_days_of_work(of_school, start, count, still), DAY_ENDS_AT)

    accepted_on = london_date(case.accepted_at)
    owed: dict[ObligationKind, datetime] = {
        "initial_contact": days_after(max(accepted_on, case.planned_start_on), policy.first_contact_school_days)
    }
    if case.started_on is not None:
        half = _days_worked(of_school, (case.started_on, case.planned_end_on), case.pauses) // 2
        owed |= {
            "baseline": days_after(case.started_on, policy.baseline_school_days),
            "plan": days_after(case.started_on, policy.plan_school_days),
            "review": days_after(case.started_on, half),
            "closure": london_moment(_put_off(of_school, case.planned_end_on, _shut_unpaused(case))),
        }
    open_pause = next((pause for pause in case.pauses if pause.resumed_on is None), None)
    if open_pause is not None:
        owed["pause_end"] = london_moment(of_school.add_school_days(open_pause.expected_last_on, 0), DAY_ENDS_AT)
    if case.completed_on is not None:
        owed["follow_up"] = london_moment(
            of_authority.add_school_days(case.completed_on, policy.follow_up_school_days), DAY_ENDS_AT
        )
    return owed


def add_days_of_work(calendar: Calendar, start: date, count: int, still: Iterable[Span]) -> date:
    """The school day that is `count` school days after `start`, those in which the work stood still not counted.

    `still` are spans that do not overlap, in order.
    """
    day = calendar.add_school_days(start, count)
    for first, until in still:
        if first <= day:
            missed = school_days_of(calendar, max(first, start + timedelta(days=1)), until)
            day = calendar.add_school_days(day, missed) if missed else day
    return day


def _days_worked(calendar: Calendar, work: Span, pauses: Iterable[Pause]) -> int:
    """The school days of the planned work, those of its pauses left out."""
    starts_on, ends_on = work
    paused = sum(
        school_days_of(calendar, max(pause.starts_on, starts_on), min(pause.until, ends_on)) for pause in pauses
    )
    return school_days_of(calendar, starts_on, ends_on) - paused


def _put_off(calendar: Calendar, day: date, spans: Iterable[Span]) -> date:
    for first, until in spans:
        missed = school_days_of(calendar, first, until) if first <= day else 0
        day = calendar.add_school_days(day, missed) if missed else day
    return day


def _shut_unpaused(case: CaseDates) -> list[Span]:
    """The closures that count by themselves: the days of one inside a pause have moved the planned end with it."""
    return [
        (first, until)
        for first, until in sorted(case.shut)
        if not any(pause.starts_on <= first < pause.until for pause in case.pauses)
    ]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that overlap made one."""
    joined: list[Span] = []
    for first, until in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((first, until))
    return joined
