"""Settling a debt that no act settles: an officer notes what was done about it."""

from uuid import UUID

from app.db import WriteSession
from app.domain.duties import done_by_note, other_acts
from app.domain.obligations import obligation_state
from app.errors import ActionNotAvailable, NotFound
from app.models.casework import obligation
from app.queries import obligations as queries
from app.queries.writes import Writes, change
from app.services import events
from app.services.interventions.case import Check
from app.services.referrals.acting import Officer


async def mark_done(
    session: WriteSession, writes: Writes, obligation_id: UUID, note: str, officer: Officer, check: Check
) -> None:
    """Record that an authority's debt was met outside the service, with who says so and what was done.

    `check` judges the version that the caller read. Raises NotFound, and ActionNotAvailable for a debt of another
    organisation, one that is settled, and one that has acts of its own, which it names.
    """
    row = await queries.lock_obligation(session, obligation_id)
    if row is None:
        raise NotFound
    check(row["version"])
    acts = " or ".join(other_acts(row["kind"]))
    if row["owed_by_id"] != session.organisation_id:
        raise ActionNotAvailable("It is owed by another organisation: whoever owes settles it.")
    if not done_by_note(row["kind"]):
        raise ActionNotAvailable(f"{row['kind']} is not settled by a note; it is met by {acts or 'its own act'}.")
    state = obligation_state(row["met_at"], row["cancelled_at"])
    if state != "open":
        raise ActionNotAvailable(f"The obligation is {state} already.")
    version = row["version"] + 1
    done = {"note": note, "officer": officer.plain()}
    await change(session, obligation, {"id": obligation_id}, {"met_at": session.now, "done": done, "version": version})
    events.tell(
        writes,
        session,
        "obligation.done",
        subject=("obligation", obligation_id, version),
        audience=[row["owed_by_id"]],
        referral_id=row["referral_id"],
        data={"kind": row["kind"], "about_kind": row["subject_kind"], "about_id": str(row["subject_id"])},
    )
