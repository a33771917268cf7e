"""One authority with a row in every noun: what the isolation, denial and who-sees-what tests walk over.

Every fact that must stay with some parties is a word found nowhere else (`SECRETS`), so that a leak can be searched
for in whatever comes back.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.access import Group, Kind, Principal
from app.db import Database, broker
from app.documents.model import Document, Paragraph, as_data
from app.domain.return_template_rules import own_content
from app.domain.returns import FIRST_OWN_VERSION, SCHOOL_TERM, template_of
from app.domain.upn import make_upn
from app.ids import new_id
from app.models.casework import return_submission
from app.models.closing import closure_letter
from app.models.measures import measure_version
from app.models.parties import organisation, school_calendar
from app.models.return_templates import return_template
from app.queries.writes import Writes
from app.routers.schemas.measures import _EXAMPLE as MEASURE
from app.routers.schemas.practice_audits import _EXAMPLE as AUDIT
from app.services.obligations import owe
from app.services.returns.opening import open_due_returns
from tests.factories.authority import Town, build_town
from tests.factories.casework import ACCEPTED_AT, LATER, at, contact, plan
from tests.factories.formats import (
    PLANNED_AT,
    STARTED_AT,
    add_lot,
    enrolled,
    placement_body,
    planned_course,
    register,
    service_of,
)
from tests.factories.http import Api, Caller
from tests.factories.next_contract import next_contract
from tests.factories.panels import decision, panel_body, review_body
from tests.factories.referrals import key, referral_body
from tests.factories.turns import pause, review

UPN: Final = make_upn("926", 25, 901)
SECRETS: Final[dict[Group, tuple[str, ...]]] = {
    Group.IDENTITY: ("Zephyrine", "Quillfeather", "01632 960777", "Ottoline", "Wisteria Lane", "Words of one's own"),
    Group.STATUTORY: (UPN, "Secret-mis-key", "Question for the sender"),
    Group.ATTENDANCE: ('"sessions_attended":53', '"sessionsAttended":53'),
    Group.PROGRESS: ("Goal of the garden", "Summary of the sea", "Said of the stream", "Signpost of the shore"),
    Group.CASEWORK: (
        "Note of the cellar",
        "Worry of the willow",
        "Word of the willow",
        "Quote of the quay",
        "Pier for parents",
        "Letter of the lagoon",
    ),
    Group.READINGS: ('"jointly"', '"JOINTLY"'),
    Group.NOTES: ("Note of the kitchen",),
    Group.MESSAGES: ("Message of the market",),
    Group.CONCERNS: ("Concern of the canal",),
    Group.SAFEGUARDING: ("Allegation of the attic", "Worker of the wharf", "Act of the harbour"),
    Group.EXPLANATION: ('"paragraph"',),
    Group.DECISIONS: (
        '"verdicts"',
        "tight_sets",
        "POSSIBLE_DUPLICATE",
        "Secret officer",
        "Secret reason",
        "Secret note",
    ),
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
    school = at(api.as_(scene.town.school), ACCEPTED_AT)
    provider = at(api.as_(scene.town.provider), LATER)
    ids = scene.ids

    async def done(answer: Any) -> dict[str, Any]:
        assert answer.status_code in (200, 201), f"{answer.request.method} {answer.request.url}: {answer.text}"
        return answer.json()

    referral = await done(await school.post("/v1/referrals", secret_body(), headers=key()))
    ids["referral"], ids["allocation"] = referral["id"], referral["allocation"]["id"]
    accept = at(api.as_(scene.town.provider), ACCEPTED_AT)
    ids["intervention"] = (await done(await accept.post(f"/v1/allocations/{ids['allocation']}/accept")))[
        "intervention_id"
    ]
    path = f"/v1/interventions/{ids['intervention']}"
    await done(await provider.post(f"{path}/safety", {"safe_contact": True, "visit_risks": True}))
    ids["contact"] = (await done(await provider.post(f"{path}/contacts", contact())))["id"]
    goals = [{"title": "Goal of the garden", "owner": "family", "need_code": "attendance"}]
    put = await done(await provider.put(f"{path}/plan", plan(goals=goals), headers={"If-Match": "*"}))
    ids["goal"] = put["goals"][0]["id"]
    await _left_behind(provider, path, ids)
    measures = (await provider.get("/v1/measures")).json()["data"]
    journey = next(measure for measure in measures if measure["key"] == "family_journey")
    reading = {
        "measure": "family_journey",
        "respondent": "parent",
        "taken_on": "2026-11-05",
        "completed_with": "jointly",
        "scores": {area["key"]: 4 for area in journey["areas"]},
    }
    await done(await provider.post(f"{path}/readings", reading))
    await done(await provider.post(f"{path}/reviews", review(held_on="2026-11-19", worries="Worry of the willow")))
    # It stood still for an afternoon.
    still = pause(LATER.date().isoformat(), LATER.date().isoformat(), note="Word of the willow")
    await done(await provider.post(f"{path}/pause", still))
    await done(await provider.post(f"{path}/resume", {}))
    agency = at(api.as_(await an_agency(database, scene.town)), ACCEPTED_AT)
    body = referral_body(needs=[{"code": "housing"}], school_urn="900001")
    sent = await done(await agency.post("/v1/referrals", body, headers=key()))
    etag = {"If-Match": f'"{sent["version"]}"'}
    await done(await agency.patch(f"/v1/referrals/{sent['id']}", {"reason": "x", "child_view": "y"}, headers=etag))
    waiting = await done(await school.post("/v1/referrals", referral_body(needs=[{"code": "housing"}]), headers=key()))
    ids["waiting_referral"] = waiting["id"]
    pending = await done(await school.post("/v1/referrals", referral_body(), headers=key()))
    ids["pending_referral"], ids["pending_allocation"] = pending["id"], pending["allocation"]["id"]
    etag = {"If-Match": f'"{pending["version"]}"'}
    await done(await school.patch(f"/v1/referrals/{pending['id']}", {"reason": "x", "child_view": "y"}, headers=etag))
    await _by_hand(api, scene)
    await _in_words(api, scene)
    ids |= await _asked(api, scene)
    in_a_term = replace(scene.town.officer, at=LATER + timedelta(days=150))
    async with database.write(in_a_term) as session, broker(session) as wide:
        writes = Writes()
        await open_due_returns(wide, writes, session.today)
        writes.add(
            school_calendar,
            school_id=scene.town.school.organisation_id,
            academic_year="2026/27",
            version=1,
            stamp=new_id(),
            training_days=[{"on": "2027-06-21", "name": "Training day"}],
        )
        # Put by hand: publishing tells everybody, and strangers are to have been told of nothing.
        writes.add(
            measure_version,
            id=new_id(),
            key=MEASURE["key"],
            version=1,
            content={**{name: value for name, value in MEASURE.items() if name != "effective_from"}, "version": 1},
            effective_from=date(2026, 11, 3),
            published_at=session.now,
            published_by_client_id=scene.town.officer.client_id,
        )
        # By hand: publishing one tells every organisation, and strangers are to hear of nothing here.
        template_id = new_id()
        writes.add(
            return_template,
            id=template_id,
            template=SCHOOL_TERM,
            version=FIRST_OWN_VERSION,
            content=own_content(template_of(SCHOOL_TERM)),
            applies_from=date(2040, 1, 1),
            published_at=wide.now,
            published_by_client_id=wide.principal.client_id,
            summary_of_changes="x",
        )
        _letters(writes, wide.now, ids)
        await writes.flush(wide)
    ids["template"] = str(template_id)
    for kind in ("school", "provider"):
        rows = (await api.as_(scene.callers[kind]).get("/v1/returns")).json()["data"]
        assert rows, f"no return is owed by the {kind}"
        ids[f"{kind}_return"] = rows[0]["id"]
    async with database.write(in_a_term) as session:
        writes = Writes()
        writes.add(
            return_submission,
            id=new_id(),
            return_id=UUID(ids["school_return"]),
            organisation_id=scene.town.school.organisation_id,
            number=1,
            submitted_at=session.now,
            content={},
        )
        await writes.flush(session)
    ids["area"] = str(scene.town.areas["north"])
    ids["school"] = str(scene.town.school.organisation_id)
    ids["provider"] = str(scene.town.provider.organisation_id)
    ids["service"], ids["contract"], ids["lot"] = (
        str(group[0]) for group in (scene.town.services, scene.town.contracts, scene.town.lots)
    )
    ids["household"] = referral["household_id"]
    await _of_a_household(api, database, scene)
    ids |= await _to_come(api, database, scene)
    ids |= await _on_a_panel(api, scene)
    ids |= await _formats(api, database, scene)
    ids["practitioner"], ids["place"] = str(scene.town.practitioners[0]), str(scene.town.places[0])
    client = await done(
        await api.as_(scene.town.officer).post(
            "/v1/clients", {"organisation_id": ids["school"], "name": "MIS", "scopes": ["referrals.read"]}
        )
    )
    ids["client"] = client["id"]
    ids["run"] = (await done(await api.as_(scene.town.officer).post("/v1/allocation-runs", {})))["id"]
    ids["obligation"] = await _settled_by_note(api, database, scene)
    ids["policy"] = (await done(await school.get("/v1/policies/current")))["id"]
    return scene


async def _left_behind(provider: Caller, path: str, ids: dict[str, str]) -> None:
    """What a case leaves: an entry on its goal, signposts for the child and for a parent, and a quote."""
    consent = {"given_by": "parent", "on": "2026-11-12", "uses": ["report"]}
    signpost = {"kind": "advice", "signposted_on": "2026-11-12"}
    for name, part, body in (
        (
            "progress",
            f"goals/{ids['goal']}/progress",
            {"said_on": "2026-11-12", "said_by": "child", "words": "Said of the stream"},
        ),
        ("signpost", "signposts", {**signpost, "name": "Signpost of the shore", "for_whom": "family"}),
        ("parents_signpost", "signposts", {**signpost, "name": "Pier for parents", "for_whom": "parent"}),
        (
            "quote",
            "quotes",
            {"whose": "parent", "words": "Quote of the quay", "said_on": "2026-11-12", "consent": consent},
        ),
    ):
        answer = await provider.post(f"{path}/{part}", body)
        assert answer.status_code == 201, answer.text
        ids[name] = answer.json()["id"]


def _letters(writes: Writes, made_at: datetime, ids: dict[str, str]) -> None:
    """Letters as an earlier close left them."""
    for audience, words in (("family", "Letter of the lagoon"), ("school", "Letter for the school")):
        writes.add(
            closure_letter,
            id=new_id(),
            intervention_id=UUID(ids["intervention"]),
            referral_id=UUID(ids["referral"]),
            audience=audience,
            version=1,
            made_at=made_at,
            content=as_data(Document("Letter", made_at.date(), (Paragraph(words),))),
        )


async def _of_a_household(api: Api, database: Database, scene: Scene) -> None:
    """A child who has joined the running case; a change of school that is to come; a move to another authority."""
    school, officer = at(api.as_(scene.town.school), LATER), at(api.as_(scene.town.officer), LATER)
    named = {
        "sibling_wish": "same_practitioner",
        "sibling_of": (await school.get(f"/v1/referrals/{scene.ids['referral']}")).json()["reference"],
    }
    sent = (await school.post("/v1/referrals", referral_body(**named), headers=key())).json()
    scene.ids["joined_referral"] = sent["id"]
    portal = at(api.as_(scene.town.provider), LATER)
    acts: tuple[tuple[Caller, str, dict[str, Any] | None], ...] = (
        (portal, f"/v1/allocations/{sent['allocation']['id']}/accept", None),
        (
            school,
            f"/v1/referrals/{sent['id']}/change-school",
            {"school_id": str(scene.town.schools[1].organisation_id), "starts_on": "2027-01-04"},
        ),
        (
            officer,
            f"/v1/referrals/{sent['id']}/transfer",
            {"home_la_code": "340", "moved_on": "2026-11-20", "plan": "finish_here", "consent": "given",
             "note": "Secret note", "officer": {"name": "Secret officer"}},
        ),
    )  # fmt: skip
    for caller, path, body in acts:
        answer = await caller.post(path, body)
        assert answer.status_code == 200, answer.text


async def _to_come(api: Api, database: Database, scene: Scene) -> dict[str, str]:
    """A place that will be out of service, and a hand-over that is planned; their ids."""
    town = scene.town
    lot, on = town.lots[0], date(2034, 9, 1)
    away = await at(api.as_(town.provider), LATER).post(
        f"/v1/lots/{lot}/places/{town.places[3]}/out-of-service",
        {"starts_on": "2034-01-08", "ends_on": "2034-01-15", "reason": "On leave."},
    )
    assert away.status_code == 201, away.text
    contract, places = town.contracts[0], list(town.places)
    after = await next_contract(database, town, town.provider, on=on, places=1)
    town.places[:], town.lots[:], town.contracts[:] = places, [lot], [contract]
    planned = await after.commit(at(api.as_(town.officer), LATER))
    return {"range": away.json()["id"], "hand_over": planned["id"], "successor": str(after.contract_id)}


async def _on_a_panel(api: Api, scene: Scene) -> dict[str, str]:
    """A panel on which the school has a seat, with a sitting that was minuted, and the school's review before it."""
    school, officer = (at(api.as_(one), ACCEPTED_AT) for one in (scene.town.school, scene.town.officer))
    sitting_day = at(api.as_(scene.town.officer), datetime(2026, 11, 4, 9, 30, tzinfo=UTC))

    async def posted(caller: Caller, path: str, body: Any = None) -> dict[str, Any]:
        answer = await caller.post(path, body)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    panel = await posted(officer, "/v1/panels", panel_body(scene.town.school))
    path = f"/v1/panels/{panel['id']}/sittings"
    (sitting,) = (await posted(officer, path, {"until": "2026-11-04"}))["data"]
    path = f"{path}/{sitting['id']}"
    review = await posted(school, "/v1/pre-exclusion-reviews", review_body(held_on="2026-11-02"))
    await posted(school, f"/v1/pre-exclusion-reviews/{review['id']}/to-panel", {"words": "What else is there?"})
    item = await posted(officer, f"{path}/agenda", {"title": "No interpreter", "words": "Three families wait."})
    await posted(officer, f"{path}/circulate")
    await posted(sitting_day, f"{path}/held", {"attendance": [], "quorate": True})
    task = {"owner_id": panel["member_ids"][0], "what": "Ask the agency.", "due_on": "2026-11-12"}
    decided = await posted(
        sitting_day, f"{path}/agenda/{item['id']}/decisions", decision("redirect", redirected_to="x", actions=[task])
    )
    await posted(sitting_day, f"{path}/minutes", {})
    await posted(sitting_day, f"{path}/minutes/approve", {"number": 1, "approved_by": {"name": "Jo Sampleton"}})
    return {
        "panel": panel["id"],
        "sitting": sitting["id"],
        "item": item["id"],
        "action": decided["actions"][0]["id"],
        "review": review["id"],
    }


