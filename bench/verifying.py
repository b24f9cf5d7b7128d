"""How many times a second the web tells whether a document is genuine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dispatch.casefile import case_view
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.rights import CLI
from dispatch.services import Services
from workers.jobs import Runner

from .house import ROOT, Cases, free_port, services_in, temporary_folder
from .measure import Figure, in_turns, quantile
from .wire import Line, request_bytes

__all__ = ["Load", "drive", "server", "tokens", "verifications"]

CLIENTS = 4
DOCUMENTS = 12
OUR_APP = "wsgi:app"
NAIVE_APP = "bench.naive_web:make_app"


def verifications(rounds: int, duration: float) -> Figure:
    """Answers a second to ``POST /api/v1/verify`` with a token, four clients on kept connections."""
    with temporary_folder() as folder, contextlib.ExitStack() as open_now:
        services = services_in(folder)
        requests = [
            request_bytes("POST", "/api/v1/verify", {"token": token}) for token in tokens(services, DOCUMENTS)
        ]
        services.store.engine.dispose()
        ours, naive = (open_now.enter_context(server(app, folder)) for app in (OUR_APP, NAIVE_APP))
        mine, theirs = in_turns(
            lambda: drive(ours, requests, duration).rate,
            lambda: drive(naive, requests, duration).rate,
            rounds,
        )
    what = "the same application and server, keys read from their files for every request"
    return Figure("verifications per second", "higher", mine, theirs, rounds, what)


def tokens(services: Services, count: int) -> list[str]:
    """Tokens of documents made now, in the whole way of the house."""
    runner = Runner(services, lambda: False)
    found: list[str] = []
    cases = Cases()
    while len(found) < count:
        (case,) = cases.take(1)
        receive_case(services, CLI, case, source="api")
        issue_case(services, CLI, case["acceptance_no"])
        while runner.drain():
            pass
        found += _tokens_of(services, case["acceptance_no"])
    return found


def _tokens_of(services: Services, acceptance_no: str) -> list[str]:
    view: dict[str, Any] = case_view(services, CLI, acceptance_no)
    return [document["token"] for document in view["documents"] if document["token"]]


@contextlib.contextmanager
def server(app: str, folder: Path, threads: int | None = None, backpressure: int = 256) -> Iterator[int]:
    """A web server process on the data in ``folder``; yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.naive_web", app, str(port)]
    command += [str(threads), str(backpressure)] if threads else []
    environ = os.environ | {"DISPATCH_DATA_DIR": str(folder)}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            line = Line(port)
            if line.ask(request_bytes("GET", "/healthz"))[0] == 200:
                line.close()
                return
        except OSError:
            time.sleep(0.1)
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the web server did not start")


class Load:
    """What came of driving a server: seconds of each answer, and how long it all took."""

    def __init__(self) -> None:
        self.answers: list[float] = []
        self.refused = 0
        self.seconds = 0.0

    @property
    def rate(self) -> float:
        """Right answers a second; RuntimeError when there was any other."""
        if self.refused or not self.answers:
            raise RuntimeError(f"{self.refused} requests were not answered with 200")
        return len(self.answers) / self.seconds

    def milliseconds(self, part: float) -> float:
        """A quantile of the answers' times."""
        return 1000 * quantile(self.answers, part)


def drive(port: int, requests: Sequence[bytes], duration: float, clients: int = CLIENTS) -> Load:
    """Ask for so many seconds from so many threads."""
    load = Load()
    until = time.perf_counter() + duration
    threads = [threading.Thread(target=_ask, args=(port, requests, until, load, n)) for n in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


def _ask(port: int, requests: Sequence[bytes], until: float, load: Load, number: int) -> None:
    line = Line(port)
    at = number
    while (began := time.perf_counter()) < until:
        status, _ = line.ask(requests[at % len(requests)])
        at += 1
        if status == 200:
            load.answers.append(time.perf_counter() - began)
        else:
            load.refused += 1
    line.close()
