import asyncpg

from app.schema import database_of
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.http import Api

STATED = {
    "urn": "900101",
    "name": "Thornbury Made-up Primary",
    "phase": "primary",
    "low_age": 4,
    "high_age": 11,
    "laestab": "9992101",
    "member_from": "2026-09-01",
}


def stated(town: Town, **changes: object) -> dict[str, object]:
    return {**STATED, "area_id": str(town.areas["north"]), **changes}


async def test_a_made_up_school_is_stated_in_full(api: Api, town: Town) -> None:
    contact = {"name": "Ada Sampleton", "phone": "01632 960001"}
    answer = await api.as_(town.officer).post("/v1/schools", stated(town, holiday_contact=contact))
    assert answer.status_code == 201, answer.text
    assert answer.json()["warnings"] == [
        "The national register does not have this URN: everything is as you stated it."
    ]
    read = (await api.as_(town.provider).get(answer.headers["location"])).json()
    assert read["area_name"] == "North"
    assert read["holiday_contact"]["phone"] == "01632 960001"
    assert read["member_until"] is None


async def test_a_school_of_the_register_is_known_by_its_urn(real_api: Api, real_town: Town, template: Template) -> None:
    owner_url = template.url(template.owner, database_of(real_api.runtime.database.url))
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        "INSERT INTO school_register (urn, laestab, la_code, la_name, name, status, phase, low_age, high_age, source)"
        " VALUES ('900301', '9982101', '998', 'Othershire', 'Registered School', 'closed', 'primary', 3, 11, 'test')"
    )
    await owner.close()
    officer = real_api.as_(real_town.officer)
    body = {"urn": "900301", "area_id": str(real_town.areas["north"]), "member_from": "2026-09-01"}
    answer = await officer.post("/v1/schools", {**body, "name": "Named otherwise"})
    assert answer.status_code == 201, answer.text
    school = answer.json()
    assert school["name"] == "Named otherwise"
    assert (school["laestab"], school["phase"], school["high_age"]) == ("9982101", "primary", 11)
    assert school["warnings"] == [
        "The national register lists this school as closed.",
        "The national register lists this school in Othershire.",
        "The LAESTAB's first three digits are not the code of a local authority we know.",
    ]


async def test_what_neither_the_register_nor_the_request_states_is_named(api: Api, town: Town) -> None:
    body = {"urn": "900102", "area_id": str(town.areas["north"]), "member_from": "2026-09-01"}
    answer = await api.as_(town.officer).post("/v1/schools", body)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/name", "/phase"}


async def test_facts_that_do_not_agree_are_refused_together(api: Api, town: Town) -> None:
    body = stated(town, low_age=12, member_until="2026-08-31", area_id="019a0000-0000-7000-8000-000000000001")
    answer = await api.as_(town.officer).post("/v1/schools", body)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/high_age", "/member_until", "/area_id"}


async def test_wrong_forms_and_unknown_fields_are_named(api: Api, town: Town) -> None:
    body = stated(town, urn="12345", laestab="999/2101", phase="junior", head="A", member_from=20260901)
    answer = await api.as_(town.officer).post("/v1/schools", body)
    codes = {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}
    assert codes == {
        "/urn": "not_a_urn",
        "/laestab": "not_a_laestab",
        "/phase": "unknown_phase",
        "/head": "unknown_field",
        "/member_from": "date",
    }


async def test_a_school_joins_once(api: Api, town: Town) -> None:
    answer = await api.as_(town.officer).post("/v1/schools", stated(town, urn="900001"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    same_name = await api.as_(town.officer).post("/v1/schools", stated(town, name="Marlow High (made up)"))
    assert same_name.status_code == 201


async def test_schools_are_found_by_area_phase_urn_and_date(api: Api, town: Town) -> None:
    caller = api.as_(town.school)
    gone = stated(town, member_from="2020-09-01", member_until="2021-08-31")
    assert (await api.as_(town.officer).post("/v1/schools", gone)).status_code == 201

    async def names(**query: str) -> list[str]:
        return [row["name"] for row in (await caller.get("/v1/schools", params=query)).json()["data"]]

    assert len(await names()) == 4
    assert await names(area_id=str(town.areas["south"])) == ["Ashdown Academy (made up)"]
    assert await names(phase="primary") == ["Thornbury Made-up Primary"]
    assert await names(urn="900002") == ["Marlow High (made up)"]
    assert "Thornbury Made-up Primary" in await names(member_on="2021-08-31")
    assert "Thornbury Made-up Primary" not in await names(member_on="2021-09-01")


async def test_schools_come_in_pages_that_miss_none(api: Api, town: Town) -> None:
    caller = api.as_(town.school)
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await caller.get("/v1/schools", params=params)).json()
        seen += [row["name"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Ashdown Academy (made up)", "Fernbank Primary (made up)", "Marlow High (made up)"]


async def test_only_the_authority_adds_schools_and_nobody_elsewhere_sees_them(api: Api, town: Town) -> None:
    for principal in (town.school, town.provider):
        assert (await api.as_(principal).post("/v1/schools", stated(town))).status_code == 403
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    path = f"/v1/schools/{town.school.organisation_id}"
    assert (await api.as_(elsewhere.officer).get(path)).status_code == 404
    # An area of another authority is no area here.
    answer = await api.as_(elsewhere.officer).post("/v1/schools", stated(town))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/area_id"]
    assert len((await api.as_(town.officer).get("/v1/schools")).json()["data"]) == 3
