"""Every page for everybody who may open it, and every form of the rooms once in the right way and once in the wrong."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatch.web import words
from tests.factories import approval, document, recipient
from tests.webhouse import PASSWORD, House, open_house

pytestmark = pytest.mark.functional

SECRET_LINK = re.compile(r"/m/([A-Z2-7]{26})")
ROLES = ("clerk", "courier", "agent", "department", "supervisor", "observer", "admin")
#: page → roles that may open it; everybody else is refused
STAFF_PAGES = {
    "/window": {"clerk", "department", "supervisor", "observer"},
    "/window?state=issued": {"clerk", "department", "supervisor", "observer"},
    "/window/find?q=19000000123": {"clerk", "department", "supervisor", "observer"},
    "/window/labels": {"clerk", "supervisor"},
    "/window/pack": {"clerk", "supervisor"},
    "/window/handover": {"clerk", "supervisor"},
    "/window/counter": {"clerk", "supervisor"},
    "/window/worklist": {"clerk", "supervisor"},
    "/window/more": {"clerk", "supervisor"},
    "/window/card.pdf": {"clerk", "supervisor"},
    "/window/paper": {"clerk", "supervisor"},
    "/window/register.pdf": {"clerk", "supervisor"},
    "/window/imports": {"clerk", "department"},
    "/window/imports/template": {"clerk", "department"},
    "/window/entry": {"clerk", "department"},
    "/window/waybills.xlsx": {"clerk", "supervisor"},
    "/courier": {"courier", "agent", "clerk", "supervisor"},
    "/courier/today.json": {"courier", "agent", "clerk", "supervisor"},
    "/point": {"agent", "clerk", "supervisor"},
    "/supervise": {"supervisor", "department"},
    "/admin": {"admin"},
    "/people/password": set(ROLES),
}
PUBLIC_PAGES = ("/", "/track", "/c", "/v", "/verify", "/open", "/guide", "/login", "/sw.js")


class Crew:
    """A house and one browser per role, each with its CSRF token."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tokens: dict[str, str] = {}
        self.browsers: dict[str, FlaskClient] = {}

    def of(self, role: str, name: str = "") -> FlaskClient:
        name = name or role
        if name not in self.browsers:
            self.browsers[name], self.tokens[name] = self.house.browser(
                name, role, "" if role == "admin" else "33"
            )
        return self.browsers[name]

    def post(
        self, who: str, path: str, form: dict[str, Any] | None = None, *, name: str = "", **more: Any
    ) -> TestResponse:
        """A form sent by somebody of the role ``who``, with his token; the page that comes of it."""
        browser = self.of(who, name)
        data = (form or {}) | more | {"csrf_token": self.tokens[name or who]}
        return browser.post(path, data=data, follow_redirects=True)


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    return Crew(open_house(tmp_path))


class Markup(HTMLParser):
    """What a strict content policy would stop, and labels that are missing."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.labels: set[str] = set()
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.stopped += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.stopped.append(tag)
        if tag == "label":
            self.depth += 1
            self.labels.add(given.get("for") or "")
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            if not self.depth:
                self.inputs.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.depth -= 1

    def unlabelled(self) -> list[dict[str, str | None]]:
        return [one for one in self.inputs if one.get("id") not in self.labels and not one.get("aria-label")]


def read(html: str) -> Markup:
    markup = Markup()
    markup.feed(html)
    return markup


# -- who sees what -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_need_nobody(crew: Crew, path: str) -> None:
    found = crew.house.client.get(path)
    assert found.status_code == 200
    if path == "/sw.js":
        assert found.mimetype == "text/javascript" and b"fetch" in found.data
        found.close()
    else:
        markup = read(found.text)
        assert markup.stopped == []
        assert markup.unlabelled() == []
        assert "演示样本 不具法律效力" in found.text
        assert "{{" not in found.text and "None" not in found.text


@pytest.mark.parametrize("role", ROLES)
def test_staff_pages_by_role(crew: Crew, role: str) -> None:
    crew.house.issued(approval())
    crew.house.call("POST", "/cases", "cases", json=approval())
    browser = crew.of(role)
    for path, allowed in STAFF_PAGES.items():
        found = browser.get(path)
        assert found.status_code == (200 if role in allowed else 403), (path, found.status_code)
        if found.mimetype == "text/html":
            markup = read(found.text)
            assert markup.stopped == [], path
            assert markup.unlabelled() == [], path
            assert "built-in method" not in found.text, path


@pytest.mark.parametrize("path", [p for p in STAFF_PAGES if not p.endswith("json")])
def test_strangers_are_sent_to_the_door(crew: Crew, path: str) -> None:
    found = crew.house.client.get(path)
    assert found.status_code == 302
    assert found.headers["Location"].startswith("/login?next=")


def test_pages_outside_the_scanner_run_no_wasm(crew: Crew) -> None:
    clerk = crew.of("clerk")
    assert "wasm" not in clerk.get("/window").headers["Content-Security-Policy"]
    assert "'wasm-unsafe-eval'" in clerk.get("/window/pack").headers["Content-Security-Policy"]
    for page in ("/window", "/window/pack"):
        assert "'unsafe-inline'" not in clerk.get(page).headers["Content-Security-Policy"]


def test_pages_stay_small(crew: Crew) -> None:
    """Style and scripts of any page but the scanner's own stay under 100 kB."""
    for path, browser in (
        ("/window", crew.of("clerk")),
        ("/courier", crew.of("courier")),
        ("/v", crew.house.client),
    ):
        html = browser.get(path).text
        parts = re.findall(r'(?:src|href)="(/static/[^"#]+\.(?:js|css))"', html)
        size = len(html) + sum(weight(browser, part) for part in parts)
        assert parts and size < 100_000, (path, size)


