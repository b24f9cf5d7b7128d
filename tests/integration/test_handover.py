"""内部交接单: what comes from departments is counted by scan, what is missing is named, both sign, the shelf is told."""

from __future__ import annotations

import io
import json
import threading

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import event, select

from dispatch import badges, custody, ledger, people
from dispatch.attachments import attach
from dispatch.custody import custody_of_case, mark_destroyed, papers_at_window
from dispatch.documents.paper_codes import bind_code
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.handover import (
    begin_handover,
    cancel_handover,
    counterparty,
    departments_here,
    handover_pdf,
    handover_view,
    list_handovers,
    scan_into,
    sign_handover,
    take_off,
)
from dispatch.models import Audit, CustodyEvent
from dispatch.opening import what_is
from dispatch.printing.batches import start_print
from dispatch.printing.outcome import confirm_print
from dispatch.rights import CLI, ROLE_SCOPES, SYSTEM, Actor, Role
from dispatch.services import Services
from dispatch.undo import undo_issue
from tests.factories import CLERK, COLLEAGUE, ELSEWHERE, approval, document
from tests.webhouse import PASSWORD, House, house_on

pytestmark = pytest.mark.integration
BUREAU = "磐安县市场监督管理局"
PIN = "275913"


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def thing(**more: object) -> dict[str, object]:
    return document(kind="physical", source="physical", title="不动产权证书", object_no="D33001234567") | more


def member(house: House, name: str, role: str = "department", office: str = "3307") -> Actor:
    """Somebody of the staff with a PIN."""
    people.create_user(house.services, CLI, name, role, office, PASSWORD)
    who = Actor(f"user:{name}", office, ROLE_SCOPES[Role(role)], Role(role))
    badges.set_own_pin(house.services, who, PASSWORD, PIN)
    return who


def issued(house: House, *papers: dict[str, object]) -> tuple[str, list[str]]:
    view = house.issued(approval(documents=list(papers) or [thing()]))
    return view["acceptance_no"], [d["document_id"] for d in view["documents"]]


def refused(do: object, *args: object) -> str:
    with pytest.raises((RuleViolation, Invalid, NotFound, NotPermitted)) as refusal:
        do(*args)  # type: ignore[operator]
    return refusal.value.code


def test_a_list_names_what_is_missing_and_what_came_besides(house: House) -> None:
    no, (first, second) = issued(house, thing(copy="正本"), thing(copy="副本"))
    assert departments_here(house.services, CLERK) == [(BUREAU, 2)]
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    _, (late,) = issued(house)  # made valid after the list was begun: nobody expected it
    assert scan_into(house.services, CLERK, made, first) == "不动产权证书（正本），请放 A-01 架"
    assert "单子上没有" in scan_into(house.services, CLERK, made, late)
    assert refused(scan_into, house.services, CLERK, made, "NO-SUCH-CODE-0001") == "unknown"
    view = handover_view(house.services, CLERK, made)
    assert [line.document_id for line in view.missing] == [second]
    assert [line.document_id for line in view.extra] == [late]
    assert view.strays == 1
    bureau = member(house, "bureau")
    assert sign_handover(house.services, CLERK, made, bureau) == 2
    shown = custody_of_case(house.services, CLERK, no)
    assert shown[first]["where"] == "窗口 A-01 架（clerk）"
    assert shown[first]["chain"][0]["actor"] == "clerk、bureau"
    assert shown[second]["where"] == BUREAU
    assert ledger.check(house.services) == []


