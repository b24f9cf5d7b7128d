"""Numbered blank stock at the window: 领用, 打印, 作废, 销毁, 盘点, each list as a file."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..chronicle import shown_actor
from ..errors import Invalid, NotPermitted, RuleViolation
from ..export import Table
from ..printing import stocktaking
from ..printing.stock import STATES, destroy_forms, receive_forms, spoil_form, use_form
from . import access
from .access import current_actor, services
from .exports import table_file
from .rooms import act, second_person, staff_page
from .words import FORM_STATES

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
HERE: Final = "/window/stock"
REASONS: Final = ("卡纸，已撕毁", "打偏了", "墨色不清", "污损", "号码印错", "遗失")
_FIELDS: Final = ("kind", "prefix", "first", "last", "source")

blueprint = Blueprint("stock", __name__, url_prefix=HERE)


@blueprint.get("")
@access.role(*DOERS)
def stock() -> ResponseReturnValue:
    """How much of each kind there is, and where forms come in and go bad."""
    return _stock_page({})


def _stock_page(typed: dict[str, str], faults: Any = ()) -> str:
    house, actor = services(), current_actor()
    titles = sorted({title for one in house.templates.templates.values() for title in one.titles})
    return staff_page(
        "window/stock/home.html", "more", kinds=stocktaking.kinds_in_stock(house, actor), typed=typed, faults=faults,
        receipts=stocktaking.receipts_of(house, actor, 10), titles=titles, reasons=REASONS,
    )  # fmt: skip


@blueprint.post("")
@access.role(*DOERS)
def receive() -> ResponseReturnValue:
    """领用: a range of numbers comes in. What was typed stays when something is wrong with it."""
    typed = {name: request.form.get(name, "").strip()[:200] for name in _FIELDS}
    try:
        amount = receive_forms(services(), current_actor(), **typed)
    except Invalid as refusal:
        return _stock_page(typed, [fault.as_dict() for fault in refusal.faults]), 422
    except RuleViolation as refusal:
        return _stock_page(typed, [{"pointer": "/first", "detail": refusal.detail}]), 409
    flash(f"已登记领用 {amount} 张。", "ok")
    return redirect(HERE, 303)


@blueprint.post("/use")
@access.role(*DOERS)
def use() -> ResponseReturnValue:
    """打印: this document stands on the form whose number was scanned."""
    back = f"/window/papers/{quote(request.form.get('batch', '')[:26])}#forms"
    code = request.form.get("code", "").strip()
    try:
        expected = use_form(services(), current_actor(), request.form.get("document_id", ""), code)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
        return redirect(back, 303)
    if expected.casefold() == "".join(code.split()).casefold():
        flash(f"已记下：印在 {expected} 上。装封核对时扫它就行。", "ok")
    else:
        flash(f"已记下，但没有按顺序用：下一张本该是 {expected}。那张坏了的话，请登记作废。", "wait")
    return redirect(back, 303)


@blueprint.post("/spoil")
@access.role(*DOERS)
def spoil() -> ResponseReturnValue:
    """作废: this form counts no more, two people have seen it; keep it to be destroyed."""
    code = request.form.get("code", "").strip()
    batch = request.form.get("batch", "")[:26]
    back = f"/window/papers/{quote(batch)}#forms" if batch else HERE

    def waste() -> None:
        spoil_form(services(), current_actor(), code, request.form.get("reason", ""), second_person())

    return act(waste, f"{code} 已登记作废。请在纸上写“作废”收好，等着销毁。", back)


# -- every form ------------------------------------------------------------------------------------------------------
@blueprint.get("/forms")
@access.role(*DOERS)
def forms() -> ResponseReturnValue:
    """Every form with what became of it; spoiled ones can be ticked as destroyed."""
    asked = _asked()
    rows = _forms(asked, stocktaking.SHOWN)
    kinds = [one.kind for one in stocktaking.kinds_in_stock(services(), current_actor())]
    return staff_page(
        "window/stock/forms.html", "more", rows=rows, asked=asked, kinds=kinds, states=FORM_STATES,
        shown=stocktaking.SHOWN, export=f"{HERE}/forms/export?{urlencode(asked)}",
    )  # fmt: skip


def _asked() -> dict[str, str]:
    state = request.args.get("state", "")
    return {
        "kind": request.args.get("kind", "").strip()[:120],
        "state": state if state in STATES else "",
        "q": request.args.get("q", "").strip()[:40],
    }


def _forms(asked: dict[str, str], limit: int) -> list[dict[str, Any]]:
    return stocktaking.forms_of(
        services(), current_actor(), kind=asked["kind"], state=asked["state"], q=asked["q"], limit=limit
    )


@blueprint.get("/forms/export")
@access.role(*DOERS)
def forms_file() -> Response:
    """The same list as a file, as long as it is; of spoiled ones it is the list for their destruction."""
    asked = _asked()
    rows = _forms(asked, stocktaking.EXPORTED)
    headings = ("印制流水号", "哪种空白证", "状态", "统一受理号", "什么时候", "谁", "原因", "第二个人")
    title = {"spoiled": "待销毁的空白证", "destroyed": "已销毁的空白证"}.get(asked["state"], "空白证登记")
    cells = [
        (r["code"], r["kind"], FORM_STATES[r["state"]], r["acceptance_no"], r["changed_at"], shown_actor(r["changed_by"]),
         r["reason"], shown_actor(r["second"]) if r["second"] else "")
        for r in rows
    ]  # fmt: skip
    return table_file(Table(title, headings, cells))


@blueprint.post("/destroy")
@access.role(*DOERS)
def destroy() -> ResponseReturnValue:
    """销毁: the ticked ones, before two people."""
    chosen = request.form.getlist("code")

    def burn() -> None:
        if not chosen:
            raise RuleViolation("none_chosen", "请先勾出要销毁的是哪几张。")
        destroy_forms(services(), current_actor(), chosen, second_person())

    return act(burn, f"已登记销毁 {len(chosen)} 张。", f"{HERE}/forms?state=spoiled")


@blueprint.get("/receipts/export")
@access.role(*DOERS)
def receipts_file() -> Response:
    """领用登记 as a file."""
    rows = stocktaking.receipts_of(services(), current_actor(), stocktaking.EXPORTED)
    headings = ("什么时候", "哪种空白证", "字头", "起号", "止号", "张数", "从哪里领", "谁领的")
    cells = [(r.at, r.kind, r.prefix, r.first, r.last, r.amount, r.source, shown_actor(r.by)) for r in rows]
    return table_file(Table("空白证领用登记", headings, cells))


# -- 盘点 --------------------------------------------------------------------------------------------------------------
@blueprint.get("/count")
@access.role(*DOERS)
def count() -> ResponseReturnValue:
    """What should be there, what somebody counted, earlier counts."""
    return _count_page("", ())


def _count_page(there: str, faults: Any) -> str:
    house, actor = services(), current_actor()
    kinds = stocktaking.kinds_in_stock(house, actor)
    kind = (request.form.get("kind") or request.args.get("kind", "")).strip()[:120]
    kind = kind or (kinds[0].kind if len(kinds) == 1 else "")
    return staff_page(
        "window/stock/count.html", "more", kinds=kinds, kind=kind, there=there, faults=faults,
        past=stocktaking.counts_of(house, actor, kind), today=local_date(house.clock.now()),
    )  # fmt: skip


@blueprint.post("/count")
@access.role(*DOERS)
def counted() -> ResponseReturnValue:
    """盘点 before two people; what was typed stays when something is wrong with it."""
    kind, there = request.form.get("kind", "").strip()[:120], request.form.get("there", "")[:60_000]
    try:
        made = stocktaking.count_forms(services(), current_actor(), kind, there, second_person())
    except Invalid as refusal:
        return _count_page(there, [fault.as_dict() for fault in refusal.faults]), 422
    except (RuleViolation, NotPermitted) as refusal:
        if isinstance(refusal, NotPermitted) and refusal.code != "pin_failed":
            raise
        return _count_page(there, [{"pointer": "", "detail": refusal.detail}]), 409
    if made.missing or made.extra:
        flash(f"应有 {made.expected} 张，点到 {made.counted} 张，有对不上的，看下面。", "wait")
    else:
        flash(f"账物相符：{made.counted} 张。", "ok")
    return redirect(f"{HERE}/count?{urlencode({'kind': kind})}#counts", 303)


@blueprint.get("/counts/export")
@access.role(*DOERS)
def counts_file() -> Response:
    """盘点记录 as a file."""
    kind = request.args.get("kind", "").strip()[:120]
    rows = stocktaking.counts_of(services(), current_actor(), kind, stocktaking.EXPORTED)
    headings = ("什么时候", "哪种空白证", "应有", "点到", "少了", "多了", "谁点的", "第二个人")
    cells = [
        (r.at, r.kind, r.expected, r.counted, r.missing, r.extra, shown_actor(r.by), shown_actor(r.second))
        for r in rows
    ]
    return table_file(Table("空白证盘点记录", headings, cells))
