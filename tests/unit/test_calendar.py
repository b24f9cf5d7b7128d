from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calendar import (
    BUILTIN_TABLES,
    Due,
    WorkingCalendar,
    YearTable,
    delivery_due,
    local_date,
    local_time,
    parse_date,
    parse_instant,
    promise_due,
    utc,
)

PLAIN = WorkingCalendar()
NAIVE = datetime.fromisoformat("2026-11-02T00:00:00")
TABLE_2027 = """{"year": 2027, "source": "示例通知", "holidays": ["2026-12-31", "2027-01-01", "2027-01-04"],
 "workdays": ["2027-01-09"]}"""


def test_weekends_holidays_and_days_made_up() -> None:
    assert not PLAIN.is_working_day(date(2026, 10, 1))
    assert not PLAIN.is_working_day(date(2026, 10, 7))
    assert PLAIN.is_working_day(date(2026, 10, 10))  # a Saturday made up
    assert PLAIN.is_working_day(date(2026, 9, 20))  # a Sunday made up
    assert not PLAIN.is_working_day(date(2026, 11, 21))
    assert PLAIN.is_working_day(date(2026, 11, 20))


def test_the_table_that_ships_agrees_with_the_library() -> None:
    ours = WorkingCalendar.load(BUILTIN_TABLES)
    for i in range(365):
        day = date(2026, 1, 1) + timedelta(days=i)
        assert ours.is_working_day(day) == chinese_calendar.is_workday(day), day


def test_the_day_itself_does_not_count() -> None:
    assert PLAIN.add_working_days(date(2026, 11, 2), 5) == Due(date(2026, 11, 9), False)
    assert PLAIN.add_working_days(date(2026, 11, 6), 1) == Due(date(2026, 11, 9), False)
    assert PLAIN.add_working_days(date(2026, 9, 30), 1) == Due(date(2026, 10, 8), False)
    assert PLAIN.add_working_days(date(2026, 10, 8), 2) == Due(date(2026, 10, 10), False)


def test_no_days_is_the_same_day_even_at_a_weekend() -> None:
    assert PLAIN.add_working_days(date(2026, 11, 21), 0) == Due(date(2026, 11, 21), False)
    with pytest.raises(ValueError, match="negative"):
        PLAIN.add_working_days(date(2026, 11, 21), -1)


def test_a_year_without_notice_is_provisional() -> None:
    assert not PLAIN.is_published(2027)
    assert not PLAIN.is_working_day(date(2027, 1, 1))
    assert not PLAIN.is_working_day(date(2027, 5, 2))
    assert not PLAIN.is_working_day(date(2027, 10, 3))
    assert PLAIN.is_working_day(date(2027, 1, 4))
    assert PLAIN.add_working_days(date(2026, 12, 30), 2) == Due(date(2027, 1, 4), True)
    assert PLAIN.add_working_days(date(2026, 12, 30), 1) == Due(date(2026, 12, 31), False)
    assert PLAIN.add_working_days(date(1999, 6, 4), 1) == Due(date(1999, 6, 7), True)


def test_a_notice_makes_the_year_certain() -> None:
    calendar = WorkingCalendar([YearTable.from_json(TABLE_2027)])
    assert calendar.is_published(2027)
    assert not calendar.is_working_day(date(2026, 12, 31))  # a December day of the next year's notice
    assert not calendar.is_working_day(date(2027, 1, 4))
    assert calendar.is_working_day(date(2027, 1, 9))
    assert calendar.is_working_day(date(2027, 5, 2)) is False  # a Sunday
    assert calendar.is_working_day(date(2027, 10, 1))  # a Friday that the notice does not name
    assert calendar.add_working_days(date(2026, 12, 30), 1) == Due(date(2027, 1, 5), False)


