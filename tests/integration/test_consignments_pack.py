"""Booking, labels, pack check and hand-over lists on a real database."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from io import BytesIO

import openpyxl
import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from dispatch import badges, people
from dispatch.casefile import case_view
from dispatch.consignments.book import bind_number, retry_booking
from dispatch.consignments.label import label_pdf, label_zpl, labels_pdf, slip_pdf
from dispatch.consignments.manifest import (
    list_manifests,
    make_manifest,
    manifest_file,
    manifest_pdf,
    sign_manifest,
)
from dispatch.consignments.pack import Second, pack_check, unpack
from dispatch.consignments.ranges import ensure_demo_range
from dispatch.documents.paper_codes import bind_code
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.form_numbers import check_character
from dispatch.holds import place_hold
from dispatch.lifecycle import DocumentState
from dispatch.models import Audit, Document
from dispatch.rights import CLI, ROLE_SCOPES, SYSTEM, Actor, Role, Scope
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, document, recipient, resident_id
from tests.road import Road

pytestmark = pytest.mark.integration

PERSON = {
    "type": "person",
    "name": "周小满",
    "id_type": "resident_id",
    "id_no": resident_id(77),
    "phone": "19000000123",
}
ROOM = recipient(address="新城花园3幢2单元501室")


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def text_of(pdf: bytes) -> str:
    file = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in file)
    finally:
        file.close()


def codes_of(pdf: bytes) -> set[str]:
    file = pypdfium2.PdfDocument(pdf)
    try:
        return {
            code.text
            for page in file
            for code in zxingcpp.read_barcodes(page.render(scale=300 / 72, grayscale=True).to_pil())
        }
    finally:
        file.close()


def end(road: Road, no: str, state: DocumentState) -> str:
    (paper,) = road.documents(no)
    with road.services.store.work(SYSTEM) as work:
        row = work.session.get_one(Document, paper.id)
        work.move(row, state, live=state is DocumentState.SUSPENDED)
    return paper.id


# -- booking and labels --------------------------------------------------------------------------------------------
def test_used_up_numbers_are_refused_visibly_and_booked_after_an_import(road) -> None:
    no = road.issue(numbers=False)
    (envelope,) = road.envelopes(no)
    assert envelope.state == "booking_rejected"
    assert "号段用完" in (envelope.flag or "")
    with pytest.raises(RuleViolation, match="not_ready"):
        label_pdf(road.services, CLERK, envelope.id)
    ensure_demo_range(road.services)
    retry_booking(road.services, CLERK, envelope.id)
    road.drain()
    (envelope,) = road.envelopes(no)
    assert (envelope.state, envelope.flag) == ("labelled", None)
    with pytest.raises(RuleViolation, match="not_now"):
        retry_booking(road.services, CLERK, envelope.id)


def test_booking_twice_takes_one_number(road) -> None:
    (envelope,) = road.envelopes(road.issue())
    number = road.number(envelope.id)
    with road.services.store.work(SYSTEM) as work:
        work.emit("consignment.book", envelope.id)
    road.drain()
    assert road.number(envelope.id) == number
    assert road.envelope(envelope.id).label_blob == envelope.label_blob


def test_the_label_names_the_centre_and_masks_persons(road) -> None:
    (envelope,) = road.envelopes(road.issue(delivery={"method": "express", "recipient": ROOM}))
    pdf = label_pdf(road.services, CLERK, envelope.id)
    text = text_of(pdf)
    assert "周小满" not in text
    assert "周**" in text
    assert "190****0123" in text
    assert "县行政服务中心" in text
    assert "501室" in text.replace("\n", "").replace("\r", "")  # this carrier has it nowhere else
    assert "企业名称" not in text
    assert {road.label(envelope.id), road.number(envelope.id)} <= codes_of(pdf)


def test_the_room_is_hidden_where_our_own_people_see_it(road) -> None:
    (envelope,) = road.envelopes(road.issue(delivery={"method": "door", "recipient": ROOM}))
    text = text_of(label_pdf(road.services, CLERK, envelope.id)).replace("\n", "").replace("\r", "")
    assert "501室" not in text
    assert "新城花园" in text
    assert road.number(envelope.id).startswith("ZD")


@pytest.mark.parametrize("size", ["76x130", "100x150", "100x180"])
def test_every_size_and_zpl(road, size) -> None:
    (envelope,) = road.envelopes(road.issue())
    assert {road.label(envelope.id), road.number(envelope.id)} <= codes_of(
        label_pdf(road.services, CLERK, envelope.id, size)
    )
    zpl = label_zpl(road.services, CLERK, envelope.id, size)
    assert zpl.startswith("^XA")
    assert road.label(envelope.id) in zpl.replace("_2F", "/") or "^BQ" in zpl


def test_labels_for_nobody_else(road) -> None:
    (envelope,) = road.envelopes(road.issue())
    with pytest.raises(NotFound):
        label_pdf(road.services, ELSEWHERE, envelope.id)
    with pytest.raises(NotFound):
        label_pdf(road.services, CLERK, "A" * 26)
    with pytest.raises(NotPermitted):
        label_pdf(road.services, COURIER, envelope.id)
    with pytest.raises(Invalid):
        label_pdf(road.services, CLERK, envelope.id, "10x10")


def test_many_labels_in_one_file(road) -> None:
    ids = [road.envelopes(road.issue())[0].id for _ in range(3)]
    found = codes_of(labels_pdf(road.services, CLERK, ids))
    assert {road.number(one) for one in ids} <= found
    with pytest.raises(RuleViolation, match="batch_size"):
        labels_pdf(road.services, CLERK, [])


def test_a_paper_that_only_the_person_may_receive_changes_the_label(road) -> None:
    first = road.issue(applicant=PERSON)
    (envelope,) = road.envelopes(first)
    assert "须本人签收" not in text_of(label_pdf(road.services, CLERK, envelope.id))
    road.issue(applicant=PERSON, documents=[document(signer_policy="self")])
    changed = road.envelope(envelope.id)
    assert changed.label_blob != envelope.label_blob
    assert "重新打印" in (changed.flag or "")
    assert "须本人签收" in text_of(label_pdf(road.services, CLERK, envelope.id))
    assert road.code(envelope.id) is not None


def test_a_name_no_face_can_print_is_refused_visibly(road) -> None:
    no = road.issue(
        delivery={"method": "express", "recipient": recipient(address="岭外村\U000e0fff\ue000号")}
    )
    (envelope,) = road.envelopes(no)
    assert envelope.state == "booking_rejected"
    assert "字库" in (envelope.flag or "")


def test_the_slip_at_the_counter(road) -> None:
    (envelope,) = road.envelopes(road.issue(delivery={"method": "counter"}))
    slip = slip_pdf(road.services, CLERK, envelope.id)
    assert "A-01" in text_of(slip)
    assert "周小满" not in text_of(slip)
    assert road.label(envelope.id) in codes_of(slip)
    with pytest.raises(RuleViolation, match="not_ready"):
        label_pdf(road.services, CLERK, envelope.id)
    (express,) = road.envelopes(road.issue())
    with pytest.raises(RuleViolation, match="not_ready"):
        slip_pdf(road.services, CLERK, express.id)


# -- numbers by hand -----------------------------------------------------------------------------------------------
@pytest.fixture
def by_hand(tmp_path) -> Road:
    return Road(tmp_path, DISPATCH_EXPRESS_CARRIER="manual")


def test_one_number_never_on_two_envelopes(by_hand) -> None:
    first, second = (
        by_hand.envelopes(by_hand.issue(applicant=PERSON | {"id_no": resident_id(n)}))[0] for n in (1, 2)
    )
    assert bind_number(by_hand.services, CLERK, first.id, "ＥＡ473124829ＣＮ") == "EA473124829CN"
    assert bind_number(by_hand.services, CLERK, first.id, "EA473124829CN") == "EA473124829CN"
    with pytest.raises(RuleViolation, match="number_used"):
        bind_number(by_hand.services, CLERK, second.id, "EA473124829CN")
    with pytest.raises(RuleViolation, match="not_now"):
        bind_number(by_hand.services, CLERK, first.id, "1234567890123")
    with pytest.raises(RuleViolation, match="number_malformed"):
        bind_number(by_hand.services, CLERK, second.id, "运单")


def test_a_scan_before_its_number_was_registered_counts_afterwards(by_hand) -> None:
    no = by_hand.issue()
    (envelope,) = by_hand.envelopes(no)
    same = {"scan_id": "early", "occurred_at": "2026-11-16T10:00:00+08:00"}
    assert by_hand.scan("EA473124829CN", "damage", **same)["outcome"] == "unknown"
    assert by_hand.scan("EA473124829CN", "damage", **same)["outcome"] == "duplicate"
    bind_number(by_hand.services, CLERK, envelope.id, "EA473124829CN")
    assert by_hand.scan("EA473124829CN", "damage", **same) == {
        "scan_id": "early",
        "outcome": "accepted",
        "state": "damaged",
    }
    assert by_hand.scan("EA473124829CN", "damage", **same)["outcome"] == "duplicate"


# -- pack check ----------------------------------------------------------------------------------------------------
def test_the_last_paper_closes_the_envelope(road) -> None:
    no = road.issue(documents=[document(copy="正本"), document(copy="副本")])
    (envelope,) = road.envelopes(no)
    first, second = road.documents(no)
    found = pack_check(road.services, CLERK, road.label(envelope.id), road.qr(first))
    assert (found.outcome, found.packed, found.of, found.missing) == (
        "matched",
        1,
        2,
        ("企业名称预先核准通知书（副本）",),
    )
    assert pack_check(road.services, COLLEAGUE, road.label(envelope.id), road.qr(first)) == found
    assert road.envelope(envelope.id).state == "labelled"
    found = pack_check(road.services, CLERK, road.number(envelope.id), second.id)
    assert (found.packed, found.of, found.missing) == (2, 2, ())
    packed = road.envelope(envelope.id)
    assert (packed.state, packed.base_state) == ("packed", "packed")
    assert packed.packed_at is not None
    road.scan(road.label(envelope.id), "hand_over")
    assert pack_check(road.services, CLERK, road.label(envelope.id), road.qr(first)) == found
    assert road.envelope(envelope.id).state == "handed_over"


def test_whatever_the_scanner_makes_of_it(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    number, token = road.number(envelope.id), road.qr(paper).split("#")[1]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)
    label = road.label(envelope.id)
    labels = [
        label,
        f"\x02 {label}\r\n",
        envelope.id,
        number,
        number.lower(),
        f"{number[:2]} {number[2:]}",
        wide,
    ]
    grouped = "-".join(paper.id[n : n + 4] for n in (0, 4, 8, 12))
    papers = [road.qr(paper), token, token.lower(), f"  {token}\n", paper.id, paper.id.lower(), grouped]
    papers.append(f"https://elsewhere.example/V/{token}")
    for label in labels:
        assert road.mismatch(label, papers[0]) == "matched", label
    for one in papers:
        assert road.mismatch(labels[0], one) == "matched", one


@pytest.mark.parametrize(
    "junk",
    [
        "",
        " ",
        "x",
        "\x00",
        "A" * 26,
        "A" * 16,
        "http://127.0.0.1:8000/c#",
        "EZ999999999ZZ",
        "9" * 5000,
        "公章",
        "\ud800",
    ],
)
def test_junk_is_unknown(road, junk) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    assert road.mismatch(junk, road.documents(no)[0].id) == "unknown"
    assert road.mismatch(road.label(envelope.id), junk) == "unknown"


def test_a_token_that_is_not_the_one_we_made_is_unknown(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    text = road.qr(road.documents(no)[0])
    forged = text[:-4] + ("AAAA" if not text.endswith("AAAA") else "QQQQ")
    assert road.mismatch(road.label(envelope.id), forged) == "unknown"


def test_another_office_knows_neither(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    with pytest.raises(RuleViolation) as refusal:
        pack_check(road.services, ELSEWHERE, road.label(envelope.id), road.documents(no)[0].id)
    assert refusal.value.extra["reason"] == "unknown"
    with pytest.raises(NotPermitted):
        pack_check(road.services, COURIER, road.label(envelope.id), road.documents(no)[0].id)


def test_two_envelopes_are_not_swapped(road) -> None:
    first, second = road.issue(), road.issue()
    one, two = road.envelopes(first)[0].id, road.envelopes(second)[0].id
    assert road.mismatch(road.label(one), road.documents(second)[0].id) == "different_envelope"
    assert road.mismatch(road.label(two), road.documents(second)[0].id) == "matched"
    assert road.mismatch(road.label(one), road.documents(second)[0].id) == "already_packed"
    assert road.envelope(one).state == "labelled"
    assert road.documents(first)[0].packed_at is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (DocumentState.SUSPENDED, "suspended"), (DocumentState.REVOKED, "revoked"),
        (DocumentState.SUPERSEDED, "superseded"), (DocumentState.VOID, "revoked"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed_before", [False, True])
def test_what_is_no_longer_valid_stays_out(road, state, reason, packed_before) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    if packed_before:
        road.pack(no)
    paper = end(road, no, state)
    assert road.mismatch(road.label(envelope.id), paper) == reason


def test_the_last_valid_day_still_counts(road) -> None:
    no = road.issue(
        documents=[document(valid_until="2026-11-16"), document(copy="副本", valid_until="2026-11-15")]
    )
    (envelope,) = road.envelopes(no)
    today, yesterday = road.documents(no)
    assert road.mismatch(road.label(envelope.id), today.id) == "matched"
    assert road.mismatch(road.label(envelope.id), yesterday.id) == "expired"


def test_a_held_case_is_not_packed(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    place_hold(road.services, CLERK, no, "部门要求暂缓")
    assert road.mismatch(road.label(envelope.id), road.documents(no)[0].id) == "held"


def test_before_the_label_nothing_is_packed(road) -> None:
    no = road.issue(numbers=False)
    (envelope,) = road.envelopes(no)
    assert road.mismatch(road.label(envelope.id), road.documents(no)[0].id) == "not_ready"


def test_a_paper_not_yet_valid_is_not_packed(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    with road.services.store.work(SYSTEM) as work:
        work.session.get_one(Document, paper.id).state = "draft"
    assert road.mismatch(road.label(envelope.id), paper.id) == "not_ready"


OBJECT = {"kind": "physical", "source": "physical", "title": "不动产权证书"}


def asked_for(road, label: str, paper: str, **more) -> str:
    """The code with which the check says what it needs besides; ``matched`` where nothing."""
    try:
        pack_check(road.services, CLERK, label, paper, **more)
    except Invalid as need:
        (fault,) = need.faults
        assert need.code == fault.code
        return f"{fault.pointer} {fault.code}"
    return "matched"


def beside(
    road, name: str = "beside", office: str = "33", role: str = "clerk", pin: str = "275913"
) -> Second:
    """A colleague with a PIN."""
    people.create_user(road.services, CLI, name, role, office, "quiet-river-42-stones")
    badges.set_own_pin(
        road.services, Actor(f"user:{name}", office, ROLE_SCOPES[Role(role)]), "quiet-river-42-stones", pin
    )
    return Second(name, pin, "counter-1")


def test_what_stands_on_an_object_is_read_from_it(road) -> None:
    no = road.issue(documents=[document(**OBJECT, object_no="D33001234567")])
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    label = road.label(envelope.id)
    for code in (paper.id, road.qr(paper)):
        for nothing in (None, "", "  "):
            assert asked_for(road, label, code, object_tail=nothing) == "/object_tail object_tail_required"
    for wrong in ("4568", "67", "XD33001234567", "……"):
        assert road.mismatch(label, paper.id, wrong) == "object_mismatch", wrong
    assert road.documents(no)[0].packed_at is None
    assert road.mismatch(label, paper.id, " ４５６７ ") == "matched"
    for again in (None, "4567", "d33001234567"):
        assert road.mismatch(label, paper.id, again) == "matched", again
    assert road.mismatch(label, paper.id, "4568") == "object_mismatch"


def test_what_stands_on_an_object_cannot_be_guessed(road) -> None:
    no = road.issue(documents=[document(**OBJECT, object_no="D33001234567")])
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    label = road.label(envelope.id)
    for tail in range(5):
        assert road.mismatch(label, paper.id, f"000{tail}") == "object_mismatch"
    for tail in ("4567", "0009"):  # right or wrong: the answer tells nothing any more
        assert asked_for(road, label, paper.id, object_tail=tail) == "/second_who second_person_required"
    found = pack_check(road.services, CLERK, label, paper.id, "0009", beside(road))
    assert found.packed == 1
    unpack(road.services, CLERK, envelope.id, "重装")
    road.clock.forward(days=1)
    assert road.mismatch(label, paper.id, "4567") == "matched"


def test_nothing_tells_what_stands_on_an_object(road) -> None:
    # written so that no random id, number or hash of the house can hold it by chance
    whole, right, wrong = "浙产权甲子丑寅卯", "子丑寅卯", "子丑寅辰"
    no = road.issue(documents=[document(**OBJECT, object_no=whole)])
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    assert road.mismatch(road.label(envelope.id), paper.id, wrong) == "object_mismatch"
    assert road.mismatch(road.label(envelope.id), paper.id, right) == "matched"
    with road.services.store.read(SYSTEM) as work:
        told = " ".join(work.session.scalars(select(Audit.detail)))
    shown = json.dumps(case_view(road.services, CLERK, no), ensure_ascii=False)
    for text in (told, shown):
        assert "document_packed" in text or "known_by" in text  # the acts themselves are told
        assert not any(part in text for part in (whole, right, wrong))


def test_a_code_that_stands_on_the_object_is_enough(road) -> None:
    no = road.issue(documents=[document(**OBJECT, object_no="D33001234567")])
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    bind_code(road.services, CLERK, paper.id, "STICKER-0042")
    assert road.mismatch(road.label(envelope.id), "sticker-0042") == "matched"


def test_an_object_without_any_number_needs_two_people(road) -> None:
    no = road.issue(documents=[document(**OBJECT)])
    (envelope,) = road.envelopes(no)
    (paper,) = road.documents(no)
    label = road.label(envelope.id)
    for tail in (None, "4567"):
        assert asked_for(road, label, paper.id, object_tail=tail) == "/second_who second_person_required"
    colleague = beside(road)
    with pytest.raises(NotPermitted, match="pin_failed"):
        pack_check(road.services, CLERK, label, paper.id, second=replace(colleague, pin="000001"))
    for stranger in (beside(road, "far", "44"), beside(road, "carries", "33", "courier")):
        with pytest.raises(RuleViolation, match="second_person"):
            pack_check(road.services, CLERK, label, paper.id, second=stranger)
    me = Actor("user:beside", "33", CLERK.scopes)
    with pytest.raises(RuleViolation, match="second_person"):
        pack_check(road.services, me, label, paper.id, second=colleague)
    assert road.documents(no)[0].packed_at is None
    program = Actor("key:window", "", frozenset({Scope.ISSUE}))
    assert pack_check(road.services, program, label, paper.id, second=colleague).packed == 1
    with road.services.store.read(SYSTEM) as work:
        (told,) = work.session.scalars(select(Audit.detail).where(Audit.action == "document_packed"))
    assert json.loads(told) | {"known_by": "second", "second": "user:beside"} == json.loads(told)


def test_the_pair_is_judged_before_anything_is_asked(road) -> None:
    no, other = road.issue(documents=[document(**OBJECT)]), road.issue()
    (envelope,) = road.envelopes(other)
    (paper,) = road.documents(no)
    assert road.mismatch(road.label(envelope.id), paper.id) == "different_envelope"


def test_at_the_counter_papers_are_checked_in_too(road) -> None:
    no = road.issue(delivery={"method": "counter"})
    road.pack(no)
    (envelope,) = road.envelopes(no)
    assert envelope.state == "ready_for_collection"
    assert envelope.packed_at is not None
    later = road.issue(delivery={"method": "counter"}, applicant=PERSON)
    assert road.envelopes(later)[0].id != envelope.id


def test_an_opened_envelope_is_packed_anew(road) -> None:
    no = road.issue()
    envelope = road.pack(no)
    with pytest.raises(RuleViolation, match="reason_required"):
        unpack(road.services, CLERK, envelope, " ")
    unpack(road.services, CLERK, envelope, "补放回执")
    assert road.envelope(envelope).state == "labelled"
    assert road.documents(no)[0].packed_at is None
    assert road.pack(no) == envelope
    road.scan(road.label(envelope), "hand_over")
    with pytest.raises(RuleViolation, match="handed_over"):
        unpack(road.services, CLERK, envelope, "太晚了")


@pytest.mark.parametrize("state", [DocumentState.SUSPENDED, DocumentState.REVOKED])
def test_an_envelope_is_not_closed_over_an_ended_paper(road, state) -> None:
    no = road.issue(documents=[document(copy="正本"), document(copy="副本")])
    (envelope,) = road.envelopes(no)
    first, second = road.documents(no)
    pack_check(road.services, CLERK, road.label(envelope.id), first.id)
    with road.services.store.work(SYSTEM) as work:
        work.move(work.session.get_one(Document, first.id), state, live=state is DocumentState.SUSPENDED)
    pack_check(road.services, CLERK, road.label(envelope.id), second.id)
    found = road.envelope(envelope.id)
    assert found.state == "labelled"
    assert "正本" in (found.flag or "")
    unpack(road.services, CLERK, envelope.id, "取出失效的证件")
    assert road.envelope(envelope.id).flag is None
    pack_check(road.services, CLERK, road.label(envelope.id), second.id)
    assert road.envelope(envelope.id).state == ("packed" if state is DocumentState.REVOKED else "labelled")


def test_an_envelope_with_nothing_left_to_hold_is_cancelled(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    paper = end(road, no, DocumentState.REVOKED)
    with road.services.store.work(SYSTEM) as work:
        work.emit("case.settle", road.case(no).id)
    road.drain()
    assert road.envelope(envelope.id).state == "cancelled"
    assert road.mismatch(road.label(envelope.id), paper) == "void_waybill"


def test_every_refused_pair_is_on_record(road) -> None:
    no = road.issue()
    road.mismatch(road.label("A" * 26), road.documents(no)[0].id)
    with road.services.store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(Audit).where(Audit.action == "pack_mismatch")))
    assert [row.detail for row in rows] == ['{"reason":"unknown"}']


def test_two_clerks_at_once_close_one_envelope_once(road) -> None:
    no = road.issue(documents=[document(copy=f"副本{n}") for n in range(1, 7)])
    (envelope,) = road.envelopes(no)
    faults: list[BaseException] = []

    def check(actor, papers) -> None:
        for paper in papers:
            try:
                pack_check(road.services, actor, road.label(envelope.id), paper.id)
            except RuleViolation as fault:
                faults.append(fault)

    papers = road.documents(no)
    threads = [
        threading.Thread(target=check, args=each) for each in ((CLERK, papers), (COLLEAGUE, papers[::-1]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert road.envelope(envelope.id).state == "packed"
    with road.services.store.read(SYSTEM) as work:
        acts = list(
            work.session.scalars(
                select(Audit.action).where(Audit.action.in_(["document_packed", "consignment_packed"]))
            )
        )
    assert sorted(acts) == ["consignment_packed"] + ["document_packed"] * 6


def _list_no(body: str) -> str:
    return body + check_character(body)


# -- hand-over lists -----------------------------------------------------------------------------------------------
def test_a_list_of_all_packed_moves_nothing(road) -> None:
    ids = []
    for _ in range(2):
        ids.append(road.pack(road.issue()))
        road.clock.forward(minutes=1)
    road.issue()  # labelled only
    view = make_manifest(road.services, CLERK, "range", all_packed=True)
    assert view.consignment_ids == tuple(ids)
    assert view.list_no == _list_no("JJ202611160001")
    assert {road.envelope(one).state for one in ids} == {"packed"}
    assert make_manifest(road.services, CLERK, "range", ids[:1]).list_no == _list_no("JJ202611160002")
    text = text_of(manifest_pdf(road.services, CLERK, view.id))
    assert "周小满" in text  # this carrier holds nothing electronically
    assert "19000000123" in text
    sheet = openpyxl.load_workbook(BytesIO(manifest_file(road.services, CLERK, view.id))).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [road.number(one) for one in ids]


def test_our_own_list_is_masked(road) -> None:
    road.pack(road.issue(delivery={"method": "door", "recipient": recipient()}))
    view = make_manifest(road.services, CLERK, "staff", all_packed=True)
    text = text_of(manifest_pdf(road.services, CLERK, view.id))
    assert "内部交接单" in text
    assert "周小满" not in text
    assert "19000000123" not in text
    with pytest.raises(RuleViolation, match="not_needed"):
        manifest_file(road.services, CLERK, view.id)


def test_what_must_not_leave_is_on_no_list(road) -> None:
    held, ended, fine, loose = road.issue(), road.issue(), road.issue(), road.issue()
    ids = [road.pack(no) for no in (held, ended, fine)]
    place_hold(road.services, CLERK, held, "部门要求暂缓")
    end(road, ended, DocumentState.REVOKED)
    assert make_manifest(road.services, CLERK, "range", all_packed=True).consignment_ids == (ids[2],)
    for one, code in (
        (ids[0], "held"),
        (ids[1], "ended_inside"),
        (road.envelopes(loose)[0].id, "not_packed"),
    ):
        with pytest.raises(RuleViolation, match=code):
            make_manifest(road.services, CLERK, "range", [ids[2], one])
    with pytest.raises(RuleViolation, match="not_packed"):
        make_manifest(road.services, CLERK, "staff", [ids[2]])
    with pytest.raises(RuleViolation, match="unknown_carrier"):
        make_manifest(road.services, CLERK, "sf", all_packed=True)
    with pytest.raises(RuleViolation, match="nothing_packed"):
        make_manifest(road.services, CLERK, "staff", all_packed=True)
    with pytest.raises(RuleViolation, match="nothing_packed"):
        make_manifest(road.services, CLERK, "range", [])


@pytest.mark.parametrize("scan_first", [True, False])
def test_scan_and_signed_list_are_one_hand_over(road, scan_first) -> None:
    one = road.pack(road.issue())
    view = make_manifest(road.services, CLERK, "range", all_packed=True)
    assert not view.signed
    road.clock.forward(minutes=5)
    if scan_first:
        assert road.scan(road.label(one), "hand_over")["outcome"] == "accepted"
        road.clock.forward(minutes=5)
    (signed,) = sign_manifest(road.services, CLERK, view.id, "揽投员 王")
    assert (signed["outcome"], signed["state"]) == ("accepted", "handed_over")
    if not scan_first:
        road.clock.forward(minutes=5)
        assert road.scan(road.label(one), "hand_over")["outcome"] == "accepted"
    assert sign_manifest(road.services, CLERK, view.id, "揽投员 王")[0]["outcome"] == "duplicate"
    road.clock.forward(minutes=1)
    assert road.scan(road.label(one), "hand_over")["outcome"] == "conflict"
    assert list_manifests(road.services, CLERK)[0].signed
    assert len(road.notices("handed_over")) == 1


def test_lists_stay_in_their_office(road) -> None:
    road.pack(road.issue())
    view = make_manifest(road.services, CLERK, "range", all_packed=True)
    for act in (manifest_pdf, manifest_file):
        with pytest.raises(NotFound):
            act(road.services, ELSEWHERE, view.id)
    assert list_manifests(road.services, ELSEWHERE) == []
    with pytest.raises(RuleViolation, match="nothing_packed"):
        make_manifest(road.services, ELSEWHERE, "range", all_packed=True)
    with pytest.raises(NotFound):
        make_manifest(road.services, ELSEWHERE, "range", list(view.consignment_ids))
