"""The outcomes in SQL against the same figures worked out in plain Python from what was put in."""

import csv
import io
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import mean, stdev
from typing import Any
from uuid import UUID

import pytest

from app.clock import london_date
from app.db import Database
from app.domain.outcomes import GroupBy, Interval, Milestone, OutcomeFilter, t_975
from app.ids import new_id
from app.models import supply
from app.queries import outcomes
from app.queries.writes import Writes
from tests.factories.authority import Town, add_block
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.outcomes import (
    AFTER,
    BEFORE,
    CALENDAR,
    Closed,
    add_attendance,
    add_offer,
    add_referral,
    add_suspensions,
    policy_of,
)

NOW = datetime(2027, 6, 1, 12, 0, tzinfo=UTC)
TERMS = [f"{year}-{name}" for year in ("2025/26", "2026/27") for name in ("autumn", "spring", "summer")]


@dataclass
class Spec:
    """One referral as it was put in."""

    received_at: datetime
    closed_at: datetime | None
    started_on: date | None
    outcome: str
    band: str
    needs: tuple[str, ...]
    area: str
    school: int
    provider: int
    accepted_after: timedelta
    offered_at: datetime | None
    made: Closed | None = None
    attendance: dict[tuple[str | None, str], tuple[int, int]] = field(default_factory=dict)
    suspensions: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)


def draw(rng: random.Random) -> Spec:
    received_at = datetime(2026, 1, 1, 23, 30, tzinfo=UTC) + timedelta(
        days=rng.randrange(0, 400), hours=rng.randrange(2)
    )
    started = rng.random() < 0.7
    closed = rng.random() < 0.75
    closed_at = received_at + timedelta(days=rng.randrange(5, 120)) if closed else None
    spec = Spec(
        received_at=received_at,
        closed_at=closed_at,
        started_on=(received_at + timedelta(days=rng.randrange(1, 5))).date() if started else None,
        outcome=rng.choice(["completed", "completed", "ended_early", "withdrawn", "entered_in_error"]),
        band=rng.choice(["P1", "P2", "P3", "P4"]),
        needs=tuple(rng.sample(["attendance", "behaviour_at_school", "parenting_support"], rng.randrange(1, 4))),
        area=rng.choice(["north", "south"]),
        school=rng.randrange(3),
        provider=rng.randrange(2),
        accepted_after=timedelta(hours=rng.randrange(1, 24 * 12)),
        offered_at=received_at + timedelta(hours=rng.randrange(0, 24 * 20)) if started or rng.random() < 0.5 else None,
    )
    for term in TERMS:
        for source in ("return", "push"):
            if rng.random() < 0.35:
                possible = rng.choice([0, 10, 20, 20, 50, 100, 140])
                spec.attendance[term, source] = (possible, _attended(rng, possible))
            if rng.random() < 0.35:
                count = rng.choice([0, 0, 1, 2, 2, 3, 4, 5])
                spec.suspensions[term, source] = (count, count * rng.randrange(1, 4), rng.randrange(2))
    if rng.random() < 0.6:
        spec.attendance[None, "referral"] = (100, _attended(rng, 100))
    return spec


