"""The same application, but with keys that are read from their files whenever one is needed."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from dispatch import create_app
from dispatch.adapters.keyring import FileKeyRing
from dispatch.bootstrap import build_without_bell, keys_folder
from dispatch.config import Settings
from dispatch.ports import KeyInfo, KeyKind
from dispatch.vault import Vault
from workers.processes import tie_to_parent
from workers.web import THREADS


class ForgetfulKeys:
    """A key ring that remembers nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self, kind: KeyKind) -> KeyInfo:
        return FileKeyRing(self._folder).current(kind)

    def all(self, kind: KeyKind) -> list[KeyInfo]:
        return FileKeyRing(self._folder).all(kind)

    def sign(self, kind: KeyKind, kid: int, data: bytes) -> bytes:
        return FileKeyRing(self._folder).sign(kind, kid, data)

    def secret(self, kind: KeyKind, kid: int) -> bytes:
        return FileKeyRing(self._folder).secret(kind, kid)

    def ensure(self, now: datetime) -> None:
        FileKeyRing(self._folder).ensure(now)

    def rotate(self, kind: KeyKind, now: datetime) -> KeyInfo:
        return FileKeyRing(self._folder).rotate(kind, now)

    def withdraw(self, kind: KeyKind, kid: int, now: datetime, reason: str) -> KeyInfo:
        return FileKeyRing(self._folder).withdraw(kind, kid, now, reason)


def make_app():
    """The application on this process's settings."""
    settings = Settings.from_env(os.environ)
    services = build_without_bell(settings)
    keys = ForgetfulKeys(keys_folder(settings))
    services.store.vault = Vault(keys)
    return create_app(replace(services, keys=keys, vault=services.store.vault))


def run(target: str, port: int, threads: int = THREADS, backpressure: int = 256) -> None:
    """Serve ``target`` as the house serves its own."""
    Server(
        target, factory=target.startswith("bench."), address="127.0.0.1", port=port, interface=Interfaces.WSGI, workers=1,
        blocking_threads=threads, backlog=1024, backpressure=backpressure, log_level=LogLevels.warning, log_access=False,
        websockets=False,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    tie_to_parent()
    run(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:]))
