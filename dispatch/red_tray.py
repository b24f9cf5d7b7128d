"""红盘: papers set aside because something is wrong with them, each with its reason, until somebody has looked into it.

What lies there is not packed. Putting in and taking out changes where the paper is, not what the document is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import or_, select, update

from .calendar import local_date
from .chronicle import shown_actor
from .consignments.codes import paper_by_code
from .consignments.envelope import reason_given, title_of
from .consignments.plan import free_place
from .custody import RED, Holder, Pass, custody_of, pass_on
from .errors import Fault, Invalid, NotFound, RuleViolation
from .lifecycle import DocumentState
from .models import Case, Custody, Document, Hold, RedTray, new_id
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["REASONS", "belongs_in_tray", "in_tray", "red_tray", "set_aside", "take_out"]

SHOWN: Final = 300
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mismatch": "装封核对不符",
        "ended": "已失效或被替换",
        "held": "办件暂缓出件",
        "spoiled": "印坏或破损",
        "content": "内容有疑问",
        "stray": "不知道是哪一件的",
        "other": "其他",
    }
)
_H = Holder
#: loose in somebody's hands, so that it can lie in the tray
_LOOSE: Final = (_H.WINDOW, _H.PRODUCTION, _H.DEPARTMENT)


def in_tray(work: Work, document_id: str) -> RedTray | None:
    """The paper's open entry."""
    query = select(RedTray).where(RedTray.document_id == document_id, RedTray.taken_at.is_(None))
    return work.session.scalar(query)


def set_aside(services: Services, actor: Actor, code: str, kind: str, note: str = "", what: str = "") -> str:
    """Put a paper into the tray; the entry's id. ``code``: as scanned; ``what``: in words, for one that no code tells.

    ``Invalid`` without a known reason or without anything that says which paper; ``RuleViolation``: ``unknown`` for a
    code nobody knows, ``in_tray`` for a paper that lies there.
    """
    actor.require(Scope.ISSUE)
    words, more = " ".join(what.split()), " ".join(note.split())
    _check(kind, more, words, code.strip())
    if services.fonts.missing(words + more):
        raise Invalid([Fault("/note", "unfit", "里面有打印不出的字（表情、生僻符号），请换个写法。")])
    with services.store.work(actor) as work:
        document = paper_by_code(work, actor, code) if code.strip() else None
        if document is None and not words:
            raise RuleViolation("unknown", "没有认出这个码。请改用文字写明是什么纸，一样可以放进红盘。")
        if document is not None and in_tray(work, document.id) is not None:
            raise RuleViolation("in_tray", f"“{title_of(document)}”已经在红盘里了。")
        row = RedTray(
            id=new_id(), division_code=actor.office, document_id=None, what=words, kind=kind, note=more,
            place_before="", put_at=work.now, put_by=actor.name, taken_at=None, taken_by=None, outcome="",
        )  # fmt: skip
        if document is not None:
            _lay_in(work, row, document)
        work.add(row)
        work.session.flush()
        work.audit("red_tray_in", *_subject(row), reason=kind)
        return row.id


def _check(kind: str, note: str, words: str, code: str) -> None:
    faults = []
    if kind not in REASONS:
        faults.append(Fault("/kind", "unknown_value", "请选为什么放进红盘。"))
    if kind == "other" and not note:
        faults.append(Fault("/note", "required", "原因选了“其他”，请写明是什么原因。"))
    if len(note) > 200:
        faults.append(Fault("/note", "too_long", "说明最多 200 字，请写短一些。"))
    if not code and not words:
        faults.append(Fault("/code", "required", "请扫纸上的码；没有码的，写明是什么纸。"))
    if len(words) > 100:
        faults.append(Fault("/what", "too_long", "“什么纸”最多 100 字，请写短一些。"))
    if faults:
        raise Invalid(faults)


def _lay_in(work: Work, row: RedTray, document: Document) -> None:
    """A loose paper lies in the tray now. A second print of one that is packed or gone leaves the other where it is."""
    case = work.session.get_one(Case, document.case_id)
    row.document_id, row.what, row.division_code = document.id, title_of(document), case.division_code
    now = custody_of(work, document.id)
    if now is None or now.kind == _H.TO_DESTROY or now.kind in _LOOSE:
        row.place_before = now.place if now is not None and now.kind == _H.WINDOW else ""
        kind = _H.TO_DESTROY if now is not None and now.kind == _H.TO_DESTROY else _H.WINDOW
        pass_on(work, document, Pass(kind, work.actor.name, "set_aside", RED))


def _subject(row: RedTray) -> tuple[str, str]:
    return ("document", row.document_id) if row.document_id else ("red_tray", row.id)


