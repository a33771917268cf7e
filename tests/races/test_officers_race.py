"""Officers who act at once, on sessions of their own: one of them wins, and the others are told so."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from app.db import Database
from app.simulation.invariants import check_database
from tests.api.test_allocation_runs import confirmed_nightly
from tests.conftest import Template
from tests.factories.authority import Town, add_block
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.officers import OFFICER, act, read, rows, send
from tests.factories.referrals import key, referral_body

AT_ONCE = 6


def asked(place_id: object, number: int) -> dict[str, Any]:
    return {
        "place_id": str(place_id),
        "officer": {"name": f"Officer {number}"},
        "reason": "court_or_panel",
        "note": "Decided by the panel.",
    }


async def test_two_officers_confirm_at_once_and_one_wins(real_api: Api, real_town: Town, clone: Database) -> None:
    officer = real_api.as_(real_town.officer)
    waiting, run = await confirmed_nightly(real_api, real_town, clone)
    people = [{"confirmed_by": {"name": name, "role": "panel_chair"}} for name in ("Robin Exemplar", "Jo Sampleton")]
    answers = await asyncio.gather(*(officer.post(f"/v1/allocation-runs/{run['id']}/commit", body) for body in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert lost["code"] == "action_not_available"
    assert won["confirmed_by_name"] in lost["detail"]
    assert (await read(officer, waiting))["state"] == "offered"
    offers = (await real_api.as_(real_town.provider).get("/v1/allocations?state=pending")).json()["data"]
    assert len(offers) == 2, "the one before, and one of this plan"


async def test_officers_who_choose_one_place_at_once_give_it_once(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    officer, school = real_api.as_(real_town.officer), real_api.as_(real_town.school)
    for _ in range(2):
        await send(school)
    families = [await send(school) for _ in range(AT_ONCE)]
    await add_block(clone, real_town, real_town.providers[1], places=1)
    place = real_town.places[-1]
    answers = await asyncio.gather(
        *(
            officer.post(f"/v1/referrals/{family['id']}/override", asked(place, number))
            for number, family in enumerate(families)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, *([409] * (AT_ONCE - 1))]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"place_taken"}
    kept = [row for family in families for row in await rows(officer, family, "overrides")]
    assert [row["place_id"] for row in kept] == [str(place)]
    await sound(clone, template)


async def test_one_family_is_placed_once_however_many_officers_place_it(real_api: Api, real_town: Town) -> None:
    officer, school = real_api.as_(real_town.officer), real_api.as_(real_town.school)
    await send(school)
    patient = await send(school, band="P4")
    body = {**asked(real_town.places[1], 0)}
    path = f"/v1/referrals/{patient['id']}/override"
    answers = await asyncio.gather(*(officer.post(path, body) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200, *([409] * (AT_ONCE - 1))]
    assert len(await rows(officer, patient, "overrides")) == 1


async def test_a_closure_undone_and_referrals_that_arrive_agree_on_the_last_place(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    """Whoever comes first has it; the case goes on, or the family waits; never both."""
    school, provider = real_api.as_(real_town.school), real_api.as_(real_town.provider)
    officer = real_api.as_(real_town.officer)
    first = await send(school)
    await send(school)
    accepted = await provider.post(f"/v1/allocations/{first['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    await act(school, first, "withdraw", reason="sent_by_mistake")
    body = {"reason": "It was no mistake.", "officer": OFFICER}
    reopening, *arrivals = await asyncio.gather(
        officer.post(f"/v1/referrals/{first['id']}/reopen", body),
        *(school.post("/v1/referrals", referral_body(band="P1"), headers=key()) for _ in range(AT_ONCE)),
    )
    assert reopening.status_code == 200, reopening.text
    offered = [answer for answer in arrivals if answer.json()["state"] == "offered"]
    went_on = reopening.json()["state"] == "accepted"
    assert reopening.json()["state"] in ("accepted", "waiting")
    assert len(offered) == (0 if went_on else 1)
    await sound(clone, template)


async def test_a_closure_is_undone_once(real_api: Api, real_town: Town, clone: Database, template: Template) -> None:
    school, officer = real_api.as_(real_town.school), real_api.as_(real_town.officer)
    referral = await send(school)
    await act(school, referral, "withdraw", reason="sent_by_mistake")
    body = {"reason": "It was no mistake.", "officer": OFFICER}
    path = f"/v1/referrals/{referral['id']}/reopen"
    answers = await asyncio.gather(*(officer.post(path, body) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200, *([409] * (AT_ONCE - 1))]
    steps = [step["event_type"] for step in await rows(officer, referral, "history")]
    assert steps.count("referral.reopened") == 1
    await sound(clone, template)


async def test_a_case_that_was_reopened_and_closed_again_is_sound(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    school, provider = real_api.as_(real_town.school), real_api.as_(real_town.provider)
    referral = await send(school)
    accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    path = f"/v1/interventions/{accepted.json()['intervention_id']}"
    body = {"outcome": "ended_early", "reason": "moved_away", "summary": {"what_changed": "x"}}
    for _ in range(2):
        closed = await provider.post(f"{path}/close", body)
        assert closed.status_code == 200, closed.text
        await sound(clone, template)
        opened = await provider.post(f"/v1/referrals/{referral['id']}/reopen", {"reason": "They stay."})
        assert (opened.status_code, opened.json()["state"]) == (200, "accepted")
        await sound(clone, template)
    await act(school, referral, "withdraw", reason="moved_away")
    await sound(clone, template)
    late = at(real_api.as_(real_town.officer), (await _now(clone, real_town)) + timedelta(days=60))
    assert (await read(late, referral))["available_actions"] == []


async def _now(database: Database, town: Town) -> Any:
    async with database.read(town.officer) as session:
        return session.now


async def sound(database: Database, template: Template) -> None:
    """The whole database is as it must be, from its rows alone."""
    assert await check_database(template.url(template.owner, urlsplit(database.url).path.lstrip("/"))) == []
