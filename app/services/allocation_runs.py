"""Runs on demand: an officer previews who would be offered what, asks what if, and lets a preview take effect.

A preview changes nothing. It is committed only while everything that it was decided from is still the same, which its
hash tells; the plan is then made again under the lock, so what takes effect is what was seen.
"""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation import Plan, Snapshot, Want, decide
from app.domain.allocation.what_if import WhatIf, changed, tally
from app.errors import ActionNotAvailable, Conflict, FieldFault, Invalid, NotFound
from app.ids import new_id
from app.models.allocation import allocation_run
from app.queries import allocation_runs as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change, to_json
from app.services.allocation import Ground, judge_everyone, make_offers, survey, waiting_wants
from app.services.events import tell

_NOTHING = WhatIf()


async def preview_run(session: WriteSession, writes: Writes, asked: WhatIf) -> UUID:
    """Decide the waiting list as it stands, or as it would be, and keep the plan; the run's id. Nothing is offered.

    Raises Invalid for a lot or practitioner that the authority does not have.
    """
    async with broker(session) as wide:
        ground = await survey(wide)
        wants = await waiting_wants(wide, ground)
    _check_known(ground, asked)
    snapshot = ground.snapshot(wants)
    plan = decide(snapshot, ground.policy, session.today)
    content = plan_content(ground, snapshot, plan, session.today)
    if asked != _NOTHING:
        other, policy = changed(snapshot, ground.policy, asked)
        content = {
            **plan_content(ground, other, decide(other, policy, session.today), session.today),
            "as_it_is": {name: content[name] for name in ("counts", "by_band", "by_area", "by_school")},
        }
    return _keep_run(session, writes, ground, snapshot, content, asked)


async def run_nightly(session: BrokerSession, writes: Writes) -> int:
    """Decide everyone who waits, with the terms of the new day; the number of offers made.

    Who has come to be eligible nowhere is flagged, and an officer owes an answer; who is served again is not. Where the
    policy wants an officer to confirm, the plan is kept as a preview, the authority is told, and nothing is offered.
    """
    await writes.flush(session)
    ground, wants, plan = await judge_everyone(session, writes)
    if not (ground.policy.confirm_batches and plan.offered):
        return await make_offers(session, writes, ground, wants, plan, "nightly")
    snapshot = ground.snapshot(wants)
    run_id = _keep_run(session, writes, ground, snapshot, plan_content(ground, snapshot, plan, session.today), _NOTHING)
    tell(
        writes,
        session,
        "allocation_run.proposed",
        subject=("allocation_run", run_id, 1),
        audience=[await authority_organisation(session)],
        data={"offers": len(plan.offered)},
    )
    return 0


def _keep_run(
    session: WriteSession, writes: Writes, ground: Ground, snapshot: Snapshot, content: dict[str, Any], asked: WhatIf
) -> UUID:
    run_id = new_id()
    writes.add(
        allocation_run,
        id=run_id,
        policy_version_id=ground.policy_id,
        state="preview",
        as_of=session.today,
        made_at=session.now,
        made_by_client_id=session.principal.client_id,
        snapshot_hash=snapshot_hash(ground, snapshot, session.today.isoformat()),
        what_if=None if asked == _NOTHING else _plain(asked),
        plan=content,
    )
    return run_id


async def commit_run(session: WriteSession, writes: Writes, run_id: UUID) -> None:
    """Let a preview take effect: its offers are made, in the officer's name.

    Raises NotFound; ActionNotAvailable for one that was committed, or asked what if; Conflict when anything that it
    was decided from has changed since.
    """
    async with broker(session) as wide:
        run = await queries.lock_run(wide, run_id)
        if run is None:
            raise NotFound
        if run["what_if"] is not None:
            raise ActionNotAvailable("A run that asked what if is never committed: preview the list as it stands.")
        if run["state"] != "preview":
            raise ActionNotAvailable("The run has taken effect already.")
        ground = await survey(wide)
        wants = await waiting_wants(wide, ground)
        snapshot = ground.snapshot(wants)
        if snapshot_hash(ground, snapshot, wide.today.isoformat()) != run["snapshot_hash"]:
            raise Conflict("The waiting list, the places or the policy have changed since the preview: make a new one.")
        plan = decide(snapshot, ground.policy, wide.today)
        version = run["version"] + 1
        await change(
            wide,
            allocation_run,
            {"id": run_id},
            {
                "state": "committed",
                "version": version,
                "committed_at": wide.now,
                "committed_by_client_id": wide.principal.client_id,
            },
        )
        tell(
            writes,
            wide,
            "allocation_run.committed",
            subject=("allocation_run", run_id, version),
            audience=[await authority_organisation(wide)],
            data={"offers": len(plan.offered)},
        )
        await make_offers(wide, writes, ground, wants, plan, "run", run_id=run_id)


