"""A paper sheet entered afterwards: each row is one act, judged by itself, in one unit of work with its record.

The sheet's number and the line are the key, so the same row entered twice is no news. A row that does not fit is kept
and told, one that is wrong in itself stays with who types. What needs a paper that is still being made waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from . import custody, outbox
from .attachments import AttachmentView, attach, attachment_bytes, attachments_of
from .calendar import local_date, local_time
from .consignments.envelope import contents
from .consignments.fold import BY_PAPER
from .consignments.pack import pack_on_paper
from .consignments.scans import take_within
from .errors import Fault, Invalid, NotFound, RuleViolation
from .issue import issue_within, refuse_same_person
from .lifecycle import CaseState, ConsignmentState, DocumentState
from .models import Audit, Case, Consignment, Document, PaperEntry, PaperLine, PaperSheet, User, new_id
from .outbox import Claim
from .paper_lines import find_line, last_line
from .paper_rows import ACTS, Person, Row, read_row
from .register import LineView, SheetView, find_sheet, line_view, sheet_views
from .rights import SYSTEM, Actor, Role, Scope
from .service.spot import signed_on_paper
from .services import Services
from .store import Work

__all__ = [
    "MOST_ROWS",
    "Answer",
    "EntryView",
    "SheetPage",
    "enter_again",
    "enter_rows",
    "enter_waiting",
    "keep_photo",
    "open_sheet",
    "people_of",
    "photo",
]

MOST_ROWS: Final = 60
_K, _D = ConsignmentState, DocumentState
_DONE: Final = ("accepted", "known")
_ENDED: Final = (_D.VOID, _D.REVOKED, _D.SUPERSEDED)
_ENDINGS: Final = ("document_void", "document_revoked", "document_superseded")
_WINDOW: Final = (str(Role.CLERK), str(Role.SUPERVISOR))
_CARRY: Final = (str(Role.COURIER), str(Role.AGENT))
#: a waiting row is looked at again so often, and so long by itself; after that somebody presses a button
_SOON: Final = timedelta(seconds=20)
_PATIENCE: Final = timedelta(hours=2)
#: rows of one claim, so that its lease holds
_AT_ONCE: Final = 100
_WAIT_WORDS: Final = "证件还在制作或信封还没有安排好，做好了会自动登记；也可以过几分钟点“再试等着的几行”。"


@dataclass(frozen=True)
class Answer:
    """What became of one typed row. ``outcome``: accepted, known, waiting, conflict (kept and told, or contradicts what was
    accepted), invalid (not kept; ``faults`` say what to change). ``line``: 0 where it could not be told."""

    at: int
    line: int
    act: str
    outcome: str
    words: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class EntryView:
    """An act as it was entered. ``done_by`` and ``beside`` as on the paper, ``entered_by`` who typed it."""

    line: int
    acceptance_no: str
    act: str
    happened_at: datetime
    done_by: str
    beside: str
    entered_by: str
    entered_at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True)
class SheetPage:
    """A sheet with everything its page shows. ``blanks``: numbers of the empty lines that nothing was entered on."""

    sheet: SheetView
    lines: tuple[LineView, ...]
    blanks: tuple[int, ...]
    entries: tuple[EntryView, ...]
    photos: tuple[AttachmentView, ...]
    people: tuple[Person, ...]


class _TimeWrong(Exception):
    """The time cannot be right for this case; the row is not kept."""


class _Waits(Exception):
    """The paper is still being made."""


# -- looking -------------------------------------------------------------------------------------------------------
def open_sheet(services: Services, actor: Actor, sheet_id: str) -> SheetPage:
    """The sheet, what stands on it, what was entered, its pictures; ``NotFound`` when absent or another office's."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        sheet = find_sheet(work, actor, sheet_id)
        query = select(PaperLine).where(PaperLine.sheet_id == sheet.id).order_by(PaperLine.position)
        lines = tuple(line_view(work, line) for line in work.session.scalars(query))
        numbers = {line.position: line.acceptance_no for line in lines}
        rows = (
            select(PaperEntry).where(PaperEntry.sheet_id == sheet.id).order_by(PaperEntry.entered_at.desc())
        )
        entries = tuple(_shown(entry, numbers) for entry in work.session.scalars(rows))
        blanks = tuple(one for one in range(1, last_line(work, sheet) + 1) if one not in numbers)
        photos = tuple(reversed(attachments_of(work, "sheet", sheet.id)))
        return SheetPage(
            sheet_views(work, [sheet])[0], lines, blanks, entries, photos, tuple(people_of(work, sheet))
        )


