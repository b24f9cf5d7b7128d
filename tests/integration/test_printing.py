"""Print batches: one number and order, one file for each paper, what came out, the rest after a jam, the ledger."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdfium2
import pytest

from dispatch.errors import Invalid, NotFound, RuleViolation
from dispatch.models import PrintBatch, PrintItem
from dispatch.printing.batches import PrintView, Reprint, print_view, start_print
from dispatch.printing.file import ELECTRONIC, loading_order, paper_files, print_pdf
from dispatch.printing.labels import batch_labels, batch_slips, envelopes_of
from dispatch.printing.ledger import batches_of, find_batches, on_paper
from dispatch.printing.outcome import confirm_print, place_in, print_rest, stopped_at
from dispatch.rights import SYSTEM
from dispatch.services import Services
from tests.factories import CLERK, COLLEAGUE, ELSEWHERE, approval, document, recipient
from tests.integration.conftest import MovingClock
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration

LICENCE = document(
    kind="certificate", title="营业执照", number="92330727MA29TYYY7Q",
    fields={"名称": "磐安县小满农家乐", "经营者": "周小满", "经营场所": "岭外村2组21号"},
)  # fmt: skip


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def papers(house: House, **changes: object) -> list[str]:
    return [d["document_id"] for d in house.issued(approval(**changes))["documents"]]


def notices(house: House, count: int) -> list[str]:
    return papers(house, documents=[document(copy=f"第{n}份") for n in range(1, count + 1)])


def pages(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as opened:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in opened]


def outcomes(view: PrintView) -> list[str | None]:
    return [item["outcome"] for item in view.items]


# -- number and order --------------------------------------------------------------------------------------------------
def test_batches_are_numbered_by_day_and_office(house: House) -> None:
    first, second = (start_print(house.services, CLERK, papers(house)) for _ in range(2))
    assert [first.number, second.number] == ["1120-1", "1120-2"]
    assert first.items[0]["mark"] == f"{first.number} · 001/001"
    assert first.items[0]["sheet"] == f"P{first.number}/1"
    county = start_print(house.services, _of_office("330727"), papers(house))
    assert county.number == first.number, "another office counts for itself"


def _of_office(office: str):
    return type(CLERK)("user:county", office, CLERK.scopes, CLERK.role)


def test_one_envelope_stays_together_whatever_was_asked_for(house: House) -> None:
    far = {
        "method": "express",
        "recipient": recipient(name="何大山", phone="19000000555", division_code="331127100"),
    }
    one = papers(house, documents=[document(copy="正本"), document(copy="副本")])
    other = papers(house, documents=[document(copy="正本"), document(copy="副本")], delivery=far)
    loose = papers(house, delivery={"method": "on_the_spot"})
    view = start_print(house.services, CLERK, [loose[0], other[1], one[1], other[0], one[0]])
    asked = [item["document_id"] for item in view.items]
    assert asked == [*one, *other, *loose], (
        "by region, envelope and the case's order; without an envelope last"
    )
    marks = [item["mark"].split(" · ")[1] for item in view.items]
    assert marks == ["001/005", "002/005", "003/005", "004/005", "005/005"]


def test_sheet_and_label_and_slip_carry_the_same_mark(house: House) -> None:
    two = papers(house, documents=[document(copy="正本"), document(copy="副本")])
    shelf = papers(house, delivery={"method": "counter"})
    view = start_print(house.services, CLERK, two + shelf)
    sheets = pages(print_pdf(house.services, CLERK, view.id))
    for place, (item, text) in enumerate(zip(view.items, sheets, strict=True), 1):
        assert f"{view.number}·00{place}/003" in text and item["sheet"] in text
        assert ELECTRONIC in text
    found = envelopes_of(house.services, CLERK, view.id)
    assert (len(found.labelled), len(found.slips), found.waiting) == (1, 1, 0)
    [label] = pages(batch_labels(house.services, CLERK, view.id, "76x130"))
    [slip] = pages(batch_slips(house.services, CLERK, view.id))
    texts = [label, slip]
    wanted = {item["no"] for item in view.items if item["document_id"] in two}
    assert f"{view.number}·00{min(wanted)}-00{max(wanted)}/003" in texts[0]
    assert f"{view.number}·00{({1, 2, 3} - wanted).pop()}/003" in texts[1]
    with pytest.raises(Invalid):
        batch_labels(house.services, CLERK, view.id, "A4")


def test_the_sealed_file_itself_says_nothing_of_printing(house: House) -> None:
    [paper] = papers(house)
    before = house.call("GET", f"/documents/{paper}/pdf", "read").data
    view = start_print(house.services, CLERK, [paper])
    print_pdf(house.services, CLERK, view.id)
    after = house.call("GET", f"/documents/{paper}/pdf", "read").data
    assert after == before and ELECTRONIC not in pages(after)[0]


def test_papers_of_other_sizes_come_in_files_of_their_own(house: House) -> None:
    mixed = papers(house, documents=[document(), LICENCE | {"copy": "副本"}, document(copy="副本")])
    view = start_print(house.services, CLERK, mixed)
    files = paper_files(view)
    assert [(one.paper, one.documents) for one in files] == [("A4", 2), ("A4L", 1)]
    assert loading_order(view) == "放 A4 纸 3 张。"
    for one in files:
        with pypdfium2.PdfDocument(io.BytesIO(print_pdf(house.services, CLERK, view.id, one.paper))) as pdf:
            sizes = {tuple(round(edge * 25.4 / 72, 1) for edge in page.get_mediabox()[2:]) for page in pdf}
        assert sizes == {(210.0, 297.0) if one.paper == "A4" else (297.0, 210.0)}
    whole = print_pdf(house.services, CLERK, view.id)
    assert b"/PrintScaling" in whole and b"/Simplex" in whole
    with pytest.raises(NotFound):
        print_pdf(house.services, CLERK, view.id, "A3")


# -- what came out -----------------------------------------------------------------------------------------------------
def test_a_jam_at_sheet_17_reprints_the_rest_in_its_place(house: House) -> None:
    view = start_print(house.services, CLERK, notices(house, 20))
    assert place_in(house.services, CLERK, view.id, view.items[15]["document_id"]) == 16
    stopped = stopped_at(house.services, CLERK, view.id, 17, [])
    assert outcomes(stopped) == ["printed"] * 16 + ["unprinted"] * 4
    rest = print_rest(house.services, CLERK, view.id)
    assert [item["no"] for item in rest.items] == [17, 18, 19, 20]
    assert rest.items[0]["mark"] == f"{view.number} · 017/020", "label and sheet still carry the same"
    assert rest.items[0]["sheet"] == f"P{rest.number}/1" and rest.number != view.number
    assert not any(item["flag"] or item["instead_of"] for item in rest.items)
    with pytest.raises(RuleViolation, match="没有要重印"):
        print_rest(house.services, CLERK, view.id)
    again = stopped_at(house.services, CLERK, rest.id, 19, [])
    assert outcomes(again) == ["printed", "printed", "unprinted", "unprinted"]
    last = print_rest(house.services, CLERK, rest.id)
    assert [item["mark"][-7:] for item in last.items] == ["019/020", "020/020"]
    done = confirm_print(house.services, CLERK, last.id, [item["document_id"] for item in last.items], [])
    assert done.open == () and done.rest == ()


def test_torn_sheets_are_reprinted_with_their_number_a_reason_and_two_people(house: House) -> None:
    view = start_print(house.services, CLERK, notices(house, 5))
    torn = view.items[2]
    stopped = stopped_at(house.services, CLERK, view.id, 3, [torn["document_id"]])
    assert outcomes(stopped) == ["printed", "printed", "spoiled", "unprinted", "unprinted"]
    with pytest.raises(RuleViolation) as refusal:
        print_rest(house.services, CLERK, view.id)
    assert refusal.value.code == "reprint_reason"
    rest = print_rest(house.services, CLERK, view.id, Reprint("卡纸，前一张已撕毁", second=COLLEAGUE))
    assert [item["instead_of"] for item in rest.items] == [torn["sheet"], "", ""]
    assert [item["flag"] for item in rest.items] == ["", "", ""]
    assert (rest.reason, rest.second) == ("卡纸，前一张已撕毁", COLLEAGUE.name)


def test_the_ledger_warns_and_lets_it_pass(house: House) -> None:
    [paper] = papers(house)
    first = start_print(house.services, CLERK, [paper])
    alone = start_print(house.services, CLERK, [paper], Reprint("遗失"))
    assert [item["flag"] for item in alone.items] == ["no_sheet"]
    named = start_print(
        house.services, CLERK, [paper], Reprint("墨色不清", (first.items[0]["sheet"].lower(),))
    )
    assert [item["flag"] for item in named.items] == ["alone"]
    assert named.items[0]["instead_of"] == first.items[0]["sheet"]
    assert outcomes(print_view(house.services, CLERK, first.id)) == ["spoiled"]
    label = house.view(_case(house, paper))["consignments"][0]["waybill_no"]
    packed = house.call("POST", "/pack-checks", "issue", json={"label": label, "paper": paper})
    assert packed.get_json()["outcome"] == "matched"
    shown = batches_of(house.services, CLERK)
    assert [(one["number"], one["open"], one["warned"]) for one in shown] == [
        (named.number, 1, 1), (alone.number, 1, 1), (first.number, 0, 0),
    ]  # fmt: skip


def _case(house: House, paper: str) -> str:
    [known] = on_paper(house.services, CLERK, [paper])
    return str(known["acceptance_no"])


@pytest.mark.parametrize("sheet", ["P0101-1/1", "nonsense", "P9999-9/9"])
def test_a_sheet_number_that_is_none_of_theirs_is_refused(house: House, sheet: str) -> None:
    [paper] = papers(house)
    start_print(house.services, CLERK, [paper])
    with pytest.raises(RuleViolation) as refusal:
        start_print(house.services, CLERK, [paper], Reprint("墨色不清", (sheet,), COLLEAGUE))
    assert refusal.value.code == "wrong_sheet"
    assert len(batches_of(house.services, CLERK)) == 1, "nothing was begun"


def test_another_papers_sheet_does_not_count(house: House) -> None:
    one, other = notices(house, 2)
    view = start_print(house.services, CLERK, [one, other])
    theirs = next(item["sheet"] for item in view.items if item["document_id"] == other)
    with pytest.raises(RuleViolation):
        start_print(house.services, CLERK, [one], Reprint("墨色不清", (theirs,), COLLEAGUE))


@pytest.mark.parametrize("start", [0, 4, 99])
def test_a_place_that_the_batch_has_not_changes_nothing(house: House, start: int) -> None:
    view = start_print(house.services, CLERK, notices(house, 3))
    with pytest.raises(Invalid):
        stopped_at(house.services, CLERK, view.id, start, [])
    assert outcomes(print_view(house.services, CLERK, view.id)) == [None, None, None]


def test_places_are_found_by_scan_number_and_hand(house: House) -> None:
    view = start_print(house.services, CLERK, notices(house, 3))
    token = house.view(view.items[1]["acceptance_no"])["documents"]
    second = next(d for d in token if d["document_id"] == view.items[1]["document_id"])
    for text in (view.items[1]["sheet"], "2", "002/003", f"http://127.0.0.1:8000/v#{second['token']}"):
        assert place_in(house.services, CLERK, view.id, text) == 2, text
    other = start_print(house.services, CLERK, papers(house))
    for text in (other.items[0]["sheet"], other.items[0]["document_id"], "4", "", "x" * 3000):
        with pytest.raises(Invalid):
            place_in(house.services, CLERK, view.id, text)


def test_what_was_told_stays_when_the_printer_stops_later(house: House) -> None:
    view = start_print(house.services, CLERK, notices(house, 3))
    ids = [item["document_id"] for item in view.items]
    confirm_print(house.services, CLERK, view.id, [ids[2]], [])
    stopped = stopped_at(house.services, CLERK, view.id, 2, [])
    assert outcomes(stopped) == ["printed", "unprinted", "printed"]


# -- whose, and what is no longer valid --------------------------------------------------------------------------------
def test_another_office_finds_nothing(house: House) -> None:
    [paper] = papers(house)
    view = start_print(house.services, CLERK, [paper])
    for look in (
        lambda: print_view(house.services, ELSEWHERE, view.id),
        lambda: print_pdf(house.services, ELSEWHERE, view.id),
        lambda: batch_labels(house.services, ELSEWHERE, view.id),
        lambda: print_rest(house.services, ELSEWHERE, view.id),
        lambda: find_batches(house.services, ELSEWHERE, view.number),
        lambda: start_print(house.services, ELSEWHERE, [paper]),
    ):
        with pytest.raises(NotFound):
            look()
    assert batches_of(house.services, ELSEWHERE) == [] and on_paper(house.services, ELSEWHERE, [paper]) == []


def test_a_document_that_ended_is_not_printed_with_the_rest(house: House) -> None:
    view = start_print(house.services, CLERK, notices(house, 3))
    stopped_at(house.services, CLERK, view.id, 2, [])
    ended = view.items[2]["document_id"]
    asked = house.call("POST", f"/documents/{ended}/suspend", "validity", json={"reason": "核查"})
    assert asked.status_code == 200
    rest = print_rest(house.services, CLERK, view.id)
    assert [item["document_id"] for item in rest.items] == [view.items[1]["document_id"]]


def test_batches_are_found_by_number_the_unconfirmed_of_the_week_first(
    house: House, clock: MovingClock
) -> None:
    old = start_print(house.services, CLERK, papers(house))
    clock.advance(timedelta(days=1))
    new = start_print(house.services, CLERK, papers(house))
    confirm_print(house.services, CLERK, new.id, [new.items[0]["document_id"]], [])
    assert [one["id"] for one in batches_of(house.services, CLERK)] == [old.id, new.id]
    confirm_print(house.services, CLERK, old.id, [old.items[0]["document_id"]], [])
    assert [one["id"] for one in batches_of(house.services, CLERK)] == [new.id]
    for text in (old.number, f"P{old.number}/1", f" {old.number} "):
        assert [one["id"] for one in find_batches(house.services, CLERK, text)] == [old.id]
    with pytest.raises(NotFound):
        find_batches(house.services, CLERK, "0101-9")


def test_a_batch_of_the_time_before_numbers_is_shown_without_one(house: House) -> None:
    view = start_print(house.services, CLERK, papers(house))
    with house.services.store.work(SYSTEM) as work:
        item = work.session.get_one(PrintItem, (view.id, 0))
        item.no = None
        batch = work.session.get_one(PrintBatch, view.id)
        batch.number = batch.sequence = ""
        batch.total = 0
    old = print_view(house.services, CLERK, view.id)
    assert (old.items[0]["no"], old.items[0]["mark"], old.items[0]["sheet"]) == (1, "", "P1")
    assert pages(print_pdf(house.services, CLERK, view.id))
    stopped_at(house.services, CLERK, view.id, 1, [])
    assert print_rest(house.services, CLERK, view.id).items[0]["no"] == 1
