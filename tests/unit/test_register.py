"""当日登记单 on paper: it always comes out, every line has room to write, long and rare content is shortened."""

from __future__ import annotations

import dataclasses
import re

import pypdfium2
import pytest
import zxingcpp

from labels.fonts import FontBook
from labels.register import RegisterLine, RegisterRecord, render_register

pytestmark = pytest.mark.unit
NUMBER = "DJ202611250001I"


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def line(n: int, **changes: str) -> RegisterLine:
    plain = RegisterLine(f"33072720261101{n:07d}", "周**", f"证件第{n}号", "待装封 · 政务专递")
    return dataclasses.replace(plain, **changes)


def record(*lines: RegisterLine, blanks: int = 8) -> RegisterRecord:
    facts = (("日期", "2026年11月25日"), ("单位", "某中心"), ("怎么写", "写几点几分，签名。"))
    return RegisterRecord(NUMBER, facts, lines, blanks, "1125 登记-1")


def read(pdf: bytes) -> list[tuple[str, set[str], tuple[int, int]]]:
    found = []
    with pypdfium2.PdfDocument(pdf) as opened:
        for page in opened:
            text = re.sub(r"\s+", "", page.get_textpage().get_text_bounded())
            codes = {one.text for one in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())}
            found.append((text, codes, tuple(round(one) for one in page.get_size())))
    return found


@pytest.mark.parametrize("count", [0, 1, 9, 40])
def test_every_case_stands_once_with_bars_and_every_page_has_its_head(book: FontBook, count: int) -> None:
    pages = read(render_register(record(*(line(n) for n in range(1, count + 1))), book))
    text = "".join(page for page, _, _ in pages)
    assert [text.count(f"证件第{n}号") for n in range(1, count + 1)] == [1] * count
    assert text.count("签收人") == count + 8
    for at, (page, codes, size) in enumerate(pages, 1):
        assert size == (842, 595)
        assert NUMBER in codes
        assert "装封（两人签）" in page
        assert f"第{at}页/共{len(pages)}页" in page
        assert "1125登记-1" in page
        assert "演示样本不具法律效力" in page
    assert {f"33072720261101{n:07d}" for n in range(1, count + 1)} <= set().union(
        *(codes for _, codes, _ in pages)
    )


def test_what_is_long_or_has_no_glyph_never_stops_the_morning(book: FontBook) -> None:
    lines = (
        line(1, applicant="𠮷**", titles="食品经营许可证（正本）、" * 12),
        line(2, applicant="磐安县国有农业综合开发投资有限责任公司" * 3, stands="待出件 · 当场领取" * 4),
        line(3, applicant="\U000323af**", titles="\U000323af" * 3),
        line(4, acceptance_no="PA-2026-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0001X"),
    )
    made = render_register(record(*lines), book)
    text = read(made)[0][0]
    assert "𠮷**" in text
    assert "…**" in text
    assert "PA-2026-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0001X" in text
    assert text.count("…") >= 4
    assert render_register(record(*lines), book) == made
