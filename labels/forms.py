"""What the sheets that people fill in and sign share: cells with a label, boxes to tick, lines to sign on, barcodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from labels.sheet import SAMPLE_MARK, SPACING, Box, DoesNotFit, Sheet, grouped, plain

__all__ = [
    "MARGIN",
    "SMALLEST",
    "Choice",
    "cell",
    "code",
    "date_line",
    "heading",
    "paragraph",
    "sample_foot",
    "sign_line",
    "ticks",
    "value_in",
]

MARGIN: Final = 14.0
#: points; below that nobody reads it at a counter
SMALLEST: Final = 5.5
BOX: Final = 3.4
LABEL_SIZE: Final = 9.5
POINT_MM: Final = 25.4 / 72

#: what stands beside a box to tick, and whether it is ticked already
Choice = tuple[str, bool]


def heading(sheet: Sheet, box: Box, text: str) -> None:
    """A section's heading, at the left, bold."""
    sheet.one_line(box, text, "heading", size=11.5, minimum=7, face="serif_bold")


def value_in(
    sheet: Sheet, box: Box, text: str, field: str, *, size: float = 11, minimum: float = SMALLEST
) -> None:
    """A value in mid-height of its cell: one line while it can be read easily, else wrapped; DoesNotFit names `field`."""
    if not plain(text):
        return
    if sheet.width_of(text, 8.5) <= box.width:
        sheet.one_line(box, text, field, size=size, minimum=min(8.0, box.height / POINT_MM / SPACING))
        return
    points = size
    while points >= minimum:
        lines = sheet.wrap(text, points, box.width)
        height = len(lines) * sheet.line_height(points)
        if height <= box.height:
            sheet.lines(box.x, box.y + (box.height - height) / 2, lines, points)
            return
        points -= 0.5
    raise DoesNotFit(field)


def cell(sheet: Sheet, box: Box, label: str, text: str, field: str, label_width: float = 24.0) -> Box:
    """A framed cell with its label at the left; returns the room of the value, for what is drawn there by hand."""
    sheet.frame(box, dots=1)
    name = Box(box.x, box.y, label_width, box.height)
    lines = sheet.wrap(label, LABEL_SIZE, label_width - 2)
    height = len(lines) * sheet.line_height(LABEL_SIZE)
    top = box.y + (box.height - height) / 2
    for line in lines:
        top += sheet.text(box.x + label_width / 2, top, line, LABEL_SIZE, align="centre")
    sheet.rule(name.right, box.y, name.right, box.bottom, dots=1)
    room = Box(name.right + 1.5, box.y + 0.6, box.width - label_width - 3, box.height - 1.2)
    value_in(sheet, room, text, field)
    return room


def code(sheet: Sheet, box: Box, label: str, number: str, field: str) -> None:
    """Code 128 with its number beneath; a number too long for readable bars stands as text alone. Nothing for none."""
    if not number:
        return
    bars = Box(box.x, box.y, box.width, box.height - 5)
    try:
        sheet.barcode(bars, number, field)
    except (DoesNotFit, ValueError):
        bars = Box(box.x, box.y, box.width, 0)
    text = Box(box.x, bars.bottom + 0.5, box.width, box.bottom - bars.bottom - 0.5)
    sheet.one_line(
        text, f"{label} {grouped(number)}".strip(), field, size=9, minimum=SMALLEST, align="centre"
    )


def ticks(
    sheet: Sheet, box: Box, choices: Sequence[Choice], field: str, *, size: float = 10, gap: float = 4.5
) -> float:
    """Boxes to tick with their words, wrapped to lines; returns the height used. DoesNotFit where it is too much."""
    step = max(sheet.line_height(size) + 0.8, BOX + 1)
    x, y = box.x, box.y
    for words, ticked in choices:
        width = BOX + 1.2 + sheet.width_of(words, size)
        if x > box.x and x + width > box.right:
            x, y = box.x, y + step
        if y + step > box.bottom + 0.6 or x + width > box.right + 0.1:
            raise DoesNotFit(field)
        _tick(sheet, x, y + (step - BOX) / 2, ticked)
        sheet.text(x + BOX + 1.2, y + (step - sheet.line_height(size)) / 2, words, size)
        x += width + gap
    return y + step - box.y


def _tick(sheet: Sheet, x: float, y: float, ticked: bool) -> None:
    """A box; the mark in it is drawn, because not every printer's face has one."""
    sheet.frame(Box(x, y, BOX, BOX))
    if ticked:
        sheet.rule(x + 0.6, y + BOX * 0.5, x + BOX * 0.42, y + BOX - 0.6, dots=4)
        sheet.rule(x + BOX * 0.42, y + BOX - 0.6, x + BOX - 0.4, y + 0.5, dots=4)


def sign_line(sheet: Sheet, x: float, y: float, label: str, width: float, *, size: float = 10) -> float:
    """A label and a line to write on, `width` in all; returns the right end of the line."""
    sheet.text(x, y, label, size)
    start = x + sheet.width_of(label, size) + 1
    sheet.rule(start, y + sheet.line_height(size), x + width, y + sheet.line_height(size), dots=1)
    return x + width


def date_line(
    sheet: Sheet, x: float, y: float, label: str = "日期", *, size: float = 10, gap: float = 9
) -> None:
    """Room for a date by hand: 年, 月 and 日 with `gap` millimetres to write before each, more before the year."""
    x += sheet.width_of(f"{label}：", size) if label else 0.0
    if label:
        sheet.text(x, y, f"{label}：", size, align="right")
    for word, room in (("年", gap * 1.5), ("月", gap), ("日", gap)):
        sheet.text(x + room, y, word, size)
        x += room + sheet.width_of(word, size)


def paragraph(sheet: Sheet, box: Box, sentences: Sequence[str], field: str, *, size: float) -> float:
    """Sentences below each other, each wrapped, all at the largest common size; returns the height used."""
    points = size
    while points >= SMALLEST:
        lines = [line for part in sentences for line in sheet.wrap(part, points, box.width)]
        if len(lines) * sheet.line_height(points) <= box.height:
            return sheet.lines(box.x, box.y, lines, points)
        points -= 0.5
    raise DoesNotFit(field)


def sample_foot(sheet: Sheet, sample: bool, *, below: float = 9.0) -> None:
    """The mark of a sample, on every page that is one."""
    if sample:
        sheet.text(sheet.width / 2, sheet.height - below, SAMPLE_MARK, 8.5, align="centre")
