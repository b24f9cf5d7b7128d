"""One hand-over list at the window, and the page on which the carrier's person signs it on the office's screen."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..attachments import KINDS
from ..consignments.signing import Signing, open_list, sign_on_screen
from ..consignments.tickets import manifest_of_ticket
from ..errors import Invalid, RuleViolation
from ..signature import signature_of
from . import access
from .access import current_actor, services
from .desk import desk_page
from .rooms import staff_page
from .security import scanner

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("signing", __name__, url_prefix="/window")


@blueprint.get("/manifests/<manifest_id>")
@access.role(*DOERS)
def manifest(manifest_id: str) -> ResponseReturnValue:
    """One list: what is on it, whether it is signed, by whom."""
    view = open_list(services(), current_actor(), manifest_id)
    carrier = services().carriers.get(view.carrier)
    own = carrier is not None and carrier.own_hands
    return desk_page("window/manifest.html", "handover", list=view, own=own, kinds=dict(KINDS))


@blueprint.get("/manifests/<manifest_id>/sign")
@access.role(*DOERS)
@scanner
def sign(manifest_id: str) -> ResponseReturnValue:
    """The signing page, opened by the clerk."""
    return _sign_page(open_list(services(), current_actor(), manifest_id))


@blueprint.get("/sign/<secret>")
@access.role(*DOERS)
@scanner
def by_ticket(secret: str) -> ResponseReturnValue:
    """The signing page, opened by the one-time code on the paper. Opening uses nothing up."""
    try:
        found = manifest_of_ticket(services(), current_actor(), secret)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
        return redirect("/window/handover", 303)
    return _sign_page(open_list(services(), current_actor(), found), ticket=secret)


@blueprint.post("/manifests/<manifest_id>/sign")
@access.role(*DOERS)
@scanner
def signed(manifest_id: str) -> ResponseReturnValue:
    """Signed: what is wrong is said on the same page, with everything typed still there but the signature."""
    form = request.form
    try:
        results = sign_on_screen(
            services(), current_actor(), manifest_id, counted=_number(form.get("counted", "")),
            left_out=form.getlist("left_out"), name=form.get("name", ""), staff_no=form.get("staff_no", ""),
            signature=signature_of(form), ticket=form.get("ticket", ""),
        )  # fmt: skip
    except Invalid as refusal:
        return _again(manifest_id, [fault.detail for fault in refusal.faults]), 422
    except RuleViolation as refusal:
        return _again(manifest_id, [refusal.detail]), 409
    flash(f"已签收 {len(results)} 封，都算交寄了。", "ok")
    return redirect(f"/window/manifests/{manifest_id}", 303)


def _number(typed: str) -> int | None:
    text = typed.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


def _again(manifest_id: str, faults: list[str]) -> str:
    view = open_list(services(), current_actor(), manifest_id)
    return _sign_page(view, faults=faults, ticket=request.form.get("ticket", ""))


def _sign_page(view: Signing, *, faults: list[str] | None = None, ticket: str = "") -> str:
    out = set(request.form.getlist("left_out"))
    return staff_page(
        "window/sign.html", "list", list=view, faults=[{"detail": one} for one in faults or ()], ticket=ticket,
        typed=request.form, out=out,
    )  # fmt: skip