def weight(browser: FlaskClient, path: str) -> int:
    """How many bytes a static file is."""
    found = browser.get(path)
    size = len(found.data)
    found.close()
    return size


# -- logging in --------------------------------------------------------------------------------------------------------
def test_log_in_and_out(crew: Crew) -> None:
    crew.of("clerk")
    fresh = crew.house.app.test_client()
    wrong = fresh.post("/login", data={"name": "clerk", "password": "wrong-password"})
    assert wrong.status_code == 403 and "用户名或密码不对" in wrong.text and 'value="clerk"' in wrong.text
    right = fresh.post("/login", data={"name": "clerk", "password": PASSWORD, "next": "/window/pack"})
    assert right.headers["Location"] == "/window/pack"
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    token = re.search(r'name="csrf-token" content="([^"]+)"', fresh.get("/window").text)
    assert token
    assert fresh.post("/logout", data={"csrf_token": token[1]}).status_code == 303
    assert fresh.get("/window").status_code == 302


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_log_in_sends_nobody_elsewhere(crew: Crew, target: str) -> None:
    crew.of("clerk")
    sent = crew.house.app.test_client().post(
        "/login", data={"name": "clerk", "password": PASSWORD, "next": target}
    )
    assert sent.headers["Location"] == "/window"


@pytest.mark.parametrize(
    ("role", "home"),
    [("clerk", "/window"), ("courier", "/courier"), ("agent", "/point"), ("admin", "/admin")],
)
def test_everybody_begins_in_his_own_room(crew: Crew, role: str, home: str) -> None:
    crew.of(role)
    sent = crew.house.app.test_client().post("/login", data={"name": role, "password": PASSWORD})
    assert sent.headers["Location"] == home


def test_changing_ones_own_password(crew: Crew) -> None:
    new = "brown-teapot-77-lamps"
    wrong = crew.post("clerk", "/people/password", old="not-the-old-one", password=new, again=new)
    assert wrong.status_code == 403
    differs = crew.post("clerk", "/people/password", old=PASSWORD, password=new, again=new + "x")
    assert differs.status_code == 422 and "两次输入" in differs.text
    done = crew.post("clerk", "/people/password", old=PASSWORD, password=new, again=new)
    assert done.status_code == 200 and done.request.path == "/window"
    login = crew.house.app.test_client().post("/login", data={"name": "clerk", "password": PASSWORD})
    assert login.status_code == 403


def test_forms_want_the_token(crew: Crew) -> None:
    case = approval()
    crew.house.call("POST", "/cases", "cases", json=case)
    refused = crew.of("clerk").post("/window/issue", data={"acceptance_no": case["acceptance_no"]})
    assert refused.status_code == 403
    assert crew.house.view(case["acceptance_no"])["state"] == "ready"


