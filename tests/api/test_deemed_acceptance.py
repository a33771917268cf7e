"""Silence that counts as yes: by contract, dated, without a name before the first read, and open to objection."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.access import Principal
from app.db import Database
from tests.conftest import Template
from tests.factories.authority import Town, add_block, build_town
from tests.factories.events import told_of
from tests.factories.graphql_walk import everything
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body
from tests.factories.scene import SECRETS, secret_body
from tests.factories.sound import breaches_of


async def advance(api: Api, town: Town, **after: float) -> dict[str, Any]:
    """Let business time pass; what was run."""
    async with api.runtime.database.read(town.officer) as session:
        to = session.now + timedelta(**after)
    answer = await api.as_(town.officer).post("/v1/sandbox/advance", {"to": to.isoformat()})
    assert answer.status_code == 200, answer.text
    ran: dict[str, Any] = answer.json()["ran"]
    return ran


async def silence_is_yes(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    """Vary the town's contract, from today on unless told."""
    async with api.runtime.database.read(town.officer) as session:
        today = session.today
    body = {
        "kind": "deemed_acceptance",
        "effective_on": today.isoformat(),
        "deemed_acceptance": True,
        "reason": "The first option was taken up.",
        **changes,
    }
    answer = await api.as_(town.officer).post(f"/v1/contracts/{town.contracts[0]}/variations", body)
    assert answer.status_code == 201, answer.text
    varied: dict[str, Any] = answer.json()
    return varied


async def left_to_silence(api: Api, town: Town, **changes: Any) -> tuple[dict[str, Any], str]:
    """A referral whose offer nobody answered, and the allocation's id."""
    await silence_is_yes(api, town)
    answer = await api.as_(town.school).post("/v1/referrals", secret_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    sent: dict[str, Any] = answer.json()
    assert (await advance(api, town, days=10))["offers_deemed"] == 1
    return sent, sent["allocation"]["id"]


async def read(caller: Caller, path: str) -> dict[str, Any]:
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def all_that_is_listed(api: Api, who: Principal) -> str:
    """Everything that a provider gets without reading one thing by its id: lists, feed, GraphQL."""
    caller, texts = api.as_(who), []
    for path, operations in api.app.openapi()["paths"].items():
        if "get" in operations and path.startswith("/v1/") and "{" not in path:
            texts.append((await caller.get(path)).text)
    texts.append((await caller.get("/v1/allocations?changed_after=")).text)
    for query in everything(api.app):
        texts.append(json.dumps((await caller.post("/graphql", {"query": query})).json()))
    return "\n".join(texts)


# The terms


async def test_terms_say_from_which_day_silence_is_yes(api: Api, town: Town) -> None:
    officer, path = api.as_(town.officer), f"/v1/contracts/{town.contracts[0]}"
    varied = await silence_is_yes(api, town, effective_on="2030-01-01")
    assert (varied["kind"], varied["deemed_acceptance"]) == ("deemed_acceptance", True)
    await silence_is_yes(api, town, effective_on="2031-01-01", deemed_acceptance=False)
    for on, holds in (("2029-12-31", False), ("2030-01-01", True), ("2031-01-01", False)):
        shown = await read(officer, f"{path}?as_of={on}")
        assert (shown["terms"]["deemed_acceptance"], shown["signed"]["deemed_acceptance"]) == (holds, False)
    assert (await api.as_(town.providers[1]).get(path)).status_code == 404
    bad = {"kind": "deemed_acceptance", "effective_on": "2030-01-01", "reason": "x"}
    for wrong in ({}, {"deemed_acceptance": "yes"}, {"deemed_acceptance": True, "price_pence": 1}):
        assert (await officer.post(f"{path}/variations", {**bad, **wrong})).status_code == 422
    for who in (town.provider, town.school):
        assert (await api.as_(who).post(f"{path}/variations", {**bad, "deemed_acceptance": True})).status_code == 403


async def test_a_contract_can_be_signed_so(api: Api, town: Town) -> None:
    body = {
        "provider_id": str(town.provider.organisation_id),
        "title": "Signed so",
        "contract_number": "FS-DEEMED",
        "starts_on": "2026-09-01",
        "ends_on": "2030-08-31",
        "price_pence": 1,
        "deemed_acceptance": True,
    }
    made = await api.as_(town.officer).post("/v1/contracts", body)
    assert (made.status_code, made.json()["terms"]["deemed_acceptance"]) == (201, True), made.text


async def test_an_offer_keeps_the_terms_that_it_was_made_with(api: Api, town: Town) -> None:
    sent = (await api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())).json()
    offer = await read(api.as_(town.provider), f"/v1/allocations/{sent['allocation']['id']}")
    assert offer["deemed_acceptance"] is False
    await silence_is_yes(api, town)
    ran = await advance(api, town, days=10)
    assert (ran["offers_expired"], ran["offers_deemed"]) == (1, 0)


