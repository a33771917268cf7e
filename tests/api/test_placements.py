"""Placements over HTTP: asked for, agreed, reviewed, extended and ended."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.formats import PLANNED_AT, STARTED_AT, add_lot, placement_body, sent_referral, service_of
from tests.factories.http import Api, Caller
from tests.factories.referrals import key


class Unit:
    """A unit with its lot, and a referral whose pupil is to go there."""

    def __init__(self, api: Api, town: Town, lane: Database) -> None:
        self.api, self.town, self.lane = api, town, lane
        self.lot, self.service = UUID(int=0), UUID(int=0)
        self.referral: dict[str, Any] = {}

    def school(self, moment: datetime = PLANNED_AT) -> Caller:
        return at(self.api.as_(self.town.school), moment)

    def portal(self, moment: datetime = PLANNED_AT) -> Caller:
        return at(self.api.as_(self.town.provider), moment)

    async def ask(self, **changes: Any) -> Any:
        body = placement_body(self.service, self.referral["id"], **changes)
        return await self.school().post("/v1/placements", body, headers=key())

    async def agreed(self, **changes: Any) -> dict[str, Any]:
        asked = await self.ask(**changes)
        assert asked.status_code == 201, asked.text
        done = await self.portal().post(f"/v1/placements/{asked.json()['id']}/agree")
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found

    async def figures(self, moment: datetime) -> dict[str, int]:
        officer = at(self.api.as_(self.town.officer), moment)
        found: dict[str, int] = (await officer.get(f"/v1/lots/{self.lot}")).json()["figures"]
        return found

    async def owed(self, placement_id: str) -> dict[str, list[str]]:
        async with self.lane.read(self.town.officer) as session:
            rows = await session.rows(
                "SELECT kind, CASE WHEN met_at IS NOT NULL THEN 'met' WHEN cancelled_at IS NOT NULL THEN 'cancelled'"
                " ELSE 'open' END AS state, due_at::date::text AS due_on FROM obligation WHERE subject_id = $1"
                " ORDER BY kind, due_at",
                UUID(placement_id),
            )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["kind"], []).append(f"{row['state']} {row['due_on']}")
        return found


@pytest.fixture
async def unit(api: Api, town: Town, lane: Database) -> Unit:
    made = Unit(api, town, lane)
    made.lot = await add_lot(lane, town, "placement", places=1, ends_on=date(2027, 7, 31))
    made.service = await service_of(lane, town, made.lot)
    made.referral = await sent_referral(api, town)
    return made


async def test_a_placement_goes_from_asking_to_a_return_to_school(unit: Unit) -> None:
    asked = (await unit.ask()).json()
    # Six school weeks of 30 days from 10 November, the Christmas holidays skipped.
    assert (asked["state"], asked["weeks"], asked["attendance_code"]) == ("requested", 6, "B")
    assert asked["starts_on"] < asked["review_on"] < asked["ends_on"] == "2027-01-05"
    path = f"/v1/placements/{asked['id']}"
    counted = await unit.figures(PLANNED_AT)
    assert (counted["promised_count"], counted["volume_committed_count"]) == (1, 1)
    # Until it agrees the unit does not read who it is.
    assert (await unit.portal().get(path)).json()["pupil_name"] is None
    agreed = (await unit.portal().post(f"{path}/agree")).json()
    assert (agreed["state"], agreed["pupil_name"]) == ("agreed", asked["pupil_name"])
    days = {"days": [{"on": "2026-11-10", "morning": True, "afternoon": False}]}
    running = (await unit.portal(STARTED_AT).post(f"{path}/days", days)).json()
    assert (running["state"], running["first_attended_on"], running["days_attended_count"]) == (
        "running", "2026-11-10", 1,
    )  # fmt: skip
    counted = await unit.figures(STARTED_AT)
    assert (counted["held_count"], counted["volume_used_count"], counted["volume_committed_count"]) == (1, 1, 0)
    later = STARTED_AT + timedelta(days=27)
    review = {"held_on": "2026-12-07", "decision": "extend", "next_review_on": "2026-12-14"}
    assert (await unit.school(later).post(f"{path}/reviews", review)).status_code == 200
    owed = await unit.owed(asked["id"])
    assert owed["placement_review"] == ["met 2026-12-08", "open 2026-12-14"]
    early = await unit.portal(later).post(f"{path}/end", {"outcome": "reintegrated", "ended_on": "2026-12-07"})
    assert (early.status_code, early.json()["code"]) == (409, "action_not_available")
    plan = {"plan": "Mornings first.", "planned_on": "2026-12-07"}
    assert (
        await unit.school(later).put(f"{path}/reintegration-plan", plan, headers={"If-Match": "*"})
    ).status_code == 200
    ended = await unit.portal(later).post(f"{path}/end", {"outcome": "reintegrated", "ended_on": "2026-12-07"})
    assert (ended.json()["state"], ended.json()["ends_on"]) == ("ended", "2026-12-08"), ended.text
    owed = await unit.owed(asked["id"])
    assert owed["placement_review"][-1] == "cancelled 2026-12-14"
    assert owed["placement_outcome"][0].startswith("met")
    counted = await unit.figures(later)
    assert (counted["held_count"], counted["free_count"], counted["volume_used_count"]) == (0, 1, 1)


async def test_an_off_site_direction_begins_after_its_parents_were_told_in_time(unit: Unit) -> None:
    late = await unit.ask(basis="off_site_direction", starts_on="2026-11-03", parents_told_on="2026-11-02")
    assert late.json()["errors"][0]["code"] == "too_late"
    asked = (await unit.ask(basis="off_site_direction")).json()
    path = f"/v1/placements/{asked['id']}"
    refused = await unit.portal().post(f"{path}/agree")
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    # Friday before a Tuesday: Monday and Tuesday are the two school days.
    told = {"parents_told_on": "2026-11-06"}
    ahead = await unit.school().post(f"{path}/parents-told", told)
    assert ahead.json()["errors"][0]["code"] == "in_the_future"
    friday = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)
    assert (await unit.school(friday).post(f"{path}/parents-told", told)).status_code == 200
    assert (await unit.portal(friday).post(f"{path}/agree")).json()["state"] == "agreed"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"weeks": 21}, "/weeks"),
        ({"weeks": 0}, "/weeks"),
        ({"starts_on": "2026-11-01"}, "/starts_on"),
        ({"starts_on": "2026-12-25"}, "/starts_on"),
        ({"starts_on": "2027-05-03"}, "/starts_on"),
        ({"starts_on": "2026-12-29"}, "/starts_on"),
        ({"starts_on": "2026-11-14"}, "/starts_on"),
        ({"starts_on": "2027-08-31"}, "/starts_on"),
        ({"starts_on": "2027-09-06"}, "/starts_on"),
        ({"starts_on": "2027-07-12", "weeks": 3}, "/starts_on"),
        ({"review_on": "2027-03-01"}, "/review_on"),
        ({"registered_school_id": str(UUID(int=9))}, "/registered_school_id"),
    ],
)
async def test_a_placement_that_cannot_be_is_refused_by_field(
    unit: Unit, changes: dict[str, Any], pointer: str
) -> None:
    answer = await unit.ask(**changes)
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert (await unit.figures(PLANNED_AT))["promised_count"] == 0


async def test_neither_a_pupil_nor_a_place_is_in_two_placements_at_once(unit: Unit, lane: Database) -> None:
    assert (await unit.ask()).status_code == 201
    other = await service_of(lane, unit.town, await add_lot(lane, unit.town, "placement"))
    body = placement_body(other, unit.referral["id"], starts_on="2026-11-16")
    again = await unit.school().post("/v1/placements", body, headers=key())
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    body = placement_body(unit.service, (await sent_referral(unit.api, unit.town))["id"], starts_on="2026-11-16")
    full = await unit.school().post("/v1/placements", body, headers=key())
    assert (full.status_code, full.json()["code"]) == (409, "capacity_refused")
    body["starts_on"] = "2027-01-05"
    assert (await unit.school().post("/v1/placements", body, headers=key())).status_code == 201


async def test_an_extension_stays_within_twenty_weeks_the_contract_and_the_next_pupil(unit: Unit) -> None:
    agreed = await unit.agreed(weeks=15)
    path = f"/v1/placements/{agreed['id']}"
    refused = await unit.portal().post(f"{path}/extend", {"weeks": 6})
    assert refused.json()["errors"][0]["code"] == "too_long"
    body = placement_body(unit.service, (await sent_referral(unit.api, unit.town))["id"], starts_on="2027-04-19")
    assert (await unit.school().post("/v1/placements", body, headers=key())).status_code == 201
    taken = await unit.portal().post(f"{path}/extend", {"weeks": 5})
    assert (taken.status_code, taken.json()["code"]) == (409, "place_taken")
    kept = await unit.portal().post(f"{path}/extend", {"weeks": 1})
    assert (kept.status_code, kept.json()["weeks"]) == (200, 16), kept.text
    assert kept.json()["ends_on"] > agreed["ends_on"]


async def test_dual_registration_stands_for_the_days_of_the_placement(unit: Unit, lane: Database) -> None:
    unit_school = str(unit.town.schools[2].organisation_id)
    agreed = await unit.agreed(registered_school_id=unit_school)
    assert agreed["attendance_code"] == "D"

    async def registered() -> list[tuple[str, str]]:
        async with lane.read(unit.town.officer) as session:
            rows = await session.rows(
                "SELECT starts_on::text, ends_on::text FROM enrolment WHERE kind = 'subsidiary' AND school_id = $1",
                UUID(unit_school),
            )
        return [(row["starts_on"], row["ends_on"]) for row in rows]

    assert await registered() == [("2026-11-10", "2027-01-04")]
    path = f"/v1/placements/{agreed['id']}"
    assert (await unit.school().post(f"{path}/withdraw", {"reason": "parents_object"})).json()["state"] == "withdrawn"
    assert await registered() == []
    assert (await unit.figures(PLANNED_AT))["promised_count"] == 0
    owed = [line for lines in (await unit.owed(agreed["id"])).values() for line in lines]
    assert [line.split()[0] for line in owed] == ["cancelled", "cancelled"]


async def test_days_are_recorded_when_they_have_come_and_schools_are_open(unit: Unit) -> None:
    agreed = await unit.agreed()
    path = f"/v1/placements/{agreed['id']}/days"
    sunday = datetime(2026, 11, 15, 12, 0, tzinfo=UTC)
    for on, code in (
        ("2026-11-16", "in_the_future"), ("2026-11-14", "no_school_day"), ("2026-11-09", "outside_placement"),
    ):  # fmt: skip
        answer = await unit.portal(sunday).post(path, {"days": [{"on": on, "morning": True, "afternoon": True}]})
        assert answer.json()["errors"][0]["code"] == code
    day = {"on": "2026-11-10", "morning": True, "afternoon": True}
    twice = await unit.portal(sunday).post(path, {"days": [day, day]})
    assert twice.json()["errors"][0]["code"] == "repeated"
    assert (await unit.portal(sunday).post(path, {"days": [day]})).json()["state"] == "running"
    # Put right: the pupil never came, and no volume is used.
    away = await unit.portal(sunday).post(path, {"days": [{**day, "morning": False, "afternoon": False}]})
    assert (away.json()["state"], away.json()["first_attended_on"]) == ("agreed", None)


async def test_a_placement_ends_no_earlier_than_the_last_day_there(unit: Unit) -> None:
    agreed = await unit.agreed()
    path, later = f"/v1/placements/{agreed['id']}", datetime(2026, 11, 13, 16, 0, tzinfo=UTC)
    days = {"days": [{"on": "2026-11-12", "morning": False, "afternoon": True}]}
    assert (await unit.portal(later).post(f"{path}/days", days)).status_code == 200
    for ended_on, code in (("2026-11-11", "there_later"), ("2026-11-16", "outside_placement")):
        refused = await unit.portal(later).post(f"{path}/end", {"outcome": "broke_down", "ended_on": ended_on})
        assert refused.json()["errors"][0]["code"] == code
    ended = await unit.portal(later).post(f"{path}/end", {"outcome": "broke_down", "ended_on": "2026-11-12"})
    assert (ended.json()["state"], ended.json()["outcome"]) == ("ended", "broke_down")
    late = await unit.portal(later).post(f"{path}/days", days)
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")


async def test_others_see_nothing_of_a_placement(unit: Unit) -> None:
    agreed = await unit.agreed()
    for stranger in (unit.town.schools[1], unit.town.providers[1]):
        caller = at(unit.api.as_(stranger), PLANNED_AT)
        assert (await caller.get(f"/v1/placements/{agreed['id']}")).status_code == 404
        assert (await caller.get("/v1/placements")).json()["data"] == []
    body = placement_body(unit.service, unit.referral["id"], starts_on="2027-02-01")
    foreign = await at(unit.api.as_(unit.town.schools[1]), PLANNED_AT).post("/v1/placements", body, headers=key())
    assert foreign.status_code == 404
    declined = await unit.portal().post(f"/v1/placements/{agreed['id']}/decline", {"reason": "other"})
    assert (declined.status_code, declined.json()["code"]) == (409, "action_not_available")
