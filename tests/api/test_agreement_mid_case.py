"""Agreement taken back in the middle: work stops, an officer looks before the closure; given again, it goes on."""

from typing import Any

import pytest

from app.db import Database
from tests.api.test_deemed_acceptance import read
from tests.api.test_household_case import accept, meet, shared
from tests.api.test_siblings_claims import send, state_of
from tests.api.test_transfers import OFFICER, open_kinds
from tests.factories.authority import Town
from tests.factories.http import Api

CONTACT = {"kind": "session", "mode": "home", "minutes": 60, "present": ["child"], "child_seen": True,
           "result": "attended"}  # fmt: skip
ENDING = {"outcome": "withdrawn", "reason": "agreement_withdrawn", "summary": {"what_changed": "Little."}}
CLOSE = {"outcome": "withdrawn", "reason": "agreement_withdrawn", "note": "Seen to.", "officer": OFFICER}


async def take_back(api: Api, town: Town, referral: dict[str, Any]) -> None:
    answer = await api.as_(town.school).post(f"/v1/referrals/{referral['id']}/agreement", {"status": "withdrawn"})
    assert answer.status_code == 200, answer.text


async def try_contact(api: Api, town: Town, case: str) -> int:
    async with api.runtime.database.read(town.officer) as session:
        now = session.now
    body = {**CONTACT, "held_at": now.isoformat()}
    return (await api.as_(town.provider).post(f"/v1/interventions/{case}/contacts", body)).status_code


async def hold(lane: Database, town: Town, case: str) -> None:
    """A case that is paused, as the provider's own act leaves it."""
    async with lane.write(town.officer) as session:
        await session.run("UPDATE intervention SET state = 'paused' WHERE id = $1", case)


@pytest.mark.parametrize("state", ["accepted", "in_progress", "paused"])
async def test_work_stops_and_an_officer_looks_before_the_close(
    api: Api, town: Town, lane: Database, state: str
) -> None:
    referral = await send(api.as_(town.school))
    case = await accept(api, town, referral)
    if state != "accepted":
        await meet(api, town, case)
    if state == "paused":
        await hold(lane, town, case)
    await take_back(api, town, referral)
    assert await try_contact(api, town, case) == 409
    portal, officer = api.as_(town.provider), api.as_(town.officer)
    refused = await portal.post(f"/v1/interventions/{case}/close", ENDING)
    assert refused.json()["code"] == "action_not_available"
    assert "agreement_check" in await open_kinds(lane, town, referral)
    # The provider reads what it needs to end safely.
    assert (await portal.get(f"/v1/referrals/{referral['id']}")).status_code == 200
    released = await officer.post(f"/v1/referrals/{referral['id']}/release", {"reason": "The child is safe."})
    assert released.status_code == 200, released.text
    assert "agreement_check" not in await open_kinds(lane, town, referral)
    assert await try_contact(api, town, case) == 409, "released is not agreed"
    closed = await portal.post(f"/v1/interventions/{case}/close", ENDING)
    assert closed.status_code == 200, closed.text
    assert await state_of(api, town, referral) == "closed"


async def test_taken_back_twice_owes_one_check(api: Api, town: Town, lane: Database) -> None:
    referral = await send(api.as_(town.school))
    await accept(api, town, referral)
    await take_back(api, town, referral)
    await take_back(api, town, referral)
    assert "agreement_check" in await open_kinds(lane, town, referral)
    found = await read(api.as_(town.officer), f"/v1/referrals/{referral['id']}")
    assert found["holds"] == ["AGREEMENT_WITHDRAWN"]
    released = await api.as_(town.officer).post(f"/v1/referrals/{referral['id']}/release", {"reason": "x"})
    assert released.json()["holds"] == []
    assert "agreement_check" not in await open_kinds(lane, town, referral)


async def test_given_again_the_work_goes_on(api: Api, town: Town, lane: Database) -> None:
    referral = await send(api.as_(town.school))
    case = await accept(api, town, referral)
    await meet(api, town, case)
    await take_back(api, town, referral)
    again = await api.as_(town.school).post(f"/v1/referrals/{referral['id']}/agreement", referral["agreement"])
    assert again.status_code == 200, again.text
    assert "agreement_check" not in await open_kinds(lane, town, referral)
    assert await try_contact(api, town, case) == 201


async def test_an_officer_closes_it_and_the_provider_reads_of_the_family_no_more(
    api: Api, town: Town, lane: Database
) -> None:
    referral = await send(api.as_(town.school))
    case = await accept(api, town, referral)
    await meet(api, town, case)
    await take_back(api, town, referral)
    closed = await api.as_(town.officer).post(f"/v1/referrals/{referral['id']}/close", CLOSE)
    assert (closed.status_code, closed.json()["outcome"]) == (200, "withdrawn"), closed.text
    assert "agreement_check" not in await open_kinds(lane, town, referral)
    portal = api.as_(town.provider)
    assert (await portal.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    assert (await read(portal, f"/v1/interventions/{case}"))["state"] == "closed"
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM booking WHERE state <> 'released'") == 0


@pytest.mark.parametrize("state", ["waiting", "offered"])
async def test_an_officer_closes_what_has_no_case(api: Api, town: Town, state: str) -> None:
    needs = {"needs": [{"code": "housing"}]} if state == "waiting" else {}
    referral = await send(api.as_(town.school), **needs)
    assert referral["state"] == state
    bad = await api.as_(town.officer).post(f"/v1/referrals/{referral['id']}/close", {**CLOSE, "outcome": "completed"})
    assert bad.status_code == 422
    closed = await api.as_(town.officer).post(
        f"/v1/referrals/{referral['id']}/close", {**CLOSE, "outcome": "not_suitable", "reason": "outside_criteria"}
    )
    assert (closed.status_code, closed.json()["state"]) == (200, "closed"), closed.text
    again = await api.as_(town.officer).post(f"/v1/referrals/{referral['id']}/close", CLOSE)
    assert again.json()["code"] == "action_not_available"


async def test_one_child_of_a_shared_case(api: Api, town: Town) -> None:
    """The work goes on for the brother or sister; the case is not closed before an officer has looked."""
    first, second, case = await shared(api, town)
    await meet(api, town, case)
    await take_back(api, town, second)
    assert await try_contact(api, town, case) == 201
    portal, officer = api.as_(town.provider), api.as_(town.officer)
    assert (await portal.post(f"/v1/interventions/{case}/close", ENDING)).status_code == 409
    leaving = {"referral_id": second["id"], "outcome": "withdrawn", "reason": "agreement_withdrawn"}
    assert (await portal.post(f"/v1/interventions/{case}/leave", leaving)).status_code == 409
    closed = await officer.post(f"/v1/referrals/{second['id']}/close", CLOSE)
    assert closed.status_code == 200, closed.text
    whole = await read(portal, f"/v1/interventions/{case}")
    assert (whole["state"], whole["referral_ids"]) == ("active", [first["id"]])
    await take_back(api, town, first)
    assert await try_contact(api, town, case) == 409


async def test_an_offer_that_was_taken_back_cannot_be_accepted_late(api: Api, town: Town) -> None:
    referral = await send(api.as_(town.school))
    await take_back(api, town, referral)
    late = await api.as_(town.provider).post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert late.json()["code"] == "action_not_available"
    assert await state_of(api, town, referral) == "waiting"
