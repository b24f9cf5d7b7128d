"""交接清单: what went from one hand to another, with the signatures of both. A4, as many pages as needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.sheet import SAMPLE_MARK, SPACING, Box, DoesNotFit, Sheet, grouped, plain

__all__ = ["ManifestRecord", "ManifestRow", "SignedBy", "render_manifest"]

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
LEFT: Final = 12.0
RIGHT: Final = WIDTH - 12.0
BOTTOM: Final = HEIGHT - 16.0
FIRST_TOP: Final = 52.0
NEXT_TOP: Final = 24.0
HEADINGS: Final = ("序号", "运单号", "收件地区", "件内份数", "收件人")
#: Left edges of the columns and the right edge of the last, in millimetres.
EDGES: Final = (12.0, 22.0, 80.0, 122.0, 139.0, RIGHT)
HEAD_ROW: Final = 8.0
LEAST_ROW: Final = 13.0
TEXT: Final = 8.5
POINT_MM: Final = 25.4 / 72
SIGNATURES: Final = 44.0
BLANK: Final = "（以下空白）"


@dataclass(frozen=True)
class ManifestRow:
    """One envelope. `recipient` and `phone` come masked, or in full for a carrier that holds nothing
    electronically (then `address` may stand here too).
    """

    waybill_no: str
    region: str
    count: int
    recipient: str
    phone: str = ""
    organization: str = ""
    address: str = ""
    left_out: bool = False


@dataclass(frozen=True)
class SignedBy:
    """Who took it over on the office's screen, and with whom. `picture`: PNG of the drawn signature, None for paper."""

    name: str
    staff_no: str
    clerk: str
    at: str
    picture: bytes | None = None


@dataclass(frozen=True)
class ManifestRecord:
    """A list to be signed. `full` says that the rows show persons unmasked, and prints the duty to keep it
    safe. `ticket`: text of the one-time code that opens the signing page. `signed`: the list as it was signed; rows that
    were `left_out` then stand struck out.
    """

    operator: str
    carrier_name: str
    list_no: str
    made_on: str
    rows: tuple[ManifestRow, ...]
    title: str = "交接清单"
    full: bool = False
    sample: bool = True
    note: str = ""
    ticket: str = ""
    signed: SignedBy | None = None


@dataclass(frozen=True)
class _Laid:
    """A row with its text broken into lines: region, recipient; `height` in millimetres."""

    number: int
    row: ManifestRow
    region: tuple[str, ...]
    recipient: tuple[str, ...]
    height: float


def render_manifest(record: ManifestRecord, book: FontBook) -> bytes:
    """The list as PDF; the same record gives the same bytes. Raises MissingGlyph, and DoesNotFit for a row
    that is higher than a page.
    """
    sheet = Sheet(book, WIDTH, HEIGHT, record.title)
    pages = _paginate([_lay(sheet, number, row) for number, row in enumerate(record.rows, 1)])
    for index, rows in enumerate(pages):
        if index:
            sheet.next_page()
        top = _first_head(sheet, record) if index == 0 else _next_head(sheet, record)
        if rows or index == 0:
            top = _table(sheet, top, rows)
        if index == len(pages) - 1:
            _ending(sheet, record, top)
        _page_foot(sheet, record, index + 1, len(pages))
    return sheet.finish()


def _lay(sheet: Sheet, number: int, row: ManifestRow) -> _Laid:
    region = sheet.wrap(row.region, TEXT, EDGES[3] - EDGES[2] - 3)
    recipient = [
        line
        for text in (f"{row.recipient}  {row.phone}", row.organization, row.address)
        for line in sheet.wrap(text, TEXT, EDGES[5] - EDGES[4] - 3)
    ]
    lines = max(len(region), len(recipient))
    height = max(LEAST_ROW, lines * TEXT * SPACING * POINT_MM + 3)
    if height > BOTTOM - NEXT_TOP - HEAD_ROW:
        raise DoesNotFit(f"rows/{number - 1}")
    return _Laid(number, row, tuple(region), tuple(recipient), height)


def _paginate(rows: list[_Laid]) -> list[list[_Laid]]:
    """Rows to pages; where the signatures do not fit below the last row, it goes with them to a new page."""
    pages: list[list[_Laid]] = [[]]
    top = FIRST_TOP + HEAD_ROW
    for row in rows:
        if top + row.height > BOTTOM:
            pages.append([])
            top = NEXT_TOP + HEAD_ROW
        pages[-1].append(row)
        top += row.height
    if top + SIGNATURES > BOTTOM:
        pages.append(_carried_over(pages[-1]))
    return pages