async def test_silence_under_another_contract_is_no_answer(api: Api, town: Town, lane: Database) -> None:
    await silence_is_yes(api, town)
    await add_block(lane, town, town.providers[1], places=1)
    refused = [str(town.provider.organisation_id)]
    body = referral_body(refused_provider_ids=refused)
    sent = (await api.as_(town.school).post("/v1/referrals", body, headers=key())).json()
    assert sent["allocation"]["provider_id"] == str(town.providers[1].organisation_id)
    ran = await advance(api, town, days=10)
    assert (ran["offers_expired"], ran["offers_deemed"]) == (1, 0)


# Silence


async def test_silence_makes_the_case_and_keeps_the_place(api: Api, town: Town, lane: Database) -> None:
    sent, allocation_id = await left_to_silence(api, town, band="P3")
    found = await read(api.as_(town.school), f"/v1/referrals/{sent['id']}")
    assert (found["state"], found["allocation"]["state"]) == ("accepted", "accepted")
    due = datetime.fromisoformat(found["allocation"]["answer_due_at"])
    assert datetime.fromisoformat(found["allocation"]["deemed_at"]) == due
    officer = api.as_(town.officer)
    case = (await read(officer, "/v1/interventions"))["data"][0]
    assert (case["state"], case["id"]) == ("planned", found["intervention_id"])
    async with lane.read(town.officer) as session:
        row = await session.row(
            "SELECT b.state, b.place_id, o.answered_at FROM offer o JOIN booking b ON b.id = o.booking_id"
            " WHERE o.id = $1",
            allocation_id,
        )
        told = await session.rows(
            "SELECT type, data ->> 'deemed' AS deemed, occurred_at FROM event WHERE referral_id = $1"
            " AND type LIKE 'allocation.%' ORDER BY id",
            sent["id"],
        )
        owed = await session.rows("SELECT kind, met_at, overdue_at FROM obligation ORDER BY kind")
    assert row is not None
    assert (row["state"], row["answered_at"]) == ("accepted", None)
    assert [(event["type"], event["deemed"]) for event in told] == [
        ("allocation.offered", None),
        ("allocation.accepted", "true"),
    ]
    assert told[1]["occurred_at"] == due
    assert {line["kind"] for line in owed} == {"initial_contact"}, "silence owes no answer, and P3 no officer's look"


async def test_a_late_clock_and_two_runs_leave_one_case(api: Api, town: Town, lane: Database) -> None:
    await left_to_silence(api, town)
    again = await advance(api, town, days=1)
    assert (again["offers_deemed"], again["offers_expired"]) == (0, 0)
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM intervention") == 1


