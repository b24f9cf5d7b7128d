"""Files that go to others: the daily return file for the acceptance platform."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..errors import Invalid
from ..returnfile import STATES, VALIDITY, note_made, return_lines, return_table, span
from . import access
from .access import current_actor, services
from .exports import table_file
from .rooms import staff_page

__all__ = ["blueprint"]

_ROOM: Final = ("clerk", "supervisor", "department", "observer")
_SHOWN: Final = 50

blueprint = Blueprint("returns", __name__, url_prefix="/window/exports")


@blueprint.get("")
@access.role(*_ROOM)
def page() -> ResponseReturnValue:
    """The file of a day or of several, looked at before it is made; yesterday's where nothing is asked."""
    today = local_date(services().clock.now())
    days = [today - timedelta(days=back) for back in range(1, 8)]
    first, last = request.args.get("from") or days[0].isoformat(), request.args.get("to", "")
    try:
        begins, ends = span(services(), first, last)
    except Invalid as refusal:
        faults = [one.as_dict() for one in refusal.faults]
        return _page(today, days, first, last or first, faults=faults), 422
    lines = return_lines(services(), current_actor(), begins, ends)
    return _page(today, days, begins.isoformat(), ends.isoformat(), lines=lines, total=len(lines))


def _page(today: date, days: list[date], first: str, last: str, **more: object) -> str:
    return staff_page(
        "window/exports.html", "more", today=today, days=days, first=first, last=last, states=STATES, validity=VALIDITY,
        shown=_SHOWN, **more,
    )  # fmt: skip


@blueprint.get("/returnfile")
@access.role(*_ROOM)
def file() -> Response:
    """The file itself."""
    begins, ends = span(services(), request.args.get("from", ""), request.args.get("to", ""))
    lines = return_lines(services(), current_actor(), begins, ends)
    answer = table_file(return_table(lines, begins, ends), ends)
    note_made(services(), current_actor(), begins, ends, len(lines))
    return answer
