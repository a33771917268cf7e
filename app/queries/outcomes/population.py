"""Whose outcomes are counted: the closed cases of a period, with the term before each referral and after each closure.

A case counts when support began (a first contact was attended; of a case that brothers and sisters share, each child's
own) and the referral closed in the period other than as entered in error. A pupil counts once per intervention, also
when two organisations referred.

The terms are the calendar's, given to SQL as sorted arrays and found by bisection (`width_bucket`). The cases stand in
a materialised step because row policy lets only leak-proof conditions use an index: comparing a fact's term with a
plain column of that step is one, comparing it with the bisection is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from app import clock
from app.db import ReadSession
from app.domain.academic_year import academic_year_label
from app.domain.calendar import Calendar
from app.domain.outcomes import GroupBy, OutcomeFilter
from app.queries.parties import calendar_of

_FIRST_YEAR: Final = 2010


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a breakdown is made: the group's key, where it takes rows from, and its label given the key `g.key`."""

    key: str
    label: str
    source: str = ""


GROUPINGS: Final[Mapping[GroupBy, Grouping]] = MappingProxyType(
    {
        GroupBy.NONE: Grouping("NULL::text", "NULL::text"),
        GroupBy.AREA: Grouping(
            "m.area_id::text", "(SELECT a.name FROM area a WHERE a.authority_id = $1 AND a.id = g.key::uuid)"
        ),
        GroupBy.PHASE: Grouping("m.phase", "g.key"),
        GroupBy.SCHOOL: Grouping(
            "m.school_id::text", "(SELECT o.name FROM organisation o WHERE o.authority_id = $1 AND o.id = g.key::uuid)"
        ),
        GroupBy.PROVIDER: Grouping(
            "m.provider_id::text",
            "(SELECT o.name FROM organisation o WHERE o.authority_id = $1 AND o.id = g.key::uuid)",
        ),
        GroupBy.BAND: Grouping("m.band", "g.key"),
        # A pupil with three needs counts under each.
        GroupBy.NEED: Grouping("n.need", "g.key", "CROSS JOIN LATERAL unnest(m.need_codes) AS n (need)"),
    }
)

# $1 authority; $2 term keys, $3 their last days, $4 their first days, each sorted; $5 to $6 closed from and before;
# $7 area, $8 school, $9 provider, $10 phase, $11 band, $12 need.
CASES: Final = """cases AS MATERIALIZED (
  SELECT DISTINCT ON (r.pupil_id, r.intervention_id)
    r.id, r.area_id, r.school_id, s.phase, i.provider_id, r.band, r.need_codes,
    ($2::text[])[b.place] AS term_before, ($3::date[])[b.place] AS before_ends_on,
    ($2::text[])[width_bucket((r.closed_at AT TIME ZONE 'Europe/London')::date, $4::date[]) + 1] AS term_after
  FROM referral r
  JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id
  LEFT JOIN case_member p ON i.shared AND p.authority_id = r.authority_id AND p.intervention_id = i.id
    AND p.referral_id = r.id
  LEFT JOIN school s ON s.authority_id = r.authority_id AND s.organisation_id = r.school_id
  CROSS JOIN LATERAL (
    SELECT width_bucket((r.received_at AT TIME ZONE 'Europe/London')::date - 1, $3::date[]) AS place
  ) b
  WHERE r.authority_id = $1 AND r.closed_at >= $5 AND r.closed_at < $6
    AND r.outcome <> 'entered_in_error' AND CASE WHEN i.shared THEN p.started_on ELSE i.started_on END IS NOT NULL
    AND ($7::uuid IS NULL OR r.area_id = $7) AND ($8::uuid IS NULL OR r.school_id = $8)
    AND ($9::uuid IS NULL OR i.provider_id = $9) AND ($10::text IS NULL OR s.phase = $10)
    AND ($11::text IS NULL OR r.band = $11) AND ($12::text IS NULL OR $12 = ANY (r.need_codes))
  ORDER BY r.pupil_id, r.intervention_id, r.received_at, r.id
)"""


