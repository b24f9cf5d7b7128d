"""What stands between issuing and the envelope: holds, and the page that a second person compares with the case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..errors import Invalid, RuleViolation
from ..holds import KINDS, OUTCOMES, holds_table, list_holds
from ..proof import find_right, find_wrong, open_proof, page_image, waiting_for_proof
from . import access
from .access import current_actor, services
from .case_page import may_here
from .exports import table_file
from .rooms import staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
READERS = ("clerk", "supervisor", "department", "observer")

blueprint = Blueprint("checks", __name__, url_prefix="/window")


@blueprint.get("/holds")
@access.role(*READERS)
def holds() -> ResponseReturnValue:
    """Holds of this office: open, due, lifted; narrowed by reason."""
    kind, view = _chosen()
    listed = list_holds(services(), current_actor(), kind=kind, due=view == "due", lifted=view == "lifted")
    return staff_page(
        "window/holds.html", "more", rows=listed.rows, counts_by=listed.counts, kind=kind, view=view,
        kinds=KINDS, outcomes=OUTCOMES, may=may_here(), today=local_date(services().clock.now()),
    )  # fmt: skip


@blueprint.get("/holds/export")
@access.role(*READERS)
def holds_file() -> ResponseReturnValue:
    """The same list as a file."""
    kind, view = _chosen()
    table = holds_table(services(), current_actor(), kind=kind, due=view == "due", lifted=view == "lifted")
    return table_file(table)


def _chosen() -> tuple[str, str]:
    """Reason and view, empty for what is not offered."""
    kind, view = request.args.get("kind", ""), request.args.get("view", "")
    return kind if kind in KINDS else "", view if view in ("due", "lifted") else ""


# -- 校对 ----------------------------------------------------------------------------------------------------------
@blueprint.get("/proof")
@access.role(*DOERS)
def proofs() -> ResponseReturnValue:
    """Pages that wait for a second pair of eyes."""
    rows = waiting_for_proof(services(), current_actor())
    return staff_page("window/proofs.html", "more", rows=rows, on=services().settings.proofread)


@blueprint.get("/proof/<document_id>")
@access.role(*DOERS)
def proof(document_id: str) -> ResponseReturnValue:
    """The page at the left, what the case says at the right."""
    return _proof_page(document_id, {}, "", 200)


@blueprint.get("/proof/<document_id>/<int:page>.png")
@access.role(*DOERS)
def picture(document_id: str, page: int) -> Response:
    """A page as it will be printed."""
    png = page_image(services(), current_actor(), document_id, page)
    return Response(png, mimetype="image/png", headers={"Cache-Control": "no-store"})


@blueprint.post("/proof/<document_id>")
@access.role(*DOERS)
def judge(document_id: str) -> ResponseReturnValue:
    """Right in every field, or wrong in some; what was ticked stays when something is missing."""
    told = {key[2:]: value for key, value in request.form.items() if key.startswith("f:")}
    wrong = [key for key, value in told.items() if value == "wrong"]
    note = request.form.get("note", "")
    try:
        if wrong:
            find_wrong(services(), current_actor(), document_id, wrong, note)
        else:
            find_right(services(), current_actor(), document_id, [k for k, v in told.items() if v == "right"])
    except Invalid as refusal:
        detail = "；".join(fault.detail for fault in refusal.faults)
        return _proof_page(document_id, told, note, 422, detail)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
        return redirect("/window/proof", 303)
    flash(
        "已记下有误，办件已暂缓，列在“待处理”。" if wrong else "校对一致，可以打印了。",
        "wait" if wrong else "ok",
    )
    return redirect("/window/proof", 303)


def _proof_page(
    document_id: str, told: dict[str, str], note: str, status: int, fault: str = ""
) -> ResponseReturnValue:
    try:
        card: dict[str, Any] = open_proof(services(), current_actor(), document_id)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
        return redirect("/window/proof", 303)
    return staff_page(
        "window/proof.html", "more", d=card, told=told, note=note or card["note"], fault=fault
    ), status
