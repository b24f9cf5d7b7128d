"""The Merkle tree against RFC 6962's recursive definition, written out here a second time."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    root_of_hashes,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = st.lists(st.binary(max_size=40), max_size=70)


def naive(entries: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 6962, 2.1, says it."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(entries[:k]) + naive(entries[k:])).digest()


def hashes(entries: list[bytes]) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries]


def test_known_roots_of_the_rfc_test_vector() -> None:
    """Inputs and roots of the test tree that the certificate transparency logs share."""
    inputs = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    assert root_of(inputs).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(inputs[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of([]) == EMPTY_ROOT


@given(ENTRIES)
def test_root_and_frontier_agree_with_the_definition(entries: list[bytes]) -> None:
    frontier = Frontier()
    for entry in entries:
        frontier = frontier.append(entry)
    assert root_of(entries) == frontier.root == naive(entries)
    assert frontier.size == len(entries)


@given(ENTRIES, st.data())
def test_inclusion(entries: list[bytes], data: st.DataObject) -> None:
    entries = [*entries, b"at least one"]
    index = data.draw(st.integers(0, len(entries) - 1))
    proof, root, leaves = inclusion_proof(hashes(entries), index), naive(entries), hashes(entries)
    assert verify_inclusion(leaves[index], index, len(entries), proof, root)
    assert not verify_inclusion(
        leaf_hash(b"another entry, longer than any drawn, so that none is the same"),
        index,
        len(entries),
        proof,
        root,
    )
    assert not verify_inclusion(leaves[index], index, len(entries), [*proof, root], root)
    if proof:
        assert not verify_inclusion(leaves[index], index, len(entries), proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert not verify_inclusion(leaves[index], index, len(entries), bent, root)


@given(st.integers(0, 60), st.integers(0, 60))
def test_consistency(one: int, two: int) -> None:
    old, new = sorted((one, two))
    leaves = [leaf_hash(bytes([number])) for number in range(new)]
    proof = consistency_proof(leaves, old)
    roots = root_of_hashes(leaves[:old]), root_of_hashes(leaves)
    assert verify_consistency(old, new, *roots, proof)
    assert not verify_consistency(old, new, *roots, [*proof, bytes(32)])
    if old != new:
        assert not verify_consistency(old, new, bytes(32), roots[1], proof)
    if proof:
        assert not verify_consistency(old, new, roots[0], roots[1], proof[:-1])
        assert not verify_consistency(old, new, roots[0], roots[1], [bytes(32), *proof[1:]])


def test_a_rewritten_leaf_is_not_consistent() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(13)]
    changed = [*leaves[:4], leaf_hash(b"rewritten"), *leaves[5:]]
    proof = consistency_proof(changed, 9)
    assert not verify_consistency(9, 13, root_of_hashes(leaves[:9]), root_of_hashes(changed), proof)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof([], 0)
    with pytest.raises(ValueError, match="no such size"):
        consistency_proof([bytes(32)], 2)
    assert not verify_inclusion(bytes(32), 3, 3, [], bytes(32))
    assert not verify_consistency(5, 3, bytes(32), bytes(32), [bytes(32)])
    assert not verify_consistency(0, 3, bytes(32), bytes(32), [])
