"""Finding an authority and its organisations by what a person at the command line knows of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from app.access import Kind, Principal
from app.db import Database, ReadSession, WorkerDatabase
from app.errors import Invalid, NotFound
from app.queries import authorities as queries
from app.schema import roles_for, user_of
from app.services.authority import officer_of


@dataclass(frozen=True, slots=True)
class KnownAuthority:
    """An authority of the database and the principal that administers it."""

    officer: Principal
    la_code: str
    name: str
    sandbox: bool


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation of an authority."""

    id: UUID
    kind: Kind
    name: str


async def every_authority(database: Database) -> AsyncIterator[KnownAuthority]:
    """All authorities, oldest first. Each is read through its own door: no role reads across authorities."""
    worker = WorkerDatabase(database, role=roles_for(user_of(database.url)).worker)
    async with worker.session() as session:
        ids = await queries.every_authority_id(session)
    for authority_id in ids:
        async with database.read(officer_of(authority_id, UUID(int=0))) as session:
            row = await queries.describe_authority(session)
        if row is not None:
            officer = officer_of(authority_id, row["organisation_id"])
            yield KnownAuthority(officer, row["la_code"], row["name"], row["sandbox"])


async def find_authority(database: Database, known_as: str) -> Principal | None:
    """The officer of the authority with this id, DfE code or name (in any case); None if there is none.

    Raises Invalid when several have that name.
    """
    wanted = known_as.strip().lower()
    found = [
        known.officer
        async for known in every_authority(database)
        if wanted in (str(known.officer.authority_id), known.la_code, known.name.lower())
    ]
    if len(found) > 1:
        raise Invalid(f"Several authorities are called {known_as}: give the id of one.")
    return found[0] if found else None


async def find_organisation(session: ReadSession, known_as: str | None) -> KnownOrganisation:
    """The organisation with this id, URN or name; the authority's own for None.

    Raises NotFound, and Invalid when several have that name.
    """
    rows = await queries.find_organisations(session, known_as or str(session.organisation_id))
    if not rows:
        raise NotFound(f"There is no organisation called {known_as} in this authority.")
    if len(rows) > 1:
        raise Invalid(f"Several organisations are called {known_as}: give the id of one.")
    return KnownOrganisation(rows[0]["id"], Kind(rows[0]["kind"]), rows[0]["name"])
