"""What the verification page says to whoever was handed a paper, for every kind of paper and every kind of fault.

Two things hold everywhere: a fault is never called a forgery, and what stands in the code stays on the device.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.functional.browsing import Eye, open_page, phone, shoot
from tests.functional.reading import forged
from tests.functional.service import Service

pytestmark = pytest.mark.functional

SAMPLES = {
    "valid": 20,
    "denial": 33,
    "sheet": 44,
    "sensitive": 34,
    "suspended": 23,
    "revoked": 24,
    "superseded": 28,
}
END = {
    "kind": "revoked",
    "reason": "核查发现申请材料不实",
    "organ": "县市场监督管理局",
    "decision_no": "景市监撤〔2026〕1号",
}
#: kind → (status, sentences that stand there, sentences that must not)
SAID: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "valid": ("valid", ("文件是真的，现在有效。", "逐项对一对"), ("不予许可", "核验不通过")),
    "denial": (
        "valid",
        ("这是不予许可决定书，不是许可证。", "决定书是真的"),
        ("文件是真的，现在有效。", "核验不通过"),
    ),
    "sheet": ("valid", ("这是出件随附单，不是证件本身。",), ("文件是真的，现在有效。", "核验不通过")),
    "sensitive": ("valid", ("涉及个人隐私",), ("核验不通过",)),
    "suspended": ("suspended", ("正在冻结核查",), ("核验不通过", "现在有效。")),
    "revoked": ("revoked", ("文件是真的，但已经不再有效。",), ("核验不通过", "现在有效。")),
    "superseded": ("superseded", ("已被新证件替换", "新的那一份，查验码是"), ("核验不通过", "现在有效。")),
}


@pytest.fixture(scope="module")
def papers(service: Service) -> dict[str, dict[str, Any]]:
    """A document of every kind, made and brought into its state over the API; with ``case``."""
    cases = dict(zip(SAMPLES, service.take_in(list(SAMPLES.values())), strict=True))
    for case in cases.values():
        answer = service.call("POST", f"/cases/{case['acceptance_no']}/issue", "window")
        assert answer.status_code in (200, 202), answer.text
    made = {
        kind: service.settled(case["acceptance_no"])["documents"][0] | {"case": case}
        for kind, case in cases.items()
    }
    new = cases["superseded"]["documents"][0]
    _ask(service, made["suspended"], "suspend", {"reason": "接到举报"}, "chief")
    for who in ("chief", "deputy"):
        _ask(service, made["revoked"], "revoke", END, who)
        _ask(service, made["superseded"], "supersede", {"reason": "地址写错", "document": new}, who)
    return made


def _ask(service: Service, paper: dict[str, Any], what: str, body: dict[str, Any], who: str) -> None:
    answer = service.call("POST", f"/documents/{paper['document_id']}/{what}", who, json=body)
    assert answer.status_code == 200, answer.text


def look(page: Page, code: str) -> str:
    """Open a code's address and wait for the answer; its status."""
    page.goto(f"/v#{code}")
    page.wait_for_selector("#finding[data-status]")
    return page.locator("#finding").get_attribute("data-status") or ""


