"""From the window to the applicant's door and onto a stranger's phone; nothing is replaced by a mock.

One test on purpose: every step stands on what the step before it did. A step that fails names itself.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.functional.browsing import log_in, open_page, phone, scan, shoot, step
from tests.functional.reading import codes, forged, one_code, render
from tests.functional.service import Service, wait_for
from tests.functional.y4m import camera_film, on_table
from tests.pages import page_text, squeeze

pytestmark = pytest.mark.functional

#: an express envelope with an original and a duplicate; a decision that our own staff carry; two more for the bar
EXPRESS, DOOR, MORE = 0, 32, (18, 22)


@dataclass
class Story:
    """What one step leaves for the next."""

    service: Service
    shots: Path
    folder: Path
    express: dict[str, Any]
    door: dict[str, Any]
    more: list[dict[str, Any]]
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    qr: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def view(self, case: dict[str, Any]) -> dict[str, Any]:
        return self.views[case["acceptance_no"]]

    def envelope(self, case: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.view(case)["consignments"][0]
        return found

    def label_text(self, case: dict[str, Any]) -> str:
        return self.labels[self.envelope(case)["id"]]

    def paper_texts(self, case: dict[str, Any]) -> list[str]:
        return self.qr[case["acceptance_no"]]


def test_an_approval_leaves_and_arrives(
    service: Service, browser: Browser, camera: Callable[[Path], Browser], shots: Path, tmp_path: Path
) -> None:
    """The whole way."""
    express, door, *more = service.take_in([EXPRESS, DOOR, *MORE])
    story = Story(service, shots, tmp_path, express, door, more)
    with open_page(browser, service) as (page, eye):
        with step("a clerk logs in and sees the earliest term first"):
            the_list(story, page)
        with step("one case is issued from its own page"):
            issue_one(story, page)
        with step("several are issued behind a bar"):
            issue_several(story, page)
        with step("every paper says what was approved, and its code reads"):
            read_papers(story, page)
        with step("every label reads at the printer's resolution"):
            read_labels(story, page)
        with step("a paper in the wrong envelope is stopped, the right ones pass"):
            pack(story, page)
        with step("hand-over lists are made, and the postman's is signed"):
            hand_over(story, page)
        eye.assert_quiet("409 (Conflict)")  # the paper in the wrong envelope
    with step("a courier takes the other envelope and brings it to the door"):
        carry(story, camera)
    with phone(browser, service) as (page, eye):
        with step("the applicant looks where it is"):
            track(story, page)
        with step("whoever is shown the paper reads the comparison"):
            verify_on_phone(story, page)
        eye.assert_quiet("404 (Not Found)")  # the wrong phone number
    with step("a changed paper is refused"):
        refuse_forgeries(story, browser)
    with step("the ledger is clean"):
        done = service.run("doctor")
        assert done.returncode == 0, done.stdout + done.stderr


# -- at the window -------------------------------------------------------------------------------------------------
def the_list(story: Story, page: Page) -> None:
    log_in(page, story.service, "clerk", "/window")
    shown = [plain(text) for text in page.locator("td[data-label=受理号]").all_inner_texts()]
    assert len(shown) >= 12
    terms = [first_term(story.service.view(number)) for number in shown]
    assert terms == sorted(terms)
    assert story.express["acceptance_no"] in shown
    expect(page.get_by_role("button", name="出件")).to_be_disabled()
    shoot(page, story.shots, "window-list")
    page.keyboard.press("Control+End")


def plain(number: str) -> str:
    return re.sub(r"\s", "", number)


def first_term(view: dict[str, Any]) -> str:
    return min(one["due_on"] for one in view["deadlines"] if one["state"] in ("open", "overdue"))


def issue_one(story: Story, page: Page) -> None:
    number = story.express["acceptance_no"]
    page.locator("input[data-search]").fill(number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/window/cases/{number}")
    body = page.locator("main").inner_text()
    assert story.express["applicant"]["id_no"] not in body
    assert story.express["applicant"]["phone"] not in plain(body)
    shoot(page, story.shots, "case-ready")
    page.get_by_role("button", name="出件", exact=True).click()
    expect(page.locator(".notice.ok")).to_contain_text("已出件")
    story.views[number] = story.service.settled(number)
    page.reload()
    expect(page.get_by_role("link", name="看文件")).to_have_count(2)
    shoot(page, story.shots, "case-issued")


def issue_several(story: Story, page: Page) -> None:
    page.goto("/window")
    numbers = [case["acceptance_no"] for case in (story.door, *story.more)]
    for number in numbers:
        page.locator(f"input[data-tick][value='{number}']").check()
    expect(page.locator("[data-chosen]")).to_have_text("已选 3 件")
    page.get_by_role("button", name="出件").click()
    panel = page.locator("#progress")
    expect(panel).to_be_visible()
    expect(panel.locator("[data-words]")).to_contain_text("3 件", timeout=20_000)
    expect(panel.locator("[data-after]")).to_be_visible(timeout=60_000)
    assert panel.locator("progress").evaluate("bar => bar.value === bar.max")
    shoot(page, story.shots, "window-progress")
    for number in numbers:
        story.views[number] = story.service.settled(number)


# -- on paper ------------------------------------------------------------------------------------------------------
def read_papers(story: Story, page: Page) -> None:
    for case in (story.express, story.door, *story.more):
        number, found = case["acceptance_no"], []
        for made, wanted in zip(story.view(case)["documents"], case["documents"], strict=True):
            assert made["state"] == "valid", made
            answer = page.context.request.get(f"/api/v1/documents/{made['document_id']}/pdf")
            assert answer.ok, answer.text()
            text = page_text(answer.body())
            for value in (
                wanted["title"],
                made["number"],
                case["applicant"]["name"],
                *wanted["fields"].values(),
            ):
                assert squeeze(value) in text, value
            assert "演示样本不具法律效力" in text
            read = one_code(render(answer.body(), 300), "QR").text
            assert read == f"{story.service.base}/v#{made['token']}"
            found.append(read)
        story.qr[number] = found


def read_labels(story: Story, page: Page) -> None:
    page.goto("/window/labels")
    shoot(page, story.shots, "labels")
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    for case in (story.express, story.door):
        envelope = story.envelope(case)
        form = {"csrf_token": token, "consignment_id": envelope["id"], "size": "100x180"}
        answer = page.context.request.post("/window/labels.pdf", form=form)
        assert answer.ok, answer.text()
        printed = render(answer.body(), 203)
        printed.save(story.folder / f"{envelope['id']}.png")
        assert {one.kind for one in codes(printed)} == {"128", "QR"}
        assert one_code(printed, "128").text == envelope["waybill_no"]
        story.labels[envelope["id"]] = one_code(printed, "QR").text
        assert story.labels[envelope["id"]] == f"{story.service.base}/c#{envelope['id']}"
        told = page_text(answer.body())
        assert case["item"]["name"] not in told
        assert case["delivery"]["recipient"]["phone"] not in told


# -- into the envelope ---------------------------------------------------------------------------------------------
def pack(story: Story, page: Page) -> None:
    page.goto("/window/pack")
    stage, held = page.locator("#stage"), page.locator(".hold")
    first, second = story.paper_texts(story.express)
    expect(stage).to_contain_text("先扫信封上的面单")
    shoot(page, story.shots, "pack-start")

    scan(page, story.label_text(story.express))
    expect(stage).to_contain_text("面单已认出")
    scan(page, first)
    expect(stage).to_contain_text("1/2，还缺：")
    expect(stage).to_contain_text(story.express["documents"][1]["copy"])
    shoot(page, story.shots, "pack-matched")

    scan(page, story.paper_texts(story.door)[0])
    expect(held).to_be_visible()
    shoot(page, story.shots, "pack-mismatch")
    scan(page, second)
    expect(held).to_be_visible()
    expect(stage).to_contain_text("1/2")
    page.wait_for_timeout(600)
    held.get_by_role("button").click()
    expect(held).to_have_count(0)

    scan(page, second)
    expect(stage).to_contain_text("装齐了，共 2 份")
    shoot(page, story.shots, "pack-full")
    scan(page, story.envelope(story.door)["waybill_no"])
    expect(stage).to_contain_text("面单已认出")
    scan(page, story.paper_texts(story.door)[0])
    expect(stage).to_contain_text("装齐了，共 1 份")
    expect(page.locator("#count")).to_have_text("本次已封装 2 封，核对 3 份")
    for case in (story.express, story.door):
        assert state_of(story, case) == "packed"


def state_of(story: Story, case: dict[str, Any]) -> str:
    return str(story.service.view(case["acceptance_no"])["consignments"][0]["state"])


def hand_over(story: Story, page: Page) -> None:
    page.goto("/window/handover")
    shoot(page, story.shots, "handover")
    for case in (story.express, story.door):
        ours = page.locator(
            "#step > section", has=page.locator(f"input[value='{story.envelope(case)['id']}']")
        )
        with page.expect_navigation():
            ours.get_by_role("button", name="做交接清单").click()
        expect(page.locator(".notice.ok")).to_contain_text("交接清单做好了")
    links = [link.get_attribute("href") or "" for link in page.locator("main a[href$='.pdf']").all()]
    papers = {link: page_text(page.context.request.get(link).body()) for link in links}
    for case in (story.express, story.door):
        assert any(story.envelope(case)["waybill_no"] in text for text in papers.values())
    mine = next(link for link, text in papers.items() if story.envelope(story.express)["waybill_no"] in text)
    row = page.locator("tr", has=page.locator(f"a[href='{mine}']"))
    row.get_by_text("签在纸上了").click()
    row.get_by_placeholder("揽投员姓名").fill("揽投员小祝")
    row.get_by_role("button", name="揽投员已签字").click()
    expect(row).to_contain_text("已签字")
    shoot(page, story.shots, "handover-signed")
    assert state_of(story, story.express) == "handed_over"
    assert state_of(story, story.door) == "packed"


# -- on the road ---------------------------------------------------------------------------------------------------
def carry(story: Story, camera: Callable[[Path], Browser]) -> None:
    film = label_film(story)
    receiver = story.door["delivery"]["recipient"]
    with phone(camera(film), story.service, permissions=["camera"]) as (page, eye):
        log_in(page, story.service, "courier", "/courier")
        expect(page.locator("#courier[data-ready]")).to_have_count(1)
        shoot(page, story.shots, "courier-start", (390,))
        look_through_camera(page)
        expect(page.locator("#sent li").first).to_contain_text("已记录", timeout=20_000)
        expect(page.locator("#sent li").first).to_contain_text(story.envelope(story.door)["waybill_no"])
        expect(page.locator("#stops")).to_contain_text(receiver["name"])
        expect(page.locator("#stops")).to_contain_text(receiver["address"])
        shoot(page, story.shots, "courier-taken", (390,))
        wait_for(lambda: state_of(story, story.door) == "handed_over", 10, "the courier has it")

        assert scanned(story, "out_for_delivery")["outcome"] == "accepted"
        page.reload()
        expect(page.locator("#courier[data-ready]")).to_have_count(1)
        page.get_by_role("button", name="送达", exact=True).click()
        look_through_camera(page)
        sheet = page.locator(".sheet")
        expect(sheet).to_contain_text("谁签收的？", timeout=20_000)
        sheet.get_by_role("button", name="单位收发").click()
        sheet.get_by_label("签收人姓名").fill(receiver["name"])
        shoot(page, story.shots, "courier-signer", (390,))
        sheet.get_by_role("button", name="记下：已送达").click()
        wait_for(lambda: state_of(story, story.door) == "delivered", 15, "delivered")
        expect(page.locator("#stops li")).to_have_count(0)
        shoot(page, story.shots, "courier-done", (390,))
        eye.assert_quiet()


def label_film(story: Story) -> Path:
    """The door label as the courier's camera sees it."""
    label = render(story.service.label(story.envelope(story.door)["id"]), 203)
    return camera_film(on_table(label, one_code(label, "QR").middle), story.folder / "label.y4m")


