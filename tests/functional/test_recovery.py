"""Processes die at the worst moment, and nothing that was accepted is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.functional.service import Service, wait_for

pytestmark = pytest.mark.functional

WAITING = tuple(range(50, 60))


def _kill(service: Service, words: str) -> int:
    pid = min(wait_for(lambda: service.children(words), 5, words))
    os.kill(pid, signal.SIGKILL)
    return pid


def test_ten_cases_settle_although_workers_and_queue_are_killed(service: Service) -> None:
    """Issued one after the other while a worker, the queue's server and the other worker are killed between."""
    numbers = [case["acceptance_no"] for case in service.take_in(WAITING)]
    killed = []
    for position, number in enumerate(numbers):
        answer = service.call("POST", f"/cases/{number}/issue", "window")
        assert answer.status_code == 202, answer.text
        if position in (2, 6):
            killed.append(_kill(service, "dispatch worker"))
        if position == 4:
            killed.append(_kill(service, "valkey"))
    began = time.monotonic()
    views = [service.settled(number, 90.0) for number in numbers]
    assert time.monotonic() - began < 90.0
    papers = [paper for view in views for paper in view["documents"]]
    assert {paper["state"] for paper in papers} == {"valid"}
    assert len({(paper["number"], paper["title"], paper["copy"]) for paper in papers}) == len(papers)
    waybills = [
        envelope["waybill_no"]
        for view in views
        for envelope in view["consignments"]
        if envelope["waybill_no"]
    ]
    assert len(waybills) == len(set(waybills)) > 0
    for words, count in (("dispatch worker", 2), ("valkey", 1), ("dispatch relay", 1)):
        wait_for(
            lambda words=words, count=count: len(service.children(words)) == count, 5, f"{count} × {words}"
        )
        assert not service.children(words) & set(killed)


def test_the_web_comes_back_within_seconds(service: Service) -> None:
    """Nobody has to restart it by hand, and nothing of the dead one keeps the port."""
    before = service.children("dispatch web")
    os.kill(min(before), signal.SIGKILL)
    wait_for(
        lambda: service.children("dispatch web") - before and not service.children("dispatch web") & before,
        10,
        "a new web",
    )
    wait_for(service.answers, 15, "the web answers again")


def test_the_ledger_is_clean_afterwards(service: Service) -> None:
    """Every promise of the ledger check holds once the work is done."""
    done = service.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
