"""The tables of moves: every pair of states judged, nothing unreachable."""

from __future__ import annotations

from itertools import product

import pytest

from dispatch.errors import RuleViolation
from dispatch.lifecycle import (
    CASE_MOVES,
    CONSIGNMENT_MOVES,
    DOCUMENT_MOVES,
    SCAN_MOVES,
    CaseState,
    ConsignmentState,
    DocumentState,
    ScanAction,
    after_scan,
    check_move,
)

K, A = ConsignmentState, ScanAction


@pytest.mark.parametrize(("states", "table"), [(CaseState, CASE_MOVES), (DocumentState, DOCUMENT_MOVES)])
def test_every_pair_is_allowed_or_refused(states, table) -> None:
    for old, new in product(states, states):
        if new in table.get(old, ()):
            check_move("它", table, old, new)
        else:
            with pytest.raises(RuleViolation, match="illegal_move"):
                check_move("它", table, old, new)


def test_ended_documents_never_come_back() -> None:
    for state in (DocumentState.REVOKED, DocumentState.SUPERSEDED, DocumentState.VOID):
        assert not DOCUMENT_MOVES[state]


def test_every_consignment_state_is_reachable() -> None:
    reached = {K.PLANNED}
    while True:
        more = {n for s in reached for n in CONSIGNMENT_MOVES.get(s, ())}
        more |= {t for action in SCAN_MOVES.values() for f, t in action.items() if f in reached}
        if K.DELIVERED in more:
            more.add(K.TO_VERIFY)
        if more <= reached:
            break
        reached |= more
    assert reached == set(K)


ROAD = (K.HANDED_OVER, K.IN_TRANSIT, K.OUT_FOR_DELIVERY, K.ATTEMPT_FAILED, K.READY_FOR_COLLECTION, K.HELD)


@pytest.mark.parametrize(
    ("action", "allowed", "to"),
    [
        (A.HAND_OVER, (K.PACKED,), K.HANDED_OVER),
        (A.DEPART, ROAD, K.IN_TRANSIT),
        (A.ARRIVE, ROAD, K.IN_TRANSIT),
        (A.OUT_FOR_DELIVERY, ROAD, K.OUT_FOR_DELIVERY),
        (A.ATTEMPT_FAILED, (K.IN_TRANSIT, K.OUT_FOR_DELIVERY), K.ATTEMPT_FAILED),
        (A.READY_FOR_COLLECTION, ROAD, K.READY_FOR_COLLECTION),
        (A.DELIVER, ROAD, K.DELIVERED),
        (A.HOLD, ROAD, K.HELD),
    ],
)
def test_scans_move_only_from_the_contract_s_states(action, allowed, to) -> None:
    for state in K:
        assert after_scan(state, action) == (to if state in allowed else None)


def test_a_delivery_signed_by_somebody_else_waits_for_verification() -> None:
    assert after_scan(K.OUT_FOR_DELIVERY, A.DELIVER, signer_allowed=False) == K.TO_VERIFY
    assert after_scan(K.PACKED, A.DELIVER, signer_allowed=False) is None


def test_loss_and_damage_from_any_open_state_never_after_delivery() -> None:
    for action in (A.LOSE, A.DAMAGE):
        assert after_scan(K.IN_TRANSIT, action) is not None
        assert after_scan(K.RETURNING, action) is not None
        assert after_scan(K.DELIVERED, action) is None
