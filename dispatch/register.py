"""当日登记单: today's work as a sheet of paper, printed in the morning in case the network goes down.

Each print has a number, and what stands on which line of it is kept, so that the sheet can be entered afterwards. The
same work printed again is the same sheet; once something has changed, it is another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select

from labels.register import RegisterLine, RegisterRecord, render_register

from .calendar import local_date, local_time
from .casefile import applicant_masked
from .consignments.envelope import cases_inside, contents, title_of
from .consignments.words import STATE_WORDS
from .errors import NotFound
from .form_numbers import FormKind, register_form
from .holds import active_holds
from .lifecycle import METHODS, CaseState, ConsignmentState
from .models import Case, Consignment, Document, PaperEntry, PaperLine, PaperSheet, new_id
from .rights import Actor, Scope
from .service.spot import waits_for_signature
from .services import Services
from .store import Work

__all__ = ["LineView", "SheetView", "find_sheet", "line_view", "list_sheets", "register_pdf", "sheet_views"]

_K = ConsignmentState
#: cases one sheet holds: thirty pages; more is nobody's work of one day
MOST: Final = 300
#: empty lines for who comes besides, and on a sheet without any case
BLANKS: Final = 8
ALL_BLANK: Final = 20
_WEEKDAYS: Final = "一二三四五六日"
_HOW: Final = (
    "办一步，就在那一格写几点几分，签名。装封要两个人都看过、都签；最后一格圈一个，写谁签收。"
    "没列上的件，写在后面的空行里。"
)

#: a case and its envelope, None where it has none yet or needs none
_Subject = tuple[Case, Consignment | None]


@dataclass(frozen=True)
class LineView:
    """A line of a sheet as it stands now; ``applicant`` masked; ``state``: where the case or its envelope is."""

    position: int
    acceptance_no: str
    applicant: str
    titles: str
    stands: str
    by_hand: bool


@dataclass(frozen=True)
class SheetView:
    """A sheet in the list: how much of it was entered, what still waits, what does not fit."""

    id: str
    number: str
    day: date
    made_at: datetime
    made_by: str
    lines: int
    left_out: int
    accepted: int
    waiting: int
    conflicts: int


# -- printing ------------------------------------------------------------------------------------------------------
def register_pdf(services: Services, actor: Actor, *, blank: bool = False) -> bytes:
    """Today's sheet for this office as PDF; ``blank``: only empty lines, for a day that began without network."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        wanted, left_out = ([], 0) if blank else _work_of_today(work, actor)
        sheet = _same_sheet(work, actor, wanted) or _new_sheet(work, actor, wanted, left_out)
        record = _record(services, work, sheet, wanted, _nth(work, sheet))
        work.audit("register_printed", "sheet", sheet.id, number=sheet.number, cases=len(wanted))
    return render_register(record, services.fonts)


def _work_of_today(work: Work, actor: Actor) -> tuple[list[_Subject], int]:
    """What may come up today, in the order of the window's steps, the most urgent first; and how many had no room."""
    found = [*_ready(work, actor), *_on_the_spot(work, actor), *_envelopes(work, actor)]
    return found[:MOST], max(0, len(found) - MOST)


def _ready(work: Work, actor: Actor) -> Iterator[_Subject]:
    for case in _cases(work, actor, CaseState.READY):
        if not active_holds(work, case.id):
            yield case, None


def _on_the_spot(work: Work, actor: Actor) -> Iterator[_Subject]:
    for case in _cases(work, actor, CaseState.ISSUED, "on_the_spot"):
        if waits_for_signature(work, case):
            yield case, None


def _cases(work: Work, actor: Actor, state: CaseState, method: str = "") -> list[Case]:
    query = select(Case).where(Case.state == state)
    query = query.where(Case.division_code.startswith(actor.office, autoescape=True))
    if method:
        query = query.where(Case.method == method)
    return list(work.session.scalars(query.order_by(Case.next_due, Case.acceptance_no).limit(2 * MOST)))


