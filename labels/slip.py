"""取件架位单: hangs on an envelope that waits at the counter, says where it lies and what to ask its
collector for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, Box, DoesNotFit, Sheet, grouped, plain

__all__ = ["SlipRecord", "SlipSize", "compose_slip", "render_slip"]

SlipSize = Literal["100x150", "A5"]
_SIZES: Final[Mapping[SlipSize, tuple[float, float]]] = MappingProxyType(
    {"100x150": (100.0, 150.0), "A5": (148.0, 210.0)}
)
MARGIN: Final = 5.0
SMALLEST: Final = 5.5


@dataclass(frozen=True)
class SlipRecord:
    """`ask_for`: what the clerk asks the collector to show, one sentence each. `qr_text` is the
    consignment's.
    """

    operator: str
    shelf_place: str
    name_masked: str
    acceptance_no: str
    qr_text: str
    ask_for: tuple[str, ...]
    organization: str = ""
    phone_masked: str = ""
    count_text: str = ""
    waiting_since: str = ""
    keep_until: str = ""
    note: str = ""
    sample: bool = True
    mark: str = ""


def render_slip(record: SlipRecord, book: FontBook, size: SlipSize = "100x150") -> bytes:
    """The slip as a one-page PDF, the same bytes for the same record; raises MissingGlyph, DoesNotFit,
    ValueError.
    """
    return compose_slip(record, book, size).finish()


def compose_slip(
    record: SlipRecord, book: FontBook, size: SlipSize = "100x150", *, codes: bool = True
) -> Sheet:
    """The drawn sheet, not yet finished; `codes=False` leaves barcode and QR for the printer to draw."""
    if size not in _SIZES:
        raise ValueError("a slip is 100x150 or A5")
    sheet = Sheet(book, *_SIZES[size], "取件架位单", codes=codes)
    unit = sheet.height / 150  # heights below are those of the smaller sheet
    width = sheet.width - 2 * MARGIN
    _head(sheet, record, Box(MARGIN, 3 * unit, width, 8 * unit))
    place = Box(MARGIN, 12 * unit, width, 27 * unit)
    sheet.frame(place, dots=4)
    if sheet.width_of(record.shelf_place, 18) <= place.width - 4:
        sheet.one_line(
            place.inset(2, 1), record.shelf_place, "shelf_place", size=66, minimum=18, align="centre"
        )
    else:
        sheet.block(place.inset(2, 1), record.shelf_place, "shelf_place", size=18, minimum=SMALLEST)
    _person(sheet, record, Box(MARGIN, 41 * unit, width, 25 * unit))
    _number(sheet, record, Box(0, 67 * unit, sheet.width, 20 * unit))
    _ask(sheet, record, Box(MARGIN, 89 * unit, width, 55 * unit), 30 * unit)
    if record.mark:
        foot = Box(MARGIN, sheet.height - 5 * unit, width * 0.33, 4)
        sheet.one_line(foot, record.mark, "mark", size=8, minimum=SMALLEST)
    if record.sample:
        sheet.text(sheet.width - MARGIN, sheet.height - 5 * unit, SAMPLE_MARK, 8, align="right")
    return sheet


def _head(sheet: Sheet, record: SlipRecord, box: Box) -> None:
    title = Box(box.x, box.y, box.width * 0.4, box.height)
    sheet.one_line(title, "取件架位单", "title", size=15, minimum=8)
    sheet.line_or_block(
        Box(title.right, box.y, box.width - title.width, box.height), record.operator, "operator", size=11
    )


def _person(sheet: Sheet, record: SlipRecord, box: Box) -> None:
    name = Box(box.x, box.y, box.width, box.height * 0.36)
    sheet.one_line(name, f"{record.name_masked}  {record.phone_masked}", "name_masked", size=22, minimum=7)
    facts = "  ".join(
        filter(
            None,
            (
                record.organization,
                record.count_text,
                record.waiting_since and f"{record.waiting_since} 起待领",
                record.keep_until and f"保管到 {record.keep_until}",
            ),
        )
    )
    if plain(facts):
        sheet.block(
            Box(box.x, name.bottom, box.width, box.bottom - name.bottom),
            facts,
            "organization",
            size=13,
            minimum=SMALLEST,
            shorten=True,
        )


def _number(sheet: Sheet, record: SlipRecord, box: Box) -> None:
    """The acceptance number; one too long for readable bars stands as text, the QR leads to it as well."""
    try:
        sheet.barcode(Box(box.x, box.y, box.width, box.height * 0.66), record.acceptance_no, "acceptance_no")
    except DoesNotFit:
        sheet.text(MARGIN, box.y + box.height * 0.3, "统一受理号", 9)
    sheet.one_line(
        Box(MARGIN, box.y + box.height * 0.69, box.width - 2 * MARGIN, box.height * 0.3),
        grouped(record.acceptance_no),
        "acceptance_no",
        size=13,
        minimum=SMALLEST,
        align="centre",
    )


def _ask(sheet: Sheet, record: SlipRecord, box: Box, code: float) -> None:
    sheet.rule(box.x, box.y, box.right, box.y)
    sheet.qr(Box(box.right - code, box.y + 2, code, code), record.qr_text, "qr_text")
    left = box.width - code - 3
    top = box.y + 2 + sheet.text(box.x, box.y + 2, "请领取人出示", 13)
    text = "\n".join(f"{number}. {plain(sentence)}" for number, sentence in enumerate(record.ask_for, 1))
    room = box.bottom - top - 14
    if text:
        _paragraphs(sheet, Box(box.x, top, left, room), text)
    if record.note:
        sheet.block(
            Box(box.x, box.bottom - 13, box.width, 7),
            record.note,
            "note",
            size=9,
            minimum=SMALLEST,
            shorten=True,
        )
    line = box.bottom - 0.5
    sheet.text(box.x, line - 5, "领取人签名", 9)
    sheet.rule(box.x + 19, line, box.right, line, dots=1)


def _paragraphs(sheet: Sheet, box: Box, text: str) -> None:
    """All sentences at the largest common size; what a collector must show is never cut."""
    size = 14.0
    while size >= SMALLEST:
        lines = [line for part in text.split("\n") for line in sheet.wrap(part, size, box.width)]
        if len(lines) * sheet.line_height(size) <= box.height:
            sheet.lines(box.x, box.y, lines, size)
            return
        size -= 0.5
    raise DoesNotFit("ask_for")
