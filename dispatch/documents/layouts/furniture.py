"""What every page carries beside its contents: the sample notice, the verification block, page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.text import fit_line, wrap

from ..record import PageRecord
from .plan import Code, Mark, Op, PagePlan, Rule, Text

__all__ = ["SAMPLE", "Foot", "foot", "page_foot", "sample_notice"]

SAMPLE: Final = "演示样本 不具法律效力"
RESTORED: Final = "（式样据二〇一七、二〇一八年改革文件复原）"
HOW: Final = (
    "用手机扫描左侧二维码，或在核验网址输入查验码。请先看清网址与本栏一致，"
    "再把页面内容与纸面逐项核对。核验不收费，不索要密码。"
)
SIZE: Final = 8.5
LEADING: Final = 11.5
LABEL_WIDTH: Final = 58.0
GAP: Final = 6.0
LINE: Final = 19.0


@dataclass(frozen=True)
class Foot:
    """The verification block, measured: QR at the left, 核对栏 beside it."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    how: tuple[str, ...]
    qr_side: float
    width: float

    @property
    def height(self) -> float:
        lines = 1 + sum(len(lines) for _, lines in self.rows) + len(self.how)
        return max(self.qr_side, lines * LEADING + 5)

    def ops(self, x: float, bottom: float) -> list[Op]:
        """Drawn with its lower left corner at (`x`, `bottom`)."""
        column = x + self.qr_side + GAP
        out: list[Op] = [Code(x, bottom + (self.height - self.qr_side) / 2)]
        y = bottom + self.height - LEADING
        out.append(Text(column, y, "核对栏", "serif_bold", 9.5))
        out.append(Rule(column, y - 3.5, x + self.width, y - 3.5, 0.4, 0.55))
        y -= 3
        for label, lines in self.rows:
            out.append(Text(column, y - LEADING, label, "sans", SIZE, grey=0.35))
            for line in lines:
                y -= LEADING
                out.append(Text(column + LABEL_WIDTH, y, line, "sans", SIZE))
        for line in self.how:
            y -= LEADING
            out.append(Text(column, y, line, "sans", 8.0, grey=0.25))
        return out


def foot(record: PageRecord, book: FontBook, width: float, qr_side: float) -> Foot:
    """The block for `width` points, with the QR of side `qr_side`."""
    room = width - qr_side - GAP
    rows = [
        (label, tuple(wrap(book, value, "sans", SIZE, room - LABEL_WIDTH)))
        for label, value in _entries(record)
    ]
    return Foot(tuple(rows), tuple(wrap(book, HOW, "sans", 8.0, room)), qr_side, width)


def sample_notice(record: PageRecord, page: PagePlan, *, angle: float = 32.0) -> list[Op]:
    """The pale mark across the page and the plain line at its head; nothing in production."""
    if not record.sample:
        return []
    middle = page.width / 2
    line = SAMPLE + RESTORED
    return [
        Mark(middle, page.height * 0.52, SAMPLE, 44 * page.scale, angle, 0.925),
        Text(middle - len(line) * 4.5, page.height - 20, line, "sans", 9, grey=0.2),
    ]


def page_foot(record: PageRecord, book: FontBook, pages: Sequence[PagePlan], at: int) -> list[Op]:
    """The line below everything: who issued it at the left and, on documents of more than one page, `第1页
    共2页`."""
    page = pages[at]
    out: list[Op] = []
    if len(pages) > 1:
        text = f"第{at + 1}页 共{len(pages)}页"
        out.append(Text((page.width - book.width(text, "sans", 9)) / 2, LINE, text, "sans", 9, grey=0.2))
    if at == 0:
        room = page.width * 0.38
        size = fit_line(book, f"出件：{record.operator}", "sans", room, size=8.0, minimum=5.0)
        if size is not None:
            out.append(Text(32.0, LINE, f"出件：{record.operator}", "sans", size, grey=0.35))
    return out


def _entries(record: PageRecord) -> list[tuple[str, str]]:
    code = record.check_code
    grouped = " ".join(code[at : at + 4] for at in range(0, len(code), 4))
    if record.sensitive:
        who = [("持有人、编号", "内容敏感，不写入二维码")]
    else:
        who = [("持有人", record.token_holder), ("编号", record.token_number or "（无）")]
    return [*who, ("证件号码尾号", record.tail), ("查验码", grouped), ("核验网址", record.verify_domain)]
