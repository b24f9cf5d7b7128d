"""Rings for a worker through RQ. A hint only: the database holds the work, so a failed ring loses nothing.

The client has its own short temper: no retries, 0.3 s at most, and after a failure silence for some seconds, so that a
stalled Redis costs one request 0.3 s and the next ones nothing (redis-py's own defaults stall for seconds).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

__all__ = ["JOB_FUNCTION", "JOB_SECONDS", "QUEUE_NAME", "NullBell", "RqBell"]

QUEUE_NAME = "dispatch"
#: the only function a worker agrees to run; resolved by the worker itself, never imported by name
JOB_FUNCTION = "workers.jobs.run"
#: longest time one job may take; the worker stops taking further steps long before
JOB_SECONDS = 75
TIMEOUT = 0.3
#: a woken worker drains all that is due: a few rings are as good as many
RINGS_AT_ONCE = 4
#: with so many rings unanswered everybody is at work and looks again before resting: more would cost a tenth of the time
UNANSWERED = 8


class NullBell:
    """Rings nowhere; workers look by themselves."""

    def ring(self, outbox_ids: Sequence[str]) -> None:
        """Do nothing."""


class RqBell:
    """Offers outbox ids to RQ workers. ``failures`` counts rings that did not get through."""

    def __init__(
        self, redis_url: str, *, quiet_seconds: float = 5.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        connection = Redis.from_url(
            redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._queue = Queue(QUEUE_NAME, connection=connection, serializer=JSONSerializer)
        self._quiet_seconds = quiet_seconds
        self._monotonic = monotonic
        self._quiet_until = float("-inf")
        self._lock = threading.Lock()
        self.failures = 0

    def ring(self, outbox_ids: Sequence[str]) -> None:
        """Offer up to four ids; never raises for a Redis that is away, slow or full."""
        with self._lock:
            if self._monotonic() < self._quiet_until:
                return
            try:
                self._offer(outbox_ids[:RINGS_AT_ONCE])
            except (RedisError, OSError):
                self.failures += 1
                self._quiet_until = self._monotonic() + self._quiet_seconds

    def _offer(self, outbox_ids: Sequence[str]) -> None:
        if self._queue.count > UNANSWERED:
            return
        for outbox_id in outbox_ids:
            self._queue.enqueue_call(
                JOB_FUNCTION, args=(outbox_id,), job_id=outbox_id, timeout=JOB_SECONDS,
                result_ttl=0, failure_ttl=60, ttl=600, description=outbox_id,
            )  # fmt: skip
