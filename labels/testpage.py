"""测试页: shows whether a printer keeps to the millimetre, and how small it can print; one page for each paper.

Rulers run along the top and left edge and count from the paper's edge, so that a real ruler laid beside them tells how
far the print is shifted; the thick lines tell whether it was scaled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from reportlab.lib.units import mm

from labels import code128
from labels.fonts import FontBook
from labels.sheet import Box, Sheet

__all__ = ["TEST_SIZES", "render_test_page"]


@dataclass(frozen=True)
class _Plan:
    """``edge``: from the paper's edge to the rulers; ``across``, ``down``: what the thick lines measure; ``type``: size of
    the words in points; all else in millimetres."""

    width: float
    height: float
    edge: float
    across: int
    down: int
    type: float

    @property
    def label(self) -> bool:
        return self.width < 150


TEST_SIZES: Final[Mapping[str, _Plan]] = MappingProxyType(
    {
        "A4": _Plan(210, 297, 14, 100, 100, 12),
        "A3": _Plan(297, 420, 14, 200, 200, 15),
        "100x180": _Plan(100, 180, 8, 60, 80, 8),
        "100x150": _Plan(100, 150, 8, 60, 60, 7),
        "76x130": _Plan(76, 130, 8, 50, 50, 6),
    }
)
#: from the line that goes down to what stands beside it
BESIDE: Final = 5.0
#: lengths of the strokes of a ruler, every millimetre, every fifth, every tenth
_STROKES: Final = (2.0, 3.0, 4.2)
_SMALL: Final = (5.0, 6.0, 7.0, 8.0, 9.0)
_WORDS: Final = "行政服务中心 出件随附单 磐市监〔2026〕1号 0123456789"
_SHORT: Final = "行政服务中心〔2026〕0123"
_ADVICE: Final = (
    "粗线短了或长了：打印时选了“适合页面”。请改成“实际大小”或“100%”，纸张选本页左上角写的大小，再打一次。",
    "拿真尺从纸的左边、上边量到刻度 50：应当都是 50 毫米。差 1 毫米以内不要紧；差得多，先看纸在纸盒里放正没有。",
    "条码和二维码扫不出来：换墨粉或擦打印头，把打印质量调到“标准”以上，不要选“省墨”。",
    "小字 6 磅以上应当每个字都认得清。四个角的折线都在，就没有被裁掉。",
)


def render_test_page(size: str, book: FontBook, moved: tuple[float, float] = (0, 0), said: str = "") -> bytes:
    """The page as a PDF of exactly this size, the same bytes every time; KeyError for a size that is not in
    ``TEST_SIZES``. ``moved``: millimetres right and down by which all of it is moved, ``said`` tells so on the page."""
    plan = TEST_SIZES[size]
    sheet = Sheet(book, plan.width, plan.height, f"测试页 {size}")
    sheet.canvas.translate(moved[0] * mm, -moved[1] * mm)
    _corners(sheet)
    _top_ruler(sheet, plan.edge)
    _left_ruler(sheet, plan.edge)
    left = plan.edge + 7
    body = Box(left, plan.edge + 7, plan.width - left - (4 if plan.label else 12), plan.height)
    top = _lines(sheet, plan, body, size, said)
    top = _codes(sheet, plan, body, top, size)
    top = _small(sheet, plan, body, top)
    _advice(sheet, plan, Box(body.x + BESIDE, top, body.width - BESIDE, plan.height - top))
    return sheet.finish()


# -- rulers ------------------------------------------------------------------------------------------------------------
def _corners(sheet: Sheet) -> None:
    """Where the corners of the paper are: a bent line three millimetres from each edge."""
    off, arm = 3.0, 5.0
    for x, inward in ((off, arm), (sheet.width - off, -arm)):
        for y, down in ((off, arm), (sheet.height - off, -arm)):
            sheet.rule(x, y, x + inward, y, dots=3)
            sheet.rule(x, y, x, y + down, dots=3)


def _stroke(at: int) -> float:
    return _STROKES[2] if at % 10 == 0 else _STROKES[1] if at % 5 == 0 else _STROKES[0]


def _top_ruler(sheet: Sheet, edge: float) -> None:
    last = int(sheet.width) - 6
    sheet.rule(edge, edge, last, edge, dots=1)
    for at in range(int(edge), last + 1):
        sheet.rule(at, edge, at, edge - _stroke(at), dots=1)
        if at % 10 == 0:
            sheet.text(at, edge + 0.3, str(at), 6, align="centre")


def _left_ruler(sheet: Sheet, edge: float) -> None:
    last = int(sheet.height) - 6
    sheet.rule(edge, edge, edge, last, dots=1)
    for at in range(int(edge), last + 1):
        sheet.rule(edge, at, edge - _stroke(at), at, dots=1)
        if at % 10 == 0 and at > edge + 2:
            sheet.text(edge + 0.8, at - 1.3, str(at), 6)


# -- what is measured and read -----------------------------------------------------------------------------------------
def _lines(sheet: Sheet, plan: _Plan, box: Box, size: str, said: str) -> float:
    """The name of the page and the two thick lines; where what comes below begins, beside the line that goes down."""
    words = size.replace("x", " × ")
    name = f"测试页  {words}" + (" 毫米" if plan.label else "")
    top = box.y + sheet.text(box.x, box.y, name, plan.type * 1.6) + 1
    if said:
        line = Box(box.x, top, box.width, sheet.line_height(plan.type))
        sheet.one_line(line, said, "said", size=plan.type, minimum=4)
        top += line.height
    told = f"量一量：这条线应当正好 {plan.across} 毫米"
    top += sheet.text(box.x, top, told, plan.type) + 2
    _thick(sheet, box.x, top, plan.across, across=True)
    top += 4
    _thick(sheet, box.x, top, plan.down, across=False)
    return top


def _thick(sheet: Sheet, x: float, y: float, length: int, *, across: bool) -> None:
    """A line of exactly this length from the outer edge of one end stroke to the outer edge of the other."""
    canvas = sheet.canvas
    canvas.saveState()
    canvas.setLineWidth(0.5 * mm)
    canvas.setLineCap(0)
    wide, high = (length, 0.0) if across else (0.0, float(length))
    canvas.line(x * mm, (sheet.height - y) * mm, (x + wide) * mm, (sheet.height - y - high) * mm)
    canvas.setLineWidth(0.2 * mm)
    for end in (0.1, length - 0.1):
        if across:
            spot = (x + end) * mm
            canvas.line(spot, (sheet.height - y - 1.5) * mm, spot, (sheet.height - y + 1.5) * mm)
        else:
            spot = (sheet.height - y - end) * mm
            canvas.line((x - 1.5) * mm, spot, (x + 1.5) * mm, spot)
    canvas.restoreState()


def _codes(sheet: Sheet, plan: _Plan, box: Box, top: float, size: str) -> float:
    """Barcode and QR right of the line that goes down; a word that says what the line measures."""
    left = box.x + BESIDE
    top += sheet.text(left, top, f"这条竖线：正好 {plan.down} 毫米", plan.type) + 1
    text, dots = ("CESHI-01234", 2) if plan.label else ("CESHI-0123456789", 3)
    width = code128.encode(text).modules_with_quiet * dots * code128.DOT_MM + 0.2
    bars = Box(left - 4 if plan.label else left, top, width, 10 if plan.label else 16)
    sheet.barcode(bars, text, "barcode", widest=dots)
    top = bars.bottom + 1.5
    side = 22 if plan.label else 34
    sheet.qr(Box(left, top, side, side), f"CESHI-{size.upper()}-0123456789", "qr")
    sheet.lines(left + side + 1, top + 3, ("扫一扫：", "条码、二维码", "都应扫得出来"), plan.type)
    return top + side + 1.5


def _small(sheet: Sheet, plan: _Plan, box: Box, top: float) -> float:
    """Chinese from five to nine points."""
    for points in _SMALL:
        words = f"{points:g} 磅  {_SHORT if plan.label else _WORDS}"
        top += sheet.text(box.x + BESIDE, top, words, points)
    return top + 1.5


def _advice(sheet: Sheet, plan: _Plan, box: Box) -> None:
    """How to put right what is wrong."""
    top = box.y
    for number, sentence in enumerate(_ADVICE, 1):
        lines = sheet.wrap(f"{number}. {sentence}", plan.type, box.width)
        top += sheet.lines(box.x, top, lines, plan.type) + plan.type / 10
