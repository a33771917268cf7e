"""Referrals: matching the pupil of a new one, reading one whole, and the lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession
from app.queries.attention import as_told
from app.queries.filters import Filters

_JSON = (
    "referrer", "needs", "agreement", "lawful_basis", "safe_contact", "visit_risks", "safeguarding", "circumstances",
    "information_request", "warnings",
)  # fmt: skip


# One statement, because each round trip of a submission costs it as much as a twentieth of all it does.
_ARRIVAL = """
WITH sender AS MATERIALIZED (
  SELECT a.safeguarding_contact, a.la_code, s.organisation_id AS school_id, s.area_id, s.urn, o.name,
         so.name AS school_name
  FROM authority a
  JOIN organisation o ON o.authority_id = a.id AND o.id = $2
  LEFT JOIN school s ON s.authority_id = a.id AND (s.organisation_id = $2 OR s.urn = $3)
    AND s.member_from <= $4 AND (s.member_until IS NULL OR s.member_until >= $4)
  LEFT JOIN organisation so ON so.authority_id = s.authority_id AND so.id = s.organisation_id
  WHERE a.id = $1 ORDER BY (s.organisation_id = $2) DESC NULLS LAST LIMIT 1
)
SELECT sender.*, m.*
FROM sender LEFT JOIN LATERAL (
  SELECT p.id AS pupil_id, p.household_id, p.date_of_birth, t.upn, t.upn_missing_reason, t.upn_holder,
         (EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = p.authority_id AND e.pupil_id = p.id
                  AND e.school_id = $2 AND e.ends_on IS NULL)
          AND NOT EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = p.authority_id AND r.pupil_id = p.id
                          AND r.referring_organisation_id <> $2)
          OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = p.authority_id AND r.pupil_id = p.id
                     AND r.referring_organisation_id = $2)) AS own,
         o.id AS own_open_id, o.reference AS own_open_reference,
         EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = p.authority_id AND r.pupil_id = p.id
                 AND r.referring_organisation_id <> $2 AND r.state <> 'closed') AS other_open,
         EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = p.authority_id
                 AND b.household_id = p.household_id AND b.state <> 'released'
                 AND b.format = 'casework') AS household_has_place,
         (SELECT i.provider_id FROM booking b JOIN intervention i
            ON i.authority_id = b.authority_id AND i.booking_id = b.id
          WHERE b.authority_id = p.authority_id AND b.household_id = p.household_id
          ORDER BY i.accepted_at DESC, i.id LIMIT 1) AS previous_provider_id
  FROM pupil p JOIN pupil_statutory t ON t.authority_id = p.authority_id AND t.pupil_id = p.id
  LEFT JOIN referral o ON o.authority_id = p.authority_id AND o.pupil_id = p.id
    AND o.referring_organisation_id = $2 AND o.state <> 'closed'
  WHERE p.authority_id = $1 AND p.id IN (
    SELECT pupil_id FROM pupil_statutory WHERE authority_id = $1 AND upn = $5
    UNION SELECT pupil_id FROM enrolment WHERE authority_id = $1 AND school_id = sender.school_id AND mis_id = $6
      AND ends_on IS NULL AND $5::text IS NULL)
) m ON true
ORDER BY m.own DESC, m.upn_holder DESC, m.pupil_id
"""


async def arrival(
    session: ReadSession, *, school_urn: str | None, upn: str | None, mis_id: str | None
) -> list[asyncpg.Record]:
    """What a submission needs to know of its sender, and the records that could be its pupil's; nothing for a stranger.

    Every row has the sender: the authority's safeguarding contact, its own name, and the pupil's school, which is the
    caller itself or (for an agency) the member school of a URN; nulls for a URN of no member. With it one record of a
    pupil, the sender's own first (nulls when there is none).
    `own`: referred by the sender before, or on the sender's roll and referred by nobody else: an agency puts the pupil
    of its record on a school's roll by naming the school, and must neither bind that school nor read what it writes
    later. `own_open_*`: the sender's open referral of the pupil. `other_open`: another organisation has one open.
    """
    return await session.rows(
        _ARRIVAL, session.authority_id, session.organisation_id, school_urn, session.today, upn, mis_id
    )


async def lock(session: WriteSession, referral_id: UUID) -> dict[str, Any] | None:
    """A visible referral's row, locked; None when the caller may not see it."""
    row = await session.row(
        "SELECT * FROM referral WHERE authority_id = $1 AND id = $2 FOR UPDATE", session.authority_id, referral_id
    )
    return None if row is None else _parsed(row)


async def visible(session: ReadSession, referral_id: UUID) -> dict[str, Any] | None:
    """A visible referral's row, not locked."""
    row = await session.row(
        "SELECT * FROM referral WHERE authority_id = $1 AND id = $2", session.authority_id, referral_id
    )
    return None if row is None else _parsed(row)


def _parsed(row: asyncpg.Record) -> dict[str, Any]:
    values = dict(row)
    for name in _JSON:
        if values.get(name) is not None:
            values[name] = orjson.loads(values[name])
    return values


