"""What happened in a play, as tables for people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from app.simulation.invariants import Breach
from app.simulation.journal import ABANDONED, Summary

_BANDS: Final = ("P1", "P2", "P3", "P4")
_MILESTONES: Final = {"OFFERED": "offer", "ACCEPTED": "acceptance", "FIRST_CONTACT": "first contact"}
_ATTENDED: Final = ("contact attended", "contact late")
_BREACHES_SHOWN: Final = 20


def print_report(console: Console, summaries: Sequence[Summary]) -> dict[str, Any]:
    """Print the tables; the dashboard's figures, which the caller judges."""
    figures: dict[str, Any] = next((summary.figures for summary in summaries if summary.figures), {})
    counts = Counter[str]()
    for summary in summaries:
        counts.update(summary.counts)
    if figures:
        console.print(_referrals(figures["referrals"]))
        console.print(_waits(figures["timeliness"]))
        console.print(_work(figures, counts))
        console.print(_outcomes(figures))
        console.print(_capacity(figures["capacity"]))
    console.print(_requests(summaries))
    return figures


def print_breaches(console: Console, breaches: Sequence[Breach]) -> None:
    """Say which invariants do not hold, and where first."""
    for name, count in Counter(breach.invariant for breach in breaches).items():
        console.print(f"[red]BROKEN[/red] {name}: {count}")
    for breach in breaches[:_BREACHES_SHOWN]:
        console.print(f"  {breach.invariant} {breach.offending_id}: {breach.detail}", markup=False, highlight=False)


def is_told(figures: dict[str, Any]) -> list[str]:
    """Which of the two outcomes have no figure: a whole year must have both."""
    attendance, suspensions = figures["attendance"], figures["suspensions"]
    missing = []
    if not attendance or attendance[0].get("meanChangePoints") is None:
        missing.append("attendance")
    if not suspensions or suspensions[0].get("suspensionsBeforeCount") is None:
        missing.append("suspensions")
    return missing


def differences(figures: dict[str, Any]) -> list[str]:
    """Outcomes that GraphQL and REST told differently at the same moment."""
    found = []
    for measure in ("attendance", "suspensions", "timeliness"):
        by_graphql, by_rest = figures[measure] or [], figures[f"rest {measure}"] or []
        for one, other in (
            zip(by_graphql, by_rest, strict=True) if len(by_graphql) == len(by_rest) else [({"n": 0}, {})]
        ):
            for name, value in one.items():
                told = other.get(_snake(name))
                if (str(value).lower() if name == "milestone" else value) != told:
                    found.append(f"{measure} {name}: GraphQL says {value}, REST {told}")
    return found


def _referrals(counted: Counter[tuple[str, str, str]]) -> Table:
    table = Table(title="Referrals, by band and where they stand", title_justify="left")
    table.add_column("State")
    for band in (*_BANDS, "All"):
        table.add_column(band, justify="right")
    states = sorted({(state, outcome) for _, state, outcome in counted})
    for state, outcome in states:
        row = [counted[band, state, outcome] for band in _BANDS]
        table.add_row(f"{state}, {outcome}" if outcome else state, *map(str, row), str(sum(row)))
    totals = [sum(count for (of, _, _), count in counted.items() if of == band) for band in _BANDS]
    table.add_section()
    table.add_row("all", *map(str, totals), str(sum(totals)))
    return table


def _waits(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        title="Waits in school days: median / 90th percentile (those still waiting count)", title_justify="left"
    )
    table.add_column("To")
    for band in _BANDS:
        table.add_column(band, justify="right")
    told = {(row["milestone"], row["key"]): row for row in rows}
    for milestone, words in _MILESTONES.items():
        table.add_row(words, *(_wait(told.get((milestone, band))) for band in _BANDS))
    return table


def _wait(row: dict[str, Any] | None) -> str:
    if row is None:
        return "-"
    low, high = (_or_more(row[name]) for name in ("medianSchoolDays", "p90SchoolDays"))
    return f"{low} / {high}  (n {row['n']})"


def _or_more(days: int | None) -> str:
    return "not yet" if days is None else str(days)


