from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from dispatch.errors import Invalid
from dispatch.intake.columns import columns
from dispatch.intake.files import Row, read_cases, template_csv, template_xlsx
from dispatch.intake.jsontext import load_json
from dispatch.intake.schema import parse_case
from tests.approvals import NOW, good, samples

Save = Callable[[str, bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def example() -> dict[str, str]:
    """The template's example row by column."""
    rows = list(csv.reader(io.StringIO(template_csv().decode("utf-8-sig"))))
    return {name.removesuffix(" *"): value for name, value in zip(*rows, strict=True)}


def row(**changes: Any) -> dict[str, Any]:
    return {**example(), **changes}


def as_csv(rows: Iterable[dict[str, Any]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[dict[str, Any]], title: str = "办件", above: int = 0) -> bytes:
    rows = list(rows)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for _ in range(above):
        sheet.append(["某某中心办件登记表"])
    sheet.append(list(rows[0]))
    for line in rows:
        sheet.append([line[name] for name in rows[0]])
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def refused(path: Path) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        list(read_cases(path))
    assert all(
        fault.detail and any("\u4e00" <= ch <= "\u9fff" for ch in fault.detail)
        for fault in refusal.value.faults
    )
    return [fault.code for fault in refusal.value.faults]


def codes(found: Row) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in found.faults}


def case_of(found: Row) -> dict[str, Any]:
    assert found.case is not None, found.faults
    return found.case


# -- one mistake, one fault ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("column", "code", "pointer"),
    [
        ("收件区划代码", "999999", "/delivery/recipient/division_code"),
        ("收件区划代码", "33072", "/delivery/recipient/division_code"),
        ("收件区划代码", "3.30727E+5", "/delivery/recipient/division_code"),
    ],
)
def test_a_wrong_area_code_is_not_told_as_a_missing_region(
    save: Save, column: str, code: str, pointer: str
) -> None:
    (found,) = read_cases(save("t.csv", as_csv([row(**{column: code})])))
    assert list(codes(found)) == [pointer]


def test_an_area_that_nobody_wrote_is_still_missing(save: Save) -> None:
    (found,) = read_cases(save("t.csv", as_csv([row(收件区划代码="", 收件省="")])))
    with pytest.raises(Invalid) as refusal:
        parse_case(case_of(found), now=NOW)
    assert "/delivery/recipient/region" in {fault.pointer for fault in refusal.value.faults}


# -- the template ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "make"), [("t.xlsx", template_xlsx), ("t.csv", template_csv)])
def test_the_template_imports_as_it_is(save: Save, name: str, make: Callable[[], bytes]) -> None:
    (found,) = read_cases(save(name, make()))
    case = parse_case(case_of(found), now=NOW)
    assert found.line == 2
    assert case.applicant.name == "示例申请人"
    assert case.documents[0].fields["申请人"] == "示例申请人"
    assert case.delivery.recipient is not None
    assert case.delivery.recipient.region == ("浙江省", "丽水市", "景宁畲族自治县")
    assert case.warnings == ()


def test_the_workbook_keeps_numbers_as_text_and_offers_choices() -> None:
    book = load_workbook(io.BytesIO(template_xlsx()))
    assert book.sheetnames == ["办件", "填写说明"]
    sheet = book["办件"]
    heads = {
        str(cell.value).removesuffix(" *"): get_column_letter(place) for place, cell in enumerate(sheet[1], 1)
    }
    for name in ("统一受理号", "申请人证件号码", "申请人电话", "部门区划代码", "收件人电话", "证号"):
        assert sheet[f"{heads[name]}2"].number_format == "@"
        assert sheet[f"{heads[name]}300"].number_format == "@"
    offered = {
        str(rule.sqref).split(":")[0].rstrip("0123456789") for rule in sheet.data_validations.dataValidation
    }
    assert offered == {heads[column.header] for column in columns() if column.choices}
    assert len(offered) == 11
    assert sheet[f"{heads['申请人证件号码']}1"].comment is not None
    guide = [str(line[0].value) for line in book["填写说明"].iter_rows()]
    assert set(guide) >= {column.header for column in columns()}


def test_choices_fit_into_a_workbook() -> None:
    assert all(len(",".join(column.choices.values())) < 255 for column in columns())


# -- lines of JSON ---------------------------------------------------------------------------------
def test_all_samples_as_lines(save: Save) -> None:
    data = "\n".join(json.dumps(case, ensure_ascii=False) for case in samples()).encode()
    found = list(read_cases(save("a.jsonl", b"\xef\xbb\xbf" + data + b"\r\n\r\n")))
    assert [case_of(one) for one in found] == samples()
    assert [one.line for one in found] == list(range(1, 341))


def test_bad_lines_do_not_stop_good_ones(save: Save) -> None:
    lines = [
        json.dumps(good()), "{", "[1]", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 200_000, "1" * 5000, "", json.dumps(good()),
    ]  # fmt: skip
    data = b"\n".join(line.encode() for line in lines) + b'\n{"a": "\xff"}'
    found = list(read_cases(save("a.jsonl", data)))
    assert [one.line for one in found] == [1, 2, 3, 4, 5, 6, 7, 9, 10]
    good_lines = [one.line for one in found if one.case is not None]
    assert good_lines == [1, 9]
    assert [next(iter(one.faults)).code for one in found if one.faults] == [
        "malformed", "type", "malformed", "duplicate_member", "malformed", "malformed", "encoding",
    ]  # fmt: skip


def test_json_text() -> None:
    assert load_json('{"a": [1, "x"]}') == {"a": [1, "x"]}
    assert load_json(b"\xef\xbb\xbf1") == 1
    for text in ("", "NaN", "-Infinity", "{'a': 1}", '{"a": {"b": 1, "b": 1}}', " " * 5_000_000):
        with pytest.raises(Invalid):
            load_json(text)


# -- tables ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding_offices_use(save: Save, encoding: str) -> None:
    name = "𬭎㐱示例" if encoding != "utf-16" else "示例"
    found = list(read_cases(save("a.csv", as_csv([row(申请人=name)], encoding))))
    assert case_of(found[0])["applicant"]["name"] == name


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_other_delimiters(save: Save, delimiter: str) -> None:
    (found,) = read_cases(save("a.csv", as_csv([row()], delimiter=delimiter)))
    assert parse_case(case_of(found), now=NOW)


@pytest.mark.parametrize(("name", "make"), [("a.csv", as_csv), ("a.xlsx", as_xlsx)])
def test_rows_of_one_number_are_one_case(save: Save, name: str, make: Callable[..., bytes]) -> None:
    other = dict.fromkeys(example(), "") | {
        "统一受理号": "YANGLI-20261102-0001", "文书类别": "证照", "证件名称": "示例证", "正副本": "副本",
        "证件内容": "经营项目=热食；冷食；自制饮品；面积＝12㎡", "另寄收件人": "示例银行", "另寄电话": "19000000003",
        "另寄区划代码": "441900", "另寄地址": "示例路9号", "另寄关系": "指定代收人",
    }  # fmt: skip
    third = row(统一受理号="YANGLI-20261102-0002")
    rows = list(read_cases(save(name, make([row(), third, other]))))
    assert [(one.line, one.lines) for one in rows] == [(2, (2, 4)), (3, (3,))]
    case = parse_case(case_of(rows[0]), now=NOW)
    assert [document.title for document in case.documents] == ["企业名称预先核准通知书", "示例证"]
    second = case.documents[1]
    assert second.fields == {"经营项目": "热食；冷食；自制饮品", "面积": "12㎡"}
    assert (second.copy_, second.source, second.signer_policy) == ("副本", "compose", "authorized")
    assert second.recipient is not None
    assert (second.recipient.relation, second.recipient.region) == (
        "designated",
        ("广东省", "东莞市", "东莞市"),
    )


def test_rows_of_one_case_must_agree(save: Save) -> None:
    rows = [
        row(),
        row(证件名称="另一通知书", 申请人电话="19000000009"),
        row(统一受理号="YANGLI-20261102-0002"),
    ]
    first, second = read_cases(save("a.csv", as_csv(rows)))
    assert first.case is None
    assert codes(first) == {"/applicant/phone": "rows_differ"}
    assert "第 2 行和第 3 行" in first.faults[0].detail
    assert second.case is not None


def test_all_faults_of_a_row_at_once(save: Save) -> None:
    bad = row(审批结果="也许", 受理时间="前天", 承诺工作日="五", 申请人电话="12", 证件名称="")
    found, fine = read_cases(save("a.csv", as_csv([bad, row(统一受理号="YANGLI-20261102-0002")])))
    assert codes(found) == {
        "/item/promised_working_days": "type",
        "/applicant/phone": "phone",
        "/decision": "not_allowed",
        "/accepted_at": "date_time",
        "/documents/0/title": "required",
    }
    assert fine.case is not None


def test_what_only_the_case_shows_is_left_to_its_parser(save: Save) -> None:
    (found,) = read_cases(save("a.csv", as_csv([row(申请人电话="12", 统一受理号="")])))
    with pytest.raises(Invalid) as refusal:
        parse_case(case_of(found), now=NOW)
    assert {fault.pointer for fault in refusal.value.faults} == {"/acceptance_no", "/applicant/phone"}


@pytest.mark.parametrize(
    ("column", "cell", "pointer"),
    [
        ("申请人证件号码", 110101199001010015, "/applicant/id_no"),
        ("申请人证件号码", 1.10101199001010e17, "/applicant/id_no"),
        ("申请人证件号码", "1.10101E+17", "/applicant/id_no"),
        ("申请人证件号码", "110101199001010000", "/applicant/id_no"),
        ("申请人电话", 19000000001.5, "/applicant/phone"),
        ("统一受理号", "331127202610267000000", "/acceptance_no"),
        ("统一受理号", 331127202610267000001, "/acceptance_no"),
        ("证号", 1.5e18, "/documents/0/number"),
    ],
)
def test_numbers_that_a_spreadsheet_spoiled(save: Save, column: str, cell: object, pointer: str) -> None:
    (found,) = read_cases(save("a.xlsx", as_xlsx([row(**{column: cell})])))
    faults = found.faults
    if found.case is not None:
        with pytest.raises(Invalid) as refusal:
            parse_case(found.case, now=NOW)
        faults = list(refusal.value.faults)
    wrong = next(fault for fault in faults if fault.pointer == pointer)
    assert wrong.code == "excel_number"
    assert "文本" in wrong.detail


def test_short_numbers_are_exact_and_taken(save: Save) -> None:
    cells = {
        "申请人电话": 19000000001,
        "部门区划代码": 331127.0,
        "承诺工作日": 5.0,
        "字段:申请人": 120.5,
        "字段:地址": 7,
    }
    (found,) = read_cases(save("a.xlsx", as_xlsx([row(**cells)])))
    case = parse_case(case_of(found), now=NOW)
    assert (case.applicant.phone, case.department.division_code) == ("19000000001", "331127")
    assert case.documents[0].fields["申请人"] == "120.5"
    assert case.documents[0].fields["地址"] == "7"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-11-02 13:55", "2026-11-02T13:55:00+08:00"),
        ("2026/11/2 13:55:07", "2026-11-02T13:55:07+08:00"),
        ("2026.11.02", "2026-11-02T23:59:59+08:00"),
        ("2026年11月2日", "2026-11-02T23:59:59+08:00"),
        ("2026年11月2日13时55分", "2026-11-02T13:55:00+08:00"),
        ("２０２６-11-02", "2026-11-02T23:59:59+08:00"),
        ("20261102", "2026-11-02T23:59:59+08:00"),
        ("2026-11-02 00:00", "2026-11-02T00:00:00+08:00"),
        ("2026-11-02T05:55:00Z", "2026-11-02T05:55:00Z"),
        (datetime.fromisoformat("2026-11-02T13:54:59.999990"), "2026-11-02T13:55:00+08:00"),
        (date(2026, 11, 2), "2026-11-02T23:59:59+08:00"),
        (46328, "2026-11-02T23:59:59+08:00"),
        (46328.5, "2026-11-02T12:00:00+08:00"),
        (20261102, "2026-11-02T23:59:59+08:00"),
    ],
)
def test_moments_as_people_write_them(save: Save, cell: object, expected: str) -> None:
    (found,) = read_cases(save("a.xlsx", as_xlsx([row(办结时间=cell)])))
    assert case_of(found)["decided_at"] == expected


