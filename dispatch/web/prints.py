"""The print batches of the day, and those of other days by their number."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import NotFound
from ..printing.ledger import batches_of, find_batches
from . import access
from .access import current_actor, services
from .rooms import staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("prints", __name__, url_prefix="/window/prints")


@blueprint.get("")
@access.role(*DOERS)
def batches() -> ResponseReturnValue:
    """Today's batches, those nobody confirmed first; ``?q=`` a batch or sheet number."""
    asked = request.args.get("q", "").strip()
    if asked:
        try:
            found = find_batches(services(), current_actor(), asked[:64])
        except NotFound as refusal:
            flash(refusal.detail, "bad")
        else:
            if len(found) == 1:
                return redirect(f"/window/papers/{found[0]['id']}", 303)
            return staff_page("window/prints.html", "labels", batches=found, asked=asked)
    return staff_page(
        "window/prints.html", "labels", batches=batches_of(services(), current_actor()), asked=asked
    )
