"""Signing a hand-over list on the office's screen, and sending signed sheets back, in a real browser."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from dispatch.consignments.manifest import make_manifest, manifest_pdf
from dispatch.consignments.pack import pack_check
from dispatch.forms import blank_applications, forms_pdf
from dispatch.picture_codes import read_codes
from tests.factories import CLERK, approval, recipient
from tests.functional.browsing import draw, scan, shoot
from tests.functional.screens import Screens
from tests.webhouse import House

pytestmark = pytest.mark.functional

NAMES = ("周小满", "欧阳𠮷", "林知远", "费强洋")


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS_DIR"):
        shoot(page, Path(folder), name)


def packed(house: House) -> list[dict[str, str]]:
    """Envelopes of four people, closed: ``{id, waybill_no, acceptance_no}``."""
    made = []
    for n, name in enumerate(NAMES):
        case = approval(
            delivery={"method": "express", "recipient": recipient(name=name, phone=f"1900000{n:04d}")}
        )
        view = house.issued(case)
        envelope = view["consignments"][0]
        label = f"{house.services.settings.public_base_url}/c#{envelope['id']}"
        for document in view["documents"]:
            pack_check(house.services, CLERK, label, document["document_id"])
        made.append(envelope | {"acceptance_no": case["acceptance_no"]})
    return made


def test_a_tray_is_counted_by_scan_and_signed(screens: Screens) -> None:
    house = screens.house
    envelopes = packed(house)
    inside, other = envelopes[:3], envelopes[3]
    made = make_manifest(house.services, CLERK, "range", [one["id"] for one in inside])
    code = next(
        text
        for text in read_codes(manifest_pdf(house.services, CLERK, made.id))[0].codes
        if "/window/sign/" in text
    )
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/handover")
    look(page, "handover-open")
    scan(page, code)
    page.wait_for_url("**/window/sign/*")
    expect(page.get_by_role("heading", name="请点数、签收：3 封")).to_be_visible()
    look(page, "sign-open")
    scan(page, inside[0]["waybill_no"])
    scan(page, f"{house.services.settings.public_base_url}/c#{inside[1]['id']}")
    expect(page.locator("[data-tally]")).to_have_text("已扫到 2 封，应交 3 封。")
    expect(page.locator("[data-short]")).to_have_text(f"少 1 件：{inside[2]['waybill_no']}")
    scan(page, other["waybill_no"])
    expect(page.locator("[data-surplus]")).to_contain_text(f"多 1 件，不在清单上：{other['waybill_no']}")
    look(page, "sign-short")
    page.get_by_label("姓名").fill("王师傅")
    page.get_by_label("工号").fill("EMS-0417")
    page.get_by_role("button", name="没扫到的都划掉").click()
    expect(page.locator("button.huge")).to_contain_text("签收 2 封")
    page.locator("button.huge").click()
    expect(page.locator("[data-sign-words]")).to_contain_text("还没有签名")
    draw(page)
    page.get_by_role("button", name="已拿出来").click()
    expect(page.get_by_label("实点多少封")).to_have_value("2")
    look(page, "sign-signed")
    page.locator("button.huge").click()
    expect(page.locator(".notice.ok")).to_contain_text("已签收 2 封")
    expect(page.locator("main")).to_contain_text("王师傅（工号 EMS-0417）")
    look(page, "manifest-signed")
    states = [house.view(one["acceptance_no"])["consignments"][0]["state"] for one in envelopes]
    assert states == ["handed_over", "handed_over", "packed", "packed"]
    page.goto(f"{screens.base}/window/handover")
    scan(page, code)
    expect(page.locator(".notice.bad")).to_contain_text("已经签收过了")


def test_signed_sheets_come_back_in_one_go(screens: Screens) -> None:
    house = screens.house
    case = approval()
    house.issued(case)
    number = case["acceptance_no"]
    pdfs = [forms_pdf(house.services, CLERK, kind, [number]) for kind in ("service", "application")]
    pdfs.append(blank_applications(house.services, CLERK, 1))
    files = []
    for at, pdf in enumerate(pdfs):
        out = BytesIO()
        pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil().convert("L").save(out, "JPEG")
        files.append({"name": f"IMG_{at:04d}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/attach")
    look(page, "attach-empty")
    page.set_input_files("#f-file", files)
    page.get_by_role("button", name="传上来").click()
    expect(page.get_by_role("heading", name="1 页等您说是什么")).to_be_visible()
    assert page.locator("ul.sent li.t-ok").count() == 2
    look(page, "attach-sent")
    field = page.get_by_label("办件的受理号")
    field.click()
    scan(page, number)
    expect(field).to_have_value(number)
    page.get_by_role("button", name="归到这里").click()
    expect(page.locator(".notice.ok")).to_contain_text("已归档")
    page.goto(f"{screens.base}/window/cases/{number}")
    expect(page.locator("ul.attachments li")).to_have_count(3)
    look(page, "case-papers")
    with page.expect_popup() as popup:
        page.locator("ul.attachments a").first.click()
    assert "/window/attachments/" in popup.value.url or popup.value.url == "about:blank"
    page.goto(f"{screens.base}/window/forms")
    look(page, "forms")
