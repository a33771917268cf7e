"""`python -m bench.obligations_again URL`: work out from the events what is owed, and compare it with the table.

It replays the feed of each authority in its order, one table of rules (`RULES`) saying what each type of event makes
owed, meets, cancels or puts off. Rows are read for what an event does not say: an offer's provider, a case's planned
end, a referral's band. Nothing of the services is used: only the calendar, for its days. The URL is that of the owner
of the tables, whom row policy does not blind.

A new kind of obligation is a further line of `RULES`.
"""

import argparse
import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from app.domain.academic_year import HalfTerm
from app.domain.calendar import Calendar, Closure, ClosureKind, NamedClosure
from app.domain.school_calendar import SchoolYear, school_calendar

LONDON: Final = ZoneInfo("Europe/London")
CASE: Final = ("initial_contact", "baseline", "plan", "review", "closure")
OFFICERS: Final = ("safeguarding_action", "agreement_check", "place_referral", "lead_officer_action")

Row = Mapping[str, Any]


@dataclass
class Debt:
    """One obligation, as it is worked out."""

    kind: str
    owed_by_id: UUID
    subject_id: UUID
    created_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    cancelled_at: datetime | None = None

    def facts(self) -> tuple[Any, ...]:
        """What is compared."""
        return (self.kind, str(self.owed_by_id), str(self.subject_id), self.created_at, self.due_at, self.met_at,
                self.cancelled_at)  # fmt: skip


def london(day: date, hour: int = 0) -> datetime:
    """A wall-clock hour in England."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


def on(moment: datetime) -> date:
    """The date in England."""
    return moment.astimezone(LONDON).date()


@dataclass
class Book:
    """What one authority owes and is owed, as the events are read."""

    rows: "Rows"
    debts: list[Debt] = field(default_factory=list)
    open: dict[tuple[str, UUID], Debt] = field(default_factory=dict)

    def owe(self, event: Row, kind: str, owed_by_id: UUID, subject_id: UUID, due_at: datetime) -> None:
        """Something comes to be owed."""
        debt = Debt(kind, owed_by_id, subject_id, event["occurred_at"], due_at)
        if (kind, subject_id) in self.open:
            raise ValueError(f"{kind} of {subject_id} is owed twice, at {event['occurred_at']} by {event['type']}")
        self.debts.append(debt)
        self.open[kind, subject_id] = debt

    def meet(self, event: Row, subject_id: UUID | None, *kinds: str) -> None:
        """What is open of these kinds is met."""
        for kind in kinds:
            if subject_id is not None and (debt := self.open.pop((kind, subject_id), None)):
                debt.met_at = event["occurred_at"]

    def cancel(self, event: Row, subject_id: UUID | None, *kinds: str) -> None:
        """What is open of these kinds is owed no longer."""
        for kind in kinds:
            if subject_id is not None and (debt := self.open.pop((kind, subject_id), None)):
                debt.cancelled_at = event["occurred_at"]

    def put_off(self, kind: str, subject_id: UUID, due_at: datetime) -> None:
        """What is open is due at another time."""
        if debt := self.open.get((kind, subject_id)):
            debt.due_at = due_at


class Rows:
    """The rows of one authority that the rules look things up in."""

    def __init__(self, found: Mapping[str, list[Row]], calendar: Calendar, schools: Mapping[UUID, Calendar]) -> None:
        self.by_id: dict[str, dict[UUID, Row]] = {
            name: {row["id"]: row for row in rows} for name, rows in found.items() if rows and "id" in rows[0]
        }
        self.found = found
        self.calendar = calendar
        self.schools = schools
        self.officers_id: UUID = found["organisation"][0]["id"]
        self.case_of_offer: dict[UUID, UUID] = {}
        self.unanswered: Counter[UUID] = Counter()
        self.extended: Counter[UUID] = Counter()
        self.of: dict[str, dict[UUID, list[Row]]] = {}
        for name, key in (("band_decision", "referral_id"), ("intervention_extension", "intervention_id"),
                          ("referral_amendment", "referral_id"), ("decision", "referral_id")):  # fmt: skip
            grouped: dict[UUID, list[Row]] = defaultdict(list)
            for row in found[name]:
                grouped[row[key]].append(row)
            self.of[name] = grouped
        self.overridden = {row["offer_id"] for row in found["override"]}

    def policy(self, moment: datetime) -> Mapping[str, Any]:
        """The content of the policy in force on a day: the versions come latest first."""
        content = next(row["content"] for row in self.found["policy_version"] if row["effective_from"] <= on(moment))
        defaults = {
            "agreement_check_hours": 24,
            "band_review_hours": 24,
            "baseline_school_days": 5,
            "plan_school_days": 10,
            "follow_up_school_days": 65,
        }
        return {**defaults, **orjson.loads(content)}

    def band(self, referral: Row, moment: datetime) -> str:
        """The band at a moment: as it was set, before the changes that came later."""
        later = [row for row in self.of["band_decision"][referral["id"]] if row["decided_at"] > moment]
        return str(min(later, key=lambda row: row["decided_at"])["from_band"] if later else referral["band"])

    def days_of(self, school_id: UUID | None) -> Calendar:
        """The calendar that a debt about a school's pupil runs in."""
        return self.schools.get(school_id, self.calendar) if school_id else self.calendar

    def school_day(self, school_id: UUID | None, since: date, count: int) -> datetime:
        """Five o'clock of the school day so many after a date."""
        return london(self.days_of(school_id).add_school_days(since, count), 17)

    def holds(self, referral: Row) -> set[str]:
        """The holds that a referral came with: those it has, and those that were taken away since."""
        came = set(referral["holds"])
        for row in self.of["referral_amendment"][referral["id"]]:
            came |= set((orjson.loads(row["changes"]).get("holds") or {}).get("from") or ())
        return came


