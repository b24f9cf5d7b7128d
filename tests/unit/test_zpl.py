"""The ZPL of a label, drawn by a small interpreter of the commands used and read with zxing-cpp."""

from __future__ import annotations

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageDraw
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from reportlab.graphics.barcode import code128 as reportlab_code128

from labels.fonts import FontBook, MissingGlyph
from labels.label import LABEL_SIZES, LabelRecord, LabelSize
from labels.slip import SlipRecord
from labels.zpl import DPIS, Dpi, label_zpl, slip_zpl

RECORD = LabelRecord(
    waybill_no="EA000000015ZZ",
    carrier_name="邮政速递",
    product="政务专递",
    sort_code="331127 鹤溪",
    sender_name="县行政服务中心",
    sender_phone="0578-5082123",
    sender_address="浙江省丽水市景宁畲族自治县人民中路1号",
    recipient_masked="费**",
    phone_masked="190****3078",
    region="浙江省丽水市景宁畲族自治县鹤溪街道",
    address_printed="敕木山村69号",
    qr_text="http://127.0.0.1:8000/c#01JD3Z0000000000000000ABCD",
    count_text="2 份",
    note="请交本人签收",
    printed_on="2026-11-21 14:05",
)
SAFE = re.compile(r"[\x20-\x7e\n]*")


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@dataclass
class Printed:
    """What a printer would have burnt: the graphic, the codes, and where the codes stand with their quiet
    zones.
    """

    graphic: Image.Image
    codes: Image.Image
    zones: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def paper(self) -> Image.Image:
        return ImageChops.darker(self.graphic, self.codes)


def printed(zpl: str) -> Printed:
    width, height = (int(re.search(rf"\^{name}(\d+)", zpl)[1]) for name in ("PW", "LL"))  # type: ignore[index]
    paper = Printed(*(Image.new("L", (width, height), 255) for _ in range(2)))
    x = y = module = tall = 0
    kind = ""
    for code, body in re.findall(r"\^([A-Z]{2}|A@)([^^]*)", zpl.replace("\n", "")):
        if code == "FO":
            x, y = map(int, body.split(","))
        elif code == "GF":
            _draw_graphic(paper.graphic, x, y, body)
        elif code == "BY":
            module, _, tall = map(int, body.split(","))
        elif code == "BC":
            kind = "bars"
            assert body == f"N,{tall},N,N,N,N"
        elif code == "BQ":
            kind, module = "qr", int(body.split(",")[2])
        elif code == "FD":
            zone = (
                _draw_bars(paper.codes, x, y, module, tall, body)
                if kind == "bars"
                else _draw_qr(paper.codes, x, y + 10, module, body)
            )
            paper.zones.append(zone)
    return paper


def _draw_graphic(image: Image.Image, x: int, y: int, body: str) -> None:
    kind, total, same, row_bytes, data = body.split(",", 4)
    assert kind == "A" and total == same and int(total) == int(row_bytes) * image.height
    rows, row, count, nibbles = [], "", 0, int(row_bytes) * 2
    for sign in data:
        if sign == ":":
            rows.append(rows[-1])
        elif sign == ",":
            rows.append(row.ljust(nibbles, "0"))
            row = ""
        elif "G" <= sign <= "Y":
            count += ord(sign) - ord("G") + 1
        elif "g" <= sign <= "z":
            count += 20 * (ord(sign) - ord("g") + 1)
        else:
            row, count = row + sign * (count or 1), 0
            if len(row) == nibbles:
                rows.append(row)
                row = ""
        assert len(row) <= nibbles
    assert not row and len(rows) == image.height
    ink = Image.frombytes("1", (int(row_bytes) * 8, len(rows)), bytes.fromhex("".join(rows)))
    image.paste(ImageChops.invert(ink.convert("L")), (x, y))


def _draw_bars(
    image: Image.Image, x: int, y: int, module: int, tall: int, data: str
) -> tuple[int, int, int, int]:
    values: list[int] = []
    code_set = ""
    for token in _tokens(data):
        if token in (">:", ">6"):
            values.append(104 if token == ">:" else 100)
            code_set = "B"
        elif token in (">;", ">5"):
            values.append(105 if token == ">;" else 99)
            code_set = "C"
        elif code_set == "C":
            values.append(int(token))
        else:
            values.append({">0": 30, "><": 62, ">=": 94}.get(token, ord(token[-1]) - 32))
    values.append((values[0] + sum(at * value for at, value in enumerate(values[1:], 1))) % 103)
    pen, left = ImageDraw.Draw(image), x
    for value in (*values, 106):
        for letter in reportlab_code128._patterns[value]:
            width = (ord(letter.lower()) - 96) * module
            if letter.isupper():
                pen.rectangle((left, y, left + width - 1, y + tall - 1), fill=0)
            left += width
    return x - 10 * module, y, left + 10 * module, y + tall


def _tokens(data: str) -> list[str]:
    tokens, code_set, at = [], "", 0
    while at < len(data):
        if data[at] == ">":
            token = data[at : at + 2]
            code_set = {":": "B", "6": "B", ";": "C", "5": "C"}.get(token[1], code_set)
        else:
            token = data[at : at + (2 if code_set == "C" else 1)]
        tokens.append(token)
        at += len(token)
    return tokens


