"""Runs migrations as the owner role, one process at a time, never waiting long for a lock.

The URL and the names of the service roles come from the caller (`app.schema.migrate`) in `config.attributes`.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.models import metadata
from app.schema import sqlalchemy_url

# Any constant: all that matters is that every migrating process names the same one.
_LOCK = 4_711_926


def _run(connection: Connection) -> None:
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '600s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    # The lock belongs to the session, so that it outlives this transaction and covers the migrations' own.
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main(url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


if given := context.config.attributes.get("connection"):
    _run(given)
else:
    asyncio.run(_main(context.config.attributes["url"]))
