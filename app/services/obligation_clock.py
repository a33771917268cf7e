"""What the clock does to debts: it calls them to mind, tells that they are overdue, and takes them to the lead officer.

When each is to happen follows from the due moment, the policy and the calendar, and is worked out by the clock, not by
the act that owes: an act stays as short as it was, and one that is put off is worked out anew.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from app.clock import london_date
from app.db import BrokerSession
from app.domain.clocks import Moments, moments
from app.domain.duties import DUTIES
from app.domain.policy import Policy, policy_from
from app.queries import obligation_clock as queries
from app.queries.parties import authority_organisation, calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services.events import tell

AT_ONCE: Final = 200
"""Debts of one transaction: PostgreSQL takes 32,767 parameters in one statement."""
PLANNED_AT_ONCE: Final = 2000


async def plan_moments(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Work out when debts are called to mind and escalate; how many, at most `PLANNED_AT_ONCE`.

    By the policy that was in force on the day on which the due moment was set, so that a late clock finds what a
    punctual one found; in the days of the pupil's school.
    """
    rows = await queries.lock_unplanned(wide, PLANNED_AT_ONCE)
    found = await queries.policies_of(wide)
    policies = [(row["effective_from"], policy_from(orjson.loads(row["content"]))) for row in found]
    common = await calendar_of(wide)
    calendars = {
        school_id: await calendar_of_school(wide, school_id, common)
        for school_id in {row["school_id"] for row in rows if row["clock"] == "school_day"}
    }

    def planned(row: asyncpg.Record) -> Moments:
        on = london_date(row["set_at"])
        policy = next((policy for first_day, policy in policies if first_day <= on), Policy())
        duty = DUTIES[row["kind"]]
        return moments(
            row["clock"],
            calendars.get(row["school_id"], common),
            set_at=row["set_at"],
            due=row["due_at"],
            remind_before=policy.reminders[duty.group],
            escalate_after=policy.escalations[duty.group] if duty.escalates else None,
        )

    plans = [planned(row) for row in rows]
    ids: list[UUID] = [row["id"] for row in rows]
    await queries.plan(wide, ids, [each.remind_at for each in plans], [each.escalate_at for each in plans])
    return len(rows)


async def remind(wide: BrokerSession, writes: Writes) -> int:
    """Call debts to mind that are due soon, with one event each; how many, at most `AT_ONCE`."""
    rows = await queries.mark_due(wide, "reminded", AT_ONCE)
    officers = await authority_organisation(wide)
    for row in rows:
        _tell(writes, wide, "obligation.due_soon", row, [officers, row["owed_by_id"]], due_at=row["due_at"])
    return len(rows)


async def flag_overdue(wide: BrokerSession, writes: Writes) -> int:
    """Flag debts whose time has come, with one event each; how many, at most `AT_ONCE`."""
    rows = await queries.mark_due(wide, "overdue", AT_ONCE)
    officers = await authority_organisation(wide)
    for row in rows:
        _tell(writes, wide, "obligation.overdue", row, [officers, row["owed_by_id"]])
    return len(rows)


async def escalate(wide: BrokerSession, writes: Writes) -> int:
    """Take debts that stayed overdue to the lead officer of the area, with one event each; how many.

    Whoever owes is told as well: nobody is reported behind their back. At most `AT_ONCE`.
    """
    rows = await queries.mark_due(wide, "escalated", AT_ONCE)
    officers = await authority_organisation(wide)
    for row in rows:
        area_id = row["area_id"]
        _tell(
            writes, wide, "obligation.escalated", row, [officers, row["owed_by_id"]],
            due_at=row["due_at"], area_id=None if area_id is None else str(area_id),
        )  # fmt: skip
    return len(rows)


STEPS: Final = {"overdue": flag_overdue, "escalated": escalate, "reminded": remind}
"""By what there is to mark, in the order of one moment: late before escalated."""


def _tell(
    writes: Writes,
    wide: BrokerSession,
    event_type: str,
    row: asyncpg.Record,
    audience: list[UUID],
    **data: datetime | str | None,
) -> None:
    tell(
        writes,
        wide,
        event_type,
        subject=("obligation", row["id"], row["version"]),
        audience=audience,
        referral_id=row["referral_id"],
        data={"kind": row["kind"], "about_kind": row["subject_kind"], "about_id": str(row["subject_id"]), **data},
    )