# -- the window --------------------------------------------------------------------------------------------------------
def test_issue_one_case_and_see_it_through(crew: Crew) -> None:
    case = approval()
    crew.house.call("POST", "/cases", "cases", json=case)
    assert case["acceptance_no"] in crew.of("clerk").get("/window").text
    page = crew.post("clerk", "/window/issue", acceptance_no=case["acceptance_no"], back="case")
    assert "已出件，正在制证" in page.text
    crew.house.work()
    page = crew.of("clerk").get(f"/window/cases/{case['acceptance_no']}")
    assert words.CONSIGNMENT["labelled"].text in page.text
    assert "看文件" in page.text and "周小满" not in page.text and "周**" in page.text


def test_many_are_issued_behind_the_page(crew: Crew) -> None:
    cases = [approval(), approval(), approval()]
    for case in cases:
        crew.house.call("POST", "/cases", "cases", json=case)
    held = cases[2]["acceptance_no"]
    crew.post("clerk", f"/window/cases/{held}/holds", reason="名称要更正")
    clerk, numbers = crew.of("clerk"), [case["acceptance_no"] for case in cases]
    begun = clerk.post(
        "/window/issue.json", json={"acceptance_nos": numbers}, headers={"X-CSRF-Token": crew.tokens["clerk"]}
    )
    assert begun.status_code == 200
    address = f"/window/batches/{begun.get_json()['batch']}"
    assert clerk.get(address).get_json()["done"] == 0
    crew.house.work()
    told = clerk.get(address).get_json()
    assert (told["total"], told["done"], told["issued"]) == (3, 3, 2)
    assert told["refused"][0]["acceptance_no"] == held
    assert crew.of("clerk", "other").get(address).status_code == 404


@pytest.mark.parametrize("body", [{}, [], {"acceptance_nos": "x"}, {"acceptance_nos": [1]}])
def test_malformed_batches_are_refused(crew: Crew, body: object) -> None:
    crew.of("clerk")
    answer = crew.of("clerk").post(
        "/window/issue.json", json=body, headers={"X-CSRF-Token": crew.tokens["clerk"]}
    )
    assert answer.status_code == 422


def test_hold_lift_cancel(crew: Crew) -> None:
    case = approval()
    no = case["acceptance_no"]
    crew.house.call("POST", "/cases", "cases", json=case)
    page = crew.post("clerk", f"/window/cases/{no}/holds", reason="申请人来电说名称写错")
    assert "暂缓出件：申请人来电说名称写错" in page.text
    refused = crew.post("clerk", "/window/issue", acceptance_no=no, back="case")
    assert crew.house.view(no)["state"] == "ready" and "notice bad" in refused.text
    hold_id = crew.house.view(no)["holds"][0]["id"]
    told = crew.post("clerk", f"/window/cases/{no}/holds/{hold_id}/lift", done="部门已更正名称")
    assert "已解除这条暂缓" in told.text and crew.house.view(no)["holds"] == []
    assert "notice bad" in crew.post("clerk", f"/window/cases/{no}/cancel", reason=" ").text
    assert "办件已取消" in crew.post("clerk", f"/window/cases/{no}/cancel", reason="申请人撤回").text
    assert crew.house.view(no)["state"] == "cancelled"


def test_a_look_at_persons_is_asked_for_and_recorded(crew: Crew) -> None:
    case = approval()
    no = case["acceptance_no"]
    crew.house.call("POST", "/cases", "cases", json=case)
    address = f"/window/cases/{no}"
    assert case["applicant"]["id_no"] not in crew.of("clerk").get(address).text
    shown = crew.post("clerk", f"{address}/show").text
    assert case["applicant"]["id_no"] in shown and "本次查看已记录" in shown
    assert "case_revealed" in {event["type"] for event in crew.house.view(no)["events"]}
    assert crew.of("observer").get(f"{address}/show").status_code == 405
    assert crew.post("observer", f"{address}/show").status_code == 403


def test_another_delivery_keeps_what_was_typed(crew: Crew) -> None:
    case = approval()
    no = case["acceptance_no"]
    crew.house.issued(case)
    wrong = crew.post("clerk", f"/window/cases/{no}/delivery", {
        "method": "express", "name": "王大山", "phone": "12", "division_code": "330727",
        "region": "浙江省 金华市 磐安县", "address": "新城路5号",
    })  # fmt: skip
    assert wrong.status_code == 422 and 'value="王大山"' in wrong.text and 'value="新城路5号"' in wrong.text
    right = crew.post("clerk", f"/window/cases/{no}/delivery", method="counter")
    assert "送法已改" in right.text
    crew.house.work()
    assert crew.house.view(no)["consignments"][-1]["method"] == "counter"


