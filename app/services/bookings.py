"""Places given back."""

from uuid import UUID

from app.db import WriteSession


async def release_booking(session: WriteSession, booking_id: UUID | None, cause: str) -> None:
    """Release a booking today, whatever state it is in; one that was released already stays as it is.

    None is that of an offer to join a case, which holds no place of its own: nothing is released.

    The range is cut at today (`[start, end)`), so that the place is free from today on; one that ended earlier keeps
    its end.
    """
    await session.run(
        "UPDATE booking SET state = 'released', cause = $3, released_on = $4,"
        " ends_on = greatest(starts_on, least(ends_on, $4))"
        " WHERE authority_id = $1 AND id = $2 AND state <> 'released'",
        session.authority_id,
        booking_id,
        cause,
        session.today,
    )


async def release_case_booking(session: WriteSession, intervention_id: UUID, cause: str) -> None:
    """Release the booking of a case."""
    booking_id = await session.value(
        "SELECT booking_id FROM intervention WHERE authority_id = $1 AND id = $2", session.authority_id, intervention_id
    )
    await release_booking(session, booking_id, cause)