def _shown(entry: PaperEntry, numbers: Mapping[int, str]) -> EntryView:
    return EntryView(
        entry.position, numbers.get(entry.position, ""), entry.act, entry.happened_at, entry.done_by, entry.beside,
        entry.entered_by, entry.entered_at, entry.outcome, entry.detail,
    )  # fmt: skip


def people_of(work: Work, sheet: PaperSheet) -> list[Person]:
    """Who can have written on the sheet: the office's clerks and supervisors, its couriers and agents."""
    query = select(User).where(User.active, User.role.in_((*_WINDOW, *_CARRY))).order_by(User.name)
    near = (
        user
        for user in work.session.scalars(query)
        if sheet.division_code.startswith(user.office) or user.office.startswith(sheet.division_code)
    )
    return [Person(user.name, user.role in _CARRY) for user in near]


def keep_photo(services: Services, actor: Actor, sheet_id: str, data: bytes) -> str:
    """A picture of the written sheet; the attachment's id. ``Invalid`` for what is no picture or PDF."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        sheet = find_sheet(work, actor, sheet_id)
    return attach(
        services, actor, kind="sheet", subject_kind="sheet", subject_id=sheet.id, division_code=sheet.division_code,
        data=data, note=sheet.number,
    )  # fmt: skip


def photo(services: Services, actor: Actor, sheet_id: str, attachment_id: str) -> bytes:
    """The bytes of one of the sheet's pictures; the look is audited."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        kept = {one.id for one in attachments_of(work, "sheet", find_sheet(work, actor, sheet_id).id)}
    if attachment_id not in kept:
        raise NotFound("没有找到这张照片。")
    return attachment_bytes(services, actor, attachment_id)[1]


# -- entering ------------------------------------------------------------------------------------------------------
def enter_rows(
    services: Services, actor: Actor, sheet_id: str, day: date | None, typed: Sequence[Mapping[str, str]]
) -> list[Answer]:
    """Enter rows as typed (``paper_rows.FIELDS``); one answer for each, in their order. ``day``: on which it happened.

    Rows are done in the order in which the acts can happen, whatever order they were typed in. ``Invalid`` for a day or a
    number of rows that cannot be; ``RuleViolation('photo_required')`` before the sheet's picture is there.
    """
    actor.require(Scope.ISSUE)
    actor.require(Scope.SCANS)
    with services.store.read(actor) as work:
        sheet = find_sheet(work, actor, sheet_id)
        _check_frame(work, sheet, day, len(typed))
        people, now = people_of(work, sheet), work.now
    assert day is not None
    answers: dict[int, Answer] = {}
    rows: list[tuple[int, Row]] = []
    for at, one in enumerate(typed):
        row = read_row(one, at, day, now, people)
        if isinstance(row, Row):
            rows.append((at, row))
        else:
            words = " ".join(fault.detail for fault in row)
            what = one.get("what", "").strip()
            line = int(what) if what.isascii() and what.isdigit() and len(what) <= 3 else 0
            answers[at] = Answer(at, line, one.get("act", ""), "invalid", words, tuple(row))
    steps = list(ACTS)
    for at, row in sorted(rows, key=lambda pair: (steps.index(pair[1].act), pair[1].at, pair[0])):
        answers[at] = replace(_enter(services, actor, sheet_id, row, at), at=at)
    return [answers[at] for at in sorted(answers)]


def _check_frame(work: Work, sheet: PaperSheet, day: date | None, count: int) -> None:
    if day is None or not sheet.day <= day <= local_date(work.now):
        words = "请填纸上的日期：登记单那一天，最晚到今天。"
        raise Invalid([Fault("/day", "out_of_range", words)])
    if not 1 <= count <= MOST_ROWS:
        raise Invalid([Fault("/rows", "batch_size", f"请先填几行再记；一次最多 {MOST_ROWS} 行。")])
    if not attachments_of(work, "sheet", sheet.id):
        words = "请先把写过的登记单拍照或扫描传上来，再照着补录：照片就是这些记录的凭据。"
        raise RuleViolation("photo_required", words)


def _enter(services: Services, actor: Actor, sheet_id: str, row: Row, at: int) -> Answer:
    """One row in one unit: all of it or nothing, then what did not fit is kept as such."""
    try:
        with services.store.work(actor) as work:
            return _enter_within(services, work, sheet_id, row)
    except _TimeWrong as fault:
        words = str(fault)
        told = (Fault(f"/rows/{at}/time", "too_early", words),)
        return Answer(at, row.line, row.act, "invalid", words, told)
    except Invalid as refusal:
        faults = tuple(replace(one, pointer=f"/rows/{at}{one.pointer}") for one in refusal.faults)
        return Answer(at, row.line, row.act, "invalid", " ".join(one.detail for one in faults), faults)
    except _Waits:
        outcome, words = "waiting", _WAIT_WORDS
    except (RuleViolation, NotFound) as refusal:
        outcome, words = "conflict", refusal.detail
    with services.store.work(actor) as work:
        return _note(work, actor, sheet_id, row, outcome, words)


