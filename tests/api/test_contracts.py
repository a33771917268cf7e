from typing import Any

import pytest

from tests.factories.authority import Town, build_town
from tests.factories.http import Api


def signed(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "provider_id": str(town.provider.organisation_id),
        "title": "Family support 2026/27",
        "contract_number": "FS-2026-01",
        "starts_on": "2026-09-01",
        "ends_on": "2027-08-31",
        "price_pence": 100_000,
        **changes,
    }


async def sign(api: Api, town: Town) -> str:
    answer = await api.as_(town.officer).post("/v1/contracts", signed(town))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def extension(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "extension",
        "effective_on": "2027-06-01",
        "ends_on": "2028-08-31",
        "reason": "First option.",
        **changes,
    }


async def test_a_contract_is_shown_as_signed_and_on_a_date(api: Api, town: Town) -> None:
    officer, path = api.as_(town.officer), await sign(api, town)
    lot = (
        await officer.post(
            f"{path}/lots", {"service_id": str(town.services[0]), "name": "One", "volume": 60, "places": 1}
        )
    ).json()["id"]
    price = {"kind": "price", "effective_on": "2027-01-01", "price_pence": 120_000, "reason": "Pay award."}
    volume = {"kind": "volume", "effective_on": "2027-01-01", "lot_id": lot, "volume": 80, "reason": "Demand."}
    for body in (extension(), price, volume):
        answer = await officer.post(f"{path}/variations", body)
        assert answer.status_code == 201, answer.text

    async def terms(as_of: str) -> tuple[Any, ...]:
        shown = (await officer.get(path, params={"as_of": as_of})).json()
        signed = {"starts_on": "2026-09-01", "ends_on": "2027-08-31", "price_pence": 100_000}
        assert shown["signed"] == {**signed, "deemed_acceptance": False}
        on = shown["terms"]
        return on["ends_on"], on["price_pence"], on["volumes"], on["in_force"]

    assert await terms("2026-12-31") == ("2027-08-31", 100_000, [{"lot_id": lot, "volume": 60}], True)
    assert await terms("2027-01-01") == ("2027-08-31", 120_000, [{"lot_id": lot, "volume": 80}], True)
    assert await terms("2027-06-01") == ("2028-08-31", 120_000, [{"lot_id": lot, "volume": 80}], True)
    assert (await terms("2026-08-31"))[3] is False
    assert (await terms("2028-08-31"))[3] is True
    listed = (await officer.get(f"{path}/variations")).json()["data"]
    assert [(row["number"], row["kind"]) for row in listed] == [(1, "extension"), (2, "price"), (3, "volume")]
    figures = (await officer.get(f"/v1/lots/{lot}", params={"as_of": "2027-06-01"})).json()["figures"]
    assert (figures["volume"], figures["ends_on"]) == (80, "2028-08-31")


async def test_a_lot_joins_on_the_day_that_its_variation_says(api: Api, town: Town) -> None:
    officer, path = api.as_(town.officer), await sign(api, town)
    lot = (
        await officer.post(
            f"{path}/lots", {"service_id": str(town.services[0]), "name": "Two", "volume": 10, "places": 1}
        )
    ).json()["id"]
    joins = {"kind": "lots", "effective_on": "2027-01-04", "lot_ids": [lot], "reason": "A second area."}
    assert (await officer.post(f"{path}/variations", joins)).status_code == 201
    for as_of, in_force in (("2027-01-03", False), ("2027-01-04", True)):
        figures = (await officer.get(f"/v1/lots/{lot}", params={"as_of": as_of})).json()["figures"]
        assert figures["in_force"] is in_force


async def test_the_tag_of_a_contract_follows_its_terms(api: Api, town: Town) -> None:
    officer, path = api.as_(town.officer), await sign(api, town)
    query = {"as_of": "2027-06-01"}
    tag = {"If-None-Match": (await officer.get(path, params=query)).headers["etag"]}
    assert (await officer.get(path, params=query, headers=tag)).status_code == 304
    await officer.post(f"{path}/variations", extension())
    assert (await officer.get(path, params=query, headers=tag)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ends_on": "2026-08-31"}, "/ends_on"),
        ({"price_pence": -1}, "/price_pence"),
        ({"price_pence": True}, "/price_pence"),
        ({"provider_id": "019a0000-0000-7000-8000-000000000001"}, "/provider_id"),
        ({"extension_options": [{"ends_on": "2027-08-31"}]}, "/extension_options/0/ends_on"),
        ({"starts_on": "1 September"}, "/starts_on"),
        ({"value": 1}, "/value"),
    ],
)
async def test_an_unsound_contract_is_refused(api: Api, town: Town, changes: dict[str, Any], pointer: str) -> None:
    officer = api.as_(town.officer)
    answer = await officer.post("/v1/contracts", signed(town, **changes))
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert len((await officer.get("/v1/contracts")).json()["data"]) == 1


