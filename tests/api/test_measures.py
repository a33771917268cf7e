"""An authority's own measures: published, previewed, retired, and what readings are taken by."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import Database
from app.domain.measures import measures
from app.routers.schemas.measures import _EXAMPLE
from tests.factories.authority import Town, build_town
from tests.factories.casework import LATER, accepted_case, at, worker
from tests.factories.http import Api, Caller
from tests.factories.referrals import key

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SHIPPED = list(measures()["family_journey"].areas)


def officer(api: Api, town: Town, moment: datetime = NOW) -> Caller:
    return at(api.as_(town.officer), moment)


def body(**changes: Any) -> dict[str, Any]:
    """The document's example, in force from the 9th."""
    return {**deepcopy(_EXAMPLE), "effective_from": "2026-11-09", **changes}


def own_journey(**changes: Any) -> dict[str, Any]:
    """An authority's own version of what ships: one area, 1 to 3."""
    return body(
        key="family_journey",
        lowest=1,
        highest=3,
        steps=[{"lowest": 1, "highest": 3, "label": "Somewhere"}],
        areas=[{"key": "all_of_it", "label": "All of it", "about": "family"}],
        **changes,
    )


async def in_force(api: Api, town: Town, day: int) -> dict[str, dict[str, Any]]:
    answer = await at(api.as_(town.school), datetime(2026, 11, day, 9, tzinfo=UTC)).get("/v1/measures")
    return {row["key"]: row for row in answer.json()["data"]}


async def test_a_measure_is_in_force_from_its_day(api: Api, town: Town) -> None:
    made = await officer(api, town).post("/v1/measures", body(licence_note="Licence 7 of its author."))
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["source"]) == (1, "authority")
    assert made.json()["licence_note"] == "Licence 7 of its author."
    assert "family_calm" not in await in_force(api, town, 8)
    assert (await in_force(api, town, 9))["family_calm"] == made.json()


async def test_what_comes_out_can_be_sent_again(api: Api, town: Town) -> None:
    shipped = (await in_force(api, town, 3))["parent_survey"]
    again = {name: value for name, value in shipped.items() if name not in ("version", "source", "areas_are_goals")}
    made = await officer(api, town).post("/v1/measures", again | {"effective_from": "2026-11-09"})
    assert made.status_code == 201, made.text
    assert made.json() == shipped | {"version": 2, "source": "authority", "effective_from": "2026-11-09"}


