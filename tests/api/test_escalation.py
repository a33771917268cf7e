"""Offers that nobody answers: who is asked to look, how soon, and what officers are told of their providers."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from app.db import Database
from tests.api.test_deemed_acceptance import advance, left_to_silence, read
from tests.factories.authority import Town, add_block
from tests.factories.events import told_of
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body


async def sent(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    answer = await api.as_(town.school).post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def owed(api: Api, town: Town, referral: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (await read(api.as_(town.officer), "/v1/obligations?state=open&limit=200"))["data"]
    return [row for row in rows if row["subject_id"] == referral["id"]]


async def run_out(api: Api, town: Town, referral: dict[str, Any]) -> datetime:
    """Let the time of the referral's offer end; when that was."""
    found = await read(api.as_(town.school), f"/v1/referrals/{referral['id']}")
    due = datetime.fromisoformat(found["allocation"]["answer_due_at"])
    answer = await api.as_(town.officer).post("/v1/sandbox/advance", {"to": due.isoformat()})
    assert answer.json()["ran"]["offers_expired"] >= 1, answer.text
    return due


@pytest.mark.parametrize(("band", "hours"), [("P1", 4), ("P2", 8), ("P3", 24)])
async def test_an_officer_is_asked_sooner_the_more_urgent_it_is(api: Api, town: Town, band: str, hours: int) -> None:
    referral = await sent(api, town, band=band)
    ended = await run_out(api, town, referral)
    lines = await owed(api, town, referral)
    assert [(line["kind"], datetime.fromisoformat(line["due_at"])) for line in lines] == [
        ("place_referral", ended + timedelta(hours=hours))
    ]
    found = await read(api.as_(town.school), f"/v1/referrals/{referral['id']}")
    assert (found["state"], found["banded_on"]) == ("waiting", referral["banded_on"]), "a timer rejects nobody"


async def test_it_is_offered_elsewhere_and_the_second_silence_reaches_the_lead_officer(
    api: Api, town: Town, lane: Database
) -> None:
    await add_block(lane, town, town.providers[1], places=1)
    referral = await sent(api, town)
    first = referral["allocation"]["provider_id"]
    await run_out(api, town, referral)
    found = await read(api.as_(town.school), f"/v1/referrals/{referral['id']}")
    assert found["state"] == "offered"
    assert found["allocation"]["provider_id"] != first
    assert [line["kind"] for line in await owed(api, town, referral)] == ["place_referral"]
    ended = await run_out(api, town, referral)
    lines = {line["kind"]: datetime.fromisoformat(line["due_at"]) for line in await owed(api, town, referral)}
    assert lines == dict.fromkeys(("place_referral", "lead_officer_action"), ended + timedelta(hours=8))
    assert await told_of(lane, town, "referral.escalated") == {"officer": 1}
    async with lane.read(town.officer) as session:
        data = orjson.loads(await session.value("SELECT data FROM event WHERE type = 'referral.escalated'"))
    assert data == {"unanswered_offers_count": 2, "area_id": str(town.areas["north"])}
    # A late answer still counts, and settles what was owed.
    late = await api.as_(town.provider).get("/v1/allocations")
    accepted = await api.as_(town.provider).post(f"/v1/allocations/{late.json()['data'][0]['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    assert await owed(api, town, referral) == []


async def test_a_family_that_refuses_every_provider_is_the_authoritys_and_waits(
    api: Api, town: Town, lane: Database
) -> None:
    await add_block(lane, town, town.providers[1], places=1)
    refused = [str(provider.organisation_id) for provider in town.providers]
    referral = await sent(api, town, refused_provider_ids=refused)
    assert (referral["state"], referral["unplaceable"]) == ("waiting", True)
    assert [line["kind"] for line in await owed(api, town, referral)] == ["place_referral"]
    await advance(api, town, days=30)
    found = await read(api.as_(town.school), f"/v1/referrals/{referral['id']}")
    assert (found["state"], found["banded_on"]) == ("waiting", referral["banded_on"])


async def test_officers_read_how_a_provider_answers(api: Api, town: Town) -> None:
    await left_to_silence(api, town)
    officer, path = api.as_(town.officer), f"/v1/providers/{town.provider.organisation_id}/offer-answers"
    referral = await sent(api, town)
    await api.as_(town.provider).post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    counts = {"offers_count": 2, "answered_in_time_count": 1, "answered_late_count": 0, "deemed_count": 1,
              "unanswered_count": 0}  # fmt: skip
    found = await read(officer, path)
    assert found == {"provider_id": str(town.provider.organisation_id), **counts}
    due = referral["allocation"]["answer_due_at"][:10]
    assert (await read(officer, f"{path}?due_from={due}"))["offers_count"] == 1
    assert (await read(officer, f"{path}?due_to=2020-01-01"))["offers_count"] == 0
    asked = "{ providers { edges { node { name offerAnswers { offersCount deemedCount unansweredCount } } } } }"
    nodes = [edge["node"] for edge in (await officer.graphql(asked))["data"]["providers"]["edges"]]
    assert {node["name"][:7]: node["offerAnswers"]["offersCount"] for node in nodes} == {"Harbour": 2, "Lantern": 0}
    for who in (town.provider, town.providers[1], town.school):
        assert (await api.as_(who).get(path)).status_code == 403
        shown = (await api.as_(who).graphql(asked))["data"]["providers"]["edges"]
        assert {edge["node"]["offerAnswers"] for edge in shown} == {None}
    unknown = f"/v1/providers/{town.school.organisation_id}/offer-answers"
    assert (await officer.get(unknown)).status_code == 404


async def test_a_late_answer_and_none_are_told_apart(api: Api, town: Town) -> None:
    first, second = await sent(api, town), await sent(api, town)
    await run_out(api, town, second)
    late = await api.as_(town.provider).post(f"/v1/allocations/{first['allocation']['id']}/accept")
    assert late.status_code == 200, late.text
    found = await read(api.as_(town.officer), f"/v1/providers/{town.provider.organisation_id}/offer-answers")
    assert (found["answered_late_count"], found["unanswered_count"], found["answered_in_time_count"]) == (1, 1, 0)
