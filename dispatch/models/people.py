"""People, keys of programs, sessions, counters of failures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = ["ApiKey", "FailureCount", "IdempotentAnswer", "LoginSession", "User"]


class User(Base):
    """A member of staff. ``office``: a division code; its holder sees what begins with it."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    role: Mapped[str] = mapped_column(String(12))
    office: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str] = mapped_column(String(300))
    pin_hash: Mapped[str | None] = mapped_column(
        String(300)
    )  # for acts beside a colleague and for coming back
    badge_key: Mapped[bytes | None] = mapped_column(unique=True)  # blind index of what the badge's code says
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)


class LoginSession(Base):
    """A session of a browser; ``id`` is the SHA-256 of the cookie's secret. Locked or idle it opens nothing, but a PIN
    opens it again until ``expires_at``."""

    __tablename__ = "login_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(43))
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    locked_at: Mapped[datetime | None] = mapped_column(Moment)


class ApiKey(Base):
    """A program's key: the SHA-256 of 256 random bits; the key itself was shown once."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(200))
    office: Mapped[str] = mapped_column(String(12), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class FailureCount(Base):
    """Failures by kind, subject and window of time: log-ins, tracking misses, look-ups by number."""

    __tablename__ = "failure_counts"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]


class IdempotentAnswer(Base):
    """The first answer to a POST with an Idempotency-Key; ``status`` 0 while it is still being made."""

    __tablename__ = "idempotent_answers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of key holder, path and key
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[bytes | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(Moment)
