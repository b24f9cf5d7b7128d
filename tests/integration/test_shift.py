"""The end of a shift: everything that is left is listed, a named colleague takes it over, and it stays his until done."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from dispatch import badges, custody, ledger, people
from dispatch.calendar import local_date
from dispatch.consignments.manifest import make_manifest
from dispatch.custody import Holder, custody_of_case, mark_destroyed
from dispatch.errors import Invalid, NotFound, RuleViolation
from dispatch.handover import begin_handover
from dispatch.holds import lift_hold, place_hold
from dispatch.left_over import KINDS, Left
from dispatch.models import Audit, Charge, Shift, ShiftItem
from dispatch.opening import what_is
from dispatch.printing.batches import start_print
from dispatch.printing.outcome import confirm_print
from dispatch.red_tray import belongs_in_tray, in_tray, red_tray, set_aside, take_out
from dispatch.rights import CLI, SYSTEM, Actor
from dispatch.services import Services
from dispatch.shift import Handed, left_here, list_shifts, shift_pdf, shift_view, take_over, taken_over
from dispatch.undo import undo_issue
from tests.factories import CLERK, COLLEAGUE, ELSEWHERE, approval, document
from tests.webhouse import PASSWORD, House, house_on

pytestmark = pytest.mark.integration
PIN = "275913"


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def left(house: House, actor: Actor = CLERK) -> dict[str, list[Left]]:
    """What is left, by kind."""
    found: dict[str, list[Left]] = {}
    for one in left_here(house.services, actor):
        found.setdefault(one.kind, []).append(one)
    return found


def keys(house: House, *kinds: str) -> list[str]:
    return [one.key for one in left_here(house.services, CLERK) if not kinds or one.kind in kinds]


def refused(do: object, *args: object, **more: object) -> str:
    with pytest.raises((RuleViolation, Invalid, NotFound)) as refusal:
        do(*args, **more)  # type: ignore[operator]
    return refusal.value.code


def pack(house: House, view: dict[str, object]) -> None:
    envelope = view["consignments"][0]  # type: ignore[index]
    for paper in view["documents"]:  # type: ignore[attr-defined]
        body = {"label": envelope["waybill_no"], "paper": paper["document_id"]}
        assert house.call("POST", "/pack-checks", "issue", json=body).status_code == 200


def on_paper(house: House, ids: Sequence[str]) -> str:
    """Printed, and said so; the batch's id."""
    batch = start_print(house.services, CLERK, list(ids))
    confirm_print(house.services, CLERK, batch.id, printed=list(ids), spoiled=[])
    return batch.id


def paper_of(view: dict[str, object]) -> str:
    return str(view["documents"][0]["document_id"])  # type: ignore[index]


def a_full_window(house: House) -> dict[str, str]:
    """One thing of each kind; the ids by kind."""
    services = house.services
    unprinted = house.issued(approval())
    unsaid = house.issued(approval())
    batch = start_print(services, CLERK, [paper_of(unsaid)])
    loose = house.issued(approval())
    on_paper(house, [paper_of(loose)])
    packed = house.issued(approval())
    pack(house, packed)
    manifest = make_manifest(services, CLERK, "range", [packed["consignments"][0]["id"]])
    inside = begin_handover(services, CLERK, "in")
    aside = house.issued(approval())
    on_paper(house, [paper_of(aside)])
    entry = set_aside(services, CLERK, aside["documents"][0]["token"], "content", "日期看不清")
    void = house.issued(approval())
    on_paper(house, [paper_of(void)])
    undo_issue(services, CLERK, void["acceptance_no"])
    waiting = approval()
    assert house.call("POST", "/cases", "cases", json=waiting).status_code == 201
    today = local_date(services.clock.now())
    hold = place_hold(
        services, CLERK, waiting["acceptance_no"], "", kind="fee", until=today + timedelta(days=2)
    )
    return {
        "print": paper_of(unprinted), "confirm": batch.id, "unsaid": paper_of(unsaid), "pack": paper_of(loose),
        "handover": packed["consignments"][0]["id"], "sign": manifest.id, "internal": inside, "red": entry,
        "destroy": paper_of(void), "hold": hold,
    }  # fmt: skip