def _carried_over(rows: list[_Laid]) -> list[_Laid]:
    """Takes the last row off a full page, so that no signatures stand alone; leaves it where it is the only
    one.
    """
    if len(rows) < 2 or NEXT_TOP + HEAD_ROW + rows[-1].height + SIGNATURES > BOTTOM:
        return []
    return [rows.pop()]


def _first_head(sheet: Sheet, record: ManifestRecord) -> float:
    sheet.one_line(
        Box(LEFT, 10, RIGHT - LEFT, 10),
        record.title,
        "title",
        size=20,
        minimum=10,
        face="serif_bold",
        align="centre",
    )
    left = Box(LEFT, 22, 83, 28)
    totals = _totals(record)
    top = left.y
    for label, text in (
        ("交出", record.operator),
        ("接收", record.carrier_name),
        ("日期", record.made_on),
        ("合计", totals),
    ):
        top += (
            sheet.block(
                Box(left.x, top, left.width, 9), f"{label}：{text}", label, size=10, minimum=6.5, shorten=True
            )
            + 0.9
        )
    ticket = 26.0 if record.ticket else 0.0
    _list_number(sheet, Box(96, 21, RIGHT - 96 - ticket, 26), record.list_no)
    if record.ticket:
        _ticket(sheet, Box(RIGHT - ticket, 19, ticket, ticket), record.ticket)
    return FIRST_TOP


def _totals(record: ManifestRecord) -> str:
    going = [row for row in record.rows if not row.left_out]
    words = f"{len(going)} 件，{sum(row.count for row in going)} 份"
    out = len(record.rows) - len(going)
    return f"实交 {words}（划掉 {out} 件）" if out else f"共 {words}"


def _ticket(sheet: Sheet, box: Box, text: str) -> None:
    """The code for the clerk's scanner; nobody needs it who signs on paper, so one too long is left out."""
    try:
        sheet.qr(box, text, "ticket")
    except DoesNotFit:
        return
    sheet.text(box.x + box.width / 2, box.bottom - 0.4, "窗口扫此码，上屏签收", 6.5, align="centre")
    sheet.text(box.x + box.width / 2, box.bottom + 2.3, "只用一次，当日有效", 6.5, align="centre")


def _list_number(sheet: Sheet, box: Box, list_no: str) -> None:
    """The number with its barcode; a number too long for bars stands as text only."""
    _bars_or_nothing(sheet, Box(box.x, box.y, box.width, 11), list_no, widest=3)
    sheet.one_line(
        Box(box.x, box.y + 12, box.width, 5),
        f"清单号 {grouped(list_no)}",
        "list_no",
        size=9,
        minimum=4.5,
        align="centre",
    )


def _bars_or_nothing(sheet: Sheet, box: Box, text: str, *, widest: int = 2) -> bool:
    if not text or not all(" " <= character <= "~" for character in text):
        return False
    try:
        sheet.barcode(box, text, "barcode", widest=widest)
    except DoesNotFit:
        return False
    return True


def _next_head(sheet: Sheet, record: ManifestRecord) -> float:
    """Every page carries the list's barcode: a scanned page finds its list by itself."""
    sheet.one_line(
        Box(LEFT, 10, 70, 7), f"{record.title}（续）", "title", size=12, minimum=6, face="serif_bold"
    )
    _bars_or_nothing(sheet, Box(RIGHT - 90, 7, 90, 9), record.list_no, widest=3)
    number = Box(RIGHT - 90, 16.6, 90, 4.6)
    words = f"清单号 {grouped(record.list_no)}"
    sheet.one_line(number, words, "list_no", size=8.5, minimum=4.5, align="centre")
    return NEXT_TOP


def _table(sheet: Sheet, top: float, rows: list[_Laid]) -> float:
    start = top
    sheet.rule(LEFT, top, RIGHT, top, dots=3)
    for index, heading in enumerate(HEADINGS):
        cell = Box(EDGES[index], top, EDGES[index + 1] - EDGES[index], HEAD_ROW).inset(0.5, 0)
        sheet.one_line(cell, heading, "heading", size=9.5, minimum=6, align="centre")
    top += HEAD_ROW
    sheet.rule(LEFT, top, RIGHT, top, dots=3)
    for row in rows:
        _row(sheet, top, row)
        top += row.height
        sheet.rule(LEFT, top, RIGHT, top)
    for edge in EDGES:
        sheet.rule(edge, start, edge, top)
    return top


