"""Claiming work from the outbox, finishing it, giving it back.

A claim is a compare-and-set with a token and a lease. Results are committed only with the token: a worker that was
paused past its lease cannot overwrite what another one did (research: at most one active execution commits).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select, update

from .errors import Unavailable
from .models import Outbox, new_id
from .rights import SYSTEM
from .store import Store, Work

__all__ = [
    "LEASE",
    "MAX_ATTEMPTS",
    "Claim",
    "LostClaim",
    "backlog",
    "claim",
    "claim_next",
    "due_ids",
    "finish",
    "give_back",
    "park",
    "renew",
]

#: longest time a step may take; after it somebody else may start
LEASE = timedelta(seconds=45)
MAX_ATTEMPTS = 8
_DELAYS = (1, 2, 5, 10, 20, 40, 60)


@dataclass(frozen=True)
class Claim:
    """The right to commit the result of one step."""

    outbox_id: str
    step: str
    subject: str
    token: str
    attempts: int


class LostClaim(Unavailable):
    """Somebody else holds the step by now; nothing of ours is committed."""


def due_ids(work: Work, limit: int) -> list[str]:
    """Ids of rows that are due and unclaimed, the oldest first."""
    rows = select(Outbox.id).where(*_free(work)).order_by(Outbox.due_at, Outbox.id).limit(limit)
    return list(work.session.scalars(rows))


def claim(store: Store, outbox_id: str) -> Claim | None:
    """Claim this row; None when it is done, parked, not due or somebody else's."""
    with store.work(SYSTEM) as work:
        return _take(work, outbox_id)


def claim_next(store: Store) -> Claim | None:
    """Claim the oldest due row, or None. Takes the writer's lock only when something seems due."""
    with store.read(SYSTEM) as glance:
        candidates = due_ids(glance, 8)
    for outbox_id in candidates:
        taken = claim(store, outbox_id)
        if taken is not None:
            return taken
    return None


def finish(work: Work, done: Claim) -> None:
    """Mark the step done in the unit that commits its result; ``LostClaim`` rolls that unit back."""
    work.session.flush()
    changed = work.session.execute(
        update(Outbox).where(Outbox.id == done.outbox_id, Outbox.token == done.token, Outbox.done_at.is_(None))
        .values(done_at=work.now, lease_until=None, error="")
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise LostClaim("lost_claim", "这一步已由另一个进程接手")


def renew(work: Work, held: Claim) -> None:
    """For a step that commits in between: still ours, and the lease begins anew; else ``LostClaim``."""
    changed = work.session.execute(
        update(Outbox).where(Outbox.id == held.outbox_id, Outbox.token == held.token, Outbox.done_at.is_(None))
        .values(lease_until=work.now + LEASE)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise LostClaim("lost_claim", "这一步已由另一个进程接手")


def give_back(store: Store, held: Claim, error: str, *, outside: bool = False) -> None:
    """Try again later: the delay grows from one second to a minute.

    ``outside``: the fault is not the step's own, so that however long it lasts it does not use up the attempts.
    """
    delay = timedelta(seconds=_DELAYS[min(held.attempts - 1, len(_DELAYS) - 1)])
    attempts = min(held.attempts, MAX_ATTEMPTS - 2) if outside else held.attempts
    with store.work(SYSTEM) as work:
        _release(work, held, error=error[:400], due_at=work.now + delay, attempts=attempts)


def park(store: Store, held: Claim, error: str) -> None:
    """Stop trying: the row waits on the worklist until somebody presses retry."""
    with store.work(SYSTEM) as work:
        _release(work, held, error=error[:400], parked_at=work.now)
        work.audit("step_parked", "outbox", held.outbox_id, step=held.step, error=error[:200])


def _free(work: Work) -> tuple[ColumnElement[bool], ...]:
    return (
        Outbox.done_at.is_(None),
        Outbox.parked_at.is_(None),
        Outbox.due_at <= work.now,
        or_(Outbox.lease_until.is_(None), Outbox.lease_until < work.now),
    )


def _take(work: Work, outbox_id: str) -> Claim | None:
    token = new_id()
    changed = work.session.execute(
        update(Outbox).where(Outbox.id == outbox_id, *_free(work))
        .values(token=token, lease_until=work.now + LEASE, attempts=Outbox.attempts + 1)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    row = work.session.get_one(Outbox, outbox_id)
    return Claim(row.id, row.step, row.subject, token, row.attempts)


def _release(work: Work, held: Claim, **values: object) -> None:
    work.session.execute(
        update(Outbox).where(Outbox.id == held.outbox_id, Outbox.token == held.token, Outbox.done_at.is_(None))
        .values(token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def backlog(work: Work) -> int:
    """How many steps wait, without parked ones and those that are due another day."""
    waiting = (
        select(func.count())
        .select_from(Outbox)
        .where(
            Outbox.done_at.is_(None),
            Outbox.parked_at.is_(None),
            Outbox.due_at <= work.now + timedelta(days=1),
        )
    )
    return work.session.scalar(waiting) or 0