def _envelopes(work: Work, actor: Actor) -> Iterator[_Subject]:
    """To be packed, to be handed over, on the shelf."""
    for state in (_K.LABELLED, _K.PACKED, _K.READY_FOR_COLLECTION):
        query = select(Consignment).where(Consignment.state == state, Consignment.direction == "out")
        query = query.where(Consignment.division_code.startswith(actor.office, autoescape=True))
        if state is _K.READY_FOR_COLLECTION:  # what lies at a point is not ours to hand out
            query = query.where(Consignment.base_state == state)
        ordered = query.order_by(Consignment.shelf_place, Consignment.created_at, Consignment.id)
        for envelope in work.session.scalars(ordered.limit(2 * MOST)):
            case = next(iter(cases_inside(work, envelope.id)), None)
            if case is not None:
                yield case, envelope


def _same_sheet(work: Work, actor: Actor, wanted: Sequence[_Subject]) -> PaperSheet | None:
    """The office's newest sheet of today, where it says the same and nothing was written on it by hand yet."""
    query = select(PaperSheet).where(PaperSheet.division_code == actor.office)
    query = query.where(PaperSheet.day == local_date(work.now))
    newest = work.session.scalar(query.order_by(PaperSheet.made_at.desc(), PaperSheet.number.desc()).limit(1))
    if newest is None:
        return None
    lines = _lines(work, newest.id)
    same = [(line.case_id, line.consignment_id) for line in lines] == [_key(one) for one in wanted]
    return newest if same and not any(line.by_hand for line in lines) else None


def _key(subject: _Subject) -> tuple[str, str | None]:
    case, envelope = subject
    return case.id, envelope.id if envelope is not None else None


def _new_sheet(work: Work, actor: Actor, wanted: Sequence[_Subject], left_out: int) -> PaperSheet:
    number = new_id()
    sheet = PaperSheet(
        id=number, number=register_form(work, FormKind.SHEET, "sheet", number, actor.office), division_code=actor.office,
        day=local_date(work.now), blanks=BLANKS if wanted else ALL_BLANK, left_out=left_out, made_at=work.now,
        made_by=actor.name,
    )  # fmt: skip
    work.add(sheet)
    work.session.flush()
    for position, (case_id, consignment_id) in enumerate(map(_key, wanted), 1):
        work.add(
            PaperLine(
                sheet_id=number,
                position=position,
                case_id=case_id,
                consignment_id=consignment_id,
                by_hand=False,
            )
        )
    work.session.flush()
    return sheet


def _nth(work: Work, sheet: PaperSheet) -> int:
    """The how-manieth sheet of the office's day it is."""
    query = select(func.count()).where(
        PaperSheet.division_code == sheet.division_code, PaperSheet.day == sheet.day, PaperSheet.made_at <= sheet.made_at
    )  # fmt: skip
    return work.session.scalar(query) or 1


def _record(
    services: Services, work: Work, sheet: PaperSheet, wanted: Sequence[_Subject], nth: int
) -> RegisterRecord:
    made = local_time(sheet.made_at)
    more = f"，另有 {sheet.left_out} 件排不下" if sheet.left_out else ""
    day = f"{made:%Y年%-m月%-d日}（星期{_WEEKDAYS[made.weekday()]}）{made:%H:%M} 打印，共 {len(wanted)} 件{more}"
    facts = (
        ("日期", day),
        ("单位", services.settings.operator),
        ("怎么写", _HOW),
        ("等网络", "制证、编号、打印、解除暂缓都要等网络恢复。暂缓、作废的件，断网时一律不动。"),
    )  # fmt: skip
    lines = tuple(_register_line(work, *subject) for subject in wanted)
    mark = f"{sheet.day:%m%d} 登记-{nth}"
    return RegisterRecord(
        sheet.number, facts, lines, sheet.blanks, mark, sample=not services.settings.production
    )


def _register_line(work: Work, case: Case, envelope: Consignment | None) -> RegisterLine:
    applicant = applicant_masked(work.open(case, "body")["applicant"])
    return RegisterLine(case.acceptance_no, applicant, _titles(work, case, envelope), _stands(case, envelope))


