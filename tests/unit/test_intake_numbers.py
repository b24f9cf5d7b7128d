from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import divisions
from dispatch.intake.identifiers import (
    canonical,
    resident_id_check,
    resident_id_fault,
    uscc_check,
    uscc_fault,
)
from dispatch.intake.phones import parse_phone, tail
from tests.approvals import samples

TODAY = date(2026, 11, 21)


# 11010519491231002X and 440524188001010014 are the examples of GB 11643 itself.
@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", "11010519491231002x"])
def test_right_residents_numbers(number: str) -> None:
    assert resident_id_fault(number, TODAY) is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310020", "check_character"),
        ("11010519491231002", "pattern"),
        ("11010519491231002XX", "pattern"),
        ("11010519491231002X\n", "pattern"),
        ("1101051949123100²X", "pattern"),
        ("X10105194912310020", "pattern"),
        ("", "pattern"),
        ("11010500000000002X", "birth_date"),
        ("110105202611220010", "birth_date"),
    ],
)
def test_wrong_residents_numbers(number: str, code: str) -> None:
    assert resident_id_fault(number, TODAY) == code


@given(
    st.from_regex(r"[1-9][0-9]{5}19[0-9]{2}0[1-9]1[0-9][0-9]{3}", fullmatch=True),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_one_wrong_digit_is_always_seen(first17: str, place: int, shift: int) -> None:
    number = first17 + resident_id_check(first17)
    assert resident_id_fault(number, TODAY) is None
    other = str((int(number[place]) + shift) % 10)
    assert resident_id_fault(number[:place] + other + number[place + 1 :], TODAY) is not None


def test_numbers_of_abolished_counties_stay_good() -> None:
    first17 = "33010419900101001"  # 江干区 until 2021
    assert resident_id_fault(first17 + resident_id_check(first17), TODAY) is None


def test_organization_numbers() -> None:
    assert uscc_fault("91350100M000100Y43") is None  # the example of GB 32100
    assert uscc_fault("91350100m000100y43") is None
    assert uscc_fault("91350100M000100Y44") == "check_character"
    assert uscc_fault("91350100M000100I43") == "pattern"  # no letter I in the alphabet
    assert uscc_fault("91350100M000100Y4") == "pattern"
    assert uscc_fault("９1350100M000100Y43") == "pattern"
    numbers = [c["applicant"]["id_no"] for c in samples() if c["applicant"]["id_type"] == "uscc"]
    assert len(numbers) == 208
    assert all(uscc_check(number[:17]) == number[17] for number in numbers)


def test_two_spellings_of_one_number() -> None:
    assert canonical("resident_id", "1x") == "1X"
    assert canonical("passport", "e1x") == "e1x"


@pytest.mark.parametrize(
    ("text", "kind", "digits", "extension"),
    [
        ("19000009551", "mobile", "19000009551", ""),
        ("138-0000-0000", "mobile", "13800000000", ""),
        ("138 0000 0000", "mobile", "13800000000", ""),
        ("+8619000009551", "mobile", "19000009551", ""),
        ("+86 190 0000 9551", "mobile", "19000009551", ""),
        ("008619000009551", "mobile", "19000009551", ""),
        ("16600000000", "mobile", "16600000000", ""),
        ("0578-5080000", "landline", "05785080000", ""),
        ("05785080000", "landline", "05785080000", ""),
        ("0571-88880000", "landline", "057188880000", ""),
        ("010-66660000", "landline", "01066660000", ""),
        ("（010）66660000", "landline", "01066660000", ""),
        ("0578-5080000-8012", "landline", "05785080000", "8012"),
        ("0578-5080000转8012", "landline", "05785080000", "8012"),
        ("0578-5080000 ext. 12", "landline", "05785080000", "12"),
        ("+86-578-5080000", "landline", "05785080000", ""),
        ("400-800-1234", "service", "4008001234", ""),
        ("4008001234转1", "service", "4008001234", "1"),
        ("+85223456789", "abroad", "+85223456789", ""),
        ("+853 2834 5678", "abroad", "+85328345678", ""),
        ("+886 912345678", "abroad", "+886912345678", ""),
        ("+1 (212) 555-0123", "abroad", "+12125550123", ""),
        ("+4930123456", "abroad", "+4930123456", ""),
    ],
)
def test_phones_that_can_be_called(text: str, kind: str, digits: str, extension: str) -> None:
    phone = parse_phone(text)
    assert phone is not None
    assert (phone.kind, phone.digits, phone.extension) == (kind, digits, extension)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "12", "12345", "1900000955", "190000095511", "12800000000", "11000000000", "5080000",
        "0571", "0571-1888000", "026-66660000", "00571-88880000", "abc", "1900000955a", "1900000９551",
        "19000009551转12", "+861900000955", "+", "+0123456789", "+852123", "+85212345678", "+1 212 555", "+99",
        "+1234567890123456", "19000009551\n", "19000009551/19000009552", "1" * 50, "٠٥٧١٨٨٨٨٠٠٠٠", "-", "转12",
        "1.9E+10", "400-800-123",
    ],
)  # fmt: skip
def test_phones_that_cannot(text: str) -> None:
    assert parse_phone(text) is None


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    phone = parse_phone(text)
    assert phone is None or set(phone.digits) <= set(string.digits + "+")


