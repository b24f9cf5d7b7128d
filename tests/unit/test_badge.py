"""The badge to cut out: name, role, a barcode that reads at both printers' resolutions, and nothing drawn as a box."""

from __future__ import annotations

import dataclasses

import pypdfium2 as pdfium
import pytest
import zxingcpp

from labels.badge import BadgeRecord, render_badge
from labels.fonts import FontBook, MissingGlyph

pytestmark = pytest.mark.unit

BADGE = BadgeRecord("县行政服务中心", "窗口小李", "窗口人员", "ZDBQ7K3M9XWABCD2345")


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@pytest.mark.parametrize("dpi", [203, 300])
def test_both_cards_say_the_code(book: FontBook, dpi: int) -> None:
    page = pdfium.PdfDocument(render_badge(BADGE, book))[0]
    found = zxingcpp.read_barcodes(page.render(scale=dpi / 72, grayscale=True).to_pil())
    assert [one.text for one in found] == [BADGE.code, BADGE.code]
    words = page.get_textpage().get_text_range()
    assert words.count("窗口小李") == 2 and "演示样本" in words and BADGE.code not in words


@pytest.mark.parametrize("name", ["欧阳" * 30, "𠮷田窗口", "li", "Wang Xiaoming of the second counter " * 1])
def test_long_and_rare_names_stand_on_the_card_whole(book: FontBook, name: str) -> None:
    data = render_badge(dataclasses.replace(BADGE, name=name), book)
    words = "".join(pdfium.PdfDocument(data)[0].get_textpage().get_text_range().split())
    assert words.count("".join(name.split())) == 2


def test_the_same_badge_is_the_same_bytes_and_bad_ones_are_refused(book: FontBook) -> None:
    assert render_badge(BADGE, book) == render_badge(BADGE, book)
    with pytest.raises(ValueError):
        render_badge(dataclasses.replace(BADGE, code="工牌"), book)
    with pytest.raises(MissingGlyph):
        render_badge(dataclasses.replace(BADGE, name="\U000f1234"), book)
