"""Print batches: one number, one order, on sheet, label and slip.

An original exists once on paper. Whoever prints one a second time says why, gives the spoiled sheet's number and has
somebody beside him; the ledger warns where that is missing, and packing goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import pypdfium2
from sqlalchemy import select, update

from labels.pdfium import PDFIUM_LOCK

from ..calendar import local_date
from ..consignments.envelope import addressee_of, title_of
from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..lifecycle import DocumentState
from ..models import Case, Consignment, Document, PrintBatch, PrintCounter, PrintItem, new_id
from ..proof import refuse_unread
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .marks import batch_number, form_paper, paper_of, parse_sheet, sequence_mark, sheet_code
from .overprint import on_forms

__all__ = [
    "MOST",
    "PrintView",
    "Reprint",
    "batch_items",
    "find_batch",
    "new_batch",
    "print_view",
    "printable",
    "seen_document",
    "sheet_of",
    "start_print",
    "view_of",
]

MOST: Final = 200
POINT_MM: Final = 25.4 / 72


@dataclass(frozen=True)
class Reprint:
    """Why an original comes onto paper again: ``sheets`` the numbers of the spoiled ones, ``second`` who stood beside."""

    reason: str = ""
    sheets: tuple[str, ...] = ()
    second: Actor | None = None


@dataclass(frozen=True)
class PrintView:
    """A batch as it is shown.

    ``items``: ``{document_id, title, copy, number, outcome, position, sheet, mark, no, paper, pages, acceptance_no,
    consignment_id, instead_of, flag}``; ``position`` counts from 1. ``rest``: documents that were spoiled or never came
    out here and stand in no later batch; ``open``: those nobody has told the outcome of.
    """

    id: str
    items: tuple[dict[str, Any], ...]
    number: str = ""
    sequence: str = ""
    total: int = 0
    created_at: datetime | None = None
    actor: str = ""
    reason: str = ""
    second: str = ""
    rest_of: str | None = None
    rest: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ready:
    """A document that can be printed, with what the batch remembers of it."""

    id: str
    consignment_id: str | None
    paper: str
    pages: int


def start_print(
    services: Services, actor: Actor, document_ids: Sequence[str], reprint: Reprint | None = None
) -> PrintView:
    """Put documents together for printing: by way and place of delivery, then envelope, those of one envelope together.

    ``RuleViolation``: ``not_ready`` (no page yet, or no longer valid), ``reprint_reason`` with the ``document_ids``
    that are on paper already, unless ``reprint`` says why; ``wrong_sheet`` for a number that is none of theirs.
    """
    actor.require(Scope.ISSUE)
    wanted = list(dict.fromkeys(document_ids))
    if not 1 <= len(wanted) <= MOST:
        raise Invalid([Fault("/document_ids", "out_of_range", f"一次打印 1 到 {MOST} 份。")])
    why = reprint or Reprint()
    ready = printable(services, actor, wanted)
    with services.store.work(actor) as work:
        _still_ready(work, wanted)
        before = _sheets_before(work, wanted)
        _ask_why(before, why)
        spoiled = _spoil_named(work, before, why)
        batch = new_batch(work, why)
        for position, one in enumerate(ready):
            work.add(_item(batch, position, one, before, spoiled, why))
        batch.total = len(ready)
        work.session.flush()
        work.audit(
            "print_started", "print", batch.id, batch=batch.number, documents=len(wanted), reason=batch.reason
        )
        return view_of(work, batch)


def _item(
    batch: PrintBatch,
    position: int,
    one: _Ready,
    before: Mapping[str, list[tuple[PrintItem, PrintBatch]]],
    spoiled: Mapping[str, str],
    why: Reprint,
) -> PrintItem:
    earlier = before.get(one.id, [])
    # an older spoiled sheet has been made good by a newer one already
    newest = next((sheet_of(b, i) for i, b in earlier[:1] if i.outcome == "spoiled"), "")
    instead = spoiled.get(one.id) or newest
    flag = ""
    if earlier:
        flag = "no_sheet" if not instead else "alone" if why.second is None else ""
    return PrintItem(
        batch_id=batch.id, position=position, document_id=one.id, outcome="", no=position + 1,
        consignment_id=one.consignment_id, paper=one.paper, pages=one.pages, again=bool(earlier), instead_of=instead,
        flag=flag, told_by="",
    )  # fmt: skip


def new_batch(work: Work, why: Reprint) -> PrintBatch:
    """A batch with the office's next number of the day; its sequence is its own until the caller says otherwise."""
    day = local_date(work.now)
    key = {"office": work.actor.office, "day": day}
    work.insert_missing(PrintCounter, key | {"last": 0}, ["office", "day"])
    counter = work.locked(PrintCounter, (work.actor.office, day))
    if counter is None:
        raise NotFound("没有找到今天的打印编号，请再试一次。")
    counter.last += 1
    number = batch_number(day, counter.last)
    batch = PrintBatch(
        id=new_id(), actor=work.actor.name, reason=why.reason.strip()[:200], created_at=work.now, office=work.actor.office,
        day=day, serial=counter.last, number=number, sequence=number, total=0,
        second=why.second.name if why.second else "",
    )  # fmt: skip
    work.add(batch)
    work.session.flush()
    return batch


