"""What the rules of attention look at, what they found, and who looked at it."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.clock import london_date
from app.db import ReadSession, WriteSession
from app.domain.attention import Attendance, Facts, Kept, Suspensions, explained, state_of
from app.queries.writes import to_json

Row = dict[str, Any]

OPEN: Final = "cleared_at IS NULL AND looked_at IS NULL"
_REFERRAL: Final = (
    "SELECT id, version, state, school_id, referring_organisation_id, case_provider_id,"
    " circumstances ->> 'governing_board_on' AS hearing_on FROM referral WHERE authority_id = $1 AND state <> 'closed'"
)


async def serialise(session: WriteSession, referral_ids: Collection[UUID]) -> None:
    """Wait for whoever else is sending facts of these referrals: of two at once the later sees the earlier's."""
    await session.rows(
        "SELECT pg_advisory_xact_lock(hashtextextended(q.id::text, 19))"
        " FROM (SELECT id FROM unnest($1::uuid[]) AS u (id) ORDER BY id OFFSET 0) AS q",
        list(referral_ids),
    )


async def open_referrals(session: ReadSession, referral_ids: Collection[UUID]) -> list[Row]:
    """Of some referrals those that are not closed."""
    return [
        dict(row)
        for row in await session.rows(f"{_REFERRAL} AND id = ANY ($2)", session.authority_id, list(referral_ids))
    ]


async def with_hearings(session: ReadSession) -> list[Row]:
    """The open referrals that state the day of a hearing; their index holds no others."""
    return [
        dict(row)
        for row in await session.rows(
            f"{_REFERRAL} AND (circumstances ->> 'governing_board_on') IS NOT NULL ORDER BY id", session.authority_id
        )
    ]


async def facts_of(session: ReadSession, referrals: Sequence[Row]) -> dict[UUID, Facts]:
    """The facts of some referrals, of every school that sent any."""
    ids = [row["id"] for row in referrals]
    attendance = await session.rows(
        "SELECT referral_id, school_id, source, term, period_starts_on, period_ends_on, sessions_possible,"
        " sessions_attended FROM attendance_record WHERE authority_id = $1 AND referral_id = ANY ($2)"
        " ORDER BY recorded_at, id",
        session.authority_id,
        ids,
    )
    suspensions = await session.rows(
        "SELECT referral_id, school_id, source, term, period_starts_on, period_ends_on, suspension_count,"
        " permanent_exclusion_count, recorded_at, dated FROM suspension_record"
        " WHERE authority_id = $1 AND referral_id = ANY ($2) ORDER BY recorded_at, id",
        session.authority_id,
        ids,
    )
    return {
        row["id"]: Facts(
            [attendance_of(one) for one in attendance if one["referral_id"] == row["id"]],
            [_suspensions_of(one) for one in suspensions if one["referral_id"] == row["id"]],
            date.fromisoformat(row["hearing_on"]) if row["hearing_on"] else None,
            row["school_id"],
        )
        for row in referrals
    }


def attendance_of(row: Any) -> Attendance:
    """A row of attendance as the rules read it."""
    return Attendance(
        row["school_id"],
        row["source"],
        row["term"],
        row["period_starts_on"],
        row["period_ends_on"],
        row["sessions_possible"],
        row["sessions_attended"],
    )


def suspensions_of(row: Any, dated: list[Row] | None = None) -> Suspensions:
    """A row of suspensions as the rules read it; `dated` are those that its school dates."""
    return Suspensions(
        row["school_id"],
        row["source"],
        row["term"],
        row["period_starts_on"],
        row["period_ends_on"],
        row["suspension_count"],
        row["permanent_exclusion_count"],
        london_date(row["recorded_at"]),
        None if dated is None else tuple(date.fromisoformat(one["started_on"]) for one in dated if one["counts"]),
    )


def _suspensions_of(row: asyncpg.Record) -> Suspensions:
    return suspensions_of(row, row["dated"] and orjson.loads(row["dated"]))


async def kept_of(session: ReadSession, referral_ids: Collection[UUID]) -> dict[UUID, list[tuple[Kept, str]]]:
    """What is kept of some referrals, each with what its rule measures."""
    rows = await session.rows(
        "SELECT id, referral_id, rule, window_key, figures, cleared_at IS NOT NULL AS cleared,"
        " looked_at IS NOT NULL AS looked_at, rule_content ->> 'measure' AS measure FROM referral_attention"
        " WHERE authority_id = $1 AND referral_id = ANY ($2) ORDER BY first_seen_at, id",
        session.authority_id,
        list(referral_ids),
    )
    found: dict[UUID, list[tuple[Kept, str]]] = {}
    for row in rows:
        kept = Kept(
            row["id"], row["rule"], row["window_key"], orjson.loads(row["figures"]), row["cleared"], row["looked_at"]
        )
        found.setdefault(row["referral_id"], []).append((kept, row["measure"]))
    return found


