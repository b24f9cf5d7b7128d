"""The flat table in which offices hand over approvals when no interface exists: one row per document.

Rows with the same 统一受理号 make one case. Printed content stands in columns ``字段:<name>`` or, all in
one cell, in 证件内容 as ``名称=值；名称=值``.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from ..errors import Fault, Invalid
from .wording import CHOICES, nearest

__all__ = [
    "EACH_ITS_OWN",
    "FIELD_PREFIX",
    "Column",
    "Header",
    "Layout",
    "columns",
    "column_named",
    "guesses",
    "header_by",
    "is_ignored",
    "labels_of",
    "looks_like_header",
    "read_header",
]

FIELD_PREFIX = "字段:"
#: what no two cases share, persons above all: never a fixed value of a platform, which is remembered in the open
EACH_ITS_OWN = frozenset(
    {
        "统一受理号", "申请人", "申请人证件号码", "联系人", "申请人电话", "受理时间", "办结时间", "证号", "印制流水号", "持证人",
        "证件内容", "收件人", "收件人电话", "委托材料", "收件地址", "另寄收件人", "另寄电话", "另寄委托材料", "另寄地址",
        "材料寄入单号",
    }
)  # fmt: skip
Kind = Literal["text", "number", "integer", "choice", "start", "end", "date", "list", "content", "field"]


@dataclass(frozen=True)
class Column:
    """One column. ``path`` leads into the case, or into the row's document when it begins with ``document``.
    ``start`` and ``end`` are moments: a bare day means its first or last second."""

    header: str
    path: tuple[str | int, ...]
    kind: Kind = "text"
    required: bool = False
    aliases: tuple[str, ...] = ()
    note: str = ""
    example: str = ""

    @property
    def of_document(self) -> bool:
        """Whether each row has its own value, not the case as a whole."""
        return self.path[0] == "document"

    @property
    def choices(self) -> dict[str, str]:
        """Allowed values and their Chinese words; empty for a free column."""
        parts = [str(part) for part in self.path]
        if "recipient" in parts[:-1]:
            parts = ["recipient", parts[-1]]
        elif self.of_document:
            parts = ["documents", *parts[1:]]
        return CHOICES.get("/".join(parts), {})


DATA = Path(__file__).parent / "data" / "columns.csv"

# Columns that offices keep for themselves.
_IGNORED = frozenset({"序号", "经办人", "填表人", "填表日期"})
_IGNORED_PREFIX = "备注"
_MARKS = re.compile(r"[\s*★]+|\((?:必填|选填|可选)\)")


@functools.cache
def columns() -> tuple[Column, ...]:
    """Every fixed column in the order of the template, from ``data/columns.csv``."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(_column(row) for row in csv.DictReader(file))


def _column(row: dict[str, str]) -> Column:
    return Column(
        header=row["header"],
        path=tuple(int(part) if part.isdecimal() else part for part in row["path"].split("/")),
        kind=cast("Kind", row["kind"]),
        required=row["required"] == "yes",
        aliases=tuple(row["aliases"].split()),
        note=row["note"],
        example=row["example"],
    )


