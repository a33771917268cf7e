from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import broker
from app.ids import new_id
from app.models import demand, supply
from app.queries import snapshot
from app.queries.contract_terms import terms_on
from app.queries.writes import Writes
from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api


def booked(town: Town, **changes: Any) -> dict[str, Any]:
    return {"service_id": str(town.services[0]), "name": "Lot 2", "volume": 40, "places": 3, **changes}


async def today(api: Api, town: Town) -> date:
    async with api.runtime.database.read(town.officer) as session:
        return session.today


async def hold(api: Api, town: Town, place_id: UUID, *, until: date) -> None:
    """Book a place for a made-up household from today."""
    household_id = new_id()
    async with api.runtime.database.write(town.officer) as session, broker(session) as wide:
        writes = Writes()
        writes.add(demand.household, id=household_id)
        writes.add(
            supply.booking,
            id=new_id(),
            place_id=place_id,
            lot_id=town.lots[0],
            provider_id=town.provider.organisation_id,
            household_id=household_id,
            state="accepted",
            starts_on=session.today,
            ends_on=until,
            cause="test",
        )
        await writes.flush(wide)


async def figures(api: Api, town: Town, **query: str) -> dict[str, Any]:
    return (await api.as_(town.officer).get(f"/v1/lots/{town.lots[0]}", params=query)).json()["figures"]


async def test_a_lot_starts_with_its_numbered_places(api: Api, town: Town) -> None:
    officer, worker = api.as_(town.officer), str(town.practitioners[0])
    details = [{"practitioner_id": worker, "languages": ["POL"]}]
    profile = [{"academic_year": "2026/27", "half_term": n, "volume": 20} for n in (1, 2)]
    answer = await officer.post(
        f"/v1/contracts/{town.contracts[0]}/lots", booked(town, place_details=details, volume_profile=profile)
    )
    assert answer.status_code == 201, answer.text
    lot = answer.json()
    assert lot["needs"] == (await officer.get(f"/v1/services/{town.services[0]}")).json()["needs"]
    assert (lot["volume_profile"], lot["figures"]["places_count"], lot["figures"]["free_count"]) == (profile, 3, 3)
    places = (await officer.get(f"/v1/lots/{lot['id']}/places")).json()["data"]
    assert [place["number"] for place in places] == [1, 2, 3]
    assert [place["practitioner_id"] for place in places] == [worker, None, None]
    assert (places[0]["languages"], places[0]["state"]) == (["POL"], "free")


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"volume": -1}, {"/volume"}),
        ({"places": -1}, {"/places"}),
        ({"needs": ["attendance", "luck"]}, {"/needs/1"}),
        ({"needs": ["attendance", "housing"]}, {"/needs/1"}),
        ({"key_stages": ["KS5"]}, {"/key_stages/0"}),
        ({"area_ids": ["019a0000-0000-7000-8000-000000000001"]}, {"/area_ids/0"}),
        ({"school_ids": ["019a0000-0000-7000-8000-000000000001"]}, {"/school_ids/0"}),
        ({"service_id": "019a0000-0000-7000-8000-000000000001"}, {"/service_id"}),
        (
            {"place_details": [{"practitioner_id": "019a0000-0000-7000-8000-000000000001"}]},
            {"/place_details/0/practitioner_id"},
        ),
        ({"places": 0, "place_details": [{}]}, {""}),
        ({"volume_profile": [{"academic_year": "2026/27", "half_term": 1, "volume": 39}]}, {"/volume_profile"}),
        ({"volume_profile": [{"academic_year": "2026/27", "half_term": 1, "volume": 20}] * 2}, {"/volume_profile"}),
        ({"seats": 1}, {"/seats"}),
    ],
)
async def test_an_unsound_lot_is_refused(api: Api, town: Town, changes: dict[str, Any], pointers: set[str]) -> None:
    officer = api.as_(town.officer)
    answer = await officer.post(f"/v1/contracts/{town.contracts[0]}/lots", booked(town, **changes))
    assert answer.status_code == 422, answer.text
    assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers
    assert len((await officer.get("/v1/lots")).json()["data"]) == 1


