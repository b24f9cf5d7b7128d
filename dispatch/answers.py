"""First answers to repeated requests (Idempotency-Key): kept a day per holder, sealed, given again word for word."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from .errors import Fault, Invalid, RuleViolation
from .models import IdempotentAnswer
from .rights import Actor
from .services import Services

__all__ = ["KEPT", "Answer", "Ticket", "begin", "forget", "forget_old", "keep"]

KEPT = timedelta(hours=24)
#: a request that has not answered by then was cut off; the next one with its key runs
LONGEST_RUN = timedelta(minutes=2)


@dataclass(frozen=True)
class Ticket:
    """The place where the answer to this request will be kept."""

    id: str
    body_hash: str


@dataclass(frozen=True)
class Answer:
    """An answer as it went out; ``headers`` only those that belong to the content."""

    status: int
    headers: dict[str, str]
    body: bytes


def begin(services: Services, actor: Actor, route: str, key: str, body: bytes) -> Ticket | Answer:
    """A ticket for the first request, the kept answer for its repetition.

    Raises ``Invalid('idempotency_key_reused')`` for another body, ``RuleViolation('still_running')``.
    """
    name = hashlib.sha256(f"{actor.name}\0{route}\0{key}".encode()).hexdigest()
    ticket = Ticket(name, hashlib.sha256(body).hexdigest())
    with services.store.work(actor) as work:
        fresh = {"id": ticket.id, "body_hash": ticket.body_hash, "status": 0, "created_at": work.now}
        if work.insert_missing(IdempotentAnswer, fresh, ["id"]):
            return ticket
        row = work.locked(IdempotentAnswer, ticket.id)
        assert row is not None
        age = work.now - row.created_at
        if age > KEPT or (row.status == 0 and age > LONGEST_RUN):
            row.body_hash, row.status, row.answer, row.created_at = ticket.body_hash, 0, None, work.now
            return ticket
        if row.body_hash != ticket.body_hash:
            fault = Fault(
                "", "idempotency_key_reused", "这个 Idempotency-Key 已用于另一份内容，请换一个新的。"
            )
            raise Invalid([fault], code="idempotency_key_reused")
        if row.status == 0:
            raise RuleViolation("still_running", "同一个请求正在处理，请稍后再取结果。")
        return _read(row.status, work.open(row, "answer"))


def keep(services: Services, actor: Actor, ticket: Ticket, answer: Answer) -> None:
    """Keep the first answer."""
    with services.store.work(actor) as work:
        row = work.locked(IdempotentAnswer, ticket.id)
        if row is not None and row.status == 0 and row.body_hash == ticket.body_hash:
            row.status = answer.status
            work.seal(row, "answer", {"headers": answer.headers, "body": answer.body.decode("latin-1")})


def forget(services: Services, actor: Actor, ticket: Ticket) -> None:
    """The request failed on our side: its key is free again."""
    with services.store.work(actor) as work:
        work.session.execute(
            delete(IdempotentAnswer).where(IdempotentAnswer.id == ticket.id, IdempotentAnswer.status == 0)
        )


def forget_old(services: Services, actor: Actor) -> int:
    """Remove answers older than a day; returns how many."""
    with services.store.work(actor) as work:
        gone = work.session.execute(
            delete(IdempotentAnswer).where(IdempotentAnswer.created_at < work.now - KEPT)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _read(status: int, kept: Any) -> Answer:
    return Answer(status, dict(kept["headers"]), kept["body"].encode("latin-1"))
