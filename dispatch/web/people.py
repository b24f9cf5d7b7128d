"""Logging in and out, one's own password and PIN."""

from __future__ import annotations

from flask import Blueprint, current_app, make_response, redirect, request
from flask.typing import ResponseReturnValue

from ..badges import own_proofs, set_own_pin
from ..errors import Invalid, NotPermitted, RuleViolation
from ..own_password import change_own_password
from ..people import log_in, log_out
from . import access
from .access import current_actor, safe_next, services, session_cookie, session_secret
from .door import come_in, door_page, with_session
from .pages import render_page
from .rooms import act, home_of, staff_page

__all__ = ["blueprint"]

blueprint = Blueprint("people", __name__)


@blueprint.get("/login")
@access.public
def ask() -> ResponseReturnValue:
    """The form."""
    return door_page(target=safe_next(request.args.get("next"), ""))


@blueprint.post("/login")
@access.public
def begin() -> ResponseReturnValue:
    """Begin a session and go where one was going, or to one's own room."""
    name, target = request.form.get("name", ""), safe_next(request.form.get("next"), "")
    kept = request.form.get("kept", "")
    try:
        begun = log_in(services(), name, request.form.get("password", ""), request.remote_addr or "")
    except (NotPermitted, RuleViolation) as refusal:
        return door_page(name=name[:60], target=target, kept=kept, fault=refusal.detail), _refused(refusal)
    log_out(services(), session_secret())  # one screen, one session
    return come_in(begun, target, kept)


def _refused(refusal: NotPermitted | RuleViolation) -> int:
    return 429 if refusal.code == "too_many" else 403


@blueprint.post("/logout")
@access.signed_in
def end() -> ResponseReturnValue:
    """End the session; what the browser kept of our pages goes as well."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    log_out(services(), session_secret())
    gone = make_response(redirect("/login", 303))
    gone.delete_cookie(session_cookie(secure), path="/", secure=secure, httponly=True, samesite="Lax")
    gone.headers["Clear-Site-Data"] = '"cache"'
    return gone


# -- one's own password and PIN --------------------------------------------------------------------------------------
@blueprint.get("/people/password")
@access.signed_in
def password() -> ResponseReturnValue:
    """The form."""
    return render_page("people/password.html", home=home_of(current_actor().role))


@blueprint.post("/people/password")
@access.signed_in
def change() -> ResponseReturnValue:
    """A new password; all other sessions end, this one goes on anew."""
    typed = [request.form.get(name, "") for name in ("old", "password", "again")]
    try:
        begun = change_own_password(services(), current_actor(), *typed, address=request.remote_addr or "")
    except Invalid as refusal:
        return render_page("people/password.html", faults=[fault.as_dict() for fault in refusal.faults]), 422
    except (NotPermitted, RuleViolation) as refusal:
        return render_page("people/password.html", fault=refusal.detail), _refused(refusal)
    return with_session(redirect(home_of(begun.session.actor.role), 303), begun)


@blueprint.get("/people/pin")
@access.signed_in
def pin() -> ResponseReturnValue:
    """Whether one has a PIN and a badge, and the form for the PIN."""
    return _pin_page()


def _pin_page(fault: str = "") -> str:
    return staff_page("people/pin.html", "", mine=own_proofs(services(), current_actor()), fault=fault)


@blueprint.post("/people/pin")
@access.signed_in
def new_pin() -> ResponseReturnValue:
    """Set one's own PIN; the password proves who asks."""
    typed = [request.form.get(name, "") for name in ("password", "pin", "again")]
    if typed[1] != typed[2]:
        return _pin_page("两次输入的 PIN 不一样，请再输一遍。"), 422
    try:
        set_own_pin(services(), current_actor(), typed[0], typed[1])
    except Invalid as refusal:
        return _pin_page(refusal.faults[0].detail), 422
    except (NotPermitted, RuleViolation) as refusal:
        return _pin_page(refusal.detail), _refused(refusal)
    return act(lambda: None, "PIN 设好了。换人、锁屏以后打开、给同事作证，都用它。", "/people/pin")
