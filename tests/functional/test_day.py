"""A whole working day at the window, from the platform's Excel file to the clean ledger; nothing is replaced by a mock.

One test on purpose: every step stands on what the step before it did. A step that fails names itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch.calendar import local_date
from dispatch.picture_codes import read_codes
from tests.excel_day import build_day_file
from tests.functional.browsing import draw, log_in, open_page, scan, shoot, step
from tests.functional.reading import codes, render
from tests.functional.service import PASSWORD, Service

pytestmark = pytest.mark.functional

PIN = "528041"
GOOD, ISSUED = 45, 40


@dataclass
class Day:
    """What one step leaves for the next."""

    service: Service
    shots: Path
    folder: Path
    numbers: list[str] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    undone: str = ""
    held: str = ""

    def look(self, page: Page, name: str) -> None:
        shoot(page, self.shots, f"day-{name}")

    def envelopes(self) -> list[dict[str, Any]]:
        """Envelopes with a label, of all that were issued today and not taken back."""
        found = [one for view in self.views.values() for one in view["consignments"] if one["waybill_no"]]
        return list({one["id"]: one for one in found}.values())

    def envelopes_now(self) -> list[dict[str, Any]]:
        """The same as they stand at this moment."""
        self.views = {number: self.service.view(number) for number in self.numbers}
        return self.envelopes()

    def paper(self, document_id: str) -> str:
        """The text of the paper's QR, read from the page as it is printed."""
        found = [one.text for one in codes(render(self.service.pdf(document_id), 300)) if "/v#" in one.text]
        assert len(found) == 1, document_id
        return found[0]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Service]:
    """A service of its own: the day's counts are exact."""
    made = Service(tmp_path)
    made.data.mkdir()
    made.start()
    try:
        yield made
        assert made.stop() == 0, made.tail()
        assert made.left_over() == {}
        made.assert_log_discreet()
    finally:
        made.kill()


def test_a_working_day(house: Service, browser: Browser, shots: Path, tmp_path: Path) -> None:
    """From the file in the morning to the ledger at night."""
    day = Day(house, shots, tmp_path)
    with open_page(browser, house) as (page, eye):
        with step("the platform's file comes in: ten rows are refused with their reason, the rest is taken"):
            take_in(day, page)
        eye.assert_quiet()
    with open_page(browser, house) as (page, eye):
        with step("a colleague holds one and issues forty"):
            log_in(page, house, "second", "/window")
            set_pin(day, page)
            hold_one(day, page)
            issue(day, page)
        with step("one was issued by mistake and is taken back within the minute"):
            undo_one(day, page)
        with step("everything is printed; the printer jams at sheet 17"):
            print_all(day, page)
        with step("a paper in the wrong envelope is caught, then every envelope is packed by scan"):
            pack(day, page)
        with step("the shift ends: what is left goes to a named colleague, who confirms it"):
            change_shift(day, page)
        eye.assert_quiet("409 (Conflict)")
    with open_page(browser, house) as (page, eye):
        with step(
            "the colleague sees what he took over; the tray is handed over and signed on the office's screen"
        ):
            log_in(page, house, "clerk", "/window")
            expect(page.locator("main")).to_contain_text("接班的")
            hand_over(day, page)
            carried_by_us(day, page)
        eye.assert_quiet()
    with step("the platform gets its file of the day"):
        return_file(day)
    with step("the ledger is clean"):
        done = house.run("doctor")
        assert done.returncode == 0, done.stdout + done.stderr


# -- morning -------------------------------------------------------------------------------------------------------
def take_in(day: Day, page: Page) -> None:
    file = day.folder / "浙里办导出.xlsx"
    expected = build_day_file(file, GOOD)
    log_in(page, day.service, "clerk", "/window/imports")
    set_pin(day, page)
    page.goto("/window/imports")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="上传，先试读").click()
    told = f"新办件 {GOOD} 件，收过的 0 件，有问题 {len(expected)} 件"
    expect(page.locator("main")).to_contain_text(told, timeout=30_000)
    assert len(expected) == len({fault.code for fault in expected}) == 10
    for fault in expected:
        row = page.locator("tr", has=page.locator(f"td:text-is('{fault.line}')")).first
        expect(row.locator("[data-label=哪一栏]")).to_contain_text(fault.column)
        expect(row.locator("[data-label=为什么]")).not_to_be_empty()
    day.look(page, "import")
    page.get_by_role("button", name=f"正式导入 {GOOD} 件").click()
    expect(page.locator("main")).to_contain_text("已导入", timeout=60_000)


