"""The last year played again on demand: asked for in a transaction, played outside it, told when it is done.

A run is `running` from the moment it is asked for. Its process says every so often that it is still at work, by a lease
in real time; one whose lease has run out was interrupted, and is told as failed wherever it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson

from app import clock
from app.db import WriteSession
from app.domain.allocation.what_if import WhatIf
from app.domain.policy import Policy, policy_from
from app.errors import Conflict, InvariantBroken
from app.ids import new_id
from app.models.allocation import allocation_run
from app.queries import allocation_runs as queries
from app.queries import snapshot as snapshots
from app.queries.last_year import Found, read_last_year
from app.queries.writes import Writes, to_json
from app.services.what_ifs import NOTHING, check_asked, in_words, plain, policy_asked

LEASE: Final = timedelta(seconds=60)
"""How long a run counts as running without a word from its process."""
INTERRUPTED: Final = "The service was restarted while it was at work. Ask again."


@dataclass(frozen=True, slots=True)
class YearAsked:
    """What is played: the rows of the year, the policy in force and the one that is asked about, and the changes."""

    run_id: UUID
    found: Found
    in_force: Policy
    policy: Policy
    asked: WhatIf
    changes: tuple[str, ...]


async def ask_last_year(session: WriteSession, writes: Writes, asked: WhatIf) -> YearAsked:
    """Read the last year and queue a run that is to play it. The caller has it played once the transaction is done.

    Raises Invalid for what the authority does not have, Conflict while a play of this authority is under way, and
    InvariantBroken without a policy in force.
    """
    now = clock.real_now()
    await queries.end_interrupted(session, now, INTERRUPTED)
    running = await queries.running_run(session)
    if running is not None:
        raise Conflict(
            "The last year is being played for this authority already: ask again when that is done.",
            headers={"Retry-After": "15"},
            extra={"run_id": str(running)},
        )
    survey = await snapshots.survey(session, session.today, session.today)
    if survey.policy_id is None:
        raise InvariantBroken
    found = await read_last_year(session, survey)
    places = {lot.id: found.place_counts.get(lot.id, 0) for lot in found.lots}
    check_asked(asked, places, {each.practitioner_id for each in found.limits})
    in_force = policy_from(orjson.loads(survey.policy_content))
    policy = await policy_asked(session, in_force, asked)
    run_id = new_id()
    writes.add(
        allocation_run,
        id=run_id,
        over="last_year",
        policy_version_id=survey.policy_id,
        state="running",
        as_of=session.today,
        made_at=session.now,
        made_by_client_id=session.principal.client_id,
        snapshot_hash=_hash(survey.policy_id, found),
        what_if=plain(asked),
        plan={},
        lease_until=now + LEASE,
    )
    return YearAsked(run_id, found, in_force, policy, asked, tuple(in_words(asked, found.names)))


def _hash(policy_id: UUID, found: Found) -> str:
    """SHA-256 of everything that the year is played from, hexadecimal."""
    parts = [policy_id, found.days, found.lots, found.limits, found.rows]
    return sha256(to_json(parts).encode()).hexdigest()


def as_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A run's row as it is told: one whose process is gone has failed, whatever its row still says."""
    told = dict(row)
    lease_until = told.pop("lease_until")
    if lease_until is not None and lease_until < clock.real_now():
        told |= {"state": "failed", "failure": INTERRUPTED}
    return told


def is_otherwise(asked: WhatIf) -> bool:
    """Whether anything is asked to be otherwise."""
    return asked != NOTHING
