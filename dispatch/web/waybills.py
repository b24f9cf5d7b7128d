"""Waybill numbers by file: the portal's batch file out, its answer looked at and taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..consignments.waybill_files import (
    AT_ONCE,
    OUTCOMES,
    AnswerRow,
    count_waiting,
    layouts_for,
    look_at_answer,
    request_file,
    take_numbers,
)
from ..errors import Invalid
from . import access
from .access import current_actor, services
from .exports import table_file
from .rooms import staff_page
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_SHOWN: Final = 300
#: what a person must look at comes first
_ORDER: Final = tuple(OUTCOMES)
_QUIET: Final = frozenset({"new", "bound", "same", "empty"})

blueprint = Blueprint("waybills", __name__, url_prefix="/window")


@blueprint.get("/waybills")
@access.role(*DOERS)
def page() -> ResponseReturnValue:
    """What waits for a number; the file for the carrier; the answer."""
    return _page()


def _page(**more: Any) -> str:
    waiting = count_waiting(services(), current_actor())
    return staff_page(
        "window/waybills.html",
        "labels",
        waiting=waiting,
        layouts=layouts_for(services()),
        words=OUTCOMES,
        **more,
    )


@blueprint.get("/waybills.xlsx")
@access.role(*DOERS)
def out() -> Response:
    """Waiting envelopes in a portal's layout, full addresses; audited."""
    return table_file(request_file(services(), current_actor(), request.args.get("layout", "")))


@blueprint.post("/waybills")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def look() -> ResponseReturnValue:
    """The carrier's answer, looked at: nothing is stored yet."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _page(problem="请先选好邮政发回来的表。"), 422
    try:
        rows = look_at_answer(services(), current_actor(), upload.filename, upload.read())
    except Invalid as refusal:
        return _page(problem="；".join(fault.detail for fault in refusal.faults)), 422
    return _page(**_shown(rows, [(r.line, r.order_no, r.number) for r in rows if r.outcome == "new"]))


@blueprint.post("/waybills/take")
@access.role(*DOERS)
def take() -> ResponseReturnValue:
    """Bind what was looked at, as many as a page can wait for; the rest is offered again."""
    pairs = _pairs(request.form.get("pairs", ""))
    rows = take_numbers(services(), current_actor(), pairs[:AT_ONCE])
    return _page(**_shown(rows, pairs[AT_ONCE:]), taken=True)


def _shown(rows: Sequence[AnswerRow], rest: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    counts = Counter(row.outcome for row in rows)
    ordered = sorted(rows, key=lambda row: (row.outcome in _QUIET, row.line))
    return {
        "rows": ordered[:_SHOWN], "total": len(rows), "tally": [(key, counts[key]) for key in _ORDER if counts[key]],
        "bad": sum(counts[key] for key in counts if key not in _QUIET), "quiet": _QUIET,
        "pairs": "\n".join(f"{line} {order_no} {number}" for line, order_no, number in rest), "rest": len(rest),
    }  # fmt: skip


def _pairs(text: str) -> list[tuple[int, str, str]]:
    """What the page before wrote; anything else is passed over, since each pair is judged again."""
    found = []
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[0].isascii() and parts[0].isdigit():
            found.append((int(parts[0]), parts[1][:40], parts[2][:40]))
    return found
