"""A closure is undone: the case goes on in its place where that is free, else the family waits where it stood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import Database
from tests.factories.authority import Town, add_block
from tests.factories.casework import (
    LATER,
    CaseIds,
    accepted_case,
    at,
    closing,
    contact,
    facts,
    plan,
    started,
    worker,
)
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.officers import OFFICER, act, owed, read, refused, rows, send, told
from tests.factories.referrals import key, referral_body

MONDAY = LATER + timedelta(days=3)
"""The next school day after the closures here."""
TOO_LATE = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
"""The eleventh school day after it."""
ASKED = {"reason": "It was closed by mistake.", "officer": OFFICER}


def referral_of(ids: CaseIds) -> dict[str, Any]:
    return {"id": str(ids.referral_id)}


async def closed_case(api: Api, town: Town) -> CaseIds:
    """A case that was worked and closed by its provider, on LATER."""
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    portal = worker(api, town)
    put = await portal.put(
        f"{ids.path}/plan", plan(goals=[{"title": "Goal", "owner": "family"}]), headers={"If-Match": "*"}
    )
    assert put.status_code == 200, put.text
    goals = [{"goal_id": goal["id"], "result": "achieved"} for goal in put.json()["goals"]]
    answer = await portal.post(f"{ids.path}/close", closing(reason="goals_met", goals=goals))
    assert answer.status_code == 200, answer.text
    return ids


async def volume_used(api: Api, town: Town) -> int:
    figures = (await at(api.as_(town.officer), MONDAY).get(f"/v1/lots/{town.lots[0]}")).json()["figures"]
    return int(figures["volume_used_count"])


async def test_a_case_goes_on_in_its_place_and_nothing_is_lost(api: Api, town: Town, lane: Database) -> None:
    officer, provider = at(api.as_(town.officer), MONDAY), at(api.as_(town.provider), MONDAY)
    ids = await closed_case(api, town)
    used = await volume_used(api, town)
    assert (await read(officer, referral_of(ids)))["available_actions"] == ["reopen"]
    opened = await act(officer, referral_of(ids), "reopen", **ASKED)
    assert (opened["state"], opened["outcome"], opened["closed_at"]) == ("in_progress", None, None)
    assert opened["case_provider_id"] == str(town.provider.organisation_id)
    assert opened["intervention_id"] == str(ids.intervention_id)
    held = await facts(lane, town, ids)
    assert (held["state"], held["closed_on"], held["outcome"], held["booking"]) == ("active", None, None, "active")
    assert held["planned_end_on"] == ids.planned_end_on
    async with lane.read(town.officer) as session:
        bookings = await session.rows(
            "SELECT state, cause, starts_on, place_id FROM booking WHERE authority_id = $1 ORDER BY starts_on",
            session.authority_id,
        )
        offer_booking = await session.value(
            "SELECT o.booking_id = i.booking_id FROM offer o JOIN intervention i ON i.id = o.intervention_id"
            " WHERE o.authority_id = $1",
            session.authority_id,
        )
    assert [(row["state"], row["cause"]) for row in bookings] == [("released", "closed"), ("active", "reopened")]
    assert bookings[1]["starts_on"] == MONDAY.date()
    assert bookings[0]["place_id"] == bookings[1]["place_id"]
    assert offer_booking is True
    assert await volume_used(api, town) == used
    # What the closure said is kept, and taken back.
    noted = (await rows(officer, referral_of(ids), "amendments"))[-1]
    assert noted["reason"] == ASKED["reason"]
    assert noted["changes"]["outcome"] == {"from": "completed", "to": None}
    assert noted["changes"]["closure_summary"]["from"]["what_changed"] == "Mornings have a routine."
    assert list(noted["changes"]["goal_results"]["from"].values()) == ["achieved"]
    assert (await provider.get(f"{ids.path}/plan")).json()["goals"][0]["result"] is None
    assert (await rows(officer, referral_of(ids), "history"))[-1]["event_type"] == "referral.reopened"
    for reader in (town.school, town.provider, town.officer):
        # What its facts ask for, they ask for again.
        *_, reopened, (asked, _) = await told(api, reader, referral_of(ids))
        assert asked == "referral.attention_raised"
        assert reopened == (
            "referral.reopened",
            {"state": "in_progress", "intervention_id": str(ids.intervention_id)},
        )
    # The work goes on, and ends as any other.
    more = contact(kind="session", held_at="2026-11-23T08:00:00Z")
    assert (await provider.post(f"{ids.path}/contacts", more)).status_code == 201
    goal = (await provider.get(f"{ids.path}/plan")).json()["goals"][0]["id"]
    again = closing(reason="goals_met", goals=[{"goal_id": goal, "result": "partly"}])
    assert (await provider.post(f"{ids.path}/close", again)).status_code == 200
    assert (await read(officer, referral_of(ids)))["state"] == "closed"


async def test_what_was_owed_is_owed_again_later_by_the_days_that_it_was_closed(api: Api, town: Town) -> None:
    officer = at(api.as_(town.officer), MONDAY)
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    before = await owed(worker(api, town), str(ids.intervention_id))
    assert "closure" in before
    answer = await worker(api, town).post(f"{ids.path}/close", closing())
    assert answer.status_code == 200, answer.text
    provider = at(api.as_(town.provider), MONDAY)
    assert set(await owed(provider, str(ids.intervention_id))) == {"follow_up"}
    await act(officer, referral_of(ids), "reopen", **ASKED)
    after = await owed(provider, str(ids.intervention_id))
    assert set(after) == set(before)
    moved = datetime.fromisoformat(after["closure"]["due_at"]) - datetime.fromisoformat(before["closure"]["due_at"])
    assert timedelta(0) < moved <= timedelta(days=4), "one school day: closed on Friday, open on Monday"


async def test_a_case_that_had_not_begun_goes_on_too_and_commits_its_volume_again(
    api: Api, town: Town, lane: Database
) -> None:
    school, provider = at(api.as_(town.school), LATER), at(api.as_(town.provider), LATER)
    referral = await send(school)
    accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    await act(school, referral, "withdraw", reason="sent_by_mistake")
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    assert (await read(school, referral))["available_actions"] == ["reopen"], "its own closure"
    opened = await act(school, referral, "reopen", reason="It was no mistake.")
    assert opened["state"] == "accepted"
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 200
    assert "initial_contact" in await owed(provider, opened["intervention_id"])
    async with lane.read(town.officer) as session:
        states = await session.rows(
            "SELECT i.state AS intervention, b.state AS booking FROM intervention i"
            " JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id WHERE i.authority_id = $1",
            session.authority_id,
        )
    assert [tuple(row) for row in states] == [("planned", "accepted")]


async def test_what_is_owed_again_skips_the_days_on_which_the_school_is_closed(api: Api, town: Town) -> None:
    school, provider = at(api.as_(town.school), LATER), at(api.as_(town.provider), LATER)
    referral = await send(school)
    accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    case_id = accepted.json()["intervention_id"]
    assert (await owed(provider, case_id))["initial_contact"]["due_at"][:10] == "2026-11-27"
    await act(school, referral, "withdraw", reason="sent_by_mistake")
    training = {"training_days": [{"on": "2026-11-30", "name": "Training day"}]}
    own = f"/v1/schools/{town.school.organisation_id}/calendar/2026-27"
    assert (await school.put(own, training, headers={"If-Match": "*"})).status_code == 200
    await act(at(api.as_(town.officer), MONDAY), referral, "reopen", **ASKED)
    again = await owed(at(api.as_(town.provider), MONDAY), case_id)
    assert again["initial_contact"]["due_at"][:10] == "2026-12-01", "a school day was missed, and Monday is none"


async def test_a_case_that_was_handed_over_goes_on_in_its_place_of_the_next_contract(
    api: Api, town: Town, lane: Database
) -> None:
    """Work that has begun keeps the lot whose volume it used; its place is another lot's since."""
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    after = await next_contract(lane, town, town.provider, on=LATER.date(), places=2)
    await after.commit(at(api.as_(town.officer), LATER))
    async with lane.write(town.officer) as session:
        ended = "UPDATE contract SET ends_on = $2 WHERE authority_id = $1 AND id = $3"
        await session.run(ended, session.authority_id, LATER.date(), town.contracts[0])
    answer = await worker(api, town).post(f"{ids.path}/close", closing())
    assert answer.status_code == 200, answer.text
    officer = at(api.as_(town.officer), MONDAY)
    await act(officer, referral_of(ids), "reopen", **ASKED)
    assert (await read(officer, referral_of(ids)))["state"] == "in_progress"
    async with lane.read(town.officer) as session:
        booked = await session.rows(
            "SELECT b.lot_id, b.lot_id = p.lot_id AS fits, b.state FROM booking b JOIN place p ON p.id = b.place_id"
            " WHERE b.authority_id = $1 AND b.state <> 'released'",
            session.authority_id,
        )
    assert [tuple(row) for row in booked] == [(after.lot_id, True, "active")]


