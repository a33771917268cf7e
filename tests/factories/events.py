"""Events written without the acts that cause them: the feed's own tests need the log only."""

from uuid import UUID

from app.access import Principal
from app.db import Database, WriteSession
from app.ids import new_id
from app.queries.writes import Writes
from app.services.events import tell


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
