"""The daily file for the acceptance platform: what became of each paper, as numbers, waybill, state and days. No persons.

The file of a day lists every paper whose line at the end of that day differs from its line at the end of the day before.
Lines are worked out from what is only ever added to (audit, scans, placements, waybills, records of service), so the file
of a day that is over is the same whenever it is made. See ``docs/adr/0014-return-file.md``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select

from .calendar import SHANGHAI, local_date, utc
from .errors import Fault, Invalid
from .export import Table
from .lifecycle import METHODS, ScanAction
from .models import (
    Attachment,
    Audit,
    Case,
    Consignment,
    Document,
    Placement,
    ScanEvent,
    ServiceRecord,
    Waybill,
)
from .rights import Actor, Scope
from .service.records import standing
from .services import Services
from .store import Work

__all__ = ["LONGEST", "STATES", "VALIDITY", "ReturnLine", "note_made", "return_lines", "return_table", "span"]

#: days that one file may cover
LONGEST: Final = 366
_AT_ONCE: Final = 400
#: how a paper's journey stands; before hand-over the window's own steps are nobody else's business
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "issued": "已出件",
        "handed_over": "已交寄",
        "in_transit": "运送中",
        "out_for_delivery": "正在投递",
        "attempt_failed": "投递未成功",
        "ready_for_collection": "待领取",
        "held": "暂存待联系",
        "to_verify": "签收待核实",
        "awaiting_receipt": "已签收待送达回证",
        "running": "公告送达中",
        "delivered": "已送达",
        "returning": "退回途中",
        "returned": "已退回窗口",
        "lost": "丢失",
        "damaged": "破损",
        "cancelled": "已取消",
    }
)
#: whether the paper counts, and what ended it (terms of 行政许可法 69, 70)
VALIDITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "valid": "有效",
        "suspended": "冻结核查",
        "superseded": "已被新证件替换",
        "void": "作废",
        "withdrawn": "撤回",
        "revoked": "撤销",
        "cancelled": "注销",
        "penalty": "吊销",
    }
)
_COUNTER: Final = "counter"
_CASE_ACTS: Final = ("case_issued", "case_undone", "case_cancelled")
_PAPER_ACTS: Final = MappingProxyType(
    {
        "document_valid": "valid",
        "document_reinstated": "valid",
        "document_suspended": "suspended",
        "document_superseded": "superseded",
        "document_void": "void",
        "document_revoked": "revoked",
    }
)
_HEADINGS: Final = (
    "统一受理号", "事项编码", "部门", "证件（文书）", "正副本", "证号（文号）", "查验码", "证件状态", "送达方式", "承运单位",
    "运单号", "送达状态", "出件日期", "交寄日期", "送达日期", "证件状态代码", "送达状态代码",
)  # fmt: skip
_KEYS: Final = (
    "acceptance_no", "item_code", "department", "title", "copy", "number", "document_id", "validity_name", "method",
    "carrier", "waybill_no", "state_name", "issued_on", "handed_over_on", "served_on", "validity", "state",
)  # fmt: skip


@dataclass(frozen=True)
class ReturnLine:
    """One paper as it stood at the end of a day. ``validity`` of ``VALIDITY``, ``state`` of ``STATES``."""

    acceptance_no: str
    item_code: str
    department: str
    title: str
    copy: str
    number: str
    document_id: str
    validity: str
    method: str
    carrier: str
    waybill_no: str
    state: str
    issued_on: date
    handed_over_on: date | None
    served_on: date | None
    position: int


# -- the file --------------------------------------------------------------------------------------------------------
def span(services: Services, first: str, last: str = "") -> tuple[date, date]:
    """Days as written (2026-11-25; ``last`` may be left out) as a span that can be asked for; ``Invalid`` otherwise."""
    today = local_date(services.clock.now())
    begins, ends = _day("/from", first), _day("/to", last or first)
    if ends < begins:
        raise Invalid([Fault("/to", "order", "结束日期早于开始日期，请改过来。")])
    if ends > today:
        raise Invalid([Fault("/to", "future", "日期还没有到，请选今天或以前的日子。")])
    if (ends - begins).days >= LONGEST:
        raise Invalid([Fault("/to", "too_long", f"一个文件最多 {LONGEST} 天，请分几次。")])
    return begins, ends


def _day(pointer: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as fault:
        raise Invalid([Fault(pointer, "date", "日期请写成 2026-11-25 这样。")]) from fault


def return_lines(services: Services, actor: Actor, first: date, last: date) -> list[ReturnLine]:
    """Papers of this office whose line at the end of ``last`` differs from the one at the end of the day before
    ``first``, by acceptance number and place in the case."""
    actor.require(Scope.READ)
    begins, ends = _midnight(first), _midnight(last + timedelta(days=1))
    found: list[ReturnLine] = []
    with services.store.read(actor) as work:
        names = {code: carrier.name for code, carrier in services.carriers.items()} | {_COUNTER: "窗口自取"}
        for ids in _some(_touched(work, first, last, begins, ends)):
            facts = _Facts(work, ids, names, actor.office)
            for document, case in facts.papers:
                before = facts.line(document, case, begins, first - timedelta(days=1))
                after = facts.line(document, case, ends, last)
                never_told = before is None and after is not None and after.validity == "void"
                if after is not None and after != before and not never_told:
                    found.append(after)
    return sorted(found, key=lambda one: (one.acceptance_no, one.position, one.document_id))


def return_table(lines: Sequence[ReturnLine], first: date, last: date) -> Table:
    """The lines as a table, named for the days."""
    rows = [(*astuple(one)[:7], VALIDITY[one.validity], one.method, one.carrier, one.waybill_no, STATES[one.state],
             one.issued_on, one.handed_over_on, one.served_on, one.validity, one.state) for one in lines]  # fmt: skip
    title = "回传文件" if first == last else f"回传文件-{first:%Y%m%d}起"
    return Table(title, _HEADINGS, rows, _KEYS)


def note_made(services: Services, actor: Actor, first: date, last: date, rows: int) -> None:
    """Write down that a file left the house."""
    with services.store.work(actor) as work:
        days = {"first": first.isoformat(), "last": last.isoformat()}
        work.audit("returnfile_made", "office", actor.office or "all", rows=rows, **days)


def _some(ids: Collection[str]) -> Iterator[list[str]]:
    """A few hundred at a time, always the same way."""
    rest = iter(sorted(ids))
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _midnight(day: date) -> datetime:
    return utc(datetime.combine(day, time(), SHANGHAI))


# -- which papers something happened to ------------------------------------------------------------------------------
def _touched(work: Work, first: date, last: date, begins: datetime, ends: datetime) -> set[str]:
    """Ids of papers whose line may have changed in the time from ``begins`` to before ``ends``."""

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column >= begins, column < ends)

    def ids(query: Any) -> set[str]:
        return {str(one) for one in work.session.scalars(query)}

    acted = select(Audit.object_id).where(within(Audit.at), Audit.action.in_([*_CASE_ACTS, *_PAPER_ACTS]))
    cases, papers = (ids(acted.where(Audit.object_kind == kind)) for kind in ("case", "document"))
    moved = select(Audit.object_id).where(within(Audit.at), Audit.action == "scan_moved")
    envelopes = ids(
        select(Waybill.consignment_id).where(or_(within(Waybill.bound_at), within(Waybill.voided_at)))
    )
    for some in _some(ids(moved)):
        envelopes |= ids(select(ScanEvent.consignment_id).where(ScanEvent.id.in_(some)))
    papers |= ids(select(Document.id).where(within(Document.valid_at)))
    papers |= ids(select(Placement.document_id).where(within(Placement.placed_at)))
    papers |= ids(
        select(ServiceRecord.document_id).where(
            or_(
                within(ServiceRecord.recorded_at), within(ServiceRecord.ended_at),
                ServiceRecord.served_on.between(first, last),
            )
        )
    )  # fmt: skip
    papers |= ids(
        select(Attachment.subject_id).where(within(Attachment.added_at), Attachment.kind == "receipt")
    )
    for some in _some(cases):
        papers |= ids(select(Document.id).where(Document.case_id.in_(some)))
    for some in _some(envelopes):
        papers |= ids(select(Placement.document_id).where(Placement.consignment_id.in_(some)))
        papers |= ids(select(Document.id).where(Document.consignment_id.in_(some)))
    return papers


# -- how a paper stood -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Move:
    """An envelope's new state and the scan that brought it about."""

    at: datetime
    after: str
    action: str
    happened: datetime


