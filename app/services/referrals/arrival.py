"""Whose referral it is and which pupil it is about: settled before anything is decided.

A pupil is matched by UPN within the authority, but a record is shared only with an organisation that already has the
pupil (on its roll by its own word, or referred by it before). Anyone else's record of the same UPN is kept apart, so
that a guessed UPN opens nothing and the sender learns nothing about another organisation's referral.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, ReadSession
from app.domain.referral_facts import Facts
from app.errors import DuplicateReferral, FieldFault, Forbidden, Invalid
from app.ids import new_id
from app.models import demand
from app.queries import hand_over
from app.queries import referrals as queries
from app.queries.writes import Writes, change


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, the pupil's school as the authority knows it, and the authority's safeguarding contact."""

    name: str
    school_id: UUID | None
    school_name: str | None
    school_urn: str | None
    area_id: UUID | None
    safeguarding_contact: str
    la_code: str


async def arrival_of(session: BrokerSession, facts: Facts) -> list[asyncpg.Record]:
    """Who sends, and whom it may be about; read under the lock, so that of two senders at once one finds the other."""
    pupil = facts["pupil"]
    return await queries.arrival(
        session, school_urn=facts.get("school_urn"), upn=pupil.get("upn"), mis_id=pupil.get("mis_id")
    )


def sender_of(session: ReadSession, facts: Facts, rows: Sequence[asyncpg.Record]) -> Sender:
    """The sender of a referral. Raises Forbidden for a school that is no member today, Invalid for a wrong URN."""
    row = rows[0] if rows else None
    is_school = session.kind is Kind.SCHOOL
    if row is None or (is_school and row["school_id"] != session.organisation_id):
        raise Forbidden("Your school is not a member of this authority today.")
    stated = facts.get("school_urn")
    if stated and row["urn"] != stated:
        detail = "A school refers for its own pupils." if is_school else "No member school has this URN."
        raise Invalid(errors=[FieldFault("/school_urn", "school", detail)])
    return Sender(
        row["name"],
        row["school_id"],
        row["school_name"],
        row["urn"],
        row["area_id"],
        row["safeguarding_contact"],
        row["la_code"],
    )


@dataclass(frozen=True, slots=True)
class Match:
    """The pupil's record: an existing one to refresh, or None for a new one."""

    pupil_id: UUID | None
    household_id: UUID | None
    upn_holder: bool
    possible_duplicate: bool
    household_has_place: bool = False
    previous_provider_id: UUID | None = None
    upn: str | None = None
    upn_missing_reason: str | None = None


def match_pupil(facts: Facts, rows: Sequence[asyncpg.Record]) -> Match:
    """The pupil of a referral.

    Raises DuplicateReferral for the sender's own open referral, Invalid when the sender's earlier record of the UPN
    has another date of birth.
    """
    pupil = facts["pupil"]
    rows = [row for row in rows if row["pupil_id"] is not None]
    own = next((row for row in rows if row["own"]), None)
    if own is not None and own["own_open_id"] is not None:
        raise DuplicateReferral(
            f"Your organisation already has an open referral for this pupil: {own['own_open_reference']}.",
            extra={"referral_id": str(own["own_open_id"]), "reference": own["own_open_reference"]},
        )
    other_open = any(row["other_open"] for row in rows)
    if own is None:
        return Match(None, None, not any(row["upn_holder"] for row in rows), other_open)
    if own["date_of_birth"] != pupil["date_of_birth"]:
        sentence = "Your earlier record of this pupil has another date of birth: check it and the UPN."
        raise Invalid(errors=[FieldFault("/pupil/date_of_birth", "differs", sentence)])
    return Match(
        own["pupil_id"],
        own["household_id"],
        own["upn_holder"],
        other_open,
        own["household_has_place"],
        own["previous_provider_id"],
        own["upn"],
        own["upn_missing_reason"],
    )


