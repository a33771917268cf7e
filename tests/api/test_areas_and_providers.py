from tests.factories.authority import Town, build_town
from tests.factories.http import Api

PROVIDER = {"name": "Tidewater Trust (made up)", "ukprn": "10012345", "contact": {"name": "Ada Sampleton"}}


async def test_an_area_is_added_read_and_listed_in_the_order_of_codes(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    answer = await officer.post("/v1/areas", {"code": "east", "name": "East", "lead_officer": "Ada Sampleton"})
    assert answer.status_code == 201, answer.text
    assert (await api.as_(town.school).get(answer.headers["location"])).json() == answer.json()
    listed = (await api.as_(town.provider).get("/v1/areas")).json()
    assert [area["code"] for area in listed["data"]] == ["east", "north", "south"]
    assert listed["next_cursor"] is None


async def test_areas_come_in_pages(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    first = await officer.get("/v1/areas?limit=1")
    assert [area["code"] for area in first.json()["data"]] == ["north"]
    assert 'rel="next"' in first.headers["link"]
    second = (await officer.get("/v1/areas", params={"limit": 1, "cursor": first.json()["next_cursor"]})).json()
    assert [area["code"] for area in second["data"]] == ["south"]
    assert second["next_cursor"] is None
    borrowed = await officer.get("/v1/providers", params={"cursor": first.json()["next_cursor"]})
    assert borrowed.json()["code"] == "cursor_rejected"


async def test_an_area_code_is_taken_once(api: Api, town: Town) -> None:
    answer = await api.as_(town.officer).post("/v1/areas", {"code": "north", "name": "Again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


async def test_a_retried_area_is_added_once(api: Api, town: Town) -> None:
    officer, body = api.as_(town.officer), {"code": "west", "name": "West"}
    first = await officer.post("/v1/areas", body, headers={"Idempotency-Key": "area-west"})
    again = await officer.post("/v1/areas", body, headers={"Idempotency-Key": "area-west"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()


async def test_only_the_authority_adds_areas_and_providers(api: Api, town: Town) -> None:
    for principal in (town.school, town.provider):
        caller = api.as_(principal)
        assert (await caller.post("/v1/areas", {"code": "west", "name": "West"})).status_code == 403
        assert (await caller.post("/v1/providers", PROVIDER)).status_code == 403
    officer = api.as_(town.officer)
    assert len((await officer.get("/v1/areas")).json()["data"]) == 2
    assert len((await officer.get("/v1/providers")).json()["data"]) == 2


async def test_a_provider_is_added_and_read(api: Api, town: Town) -> None:
    answer = await api.as_(town.officer).post("/v1/providers", PROVIDER)
    assert answer.status_code == 201, answer.text
    read = await api.as_(town.school).get(answer.headers["location"])
    assert read.json() == answer.json()
    assert read.json()["contact"]["name"] == "Ada Sampleton"
    tag = {"If-None-Match": read.headers["etag"]}
    assert (await api.as_(town.school).get(answer.headers["location"], headers=tag)).status_code == 304
    again = await api.as_(town.officer).post("/v1/providers", {"name": PROVIDER["name"].upper()})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def test_bad_fields_of_a_provider_are_named(api: Api, town: Town) -> None:
    body = {"name": "Tidewater", "ukprn": "123", "company_number": "x", "charity_no": "1"}
    answer = await api.as_(town.officer).post("/v1/providers", body)
    assert answer.status_code == 422
    faults = {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}
    assert faults == {"/ukprn": "not_a_ukprn", "/company_number": "wrong_format", "/charity_no": "unknown_field"}


async def test_another_authority_has_its_own_areas_and_providers(api: Api, town: Town) -> None:
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    stranger = api.as_(elsewhere.officer)
    assert (await stranger.get(f"/v1/areas/{town.areas['north']}")).status_code == 404
    assert (await stranger.get(f"/v1/providers/{town.provider.organisation_id}")).status_code == 404
    ids = {area["id"] for area in (await stranger.get("/v1/areas")).json()["data"]}
    assert ids.isdisjoint(str(one) for one in town.areas.values())
