"""What lies in the drawer: how much of each kind, every form with what became of it, and counting (盘点)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from ..errors import Fault, Invalid
from ..models import BlankCount, BlankForm, BlankReceipt, new_id
from ..rights import Actor, Scope
from ..services import Services
from .form_codes import expanded, ranges, tidy_code
from .overprint import mine
from .stock import STATES, acceptance_of

__all__ = ["EXPORTED", "SHOWN", "count_forms", "counts_of", "forms_of", "kinds_in_stock", "receipts_of"]

SHOWN: Final = 300
EXPORTED: Final = 50_000


@dataclass(frozen=True)
class KindInStock:
    """One kind of form: how many in each state, the next number, the numbers in stock as ranges, the last count."""

    kind: str
    stock: int
    used: int
    spoiled: int
    destroyed: int
    next: str
    lies: tuple[str, ...]
    counted_at: datetime | None


def kinds_in_stock(services: Services, actor: Actor) -> tuple[KindInStock, ...]:
    """Every kind this office ever received."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(BlankForm.kind, BlankForm.state, func.count()).group_by(
            BlankForm.kind, BlankForm.state
        )
        amounts: dict[str, dict[str, int]] = {}
        for kind, state, amount in work.session.execute(mine(query, actor)):
            amounts.setdefault(kind, dict.fromkeys(STATES, 0))[state] = amount
        lying = mine(select(BlankForm.kind, BlankForm.code).where(BlankForm.state == "stock"), actor)
        codes: dict[str, list[str]] = {}
        for kind, code in work.session.execute(lying):
            codes.setdefault(kind, []).append(code)
        last = select(BlankCount.kind, func.max(BlankCount.at)).group_by(BlankCount.kind)
        counted = dict(work.session.execute(mine(last, actor, BlankCount.office)).all())
    return tuple(
        KindInStock(
            kind, **states, next=min(codes.get(kind, [""])), lies=tuple(ranges(codes.get(kind, []))),
            counted_at=counted.get(kind),
        )
        for kind, states in sorted(amounts.items())
    )  # fmt: skip


def forms_of(
    services: Services, actor: Actor, *, kind: str = "", state: str = "", q: str = "", limit: int = SHOWN
) -> list[dict[str, Any]]:
    """Forms, those changed last first: ``{code, kind, state, document_id, acceptance_no, changed_at, changed_by, reason,
    second}``; ``q``: a number."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(BlankForm)
        if kind:
            query = query.where(BlankForm.kind == kind)
        if state in STATES:
            query = query.where(BlankForm.state == state)
        if q.strip():
            query = query.where(BlankForm.code.contains(tidy_code(q), autoescape=True))
        newest = mine(query, actor).order_by(BlankForm.changed_at.desc(), BlankForm.code)
        forms = list(work.session.scalars(newest.limit(limit)))
        numbers = acceptance_of(work, [form.document_id for form in forms if form.document_id])
    return [
        {
            "code": form.code, "kind": form.kind, "state": form.state, "document_id": form.document_id or "",
            "acceptance_no": numbers.get(form.document_id or "", ""), "changed_at": form.changed_at,
            "changed_by": form.changed_by, "reason": form.reason, "second": form.second,
        }
        for form in forms
    ]  # fmt: skip


def receipts_of(services: Services, actor: Actor, limit: int = SHOWN) -> list[BlankReceipt]:
    """领用登记, the newest first."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(BlankReceipt).order_by(BlankReceipt.at.desc(), BlankReceipt.id)
        return list(work.session.scalars(mine(query, actor, BlankReceipt.office).limit(limit)))


# -- 盘点 --------------------------------------------------------------------------------------------------------------
def count_forms(services: Services, actor: Actor, kind: str, there: str, second: Actor) -> BlankCount:
    """Compare what lies there (numbers and ranges as written down) with what should, and keep the result.

    Nothing changes its state by a count: what is missing is looked for, then entered as spoiled with its reason.
    ``Invalid`` for a list nobody understands or a kind that was never received.
    """
    actor.require(Scope.ISSUE)
    try:
        found = set(expanded(there))
    except ValueError as fault:
        words = f"“{str(fault)[:40]}”没有看懂。一段写成 000101-000150，单张写号，用逗号或换行隔开。"
        raise Invalid([Fault("/there", "malformed", words)]) from fault
    with services.store.work(actor) as work:
        query = mine(select(BlankForm.code, BlankForm.state).where(BlankForm.kind == kind), actor)
        states = dict(work.session.execute(query).all())
        if not states:
            raise Invalid([Fault("/kind", "unknown_value", "没有领用过这种空白证。")])
        lying = {code for code, state in states.items() if state == "stock"}
        extra = sorted(found - lying)
        row = BlankCount(
            id=new_id(), office=actor.office, kind=kind, at=work.now, by=actor.name, second=second.name,
            expected=len(lying), counted=len(found), missing="\n".join(ranges(lying - found)),
            extra="\n".join(f"{code} {_WHY.get(states.get(code, ''), '不在册')}" for code in extra),
        )  # fmt: skip
        work.add(row)
        work.session.flush()
        work.audit(
            "forms_counted",
            "stock",
            row.id,
            kind=kind,
            expected=row.expected,
            counted=row.counted,
            second=second.name,
        )
    return row


_WHY: Final = {"used": "登记为已用", "spoiled": "登记为作废", "destroyed": "登记为已销毁"}


def counts_of(services: Services, actor: Actor, kind: str = "", limit: int = SHOWN) -> list[BlankCount]:
    """Counts, the newest first."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(BlankCount).order_by(BlankCount.at.desc(), BlankCount.id)
        if kind:
            query = query.where(BlankCount.kind == kind)
        return list(work.session.scalars(mine(query, actor, BlankCount.office).limit(limit)))
