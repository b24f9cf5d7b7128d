"""A batch as files for the printer: one for each paper, so that nothing is scaled and trays are filled once.

The sealed file is never changed. Its pages are laid onto pages of exactly the same size that carry the batch's mark,
the sheet's number and, for papers with an electronic seal, what a print of them is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from ..models import Document, Printer
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .batches import PrintView, find_batch, view_of
from .marks import file_words, is_form, loading_words
from .overprint import FormPage, form_page, form_pdf
from .printers import found_printer

__all__ = ["ELECTRONIC", "PaperFile", "PrintSource", "loading_order", "merged", "paper_files", "print_pdf"]

ELECTRONIC: Final = "电子证照打印件，以核验结果为准"
POINT_MM: Final = 25.4 / 72


@dataclass(frozen=True)
class PaperFile:
    """One file of a batch: its paper, how many sheets, words for the clerk. ``title``: whose pre-printed form the paper
    is, else empty; ``loose``: sheets of plain paper that go with the forms (continuation pages)."""

    paper: str
    documents: int
    sheets: int
    words: str
    title: str = ""
    loose: int = 0


@dataclass(frozen=True)
class PrintSource:
    """One document's pages, what stands in their margins, and how far they are moved (points right, down)."""

    pdf: bytes
    code: str
    mark: str
    note: str
    moved: tuple[float, float] = (0.0, 0.0)


def paper_files(view: PrintView) -> tuple[PaperFile, ...]:
    """The batch's files: A4 first, then other plain paper, then the forms of each title."""
    papers: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in view.items:
        papers.setdefault((item["paper"], _form_of(item)), []).append(item)
    made = [_paper_file(paper, title, items) for (paper, title), items in papers.items()]
    plain = {"A4", "A4L"}
    return tuple(
        sorted(made, key=lambda one: (bool(one.title), one.paper not in plain, one.paper, one.title))
    )


def _form_of(item: Mapping[str, Any]) -> str:
    return str(item["title"]) if is_form(item["paper"]) else ""


def _paper_file(paper: str, title: str, items: Sequence[Mapping[str, Any]]) -> PaperFile:
    pages = sum(item["pages"] for item in items)
    sheets = len(items) if title else pages
    return PaperFile(paper, len(items), sheets, file_words(paper, sheets), title, pages - sheets)


def loading_order(view: PrintView) -> str:
    """``先放 A4 纸 12 张，再放 A3 纸 2 张。``"""
    return loading_words((one.paper, one.sheets, one.title) for one in paper_files(view))


def print_pdf(
    services: Services, actor: Actor, batch_id: str, paper: str = "", *, title: str = "", printer: str = ""
) -> bytes:
    """The batch's pages on this paper (of this title's forms), all of them without one, in the batch's order.

    Seals are drawn into the pages: the file is for paper, not for keeping. What goes onto forms holds only what they lack,
    moved as ``printer`` (its id) needs it. ``NotFound`` for a paper the batch does not want, or an unknown printer.
    """
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        view = view_of(work, find_batch(work, actor, batch_id))
        wanted = [
            item for item in view.items if paper in ("", item["paper"]) and title in ("", _form_of(item))
        ]
        if not wanted:
            raise NotFound("这一批没有用这种纸的证件。")
        moved = _moved(found_printer(work, actor, printer)) if printer else (0.0, 0.0)
        asked = [(_asked(work, item), item) for item in wanted]
    sources = [
        PrintSource(form_pdf(services, page), item["sheet"], item["mark"], "", moved)
        if page
        else PrintSource(services.blobs.get(blob), item["sheet"], item["mark"], note)
        for (blob, note, page), item in asked
    ]
    return merged(sources, services.fonts)


def _moved(printer: Printer) -> tuple[float, float]:
    return printer.right / 10 / POINT_MM, printer.down / 10 / POINT_MM


def _asked(work: Work, item: dict[str, Any]) -> tuple[str, str, FormPage | None]:
    """``(blob, note, page)``: what is drawn anew for a form, else the kept file and what its print says of itself."""
    document = work.session.get_one(Document, item["document_id"])
    if is_form(item["paper"]):
        return "", "", form_page(work, document)
    return str(document.pdf_blob), _note(work, document), None


def _note(work: Work, document: Document) -> str:
    """Stands on what carries our electronic seal, not on a sheet that accompanies a paper."""
    kept = work.open(document, "record")
    electronic = document.source == "compose" and (
        kept is None or PageRecord.from_bytes(kept["page"].encode()).template.seal == "electronic"
    )
    return ELECTRONIC if electronic else ""


def merged(sources: Sequence[PrintSource], book: FontBook) -> bytes:
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
            for pdf, source in zip(opened, sources, strict=True):
                at = _laid(whole, at, pdf, source.moved)
            out = BytesIO()
            whole.save(out)
            whole.close()
            return out.getvalue()
        finally:
            for pdf in opened:
                pdf.close()


def _margins(pdf: Any, source: PrintSource) -> Iterator[Margin]:
    count = len(pdf)
    for at in range(count):
        width, height = pdf.get_page_size(at)
        mark = f"{source.mark}  {at + 1}/{count} 页" if count > 1 else source.mark
        yield Margin(width * POINT_MM, height * POINT_MM, source.code, mark, source.note)


def _laid(whole: Any, first: int, pdf: Any, moved: tuple[float, float]) -> int:
    """Each page of ``pdf`` onto the pages from ``first`` on; where the next one goes."""
    for at in range(len(pdf)):
        page = pdf[at]
        raw.FPDFPage_Flatten(page, raw.FLAT_PRINT)
        page.close()
        drawn = pdf.page_as_xobject(at, whole)
        target = whole[first + at]
        placed = drawn.as_pageobject()
        if any(moved):
            placed.transform(pypdfium2.PdfMatrix().translate(moved[0], -moved[1]))
        target.insert_obj(placed)
        target.gen_content()
        target.close()
    return first + len(pdf)
