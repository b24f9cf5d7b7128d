"""One case at the window, and what may be done with it."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..casefile import case_view, reveal
from ..custody import custody_of_case
from ..desk import facts_of_cases, messages_of, receipt_pdf
from ..errors import Invalid, RuleViolation
from ..forms import attachments_of_case
from ..holds import KINDS, OUTCOMES, lift_hold, place_hold, postpone_hold, read_day
from ..issue import cancel_case
from ..payers import fees_of
from ..printing.ledger import on_paper
from ..proof import proof_states
from ..redirect import redirect_case
from ..rights import Scope
from ..seals import hand_sealings
from ..service.overview import case_service
from ..undo import seconds_left
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import act, staff_page

__all__ = ["blueprint", "case_address", "delivery_of", "may_here", "title_of", "told"]

READERS = ("clerk", "supervisor", "department", "observer")
DOERS = ("clerk", "supervisor")

blueprint = Blueprint("cases", __name__, url_prefix="/window")


def case_address(number: str) -> str:
    """Where the case's page is."""
    return f"/window/cases/{quote(number, safe='')}"


def title_of(document: dict[str, Any]) -> str:
    """Title and copy."""
    return f"{document['title']}（{document['copy']}）" if document["copy"] else str(document["title"])


def told(deadline: dict[str, Any]) -> dict[str, Any]:
    """A term told in days."""
    today, due = local_date(services().clock.now()), date.fromisoformat(str(deadline["due_on"]))
    open_ = deadline["state"] in ("open", "overdue")
    late = max(0, (today - due).days) if open_ else 0
    words = {"kind": deadline["kind"], "due_on": due, "late": late, "today": open_ and due == today}
    state = {"late": "missed"}.get(deadline["state"], deadline["state"])
    return words | {"state": state, "provisional": bool(deadline.get("provisional"))}


def may_here() -> dict[str, bool]:
    """What the one who is logged in may do on a case's page."""
    actor = current_actor()
    reveal_too = actor.may(Scope.ISSUE) or actor.may(Scope.CASES)
    return {"issue": actor.may(Scope.ISSUE), "reveal": reveal_too}


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
    may, (fee, fees) = may_here(), fees_of(services(), actor, no)
    messages = messages_of(services(), actor, no) if may["issue"] and request.args.get("messages") else None
    service = case_service(services(), actor, no)
    return staff_page(
        "window/case.html", "list", case=_case(view, facts), may=may, shown=shown, form=form,
        faults=(form or {}).get("faults", ()), messages=messages, hold_kinds=KINDS, hold_outcomes=OUTCOMES,
        service=service, to_print=_to_print(view) if may["issue"] and service.to_sign else [],
        making=form is None and shown is None and _being_made(view), undo_seconds=seconds_left(services(), actor, no),
        today=local_date(services().clock.now()), inked=hand_sealings(services(), actor, no),
        proofs=proof_states(services(), actor, no), fee=fee, fees=fees,
        attachments=attachments_of_case(services(), actor, no), custody=custody_of_case(services(), actor, no),
    )  # fmt: skip


def _to_print(view: dict[str, Any]) -> list[str]:
    """Papers that can be printed and are on no sheet yet."""
    ready = [d["document_id"] for d in view["documents"] if d["pdf_url"] and d["state"] == "valid"]
    known = {one["document_id"] for one in on_paper(services(), current_actor(), ready)}
    return [one for one in ready if one not in known]


def _being_made(view: dict[str, Any]) -> bool:
    """Whether a page of it comes within seconds; a department's own file may take days."""
    return view["state"] == "issued" and any(
        d["state"] == "draft" and d["source"] != "import" for d in view["documents"]
    )


def _case(view: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    titles = {document["document_id"]: title_of(document) for document in view["documents"]}
    mine, held, ready = bool(facts.get("entered_by_me")), bool(view["holds"]), view["state"] == "ready"
    left = any(one["state"] in _LEFT for one in view["consignments"])
    open_ = view["state"] in ("ready", "issued") and not left
    why_not = "这一件是您录的或更正过的，要由另一位同事出件。" if ready and mine else ""
    return view | facts | {
        "item": view["item"]["name"],
        "department": view["department"]["name"],
        "documents": [document | {"ready": bool(document["pdf_url"])} for document in view["documents"]],
        "consignments": [one | {"titles": [titles[i] for i in one["documents"] if i in titles]} for one in view["consignments"]],
        "deadlines": [told(one) for one in view["deadlines"]],
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
    """Hold the case for a reason. What was typed stays when something is wrong with it."""
    typed = {name: request.form.get(name, "").strip() for name in ("kind", "reason", "until")}
    try:
        until = read_day(typed["until"])
        place_hold(services(), current_actor(), no, typed["reason"], kind=typed["kind"] or None, until=until)
    except Invalid as refusal:
        faults = [fault.as_dict() for fault in refusal.faults]
        return _case_page(no, form={"name": "hold", "values": typed, "faults": faults}), 422
    except RuleViolation as refusal:
        return _case_page(
            no, form={"name": "hold", "values": typed, "faults": [{"detail": refusal.detail}]}
        ), 409
    return act(lambda: None, "已暂缓出件。", case_address(no))


@blueprint.post("/cases/<no>/holds/<hold_id>/lift")
@access.role(*DOERS)
def unhold(no: str, hold_id: str) -> ResponseReturnValue:
    """Lift a hold and say what was done."""
    done = "：".join(part for name in ("done", "note") if (part := request.form.get(name, "").strip()))
    lift = partial(lift_hold, services(), current_actor(), no, hold_id, done=done)
    return act(lift, "已解除这条暂缓。", _back(no))


@blueprint.post("/cases/<no>/holds/<hold_id>/until")
@access.role(*DOERS)
def postpone(no: str, hold_id: str) -> ResponseReturnValue:
    """Another day on which somebody looks again."""

    def move() -> None:
        until = read_day(request.form.get("until"))
        postpone_hold(services(), current_actor(), no, hold_id, until)

    return act(move, "已改暂缓到期日。", _back(no))


def _back(no: str) -> str:
    """To the list of holds for who came from there."""
    return "/window/holds" if request.form.get("back") == "holds" else case_address(no)


@blueprint.post("/cases/<no>/cancel")
@access.role(*DOERS)
def cancel(no: str) -> ResponseReturnValue:
    """Cancel the case; its papers become void."""
    reason = request.form.get("reason", "")
    return act(
        lambda: cancel_case(services(), current_actor(), no, reason),
        "办件已取消，证件已作废。",
        case_address(no),
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
    return act(lambda: None, "送法已改，旧面单作废，新面单马上做好。", case_address(no))


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