async def plan_afresh(session: ReadSession) -> None:
    """Have PostgreSQL plan each of the statements that follow for its own arguments, until the transaction ends.

    After five uses of a prepared statement it may settle on one plan for any arguments. For these that plan takes ten
    times as long, because a period and an absent filter tell the planner nearly everything; planning takes 3 ms.
    """
    await session.value("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")


async def case_arguments(session: ReadSession, asked: OutcomeFilter) -> tuple[object, ...]:
    """The arguments that `CASES` takes, $1 to $12. Statements that follow are planned afresh."""
    await plan_afresh(session)
    calendar = await calendar_of(session)
    first_received = await session.value(
        "SELECT min(received_at) FROM referral WHERE authority_id = $1", session.authority_id
    )
    first_on = clock.london_date(first_received) if first_received else session.today
    keys, ends, starts = _terms(calendar, first_on, session.today)
    return (
        session.authority_id,
        keys,
        ends,
        starts,
        clock.london_moment(asked.starts_on or date(_FIRST_YEAR, 1, 1)),
        clock.london_moment((asked.ends_on or session.today) + timedelta(days=1)),
        asked.area_id,
        asked.school_id,
        asked.provider_id,
        asked.phase,
        asked.band,
        asked.need,
    )


def _terms(calendar: Calendar, first_on: date, last_on: date) -> tuple[list[str], list[date], list[date]]:
    """Keys, last days and first days of the terms from well before one date to well after another."""
    years = range(max(first_on.year - 2, _FIRST_YEAR), last_on.year + 2)
    terms = [term for year in years for term in calendar.terms_of(academic_year_label(year))]
    keys = [f"{term.academic_year}-{term.name.value}" for term in terms]
    return keys, [term.ends_on for term in terms], [term.starts_on for term in terms]


SOURCE_ORDER: Final = "CASE f.source WHEN 'return' THEN 1 WHEN 'push' THEN 2 ELSE 3 END"


def facts_before(table: str, columns: str, *, stand_in: str, usable: str = "true") -> str:
    """The step `before_facts`: one row of facts per case about the term before its referral.

    Figures of that term are taken from a return, else from a push, else from the referral. Where none are of that whole
    term, those sent with the referral that meet `stand_in` take their place.
    """
    return f"""before_facts AS (
  SELECT DISTINCT ON (c.id) c.id, {columns}
  FROM cases c JOIN {table} f ON f.authority_id = $1 AND f.referral_id = c.id
  WHERE (f.term = c.term_before OR (f.source = 'referral' AND {stand_in})) AND {usable}
  ORDER BY c.id, f.term IS DISTINCT FROM c.term_before, {SOURCE_ORDER}, f.period_starts_on, f.recorded_at DESC
)"""  # noqa: S608 - names from this package only


def facts_after(table: str, columns: str, *, usable: str = "true") -> str:
    """The step `after_facts`: one row of facts per case about the first full term after its closure."""
    return f"""after_facts AS (
  SELECT DISTINCT ON (c.id) c.id, {columns}
  FROM cases c JOIN {table} f ON f.authority_id = $1 AND f.referral_id = c.id AND f.term = c.term_after
  WHERE f.source <> 'referral' AND {usable}
  ORDER BY c.id, {SOURCE_ORDER}, f.recorded_at DESC
)"""  # noqa: S608 - names from this package only


def grouped(group_by: GroupBy, *, columns: str, row: str) -> str:
    """The rest of the statement: the cases with their facts as `m`, one row of figures (`columns`) per group.

    `row` are the expressions per case that `columns` sum up. Groups come in the order of their keys.
    """
    grouping = GROUPINGS[group_by]
    by = "" if group_by is GroupBy.NONE else "GROUP BY 1 ORDER BY 1"
    return f"""measured AS (
  SELECT c.id, c.area_id, c.school_id, c.phase, c.provider_id, c.band, c.need_codes, {row}
  FROM cases c LEFT JOIN before_facts b ON b.id = c.id LEFT JOIN after_facts a ON a.id = c.id
), g AS (
  SELECT {grouping.key} AS key, {columns} FROM measured m {grouping.source} {by}
)
SELECT {grouping.label} AS label, g.* FROM g"""  # noqa: S608 - names from this package only