async def test_a_contract_number_is_used_once(api: Api, town: Town) -> None:
    await sign(api, town)
    again = await api.as_(town.officer).post("/v1/contracts", signed(town))
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (extension(ends_on="2027-08-31"), "/ends_on"),
        (extension(effective_on="2026-08-31"), "/effective_on"),
        (extension(effective_on="2027-09-02"), "/effective_on"),
        (extension(reason=""), "/reason"),
        (extension(kind="wish"), "/kind"),
        (extension(price_pence=1), ""),
        ({"kind": "price", "effective_on": "2027-01-01", "reason": "None stated."}, ""),
        (
            {
                "kind": "volume",
                "effective_on": "2027-01-01",
                "reason": "Negative.",
                "lot_id": "019a0000-0000-7000-8000-000000000001",
                "volume": -1,
            },
            "/volume",
        ),
        (
            {
                "kind": "volume",
                "effective_on": "2027-01-01",
                "reason": "Another contract's lot.",
                "lot_id": "019a0000-0000-7000-8000-000000000001",
                "volume": 1,
            },
            "/lot_id",
        ),
    ],
)
async def test_an_unsound_variation_is_refused(api: Api, town: Town, body: dict[str, Any], pointer: str) -> None:
    officer, path = api.as_(town.officer), await sign(api, town)
    answer = await officer.post(f"{path}/variations", body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert (await officer.get(f"{path}/variations")).json()["data"] == []


async def test_a_provider_sees_its_own_contracts_and_writes_none(api: Api, town: Town) -> None:
    path = await sign(api, town)
    provider = api.as_(town.provider)
    assert len((await provider.get("/v1/contracts")).json()["data"]) == 2
    assert (await provider.get(path)).status_code == 200
    assert (await provider.post("/v1/contracts", signed(town, contract_number="X"))).status_code == 403
    assert (await provider.post(f"{path}/variations", extension())).status_code == 403
    school = api.as_(town.school)
    assert (await school.post("/v1/contracts", signed(town, contract_number="X"))).status_code == 403
    assert (await school.get(path)).status_code == 403
    rival = api.as_(town.providers[1])
    assert (await rival.get("/v1/contracts")).json()["data"] == []
    assert (await rival.get(path)).status_code == 404
    assert (await rival.get(f"{path}/variations")).status_code == 404
    elsewhere = api.as_((await build_town(api.runtime.database, name="Elsewhere (made up)")).officer)
    assert (await elsewhere.get(path)).status_code == 404
    assert (await elsewhere.post(f"{path}/variations", extension())).status_code == 404
    assert (await api.as_(town.officer).get(path)).json()["variation_count"] == 0


async def test_a_cursor_of_one_contracts_variations_serves_no_other(api: Api, town: Town) -> None:
    officer, path = api.as_(town.officer), await sign(api, town)
    for pence in (1, 2):
        body = {"kind": "price", "effective_on": "2027-01-01", "price_pence": pence, "reason": "Made up."}
        assert (await officer.post(f"{path}/variations", body)).status_code == 201
    first = (await officer.get(f"{path}/variations?limit=1")).json()
    second = (await officer.get(f"{path}/variations", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [row["number"] for row in first["data"] + second["data"]] == [1, 2]
    other = f"/v1/contracts/{town.contracts[0]}/variations"
    borrowed = await officer.get(other, params={"cursor": first["next_cursor"]})
    assert borrowed.json()["code"] == "cursor_rejected"


async def test_a_change_of_terms_is_told_to_the_provider(real_api: Api, real_town: Town) -> None:
    path = await sign(real_api, real_town)
    await real_api.as_(real_town.officer).post(f"{path}/variations", extension())
    for principal in (real_town.provider, real_town.officer):
        events = (await real_api.as_(principal).get("/v1/events")).json()["data"]
        told = [(one["type"], one["subject_version"]) for one in events if one["type"].startswith("contract")]
        assert told == [("contract.created", 1), ("contract.varied", 2)]
    rival = (await real_api.as_(real_town.providers[1]).get("/v1/events")).json()["data"]
    assert not [event for event in rival if event["type"].startswith("contract")]