async def raise_again(session: WriteSession, attention_id: UUID, content: Row, figures: Row, then: Row) -> int:
    """Let what was cleared ask once more, by the rule as it now stands; its version."""
    version: int = await session.value(
        "UPDATE referral_attention SET raised_at = $3, cleared_at = NULL, cleared_because = NULL, rule_content = $4,"
        " figures = $5, asks_review = $6, wants_panel = $7, version = version + 1"
        " WHERE authority_id = $1 AND id = $2 RETURNING version",
        session.authority_id,
        attention_id,
        session.now,
        to_json(content),
        to_json(figures),
        then["asks_review"],
        then["wants_panel"],
    )
    return version


async def refresh(session: WriteSession, attention_id: UUID, figures: Row) -> None:
    """Keep the latest figures of what asks for attention already."""
    await session.run(
        "UPDATE referral_attention SET figures = $3 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        attention_id,
        to_json(figures),
    )


async def clear(session: WriteSession, attention_id: UUID) -> int:
    """Let what no longer holds ask no more; its version."""
    version: int = await session.value(
        "UPDATE referral_attention SET cleared_at = $3, cleared_because = 'no_longer_true', version = version + 1"
        " WHERE authority_id = $1 AND id = $2 RETURNING version",
        session.authority_id,
        attention_id,
        session.now,
    )
    return version


async def clear_closed(session: WriteSession, referral_id: UUID) -> int:
    """Let nothing of a referral that closes ask any more; how many did."""
    return await session.run(
        "UPDATE referral_attention SET cleared_at = $3, cleared_because = 'closed', version = version + 1"  # noqa: S608
        f" WHERE authority_id = $1 AND referral_id = $2 AND {OPEN}",
        session.authority_id,
        referral_id,
        session.now,
    )


async def look_at(session: WriteSession, referral_id: UUID, rule: str) -> list[asyncpg.Record]:
    """Settle every window of a rule that asks for attention; them."""
    return await session.rows(
        "UPDATE referral_attention SET looked_at = $4, version = version + 1"  # noqa: S608
        f" WHERE authority_id = $1 AND referral_id = $2 AND rule = $3 AND {OPEN}"
        " RETURNING id, version, rule, window_key",
        session.authority_id,
        referral_id,
        rule,
        session.now,
    )


async def asks_review(session: ReadSession, referral_id: UUID) -> bool:
    """Whether anything open of a referral asks for its band to be reviewed."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM referral_attention WHERE authority_id = $1 AND referral_id = $2"  # noqa: S608
        f" AND asks_review AND {OPEN})",
        session.authority_id,
        referral_id,
    )
    return found


async def review_is_owed(session: ReadSession, referral_id: UUID) -> bool:
    """Whether an officer owes a look at a referral already."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM obligation WHERE authority_id = $1 AND subject_id = $2"
        " AND kind = 'attention_review' AND met_at IS NULL AND cancelled_at IS NULL)",
        session.authority_id,
        referral_id,
    )
    return found


async def looks(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """Who looked at what of a referral, and what was decided, the latest last."""
    return await session.rows(
        "SELECT l.id, l.rule, l.window_keys, l.organisation_id, o.name AS organisation_name, l.looked_at,"
        " l.looked_by_name, l.looked_by_role, l.decided, l.note FROM attention_look l"
        " JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.organisation_id"
        " WHERE l.authority_id = $1 AND l.referral_id = $2 ORDER BY l.looked_at, l.id",
        session.authority_id,
        referral_id,
    )


async def attention_for_panel(session: ReadSession, area_id: UUID | None) -> list[asyncpg.Record]:
    """What asks to be put on a panel's agenda: of an area's referrals that wait, or with None of the whole authority's.

    Ordered by when each first asked: a panel is shown facts, in no order of need.
    """
    return await session.rows(
        "SELECT x.id, x.referral_id, x.rule, x.window_key, x.starts_on, x.ends_on, x.figures, x.raised_at, r.area_id,"
        " r.reference, x.rule_content ->> 'plain_english' AS plain_english"
        " FROM referral_attention x JOIN referral r ON r.authority_id = x.authority_id AND r.id = x.referral_id"
        " WHERE x.authority_id = $1 AND x.wants_panel AND x.cleared_at IS NULL AND x.looked_at IS NULL"
        " AND r.state IN ('submitted', 'waiting') AND ($2::uuid IS NULL OR r.area_id = $2)"
        " ORDER BY x.raised_at, x.id",
        session.authority_id,
        area_id,
    )


def _moment(value: datetime | str | None) -> datetime | None:
    """A moment that may have come as JSON, where PostgreSQL leaves out the zeros that end a fraction of a second."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def as_told(row: Any) -> Row:
    """A row of attention as it is shown: where it stands, and what was found in plain English."""
    rule = row["rule_content"]
    return {
        "id": row["id"],
        "rule": row["rule"],
        "window": row["window_key"],
        "starts_on": row["starts_on"],
        "ends_on": row["ends_on"],
        "figures": row["figures"],
        "then": rule["then"],
        "state": state_of(cleared=row["cleared_at"] is not None, looked_at=row["looked_at"] is not None),
        "first_seen_at": _moment(row["first_seen_at"]),
        "cleared_at": _moment(row["cleared_at"]),
        "cleared_because": row["cleared_because"],
        "looked_at": _moment(row["looked_at"]),
        "explanation": explained(rule, row["window_key"], date.fromisoformat(str(row["ends_on"])), row["figures"]),
    }
