"""Who calls: the officers, schools and first provider of every seeded authority, with tokens of their own."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from app import clock
from app.access import Kind, Scope
from app.http.access_tokens import issue
from app.http.signing_keys import SigningKeys
from app.ids import new_id

_LIFETIME_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Person:
    """One organisation's caller."""

    authority_id: UUID
    organisation_id: UUID
    kind: Kind
    client_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class People:
    """The callers, one of each kind per authority, in the order of authorities."""

    officers: list[Person]
    schools: list[Person]
    providers: list[Person]


async def meet(admin_url: str, keys_file: Path) -> People:
    """The callers of every authority. The provider is the one with most of the cases."""
    keys = SigningKeys(keys_file)
    connection = await asyncpg.connect(admin_url)
    try:
        # Ids rise with their number, so the smallest is the first.
        rows = await connection.fetch(
            "SELECT DISTINCT ON (authority_id, kind) authority_id, id, kind FROM organisation ORDER BY 1, 3, 2"
        )
    finally:
        await connection.close()
    people = People([], [], [])
    lists = {Kind.AUTHORITY: people.officers, Kind.SCHOOL: people.schools, Kind.PROVIDER: people.providers}
    for row in rows:
        kind = Kind(row["kind"])
        lists[kind].append(_person(keys, UUID(str(row["authority_id"])), UUID(str(row["id"])), kind))
    return people


def _person(keys: SigningKeys, authority_id: UUID, organisation_id: UUID, kind: Kind) -> Person:
    client_id = UUID(str(new_id()))
    token = issue(
        keys,
        issuer="http://bench",
        audience="http://bench",
        client_id=str(client_id),
        organisation_id=organisation_id,
        authority_id=authority_id,
        organisation_kind=kind.value,
        scopes=frozenset(scope.value for scope in Scope),
        now=clock.real_now(),
        lifetime_seconds=_LIFETIME_SECONDS,
    )
    return Person(authority_id, organisation_id, kind, client_id, token)
