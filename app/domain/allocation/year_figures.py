"""What two plays of a year are told by: waits and outcomes by band, area and school, use of lots, and a paragraph.

Percentiles are those of the Kaplan-Meier estimate, as in the outcome `timeliness`: who had not begun at the end, or was
closed before, is known to have waited at least that long, and is never dropped. Figures that nothing stands behind are
None, not 0.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.domain.allocation.year import Case, Wait, Year
from app.domain.allocation.year_replay import Played, play_year
from app.domain.policy import Policy

Line = dict[str, Any]
_GROUPS: tuple[tuple[str, Callable[[Case], Hashable]], ...] = (
    ("by_band", lambda case: case.want.band),
    ("by_area", lambda case: str(case.want.area_id or "none")),
    ("by_school", lambda case: str(case.want.school_id or "none")),
)


@dataclass(frozen=True, slots=True)
class World:
    """A year under a policy."""

    year: Year
    policy: Policy


def compared(as_it_was: World, otherwise: World | None, changes: Iterable[str] = ()) -> dict[str, Any]:
    """The answer: the year as it was and as it would have been, side by side, and what really happened.

    `changes` says in words what was otherwise.
    """
    year = as_it_was.year
    before = figures(year, play_year(year, as_it_was.policy))
    after = None if otherwise is None else figures(otherwise.year, play_year(otherwise.year, otherwise.policy))
    return {
        "school_days": len(year.days),
        "referrals": before["all"]["referrals"],
        "summary": summary(before, after, list(changes)),
        "as_it_was": before,
        "otherwise": after,
        "difference": None if after is None else difference(before, after),
        "really": really(year),
    }


def figures(year: Year, played: Played) -> dict[str, Any]:
    """The figures of one play."""
    counted = [number for number, case in enumerate(year.cases) if case.counted]

    def line(numbers: Iterable[int]) -> Line:
        chosen = list(numbers)
        started = sum(played.waits[number].reached for number in chosen)
        left = sum(number in played.left for number in chosen)
        unplaceable = sum(number in played.unplaceable for number in chosen)
        return {
            "referrals": len(chosen),
            "started": started,
            "waiting": len(chosen) - started - left - unplaceable,
            "unplaceable": unplaceable,
            "left": left,
            **waits_of([played.waits[number] for number in chosen]),
        }

    open_days = sum(use.place_days for use in played.lots.values())
    return {
        "all": line(counted),
        **{name: _grouped(year, counted, by, line) for name, by in _GROUPS},
        "by_lot": {
            str(lot_id): {
                "place_days": use.place_days,
                "held_days": use.held_days,
                "held_percent": _percent(use.held_days, use.place_days),
                "starts": use.starts,
            }
            for lot_id, use in sorted(played.lots.items())
        },
        "time_outs": played.time_outs if counted else None,
        "load_percent": _percent(played.place_days_asked, open_days) if counted else None,
    }


def really(year: Year) -> dict[str, Any]:
    """The waits that families really had, to hold the play of the year as it was against."""
    counted = [number for number, case in enumerate(year.cases) if case.counted and case.really is not None]

    def line(numbers: Iterable[int]) -> Line:
        waits = [wait for number in numbers if (wait := year.cases[number].really) is not None]
        return {"referrals": len(waits), "started": sum(wait.reached for wait in waits), **waits_of(waits)}

    return {"all": line(counted), "by_band": _grouped(year, counted, _GROUPS[0][1], line)}


def _grouped(
    year: Year, numbers: Iterable[int], by: Callable[[Case], Hashable], line: Callable[[Iterable[int]], Line]
) -> dict[str, Line]:
    groups: dict[str, list[int]] = {}
    for number in numbers:
        groups.setdefault(str(by(year.cases[number])), []).append(number)
    return {key: line(groups[key]) for key in sorted(groups)}


def waits_of(waits: Iterable[Wait]) -> Line:
    """Median and 90th percentile of the wait for a first contact; mean and sum of the days waited so far by all."""
    by_day: dict[int, list[int]] = {}
    for wait in waits:
        reached = by_day.setdefault(wait.days, [0, 0])
        reached[0] += wait.reached
        reached[1] += 1
    at_risk = count = sum(all_of_them for _, all_of_them in by_day.values())
    still_waiting, median, p90 = Fraction(1), None, None
    for day in sorted(by_day):
        reached_now, leaving = by_day[day]
        still_waiting *= Fraction(at_risk - reached_now, at_risk)
        at_risk -= leaving
        median = day if median is None and still_waiting <= Fraction(1, 2) else median
        p90 = day if p90 is None and still_waiting <= Fraction(1, 10) else p90
    total = sum(day * all_of_them for day, (_, all_of_them) in by_day.items())
    return {
        "median_school_days": median,
        "p90_school_days": p90,
        # Worked out in whole tenths, half up, so that it is the same everywhere.
        "mean_school_days": (20 * total + count) // (2 * count) / 10 if count else None,
        "school_days_waited": total if count else None,
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`after` less `before`, figure by figure; None where either is unknown."""
    return {key: _less(before.get(key), after.get(key)) for key in sorted({*before, *after})}


