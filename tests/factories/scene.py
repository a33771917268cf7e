"""One authority with a row in every noun: what the isolation, denial and who-sees-what tests walk over.

Every fact that must stay with some parties is a word found nowhere else (`SECRETS`), so that a leak can be searched
for in whatever comes back.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from app import clock
from app.access import Group, Principal
from app.db import Database, broker
from app.domain.upn import make_upn
from app.queries.writes import Writes
from app.services.returns.opening import open_due_returns
from tests.factories.authority import Town, build_town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

UPN: Final = make_upn("926", 25, 901)
SECRETS: Final[dict[Group, tuple[str, ...]]] = {
    Group.IDENTITY: ("Zephyrine", "Quillfeather", "01632 960777", "Ottoline", "Wisteria Lane", "Words of one's own"),
    Group.STATUTORY: (UPN, "Secret-mis-key", "Question for the sender"),
    Group.ATTENDANCE: ('"sessions_attended":53', '"sessionsAttended":53'),
    Group.PROGRESS: ("Goal of the garden", "Summary of the sea"),
    Group.READINGS: ("family_journey",),
    Group.DECISIONS: ("free_places", "POSSIBLE_DUPLICATE"),
}


@dataclass
class Scene:
    """A town and the ids of what stands in it. `closed` is a finished case, `case` a running one, `offer` pending."""

    town: Town
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def callers(self) -> dict[str, Principal]:
        """Everyone who could ask: the parties and the strangers of the same authority."""
        return {
            "school": self.town.schools[0],
            "other school": self.town.schools[1],
            "provider": self.town.providers[0],
            "other provider": self.town.providers[1],
            "officer": self.town.officer,
        }


def secret_body(**changes: Any) -> dict[str, Any]:
    """A referral whose every guarded fact is one of the `SECRETS`."""
    body = referral_body(**changes)
    body["pupil"] |= {"upn": UPN, "mis_id": "Secret-mis-key", "given_name": "Zephyrine", "family_name": "Quillfeather"}
    body["contacts"][0] |= {"name": "Ottoline Quillfeather", "phones": ["01632 960777"]}
    body["household"]["address"] = {"lines": ["1 Wisteria Lane"], "postcode": None}
    body["needs"][0]["words"] = "Words of one's own"
    body["attendance"] |= {"sessions_attended": 53, "sessions_authorised": 9, "sessions_unauthorised": 10}
    return body


async def build_scene(api: Api, database: Database, *, name: str = "Scene (made up)") -> Scene:
    """Play the main path through the API until every noun has a row."""
    scene = Scene(await build_town(database, name=name, places=4))
    school, provider = api.as_(scene.town.school), api.as_(scene.town.provider)
    ids = scene.ids

    async def done(answer: Any) -> dict[str, Any]:
        assert answer.status_code in (200, 201), f"{answer.request.method} {answer.request.url}: {answer.text}"
        return answer.json()

    async def accepted(body: dict[str, Any]) -> tuple[str, str, str]:
        referral = await done(await school.post("/v1/referrals", body, headers=key()))
        allocation = referral["allocation"]["id"]
        case = await done(await provider.post(f"/v1/allocations/{allocation}/accept"))
        await done(await provider.post(f"/v1/interventions/{case['intervention_id']}/safety"))
        return referral["id"], allocation, case["intervention_id"]

    now = clock.real_now() + timedelta(minutes=1)
    ids["referral"], ids["allocation"], ids["intervention"] = await accepted(secret_body())
    path = f"/v1/interventions/{ids['intervention']}"
    contact = {
        "kind": "initial", "mode": "home", "held_at": now.isoformat(), "minutes": 60, "result": "attended",
        "child_seen": True,
    }  # fmt: skip
    at = {"X-Halfterm-Now": (now + timedelta(minutes=1)).isoformat()}
    ids["contact"] = (await done(await provider.post(f"{path}/contacts", contact, headers=at)))["id"]
    plan = {
        "agreed_on": clock.london_date(now).isoformat(),
        "goals": [{"title": "Goal of the garden", "owner": "family", "need_code": "attendance"}],
    }
    await done(await provider.put(f"{path}/plan", plan, headers={"If-Match": "*", **at}))
    reading = {
        "measure": "goal_progress", "respondent": "parent", "taken_on": clock.london_date(now).isoformat(),
        "completed_with": "jointly", "scores": {},
    }  # fmt: skip
    measures = (await provider.get("/v1/measures")).json()["data"]
    journey = next(measure for measure in measures if measure["key"] == "family_journey")
    reading |= {"measure": "family_journey", "scores": {area["key"]: 4 for area in journey["areas"]}}
    await done(await provider.post(f"{path}/readings", reading, headers=at))
    waiting = await done(await school.post("/v1/referrals", referral_body(needs=[{"code": "housing"}]), headers=key()))
    ids["waiting_referral"] = waiting["id"]
    pending = await done(await school.post("/v1/referrals", referral_body(), headers=key()))
    ids["pending_referral"], ids["pending_allocation"] = pending["id"], pending["allocation"]["id"]
    etag = {"If-Match": f'"{pending["version"]}"'}
    await done(await school.patch(f"/v1/referrals/{pending['id']}", {"reason": "x", "child_view": "y"}, headers=etag))
    async with database.write(scene.town.officer) as session:
        session.now += timedelta(days=200)
        async with broker(session) as wide:
            writes = Writes()
            await open_due_returns(wide, writes, session.today)
            await writes.flush(wide)
    for kind in ("school", "provider"):
        rows = (await api.as_(scene.callers[kind]).get("/v1/returns")).json()["data"]
        assert rows, f"no return is owed by the {kind}"
        ids[f"{kind}_return"] = rows[0]["id"]
    ids["area"] = str(scene.town.areas["north"])
    ids["school"] = str(scene.town.school.organisation_id)
    ids["provider"] = str(scene.town.provider.organisation_id)
    ids["service"], ids["contract"], ids["lot"] = (
        str(group[0]) for group in (scene.town.services, scene.town.contracts, scene.town.lots)
    )
    ids["practitioner"], ids["place"] = str(scene.town.practitioners[0]), str(scene.town.places[0])
    client = await done(
        await api.as_(scene.town.officer).post(
            "/v1/clients", {"organisation_id": ids["school"], "name": "MIS", "scopes": ["referrals.read"]}
        )
    )
    ids["client"] = client["id"]
    return scene
