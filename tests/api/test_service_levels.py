"""Service levels: counted from the obligations, and found again by counting them here."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from app.db import Database
from app.domain.calendar import Calendar
from app.ids import new_id
from app.models.casework import obligation
from app.queries.writes import Writes
from tests.api.test_deemed_acceptance import read
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
CALENDAR = Calendar()
PERIOD = "starts_on=2026-11-01&ends_on=2027-02-28"


def due(day: date, hour: int = 17) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
async def owed(lane: Database, town: Town) -> list[dict[str, Any]]:
    """Debts of two providers and the officers on three clocks: in time, late, overdue, cancelled and yet to come."""
    rows: list[dict[str, Any]] = []

    def add(kind: str, clock: str, owner: Any, due_at: datetime, after: timedelta | None, **times: Any) -> None:
        rows.append({
            "id": new_id(), "kind": kind, "clock": clock, "owed_by_id": owner.organisation_id,
            "subject_kind": "intervention", "subject_id": new_id(), "created_at": due_at - timedelta(days=9),
            "due_at": due_at, "met_at": None if after is None else due_at + after, "cancelled_at": None, **times,
        })  # fmt: skip

    first, second = town.providers[:2]
    for number, owner in enumerate((first, first, second)):
        day = date(2026, 12, 14) + timedelta(days=number)
        add("plan", "school_day", owner, due(day), -timedelta(hours=1))
        add("plan", "school_day", owner, due(day), timedelta())  # on the stroke is in time
        # Late over the holiday, which no school day counts.
        add("plan", "school_day", owner, due(day), timedelta(days=24 + number))
        add("plan", "school_day", owner, due(day), None)
        add("plan", "school_day", owner, due(day), None, cancelled_at=due(day) + timedelta(days=3))
        add("plan", "school_day", owner, due(date(2027, 2, 1)), None)
        add("provider_return", "working_day", owner, due(day, 9), timedelta(days=12, hours=number))
    add("place_referral", "calendar_hour", town.officer, due(date(2026, 12, 25), 3), timedelta(hours=5, minutes=30))
    add("plan", "school_day", first, due(date(2026, 10, 31)), None)  # before the period
    async with lane.write(replace(town.officer, at=NOW)) as session:
        writes = Writes()
        for row in rows:
            writes.add(obligation, **row)
        await writes.flush(session)
    return rows


def counted(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The same figures by a walk of days."""
    rows = [row for row in rows if row["kind"] == kind and row["due_at"].date() >= date(2026, 11, 1)]
    late, found = [], dict.fromkeys(("met_in_time", "met_late", "overdue", "not_yet_due", "cancelled"), 0)
    for row in rows:
        until = row["met_at"] or NOW
        if row["cancelled_at"]:
            found["cancelled"] += 1
        elif until <= row["due_at"]:
            found["met_in_time" if row["met_at"] else "not_yet_due"] += 1
        else:
            found["met_late" if row["met_at"] else "overdue"] += 1
            late.append(_late(row["clock"], row["due_at"], until))
    n = found["met_in_time"] + found["met_late"] + found["overdue"]
    return {
        **{f"{name}_count": count for name, count in found.items()},
        "owed_count": len(rows),
        "n": n,
        "in_time_share": found["met_in_time"] / n,
        "median_late": median(late),
    }


def _late(clock: str, since: datetime, until: datetime) -> float:
    if clock == "calendar_hour":
        return (until - since) / timedelta(hours=1)
    days = [since.date() + timedelta(days=n + 1) for n in range((until.date() - since.date()).days)]
    is_open = CALENDAR.is_school_day if clock == "school_day" else CALENDAR.is_working_day
    return sum(is_open(day) for day in days)


async def levels(api: Api, who: Any, query: str = PERIOD) -> list[dict[str, Any]]:
    found = await read(at(api.as_(who), NOW), f"/v1/service-levels?{query}")
    rows: list[dict[str, Any]] = found["data"]
    return rows


async def test_officers_see_everybodys(api: Api, town: Town, owed: list[dict[str, Any]]) -> None:
    rows = await levels(api, town.officer)
    assert [row["kind"] for row in rows] == ["place_referral", "plan", "provider_return"]
    for row in rows:
        expected = counted(owed, row["kind"])
        assert {name: row[name] for name in expected} == pytest.approx(expected)
        assert (row["organisation_id"], row["suppressed"]) == (None, False)


async def test_each_sees_its_own(api: Api, town: Town, owed: list[dict[str, Any]]) -> None:
    for who in (*town.providers[:2], town.school):
        mine = [row for row in owed if row["owed_by_id"] == who.organisation_id]
        rows = await levels(api, who, f"{PERIOD}&group_by=organisation")
        assert [row["kind"] for row in rows] == sorted({row["kind"] for row in mine})
        for row in rows:
            expected = counted(mine, row["kind"])
            assert {name: row[name] for name in expected} == pytest.approx(expected)
            assert row["organisation_id"] == str(who.organisation_id)
    other = str(town.providers[1].organisation_id)
    assert await levels(api, town.providers[0], f"{PERIOD}&owed_by_id={other}") == []


async def test_the_graph_and_the_table_say_the_same(api: Api, town: Town, owed: list[dict[str, Any]]) -> None:
    asked = """{ compliance(groupBy: ORGANISATION, period: {startsOn: "2026-11-01", endsOn: "2027-02-28"}) {
      kind clock organisationId organisationName owedCount metInTimeCount metLateCount overdueCount notYetDueCount
      cancelledCount n inTimeShare medianLate suppressed } }"""
    for who in (town.officer, town.provider):
        rows = await levels(api, who, f"{PERIOD}&group_by=organisation")
        assert rows
        graph = (await at(api.as_(who), NOW).graphql(asked))["data"]["compliance"]
        assert [list(row.values()) for row in graph] == [list(row.values()) for row in rows]
    answer = await at(api.as_(town.officer), NOW).get(
        f"/v1/service-levels?{PERIOD}&kind=plan", headers={"Accept": "text/csv"}
    )
    header, line = answer.text.splitlines()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    assert (row["kind"], row["owed_count"], row["organisation_id"]) == ("plan", "18", "")


async def test_bad_questions_are_refused(api: Api, town: Town) -> None:
    officer = at(api.as_(town.officer), NOW)
    assert (await levels(api, town.officer, "")) == []
    for query in (
        "starts_on=2027-02-01&ends_on=2027-01-01", "starts_on=2020-01-01&ends_on=2026-01-01", "kind=unknown",
        "group_by=area", "starts_on=yesterday", "owed_by_id=x",
    ):  # fmt: skip
        assert (await officer.get(f"/v1/service-levels?{query}")).status_code == 422, query
