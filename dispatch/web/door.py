"""The door: the form that asks who somebody is, and the session that begins behind it."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect
from werkzeug.wrappers import Response as BaseResponse

from ..people import LoggedIn
from ..shared_screen import screen_state
from .access import begin_here, safe_next, services, session_cookie, session_secret
from .kept import kept_form
from .pages import render_page
from .rooms import home_of

__all__ = ["come_in", "door_page", "with_session"]


def door_page(*, target: str = "", kept: str = "", fault: str = "", name: str = "") -> str:
    """The log-in form, or on a locked screen the one that its person's PIN opens. ``kept``: a form that waits."""
    state = screen_state(services(), session_secret())
    waits = kept_form(kept) if kept else None
    return render_page(
        "people/login.html", name=name, next=target, kept=kept if waits else "", fault=fault,
        files_lost=bool(waits and waits.files), locked=state.user_name if state.state == "locked" else "",
    )  # fmt: skip


def come_in(begun: LoggedIn, target: str, kept: str) -> Response:
    """Behind the door: the form that waited, where one was going, or one's own room."""
    waits = kept_form(kept) if kept else None
    if waits:
        begin_here(begun)
        page = make_response(
            render_page("people/again.html", waits=waits, home=home_of(begun.session.actor.role))
        )
        return with_session(page, begun)
    inside = safe_next(target, "")
    home = home_of(begun.session.actor.role)
    return with_session(redirect(inside if inside and inside != "/" else home, 303), begun)


def with_session(page: BaseResponse, begun: LoggedIn) -> Response:
    """The answer, with the cookie of the session that has begun."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    made = make_response(page)
    made.set_cookie(
        session_cookie(secure), begun.secret, path="/", secure=secure, httponly=True, samesite="Lax"
    )
    return made