def _work(figures: dict[str, Any], counts: Counter[str]) -> Table:
    table = Table(title="Offers, casework and returns", title_justify="left", show_header=False)
    table.add_column("What")
    table.add_column("How many")
    offers: Counter[tuple[str, str]] = figures["offers"]
    table.add_row("Offers", _listed((f"{state} {reason}".strip(), count) for (state, reason), count in offers.items()))
    table.add_row(
        "Cases", _listed((f"{state} {end}".strip(), count) for (state, end), count in figures["cases"].items())
    )
    contacts = {name: count for name, count in counts.items() if name.startswith("contact ")}
    offered = sum(count for name, count in contacts.items() if name != "contact cancelled_by_provider")
    table.add_row("Contacts", f"{offered} offered, {sum(contacts.get(name, 0) for name in _ATTENDED)} attended")
    returns: Counter[tuple[str, str, bool]] = figures["returns"]
    for template in sorted({template for template, _, _ in returns}):
        of = {(state, late): count for (name, state, late), count in returns.items() if name == template}
        sent = sum(count for (state, _), count in of.items() if state not in ("due", "draft"))
        accepted = sum(count for (state, _), count in of.items() if state == "accepted")
        late = sum(count for (_, is_late), count in of.items() if is_late)
        table.add_row(
            f"Returns, {template}", f"{sum(of.values())} due, {sent} submitted, {accepted} accepted, {late} late"
        )
    rest = {name: count for name, count in counts.items() if count and not name.startswith("contact ")}
    table.add_row("And", _listed(rest.items()))
    return table


def _listed(parts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {words}" for words, count in sorted(parts)) or "none"


def _outcomes(figures: dict[str, Any]) -> Table:
    table = Table(title="Outcomes, as the dashboard reads them", title_justify="left", show_header=False)
    table.add_column("What")
    table.add_column("Figure")
    for row in figures["attendance"]:
        closed = f"n {row['n']} of {row['closedCount']} closed"
        if row["meanChangePoints"] is None:
            table.add_row("Attendance change", f"no figure yet ({closed})")
            continue
        change = f"{row['meanChangePoints']:+.1f} points"
        if row["changeLowPoints"] is not None:
            change += f" (95% interval {row['changeLowPoints']:+.1f} to {row['changeHighPoints']:+.1f})"
        table.add_row(
            "Attendance change",
            f"{change}, from {row['meanBeforeShare']:.1%} to {row['meanAfterShare']:.1%}, {closed},"
            f" {row['improvedShare']:.0%} improved, {row['persistentLeftBehindCount']} left persistent absence behind",
        )
    for row in figures["suspensions"]:
        closed = f"n {row['n']} of {row['closedCount']} closed"
        if row["suspensionsBeforeCount"] is None:
            table.add_row("Suspensions change", f"no figure yet ({closed})")
            continue
        halved = "" if row["halvedShare"] is None else f", {row['halvedShare']:.0%} of these at most half as many after"
        table.add_row(
            "Suspensions change",
            f"{row['suspensionsBeforeCount']} before, {row['suspensionsAfterCount']} after, {closed};"
            f" {row['repeatCount']} with more than one before{halved}",
        )
    return table


def _capacity(capacity: dict[str, Any]) -> Table:
    table = Table(title="Use of the block", title_justify="left", show_header=False)
    table.add_column("What")
    table.add_column("Figure")
    points = capacity["data"]
    held, total = (sum(point[name] for point in points) for name in ("held_place_days", "total_place_days"))
    table.add_row("Places held", f"{held / total:.0%} of {total} place days" if total else "no places")
    for lot in capacity["volume"]:
        table.add_row(lot["lot_name"], f"{lot['used_count']} of {lot['volume']} interventions used")
    return table


def _requests(summaries: Sequence[Summary]) -> Table:
    table = Table(title="Requests", title_justify="left")
    table.add_column("Operation")
    for name in ("Sent", "p50 ms", "p95 ms", "max ms"):
        table.add_column(name, justify="right")
    table.add_column("Answers other than 200 and 201")
    answers: dict[str, list[tuple[int, float]]] = {}
    for summary in summaries:
        for operation, told in summary.answers.items():
            answers.setdefault(operation, []).extend(told)
    for operation, told in sorted(answers.items()):
        times = sorted(milliseconds for _, milliseconds in told)
        statuses = Counter(status for status, _ in told if status not in (200, 201))
        others = ", ".join(
            f"{'given up' if status == ABANDONED else status}: {count}" for status, count in sorted(statuses.items())
        )
        table.add_row(operation, str(len(told)), *(f"{_at(times, share):.1f}" for share in (0.5, 0.95, 1.0)), others)
    table.add_section()
    table.add_row("all", str(sum(map(len, answers.values()))), "", "", "", "")
    return table


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
