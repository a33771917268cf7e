from typing import Any

from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api


def offered(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "provider_id": str(town.provider.organisation_id),
        "name": "Evening course for parents",
        "summary": "Six evenings.",
        "pamphlet": "# Evenings\n\nMade up.",
        "tier": "targeted",
        "needs": ["attendance", "parenting_support"],
        "key_stages": ["KS1", "KS2"],
        "languages": ["ENG"],
        "modes": ["school"],
        **changes,
    }


async def statuses(api: Api, caller: Any) -> dict[str, str]:
    rows = (await api.as_(caller).get("/v1/services")).json()["data"]
    return {row["id"]: row["capacity_status"] for row in rows}


async def test_a_service_is_added_and_read_with_whom_it_is_for(api: Api, town: Town) -> None:
    answer = await api.as_(town.officer).post("/v1/services", offered(town))
    assert answer.status_code == 201, answer.text
    read = await api.as_(town.school).get(answer.headers["location"])
    assert read.json()["pamphlet"] == "# Evenings\n\nMade up."
    assert (read.json()["standard_weeks"], read.json()["format"]) == (6, "casework")
    assert read.json()["eligibility"].startswith("For families of children in key stage 1 or key stage 2")
    assert read.json()["capacity_status"] == "not_available"


async def test_a_school_reads_whether_a_family_could_start(api: Api, town: Town) -> None:
    database, service = api.runtime.database, str(town.services[0])
    assert (await statuses(api, town.school))[service] == "places_free"
    officer = api.as_(town.officer)
    cut = {"places": 0, "effective_on": await today(api, town), "reason": "Staff leave."}
    assert (await officer.post(f"/v1/lots/{town.lots[0]}/capacity-changes", cut)).status_code == 201
    assert (await statuses(api, town.school))[service] == "waiting"
    # A lot in the south alone, free: for a school there, and not for one in the north.
    await add_block(database, town, town.providers[1], places=1, area_codes=("south",))
    southern = str(town.services[1])
    north, south = town.schools[0], town.schools[2]
    assert (await statuses(api, south))[southern] == "places_free"
    assert (await statuses(api, north))[southern] == "not_available"
    assert (await statuses(api, town.officer))[southern] == "places_free"
    # No volume left: a place may be free, but nobody can start.
    await add_block(database, town, town.providers[1], places=1, volume=0)
    assert (await statuses(api, north))[str(town.services[2])] == "waiting"


async def test_a_read_tells_by_its_tag_when_capacity_changed(api: Api, town: Town) -> None:
    school, path = api.as_(town.school), f"/v1/services/{town.services[0]}"
    first = await school.get(path)
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await school.get(path, headers=tag)).status_code == 304
    cut = {"places": 0, "effective_on": await today(api, town), "reason": "Staff leave."}
    await api.as_(town.officer).post(f"/v1/lots/{town.lots[0]}/capacity-changes", cut)
    second = await school.get(path, headers=tag)
    assert (second.status_code, second.json()["capacity_status"]) == (200, "waiting")
    # The service itself has not changed, so the older tag still serves for a change.
    changed = await api.as_(town.officer).patch(path, {"name": "Renamed"}, headers={"If-Match": first.headers["etag"]})
    assert changed.status_code == 200, changed.text


async def test_services_are_found_by_need_key_stage_tier_and_provider(api: Api, town: Town) -> None:
    made = (await api.as_(town.officer).post("/v1/services", offered(town, tier="universal"))).json()["id"]

    async def ids(**query: str) -> set[str]:
        return {row["id"] for row in (await api.as_(town.school).get("/v1/services", params=query)).json()["data"]}

    assert await ids(tier="universal") == {made}
    assert await ids(need="behaviour_at_school") == {str(town.services[0])}
    assert await ids(key_stage="KS4") == {str(town.services[0])}
    assert await ids(provider_id=str(town.providers[1].organisation_id)) == set()
    unknown = await api.as_(town.school).get("/v1/services?need=luck")
    assert unknown.json()["errors"][0]["pointer"] == "/query/need"


async def test_a_provider_rewords_its_service_but_not_what_was_commissioned(api: Api, town: Town) -> None:
    provider, path = api.as_(town.provider), f"/v1/services/{town.services[0]}"
    tag = {"If-Match": '"1"'}
    assert (await provider.patch(path, {"tier": "specialist"}, headers=tag)).status_code == 403
    assert (await provider.get(path)).json()["tier"] == "targeted"
    answer = await provider.patch(path, {"pamphlet": "# New", "languages": ["ENG"]}, headers=tag)
    assert (answer.status_code, answer.json()["pamphlet"], answer.json()["languages"]) == (200, "# New", ["ENG"])
    assert (await provider.patch(path, {"pamphlet": "# Newer"}, headers=tag)).status_code == 412
    assert (await provider.patch(path, {"pamphlet": "# Newer"})).status_code == 428
    officer = await api.as_(town.officer).patch(path, {"tier": "specialist"}, headers={"If-Match": '"2"'})
    assert (officer.status_code, officer.json()["tier"]) == (200, "specialist")


async def test_services_are_not_added_or_changed_by_others(api: Api, town: Town) -> None:
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    path, tag = f"/v1/services/{town.services[0]}", {"If-Match": '"1"'}
    for principal in (town.school, town.provider):
        assert (await api.as_(principal).post("/v1/services", offered(town))).status_code == 403
    assert (await api.as_(town.school).patch(path, {"name": "X"}, headers=tag)).status_code == 403
    assert (await api.as_(town.providers[1]).patch(path, {"name": "X"}, headers=tag)).status_code == 404
    assert (await api.as_(elsewhere.officer).get(path)).status_code == 404
    assert (await api.as_(elsewhere.officer).patch(path, {"name": "X"}, headers=tag)).status_code == 404
    # A provider of another authority is no provider here.
    answer = await api.as_(elsewhere.officer).post("/v1/services", offered(town))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/provider_id"]
    rows = (await api.as_(town.school).get("/v1/services")).json()["data"]
    assert [row["name"] for row in rows] == ["Family support at home"]


async def test_bad_fields_are_named(api: Api, town: Town) -> None:
    body = offered(
        town,
        tier="golden",
        needs=["attendance", "luck"],
        key_stages=[],
        languages=["eng"],
        modes=["home", "home"],
        standard_weeks="six",
        pamphlet_url="http://plain.example",
        price=1,
    )
    answer = await api.as_(town.officer).post("/v1/services", body)
    assert answer.status_code == 422
    assert {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]} == {
        "/tier": "unknown_value",
        "/needs/1": "unknown_need",
        "/key_stages": "too_few",
        "/languages/0": "unknown_language",
        "/modes": "repeated",
        "/standard_weeks": "not_a_whole_number",
        "/pamphlet_url": "wrong_format",
        "/price": "unknown_field",
    }


async def today(api: Api, town: Town) -> str:
    async with api.runtime.database.read(town.officer) as session:
        return session.today.isoformat()
