"""Waybills out to a carrier's portal as a table, and back: layouts as data, rows from bytes. No database.

A layout says which columns the portal's batch file has and by which headings its answer is known. Those of the house lie in
``layouts/``; an office's own in the folder ``waybill-layouts`` of the data folder, a file of the same name goes before.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import Fault, Invalid, Rejected
from ..export import Table
from ..intake.cells import as_written, is_damaged, is_empty
from ..intake.files import HEADER_WITHIN, open_source

__all__ = [
    "MAX_ROWS",
    "OWN_FOLDER",
    "Answer",
    "SentOut",
    "WaybillLayout",
    "load_layouts",
    "read_answer",
    "write_request",
]

MAX_ROWS: Final = 5000
OWN_FOLDER: Final = "waybill-layouts"
_HOUSE: Final = Path(__file__).parent / "layouts"
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_MOBILE: Final = re.compile(r"1[0-9]{10}\Z", re.ASCII)
Name = Annotated[str, Field(min_length=1, max_length=60)]


@dataclass(frozen=True)
class SentOut:
    """One waiting envelope with everything that the carrier must know. Regions: province, city, county, town.
    ``payer``: office | recipient."""

    order_no: str
    sender_name: str
    sender_phone: str
    sender_region: Sequence[str]
    sender_address: str
    recipient: str
    organization: str
    phone: str
    region: Sequence[str]
    address: str
    count: int
    payer: str


class _Answers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Annotated[tuple[Name, ...], Field(min_length=1)]
    number: Annotated[tuple[Name, ...], Field(min_length=1)]


class WaybillLayout(BaseModel):
    """A portal's file: ``columns`` are pairs of heading and wording, ``{…}`` in it a value of the envelope."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    sheet: Name
    columns: Annotated[tuple[tuple[Name, str], ...], Field(min_length=2, max_length=80)]
    payer: dict[str, str] = {"office": "寄付", "recipient": "到付"}
    answer: _Answers


# -- layouts -----------------------------------------------------------------------------------------------------------
def load_layouts(data_dir: Path) -> dict[str, WaybillLayout]:
    """Every layout by the name of its file, those of the office first. ``Rejected`` names the file at fault and why."""
    found: dict[str, WaybillLayout] = {}
    for folder in (data_dir / OWN_FOLDER, _HOUSE):
        for path in sorted(folder.glob("*.toml"), key=lambda one: (one.stem != "ems-portal", one.stem)):
            if path.stem not in found:
                found[path.stem] = _read(path)
    return found


def _read(path: Path) -> WaybillLayout:
    try:
        layout = WaybillLayout.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as fault:
        raise _bad(path, str(fault).splitlines()[0]) from fault
    headings = [heading for heading, _ in layout.columns]
    if len(set(headings)) < len(headings):
        raise _bad(path, "有两列同名")
    used = {name for _, wording in layout.columns for name in _PLACEHOLDER.findall(wording)}
    unknown = used - set(_values(_SAMPLE, layout))
    if unknown:
        raise _bad(path, f"不认识 {'、'.join(sorted(unknown))}")
    return layout


def _bad(path: Path, why: str) -> Rejected:
    return Rejected("waybill_layout", f"运单表的格式文件 {path.name} 有误：{why}。请改好，或先移走这个文件。")


# -- out ---------------------------------------------------------------------------------------------------------------
def write_request(layout: WaybillLayout, rows: Sequence[SentOut]) -> Table:
    """The batch file for the portal: persons in full, since the carrier must find them."""
    lines = [[_filled(wording, _values(row, layout)) for _, wording in layout.columns] for row in rows]
    return Table(layout.sheet, [heading for heading, _ in layout.columns], lines)


def _filled(wording: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], wording)


def _values(row: SentOut, layout: WaybillLayout) -> dict[str, str]:
    region = [*row.region, "", "", "", ""]
    here = [*row.sender_region, "", "", "", ""]
    return {
        "order_no": row.order_no, "sender_name": row.sender_name, "sender_province": here[0], "sender_city": here[1],
        "sender_county": here[2], "sender_address": row.sender_address, "recipient": row.recipient,
        "organization": row.organization, "province": region[0], "city": region[1], "county": region[2],
        "town": region[3], "address": row.address, "contents": "文件", "count": str(row.count),
        "payer": layout.payer.get(row.payer, ""), "remark": "政务专递", **_phones("sender_", row.sender_phone),
        **_phones("", row.phone),
    }  # fmt: skip


def _phones(prefix: str, phone: str) -> dict[str, str]:
    mobile = bool(_MOBILE.match(phone))
    return {f"{prefix}mobile": phone if mobile else "", f"{prefix}phone": "" if mobile else phone}


_SAMPLE: Final = SentOut("", "", "", (), "", "", "", "", (), "", 1, "office")


# -- back --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    """One line of an answer: our order number, the carrier's number as text. ``damaged``: a spreadsheet spoiled it."""

    line: int
    order_no: str
    number: str
    damaged: bool = False


def read_answer(layouts: Mapping[str, WaybillLayout], filename: str, data: bytes) -> list[Answer]:
    """Every line that names an order, from .xlsx or .csv (UTF-8 or GBK), by the headings of any layout; without a number
    where the carrier gave none. ``Invalid`` for a file that is no answer."""
    rows = open_source(PurePath(filename).suffix.lower(), data).rows()
    orders = {_plain(name) for one in layouts.values() for name in one.answer.order}
    numbers = {_plain(name) for one in layouts.values() for name in one.answer.number}
    for _, cells in islice(rows, HEADER_WITHIN):
        names = [_plain(cell) for cell in cells]
        order = next((place for place, name in enumerate(names) if name in orders), None)
        number = next((place for place, name in enumerate(names) if name in numbers), None)
        if order is not None and number is not None:
            return list(_answers(rows, order, number))
    raise Invalid([Fault("", "headings", _no_header(layouts))], "headings")


def _no_header(layouts: Mapping[str, WaybillLayout]) -> str:
    orders = dict.fromkeys(name for one in layouts.values() for name in one.answer.order)
    numbers = dict.fromkeys(name for one in layouts.values() for name in one.answer.number)
    listed = f"要有一列订单号（{'、'.join(orders)}）和一列运单号（{'、'.join(numbers)}）"
    return f"没有找到表头：{listed}。请用下载的表，或平台导出的结果。"


def _answers(rows: Iterator[tuple[int, Sequence[object]]], order: int, number: int) -> Iterator[Answer]:
    count = 0
    for line, cells in rows:
        given = [*cells, *[None] * (max(order, number) + 1 - len(cells))]
        if is_empty(given[order]):
            continue
        count += 1
        if count > MAX_ROWS:
            raise Invalid([Fault("", "too_large", f"一次最多 {MAX_ROWS} 行，请分成几个文件。")], "too_large")
        spoiled = is_damaged(given[order]) or is_damaged(given[number])
        yield Answer(line, _code(given[order]), _code(given[number]), spoiled)


def _code(cell: object) -> str:
    """As it is stored: half-width capitals without blanks."""
    return "".join(unicodedata.normalize("NFKC", str(as_written(cell))).upper().split())


def _plain(cell: object) -> str:
    text = unicodedata.normalize("NFKC", str(cell)) if isinstance(cell, str) else ""
    return "".join(ch for ch in text if not ch.isspace() and ch not in "*:")
