"""The Excel file of a window's day as a platform would hand it over: good cases in all the ways people write them, and
ten rows that are wrong in ten different ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.factories import resident_id

__all__ = ["ExpectedFault", "build_day_file"]

Row = dict[str, Any]

HEADINGS = (
    "序号", "统一受理号", "事项编码", "事项名称", "承诺工作日", "审批部门", "部门区划代码", "申请人类型", "申请人",
    "申请人证件类型", "申请人证件号码", "申请人电话", "审批结果", "受理时间", "办结时间", "文书类别", "证件名称", "正副本",
    "证号", "字段:申请人", "字段:办理事项", "字段:地址", "字段:决定内容", "签收要求", "有效期起", "有效期止", "送达方式",
    "收件人", "收件人电话", "与申请人关系", "收件区划代码", "收件地址", "备注（经办人自用）",
)  # fmt: skip
#: ordinary, long and rare: what stands on sheets and labels must bear all of them
_PEOPLE = (
    "周小满", "欧阳若水", "𠮷田福", "马㼆", "阿卜杜热合曼·买买提明", "王芳", "羊玉珍", "蔡屿山", "厉望舒", "卢竹生",
    "陈一", "孔青禾", "张𰻞", "潘小舟", "施天然",
)  # fmt: skip
_STREETS = (
    "岭外村2组21号", "文溪北街88号3幢2单元502室",
    "玉山镇浮牌村岩坑自然村后山坞12号（村口小卖部往里走三百米，有一棵大樟树的院子）",
    "月山路12-1号", "海螺街169号二楼",
)  # fmt: skip
_PAPERS = (
    ("企业名称预先核准通知书", "通知书", "企业名称预先核准", "", "经审查，该名称符合规定，准予预先核准。"),
    ("准予注销登记通知书", "通知书", "个体工商户注销登记", "", "准予注销登记。"),
    ("困难残疾人生活补贴核定通知书", "通知书", "困难残疾人生活补贴", "", "经核定，自下月起每月发放。"),
    ("食品经营许可证", "证照", "食品经营许可", "正本", "准予经营：热食类食品制售。"),
)
_WAYS = ("邮政快递", "邮政快递", "邮政快递", "窗口自取", "邮政快递", "专人送达")


@dataclass(frozen=True)
class ExpectedFault:
    """A bad row: the line in Excel, its acceptance number (empty where it has none), the heading of the column, the
    fault's code and the pointer that the import must name."""

    line: int
    acceptance_no: str
    column: str
    code: str
    pointer: str


@dataclass(frozen=True)
class _Spoiled:
    """One way to spoil a good row."""

    column: str
    value: Callable[[Row], object]
    code: str
    pointer: str


_TEN = (
    _Spoiled("申请人", lambda row: None, "required", "/applicant/name"),
    _Spoiled("申请人证件号码", lambda row: float(row["申请人证件号码"][:17] + "0"), "excel_number", "/applicant/id_no"),
    _Spoiled("申请人证件号码", lambda row: _wrong_digit(row["申请人证件号码"]), "check_character", "/applicant/id_no"),
    _Spoiled("事项名称", lambda row: '=HYPERLINK("http://example.invalid/","点我")', "formula", "/item/name"),
    _Spoiled("收件人电话", lambda row: "1390000", "phone", "/delivery/recipient/phone"),
    _Spoiled("办结时间", lambda row: "上周三下午", "date_time", "/decided_at"),
    _Spoiled("受理时间", lambda row: datetime.combine(row["有效期起"], time(18)), "decided_before_accepted", "/accepted_at"),
    _Spoiled("送达方式", lambda row: "无人机", "not_allowed", "/delivery/method"),
    _Spoiled("部门区划代码", lambda row: "999999", "unknown_division", "/department/division_code"),
    _Spoiled("有效期止", lambda row: "2020-06-01", "valid_order", "/documents/0/valid_until"),
)  # fmt: skip


def build_day_file(
    path: Path, good: int = 45, *, division: str = "330727", today: date | None = None
) -> list[ExpectedFault]:
    """Write the day's file: ``good`` cases in order and ten bad rows among them; what the import must say about the ten.

    ``today`` (the machine's day otherwise): cases were accepted within the five days before. The same arguments make the
    same acceptance numbers, so that a second import finds them known.
    """
    day = today or datetime.now().astimezone().date()
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "办件导出"
    _head(sheet)
    expected = _body(sheet, good, division, day)
    for _ in range(5):  # Excel keeps the format of rows that somebody emptied
        sheet.append(["", None, "  "])
    _hidden(book)
    book.save(path)
    return expected


