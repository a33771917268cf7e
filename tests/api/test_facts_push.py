from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.db import Database
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api, Caller
from tests.factories.outcomes import Closed, add_referral, open_returns

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TERM = "2026/27-autumn"
SESSIONS = {
    "sessions_possible": 88,
    "sessions_attended": 71,
    "sessions_authorised": 9,
    "sessions_unauthorised": 8,
}
SUSPENSIONS = {"suspension_count": 2, "sessions_lost": 6, "permanent_exclusion_count": 0}


@pytest.fixture
async def referral(lane: Database, town: Town) -> Closed:
    async with lane.write(town.officer) as session:
        writes = Writes()
        made = add_referral(session, writes, town, closed_at=None)
        await writes.flush(session)
    return made


def mis(api: Api, town: Town, index: int = 0) -> Caller:
    return at(api.as_(town.schools[index]), NOW)


def path(referral: Closed, kind: str = "attendance", term: str = TERM) -> str:
    return f"/v1/referrals/{referral.referral_id}/{kind}/{term}"


async def facts(lane: Database, town: Town) -> dict[str, list[dict[str, Any]]]:
    """Every fact and what was told of them."""
    async with lane.read(town.officer) as session:
        return {
            "attendance": [dict(row) for row in await session.rows("SELECT * FROM attendance_record")],
            "suspensions": [dict(row) for row in await session.rows("SELECT * FROM suspension_record")],
            "told": [
                dict(row)
                for row in await session.rows(
                    "SELECT e.type, e.subject_id, e.subject_version, e.referral_id, e.data, (SELECT count(*) FROM"
                    " event_audience a WHERE a.event_id = e.id) AS mine FROM event e WHERE e.type LIKE '%.recorded'"
                    " ORDER BY e.subject_version"
                )
            ],
        }


async def test_a_push_is_kept_and_the_next_one_takes_its_place(
    api: Api, lane: Database, town: Town, referral: Closed
) -> None:
    first = await mis(api, town).put(path(referral), SESSIONS)
    assert first.status_code == 201, first.text
    assert {name: first.json()[name] for name in SESSIONS} == SESSIONS
    assert (first.json()["term"], first.headers["etag"]) == (TERM, '"1"')
    second = await mis(api, town).put(path(referral), SESSIONS | {"sessions_possible": 90, "sessions_attended": 73})
    assert (second.status_code, second.headers["etag"]) == (200, '"2"')
    assert second.json()["id"] == first.json()["id"]

    kept = await facts(lane, town)
    (row,) = kept["attendance"]
    assert (row["sessions_possible"], row["source"], row["school_id"]) == (90, "push", town.school.organisation_id)
    assert [(told["type"], told["subject_version"]) for told in kept["told"]] == [
        ("attendance.recorded", 1),
        ("attendance.recorded", 2),
    ]
    assert kept["told"][0]["referral_id"] == referral.referral_id
    assert orjson.loads(kept["told"][0]["data"]) == {"term": TERM}


async def test_an_escaped_slash_in_the_term_means_the_same(api: Api, town: Town, referral: Closed) -> None:
    first = await mis(api, town).put(path(referral, term="2026%2F27-autumn"), SESSIONS)
    assert first.status_code == 201, first.text


async def test_suspensions_are_pushed_and_odd_ones_warned_of(
    api: Api, lane: Database, town: Town, referral: Closed
) -> None:
    sound = await mis(api, town).put(path(referral, "suspensions"), SUSPENSIONS)
    assert (sound.status_code, sound.json()["warnings"]) == (201, [])
    odd = await mis(api, town).put(path(referral, "suspensions"), {"suspension_count": 0, "sessions_lost": 4})
    assert (odd.status_code, len(odd.json()["warnings"])) == (200, 1)
    (row,) = (await facts(lane, town))["suspensions"]
    assert (row["suspension_count"], row["sessions_lost"], row["permanent_exclusion_count"]) == (0, 4, 0)


async def test_the_provider_and_the_authority_are_told_and_strangers_are_not(
    api: Api, lane: Database, town: Town, referral: Closed
) -> None:
    await mis(api, town).put(path(referral), SESSIONS)
    heard = []
    for principal in (town.school, town.provider, town.officer, town.schools[1], town.providers[1]):
        async with lane.read(principal) as session:
            heard.append(await session.value("SELECT count(*) FROM event WHERE type = 'attendance.recorded'"))
    assert heard == [1, 1, 1, 0, 0]