async def _formats(api: Api, database: Database, scene: Scene) -> dict[str, str]:
    """A course that runs, with a seat that was taken and a register; a placement that runs; and a day in a school."""
    town = scene.town
    lot = await add_lot(database, town, "course")
    planned = await planned_course(api, town, lot)
    school = at(api.as_(town.school), PLANNED_AT)
    one = await enrolled(school, planned["id"], scene.ids["referral"])
    taken = await school.post(f"/v1/course-enrolments/{one['id']}/take")
    assert taken.status_code == 200, taken.text
    path = f"/v1/courses/{planned['id']}/sessions/1/register"
    portal = at(api.as_(town.provider), STARTED_AT)
    filled = await portal.put(path, register((one["id"], "late")), headers={"If-Match": "*"})
    assert filled.status_code == 200, filled.text
    unit = await service_of(database, town, await add_lot(database, town, "placement"))
    asked = await school.post("/v1/placements", placement_body(unit, scene.ids["referral"]), headers=key())
    assert asked.status_code == 201, asked.text
    placed = f"/v1/placements/{asked.json()['id']}"
    for act, body in (
        ("agree", None),
        ("days", {"days": [{"on": "2026-11-10", "morning": True, "afternoon": True}]}),
        ("reviews", {"held_on": "2026-11-10", "decision": "continue", "next_review_on": "2026-12-01"}),
    ):
        done = await portal.post(f"{placed}/{act}", body)
        assert done.status_code == 200, done.text
    link = await service_of(database, town, await add_lot(database, town, "link_days", volume_unit="day"))
    body = {"service_id": str(link), "school_id": scene.ids["school"], "on": "2026-11-11"}
    day = await school.post("/v1/link-days", body, headers=key())
    assert day.status_code == 201, day.text
    confirm = {"practitioner_id": str(town.practitioners[0])}
    confirmed = await portal.post(f"/v1/link-days/{day.json()['id']}/confirm", confirm)
    assert confirmed.status_code == 200, confirmed.text
    agreed = {"what": "A coffee morning", "owed_by": "provider", "due_on": "2026-11-20"}
    action = await school.post(f"/v1/link-days/{day.json()['id']}/actions", agreed, headers=key())
    assert action.status_code == 201, action.text
    return {
        "course": planned["id"],
        "enrolment": one["id"],
        "placement": asked.json()["id"],
        "link_day": day.json()["id"],
        "link_day_action": action.json()["id"],
        "link_service": str(link),
    }


