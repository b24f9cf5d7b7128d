"""Correcting a case at the window: the form, what would change, and only then storing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..correction import NEW_FIELDS, Form, Preview, preview, read_form, save
from ..errors import Fault, Invalid, RuleViolation
from . import access
from .access import current_actor, services
from .case_page import case_address
from .rooms import staff_page

__all__ = ["blueprint"]

ENTERERS = ("clerk", "department")

blueprint = Blueprint("correct", __name__, url_prefix="/window")


@blueprint.get("/cases/<no>/correct")
@access.role(*ENTERERS)
def form(no: str) -> ResponseReturnValue:
    """What may be corrected now, in full; the look is audited."""
    found = _found(no)
    return _page(found, {"seen": found.seen}) if isinstance(found, Form) else found


@blueprint.post("/cases/<no>/correct")
@access.role(*ENTERERS)
def judge(no: str) -> ResponseReturnValue:
    """First what would change, then storing what was looked at."""
    found = _found(no)
    if not isinstance(found, Form):
        return found
    # a browser sends the lines of a text with CR LF
    typed = {k: v.replace("\r\n", "\n") for k, v in request.form.items() if k != "csrf_token"}
    try:
        seen = preview(services(), found, typed)
        agreed = typed.get("agreed", "") if typed.get("act") == "save" else ""
        if not agreed or not seen.changes or not save(services(), current_actor(), found, typed, agreed):
            return _page(found, typed, seen=seen)
    except Invalid as refusal:
        return _page(found, typed, refusal.faults, status=422)
    except RuleViolation as refusal:
        return _page(found, typed, [Fault("", refusal.code, refusal.detail)], status=409)
    flash(
        f"已更正 {len(seen.changes)} 处。更正过的件，要由另一位同事出件。"
        if found.whole
        else "已更正，正在重新制证。",
        "ok",
    )
    return redirect(case_address(no), 303)


def _found(no: str) -> Form | ResponseReturnValue:
    try:
        return read_form(services(), current_actor(), no)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
        return redirect(case_address(no), 303)


def _page(
    found: Form,
    typed: Mapping[str, str],
    faults: Iterable[Fault] = (),
    *,
    seen: Preview | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    told = list(faults)
    cells = {cell.pointer for section in found.sections for cell in section.cells}
    wrong: dict[str, str] = {}
    for one in told:
        place = next((p for p in _upwards(one.pointer) if p in cells), "")
        wrong.setdefault(place, one.detail)
    return staff_page(
        "window/correct.html", "list", form=found, typed=typed, wrong=wrong, seen=seen, new_fields=NEW_FIELDS,
        faults=[one.as_dict() for one in told], changed={one["pointer"] for one in seen.changes} if seen else (),
    ), status  # fmt: skip


def _upwards(pointer: str) -> Iterable[str]:
    """The pointer itself, then what it is a part of: a fault of one part of a region belongs to the region's cell."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