@pytest.mark.parametrize(
    "cell", ["2026-02-30", "昨天", "11-02", "2026-11-02 25:00", True, 5, -1, 10**12, "2026"]
)
def test_moments_that_cannot_be_read(save: Save, cell: object) -> None:
    (found,) = read_cases(save("a.xlsx", as_xlsx([row(办结时间=cell, 有效期起=cell)])))
    assert codes(found) == {"/decided_at": "date_time", "/documents/0/valid_from": "date"}


def test_formulas_and_error_values_are_noticed(save: Save) -> None:
    cells = {"申请人": '=A2&"甲"', "收件地址": "#N/A"}
    book = load_workbook(io.BytesIO(as_xlsx([row(**cells)])))
    sheet = book["办件"]
    column = next(cell.column for cell in sheet[1] if cell.value == "收件地址")
    sheet.cell(2, column).data_type = "e"
    (found,) = read_cases(save("a.xlsx", saved(book)))
    assert codes(found) == {"/applicant/name": "formula", "/delivery/recipient/address": "cell_error"}


def test_what_people_add_to_keep_numbers_text(save: Save) -> None:
    cells = {
        "申请人证件号码": '="110101199001010015"',
        "申请人电话": "'19000000001",
        "收件人电话": "\t19000000001 ",
    }
    (found,) = read_cases(save("a.csv", as_csv([row(**cells)])))
    case = parse_case(case_of(found), now=NOW)
    assert case.applicant.id_no == "110101199001010015"
    assert case.applicant.phone == "19000000001"


