"""Telephone numbers: mobiles and landlines of the Chinese mainland, others as ``+CC`` (E.164).

Accepted separators are the usual ones (space, hyphen, brackets around the area code, their full-width forms);
landlines and 400/800 numbers may carry an extension. A landline needs its area code: the reader may be
elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Phone", "parse_phone", "tail"]

_SEPARATORS = re.compile(r"[ \-()（）－—\u00a0\u3000]")
_SHAPE = re.compile(r"\+?[0-9 \-()（）－—\u00a0\u3000]+\Z", re.ASCII)
_EXTENSION = re.compile(r"\s*(?:转|分机|x|X|ext\.?|#|,|，)\s*([0-9]{1,6})\Z", re.ASCII)
_HYPHEN_EXTENSION = re.compile(r"\A(.*[0-9]{7,8})-([0-9]{1,6})\Z", re.ASCII | re.DOTALL)

_MOBILE = re.compile(r"1[3-9][0-9]{9}\Z", re.ASCII)
_LANDLINE = re.compile(r"0(?:10|2[0-57-9])[2-9][0-9]{7}\Z|0[3-9][0-9]{2}[2-9][0-9]{6,7}\Z", re.ASCII)
_SERVICE = re.compile(r"[48]00[0-9]{7}\Z", re.ASCII)
_ABROAD = re.compile(r"[1-9][0-9]{7,14}\Z", re.ASCII)
# Where the length is known it is checked: Hong Kong, Macao, Taiwan, North America.
_BY_COUNTRY = (
    ("852", re.compile(r"[2-9][0-9]{7}\Z", re.ASCII)),
    ("853", re.compile(r"[2689][0-9]{7}\Z", re.ASCII)),
    ("886", re.compile(r"[2-9][0-9]{7,8}\Z", re.ASCII)),
    ("1", re.compile(r"[2-9][0-9]{9}\Z", re.ASCII)),
)


@dataclass(frozen=True)
class Phone:
    """A number taken apart. ``kind`` is mobile, landline, service or abroad; ``digits`` the national number
    without separators, abroad with ``+``; ``extension`` digits or empty."""

    kind: str
    digits: str
    extension: str = ""


def _mainland(digits: str, extension: str) -> Phone | None:
    if _MOBILE.match(digits):
        return None if extension else Phone("mobile", digits)
    if _LANDLINE.match(digits):
        return Phone("landline", digits, extension)
    if _SERVICE.match(digits):
        return Phone("service", digits, extension)
    return None


def _abroad(digits: str) -> Phone | None:
    for country, rest in _BY_COUNTRY:
        if digits.startswith(country) and not rest.match(digits[len(country) :]):
            return None
    return Phone("abroad", "+" + digits) if _ABROAD.match(digits) else None


def _read(number: str, extension: str) -> Phone | None:
    if not _SHAPE.match(number):
        return None
    digits = _SEPARATORS.sub("", number)
    if digits.startswith(("+86", "0086")):
        national = digits.removeprefix("+86").removeprefix("0086")
        # In the international form the area code loses its zero.
        return _mainland(national, extension) or _mainland("0" + national, extension)
    if digits.startswith("+"):
        return None if extension else _abroad(digits[1:])
    return _mainland(digits, extension)


def parse_phone(text: str) -> Phone | None:
    """The number in ``text``, None when it is none that can be called."""
    if len(text) > 40:
        return None
    found = _EXTENSION.search(text)
    if found:
        return _read(text[: found.start()], found.group(1))
    whole = _read(text, "")
    if whole is not None:
        return whole
    hyphen = _HYPHEN_EXTENSION.match(text)
    return _read(hyphen.group(1), hyphen.group(2)) if hyphen else None


def tail(text: str) -> str:
    """The last four digits of the number itself, never of its extension; empty when there is no number."""
    phone = parse_phone(text)
    return phone.digits[-4:] if phone else ""
