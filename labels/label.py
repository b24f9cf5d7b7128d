"""The shipping label, zones in the order of GB/T 41833: 码号, 目的地, 收件人, 寄件人, 内件, 签收.

Three sizes. 100 x 150 and 100 x 180 mm have a part to tear off (60 and 70 mm at the foot); 76 x 130 mm is one
part. An envelope is read by neighbours: nothing on it tells what the matter is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, SPACING, Box, DoesNotFit, Sheet, grouped, plain

__all__ = ["CONTENTS", "LABEL_SIZES", "LabelRecord", "LabelSize", "compose_label", "render_label"]

LabelSize = Literal["76x130", "100x150", "100x180"]
LABEL_SIZES: Final[tuple[LabelSize, ...]] = get_args(LabelSize)
CONTENTS: Final = "文件"
MARGIN: Final = 2.0
TAG: Final = 7.0
SMALLEST: Final = 5.0
COMFORTABLE: Final = 7.0
POINT_MM: Final = 25.4 / 72


@dataclass(frozen=True)
class LabelRecord:
    """What a label says. Persons come in masked; `address_printed` is masked where the carrier holds the
    address.

    `mark` is its place in a print batch, the same as on the sheets inside.
    `qr_text` is `<base>/c#<consignment id>`; `sort_code` the carrier's, else our route and town; empty texts
    leave their place empty.
    """

    waybill_no: str
    carrier_name: str
    product: str
    sort_code: str
    sender_name: str
    sender_phone: str
    sender_address: str
    recipient_masked: str
    phone_masked: str
    region: str
    address_printed: str
    qr_text: str
    organization: str = ""
    count_text: str = ""
    contents: str = CONTENTS
    sample: bool = True
    note: str = ""
    printed_on: str = ""
    mark: str = ""


@dataclass(frozen=True)
class _Plan:
    """Heights of the zones of the upper part in millimetres, from the top."""

    head: float
    code: float
    destination: float
    recipient: float
    sender: float
    foot: float

    @property
    def height(self) -> float:
        return self.head + self.code + self.destination + self.recipient + self.sender + self.foot


@dataclass(frozen=True)
class _Paper:
    width: float
    height: float
    usual: _Plan
    tight: _Plan


_PAPERS: Final[Mapping[LabelSize, _Paper]] = MappingProxyType(
    {
        "76x130": _Paper(76, 130, _Plan(7, 19, 18, 38, 15, 33), _Plan(6, 17, 12, 49, 13, 33)),
        "100x150": _Paper(100, 150, _Plan(6, 16, 14, 23, 9, 22), _Plan(5, 13, 9, 33, 8, 22)),
        "100x180": _Paper(100, 180, _Plan(7, 19, 18, 29, 11, 26), _Plan(6, 16, 12, 40, 10, 26)),
    }
)


def render_label(record: LabelRecord, size: LabelSize, book: FontBook) -> bytes:
    """The label as a one-page PDF of exactly `size`; the same record gives the same bytes.

    Raises MissingGlyph for a character no face has, DoesNotFit for a value too long for its place, ValueError
    for an unknown size or a waybill number that is not printable ASCII.
    """
    return compose_label(record, size, book).finish()


def compose_label(record: LabelRecord, size: LabelSize, book: FontBook, *, codes: bool = True) -> Sheet:
    """The drawn sheet, not yet finished; `codes=False` leaves barcodes and QR for the printer to draw."""
    paper = _PAPERS.get(size)
    if paper is None:
        raise ValueError("a label is 76x130, 100x150 or 100x180")
    sheet = Sheet(book, paper.width, paper.height, "面单", codes=codes)
    plan, body = _choose(sheet, record, paper)
    top = _head(sheet, record, plan)
    top = _code_zone(sheet, record, top, plan.code)
    top = _destination_zone(sheet, record, top, plan.destination)
    _party(sheet, "收", Box(0, top, paper.width, plan.recipient), lines=body)
    top += plan.recipient
    sheet.rule(0, top, paper.width, top)
    _sender_zone(sheet, record, Box(0, top, paper.width, plan.sender))
    top += plan.sender
    sheet.rule(0, top, paper.width, top)
    _foot(sheet, record, Box(0, top, paper.width, plan.foot))
    if paper.height > plan.height:
        _tear_off(sheet, record, plan.height)
    return sheet


def _choose(sheet: Sheet, record: LabelRecord, paper: _Paper) -> tuple[_Plan, list[tuple[str, float]]]:
    """The usual plan while the recipient reads comfortably, else the one with more room for it."""
    for plan, smallest in ((paper.usual, COMFORTABLE), (paper.tight, SMALLEST)):
        body = _recipient_lines(sheet, record, paper.width - 3 * MARGIN - TAG, plan.recipient - 2, smallest)
        if body is not None:
            return plan, body
    raise DoesNotFit("address")


def _recipient_lines(
    sheet: Sheet, record: LabelRecord, width: float, height: float, smallest: float
) -> list[tuple[str, float]] | None:
    """(line, size) of name and phone, organization, address, at the largest size at which all of them fit."""
    size = 13.0
    while size >= smallest:
        lines: list[tuple[str, float]] = []
        for text, points in (
            (f"{record.recipient_masked}  {record.phone_masked}", size * 1.2),
            (record.organization, size),
            (record.region, size),
            (record.address_printed, size),
        ):
            lines += [(line, points) for line in sheet.wrap(text, points, width)]
        if sum(points * SPACING * POINT_MM for _, points in lines) <= height:
            return lines
        size -= 0.5
    return None


def _head(sheet: Sheet, record: LabelRecord, plan: _Plan) -> float:
    box = Box(MARGIN, 0, sheet.width - 2 * MARGIN, plan.head)
    mark = sheet.width_of(SAMPLE_MARK, 6.5) + 3 if record.sample else 0.0
    name = Box(box.x, box.y, box.width - mark, box.height)
    sheet.line_or_block(name, f"{record.carrier_name}  {record.product}", "carrier_name", size=10)
    if record.sample:
        frame = Box(box.right - mark + 1, 0.8, mark - 1, plan.head - 1.6)
        sheet.frame(frame)
        sheet.one_line(frame, SAMPLE_MARK, "sample", size=6.5, minimum=SMALLEST, align="centre")
    sheet.rule(0, plan.head, sheet.width, plan.head)
    return plan.head


def _code_zone(sheet: Sheet, record: LabelRecord, top: float, height: float) -> float:
    text = 4.5
    sheet.barcode(Box(0, top + 1.2, sheet.width, height - text - 1.4), record.waybill_no, "waybill_no")
    sheet.one_line(
        Box(MARGIN, top + height - text, sheet.width - 2 * MARGIN, text),
        grouped(record.waybill_no),
        "waybill_no",
        size=11,
        minimum=SMALLEST,
        align="centre",
    )
    sheet.rule(0, top + height, sheet.width, top + height)
    return top + height


def _destination_zone(sheet: Sheet, record: LabelRecord, top: float, height: float) -> float:
    """The sort code as large as it goes, the largest thing here; without one, the region."""
    box = Box(MARGIN, top, sheet.width - 2 * MARGIN, height).inset(0, 0.5)
    text = plain(record.sort_code) or record.region
    if sheet.width_of(text, 16) <= box.width:
        sheet.one_line(box, text, "sort_code", size=48, minimum=14, align="centre")
    else:
        sheet.block(box, text, "sort_code", size=20, minimum=SMALLEST)
    sheet.rule(0, top + height, sheet.width, top + height)
    return top + height


def _party(sheet: Sheet, tag: str, box: Box, *, lines: list[tuple[str, float]]) -> None:
    _tag(sheet, tag, box)
    top = box.y + 1
    for line, size in lines:
        top += sheet.text(MARGIN * 2 + TAG, top, line, size)


def _tag(sheet: Sheet, tag: str, box: Box) -> None:
    side = min(TAG, box.height - 2)
    square = Box(MARGIN, box.y + 1, side, side)
    sheet.frame(square)
    sheet.one_line(square, tag, "tag", size=14, minimum=SMALLEST, align="centre")


def _sender_zone(sheet: Sheet, record: LabelRecord, box: Box) -> None:
    _tag(sheet, "寄", box)
    text = "  ".join(filter(None, (record.sender_name, record.sender_phone, record.sender_address)))
    inner = Box(MARGIN * 2 + TAG, box.y + 0.8, box.width - 3 * MARGIN - TAG, box.height - 1.4)
    sheet.block(inner, text, "sender_name", size=8, minimum=SMALLEST, shorten=True)


def _foot(sheet: Sheet, record: LabelRecord, box: Box) -> None:
    """内件 and 签收 on the left, the consignment's QR on the right."""
    code = min(box.height, 33.0)
    sheet.qr(Box(box.right - code, box.y + 0.15, code, box.height - 0.3), record.qr_text, "qr_text")
    left = Box(0, box.y, box.width - code - 0.5, box.height)
    sheet.rule(left.right, box.y, left.right, box.bottom)
    contents = Box(MARGIN, box.y, left.width - 2 * MARGIN, max(7.0, box.height * 0.36))
    _contents_zone(sheet, record, contents)
    sheet.rule(0, contents.bottom, left.right, contents.bottom)
    _signature_zone(sheet, record, Box(MARGIN, contents.bottom, contents.width, box.bottom - contents.bottom))


