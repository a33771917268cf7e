"""What falls due: the next moment, and the rows of each kind. Business time comes in by the session."""

from dataclasses import dataclass
from datetime import datetime

from app.db import BrokerSession, ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an authority's clock stands."""

    is_sandbox: bool
    ran_to: datetime | None
    """What fell due up to this business moment has been run."""


async def standing(session: ReadSession) -> Standing | None:
    """Where the clock of the session's authority stands; None when there is no such authority."""
    row = await session.row("SELECT sandbox, clock_ran_to FROM authority WHERE id = $1", session.authority_id)
    return Standing(row["sandbox"], row["clock_ran_to"]) if row else None


async def next_due(session: ReadSession, after: datetime) -> datetime | None:
    """The earliest moment after another at which an offer's time ends."""
    moment: datetime | None = await session.value(
        "SELECT min(answer_due_at) FROM offer WHERE authority_id = $1 AND state = 'pending' AND answer_due_at > $2",
        session.authority_id,
        after,
    )
    return moment


@dataclass(frozen=True, slots=True)
class Agenda:
    """What there is to do at a moment; all but the first are looked at by midnights only."""

    offers_are_due: bool
    bookings_overrun: bool
    someone_waits: bool
    past_case_is_open_to_its_provider: bool
    """Closed, or handed over; or somebody is known to the provider of a course or placement."""
    offers_are_open: bool
    hand_over_is_due: bool
    place_is_promised: bool
    """To a family that is to begin on a later day."""
    panel_is_read: bool
    """Members of a panel read its items, whose time to do so may be over."""
    hearing_is_stated: bool
    """By a referral that is open."""
    school_change_is_due: bool


async def agenda(session: ReadSession) -> Agenda:
    """What there is to do at the session's moment."""
    row = await session.row(
        "SELECT EXISTS (SELECT FROM offer WHERE authority_id = $1 AND state = 'pending' AND answer_due_at <= $2)"
        " AS offers,"
        # Not EXISTS: PostgreSQL expects to come upon such a booking soon, and reads the table until it does.
        " coalesce((SELECT true FROM booking WHERE authority_id = $1 AND state <> 'released' AND ends_on <= $3"
        "  ORDER BY ends_on LIMIT 1), false) AS overrun,"
        " EXISTS (SELECT FROM referral WHERE authority_id = $1 AND state = 'waiting') AS waiting,"
        " EXISTS (SELECT FROM referral WHERE authority_id = $1 AND case_provider_id IS NOT NULL AND state = 'closed')"
        " OR EXISTS (SELECT FROM referral WHERE authority_id = $1 AND former_provider_id IS NOT NULL)"
        " OR EXISTS (SELECT FROM course_participant WHERE authority_id = $1 AND provider_reads)"
        " OR EXISTS (SELECT FROM placement_pupil WHERE authority_id = $1 AND provider_reads) AS closed,"
        " EXISTS (SELECT FROM offer WHERE authority_id = $1 AND state IN ('proposed', 'pending')) AS offered,"
        " EXISTS (SELECT FROM hand_over WHERE authority_id = $1 AND state = 'planned' AND effective_on <= $3)"
        " AS handed_over,"
        " coalesce((SELECT true FROM booking WHERE authority_id = $1 AND state <> 'released' AND starts_on > $3"
        "  AND format = 'casework' ORDER BY starts_on DESC LIMIT 1), false) AS promised,"
        " EXISTS (SELECT FROM panel_item WHERE authority_id = $1 AND reader_ids <> '{}') AS panel_read,"
        " EXISTS (SELECT FROM referral WHERE authority_id = $1 AND state <> 'closed'"
        "  AND (circumstances ->> 'governing_board_on') IS NOT NULL) AS hearing,"
        " EXISTS (SELECT FROM school_change WHERE authority_id = $1 AND state = 'planned' AND starts_on <= $3)"
        " AS changes_school",
        session.authority_id,
        session.now,
        session.today,
    )
    if row is None:
        raise AssertionError("A SELECT without FROM has one row.")
    return Agenda(
        row["offers"],
        row["overrun"],
        row["waiting"],
        row["closed"],
        row["offered"],
        row["handed_over"],
        row["promised"],
        row["panel_read"],
        row["hearing"],
        row["changes_school"],
    )


async def take_turn(session: WriteSession) -> datetime | None:
    """Take the authority's clock for this transaction; how far it has run, None when another holds it.

    The lock comes in a statement of its own: read in the same one, the row could be older than the lock.
    """
    free = await session.value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 2))", str(session.authority_id))
    if not free:
        return None
    ran_to: datetime | None = await session.value(
        "SELECT clock_ran_to FROM authority WHERE id = $1", session.authority_id
    )
    return ran_to


async def set_ran_to(session: WriteSession, moment: datetime) -> None:
    """Note that everything due up to a business moment has been run."""
    await session.run("UPDATE authority SET clock_ran_to = $2 WHERE id = $1", session.authority_id, moment)


async def move_business_time(session: WriteSession, to: datetime, real_now: datetime) -> None:
    """Let it be a later business moment now. Never moves back."""
    await session.run(
        "UPDATE authority SET clock_offset = greatest(clock_offset, $2::timestamptz - $3::timestamptz) WHERE id = $1",
        session.authority_id,
        to,
        real_now,
    )


async def prolong_overruns(session: BrokerSession) -> int:
    """Give live bookings that end today or ended before one day more; their number.

    They say that they overran: nobody knows when such a place is free. One whose place has been another family's since
    its end stays as it is.
    """
    return await session.run(
        "UPDATE booking b SET ends_on = $2::date + 1, cause = 'overrun'"
        " WHERE b.authority_id = $1 AND b.state <> 'released' AND b.ends_on <= $2 AND b.format = 'casework'"
        " AND NOT EXISTS (SELECT 1 FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id"
        "                 AND n.state <> 'released' AND n.starts_on > b.starts_on AND n.starts_on <= $2)",
        session.authority_id,
        session.today,
    )


async def end_dated_bookings(session: BrokerSession) -> int:
    """Release the bookings of courses and other dated formats whose days are over; their number.

    Nobody overruns there: the place is free on the day after, whether what happened was recorded by then or not.
    """
    return await session.run(
        "UPDATE booking SET state = 'released', cause = 'over', released_on = ends_on"
        " WHERE authority_id = $1 AND state <> 'released' AND format <> 'casework' AND ends_on <= $2",
        session.authority_id,
        session.today,
    )


async def identity_days(session: ReadSession, default: int) -> int:
    """The days of access after closure, by the policy in force today."""
    days: int | None = await session.value(
        "SELECT (content ->> 'identity_days_after_closure')::integer FROM policy_version"
        " WHERE authority_id = $1 AND effective_from <= $2 ORDER BY effective_from DESC, number DESC LIMIT 1",
        session.authority_id,
        session.today,
    )
    return default if days is None else days


async def delete_idempotency_records(session: WriteSession, before: datetime) -> int:
    """Delete the oldest hour of answers kept for retries from before a moment; how many. For the worker role."""
    return await session.run(
        "DELETE FROM idempotency_record WHERE created_at < least($1,"
        " (SELECT min(created_at) FROM idempotency_record) + interval '1 hour')",
        before,
    )
