"""Terms that run from service, and what each way of service must be proven by."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.calendar import WorkingCalendar
from dispatch.service.methods import METHODS, check
from dispatch.service.terms import Span, notice_served_on, read_span, terms_of

pytestmark = pytest.mark.unit
CALENDAR = WorkingCalendar()
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("自收到本决定书之日起六十日内", Span(60, "day")),
        ("自收到本决定书之日起六个月内", Span(6, "month")),
        ("15日", Span(15, "day")),
        ("十五个工作日内", Span(15, "working_day")),
        ("一百二十天", Span(120, "day")),
        ("十日", Span(10, "day")),
        ("二十日", Span(20, "day")),
        ("两个月", Span(2, "month")),
        ("一年内", Span(12, "month")),
        ("", None),
        ("依法", None),
        ("零日", None),
        ("9999日", Span(999, "day")),
    ],
)
def test_terms_as_departments_write_them(text: str, span: Span | None) -> None:
    assert read_span(text) == span


def test_sixty_days_and_six_months_by_law_without_the_day_of_service() -> None:
    terms = terms_of(date(2026, 3, 3), {}, CALENDAR)
    assert terms.review_until == date(2026, 5, 6)  # the sixtieth day, 2 May, is a holiday; 6 May is worked
    assert terms.suit_until == date(2026, 9, 3)


def test_the_end_of_a_shorter_month_and_a_weekend() -> None:
    terms = terms_of(date(2026, 8, 31), {}, CALENDAR)
    assert terms.suit_until == date(2027, 3, 1)  # 28 February 2027 is a Sunday
    assert terms.provisional  # nobody has published the days of 2027 yet


def test_the_documents_own_terms_count_before_the_laws() -> None:
    fields = {"复议期限": "自收到之日起三十日内", "诉讼期限": "自收到之日起三个月内"}
    terms = terms_of(date(2026, 3, 3), fields, CALENDAR)
    assert (terms.review_until, terms.suit_until) == (date(2026, 4, 2), date(2026, 6, 3))


def test_a_public_notice_counts_thirty_days_later() -> None:
    assert notice_served_on(date(2026, 11, 1)) == date(2026, 12, 1)


FULL = {
    "direct": {"signer": "周小满", "relation": "本人"},
    "left": {"reason": "拒绝签收", "witnesses": "村委会 李明"},
    "post": {"signer": "周小满", "waybill": "EZ000000014ZZ"},
    "through": {"unit": "磐安县第一中学", "signer": "周小满"},
    "public_notice": {"reason": "受送达人下落不明", "text": "本机关依法公告送达……", "place": "县政府网站"},
    "electronic": {"system": "13800138000", "form_no": "DZ001"},
}
PICTURES = {"direct": {"receipt"}, "left": {"receipt"}, "through": {"receipt"}, "public_notice": {"photo"}}


def pointers(typed: dict[str, str], pictures: set[str], *, consented: bool = False) -> set[str]:
    entry, faults = check(typed, pictures, consented=consented, today=TODAY)
    assert (entry is None) == bool(faults)
    return {fault.pointer for fault in faults}


@pytest.mark.parametrize("method", METHODS)
def test_with_its_evidence_every_way_is_taken(method: str) -> None:
    typed = {"method": method, "date": "2026-11-20"} | FULL[method]
    entry, faults = check(typed, PICTURES.get(method, set()), consented=False, today=TODAY)
    assert faults == []
    assert entry is not None
    assert entry.served_on == (date(2026, 12, 20) if method == "public_notice" else date(2026, 11, 20))


@pytest.mark.parametrize("method", METHODS)
def test_every_piece_left_out_is_named(method: str) -> None:
    for name in FULL[method]:
        typed = {"method": method, "date": "2026-11-20"} | FULL[method] | {name: " "}
        assert pointers(typed, PICTURES.get(method, set())) == {f"/{name}"}
    if method in PICTURES:
        typed = {"method": method, "date": "2026-11-20"} | FULL[method]
        assert pointers(typed, {"application"}) == {"/files"}


def test_a_place_photographed_needs_no_witness() -> None:
    typed = {"method": "left", "date": "2026-11-20", "reason": "拒绝签收"}
    assert pointers(typed, {"photo"}) == set()
    assert pointers(typed, {"receipt"}) == {"/witnesses"}


def test_no_electronic_service_without_consent() -> None:
    typed = {"method": "electronic", "date": "2026-11-20", "system": "13800138000"}
    assert pointers(typed, set()) == {"/form_no"}
    assert pointers(typed, set(), consented=True) == set()


@pytest.mark.parametrize("day", ["", "2026-11-26", "2026-02-30", "yesterday", "20261120"])
def test_a_day_to_come_or_none_is_refused(day: str) -> None:
    assert pointers({"method": "post", "date": day} | FULL["post"], set()) == {"/date"}


def test_an_unknown_way_and_endless_words_are_refused() -> None:
    assert pointers({"method": "pigeon", "date": "2026-11-20"}, set()) == {"/method"}
    assert pointers({}, set()) == {"/method"}
    long = {"method": "post", "date": "2026-11-20"} | FULL["post"] | {"note": "字" * 401}
    assert pointers(long, set()) == {"/note"}
