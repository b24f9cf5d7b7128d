"""A worker process: woken by RQ where Redis is, looking by itself where it is not.

A SimpleWorker (no fork: three times faster, and it runs on macOS) on one queue, JSON only. Whoever can write to Redis
can name any function, callback or web address in a job; this worker resolves none of them.
"""

from __future__ import annotations

import logging
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

import redis
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException

from dispatch.adapters.bell import JOB_FUNCTION, JOB_SECONDS, QUEUE_NAME
from dispatch.services import Services

from .jobs import Runner
from .processes import StopFlag

__all__ = ["BellWorker", "RefusedJob", "job_class", "run_worker"]

POLL_SECONDS = 0.5
#: longest wait for a ring, and a little more before Redis counts as gone: a shorter limit would end every wait
WAIT_SECONDS = 5
ANSWER_SECONDS = WAIT_SECONDS + 3
#: so long a worker looks by itself before it asks again whether Redis is back
WITHOUT_REDIS_SECONDS = 5.0
_OUTBOX_ID = re.compile(r"[A-Z2-7]{26}")

log = structlog.get_logger("workers")


class RefusedJob(ValueError):
    """A job that is none of ours."""


def job_class(run: Callable[[str], None]) -> type[Job]:
    """A Job that can call ``run`` with one outbox id and nothing else: no other function, callback or web address."""

    class BellJob(Job):
        @property
        def func(self) -> Any:
            wellformed = (
                self.func_name == JOB_FUNCTION
                and self.instance is None
                and not self.kwargs
                and len(self.args) == 1
                and isinstance(self.args[0], str)
                and _OUTBOX_ID.fullmatch(self.args[0]) is not None
            )
            if not wellformed:
                raise RefusedJob("not a job of this service")
            return run

        @property
        def success_callback(self) -> None:
            return None

        @property
        def failure_callback(self) -> None:
            return None

        @property
        def stopped_callback(self) -> None:
            return None

        def send_webhooks(self, *_args: Any, **_kwargs: Any) -> None:
            """Nothing is sent anywhere."""

    return BellJob


class BellQueue(Queue):
    """A queue that says at once when Redis is gone, instead of trying ever more slowly."""

    @classmethod
    def dequeue_any(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dequeue_any(*args, **kwargs)
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as gone:
            raise StopRequested from gone


class BellWorker(SimpleWorker):
    """RQ's worker on our terms. Ends by itself when Redis goes away."""

    queue_class = BellQueue
    log_result_lifespan = False

    def __init__(self, connection: Redis, runner: Runner, stop: StopFlag) -> None:
        super().__init__(
            [BellQueue(QUEUE_NAME, connection=connection, serializer=JSONSerializer)],
            connection=connection, job_class=job_class(runner.run), queue_class=BellQueue, serializer=JSONSerializer,
            worker_ttl=WAIT_SECONDS + 15, maintenance_interval=20, job_monitoring_interval=5, log_job_description=False,
            default_result_ttl=0,
        )  # fmt: skip
        self._runner = runner
        self._stop = stop
        self._waiting = False
        self.log = _silent()

    @property
    def connection_timeout(self) -> int:
        return ANSWER_SECONDS

    def subscribe(self) -> None:
        """No remote commands."""

    def _install_signal_handlers(self) -> None:
        """The process has its own."""
        self._stop.interrupt = self._interrupt

    def _interrupt(self) -> None:
        self._stop_requested = True
        if self._waiting:
            raise StopRequested

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """Before waiting, look whether something is due that nobody rang for."""
        _with_alarm(self._runner.drain)
        self._waiting = True
        try:
            if self._stop:
                raise StopRequested
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        finally:
            self._waiting = False

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        try:
            super().heartbeat(timeout, pipeline)
        except RedisError as gone:
            raise StopRequested from gone


def _silent() -> logging.Logger:
    """RQ's own lines repeat what ours say, and print tracebacks when Redis goes."""
    quiet = logging.Logger("rq.quiet", logging.CRITICAL + 1)
    quiet.addHandler(logging.NullHandler())
    return quiet


def run_worker(services: Services, redis_url: str, stop: StopFlag) -> None:
    """Work until stopped; with Redis by the bell, without it by looking every half second."""
    # Expanding the typefaces takes a second, which the first case should not wait for, and other steps not at all.
    threading.Thread(target=services.fonts.load, daemon=True, name="typefaces").start()
    runner = Runner(services, stop.event.is_set)
    while not stop:
        connection = _connect(redis_url)
        if connection is None:
            _look_by_itself(runner, stop)
            continue
        log.info("listening")
        try:
            BellWorker(connection, runner, stop).work(logging_level="CRITICAL")
        except (RedisError, OSError) as gone:
            log.warning("redis_gone", fault=type(gone).__name__)
        finally:
            stop.interrupt = _ignore
            connection.close()


def _ignore() -> None:
    """No wait to break off."""


def _connect(redis_url: str) -> Redis | None:
    connection = Redis.from_url(
        redis_url,
        socket_connect_timeout=0.5,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    try:
        connection.ping()
    except (RedisError, OSError):
        connection.close()
        return None
    return connection


def _look_by_itself(runner: Runner, stop: StopFlag) -> None:
    for _ in range(int(WITHOUT_REDIS_SECONDS / POLL_SECONDS)):
        try:
            _with_alarm(runner.drain)
        except JobTimeoutException:
            continue
        if stop.wait(POLL_SECONDS):
            return


def _with_alarm(work: Callable[[], object]) -> None:
    """The same limit of time that RQ sets for its jobs."""

    def ring(_signal: int, _frame: object) -> None:
        raise JobTimeoutException("too long")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(JOB_SECONDS)
    try:
        work()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
