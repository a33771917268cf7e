"""Runs on demand: an officer previews who would be offered what, asks what if, and lets a preview take effect.

A preview changes nothing. It is committed only while everything that it was decided from is still the same, which its
hash tells; the plan is then made again under the lock, so what takes effect is what was seen.
"""

import asyncio
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from app.db import BrokerSession, WriteSession, broker, whole_authority
from app.domain.allocation import Plan, Snapshot, Want, decide
from app.domain.allocation.what_if import WhatIf, changed, tally
from app.domain.policy import Policy
from app.errors import ActionNotAvailable, Conflict, FieldFault, Forbidden, Invalid, NotFound
from app.ids import new_id
from app.models.allocation import allocation_run
from app.queries import allocation_runs as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change, to_json
from app.services.allocation import contenders, waiting_wants
from app.services.events import tell
from app.services.ground import Ground, survey
from app.services.join_offers import offer_to_join
from app.services.made_offers import make_offers
from app.services.referrals.acting import Officer
from app.services.what_ifs import NOTHING, check_asked, plain, policy_asked


async def preview_run(session: WriteSession, writes: Writes, asked: WhatIf) -> UUID:
    """Decide the waiting list as it stands, or as it would be, and keep the plan; the run's id. Nothing is offered.

    Raises Invalid for a lot, practitioner or policy that the authority does not have, and for what cannot be.
    """
    # Without the authority's lock: nothing is offered, and a plan made of a change half seen is never committed.
    async with whole_authority(session):
        ground = await survey(session)
        wants = await waiting_wants(session, ground)
    if asked.deemed_acceptance:
        sentence = "It is about answers to come, which nobody knows: ask it of the last year."
        raise Invalid(errors=[FieldFault("/what_if/deemed_acceptance", "of_a_past_year", sentence)])
    check_asked(
        asked,
        {lot.id: lot.place_count or 0 for lot in ground.lots},
        {caseload.practitioner_id for caseload in ground.caseloads},
    )
    policy = await policy_asked(session, ground.policy, asked)
    snapshot = ground.snapshot(wants)
    content = await asyncio.to_thread(_previewed, ground, snapshot, policy, asked, session.today)
    return _keep_run(session, writes, ground, snapshot, content, asked)


def _previewed(ground: Ground, snapshot: Snapshot, policy: Policy, asked: WhatIf, today: date) -> dict[str, Any]:
    content = plan_content(ground, snapshot, decide(snapshot, ground.policy, today), today)
    if asked == NOTHING:
        return content
    other, policy = changed(snapshot, policy, asked)
    return {
        **plan_content(ground, other, decide(other, policy, today), today),
        "as_it_is": {name: content[name] for name in ("counts", "by_band", "by_area", "by_school")},
    }


async def run_nightly(session: BrokerSession, writes: Writes) -> int:
    """Offer the free places to those who wait, with the terms of the new day; the number of offers made.

    Where the policy wants an officer to confirm, no place is offered, and a plan is proposed (`propose_nightly`); a
    child may be offered to join the case of a brother or sister all the same, which takes nobody's place.
    """
    await writes.flush(session)
    joined = await offer_to_join(session, writes, "nightly", whole_list=True)
    ground = await survey(session)
    if ground.policy.confirm_batches or not ground.open_places:
        return joined
    wants = await contenders(session, ground, ground.open_places)
    plan = decide(ground.snapshot(wants), ground.policy, session.today)
    return joined + await make_offers(session, writes, ground, wants, plan, "nightly")


async def propose_nightly(session: WriteSession, writes: Writes) -> int:
    """Where the policy wants an officer to confirm it, keep the plan of the night as a preview; the offers in it.

    The authority is told. Nothing is offered, so the plan is made without the authority's lock.
    """
    async with whole_authority(session):
        ground = await survey(session)
        if not (ground.policy.confirm_batches and ground.open_places):
            return 0
        wants = await waiting_wants(session, ground)
        officers = await authority_organisation(session)
    snapshot = ground.snapshot(wants)
    plan = await asyncio.to_thread(decide, snapshot, ground.policy, session.today)
    if not plan.offered:
        return 0
    content = await asyncio.to_thread(plan_content, ground, snapshot, plan, session.today)
    run_id = _keep_run(session, writes, ground, snapshot, content, NOTHING, proposed=True)
    tell(
        writes,
        session,
        "allocation_run.proposed",
        subject=("allocation_run", run_id, 1),
        audience=[officers],
        data={"offers": len(plan.offered)},
    )
    return len(plan.offered)


def _keep_run(
    session: WriteSession,
    writes: Writes,
    ground: Ground,
    snapshot: Snapshot,
    content: dict[str, Any],
    asked: WhatIf,
    *,
    proposed: bool = False,
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
        what_if=plain(asked),
        plan=content,
        proposed=proposed,
    )
    return run_id


async def commit_run(session: WriteSession, writes: Writes, run_id: UUID, officer: Officer | None) -> None:
    """Let a preview take effect: its offers are made, in the officer's name.

    Where the policy wants plans confirmed, the officer is one of its approvers. Raises NotFound; ActionNotAvailable for
    one that was committed, or asked what if; Conflict when anything that it was decided from has changed since; Invalid
    for an officer who is not named and Forbidden for one who is no approver.
    """
    async with broker(session) as wide:
        run = await queries.lock_run(wide, run_id)
        if run is None:
            raise NotFound
        if run["over"] != "waiting_list":
            raise ActionNotAvailable("A play of the last year is never committed: it is past.")
        if run["what_if"] is not None:
            raise ActionNotAvailable("A run that asked what if is never committed: preview the list as it stands.")
        if run["state"] != "preview":
            raise ActionNotAvailable(f"The run has taken effect already{_by_whom(run)}.")
        ground = await survey(wide)
        _check_approver(ground.policy, officer)
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
                "confirmed_by_name": officer.name if officer else None,
                "confirmed_by_role": officer.role if officer else None,
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


def _by_whom(run: Mapping[str, Any]) -> str:
    return f": {run['confirmed_by_name']} has confirmed it" if run["confirmed_by_name"] else ""


def _check_approver(policy: Policy, officer: Officer | None) -> None:
    """Raise Invalid or Forbidden where the policy wants an approver and this is none."""
    if not policy.confirm_batches:
        return
    roles = ", ".join(policy.approvers)
    if officer is None or officer.role is None:
        sentence = f"The policy wants this confirmed by a named person in one of these roles: {roles}."
        pointer = "/confirmed_by" if officer is None else "/confirmed_by/role"
        raise Invalid(errors=[FieldFault(pointer, "missing", sentence)])
    if officer.role not in policy.approvers:
        raise Forbidden(f"The policy lets these roles confirm a plan: {roles}.")


def snapshot_hash(ground: Ground, snapshot: Snapshot, as_of: str) -> str:
    """SHA-256 of everything that a plan is made from, hexadecimal; the order of the parts does not count."""
    parts = [
        as_of,
        str(ground.policy_id),
        sorted(to_json(part) for part in snapshot.wants),
        sorted(to_json(part) for part in snapshot.lots),
        sorted(to_json(part) for part in snapshot.places),
        sorted(to_json(part) for part in snapshot.caseloads),
        sorted(to_json(part) for part in snapshot.claims),
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