async def test_an_answer_in_time_is_the_answer(api: Api, town: Town) -> None:
    await silence_is_yes(api, town)
    provider = api.as_(town.provider)
    sent = [(await api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())).json() for _ in "ab"]
    yes, no = (each["allocation"]["id"] for each in sent)
    accepted = (await provider.post(f"/v1/allocations/{yes}/accept")).json()
    assert (accepted["state"], accepted["deemed_at"], accepted["given_name"]) == ("accepted", None, "Robin")
    assert (await provider.post(f"/v1/allocations/{no}/decline", {"reason": "unsuitable"})).status_code == 200
    assert (await advance(api, town, days=10))["offers_deemed"] == 0


@pytest.mark.parametrize("band", ["P1", "P2"])
async def test_an_officer_looks_at_the_urgent_ones_the_same_day(
    api: Api, town: Town, lane: Database, band: str
) -> None:
    sent, allocation_id = await left_to_silence(api, town, band=band)
    officer, path = api.as_(town.officer), f"/v1/allocations/{allocation_id}/check"
    owed = [line for line in (await read(officer, "/v1/obligations?limit=200"))["data"] if "check" in line["kind"]]
    assert [(line["kind"], line["subject_id"], line["state"]) for line in owed] == [
        ("deemed_acceptance_check", allocation_id, "open")
    ]
    deemed_at = (await read(officer, f"/v1/allocations/{allocation_id}"))["deemed_at"]
    day = clock.london_date(datetime.fromisoformat(deemed_at))
    assert datetime.fromisoformat(owed[0]["due_at"]) == clock.london_moment(day + timedelta(days=1))
    for who, status in ((town.provider, 403), (town.school, 403)):
        assert (await api.as_(who).post(path)).status_code == status
    checked = await officer.post(path)
    assert (checked.status_code, checked.json()["identity_released_at"]) == (200, None), "an officer's read is none"
    assert (await officer.post(path)).json()["code"] == "action_not_available"
    owed = (await read(officer, "/v1/obligations?limit=200"))["data"]
    assert [line["state"] for line in owed if line["kind"] == "deemed_acceptance_check"] == ["met"]
    assert await told_of(lane, town, "allocation.checked") == {"officer": 1}
    assert sent["band"] == band


# Identity


async def test_nothing_names_the_family_before_the_first_read(real_api: Api, real_town: Town) -> None:
    api, town = real_api, real_town
    sent, allocation_id = await left_to_silence(api, town, band="P3")
    words = [word for group in SECRETS.values() for word in group if word != '"paragraph"']
    secret = [*words, sent["id"], sent["reference"], str(town.school.organisation_id)]
    listed = await all_that_is_listed(api, town.provider)
    assert allocation_id in listed
    directory = str(town.school.organisation_id)  # schools are in a directory that everybody reads
    assert [word for word in secret if word != directory and word in listed] == []
    line = (await read(api.as_(town.provider), "/v1/allocations"))["data"][0]
    assert line["state"] == "accepted"
    assert not {"school_id", "referral_id", "referral_reference"} & set(line)
    assert line["summary"]["year_group"] == "7", "what it needs to judge it stays"
    provider = api.as_(town.provider)
    intervention_id = line["intervention_id"]
    assert (await provider.get(f"/v1/interventions/{intervention_id}")).status_code == 404
    assert (await provider.get(f"/v1/referrals/{sent['id']}")).status_code == 404
    safety = {"safe_contact": True, "visit_risks": True}
    assert (await provider.post(f"/v1/interventions/{intervention_id}/safety", safety)).status_code == 404
    worker = {"practitioner_id": str(town.practitioners[0])}
    named = await provider.post(f"/v1/allocations/{allocation_id}/practitioner", worker)
    assert (named.status_code, named.json()["code"]) == (409, "action_not_available")


