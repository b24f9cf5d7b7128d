"""The window's cases: what is due, one case, and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..casefile import case_view, list_cases, reveal, worklist
from ..desk import facts_of_cases, messages_of, receipt_pdf, scanned
from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..issue import batch_progress, cancel_case, issue_case, lift_hold, place_hold, start_batch
from ..redirect import redirect_case
from ..rights import Scope
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .api_input import answer, json_body
from .rooms import act, staff_page

__all__ = ["blueprint"]

READERS = ("clerk", "supervisor", "department", "observer")
DOERS = ("clerk", "supervisor")
PAGE = 60

blueprint = Blueprint("window", __name__, url_prefix="/window")


# -- the list ------------------------------------------------------------------------------------------------------
@blueprint.get("")
@access.role(*READERS)
def cases() -> ResponseReturnValue:
    """Cases of one state, the earliest day first."""
    state = request.args.get("state", "ready")
    return _list_page(state=state, q="")


@blueprint.get("/find")
@access.role(*READERS)
def find() -> ResponseReturnValue:
    """What was typed or scanned: straight to the case where there is only one."""
    text = request.args.get("q", "").strip()[:2100]
    number = _by_scan(text)
    if number:
        return redirect(_address(number))
    page = list_cases(services(), current_actor(), q=text[:200], limit=2) if text else None
    if page and len(page.items) == 1:
        return redirect(_address(page.items[0]["acceptance_no"]))
    return _list_page(state="", q=text[:200])


def _by_scan(text: str) -> str:
    try:
        return scanned(services(), current_actor(), text)[0] if len(text) >= 13 else ""
    except NotFound:
        return ""


def _address(number: str) -> str:
    return f"/window/cases/{quote(number, safe='')}"


def _list_page(*, state: str, q: str) -> str:
    actor, cursor = current_actor(), request.args.get("cursor")
    page = list_cases(services(), actor, state=state or None, q=q or None, cursor=cursor, limit=PAGE)
    facts = facts_of_cases(services(), actor, [item["acceptance_no"] for item in page.items])
    counts = worklist(services(), actor)["counts"]
    today = {
        "late": counts["overdue"],
        "due_today": counts["due_today"],
        "ready": counts["ready"],
        "stuck": counts["stuck"],
    }
    more = {key: value for key, value in (("state", state), ("q", q), ("cursor", page.next_cursor)) if value}
    return staff_page(
        "window/list.html", "list", state=state, q=q, today=today,
        cases=[_row(item, facts.get(item["acceptance_no"], {})) for item in page.items],
        next_url=f"{request.path}?{urlencode(more)}" if page.next_cursor else None,
        may=_may(), counts=_doors(counts),
    )  # fmt: skip


def _doors(counts: dict[str, int]) -> dict[str, int]:
    return {
        "list": counts["ready"],
        "labels": counts["labelled"],
        "handover": counts["packed"],
        "counter": counts["ready_for_collection"],
        "worklist": counts["stuck"],
    }


def _row(item: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    mine, held = bool(facts.get("entered_by_me")), bool(item["holds"])
    return {
        "acceptance_no": item["acceptance_no"],
        "item": item["item"]["name"],
        "applicant": item["applicant_masked"],
        "titles": [_title(document) for document in item["documents"]],
        "method": facts.get("method", ""),
        "deadline": _running(item["deadlines"]),
        "state": item["state"],
        "held": held,
        "entered_by_me": mine,
        "issuable": not held and not mine,
    }


def _title(document: dict[str, Any]) -> str:
    return f"{document['title']}（{document['copy']}）" if document["copy"] else str(document["title"])


def _running(deadlines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The running term that ends first, told in days."""
    running = [_told(one) for one in deadlines if one["state"] in ("open", "overdue")]
    return min(running, key=lambda one: one["due_on"], default=None)


def _told(deadline: dict[str, Any]) -> dict[str, Any]:
    today, due = local_date(services().clock.now()), date.fromisoformat(str(deadline["due_on"]))
    open_ = deadline["state"] in ("open", "overdue")
    late = max(0, (today - due).days) if open_ else 0
    told = {"kind": deadline["kind"], "due_on": due, "late": late, "today": open_ and due == today}
    state = {"late": "missed"}.get(deadline["state"], deadline["state"])
    return told | {"state": state, "provisional": bool(deadline.get("provisional"))}


def _may() -> dict[str, bool]:
    actor = current_actor()
    reveal_too = actor.may(Scope.ISSUE) or actor.may(Scope.CASES)
    return {"issue": actor.may(Scope.ISSUE), "reveal": reveal_too}


# -- issuing -------------------------------------------------------------------------------------------------------
@blueprint.post("/issue")
@access.role(*DOERS)
def issue() -> ResponseReturnValue:
    """Issue one case at once, several in the background."""
    numbers = request.form.getlist("acceptance_no")
    if len(numbers) == 1:
        back = _address(numbers[0]) if request.form.get("back") == "case" else "/window"
        return act(
            lambda: issue_case(services(), current_actor(), numbers[0]), "已出件，正在制证、盖章。", back
        )
    begin = partial(start_batch, services(), current_actor(), numbers)
    return act(begin, f"收到 {len(numbers)} 件，正在出件。过一会儿刷新看结果。", "/window")


@blueprint.post("/issue.json")
@access.role(*DOERS)
def issue_many() -> ResponseReturnValue:
    """Begin a batch; answers its id for the bar."""
    body = json_body()
    numbers = body.get("acceptance_nos") if isinstance(body, dict) else None
    if not isinstance(numbers, list) or not all(isinstance(one, str) for one in numbers):
        raise Invalid([Fault("/acceptance_nos", "type", "应为受理号的列表。")])
    try:
        return answer({"batch": start_batch(services(), current_actor(), numbers)})
    except RuleViolation as refusal:
        return answer({"detail": refusal.detail, "code": refusal.code}, 409)


