"""A shared screen: how its session stands, lock, unlock, change who acts. Each as a page, and for the page's own script."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import Invalid, NotPermitted, RuleViolation
from ..people import IDLE, LoggedIn
from ..shared_screen import lock_screen, screen_state, switch_user, unlock_screen
from . import access, words
from .access import current_actor, safe_next, services, session_secret
from .api_input import answer, json_body
from .door import come_in, door_page, with_session
from .rooms import staff_page

__all__ = ["blueprint"]

_TEXT: Final = 300

blueprint = Blueprint("screens", __name__, url_prefix="/people")


@blueprint.get("/session.json")
@access.public
def state() -> ResponseReturnValue:
    """``{state, user, csrf, idle_left}`` of the browser's own session; asking does not put off its end."""
    found = screen_state(services(), session_secret())
    told = {"state": found.state, "user": found.user_name, "csrf": found.csrf, "idle_left": found.idle_left}
    return answer(told)


# -- lock and unlock -------------------------------------------------------------------------------------------------
@blueprint.post("/lock")
@access.signed_in
def lock() -> ResponseReturnValue:
    """Lock the screen; the way back stands in the form."""
    lock_screen(services(), current_actor(), session_secret())
    return redirect(f"/login?next={safe_next(request.form.get('next'), '/window')}", 303)


@blueprint.post("/lock.json")
@access.signed_in
def lock_quietly() -> ResponseReturnValue:
    """Lock the screen; the page lays its own lock over itself."""
    lock_screen(services(), current_actor(), session_secret())
    return answer({"state": "locked"})


@blueprint.post("/unlock")
@access.public
def unlock() -> ResponseReturnValue:
    """Go on with a PIN or a password."""
    target, kept = safe_next(request.form.get("next"), ""), request.form.get("kept", "")
    try:
        begun = _unlock(request.form)
    except Invalid as refusal:
        return door_page(target=target, kept=kept, fault=refusal.faults[0].detail), 422
    except (NotPermitted, RuleViolation) as refusal:
        return door_page(target=target, kept=kept, fault=refusal.detail), _status(refusal)
    return come_in(begun, target, kept)


@blueprint.post("/unlock.json")
@access.public
def unlock_quietly() -> ResponseReturnValue:
    """As ``unlock``; the page goes on with the token of the fresh session."""
    return _told(_unlock(_body()))


def _unlock(given: Any) -> LoggedIn:
    who, proof = (str(given.get(name, ""))[:_TEXT] for name in ("who", "secret"))
    return unlock_screen(services(), session_secret(), who, proof, request.remote_addr or "")


def _body() -> dict[str, Any]:
    body = json_body()
    return body if isinstance(body, dict) else {}


def _told(begun: LoggedIn) -> Response:
    """Who acts now, for the page that stays."""
    who = begun.session
    told = {
        "user": who.user_name,
        "role": words.plain(words.ROLES, who.actor.role),
        "csrf": who.csrf,
        "idle_left": int(IDLE.total_seconds()),
    }
    return with_session(make_response(answer(told)), begun)


def _status(refusal: NotPermitted | RuleViolation) -> int:
    return 429 if refusal.code == "too_many" else 403


# -- change who acts -------------------------------------------------------------------------------------------------
@blueprint.get("/switch")
@access.signed_in
def ask() -> ResponseReturnValue:
    """The form, for browsers without the dialog."""
    return staff_page("people/switch.html", "", next=safe_next(request.args.get("next"), ""), fault="")


@blueprint.post("/switch")
@access.signed_in
def switch() -> ResponseReturnValue:
    """A colleague takes over; the session before ends."""
    target = safe_next(request.form.get("next"), "")
    try:
        begun = _switch(request.form)
    except Invalid as refusal:
        page = staff_page("people/switch.html", "", next=target, fault=refusal.faults[0].detail)
        return page, 422
    except (NotPermitted, RuleViolation) as refusal:
        return staff_page("people/switch.html", "", next=target, fault=refusal.detail), _status(refusal)
    return come_in(begun, target, "")


@blueprint.post("/switch.json")
@access.signed_in
def switch_quietly() -> ResponseReturnValue:
    """As ``switch``; what is typed on the page stays."""
    return _told(_switch(_body()))


def _switch(given: Any) -> LoggedIn:
    who, pin = (str(given.get(name, ""))[:_TEXT] for name in ("who", "secret"))
    return switch_user(
        services(), current_actor(), session_secret(), who, pin, screen=request.remote_addr or "window"
    )
