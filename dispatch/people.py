"""Members of staff, programs with keys, and how each proves who it is.

Passwords are kept as scrypt hashes, session cookies and API keys as SHA-256 of random secrets: whoever reads the
database can act as nobody. Failed log-ins are counted per name and per address before the password is looked at, so
that trying in parallel gains nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from . import counters
from .counters import Limit
from .errors import Fault, Invalid, NotFound, NotPermitted, RuleViolation
from .models import ApiKey, LoginSession, User, new_id
from .rights import ROLE_SCOPES, SYSTEM, Actor, Role, Scope
from .services import Services
from .store import Work

__all__ = [
    "ABSOLUTE",
    "IDLE",
    "KeyView",
    "LoggedIn",
    "SignedIn",
    "UserView",
    "acting_as",
    "actor_of",
    "authenticate_key",
    "begin_session",
    "check_password",
    "create_key",
    "create_user",
    "demo_users",
    "disable_user",
    "forget_expired",
    "has_admin",
    "hash_password",
    "list_keys",
    "list_users",
    "log_in",
    "log_out",
    "random_password",
    "resume",
    "revoke_key",
    "session_id",
    "set_password",
]

#: a session nobody used for so long is over; a window is open most of a morning
IDLE = timedelta(minutes=30)
#: after so long everybody logs in again: a working day
ABSOLUTE = timedelta(hours=12)
_SEEN_EVERY = timedelta(minutes=1)

#: one person mistyping from one desk, one name attacked from everywhere, one address trying many names
BY_BOTH = Limit("login_both", 5, timedelta(minutes=15))
BY_NAME = Limit("login_name", 30, timedelta(minutes=15))
BY_ADDRESS = Limit("login_addr", 60, timedelta(minutes=15))

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
_COST = {"n": 2**14, "r": 8, "p": 5}  # OWASP password storage cheat sheet: scrypt with 16 MiB
_NAME = re.compile(r"[\w.@-]{1,60}")
_OFFICE = re.compile(r"[0-9]{0,12}")
_KEY_PREFIX = "zd_"


@dataclass(frozen=True)
class SignedIn:
    """A running session: who acts, the token its forms carry, when it ends at the latest."""

    actor: Actor
    csrf: str
    user_name: str
    expires_at: datetime


@dataclass(frozen=True)
class LoggedIn:
    """A session just begun; ``secret`` goes into the cookie and is kept nowhere."""

    secret: str
    session: SignedIn


@dataclass(frozen=True)
class UserView:
    """A member of staff as lists show it."""

    name: str
    role: Role
    office: str
    active: bool
    demo: bool
    badge: bool
    pin: bool


@dataclass(frozen=True)
class KeyView:
    """A program's key as lists show it, without the key."""

    name: str
    scopes: tuple[Scope, ...]
    office: str
    created_at: datetime
    revoked_at: datetime | None


# -- passwords ---------------------------------------------------------------------------------------------------
def hash_password(password: str) -> str:
    """``scrypt$n$r$p$salt$hash``, salt and hash in BASE64."""
    salt = os.urandom(16)
    digest = _scrypt(password, salt, **_COST)
    parts = [str(_COST[name]) for name in ("n", "r", "p")] + [
        base64.b64encode(raw).decode() for raw in (salt, digest)
    ]
    return "$".join(["scrypt", *parts])


def check_password(password: str, stored: str) -> bool:
    """Whether this is the password behind ``stored``; False for anything that is no hash of ours."""
    kind, _, rest = stored.partition("$")
    parts = rest.split("$")
    if kind != "scrypt" or len(parts) != 5:
        return False
    n, r, p = (int(part) for part in parts[:3])
    salt, digest = (base64.b64decode(part) for part in parts[3:])
    return hmac.compare_digest(_scrypt(password, salt, n=n, r=r, p=p), digest)


def _scrypt(password: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    room = 132 * n * r + 2**20
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=room)