def _enter_within(services: Services, work: Work, sheet_id: str, row: Row) -> Answer:
    sheet = find_sheet(work, work.actor, sheet_id, lock=True)
    line = find_line(work, sheet, row)
    entry = _entry(work, sheet, line, row.act)
    if entry is not None and entry.outcome in _DONE:
        return _again(work, entry, row)
    entry = _write(work, sheet, line, row, entry)
    case = work.session.get_one(Case, line.case_id)
    outcome, words = _apply(services, work, sheet, line, case, row, entry)
    entry.outcome, entry.detail = outcome, words[:400]
    if outcome == "accepted":
        _tell(work, sheet, line, row)
    return Answer(0, line.position, row.act, outcome, words)


def _note(work: Work, actor: Actor, sheet_id: str, row: Row, outcome: str, words: str) -> Answer:
    """Keep a row that waits or does not fit, and flag the envelope that somebody must look at."""
    sheet = find_sheet(work, actor, sheet_id, lock=True)
    line = find_line(work, sheet, row)
    entry = _write(work, sheet, line, row, _entry(work, sheet, line, row.act))
    entry.outcome, entry.detail = outcome, words[:400]
    if outcome == "waiting":
        work.emit("paper.enter", sheet.id, delay=_SOON)
    else:
        envelope = work.session.get(Consignment, line.consignment_id) if line.consignment_id else None
        if envelope is not None and envelope.flag is None:
            envelope.flag = (
                f"纸质登记 {sheet.number} 第 {line.position} 行“{ACTS[row.act].word}”对不上：{words}"[:400]
            )
    facts = {"sheet": sheet.number, "line": line.position, "act": row.act, "outcome": outcome}
    work.audit("paper_refused" if outcome == "conflict" else "paper_waits", "case", line.case_id, **facts)
    return Answer(0, line.position, row.act, outcome, words)


# -- the record of one act --------------------------------------------------------------------------------------------
def _entry(work: Work, sheet: PaperSheet, line: PaperLine, act: str) -> PaperEntry | None:
    query = select(PaperEntry).where(PaperEntry.sheet_id == sheet.id, PaperEntry.position == line.position)
    return work.session.scalar(query.where(PaperEntry.act == act))


def _same(work: Work, entry: PaperEntry, row: Row) -> bool:
    told = (work.open(entry, "particulars") if entry.particulars else None) or {}
    return (entry.happened_at, entry.done_by, entry.beside, told) == (
        row.at, _account(row.done_by), _account(row.beside), dict(row.signer)
    )  # fmt: skip


def _account(name: str) -> str:
    return f"user:{name}" if name else ""


def _again(work: Work, entry: PaperEntry, row: Row) -> Answer:
    """The act is entered already: the same content is no news, other content changes nothing and is told."""
    if _same(work, entry, row):
        return Answer(0, entry.position, row.act, "known", "已经登记过，没有重复。")
    before = f"{local_time(entry.happened_at):%H:%M}、由 {entry.done_by[5:]} 办理"
    words = f"这一行的“{ACTS[row.act].word}”已经登记为 {before}，没有改动。请核对照片。"
    return Answer(0, entry.position, row.act, "conflict", words)


def _write(work: Work, sheet: PaperSheet, line: PaperLine, row: Row, entry: PaperEntry | None) -> PaperEntry:
    """The act's record as it is typed now; its scan gets another key when other content is sent for it."""
    if entry is not None and _same(work, entry, row):
        return entry
    if entry is None:
        entry = PaperEntry(
            id=new_id(), sheet_id=sheet.id, position=line.position, act=row.act, tries=0, detail=""
        )
        work.add(entry)
    entry.tries += 1
    entry.happened_at, entry.done_by, entry.beside = row.at, _account(row.done_by), _account(row.beside)
    entry.entered_at, entry.entered_by, entry.outcome = work.now, work.actor.name, "waiting"
    entry.particulars = None
    if row.signer:
        work.seal(entry, "particulars", dict(row.signer))
    if ACTS[row.act].scan:
        again = f"-{entry.tries}" if entry.tries > 1 else ""
        entry.scan_id = f"{sheet.number}-{line.position:03d}-{row.act}{again}"
    work.session.flush()
    return entry


