"""What `decide` is asked: the lots of an authority, its free places, and who waits.

In broker context, or in a read that reaches the whole authority.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.domain.allocation import Caseload, Lot, Place, SchoolShare, Want
from app.domain.capacity import offerable_of

# `app.domain.contract_terms` in SQL, for every lot at once (a test compares the two): a lot starts with its contract,
# or on the day that a variation adds it, and a contract ends where the extensions in force on the day have moved it.
# Volume left: commissioned (by the last volume variation in force) less what was used (a first contact was attended)
# and what is committed (booked, not started).
# All is counted once for the authority, from indexes that hold row policy's columns too: it runs under the lock.
# A practitioner's caseload counts a place once: the next family of a place comes when the present one has left.
# A place opens today when nobody has it, and on the day its case is to end when that is by $3 and nobody follows. A
# case that runs over its planned end has no day that could be promised, and a place that is only offered has no case.
#
# One statement for all that a decision stands on, because each round trip keeps the lock for longer: rows of several
# kinds, the first of which (`part` is 'terms') is the policy in force and the stamps of the calendar. Of the places
# that are not free, only those with abilities of their own are there, and beside them one of the lot that has none:
# it says that the lot's own abilities are still to be had.
_SURVEY = """
WITH used AS MATERIALIZED (
  SELECT i.lot_id, count(*)::int AS count FROM intervention i
  WHERE i.authority_id = $1 AND i.started_on IS NOT NULL GROUP BY i.lot_id
), live AS MATERIALIZED (
  SELECT b.lot_id, b.place_id, b.state,
         CASE WHEN b.state IN ('accepted', 'active') AND b.cause <> 'overrun' AND b.starts_on <= $2
                AND b.ends_on > $2 AND b.ends_on <= $3 THEN b.ends_on END AS leaves_on
  FROM booking b WHERE b.authority_id = $1 AND b.state <> 'released'
), policy AS (
  SELECT v.id, v.content FROM policy_version v WHERE v.authority_id = $1 AND v.effective_from <= $2
  ORDER BY v.effective_from DESC, v.number DESC LIMIT 1
), supply AS MATERIALIZED (
  SELECT p.id, p.lot_id, p.number, p.practitioner_id, p.needs, p.languages, p.modes, p.reach,
         p.available_from <= $2 AND (p.available_until IS NULL OR p.available_until > $2) AS available,
         p.needs IS NOT NULL OR p.languages IS NOT NULL OR p.modes IS NOT NULL AS able,
         p.available_until <= $2 AS cut, coalesce(h.held, 0) AS held, o.opens_on
  FROM place p
  LEFT JOIN (SELECT place_id, count(*)::int AS held, max(leaves_on) AS leaves_on FROM live GROUP BY place_id) h
    ON h.place_id = p.id
  LEFT JOIN LATERAL (SELECT CASE WHEN h.held IS NULL THEN $2::date WHEN h.held = 1 THEN h.leaves_on END AS opens_on) o
    ON p.available_from <= o.opens_on AND (p.available_until IS NULL OR p.available_until > o.opens_on)
  WHERE p.authority_id = $1
)
SELECT 'terms' AS part, (SELECT id FROM policy) AS id,
       ARRAY(SELECT y.stamp FROM calendar_year y WHERE y.authority_id = $1 ORDER BY y.academic_year) AS stamps,
       (SELECT content::text FROM policy) AS content,
       NULL::uuid AS lot_id, NULL::int AS number, NULL::uuid AS practitioner_id, NULL::text[] AS needs,
       NULL::text[] AS languages, NULL::text[] AS modes, NULL::uuid AS provider_id, NULL::uuid AS service_id,
       NULL::date AS starts_on, NULL::date AS ends_on, NULL::uuid[] AS area_ids, NULL::uuid[] AS school_ids,
       NULL::text[] AS key_stages, NULL::int AS standard_weeks, NULL::int AS volume_left,
       NULL::text AS provider_name, NULL::text AS service_name, NULL::int AS count, NULL::int AS most,
       NULL::boolean AS opens
