"""At a shared counter: a badge or a name with a PIN says who acts, and who stands beside.

A PIN is short, so it opens nothing from elsewhere: it only works on a screen where somebody of the same office is, or
was, logged in with a password, and failures are counted like failed log-ins. A badge's code alone proves nothing.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from sqlalchemy import select

from . import counters
from .errors import Fault, Invalid, NotFound, NotPermitted, RuleViolation
from .models import User
from .people import BY_BOTH, BY_NAME, acting_as, check_password, hash_password
from .rights import SYSTEM, Actor, Scope
from .services import Services
from .store import Work

__all__ = ["badge_holder", "colleague", "new_badge", "own_proofs", "set_badge", "set_own_pin", "witness"]

_PIN: Final = re.compile(r"[0-9]{6}")
_BADGE: Final = re.compile(r"[\x21-\x7e]{6,64}")


def set_own_pin(services: Services, actor: Actor, password: str, pin: str) -> None:
    """A new PIN of six digits for oneself; the password proves who asks.

    ``Invalid`` for a PIN that is too simple, ``NotPermitted('login_failed')`` for a wrong password.
    """
    if not _PIN.fullmatch(pin) or len(set(pin)) < 3 or pin in "01234567890123456789876543210":
        raise Invalid([Fault("/pin", "too_simple", "PIN 应为六位数字，不要用连号或只有一两种数字。")])
    _count(services, actor.name, actor.name)
    user = _named(services, actor.name.removeprefix("user:"))
    if user is None or not check_password(password, user.password_hash):
        raise NotPermitted("login_failed", "密码不对，PIN 没有改。")
    hashed = hash_password(pin)
    with services.store.work(actor) as work:
        work.session.get_one(User, user.id).pin_hash = hashed
        _forget(work, actor.name, actor.name)
        work.audit("pin_set", "user", user.name[:40])


def own_proofs(services: Services, actor: Actor) -> dict[str, bool]:
    """``{pin, badge}``: which of the two one has."""
    user = _named(services, actor.name.removeprefix("user:"))
    return {"pin": bool(user and user.pin_hash), "badge": bool(user and user.badge_key)}


def new_badge(services: Services, actor: Actor, name: str) -> str:
    """A fresh random code for somebody's badge, registered at once; shown and printed now or never."""
    code = "ZDB" + "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(16))
    set_badge(services, actor, name, code)
    return code


def set_badge(services: Services, actor: Actor, name: str, code: str) -> None:
    """Say which badge is whose; an empty code takes it away. ``RuleViolation('badge_taken')``."""
    actor.require(Scope.ADMIN)
    code = code.strip()
    if code and not _BADGE.fullmatch(code):
        raise Invalid([Fault("/badge", "malformed", "工牌码应为 6 到 64 个字母或数字，请重新扫一次。")])
    with services.store.work(actor) as work:
        user = work.session.scalar(select(User).where(User.name == name).with_for_update())
        if user is None:
            raise NotFound(f"没有名为 {name} 的用户。")
        key = work.vault.blind("badge", code) if code else None
        other = work.session.scalar(select(User.name).where(User.badge_key == key)) if key else None
        if other is not None and other != name:
            raise RuleViolation("badge_taken", f"这张工牌已登记给 {other}，请核对是否拿错。")
        user.badge_key = key
        work.audit("badge_set", "user", name[:40], given=bool(code))


def colleague(services: Services, who: str, pin: str, *, screen: str) -> Actor:
    """The member of staff behind a badge's code or a name, proven by the PIN. ``screen`` names the counter for counting
    failures, as an address does at log-in.

    ``NotPermitted('pin_failed')`` says nothing about which part was wrong, ``RuleViolation('too_many')`` after too many.
    """
    who = who.strip()[:64]
    _count(services, who, screen)
    user = _named(services, who) or _badged(services, who)
    stored = user.pin_hash if user is not None and user.active else None
    usable = user is not None and not (user.demo and services.settings.production)
    if user is None or stored is None or not check_password(pin, stored) or not usable:
        raise NotPermitted(
            "pin_failed", "工牌（或用户名）和 PIN 对不上。没有设过 PIN 的，请先用密码登录后设置。"
        )
    with services.store.work(SYSTEM) as work:
        _forget(work, who, screen)
    return acting_as(user)


def witness(services: Services, actor: Actor, who: str, pin: str, *, screen: str = "window") -> Actor:
    """The second person beside ``actor``: another one of the staff who may act for this office.

    ``RuleViolation('second_person')`` for oneself, a missing badge or somebody without the right.
    """
    if not who.strip() or not pin:
        raise RuleViolation("second_person", "这一步要第二个人在场：请同事扫工牌（或输用户名），再输 PIN。")
    second = colleague(services, who, pin, screen=screen)
    if second.name == actor.name:
        raise RuleViolation("second_person", "第二个人不能是您自己，请另一位同事来确认。")
    if not second.may(Scope.ISSUE) or not actor.office.startswith(second.office):
        raise RuleViolation("second_person", "这位同事没有在本窗口出件的权限，请换一位。")
    return second


def _named(services: Services, name: str) -> User | None:
    with services.store.read(SYSTEM) as work:
        return work.session.scalar(select(User).where(User.name == name))


def _badged(services: Services, code: str) -> User | None:
    with services.store.read(SYSTEM) as work:
        return badge_holder(work, code)


def badge_holder(work: Work, code: str) -> User | None:
    """The active member of staff whose badge says this; None for any other text."""
    if not _BADGE.fullmatch(code):
        return None
    return work.session.scalar(
        select(User).where(User.badge_key == work.vault.blind("badge", code), User.active)
    )


def _count(services: Services, name: str, screen: str) -> None:
    with services.store.work(SYSTEM) as work:
        counters.count_or_refuse(work, BY_BOTH, f"{name}\n{screen}", "PIN 或密码输错")
        counters.count_or_refuse(work, BY_NAME, name, "PIN 或密码输错")


def _forget(work: Work, name: str, screen: str) -> None:
    counters.forget(work, BY_BOTH, f"{name}\n{screen}")
    counters.forget(work, BY_NAME, name)
