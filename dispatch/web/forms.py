"""The sheets that people sign, printed from the case: one kind for one case or for many, blank ones, denials of a day."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date, parse_date
from ..errors import Fault, Invalid
from ..forms import blank_applications, denials_of_day, forms_pdf
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_NAMES = {"application": "快递申请单", "contents": "内件清单", "service": "送达回证"}

blueprint = Blueprint("forms", __name__, url_prefix="/window")


@blueprint.get("/forms")
@access.role(*DOERS)
def forms() -> ResponseReturnValue:
    """Blank forms and the receipts that a day's denials need."""
    day = parse_date(request.args.get("day", "")) or local_date(services().clock.now())
    denials = denials_of_day(services(), current_actor(), day)
    return staff_page("window/forms.html", "more", day=day, denials=denials)


@blueprint.post("/forms.pdf")
@access.role(*DOERS)
def print_forms() -> Response:
    """One kind of sheet for the chosen cases or envelopes; audited for each."""
    kind = request.args.get("kind") or request.form.get("kind", "")
    pdf = forms_pdf(
        services(), current_actor(), kind, request.form.getlist("acceptance_no")[:500],
        consignment_ids=request.form.getlist("consignment_id")[:500], size=request.args.get("size", "A5"),
    )  # fmt: skip
    return attachment(pdf, "application/pdf", f"{_NAMES[kind]}.pdf")


@blueprint.post("/forms/blank.pdf")
@access.role(*DOERS)
def print_blank() -> Response:
    """Blank applications with numbers to tear off."""
    typed = request.form.get("count", "").strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        raise Invalid([Fault("/count", "malformed", "请写明要打几张空白申请单（1 到 100）。")])
    pdf = blank_applications(services(), current_actor(), int(typed))
    return attachment(pdf, "application/pdf", "空白快递申请单.pdf")
