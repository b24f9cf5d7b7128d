"""What anybody may ask: is this paper genuine, and where is my envelope (contract, sections 4 and 6)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Unauthorized

from ..consignments.track import public_track
from ..errors import Fault, Invalid
from ..rights import Scope
from ..verdict import Answer
from ..verification import verify as verify_one
from ..verification import verify_many
from . import access
from .access import optional_actor, services
from .api_input import answer, read
from .api_models import Track, Verify
from .tally import Tally

__all__ = ["blueprint"]

blueprint = Blueprint("api_public", __name__, url_prefix="/api/v1")


@blueprint.post("/verify")
@access.public
def verify() -> ResponseReturnValue:
    """Genuine or not, valid or not; many at once with a key that has the scope ``verify``."""
    asked = read(Verify).model_dump(exclude_unset=True)
    if "items" not in asked:
        return answer(_told(verify_one(services(), asked, request.remote_addr or "")))
    if len(asked) > 1 or not isinstance(asked["items"], list):
        raise Invalid([Fault("/items", "one_question", "items 应为列表，且不能与其他核验项同时给出。")])
    actor = optional_actor()
    if actor is None:
        raise Unauthorized
    actor.require(Scope.VERIFY)
    return answer({"results": [_told(found) for found in verify_many(services(), asked["items"])]})


def _told(found: Answer) -> dict[str, Any]:
    tally: Tally = current_app.extensions["dispatch_tally"]
    tally.verified(found.status)
    return found.as_dict()


@blueprint.post("/track")
@access.public
def track() -> ResponseReturnValue:
    """Where the envelope is, for who knows the acceptance number and a phone's last four; misses are counted."""
    asked = read(Track)
    return answer(public_track(services(), asked.acceptance_no, asked.phone_tail, request.remote_addr or ""))
