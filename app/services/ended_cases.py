"""Ending a case otherwise than by its provider's close: the place is given back, and what is owed called off."""

from uuid import UUID

from app.db import BrokerSession
from app.domain.obligations import OF_AN_INTERVENTION
from app.domain.vocabulary import ClosureOutcome
from app.errors import InvariantBroken
from app.models import casework
from app.queries import interventions, offers
from app.queries.writes import Writes, change
from app.services.bookings import release_booking
from app.services.household_cases import Row, take_back_offers
from app.services.obligations import cancel


async def end_case(
    wide: BrokerSession, writes: Writes, intervention_id: UUID, outcome: ClosureOutcome, reason: str | None = None
) -> Row:
    """Close a running case whose last referral ends; the case as it then is. Telling of it is the caller's."""
    await offers.touch(wide, intervention_id)
    case = await interventions.lock_intervention(wide, intervention_id)
    if case is None:
        raise InvariantBroken
    values: Row = {
        "state": "closed",
        "closed_on": max(wide.today, case["started_on"] or wide.today),
        "outcome": outcome.value,
        "close_reason": reason,
        "version": case["version"] + 1,
        "updated_at": wide.now,
    }
    await change(wide, casework.intervention, {"id": intervention_id}, values)
    await release_booking(wide, case["booking_id"], outcome.value)
    await take_back_offers(wide, writes, case)
    await cancel(wide, intervention_id, OF_AN_INTERVENTION)
    return {**case, **values}
