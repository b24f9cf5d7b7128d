"""``import``, ``issue`` and ``range``: cases in, cases out, numbers for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from .. import issue as issuing
from ..consignments.ranges import import_range, list_ranges
from ..errors import DispatchError
from ..intake.imports import layout_named
from ..intake.receive import import_file
from ..intake.template import template_csv, template_xlsx
from ..rights import CLI
from .console import Failed, House, house, say, table, warn, with_progress

__all__ = ["import_", "issue", "range_"]


@click.command("import", help="导入办件（.jsonl、.csv、.xlsx）；好的行入库，坏的行逐条说明，可以重复导入")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--dry-run", is_flag=True, help="只检查，不入库")
@click.option("--as", "user", help="以哪位工作人员的名义")
@click.option("--platform", help="按网页上记住的哪个平台来读列，例如 浙里办导出")
@click.option("--template", is_flag=True, help="写出空白模板（FILE 以 .csv 或 .xlsx 结尾）")
@house
def import_(
    at: House, file: Path | None, dry_run: bool, user: str | None, platform: str | None, template: bool
) -> None:
    """Cases from a file."""
    if template:
        target = file or Path("导入模板.xlsx")
        target.write_bytes(template_csv() if target.suffix == ".csv" else template_xlsx())
        say(f"模板已写入 {target}")
        return
    if file is None:
        raise click.UsageError("请给出要导入的文件。")
    actor = at.actor(user)
    layout = layout_named(at.services, actor, file, platform) if platform else None
    with tqdm(desc="导入", unit="行", disable=None, leave=False) as bar:
        report = import_file(
            at.services, actor, file, layout=layout, dry_run=dry_run, progress=lambda _line: _step(bar)
        )
    for row in report.rows:
        for fault in row["faults"]:
            warn(f"第 {row['line']} 行 {row['acceptance_no'] or ''} {fault['pointer']}：{fault['detail']}")
    done = "可以导入" if dry_run else "已导入"
    say(f"{done} {report.created} 件，已有相同 {report.same} 件，未通过 {report.refused} 件。")
    if report.refused:
        raise Failed


def _step(bar: Any) -> None:
    bar.update(1)


@click.command(help="出件：写受理号，或用 --all-ready 出全部待出件")
@click.argument("numbers", nargs=-1, metavar="[受理号]...")
@click.option("--all-ready", is_flag=True, help="全部待出件")
@click.option("--as", "user", help="以哪位工作人员的名义；不写则为系统账户 cli")
@house
def issue(at: House, numbers: tuple[str, ...], all_ready: bool, user: str | None) -> None:
    """Issue cases, as the window does it."""
    if bool(numbers) == all_ready:
        raise click.UsageError("请写明受理号，或用 --all-ready（二者取一）。")
    actor, refused = at.actor(user), []
    wanted = list(numbers) or issuing.ready_numbers(at.services, actor)
    fresh = []

    def one(number: str) -> None:
        try:
            if issuing.issue_case(at.services, actor, number):
                fresh.append(number)
        except DispatchError as fault:
            refused.append(number)
            warn(f"{number}：{fault.detail}")

    with_progress(wanted, "出件", one)
    say(
        f"新出件 {len(fresh)} 件，此前已出 {len(wanted) - len(fresh) - len(refused)} 件，未能出件 {len(refused)} 件。"
    )
    if refused:
        raise Failed


@click.group("range", help="运单号段")
def range_() -> None:
    """Numbers that carriers issued."""


@range_.command("import", help="登记邮政发放的号段：首号与末号连同校验位")
@click.argument("carrier")
@click.argument("first")
@click.argument("last")
@house
def import_numbers(at: House, carrier: str, first: str, last: str) -> None:
    """A new range."""
    view = import_range(at.services, CLI, carrier, first, last)
    say(f"已登记 {view.carrier} 号段 {view.first} 至 {view.last}，共 {view.total} 个。")


@range_.command("list", help="列出号段")
@house
def list_numbers(at: House) -> None:
    """All ranges."""
    rows = list_ranges(at.services, CLI)
    table(
        (v.carrier, v.first, v.last, v.next or "已用完", f"剩 {v.remaining}", "不足" if v.low else "")
        for v in rows
    )