def _less(before: Any, after: Any) -> Any:
    if isinstance(before, dict) or isinstance(after, dict):
        return difference(before or {}, after or {})
    if before is None or after is None:
        return None
    return round(after - before, 1) if isinstance(after, float) or isinstance(before, float) else after - before


def _percent(part: int, whole: int) -> int | None:
    return (200 * part + whole) // (2 * whole) if whole else None


def summary(before: Mapping[str, Any], after: Mapping[str, Any] | None, changes: list[str]) -> str:
    """A paragraph for people who do not read tables."""
    base = before["all"]
    if not base["referrals"]:
        return "No referral came within the last year, so there is nothing to compare."
    said = [
        f"Played again as it was, the last year's {_count(base['referrals'], 'referral')} led to"
        f" {_count(base['started'], 'start')}; {_waited(base)}."
    ]
    if after is not None:
        line = after["all"]
        what = f"With {_listed(changes)}" if changes else "Otherwise"
        said.append(f"{what}, there would have been {_count(line['started'], 'start')}; {_waited(line)}.")
        said.append(_told(line["started"] - base["started"], line["school_days_waited"] - base["school_days_waited"]))
    said += _load(before["load_percent"], None if after is None else after["load_percent"])
    said.append(
        "This is a play of the past and no forecast: families, answers and the length of the work are last year's, and"
        " other places or rules might have changed who was referred."
    )
    return " ".join(said)


def _load(before: int | None, after: int | None) -> list[str]:
    """What no rule can change: more was asked of the places than they had."""
    told = []
    if before is not None and before > 100:
        told.append(
            f"As it was, the families needed {before} per cent of the days that the places had: no order of the list"
            " can change that. It is capacity, not allocation."
        )
    if after is not None and max(before or 0, after) > 100 and after != before:
        told.append(f"With the changes they would have needed {after} per cent.")
    return told


def _waited(line: Mapping[str, Any]) -> str:
    median, p90 = line["median_school_days"], line["p90_school_days"]
    half = "fewer than half began" if median is None else f"half waited {median} school days or fewer"
    most = "fewer than nine in ten began" if p90 is None else f"nine in ten {p90} or fewer"
    return half if median is None else f"{half}, and {most}"


def _told(starts: int, days: int) -> str:
    if not starts and not days:
        return "That is no difference."
    more = f"{_count(abs(starts), 'start')} {'more' if starts > 0 else 'fewer'}" if starts else "as many starts"
    waited = (
        f"{_count(abs(days), 'school day')} {'more' if days > 0 else 'less'} of waiting" if days else "no less waiting"
    )
    return f"That is {more} and {waited} in all."


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