def _offered(book: Book, event: Row) -> None:
    rows = book.rows
    offer = rows.by_id["offer"][event["subject_id"]]
    referral = rows.by_id["referral"][offer["referral_id"]]
    if not offer["deemed_acceptance"]:
        days = rows.policy(event["occurred_at"])["answer_days"][rows.band(referral, event["occurred_at"])]
        day = rows.calendar.add_working_days(on(event["occurred_at"]), days)
        book.owe(event, "answer_offer", offer["provider_id"], offer["id"], london(day, 17))
    if offer["id"] in rows.overridden:
        book.meet(event, referral["id"], "place_referral")


def _accepted(book: Book, event: Row) -> None:
    rows, data = book.rows, event["data"]
    offer = rows.by_id["offer"][event["subject_id"]]
    referral = rows.by_id["referral"][offer["referral_id"]]
    case_id = UUID(data["intervention_id"])
    rows.case_of_offer[offer["id"]] = case_id
    book.meet(event, offer["id"], "answer_offer")
    book.meet(event, referral["id"], "place_referral", "lead_officer_action")
    book.cancel(event, referral["id"], "band_review")
    begins = max(on(event["occurred_at"]), date.fromisoformat(data["starts_on"]))
    days = rows.policy(event["occurred_at"])["first_contact_school_days"]
    due_at = rows.school_day(referral["school_id"], begins, days)
    book.owe(event, "initial_contact", offer["provider_id"], case_id, due_at)
    if data["deemed"] and rows.band(referral, event["occurred_at"]) in ("P1", "P2"):
        ends = london(on(event["occurred_at"]) + timedelta(days=1))
        book.owe(event, "deemed_acceptance_check", rows.officers_id, offer["id"], ends)


def _given_back(book: Book, event: Row) -> None:
    book.cancel(event, book.rows.case_of_offer.get(event["subject_id"]), *CASE)
    book.cancel(event, event["subject_id"], "deemed_acceptance_check")


def _declined(book: Book, event: Row) -> None:
    book.meet(event, event["subject_id"], "answer_offer")
    if event["data"]["after_deemed_acceptance"]:
        _given_back(book, event)
        _owe_a_look(book, event, book.rows.by_id["offer"][event["subject_id"]]["referral_id"])


def _owe_a_look(book: Book, event: Row, referral_id: UUID, *more: str) -> None:
    rows = book.rows
    band = rows.band(rows.by_id["referral"][referral_id], event["occurred_at"])
    hours = rows.policy(event["occurred_at"])["escalation_hours"][band]
    for kind in ("place_referral", *more):
        book.cancel(event, referral_id, kind)
        book.owe(event, kind, rows.officers_id, referral_id, event["occurred_at"] + timedelta(hours=hours))


def _expired(book: Book, event: Row) -> None:
    referral_id = book.rows.by_id["offer"][event["subject_id"]]["referral_id"]
    book.cancel(event, event["subject_id"], "answer_offer")
    book.cancel(event, referral_id, "lead_officer_action")
    book.rows.unanswered[referral_id] += 1
    _owe_a_look(book, event, referral_id, *(["lead_officer_action"] if book.rows.unanswered[referral_id] > 1 else []))


def _withdrawn(book: Book, event: Row) -> None:
    book.cancel(event, event["subject_id"], "answer_offer")
    _given_back(book, event)


