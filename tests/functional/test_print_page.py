"""The page of a print batch in a real browser: 都印好了吗, from place 17 on, only these, and a scanner's Enter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch.badges import set_own_pin
from dispatch.people import create_user
from dispatch.printing.batches import Reprint, print_view, start_print
from dispatch.printing.outcome import confirm_print
from dispatch.printing.stock import receive_forms
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COLLEAGUE, approval, document
from tests.functional.browsing import scan, shoot
from tests.functional.screens import Screens, served
from tests.webhouse import PASSWORD, House
from tests.zpl_printer import simulated

pytestmark = pytest.mark.functional

PIN = "528041"


@pytest.fixture
def clerk(screens: Screens) -> Page:
    create_user(screens.house.services, SYSTEM, "colleague", "clerk", "33", PASSWORD)
    set_own_pin(screens.house.services, COLLEAGUE, PASSWORD, PIN)
    return screens.signed_in("clerk")


def batch_of(house: House, count: int) -> str:
    views = [house.issued(approval(documents=[document(copy=f"第{n}份") for n in range(1, count + 1)]))]
    return start_print(house.services, CLERK, [d["document_id"] for v in views for d in v["documents"]]).id


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS_DIR"):
        shoot(page, Path(folder), name)


def outcomes(house: House, batch: str) -> list[str]:
    return [str(item["outcome"] or "") for item in print_view(house.services, CLERK, batch).items]


def test_a_jam_at_sheet_17(screens: Screens, clerk: Page) -> None:
    batch = batch_of(screens.house, 20)
    clerk.goto(f"{screens.base}/window/papers/{batch}")
    expect(clerk.get_by_role("heading", name="20 份证件，打完请点结果")).to_be_visible()
    look(clerk, "print-open")
    clerk.get_by_role("row", name="第18份").get_by_role("checkbox").check()
    scan(clerk, print_view(screens.house.services, CLERK, batch).items[15]["document_id"])
    expect(clerk.get_by_role("button", name="从第 17 份重印")).to_be_visible()
    assert outcomes(screens.house, batch) == [""] * 20, "a scan decides nothing"
    look(clerk, "print-found")
    torn = clerk.get_by_role("row", name="第18份").get_by_role("checkbox")
    expect(torn).to_be_checked()
    torn.uncheck()
    clerk.get_by_role("button", name="从第 17 份重印").click()
    expect(clerk.get_by_role("heading", name="这一批：4 份证件")).to_be_visible()
    assert outcomes(screens.house, batch) == ["printed"] * 16 + ["unprinted"] * 4
    look(clerk, "print-rest")
    clerk.get_by_role("button", name="都好了").click()
    expect(clerk.get_by_text("都有结果了")).to_be_visible()
    clerk.goto(f"{screens.base}/window/prints")
    expect(clerk.get_by_role("heading", name="今天印了 2 批")).to_be_visible()
    look(clerk, "prints")


def test_the_ledger_shows_what_lacks_its_papers(screens: Screens, clerk: Page) -> None:
    batch = batch_of(screens.house, 3)
    view = print_view(screens.house.services, CLERK, batch)
    confirm_print(screens.house.services, CLERK, batch, [i["document_id"] for i in view.items[1:]], [])
    start_print(screens.house.services, CLERK, [view.items[1]["document_id"]], Reprint("前一张遗失"))
    clerk.goto(f"{screens.base}/window/prints")
    clerk.get_by_role("link", name="打印台账").click()
    expect(clerk.get_by_role("heading", name="打印台账")).to_be_visible()
    expect(clerk.locator("tbody tr")).to_have_count(4)
    look(clerk, "print-ledger")
    clerk.get_by_label("手续").select_option("any")
    clerk.get_by_role("button", name="看").click()
    expect(clerk.locator("tbody tr")).to_have_count(1)
    expect(clerk.get_by_role("cell", name="没有废纸张号")).to_be_visible()


def test_enter_in_a_field_presses_nothing(screens: Screens, clerk: Page) -> None:
    batch = batch_of(screens.house, 2)
    clerk.goto(f"{screens.base}/window/papers/{batch}")
    place = clerk.get_by_label("从第几份重印")
    place.fill("2")
    expect(clerk.get_by_role("button", name="从第 2 份重印")).to_be_visible()
    place.press("Enter")
    clerk.wait_for_timeout(300)
    assert clerk.url.endswith(batch)
    assert outcomes(screens.house, batch) == ["", ""]
    clerk.goto(f"{screens.base}/window/papers/{batch}?last=P0101-1/9")
    expect(clerk.get_by_text("这张纸不在这一批里")).to_be_visible()


def test_only_these_are_spoiled_and_a_colleague_stands_by(screens: Screens, clerk: Page) -> None:
    batch = batch_of(screens.house, 3)
    clerk.goto(f"{screens.base}/window/papers/{batch}")
    clerk.get_by_role("button", name="只有勾的这几份坏了").click()
    expect(clerk.get_by_text("请先在下面勾出")).to_be_visible()
    clerk.get_by_role("row", name="第2份").get_by_role("checkbox").check()
    clerk.get_by_role("button", name="都好了").click()
    expect(clerk.get_by_text("您勾了打坏的")).to_be_visible()
    clerk.get_by_role("row", name="第2份").get_by_role("checkbox").check()
    clerk.get_by_role("button", name="只有勾的这几份坏了").click()
    expect(clerk.get_by_role("heading", name="还有 1 份要重印").first).to_be_visible()
    look(clerk, "print-spoiled")
    clerk.get_by_label("原因").fill("卡纸，前一张已撕毁")
    clerk.get_by_label("同事的工牌或用户名").fill("colleague")
    clerk.locator("[name=second_pin]").fill("000000")
    clerk.get_by_role("button", name="重印这 1 份").click()
    expect(clerk.get_by_text("PIN 对不上")).to_be_visible()
    clerk.get_by_label("原因").fill("卡纸，前一张已撕毁")
    clerk.get_by_label("同事的工牌或用户名").fill("colleague")
    clerk.locator("[name=second_pin]").fill(PIN)
    clerk.get_by_role("button", name="重印这 1 份").click()
    expect(clerk.get_by_text("第二个人：colleague")).to_be_visible()


def test_an_original_once_more_asks_for_its_sheet(screens: Screens, clerk: Page) -> None:
    house = screens.house
    view = house.issued(approval())
    paper = view["documents"][0]["document_id"]
    first = start_print(house.services, CLERK, [paper])
    start_print(house.services, CLERK, [paper], Reprint("墨色不清", (first.items[0]["sheet"],), COLLEAGUE))
    clerk.goto(f"{screens.base}/window/labels")
    clerk.locator("input[data-tick]").check()
    clerk.get_by_role("button", name="打印里面的证件").click()
    expect(clerk.get_by_role("heading", name="为什么要再打")).to_be_visible()
    expect(clerk.get_by_text("打完还没有记结果")).to_be_visible()
    look(clerk, "reprint")
    clerk.get_by_label("的废纸张号").fill("P0101-1/1")
    clerk.get_by_label("原因").fill("遗失")
    clerk.get_by_label("同事的工牌或用户名").fill("colleague")
    clerk.locator("[name=second_pin]").fill(PIN)
    clerk.get_by_role("button", name="再打一次").click()
    expect(clerk.get_by_text("不是这些证件的")).to_be_visible()
    expect(clerk.get_by_label("原因")).to_have_value("遗失")
    clerk.get_by_label("的废纸张号").fill("")
    clerk.get_by_label("同事的工牌或用户名").fill("colleague")
    clerk.locator("[name=second_pin]").fill(PIN)
    clerk.get_by_role("button", name="再打一次").click()
    expect(clerk.get_by_text("没有废纸张号")).to_be_visible()


def test_the_label_printer_waits_for_paper_and_asks_before_it_prints_twice(
    tmp_path: Path, browser: Browser
) -> None:
    with (
        simulated() as device,
        served(tmp_path, LABEL_PRINTER=f"tcp://127.0.0.1:{device.port}") as (house, base),
    ):
        screens = Screens(house, base, browser)
        page = screens.signed_in("clerk")
        page.goto(f"{base}/window/papers/{batch_of(house, 1)}")
        device.paper_out = True
        page.get_by_role("button", name="面单 1 张送打印机").click()
        expect(page.get_by_text("面单已打 0 / 1 张，正在打")).to_be_visible()
        house.work()
        expect(page.get_by_text("打印机缺纸，请装纸")).to_be_visible()
        look(page, "label-paper-out")
        device.paper_out, device.deaf = False, True
        page.get_by_role("button", name="好了，接着打").click()
        expect(page.get_by_text("接着打。", exact=True)).to_be_visible()
        house.work()
        expect(page.get_by_text("这张面单，打出来没有？")).to_be_visible()
        look(page, "label-asking")
        device.deaf = False
        page.get_by_role("button", name="打出来了，接着打").click()
        expect(page.get_by_text("已记下，接着打下一张")).to_be_visible()
        house.work()
        expect(page.get_by_text("面单 1 张都送到打印机了")).to_be_visible()
        assert len(device.printed) == 1
        for context in screens.made:
            context.close()


def test_a_numbered_form_is_scanned_beside_the_sheet_spoiled_and_counted(
    screens: Screens, clerk: Page
) -> None:
    title, stock = document()["title"], f"{screens.base}/window/stock"
    clerk.goto(stock)
    expect(clerk.get_by_text("还没有登记领用的空白证")).to_be_visible()
    look(clerk, "stock-empty")
    for field, text in {
        "kind": title,
        "source": "市局印制中心",
        "prefix": "A",
        "first": "000101",
        "last": "000120",
    }.items():
        clerk.fill(f"[name={field}]", text)
    clerk.get_by_role("button", name="登记领用").click()
    expect(clerk.get_by_text("已登记领用 20 张")).to_be_visible()
    batch = batch_of(screens.house, 3)
    clerk.goto(f"{screens.base}/window/papers/{batch}")
    expect(clerk.locator("#forms h2")).to_have_text("3 份印在空白证上")
    clerk.locator("#form-code").focus()
    scan(clerk, "A000101")
    expect(clerk.locator(".notice.ok")).to_contain_text("印在 A000101 上")
    clerk.locator("#form-code").focus()
    scan(clerk, "A000103")
    expect(clerk.locator(".notice.wait")).to_contain_text("下一张本该是 A000102")
    clerk.get_by_text("有一张坏了").click()
    clerk.fill("#waste-code", "A000102")
    clerk.fill("#waste-reason", "打偏了")
    clerk.locator("#forms [name=second_who]").fill("colleague")
    clerk.locator("#forms [name=second_pin]").fill(PIN)
    look(clerk, "print-forms")
    clerk.get_by_role("button", name="登记作废").click()
    expect(clerk.locator(".notice.ok")).to_contain_text("A000102 已登记作废")
    clerk.goto(f"{stock}/count")
    clerk.fill("#f-there", "A000104-A000119")
    clerk.locator("main [name=second_who]").fill("colleague")
    clerk.locator("main [name=second_pin]").fill(PIN)
    clerk.get_by_role("button", name="点完了，对账").click()
    expect(clerk.locator(".notice.wait")).to_contain_text("应有 17 张，点到 16 张")
    expect(clerk.locator("#counts ~ .scroll")).to_contain_text("少了 A000120")
    look(clerk, "stock-count")
    clerk.goto(stock)
    look(clerk, "stock")
    clerk.goto(f"{stock}/forms?state=spoiled")
    look(clerk, "stock-spoiled")


def test_a_form_is_overprinted_where_the_printer_needs_it(screens: Screens, clerk: Page) -> None:
    title = "农家乐（民宿）经营登记证"
    receive_forms(
        screens.house.services, CLERK, kind=title, prefix="NJ", first="0001", last="0020", source="县局"
    )
    clerk.goto(f"{screens.base}/window/printers")
    clerk.fill("#n-new", "3号窗口激光打印机")
    clerk.fill("#r-new", "-1.5")
    clerk.fill("#d-new", "0.5")
    clerk.get_by_role("button", name="加上").click()
    expect(clerk.locator(".notice.ok")).to_contain_text("已记下“3号窗口激光打印机”的偏移")
    look(clerk, "printers")
    inn = document(kind="certificate", title=title, fields={"申请人": "小满农家乐", "地址": "岭外村2组"})
    made = screens.house.issued(approval(documents=[inn, document()]))
    batch = start_print(screens.house.services, CLERK, [d["document_id"] for d in made["documents"]]).id
    clerk.goto(f"{screens.base}/window/papers/{batch}")
    expect(clerk.get_by_text(f"再放《{title}》空白证 1 张")).to_be_visible()
    expect(clerk.locator("select[name=printer]")).to_contain_text("3号窗口激光打印机")
    expect(clerk.locator("#forms")).to_contain_text("NJ0001")
    look(clerk, "print-overprint")
    with clerk.expect_popup():
        clerk.get_by_role("button", name=f"套打《{title}》 1 张").click()
    clerk.locator("#form-code").focus()
    scan(clerk, "NJ0001")
    expect(clerk.locator(".notice.ok")).to_contain_text("印在 NJ0001 上")