# -- what can be printed, and in which order ---------------------------------------------------------------------------
def printable(services: Services, actor: Actor, wanted: Sequence[str]) -> list[_Ready]:
    """The documents in the order of printing, measured; ``NotFound``, ``RuleViolation('not_ready')``."""
    with services.store.read(actor) as work:
        documents = [seen_document(work, actor, document_id) for document_id in wanted]
        _refuse_unready(work, documents)
        refuse_unread(services, documents)
        ordered = _in_order(work, documents)
        forms = on_forms(work, actor, ordered)
    measured = [(one, *_measured(services.blobs.get(str(one.pdf_blob)))) for one in ordered]
    return [
        _Ready(one.id, one.consignment_id, form_paper(paper) if one.id in forms else paper, pages)
        for one, paper, pages in measured
    ]


def _refuse_unready(work: Work, documents: Sequence[Document]) -> None:
    unready = [d for d in documents if d.pdf_blob is None or d.state != DocumentState.VALID]
    if not unready:
        return
    cases = [work.session.get_one(Case, d.case_id).acceptance_no for d in unready[:3]]
    named = "、".join(f"{no}《{title_of(d)}》" for no, d in zip(cases, unready, strict=False))
    more = f" 等 {len(unready)} 份" if len(unready) > 3 else ""
    raise RuleViolation(
        "not_ready",
        f"有证件尚未制成或已不再有效，请剔除后再打印：{named}{more}。",
        document_ids=[d.id for d in unready],
    )


def _still_ready(work: Work, wanted: Sequence[str]) -> None:
    """Between measuring and writing somebody may have ended a document's validity."""
    query = select(Document).where(Document.id.in_(wanted), Document.state != str(DocumentState.VALID))
    _refuse_unready(work, list(work.session.scalars(query)))


def _in_order(work: Work, documents: Sequence[Document]) -> list[Document]:
    """By way of delivery, route and region, envelope; what has no envelope comes last, as it was given."""
    ids = {d.consignment_id for d in documents if d.consignment_id}
    envelopes = {
        row.id: row for row in work.session.scalars(select(Consignment).where(Consignment.id.in_(ids)))
    }
    places = {key: _place(work, row) for key, row in envelopes.items()}
    loose = {document.id: at for at, document in enumerate(documents)}

    def key(document: Document) -> tuple[Any, ...]:
        place = places.get(document.consignment_id or "")
        if place is None:
            return (1, loose[document.id])
        return (0, *place, document.case_id, document.position)

    return sorted(documents, key=key)


def _place(work: Work, row: Consignment) -> tuple[str, ...]:
    to = addressee_of(work, row)
    return (row.method, row.carrier, row.sort_code, row.shelf_place, to.division_code, to.region_text, row.id)


def _measured(pdf: bytes) -> tuple[str, int]:
    """``(paper, pages)``; a document's pages are of one size, its first one's."""
    with PDFIUM_LOCK:
        source = pypdfium2.PdfDocument(BytesIO(pdf))
        try:
            width, height = source.get_page_size(0)
            return paper_of(width * POINT_MM, height * POINT_MM), len(source)
        finally:
            source.close()


# -- what is on paper already ----------------------------------------------------------------------------------------
def _sheets_before(work: Work, wanted: Sequence[str]) -> dict[str, list[tuple[PrintItem, PrintBatch]]]:
    """Sheets of these documents that came out of a printer, the newest first."""
    rows = work.session.execute(
        select(PrintItem, PrintBatch)
        .join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
        .where(PrintItem.document_id.in_(wanted), PrintItem.outcome != "unprinted")
        .order_by(PrintBatch.created_at.desc(), PrintItem.position)
    )
    found: dict[str, list[tuple[PrintItem, PrintBatch]]] = {}
    for item, batch in rows:
        found.setdefault(item.document_id, []).append((item, batch))
    return found


def _ask_why(before: Mapping[str, Sequence[tuple[PrintItem, PrintBatch]]], why: Reprint) -> None:
    on_paper = sorted(key for key, rows in before.items() if any(i.outcome != "spoiled" for i, _ in rows))
    if on_paper and not why.reason.strip():
        raise RuleViolation("reprint_reason", "有证件已经打印过。再次打印请写明原因。", document_ids=on_paper)


