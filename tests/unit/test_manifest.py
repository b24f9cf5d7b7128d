"""The hand-over list: every envelope on it, readable by a scanner, signed at its end."""

from __future__ import annotations

import dataclasses
import re
from io import BytesIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from labels.fonts import FontBook, MissingGlyph
from labels.manifest import ManifestRecord, ManifestRow, SignedBy, render_manifest
from labels.sheet import DoesNotFit


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def record(count: int, **changes: object) -> ManifestRecord:
    rows = tuple(
        ManifestRow(f"ZD{n:013d}", "浙江省丽水市景宁畲族自治县鹤溪街道", 1 + n % 3, "费**", "190****3078")
        for n in range(1, count + 1)
    )
    base = ManifestRecord("县行政服务中心", "邮政速递", "JJ-20261121-0003", "2026年11月21日 16:00", rows)
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def pages(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in pdfium.PdfDocument(pdf)]


def bars(pdf: bytes) -> list[str]:
    return [
        code.text
        for page in pdfium.PdfDocument(pdf)
        for code in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())
    ]


@pytest.mark.parametrize("count", [0, 1, 13, 14, 15, 16, 17, 18, 33, 60])
def test_every_row_stands_once_and_signatures_close_the_list(book: FontBook, count: int) -> None:
    pdf = render_manifest(record(count), book)
    found = pages(pdf)
    text = "".join(found)
    for n in range(1, count + 1):
        shown = f"ZD{n:013d}"
        assert text.count(shown) == 1
    assert text.count("经手人签名") == text.count("接收人签名") == 1
    assert "经手人签名" in found[-1] and "以下空白" in found[-1]
    assert f"共{count}件，{sum(1 + n % 3 for n in range(1, count + 1))}份" in found[0]
    for number, page in enumerate(found, 1):
        assert f"第{number}页/共{len(found)}页" in page
        assert "演示样本不具法律效力" in page
        assert "JJ-20261121-0003" in page
        assert "件内份数" in page
    if len(found) > 1:
        assert "ZD" in found[-1], "no signatures without a row above them"


def test_every_number_can_be_scanned_from_the_list(book: FontBook) -> None:
    """The list's own number stands on every page, so that each finds its list when scanned."""
    pdf = render_manifest(record(20), book)
    assert sorted(bars(pdf)) == sorted(
        ["JJ-20261121-0003"] * len(pages(pdf)) + [f"ZD{n:013d}" for n in range(1, 21)]
    )


LONG_BASE = "https://" + "a" * 60 + ".gov.cn/zhengda"


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", LONG_BASE])
def test_the_one_time_code_reads_and_says_what_it_is(book: FontBook, base: str, dpi: int) -> None:
    ticket = f"{base}/window/sign/{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'}"
    pdf = render_manifest(record(3, ticket=ticket), book)
    page = pdfium.PdfDocument(pdf)[0]
    found = {code.text for code in zxingcpp.read_barcodes(page.render(scale=dpi / 72).to_pil())}
    assert {ticket, "JJ-20261121-0003"} <= found
    assert "只用一次" in pages(pdf)[0]
    assert "只用一次" not in pages(render_manifest(record(3), book))[0]


def ink() -> bytes:
    """A signature as a tablet sends it."""
    drawn = Image.new("RGB", (900, 260), "white")
    ImageDraw.Draw(drawn).line([(60, 200), (300, 40), (420, 220), (800, 60)], fill="black", width=8)
    out = BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def test_a_signed_list_carries_name_number_time_and_signature(book: FontBook) -> None:
    signed = SignedBy("王师傅", "EMS-0417", "lin", "2026年11月21日 16:20", ink())
    rows = (
        *record(3).rows,
        dataclasses.replace(record(1).rows[0], waybill_no="ZD9999999999999", left_out=True),
    )
    made = record(0, rows=rows, signed=signed)
    pdf = render_manifest(made, book)
    (text,) = pages(pdf)
    for part in (
        "王师傅（工号EMS-0417）",
        "lin",
        "2026年11月21日16:20",
        "未交，留在窗口",
        "3封",
        "实交3件",
        "划掉1件",
    ):
        assert part in text
    assert len(list(pdfium.PdfDocument(pdf)[0].get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))) == 1
    assert render_manifest(made, book) == pdf
    paper = render_manifest(record(3, signed=dataclasses.replace(signed, picture=None)), book)
    assert not list(pdfium.PdfDocument(paper)[0].get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))
    with pytest.raises(ValueError):
        render_manifest(record(3, signed=dataclasses.replace(signed, picture=b"no picture")), book)


def test_a_long_name_stays_on_its_line(book: FontBook) -> None:
    signed = SignedBy("欧阳𠮷" * 20, "9" * 20, "clerk" * 12, "2026年11月21日 16:20")
    assert "欧阳𠮷" in pages(render_manifest(record(2, signed=signed), book))[0]


def test_the_list_for_a_carrier_without_data_shows_full_names_and_says_so(book: FontBook) -> None:
    row = ManifestRow("ZD0000000000018", "浙江省丽水市", 2, "费强洋", "19000003078", address="敕木山村69号")
    text = "".join(
        pages(render_manifest(record(0, rows=(row,), full=True, title="内部交接单", sample=False), book))
    )
    assert "费强洋19000003078" in text and "敕木山村69号" in text and "请妥善保管" in text
    assert text.startswith("内部交接单") and "演示样本" not in text
    assert "请妥善保管" not in "".join(pages(render_manifest(record(1), book)))


def test_long_rows_grow_and_impossible_ones_are_named(book: FontBook) -> None:
    row = ManifestRow("ZD0000000000018", "区" * 150, 1, "费**", organization="银行" * 100, address="村" * 300)
    text = "".join(pages(render_manifest(record(0, rows=(row,) * 5), book)))
    assert text.count("银行" * 100) == text.count("村" * 300) == 5
    with pytest.raises(DoesNotFit, match="rows/0"):
        render_manifest(record(0, rows=(dataclasses.replace(row, address="村" * 3000),)), book)


def test_a_number_too_long_or_foreign_for_bars_stands_as_text(book: FontBook) -> None:
    rows = (ManifestRow("X" * 40, "区", 1, "费**"), ManifestRow("运单7", "区", 1, "费**"))
    pdf = render_manifest(record(0, rows=rows, list_no="清单7"), book)
    assert bars(pdf) == []
    assert "X" * 40 in pages(pdf)[0] and "运单7" in pages(pdf)[0]


def test_the_same_record_gives_the_same_bytes(book: FontBook) -> None:
    assert render_manifest(record(20), book) == render_manifest(record(20), book)


def test_the_paper_is_a4_and_a_missing_glyph_an_error(book: FontBook) -> None:
    page = pdfium.PdfDocument(render_manifest(record(3), book))[0]
    assert page.get_size() == pytest.approx((595.28, 841.89), abs=0.01)
    with pytest.raises(MissingGlyph):
        render_manifest(record(1, operator="中\ue000心"), book)
