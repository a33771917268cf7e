"""Traces of one contract year (`places-trace/1`): made from a load and a seed, written, and read back."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

from bench.allocation.contract_year import (
    AREAS,
    COURSE_DAYS,
    COURSE_PROVIDER,
    COURSE_SEATS,
    COURSES_AT,
    MODES,
    NEEDS,
    PRACTITIONERS,
    PROVIDERS,
    WEEK_WEIGHTS,
    WEEKDAY_WEIGHTS,
    calendar,
    hard_reason,
)
from bench.allocation.random_stream import Stream

Trace = dict[str, Any]
Referral = dict[str, Any]
Weighted = list[tuple[int, int]]

_SCHOOL, _OCCUPANCY, _REFERRAL, _SIBLING, _WEEK = 1, 2, 3, 4, 5
_BANDS = (("P1", 8), ("P2", 22), ("P3", 40), ("P4", 30))
_PLANNED = ((30, 70), (40, 15), (70, 10), (100, 5))
_EXTENSIONS = ((0, 85), (10, 10), (20, 5))
_MEAN_DAYS = 40.0
"""The declared mean length, which turns a load into a number of referrals."""

_COLUMNS = (
    "id", "day", "minute", "school", "lot", "ks", "family", "band", "need1", "need2", "lang", "modes", "pref", "prev",
    "refused", "group_ok", "planned", "ext", "early", "resp",
)  # fmt: skip


def generate(load_percent: int, seed: int) -> Trace:
    """The trace of a load (per cent of the places' days) and a seed."""
    days = calendar()
    schools = [_school(seed, number) for number in range(60)]
    occupancy = [
        _free_day(Stream(seed, _OCCUPANCY, number * 100 + place))
        for number, practitioner in enumerate(PRACTITIONERS)
        for place in range(practitioner["places"])
    ]
    courses = [
        {
            "id": f"G{area}{half_term}",
            "provider": COURSE_PROVIDER,
            "area": area,
            "day": next(number for number, day in enumerate(days) if day[1:] == (half_term, week)),
            "seats": COURSE_SEATS,
            "days": COURSE_DAYS,
        }
        for half_term, week in COURSES_AT
        for area, _ in AREAS
    ]
    place_days = sum(practitioner["places"] for practitioner in PRACTITIONERS) * len(days)
    place_days += sum(course["seats"] * course["days"] for course in courses)
    count = int(load_percent * place_days / (100 * _MEAN_DAYS))
    return {
        "format": "places-trace/1",
        "seed": seed,
        "load_pct": load_percent,
        "calendar": days,
        "practitioners": list(PRACTITIONERS),
        "courses": courses,
        "initial_free_day": occupancy,
        "schools": [{name: value for name, value in school.items() if name != "w"} for school in schools],
        "referrals": _referrals(seed, count, schools, days),
    }


def _school(seed: int, number: int) -> dict[str, Any]:
    draw = Stream(seed, _SCHOOL, number)
    area = draw.pick(AREAS)
    primary = number % 5 < 3
    roll = 150 + draw.below(300) if primary else 600 + draw.below(900)
    meals = 8 + draw.below(38)
    entitlement = roll * (30 + meals) // 10 * (14 if primary else 7) // 10
    noise = (60, 75, 90, 100, 110, 130, 160)[draw.below(7)]
    over = 1 if number % 12 == 7 else 0
    return {
        "id": f"S{number:02d}",
        "area": area,
        "phase": "P" if primary else "S",
        "roll": roll,
        "fsm": meals,
        "entitlement": entitlement,
        "over": over,
        "w": entitlement * noise // 100 * (25 if over else 10) // 10,
    }


def _free_day(draw: Stream) -> int:
    return 1 + draw.below(35) if draw.per_mille(700) else 0


def _day_weights(seed: int, days: list[tuple[str, int, int]]) -> Weighted:
    weights = []
    for number, (on, half_term, week) in enumerate(days):
        noise = (70, 85, 95, 100, 105, 115, 130)[Stream(seed, _WEEK, half_term * 100 + week).below(7)]
        weekday = WEEKDAY_WEIGHTS[date.fromisoformat(on).weekday()]
        weights.append((number, WEEK_WEIGHTS[half_term][week] * weekday * noise // 100))
    return weights


def _referrals(
    seed: int, count: int, schools: list[dict[str, Any]], days: list[tuple[str, int, int]]
) -> list[Referral]:
    day_weights = _day_weights(seed, days)
    school_weights = [(number, school["w"]) for number, school in enumerate(schools)]
    made: list[Referral] = []
    drawn = 0
    while len(made) < count:
        draw = Stream(seed, _REFERRAL, drawn)
        drawn += 1
        day = draw.pick(day_weights)
        minute = 480 + draw.below(480)
        at = draw.pick(school_weights)
        first = _referral(draw, schools[at], day, minute, f"F{drawn:04d}")
        made.append(first)
        if draw.per_mille(50) and len(made) < count:
            made.append(_sibling(seed, drawn, first, at, schools))
    for referral in made:
        _repair(referral)
    made.sort(key=lambda each: (each["day"], each["minute"], each["family"], each["school"], each["ks"]))
    for number, referral in enumerate(made):
        referral["id"] = f"R{number:04d}"
    return made


def _sibling(seed: int, drawn: int, first: Referral, at: int, schools: list[dict[str, Any]]) -> Referral:
    """A sibling referred a minute later: another need and band, perhaps at a school of the other phase."""
    draw = Stream(seed, _SIBLING, drawn)
    mine = schools[at]
    if draw.per_mille(400):
        others = [
            (number, school["w"])
            for number, school in enumerate(schools)
            if school["area"] == mine["area"] and school["phase"] != mine["phase"]
        ]
        if others:
            at = draw.pick(others)
    second = _referral(draw, schools[at], first["day"], first["minute"] + 1, first["family"])
    shared = {name: first[name] for name in ("lang", "refused", "prev", "pref")}
    return {**second, **shared, "modes": list(first["modes"])}


def _referral(draw: Stream, school: dict[str, Any], day: int, minute: int, family: str) -> Referral:
    key_stage = (1 if school["phase"] == "P" else 3) + draw.below(2)
    band = draw.pick(_BANDS)
    need = _primary_need(draw, band, school["phase"])
    second = draw.pick([(each, 1) for each in NEEDS if each != need]) if draw.per_mille(350) else ""
    language = draw.pick((("en", 880), ("ur", 40), ("pl", 30), ("ar", 20), ("bn", 22), ("bsl", 8)))
    modes = draw.pick(((list(MODES), 45), (["home"], 20), (["school"], 20), (["home", "school"], 15)))
    preferred = modes[draw.below(len(modes))]
    each_provider = [(provider, 1) for provider in PROVIDERS]
    previous = draw.pick(each_provider) if draw.per_mille(100) else ""
    refused = draw.pick(each_provider) if draw.per_mille(40) else ""
    if refused == previous:
        previous = ""
    planned = draw.pick(_PLANNED)
    extension = draw.pick(_EXTENSIONS)
    early = 5 + draw.below(planned - 9) if extension == 0 and draw.per_mille(80) else 0
    answers = []
    for _ in PROVIDERS:
        outcome = draw.pick((("A", 920), ("D", 50), ("T", 30)))
        answers.append([outcome, 3 if outcome == "T" else draw.pick(((0, 30), (1, 40), (2, 30)))])
    group = 1 if need == "parenting" and draw.per_mille(600) else 0
    return {
        "id": "", "day": day, "minute": minute, "school": school["id"], "area": school["area"],
        "lot": f"{school['area']}-{school['phase']}", "ks": key_stage, "family": family, "band": band, "need1": need,
        "need2": second, "lang": language, "modes": modes, "pref": preferred, "prev": previous, "refused": refused,
        "group_ok": group, "planned": planned, "ext": extension, "early": early, "resp": answers,
    }  # fmt: skip


def _primary_need(draw: Stream, band: str, phase: str) -> str:
    if band == "P1" and phase == "S":
        return draw.pick((("exclusion", 55), ("mental_health", 20), ("behaviour", 25)))
    if band == "P1":
        return draw.pick((("behaviour", 50), ("mental_health", 25), ("send", 25)))
    return draw.pick(
        (
            ("attendance", 30), ("behaviour", 20), ("parenting", 18), ("mental_health", 12), ("send", 8),
            ("bereavement", 5), ("young_carer", 5), ("exclusion", 6 if phase == "S" else 0),
        )
    )  # fmt: skip


def _repair(referral: Referral) -> None:
    """Change as little as it takes for one practitioner to be eligible whose provider would accept."""
    for step in range(5):
        if _has_someone(referral):
            return
        if step == 0:
            referral["resp"] = [["A", days if outcome != "T" else 1] for outcome, days in referral["resp"]]
        elif step == 1:
            referral["modes"] = list(MODES)
        elif step == 2:
            referral["refused"] = ""
        elif step == 3:
            referral["lang"] = "en"
        else:
            referral["need1"], referral["group_ok"] = "behaviour", 0
    if not _has_someone(referral):
        raise ValueError("A referral that nobody could take.")


def _has_someone(referral: Referral) -> bool:
    return any(
        not hard_reason(referral, practitioner)
        and referral["resp"][PROVIDERS.index(practitioner["provider"])][0] == "A"
        for practitioner in PRACTITIONERS
    )


def true_days(referral: Referral) -> int:
    """How long a case lasts, which nobody knows beforehand."""
    return int(referral["early"] or referral["planned"] + referral["ext"])


def _row(referral: Referral) -> list[Any]:
    plain = {
        **referral,
        "modes": "+".join(referral["modes"]),
        "resp": " ".join(f"{outcome}{days}" for outcome, days in referral["resp"]),
    }
    return [plain[name] for name in _COLUMNS]


def to_json(trace: Trace) -> str:
    """A trace as its file says it."""
    head: dict[str, Any] = {name: value for name, value in trace.items() if name != "referrals"}
    head["fields"] = list(_COLUMNS)
    rows = ",\n".join(json.dumps(_row(referral), separators=(",", ":")) for referral in trace["referrals"])
    return json.dumps(head, separators=(",", ":"))[:-1] + ',"referrals":[\n' + rows + "\n]}\n"


def to_csv(trace: Trace) -> str:
    """The referrals of a trace as a table, with the date of each."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([*_COLUMNS, "date"])
    for referral in trace["referrals"]:
        table.writerow([*_row(referral), trace["calendar"][referral["day"]][0]])
    return text.getvalue()


def load(path: Path) -> Trace:
    """Read a trace's JSON file."""
    trace: Trace = json.loads(path.read_text())
    referrals = []
    for values in trace["referrals"]:
        referral = dict(zip(trace["fields"], values, strict=True))
        referral["modes"] = referral["modes"].split("+")
        referral["resp"] = [[answer[0], int(answer[1:])] for answer in referral["resp"].split()]
        referral["area"] = referral["lot"][0]
        referrals.append(referral)
    return {**{name: value for name, value in trace.items() if name != "fields"}, "referrals": referrals}
