"""Bands are changed by named people: a sender until an officer has set one, and from then on an officer."""

from datetime import date, timedelta
from typing import Any

import pytest

from app import clock
from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api, Caller
from tests.factories.officers import OFFICER, act, owed, read, refused, rows, send, told
from tests.factories.referrals import key


def asked(band: str, **changes: Any) -> dict[str, Any]:
    return {"band": band, "officer": OFFICER, "reason": "The hearing was moved forward.", **changes}


async def amend(caller: Caller, referral: dict[str, Any], **changes: Any) -> dict[str, Any]:
    present = await read(caller, referral)
    answer = await caller.patch(
        f"/v1/referrals/{referral['id']}",
        {"reason": "It got worse.", **changes},
        headers={"If-Match": f'"{present["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    amended: dict[str, Any] = answer.json()
    return amended


async def full_town(api: Api, town: Town) -> tuple[dict[str, Any], dict[str, Any]]:
    """No place is free; two families wait, the P2 ahead of the P3."""
    school = api.as_(town.school)
    for _ in range(2):
        await send(school)
    return await send(school, band="P2"), await send(school, band="P3")


async def order(officer: Caller) -> list[str]:
    return [row["id"] for row in (await officer.get("/v1/waiting-list")).json()["data"]]


async def test_an_officers_band_counts_from_the_day_and_changes_the_order(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    first, second = await full_town(api, town)
    tomorrow = clock.real_now() + timedelta(days=1)
    officer = at(api.as_(town.officer), tomorrow)
    assert await order(officer) == [first["id"], second["id"]]
    assert "band" in (await read(officer, second))["available_actions"]
    changed = await act(officer, second, "band", **asked("P1"))
    assert (changed["band"], changed["band_asked"], changed["band_set_by"]) == ("P1", "P3", "officer")
    assert changed["banded_on"] == clock.london_date(tomorrow).isoformat()
    assert changed["received_at"] == second["received_at"]
    assert await order(officer) == [second["id"], first["id"]]
    (kept,) = await rows(officer, second, "band-decisions")
    assert (kept["from_band"], kept["to_band"], kept["decided_by_name"]) == ("P3", "P1", OFFICER["name"])
    assert (kept["reason"], kept["banded_on"]) == ("The hearing was moved forward.", changed["banded_on"])
    seen = await read(school, second)
    assert (seen["band"], seen["band_set_by"]) == ("P1", "officer")
    assert OFFICER["name"] not in str(seen)
    assert (await told(api, town.school, second))[-1] == (
        "referral.band_changed",
        {"from": "P3", "to": "P1", "set_by": "officer"},
    )
    shown = await officer.graphql(
        "{ waitingList(first: 1) { nodes { recordId bandSetBy bandDecisions { toBand decidedByName"
        " organisation { name } } } } }"
    )
    (node,) = shown["data"]["waitingList"]["nodes"]
    assert node["bandSetBy"] == "officer"
    assert node["bandDecisions"][0]["decidedByName"] == OFFICER["name"]


async def test_a_band_set_again_counts_from_today_behind_those_who_waited_in_it(api: Api, town: Town) -> None:
    first, second = await full_town(api, town)
    officer = at(api.as_(town.officer), clock.real_now() + timedelta(days=1))
    await act(officer, second, "band", **asked("P2"))
    assert await order(officer) == [first["id"], second["id"]], "received first counts for nothing against the date"
    third_day = at(api.as_(town.officer), clock.real_now() + timedelta(days=2))
    await act(third_day, first, "band", **asked("P3"))
    await act(third_day, first, "band", **asked("P2"))
    assert await order(third_day) == [second["id"], first["id"]]


async def test_the_waiting_list_is_decided_anew_at_once(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    await send(school)
    patient = await send(school, band="P4")
    assert patient["state"] == "waiting"
    changed = await act(officer, patient, "band", **asked("P1"))
    assert (changed["state"], changed["allocation"]["state"]) == ("offered", "pending")


async def test_an_open_offer_tells_the_provider_the_new_band(api: Api, town: Town) -> None:
    referral = await send(api.as_(town.school))
    await act(api.as_(town.officer), referral, "band", **asked("P1"))
    (offer,) = (await api.as_(town.provider).get("/v1/allocations?state=pending")).json()["data"]
    assert offer["summary"]["band"] == "P1"
    assert OFFICER["name"] not in str(offer)


async def test_the_long_stop_stays(api: Api, town: Town, lane: Database) -> None:
    """A P4 that the long-stop has raised keeps its place in P3 when an officer says P3; another band counts anew."""
    officer, school = api.as_(town.officer), api.as_(town.school)
    for _ in range(2):
        await send(school)
    raised, confirmed = await send(school, band="P4"), await send(school, band="P4")
    long_ago = date(2025, 9, 8)
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE referral SET banded_on = $2 WHERE authority_id = $1 AND band = 'P4'",
            session.authority_id,
            long_ago,
        )
        today = session.today.isoformat()
    lines = {row["id"]: row for row in (await officer.get("/v1/waiting-list")).json()["data"]}
    assert (lines[raised["id"]]["effective_band"], lines[raised["id"]]["long_stopped"]) == ("P3", True)
    since = lines[raised["id"]]["effective_from"]
    assert long_ago.isoformat() < since < today
    assert (await act(officer, confirmed, "band", **asked("P3")))["banded_on"] == since
    assert await order(officer) == [raised["id"], confirmed["id"]]
    assert (await act(officer, confirmed, "band", **asked("P2")))["banded_on"] == today
    again = await act(officer, confirmed, "band", **asked("P4"))
    assert (again["band"], again["banded_on"]) == ("P4", today)
    lines = {row["id"]: row for row in (await officer.get("/v1/waiting-list")).json()["data"]}
    assert lines[confirmed["id"]]["effective_band"] == "P4"
    assert lines[confirmed["id"]]["long_stop_on"] > today


async def test_a_sender_sets_its_band_anew_until_an_officer_has(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    _, second = await full_town(api, town)
    amended = await amend(school, second, band="P1")
    assert (amended["band"], amended["band_asked"], amended["band_set_by"]) == ("P1", "P1", "sender")
    (kept,) = await rows(officer, second, "band-decisions")
    assert (kept["decided_by_name"], kept["reason"]) == ("Sam Testwell", "It got worse.")
    assert (await order(officer))[0] == second["id"]
    assert await owed(officer, second["id"]) == {}


async def test_after_an_officer_a_senders_band_is_a_request_that_an_officer_answers(api: Api, town: Town) -> None:
    officer, school = api.as_(town.officer), api.as_(town.school)
    _, second = await full_town(api, town)
    await act(officer, second, "band", **asked("P4"))
    before = await read(school, second)
    asking = await amend(school, second, band="P1")
    assert (asking["band"], asking["band_asked"], asking["banded_on"]) == ("P4", "P1", before["banded_on"])
    assert len(await rows(officer, second, "band-decisions")) == 1
    assert "band_review" in await owed(officer, second["id"])
    assert await owed(school, second["id"]) == {}
    kept = await act(officer, second, "band", **asked("P4", reason="The facts are as they were."))
    assert (kept["band"], kept["banded_on"]) == ("P4", before["banded_on"])
    assert "band_review" in await owed(officer, second["id"], "met")
    assert [type_ for type_, _ in await told(api, town.school, second)][-1] == "referral.band_kept"
    # Answered once: there is nothing left to answer.
    status, problem = await refused(officer, second, "band", **asked("P4"))
    assert (status, problem["code"]) == (409, "action_not_available")
    await amend(school, second, band="P2")
    assert "band_review" in await owed(officer, second["id"])
    changed = await act(officer, second, "band", **asked("P2"))
    assert changed["band"] == "P2"
    assert await owed(officer, second["id"]) == {}


async def test_a_request_for_another_band_ends_with_the_waiting(api: Api, town: Town, lane: Database) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    await act(officer, referral, "band", **asked("P3"))
    await amend(school, referral, band="P1")
    offer = (await read(school, referral))["allocation"]
    assert (await provider.post(f"/v1/allocations/{offer['id']}/accept")).status_code == 200
    assert "band_review" in await owed(officer, referral["id"], "cancelled")
    withdrawn = await send(school)
    await act(officer, withdrawn, "band", **asked("P3"))
    await amend(school, withdrawn, band="P1")
    await act(school, withdrawn, "withdraw", reason="other")
    assert "band_review" in await owed(officer, withdrawn["id"], "cancelled")


async def test_the_band_of_a_case_or_a_closed_referral_no_longer_changes(api: Api, town: Town) -> None:
    officer, school, provider = api.as_(town.officer), api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert (await refused(officer, referral, "band", **asked("P1")))[0] == 409
    present = await read(school, referral)
    answer = await school.patch(
        f"/v1/referrals/{referral['id']}",
        {"reason": "x", "band": "P1"},
        headers={"If-Match": f'"{present["version"]}"'},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")
    closed = await send(school)
    await act(school, closed, "withdraw", reason="other")
    assert (await refused(officer, closed, "band", **asked("P1")))[0] == 409


async def test_a_retry_a_stale_version_and_an_unknown_band(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    _, second = await full_town(api, town)
    path = f"/v1/referrals/{second['id']}/band"
    assert (await officer.post(path, asked("P1"), headers={"If-Match": '"1"'})).status_code == 412
    same = key()
    first = await officer.post(path, asked("P1"), headers=same)
    assert (await officer.post(path, asked("P1"), headers=same)).json() == first.json()
    assert len(await rows(officer, second, "band-decisions")) == 1
    for body in (asked("P5"), asked("P2", reason=""), {"band": "P2", "reason": "x"}):
        assert (await officer.post(path, body)).status_code == 422


@pytest.mark.parametrize("who", ["school", "provider"])
async def test_nobody_but_an_officer_sets_it(api: Api, town: Town, who: str) -> None:
    _, second = await full_town(api, town)
    assert (await refused(api.as_(getattr(town, who)), second, "band", **asked("P1")))[0] == 403
    assert (await read(api.as_(town.officer), second))["band"] == "P3"
