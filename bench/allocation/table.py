"""The table of the policies over seeds: J over the bound, jumps, hard mismatches, waits and fairness."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from bench.allocation.bound import lower_bound
from bench.allocation.play import Game
from bench.allocation.policies import POLICIES
from bench.allocation.reach_table import reach_table
from bench.allocation.score import Score, score
from bench.allocation.trace import generate

LOADS = (85, 100, 120)


class _Played(NamedTuple):
    policy: str
    load: int
    seed: int
    score: Score


def _play(asked: tuple[str, int, int, dict[str, int]]) -> _Played:
    name, load, seed, reach = asked
    trace = generate(load, seed)
    return _Played(name, load, seed, score(trace, Game(trace, POLICIES[name], reach).play().plan(trace)))


def _bound(asked: tuple[int, int]) -> float:
    return lower_bound(generate(*asked))


def bounds(seeds: Sequence[int], kept: Path, processes: int) -> dict[str, float]:
    """The lower bound of each trace by `load-seed`, read from a file that what is missing is added to."""
    known: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    missing = [(load, seed) for load in LOADS for seed in seeds if f"{load}-{seed}" not in known]
    with ProcessPoolExecutor(processes) as pool:
        for (load, seed), bound in zip(missing, pool.map(_bound, missing), strict=True):
            known[f"{load}-{seed}"] = round(bound, 1)
            kept.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n")
    return known


def run(seeds: Sequence[int], kept: Path, names: Sequence[str], processes: int) -> str:
    """The tables, in Markdown."""
    bound = bounds(seeds, kept, processes)
    reach = reach_table()
    asked = [(name, load, seed, reach) for name in names for load in LOADS for seed in seeds]
    with ProcessPoolExecutor(processes) as pool:
        played = list(pool.map(_play, asked))
    lines = [
        "| mean J / bound | "
        + " | ".join(f"{load / 100:.2f}" for load in LOADS)
        + " | hard mismatches | jumps | excused |",
        "|---|" + "---|" * (len(LOADS) + 3),
    ]
    for name in names:
        mine = [each for each in played if each.policy == name]
        cells = []
        for load in LOADS:
            ratios = [each.score.objective / bound[f"{load}-{each.seed}"] for each in mine if each.load == load]
            cells.append(f"{mean(ratios):.3f} ({min(ratios):.2f} to {max(ratios):.2f})")
        excused = sum(sum(each.score.excused.values()) for each in mine)
        jumps, hard = sum(each.score.jumps for each in mine), sum(each.score.hard for each in mine)
        lines.append(f"| {POLICIES[name].says} (`{name}`) | {' | '.join(cells)} | {hard} | {jumps} | {excused} |")
    return "\n".join([*lines, "", *_waits(played, names)])


def _waits(played: list[_Played], names: Sequence[str]) -> list[str]:
    lines = [
        "| load, policy | mean wait P1, P2, P3, P4 (p90) | started in 5 / 10 days | in use | Jain | siblings together"
        " | unstarted |",
        "|---|---|---|---|---|---|---|",
    ]
    for load in LOADS:
        for name in names:
            mine = [each.score for each in played if (each.policy, each.load) == (name, load)]
            waits = ", ".join(
                f"{mean(each.waits[band][0] for each in mine):.1f} ({mean(each.waits[band][1] for each in mine):.0f})"
                for band in ("P1", "P2", "P3", "P4")
            )
            within = " / ".join(f"{100 * mean(each.within[days] for each in mine):.0f}%" for days in (5, 10))
            in_use = 100 * mean(each.utilisation for each in mine)
            pairs = f"{sum(each.siblings[0] for each in mine)} of {sum(each.siblings[1] for each in mine)}"
            lines.append(
                f"| {load / 100:.2f}, `{name}` | {waits} | {within} | {in_use:.1f}%"
                f" | {mean(each.jain for each in mine):.2f} | {pairs} | {mean(each.unstarted for each in mine):.0f} |"
            )
    return lines