def snapshot_hash(ground: Ground, snapshot: Snapshot, as_of: str) -> str:
    """SHA-256 of everything that a plan is made from, hexadecimal; the order of the parts does not count."""
    parts = [
        as_of,
        str(ground.policy_id),
        sorted(to_json(part) for part in snapshot.wants),
        sorted(to_json(part) for part in snapshot.lots),
        sorted(to_json(part) for part in snapshot.places),
        sorted(to_json(part) for part in snapshot.caseloads),
        sorted(to_json(part) for part in snapshot.shares),
    ]
    return sha256(orjson.dumps(parts)).hexdigest()


def plan_content(ground: Ground, snapshot: Snapshot, plan: Plan, as_of: date) -> dict[str, Any]:
    """A plan as plain data: offers with their first days, who waits for what, the proofs, counts by band and school."""
    wants = {want.referral_id: want for want in snapshot.wants}
    lots = {lot.id: lot for lot in ground.lots}
    return {
        "offers": [
            {
                **_who(wants[decision.referral_id]),
                "lot_id": place.lot_id,
                "place_id": place.id,
                "provider_id": lots[place.lot_id].provider_id,
                "starts_on": place.free_on or as_of,
                "cost": decision.score.cost if decision.score else None,
                "excuse": decision.excuse,
            }
            for decision in plan.decisions
            if (place := decision.place) is not None
        ],
        "waiting": [
            {
                **_who(wants[decision.referral_id]),
                "outcome": decision.outcome,
                "hold": decision.hold,
                "waits_for": decision.waits_for,
                "tight_set": decision.tight_set,
            }
            for decision in plan.decisions
            if decision.place is None
        ],
        "tight_sets": [
            {"place_ids": tight.place_ids, "holder_ids": tight.holder_ids, "capacity": tight.capacity}
            for tight in plan.tight_sets
        ],
        "counts": plan.counts(),
        "by_band": tally(snapshot.wants, plan, lambda want: want.band),
        "by_area": tally(snapshot.wants, plan, lambda want: str(want.area_id)),
        "by_school": tally(snapshot.wants, plan, lambda want: str(want.school_id)),
    }


def _who(want: Want) -> Mapping[str, Any]:
    return {"referral_id": want.referral_id, "reference": want.reference, "band": want.band}


def _check_known(ground: Ground, asked: WhatIf) -> None:
    lots = {lot.id for lot in ground.lots}
    practitioners = {caseload.practitioner_id for caseload in ground.caseloads}
    faults = [
        FieldFault(f"/what_if/places/{number}/lot_id", "unknown", "The authority has no casework lot of this id.")
        for number, (lot_id, _) in enumerate(asked.places)
        if lot_id not in lots
    ] + [
        FieldFault(f"/what_if/languages/{number}/practitioner_id", "unknown", "There is no practitioner of this id.")
        for number, (practitioner_id, _) in enumerate(asked.languages)
        if practitioner_id not in practitioners
    ]
    if faults:
        raise Invalid(errors=faults)


def _plain(asked: WhatIf) -> dict[str, Any]:
    return {
        "places": [{"lot_id": lot_id, "more": count} for lot_id, count in asked.places],
        "languages": [{"practitioner_id": who, "language": language} for who, language in asked.languages],
        "fair_share": asked.fair_share,
    }
