from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from dispatch.errors import Invalid
from dispatch.intake.cells import is_damaged
from dispatch.intake.columns import Layout, guesses, labels_of
from dispatch.intake.files import cases_in, open_source, read_cases
from dispatch.intake.template import template_csv, template_xlsx

pytestmark = pytest.mark.unit

THEIRS = ("办件编号", "项目", "项目", "", "申请人姓名", "备注", "证号", "手机", "收到", "办好")
#: the same person in every row: what is each one's own must stand in the file
PERSON = ("x", "11010519491231002X", "19000000001", "2026-10-26 13:13", "2026-11-02")
TARGETS = {
    "办件编号": "统一受理号",
    "项目": "事项名称",
    "项目（第 2 个）": "字段:项目",
    "申请人姓名": "申请人",
    "证号": "申请人证件号码",
    "手机": "申请人电话",
    "收到": "受理时间",
    "办好": "办结时间",
}
FIXED = {
    "事项编码": "T-1", "承诺工作日": "5", "审批部门": "示例局", "部门区划代码": "331127", "申请人类型": "个人",
    "申请人证件类型": "居民身份证", "审批结果": "准予",
    "文书类别": "通知书", "证件名称": "示例通知书",
    "送达方式": "窗口自取",
}  # fmt: skip


def source(*rows: tuple[Any, ...], above: int = 1) -> Any:
    book = Workbook()
    sheet = book.worksheets[0]
    for _ in range(above):
        sheet.append(["某平台导出表"])
    for row in (THEIRS, *rows):
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return open_source(".xlsx", stream.getvalue())


def layout(**changes: Any) -> Layout:
    plain: dict[str, Any] = {"sheet": "", "line": 2, "targets": TARGETS, "constants": FIXED}
    return Layout(**(plain | changes))


def test_another_makers_table_is_read_as_somebody_said() -> None:
    found = list(
        cases_in(source(("YL-000001", "示例事项", "示例", None, "甲", *PERSON), (None, " ")), layout())
    )
    assert [row.acceptance_no for row in found] == ["YL-000001"]
    case = found[0].case
    assert case is not None
    assert case["item"] == {"code": "T-1", "name": "示例事项", "promised_working_days": 5}
    assert case["documents"][0]["fields"] == {"项目": "示例"}
    assert case["department"]["division_code"] == "331127"


def test_what_nothing_gives_is_named_with_the_remedy() -> None:
    fixed = {name: text for name, text in FIXED.items() if name != "部门区划代码"}
    with pytest.raises(Invalid) as refusal:
        cases_in(source(("YL-000001",)), layout(constants=fixed))
    assert [fault.code for fault in refusal.value.faults] == ["missing_header"]
    assert "“部门区划代码”" in refusal.value.faults[0].detail and "固定值" in refusal.value.faults[0].detail


@pytest.mark.parametrize(
    ("targets", "constants", "code"),
    [
        (TARGETS | {"备注": "申请人"}, FIXED, "duplicate_header"),
        (TARGETS | {"备注": "没有这一栏"}, FIXED, "unknown_header"),
        (TARGETS, FIXED | {"没有这一栏": "x"}, "unknown_header"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(
    targets: dict[str, str], constants: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        cases_in(source(("YL-000001",)), layout(targets=targets, constants=constants))
    assert [fault.code for fault in refusal.value.faults] == [code]


def test_a_column_of_the_file_goes_before_a_fixed_value() -> None:
    row = ("YL-000001", "甲", "乙", None, "丙", *PERSON)
    found = list(cases_in(source(row), layout(constants=FIXED | {"事项名称": "丁"})))
    assert found[0].case is not None and found[0].case["item"]["name"] == "甲"


@pytest.mark.parametrize("column", ["申请人", "申请人证件号码", "申请人电话", "收件地址"])
def test_what_is_each_ones_own_is_no_fixed_value(column: str) -> None:
    with pytest.raises(Invalid) as refusal:
        cases_in(source(("YL-000001",)), layout(constants=FIXED | {column: "甲"}))
    assert [fault.code for fault in refusal.value.faults] == ["fixed_value"]
    assert f"“{column}”" in refusal.value.faults[0].detail


def test_headings_that_stand_twice_are_told_apart_and_guessed_once() -> None:
    labels = labels_of(("受理号", "统一受理号", None, "电 话", "受理号", None))
    assert labels == ("受理号", "统一受理号", "", "电 话", "受理号（第 2 个）")
    assert guesses(labels) == {"受理号": "统一受理号"}


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(template_xlsx())
    book = Workbook()
    book.worksheets[0].append(["这里没有表头"])
    hidden = book.create_sheet("字典")
    hidden.sheet_state = "hidden"
    hidden.append(["统一受理号", "事项编码", "事项名称"])
    book.save(path)
    with pytest.raises(Invalid) as refusal:
        read_cases(path)
    assert refusal.value.code == "no_header"


@pytest.mark.parametrize(
    ("cell", "damaged"),
    [
        (3.30727198001e17, True), ("3.30727E+17", True), (" 1.1E+12 ", True), (330727198001010014, True),
        ("330727198001010014", False), (12, False), ("E+3", False), (None, False), (True, False),
    ],
)  # fmt: skip
def test_numbers_that_excel_has_spoiled(cell: object, damaged: bool) -> None:
    assert is_damaged(cell) is damaged


def spoil(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text: spoil(text, "110101199001010015", "1.10101E+17"), "excel_number"),
        (lambda text: spoil(text, "19000000001", "１９０００００００01"), ""),
    ],
)
def test_numbers_as_text_in_csv(tmp_path: Path, change: Callable[[str], str], fault: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(change(template_csv().decode("utf-8-sig")).encode("gb18030"))
    (row,) = read_cases(path)
    assert [one.code for one in row.faults] == ([fault] if fault else [])
