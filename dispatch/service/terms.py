"""Terms for asking for review and for going to court, counted from the day of service. Pure.

行政复议法 (2023) art. 20: sixty days. 行政诉讼法 art. 46: six months. A document that states its own terms
(复议期限, 诉讼期限) is taken at its word. Counted as 民事诉讼法 (2023) art. 85 says: the day of service does not count; a
last day that is no working day moves to the next one that is.
"""

from __future__ import annotations

import calendar as gregorian
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ..calendar import WorkingCalendar

__all__ = ["NOTICE_DAYS", "Span", "Terms", "notice_served_on", "read_span", "terms_of"]

#: 公告送达: thirty days after the notice appeared (民事诉讼法 2023, art. 95; used by 行政诉讼法 art. 101 and 行政复议法 art. 88)
NOTICE_DAYS: Final = 30
_DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SPAN: Final = re.compile(
    r"([0-9]{1,3}|[零〇一二两三四五六七八九十百]{1,6})\s*(?:个)?\s*(工作日|日|天|月|年)"
)


@dataclass(frozen=True)
class Span:
    """So many days, working days or months."""

    count: int
    unit: str  # day | working_day | month


REVIEW: Final = Span(60, "day")
SUIT: Final = Span(6, "month")


@dataclass(frozen=True)
class Terms:
    """The last days for review and suit; ``provisional`` where a year's 调休 is not published yet."""

    review_until: date
    suit_until: date
    provisional: bool


def terms_of(served_on: date, fields: Mapping[str, str], calendar: WorkingCalendar) -> Terms:
    """Both terms of a document served on ``served_on``; ``fields`` are the document's own."""
    review = _last(served_on, read_span(fields.get("复议期限", "")) or REVIEW, calendar)
    suit = _last(served_on, read_span(fields.get("诉讼期限", "")) or SUIT, calendar)
    years = {day.year for day in (review, suit)}
    return Terms(review, suit, any(not calendar.is_published(year) for year in years))


def notice_served_on(appeared_on: date) -> date:
    """The day on which a public notice counts as service."""
    return appeared_on + timedelta(days=NOTICE_DAYS)


def read_span(text: str) -> Span | None:
    """“自收到本决定书之日起六十日内” → 60 days; None where no term can be read."""
    found = _SPAN.search(text)
    if not found:
        return None
    count, unit = _number(found[1]), found[2]
    if not 0 < count <= 1000:
        return None
    if unit == "年":
        return Span(count * 12, "month")
    return Span(count, {"工作日": "working_day", "月": "month"}.get(unit, "day"))


def _number(text: str) -> int:
    """六十 → 60, 一百二十 → 120, 15 → 15."""
    if text.isascii():
        return int(text)
    total, digit = 0, 0
    for character in text:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def _last(start: date, span: Span, calendar: WorkingCalendar) -> date:
    if span.unit == "working_day":
        return calendar.add_working_days(start, span.count).day
    day = start + timedelta(days=span.count) if span.unit == "day" else _months_later(start, span.count)
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day


def _months_later(start: date, months: int) -> date:
    """The same day of a later month, its last day where it has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, gregorian.monthrange(year, month + 1)[1]))
