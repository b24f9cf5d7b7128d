"""Reading a workbook that may be broken or hostile: sizes are looked at before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ..errors import Fault, Invalid
from ..export import defused
from .cells import Unreadable
from .columns import looks_like_header

__all__ = ["MAX_UNPACKED", "SheetName", "read_sheet", "sheet_names"]

MAX_UNPACKED = 256_000_000
_MAX_PARTS = 2_000
_MAX_RATIO = 500
_LAST_ROW = 1_048_576
_PEEK = 4_096
_HEADER_WITHIN = 10

# Everything that openpyxl, zipfile and the XML parser are known to raise on a damaged file.
_BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

SheetRows = Iterator[tuple[int, Sequence[object]]]


def _broken() -> Invalid:
    return Invalid(
        [Fault("", "bad_workbook", "工作簿打不开，可能已损坏。请用 Excel 打开后另存一份再导入。")],
        "bad_workbook",
    )


@dataclass(frozen=True)
class SheetName:
    """A sheet of a workbook as its tab shows it; ``hidden`` ones are not shown and not read unless named."""

    name: str
    hidden: bool


def sheet_names(data: bytes) -> list[SheetName]:
    """The sheets of a workbook in their order. Raises ``Invalid`` for a broken one."""
    return [SheetName(sheet.title, sheet.sheet_state != "visible") for sheet in _sheets(data)]


def read_sheet(data: bytes, name: str = "") -> SheetRows:
    """Rows with their numbers from the sheet of that name; without one from the first visible sheet that has our header,
    else from the first visible one.

    Formulas are not computed and cached results not trusted: such a cell comes as ``Unreadable``. Raises
    ``Invalid``, for damage further down while rows are taken.
    """
    sheets = _sheets(data)
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"] or sheets
    try:
        if name:
            found = next((sheet for sheet in sheets if sheet.title == name), None)
        else:
            found = next((sheet for sheet in visible if _has_header(sheet)), visible[0])
    except _BROKEN as refusal:
        raise _broken() from refusal
    if found is None:
        raise Invalid([Fault("", "no_sheet", "工作簿里没有这个工作表。请重新选择。")], "no_sheet")
    return _rows(found)


def _sheets(data: bytes) -> list[Any]:
    _look_inside(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")]
    except _BROKEN as refusal:
        raise _broken() from refusal
    if not sheets:
        raise _broken()
    return sheets


def _look_inside(data: bytes) -> None:
    """Refuse archives that unpack to far more than they are, and XML that defines entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            total = sum(part.file_size for part in parts)
            if len(parts) > _MAX_PARTS or total > MAX_UNPACKED or total > _MAX_RATIO * len(data):
                raise Invalid(
                    [Fault("", "too_large", "工作簿展开后太大。请只留要导入的工作表，另存一份再导入。")],
                    "too_large",
                )
            if any(_defines_entities(archive, part) for part in parts):
                raise _broken()
    except _BROKEN as refusal:
        raise _broken() from refusal


def _defines_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as stream:
        head = stream.read(_PEEK).upper()
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head


def _has_header(sheet: object) -> bool:
    for number, cells in _rows(sheet):
        if looks_like_header(cells):
            return True
        if number >= _HEADER_WITHIN:
            return False
    return False


def _rows(sheet: object) -> SheetRows:
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    try:
        for number, cells in enumerate(sheet.iter_rows(), 1):  # type: ignore[attr-defined]
            if number > _LAST_ROW:
                raise _broken()
            yield number, [_value(cell) for cell in cells]
    except _BROKEN as refusal:
        raise _broken() from refusal


def _value(cell: object) -> object:
    kind, value = getattr(cell, "data_type", "n"), getattr(cell, "value", None)
    if kind == "f":
        return Unreadable("formula")
    if kind == "e":
        return Unreadable("cell_error")
    return _as_typed(cell, value) if isinstance(value, str) else value


def _as_typed(cell: object, text: str) -> str:
    """The text with the apostrophe that was typed before it in Excel, which keeps it there as a style only."""
    marked = defused(text)
    style = getattr(cell, "style_array", None)
    return marked if marked != text and style is not None and style.quotePrefix else text
