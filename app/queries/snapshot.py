"""What `decide` is asked but who waits (`app.queries.who_waits`): an authority's lots, places, caseloads and policy.

In broker context, or in a read that reaches the whole authority.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.domain.allocation import Caseload, Lot, Place, SchoolShare
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


async def shares(session: ReadSession, since: date) -> tuple[SchoolShare, ...]:
    """What each school has had of the starts since a day, and what it is entitled to, in hundredths of a start.

    A school is entitled to its part of all starts by pupils on roll; one whose roll is not known has no share.
    """
    rows = await session.rows(_SHARES, session.authority_id, since)
    return tuple(SchoolShare(row["school_id"], row["starts"], row["entitlement"]) for row in rows)


async def policy_in_force(session: ReadSession, on: date) -> asyncpg.Record | None:
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