def test_papers_of_one_case_lie_together_and_loose_papers_do_not_take_an_envelopes_place(
    house: House,
) -> None:
    waiting = house.issued(approval(delivery={"method": "counter"}))
    assert waiting["consignments"][0]["state"] == "ready_for_collection"  # lies on A-01
    no, _ = issued(house, thing(copy="正本"), thing(copy="副本"))
    other, _ = issued(house)
    made = begin_handover(house.services, CLERK, "in")
    scan_into(house.services, CLERK, made, no)  # the acceptance number stands for all its papers
    scan_into(house.services, CLERK, made, other)
    places = [line.place for line in handover_view(house.services, CLERK, made).lines]
    assert places == ["A-02", "A-02", "A-03"]
    sign_handover(house.services, CLERK, made, member(house, "bureau"))
    found = papers_at_window(house.services, CLERK, "a-03")
    assert [one["acceptance_no"] for one in found] == [other]
    assert papers_at_window(house.services, ELSEWHERE) == []


def test_codes_on_the_thing_itself_are_read(house: House) -> None:
    _, (paper,) = issued(house)
    bind_code(house.services, CLERK, paper, "STICKER-0042")
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, "sticker-0042")
    scan_into(house.services, CLERK, made, "sticker-0042")  # again: no second line, no other place
    view = handover_view(house.services, CLERK, made)
    assert [(line.seen, line.place) for line in view.lines] == [(True, "A-01")]


def test_back_to_the_department(house: House) -> None:
    no, (paper,) = issued(house)
    bureau = member(house, "bureau")
    come = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, come, paper)
    go = begin_handover(house.services, CLERK, "back", BUREAU)
    assert refused(scan_into, house.services, CLERK, go, paper) == "elsewhere"  # the department still has it
    sign_handover(house.services, CLERK, come, bureau)
    scan_into(house.services, CLERK, go, paper)
    assert refused(scan_into, house.services, CLERK, come, paper) == "not_open"
    sign_handover(house.services, CLERK, go, bureau)
    shown = custody_of_case(house.services, CLERK, no)[paper]
    assert shown["where"] == BUREAU
    view = handover_view(house.services, CLERK, go)
    assert (view.given_by, view.taken_by, view.state) == ("user:clerk", "user:bureau", "signed")


def test_what_is_in_an_envelope_or_void_is_not_taken_in(house: House) -> None:
    view = house.issued(approval())
    (paper,) = view["documents"]
    made = begin_handover(house.services, CLERK, "in")
    custody_code = view["consignments"][0]["waybill_no"]
    body = {"label": custody_code, "paper": paper["document_id"]}
    assert house.call("POST", "/pack-checks", "issue", json=body).status_code == 200
    assert refused(scan_into, house.services, CLERK, made, paper["document_id"]) == "elsewhere"
    no, (gone,) = issued(house)
    undo_issue(house.services, CLERK, no)
    assert refused(scan_into, house.services, CLERK, made, gone) == "ended"


def test_a_scan_by_mistake_is_taken_off(house: House) -> None:
    _, (paper,) = issued(house)
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    _, (besides,) = issued(house)
    for one in (paper, besides):
        scan_into(house.services, CLERK, made, one)
        take_off(house.services, CLERK, made, one)
    view = handover_view(house.services, CLERK, made)
    assert [(line.document_id, line.seen) for line in view.lines] == [(paper, False)]
    assert refused(sign_handover, house.services, CLERK, made, member(house, "bureau")) == "nothing_seen"


# -- who signs ------------------------------------------------------------------------------------------------------
def test_the_other_one_who_signs(house: House) -> None:
    services, me = house.services, member(house, "me", "clerk", "33")
    member(house, "bureau")
    member(house, "farther", "department", "44")
    member(house, "watcher", "observer", "33")
    assert counterparty(services, me, "bureau", PIN, screen="s").name == "user:bureau"
    for who, pin, code in (
        ("me", PIN, "second_person"), ("farther", PIN, "second_person"), ("watcher", PIN, "second_person"),
        ("bureau", "111222", "pin_failed"), ("nobody", PIN, "pin_failed"), ("", PIN, "second_person"),
    ):  # fmt: skip
        with pytest.raises((RuleViolation, NotPermitted)) as refusal:
            counterparty(services, me, who, pin, screen="s")
        assert refusal.value.code == code, who


