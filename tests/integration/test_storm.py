"""A storm with a seed: cases are issued while workers are killed and the queue's server is wiped, stopped and killed.

At the end everything is settled within the promised 90 seconds, the ledger is clean, and no issuing call failed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select

from dispatch import ledger, outbox
from dispatch.bootstrap import build, queue_address
from dispatch.config import Settings
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.models import Consignment, Document, Outbox
from dispatch.rights import CLI, SYSTEM
from dispatch.services import Services
from workers.processes import StopFlag
from workers.supervisor import Plan, Supervisor, plan

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests/data/cases.jsonl"
RECOVERY_SECONDS = 90.0


def _cases(count: int, chance: random.Random) -> list[dict[str, Any]]:
    """Some of the sample approvals, moved to the days before today."""
    lines = CASES.read_text("utf-8").splitlines()
    decided = datetime.now(UTC) - timedelta(days=3)
    chosen = [json.loads(line) for line in chance.sample(lines, count)]
    for case in chosen:
        case["accepted_at"] = (decided - timedelta(days=2)).isoformat()
        case["decided_at"] = decided.isoformat()
        for document in case["documents"]:
            if document.get("valid_from"):
                document["valid_from"] = decided.date().isoformat()
            if document.get("valid_until"):
                document["valid_until"] = (decided.date() + timedelta(days=1000)).isoformat()
    return chosen


@dataclass
class Storm:
    """The processes of one run and what was done to them."""

    services: Services
    supervisor: Supervisor
    chance: random.Random
    done: dict[str, int] = field(default_factory=dict)
    stopped: list[tuple[float, int]] = field(default_factory=list)

    def blow(self) -> None:
        """One misfortune."""
        kind = self.chance.choices(
            ["worker", "worker2", "relay", "wipe", "freeze", "valkey"], [4, 2, 1, 2, 1, 1]
        )[0]
        self.done[kind] = self.done.get(kind, 0) + 1
        if kind == "wipe":
            self._wipe()
        elif kind == "freeze":
            self._signal("valkey", signal.SIGSTOP)
            pid = self.supervisor.children.get("valkey")
            if pid is not None:
                self.stopped.append((time.monotonic() + 1.5, pid))
        elif kind == "worker2":
            for name in ("worker-1", "worker-2"):
                self._signal(name, signal.SIGKILL)
        else:
            self._signal(
                self.chance.choice(["worker-1", "worker-2"]) if kind == "worker" else kind, signal.SIGKILL
            )

    def look(self) -> None:
        """What the supervisor's own loop does, and the end of a freeze."""
        self.supervisor.look()
        for until, pid in list(self.stopped):
            if time.monotonic() >= until:
                self.stopped.remove((until, pid))
                _signal_pid(pid, signal.SIGCONT)

    def calm(self) -> None:
        for _, pid in self.stopped:
            _signal_pid(pid, signal.SIGCONT)
        self.stopped.clear()

    def _signal(self, name: str, kind: signal.Signals) -> None:
        pid = self.supervisor.children.get(name)
        if pid is not None:
            _signal_pid(pid, kind)

    def _wipe(self) -> None:
        client = Redis.from_url(queue_address(self.services.settings), socket_timeout=0.5)
        try:
            client.flushall()
        except (RedisError, OSError):
            pass
        client.close()


def _signal_pid(pid: int, kind: signal.Signals) -> None:
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        pass


@pytest.fixture
def house(settings: Settings, environ: dict[str, str]) -> Iterator[tuple[Services, Supervisor]]:
    """Valkey, two workers and a relay under a supervisor that this test looks after."""
    services = build(settings)
    plans: list[Plan] = [p for p in plan(settings, [], 2, environ, ROOT) if p.name != "web"]
    supervisor = Supervisor(settings, plans, StopFlag())
    supervisor.start()
    yield services, supervisor
    supervisor.shut_down()
    services.store.engine.dispose()


def _unsettled(services: Services) -> dict[str, int]:
    with services.store.read(SYSTEM) as work:
        drafts = select(func.count()).select_from(Document).where(Document.state == "draft")
        planned = (
            select(func.count()).select_from(Consignment).where(Consignment.state.in_(["planned", "booking"]))
        )
        return {
            "drafts": work.session.scalar(drafts) or 0,
            "planned": work.session.scalar(planned) or 0,
            "steps": outbox.backlog(work),
        }


def _run(house: tuple[Services, Supervisor], seed: int, count: int, pause: float) -> Storm:
    services, supervisor = house
    chance = random.Random(seed)
    storm = Storm(services, supervisor, chance)
    slowest = 0.0
    for case in _cases(count, chance):
        receive_case(services, CLI, case, source="api")
        began = time.monotonic()
        assert issue_case(services, CLI, case["acceptance_no"]) is True
        slowest = max(slowest, time.monotonic() - began)
        if chance.random() < 0.4:
            storm.blow()
        storm.look()
        time.sleep(chance.random() * pause)
    storm.calm()
    ended = time.monotonic()
    while any(_unsettled(services).values()):
        storm.look()
        waited = time.monotonic() - ended
        assert waited < RECOVERY_SECONDS, (
            f"seed {seed}: {_unsettled(services)} after {waited:.0f} s; {storm.done}"
        )
        time.sleep(0.3)
    assert slowest < 5, f"seed {seed}: issuing took {slowest:.1f} s"
    return storm


def _check(services: Services, seed: int) -> None:
    with services.store.read(SYSTEM) as work:
        parked = list(work.session.scalars(select(Outbox.step).where(Outbox.parked_at.is_not(None))))
        states = dict(
            work.session.execute(select(Document.state, func.count()).group_by(Document.state)).all()
        )
    assert parked == [], f"seed {seed}"
    assert set(states) == {"valid"}, f"seed {seed}: {states}"
    assert ledger.check(services) == [], f"seed {seed}"


@pytest.mark.timeout(240)
def test_a_short_storm_loses_and_doubles_nothing(house: tuple[Services, Supervisor]) -> None:
    storm = _run(house, seed=20261121, count=24, pause=0.5)
    assert sum(storm.done.values()) >= 5, "no storm"
    _check(house[0], 20261121)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_long_storm(house: tuple[Services, Supervisor], seed: int) -> None:
    _run(house, seed=seed, count=120, pause=0.8)
    _check(house[0], seed)
