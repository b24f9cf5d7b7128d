"""A file on its way in: looked at, columns matched once per platform, tried, taken, and what was not taken out again."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import event, func, select

from dispatch import outbox
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.export import export_table
from dispatch.intake.columns import Layout
from dispatch.intake.imports import (
    keep_upload,
    layout_named,
    list_runs,
    look_again,
    rows_to_mend,
    run_view,
    start_run,
)
from dispatch.intake.mappings import forget_mapping, list_mappings
from dispatch.intake.receive import import_file
from dispatch.intake.running import forget_files, run_import
from dispatch.models import Case, ImportChunk, ImportFault, ImportFile, ImportRun
from dispatch.rights import SYSTEM
from tests.excel_day import HEADINGS, build_day_file
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, resident_id
from tests.road import Road

pytestmark = pytest.mark.integration

PLATFORM = "浙里办导出"
#: headings of an invented platform, with what they are
THEIRS = {
    "业务流水": "统一受理号", "业务编码": "事项编码", "业务名称": "事项名称", "承办科局": "审批部门", "服务对象": "申请人",
    "服务对象证照号": "申请人证件号码", "服务对象手机": "申请人电话", "收件日": "受理时间", "办结日": "办结时间",
    "出证名称": "证件名称", "经办": "", "批文内容": "字段:决定内容",
}  # fmt: skip
FIXED = {
    "承诺工作日": "5", "部门区划代码": "330727", "申请人类型": "个人", "申请人证件类型": "居民身份证", "审批结果": "准予",
    "文书类别": "通知书", "送达方式": "窗口自取",
}  # fmt: skip


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path / "data")


def row(serial: int, **changes: str) -> dict[str, str]:
    plain = {
        "业务流水": f"PT{serial:06d}", "业务编码": "Y-1", "业务名称": "名称核准",
        "承办科局": "磐安县市场监督管理局", "服务对象": "周小满",
        "服务对象证照号": resident_id(serial), "服务对象手机": "19000000123", "收件日": "2026-11-02",
        "办结日": "2026-11-06",
        "出证名称": "企业名称预先核准通知书", "经办": "甲", "批文内容": "准予办理。",
    }  # fmt: skip
    return plain | changes


def table(*rows: dict[str, str], headings: tuple[str, ...] = (), encoding: str = "gb18030") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headings or tuple(THEIRS), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def begin(road: Road, *rows: dict[str, str], actor: Any = CLERK, **more: Any) -> str:
    return keep_upload(road.services, actor, "导出.csv", table(*rows, **more))


def go(road: Road, run_id: str, act: str, platform: str = "", actor: Any = CLERK, **changes: Any) -> None:
    view = run_view(road.services, actor, run_id)
    plain = {"sheet": view.survey.sheet, "line": view.survey.line, "targets": THEIRS, "constants": FIXED}
    start_run(road.services, actor, run_id, act, Layout(**(plain | changes)), platform)


def count(road: Road, table: Any) -> int:
    with road.services.store.read(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def do_next(road: Road) -> bool:
    """One step of the background; whether there was one."""
    claim = outbox.claim_next(road.services.store)
    if claim is None:
        return False
    assert claim.step == "import.run"
    run_import(road.services, claim)
    return True


def sweep(road: Road) -> None:
    """What is due of forgetting."""
    while (claim := outbox.claim_next(road.services.store)) is not None:
        assert claim.step == "import.forget"
        forget_files(road.services, claim)


# -- the first look ------------------------------------------------------------------------------------------------------
def test_a_strange_table_is_looked_at_and_what_lacks_is_named(road: Road) -> None:
    run = run_view(road.services, CLERK, begin(road, row(1), row(2)))
    assert (run.state, run.survey.rows, run.survey.line) == ("looked", 2, 1)
    assert "GB18030" in run.survey.encoding
    assert run.survey.labels == tuple(THEIRS)
    assert {"统一受理号", "申请人类型", "送达方式"} <= set(run.missing)
    assert count(road, Case) == 0


def test_tried_then_taken(road: Road) -> None:
    run_id = begin(road, row(1), row(2, 服务对象手机="12"))
    go(road, run_id, "try")
    tried = run_view(road.services, CLERK, run_id)
    assert (tried.state, tried.created, tried.refused, count(road, Case)) == ("tried", 1, 1, 0)
    (refusal,) = tried.refusals
    assert (refusal["line"], refusal["acceptance_no"]) == (3, "PT000002")
    assert [(one["code"], one["label"], one["field"]) for one in refusal["faults"]] == [
        ("phone", "服务对象手机", "申请人电话")
    ]
    go(road, run_id, "take")
    taken = run_view(road.services, CLERK, run_id)
    assert (taken.state, taken.created, taken.refused, count(road, Case)) == ("taken", 1, 1, 1)
    go(road, run_id, "take")
    again = run_view(road.services, CLERK, run_id)
    assert (again.created, again.same, again.refused) == (0, 1, 1)
    with road.services.store.read(SYSTEM) as work:
        case = work.session.scalars(select(Case)).one()
        body = work.open(case, "body")
    assert (case.source, case.entered_by, case.division_code) == ("file", CLERK.name, "330727")
    assert body["documents"][0]["fields"] == {"决定内容": "准予办理。"}


def test_a_platform_is_remembered_by_its_headings(road: Road) -> None:
    go(road, begin(road, row(1)), "take", PLATFORM)
    turned = tuple(reversed(THEIRS))
    next_day = run_view(road.services, CLERK, begin(road, row(2), headings=turned))
    assert next_day.recalled is not None
    assert (next_day.recalled.name, next_day.recalled.differ, next_day.missing) == (PLATFORM, (), ())
    start_run(road.services, CLERK, next_day.id, "take", next_day.layout)
    assert run_view(road.services, CLERK, next_day.id).created == 1
    # a heading more and one less: still known, and said
    changed = (*(name for name in THEIRS if name != "批文内容"), "新列")
    alike = run_view(road.services, CLERK, begin(road, row(3), headings=changed))
    assert alike.recalled is not None
    assert set(alike.recalled.differ) == {"批文内容", "新列"}
    # somebody else's table is not
    other = run_view(
        road.services, CLERK, begin(road, {"甲": "1", "乙": "2", "丙": "3"}, headings=("甲", "乙", "丙"))
    )
    assert other.recalled is None
    # another office does not learn of it
    assert list_mappings(road.services, ELSEWHERE) == []
    foreign = run_view(road.services, ELSEWHERE, begin(road, row(4), actor=ELSEWHERE))
    assert foreign.recalled is None
    (kept,) = list_mappings(road.services, CLERK)
    forget_mapping(road.services, ELSEWHERE, kept.id)
    assert len(list_mappings(road.services, CLERK)) == 1
    forget_mapping(road.services, CLERK, kept.id)
    assert list_mappings(road.services, CLERK) == []


def test_the_command_line_reads_a_remembered_platform(road: Road, tmp_path: Path) -> None:
    go(road, begin(road, row(1)), "try", PLATFORM)
    path = tmp_path / "今天.csv"
    path.write_bytes(table(row(2), row(3), encoding="utf-8-sig"))
    layout = layout_named(road.services, CLERK, path, PLATFORM)
    assert import_file(road.services, CLERK, path, layout=layout).created == 2
    with pytest.raises(NotFound) as refusal:
        layout_named(road.services, CLERK, path, "没有的平台")
    assert PLATFORM in refusal.value.detail


def test_what_nothing_gives_is_refused_before_anything_is_read(road: Road) -> None:
    run_id = begin(road, row(1))
    with pytest.raises(Invalid) as refusal:
        go(road, run_id, "try", constants={})
    assert "承诺工作日" in refusal.value.faults[0].detail
    assert run_view(road.services, CLERK, run_id).state == "looked"
    for act in ("", "issue"):
        with pytest.raises(Invalid):
            go(road, run_id, act)
    with pytest.raises(Invalid):
        go(road, run_id, "try", line=9)
    with pytest.raises(Invalid):
        go(road, run_id, "try", "名" * 41)
    assert list_mappings(road.services, CLERK) == []


@pytest.mark.parametrize("name", ["申请人", "联系人", "收件人", "收件人电话", "收件地址", "另寄电话", "证号"])
def test_what_is_each_ones_own_is_no_fixed_value(road: Road, name: str) -> None:
    """It would lie open with the remembered columns, and stand on other people's letters."""
    run_id = begin(road, row(1))
    targets = {label: to for label, to in THEIRS.items() if to != name}
    with pytest.raises(Invalid) as refusal:
        go(road, run_id, "take", PLATFORM, constants=FIXED | {name: "岭外村2组21号"}, targets=targets)
    assert any(f"“{name}”" in fault.detail and "固定值" in fault.detail for fault in refusal.value.faults)
    assert list_mappings(road.services, CLERK) == [] and count(road, Case) == 0


