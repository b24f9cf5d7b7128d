"""The office's printers: a test page with rulers for each paper, and how far each prints beside the mark."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from labels.testpage import TEST_SIZES

from ..errors import Invalid, RuleViolation
from ..printing.printers import printers_of, remove_printer, save_printer
from ..printing.testpage import test_page
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import act, staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
HERE: Final = "/window/printers"

blueprint = Blueprint("printers", __name__, url_prefix=HERE)


@blueprint.get("")
@access.role(*DOERS)
def printers() -> ResponseReturnValue:
    """The test pages, how to read them, and the offsets measured on them."""
    return _printers_page({}, ())


def _printers_page(typed: dict[str, str], faults: Sequence[Any]) -> str:
    rows = printers_of(services(), current_actor())
    return staff_page(
        "window/print/printers.html",
        "more",
        sizes=list(TEST_SIZES),
        printers=rows,
        typed=typed,
        faults=faults,
    )


@blueprint.post("")
@access.role(*DOERS)
def save() -> ResponseReturnValue:
    """A new printer, or another offset of one. What was typed stays when something is wrong with it."""
    typed = {
        name: request.form.get(name, "").strip()[:60] for name in ("printer_id", "name", "right", "down")
    }
    try:
        printer = save_printer(services(), current_actor(), **typed)
    except Invalid as refusal:
        return _printers_page(typed, [fault.as_dict() for fault in refusal.faults]), 422
    except RuleViolation as refusal:
        return _printers_page(typed, [{"pointer": "/name", "detail": refusal.detail}]), 409
    flash(f"已记下“{printer.name}”的偏移。打一张它的测试页，量一量对不对。", "ok")
    return redirect(HERE, 303)


@blueprint.post("/remove")
@access.role(*DOERS)
def remove() -> ResponseReturnValue:
    """The printer is gone."""
    gone = partial(remove_printer, services(), current_actor(), request.form.get("printer_id", ""))
    return act(gone, "已删除。", HERE)


@blueprint.get("/test.pdf")
@access.role(*DOERS)
def test_file() -> Response:
    """The test page of one paper, A4 where none is named; ``?printer=`` moved as that one needs it."""
    size = request.args.get("size", "A4")[:12]
    data = test_page(services(), current_actor(), size, request.args.get("printer", "")[:26])
    return attachment(data, "application/pdf", f"测试页{size}.pdf")
