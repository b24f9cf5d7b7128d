"""Taking an issue back: in time, before packing, with nothing left unaccounted for."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch import ledger
from dispatch.consignments.pack import pack_check
from dispatch.documents.paper_codes import bind_code
from dispatch.errors import DispatchError, NotFound, NotPermitted, RuleViolation
from dispatch.intake.receive import correct_case, receive_case
from dispatch.issue import issue_case, start_batch
from dispatch.models import Audit, Document, LogLeaf, Notice, Waybill
from dispatch.printing.batches import start_print
from dispatch.printing.outcome import confirm_print
from dispatch.rights import SYSTEM
from dispatch.undo import REASON, just_issued, seconds_left, undo_batch, undo_issue
from dispatch.verification import verify
from dispatch.void_numbers import void_numbers
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval, document
from tests.road import Road

pytestmark = pytest.mark.integration


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def live(road: Road, no: str) -> list[Document]:
    return [one for one in road.documents(no) if one.live]


def told(road: Road) -> list[str]:
    """Occasions of the messages that were really sent."""
    with road.services.store.read(SYSTEM) as work:
        return list(work.session.scalars(select(Notice.occasion).where(Notice.sent_at.is_not(None))))


def refused(services, no: str, actor=CLERK) -> str:
    with pytest.raises(RuleViolation) as refusal:
        undo_issue(services, actor, no)
    return refusal.value.code


# -- what it does ------------------------------------------------------------------------------------------------
def test_paper_label_number_and_message_are_taken_back_and_the_case_is_ready(road) -> None:
    no = road.issue()
    (old,) = road.documents(no)
    (envelope,) = road.envelopes(no)
    waybill = road.number(envelope.id)
    done = undo_issue(road.services, CLERK, no)  # a colleague of the one who issued
    assert done.numbers == (old.number,)
    assert done.labels and not done.printed
    case = road.case(no)
    assert (case.state, case.issued_at, case.issued_by) == ("ready", None, None)
    assert case.next_due == min(case.promise_due, case.delivery_due)
    void, fresh = sorted(road.documents(no), key=lambda one: one.live)
    assert (void.id, void.state, void.reason, void.consignment_id) == (old.id, "void", REASON, None)
    assert (fresh.state, fresh.number, fresh.title, fresh.position) == (
        "draft",
        None,
        old.title,
        old.position,
    )
    assert road.envelope(envelope.id).state == "cancelled"
    with road.services.store.read(SYSTEM) as work:
        row = work.session.scalars(select(Waybill).where(Waybill.number == waybill)).one()
        assert not row.active
        assert row.void_reason == REASON
    road.clock.forward(minutes=5)
    road.drain()
    assert told(road) == []
    assert road.envelopes(no) == []


def test_issued_anew_it_gets_new_papers_a_new_number_and_one_message(road) -> None:
    no = road.issue()
    (old,) = road.documents(no)
    undo_issue(road.services, COLLEAGUE, no)
    assert issue_case(road.services, COLLEAGUE, no)
    road.drain()
    (fresh,) = live(road, no)
    assert fresh.id != old.id
    assert fresh.state == "valid"
    assert fresh.number != old.number
    road.clock.forward(minutes=2)
    road.drain()
    assert told(road) == ["issued"]
    assert len(road.notices("issued")) == 2  # the first one is kept, marked, and never told
    with road.services.store.read(SYSTEM) as work:
        marks = [
            row.cancelled_at is None
            for row in work.session.scalars(select(Notice).order_by(Notice.created_at))
        ]
    assert marks == [False, True]


def test_a_message_waits_a_minute_and_the_paper_does_not(road) -> None:
    no = road.issue()
    assert live(road, no)[0].state == "valid"
    assert road.envelopes(no)[0].state == "labelled"
    assert told(road) == []
    road.clock.forward(seconds=59)
    assert "notice.send" not in road.drain()
    road.clock.forward(seconds=1)
    assert road.drain() == ["notice.send"]
    assert told(road) == ["issued"]


def test_a_number_of_the_department_goes_on_to_the_new_paper(road) -> None:
    no = road.issue(documents=[document(number="磐市监〔2026〕77号")])
    done = undo_issue(road.services, CLERK, no)
    assert done.numbers == ()
    assert live(road, no)[0].number == "磐市监〔2026〕77号"
    assert void_numbers(road.services, CLERK) == []
    issue_case(road.services, COLLEAGUE, no)
    road.drain()
    assert live(road, no)[0].number == "磐市监〔2026〕77号"


def test_copies_of_one_document_share_a_new_number_too(road) -> None:
    no = road.issue(documents=[document(copy="正本"), document(copy="副本")])
    done = undo_issue(road.services, CLERK, no)
    assert len(done.numbers) == 1
    assert len(void_numbers(road.services, CLERK)) == 2
    issue_case(road.services, COLLEAGUE, no)
    road.drain()
    numbers = {one.number for one in live(road, no)}
    assert len(numbers) == 1
    assert numbers.isdisjoint(done.numbers)


def test_a_code_on_the_object_stays_with_the_object(road) -> None:
    no = road.issue(
        documents=[document(kind="physical", source="physical", title="居民身份证", number="330727X")]
    )
    bind_code(road.services, CLERK, live(road, no)[0].id, "YZ00012345")
    undo_issue(road.services, CLERK, no)
    issue_case(road.services, COLLEAGUE, no)
    road.drain()
    (fresh,) = live(road, no)
    packed = pack_check(road.services, CLERK, road.label(fresh.consignment_id or ""), "YZ00012345")
    assert packed.outcome == "matched"


def test_an_envelope_that_holds_other_papers_goes_on_without_these(road) -> None:
    person = approval()["applicant"]
    first = road.issue(applicant=person)
    second = road.issue(applicant=person)
    (shared,) = road.envelopes(first)
    assert road.envelopes(second)[0].id == shared.id
    undo_issue(road.services, CLERK, second)
    assert road.envelope(shared.id).state == "labelled"
    assert road.number(shared.id)
    assert [one.consignment_id for one in live(road, first)] == [shared.id]


def test_printed_papers_are_named_so_that_they_are_destroyed(services, drain) -> None:
    case = approval(documents=[document(copy="正本"), document(copy="副本")])
    receive_case(services, CLERK, case, source="api")
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    with services.store.read(SYSTEM) as work:
        ids = list(work.session.scalars(select(Document.id).order_by(Document.position)))
    batch = start_print(services, CLERK, ids)
    confirm_print(services, CLERK, batch.id, [ids[0]], [ids[1]])
    done = undo_issue(services, CLERK, case["acceptance_no"])
    assert done.printed == ("企业名称预先核准通知书（正本），1120-1 第 1 张",)


# -- when it does not ----------------------------------------------------------------------------------------------
def test_after_a_minute_it_is_too_late(road) -> None:
    no = road.issue()
    road.clock.forward(seconds=60)
    assert seconds_left(road.services, CLERK, no) == 0
    undo_issue(road.services, CLERK, no)  # the sixtieth second still counts
    issue_case(road.services, COLLEAGUE, no)
    road.clock.forward(seconds=61)
    assert refused(road.services, no) == "too_late"
    assert road.case(no).state == "issued"


def test_what_is_packed_is_not_taken_back(road) -> None:
    no = road.issue(documents=[document(copy="正本"), document(copy="副本")])
    paper = live(road, no)[0]
    pack_check(road.services, CLERK, road.label(paper.consignment_id or ""), paper.id)
    assert seconds_left(road.services, CLERK, no) == 0
    assert just_issued(road.services, COLLEAGUE) == []
    assert refused(road.services, no) == "packed"
    assert all(one.state == "valid" for one in live(road, no))


def test_ready_cancelled_and_closed_cases_have_nothing_to_take_back(road) -> None:
    case = approval()
    receive_case(road.services, CLERK, case, source="api")
    assert refused(road.services, case["acceptance_no"]) == "not_issued"
    no = road.issue()
    undo_issue(road.services, CLERK, no)
    assert refused(road.services, no) == "not_issued"  # the second press of two


def test_another_office_a_courier_and_an_observer_take_nothing_back(road) -> None:
    no = road.issue()
    with pytest.raises(NotFound):
        undo_issue(road.services, ELSEWHERE, no)
    with pytest.raises(NotPermitted):
        undo_issue(road.services, COURIER, no)
    assert seconds_left(road.services, COURIER, no) == 0
    assert road.case(no).state == "issued"


def test_a_frozen_paper_is_not_quietly_voided(road) -> None:
    no = road.issue()
    with road.services.store.work(SYSTEM) as work:
        work.session.get_one(Document, live(road, no)[0].id).state = "suspended"
    assert refused(road.services, no) == "document_changed"


def test_pack_and_undo_at_once_leave_one_winner(road) -> None:
    no = road.issue()
    (paper,) = live(road, no)
    label = road.label(paper.consignment_id or "")
    start, said = threading.Barrier(2), []

    def run(act) -> None:
        start.wait()
        try:
            act()
            said.append("done")
        except DispatchError as refusal:
            said.append(refusal.code)

    acts = [
        lambda: undo_issue(road.services, CLERK, no),
        lambda: pack_check(road.services, COLLEAGUE, label, paper.id),
    ]
    hands = [threading.Thread(target=run, args=(act,)) for act in acts]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert said.count("done") == 1
    assert {"packed", "mismatch"} & set(said)
    packed = [one.packed_at is not None for one in road.documents(no)]
    assert (road.case(no).state, any(packed)) in {("ready", False), ("issued", True)}


def test_a_paper_still_being_made_is_taken_back_and_never_comes_to_life(road) -> None:
    case = approval()
    receive_case(road.services, CLERK, case, source="api")
    issue_case(road.services, COLLEAGUE, case["acceptance_no"])
    undo_issue(road.services, CLERK, case["acceptance_no"])
    (old, fresh) = sorted(road.documents(case["acceptance_no"]), key=lambda one: one.live)
    assert (old.state, fresh.state) == ("void", "draft")


# -- a batch -------------------------------------------------------------------------------------------------------
def test_a_batch_is_taken_back_case_by_case_and_what_waits_is_not_issued(services, drain) -> None:
    numbers = []
    for _ in range(3):
        case = approval()
        receive_case(services, CLERK, case, source="api")
        numbers.append(case["acceptance_no"])
    issue_case(services, COLLEAGUE, numbers[0])
    batch = start_batch(services, CLERK, numbers)
    drain()
    with services.store.work(SYSTEM) as work:
        paper = work.session.scalars(select(Document).where(Document.live).order_by(Document.id)).first()
        assert paper is not None
    second = start_batch(services, CLERK, numbers)
    done = undo_batch(services, CLERK, second)  # not begun: nothing of it is ever issued
    assert (len(done.undone), done.stopped, done.refused) == (2 + 1, 0, [])
    drain()
    with pytest.raises(NotFound):
        undo_batch(services, COLLEAGUE, batch)
    again = undo_batch(services, CLERK, batch)
    assert (again.undone, again.stopped) == ([], 2)
    with services.store.read(SYSTEM) as work:
        assert {row.action for row in work.session.scalars(select(Audit))} >= {"case_undone", "batch_undone"}
    assert ledger.check(services) == []


# -- the real thing ------------------------------------------------------------------------------------------------
def test_the_ledger_is_clean_and_the_void_paper_fails_verification(services, drain, clock) -> None:
    case = approval(documents=[document(copy="正本"), document(copy="副本")])
    receive_case(services, CLERK, case, source="api")
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    done = undo_issue(services, CLERK, case["acceptance_no"])
    assert ledger.check(services) == []
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    clock.advance(timedelta(minutes=2))
    drain()
    assert ledger.check(services) == []
    with services.store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(Document)))
        leaves = [leaf.document_id for leaf in work.session.scalars(select(LogLeaf).where(LogLeaf.kind == 1))]
    void = [row for row in rows if row.state == "void"]
    assert sorted(leaves) == sorted(row.id for row in void)
    for row in rows:
        answer = verify(services, {"document_id": row.id})
        assert answer.result == ("FAILED" if row in void else "PASSED"), row.state
    listed = void_numbers(services, CLERK)
    assert {one.number for one in listed} == set(done.numbers)
    assert {(one.by, one.reason, one.origin) for one in listed} == {("clerk", REASON, "allotted")}
    assert void_numbers(services, ELSEWHERE) == []
    assert len(void_numbers(services, CLERK, "撤回")) == 2
    assert void_numbers(services, CLERK, "100%") == []


def test_corrected_after_taking_back_the_void_papers_stay_on_record(services, drain) -> None:
    case = approval()
    receive_case(services, CLERK, case, source="api")
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    undo_issue(services, CLERK, case["acceptance_no"])
    correct_case(services, CLERK, case["acceptance_no"], case | {"documents": [document(copy="正本")]})
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    with services.store.read(SYSTEM) as work:
        states = sorted(row.state for row in work.session.scalars(select(Document)))
    assert states == ["valid", "void"]
    assert ledger.check(services) == []


def test_a_departments_file_stays_with_the_paper(services, drain) -> None:
    from_department = document(
        kind="certificate",
        source="import",
        title="营业执照",
        number="91330727X",
        fields={},
        signer_policy="authorized",
    )
    case = approval(documents=[from_department])
    receive_case(services, CLERK, case, source="api")
    with services.store.work(SYSTEM) as work:
        row = work.session.scalars(select(Document)).one()
        row.file_sha256, row.file_blob = "ab" * 32, "files/x"
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    undo_issue(services, CLERK, case["acceptance_no"])
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    with services.store.read(SYSTEM) as work:
        states = {row.state: row.file_sha256 for row in work.session.scalars(select(Document))}
    assert states == {"valid": "ab" * 32, "void": "ab" * 32}
    assert verify(services, {"sha256": "ab" * 32}).result == "PASSED"