def test_search_goes_straight_to_the_only_case(crew: Crew) -> None:
    case = approval()
    view = crew.house.issued(case)
    clerk, address = crew.of("clerk"), f"/window/cases/{case['acceptance_no']}"
    envelope = view["consignments"][0]
    paper = view["documents"][0]
    codes = [f"http://127.0.0.1:8000/v#{paper['token']}", f"http://127.0.0.1:8000/c#{envelope['id']}"]
    for text in (case["acceptance_no"], envelope["waybill_no"], paper["document_id"], *codes):
        sent = clerk.get("/window/find", query_string={"q": text}).headers.get("Location", "")
        assert sent.partition("#")[0] == address, text
    nothing = clerk.get("/window/find", query_string={"q": "<script>alert(1)</script>"})
    assert nothing.status_code == 200 and "没有找到" in nothing.text and "<script>alert" not in nothing.text


def test_another_office_is_not_there(crew: Crew) -> None:
    case = approval()
    crew.house.call("POST", "/cases", "cases", json=case)
    browser, token = crew.house.browser("far", "clerk", "44")
    no = case["acceptance_no"]
    assert browser.get(f"/window/cases/{no}").status_code == 404
    assert no not in browser.get("/window").text
    assert browser.post("/window/issue", data={"acceptance_no": no, "csrf_token": token}).status_code in (
        303,
        404,
    )
    assert crew.house.view(no)["state"] == "ready"


def test_receipt_and_private_page(crew: Crew) -> None:
    case = approval()
    no = case["acceptance_no"]
    crew.house.issued(case)
    receipt = crew.of("clerk").get(f"/window/cases/{no}/receipt")
    assert receipt.mimetype == "application/pdf" and receipt.data.startswith(b"%PDF")
    messages = crew.of("clerk").get(f"/window/cases/{no}?messages=1").text
    link = SECRET_LINK.search(messages)
    assert link
    page = crew.house.client.get(f"/m/{link[1]}")
    assert page.status_code == 200
    assert "谁可以签收" in page.text and "要带什么" in page.text and "岭外村" in page.text
    assert "周小满" not in page.text and "19000000123" not in page.text
    assert page.headers["Cache-Control"] == "no-store" and "noindex" in page.headers["X-Robots-Tag"]
    assert crew.house.client.get("/m/AAAAAAAAAAAAAAAAAAAAAAAAAA").status_code == 404


# -- envelopes ---------------------------------------------------------------------------------------------------------
def packed(crew: Crew, **changes: object) -> dict[str, object]:
    """An issued case whose one envelope is closed."""
    view = crew.house.issued(approval(**changes))
    envelope = view["consignments"][0]
    for one in view["documents"]:
        answer = crew.house.call(
            "POST",
            "/pack-checks",
            "issue",
            json={"label": envelope["waybill_no"], "paper": one["document_id"]},
        )
        assert answer.status_code == 200, answer.text
    return crew.house.view(view["acceptance_no"])


def test_labels_as_one_pdf(crew: Crew) -> None:
    envelopes = [crew.house.issued(approval())["consignments"][0] for _ in range(2)]
    page = crew.of("clerk").get("/window/labels").text
    assert "2 张面单可以打印" in page
    made = crew.post(
        "clerk", "/window/labels.pdf", consignment_id=[one["id"] for one in envelopes], size="100x150"
    )
    assert made.mimetype == "application/pdf" and made.data.startswith(b"%PDF")
    assert crew.post("clerk", "/window/labels.pdf", size="100x150").status_code == 409


