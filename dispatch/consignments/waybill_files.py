"""Waybill numbers by file: what waits for a number goes out, the carrier's answer is looked at before it is taken in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..export import Table
from ..intake.divisions import region_of
from ..lifecycle import ConsignmentState
from ..models import Consignment, Waybill
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .book import bind_number, waits_for_number
from .envelope import addressee_of, contents
from .exchange import Answer, SentOut, WaybillLayout, load_layouts, read_answer, write_request

__all__ = [
    "AT_ONCE",
    "OUTCOMES",
    "AnswerRow",
    "count_waiting",
    "layouts_for",
    "look_at_answer",
    "request_file",
    "take_numbers",
]

#: numbers that are bound, each with its label drawn, while the clerk waits
AT_ONCE: Final = 200
_SOME: Final = 400
#: what a line of an answer comes to, and the word for it
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "new": "可以登记",
        "bound": "已登记",
        "same": "登记过了",
        "empty": "还没有号",
        "refused": "没有登记",
        "unknown": "没有这个订单",
        "malformed": "号码不对",
        "taken": "号码用过",
        "twice": "一单两号",
        "number_twice": "一号两单",
        "other_number": "另有一个号",
        "not_now": "现在不用登记",
    }
)


@dataclass(frozen=True)
class AnswerRow:
    """A line of an answer and what comes of it: ``outcome`` of ``OUTCOMES``, ``detail`` why and what to do."""

    line: int
    order_no: str
    number: str
    outcome: str
    detail: str = ""


def layouts_for(services: Services) -> dict[str, WaybillLayout]:
    """Layouts by name, the office's own before those of the house."""
    return load_layouts(services.settings.data_dir)


# -- out ---------------------------------------------------------------------------------------------------------------
def request_file(services: Services, actor: Actor, layout: str = "") -> Table:
    """Waiting envelopes of this office in a portal's layout (the first one where none is named), with full names, phones
    and addresses for the carrier; audited. ``Invalid`` for a layout that is not there."""
    actor.require(Scope.ISSUE)
    known = layouts_for(services)
    chosen = known.get(layout or next(iter(known)))
    if chosen is None:
        raise Invalid([Fault("/layout", "unknown_value", f"没有这种格式。可以用：{'、'.join(known)}。")])
    with services.store.work(actor) as work:
        query = select(Consignment).where(*_waiting(actor))
        found = work.session.scalars(query.order_by(Consignment.created_at, Consignment.id))
        rows = [_sent_out(services, work, one) for one in found]
        work.audit(
            "waybills_exported", "office", actor.office or "all", count=len(rows), layout=chosen.name[:60]
        )
    return write_request(chosen, rows)


def count_waiting(services: Services, actor: Actor) -> int:
    """Envelopes of this office that wait for a number by hand or by file."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(func.count()).select_from(Consignment).where(*_waiting(actor))
        return work.session.scalar(query) or 0


def _waiting(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        Consignment.carrier == "manual",
        Consignment.state == str(ConsignmentState.BOOKING),
        Consignment.division_code.startswith(actor.office, autoescape=True),
    )


def _sent_out(services: Services, work: Work, consignment: Consignment) -> SentOut:
    addressee, settings = addressee_of(work, consignment), services.settings
    return SentOut(
        order_no=consignment.order_no,
        sender_name=settings.operator,
        sender_phone=settings.operator_phone,
        sender_region=region_of(consignment.division_code),
        sender_address=settings.operator_address,
        recipient=addressee.name,
        organization=addressee.organization,
        phone=addressee.phone,
        region=addressee.region,
        address=addressee.address,
        count=len(contents(work, consignment.id)),
        payer=consignment.payer,
    )


# -- back --------------------------------------------------------------------------------------------------------------
def look_at_answer(services: Services, actor: Actor, filename: str, data: bytes) -> list[AnswerRow]:
    """What every line of the carrier's answer would come to, with nothing stored. ``Invalid`` for another file."""
    actor.require(Scope.ISSUE)
    answers = read_answer(layouts_for(services), filename, data)
    orders, numbers = _by(answers, "order_no", "number"), _by(answers, "number", "order_no")
    with services.store.read(actor) as work:
        known = _known(work, actor, {one.order_no for one in answers})
        used = _used(work, {one.number for one in answers if one.number})
        active = _active(work, [one.id for one in known.values()])
    rows = []
    for one in answers:
        row = AnswerRow(one.line, one.order_no, one.number, "new")
        within = _within(one, orders, numbers)
        outcome, detail = within or _against(services, one, known.get(one.order_no), used, active)
        rows.append(replace(row, outcome=outcome, detail=detail))
    return rows