UNION ALL
SELECT 'practitioner', r.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       h.held, CASE WHEN r.active THEN r.caseload_limit ELSE 0 END, NULL
FROM (SELECT s.practitioner_id, (count(*) FILTER (WHERE s.held > 0))::int AS held FROM supply s GROUP BY 1) h
JOIN practitioner r ON r.authority_id = $1 AND r.id = h.practitioner_id
UNION ALL
SELECT 'place', s.id, NULL, NULL, s.lot_id, s.number, s.practitioner_id, s.needs, s.languages, s.modes,
       NULL, NULL, NULL, s.opens_on, NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.reach, NULL, s.opens
FROM (SELECT *, opens_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place_out_of_service x
                                                     WHERE x.authority_id = $1 AND x.place_id = supply.id
                                                       AND x.starts_on <= opens_on AND x.ends_on > opens_on) AS opens
      FROM supply) s
WHERE s.opens OR s.available AND s.able OR s.id IN (
  SELECT DISTINCT ON (x.lot_id) x.id FROM supply x WHERE x.available AND NOT x.able
    AND x.lot_id IN (SELECT a.lot_id FROM supply a WHERE a.available AND a.able) ORDER BY x.lot_id, x.number)
UNION ALL
SELECT 'lot', l.id, NULL, NULL, NULL, NULL, NULL, l.needs, s.languages, s.modes, l.provider_id, l.service_id,
       coalesce((SELECT min(v.effective_on) FROM contract_variation v
                 WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'lots'
                   AND v.terms -> 'lot_ids' ? l.id::text), c.starts_on),
       coalesce((SELECT (v.terms ->> 'ends_on')::date FROM contract_variation v
                 WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'extension'
                   AND v.effective_on <= $2 ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), c.ends_on),
       l.area_ids, l.school_ids, l.key_stages, s.standard_weeks,
       coalesce((SELECT (v.terms ->> 'volume')::int FROM contract_variation v
                 WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'volume'
                   AND v.terms ->> 'lot_id' = l.id::text
                   AND v.effective_on <= $2 ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), l.volume)
       - coalesce(u.count, 0) - coalesce(k.count, 0),
       o.name, s.name, coalesce(n.count, 0), coalesce(n.held_after_cut, 0), NULL
FROM lot l
LEFT JOIN used u ON u.lot_id = l.id
LEFT JOIN (SELECT lot_id, count(*)::int AS count FROM live WHERE state IN ('offered', 'accepted') GROUP BY 1) k
  ON k.lot_id = l.id
LEFT JOIN (SELECT lot_id, (count(*) FILTER (WHERE available))::int AS count,
                  (sum(held) FILTER (WHERE cut))::int AS held_after_cut FROM supply GROUP BY 1) n ON n.lot_id = l.id
JOIN contract c ON c.authority_id = l.authority_id AND c.id = l.contract_id
JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id
JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.provider_id
WHERE l.authority_id = $1 AND s.format = 'casework'
UNION ALL
SELECT 'silence is yes', l.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM contract c JOIN lot l ON l.authority_id = c.authority_id AND l.contract_id = c.id
WHERE c.authority_id = $1
  AND coalesce((SELECT (v.terms ->> 'deemed_acceptance')::boolean FROM contract_variation v
                WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'deemed_acceptance'
                  AND v.effective_on <= $2 ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), c.deemed_acceptance)
UNION ALL
SELECT 'sibling', w.id, NULL, NULL, NULL, NULL, coalesce(i.practitioner_id, o.practitioner_id), NULL, NULL, NULL,
       NULL, NULL, i.started_on, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM referral w
JOIN referral s ON s.authority_id = w.authority_id AND s.sibling_group_id = w.sibling_group_id AND s.id <> w.id
JOIN offer o ON o.authority_id = s.authority_id AND o.referral_id = s.id
            AND o.state IN ('proposed', 'pending', 'accepted')
LEFT JOIN intervention i ON i.authority_id = o.authority_id AND i.id = o.intervention_id
WHERE w.authority_id = $1 AND w.sibling_group_id IS NOT NULL AND w.state = 'waiting'
  AND s.state <> 'closed' AND coalesce(i.practitioner_id, o.practitioner_id) IS NOT NULL
"""

_PARTS = ("terms", "practitioner", "place", "lot", "silence is yes", "sibling")

_SHARES = """
SELECT s.organisation_id AS school_id, count(i.id)::int AS starts,
       (100 * sum(count(i.id)) OVER () * s.pupils_on_roll / sum(s.pupils_on_roll) OVER ())::int AS entitlement
