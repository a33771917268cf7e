"""Moving the planned end of a case, and with it the end of its booking: within what its place is free for."""

from datetime import date, timedelta

from app.db import BrokerSession
from app.errors import CapacityRefused, PlaceTaken
from app.services.interventions.case import Row


def check_place(booking: Row, new_end: date) -> None:
    """Refuse an end after the day on which the place takes no family, or becomes another's: all days are exclusive.

    Of the other family nothing is said but that day. Raises PlaceTaken and CapacityRefused.
    """
    available_until, next_starts_on = booking["available_until"], booking["next_starts_on"]
    if next_starts_on is not None and new_end > next_starts_on:
        raise PlaceTaken(f"The place is promised on from {next_starts_on.isoformat()}.")
    if available_until is not None and new_end > available_until:
        raise CapacityRefused(f"The place leaves the block on {available_until.isoformat()}.")


async def hold_until(wide: BrokerSession, booking: Row, new_end: date) -> None:
    """Let a locked booking end with its case's new planned end; with a day past, from tomorrow, as it runs over."""
    tomorrow = wide.today + timedelta(days=1)
    await wide.run(
        "UPDATE booking SET ends_on = $3,"
        " cause = CASE WHEN $4 THEN 'overrun' WHEN cause = 'overrun' THEN 'resumed' ELSE cause END"
        " WHERE authority_id = $1 AND id = $2",
        wide.authority_id,
        booking["id"],
        max(new_end, tomorrow),
        new_end < tomorrow,
    )
