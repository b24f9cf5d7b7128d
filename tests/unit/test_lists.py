"""Lists on paper: every row once, the number on every page, signatures never alone, what is too long refused."""

from __future__ import annotations

import dataclasses
import re

import pypdfium2
import pytest
import zxingcpp

from labels.fonts import FontBook, MissingGlyph
from labels.lists import Column, ListRecord, render_list
from labels.sheet import DoesNotFit

pytestmark = pytest.mark.unit

NUMBER = "NB202611160001Q"
COLUMNS = (Column("序号", 14, centred=True), Column("受理号", 96, bars=True), Column("证件", 80))


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def record(count: int, **changes: object) -> ListRecord:
    rows = tuple((str(n), f"331127202611{n:09d}", f"证件第{n}号") for n in range(1, count + 1))
    plain = ListRecord(
        "内部交接单", NUMBER, (("交出", "某局"), ("接收", "某中心")), COLUMNS, rows, (("交出", "甲"), ("接收", "")), least=13.0
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def read(pdf: bytes) -> list[tuple[str, set[str]]]:
    found = []
    with pypdfium2.PdfDocument(pdf) as opened:
        for page in opened:
            text = re.sub(r"\s+", "", page.get_textpage().get_text_bounded())
            codes = zxingcpp.read_barcodes(page.render(scale=300 / 72).to_pil())
            found.append((text, {code.text for code in codes}))
    return found


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 18, 40])
@pytest.mark.parametrize("lying", [False, True])
def test_every_row_stands_once_and_its_bars_are_read(book: FontBook, count: int, lying: bool) -> None:
    found = read(render_list(record(count, lying=lying), book))
    text = "".join(page for page, _ in found)
    for n in range(1, count + 1):
        assert text.count(f"证件第{n}号") == 1
    codes = set().union(*(codes for _, codes in found))
    assert codes == {NUMBER, *(f"331127202611{n:09d}" for n in range(1, count + 1))}
    for at, (page, codes) in enumerate(found, 1):
        assert NUMBER in codes
        assert f"第{at}页/共{len(found)}页" in page
        assert "演示样本不具法律效力" in page
    assert text.count("签名") == 2
    assert "签名" in found[-1][0]


def test_the_same_record_gives_the_same_bytes(book: FontBook) -> None:
    assert render_list(record(20), book) == render_list(record(20), book)


def test_long_and_rare_content_fits_or_is_refused_by_name(book: FontBook) -> None:
    long = (
        "县自然资源和规划局不动产登记中心（第二办事窗口）关于农村宅基地房地一体确权登记发证的批准文件𠮷"
        + "字" * 12
    )
    (page, *_) = read(render_list(record(0, rows=(("1", "331127", long),)), book))
    assert long in page[0]
    with pytest.raises(DoesNotFit) as refusal:
        render_list(record(0, rows=(("1", "331127", "字" * 200),)), book)
    assert refusal.value.args[0].startswith("rows/0/证件") or "证件" in str(refusal.value)
    with pytest.raises(MissingGlyph):
        render_list(record(0, rows=(("1", "331127", "\U0001f600"),)), book)


def test_only_a_sample_says_so(book: FontBook) -> None:
    ((page, _),) = read(render_list(record(2, sample=False), book))
    assert "演示样本" not in page
