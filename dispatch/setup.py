"""What a fresh machine needs before the first case: folders, tables, keys, document types, a first administrator.

Every function here is safe to repeat and to run twice at once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from . import migrations, people
from .badges import set_own_pin
from .config import Settings
from .consignments.ranges import ensure_demo_range
from .errors import Rejected, RuleViolation, Unavailable
from .intake.receive import receive_case
from .issue import issue_case
from .models import Case, DocumentType
from .rights import CLI, ROLE_SCOPES, SYSTEM, Actor, Role
from .services import Services

__all__ = [
    "DEMO_CASES",
    "Account",
    "count_demo_cases",
    "demo_accounts",
    "first_admin",
    "load_demo",
    "make_folders",
    "prepare",
    "refuse_unsafe",
    "require_ready",
]

DEMO_CASES = Path(__file__).parent / "data" / "demo_cases.jsonl"
#: stands in the key folder when its keys were made outside production
_MARK = "DEVELOPMENT"
#: the demonstration accounts see the whole province the samples come from
_DEMO_OFFICE = "33"
_DEMO_ACCOUNTS = (
    ("窗口小李", Role.CLERK), ("窗口小王", Role.CLERK), ("送件老周", Role.COURIER), ("代办点小陈", Role.AGENT),
    ("审批部门小吴", Role.DEPARTMENT), ("督查老赵", Role.SUPERVISOR), ("观察员小孙", Role.OBSERVER), ("管理员老钱", Role.ADMIN),
)  # fmt: skip


#: who stands at a counter that several share
_WITH_PIN = frozenset({Role.CLERK, Role.SUPERVISOR})


@dataclass(frozen=True)
class Account:
    """An account just made, with the password nobody will see again."""

    name: str
    role: Role
    password: str
    pin: str = ""


def make_folders(settings: Settings) -> None:
    """The data folder, for its owner alone. ``Rejected`` when it cannot be written."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = settings.data_dir / ".write-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as fault:
        raise Rejected(
            "data_dir", f"数据目录 {settings.data_dir} 不能写入，请检查权限或磁盘空间。"
        ) from fault


def prepare(services: Services) -> None:
    """Folders, tables, keys, document types, and outside production a range of demonstration numbers."""
    make_folders(services.settings)
    _keys(services)
    migrations.upgrade(services.store.engine)
    _types(services)
    ensure_demo_range(services)


def _keys(services: Services) -> None:
    folder = services.settings.data_dir / "keys"
    if services.settings.sample:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(folder.iterdir()):
            (folder / _MARK).write_text(
                "这些密钥是在演示环境中建立的，正式环境拒绝使用。\n", encoding="utf-8"
            )
    services.keys.ensure(services.clock.now())


def refuse_unsafe(services: Services) -> None:
    """What production does not start with: keys or accounts made for a demonstration."""
    settings = services.settings
    if not settings.production:
        return
    if (settings.data_dir / "keys" / _MARK).exists():
        raise Rejected(
            "development_keys", "数据目录中的密钥是演示用的，正式环境不能使用。请换一个新的数据目录。"
        )
    demo = people.demo_users(services) if migrations.current(services.store.engine) else []
    if demo:
        raise Rejected(
            "demo_users", f"还有演示账户在用（{'、'.join(demo)}），请先停用：user disable 用户名。"
        )


def require_ready(services: Services) -> None:
    """``Unavailable('not_initialised')`` with the remedy unless ``prepare`` has been run with this program."""
    if not services.settings.data_dir.is_dir():
        raise Unavailable("not_initialised", "这里还没有数据，请先运行 python -m dispatch init")
    if migrations.current(services.store.engine) != migrations.head():
        raise Unavailable("not_initialised", "数据库尚未建立或需要升级，请先运行 python -m dispatch init")


def _types(services: Services) -> None:
    """The numbers of document types that templates publish; append-only, so a change is refused."""
    with services.store.work(SYSTEM) as work:
        known = {row.type_no: row.title for row in work.session.scalars(select(DocumentType))}
        for number, title in sorted(services.templates.types.items()):
            if number not in known:
                work.insert_missing(DocumentType, {"type_no": number, "title": title}, ["type_no"])
            elif known[number] != title:
                raise Rejected(
                    "type_changed", f"证件类型 {number} 已是《{known[number]}》，不能改为《{title}》。"
                )


def first_admin(services: Services) -> Account | None:
    """The first administrator, with a random password; None when there is one."""
    if people.has_admin(services):
        return None
    account = Account("admin", Role.ADMIN, people.random_password())
    try:
        people.create_user(services, SYSTEM, account.name, str(account.role), "", account.password)
    except RuleViolation as race:
        if race.code in ("name_taken", "conflict"):
            return None
        raise
    return account


# -- demonstration -------------------------------------------------------------------------------------------------
def demo_accounts(services: Services) -> list[Account]:
    """One account or two of every role, with new random passwords each time, and a PIN for who shares a
    counter. ``Rejected`` in production."""
    if services.settings.production:
        raise Rejected("production", "正式环境不能使用 --demo。")
    known = {user.name: user for user in people.list_users(services, SYSTEM)}
    accounts = []
    for name, role in _DEMO_ACCOUNTS:
        account = Account(name, role, people.random_password(), _pin() if role in _WITH_PIN else "")
        if name in known:
            people.set_password(services, SYSTEM, name, account.password)
        else:
            office = "" if role is Role.ADMIN else _DEMO_OFFICE
            people.create_user(services, SYSTEM, name, str(role), office, account.password, demo=True)
        if account.pin:
            actor = Actor(f"user:{name}", _DEMO_OFFICE, ROLE_SCOPES[role], role)
            set_own_pin(services, actor, account.password, account.pin)
        accounts.append(account)
    return accounts


def _pin() -> str:
    """Six digits that are no row and no repetition of one or two."""
    while True:
        digits = "".join(secrets.choice("0123456789") for _ in range(6))
        if len(set(digits)) > 3:
            return digits


def count_demo_cases(services: Services) -> int:
    """How many demonstration cases ``load_demo`` would load: none where cases are already."""
    with services.store.read(SYSTEM) as work:
        if work.session.scalar(select(func.count()).select_from(Case)):
            return 0
    return len(DEMO_CASES.read_text("utf-8").splitlines())


def load_demo(services: Services, progress: Callable[[], object]) -> None:
    """Take in the demonstration cases, and issue two of three, so that every list has something to show."""
    for position, line in enumerate(DEMO_CASES.read_text("utf-8").splitlines()):
        case = json.loads(line)
        receive_case(services, CLI, case, source="api")
        if position % 3:
            issue_case(services, CLI, case["acceptance_no"])
        progress()
