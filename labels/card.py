"""速查卡: one A4 sheet for the wall beside a desk: numbered boxes in two columns, a heading and short lines each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, Box, DoesNotFit, Sheet, plain

__all__ = ["CardBox", "CardRecord", "render_card"]

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
MARGIN: Final = 11.0
GUTTER: Final = 5.0
TOP: Final = 31.0
FOOT: Final = 16.0
PAD: Final = 3.0
GAP: Final = 3.5
HEADING: Final = 1.35
LARGEST: Final = 13.5
SMALLEST: Final = 7.5


@dataclass(frozen=True)
class CardBox:
    """One act: a heading and what to do, a sentence a line."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class CardRecord:
    """A card. ``boxes`` fill the left column from the top, then the right one."""

    title: str
    operator: str
    phone: str
    boxes: tuple[CardBox, ...]
    foot: str = ""
    sample: bool = True


@dataclass(frozen=True)
class _Laid:
    """A box with its lines broken; ``height`` in millimetres."""

    number: int
    box: CardBox
    lines: tuple[str, ...]
    height: float


def render_card(record: CardRecord, book: FontBook) -> bytes:
    """The card as a one-page A4 PDF, all text at the largest common size that fits; the same record gives the same
    bytes. Raises MissingGlyph, and DoesNotFit when it is too much for one page."""
    sheet = Sheet(book, WIDTH, HEIGHT, record.title)
    _head(sheet, record)
    size = LARGEST
    while size >= SMALLEST:
        columns = _columns(sheet, record.boxes, size)
        if columns is not None:
            _draw(sheet, columns, size)
            _foot(sheet, record)
            return sheet.finish()
        size -= 0.25
    raise DoesNotFit("boxes")


def _head(sheet: Sheet, record: CardRecord) -> None:
    wide = WIDTH - 2 * MARGIN
    sheet.one_line(Box(MARGIN, 8, wide, 12), record.title, "title", size=24, minimum=14, face="serif_bold")
    words = f"{record.operator}　有事打 {record.phone}"
    sheet.one_line(Box(MARGIN, 20, wide, 7), words, "operator", size=12, minimum=6)
    sheet.rule(MARGIN, 28.5, WIDTH - MARGIN, 28.5, dots=5)


def _foot(sheet: Sheet, record: CardRecord) -> None:
    parts = "　".join(part for part in (record.foot, SAMPLE_MARK if record.sample else "") if part)
    if plain(parts):
        box = Box(MARGIN, HEIGHT - FOOT + 3, WIDTH - 2 * MARGIN, 8)
        sheet.one_line(box, parts, "foot", size=9, minimum=6, align="centre")


def _columns(sheet: Sheet, boxes: tuple[CardBox, ...], size: float) -> list[list[_Laid]] | None:
    """Boxes in two columns, None where they do not fit at this size."""
    room = HEIGHT - TOP - FOOT
    columns: list[list[_Laid]] = [[]]
    used = 0.0
    for number, box in enumerate(boxes, 1):
        laid = _lay(sheet, number, box, size)
        if columns[-1] and used + laid.height > room:
            columns.append([])
            used = 0.0
        columns[-1].append(laid)
        used += laid.height + GAP
        if laid.height > room or len(columns) > 2:
            return None
    return columns


def _lay(sheet: Sheet, number: int, box: CardBox, size: float) -> _Laid:
    wide = _column_width() - 2 * PAD
    lines = tuple(line for text in box.lines for line in sheet.wrap(f"· {text}", size, wide))
    height = 2 * PAD + sheet.line_height(size * HEADING) + 1 + len(lines) * sheet.line_height(size)
    return _Laid(number, box, lines, height)


def _column_width() -> float:
    return (WIDTH - 2 * MARGIN - GUTTER) / 2


def _draw(sheet: Sheet, columns: list[list[_Laid]], size: float) -> None:
    for at, column in enumerate(columns):
        left, top = MARGIN + at * (_column_width() + GUTTER), TOP
        for laid in column:
            sheet.frame(Box(left, top, _column_width(), laid.height), dots=2)
            heading = Box(left + PAD, top + PAD, _column_width() - 2 * PAD, sheet.line_height(size * HEADING))
            words = f"{laid.number}  {laid.box.heading}"
            sheet.one_line(heading, words, "heading", size=size * HEADING, minimum=8, face="serif_bold")
            sheet.lines(left + PAD, heading.bottom + 1, laid.lines, size)
            top += laid.height + GAP
