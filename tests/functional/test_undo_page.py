"""Taking back at the window: the button, the words, the list of void numbers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from dispatch.models import Case
from dispatch.rights import SYSTEM
from tests.factories import approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens
from tests.webhouse import House, open_house

pytestmark = pytest.mark.functional


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def waiting(house: House, **changes: object) -> str:
    case = approval(**changes)
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    return str(case["acceptance_no"])


def late(house: House, no: str) -> None:
    """As if it had been issued two minutes ago."""
    with house.services.store.work(SYSTEM) as work:
        case = work.session.scalars(select(Case).where(Case.acceptance_no == no)).one()
        assert case.issued_at is not None
        earlier = case.issued_at.replace(year=case.issued_at.year - 1)
        work.session.execute(update(Case).where(Case.id == case.id).values(issued_at=earlier))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    expect(page.locator("main")).to_contain_text("已出件，正在制证")


def test_issued_by_mistake_and_taken_back_from_the_case_page(screens: Screens, shots: Path) -> None:
    no = waiting(screens.house, documents=[document(copy="正本"), document(copy="副本")])
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{no}")
    press(page, "出件")
    expect(page.locator(".notice.ok")).to_contain_text("已出件")
    screens.house.work()
    page.goto(f"{screens.base}/window/cases/{no}")
    button = page.get_by_role("button", name="撤回")
    expect(button).to_contain_text("还剩")
    before = int(page.locator("[data-undo-left]").first.inner_text())
    page.wait_for_timeout(1500)
    assert int(page.locator("[data-undo-left]").first.inner_text()) < before <= 60
    shoot(page, shots, "undo-button")
    button.click()
    expect(page.locator("main")).to_contain_text("已撤回，回到“待出件”，还没有通知申请人。作废号：")
    expect(page.locator("main")).to_contain_text("面单如果已经打印，请撕掉。")
    expect(page.get_by_role("button", name="出件")).to_be_visible()
    shoot(page, shots, "undo-done")
    page.goto(f"{screens.base}/window/void-numbers")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("窗口撤回")
    shoot(page, shots, "void-numbers")


def test_the_list_offers_what_i_issued_a_moment_ago(screens: Screens, shots: Path) -> None:
    no = waiting(screens.house)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{no}")
    press(page, "出件")
    expect(page.locator(".notice.ok")).to_contain_text("已出件")
    page.goto(f"{screens.base}/window")
    expect(page.locator(".undo")).to_contain_text("刚出的 1 件，一分钟内还能撤回")
    shoot(page, shots, "undo-desk")
    page.locator(".undo").get_by_role("button", name="撤回").click()
    expect(page.locator("main")).to_contain_text("已撤回")
    assert screens.house.view(no)["state"] == "ready"


def test_too_late_is_said_and_changes_nothing(house: House) -> None:
    no = waiting(house)
    browser, token = house.browser("clerk", "clerk")
    browser.post("/window/issue", data={"csrf_token": token, "acceptance_no": no, "back": "case"})
    late(house, no)
    page = browser.post(f"/window/cases/{no}/undo", data={"csrf_token": token}, follow_redirects=True)
    assert "出件超过一分钟，不能再撤回" in page.text
    assert "data-undo=" not in page.text
    assert house.view(no)["state"] == "issued"


def test_a_batch_is_taken_back_by_its_own_clerk_only(house: House) -> None:
    numbers = [waiting(house) for _ in range(3)]
    browser, token = house.browser("clerk", "clerk")
    other, its = house.browser("second", "clerk")
    begun = browser.post(
        "/window/issue.json", json={"acceptance_nos": numbers}, headers={"X-CSRF-Token": token}
    ).get_json()["batch"]
    house.work()
    assert browser.get(f"/window/batches/{begun}").get_json()["undo_seconds"] > 0
    assert other.post(f"/window/batches/{begun}/undo", data={"csrf_token": its}).status_code == 404
    page = browser.post(f"/window/batches/{begun}/undo", data={"csrf_token": token}, follow_redirects=True)
    assert "已撤回 3 件" in page.text
    assert {house.view(no)["state"] for no in numbers} == {"ready"}
    again = browser.post(f"/window/batches/{begun}/undo", data={"csrf_token": token}, follow_redirects=True)
    assert "还没有轮到的 3 件不再出件" in again.text


def test_void_numbers_leave_as_a_table_and_only_for_this_office(house: House) -> None:
    no = waiting(house)
    browser, token = house.browser("clerk", "clerk")
    browser.post("/window/issue", data={"csrf_token": token, "acceptance_no": no, "back": "case"})
    browser.post(f"/window/cases/{no}/undo", data={"csrf_token": token})
    table = browser.get("/window/void-numbers/table?as=csv")
    assert table.status_code == 200
    assert "窗口撤回" in table.get_data().decode("utf-8-sig")
    elsewhere, _ = house.browser("far", "clerk", office="44")
    assert no not in elsewhere.get("/window/void-numbers").text
    observer, _ = house.browser("eye", "observer")
    assert no in observer.get("/window/void-numbers").text
    courier, _ = house.browser("rider", "courier")
    assert courier.get("/window/void-numbers").status_code == 403
    assert courier.post(f"/window/cases/{no}/undo").status_code == 403


def test_a_batch_issued_on_the_list_is_taken_back_in_the_same_place(screens: Screens, shots: Path) -> None:
    numbers = [waiting(screens.house) for _ in range(3)]
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window")
    for box in page.locator("tbody input[name=acceptance_no]").all():
        box.check()
    page.get_by_role("button", name="出件").last.click()
    expect(page.locator("#progress")).to_contain_text("共 3 件")
    screens.house.work()
    button = page.get_by_role("button", name="这一批都撤回")
    expect(button).to_be_visible()
    shoot(page, shots, "undo-batch")
    button.click()
    expect(page.locator("main")).to_contain_text("已撤回 3 件，回到“待出件”")
    assert {screens.house.view(no)["state"] for no in numbers} == {"ready"}
