"""What an answer must not tell of another organisation's referral, and what ends when a referral is taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.access import Kind, Principal
from app.db import Database
from app.ids import new_id
from app.models.parties import organisation
from app.queries.writes import Writes
from tests.factories.authority import Town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body


async def send(client: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/v1/referrals", body, headers=key())
    assert answer.status_code == 201, answer.text
    referral: dict[str, Any] = answer.json()
    return referral


async def agency_of(lane: Database, town: Town) -> Principal:
    agency = replace(town.school, client_id=new_id(), organisation_id=new_id(), kind=Kind.AGENCY)
    async with lane.write(town.officer) as session:
        writes = Writes()
        writes.add(organisation, id=agency.organisation_id, kind="agency", name="Early help team (made up)")
        await writes.flush(session)
    return agency


async def test_letting_a_possible_duplicate_go_on_tells_its_sender_nothing_of_why(
    api: Api, town: Town, lane: Database
) -> None:
    body = referral_body()
    await send(api.as_(town.schools[0]), body)
    second = await send(api.as_(town.schools[1]), body)
    path = f"/v1/referrals/{second['id']}"
    officer, sender = api.as_(town.officer), api.as_(town.schools[1])
    assert (await officer.post(f"{path}/release", {"reason": "Fernbank has one too."})).status_code == 200
    kept = (await officer.get(f"{path}/amendments")).json()["data"]
    assert kept[0]["changes"] == {"holds": {"from": ["POSSIBLE_DUPLICATE"], "to": []}}
    assert (await sender.get(f"{path}/amendments")).json()["data"] == []
    for reader, told in ((town.officer, 1), (town.schools[1], 0)):
        async with lane.read(reader) as session:
            released = "SELECT count(*) FROM event WHERE authority_id = $1 AND type = 'referral.released'"
            assert await session.value(released, session.authority_id) == told
    etag = {"If-Match": (await sender.get(path)).headers["ETag"]}
    amended = await sender.patch(path, {"reason": "New words.", "child_view": "I like art."}, headers=etag)
    assert amended.status_code == 200, amended.text
    mine = (await sender.get(f"{path}/amendments")).json()["data"]
    assert [line["reason"] for line in mine] == ["New words."], "the sender's own amendments stay its own"


@pytest.mark.parametrize("born", ["same", "other"])
async def test_an_agency_that_names_a_school_neither_binds_it_nor_reads_what_it_writes(
    api: Api, town: Town, lane: Database, born: str
) -> None:
    agency = api.as_(await agency_of(lane, town))
    body = referral_body(school_urn="900001")
    guessed = {**body, "pupil": dict(body["pupil"])}
    if born == "other":
        guessed["pupil"]["date_of_birth"] = "2015-04-10"
    first = await send(agency, guessed)
    del body["school_urn"]
    body["household"] = {"address": {"lines": ["2 Wisteria Lane"], "postcode": None}}
    body["contacts"][0]["phones"] = ["01632 960777"]
    second = await send(api.as_(town.school), body)
    assert second["pupil"]["id"] != first["pupil"]["id"]
    read = await agency.get(f"/v1/referrals/{first['id']}")
    assert read.status_code == 200
    assert "Wisteria" not in read.text
    assert "960777" not in read.text


async def test_a_school_finds_its_own_earlier_record_again(api: Api, town: Town) -> None:
    school, body = api.as_(town.school), referral_body()
    first = await send(school, body)
    await school.post(f"/v1/referrals/{first['id']}/withdraw", {"reason": "support_not_wanted"})
    assert (await send(school, body))["pupil"]["id"] == first["pupil"]["id"]


async def test_a_referral_taken_back_after_acceptance_closes_the_family_to_the_provider(api: Api, town: Town) -> None:
    school, provider = api.as_(town.school), api.as_(town.provider)
    body = referral_body()
    referral = await send(school, body)
    allocation = f"/v1/allocations/{referral['allocation']['id']}"
    accepted = (await provider.post(f"{allocation}/accept")).json()
    assert accepted["family_name"] == body["pupil"]["family_name"]
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 200
    gone = await school.post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "support_not_wanted"})
    assert gone.status_code == 200, gone.text
    assert (await provider.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    after = await provider.get(allocation)
    assert after.json()["intervention_state"] == "closed"
    assert body["pupil"]["family_name"] not in after.text
    # The family moves and is referred anew: where it lives now is not for the provider of the withdrawn referral.
    body["household"] = {"address": {"lines": ["2 Wisteria Lane"], "postcode": None}}
    body["refused_provider_ids"] = [str(town.provider.organisation_id)]
    await send(school, body)
    for path in (f"/v1/referrals/{referral['id']}", allocation, "/v1/referrals", "/v1/allocations"):
        assert "Wisteria" not in (await provider.get(path)).text


@pytest.mark.parametrize(
    "stated", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2101-01-01T00:00:00Z"]
)
async def test_a_stated_time_beyond_reason_is_refused(api: Api, town: Town, stated: str) -> None:
    answer = await api.as_(town.school).get("/v1/referrals", headers={"X-Halfterm-Now": stated})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_stated_time_counts_in_a_sandbox_authority_alone(town: Town, lane: Database) -> None:
    stating = replace(town.officer, stated_at=datetime(2031, 1, 7, 10, tzinfo=UTC))
    async with lane.read(stating) as session:
        assert session.now == stating.stated_at
    async with lane.write(town.officer) as session:
        await session.run("UPDATE authority SET sandbox = false WHERE id = $1", town.officer.authority_id)
    async with lane.read(stating) as session:
        assert abs(clock.real_now() - session.now) < timedelta(minutes=1)


@pytest.mark.parametrize("born", ["2014-W10-1", "20141109", "2014-11-9"])
async def test_a_date_is_written_one_way(api: Api, town: Town, born: str) -> None:
    answer = await api.as_(town.school).post("/v1/referrals", referral_body(pupil__date_of_birth=born), headers=key())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/pupil/date_of_birth")
