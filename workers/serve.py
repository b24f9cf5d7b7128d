"""``serve``: prepare the machine, start the tree of processes, say when it is ready, stop it cleanly."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from dispatch import setup
from dispatch.bootstrap import build
from dispatch.config import Settings
from dispatch.errors import Rejected
from dispatch.services import Services

from .development_tls import development_certificate, lan_address
from .processes import StopFlag, hold_lock
from .supervisor import Supervisor, plan
from .web import WebPlan

__all__ = ["Wanted", "serve", "settings_for"]

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Wanted:
    """What ``serve`` was asked for."""

    host: str
    port: int
    workers: int
    demo: bool
    tls: bool


def settings_for(wanted: Wanted, settings: Settings, given: bool) -> Settings:
    """Settings with an address people can open, unless ``PUBLIC_BASE_URL`` was given."""
    if given:
        return settings
    scheme = "https" if wanted.tls else "http"
    shown = lan_address() if wanted.host in ("0.0.0.0", "::") else wanted.host
    return replace(
        settings, public_base_url=f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{wanted.port}"
    )


def serve(wanted: Wanted, settings: Settings, environ: dict[str, str], root: Path) -> None:
    """Run the whole service until SIGTERM or SIGINT."""
    settings = settings_for(wanted, settings, given=bool(environ.get("PUBLIC_BASE_URL")))
    if wanted.tls and settings.production:
        raise Rejected(
            "production", "正式环境请用正式证书（由前置代理提供 https），不能使用 --tls 的测试证书。"
        )
    setup.make_folders(settings)
    lock = hold_lock(
        settings.data_dir / "serve.lock",
        "这个数据目录上已有一个服务在运行。请先停掉它，或换一个 DISPATCH_DATA_DIR。",
    )
    with lock:
        _refuse_taken(wanted)
        services = build(settings)
        setup.prepare(services)
        setup.refuse_unsafe(services)
        accounts = _demo(services) if wanted.demo else []
        services.store.engine.dispose()
        stop = StopFlag()
        stop.install()
        web = WebPlan(wanted.host, wanted.port, *_certificate(wanted, services))
        children = plan(settings, web.arguments(), wanted.workers, _environ(settings, environ), root)
        supervisor = Supervisor(settings, children, stop)
        supervisor.start()
        threading.Thread(target=_announce, args=(wanted, settings, accounts, stop), daemon=True).start()
        supervisor.watch()
        click.echo("已停止。", err=True)


def _refuse_taken(wanted: Wanted) -> None:
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((wanted.host, wanted.port))
        except OSError as fault:
            detail = f"端口 {wanted.port} 用不了（{fault.strerror}）。请用 --port 换一个，例如 --port {wanted.port + 1}。"
            raise Rejected("port_taken", detail) from fault


def _certificate(wanted: Wanted, services: Services) -> tuple[Path | None, Path | None]:
    if not wanted.tls:
        return None, None
    hosts = list(dict.fromkeys(["localhost", "127.0.0.1", lan_address(), socket.gethostname()]))
    return development_certificate(services.settings.data_dir / "tls", hosts, services.clock.now())


def _environ(settings: Settings, environ: dict[str, str]) -> dict[str, str]:
    ours = {"DISPATCH_DATA_DIR": str(settings.data_dir), "PUBLIC_BASE_URL": settings.public_base_url}
    return environ | ours | {"PYTHONUNBUFFERED": "1"}


def _demo(services: Services) -> Sequence[setup.Account]:
    accounts = setup.demo_accounts(services)
    count = setup.count_demo_cases(services)
    if count:
        with tqdm(total=count, desc="载入演示办件", unit="件", file=sys.stderr) as bar:
            setup.load_demo(services, _step(bar))
    return accounts


def _step(bar: Any) -> Callable[[], object]:
    return lambda: bar.update(1)


def _announce(wanted: Wanted, settings: Settings, accounts: Sequence[setup.Account], stop: StopFlag) -> None:
    """Say where to look once the web answers."""
    local = "127.0.0.1" if wanted.host in ("0.0.0.0", "::") else wanted.host
    address = f"{'https' if wanted.tls else 'http'}://{f'[{local}]' if ':' in local else local}:{wanted.port}/readyz"
    waited = 0.0
    while not _answers(address):
        waited += 0.2
        if stop.wait(0.2):
            return
        if waited > READY_SECONDS:
            click.echo("网页服务迟迟没有就绪，请查看上面的日志。", err=True)
            return
    lines = [f"服务已就绪：{settings.public_base_url}"]
    if accounts:
        lines += ["演示账户（每次启动换新密码）："]
        lines += [
            "\t".join((f"  {one.name}", one.role, one.password, *((f"PIN {one.pin}",) if one.pin else ())))
            for one in accounts
        ]
        lines += ["演示样本 不具法律效力。按 Ctrl-C 停止。"]
    click.echo("\n".join(lines))


def _answers(address: str) -> bool:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE  # our own certificate, on our own machine
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unverified)
    )
    try:
        with opener.open(address, timeout=2) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False
