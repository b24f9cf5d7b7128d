"""``init``, ``keys`` and ``doctor``: the machine itself."""

from __future__ import annotations

import click

from .. import ledger
from ..ports import KeyKind
from ..setup import first_admin, prepare, refuse_unsafe
from .console import Failed, House, house, say, table, warn

__all__ = ["doctor", "init", "keys"]

_KINDS: tuple[KeyKind, ...] = ("token", "seal", "log", "field", "webhook")


@click.command(help="建表、建密钥、建第一个管理员；可以重复运行")
@house
def init(at: House) -> None:
    """Everything a fresh machine needs."""
    prepare(at.unchecked)
    refuse_unsafe(at.unchecked)
    account = first_admin(at.unchecked)
    say(f"已就绪：{at.settings.data_dir}")
    if account is not None:
        say(f"管理员 {account.name} 的密码（只显示这一次）：{account.password}")


@click.group(help="密钥")
def keys() -> None:
    """Keys."""


@keys.command("list", help="列出密钥（不含私钥）")
@house
def list_keys(at: House) -> None:
    """All keys of all kinds."""
    for kind in _KINDS:
        table(
            (kind, key.kid, key.not_before.isoformat(timespec="seconds"),
             "停用" if key.withdrawn_at else "只核验" if key.sign_until else "在用", key.reason or "")
            for key in at.services.keys.all(kind)
        )  # fmt: skip


@keys.command("rotate", help="换新密钥；旧的仍用于核验和解密")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@house
def rotate(at: House, kind: KeyKind) -> None:
    """A new current key."""
    key = at.services.keys.rotate(kind, at.services.clock.now())
    say(f"{kind} 现用第 {key.kid} 号密钥。")


@click.command(help="对账：逐条核对证件、编号、运单、日志与审计，有问题时逐条列出")
@house
def doctor(at: House) -> None:
    """The ledger check."""
    findings = ledger.check(at.services)
    for finding in findings:
        say(finding)
    if findings:
        warn(f"发现 {len(findings)} 处问题。")
        raise Failed
    say("账实相符，没有发现问题。")