# -- doing it ------------------------------------------------------------------------------------------------------
def _apply(
    services: Services,
    work: Work,
    sheet: PaperSheet,
    line: PaperLine,
    case: Case,
    row: Row,
    entry: PaperEntry,
) -> tuple[str, str]:
    """Do what the row says; outcome and words. Raises what the rule says, ``_Waits`` or ``_TimeWrong``."""
    if row.act == "issue":
        return _issue(services, work, case, row)
    _refuse_unissued(work, sheet, line, case, row)
    envelope = _envelope(work, line, case)
    if envelope is None:
        return _on_the_spot(work, case, row)
    if row.act == "pack":
        done_by, beside = _account(row.done_by), _account(row.beside)
        fresh = pack_on_paper(services, work, envelope, row.at, done_by, beside)
        return ("accepted", "已记：未扫码，两人核对。") if fresh else ("known", "系统里已经装封，没有重复。")
    if envelope.packed_at is not None and row.at < _minute(envelope.packed_at):
        raise _TimeWrong(f"这个时间早于装封（{local_time(envelope.packed_at):%H:%M}），请照纸上核对。")
    return _scan(services, work, sheet, line, envelope, row, entry)


def _issue(services: Services, work: Work, case: Case, row: Row) -> tuple[str, str]:
    if row.at < _minute(case.decided_at):
        raise _TimeWrong("这个时间早于部门作出决定的时间，请照纸上核对日期和几点几分。")
    if case.state == CaseState.READY:
        refuse_same_person(services, work, case, _account(row.done_by))
    if issue_within(services, work, case.acceptance_no):
        return "accepted", "已出件；编号按现在的时间给，纸上的时间另记。"
    return "known", "系统里已经出过件，没有重复。"


def _refuse_unissued(work: Work, sheet: PaperSheet, line: PaperLine, case: Case, row: Row) -> None:
    if case.state == CaseState.CANCELLED:
        raise RuleViolation("cancelled", "这个办件已取消，证件已经作废。东西交出去了的，请马上收回。")
    if case.issued_at is None:
        raise RuleViolation("not_issued", "这个办件还没有出件。先登记“出件”那一格，或查清是不是写错了行。")
    query = select(func.min(PaperEntry.happened_at)).where(
        PaperEntry.act == "issue", PaperEntry.outcome == "accepted",
        PaperEntry.sheet_id == sheet.id, PaperEntry.position == line.position,
    )  # fmt: skip
    issued = work.session.scalar(query) or case.issued_at
    if row.at < _minute(issued):
        raise _TimeWrong(f"这个时间早于出件（{local_time(issued):%-m月%-d日 %H:%M}），请照纸上核对。")


def _minute(moment: datetime) -> datetime:
    """Nobody writes seconds on paper."""
    return moment.replace(second=0, microsecond=0)


def _envelope(work: Work, line: PaperLine, case: Case) -> Consignment | None:
    """The envelope the line speaks of, locked; None for a case that needs none. ``_Waits`` while it is being made."""
    query = select(Document).where(Document.case_id == case.id, Document.live)
    papers = list(work.session.scalars(query))
    named = line.consignment_id or ""
    inside = [one for one in papers if one.consignment_id == named] if named else papers
    ids = sorted({one.consignment_id for one in inside if one.consignment_id}) or ([named] if named else [])
    if any(one.state == _D.DRAFT for one in inside):
        raise _Waits
    if not ids:
        if case.method == "on_the_spot":
            return None
        raise (
            _Waits
            if case.method != "electronic"
            else RuleViolation("electronic", "电子送达的件没有纸，不用登记。")
        )
    if len(ids) > 1:
        words = f"这个办件有 {len(ids)} 个信封，请扫信封的面单，一个一个登记。"
        raise RuleViolation("several", words)
    envelope = work.locked(Consignment, ids[0])
    assert envelope is not None
    if envelope.state in (_K.PLANNED, _K.BOOKING):
        raise _Waits
    line.consignment_id = envelope.id
    return envelope


def _on_the_spot(work: Work, case: Case, row: Row) -> tuple[str, str]:
    if row.act != "collect":
        raise RuleViolation("not_now", "当场领取的件没有信封，只登记“出件”和“领取”。")
    many = signed_on_paper(work, case, row.signer, local_date(row.at), _account(row.done_by))
    return "accepted", f"已记当场签收 {many} 份。"


