"""The Merkle tree of RFC 6962, section 2: root, frontier, inclusion and consistency proofs. Pure.

Leaves are given as the entries' data; ``leaf_hash`` and ``node_hash`` keep the two domains apart. Proofs are
lists of 32-byte hashes, from the leaf's level upwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "root_of_hashes",
    "verify_consistency",
    "verify_inclusion",
]

#: the root of no leaves: SHA-256 of nothing
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the full subtrees of a growing tree, the largest first: all that appending needs."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def append(self, data: bytes) -> Frontier:
        """The frontier with one more leaf."""
        return self.append_hash(leaf_hash(data))

    def append_hash(self, hashed: bytes) -> Frontier:
        """As ``append``, for a leaf hash already computed."""
        roots, size = list(self.roots), self.size
        while size & 1:
            hashed = node_hash(roots.pop(), hashed)
            size >>= 1
        return Frontier(self.size + 1, (*roots, hashed))

    @property
    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.roots:
            return EMPTY_ROOT
        found = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            found = node_hash(left, found)
        return found


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root over the entries' data, in order."""
    return root_of_hashes([leaf_hash(data) for data in leaves])


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes. Level by level: a last node without a neighbour rises as it is."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) & 1:
            above.append(level[-1])
        level = above
    return level[0]


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree over these leaf hashes (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(hashes):
        raise ValueError("no such leaf")
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*inclusion_proof(hashes[:split], index), root_of_hashes(hashes[split:])]
    return [*inclusion_proof(hashes[split:], index - split), root_of_hashes(hashes[:split])]


def verify_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows leaf hash ``hashed`` at ``index`` of the tree with this size and root (RFC
    9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, hashed
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(step, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, step)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Shows that the tree over the first ``old_size`` leaf hashes is the beginning of this one (RFC 6962,
    2.1.2)."""
    if not 0 <= old_size <= len(hashes):
        raise ValueError("no such size")
    if old_size in (0, len(hashes)):
        return []
    return _subproof(hashes, old_size, whole=True)


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows the old tree to be the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if old_size == new_size:
        return old_root == new_root and not proof
    if old_size == 0:
        return old_root == EMPTY_ROOT and not proof
    if not 0 < old_size < new_size or not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # a full tree: its root is the first hash, and not repeated
        path.insert(0, old_root)
    here, last = old_size - 1, new_size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, step)
        here, last = here >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(hashes: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(hashes):
        return [] if whole else [root_of_hashes(hashes)]
    split = _split(len(hashes))
    if old_size <= split:
        return [*_subproof(hashes[:split], old_size, whole=whole), root_of_hashes(hashes[split:])]
    return [*_subproof(hashes[split:], old_size - split, whole=False), root_of_hashes(hashes[:split])]
