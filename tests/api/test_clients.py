"""Machine credentials: made, shown once, rotated with an overlap, revoked; hidden from everyone else."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app import clock
from app.access import Kind, Scope
from app.db import Database
from app.ids import new_id
from app.services.clients import ClientWithSecret, read_client
from tests.factories.authority import Town, build_town
from tests.factories.clients import ask, make_client
from tests.factories.http import Api


def body_for(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "organisation_id": str(town.school.organisation_id),
        "name": "School MIS",
        "scopes": ["referrals.read", "referrals.write"],
        **changes,
    }


def holder(shown: dict[str, Any]) -> ClientWithSecret:
    return ClientWithSecret({"id": shown["id"]}, shown["client_secret"])


async def make(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    answer = await api.as_(town.officer).post("/v1/clients", body_for(town, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def pass_real_time(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    later = clock.real_now() + by
    monkeypatch.setattr(clock, "real_now", lambda: later)


class TestCreating:
    async def test_a_new_client_signs_in_with_the_secret_of_the_answer(self, api: Api, town: Town) -> None:
        answer = await api.as_(town.officer).post("/v1/clients", body_for(town))
        shown = answer.json()
        assert answer.headers["location"] == f"/v1/clients/{shown['id']}"
        assert answer.headers["etag"] == '"1"'
        assert shown["client_secret"].startswith("hts_")
        assert len(shown["client_secret"]) == len("hts_") + 43
        assert shown["organisation_kind"] == "school"
        assert [secret["expires_at"] for secret in shown["secrets"]] == [None]
        token = await ask(api, holder(shown))
        assert token.json()["scope"] == "referrals.read referrals.write"

    async def test_two_clients_have_two_secrets(self, api: Api, town: Town) -> None:
        assert (await make(api, town))["client_secret"] != (await make(api, town))["client_secret"]

    async def test_a_retry_makes_no_second_client_and_keeps_no_secret(
        self, api: Api, town: Town, lane: Database
    ) -> None:
        officer, key = api.as_(town.officer), {"Idempotency-Key": "one"}
        first = await officer.post("/v1/clients", body_for(town), headers=key)
        again = await officer.post("/v1/clients", body_for(town), headers=key)
        secret = first.json()["client_secret"]
        assert secret.startswith("hts_")
        assert again.status_code == 201
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]
        assert again.json() == first.json() | {"client_secret": None}
        assert len((await officer.get("/v1/clients")).json()["data"]) == 1
        async with lane.read(town.officer) as session:
            stored = await session.rows("SELECT body FROM idempotency_record")
        assert len(stored) == 1
        assert secret.encode() not in stored[0]["body"]

    async def test_only_the_digest_is_stored(self, api: Api, town: Town, lane: Database) -> None:
        secret = (await make(api, town))["client_secret"]
        async with lane.read(town.officer) as session:
            rows = await session.rows("SELECT s::text AS row, length(s.digest) AS size FROM client_secret s")
        assert [row["size"] for row in rows] == [32]
        assert secret not in rows[0]["row"]
        assert secret.encode().hex() not in rows[0]["row"]

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"scopes": ["outcomes.read"]}, "/scopes", "scope_not_grantable"),
            ({"scopes": ["referrals.read", "supply.write"]}, "/scopes", "scope_not_grantable"),
            ({"scopes": []}, "/scopes", "too_few"),
            ({"scopes": ["everything"]}, "/scopes/0", "unknown_value"),
            ({"scopes": "referrals.read"}, "/scopes", "not_a_list"),
            ({"name": ""}, "/name", "too_short"),
            ({"name": "x" * 201}, "/name", "too_long"),
            ({"organisation_id": "018f0000-0000-7000-8000-000000000001"}, "/organisation_id", "unknown_organisation"),
            ({"organisation_id": "here"}, "/organisation_id", "not_a_uuid"),
            ({"client_secret": "hts_mine"}, "/client_secret", "unknown_field"),
            ({"kind": "authority"}, "/kind", "unknown_field"),
        ],
    )
    async def test_bad_input_is_told_by_field_and_makes_nothing(
        self, api: Api, town: Town, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        answer = await api.as_(town.officer).post("/v1/clients", body_for(town, **changes))
        assert answer.status_code == 422, answer.text
        assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]
        assert (await api.as_(town.officer).get("/v1/clients")).json()["data"] == []


class TestRotating:
    async def test_both_secrets_work_until_the_overlap_ends(
        self, api: Api, town: Town, lane: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await make(api, town)
        answer = await api.as_(town.officer).post(f"/v1/clients/{first['id']}/rotate-secret", {"overlap_seconds": 3600})
        assert answer.status_code == 200, answer.text
        second = answer.json()
        assert answer.headers["etag"] == '"2"'
        old, new = second["secrets"]
        assert new["expires_at"] is None
        assert datetime.fromisoformat(old["expires_at"]) - datetime.fromisoformat(new["created_at"]) == timedelta(
            hours=1
        )
        assert (await ask(api, holder(first))).status_code == 200
        assert (await ask(api, holder(second))).status_code == 200
        pass_real_time(monkeypatch, timedelta(seconds=3601))
        assert (await ask(api, holder(first))).status_code == 401
        assert (await ask(api, holder(second))).status_code == 200
        async with lane.read(town.officer) as session:
            listed = await read_client(session, UUID(first["id"]))
        assert [secret["expires_at"] for secret in listed["secrets"]] == [None]

    async def test_without_overlap_the_old_secret_ends_at_once(self, api: Api, town: Town) -> None:
        first = await make(api, town)
        answer = await api.as_(town.officer).post(f"/v1/clients/{first['id']}/rotate-secret", {"overlap_seconds": 0})
        assert len(answer.json()["secrets"]) == 1
        assert (await ask(api, holder(first))).status_code == 401
        assert (await ask(api, holder(answer.json()))).status_code == 200

    async def test_no_more_than_two_secrets_ever_work(self, api: Api, town: Town) -> None:
        shown = [await make(api, town)]
        for _ in range(2):
            answer = await api.as_(town.officer).post(f"/v1/clients/{shown[0]['id']}/rotate-secret", {})
            shown.append(answer.json())
        assert len(shown[-1]["secrets"]) == 2
        assert [(await ask(api, holder(one))).status_code for one in shown] == [401, 200, 200]

    async def test_rotations_that_meet_leave_two_secrets(self, real_api: Api, real_town: Town) -> None:
        made = await make(real_api, real_town)
        path, officer = f"/v1/clients/{made['id']}/rotate-secret", real_api.as_(real_town.officer)
        answers = await asyncio.gather(*(officer.post(path, {}) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        assert len((await officer.get(f"/v1/clients/{made['id']}")).json()["secrets"]) == 2
        signed_in = [await ask(real_api, holder(answer.json())) for answer in answers]
        assert sorted(answer.status_code for answer in signed_in) == [200, 200, *[401] * 6]

    async def test_a_retry_rotates_once(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        path, key = f"/v1/clients/{made['id']}/rotate-secret", {"Idempotency-Key": "one"}
        first = await api.as_(town.officer).post(path, {}, headers=key)
        again = await api.as_(town.officer).post(path, {}, headers=key)
        assert again.json() == first.json() | {"client_secret": None}
        assert (await ask(api, holder(first.json()))).status_code == 200

    @pytest.mark.parametrize("overlap", [-1, 2_592_001, "3600", 1.5, True, None])
    async def test_an_overlap_out_of_bounds_is_refused(self, api: Api, town: Town, overlap: object) -> None:
        made = await make(api, town)
        path = f"/v1/clients/{made['id']}/rotate-secret"
        answer = await api.as_(town.officer).post(path, {"overlap_seconds": overlap})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/overlap_seconds"

    async def test_a_stale_if_match_changes_nothing(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        for act, body in (("rotate-secret", {}), ("revoke", None)):
            path = f"/v1/clients/{made['id']}/{act}"
            answer = await api.as_(town.officer).post(path, body, headers={"If-Match": '"7"'})
            assert answer.status_code == 412
        assert (await ask(api, holder(made))).status_code == 200


class TestRevoking:
    async def test_a_revoked_client_gets_no_new_token(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        answer = await api.as_(town.officer).post(f"/v1/clients/{made['id']}/revoke")
        assert answer.status_code == 200, answer.text
        assert answer.json()["revoked_at"] is not None
        assert answer.json()["secrets"] == []
        refused = await ask(api, holder(made))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        listed = (await api.as_(town.officer).get("/v1/clients")).json()["data"]
        assert [client["id"] for client in listed] == [made["id"]]

    async def test_a_revoked_client_stays_so(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        await api.as_(town.officer).post(f"/v1/clients/{made['id']}/revoke")
        for act, body in (("revoke", None), ("rotate-secret", {})):
            answer = await api.as_(town.officer).post(f"/v1/clients/{made['id']}/{act}", body)
            assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


class TestReading:
    async def test_the_list_goes_on_by_cursor_and_holds_no_secret(self, api: Api, town: Town) -> None:
        made = [await make(api, town, name=f"Client {index}") for index in range(3)]
        officer = api.as_(town.officer)
        first = (await officer.get("/v1/clients?limit=2")).json()
        second = (await officer.get(f"/v1/clients?limit=2&cursor={first['next_cursor']}")).json()
        assert [client["id"] for client in first["data"] + second["data"]] == [client["id"] for client in made]
        assert second["next_cursor"] is None
        text = str([first, second])
        assert "hts_" not in text
        assert "digest" not in text

    async def test_the_list_can_be_of_one_organisation(self, api: Api, town: Town) -> None:
        await make(api, town)
        of_provider = await make(
            api, town, organisation_id=str(town.provider.organisation_id), scopes=["allocations.read"]
        )
        answer = await api.as_(town.officer).get(f"/v1/clients?organisation_id={town.provider.organisation_id}")
        assert [client["id"] for client in answer.json()["data"]] == [of_provider["id"]]

    async def test_one_client_has_an_entity_tag(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        path = f"/v1/clients/{made['id']}"
        answer = await api.as_(town.officer).get(path)
        assert answer.json() == {name: value for name, value in made.items() if name != "client_secret"}
        again = await api.as_(town.officer).get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_a_cursor_of_another_list_is_refused(self, api: Api, town: Town) -> None:
        for _ in range(2):
            await make(api, town)
        cursor = (await api.as_(town.officer).get("/v1/audit?limit=1")).json()["next_cursor"]
        answer = await api.as_(town.officer).get(f"/v1/clients?cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_rejected")


class TestWhoMay:
    async def test_an_organisation_sees_its_own_clients_and_no_others(self, api: Api, town: Town) -> None:
        made = await make(api, town)
        own, other = api.as_(town.school), api.as_(town.schools[1])
        assert [client["id"] for client in (await own.get("/v1/clients")).json()["data"]] == [made["id"]]
        assert (await own.get(f"/v1/clients/{made['id']}")).status_code == 200
        assert (await other.get("/v1/clients")).json()["data"] == []
        assert (await other.get(f"/v1/clients/{made['id']}")).status_code == 404
        filtered = await other.get(f"/v1/clients?organisation_id={town.school.organisation_id}")
        assert filtered.json()["data"] == []

    @pytest.mark.parametrize("kind", [Kind.SCHOOL, Kind.PROVIDER])
    async def test_only_an_authority_changes_clients(self, api: Api, town: Town, kind: Kind) -> None:
        made = await make(api, town)
        caller = api.as_(town.school if kind is Kind.SCHOOL else town.provider)
        for path, body in (
            ("/v1/clients", body_for(town)),
            (f"/v1/clients/{made['id']}/rotate-secret", {}),
            (f"/v1/clients/{made['id']}/revoke", None),
        ):
            assert (await caller.post(path, body)).status_code == 403
        assert (await api.as_(town.officer).get(f"/v1/clients/{made['id']}")).headers["etag"] == '"1"'
        assert (await ask(api, holder(made))).status_code == 200

    async def test_another_authoritys_clients_do_not_exist(self, api: Api, town: Town, lane: Database) -> None:
        elsewhere = await build_town(lane, name="Othershire (made up)")
        made = await make(api, town)
        stranger = api.as_(elsewhere.officer)
        assert (await stranger.get("/v1/clients")).json()["data"] == []
        assert (await stranger.get(f"/v1/clients/{made['id']}")).status_code == 404
        assert (await stranger.post(f"/v1/clients/{made['id']}/rotate-secret", {})).status_code == 404
        assert (await stranger.post(f"/v1/clients/{made['id']}/revoke")).status_code == 404
        assert (await stranger.post("/v1/clients", body_for(town))).status_code == 422
        assert (await ask(api, holder(made))).status_code == 200

    async def test_an_id_of_nothing_is_not_found(self, api: Api, town: Town) -> None:
        assert (await api.as_(town.officer).get(f"/v1/clients/{new_id()}")).status_code == 404
        assert (await api.as_(town.officer).get("/v1/clients/nothing")).status_code == 422

    async def test_the_scope_admin_is_needed(self, api: Api, town: Town) -> None:
        weak = api.as_(town.officer, scopes=frozenset(Scope) - {Scope.ADMIN})
        for answer in (await weak.get("/v1/clients"), await weak.post("/v1/clients", body_for(town))):
            assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_the_door_of_sign_in_shows_one_client_and_nothing_else(lane: Database, town: Town) -> None:
    mine = await make_client(lane, town.officer, town.school)
    await make_client(lane, town.officer, town.schools[1])
    nobody = UUID(int=0)
    door = replace(town.school, client_id=mine.client["id"], organisation_id=nobody, authority_id=nobody)
    async with lane.read(door) as session:
        assert [row["id"] for row in await session.rows("SELECT id FROM client")] == [mine.client["id"]]
        assert await session.value("SELECT count(*) FROM client_secret") == 1
        assert await session.value("SELECT count(*) FROM organisation") == 0


async def test_no_secret_reaches_the_log_or_the_audit_trail(
    api: Api, town: Town, lane: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await make(api, town)
    rotated = (await api.as_(town.officer).post(f"/v1/clients/{made['id']}/rotate-secret", {})).json()
    trail = await api.as_(town.officer).get("/v1/audit")
    text = caplog.text + " ".join(str(vars(record)) for record in caplog.records)
    assert "rotate-secret" in text
    for secret in (made["client_secret"], rotated["client_secret"]):
        assert secret not in text
        assert secret not in trail.text
