"""Printing and codes on paper over the API (contract, section 4)."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..printing.batches import PrintView, Reprint, start_print
from ..printing.file import PaperFile, paper_files, print_pdf
from ..printing.outcome import confirm_print
from ..printing.stock import bind_paper
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .api_input import answer, read
from .api_models import Binding, PrintBatch, PrintConfirm

__all__ = ["blueprint"]

blueprint = Blueprint("api_prints", __name__, url_prefix="/api/v1")


def _shown(batch: PrintView) -> dict[str, object]:
    address = f"/api/v1/print-batches/{batch.id}/pdf"
    files = [
        {"paper": one.paper, "sheets": one.sheets, "pdf_url": f"{address}?{_query(one)}"}
        for one in paper_files(batch)
    ]
    return {
        "id": batch.id,
        "number": batch.number,
        "pdf_url": address,
        "files": files,
        "items": list(batch.items),
    }


def _query(one: PaperFile) -> str:
    return urlencode({"paper": one.paper} | ({"title": one.title} if one.title else {}))


@blueprint.post("/print-batches")
@access.scope("issue")
def create() -> ResponseReturnValue:
    """One PDF for printing; a second print of an original asks for a reason."""
    asked = read(PrintBatch)
    why = Reprint(asked.reason, (asked.spoiled_sheet,) if asked.spoiled_sheet else ())
    batch = start_print(services(), current_actor(), asked.document_ids, why)
    return answer(_shown(batch), 201, Location=f"/api/v1/print-batches/{batch.id}/pdf")


@blueprint.get("/print-batches/<batch_id>/pdf")
@access.scope("issue")
def pdf(batch_id: str) -> ResponseReturnValue:
    """The pages of the batch in one file, for paper; ``?paper=A4`` those of one paper, ``&title=`` of one title's forms."""
    paper, title = request.args.get("paper", "")[:12], request.args.get("title", "")[:120]
    data = print_pdf(services(), current_actor(), batch_id, paper, title=title)
    return attachment(data, "application/pdf", "打印.pdf")


@blueprint.post("/print-batches/<batch_id>/confirm")
@access.scope("issue")
def confirm(batch_id: str) -> ResponseReturnValue:
    """Tell what came out of the printer well and what did not."""
    asked = read(PrintConfirm)
    return answer(_shown(confirm_print(services(), current_actor(), batch_id, asked.printed, asked.spoiled)))


@blueprint.post("/bindings")
@access.scope("issue")
def bind() -> ResponseReturnValue:
    """Bind a code that stands on the paper itself: 201 new, 200 when it already was."""
    asked = read(Binding)
    first = bind_paper(services(), current_actor(), asked.document_id, asked.code)
    return answer({"document_id": asked.document_id, "code": asked.code}, 201 if first else 200)
