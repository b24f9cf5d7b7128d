"""What people see: the entrance, where is my envelope, whose envelope is this, promises, advice, the private page."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from ..consignments.track import private_view, public_track
from ..desk import private_particulars
from ..errors import Invalid, NotFound, NotPermitted, RuleViolation
from ..service.receiving import electronic_view, paper_by_code, receive, send_code
from . import access, words
from .access import optional_actor, services
from .exports import file_to_keep
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
    return _private(secret)


def _private(secret: str, *, fault: str = "", code: str = "", status: int = 200) -> Response:
    view = private_view(services(), secret)
    particulars = private_particulars(services(), secret)
    envelopes = [one | particulars.get(one["id"], {}) for one in view["consignments"]]
    expected = date.fromisoformat(view["expected_day"]) if view["expected_day"] else None
    page = make_response(
        render_page(
            "applicant/private.html", view=view, envelopes=envelopes, expected=expected, secret=secret,
            electronic=electronic_view(services(), secret), fault=fault, code=code,
        ),
        status,
    )  # fmt: skip
    page.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return page


@blueprint.post("/m/<secret>/code")
@access.secret_link
def ask_code(secret: str) -> Response:
    """Send a code to the phone on file."""
    try:
        send_code(services(), secret)
    except RuleViolation as refusal:
        return _private(secret, fault=refusal.detail, status=409)
    return _private(secret)


@blueprint.post("/m/<secret>/receive")
@access.secret_link
def take(secret: str) -> Response:
    """With the code: consent where it is missing, and the papers."""
    code, agreed = request.form.get("code", ""), bool(request.form.get("agree"))
    try:
        receive(services(), secret, code, agreed=agreed)
    except Invalid as refusal:
        return _private(secret, fault="；".join(one.detail for one in refusal.faults), status=422)
    except (RuleViolation, NotPermitted) as refusal:
        return _private(secret, fault=refusal.detail, status=409)
    return _private(secret, code=code)


@blueprint.post("/m/<secret>/papers/<document_id>")
@access.secret_link
def paper(secret: str, document_id: str) -> Response:
    """One received paper."""
    try:
        data, kind, name = paper_by_code(services(), secret, request.form.get("code", ""), document_id)
    except (RuleViolation, NotPermitted) as refusal:
        return _private(secret, fault=refusal.detail, status=409)
    return file_to_keep(data, kind, name)
