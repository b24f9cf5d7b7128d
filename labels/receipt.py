"""受理回执: what an applicant takes home. The number, what comes next, the day, and whom to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, Box, Sheet, grouped, plain

__all__ = ["ReceiptRecord", "ReceiptSize", "render_receipt"]

ReceiptSize = Literal["A5", "A4-half"]
_SIZES: Final[Mapping[ReceiptSize, tuple[float, float]]] = MappingProxyType(
    {"A5": (148.0, 210.0), "A4-half": (210.0, 148.5)}
)
MARGIN: Final = 13.0
LABEL_WIDTH: Final = 24.0
CODE: Final = 36.0
SMALLEST: Final = 6.0


@dataclass(frozen=True)
class ReceiptRecord:
    """All texts ready for print. `delivery` says how the document will come (“邮寄到府”, “窗口自取”),
    `expected_day` the day it is expected, `sentence` one plain sentence on what happens next."""

    operator: str
    acceptance_no: str
    item: str
    department: str
    applicant_masked: str
    accepted_on: str
    delivery: str
    expected_day: str
    tracking_url: str
    window_phone: str
    sentence: str = ""
    sample: bool = True


def render_receipt(record: ReceiptRecord, book: FontBook, size: ReceiptSize = "A5") -> bytes:
    """The receipt as a one-page PDF, the same bytes for the same record; raises MissingGlyph, DoesNotFit,
    ValueError.
    """
    if size not in _SIZES:
        raise ValueError("a receipt is A5 or A4-half")
    sheet = Sheet(book, *_SIZES[size], "受理回执")
    width = sheet.width - 2 * MARGIN
    sheet.one_line(
        Box(MARGIN, 9, width, 6),
        record.operator,
        "operator",
        size=11,
        minimum=SMALLEST,
        align="centre",
        face="serif",
    )
    sheet.one_line(
        Box(MARGIN, 15, width, 11),
        "受理回执",
        "title",
        size=22,
        minimum=12,
        align="centre",
        face="serif_bold",
    )
    sheet.rule(MARGIN, 28, MARGIN + width, 28, dots=4)
    top = _number(sheet, record, 30)
    foot = sheet.height - 14 - CODE
    _facts(sheet, record, Box(MARGIN, top, width, foot - top - 2))
    _foot(sheet, record, Box(MARGIN, foot, width, CODE))
    if record.sample:
        sheet.text(sheet.width / 2, sheet.height - 9, SAMPLE_MARK, 9, align="centre")
    return sheet.finish()


def _number(sheet: Sheet, record: ReceiptRecord, top: float) -> float:
    sheet.text(MARGIN, top, "统一受理号", 9.5)
    sheet.one_line(
        Box(MARGIN, top + 4.5, sheet.width - 2 * MARGIN, 9),
        grouped(record.acceptance_no),
        "acceptance_no",
        size=20,
        minimum=SMALLEST,
    )
    sheet.rule(MARGIN, top + 14.5, sheet.width - MARGIN, top + 14.5)
    return top + 17


def _facts(sheet: Sheet, record: ReceiptRecord, box: Box) -> None:
    """Label and value, line by line, all values at the largest common size that fits."""
    facts = [
        (label, text)
        for label, text in (
            ("办理事项", record.item),
            ("办理部门", record.department),
            ("申请人", record.applicant_masked),
            ("受理日期", record.accepted_on),
            ("领取方式", record.delivery),
            ("预计日期", record.expected_day),
        )
        if plain(text)
    ]
    sheet.table(box, facts, LABEL_WIDTH, size=13, minimum=SMALLEST)


def _foot(sheet: Sheet, record: ReceiptRecord, box: Box) -> None:
    sheet.rule(box.x, box.y - 1, box.right, box.y - 1)
    side = sheet.qr(Box(box.right - CODE, box.y, CODE, CODE), record.tracking_url, "tracking_url")
    left = box.width - side - 4
    sentence = (
        record.sentence or "请保管好本回执。扫右侧二维码，或凭受理号和手机号后四位，可随时查看办到哪一步。"
    )
    top = box.y + 2
    top += sheet.block(Box(box.x, top, left, 19), sentence, "sentence", size=11, minimum=SMALLEST)
    sheet.block(
        Box(box.x, top + 2, left, box.bottom - top - 2),
        f"有疑问请打窗口电话：{record.window_phone}",
        "window_phone",
        size=11,
        minimum=SMALLEST,
    )
