"""Getting a waybill number and a label, with no human act where the carrier gives the number.

The order number is stored before the carrier is asked and never made anew, so an order repeated after a crash is the
same order. What the carrier refuses becomes a state with the reason and the remedy.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from sqlalchemy import select

from labels.label import LabelRecord

from .. import outbox
from ..errors import Rejected, RuleViolation
from ..lifecycle import ConsignmentState
from ..models import Consignment, Waybill, new_id
from ..outbox import Claim
from ..ports import BookingRequest, Carrier
from ..rights import SYSTEM, Actor, Scope
from ..services import Services
from ..store import Work
from .envelope import active_waybill, addressee_of, find_consignment
from .label import describe, draw

__all__ = [
    "NUMBER_WANTED",
    "bind_number",
    "book_consignment",
    "retry_booking",
    "waits_for_number",
]

_K = ConsignmentState
NUMBER_WANTED = "请登记运单号"
_WAITING = (_K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED)


@dataclass(frozen=True)
class _Order:
    """What is needed to book, read before any call."""

    carrier: Carrier
    request: BookingRequest


def book_consignment(services: Services, claim: Claim) -> None:
    """Step ``consignment.book``: from planned to labelled; or refused with a reason; or waiting for a number by hand."""
    order = _begin(services, claim)
    if order is None:
        _redraw(services, claim)
        return
    try:
        answer = order.carrier.book(order.request)
        if answer.waybill_no is None:
            _wait_for_number(services, claim)
            return
        number = _checked(order.carrier, answer.waybill_no)
        record = _record(services, claim.subject, number, answer.sort_code)
        drawn = draw(services, record, claim.subject)
    except Rejected as refusal:
        _refuse(services, claim, refusal.detail)
        return
    services.blobs.put(drawn.name, drawn.pdf)
    with services.store.work(SYSTEM) as work:
        consignment = work.locked(Consignment, claim.subject)
        if consignment is not None and consignment.state == _K.BOOKING:
            _bind(work, consignment, number, answer.sort_code, drawn.name)
        outbox.finish(work, claim)


def _begin(services: Services, claim: Claim) -> _Order | None:
    """Note that the carrier is about to be asked; None when there is nothing to book."""
    with services.store.work(SYSTEM) as work:
        consignment = work.locked(Consignment, claim.subject)
        if consignment is not None and consignment.state == _K.PLANNED:
            work.move(consignment, _K.BOOKING, base_state=str(_K.BOOKING), state_at=work.now)
        if consignment is not None and consignment.state == _K.BOOKING:
            carrier = services.carriers.get(consignment.carrier)
            if carrier is not None:
                return _Order(carrier, _request(work, consignment))
            _reject(work, consignment, "这种寄递方式已停用，请改选送达方式。")
    return None


def _redraw(services: Services, claim: Claim) -> None:
    """A label whose words changed since (a paper joined that only the person himself may receive) is stored anew."""
    with services.store.read(SYSTEM) as work:
        consignment = work.session.get(Consignment, claim.subject)
        waybill = active_waybill(work, claim.subject)
        open_label = consignment is not None and waybill is not None and consignment.state == _K.LABELLED
        record = (
            describe(services, work, consignment, waybill.number)
            if open_label and consignment and waybill
            else None
        )
    drawn = draw(services, record, claim.subject) if record is not None else None
    if drawn is not None:
        services.blobs.put(drawn.name, drawn.pdf)
    with services.store.work(SYSTEM) as work:
        consignment = work.locked(Consignment, claim.subject)
        still = consignment is not None and consignment.state == _K.LABELLED
        if drawn is not None and consignment is not None and still and consignment.label_blob != drawn.name:
            consignment.label_blob, consignment.flag = drawn.name, "面单内容有变，请重新打印后再封装。"
        outbox.finish(work, claim)


def _request(work: Work, consignment: Consignment) -> BookingRequest:
    addressee = addressee_of(work, consignment)
    return BookingRequest(
        order_no=consignment.order_no,
        consignment_id=consignment.id,
        recipient_name=addressee.name,
        recipient_organization=addressee.organization,
        recipient_phone=addressee.phone,
        region=addressee.region,
        address=addressee.address,
        payer="recipient" if consignment.payer == "recipient" else "office",
    )


def _checked(carrier: Carrier, number: str) -> str:
    if not carrier.number_is_wellformed(number):
        raise Rejected("malformed_number", "寄递方返回的运单号格式不对，请与对方核对后重新下单。")
    return number


def _record(services: Services, consignment_id: str, number: str, sort_code: str) -> LabelRecord:
    with services.store.read(SYSTEM) as work:
        consignment = work.session.get_one(Consignment, consignment_id)
        return replace(describe(services, work, consignment, number), sort_code=sort_code)


def _bind(work: Work, consignment: Consignment, number: str, sort_code: str, blob: str) -> None:
    """Waybill active, label known, state labelled: all in one unit."""
    waybill = Waybill(id=new_id(), consignment_id=consignment.id, carrier=consignment.carrier, number=number)
    waybill.active, waybill.bound_at = True, work.now
    work.add(waybill)
    work.session.flush()
    work.move(
        consignment, _K.LABELLED, base_state=str(_K.LABELLED), state_at=work.now, sort_code=sort_code, label_blob=blob,
        flag=None,
    )  # fmt: skip
    work.audit("waybill_bound", "consignment", consignment.id, carrier=consignment.carrier, waybill_no=number)


def _wait_for_number(services: Services, claim: Claim) -> None:
    with services.store.work(SYSTEM) as work:
        consignment = work.locked(Consignment, claim.subject)
        if consignment is not None and consignment.state == _K.BOOKING:
            consignment.flag = NUMBER_WANTED
        outbox.finish(work, claim)


def _refuse(services: Services, claim: Claim, why: str) -> None:
    with services.store.work(SYSTEM) as work:
        consignment = work.locked(Consignment, claim.subject)
        if consignment is not None and consignment.state == _K.BOOKING:
            _reject(work, consignment, why)
        outbox.finish(work, claim)


def _reject(work: Work, consignment: Consignment, why: str) -> None:
    work.move(
        consignment,
        _K.BOOKING_REJECTED,
        base_state=str(_K.BOOKING_REJECTED),
        state_at=work.now,
        flag=why[:400],
    )
    work.audit("booking_rejected", "consignment", consignment.id, reason=why)


def retry_booking(services: Services, actor: Actor, consignment_id: str) -> None:
    """Ask the carrier again under the same order number, after whatever stood in the way was mended."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        consignment = find_consignment(work, actor, consignment_id, lock=True)
        if consignment.state not in (_K.BOOKING_REJECTED, _K.BOOKING_UNKNOWN, _K.BOOKING):
            raise RuleViolation("not_now", "只有下单被拒或结果待查的寄递件可以重新下单。")
        if consignment.state != _K.BOOKING:
            work.move(consignment, _K.BOOKING, base_state=str(_K.BOOKING), state_at=work.now, flag=None)
        work.emit("consignment.book", consignment.id)
        work.audit("booking_retried", "consignment", consignment.id)


