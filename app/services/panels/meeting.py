"""The sitting itself: that it was held, and who came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.db import WriteSession
from app.domain.panels import SittingState, check_sitting_move
from app.errors import ActionNotAvailable, FieldFault
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.faults import refuse
from app.services.panels.acting import Row, lock_sitting, tell, touch


class Presence(StrEnum):
    """Whether somebody came."""

    PRESENT = "present"
    APOLOGIES = "apologies"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person of a member, and whether they came."""

    organisation_id: UUID
    name: str
    role: str | None
    state: Presence


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who came, and whether they were enough to decide."""

    people: Sequence[Attendee]
    quorate: bool
    quorum_note: str | None

    def columns(self) -> Row:
        """As the sitting keeps it."""
        people = [
            {"organisation_id": str(one.organisation_id), "name": one.name, "role": one.role, "state": one.state.value}
            for one in self.people
        ]
        return {"attendance": people, "quorate": self.quorate, "quorum_note": self.quorum_note}


async def hold_sitting(session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], attendance: Attendance) -> None:
    """Record that a sitting is held, from when on its items can be decided. `ids` are (panel, sitting).

    Raises NotFound; ActionNotAvailable for one whose agenda was not circulated, or before its day; and Invalid.
    """
    sitting = await lock_sitting(session, *ids)
    check_sitting_move(SittingState(sitting["state"]), SittingState.HELD)
    if session.today < sitting["sits_on"]:
        raise ActionNotAvailable("The sitting's day has not come: move it if it is held earlier.")
    await _check(session, sitting, attendance)
    await touch(session, sitting, state=SittingState.HELD.value, held_at=session.now, **attendance.columns())
    await tell(writes, session, "panel.held", sitting)


async def correct_attendance(
    session: WriteSession,
    writes: Writes,
    ids: tuple[UUID, UUID],
    attendance: Attendance,
    check: Callable[[int], None],
) -> None:
    """Put who came in place of what was recorded, until the minutes are approved.

    Raises NotFound, ActionNotAvailable, Invalid, and what `check` of the sitting's version raises.
    """
    sitting = await lock_sitting(session, *ids, SittingState.HELD)
    check(sitting["version"])
    await _check(session, sitting, attendance)
    await touch(session, sitting, **attendance.columns())
    await tell(writes, session, "panel.attendance_corrected", sitting)


async def _check(session: WriteSession, sitting: Row, attendance: Attendance) -> None:
    seats = {*sitting["member_ids"], await authority_organisation(session)}
    refuse(
        [
            FieldFault(f"/attendance/{index}/organisation_id", "not_a_member", "This organisation has no seat.")
            for index, one in enumerate(attendance.people)
            if one.organisation_id not in seats
        ]
    )