def _row(sheet: Sheet, top: float, laid: _Laid) -> None:
    cells = [Box(EDGES[i], top, EDGES[i + 1] - EDGES[i], laid.height) for i in range(len(HEADINGS))]
    sheet.one_line(cells[0].inset(0.5, 0), str(laid.number), "number", size=10, minimum=5, align="centre")
    code = Box(cells[1].x, top + (laid.height - LEAST_ROW) / 2, cells[1].width, LEAST_ROW)
    drawn = _bars_or_nothing(sheet, Box(code.x, code.y + 1.5, code.width, 6.2), laid.row.waybill_no)
    text = Box(code.x, code.y + 8, code.width, 4.5) if drawn else code
    sheet.one_line(
        text.inset(1, 0),
        grouped(laid.row.waybill_no),
        f"rows/{laid.number - 1}/waybill_no",
        size=9.5,
        minimum=4.5,
        align="centre",
    )
    sheet.lines(cells[2].x + 1.5, top + 1.5, laid.region, TEXT)
    sheet.one_line(cells[3].inset(0.5, 0), str(laid.row.count), "count", size=10, minimum=5, align="centre")
    sheet.lines(cells[4].x + 1.5, top + 1.5, laid.recipient, TEXT)
    if laid.row.left_out:
        _strike(sheet, top, laid.height)


def _strike(sheet: Sheet, top: float, height: float) -> None:
    """A line through the row, and the words that say what it means."""
    sheet.rule(EDGES[0], top + height / 2, EDGES[5], top + height / 2, dots=3)
    sheet.text(EDGES[5] - 1.5, top + height - 4.6, "未交，留在窗口", 8.5, face="serif_bold", align="right")


def _ending(sheet: Sheet, record: ManifestRecord, top: float) -> None:
    top += 1.5
    sheet.text(WIDTH / 2, top, BLANK, 8.5, align="centre")
    notice = "本清单含收件人姓名和电话，请妥善保管，只用于本次交接和投递。" if record.full else ""
    text = "  ".join(filter(None, (plain(record.note), notice)))
    if text:
        sheet.block(Box(LEFT, top + 4.5, RIGHT - LEFT, 7.5), text, "note", size=8.5, minimum=5, shorten=True)
    half = (RIGHT - LEFT - 4) / 2
    top += 13
    ours, theirs = Box(LEFT, top, half, 28), Box(LEFT + half + 4, top, half, 28)
    signed = record.signed
    if signed is not None and signed.picture is not None:
        sheet.picture(Box(theirs.right - 41, theirs.y + 8.5, 38, 11.5), signed.picture)
    _signature(sheet, ours, "交出方", record.operator, "经手人签名")
    _signature(sheet, theirs, "接收方", record.carrier_name, "接收人签名")
    if signed is not None:
        count = f"{sum(1 for row in record.rows if not row.left_out)} 封"
        staff = f"（工号 {signed.staff_no}）" if signed.staff_no else ""
        _filled(sheet, ours, (count, signed.clerk, signed.at))
        pen = 39.0 if signed.picture is not None else 0.0
        _filled(sheet, theirs, (count, f"{signed.name}{staff}", signed.at), beside=pen)


def _filled(sheet: Sheet, box: Box, texts: tuple[str, str, str], *, beside: float = 0.0) -> None:
    """What was entered on the screen, on the lines of a side, with room `beside` for the signature."""
    for top, text in zip((9.5, 15.5, 21.5), texts, strict=True):
        sheet.line_or_block(
            Box(box.x + 22, box.y + top - 0.8, box.width - 25 - beside, 5), text, "signed", size=9
        )


def _signature(sheet: Sheet, box: Box, side: str, party: str, who: str) -> None:
    sheet.frame(box)
    sheet.block(
        Box(box.x + 2, box.y + 1.2, box.width - 4, 8),
        f"{side}：{party}",
        side,
        size=9,
        minimum=5,
        shorten=True,
    )
    for top, label in ((9.5, "核对件数"), (15.5, who), (21.5, "交接时间")):
        sheet.text(box.x + 2, box.y + top, label, 9)
        sheet.rule(box.x + 21, box.y + top + 4.3, box.right - 3, box.y + top + 4.3, dots=1)


def _page_foot(sheet: Sheet, record: ManifestRecord, page: int, pages: int) -> None:
    sheet.text(WIDTH / 2, HEIGHT - 12, f"第 {page} 页 / 共 {pages} 页", 8.5, align="centre")
    if record.sample:
        sheet.text(RIGHT, HEIGHT - 12, SAMPLE_MARK, 8.5, align="right")
