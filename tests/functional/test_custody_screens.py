"""Objects at the pack check, the end of a shift and a paper sheet entered afterwards, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch import badges
from dispatch.printing.batches import start_print
from dispatch.printing.outcome import confirm_print
from dispatch.rights import ROLE_SCOPES, Actor, Role
from tests.factories import CLERK, approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, end_shift, scan, served
from tests.webhouse import PASSWORD

pytestmark = pytest.mark.functional
PIN = "275913"


@pytest.fixture
def screens(tmp_path: Path, browser: Browser) -> Iterator[Screens]:
    with served(tmp_path) as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
    assert made.faults == []


def with_pin(screens: Screens, name: str, role: str = "clerk") -> None:
    """A colleague who has a PIN."""
    screens.house.browser(name, role)
    who = Actor(f"user:{name}", "33", ROLE_SCOPES[Role(role)], Role(role))
    badges.set_own_pin(screens.house.services, who, PASSWORD, PIN)


def picture(page: Page, name: str) -> None:
    """A picture to look at, where somebody asks for pictures."""
    folder = os.environ.get("SHOTS_DIR")
    if folder:
        shoot(page, Path(folder), name)


def test_objects_are_known_by_what_stands_on_them_or_by_two_people(screens: Screens) -> None:
    thing = {"kind": "physical", "source": "physical"}
    papers = [
        document(),
        document(**thing, title="不动产权证书", object_no="D33001234567"),
        document(**thing, title="房屋钥匙卡"),
    ]
    view = screens.house.issued(approval(documents=papers))
    paper, deed, card = (one["token"] for one in view["documents"])
    with_pin(screens, "beside")
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/pack")
    stage = page.locator("#stage")
    scan(page, view["consignments"][0]["waybill_no"])
    expect(stage).to_contain_text("面单已认出")
    scan(page, deed)
    expect(stage).to_contain_text("输入它上面编号的最后几位")
    picture(page, "pack-object")
    scan(page, paper)  # another paper comes in between: it is taken, then the question stands again
    expect(page.locator("#done")).to_contain_text("1/3")
    expect(stage).to_contain_text("输入它上面编号的最后几位")
    page.wait_for_timeout(400)  # an Enter within a scanner's last breath is the scanner's
    page.fill("#object-tail", "4568")
    page.keyboard.press("Enter")
    expect(page.locator(".hold")).to_contain_text("编号对不上")
    page.wait_for_timeout(600)
    page.click(".hold button")
    expect(page.locator("#done a")).to_have_attribute("href", "/window/red")
    page.fill("#object-tail", "4567")
    page.keyboard.press("Enter")
    expect(stage).to_contain_text("2/3，还缺：房屋钥匙卡")
    scan(page, card)
    expect(stage).to_contain_text("要两个人一起看过")
    picture(page, "pack-second")
    page.fill("#second-who", "beside")
    page.fill("#second-pin", "111222")
    page.click("#stage button")
    expect(page.locator(".hold")).to_contain_text("对不上")
    page.wait_for_timeout(600)
    page.click(".hold button")
    page.fill("#second-who", "beside")
    page.fill("#second-pin", PIN)
    page.click("#stage button")
    expect(stage).to_contain_text("装齐了")
    assert screens.house.view(view["acceptance_no"])["consignments"][0]["state"] == "packed"


def test_papers_from_a_department_are_counted_by_scan_and_signed_by_both(screens: Screens) -> None:
    thing = {"kind": "physical", "source": "physical", "title": "不动产权证书"}
    papers = [document(**thing, copy="正本", object_no="D33001234567"), document(**thing, copy="副本")]
    view = screens.house.issued(approval(documents=papers))
    with_pin(screens, "bureau", "department")
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/internal")
    page.select_option("[name=department]", "磐安县市场监督管理局")
    with page.expect_navigation():
        page.get_by_role("button", name="开单").click()
    expect(page.locator(".tally")).to_contain_text("少 2 份")
    with page.expect_navigation():
        scan(page, view["documents"][0]["token"])
    expect(page.locator(".notice.ok")).to_contain_text("请放 A-01 架")
    expect(page.locator(".tally")).to_contain_text("少 1 份")
    page.locator("h1").click()  # wherever the cursor is
    with page.expect_navigation():
        scan(page, "UNKNOWN-STICKER-77")
    expect(page.locator(".notice.bad")).to_contain_text("没有认出这个码")
    picture(page, "handover-open")
    page.fill("fieldset.second >> nth=-1 >> [name=second_who]", "bureau")
    page.fill("[name=second_pin]", PIN)
    with page.expect_navigation():
        page.get_by_role("button", name="双方签，1 份").click()
    expect(page.locator(".notice.ok >> nth=-1")).to_contain_text("双方已签")
    picture(page, "handover-signed")
    page.goto(f"{screens.base}/window/internal")
    expect(page.locator("#papers ~ .scroll")).to_contain_text("A-01")
    picture(page, "handover-list")


def test_a_shift_ends_and_the_next_one_begins_with_what_it_left(screens: Screens) -> None:
    house, base = screens.house, screens.base
    views = [house.issued(approval()) for _ in range(4)]
    papers = [view["documents"][0] for view in views]
    ids = [paper["document_id"] for paper in papers]
    batch = start_print(house.services, CLERK, ids[:2])
    confirm_print(house.services, CLERK, batch.id, printed=ids[:2], spoiled=[])
    start_print(house.services, CLERK, ids[2:3])
    with_pin(screens, "beside")
    page = screens.signed_in("clerk")
    page.goto(f"{base}/window/red")
    page.select_option("main [name=kind]", "content")
    page.locator("main [name=code]").focus()
    scan(page, papers[0]["token"])  # a scanner's Enter sends nothing: the reason may still be wanting
    page.locator("main [name=note]").fill("落款日期看不清")
    with page.expect_navigation():
        page.get_by_role("button", name="放进红盘").first.click()
    expect(page.locator("h1")).to_have_text("红盘里有 1 份")
    picture(page, "red")
    page.goto(f"{base}/window/shift")
    expect(page.locator("h1")).to_have_text("还有 4 项没有办完")
    expect(page.locator("main input[name=item]:checked")).to_have_count(4)
    picture(page, "shift")
    page.locator("main [name=note]").fill("红盘那份问过部门了")
    page.locator("main [name=second_who]").fill("beside")
    page.locator("main [name=second_pin]").fill("111222")
    page.get_by_role("button", name="交班，勾上的都归接班人").click()
    expect(page.locator("main .notice.bad")).to_contain_text("对不上")
    expect(page.locator("main [name=note]")).to_have_value("红盘那份问过部门了")
    address = end_shift(page, base, "beside", PIN, note="红盘那份问过部门了")
    expect(page.locator("h1")).to_have_text("clerk 交给 beside，4 项，还有 4 项没办完")
    number = page.locator(".head .num").inner_text().removeprefix("单号").replace(" ", "")
    picture(page, "shift-one")

    morning = screens.page()
    morning.goto(f"{base}/login")
    morning.fill("[name=name]", "beside")
    morning.fill("[name=password]", PASSWORD)
    morning.click("main button")
    expect(morning.locator("[data-taken]")).to_contain_text("从 clerk 接班的 4 项，还有 4 项")
    picture(morning, "desk-morning")
    with morning.expect_navigation():
        scan(morning, number)
    assert morning.url == address
    morning.goto(f"{base}/window/red")
    morning.locator("summary", has_text="取出").first.click()
    morning.locator("main [name=outcome]").fill("部门说没有错")
    with morning.expect_navigation():
        morning.get_by_role("button", name="从红盘取出").click()
    expect(morning.locator("h1")).to_have_text("红盘是空的")
    morning.goto(f"{base}/window")
    expect(morning.locator("[data-taken]")).to_contain_text("还有 3 项")
