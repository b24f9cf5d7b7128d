"""The working screen: today's line, the four steps, filters, and a batch from issuing to the carrier without leaving it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dispatch.calendar import local_date
from dispatch.consignments.manifest import make_manifest, sign_manifest
from dispatch.consignments.pack import pack_check
from dispatch.form_numbers import FormKind, blank_form, register_form
from dispatch.models import Case
from dispatch.printing.batches import start_print
from tests.factories import CLERK, approval, recipient
from tests.functional.browsing import shoot
from tests.functional.screens import SLOW_KEYS, Screens, scan, served
from tests.webhouse import House

pytestmark = pytest.mark.functional


@pytest.fixture
def screens(tmp_path: Path, browser) -> Iterator[Screens]:
    with served(tmp_path) as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
        assert made.faults == []


def waiting(house: House, **changes: object) -> str:
    case = approval(**changes)
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    return str(case["acceptance_no"])


def apart(n: int) -> dict[str, object]:
    """A delivery of its own, so that it shares no envelope."""
    return {"method": "express", "recipient": recipient(phone=f"1900000{n:04d}")}


def count(page: Page, step: str) -> int:
    return int(page.locator(f"[data-count={step}]").inner_text())


def test_from_issuing_to_the_carrier_on_one_screen(screens: Screens, shots: Path) -> None:
    numbers = [waiting(screens.house, delivery=apart(n)) for n in range(3)]
    page = screens.signed_in("clerk")
    expect(page.locator(".today")).to_contain_text("3件等我出")
    assert count(page, "issue") == 3
    page.get_by_role("checkbox", name="全选").check()
    page.locator(".bar").get_by_role("button", name="出件").click()
    expect(page.locator("#progress")).to_contain_text("共 3 件")
    screens.house.work()
    go = page.locator("#progress").get_by_role("button", name="打印这一批")
    expect(go).to_be_enabled()
    expect(page.locator("#progress")).to_contain_text("3 份证件和面单都做好了")
    expect(page.locator("tr.gone")).to_have_count(3)
    expect(page.locator("[data-count=issue]")).to_have_text("0")
    shoot(page, shots, "desk-issued")
    go.click()
    expect(page.locator("h1")).to_contain_text("3 份证件，打完请点结果")
    expect(page.locator("[data-goto=print]")).to_have_attribute("aria-current", "step")
    expect(page.locator("[data-mine]")).to_contain_text("我今天出了 3 件，3 份：打印 0/3")
    shoot(page, shots, "desk-print")
    page.get_by_role("button", name="都好了").click()
    expect(page.locator(".notice.ok").first).to_contain_text("都印好了")
    expect(page.locator("[data-mine]")).to_contain_text("打印 3/3")
    page.keyboard.press("3")
    page.wait_for_url("**/window/pack")
    for no in numbers:
        view = screens.house.view(no)
        scan(page, view["consignments"][0]["waybill_no"])
        expect(page.locator("#stage")).to_contain_text("面单已认出")
        scan(page, view["documents"][0]["token"])
        expect(page.locator("#stage")).to_contain_text("装齐了")
    expect(page.locator("[data-count=handover]")).to_have_text("3")  # the head keeps up
    page.wait_for_timeout(1000)  # a digit right behind a scan would be the scanner's
    page.keyboard.press("4")
    page.wait_for_url("**/window/handover")
    assert (count(page, "pack"), count(page, "handover")) == (0, 3)
    page.get_by_role("button", name="做交接清单").click()
    expect(page.locator(".notice.ok").first).to_contain_text("清单")
    shoot(page, shots, "desk-handover")


def test_the_head_says_what_is_stuck_and_why_and_what_was_taken_back(screens: Screens, shots: Path) -> None:
    today = local_date(screens.house.services.clock.now())
    begun = f"{today}T00:00:00+08:00"
    no = waiting(screens.house, delivery=apart(1), accepted_at=begun, decided_at=begun)
    late = waiting(screens.house, delivery=apart(2), accepted_at="2026-01-05T09:00:00+08:00")
    page = screens.signed_in("clerk")
    waits = page.locator("[data-count=issue]")
    page.goto(f"{screens.base}/window/cases/{no}")
    page.get_by_role("button", name="出件").first.click()
    expect(page.locator(".notice.ok")).to_contain_text("已出件")
    page.get_by_role("button", name="撤回").first.click()
    expect(page.locator("main")).to_contain_text("已撤回")
    page.goto(f"{screens.base}/window")
    expect(page.locator("[data-mine]")).to_contain_text("撤回了 1 件")
    expect(waits).to_have_text("2")
    page.goto(f"{screens.base}/window?due=late")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("已超")
    expect(page.locator("tbody a[data-open]")).to_have_attribute("href", f"/window/cases/{late}")
    shoot(page, shots, "desk-late")


def test_filters_narrow_the_list_and_stay_in_the_address(screens: Screens, shots: Path) -> None:
    waiting(screens.house, delivery=apart(1))
    counter = waiting(screens.house, delivery={"method": "counter"})
    page = screens.signed_in("clerk")
    expect(page.locator("tbody tr")).to_have_count(2)
    with page.expect_navigation():
        page.get_by_label("怎么送").select_option("counter")
    expect(page.locator("tbody a[data-open]")).to_have_attribute("href", f"/window/cases/{counter}")
    assert "method=counter" in page.url
    with page.expect_navigation():
        page.get_by_label("只看我能出的").check()
    assert "mine=1" in page.url and "method=counter" in page.url
    shoot(page, shots, "desk-filters")
    with page.expect_navigation():
        page.get_by_role("link", name="不筛选").click()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_scanner_that_sends_digits_changes_no_step(screens: Screens) -> None:
    view = screens.house.issued(approval())
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/pack")
    scan(page, "1234123412341234", delay=SLOW_KEYS)
    page.wait_for_timeout(700)
    assert page.url.endswith("/window/pack")
    scan(page, view["documents"][0]["token"])
    expect(page.locator(".hold")).to_be_visible()
    page.keyboard.press("1")
    page.wait_for_timeout(600)
    assert page.url.endswith("/window/pack")  # a red screen is answered first


def test_the_steps_are_links_without_javascript(screens: Screens) -> None:
    waiting(screens.house)
    browser, _ = screens.house.browser("clerk", "clerk")
    for address, step in (("/window", "issue"), ("/window/labels", "print"), ("/window/pack", "pack")):
        page = browser.get(address).text
        assert f'data-goto="{step}" aria-current="step"' in page
        assert all(f'href="{one}"' in page for one in ("/window/labels", "/window/pack", "/window/handover"))


def test_who_only_looks_sees_the_list_without_steps(screens: Screens) -> None:
    no = waiting(screens.house)
    browser, token = screens.house.browser("eye", "observer")
    page = browser.get("/window").text
    assert no in page and 'class="four"' not in page and "只看我能出的" not in page
    assert browser.post("/window/print", data={"csrf_token": token}).status_code == 403


def test_the_head_follows_what_is_done_elsewhere_without_a_reload(screens: Screens) -> None:
    house = screens.house
    view = house.issued(approval(delivery=apart(1)))
    page = screens.signed_in("clerk")
    page.evaluate("window.stays = true")
    assert (count(page, "print"), count(page, "pack"), count(page, "handover")) == (1, 1, 0)
    other = page.context.new_page()  # the pack stage in a tab of its own
    other.goto(f"{screens.base}/window/pack")
    scan(other, view["consignments"][0]["waybill_no"])
    expect(other.locator("#stage")).to_contain_text("面单已认出")
    scan(other, view["documents"][0]["token"])
    expect(other.locator("#stage")).to_contain_text("装齐了")
    expect(page.locator("[data-count=pack]")).to_have_text("0")
    expect(page.locator("[data-count=handover]")).to_have_text("1")
    made = make_manifest(house.services, CLERK, "range", [view["consignments"][0]["id"]])
    sign_manifest(house.services, CLERK, made.id, "王师傅", staff_no="EMS-0417")  # at another counter
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("[data-count=handover]")).to_have_text("0")
    assert page.evaluate("window.stays") is True


def test_every_printed_number_opens_by_scan_where_one_stands(screens: Screens) -> None:
    house = screens.house
    view = house.issued(approval(delivery=apart(1)))
    no, paper, envelope = view["acceptance_no"], view["documents"][0], view["consignments"][0]
    batch = start_print(house.services, CLERK, [paper["document_id"]])
    pack_check(house.services, CLERK, envelope["id"], paper["document_id"])
    made = make_manifest(house.services, CLERK, "range", [envelope["id"]])
    with house.services.store.work(CLERK) as work:
        case = work.session.scalars(select(Case)).one()
        form = register_form(work, FormKind.SERVICE, "document", paper["document_id"], case.division_code)
        blank = blank_form(work, FormKind.APPLICATION, case.division_code)
    page = screens.signed_in("clerk")
    for text, address in (
        (batch.items[0]["sheet"], f"/window/papers/{batch.id}"),
        (form, f"/window/cases/{no}#papers"),
        (batch.number, f"/window/papers/{batch.id}"),
        (made.list_no, f"/window/manifests/{made.id}"),
        (blank, "/window/attach"),
        (paper["document_id"], f"/window/cases/{no}#paper-{paper['document_id']}"),
    ):
        page.wait_for_timeout(1300)  # the same code twice within a moment is one scan
        scan(page, text)
        page.wait_for_url(f"**{address}*")
    page.goto(f"{screens.base}/window")
    page.get_by_label("找办件").focus()
    scan(page, batch.items[0]["sheet"], delay=SLOW_KEYS)  # slow as it comes, it is no name to look for
    page.wait_for_url(f"**/window/papers/{batch.id}")
    page.goto(f"{screens.base}/window")
    scan(page, "P0101-9/1")
    expect(page.locator("#toasts")).to_contain_text("没有认出")
    assert page.url.endswith("/window")