def test_tables_come_from_folders_and_later_ones_win(tmp_path: Path) -> None:
    (tmp_path / "2026.json").write_text(
        '{"year": 2026, "source": "", "holidays": ["2026-11-20"], "workdays": []}', "utf-8"
    )
    calendar = WorkingCalendar.load(BUILTIN_TABLES, tmp_path, tmp_path / "absent")
    assert not calendar.is_working_day(date(2026, 11, 20))
    assert WorkingCalendar.load(BUILTIN_TABLES).is_working_day(date(2026, 11, 20))


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{}", "nonsense",
        '{"year": "2027", "holidays": [], "workdays": []}', '{"year": true, "holidays": [], "workdays": []}',
        '{"year": 2027, "holidays": ["2027-02-30"], "workdays": []}', '{"year": 2027, "holidays": "2027-01-01"}',
        '{"year": 2027, "holidays": ["2027-01-01"], "workdays": ["2027-01-01"]}',
        '{"year": 2027, "holidays": ["2028-01-01"], "workdays": []}',
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_by_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "2027.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match="2027.json"):
        WorkingCalendar.load(tmp_path)


@given(st.dates(date(2005, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_a_term_ends_on_a_working_day_and_counts_back(day: date, n: int) -> None:
    due = PLAIN.add_working_days(day, n)
    assert PLAIN.is_working_day(due.day)
    assert PLAIN.working_days_between(day, due.day) == n
    assert due.provisional == any(
        not PLAIN.is_published(y) for y in {(day + timedelta(1)).year, due.day.year}
    )


def test_nothing_lies_between_a_day_and_an_earlier_one() -> None:
    assert PLAIN.working_days_between(date(2026, 11, 20), date(2026, 11, 2)) == 0


def test_deadlines_count_from_the_local_day() -> None:
    late = datetime(2026, 11, 1, 16, 30, tzinfo=UTC)  # already Monday the 2nd in Shanghai
    assert local_date(late) == date(2026, 11, 2)
    assert promise_due(PLAIN, late, 5) == Due(date(2026, 11, 9), False)
    assert promise_due(PLAIN, late, 0) == Due(date(2026, 11, 2), False)
    assert delivery_due(PLAIN, late) == Due(date(2026, 11, 16), False)


def test_naive_moments_are_refused() -> None:
    for rule in (local_date, local_time, utc):
        with pytest.raises(ValueError, match="offset"):
            rule(NAIVE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T13:55:00+08:00", datetime(2026, 11, 2, 5, 55, tzinfo=UTC)),
        ("2026-11-02t05:55:00z", datetime(2026, 11, 2, 5, 55, tzinfo=UTC)),
        ("2026-11-02T05:55:00.123456789Z", datetime(2026, 11, 2, 5, 55, 0, 123456, tzinfo=UTC)),
        ("2026-11-02T05:55:00.5-00:00", datetime(2026, 11, 2, 5, 55, 0, 500000, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2026-11-01T20:25:00-09:30", datetime(2026, 11, 2, 5, 55, tzinfo=UTC)),
    ],
)
def test_moments_that_can_be_read(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


def test_the_offset_is_kept() -> None:
    moment = parse_instant("2026-11-02T13:55:00+08:00")
    assert moment is not None
    assert moment.tzinfo == timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-11-02", "2026-11-02T13:55:00", "2026-11-02T13:55+08:00", "2026-11-02 13:55:00Z",
        "2026-13-02T13:55:00Z", "2026-02-29T13:55:00Z", "2026-11-02T24:00:00Z", "2026-11-02T13:60:00Z",
        "2026-11-02T13:55:61Z", "2026-11-02T13:55:00+24:00", "2026-11-02T13:55:00+08:60", "2026-11-02T13:55:00+0800",
        "2026-11-02T13:55:00Z\n", " 2026-11-02T13:55:00Z", "２026-11-02T13:55:00Z", "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00", "2026-11-02T13:55:00.Z",
    ],
)  # fmt: skip
def test_moments_that_cannot(text: str) -> None:
    assert parse_instant(text) is None


@given(st.datetimes(NAIVE.min.replace(year=1900), NAIVE.max.replace(year=9998), timezones=st.timezones()))
def test_what_is_read_can_be_converted(moment: datetime) -> None:
    text = moment.isoformat()
    read = parse_instant(text)
    if read is not None:
        assert utc(read).isoformat()


def test_dates() -> None:
    assert parse_date("2026-11-02") == date(2026, 11, 2)
    for text in ("2026-11-31", "20261102", "2026-W45-1", "2026-11-02 ", "2026-11-02\n", "２026-11-02", ""):
        assert parse_date(text) is None