def test_the_tail_is_of_the_number_not_of_its_extension() -> None:
    assert tail("0578-5081234-8012") == "1234"
    assert tail("19000009551") == "9551"
    assert tail("nothing") == ""


# -- divisions -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "code",
    ["460400", "441900", "442000", "620200", "460300", "331127", "330000", "330700", "110101", "429004", "659012",
     "710000", "810000", "820000", "810001", "331127002", "331127002001", "330104"],
)  # fmt: skip
def test_known_divisions(code: str) -> None:
    assert divisions.is_known(code)


@pytest.mark.parametrize(
    "code", ["", "000000", "999999", "331199", "83", "730000", " 331127", "33112７", "3311"]
)
def test_unknown_divisions(code: str) -> None:
    assert not divisions.is_known(code)


def test_names() -> None:
    assert divisions.name_of("331127") == "景宁畲族自治县"
    assert divisions.name_of("331127002") == "鹤溪街道"
    assert divisions.name_of("331127002001") == "鹤溪街道"
    assert divisions.name_of("330104") == "江干区"
    assert divisions.name_of("999999") is None
    assert divisions.name_of("331127999") is None


def test_regions_as_addresses_write_them() -> None:
    assert divisions.region_of("331127002") == ("浙江省", "丽水市", "景宁畲族自治县", "鹤溪街道")
    assert divisions.region_of("110105013") == ("北京市", "", "朝阳区", "团结湖街道")
    assert divisions.region_of("429004") == ("湖北省", "", "仙桃市", "")
    assert divisions.region_of("441900")[:3] == ("广东省", "东莞市", "东莞市")
    assert divisions.region_of("330000") == ("浙江省", "", "", "")
    assert divisions.ancestors("330727") == ("浙江省", "金华市", "磐安县")
    assert divisions.ancestors("999999") == ()


def test_regions_of_the_samples() -> None:
    for case in samples():
        recipient = case["delivery"].get("recipient")
        if recipient:
            assert list(divisions.region_of(recipient["division_code"])) == recipient["region"]


def test_towns() -> None:
    assert divisions.knows_town("331127")
    assert divisions.knows_town("331127002")
    assert not divisions.knows_town("331127999")
    assert divisions.knows_town("330104001")  # nothing to judge by


def test_every_abolished_county_has_a_successor_that_lives() -> None:
    table = divisions.builtin()
    assert table.retired
    for code, retired in table.retired.items():
        assert code not in table.names
        assert retired.successor in table.names
