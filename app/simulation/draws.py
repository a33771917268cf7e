"""Repeatable chance: the same key gives the same draws in every process, Python version and machine.

Simulated processes do not talk to each other; they agree because each draws what it needs from the world's seed and
the name of the thing in question. `random.Random` promises that only for `random()`, so the generator (SplitMix64,
Steele, Lea and Flood 2014) stands here in full. Nothing secret may ever come from it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_NORMAL_TERMS = 12


class Draws:
    """A stream of draws that belongs to one key, such as `Draws(seed, "pupil", 3, 17)`."""

    __slots__ = ("_state",)

    def __init__(self, *key: str | int) -> None:
        text = "\x1f".join(str(part) for part in key)
        self._state = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

    def unit(self) -> float:
        """A number from 0 up to, but not including, 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)

    def chance(self, share: float) -> bool:
        """True in `share` (0 to 1) of all cases."""
        return self.unit() < share

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return int(self.unit() * count)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its weight; the mapping's order is part of the draw."""
        left = self.unit() * sum(weights.values())
        items = list(weights)
        for item in items:
            left -= weights[item]
            if left < 0:
                return item
        return items[-1]

    def some(self, chances: Mapping[T, float]) -> tuple[T, ...]:
        """Every key that its own chance (0 to 1) let in, in the mapping's order."""
        return tuple(item for item, share in chances.items() if self.chance(share))

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in a drawn order."""
        rest = list(items)
        for last in range(len(rest) - 1, 0, -1):
            other = self.below(last + 1)
            rest[last], rest[other] = rest[other], rest[last]
        return rest

    def normal(self, mean: float, deviation: float) -> float:
        """A draw from a near-normal distribution (the sum of twelve units), never beyond six deviations."""
        return mean + deviation * (sum(self.unit() for _ in range(_NORMAL_TERMS)) - _NORMAL_TERMS / 2)

    def front_loaded(self, mean: float) -> float:
        """A number from 0 to 1 whose average is `mean` and whose density falls all the way (beta with a = 1)."""
        return float(1 - (1 - self.unit()) ** (mean / (1 - mean)))

    def count(self, mean: float) -> int:
        """A Poisson count: how many rare, separate things happen when `mean` are expected.

        By adding up Bernoulli trials of a thousandth's grain, so that no platform's logarithm is in it.
        """
        total, left = 0, mean
        while left > 0:
            step = min(left, 0.02)
            total += self.chance(step)
            left -= step
        return total
