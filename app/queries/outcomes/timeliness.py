"""Timeliness: school days from submission to offer, acceptance and first contact, those still waiting included.

Whoever has not reached a milestone yet, or closed without it, is censored: known to have waited at least until then.
The percentiles are those of the Kaplan-Meier estimate, so a backlog makes them longer instead of vanishing from them.
School days are counted by bisection in the sorted school days of the calendar: days after the first date, up to and
including the second.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

from app import clock
from app.db import ReadSession
from app.domain.calendar import Calendar
from app.domain.outcomes import GroupBy, Milestone, OutcomeFilter, Timeliness
from app.queries.outcomes.population import GROUPINGS, plan_afresh
from app.queries.parties import calendar_of

# Estimates are products of floating fractions: one that is 0.5 on paper must count as 0.5.
_NEARLY: Final = "1e-9"

# $1 authority; $2 to $3 received from and before; $4 school days, sorted; $5 today; $6 area, $7 school, $8 provider,
# $9 phase, $10 band, $11 need.
_CASES: Final = """
WITH m AS MATERIALIZED (
  SELECT r.id, r.area_id, r.school_id, s.phase, i.provider_id, r.band, r.need_codes,
    (r.received_at AT TIME ZONE 'Europe/London')::date AS received_on,
    (o.offered_at AT TIME ZONE 'Europe/London')::date AS offered_on,
    ((CASE WHEN i.shared THEN p.joined_at ELSE i.accepted_at END) AT TIME ZONE 'Europe/London')::date AS accepted_on,
    CASE WHEN i.shared THEN p.started_on ELSE i.started_on END AS first_contact_on,
    least((r.closed_at AT TIME ZONE 'Europe/London')::date, $5) AS watched_until
  FROM referral r
  LEFT JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id
  LEFT JOIN case_member p ON i.shared AND p.authority_id = r.authority_id AND p.intervention_id = i.id
    AND p.referral_id = r.id
  LEFT JOIN school s ON s.authority_id = r.authority_id AND s.organisation_id = r.school_id
  LEFT JOIN (
    SELECT f.referral_id, min(f.offered_at) AS offered_at FROM offer f
    WHERE f.authority_id = $1 AND f.offered_at >= $2 AND f.state <> 'proposed' GROUP BY f.referral_id
  ) o ON o.referral_id = r.id
  WHERE r.authority_id = $1 AND r.received_at >= $2 AND r.received_at < $3
    AND r.state <> 'draft' AND r.outcome IS DISTINCT FROM 'entered_in_error'
    AND ($6::uuid IS NULL OR r.area_id = $6) AND ($7::uuid IS NULL OR r.school_id = $7)
    AND ($8::uuid IS NULL OR i.provider_id = $8) AND ($9::text IS NULL OR s.phase = $9)
    AND ($10::text IS NULL OR r.band = $10) AND ($11::text IS NULL OR $11 = ANY (r.need_codes))
), waits AS (
  SELECT {key} AS key, e.milestone, e.reached_on IS NOT NULL AS reached,
    greatest(width_bucket(coalesce(e.reached_on, m.watched_until), $4::date[])
      - width_bucket(m.received_on, $4::date[]), 0) AS days
  FROM m {source}
  CROSS JOIN LATERAL (
    VALUES ('offered', m.offered_on), ('accepted', m.accepted_on), ('first_contact', m.first_contact_on)
  ) AS e (milestone, reached_on)
), by_day AS (
  SELECT key, milestone, days, count(*) FILTER (WHERE reached) AS reached, count(*) AS leaving
  FROM waits GROUP BY key, milestone, days
), at_risk AS (
  SELECT *, sum(leaving) OVER (PARTITION BY key, milestone ORDER BY days DESC) AS waiting FROM by_day
), estimate AS (
  SELECT key, milestone, days, reached, leaving,
    CASE WHEN bool_or(reached = waiting) OVER w THEN 0
      ELSE exp(sum(ln(CASE WHEN reached = waiting THEN 1 ELSE 1 - reached / waiting END)) OVER w) END AS still_waiting
  FROM at_risk WINDOW w AS (PARTITION BY key, milestone ORDER BY days)
), g AS (
  SELECT key, milestone, sum(leaving)::bigint AS n, sum(reached)::bigint AS reached_count,
    sum(leaving - reached)::bigint AS censored_count,
    min(days) FILTER (WHERE still_waiting <= 0.5 + {nearly}) AS median_school_days,
    min(days) FILTER (WHERE still_waiting <= 0.1 + {nearly}) AS p90_school_days,
    min(days) FILTER (WHERE still_waiting <= 0.05 + {nearly}) AS p95_school_days
  FROM estimate GROUP BY key, milestone
)
SELECT {label} AS label, g.* FROM g
ORDER BY g.key, array_position(ARRAY['offered', 'accepted', 'first_contact'], g.milestone)
"""


@cache
def statement(group_by: GroupBy) -> str:
    """The SQL of this outcome."""
    grouping = GROUPINGS[group_by]
    return _CASES.format(key=grouping.key, source=grouping.source, label=grouping.label, nearly=_NEARLY)


async def timeliness(session: ReadSession, asked: OutcomeFilter, group_by: GroupBy = GroupBy.BAND) -> list[Timeliness]:
    """How long the referrals received in a period waited: one row per group and milestone, by band unless told.

    Drafts and referrals entered in error do not count. Without a first date, the last 365 days.
    """
    ends_on = asked.ends_on or session.today
    starts_on = asked.starts_on or ends_on - timedelta(days=365)
    calendar = await calendar_of(session)
    await plan_afresh(session)
    rows = await session.rows(
        statement(group_by),
        session.authority_id,
        clock.london_moment(starts_on),
        clock.london_moment(ends_on + timedelta(days=1)),
        school_days(calendar, starts_on, max(session.today, ends_on)),
        session.today,
        asked.area_id,
        asked.school_id,
        asked.provider_id,
        asked.phase,
        asked.band,
        asked.need,
    )
    return [Timeliness(**{**row, "milestone": Milestone(row["milestone"])}) for row in rows]


def school_days(calendar: Calendar, first: date, last: date) -> list[date]:
    """The school days between two dates, both included, in order."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if calendar.is_school_day(day)]
