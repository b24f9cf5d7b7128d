"""Service entered by hand: the way, the evidence it needs, the day. What was entered wrongly is ended, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from .. import custody
from ..attachments import KINDS, attach, attachments_of, media_type
from ..calendar import local_date
from ..cases import find_case
from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..lifecycle import CaseState, DocumentState
from ..models import Attachment, Case, Document, ServiceRecord, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .consent import consent_of
from .delivered import end_record
from .methods import Entry, check

__all__ = ["add_receipt", "find_document", "record_service", "take_back_service"]

Picture = tuple[str, bytes]
#: the paper itself went from hand to hand
_BY_HAND = ("direct", "left", "through")
_SERVABLE = (DocumentState.VALID, DocumentState.SUSPENDED, DocumentState.REVOKED, DocumentState.SUPERSEDED)


def find_document(work: Work, actor: Actor, document_id: str) -> tuple[Document, Case]:
    """The document and its case; ``NotFound`` when absent or another office's."""
    document = work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    return document, case


def record_service(
    services: Services,
    actor: Actor,
    document_id: str,
    typed: Mapping[str, str],
    pictures: Sequence[Picture] = (),
) -> str:
    """Enter one service; the record's id. ``typed``: ``method``, ``date`` (YYYY-MM-DD) and fields of ``methods.FIELDS``;
    ``pictures``: ``(kind, bytes)``, kinds of ``attachments.KINDS``.

    ``Invalid`` names every missing piece of evidence; ``RuleViolation('not_issued')`` before the document is valid.
    """
    actor.require(Scope.ISSUE)
    for kind, data in pictures:
        if kind not in KINDS:
            raise Invalid([Fault("/files", "unknown_value", "附件种类不认识。")])
        media_type(data)
    with services.store.read(actor) as work:
        document, case = find_document(work, actor, document_id)
        _refuse_early(document, case)
        entry = _checked(work, document, case, typed, {kind for kind, _ in pictures})
    for kind, data in pictures:
        attach(
            services, actor, kind=kind, subject_kind="document", subject_id=document.id,
            division_code=case.division_code, data=data,
        )  # fmt: skip
    with services.store.work(actor) as work:
        case = find_case(work, actor, case.acceptance_no, lock=True)
        document = work.session.get_one(Document, document_id)
        _refuse_early(document, case)
        return keep(work, document, case, entry)


def _checked(
    work: Work, document: Document, case: Case, typed: Mapping[str, str], fresh: Collection[str]
) -> Entry:
    kept = {one.kind for one in attachments_of(work, "document", document.id)}
    entry, faults = check(
        typed, kept | set(fresh), consented=consent_of(work, case.id) is not None or "consent" in fresh,
        today=local_date(work.now),
    )  # fmt: skip
    if faults or entry is None:
        raise Invalid(faults)
    issued = local_date(case.issued_at) if case.issued_at else None
    if issued is not None and entry.facts["date"] < issued.isoformat():
        raise Invalid([Fault("/date", "out_of_range", "送达日期不能早于出件的日期。")])
    return entry


def _refuse_early(document: Document, case: Case) -> None:
    if case.state not in (CaseState.ISSUED, CaseState.CLOSED) or document.state not in _SERVABLE:
        raise RuleViolation("not_issued", "证件还没有出件、生效，或者已经作废，不能登记送达。")


def keep(work: Work, document: Document, case: Case, entry: Entry, origin: str = "hand") -> str:
    """Write a checked entry in the caller's unit; the record's id."""
    body = work.open(case, "body")
    own = body["documents"][document.position].get("recipient") or {}
    name = entry.facts.get("recipient") or own.get("name") or body["applicant"]["name"]
    record = ServiceRecord(
        id=new_id(), case_id=case.id, document_id=document.id, division_code=case.division_code, method=entry.method,
        origin=origin, served_on=entry.served_on, needs_receipt=document.denial and entry.method != "public_notice",
        recorded_at=work.now, recorded_by=work.actor.name,
    )  # fmt: skip
    work.seal(record, "recipient", {"name": name, "relation": own.get("relation", "self")})
    work.seal(record, "facts", {name: value for name, value in entry.facts.items() if name != "recipient"})
    work.add(record)
    work.audit("service_recorded", "document", document.id, method=entry.method, origin=origin)
    if entry.method in _BY_HAND and document.consignment_id is None:
        custody.signed_for(work, document)
    work.emit("case.settle", case.id)
    return record.id


def take_back_service(services: Services, actor: Actor, record_id: str, reason: str) -> str:
    """End a record entered wrongly; the case's number. One that follows from a delivery ends with the delivery only."""
    actor.require(Scope.ISSUE)
    why = " ".join(reason.split())
    if not why or len(why) > 200:
        raise Invalid([Fault("/reason", "required", "请写明为什么撤销这条送达记录（200 字以内）。")])
    with services.store.work(actor) as work:
        record = work.locked(ServiceRecord, record_id)
        if record is None or not actor.sees(record.division_code):
            raise NotFound("没有找到这条送达记录。")
        case = work.session.get_one(Case, record.case_id)
        if record.origin == "system":
            raise RuleViolation(
                "from_delivery", "这条记录来自投递签收，不能单独撤销；请在信封上更正签收情况。"
            )
        if record.ended_at is None:
            end_record(work, record, why)
            custody.signed_wrongly(work, work.session.get_one(Document, record.document_id))
            work.emit("case.settle", case.id)
        return case.acceptance_no


def add_receipt(services: Services, actor: Actor, document_id: str, data: bytes) -> str:
    """Keep the signed 送达回证 of a document; the case's number. What waited for it counts from now on."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        document, case = find_document(work, actor, document_id)
        _refuse_early(document, case)
    attach(
        services, actor, kind="receipt", subject_kind="document", subject_id=document.id,
        division_code=case.division_code, data=data,
    )  # fmt: skip
    with services.store.work(actor) as work:
        same = select(Attachment.id).where(
            Attachment.subject_kind == "document",
            Attachment.subject_id == document.id,
            Attachment.kind == "receipt",
        )
        if work.session.scalar(same.limit(1)) is not None:
            work.emit("case.settle", case.id)
    return case.acceptance_no
