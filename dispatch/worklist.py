"""The window's first screen: what is due, overdue on top, and what is stuck and why.

Every automatic step that cannot go on by itself ends here with its reason and the act that helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, func, or_, select

from labels.masks import mask_name

from .calendar import SHANGHAI, local_date
from .errors import NotFound, NotPermitted
from .holds import holds_due
from .lifecycle import CaseState, ConsignmentState, DocumentState
from .models import CarrierRange, Case, Consignment, Document, Hold, Outbox, Point, ServiceRecord
from .proof import wrong_pages
from .rights import Actor, Scope
from .service.records import receipts_of
from .services import Services
from .store import Work

__all__ = ["LOW_RANGE", "retry_step", "worklist"]

SHOWN = 100
#: fewer numbers left than this: somebody should fetch new ones from the carrier
LOW_RANGE = 500
SOON = timedelta(days=3)

_K = ConsignmentState
_TROUBLED = {
    _K.BOOKING_UNKNOWN: "承运方可能已收单，正在查询；查清前不会再次下单",
    _K.BOOKING_REJECTED: "承运方拒绝了下单，请核对地址电话后重试",
    _K.ATTEMPT_FAILED: "投递未成功，请联系收件人",
    _K.HELD: "暂存在投递处，请联系收件人",
    _K.RETURNED: "已退回窗口，请改约或通知领取",
    _K.TO_VERIFY: "签收人需要核实",
    _K.LOST: "信封丢失，请与承运方核查，必要时换发",
    _K.DAMAGED: "信封破损，请开封检查，必要时换发",
}
_STEPS = {
    "document.compose": "制证（排版）",
    "document.finish": "制证（盖章）",
    "case.plan": "安排信封",
    "consignment.book": "下单与出面单",
    "issue.batch": "批量出件",
    "notice.send": "发送通知",
    "case.settle": "归档",
    "labels.print": "打印面单",
}

Q = TypeVar("Q", bound="Select[*tuple[Any, ...]]")


def worklist(services: Services, actor: Actor) -> dict[str, Any]:
    """``{today, counts, due, stuck, low_ranges}`` of this office.

    ``counts``: ready, issued, held, overdue, due_today, due_soon (three days), labelled, packed,
    ready_for_collection, stuck. ``due``: up to 100 open cases, the earliest term first:
    ``{acceptance_no, item, department, applicant_masked, state, method, due_on, kind, overdue_days, due_today,
    provisional, held, documents}``. ``stuck``: ``{kind, acceptance_no, what, why, since, ref, retry}``, ``retry`` an id
    for ``retry_step`` or None. ``low_ranges``: ``{carrier, left}``.
    """
    if not (actor.may(Scope.READ) or actor.may(Scope.ISSUE)):
        raise NotPermitted("scope", "没有查看办件的权限。请联系管理员。")
    with services.store.read(actor) as work:
        today = local_date(work.now)
        stuck = [
            *_blocked(work, actor),
            *_holds_due(work, actor),
            *_proofs(services, work, actor),
            *_troubled(work, actor),
            *_parked(work, actor),
            *_new_points(work, actor),
            *_without_receipt(work, actor),
        ]
        return {
            "today": today.isoformat(),
            "counts": _counts(work, actor, today) | {"stuck": len(stuck)},
            "due": _due(work, actor, today),
            "stuck": sorted(stuck, key=lambda row: str(row["since"])),
            "low_ranges": _low_ranges(work),
        }


def _in_office(query: Q, actor: Actor, column: Any) -> Q:
    return query.where(column.startswith(actor.office, autoescape=True)) if actor.office else query


# -- figures -----------------------------------------------------------------------------------------------------
def _counts(work: Work, actor: Actor, today: date) -> dict[str, int]:
    cases = _in_office(select(Case.state, func.count()).group_by(Case.state), actor, Case.division_code)
    by_case = {state: int(n) for state, n in work.session.execute(cases)}
    envelopes = _in_office(
        select(Consignment.state, func.count()).group_by(Consignment.state), actor, Consignment.division_code
    )
    by_envelope = {state: int(n) for state, n in work.session.execute(envelopes)}
    running = (
        select(Case.next_due, func.count())
        .where(Case.state.in_((CaseState.READY, CaseState.ISSUED)))
        .group_by(Case.next_due)
    )
    days = {day: int(n) for day, n in work.session.execute(_in_office(running, actor, Case.division_code))}
    held = (
        select(func.count(func.distinct(Hold.case_id)))
        .join(Case, Case.id == Hold.case_id)
        .where(Hold.lifted_at.is_(None))
    )
    return {
        "ready": by_case.get(CaseState.READY, 0),
        "issued": by_case.get(CaseState.ISSUED, 0),
        "held": work.session.scalar(_in_office(held, actor, Case.division_code)) or 0,
        "overdue": sum(n for day, n in days.items() if day < today),
        "due_today": days.get(today, 0),
        "due_soon": sum(n for day, n in days.items() if today < day <= today + SOON),
        "labelled": by_envelope.get(_K.LABELLED, 0),
        "packed": by_envelope.get(_K.PACKED, 0),
        "ready_for_collection": by_envelope.get(_K.READY_FOR_COLLECTION, 0),
    }


def _due(work: Work, actor: Actor, today: date) -> list[dict[str, Any]]:
    query = select(Case).where(
        or_(Case.state == CaseState.READY, (Case.state == CaseState.ISSUED) & (Case.next_due <= today + SOON))
    )
    query = _in_office(query, actor, Case.division_code).order_by(Case.next_due, Case.id).limit(SHOWN)
    cases = list(work.session.scalars(query))
    ids = [case.id for case in cases]
    held = set(
        work.session.scalars(select(Hold.case_id).where(Hold.case_id.in_(ids), Hold.lifted_at.is_(None)))
    )
    counted = (
        select(Document.case_id, func.count())
        .where(Document.case_id.in_(ids), Document.live)
        .group_by(Document.case_id)
    )
    documents = {case_id: int(n) for case_id, n in work.session.execute(counted)}
    return [_due_row(work, case, today, case.id in held, documents.get(case.id, 0)) for case in cases]


def _due_row(work: Work, case: Case, today: date, held: bool, documents: int) -> dict[str, Any]:
    applicant = work.open(case, "body")["applicant"]
    return {
        "acceptance_no": case.acceptance_no,
        "item": case.item_name,
        "department": case.department_name,
        "applicant_masked": applicant["name"]
        if applicant["type"] == "organization"
        else mask_name(applicant["name"]),
        "state": case.state,
        "method": case.method,
        "due_on": case.next_due.isoformat(),
        "kind": "delivery" if case.issued_at or case.next_due != case.promise_due else "promise",
        "overdue_days": max(0, (today - case.next_due).days),
        "due_today": case.next_due == today,
        "provisional": case.due_provisional,
        "held": held,
        "documents": documents,
    }


# -- what is stuck -----------------------------------------------------------------------------------------------
def _row(
    kind: str, acceptance_no: str | None, what: str, why: str, since: Any, ref: str, retry: str | None = None
) -> dict[str, Any]:
    at = since.astimezone(SHANGHAI).isoformat(timespec="seconds") if since else ""
    return {
        "kind": kind,
        "acceptance_no": acceptance_no,
        "what": what,
        "why": why,
        "since": at,
        "ref": ref,
        "retry": retry,
    }


def _blocked(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Documents that cannot be made, and those that wait for the department's own file."""
    waiting = (
        (Document.source == "import") & (Document.state == DocumentState.DRAFT) & Document.file_blob.is_(None)
    )
    query = (
        select(Document, Case)
        .join(Case, Case.id == Document.case_id)
        .where(
            Document.live,
            or_(Document.state == DocumentState.BLOCKED, waiting & (Case.state == CaseState.ISSUED)),
        )
        .order_by(Case.next_due)
        .limit(SHOWN)
    )
    for document, case in work.session.execute(_in_office(query, actor, Case.division_code)):
        if document.state == DocumentState.BLOCKED:
            why = document.reason or "制证受阻，请更正后重试"
            yield _row(
                "document_blocked", case.acceptance_no, document.title, why, case.issued_at, document.id
            )
        else:
            why = "等待部门上传电子原件（PDF 或 OFD）"
            yield _row("file_missing", case.acceptance_no, document.title, why, case.issued_at, document.id)


