"""Running cases go to places of the next contract: with their history, once, and seen by whom they concern."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.access import Principal, Scope
from app.db import Database, broker
from app.queries.writes import Writes
from app.services.business_clock import run_due
from app.services.obligations import owe
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.casework import CaseIds, accepted_case, at, closing, contact, facts, plan, started
from tests.factories.http import Api, Caller
from tests.factories.next_contract import Next, next_contract
from tests.factories.referrals import key, referral_body
from tests.factories.sound import breaches_of

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
TODAY = NOON.date()


def as_(api: Api, principal: Principal, moment: datetime = NOON) -> Caller:
    return at(api.as_(principal), moment)


async def rows(database: Database, town: Town, sql: str, *arguments: object) -> list[dict[str, Any]]:
    async with database.read(town.officer) as session:
        return [dict(row) for row in await session.rows(sql, town.officer.authority_id, *arguments)]


async def bookings(database: Database, town: Town) -> list[tuple[Any, ...]]:
    found = await rows(
        database,
        town,
        "SELECT lot_id, place_id, state, starts_on, ends_on, cause FROM booking WHERE authority_id = $1 ORDER BY id",
    )
    return [tuple(row.values()) for row in found]


async def lot_figures(api: Api, town: Town, lot_id: object, **query: str) -> dict[str, int]:
    return (await as_(api, town.officer).get(f"/v1/lots/{lot_id}", params=query)).json()["figures"]


async def working(api: Api, town: Town) -> CaseIds:
    """A case whose work has begun, with a plan and a reading."""
    case = await accepted_case(api, town)
    await started(api, town, case)
    worker = as_(api, town.provider)
    assert (await worker.put(f"{case.path}/plan", plan(), headers={"If-Match": "*"})).status_code == 200
    measures = (await worker.get("/v1/measures")).json()["data"]
    goal = next(measure for measure in measures if measure["key"] == "family_journey")
    reading = {
        "measure": "family_journey",
        "respondent": "parent",
        "taken_on": "2026-11-05",
        "completed_with": "jointly",
        "scores": {area["key"]: 4 for area in goal["areas"]},
    }
    assert (await worker.post(f"{case.path}/readings", reading)).status_code == 201
    return case


async def test_a_case_of_the_same_provider_goes_on_at_the_next_contract(api: Api, town: Town, lane: Database) -> None:
    case = await working(api, town)
    after = await next_contract(lane, town, town.provider, on=TODAY, places=2)
    done = await after.commit(as_(api, town.officer))
    assert (done["state"], done["moved_count"], done["stays_count"]) == ("done", 1, 0)
    (line,) = done["cases"]
    assert (line["outcome"], line["intervention_id"], line["to_lot_id"]) == (
        "moved",
        str(case.intervention_id),
        str(after.lot_id),
    )
    # The booking is cut on the day and goes on from it: no day twice, none between.
    (
        (lot, place, state, starts, ends, cause),
        (to_lot, to_place, to_state, to_starts, to_ends, to_cause),
    ) = await bookings(lane, town)
    assert (lot, place, state, ends, cause) == (town.lots[0], case.place_id, "released", TODAY, "handed_over")
    assert (to_lot, to_state, to_starts, to_cause) == (after.lot_id, "active", TODAY, "handed_over")
    assert (to_ends, starts < ends) == (case.planned_end_on, True)
    assert str(to_place) == line["to_place_id"]
    # The allocation is the same, at its new place; the intervention has all its history.
    worker = as_(api, town.provider)
    (offer,) = (await worker.get("/v1/allocations")).json()["data"]
    assert (offer["id"], offer["lot_id"], offer["place_id"]) == (
        line["allocation_id"],
        str(after.lot_id),
        str(to_place),
    )
    assert len((await worker.get(f"{case.path}/contacts")).json()["data"]) == 1
    assert len((await worker.get(f"{case.path}/plan")).json()["goals"]) == 2
    assert (await worker.post(f"{case.path}/contacts", contact(kind="session"))).status_code == 201
    assert (await worker.post(f"{case.path}/extend", {"weeks": 1, "reason": "Illness."})).status_code == 200
    goals = (await worker.get(f"{case.path}/plan")).json()["goals"]
    results = [{"goal_id": goal["id"], "result": "achieved"} for goal in goals]
    assert (await worker.post(f"{case.path}/close", closing(goals=results))).status_code == 200
    assert (await facts(lane, town, case))["booking"] == "released"


async def test_work_that_had_begun_uses_no_volume_twice(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=3)
    begun, fresh = await working(api, town), await accepted_case(api, town)
    before = (TODAY - timedelta(days=1)).isoformat()
    was = await lot_figures(api, town, town.lots[0], as_of=before)
    assert (was["volume_used_count"], was["volume_committed_count"]) == (1, 1)
    after = await next_contract(lane, town, town.provider, on=TODAY, places=3)
    await after.commit(as_(api, town.officer))
    old, new = await lot_figures(api, town, town.lots[0]), await lot_figures(api, town, after.lot_id)
    assert (old["held_count"], old["volume_used_count"], old["volume_committed_count"]) == (0, 1, 0)
    assert (new["held_count"], new["volume_used_count"], new["volume_committed_count"]) == (2, 0, 1)
    # What was true the day before is still told so.
    again = await lot_figures(api, town, town.lots[0], as_of=before)
    assert (again["held_count"], again["volume_used_count"]) == (2, 1)
    shown = (await as_(api, town.officer).get(begun.path)).json()
    assert shown["lot_id"] == str(town.lots[0])
    assert (await as_(api, town.officer).get(fresh.path)).json()["lot_id"] == str(after.lot_id)


async def test_another_provider_takes_the_case_over_and_the_old_one_loses_it(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await working(api, town)
    rival = town.providers[1]
    after = await next_contract(lane, town, rival, on=TODAY, places=1)
    old, new = as_(api, town.provider), as_(api, rival)
    referral = f"/v1/referrals/{case.referral_id}"
    (allocation,) = (await old.get("/v1/allocations")).json()["data"]
    assert (await new.get(referral)).status_code == 404
    await after.commit(as_(api, town.officer))
    # The new provider reads who it is and all that was recorded, and has an allocation of its own.
    assert (await new.get(referral)).json()["pupil"]["given_name"]
    (own,) = (await new.get("/v1/allocations")).json()["data"]
    assert (own["state"], own["intervention_id"]) == ("accepted", str(case.intervention_id))
    assert own["id"] != allocation["id"]
    assert len((await new.get(f"{case.path}/contacts")).json()["data"]) == 1
    assert len((await new.get(f"{case.path}/readings")).json()["data"]) == 1
    assert len((await new.get(f"{case.path}/plan")).json()["goals"]) == 2
    # It reads how to meet the family safely before it does so.
    shown = (await new.get(case.path)).json()
    assert (shown["safety_acknowledged_at"], "safety" in shown["available_actions"]) == (None, True)
    blocked = await new.post(f"{case.path}/contacts", contact(kind="session", held_at="2026-11-20T16:00:00Z"))
    assert blocked.status_code == 409, blocked.text
    assert (await new.post(f"{case.path}/safety", {"safe_contact": True, "visit_risks": True})).status_code == 200
    met = await new.post(f"{case.path}/contacts", contact(kind="session", held_at="2026-11-20T16:00:00Z"))
    assert met.status_code == 201, met.text
    goals = (await new.get(f"{case.path}/plan")).json()
    changed = plan(goals=[{"id": goal["id"], "title": "New words", "owner": "family"} for goal in goals["goals"]])
    assert (await new.put(f"{case.path}/plan", changed, headers={"If-Match": "*"})).status_code == 200
    # It chooses who works the case.
    colleague = (await new.post("/v1/practitioners", {"name": "Robin Madeup", "caseload_limit": 3})).json()["id"]
    chosen = await new.post(f"/v1/allocations/{own['id']}/practitioner", {"practitioner_id": colleague})
    assert chosen.status_code == 200, chosen.text
    # The old one works it no more, and still reads who it was; then that ends.
    assert (await old.get(case.path)).status_code == 404
    for path, body in (
        ("/contacts", contact()),
        ("/close", closing()),
        ("/extend", {"weeks": 1, "reason": "x"}),
        ("/safety", {"safe_contact": True, "visit_risks": True}),
    ):
        assert (await old.post(f"{case.path}{path}", body)).status_code == 404
    gone = (await old.get(f"/v1/allocations/{allocation['id']}")).json()
    assert (gone["state"], gone["intervention_id"]) == ("superseded", None)
    assert (await old.get(referral)).status_code == 200
    assert (await old.post(f"{referral}/agreement", {"status": "withdrawn"})).status_code == 404
    assert (await old.get("/v1/referrals")).json()["data"] == []
    ended = NOON + timedelta(days=30)
    async with lane.write(replace(town.officer, at=ended)) as session:
        await session.run("UPDATE authority SET clock_ran_to = $2 WHERE id = $1", session.authority_id, NOON)
    await run_due(lane, replace(town.officer, at=ended))
    assert (await as_(api, town.provider, ended).get(referral)).status_code == 404
    assert "pupil" not in (await as_(api, town.provider, ended).get(f"/v1/allocations/{allocation['id']}")).text
    assert (await as_(api, rival, ended).get(referral)).status_code == 200


async def test_a_case_that_nobody_has_read_is_open_to_its_next_provider_alone(api: Api, lane: Database) -> None:
    """Accepted by silence and handed over before the first read: the old provider never learns whose it was."""
    town = await build_town(lane, places=1)
    case = await accepted_case(api, town)
    async with lane.write(town.officer) as session, broker(session) as wide:
        await wide.run(
            "UPDATE offer SET deemed_acceptance = true, deemed_at = answered_at, answered_at = NULL"
            " WHERE authority_id = $1",
            wide.authority_id,
        )
        await wide.run("UPDATE intervention SET sealed = true WHERE authority_id = $1", wide.authority_id)
        await wide.run("UPDATE referral SET case_provider_id = NULL WHERE authority_id = $1", wide.authority_id)
        writes = Writes()
        owe(
            writes, wide, "deemed_acceptance_check", wide.organisation_id,
            subject=("offer", await wide.value("SELECT id FROM offer WHERE authority_id = $1", wide.authority_id)),
            clock="calendar_hour", due_at=wide.now,
        )  # fmt: skip
        await writes.flush(wide)
    rival = town.providers[1]
    after = await next_contract(lane, town, rival, on=TODAY, places=1)
    done = await after.commit(as_(api, town.officer))
    assert (done["moved_count"], done["stays_count"]) == (1, 0)
    old, new = as_(api, town.provider), as_(api, rival)
    referral = f"/v1/referrals/{case.referral_id}"
    assert (await new.get(referral)).json()["pupil"]["given_name"]
    assert (await new.get(case.path)).json()["state"] == "planned"
    assert [(await old.get(path)).status_code for path in (referral, case.path)] == [404, 404]
    (allocation,) = (await old.get("/v1/allocations")).json()["data"]
    assert (allocation["state"], allocation.get("referral_id")) == ("superseded", None)
    (known,) = await rows(
        lane, town, "SELECT former_provider_id, former_until, case_provider_id FROM referral WHERE authority_id = $1"
    )
    assert known == {"former_provider_id": None, "former_until": None, "case_provider_id": rival.organisation_id}
    checks = "SELECT met_at FROM obligation WHERE authority_id = $1 AND kind = 'deemed_acceptance_check'"
    assert await rows(lane, town, f"{checks} AND cancelled_at IS NULL") == [], "the check went with the allocation"


async def test_a_family_that_takes_its_agreement_back_is_closed_to_the_old_provider_at_once(
    api: Api, lane: Database
) -> None:
    town = await build_town(lane, places=1)
    case = await working(api, town)
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=1)
    await after.commit(as_(api, town.officer))
    referral = f"/v1/referrals/{case.referral_id}"
    assert (await as_(api, town.provider).get(referral)).status_code == 200
    stopped = await as_(api, town.school).post(f"{referral}/agreement", {"status": "withdrawn"})
    assert stopped.status_code == 200, stopped.text
    assert (await as_(api, town.provider).get(referral)).status_code == 404


async def test_nothing_of_a_family_without_agreement_goes_to_another_provider(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await working(api, town)
    stopped = await as_(api, town.school).post(f"/v1/referrals/{case.referral_id}/agreement", {"status": "withdrawn"})
    assert stopped.status_code == 200, stopped.text
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=1)
    done = await after.commit(as_(api, town.officer))
    assert [(line["outcome"], line["reason"]) for line in done["cases"]] == [("stays", "AGREEMENT_WITHDRAWN")]
    assert (await as_(api, town.providers[1]).get(f"/v1/referrals/{case.referral_id}")).status_code == 404
    assert (await as_(api, town.provider).get(case.path)).status_code == 200


async def test_who_finds_no_place_stays_and_says_why(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=4)
    rival = str(town.providers[1].organisation_id)
    sent = await as_(api, town.school, datetime(2026, 11, 2, 9, tzinfo=UTC)).post(
        "/v1/referrals", referral_body(refused_provider_ids=[rival]), headers=key()
    )
    assert sent.status_code == 201, sent.text
    offer = sent.json()["allocation"]["id"]
    accept = as_(api, town.provider, datetime(2026, 11, 2, 9, tzinfo=UTC))
    refusing = (await accept.post(f"/v1/allocations/{offer}/accept")).json()["intervention_id"]
    begun = await working(api, town)
    fresh = [await accepted_case(api, town) for _ in range(2)]
    # Two places: one for the work that has begun, one for the first of the others.
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=2)
    done = await after.commit(as_(api, town.officer))
    told = {line["intervention_id"]: line["reason"] for line in done["cases"]}
    assert told[refusing] == "CONFLICT"
    assert told[str(begun.intervention_id)] is None
    assert sorted(told[str(case.intervention_id)] or "" for case in fresh) == ["", "NO_FREE_PLACE"]
    # They run on where they are, and may be handed over once there is room.
    left = await bookings(lane, town)
    assert sum(state in ("accepted", "active") and lot == town.lots[0] for lot, _, state, *_ in left) == 2
    listed = (await as_(api, town.officer).get(f"/v1/contracts/{town.contracts[0]}/hand-overs")).json()["data"]
    assert [(row["id"], row["state"]) for row in listed] == [(done["id"], "done")]
    again = (await as_(api, town.officer).get(f"/v1/contracts/{town.contracts[0]}/hand-overs/{done['id']}")).json()
    assert again["cases"] == done["cases"]
    more = {"places": 3, "effective_on": TODAY.isoformat(), "reason": "Recruitment."}
    assert (await as_(api, town.officer).post(f"/v1/lots/{after.lot_id}/capacity-changes", more)).status_code == 201
    second = await after.commit(as_(api, town.officer))
    assert (second["moved_count"], second["stays_count"]) == (1, 1)


async def test_a_case_whose_need_or_stage_the_next_lot_does_not_take_stays(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await accepted_case(api, town)
    stage = (await as_(api, town.officer).get(f"/v1/referrals/{case.referral_id}")).json()["key_stage"]
    others = tuple(one for one in ("KS1", "KS2", "KS3", "KS4") if one != stage)
    after = await next_contract(lane, town, town.provider, on=TODAY, places=1, key_stages=others)
    assert [line["reason"] for line in (await after.preview(as_(api, town.officer)))["cases"]] == ["KEY_STAGE"]


async def test_what_has_not_begun_needs_volume_in_the_next_contract(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=2)
    begun, fresh = await working(api, town), await accepted_case(api, town)
    after = await next_contract(lane, town, town.provider, on=TODAY, places=2, volume=0)
    told = {line["intervention_id"]: line["reason"] for line in (await after.preview(as_(api, town.officer)))["cases"]}
    assert told == {str(begun.intervention_id): None, str(fresh.intervention_id): "VOLUME"}


async def test_a_full_caseload_of_the_same_practitioner_moves_whole(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=3)
    for _ in range(3):
        await accepted_case(api, town)
    after = await next_contract(lane, town, town.provider, on=TODAY, places=3)
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE place SET practitioner_id = $2 WHERE lot_id = $1", after.lot_id, town.practitioners[0]
        )
        await session.run("UPDATE practitioner SET caseload_limit = 3 WHERE id = $1", town.practitioners[0])
    done = await after.commit(as_(api, town.officer))
    assert (done["moved_count"], done["stays_count"]) == (3, 0)


async def test_a_preview_writes_nothing_and_is_recorded_only_while_it_holds(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=2)
    case = await working(api, town)
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=2)
    officer = as_(api, town.officer)
    before = await bookings(lane, town)
    seen = await after.preview(officer)
    assert (seen["id"], seen["state"], seen["moved_count"]) == (None, "preview", 1)
    assert await bookings(lane, town) == before
    assert (await officer.get(f"/v1/contracts/{town.contracts[0]}/hand-overs")).json()["data"] == []
    await accepted_case(api, town)
    stale = await officer.post(after.path, {**after.body, "preview": False, "snapshot_hash": seen["snapshot_hash"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert (await as_(api, town.provider).get(case.path)).status_code == 200
    assert await rows(lane, town, "SELECT 1 FROM hand_over WHERE authority_id = $1") == []
    # With another note it is another hand-over: what was seen is what is recorded.
    fresh = await after.preview(officer)
    other = {**after.body, "note": "Other words.", "preview": False, "snapshot_hash": fresh["snapshot_hash"]}
    assert (await officer.post(after.path, other)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"effective_on": "2026-11-19"}, "/effective_on"),
        ({"effective_on": "2036-01-01"}, "/effective_on"),
        ({"successor_id": "019a0000-0000-7000-8000-000000000001"}, "/successor_id"),
        ({"ground": "same_provider"}, "/ground"),
        ({"ground": "luck"}, "/ground"),
        ({"note": ""}, "/note"),
        ({"lots": []}, "/lots"),
        ({"snapshot_hash": "0" * 64}, ""),
        ({"preview": False}, ""),
    ],
)
async def test_an_unsound_hand_over_is_refused(
    api: Api, town: Town, lane: Database, changes: dict[str, Any], pointer: str
) -> None:
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=1)
    answer = await as_(api, town.officer).post(after.path, {**after.body, **changes})
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_lots_are_mapped_from_the_one_contract_to_the_other(api: Api, town: Town, lane: Database) -> None:
    after = await next_contract(lane, town, town.provider, on=TODAY, places=1)
    officer, (old, new) = as_(api, town.officer), (str(town.lots[0]), str(after.lot_id))
    for pairs, pointers in (
        ([(new, new)], ["/lots/0/from_lot_id"]),
        ([(old, old)], ["/lots/0/to_lot_id"]),
        ([(old, new), (old, new)], ["/lots"]),
    ):
        lots = [{"from_lot_id": one, "to_lot_id": other} for one, other in pairs]
        answer = await officer.post(after.path, {**after.body, "lots": lots})
        assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
    itself = await officer.post(after.path, {**after.body, "successor_id": str(town.contracts[0])})
    assert [fault["pointer"] for fault in itself.json()["errors"]] == ["/successor_id"]


async def test_nobody_but_an_officer_hands_over_or_reads_of_it(api: Api, town: Town, lane: Database) -> None:
    await working(api, town)
    after = await next_contract(lane, town, town.providers[1], on=TODAY + timedelta(days=30), places=1)
    done = await after.commit(as_(api, town.officer))
    elsewhere = await build_town(lane, name="Elsewhere (made up)")
    before = await bookings(lane, town)
    own = f"/v1/contracts/{town.contracts[0]}"
    asked = [
        ("POST", after.path, after.body),
        ("POST", f"{own}/hand-overs/{done['id']}/cancel", None),
        ("GET", f"{own}/hand-overs", None),
        ("GET", f"{own}/hand-overs/{done['id']}", None),
        ("GET", f"{own}/ending", None),
    ]
    for method, path, body in asked:
        for principal in (town.school, town.provider, town.providers[1]):
            assert (await as_(api, principal).request(method, path, json=body)).status_code == 403
        answer = await as_(api, elsewhere.officer).request(method, path, json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
        unscoped = api.as_(town.officer, scopes=frozenset({Scope.REFERRALS_READ}))
        assert (await unscoped.request(method, path, json=body)).status_code == 403
    assert await bookings(lane, town) == before
    # A contract of another authority is none to hand over to.
    foreign = {**after.body, "successor_id": str(elsewhere.contracts[0])}
    refused = await as_(api, town.officer).post(after.path, foreign)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/successor_id"]
    other = f"/v1/contracts/{town.contracts[1]}/hand-overs/{done['id']}"
    assert (await as_(api, town.officer).get(other)).status_code == 404


async def test_one_is_planned_at_a_time_and_can_be_taken_back(api: Api, town: Town, lane: Database) -> None:
    await working(api, town)
    after = await next_contract(lane, town, town.provider, on=TODAY + timedelta(days=30), places=1)
    officer = as_(api, town.officer)
    planned = await after.commit(officer)
    assert (planned["state"], planned["moved_count"]) == ("planned", 1)
    seen = await after.preview(officer)
    body = {**after.body, "preview": False, "snapshot_hash": seen["snapshot_hash"]}
    twice = await officer.post(after.path, body)
    assert (twice.status_code, twice.json()["code"]) == (409, "action_not_available")
    path = f"/v1/contracts/{town.contracts[0]}/hand-overs/{planned['id']}"
    gone = await officer.post(f"{path}/cancel")
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled"), gone.text
    assert (await officer.post(f"{path}/cancel")).status_code == 409
    assert (await officer.post(after.path, body)).status_code == 201


async def test_the_old_place_goes_to_who_waits_the_same_moment(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    await working(api, town)
    waiting = (await as_(api, town.school).post("/v1/referrals", referral_body(), headers=key())).json()
    assert waiting["state"] == "waiting"
    after = await next_contract(lane, town, town.provider, on=TODAY, places=1)
    await after.commit(as_(api, town.officer))
    shown = (await as_(api, town.school).get(f"/v1/referrals/{waiting['id']}")).json()
    assert shown["state"] == "offered"
    (offer,) = (await as_(api, town.provider).get("/v1/allocations?state=pending")).json()["data"]
    assert offer["lot_id"] == str(town.lots[0])


async def test_debts_follow_the_case_and_the_return_of_each_provider_has_its_part(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=1)
    case = await working(api, town)
    after = await next_contract(lane, town, town.providers[1], on=TODAY, places=1)
    await after.commit(as_(api, town.officer))
    owed = (await as_(api, town.providers[1]).get("/v1/obligations?state=open")).json()["data"]
    assert [row["kind"] for row in owed if row["subject_id"] == str(case.intervention_id)] == ["review", "closure"]
    over = datetime(2026, 12, 21, 9, tzinfo=UTC)
    async with lane.write(town.officer) as session:
        await session.run("UPDATE authority SET clock_ran_to = $2 WHERE id = $1", session.authority_id, NOON)
    await run_due(lane, replace(town.officer, at=over))
    for principal, contacts in ((town.provider, 1), (town.providers[1], 0)):
        (owed_return,) = (await as_(api, principal, over).get("/v1/returns")).json()["data"]
        held = (await as_(api, principal, over).get(f"/v1/returns/{owed_return['id']}")).json()
        (one,) = held["content"]["cases"]
        assert (one["intervention_id"], one["contacts_attended_count"]) == (str(case.intervention_id), contacts)


async def handed(api: Api, town: Town, database: Database, on: date, rival: Principal, places: int) -> Next:
    after = await next_contract(database, town, rival, on=on, places=places)
    await after.commit(api.as_(town.officer))
    return after


async def test_the_clock_hands_over_at_midnight_before_it_offers_and_every_invariant_holds(
    real_api: Api, clone: Database, template: Template
) -> None:
    town = await build_town(clone, places=2)
    async with clone.write(town.officer) as session:
        await session.run(
            "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz, clock_ran_to = $2 WHERE id = $1",
            session.authority_id, datetime(2026, 11, 20, 18, tzinfo=UTC), clock.real_now(),
        )  # fmt: skip
    case, fresh = await working(real_api, town), await accepted_case(real_api, town)
    waiting = (await real_api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())).json()
    assert waiting["state"] == "waiting"
    rival, on = town.providers[1], date(2026, 11, 23)
    # Places for both cases and for nobody else, from the day of the hand-over.
    await handed(real_api, town, clone, on, rival, 2)
    cut = {"places": 0, "effective_on": on.isoformat(), "reason": "The contract is over."}
    assert (await real_api.as_(town.officer).post(f"/v1/lots/{town.lots[0]}/capacity-changes", cut)).status_code == 201
    answer = await real_api.as_(town.officer).post("/v1/sandbox/advance", {"to": "2026-11-23T09:00:00Z"})
    assert answer.json()["ran"]["cases_handed_over"] == 2, answer.text
    assert (await real_api.as_(town.school).get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    for one in (case, fresh):
        assert (await real_api.as_(rival).get(one.path)).status_code == 200
    assert await breaches_of(template, clone.url) == []
    # Each party is told of the case, and the old provider that its allocation is over.
    told = {}
    for name, principal in (("school", town.school), ("old", town.provider), ("new", rival), ("office", town.officer)):
        events = (await real_api.as_(principal).get("/v1/events?limit=200")).json()["data"]
        kinds = [event["type"] for event in events]
        told[name] = [
            kinds.count(kind) for kind in ("intervention.handed_over", "allocation.superseded", "hand_over.done")
        ]
    assert told == {"school": [2, 0, 0], "old": [2, 2, 1], "new": [2, 0, 1], "office": [2, 2, 1]}
    stranger = (await real_api.as_(town.schools[1]).get("/v1/events?limit=200")).json()["data"]
    assert not [event for event in stranger if "hand" in event["type"]]
    # Thirty days on, the old provider reads nothing of either family.
    await real_api.as_(town.officer).post("/v1/sandbox/advance", {"to": "2026-12-24T09:00:00Z"})
    for one in (case, fresh):
        assert (await real_api.as_(town.provider).get(f"/v1/referrals/{one.referral_id}")).status_code == 404
    assert await breaches_of(template, clone.url) == []


async def test_every_invariant_holds_after_a_hand_over_today(
    real_api: Api, clone: Database, template: Template
) -> None:
    town = await build_town(clone, places=3)
    for _ in range(2):
        await working(real_api, town)
    await accepted_case(real_api, town)
    after = await next_contract(clone, town, town.provider, on=TODAY, places=2)
    done = await after.commit(as_(real_api, town.officer))
    assert (done["moved_count"], done["stays_count"]) == (2, 1)
    assert await breaches_of(template, clone.url) == []