def _draw_qr(image: Image.Image, x: int, y: int, module: int, data: str) -> tuple[int, int, int, int]:
    assert data.startswith("MA,")
    text = re.sub(rb"_([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), data[3:].encode()).decode()
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    pen = ImageDraw.Draw(image)
    for row, cells in enumerate(code.modules):
        for column, dark in enumerate(cells):
            if dark:
                left, top = x + column * module, y + row * module
                pen.rectangle((left, top, left + module - 1, top + module - 1), fill=0)
    side = len(code.modules) * module
    return x - 4 * module, y - 4 * module, x + side + 4 * module, y + side + 4 * module


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("number", ["EA000000015ZZ", "ZD1234567890123", "1234567890123"])
def test_the_printed_label_reads(book: FontBook, size: LabelSize, number: str, dpi: Dpi) -> None:
    record = dataclasses.replace(RECORD, waybill_no=number, mark="1231-999 · 198-200/200")
    paper = printed(label_zpl(record, size, book, dpi))
    found = [(str(code.format), code.text) for code in zxingcpp.read_barcodes(paper.paper)]
    assert ("Code 128", number) in found
    assert ("QR Code", RECORD.qr_text) in found


@pytest.mark.parametrize("size", LABEL_SIZES)
def test_the_paper_is_eight_dots_to_the_millimetre(book: FontBook, size: LabelSize) -> None:
    width, height = (int(side) * 8 for side in size.split("x"))
    assert printed(label_zpl(RECORD, size, book)).paper.size == (width, height)


def test_a_head_of_300_dpi_has_its_own_dots(book: FontBook) -> None:
    assert printed(label_zpl(RECORD, "100x180", book, 300)).paper.size == (1181, 2126)
    with pytest.raises(ValueError):
        label_zpl(RECORD, "100x180", book, 600)  # type: ignore[arg-type]


@pytest.mark.parametrize("dpi", DPIS)
def test_a_shelf_slip_reads_too(book: FontBook, dpi: Dpi) -> None:
    slip = SlipRecord(
        operator="景宁畲族自治县行政服务中心", shelf_place="乙-3-12", name_masked="𠮷*", acceptance_no="331127202611010000017",
        qr_text="http://127.0.0.1:8000/c#01JD3Z0000000000000000ABCD", ask_for=("请出示本人身份证件，核对姓名与照片。",) * 3,
        organization="丽水市" * 20, mark="1231-999 · 198-200/200",
    )  # fmt: skip
    found = [code.text for code in zxingcpp.read_barcodes(printed(slip_zpl(slip, book, dpi)).paper)]
    assert slip.acceptance_no in found and slip.qr_text in found


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("size", LABEL_SIZES)
def test_no_graphic_reaches_into_a_code_or_its_quiet_zone(book: FontBook, size: LabelSize, dpi: Dpi) -> None:
    paper = printed(label_zpl(RECORD, size, book, dpi))
    assert len(paper.zones) == (2 if size == "76x130" else 3)
    for left, top, right, bottom in paper.zones:
        assert left >= 0 and top >= 0 and right <= paper.graphic.width and bottom <= paper.graphic.height
        assert paper.graphic.crop((left, top, right, bottom)).getextrema() == (255, 255)


def test_chinese_goes_as_a_graphic_with_ink_in_every_zone(book: FontBook) -> None:
    zpl = label_zpl(RECORD, "76x130", book)
    assert SAFE.fullmatch(zpl)
    assert "^A" not in zpl and zpl.startswith("^XA") and zpl.endswith("^XZ\n")
    graphic = printed(zpl).graphic
    for top in range(0, 1040, 130):
        assert graphic.crop((0, top, 380, top + 130)).getextrema()[0] == 0


def test_the_same_record_gives_the_same_commands(book: FontBook) -> None:
    assert label_zpl(RECORD, "100x150", book) == label_zpl(RECORD, "100x150", book)


def test_no_value_becomes_a_command(book: FontBook) -> None:
    hostile = "^XZ^XA^JUF~JR_5E"
    record = dataclasses.replace(
        RECORD,
        waybill_no="A^B~C>D",
        qr_text=f"http://x/c#{hostile}路",
        note=hostile,
        address_printed=hostile,
        sort_code=hostile,
    )
    zpl = label_zpl(record, "100x180", book)
    assert zpl.count("^XZ") == 1 and zpl.count("^XA") == 1 and "~" not in zpl and SAFE.fullmatch(zpl)
    paper = printed(zpl)
    found = {code.text for code in zxingcpp.read_barcodes(paper.paper)}
    assert found == {"A^B~C>D", record.qr_text}


def test_a_missing_glyph_is_an_error(book: FontBook) -> None:
    with pytest.raises(MissingGlyph):
        label_zpl(dataclasses.replace(RECORD, address_printed="\ue000村"), "76x130", book)


def test_several_threads_get_the_same_commands(book: FontBook) -> None:
    alone = label_zpl(RECORD, "76x130", book)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: label_zpl(RECORD, "76x130", book), range(12))) == {alone}