def random_password() -> str:
    """Sixteen characters easy to read aloud: no 0, o, 1, l, i."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _password_faults(name: str, password: str) -> list[Fault]:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return [Fault("/password", "length", f"密码需要 {SHORTEST_PASSWORD} 到 {LONGEST_PASSWORD} 个字符。")]
    if len(set(password)) < 4 or name.lower() in password.lower():
        return [Fault("/password", "too_simple", "密码太容易猜：不要重复同一个字符，也不要包含用户名。")]
    return []


# -- members of staff --------------------------------------------------------------------------------------------
def create_user(
    services: Services, actor: Actor, name: str, role: str, office: str, password: str, *, demo: bool = False
) -> None:
    """A new account. ``Invalid`` names all faults; ``RuleViolation('name_taken')``."""
    actor.require(Scope.ADMIN)
    faults = _user_faults(services, name, role, office, demo) + _password_faults(name, password)
    if faults:
        raise Invalid(faults)
    hashed = hash_password(password)
    with services.store.work(actor) as work:
        if work.session.scalar(select(User.id).where(User.name == name)) is not None:
            raise RuleViolation("name_taken", f"已有名为 {name} 的用户，请换一个名字。")
        work.add(User(id=new_id(), name=name, role=str(Role(role)), office=office, password_hash=hashed, demo=demo,
                      active=True, created_at=work.now))  # fmt: skip
        work.audit("user_created", "user", name[:40], role=role, office=office)


def _user_faults(services: Services, name: str, role: str, office: str, demo: bool) -> list[Fault]:
    faults = []
    if not _NAME.fullmatch(name):
        faults.append(Fault("/name", "malformed", "用户名可用字母、汉字、数字和 . _ - @，最多 60 个字符。"))
    if role not in {str(known) for known in Role}:
        faults.append(Fault("/role", "unknown_role", f"角色只能是：{'、'.join(Role)}。"))
    if not _OFFICE.fullmatch(office):
        faults.append(Fault("/office", "malformed", "所属区划应为区划代码（最多 12 位数字）。"))
    if demo and services.settings.production:
        faults.append(Fault("/demo", "production", "正式环境不能建立演示账户。"))
    return faults


def set_password(services: Services, actor: Actor, name: str, password: str) -> None:
    """A new password; sessions under the old one end."""
    actor.require(Scope.ADMIN)
    faults = _password_faults(name, password)
    if faults:
        raise Invalid(faults)
    hashed = hash_password(password)
    with services.store.work(actor) as work:
        user = _user(work, name)
        user.password_hash = hashed
        work.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
        counters.forget(work, BY_NAME, name)
        work.audit("password_set", "user", name[:40])


def disable_user(services: Services, actor: Actor, name: str) -> None:
    """The account no longer opens anything; running sessions end. Safe to repeat."""
    actor.require(Scope.ADMIN)
    with services.store.work(actor) as work:
        user = _user(work, name)
        if user.active:
            user.active = False
            work.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
            work.audit("user_disabled", "user", name[:40])


def _user(work: Work, name: str) -> User:
    user = work.session.scalar(select(User).where(User.name == name).with_for_update())
    if user is None:
        raise NotFound(f"没有名为 {name} 的用户。")
    return user


def list_users(services: Services, actor: Actor) -> list[UserView]:
    """All accounts, by name."""
    actor.require(Scope.ADMIN)
    with services.store.read(actor) as work:
        rows = list(work.session.scalars(select(User).order_by(User.name)))
    return [
        UserView(
            row.name,
            Role(row.role),
            row.office,
            row.active,
            row.demo,
            bool(row.badge_key),
            bool(row.pin_hash),
        )
        for row in rows
    ]


def has_admin(services: Services) -> bool:
    """Whether an active administrator exists."""
    with services.store.read(SYSTEM) as work:
        found = select(User.id).where(User.role == str(Role.ADMIN), User.active).limit(1)
        return work.session.scalar(found) is not None


def demo_users(services: Services) -> list[str]:
    """Names of active demonstration accounts."""
    with services.store.read(SYSTEM) as work:
        return list(work.session.scalars(select(User.name).where(User.demo, User.active).order_by(User.name)))


def actor_of(services: Services, name: str) -> Actor:
    """The active member of staff of this name, to act as on the command line (``--as``)."""
    with services.store.read(SYSTEM) as work:
        user = work.session.scalar(select(User).where(User.name == name))
    if user is None or not user.active:
        raise NotFound(f"没有名为 {name} 的在用用户。")
    return acting_as(user)


def acting_as(user: User) -> Actor:
    """Who acts when this account does."""
    role = Role(user.role)
    return Actor(f"user:{user.name}", user.office, ROLE_SCOPES[role], role)


# -- logging in --------------------------------------------------------------------------------------------------
def log_in(services: Services, name: str, password: str, address: str) -> LoggedIn:
    """Begin a session. ``NotPermitted('login_failed')`` says nothing about which part was wrong;
    ``RuleViolation('too_many')`` after too many failures of this name or from this ``address``.
    """
    name = name.strip()[:60]
    subjects = ((BY_BOTH, f"{name}\n{address}"), (BY_NAME, name), (BY_ADDRESS, address))
    with services.store.work(SYSTEM) as work:
        for limit, subject in subjects:
            counters.count_or_refuse(work, limit, subject, "登录失败")
        user = work.session.scalar(select(User).where(User.name == name))
    if not _right(services, user, password):
        raise NotPermitted("login_failed", "用户名或密码不对。请检查大小写后再试；忘记密码请找管理员重设。")
    assert user is not None
    return _begin(services, user, subjects)


def _right(services: Services, user: User | None, password: str) -> bool:
    """An unknown name costs as much time as a wrong password."""
    usable = user is not None and user.active and not (user.demo and services.settings.production)
    stored = user.password_hash if user is not None and usable else _nobody()
    return check_password(password[: LONGEST_PASSWORD + 1], stored) and usable


def _nobody() -> str:
    zeros = base64.b64encode(bytes(64)).decode()
    return f"scrypt${_COST['n']}${_COST['r']}${_COST['p']}${zeros}${zeros}"


def _begin(services: Services, user: User, subjects: Sequence[tuple[Limit, str]]) -> LoggedIn:
    with services.store.work(acting_as(user)) as work:
        for limit, subject in subjects[:2]:
            counters.forget(work, limit, subject)
        # Not the address's: one good account there does not excuse trying others.
        counters.take_back(work, *subjects[2])
        work.audit("logged_in", "user", user.name[:40])
        return begin_session(work, user, work.now + ABSOLUTE)


def begin_session(work: Work, user: User, expires_at: datetime) -> LoggedIn:
    """A session of this account in a unit of work that has proven who it is."""
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    work.add(LoginSession(id=session_id(secret), user_id=user.id, csrf=csrf, created_at=work.now, last_seen=work.now,
                          expires_at=expires_at))  # fmt: skip
    return LoggedIn(secret, SignedIn(acting_as(user), csrf, user.name, expires_at))


def resume(services: Services, secret: str) -> SignedIn | None:
    """The session behind a cookie; None when it is unknown, over, idle, locked, or its account disabled."""
    with services.store.read(SYSTEM) as work:
        session = work.session.get(LoginSession, session_id(secret))
        user = work.session.get(User, session.user_id) if session is not None else None
        now = work.now
    if session is None or user is None or not user.active or (user.demo and services.settings.production):
        return None
    if session.locked_at is not None or now >= session.expires_at or now - session.last_seen >= IDLE:
        return None
    if now - session.last_seen >= _SEEN_EVERY:
        _seen(services, session.id)
    return SignedIn(acting_as(user), session.csrf, user.name, session.expires_at)


def _seen(services: Services, session_id: str) -> None:
    with services.store.work(SYSTEM) as work:
        work.session.execute(
            update(LoginSession).where(LoginSession.id == session_id).values(last_seen=work.now)
        )


def log_out(services: Services, secret: str) -> None:
    """End the session; no error when there is none."""
    with services.store.work(SYSTEM) as work:
        work.session.execute(delete(LoginSession).where(LoginSession.id == session_id(secret)))


def forget_expired(services: Services) -> int:
    """Remove sessions that are over, and old failure counts; returns how many rows."""
    with services.store.work(SYSTEM) as work:
        # An idle one stays until its day is over: its own PIN opens it again.
        gone = work.session.execute(delete(LoginSession).where(LoginSession.expires_at <= work.now))
        return int(gone.rowcount) + counters.forget_old(work)  # type: ignore[attr-defined]


def session_id(secret: str) -> str:
    """The key of the row behind a cookie's secret."""
    return _digest(secret)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


