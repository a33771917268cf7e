"""The last year played again: as it was and as it would have been, in a process of its own, one at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app import clock
from app.db import Database
from app.services import year_process, year_replays
from tests.factories.authority import Town, build_town
from tests.factories.casework import at, closing, contact
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

PATH = "/v1/allocation-runs"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def september(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=UTC)


async def send(api: Api, town: Town, moment: datetime, **changes: Any) -> dict[str, Any]:
    body = referral_body(agreement__agreed_on="2026-09-01", **changes)
    del body["attendance"]
    answer = await at(api.as_(town.school), moment).post("/v1/referrals", body, headers=key())
    assert answer.status_code == 201, answer.text
    sent: dict[str, Any] = answer.json()
    return sent


async def accept_and_begin(api: Api, town: Town, offer_id: str, accepted_at: datetime, begun_at: datetime) -> str:
    provider = api.as_(town.provider)
    accepted = await at(provider, accepted_at).post(f"/v1/allocations/{offer_id}/accept")
    assert accepted.status_code == 200, accepted.text
    path = f"/v1/interventions/{accepted.json()['intervention_id']}"
    worker = at(provider, begun_at)
    done = await worker.post(f"{path}/safety", {"safe_contact": True, "visit_risks": True})
    assert done.status_code == 200, done.text
    first = await worker.post(f"{path}/contacts", contact(held_at=begun_at.isoformat()))
    assert first.status_code == 201, first.text
    return path


async def live_offer(api: Api, town: Town, referral_id: str) -> str:
    read = await at(api.as_(town.school), NOW).get(f"/v1/referrals/{referral_id}")
    offer_id: str = read.json()["allocation"]["id"]
    return offer_id


async def an_autumn(api: Api, town: Town) -> None:
    """Two places; five families: two begin at once, one when the first of them closes, one waits, one nobody serves."""
    first, second, third = [await send(api, town, september(14, hour), band="P2") for hour in (9, 10, 11)]
    await send(api, town, september(14, 12), band="P3")
    stranger = await send(api, town, september(15), band="P2", language="UKR")
    assert stranger["unplaceable"]
    path = await accept_and_begin(api, town, first["allocation"]["id"], september(15), september(17))
    await accept_and_begin(api, town, second["allocation"]["id"], september(15), september(18))
    october = datetime(2026, 10, 5, 15, tzinfo=UTC)
    closed = await at(api.as_(town.provider), october).post(f"{path}/close", closing())
    assert closed.status_code == 200, closed.text
    offer_id = await live_offer(api, town, third["id"])
    await accept_and_begin(api, town, offer_id, october + timedelta(days=1), october + timedelta(days=3))


async def ask(officer: Caller, **what_if: Any) -> dict[str, Any]:
    """A run of the last year, waited for."""
    answer = await officer.post(PATH, {"over": "last_year", **({"what_if": what_if} if what_if else {})})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["plan"], answer.json()["counts"]) == ("running", {}, None)
    await officer.api.runtime.year_replays.settled()
    run: dict[str, Any] = (await officer.get(f"{PATH}/{answer.json()['id']}")).json()
    return run


async def test_the_last_year_is_played_as_it_was_and_as_it_would_have_been(real_api: Api, real_town: Town) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    await an_autumn(real_api, real_town)
    lot = str(real_town.lots[0])
    run = await ask(officer, places=[{"lot_id": lot, "more": 1}])
    assert (run["state"], run["over"], run["failure"]) == ("preview", "last_year", None)
    plan = run["plan"]
    assert plan["referrals"] == 5
    assert plan["really"]["all"]["started"] == 3
    before, after = plan["as_it_was"], plan["otherwise"]
    assert (before["all"]["started"], before["all"]["waiting"], before["all"]["unplaceable"]) == (3, 1, 1)
    assert after["all"]["started"] == 4
    assert plan["difference"]["all"]["started"] == 1
    assert plan["difference"]["by_band"]["P3"]["school_days_waited"] < 0
    assert before["by_area"][str(real_town.areas["north"])]["referrals"] == 5
    assert plan["names"][str(real_town.school.organisation_id)] == "Fernbank Primary (made up)"
    assert before["by_school"][str(real_town.school.organisation_id)]["started"] == 3
    assert after["by_lot"][lot]["starts"] == 4
    assert after["by_lot"][lot]["place_days"] > before["by_lot"][lot]["place_days"]
    assert "1 more place in Harbour Families (made up): Lot 1" in plan["summary"]
    refused = await officer.post(f"{PATH}/{run['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "action_not_available")


async def test_what_really_happened_is_what_the_outcome_of_timeliness_says(real_api: Api, real_town: Town) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    await an_autumn(real_api, real_town)
    really = (await ask(officer))["plan"]["really"]
    # The outcome counts today too; the play ends with yesterday.
    told = (await officer.get("/v1/outcomes/timeliness?group_by=band")).json()["data"]
    by_band = {row["key"]: row for row in told if row["milestone"] == "first_contact"}
    assert set(by_band) == set(really["by_band"])
    for band, line in really["by_band"].items():
        assert line["referrals"] == by_band[band]["n"]
        assert line["started"] == by_band[band]["reached_count"]
        assert line["median_school_days"] == by_band[band]["median_school_days"]


async def test_asked_twice_it_is_answered_alike_and_nothing_changed_is_no_difference(
    real_api: Api, real_town: Town
) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    await an_autumn(real_api, real_town)
    plain, again = await ask(officer), await ask(officer)
    assert plain["snapshot_hash"] == again["snapshot_hash"]
    assert plain["plan"] == again["plan"]
    assert (plain["plan"]["otherwise"], plain["plan"]["difference"], plain["what_if"]) == (None, None, None)
    same = await ask(officer, fair_share=False)
    assert same["plan"]["otherwise"] == plain["plan"]["as_it_was"]
    assert "That is no difference." in same["plan"]["summary"]
    await send(real_api, real_town, NOW - timedelta(days=1))
    assert (await ask(officer))["snapshot_hash"] != plain["snapshot_hash"], "what came since is in the next play"


async def test_every_lever_is_taken(real_api: Api, real_town: Town) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    await an_autumn(real_api, real_town)
    lot = str(real_town.lots[0])
    speaking = await ask(officer, practitioners=[{"lot_id": lot, "language": "UKR", "places": 1}])
    assert speaking["plan"]["otherwise"]["all"]["unplaceable"] == 0
    taught = await ask(
        officer, languages=[{"practitioner_id": str(real_town.practitioners[0]), "language": "UKR"}], fair_share=True
    )
    assert taught["plan"]["otherwise"]["all"]["unplaceable"] == 0
    fewer = await ask(officer, places=[{"lot_id": lot, "more": -2}])
    assert fewer["plan"]["otherwise"]["all"]["started"] == 0
    current = (await officer.get("/v1/policies/current")).json()
    windows = {"windows": {"P1": 0, "P2": 0, "P3": 0, "P4": 0}, "long_stop": None}
    other = await ask(officer, policy_id=current["id"], policy=windows, deemed_acceptance=True)
    assert other["state"] == "preview"
    assert other["what_if"]["policy"] == windows
    assert "silence counted as a yes" in other["plan"]["summary"]


async def test_an_authority_without_a_year_is_answered_with_nothing_and_not_with_noughts(
    real_api: Api, real_town: Town
) -> None:
    run = await ask(real_api.as_(real_town.officer), deemed_acceptance=True)
    plan = run["plan"]
    assert (plan["referrals"], plan["as_it_was"]["by_band"], plan["as_it_was"]["time_outs"]) == (0, {}, None)
    assert plan["summary"] == "No referral came within the last year, so there is nothing to compare."
    for line in (plan["as_it_was"]["all"], plan["otherwise"]["all"], plan["really"]["all"]):
        assert (line["median_school_days"], line["p90_school_days"], line["mean_school_days"]) == (None, None, None)


@pytest.mark.parametrize(
    ("what_if", "pointer", "says"),
    [
        ({"places": [{"lot_id": "{practitioner}", "more": 1}]}, "/what_if/places/0/lot_id", "no casework lot"),
        ({"places": [{"lot_id": "{lot}", "more": -3}]}, "/what_if/places/0/more", "2 places: it cannot give up 3"),
        ({"places": [{"lot_id": "{lot}", "more": 0}]}, "/what_if/places/0/more", "no change"),
        (
            {"places": [{"lot_id": "{lot}", "more": 1}, {"lot_id": "{lot}", "more": 1}]},
            "/what_if/places/1/lot_id",
            "once",
        ),
        (
            {"practitioners": [{"lot_id": "{practitioner}", "language": "POL", "places": 2}]},
            "/what_if/practitioners/0/lot_id",
            "no casework lot",
        ),
        (
            {"practitioners": [{"lot_id": "{lot}", "language": "POL", "places": -2}]},
            "/what_if/practitioners/0/places",
            "1 or more",
        ),
        (
            {"languages": [{"practitioner_id": "{lot}", "language": "POL"}]},
            "/what_if/languages/0/practitioner_id",
            "No practitioner with a place",
        ),
        ({"policy": {"windows": {"P1": 5, "P2": 5, "P3": 2}}}, "/what_if/policy/windows", "no window for P4"),
        ({"policy": {"weights": {"P1": 8, "P2": 4, "P3": 2, "P4": 0.5}}}, "/what_if/policy/weights", "whole number"),
        ({"policy": {"predicted_risk": 1}}, "/what_if/policy/predicted_risk", "does not know"),
        ({"policy_id": "{lot}"}, "/what_if/policy_id", "no policy version"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    api: Api, town: Town, what_if: dict[str, Any], pointer: str, says: str
) -> None:
    ids = {"lot": str(town.lots[0]), "practitioner": str(town.practitioners[0])}
    body = filled({"over": "last_year", "what_if": what_if}, ids)
    officer = api.as_(town.officer)
    answer = await officer.post(PATH, body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert says in answer.json()["errors"][0]["detail"]
    assert (await officer.get(PATH)).json()["data"] == []


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    return value.format(**ids) if isinstance(value, str) else value


async def test_silence_as_a_yes_cannot_be_asked_of_the_waiting_list_but_the_other_levers_can(
    api: Api, town: Town
) -> None:
    officer, lot = api.as_(town.officer), str(town.lots[0])
    refused = await officer.post(PATH, {"what_if": {"deemed_acceptance": True}})
    assert refused.json()["errors"][0]["pointer"] == "/what_if/deemed_acceptance"
    school = api.as_(town.school)
    first = await school.post("/v1/referrals", referral_body(band="P4"), headers=key())
    assert first.json()["state"] == "offered"
    waiting = await school.post("/v1/referrals", referral_body(band="P4"), headers=key())
    assert waiting.json()["state"] == "waiting"
    stranger = await school.post("/v1/referrals", referral_body(band="P2", language="UKR"), headers=key())
    assert stranger.json()["unplaceable"]
    fewer = await officer.post(PATH, {"what_if": {"places": [{"lot_id": lot, "more": -1}]}})
    assert (fewer.json()["counts"]["placed"], fewer.json()["plan"]["as_it_is"]["counts"]["placed"]) == (0, 1)
    worker = {"practitioners": [{"lot_id": lot, "language": "UKR", "places": 1}]}
    more = await officer.post(PATH, {"what_if": worker})
    assert (more.json()["counts"]["placed"], more.json()["counts"]["unplaceable"]) == (2, 0)


async def test_one_year_of_an_authority_is_played_at_a_time(
    real_api: Api, real_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    go_on = hold_up(monkeypatch)
    answers = await asyncio.gather(*(officer.post(PATH, {"over": "last_year"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    run_id = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    later = await officer.post(PATH, {"over": "last_year"})
    assert (later.status_code, later.json()["code"], later.json()["run_id"]) == (409, "conflict", run_id)
    assert later.headers["Retry-After"]
    running = await officer.get(f"{PATH}/{run_id}")
    assert (running.json()["state"], running.headers["Retry-After"]) == ("running", "2")
    assert (await officer.post(PATH, {})).status_code == 201, "a preview of the waiting list waits for no play"
    go_on.set()
    await real_api.runtime.year_replays.settled()
    changed = await officer.get(f"{PATH}/{run_id}", headers={"If-None-Match": running.headers["ETag"]})
    assert (changed.status_code, changed.json()["state"]) == (200, "preview")
    assert (await officer.post(PATH, {"over": "last_year"})).status_code == 201
    await real_api.runtime.year_replays.settled()


async def test_a_server_takes_on_few_plays_and_says_when_to_come_back(
    real_api: Api, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold_up(monkeypatch)
    towns = [await build_town(clone, name=f"Town {number} (made up)") for number in range(3)]
    officers = [at(real_api.as_(town.officer), NOW) for town in towns]
    answers = [await officer.post(PATH, {"over": "last_year"}) for officer in officers]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert (answers[2].json()["code"], answers[2].headers["Retry-After"]) == ("too_many_requests", "60")
    assert (await officers[2].get(PATH)).json()["data"] == []
    go_on.set()
    await real_api.runtime.year_replays.settled()


async def test_a_retried_request_plays_once(real_api: Api, real_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[object] = []

    async def play(year: Any, *, longest_seconds: float) -> dict[str, Any]:
        played.append(year)
        return {}

    monkeypatch.setattr(year_replays, "play_in_a_process", play)
    officer, same = at(real_api.as_(real_town.officer), NOW), key()
    first = await officer.post(PATH, {"over": "last_year"}, headers=same)
    second = await officer.post(PATH, {"over": "last_year"}, headers=same)
    await real_api.runtime.year_replays.settled()
    assert (first.json()["id"], len(played)) == (second.json()["id"], 1)


async def test_a_play_that_was_interrupted_is_told_as_failed_and_stands_in_nobodys_way(
    real_api: Api, real_town: Town, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_up(monkeypatch)
    officer = at(real_api.as_(real_town.officer), NOW)
    run_id = (await officer.post(PATH, {"over": "last_year"})).json()["id"]
    running = await officer.get(f"{PATH}/{run_id}")
    # As a process that was killed leaves it: nobody renews the lease, and nobody writes that it failed.
    monkeypatch.setattr(real_api.runtime.year_replays, "_end", nothing)
    await real_api.runtime.year_replays.close()
    async with clone.write(real_town.officer) as session:
        await session.run(
            "UPDATE allocation_run SET lease_until = $2 WHERE id = $1",
            UUID(run_id),
            clock.real_now() - timedelta(seconds=1),
        )
    told = await officer.get(f"{PATH}/{run_id}", headers={"If-None-Match": running.headers["ETag"]})
    assert (told.status_code, told.json()["state"]) == (200, "failed")
    assert "restarted" in told.json()["failure"]
    assert (await officer.get(PATH)).json()["data"][0]["state"] == "failed"
    monkeypatch.undo()
    assert (await ask(officer))["state"] == "preview"
    assert (await officer.get(f"{PATH}/{run_id}")).json()["state"] == "failed"


async def test_a_service_that_is_stopped_ends_its_play_and_says_so(
    real_api: Api, real_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_up(monkeypatch)
    officer = at(real_api.as_(real_town.officer), NOW)
    run_id = (await officer.post(PATH, {"over": "last_year"})).json()["id"]
    await asyncio.sleep(0)
    await real_api.runtime.year_replays.close()
    told = (await officer.get(f"{PATH}/{run_id}")).json()
    assert (told["state"], told["plan"]) == ("failed", {})
    assert "stopped" in told["failure"]


async def test_a_play_that_breaks_or_takes_too_long_is_told_as_failed(
    real_api: Api, real_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = at(real_api.as_(real_town.officer), NOW)
    monkeypatch.setattr(year_replays, "LONGEST_SECONDS", 0.01)
    slow = await ask(officer)
    assert (slow["state"], slow["failure"]) == ("failed", "It took longer than ten minutes and was stopped.")
    monkeypatch.setattr(year_replays, "LONGEST_SECONDS", 60.0)
    monkeypatch.setattr(year_process.pickle, "dumps", lambda _: b"not a year")
    broken = await ask(officer)
    assert (broken["state"], broken["failure"]) == ("failed", "It could not be played. The service's log says why.")


async def test_the_last_year_is_for_officers_of_the_authority(real_api: Api, real_town: Town, clone: Database) -> None:
    run = await ask(at(real_api.as_(real_town.officer), NOW))
    for stranger in (real_town.school, real_town.provider):
        assert (await real_api.as_(stranger).post(PATH, {"over": "last_year"})).status_code == 403
        assert (await real_api.as_(stranger).get(f"{PATH}/{run['id']}")).status_code == 403
    await an_autumn(real_api, real_town)
    elsewhere = await build_town(clone, name="Elsewhere (made up)")
    other = at(real_api.as_(elsewhere.officer), NOW)
    assert (await other.get(f"{PATH}/{run['id']}")).status_code == 404
    theirs = await ask(other)
    assert theirs["plan"]["referrals"] == 0, "another authority's year is none of theirs"
    foreign = await other.post(
        PATH, {"over": "last_year", "what_if": {"places": [{"lot_id": str(real_town.lots[0]), "more": 1}]}}
    )
    assert foreign.status_code == 422


def hold_up(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let plays begin and not end until the event is set."""
    go_on = asyncio.Event()

    async def play(year: Any, *, longest_seconds: float) -> dict[str, Any]:
        await go_on.wait()
        return {}

    monkeypatch.setattr(year_replays, "play_in_a_process", play)
    return go_on


async def nothing(*_: object, **__: object) -> None:
    pass
