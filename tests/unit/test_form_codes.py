"""Numbers of pre-printed forms: ranges as people write them, and back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.printing.form_codes import MOST, code_of, expanded, ranges, tidy_code

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", []),
        ("A000101", ["A000101"]),
        ("a000101 － A000103", None),
        ("A000101-A000103", ["A000101", "A000102", "A000103"]),
        ("Ａ０００１０１ — ０００１０２", ["A000101", "A000102"]),
        ("000009至000011，000020\n000020", ["000009", "000010", "000011", "000020"]),
        ("浙A07~浙A08；浙A10", ["浙A07", "浙A08", "浙A10"]),
    ],
)
def test_lists_are_read_as_people_write_them(text: str, codes: list[str] | None) -> None:
    assert expanded(text) == (codes or ([] if codes == [] else ["A000101", "A000102", "A000103"]))


@pytest.mark.parametrize(
    "text", ["A1-B2", "A9-A1", "A1-A10", "A1-A2-A3", "甲-乙", "-5", f"0-{MOST:04d}", "0000-9999"]
)
def test_what_is_no_range_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        expanded(text)


def test_ranges_join_what_follows() -> None:
    assert ranges(["A10", "A08", "A09", "B01", "A12"]) == ["A08-A10", "A12", "B01"]
    assert ranges(["9", "10"]) == ["9", "10"], "a number that grew longer is another series"


# a machine with other work to do is slow at times; that is no fault of what is tested
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.integers(0, 40), max_size=20))
def test_ranges_and_back(numbers: set[int]) -> None:
    codes = {code_of("ZJ", number, 6) for number in numbers}
    assert set(expanded("、".join(ranges(codes)))) == codes


def test_one_spelling() -> None:
    assert tidy_code(" ａ0001 01\t") == "A000101"
