"""Expected starts against what came: asked for each P1 and P2 that waits at the end of the day on which it came."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import mean

from app.domain.allocation.expected_start import expected_starts
from bench.allocation.play import Game
from bench.allocation.policies import POLICIES
from bench.allocation.reach_table import reach_table
from bench.allocation.score import LAST_DAY
from bench.allocation.table import LOADS
from bench.allocation.trace import Trace, generate
from bench.allocation.world import number_of

_LOAD_AHEAD = 30
"""P1 and P2 are 30 of 100 referrals, by the trace's definition: at full load, so many hundredths of the places."""


class _Asking(Game):
    """A game that asks for expected starts each evening."""

    def __init__(self, trace: Trace, reach: dict[str, int]) -> None:
        super().__init__(trace, POLICIES["this"], reach)
        self.expected: dict[int, tuple[int, int]] = {}
        """By referral: the first and the last day that was expected."""

    def evening(self) -> None:
        """Ask for those who came today and wait."""
        new = [want.referral_id for number, want in self.waiting.items() if self.referral(number)["day"] == self.day]
        if not new:
            return
        for estimate in expected_starts(
            self.snapshot(everything=True),
            self.rule.policy,
            self.today(),
            recent_waits={},
            load_ahead=_LOAD_AHEAD,
            only=frozenset(new),
        ):
            if estimate.low is not None and estimate.high is not None:
                self.expected[number_of(estimate.referral_id)] = (self.day + estimate.low, self.day + estimate.high)


def _errors(asked: tuple[int, int, dict[str, int]]) -> tuple[int, dict[str, list[int]], list[bool]]:
    load, seed, reach = asked
    trace = generate(load, seed)
    game = _Asking(trace, reach)
    begun = {start["referral"]: start["day"] for start in game.play().starts}
    errors: dict[str, list[int]] = {"P1": [], "P2": []}
    inside = []
    for number, (low, high) in game.expected.items():
        band, day = trace["referrals"][number]["band"], begun.get(number, LAST_DAY)
        if band in errors:
            errors[band].append(abs(day - low))
        elif high < LAST_DAY:
            inside.append(low <= day <= high)
    return load, errors, inside


def run(seeds: Sequence[int], processes: int) -> str:
    """Mean absolute error in school days, by load and band; for P3, how often the start fell in the range."""
    reach = reach_table()
    with ProcessPoolExecutor(processes) as pool:
        found = list(pool.map(_errors, [(load, seed, reach) for load in LOADS for seed in seeds]))
    lines = ["| load | P1: days off (asked) | P2: days off (asked) | P3: in the range (asked) |", "|---|---|---|---|"]
    for load in LOADS:
        cells = []
        for band in ("P1", "P2"):
            errors = [error for each, by_band, _ in found if each == load for error in by_band[band]]
            cells.append(f"{mean(errors):.1f} ({len(errors)})" if errors else "-")
        inside = [hit for each, _, hits in found if each == load for hit in hits]
        cells.append(f"{100 * mean(inside):.0f}% ({len(inside)})" if inside else "-")
        lines.append(f"| {load / 100:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)
