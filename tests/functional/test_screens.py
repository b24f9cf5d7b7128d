"""The pages in a real browser: verification, pack check, the courier without a network, the window by keyboard."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.factories import approval, document, recipient
from tests.functional.screens import SLOW_KEYS, Screens, scan

pytestmark = pytest.mark.functional
VERDICT = "#finding[data-status]"


# -- verification ------------------------------------------------------------------------------------------------------
def changed(token: str) -> str:
    """The same token with one bit of its signature turned."""
    raw = bytearray(base64.b32decode(token + "=" * (-len(token) % 8)))
    raw[-3] ^= 1
    return base64.b32encode(bytes(raw)).decode().rstrip("=")


def test_the_browser_checks_and_sends_the_id_alone(screens: Screens) -> None:
    found = screens.house.issued(approval())["documents"][0]
    page = screens.page(phone=True)
    page.goto(f"{screens.base}/v#{found['token'].lower()}")
    page.wait_for_selector(VERDICT)
    text = page.inner_text("#finding")
    assert text.startswith("演示样本，不具法律效力；核验过程如下")
    assert text.index("文件是真的，现在有效") < text.index("逐项对一对")
    for part in (found["title"], found["number"], "周小满", "证件号码尾号", "有一处不同，这张纸就不能信"):
        assert part in text
    asked = [request.post_data_json for request in screens.asked if request.url.endswith("/api/v1/verify")]
    assert asked == [{"document_id": found["document_id"]}]
    assert page.locator(".verdict.ok").count() == 0
    page.click("text=再多对几项")
    expect(page.locator("#finding")).to_contain_text("申请人")


def test_a_forgery_is_told_from_a_fault(screens: Screens) -> None:
    found = screens.house.issued(approval())["documents"][0]
    page = screens.page(phone=True)

    def status(fragment: str) -> tuple[str | None, str]:
        page.goto("about:blank")
        page.goto(f"{screens.base}/v#{fragment}")
        page.wait_for_selector(VERDICT)
        return page.get_attribute("#finding", "data-status"), page.inner_text("#finding")

    state, text = status(changed(found["token"]))
    assert state == "bad_signature" and "核验不通过" in text and found["number"] not in text
    for junk in ("HELLO", found["token"] + "A", found["token"][:-1], "A" * 300):
        state, text = status(junk)
        assert (
            state in ("unreadable", "unsupported") and "核验不通过" not in text and "不等于文件是假的" in text
        )
    page.route("**/api/v1/verify", lambda route: route.abort())
    state, text = status(found["token"])
    assert (
        state == "unavailable"
        and "不等于是假的" in text
        and "签名是对的" in text
        and "核验不通过" not in text
    )
    page.route("**/keys.json", lambda route: route.fulfill(status=503))
    page.evaluate("localStorage.clear()")
    state, text = status(changed(found["token"]))
    assert state == "unavailable" and "核验不通过" not in text and found["number"] not in text


def test_ended_documents_are_said_to_be_so(screens: Screens) -> None:
    view = screens.house.issued(approval())
    found = view["documents"][0]
    path = f"/documents/{found['document_id']}/revoke"
    body = {"kind": "revoked", "reason": "测试", "organ": "磐安县市场监督管理局", "decision_no": "磐撤1号"}
    page = screens.page(phone=True)
    for scopes, state, words in (
        (("validity",), "suspended", "正在冻结核查"),
        (("validity", "read"), "revoked", "已经不再有效"),
    ):
        assert screens.house.call("POST", path, *scopes, json=body).status_code == 200
        page.goto("about:blank")
        page.goto(f"{screens.base}/v#{found['token']}")
        page.wait_for_selector(VERDICT)
        assert page.get_attribute("#finding", "data-status") == state
        assert words in page.inner_text("#finding")


def test_a_denial_is_said_to_be_none(screens: Screens) -> None:
    refusal = document(
        kind="decision", title="不予行政许可决定书",
        fields={"申请人": "周小满", "办理事项": "食品经营许可", "决定内容": "不予许可。", "理由": "不符合规定条件。",
                "依据": "行政许可法第三十八条", "复议机关": "磐安县人民政府", "诉讼法院": "磐安县人民法院"},
    )  # fmt: skip
    view = screens.house.issued(approval(decision="denied", documents=[refusal]))
    found = view["documents"][0]
    if found["token"] is None:
        assert (
            found["state"] == "blocked"
        )  # its template wants other fields; the sheet's words are tested elsewhere
        return
    page = screens.page(phone=True)
    page.goto(f"{screens.base}/v#{found['token']}")
    page.wait_for_selector(VERDICT)
    assert "这是不予许可决定书，不是许可证" in page.inner_text("#finding")


def test_typed_pasted_and_foreign(screens: Screens) -> None:
    found = screens.house.issued(approval())["documents"][0]
    page = screens.page(phone=True)
    page.goto(f"{screens.base}/v")
    page.fill("#code", " ".join(re.findall("....", found["document_id"].lower())))
    page.click("#by-code button[type=submit]")
    page.wait_for_selector('#finding[data-status="valid"]')
    page.fill("#code", f"https://chaxun.example/v#{found['token']}")
    page.press("#code", "Enter")
    expect(page.locator("#finding")).to_contain_text("chaxun.example")
    assert "不是本中心的网址" in page.inner_text("#finding")


def test_without_webcrypto_the_server_is_asked(screens: Screens) -> None:
    found = screens.house.issued(approval())["documents"][0]
    page = screens.page(phone=True)
    page.add_init_script("Object.defineProperty(window.crypto, 'subtle', {value: undefined})")
    page.goto(f"{screens.base}/v#{found['token']}")
    page.wait_for_selector('#finding[data-status="valid"]')
    assert "不能自己验算签名" in page.inner_text("#finding")


def test_without_javascript_the_form_works(screens: Screens) -> None:
    found = screens.house.issued(approval())["documents"][0]
    page = screens.page(phone=True, javascript=False)
    page.goto(f"{screens.base}/v")
    page.fill("#code", found["document_id"])
    page.click("#by-code button[type=submit]")
    assert "现在有效" in page.inner_text("#finding")


# -- pack check --------------------------------------------------------------------------------------------------------
def test_pack_check_moves_on_and_holds(screens: Screens) -> None:
    papers = [document(), document(title="准予行政许可决定书", kind="decision", number="磐许〔2026〕1号")]
    mine = screens.house.issued(approval(documents=papers))
    other = screens.house.issued(
        approval(delivery={"method": "express", "recipient": recipient(name="王大山", phone="19000000777")})
    )
    label = mine["consignments"][0]["waybill_no"]
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/pack")
    page.focus("#restart")
    scan(page, mine["documents"][0]["token"])
    expect(page.locator(".hold")).to_contain_text("先扫信封上的面单")
    scan(page, label)
    page.keyboard.press("Enter")
    expect(page.locator(".hold")).to_be_visible()  # a scanner answers nothing
    page.wait_for_timeout(600)
    page.click(".hold button")
    scan(page, label)
    expect(page.locator("#stage")).to_contain_text("面单已认出")
    scan(page, f"{screens.base}/v#{mine['documents'][0]['token']}")
    expect(page.locator("#stage")).to_contain_text("1/2，还缺：")
    scan(page, other["documents"][0]["token"])
    expect(page.locator(".hold")).to_contain_text("不属于这个信封")
    page.wait_for_timeout(600)
    page.keyboard.press("Escape")
    scan(page, mine["documents"][1]["document_id"], delay=SLOW_KEYS)
    expect(page.locator("#stage")).to_contain_text("装齐了")
    assert screens.house.view(mine["acceptance_no"])["consignments"][0]["state"] == "packed"


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("ＥＡ１２３４５６７８９ＺＺ", "EA123456789ZZ"),
        ("]C0EA123456789ZZ\r\n", "EA123456789ZZ"),
        ("http：、、zd。example、c#01AB", "http://zd.example/c#01AB"),
        ("EA123456789ZZEA123456789ZZ", "EA123456789ZZ"),
        ("\u200bEA 1234 5678 9 ZZ\ufeff", "EA123456789ZZ"),
        ("1212121212", "1212121212"),
    ],
)
def test_what_scanners_make_of_a_code(screens: Screens, heard: str, meant: str) -> None:
    page = screens.page()
    page.goto(f"{screens.base}/v")
    assert page.evaluate("text => Zhengda.scan.clean(text)", heard) == meant


def test_keys_as_firmware_and_input_methods_send_them(screens: Screens) -> None:
    """Caps Lock on, a Chinese input method active, Alt on every key, key repeat: the same code all the same."""
    page = screens.page()
    page.goto(f"{screens.base}/v")
    page.evaluate(
        """() => { window.heard = []; Zhengda.scan.listen(text => window.heard.push(text)); document.body.focus(); }"""
    )
    send = """({text, mode}) => {
      const pressed = [];
      for (const letter of [...text, "Enter"]) {
        const single = letter.length === 1, upper = single && letter >= "A" && letter <= "Z";
        const code = !single ? "Enter" : /[A-Z]/i.test(letter) ? "Key" + letter.toUpperCase() : "Digit" + letter;
        let key = letter;
        if (mode === "caps" && code[0] === "K") { key = upper ? letter.toLowerCase() : letter.toUpperCase(); }
        if (mode === "ime" && single) { key = "Process"; }
        const more = {key, code, bubbles: true, cancelable: true, shiftKey: upper, altKey: mode === "alt"};
        pressed.push(new KeyboardEvent("keydown", {...more, modifierCapsLock: mode === "caps"}));
        if (mode === "repeat") { pressed.push(new KeyboardEvent("keydown", {...more, repeat: true})); }
      }
      pressed.forEach(event => document.body.dispatchEvent(event));
    }"""
    for mode, text in (
        ("caps", "EA123456789ZZ"),
        ("ime", "ZD0000000000018"),
        ("alt", "ZD0000000000026"),
        ("repeat", "EA987654321ZZ"),
    ):
        page.evaluate(send, {"text": text, "mode": mode})
    assert page.evaluate("window.heard") == [
        "EA123456789ZZ",
        "ZD0000000000018",
        "ZD0000000000026",
        "EA987654321ZZ",
    ]


# -- the courier -------------------------------------------------------------------------------------------------------
def test_nothing_scanned_without_a_network_is_lost(screens: Screens) -> None:
    view = screens.house.issued(approval(delivery={"method": "door", "recipient": recipient()}))
    envelope = view["consignments"][0]
    screens.house.call(
        "POST",
        "/pack-checks",
        "issue",
        json={"label": envelope["waybill_no"], "paper": view["documents"][0]["document_id"]},
    )
    page = screens.signed_in("courier", phone=True)
    page.wait_for_selector("[data-ready]")
    scan(page, envelope["waybill_no"])
    page.wait_for_selector("#sent .chip.ok")
    state = lambda: screens.house.view(view["acceptance_no"])["consignments"][0]["state"]  # noqa: E731
    assert state() == "handed_over"
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()
    page.wait_for_selector("[data-ready]")
    page.context.set_offline(True)
    page.reload()  # the page itself comes from the phone
    page.wait_for_selector("[data-ready]")
    page.click("[data-mode=deliver]")
    scan(page, f"{screens.base}/c#{envelope['id']}")
    page.wait_for_timeout(500)
    page.click(".sheet button:has-text('本人')")
    page.fill("#signer-name", "周小满")
    page.click(".sheet button[type=submit]")
    expect(page.locator("#net")).to_contain_text("1 件存在手机里")
    page.reload()
    page.wait_for_selector("[data-ready]")
    expect(page.locator("#net")).to_contain_text("1 件存在手机里")
    assert state() == "handed_over"
    page.context.set_offline(False)
    expect(page.locator("#net")).to_be_hidden(timeout=40_000)
    assert state() == "delivered"
    assert page.locator("#sent .chip.ok").count() == 2


def test_a_foreign_code_is_held_up(screens: Screens) -> None:
    page = screens.signed_in("courier", phone=True)
    page.wait_for_selector("[data-ready]")
    scan(page, "ZD9999999999995")
    expect(page.locator(".hold")).to_contain_text("不是本中心的码")


def test_who_could_not_deliver_says_why(screens: Screens) -> None:
    view = screens.house.issued(approval(delivery={"method": "door", "recipient": recipient()}))
    envelope = view["consignments"][0]
    screens.house.call(
        "POST",
        "/pack-checks",
        "issue",
        json={"label": envelope["waybill_no"], "paper": view["documents"][0]["document_id"]},
    )
    page = screens.signed_in("courier", phone=True)
    page.wait_for_selector("[data-ready]")
    scan(page, envelope["waybill_no"])
    page.wait_for_selector("#sent .chip.ok")
    page.wait_for_timeout(1000)
    page.click("[data-mode=attempt_failed]")
    scan(page, envelope["waybill_no"])
    page.wait_for_timeout(500)
    page.click(".sheet button:has-text('家里没人')")
    expect(page.locator("#sent .chip.ok")).to_have_count(3)
    assert screens.house.view(view["acceptance_no"])["consignments"][0]["state"] == "attempt_failed"


# -- the window --------------------------------------------------------------------------------------------------------
def test_the_window_by_keyboard(screens: Screens) -> None:
    cases = [approval() for _ in range(3)]
    for case in cases:
        screens.house.call("POST", "/cases", "cases", json=case)
    page = screens.signed_in("clerk")
    page.wait_for_selector("tr.here")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_have_text("已选 1 件")
    page.wait_for_timeout(300)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.check("input[data-every]")
    expect(page.locator("[data-chosen]")).to_have_text("已选 3 件")
    page.click(".bar button[type=submit]")
    expect(page.locator("#progress")).to_contain_text("共 3 件")
    screens.house.work()
    expect(page.locator("#progress")).to_contain_text("已出件 3 件")
    page.goto(f"{screens.base}/window?state=issued")
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    page.wait_for_url("**/window/cases/*")


@pytest.mark.parametrize("path", ["/", "/track", "/verify", "/guide", "/open", "/c", "/login"])
def test_public_pages_fit_a_phone(screens: Screens, path: str) -> None:
    page = screens.page(phone=True)
    page.goto(f"{screens.base}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert float(page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) >= 18
