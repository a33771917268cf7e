"""Cases: a referral that a provider has accepted, with its place, as rows of the state that acceptance leaves."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from app.access import Principal
from app.clock import london_moment
from app.db import Database
from app.domain.calendar import Calendar
from app.domain.referral import State
from app.ids import new_id, new_reference
from app.models import casework, demand, supply
from app.queries.writes import Writes
from app.services import events, history
from app.services.obligations import owe
from tests.factories.authority import Town
from tests.factories.http import Api, Caller

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


async def accepted_case(
    database: Database,
    town: Town,
    *,
    place: int = 0,
    school: Principal | None = None,
    starts_on: date = date(2026, 11, 2),
) -> CaseIds:
    """A case of the town's provider on one of its places, accepted at ACCEPTED_AT, nothing done on it yet."""
    school = school or town.school
    ids = CaseIds(new_id(), new_id(), new_id(), town.places[place], Calendar().planned_end(starts_on))
    household_id, pupil_id = new_id(), new_id()
    async with database.write(replace(town.officer, at=ACCEPTED_AT)) as session:
        writes = Writes()
        writes.add(demand.household, id=household_id)
        writes.add(
            demand.pupil,
            id=pupil_id,
            household_id=household_id,
            given_name="Robin",
            family_name="Sampleton",
            date_of_birth=date(2016, 3, 1),
        )
        writes.add(
            supply.booking,
            id=ids.booking_id,
            place_id=ids.place_id,
            lot_id=town.lots[0],
            provider_id=town.provider.organisation_id,
            household_id=household_id,
            state="accepted",
            starts_on=starts_on,
            ends_on=ids.planned_end_on,
            cause="accepted",
        )
        writes.add(demand.referral, **_referral(ids, town, school, household_id, pupil_id))
        steps = [
            (State.NEW, State.SUBMITTED, "referral.submitted"),
            (State.SUBMITTED, State.OFFERED, "allocation.offered"),
            (State.OFFERED, State.ACCEPTED, "allocation.accepted"),
        ]
        for sequence, (source, target, event_type) in enumerate(steps, start=1):
            event_id = events.tell(
                writes,
                session,
                event_type,
                subject=("referral", ids.referral_id, sequence),
                audience=[town.officer.organisation_id],
                referral_id=ids.referral_id,
            )
            history.record(
                session,
                writes,
                ids.referral_id,
                sequence,
                (source, target),
                event_id=event_id,
                event_type=event_type,
            )
        writes.add(
            casework.intervention,
            id=ids.intervention_id,
            booking_id=ids.booking_id,
            referral_id=ids.referral_id,
            lot_id=town.lots[0],
            provider_id=town.provider.organisation_id,
            referring_organisation_id=school.organisation_id,
            school_id=school.organisation_id,
            practitioner_id=town.practitioners[0],
            state="planned",
            accepted_at=ACCEPTED_AT,
            updated_at=ACCEPTED_AT,
            planned_end_on=ids.planned_end_on,
        )
        owe(
            writes,
            session,
            "initial_contact",
            town.provider.organisation_id,
            subject=("intervention", ids.intervention_id),
            clock="school_day",
            due_at=london_moment(date(2026, 11, 9), 17),
        )
        await writes.flush(session)
    return ids


def _referral(ids: CaseIds, town: Town, school: Principal, household_id: UUID, pupil_id: UUID) -> dict[str, Any]:
    return {
        "id": ids.referral_id,
        "reference": new_reference(),
        "version": 3,
        "state": "accepted",
        "state_sequence": 3,
        "referring_organisation_id": school.organisation_id,
        "school_id": school.organisation_id,
        "pupil_id": pupil_id,
        "household_id": household_id,
        "area_id": town.areas["north"],
        "case_provider_id": town.provider.organisation_id,
        "intervention_id": ids.intervention_id,
        "referrer": {"name": "Alex Sampleton (made up)", "role": "family liaison"},
        "received_at": ACCEPTED_AT,
        "updated_at": ACCEPTED_AT,
        "year_group": "5",
        "key_stage": "KS2",
        "band": "P3",
        "band_asked": "P3",
        "banded_on": ACCEPTED_AT.date(),
        "need_codes": ["attendance"],
        "needs": [{"code": "attendance"}],
        "language": "ENG",
        "modes": ["home"],
        "agreement": {"status": "given"},
        "agreement_status": "given",
        "lawful_basis": {"basis": "public_task"},
        "immediate_danger": False,
    }


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
    return {**contact(), "result": "did_not_attend", "present": [], "child_seen": False, "minutes": None, **changes}


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
