"""The append-only log: dense indexes, a leaf for every token, a void leaf for every one that finally failed.

A leaf is the type byte ‖ SHA-256("DZ1\\0" ‖ unsigned body) (contract, section 7); the tree is RFC 6962's.
"""

from __future__ import annotations

from sqlalchemy import select

from .documents.token import DOCUMENT_LEAF, VOID_LEAF, leaf_data
from .errors import Unavailable
from .merkle import Frontier, root_of
from .models import LogHead, LogLeaf
from .store import Work

__all__ = ["DOCUMENT_LEAF", "VOID_LEAF", "append", "gaps", "next_index", "recomputed_root", "root"]


def next_index(work: Work) -> int:
    """Lock the head and give the index the next leaf will have; call ``append`` in the same unit of work."""
    head = work.locked(LogHead, 1)
    if head is None:
        raise Unavailable("not_initialised", "数据库尚未初始化，请先运行 python -m dispatch init")
    return head.size


def append(work: Work, kind: int, body: bytes, document_id: str) -> int:
    """Append a leaf; returns its index."""
    index = next_index(work)
    work.add(
        LogLeaf(
            index=index, kind=kind, data=leaf_data(kind, body), document_id=document_id, added_at=work.now
        )
    )
    head = work.session.get_one(LogHead, 1)
    grown = _frontier(head).append(leaf_data(kind, body))
    head.size, head.frontier = grown.size, b"".join(grown.roots)
    return index


def _frontier(head: LogHead) -> Frontier:
    return Frontier(head.size, tuple(head.frontier[at : at + 32] for at in range(0, len(head.frontier), 32)))


def root(work: Work) -> tuple[int, bytes]:
    """Size and Merkle root as the head knows them."""
    head = work.session.get(LogHead, 1)
    frontier = _frontier(head) if head else Frontier()
    return frontier.size, frontier.root


def recomputed_root(work: Work) -> bytes:
    """The Merkle root over the leaves as they stand now."""
    return root_of(list(work.session.scalars(select(LogLeaf.data).order_by(LogLeaf.index))))


def gaps(work: Work) -> list[int]:
    """Indexes that should be there and are not, and the head's disagreement, if any."""
    present = list(work.session.scalars(select(LogLeaf.index).order_by(LogLeaf.index)))
    head = work.session.get(LogHead, 1)
    size = head.size if head else 0
    return sorted(set(range(max(size, len(present)))) ^ set(present))
