"""The table of masks: what a neighbour may read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.masks import HIDDEN, mask_address, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧***"),
        ("买买提·阿不都热合曼", "买***"),
        ("张", "张"),
        ("", ""),
        (" 张 三 ", "张*"),
        ("John Smith", "J***"),
        ("𬭎某", "𬭎*"),
        ("葛\U000e0100城", "葛\U000e0100*"),
        ("\u202e张三", "张*"),
        ("档案收发室", "档***"),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("19000001234", "190****1234"),
        ("190 0000 1234", "190****1234"),
        ("190-0000-1234", "190****1234"),
        ("+8619000001234", "190****1234"),
        ("+86 190 0000 1234", "190****1234"),
        ("008619000001234", "190****1234"),
        ("8619000001234", "190****1234"),
        ("１９０００００１２３４", "190****1234"),
        ("19000001234-5678", "190****1234"),
        ("19000001234转5678", "190****1234"),
        ("0578-5082123", "0578-***2123"),
        ("05785082123", "0578-***2123"),
        ("010-81234567", "010-****4567"),
        ("(0571)88001234", "0571-****1234"),
        ("0578-5082123-801", "0578-***2123"),
        ("0578-5082123转801", "0578-***2123"),
        ("+86-578-5082123", "0578-***2123"),
        ("400-800-1234", "400-***1234"),
        ("+852 91234567", "+852 ****4567"),
        ("+1 (415) 555-2671", "+1 ******2671"),
        ("5082123", "***2123"),
        ("661234", "****34"),
        ("12345", "****5"),
        ("", ""),
        ("abc", ""),
        ("138****5678", "138****5678"),
        ("138----5678", "138****5678"),
        ("0578-***2123", "0578-***2123"),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    "address",
    [
        "敕木山村69号",
        "丁香路社区13组69号",
        "12组21号",
        "三幢屋村12号",
        "五里楼村8号",
        "五栋村8组12号",
        "三室堂村6号",
        "人民路69号附3号",
        "社区165号",
        "档案收发室",
        "行政服务中心办公室",
        "育英小区8排3号",
        "康盛路219号",
        "",
    ],
)
def test_addresses_without_a_room_stay_whole(address: str) -> None:
    assert mask_address(address) == address


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("三家浜社区康盛路219号14幢2单元102室", "三家浜社区康盛路219号***"),
        ("人民路5号3号楼2单元", "人民路5号***"),
        ("县政府大楼503", "县政府大楼***"),
        ("阳光路208号14-2-102", "阳光路208号***"),
        ("新城花园3-2-501", "新城花园***"),
        ("朱坑村12号201室", "朱坑村12号***"),
        ("1904室", "***"),
        ("三栋二单元五〇一室", "***"),
        ("东区三幢东单元301", "东区***"),
        ("中心B座12楼1203", "中心***"),
        ("人民路１２号３幢４０２室", "人民路１２号***"),
        ("中路北社区808号(24幢)", "中路北社区808号***"),
        ("环城路12弄5号601室", "环城路12弄5号***"),
        ("学府5#楼301", "学府***"),
        ("康盛路219号2单元，19000001234", "康盛路219号***"),
        ("敕木山村69号 19000001234", "敕木山村69号 190****1234"),
        ("Room 502, 12 Lake Road", "***, 12 Lake Road"),
        ("敕木山村\n69号", "敕木山村 69号"),
    ],
)
def test_addresses_lose_the_room(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.text(max_size=40))
def test_a_name_never_shows_more_than_its_first_character(name: str) -> None:
    masked = mask_name(name)
    assert masked.count("*") <= 3 + name.count("*")
    assert len(masked.strip("*")) <= len(name)
    assert len(masked) <= max(4, len(name))


@given(st.integers(3, 9), st.text("0123456789", min_size=9, max_size=9))
def test_a_masked_phone_is_stable_and_hides_the_middle(second: int, rest: str) -> None:
    phone = f"1{second}{rest}"
    masked = mask_phone(phone)
    assert masked == f"{phone[:3]}****{phone[-4:]}"
    assert mask_phone(masked) == masked


@given(st.integers(1, 999), st.integers(1, 99), st.integers(1, 9), st.integers(101, 3904))
def test_no_room_number_survives(house: int, building: int, unit: int, room: int) -> None:
    masked = mask_address(f"某某村新安路{house}号{building}幢{unit}单元{room}室")
    assert masked == f"某某村新安路{house}号{HIDDEN}"
    assert mask_address(masked) == masked