def _head(sheet: Worksheet) -> None:
    sheet.append([None] * len(HEADINGS))
    sheet["A1"] = "磐安县行政服务中心办结事项导出表"
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(HEADINGS))
    sheet.append(["导出单位：综合窗口", None, "导出人：系统管理员"])
    sheet.append(list(HEADINGS))


def _hidden(book: Workbook) -> None:
    other = book.create_sheet("字典")
    other.sheet_state = "hidden"
    other.append(["统一受理号", "事项编码", "事项名称", "这张隐藏的表不能导入"])


def _body(sheet: Worksheet, good: int, division: str, day: date) -> list[ExpectedFault]:
    """Every fifth row is a bad one, the rest of the bad ones stand at the end."""
    spoiled, expected, serial = list(_TEN), list[ExpectedFault](), 0
    for number in range(good):
        serial += 1
        _write(sheet, serial, _case(serial, division, day))
        if spoiled and number % 4 == 3:
            serial += 1
            expected.append(_bad(sheet, serial, _case(serial, division, day), spoiled.pop(0)))
    for one in spoiled:
        serial += 1
        expected.append(_bad(sheet, serial, _case(serial, division, day), one))
    return expected


def _bad(sheet: Worksheet, serial: int, row: Row, how: _Spoiled) -> ExpectedFault:
    row[how.column] = how.value(row)
    line = _write(sheet, serial, row)
    return ExpectedFault(line, row["统一受理号"], how.column, how.code, how.pointer)


def _write(sheet: Worksheet, serial: int, row: Row) -> int:
    sheet.append([serial, *(row.get(heading) for heading in HEADINGS[1:])])
    return sheet.max_row


def _case(serial: int, division: str, day: date) -> Row:
    """One row in order; numbers, days and moments written in turn as text, as a date cell and in full-width digits."""
    name, street = _PEOPLE[serial % len(_PEOPLE)], _STREETS[serial % len(_STREETS)]
    title, kind, item, copy, decision = _PAPERS[serial % len(_PAPERS)]
    accepted = datetime.combine(day - timedelta(days=5), time(9, serial % 60))
    decided = datetime.combine(day - timedelta(days=1), time(15, serial % 60))
    phone = f"190{serial:08d}"
    return {
        "统一受理号": f"{division}{day:%Y%m%d}{serial:07d}",
        "事项编码": f"DAY-{serial % len(_PAPERS):03d}",
        "事项名称": item,
        "承诺工作日": 5 if serial % 3 else "5个工作日",
        "审批部门": "磐安县市场监督管理局",
        "部门区划代码": division if serial % 2 else int(division),
        "申请人类型": "个人",
        "申请人": name,
        "申请人证件类型": "居民身份证",
        "申请人证件号码": resident_id(serial),
        "申请人电话": phone if serial % 2 else int(phone),
        "审批结果": "准予",
        "受理时间": accepted if serial % 2 else f"{accepted:%Y-%m-%d %H:%M}",
        "办结时间": decided if serial % 3 else f"{decided:%Y/%m/%d %H:%M}",
        "文书类别": kind,
        "证件名称": title,
        "正副本": copy or None,
        "证号": f"JY2{division}{serial:07d}" if copy else None,
        "字段:申请人": name,
        "字段:办理事项": item,
        "字段:地址": street,
        "字段:决定内容": decision,
        "签收要求": "可由他人代收" if serial % 2 else "不限",
        "有效期起": decided.date(),
        "有效期止": f"{day.year + 5}-12-31" if copy else None,
        "送达方式": _WAYS[serial % len(_WAYS)],
        "收件人": name,
        "收件人电话": _full_width(phone) if serial % 5 == 0 else phone,
        "与申请人关系": "本人",
        "收件区划代码": division,
        "收件地址": street,
        "备注（经办人自用）": "电话联系过" if serial % 7 == 0 else None,
    }


def _wrong_digit(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _full_width(digits: str) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
