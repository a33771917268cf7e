"""Access tokens and the keys behind them, against the ways in which tokens are forged."""

import hmac
import json
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from app import clock
from app.http import signing_keys
from app.http.access_tokens import TokenClaims, TokenFault, TokenVerifier, issue, verify
from app.http.signing_keys import SigningKeys, SigningKeysFault, retire, rotate

ISSUER = "https://halfterm.test"
AUDIENCE = "https://halfterm.test/v1"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EPOCH = NOW.timestamp()
AUTHORITY = UUID("018f0000-0000-7000-8000-000000000001")
SCHOOL = UUID("018f0000-0000-7000-8000-000000000002")
CLIENT = "018f0000-0000-7000-8000-000000000003"


@pytest.fixture(scope="module")
def first_document(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One key file for all tests of the module: an RSA key takes a while to find."""
    path = tmp_path_factory.mktemp("keys") / "signing-keys.json"
    SigningKeys(path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, first_document: bytes) -> Path:
    path = tmp_path / "signing-keys.json"
    path.write_bytes(first_document)
    path.chmod(0o600)
    return path


@pytest.fixture
def keys(path: Path) -> SigningKeys:
    return SigningKeys(path)


def token_of(keys: SigningKeys, **changes: Any) -> str:
    facts: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "client_id": CLIENT,
        "organisation_id": SCHOOL,
        "authority_id": AUTHORITY,
        "organisation_kind": "school",
        "scopes": frozenset({"referrals.write", "referrals.read"}),
        "now": NOW,
        "lifetime_seconds": 900,
    }
    return issue(keys, **(facts | changes))


def check(keys: SigningKeys, token: str, now: float = EPOCH) -> TokenClaims:
    return verify(keys, token, issuer=ISSUER, audience=AUDIENCE, now=now)


def reason(keys: SigningKeys, token: str, now: float = EPOCH) -> str:
    with pytest.raises(TokenFault) as refused:
        check(keys, token, now)
    return refused.value.reason


def segment(content: Any) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def opened(token: str, index: int) -> dict[str, Any]:
    part = token.split(".")[index]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed(keys: SigningKeys, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token with a right signature, made by hand, with the given header members and claims; None takes one out."""
    plain = token_of(keys)
    parts = [opened(plain, 0) | (header or {}), opened(plain, 1) | claims]
    head, payload = (segment({name: v for name, v in part.items() if v is not None}) for part in parts)
    return by_hand(keys.ring().signing, head, payload)


def by_hand(key: RSAKey, head: str, payload: str) -> str:
    """The compact form of two segments, signed with RS256 without asking any library whether that is wise."""
    signature = key.private_key.sign(f"{head}.{payload}".encode(), PKCS1v15(), SHA256())
    return f"{head}.{payload}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_says_for_whom_its_client_acts(keys: SigningKeys) -> None:
    token = token_of(keys)
    claims = check(keys, token)
    assert claims == TokenClaims(
        issuer=ISSUER,
        audience=AUDIENCE,
        subject=CLIENT,
        client_id=CLIENT,
        organisation_id=SCHOOL,
        authority_id=AUTHORITY,
        organisation_kind="school",
        scopes=frozenset({"referrals.read", "referrals.write"}),
        issued_at=int(EPOCH),
        expires_at=int(EPOCH) + 900,
        token_id=opened(token, 1)["jti"],
    )
    assert opened(token, 0) == {"alg": "RS256", "typ": "at+jwt", "kid": keys.ring().signing.kid}
    assert set(opened(token, 1)) >= {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"}
    assert opened(token, 1)["scope"] == "referrals.read referrals.write"


def test_two_tokens_never_share_an_id(keys: SigningKeys) -> None:
    assert check(keys, token_of(keys)).token_id != check(keys, token_of(keys)).token_id


def test_a_token_lives_from_its_issue_to_its_end_with_five_seconds_of_grace(keys: SigningKeys) -> None:
    token = token_of(keys)
    check(keys, token, EPOCH + 900)
    check(keys, token, EPOCH - 5)
    assert reason(keys, token, EPOCH + 906) == "expired"
    assert reason(keys, token, EPOCH - 6) == "not_yet_valid"


def test_algorithm_none_is_refused(keys: SigningKeys) -> None:
    header, payload, _ = token_of(keys).split(".")
    for name in ("none", "None", "NONE"):
        head = segment({"alg": name, "typ": "at+jwt", "kid": keys.ring().signing.kid})
        assert reason(keys, f"{head}.{payload}.") == "wrong_algorithm"
    assert reason(keys, f"{header}.{payload}.") == "bad_signature"


def test_hs256_with_the_public_key_as_secret_is_refused(keys: SigningKeys) -> None:
    public = keys.ring().signing.public_key
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(keys.public_jwks()).encode(),
    ]
    payload = token_of(keys).split(".")[1]
    for secret in secrets:
        head = segment({"alg": "HS256", "typ": "at+jwt", "kid": keys.ring().signing.kid})
        mac = hmac.digest(secret, f"{head}.{payload}".encode(), "sha256")
        forged = f"{head}.{payload}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
        assert reason(keys, forged) == "wrong_algorithm"


def test_the_cursor_key_signs_no_token(keys: SigningKeys) -> None:
    document = json.loads(keys.path.read_text())
    symmetric = OctKey.import_key(next(key for key in document["keys"] if key["kty"] == "oct"))
    header = {"alg": "HS256", "typ": "at+jwt", "kid": symmetric.kid}
    assert reason(keys, jwt.encode(header, opened(token_of(keys), 1), symmetric, ["HS256"])) == "wrong_algorithm"
    _, payload, signature = token_of(keys).split(".")
    head = segment({"alg": "RS256", "typ": "at+jwt", "kid": symmetric.kid})
    assert reason(keys, f"{head}.{payload}.{signature}") == "unknown_key"


def test_another_rsa_algorithm_of_the_same_key_is_refused(keys: SigningKeys) -> None:
    header = {"alg": "PS256", "typ": "at+jwt", "kid": keys.ring().signing.kid}
    bare = RSAKey.import_key({k: v for k, v in keys.ring().signing.as_dict(private=True).items() if k != "alg"})
    assert reason(keys, jwt.encode(header, opened(token_of(keys), 1), bare, ["PS256"])) == "wrong_algorithm"


def test_a_foreign_key_under_our_name_is_refused(keys: SigningKeys) -> None:
    foreign = RSAKey.generate_key(2048)
    header = opened(token_of(keys), 0)
    assert reason(keys, jwt.encode(header, opened(token_of(keys), 1), foreign, ["RS256"])) == "bad_signature"


def test_a_key_offered_inside_the_token_is_not_used(keys: SigningKeys) -> None:
    foreign = RSAKey.generate_key(2048)
    claims = segment(opened(token_of(keys), 1))
    offered = opened(token_of(keys), 0) | {"jwk": foreign.as_dict(private=False)}
    assert reason(keys, by_hand(foreign, segment(offered), claims)) == "malformed"  # a header this long has no use
    offered = opened(token_of(keys), 0) | {"jku": "https://foreign.test/jwks"}
    assert reason(keys, by_hand(foreign, segment(offered), claims)) == "bad_signature"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"typ": "JWT"}, "wrong_type"),
        ({"typ": None}, "wrong_type"),
        ({"kid": None}, "unknown_key"),
        ({"kid": "nobody"}, "unknown_key"),
        ({"crit": ["exp"], "exp": 1}, "malformed"),
        ({"crit": ["b64"], "b64": True}, "malformed"),
    ],
)
def test_a_header_of_another_kind_is_refused(keys: SigningKeys, header: dict[str, Any], expected: str) -> None:
    assert reason(keys, signed(keys, header=header)) == expected


