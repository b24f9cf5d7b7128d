"""The command line: ``python -m dispatch``. An entry point, imported by nobody."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click
import structlog

from workers.processes import StopFlag
from workers.relay import run_relay
from workers.rq_worker import run_worker
from workers.serve import Wanted
from workers.serve import serve as run_serve
from workers.web import WebPlan, run_web

from .bootstrap import queue_address
from .commands.bench import bench
from .commands.cases import import_, issue, range_
from .commands.console import Commands, House, house
from .commands.machine import doctor, init, keys
from .commands.returnfile import returnfile
from .commands.safekeeping import backup, restore
from .commands.staff import apikey, user
from .commands.verify import verify

ROOT = Path(__file__).resolve().parent.parent


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """证达：审批办结后的出件、送达与核验。"""
    context.obj = House()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


@main.command(help="启动整个服务（前台）；缺什么建什么，Ctrl-C 停止")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="后台进程数")
@click.option("--demo", is_flag=True, help="演示账户与演示办件")
@click.option("--tls", is_flag=True, help="用自建的测试证书提供 https（手机扫码需要）")
@house
def serve(at: House, host: str, port: int, workers: int, demo: bool, tls: bool) -> None:
    """The whole service."""
    run_serve(Wanted(host, port, workers, demo, tls), at.settings, dict(os.environ), ROOT)


@main.command(help="只运行网页服务")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True))
@house
def web(at: House, host: str, port: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """One web server."""
    at.services.store.engine.dispose()
    run_web(WebPlan(host, port, tls_cert, tls_key), ROOT)


@main.command(help="只运行一个后台进程")
@house
def worker(at: House) -> None:
    """One worker."""
    stop = StopFlag()
    stop.install()
    run_worker(at.services, queue_address(at.settings), stop)


@main.command(help="只运行一个转发进程")
@house
def relay(at: House) -> None:
    """One relay."""
    stop = StopFlag()
    stop.install()
    run_relay(at.services, stop)


for command in (
    init, user, apikey, range_, import_, issue, verify, returnfile, doctor, backup, restore, keys, bench,
):  # fmt: skip
    main.add_command(command)

if __name__ == "__main__":
    main()
