"""交接班: what is left at the end of a shift, who takes it over, and the sheets of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..chronicle import shown_actor
from ..errors import Invalid, NotPermitted, RuleViolation
from ..export import Table
from ..left_over import KINDS, Left
from ..shift import left_here, list_shifts, shift_pdf, shift_view, take_over, taken_over
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .exports import table_file
from .rooms import second_person, staff_page

__all__ = ["blueprint", "doing"]

DOERS = ("clerk", "supervisor")
_HERE = "/window/shift"
#: where a thing of this kind is done, when no case says it better
_WHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "print": "/window/labels", "confirm": "/window/papers/{ref}", "handover": "/window/handover",
        "sign": "/window/manifests/{ref}", "internal": "/window/internal/{ref}", "red": "/window/red",
        "destroy": "/window/internal#papers", "hold": "/window/holds",
    }
)  # fmt: skip

blueprint = Blueprint("shift", __name__, url_prefix=_HERE)


def doing(one: Left) -> str:
    """The page on which this is done: the list's, or the case's."""
    if one.kind in _WHERE and one.kind != "hold":
        return _WHERE[one.kind].format(ref=one.ref)
    return f"/window/cases/{quote(one.acceptance_no)}" if one.acceptance_no else _HERE


@blueprint.get("")
@access.role(*DOERS)
def shown() -> ResponseReturnValue:
    """What is left by kind, mine ticked; taking over; earlier shift ends."""
    return _page()


def _page(fault: str = "", chosen: list[str] | None = None, note: str = "") -> str:
    """``chosen``: keys that were ticked when taking over was refused; without them what is mine is ticked."""
    actor = current_actor()
    left = left_here(services(), actor)
    ticked = set(chosen) if chosen is not None else {one.key for one in left if _is_mine(one, actor.name)}
    groups = [(kind, word, [one for one in left if one.kind == kind]) for kind, word in KINDS.items()]
    return staff_page(
        "window/shift.html", "more", groups=[group for group in groups if group[2]], total=len(left), ticked=ticked,
        shifts=list_shifts(services(), actor), taken=taken_over(services(), actor), doing=doing, fault=fault, note=note,
    )  # fmt: skip


def _is_mine(one: Left, me: str) -> bool:
    return one.owner == me or not one.owner.startswith("user:")


@blueprint.get("/table")
@access.role(*DOERS)
def table() -> Response:
    """What is left as a table."""
    heads = ("哪一类", "是什么", "统一受理号", "说明", "架位", "谁管", "从什么时候")
    rows = [
        (KINDS[one.kind], one.what, one.acceptance_no, one.why, one.place, shown_actor(one.owner), one.since)
        for one in left_here(services(), current_actor())
    ]
    return table_file(Table("没办完的", heads, rows))


@blueprint.post("")
@access.role(*DOERS)
def hand() -> ResponseReturnValue:
    """The colleague who stands here takes over what is ticked."""
    keys, note = request.form.getlist("item"), request.form.get("note", "")
    try:
        other = second_person()
        handed = take_over(services(), current_actor(), other, keys, note)
    except (RuleViolation, NotPermitted) as refusal:
        if refusal.code == "scope":
            raise
        return _page(refusal.detail, keys, note), 409
    except Invalid as refusal:
        return _page("；".join(fault.detail for fault in refusal.faults), keys, note), 422
    gone = f"，另外 {handed.gone} 项刚才已经办完" if handed.gone else ""
    flash(f"{shown_actor(other.name)} 接了 {handed.items} 项{gone}。", "ok")
    return redirect(f"{_HERE}/{handed.id}", 303)


@blueprint.get("/<shift_id>")
@access.role(*DOERS)
def one(shift_id: str) -> ResponseReturnValue:
    """One shift end: what was taken over and what is left of it."""
    view = shift_view(services(), current_actor(), shift_id)
    return staff_page("window/shift_one.html", "more", shift=view, kinds=KINDS, doing=doing)


@blueprint.get("/<shift_id>/table")
@access.role(*DOERS)
def one_table(shift_id: str) -> Response:
    """One shift end as a table."""
    view = shift_view(services(), current_actor(), shift_id)
    rows = [
        (at, KINDS[line.kind], line.what, line.acceptance_no, line.why, line.place, shown_actor(line.owner),
         "还没办完" if line.now is not None else "已办完")
        for at, line in enumerate(view.lines, 1)
    ]  # fmt: skip
    heads = ("序号", "哪一类", "是什么", "统一受理号", "说明", "架位", "原来谁管", "现在")
    return table_file(Table(f"交接班单{view.number}", heads, rows))


@blueprint.get("/<shift_id>/sheet.pdf")
@access.role(*DOERS)
def sheet(shift_id: str) -> Response:
    """交接班单 for print."""
    return attachment(shift_pdf(services(), current_actor(), shift_id), "application/pdf", "交接班单.pdf")