def allegation(scene: Scene) -> dict[str, Any]:
    """An allegation about a worker of the provider that has the case."""
    return {
        "kind": "allegation_about_worker",
        "text": "Allegation of the attic",
        "person": {"name": "Head Exemplar", "role": "head teacher"},
        "worker": {"organisation_id": str(scene.town.provider.organisation_id), "name": "Worker of the wharf"},
    }


async def _in_words(api: Api, scene: Scene) -> None:
    """Two notes, one of them shared; a message; a child at risk, acknowledged; and an allegation about a worker."""
    school, provider = at(api.as_(scene.town.school), LATER), at(api.as_(scene.town.provider), LATER)
    case, work = f"/v1/referrals/{scene.ids['referral']}", f"/v1/interventions/{scene.ids['intervention']}"
    when = "2026-11-04T10:00:00Z"
    at_risk = {"kind": "child_at_risk", "text": "Concern of the canal", "person": {"name": "Sam Sampleton"}}
    for name, caller, path, body in (
        ("shared_note", provider, f"{work}/notes",
         {"text": "Note of the kitchen", "occurred_at": when, "shared_with_referrer": True}),
        ("note", provider, f"{work}/notes", {"text": "Note of the cellar", "occurred_at": when}),
        ("message", school, f"{case}/messages", {"text": "Message of the market", "to": ["provider", "authority"]}),
        ("concern", provider, f"{case}/concerns", at_risk),
        ("allegation", school, f"{case}/concerns", allegation(scene)),
    ):  # fmt: skip
        answer = await caller.post(path, body)
        assert answer.status_code == 201, answer.text
        scene.ids[name] = answer.json()["id"]
    act = {"action": "family_spoken_to", "note": "Act of the harbour", "person": {"name": "Jo Exemplar"}}
    answer = await school.post(f"/v1/concerns/{scene.ids['concern']}/acknowledge", act)
    assert answer.status_code == 200, answer.text
    answer = await provider.post(f"{case}/messages/{scene.ids['message']}/read")
    assert answer.status_code == 200, answer.text


