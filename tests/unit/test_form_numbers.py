"""Numbers of sheets: readable however they were scanned or typed, and never mistaken for another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.form_numbers import FORM_WORDS, FormKind, check_character, form_kind, read_form_number

pytestmark = pytest.mark.unit

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODY = "SQ202611160001"
NUMBER = BODY + check_character(BODY)
numbers = st.builds(
    lambda kind, day, serial: f"{kind}{day}{serial:04d}",
    st.sampled_from(list(FormKind)),
    st.integers(20200101, 29991231),
    st.integers(1, 99_999_999),
).map(lambda body: body + check_character(body))


def test_the_check_character_is_that_of_the_standard() -> None:
    """ISO/IEC 7064, MOD 37,36: the example A12425GABC1234002 is followed by M."""
    assert check_character("A12425GABC1234002") == "M"


@given(numbers)
def test_a_number_reads_back(number: str) -> None:
    assert read_form_number(number) == number
    assert form_kind(number).value == number[:2]


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER.lower(),
        f" {NUMBER} \r\n",
        f"{NUMBER[:2]} {NUMBER[2:10]} {NUMBER[10:14]} {NUMBER[14]}",
        f"{NUMBER[:2]}-{NUMBER[2:10]}-{NUMBER[10:]}",
        "".join(chr(ord(ch) + 0xFEE0) for ch in NUMBER),
        f"\x1d{NUMBER}\t",
    ],
)
def test_spelling_does_not_matter(typed: str) -> None:
    assert read_form_number(typed) == NUMBER


@given(numbers, st.data())
def test_one_wrong_character_is_always_noticed(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([ch for ch in ALPHABET if ch != number[place]]))
    assert read_form_number(number[:place] + wrong + number[place + 1 :]) is None


def test_two_neighbours_swapped_are_nearly_always_noticed() -> None:
    swaps = missed = 0
    for serial in range(1, 2000, 7):
        number = f"SQ20261116{serial:04d}"
        number += check_character(number)
        for place in range(len(number) - 1):
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            if swapped != number:
                swaps += 1
                missed += read_form_number(swapped) is not None
    assert missed < swaps / 100


@pytest.mark.parametrize(
    "text",
    ["", NUMBER[:-1], NUMBER + "0", "XX" + NUMBER[2:], "331127202610267000001", "EA000000015ZZ", "SQ" * 40, "０" * 65,
     "SQ2026111６0001", "\ud800" + NUMBER, "A" * 16, "JJ20261125-0003"],
)  # fmt: skip
def test_other_texts_are_no_numbers(text: str) -> None:
    assert read_form_number(text) is None


def test_every_kind_has_its_word() -> None:
    assert set(FORM_WORDS) == set(FormKind)