async def test_without_its_place_the_family_waits_with_its_old_date(api: Api, town: Town, lane: Database) -> None:
    officer, school = at(api.as_(town.officer), MONDAY), at(api.as_(town.school), MONDAY)
    ids = await closed_case(api, town)
    received = (await read(officer, referral_of(ids)))["received_at"]
    for _ in range(2):
        assert (await send(school))["state"] == "offered"
    used = await volume_used(api, town)
    opened = await act(officer, referral_of(ids), "reopen", **ASKED)
    assert (opened["state"], opened["received_at"]) == ("waiting", received)
    assert (opened["case_provider_id"], opened["intervention_id"]) == (None, None)
    assert (await facts(lane, town, ids))["state"] == "closed"
    provider = at(api.as_(town.provider), MONDAY)
    assert (await provider.get(f"/v1/referrals/{ids.referral_id}")).status_code == 404
    assert await owed(provider, str(ids.intervention_id)) == {}
    assert await volume_used(api, town) == used, "the work that was done stays used"
    assert [row["id"] for row in (await officer.get("/v1/waiting-list")).json()["data"]] == [str(ids.referral_id)]


@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE contract SET ends_on = '2026-11-21' WHERE authority_id = $1",
        "UPDATE place SET available_until = '2026-11-21' WHERE authority_id = $1",
        "UPDATE practitioner SET active = false WHERE authority_id = $1",
    ],
)
async def test_nor_does_it_go_on_where_contract_place_or_caseload_ended(
    api: Api, town: Town, lane: Database, gone: str
) -> None:
    ids = await closed_case(api, town)
    async with lane.write(town.officer) as session:
        await session.run(gone, session.authority_id)
    opened = await act(at(api.as_(town.officer), MONDAY), referral_of(ids), "reopen", **ASKED)
    assert opened["state"] == "waiting"


