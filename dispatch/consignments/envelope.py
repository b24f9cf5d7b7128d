"""What an envelope knows of whom it goes to, and the look-ups that every stage of the road shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, update

from ..calendar import local_date
from ..errors import NotFound, RuleViolation
from ..lifecycle import DocumentState
from ..models import Case, Consignment, Document, Waybill
from ..rights import Actor
from ..store import Work

__all__ = [
    "Addressee",
    "active_waybill",
    "addressee_of",
    "cases_inside",
    "contents",
    "ended_inside",
    "find_consignment",
    "reason_given",
    "title_of",
    "void_waybill",
]


@dataclass(frozen=True)
class Addressee:
    """Who receives an envelope; kept sealed on its row. ``point``: the pick-up point's name, empty where none.

    ``for_organization``: whether the papers belong to an organization, which signs by its head or its mailroom.
    """

    name: str
    organization: str
    phone: str
    relation: str
    region: tuple[str, ...]
    address: str
    division_code: str
    point: str
    for_organization: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Addressee:
        return cls(**{**value, "region": tuple(value["region"])})

    @property
    def region_text(self) -> str:
        return "".join(part for part in self.region if part)


def addressee_of(work: Work, consignment: Consignment) -> Addressee:
    """The envelope's addressee, opened."""
    return Addressee.from_json(work.open(consignment, "recipient"))


def find_consignment(work: Work, actor: Actor, consignment_id: str, *, lock: bool = False) -> Consignment:
    """The envelope, or ``NotFound`` when it is absent or another office's."""
    row = work.locked(Consignment, consignment_id) if lock else work.session.get(Consignment, consignment_id)
    if row is None or not actor.sees(row.division_code):
        raise NotFound("没有找到这个寄递件。请核对编号。")
    return row


def contents(work: Work, consignment_id: str) -> list[Document]:
    """The live documents that belong into the envelope, in the order of their cases."""
    query = select(Document).where(Document.consignment_id == consignment_id, Document.live)
    return list(work.session.scalars(query.order_by(Document.case_id, Document.position)))


def cases_inside(work: Work, consignment_id: str) -> list[Case]:
    """The cases whose documents the envelope holds, by acceptance number."""
    inside = select(Document.case_id).where(Document.consignment_id == consignment_id)
    return list(work.session.scalars(select(Case).where(Case.id.in_(inside)).order_by(Case.acceptance_no)))


def active_waybill(work: Work, consignment_id: str) -> Waybill | None:
    """The one active waybill, None before booking and after voiding."""
    return work.session.scalar(
        select(Waybill).where(Waybill.consignment_id == consignment_id, Waybill.active)
    )


def void_waybill(work: Work, consignment_id: str, reason: str) -> None:
    """The label counts no longer: whoever scans it is told so. Its number is never used again."""
    work.session.execute(
        update(Waybill)
        .where(Waybill.consignment_id == consignment_id, Waybill.active)
        .values(active=False, voided_at=work.now, void_reason=reason[:200])
    )


def ended_inside(work: Work, consignment_id: str) -> list[Document]:
    """Papers that lie in the envelope and must not leave: no longer valid, or past their last day."""
    query = select(Document).where(Document.consignment_id == consignment_id, Document.packed_at.is_not(None))
    today = local_date(work.now)
    return [
        document
        for document in work.session.scalars(query.order_by(Document.case_id, Document.position))
        if document.state != DocumentState.VALID
        or (document.valid_until is not None and document.valid_until < today)
    ]


def title_of(document: Document) -> str:
    """Title and copy as people say them: 食品经营许可证（副本）."""
    return f"{document.title}（{document.copy}）" if document.copy else document.title


def reason_given(reason: str) -> str:
    """The reason without white space around; ``RuleViolation('reason_required')`` where it is empty or too long."""
    plain = " ".join(reason.split())
    if not plain or len(plain) > 200:
        raise RuleViolation("reason_required", "请写明原因（200 字以内）。")
    return plain