async def test_a_lot_name_is_used_once_in_a_contract(api: Api, town: Town) -> None:
    answer = await api.as_(town.officer).post(f"/v1/contracts/{town.contracts[0]}/lots", booked(town, name="Lot 1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


async def test_a_subcontractor_delivers_and_the_prime_sees_counts_alone(api: Api, town: Town) -> None:
    await add_block(api.runtime.database, town, town.providers[1], places=1)
    officer, body = api.as_(town.officer), booked(town, provider_id=str(town.providers[1].organisation_id))
    contract = f"/v1/contracts/{town.contracts[0]}"
    wrong = await officer.post(f"{contract}/lots", body)
    assert [fault["pointer"] for fault in wrong.json()["errors"]] == ["/service_id"]
    lot = (await officer.post(f"{contract}/lots", {**body, "service_id": str(town.services[1])})).json()["id"]
    prime, deliverer = api.as_(town.provider), api.as_(town.providers[1])
    assert (await prime.get(f"/v1/lots/{lot}")).json()["figures"]["free_count"] == 3
    assert (await prime.get(f"/v1/lots/{lot}/places")).json()["data"] == []
    assert len((await deliverer.get(f"/v1/lots/{lot}/places")).json()["data"]) == 3
    assert (await deliverer.get(f"/v1/lots/{lot}")).json()["figures"]["volume"] == 40
    assert (await deliverer.get(contract)).status_code == 404
    cut = {"places": 1, "effective_on": (await today(api, town)).isoformat(), "reason": "Not ours to cut."}
    assert (await prime.post(f"/v1/lots/{lot}/capacity-changes", cut)).status_code == 403


async def test_figures_agree_with_the_rows(api: Api, town: Town) -> None:
    now = await today(api, town)
    ends = now + timedelta(days=42)
    await hold(api, town, town.places[0], until=ends)
    shown = await figures(api, town)
    assert (shown["places_count"], shown["held_count"], shown["free_count"]) == (2, 1, 1)
    assert (shown["volume_used_count"], shown["volume_committed_count"]) == (0, 1)
    later = await figures(api, town, as_of=ends.isoformat())
    assert (later["held_count"], later["free_count"]) == (0, 2)
    before = await figures(api, town, as_of=(now - timedelta(days=1)).isoformat())
    assert before["held_count"] == 0
    earliest = await figures(api, town, as_of="2019-12-31")
    assert (earliest["places_count"], earliest["in_force"]) == (0, False)
    async with api.runtime.database.write(town.officer) as session:
        writes = Writes()
        writes.add(
            supply.place_out_of_service,
            id=new_id(),
            place_id=town.places[1],
            provider_id=town.provider.organisation_id,
            starts_on=now,
            ends_on=now + timedelta(days=7),
            reason="Illness",
        )
        await writes.flush(session)
    shown = await figures(api, town)
    assert (shown["held_count"], shown["out_of_service_count"], shown["free_count"]) == (1, 1, 0)
    places = (await api.as_(town.provider).get(f"/v1/lots/{town.lots[0]}/places")).json()["data"]
    assert [place["state"] for place in places] == ["held", "out_of_service"]
    assert places[0]["booked_until"] == ends.isoformat()


async def test_allocation_reads_the_same_terms(api: Api, town: Town) -> None:
    officer, contract = api.as_(town.officer), f"/v1/contracts/{town.contracts[0]}"
    second = (await officer.post(f"{contract}/lots", booked(town))).json()["id"]
    for body in (
        {"kind": "extension", "effective_on": "2030-01-01", "ends_on": "2036-07-31"},
        {"kind": "extension", "effective_on": "2029-01-01", "ends_on": "2035-12-31"},
        {"kind": "volume", "effective_on": "2030-01-01", "lot_id": second, "volume": 70},
        {"kind": "lots", "effective_on": "2028-01-01", "lot_ids": [second]},
        {"kind": "deemed_acceptance", "effective_on": "2030-01-01", "deemed_acceptance": False},
        {"kind": "deemed_acceptance", "effective_on": "2029-01-01", "deemed_acceptance": True},
    ):
        answer = await officer.post(f"{contract}/variations", {**body, "reason": "Made up."})
        assert answer.status_code == 201, answer.text
    async with api.runtime.database.write(town.officer) as session, broker(session) as wide:
        for on in (date(2027, 12, 31), date(2028, 1, 1), date(2029, 1, 1), date(2030, 1, 1), date(2036, 8, 1)):
            terms = (await terms_on(wide, on))[town.contracts[0]]
            surveyed = await snapshot.survey(wide, on, on)
            offered = {lot.id: lot for lot in surveyed.lots}
            silent = {town.lots[0], UUID(second)} if terms.deemed_acceptance else set()
            assert surveyed.deemed_lots == silent, on
            for lot_id in (town.lots[0], UUID(second)):
                lot = offered[lot_id]
                in_force = lot_id in terms.volumes and terms.in_force(on)
                assert (lot.starts_on <= on <= lot.ends_on) is in_force, (on, lot_id)
                if in_force:
                    assert lot.volume_left == terms.volumes[lot_id]


async def test_lots_are_seen_by_those_who_deliver_them(api: Api, town: Town) -> None:
    path = f"/v1/lots/{town.lots[0]}"
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    for principal in (town.providers[1], elsewhere.officer, elsewhere.provider):
        caller = api.as_(principal)
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get(f"{path}/places")).status_code == 404
        ids = [row["id"] for row in (await caller.get("/v1/lots")).json()["data"]]
        assert str(town.lots[0]) not in ids
    assert (await api.as_(town.school).get(path)).status_code == 403
    for principal in (town.school, town.provider):
        answer = await api.as_(principal).post(f"/v1/contracts/{town.contracts[0]}/lots", booked(town))
        assert answer.status_code == 403
    answer = await api.as_(elsewhere.officer).post(f"/v1/contracts/{town.contracts[0]}/lots", booked(town))
    assert answer.status_code == 404
    assert len((await api.as_(town.officer).get("/v1/lots")).json()["data"]) == 1


async def test_a_cursor_of_one_lots_places_serves_no_other(api: Api, town: Town) -> None:
    await add_block(api.runtime.database, town, town.provider, places=2)
    provider = api.as_(town.provider)
    first = (await provider.get(f"/v1/lots/{town.lots[0]}/places?limit=1")).json()
    rest = await provider.get(f"/v1/lots/{town.lots[0]}/places", params={"cursor": first["next_cursor"]})
    assert [row["number"] for row in rest.json()["data"]] == [2]
    borrowed = await provider.get(f"/v1/lots/{town.lots[1]}/places", params={"cursor": first["next_cursor"]})
    assert borrowed.json()["code"] == "cursor_rejected"
