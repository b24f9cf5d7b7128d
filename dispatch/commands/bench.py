"""``bench``: the benchmark as a process of its own, so that what it measures is not this command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from ..errors import Rejected
from .console import Failed

__all__ = ["bench"]

ROOT = Path(__file__).resolve().parents[2]


@click.command(help="性能测量：标准输出为一个 JSON 对象，约需三分钟")
@click.option("--quick", is_flag=True, help="只看能否运行，数字没有意义")
@click.option("--only", default="", help="只测其中几项：document,label,pipeline,verify,latency")
def bench(quick: bool, only: str) -> None:
    """Measure."""
    if not (ROOT / "bench" / "run.py").exists():
        raise Rejected("no_bench", "这里没有 bench 目录，请在完整的源码目录中运行。")
    words = [*(["--quick"] if quick else []), *(["--only", only] if only else [])]
    done = subprocess.run([sys.executable, "-m", "bench.run", *words], cwd=ROOT, check=False)
    if done.returncode:
        raise Failed(done.returncode)
