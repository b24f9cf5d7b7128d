"""送达回证: what the recipient signs, in the manner of courts and administrative organs. One A4 for one recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.forms import MARGIN, cell, code, date_line, paragraph, sample_foot, sign_line, ticks, value_in
from labels.sheet import Box, DoesNotFit, Sheet

__all__ = ["MOST_PAPERS", "ServicePaper", "ServiceRecord", "render_service_receipts"]

WIDTH: Final = 210.0 - 2 * MARGIN
LABEL: Final = 30.0
#: so many papers can be read on one receipt
MOST_PAPERS: Final = 8
_WAYS: Final = (
    ("direct", "直接送达"),
    ("left", "留置送达"),
    ("post", "邮寄送达"),
    ("through", "转交（单位）送达"),
    ("public_notice", "公告送达"),
    ("electronic", "电子送达（经同意）"),
)
#: 民事诉讼法第八十八条至第九十五条 as administrative organs apply them (行政许可法 44, 行政处罚法 61); the office's text
_HOW: Final = (
    "填写说明：1. 收件人本人签名或盖章；单位由法定代表人、负责人或收发室签收，盖单位章。",
    "2. 本人不在，由同住的成年家属、代理人、指定的代收人签收，写明关系和理由。",
    "3. 拒绝签收的，请见证人到场说明情况，写明拒收的事由和日期，由送达人、见证人签名，把文书留在住所。",
    "4. 签好后扫描或拍照上传，凭右上角条码自动归到这份文书。",
)


@dataclass(frozen=True)
class ServicePaper:
    """A document that is served: its title, its number, how many."""

    title: str
    number: str = ""
    count: int = 1


@dataclass(frozen=True)
class ServiceRecord:
    """What is printed into the receipt. `way`: key of the box that is ticked already, empty for none."""

    issuer: str
    form_no: str
    acceptance_no: str
    item: str
    papers: tuple[ServicePaper, ...]
    recipient: str
    phone: str
    address: str
    way: str = ""
    note: str = ""
    sample: bool = True


def render_service_receipts(records: Sequence[ServiceRecord], book: FontBook) -> bytes:
    """One page for each record; the same records give the same bytes. Raises MissingGlyph, and DoesNotFit naming the
    value that is too long; ValueError for no record.
    """
    if not records:
        raise ValueError("a file of no receipts is no file")
    sheet = Sheet(book, 210.0, 297.0, "送达回证")
    for index, record in enumerate(records):
        if index:
            sheet.next_page()
        _page(sheet, record)
    return sheet.finish()


def _page(sheet: Sheet, record: ServiceRecord) -> None:
    if not 1 <= len(record.papers) <= MOST_PAPERS:
        raise DoesNotFit("papers")
    _head(sheet, record)
    top = _facts(sheet, record, 46)
    top = _signed(sheet, top)
    top = _refused(sheet, top)
    top = _servers(sheet, record, top)
    paragraph(sheet, Box(MARGIN, top + 2, WIDTH, 284 - top - 2), _HOW, "how", size=8.5)
    sample_foot(sheet, record.sample, below=8)


def _head(sheet: Sheet, record: ServiceRecord) -> None:
    half = WIDTH / 2
    code(sheet, Box(sheet.width - MARGIN - 80, 8, 80, 14.5), "", record.form_no, "form_no")
    code(sheet, Box(MARGIN, 8, 80, 14.5), "统一受理号", record.acceptance_no, "acceptance_no")
    sheet.one_line(
        Box(MARGIN, 25, 2 * half, 7),
        record.issuer,
        "issuer",
        size=14,
        minimum=7,
        face="serif",
        align="centre",
    )
    sheet.one_line(
        Box(MARGIN, 32, 2 * half, 11), "送  达  回  证", "title", size=22, minimum=12, face="serif_bold",
        align="centre",
    )  # fmt: skip


def _facts(sheet: Sheet, record: ServiceRecord, top: float) -> float:
    cell(sheet, Box(MARGIN, top, WIDTH, 11), "办理事项", record.item, "item", LABEL)
    top = _papers(sheet, record.papers, top + 11)
    cell(sheet, Box(MARGIN, top, WIDTH * 0.6, 11), "受送达人", record.recipient, "recipient", LABEL)
    cell(sheet, Box(MARGIN + WIDTH * 0.6, top, WIDTH * 0.4, 11), "电话", record.phone, "phone", 18)
    top += 11
    cell(sheet, Box(MARGIN, top, WIDTH, 15), "送达地址", record.address, "address", LABEL)
    top += 15
    room = cell(sheet, Box(MARGIN, top, WIDTH, 13), "送达方式", "", "way", LABEL)
    choices = [(words, key == record.way) for key, words in _WAYS]
    ticks(sheet, Box(room.x, room.y + 0.8, room.width, room.height), choices, "way")
    return top + 13


def _papers(sheet: Sheet, papers: Sequence[ServicePaper], top: float) -> float:
    """The papers below each other under one label, with their count at the right."""
    row = 12.0 if len(papers) <= 2 else 8.0 if len(papers) <= 5 else 6.0
    height = row * len(papers)
    cell(sheet, Box(MARGIN, top, WIDTH - 20, height), "文书名称和文号", "", "papers", LABEL)
    counts = Box(MARGIN + WIDTH - 20, top, 20, height)
    sheet.frame(counts, dots=1)
    for at, paper in enumerate(papers):
        y = top + at * row
        if at:
            sheet.rule(MARGIN + LABEL, y, MARGIN + WIDTH, y, dots=1)
        words = f"《{paper.title}》  {paper.number}".strip()
        room = Box(MARGIN + LABEL + 1.5, y + 0.4, WIDTH - LABEL - 23, row - 0.8)
        value_in(sheet, room, words, f"papers/{at}")
        sheet.one_line(
            Box(counts.x, y, counts.width, row),
            f"{paper.count} 份",
            "count",
            size=10.5,
            minimum=6,
            align="centre",
        )
    return top + height


def _signed(sheet: Sheet, top: float) -> float:
    room = cell(sheet, Box(MARGIN, top, WIDTH, 25), "收件人签名或盖章", "", "signed", LABEL)
    sheet.text(room.x, room.y + 0.6, "（上列文书已收到）", 8.5)
    date_line(sheet, room.right - 62, room.bottom - 5.5)
    top += 25
    room = cell(sheet, Box(MARGIN, top, WIDTH, 28), "代收人签名", "", "stand_in", LABEL)
    line = room.y + 2
    sign_line(sheet, room.x, line, "签名", 58)
    sign_line(sheet, room.x + 62, line, "与受送达人的关系", room.width - 62)
    sign_line(sheet, room.x, line + 9, "代收理由", room.width)
    date_line(sheet, room.right - 62, room.bottom - 6)
    return top + 28


def _refused(sheet: Sheet, top: float) -> float:
    room = cell(sheet, Box(MARGIN, top, WIDTH, 27), "留置送达", "", "left", LABEL)
    sign_line(sheet, room.x, room.y + 1.4, "拒收的事由", room.width)
    sign_line(sheet, room.x, room.y + 10, "见证人签名", 62)
    sign_line(sheet, room.x + 66, room.y + 10, "单位、职务", room.width - 66)
    sign_line(sheet, room.x, room.y + 18.4, "留置地点", 74)
    date_line(sheet, room.right - 62, room.y + 18.4)
    return top + 27


def _servers(sheet: Sheet, record: ServiceRecord, top: float) -> float:
    room = cell(sheet, Box(MARGIN, top, WIDTH, 24), "送达人", "", "servers", LABEL)
    for line in (room.y + 2.4, room.y + 12.8):
        sign_line(sheet, room.x, line, "签名", 74)
        date_line(sheet, room.right - 62, line)
    top += 24
    cell(sheet, Box(MARGIN, top, WIDTH, 14), "备注", record.note, "note", LABEL)
    return top + 14
