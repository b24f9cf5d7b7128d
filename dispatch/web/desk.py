"""The working screen: one head, four steps below it. Each step also has an address of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import Invalid, NotFound, RuleViolation
from ..printing.batches import start_print
from ..rights import Scope
from ..shift import taken_over
from ..workday import Day, batch_made, day_screen, papers_of_batch, unprinted
from . import access
from .access import current_actor, services
from .api_input import answer
from .rooms import staff_page

__all__ = ["blueprint", "desk_page"]

DOERS = ("clerk", "supervisor")
#: key, address, word, icon
_STEPS: Final = (
    ("issue", "/window", "出件", "check"),
    ("print", "/window/labels", "打印", "print"),
    ("pack", "/window/pack", "装封", "envelope"),
    ("handover", "/window/handover", "交接", "hand"),
)
#: kind of a stuck row → what it is called where there is little room
_SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "document_blocked": "证件没有做成", "file_missing": "等部门的文件", "proof_wrong": "校对有误", "hold_due": "暂缓到期",
        "booking_rejected": "下单被拒", "booking_unknown": "下单结果待查", "attempt_failed": "投递未成功", "held": "暂存待联系",
        "to_verify": "签收待核实", "returned": "已退回窗口", "receipt_missing": "差送达回证", "lost": "信封丢失",
        "damaged": "信封破损", "step_parked": "自动步骤停了", "point_new": "新代办点",
    }
)  # fmt: skip

blueprint = Blueprint("desk", __name__, url_prefix="/window")


def desk_page(template: str, step: str, **context: Any) -> str:
    """A step of the working screen; ``step`` is its key. Who may not issue sees the list without steps."""
    actor = current_actor()
    day = day_screen(services(), actor)
    doer = actor.may(Scope.ISSUE)
    steps = [(key, href, word, mark, day.steps[key]) for key, href, word, mark in _STEPS] if doer else []
    return staff_page(
        template,
        "list",
        step=step,
        steps=steps,
        day=day,
        stuck=_stuck(day),
        counts=_doors(day),
        taken=taken_over(services(), actor),
        **context,
    )


def _doors(day: Day) -> dict[str, int]:
    """Numbers beside the rooms."""
    return {"counter": day.counts["ready_for_collection"], "worklist": day.counts["stuck"]}


def _stuck(day: Day) -> list[dict[str, str]]:
    """The first reasons, each with the case it is about."""
    return [
        {
            "what": _SHORT.get(row["kind"], "要看一看"),
            "why": row["why"],
            "acceptance_no": row["acceptance_no"] or "",
            "href": f"/window/cases/{quote(row['acceptance_no'])}"
            if row["acceptance_no"]
            else "/window/worklist",
        }
        for row in day.stuck
    ]


@blueprint.get("/batches/<batch_id>")
@access.role(*DOERS)
def progress(batch_id: str) -> ResponseReturnValue:
    """How far one's own batch is, its papers and labels included."""
    return answer(batch_made(services(), current_actor(), batch_id))


@blueprint.post("/print")
@access.role(*DOERS)
def print_batch() -> ResponseReturnValue:
    """Put what waits into one print batch: of the issue batch named, or everything."""
    house, actor = services(), current_actor()
    issued = request.form.get("batch", "")
    try:
        wanted = papers_of_batch(house, actor, issued) if issued else unprinted(house, actor)
        if not wanted:
            raise RuleViolation("nothing_to_print", "没有等着打印的证件。")
        made = start_print(house, actor, wanted)
    except (RuleViolation, NotFound) as refusal:
        flash(refusal.detail, "bad")
        return redirect("/window/labels", 303)
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
        return redirect("/window/labels", 303)
    return redirect(f"/window/papers/{made.id}", 303)
