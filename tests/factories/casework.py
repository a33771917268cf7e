"""Cases: referrals that a provider has accepted, made and worked over HTTP."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.db import Database
from app.ids import new_id
from app.models import demand, supply
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

ACCEPTED_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday in term."""
LATER = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
"""A Friday, three school weeks on."""


@dataclass
class CaseIds:
    intervention_id: UUID
    referral_id: UUID
    booking_id: UUID
    place_id: UUID
    planned_end_on: date

    @property
    def path(self) -> str:
        return f"/v1/interventions/{self.intervention_id}"


async def accepted_case(api: Api, town: Town) -> CaseIds:
    """A case of the town's provider on its next free place: referred, offered and accepted at ACCEPTED_AT."""
    sent = await at(api.as_(town.school), ACCEPTED_AT).post("/v1/referrals", referral_body(), headers=key())
    assert sent.status_code == 201, sent.text
    offer_id = sent.json()["allocation"]["id"]
    accepted = await at(api.as_(town.provider), ACCEPTED_AT).post(f"/v1/allocations/{offer_id}/accept")
    assert accepted.status_code == 200, accepted.text
    async with api.runtime.database.read(town.officer) as session:
        row = await session.row(
            "SELECT i.id, i.referral_id, i.booking_id, b.place_id, i.planned_end_on FROM intervention i"
            " JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id"
            " WHERE i.authority_id = $1 AND i.id = $2",
            town.officer.authority_id,
            UUID(accepted.json()["intervention_id"]),
        )
    assert row is not None
    return CaseIds(*row)


async def book_place(database: Database, town: Town, place_id: UUID, starts_on: date) -> None:
    """Another family's booking of a place from a day on. Raises what the database says to it."""
    household_id = new_id()
    async with database.write(town.officer) as session:
        writes = Writes()
        writes.add(demand.household, id=household_id)
        writes.add(
            supply.booking,
            id=new_id(),
            place_id=place_id,
            lot_id=town.lots[0],
            provider_id=town.provider.organisation_id,
            household_id=household_id,
            state="accepted",
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=42),
            cause="accepted",
        )
        await writes.flush(session)


def at(caller: Caller, moment: datetime) -> Caller:
    """The same caller at a stated business time."""
    return Caller(caller.api, {**caller.headers, "X-Halfterm-Now": moment.isoformat()})


def worker(api: Api, town: Town, moment: datetime = LATER) -> Caller:
    """The provider's portal, three weeks into the case unless told."""
    return at(api.as_(town.provider), moment)


def contact(**changes: Any) -> dict[str, Any]:
    """A contact as a portal sends it: attended at home, the day after acceptance."""
    return {
        "kind": "initial",
        "mode": "home",
        "held_at": "2026-11-03T15:30:00Z",
        "minutes": 60,
        "present": ["child", "parent_or_carer"],
        "child_seen": True,
        "result": "attended",
        **changes,
    }


def missed(**changes: Any) -> dict[str, Any]:
    """A contact to which nobody came."""
    return {
        **contact(),
        "result": "did_not_attend",
        "reason": "Nobody was at home.",
        "present": [],
        "child_seen": False,
        "minutes": None,
        **changes,
    }


def plan(**changes: Any) -> dict[str, Any]:
    """A plan with two goals."""
    return {
        "agreed_on": "2026-11-05",
        "review_on": "2026-11-25",
        "goals": [
            {"title": "In school by the bell", "need_code": "attendance", "owner": "family"},
            {"title": "A calm morning", "owner": "parent_or_carer"},
        ],
        **changes,
    }


def closing(**changes: Any) -> dict[str, Any]:
    """A close of work that was done; its plan has no goals unless they are given."""
    return {
        "outcome": "completed",
        "reason": "plan_completed",
        "summary": {"what_changed": "Mornings have a routine.", "signposted": [{"name": "Family club (made up)"}]},
        **changes,
    }


async def acknowledged(api: Api, town: Town, ids: CaseIds) -> None:
    """Acknowledge safe contact and visit risks."""
    answer = await worker(api, town).post(f"{ids.path}/safety", {"safe_contact": True, "visit_risks": True})
    assert answer.status_code == 200, answer.text


async def started(api: Api, town: Town, ids: CaseIds) -> None:
    """Acknowledge, and record the first attended contact."""
    await acknowledged(api, town, ids)
    answer = await worker(api, town).post(f"{ids.path}/contacts", contact())
    assert answer.status_code == 201, answer.text


async def facts(database: Database, town: Town, ids: CaseIds) -> dict[str, Any]:
    """What the database holds about a case, as its owner sees it: to prove what changed, or that nothing did."""
    async with database.read(town.officer) as session:
        row = await session.row(
            "SELECT i.state, i.version, i.started_on, i.planned_end_on, i.closed_on, i.outcome, r.state AS referral,"
            " r.outcome AS referral_outcome, b.state AS booking, b.ends_on, b.released_on,"
            " (SELECT count(*) FROM intervention_contact c WHERE c.authority_id = i.authority_id"
            "  AND c.intervention_id = i.id) AS contacts,"
            " (SELECT count(*) FROM reading d WHERE d.authority_id = i.authority_id"
            "  AND d.intervention_id = i.id) AS readings,"
            " (SELECT count(*) FROM goal g WHERE g.authority_id = i.authority_id"
            "  AND g.intervention_id = i.id) AS goals,"
            " (SELECT coalesce(array_agg(e.type ORDER BY e.recorded_at, e.id), '{}') FROM event e"
            "  WHERE e.authority_id = i.authority_id AND e.referral_id = i.referral_id"
            "  AND e.type LIKE 'intervention.%') AS told,"
            " (SELECT coalesce(jsonb_object_agg(o.kind, CASE WHEN o.met_at IS NOT NULL THEN 'met'"
            "  WHEN o.cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'open' END), '{}')::text FROM obligation o"
            "  WHERE o.authority_id = i.authority_id AND o.subject_id = i.id) AS owed"
            " FROM intervention i JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id"
            " JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id"
            " WHERE i.authority_id = $1 AND i.id = $2",
            town.officer.authority_id,
            ids.intervention_id,
        )
    assert row is not None
    return dict(row)
