"""A day without network: printed in the morning, written by hand, entered afterwards; the ledger is clean and says so."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import event, select

from dispatch import ledger, people
from dispatch.consignments.pack import pack_check
from dispatch.custody import custody_of_case
from dispatch.documents.validity import revoke
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.holds import place_hold
from dispatch.issue import issue_case
from dispatch.models import Audit, Case, Consignment, PaperEntry, ScanEvent
from dispatch.opening import what_is
from dispatch.paper_day import Answer, enter_again, enter_rows, keep_photo, open_sheet, photo
from dispatch.register import list_sheets, register_pdf
from dispatch.rights import CLI, SYSTEM
from dispatch.services import Services
from dispatch.uploads import take_upload
from tests.factories import (
    CHIEF,
    CLERK,
    COLLEAGUE,
    COURIER,
    ELSEWHERE,
    SECOND_CHIEF,
    approval,
    document,
    recipient,
)
from tests.integration.test_correction import corrected, taken_in
from tests.webhouse import PASSWORD, House, house_on

pytestmark = pytest.mark.integration
DAY = date(2026, 11, 20)  # the day of the tests' clock, which begins at ten in the morning
THING = {"kind": "physical", "source": "physical", "title": "不动产权证书"}


@pytest.fixture
def house(services: Services) -> House:
    for name, role in (("clerk", "clerk"), ("colleague", "clerk"), ("courier", "courier")):
        people.create_user(services, CLI, name, role, "33", PASSWORD)
    return house_on(services)


def picture(text: str = "1") -> bytes:
    out = io.BytesIO()
    Image.new("L", (40 + len(text), 30), "white").save(out, "PNG")
    return out.getvalue()


def received(house: House, **changes: Any) -> str:
    case = approval(**changes)
    assert house.call("POST", "/cases", "cases", json=case).status_code == 201
    return str(case["acceptance_no"])


def issued(house: House, **changes: Any) -> str:
    return str(house.issued(approval(**changes))["acceptance_no"])


def counter() -> dict[str, Any]:
    return {"method": "counter"}


def sheet_of(house: House) -> str:
    """Print today's sheet and photograph it; its id."""
    register_pdf(house.services, CLERK)
    made = list_sheets(house.services, CLERK)[0].id
    keep_photo(house.services, CLERK, made, picture())
    return made


def row(what: object, act: str, time: str, **more: str) -> dict[str, str]:
    plain = {"what": str(what), "act": act, "time": time, "done_by": "colleague", "beside": "", "signer": ""}
    if act == "pack":
        plain["beside"] = "clerk"
    if act in ("collect", "deliver"):
        plain |= {"signer": "周小满", "signer_kind": "self"}
    return plain | more


def enter(house: House, sheet: str, *rows: dict[str, str]) -> list[Answer]:
    return enter_rows(house.services, CLERK, sheet, DAY, rows)


def outcomes(answers: list[Answer]) -> list[str]:
    return [one.outcome for one in answers]


def line_of(house: House, sheet: str, acceptance_no: str) -> int:
    lines = open_sheet(house.services, CLERK, sheet).lines
    return next(one.position for one in lines if one.acceptance_no == acceptance_no)


def state(house: House, acceptance_no: str) -> str:
    return str(house.view(acceptance_no)["consignments"][0]["state"])


def later(clock: Any, **by: int) -> None:
    clock.advance(timedelta(**by))


