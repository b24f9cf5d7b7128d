"""Service at the window: signing on the spot, the receipt of a refusal, entries by hand that keep what was typed."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.factories import approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens
from tests.webhouse import House, open_house

pytestmark = pytest.mark.functional

REFUSAL = {
    "decision": "denied",
    "documents": [
        document(
            kind="decision",
            title="不予行政许可决定书",
            signer_policy="authorized",
            fields={
                "申请人": "周小满", "办理事项": "企业名称预先核准", "不予许可理由": "名称与他人相同。",
                "法律依据": "《企业名称登记管理规定》第十条", "复议机关": "磐安县人民政府",
                "复议期限": "自收到本决定书之日起六十日内",
                "管辖法院": "磐安县人民法院", "诉讼期限": "自收到本决定书之日起六个月内",
            },
        )
    ],
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def scribble(page: Page) -> None:
    """A name drawn with the mouse."""
    box = page.locator("[data-signpad] canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(box["x"] + 60 + step * 9, box["y"] + 60 + (step % 7) * 12)
    page.mouse.up()


def test_on_the_spot_is_issue_print_sign(screens: Screens, shots: Path) -> None:
    case = approval(delivery={"method": "on_the_spot"})
    no = case["acceptance_no"]
    assert screens.house.call("POST", "/cases", "cases", json=case).status_code == 201
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{no}")
    page.get_by_role("button", name="出件").first.click()
    expect(page.locator("main")).to_contain_text("已出件，正在制证")
    screens.house.work()
    page.goto(f"{screens.base}/window/cases/{no}")
    page.get_by_label("签收人姓名").fill("周小满")
    page.get_by_role("button", name="签收，办完").click()
    expect(page.locator("[data-sign-words]")).to_contain_text("还没有签名")  # nothing was sent
    page.locator("[data-signpad]").scroll_into_view_if_needed()
    scribble(page)
    expect(page.locator("[data-sign-words]")).to_have_text("已签。")
    shoot(page, shots, "sign-on-the-spot")
    scribble(page)
    page.get_by_role("button", name="签收，办完").click()
    expect(page.locator("main")).to_contain_text("签收好了，1 份证件已交到手里，这一件办完了。")
    screens.house.work()
    view = screens.house.view(no)
    assert view["state"] == "closed"
    assert view["service"]["state"] == "served"
    page.goto(f"{screens.base}/window/cases/{no}")
    expect(page.locator("#sign")).to_have_count(0)
    shoot(page, shots, "served-on-the-spot")


def test_the_signature_is_wiped_and_can_be_left_to_paper(screens: Screens) -> None:
    case = approval(delivery={"method": "on_the_spot"})
    screens.house.issued(case)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{case['acceptance_no']}")
    page.locator("[data-signpad]").scroll_into_view_if_needed()
    scribble(page)
    page.get_by_role("button", name="重写").click()
    assert page.locator("input[name=signature]").input_value() == ""
    page.get_by_label("无法手写，已按手印或见纸质签名").check()
    page.get_by_label("签收人姓名").fill("周小满")
    page.get_by_role("button", name="签收，办完").click()
    expect(page.locator("main")).to_contain_text("签收好了")
    page.goto(f"{screens.base}/window/cases/{case['acceptance_no']}/service")
    expect(page.locator("main")).to_contain_text("纸质签名或手印")


def delivered_refusal(house: House) -> str:
    view = house.issued(approval(delivery={"method": "counter"}, **REFUSAL))
    assert view["documents"][0]["state"] == "valid", view["documents"]
    scan = {
        "scan_id": "s1", "code": view["consignments"][0]["id"], "action": "deliver",
        "occurred_at": house.services.clock.now().isoformat(), "signer": {"kind": "self", "name": "周小满", "id_tail": "0011"},
    }  # fmt: skip
    body = {"sent_at": house.services.clock.now().isoformat(), "scans": [scan]}
    told = house.call("POST", "/scans", "scans", json=body).get_json()["results"]
    assert told[0]["outcome"] == "accepted", told
    house.work()
    return str(view["acceptance_no"])


def test_a_refusal_waits_for_its_receipt_and_then_tells_the_terms(
    screens: Screens, shots: Path, tmp_path: Path
) -> None:
    no = delivered_refusal(screens.house)
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/service")
    expect(page.locator("h1")).to_contain_text("1 份不予许可的决定还差送达回证")
    shoot(page, shots, "service-list")
    page.get_by_role("link", name=no[:6]).click()
    expect(page.locator("main")).to_contain_text("还差签过字的送达回证")
    shoot(page, shots, "service-waiting")
    paper = tmp_path / "receipt.jpg"
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).text((40, 40), "signed", fill="black")
    image.save(paper)
    page.set_input_files("input[name=receipt] >> nth=0", str(paper))
    page.get_by_role("button", name="收下回证").click()
    expect(page.locator("main")).to_contain_text("复议期限到")
    expect(page.locator(".chip.ok")).to_contain_text("已送达")
    shoot(page, shots, "service-served")
    page.goto(f"{screens.base}/window/cases/{no}")
    expect(page.locator("main")).to_contain_text("复议期限到")
    shoot(page, shots, "service-case")


def test_entering_by_hand_shows_what_the_way_needs_and_keeps_what_was_typed(
    screens: Screens, shots: Path
) -> None:
    view = screens.house.issued(approval(**REFUSAL))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/cases/{view['acceptance_no']}/service")
    page.get_by_text("手工登记送达").click()
    expect(page.get_by_label("公告内容")).to_be_hidden()
    page.get_by_label("怎么送达的").select_option("public_notice")
    page.get_by_label("公告内容").fill("因你下落不明，现依法公告送达。")
    page.get_by_label("在哪里公告").fill("县政府公告栏")
    shoot(page, shots, "service-entry")
    page.get_by_role("button", name="登记送达").click()
    expect(page.locator("main")).to_contain_text("请附上公告张贴的照片")
    expect(page.get_by_label("在哪里公告")).to_have_value("县政府公告栏")
    expect(page.get_by_label("公告内容")).to_have_value("因你下落不明，现依法公告送达。")


# -- who may -------------------------------------------------------------------------------------------------------
def test_roles_offices_and_tokens(house: House) -> None:
    no = delivered_refusal(house)
    paper = house.view(no)["documents"][0]["document_id"]
    clerk, token = house.browser("clerk", "clerk")
    elsewhere, its = house.browser("far", "clerk", office="44")
    observer, eye = house.browser("eye", "observer")
    assert observer.get(f"/window/cases/{no}/service").status_code == 200
    assert "手工登记送达" not in observer.get(f"/window/cases/{no}/service").text
    for path in (
        f"cases/{no}/service/{paper}",
        f"cases/{no}/service/{paper}/receipt",
        f"cases/{no}/consent",
        f"cases/{no}/sign",
    ):
        assert observer.post(f"/window/{path}", data={"csrf_token": eye}).status_code == 403, path
        assert clerk.post(f"/window/{path}", data={}).status_code == 403, path
        given = {"csrf_token": its, "kind": "self", "name": "周小满", "signature_paper": "1"}
        assert elsewhere.post(f"/window/{path}", data=given).status_code == 404, path
    assert elsewhere.get(f"/window/documents/{paper}/service.pdf").status_code == 404
    sheet = clerk.get(f"/window/documents/{paper}/service.pdf")
    assert sheet.data.startswith(b"%PDF")
    table = clerk.get("/window/service/table?as=csv").get_data().decode("utf-8-sig")
    assert "待回证" in table and "周**" in table and "周小满" not in table
    bad = clerk.post(
        f"/window/cases/{no}/service/{paper}/receipt",
        data={"csrf_token": token, "receipt": (BytesIO(b"<svg/>"), "x.svg")},
    )
    assert bad.status_code == 422
    assert "只接受 JPG、PNG" in bad.text


def test_the_applicant_takes_his_papers_with_the_code_on_his_phone(screens: Screens, shots: Path) -> None:
    case = approval(delivery={"method": "electronic"})
    no = case["acceptance_no"]
    screens.house.issued(case)
    assert screens.house.view(no)["state"] == "issued"
    clerk = screens.signed_in("clerk")
    clerk.goto(f"{screens.base}/window/cases/{no}?messages=1")
    link = re.search(r"/m/[A-Z2-7]{26}", clerk.content())
    assert link
    page = screens.page(phone=True)
    page.goto(f"{screens.base}{link[0]}")
    shoot(page, shots, "electronic-begin")
    page.get_by_role("button", name="发验证码").click()
    clerk.reload()
    code = re.search(r"验证码 ([0-9]{6})", clerk.content())
    assert code
    page.get_by_label("短信里的六位验证码").fill("000000" if code[1] != "000000" else "111111")
    page.get_by_label("我同意用电子方式送达").check()
    page.get_by_role("button", name="收取证件").click()
    expect(page.locator(".notice.bad")).to_contain_text("验证码不对")
    page.get_by_label("短信里的六位验证码").fill(code[1])
    page.get_by_label("我同意用电子方式送达").check()
    shoot(page, shots, "electronic-code")
    page.get_by_role("button", name="收取证件").click()
    expect(page.locator("main")).to_contain_text("已收取")
    shoot(page, shots, "electronic-done")
    with page.expect_download() as taken:
        page.get_by_role("button", name="企业名称预先核准通知书").click()
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF-")
    screens.house.work()
    assert screens.house.view(no)["state"] == "closed"
    assert screens.house.view(no)["service"]["state"] == "served"


def test_rules_of_the_fee_are_read_by_clerks_and_set_by_supervisors(screens: Screens, shots: Path) -> None:
    chief = screens.signed_in("supervisor")
    chief.goto(f"{screens.base}/window/payers")
    chief.get_by_label("事项编码").fill("T-")
    chief.get_by_label("谁付").select_option("recipient")
    chief.get_by_label("依据").fill("县政府办 2026 年 3 号文")
    chief.get_by_role("button", name="记下").click()
    expect(chief.locator("tbody")).to_contain_text("收件人付（到付）")
    shoot(chief, shots, "payers")
    view = screens.house.issued(approval())
    clerk = screens.signed_in("clerk")
    clerk.goto(f"{screens.base}/window/payers")
    expect(clerk.get_by_role("button", name="记下")).to_have_count(0)
    clerk.goto(f"{screens.base}/window/cases/{view['acceptance_no']}")
    expect(clerk.locator("main")).to_contain_text("收件人付（到付），按规定：县政府办 2026 年 3 号文")
