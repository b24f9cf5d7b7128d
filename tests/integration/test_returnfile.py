"""The daily return file: every change once, on its day, and the same file whenever it is made."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dispatch.consignments.returns import send_again
from dispatch.errors import Invalid, NotPermitted
from dispatch.export import FORMS, export_table
from dispatch.issue import cancel_case
from dispatch.models import Audit, Document
from dispatch.returnfile import ReturnLine, note_made, return_lines, return_table, span
from dispatch.rights import SYSTEM
from dispatch.undo import undo_issue
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, document
from tests.road import Road

pytestmark = pytest.mark.integration

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (16, 17, 18))


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def lines(road: Road, first: date, last: date | None = None, actor=CLERK) -> list[ReturnLine]:
    return return_lines(road.services, actor, first, last or first)


def told(road: Road, day: date) -> list[tuple[str, str, str]]:
    return [(one.acceptance_no, one.state, one.validity) for one in lines(road, day)]


def send(road: Road, no: str, *actions: str, **more: object) -> str:
    """Scan the case's envelope; its id."""
    (envelope,) = road.envelopes(no)
    for action in actions:
        road.clock.forward(minutes=5)
        road.scan(road.label(envelope.id), action, **(more if action == "deliver" else {}))
    road.drain()
    return envelope.id


SIGNED = {"signer": {"kind": "self", "name": "周小满"}}


