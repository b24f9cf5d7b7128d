"""The append-only log: dense indexes, a leaf for every token, a void leaf for every one that finally failed.

A leaf is the type byte ‖ SHA-256("DZ1\\0" ‖ unsigned body) (contract, section 7); the tree is RFC 6962's.
"""

from __future__ import annotations

from sqlalchemy import select

from .documents.token import DOCUMENT_LEAF, VOID_LEAF, leaf_data
from .errors import Unavailable
from .merkle import root_of
from .models import LogHead, LogLeaf
from .store import Work

__all__ = ["DOCUMENT_LEAF", "VOID_LEAF", "append", "gaps", "next_index", "root"]

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
        LogLeaf(index=index, kind=kind, data=leaf_data(kind, body), document_id=document_id, added_at=work.now)
    )
    work.session.get_one(LogHead, 1).size = index + 1
    return index


def root(work: Work) -> tuple[int, bytes]:
    """Size and Merkle root over all leaves."""
    leaves = list(work.session.scalars(select(LogLeaf.data).order_by(LogLeaf.index)))
    return len(leaves), root_of(leaves)


def gaps(work: Work) -> list[int]:
    """Indexes that should be there and are not, and the head's disagreement, if any."""
    present = list(work.session.scalars(select(LogLeaf.index).order_by(LogLeaf.index)))
    head = work.session.get(LogHead, 1)
    size = head.size if head else 0
    return sorted(set(range(max(size, len(present)))) ^ set(present))