def _by(answers: Iterable[Answer], key: str, value: str) -> dict[str, dict[str, int]]:
    """Of lines that have a number: key → value → the first line that says so."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for one in answers:
        if one.number:
            found[getattr(one, key)].setdefault(getattr(one, value), one.line)
    return found


def _within(
    one: Answer, orders: Mapping[str, Mapping[str, int]], numbers: Mapping[str, Mapping[str, int]]
) -> tuple[str, str] | None:
    """What is wrong with a line as the file alone shows."""
    if one.damaged:
        return "malformed", "号码被 Excel 改成了科学计数，后几位已经丢失。请把该列设为“文本”，重新导出。"
    if not one.number:
        return "empty", ""
    if len(orders[one.order_no]) > 1:
        lines = "、".join(str(line) for line in sorted(orders[one.order_no].values()))
        return "twice", f"第 {lines} 行给了同一个订单不同的运单号。问清邮政哪个对，只留一行。"
    if len(numbers[one.number]) > 1:
        lines = "、".join(str(line) for line in sorted(numbers[one.number].values()))
        return "number_twice", f"第 {lines} 行把同一个运单号给了不同的订单。请邮政核对。"
    return None


def _against(
    services: Services,
    one: Answer,
    consignment: Consignment | None,
    used: Mapping[tuple[str, str], str],
    active: Mapping[str, str],
) -> tuple[str, str]:
    """What a line comes to beside what is stored."""
    if consignment is None:
        return "unknown", "没有这个订单号：可能是别的窗口的，也可能抄错了。请核对。"
    if active.get(consignment.id) == one.number:
        return "same", ""
    carrier = services.carriers.get(consignment.carrier)
    if carrier is None or not carrier.number_is_wellformed(one.number):
        return "malformed", "运单号的格式或校验位不对。请对照邮政的清单核对。"
    if (consignment.carrier, one.number) in used:
        return "taken", "这个运单号已经用在另一个信封上。请邮政核对。"
    if consignment.id in active:
        return "other_number", f"这个信封已经登记了 {active[consignment.id]}。要换号，先改送法作废旧面单。"
    if not waits_for_number(consignment):
        return "not_now", "这个信封现在不需要运单号，可能已经取消或改了送法。"
    return "new", ""


def _known(work: Work, actor: Actor, order_nos: set[str]) -> dict[str, Consignment]:
    found: dict[str, Consignment] = {}
    for some in _some(order_nos):
        query = select(Consignment).where(or_(Consignment.order_no.in_(some), Consignment.id.in_(some)))
        for row in work.session.scalars(query):
            if actor.sees(row.division_code):
                found[row.order_no] = found[row.id] = row
    return found


def _used(work: Work, numbers: set[str]) -> dict[tuple[str, str], str]:
    found = {}
    for some in _some(numbers):
        for row in work.session.scalars(select(Waybill).where(Waybill.number.in_(some))):
            found[row.carrier, row.number] = row.consignment_id
    return found


def _active(work: Work, ids: Iterable[str]) -> dict[str, str]:
    found = {}
    for some in _some(set(ids)):
        query = select(Waybill).where(Waybill.active, Waybill.consignment_id.in_(some))
        found.update({row.consignment_id: row.number for row in work.session.scalars(query)})
    return found


def _some(values: set[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[at : at + _SOME] for at in range(0, len(ordered), _SOME))


def take_numbers(services: Services, actor: Actor, pairs: Sequence[tuple[int, str, str]]) -> list[AnswerRow]:
    """Bind ``(line, order number, waybill number)``, each judged once more; one that is refused stops no other."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        known = _known(work, actor, {order_no for _, order_no, _ in pairs})
    rows = []
    for line, order_no, number in pairs:
        row = AnswerRow(line, order_no, number, "bound")
        consignment = known.get(order_no)
        try:
            if consignment is None:
                raise NotFound("没有这个订单号。请核对。")
            bind_number(services, actor, consignment.id, number)
        except (NotFound, RuleViolation) as refusal:
            row = replace(row, outcome="refused", detail=refusal.detail)
        rows.append(row)
    return rows
