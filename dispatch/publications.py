"""What anybody may fetch: the token keys, the document types, and whether the house is open. Figures for the watch."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text

from . import outbox
from .models import AuditHead, Consignment, Document, DocumentType, LogHead, Outbox
from .pinned import jwks
from .rights import SYSTEM
from .services import Services

__all__ = ["figures", "key_set", "readiness", "type_list"]


def key_set(services: Services) -> dict[str, Any]:
    """``/keys.json``: the P-256 token keys, old ones included (contract, section 7)."""
    return jwks(services.keys)


def type_list(services: Services) -> dict[str, Any]:
    """``/types.json``: numbers of document types in tokens, append-only."""
    with services.store.read(SYSTEM) as work:
        rows = work.session.scalars(select(DocumentType).order_by(DocumentType.type_no))
        return {"types": [{"type": row.type_no, "title": row.title} for row in rows]}


def readiness(services: Services) -> dict[str, Any]:
    """Whether requests can be served: database initialised, keys there. The queue's state is told, and no condition:
    without it work is late, not lost. Raises ``Unavailable`` where the database does not answer."""
    with services.store.read(SYSTEM) as work:
        work.session.execute(text("SELECT 1"))
        initialised = work.session.get(AuditHead, 1) is not None and work.session.get(LogHead, 1) is not None
        waiting = outbox.backlog(work) if initialised else 0
        oldest = work.session.scalar(
            select(func.min(Outbox.due_at)).where(Outbox.done_at.is_(None), Outbox.parked_at.is_(None))
        )
        now = work.now
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    keys = all(services.keys.all(kind) for kind in ("token", "seal", "log", "field", "index", "session"))
    return {
        "ready": initialised and keys,
        "database": initialised,
        "keys": keys,
        "backlog": waiting,
        "oldest_wait_seconds": round(late, 1),
    }


def figures(services: Services) -> dict[str, Any]:
    """``{backlog, parked, documents: {state: n}, consignments: {state: n}, log_size}``."""
    with services.store.read(SYSTEM) as work:
        session = work.session
        parked = (
            select(func.count())
            .select_from(Outbox)
            .where(Outbox.parked_at.is_not(None), Outbox.done_at.is_(None))
        )
        head = session.get(LogHead, 1)
        return {
            "backlog": outbox.backlog(work),
            "parked": session.scalar(parked) or 0,
            "documents": {
                s: int(n)
                for s, n in session.execute(select(Document.state, func.count()).group_by(Document.state))
            },
            "consignments": {
                s: int(n)
                for s, n in session.execute(
                    select(Consignment.state, func.count()).group_by(Consignment.state)
                )
            },
            "log_size": head.size if head else 0,
        }