def _holds_due(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Holds whose day has come: they do not lift themselves."""
    for hold, case in holds_due(work, actor, SHOWN):
        why = f"暂缓到期，请处理：{hold.reason}（到 {hold.until}）"
        yield _row("hold_due", case.acceptance_no, "暂缓", why, hold.placed_at, hold.id)


def _proofs(services: Services, work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Pages that a second pair of eyes found wrong."""
    for document, case in wrong_pages(services, work, actor):
        why = "校对有误，办件已暂缓；请更正后换发，或再校对一次"
        yield _row("proof_wrong", case.acceptance_no, document.title, why, document.proofread_at, document.id)


def _troubled(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Envelopes that need a person: by state, or flagged by somebody or by the house."""
    settled = (_K.CANCELLED, _K.DELIVERED)
    query = (
        select(Consignment)
        .where(
            or_(Consignment.state.in_(tuple(_TROUBLED)), Consignment.flag.is_not(None)),
            Consignment.state.not_in(settled),
        )
        .order_by(Consignment.state_at)
        .limit(SHOWN)
    )
    envelopes = list(work.session.scalars(_in_office(query, actor, Consignment.division_code)))
    numbers = _numbers_of(work, [e.id for e in envelopes])
    for envelope in envelopes:
        why = envelope.flag or _TROUBLED[_K(envelope.state)]
        kind = envelope.state if envelope.state in _TROUBLED else "flagged"
        yield _row(kind, numbers.get(envelope.id), "信封", why, envelope.state_at, envelope.id)


def _numbers_of(work: Work, envelopes: Sequence[str]) -> dict[str, str]:
    query = (
        select(Document.consignment_id, Case.acceptance_no)
        .join(Case, Case.id == Document.case_id)
        .where(Document.consignment_id.in_(envelopes))
    )
    return {str(envelope): number for envelope, number in work.session.execute(query)}


def _parked(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Steps that were tried too often."""
    query = (
        select(Outbox)
        .where(Outbox.parked_at.is_not(None), Outbox.done_at.is_(None))
        .order_by(Outbox.parked_at)
    )
    rows = list(work.session.scalars(query.limit(SHOWN)))
    for row in rows:
        case = _case_of_step(work, row)
        if case is not None and not actor.sees(case.division_code):
            continue
        if case is None and actor.office:
            continue
        number = case.acceptance_no if case else None
        yield _row(
            "step_parked",
            number,
            _STEPS.get(row.step, row.step),
            row.error or "多次未能完成",
            row.parked_at,
            row.subject,
            row.id,
        )


def _case_of_step(work: Work, row: Outbox) -> Case | None:
    """The case a step belongs to, None where it belongs to none or to several."""
    noun = row.step.partition(".")[0]
    if noun == "case":
        return work.session.get(Case, row.subject)
    column = {"document": Document.id, "consignment": Document.consignment_id}.get(noun)
    if column is None:
        return None
    query = select(Case).join(Document, Document.case_id == Case.id).where(column == row.subject)
    return work.session.scalar(query.limit(1))


def _new_points(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Pick-up points that a case named and nobody confirmed yet: told to whoever may confirm them."""
    if not actor.may(Scope.VALIDITY):
        return
    query = select(Point).where(Point.confirmed.is_(False)).order_by(Point.created_at).limit(SHOWN)
    for point in work.session.scalars(_in_office(query, actor, Point.division_code)):
        yield _row(
            "point_new", None, point.name, "新出现的代办点，请督查人员确认", point.created_at, point.id
        )


def _without_receipt(work: Work, actor: Actor) -> Iterable[dict[str, Any]]:
    """Refusals that were signed for and whose signed 送达回证 is not here yet: not served, and no term runs."""
    query = (
        select(ServiceRecord, Document, Case)
        .join(Document, Document.id == ServiceRecord.document_id)
        .join(Case, Case.id == ServiceRecord.case_id)
        .where(ServiceRecord.needs_receipt, ServiceRecord.ended_at.is_(None))
        .order_by(ServiceRecord.served_on)
    )
    rows = list(work.session.execute(_in_office(query, actor, ServiceRecord.division_code)))
    here = receipts_of(work, [document.id for _, document, _ in rows])
    missing = {
        document.id: (record, document, case) for record, document, case in rows if document.id not in here
    }
    for record, document, case in list(missing.values())[:SHOWN]:
        why = "签收了，签过字的送达回证还没有收到"
        yield _row(
            "receipt_missing", case.acceptance_no, document.title, why, record.recorded_at, document.id
        )


def _low_ranges(work: Work) -> list[dict[str, Any]]:
    left = func.sum(CarrierRange.last - CarrierRange.next + 1)
    rows = work.session.execute(select(CarrierRange.carrier, left).group_by(CarrierRange.carrier))
    return [{"carrier": carrier, "left": int(n)} for carrier, n in rows if int(n) < LOW_RANGE]


# -- helping -----------------------------------------------------------------------------------------------------
def retry_step(services: Services, actor: Actor, outbox_id: str) -> None:
    """Try a parked step again now; ``NotFound`` when it is not parked or another office's."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        row = work.locked(Outbox, outbox_id)
        if row is None or row.parked_at is None or row.done_at is not None:
            raise NotFound("这一步已经不在等待处理，请刷新后再看。")
        case = _case_of_step(work, row)
        if actor.office and (case is None or not actor.sees(case.division_code)):
            raise NotFound("这一步已经不在等待处理，请刷新后再看。")
        work.emit(row.step, row.subject)
        work.audit("step_retried", row.step.partition(".")[0], row.subject, step=row.step)
