"""The benchmark: one JSON object on standard output, progress on standard error.

python -m bench.run [--quick] [--only document,label,pipeline,verify,latency]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from .measure import say
from .paper import documents, labels
from .pipeline import latency, throughput
from .verifying import verifications

FORMAT = 1


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    few_rounds: int
    cases: int
    seconds: float
    singles: int
    pause: float


FULL = Size(rounds=25, few_rounds=5, cases=24, seconds=2.0, singles=40, pause=0.4)
#: enough to see that everything works; the numbers mean nothing
QUICK = Size(rounds=2, few_rounds=1, cases=2, seconds=0.3, singles=2, pause=0.1)

FIGURES: dict[str, tuple[str, Callable[[Size], dict[str, Any]]]] = {
    "document": ("documents", lambda size: documents(size.rounds).as_dict()),
    "label": ("labels", lambda size: labels(size.rounds).as_dict()),
    "pipeline": (
        "cases through the whole service",
        lambda size: throughput(size.few_rounds, size.cases).as_dict(),
    ),
    "verify": ("verifications", lambda size: verifications(size.few_rounds, size.seconds).as_dict()),
    "latency": ("one case on an idle system", lambda size: latency(size.singles, size.pause)),
}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="bench", description="Measures, and prints one JSON object.")
    asked.add_argument(
        "--quick", action="store_true", help="a tiny run that shows only that everything works"
    )
    asked.add_argument("--only", default="", help=f"some of {','.join(FIGURES)}")
    given = asked.parse_args()
    wanted = [name for name in given.only.split(",") if name] or list(FIGURES)
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        asked.error(f"no such figure: {', '.join(unknown)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    size = QUICK if given.quick else FULL
    found = {}
    for name in wanted:
        words, measure = FIGURES[name]
        say(f"measuring {words} …")
        found[name] = measure(size)
    print(
        json.dumps({"format": FORMAT, "quick": given.quick, "machine": machine(), "figures": found}, indent=1)
    )


def machine() -> dict[str, Any]:
    """Where and when this was measured; the load says how much to trust it."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


if __name__ == "__main__":
    main()
