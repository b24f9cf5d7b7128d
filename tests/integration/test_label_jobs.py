"""Labels to the label printer through the outbox: in order, once each, through an empty tray, a cut wire and a killed worker."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from dispatch import outbox
from dispatch.errors import NotFound, Rejected, RuleViolation, Unavailable
from dispatch.models import LabelJobItem
from dispatch.printing.batches import start_print
from dispatch.printing.label_jobs import (
    JobView,
    answer_doubt,
    jobs_of,
    print_labels,
    send_labels,
    stop_labels,
    try_again,
)
from dispatch.rights import SYSTEM
from dispatch.services import Services
from tests.factories import CLERK, ELSEWHERE, approval, recipient
from tests.integration.conftest import MovingClock
from tests.webhouse import House, house_on
from tests.zpl_printer import MemoryPrinter

pytestmark = pytest.mark.integration


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def printer() -> MemoryPrinter:
    return MemoryPrinter()


@pytest.fixture
def house(services: Services, printer: MemoryPrinter) -> House:
    return house_on(dataclasses.replace(services, label_printer=printer))


@pytest.fixture
def batch(house: House) -> str:
    """Four envelopes in one batch."""
    ids = []
    for n in range(4):
        way = {"method": "express", "recipient": recipient(phone=f"1900000{n:04d}")}
        ids += [d["document_id"] for d in house.issued(approval(delivery=way))["documents"]]
    return start_print(house.services, CLERK, ids).id


def only(house: House, batch: str) -> JobView:
    [view] = jobs_of(house.services, CLERK, batch)
    return view


def marks(house: House, batch: str) -> list[str]:
    return [str(item.mark) for item in _items(house)]


def _items(house: House) -> list[LabelJobItem]:
    with house.services.store.read(SYSTEM) as work:
        return sorted(work.session.query(LabelJobItem), key=lambda item: item.position)


def test_all_come_out_once_in_the_batchs_order(house: House, printer: MemoryPrinter, batch: str) -> None:
    send_labels(house.services, CLERK, batch)
    assert (only(house, batch).state, only(house, batch).sent) == ("waiting", 0)
    house.work()
    done = only(house, batch)
    assert (done.state, done.sent, done.total, done.trouble) == ("done", 4, 4, "")
    assert len(set(printer.printed)) == 4
    assert [mark[-7:] for mark in marks(house, batch)] == ["001/004", "002/004", "003/004", "004/004"]


def test_an_empty_tray_is_told_and_waited_for(
    house: House, printer: MemoryPrinter, batch: str, clock: MovingClock
) -> None:
    job = send_labels(house.services, CLERK, batch)
    printer.state = "paper_out"
    house.work()
    assert "缺纸" in only(house, batch).trouble and printer.printed == []
    clock.advance(timedelta(hours=3))
    house.work()
    assert only(house, batch).state == "waiting", "however long it lasts, it does not give up"
    printer.state = "ready"
    try_again(house.services, CLERK, job)
    house.work()
    assert (only(house, batch).state, len(printer.printed)) == ("done", 4)


def test_what_was_not_sent_whole_is_sent_again(
    house: House, printer: MemoryPrinter, batch: str, clock: MovingClock
) -> None:
    send_labels(house.services, CLERK, batch)
    printer.fault = Unavailable("printer_cut", "面单没有传完，连接断了，正在重试。")
    house.work()
    assert "没有传完" in only(house, batch).trouble and printer.printed == []
    clock.advance(timedelta(minutes=2))
    house.work()
    assert (only(house, batch).state, len(set(printer.printed)), len(printer.printed)) == ("done", 4, 4)


@pytest.mark.parametrize("came_out", [True, False])
def test_a_doubt_is_asked_not_guessed(
    house: House, printer: MemoryPrinter, batch: str, came_out: bool, clock: MovingClock
) -> None:
    job = send_labels(house.services, CLERK, batch)
    printer.fault = Unavailable("printer_in_doubt", "不知道打印机打出来没有。")
    house.work()
    clock.advance(timedelta(hours=1))
    house.work()
    asked = only(house, batch)
    assert (asked.state, asked.asking[-7:]) == ("asking", "001/004") and printer.printed == []
    with pytest.raises(RuleViolation):
        send_labels(house.services, CLERK, batch)
    answer_doubt(house.services, CLERK, job, came_out=came_out)
    house.work()
    assert only(house, batch).state == "done" and len(printer.printed) == (3 if came_out else 4)


def test_a_worker_killed_while_sending_leaves_a_question(
    house: House, printer: MemoryPrinter, batch: str, clock: MovingClock
) -> None:
    class Killed(BaseException):
        pass

    job = send_labels(house.services, CLERK, batch)
    claim = outbox.claim_next(house.services.store)
    assert claim is not None and claim.step == "labels.print"
    good = printer.send

    def die(zpl: str) -> None:
        if len(printer.printed) == 2:
            good(zpl)
            raise Killed
        good(zpl)

    printer.send = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        print_labels(house.services, claim)
    printer.send = good  # type: ignore[method-assign]
    clock.advance(timedelta(minutes=5))
    house.work()
    asked = only(house, batch)
    assert (asked.state, asked.sent, asked.asking[-7:]) == ("asking", 2, "003/004")
    answer_doubt(house.services, CLERK, job, came_out=True)
    house.work()
    assert len(printer.printed) == len(set(printer.printed)) == 4, "none twice"


def test_a_slow_worker_whose_turn_is_over_prints_no_more(
    house: House, printer: MemoryPrinter, batch: str, clock: MovingClock
) -> None:
    send_labels(house.services, CLERK, batch)
    first = outbox.claim_next(house.services.store)
    clock.advance(timedelta(minutes=5))
    second = outbox.claim_next(house.services.store)
    assert first is not None and second is not None
    with pytest.raises(outbox.LostClaim):
        print_labels(house.services, first)
    assert printer.printed == []
    print_labels(house.services, second)
    assert len(printer.printed) == 4


def test_a_wrong_address_stops_with_the_reason(house: House, printer: MemoryPrinter, batch: str) -> None:
    job = send_labels(house.services, CLERK, batch)
    printer.fault = Rejected("printer_address", "找不到面单打印机 x：地址不对。")
    house.work()
    stopped = only(house, batch)
    assert stopped.state == "stopped" and "地址不对" in stopped.trouble
    try_again(house.services, CLERK, job)
    house.work()
    assert (only(house, batch).state, len(printer.printed)) == ("done", 4)


def test_stopping_keeps_what_is_printed(house: House, printer: MemoryPrinter, batch: str) -> None:
    job = send_labels(house.services, CLERK, batch)
    stop_labels(house.services, CLERK, job)
    house.work()
    assert only(house, batch).state == "stopped" and printer.printed == []
    with pytest.raises(RuleViolation):
        answer_doubt(house.services, CLERK, job, came_out=True)
    again = send_labels(house.services, CLERK, batch)
    assert again != job


def test_slips_go_the_same_way(house: House, printer: MemoryPrinter) -> None:
    shelf = house.issued(approval(delivery={"method": "counter"}))["documents"][0]["document_id"]
    batch = start_print(house.services, CLERK, [shelf]).id
    with pytest.raises(RuleViolation):
        send_labels(house.services, CLERK, batch)
    send_labels(house.services, CLERK, batch, "slip")
    house.work()
    assert len(printer.printed) == 1 and b"^LL1200" in printer.printed[0]


def test_without_a_printer_and_for_another_office(services: Services, house: House, batch: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        send_labels(services, CLERK, batch)
    assert refusal.value.code == "no_printer"
    job = send_labels(house.services, CLERK, batch)
    for call in (
        lambda: send_labels(house.services, ELSEWHERE, batch),
        lambda: jobs_of(house.services, ELSEWHERE, batch),
        lambda: stop_labels(house.services, ELSEWHERE, job),
        lambda: try_again(house.services, ELSEWHERE, job),
        lambda: stop_labels(house.services, CLERK, "NOSUCH"),
    ):
        with pytest.raises(NotFound):
            call()
