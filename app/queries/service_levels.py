"""Service levels: one statement over the obligations that were due in a period, counted from the index alone.

Days late are counted by bisection (`width_bucket`) in the sorted school days or working days of the authority's
calendar: days after the due date, up to and including that of the meeting. Every figure is in the authority's days,
though a debt itself may run in those of the pupil's school.
"""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from app.access import Kind
from app.clock import london_moment
from app.db import ReadSession
from app.domain.calendar import Calendar
from app.domain.service_levels import LevelsBy, ServiceLevel
from app.queries.outcomes.population import plan_afresh
from app.queries.outcomes.timeliness import school_days
from app.queries.parties import calendar_of

# $1 authority; $2 to $3 due from and before; $4 now; $5 owed by; $6 kind; $7 school days, $8 working days, sorted.
_LEVELS: Final = """
WITH o AS MATERIALIZED (
  SELECT kind, clock, {owner} AS owed_by_id, due_at, met_at, cancelled_at,
    cancelled_at IS NULL AND coalesce(met_at, $4) > due_at AS late
  FROM obligation WHERE authority_id = $1 AND due_at >= $2 AND due_at < $3{own}
    AND ($5::uuid IS NULL OR owed_by_id = $5) AND ($6::text IS NULL OR kind = $6)
), g AS (
  SELECT kind, clock, owed_by_id, count(*) AS owed_count,
    count(*) FILTER (WHERE met_at IS NOT NULL AND NOT late) AS met_in_time_count,
    count(*) FILTER (WHERE met_at IS NOT NULL AND late) AS met_late_count,
    count(*) FILTER (WHERE met_at IS NULL AND late) AS overdue_count,
    count(*) FILTER (WHERE met_at IS NULL AND cancelled_at IS NULL AND NOT late) AS not_yet_due_count,
    count(cancelled_at) AS cancelled_count
  FROM o GROUP BY kind, clock, owed_by_id
), l AS (
  SELECT kind, clock, owed_by_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE clock
    WHEN 'calendar_hour' THEN extract(epoch FROM coalesce(met_at, $4) - due_at)::float8 / 3600
    WHEN 'school_day' THEN (width_bucket((coalesce(met_at, $4) AT TIME ZONE 'Europe/London')::date, $7::date[])
      - width_bucket((due_at AT TIME ZONE 'Europe/London')::date, $7::date[]))::float8
    ELSE (width_bucket((coalesce(met_at, $4) AT TIME ZONE 'Europe/London')::date, $8::date[])
      - width_bucket((due_at AT TIME ZONE 'Europe/London')::date, $8::date[]))::float8
    END) AS median_late
  FROM o WHERE late GROUP BY kind, clock, owed_by_id
)
SELECT g.kind, g.clock, g.owed_by_id::text AS organisation_id,
  (SELECT p.name FROM organisation p WHERE p.authority_id = $1 AND p.id = g.owed_by_id) AS organisation_name,
  g.owed_count, g.met_in_time_count, g.met_late_count, g.overdue_count, g.not_yet_due_count, g.cancelled_count,
  g.met_in_time_count + g.met_late_count + g.overdue_count AS n,
  g.met_in_time_count::float8 / nullif(g.met_in_time_count + g.met_late_count + g.overdue_count, 0) AS in_time_share,
  l.median_late
FROM g LEFT JOIN l ON l.kind = g.kind AND l.clock = g.clock AND l.owed_by_id IS NOT DISTINCT FROM g.owed_by_id
ORDER BY g.kind, g.clock, organisation_name, g.owed_by_id
"""


async def service_levels(
    session: ReadSession,
    period: tuple[date, date],
    group_by: LevelsBy = LevelsBy.KIND,
    *,
    kind: str | None = None,
    owed_by_id: UUID | None = None,
) -> list[ServiceLevel]:
    """How what was due in a period (both days in it) was met by now, of what the caller may see, by kind."""
    starts_on, ends_on = period
    # Row policy says the same, but would read the whole authority's obligations to say it.
    theirs = session.kind is not Kind.AUTHORITY
    owner = "owed_by_id" if group_by is LevelsBy.ORGANISATION else "NULL::uuid"
    own = " AND owed_by_id = $9" if theirs else ""
    calendar = await calendar_of(session)
    await plan_afresh(session)
    rows = await session.rows(
        _LEVELS.format(owner=owner, own=own),
        session.authority_id,
        london_moment(starts_on),
        london_moment(ends_on + timedelta(days=1)),
        session.now,
        owed_by_id,
        kind,
        school_days(calendar, starts_on, session.today),
        working_days(calendar, starts_on, session.today),
        *([session.organisation_id] if theirs else []),
    )
    return [ServiceLevel(**row) for row in rows]


def working_days(calendar: Calendar, first: date, last: date) -> list[date]:
    """The working days between two dates, both included, in order."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if calendar.is_working_day(day)]