FROM school s
LEFT JOIN intervention i ON i.authority_id = s.authority_id AND i.school_id = s.organisation_id AND i.started_on >= $2
WHERE s.authority_id = $1 AND s.pupils_on_roll > 0
GROUP BY s.organisation_id, s.pupils_on_roll
"""

# Providers that are not to be asked: they declined, did not answer, or an officer took their offer back; until an
# officer lets them be asked again.
NOT_TO_BE_ASKED = (
    "(o.state IN ('declined', 'expired') OR o.withdraw_reason IS NOT NULL) AND o.provider_allowed_at IS NULL"
)

_WANT = f"""
SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.key_stage,
       r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, r.holds, r.unplaceable,
       r.sibling_group_id,
       ARRAY(SELECT DISTINCT o.provider_id FROM offer o
             WHERE o.authority_id = r.authority_id AND o.referral_id = r.id AND {NOT_TO_BE_ASKED})
       AS declined_provider_ids,
       EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = r.authority_id AND b.household_id = r.household_id
               AND b.state <> 'released') AS household_has_place,
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
         r.household_id IN (SELECT b.household_id FROM booking b WHERE b.authority_id = $1 AND b.state <> 'released')
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


@dataclass(frozen=True, slots=True)
class Survey:
    """What decisions on one day stand on, as read in one statement."""

    policy_id: UUID | None
    """The policy version in force; None when the authority has none."""
    policy_content: str
    calendar_stamps: tuple[UUID, ...]
    lots: tuple[Lot, ...]
    """Every casework lot of the authority, with its terms on the day."""
    free_places: tuple[Place, ...]
    """Every place that could be booked on the day."""
    ahead_places: tuple[Place, ...]
    """Every place that is busy, is planned to fall free by the day asked for, and has no next family; with `free_on`
    and without `free_in`, for the calendar was not known yet."""
    busy_places: tuple[Place, ...]
    """Of the others, those with abilities of their own, and beside them one of the lot without: what they can do, their
    lot can do when they fall free."""
    caseloads: tuple[Caseload, ...]
    """Of every practitioner with a place; one who is no longer active takes nobody new."""
    names: dict[UUID, str]
    """Of the lots' providers and services, by id."""
    deemed_lots: frozenset[UUID]
    """The lots whose contract counts silence as yes on the day."""
    siblings: tuple["SiblingWith", ...]
    """Of those who wait, the practitioners of their siblings."""


class SiblingWith(NamedTuple):
    """A referral that waits has a sibling who is offered, or has, a place with a practitioner."""

    referral_id: UUID
    practitioner_id: UUID
    started_on: date | None
    """The sibling's first attended contact; None before it."""


async def survey(session: ReadSession, on: date, until: date) -> Survey:
    """The ground of decisions on a day, with the places that are planned to fall free by a later one."""
    parts: dict[str, list[asyncpg.Record]] = {name: [] for name in _PARTS}
    for row in await session.rows(_SURVEY, session.authority_id, on, until):
        parts[row["part"]].append(row)
    (terms,) = parts["terms"]
    lots = parts["lot"]
    opening = [row for row in parts["place"] if row["opens"]]
    held_after_cut = {row["id"]: row["most"] for row in lots}
    free = offerable_of([_place(row) for row in opening if row["ends_on"] == on], held_after_cut)
    ahead = tuple(
        # A lot that holds too many promises nothing until it has drained.
        replace(_place(row), free_on=row["ends_on"])
        for row in opening
        if row["ends_on"] != on and not held_after_cut.get(row["lot_id"])
    )
    offered = {place.id for place in (*free, *ahead)}
    return Survey(
        policy_id=terms["id"],
        policy_content=terms["content"],
        calendar_stamps=tuple(terms["stamps"]),
        lots=tuple(map(_lot, lots)),
        free_places=free,
        ahead_places=ahead,
        busy_places=tuple(replace(_place(row), booked=True) for row in parts["place"] if row["id"] not in offered),
        caseloads=tuple(Caseload(row["id"], row["most"], row["count"]) for row in parts["practitioner"]),
        names={
            **{row["provider_id"]: row["provider_name"] for row in lots},
            **{row["service_id"]: row["service_name"] for row in lots},
        },
        deemed_lots=frozenset(row["id"] for row in parts["silence is yes"]),
        siblings=tuple(SiblingWith(row["id"], row["practitioner_id"], row["starts_on"]) for row in parts["sibling"]),
    )


