"""Lots of the formats that are no casework, and what stands on them, made over HTTP."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from app.access import Principal
from app.db import Database
from app.ids import new_id
from app.models import supply
from app.queries.writes import Writes
from tests.factories.authority import NEEDS, Town
from tests.factories.casework import at
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

PLANNED_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday in term."""
STARTED_AT = datetime(2026, 11, 10, 18, 5, tzinfo=UTC)
"""In the first session of `course_body`."""
LAST_AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
"""After its last."""


async def add_lot(
    database: Database,
    town: Town,
    service_format: str,
    *,
    provider: Principal | None = None,
    places: int = 2,
    ends_on: date = date(2035, 7, 31),
    volume: int = 100,
    volume_unit: str = "family",
    school_ids: tuple[UUID, ...] = (),
    with_practitioners: bool = False,
) -> UUID:
    """A service of a format, a contract and a lot with places; the lot's id."""
    service_id, contract_id, lot_id = new_id(), new_id(), new_id()
    provider_id = (provider or town.provider).organisation_id
    async with database.write(town.officer) as session:
        writes = Writes()
        writes.add(
            supply.service,
            id=service_id,
            provider_id=provider_id,
            name=f"Another format: {service_format}",
            summary="Made up for tests.",
            tier="targeted",
            format=service_format,
            needs=NEEDS,
            key_stages=["KS1", "KS2", "KS3", "KS4"],
            languages=["ENG", "POL"],
            modes=["school"],
        )
        writes.add(
            supply.contract,
            id=contract_id,
            provider_id=provider_id,
            title="Another format",
            contract_number=f"F-{str(contract_id)[-8:]}",
            starts_on=date(2026, 9, 1),
            ends_on=ends_on,
            price_pence=1_000_000,
        )
        writes.add(
            supply.lot,
            id=lot_id,
            contract_id=contract_id,
            provider_id=provider_id,
            prime_id=provider_id,
            service_id=service_id,
            name="Everywhere",
            key_stages=["KS1", "KS2", "KS3", "KS4"],
            needs=NEEDS,
            volume=volume,
            volume_unit=volume_unit,
            school_ids=list(school_ids),
        )
        for number in range(1, places + 1):
            writes.add(
                supply.place,
                id=new_id(),
                lot_id=lot_id,
                provider_id=provider_id,
                number=number,
                practitioner_id=town.practitioners[0] if with_practitioners else None,
                available_from=date(2026, 9, 1),
            )
        await writes.flush(session)
    return lot_id


def course_body(**changes: Any) -> dict[str, Any]:
    """A course of three Tuesday evenings from 10 November 2026, with two seats."""
    return {
        "title": "Calm mornings",
        "venue": "Northside library",
        "audience": "families",
        "seats": 2,
        "sessions": [
            {"starts_at": f"2026-11-{day}T18:00:00Z", "ends_at": f"2026-11-{day}T19:30:00Z"} for day in (10, 17, 24)
        ],
        **changes,
    }


async def planned_course(api: Api, town: Town, lot_id: UUID, **changes: Any) -> dict[str, Any]:
    """A course of the town's provider."""
    portal = at(api.as_(town.provider), PLANNED_AT)
    answer = await portal.post(f"/v1/lots/{lot_id}/courses", course_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sent_referral(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    """A referral of the town's school."""
    answer = await at(api.as_(town.school), PLANNED_AT).post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def enrolled(school: Caller, course_id: str, referral_id: str, **changes: Any) -> dict[str, Any]:
    """An enrolment of a referral's pupil, offered or waiting."""
    body = {"referral_id": referral_id, "who": "child", **changes}
    answer = await school.post(f"/v1/courses/{course_id}/enrolments", body, headers=key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def placement_body(service_id: object, referral_id: str, **changes: Any) -> dict[str, Any]:
    """A placement of six school weeks from 10 November 2026, which the parents agreed to."""
    return {
        "service_id": str(service_id),
        "referral_id": referral_id,
        "basis": "agreed",
        "starts_on": "2026-11-10",
        "weeks": 6,
        **changes,
    }


async def service_of(database: Database, town: Town, lot_id: UUID) -> UUID:
    """The service that a lot delivers."""
    async with database.read(town.officer) as session:
        found: UUID = await session.value("SELECT service_id FROM lot WHERE id = $1", lot_id)
    return found


def register(*lines: tuple[str, str]) -> dict[str, Any]:
    """A register: enrolment and result of each; an absence through illness."""
    return {
        "register": [
            {
                "enrolment_id": enrolment_id,
                "result": result,
                **({"reason": "illness"} if result == "absent" else {}),
            }
            for enrolment_id, result in lines
        ]
    }