def take_out(services: Services, actor: Actor, entry_id: str, outcome: str) -> str:
    """The paper was looked into and leaves the tray; where it goes, as a shelf place, or empty.

    ``NotFound``; ``RuleViolation('changed_meanwhile')`` when somebody took it out already.
    """
    actor.require(Scope.ISSUE)
    done = reason_given(outcome)
    with services.store.work(actor) as work:
        row = work.session.get(RedTray, entry_id)
        if row is None or not actor.sees(row.division_code):
            raise NotFound("红盘里没有这份纸。")
        taken = work.session.execute(
            update(RedTray)
            .where(RedTray.id == entry_id, RedTray.taken_at.is_(None))
            .values(taken_at=work.now, taken_by=actor.name, outcome=done)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            raise RuleViolation("changed_meanwhile", "这份纸刚才已经有人取出了，请刷新后再看。")
        work.audit("red_tray_out", *_subject(row), done=done)
        return _lay_out(work, row)


def _lay_out(work: Work, row: RedTray) -> str:
    now = custody_of(work, row.document_id) if row.document_id else None
    if now is None or now.place != RED:
        return ""
    document = work.session.get_one(Document, now.document_id)
    place = _place_again(work, row) if now.kind == _H.WINDOW else ""
    pass_on(work, document, Pass(Holder(now.kind), work.actor.name, "taken_out", place))
    return place


def _place_again(work: Work, row: RedTray) -> str:
    """The shelf it came from, or another one when that was given away meanwhile."""
    if not row.place_before:
        return ""
    query = select(Custody.document_id).where(
        Custody.division_code == row.division_code, Custody.place == row.place_before, Custody.kind == str(_H.WINDOW)
    )  # fmt: skip
    given_away = work.session.scalar(query.limit(1)) is not None
    return free_place(work, row.division_code) if given_away else row.place_before


def red_tray(services: Services, actor: Actor, *, past: bool = False) -> list[dict[str, Any]]:
    """What lies in the office's tray, the longest first, or with ``past`` what was taken out, the newest first:
    ``{id, what, acceptance_no, document_id, reason, note, put_at, put_by, taken_at, taken_by, outcome, destroy}``."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = (
            select(RedTray, Case.acceptance_no, Custody.kind)
            .outerjoin(Document, Document.id == RedTray.document_id)
            .outerjoin(Case, Case.id == Document.case_id)
            .outerjoin(Custody, Custody.document_id == RedTray.document_id)
            .where(RedTray.division_code.startswith(actor.office, autoescape=True))
        )
        if past:
            query = query.where(RedTray.taken_at.is_not(None)).order_by(RedTray.taken_at.desc())
        else:
            query = query.where(RedTray.taken_at.is_(None)).order_by(RedTray.put_at)
        return [_shown(row, number, kind) for row, number, kind in work.session.execute(query.limit(SHOWN))]


def _shown(row: RedTray, number: str | None, kind: str | None) -> dict[str, Any]:
    return {
        "id": row.id, "what": row.what, "acceptance_no": number or "", "document_id": row.document_id or "",
        "reason": REASONS[row.kind], "note": row.note, "put_at": row.put_at, "put_by": shown_actor(row.put_by),
        "taken_at": row.taken_at, "taken_by": shown_actor(row.taken_by or ""), "outcome": row.outcome,
        "destroy": kind == _H.TO_DESTROY,
    }  # fmt: skip


def belongs_in_tray(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Loose papers at the window that cannot be sent as they are and lie elsewhere still: ``{document_id, what,
    acceptance_no, place, kind, why}``."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        today = local_date(work.now)
        held = select(Hold.id).where(Hold.case_id == Case.id, Hold.lifted_at.is_(None)).exists()
        ended = or_(Document.state == str(DocumentState.SUSPENDED), Document.valid_until < today)
        query = (
            select(Document, Case.acceptance_no, Custody.place, held)
            .join(Custody, Custody.document_id == Document.id)
            .join(Case, Case.id == Document.case_id)
            .where(Custody.kind == str(_H.WINDOW), Custody.place != RED, Document.packed_at.is_(None))
            .where(Custody.division_code.startswith(actor.office, autoescape=True), or_(ended, held))
            .order_by(Custody.since)
        )
        return [
            {
                "document_id": paper.id, "what": title_of(paper), "acceptance_no": number, "place": place,
                "kind": "held" if on_hold else "ended", "why": REASONS["held"] if on_hold else "冻结核查或已过有效期",
            }
            for paper, number, place, on_hold in work.session.execute(query.limit(SHOWN))
        ]  # fmt: skip