def _submitted(book: Book, event: Row) -> None:
    rows = book.rows
    referral = rows.by_id["referral"][event["subject_id"]]
    came = rows.holds(referral)
    policy = rows.policy(event["occurred_at"])
    arrival = [row for row in rows.of["decision"][referral["id"]] if row["trigger"] == "arrival"]
    if "SAFEGUARDING_HOLD" in came:
        due_at = event["occurred_at"] + timedelta(hours=policy["safeguarding_hours"])
        book.owe(event, "safeguarding_action", rows.officers_id, referral["id"], due_at)
    if "POSSIBLE_DUPLICATE" in came or any(row["outcome"] == "unplaceable" for row in arrival):
        due_at = event["occurred_at"] + timedelta(hours=policy["placement_hours"])
        book.owe(event, "place_referral", rows.officers_id, referral["id"], due_at)


def _unplaceable(book: Book, event: Row) -> None:
    if ("place_referral", event["subject_id"]) not in book.open:
        hours = book.rows.policy(event["occurred_at"])["placement_hours"]
        due_at = event["occurred_at"] + timedelta(hours=hours)
        book.owe(event, "place_referral", book.rows.officers_id, event["subject_id"], due_at)


def _agreement_withdrawn(book: Book, event: Row) -> None:
    book.cancel(event, event["subject_id"], "agreement_check")
    hours = book.rows.policy(event["occurred_at"])["agreement_check_hours"]
    due_at = event["occurred_at"] + timedelta(hours=hours)
    book.owe(event, "agreement_check", book.rows.officers_id, event["subject_id"], due_at)


def _referral_closed(book: Book, event: Row) -> None:
    book.cancel(event, event["subject_id"], *OFFICERS, "band_review")
    for offer_id, case_id in book.rows.case_of_offer.items():
        if book.rows.by_id["offer"][offer_id]["referral_id"] == event["subject_id"]:
            book.cancel(event, case_id, *CASE)


def _amended(book: Book, event: Row) -> None:
    """A band that the sender asks for after an officer has set one."""
    if "band_asked" not in event["data"]["fields"] or "band" in event["data"]["fields"]:
        return
    rows, referral_id = book.rows, event["subject_id"]
    book.cancel(event, referral_id, "band_review")
    amended = next(
        row for row in rows.of["referral_amendment"][referral_id] if row["amended_at"] == event["occurred_at"]
    )
    asked = orjson.loads(amended["changes"])["band_asked"]["to"]
    if asked != rows.band(rows.by_id["referral"][referral_id], event["occurred_at"]):
        hours = rows.policy(event["occurred_at"])["band_review_hours"]
        due_at = event["occurred_at"] + timedelta(hours=hours)
        book.owe(event, "band_review", rows.officers_id, referral_id, due_at)


def _planned_end(rows: Rows, case: Row) -> date:
    """The end that was planned, after the extensions read so far."""
    moves = sorted(rows.of["intervention_extension"][case["id"]], key=lambda row: row["extended_at"])
    done = rows.extended[case["id"]]
    if done < len(moves):
        return moves[done]["from_end_on"]  # type: ignore[no-any-return]
    return moves[-1]["to_end_on"] if moves else case["planned_end_on"]  # type: ignore[no-any-return]


def _half_way(rows: Rows, case: Row) -> datetime:
    """The middle of the planned work, in school days from the first contact."""
    days = rows.days_of(case["school_id"])
    half = days.school_days_between(case["started_on"], _planned_end(rows, case)) // 2
    return rows.school_day(case["school_id"], case["started_on"], half)


def _started(book: Book, event: Row) -> None:
    rows = book.rows
    case = rows.by_id["intervention"][event["subject_id"]]
    book.meet(event, case["id"], "initial_contact")
    policy = rows.policy(case["accepted_at"])
    for kind in ("baseline", "plan"):
        due_at = rows.school_day(case["school_id"], case["started_on"], policy[f"{kind}_school_days"])
        book.owe(event, kind, event["organisation_id"], case["id"], due_at)
    book.owe(event, "review", event["organisation_id"], case["id"], _half_way(rows, case))
    book.owe(event, "closure", event["organisation_id"], case["id"], london(_planned_end(rows, case)))


def _extended(book: Book, event: Row) -> None:
    rows = book.rows
    case = rows.by_id["intervention"][event["subject_id"]]
    rows.extended[case["id"]] += 1
    book.put_off("closure", case["id"], london(_planned_end(rows, case)))
    book.put_off("review", case["id"], _half_way(rows, case))