# -- the whole day -------------------------------------------------------------------------------------------------
def test_a_paper_day_of_six_cases_is_entered_and_the_ledger_is_clean(house: House, clock: Any) -> None:
    services = house.services
    by_post, shelf = issued(house), issued(house, delivery=counter())
    by_hand = issued(house, delivery={"method": "door", "recipient": recipient()})
    wrong, late = issued(house, delivery=counter()), issued(house)
    fresh = received(house, documents=[document(**THING, object_no="D33001234567")], delivery=counter())
    sheet = sheet_of(house)
    at = {no: line_of(house, sheet, no) for no in (by_post, shelf, by_hand, wrong, late, fresh)}
    later(clock, hours=5)  # it is three o'clock, the network is back
    rows = [
        row(at[by_hand], "deliver", "13:10", done_by="courier"),  # typed in any order
        row(at[fresh], "collect", "11:05"),
        row(at[fresh], "pack", "11:00"),
        row(at[fresh], "issue", "10:58"),
        row(at[by_post], "pack", "10:40"),
        row(at[by_post], "hand_over", "１１：３０"),
        row(at[shelf], "pack", "10:45"),
        row(at[shelf], "collect", "1120", signer="周小满"),
        row(at[by_hand], "pack", "10:50"),
        row(at[by_hand], "hand_over", "11:30"),
        row(at[wrong], "hand_over", "11:30"),  # what waits at the counter is not handed over
        row(at[late], "pack", "18:30"),  # not yet
        row(at[late], "pack", "9:30"),  # before it was issued
    ]
    answers = enter(house, sheet, *rows)
    told = outcomes(answers)
    assert told[:3] == ["accepted", "waiting", "waiting"]
    assert told[3:10] == ["accepted"] * 7
    assert told[10:] == ["conflict", "invalid", "invalid"]
    assert "不能做“交寄”" in answers[10].words
    assert [(f.pointer, f.code) for f in answers[11].faults] == [("/rows/11/time", "future")]
    assert [(f.pointer, f.code) for f in answers[12].faults] == [("/rows/12/time", "too_early")]
    house.work()
    later(clock, minutes=2)
    house.work()  # what waited for its paper is entered by itself
    assert [state(house, no) for no in (by_post, shelf, by_hand, fresh)] == [
        "handed_over", "delivered", "delivered", "delivered",
    ]  # fmt: skip
    assert state(house, wrong) == "ready_for_collection"
    assert state(house, late) == "labelled"
    again = outcomes(enter(house, sheet, *rows))
    assert again == ["known"] * 10 + ["conflict", "invalid", "invalid"]
    with services.store.read(SYSTEM) as work:
        scans = list(work.session.scalars(select(ScanEvent).where(ScanEvent.source == "paper")))
        assert len(scans) == 6  # two hand-overs, three deliveries, the one that did not fit
        assert {one.actor for one in scans} == {"user:clerk"}
        assert len(list(work.session.scalars(select(PaperEntry)))) == 11
    kinds = [
        next(iter(custody_of_case(services, CLERK, no).values()))["kind"]
        for no in (by_post, shelf, by_hand, fresh)
    ]
    assert kinds == ["carrier", "recipient", "recipient", "recipient"]
    assert ledger.check(services) == []


def test_history_says_that_it_came_from_paper_who_did_it_and_who_entered_it(house: House, clock: Any) -> None:
    no = received(house)
    other = issued(house)
    sheet = sheet_of(house)
    later(clock, hours=2)
    enter(house, sheet, row(line_of(house, sheet, no), "issue", "10:30"))
    line = line_of(house, sheet, other)
    enter(house, sheet, row(line, "pack", "10:31"), row(line, "hand_over", "10:40"))
    number = open_sheet(house.services, CLERK, sheet).sheet.number
    told = [(one["detail"], one["actor"]) for one in house.view(no)["events"]]
    assert (
        f"来源：纸质登记 {number} 第 {line_of(house, sheet, no)} 行“出件”，10:30 colleague 办理",
        "clerk",
    ) in told
    told = [(one["detail"], one["actor"]) for one in house.view(other)["events"]]
    assert (f"来源：纸质登记 {number} 第 {line} 行“装封”，10:31 colleague、clerk 办理", "clerk") in told
    assert ("信封：信封已交寄，来源：纸质登记，colleague 办理，clerk 录入", "clerk") in told
    packed = [detail for detail, _ in told if "没有扫码" in detail]
    assert packed == ["企业名称预先核准通知书：按纸质登记装入信封，没有扫码，clerk 在旁核对"]
    issued_at = house.view(no)["events"]
    moment = next(one["at"] for one in issued_at if one["type"] == "case_issued")
    assert moment.startswith("2026-11-20T12:00")  # numbers go by the time at which it was entered
    with house.services.store.read(SYSTEM) as work:
        row_ = work.session.scalars(select(Audit).where(Audit.action == "paper_entered")).first()
        assert row_ is not None
        assert '"source":"paper"' in row_.detail