_WHOLE = """
SELECT r.*, sender.name AS referring_organisation_name, sc.name AS school_name, st.urn AS school_urn,
       cp.name AS case_provider_name,
       (SELECT row_to_json(x)::text FROM (
            SELECT p.id, p.given_name, p.family_name, p.preferred_name, p.date_of_birth, p.sex, p.first_language,
                   p.sen_provision, p.sen_types, p.young_carer, p.social_care, p.health_conditions, p.home_la_code
            FROM pupil p WHERE p.authority_id = r.authority_id AND p.id = r.pupil_id) x) AS pupil,
       (SELECT row_to_json(x)::text FROM (
            SELECT t.upn, t.upn_missing_reason, t.ethnicity, t.free_school_meals, t.pupil_premium
            FROM pupil_statutory t WHERE t.authority_id = r.authority_id AND t.pupil_id = r.pupil_id) x) AS statutory,
       (SELECT row_to_json(x)::text FROM (
            SELECT h.home_language, h.interpreter_needed, h.address, h.address_confidential
            FROM household h WHERE h.authority_id = r.authority_id AND h.id = r.household_id) x) AS household,
       (SELECT coalesce(json_agg(x ORDER BY x.position), '[]')::text FROM (
            SELECT c.position, c.name, c.relationship, c.parental_responsibility, c.lives_with_child, c.phones,
                   c.email, c.language, c.interpreter_needed, c.accessibility
            FROM household_contact c
            WHERE c.authority_id = r.authority_id AND c.household_id = r.household_id) x) AS contacts,
       (SELECT coalesce(json_agg(x ORDER BY x.date_of_birth), '[]')::text FROM (
            SELECT l.name, l.date_of_birth, l.relationship FROM linked_child l
            WHERE l.authority_id = r.authority_id AND l.household_id = r.household_id) x) AS linked_children,
       (SELECT coalesce(json_agg(x ORDER BY x.period_starts_on), '[]')::text FROM (
            SELECT a.term, a.period_starts_on, a.period_ends_on, a.sessions_possible, a.sessions_attended,
                   a.sessions_authorised, a.sessions_unauthorised, a.source
            FROM attendance_record a WHERE a.authority_id = r.authority_id AND a.referral_id = r.id) x) AS attendance,
       (SELECT coalesce(json_agg(x ORDER BY x.period_starts_on), '[]')::text FROM (
            SELECT s.term, s.period_starts_on, s.period_ends_on, s.suspension_count, s.sessions_lost,
                   s.permanent_exclusion_count, s.source
            FROM suspension_record s WHERE s.authority_id = r.authority_id AND s.referral_id = r.id) x) AS suspensions,
       (SELECT coalesce(json_agg(x ORDER BY x.first_seen_at, x.id), '[]')::text FROM (
            SELECT n.id, n.rule, n.window_key, n.starts_on, n.ends_on, n.rule_content, n.figures, n.first_seen_at,
                   n.cleared_at, n.cleared_because, n.looked_at
            FROM referral_attention n WHERE n.authority_id = r.authority_id AND n.referral_id = r.id) x) AS attention,
       (SELECT row_to_json(x)::text FROM (
            SELECT o.id, o.reference, o.state, o.provider_id, po.name AS provider_name, o.service_id,
                   sv.name AS service_name, o.starts_on, o.offered_at, o.answer_due_at, o.answered_at, o.deemed_at
            FROM offer o
            JOIN organisation po ON po.authority_id = o.authority_id AND po.id = o.provider_id
            JOIN service sv ON sv.authority_id = o.authority_id AND sv.id = o.service_id
            WHERE o.authority_id = r.authority_id AND o.referral_id = r.id
            ORDER BY o.offered_at DESC, o.id DESC LIMIT 1) x) AS allocation
FROM referral r
JOIN organisation sender ON sender.authority_id = r.authority_id AND sender.id = r.referring_organisation_id
LEFT JOIN organisation sc ON sc.authority_id = r.authority_id AND sc.id = r.school_id
LEFT JOIN school st ON st.authority_id = r.authority_id AND st.organisation_id = r.school_id
LEFT JOIN organisation cp ON cp.authority_id = r.authority_id AND cp.id = r.case_provider_id
WHERE r.authority_id = $1 AND r.id = $2
"""
_NESTED = (
    "pupil", "statutory", "household", "contacts", "linked_children", "attendance", "suspensions", "attention",
    "allocation",
)  # fmt: skip


async def whole(session: ReadSession, referral_id: UUID) -> dict[str, Any] | None:
    """A visible referral with everything about it that the caller's row policy lets through."""
    row = await session.row(_WHOLE, session.authority_id, referral_id)
    if row is None:
        return None
    values = _parsed(row)
    for name in _NESTED:
        if values[name] is not None:
            values[name] = orjson.loads(values[name])
    values["attention"] = [as_told(row) for row in values["attention"]]
    return values