def test_papers_are_printed_once_and_again_for_a_reason(crew: Crew) -> None:
    views = [crew.house.issued(approval()) for _ in range(2)]
    envelopes = [view["consignments"][0]["id"] for view in views]
    page = crew.post("clerk", "/window/papers", consignment_id=envelopes)
    batch = page.request.path
    assert "2 份证件，打完请点结果" in page.text and "放 A4 纸 2 张。" in page.text
    assert crew.of("clerk").get(f"{batch}.pdf").data.startswith(b"%PDF")
    bad = views[0]["documents"][0]["document_id"]
    told = crew.post("clerk", f"{batch}/confirm", spoiled=[bad])
    assert "打坏 1 份" in told.text and "还有 1 份要重印" in told.text
    second = crew.post("clerk", "/window/papers", consignment_id=envelopes)
    assert second.status_code == 409 and "为什么要再打" in second.text
    alone = crew.post("clerk", "/window/papers/again", consignment_id=envelopes, reason="卡纸，已撕毁")
    assert alone.status_code == 409 and "第二个人在场" in alone.text
    assert crew.post("clerk", "/window/papers").status_code == 422
    assert crew.house.browser("far", "clerk", "44")[0].get(batch).status_code == 404


def test_an_original_of_the_department_and_its_own_number(crew: Crew) -> None:
    theirs = document(kind="certificate", title="食品经营许可证", source="import", number="JY1", fields={})
    view = crew.house.issued(approval(documents=[theirs]))
    no, paper = view["acceptance_no"], view["documents"][0]
    assert "等部门的电子原件" in crew.of("clerk").get("/window/worklist").text
    address = f"/window/documents/{paper['document_id']}"
    assert "上传部门盖过章的文件" in crew.of("clerk").get(f"/window/cases/{no}").text
    assert "notice bad" in crew.post("clerk", f"{address}/file", acceptance_no=no).text
    sealed = (io.BytesIO(b"%PDF-1.4 the department's own"), "原件.pdf")
    assert "部门的文件已收下" in crew.post("clerk", f"{address}/file", acceptance_no=no, file=sealed).text
    crew.house.work()
    assert crew.house.view(no)["documents"][0]["state"] == "valid"
    assert "已登记" in crew.post("clerk", f"{address}/code", acceptance_no=no, code="NO.3307 0001234").text
    envelope = crew.house.view(no)["consignments"][0]
    asked = {"label": envelope["waybill_no"], "paper": "no.33070001234"}
    matched = crew.house.call("POST", "/pack-checks", "issue", json=asked)
    assert matched.status_code == 200 and matched.get_json()["outcome"] == "matched"


def test_hand_over_list_and_signature(crew: Crew) -> None:
    view = packed(crew)
    envelope = view["consignments"][0]
    assert "1 个信封装好了" in crew.of("clerk").get("/window/handover").text
    page = crew.post(
        "clerk", "/window/manifests", carrier=envelope["carrier"], consignment_id=[envelope["id"]]
    )
    made = re.search(r"/window/manifests/([A-Z2-7]{26})\.pdf", page.text)
    assert made
    assert crew.of("clerk").get(f"/window/manifests/{made[1]}.pdf").data.startswith(b"%PDF")
    assert "notice bad" in crew.post("clerk", f"/window/manifests/{made[1]}/signed", signed_by=" ").text
    assert (
        "已记下签字" in crew.post("clerk", f"/window/manifests/{made[1]}/signed", signed_by="揽投员老张").text
    )
    assert crew.house.view(view["acceptance_no"])["consignments"][0]["state"] == "handed_over"


def test_opening_a_closed_envelope_wants_a_reason(crew: Crew) -> None:
    view = packed(crew)
    address = f"/window/consignments/{view['consignments'][0]['id']}/unpack"
    assert "notice bad" in crew.post("clerk", address, acceptance_no=view["acceptance_no"], reason=" ").text
    crew.post("clerk", address, acceptance_no=view["acceptance_no"], reason="少装了一份")
    assert crew.house.view(view["acceptance_no"])["consignments"][0]["state"] == "labelled"
    assert crew.post("clerk", address.replace("unpack", "burn")).status_code == 404


def test_collected_at_the_counter(crew: Crew) -> None:
    case = approval(delivery={"method": "counter"})
    view = crew.house.issued(case)
    envelope = view["consignments"][0]
    assert "1 件等人来取" in crew.of("clerk").get("/window/counter").text
    assert crew.of("clerk").get(f"/window/counter/{envelope['id']}/slip.pdf").data.startswith(b"%PDF")
    refused = crew.post("clerk", f"/window/counter/{envelope['id']}", {"who": "", "name": ""})
    assert "notice bad" in refused.text
    came = {
        "who": "self",
        "name": "周小满",
        "shown": "本人的身份证原件",
        "id_tail": case["applicant"]["id_no"][-4:],
    }
    done = crew.post("clerk", f"/window/counter/{envelope['id']}", came)
    assert "交到手里" in done.text
    assert crew.house.view(view["acceptance_no"])["consignments"][0]["state"] == "delivered"


