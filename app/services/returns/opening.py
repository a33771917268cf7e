"""Opening what is owed: when a period of the calendar has ended, its returns appear, filled from the record."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.db import BrokerSession
from app.domain.clocks import end_of
from app.domain.obligations import ObligationKind
from app.domain.policy import policy_from
from app.domain.return_prefill import prefilled
from app.domain.returns import (
    PROVIDER_HALF_TERM,
    SCHOOL_TERM,
    Period,
    ReturnState,
    Template,
    ended_half_terms,
    ended_terms,
)
from app.errors import InvariantBroken
from app.ids import new_id
from app.models.casework import return_record
from app.queries import returns as queries
from app.queries import snapshot
from app.queries.parties import authority_organisation, calendar_of
from app.queries.writes import Writes
from app.services.events import tell
from app.services.obligations import owe
from app.services.returns.templates import templates_of_periods

# Every period that ended within a year is looked at each time: what is open already is left alone, so a clock that
# stood still, or leapt, leaves no return unopened.
_LOOK_BACK_DAYS: Final = 370
# PostgreSQL takes 32,767 parameters in one statement.
_FLUSH_EVERY: Final = 200


@dataclass(frozen=True, slots=True)
class _Owed:
    template: Template
    obligation: ObligationKind
    organisation_id: UUID
    period: Period
    content: Mapping[str, Any]


async def open_due_returns(session: BrokerSession, writes: Writes, up_to: date) -> int:
    """Open every return owed for a period that ended before `up_to`; how many were opened. Safe to repeat.

    A provider owes one for each half-term in which it had a live intervention, a school for each term that the outcome
    of one of its referrals needs. Due so many working days after the period's end, by the authority's policy.
    """
    policy_row = await snapshot.policy_in_force(session, session.today)
    if policy_row is None:
        raise InvariantBroken
    policy = policy_from(orjson.loads(policy_row["content"]))
    calendar = await calendar_of(session)
    officers = await authority_organisation(session)
    opened = 0
    for owed in await _owed(session, up_to):
        due_on = calendar.add_working_days(owed.period.ends_on, policy.return_working_days)
        _open(session, writes, owed, due_on, officers)
        opened += 1
        if opened % _FLUSH_EVERY == 0:
            await writes.flush(session)
    return opened


async def _owed(session: BrokerSession, up_to: date) -> list[_Owed]:
    calendar = await calendar_of(session)
    since = up_to - timedelta(days=_LOOK_BACK_DAYS)
    half_terms = ended_half_terms(calendar, since, up_to)
    terms = ended_terms(calendar, since, up_to)
    ended = [term.period for term in terms]
    cases = await queries.provider_cases_owed(session, PROVIDER_HALF_TERM, half_terms)
    pupils = await queries.school_pupils_owed(session, SCHOOL_TERM, terms)
    return [
        *_gather(
            cases, half_terms, await templates_of_periods(session, PROVIDER_HALF_TERM, half_terms), "provider_return"
        ),
        *_gather(pupils, ended, await templates_of_periods(session, SCHOOL_TERM, ended), "school_return"),
    ]


def _gather(
    rows: Iterable[asyncpg.Record],
    periods: Iterable[Period],
    asked: Mapping[str, Template],
    obligation: ObligationKind,
) -> Iterator[_Owed]:
    """One return per period and organisation; the rows come in that order. `asked`: its template, by period."""
    by_key = {period.key: period for period in periods}
    for (key, organisation_id), group in groupby(rows, key=lambda row: (row["period"], row["organisation_id"])):
        content = prefilled(asked[key], [dict(row) for row in group])
        yield _Owed(asked[key], obligation, organisation_id, by_key[key], content)


def _open(session: BrokerSession, writes: Writes, owed: _Owed, due_on: date, officers: UUID) -> None:
    return_id = new_id()
    writes.add(
        return_record,
        id=return_id,
        organisation_id=owed.organisation_id,
        template=owed.template.name,
        template_version=owed.template.version,
        period=owed.period.key,
        period_starts_on=owed.period.starts_on,
        period_ends_on=owed.period.ends_on,
        state=ReturnState.DUE.value,
        due_on=due_on,
        content=owed.content,
        prefilled=owed.content,
        opened_at=session.now,
    )
    owe(
        writes,
        session,
        owed.obligation,
        owed.organisation_id,
        subject=("return", return_id),
        clock="working_day",
        due_at=end_of(due_on),
    )
    tell(
        writes,
        session,
        "return.due",
        subject=("return", return_id, 1),
        audience=[owed.organisation_id, officers],
        data={"template": owed.template.name, "period": owed.period.key},
    )
