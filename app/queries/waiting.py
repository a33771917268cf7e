"""Everyone who waits, on hold or not, with what a decision and a list say of them. In no order: `Order` has it.

Each fact from another table is joined once for all; a subquery per row would make a long list dear. The rows come as
JSON, some hundreds in one value, and are read by `rows_of` in a thread: the driver would make five thousand rows into
Python values on the event loop, in one stretch of a tenth of a second.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession
from app.queries.who_waits import NOT_TO_BE_ASKED

_AT_ONCE: Final = 250

_EVERYONE: Final = f"""
WITH w AS MATERIALIZED (
  SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.year_group,
         r.key_stage, r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.holds,
         r.unplaceable, r.sibling_group_id
  FROM referral r WHERE r.authority_id = $1 AND r.state = 'waiting'
), declined AS (
  SELECT o.referral_id, array_agg(DISTINCT o.provider_id) AS provider_ids
  FROM offer o JOIN w ON w.id = o.referral_id
  WHERE o.authority_id = $1 AND {NOT_TO_BE_ASKED} GROUP BY o.referral_id
), housed AS (
  SELECT DISTINCT b.household_id FROM booking b WHERE b.authority_id = $1 AND b.state <> 'released'
    AND b.format = 'casework'
), known AS (
  SELECT DISTINCT ON (b.household_id) b.household_id, i.provider_id
  FROM (SELECT DISTINCT household_id FROM w) h
  JOIN booking b ON b.authority_id = $1 AND b.household_id = h.household_id
  JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
  ORDER BY b.household_id, i.accepted_at DESC, i.id
)
SELECT json_agg(x)::text AS rows FROM (
SELECT w.*, row_number() OVER () AS number, coalesce(d.provider_ids, '{{}}') AS declined_provider_ids,
       h.household_id IS NOT NULL AS household_has_place, k.provider_id AS previous_provider_id
FROM w
LEFT JOIN declined d ON d.referral_id = w.id
LEFT JOIN housed h ON h.household_id = w.household_id
LEFT JOIN known k ON k.household_id = w.household_id
) x GROUP BY x.number / $2
"""  # noqa: S608 - our own condition


async def everyone(session: ReadSession) -> list[str]:
    """All referrals that wait and that the session reaches: for `rows_of`."""
    return [row["rows"] for row in await session.rows(_EVERYONE, session.authority_id, _AT_ONCE)]


def rows_of(parts: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of some parts, typed. Work for a thread."""
    found = []
    for part in parts:
        for row in orjson.loads(part):
            for name, typed in _TYPED.items():
                if row[name] is not None:
                    row[name] = typed(row[name])
            found.append(row)
    return found


# The same few schools, areas and providers stand in every row.
_shared: Callable[[str], UUID] = lru_cache(4096)(UUID)
_day: Callable[[str], date] = lru_cache(4096)(date.fromisoformat)


def _several(values: list[str]) -> tuple[UUID, ...]:
    return tuple(_shared(value) for value in values)


_TYPED: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "id": UUID,
        "household_id": UUID,
        "area_id": _shared,
        "school_id": _shared,
        "previous_provider_id": _shared,
        "banded_on": _day,
        "received_at": datetime.fromisoformat,
        "refused_provider_ids": _several,
        "declined_provider_ids": _several,
    }
)
