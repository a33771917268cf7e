"""An officer's own choice of a place: what it may set aside, what stands, and what is kept of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json
from tests.factories.authority import Town, add_block
from tests.factories.http import Api, Caller
from tests.factories.officers import OFFICER, act, owed, read, refused, rows, send, told
from tests.factories.referrals import key


def asked(**changes: Any) -> dict[str, Any]:
    return {"officer": OFFICER, "reason": "exclusion_imminent", "note": "The governors meet on Friday.", **changes}


def replayed(record: dict[str, Any]) -> Any:
    """What a record leads to, and what it says itself, as plain JSON."""
    again = orjson.loads(to_json(decision_content(replay(record))))
    return again, {name: record[name] for name in again}


async def patient(api: Api, town: Town) -> tuple[dict[str, Any], dict[str, Any]]:
    """One place is free, and two less urgent families wait for the night: the first ahead of the second."""
    school = api.as_(town.school)
    await send(school)
    ahead, behind = await send(school, band="P3"), await send(school, band="P4")
    assert (ahead["state"], behind["state"]) == ("waiting", "waiting")
    return ahead, behind


async def test_an_officer_places_a_family_out_of_order_and_the_record_says_all(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    ahead, behind = await patient(api, town)
    assert "override" in (await read(officer, behind))["available_actions"]
    placed = await act(officer, behind, "override", **asked(lot_id=str(town.lots[0])))
    assert (placed["state"], placed["allocation"]["state"]) == ("offered", "pending")
    (kept,) = await rows(officer, behind, "overrides")
    assert kept["officer_name"] == OFFICER["name"]
    assert (kept["reason"], kept["note"]) == ("exclusion_imminent", "The governors meet on Friday.")
    assert kept["passed_over_ids"] == [ahead["id"]]
    assert kept["allocation_id"] == placed["allocation"]["id"]
    # The rule would have given the last place to the family ahead; its own record leads to just that again.
    assert (kept["rule_record"]["outcome"], kept["rule_record"]["waits_for"]) == ("waiting", "TURN")
    again, said = replayed(kept["rule_record"])
    assert again == said
    *_, made = await rows(officer, behind, "decisions")
    assert (made["id"], made["trigger"], made["outcome"]) == (kept["decision_id"], "override", "offered")
    assert made["record"]["excuse"] == "OFFICER_OVERRIDE"
    assert made["record"]["place_id"] == kept["place_id"]
    again, said = replayed(made["record"])
    assert again == said
    # It is an offer like any other.
    assert [type_ for type_, _ in await told(api, town.school, behind)][-1] == "allocation.offered"
    accepted = await api.as_(town.provider).post(f"/v1/allocations/{placed['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text


async def test_what_the_rule_would_have_done_for_a_sibling_is_made_again_with_its_claim(
    api: Api, town: Town, lane: Database
) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    while (await send(school, band="P2"))["state"] == "offered":
        pass
    brother = {"sibling_of": first["reference"], "sibling_wish": "same_practitioner"}
    sibling = await send(school, band="P1", **brother)
    assert sibling["state"] == "waiting"
    await add_block(lane, town, town.providers[1], places=1)
    await act(api.as_(town.officer), sibling, "override", **asked(lot_id=str(town.lots[-1])))
    (kept,) = await rows(api.as_(town.officer), sibling, "overrides")
    # Apart from its brother, which costs: so the rule says, and so its record leads to.
    assert kept["rule_record"]["score"]["soft"] > 0
    again, said = replayed(kept["rule_record"])
    assert again == said


async def test_the_sender_reads_that_an_officer_placed_it_and_nothing_of_others(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    ahead, behind = await patient(api, town)
    await act(officer, behind, "override", **asked(lot_id=str(town.lots[0])))
    answer = await school.get(f"/v1/referrals/{behind['id']}/explanation")
    found = answer.json()
    assert found["facts"]["placed_by_officer"] is True
    assert "An officer of the authority offered this family a free place" in found["paragraph"]
    assert "family's turn" not in found["paragraph"]
    for secret in (ahead["id"], ahead["reference"], OFFICER["name"], "governors"):
        assert secret not in answer.text
        assert secret not in (await school.get(f"/v1/referrals/{behind['id']}/history")).text
    for list_ in ("overrides", "band-decisions"):
        assert (await school.get(f"/v1/referrals/{behind['id']}/{list_}")).status_code == 403
    query = "query($id: ID!) { node(id: $id) { ... on Referral { overrides { note } bandDecisions { reason } } } }"
    nodes = (await school.graphql("{ referrals(first: 50) { nodes { id recordId } } }"))["data"]["referrals"]["nodes"]
    (global_id,) = [node["id"] for node in nodes if node["recordId"] == behind["id"]]
    hidden = await school.graphql(query, id=global_id)
    assert hidden["data"]["node"] == {"overrides": None, "bandDecisions": None}
    shown = await officer.graphql(query, id=global_id)
    assert shown["data"]["node"]["overrides"] == [{"note": "The governors meet on Friday."}]


async def test_a_place_that_the_rule_would_choose_itself_passes_nobody(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    ahead, _ = await patient(api, town)
    await act(officer, ahead, "override", **asked(place_id=str(town.places[1])))
    (kept,) = await rows(officer, ahead, "overrides")
    assert (kept["passed_over_ids"], kept["rule_record"]["outcome"]) == ([], "offered")
    assert "excuse" not in (await rows(officer, ahead, "decisions"))[-1]["record"]


async def test_the_very_place_that_was_named_is_offered_and_its_record_leads_there(
    api: Api, town: Town, lane: Database
) -> None:
    """Of many alike the rule would take the lowest; the record of the officer's choice still leads to this one."""
    await add_block(lane, town, town.providers[1], places=6, key_stages=("KS4",))
    officer, school = api.as_(town.officer), api.as_(town.school)
    for _ in range(2):
        await send(school)
    waiting = await send(school)
    assert waiting["state"] == "waiting"
    await add_block(lane, town, town.providers[1], places=6)
    last = str(town.places[-1])
    await act(officer, waiting, "override", **asked(place_id=last))
    *_, made = await rows(officer, waiting, "decisions")
    assert made["record"]["place_id"] == last
    again, said = replayed(made["record"])
    assert again == said


