"""Clients that meet at a unit's last place, at one pupil and one practitioner; and the clock that ends their days."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg

from app.db import Database
from app.services.business_clock import run_due
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.formats import (
    PLANNED_AT,
    add_lot,
    enrolled,
    placement_body,
    planned_course,
    register,
    sent_referral,
    service_of,
)
from tests.factories.http import Api
from tests.factories.referrals import key

CLIENTS = 6
BOOKED = "SELECT count(*) FROM booking WHERE format = $1 AND state <> 'released'"


async def test_one_of_many_has_the_last_place_of_a_unit(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    unit = await service_of(clone, real_town, await add_lot(clone, real_town, "placement", places=1))
    school = at(crowd.as_(real_town.school), PLANNED_AT)
    referrals = [await sent_referral(crowd, real_town) for _ in range(CLIENTS)]
    answers = await asyncio.gather(
        *(school.post("/v1/placements", placement_body(unit, one["id"]), headers=key()) for one in referrals)
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * (CLIENTS - 1)]
    assert await owner.fetchval(BOOKED, "placement") == 1


async def test_a_pupil_that_many_units_are_asked_to_take_is_placed_once(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    units = [await service_of(clone, real_town, await add_lot(clone, real_town, "placement")) for _ in range(CLIENTS)]
    school, referral = at(crowd.as_(real_town.school), PLANNED_AT), await sent_referral(crowd, real_town)
    answers = await asyncio.gather(
        *(school.post("/v1/placements", placement_body(unit, referral["id"]), headers=key()) for unit in units)
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * (CLIENTS - 1)]
    assert await owner.fetchval(BOOKED, "placement") == 1


async def test_a_practitioner_is_confirmed_for_one_school_of_many(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    lot = await add_lot(clone, real_town, "link_days", volume_unit="day", places=CLIENTS)
    service, portal = await service_of(clone, real_town, lot), at(crowd.as_(real_town.provider), PLANNED_AT)
    days = []
    for index in range(CLIENTS):
        caller = real_town.schools[index % 3]
        body = {"service_id": str(service), "school_id": str(caller.organisation_id), "on": "2026-11-11"}
        days.append((await at(crowd.as_(caller), PLANNED_AT).post("/v1/link-days", body, headers=key())).json()["id"])
    who = {"practitioner_id": str(real_town.practitioners[0])}
    answers = await asyncio.gather(*(portal.post(f"/v1/link-days/{day}/confirm", who) for day in days))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * (CLIENTS - 1)]
    assert await owner.fetchval(BOOKED, "link_days") == 1


async def test_the_clock_gives_places_back_after_their_days_and_names_back_after_a_month(
    real_api: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    """A course's places are free on the day after it, whether registers are filled or not; nothing overruns."""
    planned = await planned_course(real_api, real_town, await add_lot(clone, real_town, "course"))
    school = at(real_api.as_(real_town.school), PLANNED_AT)
    one = await enrolled(school, planned["id"], (await sent_referral(real_api, real_town))["id"])
    assert (await school.post(f"/v1/course-enrolments/{one['id']}/take")).status_code == 200
    booking = "SELECT state, starts_on::text, ends_on::text, cause FROM booking WHERE format = 'course'"

    async def run_to(moment: datetime) -> None:
        await run_due(clone, replace(real_town.officer, at=moment))

    await run_to(PLANNED_AT)
    await run_to(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    assert tuple(await owner.fetchrow(booking)) == ("accepted", "2026-11-10", "2026-11-25", "accepted")
    await run_to(datetime(2026, 11, 26, 12, 0, tzinfo=UTC))
    assert tuple(await owner.fetchrow(booking)) == ("released", "2026-11-10", "2026-11-25", "over")
    # The registers are late, and can be filled all the same; what was come to is used.
    late = await owner.fetch("SELECT due_at::date::text AS due_on FROM obligation WHERE overdue_at IS NOT NULL"
                             " AND kind = 'course_attendance'")  # fmt: skip
    assert [row["due_on"] for row in late] == ["2026-11-12"]
    portal = at(real_api.as_(real_town.provider), datetime(2026, 11, 26, 13, 0, tzinfo=UTC))
    for number in (1, 2, 3):
        path = f"/v1/courses/{planned['id']}/sessions/{number}/register"
        filled = await portal.put(path, register((one["id"], "attended")), headers={"If-Match": "*"})
        assert filled.status_code == 200, filled.text
    assert (await portal.post(f"/v1/courses/{planned['id']}/finish")).status_code == 200
    assert (await portal.get(f"/v1/course-enrolments/{one['id']}")).json()["name"] is not None
    await run_to(datetime(2026, 12, 28, 12, 0, tzinfo=UTC))
    assert (await portal.get(f"/v1/course-enrolments/{one['id']}")).json()["name"] is None
    assert (await school.get(f"/v1/course-enrolments/{one['id']}")).json()["name"] is not None
