"""Numbers of batches, places and sheets; which paper a page wants; what to put into the printer."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.printing.marks import (
    SheetNo,
    batch_number,
    label_mark,
    loading_words,
    paper_of,
    paper_words,
    parse_place,
    parse_sheet,
    sequence_mark,
)

pytestmark = pytest.mark.unit


def test_a_mark_is_short_and_lines_up() -> None:
    number = batch_number(date(2026, 7, 22), 3)
    assert sequence_mark(number, 17, 50) == "0722-3 · 017/050"
    assert label_mark(number, [18, 17, 19], 50) == "0722-3 · 017-019/050"
    assert label_mark(number, [17], 50) == "0722-3 · 017/050"


@pytest.mark.parametrize(
    "text", ["P0722-3/17", "p0722-3/17", " 0722-3/017 ", "Ｐ０７２２－３／１７", "P 0722-3 / 17"]
)
def test_a_sheet_number_is_read_as_people_and_scanners_write_it(text: str) -> None:
    assert parse_sheet(text) == SheetNo("0722-3", 17)
    assert str(SheetNo("0722-3", 17)) == "P0722-3/17"


@pytest.mark.parametrize(
    "text", ["", "17", "0722-3", "P0722/17", "P0722-3/", "P0722-3/17/2", "X0722-3/17", "P0722-3/17" * 9]
)
def test_other_texts_are_no_sheet_number(text: str) -> None:
    assert parse_sheet(text) is None


@pytest.mark.parametrize(
    "text", ["17", "017", "第17份", "017/050", "0722-3 · 017/050", "0722-3・017/050", "１７", "0722-3·017"]
)
def test_a_place_is_read_off_the_paper(text: str) -> None:
    assert parse_place(text) == 17


@pytest.mark.parametrize("text", ["", "十七", "-1", "17a", "0722-3", "https://zd.example/v#AAAA", "99999"])
def test_other_texts_are_no_place(text: str) -> None:
    assert parse_place(text) is None


@pytest.mark.parametrize(
    ("width", "height", "paper", "words"),
    [
        (210, 297, "A4", "A4 竖放"),
        (297.04, 209.97, "A4L", "A4 横放"),
        (297, 420, "A3", "A3 竖放"),
        (420, 297, "A3L", "A3 横放"),
        (100, 180, "100x180", "100 × 180 毫米"),
        (215.9, 279.4, "216x279", "216 × 279 毫米"),
    ],
)
def test_every_page_is_told_by_its_size(width: float, height: float, paper: str, words: str) -> None:
    assert paper_of(width, height) == paper
    assert paper_words(paper) == words


def test_what_to_put_into_the_printer_is_said_in_order() -> None:
    assert loading_words([("A4", 12)]) == "放 A4 纸 12 张。"
    assert loading_words([("A4", 10), ("A4L", 2), ("A3L", 2)]) == "先放 A4 纸 12 张，再放 A3 纸 2 张。"
    assert loading_words([("A4", 1), ("100x180", 3)]) == "先放 A4 纸 1 张，再放 100 × 180 毫米的纸 3 张。"
