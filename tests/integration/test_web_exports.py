"""Files that leave by the browser and the command line: who may have them, what they are called, what is refused."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import structlog
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from dispatch.__main__ import main
from dispatch.calendar import local_date
from dispatch.consignments.codes import label_text
from dispatch.consignments.manifest import make_manifest
from dispatch.consignments.pack import pack_check
from dispatch.rights import Role
from dispatch.web.access import Rule, rule_of
from tests.factories import CLERK, approval, document, recipient
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


# -- every list ----------------------------------------------------------------------------------------------------------
#: page → the files of what it lists; where a page shows a list, whoever may look may take it away
LISTS: dict[str, tuple[str, ...]] = {
    "/window": ("/window/export",),
    "/window/find": ("/window/export",),
    "/window/cases/<no>": ("/window/cases/<no>/export",),
    "/window/holds": ("/window/holds/export",),
    "/window/proof": ("/window/proof/export",),
    "/window/seals": ("/window/seals/export",),
    "/window/seals/uses": ("/window/seals/uses/export",),
    "/window/seals/waiting": ("/window/seals/waiting/export",),
    "/window/seals/<seal_id>": ("/window/seals/uses/export",),
    "/window/imports": ("/window/imports/table",),
    "/window/imports/<run_id>": ("/window/imports/<run_id>/refused",),
    "/window/labels": ("/window/labels/export",),
    "/window/handover": ("/window/handover/export", "/window/manifests/export"),
    "/window/manifests/<manifest_id>": ("/window/manifests/<manifest_id>/export",),
    "/window/worklist": ("/window/worklist/export",),
    "/window/papers/<batch_id>": ("/window/papers/<batch_id>/export",),
    "/window/prints": ("/window/prints/export",),
    "/window/prints/ledger": ("/window/prints/ledger/export",),
    "/window/void-numbers": ("/window/void-numbers/table",),
    "/window/exports": ("/window/exports/returnfile",),
    "/window/waybills": ("/window/waybills.xlsx",),
    "/window/service": ("/window/service/table",),
    "/window/counter": ("/window/counter/table",),
    "/window/internal": ("/window/internal/table", "/window/internal/lists/table"),
    "/window/internal/<handover_id>": ("/window/internal/<handover_id>/table",),
    "/window/shift": ("/window/shift/table",),
    "/window/shift/<shift_id>": ("/window/shift/<shift_id>/table",),
    "/window/red": ("/window/red/table",),
    "/window/paper": ("/window/paper/table",),
    "/window/paper/<sheet_id>": ("/window/paper/<sheet_id>/table",),
    "/window/payers": ("/window/payers/export",),
    "/window/stock": ("/window/stock/receipts/export",),
    "/window/stock/forms": ("/window/stock/forms/export",),
    "/window/stock/count": ("/window/stock/counts/export",),
    "/supervise": ("/supervise/export", "/supervise/points/export", "/window/seals/export"),
    "/admin": ("/admin/<what>/export",),
}
#: pages that list nothing to take away, and why
NO_LIST = {
    "/window/cases/<no>/receipt": "one sheet",
    "/window/proof/<document_id>": "one paper beside its case",
    "/window/cases/<no>/correct": "a form",
    "/window/seals/new": "a form",
    "/window/entry": "a form",
    "/window/pack": "one envelope at a time",
    "/window/forms": "numbers of one day's refusals, which the file of service holds with more",
    "/window/attach": "pictures that wait to be told apart",
    "/window/attach/<part_id>/look": "one picture",
    "/window/attachments/<attachment_id>": "one picture",
    "/window/manifests/<manifest_id>/sign": "one list on its way to being signed, with its own page",
    "/window/sign/<secret>": "one list on its way to being signed, with its own page",
    "/window/printers": "a test page",
    "/window/cases/<no>/service": "one case",
    "/window/counter/<consignment_id>": "one envelope",
    "/window/more": "doors",
    "/courier": "whole addresses on the phone of who delivers; the office has the hand-over list as a file",
    "/point": "whole names on the phone of a village agent; the office has the hand-over list as a file",
    "/people/password": "a form",
    "/people/pin": "a form",
    "/people/switch": "a form",
    "/supervise/find": "a way to one document",
    "/supervise/documents/<document_id>": "one document",
}
#: answers that are no pages: files, pictures, what scripts ask for
_NO_PAGE = re.compile(
    r"\.(pdf|png|jpg|json|xlsx|js)$|/(export|table|template|returnfile|refused)$|^/window/(batches/|head$)"
)
#: templates with a table that is filled in or looked at once
TABLES_ONLY = {
    "window/correct.html", "window/reprint.html",
    "window/exports.html", "window/import.html", "window/waybills.html",  # with links of their own
}  # fmt: skip
_TABLE_LINK = re.compile(r'href="([^"]+as=xlsx)"')


def _pages(house: House) -> dict[str, Rule]:
    """Pages of staff, by their address."""
    found = {}
    for rule in house.app.url_map.iter_rules():
        asked = rule_of(house.app.view_functions[rule.endpoint])
        if "GET" in (rule.methods or ()) and asked and asked.kind in ("role", "signed_in"):
            found[rule.rule] = asked
    return found


def test_every_page_is_known_to_list_something_or_not(house: House) -> None:
    """A new page with a list says here where its file is; one without says why there is none."""
    pages = _pages(house)
    assert {page for page in pages if not _NO_PAGE.search(page)} == set(LISTS) | set(NO_LIST)
    for page, files in LISTS.items():
        for file in files:
            assert pages[file].roles >= pages[page].roles, (page, file)


def test_every_template_with_a_table_offers_its_file() -> None:
    folder = Path(__file__).resolve().parents[2] / "templates"
    without = {
        path.relative_to(folder).as_posix()
        for room in ("window", "supervise", "admin")
        for path in folder.glob(f"{room}/**/*.html")
        if "<table" in path.read_text() and "{{ export_links(" not in path.read_text()
    }
    assert without == TABLES_ONLY


@pytest.mark.parametrize("role", ["clerk", "supervisor", "department", "observer", "admin"])
def test_whoever_sees_a_list_gets_its_file(house: House, role: str) -> None:
    no = _busy(house)
    browser, _ = house.browser("某", role, "" if role == "admin" else "33")
    mine = {page for page, rule in _pages(house).items() if Role(role) in rule.roles}
    told = 0
    for page in sorted(mine & set(LISTS)):
        address = page.replace("<no>", no)
        if "<" in address:
            continue
        shown = browser.get(address, follow_redirects=True)
        assert shown.status_code == 200, address
        for link in _links(shown.text):
            _rows(browser.get(link))
            told += 1
    assert told


def _links(page: str) -> list[str]:
    return [html.unescape(link) for link in _TABLE_LINK.findall(page)]


def _rows(answer: TestResponse) -> list[tuple[object, ...]]:
    assert answer.status_code == 200, answer.text
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    return list(sheet.iter_rows(values_only=True))


def _busy(house: House) -> str:
    """One case handed in and waiting, one issued, packed and on a list; the second one's number."""
    firm = {
        "type": "organization", "name": "=HYPERLINK(1)木业有限公司", "id_type": "uscc", "id_no": "91330727MA29P7KQ4Q",
        "contact": "周小满", "phone": "19000000123",
    }  # fmt: skip
    waiting = approval(applicant=firm)
    assert house.call("POST", "/cases", "cases", json=waiting).status_code == 201
    view = house.issued(approval())
    envelope = view["consignments"][0]["id"]
    label = label_text(house.services.settings.public_base_url, envelope)
    for one in view["documents"]:
        pack_check(house.services, CLERK, label, one["document_id"])
    make_manifest(house.services, CLERK, "range", all_packed=True)
    return str(view["acceptance_no"])


