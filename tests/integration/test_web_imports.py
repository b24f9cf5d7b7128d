"""The import page says what a clerk can do next."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.excel_day import build_day_file
from tests.integration.test_imports import FIXED, THEIRS, row, table
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def upload(browser: FlaskClient, token: str, name: str, data: bytes) -> str:
    """Address of the file's page."""
    form = {"csrf_token": token, "file": (io.BytesIO(data), name)}
    answer = browser.post("/window/imports", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def take(browser: FlaskClient, token: str, address: str) -> str:
    form = {"csrf_token": token, "as_before": "1", "act": "take"}
    assert browser.post(f"{address}/start", data=form).status_code == 303
    return browser.get(address).text


def test_a_file_that_was_taken_is_not_offered_again(house: House, tmp_path: Path) -> None:
    browser, token = house.browser("甲", "clerk")
    path = tmp_path / "办件.xlsx"
    build_day_file(path, good=4)
    address = upload(browser, token, path.name, path.read_bytes())
    tried = browser.get(address).text
    assert "其他的可以先导入" in tried and "正式导入 4 件" in tried
    assert "已导入。 新办件 4 件" in take(browser, token, address)
    again = browser.get(upload(browser, token, path.name, path.read_bytes())).text
    assert "收过的 4 件" in again and "没有可以导入的新办件" in again
    assert "其他的可以先导入" not in again and not re.search(r"正式导入 \d", again)


def test_a_file_without_anything_new_says_so(house: House) -> None:
    browser, token = house.browser("甲", "clerk")
    data = table(row(1), row(2))
    address = upload(browser, token, "浙里办.csv", data)
    matched = {f"to-{place}": to for place, to in enumerate(THEIRS.values())}
    fixed = {f"fix-{name}": text for name, text in FIXED.items()}
    form = {"csrf_token": token, "act": "take", "platform": "浙里办导出", **matched, **fixed}
    assert browser.post(f"{address}/start", data=form).status_code == 303
    assert "全部收下了" in browser.get(address).text
    again = browser.get(upload(browser, token, "浙里办.csv", data)).text
    assert "认出是“浙里办导出”" in again and "这些件以前都收过了" in again and "可以正式导入" not in again
    assert "收下 2 件" in browser.get("/window/imports").text
    assert browser.get("/window/imports/table").status_code == 200


def test_a_large_file_is_counted_to_its_end(house: House) -> None:
    browser, token = house.browser("甲", "clerk")
    address = upload(browser, token, "很多.csv", table(*(row(serial) for serial in range(1, 3_202))))
    assert "3000 行以上" in browser.get(address).text
    matched = {f"to-{place}": to for place, to in enumerate(THEIRS.values())}
    form = {
        "csrf_token": token,
        "act": "try",
        **matched,
        **{f"fix-{name}": text for name, text in FIXED.items()},
    }
    assert browser.post(f"{address}/start", data=form).status_code == 303
    assert "正在读文件" in browser.get(address).text
    house.work()
    tried = browser.get(address).text
    assert "3201 件" in tried and "3000 行以上" not in tried
    assert "新办件 3201 件" in tried
