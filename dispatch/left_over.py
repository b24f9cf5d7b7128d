"""What is left at the window: every thing that somebody must still do or answer for, with who has it.

A thing is one step of one paper, envelope, batch or list. It is done when it is not left over any more; nobody ticks it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, exists, func, select

from .calendar import local_date
from .consignments.envelope import title_of
from .custody import RED, Holder
from .lifecycle import ConsignmentState, DocumentState
from .models import (
    Case,
    Charge,
    Consignment,
    Custody,
    Document,
    Handover,
    Hold,
    Manifest,
    ManifestItem,
    PrintBatch,
    PrintItem,
    RedTray,
    Shift,
    Waybill,
)
from .red_tray import REASONS
from .rights import Actor
from .store import Work
from .workday import waiting_for_printer

__all__ = ["KINDS", "Left", "left_over"]

#: kind → what it is called, in the order of the sheet
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "print": "还没打印",
        "confirm": "打了没记结果",
        "pack": "还没装封的纸",
        "handover": "装好没交出",
        "sign": "交接清单没签",
        "internal": "内部交接单没签",
        "red": "红盘",
        "destroy": "作废待销毁",
        "hold": "暂缓快到期",
    }
)
#: rows of one kind; a window that leaves more has another trouble
MOST: Final = 300
#: a hold whose day is this near is told to who takes over
SOON: Final = timedelta(days=3)
#: batches older than this are not asked about any more
ASKED: Final = timedelta(days=7)
_K = ConsignmentState

Q = TypeVar("Q", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True)
class Left:
    """One thing. ``ref``: id of the document, batch, consignment, list, entry or hold; ``owner``: who answers for it now;
    ``charge``: id of the shift end since when, else empty; ``came_from``: who left it then."""

    kind: str
    ref: str
    what: str
    owner: str
    since: datetime | None
    division: str
    acceptance_no: str = ""
    why: str = ""
    place: str = ""
    document_id: str = ""
    charge: str = ""
    came_from: str = ""

    @property
    def key(self) -> str:
        """As a form names it: what, and since which shift end."""
        return f"{self.kind}:{self.ref}:{self.charge}"


#: refs to look for, None for all
Refs = Collection[str] | None


def left_over(work: Work, actor: Actor, only: Mapping[str, Collection[str]] | None = None) -> list[Left]:
    """Everything of the office that is left, in the order of ``KINDS``, the oldest first within; with ``only`` just these
    refs of these kinds."""
    found: list[Left] = []
    for kind, look in _LOOKS.items():
        refs = None if only is None else only.get(kind, ())
        if refs is None or refs:
            found += list(look(work, actor, refs))[:MOST]
    return _charged(work, found)


def _charged(work: Work, found: Sequence[Left]) -> list[Left]:
    """The same with who took it over. A loose paper's holder is said by its custody, which changed hands too."""
    refs = {one.ref for one in found}
    query = select(Charge, Shift.given_by).join(Shift, Shift.id == Charge.shift_id)
    rows = work.session.execute(query.where(Charge.ref.in_(refs)) if len(refs) <= MOST else query)
    known = {(charge.kind, charge.ref): (charge, giver) for charge, giver in rows}
    told = []
    for one in found:
        charge, giver = known.get((one.kind, one.ref), (None, ""))
        if charge is None:
            told.append(one)
            continue
        owner = one.owner if one.kind in ("pack", "destroy") and one.owner else charge.holder
        came = giver if owner == charge.holder else ""
        told.append(replace(one, owner=owner, charge=charge.shift_id, came_from=came))
    return told


def _of(query: Q, actor: Actor, column: Any, ref: Any, refs: Refs) -> Q:
    """This office's, and of these ids."""
    if actor.office:
        query = query.where(column.startswith(actor.office, autoescape=True))
    return query if refs is None else query.where(ref.in_(refs))


