"""A batch as files for the printer: one for each paper, so that nothing is scaled and trays are filled once.

The sealed file is never changed. Its pages are laid onto pages of exactly the same size that carry the batch's mark,
the sheet's number and, for papers with an electronic seal, what a print of them is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import pypdfium2
from pypdfium2 import raw

from labels.fonts import FontBook
from labels.margin import Margin, render_margins
from labels.pdfium import PDFIUM_LOCK

from ..documents.record import PageRecord
from ..errors import NotFound
from ..models import Document
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .batches import PrintView, find_batch, view_of
from .marks import file_words, loading_words

__all__ = ["ELECTRONIC", "PaperFile", "loading_order", "paper_files", "print_pdf"]

ELECTRONIC: Final = "电子证照打印件，以核验结果为准"
POINT_MM: Final = 25.4 / 72


@dataclass(frozen=True)
class PaperFile:
    """One file of a batch: its paper, how many sheets, words for the clerk."""

    paper: str
    documents: int
    sheets: int
    words: str


@dataclass(frozen=True)
class _Source:
    pdf: bytes
    code: str
    mark: str
    note: str


def paper_files(view: PrintView) -> tuple[PaperFile, ...]:
    """The batch's files, A4 first, the most sheets first."""
    papers: dict[str, list[dict[str, Any]]] = {}
    for item in view.items:
        papers.setdefault(item["paper"], []).append(item)
    made = [
        PaperFile(paper, len(items), pages, file_words(paper, pages))
        for paper, items in papers.items()
        for pages in [sum(item["pages"] for item in items)]
    ]
    return tuple(sorted(made, key=lambda one: (one.paper.removesuffix("L") != "A4", one.paper)))


def loading_order(view: PrintView) -> str:
    """``先放 A4 纸 12 张，再放 A3 纸 2 张。``"""
    return loading_words((one.paper, one.sheets) for one in paper_files(view))


def print_pdf(services: Services, actor: Actor, batch_id: str, paper: str = "") -> bytes:
    """The batch's pages on this paper, all of them without one, in the batch's order.

    Seals are drawn into the pages: the file is for paper, not for keeping. ``NotFound`` for a paper it does not want.
    """
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        view = view_of(work, find_batch(work, actor, batch_id))
        wanted = [item for item in view.items if paper in ("", item["paper"])]
        if not wanted:
            raise NotFound("这一批没有用这种纸的证件。")
        named = [(_noted(work, item), item) for item in wanted]
    sources = [
        _Source(services.blobs.get(blob), item["sheet"], item["mark"], note) for (blob, note), item in named
    ]
    return merged(sources, services.fonts)


def _noted(work: Work, item: dict[str, Any]) -> tuple[str, str]:
    """``(blob, note)``: the note stands on what carries our electronic seal, not on a sheet that accompanies a paper."""
    document = work.session.get_one(Document, item["document_id"])
    kept = work.open(document, "record")
    electronic = document.source == "compose" and (
        kept is None or PageRecord.from_bytes(kept["page"].encode()).template.seal == "electronic"
    )
    return str(document.pdf_blob), ELECTRONIC if electronic else ""


def merged(sources: Sequence[_Source], book: FontBook) -> bytes:
    """One file. PDFium copies pages without their form, so a signature's picture becomes part of the page first."""
    with PDFIUM_LOCK:
        opened = [pypdfium2.PdfDocument(BytesIO(source.pdf)) for source in sources]
        try:
            margins = [
                margin
                for pdf, source in zip(opened, sources, strict=True)
                for margin in _margins(pdf, source)
            ]
            whole = pypdfium2.PdfDocument(BytesIO(render_margins(margins, book)))
            at = 0
            for pdf in opened:
                at = _laid(whole, at, pdf)
            out = BytesIO()
            whole.save(out)
            whole.close()
            return out.getvalue()
        finally:
            for pdf in opened:
                pdf.close()


def _margins(pdf: Any, source: _Source) -> Iterator[Margin]:
    count = len(pdf)
    for at in range(count):
        width, height = pdf.get_page_size(at)
        mark = f"{source.mark}  {at + 1}/{count} 页" if count > 1 else source.mark
        yield Margin(width * POINT_MM, height * POINT_MM, source.code, mark, source.note)


def _laid(whole: Any, first: int, pdf: Any) -> int:
    """Each page of ``pdf`` onto the pages from ``first`` on; where the next one goes."""
    for at in range(len(pdf)):
        page = pdf[at]
        raw.FPDFPage_Flatten(page, raw.FLAT_PRINT)
        page.close()
        drawn = pdf.page_as_xobject(at, whole)
        target = whole[first + at]
        target.insert_obj(drawn.as_pageobject())
        target.gen_content()
        target.close()
    return first + len(pdf)