async def test_a_provider_that_declined_can_be_given_the_family_by_an_officer(api: Api, town: Town) -> None:
    officer, provider = api.as_(town.officer), api.as_(town.provider)
    referral = await send(api.as_(town.school))
    declined = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/decline", {"reason": "no_capacity"})
    assert declined.status_code == 200
    assert (await read(officer, referral))["state"] == "waiting"
    placed = await act(officer, referral, "override", **asked(lot_id=str(town.lots[0]), reason="continuity"))
    assert placed["state"] == "offered"
    (kept,) = await rows(officer, referral, "overrides")
    assert kept["rule_record"]["outcome"] == "unplaceable"
    *_, made = await rows(officer, referral, "decisions")
    again, said = replayed(made["record"])
    assert again == said
    assert [verdict["reason"] for verdict in made["record"]["verdicts"]] == ["PROVIDER_DECLINED"]


async def test_it_meets_what_officers_owed(api: Api, town: Town, lane: Database) -> None:
    officer, provider = api.as_(town.officer), api.as_(town.provider)
    referral = await send(api.as_(town.school))
    async with lane.read(town.officer) as session:
        to = (session.now + timedelta(days=7)).isoformat()
    assert (await officer.post("/v1/sandbox/advance", {"to": to})).status_code == 200
    assert (await read(officer, referral))["state"] == "waiting", "the offer ran out"
    assert "place_referral" in await owed(officer, referral["id"])
    await act(officer, referral, "override", **asked(lot_id=str(town.lots[0])))
    assert "place_referral" not in await owed(officer, referral["id"])
    assert "place_referral" in await owed(officer, referral["id"], "met")
    offers = (await provider.get("/v1/allocations?state=pending")).json()["data"]
    assert len(offers) == 1


HELD = {
    "SAFEGUARDING_HOLD": {"immediate_danger": True},
    "CONFLICT": {"refused_provider_ids": True},
    "KEY_STAGE": {"pupil__year_group": "12", "pupil__date_of_birth": "2009-11-02"},
    "LANGUAGE": {"language": "UKR"},
    "NEED": {"needs": [{"code": "housing"}]},
    "MODE": {"modes": ["remote"]},
}


@pytest.mark.parametrize("rule", HELD)
async def test_what_no_officer_may_set_aside_is_refused_by_name(
    api: Api, town: Town, lane: Database, rule: str
) -> None:
    officer = api.as_(town.officer)
    changes: dict[str, Any] = dict(HELD[rule])
    if rule == "CONFLICT":
        changes["refused_provider_ids"] = [str(town.provider.organisation_id)]
    referral = await send(api.as_(town.school), **changes)
    assert referral["state"] == "waiting"
    status, problem = await refused(officer, referral, "override", **asked(lot_id=str(town.lots[0])))
    assert (status, problem["code"], problem["rule"]) == (409, "override_refused", rule)
    assert await rows(officer, referral, "overrides") == []
    assert (await read(officer, referral))["state"] == "waiting"
    if rule == "SAFEGUARDING_HOLD":
        assert "override" not in (await read(officer, referral))["available_actions"]


