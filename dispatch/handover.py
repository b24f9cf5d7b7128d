"""内部交接单: papers go from a department or 制证 to the window, or back, counted by scan and signed by both.

A list says what should come; a scan says what came. What is missing and what nobody expected is named before anybody
signs. With the second signature every paper that was seen has its new holder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update

from labels.lists import Column, ListRecord, render_list

from .attachments import AttachmentView, attachments_of
from .badges import colleague
from .calendar import local_time
from .chronicle import shown_actor
from .consignments.codes import paper_by_code, tidy
from .consignments.envelope import reason_given, title_of
from .consignments.plan import free_place
from .custody import RED, Holder, Pass, custody_of, pass_on, where_words
from .errors import Fault, Invalid, NotFound, RuleViolation
from .form_numbers import FormKind, register_form
from .lifecycle import DocumentState
from .models import Case, Custody, Document, Handover, HandoverItem, new_id
from .rights import Actor, Role, Scope
from .services import Services
from .store import Work

__all__ = [
    "DIRECTIONS",
    "HandoverView",
    "Line",
    "begin_handover",
    "cancel_handover",
    "counterparty",
    "departments_here",
    "handover_pdf",
    "handover_view",
    "list_handovers",
    "scan_into",
    "sign_handover",
    "take_off",
]

DIRECTIONS: Final = {"in": "交到窗口", "back": "从窗口退回"}
MOST: Final = 300
_STANDS: Final = (DocumentState.VALID, DocumentState.SUSPENDED)
_ROLES: Final = (Role.CLERK, Role.SUPERVISOR, Role.DEPARTMENT)


@dataclass(frozen=True)
class Line:
    """One paper on a list. ``expected`` but not ``seen`` is missing; ``seen`` but not ``expected`` came besides."""

    document_id: str
    acceptance_no: str
    title: str
    number: str
    expected: bool
    seen: bool
    place: str


@dataclass(frozen=True)
class HandoverView:
    """A list as it is shown; ``state`` open, signed or cancelled. ``party``: who gives (in) or takes back (back)."""

    id: str
    number: str
    direction: str
    party: str
    state: str
    created_at: datetime
    created_by: str
    signed_at: datetime | None
    given_by: str
    taken_by: str
    strays: int
    lines: tuple[Line, ...]
    papers: tuple[AttachmentView, ...]

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if not line.seen]

    @property
    def extra(self) -> list[Line]:
        return [line for line in self.lines if line.seen and not line.expected]

    @property
    def seen(self) -> list[Line]:
        return [line for line in self.lines if line.seen]


# -- a list begins -------------------------------------------------------------------------------------------------
def departments_here(services: Services, actor: Actor) -> list[tuple[str, int]]:
    """Departments that hold papers of this office now, and how many."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(Custody.holder, func.count()).where(Custody.kind == str(Holder.DEPARTMENT))
        query = query.where(Custody.division_code.startswith(actor.office, autoescape=True))
        rows = work.session.execute(query.group_by(Custody.holder).order_by(Custody.holder))
        return [(name, count) for name, count in rows]


def begin_handover(services: Services, actor: Actor, direction: str, department: str = "") -> str:
    """A new list; its id. ``department`` empty: 制证. What the department holds now stands on it as expected."""
    actor.require(Scope.ISSUE)
    party = " ".join(department.split())
    if direction not in DIRECTIONS or len(party) > 80:
        raise Invalid([Fault("/direction", "unknown_value", "请选交到窗口，还是从窗口退回。")])
    with services.store.work(actor) as work:
        row = Handover(
            id=new_id(), number="", division_code=actor.office, direction=direction, department_name=party, state="open",
            created_at=work.now, created_by=actor.name,
        )  # fmt: skip
        row.number = register_form(work, FormKind.HANDOVER, "handover", row.id, actor.office)
        work.add(row)
        work.session.flush()
        expected = _held_by(work, actor, party) if direction == "in" and party else []
        for position, document_id in enumerate(expected, 1):
            work.add(
                HandoverItem(handover_id=row.id, document_id=document_id, position=position, expected=True)
            )
        work.audit("handover_begun", "handover", row.id, number=row.number, expected=len(expected))
        return row.id


