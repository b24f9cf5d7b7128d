"""打印台账 and the other lists of printing: narrowed on the page, the same as a file, another office's left out."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from dispatch.errors import Invalid
from dispatch.printing.batches import PrintView, Reprint, start_print
from dispatch.printing.outcome import confirm_print, stopped_at
from dispatch.printing.sheets import OPEN, LedgerView, Wanted, ledger_rows
from dispatch.services import Services
from tests.factories import CLERK, COLLEAGUE, ELSEWHERE, approval, document
from tests.integration.conftest import MovingClock
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration

TODAY = date(2026, 11, 20)


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def batch(house: House, count: int) -> PrintView:
    made = house.issued(approval(documents=[document(copy=f"第{n}份") for n in range(1, count + 1)]))
    return start_print(house.services, CLERK, [d["document_id"] for d in made["documents"]])


def ledger(house: House, **wanted: object) -> LedgerView:
    return ledger_rows(house.services, CLERK, Wanted(**wanted))  # type: ignore[arg-type]


def sheets(view: LedgerView) -> list[str]:
    return [row["sheet"] for row in view.rows]


def test_every_sheet_is_a_line_with_what_became_of_it(house: House) -> None:
    first = batch(house, 4)
    stopped_at(house.services, CLERK, first.id, 4, [first.items[1]["document_id"]])
    alone = start_print(house.services, COLLEAGUE, [first.items[0]["document_id"]], Reprint("遗失"))
    with_two = start_print(
        house.services, CLERK, [first.items[2]["document_id"]],
        Reprint("墨色不清", (first.items[2]["sheet"],), COLLEAGUE),
    )  # fmt: skip
    view = ledger(house)
    assert (view.total, view.since, view.until) == (6, TODAY, TODAY)
    assert view.people == (CLERK.name, COLLEAGUE.name)
    assert {one.number for one in (first, alone, with_two)} == {row["number"] for row in view.rows}
    assert sheets(ledger(house, outcome="printed")) == [first.items[0]["sheet"]]
    assert sheets(ledger(house, outcome="spoiled")) == [first.items[1]["sheet"], first.items[2]["sheet"]]
    assert sheets(ledger(house, outcome="unprinted")) == [first.items[3]["sheet"]]
    assert len(ledger(house, outcome=OPEN).rows) == 2
    assert sheets(ledger(house, who=COLLEAGUE.name)) == sheets(ledger(house, flag="no_sheet"))
    assert sheets(ledger(house, flag="any")) == [alone.items[0]["sheet"]]
    assert ledger(house, flag="alone").rows == ()
    [second] = [row for row in view.rows if row["batch_id"] == with_two.id]
    told = (second["instead_of"], second["reason"], second["second"], second["flag"])
    assert told == (first.items[2]["sheet"], "墨色不清", COLLEAGUE.name, "")


def test_days_bound_the_list(house: House, clock: MovingClock) -> None:
    old = batch(house, 1)
    clock.advance(timedelta(days=2))
    new = batch(house, 1)
    assert sheets(ledger(house)) == [new.items[0]["sheet"]]
    assert sheets(ledger(house, since=TODAY, until=TODAY)) == [old.items[0]["sheet"]]
    assert len(ledger(house, since=TODAY).rows) == 2, "until today where no end is said"
    assert ledger(house, until=TODAY + timedelta(days=1)).rows == ()
    for since, until, code in (
        (TODAY, TODAY - timedelta(days=1), "order"),
        (TODAY - timedelta(days=400), None, "too_long"),
    ):
        with pytest.raises(Invalid) as refusal:
            ledger(house, since=since, until=until)
        assert refusal.value.faults[0].code == code


def test_another_office_sees_nothing_of_it(house: House) -> None:
    batch(house, 1)
    view = ledger_rows(house.services, ELSEWHERE, Wanted())
    assert (view.rows, view.total, view.people) == ((), 0, ())


def test_more_than_fits_is_counted(house: House) -> None:
    batch(house, 3)
    view = ledger_rows(house.services, CLERK, Wanted(), limit=2)
    assert (len(view.rows), view.total) == (2, 3)


# -- pages and files ---------------------------------------------------------------------------------------------------
@pytest.fixture
def clerk(house: House) -> FlaskClient:
    client, _ = house.browser("wang", "clerk")
    return client


def table(answer_bytes: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer_bytes.decode("utf-8-sig"))))


def test_the_ledger_as_page_and_as_file_say_the_same(house: House, clerk: FlaskClient) -> None:
    view = batch(house, 2)
    confirm_print(house.services, CLERK, view.id, [view.items[0]["document_id"]], [])
    page = clerk.get("/window/prints/ledger?outcome=printed")
    assert page.status_code == 200
    assert view.items[0]["sheet"] in page.text and view.items[1]["sheet"] not in page.text
    assert "outcome=printed" in page.text, "the link keeps what was chosen"
    rows = table(clerk.get("/window/prints/ledger/export?as=csv&outcome=printed").data)
    assert rows[0][:5] == ["什么时候", "谁", "批次", "序号", "张号"]
    assert [row[4] for row in rows[1:]] == [view.items[0]["sheet"]]
    assert rows[1][10:12] == ["打好了", "clerk"]
    whole = table(clerk.get("/window/prints/ledger/export?as=csv").data)
    assert [row[10] for row in whole[1:]] == ["打好了", "没有记结果"]


@pytest.mark.parametrize("query", ["since=20.11.2026", "since=2026-11-20&until=2026-11-01"])
def test_days_nobody_understands_are_told_and_today_is_shown(clerk: FlaskClient, query: str) -> None:
    page = clerk.get(f"/window/prints/ledger?{query}")
    assert page.status_code == 200 and "notice bad" in page.text
    assert clerk.get(f"/window/prints/ledger/export?{query}").status_code == 422


def test_unknown_choices_narrow_nothing(house: House, clerk: FlaskClient) -> None:
    view = batch(house, 1)
    page = clerk.get("/window/prints/ledger?outcome=lost&flag=red")
    assert view.items[0]["sheet"] in page.text


def test_batches_and_labels_leave_as_files(house: House, clerk: FlaskClient) -> None:
    view = batch(house, 2)
    rows = table(clerk.get("/window/prints/export?as=csv").data)
    assert rows[1][0] == view.number and rows[1][4] == "2" and rows[1][8] == "2"
    assert table(clerk.get(f"/window/prints/export?as=csv&q={view.number}").data) == rows
    assert clerk.get("/window/prints/export?q=0101-9").status_code == 404
    labels = table(clerk.get("/window/labels/export?as=csv").data)
    assert labels[0][0] == "运单号" and len(labels) == 2 and "第1份" in labels[1][2]
    assert clerk.get("/window/prints/export?as=exe").status_code == 422
    workbook = clerk.get("/window/prints/ledger/export?as=xlsx")
    assert (
        workbook.data[:2] == b"PK"
        and "%E6%89%93%E5%8D%B0%E5%8F%B0%E8%B4%A6" in workbook.headers["Content-Disposition"]
    )


def test_the_ledger_is_no_observers(house: House) -> None:
    other, _ = house.browser("seer", "observer")
    assert other.get("/window/prints/ledger").status_code == 403
    assert other.get("/window/prints/ledger/export").status_code == 403


def test_the_test_page_is_on_the_page_of_printers(clerk: FlaskClient) -> None:
    page = clerk.get("/window/printers")
    assert page.status_code == 200
    assert "/window/printers" in clerk.get("/window/more").text
    for size in ("A4", "A3", "100x180", "100x150", "76x130"):
        assert f"test.pdf?size={size}" in page.text
        assert clerk.get(f"/window/printers/test.pdf?size={size}").data[:5] == b"%PDF-"
    assert clerk.get("/window/printers/test.pdf?size=A5").status_code == 422
