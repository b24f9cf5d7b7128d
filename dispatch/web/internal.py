"""内部交接: papers from departments and 制证 to the window and back, loose papers by their place, void ones destroyed."""

from __future__ import annotations

from functools import partial
from typing import Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..chronicle import shown_actor
from ..custody import mark_destroyed, papers_at_window
from ..errors import Invalid, RuleViolation
from ..export import Table
from ..handover import (
    DIRECTIONS,
    begin_handover,
    cancel_handover,
    counterparty,
    departments_here,
    handover_pdf,
    handover_view,
    list_handovers,
    scan_into,
    sign_handover,
    take_off,
)
from ..rights import Actor
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .exports import table_file
from .rooms import act, second_person, staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_HERE = "/window/internal"
#: newest lists that go into one file
_LISTS: Final = 200

blueprint = Blueprint("internal", __name__, url_prefix=_HERE)


@blueprint.get("")
@access.role(*DOERS)
def shown() -> ResponseReturnValue:
    """Lists that are open or were signed, a new one, and loose papers by place."""
    q = request.args.get("q", "")[:60]
    return staff_page(
        "window/internal.html", "more", lists=list_handovers(services(), current_actor()), q=q,
        departments=departments_here(services(), current_actor()),
        papers=papers_at_window(services(), current_actor(), q), directions=DIRECTIONS,
    )  # fmt: skip


@blueprint.get("/table")
@access.role(*DOERS)
def table() -> Response:
    """Loose papers as a table."""
    rows = [
        (one["place"], one["title"], one["copy"], one["acceptance_no"], one["holder"], one["since"],
         "待销毁" if one["destroy"] else "")
        for one in papers_at_window(services(), current_actor(), request.args.get("q", "")[:60])
    ]  # fmt: skip
    heads = ("架位", "证件（文书）", "正副本", "统一受理号", "谁保管", "从什么时候", "备注")
    return table_file(Table("在窗口的纸质证件", heads, rows))


@blueprint.get("/lists/table")
@access.role(*DOERS)
def lists_table() -> Response:
    """The hand-over lists as a table."""
    rows = [
        (
            one.number, DIRECTIONS[one.direction], one.party, len(one.seen), len(one.missing), one.created_at,
            shown_actor(one.created_by), "双方已签" if one.state == "signed" else "还没有签", one.signed_at,
            shown_actor(one.given_by), shown_actor(one.taken_by),
        )
        for one in list_handovers(services(), current_actor(), _LISTS)
    ]  # fmt: skip
    heads = ("单号", "方向", "对方", "份数", "少几份", "开单", "谁开的", "结果", "何时签", "谁交", "谁收")
    return table_file(Table("内部交接单", heads, rows))


@blueprint.get("/<handover_id>/table")
@access.role(*DOERS)
def lines_table(handover_id: str) -> Response:
    """What is on one list, as a table."""
    view = handover_view(services(), current_actor(), handover_id)
    not_seen = "没有交" if view.state == "signed" else "还没扫到"
    rows = [
        (
            place, line.title, line.number, line.acceptance_no, line.place,
            "点到" if line.seen else not_seen,
            "另加" if line.seen and not line.expected and view.direction == "in" else "",
        )
        for place, line in enumerate(view.lines, 1)
    ]  # fmt: skip
    heads = ("序号", "证件（文书）", "证号、文号", "统一受理号", "架位", "核对", "备注")
    return table_file(Table(f"内部交接单-{view.number}", heads, rows))


@blueprint.post("")
@access.role(*DOERS)
def begin() -> ResponseReturnValue:
    """A new list."""
    direction, department = request.form.get("direction", ""), request.form.get("department", "")
    try:
        made = begin_handover(services(), current_actor(), direction, department)
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
        return redirect(_HERE, 303)
    return redirect(f"{_HERE}/{made}", 303)


@blueprint.get("/<handover_id>")
@access.role(*DOERS)
def one(handover_id: str) -> ResponseReturnValue:
    """One list: scanning, what is missing, signing."""
    return staff_page(
        "window/internal_one.html", "more", list=handover_view(services(), current_actor(), handover_id),
        directions=DIRECTIONS,
    )  # fmt: skip


@blueprint.post("/<handover_id>/scan")
@access.role(*DOERS)
def scan(handover_id: str) -> ResponseReturnValue:
    """One paper, or the papers of a case."""
    try:
        flash(scan_into(services(), current_actor(), handover_id, request.form.get("code", "")), "ok")
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
    return redirect(f"{_HERE}/{handover_id}", 303)


@blueprint.post("/<handover_id>/off")
@access.role(*DOERS)
def off(handover_id: str) -> ResponseReturnValue:
    """A paper scanned by mistake."""
    paper = request.form.get("document_id", "")
    do = partial(take_off, services(), current_actor(), handover_id, paper)
    return act(do, "已去掉。", f"{_HERE}/{handover_id}")


@blueprint.post("/<handover_id>/cancel")
@access.role(*DOERS)
def cancel(handover_id: str) -> ResponseReturnValue:
    """The list is given up."""
    reason = request.form.get("reason", "")
    do = partial(cancel_handover, services(), current_actor(), handover_id, reason)
    return act(do, "这张交接单已取消，证件还在原处。", _HERE)


@blueprint.post("/<handover_id>/sign")
@access.role(*DOERS)
def sign(handover_id: str) -> ResponseReturnValue:
    """Both have signed: here by badge and PIN, or on the paper whose picture is attached."""

    def do() -> None:
        sign_handover(services(), current_actor(), handover_id, _other())

    return act(do, "双方已签，证件换了保管人。", f"{_HERE}/{handover_id}")


def _other() -> Actor | str:
    if request.form.get("how") == "paper":
        return request.form.get("name", "")
    who, pin = request.form.get("second_who", ""), request.form.get("second_pin", "")
    return counterparty(services(), current_actor(), who, pin, screen=request.remote_addr or "window")


@blueprint.get("/<handover_id>/sheet.pdf")
@access.role(*DOERS)
def sheet(handover_id: str) -> Response:
    """内部交接单 for print."""
    data = handover_pdf(services(), current_actor(), handover_id)
    return attachment(data, "application/pdf", "内部交接单.pdf")


@blueprint.post("/destroyed")
@access.role(*DOERS)
def destroyed() -> ResponseReturnValue:
    """A void print was destroyed before two people."""

    def do() -> None:
        mark_destroyed(services(), current_actor(), request.form.get("document_id", ""), second_person().name)

    return act(do, "已登记销毁。", _HERE)
