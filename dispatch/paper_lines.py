"""Which line of a paper sheet somebody means: by its number, by a scan, by the number written on an empty line by hand."""

from __future__ import annotations

from sqlalchemy import func, select

from .consignments.codes import envelope_by_code, paper_by_code, tidy
from .consignments.envelope import contents
from .errors import Fault, Invalid
from .models import Case, Consignment, PaperLine, PaperSheet
from .paper_rows import Row
from .store import Work

__all__ = ["find_line", "last_line"]


def last_line(work: Work, sheet: PaperSheet) -> int:
    """The number of the last line on the paper: printed ones and empty ones."""
    printed = select(func.count()).where(PaperLine.sheet_id == sheet.id, PaperLine.by_hand.is_(False))
    return (work.session.scalar(printed) or 0) + sheet.blanks


def find_line(work: Work, sheet: PaperSheet, row: Row) -> PaperLine:
    """The line that the row means; an empty one becomes the case's whose number stands on it by hand. ``Invalid``, with
    pointers below the row, for one that cannot be told or is another office's."""
    if row.line:
        known = work.session.get(PaperLine, (sheet.id, row.line))
        if known is not None:
            _refuse_other(work, known, row)
            return known
        if row.line > last_line(work, sheet):
            raise _fault("what", "out_of_range", f"这张登记单没有第 {row.line} 行，请看最左边一列。")
        if not row.code:
            raise _fault("code", "required", f"第 {row.line} 行是空行，请扫或填上面手写的受理号。")
    case, envelope = _named(work, row.code)
    mine = _lines_of(work, sheet, case, envelope)
    if len(mine) > 1:
        told = "、".join(str(line.position) for line in mine)
        raise _fault("what", "several", f"这个办件在单子上有几行（第 {told} 行），请填行号。")
    if mine:
        if row.line and not mine[0].by_hand:
            raise _fault("what", "several", f"这个办件印在第 {mine[0].position} 行，请填那一行的行号。")
        return mine[0]
    return _by_hand(work, sheet, row.line, case, envelope)


def _fault(field: str, code: str, words: str) -> Invalid:
    return Invalid([Fault(f"/{field}", code, words)])


def _refuse_other(work: Work, line: PaperLine, row: Row) -> None:
    if row.code and _named(work, row.code)[0].id != line.case_id:
        raise _fault("code", "differs", f"第 {row.line} 行是另一个办件。请核对行号；受理号只有空行才填。")


def _named(work: Work, code: str) -> tuple[Case, Consignment | None]:
    """The case of an acceptance number, a label, a waybill number or a paper; with the envelope where that was named."""
    plain = tidy(code)
    case = work.session.scalar(select(Case).where(Case.acceptance_no.in_((plain[:40], plain[:40].upper()))))
    if case is not None and work.actor.sees(case.division_code):
        return case, None
    found, paper = envelope_by_code(work, work.actor, code), paper_by_code(work, work.actor, code)
    if paper is None and found is not None:
        paper = next(iter(contents(work, found.consignment.id)), None)
    if paper is None:
        words = "没有认出这个号：可能是别处的，也可能没扫全。请再扫一次，或照纸上填受理号。"
        raise _fault("what", "unknown", words)
    envelope = found.consignment if found is not None else None
    if envelope is None and paper.consignment_id:
        envelope = work.session.get(Consignment, paper.consignment_id)
    return work.session.get_one(Case, paper.case_id), envelope


def _lines_of(work: Work, sheet: PaperSheet, case: Case, envelope: Consignment | None) -> list[PaperLine]:
    query = select(PaperLine).where(PaperLine.sheet_id == sheet.id).order_by(PaperLine.position)
    lines = list(work.session.scalars(query))
    exact = [line for line in lines if envelope is not None and line.consignment_id == envelope.id]
    return exact or [line for line in lines if line.case_id == case.id]


def _by_hand(
    work: Work, sheet: PaperSheet, wanted: int, case: Case, envelope: Consignment | None
) -> PaperLine:
    taken = set(work.session.scalars(select(PaperLine.position).where(PaperLine.sheet_id == sheet.id)))
    free = next(one for one in range(1, len(taken) + 2) if one not in taken)
    line = PaperLine(
        sheet_id=sheet.id, position=wanted or free, case_id=case.id,
        consignment_id=envelope.id if envelope is not None else None, by_hand=True,
    )  # fmt: skip
    work.add(line)
    work.session.flush()
    return line
