"""当日登记单: today's work on paper, for the day on which the network is down. A4 lying, lines to write on.

It is printed before anything is wrong, so it must always come out: a name that is too long ends in an ellipsis, a
character that no typeface has becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.lists import TEXT, Column, ListRecord, render_list
from labels.text import wrap

__all__ = ["RegisterLine", "RegisterRecord", "render_register"]

MM: Final = 72 / 25.4
#: room to write a time and a name by hand, millimetres
LINE: Final = 15.0
_WIDTHS: Final = (9.0, 52.0, 24.0, 44.0, 24.0, 24.0, 32.0, 24.0, 44.0)
_HEADS: Final = (
    "行", "统一受理号", "申请人", "证件（文书）", "到哪一步", "出件", "装封（两人签）", "交寄", "领取／送达／退回",
)  # fmt: skip
_BARS: Final = 1
#: what stands lightly in a cell so that everybody writes the time the same way
_TIME: Final = "＿＿时＿＿分"
_SIGNED: Final = "＿＿时＿＿分  领取 送达 退回  签收人："


@dataclass(frozen=True)
class RegisterLine:
    """A case as it stands in the morning; ``applicant`` masked. ``stands``: how far it is and where it goes."""

    acceptance_no: str
    applicant: str
    titles: str
    stands: str


@dataclass(frozen=True)
class RegisterRecord:
    """``facts``: lines below the title; ``blanks``: empty lines for who comes besides; ``mark``: which print of the day."""

    number: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[RegisterLine, ...]
    blanks: int
    mark: str
    sample: bool = True


def render_register(record: RegisterRecord, book: FontBook) -> bytes:
    """The sheet as PDF; the same record gives the same bytes. Texts are shortened rather than refused."""
    columns = tuple(
        Column(head, width, bars=at == _BARS, centred=at == 0)
        for at, (head, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True))
    )
    rows = [_row(book, at, line) for at, line in enumerate(record.lines, 1)]
    rows += [_blank(at) for at in range(len(rows) + 1, len(rows) + 1 + record.blanks)]
    made = ListRecord(
        "当日登记单（断网时用）", record.number, record.facts, columns, tuple(rows), mark=record.mark, lying=True,
        least=LINE, sample=record.sample,
        note="网络恢复后：把填过的每一页拍照或扫描，在“断网登记”里照着补录。登记单和证件一样保管。",
    )  # fmt: skip
    return render_list(made, book)


def _row(book: FontBook, at: int, line: RegisterLine) -> tuple[str, ...]:
    texts = (line.applicant, line.titles, line.stands)
    cut = (_cut(book, text, width) for text, width in zip(texts, _WIDTHS[2:5], strict=True))
    return (str(at), line.acceptance_no, *cut, _TIME, _TIME, _TIME, _SIGNED)


def _blank(at: int) -> tuple[str, ...]:
    return (str(at), "", "", "", "", _TIME, _TIME, _TIME, _SIGNED)


def _cut(book: FontBook, text: str, width: float) -> str:
    """As much as three lines of the cell hold; what is left out, and what cannot be drawn, is an ellipsis."""
    gone = set(book.missing(text))
    kept = "".join("…" if one in gone else one for one in text)
    if len(wrap(book, kept, "sans", TEXT, (width - 2) * MM)) <= 3:
        return kept
    while len(wrap(book, kept + "…", "sans", TEXT, (width - 2) * MM)) > 3:
        kept = kept[:-1]
    return kept + "…"
