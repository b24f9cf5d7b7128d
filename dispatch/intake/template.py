"""The import template: header, one example row, choices to pick from, numbers kept as text, a page of
guidance."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from .columns import FIELD_PREFIX, Column, columns

__all__ = ["template_csv", "template_xlsx"]

# The printed content of the example's notice; further fields are further columns.
_FIELDS = {
    "申请人": "示例申请人",
    "办理事项": "示例事项",
    "地址": "示例县示例路1号",
    "决定内容": "这是示例，请删除本行。",
}
_ROWS_PREPARED = 500
_TEXT_FORMAT = "@"
_GUIDE = (
    "一行是一份证件（文书）。同一办件有几份证件的，各占一行，受理号相同；办件的其他内容写一次或每行都写。",
    "带 * 的列必填。第 2 行是示例，导入前请删除。",
    "证件上要印的内容写在“字段:名称”列里，可以自己加列；也可以都写在“证件内容”里：名称=值；名称=值。",
    "号码列已设为“文本”。从别处粘贴时请选“只粘贴值”，不要让 Excel 改成 3.30727E+17 这样的科学计数。",
    "不要写公式。备注请写在以“备注”开头的列里。",
)


def _layout() -> list[tuple[Column, str]]:
    """Columns of the template with their example, printed fields after the document's own."""
    fixed = [(column, column.example) for column in columns()]
    printed = [
        (Column(FIELD_PREFIX + name, ("document", "fields", name), "field"), text)
        for name, text in _FIELDS.items()
    ]
    place = next(i for i, (column, _) in enumerate(fixed) if column.path[-1] == "fields") + 1
    return [*fixed[:place], *printed, *fixed[place:]]


def template_csv() -> bytes:
    """The template as CSV in UTF-8 with a byte order mark, which Excel needs."""
    layout = _layout()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_title(column) for column, _ in layout])
    writer.writerow([example for _, example in layout])
    return text.getvalue().encode("utf-8-sig")


def template_xlsx() -> bytes:
    """The template as a workbook: sheet 办件 to fill in, sheet 填写说明 to read."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook begins with a worksheet")
    sheet.title = "办件"
    for place, (column, example) in enumerate(_layout(), 1):
        _fill_column(sheet, place, column, example)
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "B2"
    _guide(book.create_sheet("填写说明"))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _title(column: Column) -> str:
    return column.header + (" *" if column.required else "")


def _fill_column(sheet: Worksheet, place: int, column: Column, example: str) -> None:
    letter = get_column_letter(place)
    sheet.column_dimensions[letter].width = min(30, max(12, len(column.header) * 2 + 4))
    head = sheet.cell(1, place, _title(column))
    head.font = Font(bold=True)
    head.fill = PatternFill("solid", fgColor="FDE9D9" if column.required else "EAF1F8")
    head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    if _advice(column):
        head.comment = Comment(_advice(column), "填写说明", width=260, height=120)
    sample = sheet.cell(2, place, example or None)
    sample.font = Font(italic=True, color="7F7F7F")
    for row in range(2, _ROWS_PREPARED + 2 if column.kind != "integer" else 2):
        sheet.cell(row, place).number_format = _TEXT_FORMAT
    if column.choices:
        _offer(sheet, letter, list(column.choices.values()))


def _offer(sheet: Worksheet, letter: str, words: Sequence[str]) -> None:
    choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choice.errorTitle, choice.error = "请从列表中选择", "可以填：" + "、".join(words)
    choice.showErrorMessage = True
    choice.add(f"{letter}2:{letter}{_ROWS_PREPARED + 1}")
    sheet.add_data_validation(choice)


def _advice(column: Column) -> str:
    choices = "可以填：" + "、".join(column.choices.values()) + "。" if column.choices else ""
    return "".join(part for part in (column.note + "。" if column.note else "", choices) if part)


def _guide(sheet: Worksheet) -> None:
    for text in _GUIDE:
        sheet.append([text])
    sheet.append([])
    sheet.append(["列名", "是否必填", "说明"])
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for column in columns():
        sheet.append([column.header, "必填" if column.required else "", _advice(column)])
    for letter, width in (("A", 24), ("B", 10), ("C", 80)):
        sheet.column_dimensions[letter].width = width
