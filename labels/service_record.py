"""送达情况记录: what the system knows about the service of one document, on one A4 sheet for the file.

It is laid to the signed 送达回证 and says so; it never stands in for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.forms import MARGIN, SMALLEST, cell, code, heading, paragraph, sample_foot
from labels.sheet import Box, DoesNotFit, Sheet

__all__ = ["MOST_STEPS", "ServiceSheet", "render_service_record"]

#: so many steps of the way stand on the sheet; of more, the first and the last ones
MOST_STEPS: Final = 24
_ROW: Final = 10.5
_NOTE: Final = "本记录由系统根据登记和扫描自动生成，随卷附于送达回证之后，不代替受送达人签名的送达回证。"


@dataclass(frozen=True)
class ServiceSheet:
    """All texts ready for print. ``facts``: label and value of what was served, to whom, how, when, by whom;
    ``steps``: the way of the paper, time and words, oldest first; ``receipt``: whether the signed 送达回证 is there."""

    operator: str
    acceptance_no: str
    facts: Sequence[tuple[str, str]]
    steps: Sequence[tuple[str, str]]
    receipt: str
    made: str
    sample: bool = True


def render_service_record(record: ServiceSheet, book: FontBook) -> bytes:
    """One A4 page, the same bytes for the same record; raises MissingGlyph, DoesNotFit."""
    sheet = Sheet(book, 210, 297, "送达情况记录")
    width = sheet.width - 2 * MARGIN
    sheet.one_line(
        Box(MARGIN, 10, width, 6), record.operator, "operator", size=11, minimum=SMALLEST, align="centre"
    )
    sheet.one_line(
        Box(MARGIN, 16, width, 11),
        "送达情况记录",
        "title",
        size=22,
        minimum=12,
        align="centre",
        face="serif_bold",
    )
    code(sheet, Box(MARGIN, 28, width, 15), "统一受理号", record.acceptance_no, "acceptance_no")
    top = 46.0
    for label, value in record.facts:
        height = _height(sheet, value, width - 28)
        cell(sheet, Box(MARGIN, top, width, height), label, value, label, label_width=26)
        top += height
    foot = 262.0
    heading(sheet, Box(MARGIN, top + 4, width, 7), "经过")
    _steps(sheet, Box(MARGIN, top + 12, width, foot - top - 14), _chosen(record.steps))
    paragraph(sheet, Box(MARGIN, foot, width, 12), [f"送达回证：{record.receipt}", _NOTE], "note", size=9.5)
    sheet.one_line(
        Box(MARGIN, foot + 13, width, 5), record.made, "made", size=9, minimum=SMALLEST, align="right"
    )
    sample_foot(sheet, record.sample)
    return sheet.finish()


def _height(sheet: Sheet, value: str, room: float) -> float:
    """One row for what fits a line, more for what is long, at most four."""
    lines = len(sheet.wrap(value, 10, room))
    return min(max(_ROW, lines * 4.6 + 3), 4 * _ROW)


def _chosen(steps: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(steps) <= MOST_STEPS:
        return list(steps)
    left = len(steps) - MOST_STEPS + 1
    half = MOST_STEPS // 2
    return [*steps[:half], ("", f"（中间 {left} 条见系统）"), *steps[-(MOST_STEPS - half - 1) :]]


def _steps(sheet: Sheet, box: Box, steps: Sequence[tuple[str, str]]) -> None:
    """Time and words line by line, all at the largest common size that fits."""
    size, column = 10.0, 34.0
    while size >= SMALLEST:
        step = sheet.line_height(size)
        broken = [(at, sheet.wrap(words, size, box.width - column) or [""]) for at, words in steps]
        if sum(len(lines) * step + 0.8 for _, lines in broken) <= box.height:
            top = box.y
            for at, lines in broken:
                sheet.text(box.x, top, at, size)
                top += sheet.lines(box.x + column, top, lines, size) + 0.8
            return
        size -= 0.5
    raise DoesNotFit("steps")