def _held_by(work: Work, actor: Actor, party: str) -> list[str]:
    query = (
        select(Custody.document_id)
        .join(Document, Document.id == Custody.document_id)
        .where(Custody.kind == str(Holder.DEPARTMENT), Custody.holder == party, Document.live)
        .where(Custody.division_code.startswith(actor.office, autoescape=True))
        .order_by(Custody.since, Custody.document_id)
    )
    return list(work.session.scalars(query.limit(MOST)))


# -- counting ------------------------------------------------------------------------------------------------------
def scan_into(services: Services, actor: Actor, handover_id: str, text: str) -> str:
    """One scanned paper (its QR, 查验码, a code bound to it), or all papers of an acceptance number; words for what was
    found. ``RuleViolation('unknown')`` for a code nobody knows, counted; ``elsewhere`` for a paper others hold."""
    actor.require(Scope.ISSUE)
    stray = False
    with services.store.work(actor) as work:
        row = _open(work, actor, handover_id)
        found = _papers_of(work, actor, text)
        if not found:
            stray = True
            row.strays += 1
        else:
            words = [_see(work, row, document) for document in found]
    if stray:
        raise RuleViolation("unknown", "没有认出这个码：不是本处的证件。请把它单独放一边，问清是谁的。")
    return "；".join(words)


def _papers_of(work: Work, actor: Actor, text: str) -> list[Document]:
    document = paper_by_code(work, actor, text)
    if document is not None:
        return [document]
    code = tidy(text)[:40]
    case = work.session.scalar(select(Case).where(Case.acceptance_no.in_((code, code.upper()))))
    if case is None or not actor.sees(case.division_code):
        return []
    query = select(Document).where(Document.case_id == case.id, Document.live, Document.state.in_(_STANDS))
    return list(work.session.scalars(query.order_by(Document.position)))


def _see(work: Work, row: Handover, document: Document) -> str:
    _refuse_elsewhere(work, row, document)
    item = work.session.get(HandoverItem, (row.id, document.id))
    if item is None:
        count = select(func.count()).select_from(HandoverItem).where(HandoverItem.handover_id == row.id)
        position = (work.session.scalar(count) or 0) + 1
        if position > MOST:
            raise RuleViolation("batch_size", f"一张交接单最多 {MOST} 份，请先签完这张，再开一张。")
        item = HandoverItem(
            handover_id=row.id, document_id=document.id, position=position, expected=False, place=""
        )
        work.add(item)
    if item.seen_at is None:
        item.seen_at = work.now
        item.place = _place(work, row, document) if row.direction == "in" else ""
    work.session.flush()
    beside = (
        ""
        if item.expected or row.direction == "back" or not row.department_name
        else "（单子上没有，加上了）"
    )
    return f"{title_of(document)}{beside}" + (f"，请放 {item.place} 架" if item.place else "")


def _refuse_elsewhere(work: Work, row: Handover, document: Document) -> None:
    if document.state not in _STANDS:
        raise RuleViolation("ended", f"“{title_of(document)}”已经作废、撤销或被替换，不要收进来。")
    now = custody_of(work, document.id)
    if now is None:
        return
    here = (
        (Holder.WINDOW,) if row.direction == "back" else (Holder.PRODUCTION, Holder.DEPARTMENT, Holder.WINDOW)
    )
    if now.kind not in here:
        words = f"“{title_of(document)}”登记在{where_words(work, now)}，不能列进这张单子，请先查清。"
        raise RuleViolation("elsewhere", words)


def _place(work: Work, row: Handover, document: Document) -> str:
    """Papers of one case lie together: beside one that is on the shelf or on this list, else on a free place."""
    case = work.session.get_one(Case, document.case_id)
    mine = select(Document.id).where(Document.case_id == case.id)
    here = select(Custody.place).where(
        Custody.document_id.in_(mine), Custody.kind == str(Holder.WINDOW), Custody.place.not_in(("", RED))
    )
    listed = select(HandoverItem.place).where(
        HandoverItem.handover_id == row.id, HandoverItem.document_id.in_(mine), HandoverItem.place != ""
    )
    known = work.session.scalar(here.limit(1)) or work.session.scalar(listed.limit(1))
    return known or free_place(work, case.division_code)