class _Facts:
    """Everything ever written down about some papers, and the line that follows from it for any moment."""

    def __init__(self, work: Work, wanted: Sequence[str], carriers: Mapping[str, str], office: str) -> None:
        query = select(Document, Case).join(Case, Case.id == Document.case_id)
        query = query.where(Document.id.in_(wanted), Case.division_code.startswith(office, autoescape=True))
        self.papers = [(document, case) for document, case in work.session.execute(query)]
        document_ids = [document.id for document, _ in self.papers]
        self._carriers = carriers
        self._acts = _acts(work, "case", {case.id for _, case in self.papers}, _CASE_ACTS)
        self._ends = _acts(work, "document", document_ids, tuple(_PAPER_ACTS))
        fetch = work.session.scalars
        placed = select(Placement).where(Placement.document_id.in_(document_ids))
        self._placed = _by("document_id", fetch(placed.order_by(Placement.placed_at, Placement.id)))
        envelopes = {one.consignment_id for some in self._placed.values() for one in some}
        envelopes |= {document.consignment_id for document, _ in self.papers if document.consignment_id}
        known = fetch(select(Consignment).where(Consignment.id.in_(envelopes)))
        self._envelopes = {one.id: one for one in known}
        numbers = select(Waybill).where(Waybill.consignment_id.in_(envelopes))
        self._numbers = _by("consignment_id", fetch(numbers.order_by(Waybill.bound_at, Waybill.id)))
        self._moves = _moves(work, envelopes)
        self._served = _by(
            "document_id", fetch(select(ServiceRecord).where(ServiceRecord.document_id.in_(document_ids)))
        )
        receipts = select(Attachment).where(
            Attachment.subject_kind == "document", Attachment.kind == "receipt",
            Attachment.subject_id.in_(document_ids),
        )  # fmt: skip
        self._receipts = _by("subject_id", fetch(receipts))

    def line(self, document: Document, case: Case, at: datetime, day: date) -> ReturnLine | None:
        """How the paper stood just before ``at``, the end of ``day``; None while it was none of the platform's business:
        not issued, not made, or taken back before it was issued."""
        if document.valid_at is None or document.valid_at >= at:
            return None
        validity, ended = self._validity(document, at)
        issued = self._issued(case, min(ended or at, at))
        acts = [one.action for one in self._acts.get(case.id, ()) if one.at < at]
        if issued is None:
            return None
        envelope = self._envelope(document, at)
        moves = [one for one in self._moves.get(envelope.id if envelope else "", ()) if one.at < at]
        state, served_on = self._state(document, envelope, moves, at, day)
        handed = [one.happened for one in moves if one.action == ScanAction.HAND_OVER]
        return ReturnLine(
            case.acceptance_no, case.item_code, case.department_name, document.title, document.copy,
            document.number or "", document.id, validity, METHODS.get(envelope.method if envelope else case.method, ""),
            self._carriers.get(envelope.carrier, envelope.carrier) if envelope else "", self._number(envelope, at),
            "cancelled" if acts[-1] == "case_cancelled" else state, issued,
            local_date(handed[-1]) if handed else None, served_on, document.position,
        )  # fmt: skip

    def _validity(self, document: Document, at: datetime) -> tuple[str, datetime | None]:
        """Whether it counted, and since when it did not."""
        acts = [one for one in self._ends.get(document.id, ()) if one.at < at]
        if not acts or _PAPER_ACTS[acts[-1].action] == "valid":
            return "valid", None
        state = _PAPER_ACTS[acts[-1].action]
        kind = str(_detail(acts[-1]).get("kind", "")) if state == "revoked" else state
        return kind if kind in VALIDITY else "revoked", acts[-1].at

    def _issued(self, case: Case, before: datetime) -> date | None:
        acts = [one for one in self._acts.get(case.id, ()) if one.at < before and one.action == "case_issued"]
        return local_date(acts[-1].at) if acts else None

    def _envelope(self, document: Document, at: datetime) -> Consignment | None:
        """Where it lay. A paper of the time before placements were kept has only its present envelope."""
        placed = self._placed.get(document.id)
        if placed is None:
            return self._envelopes.get(document.consignment_id or "")
        inside = [one.consignment_id for one in placed if one.placed_at < at]
        return self._envelopes.get(inside[-1]) if inside else None

    def _number(self, envelope: Consignment | None, at: datetime) -> str:
        if envelope is None:
            return ""
        bound = [
            one.number
            for one in self._numbers.get(envelope.id, ())
            if one.bound_at < at and (one.voided_at is None or one.voided_at >= at)
        ]
        return bound[-1] if bound else ""

    def _state(
        self,
        document: Document,
        envelope: Consignment | None,
        moves: Sequence[_Move],
        at: datetime,
        day: date,
    ) -> tuple[str, date | None]:
        """State of the journey, and the day of service once it counts."""
        rows = self._served.get(document.id, [])
        known = [one for one in rows if one.recorded_at < at and (one.ended_at is None or one.ended_at >= at)]
        receipt = any(one.added_at < at for one in self._receipts.get(document.id, ()))
        stands = standing(known, receipt=receipt, today=day)
        if stands.state == "served":
            return "delivered", stands.served_on
        at_counter = envelope is not None and envelope.carrier == _COUNTER
        state = moves[-1].after if moves else "ready_for_collection" if at_counter else "issued"
        if stands.state in ("awaiting_receipt", "running"):
            return stands.state, None
        if state == "delivered" and not rows and not document.denial:  # before service was recorded at all
            return state, local_date(moves[-1].happened)
        return state if state in STATES else "issued", None


