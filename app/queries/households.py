"""The whole family: a household, and those of linked brothers and sisters, as far as row policy lets the caller see."""

from typing import Any, Final
from uuid import UUID

import orjson

from app.access import Kind
from app.db import ReadSession

_AT_MOST: Final = 100

# Siblings whom the sender named itself; whom an officer linked, a school does not learn of.
_LINKED: Final = """
SELECT r.id FROM referral r WHERE r.authority_id = $1 AND (r.household_id = $2 OR r.sibling_group_id IN (
  SELECT g.sibling_group_id FROM referral g WHERE g.authority_id = $1 AND g.household_id = $2
    AND g.sibling_group_id IS NOT NULL AND ($3 OR g.sibling_wish IS NOT NULL)
) AND ($3 OR r.sibling_wish IS NOT NULL))
"""
_MEMBERS: Final = (
    "SELECT r.id AS referral_id, r.reference, r.state, r.pupil_id,"  # noqa: S608 - our own text
    " r.household_id, p.given_name, p.family_name,"
    " p.date_of_birth, r.year_group, r.school_id, o.name AS school_name, r.agreement_status, r.safe_contact::text,"
    " r.visit_risks::text, r.intervention_id FROM referral r"
    " LEFT JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id"
    " LEFT JOIN organisation o ON o.authority_id = r.authority_id AND o.id = r.school_id"
    f" WHERE r.authority_id = $1 AND r.id IN ({_LINKED}) ORDER BY r.received_at DESC, r.id DESC LIMIT {_AT_MOST}"
)


async def members(session: ReadSession, household_id: UUID) -> list[dict[str, Any]]:
    """The referrals of a family that the caller may see, the latest first, with each child."""
    rows = await session.rows(
        _MEMBERS, session.authority_id, household_id, session.kind in (Kind.AUTHORITY, Kind.PROVIDER)
    )
    return [
        {**row, "safe_contact": orjson.loads(row["safe_contact"]), "visit_risks": orjson.loads(row["visit_risks"])}
        for row in rows
    ]


async def homes(session: ReadSession, household_ids: list[UUID]) -> list[dict[str, Any]]:
    """Some households."""
    rows = await session.rows(
        "SELECT id, home_language, interpreter_needed, address::text, address_confidential FROM household"
        " WHERE authority_id = $1 AND id = ANY ($2) ORDER BY id",
        session.authority_id,
        household_ids,
    )
    return [{**row, "address": orjson.loads(row["address"])} for row in rows]


async def contacts(session: ReadSession, household_ids: list[UUID]) -> list[dict[str, Any]]:
    """Whom to reach in some households, in order."""
    rows = await session.rows(
        "SELECT household_id, position, name, relationship, parental_responsibility, lives_with_child, phones, email,"
        " language, interpreter_needed, accessibility FROM household_contact"
        " WHERE authority_id = $1 AND household_id = ANY ($2) ORDER BY household_id, position",
        session.authority_id,
        household_ids,
    )
    return [dict(row) for row in rows]


async def other_children(session: ReadSession, household_ids: list[UUID]) -> list[dict[str, Any]]:
    """The other children of some households, the youngest first; `under_five` is None where no birth date is known."""
    rows = await session.rows(
        "SELECT name, date_of_birth, relationship, date_of_birth > $3::date - interval '5 years' AS under_five"
        " FROM linked_child WHERE authority_id = $1 AND household_id = ANY ($2)"
        " ORDER BY date_of_birth DESC NULLS LAST, name, id",
        session.authority_id,
        household_ids,
        session.today,
    )
    return [dict(row) for row in rows]


async def goals(session: ReadSession, intervention_ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The goals of some cases, in order, by case."""
    rows = await session.rows(
        "SELECT intervention_id, position, title, owner, due_on, result FROM goal"
        " WHERE authority_id = $1 AND intervention_id = ANY ($2) ORDER BY intervention_id, position",
        session.authority_id,
        intervention_ids,
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["intervention_id"], []).append(dict(row))
    return found


async def names_of(session: ReadSession, organisation_ids: list[UUID]) -> dict[UUID, str]:
    """The names of some organisations."""
    rows = await session.rows(
        "SELECT id, name FROM organisation WHERE authority_id = $1 AND id = ANY ($2)",
        session.authority_id,
        organisation_ids,
    )
    return {row["id"]: row["name"] for row in rows}
