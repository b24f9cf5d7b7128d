"""The relay: every second it looks for due rows and rings for them; now and then it sweeps out what is over.

Any number of relays may run. None of them holds anything: rows stay in the database until their step is done.
"""

from __future__ import annotations

import time

import structlog

from dispatch import answers, outbox, people
from dispatch.errors import DispatchError
from dispatch.rights import SYSTEM
from dispatch.services import Services

from .processes import StopFlag

__all__ = ["run_relay"]

EVERY_SECONDS = 1.0
SWEEP_SECONDS = 600.0
#: enough to wake every worker; whoever wakes does all that is due
RINGS = 4

log = structlog.get_logger("workers")


def run_relay(services: Services, stop: StopFlag) -> None:
    """Ring and sweep until stopped. A database that is away is waited for."""
    next_sweep = time.monotonic()
    away = False
    while not stop.wait(EVERY_SECONDS):
        try:
            _ring(services)
            if time.monotonic() >= next_sweep:
                _sweep(services)
                next_sweep = time.monotonic() + SWEEP_SECONDS
            away = False
        except DispatchError as fault:
            if not away:
                log.warning("relay_waits", fault=fault.code)
            away = True


def _ring(services: Services) -> None:
    with services.store.read(SYSTEM) as work:
        due = outbox.due_ids(work, RINGS)
    if due:
        services.store.ring(due)


def _sweep(services: Services) -> None:
    sessions = people.forget_expired(services)
    kept = answers.forget_old(services, SYSTEM)
    if sessions or kept:
        log.info("swept", sessions=sessions, answers=kept)
