"""Roles, databases and migrations: what an administrator does before the service can start.

Three roles. The *owner* owns the tables and migrates. The *application* role owns nothing and is bound by row policy:
the service connects as it. The *worker* role reads, across authorities, only that something happened (for the event
tailer and the clock); the application role may take it on with SET ROLE and inherits nothing from it.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.errors import NotReady

_ROOT = Path(__file__).resolve().parent.parent
# Roles belong to the whole cluster: two copies starting at once must not both create them.
_ROLE_LOCK = 4_711_927


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the service's two roles."""

    application: str
    worker: str


def roles_for(application: str) -> Roles:
    """The roles of a deployment, from the name of its application role."""
    return Roles(application=application, worker=f"{application}_worker")


def user_of(url: str) -> str:
    """The user name in a database URL. Raises ValueError where there is none."""
    parts = urlsplit(url)
    user = unquote(parts.username or "") or dict(parse_qsl(parts.query)).get("user", "")
    if not user:
        raise ValueError("The database URL names no user.")
    return user


def database_of(url: str) -> str:
    """The database name in a URL."""
    return unquote(urlsplit(url).path.lstrip("/"))


def with_parts(url: str, *, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
    """A database URL with another user, password or database."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if user is not None:
        host = parts.netloc.rpartition("@")[2]
        secret = f":{quote(password, safe='')}" if password else ""
        netloc = f"{quote(user, safe='')}{secret}@{host}"
    path = parts.path if database is None else f"/{quote(database, safe='')}"
    query = urlencode(
        [(key, value) for key, value in parse_qsl(parts.query) if key != "user" or user is None], safe="/"
    )
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def sqlalchemy_url(url: str) -> str:
    """A `postgresql://` URL with SQLAlchemy's name for the asyncpg driver."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url


def password_of(url: str) -> str | None:
    """The password in a database URL, or None."""
    password = urlsplit(url).password
    return unquote(password) if password else None


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """A string as an SQL literal, also where backslashes are not plain (a statement of DDL takes no parameters)."""
    doubled = text.replace("'", "''")
    if "\\" not in doubled:
        return f"'{doubled}'"
    return "E'" + doubled.replace("\\", "\\\\") + "'"


async def may_administer(url: str) -> bool:
    """Whether the role of a URL may make roles. The database that it names need not exist yet."""
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        connection = await asyncpg.connect(with_parts(url, database="postgres"))
    try:
        return bool(
            await connection.fetchval(
                "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user",
            )
        )
    finally:
        await connection.close()


async def provision(admin_url: str, *, owner: str, roles: Roles, password: str | None) -> None:
    """Make the roles and the database named in `admin_url`, or leave them as they are. Safe to repeat and to race.

    `admin_url` is of a role that may create roles and databases. The owner (unless it is that role itself) and the
    application role get `password`; None leaves theirs as it is.
    """
    database = database_of(admin_url)
    maintenance = await asyncpg.connect(with_parts(admin_url, database="postgres"))
    try:
        await maintenance.execute("SELECT pg_advisory_lock($1)", _ROLE_LOCK)
        for role, attributes in (
            (owner, "LOGIN NOSUPERUSER NOBYPASSRLS INHERIT"),
            (roles.application, "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT"),
            (roles.worker, "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
        ):
            if role == user_of(admin_url):
                continue
            secret = "" if password is None or "NOLOGIN" in attributes else f" PASSWORD {_literal(password)}"
            known = await maintenance.fetchrow(
                "SELECT rolsuper OR rolbypassrls AS tall FROM pg_roles WHERE rolname = $1", role
            )
            if known is None:
                await maintenance.execute(f"CREATE ROLE {_name(role)} {attributes}{secret}")
            elif known["tall"]:
                await maintenance.execute(f"ALTER ROLE {_name(role)} {attributes}{secret}")
            elif secret:
                # Only a superuser may so much as name the attributes of a role that is there.
                await maintenance.execute(f"ALTER ROLE {_name(role)}{secret}")
        await maintenance.execute(f"GRANT {_name(roles.worker)} TO {_name(roles.application)}")
        if not await maintenance.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await maintenance.execute(
                f"CREATE DATABASE {_name(database)} OWNER {_name(owner)} ENCODING 'UTF8' TEMPLATE template0"
            )
        connection = await asyncpg.connect(admin_url)
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            await connection.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {_name(owner)}")
            await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        finally:
            await connection.close()
    finally:
        await maintenance.close()


def alembic_config(owner_url: str, roles: Roles) -> Config:
    """Alembic's configuration for one database."""
    config = Config(str(_ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["url"] = owner_url
    config.attributes["roles"] = roles
    return config


async def migrate(owner_url: str, roles: Roles, revision: str = "head") -> None:
    """Bring the schema to a revision (the newest unless told), as the owner."""
    await asyncio.to_thread(command.upgrade, alembic_config(owner_url, roles), revision)
    await _readdress_restored_events(owner_url)


async def _readdress_restored_events(owner_url: str) -> None:
    """Put what a dump brought from another cluster first in the event feed and in the worklists' order of changes.

    Its transaction ids may lie ahead of this cluster's, which would hide it and mix it with what is to come. Events
    keep the order in which they were written. No id ahead of the present one can be this cluster's own, so running
    this again changes nothing.
    """
    owner = await asyncpg.connect(owner_url)
    try:
        if await owner.fetchval("SELECT to_regclass('event_audience')"):
            await owner.execute("UPDATE event_audience SET xid = '3' WHERE xid > pg_current_xact_id()")
            await owner.execute("UPDATE offer SET changed_xid = '3' WHERE changed_xid > pg_current_xact_id()")
    finally:
        await owner.close()


@cache
def expected_revision() -> str:
    """The newest revision that this code carries."""
    scripts = ScriptDirectory(str(_ROOT / "migrations"))
    return scripts.get_current_head() or ""


async def check_role(connection: asyncpg.Connection) -> None:
    """Raise NotReady if the service's own role could step around row policy."""
    row = await connection.fetchrow(
        "SELECT rolsuper, rolbypassrls,"
        " EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        "         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
        "         AND pg_has_role(current_user, c.relowner, 'MEMBER'))"
        " AS owns FROM pg_roles WHERE rolname = current_user"
    )
    if row is None or row["rolsuper"] or row["rolbypassrls"] or row["owns"]:
        raise NotReady("The database role of the service is privileged: row policy would not bind it.")
