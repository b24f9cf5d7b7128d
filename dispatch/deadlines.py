"""What is due when, and whether it was kept.

``promise``: the centre's own word, accepted + promised working days, kept once the case is issued. ``delivery``:
decided + 10 working days (行政许可法 art. 44), kept once everything is in the right hands. The days themselves are worked
out at intake (``dispatch.calendar``); here they are only judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from .calendar import local_date

__all__ = ["Deadline", "deadlines_of", "earliest_open"]

State = Literal["open", "met", "overdue", "late"]


@dataclass(frozen=True)
class Deadline:
    """One term. ``open`` and ``overdue`` still run; ``met`` and ``late`` are settled."""

    kind: Literal["promise", "delivery"]
    due_on: date
    state: State
    provisional: bool

    @property
    def running(self) -> bool:
        return self.state in ("open", "overdue")

    def as_dict(self) -> dict[str, object]:
        """The entry of a case view; ``provisional`` only where a year's 调休 is not published yet."""
        shown: dict[str, object] = {"kind": self.kind, "due_on": self.due_on.isoformat(), "state": self.state}
        return shown | ({"provisional": True} if self.provisional else {})


def deadlines_of(
    *,
    promise_due: date,
    delivery_due: date,
    provisional: bool,
    issued_at: datetime | None,
    served_at: datetime | None,
    cancelled: bool,
    today: date,
) -> list[Deadline]:
    """Both terms of a case as they stand on ``today`` (Asia/Shanghai); none for a cancelled one."""
    if cancelled:
        return []
    return [
        Deadline("promise", promise_due, _judge(promise_due, issued_at or served_at, today), provisional),
        Deadline("delivery", delivery_due, _judge(delivery_due, served_at, today), provisional),
    ]


def earliest_open(deadlines: list[Deadline]) -> Deadline | None:
    """The running term that ends first, by which the window sorts."""
    return min((d for d in deadlines if d.running), key=lambda d: d.due_on, default=None)


def _judge(due: date, done_at: datetime | None, today: date) -> State:
    """The last day counts as kept."""
    if done_at is not None:
        return "met" if local_date(done_at) <= due else "late"
    return "open" if today <= due else "overdue"
