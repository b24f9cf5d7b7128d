"""Waybills out to Excel and back: the file for a carrier that is told nothing electronically. Pure, bytes to rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ..errors import Fault, Invalid
from ..export import Table, export_table

__all__ = ["MAX_BYTES", "MAX_ROWS", "SentOut", "read_numbers", "write_waiting"]

MAX_BYTES: Final = 5 * 1024 * 1024
#: unpacked size: a small archive can hold a very large sheet
MAX_UNPACKED: Final = 60 * 1024 * 1024
MAX_ROWS: Final = 5000
_ID: Final = "寄递件编号"
_NUMBER: Final = "运单号"
_HEADINGS: Final = (_ID, "收件人", "收件单位", "电话", "地区", "详细地址", "内件", "份数", "付费", _NUMBER)


@dataclass(frozen=True)
class SentOut:
    """One waiting envelope with everything the carrier must know."""

    consignment_id: str
    name: str
    organization: str
    phone: str
    region: str
    address: str
    count: int
    payer: str


def write_waiting(rows: Sequence[SentOut]) -> bytes:
    """The file for the carrier; the last column waits for its numbers."""
    lines = [
        (r.consignment_id, r.name, r.organization, r.phone, r.region, r.address, "文件", r.count, r.payer, "")
        for r in rows
    ]
    return export_table(Table("待寄清单", _HEADINGS, lines), "xlsx")


def read_numbers(data: bytes) -> list[tuple[int, str, str]]:
    """``(row, consignment id, waybill number)`` of every row that has a number; ``Invalid`` for another file."""
    if len(data) > MAX_BYTES:
        raise _unreadable("too_large", "文件超过 5 MB，请只保留待登记的行。")
    try:
        _refuse_bomb(data)
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
        try:
            return list(_numbers(book.worksheets[0].iter_rows(values_only=True, max_row=MAX_ROWS + 1)))
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        OSError,
    ) as fault:
        raise _unreadable("unreadable", "无法读取这个文件，请使用导出的 xlsx 文件登记运单号。") from fault


def _refuse_bomb(data: bytes) -> None:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
            raise ValueError("unpacked size")


def _numbers(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, str, str]]:
    heads = [_text(cell) for cell in next(rows, ())]
    if _ID not in heads or _NUMBER not in heads:
        raise _unreadable("headings", f"表头应有“{_ID}”和“{_NUMBER}”两列，请使用导出的文件。")
    at_id, at_number = heads.index(_ID), heads.index(_NUMBER)
    for line, row in enumerate(rows, 2):
        cells = [_text(cell) for cell in row] + [""] * len(heads)
        if cells[at_id] and cells[at_number]:
            yield line, cells[at_id], cells[at_number]


def _text(cell: object) -> str:
    """A 13-digit number typed into Excel comes back as 1.1e12: as the whole number it is."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _unreadable(code: str, detail: str) -> Invalid:
    return Invalid([Fault("", code, detail)])