def _lot(row: asyncpg.Record) -> Lot:
    return Lot(
        id=row["id"],
        provider_id=row["provider_id"],
        service_id=row["service_id"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        area_ids=tuple(row["area_ids"]),
        school_ids=tuple(row["school_ids"]),
        key_stages=tuple(row["key_stages"]),
        needs=tuple(row["needs"]),
        languages=tuple(row["languages"]),
        modes=tuple(row["modes"]),
        standard_weeks=row["standard_weeks"],
        volume_left=row["volume_left"],
        place_count=row["count"],
    )


def _place(row: asyncpg.Record) -> Place:
    return Place(
        id=row["id"],
        lot_id=row["lot_id"],
        number=row["number"],
        practitioner_id=row["practitioner_id"],
        needs=_tuple(row["needs"]),
        languages=_tuple(row["languages"]),
        modes=_tuple(row["modes"]),
        reach=row["count"],
    )


def _tuple(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


async def waiting(session: ReadSession, only: Sequence[UUID] | None = None) -> list[asyncpg.Record]:
    """Who waits (of `only` some), those on hold left out, in no order."""
    return await session.rows(_WAITING, session.authority_id, None if only is None else list(only))


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


async def shares(session: ReadSession, since: date) -> tuple[SchoolShare, ...]:
    """What each school has had of the starts since a day, and what it is entitled to, in hundredths of a start.

    A school is entitled to its part of all starts by pupils on roll; one whose roll is not known has no share.
    """
    rows = await session.rows(_SHARES, session.authority_id, since)
    return tuple(SchoolShare(row["school_id"], row["starts"], row["entitlement"]) for row in rows)


async def policy_in_force(session: BrokerSession, on: date) -> asyncpg.Record | None:
    """The id and content of the policy version in force on a day."""
    return await session.row(
        "SELECT id, number, content FROM policy_version WHERE authority_id = $1 AND effective_from <= $2"
        " ORDER BY effective_from DESC, number DESC LIMIT 1",
        session.authority_id,
        on,
    )


async def referral_for_offer(session: BrokerSession, referral_ids: list[UUID]) -> list[asyncpg.Record]:
    """The locked rows of waiting referrals about to be offered, in order of id, with what the offer may say."""
    return await session.rows(
        "SELECT r.id, r.version, r.state, r.state_sequence, r.referring_organisation_id, r.school_id, r.household_id,"
        " r.year_group, r.key_stage, r.band, r.need_codes, r.area_id, r.language, r.interpreter_needed, r.modes,"
        " r.preferred_mode, r.visit_risk_level, r.received_at,"
        " (SELECT row_to_json(a)::text FROM (SELECT sessions_possible, sessions_attended FROM attendance_record a"
        "   WHERE a.authority_id = r.authority_id AND a.referral_id = r.id AND a.source = 'referral'"
        "   ORDER BY period_ends_on DESC LIMIT 1) a) AS attendance,"
        " (SELECT sum(suspension_count)::int FROM suspension_record s"
        "   WHERE s.authority_id = r.authority_id AND s.referral_id = r.id AND s.source = 'referral') AS suspensions"
        " FROM referral r WHERE r.authority_id = $1 AND r.id = ANY ($2) ORDER BY r.id FOR UPDATE OF r",
        session.authority_id,
        referral_ids,
    )


async def known_households(session: BrokerSession, provider_id: UUID, household_ids: list[UUID]) -> set[UUID]:
    """Which of some households a provider has worked with before."""
    rows = await session.rows(
        "SELECT DISTINCT b.household_id FROM booking b JOIN intervention i"
        " ON i.authority_id = b.authority_id AND i.booking_id = b.id"
        " WHERE b.authority_id = $1 AND b.provider_id = $2 AND b.household_id = ANY ($3)",
        session.authority_id,
        provider_id,
        household_ids,
    )
    return {row["household_id"] for row in rows}
