"""Figures of one measure over its rounds, and the table that they are printed as."""

from dataclasses import dataclass, field
from statistics import median, quantiles


@dataclass
class Figures:
    """What one measure came to: the service's latencies and rates against the bare ones, round by round."""

    name: str
    workers: int
    ratios: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    note: str = ""

    def add(self, rate: float, bare_rate: float, seconds: list[float], cpu_seconds: float) -> None:
        """Add a round."""
        self.ratios.append(rate / bare_rate)
        self.rates.append(rate)
        self.seconds += seconds
        self.cpu_seconds += cpu_seconds

    def line(self) -> str:
        """A row of the table."""
        cuts = quantiles(self.seconds, n=100)
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        cpu = self.cpu_seconds / len(self.seconds) * 1000
        return (
            f"| {self.name} | {self.workers} | {median(self.ratios):.2f} | {spread} | {median(self.rates):.0f} |"
            f" {cuts[49] * 1000:.1f} | {cuts[98] * 1000:.1f} | {cpu:.2f} | {self.note} |"
        )


HEAD = (
    "| measure | workers | ratio to bare (median) | rounds | per second | p50 ms | p99 ms | server CPU ms each | |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
