"""The office's printers: a test page with rulers for each paper."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from labels.testpage import TEST_SIZES

from ..printing.testpage import test_page
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("printers", __name__, url_prefix="/window/printers")


@blueprint.get("")
@access.role(*DOERS)
def printers() -> ResponseReturnValue:
    """The test pages, and how to read them."""
    return staff_page("window/print/printers.html", "labels", sizes=list(TEST_SIZES))


@blueprint.get("/test.pdf")
@access.role(*DOERS)
def test_file() -> Response:
    """The test page of one paper; A4 where none is named."""
    size = request.args.get("size", "A4")[:12]
    data = test_page(services(), current_actor(), size)
    return attachment(data, "application/pdf", f"测试页{size}.pdf")