def set_pin(day: Day, page: Page) -> None:
    page.goto("/people/pin")
    page.get_by_label("登录密码").fill(PASSWORD)
    page.locator("main [name=pin]").fill(PIN)
    page.locator("main [name=again]").fill(PIN)
    with page.expect_navigation():
        page.get_by_role("button", name="设 PIN").click()


# -- forenoon ------------------------------------------------------------------------------------------------------
def hold_one(day: Day, page: Page) -> None:
    page.goto("/window?state=ready")
    day.numbers = [str(box.get_attribute("value")) for box in page.locator("input[name=acceptance_no]").all()]
    assert len(day.numbers) == GOOD
    day.held = day.numbers.pop()
    page.goto(f"/window/cases/{day.held}")
    page.locator("summary", has_text="暂缓出件").click()
    page.locator("#f-kind").select_option("fee")
    with page.expect_navigation():
        page.get_by_role("button", name="暂缓", exact=True).click()
    expect(page.locator("main")).to_contain_text("暂缓出件：税费未缴")
    page.goto("/window")
    expect(page.locator(f"input[value='{day.held}']")).to_be_disabled()


def issue(day: Day, page: Page) -> None:
    day.numbers = day.numbers[:ISSUED]
    for number in day.numbers:
        page.locator(f"input[value='{number}']").check()
    page.locator("form[data-issue]").get_by_role("button", name="出件", exact=True).click()
    expect(page.locator("[data-words]")).to_contain_text(f"已出件 {ISSUED} 件", timeout=60_000)
    day.look(page, "issued")


def undo_one(day: Day, page: Page) -> None:
    day.undone = day.numbers.pop(7)
    page.goto("/window")
    bar = page.locator(f"form[action='/window/cases/{day.undone}/undo']")
    with page.expect_navigation():
        bar.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("已撤回")
    assert day.service.view(day.undone)["state"] == "ready"
    day.views = {number: day.service.settled(number) for number in day.numbers}
    states = {one["state"] for view in day.views.values() for one in view["documents"]}
    assert states == {"valid"}


def print_all(day: Day, page: Page) -> None:
    """The batch goes to the printer, which jams: sheet 17 is torn, what follows did not come out."""
    page.goto("/window/labels")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^打印这一批")).click()
    rows = page.locator("tbody tr")
    count = rows.count()
    assert count == sum(len(view["documents"]) for view in day.views.values())
    batch = page.url.rsplit("/", 1)[-1]
    sheets = page.context.request.get(f"/window/papers/{batch}.pdf?paper=A4")
    assert sheets.status == 200 and sheets.body()[:5] == b"%PDF-"
    day.look(page, "print")
    rows.nth(16).get_by_role("checkbox").check()
    place = page.get_by_label("从第几份重印")
    place.fill("17")
    with page.expect_navigation():
        page.get_by_role("button", name="从第 17 份重印").click()
    expect(page.get_by_role("heading", name=f"还有 {count - 16} 份要重印", exact=True)).to_be_visible()
    page.get_by_label("原因").fill("卡纸，第 17 张撕破，已收好")
    page.get_by_label("同事的工牌或用户名").first.fill(day.service.account("clerk"))
    page.locator("[name=second_pin]").fill(PIN)
    day.look(page, "jam")
    with page.expect_navigation():
        page.get_by_role("button", name=f"重印这 {count - 16} 份").click()
    with page.expect_navigation():
        page.get_by_role("button", name="都好了").click()
    expect(page.get_by_text("都有结果了")).to_be_visible()


