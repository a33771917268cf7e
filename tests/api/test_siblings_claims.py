"""Siblings whose family wishes one practitioner: linked by their sender or an officer, together, and with a claim."""

from typing import Any

import orjson
import pytest

from app.access import Principal
from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json
from tests.api.test_deemed_acceptance import advance, read
from tests.factories.authority import Town, add_block
from tests.factories.events import told_of
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body


@pytest.fixture(autouse=True)
async def lots_count_pupils(lane: Database, town: Town) -> None:
    """Where a lot counts families, a child joins the case of its brother or sister instead (test_household_case)."""
    async with lane.write(town.officer) as session:
        await session.run("UPDATE lot SET volume_unit = 'pupil' WHERE authority_id = $1", town.officer.authority_id)


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def brother_of(referral: dict[str, Any]) -> dict[str, str]:
    return {"sibling_wish": "same_practitioner", "sibling_of": referral["reference"]}


async def workers(lane: Database, town: Town) -> dict[str, Any]:
    """By referral reference, the practitioner of its live or accepted offer."""
    async with lane.read(town.officer) as session:
        rows = await session.rows(
            "SELECT r.reference, o.practitioner_id FROM offer o JOIN referral r ON r.id = o.referral_id"
            " WHERE o.state IN ('pending', 'accepted')"
        )
    return {row["reference"]: row["practitioner_id"] for row in rows}


async def state_of(api: Api, town: Town, referral: dict[str, Any]) -> str:
    return str((await read(api.as_(town.officer), f"/v1/referrals/{referral['id']}"))["state"])


async def close_case(api: Api, town: Town, referral: dict[str, Any], provider: Principal | None = None) -> None:
    """Accept a referral's offer and end the case at once: its place is free again."""
    portal = api.as_(provider or town.provider)
    found = await read(api.as_(town.officer), f"/v1/referrals/{referral['id']}")
    accepted = await portal.post(f"/v1/allocations/{found['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    ending = {"outcome": "ended_early", "reason": "did_not_engage", "summary": {}}
    closed = await portal.post(f"/v1/interventions/{accepted.json()['intervention_id']}/close", ending)
    assert closed.status_code == 200, closed.text


async def start_case(api: Api, town: Town, referral: dict[str, Any]) -> str:
    """Accept a referral's offer and record its first contact; the intervention's id."""
    portal = api.as_(town.provider)
    accepted = (await portal.post(f"/v1/allocations/{referral['allocation']['id']}/accept")).json()
    path = f"/v1/interventions/{accepted['intervention_id']}"
    await portal.post(f"{path}/safety", {"safe_contact": True, "visit_risks": True})
    async with api.runtime.database.read(town.officer) as session:
        now = session.now
    held = {"kind": "initial", "mode": "home", "held_at": now.isoformat(), "minutes": 60, "present": ["child"],
            "child_seen": True, "result": "attended"}  # fmt: skip
    answer = await portal.post(f"{path}/contacts", held)
    assert answer.status_code == 201, answer.text
    return str(accepted["intervention_id"])


# Who may link what


async def test_a_sender_names_its_own_referrals_alone(api: Api, town: Town, lane: Database) -> None:
    school, other = api.as_(town.school), api.as_(town.schools[1])
    mine, theirs = await send(school), await send(other)
    linked = await send(school, **brother_of(mine))
    assert await told_of(lane, town, "referral.siblings_linked") == {"officer": 1, "school": 1}
    assert linked["sibling_wish"] == "same_practitioner"
    assert "sibling_group_id" not in linked
    assert (await read(school, f"/v1/referrals/{mine['id']}"))["sibling_wish"] == "same_practitioner"
    answers = [
        await school.post("/v1/referrals", referral_body(**brother_of({"reference": reference})), headers=key())
        for reference in (theirs["reference"], "R-XXXX-XXXX")
    ]
    problems = [answer.json()["errors"] for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert problems[0] == problems[1], "another organisation's reference and none at all are one answer"
    tried = await school.post("/v1/referrals/check", referral_body(**brother_of(theirs)))
    assert tried.status_code == 422
    untouched = await read(other, f"/v1/referrals/{theirs['id']}")
    assert (untouched["version"], untouched["sibling_wish"]) == (theirs["version"], None)


@pytest.mark.parametrize(("fault", "code"), [("no wish", "no_wish"), ("closed", "closed")])
async def test_what_cannot_be_a_sibling_is_refused(api: Api, town: Town, fault: str, code: str) -> None:
    school = api.as_(town.school)
    first = await send(school)
    body = referral_body(**brother_of(first))
    if fault == "no wish":
        body["sibling_wish"] = None
    else:
        await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "other"})
    answer = await school.post("/v1/referrals", body, headers=key())
    assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, [code])


