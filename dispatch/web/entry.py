"""A case that comes by hand: the form for one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import Fault, Invalid, RuleViolation
from ..intake.receive import receive_case
from . import access
from .access import current_actor, services
from .case_page import delivery_of
from .rooms import staff_page

__all__ = ["blueprint"]

ENTERERS = ("clerk", "department")
_LINE = re.compile(r"\s*([^：:]{1,60})[：:](.*)")
#: where a fault belongs on the form, the longest pointer first
_PLACES: Final = (
    ("/acceptance_no", "acceptance_no"),
    ("/item/code", "item_code"),
    ("/item/name", "item_name"),
    ("/item/promised_working_days", "promised"),
    ("/department/name", "department"),
    ("/department/division_code", "division"),
    ("/applicant/name", "applicant"),
    ("/applicant/id_no", "id_no"),
    ("/applicant/phone", "phone"),
    ("/applicant/contact", "contact"),
    ("/accepted_at", "accepted_at"),
    ("/decided_at", "decided_at"),
    ("/documents/0/title", "title"),
    ("/documents/0/number", "number"),
    ("/documents/0/valid_from", "valid_from"),
    ("/documents/0/valid_until", "valid_until"),
    ("/documents/0/fields", "fields"),
    ("/delivery/recipient/name", "r_name"),
    ("/delivery/recipient/phone", "r_phone"),
    ("/delivery/recipient/division_code", "r_division"),
    ("/delivery/recipient/region", "r_region"),
    ("/delivery/recipient/address", "r_address"),
    ("/delivery/point", "point"),
)

blueprint = Blueprint("entry", __name__, url_prefix="/window")


# -- by hand -----------------------------------------------------------------------------------------------------------
@blueprint.get("/entry")
@access.role(*ENTERERS)
def blank() -> ResponseReturnValue:
    """The empty form."""
    return _form({}, (), 200)


@blueprint.post("/entry")
@access.role(*ENTERERS)
def take() -> ResponseReturnValue:
    """Store the typed case; everything typed stays when something is wrong."""
    typed = {key: value.strip() for key, value in request.form.items() if key != "csrf_token"}
    try:
        received = receive_case(services(), current_actor(), _case(typed), source="hand")
    except Invalid as refusal:
        return _form(typed, refusal.faults, 422)
    except RuleViolation as refusal:
        return _form(typed, [Fault("", refusal.code, refusal.detail)], 409)
    flash("已存下。要由另一位同事出件。", "ok")
    return redirect(f"/window/cases/{received.acceptance_no}", 303)


def _form(typed: dict[str, str], faults: Iterable[Fault], status: int) -> ResponseReturnValue:
    told = list(faults)
    wrong: dict[str, str] = {}
    for fault in told:
        place = next((name for pointer, name in _PLACES if fault.pointer.startswith(pointer)), "")
        if place:
            wrong.setdefault(place, fault.detail)
    return staff_page(
        "window/entry.html", "list", v=typed, wrong=wrong, faults=[one.as_dict() for one in told]
    ), status


def _case(typed: dict[str, str]) -> dict[str, Any]:
    """The case of the schema out of the form."""
    given = defaultdict(str, typed)
    days = given["promised"]
    made: dict[str, Any] = {
        "acceptance_no": given["acceptance_no"],
        "item": {
            "code": given["item_code"],
            "name": given["item_name"],
            "promised_working_days": int(days) if days.isascii() and days.isdigit() else days,
        },
        "department": {"name": given["department"], "division_code": given["division"]},
        "applicant": {
            "type": given["type"] or "person",
            "name": given["applicant"],
            "id_type": given["id_type"],
            "id_no": given["id_no"],
            "phone": given["phone"],
        },
        "decision": given["decision"] or "approved",
        "accepted_at": _moment(given["accepted_at"]),
        "decided_at": _moment(given["decided_at"]),
        "documents": [_document(typed, given["kind"] or "certificate")],
        "delivery": delivery_of(typed, "r_"),
    }
    if given["contact"]:
        made["applicant"]["contact"] = given["contact"]
    return made


def _document(typed: dict[str, str], kind: str) -> dict[str, Any]:
    fields = {}
    for line in typed.get("fields", "").splitlines():
        found = _LINE.fullmatch(line)
        if found:
            fields[found[1].strip()] = found[2].strip()
    return {
        "kind": kind,
        "source": "physical" if kind == "physical" else "compose",
        "title": typed.get("title", ""),
        "number": typed.get("number") or None,
        "fields": fields,
        "valid_from": typed.get("valid_from") or None,
        "valid_until": typed.get("valid_until") or None,
    }


def _moment(text: str) -> str:
    """A browser's ``datetime-local`` is the clock on the wall here."""
    return f"{text}:00+08:00" if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text) else text
