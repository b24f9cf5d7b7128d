"""Service as it stands: what the rows of a document come to, and the terms that run from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from ..calendar import WorkingCalendar
from ..models import Attachment, Document, ServiceRecord
from ..store import Work
from .terms import Terms, terms_of

__all__ = [
    "STATES",
    "Standing",
    "has_terms",
    "receipts_of",
    "records_of",
    "standing",
    "terms_for",
    "together",
]

#: how a service stands, and its word
STATES: Final = {
    "served": "已送达",
    "awaiting_receipt": "待回证",
    "running": "公告中",
    "pending": "未送达",
}


@dataclass(frozen=True)
class Standing:
    """``state`` of ``STATES``; ``served_on``: the day of service, of a running notice the day it will count."""

    state: str
    method: str = ""
    served_on: date | None = None

    @property
    def word(self) -> str:
        return STATES[self.state]


def records_of(work: Work, document_ids: Iterable[str]) -> dict[str, list[ServiceRecord]]:
    """Rows that count, by document, the earliest service first."""
    query = select(ServiceRecord).where(
        ServiceRecord.document_id.in_(list(document_ids)), ServiceRecord.ended_at.is_(None)
    )
    found: dict[str, list[ServiceRecord]] = {}
    for row in work.session.scalars(query.order_by(ServiceRecord.served_on, ServiceRecord.id)):
        found.setdefault(row.document_id, []).append(row)
    return found


def receipts_of(work: Work, document_ids: Iterable[str]) -> set[str]:
    """Documents whose signed 送达回证 is there."""
    ids = list(document_ids)
    if not ids:
        return set()
    query = select(Attachment.subject_id).where(
        Attachment.subject_kind == "document", Attachment.kind == "receipt",
        Attachment.subject_id.in_(ids),
    )  # fmt: skip
    return set(work.session.scalars(query))


def standing(rows: Sequence[ServiceRecord], *, receipt: bool, today: date) -> Standing:
    """What a document's rows come to: the earliest service that counts, else what is still missing."""
    waiting = Standing("pending")
    for row in sorted(rows, key=lambda one: one.served_on):
        if row.needs_receipt and not receipt:
            waiting = Standing("awaiting_receipt", row.method, row.served_on)
        elif row.served_on > today:
            waiting = (
                waiting
                if waiting.state == "awaiting_receipt"
                else Standing("running", row.method, row.served_on)
            )
        else:
            return Standing("served", row.method, row.served_on)
    return waiting


def together(standings: Collection[Standing]) -> Standing:
    """What the documents of a case come to: served when all are, else what is most in the way."""
    for state in ("awaiting_receipt", "running", "pending"):
        found = [one for one in standings if one.state == state]
        if found:
            return found[0]
    return max(standings, key=lambda one: one.served_on or date.min, default=Standing("pending"))


def has_terms(document: Document, fields: Mapping[str, Any]) -> bool:
    """Whether terms for review are told: decisions that refuse, and documents that state such terms themselves."""
    return (
        document.denial or document.title.startswith("不予") or bool({"复议期限", "诉讼期限"} & set(fields))
    )


def terms_for(
    document: Document, fields: Mapping[str, str], served: Standing, calendar: WorkingCalendar
) -> Terms | None:
    """Terms that run from the service of a document, None where none run (yet)."""
    if served.state != "served" or served.served_on is None or not has_terms(document, fields):
        return None
    return terms_of(served.served_on, fields, calendar)
