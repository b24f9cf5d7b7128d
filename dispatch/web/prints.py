"""The print batches of the day and those of other days by their number; the ledger of sheets; labels on their way to
the label printer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..chronicle import shown_actor
from ..errors import Invalid, NotFound
from ..export import Cell, Table
from ..printing import sheets
from ..printing.label_jobs import answer_doubt, send_labels, stop_labels, try_again
from ..printing.ledger import batches_of, find_batches
from ..printing.marks import paper_words
from . import access
from .access import current_actor, services
from .desk import desk_page
from .exports import table_file
from .rooms import act, staff_page
from .words import PRINT_FLAGS, PRINT_OUTCOMES

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
#: what narrows the ledger, and its columns as a file
_ASKED: Final = ("since", "until", "who", "outcome", "flag")
_COLUMNS: Final = (
    "什么时候", "谁", "批次", "序号", "张号", "统一受理号", "证件（文书）", "证号、文号", "纸", "张数", "结果", "谁记的结果",
    "什么时候记的", "替哪张废纸", "再打的原因", "第二个人", "缺什么手续",
)  # fmt: skip

blueprint = Blueprint("prints", __name__, url_prefix="/window/prints")


@blueprint.get("")
@access.role(*DOERS)
def batches() -> ResponseReturnValue:
    """Today's batches, those nobody confirmed first; ``?q=`` a batch or sheet number."""
    asked = request.args.get("q", "").strip()
    if asked:
        try:
            found = find_batches(services(), current_actor(), asked[:64])
        except NotFound as refusal:
            flash(refusal.detail, "bad")
        else:
            if len(found) == 1:
                return redirect(f"/window/papers/{found[0]['id']}", 303)
            return desk_page("window/prints.html", "print", batches=found, asked=asked)
    return desk_page(
        "window/prints.html", "print", batches=batches_of(services(), current_actor()), asked=asked
    )


@blueprint.get("/export")
@access.role(*DOERS)
def batches_file() -> Response:
    """The same list as a file."""
    asked = request.args.get("q", "").strip()
    house, actor = services(), current_actor()
    rows = find_batches(house, actor, asked[:64]) if asked else batches_of(house, actor)
    headings = (
        "批次",
        "接着",
        "什么时候",
        "谁",
        "份数",
        "打好",
        "打坏",
        "没打出来",
        "没有记结果",
        "再打缺手续",
        "原因",
    )
    return table_file(Table("打印批次", headings, [_batch_cells(row) for row in rows]))


def _batch_cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    after = row["sequence"] if row["sequence"] != row["number"] else ""
    counts = (row[key] for key in ("documents", "printed", "spoiled", "unprinted", "open", "warned"))
    return (row["number"], after, row["at"], shown_actor(row["actor"]), *counts, row["reason"])


# -- 打印台账 --------------------------------------------------------------------------------------------------------
@blueprint.get("/ledger")
@access.role(*DOERS)
def ledger() -> ResponseReturnValue:
    """Every sheet of the chosen days (today): who printed it, what became of it, what its papers lack."""
    asked = {key: request.args.get(key, "").strip()[:120] for key in _ASKED}
    try:
        view = sheets.ledger_rows(services(), current_actor(), _wanted(asked))
    except Invalid as refusal:
        flash(refusal.faults[0].detail, "bad")
        asked["since"] = asked["until"] = ""
        view = sheets.ledger_rows(services(), current_actor(), _wanted(asked))
    link = urlencode(asked | {"since": view.since.isoformat(), "until": view.until.isoformat()})
    return staff_page(
        "window/print/ledger.html", "labels", view=view, asked=asked, outcomes=PRINT_OUTCOMES, flags=PRINT_FLAGS,
        export=f"/window/prints/ledger/export?{link}", today=local_date(services().clock.now()), shown=sheets.SHOWN,
    )  # fmt: skip


@blueprint.get("/ledger/export")
@access.role(*DOERS)
def ledger_file() -> Response:
    """The same list as a file, as long as it is."""
    asked = {key: request.args.get(key, "").strip()[:120] for key in _ASKED}
    view = sheets.ledger_rows(services(), current_actor(), _wanted(asked), limit=sheets.EXPORTED)
    return table_file(Table("打印台账", _COLUMNS, [_sheet_cells(row) for row in view.rows]), view.until)


def _wanted(asked: Mapping[str, str]) -> sheets.Wanted:
    return sheets.Wanted(
        sheets.day_asked(asked["since"], "/since"), sheets.day_asked(asked["until"], "/until"),
        asked["who"], asked["outcome"], asked["flag"],
    )  # fmt: skip


def _sheet_cells(row: Mapping[str, Any]) -> Sequence[Cell]:
    return (
        row["at"], shown_actor(row["actor"]), row["number"], row["mark"], row["sheet"], row["acceptance_no"],
        row["title"], row["document_number"], paper_words(row["paper"]), row["pages"],
        PRINT_OUTCOMES[row["outcome"] or sheets.OPEN], shown_actor(row["told_by"]) if row["told_by"] else "",
        row["told_at"], row["instead_of"], row["reason"], shown_actor(row["second"]) if row["second"] else "",
        PRINT_FLAGS.get(row["flag"], ""),
    )  # fmt: skip


@blueprint.post("/<batch_id>/labels")
@access.role(*DOERS)
def labels(batch_id: str) -> ResponseReturnValue:
    """The batch's labels, or its shelf slips, to the label printer."""
    kind = "slip" if request.form.get("kind") == "slip" else "label"
    send = partial(send_labels, services(), current_actor(), batch_id, kind)
    return act(send, "正在送往面单打印机。", f"/window/papers/{quote(batch_id)}#labels")


@blueprint.post("/jobs/<job_id>/<what>")
@access.role(*DOERS)
def job(job_id: str, what: str) -> ResponseReturnValue:
    """What somebody says at the printer: it came out, it did not, go on, stop."""
    house, actor = services(), current_actor()
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "came": (partial(answer_doubt, house, actor, job_id, came_out=True), "已记下，接着打下一张。"),
        "missing": (partial(answer_doubt, house, actor, job_id, came_out=False), "已记下，再打这一张。"),
        "again": (partial(try_again, house, actor, job_id), "接着打。"),
        "stop": (partial(stop_labels, house, actor, job_id), "已停下。"),
    }
    if what not in acts:
        raise NotFound("没有这个操作。")
    do, done = acts[what]
    return act(do, done, f"/window/papers/{quote(request.form.get('batch_id', '')[:26])}#labels")