def test_the_media_type_form_of_the_type_is_accepted(keys: SigningKeys) -> None:
    assert check(keys, signed(keys, header={"typ": "application/AT+JWT"})).client_id == CLIENT


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "https://elsewhere.test"}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"iss": "https://elsewhere.test"}, "wrong_issuer"),
        ({"iss": ISSUER + "/"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"exp": None}, "wrong_claims"),
        ({"exp": "2099-01-01"}, "wrong_claims"),
        ({"exp": True}, "wrong_claims"),
        ({"iat": None}, "not_yet_valid"),
        ({"organisation": None}, "wrong_claims"),
        ({"organisation": "not-a-uuid"}, "wrong_claims"),
        ({"authority": 7}, "wrong_claims"),
        ({"scope": ["admin"]}, "wrong_claims"),
        ({"client_id": None}, "wrong_claims"),
        ({"client_id": "not-a-uuid"}, "wrong_claims"),
        ({"kind": "stranger"}, "wrong_claims"),
        ({"jti": None}, "wrong_claims"),
    ],
)
def test_a_well_signed_token_with_wrong_claims_is_refused(
    keys: SigningKeys, claims: dict[str, Any], expected: str
) -> None:
    assert reason(keys, signed(keys, **claims)) == expected


def test_a_changed_payload_is_refused(keys: SigningKeys) -> None:
    header, _, signature = token_of(keys).split(".")
    claims = opened(token_of(keys), 1) | {"scope": "admin"}
    assert reason(keys, f"{header}.{segment(claims)}.{signature}") == "bad_signature"


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.b.c", "\ud800.b.c", "x" * 5000])
def test_what_is_no_token_is_malformed(keys: SigningKeys, text: str) -> None:
    assert reason(keys, text) == "malformed"