def test_english_values_full_width_and_dates_in_fields(save: Save) -> None:
    cells = {
        "送达方式": "express",
        "申请人证件类型": " 居民身份证 ",
        "字段:地址": date(2026, 11, 5),
        "承诺工作日": "5个工作日",
    }
    (found,) = read_cases(save("a.xlsx", as_xlsx([row(**cells)])))
    case = case_of(found)
    assert case["delivery"]["method"] == "express"
    assert case["documents"][0]["fields"]["地址"] == "2026年11月05日"
    assert case["item"]["promised_working_days"] == 5


def test_physical_originals_and_materials(save: Save) -> None:
    base = row(
        文书类别="实体证件",
        文书来源="",
        印制流水号="803X",
        应收材料="申请表；照片",
        材料寄入快递公司="ems",
        材料寄入单号="11",
    )
    (found,) = read_cases(save("a.csv", as_csv([base])))
    case = parse_case(case_of(found), now=NOW)
    assert (case.documents[0].source, case.documents[0].object_no) == ("physical", "803X")
    assert case.materials_in is not None
    assert case.materials_in.expected == ("申请表", "照片")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲=1；乙=2", {"甲": "1", "乙": "2"}),
        ("甲=1;乙=a=b;", {"甲": "1", "乙": "a=b"}),
        ("甲=一；二；三", {"甲": "一；二；三"}),
        ("甲=一；二\n乙=三", {"甲": "一；二", "乙": "三"}),
        ("甲=一\n二\n乙=三", {"甲": "一\n二", "乙": "三"}),
        ("甲=", {"甲": ""}),
    ],
)
def test_content_in_one_cell(save: Save, text: str, expected: dict[str, str]) -> None:
    cells = {name: "" for name in example() if name.startswith("字段:")} | {"证件内容": text}
    (found,) = read_cases(save("a.csv", as_csv([row(**cells)])))
    assert case_of(found)["documents"][0]["fields"] == expected


