"""The label: exact paper, zones in order, codes that read at 203 dpi, nothing that overlaps, nothing of the
matter.
"""

from __future__ import annotations

import dataclasses
import itertools
import re

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labels.code128 import DOT_MM
from labels.fonts import FontBook, MissingGlyph
from labels.label import LABEL_SIZES, LabelRecord, LabelSize, compose_label, render_label
from labels.sheet import SAMPLE_MARK, DoesNotFit, PlacedBarcode, grouped, plain

MM = 72 / 25.4
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
LONG = dataclasses.replace(
    RECORD,
    waybill_no="ZD1234567890123",
    organization="景宁畲族自治县农村商业银行" * 15,
    region="内蒙古自治区" * 8,
    address_printed=("敕木山村" * 75)[:300],
    sender_name="行政服务中心" * 13,
    sender_address="人民中路" * 75,
    sort_code="特别长的分拣码" * 5,
    note="请交收件人" * 30,
    carrier_name="寄递企业" * 10,
    product="政务专递" * 8,
    count_text="二十份" * 20,
    printed_on="2026-11-21 14:05" * 6,
    qr_text="https://dispatch.service-centre.example.gov.cn/c#01JD3Z0000000000000000ABCD",
)


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def page_of(pdf: bytes) -> pdfium.PdfPage:
    document = pdfium.PdfDocument(pdf)
    assert len(document) == 1
    return document[0]


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", "", page_of(pdf).get_textpage().get_text_bounded())


def inked(page: pdfium.PdfPage) -> list[tuple[float, float, float, float]]:
    """Bounds of every text on the page in points: left, bottom, right, top."""
    return [item.get_bounds() for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT])]


def codes_read(pdf: bytes, dpi: int = 203) -> list[tuple[str, str]]:
    image = page_of(pdf).render(scale=dpi / 72).to_pil()
    return [(str(code.format), code.text) for code in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("record", [RECORD, LONG], ids=["usual", "long"])
def test_both_codes_read(book: FontBook, size: LabelSize, record: LabelRecord, dpi: int) -> None:
    marked = dataclasses.replace(record, mark="1231-999 · 198-200/200")
    assert "1231-999·198-200/200" in text_of(render_label(marked, size, book))
    found = codes_read(render_label(marked, size, book), dpi)
    bars = [text for kind, text in found if "128" in kind]
    assert bars and set(bars) == {record.waybill_no}
    assert [text for kind, text in found if "QR" in kind] == [record.qr_text]


@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("number", ["EA000000015ZZ", "ZD0000000000018", "1234567890123", "SF1234567890123"])
def test_every_kind_of_number_reads_on_every_paper(book: FontBook, size: LabelSize, number: str) -> None:
    pdf = render_label(dataclasses.replace(RECORD, waybill_no=number), size, book)
    assert ("Code 128", number) in codes_read(pdf)


@pytest.mark.parametrize("size", LABEL_SIZES)
def test_the_page_is_exactly_the_paper(book: FontBook, size: LabelSize) -> None:
    width, height = map(int, size.split("x"))
    assert page_of(render_label(RECORD, size, book)).get_size() == pytest.approx(
        (width * MM, height * MM), abs=0.01
    )


@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("record", [RECORD, LONG], ids=["usual", "long"])
def test_bars_are_whole_dots_with_ten_quiet_modules(
    book: FontBook, size: LabelSize, record: LabelRecord
) -> None:
    sheet = compose_label(record, size, book)
    placed = [code for code in sheet.placed if isinstance(code, PlacedBarcode)]
    assert placed
    for code in placed:
        assert code.dots in (2, 3)
        quiet = 10 * code.dots
        assert code.x >= quiet
        assert code.x + code.symbol.modules * code.dots + quiet <= round(sheet.width / DOT_MM)
        zone = tuple(
            edge * DOT_MM * MM
            for edge in (code.x - quiet, code.y, code.symbol.modules * code.dots + 2 * quiet, code.height)
        )
        assert not _texts_inside(render_label(record, size, book), sheet.height, zone)


def _texts_inside(
    pdf: bytes, height: float, zone: tuple[float, ...]
) -> list[tuple[float, float, float, float]]:
    left, top, width, tall = zone
    upper, lower = height * MM - top, height * MM - top - tall
    return [
        box
        for box in inked(page_of(pdf))
        if box[0] < left + width and box[2] > left and box[1] < upper and box[3] > lower
    ]


@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        LONG,
        dataclasses.replace(LONG, sort_code="A3", note="", printed_on=""),
        dataclasses.replace(LONG, mark="1231-999 · 198-200/200"),
    ],
    ids=["usual", "long", "short sort code", "marked"],
)
def test_no_text_lies_over_another_or_leaves_the_paper(
    book: FontBook, size: LabelSize, record: LabelRecord
) -> None:
    page = page_of(render_label(record, size, book))
    width, height = page.get_size()
    boxes = [box for box in inked(page) if box[2] > box[0]]
    assert len(boxes) > 8
    for left, bottom, right, top in boxes:
        assert left >= 0 and bottom >= 0 and right <= width and top <= height
    for one, other in itertools.combinations(boxes, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert not (across > 0.3 and down > 0.3), (one, other)


@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("sort_code", ["331127 鹤溪", "A3", "鹤溪街道 2号线", "0578-012-A3"])
def test_the_sort_code_is_the_largest_thing(book: FontBook, size: LabelSize, sort_code: str) -> None:
    page = page_of(render_label(dataclasses.replace(RECORD, sort_code=sort_code), size, book))
    items = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT])
    sizes = sorted((item.get_font_size(), item.get_bounds()) for item in items)
    assert sizes[-1][0] >= 1.3 * sizes[-2][0]
    middle = page.get_size()[1]
    assert sizes[-1][1][1] > middle * 0.5


