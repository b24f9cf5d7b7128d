"""交接班: at the end of a shift a named colleague takes over what is left, thing by thing, and it stays his until it is done.

Both are there: who leaves is logged in, who takes over proves himself by badge and PIN. What is taken over, the loose
papers' custody and the history of each thing change in one transaction, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update

from labels.lists import Column, ListRecord, render_list

from .attachments import AttachmentView, attachments_of
from .calendar import local_time
from .chronicle import shown_actor
from .custody import RED, Holder, Pass, custody_of, pass_on
from .errors import Fault, Invalid, NotFound, RuleViolation
from .form_numbers import FormKind, register_form
from .left_over import KINDS, Left, left_over
from .models import Charge, Document, Hold, Shift, ShiftItem, new_id
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "Handed",
    "ShiftView",
    "TakenOver",
    "left_here",
    "list_shifts",
    "shift_pdf",
    "shift_view",
    "take_over",
    "taken_over",
]

MOST: Final = 1200
SHOWN: Final = 30
LONGEST_NOTE: Final = 60
#: what the history of a thing calls it
_OBJECTS: Final = {
    "print": "document", "pack": "document", "destroy": "document", "confirm": "print_batch",
    "handover": "consignment", "sign": "manifest", "internal": "handover", "red": "red_tray", "hold": "case",
}  # fmt: skip


@dataclass(frozen=True)
class Handed:
    """What came of a shift end: its id, how many things were taken over, how many of those ticked were done already."""

    id: str
    items: int
    gone: int


@dataclass(frozen=True)
class Line:
    """One thing of a shift end as it stood then. ``now``: the same thing as long as it is left; ``owner``: who had it."""

    kind: str
    acceptance_no: str
    what: str
    why: str
    place: str
    owner: str
    now: Left | None


@dataclass(frozen=True)
class ShiftView:
    """A shift end as it is shown."""

    id: str
    number: str
    at: datetime
    given_by: str
    taken_by: str
    note: str
    lines: tuple[Line, ...]
    papers: tuple[AttachmentView, ...] = ()

    @property
    def open(self) -> list[Line]:
        """What is still left of it in the same hands."""
        return [one for one in self.lines if one.now is not None and one.now.charge == self.id]


@dataclass(frozen=True)
class TakenOver:
    """What is left of what somebody took over at one shift end; ``counts``: word and number by kind."""

    id: str
    number: str
    at: datetime
    given_by: str
    items: int
    left: tuple[Left, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        kinds = [one.kind for one in self.left]
        return [(word, kinds.count(kind)) for kind, word in KINDS.items() if kind in kinds]


# -- what is left ---------------------------------------------------------------------------------------------------------
def left_here(services: Services, actor: Actor) -> list[Left]:
    """Everything of the office that somebody must still do or answer for, as ``left_over`` orders it."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return left_over(work, actor)


# -- taking over ----------------------------------------------------------------------------------------------------------
def take_over(services: Services, actor: Actor, other: Actor, keys: Sequence[str], note: str = "") -> Handed:
    """``other``, who proved himself, takes over the things that ``keys`` name (``Left.key``) from ``actor``.

    What was done in the meantime is left out and counted. ``RuleViolation``: ``nothing_chosen``, ``nothing_left``,
    ``second_person`` for oneself, ``changed_meanwhile`` when one of the things is in other hands since the list was shown;
    then nothing has changed.
    """
    actor.require(Scope.ISSUE)
    asked, words = _read(keys), " ".join(note.split())
    if len(words) > LONGEST_NOTE or services.fonts.missing(words):
        said = f"要交代的话最多 {LONGEST_NOTE} 字，也不要用表情和生僻符号，请改一改。"
        raise Invalid([Fault("/note", "unfit", said)])
    if other.name == actor.name:
        raise RuleViolation("second_person", "接班的不能是您自己，请接班的同事来确认。")
    with services.store.work(actor) as work:
        here = {(one.kind, one.ref): one for one in left_over(work, actor)}
        mine = _still_as_shown(here, asked)
        if not mine:
            raise RuleViolation("nothing_left", "勾选的都已经办完了，不用交。请刷新后再看。")
        _forget_what_is_done(work, actor, here)
        row = _begin(work, actor, other, words)
        for position, one in enumerate(mine, 1):
            _hand(work, row, position, one)
        work.audit("shift_taken_over", "shift", row.id, number=row.number, items=len(mine), by=other.name)
        return Handed(row.id, len(mine), len(asked) - len(mine))


