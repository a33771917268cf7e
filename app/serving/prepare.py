"""Roles, schema and national data: made ready where we may, and checked where we may not."""

from collections.abc import Callable
from contextlib import suppress

import asyncpg
from alembic.util import CommandError

from app import schema
from app.db import Database, check_ready
from app.services.school_register import load_shipped_register
from app.serving.databases import Access
from app.serving.faults import StartError
from app.settings import Settings

Tell = Callable[[str], None]


async def prepare(access: Access, settings: Settings, tell: Tell) -> None:
    """Bring the database to what this version needs, and check that row policy will bind the service.

    As an owner, makes the roles (where it may), the schema and the national register. Without one, only looks.
    Raises StartError, and NotReady for a privileged application role.
    """
    if access.owner_url is not None:
        await migrate(access, tell)
    else:
        await _refuse_if_behind(access)
    database = Database(access.application_url, settings)
    try:
        await check_ready(database)
    finally:
        await database.dispose()


async def migrate(access: Access, tell: Tell) -> None:
    """Make the roles, the schema and the national register, as the owner. Safe to repeat.

    Raises StartError without an owner, without the roles, or for a schema of a later version.
    """
    if access.owner_url is None:
        raise StartError("Migrating needs the owner of the tables: set HALFTERM_OWNER_DATABASE_URL.")
    if access.admin_url is not None:
        await schema.provision(
            access.admin_url,
            owner=schema.user_of(access.owner_url),
            roles=access.roles,
            password=schema.password_of(access.application_url),
        )
        tell(f"Roles: {access.roles.application} serves, {schema.user_of(access.owner_url)} owns the tables")
    else:
        await _require_roles(access)
    if await _revision(access.owner_url) == schema.expected_revision():
        tell("Schema: up to date")
    else:
        try:
            await schema.migrate(access.owner_url, access.roles)
        except CommandError as error:
            raise StartError(
                f"The database was migrated by a later version of Halfterm than this one ({error}). Use that version."
            ) from error
        tell(f"Schema: migrated to {schema.expected_revision()}")
    count = await load_shipped_register(access.owner_url)
    if count:
        tell(f"Schools: {count:,} of the national register loaded")


async def _refuse_if_behind(access: Access) -> None:
    if await _revision(access.application_url) != schema.expected_revision():
        raise StartError(
            "The database's schema is not that of this version of Halfterm. Run `halfterm migrate` with the owner's "
            "HALFTERM_OWNER_DATABASE_URL, or give that variable to `halfterm serve` too."
        )


async def _require_roles(access: Access) -> None:
    if access.owner_url is None:
        return
    connection = await asyncpg.connect(access.owner_url)
    try:
        for role in (access.roles.application, access.roles.worker):
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                raise StartError(
                    f"The role {role} is not there, and the role of HALFTERM_OWNER_DATABASE_URL may not make it. "
                    f"Let an administrator make {access.roles.application} (LOGIN) and {access.roles.worker} (NOLOGIN)"
                    f" and run: GRANT {access.roles.worker} TO {access.roles.application}."
                )
    finally:
        await connection.close()


async def _revision(url: str) -> str | None:
    """The schema's revision; None for an empty database. Raises what connecting raises."""
    connection = await asyncpg.connect(url)
    try:
        with suppress(asyncpg.UndefinedTableError):
            revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
            return revision
        return None
    finally:
        await connection.close()
