"""What is owed: called to mind, overdue, escalated, each once for a due time; worklists; and what a note settles."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.clock import london_moment
from app.db import Database
from app.queries import due
from app.services.business_clock import run_due
from tests.api.test_deemed_acceptance import read
from tests.api.test_escalation import run_out, sent
from tests.factories.authority import Town, add_block
from tests.factories.casework import ACCEPTED_AT, CaseIds, accepted_case, at, contact, started, worker
from tests.factories.events import told_of
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

MARKS = ("reminded_at", "overdue_at", "escalated_at")


@pytest.fixture
async def case(api: Api, town: Town, lane: Database) -> CaseIds:
    """A case accepted on Monday 2 November; the clock stands at that moment."""
    found = await accepted_case(api, town)
    async with lane.write(town.officer) as session:
        await due.set_ran_to(session, ACCEPTED_AT)
    return found


async def run_to(database: Database, town: Town, moment: datetime) -> None:
    await run_due(database, replace(town.officer, at=moment))


async def owed(api: Api, town: Town, kind: str, **filters: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in {"kind": kind, **filters}.items())
    (row,) = (await read(api.as_(town.officer), f"/v1/obligations?{query}"))["data"]
    return row


async def told_at(database: Database, town: Town, kind: str) -> list[tuple[str, datetime]]:
    async with database.read(town.officer) as session:
        rows = await session.rows(
            "SELECT type, occurred_at, data FROM event WHERE type LIKE 'obligation.%' ORDER BY occurred_at, type"
        )
    return [(row["type"], row["occurred_at"]) for row in rows if orjson.loads(row["data"])["kind"] == kind]


def nine(day: date) -> datetime:
    return london_moment(day, 9)


def five(day: date) -> datetime:
    return london_moment(day, 17)


async def test_a_debt_is_called_to_mind_then_overdue_then_escalated(
    api: Api, town: Town, lane: Database, case: CaseIds
) -> None:
    # Five school days from Monday 2 November: Monday 9; reminded on Friday 6; escalated on Wednesday 11.
    await run_to(lane, town, datetime(2026, 11, 20, tzinfo=UTC))
    row = await owed(api, town, "initial_contact")
    monday = date(2026, 11, 9)
    times = [nine(date(2026, 11, 6)), five(monday), five(date(2026, 11, 11))]
    assert [datetime.fromisoformat(row[name]) for name in MARKS] == times
    assert datetime.fromisoformat(row["due_at"]) == five(monday)
    assert await told_at(lane, town, "initial_contact") == list(
        zip(("obligation.due_soon", "obligation.overdue", "obligation.escalated"), times, strict=True)
    )
    for name in ("due_soon", "overdue", "escalated"):
        assert await told_of(lane, town, f"obligation.{name}") == {"officer": 1, "provider": 1}
    async with lane.read(town.officer) as session:
        data = orjson.loads(await session.value("SELECT data FROM event WHERE type = 'obligation.escalated'"))
        versions = [row[0] for row in await session.rows(
            "SELECT subject_version FROM event WHERE type LIKE 'obligation.%' ORDER BY occurred_at"
        )]  # fmt: skip
    assert data["area_id"] == str(town.areas["north"])
    assert versions == [2, 3, 4]
    await run_to(lane, town, datetime(2026, 12, 1, tzinfo=UTC))
    assert len(await told_at(lane, town, "initial_contact")) == 3


async def test_what_is_done_in_time_is_never_told(api: Api, town: Town, lane: Database, case: CaseIds) -> None:
    await run_to(lane, town, datetime(2026, 11, 3, 16, tzinfo=UTC))
    provider = worker(api, town, datetime(2026, 11, 3, 17, tzinfo=UTC))
    await provider.post(f"{case.path}/safety", {"safe_contact": True, "visit_risks": True})
    assert (await provider.post(f"{case.path}/contacts", contact())).status_code == 201
    await run_to(lane, town, datetime(2026, 11, 20, tzinfo=UTC))
    assert await told_at(lane, town, "initial_contact") == []


async def test_one_that_is_put_off_is_told_of_anew(api: Api, town: Town, lane: Database, case: CaseIds) -> None:
    await started(api, town, case)
    before = await owed(api, town, "closure", state="open")
    due_at = datetime.fromisoformat(before["due_at"])
    # Reminded of the first end, then extended on that day, and reminded of the second.
    await run_to(lane, town, due_at - timedelta(hours=30))
    first = datetime.fromisoformat((await owed(api, town, "closure"))["reminded_at"])
    async with lane.write(town.officer) as session:
        await session.run("UPDATE intervention SET planned_end_on = planned_end_on WHERE id = $1", case.intervention_id)
    early = worker(api, town, due_at - timedelta(days=12))
    answer = await early.post(f"{case.path}/extend", {"weeks": 1, "reason": "Two visits were missed."})
    assert answer.status_code == 200, answer.text
    after = await owed(api, town, "closure")
    assert after["due_at"] > before["due_at"]
    assert (after["version"], after["put_off_at"] is None) == (before["version"] + 2, False)
    await run_to(lane, town, datetime.fromisoformat(after["due_at"]) + timedelta(days=14))
    told = await told_at(lane, town, "closure")
    assert [name for name, _ in told] == [
        "obligation.due_soon", "obligation.due_soon", "obligation.overdue", "obligation.escalated",
    ]  # fmt: skip
    assert told[0][1] == first < told[1][1] < told[2][1]


async def test_an_urgent_debt_of_hours_waits_for_no_holiday(api: Api, town: Town, lane: Database) -> None:
    """A P1 offer over the first weekend of the Christmas holiday, and the look that officers owe after it."""
    friday = datetime(2026, 12, 18, 10, tzinfo=UTC)
    async with lane.write(town.officer) as session:
        await due.set_ran_to(session, friday)
    posted = await at(api.as_(town.school), friday).post("/v1/referrals", referral_body(band="P1"), headers=key())
    assert posted.json()["state"] == "offered"
    await run_to(lane, town, datetime(2026, 12, 22, tzinfo=UTC))
    monday = five(date(2026, 12, 21))
    row = await owed(api, town, "answer_offer")
    assert datetime.fromisoformat(row["due_at"]) == monday
    # One working day before Monday is Friday at nine, when it was not yet owed: nobody is reminded.
    assert row["reminded_at"] is None
    assert row["escalated_at"] is None
    look = await owed(api, town, "place_referral")
    assert datetime.fromisoformat(look["due_at"]) == monday + timedelta(hours=4)
    assert datetime.fromisoformat(look["reminded_at"]) == monday + timedelta(hours=3)
    await run_to(lane, town, datetime(2026, 12, 22, 3, tzinfo=UTC))
    look = await owed(api, town, "place_referral")
    assert datetime.fromisoformat(look["escalated_at"]) == monday + timedelta(hours=8)


async def test_met_late_counts_as_late_though_the_clock_stood_still(
    api: Api, town: Town, lane: Database, case: CaseIds
) -> None:
    """Due on a Monday and met on the Tuesday, with the clock down since the Friday before."""
    provider = worker(api, town, datetime(2026, 11, 10, 12, tzinfo=UTC))
    await provider.post(f"{case.path}/safety", {"safe_contact": True, "visit_risks": True})
    held = contact(held_at="2026-11-10T10:00:00Z")
    assert (await provider.post(f"{case.path}/contacts", held)).status_code == 201
    await run_to(lane, town, datetime(2026, 11, 13, tzinfo=UTC))
    row = await owed(api, town, "initial_contact")
    assert datetime.fromisoformat(row["overdue_at"]) == five(date(2026, 11, 9))
    assert row["escalated_at"] is None, "it was met before that"
    assert [name for name, _ in await told_at(lane, town, "initial_contact")] == [
        "obligation.due_soon", "obligation.overdue",
    ]  # fmt: skip


async def twice_unanswered(api: Api, town: Town, lane: Database) -> dict[str, Any]:
    await add_block(lane, town, town.providers[1], places=1)
    referral = await sent(api, town)
    await run_out(api, town, referral)
    await run_out(api, town, referral)
    return referral


NOTE = {"note": "Rang the second provider.", "officer": {"name": "Robin Exemplar", "role": "lead officer"}}


async def test_a_lead_officer_notes_what_was_done(api: Api, town: Town, lane: Database) -> None:
    referral = await twice_unanswered(api, town, lane)
    officer = api.as_(town.officer)
    row = await owed(api, town, "lead_officer_action", state="open")
    path = f"/v1/obligations/{row['id']}"
    assert (row["referral_id"], row["settled_by"][0]) == (referral["id"], "mark_obligation_done")
    one = await officer.get(path)
    assert one.json() == row
    tag = one.headers["etag"]
    assert (await officer.get(path, headers={"If-None-Match": tag})).status_code == 304
    stale = await officer.post(f"{path}/done", NOTE, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    retry = key()
    done = await officer.post(f"{path}/done", NOTE, headers={"If-Match": tag, **retry})
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["done"]) == ("met", NOTE)
    again = await officer.post(f"{path}/done", NOTE, headers={"If-Match": tag, **retry})
    assert (again.json(), again.headers["idempotency-replayed"]) == (done.json(), "true")
    assert await told_of(lane, town, "obligation.done") == {"officer": 1}
    settled = await officer.post(f"{path}/done", NOTE)
    assert (settled.status_code, settled.json()["detail"]) == (409, "The obligation is met already.")


async def test_a_note_settles_nothing_that_has_an_act(api: Api, town: Town, lane: Database, case: CaseIds) -> None:
    await twice_unanswered(api, town, lane)
    officer = api.as_(town.officer)
    row = await owed(api, town, "place_referral", state="open")
    answer = await officer.post(f"/v1/obligations/{row['id']}/done", NOTE)
    assert answer.status_code == 409
    for act in ("override_allocation", "release_referral", "accept_allocation"):
        assert act in answer.json()["detail"]
    theirs = await owed(api, town, "initial_contact")
    assert (await officer.post(f"/v1/obligations/{theirs['id']}/done", NOTE)).status_code == 409
    assert await told_of(lane, town, "obligation.done") == {}
    for body in ({}, {"note": ""}, {**NOTE, "note": "x" * 5001}, {"note": "x"}, {**NOTE, "more": 1}):
        assert (await officer.post(f"/v1/obligations/{row['id']}/done", body)).status_code == 422
    assert (await officer.post(f"/v1/obligations/{case.referral_id}/done", NOTE)).status_code == 404
    for caller in (town.provider, town.school):
        assert (await api.as_(caller).get(f"/v1/obligations/{row['id']}")).status_code == 404
        assert (await api.as_(caller).post(f"/v1/obligations/{row['id']}/done", NOTE)).status_code == 403


async def test_worklists_are_filtered(api: Api, town: Town, lane: Database, case: CaseIds) -> None:
    other = await at(api.as_(town.school), ACCEPTED_AT).post("/v1/referrals", referral_body(), headers=key())
    offered = other.json()
    await run_to(lane, town, datetime(2026, 11, 20, tzinfo=UTC))
    officer, provider = api.as_(town.officer), api.as_(town.provider)

    async def kinds(caller: Any, query: str) -> list[str]:
        rows = (await read(caller, f"/v1/obligations?{query}"))["data"]
        assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)
        return [row["kind"] for row in rows]

    assert await kinds(provider, "") == ["answer_offer", "answer_offer", "initial_contact"]
    for caller in (officer, provider):
        assert await kinds(caller, f"referral_id={case.referral_id}") == ["answer_offer", "initial_contact"]
    # What it was only offered, a provider cannot find by the referral.
    assert await kinds(officer, f"referral_id={offered['id']}") == ["answer_offer", "place_referral"]
    assert await kinds(provider, f"referral_id={offered['id']}") == []
    assert await kinds(provider, f"subject_id={case.intervention_id}") == ["initial_contact"]
    assert await kinds(officer, "state=escalated") == ["place_referral", "initial_contact"]
    assert await kinds(officer, f"state=escalated&area_id={town.areas['north']}") == [
        "place_referral",
        "initial_contact",
    ]
    assert await kinds(officer, f"state=escalated&area_id={town.areas['south']}") == []
    assert await kinds(officer, "kind=initial_contact&due_before=2026-11-09T17:00:00Z") == []
    assert await kinds(officer, "kind=initial_contact&due_before=2026-11-09T17:00:01Z") == ["initial_contact"]
    assert await kinds(api.as_(town.schools[1]), "") == []
    for query in ("kind=unknown", "state=done", "area_id=x", "due_before=2026-11-09", "due_before=yesterday"):
        assert (await officer.get(f"/v1/obligations?{query}")).status_code == 422, query


async def test_an_unchanged_worklist_is_a_304(api: Api, town: Town, case: CaseIds) -> None:
    provider = api.as_(town.provider)
    first = await provider.get("/v1/obligations")
    tag = {"If-None-Match": first.headers["etag"]}
    again = await provider.get("/v1/obligations", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    await started(api, town, case)
    assert (await provider.get("/v1/obligations", headers=tag)).status_code == 200


LIST = """query ($state: ObligationState, $kind: String, $referral: ID, $area: ID, $due: DateTime) {
  obligations(state: $state, kind: $kind, referral: $referral, area: $area, dueBefore: $due) { nodes {
    recordId version kind subjectKind subjectId clock createdAt dueAt putOffAt remindedAt overdueAt escalatedAt metAt
    cancelledAt done owedBy { recordId } referral { id recordId } intervention { recordId } } } }"""


async def test_the_graph_lists_the_same(api: Api, town: Town, lane: Database, case: CaseIds) -> None:
    await at(api.as_(town.school), ACCEPTED_AT).post("/v1/referrals", referral_body(), headers=key())
    await run_to(lane, town, datetime(2026, 11, 20, tzinfo=UTC))
    for who in (town.officer, town.provider, town.schools[1]):
        caller = api.as_(who)
        asked = await caller.graphql(LIST)
        nodes = asked["data"]["obligations"]["nodes"]
        rows = (await read(caller, "/v1/obligations"))["data"]
        assert [node["recordId"] for node in nodes] == [row["id"] for row in rows]
        for node, row in zip(nodes, rows, strict=True):
            assert node["kind"] == row["kind"]
            assert node["version"] == row["version"]
            assert node["owedBy"]["recordId"] == row["owed_by_id"]
            for edge, name in (("referral", "referral_id"), ("intervention", "intervention_id")):
                assert (node[edge] and node[edge]["recordId"]) == row[name], (row["kind"], edge)
    officer = api.as_(town.officer)
    everything = (await officer.graphql(LIST))["data"]["obligations"]["nodes"]
    referral = next(node["referral"]["id"] for node in everything if node["kind"] == "initial_contact")

    async def kinds(**variables: Any) -> list[str]:
        answer = await officer.graphql(LIST, **variables)
        return [node["kind"] for node in answer["data"]["obligations"]["nodes"]]

    assert await kinds(referral=referral) == ["answer_offer", "initial_contact"]
    assert await kinds(state="ESCALATED", kind="initial_contact") == ["initial_contact"]
    areas = await officer.graphql("{ areas { edges { node { id recordId } } } }")
    ids = {edge["node"]["recordId"]: edge["node"]["id"] for edge in areas["data"]["areas"]["edges"]}
    assert await kinds(kind="initial_contact", area=ids[str(town.areas["north"])]) == ["initial_contact"]
    assert await kinds(kind="initial_contact", area=ids[str(town.areas["south"])]) == []