async def _by_hand(api: Api, scene: Scene) -> None:
    """What officers do: a band, and a place that an officer chose after the offer was taken back."""
    officer = at(api.as_(scene.town.officer), ACCEPTED_AT)
    person = {"name": "Secret officer", "role": "officer"}
    waiting, pending = (f"/v1/referrals/{scene.ids[name]}" for name in ("waiting_referral", "pending_referral"))
    acts = (
        (f"{waiting}/band", {"band": "P1", "reason": "Secret reason", "officer": person}),
        (f"{pending}/withdraw-offer", {"reason": "wrong_match", "note": "Secret note", "officer": person}),
        (
            f"{pending}/override",
            {"lot_id": str(scene.town.lots[0]), "reason": "continuity", "note": "Secret note", "officer": person},
        ),
    )
    for path, body in acts:
        answer = await officer.post(path, body)
        assert answer.status_code == 200, answer.text
    scene.ids["pending_allocation"] = answer.json()["allocation"]["id"]


async def _settled_by_note(api: Api, database: Database, scene: Scene) -> str:
    """Something that officers owed and that one of them noted as done; its id."""
    officers = replace(scene.town.officer, at=ACCEPTED_AT)
    async with database.write(officers) as session:
        writes = Writes()
        obligation_id = owe(
            writes, session, "lead_officer_action", officers.organisation_id,
            subject=("referral", UUID(scene.ids["waiting_referral"])), clock="calendar_hour", due_at=LATER,
        )  # fmt: skip
        await writes.flush(session)
    body = {"note": "Secret note", "officer": {"name": "Secret officer"}}
    answer = await at(api.as_(scene.town.officer), LATER).post(f"/v1/obligations/{obligation_id}/done", body)
    assert answer.status_code == 200, answer.text
    return str(obligation_id)


async def _asked(api: Api, scene: Scene) -> dict[str, str]:
    """A school's audit with an action, and an officer's look; their ids."""
    officer, school = (at(api.as_(scene.callers[name]), ACCEPTED_AT) for name in ("officer", "school"))
    audit = await at(school, LATER).post("/v1/practice-audits", AUDIT)
    assert audit.status_code == 201, audit.text
    looked = await officer.post(
        f"/v1/referrals/{scene.ids['referral']}/attention/persistent_absence/looked-at",
        {"decided": "no_change", "note": "Secret note", "officer": {"name": "Secret officer"}},
    )
    assert looked.status_code == 200, looked.text
    return {"audit": audit.json()["id"], "audit_action": audit.json()["actions"][0]["id"]}


async def an_agency(database: Database, town: Town) -> Principal:
    """An agency that refers too: its referral is the school's to see, though not the school's own."""
    agency = replace(town.school, client_id=new_id(), organisation_id=new_id(), kind=Kind.AGENCY)
    async with database.write(town.officer) as session:
        writes = Writes()
        writes.add(organisation, id=agency.organisation_id, kind="agency", name="Early help team (made up)")
        await writes.flush(session)
    return agency