# -- nothing void passes, nothing is unverified in silence -----------------------------------------------------------
def test_packing_on_paper_asks_for_two_people_and_lets_nothing_pass_that_has_ended(
    house: House, clock: Any
) -> None:
    services = house.services
    gone, held, good = issued(house), issued(house), issued(house)
    sheet = sheet_of(house)
    later(clock, hours=1)
    paper = house.view(gone)["documents"][0]["document_id"]
    facts = {
        "kind": "revoked",
        "reason": "作出决定的依据有误",
        "organ": "磐安县市场监督管理局",
        "decision_no": "撤〔2026〕1号",
    }
    for actor in (CHIEF, SECOND_CHIEF):
        revoke(services, actor, paper, **facts)
    place_hold(services, CLERK, held, "税费未缴")
    lines = {no: line_of(house, sheet, no) for no in (gone, held, good)}
    answers = enter(house, sheet, *(row(lines[no], "pack", "10:30") for no in (gone, held)))
    assert outcomes(answers) == ["conflict", "conflict"]
    assert "已撤销或作废" in answers[0].words
    assert "暂缓出件" in answers[1].words
    assert [house.view(no)["consignments"][0]["state"] for no in (gone, held)] == ["labelled", "labelled"]
    with services.store.read(SYSTEM) as work:
        envelope = work.session.get(Consignment, house.view(held)["consignments"][0]["id"])
        assert envelope is not None
        assert "对不上：这个办件暂缓出件" in str(envelope.flag)
    for beside, code in (("", "second_person"), ("colleague", "second_person"), ("courier", "second_person")):
        answer = enter(house, sheet, row(lines[good], "pack", "10:30", beside=beside))[0]
        assert [(f.pointer, f.code) for f in answer.faults] == [("/rows/0/beside", code)]
    assert state(house, good) == "labelled"
    house.work()
    assert ledger.check(services) == []


@pytest.mark.parametrize("revoked_first", [True, False])
def test_what_was_void_before_it_was_handed_out_is_not_entered_as_served(
    house: House, clock: Any, revoked_first: bool
) -> None:
    no = issued(house, delivery=counter())
    sheet = sheet_of(house)
    line = line_of(house, sheet, no)
    later(clock, hours=1)
    assert outcomes(enter(house, sheet, row(line, "pack", "10:30"))) == ["accepted"]
    paper = house.view(no)["documents"][0]["document_id"]
    facts = {
        "kind": "revoked",
        "reason": "依据有误",
        "organ": "磐安县市场监督管理局",
        "decision_no": "撤〔2026〕1号",
    }
    for actor in (CHIEF, SECOND_CHIEF):
        revoke(house.services, actor, paper, **facts)
    later(clock, hours=1)
    answer = enter(house, sheet, row(line, "collect", "11:30" if revoked_first else "10:50"))[0]
    if revoked_first:
        assert (answer.outcome, "请马上联系，收回处理" in answer.words) == ("conflict", True)
    else:
        assert answer.outcome == "accepted"
    house.work()
    assert ledger.check(house.services) == []


def test_a_refused_row_is_taken_once_it_fits(house: House, clock: Any) -> None:
    no = issued(house)
    sheet = sheet_of(house)
    line = line_of(house, sheet, no)
    later(clock, hours=2)
    assert outcomes(enter(house, sheet, row(line, "hand_over", "11:00"))) == ["conflict"]
    assert outcomes(enter(house, sheet, row(line, "pack", "10:40"))) == ["accepted"]
    assert outcomes(enter_again(house.services, CLERK, sheet)) == ["accepted"]
    assert state(house, no) == "handed_over"
    assert house.view(no)["state"] == "issued"
    entries = open_sheet(house.services, CLERK, sheet).entries
    assert sorted((one.act, one.outcome) for one in entries) == [
        ("hand_over", "accepted"),
        ("pack", "accepted"),
    ]


def test_what_was_accepted_is_not_changed_by_other_content_and_what_was_not_may_be_corrected(
    house: House, clock: Any
) -> None:
    no = issued(house, delivery=counter())
    sheet = sheet_of(house)
    line = line_of(house, sheet, no)
    later(clock, hours=2)
    assert outcomes(enter(house, sheet, row(line, "pack", "10:40"))) == ["accepted"]
    answer = enter(house, sheet, row(line, "pack", "10:45"))[0]
    assert (answer.outcome, "已经登记为 10:40" in answer.words) == ("conflict", True)
    # before it was packed: the time is wrong, nothing is kept; then right
    early = enter(house, sheet, row(line, "collect", "10:30"))[0]
    assert [f.code for f in early.faults] == ["too_early"]
    assert outcomes(enter(house, sheet, row(line, "collect", "10:50"))) == ["accepted"]
    assert state(house, no) == "delivered"
    house.work()
    assert house.view(no)["service"]["served_on"] == "2026-11-20"


