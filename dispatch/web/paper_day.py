"""The day on which the network is down: the sheet to print beforehand, what to do, and what was written entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import parse_date
from ..chronicle import shown_actor
from ..errors import Invalid, NotFound, RuleViolation
from ..export import Table
from ..paper_day import Answer, SheetPage, enter_again, enter_rows, keep_photo, open_sheet, photo
from ..paper_rows import ACTS, FIELDS, SIGNERS
from ..picture_codes import Unreadable, page_image, pages_of
from ..register import list_sheets, register_pdf
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .exports import table_file
from .rooms import staff_page
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
#: pixels of the longer edge: handwriting on a photo of an A4 sheet can be read
_EDGE: Final = 2000
OUTCOMES: Final = {
    "accepted": "已录", "known": "早就有了", "waiting": "在等证件做好", "conflict": "对不上", "invalid": "要改",
}  # fmt: skip
#: empty rows that the form begins with
_EMPTY: Final = 4

blueprint = Blueprint("paper_day", __name__, url_prefix="/window")


@blueprint.get("/register.pdf")
@access.role(*DOERS)
def register() -> Response:
    """Today's sheet; ``?blank=1``: one with empty lines only."""
    data = register_pdf(services(), current_actor(), blank=request.args.get("blank") == "1")
    return attachment(data, "application/pdf", "当日登记单.pdf")


@blueprint.get("/paper")
@access.role(*DOERS)
def shown() -> ResponseReturnValue:
    """What to do without network, and the sheets that were printed."""
    return staff_page("window/paper/index.html", "more", sheets=list_sheets(services(), current_actor()))


@blueprint.get("/paper/table")
@access.role(*DOERS)
def table() -> Response:
    """The sheets as a table."""
    rows = [
        (
            one.number,
            one.day,
            one.made_at,
            shown_actor(one.made_by),
            one.lines,
            one.accepted,
            one.waiting,
            one.conflicts,
        )
        for one in list_sheets(services(), current_actor(), limit=2000)
    ]
    heads = ("单号", "哪天", "打印时间", "谁打的", "行数", "已录", "在等证件", "对不上")
    return table_file(Table("断网登记单", heads, rows))


@blueprint.get("/paper/<sheet_id>/table")
@access.role(*DOERS)
def entries(sheet_id: str) -> Response:
    """What was entered from a sheet, as a table."""
    page = open_sheet(services(), current_actor(), sheet_id)
    rows = [
        (page.sheet.number, one.line, one.acceptance_no, ACTS[one.act].word, one.happened_at, shown_actor(one.done_by),
         shown_actor(one.beside), shown_actor(one.entered_by), one.entered_at, OUTCOMES[one.outcome], one.detail)
        for one in page.entries
    ]  # fmt: skip
    heads = (
        "单号", "行", "统一受理号", "做了什么", "什么时候", "谁办的", "第二个人", "谁录的", "录入时间", "结果", "说明",
    )  # fmt: skip
    return table_file(Table(f"断网登记 {page.sheet.number}", heads, rows))


@blueprint.get("/paper/<sheet_id>")
@access.role(*DOERS)
def sheet(sheet_id: str) -> ResponseReturnValue:
    """The written sheet's pictures at one side, the rows to type at the other."""
    return _page(open_sheet(services(), current_actor(), sheet_id), [], [])


@blueprint.post("/paper/<sheet_id>")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def enter(sheet_id: str) -> ResponseReturnValue:
    """Pictures and rows in one go; what cannot be entered stays in the form as it was typed."""
    typed = _typed()
    faults = _photos(sheet_id)
    answers: list[Answer] = []
    if typed and not faults:
        day = parse_date(request.form.get("day", ""))
        try:
            answers = enter_rows(services(), current_actor(), sheet_id, day, typed)
        except Invalid as refusal:
            faults = [fault.detail for fault in refusal.faults]
        except RuleViolation as refusal:
            faults = [refusal.detail]
    left = typed if faults else [typed[one.at] for one in answers if _stays(one)]
    if faults or any(_stays(one) or one.outcome == "conflict" for one in answers):
        page = open_sheet(services(), current_actor(), sheet_id)
        return _page(page, answers, left, faults), (422 if faults or left else 200)
    flash(_summary(answers), "ok")
    return redirect(f"/window/paper/{sheet_id}", 303)