def take_off(services: Services, actor: Actor, handover_id: str, document_id: str) -> None:
    """A paper scanned by mistake is not seen any more; one that nobody expected leaves the list."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        row = _open(work, actor, handover_id)
        item = work.session.get(HandoverItem, (row.id, document_id))
        if item is None or item.seen_at is None:
            return
        if item.expected:
            item.seen_at, item.place = None, ""
        else:
            work.session.delete(item)


def cancel_handover(services: Services, actor: Actor, handover_id: str, reason: str) -> None:
    """An unsigned list is given up; nothing has moved."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.work(actor) as work:
        row = _open(work, actor, handover_id)
        row.state = "cancelled"
        work.session.execute(delete(HandoverItem).where(HandoverItem.handover_id == row.id))
        work.audit("handover_cancelled", "handover", row.id, number=row.number, reason=why)


# -- signing -------------------------------------------------------------------------------------------------------
def counterparty(services: Services, actor: Actor, who: str, pin: str, *, screen: str) -> Actor:
    """The other one who signs: a clerk, supervisor or member of a department of the same area, by badge or name and PIN."""
    if not who.strip() or not pin:
        raise RuleViolation("second_person", "交接要两个人签：请对方扫工牌（或输用户名），再输 PIN。")
    other = colleague(services, who, pin, screen=screen)
    near = actor.office.startswith(other.office) or other.office.startswith(actor.office)
    if other.name == actor.name:
        raise RuleViolation("second_person", "交出和接收不能是同一个人，请对方来确认。")
    if other.role not in _ROLES or not near:
        raise RuleViolation("second_person", "对方的账号不属于本地的窗口或审批部门，请换一位。")
    return other


def sign_handover(services: Services, actor: Actor, handover_id: str, other: Actor | str) -> int:
    """Both have signed; how many papers changed hands. ``other``: who proved himself here, or the name that stands on the
    signed paper, whose picture must be attached by then.

    ``RuleViolation``: ``nothing_seen``, ``photo_required``, ``elsewhere``, ``changed_meanwhile``.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        row = _open(work, actor, handover_id)
        how, name = _other(work, row, other)
        query = select(HandoverItem).where(
            HandoverItem.handover_id == row.id, HandoverItem.seen_at.is_not(None)
        )
        items = list(work.session.scalars(query.order_by(HandoverItem.position)))
        if not items:
            raise RuleViolation("nothing_seen", "一份都还没有扫，不能签。请把交来的证件一份一份扫一遍。")
        _close(work, row, how, name)
        for item in items:
            document = work.session.get_one(Document, item.document_id)
            _refuse_elsewhere(work, row, document)
            pass_on(work, document, _goes(row, document, item.place, actor.name, name))
        work.audit("handover_signed", "handover", row.id, number=row.number, papers=len(items), how=how)
        return len(items)


def _other(work: Work, row: Handover, other: Actor | str) -> tuple[str, str]:
    if isinstance(other, Actor):
        return "pin", other.name
    name = " ".join(other.split())
    if not name or len(name) > 60:
        raise Invalid([Fault("/name", "required", "请填写纸上签字的对方是谁。")])
    if not attachments_of(work, "handover", row.id, "handover"):
        raise RuleViolation(
            "photo_required", "请先把签过字的交接单拍照或扫描传上来，凭单号自动归到这里，再登记。"
        )
    return "paper", name


def _close(work: Work, row: Handover, how: str, other: str) -> None:
    mine, coming = work.actor.name, row.direction == "in"
    done = work.session.execute(
        update(Handover)
        .where(Handover.id == row.id, Handover.state == "open")
        .values(
            state="signed", signed_at=work.now, signed_how=how, given_by=other if coming else mine,
            taken_by=mine if coming else other,
        )
    )  # fmt: skip
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("changed_meanwhile", "这张交接单刚才已经签过了，请刷新后再看。")


def _goes(row: Handover, document: Document, place: str, mine: str, other: str) -> Pass:
    if row.direction == "in":
        return Pass(Holder.WINDOW, mine, "received", place, beside=other, handover_id=row.id)
    made_here = document.source == "compose"
    kind, holder = (Holder.PRODUCTION, "") if made_here else (Holder.DEPARTMENT, document.department_name)
    return Pass(kind, holder, "given_back", beside=other, handover_id=row.id)


# -- showing -------------------------------------------------------------------------------------------------------
def _open(work: Work, actor: Actor, handover_id: str) -> Handover:
    row = _find(work, actor, handover_id, lock=True)
    if row.state != "open":
        raise RuleViolation("not_open", "这张交接单已经签过或取消，不能再改。")
    return row


def _find(work: Work, actor: Actor, handover_id: str, *, lock: bool = False) -> Handover:
    row = work.locked(Handover, handover_id) if lock else work.session.get(Handover, handover_id)
    if row is None or not actor.sees(row.division_code):
        raise NotFound("没有找到这张内部交接单。")
    return row


def handover_view(services: Services, actor: Actor, handover_id: str) -> HandoverView:
    """One list with its papers; ``NotFound`` when absent or another office's."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        row = _find(work, actor, handover_id)
        papers = tuple(attachments_of(work, "handover", row.id))
        return _view(row, _lines(work, [row.id]).get(row.id, ()), papers)


