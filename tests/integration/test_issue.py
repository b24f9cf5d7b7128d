"""Intake and issue on a real database: conflicts, numbers, holds, two at once, undoing."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import func, select

from dispatch.errors import DispatchError, Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.holds import lift_hold, place_hold
from dispatch.intake.receive import correct_case, receive_batch, receive_case
from dispatch.issue import batch_progress, cancel_case, issue_case, start_batch
from dispatch.models import Audit, Case, Document, Outbox
from dispatch.rights import CLI, SYSTEM
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval, document

pytestmark = pytest.mark.integration


def received(services, case, source="api", actor=CLERK):
    return receive_case(services, actor, case, source=source)


def documents_of(services, acceptance_no):
    with services.store.read(SYSTEM) as work:
        rows = (
            select(Document)
            .join(Case)
            .where(Case.acceptance_no == acceptance_no, Document.live)
            .order_by(Document.position)
        )
        return list(work.session.scalars(rows))


def test_the_same_again_is_no_news_and_other_content_a_conflict(services) -> None:
    case = approval()
    assert received(services, case).outcome == "created"
    assert received(services, dict(reversed(case.items()))).outcome == "same"
    case["applicant"]["phone"] = "19000000999"
    with pytest.raises(RuleViolation, match="content_differs"):
        received(services, case)


def test_a_refused_case_leaves_nothing_behind(services) -> None:
    case = approval(documents=[document(), document()])  # two live ones of the same title
    with pytest.raises(DispatchError):
        received(services, case)
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Case)) == 0
        assert work.session.scalar(select(func.count()).select_from(Document)) == 0
        assert (
            work.session.scalar(select(func.count()).select_from(Audit).where(Audit.object_kind == "case"))
            == 0
        )


def test_a_given_number_is_reserved_at_intake(services) -> None:
    received(services, approval(documents=[document(number="磐市监名〔2026〕7号")]))
    with pytest.raises(RuleViolation, match="number_taken"):
        received(services, approval(documents=[document(number="磐市监名〔2026〕7号")]))


def test_allotted_numbers_step_over_given_ones_and_leave_no_gap(services) -> None:
    received(services, approval(documents=[document(number="磐市监名〔2026〕2号")]))
    numbers = []
    for _ in range(3):
        case = approval()
        received(services, case)
        assert issue_case(services, COLLEAGUE, case["acceptance_no"])
        numbers += [d.number for d in documents_of(services, case["acceptance_no"])]
    assert numbers == ["磐市监名〔2026〕1号", "磐市监名〔2026〕3号", "磐市监名〔2026〕4号"]


def test_copies_share_one_number(services) -> None:
    case = approval(documents=[document(copy="正本"), document(copy="副本")])
    received(services, case)
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    numbers = {d.number for d in documents_of(services, case["acceptance_no"])}
    assert len(numbers) == 1
    assert None not in numbers


def test_issuing_twice_is_one_issue(services) -> None:
    case = approval()
    received(services, case)
    assert issue_case(services, COLLEAGUE, case["acceptance_no"]) is True
    assert issue_case(services, CLERK, case["acceptance_no"]) is False
    with services.store.read(SYSTEM) as work:
        assert (
            work.session.scalar(
                select(func.count()).select_from(Outbox).where(Outbox.step == "document.compose")
            )
            == 1
        )


def test_two_browsers_at_once_make_one_document_and_one_number(services) -> None:
    cases = [approval() for _ in range(5)]
    for case in cases:
        received(services, case)
    outcomes, faults = [], []

    def press(actor, case) -> None:
        try:
            outcomes.append((case["acceptance_no"], issue_case(services, actor, case["acceptance_no"])))
        except DispatchError as fault:
            faults.append(fault)

    threads = [
        threading.Thread(target=press, args=(actor, case))
        for case in cases
        for actor in (CLERK, COLLEAGUE, CLI)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for case in cases:
        assert sorted(first for no, first in outcomes if no == case["acceptance_no"]) == [False, False, True]
    numbers = [d.number for case in cases for d in documents_of(services, case["acceptance_no"])]
    assert sorted(numbers) == [f"磐市监名〔2026〕{n}号" for n in range(1, 6)]


def test_holds_block_until_lifted(services) -> None:
    case = approval()
    received(services, case)
    no = case["acceptance_no"]
    hold = place_hold(services, CLERK, no, "税费未缴")
    with pytest.raises(RuleViolation, match="held") as refusal:
        issue_case(services, COLLEAGUE, no)
    assert "税费未缴" in refusal.value.detail
    lift_hold(services, CLERK, no, hold)
    assert issue_case(services, COLLEAGUE, no)
    with pytest.raises(RuleViolation, match="reason_required"):
        place_hold(services, CLERK, no, "  ")


@pytest.mark.parametrize("source", ["hand", "file"])
def test_who_entered_a_case_does_not_issue_it(services, source) -> None:
    case = approval()
    received(services, case, source=source)
    with pytest.raises(RuleViolation, match="same_person"):
        issue_case(services, CLERK, case["acceptance_no"])
    assert issue_case(services, COLLEAGUE, case["acceptance_no"])


def test_the_command_line_is_spared_the_two_person_rule(services) -> None:
    case = approval()
    received(services, case, source="file", actor=CLI)
    assert issue_case(services, CLI, case["acceptance_no"])


def test_rights_by_scope_and_office(services) -> None:
    case = approval()
    with pytest.raises(NotPermitted):
        received(services, case, actor=COURIER)
    with pytest.raises(Invalid, match="invalid") as refusal:
        received(services, case, actor=ELSEWHERE)
    assert refusal.value.faults[0].code == "foreign_office"
    received(services, case)
    with pytest.raises(NotFound):
        issue_case(services, ELSEWHERE, case["acceptance_no"])


def test_a_ready_case_is_corrected_whole(services) -> None:
    case = approval(documents=[document(number="磐市监名〔2026〕9号")])
    received(services, case)
    case["documents"] = [
        document(number="磐市监名〔2026〕10号"),
        document(copy="副本", number="磐市监名〔2026〕10号"),
    ]
    correct_case(services, CLERK, case["acceptance_no"], case)
    assert [d.number for d in documents_of(services, case["acceptance_no"])] == ["磐市监名〔2026〕10号"] * 2
    assert received(services, case).outcome == "same"
    received(services, approval(documents=[document(number="磐市监名〔2026〕9号")]))  # given back


def test_an_issued_case_is_no_longer_correctable(services) -> None:
    case = approval()
    received(services, case)
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    case["applicant"]["phone"] = "19000000999"
    with pytest.raises(RuleViolation, match="not_correctable"):
        correct_case(services, CLERK, case["acceptance_no"], case)


def test_cancelling_voids_the_documents_once(services) -> None:
    case = approval()
    received(services, case)
    cancel_case(services, CLERK, case["acceptance_no"], "申请人撤回申请")
    cancel_case(services, CLERK, case["acceptance_no"], "申请人撤回申请")
    assert documents_of(services, case["acceptance_no"]) == []
    with pytest.raises(RuleViolation, match="cancelled"):
        issue_case(services, COLLEAGUE, case["acceptance_no"])


def test_a_batch_reports_what_it_could_not_issue(services, drain) -> None:
    cases = [approval() for _ in range(3)]
    for case in cases:
        received(services, case)
    place_hold(services, CLERK, cases[1]["acceptance_no"], "部门要求暂缓")
    batch = start_batch(services, COLLEAGUE, [c["acceptance_no"] for c in cases])
    assert batch_progress(services, COLLEAGUE, batch)["done"] == 0
    drain()
    progress = batch_progress(services, COLLEAGUE, batch)
    assert (progress["total"], progress["done"], progress["issued"]) == (3, 3, 2)
    assert [r["outcome"] for r in progress["refused"]] == ["held"]
    with pytest.raises(NotFound):
        batch_progress(services, CLERK, batch)


def test_a_batch_of_lines_answers_each_in_order(services) -> None:
    good, bad = approval(), approval(decision="maybe")
    lines = [json.dumps(good).encode(), b"{", json.dumps(bad).encode(), json.dumps(good).encode()]
    results = receive_batch(services, CLERK, lines)
    assert [(r["line"], r["status"]) for r in results] == [(1, 201), (2, 400), (3, 422), (4, 200)]
    assert any(e["pointer"] == "/decision" for e in results[2]["errors"])
