"""The unit of work: one transaction that changes state, writes the audit row and leaves the outbox row.

Every writing unit opens ``BEGIN IMMEDIATE`` on SQLite and holds no rendering, signing or HTTP. Locks are taken in one
order everywhere: business rows, number counters, the log's head, and last, at commit, the audit head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import create_engine, event, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from .errors import RuleViolation, Unavailable
from .lifecycle import (
    CASE_MOVES,
    CONSIGNMENT_MOVES,
    DOCUMENT_MOVES,
    CaseState,
    ConsignmentState,
    DocumentState,
    check_move,
)
from .models import Audit, AuditHead, Base, Case, Consignment, Document, Outbox, new_id
from .ports import Bell, Clock
from .rights import Actor
from .vault import Vault

__all__ = ["Store", "Work", "audit_hash", "make_engine"]

Row = TypeVar("Row", bound=Base)

_TABLES: Mapping[type[Base], tuple[str, type[StrEnum], Mapping[Any, frozenset[Any]]]] = {
    Case: ("办件", CaseState, CASE_MOVES),
    Document: ("证件", DocumentState, DOCUMENT_MOVES),
    Consignment: ("寄递件", ConsignmentState, CONSIGNMENT_MOVES),
}


def make_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, full durability) or PostgreSQL. Opens no connection yet."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=8)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not open transactions by itself
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Work:
    """One unit of work. ``now`` is read once; nothing is kept unless the block ends without an exception."""

    def __init__(self, session: Session, now: datetime, actor: Actor, vault: Vault) -> None:
        self.session = session
        self.now = now
        self.actor = actor
        self.vault = vault
        self.rung: list[str] = []
        self._audit: list[tuple[str, str, str, str]] = []

    # -- rows --------------------------------------------------------------------------------------------------
    def add(self, row: Row) -> Row:
        self.session.add(row)
        return row

    def locked(self, model: type[Row], key: object) -> Row | None:
        """The row, locked against other writers until the end of this unit (SQLite has one writer anyway)."""
        return self.session.get(model, key, with_for_update=True, populate_existing=True)

    def insert_missing(
        self, model: type[Base], values: Mapping[str, object], unique: list[str], where: str | None = None
    ) -> bool:
        """Insert unless a row with the same ``unique`` columns is there; says whether it was inserted. No race."""
        self.session.flush()
        insert = sqlite.insert if self.session.get_bind().dialect.name == "sqlite" else postgresql.insert
        statement = insert(model).values(values)
        condition = text(where) if where else None
        guarded = statement.on_conflict_do_nothing(index_elements=unique, index_where=condition)
        # Without the option SQLAlchemy throws PostgreSQL's count of inserted rows away.
        done = self.session.execute(guarded, execution_options={"preserve_rowcount": True})
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]

    def move(self, row: Case | Document | Consignment, new: StrEnum, **values: object) -> None:
        """Guarded move of ``row.state``: legal by the table, and nobody else moved it meanwhile."""
        what, states, table = _TABLES[type(row)]
        old = states(row.state)
        check_move(what, table, old, new)
        self.session.flush()
        model = type(row)
        changed = self.session.execute(
            update(model).where(model.id == row.id, model.state == str(old)).values(state=str(new), **values)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            raise RuleViolation("changed_meanwhile", "刚才有人同时处理了它，请刷新后再看。")
        self.session.refresh(row)

    # -- sealed fields -----------------------------------------------------------------------------------------
    def seal(self, row: Base, column: str, value: object) -> None:
        """Encrypt ``value`` (JSON) into ``row.column``; the row must already have its id."""
        key = _row_id(row)
        setattr(row, column, self.vault.seal_json(row.__tablename__, column, key, value))

    def open(self, row: Base, column: str) -> Any:
        """The value sealed in ``row.column``, None where it is empty."""
        sealed = getattr(row, column)
        if sealed is None:
            return None
        return self.vault.open_json(row.__tablename__, column, _row_id(row), sealed)

    # -- outbox and audit --------------------------------------------------------------------------------------
    def emit(self, step: str, subject: str, *, delay: timedelta = timedelta(0)) -> None:
        """Leave work to do. An open row for the same step and subject is enough: it is made due, not doubled."""
        due = self.now + delay
        fresh = {
            "id": new_id(),
            "step": step,
            "subject": subject,
            "created_at": self.now,
            "due_at": due,
            "attempts": 0,
            "error": "",
        }
        if self.insert_missing(Outbox, fresh, ["step", "subject"], where="done_at IS NULL"):
            self.rung.append(str(fresh["id"]))
            return
        same = (Outbox.step == step, Outbox.subject == subject, Outbox.done_at.is_(None))
        # Whoever works on the old row may have read the old facts: take its claim away.
        anew = {
            "due_at": due,
            "token": None,
            "lease_until": None,
            "parked_at": None,
            "attempts": 0,
            "error": "",
        }
        self.session.execute(update(Outbox).where(*same).values(anew))
        self.rung.extend(self.session.scalars(select(Outbox.id).where(*same)))

    def audit(self, action: str, object_kind: str, object_id: str, **detail: object) -> None:
        """Note an act; written into the chain at commit. ``detail`` must hold no personal data."""
        words = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self._audit.append((action, object_kind, object_id, words[:1000]))

    def write_audit(self) -> None:
        """Chain the noted acts; called once, last before the commit, because it locks the head row."""
        if not self._audit:
            return
        self.session.flush()
        head = self.session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
        if head is None:
            raise Unavailable("not_initialised", "数据库尚未初始化，请先运行 python -m dispatch init")
        for action, kind, object_id, detail in self._audit:
            seq = head.seq + 1
            row = Audit(
                seq=seq, at=self.now, actor=self.actor.name, action=action, object_kind=kind, object_id=object_id,
                detail=detail, prev_hash=head.hash, hash=b"",
            )  # fmt: skip
            row.hash = audit_hash(row)
            self.session.add(row)
            head.seq, head.hash = seq, row.hash
        self._audit.clear()


def audit_hash(row: Audit) -> bytes:
    """SHA-256 over the previous hash and every field of the row, canonically written."""
    fields = [row.seq, row.at.isoformat(), row.actor, row.action, row.object_kind, row.object_id, row.detail]
    words = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(row.prev_hash + words.encode()).digest()


def _row_id(row: Base) -> str:
    if not getattr(row, "id", None):
        raise ValueError(f"{row.__tablename__}: a row needs its id before a field can be sealed")
    return str(row.id)  # type: ignore[attr-defined]


class Store:
    """Opens units of work on one database."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock, bell: Bell) -> None:
        self.engine = engine
        self.vault = vault
        self._clock = clock
        self._bell = bell
        self._writer = sessionmaker(engine.execution_options(writing=True), expire_on_commit=False)
        self._reader = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """A writing unit: commits at the end of the block, rolls back on any exception, then rings the bell.

        Raises ``Unavailable('database')`` when the database does not answer, ``RuleViolation('conflict')`` when a
        unique constraint was hit by somebody faster.
        """
        with _translated(), self._writer() as session:
            work = Work(session, self._clock.now(), actor, self.vault)
            session.connection()  # begin now: the first read must already see what we may change
            yield work
            work.write_audit()
            session.commit()
        if work.rung:
            self.ring(work.rung)

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Work]:
        """A reading unit: a snapshot, never committed; rows read stay usable afterwards."""
        with _translated(), self._reader() as session:
            yield Work(session, self._clock.now(), actor, self.vault)

    def ring(self, outbox_ids: Iterable[str]) -> None:
        self._bell.ring(list(dict.fromkeys(outbox_ids)))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as fault:
        raise Unavailable("database", "数据库暂时没有回应，请稍后再试。") from fault
    except IntegrityError as fault:
        raise RuleViolation("conflict", "刚才有人同时提交了相同的内容，请刷新后再看。") from fault
