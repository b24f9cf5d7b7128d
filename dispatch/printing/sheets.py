"""打印台账: every sheet that was sent to a printer, what became of it, and what is missing in its papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Select, func, select

from ..calendar import SHANGHAI, local_date
from ..consignments.envelope import title_of
from ..errors import Fault, Invalid
from ..models import Case, Document, PrintBatch, PrintItem
from ..rights import Actor, Scope
from ..services import Services
from .batches import sheet_of
from .marks import sequence_mark

__all__ = ["EXPORTED", "OPEN", "SHOWN", "LedgerView", "Wanted", "day_asked", "ledger_rows"]

SHOWN: Final = 300
#: sheets of one file; a busy office prints as many in a quarter of a year
EXPORTED: Final = 50_000
LONGEST: Final = timedelta(days=366)
#: the state of a sheet of which nobody has told the outcome
OPEN: Final = "open"
OUTCOMES: Final = frozenset({OPEN, "printed", "spoiled", "unprinted"})
FLAGS: Final = frozenset({"any", "no_sheet", "alone"})
Sheets = Select[PrintItem, PrintBatch, Document, str]


@dataclass(frozen=True)
class Wanted:
    """Which sheets: of the days ``since`` to ``until``, both included (today where nothing is said), printed by ``who``
    (an actor's name), with this ``outcome`` (``OPEN``, printed, spoiled, unprinted), warned of (``flag``: any, no_sheet,
    alone). Empty is no narrowing."""

    since: date | None = None
    until: date | None = None
    who: str = ""
    outcome: str = ""
    flag: str = ""


@dataclass(frozen=True)
class LedgerView:
    """``rows``: ``{at, batch_id, number, sheet, mark, acceptance_no, title, document_number, paper, pages, actor,
    outcome, told_at, told_by, instead_of, reason, second, flag}``, the newest first. ``total``: how many there are;
    ``people``: who printed in those days."""

    rows: tuple[dict[str, Any], ...]
    total: int
    people: tuple[str, ...]
    since: date
    until: date


def ledger_rows(services: Services, actor: Actor, wanted: Wanted, limit: int = SHOWN) -> LedgerView:
    """The sheets of this office's documents; ``Invalid`` for days the wrong way round or more than a year."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        since, until = _days(wanted, local_date(work.now))
        query = _of_office(_sheets(since, until), actor)
        people = sorted(work.session.scalars(query.with_only_columns(PrintBatch.actor).distinct()))
        query = _narrowed(query, wanted)
        total = work.session.scalar(query.with_only_columns(func.count())) or 0
        newest = query.order_by(PrintBatch.created_at.desc(), PrintBatch.id, PrintItem.position)
        rows = tuple(_row(*one) for one in work.session.execute(newest.limit(limit)))
    return LedgerView(rows, total, tuple(people), since, until)


def day_asked(text: str, pointer: str) -> date | None:
    """A day as a form gives it, None where it gives none; ``Invalid`` names the field."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Invalid([Fault(pointer, "malformed", "日期应写成 2026-12-31 的样子。")]) from fault


def _days(wanted: Wanted, today: date) -> tuple[date, date]:
    until = wanted.until or max(today, wanted.since or today)
    since = wanted.since or until
    if since > until:
        raise Invalid([Fault("/until", "order", "到哪天早于从哪天，请对调。")])
    if until - since > LONGEST:
        raise Invalid([Fault("/since", "too_long", "一次最多看一年，请把日子缩短。")])
    return since, until


def _sheets(since: date, until: date) -> Sheets:
    return (
        select(PrintItem, PrintBatch, Document, Case.acceptance_no)
        .join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
        .join(Document, Document.id == PrintItem.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(
            PrintBatch.created_at >= datetime.combine(since, time(), SHANGHAI),
            PrintBatch.created_at < datetime.combine(until + timedelta(days=1), time(), SHANGHAI),
        )
    )


def _of_office(query: Sheets, actor: Actor) -> Sheets:
    if not actor.office:
        return query
    return query.where(Case.division_code.startswith(actor.office, autoescape=True))


def _narrowed(query: Sheets, wanted: Wanted) -> Sheets:
    if wanted.who:
        query = query.where(PrintBatch.actor == wanted.who)
    if wanted.outcome in OUTCOMES:
        query = query.where(PrintItem.outcome == ("" if wanted.outcome == OPEN else wanted.outcome))
    if wanted.flag == "any":
        query = query.where(PrintItem.flag != "")
    elif wanted.flag in FLAGS:
        query = query.where(PrintItem.flag == wanted.flag)
    return query


def _row(item: PrintItem, batch: PrintBatch, document: Document, acceptance_no: str) -> dict[str, Any]:
    no = item.no or item.position + 1
    return {
        "at": batch.created_at,
        "batch_id": batch.id,
        "number": batch.number,
        "sheet": sheet_of(batch, item),
        "mark": sequence_mark(batch.sequence, no, batch.total) if batch.sequence else "",
        "acceptance_no": acceptance_no,
        "title": title_of(document),
        "document_number": document.number or "",
        "paper": item.paper,
        "pages": item.pages,
        "actor": batch.actor,
        "outcome": item.outcome,
        "told_at": item.told_at,
        "told_by": item.told_by,
        "instead_of": item.instead_of,
        "reason": batch.reason if item.again else "",
        "second": batch.second if item.again else "",
        "flag": item.flag,
    }