async def test_the_terms_return_fills_itself_before_and_after_it_is_opened(
    api: Api, lane: Database, town: Town, referral: Closed
) -> None:
    await mis(api, town).put(path(referral), SESSIONS)
    await open_returns(lane, town, date(2027, 1, 5))
    later = at(api.as_(town.school), datetime(2027, 1, 6, 9, 0, tzinfo=UTC))
    (summary,) = (await later.get("/v1/returns")).json()["data"]
    row = (await later.get(f"/v1/returns/{summary['id']}")).json()
    (pupil,) = row["content"]["pupils"]
    assert {name: pupil[name] for name in SESSIONS} == SESSIONS
    assert pupil["suspension_count"] is None

    await later.put(path(referral, "suspensions"), SUSPENSIONS)
    row = (await later.get(f"/v1/returns/{summary['id']}")).json()
    assert row["content"]["pupils"][0]["suspension_count"] == 2
    assert row["state"] == "due"
    # Nothing is missing, so it can be submitted as it stands.
    assert (await later.post(f"/v1/returns/{summary['id']}/submit")).status_code == 200

    # What was submitted, a push no longer changes.
    await later.put(path(referral, "suspensions"), {"suspension_count": 5, "sessions_lost": 9})
    row = (await later.get(f"/v1/returns/{summary['id']}")).json()
    assert row["content"]["pupils"][0]["suspension_count"] == 2


async def test_a_draft_is_not_written_over_by_a_push(api: Api, lane: Database, town: Town, referral: Closed) -> None:
    await open_returns(lane, town, date(2027, 1, 5))
    later = at(api.as_(town.school), datetime(2027, 1, 6, 9, 0, tzinfo=UTC))
    (summary,) = (await later.get("/v1/returns")).json()["data"]
    row = (await later.get(f"/v1/returns/{summary['id']}")).json()
    content = {"pupils": [{**row["content"]["pupils"][0], "sessions_possible": 99}]}
    kept = await later.put(f"/v1/returns/{row['id']}", {"content": content}, headers={"If-Match": '"1"'})
    assert kept.status_code == 200
    await later.put(path(referral), SESSIONS)
    row = (await later.get(f"/v1/returns/{summary['id']}")).json()
    assert (row["content"]["pupils"][0]["sessions_possible"], row["version"]) == (99, 2)


@pytest.mark.parametrize(
    ("kind", "body", "pointer"),
    [
        ("attendance", SESSIONS | {"sessions_attended": 89}, "/sessions_possible"),
        ("attendance", SESSIONS | {"sessions_attended": 70}, "/sessions_possible"),
        ("attendance", SESSIONS | {"sessions_possible": -1}, "/sessions_possible"),
        ("attendance", SESSIONS | {"sessions_possible": "88"}, "/sessions_possible"),
        ("attendance", SESSIONS | {"sessions_possible": 88.0}, "/sessions_possible"),
        ("attendance", SESSIONS | {"sessions_possible": 10**12}, "/sessions_possible"),
        ("attendance", SESSIONS | {"term": "autumn"}, "/term"),
        ("attendance", {"sessions_possible": 88}, "/sessions_attended"),
        ("suspensions", {"suspension_count": -1}, "/suspension_count"),
        ("suspensions", {"suspension_count": None}, "/suspension_count"),
    ],
)
async def test_wrong_figures_are_refused_where_they_stand(
    api: Api, lane: Database, town: Town, referral: Closed, *, kind: str, body: Any, pointer: str
) -> None:
    refused = await mis(api, town).put(path(referral, kind), body)
    assert refused.status_code == 422, refused.text
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert await facts(lane, town) == {"attendance": [], "suspensions": [], "told": []}


async def test_what_is_no_term_is_not_there_and_one_that_has_not_begun_has_no_figures(
    api: Api, lane: Database, town: Town, referral: Closed
) -> None:
    for term in ("2026/27-1", "2026/27", "2026/28-autumn", "autumn", "9999/00-autumn"):
        assert (await mis(api, town).put(path(referral, term=term), SESSIONS)).status_code == 404
    early = await mis(api, town).put(path(referral, term="2026/27-summer"), SESSIONS)
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "term_not_begun")
    assert (await facts(lane, town))["attendance"] == []


async def test_another_organisation_pushes_nothing(api: Api, lane: Database, town: Town, referral: Closed) -> None:
    unknown = Closed(UUID(int=5), UUID(int=6), None)
    for kind, body in (("attendance", SESSIONS), ("suspensions", SUSPENSIONS)):
        assert (await mis(api, town, 1).put(path(referral, kind), body)).status_code == 404
        assert (await mis(api, town).put(path(unknown, kind), body)).status_code == 404
        assert (await at(api.as_(town.provider), NOW).put(path(referral, kind), body)).status_code == 403
        assert (await at(api.as_(town.officer), NOW).put(path(referral, kind), body)).status_code == 403
        scopeless = at(api.as_(town.school, scopes=frozenset()), NOW)
        assert (await scopeless.put(path(referral, kind), body)).status_code == 403
    assert await facts(lane, town) == {"attendance": [], "suspensions": [], "told": []}