def _spoil_named(
    work: Work, before: Mapping[str, Sequence[tuple[PrintItem, PrintBatch]]], why: Reprint
) -> dict[str, str]:
    """The sheets named as spoiled count as such from now on: document id → sheet number."""
    known = {
        sheet_of(batch, item): (document_id, item)
        for document_id, rows in before.items()
        for item, batch in rows
    }
    spoiled: dict[str, str] = {}
    for text in why.sheets:
        number = parse_sheet(text)
        if number is None or str(number) not in known:
            raise RuleViolation(
                "wrong_sheet", f"张号“{text[:24]}”不是这些证件的。请看废张左上角，形如 P0722-3/17。"
            )
        document_id, item = known[str(number)]
        spoiled[document_id] = str(number)
        if item.outcome != "spoiled":
            _spoil(work, item, str(number))
    return spoiled


def _spoil(work: Work, item: PrintItem, number: str) -> None:
    """A sheet told good before, or not told at all, turns out spoiled."""
    done = work.session.execute(
        update(PrintItem)
        .where(
            PrintItem.batch_id == item.batch_id,
            PrintItem.position == item.position,
            PrintItem.outcome == item.outcome,
        )
        .values(outcome="spoiled", told_at=work.now, told_by=work.actor.name)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("changed_meanwhile", "刚才有人同时登记了这张纸，请刷新后再看。")
    work.audit("document_spoiled", "document", item.document_id, sheet=number)


# -- looking -----------------------------------------------------------------------------------------------------------
def print_view(services: Services, actor: Actor, batch_id: str) -> PrintView:
    """The batch as it stands; ``NotFound`` when it is absent or holds another office's document."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return view_of(work, find_batch(work, actor, batch_id))


def find_batch(work: Work, actor: Actor, batch_id: str) -> PrintBatch:
    """The batch; ``NotFound`` as above."""
    batch = work.session.get(PrintBatch, batch_id)
    if batch is None:
        raise NotFound("没有找到这一批打印。")
    batch_items(work, actor, batch_id)
    return batch


def batch_items(work: Work, actor: Actor, batch_id: str) -> list[PrintItem]:
    """The batch's items in order; ``NotFound`` when it has none or holds another office's document."""
    query = select(PrintItem).where(PrintItem.batch_id == batch_id).order_by(PrintItem.position)
    items = list(work.session.scalars(query))
    offices = select(Case.division_code).join(Document, Document.case_id == Case.id)
    codes = set(work.session.scalars(offices.where(Document.id.in_([i.document_id for i in items]))))
    if not items or not all(actor.sees(code) for code in codes):
        raise NotFound("没有找到这一批打印。")
    return items


def seen_document(work: Work, actor: Actor, document_id: str) -> Document:
    """The document, or ``NotFound`` when it is absent or another office's."""
    document = work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    return document


def sheet_of(batch: PrintBatch, item: PrintItem) -> str:
    """The number of the sheet this item is."""
    return sheet_code(batch.number, item.position + 1)


def view_of(work: Work, batch: PrintBatch) -> PrintView:
    """The view of a batch that was found."""
    rows = work.session.execute(
        select(PrintItem, Document, Case.acceptance_no)
        .join(Document, Document.id == PrintItem.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(PrintItem.batch_id == batch.id)
        .order_by(PrintItem.position)
    ).all()
    return PrintView(
        id=batch.id,
        items=tuple(_shown(batch, item, document, number) for item, document, number in rows),
        number=batch.number,
        sequence=batch.sequence,
        total=batch.total,
        created_at=batch.created_at,
        actor=batch.actor,
        reason=batch.reason,
        second=batch.second,
        rest_of=batch.rest_of,
        rest=_rest(work, batch, [item for item, _, _ in rows]),
        open=tuple(item.document_id for item, _, _ in rows if not item.outcome),
    )


def _shown(batch: PrintBatch, item: PrintItem, document: Document, acceptance_no: str) -> dict[str, Any]:
    no = item.no or item.position + 1
    return {
        "document_id": document.id,
        "title": document.title,
        "copy": document.copy or None,
        "number": document.number,
        "outcome": item.outcome or None,
        "position": item.position + 1,
        "sheet": sheet_of(batch, item),
        "mark": sequence_mark(batch.sequence, no, batch.total) if batch.sequence else "",
        "no": no,
        "paper": item.paper,
        "pages": item.pages,
        "acceptance_no": acceptance_no,
        "consignment_id": item.consignment_id,
        "instead_of": item.instead_of,
        "flag": item.flag,
    }


def _rest(work: Work, batch: PrintBatch, items: Sequence[PrintItem]) -> tuple[str, ...]:
    """Documents that still want paper: spoiled or unprinted here, valid, in no batch made afterwards."""
    missing = [item.document_id for item in items if item.outcome in ("spoiled", "unprinted")]
    valid = select(Document.id).where(Document.id.in_(missing), Document.state == str(DocumentState.VALID))
    still = set(work.session.scalars(valid))
    wanting = [one for one in missing if one in still]
    if not wanting:
        return ()
    later = select(PrintItem.document_id).join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
    newer = later.where(
        PrintItem.document_id.in_(wanting),
        PrintBatch.created_at >= batch.created_at,
        PrintBatch.id != batch.id,
    )
    done = set(work.session.scalars(newer))
    return tuple(one for one in wanting if one not in done)
