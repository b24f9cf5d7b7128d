"""Service apart from delivery: records of the system, refusals with their receipt, entries by hand, signing on the spot."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from dispatch.casefile import case_view
from dispatch.errors import Invalid, NotFound, NotPermitted, Rejected, RuleViolation
from dispatch.models import Document
from dispatch.redirect import redirect_case
from dispatch.rights import SYSTEM
from dispatch.service.consent import record_consent, withdraw_consent
from dispatch.service.entry import add_receipt, record_service, take_back_service
from dispatch.service.overview import case_service, waiting_service
from dispatch.service.sheet import service_record_pdf
from dispatch.service.spot import sign_on_the_spot
from dispatch.signature import Signature
from dispatch.worklist import worklist
from tests.factories import CLERK, COURIER, ELSEWHERE, document, recipient
from tests.road import Road

pytestmark = pytest.mark.integration

REFUSAL = {
    "decision": "denied",
    "documents": [
        document(
            kind="decision",
            title="不予行政许可决定书",
            signer_policy="authorized",
            fields={"复议期限": "自收到本决定书之日起六十日内", "诉讼期限": "自收到本决定书之日起六个月内"},
        )
    ],
}
MYSELF = {"kind": "self", "name": "周小满"}


def picture(word: str = "x") -> bytes:
    image = Image.new("RGB", (300, 120), "white")
    ImageDraw.Draw(image).line([(10, 10), (200 + len(word), 100)], fill="black", width=5)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def deliver(road: Road, no: str, **signer: str) -> None:
    consignment_id = road.pack(no)
    road.scan(road.label(consignment_id), "hand_over", minutes=30)
    road.scan(road.label(consignment_id), "deliver", signer=MYSELF | signer, source="courier")
    road.drain()


def view(road: Road, no: str) -> dict:
    return case_view(road.services, CLERK, no)["service"]


def first(road: Road, no: str):
    return case_service(road.services, CLERK, no).papers[0]


# -- what the system records ---------------------------------------------------------------------------------------
def test_a_delivery_signed_by_who_may_becomes_a_record_of_service_by_post(road) -> None:
    no = road.issue()
    assert view(road, no) == {"state": "pending", "method": "express", "served_on": None}
    deliver(road, no)
    assert view(road, no) == {"state": "served", "method": "express", "served_on": "2026-11-16"}
    paper = first(road, no)
    (record,) = paper.records
    assert (record.method, record.origin, record.recipient) == ("邮寄送达", "系统按签收自动记录", "周**")
    assert "本人 周** 签收" in record.evidence
    assert road.number(road.envelopes(no)[0].id) in " ".join(record.evidence)
    assert paper.terms is None  # nobody appeals against a permit
    assert road.case(no).state == "closed"


def test_our_own_hands_and_the_counter_serve_directly(road) -> None:
    for delivery in ({"method": "door", "recipient": recipient()}, {"method": "counter"}):
        no = road.issue(delivery=delivery)
        (envelope,) = road.envelopes(no)
        if delivery["method"] == "door":
            deliver(road, no)
        else:
            road.scan(envelope.id, "deliver", signer=MYSELF, source="window")
            road.drain()
        assert first(road, no).records[0].method == "直接送达"


def test_a_refusal_is_served_only_with_its_signed_receipt_and_terms_run_from_then(road) -> None:
    no = road.issue(**REFUSAL)
    deliver(road, no)
    assert view(road, no) == {"state": "awaiting_receipt", "method": "express", "served_on": None}
    paper = first(road, no)
    assert (paper.standing.word, paper.terms) == ("待回证", None)
    (row,) = waiting_service(road.services, CLERK).receipts
    assert (row.acceptance_no, row.recipient) == (no, "周**")
    assert waiting_service(road.services, ELSEWHERE).receipts == []
    stuck = [row for row in worklist(road.services, CLERK)["stuck"] if row["kind"] == "receipt_missing"]
    assert [row["acceptance_no"] for row in stuck] == [no]
    assert worklist(road.services, ELSEWHERE)["stuck"] == []
    add_receipt(road.services, CLERK, paper.document_id, picture())
    assert view(road, no) == {"state": "served", "method": "express", "served_on": "2026-11-16"}
    terms = first(road, no).terms
    assert terms is not None
    assert terms.review_until == date(2027, 1, 15)
    assert terms.suit_until == date(2027, 5, 17)  # 16 May is a Sunday
    assert waiting_service(road.services, CLERK).receipts == []
    assert worklist(road.services, CLERK)["stuck"] == []


def test_what_came_back_is_not_served(road) -> None:
    no = road.issue()
    consignment_id = road.pack(no)
    road.scan(road.label(consignment_id), "hand_over", minutes=30)
    road.scan(road.label(consignment_id), "return_arrive")
    road.drain()
    assert view(road, no)["state"] == "not_served"
    assert first(road, no).records == ()


def test_a_signer_who_may_not_serves_nobody_until_the_window_has_asked(road) -> None:
    no = road.issue(documents=[document(signer_policy="authorized")])
    deliver(road, no, kind="village", name="村委会")
    assert first(road, no).records == ()
    assert view(road, no)["state"] == "pending"


def test_a_delivery_taken_back_ends_the_record(road) -> None:
    no = road.issue()
    deliver(road, no)
    consignment = road.envelopes(no)[0]
    road.clock.forward(minutes=5)
    road.scan(road.label(consignment.id), "reverse_delivery", source="carrier")
    road.drain()
    assert view(road, no)["state"] == "pending"
    assert first(road, no).records == ()
    assert road.case(no).state == "issued"


# -- by hand -------------------------------------------------------------------------------------------------------
def served(road: Road, no: str, pictures=(), **typed: str) -> str:
    paper = first(road, no)
    return record_service(road.services, CLERK, paper.document_id, typed, pictures)


def test_a_public_notice_runs_thirty_days_and_then_counts_by_itself(road) -> None:
    no = road.issue(**REFUSAL)
    served(
        road, no, [("photo", picture())], method="public_notice", date="2026-11-16", reason="受送达人下落不明",
        text="因你下落不明，现依法公告送达……", place="县政府公告栏",
    )  # fmt: skip
    assert view(road, no) == {"state": "running", "method": "public_notice", "served_on": None}
    (row,) = waiting_service(road.services, CLERK).notices
    assert (row.day, row.days) == (date(2026, 12, 16), 30)
    road.clock.forward(days=30)
    assert view(road, no) == {"state": "served", "method": "public_notice", "served_on": "2026-12-16"}
    terms = first(road, no).terms
    assert terms is not None  # a notice stands in for the signature that nobody gives
    assert terms.review_until == date(2027, 2, 15)  # 14 February is a Sunday


def test_missing_evidence_is_named_and_nothing_is_kept(road) -> None:
    no = road.issue(**REFUSAL)
    with pytest.raises(Invalid) as refusal:
        served(road, no, method="left", date="2026-11-16")
    assert {fault.pointer for fault in refusal.value.faults} == {"/reason", "/files", "/witnesses"}
    with pytest.raises(Invalid):
        served(
            road,
            no,
            [("receipt", b"no picture")],
            method="left",
            date="2026-11-16",
            reason="拒收",
            witnesses="李明",
        )
    with pytest.raises(Invalid) as early:
        served(road, no, method="post", date="2026-11-15", signer="周小满", waybill="EZ1")
    assert early.value.faults[0].pointer == "/date"
    assert first(road, no).records == ()
    assert first(road, no).attachments == ()


def test_left_with_a_witness_serves_a_refusal_once_the_receipt_is_there(road) -> None:
    no = road.issue(**REFUSAL)
    served(road, no, [("photo", picture())], method="left", date="2026-11-16", reason="本人拒收")
    assert view(road, no)["state"] == "awaiting_receipt"
    add_receipt(road.services, CLERK, first(road, no).document_id, picture("receipt"))
    assert view(road, no) == {"state": "served", "method": "left", "served_on": "2026-11-16"}


def test_an_entry_by_mistake_is_ended_with_its_reason_and_a_delivery_is_not(road) -> None:
    no = road.issue()
    record = served(road, no, method="post", date="2026-11-16", signer="周小满", waybill="EZ1")
    assert view(road, no)["state"] == "served"
    with pytest.raises(Invalid):
        take_back_service(road.services, CLERK, record, " ")
    with pytest.raises(NotFound):
        take_back_service(road.services, ELSEWHERE, record, "记错了")
    take_back_service(road.services, CLERK, record, "记错了人")
    assert view(road, no)["state"] == "pending"
    deliver(road, no)
    with pytest.raises(RuleViolation, match="from_delivery"):
        take_back_service(road.services, CLERK, first(road, no).records[0].id, "不算")


def test_before_issuing_and_from_elsewhere_nothing_is_entered(road) -> None:
    no = road.issue()
    paper = first(road, no).document_id
    typed = {"method": "post", "date": "2026-11-16", "signer": "周小满", "waybill": "EZ1"}
    with pytest.raises(NotFound):
        record_service(road.services, ELSEWHERE, paper, typed)
    with pytest.raises(NotPermitted):
        record_service(road.services, COURIER, paper, typed)
    with road.services.store.work(SYSTEM) as work:
        work.session.get_one(Document, paper).state = "void"
    with pytest.raises(RuleViolation, match="not_issued"):
        record_service(road.services, CLERK, paper, typed)


# -- electronic ----------------------------------------------------------------------------------------------------
def agree(road: Road, no: str, **more: str) -> None:
    record_consent(
        road.services, CLERK, no, **{"who": "周小满", "how": "form", "given_on": "2026-11-16", **more}
    )


def test_without_consent_the_way_cannot_become_electronic(road) -> None:
    no = road.issue()
    with pytest.raises(Invalid) as refusal:
        redirect_case(road.services, CLERK, no, {"method": "electronic"})
    assert (refusal.value.faults[0].pointer, refusal.value.faults[0].code) == ("/method", "consent_required")
    with pytest.raises(Invalid):
        agree(road, no)  # neither a number nor a picture
    agree(road, no, form_no="DZ2026001")
    redirect_case(road.services, CLERK, no, {"method": "electronic"})
    assert road.case(no).method == "electronic"
    assert "DZ2026001" in case_service(road.services, CLERK, no).consent
    withdraw_consent(road.services, CLERK, no)
    assert case_service(road.services, CLERK, no).consent == ""


def test_an_electronic_case_is_done_when_it_was_received_not_when_it_was_made(road) -> None:
    no = road.issue(delivery={"method": "electronic"})
    assert road.case(no).state == "issued"
    agree(road, no, form_no="DZ2026001")
    served(road, no, method="electronic", date="2026-11-16", system="19000000123")
    road.drain()
    assert road.case(no).state == "closed"
    assert view(road, no)["served_on"] == "2026-11-16"


# -- on the spot ---------------------------------------------------------------------------------------------------
def test_issue_print_sign_and_the_case_is_done(road) -> None:
    no = road.issue(
        delivery={"method": "on_the_spot"}, documents=[document(copy="正本"), document(copy="副本")]
    )
    assert road.case(no).state == "issued"
    shown = case_service(road.services, CLERK, no)
    assert len(shown.to_sign) == 2
    assert sign_on_the_spot(road.services, CLERK, no, MYSELF, Signature(picture())) == 2
    road.drain()
    assert road.case(no).state == "closed"
    assert view(road, no) == {"state": "served", "method": "on_the_spot", "served_on": "2026-11-16"}
    shown = case_service(road.services, CLERK, no)
    assert shown.to_sign == ()
    assert all(paper.receipt for paper in shown.papers)
    with pytest.raises(RuleViolation, match="not_now"):
        sign_on_the_spot(road.services, CLERK, no, MYSELF, Signature(picture()))


def test_who_may_not_receive_does_not_sign(road) -> None:
    no = road.issue(delivery={"method": "on_the_spot"}, documents=[document(signer_policy="self")])
    friend = {"kind": "representative", "name": "李明"}
    with pytest.raises(RuleViolation, match="signer"):
        sign_on_the_spot(road.services, CLERK, no, friend, Signature(picture()))
    for wrong in (
        {"kind": "self", "name": " "},
        {"kind": "point", "name": "李明"},
        {"kind": "", "name": "李明"},
    ):
        with pytest.raises(Invalid):
            sign_on_the_spot(road.services, CLERK, no, wrong, Signature(picture()))
    with pytest.raises(NotFound):
        sign_on_the_spot(road.services, ELSEWHERE, no, MYSELF, Signature(picture()))
    assert first(road, no).attachments == ()


def test_a_refusal_signed_on_paper_needs_the_papers_picture(road) -> None:
    no = road.issue(delivery={"method": "on_the_spot"}, **REFUSAL)
    with pytest.raises(RuleViolation, match="receipt_required"):
        sign_on_the_spot(road.services, CLERK, no, MYSELF, Signature(None))
    add_receipt(road.services, CLERK, first(road, no).document_id, picture())
    sign_on_the_spot(road.services, CLERK, no, MYSELF, Signature(None))
    road.drain()
    assert view(road, no)["state"] == "served"
    assert first(road, no).terms is not None


def test_an_express_case_is_not_signed_for_at_the_window(road) -> None:
    no = road.issue()
    with pytest.raises(RuleViolation, match="not_now"):
        sign_on_the_spot(road.services, CLERK, no, MYSELF, Signature(picture()))


# -- the sheet -----------------------------------------------------------------------------------------------------
def words_of(pdf: bytes) -> str:
    document_ = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document_).replace("\r\n", "")
    finally:
        document_.close()


def test_the_sheet_tells_whom_when_how_and_the_way_in_full(road) -> None:
    no = road.issue(**REFUSAL)
    paper = first(road, no).document_id
    with pytest.raises(RuleViolation, match="not_served"):
        service_record_pdf(road.services, CLERK, paper)
    deliver(road, no)
    text = words_of(service_record_pdf(road.services, CLERK, paper))
    for part in (
        "送达情况记录",
        "不予行政许可决定书",
        "周小满",
        "邮寄送达",
        "2026年11月16日（待回证）",
        "尚未收到",
        "已送达，本人签收",
        "不代替",
    ):
        assert part in text, part
    add_receipt(road.services, CLERK, paper, picture())
    text = words_of(service_record_pdf(road.services, CLERK, paper))
    assert "已附签名的送达回证" in text
    assert "行政复议到 2027-01-15" in text
    with pytest.raises(NotFound):
        service_record_pdf(road.services, ELSEWHERE, paper)


def test_a_long_notice_and_rare_names_fit_or_are_refused_with_words(road) -> None:
    no = road.issue(**REFUSAL)
    long = {
        "method": "public_notice", "date": "2026-11-16", "reason": "受送达人下落不明", "place": "县" * 150,
        "recipient": "𠮷" * 60,
    }  # fmt: skip
    served(road, no, [("photo", picture())], text="现依法向你公告送达" * 12, **long)
    paper = first(road, no).document_id
    assert "𠮷𠮷" in words_of(service_record_pdf(road.services, CLERK, paper))
    other = road.issue(**REFUSAL)
    served(road, other, [("photo", picture())], text="字" * 4000, **long)
    with pytest.raises(Rejected, match="record_impossible"):
        service_record_pdf(road.services, CLERK, first(road, other).document_id)


def test_records_survive_time_and_a_month_later_the_list_forgets_them(road) -> None:
    no = road.issue()
    deliver(road, no)
    assert [row.acceptance_no for row, _ in waiting_service(road.services, CLERK).served] == [no]
    road.clock.forward(days=31)
    assert waiting_service(road.services, CLERK).served == []
    assert view(road, no)["state"] == "served"
