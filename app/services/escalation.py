"""Escalation of offers that nobody answered: an officer looks, sooner the more urgent it is, and then the area's lead.

A timer never rejects a family: the referral waits on with its old date, and is offered elsewhere when it can be.
"""

from typing import Any, Final

from app.db import BrokerSession
from app.domain.clocks import in_hours
from app.domain.policy import Policy
from app.queries import offers
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events
from app.services.obligations import cancel, owe

Row = dict[str, Any]

_LEAD_OFFICER_AFTER: Final = 2
"""Offers of one referral that went unanswered."""


async def escalate(wide: BrokerSession, writes: Writes, referral: Row, policy: Policy) -> None:
    """Ask an officer to look at a referral whose offer ran out; after the second, the lead officer of its area too."""
    authority_id = await authority_organisation(wide)
    due_at = in_hours(wide.now, policy.escalation_hours[referral["band"]])
    unanswered = await offers.unanswered_of(wide, referral["id"])
    await cancel(wide, referral["id"], ["place_referral", "lead_officer_action"])
    owe(
        writes, wide, "place_referral", authority_id,
        subject=("referral", referral["id"]), clock="calendar_hour", due_at=due_at,
    )  # fmt: skip
    if unanswered < _LEAD_OFFICER_AFTER:
        return
    owe(
        writes, wide, "lead_officer_action", authority_id,
        subject=("referral", referral["id"]), clock="calendar_hour", due_at=due_at,
    )  # fmt: skip
    area_id = referral["area_id"]
    events.tell(
        writes,
        wide,
        "referral.escalated",
        subject=("referral", referral["id"], referral["version"]),
        audience=[authority_id],
        referral_id=referral["id"],
        data={"unanswered_offers_count": unanswered, "area_id": None if area_id is None else str(area_id)},
    )
