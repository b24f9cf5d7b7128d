"""The seal register as it is kept: read by clerks, written by supervisors, both lists as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import func, select

from .calendar import SHANGHAI, local_date, local_time
from .errors import Fault, Invalid, NotFound, RuleViolation
from .export import Table
from .models import Document, Seal, SealUse, new_id
from .rights import Actor, Scope
from .seals import KINDS, SHOWN, require_look, seal_state
from .services import Services
from .store import Work

__all__ = [
    "STATES",
    "change_seal",
    "list_seals",
    "list_uses",
    "register_seal",
    "resume_seal",
    "seal_card",
    "seals_table",
    "suspend_seal",
    "uses_table",
]

#: rows of a file
EXPORTED: Final = 50_000
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {"active": "在用", "suspended": "已停用", "expired": "已过期", "future": "未启用"}
)
_DIVISION: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}(?:[0-9]{3})?)?")
_MOST_TITLES: Final = 60


# -- looking -------------------------------------------------------------------------------------------------------
def list_seals(
    services: Services, actor: Actor, *, department: str = "", unregistered: bool = False
) -> list[dict[str, Any]]:
    """The register of this office, unregistered entries on top: ``{id, department, division_code, name, kind, source,
    valid_from, valid_until, titles, keeper, registered, state, reason, uses, last_used}``."""
    require_look(actor, Scope.READ, Scope.ISSUE, Scope.VALIDITY)
    with services.store.read(actor) as work:
        query = select(Seal).where(Seal.division_code.startswith(actor.office, autoescape=True))
        if department:
            query = query.where(Seal.department_name.contains(department, autoescape=True))
        if unregistered:
            query = query.where(Seal.registered.is_(False))
        query = query.order_by(Seal.registered, Seal.department_name, Seal.kind, Seal.created_at)
        seals = list(work.session.scalars(query))
        counted = select(SealUse.seal_id, func.count(SealUse.id), func.max(SealUse.at)).group_by(
            SealUse.seal_id
        )
        uses = {seal_id: (int(n), last) for seal_id, n, last in work.session.execute(counted)}
        today = local_date(work.now)
        return [_seal_row(seal, today, *uses.get(seal.id, (0, None))) for seal in seals]


def seal_card(services: Services, actor: Actor, seal_id: str) -> dict[str, Any]:
    """One entry as ``list_seals`` gives it; ``NotFound`` when it is absent or another office's."""
    require_look(actor, Scope.READ, Scope.ISSUE, Scope.VALIDITY)
    with services.store.read(actor) as work:
        seal = _visible(work, actor, seal_id)
        used = select(func.count(SealUse.id), func.max(SealUse.at)).where(SealUse.seal_id == seal.id)
        uses, last = work.session.execute(used).one()
        return _seal_row(seal, local_date(work.now), int(uses), last)


def _visible(work: Work, actor: Actor, seal_id: str, *, lock: bool = False) -> Seal:
    seal = work.locked(Seal, seal_id) if lock else work.session.get(Seal, seal_id)
    if seal is None or not actor.sees(seal.division_code):
        raise NotFound("没有找到这枚印章。请回到印章登记簿再看。")
    return seal


def _seal_row(seal: Seal, today: date, uses: int, last: datetime | None) -> dict[str, Any]:
    return {
        "id": seal.id,
        "department": seal.department_name,
        "division_code": seal.division_code,
        "name": seal.name,
        "kind": seal.kind,
        "source": seal.source,
        "valid_from": seal.valid_from.isoformat() if seal.valid_from else None,
        "valid_until": seal.valid_until.isoformat() if seal.valid_until else None,
        "titles": seal.titles.splitlines(),
        "keeper": seal.keeper,
        "registered": seal.registered,
        "state": seal_state(seal, today),
        "reason": seal.suspended_reason,
        "uses": uses,
        "last_used": _moment(last) if last else None,
    }


def list_uses(
    services: Services,
    actor: Actor,
    *,
    seal_id: str = "",
    department: str = "",
    day: date | None = None,
    limit: int = SHOWN,
) -> list[dict[str, Any]]:
    """What the seals of this office were used for, the last first: ``{at, department, seal, kind, title, number, copy,
    acceptance_no, actor, sheet, note, document_state}``."""
    require_look(actor, Scope.READ, Scope.ISSUE, Scope.VALIDITY)
    query = (
        select(SealUse, Seal, Document)
        .join(Seal, Seal.id == SealUse.seal_id)
        .join(Document, Document.id == SealUse.document_id)
        .where(SealUse.division_code.startswith(actor.office, autoescape=True))
        .order_by(SealUse.at.desc(), SealUse.id.desc())
    )
    if seal_id:
        query = query.where(SealUse.seal_id == seal_id)
    if department:
        query = query.where(Seal.department_name.contains(department, autoescape=True))
    if day is not None:
        begins = datetime.combine(day, time(), SHANGHAI)
        query = query.where(SealUse.at >= begins, SealUse.at < begins + timedelta(days=1))
    with services.store.read(actor) as work:
        return [_use_row(*row) for row in work.session.execute(query.limit(limit))]


