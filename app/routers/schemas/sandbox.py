"""Moving a sandbox authority's business time."""

from pydantic import ConfigDict, Field

from app.routers.schemas.base import In, Out
from app.routers.schemas.types import Moment


class AdvanceIn(In):
    """Where to move to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "2026-12-18T16:00:00Z"}]})

    to: Moment = Field(description="The new business time: after the present one, and at most 400 days ahead.")


class RanOut(Out):
    """How much fell due on the way, and was run."""

    offers_expired: int = Field(ge=0, description="Offers that nobody answered in time.")
    offers_deemed: int = Field(ge=0, description="Of a contract by which silence is yes: accepted so.")
    obligations_reminded: int = Field(ge=0, description="Obligations called to mind, because they are due soon.")
    obligations_overdue: int = Field(ge=0, description="Obligations flagged as overdue.")
    obligations_escalated: int = Field(ge=0, description="Overdue obligations taken to the area's lead officer.")
    bookings_prolonged: int = Field(ge=0, description="Days by which running cases kept their places.")
    returns_opened: int = Field(ge=0, description="Returns that came to be owed.")
    offers_made: int = Field(ge=0, description="Offers made at midnight, of places that became available.")
    identities_closed: int = Field(ge=0, description="Past cases whose identity ended for the provider.")
    offers_lapsed: int = Field(ge=0, description="Offers that lapsed because their contract had ended.")
    cases_handed_over: int = Field(ge=0, description="Running cases that went to the next contract's places.")
    contract_ends_told: int = Field(ge=0, description="Contracts whose coming end officers were told of.")


class AdvanceOut(Out):
    """The new present."""

    now: Moment = Field(description="Business time now; it goes on from here.")
    ran: RanOut
