"""A school's own dates: who may state them, what holds then, and what is counted in them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.access import Scope
from app.clock import london_moment
from app.queries.parties import calendar_of
from app.queries.school_calendars import calendar_of_school
from tests.api.test_calendars import HALF_TERMS, NEW, calendar
from tests.api.test_calendars import PATH as OF_AUTHORITY
from tests.factories.authority import Town, build_town
from tests.factories.casework import ACCEPTED_AT, accepted_case, at
from tests.factories.http import Api

ANY = {"If-Match": "*"}
OWN_TERMS = [{"half_term": n, "starts_on": s, "ends_on": e} for n, (s, e) in enumerate(HALF_TERMS, start=1)]
OWN_TERMS[0] = {"half_term": 1, "starts_on": "2026-08-26", "ends_on": "2026-10-16"}
OWN_TERMS[1] = {"half_term": 2, "starts_on": "2026-11-04", "ends_on": "2026-12-18"}


def path(town: Town, year: str = "2026-27", *, school: int = 0) -> str:
    return f"/v1/schools/{town.schools[school].organisation_id}/calendar/{year}"


def days(*dates: str) -> dict[str, Any]:
    return {"training_days": [{"on": on, "name": "Training day"} for on in dates]}


async def test_a_school_that_states_nothing_follows_its_authority(api: Api, town: Town) -> None:
    read = await api.as_(town.provider).get(path(town))
    assert (read.json()["source"], read.json()["training_days_source"]) == ("default", "default")
    inset = [{"on": "2026-09-02", "kind": "inset", "name": "Training day"}]
    assert (await api.as_(town.officer).put(OF_AUTHORITY, calendar(closures=inset), headers=NEW)).status_code == 200
    again = (await api.as_(town.school).get(path(town), headers={"If-None-Match": read.headers["etag"]})).json()
    assert (again["source"], again["training_days_source"]) == ("authority", "authority")
    assert again["closures"] == [{**inset[0], "source": "authority"}]
    assert again["half_terms"][0]["ends_on"] == "2026-10-23"


async def test_training_days_stand_in_place_of_the_authoritys_and_bank_holidays_hold_for_all(
    api: Api, town: Town
) -> None:
    closures = [
        {"on": "2026-09-02", "kind": "inset", "name": "Everyone's training day"},
        {"on": "2027-06-18", "kind": "bank_holiday", "name": "Proclaimed"},
    ]
    assert (await api.as_(town.officer).put(OF_AUTHORITY, calendar(closures=closures), headers=NEW)).status_code == 200
    put = await api.as_(town.school).put(path(town), days("2026-11-27"), headers=NEW)
    assert put.status_code == 200, put.text
    assert (put.json()["source"], put.json()["training_days_source"]) == ("authority", "school")
    assert [(closed["on"], closed["source"]) for closed in put.json()["closures"]] == [
        ("2026-11-27", "school"),
        ("2027-06-18", "authority"),
    ]
    assert (await api.as_(town.school).get(path(town))).json() == put.json()
    other = (await api.as_(town.school).get(path(town, school=1))).json()
    assert [closed["on"] for closed in other["closures"]] == ["2026-09-02", "2027-06-18"]
    async with api.runtime.database.read(town.provider) as session:
        own = await calendar_of_school(session, town.school.organisation_id)
        common = await calendar_of(session)
    assert [own.is_school_day(date(2026, 9, 2)), own.is_school_day(date(2026, 11, 27))] == [True, False]
    assert [common.is_school_day(date(2026, 9, 2)), common.is_school_day(date(2026, 11, 27))] == [False, True]
    assert not own.is_school_day(date(2027, 6, 18))


async def test_terms_of_its_own_are_stated_replaced_and_taken_back(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    put = await school.put(path(town), {"half_terms": OWN_TERMS}, headers=NEW)
    assert (put.json()["source"], put.json()["half_terms"][0]["starts_on"]) == ("school", "2026-08-26")
    version = put.headers["etag"].strip('"').partition(".")[0]
    assert version == "1"
    assert (await school.put(path(town), days(), headers=NEW)).status_code == 412
    assert (await school.put(path(town), days())).status_code == 428
    replaced = await school.put(path(town), days(), headers={"If-Match": put.headers["etag"]})
    assert (replaced.json()["source"], replaced.json()["training_days_source"]) == ("default", "school")
    taken_back = await school.request("DELETE", path(town), headers={"If-Match": replaced.headers["etag"]})
    assert (taken_back.json()["source"], taken_back.json()["training_days_source"]) == ("default", "default")
    assert taken_back.headers["etag"].startswith('"3.')
    officer = await api.as_(town.officer).put(path(town), days("2026-11-27"), headers=ANY)
    assert officer.json()["closures"][0]["on"] == "2026-11-27"


async def test_only_the_school_itself_or_an_officer_may(api: Api, town: Town) -> None:
    other = api.as_(town.schools[1])
    assert (await other.put(path(town), days(), headers=ANY)).status_code == 403
    assert (await other.request("DELETE", path(town), headers=ANY)).status_code == 403
    assert (await api.as_(town.provider).put(path(town), days(), headers=ANY)).status_code == 403
    without = api.as_(town.school, scopes=frozenset(Scope) - {Scope.RETURNS_WRITE})
    assert (await without.put(path(town), days(), headers=ANY)).json()["code"] == "insufficient_scope"
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    for stranger in (elsewhere.officer, elsewhere.school):
        assert (await api.as_(stranger).put(path(town), days(), headers=ANY)).status_code == 404
        assert (await api.as_(stranger).get(path(town))).status_code == 404
    assert (await api.as_(town.school).get(path(town))).json()["training_days_source"] == "default"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"training_days": None}, ""),
        ({"half_terms": OWN_TERMS[:5]}, "/half_terms"),
        ({"half_terms": [*OWN_TERMS[:5], OWN_TERMS[4]]}, "/half_terms/5/starts_on"),
        ({"half_terms": [OWN_TERMS[0] | {"ends_on": "2026-11-04"}, *OWN_TERMS[1:]]}, "/half_terms/1/starts_on"),
        (days("2027-08-02"), "/training_days/0/on"),
        (days("2026-11-27", "2026-11-27"), "/training_days/1/on"),
    ],
)
async def test_what_is_not_sound_is_refused_where_it_is_wrong(
    api: Api, town: Town, body: dict[str, Any], pointer: str
) -> None:
    answer = await api.as_(town.school).put(path(town), body, headers=NEW)
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert (await api.as_(town.school).get(path(town))).headers["etag"].startswith('"0.')


async def test_the_first_contact_is_owed_in_the_days_of_the_pupils_school(api: Api, town: Town) -> None:
    """Five school days from Monday 2 November end on the 9th; two training days of the school make it the 11th."""
    plain = await accepted_case(api, town)
    assert (await _first_contact_due(api, town, plain.path)) == london_moment(date(2026, 11, 9), 17)
    put = await api.as_(town.school).put(path(town), days("2026-11-04", "2026-11-09"), headers=NEW)
    assert put.status_code == 200
    later = await accepted_case(api, town)
    assert (await _first_contact_due(api, town, later.path)) == london_moment(date(2026, 11, 11), 17)
    # How long a place is held does not hang on whose family has it.
    assert later.planned_end_on == plain.planned_end_on
    assert (await _first_contact_due(api, town, plain.path)) == london_moment(date(2026, 11, 9), 17)


async def test_counting_follows_a_changed_school_and_a_changed_authority_at_once(api: Api, town: Town) -> None:
    async def is_school_day(on: date) -> bool:
        async with api.runtime.database.read(town.school) as session:
            return (await calendar_of_school(session, town.school.organisation_id)).is_school_day(on)

    school, officer = api.as_(town.school), api.as_(town.officer)
    assert await is_school_day(date(2026, 11, 27))
    assert (await school.put(path(town), days("2026-11-27"), headers=NEW)).status_code == 200
    assert not await is_school_day(date(2026, 11, 27))
    assert not await is_school_day(date(2026, 10, 26))
    longer = calendar()
    longer["half_terms"][0]["ends_on"] = "2026-10-30"
    assert (await officer.put(OF_AUTHORITY, longer, headers=NEW)).status_code == 200
    assert await is_school_day(date(2026, 10, 26))
    assert not await is_school_day(date(2026, 11, 27))
    assert (await school.request("DELETE", path(town), headers=ANY)).status_code == 200
    assert await is_school_day(date(2026, 11, 27))


async def test_the_school_and_the_authority_hear_of_it_by_rising_versions(api: Api, town: Town) -> None:
    school = at(api.as_(town.school), ACCEPTED_AT)
    for body in (days("2026-11-27"), days("2026-11-30")):
        assert (await school.put(path(town), body, headers=ANY)).status_code == 200
    assert (await school.put(path(town, "2027-28"), days("2027-11-26"), headers=NEW)).status_code == 200
    for reader in (town.officer, town.school, town.schools[1]):
        async with api.runtime.database.read(reader) as session:
            rows = await session.rows(
                "SELECT e.subject_id, e.subject_version, e.data::text AS data FROM event e"
                " JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id"
                " WHERE a.authority_id = $1 AND a.organisation_id = $2 AND e.type = 'school_calendar.changed'"
                " ORDER BY e.id",
                town.officer.authority_id,
                reader.organisation_id,
            )
        if reader is town.schools[1]:
            assert rows == []
            continue
        assert [row["subject_version"] for row in rows] == [1, 2, 1]
        first, second, third = (row["subject_id"] for row in rows)
        assert first == second != third
        assert str(town.school.organisation_id) in rows[0]["data"]


async def _first_contact_due(api: Api, town: Town, case: str) -> datetime:
    owed = (await api.as_(town.provider).get("/v1/obligations?limit=200")).json()["data"]
    (due,) = [one["due_at"] for one in owed if one["kind"] == "initial_contact" and case.endswith(one["subject_id"])]
    return datetime.fromisoformat(due).astimezone(UTC)
