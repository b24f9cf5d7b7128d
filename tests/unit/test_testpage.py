"""The test page: exactly its paper, lines of exactly their length, rulers that count from the paper's edge, codes that
read on coarse and fine heads, words that stay on the paper."""

from __future__ import annotations

import re

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp
from PIL import Image

from labels.fonts import FontBook
from labels.testpage import TEST_SIZES, render_test_page

pytestmark = pytest.mark.unit

MM = 72 / 25.4
SIZES = pytest.mark.parametrize("size", TEST_SIZES)
PAPER = {
    "A4": (210, 297),
    "A3": (297, 420),
    "100x180": (100, 180),
    "100x150": (100, 150),
    "76x130": (76, 130),
}


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def drawn(pdf: bytes, dpi: int) -> Image.Image:
    with pdfium.PdfDocument(pdf) as document:
        return document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")


@SIZES
def test_the_page_is_exactly_its_paper_and_asks_not_to_be_scaled(size: str, book: FontBook) -> None:
    pdf = render_test_page(size, book)
    assert pdf == render_test_page(size, book)
    with pdfium.PdfDocument(pdf) as document:
        assert len(document) == 1
        box = [edge / MM for edge in document[0].get_mediabox()]
    assert box == pytest.approx([0, 0, *PAPER[size]], abs=0.01)
    assert b"/PrintScaling /None" in pdf


@SIZES
@pytest.mark.parametrize("dpi", [203, 300])
def test_both_codes_read(size: str, dpi: int, book: FontBook) -> None:
    picture = drawn(render_test_page(size, book), dpi).point(lambda level: 255 if level >= 150 else 0)
    read = {one.format.name: one.text for one in zxingcpp.read_barcodes(picture)}
    assert read["QRCode"] == f"CESHI-{size.upper()}-0123456789"
    assert read["Code128"].startswith("CESHI-01234")


@SIZES
def test_the_thick_lines_are_as_long_as_they_say(size: str, book: FontBook) -> None:
    """Measured in ink to a tenth of a millimetre: the longest unbroken run in the strip where each line stands."""
    dpi = 600
    picture, plan = drawn(render_test_page(size, book), dpi), TEST_SIZES[size]
    at = [round((plan.edge + more) / 25.4 * dpi) for more in (2, 6, 8, 32)]
    rows = picture.crop((at[0], at[2], picture.width, at[3]))
    columns = picture.crop((at[1], at[2], at[2], picture.height)).transpose(Image.Transpose.TRANSPOSE)
    for strip, said in ((rows, plan.across), (columns, plan.down)):
        longest = max(
            _longest_run(strip.crop((0, y, strip.width, y + 1)).tobytes()) for y in range(strip.height)
        )
        assert longest / dpi * 25.4 == pytest.approx(said, abs=0.12)
    with pdfium.PdfDocument(render_test_page(size, book)) as document:
        text = "".join(document[0].get_textpage().get_text_bounded().split())
    assert re.findall(r"正好(\d+)毫米", text) == [str(plan.across), str(plan.down)]


def _longest_run(row: bytes) -> int:
    return max(len(run) for run in re.split(rb"[\x80-\xff]+", row))


@SIZES
def test_every_word_stays_on_the_paper_and_below_the_last(size: str, book: FontBook) -> None:
    with pdfium.PdfDocument(render_test_page(size, book)) as document:
        page = document[0]
        width, height = page.get_size()
        boxes = [one.get_bounds() for one in page.get_objects() if one.type == pdfium_c.FPDF_PAGEOBJ_TEXT]
        text = "".join(page.get_textpage().get_text_bounded().split())
    assert all(
        3 < left and right < width - 3 and 3 * MM < bottom and top < height
        for left, bottom, right, top in boxes
    )
    for words in ("测试页", "量一量", "实际大小", "5磅", "9磅", "就没有被裁掉。"):
        assert words in text


def test_a_size_nobody_has(book: FontBook) -> None:
    with pytest.raises(KeyError):
        render_test_page("A5", book)
