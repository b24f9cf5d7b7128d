"""Forms as a browser sends them: with the token that stands in the page, and not without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.factories import approval
from tests.webhouse import open_house

pytestmark = pytest.mark.integration

_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


def test_every_form_of_a_page_carries_the_token_of_its_session(tmp_path: Path) -> None:
    """Macros are imported without the page's context; the token must reach them all the same."""
    house = open_house(tmp_path)
    browser, token = house.browser("窗口甲", "clerk")
    case = approval()
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    for path in (
        "/window",
        f"/window/cases/{case['acceptance_no']}",
        "/window/entry",
        "/window/imports",
        "/people/password",
    ):
        found = _TOKEN.findall(browser.get(path).get_data(as_text=True))
        assert found and set(found) == {token}, path


def test_a_form_without_the_token_changes_nothing(tmp_path: Path) -> None:
    """A page kept open past the end of its session is told so."""
    house = open_house(tmp_path)
    browser, token = house.browser("窗口甲", "clerk")
    case = approval()
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    for given in ("", "x" * len(token)):
        answer = browser.post(
            "/window/issue", data={"acceptance_no": case["acceptance_no"], "csrf_token": given}
        )
        assert answer.status_code == 403
        assert house.view(case["acceptance_no"])["state"] == "ready"
