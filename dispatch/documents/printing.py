"""Printing documents: many in one file, and what came out of it.

An original exists once on paper. Whoever prints one a second time says why; what came out spoiled does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2
from pypdfium2 import raw
from sqlalchemy import select

from labels.pdfium import PDFIUM_LOCK

from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..lifecycle import DocumentState
from ..models import Case, Document, PrintBatch, PrintItem, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work

__all__ = ["MOST", "PrintView", "confirm_print", "print_pdf", "print_view", "start_print"]

MOST = 200


@dataclass(frozen=True)
class PrintView:
    """A batch as it is shown; ``items``: ``{document_id, title, copy, number, outcome}``."""

    id: str
    items: tuple[dict[str, Any], ...]


def start_print(services: Services, actor: Actor, document_ids: Sequence[str], reason: str = "") -> PrintView:
    """Put documents together for printing, in the order given.

    ``RuleViolation``: ``not_ready`` (no page yet, or no longer valid), ``reprint_reason`` with the ``document_ids``
    that were printed before, unless ``reason`` says why.
    """
    actor.require(Scope.ISSUE)
    wanted = list(dict.fromkeys(document_ids))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid([Fault("/document_ids", "out_of_range", f"一次打印 1 到 {MOST} 份。")])
    with services.store.work(actor) as work:
        documents = [_seen(work, actor, document_id) for document_id in wanted]
        unready = [d.id for d in documents if d.pdf_blob is None or d.state != DocumentState.VALID]
        if unready:
            raise RuleViolation(
                "not_ready", "有证件尚未制成或已不再有效，请剔除后再打印。", document_ids=unready
            )
        _refuse_second(work, wanted, reason.strip())
        batch = work.add(
            PrintBatch(id=new_id(), actor=actor.name, reason=reason.strip()[:200], created_at=work.now)
        )
        work.session.flush()
        for position, document_id in enumerate(wanted):
            work.add(PrintItem(batch_id=batch.id, position=position, document_id=document_id, outcome=""))
        work.session.flush()
        work.audit("print_started", "print", batch.id, documents=len(wanted), reason=batch.reason)
        return _view(work, batch.id)


def _refuse_second(work: Work, wanted: Sequence[str], reason: str) -> None:
    before = select(PrintItem.document_id).where(
        PrintItem.document_id.in_(wanted), PrintItem.outcome != "spoiled"
    )
    again = sorted(set(work.session.scalars(before)))
    if again and not reason:
        raise RuleViolation("reprint_reason", "有证件已经打印过。再次打印请写明原因。", document_ids=again)


def print_view(services: Services, actor: Actor, batch_id: str) -> PrintView:
    """The batch as it stands."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        _items(work, actor, batch_id)
        return _view(work, batch_id)


def print_pdf(services: Services, actor: Actor, batch_id: str) -> bytes:
    """All pages of the batch in one file. Seals are drawn into the pages: the file is for paper, not for keeping."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        items = _items(work, actor, batch_id)
        names = [work.session.get_one(Document, item.document_id).pdf_blob for item in items]
    return _merged([services.blobs.get(name) for name in names if name is not None])


def _merged(parts: Sequence[bytes]) -> bytes:
    """PDFium copies pages without their form, so a signature's picture must become part of the page first."""
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument.new()
        for part in parts:
            source = pypdfium2.PdfDocument(part)
            for page in source:
                raw.FPDFPage_Flatten(page, raw.FLAT_PRINT)
                page.close()
            whole.import_pages(source)
            source.close()
        out = BytesIO()
        whole.save(out)
        whole.close()
    return out.getvalue()


def confirm_print(
    services: Services, actor: Actor, batch_id: str, printed: Sequence[str], spoiled: Sequence[str]
) -> PrintView:
    """Tell what came out well and what did not; telling the same again changes nothing.

    ``RuleViolation('already_confirmed')`` for a document told otherwise before.
    """
    actor.require(Scope.ISSUE)
    told = dict.fromkeys(printed, "printed") | dict.fromkeys(spoiled, "spoiled")
    if len(told) != len(set(printed)) + len(set(spoiled)):
        raise Invalid([Fault("/spoiled", "both", "同一份证件不能既打印成功又打坏，请核对。")])
    with services.store.work(actor) as work:
        items = {item.document_id: item for item in _items(work, actor, batch_id)}
        strangers = [document_id for document_id in told if document_id not in items]
        if strangers:
            raise Invalid([Fault("/printed", "not_in_batch", "有证件不在这一批打印中，请核对。")])
        for document_id, outcome in told.items():
            _settle(work, items[document_id], outcome)
        work.session.flush()
        return _view(work, batch_id)


def _settle(work: Work, item: PrintItem, outcome: str) -> None:
    if item.outcome == outcome:
        return
    if item.outcome:
        raise RuleViolation("already_confirmed", "这份证件的打印结果已经登记过，不能改动。")
    item.outcome = outcome
    work.audit(f"document_{outcome}", "document", item.document_id)


def _items(work: Work, actor: Actor, batch_id: str) -> list[PrintItem]:
    """The batch's items; ``NotFound`` when it is absent or holds another office's document."""
    items = list(
        work.session.scalars(
            select(PrintItem).where(PrintItem.batch_id == batch_id).order_by(PrintItem.position)
        )
    )
    if not items:
        raise NotFound("没有找到这一批打印。")
    for item in items:
        _seen(work, actor, item.document_id)
    return items


def _seen(work: Work, actor: Actor, document_id: str) -> Document:
    document = work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    return document


def _view(work: Work, batch_id: str) -> PrintView:
    rows = work.session.execute(
        select(PrintItem, Document)
        .join(Document, Document.id == PrintItem.document_id)
        .where(PrintItem.batch_id == batch_id)
        .order_by(PrintItem.position)
    )
    shown = tuple(
        {
            "document_id": d.id,
            "title": d.title,
            "copy": d.copy or None,
            "number": d.number,
            "outcome": item.outcome or None,
        }
        for item, d in rows
    )
    return PrintView(batch_id, shown)