def look_through_camera(page: Page) -> None:
    button = page.locator("[data-camera]").first
    expect(button).to_be_visible()
    button.click()


def scanned(story: Story, action: str) -> dict[str, Any]:
    """A scan by a program."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    one = {
        "scan_id": str(uuid.uuid4()),
        "code": story.label_text(story.door),
        "action": action,
        "occurred_at": at,
    }
    answer = story.service.call("POST", "/scans", "window", json={"sent_at": at, "scans": [one]})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["results"][0]
    return result


# -- in other hands ------------------------------------------------------------------------------------------------
def track(story: Story, page: Page) -> None:
    page.goto("/")
    shoot(page, story.shots, "home")
    page.get_by_role("link", name="我的证件到哪了").click()
    number = story.door["acceptance_no"]
    page.get_by_label("统一受理号").fill(f"{number[:6]} {number[6:14]} {number[14:]}")
    page.get_by_label("手机号后四位").fill("0000")
    page.get_by_role("button", name="查一查").click()
    expect(page.get_by_role("alert")).to_contain_text("没有查到")
    shoot(page, story.shots, "track-miss")
    page.get_by_label("手机号后四位").fill(story.door["applicant"]["phone"][-4:])
    page.get_by_role("button", name="查一查").click()
    expect(page.locator("main")).to_contain_text("签收")
    expect(page.locator(".answer a[href^='tel:']")).to_have_count(1)
    body = page.locator("main").inner_text()
    for secret in (story.door["applicant"]["name"], story.door["delivery"]["recipient"]["name"], "决定书"):
        assert secret not in body
    shoot(page, story.shots, "track-found")


def verify_on_phone(story: Story, page: Page) -> None:
    page.goto(story.paper_texts(story.express)[0])
    finding = page.locator("#finding")
    expect(finding).to_have_attribute("data-status", "valid")
    wanted = story.express["documents"][0]
    for value in (
        wanted["title"],
        wanted["number"],
        story.express["applicant"]["name"],
        story.express["applicant"]["id_no"][-4:],
    ):
        expect(finding.locator(".compare")).to_contain_text(value)
    expect(finding).to_contain_text("演示样本，不具法律效力；核验过程如下")
    expect(finding).not_to_contain_text("核验不通过")
    shoot(page, story.shots, "verify-valid")


def refuse_forgeries(story: Story, browser: Browser) -> None:
    made = story.view(story.express)["documents"][0]
    with phone(browser, story.service) as (page, eye):
        page.goto(f"/v#{forged(made['token'])}")
        expect(page.locator("#finding")).to_have_attribute("data-status", "bad_signature")
        expect(page.locator("#finding")).to_contain_text("核验不通过")
        shoot(page, story.shots, "verify-forged")
        eye.assert_quiet()
    file, data = story.folder / "paper.pdf", bytearray(story.service.pdf(made["document_id"]))
    file.write_bytes(data)
    assert story.service.run("verify", str(file)).returncode == 0
    at = data.index(b"stream") + 40
    data[at] ^= 1
    file.write_bytes(data)
    refused = story.service.run("verify", str(file))
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert story.service.run("verify", forged(made["token"])).returncode == 1