def _use_row(use: SealUse, seal: Seal, document: Document) -> dict[str, Any]:
    return {
        "at": _moment(use.at),
        "department": seal.department_name,
        "seal": seal.name,
        "kind": seal.kind,
        "title": use.title,
        "number": document.number,
        "copy": document.copy,
        "acceptance_no": use.acceptance_no,
        "actor": use.actor,
        "sheet": use.sheet,
        "note": use.note,
        "document_state": document.state,
    }


def _moment(at: datetime) -> str:
    return local_time(at).isoformat(timespec="seconds")


# -- as files ------------------------------------------------------------------------------------------------------
def seals_table(services: Services, actor: Actor, *, department: str = "") -> Table:
    """The register as a file."""
    rows = list_seals(services, actor, department=department)
    columns = {
        "department": "部门", "division_code": "区划代码", "name": "印章名称", "kind": "种类", "source": "制发机关或备案号",
        "valid_from": "启用日期", "valid_until": "有效期至", "titles": "用于哪些证件", "keeper": "保管人", "state": "状态",
        "reason": "停用原因", "uses": "使用次数", "last_used": "最近使用",
    }  # fmt: skip
    shown = [
        row
        | {
            "kind": KINDS[row["kind"]],
            "titles": "、".join(row["titles"]) or "全部",
            "state": STATES[row["state"]],
        }
        for row in rows
    ]
    return Table(
        "印章登记簿",
        list(columns.values()),
        [[row[key] for key in columns] for row in shown],
        list(columns),
    )


def uses_table(
    services: Services, actor: Actor, *, seal_id: str = "", department: str = "", day: date | None = None
) -> Table:
    """The list of uses as a file."""
    rows = list_uses(services, actor, seal_id=seal_id, department=department, day=day, limit=EXPORTED)
    columns = {
        "at": "时间", "department": "部门", "seal": "印章", "kind": "种类", "title": "证件（文书）", "copy": "正副本",
        "number": "证号或文号", "acceptance_no": "受理号", "actor": "谁用的", "sheet": "随附单", "note": "再盖原因",
    }  # fmt: skip
    shown = [row | {"kind": KINDS[row["kind"]], "sheet": "是" if row["sheet"] else ""} for row in rows]
    return Table(
        "用印登记",
        list(columns.values()),
        [[row[key] for key in columns] for row in shown],
        list(columns),
    )


# -- writing -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Entry:
    """What a supervisor says about a seal, checked."""

    department_name: str
    division_code: str
    name: str
    kind: str
    source: str
    keeper: str
    valid_from: date | None
    valid_until: date | None
    titles: str


def register_seal(services: Services, actor: Actor, typed: Mapping[str, str]) -> str:
    """A new seal; returns its id.

    ``typed``: department, division_code, name, kind, source, keeper, valid_from, valid_until, titles (one a line). Raises
    ``Invalid`` with all faults, ``RuleViolation('seal_known')`` where the department has one of this name.
    """
    actor.require(Scope.VALIDITY)
    entry = _checked(actor, typed)
    with services.store.work(actor) as work:
        _refuse_twice(work, entry, "")
        seal = work.add(
            Seal(id=new_id(), registered=True, created_at=work.now, created_by=actor.name, **vars(entry))
        )
        work.audit("seal_registered", "seal", seal.id, name=entry.name, kind=entry.kind)
    return seal.id


def change_seal(services: Services, actor: Actor, seal_id: str, typed: Mapping[str, str]) -> None:
    """Correct an entry; one that the house made itself becomes registered by it.

    Whose seal it is and of which kind stays once it was used: ``RuleViolation('seal_used')``.
    """
    actor.require(Scope.VALIDITY)
    with services.store.work(actor) as work:
        seal = _visible(work, actor, seal_id, lock=True)
        entry = _checked(actor, typed)
        whose = (seal.department_name, seal.division_code, seal.kind)
        used = work.session.scalar(select(func.count(SealUse.id)).where(SealUse.seal_id == seal.id))
        if used and whose != (entry.department_name, entry.division_code, entry.kind):
            raise RuleViolation(
                "seal_used", "这枚印章已经用过，部门、区划和种类不能再改。请停用它，另行登记。"
            )
        _refuse_twice(work, entry, seal.id)
        first = not seal.registered
        for name, value in vars(entry).items():
            setattr(seal, name, value)
        seal.registered = True
        work.audit("seal_registered" if first else "seal_changed", "seal", seal.id, name=entry.name)