def test_a_payload_that_is_no_object_or_nests_without_end_is_refused(keys: SigningKeys) -> None:
    head = token_of(keys).split(".")[0]
    for payload in (b"[]", b"7", b"nonsense", b"\xff", b"[" * 1400):
        text = urlsafe_b64encode(payload).decode().rstrip("=")
        assert reason(keys, by_hand(keys.ring().signing, head, text)) == "malformed"


class TestRememberedTokens:
    def verifier(self, keys: SigningKeys, size: int = 10) -> TokenVerifier:
        return TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, size=size)

    def test_a_second_look_gives_the_same_claims(self, keys: SigningKeys) -> None:
        verifier, token = self.verifier(keys), token_of(keys)
        assert verifier.verify(token, EPOCH) is verifier.verify(token, EPOCH + 1)

    def test_a_remembered_token_still_expires(self, keys: SigningKeys) -> None:
        verifier, token = self.verifier(keys), token_of(keys)
        verifier.verify(token, EPOCH)
        with pytest.raises(TokenFault, match="expired"):
            verifier.verify(token, EPOCH + 906)

    def test_a_near_copy_of_a_remembered_token_is_not_taken_for_it(self, keys: SigningKeys) -> None:
        verifier, token = self.verifier(keys), token_of(keys)
        verifier.verify(token, EPOCH)
        with pytest.raises(TokenFault):
            verifier.verify(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), EPOCH)

    def test_refusals_are_not_remembered_and_the_memory_is_bounded(self, keys: SigningKeys) -> None:
        verifier = self.verifier(keys, size=3)
        for _ in range(5):
            verifier.verify(token_of(keys), EPOCH)
            with pytest.raises(TokenFault):
                verifier.verify("a.b.c", EPOCH)
        assert len(verifier._known) == 3

    def test_a_retired_key_ends_its_remembered_tokens(
        self, keys: SigningKeys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verifier, token = self.verifier(keys), token_of(keys)
        old = keys.ring().signing.kid
        verifier.verify(token, EPOCH)
        rotate(path)
        retire(path, str(old))
        later = clock.monotonic() + 1.1
        monkeypatch.setattr(clock, "monotonic", lambda: later)
        with pytest.raises(TokenFault, match="unknown_key"):
            verifier.verify(token, EPOCH)


class TestKeys:
    def test_a_missing_file_is_made_for_the_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "signing-keys.json"
        previous = os.umask(0)
        try:
            SigningKeys(path)
        finally:
            os.umask(previous)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [key["kty"] for key in json.loads(path.read_text())["keys"]] == ["RSA", "oct"]

    def test_workers_that_start_at_once_agree(self, tmp_path: Path) -> None:
        path = tmp_path / "signing-keys.json"
        with ThreadPoolExecutor(6) as pool:
            opened_keys = list(pool.map(lambda _: SigningKeys(path), range(6)))
        assert len({keys.ring().signing.kid for keys in opened_keys}) == 1
        assert len({keys.ring().cursor_key for keys in opened_keys}) == 1

    def test_the_public_document_holds_no_private_member(self, keys: SigningKeys, path: Path) -> None:
        rotate(path)
        document = SigningKeys(path).public_jwks()
        assert len(document["keys"]) == 2
        assert all(set(key) == {"kty", "kid", "use", "alg", "n", "e"} for key in document["keys"])
        private = {
            value
            for key in json.loads(path.read_text())["keys"]
            for name, value in key.items()
            if name in {"d", "p", "q", "dp", "dq", "qi", "k"}
        }
        assert len(private) == 13
        assert not any(value in json.dumps(document) for value in private)

    def test_after_a_rotation_new_tokens_have_the_new_key_and_old_ones_still_pass(
        self, keys: SigningKeys, path: Path
    ) -> None:
        old_token, cursor_key = token_of(keys), keys.ring().cursor_key
        kid = rotate(path)
        fresh = SigningKeys(path)
        assert fresh.ring().signing.kid == kid
        assert opened(token_of(fresh), 0)["kid"] == kid
        check(fresh, old_token)
        assert fresh.ring().cursor_key == cursor_key
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_process_learns_a_new_key_from_the_first_token_signed_with_it(
        self, keys: SigningKeys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        still = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: still)
        rotate(path)
        token = token_of(SigningKeys(path))
        assert opened(token, 0)["kid"] not in keys.ring().verifying
        check(keys, token)

    def test_the_file_is_looked_at_once_a_second_at_most(
        self, keys: SigningKeys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: start + 1.1)
        before = keys.ring()
        kid = rotate(path)
        monkeypatch.setattr(clock, "monotonic", lambda: start + 1.9)
        assert keys.ring() is before
        monkeypatch.setattr(clock, "monotonic", lambda: start + 2.2)
        assert keys.ring().signing.kid == kid

    def test_a_broken_file_keeps_the_last_good_keys_in_service(
        self, keys: SigningKeys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = token_of(keys)
        path.write_text('{"keys": [')
        later = clock.monotonic() + 5
        monkeypatch.setattr(clock, "monotonic", lambda: later)
        check(keys, token)

    def test_the_signing_key_and_an_unknown_key_cannot_be_retired(self, keys: SigningKeys, path: Path) -> None:
        before = path.read_bytes()
        for kid in (str(keys.ring().signing.kid), "nobody"):
            with pytest.raises(SigningKeysFault):
                retire(path, kid)
        assert path.read_bytes() == before

    def test_a_file_without_the_keys_needed_is_refused_and_not_quoted(self, path: Path, first_document: bytes) -> None:
        rsa, symmetric = json.loads(first_document)["keys"]
        public = {name: rsa[name] for name in ("kty", "n", "e")}
        for content in ("", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "oct"}]}'):
            path.write_text(content)
            with pytest.raises(SigningKeysFault):
                SigningKeys(path)
        for members in ([rsa], [symmetric], [public, symmetric], [rsa, {"kty": "oct", "k": "c2l4dGVlbiBieXRlcyEh"}]):
            path.write_text(json.dumps({"keys": members}))
            with pytest.raises(SigningKeysFault) as refused:
                SigningKeys(path)
            assert rsa["d"] not in str(refused.value)

    def test_a_file_that_others_can_read_is_reported(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path.chmod(0o644)
        SigningKeys(path)
        assert "can be read by other users" in caplog.text
        assert caplog.records[0].name == signing_keys.__name__
