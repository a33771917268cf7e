"""Places offered ahead of their planned free day, and what becomes of the promise."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from app import clock
from app.access import Principal
from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.queries import due
from app.queries.writes import to_json
from tests.conftest import Template
from tests.factories.authority import Town, add_block, build_town
from tests.factories.casework import closing, contact, missed
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.referrals import key, referral_body
from tests.factories.sound import breaches_of

MONDAY = date(2026, 11, 2)
PLANNED_END = date(2026, 12, 14)
"""Of six school weeks from that Monday: a Monday too, in the last week of term."""
SAFETY = {"safe_contact": True, "visit_risks": True}


@dataclass
class Stage:
    """A sandbox of one place, whose clock is moved by hand."""

    api: Api
    town: Town
    database: Database

    @property
    def school(self) -> Caller:
        return self.api.as_(self.town.school)

    @property
    def provider(self) -> Caller:
        return self.api.as_(self.town.provider)

    @property
    def officer(self) -> Caller:
        return self.api.as_(self.town.officer)

    async def stand_at(self, day: date, hour: int = 9) -> None:
        """Begin the authority's time anew at a moment, earlier than the present or later."""
        moment = clock.london_moment(day, hour)
        async with self.database.write(self.town.officer) as session:
            await session.run(
                "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz WHERE id = $1",
                session.authority_id,
                moment,
                clock.real_now(),
            )
            await due.set_ran_to(session, moment)

    async def advance(self, day: date, hour: int = 9) -> dict[str, int]:
        """Let time go on to a moment, and what falls due happen; how much of what did."""
        answer = await self.officer.post("/v1/sandbox/advance", {"to": clock.london_moment(day, hour).isoformat()})
        assert answer.status_code == 200, answer.text
        ran: dict[str, int] = answer.json()["ran"]
        return ran

    async def send(self, **changes: Any) -> dict[str, Any]:
        answer = await self.school.post("/v1/referrals", referral_body(**changes), headers=key())
        assert answer.status_code == 201, answer.text
        sent: dict[str, Any] = answer.json()
        return sent

    async def referral(self, sent: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.school.get(f"/v1/referrals/{sent['id']}")).json()
        return found

    async def accept(self, sent: dict[str, Any]) -> str:
        """Accept the referral's offer; the path of the case."""
        offer = (await self.referral(sent))["allocation"]
        answer = await self.provider.post(f"/v1/allocations/{offer['id']}/accept")
        assert answer.status_code == 200, answer.text
        return f"/v1/interventions/{answer.json()['intervention_id']}"

    async def begin(self, sent: dict[str, Any], day: date) -> str:
        """Accept, and record the first contact on a day that is today; the path of the case."""
        path = await self.accept(sent)
        assert (await self.provider.post(f"{path}/safety", SAFETY)).status_code == 200
        first = await self.provider.post(f"{path}/contacts", contact(held_at=f"{day.isoformat()}T08:00:00Z"))
        assert first.status_code == 201, first.text
        return path

    async def close(self, path: str) -> None:
        answer = await self.provider.post(f"{path}/close", closing())
        assert answer.status_code == 200, answer.text

    async def bookings(self) -> list[tuple[str, date, date]]:
        """State, start and end of every booking, by start."""
        async with self.database.read(self.town.officer) as session:
            rows = await session.rows(
                "SELECT state, starts_on, ends_on FROM booking WHERE authority_id = $1 ORDER BY starts_on, id",
                session.authority_id,
            )
        return [tuple(row) for row in rows]

    async def told(self, who: Principal, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Subject and data of the events of a kind that an organisation may read, in order: of the rows, because the
        feed shows nothing that is not committed.
        """
        async with self.database.read(who) as session:
            rows = await session.rows(
                "SELECT e.subject_id::text, e.data FROM event e JOIN event_audience a"
                " ON a.authority_id = e.authority_id AND a.event_id = e.id"
                " WHERE e.authority_id = $1 AND e.type = $2 AND a.organisation_id = $3 ORDER BY e.id",
                session.authority_id,
                kind,
                who.organisation_id,
            )
        return [(row["subject_id"], orjson.loads(row["data"])) for row in rows]


@pytest.fixture
async def stage(api: Api, lane: Database) -> Stage:
    return Stage(api, await build_town(lane, places=1), lane)


async def running_case(stage: Stage, day: date = MONDAY) -> str:
    """The one place held from a day on, by work that has begun; the path of the case."""
    await stage.stand_at(day)
    return await stage.begin(await stage.send(), day)


@pytest.mark.parametrize(
    ("band", "starts", "offered_on", "free_on"),
    [
        ("P1", MONDAY, date(2026, 12, 7), PLANNED_END),
        ("P2", MONDAY, date(2026, 12, 7), PLANNED_END),
        ("P3", MONDAY, date(2026, 12, 10), PLANNED_END),
        ("P4", MONDAY, date(2026, 12, 10), PLANNED_END),
        # The Christmas holiday lies between, and uses no school days up.
        ("P2", date(2026, 11, 9), date(2026, 12, 14), date(2027, 1, 4)),
        # The bank holiday of 3 May, and half-term.
        ("P3", date(2027, 3, 8), date(2027, 4, 30), date(2027, 5, 5)),
        ("P3", date(2027, 4, 16), date(2027, 5, 27), date(2027, 6, 7)),
    ],
)
async def test_the_place_is_offered_at_the_midnight_on_which_it_comes_into_the_bands_window(
    stage: Stage, band: str, starts: date, offered_on: date, free_on: date
) -> None:
    await running_case(stage, starts)
    waiting = await stage.send(band=band)
    await stage.advance(offered_on - timedelta(days=1), 23)
    assert (await stage.referral(waiting))["state"] == "waiting"
    assert (await stage.advance(offered_on, 1))["offers_made"] == 1
    found = await stage.referral(waiting)
    assert (found["state"], found["allocation"]["starts_on"]) == ("offered", free_on.isoformat())
    (_, follower) = await stage.bookings()
    assert follower[:2] == ("offered", free_on)


async def test_everyone_concerned_is_told_from_which_day_the_place_is_free(stage: Stage) -> None:
    await running_case(stage)
    waiting = await stage.send(band="P2")
    await stage.advance(date(2026, 12, 7), 10)
    offer_id = (await stage.referral(waiting))["allocation"]["id"]
    rows = (await stage.provider.get("/v1/allocations?state=pending")).json()["data"]
    assert [(row["id"], row["starts_on"]) for row in rows] == [(offer_id, PLANNED_END.isoformat())]
    one = (await stage.provider.get(f"/v1/allocations/{offer_id}")).json()
    assert one["starts_on"] == PLANNED_END.isoformat()
    graph = await stage.provider.graphql("{ allocations(first: 5) { nodes { id startsOn } } }")
    assert [node["startsOn"] for node in graph["data"]["allocations"]["nodes"]][:1] == [PLANNED_END.isoformat()]
    events = await stage.told(stage.town.school, "allocation.offered")
    assert [data["starts_on"] for subject, data in events if subject == offer_id] == ["2026-12-14"]
    told = (await stage.school.get(f"/v1/referrals/{waiting['id']}/explanation")).json()
    assert told["paragraph"].startswith(
        "A place that is planned to fall free on Monday 14 December 2026, in five school days, is offered to this"
        " family ahead of that day."
    )
    assert (told["facts"]["free_in_school_days"], told["facts"]["free_on"]) == (5, "2026-12-14")


async def test_the_decision_is_made_again_from_its_record(stage: Stage) -> None:
    await running_case(stage)
    waiting = await stage.send(band="P2")
    await stage.advance(date(2026, 12, 7), 10)
    decisions = (await stage.officer.get(f"/v1/referrals/{waiting['id']}/decisions")).json()["data"]
    record = decisions[-1]["record"]
    assert [(place["free_in"], place["free_on"]) for place in record["places"]] == [(5, "2026-12-14")]
    again = orjson.loads(to_json(decision_content(replay(record))))
    kept = {name: record[name] for name in again}
    assert orjson.dumps(again, option=orjson.OPT_SORT_KEYS) == orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


async def test_an_arrival_has_a_place_ahead_in_its_own_window_only(stage: Stage) -> None:
    await running_case(stage)
    await stage.advance(date(2026, 12, 8), 9)
    patient = await stage.send(band="P4")
    assert patient["state"] == "waiting"
    urgent = await stage.send(band="P2")
    assert (urgent["state"], urgent["allocation"]["starts_on"]) == ("offered", "2026-12-14")
    # One next family is all that a place has.
    another = await stage.send(band="P1")
    assert another["state"] == "waiting"


async def test_who_waits_ahead_is_offered_before_who_arrives(stage: Stage) -> None:
    await running_case(stage)
    first = await stage.send(band="P1")
    await stage.advance(date(2026, 12, 4), 9)
    assert (await stage.referral(first))["state"] == "waiting"
    await stage.advance(date(2026, 12, 7), 9)
    assert (await stage.send(band="P1"))["state"] == "waiting"
    assert (await stage.referral(first))["state"] == "offered"


async def test_a_policy_without_windows_offers_nothing_ahead(stage: Stage) -> None:
    await running_case(stage)
    content = (await stage.officer.get("/v1/policies/current")).json()["content"]
    none = dict.fromkeys(("P1", "P2", "P3", "P4"), 0)
    body = {
        "effective_from": "2026-11-10", "summary_of_changes": "No offers ahead.", "contact": "Team",
        "content": {**content, "windows": none},
    }  # fmt: skip
    assert (await stage.officer.post("/v1/policies", body, headers=key())).status_code == 201
    waiting = await stage.send(band="P1")
    await stage.advance(date(2026, 12, 11), 9)
    assert (await stage.referral(waiting))["state"] == "waiting"


async def test_a_wider_window_looks_further_and_a_loaded_calendar_counts(stage: Stage) -> None:
    """The survey guesses how far to look; where the policy or the terms say further, it looks again."""
    content = (await stage.officer.get("/v1/policies/current")).json()["content"]
    await stage.stand_at(date(2026, 11, 1))
    body = {
        "effective_from": "2026-11-02", "summary_of_changes": "Further ahead.", "contact": "Team",
        "content": {**content, "windows": {**content["windows"], "P1": 12}},
    }  # fmt: skip
    assert (await stage.officer.post("/v1/policies", body, headers=key())).status_code == 201
    await stage.advance(MONDAY, 8)
    await stage.begin(await stage.send(), MONDAY)
    await stage.advance(date(2026, 11, 25), 9)
    # 13 school days before the planned end, and 12 on the day after.
    assert (await stage.send(band="P2"))["state"] == "waiting"
    await stage.advance(date(2026, 11, 26), 9)
    arrived = await stage.send(band="P1")
    assert (arrived["state"], arrived["allocation"]["starts_on"]) == ("offered", "2026-12-14")


async def test_no_place_is_offered_for_a_day_on_which_it_takes_no_family(stage: Stage) -> None:
    await running_case(stage)
    place_id = stage.town.places[0]

    async def arrives() -> str:
        sent = await stage.send(band="P1")
        await stage.school.post(f"/v1/referrals/{sent['id']}/withdraw", {"reason": "other"})
        state: str = sent["state"]
        return state

    async def change(sql: str, *values: object) -> None:
        async with stage.database.write(stage.town.officer) as session:
            await session.run(sql, stage.town.officer.authority_id, *values)

    await stage.advance(date(2026, 12, 8), 9)
    assert await arrives() == "offered"
    leaves = "UPDATE place SET available_until = $3 WHERE authority_id = $1 AND id = $2"
    await change(leaves, place_id, PLANNED_END)
    assert await arrives() == "waiting"
    await change(leaves, place_id, None)
    await change(
        "INSERT INTO place_out_of_service (authority_id, id, place_id, provider_id, starts_on, ends_on, reason)"
        " SELECT authority_id, gen_random_uuid(), id, provider_id, $3, $4, 'Made up.' FROM place"
        " WHERE authority_id = $1 AND id = $2",
        place_id, date(2026, 12, 13), date(2026, 12, 15),
    )  # fmt: skip
    assert await arrives() == "waiting"
    await change("DELETE FROM place_out_of_service WHERE authority_id = $1 AND place_id = $2", place_id)
    await change("UPDATE contract SET ends_on = $2 WHERE authority_id = $1", date(2026, 12, 13))
    assert await arrives() == "waiting"
    await change("UPDATE contract SET ends_on = $2 WHERE authority_id = $1", PLANNED_END)
    assert await arrives() == "offered"


async def test_a_practitioner_who_is_full_is_offered_for_the_day_on_which_a_family_leaves(stage: Stage) -> None:
    async with stage.database.write(stage.town.officer) as session:
        await session.run("UPDATE practitioner SET caseload_limit = 1 WHERE authority_id = $1", session.authority_id)
    await running_case(stage)
    waiting = await stage.send(band="P2")
    await stage.advance(date(2026, 12, 7), 9)
    assert (await stage.referral(waiting))["state"] == "offered"
    (worker,) = (await stage.provider.get("/v1/practitioners")).json()["data"]
    assert worker["caseload_count"] == 1


async def promised(stage: Stage, band: str = "P2") -> tuple[str, dict[str, Any]]:
    """A running case, and the family that was offered its place ahead on 7 December; the case's path, the referral."""
    path = await running_case(stage)
    waiting = await stage.send(band=band)
    await stage.advance(date(2026, 12, 7), 9)
    return path, await stage.referral(waiting)


async def test_an_accepted_case_is_planned_from_the_day_on_which_the_place_is_free(stage: Stage) -> None:
    _, waiting = await promised(stage)
    path = await stage.accept(waiting)
    case = (await stage.school.get(path)).json()
    assert (case["state"], case["planned_start_on"], case["planned_end_on"]) == ("planned", "2026-12-14", "2027-02-08")
    owed = (await stage.provider.get("/v1/obligations?state=open")).json()["data"]
    # Five school days from the start: the last week of term ends on the 18th.
    assert [row["due_at"][:10] for row in owed if row["subject_id"] == case["id"]] == ["2027-01-04"]


async def test_before_the_place_is_free_the_family_may_be_called_and_no_work_is_recorded(stage: Stage) -> None:
    running, waiting = await promised(stage)
    path = await stage.accept(waiting)
    assert (await stage.provider.post(f"{path}/safety", SAFETY)).status_code == 200
    early = contact(held_at="2026-12-07T08:30:00Z")
    await stage.advance(date(2026, 12, 8), 9)
    for refused in (
        await stage.provider.post(f"{path}/contacts", {**early, "held_at": "2026-12-08T08:30:00Z"}),
        await stage.provider.put(f"{path}/plan", {"agreed_on": "2026-12-08", "goals": []}, headers={"If-Match": '"0"'}),
    ):
        assert refused.status_code == 422, refused.text
        assert "before_the_start" in refused.text or "/goals" in refused.text
    called = missed(held_at="2026-12-08T08:45:00Z", mode="remote")
    assert (await stage.provider.post(f"{path}/contacts", called)).status_code == 201
    extended = await stage.provider.post(f"{path}/extend", {"weeks": 1, "reason": "More."})
    assert (extended.status_code, extended.json()["code"]) == (409, "action_not_available")
    await stage.close(running)
    begun = await stage.provider.post(f"{path}/contacts", {**early, "held_at": "2026-12-08T09:00:00Z"})
    assert begun.status_code == 201, begun.text
    assert (await stage.referral(waiting))["state"] == "in_progress"


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_case_that_ends_early_brings_the_next_family_forward(stage: Stage, accepted: bool) -> None:
    running, waiting = await promised(stage)
    path = await stage.accept(waiting) if accepted else None
    offer = (await stage.referral(waiting))["allocation"]
    await stage.advance(date(2026, 12, 9), 9)
    await stage.close(running)
    ended, follower = await stage.bookings()
    assert ended == ("released", MONDAY, date(2026, 12, 9))
    assert follower[1:] == (date(2026, 12, 9), date(2027, 2, 3))
    assert (await stage.referral(waiting))["allocation"]["starts_on"] == "2026-12-09"
    for who in (stage.town.school, stage.town.provider, stage.town.officer):
        (event,) = await stage.told(who, "allocation.start_moved")
        assert event == (offer["id"], {"starts_on": "2026-12-09", "was_to_start_on": "2026-12-14"})
    if path is not None:
        case = (await stage.provider.get(path)).json()
        assert (case["planned_start_on"], case["planned_end_on"]) == ("2026-12-09", "2027-02-03")
        owed = (await stage.provider.get("/v1/obligations?state=open")).json()["data"]
        assert [row["due_at"][:10] for row in owed if row["subject_id"] == case["id"]] == ["2026-12-16"]
    else:
        late = await stage.accept(waiting)
        assert (await stage.provider.get(late)).json()["planned_start_on"] == "2026-12-09"


async def test_the_first_contact_of_a_family_that_is_moved_is_due_by_its_schools_own_days(stage: Stage) -> None:
    running, waiting = await promised(stage)
    path = await stage.accept(waiting)
    training = {"training_days": [{"on": "2026-12-11", "name": "Training day"}]}
    own = f"/v1/schools/{stage.town.school.organisation_id}/calendar/2026-27"
    put = await stage.school.put(own, training, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    await stage.advance(date(2026, 12, 9), 9)
    await stage.close(running)
    case = (await stage.provider.get(path)).json()
    assert case["planned_start_on"] == "2026-12-09"
    owed = (await stage.provider.get("/v1/obligations?state=open")).json()["data"]
    # Five days of the school from Wednesday the 9th: its Friday is none.
    assert [row["due_at"][:10] for row in owed if row["subject_id"] == case["id"]] == ["2026-12-17"]


async def test_a_case_that_runs_over_moves_the_next_family_on_until_it_ends(stage: Stage) -> None:
    running, waiting = await promised(stage)
    path = await stage.accept(waiting)
    third = await stage.send(band="P1")
    ran = await stage.advance(PLANNED_END, 9)
    assert ran["bookings_prolonged"] == 1
    over, follower = await stage.bookings()
    assert (over[2], follower[1]) == (date(2026, 12, 15), date(2026, 12, 15))
    await stage.advance(date(2026, 12, 20), 9)
    over, follower = await stage.bookings()
    # It is a Sunday: the place is kept by the day, and the family begins when schools do.
    assert (over[2], follower[1]) == (date(2026, 12, 21), date(2027, 1, 4))
    case = (await stage.provider.get(path)).json()
    assert (case["planned_start_on"], case["planned_end_on"]) == ("2027-01-04", "2027-02-22")
    moves = await stage.told(stage.town.school, "allocation.start_moved")
    assert [data["starts_on"] for _, data in moves] == [
        "2026-12-15", "2026-12-16", "2026-12-17", "2026-12-18", "2027-01-04",
    ]  # fmt: skip
    overdue = await stage.told(stage.town.officer, "obligation.overdue")
    assert "closure" in [data["kind"] for _, data in overdue]
    await stage.advance(date(2026, 12, 21), 9)
    await stage.close(running)
    assert (await stage.bookings())[1][1] == date(2026, 12, 21)
    # Nobody can say when a place that has run over is free: it was offered to nobody else.
    assert (await stage.referral(third))["state"] == "waiting"


async def test_an_offer_that_is_still_open_moves_with_a_case_that_runs_over(stage: Stage) -> None:
    await running_case(stage)
    await stage.advance(date(2026, 12, 11), 9)
    urgent = await stage.send(band="P2")
    assert urgent["allocation"]["starts_on"] == "2026-12-14"
    await stage.advance(date(2026, 12, 15), 9)
    found = (await stage.referral(urgent))["allocation"]
    assert (found["state"], found["starts_on"]) == ("pending", "2026-12-16")
    moves = await stage.told(stage.town.provider, "allocation.start_moved")
    assert [data["starts_on"] for _, data in moves] == ["2026-12-15", "2026-12-16"]
    path = await stage.accept(urgent)
    assert (await stage.provider.get(path)).json()["planned_start_on"] == "2026-12-16"


async def test_a_place_whose_case_runs_over_is_not_offered_ahead(stage: Stage) -> None:
    running = await running_case(stage)
    await stage.advance(date(2026, 12, 15), 9)
    late = await stage.send(band="P1")
    assert late["state"] == "waiting"
    await stage.advance(date(2026, 12, 16), 9)
    assert (await stage.referral(late))["state"] == "waiting"
    await stage.close(running)
    found = await stage.referral(late)
    assert (found["state"], found["allocation"]["starts_on"]) == ("offered", "2026-12-16")


@pytest.mark.parametrize("ending", ["decline", "time_out", "withdrawal", "close"])
async def test_a_promise_that_ends_goes_to_the_next_family(stage: Stage, ending: str) -> None:
    _, waiting = await promised(stage)
    next_family = await stage.send(band="P2")
    offer = waiting["allocation"]
    if ending == "decline":
        await stage.provider.post(f"/v1/allocations/{offer['id']}/decline", {"reason": "unsuitable"})
    elif ending == "time_out":
        await stage.advance(date(2026, 12, 9), 18)
    elif ending == "withdrawal":
        await stage.school.post(f"/v1/referrals/{waiting['id']}/withdraw", {"reason": "moved_away"})
    else:
        path = await stage.accept(waiting)
        body = {"outcome": "withdrawn", "reason": "support_not_wanted", "summary": {}}
        closed = await stage.provider.post(f"{path}/close", body)
        assert closed.status_code == 200, closed.text
    found = await stage.referral(next_family)
    assert (found["state"], found["allocation"]["starts_on"]) == ("offered", "2026-12-14")
    running, *others = await stage.bookings()
    assert running == ("active", MONDAY, PLANNED_END)
    assert sorted(state for state, _, _ in others) == ["offered", "released"]
    assert all(start == end for state, start, end in others if state == "released")


async def test_a_late_answer_counts_while_the_place_is_still_to_fall_free(stage: Stage) -> None:
    _, waiting = await promised(stage)
    await stage.advance(date(2026, 12, 9), 18)
    assert (await stage.referral(waiting))["state"] == "waiting"
    path = await stage.accept(waiting)
    assert (await stage.provider.get(path)).json()["planned_start_on"] == "2026-12-14"
    assert [booking[:2] for booking in await stage.bookings() if booking[0] != "released"] == [
        ("active", MONDAY),
        ("accepted", PLANNED_END),
    ]


async def test_a_promise_on_a_busy_place_leaves_room_in_the_caseload_for_a_late_answer(stage: Stage) -> None:
    _, waiting = await promised(stage)
    await stage.accept(waiting)
    await add_block(stage.database, stage.town, stage.town.provider, places=1)
    async with stage.database.write(stage.town.officer) as session:
        (worker, *_) = stage.town.practitioners
        await session.run("UPDATE place SET practitioner_id = $2 WHERE id = $1", stage.town.places[-1], worker)
        await session.run("UPDATE practitioner SET caseload_limit = 2 WHERE id = $1", worker)
    late = await stage.send(band="P2")
    assert late["state"] == "offered"
    await stage.advance(date(2026, 12, 10), 9)
    assert (await stage.referral(late))["state"] == "waiting"
    answer = await stage.provider.post(f"/v1/allocations/{late['allocation']['id']}/accept")
    assert answer.status_code == 200, answer.text


async def test_an_extension_is_declared_five_school_days_before_the_planned_end(stage: Stage) -> None:
    path = await running_case(stage)
    await stage.advance(date(2026, 12, 8), 9)
    body = {"weeks": 1, "reason": "Two visits missed."}
    late = await stage.provider.post(f"{path}/extend", body)
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")
    assert "by 2026-12-07" in late.json()["detail"]


async def test_an_extension_in_time_takes_the_place_out_of_the_window(stage: Stage) -> None:
    path = await running_case(stage)
    await stage.advance(date(2026, 12, 7), 9)
    extended = await stage.provider.post(f"{path}/extend", {"weeks": 1, "reason": "Two visits missed."})
    assert (extended.status_code, extended.json()["planned_end_on"]) == (200, "2027-01-04")
    assert (await stage.send(band="P1"))["state"] == "waiting"


async def test_an_extension_over_a_promise_is_refused_and_names_nobody(stage: Stage) -> None:
    path, waiting = await promised(stage)
    refused = await stage.provider.post(f"{path}/extend", {"weeks": 1, "reason": "Two visits missed."})
    assert (refused.status_code, refused.json()["code"]) == (409, "place_taken")
    assert "2026-12-14" in refused.json()["detail"]
    for word in (waiting["id"], waiting["reference"], waiting["allocation"]["id"], "Robin", "Sampleton"):
        assert word not in refused.text
    assert (await stage.bookings())[0] == ("active", MONDAY, PLANNED_END)


async def test_figures_count_a_place_once_and_show_the_promise_apart(stage: Stage) -> None:
    await promised(stage)
    figures = (await stage.officer.get(f"/v1/lots/{stage.town.lots[0]}")).json()["figures"]
    counts = {name: figures[f"{name}_count"] for name in ("places", "held", "free", "out_of_service", "promised")}
    assert counts == {"places": 1, "held": 1, "free": 0, "out_of_service": 0, "promised": 1}
    assert (figures["volume_used_count"], figures["volume_committed_count"]) == (1, 1)
    (place,) = (await stage.officer.get(f"/v1/lots/{stage.town.lots[0]}/places")).json()["data"]
    assert (place["state"], place["booking_state"], place["booked_until"]) == ("held", "active", "2026-12-14")
    assert place["promised_from"] == "2026-12-14"
    path = f"/v1/lots/{stage.town.lots[0]}?as_of=2026-12-14"
    then = (await stage.officer.get(path)).json()["figures"]
    assert (then["held_count"], then["promised_count"]) == (1, 0)


async def test_a_cut_takes_no_promise_back(stage: Stage) -> None:
    running, waiting = await promised(stage)
    body = {"places": 0, "effective_on": "2026-12-10", "reason": "A practitioner leaves."}
    cut = await stage.officer.post(f"/v1/lots/{stage.town.lots[0]}/capacity-changes", body)
    assert (cut.status_code, cut.json()["still_held_numbers"]) == (201, [1]), cut.text
    (place,) = (await stage.officer.get(f"/v1/lots/{stage.town.lots[0]}/places")).json()["data"]
    assert place["available_until"] == "2026-12-15"
    await stage.accept(waiting)
    await stage.advance(date(2026, 12, 15), 9)
    await stage.close(running)
    assert (await stage.bookings())[1][:2] == ("accepted", date(2026, 12, 15))
    (place,) = (await stage.officer.get(f"/v1/lots/{stage.town.lots[0]}/places")).json()["data"]
    assert place["available_until"] > "2026-12-15"


async def test_a_run_on_demand_lists_the_first_day_and_keeps_it(stage: Stage) -> None:
    await running_case(stage)
    waiting = await stage.send(band="P3")
    await stage.advance(date(2026, 12, 9), 9)
    # A day before its window the place is nobody's; a night later it would have been offered at midnight.
    run = (await stage.officer.post("/v1/allocation-runs", {})).json()
    assert run["plan"]["offers"] == []
    content = (await stage.officer.get("/v1/policies/current")).json()["content"]
    body = {
        "effective_from": "2026-12-10", "summary_of_changes": "An officer confirms.", "contact": "Team",
        "content": {**content, "confirm_batches": True},
    }  # fmt: skip
    assert (await stage.officer.post("/v1/policies", body, headers=key())).status_code == 201
    await stage.advance(date(2026, 12, 10), 9)
    assert (await stage.referral(waiting))["state"] == "waiting"
    run = (await stage.officer.post("/v1/allocation-runs", {})).json()
    (offer,) = run["plan"]["offers"]
    assert (offer["referral_id"], offer["starts_on"]) == (waiting["id"], "2026-12-14")
    confirmed = {"confirmed_by": {"name": "Robin Exemplar", "role": content["approvers"][0]}}
    committed = await stage.officer.post(f"/v1/allocation-runs/{run['id']}/commit", confirmed)
    assert committed.status_code == 200, committed.text
    found = await stage.referral(waiting)
    assert (found["state"], found["allocation"]["starts_on"]) == ("offered", "2026-12-14")


async def test_the_public_page_says_how_far_ahead_places_are_offered(stage: Stage) -> None:
    policy = (await stage.officer.get("/v1/policies/current")).json()
    page = (await stage.officer.get(f"/v1/policies/{policy['id']}/page", headers={"Accept": "text/markdown"})).text
    assert "by up to so many school days: P1 5, P2 5, P3 2, P4 2." in page
    assert "needs longer says so 5 school days or more before its planned end" in page


async def test_a_clock_that_stood_still_never_lets_two_families_have_a_place(stage: Stage) -> None:
    """The case before has not ended, and midnight has not run: the next family cannot begin yet."""
    _, waiting = await promised(stage)
    path = await stage.accept(waiting)
    assert (await stage.provider.post(f"{path}/safety", SAFETY)).status_code == 200
    at = {"X-Halfterm-Now": datetime(2026, 12, 14, 12, tzinfo=UTC).isoformat()}
    begun = await stage.provider.post(f"{path}/contacts", contact(held_at="2026-12-14T10:00:00Z"), headers=at)
    assert (begun.status_code, begun.json()["code"]) == (409, "action_not_available")
    await stage.advance(date(2026, 12, 14), 13)
    assert (await stage.provider.get(path)).json()["planned_start_on"] == "2026-12-15"


async def test_a_family_that_was_promised_a_place_begins_at_once_where_it_is_handed_over_to(
    real_api: Api, clone: Database, template: Template
) -> None:
    stage = Stage(real_api, await build_town(clone, places=1), clone)
    _, waiting = await promised(stage)
    path = await stage.accept(waiting)
    after = await next_contract(clone, stage.town, stage.town.provider, on=date(2026, 12, 7), places=2)
    done = await after.commit(stage.officer)
    assert (done["moved_count"], done["stays_count"]) == (2, 0)
    case = (await stage.provider.get(path)).json()
    assert (case["planned_start_on"], case["planned_end_on"]) == ("2026-12-07", "2027-02-01")
    assert (await stage.referral(waiting))["allocation"]["starts_on"] == "2026-12-07"
    owed = (await stage.provider.get("/v1/obligations?state=open")).json()["data"]
    assert [row["due_at"][:10] for row in owed if row["subject_id"] == case["id"]] == ["2026-12-14"]
    assert ("accepted", date(2026, 12, 7), date(2027, 2, 1)) in await stage.bookings()
    assert await breaches_of(template, clone.url) == []


async def test_the_promise_of_a_place_whose_case_is_handed_over_is_kept_though_nobody_waits(
    real_api: Api, clone: Database, template: Template
) -> None:
    stage = Stage(real_api, await build_town(clone, places=1), clone)
    _, waiting = await promised(stage)
    path = await stage.accept(waiting)
    after = await next_contract(clone, stage.town, stage.town.provider, on=date(2026, 12, 9), places=1)
    await after.commit(stage.officer)
    assert (await stage.advance(date(2026, 12, 9)))["cases_handed_over"] == 1
    assert (await stage.provider.get(path)).json()["planned_start_on"] == "2026-12-09"
    assert await breaches_of(template, clone.url) == []