def suspend_seal(services: Services, actor: Actor, seal_id: str, reason: str) -> None:
    """Take a seal out of use at once; documents that want it wait on the worklist with this reason."""
    actor.require(Scope.VALIDITY)
    why = reason.strip()
    if not why or len(why) > 200:
        raise Invalid([Fault("/reason", "required", "请写明停用的原因（200 字以内）。")])
    with services.store.work(actor) as work:
        seal = _visible(work, actor, seal_id, lock=True)
        if seal.suspended_at is None:
            seal.suspended_at, seal.suspended_reason = work.now, why
            work.audit("seal_suspended", "seal", seal.id, reason=why)


def resume_seal(services: Services, actor: Actor, seal_id: str) -> None:
    """Put a suspended seal to use again; what waited for it is made anew from the worklist."""
    actor.require(Scope.VALIDITY)
    with services.store.work(actor) as work:
        seal = _visible(work, actor, seal_id, lock=True)
        if seal.suspended_at is not None:
            seal.suspended_at, seal.suspended_reason = None, ""
            work.audit("seal_resumed", "seal", seal.id)


def _checked(actor: Actor, typed: Mapping[str, str]) -> _Entry:
    given = {key: value.strip() for key, value in typed.items()}
    text = {name: given.get(name, "") for name in ("department", "division_code", "name", "source", "keeper")}
    faults = [
        Fault(f"/{name}", "length", f"请填写{word}（{least} 到 {most} 字）。")
        for name, word, least, most in (
            ("department", "部门名称", 2, 80), ("name", "印章名称", 2, 80), ("source", "制发机关或备案号", 2, 200),
        )
        if not least <= len(text[name]) <= most
    ]  # fmt: skip
    if len(text["keeper"]) > 80:
        faults.append(Fault("/keeper", "length", "保管人最多 80 字。"))
    code = text["division_code"]
    if not _DIVISION.fullmatch(code):
        faults.append(Fault("/division_code", "malformed", "区划代码应为 6、9 或 12 位数字。"))
    elif not actor.sees(code):
        faults.append(Fault("/division_code", "foreign_office", f"区划代码 {code} 不在您的办理范围内。"))
    kind = given.get("kind", "")
    if kind not in KINDS:
        faults.append(Fault("/kind", "unknown_value", "请选电子印章或实物盖章。"))
    begins, ends = (_day(given, name, faults) for name in ("valid_from", "valid_until"))
    if begins and ends and ends < begins:
        faults.append(Fault("/valid_until", "order", "有效期至早于启用日期，请核对。"))
    titles = _titles(given.get("titles", ""), faults)
    if faults:
        raise Invalid(faults)
    return _Entry(
        text["department"], code, text["name"], kind, text["source"], text["keeper"], begins, ends, titles
    )


def _day(given: Mapping[str, str], name: str, faults: list[Fault]) -> date | None:
    if not given.get(name):
        return None
    try:
        return date.fromisoformat(given[name])
    except ValueError:
        faults.append(Fault(f"/{name}", "malformed", "日期应写成 2026-12-31 的样子。"))
        return None


def _titles(text: str, faults: list[Fault]) -> str:
    titles = list(dict.fromkeys(line.strip("《》 \t") for line in text.splitlines() if line.strip("《》 \t")))
    if len(titles) > _MOST_TITLES or any(len(title) > 80 for title in titles):
        faults.append(
            Fault(
                "/titles",
                "length",
                f"每行一种证件名称，每个最多 80 字，最多 {_MOST_TITLES} 种；全部都用就空着。",
            )
        )
    return "\n".join(titles)[:4000]


def _refuse_twice(work: Work, entry: _Entry, own: str) -> None:
    same = select(Seal.id).where(
        Seal.department_name == entry.department_name,
        Seal.kind == entry.kind,
        Seal.name == entry.name,
        Seal.id != own,
    )
    if work.session.scalar(same.limit(1)):
        raise RuleViolation(
            "seal_known", f"{entry.department_name}已经登记过“{entry.name}”，请核对名称后的编号。"
        )
