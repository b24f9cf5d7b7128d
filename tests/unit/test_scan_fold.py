"""The fold: any order of arrival comes to the same conclusion, each report judged at its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.consignments.fold import ACTIONS, BY_LIST, CONFIRM, RANKS, REVERSE, Event, fold
from dispatch.consignments.signers import KINDS, code_right, may_sign, strictest
from dispatch.lifecycle import SCAN_MOVES, ConsignmentState, ScanAction

K = ConsignmentState
T0 = datetime(2026, 11, 16, tzinfo=UTC)


def event(key: str, action: str, minute: int, source: str = "api", *, allowed: bool = True) -> Event:
    return Event(key, action, T0 + timedelta(minutes=minute), source, allowed)


def states(*events: Event, base: ConsignmentState = K.PACKED) -> ConsignmentState:
    return fold(base, events).state


# Few moments and few keys on purpose: ties are what goes wrong.
any_event = st.builds(
    event,
    st.uuids().map(str),
    st.sampled_from(ACTIONS),
    st.integers(0, 4),
    st.sampled_from(sorted(RANKS)),
    allowed=st.booleans(),
)
some_events = st.lists(any_event, max_size=12, unique_by=lambda one: one.key)


@given(
    some_events.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))),
    st.sampled_from(list(K)),
)
def test_any_order_of_arrival_comes_to_the_same(
    pair: tuple[list[Event], list[Event]], base: ConsignmentState
) -> None:
    first, second = pair
    assert fold(base, first) == fold(base, second)


@given(some_events, st.sampled_from(list(K)))
def test_only_legal_moves_are_made(events: list[Event], base: ConsignmentState) -> None:
    found = fold(base, events)
    assert set(found.judgements) == {one.key for one in events}
    state = base
    for one in sorted(events, key=lambda each: each.order):
        judged = found.judgements[one.key]
        if judged.moved and one.action in set(ScanAction):
            assert state in SCAN_MOVES[ScanAction(one.action)]
        if not judged.moved:
            assert judged.state is state
        state = judged.state
    assert found.state is state
    assert (found.delivered_at is not None) <= (K.DELIVERED in {j.state for j in found.judgements.values()})


@given(some_events)
def test_an_event_more_changes_nothing_before_its_place(events: list[Event]) -> None:
    late = event("late", "lose", 99)
    before, after = fold(K.PACKED, events), fold(K.PACKED, [*events, late])
    assert all(after.judgements[key] == judged for key, judged in before.judgements.items())


def test_the_usual_way() -> None:
    found = fold(
        K.PACKED,
        [
            event("a", "hand_over", 0), event("b", "depart", 1), event("c", "arrive", 2),
            event("d", "out_for_delivery", 3), event("e", "deliver", 4),
        ],
    )  # fmt: skip
    assert found.state is K.DELIVERED
    assert found.delivered_at == T0 + timedelta(minutes=4)
    assert found.handed_over_at == T0
    assert found.last == "e"
    assert found.unplaced == ()


def test_a_late_report_is_judged_at_its_place() -> None:
    delivered = [event("a", "hand_over", 0), event("d", "out_for_delivery", 3), event("e", "deliver", 4)]
    late = fold(K.PACKED, [*delivered, event("c", "attempt_failed", 2)])
    assert late.state is K.DELIVERED
    assert late.unplaced == ("c",)  # two minutes in it was only handed over
    later = fold(K.PACKED, [*delivered, event("b", "arrive", 1), event("c", "attempt_failed", 2)])
    assert later.unplaced == ()


def test_a_missing_hand_over_stops_the_road_until_it_comes() -> None:
    events = [event("b", "depart", 1), event("e", "deliver", 4)]
    assert fold(K.PACKED, events).unplaced == ("b", "e")
    assert states(*events, event("a", "hand_over", 0)) is K.DELIVERED


def test_ties_go_by_rank_then_action_then_key() -> None:
    hand = event("a", "hand_over", 0)
    assert states(hand, event("z", "hold", 1, "carrier"), event("b", "arrive", 1, "window")) is K.IN_TRANSIT
    assert states(hand, event("z", "hold", 1), event("b", "arrive", 1)) is K.HELD
    twice = fold(K.PACKED, [event("y", "hand_over", 0), event("x", "hand_over", 0)])
    assert twice.unplaced == ("y",)


def test_deliver_by_whom_the_policy_does_not_allow_waits_for_a_check() -> None:
    road = [event("a", "hand_over", 0), event("b", "deliver", 1, allowed=False)]
    assert states(*road) is K.TO_VERIFY
    assert fold(K.PACKED, road).delivered_at is None
    assert states(*road, event("c", CONFIRM, 2, "window")) is K.DELIVERED
    assert states(*road, event("c", "return_start", 2)) is K.RETURNING


def test_a_carrier_takes_a_delivery_back() -> None:
    road = [event("a", "hand_over", 0), event("b", "deliver", 1), event("c", REVERSE, 2, "carrier")]
    found = fold(K.PACKED, road)
    assert found.state is K.IN_TRANSIT
    assert found.delivered_at is None
    assert states(*road, event("d", "deliver", 3)) is K.DELIVERED


def test_scan_and_signed_list_are_one_hand_over() -> None:
    scan, signed = event("a", "hand_over", 0), event("b", "hand_over", 5, BY_LIST)
    for events in ([scan, signed], [scan, event("x", "depart", 1), signed]):
        found = fold(K.PACKED, events)
        assert found.unplaced == ()
        assert not found.judgements["b"].moved
    third = fold(K.PACKED, [scan, signed, event("c", "hand_over", 6)])
    assert third.unplaced == ("c",)
    two_scans = fold(K.PACKED, [scan, event("c", "hand_over", 6)])
    assert two_scans.unplaced == ("c",)


@pytest.mark.parametrize("action", list(ScanAction))
def test_nothing_moves_what_is_delivered(action: ScanAction) -> None:
    road = [event("a", "hand_over", 0), event("b", "deliver", 1)]
    assert fold(K.PACKED, [*road, event("c", str(action), 2)]).unplaced == ("c",)


def test_at_the_counter_collection_is_a_delivery() -> None:
    assert states(event("a", "deliver", 0, "window"), base=K.READY_FOR_COLLECTION) is K.DELIVERED
    assert fold(K.READY_FOR_COLLECTION, [event("a", "hand_over", 0)]).unplaced == ("a",)


# -- who may sign ------------------------------------------------------------------------------------------------
def test_the_strictest_policy_counts() -> None:
    assert strictest(["any", "self", "authorized"]) == "self"
    assert strictest(["any", "authorized"]) == "authorized"
    assert strictest(["any"]) == "any"
    assert strictest([]) == "authorized"


@pytest.mark.parametrize(
    ("policy", "organization", "allowed"),
    [
        ("self", False, {"self"}),
        ("self", True, {"self", "mailroom"}),
        ("authorized", False, {"self", "household_adult", "representative", "designated", "mailroom"}),
        ("authorized", True, {"self", "household_adult", "representative", "designated", "mailroom"}),
        ("any", False, set(KINDS)),
        ("any", True, set(KINDS)),
    ],
)
def test_who_may_sign(policy, organization, allowed) -> None:
    assert {kind for kind in KINDS if may_sign(policy, kind, "", organization=organization)} == allowed


def test_a_representative_who_is_the_legal_head_signs_for_his_organization() -> None:
    assert may_sign("self", "representative", "法定代表人", organization=True)
    assert not may_sign("self", "representative", "法定代表人", organization=False)
    assert not may_sign("self", "representative", "同事", organization=True)
    assert not may_sign("any", "neighbour", "", organization=False)


def test_the_delivery_code() -> None:
    assert code_right("012345", " 012345 ")
    assert not code_right("012345", "12345")
    assert not code_right("012345", "")
    assert not code_right("012345", "\ud800")
