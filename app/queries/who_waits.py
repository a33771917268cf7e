"""Who waits, as decisions see them: one, some, everyone, or only those whom some places could be offered to.

In broker context, or in a read that reaches the whole authority.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.domain.allocation import Lot, Place, Want

# Providers that are not to be asked: they declined, did not answer, or an officer took their offer back; until an
# officer lets them be asked again.
NOT_TO_BE_ASKED = (
    "(o.state IN ('declined', 'expired') OR o.withdraw_reason IS NOT NULL) AND o.provider_allowed_at IS NULL"
)

# Asked of every arrival under the lock, where the answer is mostly no: two plain conditions and no more.
_SOMEONE = """
SELECT EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = $1 AND r.state = 'waiting' AND cardinality(r.holds) = 0
               AND r.key_stage = ANY ($2) AND r.need_codes[1] = ANY ($3))
"""

_WANT = f"""
SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.key_stage,
       r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.holds, r.unplaceable,
       r.sibling_group_id,
       ARRAY(SELECT DISTINCT o.provider_id FROM offer o
             WHERE o.authority_id = r.authority_id AND o.referral_id = r.id AND {NOT_TO_BE_ASKED})
       AS declined_provider_ids,
       EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = r.authority_id AND b.household_id = r.household_id
               AND b.state <> 'released' AND b.format = 'casework') AS household_has_place,
       (SELECT i.provider_id FROM booking b JOIN intervention i
          ON i.authority_id = b.authority_id AND i.booking_id = b.id
        WHERE b.authority_id = r.authority_id AND b.household_id = r.household_id
        ORDER BY i.accepted_at DESC, i.id LIMIT 1) AS previous_provider_id
FROM referral r
"""  # noqa: S608 - our own condition
_ONE = f"{_WANT} WHERE r.authority_id = $1 AND r.id = $2"

# Those who wait. What the planner takes for a few may be twenty thousand, and it runs under the lock: so whether a
# household has a place is looked up in a hash (an IN of the select list always is), and what few have by index.
_W = f"""
WITH w AS MATERIALIZED (
  SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.key_stage,
         r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.holds, r.unplaceable,
         r.sibling_group_id,
         ARRAY(SELECT DISTINCT o.provider_id FROM offer o
               WHERE o.authority_id = $1 AND o.referral_id = r.id AND {NOT_TO_BE_ASKED})
         AS declined_provider_ids,
         r.household_id IN (SELECT b.household_id FROM booking b
                            WHERE b.authority_id = $1 AND b.state <> 'released' AND b.format = 'casework')
         AS household_has_place
  FROM referral r WHERE r.authority_id = $1 AND r.state = 'waiting' AND cardinality(r.holds) = 0
)
"""  # noqa: S608 - our own condition
# The latest by sorting: for a LIMIT the planner would walk the authority's interventions until it meets the household.
_FACTS = """f.*, (SELECT (array_agg(i.provider_id ORDER BY i.accepted_at DESC, i.id))[1] FROM booking b
     JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
   WHERE b.authority_id = $1 AND b.household_id = f.household_id) AS previous_provider_id"""

_WAITING = f"""{_W}
SELECT {_FACTS} FROM w f WHERE $2::uuid[] IS NULL OR f.id = ANY ($2)
"""  # noqa: S608 - our own text

# The first few of each kind: alike in all that the order's first parts look at, and in whatever the places tell
# families apart by ($8; where all are for the same needs, say, whoever has one of those is alike). Of a household's
# referrals of one kind only the first counts, because only one of a household is offered a place. The long-stop is the
# domain's rule (`effective_band`) in SQL: the day counted by bisection in the school days of the calendar. Linked
# siblings are few, and decided together: they are all there.
_CONTENDERS = f"""{_W}, stopped AS (
  SELECT f.*, CASE WHEN f.band = $4 THEN ($6::date[])[width_bucket(f.banded_on, $6::date[]) + $7::int] END AS stopped_on
  FROM w f
  WHERE NOT f.household_has_place AND f.key_stage = ANY ($2::text[]) AND f.need_codes[1] = ANY ($3::text[])
    AND f.language = ANY ($11::text[]) AND f.modes && $12::text[]
), ordered AS (
  SELECT s.*, coalesce(s.stopped_on, s.banded_on) AS since,
         CASE WHEN s.stopped_on IS NULL THEN s.band ELSE $5 END AS counts_as
  FROM stopped s
), kinds AS (
  SELECT o.*, ARRAY[o.counts_as, CASE WHEN 'area' = ANY ($8::text[]) THEN o.area_id::text END,
                    CASE WHEN 'stage' = ANY ($8::text[]) THEN o.key_stage END,
                    CASE WHEN 'need' = ANY ($8::text[]) THEN o.need_codes[1] END,
                    CASE WHEN 'language' = ANY ($8::text[]) THEN o.language END,
                    CASE WHEN 'modes' = ANY ($8::text[]) THEN o.modes::text END,
                    o.refused_provider_ids::text, o.declined_provider_ids::text,
                    CASE WHEN 'school' = ANY ($8::text[]) THEN o.school_id::text
                         ELSE (o.school_id = ANY ($9::uuid[]))::text END] AS kind
  FROM ordered o
), firsts AS (
  SELECT k.*,
         row_number() OVER (PARTITION BY k.kind, k.household_id ORDER BY k.since, k.received_at, k.reference) AS turn
  FROM kinds k
), ranked AS (
  SELECT f.*, row_number() OVER (PARTITION BY f.kind ORDER BY f.since, f.received_at, f.reference) AS number
  FROM firsts f WHERE f.turn = 1 OR f.sibling_group_id IS NOT NULL
)
SELECT {_FACTS} FROM ranked f WHERE f.number <= $10 OR f.sibling_group_id IS NOT NULL
"""  # noqa: S608 - our own text

_KINDS = f"""{_W}
SELECT f.area_id, CASE WHEN $2::boolean THEN f.school_id END AS school_id, f.key_stage, f.need_codes[1] AS need,
       f.language, f.modes, f.refused_provider_ids, f.declined_provider_ids, f.household_has_place, f.unplaceable,
       string_agg(f.id::text, ' ') AS ids
