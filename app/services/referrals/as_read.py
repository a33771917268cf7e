"""A referral that was just taken, as `app.queries.referrals.whole` would read it back.

Made from what is about to be written, because reading it back would keep the authority's lock for one round trip and
a join of twelve tables more. A test sends referrals of every kind and compares each answer with what is read later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.referral_facts import Facts
from app.queries.attention import as_told
from app.services.referrals.arrival import Match, Sender, household_of, pupil_of, statutory_of

_NOT_YET = {
    "case_provider_id": None,
    "case_provider_name": None,
    "intervention_id": None,
    "information_request": None,
    "outcome": None,
    "close_reason": None,
    "redirected_to": None,
    "closed_at": None,
    "band_set_by": "sender",
}
_OF_OFFER = ("id", "reference", "state", "provider_id", "service_id", "starts_on", "offered_at", "answer_due_at")
_OF_CHILD = ("name", "date_of_birth", "relationship")


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of attendance and suspensions that came with a referral."""

    attendance: Sequence[Mapping[str, Any]]
    suspensions: Sequence[Mapping[str, Any]]


def as_read(
    row: dict[str, Any],
    facts: Facts,
    sender: Sender,
    match: Match,
    figures: Figures,
    offer: Mapping[str, Any] | None,
    names: Mapping[UUID, str],
    attention: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The whole referral. `row` is its own row, `names` are of the offer's provider and service."""
    return {
        **row,
        **_NOT_YET,
        "referring_organisation_name": sender.name,
        "school_name": sender.school_name,
        "school_urn": sender.school_urn,
        "pupil": {"id": row["pupil_id"], **pupil_of(facts["pupil"])},
        "statutory": statutory_of(facts["pupil"], match),
        "household": household_of(facts),
        "contacts": [{"position": number, **contact} for number, contact in enumerate(facts["contacts"], start=1)],
        "linked_children": [
            {name: child[name] for name in _OF_CHILD}
            # Nulls come last, as PostgreSQL has them.
            for child in sorted(
                facts["household"]["linked_children"],
                key=lambda child: (child["date_of_birth"] is None, child["date_of_birth"] or 0),
            )
        ],
        "attendance": figures.attendance,
        "suspensions": sorted(figures.suspensions, key=lambda figure: figure["period_starts_on"]),
        "attention": [as_told(one) for one in attention],
        "allocation": offer
        and {
            **{name: offer[name] for name in _OF_OFFER},
            "provider_name": names[offer["provider_id"]],
            "service_name": names[offer["service_id"]],
            "answered_at": None,
            "deemed_at": None,
        },
    }
