"""A course as the acts on it have it: locked, changed, and told of."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from app.db import BrokerSession, ReadSession, WriteSession
from app.domain.courses import OPEN_COURSES
from app.domain.courses import Session as Meeting
from app.errors import ActionNotAvailable, NotFound
from app.models.courses import course
from app.queries import courses as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events
from app.services.courses.enrolment_row import parties_of

Row = dict[str, Any]
Check = Callable[[int], None]
"""Refuses a version that is not the one the caller read; passes when the caller stated none."""


async def check_own(session: ReadSession, course_id: UUID) -> None:
    """Raise NotFound unless the caller runs the course."""
    row = await queries.get_course(session, course_id)
    if row is None or row["provider_id"] != session.organisation_id:
        raise NotFound


async def lock_open(wide: BrokerSession, course_id: UUID, check: Check) -> Row:
    """A course that is neither finished nor cancelled, locked. Raises NotFound and ActionNotAvailable."""
    row = await queries.lock_course(wide, course_id)
    if row is None:
        raise NotFound
    check(row["version"])
    if row["state"] not in OPEN_COURSES:
        raise ActionNotAvailable(f"The course is {row['state']}.")
    return row


async def meetings_of(session: ReadSession, course_id: UUID) -> list[Meeting]:
    """The sessions of a course, in order: number 1 is the first."""
    rows = (await queries.sessions_of(session, [course_id]))[course_id]
    return [Meeting(row["starts_at"], row["ends_at"]) for row in rows]


async def change(session: WriteSession, row: Row, **columns: object) -> None:
    """Write columns of a locked course and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "version": row["version"] + 1}
    await writing.change(session, course, {"id": row["id"]}, values)
    row.update(values)


async def tell(
    session: WriteSession,
    writes: Writes,
    event_type: str,
    row: Row,
    *,
    enrolled: Sequence[Row] = (),
    data: dict[str, object] | None = None,
) -> UUID:
    """Queue the event of an act on a course, told to whoever enrolled somebody on it too; its id."""
    also = [party for one in enrolled for party in parties_of(one)]
    return events.tell(
        writes,
        session,
        event_type,
        subject=("course", row["id"], row["version"]),
        audience=[await authority_organisation(session), row["provider_id"], *also],
        data={"lot_id": str(row["lot_id"]), **(data or {})},
    )
