"""What a provider owes on a case comes and goes with the acts, as the case's dates say."""

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest

from app.db import Database
from app.domain.calendar import Calendar
from app.domain.measures import measures
from app.services.business_clock import run_due
from tests.factories.authority import Town
from tests.factories.casework import (
    LATER,
    CaseIds,
    accepted_case,
    acknowledged,
    at,
    contact,
    facts,
    missed,
    plan,
    started,
    worker,
)
from tests.factories.http import Api
from tests.factories.next_contract import next_contract
from tests.factories.officers import owed
from tests.factories.turns import due_days, on, paused, resumed, review

CALENDAR = Calendar()
READING = {
    "measure": "family_journey",
    "respondent": "parent",
    "taken_on": "2026-11-04",
    "completed_with": "jointly",
    "scores": {area.key: 4 for area in measures()["family_journey"].areas},
}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    ids = await accepted_case(api, town)
    await acknowledged(api, town, ids)
    return ids


async def test_each_act_owes_what_follows_and_meets_what_it_is(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = worker(api, town)
    assert await due_days(lane, town, case) == {"initial_contact": date(2026, 11, 9)}
    await portal.post(f"{case.path}/contacts", missed())
    assert set(await due_days(lane, town, case)) == {"initial_contact"}, "an attempt is no contact"
    await portal.post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    assert await due_days(lane, town, case) == {
        "baseline": date(2026, 11, 11),
        "plan": date(2026, 11, 18),
        "review": date(2026, 11, 24),
        "closure": case.planned_end_on,
    }
    for path, body, kind in (
        ("readings", READING, "baseline"),
        ("plan", plan(), "plan"),
        ("reviews", review(), "review"),
    ):
        method = portal.put if path == "plan" else portal.post
        answer = await method(f"{case.path}/{path}", body, headers={"If-Match": '"0"'} if path == "plan" else {})
        assert answer.status_code in (200, 201), answer.text
        assert orjson.loads((await facts(lane, town, case))["owed"])[kind] == "met"
    assert set(await due_days(lane, town, case)) == {"closure"}


async def test_what_was_done_ahead_of_the_first_contact_is_never_owed(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = worker(api, town)
    assert (await portal.post(f"{case.path}/readings", READING)).status_code == 201
    assert (await portal.put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).status_code == 200
    await portal.post(f"{case.path}/contacts", contact(held_at="2026-11-06T15:00:00Z"))
    assert set(await due_days(lane, town, case)) == {"review", "closure"}


async def test_an_earlier_contact_recorded_later_brings_what_it_owes_forward(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = worker(api, town)
    await portal.post(f"{case.path}/contacts", contact(held_at="2026-11-10T15:00:00Z"))
    first = await due_days(lane, town, case)
    await portal.post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    after = await due_days(lane, town, case)
    assert (first["plan"], after["plan"]) == (date(2026, 11, 24), date(2026, 11, 18))
    assert (first["closure"], after["closure"]) == (case.planned_end_on, case.planned_end_on)


async def test_an_extension_puts_off_the_review_only_while_it_is_owed(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = worker(api, town)
    await portal.post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    before = await due_days(lane, town, case)
    await portal.post(f"{case.path}/extend", {"weeks": 2, "reason": "More time."})
    after = await due_days(lane, town, case)
    assert after["review"] == CALENDAR.add_school_days(before["review"], 5)
    assert after["closure"] == CALENDAR.add_school_days(case.planned_end_on, 10)
    assert (after["baseline"], after["plan"]) == (before["baseline"], before["plan"])
    await portal.post(f"{case.path}/reviews", review())
    await portal.post(f"{case.path}/extend", {"weeks": 2, "reason": "More time."})
    assert set(await due_days(lane, town, case)) == {"baseline", "plan", "closure"}


async def test_the_days_are_those_of_the_pupils_school(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    training = {"training_days": [{"on": "2026-11-09", "name": "Training day"}]}
    own = f"/v1/schools/{town.school.organisation_id}/calendar/2026-27"
    assert (await api.as_(town.school).put(own, training, headers={"If-Match": "*"})).status_code == 200
    await worker(api, town).post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    assert (await due_days(lane, town, case))["baseline"] == date(2026, 11, 12)


async def test_the_figures_are_those_of_the_day_of_acceptance(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    officer = at(api.as_(town.officer), datetime(2026, 11, 2, 10, tzinfo=UTC))
    content = {**(await officer.get("/v1/policies/current")).json()["content"], "plan_school_days": 2}
    published = await officer.post(
        "/v1/policies",
        {"effective_from": "2026-11-03", "summary_of_changes": "x", "contact": "x", "content": content},
    )
    assert published.status_code == 201, published.text
    await worker(api, town).post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    assert (await due_days(lane, town, case))["plan"] == date(2026, 11, 18)


async def test_a_case_that_is_handed_over_is_owed_by_its_next_provider_paused_or_not(
    api: Api, town: Town, lane: Database
) -> None:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    await paused(api, town, ids)
    before = await due_days(lane, town, ids)
    after = await next_contract(lane, town, town.providers[1], on=LATER.date(), places=2)
    await after.commit(at(api.as_(town.officer), LATER))
    assert await due_days(lane, town, ids) == before
    assert set(await owed(worker(api, town), str(ids.intervention_id))) == set()
    theirs = at(api.as_(town.providers[1]), LATER)
    assert set(await owed(theirs, str(ids.intervention_id))) == set(before)
    held = await facts(lane, town, ids)
    assert (held["state"], held["referral"], held["booking"]) == ("paused", "on_hold", "active")
    answer = await at(api.as_(town.providers[1]), datetime(2026, 11, 24, 9, tzinfo=UTC)).post(f"{ids.path}/resume", {})
    assert answer.status_code == 200, answer.text
    held = await facts(lane, town, ids)
    assert held["planned_end_on"] == held["ends_on"] == CALENDAR.add_school_days(ids.planned_end_on, 2)


async def test_a_case_that_runs_over_its_planned_end_is_still_recorded(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await worker(api, town).post(f"{case.path}/contacts", contact())
    over = on(api, town, "2026-12-16", 16)
    late = contact(kind="session", held_at="2026-12-16T14:00:00Z", result="late", minutes_late=20)
    answer = await over.post(f"{case.path}/contacts", late)
    assert answer.status_code == 201, answer.text
    assert answer.json()["minutes_late"] == 20
    assert (await over.post(f"{case.path}/reviews", review(held_on="2026-12-16"))).status_code == 201
    extended = await over.post(f"{case.path}/extend", {"weeks": 1, "reason": "Late."})
    assert (extended.status_code, extended.json()["code"]) == (409, "action_not_available")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"result": "did_not_attend", "reason": None}, "/reason"),
        ({"result": "was_not_brought", "reason": None}, "/reason"),
        ({"result": "attended", "minutes_late": 5}, "/minutes_late"),
        ({"result": "late", "minutes_late": 0}, "/minutes_late"),
        ({"result": "late", "minutes_late": 241}, "/minutes_late"),
        ({"kind": "follow_up"}, "/kind"),
    ],
)
async def test_a_contact_says_why_it_was_missed_and_how_late_it_was(
    changes: dict[str, object], pointer: str, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    body = {**contact(child_seen=False), **changes}
    answer = await worker(api, town).post(f"{case.path}/contacts", body)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await facts(lane, town, case))["contacts"] == 0


async def test_what_is_put_off_while_overdue_is_overdue_no_longer(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await worker(api, town).post(f"{case.path}/contacts", contact(held_at="2026-11-04T15:00:00Z"))
    await worker(api, town).post(f"{case.path}/readings", READING)
    await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})
    await paused(api, town, case, "2026-11-23", expected_last_on="2026-11-23")
    await run_due(lane, replace(town.officer, at=datetime(2026, 11, 27, 18, tzinfo=UTC)))
    portal = on(api, town, "2026-11-27", 18)
    assert set(await owed(portal, str(case.intervention_id), "overdue")) == {"pause_end", "review"}
    await resumed(api, town, case, "2026-11-27")
    assert (await due_days(lane, town, case))["review"] == date(2026, 11, 30)
    assert set(await owed(portal, str(case.intervention_id), "overdue")) == set()
