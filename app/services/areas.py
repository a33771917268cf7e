"""Areas of an authority."""

from uuid import UUID

from app.db import WriteSession
from app.ids import new_id
from app.models.parties import area
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.events import tell


async def create_area(
    session: WriteSession, writes: Writes, *, code: str, name: str, lead_officer: str | None = None
) -> UUID:
    """Queue an area; its id. A code that is taken breaks a constraint (AlreadyExists)."""
    area_id = new_id()
    writes.add(area, id=area_id, code=code, name=name, lead_officer=lead_officer)
    tell(
        writes,
        session,
        "area.created",
        subject=("area", area_id, 1),
        audience=[await authority_organisation(session)],
    )
    return area_id