async def test_the_first_read_releases_it_once_and_is_logged(real_api: Api, real_town: Town) -> None:
    api, town = real_api, real_town
    sent, allocation_id = await left_to_silence(api, town, band="P3")
    provider, path = api.as_(town.provider), f"/v1/allocations/{allocation_id}"
    assert (await api.as_(town.providers[1]).get(path)).status_code == 404
    for who in (town.officer,):
        assert (await read(api.as_(who), path))["identity_released_at"] is None, "an officer's read releases nothing"
    first = await read(provider, path)
    assert (first["given_name"], first["referral_id"]) == ("Zephyrine", sent["id"])
    assert first["objection_until"] > first["identity_released_at"] > first["deemed_at"]
    again = await read(provider, path)
    assert again == first
    assert (await provider.get(f"/v1/interventions/{first['intervention_id']}")).status_code == 200
    assert (await read(provider, f"/v1/referrals/{sent['id']}"))["pupil"]["given_name"] == "Zephyrine"
    events = (await read(api.as_(town.school), "/v1/events?limit=200"))["data"]
    assert [event["type"] for event in events].count("allocation.identity_released") == 1
    audit = (await read(api.as_(town.officer), "/v1/audit?limit=200"))["data"]
    assert [line["action"] for line in audit].count("release_identity") == 1
    assert (await provider.post(f"/v1/interventions/{first['intervention_id']}/safety",
                                {"safe_contact": True, "visit_risks": True})).status_code == 200  # fmt: skip


async def test_accepting_after_silence_confirms_and_reads(api: Api, town: Town) -> None:
    _, allocation_id = await left_to_silence(api, town)
    answer = await api.as_(town.provider).post(f"/v1/allocations/{allocation_id}/accept")
    assert (answer.status_code, answer.json()["given_name"]) == (200, "Zephyrine")
    again = await api.as_(town.provider).post(f"/v1/allocations/{allocation_id}/accept")
    assert (again.status_code, again.json()["code"]) == (409, "action_not_available")


# Objections


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize(
    "objection", [{"reason": "conflict_of_interest"}, {"reason": "safeguarding", "note": "A worker is a relative."}]
)
async def test_an_objection_gives_it_back_with_its_old_date(
    api: Api, town: Town, lane: Database, objection: dict[str, str], reads: bool
) -> None:
    sent, allocation_id = await left_to_silence(api, town, band="P1")
    provider, path = api.as_(town.provider), f"/v1/allocations/{allocation_id}"
    if reads:
        await read(provider, path)
    answer = await provider.post(f"{path}/decline", objection)
    assert answer.status_code == 200, answer.text
    given_back = answer.json()
    assert (given_back["state"], given_back["intervention_id"]) == ("declined", None)
    assert "referral_id" not in given_back
    assert not [word for word in SECRETS_OF_IDENTITY if word in answer.text]
    found = await read(api.as_(town.school), f"/v1/referrals/{sent['id']}")
    assert (found["state"], found["banded_on"], found["received_at"]) == (
        "waiting",
        sent["banded_on"],
        sent["received_at"],
    )
    assert (found["intervention_id"], found["case_provider_id"]) == (None, None)
    assert (await provider.get(f"/v1/referrals/{sent['id']}")).status_code == 404
    assert (await read(provider, "/v1/interventions"))["data"] == []
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM booking WHERE state <> 'released'") == 0
        left = await session.rows("SELECT kind FROM obligation WHERE met_at IS NULL AND cancelled_at IS NULL")
    assert [row["kind"] for row in left] == ["place_referral"]
    # The family is not offered to it again, and another may take it.
    await add_block(lane, town, town.providers[1], places=1)
    await advance(api, town, days=1)
    found = await read(api.as_(town.school), f"/v1/referrals/{sent['id']}")
    assert (found["state"], found["allocation"]["provider_id"]) == (
        "offered",
        str(town.providers[1].organisation_id),
    )


