"""作废号登记: numbers that were given to a paper which no longer counts. They are listed for good and never used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from .chronicle import shown_actor
from .lifecycle import DocumentState
from .models import Audit, Case, Document, DocumentNumber
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["MOST", "VoidNumber", "void_numbers"]

MOST: Final = 2000


@dataclass(frozen=True)
class VoidNumber:
    """One void number: on what it stood, who made it void, when and why. ``origin``: allotted | given."""

    number: str
    title: str
    copy: str
    department: str
    acceptance_no: str
    origin: str
    reason: str
    at: datetime | None
    by: str
    document_id: str


def void_numbers(services: Services, actor: Actor, q: str = "") -> list[VoidNumber]:
    """Void numbers of this office, the newest first, at most 2000; ``q``: exact number or acceptance number, or a part
    of the reason."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        query = (
            select(DocumentNumber, Document, Case)
            .join(Document, Document.id == DocumentNumber.document_id)
            .join(Case, Case.id == Document.case_id)
            .where(Document.state == DocumentState.VOID)
        )
        if actor.office:
            query = query.where(Case.division_code.startswith(actor.office, autoescape=True))
        wanted = q.strip()[:80]
        if wanted:
            query = query.where(
                (DocumentNumber.number == wanted)
                | (Case.acceptance_no == wanted)
                | Document.reason.contains(wanted, autoescape=True)
            )
        found = [
            (number, document, case) for number, document, case in work.session.execute(query.limit(MOST))
        ]
        acts = _acts(work, [document.id for _, document, _ in found])
    rows = [_row(number, document, case, acts.get(document.id)) for number, document, case in found]
    return sorted(rows, key=lambda row: (row.at is not None, row.at, row.number), reverse=True)


def _acts(work: Work, ids: Sequence[str]) -> dict[str, Audit]:
    query = select(Audit).where(
        Audit.action == "document_void", Audit.object_kind == "document", Audit.object_id.in_(ids)
    )
    return {row.object_id: row for row in work.session.scalars(query)}


def _row(number: DocumentNumber, document: Document, case: Case, act: Audit | None) -> VoidNumber:
    return VoidNumber(
        number=number.number, title=number.title, copy=number.copy, department=number.department_name,
        acceptance_no=case.acceptance_no, origin=number.origin, reason=document.reason or "",
        at=act.at if act else None, by=shown_actor(act.actor) if act else "", document_id=document.id,
    )  # fmt: skip
