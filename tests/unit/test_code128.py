"""Code 128: read back by zxing-cpp, patterns against reportlab's table, widths against all others."""

from __future__ import annotations

import io
import itertools
import re

import pypdfium2 as pdfium
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from reportlab.graphics.barcode import code128 as reportlab_code128
from reportlab.pdfgen.canvas import Canvas

from labels.code128 import DOT_MM, DOT_PT, BarcodeTooWide, Symbol, draw, encode, fitting_dots

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=24)


def picture(symbol: Symbol, dots: int = 2) -> Image.Image:
    image = Image.new("L", (symbol.modules_with_quiet * dots, 60), 255)
    pen = ImageDraw.Draw(image)
    for left, width in symbol.bars():
        start = (10 + left) * dots
        pen.rectangle((start, 4, start + width * dots - 1, 55), fill=0)
    return image


def cheapest(text: str) -> int:
    """The fewest characters over every choice of code set for every place, tried one by one."""
    best = 999
    for choice in itertools.product("BC", repeat=len(text)):
        place, current, used = 0, "", 0
        while place < len(text):
            wanted = choice[place]
            step = 1 if wanted == "B" else 2
            if wanted == "C" and not re.fullmatch(r"\d\d", text[place : place + 2]):
                break
            used += 1 + (wanted != current)
            current, place = wanted, place + step
        else:
            best = min(best, used)
    return best + 1


def test_every_pattern_equals_the_table_of_another_library() -> None:
    def widths(value: int) -> tuple[int, ...]:
        return tuple(ord(letter.lower()) - 96 for letter in reportlab_code128._patterns[value])

    for value in range(106):
        symbol = Symbol("", (), (value,))
        assert symbol.widths[:6] == widths(value)
        assert symbol.widths[6:] == widths(106)


@pytest.mark.parametrize(
    ("text", "modules", "zpl"),
    [
        ("EA000000015ZZ", 156, ">:EA0>500000015>6ZZ"),
        ("ZD1234567890123", 145, ">:ZD1>5234567890123"),
        ("1234567890123", 123, ">:1>5234567890123"),
        ("331127202610267000001", 167, ">:3>531127202610267000001"),
        ("12", 46, ">;12"),
        ("7", 46, ">:7"),
        ("A12B", 79, ">:A12B"),
        ("A1234", 79, ">:A>51234"),
        ("1234A", 79, ">;1234>6A"),
        ("A>B^C~", 101, ">:A>0B><C>="),
    ],
)
def test_switches_as_seldom_as_possible(text: str, modules: int, zpl: str) -> None:
    symbol = encode(text)
    assert symbol.modules == modules == sum(symbol.widths)
    assert symbol.zpl_data == zpl


@given(PRINTABLE)
@settings(max_examples=120, deadline=None)
def test_another_reader_reads_what_was_encoded(text: str) -> None:
    found = zxingcpp.read_barcodes(picture(encode(text)), formats=zxingcpp.BarcodeFormat.Code128)
    assert [code.text for code in found] == [text]


@given(st.text("A9", min_size=1, max_size=9))
@settings(max_examples=150, deadline=None)
def test_no_encoding_is_shorter(text: str) -> None:
    assert len(encode(text).values) == cheapest(text)


@pytest.mark.parametrize("text", ["", "运单", "EA\n1", "EA\x7f", "é", "\u0000", "１２３４"])
def test_what_is_not_printable_ascii_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        encode(text)


def test_bars_are_as_wide_as_the_paper_allows_and_never_thinner_than_two_dots() -> None:
    s10 = encode("EA000000015ZZ")
    assert fitting_dots(s10, 76) == 3
    assert fitting_dots(s10, 100) == 4
    assert fitting_dots(s10, 176 * 2 * DOT_MM) == 2
    with pytest.raises(BarcodeTooWide):
        fitting_dots(s10, 176 * 2 * DOT_MM - 0.1)
    with pytest.raises(ValueError):
        draw(Canvas(io.BytesIO()), s10, 0, 0, 10, 1)


def test_drawn_bars_stand_on_whole_printer_dots() -> None:
    drawn: list[tuple[float, float]] = []

    class Recorder:
        def rect(
            self, x: float, y: float, width: float, height: float, stroke: int = 1, fill: int = 0
        ) -> None:
            drawn.append((x, width))

    symbol = encode("ZD1234567890123")
    total = draw(Recorder(), symbol, 33.3, 0, 20, 3)
    assert total == pytest.approx(symbol.modules * 3 * DOT_PT)
    for x, width in drawn:
        assert x / DOT_PT == pytest.approx(round(x / DOT_PT), abs=1e-6)
        assert round(width / DOT_PT, 6) % 3 == 0


def test_a_pdf_page_of_bars_reads_at_203_dpi() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(220, 60), invariant=1)
    draw(canvas, encode("EA000000015ZZ"), 20, 10, 40, 2)
    canvas.save()
    image = pdfium.PdfDocument(buffer.getvalue())[0].render(scale=203 / 72).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(image)] == ["EA000000015ZZ"]
