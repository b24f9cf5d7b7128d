"""Documents on paper: print them, tell what came out, enter codes that stand on them, take in a department's own file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from ..desk import papers_inside
from ..documents.files import store_import
from ..documents.paper_codes import bind_code
from ..documents.printing import PrintView, confirm_print, print_pdf, print_view, start_print
from ..errors import RuleViolation
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import act, staff_page
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("papers", __name__, url_prefix="/window")


@blueprint.post("/papers")
@access.role(*DOERS)
def begin() -> ResponseReturnValue:
    """Put the chosen documents, or those of the chosen envelopes, together for printing."""
    wanted = request.form.getlist("document_id")
    wanted += papers_inside(services(), current_actor(), request.form.getlist("consignment_id")[:500])
    try:
        batch = start_print(services(), current_actor(), wanted, request.form.get("reason", ""))
    except RuleViolation as refusal:
        if refusal.code != "reprint_reason":
            raise
        return staff_page("window/reprint.html", "labels", wanted=wanted, detail=refusal.detail), 409
    return redirect(f"/window/papers/{batch.id}", 303)


@blueprint.get("/papers/<batch_id>")
@access.role(*DOERS)
def batch(batch_id: str) -> ResponseReturnValue:
    """The batch: open it, then tell what came out."""
    return _batch_page(print_view(services(), current_actor(), batch_id))


def _batch_page(view: PrintView) -> str:
    open_ = [item for item in view.items if not item["outcome"]]
    return staff_page("window/papers.html", "labels", batch=view, open=open_)


@blueprint.get("/papers/<batch_id>.pdf")
@access.role(*DOERS)
def paper(batch_id: str) -> Response:
    """All pages in one file."""
    return attachment(print_pdf(services(), current_actor(), batch_id), "application/pdf", "证件.pdf")


@blueprint.post("/papers/<batch_id>/confirm")
@access.role(*DOERS)
def confirm(batch_id: str) -> ResponseReturnValue:
    """What was not ticked as spoiled came out well."""
    spoiled = request.form.getlist("spoiled")
    return act(lambda: _settle(batch_id, spoiled), _said(spoiled), f"/window/papers/{quote(batch_id)}")


def _settle(batch_id: str, spoiled: Sequence[str]) -> None:
    house, actor = services(), current_actor()
    waiting = [
        item["document_id"] for item in print_view(house, actor, batch_id).items if not item["outcome"]
    ]
    printed = [one for one in waiting if one not in spoiled]
    confirm_print(house, actor, batch_id, printed, [one for one in waiting if one in spoiled])


def _said(spoiled: Sequence[str]) -> str:
    return f"已记下：打坏 {len(spoiled)} 份，请收好销毁，再打一次。" if spoiled else "已记下：都打好了。"


@blueprint.post("/documents/<document_id>/code")
@access.role(*DOERS)
def code(document_id: str) -> ResponseReturnValue:
    """A number or code that stands on the paper itself; the pack check knows it from now on."""
    bind = partial(bind_code, services(), current_actor(), document_id, request.form.get("code", "").strip())
    return act(bind, "已登记，装封核对时扫它就行。", _case_address())


@blueprint.post("/documents/<document_id>/file")
@access.role("clerk", "department")
@body_limit(FILE_LIMIT)
def original(document_id: str) -> ResponseReturnValue:
    """The department's own sealed file, kept byte for byte."""
    upload = request.files.get("file")
    data: Any = upload.read() if upload else b""

    def take() -> None:
        if not data:
            raise RuleViolation("no_file", "请先选好部门盖过章的文件（PDF 或 OFD）。")
        store_import(services(), current_actor(), document_id, data)

    return act(take, "部门的文件已收下，正在制作随附单。", _case_address())


def _case_address() -> str:
    number = request.form.get("acceptance_no", "")
    return f"/window/cases/{number}" if number.replace("-", "").isalnum() else "/window"