async def test_a_full_caseload_and_a_used_volume_stand(api: Api, town: Town, lane: Database) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    _, behind = await patient(api, town)
    for statement, rule in (
        ("UPDATE practitioner SET caseload_limit = 1 WHERE authority_id = $1", "CASELOAD"),
        ("UPDATE lot SET volume = 0 WHERE authority_id = $1", "VOLUME"),
    ):
        async with lane.write(town.officer) as session:
            await session.run(statement, session.authority_id)
        status, problem = await refused(officer, behind, "override", **asked(lot_id=str(town.lots[0])))
        assert (status, problem["rule"]) == (409, rule)
    assert (await read(school, behind))["state"] == "waiting"


async def test_a_place_that_is_taken_or_out_of_service_or_unknown_is_refused(
    api: Api, town: Town, lane: Database
) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    first = await send(school)
    waiting = await send(school, band="P4")
    async with lane.read(town.officer) as session:
        taken = await session.value(
            "SELECT place_id FROM offer WHERE authority_id = $1 AND referral_id = $2",
            session.authority_id,
            UUID(first["id"]),
        )
    status, problem = await refused(officer, waiting, "override", **asked(place_id=str(taken)))
    assert (status, problem["code"]) == (409, "place_taken")
    (free,) = [place for place in town.places if place != taken]
    async with lane.write(town.officer) as session:
        await session.run("UPDATE place SET available_until = $2 WHERE id = $1", free, session.today)
    status, problem = await refused(officer, waiting, "override", **asked(lot_id=str(town.lots[0])))
    assert (status, problem["code"]) == (409, "place_taken")
    nothing = "019a0000-0000-7000-8000-00000000abcd"
    for body, pointer in (({"lot_id": nothing}, "/lot_id"), ({"place_id": nothing}, "/place_id")):
        status, problem = await refused(officer, waiting, "override", **asked(**body))
        assert (status, problem["errors"][0]["pointer"]) == (422, pointer)


async def test_it_is_explained_by_a_named_person(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    _, behind = await patient(api, town)
    lot = {"lot_id": str(town.lots[0])}
    for body in (
        asked(),
        {**asked(**lot), "note": " "},
        {**asked(**lot), "reason": "because"},
        {**asked(**lot), "officer": {"name": ""}},
        {name: value for name, value in asked(**lot).items() if name != "officer"},
    ):
        assert (await refused(officer, behind, "override", **body))[0] == 422


async def test_only_a_referral_that_waits_is_open_to_it(api: Api, town: Town) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    body = asked(lot_id=str(town.lots[0]))
    assert (await refused(officer, referral, "override", **body))[1]["code"] == "action_not_available"
    await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert (await refused(officer, referral, "override", **body))[1]["code"] == "action_not_available"
    closed = await send(school)
    await act(school, closed, "withdraw", reason="other")
    assert (await refused(officer, closed, "override", **body))[1]["code"] == "action_not_available"


async def test_a_retry_and_a_stale_version(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    _, behind = await patient(api, town)
    path, body = f"/v1/referrals/{behind['id']}/override", asked(lot_id=str(town.lots[0]))
    stale = await officer.post(path, body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    same = key()
    first = await officer.post(path, body, headers=same)
    second = await officer.post(path, body, headers=same)
    assert (first.status_code, second.status_code, second.headers["Idempotency-Replayed"]) == (200, 200, "true")
    assert first.json() == second.json()
    assert len(await rows(officer, behind, "overrides")) == 1
    other = await officer.post(path, {**body, "note": "Another."}, headers=same)
    assert other.status_code == 422


async def strangers(api: Api, town: Town) -> list[Caller]:
    return [api.as_(one) for one in (town.school, town.provider, *town.schools[1:], town.providers[1])]


async def test_nobody_but_an_officer_overrides(api: Api, town: Town) -> None:
    _, behind = await patient(api, town)
    for stranger in await strangers(api, town):
        assert (await refused(stranger, behind, "override", **asked(lot_id=str(town.lots[0]))))[0] == 403
    assert (await read(api.as_(town.officer), behind))["state"] == "waiting"
