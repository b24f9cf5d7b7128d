"""What somebody types from a paper sheet: times as people write them, every fault by its field."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from dispatch.chronicle import PAPER_ACTS
from dispatch.consignments.fold import Event, fold
from dispatch.lifecycle import ConsignmentState
from dispatch.paper_rows import ACTS, Person, Row, read_row, read_time

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)  # three in the afternoon
DAY = date(2026, 11, 20)
PEOPLE = (Person("wang", False), Person("li", False), Person("zheng", True))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("9:05", time(9, 5)), ("09：05", time(9, 5)), ("９：０５", time(9, 5)), ("0905", time(9, 5)), (" 9 : 05 ", time(9, 5)),
        ("9时5分", time(9, 5)), ("9点05", time(9, 5)), ("9.05", time(9, 5)), ("23:59", time(23, 59)), ("0:00", time(0, 0)),
        ("", None), ("24:00", None), ("9:60", None), ("905", None), ("上午九点", None), ("9", None), ("9:05:01", None),
        ("-9:05", None), ("٣:٠٥", None), ("9" * 500, None),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, told: time | None) -> None:
    assert read_time(text) == told


def typed(**changes: str) -> dict[str, str]:
    plain = {"what": "3", "act": "pack", "time": "10:40", "done_by": "wang", "beside": "li"}
    return plain | changes


def test_a_row_is_read() -> None:
    row = read_row(typed(), 0, DAY, NOW, PEOPLE)
    assert row == Row(3, "", "pack", datetime(2026, 11, 20, 2, 40, tzinfo=UTC), "wang", "li", {})
    scanned = read_row(
        typed(what="330727202611010000001", act="collect", signer=" 周  小满 ", signer_kind="self"),
        0,
        DAY,
        NOW,
        PEOPLE,
    )
    assert isinstance(scanned, Row)
    assert (scanned.line, scanned.code, scanned.beside) == (0, "330727202611010000001", "")
    assert scanned.signer == {"kind": "self", "name": "周 小满"}
    carried = read_row(
        typed(act="deliver", done_by="zheng", signer="周小满", signer_kind="mailroom"), 0, DAY, NOW, PEOPLE
    )
    assert isinstance(carried, Row)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"what": "", "time": "x", "act": "", "done_by": ""}, {"what", "time", "act", "done_by"}),
        ({"what": "000"}, {"what"}), ({"time": "15:01"}, {"time"}), ({"done_by": "zheng"}, {"done_by"}),
        ({"beside": ""}, {"beside"}), ({"beside": "wang"}, {"beside"}), ({"beside": "zheng"}, {"beside"}),
        ({"act": "deliver"}, {"signer", "signer_kind"}),
        ({"act": "collect", "signer": "字" * 201, "signer_kind": "self"}, {"signer"}),
    ],
)  # fmt: skip
def test_every_fault_is_told_by_its_field(changes: dict[str, str], faults: set[str]) -> None:
    found = read_row(typed(**changes), 4, DAY, NOW, PEOPLE)
    assert isinstance(found, list)
    assert {fault.pointer for fault in found} == {f"/rows/4/{name}" for name in faults}
    assert all(fault.detail.endswith("。") for fault in found)


def test_three_o_clock_has_come_at_three() -> None:
    assert isinstance(read_row(typed(time="15:00"), 0, DAY, NOW, PEOPLE), Row)


def test_history_has_the_words_of_every_act() -> None:
    assert {key: act.word for key, act in ACTS.items()} == dict(PAPER_ACTS)


def test_what_is_on_paper_comes_before_a_scan_of_the_same_moment() -> None:
    events = [Event("b", "arrive", NOW, "carrier"), Event("z", "hand_over", NOW, "paper")]
    folded = fold(ConsignmentState.PACKED, events)
    assert (folded.state, folded.unplaced) == (ConsignmentState.IN_TRANSIT, ())