async def test_the_act_links_and_unlinks(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first, second = await send(school), await send(school)
    path = f"/v1/referrals/{second['id']}/siblings"
    assert "siblings" in (await read(school, f"/v1/referrals/{second['id']}"))["available_actions"]
    linked = await school.post(path, {"sibling_of": first["reference"]})
    assert (linked.status_code, linked.json()["sibling_wish"]) == (200, "same_practitioner"), linked.text
    officer = api.as_(town.officer)
    groups = {(await read(officer, f"/v1/referrals/{one['id']}"))["sibling_group_id"] for one in (first, second)}
    assert groups == {first["id"]}
    itself = await school.post(path, {"sibling_of": second["reference"]})
    assert [error["code"] for error in itself.json()["errors"]] == ["same_child"]
    for who, status in ((town.schools[1], 404), (town.provider, 403)):
        assert (await api.as_(who).post(path, {"sibling_of": first["reference"]})).status_code == status
    gone = await school.post(path, {"sibling_of": None})
    assert (gone.status_code, gone.json()["sibling_wish"]) == (200, None)
    assert (await read(officer, f"/v1/referrals/{second['id']}"))["sibling_group_id"] is None
    await school.post(f"/v1/referrals/{second['id']}/withdraw", {"reason": "other"})
    assert (await school.post(path, {"sibling_of": first["reference"]})).json()["code"] == "action_not_available"


async def test_an_officer_links_across_senders_and_no_sender_learns_of_it(api: Api, town: Town, lane: Database) -> None:
    first, second = await send(api.as_(town.school)), await send(api.as_(town.schools[1]))
    officer = api.as_(town.officer)
    linked = await officer.post(f"/v1/referrals/{second['id']}/siblings", {"sibling_of": first["reference"]})
    assert (linked.status_code, linked.json()["sibling_group_id"]) == (200, first["id"]), linked.text
    for who, referral in ((town.school, first), (town.schools[1], second)):
        caller = api.as_(who)
        found = await read(caller, f"/v1/referrals/{referral['id']}")
        assert found["sibling_wish"] is None
        assert "sibling_group_id" not in found
    assert await told_of(lane, town, "referral.siblings_linked") == {"officer": 2}


# Together


async def test_siblings_that_are_sent_one_after_the_other_have_one_worker(api: Api, town: Town, lane: Database) -> None:
    await add_block(lane, town, town.providers[1], places=2)
    school = api.as_(town.school)
    for _ in range(4):  # whichever place the first is offered
        first = await send(school, band="P2")
        second = await send(school, band="P2", **brother_of(first))
        found = await workers(lane, town)
        assert found[first["reference"]] == found[second["reference"]]
        for referral in (first, second):
            gone = await school.post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "other"})
            assert gone.status_code == 200


async def test_waiting_siblings_are_decided_together(api: Api, town: Town, lane: Database) -> None:
    """One place of the first provider and two of the second come free in one night: the pair goes to the second."""
    school = api.as_(town.school)
    for _ in range(2):
        await send(school, band="P1")
    first = await send(school, band="P3")
    between = await send(school, band="P3")
    second = await send(school, band="P3", **brother_of(first))
    assert {await state_of(api, town, one) for one in (first, between, second)} == {"waiting"}
    await add_block(lane, town, town.providers[1], places=2)
    await add_block(lane, town, town.provider, places=1)
    await advance(api, town, days=1)
    found = await workers(lane, town)
    assert found[first["reference"]] == found[second["reference"]] == town.practitioners[1]
    assert found[between["reference"]] == town.practitioners[2]


