"""The sheets of a case: filled from it, one number for one thing, audited, refused with words."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from dispatch.attachments import attach
from dispatch.errors import Invalid, NotFound, NotPermitted, Rejected, RuleViolation
from dispatch.form_numbers import FormKind, form_by_number, form_kind
from dispatch.forms import attachments_of_case, blank_applications, denials_of_day, forms_pdf
from dispatch.intake.receive import receive_case
from dispatch.models import Audit
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval, document, recipient
from tests.road import Road

pytestmark = pytest.mark.integration

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def pages(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in pypdfium2.PdfDocument(pdf)]


def form_numbers(pdf: bytes) -> list[str]:
    """The form numbers on the pages, in order."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        codes = {code.text for code in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())}
        found += [one for one in sorted(codes) if one[:2] in set(FormKind)]
    return found


def audited(road: Road, action: str) -> list[tuple[str, str]]:
    with road.services.store.read(SYSTEM) as work:
        rows = work.session.scalars(select(Audit).where(Audit.action == action).order_by(Audit.seq))
        return [(row.object_kind, row.detail) for row in rows]


def denied(**changes: object) -> dict[str, object]:
    """What makes a denial acceptable."""
    paper = document(
        kind="decision", title="不予行政许可决定书", signer_policy="authorized",
        fields={
            "申请人": "周小满", "办理事项": "食品经营许可", "决定内容": "不予许可。", "理由": "条件不符。",
            "依据": "《食品安全法》第三十五条", "复议机关": "磐安县人民政府", "诉讼法院": "磐安县人民法院",
        },
    )  # fmt: skip
    return {"decision": "denied", "documents": [paper], **changes}


def test_an_application_is_filled_before_issue_and_keeps_its_number(road: Road) -> None:
    case = approval(
        delivery={
            "method": "express",
            "recipient": recipient(name="欧阳𠮷", relation="spouse"),
            "payer": "recipient",
        }
    )
    receive_case(road.services, CLERK, case, source="api")
    pdf = forms_pdf(road.services, CLERK, "application", [case["acceptance_no"]])
    (text,) = pages(pdf)
    for part in (
        "周小满",
        "19000000123",
        "欧阳𠮷",
        "配偶",
        "浙江省金华市磐安县安文街道岭外村2组21号",
        "企业名称预先核准",
    ):
        assert part in text
    assert case["applicant"]["id_no"] not in text, "the tail is enough"
    assert f"末四位{case['applicant']['id_no'][-4:]}" in text
    (number,) = form_numbers(pdf)
    assert form_kind(number) is FormKind.APPLICATION
    again = form_numbers(forms_pdf(road.services, COLLEAGUE, "application", [case["acceptance_no"]]))
    assert again == [number]
    assert [kind for kind, _ in audited(road, "form_printed")] == ["case", "case"]
    assert "周小满" not in str(audited(road, "form_printed"))


def test_a_contents_list_names_papers_and_hides_what_is_sensitive(road: Road) -> None:
    two = [document(), document(title="企业名称变更核准通知书")]
    plain = road.issue(documents=two)
    (text,) = pages(forms_pdf(road.services, CLERK, "contents", [plain]))
    assert "企业名称预先核准通知书" in text and "企业名称变更核准通知书" in text and "共2项，2份" in text
    for paper in road.documents(plain):
        assert paper.id in text and (paper.number or "").replace(" ", "") in text
    assert "周小满" not in text, "persons stay masked on what lies in an envelope"
    secret = road.issue(
        item={"code": "S-1", "name": "精神残疾评定", "promised_working_days": 5, "sensitivity": "sensitive"}
    )
    (text,) = pages(forms_pdf(road.services, CLERK, "contents", [secret]))
    assert "文件" in text and "通知书" not in text and "残疾" not in text
    assert all(paper.id not in text and (paper.number or "-") not in text for paper in road.documents(secret))


def test_one_receipt_for_each_recipient(road: Road) -> None:
    other = document(title="企业名称变更核准通知书", recipient=recipient(name="林知远", phone="19000000456"))
    number = road.issue(documents=[document(), document(title="企业名称延期核准通知书"), other])
    pdf = forms_pdf(road.services, CLERK, "service", [number])
    found = pages(pdf)
    assert len(found) == 2
    assert "企业名称延期核准通知书" in found[0] and "林知远" not in found[0]
    assert "林知远" in found[1] and "19000000456" in found[1] and "企业名称变更核准通知书" in found[1]
    papers = road.documents(number)
    with road.services.store.read(CLERK) as work:
        rows = [form_by_number(work, CLERK, one) for one in form_numbers(pdf)]
    assert [(row.subject_kind, row.covers.split()) for row in rows if row] == [
        ("documents", [papers[0].id, papers[1].id]),
        ("document", []),
    ]
    assert rows[1] is not None and rows[1].subject_id == papers[2].id
    mine = forms_pdf(road.services, CLERK, "service", consignment_ids=[str(papers[2].consignment_id)])
    assert form_numbers(mine) == form_numbers(pdf)[1:], "the envelope's own receipt has the same number"


