"""Completed work is followed up a term later: the one thing that a closed case still takes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.db import Database
from app.domain.calendar import Calendar
from app.domain.measures import measures
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, at, closing, contact, facts, missed, plan, started, worker
from tests.factories.http import Api, Caller
from tests.factories.officers import OFFICER, act, owed
from tests.factories.turns import due_days, on, pause, review

CALENDAR = Calendar()
CLOSED_ON = date(2026, 11, 20)
DUE_ON = CALENDAR.add_school_days(CLOSED_ON, 65)
OPENS_ON = CALENDAR.add_school_days(DUE_ON, -20)
ENDS_ON = CALENDAR.add_school_days(DUE_ON, 20)


@pytest.fixture
async def closed(api: Api, town: Town) -> CaseIds:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    answer = await worker(api, town).post(f"{ids.path}/close", closing())
    assert answer.status_code == 200, answer.text
    return ids


def portal(api: Api, town: Town, day: date) -> Caller:
    return on(api, town, day.isoformat(), 18)


def follow_up(day: date, **changes: Any) -> dict[str, Any]:
    return contact(kind="follow_up", mode="remote", held_at=f"{day.isoformat()}T15:00:00Z", **changes)


def reading(day: date) -> dict[str, Any]:
    return {
        "measure": "family_journey",
        "respondent": "parent",
        "taken_on": day.isoformat(),
        "completed_with": "jointly",
        "scores": {area.key: 6 for area in measures()["family_journey"].areas},
    }


async def test_completed_work_owes_a_follow_up_in_the_authoritys_calendar(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    assert await due_days(lane, town, closed) == {"follow_up": DUE_ON}
    before = await facts(lane, town, closed)
    answer = await portal(api, town, DUE_ON).post(f"{closed.path}/contacts", follow_up(DUE_ON))
    assert answer.status_code == 201, answer.text
    after = await facts(lane, town, closed)
    assert orjson.loads(after["owed"])["follow_up"] == "met"
    assert after["told"][-1] == "intervention.contact_recorded"
    changed = {"version", "contacts", "told", "owed"}
    assert {name: value for name, value in after.items() if name not in changed} == {
        name: value for name, value in before.items() if name not in changed
    }
    # The reading of the same visit is kept too.
    assert (await portal(api, town, DUE_ON).post(f"{closed.path}/readings", reading(DUE_ON))).status_code == 201


async def test_a_reading_follows_up_as_well(api: Api, town: Town, closed: CaseIds, lane: Database) -> None:
    answer = await portal(api, town, OPENS_ON).post(f"{closed.path}/readings", reading(OPENS_ON))
    assert answer.status_code == 201, answer.text
    assert orjson.loads((await facts(lane, town, closed))["owed"])["follow_up"] == "met"


async def test_the_window_lies_around_the_due_day_and_stays_open_while_it_is_owed(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    too_early = OPENS_ON - timedelta(days=1)
    late = ENDS_ON + timedelta(days=30)
    path = f"{closed.path}/contacts"
    refused = await portal(api, town, too_early).post(path, follow_up(too_early))
    assert refused.json()["errors"] == [
        {
            "pointer": "/held_at",
            "code": "before_the_follow_up",
            "detail": f"The intervention is closed, and is followed up from {OPENS_ON} on.",
        }
    ]
    early_reading = await portal(api, town, too_early).post(f"{closed.path}/readings", reading(too_early))
    assert early_reading.json()["errors"][0]["code"] == "before_the_follow_up"
    nobody = follow_up(OPENS_ON, result="no_reply", child_seen=False, present=[], minutes=None)
    assert (await portal(api, town, OPENS_ON).post(path, nobody)).status_code == 201
    assert orjson.loads((await facts(lane, town, closed))["owed"])["follow_up"] == "open", "nobody was reached"
    assert (await portal(api, town, late).post(path, follow_up(late))).status_code == 201, "late, and still owed"
    again = await portal(api, town, late).post(path, follow_up(late))
    assert again.json()["errors"][0]["code"] == "after_the_follow_up"
    assert (await portal(api, town, late).post(path, follow_up(ENDS_ON))).status_code == 201, "in the window"


async def test_a_family_that_would_not_be_met_was_followed_up(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    refused = {**missed(), **follow_up(DUE_ON, result="refused", reason="They are well, they say.", child_seen=False)}
    answer = await portal(api, town, DUE_ON).post(f"{closed.path}/contacts", refused)
    assert answer.status_code == 201, answer.text
    assert orjson.loads((await facts(lane, town, closed))["owed"])["follow_up"] == "met"


@pytest.mark.parametrize("kind", ["initial", "session", "review", "team_around_the_child", "closing"])
async def test_a_closed_case_takes_no_other_contact(kind: str, api: Api, town: Town, closed: CaseIds) -> None:
    for day in (CLOSED_ON, DUE_ON):
        body = contact(kind=kind, held_at=f"{day}T15:00:00Z", agencies=["Health"])
        answer = await portal(api, town, DUE_ON).post(f"{closed.path}/contacts", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


async def test_a_closed_case_takes_nothing_else_in_the_window(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    before = await facts(lane, town, closed)
    caller = portal(api, town, DUE_ON)
    for answer in (
        await caller.put(f"{closed.path}/plan", plan(), headers={"If-Match": "*"}),
        await caller.post(f"{closed.path}/reviews", review()),
        await caller.post(f"{closed.path}/pause", pause()),
        await caller.post(f"{closed.path}/extend", {"weeks": 1, "reason": "More."}),
        await caller.post(f"{closed.path}/contacts", follow_up(DUE_ON + timedelta(days=1))),
    ):
        assert answer.status_code in (409, 422), answer.text
    assert await facts(lane, town, closed) == before


async def test_an_open_case_is_not_followed_up(api: Api, town: Town) -> None:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    answer = await worker(api, town).post(f"{ids.path}/contacts", follow_up(date(2026, 11, 18)))
    assert [error["code"] for error in answer.json()["errors"]] == ["not_closed"]


@pytest.mark.parametrize(
    "ending",
    [{"outcome": "ended_early", "reason": "did_not_engage"}, {"outcome": "stepped_up", "reason": "safeguarding"}],
)
async def test_work_that_was_not_completed_is_not_followed_up(
    ending: dict[str, str], api: Api, town: Town, lane: Database
) -> None:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    assert (await worker(api, town).post(f"{ids.path}/close", closing(**ending))).status_code == 200
    assert "follow_up" not in orjson.loads((await facts(lane, town, ids))["owed"])
    for path, body in (("contacts", follow_up(DUE_ON)), ("readings", reading(DUE_ON))):
        answer = await portal(api, town, DUE_ON).post(f"{ids.path}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


async def test_a_closure_that_was_undone_owes_no_follow_up_and_the_next_one_does(
    api: Api, town: Town, closed: CaseIds, lane: Database
) -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    referral = {"id": str(closed.referral_id)}
    await act(at(api.as_(town.officer), monday), referral, "reopen", reason="A mistake.", officer=OFFICER)
    assert "follow_up" not in await owed(at(api.as_(town.provider), monday), str(closed.intervention_id))
    assert set(await due_days(lane, town, closed)) == {"baseline", "plan", "review", "closure"}
    answer = await on(api, town, "2026-11-24").post(f"{closed.path}/close", closing())
    assert answer.status_code == 200, answer.text
    assert await due_days(lane, town, closed) == {"follow_up": CALENDAR.add_school_days(date(2026, 11, 24), 65)}


async def test_strangers_do_not_follow_up(api: Api, town: Town, closed: CaseIds) -> None:
    moment = datetime.combine(DUE_ON, datetime.min.time(), UTC) + timedelta(hours=18)
    for stranger, status in ((town.providers[1], 404), (town.school, 403), (town.officer, 403)):
        answer = await at(api.as_(stranger), moment).post(f"{closed.path}/contacts", follow_up(DUE_ON))
        assert answer.status_code == status