_SORTS = {"received_at": ("ASC", ">"), "-received_at": ("DESC", "<")}
_WHOSE = {
    Kind.SCHOOL: "(r.school_id = {0} OR r.referring_organisation_id = {0})",
    Kind.AGENCY: "r.referring_organisation_id = {0}",
    Kind.PROVIDER: "r.case_provider_id = {0}",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of referrals is narrowed to; None leaves a filter out, so that each combination has its own plan."""

    states: list[str] | None = None
    mis_id: str | None = None
    sender_reference: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    upn: str | None = None
    attention: str | None = None

    def conditions(self) -> list[tuple[str, object]]:
        """Each filter as its SQL and value."""
        upn = "r.pupil_id IN (SELECT t.pupil_id FROM pupil_statutory t WHERE t.authority_id = $1 AND t.upn = {0})"
        attention = (
            "r.id IN (SELECT x.referral_id FROM referral_attention x WHERE x.authority_id = $1 AND x.rule = {0}"
            " AND x.cleared_at IS NULL AND x.looked_at IS NULL)"
        )
        stated = (
            ("r.state IN (SELECT unnest({0}::text[]))", self.states),
            ("r.mis_id = {0}", self.mis_id),
            ("r.sender_reference = {0}", self.sender_reference),
            ("r.received_at >= {0}", self.received_from),
            ("r.received_at < {0}", self.received_before),
            (upn, self.upn),
            (attention, self.attention),
        )
        return [(sql, value) for sql, value in stated if value is not None]


async def page(
    session: ReadSession,
    wanted: Wanted,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    sort: str = "-received_at",
) -> list[asyncpg.Record]:
    """A page of visible referrals by time received (one row more than `limit` when there are more)."""
    direction, beyond = _SORTS[sort]
    filters = Filters(session.authority_id)
    if session.kind in _WHOSE:
        # The row policy says so too; said here it can use an index.
        filters.add(_WHOSE[session.kind], session.organisation_id)
    for sql, value in wanted.conditions():
        filters.add(sql, value)
    if after is not None:
        filters.add(f"(r.received_at, r.id) {beyond} ({{0}}, {{1}})", *after)
    return await session.rows(
        "SELECT r.id, r.reference, r.version, r.state, r.band, r.sender_reference, r.mis_id, r.received_at,"  # noqa: S608 - fixed fragments
        " r.updated_at, r.year_group, r.key_stage, r.need_codes, r.referring_organisation_id, r.school_id,"
        " r.case_provider_id, r.intervention_id, r.holds, r.unplaceable, r.outcome, r.closed_at,"
        " p.given_name, p.family_name"
        " FROM referral r LEFT JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id"
        f" WHERE r.authority_id = $1{filters.sql}"
        f" ORDER BY r.received_at {direction}, r.id {direction} LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )


async def history(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """The moves of a referral, in order."""
    return await session.rows(
        "SELECT h.sequence, h.from_state, h.to_state, h.event_type, h.event_id, h.changed_at, h.organisation_id,"
        " o.name AS organisation_name, h.reason FROM status_history h"
        " JOIN organisation o ON o.authority_id = h.authority_id AND o.id = h.organisation_id"
        " WHERE h.authority_id = $1 AND h.referral_id = $2 ORDER BY h.sequence",
        session.authority_id,
        referral_id,
    )


async def amendments(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """The changes made to a referral after it was sent, oldest first."""
    return await session.rows(
        "SELECT id, amended_at, organisation_id, reason, changes FROM referral_amendment"
        " WHERE authority_id = $1 AND referral_id = $2 ORDER BY amended_at, id",
        session.authority_id,
        referral_id,
    )


async def decisions(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """The decision records of a referral, oldest first."""
    return await session.rows(
        "SELECT d.id, d.decided_at, d.as_of, d.trigger, d.outcome, d.record, p.number AS policy_number,"
        " p.digest AS policy_digest FROM decision d"
        " JOIN policy_version p ON p.authority_id = d.authority_id AND p.id = d.policy_version_id"
        " WHERE d.authority_id = $1 AND d.referral_id = $2 ORDER BY d.decided_at, d.id",
        session.authority_id,
        referral_id,
    )


def after_received(position: list[Any]) -> tuple[datetime, UUID]:
    """A list position, as a cursor carries it, in the types that the lists compare."""
    return datetime.fromisoformat(position[0]), UUID(position[1])


async def end_identity_access(
    session: BrokerSession, *, closed_by: datetime | None = None, household_id: UUID | None = None
) -> int:
    """End the providers' access to who it was in closed cases: those closed by a moment, or of one household.

    The number of cases. Their allocations count as changed: the worklist no longer names the family.
    """
    return await session.run(
        "WITH ended AS (UPDATE referral SET case_provider_id = NULL WHERE authority_id = $1 AND state = 'closed'"
        " AND case_provider_id IS NOT NULL AND (closed_at <= $2 OR household_id = $3) RETURNING intervention_id)"
        " UPDATE offer SET changed_xid = pg_current_xact_id(), version = version + 1, updated_at = $4"
        " WHERE authority_id = $1 AND intervention_id IN (SELECT intervention_id FROM ended)",
        session.authority_id,
        closed_by,
        household_id,
        session.now,
    )
