"""Files in and out by the browser."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from dispatch import outbox
from dispatch.calendar import local_date
from dispatch.intake.running import run_import
from tests.excel_day import build_day_file
from tests.factories import approval, document, resident_id
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, served
from tests.integration.test_imports import FIXED, THEIRS, row, table

pytestmark = pytest.mark.functional


def test_the_return_file_is_looked_at_and_taken(screens: Screens, shots: Path, tmp_path: Path) -> None:
    for serial in range(4):
        house, more = screens.house, {"number": f"浙政务寄〔2026〕第{serial:06d}号"}
        house.issued(approval(documents=[document(copy="正本", **more), document(copy="副本", **more)]))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/more")
    page.get_by_role("link", name="回传文件").click()
    expect(page.locator("h1")).to_have_text("给受理平台的回传文件")
    expect(page.locator("main")).to_contain_text("这一天没有变化")
    shoot(page, shots, "returnfile-empty")
    day = local_date(screens.house.services.clock.now())
    page.get_by_label("从哪天").fill((day - timedelta(days=2)).isoformat())
    page.get_by_label("到哪天").fill(day.isoformat())
    page.get_by_role("button", name="看看有哪些").click()
    expect(page.locator("main")).to_contain_text("8 份证件有变化")
    shoot(page, shots, "returnfile")
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV（GBK）").click()
    assert taken.value.suggested_filename.startswith("回传文件-")
    assert taken.value.path().read_bytes().decode("gb18030").count("已出件") == 8


# -- in ------------------------------------------------------------------------------------------------------------------
def test_the_file_of_a_day_is_tried_and_taken_with_two_presses(
    screens: Screens, shots: Path, tmp_path: Path
) -> None:
    path = tmp_path / "办件导出.xlsx"
    build_day_file(path, today=local_date(screens.house.services.clock.now()))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/imports")
    shoot(page, shots, "imports")
    page.get_by_label("选文件").set_input_files(path)
    page.get_by_role("button", name="上传，先试读").click()
    expect(page.locator("main")).to_contain_text("新办件 45 件，收过的 0 件，有问题 10 件")
    shoot(page, shots, "import-tried")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载有问题的 10 件").click()
    assert (
        len(list(load_workbook(io.BytesIO(taken.value.path().read_bytes())).worksheets[0].iter_rows())) == 11
    )
    page.get_by_role("button", name="正式导入 45 件").click()
    expect(page.locator("main")).to_contain_text("已导入。 新办件 45 件")
    shoot(page, shots, "import-taken")
    page.get_by_role("link", name="看待出件").click()
    page.wait_for_url("**/window?state=ready")


def test_a_strange_platform_is_matched_once(screens: Screens, shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "浙里办.csv"
    path.write_bytes(table(row(1), row(2)))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/imports")
    page.get_by_label("选文件").set_input_files(path)
    page.get_by_role("button", name="上传，先试读").click()
    expect(page.locator("main")).to_contain_text("先对列，还缺")
    shoot(page, shots, "import-columns")
    for theirs, ours in THEIRS.items():
        page.get_by_label(f"{theirs} 是哪一栏").select_option(ours)
    for name, text in FIXED.items():
        box = page.locator(f"[name='fix-{name}']")
        box.select_option(text) if box.evaluate("e => e.tagName") == "SELECT" else box.fill(text)
    page.get_by_label("这是哪个平台的表？").fill("浙里办导出")
    page.get_by_role("button", name="按这样试读").click()
    expect(page.locator("main")).to_contain_text("新办件 2 件，收过的 0 件，有问题 0 件")
    shoot(page, shots, "import-matched")
    path.write_bytes(table(row(3)))
    page.goto(f"{screens.base}/window/imports")
    expect(page.locator("main")).to_contain_text("记住的平台")
    page.get_by_label("选文件").set_input_files(path)
    page.get_by_role("button", name="上传，先试读").click()
    expect(page.locator("main")).to_contain_text("认出是“浙里办导出”")
    expect(page.locator("main")).to_contain_text("新办件 1 件，收过的 0 件，有问题 0 件")


def test_a_large_file_shows_how_far_it_is(screens: Screens, shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "很多.xlsx"
    build_day_file(path, good=340, today=local_date(screens.house.services.clock.now()))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/imports")
    page.get_by_label("选文件").set_input_files(path)
    page.get_by_role("button", name="上传，先试读").click()
    expect(page.locator("[data-words]")).to_contain_text("正在读文件")
    services = screens.house.services
    for _ in range(2):
        claim = outbox.claim_next(services.store)
        assert claim is not None
        with ThreadPoolExecutor(1) as hands:
            hands.submit(run_import, services, claim).result()
    expect(page.locator("[data-words]")).to_contain_text("共 350 件，已看过 250 件")
    shoot(page, shots, "import-running")
    screens.house.work()
    expect(page.locator("main")).to_contain_text("新办件 340 件，收过的 0 件，有问题 10 件")


# -- waybills ------------------------------------------------------------------------------------------------------------
def test_waybills_go_to_the_carrier_and_come_back(tmp_path: Path, browser, shots: Path) -> None:
    with served(tmp_path, DISPATCH_EXPRESS_CARRIER="manual") as (house, base):
        screens = Screens(house, base, browser)
        person = approval()["applicant"]
        for serial in range(1, 4):
            house.issued(approval(applicant=person | {"id_no": resident_id(serial)}))
        page = screens.signed_in("clerk")
        page.goto(f"{base}/window/waybills")
        expect(page.locator("h1")).to_have_text("3 个信封等运单号")
        shoot(page, shots, "waybills")
        with page.expect_download() as taken:
            page.get_by_role("button", name="下载 3 个信封的表").click()
        book = load_workbook(io.BytesIO(taken.value.path().read_bytes()))
        sheet = book.worksheets[0]
        number = next(cell.column for cell in sheet[1] if cell.value == "运单号")
        for line, text in ((2, "EA473124829CN"), (3, "EA473124820CN")):
            sheet.cell(line, number).value = text
        sheet.append(["不认识的订单", *[None] * (number - 2), "1234567890123"])
        book.save(tmp_path / "回来.xlsx")
        page.get_by_label("选表").set_input_files(tmp_path / "回来.xlsx")
        page.get_by_role("button", name="传上来，先看一遍").click()
        expect(page.locator("main")).to_contain_text(
            "可以登记 1 个，还没有号 1 个，没有这个订单 1 个，号码不对 1 个"
        )
        shoot(page, shots, "waybills-looked")
        page.get_by_role("button", name="登记 1 个运单号").click()
        expect(page.locator("main")).to_contain_text("已登记 1 个")
        expect(page.locator("h1")).to_have_text("2 个信封等运单号")
        shoot(page, shots, "waybills-taken")
        assert screens.faults == []
        for context in screens.made:
            context.close()


# -- lists ---------------------------------------------------------------------------------------------------------------
def test_lists_are_taken_away_from_where_they_stand(screens: Screens, shots: Path) -> None:
    for _ in range(3):
        case = approval()
        assert screens.house.call("POST", "/cases", "cases", json=case).status_code == 201
    view = screens.house.issued(approval())
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window")
    shoot(page, shots, "list-export")
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出 Excel").click()
    assert taken.value.suggested_filename.startswith("待出件的办件-")
    book = load_workbook(io.BytesIO(taken.value.path().read_bytes()))
    assert book.worksheets[0].max_row == 4
    page.goto(f"{screens.base}/window/cases/{view['acceptance_no']}")
    shoot(page, shots, "case-export")
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出 Excel").click()
    assert taken.value.suggested_filename.startswith(f"办件经过-{view['acceptance_no']}-")
    page.goto(f"{screens.base}/window/handover")
    shoot(page, shots, "handover-export")