def test_what_the_lists_show_can_be_taken_away_masked(house: House) -> None:
    no = _busy(house)
    browser, _ = house.browser("甲", "clerk")
    found = {}
    for page in (
        "/window",
        "/window?state=issued",
        "/window/handover",
        f"/window/cases/{no}",
        "/window/labels",
    ):
        links = _links(browser.get(page).text)
        for link in links:
            found[link] = _rows(browser.get(link))
            csv_file = browser.get(link.replace("as=xlsx", "as=csv"))
            assert csv_file.data.startswith(b"\xef\xbb\xbf")
            assert not any(line.startswith(b"=") for line in csv_file.data.splitlines())
    assert {"/window/export?state=ready&as=xlsx", "/window/handover/export?as=xlsx", "/window/manifests/export?as=xlsx",
            f"/window/cases/{no}/export?as=xlsx"} <= set(found)  # fmt: skip
    assert found["/window/export?state=ready&as=xlsx"][1][3] == "=HYPERLINK(1)木业有限公司"
    (issued,) = found["/window/export?state=issued&as=xlsx"][1:]
    assert issued[0] == no and issued[3] == "周**"
    assert found["/window/handover/export?as=xlsx"][1][4] == no
    assert any("出件" in str(row[2]) for row in found[f"/window/cases/{no}/export?as=xlsx"])
    whole = str(found)
    assert not any(secret in whole for secret in ("周小满", "19000000123", "岭外村"))
    (manifest,) = found["/window/manifests/export?as=xlsx"][1:]
    page = browser.get("/window/handover").text
    address = re.search(r'href="(/window/manifests/[A-Z0-9]+)"', page)
    assert address and manifest[3] == 1
    items = _rows(browser.get(f"{address[1]}/export?as=xlsx"))
    assert (items[1][0], items[1][3]) == (1, "等交接")
    assert _links(browser.get(address[1]).text) == [f"{address[1]}/export?as=xlsx"]


