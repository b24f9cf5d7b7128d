"""How many threads the web server should have: the figures behind ``workers.web.THREADS``.

    python -m bench.web [--seconds 3] [--rounds 5] [--threads 1,2,4,8]

Servers with different numbers of threads run side by side and are asked in turns: tokens to verify, the window's list,
and both while somebody asks for labels all the time. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import statistics
import threading
from collections.abc import Iterator, Sequence

import structlog

from dispatch import people
from dispatch.casefile import case_view
from dispatch.rights import CLI, SYSTEM
from dispatch.services import Services

from .house import services_in, temporary_folder
from .measure import say
from .verifying import OUR_APP, drive, server, tokens
from .wire import Line, request_bytes

CLIENTS = 8


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="bench.web")
    asked.add_argument("--seconds", type=float, default=3.0)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--threads", default="1,2,4,8")
    given = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    numbers = [int(word) for word in given.threads.split(",")]
    with temporary_folder() as folder, contextlib.ExitStack() as open_now:
        services = services_in(folder)
        kinds, label = _requests(services)
        services.store.engine.dispose()
        ports = {n: open_now.enter_context(server(OUR_APP, folder, threads=n)) for n in numbers}
        found: dict[str, dict[str, object]] = {}
        for kind, requests in kinds.items():
            for busy in (False, True):
                name = kind + (", labels being drawn" if busy else "")
                say(f"measuring {name} …")
                found[name] = _compare(ports, requests, label if busy else None, given.rounds, given.seconds)
    print(json.dumps({"clients": CLIENTS, "rounds": given.rounds, "by_threads": found}, indent=1))


def _requests(services: Services) -> tuple[dict[str, list[bytes]], bytes]:
    """Requests by kind, and one that takes the server longer."""
    verify = [request_bytes("POST", "/api/v1/verify", {"token": token}) for token in tokens(services, 40)]
    password = people.random_password()
    people.create_user(services, CLI, "bench", "clerk", "33", password)
    session = people.log_in(services, "bench", password, "192.0.2.1")
    window = [request_bytes("GET", "/window", cookie=f"zd={session.secret}")]
    key = people.create_key(services, CLI, "bench", ("read",))
    return {"verify": verify, "window": window}, _label_request(services, key)


def _label_request(services: Services, key: str) -> bytes:
    """A label in a size that is drawn anew each time."""
    for case in _numbers(services):
        for consignment in case_view(services, CLI, case)["consignments"]:
            if consignment["label_url"]:
                return request_bytes(
                    "GET", f"/api/v1/consignments/{consignment['id']}/label.pdf?size=100x150", key=key
                )
    raise RuntimeError("no label was made")


def _numbers(services: Services) -> Iterator[str]:
    with services.store.read(SYSTEM) as work:
        rows = work.session.connection().exec_driver_sql("SELECT acceptance_no FROM cases").all()
    yield from (row[0] for row in rows)


def _compare(
    ports: dict[int, int], requests: Sequence[bytes], also: bytes | None, rounds: int, duration: float
) -> dict[str, object]:
    rates: dict[int, list[float]] = {n: [] for n in ports}
    tails: dict[int, list[float]] = {n: [] for n in ports}
    for number in range(rounds + 1):
        for threads, port in ports.items():
            with _someone_else(port, also):
                load = drive(port, requests, duration, CLIENTS)
            if number:
                rates[threads].append(load.rate)
                tails[threads].append(load.milliseconds(0.99))
    return {
        str(n): {
            "per_second": round(statistics.median(rates[n]), 1),
            "p99_ms": round(statistics.median(tails[n]), 1),
        }
        for n in ports
    }


@contextlib.contextmanager
def _someone_else(port: int, request: bytes | None) -> Iterator[None]:
    """Two other clients who send the same request again and again meanwhile."""
    over = threading.Event()

    def ask(wanted: bytes) -> None:
        line = Line(port)
        while not over.is_set():
            line.ask(wanted)
        line.close()

    others = [threading.Thread(target=ask, args=(request,)) for _ in range(2)] if request else []
    for other in others:
        other.start()
    try:
        yield
    finally:
        over.set()
        for other in others:
            other.join()


if __name__ == "__main__":
    main()