# -- keys of programs --------------------------------------------------------------------------------------------
def create_key(services: Services, actor: Actor, name: str, scopes: Sequence[str], office: str = "") -> str:
    """A new key with 256 random bits; shown once, here. Without ``office`` it sees all offices."""
    actor.require(Scope.ADMIN)
    faults = []
    if not _NAME.fullmatch(name):
        faults.append(Fault("/name", "malformed", "名称可用字母、汉字、数字和 . _ - @，最多 60 个字符。"))
    if not _OFFICE.fullmatch(office):
        faults.append(Fault("/office", "malformed", "所属区划应为区划代码（最多 12 位数字）。"))
    if not scopes or not set(scopes) <= {str(known) for known in Scope}:
        faults.append(Fault("/scopes", "unknown_scope", f"权限只能是：{'、'.join(Scope)}，至少一项。"))
    if faults:
        raise Invalid(faults)
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    chosen = " ".join(dict.fromkeys(scopes))
    with services.store.work(actor) as work:
        if work.session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
            raise RuleViolation("name_taken", f"已有名为 {name} 的密钥，请换一个名字。")
        work.add(
            ApiKey(
                id=new_id(),
                name=name,
                key_hash=_digest(key),
                scopes=chosen,
                office=office,
                created_at=work.now,
            )
        )
        work.audit("key_created", "api_key", name[:40], scopes=chosen, office=office)
    return key


