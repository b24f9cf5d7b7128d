"""Files in and out by the browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dispatch.calendar import local_date
from tests.factories import approval, document
from tests.functional.browsing import shoot
from tests.functional.screens import Screens, served

pytestmark = pytest.mark.functional


@pytest.fixture
def screens(tmp_path: Path, browser) -> Iterator[Screens]:
    with served(tmp_path) as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
        assert made.faults == []


def test_the_return_file_is_looked_at_and_taken(screens: Screens, shots: Path, tmp_path: Path) -> None:
    for serial in range(4):
        house, more = screens.house, {"number": f"浙政务寄〔2026〕第{serial:06d}号"}
        house.issued(approval(documents=[document(copy="正本", **more), document(copy="副本", **more)]))
    page = screens.signed_in("clerk")
    page.goto(f"{screens.base}/window/more")
    page.get_by_role("link", name="回传文件").click()
    expect(page.locator("h1")).to_have_text("给受理平台的回传文件")
    expect(page.locator("main")).to_contain_text("这一天没有变化")
    shoot(page, shots, "returnfile-empty")
    day = local_date(screens.house.services.clock.now())
    page.get_by_label("从哪天").fill((day - timedelta(days=2)).isoformat())
    page.get_by_label("到哪天").fill(day.isoformat())
    page.get_by_role("button", name="看看有哪些").click()
    expect(page.locator("main")).to_contain_text("8 份证件有变化")
    shoot(page, shots, "returnfile")
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV（GBK）").click()
    assert taken.value.suggested_filename.startswith("回传文件-")
    assert taken.value.path().read_bytes().decode("gb18030").count("已出件") == 8
