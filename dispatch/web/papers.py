"""Documents on paper: print them, tell what came out, enter codes that stand on them, take in a department's own file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, cast
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from labels.label import LABEL_SIZES

from ..desk import papers_inside
from ..documents.files import store_import
from ..errors import Fault, Invalid, NotPermitted, RuleViolation
from ..printing.batches import PrintView, Reprint, print_view, start_print
from ..printing.file import loading_order, paper_files, print_pdf
from ..printing.label_jobs import jobs_of
from ..printing.labels import batch_labels, batch_slips, envelopes_of
from ..printing.ledger import on_paper
from ..printing.outcome import confirm_print, place_in, print_rest, stopped_at
from ..printing.printers import printers_of
from ..printing.stock import bind_paper, form_plan
from ..seals import waiting_for_ink
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .desk import desk_page
from .rooms import act, second_person
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
#: what a clerk would write as the reason, to pick from
REASONS: Final = ("卡纸，前一张已撕毁", "墨色不清", "纸张放反或放错", "打印时断电", "前一张遗失")

#: which printer this screen printed forms on last, to be proposed again
LAST_PRINTER: Final = "printer"
YEAR: Final = 365 * 24 * 3600

blueprint = Blueprint("papers", __name__, url_prefix="/window")


@blueprint.post("/papers")
@access.role(*DOERS)
def begin() -> ResponseReturnValue:
    """Put the chosen documents, or those of the chosen envelopes, together for printing."""
    wanted = _wanted()
    try:
        batch = start_print(services(), current_actor(), wanted)
    except RuleViolation as refusal:
        if refusal.code == "not_proofread":
            return _without_unread(wanted, refusal), 409
        if refusal.code != "reprint_reason":
            raise
        return _why_again(wanted), 409
    if any(item["flag"] for item in batch.items):
        flash("有证件以前打坏过，台账里还缺第二个人的确认，已标记。", "wait")
    return redirect(f"/window/papers/{batch.id}", 303)


def _wanted() -> list[str]:
    chosen = request.form.getlist("document_id")
    chosen += papers_inside(services(), current_actor(), request.form.getlist("consignment_id")[:500])
    return list(dict.fromkeys(chosen))


def _without_unread(wanted: Sequence[str], refusal: RuleViolation) -> str:
    """What waits for proofreading holds back nothing else: the others may be printed first."""
    unread = frozenset(map(str, cast("Sequence[str]", refusal.extra["document_ids"])))
    others = [one for one in wanted if one not in unread]
    return desk_page("window/unread.html", "print", detail=refusal.detail, unread=len(unread), others=others)


def _why_again(wanted: Sequence[str], said: str = "") -> str:
    """Asks for the spoiled sheet's number, a reason and a second person."""
    known = on_paper(services(), current_actor(), wanted)
    waiting = {s["batch_id"]: s["number"] for one in known for s in one["sheets"] if not s["outcome"]}
    return desk_page(
        "window/reprint.html", "print", wanted=wanted, known=known, waiting=waiting, said=said, reasons=REASONS,
        reason=request.form.get("reason", ""), sheets=request.form.getlist("sheet"),
    )  # fmt: skip


@blueprint.post("/papers/again")
@access.role(*DOERS)
def again() -> ResponseReturnValue:
    """An original once more: two people, a reason, and the numbers of the spoiled sheets as far as they can be shown."""
    wanted = _wanted()
    reason = " ".join(request.form.get("reason", "").split())
    sheets = tuple(text for text in (one.strip() for one in request.form.getlist("sheet")[:200]) if text)
    try:
        if not reason:
            raise RuleViolation("reason_required", "请写明为什么要再打一次。")
        why = Reprint(reason, sheets, second_person())
        batch = start_print(services(), current_actor(), wanted, why)
    except (RuleViolation, NotPermitted) as refusal:
        if isinstance(refusal, NotPermitted) and refusal.code != "pin_failed":
            raise
        return _why_again(wanted, refusal.detail), 409
    return redirect(f"/window/papers/{batch.id}", 303)


