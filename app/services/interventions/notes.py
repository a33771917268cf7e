"""Writing case notes. A note is never changed: a correction stands beside it, and says which one it corrects."""

from typing import Any
from uuid import UUID

from app.clock import london_date
from app.db import WriteSession
from app.domain.notes import check_occurred
from app.errors import ActionNotAvailable, AlreadyExists, FieldFault, Invalid
from app.ids import new_id
from app.models.words import case_note
from app.queries import notes as queries
from app.queries import referrals
from app.queries.parties import authority_organisation
from app.queries.practitioners import practitioners_of
from app.queries.writes import Writes
from app.services.events import tell
from app.services.interventions.case import Row, lock_case


async def write_note(session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any]) -> Row:
    """Write one note of a case; the note.

    `values` are its columns: kind, occurred_at, text, practitioner_id (None: the case's), shared_with_referrer,
    supersedes_id. The version of the case does not rise, so that a school cannot count what is not shared with it.
    Raises NotFound, ActionNotAvailable, AlreadyExists and Invalid.
    """
    row = await lock_case(session, intervention_id, lambda _: None)
    referral = await referrals.visible(session, row["referral_id"])
    if referral is None or referral["case_provider_id"] != session.organisation_id:
        raise ActionNotAvailable("Your access to who this family is has ended, and to its notes with it.")
    occurred_on = london_date(values["occurred_at"])
    check_occurred(values["occurred_at"], occurred_on, london_date(row["accepted_at"]), session.now)
    note = {
        **values,
        "id": new_id(),
        "intervention_id": row["id"],
        "organisation_id": session.organisation_id,
        "practitioner_id": await _author(session, values["practitioner_id"], row),
        "recorded_at": session.now,
    }
    corrected = await _corrected(session, row["id"], values["supersedes_id"])
    writes.add(case_note, referral_id=row["referral_id"], **note)
    # A referrer that was shown what is corrected is told, also where it is not to see it any longer.
    shared = note["shared_with_referrer"] or (corrected is not None and corrected["shared_with_referrer"])
    tell(
        writes,
        session,
        "note.written",
        subject=("note", note["id"], 1),
        audience=[
            await authority_organisation(session),
            row["provider_id"],
            *([row["referring_organisation_id"], row["school_id"]] if shared else []),
        ],
        referral_id=row["referral_id"],
        data={
            "intervention_id": str(row["id"]),
            "shared_with_referrer": note["shared_with_referrer"],
            "supersedes_id": None if corrected is None else str(corrected["id"]),
        },
    )
    await writes.flush(session)
    if corrected is not None and await queries.supersede(session, corrected["id"], note["id"]) != 1:
        raise AlreadyExists("That note was corrected meanwhile: correct the one that took its place.")
    return {**note, "superseded_by_id": None}


async def _author(session: WriteSession, practitioner_id: UUID | None, row: Row) -> UUID:
    author: UUID | None = practitioner_id or row["practitioner_id"]
    if author is None:
        sentence = "Nobody is named for this case: say which of your practitioners writes."
        raise Invalid(errors=[FieldFault("/practitioner_id", "required", sentence)])
    if not await practitioners_of(session, row["provider_id"], [author]):
        sentence = "You have no practitioner of this id."
        raise Invalid(errors=[FieldFault("/practitioner_id", "unknown_practitioner", sentence)])
    return author


async def _corrected(session: WriteSession, intervention_id: UUID, note_id: UUID | None) -> Row | None:
    """The note that is corrected: of this case, the caller's own, and not corrected before."""
    if note_id is None:
        return None
    note = await queries.find_note(session, intervention_id, note_id)
    if note is None:
        raise Invalid(errors=[FieldFault("/supersedes_id", "unknown_note", "This case has no such note.")])
    if note["organisation_id"] != session.organisation_id:
        sentence = "The provider before you wrote that note: it stands as it is. Write one of your own."
        raise Invalid(errors=[FieldFault("/supersedes_id", "anothers_note", sentence)])
    if note["superseded_by_id"] is not None:
        raise AlreadyExists("That note was corrected already: correct the one that took its place.")
    return note