async def test_siblings_with_no_common_practitioner_are_placed_apart(api: Api, town: Town, lane: Database) -> None:
    async with lane.write(town.officer) as session:
        await session.run("UPDATE place SET available_until = '2021-01-01' WHERE id = $1", town.places[1])
    school = api.as_(town.school)
    first = await send(school, band="P2")
    await add_block(lane, town, town.providers[1], places=1)
    second = await send(school, band="P2", **brother_of(first))
    assert second["state"] == "offered", "a wish that nobody can meet holds nobody back"
    found = await workers(lane, town)
    assert found[first["reference"]] != found[second["reference"]]
    told = await read(school, f"/v1/referrals/{second['id']}/explanation")
    assert told["facts"]["wishes_not_met"] == ["SIBLING_APART"]


# The claim


async def test_a_sibling_takes_the_next_place_of_the_worker_before_its_turn(
    api: Api, town: Town, lane: Database
) -> None:
    school, other = api.as_(town.school), api.as_(town.schools[1])
    first, filler = await send(school, band="P2"), await send(school, band="P2")
    ahead = await send(other, band="P2")
    sibling = await send(school, band="P3", **brother_of(first))
    assert {await state_of(api, town, one) for one in (ahead, sibling)} == {"waiting"}
    await start_case(api, town, first)
    await close_case(api, town, filler)
    assert (await state_of(api, town, sibling), await state_of(api, town, ahead)) == ("offered", "waiting")
    # The record names the code and its own claim, and is made again to the same bytes.
    rows = (await read(api.as_(town.officer), f"/v1/referrals/{sibling['id']}/decisions"))["data"]
    record = rows[-1]["record"]
    assert record["excuse"] == "SIBLING_HOLD"
    assert [claim["practitioner_id"] for claim in record["claims"]] == [str(town.practitioners[0])]
    kept = {name: record[name] for name in ("outcome", "hold", "waits_for", "place_id", "score")}
    again = orjson.loads(to_json(decision_content(replay(record))))
    assert orjson.dumps(again, option=orjson.OPT_SORT_KEYS) == orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    # Each family is told: the one that came before its turn, and the one that was passed over, without a name.
    told = await read(school, f"/v1/referrals/{sibling['id']}/explanation")
    assert told["facts"]["excuse"] == "SIBLING_HOLD"
    assert "brother or sister" in told["paragraph"]
    passed = await other.get(f"/v1/referrals/{ahead['id']}/explanation")
    assert passed.json()["facts"]["passed_over_for"] == "SIBLING_HOLD"
    assert "further back in the order" in passed.json()["paragraph"]
    for word in (first["reference"], sibling["reference"], first["id"], sibling["id"], "Robin"):
        assert word not in passed.text
    asked = "{ referrals { edges { node { reference explanation { facts { passedOverFor } } } } } }"
    nodes = [edge["node"] for edge in (await other.graphql(asked))["data"]["referrals"]["edges"]]
    assert [node["explanation"]["facts"]["passedOverFor"] for node in nodes] == ["SIBLING_HOLD"]


async def test_who_stands_behind_or_came_later_was_not_passed_over(api: Api, town: Town) -> None:
    school, other = api.as_(town.school), api.as_(town.schools[1])
    first, filler = await send(school, band="P2"), await send(school, band="P2")
    ahead = await send(other, band="P2")
    sibling = await send(school, band="P3", **brother_of(first))
    behind = await send(other, band="P4")
    await start_case(api, town, first)
    await close_case(api, town, filler)
    assert await state_of(api, town, sibling) == "offered"
    later = await send(other, band="P1")
    passed = {
        referral["reference"]: (await read(other, f"/v1/referrals/{referral['id']}/explanation"))["facts"][
            "passed_over_for"
        ]
        for referral in (ahead, behind, later)
    }
    assert passed == {ahead["reference"]: "SIBLING_HOLD", behind["reference"]: None, later["reference"]: None}


