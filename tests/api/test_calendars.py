from datetime import date
from typing import Any

import pytest

from app.domain.academic_year import HalfTerm
from app.queries.parties import calendar_of
from app.queries.writes import Writes
from app.services.calendars import lock_year, put_year
from tests.factories.authority import Town, build_town
from tests.factories.http import Api

PATH = "/v1/calendars/2026-27"
HALF_TERMS = [
    ("2026-09-02", "2026-10-23"),
    ("2026-11-02", "2026-12-18"),
    ("2027-01-04", "2027-02-12"),
    ("2027-02-22", "2027-03-25"),
    ("2027-04-12", "2027-05-28"),
    ("2027-06-07", "2027-07-21"),
]
NEW = {"If-Match": '"0"'}


class _GaveUpError(Exception):
    pass


def calendar(**changes: Any) -> dict[str, Any]:
    halves = [{"half_term": n, "starts_on": s, "ends_on": e} for n, (s, e) in enumerate(HALF_TERMS, start=1)]
    return {"half_terms": halves, "closures": [], **changes}


def with_half_term(number: int, **changes: Any) -> dict[str, Any]:
    body = calendar()
    body["half_terms"][number - 1].update(changes)
    return body


async def test_without_a_calendar_the_default_is_answered_and_said_so(api: Api, town: Town) -> None:
    answer = await api.as_(town.school).get(PATH)
    assert answer.json()["source"] == "default"
    assert [half["half_term"] for half in answer.json()["half_terms"]] == [1, 2, 3, 4, 5, 6]
    assert answer.headers["etag"] == '"0"'


async def test_a_calendar_is_loaded_read_and_replaced(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    closures = [{"on": "2026-09-02", "kind": "inset", "name": "Training day"}]
    put = await officer.put(PATH, calendar(closures=closures), headers=NEW)
    assert put.status_code == 200, put.text
    read = await api.as_(town.provider).get(PATH)
    assert read.json() == put.json()
    assert (read.json()["source"], read.json()["closures"]) == ("authority", closures)
    assert read.json()["half_terms"][0] == {
        "half_term": 1,
        "term": "autumn",
        "starts_on": "2026-09-02",
        "ends_on": "2026-10-23",
    }
    stale = await officer.put(PATH, calendar(), headers=NEW)
    assert stale.status_code == 412
    again = await officer.put(PATH, calendar(), headers={"If-Match": put.headers["etag"]})
    assert again.json()["closures"] == []
    assert again.headers["etag"] == '"2"'
    assert (await officer.put(PATH, calendar())).status_code == 428


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (with_half_term(2, starts_on="2026-10-20"), "/half_terms/1/starts_on", "overlap"),
        (with_half_term(3, ends_on="2027-01-03"), "/half_terms/2/ends_on", "ends before it starts"),
        (with_half_term(6, half_term=5), "/half_terms", "1 to 6"),
        (with_half_term(6, ends_on="2027-08-02"), "/half_terms", "between 1 August"),
        (
            calendar(closures=[{"on": "2027-08-01", "kind": "inset", "name": "Late"}]),
            "/closures/0/on",
            "does not lie in",
        ),
        (
            calendar(closures=[{"on": "2026-09-02", "kind": "inset", "name": "Twice"}] * 2),
            "/closures/1/on",
            "already",
        ),
    ],
)
async def test_an_unsound_calendar_is_refused_where_it_is_wrong(
    api: Api, town: Town, body: dict[str, Any], pointer: str, words: str
) -> None:
    officer = api.as_(town.officer)
    answer = await officer.put(PATH, body, headers=NEW)
    assert answer.status_code == 422
    faults = answer.json()["errors"]
    assert any(fault["pointer"] == pointer and words in fault["detail"] for fault in faults), faults
    assert (await officer.get(PATH)).json()["source"] == "default"


async def test_wrong_shapes_are_named(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    short = calendar()
    short["half_terms"].pop()
    answer = await officer.put(PATH, {**short, "closed": []}, headers=NEW)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/half_terms", "/closed"}
    for year in ("2026-28", "2026", "x"):
        answer = await officer.get(f"/v1/calendars/{year}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/path/academic_year"


async def test_only_the_authority_loads_a_calendar(api: Api, town: Town) -> None:
    for principal in (town.school, town.provider):
        assert (await api.as_(principal).put(PATH, calendar(), headers=NEW)).status_code == 403
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    assert (await api.as_(elsewhere.officer).put(PATH, calendar(), headers=NEW)).status_code == 200
    assert (await api.as_(town.officer).get(PATH)).json()["source"] == "default"


async def test_counting_follows_a_new_calendar_at_once(api: Api, town: Town) -> None:
    day = date(2026, 10, 26)

    async def is_school_day() -> bool:
        async with api.runtime.database.read(town.school) as session:
            return (await calendar_of(session)).is_school_day(day)

    assert not await is_school_day()
    longer = with_half_term(1, ends_on="2026-10-30")
    first = await api.as_(town.officer).put(PATH, longer, headers=NEW)
    assert first.status_code == 200, first.text
    assert await is_school_day()
    closed = {**longer, "closures": [{"on": day.isoformat(), "kind": "inset", "name": "Training day"}]}
    assert (await api.as_(town.officer).put(PATH, closed, headers={"If-Match": '"1"'})).status_code == 200
    assert not await is_school_day()


async def test_a_calendar_that_was_rolled_back_is_forgotten(api: Api, town: Town) -> None:
    halves = [
        HalfTerm("2026/27", n, date.fromisoformat(s), date.fromisoformat(e))
        for n, (s, e) in enumerate(HALF_TERMS, start=1)
    ]

    async def load_and_fail() -> None:
        async with api.runtime.database.write(town.officer) as session:
            version = await lock_year(session, "2026/27")
            writes = Writes()
            await put_year(session, writes, "2026/27", version=version, half_terms=halves, closures=[])
            await writes.flush(session)
            assert (await calendar_of(session)).is_loaded("2026/27")
            raise _GaveUpError

    with pytest.raises(_GaveUpError):
        await load_and_fail()
    async with api.runtime.database.read(town.school) as session:
        assert not (await calendar_of(session)).is_loaded("2026/27")


async def test_everyone_hears_of_a_loaded_year_and_its_version_rises(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    for version in (0, 1):
        put = await officer.put(PATH, calendar(), headers={"If-Match": f'"{version}"'})
        assert put.status_code == 200
    for reader in (town.officer, town.school, town.provider):
        async with api.runtime.database.read(reader) as session:
            rows = await session.rows(
                "SELECT e.subject_id, e.subject_version FROM event e"
                " JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id"
                " WHERE a.authority_id = $1 AND a.organisation_id = $2 AND e.type = 'calendar.changed' ORDER BY e.id",
                town.officer.authority_id,
                reader.organisation_id,
            )
        assert [row["subject_version"] for row in rows] == [1, 2]
        assert rows[0]["subject_id"] == rows[1]["subject_id"]
