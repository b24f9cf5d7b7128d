"""``returnfile``: the daily file for the acceptance platform."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from ..errors import Rejected
from ..export import FORMS, export_table
from ..returnfile import note_made, return_lines, return_table, span
from .console import House, house, say

__all__ = ["returnfile"]

_BY_SUFFIX: Final = {".xlsx": "xlsx", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@click.command(help="给受理平台的回传文件：DAY 那天有变化的证件，写成 2026-11-25；可用 --to 到哪天")
@click.argument("day", metavar="DAY")
@click.option("--to", "last", default="", help="到哪天，不写就只有一天")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="写到哪个文件")
@click.option(
    "--format", "form", type=click.Choice(list(FORMS)), help="不写就按文件名：.xlsx、.csv（UTF-8）、.jsonl"
)
@click.option("--as", "user", help="以哪位工作人员的名义：只含他看得到的办件")
@house
def returnfile(at: House, day: str, last: str, out: Path, form: str | None, user: str | None) -> None:
    """One file, whole or not at all."""
    kind = form or _BY_SUFFIX.get(out.suffix.lower())
    if kind is None:
        raise click.UsageError("看不出要哪种格式。请让文件名以 .xlsx、.csv 或 .jsonl 结尾，或写明 --format。")
    actor = at.actor(user)
    begins, ends = span(at.services, day, last)
    lines = return_lines(at.services, actor, begins, ends)
    _replace(out, export_table(return_table(lines, begins, ends), kind))
    note_made(at.services, actor, begins, ends, len(lines))
    say(f"已写入 {out}，共 {len(lines)} 行。")


def _replace(out: Path, data: bytes) -> None:
    """A reader never sees half a file."""
    if not out.parent.is_dir():
        raise Rejected("no_folder", f"没有 {out.parent} 这个文件夹，请先建好。")
    half = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        half.write_bytes(data)
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