@pytest.mark.parametrize("size", LABEL_SIZES)
def test_zones_come_in_the_order_of_the_standard(book: FontBook, size: LabelSize) -> None:
    text = text_of(render_label(RECORD, size, book))
    order = ["EA000000015ZZ", "331127鹤溪", "费**", "敕木山村69号", "县行政服务中心", "内件：文件", "签收人"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("size", LABEL_SIZES)
def test_long_values_stand_whole(book: FontBook, size: LabelSize) -> None:
    text = text_of(render_label(LONG, size, book))
    for value in (LONG.organization, LONG.address_printed, LONG.region, LONG.sort_code):
        assert plain(value).replace(" ", "") in text


def test_the_same_record_gives_the_same_bytes(book: FontBook) -> None:
    assert render_label(RECORD, "100x180", book) == render_label(RECORD, "100x180", FontBook())
    assert render_label(RECORD, "100x180", book) != render_label(
        dataclasses.replace(RECORD, note=""), "100x180", book
    )


@pytest.mark.parametrize("size", LABEL_SIZES)
def test_a_sample_says_so_and_a_real_one_does_not(book: FontBook, size: LabelSize) -> None:
    mark = SAMPLE_MARK.replace(" ", "")
    assert mark in text_of(render_label(RECORD, size, book))
    assert mark not in text_of(render_label(dataclasses.replace(RECORD, sample=False), size, book))


@pytest.mark.parametrize("character", ["\U000f0000", "\U0010ffff", "\ue000", "\u0e01", "\u0301"])
@pytest.mark.parametrize("field", ["address_printed", "organization", "sort_code", "note", "sender_name"])
def test_a_missing_glyph_is_an_error_not_a_box(book: FontBook, field: str, character: str) -> None:
    with pytest.raises(MissingGlyph) as caught:
        render_label(dataclasses.replace(RECORD, **{field: f"村{character}口"}), "76x130", book)
    assert caught.value.character == character


def test_rare_characters_are_drawn(book: FontBook) -> None:
    record = dataclasses.replace(RECORD, recipient_masked="𬭎*", address_printed="㛃村𠮷路1号")
    assert "㛃村𠮷路1号" in text_of(render_label(record, "100x180", book))


def test_the_small_print_of_hostile_text(book: FontBook) -> None:
    hostile = "甲\u202e乙\u200b丙\x00丁\ufeff\ufe0f\n\t戊<b>&amp;(\\)%^XZ~"
    pdf = render_label(dataclasses.replace(RECORD, address_printed=hostile), "76x130", book)
    assert "甲乙丙丁戊<b>&amp;(\\)%^XZ~" in text_of(pdf)


@pytest.mark.parametrize("waybill", ["", "运单1", "EA 1\n", "EA\x00"])
def test_a_number_that_is_no_barcode_is_refused(book: FontBook, waybill: str) -> None:
    with pytest.raises(ValueError):
        render_label(dataclasses.replace(RECORD, waybill_no=waybill), "76x130", book)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address_printed", "村" * 3000),
        ("organization", "行" * 3000),
        ("waybill_no", "X" * 60),
        ("qr_text", "http://127.0.0.1/c#" + "A" * 900),
        ("sort_code", "长" * 2000),
    ],
)
def test_what_cannot_fit_is_named_without_telling_it(book: FontBook, field: str, value: str) -> None:
    with pytest.raises(DoesNotFit) as caught:
        render_label(dataclasses.replace(RECORD, **{field: value}), "76x130", book)
    assert value[:10] not in str(caught.value)


def test_an_unknown_size_is_refused(book: FontBook) -> None:
    with pytest.raises(ValueError):
        render_label(RECORD, "100x200", book)  # type: ignore[arg-type]


def test_without_a_sort_code_the_region_stands_in_its_place(book: FontBook) -> None:
    pdf = render_label(dataclasses.replace(RECORD, sort_code=" "), "76x130", book)
    assert text_of(pdf).count(RECORD.region) == 2


@given(
    st.text(st.sampled_from("村路A9 —（）()。，W…%"), max_size=300),
    st.text(st.sampled_from("银行WA·"), max_size=200),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_address_within_the_limits_fits_every_paper(address: str, organization: str) -> None:
    book = FontBook()
    record = dataclasses.replace(RECORD, address_printed=address, organization=organization)
    for size in LABEL_SIZES:
        render_label(record, size, book)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("EA000000015ZZ", "EA 000 000 015 ZZ"),
        ("ZD1234567890123", "ZD 1234 5678 9012 3"),
        ("1234567890123", "1234 5678 9012 3"),
        ("331127202610267000001", "331127 20261026 7000001"),
        ("AB-12", "AB-12"),
        ("", ""),
    ],
)
def test_numbers_are_grouped_for_the_eye(number: str, shown: str) -> None:
    assert grouped(number) == shown
