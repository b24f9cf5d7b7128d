"""What people see: the entrance, where is my envelope, whose envelope is this, promises, advice, the private page."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from ..consignments.track import private_view, public_track
from ..desk import private_particulars
from ..errors import NotFound
from . import access, words
from .access import optional_actor, services
from .pages import render_page
from .rooms import home_of

__all__ = ["blueprint"]

blueprint = Blueprint("applicant", __name__)


@blueprint.get("/")
@access.public
def home() -> ResponseReturnValue:
    """Three doors."""
    actor = optional_actor()
    return render_page("applicant/home.html", room=home_of(actor.role) if actor and actor.role else "")


@blueprint.get("/c")
@access.public
def envelope() -> ResponseReturnValue:
    """A label's code in a stranger's hand: whose envelope, whom to call, nothing personal."""
    return render_page("applicant/envelope.html")


@blueprint.get("/open")
@access.public
def promises() -> ResponseReturnValue:
    """What the service promises."""
    return render_page("applicant/open.html", figures=None)


@blueprint.get("/guide")
@access.public
def guide() -> ResponseReturnValue:
    """What to bring, who may sign, what to do when something is wrong."""
    return render_page("applicant/guide.html")


@blueprint.get("/track")
@access.public
def ask() -> ResponseReturnValue:
    """The form."""
    return render_page("applicant/track.html", answer=None, given={})


@blueprint.post("/track")
@access.public
def track() -> ResponseReturnValue:
    """State and next step, nothing more; the same words for every miss."""
    number, tail = request.form.get("acceptance_no", ""), request.form.get("phone_tail", "")
    try:
        found = public_track(services(), number, tail, request.remote_addr or "")
    except NotFound as miss:
        given = {"acceptance_no": number[:64]}
        return render_page("applicant/track.html", answer=None, given=given, fault=miss.detail), 404
    return render_page("applicant/track.html", answer=_told(found), given={})


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """Icon and tone beside the sentence."""
    look = words.word("consignment", found["state"])
    if look is words.UNKNOWN or found["state"] == "cancelled":
        look = words.word("case", found["state"])
    expected = date.fromisoformat(found["expected_day"]) if found["expected_day"] else None
    return {
        "state_text": found["state_words"],
        "tone": look.tone,
        "icon": look.icon,
        "expected": expected,
        "sentence": found["next_step"] or f"{found['state_words']}。",
    }


@blueprint.get("/m/<secret>")
@access.secret_link
def private(secret: str) -> Response:
    """The applicant's own page; not to be kept or indexed anywhere."""
    view = private_view(services(), secret)
    particulars = private_particulars(services(), secret)
    envelopes = [one | particulars.get(one["id"], {}) for one in view["consignments"]]
    expected = date.fromisoformat(view["expected_day"]) if view["expected_day"] else None
    page = make_response(
        render_page("applicant/private.html", view=view, envelopes=envelopes, expected=expected)
    )
    page.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return page
