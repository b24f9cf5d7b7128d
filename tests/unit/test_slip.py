"""The shelf slip and the receipt: what stands on them, codes that read, text that fits."""

from __future__ import annotations

import dataclasses
import itertools
import re

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp

from labels.fonts import FontBook, MissingGlyph
from labels.receipt import ReceiptRecord, ReceiptSize, render_receipt
from labels.sheet import DoesNotFit
from labels.slip import SlipRecord, SlipSize, render_slip

SLIP = SlipRecord(
    "县行政服务中心",
    "A-03-12",
    "费**",
    "331127202610267000001",
    "http://127.0.0.1:8000/c#01JD3Z0000000000000000ABCD",
    ("领取人身份证原件", "代领的，另看委托书和委托人身份证复印件"),
    phone_masked="190****3078",
    count_text="2 份",
    waiting_since="11月21日",
    keep_until="12月21日",
    note="内有不动产权证书原件，请当面清点",
)
RECEIPT = ReceiptRecord(
    "县行政服务中心",
    "331127202610267000001",
    "食品经营许可",
    "景宁畲族自治县市场监督管理局",
    "费**",
    "2026年10月26日",
    "邮政专递，送到登记的地址",
    "11月9日前",
    "http://127.0.0.1:8000/track#331127202610267000001",
    "0578-5082123",
)
SLIP_SIZES: tuple[SlipSize, ...] = ("100x150", "A5")
RECEIPT_SIZES: tuple[ReceiptSize, ...] = ("A5", "A4-half")


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def text_of(pdf: bytes) -> str:
    document = pdfium.PdfDocument(pdf)
    assert len(document) == 1
    return re.sub(r"\s+", "", document[0].get_textpage().get_text_bounded())


def read(pdf: bytes) -> set[str]:
    return {
        code.text
        for code in zxingcpp.read_barcodes(pdfium.PdfDocument(pdf)[0].render(scale=203 / 72).to_pil())
    }


def overlaps(pdf: bytes) -> list[tuple[object, object]]:
    page = pdfium.PdfDocument(pdf)[0]
    width, height = page.get_size()
    boxes = [item.get_bounds() for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT])]
    boxes = [box for box in boxes if box[2] > box[0]]
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height for box in boxes)
    return [
        (one, other)
        for one, other in itertools.combinations(boxes, 2)
        if min(one[2], other[2]) - max(one[0], other[0]) > 0.3
        and min(one[3], other[3]) - max(one[1], other[1]) > 0.3
    ]


@pytest.mark.parametrize("size", SLIP_SIZES)
def test_a_slip_says_where_who_and_what_to_ask(book: FontBook, size: SlipSize) -> None:
    pdf = render_slip(SLIP, book, size)
    text = text_of(pdf)
    for part in (
        "取件架位单",
        "A-03-12",
        "费**",
        "领取人身份证原件",
        "委托书",
        "保管到12月21日",
        "领取人签名",
        "演示样本",
    ):
        assert part in text
    assert read(pdf) == {SLIP.acceptance_no, SLIP.qr_text}
    assert not overlaps(pdf)


@pytest.mark.parametrize("size", SLIP_SIZES)
def test_a_slip_of_long_values(book: FontBook, size: SlipSize) -> None:
    record = dataclasses.replace(
        SLIP,
        shelf_place="二楼东侧不动产登记专区第十二排" * 3,
        organization="农村商业银行" * 30,
        note="请当面清点" * 20,
        operator="行政服务中心" * 13,
        acceptance_no="A" * 40,
        ask_for=("领取人身份证原件和复印件" * 3,) * 6,
    )
    pdf = render_slip(record, book, size)
    assert not overlaps(pdf)
    assert "A" * 40 in text_of(pdf)
    assert record.qr_text in read(pdf)
    assert text_of(pdf).count("领取人身份证原件和复印件" * 3) == 6


def test_what_the_collector_must_show_is_never_cut(book: FontBook) -> None:
    with pytest.raises(DoesNotFit, match="ask_for"):
        render_slip(dataclasses.replace(SLIP, ask_for=("领取人身份证原件" * 200,)), book)


@pytest.mark.parametrize("size", RECEIPT_SIZES)
def test_a_receipt_tells_the_way_the_day_and_whom_to_call(book: FontBook, size: ReceiptSize) -> None:
    pdf = render_receipt(RECEIPT, book, size)
    text = text_of(pdf)
    for part in (
        "受理回执",
        "331127202610267000001",
        "食品经营许可",
        "费**",
        "邮政专递",
        "11月9日前",
        "0578-5082123",
    ):
        assert part in text
    assert read(pdf) == {RECEIPT.tracking_url}
    assert not overlaps(pdf)


@pytest.mark.parametrize("size", RECEIPT_SIZES)
def test_a_receipt_of_long_values(book: FontBook, size: ReceiptSize) -> None:
    record = dataclasses.replace(
        RECEIPT,
        item="许可" * 60,
        department="局" * 80,
        applicant_masked="公司" * 100,
        acceptance_no="Z" * 40,
        operator="中心" * 25,
        sentence="请稍候。" * 30,
    )
    pdf = render_receipt(record, book, size)
    assert not overlaps(pdf)
    assert "公司" * 100 in text_of(pdf)
    with pytest.raises(DoesNotFit):
        render_receipt(dataclasses.replace(RECEIPT, item="许可" * 3000), book, size)


def test_the_same_record_gives_the_same_bytes(book: FontBook) -> None:
    assert render_slip(SLIP, book) == render_slip(SLIP, book)
    assert render_receipt(RECEIPT, book) == render_receipt(RECEIPT, book)


def test_samples_say_so_and_real_ones_do_not(book: FontBook) -> None:
    assert "演示样本" in text_of(render_receipt(RECEIPT, book))
    assert "演示样本" not in text_of(render_receipt(dataclasses.replace(RECEIPT, sample=False), book))
    assert "演示样本" not in text_of(render_slip(dataclasses.replace(SLIP, sample=False), book))


def test_wrong_paper_and_missing_glyphs_are_refused(book: FontBook) -> None:
    with pytest.raises(ValueError, match="slip"):
        render_slip(SLIP, book, "A3")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="receipt"):
        render_receipt(RECEIPT, book, "A3")  # type: ignore[arg-type]
    with pytest.raises(MissingGlyph):
        render_slip(dataclasses.replace(SLIP, name_masked="\ue000*"), book)
    with pytest.raises(MissingGlyph):
        render_receipt(dataclasses.replace(RECEIPT, item="\ue000"), book)
