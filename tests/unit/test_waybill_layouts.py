"""Layouts of carriers' portals as data, and tables that come back in all the ways people save them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from dispatch.consignments.exchange import (
    MAX_ROWS,
    OWN_FOLDER,
    SentOut,
    load_layouts,
    read_answer,
    write_request,
)
from dispatch.errors import Invalid, Rejected
from dispatch.export import export_table

pytestmark = pytest.mark.unit

ROW = SentOut(
    order_no="01J0000000000000000000000A", sender_name="县行政服务中心", sender_phone="0570-0000000",
    sender_region=("浙江省", "金华市", "磐安县", ""), sender_address="综合出件窗口", recipient="=1+1",
    organization="𠮷田木业有限公司", phone="19000000123", region=("浙江省", "金华市", "磐安县", "安文街道"),
    address="岭外村2组21号", count=3, payer="recipient",
)  # fmt: skip


def xlsx(*rows: tuple[object, ...], above: int = 0) -> bytes:
    book = Workbook()
    for line in ([["导出结果"]] * above) + [list(row) for row in rows]:
        book.worksheets[0].append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_portals_file_has_its_columns_and_no_cell_computes(tmp_path: Path) -> None:
    layouts = load_layouts(tmp_path)
    assert list(layouts) == ["ems-portal", "by-hand"]
    made = write_request(layouts["ems-portal"], [ROW])
    told = dict(zip(made.headings, made.rows[0], strict=True))
    assert told["客户订单号"] == ROW.order_no
    assert (told["收件人姓名"], told["收件人手机"], told["收件人电话"]) == ("=1+1", "19000000123", "")
    assert (told["寄件人手机"], told["寄件人电话"]) == ("", "0570-0000000")
    assert (told["收件人省份"], told["收件人详细地址"]) == ("浙江省", "安文街道岭外村2组21号")
    assert (told["内件品名"], told["付款方式"], told["运单号"]) == ("文件", "到付", "")
    sheet = load_workbook(io.BytesIO(export_table(made, "xlsx"))).worksheets[0]
    assert sheet.title == "批量下单"
    assert {cell.data_type for cell in sheet[2] if cell.value is not None} == {"s"}


def test_an_office_changes_its_file_without_code(tmp_path: Path) -> None:
    own = tmp_path / OWN_FOLDER
    own.mkdir()
    (own / "ems-portal.toml").write_text(
        'name = "本省平台"\nsheet = "下单"\ncolumns = [["订单", "{order_no}"], ["收件人", "{recipient}（{count}份）"]]\n'
        '[answer]\norder = ["订单"]\nnumber = ["邮件"]\n',
        encoding="utf-8",
    )
    layouts = load_layouts(tmp_path)
    assert layouts["ems-portal"].name == "本省平台"
    assert write_request(layouts["ems-portal"], [ROW]).rows == [[ROW.order_no, "=1+1（3份）"]]
    answer = read_answer(layouts, "a.xlsx", xlsx(("邮件", "订单"), ("EA473124829CN", "A1")))
    assert [(one.order_no, one.number) for one in answer] == [("A1", "EA473124829CN")]


@pytest.mark.parametrize(
    "text",
    [
        "", "name = ", 'name = "x"\nsheet = "y"\ncolumns = []',
        'name = "x"\nsheet = "y"\ncolumns = [["a", "{id_no}"], ["b", ""]]\n[answer]\norder = ["a"]\nnumber = ["b"]',
        'name = "x"\nsheet = "y"\ncolumns = [["a", ""], ["a", ""]]\n[answer]\norder = ["a"]\nnumber = ["b"]',
        'name = "x"\nsheet = "y"\ncolumns = [["a", ""], ["b", ""]]\n[answer]\norder = []\nnumber = ["b"]',
    ],
)  # fmt: skip
def test_a_layout_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / OWN_FOLDER).mkdir()
    (tmp_path / OWN_FOLDER / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Rejected) as refusal:
        load_layouts(tmp_path)
    assert "mine.toml" in refusal.value.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_answer_as_csv(tmp_path: Path, encoding: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows(
        [
            ["序号", "客户订单号 *", "收件人", "邮件号"],
            ["1", "a1", "𠮷田", " ea473124829cn "],
            ["2", "A2", "甲", ""],
            [],
        ]
    )
    found = read_answer(load_layouts(tmp_path), "结果.csv", text.getvalue().encode(encoding))
    assert [(one.line, one.order_no, one.number) for one in found] == [
        (2, "A1", "EA473124829CN"),
        (3, "A2", ""),
    ]


def test_an_answer_as_a_workbook_with_a_title_and_numbers_as_numbers(tmp_path: Path) -> None:
    data = xlsx(
        ("订单号", "运单号"), ("A1", 1234567890123), ("A2", "１２３４５６７８９０１２４"),
        ("A3", 1.2345678901234567e20), (None, "x"), ("A4",),
        above=2,
    )  # fmt: skip
    found = read_answer(load_layouts(tmp_path), "结果.xlsx", data)
    assert [(one.line, one.number, one.damaged) for one in found] == [
        (4, "1234567890123", False), (5, "1234567890124", False), (6, found[2].number, True), (8, "", False)
    ]  # fmt: skip


def test_scientific_notation_is_noticed_in_csv_too(tmp_path: Path) -> None:
    (one,) = read_answer(load_layouts(tmp_path), "a.csv", "订单号,运单号\nA1,1.23457E+12\n".encode())
    assert one.damaged


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xlsx", b"", "empty_file"), ("a.xlsx", b"PK\x03\x04junk", "bad_workbook"), ("a.xls", b"\xd0\xcf\x11\xe0", "file_kind"),
        ("a.csv", "编号,单号\n1,2\n".encode(), "headings"), ("a.csv", "订单号\nA1\n".encode(), "headings"),
        ("a.csv", ("订单号,运单号\n" + "A,1\n" * (MAX_ROWS + 1)).encode(), "too_large"),
    ],
)  # fmt: skip
def test_files_that_are_no_answer(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_answer(load_layouts(tmp_path), name, data)
    assert [fault.code for fault in refusal.value.faults] == [code]
