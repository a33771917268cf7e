"""The allocation policy as the service keeps it: who is decided when, what counts against a place, who is flagged."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from app.db import Database
from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json
from tests.factories.authority import Town, add_block
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def read(caller: Caller, referral: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.get(f"/v1/referrals/{referral['id']}")).json()
    return found


async def night(api: Api, town: Town, database: Database) -> None:
    """Let the next midnight pass."""
    async with database.read(town.officer) as session:
        to = session.now + timedelta(days=1)
    answer = await api.as_(town.officer).post("/v1/sandbox/advance", {"to": to.isoformat()})
    assert answer.status_code == 200, answer.text


async def open_obligations(api: Api, town: Town, referral: dict[str, Any]) -> list[str]:
    rows = (await api.as_(town.officer).get("/v1/obligations?state=open&limit=200")).json()["data"]
    return [row["kind"] for row in rows if row["subject_id"] == referral["id"]]


async def test_a_less_urgent_band_waits_for_the_night_when_one_place_is_left(
    api: Api, town: Town, lane: Database
) -> None:
    school = api.as_(town.school)
    assert (await send(school, band="P4"))["state"] == "offered", "two places are free: decided at once"
    second = await send(school, band="P4")
    assert second["state"] == "waiting", "one is left: kept for the more urgent until the night"
    await night(api, town, lane)
    assert (await read(school, second))["state"] == "offered"


async def test_a_more_urgent_family_of_the_day_comes_before_one_that_waits_for_the_night(api: Api, town: Town) -> None:
    school = api.as_(town.school)
    await send(school)
    patient = await send(school, band="P3")
    assert patient["state"] == "waiting"
    assert (await send(school, band="P1"))["state"] == "offered"
    assert (await read(school, patient))["state"] == "waiting"


async def test_a_practitioner_takes_no_more_than_the_caseload(api: Api, town: Town) -> None:
    provider, school = api.as_(town.provider), api.as_(town.school)
    path = f"/v1/practitioners/{town.practitioners[0]}"
    tag = {"If-Match": (await provider.get(path)).headers["etag"]}
    changed = await provider.patch(path, {"caseload_limit": 1}, headers=tag)
    assert changed.status_code == 200, changed.text
    assert (await send(school))["state"] == "offered"
    assert (await send(school))["state"] == "waiting"


async def test_a_family_goes_back_to_the_provider_that_it_knows(api: Api, town: Town, lane: Database) -> None:
    await add_block(lane, town, town.providers[1], places=2)
    school = api.as_(town.school)
    body = referral_body()
    first = (await school.post("/v1/referrals", body, headers=key())).json()
    knows = first["allocation"]["provider_id"]
    who = next(api.as_(provider) for provider in town.providers if str(provider.organisation_id) == knows)
    accepted = await who.post(f"/v1/allocations/{first['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    withdrawn = await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "other"})
    assert withdrawn.status_code == 200, withdrawn.text
    again = (await school.post("/v1/referrals", body, headers=key())).json()
    assert again["allocation"]["provider_id"] == knows
    # Another family is asked where more places are free of the same cost: by place id, so either; never an error.
    assert (await send(school))["state"] == "offered"


async def test_who_can_be_served_is_judged_again_each_night(api: Api, town: Town, lane: Database) -> None:
    school, provider = api.as_(town.school), api.as_(town.provider)
    referral = await send(school)
    declined = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/decline", {"reason": "unsuitable"})
    assert declined.status_code == 200, declined.text
    assert (await read(school, referral))["unplaceable"] is False
    await night(api, town, lane)
    found = await read(school, referral)
    assert (found["state"], found["unplaceable"]) == ("waiting", True)
    assert await open_obligations(api, town, referral) == ["place_referral"]
    await night(api, town, lane)
    assert await open_obligations(api, town, referral) == ["place_referral"], "owed once"
    await add_block(lane, town, town.providers[1], places=0)
    await night(api, town, lane)
    assert (await read(school, referral))["unplaceable"] is True, "a lot without places serves nobody"
    await add_block(lane, town, town.providers[1], places=1)
    await night(api, town, lane)
    assert (await read(school, referral))["state"] == "offered"
    offer = (await read(school, referral))["allocation"]
    accepted = await api.as_(town.providers[1]).post(f"/v1/allocations/{offer['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    assert await open_obligations(api, town, referral) == []
    async with lane.read(town.officer) as session:
        told = await session.rows("SELECT type FROM event WHERE subject_id = $1 ORDER BY id", UUID(referral["id"]))
    types = [row["type"] for row in told]
    assert types.count("referral.unplaceable") == 1


async def test_every_decision_is_replayed_to_the_same_bytes(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    sent = [await send(school, band=band) for band in ("P4", "P3", "P1", "P2", "P4")]
    await night(api, town, lane)
    outcomes = set()
    for referral in sent:
        rows = (await api.as_(town.officer).get(f"/v1/referrals/{referral['id']}/decisions")).json()["data"]
        assert rows
        for row in rows:
            kept = {name: row["record"][name] for name in ("outcome", "hold", "waits_for", "place_id", "score")}
            again = orjson.loads(to_json(decision_content(replay(row["record"]))))
            assert orjson.dumps(again, option=orjson.OPT_SORT_KEYS) == orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
            outcomes.add((row["outcome"], row["record"]["waits_for"]))
    assert {("offered", None), ("waiting", "RUN")} <= outcomes


async def test_places_are_counted_anew_when_a_half_term_has_ended(api: Api, town: Town, lane: Database) -> None:
    """A place for other key stages could serve nobody; each figure is over the mean of all places."""
    await add_block(lane, town, town.providers[1], places=2, key_stages=("KS1",))
    school = api.as_(town.school)
    for _ in range(3):
        await send(school)
    async with lane.read(town.officer) as session:
        before = await session.rows("SELECT reach FROM place")
        to = session.now + timedelta(days=45)
    assert {row["reach"] for row in before} == {100}
    answer = await api.as_(town.officer).post("/v1/sandbox/advance", {"to": to.isoformat()})
    assert answer.status_code == 200, answer.text
    async with lane.read(town.officer) as session:
        after = await session.rows("SELECT lot_id, reach FROM place ORDER BY lot_id, id")
    # Two places could serve all three, the two for younger children none: twice the mean, and nothing.
    assert {(row["lot_id"], row["reach"]) for row in after} == {(town.lots[0], 200), (town.lots[1], 0)}


async def test_who_could_be_served_by_a_busy_place_alone_waits_and_is_not_unplaceable(
    api: Api, town: Town, lane: Database
) -> None:
    async with lane.write(town.officer) as session:
        await session.run("UPDATE place SET languages = '{UKR}' WHERE id = $1", town.places[0])
    school = api.as_(town.school)
    first = await send(school, language="UKR")
    assert first["state"] == "offered"
    second = await send(school, language="UKR")
    assert (second["state"], second["unplaceable"]) == ("waiting", False)
    await night(api, town, lane)
    assert (await read(school, second))["unplaceable"] is False


async def test_a_free_place_for_another_language_makes_nobody_unplaceable(api: Api, town: Town, lane: Database) -> None:
    """The lot speaks Polish; one place of it is kept for Ukrainian and free, the other is held."""
    async with lane.write(town.officer) as session:
        await session.run("UPDATE place SET languages = '{UKR}' WHERE id = $1", town.places[1])
    school = api.as_(town.school)
    assert (await send(school, language="POL"))["state"] == "offered"
    second = await send(school, language="POL")
    assert (second["state"], second["unplaceable"]) == ("waiting", False)
    await night(api, town, lane)
    assert (await read(school, second))["unplaceable"] is False
    (record,) = (await api.as_(town.officer).get(f"/v1/referrals/{second['id']}/decisions")).json()["data"]
    assert [verdict["reason"] for verdict in record["record"]["verdicts"]] == [None]


async def test_a_lot_without_places_serves_nobody_and_an_officer_hears_of_it_at_once(api: Api, town: Town) -> None:
    async with api.runtime.database.read(town.officer) as session:
        now = session.today.isoformat()
    officer, path = api.as_(town.officer), f"/v1/lots/{town.lots[0]}/capacity-changes"
    cut = await officer.post(path, {"places": 0, "effective_on": now, "reason": "The practitioner left (made up)."})
    assert cut.status_code == 201, cut.text
    referral = await send(api.as_(town.school), band="P1")
    assert (referral["state"], referral["unplaceable"]) == ("waiting", True)
    assert await open_obligations(api, town, referral) == ["place_referral"]
    assert await reasons(api, town, referral) == ["NO_PLACES"]


async def test_a_family_that_refuses_every_provider_waits_and_an_officer_hears_of_it_at_once(
    api: Api, town: Town, lane: Database
) -> None:
    await add_block(lane, town, town.providers[1], places=2)
    refused = [str(provider.organisation_id) for provider in town.providers]
    referral = await send(api.as_(town.school), band="P1", refused_provider_ids=refused)
    assert (referral["state"], referral["unplaceable"]) == ("waiting", True)
    assert await open_obligations(api, town, referral) == ["place_referral"]
    assert await reasons(api, town, referral) == ["CONFLICT", "CONFLICT"]
    # Others are served as ever, and the night offers it to nobody.
    assert (await send(api.as_(town.school)))["state"] == "offered"
    await night(api, town, lane)
    assert (await read(api.as_(town.school), referral))["state"] == "waiting"


async def test_a_practitioner_in_no_lot_changes_nothing(api: Api, town: Town) -> None:
    added = await api.as_(town.provider).post(
        "/v1/practitioners", {"name": "Kim Placeless (made up)", "caseload_limit": 0, "languages": ["UKR"]}
    )
    assert added.status_code == 201, added.text
    assert (await send(api.as_(town.school)))["state"] == "offered"
    assert (await send(api.as_(town.school), language="UKR"))["unplaceable"] is True, "without a place nobody is served"
    body = {"what_if": {"languages": [{"practitioner_id": added.json()["id"], "language": "POL"}]}}
    asked = await api.as_(town.officer).post("/v1/allocation-runs", body)
    assert (asked.status_code, asked.json()["errors"][0]["pointer"]) == (422, "/what_if/languages/0/practitioner_id")


async def reasons(api: Api, town: Town, referral: dict[str, Any]) -> list[str | None]:
    """What was found of each lot when a referral was last decided."""
    rows = (await api.as_(town.officer).get(f"/v1/referrals/{referral['id']}/decisions")).json()["data"]
    return [verdict["reason"] for verdict in rows[-1]["record"]["verdicts"]]
