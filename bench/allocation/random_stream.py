"""SplitMix64, and one stream of it for each thing that is drawn, so that a change in one never shifts another's."""

from collections.abc import Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15

Value = TypeVar("Value")


def _finish(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _mix(z: int) -> int:
    return _finish((z + _GOLDEN) & _MASK)


class Stream:
    """Draws of one thing: its kind (`tag`) and its number."""

    def __init__(self, seed: int, tag: int, number: int = 0) -> None:
        self._state = _mix(_mix(seed) ^ _mix(tag << 32 | number))

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        self._state = (self._state + _GOLDEN) & _MASK
        return ((_finish(self._state) >> 32) * limit) >> 32

    def pick(self, weighted: Sequence[tuple[Value, int]]) -> Value:
        """One of some values, each with its weight."""
        x = self.below(sum(weight for _, weight in weighted))
        for value, weight in weighted:
            if x < weight:
                return value
            x -= weight
        raise ValueError("Nothing to pick from.")

    def per_mille(self, share: int) -> bool:
        """True in `share` of a thousand draws."""
        return self.below(1000) < share
