"""Checks between issuing and the envelope, in a real browser: proofreading by keyboard, a correction looked at before it
is stored, holds, the seal register. Pictures go where SHOTS_DIR says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch.calendar import local_date
from dispatch.holds import place_hold
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.seal_register import register_seal, suspend_seal
from tests.factories import CHIEF, CLERK, COLLEAGUE, approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, scan, served

pytestmark = pytest.mark.functional

BUREAU = "磐安县市场监督管理局"
GRANTED = {
    "kind": "decision", "title": "准予行政许可决定书",
    "fields": {"申请人": "周小满", "办理事项": "取水许可", "地址": "岭外村2组21号𠮷宅", "决定内容": "准予取水许可。"},
}  # fmt: skip
INN = {
    "kind": "certificate", "title": "农家乐（民宿）经营登记证",
    "fields": {"申请人": "周小满", "办理事项": "农家乐经营登记", "地址": "岭外村2组21号", "决定内容": "准予登记。"},
}  # fmt: skip
LONG = "浙江省磐安县盘峰乡乌石村古建筑保护利用与乡村民宿综合开发股份经济合作社联合社第二分社及附属农产品加工厂筹建处"


@pytest.fixture(scope="module")
def screens(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    with served(tmp_path_factory.mktemp("checks"), DISPATCH_PROOFREAD="on") as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
        assert made.faults == []


@pytest.fixture(scope="module")
def clerk(screens: Screens) -> Page:
    return screens.signed_in("clerk")


@pytest.fixture(scope="module")
def chief(screens: Screens) -> Page:
    return screens.signed_in("supervisor")


def taken_in(screens: Screens, *, issue: bool, **changes: Any) -> str:
    case = approval(**changes)
    receive_case(screens.house.services, CLERK, case, source="api")
    if issue:
        issue_case(screens.house.services, COLLEAGUE, case["acceptance_no"])
        screens.house.work()
    return str(case["acceptance_no"])


def checked(page: Page) -> int:
    return page.locator("[data-proof-field] input[value=right]:checked").count()


def test_proofreading_by_keyboard(screens: Screens, clerk: Page, shots: Path) -> None:
    no = taken_in(screens, issue=True, documents=[document(**GRANTED)])
    clerk.goto(f"{screens.base}/window/cases/{no}")
    expect(clerk.get_by_text("还没有校对，校对以后才能打印、装封")).to_be_visible()
    clerk.goto(f"{screens.base}/window/proof")
    shoot(clerk, shots, "proofs")
    clerk.locator("tr", has_text=no[-7:]).get_by_role("link", name="校对").click()
    expect(clerk.locator("[data-proof-left]")).to_have_text("还有 9 栏")
    clerk.wait_for_load_state("networkidle")
    assert clerk.locator(".pages img").evaluate("image => image.naturalWidth") > 900
    shoot(clerk, shots, "proof-open")
    scan(clerk, "331127202611010000001")
    assert checked(clerk) == 0, "a scanner's Enter agrees to nothing"
    shoot(clerk, shots, "proof-scanned")
    clerk.keyboard.press("Escape")
    clerk.locator("[data-proof-field] input").first.focus()
    clerk.wait_for_timeout(1500)
    for done in range(1, 9):
        clerk.keyboard.press("Enter")
        assert checked(clerk) == done
    clerk.keyboard.press("ArrowUp")
    clerk.keyboard.press("ArrowDown")
    shoot(clerk, shots, "proof-nearly")
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_role("button", name="全部一致，校对通过")).to_be_focused()
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_text("校对一致，可以打印了")).to_be_visible()


def test_a_wrong_page_is_marked_with_one_key_and_holds_the_case(
    screens: Screens, clerk: Page, shots: Path
) -> None:
    wanted = GRANTED | {
        "fields": GRANTED["fields"] | {"申请人": LONG, "决定内容": "准予" + "取水许可，" * 60 + "。"}
    }  # type: ignore[operator]
    no = taken_in(screens, issue=True, documents=[document(**wanted)])
    clerk.goto(f"{screens.base}/window/proof")
    clerk.locator("tr", has_text=no[-7:]).get_by_role("link", name="校对").click()
    clerk.keyboard.press("Enter")
    clerk.keyboard.press("e")
    expect(clerk.locator("#f-note")).to_be_focused()
    clerk.keyboard.type("文号印成 1 号，应为 11 号")
    shoot(clerk, shots, "proof-wrong")
    clerk.get_by_role("button", name="有误 1 处，暂缓办件").click()
    expect(clerk.get_by_text("已记下有误，办件已暂缓")).to_be_visible()
    clerk.goto(f"{screens.base}/window/worklist")
    expect(clerk.get_by_role("heading", name="校对有误")).to_be_visible()
    clerk.goto(f"{screens.base}/window/cases/{no}")
    shoot(clerk, shots, "case-held")


def test_a_correction_is_looked_at_before_it_is_stored(screens: Screens, clerk: Page, shots: Path) -> None:
    no = taken_in(screens, issue=False, documents=[document(), document(copy="副本")])
    clerk.goto(f"{screens.base}/window/cases/{no}")
    clerk.get_by_role("link", name="更正办件内容").click()
    shoot(clerk, shots, "correct")
    clerk.get_by_label("申请人名称").fill(LONG[:40])
    clerk.get_by_label("申请人电话").fill("12")
    clerk.get_by_role("button", name="看看改了什么").click()
    expect(clerk.locator("[aria-invalid]")).to_have_count(1)
    shoot(clerk, shots, "correct-fault")
    clerk.get_by_label("申请人电话").fill("19000000321")
    clerk.get_by_role("button", name="看看改了什么").click()
    expect(clerk.get_by_role("heading", name="会改这 2 处，请看清再存")).to_be_visible()
    shoot(clerk, shots, "correct-preview")
    clerk.get_by_role("button", name="改对了，存下").click()
    expect(clerk.get_by_text("这一件是您录的或更正过的，要由另一位同事出件")).to_be_visible()


def test_holds_are_placed_found_and_lifted(screens: Screens, clerk: Page, shots: Path) -> None:
    today = local_date(screens.house.services.clock.now())
    no = taken_in(screens, issue=False)
    place_hold(screens.house.services, COLLEAGUE, no, "来电说下周带来" * 8, kind="old_paper", until=today)
    clerk.goto(f"{screens.base}/window/cases/{no}")
    clerk.get_by_text("再加一条暂缓").click()
    clerk.locator("#f-kind").select_option("fee")
    clerk.locator("#f-until").fill((today + timedelta(days=3)).isoformat())
    shoot(clerk, shots, "hold-form")
    clerk.get_by_role("button", name="暂缓", exact=True).click()
    expect(clerk.get_by_text("暂缓出件：税费未缴", exact=True)).to_be_visible()
    clerk.goto(f"{screens.base}/window/holds")
    shoot(clerk, shots, "holds")
    row = clerk.locator("tr", has_text="税费未缴")
    row.get_by_text("办好了，解除").click()
    shoot(clerk, shots, "holds-lift")
    row.get_by_role("button", name="解除暂缓").click()
    expect(clerk.get_by_text("已解除这条暂缓")).to_be_visible()
    expect(clerk.locator("tr", has_text="税费未缴")).to_have_count(0)


def test_the_seal_register(screens: Screens, clerk: Page, chief: Page, shots: Path) -> None:
    entry = {
        "department": BUREAU, "division_code": "330727", "kind": "hand", "source": "县公安局备案 3307270012345",
        "name": "行政审批专用章(1)", "keeper": "王主任", "valid_until": "2030-12-31", "titles": "农家乐（民宿）经营登记证",
    }  # fmt: skip
    register_seal(screens.house.services, CHIEF, entry)
    old = register_seal(
        screens.house.services, CHIEF, entry | {"name": LONG, "titles": "", "division_code": "330727001"}
    )
    suspend_seal(screens.house.services, CHIEF, old, "印章更换，旧章已上缴销毁")
    no = taken_in(screens, issue=True, documents=[document(**INN), document()])
    chief.goto(f"{screens.base}/supervise")
    expect(chief.get_by_role("heading", name="没有登记的印章")).to_be_visible()
    shoot(chief, shots, "supervise-seals")
    chief.get_by_role("link", name="去登记").first.click()
    shoot(chief, shots, "seal-unregistered")
    chief.locator("#f-name").fill("磐安县市场监督管理局电子印章")
    chief.get_by_role("button", name="登记", exact=True).click()
    chief.locator("#f-source").fill("统一电子印章系统 备案 3307270099999")
    chief.get_by_role("button", name="登记", exact=True).click()
    expect(chief.get_by_text("印章登记已存下")).to_be_visible()
    clerk.goto(f"{screens.base}/window/seals")
    shoot(clerk, shots, "seals")
    clerk.get_by_role("link", name="等着盖实物章").click()
    clerk.locator("[data-tick]").first.check()
    shoot(clerk, shots, "seals-waiting")
    clerk.get_by_role("button", name="勾选的已盖章").click()
    expect(clerk.get_by_text("已登记：1 份已盖章")).to_be_visible()
    clerk.goto(f"{screens.base}/window/cases/{no}")
    expect(clerk.locator("article", has_text="已盖实物章：行政审批专用章(1)")).to_be_visible()
    clerk.goto(f"{screens.base}/window/seals/uses")
    shoot(clerk, shots, "seal-uses")
    clerk.goto(f"{screens.base}/window/more")
    shoot(clerk, shots, "more")
