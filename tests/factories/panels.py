"""A panel with two agencies and a school, its sittings, and what is put before it, made over HTTP."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.access import Kind, Principal
from app.db import Database
from app.ids import new_id
from app.models.parties import organisation
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api, Caller
from tests.factories.officers import OFFICER, send

EARLY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday in term."""
SITTING_DAY = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
"""A Wednesday in term: the second sitting of a panel that meets every two weeks from the 4th."""


@dataclass
class Hall:
    """A panel, whoever sits on it, and its callers at a stated time."""

    api: Api
    town: Town
    panel_id: str
    nurse: Principal
    welfare: Principal

    def officer(self, moment: datetime = EARLY) -> Caller:
        return at(self.api.as_(self.town.officer), moment)

    def member(self, who: Principal, moment: datetime = EARLY) -> Caller:
        return at(self.api.as_(who), moment)

    @property
    def path(self) -> str:
        return f"/v1/panels/{self.panel_id}"

    async def sittings(self) -> list[dict[str, Any]]:
        """Every sitting of the panel, in order."""
        return await listed(self.officer(), f"{self.path}/sittings?limit=200")

    async def sitting(self, number: int = 0) -> str:
        """The path of a sitting, by its place among those that are not cancelled."""
        found = [one for one in await self.sittings() if one["state"] != "cancelled"]
        return f"{self.path}/sittings/{found[number]['id']}"


def panel_body(*members: Principal, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Hot clinic (made up)",
        "officers": [OFFICER],
        "member_ids": [str(one.organisation_id) for one in members],
        "weekday": 3,
        "every_weeks": 2,
        "first_on": "2026-11-04",
        "starts_at": "09:30",
        "minutes_per_item": 10,
        **changes,
    }


async def agency(database: Database, town: Town, name: str) -> Principal:
    """An agency of the authority, and who signs in for it."""
    made = replace(town.school, client_id=new_id(), organisation_id=new_id(), kind=Kind.AGENCY)
    async with database.write(town.officer) as session:
        writes = Writes()
        writes.add(organisation, id=made.organisation_id, kind="agency", name=name)
        await writes.flush(session)
    return made


async def open_hall(api: Api, town: Town, *, until: str = "2026-12-18", now: datetime = EARLY, **changes: Any) -> Hall:
    """A panel of two agencies and the town's second school, with its sittings of the autumn term."""
    database = api.runtime.database
    nurse = await agency(database, town, "School nurses (made up)")
    welfare = await agency(database, town, "Education welfare (made up)")
    officer = at(api.as_(town.officer), now)
    made = await posted(officer, "/v1/panels", panel_body(nurse, welfare, town.schools[1], **changes))
    hall = Hall(api, town, made["id"], nurse, welfare)
    if until:
        await posted(officer, f"{hall.path}/sittings", {"until": until})
    return hall


async def before_panel(hall: Hall, moment: datetime = EARLY, **changes: Any) -> dict[str, Any]:
    """A referral that waited and was put before the panel."""
    referral = await send(at(hall.api.as_(hall.town.school), moment), **{"needs": [{"code": "housing"}], **changes})
    assert referral["state"] == "waiting", referral["state"]
    body = {"panel_id": hall.panel_id, "reason": "Two services know the family.", "officer": OFFICER}
    answer = await hall.officer(moment).post(f"/v1/referrals/{referral['id']}/to-panel", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def held(hall: Hall, path: str, *, circulated_at: datetime = EARLY, held_at: datetime | None = None) -> datetime:
    """Circulate the agenda of a sitting and hold it at its time; that time."""
    await done(await hall.officer(circulated_at).post(f"{path}/circulate"))
    sitting = (await hall.officer().get(path)).json()
    moment = held_at or datetime.fromisoformat(sitting["sits_at"])
    people = [
        {"organisation_id": str(hall.nurse.organisation_id), "name": "N. Nurse", "role": "nurse", "state": "present"},
        {"organisation_id": str(hall.welfare.organisation_id), "name": "W. Welfare", "state": "apologies"},
    ]
    await done(await hall.officer(moment).post(f"{path}/held", {"attendance": people, "quorate": True}))
    return moment


async def items(caller: Caller, path: str) -> list[dict[str, Any]]:
    """The items of a sitting's agenda."""
    return await listed(caller, f"{path}/agenda")


def review_body(**changes: Any) -> dict[str, Any]:
    """A school's pre-exclusion review of a made-up pupil."""
    return {
        "pupil": {"given_name": "Ada", "family_name": "Sampleton", "year_group": "8", "mis_id": "P-review"},
        "held_on": "2026-11-02",
        "cause": "two_suspensions_in_half_term",
        "pupil_voice": "Mornings are hard since we moved.",
        "factors": [{"code": "home_circumstances", "words": "The family moved."}],
        "support_exhausted": [{"what": "Mentor", "until": "2026-10-23", "result": "Came twice."}],
        **changes,
    }


def decision(outcome: str, **changes: Any) -> dict[str, Any]:
    return {"outcome": outcome, "reason": "All agreed.", "decided_by": {"name": "Jo Sampleton"}, **changes}


async def listed(caller: Caller, path: str) -> list[dict[str, Any]]:
    """The rows of a list."""
    return (await done(await caller.get(path)))["data"]


async def posted(caller: Caller, path: str, body: Any = None) -> dict[str, Any]:
    """What a post that was let through answered."""
    return await done(await caller.post(path, body))


async def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), f"{answer.request.method} {answer.request.url}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


async def refused(caller: Caller, path: str, body: Any = None) -> tuple[int, str]:
    """The status and the code with which a post was refused."""
    answer = await caller.post(path, body)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["code"]