# -- numbers by hand ---------------------------------------------------------------------------------------------
def bind_number(services: Services, actor: Actor, consignment_id: str, waybill_no: str) -> str:
    """Register the number on a pre-printed form or from the carrier's file; returns it as stored.

    ``RuleViolation``: ``number_malformed``, ``number_used``, ``not_now``. The same number again is no error.
    """
    actor.require(Scope.ISSUE)
    number = "".join(unicodedata.normalize("NFKC", waybill_no).upper().split())
    with services.store.read(actor) as work:
        consignment = find_consignment(work, actor, consignment_id)
        if _is_bound(work, consignment, number):
            return number
        _refuse_number(services, work, consignment, number)
        record = describe(services, work, consignment, number)
    try:
        drawn = draw(services, record, consignment_id)
    except Rejected as refusal:
        raise RuleViolation(refusal.code, refusal.detail) from refusal
    services.blobs.put(drawn.name, drawn.pdf)
    with services.store.work(actor) as work:
        consignment = find_consignment(work, actor, consignment_id, lock=True)
        if _is_bound(work, consignment, number):
            return number
        _refuse_number(services, work, consignment, number)
        if consignment.state == _K.BOOKING_REJECTED:
            work.move(consignment, _K.BOOKING)
        _bind(work, consignment, number, consignment.sort_code, drawn.name)
    return number


def _is_bound(work: Work, consignment: Consignment, number: str) -> bool:
    waybill = active_waybill(work, consignment.id)
    return waybill is not None and waybill.number == number


def _refuse_number(services: Services, work: Work, consignment: Consignment, number: str) -> None:
    carrier = services.carriers.get(consignment.carrier)
    if carrier is None or not carrier.number_is_wellformed(number):
        raise RuleViolation("number_malformed", "运单号格式不对，请对照运单重新扫描或输入。")
    same = select(Waybill).where(Waybill.carrier == consignment.carrier, Waybill.number == number)
    if work.session.scalar(same) is not None:
        raise RuleViolation("number_used", "这个运单号已用在另一个信封上，请核对是否拿错了运单。")
    if not waits_for_number(consignment):
        raise RuleViolation("not_now", "这个寄递件现在不需要登记运单号。")


def waits_for_number(consignment: Consignment) -> bool:
    """Whether a number can be registered for it now."""
    return consignment.state in {str(state) for state in _WAITING}