def test_courier_sees_an_address_only_with_the_envelope_in_hand(crew: Crew) -> None:
    view = packed(crew, delivery={"method": "door", "recipient": recipient()})
    courier = crew.of("courier")
    before = courier.get("/courier/today.json").get_json()["items"]
    assert len(before) == 1 and "周小满" not in str(before) and "岭外村" not in str(before)
    scan = {
        "scan_id": "s-1",
        "code": view["consignments"][0]["waybill_no"],
        "action": "hand_over",
        "occurred_at": "2026-11-20T09:00:00+08:00",
    }
    sent = courier.post("/api/v1/scans", json={"sent_at": "2026-11-20T09:00:00+08:00", "scans": [scan]},
                        headers={"X-CSRF-Token": crew.tokens["courier"]})  # fmt: skip
    assert sent.get_json()["results"][0]["outcome"] == "accepted"
    after = courier.get("/courier/today.json").get_json()["items"][0]
    assert after["name"] == "周小满" and "岭外村2组21号" in after["address"]
    assert "周小满" not in str(crew.of("courier", "second").get("/courier/today.json").get_json())


def test_pick_up_point_takes_in_and_hands_out(crew: Crew) -> None:
    view = packed(crew, delivery={"method": "point", "point": "岭外村便民服务点", "recipient": recipient()})
    envelope = view["consignments"][0]
    moment = "2026-11-20T09:00:00+08:00"
    taken = {"scan_id": "h-1", "code": envelope["waybill_no"], "action": "hand_over", "occurred_at": moment}
    crew.house.call("POST", "/scans", "scans", json={"sent_at": moment, "scans": [taken]})
    assert "收到了，通知村民来领" in crew.of("agent").get("/point").text
    assert "领走了" in crew.post("agent", f"/point/{envelope['id']}", act="ready_for_collection").text
    done = crew.post(
        "agent", f"/point/{envelope['id']}", {"act": "deliver", "kind": "self", "name": "周小满"}
    )
    assert "已记下" in done.text
    assert crew.house.view(view["acceptance_no"])["consignments"][0]["state"] == "delivered"
    assert "岭外村便民服务点" in crew.of("supervisor").get("/supervise").text


def test_stuck_documents_are_shown_with_the_reason_and_tried_again(crew: Crew) -> None:
    broken = document(fields={"申请人": "周小满", "决定内容": "\U000e0001无字之字\u0378"})
    case = approval(documents=[broken])
    crew.house.call("POST", "/cases", "cases", json=case)
    taken = crew.house.call("POST", f"/cases/{case['acceptance_no']}/issue", "issue")
    crew.house.work()
    page = crew.of("clerk").get("/window/worklist").text
    if taken.status_code == 202:
        assert case["acceptance_no"] in page and "再试一次" in page
        retry = re.search(r'action="(/window/documents/[A-Z2-7]{16}/retry)"', page)
        assert retry
        assert "正在重新制证" in crew.post("clerk", retry[1]).text
    else:
        assert taken.status_code == 404  # such text does not even enter the house


# -- entry -------------------------------------------------------------------------------------------------------------
FORM = {
    "acceptance_no": "330727202611019900001",
    "item_code": "T-1",
    "item_name": "企业名称预先核准",
    "promised": "5",
    "department": "磐安县市场监督管理局",
    "division": "330727",
    "accepted_at": "2026-11-02T09:00",
    "decided_at": "2026-11-06T09:00",
    "decision": "approved",
    "type": "person",
    "applicant": "周小满",
    "id_type": "passport",
    "id_no": "E12345678",
    "phone": "19000000123",
    "title": "企业名称预先核准通知书",
    "kind": "notice",
    "fields": "申请人：周小满\n办理事项：企业名称预先核准\n决定内容: 准予办理。",
    "method": "counter",
}