@blueprint.get("/batches/<batch_id>")
@access.role(*DOERS)
def progress(batch_id: str) -> ResponseReturnValue:
    """How far one's own batch is."""
    return answer(batch_progress(services(), current_actor(), batch_id))


# -- one case ------------------------------------------------------------------------------------------------------
@blueprint.get("/cases/<no>")
@access.role(*READERS)
def case(no: str) -> ResponseReturnValue:
    """One case, persons masked."""
    return _case_page(no)


@blueprint.post("/cases/<no>/show")
@access.role("clerk", "supervisor", "department")
def show(no: str) -> ResponseReturnValue:
    """The persons unmasked, once, audited."""
    return _case_page(no, shown=reveal(services(), current_actor(), no))


def _case_page(no: str, *, shown: dict[str, Any] | None = None, form: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    view = case_view(services(), actor, no)
    facts = facts_of_cases(services(), actor, [no]).get(no, {})
    may = _may()
    messages = messages_of(services(), actor, no) if may["issue"] and request.args.get("messages") else None
    return staff_page(
        "window/case.html", "list", case=_case(view, facts), may=may, shown=shown, form=form,
        faults=(form or {}).get("faults", ()), messages=messages,
    )  # fmt: skip


def _case(view: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    titles = {document["document_id"]: _title(document) for document in view["documents"]}
    mine, held, ready = bool(facts.get("entered_by_me")), bool(view["holds"]), view["state"] == "ready"
    left = any(one["state"] in _LEFT for one in view["consignments"])
    open_ = view["state"] in ("ready", "issued") and not left
    why_not = "这一件是您录的，要由另一位同事出件。" if ready and mine else ""
    return view | facts | {
        "item": view["item"]["name"],
        "department": view["department"]["name"],
        "documents": [document | {"ready": bool(document["pdf_url"])} for document in view["documents"]],
        "consignments": [one | {"titles": [titles[i] for i in one["documents"] if i in titles]} for one in view["consignments"]],
        "deadlines": [_told(one) for one in view["deadlines"]],
        "events": [{"at": one["at"], "actor": one["actor"], "text": one["detail"]} for one in reversed(view["events"])],
        "can_issue": ready and not held and not mine,
        "can_cancel": open_,
        "can_deliver": open_,
        "why_not": why_not,
    }  # fmt: skip


_LEFT = frozenset(
    {"handed_over", "in_transit", "out_for_delivery", "attempt_failed", "held", "to_verify", "delivered", "returning",
     "returned", "lost", "damaged"}
)  # fmt: skip


@blueprint.get("/cases/<no>/receipt")
@access.role(*DOERS)
def receipt(no: str) -> Response:
    """受理回执 for print, with the QR of the private link."""
    return attachment(receipt_pdf(services(), current_actor(), no), "application/pdf", f"受理回执{no}.pdf")


@blueprint.post("/cases/<no>/holds")
@access.role(*DOERS)
def hold(no: str) -> ResponseReturnValue:
    """Hold the case for a reason."""
    reason = request.form.get("reason", "")
    return act(lambda: place_hold(services(), current_actor(), no, reason), "已暂缓出件。", _address(no))


@blueprint.post("/cases/<no>/holds/<hold_id>/lift")
@access.role(*DOERS)
def unhold(no: str, hold_id: str) -> ResponseReturnValue:
    """Lift a hold."""
    return act(lambda: lift_hold(services(), current_actor(), no, hold_id), "已解除暂缓。", _address(no))


@blueprint.post("/cases/<no>/cancel")
@access.role(*DOERS)
def cancel(no: str) -> ResponseReturnValue:
    """Cancel the case; its papers become void."""
    reason = request.form.get("reason", "")
    return act(
        lambda: cancel_case(services(), current_actor(), no, reason), "办件已取消，证件已作废。", _address(no)
    )


@blueprint.post("/cases/<no>/delivery")
@access.role(*DOERS)
def delivery(no: str) -> ResponseReturnValue:
    """Another way or address. What was typed stays when something is wrong with it."""
    typed = {key: value.strip() for key, value in request.form.items() if key != "csrf_token"}
    try:
        redirect_case(services(), current_actor(), no, delivery_of(typed))
    except Invalid as refusal:
        faults = [fault.as_dict() for fault in refusal.faults]
        return _case_page(no, form={"name": "delivery", "values": typed, "faults": faults}), 422
    except RuleViolation as refusal:
        return _case_page(
            no, form={"name": "delivery", "values": typed, "faults": [{"detail": refusal.detail}]}
        ), 409
    return act(lambda: None, "送法已改，旧面单作废，新面单马上做好。", _address(no))


def delivery_of(typed: dict[str, str], prefix: str = "") -> dict[str, Any]:
    """The case schema's ``delivery`` out of a form's fields."""
    method = typed.get("method", "")
    made: dict[str, Any] = {"method": method}
    if method in ("express", "door", "point"):
        region = typed.get(f"{prefix}region", "").split()
        made["recipient"] = {
            "name": typed.get(f"{prefix}name", ""),
            "phone": typed.get(f"{prefix}phone", ""),
            "relation": typed.get(f"{prefix}relation") or "self",
            "division_code": typed.get(f"{prefix}division" if prefix else "division_code", ""),
            "region": region,
            "address": typed.get(f"{prefix}address", ""),
        }
    if method == "point":
        made["point"] = typed.get("point", "")
    return made