def _read(keys: Sequence[str]) -> dict[tuple[str, str], str]:
    """Kind and ref → the shift end that the list showed."""
    if not keys:
        raise RuleViolation("nothing_chosen", "一项都没有勾。请勾上要交的，再请接班的同事确认。")
    parts = [key.split(":") for key in keys]
    if len(parts) > MOST or any(len(one) != 3 or one[0] not in KINDS for one in parts):
        raise Invalid([Fault("/item", "malformed", "页面上的清单没有读懂，请刷新后重新勾选。")])
    return {(kind, ref): charge for kind, ref, charge in parts}


def _still_as_shown(here: Mapping[tuple[str, str], Left], asked: Mapping[tuple[str, str], str]) -> list[Left]:
    """What is still left of it, in the order of the sheet; refused when one is in other hands."""
    for key, charge in asked.items():
        if key in here and here[key].charge != charge:
            one = here[key]
            words = f"“{one.what}”刚才已由 {shown_actor(one.owner)} 接了班。请刷新后重新勾选。"
            raise RuleViolation("changed_meanwhile", words)
    return [one for key, one in here.items() if key in asked]


def _forget_what_is_done(work: Work, actor: Actor, here: Collection[tuple[str, str]]) -> None:
    """Charges of things that are done answer for nothing any more; the shift ends keep what was."""
    query = select(Charge.kind, Charge.ref)
    if actor.office:
        query = query.where(Charge.division_code.startswith(actor.office, autoescape=True))
    for kind, ref in work.session.execute(query).all():
        if (kind, ref) not in here:
            work.session.execute(delete(Charge).where(Charge.kind == kind, Charge.ref == ref))


def _begin(work: Work, actor: Actor, other: Actor, note: str) -> Shift:
    row = Shift(
        id=new_id(), number="", division_code=actor.office, given_by=actor.name, taken_by=other.name, at=work.now,
        note=note,
    )  # fmt: skip
    row.number = register_form(work, FormKind.SHIFT, "shift", row.id, actor.office)
    work.add(row)
    work.session.flush()
    return row


def _hand(work: Work, row: Shift, position: int, one: Left) -> None:
    """One thing goes from hand to hand: the charge, the loose paper, the sheet's line, its history."""
    values = {"holder": row.taken_by, "shift_id": row.id}
    if one.charge:
        same = (Charge.kind == one.kind, Charge.ref == one.ref, Charge.shift_id == one.charge)
        done = work.session.execute(update(Charge).where(*same).values(**values)).rowcount == 1  # type: ignore[attr-defined]
    else:
        fresh = {"kind": one.kind, "ref": one.ref, "division_code": one.division, **values}
        done = work.insert_missing(Charge, fresh, ["kind", "ref"])
    if not done:
        raise RuleViolation("changed_meanwhile", f"“{one.what}”刚才已由别人接了班。请刷新后重新勾选。")
    if one.document_id and one.kind in ("pack", "destroy", "red"):
        _pass_paper(work, row, one)
    work.add(
        ShiftItem(
            shift_id=row.id, position=position, kind=one.kind, ref=one.ref, acceptance_no=one.acceptance_no,
            what=one.what[:160], why=one.why[:240], place=one.place, owner=one.owner,
        )
    )  # fmt: skip
    subject = _case_of_hold(work, one) if one.kind == "hold" else one.ref
    work.audit("taken_over", _OBJECTS[one.kind], subject, number=row.number, kind=one.kind, by=row.taken_by)


def _pass_paper(work: Work, row: Shift, one: Left) -> None:
    """A loose paper has its next holder and stays where it lies. Of a second print the first one's holder is not touched."""
    document = work.session.get_one(Document, one.document_id)
    now = custody_of(work, document.id)
    if now is None or now.kind not in (Holder.WINDOW, Holder.TO_DESTROY):
        return
    if one.kind == "red" and now.place != RED:
        return
    pass_on(work, document, Pass(Holder(now.kind), row.taken_by, "shift", now.place, beside=row.given_by))


def _case_of_hold(work: Work, one: Left) -> str:
    return work.session.get_one(Hold, one.ref).case_id


# -- showing ---------------------------------------------------------------------------------------------------------------
def taken_over(services: Services, actor: Actor) -> list[TakenOver]:
    """What I took over and is still left, by shift end, the newest first; empty for who may not issue."""
    if not actor.may(Scope.ISSUE):
        return []
    with services.store.read(actor) as work:
        query = select(Charge.kind, Charge.ref).where(Charge.holder == actor.name)
        only: dict[str, list[str]] = {}
        for kind, ref in work.session.execute(query):
            only.setdefault(kind, []).append(ref)
        mine: dict[str, list[Left]] = {}
        for one in left_over(work, actor, only) if only else []:
            if one.charge and one.owner == actor.name:
                mine.setdefault(one.charge, []).append(one)
        shifts = list(work.session.scalars(select(Shift).where(Shift.id.in_(mine)).order_by(Shift.at.desc())))
        many = _many(work, [row.id for row in shifts])
        return [
            TakenOver(row.id, row.number, row.at, row.given_by, many[row.id], tuple(mine[row.id]))
            for row in shifts
        ]