def test_signed_on_paper_needs_its_picture(house: House) -> None:
    _, (paper,) = issued(house)
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, paper)
    assert refused(sign_handover, house.services, CLERK, made, "施经办") == "photo_required"
    assert refused(sign_handover, house.services, CLERK, made, "  ") == "invalid"
    picture = io.BytesIO()
    Image.new("L", (60, 60), 255).save(picture, "PNG")
    attach(
        house.services, CLERK, kind="handover", subject_kind="handover", subject_id=made, division_code="33",
        data=picture.getvalue(),
    )  # fmt: skip
    assert sign_handover(house.services, CLERK, made, "施经办") == 1
    view = handover_view(house.services, CLERK, made)
    assert (view.given_by, len(view.papers)) == ("施经办", 1)


def test_two_who_sign_at_once_pass_each_paper_on_once(house: House) -> None:
    _, (paper,) = issued(house)
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, paper)
    bureau, told = member(house, "bureau"), []

    def sign(who: Actor) -> None:
        try:
            told.append(sign_handover(house.services, who, made, bureau))
        except RuleViolation as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=sign, args=(who,)) for who in (CLERK, COLLEAGUE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(1) == 1
    assert set(told) <= {1, "not_open", "changed_meanwhile", "conflict"}
    with house.services.store.read(SYSTEM) as work:
        passed = len(list(work.session.scalars(select(CustodyEvent).where(CustodyEvent.act == "received"))))
        assert passed == 1
        assert list(custody.faults(work)) == []


def test_another_office_finds_no_list(house: House) -> None:
    made = begin_handover(house.services, CLERK, "in")
    for do in (handover_view, handover_pdf):
        assert refused(do, house.services, ELSEWHERE, made) == "not_found"
    assert list_handovers(house.services, ELSEWHERE) == []
    assert refused(begin_handover, house.services, CLERK, "sideways") == "invalid"


def test_a_cancelled_list_moved_nothing(house: House) -> None:
    no, (paper,) = issued(house)
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, paper)
    assert refused(cancel_handover, house.services, CLERK, made, " ") == "reason_required"
    cancel_handover(house.services, CLERK, made, "来错了窗口")
    assert custody_of_case(house.services, CLERK, no)[paper]["where"] == BUREAU
    assert list_handovers(house.services, CLERK) == []


# -- on paper --------------------------------------------------------------------------------------------------------
def test_the_sheet_says_what_is_missing_and_a_scan_of_it_opens_its_page(house: House) -> None:
    no, (first, _) = issued(house, thing(copy="正本"), thing(copy="副本"))
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, first)
    pdf = handover_pdf(house.services, CLERK, made)
    assert pdf == handover_pdf(house.services, CLERK, made)
    number = handover_view(house.services, CLERK, made).number
    with pypdfium2.PdfDocument(pdf) as opened:
        (page,) = opened
        text = "".join(page.get_textpage().get_text_bounded().split())
        codes = [c.text for c in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())]
    assert codes == [number]
    for words in (no, "没有交", "已点到", "应交2份，实交1份", f"交出：{BUREAU}"):
        assert words in text
    assert what_is(house.services, CLERK, number).address == f"/window/internal/{made}"


# -- destroying ------------------------------------------------------------------------------------------------------
def test_a_void_print_is_destroyed_before_two_people(house: House) -> None:
    view = house.issued(approval())
    (paper,) = (d["document_id"] for d in view["documents"])
    batch = start_print(house.services, CLERK, [paper])
    confirm_print(house.services, CLERK, batch.id, [paper], [])
    assert refused(mark_destroyed, house.services, CLERK, paper, "user:colleague") == "not_now"
    undo_issue(house.services, CLERK, view["acceptance_no"])
    assert [one["destroy"] for one in papers_at_window(house.services, CLERK)] == [True]
    assert refused(mark_destroyed, house.services, ELSEWHERE, paper, "user:x") == "not_found"
    mark_destroyed(house.services, CLERK, paper, "user:colleague")
    with house.services.store.read(SYSTEM) as work:
        told = work.session.scalars(select(Audit).where(Audit.action == "document_destroyed")).one()
    assert json.loads(told.detail) == {"second": "user:colleague"}
    assert papers_at_window(house.services, CLERK) == []
    assert ledger.check(house.services) == []


