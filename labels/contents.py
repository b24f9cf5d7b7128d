"""内件清单: lies in the envelope and says what else should lie there. A5, or half an A4; as many pages as needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from labels.fonts import FontBook
from labels.forms import SMALLEST, code, sample_foot, sign_line, value_in
from labels.sheet import Box, DoesNotFit, Sheet, grouped

__all__ = ["CONTENTS_SIZES", "ContentsRecord", "ContentsRow", "ContentsSize", "render_contents"]

ContentsSize = Literal["A5", "A4-half"]
CONTENTS_SIZES: Final[Mapping[ContentsSize, tuple[float, float]]] = MappingProxyType(
    {"A5": (148.0, 210.0), "A4-half": (210.0, 148.5)}
)
MARGIN: Final = 10.0
HEAD_ROW: Final = 7.0
LEAST_ROW: Final = 9.0
TEXT: Final = 9.5
#: room that head and foot take of every page, millimetres
HEAD: Final = 46.0
FOOT: Final = 30.0
#: shares of the width: number of the row, title, number of the paper, 查验码, count
_SHARES: Final = (0.08, 0.33, 0.24, 0.27, 0.08)
_HEADINGS: Final = ("序号", "名称", "编号", "查验码", "份数")


@dataclass(frozen=True)
class ContentsRow:
    """One paper; a neutral one has an empty number and check code. `count` copies of it."""

    title: str
    number: str = ""
    check_code: str = ""
    count: int = 1


@dataclass(frozen=True)
class ContentsRecord:
    """A list for one envelope. `recipient_masked` and `waybill_no` tell which; `note` is one line above the foot."""

    operator: str
    phone: str
    form_no: str
    waybill_no: str
    recipient_masked: str
    made_on: str
    rows: tuple[ContentsRow, ...]
    note: str = ""
    sample: bool = True


@dataclass(frozen=True)
class _Laid:
    at: int
    row: ContentsRow
    height: float


def render_contents(records: Sequence[ContentsRecord], book: FontBook, size: ContentsSize = "A5") -> bytes:
    """The lists one after the other; the same records give the same bytes. Raises MissingGlyph, DoesNotFit, and
    ValueError for no record or another size.
    """
    if not records or size not in CONTENTS_SIZES:
        raise ValueError("contents lists are A5 or A4-half, at least one")
    sheet = Sheet(book, *CONTENTS_SIZES[size], "内件清单")
    for number, record in enumerate(records):
        if number:
            sheet.next_page()
        _list(sheet, record)
    return sheet.finish()


def _list(sheet: Sheet, record: ContentsRecord) -> None:
    pages = _paginate(sheet, record)
    for at, rows in enumerate(pages, 1):
        if at > 1:
            sheet.next_page()
        _head(sheet, record)
        bottom = _table(sheet, rows, HEAD)
        if at == len(pages):
            sheet.text(sheet.width / 2, bottom + 1, "（以下空白）", 8, align="centre")
        _foot(sheet, record, at, len(pages))


def _edges(sheet: Sheet) -> list[float]:
    width, edges = sheet.width - 2 * MARGIN, [MARGIN]
    for share in _SHARES:
        edges.append(edges[-1] + width * share)
    return edges


def _paginate(sheet: Sheet, record: ContentsRecord) -> list[list[_Laid]]:
    edges, room = _edges(sheet), sheet.height - HEAD - FOOT - HEAD_ROW - 5
    pages: list[list[_Laid]] = [[]]
    left = room
    for at, row in enumerate(record.rows, 1):
        lines = max(
            len(sheet.wrap(text, TEXT, edges[column + 1] - edges[column] - 3))
            for column, text in ((1, row.title), (2, row.number))
        )
        height = max(LEAST_ROW, lines * sheet.line_height(TEXT) + 2)
        if height > room:
            raise DoesNotFit(f"rows/{at - 1}")
        if height > left:
            pages.append([])
            left = room
        pages[-1].append(_Laid(at, row, height))
        left -= height
    return pages


def _head(sheet: Sheet, record: ContentsRecord) -> None:
    width = sheet.width - 2 * MARGIN
    sheet.line_or_block(Box(MARGIN, 7, width * 0.44, 5), record.operator, "operator", size=9.5)
    sheet.one_line(
        Box(MARGIN, 12.5, width * 0.44, 10), "内件清单", "title", size=20, minimum=10, face="serif_bold"
    )
    code(sheet, Box(MARGIN + width * 0.44, 7, width * 0.56, 16.5), "", record.form_no, "form_no")
    total = sum(row.count for row in record.rows)
    waybill = f"运单号  {grouped(record.waybill_no)}" if record.waybill_no else "窗口自取"
    sheet.one_line(Box(MARGIN, 26, width * 0.62, 5.5), waybill, "waybill_no", size=10.5, minimum=SMALLEST)
    sheet.one_line(
        Box(MARGIN + width * 0.62, 26, width * 0.38, 5.5),
        f"共 {len(record.rows)} 项，{total} 份",
        "total",
        size=12,
        minimum=7,
        face="serif_bold",
        align="right",
    )
    sheet.line_or_block(
        Box(MARGIN, 32, width, 5), f"收件人  {record.recipient_masked}", "recipient_masked", size=10.5
    )
    sheet.text(MARGIN, 38, f"{record.made_on} 装封", 9)


def _table(sheet: Sheet, rows: Sequence[_Laid], top: float) -> float:
    edges, start = _edges(sheet), top
    sheet.rule(edges[0], top, edges[-1], top, dots=3)
    for column, words in enumerate(_HEADINGS):
        room = Box(edges[column], top, edges[column + 1] - edges[column], HEAD_ROW).inset(0.5, 0)
        sheet.one_line(room, words, "heading", size=9, minimum=SMALLEST, align="centre")
    top += HEAD_ROW
    sheet.rule(edges[0], top, edges[-1], top, dots=2)
    for laid in rows:
        _row(sheet, laid, edges, top)
        top += laid.height
        sheet.rule(edges[0], top, edges[-1], top, dots=1)
    for edge in edges:
        sheet.rule(edge, start, edge, top, dots=1)
    return top


def _row(sheet: Sheet, laid: _Laid, edges: Sequence[float], top: float) -> None:
    row, field = laid.row, f"rows/{laid.at - 1}"
    cells = [Box(edges[i], top, edges[i + 1] - edges[i], laid.height) for i in range(len(_HEADINGS))]
    sheet.one_line(cells[0].inset(0.5, 0), str(laid.at), field, size=9.5, minimum=5, align="centre")
    value_in(sheet, cells[1].inset(1.5, 0.5), row.title, field, size=TEXT)
    value_in(sheet, cells[2].inset(1.5, 0.5), row.number, field, size=TEXT)
    text = " ".join(row.check_code[at : at + 4] for at in range(0, len(row.check_code), 4))
    if text:
        sheet.one_line(cells[3].inset(0.8, 0), text, field, size=9, minimum=SMALLEST, align="centre")
    sheet.one_line(cells[4].inset(0.5, 0), str(row.count), field, size=10, minimum=5, align="centre")


def _foot(sheet: Sheet, record: ContentsRecord, page: int, pages: int) -> None:
    width, top = sheet.width - 2 * MARGIN, sheet.height - FOOT + 2
    sheet.rule(MARGIN, top, MARGIN + width, top, dots=1)
    words = record.note or "请当面点清。有缺少、破损或不是您的，请先不要签收，马上打窗口电话。"
    sheet.line_or_block(Box(MARGIN, top + 1, width, 5), words, "note", size=9.5)
    sheet.line_or_block(Box(MARGIN, top + 6.5, width, 5), f"窗口电话：{record.phone}", "phone", size=10)
    half = width / 2 - 3
    sign_line(sheet, MARGIN, top + 13, "装封人", half)
    sign_line(sheet, MARGIN + half + 6, top + 13, "核对人", half)
    sheet.text(sheet.width - MARGIN, sheet.height - 8, f"第 {page} 页 / 共 {pages} 页", 8, align="right")
    sample_foot(sheet, record.sample, below=8)
