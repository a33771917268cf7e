"""Machine credentials: making them, changing their secrets, ending them, and signing in with them.

Secrets are random, shown once and kept as digests. All times here are real time: the sandbox's movable business time
must neither end nor revive a credential.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from app import clock
from app.access import GRANTABLE, Kind, Principal, Scope
from app.db import Database, ReadSession, WriteSession
from app.errors import ActionNotAvailable, FieldFault, Invalid, InvalidClient, NotFound, TokenRequestRejected
from app.ids import new_id
from app.models.parties import client, client_secret
from app.queries import clients as queries
from app.queries.writes import Writes
from app.services import audit

SECRET_PREFIX: Final = "hts_"  # noqa: S105 - the prefix lets scanners of source code and logs know a leaked secret
SECRET_BYTES: Final = 32
DEFAULT_OVERLAP: Final = timedelta(hours=24)
_NOBODY: Final = UUID(int=0)
_NO_DIGEST: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ClientWithSecret:
    """A client as lists show it, and its new secret in plain text, which is kept nowhere."""

    client: dict[str, Any]
    secret: str


async def create_client(
    session: WriteSession, writes: Writes, *, organisation_id: UUID, name: str, scopes: frozenset[Scope]
) -> ClientWithSecret:
    """Queue a new client of an organisation, with its first secret.

    Raises Invalid for an organisation that is not of this authority, for no scope at all, and for a scope that no
    operation open to the organisation's kind asks for.
    """
    kind = await queries.kind_of(session, organisation_id)
    if kind is None:
        sentence = "There is no organisation of that id in this authority."
        raise Invalid(errors=[FieldFault("/organisation_id", "unknown_organisation", sentence)])
    if not scopes or not scopes <= GRANTABLE[kind]:
        allowed = ", ".join(sorted(GRANTABLE[kind]))
        raise Invalid(errors=[FieldFault("/scopes", "scope_not_grantable", f"For a {kind} choose among: {allowed}.")])
    now = clock.real_now()
    client_id = new_id()
    writes.add(client, id=client_id, organisation_id=organisation_id, name=name, scopes=sorted(scopes), created_at=now)
    secret = _queue_secret(writes, client_id, now)
    audit.note(writes, session.principal, "create_client", "client", client_id, ("name", "scopes", "secret"))
    await writes.flush(session)
    return ClientWithSecret(await read_client(session, client_id), secret)


async def rotate_secret(
    session: WriteSession, writes: Writes, client_id: UUID, overlap: timedelta = DEFAULT_OVERLAP
) -> ClientWithSecret:
    """Give a client a new secret; the one in use still works for `overlap`, and an older one ends now.

    Raises NotFound, and ActionNotAvailable for a revoked client.
    """
    await _live_client(session, client_id)
    now = clock.real_now()
    await queries.end_secrets(session, client_id, now + overlap if overlap else None)
    secret = _queue_secret(writes, client_id, now)
    audit.note(writes, session.principal, "rotate_client_secret", "client", client_id, ("secret",))
    await writes.flush(session)
    await queries.touch_client(session, client_id)
    return ClientWithSecret(await read_client(session, client_id), secret)


async def revoke_client(session: WriteSession, writes: Writes, client_id: UUID) -> dict[str, Any]:
    """End a client and every secret of it: it gets no further token. Tokens that it holds run out by themselves.

    Raises NotFound, and ActionNotAvailable when it is revoked already.
    """
    await _live_client(session, client_id)
    await queries.end_secrets(session, client_id, None)
    await queries.touch_client(session, client_id, revoked_at=clock.real_now())
    audit.note(writes, session.principal, "revoke_client", "client", client_id, ("revoked_at", "secret"))
    await writes.flush(session)
    return await read_client(session, client_id)


async def list_clients(
    session: ReadSession, *, organisation_id: UUID | None, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of the clients that the caller may see, oldest first, and the id to go on after (None at the end)."""
    rows = await queries.list_clients(session, organisation_id=organisation_id, after=after, limit=limit)
    shown = await _with_secrets(session, [dict(row) for row in rows[:limit]])
    return shown, shown[-1]["id"] if len(rows) > limit else None


async def read_client(session: ReadSession, client_id: UUID) -> dict[str, Any]:
    """One client, with the times of its live secrets. Raises NotFound for one that the caller may not see."""
    row = await queries.get_client(session, client_id)
    if row is None:
        raise NotFound
    return (await _with_secrets(session, [dict(row)]))[0]


async def sign_in(database: Database, client_id: UUID, secret: str, wanted: frozenset[str] | None) -> Principal:
    """The principal of a client that knows its secret, with the scopes wanted (None: all that it has).

    An unknown client, a revoked one and a wrong secret are one and the same InvalidClient, reached by the same steps:
    one look-up and one comparison. Raises TokenRequestRejected when a scope wanted is not the client's.
    """
    digest = _digest(secret)
    door = Principal(client_id, _NOBODY, _NOBODY, Kind.AGENCY, frozenset())
    async with database.read(door) as session:
        rows = await queries.to_sign_in(session, client_id, clock.real_now())
    matches = [compare_digest(row["digest"] or _NO_DIGEST, digest) for row in rows]
    if not rows:
        compare_digest(_NO_DIGEST, digest)
    if not any(matches):
        raise InvalidClient
    found = rows[0]
    inside = Principal(client_id, found["organisation_id"], found["authority_id"], Kind.AGENCY, frozenset())
    async with database.read(inside) as session:
        kind = await queries.kind_of(session, inside.organisation_id)
    if kind is None:
        raise InvalidClient
    # Cut anew at each sign-in: a rule that was narrowed since binds the clients made before.
    held = frozenset(scope for scope in GRANTABLE[kind] if scope.value in found["scopes"])
    return Principal(client_id, inside.organisation_id, inside.authority_id, kind, _granted(held, wanted))


def _granted(held: frozenset[Scope], wanted: frozenset[str] | None) -> frozenset[Scope]:
    granted = held if wanted is None else frozenset(scope for scope in held if scope.value in wanted)
    if not granted or (wanted is not None and len(granted) < len(wanted)):
        raise TokenRequestRejected("A scope asked for is not one of this client.", extra={"error": "invalid_scope"})
    return granted


async def _live_client(session: WriteSession, client_id: UUID) -> None:
    row = await queries.lock_client(session, client_id)
    if row is None:
        raise NotFound
    if row["revoked_at"] is not None:
        raise ActionNotAvailable("The client is revoked.")


async def _with_secrets(session: ReadSession, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = await queries.live_secrets(session, [one["id"] for one in shown], clock.real_now())
    for one in shown:
        one["secrets"] = [
            {"created_at": row["created_at"], "expires_at": row["expires_at"]}
            for row in rows
            if row["client_id"] == one["id"]
        ]
    return shown


def _queue_secret(writes: Writes, client_id: UUID, now: datetime) -> str:
    secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    writes.add(client_secret, id=new_id(), client_id=client_id, digest=_digest(secret), created_at=now, expires_at=None)
    return secret


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