# -- the pages -------------------------------------------------------------------------------------------------------
def test_the_pages_from_opening_a_list_to_both_signatures(house: House) -> None:
    _, (paper,) = issued(house)
    member(house, "bureau")
    browser, csrf = house.browser("clerk", "clerk")
    assert BUREAU in browser.get("/window/internal").text
    form = {"csrf_token": csrf, "direction": "in", "department": BUREAU}
    address = browser.post("/window/internal", data=form).headers["Location"]
    assert "还没扫到" in browser.get(address).text
    browser.post(f"{address}/scan", data={"csrf_token": csrf, "code": "NOBODY-KNOWS-THIS"})
    assert "没有认出这个码" in browser.get(address).text
    browser.post(f"{address}/scan", data={"csrf_token": csrf, "code": paper})
    assert "请放 A-01 架" in browser.get(address).text
    wrong = {"csrf_token": csrf, "second_who": "bureau", "second_pin": "111222"}
    browser.post(f"{address}/sign", data=wrong)
    assert "对不上" in browser.get(address).text
    browser.post(f"{address}/sign", data=wrong | {"second_pin": PIN})
    assert "双方已签" in browser.get(address).text
    assert browser.get(f"{address}/sheet.pdf").data.startswith(b"%PDF-")
    assert "A-01" in browser.get("/window/internal?q=A-01").text
    assert browser.get("/window/internal/table").status_code == 200
    assert browser.post(f"{address}/scan", data={"code": paper}).status_code == 403


def test_the_page_of_lists_asks_as_often_for_many_as_for_few(house: House) -> None:
    asked: list[str] = []
    event.listen(house.services.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def count() -> tuple[int, int]:
        asked.clear()
        return len(list_handovers(house.services, CLERK)), len(asked)

    _, papers = issued(house)
    made = begin_handover(house.services, CLERK, "in", BUREAU)
    scan_into(house.services, CLERK, made, papers[0])
    lists, few = count()
    for _ in range(6):
        begin_handover(house.services, CLERK, "in", BUREAU)
    more, many = count()
    assert (lists, more) == (1, 7) and few == many
    assert [len(one.lines) for one in list_handovers(house.services, CLERK)] == [1] * 7


def test_a_place_on_the_shelf_is_found_by_its_name(house: House) -> None:
    services = house.services
    house.issued(approval(delivery={"method": "counter"}))  # lies on A-01
    no, _ = issued(house)
    made = begin_handover(services, CLERK, "in")
    scan_into(services, CLERK, made, no)
    assert (
        refused(what_is, services, CLERK, "A-02") == "not_found"
    )  # told, not signed: nothing lies there yet
    sign_handover(services, CLERK, made, member(house, "bureau"))
    for text in ("A-02", "a2", " ａ－０２ ", "A 02"):
        found = what_is(services, CLERK, text)
        assert (found.kind, found.address) == ("place", "/window/internal?q=A-02#papers"), text
        assert [one["place"] for one in papers_at_window(services, CLERK, text)] == ["A-02"], text
    assert what_is(services, CLERK, "A-01").address == "/window/counter?q=A-01"
    assert refused(what_is, services, CLERK, "A-03") == "not_found"
    assert refused(what_is, services, ELSEWHERE, "A-02") == "not_found"
    browser, _ = house.browser("clerk", "clerk")
    assert browser.get("/window/find?q=a-02").location.endswith("/window/internal?q=A-02#papers")
    assert no[-7:] in browser.get("/window/internal?q=a2").text
