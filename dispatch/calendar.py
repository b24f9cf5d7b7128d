"""Days and deadlines in Asia/Shanghai: working days with 调休, and the two terms the law and the promise set.

Working days come from the State Council's yearly notices as chinesecalendar carries them, overlaid by a
table per year (``data/calendar/<year>.json``) for notices the library does not know yet. A year without a
notice is counted with weekends and the statutory days of fixed date; such a result is marked provisional,
and since it leaves out the movable feasts it errs on the early side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from chinese_calendar import constants, is_workday

__all__ = [
    "BUILTIN_TABLES",
    "DELIVERY_WORKING_DAYS",
    "SHANGHAI",
    "Due",
    "WorkingCalendar",
    "YearTable",
    "delivery_due",
    "local_date",
    "local_time",
    "parse_date",
    "parse_instant",
    "promise_due",
    "utc",
]

SHANGHAI = ZoneInfo("Asia/Shanghai")
BUILTIN_TABLES = Path(__file__).parent / "data" / "calendar"

# 行政许可法 article 44: the document is issued and delivered within ten days (working days, article 82).
DELIVERY_WORKING_DAYS = 10
# 全国年节及纪念日放假办法 (2024): the days of fixed date; the others follow the moon or the sun.
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})

# Every notice begins with the New Year's day of its year; a December day alone does not make a year known.
_LIBRARY_YEARS = frozenset(day.year for day in constants.holidays if (day.month, day.day) == (1, 1))

_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\Z",
    re.ASCII,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


@dataclass(frozen=True)
class Due:
    """The last day of a term. ``provisional``: a year in between has no published 调休 yet."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class YearTable:
    """One year's notice: days off and make-up working days. It may name days of the December before."""

    year: int
    source: str
    holidays: frozenset[date]
    workdays: frozenset[date]

    @classmethod
    def from_json(cls, text: str) -> YearTable:
        """Read ``{"year", "source", "holidays": ["YYYY-MM-DD"], "workdays": […]}``. Raises ValueError."""
        data = json.loads(text)
        year = data.get("year") if isinstance(data, dict) else None
        if type(year) is not int:
            raise ValueError("a year's table is an object with the number of the year")
        holidays, workdays = _days(data.get("holidays")), _days(data.get("workdays"))
        if holidays & workdays:
            raise ValueError("a day is both a holiday and a working day")
        near = {year, year - 1}
        if any(day.year not in near for day in holidays | workdays):
            raise ValueError("a day is outside the table's year")
        return cls(year, str(data.get("source", "")), holidays, workdays)


def _days(value: object) -> frozenset[date]:
    if not isinstance(value, list) or not all(isinstance(day, str) for day in value):
        raise ValueError("holidays and workdays are lists of dates")
    return frozenset(date.fromisoformat(day) for day in value)


class WorkingCalendar:
    """Which days are worked. Immutable after construction; make a new one when a table arrives."""

    def __init__(self, tables: Iterable[YearTable] = ()) -> None:
        self._tables: Mapping[int, YearTable] = {table.year: table for table in tables}
        self._off = frozenset(day for table in self._tables.values() for day in table.holidays)
        self._on = frozenset(day for table in self._tables.values() for day in table.workdays)

    @classmethod
    def load(cls, *folders: Path) -> WorkingCalendar:
        """From every ``*.json`` of the folders; a later folder's table replaces an earlier one's of that
        year. Folders that do not exist are skipped. Raises ValueError naming the file at fault."""
        tables: dict[int, YearTable] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.json")):
                try:
                    table = YearTable.from_json(path.read_text("utf-8"))
                except ValueError as fault:
                    raise ValueError(f"{path.name}: {fault}") from fault
                tables[table.year] = table
        return cls(tables.values())

    def is_published(self, year: int) -> bool:
        """Whether that year's days off are known, not guessed."""
        return year in self._tables or year in _LIBRARY_YEARS

    def is_working_day(self, day: date) -> bool:
        """Whether offices work that day; where nothing is published, as well as weekends and fixed days
        tell."""
        if day in self._on:
            return True
        if day in self._off:
            return False
        if day.year not in self._tables and day.year in _LIBRARY_YEARS:
            return bool(is_workday(day))
        if day.weekday() >= 5:
            return False
        return day.year in self._tables or (day.month, day.day) not in FIXED_HOLIDAYS

    def add_working_days(self, day: date, n: int) -> Due:
        """The n-th working day after ``day``; the day itself does not count, and 0 gives it back."""
        if n < 0:
            raise ValueError("a term has no negative length")
        years = set()
        while n > 0:
            day += timedelta(days=1)
            years.add(day.year)
            n -= self.is_working_day(day)
        return Due(day, any(not self.is_published(year) for year in years))

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and including ``end``; 0 when end is not later."""
        span = range(1, (end - start).days + 1)
        return sum(self.is_working_day(start + timedelta(days=i)) for i in span)


def promise_due(calendar: WorkingCalendar, accepted_at: datetime, promised_working_days: int) -> Due:
    """Last day of the promised term, counted from the local day of acceptance; 0 is that day itself
    (即办件)."""
    return calendar.add_working_days(local_date(accepted_at), promised_working_days)


def delivery_due(calendar: WorkingCalendar, decided_at: datetime) -> Due:
    """Last day for handing the document over: decided + 10 working days (行政许可法 44)."""
    return calendar.add_working_days(local_date(decided_at), DELIVERY_WORKING_DAYS)


def local_time(moment: datetime) -> datetime:
    """An aware moment on the clock of Asia/Shanghai. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs an offset")
    return moment.astimezone(SHANGHAI)


def local_date(moment: datetime) -> date:
    """The day in Asia/Shanghai at that moment."""
    return local_time(moment).date()


def utc(moment: datetime) -> datetime:
    """An aware moment in UTC, the form that is stored. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs an offset")
    return moment.astimezone(UTC)


def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 date-time with its offset, None when it is none. Fractions beyond microseconds are cut off;
    a leap second becomes the second after it. Only years 1900 to 9998, so that every offset can be
    converted."""
    found = _INSTANT.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found.group(i)) for i in range(1, 7))
    micro = int(((found.group(7) or ".")[1:] + "000000")[:6])
    offset_minutes = int(found.group(10) or 0)
    if not 1900 <= year <= 9998 or offset_minutes > 59 or int(found.group(9) or 0) > 23:
        return None
    offset = timedelta(hours=int(found.group(9) or 0), minutes=offset_minutes)
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, micro, UTC)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=_zone(-offset if found.group(8) == "-" else offset))
    return moment + timedelta(seconds=1) if leap else moment


def _zone(offset: timedelta) -> timezone:
    return timezone(offset) if offset else UTC


def parse_date(text: str) -> date | None:
    """A real day written YYYY-MM-DD, None when it is none."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
