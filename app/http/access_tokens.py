"""Access tokens in the JWT profile of RFC 9068: made for one client, acting for one organisation.

`verify` takes everything in a token as hostile until its signature is checked: one algorithm, one type, one issuer,
one audience. The private claims `authority`, `organisation` and `kind` say for whom the client acts.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from app import clock
from app.access import Kind
from app.http.signing_keys import ALGORITHM, KeyRing, SigningKeys
from app.ids import new_id

JWT_TYPE = "at+jwt"
SKEW_SECONDS = 5
MAX_TOKEN_CHARACTERS = 4096
CACHED_TOKENS = 4096

TokenFaultReason = Literal[
    "malformed",
    "wrong_type",
    "wrong_algorithm",
    "unknown_key",
    "bad_signature",
    "expired",
    "not_yet_valid",
    "wrong_issuer",
    "wrong_audience",
    "wrong_claims",
]

_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])
_CLAIM_REASONS: dict[str, TokenFaultReason] = {"iss": "wrong_issuer", "aud": "wrong_audience", "iat": "not_yet_valid"}


class TokenFault(Exception):
    """An access token was refused. `reason` is stable and safe to tell the caller."""

    def __init__(self, reason: TokenFaultReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a verified token says. Times are seconds since 1970."""

    issuer: str
    audience: str
    subject: str
    client_id: str
    organisation_id: UUID
    authority_id: UUID
    organisation_kind: str
    scopes: frozenset[str]
    issued_at: int
    expires_at: int
    token_id: str


def issue(
    keys: SigningKeys,
    *,
    issuer: str,
    audience: str,
    client_id: str,
    organisation_id: UUID,
    authority_id: UUID,
    organisation_kind: str,
    scopes: frozenset[str],
    now: datetime,
    lifetime_seconds: int,
) -> str:
    """A signed access token that is valid from `now` for `lifetime_seconds`.

    With client credentials no person is involved, so `sub` is the client itself (RFC 9068, section 2.2).
    """
    key = keys.ring().signing
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": client_id,
        "client_id": client_id,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
        "jti": str(new_id()),
        "scope": " ".join(sorted(scopes)),
        "authority": str(authority_id),
        "organisation": str(organisation_id),
        "kind": organisation_kind,
    }
    header = {"alg": ALGORITHM, "typ": JWT_TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key, registry=_REGISTRY)


def verify(keys: SigningKeys, token: str, *, issuer: str, audience: str, now: float | None = None) -> TokenClaims:
    """Check a token's signature, type, issuer, audience and times, and return what it says.

    `now` is seconds since 1970, by default real time; 5 seconds of clock difference are forgiven. Raises TokenFault.
    """
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise TokenFault("malformed")

    def key_for(message: Any) -> RSAKey:
        return _key_for(keys, message.headers())

    moment = int(clock.real_epoch() if now is None else now)
    registry = jwt.JWTClaimsRegistry(
        now=moment,
        leeway=SKEW_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        decoded = jwt.decode(token, key_for, registry=_REGISTRY)
        registry.validate(decoded.claims)
    except UnsupportedAlgorithmError:
        raise TokenFault("wrong_algorithm") from None
    except BadSignatureError:
        raise TokenFault("bad_signature") from None
    except ExpiredTokenError:
        raise TokenFault("expired") from None
    except (InvalidClaimError, MissingClaimError) as fault:
        raise TokenFault(_CLAIM_REASONS.get(fault.claim, "wrong_claims")) from None
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise TokenFault("malformed") from None
    return _claims(decoded.claims, audience)


class TokenVerifier:
    """Verifies the tokens of one issuer and audience, and remembers the good ones until they expire.

    A client sends the same token with every call of a quarter of an hour; checking the RSA signature once is enough.
    The memory holds hashes, so that a core dump holds no token; it is bounded, oldest out first; and it is emptied
    when the keys change, so that a retired key ends its tokens at once.
    """

    def __init__(self, keys: SigningKeys, *, issuer: str, audience: str, size: int = CACHED_TOKENS) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._size = size
        self._ring: KeyRing = keys.ring()
        self._known: dict[bytes, TokenClaims] = {}

    def verify(self, token: str, now: float | None = None) -> TokenClaims:
        """As the function `verify`, remembering the result. Raises TokenFault."""
        moment = clock.real_epoch() if now is None else now
        ring = self._keys.ring()
        if ring is not self._ring:
            self._known.clear()
            self._ring = ring
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None:
            if moment < known.expires_at:
                return known
            del self._known[digest]
        claims = verify(self._keys, token, issuer=self._issuer, audience=self._audience, now=moment)
        if len(self._known) >= self._size:
            del self._known[next(iter(self._known))]
        self._known[digest] = claims
        return claims


def _key_for(keys: SigningKeys, header: dict[str, Any]) -> RSAKey:
    # RFC 9068, section 4: the type is checked, with or without the media type's prefix, whatever its case.
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != JWT_TYPE:
        raise TokenFault("wrong_type")
    # This service issues no critical extensions. The library knows one (`b64`) and would let it pass.
    if "crit" in header:
        raise TokenFault("malformed")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise TokenFault("unknown_key")
    key = keys.verifying_key(kid)
    if key is None:
        raise TokenFault("unknown_key")
    return key


def _claims(claims: dict[str, Any], audience: str) -> TokenClaims:
    try:
        texts = {name: claims[name] for name in ("iss", "sub", "client_id", "jti", "scope", "kind")}
        if not all(isinstance(value, str) for value in texts.values()):
            raise TokenFault("wrong_claims")
        return TokenClaims(
            issuer=texts["iss"],
            audience=audience,
            subject=texts["sub"],
            client_id=str(UUID(texts["client_id"])),
            organisation_id=UUID(claims["organisation"]),
            authority_id=UUID(claims["authority"]),
            organisation_kind=Kind(texts["kind"]).value,
            scopes=frozenset(texts["scope"].split()),
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
            token_id=texts["jti"],
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise TokenFault("wrong_claims") from None
