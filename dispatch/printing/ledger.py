"""Which batches there are, which sheets came out, and what the ledger warns of.

The ledger never stops anybody: it records, shows what is missing (a spoiled sheet nobody could show, a reprint without
a second person), and packing goes on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Select, select

from ..calendar import SHANGHAI, local_date
from ..consignments.envelope import title_of
from ..errors import NotFound
from ..models import Case, Document, PrintBatch, PrintItem
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .batches import sheet_of
from .marks import parse_sheet

__all__ = ["batches_of", "find_batches", "on_paper"]

SHOWN: Final = 300


def batches_of(services: Services, actor: Actor, day: date | None = None) -> list[dict[str, Any]]:
    """The office's batches of a day (today), those nobody confirmed yet first, then the newest: ``{id, number, sequence,
    at, actor, reason, documents, printed, spoiled, unprinted, open, warned}``. Of earlier days the unconfirmed ones of
    the last week come too when no day is asked for."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        today = local_date(work.now)
        since, until = (day, day) if day else (today - timedelta(days=7), today)
        query = select(PrintBatch).where(
            PrintBatch.created_at >= _midnight(since),
            PrintBatch.created_at < _midnight(until + timedelta(days=1)),
        )
        shown = _described(work, actor, query)
        if day is None:
            shown = [one for one in shown if one["open"] or local_date(one["at"]) == today]
    return sorted(shown, key=lambda one: (not one["open"], -one["at"].timestamp()))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def find_batches(services: Services, actor: Actor, text: str) -> list[dict[str, Any]]:
    """Batches with this number, or the batch of this sheet number; the newest first. ``NotFound``."""
    actor.require(Scope.ISSUE)
    sheet = parse_sheet(text)
    number = sheet.batch if sheet else "".join(text.split()).upper().removeprefix("P")[:16]
    with services.store.read(actor) as work:
        query = select(PrintBatch).where(PrintBatch.number == number, PrintBatch.number != "")
        found = _described(work, actor, query)
    if not found:
        raise NotFound("没有这个批次号。批次号印在每张纸的右上角，形如 0722-3。")
    return found


def _described(work: Work, actor: Actor, query: Select[PrintBatch]) -> list[dict[str, Any]]:
    batches = list(work.session.scalars(query.order_by(PrintBatch.created_at.desc()).limit(SHOWN)))
    items: dict[str, list[PrintItem]] = defaultdict(list)
    foreign: set[str] = set()
    rows = work.session.execute(
        select(PrintItem, Case.division_code)
        .join(Document, Document.id == PrintItem.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(PrintItem.batch_id.in_([batch.id for batch in batches]))
    )
    for item, code in rows:
        items[item.batch_id].append(item)
        if not actor.sees(code):
            foreign.add(item.batch_id)
    return [
        _batch(batch, items[batch.id]) for batch in batches if items[batch.id] and batch.id not in foreign
    ]


def _batch(batch: PrintBatch, items: Sequence[PrintItem]) -> dict[str, Any]:
    told = Counter(item.outcome for item in items)
    return {
        "id": batch.id,
        "number": batch.number,
        "sequence": batch.sequence,
        "at": batch.created_at,
        "actor": batch.actor,
        "reason": batch.reason,
        "documents": len(items),
        "printed": told["printed"],
        "spoiled": told["spoiled"],
        "unprinted": told["unprinted"],
        "open": told[""],
        "warned": sum(1 for item in items if item.flag),
    }


def on_paper(services: Services, actor: Actor, document_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What came out of a printer for these documents: ``{document_id, acceptance_no, title, sheets: [{sheet, outcome,
    at, actor, batch_id, number}]}``, the newest sheet first; documents never printed are left out."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        rows = work.session.execute(
            select(PrintItem, PrintBatch, Document, Case)
            .join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
            .join(Document, Document.id == PrintItem.document_id)
            .join(Case, Case.id == Document.case_id)
            .where(PrintItem.document_id.in_(document_ids), PrintItem.outcome != "unprinted")
            .order_by(PrintBatch.created_at.desc(), PrintItem.position)
        ).all()
    found: dict[str, dict[str, Any]] = {}
    for item, batch, document, case in rows:
        if not actor.sees(case.division_code):
            continue
        fresh = {
            "document_id": document.id,
            "acceptance_no": case.acceptance_no,
            "title": title_of(document),
            "sheets": [],
        }
        found.setdefault(document.id, fresh)["sheets"].append(_sheet(item, batch))
    return [found[one] for one in document_ids if one in found]


def _sheet(item: PrintItem, batch: PrintBatch) -> dict[str, Any]:
    return {
        "sheet": sheet_of(batch, item),
        "outcome": item.outcome,
        "at": batch.created_at,
        "actor": batch.actor,
        "batch_id": batch.id,
        "number": batch.number,
    }
