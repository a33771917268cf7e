"""Everyone who waits, on hold or not, with what a decision and a list say of them. In no order: `Order` has it.

Each fact from another table is joined once for all; a subquery per row would make a long list dear.
"""

from typing import Final

import asyncpg

from app.db import ReadSession

_EVERYONE: Final = """
WITH w AS MATERIALIZED (
  SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.year_group,
         r.key_stage, r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.holds,
         r.unplaceable, r.sibling_group_id
  FROM referral r WHERE r.authority_id = $1 AND r.state = 'waiting'
), declined AS (
  SELECT o.referral_id, array_agg(DISTINCT o.provider_id) AS provider_ids
  FROM offer o JOIN w ON w.id = o.referral_id
  WHERE o.authority_id = $1 AND o.state IN ('declined', 'expired') GROUP BY o.referral_id
), housed AS (
  SELECT DISTINCT b.household_id FROM booking b WHERE b.authority_id = $1 AND b.state <> 'released'
), known AS (
  SELECT DISTINCT ON (b.household_id) b.household_id, i.provider_id
  FROM (SELECT DISTINCT household_id FROM w) h
  JOIN booking b ON b.authority_id = $1 AND b.household_id = h.household_id
  JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
  ORDER BY b.household_id, i.accepted_at DESC, i.id
)
SELECT w.*, coalesce(d.provider_ids, '{}') AS declined_provider_ids, h.household_id IS NOT NULL AS household_has_place,
       k.provider_id AS previous_provider_id
FROM w
LEFT JOIN declined d ON d.referral_id = w.id
LEFT JOIN housed h ON h.household_id = w.household_id
LEFT JOIN known k ON k.household_id = w.household_id
"""


async def everyone(session: ReadSession) -> list[asyncpg.Record]:
    """The rows of all referrals that wait and that the session reaches."""
    return await session.rows(_EVERYONE, session.authority_id)