FROM w f GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""  # noqa: S608 - our own text


async def waiting(session: ReadSession, only: Sequence[UUID] | None = None) -> list[asyncpg.Record]:
    """Who waits (of `only` some), those on hold left out, in no order."""
    return await session.rows(_WAITING, session.authority_id, None if only is None else list(only))


async def someone_may_fit(session: BrokerSession, lots: Sequence[Lot], places: Sequence[Place]) -> bool:
    """Whether anybody waits whose key stage and need are those of some places of some lots: a quick look."""
    own = {lot.id: lot for lot in lots}
    stages = sorted({stage for lot in lots for stage in lot.key_stages})
    # A place may have needs of its own.
    needs = sorted({need for place in places for need in place.needs or own[place.lot_id].needs})
    found: bool = await session.value(_SOMEONE, session.authority_id, stages, needs)
    return found


@dataclass(frozen=True, slots=True)
class LongStop:
    """The long-stop of a policy: the band that it raises and to which, and how it counts."""

    band: str
    becomes: str
    school_days: int
    calendar: Sequence[date]
    """The school days until today, in order, from before anybody who waits was given a band."""


async def contenders(
    session: BrokerSession,
    lots: Sequence[Lot],
    places: Sequence[Place],
    *,
    long_stop: LongStop | None,
    late_schools: Collection[UUID],
) -> list[asyncpg.Record]:
    """Who could be offered one of some places of some lots: of each kind the first few, in no order.

    However many wait, a plan made from these offers what one from everyone would (`app.domain.allocation.waiting`).
    """
    apart = _told_apart(lots, places)
    own = {lot.id: lot for lot in lots}
    return await session.rows(
        _CONTENDERS,
        session.authority_id,
        sorted({stage for lot in lots for stage in lot.key_stages}),
        # A place may have needs, languages and modes of its own.
        sorted({need for place in places for need in place.needs or own[place.lot_id].needs}),
        long_stop.band if long_stop else None,
        long_stop.becomes if long_stop else None,
        list(long_stop.calendar) if long_stop else [],
        long_stop.school_days if long_stop else 0,
        apart,
        list(late_schools),
        len(places),
        sorted({each for place in places for each in place.languages or own[place.lot_id].languages}),
        sorted({mode for place in places for mode in place.modes or own[place.lot_id].modes}),
    )


def _told_apart(lots: Sequence[Lot], places: Sequence[Place]) -> list[str]:
    """By which facts of a family some places differ."""
    own = {lot.id: lot for lot in lots}
    sets = {
        "stage": {frozenset(lot.key_stages) for lot in lots},
        "need": {frozenset(place.needs or own[place.lot_id].needs) for place in places},
        "language": {frozenset(place.languages or own[place.lot_id].languages) for place in places},
        "modes": {frozenset(place.modes or own[place.lot_id].modes) for place in places},
    }
    apart = [name for name, values in sets.items() if len(values) > 1]
    if any(lot.school_ids for lot in lots):
        apart += ["area", "school"]
    elif any(lot.area_ids for lot in lots):
        apart.append("area")
    return apart


async def kinds(session: ReadSession, *, by_school: bool) -> list[tuple[Want, asyncpg.Record]]:
    """Those who wait, those alike as one: a want with what makes them eligible, and how they stand (`ids`)."""
    rows = await session.rows(_KINDS, session.authority_id, by_school)
    nobody = UUID(int=0)
    return [
        (
            Want(
                referral_id=nobody,
                reference="",
                household_id=nobody,
                band="P4",
                banded_on=date.min,
                received_at=datetime.min.replace(tzinfo=UTC),
                area_id=row["area_id"],
                school_id=row["school_id"],
                key_stage=row["key_stage"],
                primary_need=row["need"],
                language=row["language"],
                modes=tuple(row["modes"]),
                refused_provider_ids=tuple(row["refused_provider_ids"]),
                declined_provider_ids=tuple(row["declined_provider_ids"]),
            ),
            row,
        )
        for row in rows
    ]


async def want_row(session: BrokerSession, referral_id: UUID) -> asyncpg.Record | None:
    """What `want_of` reads of one referral, on hold or not."""
    return await session.row(_ONE, session.authority_id, referral_id)


def want_of(row: asyncpg.Record, long_stop_on: date | None) -> Want:
    """The facts of a referral's row that a decision may know; the day of its long-stop is counted by the caller."""
    holds = list(row["holds"])
    if row["household_has_place"]:
        holds.append("HOUSEHOLD_HAS_PLACE")
    return Want(
        referral_id=row["id"],
        reference=row["reference"],
        household_id=row["household_id"],
        band=row["band"],
        banded_on=row["banded_on"],
        received_at=row["received_at"],
        area_id=row["area_id"],
        school_id=row["school_id"],
        key_stage=row["key_stage"],
        primary_need=row["need_codes"][0],
        secondary_needs=tuple(row["need_codes"][1:]),
        preferred_mode=row["preferred_mode"],
        previous_provider_id=row["previous_provider_id"],
        sibling_group_id=row["sibling_group_id"],
        long_stop_on=long_stop_on,
        language=row["language"],
        modes=tuple(row["modes"]),
        refused_provider_ids=tuple(row["refused_provider_ids"]),
        declined_provider_ids=tuple(row["declined_provider_ids"]),
        holds=tuple(holds),
    )
