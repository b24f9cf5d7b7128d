"""``user`` and ``apikey``: who may do what."""

from __future__ import annotations

import getpass
import sys

import click

from .. import people
from ..badges import set_badge
from ..errors import Rejected
from ..rights import CLI, Role, Scope
from .console import House, house, say, table

__all__ = ["apikey", "read_password", "user"]


@click.group(help="工作人员账户")
def user() -> None:
    """Accounts of staff."""


@user.command("create", help="新建账户")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]), help="角色")
@click.option("--office", required=True, help='所属区划代码；只看得到以它开头的办件，全部填 ""')
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码")
@house
def create_user(at: House, name: str, role: str, office: str, password_stdin: bool) -> None:
    """A new account."""
    people.create_user(at.services, CLI, name, role, office, read_password(password_stdin))
    say(f"已建立 {name}（{role}）。")


@user.command("list", help="列出账户")
@house
def list_users(at: House) -> None:
    """All accounts."""
    rows = people.list_users(at.services, CLI)
    table(
        (
            u.name,
            u.role,
            u.office,
            "在用" if u.active else "已停用",
            "有工牌" if u.badge else "",
            "演示" if u.demo else "",
        )
        for u in rows
    )


@user.command("disable", help="停用账户")
@click.argument("name")
@house
def disable_user(at: House, name: str) -> None:
    """End an account."""
    people.disable_user(at.services, CLI, name)
    say(f"已停用 {name}。")


@user.command("password", help="重设密码")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码")
@house
def password(at: House, name: str, password_stdin: bool) -> None:
    """A new password."""
    people.set_password(at.services, CLI, name, read_password(password_stdin))
    say(f"已重设 {name} 的密码。")


@user.command("badge", help="登记工牌；不加 --code 时从标准输入读一行（扫一下），空行为注销")
@click.argument("name")
@click.option("--code", default=None, help="工牌上的码")
@house
def badge(at: House, name: str, code: str | None) -> None:
    """Say which badge is somebody's."""
    read = sys.stdin.readline().rstrip("\r\n") if code is None else code
    set_badge(at.services, CLI, name, read)
    say(f"{name} 的工牌登记好了。" if read.strip() else f"{name} 的工牌注销了。")


def read_password(from_stdin: bool) -> str:
    """From the first line of standard input, or typed twice unseen."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Rejected("password", "请加 --password-stdin 从标准输入给出密码。")
    first = getpass.getpass("密码：")
    if first != getpass.getpass("再输一次："):
        raise Rejected("password", "两次输入的密码不一样。")
    return first


@click.group(help="程序接口密钥")
def apikey() -> None:
    """Keys of programs."""


@apikey.command("create", help="新建密钥；标准输出只有密钥本身，只显示这一次")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(s) for s in Scope]),
    help="权限，可重复",
)
@click.option("--office", default="", help="所属区划代码；不填为全部")
@house
def create_key(at: House, name: str, scopes: tuple[str, ...], office: str) -> None:
    """A new key, alone on standard output."""
    say(people.create_key(at.services, CLI, name, scopes, office))


@apikey.command("list", help="列出密钥")
@house
def list_keys(at: House) -> None:
    """All keys, without the keys."""
    rows = people.list_keys(at.services, CLI)
    table((k.name, " ".join(k.scopes), k.office, "已停用" if k.revoked_at else "在用") for k in rows)


@apikey.command("revoke", help="停用密钥")
@click.argument("name")
@house
def revoke_key(at: House, name: str) -> None:
    """End a key."""
    people.revoke_key(at.services, CLI, name)
    say(f"已停用密钥 {name}。")