async def test_a_withdrawn_referral_waits_again_and_is_offered_if_it_can_be(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    await act(school, referral, "withdraw", reason="sent_by_mistake")
    opened = await act(school, referral, "reopen", reason="It was no mistake.")
    assert (opened["state"], opened["received_at"]) == ("offered", referral["received_at"])
    steps = [step["event_type"] for step in await rows(school, referral, "history")]
    assert steps[-2:] == ["referral.reopened", "allocation.offered"]


async def test_a_question_that_was_open_is_open_again(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    referral = await send(school)
    await act(officer, referral, "request-information", question="Which afternoons?")
    await act(school, referral, "withdraw", reason="other")
    opened = await act(school, referral, "reopen", reason="We have the answer.")
    assert (opened["state"], opened["information_request"]["question"]) == (
        "information_requested",
        "Which afternoons?",
    )


async def test_what_officers_owed_of_a_held_referral_is_owed_again(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    referral = await send(school, immediate_danger=True)
    assert "safeguarding_action" in await owed(officer, referral["id"])
    await act(school, referral, "withdraw", reason="other")
    assert await owed(officer, referral["id"]) == {}
    opened = await act(school, referral, "reopen", reason="It was no mistake.")
    assert opened["state"] == "waiting"
    assert "safeguarding_action" in await owed(officer, referral["id"])
    assert (await read(officer, referral))["holds"] == ["SAFEGUARDING_HOLD"]


async def test_another_organisations_referral_meanwhile_holds_it(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    body = referral_body()
    mine = (await school.post("/v1/referrals", body, headers=key())).json()
    await act(school, mine, "withdraw", reason="other")
    other = api.as_(town.schools[1])
    theirs = await other.post("/v1/referrals", body, headers=key())
    assert theirs.status_code == 201, theirs.text
    opened = await act(school, mine, "reopen", reason="It was no mistake.")
    assert opened["state"] == "waiting"
    assert "POSSIBLE_DUPLICATE" not in str(opened), "the sender learns nothing of another"
    assert (await read(officer, mine))["holds"] == ["POSSIBLE_DUPLICATE"]
    assert "place_referral" in await owed(officer, mine["id"])


async def test_a_family_that_has_taken_its_agreement_back_stays_unoffered(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    referral = await send(school)
    await act(school, referral, "agreement", status="withdrawn")
    await act(school, referral, "withdraw", reason="agreement_withdrawn")
    opened = await act(school, referral, "reopen", reason="The family may agree after all.")
    assert opened["state"] == "waiting"
    assert (await read(officer, referral))["holds"] == ["AGREEMENT_WITHDRAWN"]
    assert "agreement_check" in await owed(officer, referral["id"])


async def test_the_senders_own_new_referral_stands_in_the_way(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    body = referral_body()
    first = (await school.post("/v1/referrals", body, headers=key())).json()
    await act(school, first, "withdraw", reason="other")
    assert (await school.post("/v1/referrals", body, headers=key())).status_code == 201
    status, problem = await refused(api.as_(town.officer), first, "reopen", **ASKED)
    assert (status, problem["code"]) == (409, "duplicate_referral")
    assert (await read(school, first))["state"] == "closed"


async def test_ten_school_days_and_no_longer(api: Api, town: Town) -> None:
    ids = await closed_case(api, town)
    late = at(api.as_(town.officer), TOO_LATE)
    assert (await read(late, referral_of(ids)))["available_actions"] == []
    status, problem = await refused(late, referral_of(ids), "reopen", **ASKED)
    assert (status, problem["code"]) == (409, "action_not_available")
    last_day = at(api.as_(town.officer), TOO_LATE - timedelta(days=3))
    assert (await act(last_day, referral_of(ids), "reopen", **ASKED))["state"] == "in_progress"


async def test_whoever_closed_it_may_undo_it_and_officers_any(api: Api, town: Town) -> None:
    ids = await closed_case(api, town)
    school, provider = at(api.as_(town.school), MONDAY), at(api.as_(town.provider), MONDAY)
    body = {"reason": "It was closed by mistake."}
    assert (await read(school, referral_of(ids)))["available_actions"] == []
    assert (await refused(school, referral_of(ids), "reopen", **body))[1]["code"] == "action_not_available"
    for stranger in (town.schools[1], town.providers[1]):
        other = at(api.as_(stranger), MONDAY)
        assert (await refused(other, referral_of(ids), "reopen", **body))[0] == 404
    officer = at(api.as_(town.officer), MONDAY)
    status, problem = await refused(officer, referral_of(ids), "reopen", **body)
    assert (status, problem["errors"][0]["pointer"]) == (422, "/officer")
    assert (await read(provider, referral_of(ids)))["available_actions"] == ["reopen"]
    assert (await act(provider, referral_of(ids), "reopen", **body))["state"] == "in_progress"
    assert (await refused(officer, referral_of(ids), "reopen", **ASKED))[1]["code"] == "action_not_available"


async def test_a_retry_and_a_stale_version(api: Api, town: Town) -> None:
    ids = await closed_case(api, town)
    officer: Caller = at(api.as_(town.officer), MONDAY)
    path = f"/v1/referrals/{ids.referral_id}/reopen"
    assert (await officer.post(path, ASKED, headers={"If-Match": '"1"'})).status_code == 412
    same = key()
    first = await officer.post(path, ASKED, headers=same)
    second = await officer.post(path, ASKED, headers=same)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()


async def test_another_place_of_another_lot_is_an_offer_and_not_the_case(api: Api, town: Town, lane: Database) -> None:
    officer, school = at(api.as_(town.officer), MONDAY), at(api.as_(town.school), MONDAY)
    ids = await closed_case(api, town)
    for _ in range(2):
        await send(school)
    await add_block(lane, town, town.providers[1], places=1)
    opened = await act(officer, referral_of(ids), "reopen", **ASKED)
    assert (opened["state"], opened["allocation"]["provider_id"]) == (
        "offered",
        str(town.providers[1].organisation_id),
    )
