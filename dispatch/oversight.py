"""What the supervising desk sees: acts that wait for a second person, one document, new pick-up points, signatures.

Nothing here ends or restores a document; that is ``dispatch.documents.validity``.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from .consignments.envelope import title_of
from .documents.validity import KINDS
from .errors import NotFound, NotPermitted
from .models import Case, Document, Point, ValidityRequest
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["confirm_point", "document_card", "new_points", "pending_acts"]

SHOWN: Final = 200
_ACTS: Final = {
    "revoke": "不再有效",
    "suspend": "冻结核查",
    "reinstate": "恢复有效",
    "supersede": "换发新证件",
}
#: acts that a second person completes; 冻结核查 needs none
_OF_TWO: Final = ("revoke", "reinstate", "supersede")


def pending_acts(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Acts of this office that wait for a second person, the oldest first: ``{document_id, title, number, act, kind,
    act_text, reason, organ, decision_no, by, at, mine}``."""
    actor.require(Scope.VALIDITY)
    with services.store.read(actor) as work:
        query = (
            select(ValidityRequest, Document, Case)
            .join(Document, Document.id == ValidityRequest.document_id)
            .join(Case, Case.id == Document.case_id)
            .where(ValidityRequest.confirmed_at.is_(None), ValidityRequest.act.in_(_OF_TWO))
            .where(Document.state.in_(("valid", "suspended")))
            .order_by(ValidityRequest.asked_at)
            .limit(SHOWN)
        )
        rows = [row for row in work.session.execute(query) if actor.sees(row[2].division_code)]
        return [_pending(work, actor, request, document) for request, document, _ in rows]


def _pending(work: Work, actor: Actor, request: ValidityRequest, document: Document) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "title": title_of(document),
        "number": document.number or "",
        "act": request.act,
        "kind": request.kind,
        "act_text": KINDS.get(request.kind) or _ACTS.get(request.act, request.act),
        "reason": work.open(request, "reason"),
        "organ": request.organ,
        "decision_no": request.decision_no,
        "by": request.asked_by.removeprefix("user:"),
        "at": request.asked_at,
        "mine": request.asked_by == actor.name,
    }


def document_card(services: Services, actor: Actor, document_id: str) -> dict[str, Any]:
    """One document for whoever decides on its validity: ``{document_id, title, copy, number, state, reason,
    acceptance_no, issuer, pending}``, ``pending`` None or as in ``pending_acts``."""
    if not (actor.may(Scope.VALIDITY) or actor.may(Scope.READ)):
        raise NotPermitted("scope", "没有查看证件的权限。请联系管理员。")
    with services.store.read(actor) as work:
        document = work.session.get(Document, document_id.strip().upper())
        case = work.session.get(Case, document.case_id) if document else None
        if document is None or case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这份证件。请核对查验码。")
        waiting = select(ValidityRequest).where(
            ValidityRequest.document_id == document.id,
            ValidityRequest.confirmed_at.is_(None),
            ValidityRequest.act.in_(_OF_TWO),
        )
        request = work.session.scalar(waiting.order_by(ValidityRequest.asked_at).limit(1))
        return {
            "document_id": document.id,
            "title": document.title,
            "copy": document.copy,
            "number": document.number or "",
            "state": document.state,
            "reason": document.reason or "",
            "acceptance_no": case.acceptance_no,
            "issuer": document.department_name,
            "pending": _pending(work, actor, request, document) if request else None,
        }


def new_points(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Pick-up points that a case named first and nobody confirmed: ``{id, name, division, at}``."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        found = work.session.scalars(
            select(Point).where(Point.confirmed.is_(False)).order_by(Point.created_at).limit(SHOWN)
        )
        return [
            {"id": row.id, "name": row.name, "division": row.division_code, "at": row.created_at}
            for row in found
            if actor.sees(row.division_code)
        ]


def confirm_point(services: Services, actor: Actor, point_id: str) -> None:
    """A supervisor knows the pick-up point. Safe to repeat."""
    actor.require(Scope.VALIDITY)
    with services.store.work(actor) as work:
        point = work.locked(Point, point_id)
        if point is None or not actor.sees(point.division_code):
            raise NotFound("没有找到这个代办点。")
        if not point.confirmed:
            point.confirmed = True
            work.audit("point_confirmed", "point", point.id)