@pytest.mark.parametrize("ending", ["first read", "objection", "unread objection", "withdrawal", "agreement"])
async def test_every_invariant_holds_once_it_was_read_or_given_back(
    real_api: Api, clone: Database, template: Template, ending: str
) -> None:
    town = await build_town(clone, places=1)
    sent, allocation_id = await left_to_silence(real_api, town)
    provider, school = real_api.as_(town.provider), real_api.as_(town.school)
    path, referral = f"/v1/allocations/{allocation_id}", f"/v1/referrals/{sent['id']}"
    if ending == "withdrawal":
        answer = await school.post(f"{referral}/withdraw", {"reason": "moved_away"})
    elif ending == "agreement":
        answer = await school.post(f"{referral}/agreement", {"status": "withdrawn"})
    else:
        if ending != "unread objection":
            answer = await provider.get(path)
        if ending != "first read":
            answer = await provider.post(f"{path}/decline", {"reason": "conflict_of_interest"})
    assert answer.status_code == 200, answer.text
    assert await breaches_of(template, clone.url) == []


SECRETS_OF_IDENTITY = [word for group, words in SECRETS.items() if group.value == "identity" for word in words]


async def test_only_an_objection_counts_then_and_only_in_time(api: Api, town: Town) -> None:
    _, allocation_id = await left_to_silence(api, town)
    provider, path = api.as_(town.provider), f"/v1/allocations/{allocation_id}/decline"
    for reason in ("no_capacity", "unsuitable", "family_declined"):
        refused = await provider.post(path, {"reason": reason})
        assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")
    assert (await provider.post(path, {"reason": "safeguarding"})).status_code == 422, "it needs words"
    assert (await api.as_(town.providers[1]).post(path, {"reason": "conflict_of_interest"})).status_code == 404
    await advance(api, town, days=30)
    first = await read(provider, f"/v1/allocations/{allocation_id}")
    assert first["identity_released_at"] is not None, "the time runs from the first read, however late"
    await advance(api, town, days=14)
    late = await provider.post(path, {"reason": "conflict_of_interest"})
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")
    assert (await read(provider, f"/v1/allocations/{allocation_id}"))["state"] == "accepted"


async def test_once_the_work_has_begun_it_is_closed_and_not_given_back(api: Api, town: Town) -> None:
    _, allocation_id = await left_to_silence(api, town)
    provider = api.as_(town.provider)
    case = (await read(provider, f"/v1/allocations/{allocation_id}"))["intervention_id"]
    await provider.post(f"/v1/interventions/{case}/safety", {"safe_contact": True, "visit_risks": True})
    async with api.runtime.database.read(town.officer) as session:
        now = session.now
    held = {"kind": "initial", "mode": "home", "held_at": now.astimezone(UTC).isoformat(), "minutes": 60,
            "present": ["child"], "child_seen": True, "result": "attended"}  # fmt: skip
    assert (await provider.post(f"/v1/interventions/{case}/contacts", held)).status_code == 201
    late = await provider.post(f"/v1/allocations/{allocation_id}/decline", {"reason": "conflict_of_interest"})
    assert (late.status_code, late.json()["code"]) == (409, "action_not_available")


# What happens to the family meanwhile


async def test_a_paused_case_is_given_back_once_it_was_resumed(api: Api, town: Town) -> None:
    _, allocation_id = await left_to_silence(api, town)
    provider = api.as_(town.provider)
    path = f"/v1/interventions/{(await read(provider, f'/v1/allocations/{allocation_id}'))['intervention_id']}"
    async with api.runtime.database.read(town.officer) as session:
        today = session.today.isoformat()
    still = {"reason": "family_ill", "starts_on": today, "expected_last_on": today}
    assert (await provider.post(f"{path}/pause", still)).status_code == 200
    objection = {"reason": "conflict_of_interest", "note": "A cousin works here."}
    refused = await provider.post(f"/v1/allocations/{allocation_id}/decline", objection)
    assert (refused.status_code, refused.json()["detail"]) == (409, "The work is paused: resume it first.")
    assert (await provider.post(f"{path}/resume", {})).status_code == 200
    assert (await provider.post(f"/v1/allocations/{allocation_id}/decline", objection)).status_code == 200


