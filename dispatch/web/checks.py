"""What holds a case back: the list of holds."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..holds import KINDS, OUTCOMES, holds_table, list_holds
from . import access
from .access import current_actor, services
from .case_page import may_here
from .exports import table_file
from .rooms import staff_page

__all__ = ["blueprint"]

READERS = ("clerk", "supervisor", "department", "observer")

blueprint = Blueprint("checks", __name__, url_prefix="/window")


@blueprint.get("/holds")
@access.role(*READERS)
def holds() -> ResponseReturnValue:
    """Holds of this office: open, due, lifted; narrowed by reason."""
    kind, view = _chosen()
    listed = list_holds(services(), current_actor(), kind=kind, due=view == "due", lifted=view == "lifted")
    return staff_page(
        "window/holds.html", "more", rows=listed.rows, counts_by=listed.counts, kind=kind, view=view,
        kinds=KINDS, outcomes=OUTCOMES, may=may_here(), today=local_date(services().clock.now()),
    )  # fmt: skip


@blueprint.get("/holds/export")
@access.role(*READERS)
def holds_file() -> ResponseReturnValue:
    """The same list as a file."""
    kind, view = _chosen()
    table = holds_table(services(), current_actor(), kind=kind, due=view == "due", lifted=view == "lifted")
    return table_file(table)


def _chosen() -> tuple[str, str]:
    """Reason and view, empty for what is not offered."""
    kind, view = request.args.get("kind", ""), request.args.get("view", "")
    return kind if kind in KINDS else "", view if view in ("due", "lifted") else ""
