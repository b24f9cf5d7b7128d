"""Houses to measure in: services in a temporary folder, and the real service with all its processes."""

from __future__ import annotations

import copy
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from dispatch import people, setup
from dispatch.bootstrap import build_without_bell
from dispatch.config import Settings
from dispatch.models import Outbox
from dispatch.rights import CLI, SYSTEM
from dispatch.services import Services

__all__ = ["ROOT", "Cases", "Running", "free_port", "open_steps", "services_in", "temporary_folder"]

ROOT = Path(__file__).resolve().parent.parent
#: the way from the window's act to the label
WAY = ("document.compose", "document.finish", "case.plan", "consignment.book")
READY_SECONDS = 90.0


class Cases:
    """Fresh approvals without end, made of the first ``most`` demonstration ones: the same contents, new numbers."""

    def __init__(
        self, methods: tuple[str, ...] = ("express", "door", "point", "counter"), most: int = 1000
    ) -> None:
        lines = setup.DEMO_CASES.read_text("utf-8").splitlines()
        self._samples = [case for line in lines if _fits(case := json.loads(line), methods)][:most]
        self._given = 0

    def take(self, count: int) -> list[dict[str, Any]]:
        """So many; document numbers are left to be allotted."""
        return [self._next() for _ in range(count)]

    def _next(self) -> dict[str, Any]:
        case: dict[str, Any] = copy.deepcopy(self._samples[self._given % len(self._samples)])
        self._given += 1
        case["acceptance_no"] = f"{case['acceptance_no'][:12]}{self._given:09d}"
        for document in case["documents"]:
            document["number"] = None
        return case


def _fits(case: dict[str, Any], methods: tuple[str, ...]) -> bool:
    composed = all(document["source"] == "compose" for document in case["documents"])
    return composed and (case.get("delivery") or {}).get("method") in methods


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A data folder with a path short enough for a socket; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="zd-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def services_in(folder: Path, **environ: str) -> Services:
    """Services of this process on that folder, everything prepared; nobody is woken."""
    services = build_without_bell(Settings.from_env({"DISPATCH_DATA_DIR": str(folder), **environ}))
    setup.prepare(services)
    return services


def open_steps(services: Services) -> int:
    """How many steps on the way to the label are not done."""
    waiting = select(func.count()).select_from(Outbox).where(Outbox.done_at.is_(None), Outbox.step.in_(WAY))
    with services.store.read(SYSTEM) as work:
        return work.session.scalar(waiting) or 0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """The real service as ``serve`` starts it, with a key for its API. Use as a context manager."""

    def __init__(self, folder: Path, workers: int = 2, **environ: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._environ = (
            os.environ | {"DISPATCH_DATA_DIR": str(folder), "DISPATCH_ENV": "development"} | environ
        )
        self._environ.pop("PUBLIC_BASE_URL", None)
        self._workers = workers
        self._log = folder / "serve.log"
        self.services = services_in(folder, **environ)
        scopes = ("cases", "issue", "read", "verify")
        self.key = people.create_key(self.services, CLI, "bench", scopes)

    def __enter__(self) -> Running:
        command = [
            sys.executable,
            "-m",
            "dispatch",
            "serve",
            "--port",
            str(self.port),
            "--workers",
            str(self._workers),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environ, stdout=log, stderr=log)
        until = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise RuntimeError(f"the service did not start:\n{self._log.read_text('utf-8')[-2000:]}")
            time.sleep(0.1)
        return self

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.services.store.engine.dispose()

    def wait_until_done(self, limit: float = 120.0, look: float = 0.02) -> None:
        """Until nothing on the way to the label is left to do."""
        until = time.monotonic() + limit
        while open_steps(self.services):
            if time.monotonic() > until:
                raise RuntimeError("the pipeline does not come to an end")
            time.sleep(look)
