"""Who pays the 寄递费: the case's own word, else the narrowest rule of item, area and way, else the office.

It is what carrying costs, never a fee for the permit itself (行政许可法 art. 58: none is charged for deciding).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select

from .cases import find_case
from .errors import Fault, Invalid, NotFound
from .lifecycle import METHODS
from .models import Case, Consignment, Document, PayerRule, new_id
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["WORDS", "Fee", "add_rule", "fees_of", "payer_of", "remove_rule", "rules"]

WORDS: Final = MappingProxyType({"office": "中心付（寄付）", "recipient": "收件人付（到付）"})
_METHODS: Final = MappingProxyType({key: METHODS[key] for key in ("express", "door", "point")})
_DIVISION: Final = re.compile(r"(?:[1-9][0-9]{0,11})?")


@dataclass(frozen=True)
class Fee:
    """Who pays (``office`` or ``recipient``) and why, in a few words."""

    payer: str
    reason: str

    @property
    def words(self) -> str:
        return f"{WORDS[self.payer]}，{self.reason}"


def payer_of(work: Work, case: Case, method: str, own_word: str | None) -> Fee:
    """Who pays for an envelope of this case that goes by ``method``; ``own_word``: what the case itself says."""
    if method not in _METHODS:
        return Fee("office", "不用寄")
    if own_word in WORDS:
        return Fee(str(own_word), "办件里写明")
    found = [rule for rule in work.session.scalars(select(PayerRule)) if _fits(rule, case, method)]
    if not found:
        return Fee("office", "没有另外的规定")
    rule = max(
        found, key=lambda one: (len(one.item_prefix), len(one.division_prefix), bool(one.method), one.id)
    )
    return Fee(rule.payer, f"按规定：{rule.reason or _scope(rule)}")


def _fits(rule: PayerRule, case: Case, method: str) -> bool:
    return (
        case.item_code.startswith(rule.item_prefix)
        and case.division_code.startswith(rule.division_prefix)
        and rule.method in ("", method)
    )


def _scope(rule: PayerRule) -> str:
    parts = [
        f"事项 {rule.item_prefix}" if rule.item_prefix else "",
        f"区划 {rule.division_prefix}" if rule.division_prefix else "",
        _METHODS.get(rule.method, ""),
    ]
    return "、".join(part for part in parts if part) or "所有办件"


def fees_of(services: Services, actor: Actor, acceptance_no: str) -> tuple[Fee, dict[str, str]]:
    """What the case's envelopes cost whom: the fee for its own way, and words by envelope as they were planned."""
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        body = work.open(case, "body")
        fee = payer_of(work, case, case.method, body["delivery"].get("payer"))
        inside = select(Document.consignment_id).where(Document.case_id == case.id)
        rows = work.session.scalars(select(Consignment).where(Consignment.id.in_(inside)))
        return fee, {row.id: _as_planned(row) for row in rows if row.method in _METHODS}


def _as_planned(row: Consignment) -> str:
    payer = WORDS.get(row.payer, row.payer)
    return f"{payer}，{row.payer_reason}" if row.payer_reason else payer


# -- the rules -----------------------------------------------------------------------------------------------------
def rules(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Rules of this office's area, the narrowest first: ``{id, item_prefix, division_prefix, method, payer, reason}``."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        found = [row for row in work.session.scalars(select(PayerRule)) if _mine(actor, row.division_prefix)]
    found.sort(
        key=lambda one: (-len(one.item_prefix), -len(one.division_prefix), one.item_prefix, one.method)
    )
    return [
        {
            "id": row.id, "item_prefix": row.item_prefix, "division_prefix": row.division_prefix,
            "method": _METHODS.get(row.method, ""), "payer": WORDS[row.payer], "reason": row.reason,
        }
        for row in found
    ]  # fmt: skip


def _mine(actor: Actor, division_prefix: str) -> bool:
    """Rules of wider areas bind this office too, and are shown."""
    return division_prefix.startswith(actor.office) or actor.office.startswith(division_prefix)


def add_rule(
    services: Services,
    actor: Actor,
    *,
    item_prefix: str,
    division_prefix: str,
    method: str,
    payer: str,
    reason: str,
) -> None:
    """Set a rule; one for the same item, area and way is replaced. For supervisors; what is packed or booked already keeps
    what it has."""
    actor.require(Scope.VALIDITY)
    item, area, why = "".join(item_prefix.split()), "".join(division_prefix.split()), " ".join(reason.split())
    area = area or actor.office
    if faults := list(_faults(item, area, method, payer, why)):
        raise Invalid(faults)
    if not area.startswith(actor.office):
        raise Invalid([Fault("/division_prefix", "foreign_office", "只能给自己辖区定规定，请核对区划代码。")])
    with services.store.work(actor) as work:
        same = select(PayerRule).where(
            PayerRule.item_prefix == item, PayerRule.division_prefix == area, PayerRule.method == method
        )
        row = work.session.scalar(same.with_for_update())
        if row is None:
            row = work.add(PayerRule(id=new_id(), item_prefix=item, division_prefix=area, method=method))
        row.payer, row.reason, row.set_at, row.set_by = payer, why, work.now, actor.name
        work.audit("payer_rule_set", "office", area or "all", item=item, method=method, payer=payer)


def _faults(item: str, area: str, method: str, payer: str, why: str) -> Iterable[Fault]:
    if len(item) > 40:
        yield Fault("/item_prefix", "too_long", "事项编码最多 40 字。")
    if not _DIVISION.fullmatch(area):
        yield Fault("/division_prefix", "pattern", "区划代码应为数字，第一位不是 0，可以只写前几位。")
    if method not in ("", *_METHODS):
        yield Fault("/method", "unknown_value", f"送法应为：{'、'.join(_METHODS.values())}，或不限。")
    if payer not in WORDS:
        yield Fault("/payer", "unknown_value", "请选寄递费由谁付。")
    if len(why) > 100:
        yield Fault("/reason", "too_long", "依据最多 100 字。")


def remove_rule(services: Services, actor: Actor, rule_id: str) -> None:
    """Take a rule away; ``NotFound`` when it is absent or of another area."""
    actor.require(Scope.VALIDITY)
    with services.store.work(actor) as work:
        row = work.locked(PayerRule, rule_id)
        if row is None or not row.division_prefix.startswith(actor.office):
            raise NotFound("没有找到这条规定。")
        work.session.delete(row)
        work.audit(
            "payer_rule_removed",
            "office",
            row.division_prefix or "all",
            item=row.item_prefix,
            method=row.method,
        )
