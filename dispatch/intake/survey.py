"""A first look at a file: what kind it is, where its header stands, what its columns are called, its first rows.

Nothing is judged yet; what a person must decide (which column is which) is laid out for him.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, Final

from ..errors import Fault, Invalid
from .cells import as_written, is_damaged, is_empty
from .columns import is_ignored, labels_of, looks_like_header
from .files import HEADER_WITHIN, Row, Source, cases_in
from .workbook import sheet_names

__all__ = ["LOOKED_AT", "Survey", "fingerprint", "survey"]

#: rows that the first look counts and searches for spoiled numbers; a larger file is read to its end in the background
LOOKED_AT: Final = 3_000
_SHOWN: Final = 5
_CELL: Final = 60
_MOST_COLUMNS: Final = 400


@dataclass(frozen=True)
class Survey:
    """``line``: of the header, 0 for lines of JSON. ``labels``: a name for each place of the header, empty where nothing
    stands. ``samples``: line and cells of the first rows. ``rows``: with something in them, at most ``LOOKED_AT``; ``more``:
    there are others. ``damaged``: heading → cells whose number Excel has spoiled."""

    kind: str
    encoding: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    line: int = 0
    labels: tuple[str, ...] = ()
    samples: tuple[tuple[int, tuple[str, ...]], ...] = ()
    rows: int = 0
    more: bool = False
    damaged: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Survey:
        """What ``as_json`` gave."""
        lists = {name: tuple(kept[name]) for name in ("sheets", "hidden", "labels")}
        samples = tuple((line, tuple(cells)) for line, cells in kept["samples"])
        return cls(**(kept | lists | {"samples": samples}))


def fingerprint(labels: Iterable[str]) -> str:
    """SHA-256 of the headings that matter, in any order: the same platform's export again has the same."""
    matter = sorted({label for label in labels if label and not is_ignored(label)})
    return hashlib.sha256("\n".join(matter).encode()).hexdigest()


def survey(source: Source, sheet: str = "", line: int = 0) -> Survey:
    """Look at an opened file; ``sheet`` and ``line`` where a person knows better. Raises ``Invalid`` for a damaged file, an
    empty one, and a header that is not there."""
    if source.kind == "jsonl":
        return _survey_lines(source)
    names = sheet_names(source.data) if source.kind == "xlsx" else []
    shown = tuple(one.name for one in names if not one.hidden)
    hidden = tuple(one.name for one in names if one.hidden)
    chosen = sheet or (_sheet_with_header(source, shown) if names else "")
    at, labels = _header(source, chosen, line)
    counted, samples, damaged = _look(source, chosen, at, labels)
    return Survey(
        source.kind, source.encoding, chosen, shown, hidden, at, labels, tuple(samples),
        min(counted, LOOKED_AT), counted > LOOKED_AT, dict(damaged),
    )  # fmt: skip


def _survey_lines(source: Source) -> Survey:
    rows = list(islice(cases_in(source), LOOKED_AT + 1))
    samples = tuple((row.line, (_name(row),)) for row in rows[:_SHOWN])
    counted = min(len(rows), LOOKED_AT)
    return Survey("jsonl", labels=("统一受理号",), samples=samples, rows=counted, more=len(rows) > LOOKED_AT)


def _name(row: Row) -> str:
    return (row.acceptance_no or "")[:_CELL]


def _sheet_with_header(source: Source, names: Sequence[str]) -> str:
    """The first visible sheet with our headings, else the first that has a row of headings, else the first."""
    heads = {name: _candidate(source, name) for name in names}
    for name, head in heads.items():
        if head and looks_like_header(head[1]):
            return name
    return next((name for name, head in heads.items() if head), names[0] if names else "")


def _candidate(source: Source, sheet: str) -> tuple[int, Sequence[object]] | None:
    """Where the header seems to stand: the row that has our headings, else the first of those with most different texts."""
    best: tuple[int, Sequence[object]] | None = None
    most = 1
    for number, cells in islice(source.rows(sheet), HEADER_WITHIN):
        if looks_like_header(cells):
            return number, cells
        texts = len({cell for cell in cells if isinstance(cell, str) and not is_empty(cell)})
        if texts > most:
            best, most = (number, cells), texts
    return best


def _header(source: Source, sheet: str, line: int) -> tuple[int, tuple[str, ...]]:
    found = _candidate(source, sheet) if not line else _row_at(source, sheet, line)
    labels = labels_of(found[1]) if found else ()
    if len(labels) > _MOST_COLUMNS:
        text = f"表头超过 {_MOST_COLUMNS} 列。请只留要导入的列，另存一份再上传。"
        raise Invalid([Fault("", "too_many_columns", text)], "too_many_columns")
    if found is None or not any(labels):
        raise Invalid(
            [Fault("", "no_header", "没有找到表头。请在前 10 行里放一行列名，或直接使用导入模板。")],
            "no_header",
        )
    return found[0], labels


def _row_at(source: Source, sheet: str, line: int) -> tuple[int, Sequence[object]] | None:
    return next(((number, cells) for number, cells in source.rows(sheet) if number >= line), None)


def _look(
    source: Source, sheet: str, header: int, labels: Sequence[str]
) -> tuple[int, list[tuple[int, tuple[str, ...]]], Counter[str]]:
    """Rows below the header, at most one more than are looked at; the first ones; spoiled numbers by heading."""
    counted, samples, damaged = 0, list[tuple[int, tuple[str, ...]]](), Counter[str]()
    for number, cells in source.rows(sheet):
        if number <= header or all(is_empty(cell) for cell in cells):
            continue
        counted += 1
        if counted > LOOKED_AT:
            break
        if counted <= _SHOWN:
            samples.append((number, tuple(str(as_written(cell))[:_CELL] for cell in cells[: len(labels)])))
        damaged.update(
            label for label, cell in zip(labels, cells, strict=False) if label and is_damaged(cell)
        )
    if not counted:
        raise Invalid([Fault("", "no_rows", "表头下面没有内容。请核对是否选错了文件或工作表。")], "no_rows")
    return counted, samples, damaged