def _many(work: Work, ids: Sequence[str]) -> dict[str, int]:
    """How many things each shift end handed over."""
    query = select(ShiftItem.shift_id, func.count()).where(ShiftItem.shift_id.in_(ids))
    return {one: int(many) for one, many in work.session.execute(query.group_by(ShiftItem.shift_id))}


def list_shifts(services: Services, actor: Actor) -> list[ShiftView]:
    """The office's last shift ends, the newest first; without what was scanned of their sheets."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(Shift).where(Shift.division_code.startswith(actor.office, autoescape=True))
        rows = list(work.session.scalars(query.order_by(Shift.at.desc(), Shift.id.desc()).limit(SHOWN)))
        return _views(work, actor, rows)


def shift_view(services: Services, actor: Actor, shift_id: str) -> ShiftView:
    """One shift end; ``NotFound`` when absent or another office's."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        row = work.session.get(Shift, shift_id)
        if row is None or not actor.sees(row.division_code):
            raise NotFound("没有找到这张交接班单。")
        view = _views(work, actor, [row])[0]
        return replace(view, papers=tuple(attachments_of(work, "shift", shift_id)))


def _views(work: Work, actor: Actor, rows: Sequence[Shift]) -> list[ShiftView]:
    query = select(ShiftItem).where(ShiftItem.shift_id.in_([row.id for row in rows]))
    items: dict[str, list[ShiftItem]] = {row.id: [] for row in rows}
    only: dict[str, set[str]] = {}
    for item in work.session.scalars(query.order_by(ShiftItem.shift_id, ShiftItem.position)):
        items[item.shift_id].append(item)
        only.setdefault(item.kind, set()).add(item.ref)
    left = {(one.kind, one.ref): one for one in left_over(work, actor, only)} if only else {}
    return [
        ShiftView(
            row.id, row.number, row.at, row.given_by, row.taken_by, row.note,
            tuple(_line(item, left) for item in items[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def _line(item: ShiftItem, left: Mapping[tuple[str, str], Left]) -> Line:
    now = left.get((item.kind, item.ref))
    return Line(item.kind, item.acceptance_no, item.what, item.why, item.place, item.owner, now)


# -- on paper --------------------------------------------------------------------------------------------------------------
_COLUMNS: Final = (
    Column("序号", 10, centred=True), Column("哪一类", 24), Column("是什么", 56), Column("统一受理号", 38),
    Column("说明", 36), Column("架位", 14, centred=True), Column("点到", 12, centred=True),
)  # fmt: skip


def shift_pdf(services: Services, actor: Actor, shift_id: str) -> bytes:
    """交接班单 for print: what was taken over, by whom, room for both signatures."""
    view = shift_view(services, actor, shift_id)
    kinds = [line.kind for line in view.lines]
    counted = "，".join(f"{word} {kinds.count(kind)}" for kind, word in KINDS.items() if kind in kinds)
    when = f"{local_time(view.at):%Y年%-m月%-d日 %H:%M}"
    facts = [
        ("交班", f"{shown_actor(view.given_by)}    接班：{shown_actor(view.taken_by)}"),
        ("时间", f"{when}    共 {len(kinds)} 项"), ("其中", counted), ("交代", view.note or "无"),
    ]  # fmt: skip
    rows = tuple(
        (str(at), KINDS[line.kind], _fit(services, line.what, 64), line.acceptance_no, _fit(services, line.why, 40),
         line.place, "")
        for at, line in enumerate(view.lines, 1)
    )  # fmt: skip
    record = ListRecord(
        "交接班单", view.number, tuple(facts), _COLUMNS, rows,
        signers=(("交班", shown_actor(view.given_by)), ("接班", shown_actor(view.taken_by))),
        note="两人都已用工牌和 PIN 确认。扫右上角的条码，打开这一次交接班。", sample=not services.settings.production,
    )  # fmt: skip
    return render_list(record, services.fonts)


def _fit(services: Services, text: str, most: int) -> str:
    """What the cell has room for; the screen has it all."""
    if services.fonts.missing(text):
        return "有印不出的字，请看屏幕"
    return text if len(text) <= most else f"{text[: most - 1]}…"