def authenticate_key(services: Services, text: str) -> Actor | None:
    """Who brings this key; None for an unknown or revoked one."""
    if not text.startswith(_KEY_PREFIX) or len(text) > 100:
        return None
    with services.store.read(SYSTEM) as work:
        row = work.session.scalar(select(ApiKey).where(ApiKey.key_hash == _digest(text)))
    if row is None or row.revoked_at is not None:
        return None
    return Actor(f"key:{row.name}", row.office, frozenset(Scope(word) for word in row.scopes.split()))


def list_keys(services: Services, actor: Actor) -> list[KeyView]:
    """All keys, by name."""
    actor.require(Scope.ADMIN)
    with services.store.read(actor) as work:
        rows = list(work.session.scalars(select(ApiKey).order_by(ApiKey.name)))
    return [
        KeyView(
            row.name,
            tuple(Scope(word) for word in row.scopes.split()),
            row.office,
            row.created_at,
            row.revoked_at,
        )
        for row in rows
    ]


def revoke_key(services: Services, actor: Actor, name: str) -> None:
    """The key opens nothing from now on. Safe to repeat."""
    actor.require(Scope.ADMIN)
    with services.store.work(actor) as work:
        row = work.session.scalar(select(ApiKey).where(ApiKey.name == name).with_for_update())
        if row is None:
            raise NotFound(f"没有名为 {name} 的密钥。")
        if row.revoked_at is None:
            row.revoked_at = work.now
            work.audit("key_revoked", "api_key", name[:40])
