"""The audit trail: appended by acts and by reads, never changed, read by the authority alone."""

from dataclasses import replace

import pytest

from app.db import Database
from app.errors import InvariantBroken
from app.ids import new_id
from app.services import audit
from tests.factories.authority import Town, build_town
from tests.factories.http import Api


async def test_a_read_leaves_one_line_with_names_of_fields(api: Api, town: Town, lane: Database) -> None:
    referral_id = new_id()
    caller = replace(town.school, request_id="abc123")
    await audit.record(lane, caller, "get_referral", "referral", referral_id, ["upn", "family_name"])
    answer = await api.as_(town.officer).get("/v1/audit")
    (entry,) = answer.json()["data"]
    assert entry.pop("id")
    assert entry.pop("recorded_at")
    assert entry == {
        "organisation_id": str(town.school.organisation_id),
        "client_id": str(town.school.client_id),
        "action": "get_referral",
        "subject_kind": "referral",
        "subject_id": str(referral_id),
        "fields": ["family_name", "upn"],
        "request_id": "abc123",
    }


async def test_acts_on_clients_are_on_the_trail(api: Api, town: Town) -> None:
    body = {"organisation_id": str(town.school.organisation_id), "name": "MIS", "scopes": ["referrals.read"]}
    made = await api.as_(town.officer).post("/v1/clients", body, headers={"X-Request-Id": "made-here"})
    client_id = made.json()["id"]
    await api.as_(town.officer).post(f"/v1/clients/{client_id}/rotate-secret", {})
    await api.as_(town.officer).post(f"/v1/clients/{client_id}/revoke")
    entries = (await api.as_(town.officer).get(f"/v1/audit?subject_id={client_id}")).json()["data"]
    assert [entry["action"] for entry in entries] == ["revoke_client", "rotate_client_secret", "create_client"]
    assert entries[-1]["request_id"] == "made-here"


async def test_a_refused_act_leaves_no_line(api: Api, town: Town) -> None:
    body = {"organisation_id": str(town.school.organisation_id), "name": "MIS", "scopes": ["outcomes.read"]}
    assert (await api.as_(town.officer).post("/v1/clients", body)).status_code == 422
    assert (await api.as_(town.officer).get("/v1/audit")).json()["data"] == []


async def test_pages_go_back_in_time_and_repeat_nothing(api: Api, town: Town, lane: Database) -> None:
    for index in range(5):
        await audit.record(lane, town.school, f"act_{index}", "referral", None)
    officer, seen, cursor = api.as_(town.officer), [], ""
    while True:
        page = (await officer.get(f"/v1/audit?limit=2{cursor}")).json()
        seen += [entry["action"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        await audit.record(lane, town.school, "act_late", "referral", None)
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["act_4", "act_3", "act_2", "act_1", "act_0"]


async def test_filters_narrow_the_list(api: Api, town: Town, lane: Database) -> None:
    subject = new_id()
    await audit.record(lane, town.school, "get_referral", "referral", subject)
    await audit.record(lane, town.provider, "get_referral", "referral", subject)
    await audit.record(lane, town.provider, "list_referrals", "referral", None)
    for query, count in (
        (f"subject_id={subject}", 2),
        (f"organisation_id={town.provider.organisation_id}", 2),
        (f"client_id={town.school.client_id}", 1),
        (f"subject_id={subject}&organisation_id={town.provider.organisation_id}", 1),
        ("action=list_referrals", 1),
        (f"subject_id={new_id()}", 0),
    ):
        assert len((await api.as_(town.officer).get(f"/v1/audit?{query}")).json()["data"]) == count, query


async def test_only_the_authority_reads_it_and_only_its_own(api: Api, town: Town, lane: Database) -> None:
    await audit.record(lane, town.school, "get_referral", "referral", None)
    for caller in (town.school, town.provider):
        assert (await api.as_(caller).get("/v1/audit")).status_code == 403
    elsewhere = await build_town(lane, name="Othershire (made up)")
    assert (await api.as_(elsewhere.officer).get("/v1/audit")).json()["data"] == []


async def test_a_line_is_never_changed_or_taken_out(town: Town, lane: Database) -> None:
    await audit.record(lane, town.school, "get_referral", "referral", None)
    for sql in ("UPDATE audit_entry SET action = 'nothing'", "DELETE FROM audit_entry"):
        with pytest.raises(InvariantBroken):
            async with lane.write(town.officer) as session:
                await session.run(sql)


async def test_no_line_can_be_written_in_anothers_name(town: Town, lane: Database) -> None:
    with pytest.raises(InvariantBroken):
        async with lane.write(town.school) as session:
            await session.run(
                "INSERT INTO audit_entry"
                " (authority_id, id, recorded_at, organisation_id, client_id, action, subject_kind)"
                " VALUES ($1, $2, $3, $4, $5, 'get_referral', 'referral')",
                town.school.authority_id,
                new_id(),
                session.now,
                town.provider.organisation_id,
                town.school.client_id,
            )


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "subject_id=x", "cursor=forged", "action="])
async def test_bad_queries_are_refused(api: Api, town: Town, query: str) -> None:
    assert (await api.as_(town.officer).get(f"/v1/audit?{query}")).status_code in (400, 422)
