"""The state of an envelope as a conclusion: a fold over everything that was reported about it. Pure.

Events are judged in the order (corrected time, source rank, action, event id), each at its place, so any order of
arrival comes to the same state (contract, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ..lifecycle import ConsignmentState, ScanAction, after_scan

__all__ = [
    "ACTIONS",
    "BY_LIST",
    "BY_PAPER",
    "CONFIRM",
    "RANKS",
    "REVERSE",
    "Event",
    "Folded",
    "Judgement",
    "fold",
]

_K = ConsignmentState

#: Not scans: a clerk has checked who signed; a carrier took its "delivered" back (妥投撤销).
CONFIRM: Final = "confirm_delivery"
REVERSE: Final = "reverse_delivery"
ACTIONS: Final = (*(str(action) for action in ScanAction), CONFIRM, REVERSE)

#: Source of the hand-over that a signed list stands for.
BY_LIST: Final = "list"
#: Of a sheet of paper, typed in afterwards.
BY_PAPER: Final = "paper"
#: Of two reports of the same moment the later rank is judged last: who stood nearest to the envelope. A time written by
#: hand is the beginning of its minute, so whatever else is of that moment comes after it.
RANKS: Final[Mapping[str, int]] = MappingProxyType(
    {BY_PAPER: -1, "carrier": 0, "api": 1, "courier": 2, "agent": 3, BY_LIST: 4, "window": 5}
)

_PLACE = {action: place for place, action in enumerate(ACTIONS)}


@dataclass(frozen=True)
class Event:
    """One report. ``key`` is unique and given by who reported, so that it does not depend on the order of arrival."""

    key: str
    action: str
    at: datetime
    source: str
    signer_allowed: bool = True

    @property
    def order(self) -> tuple[datetime, int, int, str]:
        return (self.at, RANKS[self.source], _PLACE[self.action], self.key)


@dataclass(frozen=True)
class Judgement:
    """What one event came to: the state after it, whether it moved, whether it was legal at its place."""

    state: ConsignmentState
    moved: bool
    legal: bool


@dataclass(frozen=True)
class Folded:
    """The conclusion. ``since`` and ``last``: time and key of the last event that moved, None where none did."""

    state: ConsignmentState
    since: datetime | None
    last: str | None
    delivered_at: datetime | None
    handed_over_at: datetime | None
    judgements: Mapping[str, Judgement]

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Keys of events that made no legal move where they stand."""
        return tuple(key for key, judged in self.judgements.items() if not judged.legal)


@dataclass
class _Road:
    """Where the fold is."""

    state: ConsignmentState
    since: datetime | None = None
    last: str | None = None
    delivered_at: datetime | None = None
    handed_over_at: datetime | None = None
    handed_by_list: bool | None = None
    confirmed_twice: bool = False
    judgements: dict[str, Judgement] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        new = _after(self.state, event)
        if new is None:
            self.judgements[event.key] = Judgement(
                self.state, moved=False, legal=self._second_hand_over(event)
            )
            return
        if event.action == ScanAction.HAND_OVER:
            self.handed_over_at, self.handed_by_list = event.at, event.source == BY_LIST
        self.delivered_at = event.at if new is _K.DELIVERED else None
        self.state, self.since, self.last = new, event.at, event.key
        self.judgements[event.key] = Judgement(new, moved=True, legal=True)

    def _second_hand_over(self, event: Event) -> bool:
        """Scan and signed list both say the hand-over; the second one moves nothing and is right all the same."""
        other = self.handed_by_list is not None and self.handed_by_list != (event.source == BY_LIST)
        if event.action != ScanAction.HAND_OVER or not other or self.confirmed_twice:
            return False
        self.confirmed_twice = True
        return True


def fold(base: ConsignmentState, events: Iterable[Event]) -> Folded:
    """The conclusion from ``base``, the window's own state, and all events, whatever order they come in."""
    road = _Road(base)
    for event in sorted(events, key=lambda each: each.order):
        road.take(event)
    return Folded(
        road.state,
        road.since,
        road.last,
        road.delivered_at,
        road.handed_over_at,
        MappingProxyType(road.judgements),
    )


def _after(state: ConsignmentState, event: Event) -> ConsignmentState | None:
    if event.action == CONFIRM:
        return _K.DELIVERED if state is _K.TO_VERIFY else None
    if event.action == REVERSE:
        return _K.IN_TRANSIT if state in (_K.DELIVERED, _K.TO_VERIFY) else None
    return after_scan(state, ScanAction(event.action), signer_allowed=event.signer_allowed)
