"""The quick card for the wall: everything on one page, nothing cut, the same bytes again."""

from __future__ import annotations

import tomllib

import pypdfium2 as pdfium
import pytest

from labels.card import CardBox, CardRecord, render_card
from labels.fonts import FontBook, MissingGlyph
from labels.sheet import DoesNotFit
from tests.pages import ROOT, page_text, squeeze

pytestmark = pytest.mark.unit

CARDS = sorted((ROOT / "templates/cards").glob("*.toml"))


def _record(boxes: tuple[CardBox, ...], title: str = "窗口速查卡") -> CardRecord:
    return CardRecord(title, "景宁畲族自治县行政服务中心", "0578-0000000", boxes)


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_card_fits_one_page_with_every_word(book: FontBook, path) -> None:
    words = tomllib.loads(path.read_text("utf-8"))
    boxes = tuple(CardBox(box["heading"], tuple(box["lines"])) for box in words["box"])
    made = render_card(_record(boxes, words["title"]), book)
    assert made == render_card(_record(boxes, words["title"]), book)
    document = pdfium.PdfDocument(made)
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.1)
    text = page_text(made)
    assert [line for box in boxes for line in (box.heading, *box.lines) if squeeze(line) not in text] == []
    assert squeeze("演示样本 不具法律效力") in text


def test_too_much_for_one_page_is_refused(book: FontBook) -> None:
    with pytest.raises(DoesNotFit):
        render_card(_record((CardBox("一", ("字" * 200,) * 60),)), book)


def test_a_glyph_no_face_has_is_refused(book: FontBook) -> None:
    with pytest.raises(MissingGlyph):
        render_card(_record((CardBox("一", ("\U0001f600",)),)), book)
