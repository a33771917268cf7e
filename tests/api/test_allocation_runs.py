"""Runs on demand: a preview changes nothing, a stale one never takes effect, and what-ifs stay questions."""

import asyncio
from datetime import timedelta
from typing import Any

from app.db import Database
from tests.factories.authority import Town, build_town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

PATH = "/v1/allocation-runs"


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def preview(officer: Caller, **body: Any) -> dict[str, Any]:
    answer = await officer.post(PATH, body)
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    return run


async def patient_family(api: Api, town: Town) -> dict[str, Any]:
    """A referral that waits for the night although one place is free."""
    await send(api.as_(town.school))
    waiting = await send(api.as_(town.school), band="P4")
    assert waiting["state"] == "waiting"
    return waiting


async def test_a_preview_offers_nothing_and_a_commit_what_was_seen(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    waiting = await patient_family(api, town)
    run = await preview(officer)
    assert (run["state"], run["counts"]["placed"]) == ("preview", 1)
    assert run["plan"]["offers"][0]["referral_id"] == waiting["id"]
    assert run["plan"]["by_band"] == {"P4": {"offered": 1, "waiting": 0}}
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    again = await preview(officer)
    assert (again["snapshot_hash"], again["plan"]) == (run["snapshot_hash"], run["plan"])
    committed = await officer.post(f"{PATH}/{run['id']}/commit")
    assert committed.status_code == 200, committed.text
    assert committed.json()["state"] == "committed"
    found = (await school.get(f"/v1/referrals/{waiting['id']}")).json()
    assert found["state"] == "offered"
    decisions = (await officer.get(f"/v1/referrals/{waiting['id']}/decisions")).json()["data"]
    assert decisions[-1]["record"]["place_id"] == run["plan"]["offers"][0]["place_id"]
    listed = (await officer.get(f"{PATH}?limit=1")).json()
    assert listed["data"][0]["id"] == again["id"]
    more = (await officer.get(f"{PATH}?limit=1&cursor={listed['next_cursor']}")).json()
    assert [row["id"] for row in more["data"]] == [run["id"]]


async def test_a_preview_that_no_longer_holds_is_refused_and_changes_nothing(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    waiting = await patient_family(api, town)
    run = await preview(officer)
    assert (await send(school, band="P1"))["state"] == "offered"
    refused = await officer.post(f"{PATH}/{run['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    assert (await officer.get(f"{PATH}/{run['id']}")).json()["state"] == "preview"


async def test_two_officers_confirm_at_once_and_one_of_them_does(real_api: Api, real_town: Town) -> None:
    officer = real_api.as_(real_town.officer)
    await patient_family(real_api, real_town)
    run = await preview(officer)
    answers = await asyncio.gather(*(officer.post(f"{PATH}/{run['id']}/commit") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"action_not_available"}


async def test_a_retried_commit_has_one_effect_and_one_answer(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    await patient_family(api, town)
    run = await preview(officer)
    same = key()
    first = await officer.post(f"{PATH}/{run['id']}/commit", headers=same)
    second = await officer.post(f"{PATH}/{run['id']}/commit", headers=same)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()


async def test_what_if_there_were_more_places_or_another_language(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    await send(school)
    await send(school, band="P1")
    for band in ("P2", "P3"):
        assert (await send(school, band=band))["state"] == "waiting"
    stranger = await send(school, band="P2", language="UKR")
    assert stranger["unplaceable"] is True
    more = await preview(officer, what_if={"places": [{"lot_id": str(town.lots[0]), "more": 1}]})
    assert more["plan"]["as_it_is"]["counts"]["placed"] == 0
    assert more["counts"]["placed"] == 1
    assert more["plan"]["by_band"]["P2"] == {"offered": 1, "waiting": 1}
    practitioner = str(town.practitioners[0])
    await school.post(f"/v1/referrals/{stranger['id']}/withdraw", {"reason": "other"})
    language = {"languages": [{"practitioner_id": practitioner, "language": "UKR"}], "fair_share": True}
    asked = await preview(officer, what_if=language)
    assert asked["what_if"]["fair_share"] is True
    refused = await officer.post(f"{PATH}/{asked['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    unknown = await officer.post(PATH, {"what_if": {"places": [{"lot_id": practitioner, "more": 1}]}})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/what_if/places/0/lot_id")


async def test_runs_are_for_officers_of_the_authority(real_api: Api, real_town: Town, clone: Database) -> None:
    run = await preview(real_api.as_(real_town.officer))
    for stranger in (real_town.school, real_town.provider):
        assert (await real_api.as_(stranger).get(f"{PATH}/{run['id']}")).status_code == 403
        assert (await real_api.as_(stranger).post(f"{PATH}/{run['id']}/commit")).status_code == 403
    elsewhere = await build_town(clone, name="Elsewhere (made up)")
    other = real_api.as_(elsewhere.officer)
    assert (await other.get(f"{PATH}/{run['id']}")).status_code == 404
    assert (await other.post(f"{PATH}/{run['id']}/commit")).status_code == 404
    assert (await other.get(PATH)).json()["data"] == []


async def confirmed_nightly(api: Api, town: Town, database: Database) -> tuple[dict[str, Any], dict[str, Any]]:
    """A family that waits, and the nightly plan that a policy has a panel chair or a lead officer confirm."""
    officer = api.as_(town.officer)
    policy = (await officer.get("/v1/policies/current")).json()
    async with database.read(town.officer) as session:
        tomorrow = session.today + timedelta(days=1)
        to = session.now + timedelta(days=2)
    body = {
        "effective_from": tomorrow.isoformat(),
        "summary_of_changes": "An officer confirms the nightly plan.",
        "contact": "allocation@testshire.example",
        "content": {**policy["content"], "confirm_batches": True, "approvers": ["panel_chair", "lead_officer"]},
    }
    published = await officer.post("/v1/policies", body, headers=key())
    assert published.status_code == 201, published.text
    waiting = await patient_family(api, town)
    advanced = await officer.post("/v1/sandbox/advance", {"to": to.isoformat()})
    assert advanced.status_code == 200, advanced.text
    return waiting, (await officer.get(PATH)).json()["data"][0]


CHAIR = {"confirmed_by": {"name": "Robin Exemplar", "role": "panel_chair"}}


async def test_a_nightly_plan_waits_for_an_officer_where_the_policy_says_so(
    api: Api, town: Town, lane: Database
) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    waiting, run = await confirmed_nightly(api, town, lane)
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    assert (run["state"], run["counts"]["placed"]) == ("preview", 1)
    own = await preview(officer)
    assert own["state"] == "preview", "an officer's own preview, made later, proposes nothing"
    told = (await school.get(f"/v1/referrals/{waiting['id']}/explanation")).json()
    assert told["facts"]["waits_for"] == "CONFIRMATION"
    assert "It stands in a plan that awaits confirmation by an officer of the authority" in told["paragraph"]
    assert "next run" not in told["paragraph"]
    listed = {row["id"]: row["waits_for"] for row in (await officer.get("/v1/waiting-list")).json()["data"]}
    assert listed == {waiting["id"]: "CONFIRMATION"}
    committed = await officer.post(f"{PATH}/{run['id']}/commit", CHAIR)
    assert committed.status_code == 200, committed.text
    assert committed.json()["confirmed_by_name"] == "Robin Exemplar"
    assert committed.json()["confirmed_by_role"] == "panel_chair"
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "offered"
    again = await officer.post(f"{PATH}/{run['id']}/commit", CHAIR)
    assert (again.status_code, again.json()["code"]) == (409, "action_not_available")
    assert "Robin Exemplar" in again.json()["detail"]


async def test_only_an_approver_of_the_policy_confirms(api: Api, town: Town, lane: Database) -> None:
    officer = api.as_(town.officer)
    waiting, run = await confirmed_nightly(api, town, lane)
    refusals: list[tuple[Any, int, str | None]] = [
        (None, 422, "/confirmed_by"),
        ({}, 422, "/confirmed_by"),
        ({"confirmed_by": {"name": "Robin Exemplar"}}, 422, "/confirmed_by/role"),
        ({"confirmed_by": {"name": "Robin Exemplar", "role": "trainee"}}, 403, None),
        ({"confirmed_by": {"name": "panel_chair", "role": "trainee"}}, 403, None),
    ]
    for body, status, pointer in refusals:
        answer = await officer.post(f"{PATH}/{run['id']}/commit", body)
        assert answer.status_code == status, answer.text
        if pointer:
            assert answer.json()["errors"][0]["pointer"] == pointer
            assert "panel_chair, lead_officer" in answer.json()["errors"][0]["detail"]
        else:
            assert "panel_chair, lead_officer" in answer.json()["detail"]
    assert (await officer.get(f"{PATH}/{run['id']}")).json()["state"] == "preview"
    assert (await officer.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    lead = {"confirmed_by": {"name": "Jo Sampleton", "role": "lead_officer"}}
    assert (await officer.post(f"{PATH}/{run['id']}/commit", lead)).status_code == 200


async def test_where_no_confirmation_is_asked_a_named_person_is_kept_all_the_same(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    await patient_family(api, town)
    run = await preview(officer)
    committed = await officer.post(f"{PATH}/{run['id']}/commit", {"confirmed_by": {"name": "Robin Exemplar"}})
    assert committed.json()["confirmed_by_name"] == "Robin Exemplar"