@pytest.mark.parametrize("text", ["没有等号", "甲=1；甲=2", "=1"])
def test_content_that_cannot_be_read(save: Save, text: str) -> None:
    (found,) = read_cases(save("a.csv", as_csv([row(证件内容=text)])))
    assert codes(found).keys() == {"/documents/0/fields"}


def test_the_same_field_twice_must_agree(save: Save) -> None:
    (found,) = read_cases(save("a.csv", as_csv([row(证件内容="地址=别处")])))
    assert codes(found) == {"/documents/0/fields/地址": "duplicate_member"}


def test_field_names_keep_their_brackets(save: Save) -> None:
    (found,) = read_cases(save("a.csv", as_csv([row(**{"字段：法定代表人（负责人）": "示例"})])))
    assert case_of(found)["documents"][0]["fields"]["法定代表人（负责人）"] == "示例"


# -- headers ---------------------------------------------------------------------------------------
def renamed(names: dict[str, str]) -> list[dict[str, Any]]:
    return [{names.get(name, name): value for name, value in row().items()}]


def test_headers_under_other_names(save: Save) -> None:
    rows = renamed(
        {"统一受理号": " 受理号 ", "申请人电话": "＊联系电话", "证号": "文号", "收件地址": "详细地址（必填）"}
    )
    (found,) = read_cases(save("a.csv", as_csv([rows[0] | {"序号": "1", "备注：经办": "x", "": "y"}])))
    assert parse_case(case_of(found), now=NOW)