async def test_a_withdrawn_family_is_never_named(api: Api, town: Town) -> None:
    sent, allocation_id = await left_to_silence(api, town)
    gone = await api.as_(town.school).post(f"/v1/referrals/{sent['id']}/withdraw", {"reason": "moved_away"})
    assert (gone.status_code, gone.json()["state"]) == (200, "closed")
    provider = api.as_(town.provider)
    found = await provider.get(f"/v1/allocations/{allocation_id}")
    assert (found.json()["state"], "referral_id" in found.json()) == ("withdrawn", False)
    assert not [word for word in SECRETS_OF_IDENTITY if word in found.text]
    assert (await provider.post(f"/v1/allocations/{allocation_id}/accept")).status_code == 409


async def test_agreement_taken_back_before_the_first_read_takes_the_case_back(
    api: Api, town: Town, lane: Database
) -> None:
    sent, allocation_id = await left_to_silence(api, town)
    school = api.as_(town.school)
    stopped = await school.post(f"/v1/referrals/{sent['id']}/agreement", {"status": "withdrawn"})
    assert (stopped.status_code, stopped.json()["state"]) == (200, "waiting"), stopped.text
    found = await api.as_(town.provider).get(f"/v1/allocations/{allocation_id}")
    assert (found.json()["state"], "referral_id" in found.json()) == ("withdrawn", False)
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM booking WHERE state <> 'released'") == 0


async def test_what_the_sender_amends_reaches_the_provider_without_a_name(api: Api, town: Town) -> None:
    sent, allocation_id = await left_to_silence(api, town)
    school = api.as_(town.school)
    tag = {"If-Match": (await school.get(f"/v1/referrals/{sent['id']}")).headers["etag"]}
    changed = await school.patch(f"/v1/referrals/{sent['id']}", {"reason": "x", "language": "POL"}, headers=tag)
    assert changed.status_code == 200, changed.text
    line = (await read(api.as_(town.provider), "/v1/allocations"))["data"][0]
    assert (line["id"], line["summary"]["language"], "referral_id" in line) == (allocation_id, "POL", False)


# Moments


async def test_an_offer_just_before_its_time_is_still_open(api: Api, town: Town) -> None:
    await silence_is_yes(api, town)
    sent = (await api.as_(town.school).post("/v1/referrals", referral_body(band="P1"), headers=key())).json()
    due = datetime.fromisoformat(sent["allocation"]["answer_due_at"])
    officer = api.as_(town.officer)
    before = await officer.post("/v1/sandbox/advance", {"to": (due - timedelta(minutes=1)).isoformat()})
    assert before.json()["ran"]["offers_deemed"] == 0
    after = await officer.post("/v1/sandbox/advance", {"to": due.isoformat()})
    assert after.json()["ran"]["offers_deemed"] == 1


async def test_the_terms_of_midnight_hold_from_midnight(api: Api, town: Town, lane: Database) -> None:
    """A variation that takes effect tomorrow is not in the offer of this evening, and is in that of the night."""
    async with lane.read(town.officer) as session:
        tomorrow = session.today + timedelta(days=1)
    await silence_is_yes(api, town, effective_on=tomorrow.isoformat())
    school = api.as_(town.school)
    today_ = (await school.post("/v1/referrals", referral_body(), headers=key())).json()
    async with lane.write(town.officer) as session:
        free = await session.value("SELECT place_id FROM offer")
        other = next(place for place in town.places if place != free)
        await session.run("UPDATE place SET available_from = $2 WHERE id = $1", other, tomorrow)
    night = (await school.post("/v1/referrals", referral_body(), headers=key())).json()
    assert (today_["state"], night["state"]) == ("offered", "waiting")
    await advance(api, town, days=1)
    offers = (await read(api.as_(town.provider), "/v1/allocations"))["data"]
    assert [offer["deemed_acceptance"] for offer in offers] == [False, True]
