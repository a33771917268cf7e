"""A child who changes school while its referral is open: the case goes on, and the new school has it from its day on.

The old school keeps the referral as it stood then and sees nothing new. Said in advance, it takes effect at the
midnight of the day. A referral that waits keeps its place in the order and is judged anew for the new school's area;
a place that was offered, or a case, stays.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from app.clock import london_date
from app.db import BrokerSession, WriteSession, broker
from app.domain.referral import State
from app.errors import FieldFault, Invalid, InvariantBroken, NotFound
from app.ids import new_id
from app.models import demand
from app.models.household import school_change
from app.queries import interventions, offers, referrals
from app.queries import school_changes as queries
from app.queries.writes import Writes, to_json
from app.services import events
from app.services.allocation import allocate_waiting, judge_waiting
from app.services.referrals.acting import Row, lock_open, open_to, parties, update

_FURTHEST_AHEAD: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class NewSchool:
    """Where a child goes, by id or URN, from which day, and its key in that school's system."""

    starts_on: date
    school_id: UUID | None = None
    urn: str | None = None
    mis_id: str | None = None


async def change_school(session: WriteSession, writes: Writes, referral_id: UUID, asked: NewSchool) -> None:
    """Record that the child changes school: now, or at the midnight of a later day.

    What was said before and has not come yet is replaced; to name the present school takes it back. Raises NotFound,
    Forbidden for a sender that is not the child's school, ActionNotAvailable for a closed referral, Invalid.
    """
    await open_to(session, referral_id, "change-school")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "change-school")
        school = await _checked(wide, referral, asked)
        before = await queries.planned(wide, referral_id)
        if before is not None:
            await _tell_planned(wide, writes, referral, before["to_school_id"], before["starts_on"], taken_back=True)
            await queries.end(wide, before["id"], "cancelled")
        if school["id"] == referral["school_id"]:
            await writes.flush(wide)
            return
        change = {
            "id": new_id(),
            "referral_id": referral_id,
            "pupil_id": referral["pupil_id"],
            "from_school_id": referral["school_id"],
            "to_school_id": school["id"],
            "starts_on": asked.starts_on,
            "mis_id": asked.mis_id,
        }
        writes.add(school_change, **change, state="planned", recorded_at=wide.now, recorded_by_id=wide.organisation_id)
        await writes.flush(wide)
        if asked.starts_on > wide.today:
            await _tell_planned(wide, writes, referral, school["id"], asked.starts_on, taken_back=False)
        else:
            await _carry_out(wide, writes, change)
            await allocate_waiting(wide, writes, "school_changed")
            if referral["state"] == State.WAITING:
                await judge_waiting(wide, writes)
        await writes.flush(wide)


async def _checked(wide: BrokerSession, referral: Row, asked: NewSchool) -> Row:
    """The new school, with its area. Raises Invalid."""
    faults = []
    pointer = "/school_id" if asked.school_id is not None else "/urn"
    school = await queries.member_school(wide, asked.school_id, asked.urn, max(asked.starts_on, wide.today))
    if school is None:
        faults.append(FieldFault(pointer, "unknown", "No school of this authority has this id or URN on that day."))
    if asked.starts_on < london_date(referral["received_at"]):
        sentence = "The referral was received later: it was sent by the school of that time."
        faults.append(FieldFault("/starts_on", "before_the_referral", sentence))
    if asked.starts_on > wide.today + _FURTHEST_AHEAD:
        sentence = f"At most {_FURTHEST_AHEAD.days} days ahead."
        faults.append(FieldFault("/starts_on", "too_far", sentence))
    if school is not None and await _refers_itself(wide, referral, school["id"]):
        sentence = "That school has an open referral of the child itself: an officer joins the two first."
        faults.append(FieldFault(pointer, "has_its_own", sentence))
    if faults or school is None:
        raise Invalid(errors=faults)
    return dict(school)


async def _refers_itself(wide: BrokerSession, referral: Row, school_id: UUID) -> bool:
    return await queries.has_open_referral(wide, referral["pupil_id"], school_id, referral["id"])


async def _tell_planned(
    wide: BrokerSession, writes: Writes, referral: Row, school_id: UUID, starts_on: date, *, taken_back: bool
) -> None:
    """Tell those who have the referral now: the new school has no part in it before its day."""
    await update(wide, referral, {})
    events.tell(
        writes,
        wide,
        "referral.school_change_cancelled" if taken_back else "referral.school_change_planned",
        subject=("referral", referral["id"], referral["version"]),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"to_school_id": str(school_id), "starts_on": starts_on},
    )


async def carry_out_due(wide: BrokerSession, writes: Writes) -> int:
    """Do the changes of school whose day has come; how many children moved. The clock calls it before places."""
    moved = 0
    for row in await queries.due(wide):
        moved += await _carry_out(wide, writes, dict(row))
    await writes.flush(wide)
    return moved


async def _carry_out(wide: BrokerSession, writes: Writes, change: Row) -> bool:
    """Move the referral and what hangs on it to the new school; False where there is nothing to move any more."""
    seen = await referrals.visible(wide, change["referral_id"])
    if seen is None:
        raise InvariantBroken
    if seen["intervention_id"] is not None:
        await offers.touch(wide, seen["intervention_id"])
        await interventions.lock_intervention(wide, seen["intervention_id"])
    referral = await referrals.lock(wide, change["referral_id"])
    if referral is None:
        raise InvariantBroken
    new, old = change["to_school_id"], change["from_school_id"]
    school = await queries.member_school(wide, new, None, wide.today)
    closed = referral["state"] == State.CLOSED
    if closed or school is None or referral["school_id"] != old or await _refers_itself(wide, referral, new):
        # Said in good time, and no longer so on the day: nobody is moved by a clock to where it cannot be.
        await _tell_planned(wide, writes, referral, new, change["starts_on"], taken_back=True)
        await queries.end(wide, change["id"], "cancelled")
        return False
    past = await referrals.whole(wide, referral["id"])
    if past is None:
        raise NotFound
    told = await parties(wide, referral)
    sender_id = new if referral["referring_organisation_id"] == old else referral["referring_organisation_id"]
    await queries.end(wide, change["id"], "done", to_json(past))
    if await queries.move_roll(wide, change["pupil_id"], (old, new), change["starts_on"], change["mis_id"]):
        writes.add(
            demand.enrolment, id=new_id(), pupil_id=change["pupil_id"], school_id=new, mis_id=change["mis_id"],
            starts_on=change["starts_on"],
        )  # fmt: skip
    columns: dict[str, Any] = {
        "school_id": new,
        "referring_organisation_id": sender_id,
        "area_id": school["area_id"],
        "mis_id": change["mis_id"],
    }
    await update(wide, referral, columns)
    await queries.move_rows(wide, referral, new, school["area_id"], sender_id, change["starts_on"])
    events.tell(
        writes,
        wide,
        "referral.school_changed",
        subject=("referral", referral["id"], referral["version"]),
        audience=[*told, new],
        referral_id=referral["id"],
        data={"from_school_id": str(old), "to_school_id": str(new), "starts_on": change["starts_on"]},
    )
    return True
