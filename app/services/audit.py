"""The audit trail: who read or changed what. Lines are only ever appended; they name fields, never values.

Two doors. `note` queues a line with an act's own rows, so that act and line stand or fall together. `record` appends
one in a short transaction of its own, for reads: a read transaction stays read-only.
"""

from collections.abc import Iterable
from uuid import UUID

from app import clock
from app.access import Principal
from app.db import Database
from app.ids import new_id
from app.models.parties import audit_entry
from app.queries.writes import Writes


def note(
    writes: Writes,
    principal: Principal,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    fields: Iterable[str] = (),
) -> None:
    """Queue one line: the principal did `action` (an operation's name) to a subject, touching `fields`."""
    writes.add(
        audit_entry,
        id=new_id(),
        recorded_at=clock.real_now(),
        organisation_id=principal.organisation_id,
        client_id=principal.client_id,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        fields=sorted(fields),
        request_id=principal.request_id,
    )


async def record(
    database: Database,
    principal: Principal,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    fields: Iterable[str] = (),
) -> None:
    """Append one line now, in its own transaction.

    Call it before the answer goes out and outside any other transaction of the request: it takes a connection of its
    own. `subject_id` is None for a list. Raises Unavailable like any write: what cannot be audited is not shown.
    """
    writes = Writes()
    note(writes, principal, action, subject_kind, subject_id, fields)
    async with database.write(principal) as session:
        await writes.flush(session)
