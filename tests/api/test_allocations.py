from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app import clock
from app.db import Database, broker
from app.queries.writes import Writes
from app.services.answers_to_offers import expire_due
from tests.factories.authority import Town, add_block
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

IDENTITY = ("Robin", "Sampleton", "01632 960123", "J92699", "MIS-", "Mornings are hard")


async def offered(api: Api, town: Town, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A referral just offered, and the allocation as the provider's worklist shows it."""
    answer = await api.as_(town.school).post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    rows = (await api.as_(town.provider).get("/v1/allocations?state=pending")).json()["data"]
    return answer.json(), rows[-1]


async def later(api: Api, town: Town, days: int) -> dict[str, str]:
    """A header that states a business time some days ahead."""
    return {"X-Halfterm-Now": (clock.real_now() + timedelta(days=days)).isoformat()}


async def test_an_offer_says_nothing_of_whose_it_is_until_accepted(api: Api, town: Town) -> None:
    referral, offer = await offered(api, town)
    provider = api.as_(town.provider)
    before = await provider.get("/v1/allocations")
    for word in (*IDENTITY, referral["id"], referral["reference"], referral["school_name"]):
        assert word not in before.text
    assert offer["summary"]["attendance_band"] == "50_to_80"
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    accepted = await provider.post(f"/v1/allocations/{offer['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    case = accepted.json()
    assert (case["state"], case["given_name"], case["referral_reference"]) == (
        "accepted",
        "Robin",
        referral["reference"],
    )
    read = await provider.get(f"/v1/referrals/{referral['id']}")
    assert read.status_code == 200
    assert read.json()["contacts"][0]["name"] == "Alex Sampleton"
    assert "statutory" not in read.json()
    assert referral["statutory"]["upn"] not in read.text
    assert (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()["state"] == "accepted"
    audit = (await api.as_(town.officer).get("/v1/audit")).json()["data"]
    assert "read_identity" in [line["action"] for line in audit]


async def test_accepting_twice_is_refused_and_a_retry_is_replayed(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    provider = api.as_(town.provider)
    path = f"/v1/allocations/{offer['id']}/accept"
    first = await provider.post(path, headers=key("accept"))
    assert (await provider.post(path, headers=key("accept"))).json() == first.json()
    again = await provider.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "action_not_available")


async def test_a_decline_goes_to_the_next_place_or_waits_with_its_old_date(
    api: Api, town: Town, lane: Database
) -> None:
    await add_block(lane, town, town.providers[1], places=1)
    referral, offer = await offered(api, town)
    provider = api.as_(town.provider)
    unexplained = await provider.post(f"/v1/allocations/{offer['id']}/decline", {"reason": "other"})
    assert unexplained.status_code == 422
    declined = await provider.post(f"/v1/allocations/{offer['id']}/decline", {"reason": "unsuitable"})
    assert declined.status_code == 200, declined.text
    assert (declined.json()["state"], declined.json()["summary"]) == ("declined", None)
    read = (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()
    assert read["state"] == "offered"
    assert read["allocation"]["provider_id"] == str(town.providers[1].organisation_id)
    second = (await api.as_(town.providers[1]).get("/v1/allocations")).json()["data"][0]
    await api.as_(town.providers[1]).post(f"/v1/allocations/{second['id']}/decline", {"reason": "no_capacity"})
    read = (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()
    assert (read["state"], read["banded_on"]) == ("waiting", referral["banded_on"])


async def run_out(api: Api, town: Town) -> int:
    """Let a month pass over the pending offers; how many expired."""
    in_a_month = replace(town.officer, at=clock.real_now() + timedelta(days=30))
    async with api.runtime.database.write(in_a_month) as session, broker(session) as wide:
        writes = Writes()
        expired = await expire_due(wide, writes)
        await writes.flush(wide)
    return expired


async def test_an_unanswered_offer_expires_and_the_late_answer_still_counts(api: Api, town: Town) -> None:
    referral, offer = await offered(api, town)
    assert [await run_out(api, town), await run_out(api, town)] == [1, 0]
    provider = api.as_(town.provider)
    old = (await provider.get(f"/v1/allocations/{offer['id']}")).json()
    assert (old["state"], old["summary"]) == ("expired", None)
    read = (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()
    assert (read["state"], read["banded_on"]) == ("waiting", referral["banded_on"])
    owed = (await api.as_(town.officer).get("/v1/obligations")).json()["data"]
    assert [line["kind"] for line in owed if line["state"] == "open"] == ["place_referral"]
    late = await provider.post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["state"]) == (200, "accepted"), late.text
    owed = (await api.as_(town.officer).get("/v1/obligations")).json()["data"]
    assert [(line["kind"], line["state"]) for line in owed if line["kind"] == "place_referral"] == [
        ("place_referral", "met")
    ]


async def test_a_late_answer_is_too_late_once_the_volume_is_promised(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    await run_out(api, town)
    async with api.runtime.database.write(town.officer) as session:
        await session.run(
            "UPDATE lot SET volume = 1 WHERE authority_id = $1 AND id = $2", town.officer.authority_id, town.lots[0]
        )
    await offered(api, town)
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")


async def test_a_late_answer_is_too_late_once_the_contract_has_ended(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    await run_out(api, town)
    async with api.runtime.database.write(town.officer) as session:
        yesterday = session.today - timedelta(days=1)
        await session.run(
            "UPDATE contract SET ends_on = $3 WHERE authority_id = $1 AND id = $2",
            town.officer.authority_id,
            town.contracts[0],
            yesterday,
        )
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")


async def test_a_late_answer_holds_the_place_as_long_as_the_service_lasts(api: Api, town: Town) -> None:
    async with api.runtime.database.write(town.officer) as session:
        await session.run(
            "UPDATE service SET standard_weeks = 2 WHERE authority_id = $1 AND id = $2",
            town.officer.authority_id,
            town.services[0],
        )
    _, offer = await offered(api, town)
    await run_out(api, town)
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert late.status_code == 200, late.text
    async with api.runtime.database.read(town.officer) as session:
        row = await session.row(
            "SELECT i.planned_end_on, b.ends_on FROM intervention i JOIN booking b"
            " ON b.authority_id = i.authority_id AND b.id = i.booking_id WHERE i.authority_id = $1",
            town.officer.authority_id,
        )
    assert row is not None
    assert row["planned_end_on"] == row["ends_on"]


async def test_a_late_answer_is_too_late_once_the_places_are_taken(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    await run_out(api, town)
    for _ in range(2):
        await offered(api, town)
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")


async def test_a_late_answer_is_too_late_once_the_household_has_a_place_and_is_told_no_more(
    api: Api, town: Town, lane: Database
) -> None:
    referral, offer = await offered(api, town)
    await run_out(api, town)
    brother, _ = await offered(api, town)
    async with lane.write(town.officer) as session, broker(session) as wide:
        await wide.run(
            "UPDATE booking b SET household_id = (SELECT household_id FROM referral WHERE id = $2) FROM offer o"
            " WHERE b.authority_id = $1 AND o.booking_id = b.id AND o.referral_id = $3",
            wide.authority_id, UUID(referral["id"]), UUID(brother["id"]),
        )  # fmt: skip
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken"), late.text
    assert "household" not in late.text, "that the family has a place elsewhere is not the provider's to know"


async def test_a_late_answer_is_too_late_once_the_family_refuses_the_provider(api: Api, town: Town) -> None:
    referral, offer = await offered(api, town)
    await run_out(api, town)
    school = api.as_(town.school)
    path = f"/v1/referrals/{referral['id']}"
    tag = {"If-Match": (await school.get(path)).headers["etag"]}
    body = {"reason": "The family asks for another.", "refused_provider_ids": [str(town.provider.organisation_id)]}
    amended = await school.patch(path, body, headers=tag)
    assert amended.status_code == 200, amended.text
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")
    assert "refuse" not in late.text, "that the family refuses it is not the provider's to know"
    assert (await school.get(path)).json()["state"] == "waiting"


async def test_a_late_answer_gives_nobody_more_families_than_the_caseload(api: Api, town: Town) -> None:
    async with api.runtime.database.write(town.officer) as session:
        await session.run("UPDATE practitioner SET caseload_limit = 1 WHERE id = $1", town.practitioners[0])
    _, offer = await offered(api, town)
    await run_out(api, town)
    taken, _ = await offered(api, town)
    provider = api.as_(town.provider)
    late = await provider.post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken")
    gone = await api.as_(town.school).post(f"/v1/referrals/{taken['id']}/withdraw", {"reason": "other"})
    assert gone.status_code == 200, gone.text
    assert (await provider.post(f"/v1/allocations/{offer['id']}/accept")).status_code == 200


async def test_a_late_answer_brings_no_family_to_a_place_that_does_not_speak_its_language(api: Api, town: Town) -> None:
    async with api.runtime.database.write(town.officer) as session:
        await session.run("UPDATE place SET languages = '{UKR}' WHERE id = $1", town.places[0])
    _, offer = await offered(api, town, language="UKR")
    await run_out(api, town)
    assert (await offered(api, town, language="UKR"))[0]["state"] == "offered"
    late = await api.as_(town.provider).post(f"/v1/allocations/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "place_taken"), "the place that is free speaks English"


@pytest.mark.parametrize("act", ["accept", "decline", "practitioner"])
async def test_nobody_else_answers_an_offer(api: Api, town: Town, act: str) -> None:
    referral, offer = await offered(api, town)
    body = {
        "accept": None,
        "decline": {"reason": "unsuitable"},
        "practitioner": {"practitioner_id": str(town.practitioners[0])},
    }
    path = f"/v1/allocations/{offer['id']}/{act}"
    stranger = await api.as_(town.providers[1]).post(path, body[act])
    assert stranger.status_code == 404
    for caller in (town.school, town.officer):
        assert (await api.as_(caller).post(path, body[act])).status_code == 403
    same = (await api.as_(town.provider).get(f"/v1/allocations/{offer['id']}")).json()
    assert same == offer
    assert (await api.as_(town.providers[1]).get("/v1/allocations")).json()["data"] == []
    assert (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()["version"] == referral["version"]


async def test_a_practitioner_of_ones_own_is_assigned(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    provider = api.as_(town.provider)
    path = f"/v1/allocations/{offer['id']}/practitioner"
    answer = await provider.post(path, {"practitioner_id": str(town.practitioners[0])})
    assert answer.status_code == 200, answer.text
    unknown = await provider.post(path, {"practitioner_id": str(town.school.organisation_id)})
    assert unknown.status_code == 422


async def test_an_offer_that_an_officer_has_still_to_confirm_is_not_the_providers(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    async with api.runtime.database.write(town.officer) as session:
        await session.run(
            "UPDATE offer SET state = 'proposed' WHERE authority_id = $1 AND id = $2",
            town.officer.authority_id,
            UUID(offer["id"]),
        )
    provider, path = api.as_(town.provider), f"/v1/allocations/{offer['id']}"
    assert (await provider.get(path)).status_code == 404
    assert (await provider.get("/v1/allocations")).json()["data"] == []
    assert (await provider.post(f"{path}/accept")).status_code == 404
    assert (await api.as_(town.officer).get(path)).json()["state"] == "proposed"


async def test_a_closed_case_keeps_who_worked_it(api: Api, town: Town) -> None:
    _, offer = await offered(api, town)
    provider = api.as_(town.provider)
    accepted = (await provider.post(f"/v1/allocations/{offer['id']}/accept")).json()
    ending = {"outcome": "ended_early", "reason": "did_not_engage", "summary": {}}
    closed = await provider.post(f"/v1/interventions/{accepted['intervention_id']}/close", ending)
    assert closed.status_code == 200, closed.text
    before = (await provider.get(f"/v1/allocations/{offer['id']}")).json()
    path = f"/v1/allocations/{offer['id']}/practitioner"
    answer = await provider.post(path, {"practitioner_id": str(town.practitioners[0])})
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")
    assert (await provider.get(f"/v1/allocations/{offer['id']}")).json() == before


async def test_the_worklist_pages_and_answers_304(api: Api, town: Town, lane: Database) -> None:
    await add_block(lane, town, town.provider, places=3)
    for _ in range(5):
        await offered(api, town)
    provider = api.as_(town.provider)
    first = await provider.get("/v1/allocations?limit=3")
    rest = await provider.get(f"/v1/allocations?limit=3&cursor={first.json()['next_cursor']}")
    ids = [row["id"] for answer in (first, rest) for row in answer.json()["data"]]
    assert len(set(ids)) == 5
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await provider.get("/v1/allocations?limit=3", headers=tag)).status_code in (200, 304)
    foreign = await api.as_(town.providers[1]).get(f"/v1/allocations?cursor={first.json()['next_cursor']}")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "cursor_rejected")


async def test_polling_for_changes_sees_each_and_a_304_only_when_nothing_changed(
    real_api: Api, real_town: Town
) -> None:
    provider = real_api.as_(real_town.provider)
    empty = (await provider.get("/v1/allocations?changed_after=")).json()
    assert empty["data"] == []
    _, offer = await offered(real_api, real_town)
    plain = await provider.get("/v1/allocations")
    unchanged = await provider.get("/v1/allocations", headers={"If-None-Match": plain.headers["etag"]})
    assert unchanged.status_code == 304
    seen = (await provider.get(f"/v1/allocations?changed_after={empty['next_cursor']}")).json()
    assert [row["id"] for row in seen["data"]] == [offer["id"]]
    assert (await provider.get(f"/v1/allocations?changed_after={seen['next_cursor']}")).json()["data"] == []
    await provider.post(f"/v1/allocations/{offer['id']}/accept")
    changed = await provider.get("/v1/allocations", headers={"If-None-Match": plain.headers["etag"]})
    assert changed.status_code == 200
    seen = (await provider.get(f"/v1/allocations?changed_after={seen['next_cursor']}")).json()
    assert [row["state"] for row in seen["data"]] == ["accepted"]


async def test_the_waiting_list_is_in_the_published_order(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    for band in ("P2", "P2", "P4", "P2", "P1"):
        await school.post("/v1/referrals", referral_body(band=band), headers=key())
    officer = api.as_(town.officer)
    rows = (await officer.get("/v1/waiting-list?limit=2")).json()
    more = (await officer.get(f"/v1/waiting-list?limit=2&cursor={rows['next_cursor']}")).json()
    assert [row["band"] for row in rows["data"] + more["data"]] == ["P1", "P2", "P4"]
    assert (await school.get("/v1/waiting-list")).status_code == 403


async def test_a_retry_shows_only_what_may_be_seen_now(api: Api, town: Town) -> None:
    referral, offer = await offered(api, town)
    provider = api.as_(town.provider)
    path = f"/v1/allocations/{offer['id']}/accept"
    assert (await provider.post(path, headers=key("accept"))).json()["given_name"] == "Robin"
    await api.as_(town.school).post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "moved_away"})
    again = await provider.post(path, headers=key("accept"))
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    for word in IDENTITY:
        assert word not in again.text


async def test_an_earlier_provider_reads_nothing_of_a_later_referral(api: Api, town: Town) -> None:
    from tests.factories.casework import accepted_case, closing, started, worker

    case = await accepted_case(api, town)
    await started(api, town, case)
    provider = worker(api, town)
    assert (await provider.post(f"{case.path}/close", closing())).status_code == 200
    path = f"/v1/referrals/{case.referral_id}"
    first = (await api.as_(town.school).get(path)).json()
    assert (await provider.get(path)).status_code == 200
    body = referral_body(refused_provider_ids=[str(town.provider.organisation_id)])
    body["pupil"] |= {"upn": first["statutory"]["upn"], "mis_id": first["mis_id"]}
    sent = await api.as_(town.school).post("/v1/referrals", body, headers=key())
    assert sent.status_code == 201, sent.text
    assert sent.json()["pupil"]["id"] == first["pupil"]["id"]
    assert (await provider.get(path)).status_code == 404
