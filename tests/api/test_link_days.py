"""Link days over HTTP: asked for, confirmed, done and cancelled; and the plan of action of a school."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from app.ids import new_id
from app.models import parties
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.formats import PLANNED_AT, add_lot, service_of
from tests.factories.http import Api, Caller
from tests.factories.referrals import key

ON = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)
"""The afternoon of a Wednesday in term."""


class Link:
    """A lot of link days, the schools that ask, and the provider."""

    def __init__(self, api: Api, town: Town, lane: Database) -> None:
        self.api, self.town, self.lane = api, town, lane
        self.lot, self.service = UUID(int=0), UUID(int=0)

    def school(self, index: int = 0, moment: datetime = PLANNED_AT) -> Caller:
        return at(self.api.as_(self.town.schools[index]), moment)

    def portal(self, moment: datetime = PLANNED_AT) -> Caller:
        return at(self.api.as_(self.town.provider), moment)

    async def ask(self, index: int = 0, **changes: Any) -> Any:
        school_id = str(self.town.schools[index].organisation_id)
        body = {"service_id": str(self.service), "school_id": school_id, "on": "2026-11-11", **changes}
        return await self.school(index).post("/v1/link-days", body, headers=key())

    async def confirm(self, day: dict[str, Any], practitioner: UUID | None = None) -> Any:
        body = {"practitioner_id": str(practitioner or self.town.practitioners[0])}
        return await self.portal().post(f"/v1/link-days/{day['id']}/confirm", body)

    async def confirmed(self, index: int = 0, **changes: Any) -> dict[str, Any]:
        asked = await self.ask(index, **changes)
        assert asked.status_code == 201, asked.text
        done = await self.confirm(asked.json())
        assert done.status_code == 200, done.text
        found: dict[str, Any] = done.json()
        return found

    async def figures(self, moment: datetime = ON) -> tuple[int, int, int, int]:
        """Held, free, used and committed."""
        officer = at(self.api.as_(self.town.officer), moment)
        counted = (await officer.get(f"/v1/lots/{self.lot}")).json()["figures"]
        names = ("held_count", "free_count", "volume_used_count", "volume_committed_count")
        held, free, used, committed = (counted[name] for name in names)
        return held, free, used, committed


@pytest.fixture
async def link(api: Api, town: Town, lane: Database) -> Link:
    made = Link(api, town, lane)
    made.lot = await add_lot(lane, town, "link_days", volume_unit="day", volume=10)
    made.service = await service_of(lane, town, made.lot)
    return made


async def test_a_day_is_asked_for_confirmed_and_done(link: Link) -> None:
    asked = (await link.ask()).json()
    assert (asked["state"], asked["practitioner_id"]) == ("requested", None)
    assert await link.figures() == (0, 2, 0, 0)
    confirmed = (await link.confirm(asked)).json()
    assert (confirmed["state"], confirmed["practitioner_id"]) == ("confirmed", str(link.town.practitioners[0]))
    assert await link.figures() == (1, 1, 0, 1)
    done = {"families_seen_count": 3, "activities": ["drop_in", "home_visits"]}
    early = await link.portal().post(f"/v1/link-days/{asked['id']}/done", done)
    assert (early.status_code, early.json()["code"]) == (409, "action_not_available")
    after = await link.portal(ON).post(f"/v1/link-days/{asked['id']}/done", done)
    assert (after.json()["state"], after.json()["families_seen_count"]) == ("done", 3), after.text
    assert await link.figures() == (1, 1, 1, 0)
    # The day after, the place is free and the volume stays used.
    assert await link.figures(datetime(2026, 11, 12, 9, 0, tzinfo=UTC)) == (0, 2, 1, 0)
    again = await link.portal(ON).post(f"/v1/link-days/{asked['id']}/done", done)
    assert again.status_code == 409


async def test_two_halves_of_a_day_share_its_booking_and_make_one_day(link: Link) -> None:
    morning = await link.confirmed(part="morning")
    assert await link.figures() == (1, 1, 0, 1)
    await link.confirmed(1, part="afternoon")
    assert await link.figures() == (1, 1, 0, 1)
    gone = await link.school().post(f"/v1/link-days/{morning['id']}/cancel", {"reason": "school_cannot"})
    assert (gone.json()["state"], gone.json()["reason"]) == ("cancelled", "school_cannot")
    # The other half still holds the day.
    assert await link.figures() == (1, 1, 0, 1)


@pytest.mark.parametrize(
    ("first", "second"), [("whole", "whole"), ("whole", "morning"), ("afternoon", "whole"), ("morning", "morning")]
)
async def test_nobody_is_in_two_schools_at_once(link: Link, first: str, second: str) -> None:
    await link.confirmed(part=first)
    refused = await link.confirm((await link.ask(1, part=second)).json())
    assert (refused.status_code, refused.json()["code"]) == (409, "place_taken")


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2026-11-01", "in_the_past"),
        ("2026-11-14", "no_school_day"),
        ("2026-12-25", "no_school_day"),
        ("2027-05-03", "no_school_day"),
        ("2026-12-29", "no_school_day"),
        ("2027-08-31", "no_school_day"),
        ("2035-09-03", "outside_contract"),
    ],
)
async def test_a_day_on_which_nobody_can_come_is_refused(link: Link, on: str, code: str) -> None:
    answer = await link.ask(on=on)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_a_school_that_is_not_served_or_not_its_own_is_refused(link: Link) -> None:
    lot = await add_lot(
        link.lane, link.town, "link_days", volume_unit="day", school_ids=(link.town.schools[1].organisation_id,)
    )
    service = str(await service_of(link.lane, link.town, lot))
    answer = await link.ask(service_id=service)
    assert answer.json()["errors"][0]["code"] == "school_not_served"
    other = str(link.town.schools[1].organisation_id)
    assert (await link.ask(school_id=other)).status_code == 404
    casework = await link.ask(service_id=str(link.town.services[0]))
    assert (casework.status_code, casework.json()["code"]) == (409, "action_not_available")


async def test_places_out_of_service_and_a_full_lot_take_nobody(link: Link) -> None:
    portal = link.portal()
    places = (await portal.get(f"/v1/lots/{link.lot}/places")).json()["data"]
    for place in places:
        away = {"starts_on": "2026-11-11", "ends_on": "2026-11-12", "reason": "On leave."}
        answer = await portal.post(f"/v1/lots/{link.lot}/places/{place['id']}/out-of-service", away)
        assert answer.status_code == 201, answer.text
    refused = await link.confirm((await link.ask()).json())
    assert (refused.status_code, refused.json()["code"]) == (409, "capacity_refused")
    assert (await link.confirm((await link.ask(on="2026-11-12")).json())).status_code == 200


async def test_volume_is_counted_in_days_and_an_odd_half_is_a_whole_one(link: Link) -> None:
    lot = await add_lot(link.lane, link.town, "link_days", volume_unit="day", volume=1)
    link.lot, link.service = lot, await service_of(link.lane, link.town, lot)
    await link.confirmed(part="morning")
    assert await link.figures() == (1, 1, 0, 1)
    refused = await link.ask(1)
    assert (refused.status_code, refused.json()["code"]) == (409, "capacity_refused")


async def test_a_practitioner_of_another_provider_is_refused(link: Link, lane: Database) -> None:
    other = new_id()
    async with lane.write(link.town.officer) as session:
        writes = Writes()
        writes.add(
            parties.practitioner,
            id=other,
            provider_id=link.town.providers[1].organisation_id,
            name="Somebody else's",
            caseload_limit=3,
            languages=["ENG"],
            key_stages=["KS1"],
        )
        await writes.flush(session)
    refused = await link.confirm((await link.ask()).json(), other)
    assert refused.json()["errors"][0]["code"] == "unknown_practitioner"


async def test_what_was_agreed_is_owed_by_who_does_it(link: Link) -> None:
    day = await link.confirmed()
    path = f"/v1/link-days/{day['id']}/actions"
    body = {"what": "A coffee morning for year 7", "owed_by": "provider", "due_on": "2026-12-01"}
    action = (await link.school().post(path, body, headers=key())).json()
    assert (action["term"], action["owed_by_id"]) == ("2026/27-autumn", str(link.town.provider.organisation_id))
    owed = (await link.portal().get("/v1/obligations?state=open")).json()["data"]
    assert [one["subject_id"] for one in owed if one["kind"] == "link_day_action"] == [action["id"]]
    past = await link.school().post(path, {**body, "due_on": "2026-11-01"}, headers=key())
    assert past.json()["errors"][0]["code"] == "in_the_past"
    done = await link.portal(ON).post(f"/v1/link-day-actions/{action['id']}/done")
    assert (done.json()["state"], done.json()["done_on"]) == ("done", "2026-11-11")
    owed = (await link.portal().get("/v1/obligations?state=open")).json()["data"]
    assert [one for one in owed if one["kind"] == "link_day_action"] == []
    assert (await link.school().post(f"/v1/link-day-actions/{action['id']}/cancel")).status_code == 409
    plan = (await link.school().get("/v1/link-day-actions?term=2026/27-autumn")).json()["data"]
    assert [one["id"] for one in plan] == [action["id"]]


async def test_other_schools_see_nothing_of_it(link: Link) -> None:
    day = await link.confirmed()
    for stranger in (link.town.schools[1], link.town.providers[1]):
        caller = at(link.api.as_(stranger), PLANNED_AT)
        assert (await caller.get(f"/v1/link-days/{day['id']}")).status_code == 404
        assert (await caller.get("/v1/link-days")).json()["data"] == []
        assert (await caller.get("/v1/link-day-actions")).json()["data"] == []


async def test_a_lot_of_link_days_is_commissioned_by_the_day(link: Link, lane: Database) -> None:
    officer = at(link.api.as_(link.town.officer), PLANNED_AT)
    async with lane.read(link.town.officer) as session:
        contract = await session.value("SELECT contract_id FROM lot WHERE id = $1", link.lot)
    body = {"service_id": str(link.service), "name": "Another", "volume": 5, "places": 1}
    refused = await officer.post(f"/v1/contracts/{contract}/lots", body, headers=key())
    assert refused.json()["errors"][0]["code"] == "wrong_unit"
    made = await officer.post(f"/v1/contracts/{contract}/lots", {**body, "volume_unit": "day"}, headers=key())
    assert (made.status_code, made.json()["volume_unit"]) == (201, "day"), made.text
