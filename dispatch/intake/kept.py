"""A kept file and what was said about it, as the acts of an import share them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..models import ImportFile, ImportRun
from ..rights import Actor
from ..store import Work
from .columns import Layout
from .files import Row, Source, cases_in, open_source
from .survey import Survey

__all__ = [
    "file_of",
    "keep_file",
    "layout_of",
    "own_run",
    "refuse_running",
    "row_from",
    "row_kept",
    "rows_of",
    "source_of",
    "suffix_of",
    "survey_of",
    "written",
]


def own_run(work: Work, actor: Actor, run_id: str, *, lock: bool = False) -> ImportRun:
    """One's own run; ``NotFound`` for anybody else's, since its first rows are shown as they are."""
    run = work.locked(ImportRun, run_id) if lock else work.session.get(ImportRun, run_id)
    if run is None or run.actor != actor.name:
        raise NotFound("没有找到这次导入。请从“导入办件”重新上传文件。")
    return run


def refuse_running(run: ImportRun) -> None:
    """``RuleViolation('running')`` while the file is worked on."""
    if run.state == "running":
        raise RuleViolation("running", "这个文件正在处理，请等它做完。")


def suffix_of(filename: str) -> str:
    """``.xlsx`` of any spelling."""
    return PurePath(filename).suffix.lower()


def survey_of(work: Work, run: ImportRun) -> tuple[str, Survey]:
    """The file's name and what the first look saw."""
    kept = work.open(run, "survey")
    return kept["filename"], Survey.from_json(kept["survey"])


def keep_file(work: Work, run_id: str, data: bytes) -> None:
    """The file's bytes, sealed."""
    work.add(ImportFile(id=run_id, data=work.vault.seal_bytes("import_files", "data", run_id, data)))


def file_of(work: Work, run: ImportRun) -> ImportFile:
    """The file as it is kept; ``NotFound`` once it is not any more."""
    kept = work.session.get(ImportFile, run.id)
    if kept is None:
        raise NotFound("这个文件的办件已经全部收下，文件不再保留。要再导入，请重新上传。")
    return kept


def source_of(work: Work, run: ImportRun) -> Source:
    """The file itself, opened; ``NotFound`` once it is not kept any more."""
    kept = file_of(work, run)
    data = work.vault.open_bytes("import_files", "data", run.id, kept.data)
    return open_source(suffix_of(survey_of(work, run)[0]), data)


def rows_of(work: Work, run: ImportRun, most: int) -> list[Row]:
    """Every case of the file as its layout reads it. ``Invalid`` for a header that does not do, or more than ``most``."""
    rows = list(cases_in(source_of(work, run), layout_of(run)))
    if len(rows) > most:
        detail = (
            f"文件里有 {len(rows)} 件，网页一次最多导入 {most} 件。请分成几个文件，或请管理员用命令行导入。"
        )
        raise Invalid([Fault("", "too_large", detail)], "too_large")
    return rows


def layout_of(run: ImportRun) -> Layout | None:
    """How the file is to be read; None for lines of JSON and for a run that nobody has begun."""
    return Layout(**json.loads(run.layout)) if run.layout else None


def written(layout: Layout | None) -> str:
    """The layout as it is kept."""
    if layout is None:
        return ""
    kept = {
        "sheet": layout.sheet,
        "line": layout.line,
        "targets": {label: to for label, to in layout.targets.items() if to},
        "constants": {to: text for to, text in layout.constants.items() if text},
    }
    return json.dumps(kept, ensure_ascii=False)


def row_kept(row: Row) -> dict[str, Any]:
    """A case of a file as plain values."""
    return {
        "line": row.line,
        "case": row.case,
        "faults": [fault.as_dict() for fault in row.faults],
        "acceptance_no": row.acceptance_no,
        "lines": row.lines,
    }


def row_from(kept: Mapping[str, Any]) -> Row:
    """What ``row_kept`` was given."""
    faults = [Fault(**one) for one in kept["faults"]]
    return Row(kept["line"], kept["case"], faults, kept["acceptance_no"], tuple(kept["lines"]))
