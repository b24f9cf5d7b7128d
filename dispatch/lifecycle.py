"""The state machines, as tables of legal moves. Pure: no database, no clock.

Two machines matter and are kept apart: a *document* is valid or not; a *consignment* is somewhere.
A delivered document can be revoked, a lost envelope leaves its documents valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from .errors import RuleViolation

__all__ = [
    "AFTER_HAND_OVER",
    "BEFORE_HAND_OVER",
    "CASE_MOVES",
    "CONSIGNMENT_MOVES",
    "DOCUMENT_MOVES",
    "METHODS",
    "SCAN_MOVES",
    "CaseState",
    "ConsignmentState",
    "DocumentState",
    "ScanAction",
    "after_scan",
    "check_move",
]


#: how papers reach their recipient, in the words that screens and files share
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "express": "政务专递",
        "door": "送证上门",
        "point": "代办点",
        "counter": "窗口自取",
        "on_the_spot": "当场领取",
        "electronic": "电子送达",
    }
)


class CaseState(StrEnum):
    """A case: completed approval as it came in, until every envelope is settled."""

    READY = "ready"
    ISSUED = "issued"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class DocumentState(StrEnum):
    """Validity of a document. ``expired`` is worked out from the date and never stored."""

    DRAFT = "draft"
    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    BLOCKED = "blocked"
    VOID = "void"


class ConsignmentState(StrEnum):
    """Journey of an envelope going out."""

    PLANNED = "planned"
    BOOKING = "booking"
    BOOKING_UNKNOWN = "booking_unknown"
    BOOKING_REJECTED = "booking_rejected"
    LABELLED = "labelled"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    READY_FOR_COLLECTION = "ready_for_collection"
    HELD = "held"
    TO_VERIFY = "to_verify"
    DELIVERED = "delivered"
    RETURNING = "returning"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"


class ScanAction(StrEnum):
    """What a scan says happened, in the order that breaks ties of time (contract, section 5)."""

    HAND_OVER = "hand_over"
    DEPART = "depart"
    ARRIVE = "arrive"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    READY_FOR_COLLECTION = "ready_for_collection"
    DELIVER = "deliver"
    RETURN_START = "return_start"
    RETURN_ARRIVE = "return_arrive"
    HOLD = "hold"
    DAMAGE = "damage"
    LOSE = "lose"


_C, _D, _K, _A = CaseState, DocumentState, ConsignmentState, ScanAction

CASE_MOVES: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType(
    {
        _C.READY: frozenset({_C.ISSUED, _C.CANCELLED}),
        _C.ISSUED: frozenset(
            {_C.CLOSED, _C.CANCELLED, _C.READY}
        ),  # back to ready: issuing taken back within a minute
        _C.CLOSED: frozenset({_C.ISSUED}),  # a delivery taken back reopens the case
        _C.CANCELLED: frozenset(),
    }
)

DOCUMENT_MOVES: Mapping[DocumentState, frozenset[DocumentState]] = MappingProxyType(
    {
        _D.DRAFT: frozenset({_D.VALID, _D.BLOCKED, _D.VOID}),
        _D.BLOCKED: frozenset({_D.DRAFT, _D.VOID}),
        _D.VALID: frozenset({_D.SUSPENDED, _D.REVOKED, _D.SUPERSEDED, _D.VOID}),
        _D.SUSPENDED: frozenset({_D.VALID, _D.REVOKED, _D.SUPERSEDED, _D.VOID}),
        _D.REVOKED: frozenset(),
        _D.SUPERSEDED: frozenset(),
        _D.VOID: frozenset(),
    }
)

BEFORE_HAND_OVER = frozenset(
    {_K.PLANNED, _K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED, _K.LABELLED, _K.PACKED}
)
_ON_THE_ROAD = frozenset(
    {_K.HANDED_OVER, _K.IN_TRANSIT, _K.OUT_FOR_DELIVERY, _K.ATTEMPT_FAILED, _K.READY_FOR_COLLECTION, _K.HELD}
)
_OPEN = _ON_THE_ROAD | {_K.PACKED, _K.LABELLED, _K.RETURNING, _K.TO_VERIFY}
AFTER_HAND_OVER = frozenset(_K) - BEFORE_HAND_OVER - {_K.CANCELLED}

CONSIGNMENT_MOVES: Mapping[ConsignmentState, frozenset[ConsignmentState]] = MappingProxyType(
    {
        _K.PLANNED: frozenset({_K.BOOKING, _K.READY_FOR_COLLECTION, _K.CANCELLED}),
        _K.BOOKING: frozenset({_K.LABELLED, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED, _K.CANCELLED}),
        _K.BOOKING_UNKNOWN: frozenset({_K.BOOKING, _K.LABELLED, _K.BOOKING_REJECTED, _K.CANCELLED}),
        _K.BOOKING_REJECTED: frozenset({_K.BOOKING, _K.CANCELLED}),
        # A further document that joins an open envelope needs no new label; a changed delivery plans it anew.
        _K.LABELLED: frozenset({_K.PACKED, _K.PLANNED, _K.CANCELLED}),
        _K.PACKED: frozenset({_K.LABELLED, _K.CANCELLED}),
        _K.READY_FOR_COLLECTION: frozenset({_K.CANCELLED}),
    }
)


def _from(
    states: frozenset[ConsignmentState], to: ConsignmentState
) -> dict[ConsignmentState, ConsignmentState]:
    return dict.fromkeys(states, to)


# A scan's move depends on its signer policy only for ``deliver`` (see ``after_scan``).
SCAN_MOVES: Mapping[ScanAction, Mapping[ConsignmentState, ConsignmentState]] = MappingProxyType(
    {
        _A.HAND_OVER: {_K.PACKED: _K.HANDED_OVER},
        _A.DEPART: _from(_ON_THE_ROAD, _K.IN_TRANSIT),
        _A.ARRIVE: _from(_ON_THE_ROAD, _K.IN_TRANSIT),
        _A.OUT_FOR_DELIVERY: _from(_ON_THE_ROAD, _K.OUT_FOR_DELIVERY),
        _A.ATTEMPT_FAILED: _from(frozenset({_K.IN_TRANSIT, _K.OUT_FOR_DELIVERY}), _K.ATTEMPT_FAILED),
        _A.READY_FOR_COLLECTION: _from(_ON_THE_ROAD, _K.READY_FOR_COLLECTION),
        _A.DELIVER: _from(_ON_THE_ROAD, _K.DELIVERED),
        _A.RETURN_START: _from(_ON_THE_ROAD | {_K.TO_VERIFY}, _K.RETURNING),
        _A.RETURN_ARRIVE: _from(_ON_THE_ROAD | {_K.RETURNING, _K.TO_VERIFY}, _K.RETURNED),
        _A.HOLD: _from(_ON_THE_ROAD, _K.HELD),
        _A.DAMAGE: _from(_OPEN, _K.DAMAGED),
        _A.LOSE: _from(_OPEN | {_K.DAMAGED}, _K.LOST),
    }
)


def check_move(what: str, table: Mapping[StrEnum, frozenset[StrEnum]], old: StrEnum, new: StrEnum) -> None:
    """Raise ``RuleViolation('illegal_move')`` unless ``table`` allows ``old`` → ``new``."""
    if new not in table.get(old, frozenset()):
        raise RuleViolation("illegal_move", f"现在不能这样做：{what}不能从“{old}”变为“{new}”。")


def after_scan(
    state: ConsignmentState, action: ScanAction, *, signer_allowed: bool = True
) -> ConsignmentState | None:
    """The state after a scan, or None where the scan makes no legal move now.

    ``signer_allowed``: whether the signer policy of every document inside allows who signed; a delivery
    signed by somebody else becomes ``to_verify`` (contract, section 5).
    """
    new = SCAN_MOVES[action].get(state)
    if new is ConsignmentState.DELIVERED and not signer_allowed:
        return ConsignmentState.TO_VERIFY
    return new
