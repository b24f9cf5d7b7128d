from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from dispatch.export import Cell, Table, defused, export_table, file_name, restored
from dispatch.intake.cells import tidy
from dispatch.intake.workbook import read_sheet

pytestmark = pytest.mark.unit

ATTACKS = (
    '=HYPERLINK("http://example.invalid","点我")',
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
)
#: what a case may hold: no control characters, no blanks at the ends
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip().strip("\ufeff\u200b") and bool(text)
)


def table(*rows: tuple[Cell, ...], title: str = "办件") -> Table:
    return Table(title, ("受理号", "名称"), rows)


def cells_of_xlsx(data: bytes) -> list[list[object]]:
    return [list(cells) for _, cells in read_sheet(data)][1:]


def cells_of_csv(data: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))[1:]


@pytest.mark.parametrize("attack", ATTACKS)
def test_csv_gives_no_cell_that_a_spreadsheet_would_compute(attack: str) -> None:
    for form, encoding in (("csv", "utf-8-sig"), ("csv-gbk", "gb18030")):
        ((cell, _),) = cells_of_csv(export_table(table((attack, "甲")), form), encoding)
        assert cell == "'" + attack


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_workbook_holds_text_with_the_quote_prefix_and_no_formula(attack: str) -> None:
    data = export_table(table((attack, "甲")), "xlsx")
    cell = load_workbook(io.BytesIO(data)).worksheets[0]["A2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", attack, True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_heading_is_defused_like_any_cell() -> None:
    data = export_table(Table("x", ("=1+1",), []), "csv")
    assert data.decode("utf-8-sig").strip() == "'=1+1"


@given(TEXT, TEXT)
@example('="abc"', "'='")
@example("'5", "'")
@example("''", "+8613800000000")
@example("𠮷", "-")
@settings(max_examples=60, deadline=None)
def test_what_goes_out_comes_in_unchanged(left: str, right: str) -> None:
    for form, read in (("xlsx", cells_of_xlsx), ("csv", cells_of_csv)):
        back = read(export_table(table((left, right)), form))
        assert [tidy(cell) for cell in back[0]] == [left, right], form


@given(st.text())
def test_restored_undoes_defused(text: str) -> None:
    assert restored(defused(text)) == text


def test_numbers_stay_numbers_and_long_numbers_stay_text() -> None:
    data = export_table(table(("330727198001010014", 12), ("1100000000001", None)), "xlsx")
    assert cells_of_xlsx(data) == [["330727198001010014", 12], ["1100000000001"]]


def test_moments_are_told_on_the_clock_here() -> None:
    data = export_table(table((datetime(2026, 11, 25, 16, 30, tzinfo=UTC), date(2026, 11, 25))), "csv")
    assert cells_of_csv(data) == [["2026-11-26 00:30", "2026-11-25"]]


def test_control_characters_are_left_out_and_lines_are_kept() -> None:
    wild = "甲\x00\x1b乙\r\n丙"
    for form, read in (("xlsx", cells_of_xlsx), ("csv", cells_of_csv)):
        assert read(export_table(table((wild, "")), form))[0][0] == "甲乙\n丙"


def test_rare_characters_survive_every_form() -> None:
    rare = "𠮷田𰻞㼆"
    assert cells_of_xlsx(export_table(table((rare, "")), "xlsx"))[0][0] == rare
    assert cells_of_csv(export_table(table((rare, "")), "csv-gbk"), "gb18030")[0][0] == rare
    assert json.loads(export_table(table((rare, None)), "jsonl")) == {"受理号": rare, "名称": None}


def test_lines_of_json_use_the_keys_of_programs() -> None:
    data = export_table(Table("x", ("受理号",), [("=1",), ("2",)], keys=("acceptance_no",)), "jsonl")
    assert [json.loads(line) for line in data.splitlines()] == [
        {"acceptance_no": "=1"},
        {"acceptance_no": "2"},
    ]


@pytest.mark.parametrize("form", ["xlsx", "csv", "csv-gbk", "jsonl"])
def test_equal_tables_are_equal_files(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(("甲", 1), ("=乙", None))
    first = export_table(rows, form)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert export_table(rows, form) == first
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert archive.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_a_row_of_another_width_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="wide"):
        export_table(table(("甲",)), "csv")  # type: ignore[arg-type]


def test_names_are_chinese_dated_and_safe_on_every_file_system() -> None:
    assert file_name("待出件/办件:*?", date(2026, 11, 25), "xlsx") == "待出件办件-20261125.xlsx"
    assert file_name("甲" * 200, date(2026, 11, 25), "csv-gbk") == "甲" * 80 + "-20261125.csv"


def test_a_title_that_excel_refuses_still_makes_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(export_table(table(("甲", ""), title="待出件[1]/" + "长" * 60), "xlsx"))
    sheet = load_workbook(path).worksheets[0]
    assert sheet.title == ("待出件1" + "长" * 60)[:31]
    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.page_setup.orientation) == (
        "A2", "$1:$1", "landscape",
    )  # fmt: skip
