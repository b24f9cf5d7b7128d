"""Taking an issue back at the window, and the list of void numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import RuleViolation
from ..export import Cell, Table
from ..undo import Undone, undo_batch, undo_issue
from ..void_numbers import VoidNumber, void_numbers
from . import access
from .access import current_actor, services
from .case_page import case_address
from .exports import table_file
from .rooms import staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_ORIGINS: Final = {"allotted": "本系统编号", "given": "部门编号"}

blueprint = Blueprint("undo", __name__, url_prefix="/window")


@blueprint.post("/cases/<no>/undo")
@access.role(*DOERS)
def undo(no: str) -> ResponseReturnValue:
    """One case is ready again; its papers, label and messages count no longer."""
    try:
        done = undo_issue(services(), current_actor(), no)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
    else:
        _tell([done])
    return redirect("/window" if request.form.get("back") == "desk" else case_address(no), 303)


@blueprint.post("/batches/<batch_id>/undo")
@access.role(*DOERS)
def undo_all(batch_id: str) -> ResponseReturnValue:
    """A whole batch is taken back, case by case."""
    done = undo_batch(services(), current_actor(), batch_id)
    if done.undone:
        _tell(done.undone)
    if done.stopped:
        flash(f"还没有轮到的 {done.stopped} 件不再出件。", "ok")
    for number, why in done.refused[:10]:
        flash(f"{number} 没有撤回：{why}", "bad")
    if not (done.undone or done.stopped or done.refused):
        flash("这一批没有可以撤回的办件。", "wait")
    return redirect("/window", 303)


def _tell(undone: Sequence[Undone]) -> None:
    """What was taken back, what is void, what to do with paper."""
    many = len(undone) > 1
    numbers = [number for one in undone for number in one.numbers]
    void = f"作废号：{'、'.join(numbers[:5])}{' 等' if len(numbers) > 5 else ''}，已登记。" if numbers else ""
    flash(f"已撤回{f' {len(undone)} 件' if many else ''}，回到“待出件”，还没有通知申请人。{void}", "ok")
    printed = [title for one in undone for title in one.printed]
    papers = f"已经打印的 {len(printed)} 份（{'、'.join(printed[:8])}）请当场销毁。" if printed else ""
    labels = "面单如果已经打印，请撕掉。" if any(one.labels for one in undone) else ""
    if papers or labels:
        flash(papers + labels, "wait")


# -- void numbers --------------------------------------------------------------------------------------------------
@blueprint.get("/void-numbers")
@access.role("clerk", "supervisor", "observer")
def numbers() -> ResponseReturnValue:
    """作废号登记."""
    q = request.args.get("q", "").strip()
    rows = void_numbers(services(), current_actor(), q)
    return staff_page("window/void_numbers.html", "more", rows=rows, q=q)


@blueprint.get("/void-numbers/table")
@access.role("clerk", "supervisor", "observer")
def numbers_file() -> Response:
    """The same as a table."""
    rows = void_numbers(services(), current_actor(), request.args.get("q", ""))
    headings = (
        "作废的号",
        "证件（文书）",
        "副本",
        "部门",
        "统一受理号",
        "编号来源",
        "作废原因",
        "作废时间",
        "经办人",
    )
    return table_file(Table("作废号登记", headings, [_cells(row) for row in rows]))


def _cells(row: VoidNumber) -> tuple[Cell, ...]:
    origin = _ORIGINS.get(row.origin, row.origin)
    return (
        row.number, row.title, row.copy, row.department, row.acceptance_no, origin, row.reason, row.at, row.by,
    )  # fmt: skip