def _plain(header: str) -> str:
    """A header without marks, blanks and full-width forms, for comparison."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", header)).lower()


@dataclass(frozen=True)
class Header:
    """Where each column stands: position in the row → column. ``constants``: what every row has, without a column."""

    columns: dict[int, Column] = field(default_factory=dict)
    constants: tuple[tuple[Column, str], ...] = ()

    def missing(self) -> list[str]:
        """Required columns that are not there."""
        present = {column.header for column in (*self.columns.values(), *(one for one, _ in self.constants))}
        return [column.header for column in columns() if column.required and column.header not in present]


def _by_name() -> dict[str, Column]:
    return {_plain(name): column for column in columns() for name in (column.header, *column.aliases)}


def looks_like_header(cells: Iterable[object]) -> bool:
    """Whether a row is the header: at least three of its cells are names we know."""
    names = _by_name()
    return sum(isinstance(cell, str) and _plain(cell) in names for cell in cells) >= 3


def read_header(cells: Iterable[object], line: int) -> Header:
    """The header in a row. Raises ``Invalid`` with everything wrong with it, so that it is mended once."""
    names, found, faults = _by_name(), dict[int, Column](), list[Fault]()
    for place, cell in enumerate(cells):
        text = str(cell).strip() if cell is not None else ""
        if not text or is_ignored(text):
            continue
        column = _field_column(text) or names.get(_plain(text))
        if column is None:
            faults.append(_unknown(text, line))
        elif column.header in {known.header for known in found.values()}:
            faults.append(_twice(column.header, line))
        else:
            found[place] = column
    header = Header(found)
    if header.missing():
        faults.insert(0, _missing(header.missing(), line))
    if faults:
        raise Invalid(faults, "bad_header")
    return header


# -- tables of other makers --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Layout:
    """How somebody said that a table is to be read: the sheet (empty: the first, or CSV), the header's line, the column of
    ours for each heading of theirs (``字段:…`` for printed content; a heading that is not there is not wanted), and values
    that every row has."""

    sheet: str
    line: int
    targets: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)


def labels_of(cells: Sequence[object]) -> tuple[str, ...]:
    """A name for each place of a header row: on one line, at most 60 characters, told apart where the same stands twice;
    empty where nothing stands."""
    seen: Counter[str] = Counter()
    labels = []
    for cell in cells:
        text = " ".join(str(cell).split())[:60] if cell is not None else ""
        seen[text] += 1
        labels.append(f"{text}（第 {seen[text]} 个）" if text and seen[text] > 1 else text)
    while labels and not labels[-1]:
        labels.pop()
    return tuple(labels)


def guesses(labels: Iterable[str]) -> dict[str, str]:
    """The columns of ours that headings name by themselves; each of ours once, the first heading wins."""
    names, found = _by_name(), dict[str, str]()
    for label in labels:
        column = None if is_ignored(label) else _field_column(label) or names.get(_plain(label))
        if label and column is not None and column.header not in found.values():
            found[label] = column.header
    return found


def column_named(header: str) -> Column | None:
    """A column of ours by its own heading, ``字段:…`` included."""
    return _field_column(header) or next((one for one in columns() if one.header == header), None)


def header_by(labels: Sequence[str], layout: Layout) -> Header:
    """The header as a layout says. Raises ``Invalid`` with everything that is missing, unknown or said twice."""
    faults, found, taken = list[Fault](), dict[int, Column](), dict[str, str]()
    for place, label in enumerate(labels):
        wanted = layout.targets.get(label, "")
        column = column_named(wanted) if wanted else None
        if wanted and column is None:
            faults.append(
                Fault("", "unknown_header", f"“{label}”对应的“{wanted[:40]}”不是系统的栏目，请重新选择。")
            )
        elif column is not None and column.header in taken:
            text = f"“{taken[column.header]}”和“{label}”都对应“{column.header}”。请只留一列。"
            faults.append(Fault("", "duplicate_header", text))
        elif column is not None:
            found[place], taken[column.header] = column, label
    header = Header(found, tuple(_constants(layout, taken, faults)))
    if header.missing():
        listed = "、".join(f"“{name}”" for name in header.missing())
        remedy = "请给文件里的列选好对应的栏目；文件里没有的，填一个固定值。"
        faults.insert(0, Fault("", "missing_header", f"还缺：{listed}。{remedy}"))
    if faults:
        raise Invalid(faults, "bad_header")
    return header


def _constants(layout: Layout, taken: Mapping[str, str], faults: list[Fault]) -> Iterable[tuple[Column, str]]:
    """Fixed values of columns that the table does not have."""
    for name, value in layout.constants.items():
        column = column_named(name)
        if column is None:
            faults.append(Fault("", "unknown_header", f"固定值“{name[:40]}”不是系统的栏目，请去掉。"))
        elif value.strip() and name in EACH_ITS_OWN:
            text = f"“{name}”每件不同，不能填固定值。请在文件里加一列，或给已有的列选这一栏。"
            faults.append(Fault("", "fixed_value", text))
        elif value.strip() and name not in taken:
            yield column, value.strip()


def _missing(names: list[str], line: int) -> Fault:
    listed = "、".join(f"“{name}”" for name in names)
    return Fault("", "missing_header", f"第 {line} 行表头缺少：{listed}。请对照模板补上这些列。")


def _twice(name: str, line: int) -> Fault:
    return Fault("", "duplicate_header", f"第 {line} 行表头中“{name}”出现了两次。请只留一列。")


def is_ignored(text: str) -> bool:
    """Whether a heading names what offices keep for themselves: 序号, 备注…"""
    return _plain(text) in _IGNORED or text.startswith(_IGNORED_PREFIX)


def _field_column(text: str) -> Column | None:
    """A column of printed content; its name is kept as written, brackets and all."""
    match = re.match(r"字段\s*[:：]\s*(.+)\Z", text, re.DOTALL)
    return (
        Column(FIELD_PREFIX + match.group(1), ("document", "fields", match.group(1)), "field")
        if match
        else None
    )


def _unknown(text: str, line: int) -> Fault:
    found = nearest(_plain(text), _by_name())
    hint = f"最接近的是“{_by_name()[found].header}”。" if found else "没有相近的名称。"
    remedy = "请改成正确的名称；是证件上要印的内容，写成“字段:名称”；不用的列，在前面加“备注”。"
    return Fault("", "unknown_header", f"第 {line} 行表头“{text[:40]}”不认识，{hint}{remedy}")
