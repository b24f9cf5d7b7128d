"""The finished page is read back: exactly one code, read at the coarse step or at the fine one."""

from __future__ import annotations

import io

import pytest
from reportlab.pdfgen.canvas import Canvas

from dispatch.documents.finish import read_qr
from labels import qr

TEXT = ("https://dz.example.gov.cn/v#", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 6)


def page_with(*places: tuple[float, float], module: float = qr.MODULE, pages: int = 1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _ in range(pages - 1):
        canvas.showPage()
    for x, y in places:
        qr.draw(canvas, x, y, qr.matrix(*TEXT), module=module)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_the_one_code_is_read() -> None:
    assert read_qr(page_with((60.3, 71.9))) == "".join(TEXT)


@pytest.mark.parametrize("module", [0.7, 0.6])
def test_a_code_too_fine_for_the_first_look_is_read_at_the_second(module: float) -> None:
    assert read_qr(page_with((60, 60), module=module)) == "".join(TEXT)


def test_no_code_and_two_codes_are_refused() -> None:
    assert read_qr(page_with()) is None
    assert read_qr(page_with((60, 60), (300, 500))) is None


def test_a_code_on_a_later_page_does_not_count() -> None:
    assert read_qr(page_with((60, 60), pages=2)) is None
