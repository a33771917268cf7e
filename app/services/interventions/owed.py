"""The provider's obligations of a case, kept to what its dates say (`app.domain.case_obligations`)."""

from datetime import datetime
from uuid import UUID

import orjson

from app.clock import london_date
from app.db import BrokerSession, ReadSession
from app.domain.case_obligations import OWED_BY_THE_START, CaseDates, Span, case_obligations
from app.domain.obligations import ObligationKind
from app.domain.policy import Policy, policy_from
from app.domain.vocabulary import ClosureOutcome
from app.errors import InvariantBroken
from app.queries import case_debts
from app.queries.parties import calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.snapshot import policy_in_force
from app.queries.writes import Writes
from app.services import obligations
from app.services.interventions.case import Row, case_of


async def policy_of_case(session: ReadSession, row: Row) -> Policy:
    """The policy of the day on which a case was accepted: its clocks are not changed under way."""
    found = await policy_in_force(session, london_date(row["accepted_at"]))
    if found is None:
        raise InvariantBroken
    return policy_from(orjson.loads(found["content"]))


async def dues(wide: BrokerSession, row: Row, shut_now: Span | None = None) -> dict[ObligationKind, datetime]:
    """When each thing is due that a case calls for, by its row as it stands now.

    `shut_now`: the days for which it was closed, where that is being undone in this very act.
    """
    case = case_of(row)
    of_authority = await calendar_of(wide)
    shut = await case_debts.shut_spans(wide, row["referral_id"])
    dates = CaseDates(
        accepted_at=row["accepted_at"],
        planned_start_on=case.planned_start_on,
        planned_end_on=case.planned_end_on,
        started_on=case.started_on,
        pauses=case.pauses,
        shut=(*shut, *([shut_now] if shut_now and shut_now[0] < shut_now[1] else ())),
        completed_on=row["closed_on"] if row["outcome"] == ClosureOutcome.COMPLETED else None,
    )
    of_school = await calendar_of_school(wide, row["school_id"], of_authority)
    return case_obligations(dates, await policy_of_case(wide, row), of_school, of_authority)


def owe_at(writes: Writes, wide: BrokerSession, row: Row, kind: ObligationKind, due_at: datetime) -> UUID:
    """Queue one thing that the provider of a case owes from now on; its id."""
    return obligations.owe(
        writes, wide, kind, row["provider_id"], subject=("intervention", row["id"]), clock="school_day", due_at=due_at
    )


async def owe_the_work(wide: BrokerSession, writes: Writes, row: Row) -> None:
    """The first contact was attended: owe what follows from it. What has been done ahead of it is never owed."""
    done = await case_debts.done_ahead(wide, row["id"])
    due = await dues(wide, row)
    for kind in OWED_BY_THE_START:
        if kind not in done:
            owe_at(writes, wide, row, kind, due[kind])


async def keep_due(wide: BrokerSession, row: Row) -> None:
    """Give what is open about a case the moments that its dates now say."""
    open_debts = await case_debts.open_debts(wide, row["id"])
    for kind, due_at in (await dues(wide, row)).items():
        if kind in open_debts and open_debts[kind] != due_at:
            await obligations.put_off(wide, kind, row["id"], due_at)
