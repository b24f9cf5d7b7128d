"""The list of work: nothing lost, nothing done twice, a paused worker cannot overwrite another one's result."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dispatch import migrations, outbox
from dispatch.errors import RuleViolation
from dispatch.models import AuditHead, LogHead, Outbox, Point, new_id
from dispatch.outbox import LEASE, MAX_ATTEMPTS, LostClaim
from dispatch.rights import SYSTEM
from dispatch.store import make_engine

pytestmark = pytest.mark.integration


def emit(services, step="document.compose", subject="S", **more):
    with services.store.work(SYSTEM) as work:
        work.emit(step, subject, **more)
    with services.store.read(SYSTEM) as work:
        return work.session.scalars(
            select(Outbox.id).where(Outbox.step == step, Outbox.subject == subject, Outbox.done_at.is_(None))
        ).one()


def row(services, outbox_id):
    with services.store.read(SYSTEM) as work:
        return work.session.get_one(Outbox, outbox_id)


def finish(services, claim):
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)


def test_a_step_is_claimed_once_and_finished_once(services) -> None:
    outbox_id = emit(services)
    claim = outbox.claim(services.store, outbox_id)
    assert claim is not None and (claim.step, claim.subject, claim.attempts) == ("document.compose", "S", 1)
    assert outbox.claim(services.store, outbox_id) is None
    assert outbox.claim_next(services.store) is None
    finish(services, claim)
    assert row(services, outbox_id).done_at is not None
    assert outbox.claim(services.store, outbox_id) is None
    with pytest.raises(LostClaim):
        finish(services, claim)


def test_an_open_step_is_not_doubled_but_a_done_one_may_come_again(services) -> None:
    first = emit(services)
    assert emit(services) == first
    claim = outbox.claim(services.store, first)
    assert claim is not None
    finish(services, claim)
    assert emit(services) != first


def test_new_facts_take_the_old_claim_away(services) -> None:
    """Whoever works on the row has read the facts of before; its result must not count for the new ones."""
    claim = outbox.claim(services.store, emit(services))
    assert claim is not None
    emit(services)
    with pytest.raises(LostClaim):
        finish(services, claim)
    again = outbox.claim_next(services.store)
    assert again is not None and again.attempts == 1


def test_a_worker_paused_past_its_lease_commits_nothing(services, clock) -> None:
    outbox_id = emit(services)
    slow = outbox.claim(services.store, outbox_id)
    clock.advance(LEASE + timedelta(seconds=1))
    fast = outbox.claim(services.store, outbox_id)
    assert slow is not None and fast is not None and fast.attempts == 2
    with pytest.raises(LostClaim), services.store.work(SYSTEM) as work:
        work.add(Point(id=new_id(), division_code="33", name="慢者", confirmed=False, created_at=work.now))
        outbox.finish(work, slow)
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Point)) == 0
    finish(services, fast)


def test_what_the_slow_one_gives_back_or_parks_does_not_touch_the_fast_ones_claim(services, clock) -> None:
    outbox_id = emit(services)
    slow = outbox.claim(services.store, outbox_id)
    clock.advance(LEASE + timedelta(seconds=1))
    fast = outbox.claim(services.store, outbox_id)
    assert slow is not None and fast is not None
    outbox.give_back(services.store, slow, "late")
    outbox.park(services.store, slow, "late")
    finish(services, fast)
    assert row(services, outbox_id).parked_at is None


def test_delays_grow_and_a_delayed_step_is_not_due(services, clock) -> None:
    outbox_id = emit(services)
    waits = []
    for _ in range(9):
        claim = outbox.claim(services.store, outbox_id)
        assert claim is not None
        outbox.give_back(services.store, claim, "no")
        assert outbox.claim(services.store, outbox_id) is None
        waits.append(round((row(services, outbox_id).due_at - clock.now()).total_seconds()))
        clock.advance(timedelta(seconds=waits[-1] + 1))
    assert waits == sorted(waits) and waits[0] == 1 and waits[-1] == 60


def test_a_fault_of_the_outside_never_uses_up_the_attempts(services, clock) -> None:
    outbox_id = emit(services)
    for _ in range(3 * MAX_ATTEMPTS):
        claim = outbox.claim(services.store, outbox_id)
        assert claim is not None and claim.attempts < MAX_ATTEMPTS
        outbox.give_back(services.store, claim, "away", outside=True)
        clock.advance(timedelta(minutes=2))


def test_a_parked_step_waits_for_somebody_and_is_told_in_the_audit(services) -> None:
    outbox_id = emit(services)
    claim = outbox.claim(services.store, outbox_id)
    assert claim is not None
    outbox.park(services.store, claim, "编号用尽")
    assert outbox.claim_next(services.store) is None
    assert row(services, outbox_id).error == "编号用尽"
    assert emit(services) == outbox_id
    again = outbox.claim_next(services.store)
    assert again is not None and again.attempts == 1


def test_a_later_step_is_not_due_before_its_time(services, clock) -> None:
    emit(services, delay=timedelta(minutes=5))
    assert outbox.claim_next(services.store) is None
    clock.advance(timedelta(minutes=5))
    assert outbox.claim_next(services.store) is not None


def test_many_workers_take_every_step_exactly_once(services) -> None:
    with services.store.work(SYSTEM) as work:
        for number in range(60):
            work.emit("document.compose", f"S{number}")
    taken: list[str] = []

    def worker() -> None:
        while (claim := outbox.claim_next(services.store)) is not None:
            taken.append(claim.subject)
            finish(services, claim)

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A worker that lost every race for its glance stops early; what is left is still due.
    while (claim := outbox.claim_next(services.store)) is not None:
        taken.append(claim.subject)
        finish(services, claim)
    assert sorted(taken) == sorted(f"S{number}" for number in range(60))


def test_two_emitters_of_the_same_step_leave_one_row(services) -> None:
    def emit_often() -> None:
        for _ in range(10):
            emit(services)

    threads = [threading.Thread(target=emit_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Outbox)) == 1


def test_a_unit_that_fails_leaves_no_step_and_rings_for_nobody(services) -> None:
    with pytest.raises(RuleViolation), services.store.work(SYSTEM) as work:
        work.emit("document.compose", "S")
        raise RuleViolation("no", "不行")
    with services.store.read(SYSTEM) as work:
        assert outbox.backlog(work) == 0


# -- the tables themselves ---------------------------------------------------------------------------------------
def test_revisions_make_exactly_the_tables_of_the_models(services) -> None:
    assert migrations.differences(services.store.engine) == []
    assert migrations.current(services.store.engine) == migrations.head()
    assert migrations.upgrade(services.store.engine) is False


def test_a_prepared_database_has_the_heads_that_writers_lock(services) -> None:
    with services.store.read(SYSTEM) as work:
        assert work.session.get_one(LogHead, 1).size == 0
        head = work.session.get_one(AuditHead, 1)
    assert head.seq >= 0 and len(head.hash) == 32


def test_two_processes_may_upgrade_an_empty_database_at_once(tmp_path) -> None:
    address = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    changed: list[bool] = []

    def upgrade() -> None:
        engine = make_engine(address)
        changed.append(migrations.upgrade(engine))
        engine.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(changed) == [False, False, True]


def test_a_database_of_a_newer_program_is_left_alone(services) -> None:
    with services.store.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Exception, match="newer_database"):
        migrations.upgrade(services.store.engine)
