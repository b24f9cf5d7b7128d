"""The hand-over list: every envelope on it, readable by a scanner, signed at its end."""

from __future__ import annotations

import dataclasses
import re

import pypdfium2 as pdfium
import pytest
import zxingcpp

from labels.fonts import FontBook, MissingGlyph
from labels.manifest import ManifestRecord, ManifestRow, render_manifest
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
    assert sorted(bars(render_manifest(record(20), book))) == sorted(
        ["JJ-20261121-0003", *(f"ZD{n:013d}" for n in range(1, 21))]
    )


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
