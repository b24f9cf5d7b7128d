"""From deliveries to records of service: made by the system when an allowed signer has signed, ended when it is taken back.

Such a record is what the system knows (送达情况记录). It is laid to the signed 送达回证 and never stands in for it: a denial
counts as served only with the signed receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from ..calendar import local_date
from ..consignments.envelope import active_waybill, addressee_of
from ..consignments.fold import CONFIRM
from ..lifecycle import ConsignmentState, DocumentState, ScanAction
from ..models import Case, Consignment, Document, ScanEvent, ServiceRecord, new_id
from ..services import Services
from ..store import Work

__all__ = ["end_record", "follow_deliveries"]

_NEVER = (DocumentState.VOID, DocumentState.DRAFT, DocumentState.BLOCKED)


def follow_deliveries(services: Services, work: Work, case: Case, envelopes: Sequence[Consignment]) -> None:
    """Make the records of service agree with what was delivered; doing it again changes nothing."""
    delivered = {
        row.id: row for row in envelopes if row.state == ConsignmentState.DELIVERED and row.delivered_at
    }
    known: set[tuple[str, str]] = set()
    for record in _system_records(work, case):
        envelope = delivered.get(record.consignment_id or "")
        if envelope is None or envelope.delivered_at is None:
            end_record(work, record, "送达被收回")
        elif record.served_on != local_date(envelope.delivered_at):
            end_record(work, record, "送达时间更正")
        else:
            known.add((record.document_id, envelope.id))
    work.session.flush()
    for envelope in delivered.values():
        _record_envelope(services, work, case, envelope, known)


def _system_records(work: Work, case: Case) -> list[ServiceRecord]:
    query = select(ServiceRecord).where(
        ServiceRecord.case_id == case.id, ServiceRecord.origin == "system", ServiceRecord.ended_at.is_(None),
        ServiceRecord.consignment_id.is_not(None),
    )  # fmt: skip
    return list(work.session.scalars(query))


def end_record(work: Work, record: ServiceRecord, reason: str) -> None:
    """This record counts no longer; it stays with the reason."""
    record.ended_at, record.ended_by, record.end_reason = work.now, work.actor.name, reason[:200]
    work.audit("service_ended", "document", record.document_id, reason=reason)


def _record_envelope(
    services: Services, work: Work, case: Case, envelope: Consignment, known: set[tuple[str, str]]
) -> None:
    query = select(Document).where(Document.case_id == case.id, Document.consignment_id == envelope.id)
    papers = [
        one for one in work.session.scalars(query.order_by(Document.position)) if one.state not in _NEVER
    ]
    fresh = [one for one in papers if (one.id, envelope.id) not in known]
    if not fresh:
        return
    assert envelope.delivered_at is not None
    carrier = services.carriers.get(envelope.carrier)
    by_post = carrier is not None and not carrier.own_hands
    to, facts = addressee_of(work, envelope), _facts(services, work, envelope)
    for document in fresh:
        record = ServiceRecord(
            id=new_id(), case_id=case.id, document_id=document.id, division_code=case.division_code,
            method="post" if by_post else "direct", origin="system", consignment_id=envelope.id,
            served_on=local_date(envelope.delivered_at), needs_receipt=document.denial, recorded_at=work.now,
            recorded_by=work.actor.name,
        )  # fmt: skip
        work.seal(
            record, "recipient", {"name": to.name, "organization": to.organization, "relation": to.relation}
        )
        work.seal(record, "facts", facts)
        work.add(record)
        work.audit("service_recorded", "document", document.id, method=record.method, origin="system")


def _facts(services: Services, work: Work, envelope: Consignment) -> dict[str, Any]:
    """Who signed and how he was identified, as the delivery's scan told it."""
    query = select(ScanEvent).where(
        ScanEvent.consignment_id == envelope.id, ScanEvent.outcome == "accepted",
        ScanEvent.action.in_((str(ScanAction.DELIVER), CONFIRM)),
    )  # fmt: skip
    events = list(work.session.scalars(query.order_by(ScanEvent.corrected_at, ScanEvent.id)))
    signed = [one for one in events if one.action == ScanAction.DELIVER]
    told = (work.open(signed[-1], "particulars") or {}) if signed else {}
    signer = told.get("signer") or {}
    waybill = active_waybill(work, envelope.id)
    carrier = services.carriers.get(envelope.carrier)
    facts = {
        "signer": signer.get("name", ""),
        "signer_kind": signer.get("kind", ""),
        "relation": signer.get("relation", ""),
        "id_checked": bool(signer.get("id_tail")),
        "code_checked": bool(signer.get("code")),
        "confirmed": any(one.action == CONFIRM for one in events),
        "server": signed[-1].actor if signed else "",
        "carrier": carrier.name if carrier else "窗口自取",
        "waybill": waybill.number if waybill else "",
        "at": envelope.delivered_at.isoformat() if envelope.delivered_at else "",
    }
    return {name: value for name, value in facts.items() if value not in ("", None)}
