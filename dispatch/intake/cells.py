"""One cell of a table to one value of a case: numbers that must stay text, days, moments, words for
choices."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from ..calendar import parse_instant
from ..export import restored
from .columns import Column

__all__ = ["Bad", "Unreadable", "as_written", "is_damaged", "is_empty", "tidy", "value_of"]

# China has had one time without summer time since 1992; a fixed offset says the same for every year.
LOCAL = timezone(timedelta(hours=8))
# Beyond 15 digits a spreadsheet's number has already lost its tail.
_EXACT = 10**15
_ROUNDED = re.compile(r"[0-9]{15}0{3,}\Z", re.ASCII)
# Digits, letters and signs as a Chinese input method writes them; brackets and the like are left as they are.
_HALF_WIDTH = {
    code: code - 0xFEE0
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0B, 0xFF0D)
}
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,3}\Z", re.ASCII)
_TEXT_FORMULA = re.compile(r'="([^"]*)"\Z')
_INTEGER = re.compile(r"([0-9]{1,6})(?:\.0+)?\s*(?:个?工作日|天|日)?\Z")
_WHEN = re.compile(
    r"([0-9]{4})[-/.年]\s*([0-9]{1,2})[-/.月]\s*([0-9]{1,2})日?"
    r"(?:[T\s]*([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})?(?:\.[0-9]+)?秒?)?)?\Z"
)
_COMPACT = re.compile(r"((?:19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})\Z", re.ASCII)
_SPLIT_LIST = re.compile(r"[;；\n]+")
# Days since 1899-12-30 as spreadsheets count them: 2000-01-01 to 2199-12-31.
_SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=LOCAL)
_SERIALS = (36526, 109572)


@dataclass(frozen=True)
class Unreadable:
    """A cell that has no usable value: ``formula`` or ``cell_error``."""

    code: str


@dataclass(frozen=True)
class Bad:
    """Why a cell gives no value: the fault's code, the sentence, and the list of choices where there is
    one."""

    code: str
    text: str | None = None
    choices: str = ""
    wanted: str = "文字"


def tidy(cell: object) -> object:
    """Texts without surrounding blanks and without what people add to keep a number text (``'…``,
    ``="…"``), or what our own export adds to keep a text from being computed."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip().strip("\ufeff\u200b")
    literal = restored(text)
    if literal != text:
        return literal
    wrapped = _TEXT_FORMULA.match(text)
    if wrapped:
        return wrapped.group(1).strip()
    return text[1:] if re.match(r"'[0-9+]", text) else text


def is_empty(cell: object) -> bool:
    """Whether there is nothing in it."""
    return cell is None or tidy(cell) == ""


def as_written(cell: object) -> str | int:
    """The cell as a person would type it, for a look and for a file to mend; a formula or an error value as nothing."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}" if cell.time() != time() else f"{cell:%Y-%m-%d}"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < _EXACT:
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    given = tidy(cell)
    return "" if given is None or isinstance(cell, Unreadable) else str(given)


def is_damaged(cell: object) -> bool:
    """Whether a spreadsheet made a long number into 3.30727E+17, so that its end is lost."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return abs(cell) >= _EXACT
    return isinstance(cell, str) and _SCIENTIFIC.match(cell.strip()) is not None


def value_of(column: Column, cell: object) -> object:
    """The value of a cell that is not empty, as the case wants it; ``Bad`` when there is none."""
    if isinstance(cell, Unreadable):
        return Bad(cell.code)
    given = tidy(cell)
    match column.kind:
        case "choice":
            return _choice(column, given)
        case "integer":
            return _integer(given)
        case "start" | "end":
            return _moment(given, last=column.kind == "end")
        case "date":
            day = _when(given)
            return Bad("date", "when") if day is None else day.date().isoformat()
        case "list":
            return [part.strip() for part in _SPLIT_LIST.split(str(given)) if part.strip()]
        case "content":
            return _content(str(given))
        case _:
            return _text(column, given)


