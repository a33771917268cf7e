"""Why a referral was offered a place, or why it waits, for whoever referred it and for officers.

A referral that waits is explained as it stands now; any other by the record of its latest decision, made again. A
sender is told counts of places and reason codes: of other families that some stand ahead, and nothing else.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import ReadSession, whole_authority
from app.domain.allocation import Excuse, verdicts_of
from app.domain.allocation.expected_start import Estimate
from app.domain.allocation_explained import (
    DecisionFacts,
    decision_facts,
    explain,
    names_of,
    recorded_facts,
    told_to_sender,
)
from app.domain.expected_dates import ExpectedStart
from app.queries import explained
from app.services.waiting_list import Waiting, WaitingList, read_waiting_list


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is said of one referral, to one kind of organisation."""

    referral_id: UUID
    reference: str
    version: int
    state: str
    paragraph: str
    facts: DecisionFacts
    as_of: date
    policy_id: UUID
    policy: asyncpg.Record
    """Its number, digest and first day."""
    ahead_count: int | None = None
    """Of those who wait: how many families stand ahead for places that it could have."""
    waited_school_days: int | None = None
    expected_start: ExpectedStart | None = None
    decided_at: datetime | None = None
    """None while it waits: it is explained as it stands now."""
    decision_id: UUID | None = None
    trigger: str | None = None
    certificate: Mapping[str, Any] | None = None
    """For officers alone."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An explanation in the making."""

    facts: DecisionFacts
    as_of: date
    policy_id: UUID
    more: Mapping[str, Any]


async def explanations_of(
    session: ReadSession, referral_ids: Sequence[UUID], *, known: WaitingList | None = None
) -> dict[UUID, Explanation]:
    """The explanations of those of the referrals that the caller may see and that were ever decided, by id.

    `known` is the waiting list, if it was read already.
    """
    subjects = await explained.subjects(session, referral_ids)
    found: dict[UUID, _Found] = {}
    waiting_ids = [row["id"] for row in subjects if row["state"] == "waiting"]
    if waiting_ids:
        standing = known or await read_waiting_list(session)
        # Beside the event loop: a page of a graph asks for a hundred.
        found = await asyncio.to_thread(_of_waiting, standing, waiting_ids, to_officer=_is_officer(session))
    others = [row["id"] for row in subjects if row["id"] not in found]
    async with whole_authority(session):
        decisions = await explained.latest_decisions(session, others) if others else {}
    for referral_id, decision in decisions.items():
        more = {"decided_at": decision["decided_at"], "decision_id": decision["id"], "trigger": decision["trigger"]}
        found[referral_id] = _Found(
            recorded_facts(decision["record"]), decision["as_of"], decision["policy_version_id"], more
        )
    policies = await explained.policies(session, list({each.policy_id for each in found.values()}))
    return {
        row["id"]: _told(row, found[row["id"]], policies, to_officer=_is_officer(session))
        for row in subjects
        if row["id"] in found
    }


def _is_officer(session: ReadSession) -> bool:
    return session.kind is Kind.AUTHORITY


def _of_waiting(standing: WaitingList, referral_ids: Sequence[UUID], *, to_officer: bool) -> dict[UUID, _Found]:
    """Those of the referrals that stand in the list: one may have been offered a place a moment ago."""
    lines = [line for one in referral_ids if (line := standing.by_id.get(one)) is not None]
    estimates = standing.estimates({line.want.referral_id for line in lines})
    return {
        line.want.referral_id: _Found(
            facts_now(standing, line, estimates.get(line.want.referral_id)),
            standing.today,
            standing.ground.policy_id,
            _more(standing, line, estimates.get(line.want.referral_id), to_officer=to_officer),
        )
        for line in lines
    }


def facts_now(standing: WaitingList, line: Waiting, estimate: Estimate | None) -> DecisionFacts:
    """The facts of a referral that waits: the places that could serve it, busy or free, and what could be offered."""
    ground = standing.ground
    facts = decision_facts(line.want, line.decision, standing.whole, ground.policy, standing.today, estimate)
    # What may be offered today is what a run would look at; of the busy places, none is.
    now = verdicts_of(line.want, ground.snapshot(()), ground.policy, standing.today, facts.band)
    tight_set = line.decision.tight_set
    passed_over = any(hold.passed_over(line.want) for hold in standing.sibling_holds)
    return replace(
        facts,
        offerable_count=sum(verdict.free_count for verdict in now),
        capped=tight_set is not None and standing.tight_sets[tight_set].capacity == 0,
        passed_over_for=Excuse.SIBLING_HOLD.value if passed_over else None,
    )


def _more(standing: WaitingList, line: Waiting, estimate: Estimate | None, *, to_officer: bool) -> dict[str, Any]:
    return {
        "waited_school_days": standing.waited_school_days(line),
        "ahead_count": None if estimate is None else estimate.position - 1,
        "expected_start": None if estimate is None else standing.expected(estimate),
        "certificate": standing.certificate(line) if to_officer else None,
    }


def _told(
    row: asyncpg.Record, found: _Found, policies: Mapping[UUID, asyncpg.Record], *, to_officer: bool
) -> Explanation:
    facts = found.facts
    if not to_officer:
        facts = told_to_sender(facts, knows_sibling=row["sibling_wish"] is not None)
    return Explanation(
        referral_id=row["id"],
        reference=row["reference"],
        version=row["version"],
        state=row["state"],
        paragraph=explain(facts, names_of(row["year_group"], row["area"])),
        facts=facts,
        as_of=found.as_of,
        policy_id=found.policy_id,
        policy=policies[found.policy_id],
        **found.more,
    )
