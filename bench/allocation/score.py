"""The scorer: what a plan was worth, and whether it kept the rules of the game, from the trace and the plan alone."""

from dataclasses import dataclass
from typing import Any

from bench.allocation.contract_year import PROVIDERS, hard_reason
from bench.allocation.trace import Referral, Trace, true_days

WEIGHTS = {"P1": 8, "P2": 4, "P3": 2, "P4": 1}
SOFT = 4
LAST_DAY = 194
"""What has not started counts as starting here."""


def mismatches(referral: Referral, practitioner: dict[str, Any]) -> list[str]:
    """The wishes of a referral that a practitioner does not meet."""
    checks = (
        ("need2", referral["need2"] and referral["need2"] not in practitioner["needs"]),
        ("pref", referral["pref"] not in practitioner["modes"]),
        ("prev", referral["prev"] and referral["prev"] != practitioner["provider"]),
    )
    return [name for name, missed in checks if missed]


def course_mismatches(referral: Referral, course: dict[str, Any]) -> list[str]:
    """The same of a group course: it is about parenting, in a group, with its provider."""
    checks = (
        ("need2", bool(referral["need2"])),
        ("prev", referral["prev"] and referral["prev"] != course["provider"]),
    )
    return [name for name, missed in checks if missed]


@dataclass(frozen=True, slots=True)
class Score:
    """What a plan was worth."""

    objective: int
    hard: int
    """Offers or starts that break a hard rule."""
    jumps: int
    excused: dict[str, int]
    soft: int
    unstarted: int
    waits: dict[str, tuple[float, int]]
    """By band: mean and 90th percentile of the school days from arrival to start; the unstarted count to the end."""
    within: dict[int, float]
    """Share started within so many school days."""
    utilisation: float
    jain: float
    siblings: tuple[int, int]
    """Pairs with one practitioner, and pairs in all that started."""


def score(trace: Trace, plan: dict[str, Any]) -> Score:
    """Score a plan. Raises ValueError when it breaks a rule of the game other than eligibility."""
    _check(trace, plan)
    referrals: list[Referral] = trace["referrals"]
    start = {each["referral"]: each for each in plan["starts"]}
    waits = [
        (start[number]["day"] if number in start else LAST_DAY) - referral["day"]
        for number, referral in enumerate(referrals)
    ]
    soft = sum(len(_wishes_missed(trace, referrals[number], each)) for number, each in start.items())
    weighted = sum(WEIGHTS[referral["band"]] * wait for referral, wait in zip(referrals, waits, strict=True))
    codes = [jump["code"] for jump in plan["jumps"]]
    return Score(
        objective=weighted + SOFT * soft,
        hard=sum(_is_hard(trace, referrals[each["referral"]], each) for each in (*plan["offers"], *plan["starts"])),
        jumps=codes.count(None),
        excused={code: codes.count(code) for code in sorted({code for code in codes if code})},
        soft=soft,
        unstarted=len(referrals) - len(start),
        waits={
            band: _mean_and_p90(
                [wait for referral, wait in zip(referrals, waits, strict=True) if referral["band"] == band]
            )
            for band in WEIGHTS
        },
        within={days: sum(waits[number] <= days for number in start) / len(referrals) for days in (5, 10)},
        utilisation=_utilisation(trace, start),
        jain=_jain(trace, start),
        siblings=_together(referrals, start),
    )


