"""What anybody may ask: is this paper genuine, and where is my envelope (contract, sections 4 and 6)."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..consignments.track import public_track
from . import access
from .access import services
from .api_input import answer, read
from .api_models import Track

__all__ = ["blueprint"]

blueprint = Blueprint("api_public", __name__, url_prefix="/api/v1")


@blueprint.post("/track")
@access.public
def track() -> ResponseReturnValue:
    """Where the envelope is, for who knows the acceptance number and a phone's last four; misses are counted."""
    asked = read(Track)
    return answer(public_track(services(), asked.acceptance_no, asked.phone_tail, request.remote_addr or ""))