def _acts(work: Work, kind: str, ids: Iterable[str], actions: Sequence[str]) -> Mapping[str, list[Audit]]:
    query = select(Audit).where(
        Audit.object_kind == kind, Audit.object_id.in_(sorted(ids)), Audit.action.in_(actions)
    )
    return _by("object_id", work.session.scalars(query.order_by(Audit.seq)))


def _moves(work: Work, envelopes: Iterable[str]) -> Mapping[str, list[_Move]]:
    query = (
        select(Audit, ScanEvent)
        .join(ScanEvent, ScanEvent.id == Audit.object_id)
        .where(Audit.object_kind == "scan", Audit.action == "scan_moved")
        .where(ScanEvent.consignment_id.in_(sorted(envelopes)))
        .order_by(Audit.seq)
    )
    found: dict[str, list[_Move]] = defaultdict(list)
    for act, event in work.session.execute(query):
        moved = _Move(act.at, str(_detail(act).get("after", "")), event.action, event.corrected_at)
        found[str(event.consignment_id)].append(moved)
    return found


def _detail(act: Audit) -> dict[str, Any]:
    try:
        found = json.loads(act.detail)
    except ValueError:
        return {}  # a detail longer than its column is cut and then no JSON
    return found if isinstance(found, dict) else {}


def _by(name: str, rows: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(str(getattr(row, name)), []).append(row)
    return groups
