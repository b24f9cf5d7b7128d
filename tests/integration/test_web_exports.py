"""Files that leave by the browser and the command line: who may have them, what they are called, what is refused."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from dispatch.__main__ import main
from dispatch.calendar import local_date
from tests.factories import approval
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path)


def today(house: House) -> str:
    return local_date(house.services.clock.now()).isoformat()


# -- the return file ---------------------------------------------------------------------------------------------------
def test_the_file_of_a_day_under_its_own_day_in_every_form(house: House) -> None:
    case = approval()
    view = house.issued(case)
    waybill = view["consignments"][0]["waybill_no"]
    browser, _ = house.browser("甲", "clerk")
    day = today(house)
    for form, suffix, encoding in (
        ("csv", "csv", "utf-8-sig"), ("csv-gbk", "csv", "gb18030"), ("jsonl", "jsonl", "utf-8"),
    ):  # fmt: skip
        made = browser.get(f"/window/exports/returnfile?from={day}&as={form}")
        assert made.status_code == 200
        assert f"回传文件-{day.replace('-', '')}.{suffix}" in unquote(made.headers["Content-Disposition"])
        text = made.data.decode(encoding)
        assert case["acceptance_no"] in text and waybill in text and "已出件" in text
    book = load_workbook(io.BytesIO(browser.get(f"/window/exports/returnfile?from={day}").data))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][:2] == ("统一受理号", "事项编码")
    assert rows[1][0] == case["acceptance_no"] and len(rows) == 2


def test_the_page_shows_what_the_file_will_hold(house: House) -> None:
    case = approval()
    house.issued(case)
    browser, _ = house.browser("甲", "clerk")
    day = today(house)
    page = browser.get(f"/window/exports?from={day}").text
    assert "1 份证件有变化" in page and "今天还没有过完" in page and case["acceptance_no"][-7:] in page
    assert "周小满" not in page
    assert "这一天没有变化" in browser.get("/window/exports").text  # yesterday
    assert "/window/exports" in browser.get("/window/more").text


@pytest.mark.parametrize(
    "asked", ["from=2026-11-31", "from=昨天", "from=2026-11-02&to=2026-11-01", "from=2999-01-01"]
)
def test_a_wrong_day_is_told_on_the_page(house: House, asked: str) -> None:
    browser, _ = house.browser("甲", "clerk")
    page = browser.get(f"/window/exports?{asked}")
    assert page.status_code == 422 and "处要改" in page.text
    assert browser.get(f"/window/exports/returnfile?{asked}").status_code == 422


def test_who_may_have_the_return_file(house: House) -> None:
    house.issued(approval())
    day = today(house)
    address = f"/window/exports/returnfile?from={day}&as=jsonl"
    for role in ("courier", "agent", "admin"):
        assert house.browser(role, role)[0].get(address).status_code == 403, role
    for role in ("supervisor", "department", "observer"):
        assert house.browser(role, role)[0].get(address).data.count(b"\n") == 1, role
    assert house.browser("elsewhere", "clerk", "44")[0].get(address).data == b""
    assert house.app.test_client().get(address).status_code == 302


# -- the command -------------------------------------------------------------------------------------------------------
def run(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """One command on this house's folder, in this process; its code and everything it said."""
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(house.services.settings.data_dir))
    with pytest.raises(SystemExit) as end:
        main.main(list(words), prog_name="dispatch")
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out + said.err


def test_the_command_writes_the_same_file_as_the_page(
    house: House, tmp_path: Path, monkeypatch, capsys
) -> None:
    house.issued(approval())
    browser, _ = house.browser("甲", "clerk")
    day = today(house)
    out = tmp_path / "回传.csv"
    code, said = run(house, monkeypatch, capsys, "returnfile", day, "--out", str(out), "--format", "csv-gbk")
    assert (code, "共 1 行" in said) == (0, True)
    assert out.read_bytes() == browser.get(f"/window/exports/returnfile?from={day}&as=csv-gbk").data
    assert [one.name for one in tmp_path.glob(".回传*")] == []
    run(house, monkeypatch, capsys, "returnfile", day, "--out", str(tmp_path / "a.xlsx"))
    assert (tmp_path / "a.xlsx").read_bytes() == browser.get(f"/window/exports/returnfile?from={day}").data


def test_the_command_refuses_in_one_line_and_leaves_no_file(
    house: House, tmp_path: Path, monkeypatch, capsys
) -> None:
    day = local_date(house.services.clock.now())
    tomorrow = (day + timedelta(days=1)).isoformat()
    for words in (
        (tomorrow, "--out", str(tmp_path / "x.csv")),
        ("25/11/2026", "--out", str(tmp_path / "x.csv")),
        (day.isoformat(), "--out", str(tmp_path / "x.pdf")),
        (day.isoformat(), "--out", str(tmp_path / "nowhere" / "x.csv")),
        (day.isoformat(), "--out", str(tmp_path / "x.csv"), "--as", "无此人"),
        (day.isoformat(),),
    ):
        code, said = run(house, monkeypatch, capsys, "returnfile", *words)
        assert code != 0 and len(said.strip().splitlines()) == 1, words
        assert any("\u4e00" <= ch <= "\u9fff" for ch in said)
    assert list(tmp_path.glob("x.*")) == []
