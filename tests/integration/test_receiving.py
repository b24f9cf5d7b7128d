"""电子送达 by the private link: a code on the telephone, consent, the papers; guesses counted, links alone open nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from dispatch.consignments.links import ensure_private_link
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.models import Case, Document
from dispatch.rights import SYSTEM
from dispatch.service.consent import record_consent
from dispatch.service.overview import case_service
from dispatch.service.receiving import electronic_view, paper_by_code, receive, send_code
from dispatch.undo import undo_issue
from tests.factories import CLERK, approval, document
from tests.road import Road

pytestmark = pytest.mark.integration


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def link_of(road: Road, no: str) -> str:
    with road.services.store.work(SYSTEM) as work:
        return ensure_private_link(
            work, work.session.scalars(select(Case).where(Case.acceptance_no == no)).one()
        )


def code_of(road: Road) -> str:
    found = re.search(r"验证码 ([0-9]{6})", road.notices("code")[-1][1])
    assert found
    return found[1]


def made(road: Road, **changes: object) -> tuple[str, str]:
    """An electronic case whose paper lies in the store: its number and its link."""
    no = road.issue(delivery={"method": "electronic"}, **changes)
    for paper in road.documents(no):
        road.services.blobs.put(f"documents/{paper.id}.pdf", b"%PDF-1.7 " + paper.id.encode())
        with road.services.store.work(SYSTEM) as work:
            work.session.get_one(Document, paper.id).pdf_blob = f"documents/{paper.id}.pdf"
    return no, link_of(road, no)


def test_code_consent_papers_and_the_case_is_served_and_done(road) -> None:
    no, secret = made(road)
    view = electronic_view(road.services, secret)
    assert view is not None
    assert (view.ready, view.consented, view.received, view.code_sent) == (True, False, False, False)
    assert view.phone == "190****0123"
    send_code(road.services, secret)
    code = code_of(road)
    with pytest.raises(Invalid):
        receive(road.services, secret, code, agreed=False)
    receive(road.services, secret, code, agreed=True)
    receive(road.services, secret, code, agreed=False)  # again changes nothing
    road.drain()
    assert road.case(no).state == "closed"
    shown = case_service(road.services, CLERK, no)
    assert "用手机验证后在线确认" in shown.consent
    (record,) = shown.papers[0].records
    assert (record.method, record.origin) == ("电子送达", "收件人在线收取")
    assert shown.papers[0].standing.state == "served"
    data, kind, name = paper_by_code(road.services, secret, code, shown.papers[0].document_id)
    assert (data[:5], kind, name) == (b"%PDF-", "application/pdf", "企业名称预先核准通知书.pdf")


def test_a_consent_given_before_needs_no_tick(road) -> None:
    no, secret = made(road)
    record_consent(
        road.services, CLERK, no, who="周小满", how="platform", given_on="2026-11-16", form_no="SB2026001"
    )
    send_code(road.services, secret)
    receive(road.services, secret, code_of(road), agreed=False)
    assert case_service(road.services, CLERK, no).papers[0].standing.state == "served"


def test_a_refusal_taken_online_still_waits_for_its_signed_receipt(road) -> None:
    no, secret = made(
        road, decision="denied", documents=[document(kind="decision", title="不予行政许可决定书")]
    )
    send_code(road.services, secret)
    receive(road.services, secret, code_of(road), agreed=True)
    assert case_service(road.services, CLERK, no).papers[0].standing.state == "awaiting_receipt"


def test_the_link_alone_and_guesses_open_nothing(road) -> None:
    no, secret = made(road)
    (paper,) = road.documents(no)
    with pytest.raises(NotPermitted):
        receive(road.services, secret, "000000", agreed=True)  # nothing was sent yet
    send_code(road.services, secret)
    right = code_of(road)
    wrong = "111111" if right != "111111" else "222222"
    for _ in range(4):
        with pytest.raises(NotPermitted):
            receive(road.services, secret, wrong, agreed=True)
    with pytest.raises(RuleViolation, match="too_many"):
        receive(road.services, secret, right, agreed=True)
    with pytest.raises(RuleViolation, match="too_many"):
        paper_by_code(road.services, secret, right, paper.id)
    assert case_service(road.services, CLERK, no).papers[0].records == ()
    with pytest.raises(NotFound):
        send_code(road.services, "A" * 26)


def test_a_code_grows_old_and_only_so_many_are_sent(road) -> None:
    _, secret = made(road)
    send_code(road.services, secret)
    first = code_of(road)
    road.clock.forward(minutes=16)
    with pytest.raises(NotPermitted):
        receive(road.services, secret, first, agreed=True)
    for _ in range(4):
        send_code(road.services, secret)
    with pytest.raises(RuleViolation, match="too_many"):
        send_code(road.services, secret)


def test_papers_of_other_cases_and_other_ways_are_out_of_reach(road) -> None:
    _, secret = made(road)
    other, _ = made(road, applicant=approval()["applicant"])
    send_code(road.services, secret)
    code = code_of(road)
    receive(road.services, secret, code, agreed=True)
    with pytest.raises(NotFound):
        paper_by_code(road.services, secret, code, road.documents(other)[0].id)
    express = road.issue()
    assert electronic_view(road.services, link_of(road, express)) is None
    with pytest.raises(RuleViolation, match="not_now"):
        send_code(road.services, link_of(road, express))


def test_what_was_received_is_not_taken_back_at_the_window(road) -> None:
    no, secret = made(road)
    send_code(road.services, secret)
    receive(road.services, secret, code_of(road), agreed=True)
    with pytest.raises(RuleViolation, match="served"):
        undo_issue(road.services, CLERK, no)
