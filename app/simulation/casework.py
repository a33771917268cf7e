"""One family's case as its provider's portal works it: from acceptance to close, each step on its own day."""

from datetime import date
from typing import Any

from app import clock
from app.domain.calendar import DAYS_IN_SCHOOL_WEEK
from app.domain.measures import measures
from app.domain.vocabulary import ATTENDED_RESULTS, ClosureOutcome, ContactResult
from app.simulation.behaviour import CasePlan, PlannedContact
from app.simulation.calling import Caller
from app.simulation.school_days import SchoolDays

_MEASURE = "family_journey"
_EXTEND_BEFORE_SCHOOL_DAYS = 6
"""The day before a place comes into the widest window and is offered ahead."""
_CANCELLED = frozenset({ContactResult.CANCELLED_BY_PROVIDER, ContactResult.CANCELLED_BY_FAMILY})
_NEEDS_A_REASON = frozenset({ContactResult.CANCELLED_BY_PROVIDER, ContactResult.REFUSED, ContactResult.DID_NOT_ATTEND})
_FIRST_HOUR, _HOURS = 9, 6


class CaseInHand:
    """An accepted case, its plan, and how far the work has come. `standard_weeks` are school weeks."""

    def __init__(
        self,
        caller: Caller,
        intervention_id: str,
        plan: CasePlan,
        *,
        accepted_on: date,
        starts_on: date,
        days: SchoolDays,
        standard_weeks: int,
    ) -> None:
        self.is_open = True
        self._caller = caller
        self._id = intervention_id
        self._path = f"/v1/interventions/{intervention_id}"
        self._plan = plan
        self._calendar = days.calendar
        self._accepted_on = accepted_on
        self._begins_on = max(accepted_on, starts_on)
        self._days_held = standard_weeks * DAYS_IN_SCHOOL_WEEK
        self._done = 0
        self._goals: list[str] = []
        self._baseline_on: date | None = None
        self._replaceable: tuple[str, str] | None = None
        # What was drawn may run past the time that the place is held: such work is done in less time.
        room = self._days_held + plan.extended_by_weeks * DAYS_IN_SCHOOL_WEEK - 1
        longest = max(plan.closes_after_school_days, 1)
        self._pace = min(1.0, room / longest)

    def moves_to(self, starts_on: date) -> None:
        """The place is the family's from another day than was planned, or still from the same."""
        self._begins_on = max(self._accepted_on, starts_on)

    def on(self, after_school_days: int) -> date:
        """The date of a step of the plan."""
        return self._calendar.add_school_days(self._begins_on, max(round(after_school_days * self._pace), 1))

    async def play_day(self, today: date) -> None:
        """Whatever this day brings."""
        if self._plan.extended_by_weeks and today == self._calendar.add_school_days(
            self._begins_on, self._days_held - _EXTEND_BEFORE_SCHOOL_DAYS
        ):
            await self._extend()
        while self._done < len(self._plan.contacts):
            contact = self._plan.contacts[self._done]
            if self.on(contact.after_school_days) > today:
                return
            self._done += 1
            await self._meet(contact, today)
        if today >= self.on(self._plan.closes_after_school_days):
            await self._close(today)

    async def _extend(self) -> None:
        weeks = self._plan.extended_by_weeks
        answer = await self._caller.post(
            "extend_intervention",
            f"{self._path}/extend",
            {"weeks": weeks, "reason": "Made up: two visits fell to illness."},
            headers={"Idempotency-Key": f"extend-{self._id}"},
        )
        if answer.status_code == 200:
            self._caller.journal.acknowledged("extended", self._id)

    async def _meet(self, contact: PlannedContact, today: date) -> None:
        attended = contact.result in ATTENDED_RESULTS
        hour = _FIRST_HOUR + contact.after_school_days % _HOURS
        replaces = self._replaceable[1] if self._replaceable and self._replaceable[0] == contact.kind else None
        body: dict[str, Any] = {
            "kind": contact.kind,
            "mode": contact.mode,
            "held_at": clock.london_moment(today, hour, 30).isoformat(),
            "minutes": contact.minutes or None,
            "present": (["child", "parent_or_carer"] if contact.child_seen else ["parent_or_carer"])
            if attended
            else [],
            "child_seen": contact.child_seen,
            "child_seen_alone": contact.child_seen_alone,
            "announced": contact.announced,
            "result": contact.result.value,
            "reason": "Made up: told by telephone." if contact.result in _NEEDS_A_REASON else None,
            "supersedes_id": replaces,
        }
        answer = await self._caller.post(
            "record_contact",
            f"{self._path}/contacts",
            body,
            headers={"Idempotency-Key": f"contact-{self._id}-{self._done}"},
        )
        if answer.status_code != 201:
            return
        contact_id = answer.json()["id"]
        self._caller.journal.acknowledged("contact", contact_id, key=f"contact-{self._id}-{self._done}")
        self._caller.journal.count(f"contact {contact.result.value}")
        self._replaceable = (contact.kind, contact_id) if contact.result in _CANCELLED else None
        if attended and self._baseline_on is None:
            await self._read(self._plan.readings[0], today)
            self._baseline_on = today
            await self._agree_plan(today)

    async def _read(self, scores: tuple[int, ...], today: date) -> None:
        areas = measures()[_MEASURE].areas
        answer = await self._caller.post(
            "record_reading",
            f"{self._path}/readings",
            {
                "measure": _MEASURE,
                "respondent": "parent",
                "taken_on": today.isoformat(),
                "completed_with": "jointly",
                "scores": {area.key: score for area, score in zip(areas, scores, strict=True)},
            },
            headers={"Idempotency-Key": f"reading-{self._id}-{today}"},
        )
        if answer.status_code == 201:
            self._caller.journal.acknowledged("reading", answer.json()["id"])

    async def _agree_plan(self, today: date) -> None:
        goals = [{"title": goal.text, "owner": "family"} for goal in self._plan.goals]
        answer = await self._caller.put(
            "put_plan",
            f"{self._path}/plan",
            {"agreed_on": today.isoformat(), "goals": goals},
            headers={"If-Match": '"0"'},
        )
        if answer.status_code == 200:
            self._goals = [goal["id"] for goal in answer.json()["goals"]]
            self._caller.journal.acknowledged("plan", self._id)

    async def _close(self, today: date) -> None:
        met = self._baseline_on is not None
        if met and self._baseline_on != today:
            await self._read(self._plan.readings[1], today)
        completed = self._plan.outcome is ClosureOutcome.COMPLETED and met
        results = [goal.result for goal in self._plan.goals]
        answer = await self._caller.post(
            "close_intervention",
            f"{self._path}/close",
            {
                "outcome": self._plan.outcome.value if completed else ClosureOutcome.ENDED_EARLY.value,
                "reason": self._plan.reason.value if completed or not _is_good_end(self._plan) else "did_not_engage",
                "goals": [
                    {"goal_id": goal_id, "result": result}
                    for goal_id, result in zip(self._goals, results, strict=False)
                ],
                "summary": {"what_changed": self._plan.summary if met else None},
            },
            headers={"Idempotency-Key": f"close-{self._id}"},
        )
        if answer.status_code == 200:
            self._caller.journal.acknowledged("case_closed", self._id, key=f"close-{self._id}")
        self.is_open = False


def _is_good_end(plan: CasePlan) -> bool:
    """Whether the plan ends with a reason that only completed work has."""
    return plan.outcome is ClosureOutcome.COMPLETED
