"""The supervising desk: what waits for a second person, validity of one document, new pick-up points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..casefile import worklist
from ..desk import scanned
from ..documents.validity import reinstate, revoke, suspend
from ..errors import NotFound, RuleViolation
from ..oversight import confirm_point, document_card, new_points, pending_acts
from ..rights import Scope
from ..seal_register import list_seals
from . import access
from .access import current_actor, services
from .rooms import act, staff_page

__all__ = ["blueprint"]

DECIDERS = ("supervisor", "department")

blueprint = Blueprint("supervise", __name__, url_prefix="/supervise")


@blueprint.get("")
@access.role(*DECIDERS)
def index() -> ResponseReturnValue:
    """Acts that wait, figures of the day, new pick-up points."""
    actor = current_actor()
    counts = worklist(services(), actor)["counts"]
    figures = [
        {
            "text": "件已超期",
            "value": counts["overdue"],
            "tone": "bad" if counts["overdue"] else "",
            "href": "/window",
        },
        {"text": "件今天到期", "value": counts["due_today"], "tone": "wait" if counts["due_today"] else ""},
        {"text": "件待出件", "value": counts["ready"], "tone": ""},
        {"text": "件卡住了", "value": counts["stuck"], "tone": "bad" if counts["stuck"] else ""},
    ]
    pending, points = pending_acts(services(), actor), new_points(services(), actor)
    seals = list_seals(services(), actor, unregistered=True)
    return staff_page(
        "supervise/index.html", "supervise", figures=figures, pending=pending, points=points, seals=seals
    )


@blueprint.get("/find")
@access.role(*DECIDERS)
def find() -> ResponseReturnValue:
    """A document by its code."""
    code = request.args.get("q", "").strip()[:2100]
    try:
        document_id = scanned(services(), current_actor(), code)[1]
    except NotFound:
        document_id = ""
    if not document_id:
        flash("没有找到这份证件。请扫证件上的二维码，或填查验码。", "bad")
        return redirect("/supervise", 303)
    return redirect(f"/supervise/documents/{document_id}", 303)


@blueprint.get("/documents/<document_id>")
@access.role(*DECIDERS)
def document(document_id: str) -> ResponseReturnValue:
    """One document and what may be decided about it."""
    card = document_card(services(), current_actor(), document_id)
    return staff_page(
        "supervise/document.html", "supervise", d=card, two_persons=services().settings.two_person_rule
    )


def _decide(document_id: str, do: Callable[[], str]) -> ResponseReturnValue:
    done: dict[str, str] = {}

    def run() -> None:
        done["state"] = do()

    answer = act(run, "已记下。", f"/supervise/documents/{document_id}")
    if done.get("state") == "suspended" and request.path.rsplit("/", 1)[-1] in ("revoke", "reinstate"):
        flash("已提出，等另一位同事确认。证件现在是“冻结核查”。", "wait")
    return answer


@blueprint.post("/documents/<document_id>/revoke")
@access.role(*DECIDERS)
def end(document_id: str) -> ResponseReturnValue:
    """Ask to end validity, or confirm it."""
    facts = {name: request.form.get(name, "").strip() for name in ("kind", "reason", "organ", "decision_no")}
    return _decide(document_id, lambda: revoke(services(), current_actor(), document_id, **facts))


@blueprint.post("/documents/<document_id>/suspend")
@access.role(*DECIDERS)
def freeze(document_id: str) -> ResponseReturnValue:
    """冻结核查, at once."""
    reason = request.form.get("reason", "")
    return _decide(document_id, lambda: suspend(services(), current_actor(), document_id, reason=reason))


@blueprint.post("/documents/<document_id>/reinstate")
@access.role(*DECIDERS)
def restore(document_id: str) -> ResponseReturnValue:
    """Ask to restore, or confirm it."""
    reason = request.form.get("reason", "")
    return _decide(document_id, lambda: reinstate(services(), current_actor(), document_id, reason=reason))


@blueprint.post("/documents/<document_id>/confirm")
@access.role(*DECIDERS)
def confirm(document_id: str) -> ResponseReturnValue:
    """The second person agrees with what the first one asked."""
    return act(lambda: _second(document_id), "已确认。", "/supervise")


def _second(document_id: str) -> None:
    actor = current_actor()
    actor.require(Scope.VALIDITY)
    card: dict[str, Any] = document_card(services(), actor, document_id)
    asked = card["pending"]
    if asked is None:
        raise RuleViolation("nothing_pending", "这份证件没有等着确认的处理，请刷新后再看。")
    if asked["mine"]:
        raise RuleViolation("same_person", "这是您自己提出的，要由另一位同事确认。")
    if asked["act"] == "revoke":
        facts = {name: asked[name] for name in ("kind", "reason", "organ", "decision_no")}
        revoke(services(), actor, document_id, **facts)
    elif asked["act"] == "reinstate":
        reinstate(services(), actor, document_id, reason=asked["reason"])
    else:
        raise RuleViolation(
            "by_interface", "换发新证件要由第二位同事提交同一份新证件内容，请由审批平台的接口确认。"
        )


@blueprint.post("/points/<point_id>/confirm")
@access.role("supervisor")
def know_point(point_id: str) -> ResponseReturnValue:
    """A pick-up point is real."""
    return act(
        lambda: confirm_point(services(), current_actor(), point_id), "已确认这个代办点。", "/supervise"
    )
