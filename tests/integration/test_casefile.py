"""Case files on real databases: lists, search, the worklist, the unmasked look, a step tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from dispatch.casefile import case_view, list_cases, retry_step, reveal, worklist
from dispatch.errors import Invalid, NotFound, NotPermitted
from dispatch.holds import place_hold
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.models import Audit, CarrierRange, Case, Consignment, Document, Outbox
from dispatch.rights import ROLE_SCOPES, SYSTEM, Actor, Role
from dispatch.services import Services
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval, document, recipient

pytestmark = pytest.mark.integration
Drain = Callable[[], int]
OBSERVER = Actor("user:looker", "33", ROLE_SCOPES[Role.OBSERVER], Role.OBSERVER)


def received(services: Services, **changes: Any) -> dict[str, Any]:
    case = approval(**changes)
    receive_case(services, CLERK, case, source="api")
    return case


def issued(services: Services, drain: Drain, **changes: Any) -> dict[str, Any]:
    case = received(services, **changes)
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    return case


def numbers(page: Any) -> list[str]:
    return [item["acceptance_no"] for item in page.items]


# -- lists and search --------------------------------------------------------------------------------------------
def test_lists_go_by_the_day_due_and_page_without_gaps(services: Services) -> None:
    later = received(
        services, decided_at="2026-11-12T09:00:00+08:00", accepted_at="2026-11-11T09:00:00+08:00"
    )
    rest = [received(services)["acceptance_no"] for _ in range(4)]
    seen: list[str] = []
    cursor = None
    while True:
        page = list_cases(services, CLERK, cursor=cursor, limit=2)
        seen += numbers(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted([*rest, later["acceptance_no"]])
    assert seen[-1] == later["acceptance_no"]


def test_search_finds_exactly_and_only_in_ones_own_office(services: Services, drain: Drain) -> None:
    case = issued(
        services, drain, applicant=approval()["applicant"] | {"name": "蓝天晴", "phone": "19000004321"}
    )
    issued(services, drain)
    view = case_view(services, CLERK, case["acceptance_no"])
    number = view["documents"][0]["number"]
    for wanted in (case["acceptance_no"], number, "蓝天晴", "4321", view["consignments"][0]["waybill_no"]):
        assert numbers(list_cases(services, CLERK, q=wanted)) == [case["acceptance_no"]], wanted
        assert numbers(list_cases(services, ELSEWHERE, q=wanted)) == [], wanted
    for wanted in ("蓝", "天晴", "%", "_______", "432", "331127%", "\\", "'"):
        assert numbers(list_cases(services, CLERK, q=wanted)) == [], wanted


def test_a_page_of_many_costs_as_many_queries_as_one(services: Services, drain: Drain) -> None:
    for serial in range(6):
        way = {"method": "express", "recipient": recipient(phone=f"190000007{serial:02d}")}
        issued(services, drain, documents=[document(copy="正本"), document(copy="副本")], delivery=way)
    counted: list[str] = []
    event.listen(services.store.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    assert len(list_cases(services, CLERK, limit=1).items) == 1
    for_one = len(counted)
    assert len(list_cases(services, CLERK, limit=200).items) == 6
    assert len(counted) - for_one == for_one
    assert for_one <= 10


def test_another_office_and_an_absent_case_look_the_same(services: Services) -> None:
    case = received(services)
    with pytest.raises(NotFound) as foreign:
        case_view(services, ELSEWHERE, case["acceptance_no"])
    with pytest.raises(NotFound) as absent:
        case_view(services, CLERK, "000000")
    assert str(foreign.value) == str(absent.value)


def test_who_only_scans_sees_no_cases(services: Services) -> None:
    case = received(services)
    for look in (lambda: case_view(services, COURIER, case["acceptance_no"]), lambda: list_cases(services, COURIER),
                 lambda: worklist(services, COURIER)):  # fmt: skip
        with pytest.raises(NotPermitted):
            look()


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "WyJhIiwgImIiXQ", "bnVsbA", "e30", "W10", "W251bGwsIG51bGxd"]
)
def test_a_cursor_we_did_not_give_is_refused(services: Services, cursor: str) -> None:
    if cursor:
        with pytest.raises(Invalid):
            list_cases(services, CLERK, cursor=cursor)


def test_an_expired_document_is_expired_the_day_after_its_last(
    services: Services, drain: Drain, clock: Any
) -> None:
    case = issued(services, drain, documents=[document(valid_until="2026-11-21")])
    assert case_view(services, CLERK, case["acceptance_no"])["documents"][0]["state"] == "valid"
    clock.advance(timedelta(days=1, hours=13))  # the 21st, 23 o'clock in Shanghai
    assert case_view(services, CLERK, case["acceptance_no"])["documents"][0]["state"] == "valid"
    clock.advance(timedelta(hours=2))
    shown = case_view(services, CLERK, case["acceptance_no"])["documents"][0]
    assert shown["state"] == "expired"
    assert shown["token"]


# -- the unmasked look -------------------------------------------------------------------------------------------
def test_a_look_at_the_person_leaves_a_trace(services: Services) -> None:
    case = received(services)
    seen = reveal(services, CLERK, case["acceptance_no"])
    assert seen["applicant"]["name"] == "周小满"
    assert seen["recipients"][0]["address"] == "岭外村2组21号"
    with services.store.read(SYSTEM) as work:
        [row] = work.session.scalars(select(Audit).where(Audit.action == "case_revealed"))
        assert row.actor == CLERK.name
        assert "周小满" not in row.detail


def test_a_masked_look_leaves_none(services: Services) -> None:
    case = received(services)
    case_view(services, CLERK, case["acceptance_no"])
    list_cases(services, CLERK, q="周小满")
    with services.store.read(SYSTEM) as work:
        assert (
            work.session.scalar(select(func.count()).select_from(Audit).where(Audit.actor == CLERK.name)) == 1
        )


def test_who_reads_only_or_sits_elsewhere_sees_no_person(services: Services) -> None:
    case = received(services)
    with pytest.raises(NotPermitted):
        reveal(services, OBSERVER, case["acceptance_no"])
    with pytest.raises(NotFound):
        reveal(services, ELSEWHERE, case["acceptance_no"])
    with services.store.read(SYSTEM) as work:
        assert (
            work.session.scalar(
                select(func.count()).select_from(Audit).where(Audit.action == "case_revealed")
            )
            == 0
        )


# -- the worklist ------------------------------------------------------------------------------------------------
def test_overdue_stands_on_top_and_a_hold_is_told(services: Services, drain: Drain) -> None:
    overdue = received(services)  # promised for the 9th, today is the 20th
    late = approval(accepted_at="2026-11-18T09:00:00+08:00", decided_at="2026-11-19T09:00:00+08:00")
    receive_case(services, CLERK, late, source="api")
    place_hold(services, CLERK, late["acceptance_no"], "税费未缴")
    found = worklist(services, CLERK)
    assert [row["acceptance_no"] for row in found["due"]] == [overdue["acceptance_no"], late["acceptance_no"]]
    assert found["due"][0]["overdue_days"] == 11
    assert found["due"][0]["applicant_masked"] == "周**"
    assert (found["due"][1]["held"], found["due"][1]["overdue_days"]) == (True, 0)
    assert (found["counts"]["ready"], found["counts"]["overdue"], found["counts"]["held"]) == (2, 1, 1)
    assert worklist(services, ELSEWHERE)["due"] == []


def test_what_is_stuck_is_told_with_its_reason(services: Services, drain: Drain) -> None:
    blocked = issued(services, drain, documents=[document(fields={"申请人": "字" * 3900})])
    waiting = issued(
        services,
        drain,
        documents=[document(source="import", kind="certificate", title="施工许可证", number="A1", fields={})],
    )
    moving = issued(services, drain)
    with services.store.work(SYSTEM) as work:
        held = work.session.scalar(
            select(Document.consignment_id).join(Case).where(Case.acceptance_no == moving["acceptance_no"])
        )
        work.session.execute(
            update(Consignment).where(Consignment.id == held).values(flag="运单号在承运方查不到")
        )
    stuck = {row["kind"]: row for row in worklist(services, CLERK)["stuck"]}
    assert stuck["file_missing"]["acceptance_no"] == waiting["acceptance_no"]
    assert stuck["flagged"]["why"] == "运单号在承运方查不到"
    assert stuck["flagged"]["acceptance_no"] == moving["acceptance_no"]
    with services.store.read(SYSTEM) as work:
        state = work.session.scalar(
            select(Document.state).join(Case).where(Case.acceptance_no == blocked["acceptance_no"])
        )
    assert ("document_blocked" in stuck) == (state == "blocked")
    assert worklist(services, ELSEWHERE)["stuck"] == []


def test_a_parked_step_can_be_tried_again_by_its_own_office(services: Services, drain: Drain) -> None:
    case = received(services)
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    with services.store.work(SYSTEM) as work:
        work.session.execute(
            update(Outbox).where(Outbox.step == "case.plan").values(parked_at=work.now, error="TypeError")
        )
    drain()
    [row] = [row for row in worklist(services, CLERK)["stuck"] if row["kind"] == "step_parked"]
    assert (row["acceptance_no"], row["why"]) == (case["acceptance_no"], "TypeError")
    with pytest.raises(NotFound):
        retry_step(services, ELSEWHERE, row["retry"])
    with pytest.raises(NotPermitted):
        retry_step(services, COURIER, row["retry"])
    retry_step(services, CLERK, row["retry"])
    drain()
    assert not [row for row in worklist(services, CLERK)["stuck"] if row["kind"] == "step_parked"]
    assert case_view(services, CLERK, case["acceptance_no"])["consignments"]
    with pytest.raises(NotFound):
        retry_step(services, CLERK, row["retry"])


def test_running_out_of_numbers_is_told_in_time(services: Services) -> None:
    assert worklist(services, CLERK)["low_ranges"] == []
    with services.store.work(SYSTEM) as work:
        work.session.execute(update(CarrierRange).values(next=CarrierRange.last - 9))
    [low] = worklist(services, CLERK)["low_ranges"]
    assert low["left"] == 10