def test_more_papers_than_a_receipt_can_name_make_a_second_one(road: Road) -> None:
    papers = [document(title=f"企业名称预先核准通知书之{n}") for n in "一二三四五六七八九"]
    number = road.issue(documents=papers)
    assert len(pages(forms_pdf(road.services, CLERK, "service", [number]))) == 2


def test_many_cases_make_one_file_in_order(road: Road) -> None:
    numbers = [road.issue() for _ in range(3)]
    for kind in ("application", "contents", "service"):
        found = pages(forms_pdf(road.services, CLERK, kind, [*reversed(numbers), numbers[0]]))
        assert len(found) == 3, "each case once"
    assert [number in text for number, text in zip(reversed(numbers), found, strict=True)] == [True] * 3


def test_denials_of_a_day_are_found_for_their_receipts(road: Road) -> None:
    number = road.issue(**denied())
    road.issue()
    day = road.clock.now().date()
    assert denials_of_day(road.services, CLERK, day) == [number]
    assert denials_of_day(road.services, ELSEWHERE, day) == []
    assert denials_of_day(road.services, CLERK, day.replace(day=1)) == []
    (text,) = pages(forms_pdf(road.services, CLERK, "service", denials_of_day(road.services, CLERK, day)))
    assert "不予行政许可决定书" in text


def test_blank_forms_have_numbers_of_their_own(road: Road) -> None:
    pdf = blank_applications(road.services, CLERK, 3)
    numbers = form_numbers(pdf)
    assert len(set(numbers)) == 3
    with road.services.store.read(CLERK) as work:
        assert all(form_by_number(work, CLERK, one).subject_id == "" for one in numbers)  # type: ignore[union-attr]
        assert form_by_number(work, ELSEWHERE, numbers[0]) is None
    assert len(audited(road, "blank_forms_printed")) == 1


@pytest.mark.parametrize("count", [0, -1, 101])
def test_so_many_blank_forms_are_a_slip(road: Road, count: int) -> None:
    with pytest.raises(Invalid):
        blank_applications(road.services, CLERK, count)


def test_refusals_say_what_to_do(road: Road) -> None:
    case = approval()
    receive_case(road.services, CLERK, case, source="api")
    number = case["acceptance_no"]
    house = road.services
    for kind in ("contents", "service"):
        with pytest.raises(RuleViolation) as early:
            forms_pdf(house, CLERK, kind, [number])
        assert early.value.code == "not_ready" and number in early.value.detail
    with pytest.raises(RuleViolation, match="勾选"):
        forms_pdf(house, CLERK, "application")
    with pytest.raises(RuleViolation, match="一次最多"):
        forms_pdf(house, CLERK, "application", [f"X{n:06d}" for n in range(201)])
    with pytest.raises(Invalid):
        forms_pdf(house, CLERK, "no-such", [number])
    with pytest.raises(Invalid):
        forms_pdf(house, CLERK, "contents", [number], size="A3")
    with pytest.raises(NotFound):
        forms_pdf(house, ELSEWHERE, "application", [number])
    with pytest.raises(NotPermitted):
        forms_pdf(house, COURIER, "application", [number])
    spot = road.issue(delivery={"method": "on_the_spot"})
    with pytest.raises(RuleViolation) as none:
        forms_pdf(house, CLERK, "contents", [spot])
    assert none.value.code == "not_ready"
    assert "周小满" in pages(forms_pdf(house, CLERK, "service", [spot]))[0], (
        "without envelope the applicant is served"
    )


def test_what_cannot_be_printed_names_the_case(road: Road) -> None:
    good = road.issue()
    bad = road.issue(delivery={"method": "express", "recipient": recipient(name="周\ue000满")})
    with pytest.raises(Rejected, match=bad):
        forms_pdf(road.services, CLERK, "application", [good, bad])


def test_what_came_back_signed_stands_with_its_case(road: Road) -> None:
    number = road.issue()
    paper = road.documents(number)[0]
    envelope = str(paper.consignment_id)
    for kind, subject_kind, subject in (
        ("application", "case", road.case(number).id),
        ("receipt", "document", paper.id),
        ("contents", "consignment", envelope),
    ):
        attach(
            road.services, CLERK, kind=kind, subject_kind=subject_kind, subject_id=subject, division_code="330727",
            data=PICTURE + subject_kind.encode(),
        )  # fmt: skip
        road.clock.forward(minutes=1)
    found = attachments_of_case(road.services, CLERK, number)
    assert [(one["kind"], one["what"]) for one in found] == [
        ("内件清单", "信封"),
        ("送达回证", "企业名称预先核准通知书"),
        ("快递申请单", ""),
    ]
    assert attachments_of_case(road.services, CLERK, road.issue()) == []