# -- afternoon -----------------------------------------------------------------------------------------------------
def pack(day: Day, page: Page) -> None:
    """Two papers swapped on the table; the screen stays red until somebody answers. The rest goes by scan alone."""
    envelopes = [one for one in day.envelopes() if one["state"] == "labelled"]
    first, second = envelopes[:2]
    page.goto("/window/pack")
    stage = page.locator("#stage")
    scan(page, first["waybill_no"])
    expect(stage).to_contain_text("现在扫要装的纸")
    scan(page, day.paper(second["documents"][0]))
    expect(page.locator(".hold")).to_contain_text("不属于这个信封")
    day.look(page, "swapped")
    page.wait_for_timeout(600)
    page.locator(".hold button").click()
    for envelope in envelopes:
        scan(page, f"{day.service.base}/c#{envelope['id']}")
        expect(stage).to_contain_text("现在扫要装的纸")
        for document in envelope["documents"][:-1]:
            scan(page, day.paper(document))
            expect(stage).to_contain_text("还缺")
        scan(page, day.paper(envelope["documents"][-1]))
        expect(stage).to_contain_text("可以封口")
    day.look(page, "packed")


def change_shift(day: Day, page: Page) -> None:
    """Everything left is ticked already; the colleague confirms with his own PIN, and it is all his."""
    page.goto("/window/shift")
    left = page.locator("[name=item]")
    count = left.count()
    assert count >= len(day.envelopes()), "every packed envelope waits for the carrier"
    assert left.and_(page.locator(":checked")).count() == count
    day.look(page, "shift")
    page.locator("[name=second_who]").fill(day.service.account("clerk"))
    page.locator("main [name=second_pin]").fill(PIN)
    with page.expect_navigation():
        page.get_by_role("button", name="交班，勾上的都归接班人").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{count} 项")
    sheet = page.context.request.get(str(page.get_by_role("link", name="打印交接班单").get_attribute("href")))
    assert sheet.status == 200 and sheet.body()[:5] == b"%PDF-"


def carried_by_us(day: Day, page: Page) -> None:
    """What the postman took is no longer anybody's here; what our own people carry still is."""
    page.goto("/window/shift")
    expect(page.get_by_role("heading", name="交接清单没签")).to_have_count(0)
    waiting = [one for one in day.envelopes_now() if one["state"] == "packed"]
    assert {one["carrier"] for one in waiting} == {"staff"}
    expect(page.locator("section", has_text="装好没交出").locator("[name=item]")).to_have_count(len(waiting))


def hand_over(day: Day, page: Page) -> None:
    page.goto("/window/handover")
    post = page.locator("#step > section", has_text="邮政")
    with page.expect_navigation():
        post.get_by_role("button", name=re.compile("^做交接清单")).click()
    link = page.get_by_role("link", name="打印", exact=True).first.get_attribute("href")
    sheet = page.context.request.get(str(link)).body()
    once = next(text for page_ in read_codes(sheet) for text in page_.codes if "/window/sign/" in text)
    scan(page, once)
    page.wait_for_url("**/window/sign/*")
    total = int(re.search(r"(\d+) 封", page.locator("h1").inner_text())[1])  # type: ignore[index]
    page.get_by_label("姓名").fill("揽投员小祝")
    page.get_by_label("工号").fill("EMS-0417")
    draw(page)
    day.look(page, "sign")
    page.get_by_label("实点多少封").fill(str(total))
    with page.expect_navigation():
        page.locator("button.huge").click()
    expect(page.locator(".notice.ok")).to_contain_text(f"已签收 {total} 封")
    assert sum(one["state"] == "handed_over" for one in day.envelopes_now()) == total


# -- evening -------------------------------------------------------------------------------------------------------
def return_file(day: Day) -> None:
    """Every document of the day with its waybill and state; made again it is the same file."""
    today = local_date(datetime.now(UTC)).isoformat()
    first, second = day.folder / "first.jsonl", day.folder / "second.jsonl"
    for file in (first, second):
        done = day.service.run("returnfile", today, "--out", str(file))
        assert done.returncode == 0, done.stderr
    assert first.read_bytes() == second.read_bytes()
    told = {json.loads(line)["acceptance_no"] for line in first.read_text("utf-8").splitlines()}
    assert set(day.numbers) <= told and day.held not in told
    for view in day.views.values():
        for envelope in view["consignments"]:
            assert not envelope["waybill_no"] or envelope["waybill_no"] in first.read_text("utf-8")