def _contents_zone(sheet: Sheet, record: LabelRecord, box: Box) -> None:
    half = box.height / 2
    sheet.line_or_block(
        Box(box.x, box.y + 0.3, box.width, half),
        f"内件：{record.contents}  {record.count_text}",
        "contents",
        size=8.5,
    )
    below = Box(box.x, box.y + half, box.width, half - 0.3)
    if record.mark:
        sheet.one_line(below, record.mark, "mark", size=8, minimum=SMALLEST)
    elif record.printed_on:
        sheet.line_or_block(below, f"打印：{record.printed_on}", "printed_on", size=7)


def _signature_zone(sheet: Sheet, record: LabelRecord, box: Box) -> None:
    top = box.y + 0.8
    if record.note:
        top += sheet.block(
            Box(box.x, top, box.width, box.height - 9.5),
            record.note,
            "note",
            size=7,
            minimum=SMALLEST,
            shorten=True,
        )
    room = box.bottom - top
    sheet.text(box.x, top + room * 0.12, "签收人", 7)
    sheet.text(box.x, top + room * 0.56, "日期", 7)
    for at in (0.12, 0.56):
        line = top + room * at + 3
        sheet.rule(box.x + 9, line, box.right, line, dots=1)


def _tear_off(sheet: Sheet, record: LabelRecord, top: float) -> None:
    """The recipient's part: number, names and contents again, no address."""
    sheet.rule(0, top, sheet.width, top, dashed=True)
    width = sheet.width - 2 * MARGIN
    sheet.barcode(Box(0, top + 3, sheet.width, 10), record.waybill_no, "waybill_no")
    sheet.one_line(
        Box(MARGIN, top + 13, width, 4.5),
        grouped(record.waybill_no),
        "waybill_no",
        size=10,
        minimum=SMALLEST,
        align="centre",
    )
    y = top + 19
    for text, size, height in (
        (f"{record.carrier_name}  {record.product}", 8.0, 6.5),
        (f"收件：{record.recipient_masked}  {record.phone_masked}  {record.organization}", 8.0, 10.5),
        (f"寄件：{record.sender_name}  {record.sender_phone}", 8.0, 7.0),
        (f"内件：{record.contents}  {record.count_text}", 8.0, 4.5),
        (record.note, 8.0, 6.5),
    ):
        if plain(text):
            y += (
                sheet.block(
                    Box(MARGIN, y, width, height), text, "tear_off", size=size, minimum=SMALLEST, shorten=True
                )
                + 0.6
            )
    if record.sample:
        sheet.text(sheet.width - MARGIN, sheet.height - 5, SAMPLE_MARK, 8, align="right")