@blueprint.get("/papers/<batch_id>")
@access.role(*DOERS)
def batch(batch_id: str) -> ResponseReturnValue:
    """The batch: its files, labels and slips, then what came out. ``?last=`` the last good sheet, scanned or typed."""
    last = request.args.get("last", "").strip()
    start = None
    if last:
        try:
            start = place_in(services(), current_actor(), batch_id, last) + 1
        except Invalid as refusal:
            flash(refusal.faults[0].detail, "bad")
    return _batch_page(print_view(services(), current_actor(), batch_id), start)


def _batch_page(view: PrintView, start: int | None) -> str:
    house, actor = services(), current_actor()
    last, plan = view.items[-1]["no"], form_plan(house, actor, view)
    return desk_page(
        "window/papers.html", "print", batch=view, files=paper_files(view), loading=loading_order(view),
        envelopes=envelopes_of(house, actor, view.id), jobs=jobs_of(house, actor, view.id), printer=house.label_printer,
        printers=printers_of(house, actor), last_printer=request.cookies.get(LAST_PRINTER, ""),
        sizes=LABEL_SIZES, last=last, reasons=REASONS, plan=plan, next_form=next((p for p in plan if not p.used), None),
        start=start if start and start <= last else None, all_good=bool(start and start > last),
        inked=_to_ink(view), ticked=request.args.getlist("spoiled")[:200],
        spoiled_rest=[i for i in view.items if i["document_id"] in view.rest and i["outcome"] == "spoiled"],
    )  # fmt: skip


def _to_ink(view: PrintView) -> list[str]:
    """Documents of the batch whose seal area waits for ink."""
    waiting = {one["document_id"] for one in waiting_for_ink(services(), current_actor())}
    return [item["document_id"] for item in view.items if item["document_id"] in waiting]


@blueprint.get("/papers/<batch_id>.pdf")
@access.role(*DOERS)
def paper(batch_id: str) -> Response:
    """The pages on one paper (``?paper=A4``), or all of them, in one file; of forms (``?title=``) as ``?printer=`` needs."""
    asked = {
        name: request.args.get(name, "")[:most]
        for name, most in (("paper", 12), ("title", 120), ("printer", 26))
    }
    data = print_pdf(services(), current_actor(), batch_id, **asked)
    answer = attachment(data, "application/pdf", f"证件{asked['paper']}.pdf")
    if asked["printer"]:
        answer.set_cookie(
            LAST_PRINTER, asked["printer"], max_age=YEAR, path="/window", secure=request.is_secure, httponly=True, samesite="Lax"
        )  # fmt: skip
    return answer


@blueprint.get("/papers/<batch_id>/labels.pdf")
@access.role(*DOERS)
def labels(batch_id: str) -> Response:
    """The labels of the batch's envelopes, in its order, with its marks."""
    data = batch_labels(services(), current_actor(), batch_id, request.args.get("size", "100x180")[:12])
    return attachment(data, "application/pdf", "面单.pdf")


@blueprint.get("/papers/<batch_id>/slips.pdf")
@access.role(*DOERS)
def slips(batch_id: str) -> Response:
    """The shelf slips of the batch's envelopes at the counter."""
    return attachment(batch_slips(services(), current_actor(), batch_id), "application/pdf", "取件架位单.pdf")


@blueprint.post("/papers/<batch_id>/confirm")
@access.role(*DOERS)
def confirm(batch_id: str) -> ResponseReturnValue:
    """都印好了吗: ``all`` came out, ``some`` ticked ones did not, or nothing did from a place on (``rest``)."""
    ticked = request.form.getlist("spoiled")
    what = request.form.get("act") or ("some" if ticked else "all")
    back = f"/window/papers/{quote(batch_id)}"
    if what == "rest":
        return _stopped(batch_id, ticked, back)
    return act(lambda: _settle(batch_id, what, ticked), _said(ticked), back)