def list_handovers(services: Services, actor: Actor, limit: int = 40) -> list[HandoverView]:
    """The office's lists, open ones first, then the newest; without their ``papers``."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(Handover).where(Handover.division_code.startswith(actor.office, autoescape=True))
        query = query.where(Handover.state != "cancelled")
        query = query.order_by(Handover.state != "open", Handover.created_at.desc()).limit(limit)
        rows = list(work.session.scalars(query))
        lines = _lines(work, [row.id for row in rows])
        return [_view(row, lines.get(row.id, ())) for row in rows]


def _lines(work: Work, lists: Sequence[str]) -> dict[str, list[Line]]:
    """List → its papers in their order."""
    query = (
        select(HandoverItem, Document, Case.acceptance_no)
        .join(Document, Document.id == HandoverItem.document_id)
        .join(Case, Case.id == Document.case_id)
        .where(HandoverItem.handover_id.in_(lists))
        .order_by(HandoverItem.position, HandoverItem.document_id)
    )
    found: dict[str, list[Line]] = {}
    for item, paper, number in work.session.execute(query):
        seen = item.seen_at is not None
        line = Line(paper.id, number, title_of(paper), paper.number or "", item.expected, seen, item.place)
        found.setdefault(item.handover_id, []).append(line)
    return found


def _view(row: Handover, lines: Sequence[Line], papers: tuple[AttachmentView, ...] = ()) -> HandoverView:
    return HandoverView(
        row.id, row.number, row.direction, row.department_name or "制证", row.state, row.created_at, row.created_by,
        row.signed_at, row.given_by, row.taken_by, row.strays, tuple(lines), papers,
    )  # fmt: skip


_COLUMNS: Final = (
    Column("序号", 10, centred=True), Column("统一受理号", 44), Column("证件（文书）", 66), Column("证号、文号", 36),
    Column("架位", 16, centred=True), Column("核对", 18, centred=True),
)  # fmt: skip


def handover_pdf(services: Services, actor: Actor, handover_id: str) -> bytes:
    """内部交接单 for signing by hand, or the signed one with the names of both."""
    view = handover_view(services, actor, handover_id)
    office = services.settings.operator
    gives, takes = (view.party, office) if view.direction == "in" else (office, view.party)
    counted = f"应交 {sum(line.expected for line in view.lines)} 份，实交 {len(view.seen)} 份" if any(
        line.expected for line in view.lines
    ) else f"实交 {len(view.seen)} 份"  # fmt: skip
    facts = (
        ("交出", gives), ("接收", takes),
        ("日期", f"{local_time(view.signed_at or view.created_at):%Y年%-m月%-d日 %H:%M}    {counted}"),
    )  # fmt: skip
    rows = tuple(
        (str(at), line.acceptance_no, line.title, line.number, line.place, _mark(line))
        for at, line in enumerate(view.lines, 1)
    )
    record = ListRecord(
        "内部交接单", view.number, facts, _COLUMNS, rows,
        signers=(("交出：" + gives, shown_actor(view.given_by)), ("接收：" + takes, shown_actor(view.taken_by))),
        note="签字以后拍照或扫描传上来，凭右上角的条码自动归档。", sample=not services.settings.production,
    )  # fmt: skip
    return render_list(record, services.fonts)


def _mark(line: Line) -> str:
    if not line.seen:
        return "没有交"
    return "已点到" if line.expected else "另加"
