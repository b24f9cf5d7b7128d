"""A list to work with by hand: what it is about, its number as a barcode, rows, room for signatures. A4, either way up.

内部交接单, 交接班单 and the day's register 当日登记单 are such lists; each says which columns it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.code128 import encode, fitting_dots
from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, SPACING, Box, DoesNotFit, Sheet, grouped

__all__ = ["Column", "ListRecord", "render_list"]

SIDE: Final = 10.0
FOOT: Final = 14.0
FIRST_TOP: Final = 40.0
NEXT_TOP: Final = 22.0
HEAD_ROW: Final = 7.0
TEXT: Final = 8.5
SMALLEST: Final = 5.0
MOST_LINES: Final = 4
POINT_MM: Final = 25.4 / 72
SIGNATURES: Final = 26.0


@dataclass(frozen=True)
class Column:
    """``width`` in millimetres; the widths of a list add up to 190 upright, 277 lying. ``bars``: the text as Code 128 with
    itself below, or alone where it is too long for readable bars."""

    heading: str
    width: float
    bars: bool = False
    centred: bool = False


@dataclass(frozen=True)
class ListRecord:
    """``facts``: lines below the title, label and text. ``rows``: one text for each column, empty for what is filled in by
    hand. ``least``: height of a row in millimetres. ``signers``: whose signatures close the list."""

    title: str
    number: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    signers: tuple[tuple[str, str], ...] = ()
    note: str = ""
    mark: str = ""
    lying: bool = False
    least: float = 8.0
    sample: bool = True


@dataclass(frozen=True)
class _Laid:
    texts: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    height: float


class _Page:
    """The sheet with the measures of its way up."""

    def __init__(self, record: ListRecord, book: FontBook) -> None:
        self.width, self.height = (297.0, 210.0) if record.lying else (210.0, 297.0)
        self.sheet = Sheet(book, self.width, self.height, record.title)
        self.record = record
        self.right, self.bottom = self.width - SIDE, self.height - FOOT
        lefts = [SIDE]
        for column in record.columns:
            lefts.append(lefts[-1] + column.width)
        self.edges = tuple(lefts)


def render_list(record: ListRecord, book: FontBook) -> bytes:
    """The list as PDF; the same record gives the same bytes. ``MissingGlyph``; ``DoesNotFit`` for a heading or row that
    is larger than its place."""
    page = _Page(record, book)
    pages = _paginate(page, [_lay(page, at, row) for at, row in enumerate(record.rows)])
    for index, rows in enumerate(pages):
        if index:
            page.sheet.next_page()
        top = _head(page, first=index == 0)
        if rows or index == 0:
            top = _table(page, top, rows)
        if index == len(pages) - 1:
            _ending(page, top)
        _foot(page, index + 1, len(pages))
    return page.sheet.finish()


def _lay(page: _Page, at: int, row: Sequence[str]) -> _Laid:
    cells = []
    for column, text in zip(page.record.columns, row, strict=True):
        bars = column.bars and _bars_fit(text, column)
        lines = [] if bars else page.sheet.wrap(text, TEXT, column.width - 2)
        if len(lines) > MOST_LINES:
            raise DoesNotFit(f"rows/{at}/{column.heading}")
        cells.append(tuple(lines))
    high = max(len(cell) for cell in cells)
    return _Laid(tuple(row), tuple(cells), max(page.record.least, high * TEXT * SPACING * POINT_MM + 2))


def _bars_fit(text: str, column: Column) -> bool:
    """Whether the text makes readable bars in this column; else it stands there as text alone."""
    try:
        fitting_dots(encode(text), column.width)
    except ValueError:  # BarcodeTooWide is one
        return False
    return True


def _paginate(page: _Page, rows: Sequence[_Laid]) -> list[list[_Laid]]:
    pages: list[list[_Laid]] = [[]]
    top = FIRST_TOP + HEAD_ROW
    for row in rows:
        if top + row.height > page.bottom:
            pages.append([])
            top = NEXT_TOP + HEAD_ROW
        pages[-1].append(row)
        top += row.height
    if page.record.signers and top + SIGNATURES > page.bottom:
        pages.append([pages[-1].pop()] if len(pages[-1]) > 1 else [])
    return pages


def _head(page: _Page, *, first: bool) -> float:
    sheet, record = page.sheet, page.record
    number = Box(page.right - 84, 7, 84, 9)
    if record.number:
        sheet.barcode(number, record.number, "number", widest=3)
        below = Box(number.x, number.bottom + 0.6, number.width, 4)
        sheet.one_line(below, grouped(record.number), "number", size=8.5, minimum=SMALLEST, align="centre")
    name = Box(SIDE, 8, page.width - 2 * SIDE - 88, 9)
    title = record.title if first else f"{record.title}（续）"
    sheet.one_line(name, title, "title", size=17 if first else 12, minimum=8, face="serif_bold")
    if not first:
        return NEXT_TOP
    top = 18.5
    for label, text in record.facts:
        room = Box(SIDE, top, page.width - 2 * SIDE - (88 if top < 22 else 0), 5)
        sheet.line_or_block(room, f"{label}：{text}", label, size=9.5)
        top += 5.2
    return FIRST_TOP


def _table(page: _Page, top: float, rows: Sequence[_Laid]) -> float:
    sheet, start = page.sheet, top
    sheet.rule(SIDE, top, page.edges[-1], top, dots=3)
    for column, left in zip(page.record.columns, page.edges, strict=False):
        cell = Box(left, top, column.width, HEAD_ROW).inset(0.5, 0)
        sheet.one_line(cell, column.heading, column.heading, size=9, minimum=SMALLEST, align="centre")
    top += HEAD_ROW
    sheet.rule(SIDE, top, page.edges[-1], top, dots=3)
    for row in rows:
        _row(page, top, row)
        top += row.height
        sheet.rule(SIDE, top, page.edges[-1], top)
    for edge in page.edges:
        sheet.rule(edge, start, edge, top)
    return top


def _row(page: _Page, top: float, row: _Laid) -> None:
    sheet = page.sheet
    for column, left, text, lines in zip(page.record.columns, page.edges, row.texts, row.cells, strict=False):
        if column.bars and text and not lines:
            bars = Box(left, top + 1.2, column.width, row.height - 6)
            sheet.barcode(bars, text, column.heading, widest=2)
            below = Box(left, top + row.height - 4.6, column.width, 4)
            sheet.one_line(below, grouped(text), column.heading, size=8, minimum=SMALLEST - 1, align="centre")
        elif column.centred and len(lines) == 1:
            cell = Box(left, top, column.width, row.height).inset(0.5, 0)
            sheet.one_line(cell, text, column.heading, size=9, minimum=SMALLEST, align="centre")
        else:
            sheet.lines(left + 1, top + 1, lines, TEXT)


def _ending(page: _Page, top: float) -> None:
    sheet, record = page.sheet, page.record
    if record.note:
        room = Box(SIDE, top + 1.2, page.right - SIDE, 4)
        if top + 6 < page.bottom:
            sheet.line_or_block(room, record.note, "note", size=8)
    if not record.signers:
        return
    gap, count = 4.0, len(record.signers)
    width = (page.right - SIDE - gap * (count - 1)) / count
    for at, (side, name) in enumerate(record.signers):
        box = Box(SIDE + at * (width + gap), top + 6, width, 19)
        sheet.frame(box)
        sheet.block(
            Box(box.x + 2, box.y + 1, box.width - 4, 7), side, "signer", size=9, minimum=6, shorten=True
        )
        for down, label, text in ((8, "签名", name), (13.5, "时间", "")):
            sheet.text(box.x + 2, box.y + down, label, 9)
            sheet.rule(box.x + 12, box.y + down + 4.3, box.right - 3, box.y + down + 4.3, dots=1)
            if text:
                sheet.line_or_block(
                    Box(box.x + 13, box.y + down - 0.4, box.width - 17, 4.6), text, "name", size=9
                )


def _foot(page: _Page, number: int, count: int) -> None:
    sheet, top = page.sheet, page.height - 11
    sheet.text(page.width / 2, top, f"第 {number} 页 / 共 {count} 页", 8.5, align="centre")
    if page.record.mark:
        sheet.text(SIDE, top, page.record.mark, 8.5)
    if page.record.sample:
        sheet.text(page.right, top, SAMPLE_MARK, 8.5, align="right")