# -- what is left -------------------------------------------------------------------------------------------------------
def test_everything_that_is_left_is_listed_once_with_who_has_it(house: House) -> None:
    made = a_full_window(house)
    found = left(house)
    assert {kind: [one.ref for one in rows] for kind, rows in found.items()} == {
        kind: [made[kind]] for kind in KINDS
    }
    assert {one.owner for rows in found.values() for one in rows} <= {"user:clerk", "key:issue-"}
    assert found["red"][0].why == "内容有疑问：日期看不清"
    assert found["handover"][0].why.startswith("在清单 JJ")
    assert found["hold"][0].why.endswith("税费未缴")
    assert left(house, ELSEWHERE) == {}


def test_what_is_far_away_or_done_is_not_listed(house: House) -> None:
    services = house.services
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    today = local_date(services.clock.now())
    far = place_hold(services, CLERK, case["acceptance_no"], "", kind="fee", until=today + timedelta(days=9))
    open_end = place_hold(services, CLERK, case["acceptance_no"], "等部门答复")
    assert left(house) == {}
    for one in (far, open_end):
        lift_hold(services, CLERK, case["acceptance_no"], one, done="办好了")
    electronic = house.issued(approval(delivery={"method": "electronic"}))
    assert electronic["documents"][0]["state"] == "valid"
    assert left(house) == {}


# -- taking over ---------------------------------------------------------------------------------------------------------
def test_a_colleague_takes_over_thing_by_thing(house: House) -> None:
    services, made = house.services, a_full_window(house)
    handed = take_over(services, CLERK, COLLEAGUE, keys(house), "红盘那份问过部门了")
    assert handed == Handed(handed.id, 9, 0)
    assert {one.owner for rows in left(house).values() for one in rows} == {COLLEAGUE.name}
    with services.store.read(SYSTEM) as work:
        items = list(work.session.scalars(select(ShiftItem).order_by(ShiftItem.position)))
        assert [(one.kind, one.ref) for one in items] == [(kind, made[kind]) for kind in KINDS]
        rows = list(work.session.scalars(select(Audit).where(Audit.action == "taken_over")))
        assert len(rows) == 9 and {row.actor for row in rows} == {CLERK.name}
        for kind in ("pack", "destroy"):
            now = custody.custody_of(work, made[kind])
            assert now is not None and now.holder == COLLEAGUE.name
        entry = red_tray(services, CLERK)[0]
        now = custody.custody_of(work, entry["document_id"])
        assert now is not None and (now.holder, now.place) == (COLLEAGUE.name, "红盘")
    view = shift_view(services, CLERK, handed.id)
    assert (view.given_by, view.taken_by, view.note) == (CLERK.name, COLLEAGUE.name, "红盘那份问过部门了")
    assert len(view.open) == 9
    assert ledger.check(services) == []


def test_the_next_day_shows_what_was_taken_over_until_it_is_done(house: House) -> None:
    services, made = house.services, a_full_window(house)
    handed = take_over(services, CLERK, COLLEAGUE, keys(house))
    assert taken_over(services, CLERK) == []
    (mine,) = taken_over(services, COLLEAGUE)
    assert (mine.given_by, mine.items, len(mine.left)) == (CLERK.name, 9, 9)
    on = dict(mine.counts)
    assert on["还没打印"] == on["红盘"] == 1
    confirm_print(services, COLLEAGUE, made["confirm"], printed=[made["unsaid"]], spoiled=[])
    take_out(services, COLLEAGUE, made["red"], "部门说没有错")
    mark_destroyed(services, COLLEAGUE, made["destroy"], "user:beside")
    start_print(services, COLLEAGUE, [made["print"]])
    (mine,) = taken_over(services, COLLEAGUE)
    assert {one.kind for one in mine.left} == set(KINDS) - {"confirm", "red", "destroy", "print"}
    assert len(shift_view(services, CLERK, handed.id).open) == 5


