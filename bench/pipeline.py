"""The whole way of a case: how many in a second, and how long one takes when nothing else is to be done."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.lifecycle import ConsignmentState, DocumentState
from dispatch.models import Case, Consignment, Document
from dispatch.rights import CLI, SYSTEM
from dispatch.services import Services
from workers.jobs import Runner

from .house import Cases, Running, services_in, temporary_folder
from .measure import Figure, in_turns, quantile, seconds
from .wire import Line

__all__ = ["latency", "throughput"]

#: no queue answers here, so workers look by themselves
NO_QUEUE = "unix:///nonexistent/valkey.sock"


def throughput(rounds: int, size: int) -> Figure:
    """Cases a second from the first request to the last label: intake and issue over the API, two workers."""
    cases = Cases()
    with temporary_folder() as ours_at, temporary_folder() as naive_at, Running(ours_at) as service:
        alone = services_in(naive_at)

        def ours() -> float:
            batch = cases.take(size)
            return size / seconds(lambda: _through_the_service(service, batch))

        def naive() -> float:
            batch = cases.take(size)
            return size / seconds(lambda: _one_after_the_other(alone, batch))

        mine, theirs = in_turns(ours, naive, rounds)
        alone.store.engine.dispose()
    what = (
        "one process, one case after the other, no queue and no web: the same stages on a database of its own"
    )
    return Figure("cases per second", "higher", mine, theirs, rounds, what)


def _through_the_service(service: Running, batch: Sequence[dict[str, Any]]) -> None:
    line = Line(
        service.port
    )  # a connection of its own: the server hangs up on one that is silent between rounds
    for case in batch:
        line.call("POST", "/api/v1/cases", case, service.key)
    for case in batch:
        line.call("POST", f"/api/v1/cases/{case['acceptance_no']}/issue", {}, service.key)
    line.close()
    service.wait_until_done()


def _one_after_the_other(services: Services, batch: Sequence[dict[str, Any]]) -> None:
    runner = Runner(services, lambda: False)
    for case in batch:
        receive_case(services, CLI, case, source="api")
        issue_case(services, CLI, case["acceptance_no"])
        while runner.drain():
            pass


def latency(count: int, pause: float) -> dict[str, Any]:
    """Seconds from the answer to "issue" until document valid and envelope labelled, one case at a time."""
    cases = Cases(("express",))
    found: dict[str, list[float]] = {"ours": [], "naive": []}
    with contextlib.ExitStack() as open_now:
        folders = [open_now.enter_context(temporary_folder()) for _ in range(2)]
        rung = open_now.enter_context(Running(folders[0]))
        looking = open_now.enter_context(Running(folders[1], REDIS_URL=NO_QUEUE))
        lines = {"ours": (rung, Line(rung.port)), "naive": (looking, Line(looking.port))}
        for _ in range(count):
            for name, (service, line) in lines.items():
                found[name].append(_one_case(service, line, cases.take(1)[0], pause))
        for _, line in lines.values():
            line.close()
    return {
        "unit": "seconds from issue to labelled, idle system",
        "better": "lower",
        "cases": count,
        **{f"p{round(part * 100)}": round(quantile(found["ours"], part), 3) for part in (0.5, 0.95, 1.0)},
        **{
            f"naive_p{round(part * 100)}": round(quantile(found["naive"], part), 3)
            for part in (0.5, 0.95, 1.0)
        },
        "ratio": round(quantile(found["naive"], 0.5) / quantile(found["ours"], 0.5), 2),
        "target": {"p95": 2.0},
        "baseline": "the same service without a queue: each worker looks by itself twice a second",
    }


def _one_case(service: Running, line: Line, case: dict[str, Any], pause: float) -> float:
    line.call("POST", "/api/v1/cases", case, service.key)
    time.sleep(pause)
    began = time.perf_counter()
    line.call("POST", f"/api/v1/cases/{case['acceptance_no']}/issue", {}, service.key)
    while not _labelled(service.services, case["acceptance_no"]):
        if time.perf_counter() - began > 60:
            raise RuntimeError("a case does not come to its label")
        time.sleep(0.01)
    return time.perf_counter() - began


def _labelled(services: Services, acceptance_no: str) -> bool:
    """Whether every document of the case is valid and in an envelope with a label."""
    query = (
        select(Document.state, Consignment.state)
        .join(Case, Case.id == Document.case_id)
        .outerjoin(Consignment, Consignment.id == Document.consignment_id)
        .where(Case.acceptance_no == acceptance_no)
    )
    with services.store.read(SYSTEM) as work:
        rows = work.session.execute(query).all()
    return all(row == (DocumentState.VALID, ConsignmentState.LABELLED) for row in map(tuple, rows))
