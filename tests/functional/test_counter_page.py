"""窗口自取 in a browser: find by what people say, see the place, check who came, hand it over."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.factories import approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens

pytestmark = pytest.mark.functional


def test_found_by_the_phones_tail_checked_and_handed_over(screens: Screens, shots: Path) -> None:
    case = approval(delivery={"method": "counter"}, documents=[document(signer_policy="authorized")])
    screens.house.issued(case)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/counter")
    shoot(page, shots, "counter-list")
    page.get_by_label("找信封").fill("0123")
    page.keyboard.press("Enter")
    expect(page.locator(".place")).to_have_text("A-01")
    page.get_by_label("谁来领").select_option("agent")
    expect(page.get_by_text("签过字的授权委托书")).to_be_visible()
    expect(page.get_by_text("本人的身份证原件")).to_be_hidden()
    shoot(page, shots, "counter-one")
    page.get_by_label("来人姓名").fill("李明")
    page.get_by_role("button", name="已交到手里").click()
    expect(page.locator(".notice.bad")).to_contain_text("请看过并勾选")
    expect(page.get_by_label("来人姓名")).to_have_value("李明")
    for box in page.locator("fieldset:visible input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="已交到手里").click()
    expect(page.locator("main")).to_contain_text("已记下：交到手里。")
    assert screens.house.view(case["acceptance_no"])["consignments"][0]["state"] == "delivered"


def test_a_wrong_tail_is_told_without_telling_the_right_one(screens: Screens, shots: Path) -> None:
    case = approval(delivery={"method": "counter"})
    view = screens.house.issued(case)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/counter/{view['consignments'][0]['id']}")
    page.get_by_label("来人姓名").fill("周小满")
    page.get_by_label("本人的身份证原件").check()
    page.get_by_label("来人身份证最后四位").fill("0000")
    page.get_by_role("button", name="已交到手里").click()
    expect(page.locator(".notice.bad")).to_contain_text("对不上")
    expect(page.get_by_label("本人的身份证原件")).to_be_checked()
    assert case["applicant"]["id_no"][-4:] not in page.content()
    shoot(page, shots, "counter-mismatch")
    page.get_by_text("没有交给他").click()
    page.get_by_role("button", name="记下，信封留在架上").click()
    expect(page.locator("main")).to_contain_text("没有交，信封还在架上")