async def keep_pupil(
    session: BrokerSession, writes: Writes, facts: Facts, match: Match, school_id: UUID | None
) -> tuple[UUID, UUID]:
    """Write the pupil, household and contacts as this referral tells them; their ids (pupil, household)."""
    pupil_id, household_id = match.pupil_id or new_id(), match.household_id or new_id()
    if match.pupil_id is None:
        writes.add(demand.household, id=household_id, **household_of(facts))
        writes.add(demand.pupil, id=pupil_id, household_id=household_id, **pupil_of(facts["pupil"]))
        writes.add(
            demand.pupil_statutory,
            pupil_id=pupil_id,
            upn_holder=match.upn_holder,
            **statutory_of(facts["pupil"], match),
        )
    else:
        # What is written now is for whoever works with the family next: earlier cases close to their providers.
        await queries.end_identity_access(session, household_id=household_id)
        await hand_over.end_former_access(session, household_id=household_id)
        await change(session, demand.pupil, {"id": pupil_id}, pupil_of(facts["pupil"]))
        await change(session, demand.pupil_statutory, {"pupil_id": pupil_id}, statutory_of(facts["pupil"], match))
    if school_id is not None:
        await _keep_enrolment(session, writes, pupil_id, school_id, facts["pupil"].get("mis_id"), known=match)
    await keep_home(session, writes, household_id, facts, known=match.household_id is not None)
    return pupil_id, household_id


async def keep_home(session: BrokerSession, writes: Writes, household_id: UUID, facts: Facts, *, known: bool) -> None:
    """Write what the facts say of a household, its contacts and linked children; the latest word replaces."""
    if known:
        if "household" in facts:
            await change(session, demand.household, {"id": household_id}, household_of(facts))
            await _clear(session, "linked_child", household_id)
        if "contacts" in facts:
            await _clear(session, "household_contact", household_id)
    for position, contact in enumerate(facts.get("contacts", ()), start=1):
        writes.add(demand.household_contact, id=new_id(), household_id=household_id, position=position, **contact)
    for child in facts.get("household", {}).get("linked_children", ()):
        writes.add(demand.linked_child, id=new_id(), household_id=household_id, **child)


async def _keep_enrolment(
    session: BrokerSession, writes: Writes, pupil_id: UUID, school_id: UUID, mis_id: str | None, *, known: Match
) -> None:
    if known.pupil_id is not None:
        touched = await session.run(
            "UPDATE enrolment SET mis_id = coalesce($4, mis_id)"
            " WHERE authority_id = $1 AND pupil_id = $2 AND school_id = $3 AND ends_on IS NULL",
            session.authority_id,
            pupil_id,
            school_id,
            mis_id,
        )
        if touched:
            return
    writes.add(
        demand.enrolment, id=new_id(), pupil_id=pupil_id, school_id=school_id, mis_id=mis_id, starts_on=session.today
    )


async def _clear(session: BrokerSession, table: str, household_id: UUID) -> None:
    await session.run(
        f'DELETE FROM "{table}" WHERE authority_id = $1 AND household_id = $2',  # noqa: S608 - our own names
        session.authority_id,
        household_id,
    )


def household_of(facts: Facts) -> dict[str, Any]:
    """The columns of a household's row."""
    home = facts["household"]
    return {
        "home_language": home["home_language"],
        "interpreter_needed": home["interpreter_needed"],
        "address": home["address"] or {},
        "address_confidential": home["address_confidential"],
    }


_PUPIL = (
    "given_name", "family_name", "preferred_name", "date_of_birth", "sex", "first_language", "sen_provision",
    "sen_types", "young_carer", "health_conditions", "home_la_code",
)  # fmt: skip
_STATUTORY = ("upn", "upn_missing_reason", "ethnicity", "free_school_meals", "pupil_premium")


def pupil_of(pupil: Facts) -> dict[str, Any]:
    """The columns of a pupil's row."""
    return {**{name: pupil[name] for name in _PUPIL}, "social_care": pupil["social_care"] or {}}


def statutory_of(pupil: Facts, match: Match) -> dict[str, Any]:
    """The columns of a pupil's census facts. A UPN that is known is not forgotten because it was left out once."""
    stated = {name: pupil[name] for name in _STATUTORY}
    if stated["upn"] is None and match.pupil_id is not None:
        stated |= {"upn": match.upn, "upn_missing_reason": match.upn_missing_reason}
    return stated