def _settle(batch_id: str, what: str, ticked: Sequence[str]) -> None:
    if what == "all" and ticked:
        raise RuleViolation("ticked", "您勾了打坏的：请点“只有勾的坏了”，或者先去掉勾。")
    if what == "some" and not ticked:
        raise RuleViolation("none_ticked", "请先在下面勾出打坏的是哪几份。")
    house, actor = services(), current_actor()
    waiting = print_view(house, actor, batch_id).open
    bad = [one for one in waiting if one in ticked]
    confirm_print(house, actor, batch_id, [one for one in waiting if one not in ticked], bad)


def _said(ticked: Sequence[str]) -> str:
    if ticked:
        return f"已记下：打坏 {len(ticked)} 份。废纸请收好，重印要用它的张号。"
    return "已记下：都印好了。"


def _stopped(batch_id: str, ticked: Sequence[str], back: str) -> ResponseReturnValue:
    """Note where it stopped; what never came out is put into the next batch at once, unless sheets were spoiled."""
    house, actor = services(), current_actor()
    text = request.form.get("from", "").strip()
    try:
        if not text:
            raise Invalid([Fault("/from", "required", "请填从第几份重印，或扫最后一张好的。")])
        start = place_in(house, actor, batch_id, text)
        view = stopped_at(house, actor, batch_id, start, ticked)
        if ticked or not view.rest:
            flash(f"已记下：第 {start} 份以前的都好，后面的还要重印。", "ok")
            return redirect(f"{back}#rest", 303)
        rest = print_rest(house, actor, batch_id)
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
    else:
        flash(f"从第 {start} 份起的 {len(rest.items)} 份在这里，序号没有变。", "ok")
        back = f"/window/papers/{rest.id}"
    return redirect(back, 303)


@blueprint.post("/papers/<batch_id>/rest")
@access.role(*DOERS)
def rest(batch_id: str) -> ResponseReturnValue:
    """Print what was spoiled or never came out; spoiled originals ask for a reason and a second person."""
    house, actor = services(), current_actor()
    back = f"/window/papers/{quote(batch_id)}"
    try:
        why = Reprint(" ".join(request.form.get("reason", "").split()))
        if "second_who" in request.form:
            why = Reprint(why.reason, second=second_person())
        elif _spoiled_left(print_view(house, actor, batch_id)):
            raise RuleViolation("second_person", "有打坏的正本：重印请同事扫工牌并输 PIN 确认。")
        made = print_rest(house, actor, batch_id, why)
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
    except NotPermitted as refusal:
        if refusal.code != "pin_failed":
            raise
        flash(refusal.detail, "bad")
    else:
        back = f"/window/papers/{made.id}"
    return redirect(back, 303)


def _spoiled_left(view: PrintView) -> bool:
    return any(i["outcome"] == "spoiled" for i in view.items if i["document_id"] in view.rest)


@blueprint.post("/documents/<document_id>/code")
@access.role(*DOERS)
def code(document_id: str) -> ResponseReturnValue:
    """A number or code that stands on the paper itself; the pack check knows it from now on."""
    bind = partial(bind_paper, services(), current_actor(), document_id, request.form.get("code", "").strip())
    return act(bind, "已登记，装封核对时扫它就行。", _case_address())


@blueprint.post("/documents/<document_id>/file")
@access.role("clerk", "department")
@body_limit(FILE_LIMIT)
def original(document_id: str) -> ResponseReturnValue:
    """The department's own sealed file, kept byte for byte."""
    upload = request.files.get("file")
    data: Any = upload.read() if upload else b""

    def take() -> None:
        if not data:
            raise RuleViolation("no_file", "请先选好部门盖过章的文件（PDF 或 OFD）。")
        store_import(services(), current_actor(), document_id, data)

    return act(take, "部门的文件已收下，正在制作随附单。", _case_address())


def _case_address() -> str:
    number = request.form.get("acceptance_no", "")
    return f"/window/cases/{number}" if number.replace("-", "").isalnum() else "/window"
