"""红盘: papers set aside with a reason, put in by scan, taken out when somebody has looked into it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request
from flask.typing import ResponseReturnValue

from ..errors import Invalid, RuleViolation
from ..export import Table
from ..red_tray import REASONS, belongs_in_tray, red_tray, set_aside, take_out
from . import access
from .access import current_actor, services
from .exports import table_file
from .rooms import act, staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_HERE = "/window/red"

blueprint = Blueprint("red", __name__, url_prefix=_HERE)


@blueprint.get("")
@access.role(*DOERS)
def shown() -> ResponseReturnValue:
    """What lies in the tray, what belongs there, what was taken out."""
    return _page()


def _page(fault: str = "") -> str:
    house, actor = services(), current_actor()
    return staff_page(
        "window/red.html", "more", rows=red_tray(house, actor), past=red_tray(house, actor, past=True), reasons=REASONS,
        belongs=belongs_in_tray(house, actor), typed=request.form if fault else {}, fault=fault,
    )  # fmt: skip


@blueprint.get("/table")
@access.role(*DOERS)
def table() -> Response:
    """The tray as a table, with what was taken out."""
    house, actor = services(), current_actor()
    heads = ("什么纸", "统一受理号", "为什么", "说明", "放入", "谁放的", "取出", "谁取的", "查清的结果")
    names = ("what", "acceptance_no", "reason", "note", "put_at", "put_by", "taken_at", "taken_by", "outcome")
    rows = [*red_tray(house, actor), *red_tray(house, actor, past=True)]
    return table_file(Table("红盘", heads, [tuple(one[name] for name in names) for one in rows]))


@blueprint.post("")
@access.role(*DOERS)
def put() -> ResponseReturnValue:
    """A paper goes in."""
    form = request.form
    try:
        set_aside(
            services(), current_actor(), form.get("code", ""), form.get("kind", ""), form.get("note", ""),
            form.get("what", ""),
        )  # fmt: skip
    except RuleViolation as refusal:
        return _page(refusal.detail), 409
    except Invalid as refusal:
        return _page("；".join(fault.detail for fault in refusal.faults)), 422
    return act(lambda: None, "已放进红盘。查清以前，它不能装封。", _HERE)


@blueprint.post("/<entry_id>/out")
@access.role(*DOERS)
def out(entry_id: str) -> ResponseReturnValue:
    """A paper leaves the tray."""

    def do() -> None:
        place = take_out(services(), current_actor(), entry_id, request.form.get("outcome", ""))
        if place:
            flash(f"请放回 {place} 架。", "ok")

    return act(do, "已从红盘取出。", _HERE)
