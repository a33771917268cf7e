"""Facts that a school's system pushes as they happen: attendance and suspensions of a referred pupil, by term."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from app.db import WriteSession
from app.domain.academic_year import start_year_of
from app.domain.attendance import count_marks, marks_of
from app.domain.attention import term_key_at
from app.domain.return_rules import fact_faults
from app.domain.returns import SCHOOL_TERM, Period, term_of_key
from app.domain.suspensions import DatedSuspension, dated_faults, suspension_warnings
from app.errors import FieldFault, Invalid, NotFound
from app.ids import new_id
from app.queries import facts as queries
from app.queries.facts import ATTENDANCE
from app.queries.parties import authority_organisation, calendar_of
from app.queries.returns import lock_untouched
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services.events import tell
from app.services.referrals.attention import facts_changed
from app.services.returns.reading import change

Row = dict[str, Any]

_KINDS: Final = {"attendance_record": "attendance", "suspension_record": "suspensions"}


@dataclass(frozen=True, slots=True)
class Pushed:
    """A fact as it was stored."""

    row: Row
    version: int
    warnings: list[FieldFault]


async def push_attendance(session: WriteSession, writes: Writes, referral_id: UUID, term: str, figures: Row) -> Pushed:
    """Keep a pupil's sessions of a term so far, in place of what was pushed before.

    `figures`: the session counts, or `marks` to make them of. Raises NotFound for a referral that is not of the calling
    school's pupil or a key that is no term's, Invalid when the term has not begun or the figures do not add up.
    """
    counted, faults = _counted(figures, term)
    stored = _Fact("attendance_record", referral_id, term, counted)
    return await _push(session, writes, stored, [*faults, *fact_faults(counted)])


def _counted(figures: Row, term: str) -> tuple[Row, list[FieldFault]]:
    """The session counts, stated or made of the register's marks, and what is wrong with how they were sent."""
    counts = {name: figures[name] for name in ATTENDANCE}
    marks = figures["marks"]
    if marks is None:
        missing = [name for name in ATTENDANCE[:2] if counts[name] is None]
        return counts, [FieldFault(f"/{name}", "required", f"{name} is required, or marks.") for name in missing]
    if any(count is not None for count in counts.values()):
        return counts, [FieldFault("/marks", "marks_or_counts", "Send marks or counts, not both.")]
    try:
        sessions = count_marks(marks_of(marks), start_year_of(term.partition("-")[0]))
    except ValueError as error:
        sentence = f"There is no such register mark in that year: {str(error)[:50]}."
        return counts, [FieldFault("/marks", "unknown_mark", sentence)]
    figures_of = (sessions.possible, sessions.attended, sessions.authorised, sessions.unauthorised)
    return dict(zip(ATTENDANCE, figures_of, strict=True)), []


async def push_suspensions(
    session: WriteSession,
    writes: Writes,
    referral_id: UUID,
    term: str,
    figures: Row,
    dated: Sequence[DatedSuspension] | None = None,
) -> Pushed:
    """Keep a pupil's suspensions of a term so far, in place of what was pushed before. Raises as `push_attendance`.

    `dated` are the suspensions themselves, where the school says them: in the term by its own calendar.
    """
    stored = _Fact("suspension_record", referral_id, term, figures, dated)
    return await _push(session, writes, stored, await _dated_faults(session, stored))


async def _dated_faults(session: WriteSession, fact: "_Fact") -> list[FieldFault]:
    if fact.dated is None:
        return []
    counts = (fact.figures["suspension_count"], fact.figures["permanent_exclusion_count"])
    faults = dated_faults(fact.dated, *counts, session.today)
    if faults:
        return faults
    calendar = await calendar_of_school(session, session.organisation_id)
    return [
        FieldFault(f"/suspensions/{position}/started_on", "outside_the_term", f"This day is not in {fact.term}.")
        for position, each in enumerate(fact.dated)
        if term_key_at(calendar, each.started_on) != fact.term
    ]


@dataclass(frozen=True, slots=True)
class _Fact:
    table: str
    referral_id: UUID
    term: str
    figures: Row
    dated: Sequence[DatedSuspension] | None = None


async def _push(session: WriteSession, writes: Writes, fact: _Fact, faults: list[FieldFault]) -> Pushed:
    referral_id, figures = fact.referral_id, fact.figures
    referral = await queries.own_referral(session, referral_id)
    period = term_of_key(await calendar_of(session), fact.term)
    if referral is None or period is None:
        raise NotFound
    if period.starts_on > session.today:
        faults = [*faults, FieldFault("", "term_not_begun", "The term has not begun, so it has no figures yet.")]
    if faults:
        raise Invalid(errors=faults)
    row = {
        "id": new_id(),
        "referral_id": referral_id,
        "pupil_id": referral["pupil_id"],
        "school_id": referral["school_id"],
        "term": period.key,
        "period_starts_on": period.starts_on,
        "period_ends_on": period.ends_on,
        "source": "push",
        "recorded_at": session.now,
        "dated": None if fact.dated is None else [each.plain() for each in fact.dated],
        **figures,
    }
    row["id"], version = await queries.put_facts(session, fact.table, row)
    kind = _KINDS[fact.table]
    tell(
        writes,
        session,
        f"{kind}.recorded",
        subject=(kind, row["id"], version),
        audience=[
            referral["school_id"],
            referral["referring_organisation_id"],
            referral["case_provider_id"],
            await authority_organisation(session),
        ],
        referral_id=referral_id,
        data={"term": period.key},
    )
    # Before the return is locked: the authority's lock comes first, where it is needed.
    await facts_changed(session, writes, [referral_id])
    await _fill_return(session, referral_id, period, figures)
    sentences = suspension_warnings(figures.get("suspension_count"), figures.get("sessions_lost"))
    warnings = [FieldFault("/sessions_lost", "suspensions_unusual", sentence) for sentence in sentences]
    return Pushed(row, version, warnings)


async def _fill_return(session: WriteSession, referral_id: UUID, period: Period, figures: Row) -> None:
    """Put the figures into the term's return, while nobody has touched it: it fills itself."""
    waiting = await lock_untouched(session, SCHOOL_TERM, period.key)
    if waiting is None:
        return
    pupils = [
        {**pupil, **figures} if pupil["referral_id"] == str(referral_id) else pupil
        for pupil in waiting["content"]["pupils"]
    ]
    if pupils != waiting["content"]["pupils"]:
        content = {**waiting["content"], "pupils": pupils}
        await change(session, waiting, content=content, prefilled=content)
