"""Files of approvals: ``.jsonl`` (one case per line), ``.csv`` and ``.xlsx`` (the flat table of ``columns``, or another
maker's table with a ``Layout``).

A file that cannot be read at all raises ``Invalid`` with one clear sentence; a bad row never stops a good
one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ..errors import Fault, Invalid
from .cells import is_empty
from .columns import Layout, header_by, labels_of, looks_like_header, read_header
from .jsontext import load_json
from .tables import Row, join_rows
from .template import template_csv, template_xlsx
from .wording import fault
from .workbook import read_sheet

__all__ = [
    "HEADER_WITHIN",
    "MAX_FILE_BYTES",
    "MAX_ROWS",
    "Row",
    "Source",
    "TableRows",
    "cases_in",
    "open_source",
    "read_cases",
    "template_csv",
    "template_xlsx",
]

MAX_FILE_BYTES = 64_000_000
MAX_ROWS = 100_000
HEADER_WITHIN = 10

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_READ_AS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_ENCODINGS = {"utf-16": "UTF-16", "utf-8-sig": "UTF-8", "gb18030": "GBK（GB18030）"}
_MARK = b"\xef\xbb\xbf"

TableRows = Iterator[tuple[int, Sequence[object]]]


@dataclass(frozen=True)
class Source:
    """A file that can be read: ``kind`` jsonl, csv or xlsx; ``encoding`` in words and ``text`` of a CSV only."""

    kind: str
    data: bytes
    encoding: str = ""
    text: str = ""

    def rows(self, sheet: str = "") -> TableRows:
        """Rows of the table with their line numbers; of a workbook those of ``sheet``, else of the sheet with our header."""
        return read_sheet(self.data, sheet) if self.kind == "xlsx" else _csv_rows(self.text)


def read_cases(path: Path, layout: Layout | None = None) -> Iterator[Row]:
    """The cases of a file, one ``Row`` each, in the file's order.

    What is wrong with the file as a whole (kind, encoding, header, size) raises ``Invalid`` at the call,
    not later.
    """
    suffix = path.suffix.lower()
    _refuse_kind(suffix)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _too_large()
        data = path.read_bytes()
    except OSError as refusal:
        raise _refuse("no_file", "打不开这个文件。请核对文件名和读取权限。") from refusal
    return cases_in(open_source(suffix, data), layout)


def open_source(suffix: str, data: bytes) -> Source:
    """A file by its suffix (``.xlsx``) and bytes. Raises ``Invalid`` for another kind, another content, another encoding."""
    _refuse_kind(suffix)
    if len(data) > MAX_FILE_BYTES:
        raise _too_large()
    kind = _READ_AS[suffix]
    _match_content(data, kind)
    if kind != "csv":
        return Source(kind, data)
    encoding, text = _decoded(data)
    mark = "，带 BOM" if data.startswith(_MARK) else ""
    return Source(kind, data, _ENCODINGS[encoding] + mark, text)


def cases_in(source: Source, layout: Layout | None = None) -> Iterator[Row]:
    """The cases of an opened file: by ``layout``, or where there is none by the headings of our template, strictly."""
    if source.kind == "jsonl":
        return _json_lines(source.data)
    if layout is None:
        return _table(source.rows())
    rows = source.rows(layout.sheet)
    for number, cells in rows:
        if number >= layout.line:
            return join_rows(header_by(labels_of(cells), layout), _bounded(rows))
    raise _refuse("no_header", f"第 {layout.line} 行没有表头。请重新选择表头所在的行。")


def _refuse(code: str, detail: str) -> Invalid:
    return Invalid([Fault("", code, detail)], code)


def _too_large() -> Invalid:
    return _refuse("too_large", f"文件超过 {MAX_FILE_BYTES // 1_000_000} MB。请分成几个文件导入。")


def _refuse_kind(suffix: str) -> None:
    if suffix not in _READ_AS:
        raise _refuse("file_kind", _kind_advice(suffix))


def _kind_advice(suffix: str) -> str:
    if suffix == ".xls":
        return "这是旧版 Excel 文件（.xls）。请在 Excel 里另存为 .xlsx 再导入。"
    if suffix == ".json":
        return "请把办件写成每行一个的 .jsonl 文件再导入。"
    return "只能导入 .jsonl、.csv 或 .xlsx 文件。请换一种格式保存。"


def _match_content(data: bytes, kind: str) -> None:
    """The name says one thing; what is inside must say the same."""
    if not data.strip():
        raise _refuse("empty_file", "文件是空的。请核对是否选错了文件。")
    if data.startswith(_OLE):
        raise _refuse("file_kind", "这是旧版 Excel 文件，或者设了打开密码。请去掉密码并另存为 .xlsx 再导入。")
    if kind != "xlsx" and data.startswith(_ZIP):
        raise _refuse("file_kind", "文件内容是 Excel 工作簿，扩展名却不是 .xlsx。请改好扩展名再导入。")
    if kind == "xlsx" and not data.startswith(_ZIP):
        raise _refuse(
            "file_kind", "扩展名是 .xlsx，内容却不是 Excel 工作簿。请用 Excel 另存为 .xlsx 再导入。"
        )


# -- one case per line -----------------------------------------------------------------------------
def _json_lines(data: bytes) -> Iterator[Row]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: bytes) -> Row:
    try:
        value = load_json(line)
    except Invalid as refusal:
        return Row(number, None, list(refusal.faults), None, (number,))
    if not isinstance(value, dict):
        return Row(number, None, [fault("", "type", wanted="一个对象（名称与值）")], None, (number,))
    name = value.get("acceptance_no")
    return Row(number, value, [], name if isinstance(name, str) else None, (number,))


# -- the flat table --------------------------------------------------------------------------------
def _table(rows: TableRows) -> Iterator[Row]:
    """Find the header among the first rows, then read on. The header is judged before anything is
    returned."""
    for number, cells in islice(rows, HEADER_WITHIN):
        if looks_like_header(cells):
            return join_rows(read_header(cells, number), _bounded(rows))
    raise _refuse("no_header", "没有找到表头。请使用导入模板，第一行是“统一受理号、事项编码……”这些列名。")


def _bounded(rows: TableRows) -> TableRows:
    """Rows with something in them, as many as may be; Excel hands over emptied rows by the hundred thousand."""
    count = 0
    for number, cells in rows:
        if all(is_empty(cell) for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise _refuse("too_large", f"表格超过 {MAX_ROWS} 行。请分成几个文件导入。")
        yield number, cells


def _csv_rows(text: str) -> TableRows:
    lines = [line for line in text.splitlines() if line.strip()][:HEADER_WITHIN]
    delimiter = max(",\t;", key="\n".join(lines).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return _numbered(reader)


def _numbered(reader: Iterator[list[str]]) -> TableRows:
    """Rows with the line each begins on; a quoted cell may run over several lines."""
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as refusal:
            detail = f"第 {line} 行起读不下去，可能是引号没有成对。请检查这一行，或改用 .xlsx 导入。"
            raise _refuse("bad_csv", detail) from refusal
        yield line, cells
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _decoded(data: bytes) -> tuple[str, str]:
    """UTF-8 with or without mark, GB18030, or the UTF-16 that Excel calls Unicode text."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in chain(["utf-16"] if utf16 else [], ["utf-8-sig", "gb18030"]):
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refuse("encoding", "看不懂文件的文字编码。请另存为 UTF-8 编码的 .csv，或改用 .xlsx 导入。")
