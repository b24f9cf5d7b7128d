"""A screen that several people use: lock it, open it again, change who acts.

A session begun with a password lasts a working day. Within that day a PIN is enough on that browser: for the same
person to come back after a pause or a lock, for a colleague of the same office to take over. What was begun by PIN ends
when the day of the password before it ends, so a PIN alone never opens a screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import delete, select

from .badges import colleague
from .errors import Fault, Invalid, NotPermitted
from .models import LoginSession, User
from .people import IDLE, LoggedIn, begin_session, log_in, session_id
from .rights import SYSTEM, Actor, Role
from .services import Services
from .store import Work

__all__ = ["ScreenState", "lock_screen", "screen_state", "switch_user", "unlock_screen"]

_PIN: Final = re.compile(r"[0-9]{6}")


@dataclass(frozen=True)
class ScreenState:
    """How a browser's session stands: ``open``; ``locked`` (by hand or by idleness: a PIN opens it); ``over``.

    ``user_name`` empty when over, ``csrf`` empty unless open, ``idle_left`` in seconds.
    """

    state: Literal["open", "locked", "over"]
    user_name: str = ""
    csrf: str = ""
    idle_left: int = 0


def screen_state(services: Services, secret: str) -> ScreenState:
    """How the session behind a cookie stands. Asking is no use of it: it does not put off its end."""
    with services.store.read(SYSTEM) as work:
        found = _row(work, services, secret)
        if found is None:
            return ScreenState("over")
        row, user = found
        left = int((IDLE - (work.now - row.last_seen)).total_seconds())
        if row.locked_at is not None or left <= 0:
            return ScreenState("locked", user.name)
        return ScreenState("open", user.name, row.csrf, left)


def _row(work: Work, services: Services, secret: str) -> tuple[LoginSession, User] | None:
    """The session and its account while its day is not over."""
    row = work.session.get(LoginSession, session_id(secret)) if secret else None
    user = work.session.get(User, row.user_id) if row is not None else None
    if row is None or user is None or not user.active or work.now >= row.expires_at:
        return None
    return None if user.demo and services.settings.production else (row, user)


def lock_screen(services: Services, actor: Actor, secret: str) -> None:
    """Nothing opens under this session until it is unlocked; locking twice changes nothing."""
    with services.store.work(actor) as work:
        row = work.locked(LoginSession, session_id(secret))
        if row is not None and row.locked_at is None:
            row.locked_at = work.now
            work.audit("screen_locked", "user", actor.name.removeprefix("user:")[:40])


def unlock_screen(services: Services, secret: str, who: str, proof: str, address: str) -> LoggedIn:
    """Go on after a lock, a pause or the end of the session, with a fresh session.

    ``who``: a name or a badge's code, empty for the person whose session it is. ``proof``: the PIN of six digits, which
    needs a session whose day is not over, or the password. ``Invalid`` when nobody is named,
    ``NotPermitted('password_needed')`` when a PIN is not enough, otherwise what ``colleague`` and ``log_in`` raise.
    """
    with services.store.read(SYSTEM) as work:
        found = _row(work, services, secret)
        name = who.strip() or (found[1].name if found else "")
    if not name:
        raise Invalid([Fault("/who", "required", "请写用户名，或扫工牌。")])
    if not _PIN.fullmatch(proof):
        begun = log_in(services, name, proof, address)
        _end(services, secret)
        return begun
    if found is None:
        raise NotPermitted("password_needed", "这次登录已经结束，PIN 不够用了，请输入密码。")
    return _hand_on(services, secret, colleague(services, name, proof, screen=address))


def switch_user(
    services: Services, actor: Actor, secret: str, who: str, pin: str, *, screen: str
) -> LoggedIn:
    """A colleague takes over this screen by badge or name and PIN; the session before ends with it.

    ``NotPermitted``: ``pin_failed``, ``other_office`` for somebody who has no business here, ``password_needed`` for an
    administrator or when the session ended meanwhile; ``RuleViolation('too_many')``.
    """
    if not who.strip() or not pin:
        raise Invalid([Fault("/who", "required", "请扫工牌（或写用户名），再输 PIN。")])
    return _hand_on(services, secret, colleague(services, who, pin, screen=screen))


def _hand_on(services: Services, secret: str, new: Actor) -> LoggedIn:
    with services.store.work(new) as work:
        found = _row(work, services, secret)
        if found is None or not _end_in(work, secret):
            raise NotPermitted("password_needed", "这次登录已经结束，请用密码登录。")
        row, before = found
        user = work.session.scalars(select(User).where(User.name == new.name.removeprefix("user:"))).one()
        if user.id != before.id:
            _refuse_stranger(before, user)
        action = "screen_unlocked" if user.id == before.id else "user_switched"
        work.audit(action, "user", user.name[:40], by="pin", before=before.name[:40])
        return begin_session(work, user, row.expires_at)


def _refuse_stranger(before: User, user: User) -> None:
    if user.role == Role.ADMIN and before.role != Role.ADMIN:
        raise NotPermitted("password_needed", "管理员账号不能用 PIN 换上来，请退出后用密码登录。")
    if not (user.office.startswith(before.office) or before.office.startswith(user.office)):
        raise NotPermitted("other_office", "这位同事不是本窗口的，请退出后用他自己的密码登录。")


def _end(services: Services, secret: str) -> None:
    with services.store.work(SYSTEM) as work:
        _end_in(work, secret)


def _end_in(work: Work, secret: str) -> bool:
    """End the session; False when somebody did so before. One session is handed on once."""
    gone = work.session.execute(delete(LoginSession).where(LoginSession.id == session_id(secret)))
    return bool(gone.rowcount)  # type: ignore[attr-defined]