async def test_the_claim_lapses(api: Api, town: Town) -> None:
    """Ten school days after the first contact the sibling waits its turn like everybody."""
    school, other = api.as_(town.school), api.as_(town.schools[1])
    first, filler = await send(school, band="P2"), await send(school, band="P2")
    held = await api.as_(town.provider).post(f"/v1/allocations/{filler['allocation']['id']}/accept")
    ahead = await send(other, band="P2")
    sibling = await send(school, band="P3", **brother_of(first))
    await start_case(api, town, first)
    await advance(api, town, days=21)
    ending = {"outcome": "ended_early", "reason": "did_not_engage", "summary": {}}
    closed = await api.as_(town.provider).post(f"/v1/interventions/{held.json()['intervention_id']}/close", ending)
    assert closed.status_code == 200, closed.text
    assert (await state_of(api, town, ahead), await state_of(api, town, sibling)) == ("offered", "waiting")
    told = await read(school, f"/v1/referrals/{sibling['id']}/explanation")
    assert told["facts"]["passed_over_for"] is None


async def test_the_claim_ends_with_the_siblings_case_or_the_link(api: Api, town: Town, lane: Database) -> None:
    school, other = api.as_(town.school), api.as_(town.schools[1])
    first, filler = await send(school, band="P2"), await send(school, band="P2")
    ahead = await send(other, band="P2")
    sibling = await send(school, band="P3", **brother_of(first))
    await start_case(api, town, first)
    unlinked = await school.post(f"/v1/referrals/{sibling['id']}/siblings", {"sibling_of": None})
    assert unlinked.status_code == 200
    await close_case(api, town, filler)
    assert (await state_of(api, town, ahead), await state_of(api, town, sibling)) == ("offered", "waiting")
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM decision WHERE excuse IS NOT NULL") == 0


async def test_a_claim_that_an_officer_made_is_not_told_to_the_sender(api: Api, town: Town) -> None:
    school, other = api.as_(town.school), api.as_(town.schools[1])
    first, filler = await send(school, band="P2"), await send(school, band="P2")
    await send(other, band="P2")
    sibling = await send(other, band="P3")
    linked = await api.as_(town.officer).post(
        f"/v1/referrals/{sibling['id']}/siblings", {"sibling_of": first["reference"]}
    )
    assert linked.status_code == 200, linked.text
    await close_case(api, town, filler)
    assert await state_of(api, town, sibling) == "offered"
    told = await other.get(f"/v1/referrals/{sibling['id']}/explanation")
    assert told.json()["facts"]["excuse"] == "OFFICER_CHECK"
    for word in ("brother", "sister", "SIBLING", first["reference"]):
        assert word not in told.text
    officer = await read(api.as_(town.officer), f"/v1/referrals/{sibling['id']}/explanation")
    assert officer["facts"]["excuse"] == "SIBLING_HOLD"


async def test_a_preview_counts_the_claims_and_goes_stale_with_them(api: Api, town: Town, lane: Database) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    first = await send(school, band="P2")
    await send(school, band="P2")
    await send(api.as_(town.schools[1]), band="P2")
    sibling = await send(school, band="P3")
    run = (await officer.post("/v1/allocation-runs", {})).json()
    linked = await school.post(f"/v1/referrals/{sibling['id']}/siblings", {"sibling_of": first["reference"]})
    assert linked.status_code == 200
    other = (await officer.post("/v1/allocation-runs", {})).json()
    assert run["snapshot_hash"] != other["snapshot_hash"]
    stale = await officer.post(f"/v1/allocation-runs/{run['id']}/commit")
    assert stale.status_code == 409