# -- paper before the envelope -------------------------------------------------------------------------------------------
def _to_print(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    query = waiting_for_printer(actor).add_columns(Case)
    query = query if refs is None else query.where(Document.id.in_(refs))
    for paper, case in work.session.execute(query.order_by(Document.valid_at, Document.id).limit(MOST)):
        yield Left(
            "print", paper.id, title_of(paper), case.issued_by or "", paper.valid_at, case.division_code,
            case.acceptance_no, "出了件，还没有打印", document_id=paper.id,
        )  # fmt: skip


def _to_confirm(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    told_open = func.count().filter(PrintItem.outcome == "")
    query = (
        select(PrintBatch, func.count(), told_open, func.min(Case.division_code))
        .join(PrintItem, PrintItem.batch_id == PrintBatch.id)
        .join(Document, Document.id == PrintItem.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(PrintBatch.created_at >= work.now - ASKED)
        .group_by(PrintBatch.id)
        .having(told_open > 0)
        .order_by(PrintBatch.created_at)
    )
    for batch, sheets, unsaid, division in work.session.execute(
        _of(query, actor, Case.division_code, PrintBatch.id, refs).limit(MOST)
    ):
        why = f"{sheets} 份里有 {unsaid} 份没有说打好没有"
        yield Left(
            "confirm", batch.id, f"打印批次 {batch.number}".strip(), batch.actor, batch.created_at, division, why=why
        )  # fmt: skip


def _loose(work: Work, actor: Actor, refs: Refs, kind: Holder) -> Iterator[tuple[Custody, Document, Case]]:
    aside = exists().where(RedTray.document_id == Custody.document_id, RedTray.taken_at.is_(None))
    query = (
        select(Custody, Document, Case)
        .join(Document, Document.id == Custody.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(Custody.kind == str(kind), ~aside)
        .order_by(Custody.place == "", Custody.place, Custody.since, Custody.document_id)
    )
    rows = work.session.execute(
        _of(query, actor, Custody.division_code, Custody.document_id, refs).limit(MOST)
    )
    yield from ((now, paper, case) for now, paper, case in rows)


def _to_pack(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    today = local_date(work.now)
    for now, paper, case in _loose(work, actor, refs, Holder.WINDOW):
        yield Left(
            "pack", paper.id, title_of(paper), now.holder, now.since, case.division_code, case.acceptance_no,
            _why_loose(paper, today), now.place, paper.id,
        )  # fmt: skip


def _why_loose(paper: Document, today: date) -> str:
    if paper.packed_at is not None:
        return "在退回的信封里"
    if paper.state == DocumentState.SUSPENDED:
        return "冻结核查，不能寄出"
    if paper.valid_until is not None and paper.valid_until < today:
        return "已过有效期，不能寄出"
    return "等着装封" if paper.consignment_id else "等着当场签收"


def _to_destroy(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    for now, paper, case in _loose(work, actor, refs, Holder.TO_DESTROY):
        yield Left(
            "destroy", paper.id, title_of(paper), now.holder, now.since, case.division_code, case.acceptance_no,
            "已作废，两个人看着销毁", now.place, paper.id,
        )  # fmt: skip


# -- envelopes and lists -------------------------------------------------------------------------------------------------
def _to_hand_over(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    number = select(Waybill.number).where(Waybill.consignment_id == Consignment.id, Waybill.active)
    listed = (
        select(Manifest.list_no)
        .join(ManifestItem, ManifestItem.manifest_id == Manifest.id)
        .where(ManifestItem.consignment_id == Consignment.id, Manifest.signed_at.is_(None))
    )
    query = (
        select(
            Consignment, func.max(Document.packed_by), func.min(Case.acceptance_no),
            number.limit(1).scalar_subquery(), listed.limit(1).scalar_subquery(),
        )
        .join(Document, Document.consignment_id == Consignment.id)
        .join(Case, Case.id == Document.case_id)
        .where(Consignment.state == str(_K.PACKED))
        .group_by(Consignment.id)
        .order_by(Consignment.packed_at, Consignment.id)
    )  # fmt: skip
    for row, packer, case, waybill, list_no in work.session.execute(
        _of(query, actor, Consignment.division_code, Consignment.id, refs).limit(MOST)
    ):
        why = f"在清单 {list_no} 上，等签字" if list_no else "还没有列进交接清单"
        what = f"信封 {waybill}" if waybill else "信封"
        yield Left("handover", row.id, what, packer or "", row.packed_at, row.division_code, case, why)


def _to_sign(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    """Lists nobody has signed, while an envelope on them is still here."""
    here = func.count().filter(Consignment.state == str(_K.PACKED))
    query = (
        select(Manifest, func.count(), here)
        .join(ManifestItem, ManifestItem.manifest_id == Manifest.id)
        .join(Consignment, Consignment.id == ManifestItem.consignment_id)
        .where(Manifest.signed_at.is_(None))
        .group_by(Manifest.id)
        .having(here > 0)
        .order_by(Manifest.created_at)
    )
    for row, many, waiting in work.session.execute(
        _of(query, actor, Manifest.division_code, Manifest.id, refs).limit(MOST)
    ):
        why = f"{many} 封，还有 {waiting} 封在窗口"
        yield Left(
            "sign",
            row.id,
            f"交接清单 {row.list_no}",
            row.created_by,
            row.created_at,
            row.division_code,
            why=why,
        )


def _to_sign_inside(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    query = select(Handover).where(Handover.state == "open").order_by(Handover.created_at)
    for row in work.session.scalars(_of(query, actor, Handover.division_code, Handover.id, refs).limit(MOST)):
        what, why = f"内部交接单 {row.number}", f"对方：{row.department_name or '制证'}"
        yield Left("internal", row.id, what, row.created_by, row.created_at, row.division_code, why=why)


# -- what waits for a person ---------------------------------------------------------------------------------------------
def _set_aside(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    query = (
        select(RedTray, Case.acceptance_no)
        .outerjoin(Document, Document.id == RedTray.document_id)
        .outerjoin(Case, Case.id == Document.case_id)
        .where(RedTray.taken_at.is_(None))
        .order_by(RedTray.put_at)
    )
    for row, number in work.session.execute(
        _of(query, actor, RedTray.division_code, RedTray.id, refs).limit(MOST)
    ):
        why = "：".join(part for part in (REASONS[row.kind], row.note) if part)
        yield Left(
            "red", row.id, row.what, row.put_by, row.put_at, row.division_code, number or "", why, RED,
            row.document_id or "",
        )  # fmt: skip


def _holds_soon(work: Work, actor: Actor, refs: Refs) -> Iterator[Left]:
    soon: ColumnElement[bool] = Hold.until <= local_date(work.now) + SOON
    query = select(Hold, Case).join(Case, Case.id == Hold.case_id).where(Hold.lifted_at.is_(None), soon)
    rows = work.session.execute(
        _of(query.order_by(Hold.until, Hold.id), actor, Case.division_code, Hold.id, refs).limit(MOST)
    )
    for hold, case in rows:
        why = f"{hold.until:%-m月%-d日} 到期：{hold.reason}"[:240]
        yield Left(
            "hold", hold.id, case.item_name[:160], hold.placed_by, hold.placed_at, case.division_code,
            case.acceptance_no, why,
        )  # fmt: skip


_LOOKS: Final[Mapping[str, Callable[[Work, Actor, Refs], Iterable[Left]]]] = MappingProxyType(
    {
        "print": _to_print, "confirm": _to_confirm, "pack": _to_pack, "handover": _to_hand_over, "sign": _to_sign,
        "internal": _to_sign_inside, "red": _set_aside, "destroy": _to_destroy, "hold": _holds_soon,
    }
)  # fmt: skip
