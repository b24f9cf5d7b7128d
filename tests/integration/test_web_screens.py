"""The shared screen over the wire: lock and switch as pages and for scripts, and forms that came too late."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dispatch import badges, people
from dispatch.rights import CLI
from tests.factories import approval
from tests.webhouse import PASSWORD, House, open_house

pytestmark = pytest.mark.integration

PIN = "528041"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')
_KEPT = re.compile(r'name="kept" value="([^"]+)"')


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def _clerk(house: House, name: str = "窗口甲", pin: str = PIN) -> tuple[FlaskClient, str]:
    browser, token = house.browser(name, "clerk")
    badges.set_own_pin(house.services, people.actor_of(house.services, name), PASSWORD, pin)
    return browser, token


def _json(browser: FlaskClient, path: str, **body: str):
    token = browser.get("/people/session.json").get_json()["csrf"]
    return browser.post(path, json=body, headers={"X-CSRF-Token": token})


def test_the_session_tells_only_its_own_browser(house: House) -> None:
    browser, token = _clerk(house)
    told = browser.get("/people/session.json").get_json()
    assert (
        told["state"] == "open"
        and told["user"] == "窗口甲"
        and told["csrf"] == token
        and told["idle_left"] > 1700
    )
    stranger = house.client.get("/people/session.json").get_json()
    assert stranger == {"state": "over", "user": "", "csrf": "", "idle_left": 0}


def test_lock_and_unlock_without_a_script(house: House) -> None:
    browser, token = _clerk(house)
    sent = browser.post("/people/lock", data={"csrf_token": token, "next": "/window/pack"})
    assert sent.status_code == 303 and sent.headers["Location"] == "/login?next=/window/pack"
    door = browser.get("/login?next=/window/pack").text
    assert "窗口甲 的屏幕锁着" in door
    assert browser.get("/window").status_code == 302
    assert browser.get("/api/v1/cases").status_code == 401
    wrong = browser.post("/people/unlock", data={"secret": "000000", "next": "/window/pack"})
    assert wrong.status_code == 403 and "对不上" in wrong.text and "窗口甲 的屏幕锁着" in wrong.text
    right = browser.post("/people/unlock", data={"secret": PIN, "next": "/window/pack"})
    assert right.headers["Location"] == "/window/pack" and browser.get("/window/pack").status_code == 200


def test_lock_and_unlock_by_script(house: House) -> None:
    browser, token = _clerk(house)
    assert _json(browser, "/people/lock.json").get_json() == {"state": "locked"}
    assert browser.get("/people/session.json").get_json()["state"] == "locked"
    assert browser.post("/people/unlock.json", json={"secret": "1"}).status_code == 403
    assert browser.post("/people/unlock.json", json=["x"]).status_code == 403
    told = browser.post("/people/unlock.json", json={"secret": PIN})
    body = told.get_json()
    assert body["user"] == "窗口甲" and body["role"] == "窗口人员" and body["csrf"] != token
    assert "HttpOnly" in told.headers["Set-Cookie"]
    assert browser.get("/window").status_code == 200


def test_a_foreign_site_unlocks_and_switches_nothing(house: House) -> None:
    browser, token = _clerk(house)
    for path in ("/people/unlock.json", "/people/unlock", "/people/switch.json", "/people/lock"):
        answer = browser.post(
            path, json={"secret": PIN}, headers={"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403, path
    assert browser.post("/people/switch.json", json={"who": "窗口甲", "secret": PIN}).status_code == 403


def test_a_colleague_takes_over_the_screen(house: House) -> None:
    browser, token = _clerk(house)
    _clerk(house, "窗口乙", "730294")
    wrong = browser.post(
        "/people/switch", data={"csrf_token": token, "who": "窗口乙", "secret": "111222", "next": "/window"}
    )
    assert wrong.status_code == 403 and "对不上" in wrong.text
    sent = browser.post(
        "/people/switch",
        data={"csrf_token": token, "who": "窗口乙", "secret": "730294", "next": "/window/pack"},
    )
    assert sent.status_code == 303 and sent.headers["Location"] == "/window/pack"
    assert "<b data-actor>窗口乙</b>" in browser.get("/window").text
    told = _json(browser, "/people/switch.json", who="窗口甲", secret=PIN).get_json()
    assert told["user"] == "窗口甲"


def test_a_form_that_came_too_late_is_sent_after_the_log_in(house: House) -> None:
    browser, token = _clerk(house)
    case = approval()
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    path = f"/window/cases/{case['acceptance_no']}/holds"
    people.set_password(house.services, CLI, "窗口甲", PASSWORD)  # ends every session
    late = browser.post(path, data={"csrf_token": token, "reason": "申请人来电：名称写错"})
    assert late.status_code == 401 and "没有丢" in late.text
    kept = _KEPT.search(late.text)
    assert kept and "名称写错" not in late.text  # nobody's particulars on a screen nobody is logged in to
    wrong = browser.post("/login", data={"name": "窗口甲", "password": "wrong-password", "kept": kept[1]})
    assert wrong.status_code == 403 and _KEPT.search(wrong.text)
    page = browser.post("/login", data={"name": "窗口甲", "password": PASSWORD, "kept": kept[1]})
    assert page.status_code == 200 and f'action="{path}"' in page.text and "申请人来电：名称写错" in page.text
    fresh = _TOKEN.search(page.text)
    assert fresh and fresh[1] != token
    done = browser.post(path, data={"csrf_token": fresh[1], "reason": "申请人来电：名称写错"})
    assert done.status_code == 303 and house.view(case["acceptance_no"])["holds"]


@pytest.mark.parametrize("kept", ["", "x", "AAAA", "%00", "中文", "A" * 400])
def test_invented_kept_forms_are_nothing(house: House, kept: str) -> None:
    _clerk(house)
    sent = house.app.test_client().post("/login", data={"name": "窗口甲", "password": PASSWORD, "kept": kept})
    assert sent.status_code == 303 and sent.headers["Location"] == "/window"


def test_a_page_of_an_older_session_goes_on_under_the_present_one(house: House) -> None:
    browser, _ = _clerk(house)
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    form = {"csrf_token": "of-an-older-session", "acceptance_no": case["acceptance_no"]}
    own = browser.post("/window/issue", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 403 and "接着交" in own.text and case["acceptance_no"] in own.text
    untold = browser.post("/window/issue", data=form)
    assert untold.status_code == 403 and "接着交" not in untold.text
    assert house.view(case["acceptance_no"])["state"] == "ready"


def test_files_are_said_to_be_lost(house: House) -> None:
    late = house.client.post("/window/imports", data={"file": (io.BytesIO(b"x"), "a.csv"), "note": "x"})
    assert late.status_code == 401 and "重新选" in late.text


def test_ones_own_pin(house: House) -> None:
    browser, token = house.browser("窗口甲", "clerk")
    assert "还没有设" in browser.get("/people/pin").text
    form = {"csrf_token": token, "password": PASSWORD, "pin": PIN, "again": PIN}
    for changed, words in (
        ({"again": "528042"}, "不一样"), ({"pin": "123456", "again": "123456"}, "连号"),
        ({"password": "wrong-password"}, "密码不对"),
    ):  # fmt: skip
        answer = browser.post("/people/pin", data=form | changed)
        assert answer.status_code in (403, 422) and words in answer.text
        assert PIN not in answer.text and PASSWORD not in answer.text
    assert browser.post("/people/pin", data=form).status_code == 303
    assert "设过了" in browser.get("/people/pin").text
