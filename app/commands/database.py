"""`halfterm migrate` and the door that the other commands use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from app.db import Database, check_ready
from app.serving import databases
from app.serving.databases import Access
from app.serving.prepare import migrate
from app.settings import Settings


def migrate_database(settings: Settings, console: Console) -> None:
    """Make the roles, the schema and the national register of the settings' database."""

    def tell(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False)

    with databases.database_access(settings) as access:
        databases.run(migrate(access, tell))
        tell(f"Done: {access.where}")


@asynccontextmanager
async def application_database(access: Access, settings: Settings) -> AsyncIterator[Database]:
    """The database as the application sees it. Raises NotReady when it is not migrated to this version."""
    database = Database(access.application_url, settings)
    try:
        await check_ready(database)
        yield database
    finally:
        await database.dispose()
