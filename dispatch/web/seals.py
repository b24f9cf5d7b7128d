"""The seal register: read at the window, written by supervisors; papers that wait for ink; what was sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..errors import Fault, Invalid, RuleViolation
from ..holds import read_day
from ..rights import Role
from ..seal_register import (
    STATES,
    change_seal,
    list_seals,
    list_uses,
    register_seal,
    resume_seal,
    seal_card,
    seals_table,
    suspend_seal,
    uses_table,
)
from ..seals import KINDS, SHOWN, mark_sealed, waiting_for_ink
from . import access
from .access import current_actor, services
from .case_page import case_address
from .exports import table_file
from .rooms import act, staff_page

__all__ = ["blueprint"]

READERS = ("clerk", "supervisor", "department", "observer")
SEALERS = ("clerk", "supervisor", "department")
_FIELDS = (
    "department", "division_code", "name", "kind", "source", "keeper", "valid_from", "valid_until", "titles",
)  # fmt: skip

blueprint = Blueprint("seals", __name__, url_prefix="/window")


def _may_edit() -> bool:
    return current_actor().role is Role.SUPERVISOR


# -- reading -------------------------------------------------------------------------------------------------------
@blueprint.get("/seals")
@access.role(*READERS)
def register() -> ResponseReturnValue:
    """Every seal of this office; entries nobody registered stand on top."""
    department = request.args.get("department", "").strip()[:80]
    rows = list_seals(services(), current_actor(), department=department)
    return staff_page(
        "window/seals.html", "more", rows=rows, department=department, kinds=KINDS, states=STATES,
        may_edit=_may_edit(), waiting=len(waiting_for_ink(services(), current_actor())),
    )  # fmt: skip


@blueprint.get("/seals/export")
@access.role(*READERS)
def register_file() -> ResponseReturnValue:
    """The register as a file."""
    department = request.args.get("department", "").strip()[:80]
    return table_file(seals_table(services(), current_actor(), department=department))


@blueprint.get("/seals/uses")
@access.role(*READERS)
def uses() -> ResponseReturnValue:
    """What the seals were used for, by day, department and seal."""
    chosen = _chosen()
    rows = list_uses(services(), current_actor(), **chosen)
    query = {"seal": chosen["seal_id"], "department": chosen["department"], "day": chosen["day"] or ""}
    return staff_page(
        "window/seal_uses.html", "more", rows=rows, most=SHOWN, kinds=KINDS, query=query,
        export=f"/window/seals/uses/export?{urlencode(query)}",
        seals=list_seals(services(), current_actor()), today=local_date(services().clock.now()),
    )  # fmt: skip


@blueprint.get("/seals/uses/export")
@access.role(*READERS)
def uses_file() -> ResponseReturnValue:
    """The same list as a file."""
    return table_file(uses_table(services(), current_actor(), **_chosen()))


def _chosen() -> dict[str, Any]:
    try:
        day = read_day(request.args.get("day"))
    except Invalid:
        day = None
        flash("日期没有看懂，列出的是所有日子的。", "wait")
    department = request.args.get("department", "").strip()[:80]
    return {"seal_id": request.args.get("seal", "")[:26], "department": department, "day": day}


# -- with ink ------------------------------------------------------------------------------------------------------
@blueprint.get("/seals/waiting")
@access.role(*SEALERS)
def waiting() -> ResponseReturnValue:
    """Papers with an empty seal area that nobody sealed yet."""
    rows = waiting_for_ink(services(), current_actor())
    seals = [
        one
        for one in list_seals(services(), current_actor())
        if one["kind"] == "hand" and one["state"] == "active"
    ]
    return staff_page("window/seals_waiting.html", "more", rows=rows, seals=seals)


@blueprint.post("/seals/mark")
@access.role(*SEALERS)
def mark() -> ResponseReturnValue:
    """These papers were sealed by hand."""
    wanted = request.form.getlist("document_id")
    seal_id, again = request.form.get("seal_id", "")[:26], request.form.get("again", "")
    number = request.form.get("acceptance_no", "")
    back = case_address(number) if number.replace("-", "").isalnum() else "/window/seals/waiting"
    batch = request.form.get("batch", "")
    if batch.isalnum():
        back = f"/window/papers/{batch}"
    return act(
        lambda: mark_sealed(services(), current_actor(), wanted, seal_id=seal_id, again=again),
        f"已登记：{len(set(wanted))} 份已盖章。",
        back,
    )


# -- writing -------------------------------------------------------------------------------------------------------
@blueprint.get("/seals/new")
@access.role("supervisor")
def blank() -> ResponseReturnValue:
    """The form for a new seal."""
    return _form(None, {"kind": request.args.get("kind", "electronic")}, (), 200)


@blueprint.post("/seals/new")
@access.role("supervisor")
def create() -> ResponseReturnValue:
    """Register a seal; what was typed stays when something is wrong."""
    return _save(None)


@blueprint.get("/seals/<seal_id>")
@access.role(*READERS)
def one(seal_id: str) -> ResponseReturnValue:
    """One seal, its last uses, and for supervisors its form."""
    card = seal_card(services(), current_actor(), seal_id)
    typed = {name: card[name] or "" for name in _FIELDS if name != "titles"}
    typed["titles"] = "\n".join(card["titles"])
    if not card["registered"]:
        typed["name"] = ""
    return _form(card, typed, (), 200)


@blueprint.post("/seals/<seal_id>")
@access.role("supervisor")
def change(seal_id: str) -> ResponseReturnValue:
    """Correct an entry, or register one that the house made."""
    return _save(seal_id)


def _save(seal_id: str | None) -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    try:
        if seal_id is None:
            seal_id_now = register_seal(services(), current_actor(), typed)
        else:
            change_seal(services(), current_actor(), seal_id, typed)
            seal_id_now = seal_id
    except Invalid as refusal:
        return _form(_card(seal_id), typed, refusal.faults, 422)
    except RuleViolation as refusal:
        return _form(_card(seal_id), typed, [Fault("", refusal.code, refusal.detail)], 409)
    flash("印章登记已存下。", "ok")
    return redirect(f"/window/seals/{seal_id_now}", 303)


def _card(seal_id: str | None) -> dict[str, Any] | None:
    return seal_card(services(), current_actor(), seal_id) if seal_id else None


def _form(
    card: dict[str, Any] | None, typed: dict[str, str], faults: Iterable[Fault], status: int
) -> ResponseReturnValue:
    told = list(faults)
    uses = list_uses(services(), current_actor(), seal_id=card["id"], limit=20) if card else []
    return staff_page(
        "window/seal.html", "more", card=card, v=typed, kinds=KINDS, states=STATES, uses=uses,
        faults=[one.as_dict() for one in told], wrong={one.pointer[1:]: one.detail for one in told},
        may_edit=_may_edit(),
    ), status  # fmt: skip


@blueprint.post("/seals/<seal_id>/suspend")
@access.role("supervisor")
def suspend(seal_id: str) -> ResponseReturnValue:
    """Out of use at once."""
    reason = request.form.get("reason", "")
    return act(
        lambda: suspend_seal(services(), current_actor(), seal_id, reason),
        "已停用。要用它的证件会停下来，列在“待处理”。",
        f"/window/seals/{seal_id}",
    )


@blueprint.post("/seals/<seal_id>/resume")
@access.role("supervisor")
def resume(seal_id: str) -> ResponseReturnValue:
    """Back to use."""
    return act(
        lambda: resume_seal(services(), current_actor(), seal_id),
        "已恢复使用。停下来的证件请到“待处理”里重做。",
        f"/window/seals/{seal_id}",
    )
