"""What printing adds in the margin of a sheet that is never changed itself: empty pages with a few words at the edge.

The pages of the sealed file are laid onto these. The words stand where no layout of ours draws: the corners at the
top, the right third at the foot, each eight millimetres or more from the paper's edge at the side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.sheet import Box, Sheet

__all__ = ["Margin", "render_margins"]

SIDE: Final = 11.5
#: printers leave four to five millimetres white
TOP: Final = 5.2
FOOT: Final = 4.9
LINE: Final = 3.6
SIZE: Final = 8.5
SMALLEST: Final = 5.0


@dataclass(frozen=True)
class Margin:
    """One page: its size in millimetres, ``code`` top left, ``mark`` top right, ``note`` at the foot, right."""

    width: float
    height: float
    code: str
    mark: str
    note: str = ""


def render_margins(pages: Sequence[Margin], book: FontBook) -> bytes:
    """One PDF page for each, of exactly its size; printers are told not to scale and to print one side.

    Raises MissingGlyph, DoesNotFit.
    """
    sheet = Sheet(book, pages[0].width, pages[0].height, "打印")
    sheet.canvas.setViewerPreference("Duplex", "Simplex")
    for at, page in enumerate(pages):
        if at:
            sheet.next_page(page.width, page.height)
        third = (page.width - 2 * SIDE) / 3
        sheet.one_line(Box(SIDE, TOP, third, LINE), page.code, "code", size=SIZE, minimum=SMALLEST)
        right = page.width - SIDE - third
        sheet.one_line(
            Box(right, TOP, third, LINE), page.mark, "mark", size=SIZE + 1, minimum=SMALLEST, align="right"
        )
        if page.note:
            foot = Box(right, page.height - FOOT - LINE, third, LINE)
            sheet.one_line(foot, page.note, "note", size=SIZE, minimum=SMALLEST, align="right")
    return sheet.finish()
