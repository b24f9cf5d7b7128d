"""The real service as a child process: started as a clerk's machine starts it, spoken to from outside, ended cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.pages import ROOT, approvals
from workers.processes import libc, tie_to_parent

__all__ = ["PASSWORD", "STAFF", "Service", "free_port", "processes_of", "wait_for"]

PASSWORD = "quiet-river-42-stones"
#: short name → (account, role)
STAFF = {
    "clerk": ("窗口小林", "clerk"),
    "second": ("窗口小方", "clerk"),
    "courier": ("送件老郑", "courier"),
    "supervisor": ("主管老许", "supervisor"),
}
KEYS = {
    "platform": ("cases", "read"),
    "window": ("issue", "read", "scans"),
    "chief": ("validity", "read"),
    "deputy": ("validity", "read"),
}
T = TypeVar("T")
OFFICE = "33"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer of ``look``; an assertion naming ``what`` when there is none in time."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.15)


def processes_of(folder: Path) -> dict[int, str]:
    """Living processes that belong to this data folder: process id → command line. Empty without /proc.

    Ours carry the folder in their environment; the queue's server writes over its own, but works in the folder.
    """
    mark, found = f"DISPATCH_DATA_DIR={folder}\0".encode(), {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "cwd").resolve() == folder or mark in (place / "environ").read_bytes() + b"\0":
                found[int(place.name)] = (
                    (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                )
        except OSError:
            continue  # ended meanwhile, or not ours to look at
    return {pid: command for pid, command in found.items() if pid != os.getpid() and command}


@dataclass
class Service:
    """``python -m dispatch serve`` with a data folder of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    keys: dict[str, str] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    cases: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    @property
    def environ(self) -> Mapping[str, str]:
        return os.environ | {
            "DISPATCH_DATA_DIR": str(self.data),
            "PUBLIC_BASE_URL": self.base,
            "PYTHONUNBUFFERED": "1",
        }

    # -- running ---------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Start and wait until it is ready."""
        library = libc()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dispatch", "serve", "--port", str(self.port), "--workers", "2"],
                cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=library and (lambda: tie_to_parent(library)),  # a test run that is killed leaves nothing
            )  # fmt: skip
        try:
            wait_for(self.answers, READY_SECONDS, "the service is ready")
        except AssertionError:
            self.kill()
            raise AssertionError(f"the service did not become ready:\n{self.tail()}") from None

    def answers(self) -> bool:
        """Whether it is ready."""
        assert self.process is not None
        assert self.process.poll() is None, f"the service ended by itself:\n{self.tail()}"
        try:
            return requests.get(self.base + "/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> int:
        """End it as an operator does; the exit code. Nothing of it may live on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the service:\n{self.tail()}") from None
        return code

    def kill(self) -> None:
        """The last resort when a test has gone wrong: this very service and its children."""
        for pid in [*processes_of(self.data), *([self.process.pid] if self.process else [])]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait()

    def left_over(self) -> dict[int, str]:
        """Processes of this service that are still there."""
        return processes_of(self.data)

    def children(self, words: str) -> set[int]:
        """Process ids whose command line has these words."""
        return {pid for pid, command in processes_of(self.data).items() if words in command}

    def assert_log_discreet(self) -> None:
        """Its log has no traceback and nobody's name, number, phone, key or password."""
        log = self.log.read_text("utf-8", "replace")
        assert "Traceback" not in log, log[-3000:]
        people = [case["applicant"] for case in self.cases]
        secrets = [person[part] for person in people for part in ("name", "id_no", "phone")]
        assert [one for one in (*secrets, *self.keys.values(), PASSWORD) if one in log] == []

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text("utf-8", "replace")[-3000:]

    # -- the command line --------------------------------------------------------------------------------------------
    def run(self, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command, in the service's environment."""
        return subprocess.run(
            [sys.executable, "-m", "dispatch", *words], cwd=ROOT, env=self.environ, input=typed,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def _told(self, *words: str, typed: str | None = None) -> str:
        done = self.run(*words, typed=typed)
        assert done.returncode == 0, f"{words}: {done.stderr[-500:]}"
        return done.stdout.strip()

    def account(self, short: str) -> str:
        """The user name of one of the staff; the account is made when first asked for, while the service runs."""
        name, role = STAFF[short]
        if short not in self.accounts:
            self._told(
                "user",
                "create",
                name,
                "--role",
                role,
                "--office",
                OFFICE,
                "--password-stdin",
                typed=PASSWORD + "\n",
            )
            self.accounts.add(short)
        return name

    def key(self, name: str) -> str:
        """The key of one of the programs, made when first asked for."""
        if name not in self.keys:
            words = [word for scope in KEYS[name] for word in ("--scope", scope)]
            self.keys[name] = self._told("apikey", "create", name, *words)
        return self.keys[name]

    # -- the API -----------------------------------------------------------------------------------------------------
    def call(self, method: str, path: str, key: str = "", **more: Any) -> requests.Response:
        """A call with the named key, without one as a stranger."""
        headers = {"Authorization": f"Bearer {self.key(key)}"} if key else {}
        full = self.base + (path if path.startswith(("/api/", "/keys", "/readyz")) else f"/api/v1{path}")
        return requests.request(method, full, headers=headers, timeout=30, **more)

    def take_in(self, positions: Sequence[int]) -> list[dict[str, Any]]:
        """Hand in cases of the sample set as the approval platform does; the cases."""
        cases = [approvals()[at] for at in positions]
        for case in cases:
            answer = self.call("POST", "/cases", "platform", json=case)
            assert answer.status_code in (200, 201), answer.text
        self.cases += cases
        return cases

    def view(self, number: str) -> dict[str, Any]:
        """The case view."""
        answer = self.call("GET", f"/cases/{number}", "window")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def settled(self, number: str, seconds: float = 60.0) -> dict[str, Any]:
        """The view of an issued case as soon as its papers are made and its envelopes have labels."""

        def look() -> dict[str, Any]:
            shown = self.view(number)
            papers = all(one["state"] in ("valid", "blocked") for one in shown["documents"])
            envelopes = all(one["state"] not in ("planned", "booking") for one in shown["consignments"])
            return shown if papers and envelopes else {}

        try:
            return wait_for(look, seconds, f"case {number} is settled")
        except AssertionError as fault:
            fault.add_note(self.tail())
            raise

    def issued(self, number: str) -> dict[str, Any]:
        """Issue a case over the API and wait for its papers."""
        answer = self.call("POST", f"/cases/{number}/issue", "window")
        assert answer.status_code in (200, 202), answer.text
        return self.settled(number)

    def pdf(self, document_id: str) -> bytes:
        """The sealed PDF."""
        answer = self.call("GET", f"/documents/{document_id}/pdf", "window")
        assert answer.status_code == 200, answer.text
        return answer.content

    def label(self, consignment_id: str, size: str = "100x180") -> bytes:
        """The label for printing."""
        answer = self.call("GET", f"/consignments/{consignment_id}/label.pdf?size={size}", "window")
        assert answer.status_code == 200, answer.text
        return answer.content
