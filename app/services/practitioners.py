"""A provider's own staff: kept by the provider alone, seen by it and the authority's officers."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.db import WriteSession, broker
from app.errors import NotFound
from app.ids import new_id
from app.models.parties import practitioner
from app.queries import areas
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services.allocation import allocate_waiting
from app.services.events import tell
from app.services.faults import refuse, unknown_ids

_OPENING: Final = frozenset({"active", "caseload_limit"})
"""Changes that may let a practitioner's free places be offered."""


async def create_practitioner(session: WriteSession, writes: Writes, values: Mapping[str, object]) -> UUID:
    """Queue a practitioner of the caller's own organisation; its id. Raises Invalid for an unknown area."""
    await _check_areas(session, values)
    practitioner_id = new_id()
    writes.add(practitioner, id=practitioner_id, provider_id=session.organisation_id, **values)
    await _tell(session, writes, "practitioner.created", practitioner_id, 1)
    return practitioner_id


async def lock_practitioner(session: WriteSession, practitioner_id: UUID) -> int:
    """Lock one of the caller's own practitioners; its version. Raises NotFound for any other."""
    version: int | None = await session.value(
        "SELECT version FROM practitioner WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        practitioner_id,
    )
    if version is None:
        raise NotFound
    return version


async def update_practitioner(
    session: WriteSession, writes: Writes, practitioner_id: UUID, version: int, changes: Mapping[str, object]
) -> None:
    """Change a locked practitioner of this version; what that opens is offered to who waits at once.

    Raises Invalid for an unknown area.
    """
    await _check_areas(session, changes)
    await change(session, practitioner, {"id": practitioner_id}, {**changes, "version": version + 1})
    await _tell(session, writes, "practitioner.changed", practitioner_id, version + 1)
    if not _OPENING.isdisjoint(changes):
        async with broker(session) as wide:
            await allocate_waiting(wide, writes, "practitioner")


async def _check_areas(session: WriteSession, values: Mapping[str, object]) -> None:
    wanted = values.get("area_ids")
    if isinstance(wanted, list) and wanted:
        refuse(unknown_ids("/area_ids", wanted, await areas.known_areas(session, wanted), "area"))


async def _tell(session: WriteSession, writes: Writes, event_type: str, practitioner_id: UUID, version: int) -> None:
    tell(
        writes,
        session,
        event_type,
        subject=("practitioner", practitioner_id, version),
        audience=[await authority_organisation(session), session.organisation_id],
    )
