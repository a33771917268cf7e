"""One case for brothers and sisters where the lot counts families: joined by an offer, shared, left and closed."""

from typing import Any

import orjson
import pytest

from app.access import Principal
from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json
from tests.api.test_deemed_acceptance import advance, read
from tests.api.test_siblings_claims import brother_of, send, state_of
from tests.factories.authority import Town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body


async def accept(api: Api, town: Town, referral: dict[str, Any]) -> str:
    """Accept the live offer of a referral; the case."""
    found = await read(api.as_(town.officer), f"/v1/referrals/{referral['id']}")
    answer = await api.as_(town.provider).post(f"/v1/allocations/{found['allocation']['id']}/accept")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["intervention_id"])


async def meet(api: Api, town: Town, case: str) -> None:
    """An attended contact now."""
    portal = api.as_(town.provider)
    await portal.post(f"/v1/interventions/{case}/safety", {"safe_contact": True, "visit_risks": True})
    async with api.runtime.database.read(town.officer) as session:
        now = session.now
    held = {"kind": "session", "mode": "home", "held_at": now.isoformat(), "minutes": 60, "present": ["child"],
            "child_seen": True, "result": "attended"}  # fmt: skip
    answer = await portal.post(f"/v1/interventions/{case}/contacts", held)
    assert answer.status_code == 201, answer.text


async def held(lane: Database, town: Town) -> int:
    """How many places are held."""
    async with lane.read(town.officer) as session:
        count: int = await session.value("SELECT count(*) FROM booking WHERE state <> 'released'")
    return count