def _titles(work: Work, case: Case, envelope: Consignment | None) -> str:
    if envelope is not None:
        papers = contents(work, envelope.id)
    else:
        query = select(Document).where(Document.case_id == case.id, Document.live)
        papers = list(work.session.scalars(query.order_by(Document.position)))
    return "、".join(dict.fromkeys(title_of(paper) for paper in papers))


def _stands(case: Case, envelope: Consignment | None) -> str:
    """待装封 · 快递, 架上 A-07: how far it is and where it goes."""
    if envelope is None:
        step = "待出件" if case.state == CaseState.READY else "待签收"
        if case.state not in (CaseState.READY, CaseState.ISSUED):
            step = "已取消" if case.state == CaseState.CANCELLED else "已办结"
        return f"{step} · {METHODS[case.method]}"
    if envelope.shelf_place:
        return (
            f"架上 {envelope.shelf_place}"
            if envelope.state == _K.READY_FOR_COLLECTION
            else STATE_WORDS[envelope.state]
        )
    step = {_K.LABELLED: "待装封", _K.PACKED: "待交寄"}.get(_K(envelope.state), STATE_WORDS[envelope.state])
    return f"{step} · {METHODS[envelope.method]}"


# -- looking -------------------------------------------------------------------------------------------------------
def find_sheet(work: Work, actor: Actor, sheet_id: str, *, lock: bool = False) -> PaperSheet:
    """The sheet; ``NotFound`` when absent or another office's."""
    row = work.locked(PaperSheet, sheet_id) if lock else work.session.get(PaperSheet, sheet_id)
    if row is None or not actor.sees(row.division_code):
        raise NotFound("没有找到这张登记单。请扫登记单右上角的条码，或核对单号。")
    return row


def _lines(work: Work, sheet_id: str) -> list[PaperLine]:
    query = select(PaperLine).where(PaperLine.sheet_id == sheet_id)
    return list(work.session.scalars(query.order_by(PaperLine.position)))


def line_view(work: Work, line: PaperLine) -> LineView:
    """What stands on a line, and how far it has come by now."""
    case = work.session.get_one(Case, line.case_id)
    envelope = work.session.get(Consignment, line.consignment_id) if line.consignment_id else None
    shown = _register_line(work, case, envelope)
    return LineView(
        line.position, shown.acceptance_no, shown.applicant, shown.titles, shown.stands, line.by_hand
    )


def sheet_views(work: Work, sheets: Sequence[PaperSheet]) -> list[SheetView]:
    """The sheets with their counts, in their order."""
    ids = [sheet.id for sheet in sheets]
    counted = select(PaperEntry.sheet_id, PaperEntry.outcome, func.count()).where(
        PaperEntry.sheet_id.in_(ids)
    )
    told: dict[str, dict[str, int]] = {one: {} for one in ids}
    for sheet_id, outcome, many in work.session.execute(
        counted.group_by(PaperEntry.sheet_id, PaperEntry.outcome)
    ):
        told[sheet_id][outcome] = int(many)
    written = select(PaperLine.sheet_id, func.count()).where(PaperLine.sheet_id.in_(ids))
    lines = {one: int(many) for one, many in work.session.execute(written.group_by(PaperLine.sheet_id))}
    return [_sheet_view(sheet, lines.get(sheet.id, 0), told[sheet.id]) for sheet in sheets]


def _sheet_view(sheet: PaperSheet, lines: int, told: Mapping[str, int]) -> SheetView:
    return SheetView(
        sheet.id, sheet.number, sheet.day, sheet.made_at, sheet.made_by, lines, sheet.left_out,
        told.get("accepted", 0) + told.get("known", 0), told.get("waiting", 0), told.get("conflict", 0),
    )  # fmt: skip


def list_sheets(services: Services, actor: Actor, limit: int = 30) -> list[SheetView]:
    """The office's sheets, the newest first."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(PaperSheet).where(PaperSheet.division_code.startswith(actor.office, autoescape=True))
        rows = work.session.scalars(query.order_by(PaperSheet.made_at.desc(), PaperSheet.number).limit(limit))
        return sheet_views(work, list(rows))
