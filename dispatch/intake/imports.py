"""A file on its way in: kept sealed, looked at, its columns matched, tried, taken.

``state`` of a run: ``looked`` (kept, nothing judged) → ``running`` → ``tried`` or ``taken``; ``failed`` with the problem. A
file of a few hundred rows is done at once, a larger one in the background (``running``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any, Final

from sqlalchemy import select

from ..errors import Fault, Invalid
from ..export import Cell, Table
from ..models import ColumnMapping, ImportFault, ImportRun, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .cells import as_written
from .columns import Layout, column_named, columns, guesses, header_by
from .files import Source, open_source
from .kept import (
    file_of,
    keep_file,
    layout_of,
    own_run,
    refuse_running,
    source_of,
    suffix_of,
    survey_of,
    written,
)
from .mappings import Recalled, mapping_named, mappings_of, recall, remember
from .running import KEPT_FOR, clear, drop_old, run_at_once
from .survey import Survey, survey
from .wording import field_name

__all__ = [
    "AT_ONCE",
    "RunView",
    "keep_upload",
    "layout_named",
    "list_runs",
    "look_again",
    "rows_to_mend",
    "run_view",
    "start_run",
]

#: rows that are judged while the clerk waits
AT_ONCE: Final = 300
_SHOWN: Final = 300
_REASON: Final = "备注：为什么没有收"


@dataclass(frozen=True)
class RunView:
    """A run as its page shows it. ``layout``: as it was begun, else what the headings say or the remembered platform
    (``recalled``) said. ``missing``: required columns that nothing gives yet. ``refusals``: the first ones, ``{line,
    acceptance_no, faults: [{pointer, code, detail, field, label}]}``, ``label`` the heading in the file."""

    id: str
    filename: str
    state: str
    act: str
    survey: Survey
    layout: Layout
    recalled: Recalled | None
    missing: tuple[str, ...]
    total: int
    done: int
    created: int
    same: int
    refused: int
    problem: str
    kept_at: datetime
    refusals: tuple[Mapping[str, Any], ...] = ()


# -- acts --------------------------------------------------------------------------------------------------------------
def keep_upload(services: Services, actor: Actor, filename: str, data: bytes) -> str:
    """Look at a file and keep it, sealed; the run's id. ``Invalid`` for a file that cannot be read."""
    actor.require(Scope.CASES)
    name = PurePath(filename.replace("\\", "/")).name[:120]
    seen = survey(open_source(suffix_of(name), data))
    number = new_id()
    with services.store.work(actor) as work:
        drop_old(work)
        run = ImportRun(id=number, actor=actor.name, office=actor.office, state="looked", kept_at=work.now)
        work.seal(run, "survey", {"filename": name, "survey": seen.as_json()})
        work.add(run)
        keep_file(work, number, data)
        work.emit("import.forget", "files", delay=KEPT_FOR + timedelta(hours=1))
        work.audit("file_kept", "import", number, rows=seen.rows, more=seen.more)
    return number


def look_again(services: Services, actor: Actor, run_id: str, sheet: str, line: int) -> None:
    """Another sheet, or another line as the header; what was matched is matched anew. ``Invalid`` when there is none."""
    actor.require(Scope.CASES)
    with services.store.read(actor) as work:
        run = own_run(work, actor, run_id)
        filename, source = survey_of(work, run)[0], source_of(work, run)
    seen = survey(source, sheet, line)
    with services.store.work(actor) as work:
        row = own_run(work, actor, run_id, lock=True)
        refuse_running(row)
        work.seal(row, "survey", {"filename": filename, "survey": seen.as_json()})
        row.layout, row.act, row.state = "", "", "looked"
        clear(work, row)


def start_run(
    services: Services, actor: Actor, run_id: str, act: str, layout: Layout | None, platform: str = ""
) -> None:
    """Try (``try``) or take in (``take``) the file as ``layout`` reads it (None for lines of JSON), remembered for the next
    file of this ``platform`` where one is named.

    ``Invalid``: headings missing or said twice, what refuses the whole file; ``RuleViolation('running')``; ``NotFound``
    once the file is not kept.
    """
    actor.require(Scope.CASES)
    if act not in ("try", "take"):
        raise Invalid([Fault("/act", "unknown_value", "请选择“试读”或“正式导入”。")])
    with services.store.work(actor) as work:
        run = own_run(work, actor, run_id, lock=True)
        refuse_running(run)
        file_of(work, run)
        seen = survey_of(work, run)[1]
        if seen.line:
            _check_layout(seen, layout)
        if layout is not None and platform.strip():
            remember(work, actor, platform, seen.labels, layout.targets, layout.constants)
        run.layout, run.act, run.state = written(layout if seen.line else None), act, "running"
        clear(work, run)
        later = seen.more or seen.rows > AT_ONCE
        if later:
            work.emit("import.run", run.id)
    if not later:
        run_at_once(services, actor, run_id)


def _check_layout(seen: Survey, layout: Layout | None) -> None:
    if layout is None or layout.line != seen.line:
        raise Invalid([Fault("", "bad_header", "表头的位置变了，请刷新页面后再试。")], "bad_header")
    header_by(seen.labels, layout)


def layout_named(services: Services, actor: Actor, path: Path, platform: str) -> Layout | None:
    """How this file is read as a table of the remembered ``platform``; None for lines of JSON. ``NotFound`` for a name that
    nobody gave, ``Invalid`` for a file that cannot be read."""
    actor.require(Scope.CASES)
    with services.store.read(actor) as work:
        known = mapping_named(work, actor, platform)
    seen = survey(open_source(suffix_of(path.name), path.read_bytes()))
    return Layout(seen.sheet, seen.line, known.targets, known.constants) if seen.line else None