def _start_moved(book: Book, event: Row) -> None:
    rows = book.rows
    case_id = rows.case_of_offer.get(event["subject_id"])
    if case_id is not None:
        school_id = rows.by_id["intervention"][case_id]["school_id"]
        days = rows.policy(event["occurred_at"])["first_contact_school_days"]
        starts_on = date.fromisoformat(event["data"]["starts_on"])
        book.put_off("initial_contact", case_id, rows.school_day(school_id, starts_on, days))


def _case_closed(book: Book, event: Row) -> None:
    book.meet(event, event["subject_id"], "closure")
    book.cancel(event, event["subject_id"], *CASE)
    rows = book.rows
    if event["data"]["outcome"] == "completed":
        case = rows.by_id["intervention"][event["subject_id"]]
        days = rows.policy(case["accepted_at"])["follow_up_school_days"]
        due_at = london(rows.calendar.add_school_days(on(event["occurred_at"]), days), 17)
        book.owe(event, "follow_up", case["provider_id"], case["id"], due_at)


def _return_due(book: Book, event: Row) -> None:
    row = book.rows.by_id["return_record"][event["subject_id"]]
    kind = {"provider_half_term": "provider_return", "school_term": "school_return"}[event["data"]["template"]]
    book.owe(event, kind, row["organisation_id"], row["id"], london(row["due_on"] + timedelta(days=1)))


def _contract_ending(book: Book, event: Row) -> None:
    book.cancel(event, event["subject_id"], "contract_ending")
    ends = london(date.fromisoformat(event["data"]["ends_on"]) + timedelta(days=1))
    book.owe(event, "contract_ending", book.rows.officers_id, event["subject_id"], ends)


def _meets(*kinds: str) -> Callable[[Book, Row], None]:
    return lambda book, event: book.meet(event, event["subject_id"], *kinds)


def _cancels(*kinds: str) -> Callable[[Book, Row], None]:
    return lambda book, event: book.cancel(event, event["subject_id"], *kinds)


def _done(book: Book, event: Row) -> None:
    book.meet(event, UUID(event["data"]["about_id"]), event["data"]["kind"])


RULES: Final[Mapping[str, Callable[[Book, Row], None]]] = {
    "referral.submitted": _submitted,
    "referral.unplaceable": _unplaceable,
    "referral.placeable": _cancels("place_referral"),
    "referral.released": _meets(*OFFICERS),
    "referral.agreement_withdrawn": _agreement_withdrawn,
    "referral.agreement_given": _cancels("agreement_check"),
    "referral.amended": _amended,
    "referral.band_changed": _meets("band_review"),
    "referral.band_kept": _meets("band_review"),
    "referral.closed": _referral_closed,
    "allocation.offered": _offered,
    "allocation.accepted": _accepted,
    "allocation.declined": _declined,
    "allocation.expired": _expired,
    "allocation.withdrawn": _withdrawn,
    "allocation.checked": _meets("deemed_acceptance_check"),
    "allocation.start_moved": _start_moved,
    "intervention.started": _started,
    "intervention.reviewed": _meets("review"),
    "intervention.plan_changed": _meets("plan"),
    "intervention.reading_recorded": _meets("baseline"),
    "intervention.extended": _extended,
    "intervention.closed": _case_closed,
    "return.due": _return_due,
    "return.submitted": _meets("provider_return", "school_return"),
    "contract.ending": _contract_ending,
    "contract.varied": _cancels("contract_ending"),
    "obligation.done": _done,
}
"""What each type of event makes of what is owed."""
NOT_REPLAYED: Final = frozenset({"referral.reopened", "intervention.handed_over"})
"""They owe again, or hand on, what stood before: an authority that has them is not compared."""


async def worked_out(connection: asyncpg.Connection, authority_id: UUID) -> list[Debt]:
    """What is owed in an authority, from its events. Raises ValueError where something is owed twice at once."""
    rows = await _rows(connection, authority_id)
    book = Book(rows)
    events = await connection.fetch(
        "SELECT e.* FROM event e JOIN (SELECT event_id, min(seq) AS seq, min(xid::text::bigint) AS xid"
        " FROM event_audience WHERE authority_id = $1 GROUP BY event_id) a ON a.event_id = e.id"
        " WHERE e.authority_id = $1 ORDER BY a.xid, a.seq",
        authority_id,
    )
    for record in events:
        event = {**record, "data": orjson.loads(record["data"])}
        if rule := RULES.get(event["type"]):
            rule(book, event)
    return book.debts


