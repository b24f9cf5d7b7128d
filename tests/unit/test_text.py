"""Lines break as a Chinese typesetter breaks them, nothing is lost, nothing is wider than its column."""

from __future__ import annotations

import io
import re

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from labels.fonts import FontBook, MissingGlyph
from labels.text import draw_line, fit, fit_line, paragraphs, wrap

BOOK = FontBook()
NO_START = "，。、；：？！）〕】》」』”’…"
NO_END = "（〔【《「『“‘"
SCOPE = "餐饮服务；住宿服务；食品销售；初级农产品收购（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
PIECES = st.lists(
    st.sampled_from(["行政", "。", "，", "（", "）", "《", "》", "abc", "2026", "-", " ", "𬭎", "；"]),
    max_size=60,
)


def plain(lines: list[str]) -> str:
    return re.sub(r"\s", "", "".join(lines))


@settings(max_examples=60, deadline=None)
@given(PIECES, st.integers(60, 300))
def test_nothing_is_lost_and_nothing_is_too_wide(pieces: list[str], width: int) -> None:
    text = "".join(pieces)
    lines = wrap(BOOK, text, "serif", 12, width)
    assert plain(lines) == re.sub(r"\s", "", text)
    assert all(BOOK.width(line, "serif", 12) <= width + 0.1 for line in lines)


@pytest.mark.parametrize("width", range(120, 400, 13))
def test_no_closing_mark_begins_and_no_opening_mark_ends_a_line(width: int) -> None:
    lines = wrap(BOOK, SCOPE * 3, "serif", 12, width)
    assert len(lines) > 3
    assert not [line for line in lines if line[0] in NO_START or line[-1] in NO_END]


def test_words_and_numbers_stay_whole_unless_longer_than_a_line() -> None:
    lines = wrap(BOOK, "统一社会信用代码92331127D1TJ3Y7LL6以及Extraordinarily长", "serif", 12, 150)
    assert any("92331127D1TJ3Y7LL6" in line for line in lines)
    assert any("Extraordinarily" in line for line in lines)
    long = wrap(BOOK, "A" * 200, "serif", 12, 150)
    assert "".join(long) == "A" * 200
    assert len(long) > 5


def test_a_heap_of_closing_marks_is_cut_all_the_same() -> None:
    lines = wrap(BOOK, "）" * 300, "serif", 12, 100)
    assert "".join(lines) == "）" * 300
    assert all(BOOK.width(line, "serif", 12) <= 100.1 for line in lines)


def test_a_character_wider_than_the_column_still_comes() -> None:
    assert wrap(BOOK, "行政", "serif", 50, 10) == ["行", "政"]


def test_line_breaks_in_a_value_are_paragraphs() -> None:
    assert paragraphs("甲\r\n\n 乙 \r丙") == ["甲", "乙", "丙"]
    assert wrap(BOOK, "甲\n乙", "serif", 12, 100) == ["甲", "乙"]
    assert wrap(BOOK, " \n ", "serif", 12, 100) == []


def test_indent_shortens_the_first_line_only() -> None:
    lines = wrap(BOOK, "行" * 25, "serif", 10, 100, indent=20)
    assert [len(line) for line in lines] == [8, 10, 7]


def test_fit_steps_down_and_gives_up() -> None:
    roomy = fit(BOOK, SCOPE, "serif", 400, 60, size=14, minimum=8)
    tight = fit(BOOK, SCOPE, "serif", 200, 60, size=14, minimum=8)
    assert roomy is not None and roomy.size == 14
    assert tight is not None and 8 <= tight.size < 14 and tight.height <= 60.1
    assert fit(BOOK, SCOPE * 9, "serif", 200, 60, size=14, minimum=8) is None
    assert fit_line(BOOK, "行" * 20, "serif", 200, size=14, minimum=8) == 10
    assert fit_line(BOOK, "行" * 40, "serif", 200, size=14, minimum=8) is None


def test_values_are_drawn_never_parsed() -> None:
    hostile = '<b>张三</b><a href="https://example.com">点</a><img src="/etc/hostname"/>&lt; (\\) %s {x}'
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, initialFontName=BOOK.font_name("serif"), pageCompression=0)
    draw_line(canvas, BOOK, 20, 700, hostile, "serif", 8)
    canvas.save()
    page = pdfium.PdfDocument(out.getvalue())[0]
    assert plain([page.get_textpage().get_text_bounded()]) == plain([hostile])
    assert b"/URI" not in out.getvalue() and b"/Annots" not in out.getvalue()


def test_nothing_is_drawn_when_one_character_is_missing() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, initialFontName=BOOK.font_name("serif"))
    with pytest.raises(MissingGlyph):
        draw_line(canvas, BOOK, 20, 700, "张\ue000三", "serif", 8)
    canvas.showPage()
    canvas.save()
    assert pdfium.PdfDocument(out.getvalue())[0].get_textpage().get_text_bounded() == ""