def _mean_and_p90(waits: list[int]) -> tuple[float, int]:
    ordered = sorted(waits)
    return sum(ordered) / len(ordered), ordered[(9 * len(ordered) - 1) // 10]


def _wishes_missed(trace: Trace, referral: Referral, start: dict[str, Any]) -> list[str]:
    if start["course"] is not None:
        return course_mismatches(referral, trace["courses"][start["course"]])
    return mismatches(referral, trace["practitioners"][start["practitioner"]])


def _is_hard(trace: Trace, referral: Referral, each: dict[str, Any]) -> bool:
    if each["course"] is None:
        return bool(hard_reason(referral, trace["practitioners"][each["practitioner"]]))
    course = trace["courses"][each["course"]]
    return not (
        referral["group_ok"]
        and referral["area"] == course["area"]
        and referral["refused"] != course["provider"]
        and course["day"] > referral["day"]
    )


def _check(trace: Trace, plan: dict[str, Any]) -> None:
    """Raise ValueError unless answers, starts and places are as the rules of the game say."""
    referrals: list[Referral] = trace["referrals"]
    accepted: dict[int, dict[str, Any]] = {}
    for offer in plan["offers"]:
        referral = referrals[offer["referral"]]
        outcome, days = referral["resp"][PROVIDERS.index(_provider(trace, offer))]
        if (offer["answer"], offer["answered_day"]) != (outcome, offer["day"] + days) or offer["day"] < referral["day"]:
            raise ValueError(f"Not the answer of the trace: {offer}")
        if outcome == "A":
            if offer["referral"] in accepted:
                raise ValueError(f"Accepted twice: {offer}")
            accepted[offer["referral"]] = offer
    started = set()
    for start in plan["starts"]:
        offer = accepted.get(start["referral"])
        same = offer is not None and all(offer[name] == start[name] for name in ("practitioner", "course"))
        if offer is None or not same or start["day"] <= offer["answered_day"] or start["referral"] in started:
            raise ValueError(f"A start without its accepted offer: {start}")
        started.add(start["referral"])
        if start["course"] is not None and trace["courses"][start["course"]]["day"] != start["day"]:
            raise ValueError(f"Not the day of the course: {start}")
    _check_places(trace, plan["starts"])


def _check_places(trace: Trace, starts: list[dict[str, Any]]) -> None:
    free = iter(trace["initial_free_day"])
    for number, practitioner in enumerate(trace["practitioners"]):
        change = [0] * (LAST_DAY + 1)
        for _ in range(practitioner["places"]):
            change[0] += 1
            change[min(next(free), LAST_DAY)] -= 1
        for start in starts:
            if start["practitioner"] == number:
                change[start["day"]] += 1
                change[min(start["day"] + true_days(trace["referrals"][start["referral"]]), LAST_DAY)] -= 1
        held = 0
        for day in range(LAST_DAY):
            held += change[day]
            if held > practitioner["places"]:
                raise ValueError(f"Practitioner {number} holds {held} on day {day}.")
    for number, course in enumerate(trace["courses"]):
        if sum(start["course"] == number for start in starts) > course["seats"]:
            raise ValueError(f"Course {number} is over its seats.")


def _provider(trace: Trace, each: dict[str, Any]) -> str:
    if each["course"] is not None:
        return str(trace["courses"][each["course"]]["provider"])
    return str(trace["practitioners"][each["practitioner"]]["provider"])


def _utilisation(trace: Trace, starts: dict[int, dict[str, Any]]) -> float:
    """Place days held over place days there were, the families of the first day included."""
    held = sum(min(day, LAST_DAY) for day in trace["initial_free_day"])
    for number, start in starts.items():
        if start["course"] is None:
            held += min(start["day"] + true_days(trace["referrals"][number]), LAST_DAY) - start["day"]
    return held / (len(trace["initial_free_day"]) * LAST_DAY)


def _jain(trace: Trace, starts: dict[int, dict[str, Any]]) -> float:
    """Jain's index over schools of starts to entitlement: 1 when all have their share."""
    counts = dict.fromkeys((school["id"] for school in trace["schools"]), 0)
    for number in starts:
        counts[trace["referrals"][number]["school"]] += 1
    shares = [counts[school["id"]] / school["entitlement"] for school in trace["schools"]]
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def _together(referrals: list[Referral], starts: dict[int, dict[str, Any]]) -> tuple[int, int]:
    families: dict[str, list[int]] = {}
    for number in starts:
        families.setdefault(referrals[number]["family"], []).append(number)
    pairs = [members for members in families.values() if len(members) == 2]
    together = sum(
        starts[first]["practitioner"] is not None and starts[first]["practitioner"] == starts[second]["practitioner"]
        for first, second in pairs
    )
    return together, len(pairs)