def test_a_case_by_hand_is_issued_by_somebody_else(crew: Crew) -> None:
    page = crew.post("clerk", "/window/entry", **FORM)
    assert "要由另一位同事出件" in page.text
    refused = crew.post("clerk", "/window/issue", acceptance_no=FORM["acceptance_no"], back="case")
    assert crew.house.view(FORM["acceptance_no"])["state"] == "ready" and "notice bad" in refused.text
    crew.post("clerk", "/window/issue", name="colleague", acceptance_no=FORM["acceptance_no"])
    assert crew.house.view(FORM["acceptance_no"])["state"] == "issued"


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "12"), ("division", "999999"), ("promised", "many"), ("decided_at", "x"), ("title", "")],
)
def test_faults_stand_beside_what_was_typed(crew: Crew, field: str, value: str) -> None:
    page = crew.post("clerk", "/window/entry", **(FORM | {field: value}))
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert 'value="E12345678"' in page.text


def test_import_looks_first_and_stores_then(crew: Crew) -> None:
    good, bad = (
        approval(),
        approval(
            applicant={"type": "person", "name": "周", "id_type": "resident_id", "id_no": "1", "phone": "1"}
        ),
    )
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in (good, bad)).encode()

    def send():
        return crew.post("clerk", "/window/imports", file=(io.BytesIO(lines), "办件.jsonl"))

    looked = send()
    assert "只是试读" in looked.text and "新办件 1 件" in looked.text and "有问题 1 件" in looked.text
    assert crew.house.call("GET", f"/cases/{good['acceptance_no']}", "read").status_code == 404
    taken = crew.post("clerk", f"{looked.request.path}/start", act="take", as_before="1")
    assert "已导入" in taken.text
    assert crew.house.view(good["acceptance_no"])["state"] == "ready"
    assert "收过的 1 件" in send().text


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.csv", b""), ("a.xlsx", b"PK\x03\x04broken"), ("a.csv", b"\xff\xfe\x00")],
)
def test_files_that_are_none(crew: Crew, name: str, content: bytes) -> None:
    page = crew.post("clerk", "/window/imports", file=(io.BytesIO(content), name))
    assert page.status_code == 422 and "notice bad" in page.text
    assert crew.post("clerk", "/window/imports").status_code == 422


# -- supervision and administration ------------------------------------------------------------------------------------
def test_ending_a_document_takes_two(crew: Crew) -> None:
    view = crew.house.issued(approval())
    document_id = view["documents"][0]["document_id"]
    address = f"/supervise/documents/{document_id}"
    assert (
        crew.of("supervisor").get("/supervise/find", query_string={"q": document_id}).headers["Location"]
        == address
    )
    asked = crew.post(
        "supervisor",
        f"{address}/revoke",
        kind="revoked",
        reason="提供虚假材料",
        organ="磐安县市场监督管理局",
        decision_no="磐撤1号",
    )
    assert "等另一位同事确认" in asked.text
    assert crew.house.view(view["acceptance_no"])["documents"][0]["state"] == "suspended"
    alone = crew.post("supervisor", f"{address}/confirm")
    assert "要由另一位同事确认" in alone.text
    assert "提供虚假材料" in crew.of("department").get("/supervise").text
    crew.post("department", f"{address}/confirm")
    assert crew.house.view(view["acceptance_no"])["documents"][0]["state"] == "revoked"
    again = crew.post("department", f"{address}/confirm")
    assert "没有等着确认" in again.text


def test_freezing_and_restoring(crew: Crew) -> None:
    view = crew.house.issued(approval())
    address = f"/supervise/documents/{view['documents'][0]['document_id']}"
    assert "notice bad" in crew.post("supervisor", f"{address}/suspend", reason="").text
    crew.post("supervisor", f"{address}/suspend", reason="有人举报")
    assert (
        "正在冻结核查"
        in crew.house.client.post("/verify", data={"code": view["documents"][0]["document_id"]}).text
    )
    crew.post("supervisor", f"{address}/reinstate", reason="查无此事")
    assert crew.house.view(view["acceptance_no"])["documents"][0]["state"] == "suspended"
    crew.post("department", f"{address}/confirm")
    assert crew.house.view(view["acceptance_no"])["documents"][0]["state"] == "valid"


