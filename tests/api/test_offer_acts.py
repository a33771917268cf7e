"""An officer takes a live offer back, and lets a provider be asked again."""

from typing import Any

from app.db import Database, broker
from app.queries.writes import Writes
from app.services.answers_to_offers import expire_due
from tests.factories.authority import Town, add_block
from tests.factories.http import Api
from tests.factories.officers import OFFICER, act, owed, read, refused, rows, send, told
from tests.factories.referrals import key

NOTE = "The worker is the family's neighbour."


def taken_back(**changes: Any) -> dict[str, Any]:
    return {"reason": "wrong_match", "note": NOTE, "officer": OFFICER, **changes}


def allowed(provider: Any, **changes: Any) -> dict[str, Any]:
    body = {"provider_id": str(provider.organisation_id), "reason": "They have recruited.", "officer": OFFICER}
    return {**body, **changes}


async def test_an_offer_that_is_taken_back_leaves_the_family_where_it_stood(api: Api, town: Town) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    offer = referral["allocation"]["id"]
    assert "withdraw-offer" in (await read(officer, referral))["available_actions"]
    waiting = await act(officer, referral, "withdraw-offer", **taken_back())
    assert waiting["state"] == "waiting", "that provider is not asked again, and there is no other"
    assert (waiting["received_at"], waiting["banded_on"]) == (referral["received_at"], referral["banded_on"])
    ended = (await provider.get(f"/v1/allocations/{offer}")).json()
    assert (ended["state"], ended["summary"]) == ("withdrawn", None)
    answer = await provider.post(f"/v1/allocations/{offer}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")
    assert "answer_offer" in await owed(provider, offer, "cancelled")
    figures = (await officer.get(f"/v1/lots/{town.lots[0]}")).json()["figures"]
    assert (figures["held_count"], figures["free_count"]) == (0, 2)
    *_, last = await told(api, town.school, referral)
    assert last == ("allocation.withdrawn", {"cause": "wrong_match"})
    assert NOTE not in (await school.get(f"/v1/referrals/{referral['id']}/amendments")).text
    (noted,) = await rows(officer, referral, "amendments")
    assert (noted["reason"], noted["changes"]["officer"]["to"]) == (NOTE, OFFICER)


async def test_it_is_offered_elsewhere_at_once_and_its_place_to_who_is_next(
    api: Api, town: Town, lane: Database
) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    first, _ = await send(school), await send(school)
    second = await send(school, band="P3")
    assert second["state"] == "waiting"
    await add_block(lane, town, town.providers[1], places=1, key_stages=("KS3",), area_codes=("south",))
    await act(officer, first, "withdraw-offer", **taken_back())
    assert (await read(school, first))["state"] == "waiting"
    assert (await read(school, second))["state"] == "offered", "the place that came free is its own"


async def test_a_provider_is_asked_again_once_an_officer_allows_it(api: Api, town: Town) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    await provider.post(f"/v1/allocations/{referral['allocation']['id']}/decline", {"reason": "no_capacity"})
    assert (await read(school, referral))["state"] == "waiting"
    assert "allow-provider" in (await read(officer, referral))["available_actions"]
    offered = await act(officer, referral, "allow-provider", **allowed(town.provider))
    assert (offered["state"], offered["allocation"]["provider_id"]) == ("offered", str(town.provider.organisation_id))
    assert offered["allocation"]["id"] != referral["allocation"]["id"]
    types = [type_ for type_, _ in await told(api, town.school, referral)]
    assert types[-2:] == ["referral.provider_allowed", "allocation.offered"]
    assert "referral.provider_allowed" not in [type_ for type_, _ in await told(api, town.provider, referral)]
    # A second decline stands against it again.
    await provider.post(f"/v1/allocations/{offered['allocation']['id']}/decline", {"reason": "unsuitable"})
    assert (await read(school, referral))["state"] == "waiting"
    assert (await act(officer, referral, "allow-provider", **allowed(town.provider)))["state"] == "offered"


async def test_after_a_withdrawal_and_after_a_time_out_too(api: Api, town: Town, lane: Database) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    referral = await send(school)
    await act(officer, referral, "withdraw-offer", **taken_back())
    assert (await act(officer, referral, "allow-provider", **allowed(town.provider)))["state"] == "offered"
    async with lane.write(town.officer) as session:
        due = "UPDATE offer SET answer_due_at = $2 WHERE authority_id = $1"
        await session.run(due, session.authority_id, session.now)
    async with lane.write(town.officer) as session, broker(session) as wide:
        writes = Writes()
        await expire_due(wide, writes)
        await writes.flush(wide)
    assert (await read(school, referral))["state"] == "waiting"
    assert (await act(officer, referral, "allow-provider", **allowed(town.provider)))["state"] == "offered"


async def test_where_nothing_stands_against_it_there_is_nothing_to_allow(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    referral = await send(api.as_(town.school))
    for provider in town.providers:
        status, problem = await refused(officer, referral, "allow-provider", **allowed(provider))
        assert (status, problem["code"]) == (409, "action_not_available")


async def test_cases_and_closed_referrals_are_not_open_to_either(api: Api, town: Town) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    case = await send(school)
    await provider.post(f"/v1/allocations/{case['allocation']['id']}/accept")
    closed = await send(school)
    await act(school, closed, "withdraw", reason="other")
    waiting = await send(school, needs=[{"code": "housing"}])
    for referral in (case, closed, waiting):
        status, problem = await refused(officer, referral, "withdraw-offer", **taken_back())
        assert (status, problem["code"]) == (409, "action_not_available")
    for referral in (case, closed):
        assert (await refused(officer, referral, "allow-provider", **allowed(town.provider)))[0] == 409


async def test_retries_stale_versions_and_others(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    referral = await send(api.as_(town.school))
    path = f"/v1/referrals/{referral['id']}/withdraw-offer"
    for stranger in (town.school, town.provider, town.providers[1]):
        assert (await api.as_(stranger).post(path, taken_back())).status_code == 403
    assert (await officer.post(path, taken_back(), headers={"If-Match": '"1"'})).status_code == 412
    for body in (taken_back(reason="because"), taken_back(note=""), {"reason": "other", "note": "x"}):
        assert (await officer.post(path, body)).status_code == 422
    same = key()
    first = await officer.post(path, taken_back(), headers=same)
    assert (await officer.post(path, taken_back(), headers=same)).json() == first.json()
    path = f"/v1/referrals/{referral['id']}/allow-provider"
    for stranger in (town.school, town.provider):
        assert (await api.as_(stranger).post(path, allowed(town.provider))).status_code == 403
    assert (await officer.post(path, allowed(town.provider), headers={"If-Match": '"1"'})).status_code == 412
    same = key()
    first = await officer.post(path, allowed(town.provider), headers=same)
    assert (await officer.post(path, allowed(town.provider), headers=same)).json() == first.json()