async def test_readings_are_taken_by_the_version_of_their_day_and_keep_it(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    assert (await officer(api, town).post("/v1/measures", own_journey())).status_code == 201
    before = {"measure": "family_journey", "respondent": "parent", "completed_with": "jointly"}
    shipped = before | {"taken_on": "2026-11-06", "scores": {area.key: 5 for area in SHIPPED}}
    own = before | {"taken_on": "2026-11-12", "scores": {"all_of_it": 2}}
    portal = worker(api, town)
    # Both are sent later: the day on which each was taken decides.
    taken = [(await portal.post(f"{case.path}/readings", one)).json() for one in (own, shipped)]
    assert [(row["measure_version"], row["purpose"]) for row in taken] == [(2, "baseline"), (1, "baseline")]
    mixed = own | {"taken_on": "2026-11-13", "scores": shipped["scores"]}
    assert (await portal.post(f"{case.path}/readings", mixed)).status_code == 422
    charts = (await portal.get(f"{case.path}/readings/chart")).json()["data"]
    assert [(chart["source"], chart["measure_version"], len(chart["areas"])) for chart in charts] == [
        ("shipped", 1, 8),
        ("authority", 2, 1),
    ]
    assert {line["change"] for chart in charts for line in chart["areas"]} == {None}


async def test_the_later_version_of_a_day_stands_and_none_comes_before_another(api: Api, town: Town) -> None:
    for name in ("First", "Second"):
        assert (await officer(api, town).post("/v1/measures", body(name=name))).status_code == 201
    assert (await in_force(api, town, 9))["family_calm"]["name"] == "Second"
    earlier = await officer(api, town).post("/v1/measures", body(effective_from="2026-11-08"))
    assert [error["pointer"] for error in earlier.json()["errors"]] == ["/effective_from"]
    listed = (await at(api.as_(town.provider), NOW).get("/v1/measures/family_calm/versions")).json()["data"]
    assert [(row["version"], row["measure"]["name"]) for row in listed] == [(2, "Second"), (1, "First")]


async def test_a_retired_measure_is_not_asked_and_can_come_back(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    path = "/v1/measures/family_journey/retire"
    retired = await officer(api, town).post(path, {"effective_from": "2026-11-09"})
    assert retired.status_code == 200, retired.text
    assert [(row["version"], row["retired"], row["measure"]) for row in retired.json()["data"]] == [(2, True, None)]
    again = await officer(api, town).post(path, {"effective_from": "2026-11-10"})
    assert again.json()["code"] == "action_not_available"
    assert "family_journey" not in await in_force(api, town, 9)
    reading = {
        "measure": "family_journey", "respondent": "parent", "completed_with": "jointly",
        "scores": {area.key: 5 for area in SHIPPED},
    }  # fmt: skip
    for day, status in (("2026-11-08", 201), ("2026-11-09", 422)):
        answer = await worker(api, town).post(f"{case.path}/readings", reading | {"taken_on": day})
        assert answer.status_code == status, day
    back = await officer(api, town).post("/v1/measures", own_journey(effective_from="2026-11-16"))
    assert back.json()["version"] == 3
    assert "family_journey" in await in_force(api, town, 16)
    assert (
        await officer(api, town).post("/v1/measures/none/retire", {"effective_from": "2026-11-09"})
    ).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"effective_from": "2026-11-03"}, "/effective_from"),
        ({"key": "Family calm"}, "/key"),
        ({"kind": "quiz"}, "/kind"),
        ({"name": " "}, "/name"),
        ({"respondents": []}, "/respondents"),
        ({"respondents": ["parent", "dog"]}, "/respondents/1"),
        ({"respondents": ["parent", "parent"]}, "/respondents/1"),
        ({"highest": 1}, "/highest"),
        ({"highest": 6}, "/steps"),
        ({"steps": [{"lowest": 1, "highest": 2, "label": "a"}, {"lowest": 4, "highest": 5, "label": "b"}]},
         "/steps/1/lowest"),
        ({"steps": [{"lowest": 1, "highest": 6, "label": "a"}]}, "/steps/0/highest"),
        ({"areas": []}, "/areas"),
        ({"kind": "goals"}, "/areas"),
        ({"areas": [{"key": "a", "label": "A", "about": "family"}] * 2}, "/areas/1/key"),
        ({"areas": [{"key": f"a{n}", "label": "A", "about": "family"} for n in range(51)]}, "/areas"),
        ({"kind": "survey"}, "/reading_age"),
        ({"kind": "audit"}, "/respondents/0"),
        ({"lowest": 1.5}, "/lowest"),
        ({"weights": [1]}, "/weights"),
    ],
)  # fmt: skip
async def test_a_measure_that_is_not_sound_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, lane: Database
) -> None:
    for path in ("/v1/measures", "/v1/measures/preview"):
        answer = await officer(api, town).post(path, body(**changes))
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM measure_version") == 0


async def test_a_preview_shows_what_would_be_and_writes_nothing(api: Api, town: Town, lane: Database) -> None:
    shown = await officer(api, town).post("/v1/measures/preview", own_journey())
    assert (shown.status_code, shown.json()["version"]) == (200, 2)
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM measure_version") == 0
        assert await session.value("SELECT count(*) FROM event WHERE type LIKE 'measure.%'") == 0
    made = await officer(api, town).post("/v1/measures", own_journey())
    assert made.json() == shown.json()


async def test_everyone_is_told_once_of_a_retried_publication(api: Api, town: Town, lane: Database) -> None:
    header = key("publish-once")
    for replayed in (None, "true"):
        made = await officer(api, town).post("/v1/measures", body(), headers=header)
        assert (made.status_code, made.headers.get("idempotency-replayed")) == (201, replayed)
    for principal in (town.officer, town.school, town.providers[1]):
        async with lane.read(principal) as session:
            assert await session.value("SELECT count(*) FROM event WHERE type = 'measure.published'") == 1


async def test_published_rows_cannot_be_changed_by_anybody(api: Api, town: Town, lane: Database) -> None:
    await officer(api, town).post("/v1/measures", body())
    for act in ("UPDATE measure_version SET version = 9", "DELETE FROM measure_version"):
        with pytest.raises(Exception, match=r"changed nothing|went wrong|permission|rule"):
            async with lane.write(town.officer) as session:
                await session.run(act)
    assert (await in_force(api, town, 9))["family_calm"]["version"] == 1


async def test_a_portal_of_another_town_sees_only_what_ships(api: Api, town: Town, lane: Database) -> None:
    await officer(api, town).post("/v1/measures", body())
    other = await build_town(lane, name="Elsewhere (made up)")
    moment = LATER + timedelta(days=1)
    keys = {row["key"] for row in (await at(api.as_(other.school), moment).get("/v1/measures")).json()["data"]}
    assert keys == set(measures())
    listed = await at(api.as_(other.officer), moment).get("/v1/measures/family_calm/versions")
    assert listed.json()["data"] == []
