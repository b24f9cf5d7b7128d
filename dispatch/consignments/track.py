"""Where a case stands, for who may know it: the public by number and phone, the applicant by private link; and the
closing of a case when every envelope has come to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from .. import outbox
from ..calendar import local_date
from ..counters import Limit, count, take_back
from ..errors import NotFound
from ..lifecycle import CaseState, ConsignmentState, DocumentState
from ..models import Case, CaseSearch, Consignment, Document
from ..notices import day_words
from ..outbox import Claim
from ..rights import SYSTEM
from ..service.delivered import follow_deliveries
from ..service.records import records_of
from ..services import Services
from ..store import Work
from .envelope import active_waybill, contents, ended_inside, title_of, void_waybill
from .journey import expected_day, summary
from .links import case_by_secret, ensure_private_link
from .words import STATE_WORDS

__all__ = ["PER_ADDRESS", "PER_NUMBER", "ensure_private_link", "private_view", "public_track", "settle_case"]

_K = ConsignmentState
#: misses: 5 per number and day, 20 per address and hour (contract, section 4)
PER_NUMBER: Final = Limit("track_number", 5, timedelta(days=1))
PER_ADDRESS: Final = Limit("track_address", 20, timedelta(hours=1))
_WITHOUT_ENVELOPE: Final = ("on_the_spot", "electronic")
_STILL_HERE: Final = (
    _K.PLANNED, _K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED, _K.LABELLED, _K.READY_FOR_COLLECTION,
)  # fmt: skip
#: of several envelopes the one that most needs patience or a call stands for the case
_SPEAKS_FIRST: Final = (
    _K.LOST, _K.DAMAGED, _K.RETURNED, _K.RETURNING, _K.TO_VERIFY, _K.ATTEMPT_FAILED, _K.HELD, _K.READY_FOR_COLLECTION,
    _K.BOOKING_REJECTED, _K.BOOKING_UNKNOWN, _K.PLANNED, _K.BOOKING, _K.LABELLED, _K.PACKED, _K.HANDED_OVER,
    _K.IN_TRANSIT, _K.OUT_FOR_DELIVERY, _K.DELIVERED,
)  # fmt: skip


# -- closing -----------------------------------------------------------------------------------------------------
def settle_case(services: Services, claim: Claim) -> None:
    """Step ``case.settle``: close a case when everything has come to its end, reopen it when it has not after all."""
    with services.store.work(SYSTEM) as work:
        case = work.locked(Case, claim.subject)
        if case is not None and case.state in (CaseState.ISSUED, CaseState.CLOSED):
            _cancel_empty(work, case)
            follow_deliveries(services, work, case, _envelopes_of(work, case))
            ended = _has_ended(work, case)
            if ended and case.state == CaseState.ISSUED:
                work.move(case, CaseState.CLOSED, closed_at=work.now)
                work.audit("case_closed", "case", case.id)
            elif not ended and case.state == CaseState.CLOSED:
                work.move(case, CaseState.ISSUED, closed_at=None)
                work.audit("case_reopened", "case", case.id)
        outbox.finish(work, claim)


def _cancel_empty(work: Work, case: Case) -> None:
    """An envelope whose papers have all ended before anything was put into it goes nowhere."""
    documents = list(work.session.scalars(select(Document).where(Document.case_id == case.id)))
    for row in _envelopes(work, documents):
        waits = row.state in _STILL_HERE and row.packed_at is None
        if waits and not contents(work, row.id) and not ended_inside(work, row.id):
            void_waybill(work, row.id, "证件已失效")
            work.move(row, _K.CANCELLED, base_state=str(_K.CANCELLED), state_at=work.now, flag=None)
            work.audit("consignment_cancelled", "consignment", row.id)


def _is_made(body: Mapping[str, Any], document: Document) -> bool:
    """A paper that needs no envelope and is no draft any more; one with a recipient of its own needs an envelope."""
    own = bool(body["documents"][document.position].get("recipient"))
    return not own and document.state not in (DocumentState.DRAFT, DocumentState.BLOCKED)


def _envelopes_of(work: Work, case: Case) -> list[Consignment]:
    return _envelopes(work, work.session.scalars(select(Document).where(Document.case_id == case.id)))


def _has_ended(work: Work, case: Case) -> bool:
    """Whether every paper arrived, or came back and was dealt with, or needs no envelope and was signed for or received.

    A case that was closed before service was recorded is not opened again for want of a record.
    """
    documents = list(work.session.scalars(select(Document).where(Document.case_id == case.id)))
    body = work.open(case, "body")
    live = [document for document in documents if document.live]
    if not live and not any(document.consignment_id for document in documents):
        return False
    loose = [document for document in live if document.consignment_id is None]
    if loose and (case.method not in _WITHOUT_ENVELOPE or not all(_is_made(body, one) for one in loose)):
        return False
    if loose and case.state == CaseState.ISSUED:
        served = records_of(work, [document.id for document in loose])
        if any(document.id not in served for document in loose):
            return False
    return all(_is_settled(row) for row in _envelopes(work, documents))


def _envelopes(work: Work, documents: Iterable[Document]) -> list[Consignment]:
    ids = {document.consignment_id for document in documents if document.consignment_id}
    rows = work.session.scalars(
        select(Consignment).where(Consignment.id.in_(ids), Consignment.direction == "out")
    )
    return [row for row in rows if row.state != _K.CANCELLED]


def _is_settled(row: Consignment) -> bool:
    """Delivered; or back at the window and somebody decided what becomes of it (the flag is gone)."""
    return row.state == _K.DELIVERED or (row.state == _K.RETURNED and row.flag is None)


# -- what the public may know ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Standing:
    state: str
    words: str
    expected: date | None
    next_step: str


def public_track(services: Services, acceptance_no: str, phone_tail: str, address: str) -> dict[str, Any]:
    """``{state, state_words, expected_day, next_step}`` of a case for who knows its number and a phone's last four.

    ``address``: where the question comes from. The same ``NotFound`` for a wrong number, a wrong tail and too many
    misses; ``expected_day`` is ISO 8601 or None.
    """
    number, tail = "".join(acceptance_no.split())[:64], "".join(phone_tail.split())[:8]
    with services.store.work(SYSTEM) as work:
        # Counted before looking: guesses sent at once are counted one by one.
        tries = (count(work, PER_NUMBER, number), count(work, PER_ADDRESS, address))
        allowed = tries[0] <= PER_NUMBER.most and tries[1] <= PER_ADDRESS.most
        case = _case_of(work, number, tail) if allowed else None
        if case is not None:
            take_back(work, PER_NUMBER, number)
            take_back(work, PER_ADDRESS, address)
            standing = _standing(services, work, case)
            day = standing.expected.isoformat() if standing.expected else None
            return {
                "state": standing.state, "state_words": standing.words, "expected_day": day,
                "next_step": standing.next_step,
            }  # fmt: skip
    raise NotFound("没有查到。请核对受理号和手机号后四位；多次输错要等一段时间再查，也可以拨打窗口电话。")


def _case_of(work: Work, number: str, tail: str) -> Case | None:
    if len(tail) != 4 or not tail.isascii() or not tail.isdigit():
        return None
    case = work.session.scalar(select(Case).where(Case.acceptance_no == number))
    if case is None:
        return None
    key = work.vault.blind("phone_tail", tail)
    known = select(CaseSearch.id).where(
        CaseSearch.case_id == case.id, CaseSearch.kind == "phone_tail", CaseSearch.key == key
    )
    return case if work.session.scalar(known.limit(1)) is not None else None


def _standing(services: Services, work: Work, case: Case) -> _Standing:
    phone = services.settings.operator_phone
    if case.state == CaseState.CANCELLED:
        return _Standing("cancelled", "已取消", None, f"这个办件已取消，有疑问请拨打 {phone}。")
    if case.state == CaseState.READY:
        due = case.delivery_due
        return _Standing("ready", "待出件", due, f"审批已完成，窗口正在准备，最迟 {day_words(due)} 送出。")
    query = select(Document).where(Document.case_id == case.id, Document.state != DocumentState.VOID)
    documents = list(work.session.scalars(query))
    envelopes = _envelopes(work, documents)
    if not envelopes:
        return _without_envelope(case, phone, made=all(one.state != DocumentState.DRAFT for one in documents))
    row = min(envelopes, key=lambda one: _SPEAKS_FIRST.index(ConsignmentState(one.state)))
    expected = _expected(services, work, case, row)
    words = _next_step(services, row, expected)
    return _Standing(row.state, STATE_WORDS[row.state], expected, words)


def _without_envelope(case: Case, phone: str, *, made: bool) -> _Standing:
    closed = case.state == CaseState.CLOSED
    if case.method == "electronic":
        step = (
            "电子证件已收取，要再看请用短信里的链接打开。" if closed else "电子证件正在制作，好了就通知您。"
        )
        step = "电子证件已做好，请用短信里的链接验证手机后收取。" if made and not closed else step
    elif case.method == "on_the_spot":
        step = f"请在窗口当场领取；已领取的不用再办什么。咨询 {phone}。"
    else:
        step = f"窗口正在安排送达，最迟 {day_words(case.delivery_due)} 送出。"
    return _Standing(
        case.state, "已办结归档" if closed else "已出件", None if closed else case.delivery_due, step
    )


def _expected(services: Services, work: Work, case: Case, row: Consignment) -> date | None:
    """The day the envelope should arrive: from its hand-over, before that the last day the law allows."""
    if row.state in (_K.DELIVERED, _K.RETURNING, _K.RETURNED, _K.LOST, _K.DAMAGED, _K.READY_FOR_COLLECTION):
        return None
    left = summary(work, row).handed_over_at
    return expected_day(services.calendar, row.method, local_date(left)) if left else case.delivery_due


def _next_step(services: Services, row: Consignment, expected: date | None) -> str:
    phone = services.settings.operator_phone
    day = f"预计 {day_words(expected)} 前送到" if expected else ""
    arrived = local_date(row.delivered_at) if row.delivered_at else None
    texts: dict[str, str] = {
        _K.HANDED_OVER: f"您的信封已交寄，{day}。",
        _K.IN_TRANSIT: f"您的信封正在路上，{day}。",
        _K.OUT_FOR_DELIVERY: "您的信封正在投递，请保持电话畅通。",
        _K.ATTEMPT_FAILED: f"送了一次没有成功，会再送。想改时间或地址，请拨打 {phone}。",
        _K.READY_FOR_COLLECTION: f"您的信封可以领取了，请带身份证件。咨询 {phone}。",
        _K.HELD: f"您的信封暂存着，请拨打 {phone} 约时间。",
        _K.TO_VERIFY: f"有人签收了您的信封，我们正在核实。没有收到请拨打 {phone}。",
        _K.DELIVERED: f"您的信封已于 {day_words(arrived)} 签收。没有收到请拨打 {phone}。"
        if arrived
        else "您的信封已签收。",
        _K.RETURNING: f"您的信封没能送到，正在退回窗口。请拨打 {phone}。",
        _K.RETURNED: f"您的信封已退回窗口，妥善保管着。请拨打 {phone} 改址再送，或带身份证件来领取。",
        _K.LOST: f"您的信封在途中出了问题，我们正在处理。请拨打 {phone}。",
        _K.DAMAGED: f"您的信封在途中出了问题，我们正在处理。请拨打 {phone}。",
    }
    return texts.get(row.state, f"证件正在封装，{day}。")


# -- by private link ---------------------------------------------------------------------------------------------
def private_view(services: Services, secret: str) -> dict[str, Any]:
    """What the applicant sees at ``/m/{secret}``; ``NotFound`` for any other text.

    ``{acceptance_no, item, sensitive, department, state, state_words, expected_day, next_step, method, documents:[{document_id,
    title, number, state, valid_until}], consignments:[{id, method, carrier, waybill_no, state, state_words,
    shelf_place, expected_day}]}``.
    """
    with services.store.read(SYSTEM) as work:
        case = case_by_secret(work, secret)
        if case is None:
            raise NotFound("这个链接已失效或不完整。请用短信里的完整链接，或拨打窗口电话。")
        standing = _standing(services, work, case)
        query = select(Document).where(Document.case_id == case.id).order_by(Document.position)
        documents = list(work.session.scalars(query))
        return {
            "acceptance_no": case.acceptance_no,
            "item": case.item_name,
            "sensitive": case.sensitive,
            "department": case.department_name,
            "state": standing.state,
            "state_words": standing.words,
            "expected_day": standing.expected.isoformat() if standing.expected else None,
            "next_step": standing.next_step,
            "method": case.method,
            "documents": _papers(documents),
            "consignments": [_envelope(services, work, case, row) for row in _envelopes(work, documents)],
        }


def _papers(documents: Sequence[Document]) -> list[dict[str, Any]]:
    return [
        {
            "document_id": document.id,
            "title": title_of(document),
            "number": document.number,
            "state": document.state,
            "valid_until": document.valid_until.isoformat() if document.valid_until else None,
        }
        for document in documents
        if document.live or (document.valid_at is not None and document.state != DocumentState.VOID)
    ]


def _envelope(services: Services, work: Work, case: Case, row: Consignment) -> dict[str, Any]:
    waybill = active_waybill(work, row.id)
    expected = _expected(services, work, case, row)
    carrier = services.carriers.get(row.carrier)
    return {
        "id": row.id,
        "method": row.method,
        "carrier": carrier.name if carrier else "窗口自取",
        "waybill_no": waybill.number if waybill else None,
        "state": row.state,
        "state_words": STATE_WORDS[row.state],
        "shelf_place": row.shelf_place or None,
        "expected_day": expected.isoformat() if expected else None,
    }
