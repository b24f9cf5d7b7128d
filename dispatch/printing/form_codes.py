"""Numbers of pre-printed forms: one spelling, ranges, and how a list of them is written down. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["MOST", "code_of", "expanded", "ranges", "tidy_code"]

#: forms of one receipt or one count
MOST: Final = 5000
_NUMBER: Final = re.compile(r"(.*?)([0-9]{1,16})\Z", re.DOTALL)
_PARTS: Final = re.compile(r"[,、;\s]+")
_FROM_TO: Final = re.compile(r"[-—–~至]+")
_AROUND: Final = re.compile(r"\s*([-—–~至])\s*")


def tidy_code(text: str) -> str:
    """A number as scanned or typed in its one spelling: NFKC, capitals, no white space."""
    return "".join(unicodedata.normalize("NFKC", text[:80]).upper().split())


def code_of(prefix: str, number: int, width: int) -> str:
    """``code_of("A", 7, 6)`` is ``A000007``."""
    return f"{prefix}{number:0{width}d}"


def expanded(text: str) -> list[str]:
    """Every number of a list such as ``A000101-A000150，000160``: ``ValueError`` with the part that is no range, or where
    it is more than ``MOST``."""
    found: list[str] = []
    plain = unicodedata.normalize("NFKC", text).strip()
    for part in filter(None, _PARTS.split(_AROUND.sub(r"\1", plain))):
        found += _range(part)
        if len(found) > MOST:
            raise ValueError(part)
    return list(dict.fromkeys(found))


def _range(part: str) -> Sequence[str]:
    ends = [tidy_code(end) for end in _FROM_TO.split(part)]
    if len(ends) == 1:
        return [ends[0]]
    first, last = _NUMBER.match(ends[0]), _NUMBER.match(ends[-1])
    if len(ends) != 2 or first is None or last is None or last[1] not in ("", first[1]):
        raise ValueError(part)
    if len(first[2]) != len(last[2]) or not 0 <= int(last[2]) - int(first[2]) < MOST:
        raise ValueError(part)
    width = len(first[2])
    return [code_of(first[1], number, width) for number in range(int(first[2]), int(last[2]) + 1)]


def ranges(codes: Iterable[str]) -> list[str]:
    """Numbers as people list them: those that follow each other as ``A000101-A000150``, the rest alone."""
    runs: list[list[str]] = []
    for code in sorted(codes, key=lambda one: (len(one), one)):
        if runs and _after(runs[-1][-1]) == code:
            runs[-1].append(code)
        else:
            runs.append([code])
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _after(code: str) -> str:
    found = _NUMBER.match(code)
    following = code_of(found[1], int(found[2]) + 1, len(found[2])) if found else ""
    return following if len(following) == len(code) else ""
