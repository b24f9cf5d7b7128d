"""How often something failed: log-ins, tracking misses, look-ups by number. Kept in the database, so that a restart
or a second machine forgives nothing; whose failures they were is kept as a blind index only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from .errors import RuleViolation
from .models import FailureCount
from .store import Work

__all__ = [
    "Limit",
    "count",
    "count_or_refuse",
    "forget",
    "forget_old",
    "reached",
    "refuse_reached",
    "take_back",
]

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Limit:
    """At most ``most`` failures of one ``kind`` and subject in a window of ``per``."""

    kind: str
    most: int
    per: timedelta

    def window(self, now: datetime) -> str:
        """Name of the window ``now`` lies in: its first minute since 2020, so that names sort by age."""
        length = int(self.per.total_seconds())
        begin = int((now - _EPOCH).total_seconds()) // length * length
        return f"{begin // 60:010d}"

    def minutes_left(self, now: datetime) -> int:
        """Whole minutes until the next window, at least one."""
        length = int(self.per.total_seconds())
        return -(-(length - int((now - _EPOCH).total_seconds()) % length) // 60)


def count(work: Work, limit: Limit, subject: str) -> int:
    """Note one failure of ``subject``; the number of failures in this window so far."""
    key = work.vault.blind(limit.kind, subject)
    place = {"kind": limit.kind, "key": key, "window": limit.window(work.now)}
    if work.insert_missing(FailureCount, {**place, "count": 1}, list(place)):
        return 1
    here = (FailureCount.kind == limit.kind, FailureCount.key == key, FailureCount.window == place["window"])
    work.session.execute(update(FailureCount).where(*here).values(count=FailureCount.count + 1))
    return work.session.scalars(select(FailureCount.count).where(*here)).one()


def reached(work: Work, limit: Limit, subject: str) -> bool:
    """Whether ``subject`` has used up this window."""
    row = work.session.get(
        FailureCount, (limit.kind, work.vault.blind(limit.kind, subject), limit.window(work.now))
    )
    return row is not None and row.count >= limit.most


def refuse_reached(work: Work, limit: Limit, subject: str, what: str) -> None:
    """``RuleViolation('too_many')`` that says how many minutes to wait; ``extra['retry_after']`` in seconds."""
    if reached(work, limit, subject):
        raise _too_many(work, limit, what)


def _too_many(work: Work, limit: Limit, what: str) -> RuleViolation:
    minutes = limit.minutes_left(work.now)
    detail = f"{what}次数太多，请 {minutes} 分钟后再试。着急的话请拨打窗口电话。"
    return RuleViolation("too_many", detail, retry_after=minutes * 60)


def count_or_refuse(work: Work, limit: Limit, subject: str, what: str) -> None:
    """Count one attempt beforehand, or refuse it like ``refuse_reached``: attempts at once are counted one by one."""
    if count(work, limit, subject) > limit.most:
        raise _too_many(work, limit, what)


def forget(work: Work, limit: Limit, subject: str) -> None:
    """Begin again for this subject in this window."""
    key = work.vault.blind(limit.kind, subject)
    work.session.execute(
        delete(FailureCount).where(
            FailureCount.kind == limit.kind,
            FailureCount.key == key,
            FailureCount.window == limit.window(work.now),
        )
    )


def take_back(work: Work, limit: Limit, subject: str) -> None:
    """One counted failure was none after all."""
    key = work.vault.blind(limit.kind, subject)
    here = (
        FailureCount.kind == limit.kind,
        FailureCount.key == key,
        FailureCount.window == limit.window(work.now),
    )
    work.session.execute(
        update(FailureCount).where(*here, FailureCount.count > 0).values(count=FailureCount.count - 1)
    )


def forget_old(work: Work) -> int:
    """Remove windows that ended at least a day ago; returns how many."""
    oldest = Limit("", 0, timedelta(minutes=1)).window(work.now - _KEPT)
    gone = work.session.execute(delete(FailureCount).where(FailureCount.window < oldest))
    return int(gone.rowcount)  # type: ignore[attr-defined]