def test_who_entered_a_case_is_not_the_one_who_issued_it_on_paper(house: House, clock: Any) -> None:
    no = received(house)
    with house.services.store.work(SYSTEM) as work:
        case = work.session.scalars(select(Case).where(Case.acceptance_no == no)).one()
        case.source, case.entered_by = "hand", "user:colleague"
    sheet = sheet_of(house)
    later(clock, hours=1)
    answer = enter(house, sheet, row(line_of(house, sheet, no), "issue", "10:30"))[0]
    assert (answer.outcome, "不能自己出件" in answer.words) == ("conflict", True)
    assert house.view(no)["state"] == "ready"


def test_who_corrected_a_case_is_not_the_one_who_issued_it_on_paper(house: House, clock: Any) -> None:
    case = taken_in(house.services)
    corrected(house.services, case, COLLEAGUE, **{"/applicant/contact": "乙"})
    no = case["acceptance_no"]
    sheet = sheet_of(house)
    later(clock, hours=1)
    answer = enter(house, sheet, row(line_of(house, sheet, no), "issue", "10:30"))[0]
    assert (answer.outcome, "更正过" in answer.words) == ("conflict", True)
    assert house.view(no)["state"] == "ready"


# -- bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": ""}, "what"), ({"what": "0"}, "what"), ({"what": "999"}, "what"), ({"what": "UNKNOWN-77"}, "what"),
        ({"time": ""}, "time"), ({"time": "25:00"}, "time"), ({"time": "上午"}, "time"), ({"time": "9:61"}, "time"),
        ({"act": "burn"}, "act"), ({"done_by": "nobody"}, "done_by"), ({"done_by": "courier"}, "done_by"),
        ({"what": "2"}, "code"), ({"code": "33072720990101000000"}, "what"),
        ({"act": "collect"}, "signer"), ({"act": "collect", "signer": "周小满", "signer_kind": "village"}, "signer_kind"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_by_field_and_keep_nothing(
    house: House, clock: Any, changes: dict[str, str], field: str
) -> None:
    issued(house)
    sheet = sheet_of(house)
    later(clock, hours=1)
    answer = enter(house, sheet, row(1, "pack", "10:30") | changes)[0]
    assert answer.outcome == "invalid"
    assert field in {fault.pointer.rsplit("/", 1)[1] for fault in answer.faults}
    assert open_sheet(house.services, CLERK, sheet).entries == ()


def test_no_picture_no_entry_and_other_offices_see_nothing(house: House, clock: Any) -> None:
    no = issued(house)
    register_pdf(house.services, CLERK)
    sheet = list_sheets(house.services, CLERK)[0].id
    later(clock, hours=1)
    with pytest.raises(RuleViolation, match="photo_required"):
        enter(house, sheet, row(1, "pack", "10:30"))
    kept = keep_photo(house.services, CLERK, sheet, picture())
    assert photo(house.services, CLERK, sheet, kept) == picture()
    for do in (open_sheet, enter_again):
        with pytest.raises(NotFound):
            do(house.services, ELSEWHERE, sheet)
    with pytest.raises(NotFound):
        photo(house.services, ELSEWHERE, sheet, kept)
    with pytest.raises(NotFound):
        photo(house.services, CLERK, sheet, "A" * 26)
    with pytest.raises(NotPermitted):
        open_sheet(house.services, COURIER, sheet)
    assert list_sheets(house.services, ELSEWHERE) == []
    for day in (None, DAY - timedelta(days=1), DAY + timedelta(days=1)):
        with pytest.raises(Invalid):
            enter_rows(house.services, CLERK, sheet, day, [row(1, "pack", "10:30")])
    with pytest.raises(Invalid):
        enter_rows(house.services, CLERK, sheet, DAY, [row(1, "pack", "10:30")] * 61)
    foreign = row("", "pack", "10:30", code=no)
    assert outcomes(enter(house, sheet, foreign)) == ["accepted"]  # by number alone


def test_what_was_collected_without_being_packed_is_with_the_recipient(house: House, clock: Any) -> None:
    no = issued(house, delivery=counter())
    sheet = sheet_of(house)
    later(clock, hours=1)
    answer = enter(
        house, sheet, row(line_of(house, sheet, no), "collect", "10:30", signer_kind="household_adult")
    )[0]
    assert answer.outcome == "accepted"
    assert next(iter(custody_of_case(house.services, CLERK, no).values()))["kind"] == "recipient"
    house.work()
    assert ledger.check(house.services) == []


def test_somebody_who_comes_besides_is_written_on_an_empty_line(house: House, clock: Any) -> None:
    issued(house)
    sheet = sheet_of(house)
    besides, more = issued(house), issued(house)
    later(clock, hours=1)
    waybill = house.view(more)["consignments"][0]["waybill_no"]
    answers = enter(
        house,
        sheet,
        row(4, "pack", "10:30", code=besides),
        row(waybill, "pack", "10:31"),
        row(4, "hand_over", "10:40"),
    )
    assert [(one.line, one.outcome) for one in answers] == [(4, "accepted"), (2, "accepted"), (4, "accepted")]
    assert state(house, besides) == "handed_over"
    page = open_sheet(house.services, CLERK, sheet)
    assert page.blanks == (3, 5, 6, 7, 8, 9)
    other = enter(house, sheet, row(4, "pack", "10:30", code=more))[0]
    assert [fault.code for fault in other.faults] == ["differs"]


def test_two_people_enter_the_same_sheet_at_once(house: House, clock: Any) -> None:
    no = issued(house)
    sheet = sheet_of(house)
    line = line_of(house, sheet, no)
    later(clock, hours=1)
    told: list[str] = []
    start = threading.Barrier(4)

    def one() -> None:
        start.wait()
        rows = [row(line, "pack", "10:30"), row(line, "hand_over", "10:40")]
        told.extend(outcomes(enter_rows(house.services, CLERK, sheet, DAY, rows)))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["accepted"] * 2 + ["known"] * 6
    assert state(house, no) == "handed_over"
    house.work()
    assert ledger.check(house.services) == []


def test_on_the_spot_is_signed_on_paper_that_day(house: House, clock: Any) -> None:
    no = issued(house, delivery={"method": "on_the_spot"})
    sheet = sheet_of(house)
    later(clock, hours=1)
    line = line_of(house, sheet, no)
    assert outcomes(enter(house, sheet, row(line, "pack", "10:20"), row(line, "collect", "10:30"))) == [
        "conflict", "accepted",
    ]  # fmt: skip
    house.work()
    view = house.view(no)
    assert (view["state"], view["service"]["served_on"]) == ("closed", "2026-11-20")


def test_what_the_system_had_already_is_no_news(house: House, clock: Any) -> None:
    no = received(house)
    sheet = sheet_of(house)
    issue_case(house.services, COLLEAGUE, no)
    house.work()
    view = house.view(no)
    pack_check(
        house.services, CLERK, view["consignments"][0]["waybill_no"], view["documents"][0]["document_id"]
    )
    later(clock, hours=1)
    line = line_of(house, sheet, no)
    told = enter(house, sheet, row(line, "issue", "10:20"), row(line, "pack", "10:30"))
    assert outcomes(told) == ["known", "known"]


# -- the page ---------------------------------------------------------------------------------------------------------
def test_the_form_keeps_what_was_typed_and_the_pictures_are_ours_alone(house: House, clock: Any) -> None:
    issued(house)
    sheet = sheet_of(house)
    later(clock, hours=1)
    browser, csrf = house.browser("wang", "clerk")
    address = f"/window/paper/{sheet}"
    form: dict[str, Any] = {"csrf_token": csrf, "day": "2026-11-20"} | row(
        "1", "collect", "10:30", signer="<b>周小满</b>"
    )
    bad = browser.post(address, data=form | {"photo": (io.BytesIO(b"GIF89a"), "<i>.gif")})
    assert bad.status_code == 422
    assert "只接受 JPG、PNG 照片或 PDF 扫描件" in bad.text
    assert "&lt;b&gt;周小满&lt;/b&gt;" in bad.text
    assert "<i>.gif" not in bad.text
    for changes in ({"day": "昨天"}, {"time": "26:00"}, {"signer_kind": "nobody"}):
        told = browser.post(address, data=form | changes)
        assert told.status_code == 422
        assert 'value="1"' in told.text
    assert browser.post(address, data=form | {"csrf_token": "x"}).status_code in (400, 403)
    assert open_sheet(house.services, CLERK, sheet).entries == ()
    odd = browser.post(
        address, data={"csrf_token": csrf, "day": "2026-11-20", "time": ["10:30", "10:31"], "what": ["1"]}
    )
    assert odd.status_code == 422  # rows whose fields do not come in pairs
    kept = open_sheet(house.services, CLERK, sheet).photos[0].id
    shown = browser.get(f"{address}/photo/{kept}/1.jpg")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert browser.get(f"{address}/photo/{'A' * 26}/1.jpg").status_code == 404
    for name, role, office in (
        ("zhao", "department", "33"),
        ("qian", "courier", "33"),
        ("sun", "clerk", "44"),
    ):
        other, token = house.browser(name, role, office)
        status = 404 if role == "clerk" else 403
        assert other.get(address).status_code == status
        assert other.get(f"{address}/photo/{kept}/1.jpg").status_code == status
        assert other.post(address, data=form | {"csrf_token": token}).status_code == status
        assert other.post(f"{address}/again", data={"csrf_token": token}).status_code == status
    good = browser.post(
        address, data=form | {"signer_kind": "self", "act": "pack", "beside": "clerk"}, follow_redirects=True
    )
    assert "1 条录好" in good.text


# -- the sheet itself ------------------------------------------------------------------------------------------------
def test_the_sheet_is_numbered_stays_the_same_and_finds_its_way_home(house: House) -> None:
    first = issued(house)
    pdf = register_pdf(house.services, CLERK)
    assert register_pdf(house.services, CLERK) == pdf
    assert len(list_sheets(house.services, CLERK)) == 1
    with pypdfium2.PdfDocument(pdf) as opened:
        page = opened[0]
        assert [round(one) for one in page.get_size()] == [842, 595]
        text = re.sub(r"\s+", "", page.get_textpage().get_text_bounded())
        image = page.render(scale=300 / 72).to_pil()
    codes = {one.text for one in zxingcpp.read_barcodes(image)}
    sheet = list_sheets(house.services, CLERK)[0]
    assert {sheet.number, first} <= codes
    assert "周**" in text
    assert "周小满" not in text
    assert "1120登记-1" in text
    assert what_is(house.services, CLERK, sheet.number).address == f"/window/paper/{sheet.id}"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    part = take_upload(house.services, CLERK, "单子.jpg", out.getvalue())[0]
    assert part.state == "attached"
    assert len(open_sheet(house.services, CLERK, sheet.id).photos) == 1
    received(house)
    register_pdf(house.services, CLERK)
    assert len(list_sheets(house.services, CLERK)) == 2  # other work, another sheet
    register_pdf(house.services, CLERK, blank=True)
    assert list_sheets(house.services, CLERK)[0].lines == 0


def test_a_scanned_pdf_is_shown_page_by_page(house: House) -> None:
    for _ in range(2):
        received(house)
    pdf = register_pdf(house.services, CLERK)
    sheet = list_sheets(house.services, CLERK)[0].id
    kept = keep_photo(house.services, CLERK, sheet, pdf)
    with pypdfium2.PdfDocument(pdf) as opened:
        count = len(opened)
    browser, _ = house.browser("wang", "clerk")
    assert count == 2
    page = browser.get(f"/window/paper/{sheet}").text
    addresses = [f"/window/paper/{sheet}/photo/{kept}/{n}.jpg" for n in range(1, count + 2)]
    assert [address in page for address in addresses] == [True, True, False]
    assert [browser.get(address).status_code for address in addresses] == [200, 200, 404]
    assert browser.get(f"/window/paper/{sheet}/photo/{kept}/0.jpg").status_code == 404


def test_the_list_of_sheets_asks_as_often_for_many_as_for_few(house: House) -> None:
    asked: list[str] = []
    event.listen(house.services.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def count() -> tuple[int, int]:
        asked.clear()
        return len(list_sheets(house.services, CLERK)), len(asked)

    sheet_of(house)
    sheets, few = count()
    for _ in range(4):
        received(house)
        register_pdf(house.services, CLERK)
    more, many = count()
    assert (sheets, more) == (1, 5) and few == many
    assert sorted(one.lines for one in list_sheets(house.services, CLERK)) == [0, 1, 2, 3, 4]


def test_held_cases_are_not_on_the_sheet(house: House, drain: Callable[[], int]) -> None:
    no = received(house)
    place_hold(house.services, CLERK, no, "税费未缴")
    drain()
    register_pdf(house.services, CLERK)
    assert list_sheets(house.services, CLERK)[0].lines == 0