@pytest.mark.parametrize("kind", SAID)
def test_what_the_page_says(
    kind: str, papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """By kind of paper: the words, and that only the id was sent."""
    status, there, absent = SAID[kind]
    with phone(browser, service) as (page, eye):
        assert look(page, papers[kind]["token"]) == status
        text = page.locator("main").inner_text()
        assert [words for words in there if words not in text] == []
        assert [words for words in absent if words in text] == []
        assert text.index("演示样本，不具法律效力；核验过程如下") < text.index(there[0])
        assert lines_of(page, "不具法律效力") == 1
        assert sent(eye) == [{"document_id": papers[kind]["document_id"]}]
        shoot(page, shots, f"verify-{kind}")
        eye.assert_quiet()


def lines_of(page: Page, words: str) -> int:
    """On how many lines these words of the headline stand: broken after 不 they would say the contrary."""
    lines: int = page.evaluate(
        """words => {
          const text = document.querySelector("#finding h1 span").firstChild, range = document.createRange();
          const from = text.data.indexOf(words);
          range.setStart(text, from);
          range.setEnd(text, from + words.length);
          return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size;
        }""",
        words,
    )
    return lines


def sent(eye: Eye) -> list[Any]:
    """What was posted to the verification API; nothing else may have been posted, and no address has the token."""
    posted = [request for request in eye.requests if request.method == "POST"]
    assert all(request.url.endswith("/api/v1/verify") for request in posted)
    return [json.loads(request.post_data or "null") for request in posted]


def test_a_sensitive_paper_keeps_its_secret(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser
) -> None:
    """Neither name nor number nor phone, on the page or in the answers behind it."""
    case = papers["sensitive"]["case"]
    with phone(browser, service) as (page, _):
        with page.expect_response("**/api/v1/verify") as answer:
            look(page, papers["sensitive"]["token"])
        told = page.locator("main").inner_text() + answer.value.text()
        for secret in (case["applicant"]["name"], case["applicant"]["id_no"], case["applicant"]["phone"]):
            assert secret not in told


def test_a_forgery_is_refused_and_shows_nothing_of_itself(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """A changed number: refused on the device, and what the forger wrote is not lent our page."""
    paper = papers["valid"]
    with phone(browser, service) as (page, eye):
        assert look(page, forged(paper["token"])) == "bad_signature"
        text = page.locator("main").inner_text()
        assert "核验不通过" in text
        assert paper["case"]["applicant"]["name"] not in text
        assert page.locator(".compare").count() == 0
        assert sent(eye) == []
        shoot(page, shots, "verify-forged")
        eye.assert_quiet()


@pytest.mark.parametrize(
    "code", ["HELLO", "A" * 240, "%E4%BD%A0%E5%A5%BD", "0" * 300, "<img src=x onerror=alert(1)>"]
)
def test_what_cannot_be_read_is_not_called_false(code: str, service: Service, browser: Browser) -> None:
    """Half a code, a strange code, no code."""
    with phone(browser, service) as (page, eye):
        assert look(page, code) in ("unreadable", "unsupported")
        text = page.locator("main").inner_text()
        assert "核验不通过" not in text
        assert "不等于" in text
        eye.assert_quiet()


def strange_key(token: str) -> str:
    raw = bytearray(base64.b32decode(token + "=" * (-len(token) % 8)))
    raw[1:3] = b"\xff\xfe"
    return base64.b32encode(bytes(raw)).decode().rstrip("=")


def test_an_unknown_key_is_no_forgery(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser
) -> None:
    """A key that is not on the list yet may be on it tomorrow."""
    with phone(browser, service) as (page, eye):
        assert look(page, strange_key(papers["valid"]["token"])) == "unknown_key"
        assert "核验不通过" not in page.locator("main").inner_text()
        assert sent(eye) == []
        eye.assert_quiet()


def test_without_the_server_it_says_that_it_cannot_tell(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """Everything but the page itself is out of reach: genuine and forged alike cannot be told."""
    for token in (papers["valid"]["token"], forged(papers["valid"]["token"])):
        with phone(browser, service, service_workers="block") as (page, _):
            for address in ("**/keys.json", "**/types.json", "**/api/**"):
                page.route(address, lambda route: route.abort())
            assert look(page, token) == "unavailable"
            text = page.locator("main").inner_text()
            assert "现在查不到，不等于是假的" in text
            assert "核验不通过" not in text
            assert papers["valid"]["case"]["applicant"]["name"] not in text
            shoot(page, shots, "verify-unreachable")


def test_with_known_keys_it_says_what_it_could_check(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """The state is out of reach, the keys were fetched: the signature is judged, the state is left open."""
    with phone(browser, service) as (page, _):
        page.route("**/api/v1/verify", lambda route: route.fulfill(status=503, body="{}"))
        assert look(page, papers["valid"]["token"]) == "unavailable"
        text = page.locator("main").inner_text()
        assert "现在查不到，不等于是假的" in text
        assert "二维码里的签名是对的" in text
        assert "现在有效。" not in text
        shoot(page, shots, "verify-state-unknown")
        page.unroute("**/api/v1/verify")
        page.get_by_role("button", name="再查一次").click()
        expect(page.locator("#finding")).to_have_attribute("data-status", "valid")


def test_without_webcrypto_the_server_is_asked_and_the_page_says_so(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """Old phones, and pages without https: the token goes to the server, with a word about it."""
    with phone(browser, service) as (page, eye):
        page.add_init_script("delete Crypto.prototype.subtle")
        assert look(page, papers["valid"]["token"]) == "valid"
        assert page.evaluate("crypto.subtle === undefined")
        assert "改由中心的服务器核验" in page.locator("main").inner_text()
        names = page.locator(".compare dt").all_inner_texts()
        assert len(names) == len(set(names))
        assert sent(eye) == [{"token": papers["valid"]["token"]}]
        shoot(page, shots, "verify-by-server")
        assert look_again(page, forged(papers["valid"]["token"])) == "bad_signature"
        eye.assert_quiet()


def look_again(page: Page, code: str) -> str:
    page.goto("about:blank")
    return look(page, code)


def test_the_printed_code_and_the_number_work_where_the_picture_is_gone(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, shots: Path
) -> None:
    """The 查验码 as printed in groups, lower case; and number with the last four of the id number."""
    paper = papers["valid"]
    with phone(browser, service) as (page, eye):
        page.goto("/verify")
        shoot(page, shots, "verify-ask")
        typed = " ".join(paper["document_id"][at : at + 4] for at in range(0, 16, 4)).lower()
        page.locator("#code").fill(typed)
        page.get_by_role("button", name="核验", exact=True).click()
        expect(page.locator("#finding")).to_have_attribute("data-status", "valid")
        text = page.locator("main").inner_text()
        assert "查到这份文件的登记，现在有效。" in text
        assert paper["number"] in text
        page.goto("/verify")
        page.get_by_text("二维码坏了？用编号和尾号查").click()
        page.locator("#document_no").fill(paper["number"])
        page.locator("#holder_tail").fill(paper["case"]["applicant"]["id_no"][-4:])
        page.get_by_role("button", name="查一查").click()
        expect(page.locator("#finding")).to_have_attribute("data-status", "valid")
        page.locator("#holder_tail").fill("0000")
        page.get_by_role("button", name="查一查").click()
        expect(page.locator("#finding")).to_have_attribute("data-status", "not_found")
        assert "不等于伪造" in page.locator("main").inner_text()
        eye.assert_quiet()


def test_a_file_is_compared_by_its_fingerprint_alone(
    papers: dict[str, dict[str, Any]], service: Service, browser: Browser, tmp_path: Path
) -> None:
    """The PDF never leaves the device; one byte more and it is not ours."""
    pdf = service.pdf(papers["valid"]["document_id"])
    with open_page(browser, service) as (page, eye):
        page.goto("/verify")
        page.get_by_text("手里是 PDF 文件？").click()
        for data, status in ((pdf, "valid"), (pdf + b"\n", "not_found")):
            file = tmp_path / f"{status}.pdf"
            file.write_bytes(data)
            page.locator("#pdf").set_input_files(file)
            expect(page.locator("#finding")).to_have_attribute("data-status", status)
            assert "核验不通过" not in page.locator("main").inner_text()
        assert all(set(body) == {"sha256"} and len(body["sha256"]) == 64 for body in sent(eye))
        eye.assert_quiet()


@pytest.fixture
def headers(service: Service) -> Callable[[str], Any]:
    """The headers of a page."""
    return lambda path: requests.get(service.base + path, timeout=10).headers


def test_the_page_allows_nothing_it_does_not_need(headers: Callable[[str], Any]) -> None:
    """Scripts, connections and forms of our own host only; nothing inline, nobody frames it, no address is passed on."""
    for path in ("/v", "/verify", "/track", "/login"):
        found = headers(path)
        rules = dict(
            part.strip().split(" ", 1)
            for part in found["Content-Security-Policy"].split(";")
            if " " in part.strip()
        )
        assert rules["default-src"] == "'none'"
        assert rules["connect-src"] == rules["form-action"] == "'self'"
        assert rules["script-src"] == ("'self' 'wasm-unsafe-eval'" if path in ("/v", "/verify") else "'self'")
        assert "unsafe-inline" not in found["Content-Security-Policy"]
        assert rules["frame-ancestors"] == "'none'"
        assert found["Referrer-Policy"] == "no-referrer"
        assert found["X-Content-Type-Options"] == "nosniff"
