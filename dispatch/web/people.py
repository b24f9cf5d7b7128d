"""Logging in and out, and one's own password."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from ..errors import Invalid, NotPermitted, RuleViolation
from ..own_password import change_own_password
from ..people import LoggedIn, log_in, log_out
from . import access
from .access import current_actor, safe_next, services, session_cookie
from .pages import render_page
from .rooms import home_of

__all__ = ["blueprint"]

blueprint = Blueprint("people", __name__)


@blueprint.get("/login")
@access.public
def ask() -> ResponseReturnValue:
    """The form."""
    return render_page("people/login.html", name="", next=safe_next(request.args.get("next"), ""))


@blueprint.post("/login")
@access.public
def begin() -> ResponseReturnValue:
    """Begin a session and go where one was going, or to one's own room."""
    name, target = request.form.get("name", ""), safe_next(request.form.get("next"), "")
    try:
        begun = log_in(services(), name, request.form.get("password", ""), request.remote_addr or "")
    except (NotPermitted, RuleViolation) as refusal:
        status = 429 if refusal.code == "too_many" else 403
        return render_page("people/login.html", name=name[:60], next=target, fault=refusal.detail), status
    home = home_of(begun.session.actor.role)
    return _with_session(redirect(target if target and target != "/" else home, 303), begun)


@blueprint.post("/logout")
@access.signed_in
def end() -> ResponseReturnValue:
    """End the session; what the browser kept of our pages goes as well."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    log_out(services(), request.cookies.get(session_cookie(secure), ""))
    gone = make_response(redirect("/login", 303))
    gone.delete_cookie(session_cookie(secure), path="/", secure=secure, httponly=True, samesite="Lax")
    gone.headers["Clear-Site-Data"] = '"cache"'
    return gone


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
        status = 429 if refusal.code == "too_many" else 403
        return render_page("people/password.html", fault=refusal.detail), status
    return _with_session(redirect(home_of(begun.session.actor.role), 303), begun)


def _with_session(page: BaseResponse, begun: LoggedIn) -> Response:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    made = make_response(page)
    made.set_cookie(
        session_cookie(secure), begun.secret, path="/", secure=secure, httponly=True, samesite="Lax"
    )
    return made
