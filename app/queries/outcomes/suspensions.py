"""Suspensions change: of pupils with more than one in the term before, the share with at least half as many fewer."""

from functools import cache

from app.db import ReadSession
from app.domain.outcomes import GroupBy, OutcomeFilter, SuspensionsChange
from app.queries.outcomes.population import CASES, case_arguments, facts_after, facts_before, grouped

_COLUMNS = "f.suspension_count AS suspensions, f.sessions_lost AS lost, f.permanent_exclusion_count AS permanent"

_ROW = """
    b.id IS NOT NULL AND a.id IS NOT NULL AS known,
    b.suspensions AS before, a.suspensions AS after, b.lost AS lost_before, a.lost AS lost_after,
    b.permanent AS permanent_before, a.permanent AS permanent_after"""

_FIGURES = """
    count(*) AS closed_count,
    count(*) FILTER (WHERE m.known) AS n,
    count(*) FILTER (WHERE m.known AND m.before > 1) AS repeat_count,
    count(*) FILTER (WHERE m.known AND m.before > 1 AND m.after * 2 <= m.before) AS halved_count,
    sum(m.before) FILTER (WHERE m.known) AS suspensions_before_count,
    sum(m.after) FILTER (WHERE m.known) AS suspensions_after_count,
    (sum(m.lost_before) FILTER (WHERE m.known))::float8 / 2 AS days_lost_before,
    (sum(m.lost_after) FILTER (WHERE m.known))::float8 / 2 AS days_lost_after,
    sum(m.permanent_before) FILTER (WHERE m.known) AS permanent_exclusions_before_count,
    sum(m.permanent_after) FILTER (WHERE m.known) AS permanent_exclusions_after_count"""

# Figures sent with a referral may be of the half-term under way, which is not the term before: they stand in only
# where they reach back into it.
_STAND_IN = "f.term IS NULL AND f.period_starts_on <= c.before_ends_on"


@cache
def statement(group_by: GroupBy) -> str:
    """The SQL of this outcome; its arguments are those of `case_arguments`."""
    steps = (
        CASES,
        facts_before("suspension_record", _COLUMNS, stand_in=_STAND_IN),
        facts_after("suspension_record", _COLUMNS),
        grouped(group_by, columns=_FIGURES, row=_ROW),
    )
    return "WITH " + ", ".join(steps)


async def suspensions_change(
    session: ReadSession, asked: OutcomeFilter, group_by: GroupBy = GroupBy.NONE
) -> list[SuspensionsChange]:
    """How suspensions changed for the pupils whose support ended in the period: one row, or one per group."""
    rows = await session.rows(statement(group_by), *await case_arguments(session, asked))
    return [
        SuspensionsChange(
            **row, halved_share=row["halved_count"] / row["repeat_count"] if row["repeat_count"] else None
        )
        for row in rows
    ]
