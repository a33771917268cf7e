"""Facts that arrive at once: each rule and window asks once, one look is owed, and nobody's facts are overlooked."""

import asyncio
from typing import Any

from app import clock
from app.db import Database
from app.domain.attention import term_key_at
from app.domain.calendar import Calendar
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

AT_ONCE = 8


async def test_pushes_at_once_raise_once_and_owe_one_look(real_api: Api, real_town: Town, clone: Database) -> None:
    school = real_api.as_(real_town.school)
    sent = await school.post(
        "/v1/referrals",
        referral_body(attendance=None, suspensions=None, needs=[{"code": "housing"}]),
        headers=key(),
    )
    path = f"/v1/referrals/{sent.json()['id']}"
    term = term_key_at(Calendar(), clock.london_date(clock.real_now()))
    severe = {"sessions_possible": 10, "sessions_attended": 2}
    none = {"suspension_count": 0, "suspensions": []}
    answers = await asyncio.gather(
        *(school.put(f"{path}/attendance/{term}", severe) for _ in range(AT_ONCE)),
        *(school.put(f"{path}/suspensions/{term}", none) for _ in range(AT_ONCE)),
    )
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    async with clone.read(real_town.officer) as session:
        rows = await session.rows("SELECT rule, version, cleared_at FROM referral_attention ORDER BY rule")
        owed = await session.value("SELECT count(*) FROM obligation WHERE kind = 'attention_review'")
        told = await session.value("SELECT count(*) FROM event WHERE type = 'referral.attention_raised'")
    assert [tuple(row) for row in rows] == [("persistent_absence", 1, None), ("severe_absence", 1, None)]
    assert (owed, told) == (1, 2)


async def test_officers_who_look_at_once_settle_it_once(real_api: Api, real_town: Town, clone: Database) -> None:
    body = referral_body(needs=[{"code": "housing"}], suspensions={"this_half_term_count": 2})
    sent = await real_api.as_(real_town.school).post("/v1/referrals", body, headers=key())
    path = f"/v1/referrals/{sent.json()['id']}/attention/two_suspensions/looked-at"
    look: dict[str, Any] = {"decided": "no_change", "note": "x", "officer": {"name": "x"}}
    answers = await asyncio.gather(*(real_api.as_(real_town.officer).post(path, look) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200, *([409] * (AT_ONCE - 1))]
    async with clone.read(real_town.officer) as session:
        assert await session.value("SELECT count(*) FROM attention_look") == 1
        states = await session.rows("SELECT met_at IS NOT NULL FROM obligation WHERE kind = 'attention_review'")
    assert [row[0] for row in states] == [True]
