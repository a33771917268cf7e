"""Attendance change: the share attended in the first full term after closure minus that in the term before referral."""

from functools import cache

import asyncpg

from app.db import ReadSession
from app.domain.outcomes import AttendanceChange, GroupBy, OutcomeFilter, mean_interval
from app.queries.outcomes.population import CASES, case_arguments, facts_after, facts_before, grouped

_COLUMNS = "f.sessions_possible AS possible, f.sessions_attended AS attended"
# Nobody without a possible session has a share.
_USABLE = "f.sessions_possible > 0"

# Thresholds are compared in whole sessions, never on rounded shares (DfE: 10% persistent, 50% severe).
_ROW = """
    b.id IS NOT NULL AND a.id IS NOT NULL AS known,
    b.attended::float8 / b.possible AS before_share, a.attended::float8 / a.possible AS after_share,
    a.attended::bigint * b.possible > b.attended::bigint * a.possible AS improved,
    (a.attended - b.attended::float8 / b.possible * a.possible) / 10 AS weeks,
    (b.possible - b.attended) * 10 >= b.possible AS persistent_before,
    (a.possible - a.attended) * 10 >= a.possible AS persistent_after,
    (b.possible - b.attended) * 2 >= b.possible AS severe_before,
    (a.possible - a.attended) * 2 >= a.possible AS severe_after"""

_FIGURES = """
    count(*) AS closed_count,
    count(*) FILTER (WHERE m.known) AS n,
    avg(m.before_share) FILTER (WHERE m.known) AS mean_before_share,
    avg(m.after_share) FILTER (WHERE m.known) AS mean_after_share,
    avg(m.after_share - m.before_share) * 100 AS mean_change_points,
    stddev_samp(m.after_share - m.before_share) * 100 AS deviation_points,
    sum(m.weeks) AS school_weeks_gained,
    count(*) FILTER (WHERE m.known AND m.improved) AS improved_count,
    count(*) FILTER (WHERE m.known AND m.persistent_before) AS persistent_before_count,
    count(*) FILTER (WHERE m.known AND m.persistent_after) AS persistent_after_count,
    count(*) FILTER (WHERE m.known AND m.persistent_before AND NOT m.persistent_after) AS persistent_left_behind_count,
    count(*) FILTER (WHERE m.known AND m.severe_before) AS severe_before_count,
    count(*) FILTER (WHERE m.known AND m.severe_after) AS severe_after_count,
    count(*) FILTER (WHERE m.known AND m.severe_before AND NOT m.severe_after) AS severe_left_behind_count"""


@cache
def statement(group_by: GroupBy) -> str:
    """The SQL of this outcome; its arguments are those of `case_arguments`."""
    steps = (
        CASES,
        facts_before("attendance_record", _COLUMNS, stand_in="true", usable=_USABLE),
        facts_after("attendance_record", _COLUMNS, usable=_USABLE),
        grouped(group_by, columns=_FIGURES, row=_ROW),
    )
    return "WITH " + ", ".join(steps)


async def attendance_change(
    session: ReadSession, asked: OutcomeFilter, group_by: GroupBy = GroupBy.NONE
) -> list[AttendanceChange]:
    """How attendance changed for the pupils whose support ended in the period: one row, or one per group.

    The term before referral is the last that ended before the day of referral; where no figures of that whole term were
    given, those sent with the referral stand in for it, whatever dates they state.
    """
    rows = await session.rows(statement(group_by), *await case_arguments(session, asked))
    return [_change(row) for row in rows]


def _change(row: asyncpg.Record) -> AttendanceChange:
    figures = dict(row)
    low, high = mean_interval(figures["mean_change_points"], figures.pop("deviation_points"), figures["n"])
    return AttendanceChange(
        **figures,
        change_low_points=low,
        change_high_points=high,
        improved_share=figures["improved_count"] / figures["n"] if figures["n"] else None,
    )
