"""What goes to the authority that a child moved to: what it needs to go on, and only where the family agrees.

Safeguarding records, court orders, census facts and what other organisations wrote have ways of their own, and are not
in it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

FORMAT = "halfterm-transfer-summary/1"

_PUPIL = ("given_name", "family_name", "preferred_name", "date_of_birth", "first_language", "sen_provision")
_CONTACT = ("name", "relationship", "parental_responsibility", "phones", "email", "language", "interpreter_needed")
_WORK = ("provider_name", "service_name", "started_on", "closed_on", "contacts_attended_count", "goals")


def transfer_summary(
    transfer: Mapping[str, Any], referral: Mapping[str, Any], work: Mapping[str, Any] | None, *, made_on: date
) -> dict[str, Any]:
    """The summary as plain data. `referral` is the whole referral, `work` what was done in its case."""
    pupil, home = referral["pupil"] or {}, referral["household"] or {}
    return {
        "format": FORMAT,
        "made_on": made_on,
        "to_la_code": transfer["to_la_code"],
        "moved_on": transfer["moved_on"],
        "plan": transfer["plan"],
        "consent": transfer["consent"],
        "referral_reference": referral["reference"],
        "received_at": referral["received_at"],
        "pupil": {name: pupil.get(name) for name in _PUPIL} | {"year_group": referral["year_group"]},
        "contacts": [{name: contact.get(name) for name in _CONTACT} for contact in referral["contacts"]],
        # An address that is to stay confidential is told by a person, not by a file.
        "address": None if home.get("address_confidential") else home.get("address"),
        "needs": referral["needs"],
        "child_view": referral["child_view"],
        "parent_view": referral["parent_view"],
        "work": None if work is None else {name: work[name] for name in _WORK},
        "note": transfer["note"],
    }
