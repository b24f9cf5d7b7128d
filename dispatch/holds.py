"""Holding a case back: why, until when, and what was done before it goes on.

A held case is neither issued nor packed, whatever its day says. A hold never lifts itself: unpaid tax does not become
paid by a date, so on its last day it comes up on the worklist and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import Select, func, select, update

from labels.masks import mask_name

from .calendar import SHANGHAI, local_date
from .cases import find_case
from .errors import Fault, Invalid, NotFound, NotPermitted, RuleViolation
from .export import Table
from .lifecycle import CaseState
from .models import Case, Hold, new_id
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "KINDS",
    "LONGEST",
    "OUTCOMES",
    "HoldList",
    "active_holds",
    "hold_in",
    "holds_due",
    "holds_table",
    "lift_hold",
    "list_holds",
    "place_hold",
    "postpone_hold",
    "read_day",
]

#: fixed reasons; ``proof`` is placed by the house itself when a page was found wrong
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "materials": "容缺材料未补齐",
        "fee": "税费未缴",
        "old_paper": "旧证未交回",
        "department": "部门要求暂缓",
        "proof": "校对有误",
        "other": "其他",
    }
)
#: what may have been done, offered when a hold of this kind is lifted
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "materials": "材料已补齐",
        "fee": "税费已缴清",
        "old_paper": "旧证已交回",
        "department": "部门同意出件",
        "proof": "已更正或换发",
        "other": "",
    }
)
LONGEST: Final = timedelta(days=730)
SHOWN: Final = 300
#: rows of a file
EXPORTED: Final = 20_000
_ENDED: Final = (CaseState.CANCELLED, CaseState.CLOSED)

Q = TypeVar("Q", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True)
class HoldList:
    """``rows`` as ``list_holds`` says; ``counts``: open holds of this office by kind, and ``due``."""

    rows: list[dict[str, Any]]
    counts: dict[str, int]


def active_holds(work: Work, case_id: str) -> list[Hold]:
    """Holds not lifted, the oldest first."""
    rows = select(Hold).where(Hold.case_id == case_id, Hold.lifted_at.is_(None)).order_by(Hold.placed_at)
    return list(work.session.scalars(rows))


# -- placing and lifting -----------------------------------------------------------------------------------------
def place_hold(
    services: Services,
    actor: Actor,
    acceptance_no: str,
    reason: str,
    *,
    kind: str | None = None,
    until: date | None = None,
) -> str:
    """Hold the case; returns the hold's id.

    ``kind``: one of ``KINDS`` with ``reason`` as a note to it, or None for a free text, whose kind is read from its
    first words. ``until``: the day on which somebody must look again. Raises ``RuleViolation`` ``reason_required`` or
    ``settled``, ``Invalid`` for an unknown kind or a day that is past or too far.
    """
    actor.require(Scope.ISSUE)
    chosen, words = _worded(kind, reason.strip())
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        _check_day(until, local_date(work.now))
        if case.state in _ENDED:
            raise RuleViolation("settled", "这个办件已经结束，不需要暂缓。")
        return hold_in(work, case, chosen, words, until).id


def hold_in(work: Work, case: Case, kind: str, reason: str, until: date | None = None) -> Hold:
    """Place a hold in a unit of work that does more; the caller has checked who may, and that the case is open."""
    hold = work.add(
        Hold(
            id=new_id(), case_id=case.id, kind=kind, reason=reason, until=until, placed_at=work.now,
            placed_by=work.actor.name,
        )
    )  # fmt: skip
    facts = {"until": until.isoformat()} if until else {}
    work.audit("hold_placed", "case", case.id, reason=reason, **facts)
    return hold


def _worded(kind: str | None, text: str) -> tuple[str, str]:
    """Kind and the reason as it is shown."""
    if kind is None:
        known = next((key for key, words in KINDS.items() if text.startswith(words)), "other")
        words = text
    else:
        if kind not in KINDS or kind == "proof":
            raise Invalid([Fault("/kind", "unknown_value", "请选一个暂缓的原因。")])
        known = kind
        words = text if kind == "other" else "：".join(part for part in (KINDS[kind], text) if part)
    if not words or len(words) > 200:
        raise RuleViolation("reason_required", "请写明暂缓出件的原因（200 字以内）。")
    return known, words


def _check_day(until: date | None, today: date) -> None:
    if until is not None and until < today:
        raise Invalid([Fault("/until", "past", "暂缓到期日已经过去，请填今天或以后的日子。")])
    if until is not None and until > today + LONGEST:
        raise Invalid([Fault("/until", "out_of_range", "暂缓最多两年，请填近一些的日子，到期再看。")])


def read_day(text: str | None) -> date | None:
    """A day as a form or a program gives it; empty is none."""
    if not (text or "").strip():
        return None
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError as fault:
        raise Invalid([Fault("/until", "malformed", "日期应写成 2026-12-31 的样子。")]) from fault


def lift_hold(
    services: Services, actor: Actor, acceptance_no: str, hold_id: str, *, done: str | None = None
) -> None:
    """Lift a hold; lifting it twice is no error.

    ``done``: what was done about the reason. A person must say it (``Invalid``), a program may leave it away.
    """
    actor.require(Scope.ISSUE)
    what = (done or "").strip()
    if len(what) > 200 or (done is not None and not what):
        raise Invalid([Fault("/done", "required", "请写明办了什么才解除（200 字以内），例如：材料已补齐。")])
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        hold = work.session.get(Hold, hold_id)
        if hold is None or hold.case_id != case.id:
            raise NotFound("没有找到这条暂缓记录。")
        lifted = work.session.execute(
            update(Hold)
            .where(Hold.id == hold.id, Hold.lifted_at.is_(None))
            .values(lifted_at=work.now, lifted_by=actor.name, outcome=what)
        )
        if lifted.rowcount:  # type: ignore[attr-defined]
            work.audit("hold_lifted", "case", case.id, hold=hold.id, done=what)


def postpone_hold(
    services: Services, actor: Actor, acceptance_no: str, hold_id: str, until: date | None
) -> None:
    """Give an open hold another day, or none; ``RuleViolation('lifted')`` when somebody lifted it meanwhile."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        _check_day(until, local_date(work.now))
        hold = work.session.get(Hold, hold_id)
        if hold is None or hold.case_id != case.id:
            raise NotFound("没有找到这条暂缓记录。")
        moved = work.session.execute(
            update(Hold).where(Hold.id == hold.id, Hold.lifted_at.is_(None)).values(until=until)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            raise RuleViolation("lifted", "这条暂缓刚才已被解除，请刷新后再看。")
        facts = {"until": until.isoformat()} if until else {}
        work.audit("hold_postponed", "case", case.id, hold=hold.id, **facts)


# -- looking -----------------------------------------------------------------------------------------------------
def list_holds(
    services: Services,
    actor: Actor,
    *,
    kind: str = "",
    due: bool = False,
    lifted: bool = False,
    limit: int = SHOWN,
) -> HoldList:
    """Holds of this office: open ones, those that end first on top; with ``lifted`` those lifted last.

    Rows ``{id, acceptance_no, item, department, applicant_masked, case_state, kind, reason, until, due, placed_at,
    placed_by, lifted_at, lifted_by, outcome}``; ``due``: the day has come.
    """
    if not (actor.may(Scope.READ) or actor.may(Scope.ISSUE)):
        raise NotPermitted("scope", "没有查看办件的权限。请联系管理员。")
    with services.store.read(actor) as work:
        today = local_date(work.now)
        query = _mine(select(Hold, Case), actor)
        if lifted:
            query = query.where(Hold.lifted_at.is_not(None)).order_by(Hold.lifted_at.desc())
        else:
            query = _open(query).order_by(Hold.until.is_(None), Hold.until, Hold.placed_at)
        if kind:
            query = query.where(Hold.kind == kind)
        if due:
            query = query.where(Hold.until <= today)
        rows = [_row(work, hold, case, today) for hold, case in work.session.execute(query.limit(limit))]
        return HoldList(rows, _counts(work, actor, today))


def _mine(query: Q, actor: Actor) -> Q:
    query = query.join(Case, Case.id == Hold.case_id)
    return query.where(Case.division_code.startswith(actor.office, autoescape=True))


def _open(query: Q) -> Q:
    """Holds that still hold something back: not lifted, of a case that has not ended."""
    return query.where(Hold.lifted_at.is_(None), Case.state.not_in([str(state) for state in _ENDED]))


def _counts(work: Work, actor: Actor, today: date) -> dict[str, int]:
    by_kind = _open(_mine(select(Hold.kind, func.count()), actor)).group_by(Hold.kind)
    counts = dict.fromkeys(KINDS, 0) | {kind: int(n) for kind, n in work.session.execute(by_kind)}
    due = _open(_mine(select(func.count(Hold.id)), actor).where(Hold.until <= today))
    return counts | {"due": int(work.session.scalar(due) or 0)}


def _row(work: Work, hold: Hold, case: Case, today: date) -> dict[str, Any]:
    applicant = work.open(case, "body")["applicant"]
    whole = applicant["type"] == "organization"
    return {
        "id": hold.id,
        "acceptance_no": case.acceptance_no,
        "item": case.item_name,
        "department": case.department_name,
        "applicant_masked": applicant["name"] if whole else mask_name(applicant["name"]),
        "case_state": case.state,
        "kind": hold.kind,
        "reason": hold.reason,
        "until": hold.until.isoformat() if hold.until else None,
        "due": hold.lifted_at is None and hold.until is not None and hold.until <= today,
        "placed_at": hold.placed_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "placed_by": hold.placed_by,
        "lifted_at": hold.lifted_at.astimezone(SHANGHAI).isoformat(timespec="seconds")
        if hold.lifted_at
        else None,
        "lifted_by": hold.lifted_by,
        "outcome": hold.outcome,
    }


def holds_due(work: Work, actor: Actor, limit: int = 100) -> list[tuple[Hold, Case]]:
    """Open holds of this office whose day has come, the oldest day first; for the worklist."""
    query = _open(_mine(select(Hold, Case), actor)).where(Hold.until <= local_date(work.now))
    return [(hold, case) for hold, case in work.session.execute(query.order_by(Hold.until).limit(limit))]


def holds_table(
    services: Services, actor: Actor, *, kind: str = "", due: bool = False, lifted: bool = False
) -> Table:
    """What ``list_holds`` shows, as a file: persons masked as on screen."""
    rows = list_holds(services, actor, kind=kind, due=due, lifted=lifted, limit=EXPORTED).rows
    columns = {
        "acceptance_no": "受理号", "item": "事项", "department": "审批部门", "applicant_masked": "申请人",
        "kind": "原因种类", "reason": "原因", "until": "到期日", "placed_at": "暂缓时间", "placed_by": "谁放的",
        "lifted_at": "解除时间", "lifted_by": "谁解除的", "outcome": "办了什么",
    }  # fmt: skip
    shown = [row | {"kind": KINDS.get(row["kind"], row["kind"])} for row in rows]
    return Table(
        "已解除的暂缓" if lifted else "暂缓出件",
        list(columns.values()),
        [[row[key] for key in columns] for row in shown],
        list(columns),
    )
