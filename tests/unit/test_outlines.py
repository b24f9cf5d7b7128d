"""Text drawn as shapes looks like the text and reads as nothing."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest
from PIL import ImageChops, ImageStat
from reportlab.pdfgen.canvas import Canvas

from labels.fonts import FontBook
from labels.outlines import draw_outline, outline
from labels.text import draw_line

BOOK = FontBook()
MARK = "演示样本 不具法律效力"


def drawn(*, as_shapes: bool) -> pdfium.PdfPage:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(500, 80), invariant=1, initialFontName=BOOK.font_name("sans"))
    if as_shapes:
        draw_outline(canvas, BOOK.font("sans"), 20, 25, MARK, 40)
    else:
        draw_line(canvas, BOOK, 20, 25, MARK, "sans", 40)
    canvas.save()
    return pdfium.PdfDocument(out.getvalue())[0]


def test_shapes_look_like_the_text() -> None:
    shapes, letters = (drawn(as_shapes=kind).render(scale=2).to_pil().convert("L") for kind in (True, False))
    assert ImageStat.Stat(ImageChops.difference(shapes, letters)).mean[0] < 1.0
    assert ImageStat.Stat(letters).mean[0] < 245


def test_shapes_read_as_nothing() -> None:
    assert drawn(as_shapes=True).get_textpage().get_text_bounded() == ""


def test_a_space_has_no_shape_and_a_missing_glyph_is_an_error() -> None:
    assert outline(BOOK.font("sans"), " ") == []
    with pytest.raises(KeyError):
        outline(BOOK.font("sans"), "\ue000")
