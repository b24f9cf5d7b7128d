"""Objects at the pack check, the end of a shift and a paper sheet entered afterwards, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch import badges
from dispatch.rights import ROLE_SCOPES, Actor, Role
from tests.factories import approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, scan, served
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
