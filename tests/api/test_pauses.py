"""A case stands still and goes on: what moves with it, what is refused meanwhile, and what it costs the place."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.db import Database
from app.domain.calendar import Calendar
from tests.factories.authority import Town
from tests.factories.casework import (
    CaseIds,
    accepted_case,
    acknowledged,
    at,
    book_place,
    closing,
    contact,
    facts,
    missed,
    plan,
    started,
    worker,
)
from tests.factories.http import Api
from tests.factories.officers import OFFICER, act, owed, rows, told
from tests.factories.turns import due_days, on, pause, paused, resumed

CALENDAR = Calendar()


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    """Accepted on Monday 2 November, begun on the 3rd, planned until Monday 14 December."""
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    return ids


@pytest.fixture
async def unbegun(api: Api, town: Town) -> CaseIds:
    ids = await accepted_case(api, town)
    await acknowledged(api, town, ids)
    return ids


def on_day(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC)


def referral_of(ids: CaseIds) -> dict[str, Any]:
    return {"id": str(ids.referral_id)}


async def test_a_pause_moves_the_end_the_place_and_the_clocks(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    before = await due_days(lane, town, case)
    answer = await paused(api, town, case, note="Away with a grandparent.")
    new_end = CALENDAR.add_school_days(case.planned_end_on, 11)
    assert (answer["state"], answer["planned_end_on"]) == ("paused", new_end.isoformat())
    (shown,) = answer["pauses"]
    assert (shown["school_days"], shown["resumed_on"], shown["note"]) == (11, None, "Away with a grandparent.")
    held = await facts(lane, town, case)
    assert (held["referral"], held["booking"], held["ends_on"]) == ("on_hold", "active", new_end)
    assert held["told"][-1] == "intervention.paused"
    after = await due_days(lane, town, case)
    assert after["pause_end"] == date(2026, 12, 4)
    assert after["closure"] == new_end
    # Due before the pause, they stay as they were; the review was due after it began.
    assert (after["baseline"], after["plan"]) == (before["baseline"], before["plan"])
    assert after["review"] == CALENDAR.add_school_days(before["review"], 11)
    assert "resume" in answer["available_actions"]
    assert "pause" not in answer["available_actions"]


async def test_it_is_in_the_history_and_told_to_everyone_concerned(api: Api, town: Town, case: CaseIds) -> None:
    await paused(api, town, case)
    await resumed(api, town, case, "2026-11-27")
    officer = api.as_(town.officer)
    steps = await rows(officer, referral_of(case), "history")
    assert [(step["from_state"], step["to_state"]) for step in steps[-2:]] == [
        ("in_progress", "on_hold"),
        ("on_hold", "in_progress"),
    ]
    for reader in (town.school, town.provider, town.officer):
        events = await told(api, reader, referral_of(case))
        assert [kind for kind, _ in events[-2:]] == ["intervention.paused", "intervention.resumed"]
        assert events[-2][1]["reason"] == "family_away"
        assert events[-1][1]["paused_school_days"] == 5
    worklist = (await worker(api, town).get("/v1/allocations")).json()["data"]
    assert worklist[0]["intervention_state"] == "active"


async def test_a_school_reads_why_in_a_code_and_not_in_words(api: Api, town: Town, case: CaseIds) -> None:
    await paused(api, town, case, note="Words for few.")
    seen = {}
    for reader in (town.school, town.provider, town.officer):
        answer = await api.as_(reader).get(case.path)
        seen[reader.kind.value] = answer.json()["pauses"][0]
    assert seen["school"]["reason"] == "family_away"
    assert "note" not in seen["school"]
    assert seen["provider"] == seen["authority"]
    graph = await api.as_(town.school).graphql(
        "{ interventions(first: 1) { nodes { pauses { reason note startsOn expectedLastOn resumedOn schoolDays } } } }"
    )
    assert graph["data"]["interventions"]["nodes"][0]["pauses"] == [
        {
            "reason": "family_away", "note": None, "startsOn": "2026-11-20", "expectedLastOn": "2026-12-04",
            "resumedOn": None, "schoolDays": 11,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "body", "missed_days"),
    [
        ("2026-11-24", {}, 2),
        ("2026-11-20", {}, 0),
        ("2026-12-07", {}, 11),
        ("2026-12-09", {}, 13),
        ("2026-12-11", {"resumed_on": "2026-12-07"}, 11),
        ("2026-11-25", {"resumed_on": "2026-11-22"}, 1),
    ],
)
async def test_resuming_counts_the_school_days_that_were_really_missed(
    day: str, body: dict[str, str], missed_days: int, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    before = await due_days(lane, town, case)
    await paused(api, town, case)
    answer = await resumed(api, town, case, day, **body)
    new_end = CALENDAR.add_school_days(case.planned_end_on, missed_days)
    assert (answer["state"], answer["planned_end_on"]) == ("active", new_end.isoformat())
    (shown,) = answer["pauses"]
    assert (shown["school_days"], shown["resumed_on"]) == (missed_days, body.get("resumed_on", day))
    held = await facts(lane, town, case)
    assert (held["referral"], held["ends_on"], held["told"][-1]) == ("in_progress", new_end, "intervention.resumed")
    assert orjson.loads(held["owed"])["pause_end"] == "met"
    after = await due_days(lane, town, case)
    assert after["review"] == CALENDAR.add_school_days(before["review"], missed_days)
    assert after["closure"] == new_end


async def test_a_case_that_has_not_begun_is_paused_too(api: Api, town: Town, unbegun: CaseIds, lane: Database) -> None:
    before = await due_days(lane, town, unbegun)
    await paused(api, town, unbegun, "2026-11-06", expected_last_on="2026-11-13")
    held = await facts(lane, town, unbegun)
    assert (held["state"], held["referral"], held["booking"]) == ("paused", "on_hold", "accepted")
    after = await due_days(lane, town, unbegun)
    assert after["initial_contact"] == CALENDAR.add_school_days(before["initial_contact"], 6)
    first = await on(api, town, "2026-11-10").post(f"{unbegun.path}/contacts", contact(held_at="2026-11-05T15:00:00Z"))
    assert first.status_code == 409
    assert "resume" in first.json()["detail"]
    await resumed(api, town, unbegun, "2026-11-10")
    held = await facts(lane, town, unbegun)
    assert (held["state"], held["referral"]) == ("planned", "accepted")
    first = await on(api, town, "2026-11-10", 16).post(
        f"{unbegun.path}/contacts", contact(held_at="2026-11-10T15:00:00Z")
    )
    assert first.status_code == 201, first.text
    assert (await due_days(lane, town, unbegun))["closure"] == CALENDAR.add_school_days(unbegun.planned_end_on, 2)


async def test_no_session_is_held_in_a_pause_and_the_family_may_still_be_called(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await paused(api, town, case)
    path, portal = f"{case.path}/contacts", on(api, town, "2026-11-25")
    session = contact(kind="session", held_at="2026-11-24T15:00:00Z")
    refused = await portal.post(path, session)
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    assert "resume it first" in refused.json()["detail"]
    for body in (
        missed(kind="session", held_at="2026-11-24T15:00:00Z", result="no_reply"),
        contact(kind="session", held_at="2026-11-19T15:00:00Z"),
        contact(kind="team_around_the_child", held_at="2026-11-24T15:00:00Z", agencies=["Health"]),
    ):
        assert (await portal.post(path, body)).status_code == 201, body
    await resumed(api, town, case, "2026-11-25")
    late = await portal.post(path, session)
    assert (late.status_code, late.json()["errors"][0]["code"]) == (422, "paused")
    assert (await portal.post(path, contact(kind="session", held_at="2026-11-25T08:00:00Z"))).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"starts_on": "2026-11-12"}, "/starts_on", "too_long_ago"),
        ({"starts_on": "2026-11-24"}, "/starts_on", "in_the_future"),
        ({"starts_on": "2026-10-30"}, "/starts_on", "too_long_ago"),
        ({"expected_last_on": "2026-11-19"}, "/expected_last_on", "in_the_past"),
        ({"expected_last_on": "2027-06-01"}, "/expected_last_on", "beyond_policy"),
        ({"expected_last_on": "2099-06-01"}, "/expected_last_on", "beyond_policy"),
        ({"reason": "weather"}, "/reason", None),
        ({"reason": None}, "/reason", None),
        ({"note": "x" * 5001}, "/note", None),
        ({"starts_on": 0}, "/starts_on", None),
        ({"weeks": 2}, "/weeks", None),
    ],
)
async def test_a_pause_that_does_not_fit_changes_nothing(
    body: dict[str, Any], pointer: str, code: str | None, api: Api, town: Town, lane: Database
) -> None:
    case = await accepted_case(api, town)
    await started(api, town, case)
    before = await facts(lane, town, case)
    answer = await on(api, town, "2026-11-20").post(f"{case.path}/pause", pause(**body))
    assert answer.status_code == 422, answer.text
    error = answer.json()["errors"][0]
    assert error["pointer"] == pointer
    assert code in (None, error["code"])
    assert await facts(lane, town, case) == before


async def test_a_pause_begins_after_the_last_contact_and_overlaps_no_other(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await on(api, town, "2026-11-18", 16).post(
        f"{case.path}/contacts", contact(kind="session", held_at="2026-11-18T14:00:00Z")
    )
    portal = on(api, town, "2026-11-20")
    refused = await portal.post(f"{case.path}/pause", pause("2026-11-18"))
    assert refused.json()["errors"][0]["code"] == "after_a_contact"
    await paused(api, town, case, "2026-11-20", starts_on="2026-11-19")
    again = await portal.post(f"{case.path}/pause", pause())
    assert (again.status_code, again.json()["code"]) == (409, "action_not_available")
    await resumed(api, town, case, "2026-11-24")
    overlapping = await on(api, town, "2026-11-24").post(f"{case.path}/pause", pause("2026-11-23"))
    assert overlapping.json()["errors"][0]["code"] == "overlaps"
    # Lengthened: resumed and paused again on one day.
    answer = await paused(api, town, case, "2026-11-24")
    assert [row["resumed_on"] for row in answer["pauses"]] == ["2026-11-24", None]
    assert answer["planned_end_on"] == CALENDAR.add_school_days(case.planned_end_on, 3 + 9).isoformat()


async def test_policy_bounds_all_pauses_together(api: Api, town: Town, case: CaseIds) -> None:
    await paused(api, town, case, expected_last_on="2026-12-10")
    await resumed(api, town, case, "2026-12-11")
    portal = on(api, town, "2026-12-11")
    refused = await portal.post(f"{case.path}/pause", pause("2026-12-11", "2027-01-05"))
    assert refused.json()["errors"][0]["code"] == "beyond_policy"
    assert (await portal.post(f"{case.path}/pause", pause("2026-12-14", "2026-12-18"))).status_code == 200


async def test_nothing_is_paused_before_it_begins_after_its_end_or_when_it_is_closed(
    api: Api, town: Town, case: CaseIds
) -> None:
    late = await on(api, town, "2026-12-14").post(f"{case.path}/pause", pause("2026-12-11", "2026-12-18"))
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")
    idle = await on(api, town, "2026-11-20").post(f"{case.path}/resume", {})
    assert (idle.status_code, idle.json()["code"]) == (409, "action_not_available")
    await worker(api, town).post(f"{case.path}/close", closing())
    for act_, body in (("pause", pause()), ("resume", {})):
        answer = await on(api, town, "2026-11-23").post(f"{case.path}/{act_}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


async def test_a_place_that_is_promised_on_or_ends_is_not_held_for_longer(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    before = await facts(lane, town, case)
    await book_place(lane, town, case.place_id, case.planned_end_on)
    answer = await on(api, town, "2026-11-20").post(f"{case.path}/pause", pause())
    assert (answer.status_code, answer.json()["code"]) == (409, "place_taken")
    async with lane.write(town.officer) as session:
        await session.run("DELETE FROM booking WHERE starts_on = $1", case.planned_end_on)
        await session.run(
            "UPDATE place SET available_until = $1 WHERE id = $2",
            case.planned_end_on + timedelta(days=1),
            case.place_id,
        )
    answer = await on(api, town, "2026-11-20").post(f"{case.path}/pause", pause())
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity_refused")
    assert await facts(lane, town, case) == before


async def test_an_extension_in_a_pause_and_after_it_has_all_its_weeks(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await paused(api, town, case)
    portal = on(api, town, "2026-11-25")
    answer = await portal.post(f"{case.path}/extend", {"weeks": 6, "reason": "More time."})
    assert answer.status_code == 200, answer.text
    over = await portal.post(f"{case.path}/extend", {"weeks": 1, "reason": "More time."})
    assert over.json()["errors"][0]["code"] == "beyond_policy"
    answer = await resumed(api, town, case, "2026-11-27")
    new_end = CALENDAR.add_school_days(case.planned_end_on, 30 + 5)
    assert answer["planned_end_on"] == new_end.isoformat()
    owed_on = await due_days(lane, town, case)
    assert owed_on["closure"] == new_end
    # Half of the work is later now: 3 November, 59 days of work, the pause left out.
    assert owed_on["review"] == CALENDAR.add_school_days(date(2026, 11, 3), 59 // 2 + 5)


async def test_a_paused_case_closes_and_is_paused_again_when_that_is_undone(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await paused(api, town, case)
    closed = await on(api, town, "2026-11-24").post(
        f"{case.path}/close", closing(outcome="ended_early", reason="moved_away")
    )
    assert closed.status_code == 200, closed.text
    held = await facts(lane, town, case)
    assert (held["state"], held["referral"], held["booking"]) == ("closed", "closed", "released")
    assert orjson.loads(held["owed"])["pause_end"] == "cancelled"
    officer = at(api.as_(town.officer), on_day("2026-11-26"))
    opened = await act(officer, referral_of(case), "reopen", reason="A mistake.", officer=OFFICER)
    assert opened["state"] == "on_hold"
    held = await facts(lane, town, case)
    assert (held["state"], held["booking"]) == ("paused", "active")
    assert set(await due_days(lane, town, case)) == {"pause_end", "baseline", "plan", "review", "closure"}
    answer = await resumed(api, town, case, "2026-11-27")
    assert answer["planned_end_on"] == CALENDAR.add_school_days(case.planned_end_on, 5).isoformat()
    await due_days(lane, town, case)


async def test_without_the_familys_agreement_nothing_is_paused_or_resumed(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await paused(api, town, case)
    await act(at(api.as_(town.school), on_day("2026-11-23")), referral_of(case), "agreement", status="withdrawn")
    before = await facts(lane, town, case)
    answer = await on(api, town, "2026-11-24").post(f"{case.path}/resume", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")
    assert await facts(lane, town, case) == before


async def test_a_retry_pauses_once_and_a_stale_version_never(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = on(api, town, "2026-11-20")
    stale = await portal.post(f"{case.path}/pause", pause(), headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    key = {"Idempotency-Key": "pause-1"}
    first = await portal.post(f"{case.path}/pause", pause(), headers=key)
    again = await portal.post(f"{case.path}/pause", pause(), headers=key)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert (await facts(lane, town, case))["told"].count("intervention.paused") == 1


async def test_nobody_else_pauses_or_resumes(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    before = await facts(lane, town, case)
    for act_, body in (("pause", pause()), ("resume", {})):
        for stranger, status in ((town.providers[1], 404), (town.school, 403), (town.officer, 403)):
            caller = at(api.as_(stranger), on_day("2026-11-20"))
            assert (await caller.post(f"{case.path}/{act_}", body)).status_code == status
    assert await facts(lane, town, case) == before


async def test_plan_and_readings_are_kept_up_in_a_pause(api: Api, town: Town, case: CaseIds) -> None:
    await paused(api, town, case)
    answer = await on(api, town, "2026-11-25").put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})
    assert answer.status_code == 200, answer.text


async def test_the_end_of_a_pause_that_nobody_resumes_goes_overdue(api: Api, town: Town, case: CaseIds) -> None:
    await paused(api, town, case)
    portal = on(api, town, "2026-12-04", 18)
    overdue = await owed(portal, str(case.intervention_id), "overdue")
    assert overdue["pause_end"]["due_at"] == "2026-12-04T17:00:00Z"
    assert overdue["pause_end"]["owed_by_id"] == str(town.provider.organisation_id)
