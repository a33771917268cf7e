"""Signing in over HTTP: the token endpoint as RFC 6749 has it, and what becomes of tokens at the API's doors."""

import json
import logging
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app import clock
from app.access import GRANTABLE, Kind, Scope
from app.db import Database
from app.http.access_tokens import _REGISTRY, TokenVerifier
from app.http.rate_limits import FAILURES_PER_CLIENT, FAILURES_PER_NETWORK, SignInThrottle
from app.http.signing_keys import SigningKeys, retire, rotate
from app.queries.writes import Writes
from app.services.clients import ClientWithSecret, revoke_client
from app.settings import Settings
from tests.factories.authority import Town
from tests.factories.clients import SCHOOL_SCOPES, ask, basic, make_client
from tests.factories.http import Api

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def mis(lane: Database, town: Town) -> ClientWithSecret:
    """A school's client."""
    return await make_client(lane, town.officer, town.school)


def opened(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def with_token(api: Api, token: str) -> Any:
    return await api.client.get("/v1/clients", headers={"Authorization": f"Bearer {token}"})


class TestGranting:
    async def test_basic_gives_a_bearer_token_for_the_clients_organisation(
        self, api: Api, town: Town, mis: ClientWithSecret, settings: Settings
    ) -> None:
        answer = await ask(api, mis)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert body["token_type"] == "Bearer"
        assert body["expires_in"] == settings.token_lifetime_seconds
        assert body["scope"] == "referrals.read referrals.write supply.read"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"
        claims = opened(body["access_token"])
        assert claims["organisation"] == str(town.school.organisation_id)
        assert claims["authority"] == str(town.school.authority_id)
        assert claims["kind"] == "school"
        assert claims["client_id"] == claims["sub"] == str(mis.client["id"])

    async def test_the_secret_may_stand_in_the_body(self, api: Api, mis: ClientWithSecret) -> None:
        form = {**GRANT, "client_id": str(mis.client["id"]), "client_secret": mis.secret}
        answer = await api.client.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text

    async def test_fewer_scopes_are_granted_when_fewer_are_asked_for(
        self, api: Api, lane: Database, town: Town
    ) -> None:
        officer = await make_client(
            lane, town.officer, town.officer, scopes=frozenset({Scope.ADMIN, Scope.EVENTS_READ})
        )
        full = (await ask(api, officer)).json()["access_token"]
        assert (await with_token(api, full)).status_code == 200
        narrow = (await ask(api, officer, scope="events.read")).json()
        assert narrow["scope"] == "events.read"
        refused = await with_token(api, narrow["access_token"])
        assert refused.status_code == 403
        assert refused.json()["code"] == "insufficient_scope"
        assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="admin"'

    async def test_this_service_may_be_named_as_the_resource_and_no_other(
        self, api: Api, mis: ClientWithSecret, settings: Settings
    ) -> None:
        assert (await ask(api, mis, resource=settings.base_url)).status_code == 200
        refused = await ask(api, mis, resource="https://elsewhere.example")
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")

    async def test_unknown_and_empty_parameters_are_passed_over(self, api: Api, mis: ClientWithSecret) -> None:
        answer = await ask(api, mis, colour="blue", scope="")
        assert answer.json()["scope"] == "referrals.read referrals.write supply.read"

    async def test_basic_is_percent_decoded(self, api: Api, mis: ClientWithSecret) -> None:
        encoded = "".join(f"%{byte:02X}" for byte in mis.secret.encode())
        pair = b64encode(f"{mis.client['id']}:{encoded}".encode()).decode()
        answer = await api.client.post("/oauth/token", data=GRANT, headers={"Authorization": f"basic {pair}"})
        assert answer.status_code == 200, answer.text

    async def test_a_client_is_never_granted_what_its_kind_may_not_do(
        self, api: Api, lane: Database, town: Town, mis: ClientWithSecret
    ) -> None:
        """A scope that a rule gave up after the client was made."""
        assert Scope.OUTCOMES_READ not in GRANTABLE[Kind.SCHOOL]
        async with lane.write(town.officer) as session:
            await session.run(
                "UPDATE client SET scopes = $3 WHERE authority_id = $1 AND id = $2",
                town.officer.authority_id,
                mis.client["id"],
                ["outcomes.read", "supply.read", "long.gone"],
            )
        assert (await ask(api, mis)).json()["scope"] == "supply.read"
        assert (await ask(api, mis, scope="outcomes.read")).json()["error"] == "invalid_scope"


class TestRefusing:
    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({}, 400, "invalid_request"),
            ({"grant_type": ""}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
            ({**GRANT, "scope": "admin"}, 400, "invalid_scope"),
            ({**GRANT, "scope": "referrals.read admin"}, 400, "invalid_scope"),
            ({**GRANT, "scope": "no.such"}, 400, "invalid_scope"),
            ({**GRANT, "scope": " "}, 400, "invalid_scope"),
            ({**GRANT, "scope": ["referrals.read", "referrals.read"]}, 400, "invalid_request"),
            ({"grant_type": ["client_credentials", "client_credentials"]}, 400, "invalid_request"),
            ({**GRANT, "client_secret": "hts_x"}, 400, "invalid_request"),
            ({**GRANT, "client_id": "018f0000-0000-7000-8000-000000000001"}, 400, "invalid_request"),
        ],
    )
    async def test_a_request_that_is_not_right(
        self, api: Api, mis: ClientWithSecret, form: dict[str, Any], status: int, error: str
    ) -> None:
        answer = await api.client.post("/oauth/token", data=form, headers=FORM | basic(mis.client["id"], mis.secret))
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert set(answer.json()) == {"error", "error_description"}
        assert '"' not in answer.json()["error_description"]
        assert "\\" not in answer.json()["error_description"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic !!!",
            "Basic " + b64encode(b"no colon").decode(),
            "Basic " + b64encode(b"\xff\xfe:x").decode(),
            "Basic " + b64encode(b"%ff:x").decode(),
            "Basic " + b64encode(b":").decode(),
            "Basic " + b64encode(b"not-a-uuid:hts_x").decode(),
            "Basic " + b64encode(b"a\x00b:c\x00d").decode(),
            "Bearer abc",
        ],
    )
    async def test_a_header_that_names_no_client(self, api: Api, town: Town, header: str) -> None:
        answer = await api.client.post("/oauth/token", data=GRANT, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic realm=")

    async def test_no_credentials_at_all(self, api: Api, mis: ClientWithSecret) -> None:
        for form in (GRANT, {**GRANT, "client_id": str(mis.client["id"])}):
            answer = await api.client.post("/oauth/token", data=form)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic realm=")

    async def test_unknown_revoked_and_wrong_secret_look_the_same(
        self, api: Api, lane: Database, town: Town, mis: ClientWithSecret
    ) -> None:
        gone = await make_client(lane, town.officer, town.school)
        async with lane.write(town.officer) as session:
            await revoke_client(session, Writes(), gone.client["id"])
        unknown = ClientWithSecret({"id": town.school.client_id}, mis.secret)
        answers = [await ask(api, client) for client in (ClientWithSecret(mis.client, gone.secret), gone, unknown)]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1

    async def test_an_unknown_client_costs_the_same_steps_as_a_wrong_secret(
        self, api: Api, lane: Database, town: Town, mis: ClientWithSecret, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        doors: list[object] = []
        compared: list[int] = []
        read = Database.read
        monkeypatch.setattr(Database, "read", lambda self, principal: doors.append(principal) or read(self, principal))
        monkeypatch.setattr(
            "app.services.clients.compare_digest", lambda one, other: bool(compared.append(len(one))) or one == other
        )
        await ask(api, ClientWithSecret(mis.client, "hts_wrong"))
        wrong = (len(doors), list(compared))
        doors.clear()
        compared.clear()
        await ask(api, ClientWithSecret({"id": town.school.client_id}, "hts_wrong"))
        assert (len(doors), compared) == wrong == (1, [32])

    async def test_one_clients_secret_does_not_open_another(
        self, api: Api, lane: Database, town: Town, mis: ClientWithSecret
    ) -> None:
        other = await make_client(lane, town.officer, town.schools[1])
        assert (await ask(api, ClientWithSecret(other.client, mis.secret))).status_code == 401

    @pytest.mark.parametrize(
        ("content", "headers"),
        [
            (b'{"grant_type": "client_credentials"}', {"Content-Type": "application/json"}),
            (b"grant_type=client_credentials", {}),
            (b"grant_type=%ff", FORM),
            (b"\xff\xfe", FORM),
            (b"a=1&" * 40, FORM),
            (b"grant_type=" + b"x" * 20_000, FORM),
        ],
    )
    async def test_a_body_that_is_no_form(
        self, api: Api, mis: ClientWithSecret, content: bytes, headers: dict[str, str]
    ) -> None:
        answer = await api.client.post(
            "/oauth/token", content=content, headers=headers | basic(mis.client["id"], mis.secret)
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    async def test_a_secret_in_the_url_is_refused(self, api: Api, mis: ClientWithSecret) -> None:
        answer = await api.client.post(
            "/oauth/token",
            data=GRANT,
            params={"client_id": str(mis.client["id"]), "client_secret": mis.secret},
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    async def test_other_methods_and_oversize_bodies_are_problems(self, api: Api) -> None:
        assert (await api.client.get("/oauth/token")).status_code == 405
        large = await api.client.post("/oauth/token", content=b"x" * 2_000_000, headers=FORM)
        assert large.status_code == 413
        assert large.headers["content-type"] == "application/problem+json"

    async def test_no_secret_and_no_token_reaches_the_log(
        self, api: Api, mis: ClientWithSecret, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        good = await ask(api, mis)
        await ask(api, ClientWithSecret(mis.client, "hts_wrong-but-private"))
        await ask(api, mis, scope="admin")
        text = caplog.text + " ".join(str(vars(record)) for record in caplog.records)
        assert "/oauth/token" in text
        for private in (mis.secret, "hts_wrong-but-private", good.json()["access_token"]):
            assert private not in text


class TestThrottle:
    async def test_a_client_that_fails_too_often_waits(
        self, api: Api, lane: Database, town: Town, mis: ClientWithSecret, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = ClientWithSecret(mis.client, "hts_wrong")
        for _ in range(FAILURES_PER_CLIENT):
            assert (await ask(api, wrong)).status_code == 401
        refused = await ask(api, mis)
        assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        other = await make_client(lane, town.officer, town.schools[1])
        assert (await ask(api, other)).status_code == 200
        later = clock.monotonic() + 61
        monkeypatch.setattr(clock, "monotonic", lambda: later)
        assert (await ask(api, mis)).status_code == 200

    async def test_good_sign_ins_are_not_counted(self, api: Api, mis: ClientWithSecret) -> None:
        for _ in range(FAILURES_PER_CLIENT + 2):
            assert (await ask(api, mis)).status_code == 200

    async def test_a_network_that_tries_many_clients_waits(self, api: Api, mis: ClientWithSecret) -> None:
        api.runtime.sign_ins = SignInThrottle(per_network=3)
        for index in range(3):
            stranger = {"id": f"018f0000-0000-7000-8000-00000000000{index}"}
            assert (await ask(api, ClientWithSecret(stranger, "hts_guess"))).status_code == 401
        assert (await ask(api, mis)).status_code == 429
        assert FAILURES_PER_NETWORK > FAILURES_PER_CLIENT


class TestTokensAtTheDoor:
    """Over a real route, each time with a principal that a good token lets in."""

    def signed(self, api: Api, town: Town, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = api.runtime.keys.ring().signing
        head = {"alg": "RS256", "typ": "at+jwt", "kid": key.kid} | (header or {})
        return jwt.encode(head, opened(api.token(town.officer)) | claims, key, registry=_REGISTRY)

    async def test_a_good_one_passes(self, api: Api, town: Town) -> None:
        assert (await with_token(api, self.signed(api, town))).status_code == 200

    @pytest.mark.parametrize(
        ("header", "claims", "reason"),
        [
            ({}, {"aud": "https://elsewhere.example"}, "wrong_audience"),
            ({}, {"iss": "https://elsewhere.example"}, "wrong_issuer"),
            ({}, {"exp": 1_700_000_000}, "expired"),
            ({"typ": "JWT"}, {}, "wrong_type"),
            ({"kid": "nobody"}, {}, "unknown_key"),
        ],
    )
    async def test_a_wrong_one_is_refused(
        self, api: Api, town: Town, header: dict[str, Any], claims: dict[str, Any], reason: str
    ) -> None:
        self.refused(await with_token(api, self.signed(api, town, header=header, **claims)), reason)

    def refused(self, answer: Any, reason: str) -> None:
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["reason"] == reason
        expected = f'Bearer error="invalid_token", error_description="{reason}"'
        assert answer.headers["www-authenticate"] == expected

    async def test_alg_none_is_refused(self, api: Api, town: Town) -> None:
        kid = api.runtime.keys.ring().signing.kid
        parts = [{"alg": "none", "typ": "at+jwt", "kid": kid}, opened(api.token(town.officer))]
        head, payload = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        self.refused(await with_token(api, f"{head}.{payload}."), "wrong_algorithm")

    async def test_no_token_and_another_scheme_are_challenged(self, api: Api) -> None:
        for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}):
            answer = await api.client.get("/v1/clients", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"

    async def test_a_scope_that_is_missing_is_named(self, api: Api, town: Town) -> None:
        answer = await api.as_(town.officer, scopes=frozenset({Scope.SUPPLY_READ})).get("/v1/clients")
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="admin"'

    async def test_a_rotated_key_still_verifies_and_a_retired_one_does_not(
        self, api: Api, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = SigningKeys(tmp_path / "signing-keys.json")
        url = api.runtime.settings.base_url
        api.runtime.keys = keys
        api.runtime.verifier = TokenVerifier(keys, issuer=url, audience=url)
        old_kid, old_token = str(keys.ring().signing.kid), api.token(town.officer)
        rotate(keys.path)
        self.pass_time(monkeypatch, 2)
        assert (await with_token(api, old_token)).status_code == 200
        new_token = api.token(town.officer)
        published = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in published] == [keys.ring().signing.kid, old_kid]
        retire(keys.path, old_kid)
        self.pass_time(monkeypatch, 4)
        self.refused(await with_token(api, old_token), "unknown_key")
        assert (await with_token(api, new_token)).status_code == 200

    def pass_time(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        later = clock.monotonic() + seconds
        monkeypatch.setattr(clock, "monotonic", lambda: later)


class TestRateLimits:
    async def test_every_answer_tells_what_is_left_and_too_many_are_refused(
        self, api: Api, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        still = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: still)
        quota = api.runtime.settings.rate_limit_per_minute
        officer = api.as_(town.officer)
        first = await officer.get("/v1/clients")
        assert first.headers["ratelimit-policy"] == f'"client";q={quota};w=60'
        assert first.headers["ratelimit"] == f'"client";r={quota - 1};t=60'
        assert (await officer.get("/v1/audit?limit=0")).headers["ratelimit"] == f'"client";r={quota - 2};t=60'
        for _ in range(quota - 2):
            api.runtime.rate_limits.admit(town.officer.client_id)
        refused = await officer.get("/v1/clients")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.headers["ratelimit"] == '"client";r=0;t=60'
        assert refused.headers["retry-after"] == "60"
        assert (await api.as_(town.school).get("/v1/clients")).status_code == 200
        monkeypatch.setattr(clock, "monotonic", lambda: still + 60)
        assert (await officer.get("/v1/clients")).status_code == 200


class TestDiscovery:
    async def test_the_metadata_names_what_is_served(self, api: Api, settings: Settings) -> None:
        answer = await api.client.get("/.well-known/oauth-authorization-server")
        document = answer.json()
        assert document["issuer"] == settings.base_url
        assert document["grant_types_supported"] == ["client_credentials"]
        assert document["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
        assert set(document["scopes_supported"]) == {scope.value for scope in Scope}
        assert answer.headers["cache-control"] == "public, max-age=300"
        keys = await api.client.get(document["jwks_uri"])
        assert keys.status_code == 200
        token = await api.client.post(document["token_endpoint"], data=GRANT)
        assert token.json()["error"] == "invalid_client"

    async def test_a_token_verifies_against_the_published_keys_alone(self, api: Api, mis: ClientWithSecret) -> None:
        token = (await ask(api, mis)).json()["access_token"]
        published = (await api.client.get("/.well-known/jwks.json")).json()
        assert set(published["keys"][0]) == {"kty", "kid", "use", "alg", "n", "e"}
        decoded = jwt.decode(token, KeySet.import_key_set(published), algorithms=["RS256"])
        assert decoded.claims["scope"] == " ".join(sorted(SCHOOL_SCOPES))

    def test_the_token_endpoint_is_described(self, api: Api) -> None:
        operation = api.app.openapi()["paths"]["/oauth/token"]["post"]
        form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
        assert set(form["schema"]["properties"]) == {"grant_type", "scope", "client_id", "client_secret", "resource"}
        assert form["schema"]["required"] == ["grant_type"]
        assert set(form["examples"]) == {"basic", "body"}
        shown = {
            status: operation["responses"][status]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            for status in ("200", "400", "401", "429")
        }
        assert shown == {"200": "TokenOut", "400": "TokenErrorOut", "401": "TokenErrorOut", "429": "TokenErrorOut"}
        assert operation["security"] == [{"client": []}, {}]


def test_an_authority_has_every_scope_that_is_in_use_and_a_school_no_more_than_it_can_use() -> None:
    assert Scope.REFERRALS_WRITE in GRANTABLE[Kind.SCHOOL]
    assert not GRANTABLE[Kind.SCHOOL] & {Scope.ALLOCATIONS_WRITE, Scope.SUPPLY_WRITE, Scope.OUTCOMES_READ}
    assert Scope.ALLOCATIONS_WRITE in GRANTABLE[Kind.PROVIDER]
    assert Scope.OUTCOMES_READ in GRANTABLE[Kind.AUTHORITY]
