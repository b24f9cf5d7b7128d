"""工牌: one card in the size of a bank card, printed twice on A4 with cut lines: name, and a barcode for the scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, Box, Sheet

__all__ = ["BadgeRecord", "render_badge"]

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
#: ISO/IEC 7810 ID-1
CARD: Final = (85.6, 54.0)
TOP: Final = 30.0
GAP: Final = 12.0
#: how far a cut line stands out from the corner, and how far away from it
CUT: Final = 6.0
OFF: Final = 1.0


@dataclass(frozen=True)
class BadgeRecord:
    """``code``: what the barcode says, printable ASCII; it stands nowhere in letters."""

    operator: str
    name: str
    role: str
    code: str
    sample: bool = True


def render_badge(record: BadgeRecord, book: FontBook) -> bytes:
    """Two like cards on one A4 page as PDF, one to wear and one to keep; the same record gives the same bytes. Raises
    MissingGlyph, DoesNotFit, and ValueError for a code that no barcode can say."""
    sheet = Sheet(book, WIDTH, HEIGHT, "工牌")
    left = (WIDTH - CARD[0]) / 2
    sheet.one_line(
        Box(left - 30, 12, CARD[0] + 60, 8),
        "沿角线裁下。一张随身带，一张交管理员收好；丢了请管理员换新码。",
        "note", size=11, minimum=8, align="centre",
    )  # fmt: skip
    for at in range(2):
        box = Box(left, TOP + at * (CARD[1] + GAP), *CARD)
        _cut_lines(sheet, box)
        _card(sheet, record, box)
    return sheet.finish()


def _cut_lines(sheet: Sheet, box: Box) -> None:
    """At each corner two strokes, outside the card."""
    for x, out in ((box.x, -1), (box.right, 1)):
        for y in (box.y, box.bottom):
            sheet.rule(x + out * OFF, y, x + out * (OFF + CUT), y)
    for y, out in ((box.y, -1), (box.bottom, 1)):
        for x in (box.x, box.right):
            sheet.rule(x, y + out * OFF, x, y + out * (OFF + CUT - 1))


def _card(sheet: Sheet, record: BadgeRecord, box: Box) -> None:
    inner = box.inset(4, 3)
    sheet.one_line(
        Box(inner.x, inner.y, inner.width, 6), record.operator, "operator", size=11, minimum=6, align="centre"
    )
    place = Box(inner.x, inner.y + 7, inner.width, 14)
    if sheet.width_of(record.name, 12, "serif_bold") <= place.width:
        sheet.one_line(place, record.name, "name", size=28, minimum=12, face="serif_bold", align="centre")
    else:
        sheet.block(place, record.name, "name", size=11, minimum=6)
    words = f"{record.role}　{SAMPLE_MARK}" if record.sample else record.role
    sheet.one_line(
        Box(inner.x, inner.y + 22, inner.width, 5), words, "role", size=10, minimum=6, align="centre"
    )
    sheet.barcode(Box(box.x + 1, inner.y + 29, box.width - 2, 15), record.code, "code", widest=3)