async def shared(api: Api, town: Town, *, across: bool = False) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A case that has begun, and a sibling (`across`: of another school) whose offer to join it was accepted."""
    first = await send(api.as_(town.school))
    case = await accept(api, town, first)
    await meet(api, town, case)
    second = await sibling(api, town, first, across=across)
    assert await accept(api, town, second) == case
    return first, second, case


async def sibling(api: Api, town: Town, first: dict[str, Any], *, across: bool = False) -> dict[str, Any]:
    """A brother's or sister's referral that is offered to join; linked by an officer when of another school."""
    if not across:
        return await send(api.as_(town.school), **brother_of(first))
    # Its needs keep it from an own place until it is linked.
    second = await send(api.as_(town.schools[1]), needs=[{"code": "housing"}])
    async with api.runtime.database.write(town.officer) as session:
        await session.run("UPDATE referral SET need_codes = '{attendance}' WHERE reference = $1", second["reference"])
    linked = await api.as_(town.officer).post(
        f"/v1/referrals/{second['id']}/siblings", {"sibling_of": first["reference"]}
    )
    assert linked.status_code == 200, linked.text
    return second


# Joining


async def test_a_sibling_is_offered_the_running_case_and_no_second_place(api: Api, town: Town, lane: Database) -> None:
    school, portal = api.as_(town.school), api.as_(town.provider)
    first = await send(school)
    case = await accept(api, town, first)
    second = await send(school, **brother_of(first))
    assert second["state"] == "offered"
    assert await held(lane, town) == 1
    offer = await read(portal, f"/v1/allocations/{second['allocation']['id']}")
    assert (offer["kind"], offer["joins_intervention_id"], offer["intervention_id"]) == ("joins_case", case, None)
    assert not {"given_name", "referral_id"} & set(offer)
    assert (await portal.get(f"/v1/referrals/{second['id']}")).status_code == 404
    assert await accept(api, town, second) == case
    assert await held(lane, town) == 1
    told = await read(portal, f"/v1/allocations/{second['allocation']['id']}")
    assert told["given_name"] == second["pupil"]["given_name"]
    whole = await read(portal, f"/v1/interventions/{case}")
    assert whole["referral_ids"] == [first["id"], second["id"]]
    assert await state_of(api, town, second) == "accepted"


async def test_the_decision_says_why_and_is_made_again(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first = await send(school)
    await accept(api, town, first)
    second = await send(school, **brother_of(first))
    (row,) = (await read(api.as_(town.officer), f"/v1/referrals/{second['id']}/decisions"))["data"]
    record = row["record"]
    kept = {name: record[name] for name in ("outcome", "hold", "waits_for", "place_id", "score")}
    again = orjson.loads(to_json(decision_content(replay(record))))
    assert orjson.dumps(again, option=orjson.OPT_SORT_KEYS) == orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    told = await read(school, f"/v1/referrals/{second['id']}/explanation")
    assert told["facts"]["joins_case"] is True
    assert "brother or sister's case is with this provider and the lot counts families" in told["paragraph"]


async def test_who_waits_is_offered_the_case_as_soon_as_there_is_one(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    first, _ = await send(school, band="P2"), await send(school, band="P2")
    second = await send(school, band="P2", **brother_of(first))
    assert await state_of(api, town, second) == "waiting", "both places are offered"
    await accept(api, town, first)
    assert await state_of(api, town, second) == "offered"
    assert await held(lane, town) == 2


async def test_two_siblings_who_were_offered_two_places_have_one_case(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    second = await send(school, band="P2", **brother_of(first))
    other = await send(school, band="P2")
    assert [one["state"] for one in (first, second, other)] == ["offered", "offered", "waiting"]
    case = await accept(api, town, first)
    assert await accept(api, town, second) == case
    # The place that came free is offered on in the same moment.
    assert await state_of(api, town, other) == "offered"
    assert await held(lane, town) == 2


@pytest.mark.parametrize("against", ["pupils", "key_stage", "need", "refused", "held"])
async def test_who_cannot_join_waits_for_a_place(api: Api, town: Town, lane: Database, against: str) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    await send(school, band="P2")
    await accept(api, town, first)
    changes: dict[str, Any] = {"band": "P2", **brother_of(first)}
    if against == "pupils":
        async with lane.write(town.officer) as session:
            await session.run("UPDATE lot SET volume_unit = 'pupil'")
    elif against == "key_stage":
        changes["pupil__year_group"] = "13"
        changes["pupil__date_of_birth"] = "2008-10-01"
    elif against == "need":
        changes["needs"] = [{"code": "housing"}]
    elif against == "refused":
        changes["refused_provider_ids"] = [str(town.provider.organisation_id)]
    else:
        changes["immediate_danger"] = True
    second = await school.post("/v1/referrals", referral_body(**changes), headers=key())
    assert second.status_code == 201, second.text
    assert second.json()["state"] == "waiting"


async def test_a_decline_leaves_the_case_and_its_place_alone(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    await send(school, band="P2")
    case = await accept(api, town, first)
    second = await send(school, band="P2", **brother_of(first))
    offer = second["allocation"]["id"]
    declined = await api.as_(town.provider).post(f"/v1/allocations/{offer}/decline", {"reason": "unsuitable"})
    assert declined.status_code == 200, declined.text
    assert await state_of(api, town, second) == "waiting"
    assert (await read(api.as_(town.provider), f"/v1/interventions/{case}"))["state"] == "planned"
    assert await held(lane, town) == 2


async def test_an_offer_to_join_expires_and_can_still_be_answered(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    await send(school, band="P2")
    case = await accept(api, town, first)
    second = await send(school, band="P2", **brother_of(first))
    await advance(api, town, days=6)
    assert await state_of(api, town, second) == "waiting"
    late = await api.as_(town.provider).post(f"/v1/allocations/{second['allocation']['id']}/accept")
    assert (late.status_code, late.json()["intervention_id"]) == (200, case), late.text


async def test_silence_is_yes_for_a_case_too(api: Api, town: Town, lane: Database) -> None:
    school, portal = api.as_(town.school), api.as_(town.provider)
    async with lane.write(town.officer) as session:
        await session.run("UPDATE contract SET deemed_acceptance = true")
    first = await send(school, band="P2")
    case = await accept(api, town, first)
    second = await send(school, band="P2", **brother_of(first))
    await advance(api, town, days=6)
    assert await state_of(api, town, second) == "accepted"
    assert (await portal.get(f"/v1/referrals/{second['id']}")).status_code == 404
    assert (await read(portal, f"/v1/interventions/{case}"))["referral_ids"] == [first["id"]]
    assert (await read(portal, f"/v1/allocations/{second['allocation']['id']}"))["given_name"]
    objection = await portal.post(
        f"/v1/allocations/{second['allocation']['id']}/decline", {"reason": "conflict_of_interest"}
    )
    assert objection.status_code == 200, objection.text
    assert await state_of(api, town, first) == "accepted"
    assert await state_of(api, town, second) == "waiting"


async def test_an_officer_joins_a_possible_duplicate_to_the_case(api: Api, town: Town) -> None:
    body = referral_body()
    sent = (await api.as_(town.school).post("/v1/referrals", body, headers=key())).json()
    case = await accept(api, town, sent)
    twice = {**body, "sender_reference": "other"}
    twice["pupil"] = {**body["pupil"], "mis_id": "theirs"}
    other = (await api.as_(town.schools[1]).post("/v1/referrals", twice, headers=key())).json()
    officer = api.as_(town.officer)
    assert (await read(officer, f"/v1/referrals/{other['id']}"))["holds"] == ["POSSIBLE_DUPLICATE"]
    asked = {"intervention_id": case, "officer": {"name": "Robin Exemplar"}, "reason": "One child, one case."}
    joined = await officer.post(f"/v1/referrals/{other['id']}/join-case", asked)
    assert (joined.status_code, joined.json()["state"], joined.json()["holds"]) == (200, "offered", []), joined.text
    assert await accept(api, town, other) == case


@pytest.mark.parametrize(("who", "status"), [("unknown", 422), ("pupils", 422), ("offered", 409)])
async def test_what_an_officer_cannot_join_is_refused(
    api: Api, town: Town, lane: Database, who: str, status: int
) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    case = await accept(api, town, first)
    second = await send(school, band="P4" if who != "offered" else "P2", needs=[{"code": "housing"}])
    if who == "offered":
        second = await send(school, band="P2", **brother_of(first))
    if who == "pupils":
        async with lane.write(town.officer) as session:
            await session.run("UPDATE lot SET volume_unit = 'pupil'")
    asked = {"intervention_id": second["id"] if who == "unknown" else case, "officer": {"name": "x"}, "reason": "x"}
    answer = await api.as_(town.officer).post(f"/v1/referrals/{second['id']}/join-case", asked)
    assert answer.status_code == status, answer.text


async def test_unlinking_takes_the_offer_to_join_back(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    await send(school, band="P2")
    await accept(api, town, first)
    second = await send(school, band="P2", **brother_of(first))
    gone = await school.post(f"/v1/referrals/{second['id']}/siblings", {"sibling_of": None})
    assert (gone.status_code, gone.json()["state"]) == (200, "waiting"), gone.text


# Sharing


async def test_the_case_uses_one_place_and_one_volume(api: Api, town: Town) -> None:
    _, second, case = await shared(api, town)
    await meet(api, town, case)
    assert await state_of(api, town, second) == "in_progress"
    lot = await read(api.as_(town.officer), f"/v1/lots/{town.lots[0]}")
    assert (lot["figures"]["held_count"], lot["figures"]["volume_used_count"]) == (1, 1)


async def test_closing_ends_it_for_each_child_in_its_own_way(api: Api, town: Town) -> None:
    first, second, case = await shared(api, town)
    await meet(api, town, case)
    ending = {
        "outcome": "completed",
        "reason": "plan_completed",
        "summary": {"what_changed": "Mornings are calm."},
        "children": [{"referral_id": second["id"], "outcome": "ended_early", "reason": "did_not_engage"}],
    }
    portal = api.as_(town.provider)
    strange = {**ending, "children": [{**ending["children"][0], "referral_id": case}]}  # type: ignore[dict-item, index]
    refused = await portal.post(f"/v1/interventions/{case}/close", strange)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/children/0/referral_id"]
    closed = await portal.post(f"/v1/interventions/{case}/close", ending)
    assert closed.status_code == 200, closed.text
    officer = api.as_(town.officer)
    ends = [await read(officer, f"/v1/referrals/{one['id']}") for one in (first, second)]
    assert [(one["state"], one["outcome"]) for one in ends] == [("closed", "completed"), ("closed", "ended_early")]


async def test_a_case_that_ends_takes_its_offers_to_join_back(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first = await send(school, band="P2")
    other = await send(school, band="P2")
    await accept(api, town, first)
    second = await send(school, band="P4", **brother_of(first))
    await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "other"})
    offer = second["allocation"]["id"]
    told = await read(api.as_(town.provider), f"/v1/allocations/{offer}")
    assert told["state"] == "withdrawn"
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer}/accept")
    assert late.json()["code"] == "action_not_available"
    # It goes on as any referral: here to the place that came free.
    assert await state_of(api, town, second) == "offered"
    assert await state_of(api, town, other) == "offered"


@pytest.mark.parametrize("who", ["first", "second"])
async def test_one_child_leaves_and_the_case_goes_on(api: Api, town: Town, lane: Database, who: str) -> None:
    first, second, case = await shared(api, town)
    await meet(api, town, case)
    gone, stays = (first, second) if who == "first" else (second, first)
    portal = api.as_(town.provider)
    leaving = {"referral_id": gone["id"], "outcome": "ended_early", "reason": "support_not_wanted"}
    left = await portal.post(f"/v1/interventions/{case}/leave", leaving)
    assert left.status_code == 200, left.text
    assert (left.json()["state"], left.json()["referral_id"]) == ("active", stays["id"])
    assert left.json()["referral_ids"] == [stays["id"]]
    assert await state_of(api, town, gone) == "closed"
    assert await state_of(api, town, stays) == "in_progress"
    assert await held(lane, town) == 1
    last = await portal.post(f"/v1/interventions/{case}/leave", {**leaving, "referral_id": stays["id"]})
    assert last.json()["code"] == "action_not_available"
    await meet(api, town, case)
    ending = {"outcome": "ended_early", "reason": "moved_away", "summary": {"what_changed": "A little."}}
    assert (await portal.post(f"/v1/interventions/{case}/close", ending)).status_code == 200
    assert await held(lane, town) == 0


@pytest.mark.parametrize("who", ["first", "second"])
async def test_a_sender_withdraws_one_child_before_the_work(api: Api, town: Town, lane: Database, who: str) -> None:
    school = api.as_(town.school)
    first = await send(school)
    case = await accept(api, town, first)
    second = await send(school, **brother_of(first))
    await accept(api, town, second)
    gone, stays = (first, second) if who == "first" else (second, first)
    answer = await school.post(f"/v1/referrals/{gone['id']}/withdraw", {"reason": "support_not_wanted"})
    assert answer.status_code == 200, answer.text
    whole = await read(api.as_(town.provider), f"/v1/interventions/{case}")
    assert (whole["state"], whole["referral_id"]) == ("planned", stays["id"])
    assert (await api.as_(town.provider).get(f"/v1/referrals/{gone['id']}")).status_code == 404
    await meet(api, town, case)
    assert await state_of(api, town, stays) == "in_progress"
    assert await held(lane, town) == 1


# Who sees what


async def seen_by(api: Api, who: Principal, case: str) -> dict[str, Any]:
    """Everything that a school reads of a case, as text."""
    caller = api.as_(who)
    found = await read(caller, f"/v1/interventions/{case}")
    listed = (await read(caller, "/v1/interventions"))["data"]
    contacts = (await read(caller, f"/v1/interventions/{case}/contacts"))["data"]
    graph = await caller.graphql(
        "{ interventions { edges { node { recordId state acceptedAt startedOn referral { reference }"
        " referrals { reference } contacts { heldAt } } } } }"
    )
    return {"case": found, "list": listed, "contacts": contacts, "graph": graph["data"]["interventions"]["edges"]}


async def test_each_school_sees_its_own_child_alone(api: Api, town: Town) -> None:
    first, second, case = await shared(api, town, across=True)
    await advance(api, town, days=1)
    await meet(api, town, case)
    mine, theirs = await seen_by(api, town.school, case), await seen_by(api, town.schools[1], case)
    assert (len(mine["contacts"]), len(theirs["contacts"])) == (2, 1)
    for seen, own, other in ((mine, first, second), (theirs, second, first)):
        text = orjson.dumps(seen).decode()
        assert seen["case"]["referral_id"] == own["id"]
        assert seen["case"]["referral_ids"] == [own["id"]]
        assert [one["id"] for one in seen["list"]] == [case]
        for word in (other["id"], other["reference"], other["pupil"]["given_name"] + "?"):
            assert word not in text
    assert theirs["case"]["accepted_at"] > mine["case"]["accepted_at"]
    assert theirs["case"]["started_on"] > mine["case"]["started_on"]
    (node,) = [edge["node"] for edge in theirs["graph"]]
    assert node["acceptedAt"] == theirs["case"]["accepted_at"].replace("Z", "+00:00") or node["acceptedAt"]
    assert [one["reference"] for one in node["referrals"]] == [second["reference"]]
    assert node["referral"]["reference"] == second["reference"]
    assert len(node["contacts"]) == 1


async def test_a_school_sees_no_more_of_the_case_once_its_child_has_left(api: Api, town: Town) -> None:
    first, _, case = await shared(api, town, across=True)
    await advance(api, town, days=1)
    await meet(api, town, case)
    leaving = {"referral_id": first["id"], "outcome": "ended_early", "reason": "support_not_wanted"}
    assert (await api.as_(town.provider).post(f"/v1/interventions/{case}/leave", leaving)).status_code == 200
    await advance(api, town, days=1)
    await meet(api, town, case)
    async with api.runtime.database.read(town.officer) as session:
        today = session.today.isoformat()
    goals = {"agreed_on": today, "goals": [{"title": "Later", "owner": "family"}]}
    planned = await api.as_(town.provider).put(f"/v1/interventions/{case}/plan", goals, headers={"If-Match": "*"})
    assert planned.status_code == 200, planned.text
    seen = await seen_by(api, town.school, case)
    assert (seen["case"]["state"], seen["case"]["outcome"], len(seen["contacts"])) == ("closed", "ended_early", 2)
    assert seen["case"]["referral_id"] == first["id"]
    assert (await read(api.as_(town.school), f"/v1/interventions/{case}/plan"))["goals"] == []
    assert (await read(api.as_(town.schools[1]), f"/v1/interventions/{case}/plan"))["goals"]
    assert len((await seen_by(api, town.schools[1], case))["contacts"]) == 2


async def test_no_event_tells_a_school_of_the_other_child(api: Api, town: Town, lane: Database) -> None:
    first, second, case = await shared(api, town, across=True)
    await meet(api, town, case)
    for school, own, other in ((town.school, first, second), (town.schools[1], second, first)):
        async with lane.read(school) as session:
            rows = await session.rows(
                "SELECT e.type, coalesce(e.referral_id::text, '') || e.data::text AS text FROM event e"
            )
        assert "intervention.started" in {row["type"] for row in rows if own["id"] in row["text"]}
        assert "intervention.contact_recorded" in {row["type"] for row in rows}
        assert not [row for row in rows if other["id"] in row["text"]]


async def test_the_whole_family_on_one_page(api: Api, town: Town) -> None:
    first, second, case = await shared(api, town, across=True)
    household = first["household_id"]
    for who, members in ((town.officer, 2), (town.provider, 2), (town.school, 1)):
        family = await read(api.as_(who), f"/v1/households/{household}")
        assert len(family["members"]) == members, who.kind
        assert [one["intervention_id"] for one in family["cases"]] == [case]
        assert family["contacts"]
    for who in (town.schools[1], town.providers[1]):
        assert (await api.as_(who).get(f"/v1/households/{household}")).status_code == 404
    theirs = await read(api.as_(town.schools[1]), f"/v1/households/{second['household_id']}")
    assert [one["reference"] for one in theirs["members"]] == [second["reference"]]
    lines = (await read(api.as_(town.officer), "/v1/audit"))["data"]
    assert [line for line in lines if line["subject_kind"] == "household"]
