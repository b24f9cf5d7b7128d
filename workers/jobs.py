"""One step after the other: claim it, run its stage, and see to what goes wrong.

``Unavailable`` is tried again later, as long as it takes. ``Rejected`` is final. Everything unexpected is tried again a
few times. What is final becomes visible: a document is blocked with the reason, every other step is parked on the
worklist. Logs name the step and the class of the fault, never what it said about a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import DBAPIError

from dispatch import outbox
from dispatch.errors import DispatchError, Rejected, Unavailable
from dispatch.outbox import MAX_ATTEMPTS, Claim, LostClaim
from dispatch.rights import SYSTEM
from dispatch.services import Services

from .pipeline import GIVE_UP, STEPS

__all__ = ["BUDGET_SECONDS", "Runner"]

#: a woken worker takes further steps for so long; the bell's job may last a lease longer
BUDGET_SECONDS = 15.0

log = structlog.get_logger("workers")


class Runner:
    """Runs steps for one worker process. ``stopping`` is asked between steps."""

    def __init__(self, services: Services, stopping: Callable[[], bool]) -> None:
        self._services = services
        self._stopping = stopping

    def run(self, outbox_id: str) -> None:
        """The step somebody rang for, if it is still free, then whatever else is due."""
        try:
            claim = outbox.claim(self._services.store, outbox_id)
        except Unavailable:
            return  # the database is away: the row is still due when it is back
        if claim is not None:
            self._attempt(claim)
        self.drain()

    def drain(self) -> int:
        """Do what is due for a while; how many steps were taken. ``Unavailable`` ends it quietly."""
        taken, until = 0, time.monotonic() + BUDGET_SECONDS
        while not self._stopping() and time.monotonic() < until:
            try:
                claim = outbox.claim_next(self._services.store)
            except Unavailable as fault:
                log.warning("database_away", fault=fault.code)
                break
            if claim is None:
                break
            self._attempt(claim)
            taken += 1
        return taken

    def _attempt(self, claim: Claim) -> None:
        began = time.monotonic()
        try:
            if claim.attempts > MAX_ATTEMPTS:
                raise Rejected("died", "处理这一步时程序反复中断，需要管理员查看")
            STEPS[claim.step](self._services, claim)
        except LostClaim:
            log.warning("claim_lost", step=claim.step, id=claim.outbox_id)
        except JobTimeoutException:
            log.error("step_too_long", step=claim.step, id=claim.outbox_id)
            raise  # swallowed, the queue would report a success
        except Exception as fault:  # noqa: BLE001 the loop must survive whatever a stage does
            log.warning(
                "step_failed", step=claim.step, id=claim.outbox_id, attempt=claim.attempts, fault=_name(fault)
            )
            self._settle(claim, fault)
        else:
            log.debug(
                "step_done", step=claim.step, id=claim.outbox_id, ms=round((time.monotonic() - began) * 1000)
            )

    def _settle(self, claim: Claim, fault: Exception) -> None:
        """Give back or give up. If even that fails the lease runs out, and somebody tries again."""
        try:
            if isinstance(fault, Unavailable) or (
                isinstance(fault, DBAPIError) and fault.connection_invalidated
            ):
                outbox.give_back(self._services.store, claim, _name(fault), outside=True)
            elif isinstance(fault, Rejected) or claim.attempts >= MAX_ATTEMPTS:
                self._give_up(claim, fault)
            else:
                outbox.give_back(self._services.store, claim, _name(fault))
        except (DispatchError, DBAPIError) as second:
            log.warning("could_not_settle", step=claim.step, id=claim.outbox_id, fault=_name(second))

    def _give_up(self, claim: Claim, fault: Exception) -> None:
        reason = (
            fault.detail
            if isinstance(fault, Rejected)
            else f"系统内部错误（{_name(fault)}），请管理员查看后重试"
        )
        make_visible = GIVE_UP.get(claim.step)
        if make_visible is None:
            outbox.park(self._services.store, claim, reason)
            return
        make_visible(self._services, claim.subject, reason)
        with self._services.store.work(SYSTEM) as work:
            outbox.finish(work, claim)


def _name(fault: Exception) -> str:
    """What may stand in a log: the class, and the stable code of our own faults."""
    return (
        f"{type(fault).__name__}({fault.code})" if isinstance(fault, DispatchError) else type(fault).__name__
    )