_READ: Final = {
    "organisation": "SELECT id FROM organisation WHERE authority_id = $1 AND kind = 'authority'",
    "policy_version": "SELECT id, effective_from, content FROM policy_version WHERE authority_id = $1"
    " AND effective_from IS NOT NULL ORDER BY effective_from DESC",
    **{
        name: f"SELECT * FROM {name} WHERE authority_id = $1"
        for name in ("offer", "referral", "intervention", "intervention_extension", "return_record", "band_decision",
                     "referral_amendment", "override")
    },
    "decision": "SELECT id, referral_id, trigger, outcome FROM decision WHERE authority_id = $1",
}  # fmt: skip


async def _rows(connection: asyncpg.Connection, authority_id: UUID) -> Rows:
    found = {name: await connection.fetch(sql, authority_id) for name, sql in _READ.items()}
    halves = await connection.fetch(
        "SELECT academic_year, half_term, starts_on, ends_on FROM calendar_period WHERE authority_id = $1", authority_id
    )
    closed = await connection.fetch(
        "SELECT closed_on, kind FROM calendar_closure WHERE authority_id = $1", authority_id
    )
    common = Calendar(
        tuple(HalfTerm(row["academic_year"], row["half_term"], row["starts_on"], row["ends_on"]) for row in halves),
        tuple(Closure(row["closed_on"], ClosureKind(row["kind"])) for row in closed),
    )
    stated: dict[UUID, list[SchoolYear]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT school_id, academic_year, half_terms, training_days FROM school_calendar WHERE authority_id = $1"
        " ORDER BY academic_year", authority_id,
    ):  # fmt: skip
        stated[row["school_id"]].append(_school_year(row))
    return Rows(found, common, {school: school_calendar(common, years) for school, years in stated.items()})


def _school_year(row: Row) -> SchoolYear:
    halves = orjson.loads(row["half_terms"]) if row["half_terms"] else None
    days = orjson.loads(row["training_days"]) if row["training_days"] else None
    day = date.fromisoformat
    return SchoolYear(
        row["academic_year"],
        halves and tuple(HalfTerm(row["academic_year"], n, day(a), day(b)) for n, (a, b) in enumerate(halves, 1)),
        days and tuple(NamedClosure(Closure(day(each["on"]), ClosureKind.INSET), each["name"]) for each in days),
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared of an authority, and what differs."""

    counted: Counter[str]
    differences: list[str]
    skipped: str | None = None


async def compare(connection: asyncpg.Connection, authority_id: UUID) -> Comparison:
    """The table's rows of an authority against those worked out."""
    types = {row[0] for row in await connection.fetch("SELECT DISTINCT type FROM event WHERE authority_id = $1",
                                                      authority_id)}  # fmt: skip
    if types & NOT_REPLAYED:
        return Comparison(Counter(), [], ", ".join(sorted(types & NOT_REPLAYED)))
    stored = await connection.fetch(
        "SELECT kind, owed_by_id, subject_id, created_at, due_at, met_at, cancelled_at FROM obligation"
        " WHERE authority_id = $1",
        authority_id,
    )
    ours = Counter(debt.facts() for debt in await worked_out(connection, authority_id))
    theirs = Counter((row[0], str(row[1]), str(row[2]), *row[3:]) for row in stored)
    return Comparison(
        Counter(row["kind"] for row in stored),
        [*_shown("worked out, not stored", ours - theirs), *_shown("stored, not worked out", theirs - ours)],
    )


def _shown(words: str, facts: Counter[tuple[Any, ...]]) -> Iterable[str]:
    for kind, owed_by, subject, *times in sorted(facts.elements(), key=str):
        yield f"{words}: {kind} of {subject} by {owed_by}: " + ", ".join(str(each) for each in times)


async def _main(url: str) -> int:
    connection = await asyncpg.connect(url)
    faults = 0
    for row in await connection.fetch("SELECT id, name FROM authority ORDER BY name"):
        result = await compare(connection, row["id"])
        if result.skipped:
            print(f"{row['name']}: not compared, because of {result.skipped}")
            continue
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(result.counted.items()))
        print(f"{row['name']}: {result.counted.total()} obligations compared ({kinds});"
              f" {len(result.differences)} differences")  # fmt: skip
        print("\n".join(result.differences[:20]))
        faults += len(result.differences)
    await connection.close()
    return 1 if faults else 0


def main() -> int:
    """Compare every authority of a database."""
    asked = argparse.ArgumentParser(prog="python -m bench.obligations_again", description=__doc__.partition("\n")[0])
    asked.add_argument("url", help="the database, as the owner of its tables")
    return asyncio.run(_main(asked.parse_args().url))


if __name__ == "__main__":
    sys.exit(main())
