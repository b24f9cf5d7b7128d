"""What a clerk does all day, done by somebody new in a real browser, with every click counted; docs/tasks.md tells them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dispatch.consignments.manifest import list_manifests, manifest_pdf
from dispatch.consignments.pack import pack_check
from dispatch.picture_codes import read_codes
from dispatch.printing.batches import print_view
from tests.factories import CLERK, approval, recipient
from tests.functional.hands import MOST_BYTES, Hands, picture
from tests.functional.screens import Screens
from tests.webhouse import PASSWORD, House

pytestmark = pytest.mark.functional

DOCS = Path(__file__).resolve().parents[2] / "docs"
_ROW = re.compile(r"\| ([^|]+?) \| ([0-9]+) \| ([0-9]+) \| ([^|]+?) \|")


def told(task: str) -> tuple[int, int]:
    """``(limit, counted)`` of the task as docs/tasks.md has it."""
    rows = {row[1]: (int(row[2]), int(row[3])) for row in _ROW.finditer((DOCS / "tasks.md").read_text())}
    return rows[task]


def within(task: str, limit: int, hands: Hands) -> None:
    """As few clicks as promised, and as many as the documentation says."""
    assert hands.clicks <= limit
    assert told(task) == (limit, hands.clicks)


def waiting(house: House, n: int, **changes: object) -> str:
    """A case that waits, with an envelope of its own."""
    express = {"method": "express", "recipient": recipient(phone=f"1900000{n:04d}")}
    case = approval(**({"delivery": express} | changes))
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    return str(case["acceptance_no"])


def issued(house: House, count: int) -> list[dict]:
    numbers = [waiting(house, n) for n in range(count)]
    for no in numbers:
        assert house.call("POST", f"/cases/{no}/issue", "issue").status_code == 202
    house.work()
    return [house.view(no) for no in numbers]


def work_until(house: House, page: Page, words: str) -> None:
    """The workers go until the bar says this: a step that met a busy database comes again a little later."""
    for _ in range(60):
        house.work()
        page.wait_for_timeout(500)
        if words in page.locator("#progress").inner_text():
            return
    raise AssertionError(page.locator("#progress").inner_text())


def at_the_door(screens: Screens) -> Hands:
    """Before the log-in page, name and password filled in."""
    screens.house.browser("clerk", "clerk")
    page = screens.page()
    page.goto(f"{screens.base}/login")
    page.get_by_label("用户名").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    return Hands(page)


def opens(page: Page, kind: str) -> list[str]:
    """Addresses of the files that open in other tabs from now on, each once."""
    seen: list[str] = []
    page.context.on(
        "request",
        lambda asked: seen.append(asked.url) if kind in asked.url and asked.url not in seen else None,
    )
    return seen


def test_issue_one(screens: Screens) -> None:
    no, _ = waiting(screens.house, 1), waiting(screens.house, 2)
    hands = at_the_door(screens)
    page = hands.page
    with hands.counting():
        hands.click(page.get_by_role("button", name="登录"))
        hands.click(page.get_by_role("checkbox", name=f"选 {no}"))
        hands.click(page.locator(".bar").get_by_role("button", name="出件"))
        expect(page.locator("#progress")).to_contain_text("共 1 件，已出件 0 件")
        screens.house.work()
        expect(page.locator("#progress")).to_contain_text("已出件 1 件")
    assert screens.house.view(no)["state"] == "issued"
    within("出一件（从登录页填好算起）", 3, hands)


def test_issue_fifty_and_print_them(screens: Screens) -> None:
    numbers = [waiting(screens.house, n) for n in range(50)]
    page = screens.signed_in("clerk")
    hands, files = Hands(page), opens(page, ".pdf")
    expect(page.locator("tbody tr")).to_have_count(50)
    with hands.counting():
        hands.click(page.get_by_role("checkbox", name="全选"))
        picture(page, "tasks-issue")
        hands.click(page.locator(".bar").get_by_role("button", name="出件"))
        expect(page.locator("#progress")).to_contain_text("共 50 件")
        go = page.locator("#progress").get_by_role("button", name="打印这一批")
        work_until(screens.house, page, "50 份证件和面单都做好了")
        expect(page.locator("[data-count=print]")).to_have_text("50")
        picture(page, "tasks-issued")
        with page.expect_popup():
            hands.click(go)
        page.wait_for_url("**/window/papers/*")
        expect(page.locator("[data-opened]")).to_contain_text("证件的文件已在另一页打开")
        picture(page, "tasks-print")
        with page.expect_popup():
            hands.click(page.get_by_role("button", name="面单 50 张"))
        hands.click(page.get_by_role("button", name="都好了"))
        expect(page.locator(".notice.ok").first).to_contain_text("都印好了")
    batch = page.url.split("/papers/")[1].split("#")[0]
    assert [one.split("/papers/")[1].split("&")[0] for one in files] == [
        f"{batch}.pdf?paper=A4", f"{batch}/labels.pdf?size=100x180",
    ]  # fmt: skip
    view = print_view(screens.house.services, CLERK, batch)
    assert len(view.items) == 50 and {item["outcome"] for item in view.items} == {"printed"}
    assert {screens.house.view(no)["state"] for no in numbers} == {"issued"}
    within("出 50 件并打印（证件和面单）", 5, hands)


def test_find_by_phone_tail(screens: Screens) -> None:
    no = waiting(
        screens.house, 7, delivery={"method": "express", "recipient": recipient(phone="19000007788")}
    )
    waiting(screens.house, 8)
    page = screens.signed_in("clerk")
    hands = Hands(page)
    with hands.counting():
        hands.click(page.get_by_label("找办件"))
        hands.type("7788")
        hands.enter()
        page.wait_for_url(f"**/window/cases/{no}")
    within("凭手机后四位找到办件", 2, hands)


def test_pack_ten(screens: Screens) -> None:
    views = issued(screens.house, 10)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/pack")
    expect(page.locator("[data-count=pack]")).to_have_text("10")
    hands = Hands(page)
    with hands.counting():
        for n, view in enumerate(views):
            hands.scan(f"{screens.base}/c#{view['consignments'][0]['id']}")
            expect(page.locator("#stage")).to_contain_text("面单已认出")
            hands.scan(view["documents"][0]["token"])
            expect(page.locator("#stage")).to_contain_text("装齐了")
            if n == 6:
                expect(page.locator("[data-count=handover]")).to_have_text("7")
                picture(page, "tasks-pack")
    expect(page.locator("[data-count=pack]")).to_have_text("0")
    expect(page.locator("[data-count=handover]")).to_have_text("10")
    assert hands.scans == 20
    assert {screens.house.view(v["acceptance_no"])["consignments"][0]["state"] for v in views} == {"packed"}
    within("装封十封（只用扫码枪）", 0, hands)


def test_hand_over_a_tray(screens: Screens) -> None:
    house = screens.house
    views = issued(house, 10)
    for view in views:
        label = f"{screens.base}/c#{view['consignments'][0]['id']}"
        pack_check(house.services, CLERK, label, view["documents"][0]["document_id"])
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/handover")
    hands, files = Hands(page), opens(page, "/window/manifests/")
    with hands.counting():
        hands.click(page.get_by_role("button", name="做交接清单（10 封）"))
        expect(page.locator(".notice.ok").first).to_contain_text("清单")
        with page.expect_popup():
            hands.click(page.get_by_role("link", name="打印", exact=True))
        made = list_manifests(house.services, CLERK, 1)[0]
        paper = read_codes(manifest_pdf(house.services, CLERK, made.id))[0].codes
        hands.scan(next(text for text in paper if "/window/sign/" in text))
        page.wait_for_url("**/window/sign/*")
        expect(page.get_by_label("实点多少封")).to_be_focused()
        for word, fields in (("10", 2), ("王师傅", 1), ("EMS-0417", 1)):
            hands.type(word)
            hands.tab(fields)
        hands.sign(page.locator(".signpad canvas"))
        page.locator("button.huge").scroll_into_view_if_needed()
        picture(page, "tasks-handover")
        hands.click(page.get_by_role("button", name="签收 10 封"))
        expect(page.locator(".notice.ok").first).to_contain_text("已签收 10 封")
    expect(page.locator("[data-count=handover]")).to_have_text("0")
    assert any(one.endswith(f"{made.id}.pdf") for one in files)
    states = {house.view(view["acceptance_no"])["consignments"][0]["state"] for view in views}
    assert states == {"handed_over"}
    within("交接一筐信封（做清单、打印、签收）", 3, hands)


def test_on_the_spot(screens: Screens) -> None:
    no = waiting(screens.house, 1, delivery={"method": "on_the_spot"})
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{no}")
    hands, files = Hands(page), opens(page, ".pdf")
    with hands.counting():
        hands.click(page.get_by_role("button", name="出件"))
        expect(page.locator("[data-making]")).to_be_visible()
        screens.house.work()
        with page.expect_popup():
            hands.click(page.get_by_role("button", name="打印 1 份，当场交给来人"))
        expect(page.get_by_label("签收人姓名")).to_be_focused()
        hands.type("周小满")
        hands.sign(page.locator("[data-signpad] canvas"))
        picture(page, "tasks-sign")
        hands.click(page.get_by_role("button", name="签收，办完"))
        expect(page.locator("main")).to_contain_text("签收好了，1 份证件已交到手里")
    screens.house.work()
    assert screens.house.view(no)["state"] == "closed"
    assert len(files) == 1 and files[0].endswith(".pdf?paper=A4")
    page.goto(f"{screens.base}/window/labels")
    expect(page.locator("main")).not_to_contain_text("没有记结果")  # who signed for it has it in hand
    within("当场领取（出件、打印、签收）", 3, hands)


def test_the_documentation_has_its_pictures() -> None:
    text = (DOCS / "tasks.md").read_text()
    shown = re.findall(r"\(pictures/(tasks-[a-z]+\.png)\)", text)
    kept = sorted(path.name for path in (DOCS / "pictures").glob("tasks-*.png"))
    assert sorted(shown) == kept
    assert all((DOCS / "pictures" / name).stat().st_size < MOST_BYTES for name in kept)
    assert len(_ROW.findall(text)) == 6
