"""The window's cases: what is due, found and issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from ..casefile import list_cases
from ..desk import facts_of_cases
from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..issue import issue_case, start_batch
from ..opening import what_is
from ..undo import just_issued
from ..workday import CaseFilter, departments
from . import access
from .access import current_actor, services
from .api_input import answer, json_body
from .case_page import case_address, may_here, title_of, told
from .desk import desk_page
from .rooms import act

__all__ = ["blueprint", "filter_asked"]

READERS = ("clerk", "supervisor", "department", "observer")
DOERS = ("clerk", "supervisor")
PAGE = 100

blueprint = Blueprint("window", __name__, url_prefix="/window")


# -- the list ------------------------------------------------------------------------------------------------------
@blueprint.get("")
@access.role(*READERS)
def cases() -> ResponseReturnValue:
    """Cases of one state, the earliest day first, as far as the filters let them through."""
    return _list_page(state=request.args.get("state", "ready"), q="", only=filter_asked())


@blueprint.get("/find")
@access.role(*READERS)
def find() -> ResponseReturnValue:
    """What was typed or scanned: straight to the case where there is only one."""
    text = request.args.get("q", "").strip()[:2100]
    try:
        return redirect(what_is(services(), current_actor(), text).address)
    except NotFound:
        page = list_cases(services(), current_actor(), q=text[:200], limit=2) if text else None
    if page and len(page.items) == 1:
        return redirect(case_address(page.items[0]["acceptance_no"]))
    return _list_page(state="", q=text[:200])


@blueprint.post("/found.json")
@access.role(*READERS)
def found() -> ResponseReturnValue:
    """What a scan anywhere is: ``{kind, address, words}``; 404 for what nobody here knows. The code stands in the
    body, not in an address that is written down somewhere."""
    body = json_body()
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise Invalid([Fault("/text", "type", "应为扫到的文字。")])
    return answer(asdict(what_is(services(), current_actor(), text)))


def filter_asked() -> CaseFilter:
    """The filters that the address carries."""
    wanted = {name: request.args.get(name, "")[:80] for name in ("department", "method", "due")}
    return CaseFilter(**wanted, mine=request.args.get("mine") == "1")


def _list_page(*, state: str, q: str, only: CaseFilter | None = None) -> str:
    house, actor, cursor = services(), current_actor(), request.args.get("cursor")
    page = list_cases(house, actor, state=state or None, q=q or None, cursor=cursor, limit=PAGE, only=only)
    facts = facts_of_cases(house, actor, [item["acceptance_no"] for item in page.items])
    asked = {key: value for key, value in {"state": state, "q": q, **_told(only)}.items() if value}
    next_page = urlencode(asked | {"cursor": page.next_cursor}) if page.next_cursor else ""
    may = may_here()
    return desk_page(
        "window/list.html", "issue", state=state, q=q, only=only or CaseFilter(), may=may,
        filters={"departments": departments(house, actor, state)},
        cases=[_row(item, facts.get(item["acceptance_no"], {})) for item in page.items],
        next_url=f"{request.path}?{next_page}" if next_page else None, file_url=f"/window/export?{urlencode(asked)}",
        undoable=just_issued(house, actor) if may["issue"] else [],
    )  # fmt: skip


def _told(only: CaseFilter | None) -> dict[str, str]:
    """The filters as an address carries them."""
    if only is None:
        return {}
    return {
        "department": only.department,
        "method": only.method,
        "due": only.due,
        "mine": "1" if only.mine else "",
    }


def _row(item: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    mine, held = bool(facts.get("entered_by_me")), bool(item["holds"])
    return {
        "acceptance_no": item["acceptance_no"],
        "item": item["item"]["name"],
        "applicant": item["applicant_masked"],
        "titles": [title_of(document) for document in item["documents"]],
        "method": facts.get("method", ""),
        "deadline": _running(item["deadlines"]),
        "state": item["state"],
        "held": held,
        "entered_by_me": mine,
        "issuable": not held and not mine,
    }


def _running(deadlines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The running term that ends first, told in days."""
    running = [told(one) for one in deadlines if one["state"] in ("open", "overdue")]
    return min(running, key=lambda one: one["due_on"], default=None)


# -- issuing -------------------------------------------------------------------------------------------------------
@blueprint.post("/issue")
@access.role(*DOERS)
def issue() -> ResponseReturnValue:
    """Issue one case at once, several in the background."""
    numbers = request.form.getlist("acceptance_no")
    if len(numbers) == 1:
        back = case_address(numbers[0]) if request.form.get("back") == "case" else "/window"
        return act(
            lambda: issue_case(services(), current_actor(), numbers[0]), "已出件，正在制证、盖章。", back
        )
    begin = partial(start_batch, services(), current_actor(), numbers)
    return act(begin, f"收到 {len(numbers)} 件，正在出件。过一会儿刷新看结果。", "/window")


@blueprint.post("/issue.json")
@access.role(*DOERS)
def issue_many() -> ResponseReturnValue:
    """Begin a batch; answers its id for the bar."""
    body = json_body()
    numbers = body.get("acceptance_nos") if isinstance(body, dict) else None
    if not isinstance(numbers, list) or not all(isinstance(one, str) for one in numbers):
        raise Invalid([Fault("/acceptance_nos", "type", "应为受理号的列表。")])
    try:
        return answer({"batch": start_batch(services(), current_actor(), numbers)})
    except RuleViolation as refusal:
        return answer({"detail": refusal.detail, "code": refusal.code}, 409)
