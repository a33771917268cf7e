"""Clients that meet at a course: for the last seat, and at its end."""

import asyncio

import asyncpg

from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.formats import PLANNED_AT, add_lot, enrolled, planned_course, sent_referral
from tests.factories.http import Api
from tests.factories.referrals import key

CLIENTS = 8


async def test_one_of_many_has_the_last_seat(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    lot = await add_lot(clone, real_town, "course", places=1)
    planned = await planned_course(crowd, real_town, lot, seats=1)
    school = at(crowd.as_(real_town.school), PLANNED_AT)
    referrals = [await sent_referral(crowd, real_town) for _ in range(CLIENTS)]
    path = f"/v1/courses/{planned['id']}/enrolments"
    answers = await asyncio.gather(
        *(school.post(path, {"referral_id": one["id"], "who": "child"}, headers=key()) for one in referrals)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, *[409] * (CLIENTS - 1)]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"capacity_refused"}
    rows = await owner.fetch("SELECT state FROM booking WHERE lot_id = $1", lot)
    assert [row["state"] for row in rows] == ["offered"]
    assert await owner.fetchval("SELECT count(*) FROM course_enrolment") == 1


async def test_a_seat_that_several_wait_for_is_offered_once_for_each_that_falls_free(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    """Three refuse at once, and five wait: the three that waited longest have the seats, one each."""
    lot = await add_lot(clone, real_town, "course", places=3)
    planned = await planned_course(crowd, real_town, lot, seats=3)
    school = at(crowd.as_(real_town.school), PLANNED_AT)
    made = [
        await enrolled(school, planned["id"], (await sent_referral(crowd, real_town))["id"], waiting_list=True)
        for _ in range(CLIENTS)
    ]
    answers = await asyncio.gather(
        *(school.post(f"/v1/course-enrolments/{one['id']}/refuse", {"reason": "work"}) for one in made[:3])
    )
    assert [answer.status_code for answer in answers] == [200] * 3
    states = [(await school.get(f"/v1/course-enrolments/{one['id']}")).json()["state"] for one in made]
    assert states == ["refused"] * 3 + ["offered"] * 3 + ["waiting"] * 2
    assert await owner.fetchval("SELECT count(*) FROM booking WHERE lot_id = $1 AND state <> 'released'", lot) == 3


async def test_who_enrols_while_a_course_is_cancelled_is_on_it_no_longer_than_the_others(
    crowd: Api, real_town: Town, clone: Database, owner: asyncpg.Connection
) -> None:
    lot = await add_lot(clone, real_town, "course", places=CLIENTS)
    planned = await planned_course(crowd, real_town, lot, seats=CLIENTS)
    school, portal = (at(crowd.as_(who), PLANNED_AT) for who in (real_town.school, real_town.provider))
    referrals = [await sent_referral(crowd, real_town) for _ in range(CLIENTS)]
    path = f"/v1/courses/{planned['id']}"
    *answers, cancelled = await asyncio.gather(
        *(
            school.post(f"{path}/enrolments", {"referral_id": one["id"], "who": "child"}, headers=key())
            for one in referrals
        ),
        portal.post(f"{path}/cancel", {"reason": "staff"}),
    )
    assert cancelled.status_code == 200, cancelled.text
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await owner.fetchval("SELECT count(*) FROM course_enrolment WHERE state <> 'cancelled'") == 0
    assert await owner.fetchval("SELECT count(*) FROM booking WHERE lot_id = $1 AND state <> 'released'", lot) == 0