def test_the_file_of_cases_has_the_filter_of_the_page_and_goes_to_its_end(house: House, monkeypatch) -> None:
    monkeypatch.setattr("dispatch.casefile.MAX_PAGE", 2)
    for _ in range(5):
        assert house.call("POST", "/cases", "cases", json=approval()).status_code == 201
    browser, _ = house.browser("甲", "clerk")
    assert len(_rows(browser.get("/window/export?state=ready"))) == 6
    assert len(_rows(browser.get("/window/export?state=issued"))) == 1
    assert len(_rows(browser.get("/window/export?q=周小满"))) == 6
    assert len(_rows(browser.get("/window/export?q=没有此人"))) == 1
    assert (
        house.call(
            "POST",
            "/cases",
            "cases",
            json=approval(department={"name": "县林业局", "division_code": "330727"}),
        ).status_code
        == 201
    )
    for asked, lines in (("department=县林业局", 1), ("method=counter", 0), ("mine=1", 6)):
        (link,) = _links(browser.get(f"/window?{asked}").text) or [f"/window/export?state=ready&{asked}"]
        assert len(_rows(browser.get(link))) == lines + 1, link
    assert browser.get("/window/export?state=nonsense").status_code == 422
    assert browser.get("/window/export?as=pdf").status_code == 422
    assert len(_rows(house.browser("乙", "clerk", "44")[0].get("/window/export?state=ready"))) == 1
    monkeypatch.setattr("dispatch.casefile.MAX_FILE", 4)
    assert browser.get("/window/export?state=ready").status_code == 422


def test_stuck_things_and_the_desks_of_others(house: House) -> None:
    case = approval(documents=[document(fields={"申请人": "\U0010ffff"})])
    assert house.issued(case)["documents"][0]["state"] == "blocked"
    point = approval(delivery={"method": "point", "point": "岩坑代办点", "recipient": recipient()})
    house.issued(point)
    clerk, _ = house.browser("甲", "clerk")
    (link,) = _links(clerk.get("/window/worklist").text)
    assert ("证件没有做成", case["acceptance_no"]) in {row[:2] for row in _rows(clerk.get(link))}
    chief, _ = house.browser("督", "supervisor")
    assert "/supervise/points/export?as=xlsx" in _links(chief.get("/supervise").text)
    assert _rows(chief.get("/supervise/points/export"))[1][0] == "岩坑代办点"
    assert _rows(chief.get("/supervise/export"))[0][0] == "证件（文书）"
    admin, _ = house.browser("管", "admin", "")
    links = _links(admin.get("/admin").text)
    assert links == [f"/admin/{what}/export?as=xlsx" for what in ("users", "keys", "ranges")]
    said = [_rows(admin.get(link)) for link in links]
    assert ("甲", "窗口人员", "33", "在用") in said[0]
    assert not any(key in str(said) for key in house.keys.values())
    assert admin.get("/admin/secrets/export").status_code == 404
    for path in ("/admin/users/export", "/supervise/export"):
        assert clerk.get(path).status_code == 403
    for path in ("/window/worklist/export", "/window/handover/export", "/window/export"):
        assert admin.get(path).status_code == 403


# -- the command -------------------------------------------------------------------------------------------------------
def run(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """One command on this house's folder, in this process; its code and everything it said."""
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(house.services.settings.data_dir))
    before = structlog.get_config()
    try:
        with pytest.raises(SystemExit) as end:
            main.main(list(words), prog_name="dispatch")
    finally:
        structlog.configure(
            **before
        )  # else what comes later in this process writes to a stream that is closed by then
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