def test_a_header_below_a_title_and_on_a_later_sheet(save: Save) -> None:
    book = load_workbook(io.BytesIO(as_xlsx([row()], above=3)))
    first = book.create_sheet("封面", 0)
    first.append(["某某中心"])
    (found,) = read_cases(save("a.xlsx", saved(book)))
    assert found.line == 5


def test_everything_wrong_with_a_header_in_one_answer(save: Save) -> None:
    rows = renamed({"申请人电话": "申请人电活", "送达方式": "怎么送", "联系人": "收件人"})
    path = save("a.csv", as_csv(rows))
    text = path.read_text("utf-8").replace(",证号,", ",证号,文号,", 1)
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid) as refusal:
        read_cases(path)
    details = "".join(fault.detail for fault in refusal.value.faults)
    assert refusal.value.code == "bad_header"
    assert "缺少：“申请人电话”、“送达方式”" in details
    assert "“申请人电活”不认识，最接近的是“申请人电话”" in details
    assert "“证号”出现了两次" in details


@pytest.mark.parametrize(
    "data", [b"a,b,c\n1,2,3\n", "姓名,年龄\n甲,1\n".encode(), b"\n\n\n", b"\x00\x01\x02"]
)
def test_a_table_without_our_header(save: Save, data: bytes) -> None:
    assert refused(save("a.csv", data)) in (["no_header"], ["empty_file"], ["bad_csv"])


# -- files that are not what they say --------------------------------------------------------------
def test_wrong_kinds(save: Save, tmp_path: Path) -> None:
    book = as_xlsx([row()])
    assert refused(tmp_path / "absent.csv") == ["no_file"]
    assert refused(save("a.xls", book)) == ["file_kind"]
    assert refused(save("a.json", b"{}")) == ["file_kind"]
    assert refused(save("a.pdf", b"%PDF")) == ["file_kind"]
    assert refused(save("a.csv", book)) == ["file_kind"]
    assert refused(save("a.jsonl", book)) == ["file_kind"]
    assert refused(save("a.xlsx", as_csv([row()]))) == ["file_kind"]
    assert refused(save("b.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))) == ["file_kind"]
    assert refused(save("empty.csv", b"")) == ["empty_file"]
    assert refused(save("latin.csv", "统一受理号".encode() + b"\xff\xff\xff")) == ["encoding"]
    (tmp_path / "folder.csv").mkdir()
    assert refused(tmp_path / "folder.csv") == ["no_file"]


def test_a_quote_left_open(save: Save) -> None:
    data = as_csv([row()]) + '"没有成对,x\n'.encode()
    assert refused(save("a.csv", data)) == ["bad_csv"]


def test_damaged_workbooks(save: Save) -> None:
    book = as_xlsx([row()] * 50)
    for cut in (30, len(book) // 2, len(book) - 30):
        assert refused(save("a.xlsx", book[:cut])) == ["bad_workbook"]
    assert refused(save("a.xlsx", repacked(book, "xl/workbook.xml", b"<nonsense"))) == ["bad_workbook"]
    assert refused(
        save("a.xlsx", repacked(book, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"))
    ) == ["bad_workbook"]
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert refused(save("a.xlsx", repacked(book, "xl/worksheets/sheet1.xml", entities))) == ["bad_workbook"]
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert refused(save("a.xlsx", empty.getvalue())) == ["bad_workbook"]


def repacked(book: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return stream.getvalue()


def test_a_workbook_that_unpacks_without_end(save: Save) -> None:
    bomb = repacked(as_xlsx([row()]), "xl/worksheets/sheet1.xml", b" " * 20_000_000)
    assert len(bomb) < 60_000
    assert refused(save("a.xlsx", bomb)) == ["too_large"]


@pytest.mark.parametrize("step", [7, 31])
def test_flipped_bytes_never_crash(save: Save, step: int) -> None:
    book = bytearray(as_xlsx([row()]))
    for place in range(0, len(book), len(book) // step):
        spoiled = bytearray(book)
        spoiled[place] ^= 0xFF
        try:
            list(read_cases(save("a.xlsx", bytes(spoiled))))
        except Invalid as refusal:
            assert refusal.faults
