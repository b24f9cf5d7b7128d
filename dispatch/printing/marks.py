"""The marks of printing: a batch's number, a sheet's place in it, a sheet's own number, the paper it wants. Pure.

``0722-3`` is the third batch of an office on 22 July. ``0722-3 · 017/050`` stands on sheet, label and slip of the
seventeenth document. ``P0722-3/17`` is the number of one printed sheet; printed again, it gets another one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

__all__ = [
    "SheetNo",
    "batch_number",
    "file_words",
    "form_paper",
    "is_form",
    "label_mark",
    "loading_words",
    "paper_of",
    "paper_words",
    "parse_place",
    "parse_sheet",
    "sequence_mark",
    "sheet_code",
]

_SHEET: Final = re.compile(r"P?([0-9]{4}-[0-9]{1,4})/([0-9]{1,4})\Z")
_MARK: Final = re.compile(r"[0-9]{4}-[0-9]{1,4}·([0-9]{1,4})(?:/[0-9]{1,4})?\Z")
_PLAIN: Final = re.compile(r"第?([0-9]{1,4})份?\Z")
_SIZES: Final = (("A4", 210.0, 297.0), ("A3", 297.0, 420.0))
#: a sheet cut a millimetre wrong is still that sheet
_TOLERANCE: Final = 1.0
_OTHER: Final = re.compile(r"([0-9]+)x([0-9]+)\Z")


@dataclass(frozen=True)
class SheetNo:
    """The number of one printed sheet: its batch's number and its place there, counted from 1."""

    batch: str
    place: int

    def __str__(self) -> str:
        return sheet_code(self.batch, self.place)


def batch_number(day: date, serial: int) -> str:
    """Month and day, running number of the day: ``0722-3``."""
    return f"{day:%m%d}-{serial}"


def sequence_mark(sequence: str, no: int, total: int) -> str:
    """What stands in the margin: ``0722-3 · 017/050``."""
    return f"{sequence} · {no:03d}/{total:03d}"


def label_mark(sequence: str, numbers: Sequence[int], total: int) -> str:
    """The same for an envelope, with the first and the last of its documents: ``0722-3 · 017-019/050``."""
    first, last = min(numbers), max(numbers)
    if first == last:
        return sequence_mark(sequence, first, total)
    return f"{sequence} · {first:03d}-{last:03d}/{total:03d}"


def sheet_code(number: str, place: int) -> str:
    """The sheet's own number as text: ``P0722-3/17``; for a batch without a number its place alone."""
    return f"P{number}/{place}" if number else f"P{place}"


def parse_sheet(text: str) -> SheetNo | None:
    """A sheet number as scanned or typed, with or without the P; None for any other text."""
    found = _SHEET.match(_tidy(text))
    return SheetNo(found[1], int(found[2])) if found else None


def parse_place(text: str) -> int | None:
    """A place as somebody reads it off the paper: ``17``, ``第17份``, ``017/050``, ``0722-3 · 017/050``."""
    plain = _tidy(text)
    found = _MARK.match(plain) or _PLAIN.match(plain.split("/")[0])
    return int(found[1]) if found else None


def _tidy(text: str) -> str:
    """NFKC makes full-width digits plain; the middle dot has several look-alikes."""
    plain = unicodedata.normalize("NFKC", text[:64]).upper()
    return re.sub(r"[•∙⋅・‧]", "·", "".join(plain.split()))


# -- paper -----------------------------------------------------------------------------------------------------------
def paper_of(width: float, height: float) -> str:
    """The paper of a page in millimetres: ``A4``, ``A4L`` (landscape), ``A3``, ``A3L``, else ``100x180``."""
    for name, short, long in _SIZES:
        if abs(width - short) <= _TOLERANCE and abs(height - long) <= _TOLERANCE:
            return name
        if abs(width - long) <= _TOLERANCE and abs(height - short) <= _TOLERANCE:
            return f"{name}L"
    return f"{round(width)}x{round(height)}"


def form_paper(paper: str) -> str:
    """The same size as a pre-printed form: ``A4F``, ``A4LF``. It is another pile, and printed another way."""
    return f"{paper}F"


def is_form(paper: str) -> bool:
    """Whether this is a pre-printed form."""
    return paper.endswith("F")


def paper_words(paper: str) -> str:
    """The paper as a clerk says it: ``A4 竖放``, ``A3 横放``, ``空白证 A4 竖放``, ``100 × 180 毫米``."""
    if is_form(paper):
        return f"空白证 {paper_words(paper.removesuffix('F'))}"
    other = _OTHER.match(paper)
    if other:
        return f"{other[1]} × {other[2]} 毫米"
    return f"{paper.removesuffix('L')} {'横放' if paper.endswith('L') else '竖放'}"


def file_words(paper: str, sheets: int) -> str:
    """One file's line: ``A4 竖放 12 张``."""
    return f"{paper_words(paper)} {sheets} 张"


def loading_words(files: Iterable[tuple[str, int] | tuple[str, int, str]]) -> str:
    """What to put into the printer, in order: ``先放 A4 纸 12 张，再放 A3 纸 2 张。`` Turned sheets of one size are one
    pile; files are ``(paper, sheets)``, of forms ``(paper, sheets, title)`` as each title has its own."""
    piles: dict[str, int] = {}
    for paper, sheets, *title in files:
        name = _pile(paper, title[0] if title else "")
        piles[name] = piles.get(name, 0) + sheets
    words = [
        f"{'先' if at == 0 else '再'}放{name} {sheets} 张" for at, (name, sheets) in enumerate(piles.items())
    ]
    if len(words) == 1:
        return words[0].removeprefix("先") + "。"
    return "，".join(words) + "。"


def _pile(paper: str, title: str) -> str:
    if is_form(paper):
        return f"《{title}》空白证" if title else "空白证"
    if _OTHER.match(paper):
        return f" {paper_words(paper)}的纸"
    return f" {paper.removesuffix('L')} 纸"