# -- whose file ----------------------------------------------------------------------------------------------------------
def test_a_file_is_its_bringers_alone(road: Road) -> None:
    run_id = begin(road, row(1))
    for stranger in (COLLEAGUE, ELSEWHERE):
        for act in (
            lambda who=stranger: run_view(road.services, who, run_id),
            lambda who=stranger: rows_to_mend(road.services, who, run_id),
            lambda who=stranger: start_run(road.services, who, run_id, "take", None),
            lambda who=stranger: look_again(road.services, who, run_id, "", 1),
        ):
            with pytest.raises(NotFound):
                act()
        assert list_runs(road.services, stranger) == []
    with pytest.raises(NotPermitted):
        keep_upload(road.services, COURIER, "a.csv", table(row(1)))


def test_nothing_of_a_person_lies_open_and_nothing_is_kept_longer_than_needed(road: Road) -> None:
    run_id = begin(road, row(1), row(2, 服务对象手机="12"))
    go(road, run_id, "take")
    files = [path for path in road.services.settings.data_dir.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert resident_id(2).encode() not in path.read_bytes(), path
    assert (count(road, ImportFile), count(road, ImportFault)) == (1, 1)  # one row waits to be mended
    whole = begin(road, row(3))
    go(road, whole, "take")
    assert count(road, ImportFile) == 1  # the second file is taken whole and gone
    with pytest.raises(NotFound) as refusal:
        go(road, whole, "take")
    assert "重新上传" in refusal.value.detail
    after = run_view(road.services, CLERK, whole)
    assert (after.state, after.created) == ("taken", 1)  # what was taken stays told
    road.clock.forward(days=31)
    begin(road, row(4))
    assert (count(road, ImportRun), count(road, ImportFile), count(road, ImportFault)) == (1, 1, 0)


def test_a_file_goes_after_thirty_days_though_nobody_comes_again(road: Road) -> None:
    run_id = begin(road, row(1), row(2, 服务对象手机="12"))
    go(road, run_id, "take")
    road.clock.forward(days=20)
    begin(road, row(3))
    sweep(road)
    assert (count(road, ImportRun), count(road, ImportFile)) == (2, 2)
    with road.services.store.read(SYSTEM) as work:
        assert outbox.backlog(work) == 0  # nothing that anybody waits for
    road.clock.forward(days=31)
    sweep(road)
    assert (count(road, ImportRun), count(road, ImportFile), count(road, ImportFault)) == (0, 0, 0)
    assert count(road, Case) == 1


def test_the_list_of_files_asks_as_often_for_many_as_for_few(road: Road) -> None:
    asked: list[str] = []
    event.listen(road.services.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def queries() -> int:
        asked.clear()
        list_runs(road.services, CLERK)
        return len(asked)

    begin(road, row(1))
    few = queries()
    for serial in range(2, 8):
        begin(road, row(serial))
    assert (queries(), len(list_runs(road.services, CLERK))) == (few, 7)


# -- large files ---------------------------------------------------------------------------------------------------------
def test_a_large_file_goes_on_in_the_background_piece_by_piece(road: Road) -> None:
    rows = [
        row(serial, 服务对象手机="12" if serial % 100 == 0 else "19000000123") for serial in range(1, 521)
    ]
    run_id = begin(road, *rows)
    go(road, run_id, "take")
    assert run_view(road.services, CLERK, run_id).state == "running"
    for refused in (
        lambda: go(road, run_id, "take"),
        lambda: look_again(road.services, CLERK, run_id, "", 1),
    ):
        with pytest.raises(RuleViolation) as refusal:
            refused()
        assert refusal.value.code == "running"
    seen = []
    while do_next(road):
        view = run_view(road.services, CLERK, run_id)
        seen.append((view.total, view.done))
    assert seen == [(520, 0), (520, 250), (520, 500), (520, 520)]
    done = run_view(road.services, CLERK, run_id)
    assert (done.state, done.created, done.refused) == ("taken", 515, 5)
    assert (count(road, Case), count(road, ImportChunk)) == (515, 0)


def test_a_large_file_that_is_not_kept_any_more_is_not_begun_again(road: Road) -> None:
    run_id = begin(road, *(row(serial) for serial in range(1, 302)))
    go(road, run_id, "take")
    while do_next(road):
        pass
    with pytest.raises(NotFound):
        go(road, run_id, "take")  # a page that stood open elsewhere
    after = run_view(road.services, CLERK, run_id)
    assert (after.state, after.created, do_next(road)) == ("taken", 301, False)


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(road: Road, monkeypatch) -> None:
    run_id = begin(road, *(row(serial) for serial in range(1, 401)))
    go(road, run_id, "take")
    do_next(road)  # the file is read
    killed = outbox.claim_next(road.services.store)
    assert killed is not None

    def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dispatch.intake.running._count", dies)
        with pytest.raises(KeyboardInterrupt):
            run_import(road.services, killed)  # the cases of the piece are stored, the count is not
    assert count(road, Case) == 250
    road.clock.forward(minutes=5)  # the lease is over
    while do_next(road):
        pass
    done = run_view(road.services, CLERK, run_id)
    assert (done.state, done.done, done.created + done.same, count(road, Case)) == ("taken", 400, 400, 400)


def test_a_file_that_breaks_off_far_down_ends_the_run_with_the_reason(road: Road) -> None:
    data = table(*(row(serial) for serial in range(1, 3_200))) + b'"PT9'
    run_id = keep_upload(road.services, CLERK, "导出.csv", data)
    go(road, run_id, "take")
    do_next(road)
    failed = run_view(road.services, CLERK, run_id)
    assert (failed.state, count(road, Case)) == ("failed", 0)
    assert "引号" in failed.problem


# -- out again and back --------------------------------------------------------------------------------------------------
def test_rows_to_mend_come_back_mended(road: Road) -> None:
    run_id = begin(road, row(1), row(2, 服务对象手机="12", 批文内容="=1+1"), row(3, 办结日="上周三"))
    go(road, run_id, "take", PLATFORM)
    out = rows_to_mend(road.services, CLERK, run_id)
    assert out.headings == (*THEIRS, "备注：为什么没有收")
    assert [line[0] for line in out.rows] == ["PT000002", "PT000003"]
    assert "不是可以拨通的号码" in str(out.rows[0][-1])
    book = load_workbook(io.BytesIO(export_table(out, "xlsx")))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, places["服务对象手机"]).value = "19000000124"
    sheet.cell(3, places["办结日"]).value = "2026-11-06"
    mended = io.BytesIO()
    book.save(mended)
    back = keep_upload(road.services, CLERK, "改好.xlsx", mended.getvalue())
    view = run_view(road.services, CLERK, back)
    assert (view.recalled.name if view.recalled else "", view.missing) == (PLATFORM, ())
    start_run(road.services, CLERK, back, "take", view.layout)
    done = run_view(road.services, CLERK, back)
    assert (done.created, done.refused, count(road, Case)) == (2, 0, 3)
    with road.services.store.read(SYSTEM) as work:
        case = work.session.scalars(select(Case).where(Case.acceptance_no == "PT000002")).one()
        assert work.open(case, "body")["documents"][0]["fields"] == {"决定内容": "=1+1"}


def test_the_file_of_a_day_names_every_fault(road: Road, tmp_path: Path) -> None:
    path = tmp_path / "办件.xlsx"
    expected = build_day_file(path, today=road.clock.now().date())
    run_id = keep_upload(road.services, CLERK, path.name, path.read_bytes())
    looked = run_view(road.services, CLERK, run_id)
    assert (looked.survey.line, looked.survey.hidden, looked.missing) == (3, ("字典",), ())
    assert looked.survey.labels == HEADINGS
    assert looked.survey.damaged == {"申请人证件号码": 1}
    start_run(road.services, CLERK, run_id, "take", looked.layout)
    done = run_view(road.services, CLERK, run_id)
    assert (done.created, done.refused) == (45, 10)
    told = {
        one["line"]: [(fault["code"], fault["pointer"]) for fault in one["faults"]] for one in done.refusals
    }
    assert told == {one.line: [(one.code, one.pointer)] for one in expected}
    assert len(rows_to_mend(road.services, CLERK, run_id).rows) == 10


def test_another_sheet_and_another_header_line(road: Road) -> None:
    run_id = keep_upload(road.services, CLERK, "两张.xlsx", _two_sheets())
    first = run_view(road.services, CLERK, run_id)
    assert first.survey.sheets == ("说明", "数据")
    look_again(road.services, CLERK, run_id, "数据", 2)
    second = run_view(road.services, CLERK, run_id)
    assert (second.survey.sheet, second.survey.line, second.survey.labels[0]) == ("数据", 2, "业务流水")
    for sheet, line in (("没有", 1), ("数据", 999)):
        with pytest.raises(Invalid):
            look_again(road.services, CLERK, run_id, sheet, line)


def _two_sheets() -> bytes:
    book = Workbook()
    book.worksheets[0].title = "说明"
    for line in (["这张表", "说明", "怎么填"], ["一", "二", "三"]):
        book.worksheets[0].append(line)
    sheet = book.create_sheet("数据")
    sheet.append(["导出时间"])
    sheet.append(list(THEIRS))
    sheet.append(list(row(1).values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file_kind"),
        ("a.pdf", b"%PDF-1.7", "file_kind"),
        ("a.csv", b"", "empty_file"),
        ("a.csv", "统一受理号,事项编码\n".encode(), "no_rows"),
        ("a.csv", b"\n\n,,\n", "no_header"),
        ("a.xlsx", b"PK\x03\x04broken", "bad_workbook"),
        (
            "a.csv",
            (",".join(f"列{n}" for n in range(500)) + "\n" + ",".join("1" * 500)).encode(),
            "too_many_columns",
        ),
    ],
)
def test_files_that_cannot_be_looked_at(road: Road, name: str, data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        keep_upload(road.services, CLERK, name, data)
    assert [fault.code for fault in refusal.value.faults] == [code]
    assert count(road, ImportRun) == 0


def test_a_path_in_the_name_is_only_a_name(road: Road) -> None:
    run_id = keep_upload(road.services, CLERK, "..\\..\\C:\\导出/../../机密.csv", table(row(1)))
    assert run_view(road.services, CLERK, run_id).filename == "机密.csv"
    assert list_runs(road.services, CLERK)[0].kept_at - road.clock.now() < timedelta(seconds=1)
