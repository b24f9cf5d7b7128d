"""Passwords and windows of failure: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.counters import Limit
from dispatch.people import check_password, hash_password, random_password

pytestmark = pytest.mark.unit

STORED = hash_password("quiet-river-42")


def test_the_right_password_opens_and_no_other() -> None:
    assert check_password("quiet-river-42", STORED)
    for wrong in ("", "quiet-river-43", "Quiet-river-42", "quiet-river-42 ", "quiet-river-4"):
        assert not check_password(wrong, STORED)


def test_the_same_password_is_never_stored_alike() -> None:
    assert hash_password("quiet-river-42") != STORED


def test_chinese_and_broken_text_are_passwords_like_any_other() -> None:
    for password in ("静水流深-四十二", "𬭎𠅤" * 6, "a\ud800bcdefghij", "with\0zero-inside"):
        assert check_password(password, hash_password(password))


@pytest.mark.parametrize(
    "stored", ["", "scrypt", "scrypt$1$2$3", "md5$x", "plain text", "$$$$$", "scrypt$a$b"]
)
def test_what_is_no_hash_opens_to_nobody(stored: str) -> None:
    assert not check_password("", stored)
    assert not check_password(stored, stored)


def test_random_passwords_differ_and_are_long_enough() -> None:
    made = {random_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(password) == 19 and not set(password) & set("0o1li") for password in made)


LIMIT = Limit("test", 5, timedelta(minutes=15))
MOMENTS = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2099, 1, 1)).map(
    lambda d: d.replace(tzinfo=UTC)
)


@given(MOMENTS)
def test_a_window_ends_when_it_says(now: datetime) -> None:
    minutes = LIMIT.minutes_left(now)
    assert 1 <= minutes <= 15
    assert LIMIT.window(now + timedelta(minutes=minutes)) != LIMIT.window(now)


@given(MOMENTS, MOMENTS)
def test_names_of_windows_sort_by_age(one: datetime, other: datetime) -> None:
    assert (LIMIT.window(one) <= LIMIT.window(other)) or one > other


@given(MOMENTS)
def test_a_window_of_a_day_is_a_day(now: datetime) -> None:
    day = Limit("test", 5, timedelta(days=1))
    assert day.window(now) != day.window(now + timedelta(days=1))
    assert day.window(now.replace(hour=0, minute=0)) == day.window(now.replace(hour=23, minute=59))
