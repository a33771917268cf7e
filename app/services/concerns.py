"""Raising an urgent concern, and acting on one.

Raising does not take the authority's lock, so that it waits for no allocation, and writes no row but its own, its
event's and its debt's, so that nothing that others read moves with it. Who is told is the authority and whoever has to
act; of an allegation the authority alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import Kind
from app.db import WriteSession
from app.domain.clocks import in_hours
from app.domain.concerns import (
    NOTICE,
    ConcernAction,
    ConcernActKind,
    ConcernKind,
    ConcernState,
    recipient_of,
)
from app.errors import ActionNotAvailable, FieldFault, Forbidden, Invalid, NotFound
from app.ids import new_id
from app.models.concerns import concern, concern_act
from app.queries import concerns as queries
from app.queries import referrals
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import audit
from app.services.events import tell
from app.services.obligations import meet, owe
from app.services.policies import policy_today

Row = dict[str, Any]

_RAISED: Final = 1
"""The version of a concern that nobody has acted on: each act raises it by one."""


_OPERATION: Final = {
    ConcernActKind.ACKNOWLEDGED: "acknowledge_concern",
    ConcernActKind.CLOSED: "close_concern",
}


@dataclass(frozen=True, slots=True)
class Worker:
    """Whom an allegation is about."""

    organisation_id: UUID
    name: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class NewConcern:
    """A concern as it is raised. `person` is plain data: who raises it, and how to reach them."""

    kind: ConcernKind
    text: str
    person: dict[str, str | None]
    worker: Worker | None
    noticed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about a concern, by whom."""

    action: ConcernAction
    person: dict[str, str | None]
    note: str | None


async def raise_concern(session: WriteSession, writes: Writes, referral_id: UUID, new: NewConcern) -> Row:
    """Queue a concern about a referral that the caller may see, in whatever state it is; what its raiser is answered.

    The answer is all that the raiser is ever told here of an allegation about its own worker. Raises NotFound, Invalid.
    """
    referral = await referrals.visible(session, referral_id)
    if referral is None:
        raise NotFound
    await _check(session, new)
    authority_id = await authority_organisation(session)
    recipient_id = recipient_of(
        new.kind,
        session.organisation_id,
        school_id=referral["school_id"],
        school_has_lead=bool(referral["safeguarding"].get("designated_lead")),
        authority_id=authority_id,
    )
    concern_id = new_id()
    worker = new.worker
    writes.add(
        concern,
        id=concern_id,
        referral_id=referral_id,
        organisation_id=session.organisation_id,
        kind=new.kind.value,
        text=new.text,
        person=new.person,
        worker_organisation_id=worker.organisation_id if worker else None,
        worker={"name": worker.name, "role": worker.role} if worker else None,
        noticed_at=new.noticed_at,
        raised_at=session.now,
        recipient_id=recipient_id,
    )
    tell(
        writes,
        session,
        "concern.raised",
        subject=("concern", concern_id, _RAISED),
        audience=[authority_id, recipient_id],
        referral_id=referral_id,
        data={"kind": new.kind.value},
    )
    hours = (await policy_today(session)).concern_hours[new.kind]
    owe(
        writes, session, "concern_action", recipient_id,
        subject=("concern", concern_id), clock="calendar_hour",
        due_at=in_hours(session.now, hours),
    )  # fmt: skip
    audit.note(writes, session.principal, "raise_concern", "concern", concern_id)
    return {
        "id": concern_id,
        "referral_id": referral_id,
        "kind": new.kind,
        "state": ConcernState.RAISED,
        "raised_at": session.now,
        "recipient_id": recipient_id,
        "notice": {"message": NOTICE, "contact": await queries.contact_of_authority(session)},
    }


async def _check(session: WriteSession, new: NewConcern) -> None:
    faults = []
    if new.noticed_at is not None and new.noticed_at > session.now:
        faults.append(FieldFault("/noticed_at", "in_the_future", "What was noticed lies in the past."))
    if (new.kind is ConcernKind.ALLEGATION_ABOUT_WORKER) != (new.worker is not None):
        sentence = "An allegation names the worker's organisation, and a concern about a child at risk names no worker."
        faults.append(FieldFault("/worker", "worker_needed", sentence))
    elif new.worker and not await queries.is_organisation(session, new.worker.organisation_id):
        sentence = "There is no organisation of this id."
        faults.append(FieldFault("/worker/organisation_id", "unknown_organisation", sentence))
    if faults:
        raise Invalid(errors=faults)


async def act_on_concern(
    session: WriteSession, writes: Writes, concern_id: UUID, kind: ConcernActKind, done: Done
) -> Row:
    """Record what was done about a concern; the concern. Either act meets what is owed.

    Whoever raised that a child is at risk is told that it was acknowledged, and no more; of an allegation not even
    that. Raises NotFound; Forbidden for who may see it and has not to act; ActionNotAvailable; Conflict.
    """
    row = await queries.find_concern(session, concern_id)
    if row is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and row["recipient_id"] != session.organisation_id:
        raise Forbidden("Only whoever a concern went to may act on it.")
    if row["state"] is ConcernState.CLOSED or row["state"].value == kind.value:
        raise ActionNotAvailable(f"The concern is {row['state']} already.")
    writes.add(
        concern_act,
        id=new_id(),
        concern_id=concern_id,
        sequence=row["version"],
        kind=kind.value,
        recipient_id=row["recipient_id"],
        organisation_id=session.organisation_id,
        person=done.person,
        action=done.action.value,
        note=done.note,
        acted_at=session.now,
    )
    audience = [await authority_organisation(session), row["recipient_id"]]
    event_type = "concern.closed"
    if kind is ConcernActKind.ACKNOWLEDGED:
        event_type = "concern.acknowledged"
        if row["kind"] == ConcernKind.CHILD_AT_RISK:
            audience.append(row["organisation_id"])
    tell(
        writes,
        session,
        event_type,
        subject=("concern", concern_id, row["version"] + 1),
        audience=audience,
        referral_id=row["referral_id"],
    )
    audit.note(writes, session.principal, _OPERATION[kind], "concern", concern_id, ["action", "note"])
    await writes.flush(session)
    await meet(session, "concern_action", concern_id)
    found = await queries.find_concern(session, concern_id)
    if found is None:
        raise NotFound
    return found
