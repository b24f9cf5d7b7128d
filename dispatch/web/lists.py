"""What the lists of the house show, as files. Persons are masked here as they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, request

from .. import people
from ..casefile import all_cases, case_view, worklist
from ..consignments.manifest import list_manifests
from ..consignments.ranges import list_ranges
from ..consignments.signing import open_list
from ..desk import facts_of_cases, packed_by_carrier
from ..errors import NotFound
from ..export import Cell, Table
from ..oversight import new_points, pending_acts
from ..payers import rules
from ..printing.batches import print_view
from ..printing.marks import paper_words
from ..printing.sheets import OPEN
from ..proof import waiting_for_proof
from ..seals import waiting_for_ink
from . import access, words
from .access import current_actor, services
from .case_page import title_of
from .envelopes import EXPORTED, GROUPS
from .exports import table_file
from .window import filter_asked

__all__ = ["blueprint"]

READERS = ("clerk", "supervisor", "department", "observer")
DOERS = ("clerk", "supervisor")
#: newest hand-over lists that go into one file
_LISTS: Final = 200

blueprint = Blueprint("lists", __name__)


def _file(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response:
    return table_file(Table(title, headings, rows))


# -- cases ---------------------------------------------------------------------------------------------------------------
@blueprint.get("/window/export")
@access.role(*READERS)
def cases() -> Response:
    """The list of cases with the filter it has on screen, to its end."""
    state, q = request.args.get("state", ""), request.args.get("q", "").strip()[:200]
    items = all_cases(services(), current_actor(), state=state or None, q=q or None, only=filter_asked())
    facts = facts_of_cases(services(), current_actor(), [item["acceptance_no"] for item in items])
    headings = (
        "统一受理号", "事项", "部门", "申请人", "证件（文书）", "证号（文号）", "怎么送", "收件人", "运单号", "信封状态",
        "办件状态", "暂缓", "最早到期", "期限",
    )  # fmt: skip
    name = f"{words.word('case', state).text}的办件" if state else "找到的办件"
    return _file(name, headings, [_case(item, facts.get(item["acceptance_no"], {})) for item in items])


def _case(item: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[Cell, ...]:
    envelopes = item["consignments"]
    running = [one for one in item["deadlines"] if one["state"] in ("open", "overdue")]
    first = min(running, key=lambda one: str(one["due_on"]), default=None)
    return (
        item["acceptance_no"], item["item"]["name"], item["department"]["name"], item["applicant_masked"],
        "、".join(title_of(one) for one in item["documents"]),
        "、".join(dict.fromkeys(one["number"] for one in item["documents"] if one["number"])),
        words.plain(words.METHODS, facts.get("method", "")),
        "、".join(dict.fromkeys(one["recipient_masked"] for one in envelopes)),
        "、".join(one["waybill_no"] for one in envelopes if one["waybill_no"]),
        "、".join(words.word("consignment", one["state"]).text for one in envelopes),
        words.word("case", item["state"]).text, "；".join(one["reason"] for one in item["holds"]),
        date.fromisoformat(str(first["due_on"])) if first else None,
        words.plain(words.DEADLINES, first["kind"]) if first else "",
    )  # fmt: skip


@blueprint.get("/window/cases/<no>/export")
@access.role(*READERS)
def history(no: str) -> Response:
    """What happened to one case, the oldest first."""
    view = case_view(services(), current_actor(), no)
    rows = [(one["at"][:19].replace("T", " "), one["actor"], one["detail"]) for one in view["events"]]
    return _file(f"办件经过-{view['acceptance_no']}", ("时间", "谁", "做了什么"), rows)


@blueprint.get("/window/worklist/export")
@access.role(*DOERS)
def stuck() -> Response:
    """Everything that waits for a person."""
    found = worklist(services(), current_actor())
    rows: list[tuple[Cell, ...]] = [
        (
            GROUPS[row["kind"]][0],
            row["acceptance_no"],
            row["what"],
            row["why"],
            row["since"],
            GROUPS[row["kind"]][1],
        )
        for kind in GROUPS
        for row in found["stuck"]
        if row["kind"] == kind
    ]
    rows += [
        (
            "运单号快用完了",
            "",
            words.plain(words.CARRIERS, one["carrier"]),
            f"只剩 {one['left']} 个号",
            None,
            "",
        )
        for one in found["low_ranges"]
    ]
    return _file("待处理", ("是什么", "统一受理号", "哪一件", "为什么", "从什么时候", "怎么办"), rows)


@blueprint.get("/window/proof/export")
@access.role(*DOERS)
def proofs() -> Response:
    """Papers that wait for a second pair of eyes."""
    rows = [
        (
            d["title"],
            d["copy"] or "",
            d["number"] or "",
            d["acceptance_no"],
            d["item"],
            d["department"],
            d["valid_at"],
        )
        for d in waiting_for_proof(services(), current_actor())
    ]
    headings = ("证件（文书）", "正副本", "文号", "统一受理号", "事项", "部门", "何时制成")
    return _file("等着校对的证件", headings, rows)


# -- envelopes -----------------------------------------------------------------------------------------------------------
@blueprint.get("/window/handover/export")
@access.role(*DOERS)
def packed() -> Response:
    """Closed envelopes that wait to be handed over."""
    groups = packed_by_carrier(services(), current_actor(), limit=EXPORTED)
    rows = [
        (
            words.plain(words.CARRIERS, carrier), row["waybill_no"], row["recipient"], "、".join(row["titles"]),
            row["acceptance_no"], row["packed_at"],
        )
        for carrier, found in sorted(groups.items())
        for row in found
    ]  # fmt: skip
    return _file("等着交接的信封", ("交给", "运单号", "收件人", "装什么", "统一受理号", "封好"), rows)


@blueprint.get("/window/manifests/export")
@access.role(*DOERS)
def manifests() -> Response:
    """The newest hand-over lists."""
    rows = [
        (
            one.list_no, words.plain(words.CARRIERS, one.carrier), one.created_at, len(one.consignment_ids),
            "已签字" if one.signed else "等签字",
        )
        for one in list_manifests(services(), current_actor(), _LISTS)
    ]  # fmt: skip
    return _file("交接清单", ("清单号", "交给", "做好", "封数", "签字"), rows)


@blueprint.get("/window/manifests/<manifest_id>/export")
@access.role(*DOERS)
def manifest(manifest_id: str) -> Response:
    """What is on one list."""
    view = open_list(services(), current_actor(), manifest_id)
    rows = []
    for place, row in enumerate(view.rows, 1):
        state = (
            "没有交，留在窗口" if row.left_out else "已交" if view.signed_at else row.objection or "等交接"
        )
        rows.append((place, row.waybill_no, row.recipient, state))
    return _file(f"交接清单-{view.list_no}", ("序号", "运单号", "收件人", "情况"), rows)


@blueprint.get("/window/papers/<batch_id>/export")
@access.role(*DOERS)
def print_batch(batch_id: str) -> Response:
    """What one print batch holds and what came out."""
    view = print_view(services(), current_actor(), batch_id)
    rows = [
        (
            one["no"], one["title"], one["copy"] or "", one["number"] or "", one["acceptance_no"], one["sheet"],
            one["instead_of"] or "", paper_words(one["paper"]), one["pages"],
            words.PRINT_OUTCOMES[one["outcome"] or OPEN], words.PRINT_FLAGS.get(one["flag"], ""),
        )
        for one in view.items
    ]  # fmt: skip
    headings = (
        "序号", "证件（文书）", "正副本", "证号、文号", "统一受理号", "张号", "替哪张废纸", "纸", "张数", "结果", "缺什么手续",
    )  # fmt: skip
    return _file(f"打印批次-{view.number or view.id}", headings, rows)


# -- rules and seals -----------------------------------------------------------------------------------------------------
@blueprint.get("/window/payers/export")
@access.role("clerk", "supervisor", "observer")
def payers() -> Response:
    """Who pays, by rule."""
    rows = [
        (
            r["item_prefix"] or "所有事项",
            r["division_prefix"] or "所有",
            r["method"] or "不限",
            r["payer"],
            r["reason"],
        )
        for r in rules(services(), current_actor())
    ]
    return _file("寄递费由谁付", ("事项编码开头", "区划开头", "送法", "谁付", "依据"), rows)


@blueprint.get("/window/seals/waiting/export")
@access.role("clerk", "supervisor", "department")
def unsealed() -> Response:
    """Papers that wait for ink."""
    found = waiting_for_ink(services(), current_actor())
    rows = [
        (d["department"], d["title"], d["copy"] or "", d["number"] or "", d["acceptance_no"], d["valid_at"])
        for d in found
    ]
    return _file(
        "等着盖实物章", ("部门", "证件（文书）", "正副本", "证号（文号）", "统一受理号", "何时制成"), rows
    )


# -- supervision and administration --------------------------------------------------------------------------------------
@blueprint.get("/supervise/export")
@access.role("supervisor", "department")
def pending() -> Response:
    """Acts that wait for a second person."""
    rows = [
        (
            p["title"],
            p["number"],
            p["document_id"],
            p["act_text"],
            p["reason"],
            p["organ"],
            p["decision_no"],
            p["by"],
            p["at"],
        )
        for p in pending_acts(services(), current_actor())
    ]
    headings = (
        "证件（文书）",
        "编号",
        "查验码",
        "要做什么",
        "理由",
        "机关",
        "决定文号",
        "谁提出",
        "何时提出",
    )
    return _file("等第二个人确认", headings, rows)


@blueprint.get("/supervise/points/export")
@access.role("supervisor", "department")
def points() -> Response:
    """Pick-up points that nobody confirmed."""
    rows = [(p["name"], p["division"], p["at"]) for p in new_points(services(), current_actor())]
    return _file("新出现的代办点", ("名称", "区划", "何时出现"), rows)


@blueprint.get("/admin/<what>/export")
@access.role("admin")
def administration(what: str) -> Response:
    """Accounts, keys (never the keys themselves), number ranges."""
    return _file(*{"users": _users, "keys": _keys, "ranges": _ranges}.get(what, _nothing)())


_Listed = tuple[str, Sequence[str], Sequence[Sequence[Cell]]]


def _users() -> _Listed:
    rows = [
        (u.name, words.plain(words.ROLES, u.role), u.office or "全部", "在用" if u.active else "已停用")
        for u in people.list_users(services(), current_actor())
    ]
    return "账号", ("用户名", "角色", "管哪里", "状态"), rows


def _keys() -> _Listed:
    rows = [
        (k.name, "、".join(k.scopes), k.office or "全部", k.created_at, k.revoked_at)
        for k in people.list_keys(services(), current_actor())
    ]
    return "接口密钥", ("名称", "能做什么", "管哪里", "建立", "停用"), rows


def _ranges() -> _Listed:
    rows = [
        (words.plain(words.CARRIERS, r.carrier), r.first, r.last, r.next or "已用完", r.total, r.remaining)
        for r in list_ranges(services(), current_actor())
    ]
    return "运单号段", ("承运方", "从", "到", "下一个", "一共", "还剩"), rows


def _nothing() -> _Listed:
    raise NotFound("没有这张表。")
