"""Why a referral was offered a place or waits, told to each party by REST and GraphQL, and of nobody else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.access import Kind, Principal
from app.db import Database
from app.domain.allocation.order import Order
from app.domain.allocation_explained import recorded_facts
from app.domain.decision_record import replay
from app.http import cursors
from app.ids import new_id
from app.models import supply
from app.models.parties import organisation
from app.queries.writes import Writes
from app.services.waiting_list import read_waiting_list
from tests.factories.authority import Town, add_block, build_town
from tests.factories.casework import ACCEPTED_AT, at
from tests.factories.http import Api, Caller
from tests.factories.outcomes import add_referral
from tests.factories.referrals import key, referral_body

FACTS = {
    "outcome", "band", "long_stopped", "services_count", "serving_places_count", "offerable_places_count",
    "next_free_in_school_days", "reasons", "hold", "waits_for", "free_in_school_days", "free_on", "wishes_not_met",
    "window_school_days", "excuse", "passed_over_for", "placed_by_officer", "joins_case",
}  # fmt: skip
OFFICERS_OWN = {"decision_id", "trigger", "certificate"}


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def told(caller: Caller, referral: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.get(f"/v1/referrals/{referral['id']}/explanation")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def waiting_list(caller: Caller, limit: int = 200) -> list[dict[str, Any]]:
    """Every page of the list."""
    rows: list[dict[str, Any]] = []
    path = f"/v1/waiting-list?limit={limit}"
    while True:
        answer = await caller.get(path)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return rows
        path = f"/v1/waiting-list?limit={limit}&cursor={cursor}"


async def agency_of(lane: Database, town: Town) -> Principal:
    agency = replace(town.school, client_id=new_id(), organisation_id=new_id(), kind=Kind.AGENCY)
    async with lane.write(town.officer) as session:
        writes = Writes()
        writes.add(organisation, id=agency.organisation_id, kind="agency", name="Early help team (made up)")
        await writes.flush(session)
    return agency


# What is told of each kind of outcome.


async def test_an_offer_is_explained_from_its_record(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    referral = await send(school)
    found = await told(school, referral)
    assert found["paragraph"].startswith("A free place is offered to this family. It was the family's turn in band P2")
    assert set(found["facts"]) == FACTS
    assert found["facts"]["outcome"] == "offered"
    assert found["facts"]["serving_places_count"] == 2
    assert found["decided_at"] == "2026-11-02T09:00:00+00:00"
    assert (found["ahead_count"], found["waited_school_days"], found["expected_start"]) == (None, None, None)


async def test_the_facts_shown_are_those_of_the_record_made_again(api: Api, town: Town) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    offered = await send(school)
    unplaceable = await send(school, needs=[{"code": "housing"}])
    withdrawn = await school.post(f"/v1/referrals/{unplaceable['id']}/withdraw", {"reason": "other"})
    assert withdrawn.status_code == 200, withdrawn.text
    for referral in (offered, unplaceable):
        found = await told(officer, referral)
        rows = (await officer.get(f"/v1/referrals/{referral['id']}/decisions")).json()["data"]
        kept = rows[-1]
        assert (found["decision_id"], found["trigger"]) == (kept["id"], "arrival")
        assert found["policy"]["number"] == kept["policy_number"]
        assert found["policy"]["digest"] == kept["policy_digest"]
        again, facts = replay(kept["record"]), recorded_facts(kept["record"])
        assert found["facts"]["outcome"] == again.outcome == kept["outcome"]
        assert found["facts"]["waits_for"] == again.waits_for
        assert found["facts"]["reasons"] == [{"code": code, "services_count": count} for code, count in facts.against]
        free = sum(verdict["free_count"] for verdict in kept["record"]["verdicts"])
        assert found["facts"]["offerable_places_count"] == free


async def test_the_policy_cited_is_the_one_in_force(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    found = (await told(school, await send(school)))["policy"]
    assert found["number"] == 1
    assert found["href"] == f"/v1/policies/{found['id']}/page"
    assert len(found["digest"]) == 64


async def test_one_that_waits_for_a_place_is_told_when_one_may_come(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    for _ in range(2):
        await send(school)
    found = await told(school, await send(school, band="P1"))
    assert found["paragraph"] == (
        "Two places serve Year 7 in the North; all are held by families whose turn came earlier. The"
        " next is planned to fall free in 30 school days; places are offered to band P1 up to five school days ahead."
        " It is next in the order for these places. If plans hold, it can begin in 30 school days."
    )
    assert found["facts"]["waits_for"] == "PLACE"
    assert found["facts"]["offerable_places_count"] == 0
    assert found["decided_at"] is None
    assert (found["as_of"], found["ahead_count"], found["waited_school_days"]) == ("2026-11-02", 0, 0)
    start = found["expected_start"]
    assert start["method"] == "DATE"
    assert start["earliest_on"] == start["latest_on"] > "2026-12-01"


async def test_one_that_waits_for_the_run_and_one_that_waits_its_turn(api: Api, town: Town) -> None:
    school, officer = at(api.as_(town.school), ACCEPTED_AT), at(api.as_(town.officer), ACCEPTED_AT)
    await send(school)
    ahead = await send(school, band="P3")
    after = await send(school, band="P4")
    first, second = await told(school, ahead), await told(school, after)
    assert first["facts"]["waits_for"] == "RUN"
    assert "decided together with the others at the next run" in first["paragraph"]
    assert second["facts"]["waits_for"] == "TURN"
    assert "those that can be offered now go to families ahead of this one" in second["paragraph"]
    assert "It is number 2 in the order for these places." in second["paragraph"]
    assert second["ahead_count"] == 1
    assert not OFFICERS_OWN & set(second), "a sender is not told who stands ahead"
    proof = (await told(officer, after))["certificate"]
    assert proof["capacity"] == 1
    assert [holder["reference"] for holder in proof["holders"]] == [ahead["reference"]]
    assert proof["place_ids"][0] in {str(place) for place in town.places}
    assert (await told(officer, ahead))["certificate"] is None
    row = {each["id"]: each for each in await waiting_list(officer)}[after["id"]]
    assert row["certificate"] == proof


async def test_one_that_is_held_for_safeguarding(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    found = await told(school, await send(school, immediate_danger=True))
    assert (found["facts"]["hold"], found["facts"]["waits_for"]) == ("SAFEGUARDING_HOLD", "HOLD")
    assert "a safeguarding officer looks at it first" in found["paragraph"]
    assert (found["ahead_count"], found["expected_start"]) == (None, None)


async def test_one_whose_family_took_its_agreement_back(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    answer = await school.post(f"/v1/referrals/{referral['id']}/agreement", {"status": "withdrawn"})
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting"), answer.text
    found = await told(school, referral)
    assert found["facts"]["hold"] == "AGREEMENT_WITHDRAWN"
    assert "the family has withdrawn its agreement" in found["paragraph"]


async def test_a_sender_is_not_told_that_somebody_else_referred_the_child(api: Api, town: Town) -> None:
    body = referral_body()
    await api.as_(town.schools[0]).post("/v1/referrals", body, headers=key())
    second = (await api.as_(town.schools[1]).post("/v1/referrals", body, headers=key())).json()
    sender, officer = await told(api.as_(town.schools[1]), second), await told(api.as_(town.officer), second)
    assert officer["facts"]["hold"] == "POSSIBLE_DUPLICATE"
    assert sender["facts"]["hold"] == "OFFICER_CHECK"
    assert sender["paragraph"] == "This referral is not being offered a place yet: an officer looks at it first."


async def test_one_that_nothing_serves(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    found = await told(school, await send(school, needs=[{"code": "housing"}]))
    assert found["facts"]["outcome"] == "unplaceable"
    assert found["facts"]["reasons"] == [{"code": "NEED", "services_count": 1}]
    assert "Of one service, one is for other needs." in found["paragraph"]
    assert found["expected_start"] is None


# Who is told.


async def test_only_the_parties_to_a_referral_are_told(api: Api, town: Town, lane: Database) -> None:
    referral = await send(api.as_(town.school))
    path = f"/v1/referrals/{referral['id']}/explanation"
    agency = await agency_of(lane, town)
    for stranger in (town.schools[1], agency):
        assert (await api.as_(stranger).get(path)).status_code == 404
    for provider in town.providers:
        assert (await api.as_(provider).get(path)).status_code == 403
    assert (await api.as_(town.officer).get(path)).status_code == 200
    assert (await api.as_(town.officer).get(f"/v1/referrals/{new_id()}/explanation")).status_code == 404
    elsewhere = await build_town(lane, name="Elsewhere (made up)")
    assert (await api.as_(elsewhere.officer).get(path)).status_code == 404


async def test_an_agency_is_told_of_its_own(api: Api, town: Town, lane: Database) -> None:
    agency = api.as_(await agency_of(lane, town))
    referral = await send(agency, school_urn="900001")
    assert "A free place is offered" in (await told(agency, referral))["paragraph"]


async def test_no_answer_to_a_school_tells_of_another_family(api: Api, town: Town) -> None:
    """Families of two schools with names found nowhere else: none of them is in what the other school is told."""
    marks: dict[int, list[str]] = {0: [], 1: []}
    own: dict[int, list[dict[str, Any]]] = {0: [], 1: []}
    for number, band in enumerate(("P4", "P2", "P3", "P1", "P4", "P2", "P3", "P1")):
        which = number % 2
        word = f"Quillfeather{number}x"
        referral = await send(
            api.as_(town.schools[which]), band=band, pupil__given_name=word, pupil__family_name=f"{word}son",
            sender_reference=f"guarded-{number}-reference",
        )  # fmt: skip
        marks[which] += [word, f"guarded-{number}-reference", referral["id"], referral["reference"]]
        own[which].append(referral)
    for which, referrals in own.items():
        texts = []
        for referral in referrals:
            answer = await api.as_(town.schools[which]).get(f"/v1/referrals/{referral['id']}/explanation")
            texts.append(answer.text)
            assert referral["reference"] in answer.text, "its own can be found: the search proves something"
        graph = await api.as_(town.schools[which]).graphql(
            "{ referrals { nodes { reference explanation { paragraph facts { outcome hold } aheadCount"
            " certificate { holderReferences } trigger } } } }"
        )
        assert "errors" not in graph, graph
        assert len(graph["data"]["referrals"]["nodes"]) == 4
        texts.append(orjson.dumps(graph).decode())
        for mark in marks[1 - which]:
            assert mark not in "\n".join(texts)


# The waiting list.


async def test_the_list_is_in_the_engines_order_and_its_pages_join(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    for moment in range(2):
        for band in ("P4", "P2", "P3", "P1", "P2"):
            await send(at(school, ACCEPTED_AT + timedelta(days=moment)), band=band)
    officer = at(api.as_(town.officer), ACCEPTED_AT + timedelta(days=2))
    rows = await waiting_list(officer)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["id"] for row in await waiting_list(officer, 3)] == [row["id"] for row in rows]
    async with lane.read(replace(town.officer, at=ACCEPTED_AT + timedelta(days=2))) as session:
        standing = await read_waiting_list(session)
    wants = [line.want for line in standing.lines]
    order = Order(standing.ground.policy, standing.ground.shares, standing.today)
    again = [want.referral_id for _, run in order.sorted(reversed(wants)) for want in run]
    assert [UUID(row["id"]) for row in rows] == again
    assert len(rows) == 8


async def test_the_long_stop_raises_and_is_shown(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    for _ in range(2):
        await send(at(school, ACCEPTED_AT))
    patient = await send(at(school, ACCEPTED_AT), band="P4")
    later = datetime(2027, 3, 1, 9, tzinfo=UTC)
    newer = await send(at(school, later), band="P3")
    rows = await waiting_list(at(api.as_(town.officer), later))
    assert [row["id"] for row in rows] == [patient["id"], newer["id"]]
    first = rows[0]
    assert (first["band"], first["effective_band"], first["long_stopped"]) == ("P4", "P3", True)
    assert first["effective_from"] == first["long_stop_on"] > first["banded_on"]
    assert first["waited_school_days"] > 50
    assert first["expected_start"]["method"] == "RANGE"
    found = await told(at(school, later), patient)
    assert "Because of how long it has waited, it now counts as band P3." in found["paragraph"]
    assert (found["facts"]["band"], found["facts"]["long_stopped"]) == ("P3", True)


async def test_each_band_is_told_its_start_in_its_own_form(api: Api, town: Town, lane: Database) -> None:
    moment = ACCEPTED_AT
    async with lane.write(town.officer) as session:
        writes = Writes()
        for number in range(6):
            for band in ("P2", "P4"):
                add_referral(
                    session, writes, town, band=band, received_at=datetime(2026, 9, 7, 9, tzinfo=UTC),
                    started_on=date(2026, 9, 14) + timedelta(days=number), closed_at=datetime(2026, 10, 30, tzinfo=UTC),
                )  # fmt: skip
        await writes.flush(session)
    school = at(api.as_(town.school), moment)
    for _ in range(2):
        await send(school)
    for band in ("P4", "P3", "P2", "P1"):
        await send(school, band=band)
    rows = await waiting_list(at(api.as_(town.officer), moment))
    starts = [row["expected_start"] for row in rows]
    assert [(row["band"], row["ahead_count"]) for row in rows] == [("P1", 0), ("P2", 1), ("P3", 2), ("P4", 3)]
    assert [start["method"] for start in starts] == ["DATE", "DATE", "RANGE", "POSITION"]
    assert starts[0]["earliest_on"] == starts[0]["latest_on"] <= starts[1]["earliest_on"]
    assert starts[2]["earliest_on"] < starts[2]["latest_on"], "the load of more urgent bands stretches it"
    assert (starts[3]["earliest_on"], starts[3]["latest_on"]) == (None, None), "never a date"
    assert (starts[3]["recent_low_school_days"], starts[3]["recent_high_school_days"]) == (5, 9)


async def test_few_starts_tell_nothing_of_single_families(api: Api, town: Town, lane: Database) -> None:
    async with lane.write(town.officer) as session:
        writes = Writes()
        for _ in range(4):
            add_referral(session, writes, town, band="P4")
        await writes.flush(session)
    school = at(api.as_(town.school), ACCEPTED_AT)
    for _ in range(2):
        await send(school)
    found = await told(school, await send(school, band="P4"))
    start = found["expected_start"]
    assert start["method"] == "POSITION"
    assert (start["recent_low_school_days"], start["recent_high_school_days"]) == (None, None)


async def test_a_cursor_of_another_list_or_shape_is_refused(api: Api, town: Town) -> None:
    school, officer = api.as_(town.school), api.as_(town.officer)
    for _ in range(2):
        await send(school)
    other = (await officer.get("/v1/referrals?limit=1")).json()["next_cursor"]
    earlier = cursors.dump(
        api.runtime.keys.ring().cursor_key,
        organisation_id=town.officer.organisation_id,
        list_name="list_waiting",
        position=["P2", "2026-11-02", "2026-11-02T09:00:00+00:00", str(new_id())],
    )
    for cursor in (other, earlier):
        answer = await officer.get(f"/v1/waiting-list?cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_rejected")


async def test_a_place_that_runs_late_is_not_told_as_free(api: Api, town: Town) -> None:
    for _ in range(2):
        await send(at(api.as_(town.school), ACCEPTED_AT))
    waiting = await send(at(api.as_(town.school), ACCEPTED_AT), band="P1")
    late = datetime(2027, 6, 1, 9, tzinfo=UTC)
    found = await told(at(api.as_(town.school), late), waiting)
    assert found["facts"]["offerable_places_count"] == 0
    assert found["facts"]["next_free_in_school_days"] == 1
    assert found["expected_start"]["earliest_on"] > "2027-06-01"


async def test_a_place_out_of_service_is_not_counted_on(api: Api, town: Town, lane: Database) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    for _ in range(2):
        await send(school)
    async with lane.write(town.officer) as session:
        writes = Writes()
        for place_id in town.places:
            writes.add(
                supply.place_out_of_service, id=new_id(), place_id=place_id, reason="Made up",
                provider_id=town.provider.organisation_id, starts_on=ACCEPTED_AT.date(), ends_on=date(2027, 1, 4),
            )  # fmt: skip
        await writes.flush(session)
    found = await told(school, await send(school, band="P1"))
    assert found["facts"]["next_free_in_school_days"] is None
    assert found["expected_start"]["earliest_on"] is None, "nothing is promised that nobody can know"


# The graph.


async def test_the_graph_says_what_rest_says(api: Api, town: Town, lane: Database) -> None:
    await add_block(lane, town, town.providers[1], places=1, area_codes=("south",))
    school, officer = at(api.as_(town.school), ACCEPTED_AT), at(api.as_(town.officer), ACCEPTED_AT)
    for band in ("P2", "P3", "P4", "P1", "P3"):
        await send(school, band=band)
    rows = await waiting_list(officer)
    graph = await officer.graphql(
        """{ waitingList(first: 2) { pageInfo { hasNextPage endCursor } nodes { recordId band school { name }
        explanation { paragraph aheadCount expectedStart { method earliestOn latestOn } certificate { capacity }
        facts { outcome servingPlacesCount reasons { code servicesCount } } policy { number } } } } }"""
    )
    assert "errors" not in graph, graph
    first = graph["data"]["waitingList"]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = await officer.graphql(
        "query ($after: String) { waitingList(after: $after) { pageInfo { hasNextPage } nodes { recordId } } }",
        after=first["pageInfo"]["endCursor"],
    )
    listed = [node["recordId"] for node in first["nodes"] + rest["data"]["waitingList"]["nodes"]]
    assert listed == [row["id"] for row in rows]
    assert rest["data"]["waitingList"]["pageInfo"]["hasNextPage"] is False
    for node, row in zip(first["nodes"], rows, strict=False):
        told_ = await told(officer, {"id": node["recordId"]})
        shown = node["explanation"]
        assert shown["paragraph"] == told_["paragraph"]
        assert shown["aheadCount"] == row["ahead_count"] == told_["ahead_count"]
        assert shown["expectedStart"]["earliestOn"] == row["expected_start"]["earliest_on"]
        assert shown["facts"]["reasons"] == [
            {"code": each["code"], "servicesCount": each["services_count"]} for each in told_["facts"]["reasons"]
        ]
    urgent = await officer.graphql('{ waitingList(band: ["P1"]) { nodes { band } } }')
    assert {node["band"] for node in urgent["data"]["waitingList"]["nodes"]} <= {"P1"}
    provider = await api.as_(town.provider).graphql("{ referrals { nodes { explanation { paragraph } } } }")
    assert all(node["explanation"] is None for node in provider["data"]["referrals"]["nodes"])
