"""Tables out of the house: one door for every list that leaves as Excel or CSV.

No cell can become a formula in the reader's spreadsheet, whoever typed it (``docs/adr/0013-files-out.md``). The bytes
depend on the table alone: made again, a file is the same file.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from .calendar import local_time

__all__ = [
    "FORMS",
    "MAX_ROWS",
    "Cell",
    "Form",
    "Table",
    "defused",
    "export_table",
    "file_name",
    "restored",
]

Cell = str | int | float | date | datetime | None

#: rows that a sheet can hold below its heading
MAX_ROWS: Final = 1_048_575
#: what makes a spreadsheet take a cell for a formula or a command (OWASP, CSV Injection), and the apostrophe that we put
#: before it, which must be told from one that was there
_TRIGGERS: Final = frozenset("=+-@\t\r\n＝＋－＠'")
_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_FILE_NAME: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
#: moments that openpyxl writes into a workbook by itself
_STAMPS: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_STAMP: Final = rb"\g<1>2000-01-01T00:00:00Z"
_WIDEST: Final = 48


@dataclass(frozen=True)
class Form:
    """A kind of file: ``word`` on screen, ``suffix`` of the name, media type."""

    word: str
    suffix: str
    media_type: str


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "xlsx": Form("Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "csv": Form("CSV（UTF-8）", ".csv", "text/csv; charset=utf-8"),
        "csv-gbk": Form("CSV（GBK）", ".csv", "text/csv; charset=gb18030"),
        "jsonl": Form("JSON 行", ".jsonl", "application/x-ndjson"),
    }
)


@dataclass(frozen=True)
class Table:
    """What a list shows: ``title`` names sheet and file; rows are as wide as the headings. ``keys``: names of the columns
    for programs (``jsonl``); without them the headings are used."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    keys: Sequence[str] = ()


def export_table(table: Table, form: str) -> bytes:
    """The table as ``xlsx``, ``csv`` (UTF-8 with byte order mark), ``csv-gbk`` (GB18030) or ``jsonl``.

    Raises ``KeyError`` for another form, ``ValueError`` where a row does not fit the headings or there are too many.
    """
    if len(table.rows) > MAX_ROWS:
        raise ValueError(f"{len(table.rows)} rows do not fit on a sheet")
    if any(len(row) != len(table.headings) for row in table.rows):
        raise ValueError("a row is not as wide as the headings")
    return {"xlsx": _xlsx, "csv": _csv_utf8, "csv-gbk": _csv_gbk, "jsonl": _jsonl}[form](table)


def file_name(title: str, day: date, form: str) -> str:
    """``待出件办件-20261125.xlsx``; what a file system refuses is left out."""
    return f"{_FILE_NAME.sub('', title)[:80]}-{day:%Y%m%d}{FORMS[form].suffix}"


# -- cells -----------------------------------------------------------------------------------------------------------
def defused(text: str) -> str:
    """The text as a spreadsheet shall be given it in CSV: with an apostrophe before what it would compute."""
    return f"'{text}" if text[:1] in _TRIGGERS and text else text


def restored(text: str) -> str:
    """What ``defused`` was given."""
    return text[1:] if text[:1] == "'" and text[1:2] in _TRIGGERS and text[1:] else text


def _plain(value: Cell) -> str | int | float:
    """Moments as the clock on the wall here, days as 2026-11-25, text without control characters."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{local_time(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return "".join(ch for ch in value if ch in "\t\n" or unicodedata.category(ch) not in ("Cc", "Cs"))
    return value


# -- text ------------------------------------------------------------------------------------------------------------
def _csv(table: Table) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in (table.headings, *table.rows):
        plain = (_plain(value) for value in row)
        writer.writerow([defused(value) if isinstance(value, str) else value for value in plain])
    return text.getvalue()


def _csv_utf8(table: Table) -> bytes:
    return _csv(table).encode("utf-8-sig")


def _csv_gbk(table: Table) -> bytes:
    return _csv(table).encode("gb18030")


def _jsonl(table: Table) -> bytes:
    keys = tuple(table.keys) or tuple(table.headings)
    lines = (
        dict(zip(keys, [None if v is None else _plain(v) for v in row], strict=True)) for row in table.rows
    )
    return "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
    ).encode()


# -- workbook --------------------------------------------------------------------------------------------------------
def _xlsx(table: Table) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET_NAME.sub("", table.title)[:31] or "导出")
    rows = [[_plain(value) for value in row] for row in table.rows]
    _lay_out(sheet, table.headings, rows)
    sheet.append([_head(sheet, heading) for heading in table.headings])
    for row in rows:
        sheet.append([_cell(sheet, value) if value != "" else None for value in row])
    if rows and table.headings:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.headings))}{len(rows) + 1}"
    out = io.BytesIO()
    book.save(out)
    return _without_time(out.getvalue())


def _lay_out(sheet: Any, headings: Sequence[str], rows: Sequence[Sequence[str | int | float]]) -> None:
    """Columns as wide as what stands in them; printed across, on as many pages as it takes, numbered."""
    for place, heading in enumerate(headings):
        texts = [heading, *(str(row[place]) for row in rows[:200])]
        widest = max(_columns(line) for text in texts for line in text.split("\n"))
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(_WIDEST, max(8, widest + 3))
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def _head(sheet: Any, heading: str) -> Any:
    cell = _cell(sheet, heading)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EAF1F8")
    return cell


def _cell(sheet: Any, value: str | int | float) -> Any:
    """Text is text: the type says so, the format says so, and where a spreadsheet would compute it on the next edit the
    quote prefix says so."""
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", "@"
        cell.alignment = Alignment(vertical="top", wrap_text="\n" in value or len(value) > _WIDEST // 2)
        if value[:1] in _TRIGGERS and value:
            cell.quotePrefix = True
    return cell


def _without_time(data: bytes) -> bytes:
    """The same workbook with the moments of its making taken out, so that equal tables are equal files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "docProps/core.xml":
                content = _STAMPS.sub(_STAMP, content)
            entry = zipfile.ZipInfo(part)  # 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return out.getvalue()
