"""What is owed: one table, from which worklists, reminders and service levels are read.

An obligation is opened, and then met or cancelled, in the transaction of the act that causes it. Row policy lets a
caller touch its own obligations only: in the broker's session they reach the whole authority.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.obligations import ObligationClock, ObligationKind, SubjectKind
from app.ids import new_id
from app.models.casework import obligation
from app.queries.writes import Writes


def owe(
    writes: Writes,
    session: WriteSession,
    kind: ObligationKind,
    owed_by_id: UUID,
    *,
    subject: tuple[SubjectKind, UUID],
    clock: ObligationClock,
    due_at: datetime,
) -> UUID:
    """Queue one obligation; its id. `subject` is (kind, id) of what it is about, `due_at` an aware moment.

    One subject has at most one open obligation of a kind: meet or cancel it before it is owed anew.
    """
    obligation_id = new_id()
    subject_kind, subject_id = subject
    writes.add(
        obligation,
        id=obligation_id,
        kind=kind,
        owed_by_id=owed_by_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        clock=clock,
        created_at=session.now,
        due_at=due_at,
    )
    return obligation_id


async def meet(session: WriteSession, kind: ObligationKind, subject_id: UUID) -> bool:
    """Mark the open obligation of a kind as met now. False when there was none: meeting twice does no harm."""
    return (
        await session.run(
            "UPDATE obligation SET met_at = $4, version = version + 1"
            " WHERE authority_id = $1 AND subject_id = $2 AND kind = $3 AND met_at IS NULL AND cancelled_at IS NULL",
            session.authority_id,
            subject_id,
            kind,
            session.now,
        )
        > 0
    )


async def is_owed(session: ReadSession, kind: ObligationKind, subject_id: UUID) -> bool:
    """Whether something of a kind is open about a subject."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM obligation WHERE authority_id = $1 AND subject_id = $2 AND kind = $3"
        " AND met_at IS NULL AND cancelled_at IS NULL)",
        session.authority_id,
        subject_id,
        kind,
    )
    return found


async def put_off(session: WriteSession, kind: ObligationKind, subject_id: UUID, due_at: datetime) -> None:
    """Give the open obligation of a kind a new due moment, of which everything is told anew as it comes near."""
    await session.run(
        "UPDATE obligation SET due_at = $4, put_off_at = $5, planned_for = NULL, overdue_at = NULL,"
        " version = version + 1 WHERE authority_id = $1 AND subject_id = $2 AND kind = $3"
        " AND met_at IS NULL AND cancelled_at IS NULL AND due_at <> $4",
        session.authority_id,
        subject_id,
        kind,
        due_at,
        session.now,
    )


async def cancel(session: WriteSession, subject_id: UUID, kinds: Sequence[ObligationKind]) -> int:
    """Cancel what is still open of these kinds about a subject; how many there were."""
    return await session.run(
        "UPDATE obligation SET cancelled_at = $4, version = version + 1"
        " WHERE authority_id = $1 AND subject_id = $2 AND kind = ANY ($3) AND met_at IS NULL AND cancelled_at IS NULL",
        session.authority_id,
        subject_id,
        list(kinds),
        session.now,
    )
