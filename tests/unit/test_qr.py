"""QR codes: two segments, quiet zone, vector paths that a scanner reads from the printed page."""

from __future__ import annotations

import io
import re

import pypdfium2 as pdfium
import pytest
import zxingcpp
from reportlab.pdfgen.canvas import Canvas

from labels import qr
from labels.fonts import FontBook

ADDRESS = "https://" + "x" * 65 + ".gov.cn"
TOKEN = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 11)[:336]


def page_with(modules: list[list[bool]], x: float = 60, y: float = 60, compressed: int = 1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(
        out, invariant=1, pageCompression=compressed, initialFontName=FontBook().font_name("sans")
    )
    canvas.setFillGray(0.5)
    canvas.rect(0, 0, 600, 850, stroke=0, fill=1)
    qr.draw(canvas, x, y, modules)
    canvas.save()
    return out.getvalue()


def scanned(pdf: bytes) -> list[str]:
    image = pdfium.PdfDocument(pdf)[0].render(scale=300 / 72).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize(
    ("prefix", "token"),
    [
        (ADDRESS + "/v#", TOKEN),
        ("http://127.0.0.1:8000/v#", TOKEN[:190]),
        ("", "A"),
        ("政务", "7"),
    ],
)
def test_the_printed_symbol_reads_as_the_text_even_on_a_grey_ground(prefix: str, token: str) -> None:
    assert scanned(page_with(qr.matrix(prefix, token))) == [prefix + token]


def test_two_segments_are_smaller_than_one() -> None:
    split = qr.matrix("https://dz.example.gov.cn/v#", TOKEN[:190])
    assert len(split) < len(qr.byte_matrix("https://dz.example.gov.cn/v#" + TOKEN[:190]))


def test_label_codes_are_byte_segments() -> None:
    text = "http://127.0.0.1:8000/c#01jd3z0000政务"
    assert scanned(page_with(qr.byte_matrix(text))) == [text]


def test_side_counts_four_quiet_modules_and_modules_are_five_dots() -> None:
    modules = qr.matrix("https://dz.example.gov.cn/v#", TOKEN[:190])
    assert qr.side(modules) == pytest.approx((len(modules) + 8) * 1.2)
    assert pytest.approx(5.0) == qr.MODULE / 72 * 300


def test_the_symbol_is_a_black_vector_path() -> None:
    pdf = page_with(qr.matrix("http://x/v#", "ABC"), compressed=0)
    assert b"/Subtype /Image" not in pdf
    assert len(re.findall(rb" re\b", pdf)) > 100


def test_what_is_not_alphanumeric_is_refused() -> None:
    with pytest.raises((ValueError, UnicodeEncodeError)):
        qr.matrix("http://x/v#", "abc")
    with pytest.raises((ValueError, UnicodeEncodeError)):
        qr.matrix("http://x/v#", "政")
