"""The one setter of a referral's state: every move is checked, recorded in the history, and told by its event."""

from typing import Any
from uuid import UUID

from app.db import WriteSession
from app.domain.referral import State, check_move
from app.errors import Conflict
from app.models.demand import referral as referral_table
from app.models.demand import status_history
from app.queries.attention import clear_closed
from app.queries.writes import Writes, change
from app.services.obligations import cancel

Row = dict[str, Any]
"""A referral's row as read and locked: at least id, version, state, state_sequence. `move` keeps it up to date."""


async def move(
    session: WriteSession,
    writes: Writes,
    referral: Row,
    target: State,
    *,
    event_id: UUID,
    event_type: str,
    reason: str | None = None,
    **columns: object,
) -> None:
    """Move a locked referral to another state, changing `columns` with it.

    One that closes asks for no attention any more. The version rises by one: the event that tells of the move is to
    carry `next_version(referral)`, asked for before.
    Raises ActionNotAvailable for a move that is not listed.
    """
    check_move(State(referral["state"]), target, event_type)
    values: Row = {
        **columns,
        "state": target.value,
        "state_sequence": referral["state_sequence"] + 1,
        "version": referral["version"] + 1,
        "updated_at": session.now,
    }
    read = {"id": referral["id"], "version": referral["version"]}
    touched = await change(session, referral_table, read, values)
    if touched != 1:
        raise Conflict("The referral was changed by someone else meanwhile.")
    if target is State.CLOSED:
        await clear_closed(session, referral["id"])
        await cancel(session, referral["id"], ["attention_review"])
    record(
        session,
        writes,
        referral["id"],
        values["state_sequence"],
        (State(referral["state"]), target),
        event_id=event_id,
        event_type=event_type,
        reason=reason,
    )
    referral.update(values)


def next_version(referral: Row) -> int:
    """The version that the referral will have after its next move."""
    return int(referral["version"]) + 1


def record(
    session: WriteSession,
    writes: Writes,
    referral_id: UUID,
    sequence: int,
    step: tuple[State, State],
    *,
    event_id: UUID,
    event_type: str,
    reason: str | None = None,
) -> None:
    """Queue one line of the history: `step` is (from, to)."""
    source, target = step
    check_move(source, target, event_type)
    writes.add(
        status_history,
        referral_id=referral_id,
        sequence=sequence,
        from_state=source.value,
        to_state=target.value,
        event_id=event_id,
        event_type=event_type,
        changed_at=session.now,
        organisation_id=session.organisation_id,
        reason=reason,
    )
