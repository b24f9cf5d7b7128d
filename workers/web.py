"""The web server: granian with one process and some blocking threads, ended with its parent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

__all__ = ["WebPlan", "run_web"]

#: measured (bench/web.py, bench/README.md): pages are Python's work, so each further thread adds waiting; one alone would
#: let a slow store of files or a waiting database hold up a scan
THREADS = 4


@dataclass(frozen=True)
class WebPlan:
    """Where the web listens; ``certificate`` and ``key`` together for https."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def arguments(self) -> list[str]:
        """The same as words of the ``web`` command."""
        words = ["--host", self.host, "--port", str(self.port)]
        if self.certificate and self.key:
            words += ["--tls-cert", str(self.certificate), "--tls-key", str(self.key)]
        return words


def run_web(where: WebPlan, root: Path) -> None:
    """Serve until stopped."""
    Server(
        "wsgi:app", address=where.host, port=where.port, interface=Interfaces.WSGI, workers=1, blocking_threads=THREADS,
        backlog=1024, backpressure=256, log_level=LogLevels.error, log_access=False, working_dir=root,
        ssl_cert=where.certificate, ssl_key=where.key, ssl_protocol_min=SSLProtocols.tls12,
        http1_settings=HTTP1Settings(header_read_timeout=15_000), websockets=False, workers_kill_timeout=4,
    ).serve()  # fmt: skip
