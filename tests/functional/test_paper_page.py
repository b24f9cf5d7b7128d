"""A day without network in a real browser: the sheet is photographed, typed in row by row, and entered twice without harm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch.calendar import local_time
from tests.factories import approval
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, scan, served

pytestmark = pytest.mark.functional


@pytest.fixture
def screens(tmp_path: Path, browser: Browser) -> Iterator[Screens]:
    with served(tmp_path) as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
    assert made.faults == []


def picture(page: Page, name: str) -> None:
    """A picture to look at, where somebody asks for pictures."""
    folder = os.environ.get("SHOTS_DIR")
    if folder:
        shoot(page, Path(folder), name)


def fits(page: Page) -> bool:
    return bool(
        page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    )


def fill(page: Page, at: int, **values: str) -> None:
    one = page.locator("[data-row-of-paper]").nth(at)
    for name, value in values.items():
        field = one.locator(f"[name={name}]")
        if name in ("act", "done_by", "beside", "signer_kind"):
            field.select_option(value)
        else:
            field.fill(value)


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "narrow"])
def test_a_written_sheet_is_entered_beside_its_photo(screens: Screens, tmp_path: Path, phone: bool) -> None:
    house = screens.house
    first = house.issued(approval())
    shelf = house.issued(approval(delivery={"method": "counter"}))
    house.browser("beside", "clerk")
    page = screens.signed_in("clerk", phone=phone)
    page.goto(f"{screens.base}/window/more")
    page.get_by_role("link", name="断网登记").click()
    expect(page.locator("h1")).to_have_text("断网那天怎么办")
    assert fits(page)
    got = page.request.get(f"{screens.base}/window/register.pdf")
    assert got.headers["content-type"] == "application/pdf"
    page.reload()
    picture(page, f"paper-index-{'narrow' if phone else 'wide'}")
    page.locator("#sheets ~ .scroll a").first.click()
    with pypdfium2.PdfDocument(got.body()) as opened:
        opened[0].render(scale=2).to_pil().save(tmp_path / "sheet.jpg", "JPEG")
    now = local_time(house.services.clock.now())
    fill(page, 0, what="1", act="pack", time=f"{now:%H:%M}", done_by="clerk", beside="beside")
    expect(page.locator("[data-line-words]").first).to_contain_text("企业名称预先核准通知书")
    with page.expect_navigation():
        page.get_by_role("button", name="记下来").click()
    expect(page.locator(".notice.bad")).to_contain_text(
        "请先把写过的登记单拍照"
    )  # and what was typed is there
    expect(page.locator("[name=time]").first).to_have_value(f"{now:%H:%M}")
    page.locator("[name=photo]").set_input_files(tmp_path / "sheet.jpg")
    fill(page, 1, what="2", act="hand_over", time=f"{now:%H:%M}")
    fill(page, 2, what="2", act="collect", time="23:59" if now.hour < 23 else "3:00", signer="周小满")
    with page.expect_navigation():
        page.get_by_role("button", name="记下来").click()
    answers = page.locator("#answers li")
    expect(answers.nth(0)).to_contain_text("第 1 行“装封”：已录")
    expect(answers.nth(1)).to_contain_text("第 2 行“交寄”：对不上")
    expect(answers.nth(2)).to_contain_text("这个时间")
    expect(page.locator("[name=signer]").first).to_have_value("周小满")
    expect(page.locator(".proof.paper img").first).to_be_visible()
    page.wait_for_function("document.querySelector('.proof.paper img').naturalWidth > 1000")
    assert fits(page)
    picture(page, f"paper-sheet-{'narrow' if phone else 'wide'}")
    page.locator("[data-zoom]").first.click()
    expect(page.locator(".bare-photo.big")).to_have_count(1)
    fill(page, 0, time=f"{now:%H:%M}")
    with page.expect_navigation():
        page.get_by_role("button", name="记下来").click()
    expect(page.locator(".notice.ok")).to_contain_text("1 条录好")
    fill(page, 0, what="2", act="collect", time=f"{now:%H:%M}", signer="周小满")
    with page.expect_navigation():
        page.get_by_role("button", name="记下来").click()
    expect(page.locator(".notice.ok")).to_contain_text("1 条早就有了")
    assert house.view(first["acceptance_no"])["consignments"][0]["state"] == "packed"
    assert house.view(shelf["acceptance_no"])["consignments"][0]["state"] == "delivered"
    page.goto(f"{screens.base}/window/cases/{shelf['acceptance_no']}")
    expect(page.locator(".timeline").last).to_contain_text("来源：纸质登记，clerk 办理，clerk 录入")
    picture(page, f"paper-case-{'narrow' if phone else 'wide'}")


def test_a_scan_goes_into_the_row_that_is_being_filled(screens: Screens) -> None:
    view = screens.house.issued(approval())
    page = screens.signed_in("clerk")
    page.request.get(f"{screens.base}/window/register.pdf")
    page.goto(f"{screens.base}/window/paper")
    page.locator("#sheets ~ .scroll a").first.click()
    address = page.url
    page.locator("h1").click()
    scan(page, view["acceptance_no"])
    expect(page.locator("[name=what]").first).to_have_value(view["acceptance_no"])
    expect(page.locator("[name=time]").first).to_be_focused()
    page.keyboard.type("9:05")
    page.wait_for_timeout(1000)  # an Enter within a scanner's last breath is the scanner's
    page.keyboard.press("Enter")
    expect(page.locator("[name=what]").nth(1)).to_be_focused()
    rows = page.locator("[data-row-of-paper]").count()
    page.get_by_role("button", name="再来一条").click()
    expect(page.locator("[data-row-of-paper]")).to_have_count(rows + 1)
    assert page.url == address
