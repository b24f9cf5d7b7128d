"""Two ways of doing the same thing, measured in turns, so that a busy machine is busy for both."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Figure", "in_turns", "quantile", "say", "seconds"]


@dataclass(frozen=True)
class Figure:
    """One line of the result: medians of ``rounds`` rounds each; ``ratio`` says how many times better ours is."""

    unit: str
    better: str
    ours: float
    naive: float
    rounds: int
    baseline: str

    @property
    def ratio(self) -> float:
        """Above one when ours is better."""
        return self.naive / self.ours if self.better == "lower" else self.ours / self.naive

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "unit": self.unit,
            "better": self.better,
            "ours": round(self.ours, 3),
            "naive": round(self.naive, 3),
            "ratio": round(self.ratio, 2),
            "rounds": self.rounds,
            "baseline": self.baseline,
        }


def in_turns(
    ours: Callable[[], float], naive: Callable[[], float], rounds: int, warm: int = 1
) -> tuple[float, float]:
    """Medians of what the two return, after ``warm`` rounds that do not count. Who begins changes every round."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + warm):
        pair = ((0, ours), (1, naive))
        for which, act in pair if number % 2 else reversed(pair):
            value = act()
            if number >= warm:
                found[which].append(value)
    return statistics.median(found[0]), statistics.median(found[1])


def seconds(act: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` of all lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


def say(text: str) -> None:
    """A line on standard error: standard output is for the result alone."""
    print(text, file=sys.stderr, flush=True)