def _attended(rng: random.Random, possible: int) -> int:
    """Often exactly on a threshold of 10% or 50% missed."""
    return rng.choice([possible, possible * 9 // 10, possible // 2, rng.randrange(possible + 1)])


async def put(database: Database, town: Town, specs: list[Spec]) -> None:
    async with database.write(replace(town.officer, at=NOW)) as session:
        policy = await policy_of(session)
        for spec in specs:
            writes = Writes()
            spec.made = add_referral(
                session,
                writes,
                town,
                school=town.schools[spec.school],
                provider=town.providers[spec.provider],
                received_at=spec.received_at,
                closed_at=spec.closed_at,
                started_on=spec.started_on,
                outcome=spec.outcome,
                band=spec.band,
                needs=spec.needs,
                area=spec.area,
                accepted_after=spec.accepted_after,
            )
            for (term, source), (possible, attended) in spec.attendance.items():
                add_attendance(writes, spec.made, term, possible, attended, source=source)
            for (term, source), (count, lost, permanent) in spec.suspensions.items():
                add_suspensions(
                    writes,
                    spec.made,
                    term,
                    count,
                    source=source,
                    sessions_lost=lost,
                    permanent_exclusion_count=permanent,
                )
            await writes.flush(session)
            if spec.offered_at:
                writes = Writes()
                add_offer(writes, town, spec.made, spec.offered_at, policy)
                add_offer(writes, town, spec.made, spec.offered_at + timedelta(days=9), policy)
                await writes.flush(session)


# The same figures in plain Python


def term_before(spec: Spec) -> str:
    return _key(CALENDAR.last_term_before(london_date(spec.received_at)))


def term_after(spec: Spec) -> str:
    assert spec.closed_at is not None
    return _key(CALENDAR.first_term_after(london_date(spec.closed_at)))


def _key(term: Any) -> str:
    return f"{term.academic_year}-{term.name.value}"


def first_known(facts: dict[Any, Any], *keys: Any) -> Any:
    return next((facts[key] for key in keys if key in facts), None)


def attendance_pair(spec: Spec) -> tuple[Fraction, Fraction, int] | None:
    usable = {key: value for key, value in spec.attendance.items() if value[0] > 0}
    before_key, after_key = term_before(spec), term_after(spec)
    before = first_known(usable, (before_key, "return"), (before_key, "push"), (None, "referral"))
    after = first_known(usable, (after_key, "return"), (after_key, "push"))
    if before is None or after is None:
        return None
    return Fraction(before[1], before[0]), Fraction(after[1], after[0]), after[0]


def suspension_pair(spec: Spec) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
    before_key, after_key = term_before(spec), term_after(spec)
    before = first_known(spec.suspensions, (before_key, "return"), (before_key, "push"))
    after = first_known(spec.suspensions, (after_key, "return"), (after_key, "push"))
    return None if before is None or after is None else (before, after)


def supported(specs: list[Spec], asked: OutcomeFilter) -> list[Spec]:
    return [
        spec
        for spec in specs
        if spec.closed_at
        and spec.started_on
        and spec.outcome != "entered_in_error"
        and (asked.starts_on or date.min) <= london_date(spec.closed_at) <= (asked.ends_on or NOW.date())
        and asked.band in (None, spec.band)
        and (asked.need is None or asked.need in spec.needs)
    ]


def keys_of(spec: Spec, by: GroupBy, town: Town) -> list[str | None]:
    phases = ["Primary", "Secondary", "Secondary"]
    found: dict[GroupBy, list[str | None]] = {
        GroupBy.NONE: [None],
        GroupBy.AREA: [str(town.areas[spec.area])],
        GroupBy.PHASE: [phases[spec.school]],
        GroupBy.SCHOOL: [str(town.schools[spec.school].organisation_id)],
        GroupBy.PROVIDER: [str(town.providers[spec.provider].organisation_id) if spec.started_on else None],
        GroupBy.BAND: [spec.band],
        GroupBy.NEED: list(spec.needs),
    }
    return found[by]


def grouped(specs: list[Spec], by: GroupBy, town: Town) -> dict[str | None, list[Spec]]:
    groups: dict[str | None, list[Spec]] = defaultdict(list)
    if by is GroupBy.NONE:
        groups[None] = []
    for spec in specs:
        for key in keys_of(spec, by, town):
            groups[key].append(spec)
    return groups


def missed(share: Fraction, least: Fraction) -> bool:
    return 1 - share >= least


def attendance_expected(specs: list[Spec]) -> dict[str, Any]:
    pairs = [pair for spec in specs if (pair := attendance_pair(spec))]
    n = len(pairs)
    change = [float(after - before) * 100 for before, after, _ in pairs]
    tenth, half = Fraction(1, 10), Fraction(1, 2)
    reach = t_975(n - 1) * stdev(change) / n**0.5 if n > 1 else None
    return {
        "closed_count": len(specs),
        "n": n,
        "mean_before_share": float(mean(before for before, _, _ in pairs)) if n else None,
        "mean_after_share": float(mean(after for _, after, _ in pairs)) if n else None,
        "mean_change_points": mean(change) if n else None,
        "change_low_points": mean(change) - reach if reach is not None else None,
        "change_high_points": mean(change) + reach if reach is not None else None,
        "improved_count": sum(after > before for before, after, _ in pairs),
        "improved_share": sum(after > before for before, after, _ in pairs) / n if n else None,
        "school_weeks_gained": float(sum((after - before) * p for before, after, p in pairs) / 10) if n else None,
        "persistent_before_count": sum(missed(before, tenth) for before, _, _ in pairs),
        "persistent_after_count": sum(missed(after, tenth) for _, after, _ in pairs),
        "persistent_left_behind_count": sum(missed(b, tenth) and not missed(a, tenth) for b, a, _ in pairs),
        "severe_before_count": sum(missed(before, half) for before, _, _ in pairs),
        "severe_after_count": sum(missed(after, half) for _, after, _ in pairs),
        "severe_left_behind_count": sum(missed(b, half) and not missed(a, half) for b, a, _ in pairs),
    }


def suspensions_expected(specs: list[Spec]) -> dict[str, Any]:
    pairs = [pair for spec in specs if (pair := suspension_pair(spec))]
    repeat = [(before, after) for before, after in pairs if before[0] > 1]
    halved = [1 for before, after in repeat if before[0] - after[0] >= Fraction(before[0], 2)]

    def total(side: int, figure: int) -> int | None:
        return sum(pair[side][figure] for pair in pairs) if pairs else None

    before_lost, after_lost = total(0, 1), total(1, 1)
    return {
        "closed_count": len(specs),
        "n": len(pairs),
        "repeat_count": len(repeat),
        "halved_count": len(halved),
        "halved_share": len(halved) / len(repeat) if repeat else None,
        "suspensions_before_count": total(0, 0),
        "suspensions_after_count": total(1, 0),
        "days_lost_before": None if before_lost is None else before_lost / 2,
        "days_lost_after": None if after_lost is None else after_lost / 2,
        "permanent_exclusions_before_count": total(0, 2),
        "permanent_exclusions_after_count": total(1, 2),
    }


def waits(spec: Spec, milestone: Milestone) -> tuple[int, bool]:
    """School days waited, and whether the milestone was reached."""
    accepted_at = spec.received_at + spec.accepted_after if spec.started_on else None
    reached_on = {
        Milestone.OFFERED: london_date(spec.offered_at) if spec.offered_at else None,
        Milestone.ACCEPTED: london_date(accepted_at) if accepted_at else None,
        Milestone.FIRST_CONTACT: spec.started_on,
    }[milestone]
    until = reached_on or min(london_date(spec.closed_at) if spec.closed_at else NOW.date(), NOW.date())
    return max(CALENDAR.school_days_between(london_date(spec.received_at), until), 0), reached_on is not None


def quantile(observed: list[tuple[int, bool]], reached_share: Fraction) -> int | None:
    """The Kaplan-Meier quantile in exact fractions."""
    still = Fraction(1)
    for day in sorted({days for days, reached in observed if reached}):
        at_risk = sum(days >= day for days, _ in observed)
        events = sum(days == day and reached for days, reached in observed)
        still *= 1 - Fraction(events, at_risk)
        if still <= 1 - reached_share:
            return day
    return None


def timeliness_expected(specs: list[Spec], milestone: Milestone) -> dict[str, Any]:
    observed = [waits(spec, milestone) for spec in specs]
    return {
        "n": len(observed),
        "reached_count": sum(reached for _, reached in observed),
        "censored_count": sum(not reached for _, reached in observed),
        "median_school_days": quantile(observed, Fraction(1, 2)),
        "p90_school_days": quantile(observed, Fraction(9, 10)),
        "p95_school_days": quantile(observed, Fraction(19, 20)),
    }


def matches(got: Any, expected: dict[str, Any]) -> bool:
    figures = {name: getattr(got, name) for name in expected}
    return figures == {
        name: value if not isinstance(value, float) else pytest.approx(value, abs=1e-9)
        for name, value in expected.items()
    }


@pytest.mark.parametrize("seed", range(6))
async def test_sql_and_plain_python_agree_on_random_data(lane: Database, town: Town, seed: int) -> None:
    rng = random.Random(seed)
    await add_block(lane, town, town.providers[1], places=1)
    specs = [draw(rng) for _ in range(40)]
    await put(lane, town, specs)
    compared = 0
    async with lane.read(replace(town.officer, at=NOW)) as session:
        for asked in (
            OutcomeFilter(),
            OutcomeFilter(starts_on=date(2026, 4, 1), ends_on=date(2026, 10, 31)),
            OutcomeFilter(band="P1", need="attendance"),
        ):
            chosen = supported(specs, asked)
            for by in GroupBy:
                groups = grouped(chosen, by, town)
                for query, expect in (
                    (outcomes.attendance_change, attendance_expected),
                    (outcomes.suspensions_change, suspensions_expected),
                ):
                    found = {row.key: row for row in await query(session, asked, by)}  # type: ignore[operator]
                    assert found.keys() == groups.keys()
                    for key, members in groups.items():
                        assert matches(found[key], expect(members)), (query, by, key, found[key], expect(members))
                        compared += found[key].n
        everyone = OutcomeFilter(starts_on=date(2026, 1, 1))
        counted = [spec for spec in specs if not (spec.closed_at and spec.outcome == "entered_in_error")]
        for by in GroupBy:
            groups = grouped(counted, by, town)
            rows = await outcomes.timeliness(session, everyone, by)
            assert {row.key for row in rows} == groups.keys()
            for row in rows:
                expected = timeliness_expected(groups[row.key], row.milestone)
                assert matches(row, expected), (by, row, expected)
    assert compared > 50, "the draws must give figures to compare"


async def test_nothing_is_null_and_never_nought_or_one(lane: Database, town: Town) -> None:
    async with lane.read(replace(town.officer, at=NOW)) as session:
        (attendance,) = await outcomes.attendance_change(session, OutcomeFilter())
        (suspensions,) = await outcomes.suspensions_change(session, OutcomeFilter())
        assert await outcomes.timeliness(session, OutcomeFilter()) == []
        assert await outcomes.attendance_change(session, OutcomeFilter(), GroupBy.AREA) == []
    assert (attendance.n, attendance.mean_change_points, attendance.improved_share) == (0, None, None)
    assert (attendance.mean_before_share, attendance.school_weeks_gained) == (None, None)
    assert (suspensions.n, suspensions.halved_share, suspensions.suspensions_after_count) == (0, None, None)


async def one_closed(lane: Database, town: Town, add: Callable[[Writes, Closed], None]) -> None:
    async with lane.write(replace(town.officer, at=NOW)) as session:
        writes = Writes()
        add(writes, add_referral(session, writes, town))
        await writes.flush(session)


async def test_the_half_term_under_way_is_not_the_term_before(lane: Database, town: Town) -> None:
    def add(writes: Writes, made: Closed) -> None:
        add_suspensions(writes, made, None, 4, source="referral")
        add_suspensions(writes, made, AFTER, 0)

    await one_closed(lane, town, add)
    async with lane.read(replace(town.officer, at=NOW)) as session:
        (row,) = await outcomes.suspensions_change(session, OutcomeFilter())
    assert (row.closed_count, row.n) == (1, 0)


async def test_the_return_wins_over_the_push_and_the_push_over_the_referral(lane: Database, town: Town) -> None:
    def add(writes: Writes, made: Closed) -> None:
        add_attendance(writes, made, BEFORE, 100, 10, source="referral")
        add_attendance(writes, made, BEFORE, 100, 50, source="push")
        add_attendance(writes, made, AFTER, 100, 20, source="push", recorded_at=NOW)
        add_attendance(writes, made, AFTER, 100, 90)

    await one_closed(lane, town, add)
    async with lane.read(replace(town.officer, at=NOW)) as session:
        (row,) = await outcomes.attendance_change(session, OutcomeFilter())
    assert (row.n, row.mean_before_share, row.mean_after_share) == (1, 0.5, 0.9)
    assert row.mean_change_points == pytest.approx(40)
    assert (row.change_low_points, row.change_high_points) == (None, None)
    assert row.school_weeks_gained == pytest.approx(4)
    # Exactly 10% missed is persistent absence still, so it is not left behind.
    assert (row.persistent_after_count, row.persistent_left_behind_count) == (1, 0)
    assert (row.severe_before_count, row.severe_left_behind_count) == (1, 1)


async def test_a_pupil_whom_two_organisations_referred_counts_once(lane: Database, town: Town) -> None:
    async with lane.write(replace(town.officer, at=NOW)) as session:
        writes = Writes()
        made = add_referral(session, writes, town)
        await writes.flush(session)
        household_id = await session.value("SELECT household_id FROM pupil WHERE id = $1", made.pupil_id)
        add_referral(
            session,
            writes,
            town,
            school=town.schools[1],
            pupil=(made.pupil_id, household_id),
            intervention_id=made.intervention_id,
        )
        await writes.flush(session)
    async with lane.read(replace(town.officer, at=NOW)) as session:
        (row,) = await outcomes.attendance_change(session, OutcomeFilter())
    assert row.closed_count == 1


# Capacity


async def test_places_held_and_there_agree_with_a_count_day_by_day(lane: Database, town: Town) -> None:
    rng = random.Random(7)
    first, last = date(2026, 9, 1), date(2026, 11, 30)
    places = [(new_id(), date(2026, 1, 1) + timedelta(days=rng.randrange(320)), None) for _ in range(6)]
    places[0] = (places[0][0], date(2026, 8, 1), date(2026, 10, 15))
    bookings: list[tuple[UUID, date, date]] = []
    away: list[tuple[UUID, date, date]] = []
    async with lane.write(replace(town.officer, at=NOW)) as session:
        await session.run("UPDATE place SET available_from = '2030-01-01'")
        writes = Writes()
        for number, (place_id, starts_on, until) in enumerate(places, start=10):
            writes.add(
                supply.place,
                id=place_id,
                lot_id=town.lots[0],
                provider_id=town.provider.organisation_id,
                number=number,
                available_from=starts_on,
                available_until=until,
            )
            on = max(starts_on, date(2026, 8, 10))
            while on < (until or date(2026, 12, 20)) - timedelta(days=40):
                on += timedelta(days=rng.randrange(0, 15))
                end = on + timedelta(days=rng.randrange(0, 30))
                bookings.append((place_id, on, end))
                on = end
            gone = first + timedelta(days=rng.randrange(60))
            away += [
                (place_id, gone, gone + timedelta(days=20)),
                (place_id, gone + timedelta(days=10), gone + timedelta(days=25)),
            ]
        await writes.flush(session)
        for place_id, starts_on, ends_on in bookings:
            household_id = new_id()
            await session.run(
                "INSERT INTO household (authority_id, id) VALUES ($1, $2)", session.authority_id, household_id
            )
            writes.add(
                supply.booking,
                id=new_id(),
                place_id=place_id,
                lot_id=town.lots[0],
                provider_id=town.provider.organisation_id,
                household_id=household_id,
                state="released",
                starts_on=starts_on,
                ends_on=ends_on,
                released_on=ends_on,
                cause="made up",
            )
        for place_id, starts_on, ends_on in away:
            writes.add(
                supply.place_out_of_service,
                id=new_id(),
                place_id=place_id,
                provider_id=town.provider.organisation_id,
                starts_on=starts_on,
                ends_on=ends_on,
                reason="Made up.",
            )
        await writes.flush(session)

    def held(on: date, place_id: UUID) -> bool:
        return any(place == place_id and start <= on < end for place, start, end in bookings)

    def there(on: date, place: tuple[UUID, date, date | None]) -> bool:
        place_id, starts_on, until = place
        out = any(name == place_id and start <= on < end for name, start, end in away)
        return starts_on <= on and (until is None or on < until) and (not out or held(on, place_id))

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    expected = [(on, sum(held(on, p[0]) for p in places), sum(there(on, p) for p in places)) for on in days]
    async with lane.read(replace(town.officer, at=NOW)) as session:
        by_day = await outcomes.capacity(session, (first, last))
        by_week = await outcomes.capacity(session, (first, last), Interval.WEEK)
        other = await outcomes.capacity(session, (first, last), provider_id=town.providers[1].organisation_id)
    assert [(p.starts_on, p.held_place_days, p.total_place_days) for p in by_day.points] == expected
    assert all(p.held_share == (p.held_place_days / p.total_place_days) for p in by_day.points if p.total_place_days)
    assert sum(p.held_place_days for p in by_week.points) == sum(held for _, held, _ in expected)
    assert sum(p.day_count for p in by_week.points) == len(days)
    # 1 September 2026 is a Tuesday: the first week has six days of the period, the others begin on a Monday.
    assert (by_week.points[0].starts_on, by_week.points[0].day_count) == (first, 6)
    assert all(p.starts_on.weekday() == 0 for p in by_week.points[1:])
    assert all((p.total_place_days, p.held_share) == (0, None) for p in other.points)
    assert other.volume == ()


async def test_volume_is_used_by_first_contacts_against_the_variation_in_force(lane: Database, town: Town) -> None:
    async with lane.write(replace(town.officer, at=NOW)) as session:
        writes = Writes()
        add_referral(session, writes, town)
        add_referral(session, writes, town, started_on=date(2026, 10, 20))
        add_referral(session, writes, town, started_on=None)
        for number, (effective_on, volume) in enumerate([(date(2026, 10, 1), 40), (date(2026, 12, 1), 80)], start=1):
            writes.add(
                supply.contract_variation,
                id=new_id(),
                contract_id=town.contracts[0],
                provider_id=town.provider.organisation_id,
                number=number,
                kind="volume",
                effective_on=effective_on,
                terms={"lot_id": str(town.lots[0]), "volume": volume},
                reason="Made up.",
                recorded_at=NOW,
            )
        await writes.flush(session)
    async with lane.read(replace(town.officer, at=NOW)) as session:
        seen = [
            (use.volume, use.used_count, use.used_share)
            for ends_on in (date(2026, 9, 30), date(2026, 10, 31), date(2026, 12, 31))
            for use in (await outcomes.capacity(session, (ends_on, ends_on))).volume
        ]
    assert seen == [(1000, 1, 0.001), (40, 2, 0.05), (80, 2, 0.025)]


# Over HTTP


async def test_outcomes_come_as_json_with_their_definition_and_as_csv(api: Api, lane: Database, town: Town) -> None:
    def add(writes: Writes, made: Closed) -> None:
        add_attendance(writes, made, BEFORE, 100, 50)
        add_attendance(writes, made, AFTER, 100, 75)
        add_suspensions(writes, made, BEFORE, 4)
        add_suspensions(writes, made, AFTER, 2)

    await one_closed(lane, town, add)
    boss = at(api.as_(town.officer), NOW)
    attendance = (await boss.get("/v1/outcomes/attendance", params={"group_by": "area"})).json()
    (row,) = attendance["data"]
    assert (row["label"], row["n"], row["mean_change_points"], row["suppressed"]) == ("North", 1, 25.0, False)
    assert attendance["definition"].startswith("Of pupils whose support ended")
    suspensions = (await boss.get("/v1/outcomes/suspensions", params={"starts_on": "2026-11-01"})).json()
    assert suspensions["data"][0]["halved_share"] == 1.0
    waited = (await boss.get("/v1/outcomes/timeliness")).json()
    assert [(item["key"], item["milestone"]) for item in waited["data"]] == [
        ("P3", "offered"),
        ("P3", "accepted"),
        ("P3", "first_contact"),
    ]
    places = (await boss.get("/v1/outcomes/capacity", params={"interval": "week"})).json()
    assert (places["ends_on"], places["interval"]) == ("2027-06-01", "week")
    assert places["volume"][0]["used_count"] == 1

    text = await boss.get("/v1/outcomes/attendance", headers={"Accept": "text/csv, application/json;q=0.5"})
    assert text.headers["content-type"].startswith("text/csv")
    (line,) = csv.DictReader(io.StringIO(text.text))
    assert (line["n"], line["key"], line["mean_change_points"], line["suppressed"]) == ("1", "", "25.0", "false")
    assert (await boss.get("/v1/outcomes/attendance", headers={"Accept": "text/csv;q=0.1, */*"})).status_code == 200


async def test_a_spreadsheet_takes_no_label_for_a_formula(api: Api, lane: Database, town: Town) -> None:
    async with lane.write(town.officer) as session:
        await session.run("UPDATE area SET name = '=1+1'")
    await one_closed(lane, town, lambda _writes, _made: None)
    boss = at(api.as_(town.officer), NOW)
    answer = await boss.get("/v1/outcomes/attendance", params={"group_by": "area"}, headers={"Accept": "text/csv"})
    (line,) = csv.DictReader(io.StringIO(answer.text))
    assert line["label"] == "'=1+1"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("exclusions", 422),
        ("attendance?group_by=colour", 422),
        ("attendance?starts_on=2026-13-01", 422),
        ("attendance?starts_on=20260901", 422),
        ("attendance?starts_on=2026-09-02&ends_on=2026-09-01", 422),
        ("attendance?area_id=north", 422),
        ("attendance?interval=day", 422),
        ("capacity?area_id=01939d2a-7b1c-7e55-8f00-5d1c0f6f2a10", 422),
        ("capacity?starts_on=2000-01-01", 422),
        ("attendance?need=" + "x" * 100, 422),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(api: Api, town: Town, path: str, status: int) -> None:
    answer = await at(api.as_(town.officer), NOW).get(f"/v1/outcomes/{path}")
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"]


async def test_only_the_authority_reads_outcomes(api: Api, town: Town) -> None:
    for principal in (town.school, town.provider):
        for measure in ("attendance", "suspensions", "capacity", "timeliness"):
            assert (await api.as_(principal).get(f"/v1/outcomes/{measure}")).status_code == 403
    assert (await api.as_(town.officer, scopes=frozenset()).get("/v1/outcomes/attendance")).status_code == 403