def test_administration_gives_badges(crew: Crew) -> None:
    crew.post("admin", "/admin/users", {"name": "工牌人", "role": "clerk", "office": "33"})
    card = crew.post("admin", "/admin/users/工牌人/badge.pdf")
    assert card.mimetype == "application/pdf" and card.data.startswith(b"%PDF")
    assert "有工牌" in crew.of("admin").get("/admin").text
    assert crew.post("admin", "/admin/users/没有这人/badge.pdf").status_code == 404
    told = crew.post("admin", "/admin/users/工牌人/badge", code="CARD-0001")
    assert "工牌人 的工牌登记好了" in told.text
    assert "工牌码应为" in crew.post("admin", "/admin/users/工牌人/badge", code="短").text
    assert "已登记给 工牌人" in crew.post("admin", "/admin/users/admin/badge", code="CARD-0001").text
    assert "注销了" in crew.post("admin", "/admin/users/工牌人/badge", code="").text
    assert crew.post("clerk", "/admin/users/工牌人/badge", code="CARD-0002").status_code == 403


def test_administration_shows_secrets_once(crew: Crew) -> None:
    made = crew.post("admin", "/admin/users", {"name": "新来的", "role": "clerk", "office": "3307"})
    secret = re.search(r'id="secret">([^<]+)<', made.text)
    assert secret and secret[1] not in crew.of("admin").get("/admin").text
    fresh = crew.house.app.test_client()
    assert fresh.post("/login", data={"name": "新来的", "password": secret[1]}).status_code == 303
    assert (
        "已有名为"
        in crew.post("admin", "/admin/users", {"name": "新来的", "role": "clerk", "office": ""}).text
    )
    crew.post("admin", "/admin/users/新来的/disable")
    assert fresh.get("/window").status_code == 302
    key = re.search(
        r'id="secret">(zd_[^<]+)<',
        crew.post("admin", "/admin/keys", {"name": "平台", "scope": ["cases", "read"]}).text,
    )
    assert key
    headers = {"Authorization": f"Bearer {key[1]}"}
    assert crew.house.client.get("/api/v1/cases", headers=headers).status_code == 200
    crew.post("admin", "/admin/keys/平台/revoke")
    assert crew.house.client.get("/api/v1/cases", headers=headers).status_code == 401
    assert crew.post("admin", "/admin/keys", {"name": "无权"}).status_code == 422


# -- the public --------------------------------------------------------------------------------------------------------
def test_tracking_says_state_and_next_step_only(crew: Crew) -> None:
    case = approval()
    crew.house.issued(case)
    page = crew.house.client.post(
        "/track", data={"acceptance_no": case["acceptance_no"], "phone_tail": "0123"}
    )
    assert page.status_code == 200 and "面单已就绪" in page.text
    for hidden in ("周小满", "岭外村", "19000000123", "企业名称预先核准"):
        assert hidden not in page.text
    wrong = crew.house.client.post(
        "/track", data={"acceptance_no": case["acceptance_no"], "phone_tail": "9999"}
    )
    absent = crew.house.client.post(
        "/track", data={"acceptance_no": "330000000000000000000", "phone_tail": "9999"}
    )
    assert wrong.status_code == absent.status_code == 404
    assert wrong.text.replace(case["acceptance_no"], "") == absent.text.replace("330000000000000000000", "")


def test_verification_without_javascript(crew: Crew) -> None:
    view = crew.house.issued(approval())
    token = view["documents"][0]["token"]
    page = crew.house.client.post("/verify", data={"code": f"http://127.0.0.1:8000/v#{token}"}).text
    lead, sign, compare = (
        page.index(part) for part in ("核验过程如下", "文件是真的，现在有效", "逐项对一对")
    )
    assert lead < sign < compare
    assert "verdict ok" not in page  # a sample carries no green sign
    forged = token[:-20] + ("A" if token[-20] != "A" else "B") + token[-19:]
    assert "核验不通过" in crew.house.client.post("/verify", data={"code": forged}).text
    for junk in ("随便写的", "AAAAAAAAAAAAAAAA", "HELLO"):
        page = crew.house.client.post("/verify", data={"code": junk}).text.partition("再核验一份")[0]
        assert "核验不通过" not in page and "不等于" in page
    assert crew.house.client.post("/verify", data={"code": ""}).status_code == 422
    assert crew.house.client.post("/verify", data={"code": "A" * 3000}).status_code in (413, 422)


def test_what_is_not_there_is_said_plainly(crew: Crew) -> None:
    page = crew.house.client.get("/nothing/here")
    assert page.status_code == 404 and "没有找到这一页" in page.text and "tel:" in page.text
