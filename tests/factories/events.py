"""Events written without the acts that cause them, for the feed's own tests; and who is told of an act."""

from uuid import UUID

from app.access import Principal
from app.db import Database, WriteSession
from app.ids import new_id
from app.queries.writes import Writes
from app.services.events import tell
from tests.factories.authority import Town


async def append(
    session: WriteSession,
    *readers: Principal,
    type_: str = "referral.submitted",
    subject: UUID | None = None,
    version: int = 1,
) -> UUID:
    """One event in the session's transaction; its id."""
    writes = Writes()
    event_id = tell(
        writes,
        session,
        type_,
        subject=("referral", subject or new_id(), version),
        audience=[reader.organisation_id for reader in readers],
    )
    await writes.flush(session)
    return event_id


async def append_one(
    database: Database, actor: Principal, *readers: Principal, type_: str = "referral.submitted"
) -> UUID:
    """One committed event."""
    async with database.write(actor) as session:
        return await append(session, *readers, type_=type_)


async def told_of(database: Database, town: Town, event_type: str) -> dict[str, int]:
    """By party of the town, of how many events of a type it is told: asked as itself, past the feed's horizon."""
    parties = {
        "officer": town.officer,
        "school": town.schools[0],
        "other school": town.schools[1],
        "provider": town.providers[0],
        "other provider": town.providers[1],
    }
    found = {}
    for name, principal in parties.items():
        async with database.read(principal) as session:
            count = await session.value("SELECT count(*) FROM event WHERE type = $1", event_type)
        if count:
            found[name] = count
    return found