# -- a paper's way through the days ------------------------------------------------------------------------------------
def test_each_day_tells_what_changed_and_nothing_twice(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    road.pack(no)
    (first,) = lines(road, MONDAY)
    assert (first.state, first.validity, first.issued_on, first.served_on) == (
        "issued",
        "valid",
        MONDAY,
        None,
    )
    assert first.waybill_no == road.number(envelope.id)
    assert first.handed_over_on is None
    road.clock.forward(days=1)
    send(road, no, "hand_over", "depart")
    (second,) = lines(road, TUESDAY)
    assert (second.state, second.handed_over_on) == ("in_transit", TUESDAY)
    road.clock.forward(days=1)
    send(road, no, "out_for_delivery", "deliver", **SIGNED)
    (third,) = lines(road, WEDNESDAY)
    assert (third.state, third.served_on, third.issued_on) == ("delivered", WEDNESDAY, MONDAY)
    road.clock.forward(days=1)
    assert lines(road, date(2026, 11, 19)) == []
    assert lines(road, MONDAY, WEDNESDAY) == [third]
    assert lines(road, MONDAY) == [first]
    assert lines(road, TUESDAY) == [second]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_made_again_is_the_same_bytes(road, form: str) -> None:
    no = road.issue()
    road.pack(no)
    send(road, no, "hand_over")
    road.clock.forward(days=1)
    made = export_table(return_table(lines(road, MONDAY), MONDAY, MONDAY), form)
    send(road, no, "depart", "return_start", "return_arrive")
    (envelope,) = road.envelopes(no)
    road.clock.forward(days=1)
    send_again(road.services, COLLEAGUE, envelope.id)
    road.drain()
    note_made(road.services, CLERK, MONDAY, MONDAY, 1)
    assert export_table(return_table(lines(road, MONDAY), MONDAY, MONDAY), form) == made


def test_a_returned_envelope_sent_again_is_told_with_both_waybills_on_their_days(road) -> None:
    no = road.issue()
    road.pack(no)
    old = send(road, no, "hand_over", "depart", "return_start", "return_arrive")
    first = road.number(old)
    road.clock.forward(days=1)
    send_again(road.services, COLLEAGUE, old)
    road.drain()
    (new,) = road.envelopes(no)
    assert [(one.waybill_no, one.state) for one in lines(road, MONDAY)] == [(first, "returned")]
    assert [(one.waybill_no, one.state, one.handed_over_on) for one in lines(road, TUESDAY)] == [
        (road.number(new.id), "issued", None)
    ]


def test_a_scan_that_arrives_late_is_told_on_the_day_it_arrived_with_its_own_day(road) -> None:
    no = road.issue()
    road.pack(no)
    send(road, no, "hand_over", "depart")
    road.clock.forward(days=2)
    (envelope,) = road.envelopes(no)
    road.scan(road.label(envelope.id), "deliver", minutes=60 * 30, **SIGNED)
    road.drain()
    assert [(one.state, one.served_on) for one in lines(road, MONDAY)] == [("in_transit", None)]
    assert lines(road, TUESDAY) == []
    assert [(one.state, one.served_on) for one in lines(road, WEDNESDAY)] == [("delivered", TUESDAY)]


# -- what ends -----------------------------------------------------------------------------------------------------------
def test_issued_and_taken_back_on_one_day_was_never_told(road) -> None:
    no = road.issue()
    undo_issue(road.services, CLERK, no)
    road.drain()
    assert lines(road, MONDAY) == []


def test_a_cancelled_case_is_told_when_it_was_told_of_before(road) -> None:
    no = road.issue()
    road.clock.forward(days=1)
    cancel_case(road.services, CLERK, no, "部门要求")
    assert told(road, MONDAY) == [(no, "issued", "valid")]
    assert told(road, TUESDAY) == [(no, "cancelled", "void")]
    assert lines(road, TUESDAY)[0].waybill_no == ""


def test_what_is_not_made_yet_is_not_told(road) -> None:
    no = road.issue()
    with road.services.store.work(SYSTEM) as work:
        for one in work.session.scalars(select(Document)):
            one.valid_at = None
    assert lines(road, MONDAY) == []
    assert road.case(no).state == "issued"


def test_a_denial_without_its_receipt_is_not_told_as_served(road) -> None:
    fields = {"复议期限": "自收到本决定书之日起六十日内", "诉讼期限": "自收到本决定书之日起六个月内"}
    denial = document(kind="decision", title="不予行政许可决定书", fields=fields)
    no = road.issue(decision="denied", documents=[denial])
    road.pack(no)
    send(road, no, "hand_over", "depart", "deliver", **SIGNED)
    (line,) = lines(road, MONDAY)
    assert (line.state, line.served_on) == ("awaiting_receipt", None)


# -- whose, and when -----------------------------------------------------------------------------------------------------
def test_another_office_learns_nothing_and_a_courier_may_not_ask(road) -> None:
    road.issue()
    assert lines(road, MONDAY, actor=ELSEWHERE) == []
    with pytest.raises(NotPermitted):
        lines(road, MONDAY, actor=COURIER)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-11-18", "2026-11-16", "order"),
        ("2026-11-17", "", "future"),
        ("2025-01-01", "2026-11-16", "too_long"),
        ("16.11.2026", "", "date"),
        ("2026-02-30", "", "date"),
        ("", "", "date"),
    ],
)
def test_days_that_cannot_be_asked_for(road, first: str, last: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        span(road.services, first, last)
    assert [fault.code for fault in refusal.value.faults] == [code]


def test_days_are_days_here_not_in_greenwich(road) -> None:
    road.clock.at = road.clock.at.replace(hour=15, minute=58)  # 23:58 here
    no = road.issue()
    road.clock.forward(minutes=5)
    road.pack(no)
    send(road, no, "hand_over")
    assert told(road, MONDAY) == [(no, "issued", "valid")]
    assert told(road, TUESDAY) == [(no, "handed_over", "valid")]


def test_no_person_stands_in_the_file_and_its_making_is_written_down(road) -> None:
    no = road.issue()
    road.pack(no)
    send(road, no, "hand_over", "depart", "deliver", **SIGNED)
    data = export_table(return_table(lines(road, MONDAY), MONDAY, MONDAY), "jsonl").decode()
    (line,) = (json.loads(row) for row in data.splitlines())
    assert line["acceptance_no"] == no
    assert line["state_name"] == "已送达"
    assert not any(secret in data for secret in ("周小满", "19000000123", "岭外村", "330727198"))
    note_made(road.services, CLERK, MONDAY, MONDAY, 1)
    with road.services.store.read(SYSTEM) as work:
        made = work.session.scalars(select(Audit).where(Audit.action == "returnfile_made")).one()
    assert json.loads(made.detail) == {"first": "2026-11-16", "last": "2026-11-16", "rows": 1}


def test_many_papers_are_told_in_order_however_they_are_fetched(road, monkeypatch) -> None:
    numbers = sorted(road.issue() for _ in range(5))
    road.clock.forward(days=1)
    whole = lines(road, MONDAY)
    monkeypatch.setattr("dispatch.returnfile._AT_ONCE", 2)
    assert lines(road, MONDAY) == whole
    assert [one.acceptance_no for one in whole] == numbers
    assert lines(road, MONDAY + timedelta(days=1)) == []
