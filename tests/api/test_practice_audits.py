"""Audits of practice and their action plans."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from app.db import Database
from app.routers.schemas.practice_audits import _ACTION, _AREAS, _EXAMPLE
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api, Caller

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATH = "/v1/practice-audits"


def body(**changes: Any) -> dict[str, Any]:
    return {**deepcopy(_EXAMPLE), **changes}


def school(api: Api, town: Town, index: int = 0) -> Caller:
    return at(api.as_(town.schools[index]), NOW)


async def owed(lane: Database, town: Town) -> list[tuple[str, str, Any]]:
    """What is owed for actions, by state, owner and due moment."""
    async with lane.read(town.officer) as session:
        rows = await session.rows(
            "SELECT CASE WHEN met_at IS NOT NULL THEN 'met' WHEN cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'open'"
            " END AS state, owed_by_id, due_at, subject_kind FROM obligation WHERE kind = 'audit_action' ORDER BY id"
        )
    assert {row["subject_kind"] for row in rows} <= {"audit_action"}
    return [(row["state"], str(row["owed_by_id"]), row["due_at"]) for row in rows]


async def test_a_school_records_its_audit_and_owes_its_actions(api: Api, town: Town, lane: Database) -> None:
    made = await school(api, town).post(PATH, body())
    assert made.status_code == 201, made.text
    audit = made.json()
    assert (audit["organisation_id"], audit["scores"]["leadership"]) == (str(town.school.organisation_id), 2)
    assert [(one["state"], one["area"]) for one in audit["actions"]] == [("open", "first_welcome")]
    # Offices close at five, in winter time.
    due = datetime(2027, 3, 26, 17, tzinfo=UTC)
    assert await owed(lane, town) == [("open", str(town.school.organisation_id), due)]
    read = await school(api, town).get(f"{PATH}/{audit['id']}")
    assert (read.json(), read.headers["etag"]) == (audit, '"1"')
    twice = await school(api, town).post(PATH, body())
    assert (twice.status_code, twice.json()["code"]) == (409, "already_exists")


async def test_an_action_is_moved_done_or_dropped_and_its_debt_with_it(api: Api, town: Town, lane: Database) -> None:
    audit = (await school(api, town).post(PATH, body())).json()
    path = f"{PATH}/{audit['id']}"
    added = await school(api, town).post(f"{path}/actions", _ACTION | {"area": "early_help"})
    assert (added.status_code, added.json()["version"], len(added.json()["actions"])) == (201, 2, 2)
    first, second = (f"{path}/actions/{one['id']}" for one in added.json()["actions"])
    moved = await school(api, town).patch(first, {"due_on": "2027-04-30"}, headers={"If-Match": '"2"'})
    assert moved.status_code == 200, moved.text
    stale = await school(api, town).patch(first, {"state": "done"}, headers={"If-Match": '"2"'})
    assert stale.status_code == 412
    assert (await school(api, town).patch(first, {"state": "done"})).status_code == 428
    done = await school(api, town).patch(first, {"state": "done", "note": "Yes."}, headers={"If-Match": '"3"'})
    assert (done.json()["actions"][0]["state"], done.json()["actions"][0]["note"]) == ("done", "Yes.")
    again = await school(api, town).patch(first, {"owner": "Head"}, headers={"If-Match": '"4"'})
    assert again.json()["code"] == "action_not_available"
    dropped = await school(api, town).patch(second, {"state": "dropped"}, headers={"If-Match": '"4"'})
    assert dropped.json()["version"] == 5
    # British summer time.
    assert [(state, due.hour) for state, _, due in await owed(lane, town)] == [("met", 16), ("cancelled", 17)]
    async with lane.read(town.school) as session:
        told = await session.rows(
            "SELECT type, subject_version FROM event WHERE subject_kind = 'practice_audit' ORDER BY subject_version"
        )
    assert [tuple(row) for row in told] == [
        ("practice_audit.recorded", 1),
        ("practice_audit.action_added", 2),
        ("practice_audit.action_changed", 3),
        ("practice_audit.action_changed", 4),
        ("practice_audit.action_changed", 5),
    ]


async def test_an_officer_audits_a_school_and_a_provider_its_service(api: Api, town: Town) -> None:
    by_officer = body(school_id=str(town.schools[1].organisation_id))
    made = await at(api.as_(town.officer), NOW).post(PATH, by_officer)
    assert made.status_code == 201, made.text
    assert (await school(api, town, 1).get(f"{PATH}/{made.json()['id']}")).status_code == 200
    assert (await school(api, town).get(f"{PATH}/{made.json()['id']}")).status_code == 404
    assert (await school(api, town).post(f"{PATH}/{made.json()['id']}/actions", _ACTION)).status_code == 404
    of_service = body(service_id=str(town.services[0]))
    served = await at(api.as_(town.provider), NOW).post(PATH, of_service)
    assert served.json()["organisation_id"] == str(town.provider.organisation_id)
    listed = (await at(api.as_(town.officer), NOW).get(f"{PATH}?limit=1")).json()
    second = (await at(api.as_(town.officer), NOW).get(f"{PATH}?limit=1&cursor={listed['next_cursor']}")).json()
    assert {row["id"] for row in (*listed["data"], *second["data"])} == {made.json()["id"], served.json()["id"]}
    assert (await school(api, town).get(PATH)).json()["data"] == []


async def test_nobody_audits_what_is_anothers(api: Api, town: Town) -> None:
    another_school = body(school_id=str(town.schools[1].organisation_id))
    another_service = body(service_id=str(town.services[0]))
    nobody = body()
    for caller, sent, pointer in (
        (town.school, another_school, "/school_id"),
        (town.school, another_service, "/service_id"),
        (town.provider, another_school, "/school_id"),
        (town.providers[1], another_service, "/service_id"),
        (town.officer, nobody, "/service_id"),
    ):
        answer = await at(api.as_(caller), NOW).post(PATH, sent)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"measure": "family_journey"}, "/measure"),
        ({"taken_on": "2026-11-24"}, "/taken_on"),
        ({"taken_on": "2025-11-21"}, "/taken_on"),
        ({"scores": dict.fromkeys(_AREAS, 4)}, "/scores/leadership"),
        ({"scores": {"leadership": 1}}, "/scores/first_welcome"),
        ({"evidence": {}}, "/evidence/leadership"),
        ({"evidence": dict.fromkeys(_AREAS, "x") | {"weather": "x"}}, "/evidence/weather"),
        ({"actions": [_ACTION | {"area": "weather"}]}, "/actions/0/area"),
        ({"actions": [_ACTION | {"due_on": "2026-11-22"}]}, "/actions/0/due_on"),
        ({"actions": [_ACTION, _ACTION | {"due_on": "2036-11-22"}]}, "/actions/1/due_on"),
        ({"actions": [_ACTION] * 51}, "/actions"),
    ],
)
async def test_an_audit_that_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, lane: Database
) -> None:
    answer = await school(api, town).post(PATH, body(**changes))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await owed(lane, town) == []


async def test_graphql_says_the_same(api: Api, town: Town) -> None:
    audit = (await school(api, town).post(PATH, body())).json()
    query = """{ practiceAudits { nodes { recordId version measure takenOn scores evidence organisation { name }
      actions { recordId position area action owner dueOn state settledAt note } } } }"""
    for caller in (town.school, town.officer):
        (node,) = (await api.as_(caller).graphql(query))["data"]["practiceAudits"]["nodes"]
        assert (node["recordId"], node["scores"], node["evidence"]) == (audit["id"], audit["scores"], audit["evidence"])
        assert node["organisation"]["name"] == audit["organisation_name"]
        (shown,), (rest,) = node["actions"], audit["actions"]
        assert (shown["recordId"], shown["dueOn"], shown["action"]) == (rest["id"], rest["due_on"], rest["action"])
    assert (await api.as_(town.schools[1]).graphql(query))["data"]["practiceAudits"]["nodes"] == []