def _scan(
    services: Services, work: Work, sheet: PaperSheet, line: PaperLine, envelope: Consignment, row: Row,
    entry: PaperEntry,
) -> tuple[str, str]:  # fmt: skip
    _refuse_ended(work, envelope, row)
    raw: dict[str, Any] = {
        "scan_id": entry.scan_id, "code": envelope.id, "action": ACTS[row.act].scan, "occurred_at": row.at.isoformat(),
        "note": f"纸质登记 {sheet.number} 第 {line.position} 行，{row.done_by} 办理",
    }  # fmt: skip
    if row.signer:
        raw["signer"] = dict(row.signer)
    told = take_within(services, work, raw, source=BY_PAPER)
    if told["state"] in (
        _K.DELIVERED,
        _K.TO_VERIFY,
    ):  # what was never put into its envelope went along all the same
        for paper in contents(work, envelope.id):
            if paper.packed_at is None:
                custody.signed_for(work, paper)
    if told["outcome"] in ("accepted", "duplicate"):
        return "accepted", str(told.get("detail") or "已记。")
    return "conflict", str(told.get("detail") or "系统没有采用，已留底。")


def _refuse_ended(work: Work, envelope: Consignment, row: Row) -> None:
    """What had ended before it was handed out is not written down as served; somebody has to get it back."""
    if row.act not in ("collect", "deliver"):
        return
    ended = (
        select(func.min(Audit.at))
        .join(Document, Document.id == Audit.object_id)
        .where(Document.consignment_id == envelope.id, Document.state.in_(_ENDED), Audit.action.in_(_ENDINGS))
    )
    first = work.session.scalar(ended)
    if first is not None and _minute(first) <= row.at:
        words = "信封里有那时已经撤销、作废或被替换的证件，不能登记成领取、送达。请马上联系，收回处理。"
        raise RuleViolation("void", words)


def _tell(work: Work, sheet: PaperSheet, line: PaperLine, row: Row) -> None:
    """The case's history says what came from paper; a scan says so itself."""
    facts: dict[str, object] = {
        "sheet": sheet.number, "line": line.position, "act": row.act, "source": BY_PAPER, "done_by": _account(row.done_by),
        "happened_at": local_time(row.at).isoformat(timespec="minutes"),
    }  # fmt: skip
    if row.beside:
        facts["beside"] = _account(row.beside)
    kind, subject = ("sheet", sheet.id) if ACTS[row.act].scan else ("case", line.case_id)
    work.audit("paper_entered", kind, subject, **facts)


# -- what waits ----------------------------------------------------------------------------------------------------
def enter_again(services: Services, actor: Actor, sheet_id: str) -> list[Answer]:
    """Try the rows that wait or did not fit once more, as they were typed."""
    actor.require(Scope.ISSUE)
    actor.require(Scope.SCANS)
    with services.store.read(actor) as work:
        find_sheet(work, actor, sheet_id)
        rows = _open_rows(work, sheet_id, ("waiting", "conflict"))
    return [_enter(services, actor, sheet_id, row, 0) for _, row in rows]


def enter_waiting(services: Services, claim: Claim) -> None:
    """Step ``paper.enter``: rows that waited for a paper to be made, under the name of who typed them."""
    with services.store.read(SYSTEM) as work:
        sheet = work.session.get(PaperSheet, claim.subject)
        rows = _open_rows(work, claim.subject, ("waiting",))
        office, now = (sheet.division_code if sheet is not None else ""), work.now
    left = len(rows) > _AT_ONCE
    for entry, row in rows[:_AT_ONCE]:
        actor = Actor(entry.entered_by, office, frozenset({Scope.ISSUE, Scope.SCANS}))
        answer = _enter(services, actor, claim.subject, row, 0)
        left = left or (answer.outcome == "waiting" and now - entry.entered_at < _PATIENCE)
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)
        if left:
            work.emit("paper.enter", claim.subject, delay=3 * _SOON)


def _open_rows(work: Work, sheet_id: str, outcomes: Sequence[str]) -> list[tuple[PaperEntry, Row]]:
    query = select(PaperEntry).where(PaperEntry.sheet_id == sheet_id, PaperEntry.outcome.in_(outcomes))
    steps = list(ACTS)
    entries = sorted(work.session.scalars(query), key=lambda one: (steps.index(one.act), one.happened_at))
    return [(entry, _row_of(work, entry)) for entry in entries]


def _row_of(work: Work, entry: PaperEntry) -> Row:
    told = (work.open(entry, "particulars") if entry.particulars else None) or {}
    return Row(
        entry.position, "", entry.act, entry.happened_at, entry.done_by[5:], entry.beside[5:],
        {key: str(value) for key, value in told.items()},
    )  # fmt: skip
