"""Cases that come by file: uploaded once, looked at, columns matched, tried, taken in; what was not taken goes out again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import Invalid, NotFound, RuleViolation
from ..export import Table
from ..intake.columns import EACH_ITS_OWN, FIELD_PREFIX, Layout, column_named, columns, is_ignored
from ..intake.files import template_xlsx
from ..intake.imports import (
    RunView,
    keep_upload,
    list_runs,
    look_again,
    rows_to_mend,
    run_view,
    start_run,
)
from ..intake.mappings import forget_mapping, list_mappings
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .exports import table_file
from .rooms import act, staff_page
from .security import BATCH_LIMIT, body_limit

__all__ = ["blueprint"]

ENTERERS = ("clerk", "department")
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_LISTED: Final = 200
_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "looked": "还要对列", "tried": "只试读过", "running": "正在做", "taken": "已导入", "failed": "没有做成",
    }
)  # fmt: skip

blueprint = Blueprint("imports", __name__, url_prefix="/window/imports")


# -- the files ---------------------------------------------------------------------------------------------------------
@blueprint.get("")
@access.role(*ENTERERS)
def imports() -> ResponseReturnValue:
    """The form for a file, the last ones, and the platforms that are remembered."""
    return _upload_page()


def _upload_page(problem: str = "") -> str:
    runs, kept = list_runs(services(), current_actor()), list_mappings(services(), current_actor())
    return staff_page("window/imports.html", "imports", runs=runs, mappings=kept, problem=problem)


@blueprint.get("/template")
@access.role(*ENTERERS)
def template() -> Response:
    """An empty table with headings and advice."""
    return attachment(template_xlsx(), _XLSX, "办件导入模板.xlsx")


@blueprint.get("/table")
@access.role(*ENTERERS)
def runs_file() -> Response:
    """One's own last files as a table."""
    rows = [
        (one.filename, one.kept_at, _STATES[one.state], one.total, one.created, one.same, one.refused, one.problem)
        for one in list_runs(services(), current_actor(), _LISTED)
    ]  # fmt: skip
    headings = ("文件", "上传时间", "怎么样了", "共几行", "收下", "收过的", "没有收", "为什么停了")
    return table_file(Table("我上传的文件", headings, rows))


@blueprint.post("")
@access.role(*ENTERERS)
@body_limit(BATCH_LIMIT)
def take_file() -> ResponseReturnValue:
    """Keep a file and look at it; where nothing has to be asked it is tried at once."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _upload_page("请先选一个文件。"), 422
    try:
        run_id = keep_upload(services(), current_actor(), upload.filename, upload.read())
    except Invalid as refusal:
        return _upload_page(_said(refusal)), 422
    found = run_view(services(), current_actor(), run_id)
    if not found.missing:
        with suppress(Invalid):  # what refuses the whole file stands on its page
            start_run(services(), current_actor(), run_id, "try", found.layout)
    return redirect(_address(run_id), 303)


@blueprint.post("/platforms/<mapping_id>/forget")
@access.role(*ENTERERS)
def forget(mapping_id: str) -> ResponseReturnValue:
    """A platform's columns are asked for again the next time."""
    return act(
        lambda: forget_mapping(services(), current_actor(), mapping_id),
        "已忘掉，下次重新对列。",
        "/window/imports",
    )


# -- one file ----------------------------------------------------------------------------------------------------------
@blueprint.get("/<run_id>")
@access.role(*ENTERERS)
def run(run_id: str) -> ResponseReturnValue:
    """What the file is, how its columns are read, what came of it."""
    return _run_page(run_view(services(), current_actor(), run_id))


def _run_page(found: RunView, **more: Any) -> str:
    ours = columns()
    constant = [name for name in found.missing if name not in EACH_ITS_OWN]
    constant += [name for name in found.layout.constants if name not in constant]
    return staff_page(
        "window/import.html", "imports", run=found, matched=_matched(found), required=[c for c in ours if c.required],
        optional=[c for c in ours if not c.required], fixed=[column_named(name) for name in constant],
        columns_wanted=[name for name in found.missing if name in EACH_ITS_OWN], each_its_own=EACH_ITS_OWN, **more,
    )  # fmt: skip


def _matched(found: RunView) -> list[dict[str, Any]]:
    """Each column of the file: its heading, what its first rows say, which column of ours it is."""
    common = [FIELD_PREFIX + name for name in services().templates.common_fields()]
    rows = []
    for place, label in enumerate(found.survey.labels):
        if label:
            to = found.layout.targets.get(label, "")
            own = label if label.startswith(FIELD_PREFIX) else FIELD_PREFIX + label
            printed = [own, *([to] if to.startswith(FIELD_PREFIX) else []), *common]
            shown = [cells[place] for _, cells in found.survey.samples if place < len(cells) and cells[place]]
            rows.append(
                {
                    "place": place, "label": label, "samples": shown[:2], "to": to, "printed": list(dict.fromkeys(printed)),
                    "ours": is_ignored(label), "damaged": found.survey.damaged.get(label, 0),
                }
            )  # fmt: skip
    return rows


@blueprint.post("/<run_id>/look")
@access.role(*ENTERERS)
def look(run_id: str) -> ResponseReturnValue:
    """Another sheet, another line as the header."""
    sheet, line = request.form.get("sheet", ""), request.form.get("line", "")
    number = int(line) if line.isascii() and line.isdigit() else 0
    return act(
        lambda: look_again(services(), current_actor(), run_id, sheet, number),
        "已按新的表头重新读过。",
        _address(run_id),
    )


@blueprint.post("/<run_id>/start")
@access.role(*ENTERERS)
def start(run_id: str) -> ResponseReturnValue:
    """Try the file or take it in, as its columns are matched here, or as before."""
    found = run_view(services(), current_actor(), run_id)
    layout = found.layout if "as_before" in request.form else _typed(found)
    try:
        start_run(
            services(),
            current_actor(),
            run_id,
            request.form.get("act", ""),
            layout,
            request.form.get("platform", ""),
        )
    except (Invalid, RuleViolation, NotFound) as refusal:
        flash(_said(refusal), "bad")
    return redirect(_address(run_id), 303)


def _typed(found: RunView) -> Layout:
    form = request.form
    targets = {label: form.get(f"to-{place}", "") for place, label in enumerate(found.survey.labels) if label}
    fixed = {key.removeprefix("fix-"): text for key, text in form.items() if key.startswith("fix-")}
    if form.get("extra") and form.get("extra_value", "").strip():
        fixed[form["extra"]] = form["extra_value"]
    return Layout(found.survey.sheet, found.survey.line, targets, fixed)


@blueprint.get("/<run_id>/progress.json")
@access.role(*ENTERERS)
def progress(run_id: str) -> ResponseReturnValue:
    """How far it is."""
    found = run_view(services(), current_actor(), run_id)
    return {"state": found.state, "total": found.total, "done": found.done, "refused": found.refused}


@blueprint.get("/<run_id>/refused")
@access.role(*ENTERERS)
def refused(run_id: str) -> Response:
    """The rows that were not taken, as they stood in the file, with the reason beside each."""
    return table_file(rows_to_mend(services(), current_actor(), run_id))


def _address(run_id: str) -> str:
    return f"/window/imports/{run_id}"


def _said(refusal: Invalid | RuleViolation | NotFound) -> str:
    if isinstance(refusal, Invalid):
        return "；".join(fault.detail for fault in refusal.faults)
    return refusal.detail