# -- looking -----------------------------------------------------------------------------------------------------------
def run_view(services: Services, actor: Actor, run_id: str) -> RunView:
    """One's own run with its first refusals; ``NotFound`` for anybody else's."""
    actor.require(Scope.CASES)
    with services.store.read(actor) as work:
        run = own_run(work, actor, run_id)
        return _view(work, mappings_of(work, actor), run, _refusals(work, run, _SHOWN))


def list_runs(services: Services, actor: Actor, limit: int = 12) -> list[RunView]:
    """One's own last files, the newest first."""
    actor.require(Scope.CASES)
    with services.store.read(actor) as work:
        query = select(ImportRun).where(ImportRun.actor == actor.name)
        rows = work.session.scalars(query.order_by(ImportRun.kept_at.desc(), ImportRun.id).limit(limit))
        known = mappings_of(work, actor)
        return [_view(work, known, row, ()) for row in rows]


def _view(
    work: Work, known: Sequence[ColumnMapping], run: ImportRun, refusals: tuple[Mapping[str, Any], ...]
) -> RunView:
    filename, seen = survey_of(work, run)
    recalled = recall(known, seen.labels) if seen.line else None
    layout = layout_of(run) or _proposed(seen, recalled)
    return RunView(
        run.id, filename, run.state, run.act, seen, layout, recalled, _lacking(seen, layout), run.total, run.done,
        run.created, run.same, run.refused, run.problem, run.kept_at, refusals,
    )  # fmt: skip


def _proposed(seen: Survey, recalled: Recalled | None) -> Layout:
    """What a remembered platform said goes before what the headings say; new headings are guessed."""
    targets = dict(guesses(seen.labels))
    constants: Mapping[str, str] = {}
    if recalled is not None:
        known = {label: to for label, to in recalled.targets.items() if label in seen.labels}
        new = {label: to for label, to in targets.items() if label in recalled.differ}
        targets = known | {label: to for label, to in new.items() if to not in known.values()}
        constants = recalled.constants
    return Layout(seen.sheet, seen.line, targets, constants)


def _lacking(seen: Survey, layout: Layout) -> tuple[str, ...]:
    if not seen.line:
        return ()
    given = {*layout.targets.values(), *(to for to, text in layout.constants.items() if text)}
    return tuple(column.header for column in columns() if column.required and column.header not in given)


def _refusals(work: Work, run: ImportRun, most: int) -> tuple[Mapping[str, Any], ...]:
    labels = _labels_by_path(layout_of(run))
    query = select(ImportFault).where(ImportFault.run_id == run.id).order_by(ImportFault.line).limit(most)
    found = []
    for row in work.session.scalars(query):
        facts = work.open(row, "facts")
        faults = [one | _place(one["pointer"], labels) for one in facts["faults"]]
        found.append({"line": row.line, **facts, "faults": faults})
    return tuple(found)


def _labels_by_path(layout: Layout | None) -> dict[str, str]:
    """Pointer without list positions → heading in the file."""
    found = {}
    for label, to in layout.targets.items() if layout else ():
        column = column_named(to)
        if column is not None:
            found["/".join(str(part) for part in column.path)] = label
    return found


def _place(pointer: str, labels: Mapping[str, str]) -> dict[str, str]:
    parts = pointer.lstrip("/").split("/")
    path = "/".join(["document", *parts[2:]] if parts[0] == "documents" else parts)
    return {"field": field_name(pointer) if pointer else "", "label": labels.get(path, "")}


# -- out again, to be mended -------------------------------------------------------------------------------------------
def rows_to_mend(services: Services, actor: Actor, run_id: str) -> Table:
    """The rows that were not taken, as they stood in the file, and why: mended in Excel, the file can be imported again.

    Persons stand in it unmasked, as in the file that the same clerk handed in; audited.
    """
    actor.require(Scope.CASES)
    with services.store.work(actor) as work:
        run = own_run(work, actor, run_id)
        filename, seen = survey_of(work, run)
        refusals = _refusals(work, run, 1_000_000)
        source = source_of(work, run)
        work.audit("bad_rows_exported", "import", run.id, rows=len(refusals))
    title = f"有问题的行（{PurePath(filename).stem}）"
    reasons = {one["lines"][0]: _reason(one["faults"]) for one in refusals}
    if not seen.line:
        listed = [(one["line"], one["acceptance_no"], reasons[one["lines"][0]]) for one in refusals]
        return Table(title, ("行", "统一受理号", _REASON), listed)
    wanted = {line for one in refusals for line in one["lines"]}
    return Table(title, (*seen.labels, _REASON), list(_rows(source, seen, wanted, reasons)))


def _reason(faults: list[Mapping[str, str]]) -> str:
    return "\n".join(one["detail"] for one in faults)


def _rows(
    source: Source, seen: Survey, wanted: set[int], reasons: Mapping[int, str]
) -> Iterator[tuple[Cell, ...]]:
    width = len(seen.labels)
    for line, cells in source.rows(seen.sheet):
        if line in wanted:
            written_out: list[Cell] = [as_written(cell) for cell in cells[:width]]
            yield (
                *written_out,
                *[""] * (width - len(written_out)),
                reasons.get(line, "同一受理号的另一行有问题"),
            )
