"""The window's envelopes: print, pack check, hand-over, and whatever is stuck."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..casefile import retry_step, worklist
from ..consignments.book import bind_number, retry_booking
from ..consignments.label import labels_pdf
from ..consignments.manifest import list_manifests, make_manifest, manifest_file, manifest_pdf, sign_manifest
from ..consignments.pack import unpack
from ..consignments.returns import keep_returned, send_again
from ..consignments.scans import confirm_delivery
from ..desk import packed_by_carrier, standing_labels, wanting_number
from ..documents.compose import retry_document
from ..errors import NotFound, RuleViolation
from ..export import Cell, Table
from ..printing.ledger import batches_of
from ..rights import Role
from . import access, words
from .access import current_actor, services
from .api_documents import attachment
from .desk import desk_page
from .exports import table_file
from .rooms import act, staff_page
from .security import scanner

__all__ = ["EXPORTED", "GROUPS", "blueprint"]

DOERS = ("clerk", "supervisor")
#: labels of one file
EXPORTED: Final = 20_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: kind of a stuck row → heading, advice, icon; the order of the page
GROUPS: Final[Mapping[str, tuple[str, str, str]]] = {
    "document_blocked": ("证件没有做成", "请审批部门更正内容；字体、模板补好以后可以重做。", "file"),
    "file_missing": ("等部门的电子原件", "请审批部门上传已盖章的文件。", "upload"),
    "proof_wrong": (
        "校对有误",
        "看错在哪一栏：数据错了请部门更正、督查换发；看错了就再校对一次，然后解除暂缓。",
        "eye",
    ),
    "hold_due": ("暂缓到期", "问清原因还在不在：办好了就解除，没办好就写明新的日子。", "pause"),
    "booking_rejected": ("下单被拒", "核对收件人的地址和电话，改好再下单。", "cross"),
    "booking_unknown": ("下单结果待查", "正在查询；查清以前不会重复下单。", "search"),
    "attempt_failed": ("投递未成功", "打电话给收件人，约时间或改地址。", "phone"),
    "held": ("暂存待联系", "打电话给收件人。", "phone"),
    "to_verify": ("签收待核实", "打电话给收件人，问清是不是他委托的人收的。", "eye"),
    "returned": ("已退回窗口", "联系收件人，改个地址再送，或留在窗口等人来取。", "undo"),
    "receipt_missing": (
        "不予许可的决定差送达回证",
        "催送件人员或邮政交回签过字的回证，拍照上传；没有回证不算送达。",
        "file",
    ),
    "lost": ("信封丢失", "找承运方核查；要紧的证件先冻结，再换发。", "alert"),
    "damaged": ("信封破损", "开封检查，必要时换发。", "alert"),
    "step_parked": ("自动步骤多次没有做成", "看原因，再试一次；还不行请找管理员。", "refresh"),
    "flagged": ("有人标记要看的", "看原因，处理好。", "alert"),
    "point_new": ("新出现的代办点", "请督查人员核实后确认。", "pin"),
}
_ASK: Final[Mapping[str, str]] = {"point_new": "请督查人员确认", "flagged": "请督查人员看一看"}

blueprint = Blueprint("envelopes", __name__, url_prefix="/window")


# -- print -----------------------------------------------------------------------------------------------------------
@blueprint.get("/labels")
@access.role(*DOERS)
def labels() -> ResponseReturnValue:
    """Labels ready to print, and envelopes that want a pre-printed number."""
    house, actor = services(), current_actor()
    return desk_page(
        "window/labels.html", "print", rows=standing_labels(house, actor), manual=wanting_number(house, actor),
        batches=[one for one in batches_of(house, actor) if one["open"]],
    )  # fmt: skip


@blueprint.get("/labels/export")
@access.role(*DOERS)
def labels_file() -> Response:
    """The labels ready to print, as a file; persons masked as on screen."""
    rows = standing_labels(services(), current_actor(), limit=EXPORTED)
    headings = ("运单号", "收件人", "装什么", "怎么送", "承运", "受理号", "状态", "面单做好")
    return table_file(Table("待打印面单", headings, [_label_cells(row) for row in rows]))


def _label_cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    carrier = words.plain(words.CARRIERS, row["carrier"]) if row["carrier"] else ""
    return (
        row["waybill_no"], row["recipient"], "、".join(row["titles"]), words.plain(words.METHODS, row["method"]),
        carrier, row["acceptance_no"], words.word("consignment", row["state"]).text, row["since"],
    )  # fmt: skip


@blueprint.post("/labels.pdf")
@access.role(*DOERS)
def print_labels() -> ResponseReturnValue:
    """The chosen labels as one PDF."""
    chosen = request.form.getlist("consignment_id")[:500]
    size = request.form.get("size", "100x180")
    if not chosen:
        raise RuleViolation("nothing_chosen", "请先勾选要打印的面单。")
    return attachment(labels_pdf(services(), current_actor(), chosen, size), "application/pdf", "面单.pdf")


@blueprint.post("/consignments/<consignment_id>/waybill")
@access.role(*DOERS)
def waybill(consignment_id: str) -> ResponseReturnValue:
    """Register the number of a pre-printed form."""
    number = request.form.get("waybill_no", "")
    return act(
        lambda: bind_number(services(), current_actor(), consignment_id, number),
        "运单号已记下。",
        "/window/labels",
    )


# -- pack ------------------------------------------------------------------------------------------------------------
@blueprint.get("/pack")
@access.role(*DOERS)
@scanner
def pack() -> ResponseReturnValue:
    """The pack check; the scans themselves go to the API."""
    return desk_page("window/pack.html", "pack", pack_reasons=dict(words.PACK_REASONS))


# -- hand over -------------------------------------------------------------------------------------------------------
@blueprint.get("/handover")
@access.role(*DOERS)
def handover() -> ResponseReturnValue:
    """Closed envelopes by carrier, and the newest lists."""
    groups = packed_by_carrier(services(), current_actor())
    made = list_manifests(services(), current_actor(), 20)
    # An envelope on a list that waits for its signature is not put on a second one by the same press.
    listed = {
        envelope: one.list_no for one in reversed(made) if not one.signed for envelope in one.consignment_ids
    }
    lists = [_manifest(one) for one in made]
    carriers = [
        {"carrier": carrier, "rows": [row | {"list_no": listed.get(row["id"], "")} for row in rows]}
        for carrier, rows in sorted(groups.items())
    ]
    total = sum(len(rows) for rows in groups.values())
    return desk_page("window/handover.html", "handover", carriers=carriers, total=total, manifests=lists)


def _manifest(view: Any) -> dict[str, Any]:
    carrier = services().carriers.get(view.carrier)
    wants_file = carrier is not None and not carrier.holds_address
    return {
        "id": view.id,
        "list_no": view.list_no,
        "carrier": view.carrier,
        "at": view.created_at,
        "count": len(view.consignment_ids),
        "pdf_url": f"/window/manifests/{view.id}.pdf",
        "file_url": f"/window/manifests/{view.id}.xlsx" if wants_file else "",
        "signed": view.signed,
    }


@blueprint.post("/manifests")
@access.role(*DOERS)
def manifest() -> ResponseReturnValue:
    """A list of the chosen envelopes."""
    chosen, carrier = request.form.getlist("consignment_id"), request.form.get("carrier", "")
    make = partial(make_manifest, services(), current_actor(), carrier, chosen)
    return act(make, "交接清单做好了，请打印，双方点数签字。", "/window/handover")


@blueprint.get("/manifests/<manifest_id>.pdf")
@access.role(*DOERS)
def manifest_paper(manifest_id: str) -> Response:
    """The list for signing."""
    return attachment(
        manifest_pdf(services(), current_actor(), manifest_id), "application/pdf", "交接清单.pdf"
    )


@blueprint.get("/manifests/<manifest_id>.xlsx")
@access.role(*DOERS)
def manifest_table(manifest_id: str) -> Response:
    """The list as a table, for a carrier that holds nothing electronically."""
    return attachment(manifest_file(services(), current_actor(), manifest_id), _XLSX, "交寄清单.xlsx")


@blueprint.post("/manifests/<manifest_id>/signed")
@access.role(*DOERS)
def signed(manifest_id: str) -> ResponseReturnValue:
    """The carrier signed: everything on the list is handed over."""
    name = request.form.get("signed_by", "")
    sign = partial(
        sign_manifest,
        services(),
        current_actor(),
        manifest_id,
        name,
        staff_no=request.form.get("staff_no", ""),
    )
    return act(sign, "已记下签字，这些信封都算交寄了。", "/window/handover")


# -- what is stuck ---------------------------------------------------------------------------------------------------
@blueprint.get("/worklist")
@access.role(*DOERS)
def stuck() -> ResponseReturnValue:
    """Everything that waits for a person, by kind, with the act that helps."""
    listed = worklist(services(), current_actor())
    groups = [
        {
            "title": title,
            "advice": advice,
            "icon": icon,
            "rows": [_stuck(row) for row in listed["stuck"] if row["kind"] == kind],
        }
        for kind, (title, advice, icon) in GROUPS.items()
    ]
    if listed["low_ranges"]:
        low = [
            {"subject": words.plain(words.CARRIERS, one["carrier"]), "reason": f"只剩 {one['left']} 个号"}
            for one in listed["low_ranges"]
        ]
        groups.append(
            {
                "title": "运单号快用完了",
                "advice": "请尽快向邮政领新号段，交管理员导入。",
                "icon": "list",
                "rows": low,
            }
        )
    total = sum(len(group["rows"]) for group in groups)
    return staff_page("window/worklist.html", "worklist", groups=groups, total=total)


def _stuck(row: dict[str, Any]) -> dict[str, Any]:
    href = f"/window/cases/{row['acceptance_no']}" if row["acceptance_no"] else ""
    if row["kind"] == "receipt_missing":
        href += "/service"
    if row["kind"] == "point_new":
        href = "/supervise" if current_actor().role is Role.SUPERVISOR else ""
    subject = f"{row['acceptance_no']} {row['what']}" if row["acceptance_no"] else row["what"]
    retry = ""
    if row["retry"]:
        retry = f"/window/worklist/{row['retry']}/retry"
    elif row["kind"] == "document_blocked":
        retry = f"/window/documents/{row['ref']}/retry"
    elif row["kind"] == "booking_rejected":
        retry = f"/window/consignments/{row['ref']}/book"
    advice = _ASK.get(row["kind"], "")
    shown = {"subject": subject, "href": href, "reason": row["why"], "since": row["since"]}
    return shown | {"retry_url": retry, "advice": advice}


@blueprint.post("/worklist/<outbox_id>/retry")
@access.role(*DOERS)
def retry(outbox_id: str) -> ResponseReturnValue:
    """Try a parked step again."""
    return act(
        lambda: retry_step(services(), current_actor(), outbox_id),
        "正在重试，过一会儿刷新看结果。",
        "/window/worklist",
    )


@blueprint.post("/documents/<document_id>/retry")
@access.role(*DOERS)
def redo(document_id: str) -> ResponseReturnValue:
    """Make a blocked document again."""
    again = partial(retry_document, services(), current_actor(), document_id)
    return act(again, "正在重新制证，过一会儿刷新看结果。", "/window/worklist")


@blueprint.post("/consignments/<consignment_id>/<what>")
@access.role(*DOERS)
def envelope_act(consignment_id: str, what: str) -> ResponseReturnValue:
    """What a person decides about one envelope: book again, open, confirm who signed, send again, keep."""
    reason, actor, house = request.form.get("reason", ""), current_actor(), services()
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "book": (partial(retry_booking, house, actor, consignment_id), "正在重新下单。"),
        "unpack": (
            partial(unpack, house, actor, consignment_id, reason),
            "已拆封，每份证件都要重新核对装封。",
        ),
        "confirm": (partial(confirm_delivery, house, actor, consignment_id, reason), "已核实，算送达。"),
        "again": (partial(send_again, house, actor, consignment_id), "正在重新安排，会有新的面单。"),
        "keep": (partial(keep_returned, house, actor, consignment_id, reason), "已记下：留在窗口保管。"),
    }
    if what not in acts:
        raise NotFound("没有这个操作。")
    number = request.form.get("acceptance_no", "")
    do, done = acts[what]
    return act(
        do, done, f"/window/cases/{number}" if number.replace("-", "").isalnum() else "/window/worklist"
    )
