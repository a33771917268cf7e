"""Use of the block: places held against places there, by day or week, and volume used against volume commissioned.

A place is there from its first day until its last (exclusive), except while out of service. It is held from the day it
was offered until the booking ends or is released (exclusive). A held place that is out of service counts as held and as
there: a cut never evicts. Days on which a place was held that a cut had taken away are told apart (over-held). Ranges
become +1 and -1 at their ends and are summed along the days, so the cost follows the rows and not the rows times the
days.
"""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from app.db import ReadSession
from app.domain.outcomes import Capacity, CapacityPoint, Interval, VolumeUse
from app.queries.outcomes.population import plan_afresh
from app.queries.volume import USED_BY_LOT

# $1 authority, $2 first day, $3 day after the last, $4 provider.
_POINTS: Final = """
WITH held AS MATERIALIZED (
  SELECT b.place_id, greatest(b.starts_on, $2) AS starts_on, least(b.ends_on, $3) AS ends_on,
    greatest(b.starts_on, $2, p.available_until) AS cut_on, p.available_until IS NOT NULL AS is_cut
  FROM booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
  WHERE b.authority_id = $1 AND b.starts_on < $3 AND b.ends_on > $2 AND b.starts_on < b.ends_on
    AND ($4::uuid IS NULL OR b.provider_id = $4)
), away AS (
  SELECT o.place_id, greatest(o.starts_on, $2, p.available_from) AS starts_on,
    least(o.ends_on, $3, p.available_until) AS ends_on
  FROM place_out_of_service o JOIN place p ON p.authority_id = o.authority_id AND p.id = o.place_id
  WHERE o.authority_id = $1 AND o.starts_on < $3 AND o.ends_on > $2 AND ($4::uuid IS NULL OR o.provider_id = $4)
), away_free AS (
  -- Out of service, less the days on which the place was held all the same; overlapping notices count once.
  SELECT r.place_id, lower(u) AS starts_on, upper(u) AS ends_on
  FROM (
    SELECT a.place_id, range_agg(daterange(a.starts_on, a.ends_on)) - coalesce(
      (SELECT range_agg(daterange(h.starts_on, h.ends_on)) FROM held h WHERE h.place_id = a.place_id), '{}'
    ) AS days
    FROM away a WHERE a.starts_on < a.ends_on GROUP BY a.place_id
  ) r CROSS JOIN LATERAL unnest(r.days) AS u
), there AS (
  SELECT greatest(p.available_from, $2) AS starts_on, least(p.available_until, $3) AS ends_on
  FROM place p
  WHERE p.authority_id = $1 AND p.available_from < $3 AND (p.available_until IS NULL OR p.available_until > $2)
    AND ($4::uuid IS NULL OR p.provider_id = $4)
), steps AS (
  SELECT starts_on AS on_day, 1 AS held, 0 AS total, 0 AS over_held FROM held
  UNION ALL SELECT ends_on, -1, 0, 0 FROM held
  UNION ALL SELECT cut_on, 0, 0, 1 FROM held WHERE is_cut AND cut_on < ends_on
  UNION ALL SELECT ends_on, 0, 0, -1 FROM held WHERE is_cut AND cut_on < ends_on
  UNION ALL SELECT starts_on, 0, 1, 0 FROM there WHERE starts_on < ends_on
  UNION ALL SELECT ends_on, 0, -1, 0 FROM there WHERE starts_on < ends_on
  UNION ALL SELECT starts_on, 0, -1, 0 FROM away_free
  UNION ALL SELECT ends_on, 0, 1, 0 FROM away_free
  UNION ALL SELECT d::date, 0, 0, 0 FROM generate_series($2::date, $3::date - 1, interval '1 day') d
), days AS (
  SELECT on_day, sum(sum(held)) OVER w AS held, sum(sum(total)) OVER w AS total,
    sum(sum(over_held)) OVER w AS over_held
  FROM steps GROUP BY on_day WINDOW w AS (ORDER BY on_day)
)
SELECT {step} AS starts_on, count(*) AS day_count,
  sum(held)::bigint AS held_place_days, sum(total)::bigint AS total_place_days,
  sum(over_held)::bigint AS over_held_place_days
FROM days WHERE on_day < $3 GROUP BY 1 ORDER BY 1
"""
_STATEMENTS: Final = {
    Interval.DAY: _POINTS.replace("{step}", "on_day"),
    Interval.WEEK: _POINTS.replace("{step}", "greatest(date_trunc('week', on_day)::date, $2)"),
}

# Volume is used when a first contact was attended, and by formats other than casework as `app.queries.volume` says.
# $1 authority, $2 day after the last, $3 provider. The counts stand in steps of their own, made once: the planner would
# count again for every lot.
_VOLUME: Final = """
WITH used AS MATERIALIZED (
  SELECT i.lot_id, count(DISTINCT i.id) AS families, count(DISTINCT (i.id, r.pupil_id)) AS pupils
  FROM intervention i JOIN referral r ON r.authority_id = i.authority_id AND r.intervention_id = i.id
  WHERE i.authority_id = $1 AND i.started_on < $2
  GROUP BY i.lot_id
), worked AS MATERIALIZED (
  {used_by_lot}
)
SELECT l.id AS lot_id, l.name AS lot_name, c.id AS contract_id, c.contract_number, l.provider_id,
  o.name AS provider_name, l.volume_unit AS unit, coalesce(v.volume, l.volume) AS volume,
  CASE WHEN s.format <> 'casework' THEN coalesce(w.units, 0) WHEN l.volume_unit = 'pupil' THEN coalesce(u.pupils, 0)
    ELSE coalesce(u.families, 0) END AS used_count
FROM lot l
JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id
JOIN contract c ON c.authority_id = l.authority_id AND c.id = l.contract_id
JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.provider_id
LEFT JOIN LATERAL (
  SELECT (cv.terms ->> 'volume')::integer AS volume FROM contract_variation cv
  WHERE cv.authority_id = l.authority_id AND cv.contract_id = l.contract_id AND cv.kind = 'volume'
    AND cv.terms ->> 'lot_id' = l.id::text AND cv.effective_on < $2
  ORDER BY cv.effective_on DESC, cv.number DESC LIMIT 1
) v ON true
LEFT JOIN used u ON u.lot_id = l.id
LEFT JOIN worked w ON w.lot_id = l.id
WHERE l.authority_id = $1 AND c.starts_on < $2 AND ($3::uuid IS NULL OR l.provider_id = $3)
ORDER BY c.contract_number, l.name, l.id
"""
VOLUME: Final = _VOLUME.replace("{used_by_lot}", USED_BY_LOT)


async def capacity(
    session: ReadSession, period: tuple[date, date], interval: Interval = Interval.DAY, provider_id: UUID | None = None
) -> Capacity:
    """Places and volume over a period, both dates included. The whole authority, or one provider's lots."""
    starts_on, ends_on = period
    until = ends_on + timedelta(days=1)
    await plan_afresh(session)
    points = await session.rows(_STATEMENTS[interval], session.authority_id, starts_on, until, provider_id)
    volume = await session.rows(VOLUME, session.authority_id, until, provider_id)
    return Capacity(
        starts_on=starts_on,
        ends_on=ends_on,
        interval=interval,
        points=tuple(
            CapacityPoint(**row, held_share=_held_share(row["held_place_days"], row["total_place_days"]))
            for row in points
        ),
        volume=tuple(VolumeUse(**row, used_share=_share(row["used_count"], row["volume"])) for row in volume),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _held_share(held: int, total: int) -> float | None:
    """At most 1: what is held beyond the places there is told on its own."""
    return _share(min(held, total), total)
