"""Every place of an authority, busy ones with the day they are planned to fall free; and who began work lately.

For explanations and expected starts, in a read that reaches the whole authority. What a decision is made from under
the lock (`app.queries.snapshot`) is kept apart: it asks for free places alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.db import ReadSession
from app.domain.allocation import Place
from app.domain.allocation.facts_of_time import free_in
from app.domain.calendar import Calendar
from app.queries.outcomes.timeliness import school_days

_LATELY: Final = timedelta(days=90)
_LONGEST_WAIT: Final = timedelta(days=3 * 365)
_FEWEST: Final = 5
"""Fewer starts than this in a band would tell of single families."""

# The places that stand on the day. A place may have its next booking beside the present one: the last end counts.
_PLACES: Final = """
SELECT p.id, p.lot_id, p.number, p.practitioner_id, p.needs, p.languages, p.modes, p.reach, h.ends_on AS free_on,
       x.place_id IS NULL AS in_service
FROM place p
LEFT JOIN (SELECT b.place_id, max(b.ends_on) AS ends_on FROM booking b
           WHERE b.authority_id = $1 AND b.state <> 'released' GROUP BY b.place_id) h ON h.place_id = p.id
LEFT JOIN (SELECT DISTINCT o.place_id FROM place_out_of_service o
           WHERE o.authority_id = $1 AND o.starts_on <= $2 AND o.ends_on > $2) x ON x.place_id = p.id
WHERE p.authority_id = $1 AND p.available_from <= $2 AND (p.available_until IS NULL OR p.available_until > $2)
  AND p.lot_id IN (
    SELECT l.id FROM lot l JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id
    WHERE l.authority_id = $1 AND s.format = 'casework')
"""

# By lot, because starts are indexed by it. Waits count school days by bisection in the sorted days of the calendar.
_STARTS: Final = """
WITH begun AS MATERIALIZED (
  SELECT r.band, s.standard_weeks,
         greatest(width_bucket(i.started_on, $4::date[])
                  - width_bucket((r.received_at AT TIME ZONE 'Europe/London')::date, $4::date[]), 0) AS days
  FROM lot l
  JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id AND s.format = 'casework'
  JOIN intervention i ON i.authority_id = l.authority_id AND i.lot_id = l.id AND i.started_on BETWEEN $2 AND $3
  JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id
  WHERE l.authority_id = $1
)
SELECT band, count(*)::int AS count, (5 * sum(standard_weeks))::int AS place_days,
       percentile_disc(0.1) WITHIN GROUP (ORDER BY days)::int AS low,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY days)::int AS high
FROM begun GROUP BY band
"""


@dataclass(frozen=True, slots=True)
class RecentStarts:
    """What the first contacts of the last 90 days say of waiting."""

    waits: Mapping[str, tuple[int, int]]
    """By band: the 10th and 90th percentile of school days from receipt to start. A band with few starts is absent."""
    place_days: Mapping[str, int]
    """By band: the school days of places that those starts take, at the standard length of their service."""
    days: int
    """School days in that time."""


async def places(session: ReadSession, calendar: Calendar) -> tuple[Place, ...]:
    """Every place that stands today. One that is held is free tomorrow at the earliest, however late it is."""
    today = session.today
    rows = await session.rows(_PLACES, session.authority_id, today)
    return tuple(
        Place(
            id=row["id"],
            lot_id=row["lot_id"],
            number=row["number"],
            practitioner_id=row["practitioner_id"],
            needs=None if row["needs"] is None else tuple(row["needs"]),
            languages=None if row["languages"] is None else tuple(row["languages"]),
            modes=None if row["modes"] is None else tuple(row["modes"]),
            free_in=0 if row["free_on"] is None else max(1, free_in(calendar, today, row["free_on"])),
            free_on=row["free_on"],
            reach=row["reach"],
            in_service=row["in_service"],
        )
        for row in rows
    )


async def recent_starts(session: ReadSession, calendar: Calendar) -> RecentStarts:
    """How those of each band who began in the last 90 days had waited, and what they take of the places."""
    today = session.today
    since = today - _LATELY
    rows = await session.rows(
        _STARTS, session.authority_id, since, today, school_days(calendar, today - _LONGEST_WAIT, today)
    )
    return RecentStarts(
        waits={row["band"]: (row["low"], row["high"]) for row in rows if row["count"] >= _FEWEST},
        place_days={row["band"]: row["place_days"] for row in rows},
        days=calendar.school_days_between(since, today),
    )
