"""Every state that the lifecycles know has its own word, icon and tone; nothing unknown sounds reassuring."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dispatch.lifecycle import CaseState, ConsignmentState, DocumentState, ScanAction
from dispatch.web import words

STATIC = Path(words.__file__).parent / "static"
SYMBOLS = set(re.findall(r'<symbol id="([a-z]+)"', (STATIC / "icons.svg").read_text("utf-8")))


@pytest.mark.parametrize(
    ("noun", "states"),
    [("case", CaseState), ("document", [*DocumentState, "expired"]), ("consignment", ConsignmentState)],
)
def test_every_state_has_a_word_of_its_own(noun: str, states: list[str]) -> None:
    found = [words.word(noun, state) for state in states]
    assert words.UNKNOWN not in found
    assert len({w.text for w in found}) == len(found)


@pytest.mark.parametrize("action", ScanAction)
def test_every_scan_action_has_a_word(action: ScanAction) -> None:
    assert action in words.SCAN_ACTIONS


def test_icons_and_tones_exist() -> None:
    used = [w for t in (words.CASE, words.DOCUMENT, words.CONSIGNMENT, words.INBOUND) for w in t.values()]
    assert {w.icon for w in used} <= SYMBOLS
    assert {w.tone for w in used} <= {"ok", "bad", "wait", "info", "mute"}
    assert {v.icon for v in words.VERDICTS.values()} <= SYMBOLS


@pytest.mark.parametrize("state", ["", "在途", "DELIVERED", None, 7])
def test_unknown_state_is_said_to_be_unknown(state: object) -> None:
    assert words.word("consignment", state) is words.UNKNOWN


def test_glossary_words() -> None:
    assert words.word("case", "ready").text == "待出件"
    assert words.word("consignment", "to_verify").text == "签收待核实"
    assert words.word("document", "suspended").text == "冻结核查"
    assert words.word("consignment", "booking_unknown").text == "下单结果待查"


def test_no_verdict_but_two_says_failed() -> None:
    failed = {s for s, v in words.VERDICTS.items() if "核验不通过" in v.head}
    assert failed == {"bad_signature", "log_mismatch"}
    assert not any("伪造" in v.head + v.means.replace("不等于伪造", "") for v in words.VERDICTS.values())


def test_a_status_from_tomorrow_is_no_forgery() -> None:
    assert words.verdict("something_new").tone == "wait"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("331127202610267000001", ["331127", "20261026", "7000001"]),
        ("19000009551", ["190", "0000", "9551"]),
        ("EA123456789ZZ", ["EA", "1234", "5678", "9", "ZZ"]),
        ("ZD0000000000017", ["ZD", "0000", "0000", "0001", "7"]),
        ("ABCDEFGHIJKLMNOP", ["ABCD", "EFGH", "IJKL", "MNOP"]),
    ],
)
def test_numbers_are_grouped_and_copy_without_blanks(text: str, groups: list[str]) -> None:
    html = str(words.grouped(text))
    assert re.findall(r"<span>([^<]+)</span>", html) == groups
    assert re.sub(r"<[^>]+>", "", html) == text


@pytest.mark.parametrize("text", ["<b>", "138****5678", "磐市监名〔2026〕1号", ""])
def test_other_texts_are_escaped_and_left_whole(text: str) -> None:
    html = str(words.grouped(text))
    assert "<b>" not in html and "span" not in html


def test_days_are_those_of_shanghai() -> None:
    late = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert words.day(late) == "11月25日"
    assert words.when(late) == "11月25日 01:30"
    assert words.when("2026-11-24T17:30:00Z") == "11月25日 01:30"
    assert words.day(date(2026, 11, 2), year=True) == "2026年11月2日"
    assert words.day("2026-11-02") == "11月2日"
    assert words.day(None) == words.when(None) == ""