def _typed() -> list[dict[str, str]]:
    """The rows that say anything; the choices that a row begins with say nothing."""
    columns = {field: request.form.getlist(field) for field in FIELDS}
    count = max((len(values) for values in columns.values()), default=0)
    rows = [
        {field: values[at][:2100] if at < len(values) else "" for field, values in columns.items()}
        for at in range(count)
    ]
    return [row for row in rows if any(row[field].strip() for field in ("what", "code", "time", "signer"))]


def _photos(sheet_id: str) -> list[str]:
    """Keep what was chosen; words for what was refused."""
    refused = []
    for one in request.files.getlist("photo"):
        if not one.filename:
            continue
        try:
            keep_photo(services(), current_actor(), sheet_id, one.read())
        except Invalid as refusal:
            refused += [f"{one.filename[:60]}：{fault.detail}" for fault in refusal.faults]
    return refused


def _stays(answer: Answer) -> bool:
    """Not kept anywhere but in the form."""
    return answer.outcome == "invalid"


def _summary(answers: Sequence[Answer]) -> str:
    if not answers:
        return "照片收好了。照着它一行一行补录。"
    words = {"accepted": "录好", "known": "早就有了", "waiting": "在等证件做好"}
    told = [(word, sum(one.outcome == key for one in answers)) for key, word in words.items()]
    return "，".join(f"{many} 条{word}" for word, many in told if many) + "。"


@blueprint.post("/paper/<sheet_id>/again")
@access.role(*DOERS)
def again(sheet_id: str) -> ResponseReturnValue:
    """Rows that wait or did not fit, once more."""
    answers = enter_again(services(), current_actor(), sheet_id)
    done = sum(one.outcome in ("accepted", "known") for one in answers)
    left = len(answers) - done
    flash(
        f"{done} 条录好，还有 {left} 条没有。" if left else f"{done} 条都录好了。", "wait" if left else "ok"
    )
    return redirect(f"/window/paper/{sheet_id}#entries", 303)


@blueprint.get("/paper/<sheet_id>/photo/<attachment_id>/<int:page>.jpg")
@access.role(*DOERS)
def picture(sheet_id: str, attachment_id: str, page: int) -> Response:
    """A page of one of the pictures, upright; every look is audited."""
    data = photo(services(), current_actor(), sheet_id, attachment_id)
    try:
        image = page_image(data, page - 1, _EDGE)
    except Unreadable as fault:
        raise NotFound("这一页画不出来，请点“原件”看。") from fault
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return Response(out.getvalue(), mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


def _page(
    page: SheetPage, answers: Sequence[Answer], left: Sequence[Mapping[str, str]], faults: Sequence[str] = ()
) -> str:
    """``left``: rows to type again; each with the words of what is wrong with it."""
    told = [one for one in answers if _stays(one)]
    rows: list[dict[str, Any]] = [
        {"typed": row, "words": {fault.pointer.rsplit("/", 1)[1]: fault.detail for fault in one.faults}}
        for row, one in zip(left, told, strict=True)
    ] if told else [{"typed": row, "words": {}} for row in left]  # fmt: skip
    rows += [{"typed": {}, "words": {}} for _ in range(max(1, _EMPTY - len(rows)))]
    return staff_page(
        "window/paper/sheet.html", "more", page=page, rows=rows, answers=answers, faults=faults, acts=ACTS,
        signers=SIGNERS, outcomes=OUTCOMES, me=current_actor().name.removeprefix("user:"), photos=_shown(page), day=_day(page),
    )  # fmt: skip


def _shown(page: SheetPage) -> list[dict[str, Any]]:
    """The pictures with their numbers of pages."""
    found = []
    for one in page.photos:
        pages = 1
        if one.media_type == "application/pdf":
            try:
                pages = pages_of(photo(services(), current_actor(), page.sheet.id, one.id))
            except Unreadable:
                pages = 0
        found.append({"id": one.id, "pages": pages, "added_at": one.added_at, "added_by": one.added_by})
    return found


def _day(page: SheetPage) -> date:
    return parse_date(request.form.get("day", "")) or page.sheet.day
