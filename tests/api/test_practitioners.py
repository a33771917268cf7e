from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api

NEW = {"name": "Robin Sampleton", "caseload_limit": 10, "languages": ["ENG", "POL"], "key_stages": ["KS1"]}


async def test_a_provider_keeps_its_own_staff(api: Api, town: Town) -> None:
    provider = api.as_(town.provider)
    answer = await provider.post("/v1/practitioners", {**NEW, "area_ids": [str(town.areas["north"])]})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["provider_id"] == str(town.provider.organisation_id)
    assert (made["active"], made["caseload_count"], made["languages"]) == (True, 0, ["ENG", "POL"])
    path = answer.headers["location"]
    changed = await provider.patch(
        path, {"caseload_limit": 4, "active": False, "email": None}, headers={"If-Match": answer.headers["etag"]}
    )
    assert changed.status_code == 200, changed.text
    assert (changed.json()["caseload_limit"], changed.json()["active"], changed.json()["version"]) == (4, False, 2)
    assert changed.json()["name"] == "Robin Sampleton"
    active = (await provider.get("/v1/practitioners?active=true")).json()["data"]
    assert [row["name"] for row in active] == ["Sam Sampleton (made up)"]


async def test_a_change_needs_the_version_that_was_read(api: Api, town: Town) -> None:
    provider = api.as_(town.provider)
    path = f"/v1/practitioners/{town.practitioners[0]}"
    read = await provider.get(path)
    assert (await provider.patch(path, {"caseload_limit": 3})).status_code == 428
    assert (await provider.patch(path, {"caseload_limit": 3}, headers={"If-Match": '"9"'})).status_code == 412
    tag = {"If-Match": read.headers["etag"]}
    assert (await provider.patch(path, {"caseload_limit": 3}, headers=tag)).status_code == 200
    assert (await provider.patch(path, {"caseload_limit": 5}, headers=tag)).status_code == 412
    assert (await provider.get(path)).json()["caseload_limit"] == 3


async def test_bad_fields_are_named(api: Api, town: Town) -> None:
    body = {
        "name": "",
        "caseload_limit": 500,
        "languages": ["ENG", "XXXX"],
        "key_stages": ["KS9"],
        "area_ids": ["north"],
        "dbs_checked_on": "soon",
        "rank": 1,
    }
    answer = await api.as_(town.provider).post("/v1/practitioners", body)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/name",
        "/caseload_limit",
        "/languages/1",
        "/key_stages/0",
        "/area_ids/0",
        "/dbs_checked_on",
        "/rank",
    }
    unknown = {**NEW, "area_ids": ["019a0000-0000-7000-8000-000000000001"]}
    answer = await api.as_(town.provider).post("/v1/practitioners", unknown)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/area_ids/0"]
    path, tag = f"/v1/practitioners/{town.practitioners[0]}", {"If-Match": '"1"'}
    for change in ({}, {"name": None}, {"caseload_limit": True}, {"active": "no"}):
        assert (await api.as_(town.provider).patch(path, change, headers=tag)).status_code == 422, change


async def test_nobody_else_sees_or_changes_a_providers_staff(api: Api, town: Town) -> None:
    await add_block(api.runtime.database, town, town.providers[1], places=1)
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    path, tag = f"/v1/practitioners/{town.practitioners[0]}", {"If-Match": '"1"'}
    for principal in (town.providers[1], elsewhere.provider):
        caller = api.as_(principal)
        assert (await caller.get(path)).status_code == 404
        assert (await caller.patch(path, {"caseload_limit": 0}, headers=tag)).status_code == 404
        ids = [row["id"] for row in (await caller.get("/v1/practitioners")).json()["data"]]
        assert str(town.practitioners[0]) not in ids
    assert (await api.as_(town.school).get("/v1/practitioners")).status_code == 403
    officer = api.as_(town.officer)
    assert (await officer.patch(path, {"caseload_limit": 0}, headers=tag)).status_code == 403
    assert (await officer.post("/v1/practitioners", NEW)).status_code == 403
    assert (await officer.get(path)).json()["caseload_limit"] == 12
    assert len((await officer.get("/v1/practitioners")).json()["data"]) == 2
