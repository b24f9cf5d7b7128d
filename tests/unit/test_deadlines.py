"""Terms judged on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dispatch.deadlines import deadlines_of, earliest_open

CHINA = timezone(timedelta(hours=8))
PROMISE, DELIVERY = date(2026, 11, 9), date(2026, 11, 20)


def judged(today: date, issued=None, served=None, cancelled=False, provisional=False):
    return deadlines_of(
        promise_due=PROMISE, delivery_due=DELIVERY, provisional=provisional, issued_at=issued, served_at=served,
        cancelled=cancelled, today=today,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("today", "issued", "state"),
    [
        (PROMISE, None, "open"),
        (PROMISE + timedelta(days=1), None, "overdue"),
        (date(2026, 12, 1), datetime(2026, 11, 9, 23, 59, tzinfo=CHINA), "met"),
        (date(2026, 12, 1), datetime(2026, 11, 10, 0, 1, tzinfo=CHINA), "late"),
        (date(2026, 12, 1), datetime(2026, 11, 9, 17, 0, tzinfo=UTC), "late"),  # the tenth in Shanghai
    ],
)
def test_the_promise_is_kept_by_issuing_in_time(today, issued, state) -> None:
    assert judged(today, issued)[0].state == state


@pytest.mark.parametrize(
    ("today", "served", "state"),
    [
        (DELIVERY, None, "open"),
        (DELIVERY + timedelta(days=1), None, "overdue"),
        (date(2026, 12, 1), datetime(2026, 11, 20, 12, 0, tzinfo=CHINA), "met"),
        (date(2026, 12, 1), datetime(2026, 11, 21, 9, 0, tzinfo=CHINA), "late"),
    ],
)
def test_the_law_is_kept_by_serving_in_time(today, served, state) -> None:
    assert judged(today, served, served)[1].state == state


def test_what_was_served_was_issued() -> None:
    promise, _ = judged(date(2026, 12, 1), None, datetime(2026, 11, 8, tzinfo=CHINA))
    assert promise.state == "met"


def test_a_cancelled_case_has_no_terms() -> None:
    assert judged(PROMISE, cancelled=True) == []


def test_sorting_goes_by_the_earliest_running_term() -> None:
    today = date(2026, 11, 8)
    assert earliest_open(judged(today)).kind == "promise"
    assert earliest_open(judged(today, datetime(2026, 11, 8, tzinfo=CHINA))).kind == "delivery"
    done = datetime(2026, 11, 8, tzinfo=CHINA)
    assert earliest_open(judged(today, done, done)) is None


def test_a_guessed_calendar_says_so_and_a_known_one_does_not() -> None:
    assert judged(PROMISE, provisional=True)[0].as_dict()["provisional"] is True
    assert judged(PROMISE)[0].as_dict() == {"kind": "promise", "due_on": "2026-11-09", "state": "open"}