def _text(column: Column, given: object) -> str | Bad:
    if isinstance(given, bool):
        return Bad("type")
    if isinstance(given, int | float):
        return _digits(column, given)
    if isinstance(given, datetime | date | time):
        return _written(given)
    text = str(given)
    if column.kind == "number":
        text = text.translate(_HALF_WIDTH)
    lost = column.kind == "number" and _SCIENTIFIC.match(text)
    lost = lost or (column.header == "统一受理号" and _ROUNDED.match(text))
    return Bad("excel_number") if lost else text


def _digits(column: Column, number: float) -> str | Bad:
    """A number as the text it stands for, as long as none of its digits can have been lost."""
    if abs(number) < _EXACT and number == int(number):
        return str(int(number))
    plain = repr(number)
    if column.kind == "number" or "e" in plain or abs(number) >= _EXACT:
        return Bad("excel_number")
    return plain


def _written(moment: datetime | date | time) -> str:
    if isinstance(moment, time):
        return moment.strftime("%H:%M")
    day = f"{moment.year}年{moment.month:02d}月{moment.day:02d}日"
    with_clock = isinstance(moment, datetime) and moment.time() != time()
    return f"{day}{moment:%H时%M分}" if with_clock else day


def _choice(column: Column, given: object) -> str | Bad:
    text = unicodedata.normalize("NFKC", str(given)).replace(" ", "")
    for value, word in column.choices.items():
        if text in (value, unicodedata.normalize("NFKC", word)):
            return value
    return Bad("not_allowed", "word", "、".join(column.choices.values()))


def _integer(given: object) -> int | Bad:
    found = _INTEGER.match(str(given)) if not isinstance(given, bool) else None
    return int(found.group(1)) if found else Bad("type", wanted="整数")


def _moment(given: object, *, last: bool) -> str | Bad:
    if isinstance(given, str) and parse_instant(given) is not None:
        return given
    moment = _when(given)
    if moment is None:
        return Bad("date_time", "when")
    if last and moment.time() == time() and not _has_clock(given):
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment.isoformat(timespec="seconds")


def _has_clock(given: object) -> bool:
    return isinstance(given, str) and (":" in given or "时" in given)


def _when(given: object) -> datetime | None:
    """A moment on the local clock, from a date cell, a spreadsheet's serial number, or text."""
    if isinstance(given, datetime):
        return (given + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=LOCAL)
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day, tzinfo=LOCAL)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _serial(given)
    text = unicodedata.normalize("NFKC", str(given))
    found = _WHEN.match(text) or _COMPACT.match(text)
    if found is None:
        return None
    try:
        year, month, day, *clock = (int(part or 0) for part in found.groups())
        hour, minute, second = [*clock, 0, 0, 0][:3]
        return datetime(year, month, day, hour, minute, second, tzinfo=LOCAL)
    except ValueError:
        return None


def _serial(number: float) -> datetime | None:
    if _SERIALS[0] <= number <= _SERIALS[1]:
        return _when(_SERIAL_ZERO + timedelta(days=number))
    found = _COMPACT.match(str(number))
    return _when(str(number)) if found else None


def _content(text: str) -> dict[str, str] | Bad:
    """``名称=值；名称=值`` or one pair per line. A piece without ``=`` still belongs to the value before
    it, since values have semicolons of their own."""
    pairs: dict[str, str] = {}
    name = ""
    by_line = "\n" in text
    for piece in re.split(r"(\n)" if by_line else r"([;；])", text):
        key, equals, value = piece.replace("＝", "=", 1).partition("=")
        if equals and key.strip():
            name = key.strip()
            if name in pairs:
                return Bad("duplicate_member", "content_twice")
            pairs[name] = value
        elif name:
            pairs[name] += piece
        elif piece.strip():
            return Bad("pattern", "content")
    return {key: value.strip().strip(";；").strip() for key, value in pairs.items()}
