"""窗口自取: the shelf, one envelope on it, the check of who came, and handing it over or not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..consignments.label import slip_pdf
from ..counter import REFUSALS, found_on_shelf, hand_over, on_shelf, refuse_collection
from ..desk import at_counter
from ..errors import Fault, Invalid, RuleViolation
from ..export import Table
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .exports import table_file
from .rooms import act, staff_page
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("counter", __name__, url_prefix="/window/counter")


@blueprint.get("")
@access.role(*DOERS)
def shelf() -> ResponseReturnValue:
    """What waits on the shelf; one found by its place, a name, a phone's last four or a scan opens at once."""
    q = request.args.get("q", "").strip()
    rows = at_counter(services(), current_actor())
    found = found_on_shelf(services(), current_actor(), q) if q else None
    if found is not None and len(found) == 1:
        return redirect(f"/window/counter/{next(iter(found))}", 303)
    shown = [row for row in rows if found is None or row["id"] in found]
    return staff_page("window/counter.html", "counter", rows=shown, q=q, total=len(rows))


@blueprint.get("/table")
@access.role(*DOERS)
def table() -> Response:
    """The shelf as a table, persons masked."""
    rows = [
        (row["shelf_place"], row["recipient"], "、".join(row["titles"]), row["acceptance_no"], row["since"])
        for row in at_counter(services(), current_actor())
    ]
    return table_file(
        Table("窗口自取", ("架位", "取件人", "证件（文书）", "统一受理号", "放上架的时间"), rows)
    )


@blueprint.get("/<consignment_id>/slip.pdf")
@access.role(*DOERS)
def slip(consignment_id: str) -> Response:
    """The shelf slip."""
    return attachment(slip_pdf(services(), current_actor(), consignment_id), "application/pdf", "取件单.pdf")


@blueprint.get("/<consignment_id>")
@access.role(*DOERS)
def envelope(consignment_id: str) -> ResponseReturnValue:
    """One envelope: where it lies, who may take it, what he must show."""
    try:
        return _page(consignment_id)
    except RuleViolation as refusal:
        flash(refusal.detail, "wait")
        return redirect("/window/counter", 303)


def _page(consignment_id: str, typed: dict[str, Any] | None = None, faults: list[Fault] | None = None) -> str:
    view = on_shelf(services(), current_actor(), consignment_id)
    return staff_page(
        "window/counter_one.html", "counter", shelf=view, typed=typed or {}, refusals=REFUSALS,
        faults=[{"pointer": one.pointer, "detail": one.detail} for one in faults or []],
    )  # fmt: skip


@blueprint.post("/<consignment_id>")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def collected(consignment_id: str) -> ResponseReturnValue:
    """Somebody came and was checked: the envelope is in his hands."""
    typed = {key: request.form.get(key, "").strip() for key in ("who", "name", "id_tail", "code")}
    shown = request.form.getlist("shown")
    upload = request.files.get("authorization")
    picture = upload.read() if upload else b""
    try:
        state = hand_over(services(), current_actor(), consignment_id, typed, shown, picture)
    except Invalid as refusal:
        return _page(consignment_id, typed | {"shown": shown}, list(refusal.faults)), 422
    except RuleViolation as refusal:
        if refusal.code == "not_now":
            flash(refusal.detail, "wait")
            return redirect("/window/counter", 303)
        return _page(consignment_id, typed | {"shown": shown}, [Fault("", refusal.code, refusal.detail)]), 409
    if state == "to_verify":
        flash("送达码不对，或来人不在可以签收的人里，已记作“签收待核实”，请到办件页核实。", "wait")
    else:
        flash("已记下：交到手里。", "ok")
    return redirect("/window/counter", 303)


@blueprint.post("/<consignment_id>/refused")
@access.role(*DOERS)
def refused(consignment_id: str) -> ResponseReturnValue:
    """Somebody came and did not get it."""
    reason, note = request.form.get("reason", ""), request.form.get("note", "")
    return act(
        lambda: refuse_collection(services(), current_actor(), consignment_id, reason, note),
        "已记下：没有交，信封还在架上。",
        f"/window/counter/{consignment_id}",
    )
