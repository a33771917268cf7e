"""Days and counts for systems that do not count themselves."""

from datetime import UTC, datetime

import pytest

from tests.api.test_calendars import NEW, PATH, calendar
from tests.factories.authority import Town, build_town
from tests.factories.casework import at
from tests.factories.http import Api

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def loaded(api: Api, town: Town) -> Town:
    closures = [
        {"on": "2026-11-27", "kind": "inset", "name": "Training day"},
        {"on": "2027-06-18", "kind": "bank_holiday", "name": "Proclaimed"},
    ]
    assert (await api.as_(town.officer).put(PATH, calendar(closures=closures), headers=NEW)).status_code == 200
    training = {"training_days": [{"on": "2026-11-23", "name": "Ours"}]}
    own = f"/v1/schools/{town.school.organisation_id}/calendar/2026-27"
    assert (await api.as_(town.school).put(own, training, headers=NEW)).status_code == 200
    return town


async def test_days_say_whether_schools_are_open_and_why_not(api: Api, loaded: Town) -> None:
    portal = api.as_(loaded.provider)
    answer = await portal.get("/v1/calendar/days?from=2026-12-17&to=2027-01-04")
    assert answer.status_code == 200, answer.text
    by_date = {day["on"]: day for day in answer.json()["data"]}
    assert len(by_date) == 19
    assert by_date["2026-12-18"] == {
        "on": "2026-12-18",
        "is_school_day": True,
        "is_working_day": True,
        "shut": None,
        "half_term": 2,
        "academic_year": "2026/27",
    }
    shut = {
        "2026-12-19": "weekend",
        "2026-12-25": "bank_holiday",
        "2026-12-29": "holiday",
        "2026-12-28": "bank_holiday",
    }
    assert {on: by_date[on]["shut"] for on in shut} == shut
    assert by_date["2026-12-29"]["is_working_day"] is True
    assert by_date["2026-12-29"]["half_term"] is None
    again = await portal.get(
        "/v1/calendar/days?from=2026-12-17&to=2027-01-04", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_a_school_is_counted_in_its_own_days(api: Api, loaded: Town) -> None:
    portal = api.as_(loaded.provider)
    school = f"&school_id={loaded.school.organisation_id}"
    days = "/v1/calendar/days?from=2026-11-23&to=2026-11-27"
    common, own = [(await portal.get(days + whose)).json()["data"] for whose in ("", school)]
    assert [day["shut"] for day in common] == [None, None, None, None, "inset"]
    assert [day["shut"] for day in own] == ["inset", None, None, None, None]
    assert [day["is_working_day"] for day in own] == [True] * 5
    other = f"&school_id={loaded.schools[1].organisation_id}"
    assert (await portal.get(days + other)).json()["data"] == common


@pytest.mark.parametrize(
    ("query", "on"),
    [
        ("from=2026-11-23&days=30", "2027-01-19"),  # six school weeks, over a training day and Christmas
        ("from=2026-10-19&days=30", "2026-12-08"),  # and over a half-term
        ("from=2026-11-26&days=1", "2026-11-30"),
        ("from=2026-11-26&days=1&clock=working_day", "2026-11-27"),
        ("from=2026-11-30&days=-1", "2026-11-26"),
        ("from=2026-11-22&days=0", "2026-11-23"),
        ("from=2027-06-17&days=1&clock=working_day", "2027-06-21"),
        ("days=1", "2026-11-23"),
        ("", "2026-11-23"),
    ],
)
async def test_adding(api: Api, loaded: Town, query: str, on: str) -> None:
    answer = await at(api.as_(loaded.school), SUNDAY).get(f"/v1/calendar/add?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["ends_on"] == on
    counted = answer.json()
    if counted["days"] > 0:
        back = await api.as_(loaded.school).get(
            f"/v1/calendar/between?from={counted['starts_on']}&to={on}&clock={counted['clock']}"
        )
        assert back.json() == counted


async def test_counting_between(api: Api, loaded: Town) -> None:
    officer = api.as_(loaded.officer)
    path = "/v1/calendar/between?from=2026-11-22&to=2026-11-29"
    assert (await officer.get(path)).json()["days"] == 4
    assert (await officer.get(f"{path}&clock=working_day")).json()["days"] == 5
    assert (await officer.get("/v1/calendar/between?from=2026-11-29&to=2026-11-22")).json()["days"] == -4


@pytest.mark.parametrize(
    "path",
    [
        "days?from=2026-11-23&to=2026-11-22",
        "days?from=2026-01-01&to=2027-12-31",
        "days?from=23/11/2026",
        "add?days=2001",
        "add?clock=calendar_hour",
        "between?from=1990-01-01&to=2026-01-01",
        "add?school_id=x",
    ],
)
async def test_what_cannot_be_counted_is_refused(api: Api, town: Town, path: str) -> None:
    assert (await api.as_(town.school).get(f"/v1/calendar/{path}")).status_code == 422


async def test_another_authoritys_school_is_unknown(api: Api, loaded: Town) -> None:
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    for path in ("days", "add", "between"):
        answer = await api.as_(elsewhere.officer).get(f"/v1/calendar/{path}?school_id={loaded.school.organisation_id}")
        assert answer.status_code == 404
