"""A panel's sittings and decisions, asked for at once on sessions of their own."""

import asyncio
from typing import Any

from app.db import Database
from tests.conftest import Template
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.officers import OFFICER, read, send
from tests.factories.panels import (
    EARLY,
    Hall,
    before_panel,
    decision,
    done,
    held,
    items,
    listed,
    open_hall,
)
from tests.factories.sound import breaches_of

AT_ONCE = 6


async def sound(database: Database, template: Template) -> None:
    """The whole database is as it must be, from its rows alone."""
    assert await breaches_of(template, database.url) == []


async def one_item(hall: Hall) -> tuple[dict[str, Any], str, Any]:
    referral = await before_panel(hall)
    path = await hall.sitting()
    moment = await held(hall, path)
    (item,) = await items(hall.officer(moment), path)
    return referral, f"{path}/agenda/{item['id']}/decisions", moment


async def test_two_officers_decide_at_once_and_one_decision_stands(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    hall = await open_hall(real_api, real_town)
    referral, url, moment = await one_item(hall)
    outcomes = ["hold", "no_further_action"] * (AT_ONCE // 2)
    answers = await asyncio.gather(*(hall.officer(moment).post(url, decision(outcome)) for outcome in outcomes))
    assert sorted(answer.status_code for answer in answers) == [201, *([409] * (AT_ONCE - 1))]
    won = next(answer.json() for answer in answers if answer.status_code == 201)
    state = (await read(hall.officer(moment), referral))["state"]
    assert state == {"hold": "in_panel", "no_further_action": "closed"}[won["outcome"]]
    path = url.partition("/agenda/")[0]
    assert len(await listed(hall.officer(moment), f"{path}/decisions")) == 1
    await sound(clone, template)


async def test_a_decision_and_a_withdrawal_meet_and_one_of_them_is_told_so(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    hall = await open_hall(real_api, real_town)
    referral, url, moment = await one_item(hall)
    school = at(real_api.as_(real_town.school), moment)
    decided, withdrawn = await asyncio.gather(
        hall.officer(moment).post(url, decision("no_further_action")),
        school.post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "moved_away"}),
    )
    assert sorted((decided.status_code, withdrawn.status_code)) in ([200, 409], [201, 409])
    outcome = (await read(hall.officer(moment), referral))["outcome"]
    assert outcome == ("not_suitable" if decided.status_code == 201 else "withdrawn")
    await sound(clone, template)


async def test_sittings_made_at_once_are_made_once(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    hall = await open_hall(real_api, real_town, until="")
    answers = await asyncio.gather(
        *(hall.officer().post(f"{hall.path}/sittings", {"until": "2026-12-18"}) for _ in range(AT_ONCE))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(len(answer.json()["data"]) for answer in answers) == [*([0] * (AT_ONCE - 1)), 4]
    assert len(await hall.sittings()) == 4
    await sound(clone, template)


async def test_one_referral_sent_twice_at_once_stands_on_one_agenda(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    hall = await open_hall(real_api, real_town)
    referral = await send(at(real_api.as_(real_town.school), EARLY), needs=[{"code": "housing"}])
    body = {"panel_id": hall.panel_id, "reason": "x", "officer": OFFICER}
    path = f"/v1/referrals/{referral['id']}/to-panel"
    answers = await asyncio.gather(*(hall.officer().post(path, body) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200, *([409] * (AT_ONCE - 1))]
    assert len(await items(hall.officer(), await hall.sitting())) == 1
    await sound(clone, template)


async def test_what_is_sent_while_the_agenda_is_circulated_is_on_this_one_or_the_next(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    """Nothing is on a frozen agenda without being frozen, and nothing is lost between the two."""
    hall = await open_hall(real_api, real_town)
    await before_panel(hall)
    school = at(real_api.as_(real_town.school), EARLY)
    sent = [await send(school, needs=[{"code": "housing"}]) for _ in range(AT_ONCE)]
    body = {"panel_id": hall.panel_id, "reason": "x", "officer": OFFICER}
    first, second = await hall.sitting(0), await hall.sitting(1)
    circulated, *answers = await asyncio.gather(
        hall.officer().post(f"{first}/circulate"),
        *(hall.officer().post(f"/v1/referrals/{one['id']}/to-panel", body) for one in sent),
    )
    await done(circulated)
    assert {answer.status_code for answer in answers} == {200}
    frozen, open_ = await items(hall.officer(), first), await items(hall.officer(), second)
    assert all(item["content"] for item in frozen)
    assert {item["referral_id"] for item in frozen + open_} >= {one["id"] for one in sent}
    assert len(frozen) + len(open_) == AT_ONCE + 1
    await sound(clone, template)
