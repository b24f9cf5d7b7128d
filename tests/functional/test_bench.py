"""The benchmark runs and says what it should; how fast anything is, no test asserts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.functional, pytest.mark.long]

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dispatch", "bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_object_with_every_figure_beside_its_baseline() -> None:
    done = run("--quick")
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["quick"] is True
    assert found["machine"]["processors"] >= 1
    figures = found["figures"]
    assert set(figures) == {"document", "label", "pipeline", "verify", "latency"}
    for name, figure in figures.items():
        assert figure["unit"] and figure["baseline"], name
        assert figure["better"] in ("lower", "higher"), name
        assert figure["ratio"] > 0, name
    for name in ("document", "label", "pipeline", "verify"):
        assert figures[name]["ours"] > 0 and figures[name]["naive"] > 0 and figures[name]["rounds"] >= 1
        better, worse = figures[name]["ours"], figures[name]["naive"]
        quotient = worse / better if figures[name]["better"] == "lower" else better / worse
        assert figures[name]["ratio"] == pytest.approx(quotient, abs=0.02)
    latency = figures["latency"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p100"]
    assert latency["target"] == {"p95": 2.0}


def test_some_figures_alone_and_no_others() -> None:
    done = run("--quick", "--only", "label")
    assert set(json.loads(done.stdout)["figures"]) == {"label"}
    wrong = run("--only", "weather")
    assert wrong.returncode != 0
    assert wrong.stdout == ""
