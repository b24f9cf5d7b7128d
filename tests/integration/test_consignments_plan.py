"""Which envelope a paper comes into, on a real database."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from dispatch.consignments.label import label_pdf
from dispatch.consignments.plan import change_delivery, plan_documents
from dispatch.errors import NotFound, NotPermitted, RuleViolation
from dispatch.intake.receive import receive_case
from dispatch.intake.schema import Delivery
from dispatch.issue import cancel_case
from dispatch.models import Case, Consignment, Outbox, Point, Waybill
from dispatch.ports import BookingAnswer, BookingRequest
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COURIER, ELSEWHERE, approval, document, recipient, resident_id
from tests.road import Road

pytestmark = pytest.mark.integration

PERSON = {
    "type": "person",
    "name": "周小满",
    "id_type": "resident_id",
    "id_no": resident_id(77),
    "phone": "19000000123",
}
BANK = recipient(
    name="吴经理", organization="磐安农商银行安文支行", phone="19000000456", relation="designated"
)


def by_express(**changes):
    return {"method": "express", "recipient": recipient(**changes)}


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def test_papers_of_one_case_share_an_envelope_that_gets_its_label_alone(road) -> None:
    no = road.issue(documents=[document(copy="正本"), document(copy="副本")])
    (envelope,) = road.envelopes(no)
    assert (envelope.state, envelope.base_state, envelope.method, envelope.carrier) == (
        "labelled",
        "labelled",
        "express",
        "range",
    )
    assert road.number(envelope.id) == "EZ000000014ZZ"
    assert label_pdf(road.services, CLERK, envelope.id).startswith(b"%PDF")
    assert len(road.envelopes(no)) == 1


def test_a_paper_with_its_own_recipient_goes_alone(road) -> None:
    no = road.issue(documents=[document(), document(copy="副本", recipient=BANK)])
    first, second = road.envelopes(no)
    assert first.id != second.id
    assert second.method == "express"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("door", "door"),
        ("point", "point"),
        ("express", "express"),
        ("counter", "express"),
        ("on_the_spot", "express"),
        ("electronic", "express"),
    ],
)
def test_an_own_recipient_goes_the_cases_way_or_by_express(road, method, expected) -> None:
    delivery = (
        {"method": method, "recipient": recipient(), "point": "花溪村代办点"}
        if method == "point"
        else {"method": method, "recipient": recipient()}
    )
    no = road.issue(delivery=delivery, documents=[document(recipient=BANK)])
    (envelope,) = road.envelopes(no)
    assert envelope.method == expected
    assert envelope.state == "labelled"


def test_a_denial_travels_alone(road) -> None:
    denial = document(kind="decision", title="不予许可决定书", fields={"决定内容": "不予许可。"})
    no = road.issue(decision="denied", documents=[denial, document()])
    assert len(road.envelopes(no)) == 2


def test_sensitive_papers_travel_alone(road) -> None:
    item = {"code": "T-009", "name": "残疾人证办理", "promised_working_days": 5, "sensitivity": "sensitive"}
    no = road.issue(item=item, documents=[document(), document(copy="副本")])
    assert len(road.envelopes(no)) == 2
    other = road.issue(applicant=PERSON)
    assert not {e.id for e in road.envelopes(no)} & {e.id for e in road.envelopes(other)}


def test_a_second_case_of_the_same_person_joins(road) -> None:
    first = road.issue(applicant=PERSON, delivery=by_express())
    second = road.issue(applicant=PERSON, delivery=by_express())
    assert road.envelopes(first)[0].id == road.envelopes(second)[0].id
    assert len(road.envelopes(second)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "周大满"}, {"phone": "19000000124"}, {"address": "岭外村2组22号"},
        {"region": ["浙江省", "金华市", "磐安县", "冷水镇"]}, {"organization": "岭外小学"},
    ],
)  # fmt: skip
def test_another_recipient_phone_or_address_does_not_join(road, change) -> None:
    first = road.issue(applicant=PERSON, delivery=by_express())
    second = road.issue(applicant=PERSON, delivery=by_express(**change))
    assert road.envelopes(first)[0].id != road.envelopes(second)[0].id


def test_another_person_office_or_payer_does_not_join(road) -> None:
    road.issue(applicant=PERSON, delivery=by_express())
    others = [
        road.issue(applicant=PERSON | {"id_no": resident_id(78)}, delivery=by_express()),
        road.issue(
            applicant=PERSON,
            delivery=by_express(),
            department={"name": "景宁畲族自治县市场监督管理局", "division_code": "331127"},
        ),
        road.issue(applicant=PERSON, delivery=by_express() | {"payer": "recipient"}),
    ]
    assert len({road.envelopes(no)[0].id for no in others}) == 3
    with road.services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Consignment)) == 4


def test_white_space_and_width_make_no_other_address(road) -> None:
    first = road.issue(applicant=PERSON, delivery=by_express(address="岭外村2组21号"))
    second = road.issue(applicant=PERSON, delivery=by_express(address="岭外村２组 21号"))
    assert road.envelopes(first)[0].id == road.envelopes(second)[0].id


def test_nothing_joins_a_packed_envelope(road) -> None:
    first = road.issue(applicant=PERSON, delivery=by_express())
    road.pack(first)
    second = road.issue(applicant=PERSON, delivery=by_express())
    assert road.envelopes(first)[0].id != road.envelopes(second)[0].id
    assert road.envelope(road.envelopes(first)[0].id).state == "packed"


def test_the_counter_gets_a_shelf_place_and_no_number(road) -> None:
    delivery = {"method": "counter"}
    places = []
    for _ in range(3):
        (envelope,) = road.envelopes(road.issue(delivery=delivery))
        assert (envelope.state, envelope.carrier, envelope.label_blob) == (
            "ready_for_collection",
            "counter",
            None,
        )
        places.append(envelope.shelf_place)
    assert places == ["A-01", "A-02", "A-03"]


@pytest.mark.parametrize("method", ["on_the_spot", "electronic"])
def test_at_once_and_electronic_need_no_envelope_and_wait_for_service(road, method) -> None:
    no = road.issue(delivery={"method": method})
    assert road.envelopes(no) == []
    assert road.case(no).state == "issued"  # made is not received: see test_service


def test_an_unknown_point_is_made_flagged_and_holds_nothing_up(road) -> None:
    delivery = {"method": "point", "recipient": recipient(), "point": "花溪村代办点"}
    (envelope,) = road.envelopes(road.issue(delivery=delivery))
    assert envelope.state == "labelled"
    assert envelope.carrier == "staff"
    assert envelope.flag is None  # the new name is the supervisor's to confirm and holds nothing up
    road.issue(delivery=delivery)
    with road.services.store.read(SYSTEM) as work:
        (point,) = work.session.scalars(select(Point))
        assert (point.name, point.confirmed) == ("花溪村代办点", False)


class Private:
    """A carrier that is neither the post nor ours."""

    code, name, postal, holds_address, own_hands = "private", "某快递", False, True, False

    def book(self, request: BookingRequest) -> BookingAnswer:
        return BookingAnswer("PR" + request.order_no)

    def number_is_wellformed(self, waybill_no: str) -> bool:
        return waybill_no.startswith("PR")


@pytest.mark.parametrize(
    ("kind", "carrier"),
    [("notice", "range"), ("decision", "range"), ("certificate", "private"), ("physical", "private")],
)
def test_official_papers_never_go_by_a_private_carrier(road, kind, carrier) -> None:
    settings = replace(road.services.settings, express_carrier="private")
    road.services = replace(
        road.services, carriers={**road.services.carriers, "private": Private()}, settings=settings
    )
    source = "physical" if kind == "physical" else "compose"
    (envelope,) = road.envelopes(road.issue(documents=[document(kind=kind, source=source)]))
    assert (envelope.carrier, envelope.state) == (carrier, "labelled")


def test_planning_again_changes_nothing(road) -> None:
    no = road.issue(documents=[document(), document(copy="副本", recipient=BANK)])
    before = [(e.id, e.state) for e in road.envelopes(no)]
    with road.services.store.work(SYSTEM) as work:
        work.emit("case.plan", road.case(no).id)
    assert road.drain() == ["case.plan", "case.settle"]
    assert [(e.id, e.state) for e in road.envelopes(no)] == before
    assert len(road.notices("issued")) == 1


def test_the_applicant_is_told_once_with_a_private_link(road) -> None:
    road.issue()
    ((to, text),) = road.notices("issued")
    assert to == "19000000123"
    assert "企业名称预先核准" in text
    assert "/m/" in text


def test_a_sensitive_matter_is_never_named(road) -> None:
    item = {"code": "T-009", "name": "残疾人证办理", "promised_working_days": 5, "sensitivity": "sensitive"}
    road.issue(item=item, documents=[document(title="残疾人证办理通知书")])
    ((_, text),) = road.notices("issued")
    assert "残疾" not in text


# -- another way -------------------------------------------------------------------------------------------------
def to(**changes) -> Delivery:
    return Delivery.model_validate({"method": "express", "recipient": recipient(**changes)})


def test_another_address_voids_the_label_and_plans_anew(road) -> None:
    no = road.issue()
    (old,) = road.envelopes(no)
    number = road.number(old.id)
    change_delivery(road.services, CLERK, no, to(address="花溪村5组3号", phone="19000000777"))
    road.drain()
    (new,) = road.envelopes(no)
    assert new.id != old.id
    assert new.state == "labelled"
    assert road.number(new.id) != number
    assert road.envelope(old.id).state == "cancelled"
    with road.services.store.read(SYSTEM) as work:
        waybill = work.session.scalars(select(Waybill).where(Waybill.number == number)).one()
        assert not waybill.active
        assert waybill.void_reason
    paper = road.documents(no)[0].id
    assert road.mismatch(road.label(old.id), paper) == "void_waybill"
    assert road.mismatch(number, paper) == "void_waybill"
    assert road.mismatch(road.label(new.id), paper) == "matched"


def test_others_stay_in_the_envelope_that_one_leaves(road) -> None:
    first = road.issue(applicant=PERSON, delivery=by_express())
    second = road.issue(applicant=PERSON, delivery=by_express())
    road.pack(first)
    road.pack(second)
    shared = road.envelopes(first)[0].id
    assert road.envelope(shared).state == "packed"
    change_delivery(road.services, CLERK, second, to(address="花溪村5组3号"))
    road.drain()
    left = road.envelope(shared)
    assert left.state == "labelled"
    assert left.flag
    assert road.envelopes(second)[0].id != shared
    assert road.mismatch(road.label(shared), road.documents(first)[0].id) == "matched"
    assert road.envelope(shared).state == "packed"


def test_after_hand_over_it_is_too_late(road) -> None:
    no = road.issue()
    envelope = road.pack(no)
    road.scan(road.label(envelope), "hand_over")
    with pytest.raises(RuleViolation, match="handed_over"):
        change_delivery(road.services, CLERK, no, to(address="花溪村5组3号"))
    assert road.envelope(envelope).state == "handed_over"


def test_from_the_counter_to_express_and_back(road) -> None:
    no = road.issue(delivery={"method": "counter"})
    change_delivery(road.services, CLERK, no, to())
    road.drain()
    assert [e.state for e in road.envelopes(no)] == ["labelled"]
    change_delivery(road.services, CLERK, no, Delivery.model_validate({"method": "counter"}))
    assert [e.state for e in road.envelopes(no)] == ["ready_for_collection"]


def test_a_ready_case_only_remembers_the_new_way(road) -> None:
    case = approval()
    receive_case(road.services, CLERK, case, source="api")
    change_delivery(
        road.services, CLERK, case["acceptance_no"], Delivery.model_validate({"method": "counter"})
    )
    assert road.case(case["acceptance_no"]).method == "counter"
    assert road.envelopes(case["acceptance_no"]) == []


def test_changing_needs_right_and_office(road) -> None:
    no = road.issue()
    with pytest.raises(NotPermitted):
        change_delivery(road.services, COURIER, no, to())
    with pytest.raises(NotFound):
        change_delivery(road.services, ELSEWHERE, no, to())


def test_a_cancelled_case_is_not_planned(road) -> None:
    no = road.issue()
    cancel_case(road.services, CLERK, no, "申请人撤回申请")
    with pytest.raises(RuleViolation, match="cancelled"):
        change_delivery(road.services, CLERK, no, to())
    with road.services.store.work(SYSTEM) as work:
        work.emit("case.plan", road.case(no).id)
    road.drain()
    assert [e.state for e in road.envelopes(no)] == ["cancelled"]


def test_two_workers_planning_one_case_make_one_envelope(road) -> None:
    no = road.issue()
    case_id = road.case(no).id

    def plan() -> None:
        with road.services.store.work(SYSTEM) as work:
            plan_documents(road.services, work, work.session.get_one(Case, case_id))

    with road.services.store.work(SYSTEM) as work:
        for paper in road.documents(no):
            work.session.merge(paper).consignment_id = None
    threads = [threading.Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with road.services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Consignment)) == 1
        left = select(Outbox.step).where(Outbox.done_at.is_(None))
        assert list(work.session.scalars(left)) == ["notice.send"]  # waits until issuing stands for good
