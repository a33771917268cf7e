"""Giving back a case that was accepted by silence: as if it had never been, but for the record of it."""

from typing import Any

import asyncpg

from app.db import BrokerSession
from app.domain.obligations import OF_AN_INTERVENTION
from app.models.casework import intervention as intervention_table
from app.models.demand import referral as referral_table
from app.queries.writes import change
from app.services.bookings import release_case_booking
from app.services.household_cases import leave
from app.services.obligations import cancel


def is_unread(offer: asyncpg.Record) -> bool:
    """Whether silence was taken for yes, and the provider has not yet read whose case it is."""
    return offer["state"] == "accepted" and offer["deemed_at"] is not None and offer["identity_released_at"] is None


async def close_given_back(wide: BrokerSession, referral: dict[str, Any], offer: asyncpg.Record, outcome: str) -> None:
    """Close the case of a locked referral and offer before its work began, and close it to its provider.

    A case that the child shares goes on without it. The offer, the booking and the referral's state are the caller's to
    settle.
    """
    if not await leave(wide, referral):
        await _close(wide, offer, outcome)
    no_case: dict[str, Any] = {"case_provider_id": None, "intervention_id": None}
    await change(wide, referral_table, {"id": referral["id"]}, no_case)
    referral.update(no_case)
    await cancel(wide, offer["id"], ["deemed_acceptance_check"])


async def _close(wide: BrokerSession, offer: asyncpg.Record, outcome: str) -> None:
    closed = {
        "state": "closed",
        "closed_on": wide.today,
        "outcome": outcome,
        "sealed": True,
        "updated_at": wide.now,
    }
    await change(wide, intervention_table, {"id": offer["intervention_id"]}, closed, also=", version = version + 1")
    await cancel(wide, offer["intervention_id"], OF_AN_INTERVENTION)
    if offer["booking_id"] is None:  # it came to hold the case alone, whose place is another offer's
        await release_case_booking(wide, offer["intervention_id"], outcome)