def test_a_thing_goes_on_from_hand_to_hand(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    on_paper(house, [paper_of(view)])
    first = take_over(services, CLERK, COLLEAGUE, keys(house))
    again = [one.key for one in left_here(services, COLLEAGUE)]
    assert again[0].endswith(first.id)
    second = take_over(services, COLLEAGUE, CLERK, again)
    (mine,) = taken_over(services, CLERK)
    assert (mine.id, mine.given_by) == (second.id, COLLEAGUE.name)
    assert taken_over(services, COLLEAGUE) == []
    assert shift_view(services, CLERK, first.id).open == []
    chain = custody_of_case(services, CLERK, view["acceptance_no"])[paper_of(view)]["chain"]
    assert [one["actor"] for one in chain[:2]] == ["clerk、colleague", "colleague、clerk"] or len(chain) >= 3
    assert [one["text"].split("，")[0] for one in chain[:3]] == ["交班", "交班", "打印"]
    assert ledger.check(services) == []


def test_charges_of_what_is_done_are_forgotten_and_the_sheet_is_not(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    first = take_over(services, CLERK, COLLEAGUE, keys(house))
    pack(house, view)
    second = take_over(services, COLLEAGUE, CLERK, [one.key for one in left_here(services, COLLEAGUE)])
    with services.store.read(SYSTEM) as work:
        assert [(one.kind, one.shift_id) for one in work.session.scalars(select(Charge))] == [
            ("handover", second.id)
        ]
    assert [line.kind for line in shift_view(services, CLERK, first.id).lines] == ["print"]


# -- refusals ------------------------------------------------------------------------------------------------------------
def test_what_is_refused_changes_nothing(house: House) -> None:
    services = house.services
    house.issued(approval())
    good = keys(house)
    for bad, code in (
        ([], "nothing_chosen"),
        (["print"], "invalid"),
        (["print:1:2:3"], "invalid"),
        (["everything:1:"], "invalid"),
        (["print:NOSUCHDOCUMENT00:"], "nothing_left"),
        (["print:x:"] * 1300, "invalid"),
        ([good[0] + "01ABC"], "changed_meanwhile"),
    ):
        assert refused(take_over, services, CLERK, COLLEAGUE, bad) == code, bad[:1]
    assert refused(take_over, services, CLERK, CLERK, good) == "second_person"
    assert refused(take_over, services, CLERK, COLLEAGUE, good, "话" * 61) == "invalid"
    assert refused(take_over, services, CLERK, COLLEAGUE, good, "好的\U0001f44d") == "invalid"
    with services.store.read(SYSTEM) as work:
        assert list(work.session.scalars(select(Shift))) == []


def test_what_was_done_meanwhile_is_left_out_and_counted(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    house.issued(approval())
    shown = keys(house)
    pack(house, view)
    assert take_over(services, CLERK, COLLEAGUE, shown).items == 1
    (sheet,) = list_shifts(services, CLERK)
    assert [line.kind for line in sheet.lines] == ["print"]


def test_another_offices_things_are_not_taken_over(house: House) -> None:
    services = house.services
    house.issued(approval())
    handed = keys(house)
    assert refused(take_over, services, ELSEWHERE, COLLEAGUE, handed) == "nothing_left"
    done = take_over(services, CLERK, COLLEAGUE, handed)
    for do in (shift_view, shift_pdf):
        assert refused(do, services, ELSEWHERE, done.id) == "not_found"
    assert list_shifts(services, ELSEWHERE) == []


def test_two_who_take_over_the_same_things_at_once(house: House) -> None:
    services = house.services
    views = [house.issued(approval()) for _ in range(3)]
    on_paper(house, [paper_of(view) for view in views[:2]])
    shown, told = keys(house), []
    others = [COLLEAGUE, Actor("user:third", CLERK.office, CLERK.scopes, CLERK.role)]
    gate = threading.Barrier(2)

    def take(other: Actor) -> None:
        gate.wait()
        try:
            told.append(take_over(services, CLERK, other, shown).items)
        except RuleViolation as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=take, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) in (["3", "changed_meanwhile"], ["3", "conflict"])
    owners = {one.owner for one in left_here(services, CLERK)}
    assert len(owners) == 1  # nobody has half of it
    with services.store.read(SYSTEM) as work:
        assert len(list(work.session.scalars(select(Shift)))) == 1
        assert len(list(work.session.scalars(select(ShiftItem)))) == 3
        for view in views[:2]:
            now = custody.custody_of(work, paper_of(view))
            assert now is not None and {now.holder} == owners
    assert ledger.check(services) == []


# -- the red tray --------------------------------------------------------------------------------------------------------
def test_what_lies_in_the_red_tray_is_not_packed(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    on_paper(house, [paper_of(view)])
    entry = set_aside(services, CLERK, view["documents"][0]["token"], "mismatch")
    assert refused(set_aside, services, COLLEAGUE, paper_of(view), "content") == "in_tray"
    body = {"label": view["consignments"][0]["waybill_no"], "paper": paper_of(view)}
    answer = house.call("POST", "/pack-checks", "issue", json=body)
    assert (answer.status_code, answer.get_json()["reason"]) == (409, "held")
    assert "红盘" in answer.get_json()["detail"]
    where = custody_of_case(services, CLERK, view["acceptance_no"])[paper_of(view)]["where"]
    assert where == "窗口 红盘（clerk）"
    take_out(services, COLLEAGUE, entry, "看过了，是同一件")
    assert refused(take_out, services, CLERK, entry, "再取一次") == "changed_meanwhile"
    pack(house, view)
    (past,) = red_tray(services, CLERK, past=True)
    assert (past["taken_by"], past["outcome"]) == ("colleague", "看过了，是同一件")
    assert ledger.check(services) == []


def test_a_second_print_in_the_tray_leaves_the_packed_one_alone(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    pack(house, view)
    set_aside(services, CLERK, paper_of(view), "spoiled", "多印的一张")
    shown = custody_of_case(services, CLERK, view["acceptance_no"])[paper_of(view)]
    assert shown["kind"] == Holder.ENVELOPE
    pack(house, view)  # scanned again: still matched
    take_over(services, CLERK, COLLEAGUE, keys(house))
    assert custody_of_case(services, CLERK, view["acceptance_no"])[paper_of(view)]["kind"] == Holder.ENVELOPE
    assert ledger.check(services) == []


def test_a_paper_from_the_shelf_goes_back_to_its_place(house: House) -> None:
    services = house.services
    thing = document(kind="physical", source="physical", title="不动产权证书", object_no="D33001234567")
    view = house.issued(approval(documents=[thing]))
    with services.store.work(CLERK) as work:
        paper = work.session.get_one(custody.Document, paper_of(view))
        custody.pass_on(work, paper, custody.Pass(Holder.WINDOW, CLERK.name, "received", "A-07"))
    entry = set_aside(services, CLERK, paper_of(view), "content")
    assert take_out(services, CLERK, entry, "没有问题") == "A-07"
    entry = set_aside(services, CLERK, paper_of(view), "content")
    other = house.issued(approval(documents=[thing | {"object_no": "D33001234568"}]))
    with services.store.work(CLERK) as work:
        paper = work.session.get_one(custody.Document, paper_of(other))
        custody.pass_on(work, paper, custody.Pass(Holder.WINDOW, CLERK.name, "received", "A-07"))
    assert take_out(services, CLERK, entry, "没有问题") == "A-01"  # given away meanwhile
    assert ledger.check(services) == []


def test_what_belongs_in_the_tray_is_named(house: House) -> None:
    services = house.services
    view, fine = house.issued(approval()), house.issued(approval())
    on_paper(house, [paper_of(view), paper_of(fine)])
    assert belongs_in_tray(services, CLERK) == []
    place_hold(services, CLERK, view["acceptance_no"], "", kind="department")
    (one,) = belongs_in_tray(services, CLERK)
    assert (one["document_id"], one["kind"]) == (paper_of(view), "held")
    set_aside(services, CLERK, one["document_id"], one["kind"])
    assert belongs_in_tray(services, CLERK) == []
    assert belongs_in_tray(services, ELSEWHERE) == []


def test_a_void_paper_in_the_tray_is_destroyed_from_there(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    on_paper(house, [paper_of(view)])
    set_aside(services, CLERK, paper_of(view), "content")
    undo_issue(services, CLERK, view["acceptance_no"])
    (row,) = red_tray(services, CLERK)
    assert row["destroy"]
    mark_destroyed(services, CLERK, paper_of(view), COLLEAGUE.name)
    assert red_tray(services, CLERK) == [] and left(house) == {}
    assert ledger.check(services) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("", "mismatch"), "invalid"),
        (("NO-SUCH-CODE-77", "mismatch"), "unknown"),
        (("", "stray", "", "字" * 101), "invalid"),
        (("", "stray", "字" * 201, "一张收据"), "invalid"),
        (("", "other", "", "一张收据"), "invalid"),
        (("", "whatever", "", "一张收据"), "invalid"),
        (("", "stray", "\U0001f600", "一张收据"), "invalid"),
    ],
)
def test_bad_entries_of_the_tray(house: House, given: tuple[str, ...], code: str) -> None:
    assert refused(set_aside, house.services, CLERK, *given) == code
    assert red_tray(house.services, CLERK) == []


def test_a_paper_nobody_can_place_lies_there_in_words(house: House) -> None:
    entry = set_aside(house.services, CLERK, "", "stray", "夹在申请材料里", "一张没有名字的收据")
    assert [one["what"] for one in red_tray(house.services, CLERK)] == ["一张没有名字的收据"]
    assert red_tray(house.services, ELSEWHERE) == []
    assert refused(take_out, house.services, ELSEWHERE, entry, "我的") == "not_found"
    assert refused(take_out, house.services, CLERK, entry, "  ") == "reason_required"
    assert take_out(house.services, CLERK, entry, "还给了申请人") == ""


def test_two_who_set_the_same_paper_aside_at_once(house: House) -> None:
    services = house.services
    view = house.issued(approval())
    told: list[str] = []

    def put(who: Actor) -> None:
        try:
            set_aside(services, who, paper_of(view), "mismatch")
            told.append("in")
        except RuleViolation as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=put, args=(who,)) for who in (CLERK, COLLEAGUE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("in") == 1 and len(red_tray(services, CLERK)) == 1
    with services.store.read(SYSTEM) as work:
        assert in_tray(work, paper_of(view)) is not None


# -- the sheet and the pages ---------------------------------------------------------------------------------------------
def test_the_sheet_opens_by_its_scan_and_holds_long_things(house: House) -> None:
    services = house.services
    a_full_window(house)
    set_aside(services, CLERK, "", "stray", "说明" * 100, "很长的名字" * 20)
    handed = take_over(services, CLERK, COLLEAGUE, keys(house), "交代" * 30)
    pdf = shift_pdf(services, CLERK, handed.id)
    assert pdf == shift_pdf(services, CLERK, handed.id)
    page = pypdfium2.PdfDocument(io.BytesIO(pdf))[0]
    said = page.get_textpage().get_text_range()
    for word in KINDS.values():
        assert word in said.replace("\r\n", ""), word
    (code,) = zxingcpp.read_barcodes(page.render(scale=300 / 72, grayscale=True).to_pil())
    number = shift_view(services, CLERK, handed.id).number
    assert code.text == number and number.startswith("JB")
    found = what_is(services, CLERK, number)
    assert found.address == f"/window/shift/{handed.id}"
    assert refused(what_is, services, ELSEWHERE, number) == "not_found"


def with_pin(house: House, name: str, role: str = "clerk", office: str = "33") -> None:
    people.create_user(house.services, CLI, name, role, office, PASSWORD)
    who = Actor(f"user:{name}", office, CLERK.scopes, CLERK.role)
    badges.set_own_pin(house.services, who, PASSWORD, PIN)


def test_the_pages(house: House) -> None:
    a_full_window(house)
    browser, csrf = house.browser("clerk", "clerk")
    with_pin(house, "beside")
    page = browser.get("/window/shift").text
    assert "还有 9 项没有办完" in page and page.count("checked") >= 9
    form = {"csrf_token": csrf, "item": keys(house), "note": "明早先办红盘", "second_who": "beside"}
    wrong = browser.post("/window/shift", data=form | {"second_pin": "111222"})
    assert wrong.status_code == 409 and "对不上" in wrong.text and "明早先办红盘" in wrong.text
    assert wrong.text.count("checked") >= 9
    alone = browser.post("/window/shift", data=form | {"second_who": "", "second_pin": ""})
    assert alone.status_code == 409 and "第二个人" in alone.text
    long = browser.post("/window/shift", data=form | {"second_pin": PIN, "note": "话" * 61})
    assert long.status_code == 422 and "最多 60 字" in long.text
    done = browser.post("/window/shift", data=form | {"second_pin": PIN})
    assert done.status_code == 303
    assert "beside 接了 9 项" in browser.get(done.location).text
    assert browser.get(f"{done.location}/sheet.pdf").data.startswith(b"%PDF")
    assert browser.get(f"{done.location}/table?as=csv").status_code == 200
    stale = browser.post("/window/shift", data=form | {"second_pin": PIN})
    assert stale.status_code == 409 and "刚才已由 beside 接了班" in stale.text
    begun = people.log_in(house.services, "beside", PASSWORD, "192.0.2.1")
    other = house.app.test_client()
    other.set_cookie("zd", begun.secret)
    morning = other.get("/window").text
    assert "data-taken" in morning and "还有 9 项" in morning and "<b>clerk</b>" in morning
    assert "data-taken" not in browser.get("/window").text


def test_the_pages_of_the_tray(house: House) -> None:
    view = house.issued(approval())
    browser, csrf = house.browser("clerk", "clerk")
    bad = browser.post(
        "/window/red", data={"csrf_token": csrf, "kind": "other", "what": "一张纸", "code": ""}
    )
    assert bad.status_code == 422 and "请写明是什么原因" in bad.text and "一张纸" in bad.text
    unknown = browser.post("/window/red", data={"csrf_token": csrf, "kind": "mismatch", "code": "STICKER-99"})
    assert unknown.status_code == 409 and "没有认出这个码" in unknown.text
    good = browser.post("/window/red", data={"csrf_token": csrf, "kind": "mismatch", "code": paper_of(view)})
    assert good.status_code == 303
    page = browser.get("/window/red").text
    assert "红盘里有 1 份" in page and "装封核对不符" in page
    entry = red_tray(house.services, CLERK)[0]["id"]
    browser.post(f"/window/red/{entry}/out", data={"csrf_token": csrf, "outcome": "没有问题"})
    assert "红盘是空的" in browser.get("/window/red").text
    assert browser.get("/window/red/table?as=csv").text.count("装封核对不符") == 1
    for role in ("observer", "department", "courier"):
        stranger, _ = house.browser(role, role)
        for address in ("/window/red", "/window/shift"):
            assert stranger.get(address).status_code == 403, (role, address)
