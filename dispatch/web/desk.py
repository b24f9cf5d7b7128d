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
from ..printing.file import paper_files
from ..rights import Scope
from ..shift import taken_over
from ..workday import Day, batch_made, day_screen, papers_of_batch, unprinted
from . import access
from .access import current_actor, services
from .api_input import answer, json_body
from .pages import render_page
from .rooms import staff_page

__all__ = ["blueprint", "desk_page"]

READERS = ("clerk", "supervisor", "department", "observer")
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
    head = _head(step)
    return staff_page(template, "list", **head, counts=_doors(head["day"]), **context)


def _head(step: str) -> dict[str, Any]:
    actor = current_actor()
    day = day_screen(services(), actor)
    doer = actor.may(Scope.ISSUE)
    steps = [(key, href, word, mark, day.steps[key]) for key, href, word, mark in _STEPS] if doer else []
    taken = taken_over(services(), actor)
    return {"step": step, "steps": steps, "day": day, "stuck": _stuck(day), "taken": taken}


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


@blueprint.get("/head")
@access.role(*READERS)
def head() -> str:
    """The head alone, as it is now, for a page that is open already."""
    return render_page("window/head.html", **_head(request.args.get("step", "")[:20]))


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
        made = start_print(house, actor, _waiting(issued))
    except (RuleViolation, NotFound) as refusal:
        flash(refusal.detail, "bad")
        return redirect("/window/labels", 303)
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
        return redirect("/window/labels", 303)
    return redirect(f"/window/papers/{made.id}", 303)


def _waiting(issued: str) -> list[str]:
    """What waits for the printer, of one issue batch or altogether; ``RuleViolation`` for nothing."""
    house, actor = services(), current_actor()
    wanted = papers_of_batch(house, actor, issued) if issued else unprinted(house, actor)
    if not wanted:
        raise RuleViolation("nothing_to_print", "没有等着打印的证件。")
    return wanted


@blueprint.post("/print.json")
@access.role(*DOERS)
def print_at_once() -> ResponseReturnValue:
    """The same for a page that opens the file itself: ``{page, file}``, the batch's page and what goes into the printer
    first. ``documents`` names the papers of one case. What is refused here is told by the plain form, sent anew."""
    body = json_body()
    issued, chosen = (body.get("batch"), body.get("documents")) if isinstance(body, dict) else (None, None)
    named = [one for one in chosen if isinstance(one, str)] if isinstance(chosen, list) else []
    try:
        made = start_print(services(), current_actor(), named or _waiting(str(issued or "")))
    except RuleViolation as refusal:
        return answer({"detail": refusal.detail, "code": refusal.code}, 409)
    page = f"/window/papers/{made.id}"
    return answer({"page": page, "file": f"{page}.pdf?paper={quote(paper_files(made)[0].paper)}"})
