"""Notices and decisions in the manner of GB/T 9704: title centred, number, addressee, body in 16 pt with two
characters' indent, issuer and date at the right under the seal, page numbers.

The paragraphs come from the template's wording; what no wording used is added as lines of its own, so
that every printed value stands on the paper.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from labels.fonts import FontBook
from labels.text import paragraphs, wrap

from ..record import PageRecord
from ..templates import PLACEHOLDER, Wording
from .furniture import foot, page_foot, sample_notice
from .plan import MM, Op, PagePlan, Plan, Rule, Text, block, centred, paper_size

__all__ = ["official", "paragraphs_of"]

LEFT: Final = 28 * MM
RIGHT: Final = 26 * MM
TOP: Final = 34 * MM
BOTTOM: Final = 32 * MM
FOOT_BOTTOM: Final = 44.0
#: Size and line distance: 16 pt first, then less, to keep an ordinary paper on one page.
STEPS: Final = ((16.0, 28.0), (16.0, 26.0), (16.0, 24.5), (15.0, 24.0), (15.0, 22.5), (14.0, 21.0))
TITLE_SIZES: Final = (22.0, 20.0, 18.0, 16.0)
SEAL: Final = 41 * MM
SIGN_WIDTH: Final = 230.0
SIGN_HEIGHT: Final = SEAL + 4
KEEP: Final = 2


@dataclass(frozen=True)
class _Line:
    """A line of the body: which paragraph it belongs to, its indent and extra space between characters."""

    text: str
    paragraph: int
    indent: float = 0.0
    tracking: float = 0.0


@dataclass(frozen=True)
class _Set:
    """The body cut into pages at one size."""

    pages: tuple[tuple[_Line, ...], ...]
    size: float
    leading: float


@dataclass(frozen=True)
class _Room:
    """Where text may stand on the first and on later pages."""

    width: float
    first_top: float
    top: float
    first_floor: float
    floor: float


def official(record: PageRecord, book: FontBook, qr_side: float) -> Plan:
    """The plan of a notice or decision."""
    width, height = paper_size(record.template.paper_of(record.copy), record.template.turned(record.copy))
    inside = width - LEFT - RIGHT
    verification = foot(record, book, inside, qr_side)
    head, top = _head(record, book, width, height)
    floor = FOOT_BOTTOM + verification.height + 16
    room = _Room(inside, top, height - TOP, floor, BOTTOM)
    made = _fit(book, paragraphs_of(record), room)
    pages = [PagePlan(width, height) for _ in made.pages]
    for at, page in enumerate(pages):
        page.furniture += sample_notice(record, page, angle=52.0)
        page.furniture += page_foot(record, book, pages, at)
    pages[0].furniture.append(Rule(LEFT, floor - 8, width - RIGHT, floor - 8, 0.4, 0.55))
    pages[0].furniture += verification.ops(LEFT, FOOT_BOTTOM)
    pages[0].body += head
    bottom = _body(made, pages, room)
    seal = _sign(record, book, pages[-1], bottom)
    return Plan(tuple(pages), len(pages) - 1, seal)


def paragraphs_of(record: PageRecord) -> list[str]:
    """The body's paragraphs; the first is the addressee."""
    template = record.template
    values = {**{key: value for key, value in record.printed.items() if "." not in key}, **record.fields}
    used: set[str] = set()
    if record.refuses and template.denial:
        body = _fill(template.denial, values, used)
    else:
        body = _fill((*template.body, *template.result), values, used)
    tail = _fill(template.remedy, values, used)
    ending = [] if record.refuses else _fill(template.ending, values, used)
    addressee = [f"{record.holder}："] if record.holder else []
    facts = _facts(record, used, [*addressee, *body, *tail, *ending])
    return [*addressee, *body, *facts, *ending, *tail]


def _fill(wording: Sequence[Wording], values: dict[str, str], used: set[str]) -> list[str]:
    """Each paragraph's first spelling whose every placeholder has a value. Values are put in, never
    parsed."""
    out: list[str] = []
    for entry in wording:
        for text in (entry,) if isinstance(entry, str) else entry:
            names = PLACEHOLDER.findall(text)
            if all(values.get(name, "").strip() for name in names):
                used.update(names)
                out.append(PLACEHOLDER.sub(lambda match: values[match[1]], text))
                break
    return out


def _facts(record: PageRecord, used: set[str], said: Sequence[str]) -> list[str]:
    """Lines `name：value` for what no paragraph says; the template's own first."""
    fields = record.fields
    plain = re.sub(r"\s+", "", "\n".join(said))
    order = [
        *(name for name in record.template.facts if name in fields),
        *(name for name in fields if name not in record.template.facts),
    ]
    facts = [
        f"{name}：{fields[name]}"
        for name in order
        if name not in used and not _holder_again(record, fields[name], plain)
    ]
    if record.copy:
        facts.append(f"文书份别：{record.copy}")
    if record.expires and "expires" not in used:
        facts.append(f"有效期至：{record.expires}")
    return facts


def _holder_again(record: PageRecord, value: str, said: str) -> bool:
    return value == record.holder and re.sub(r"\s+", "", value) in said


def _head(record: PageRecord, book: FontBook, width: float, height: float) -> tuple[list[Op], float]:
    """Issuer, title and number, centred: (what is drawn, where the body begins)."""
    inside, middle, top = width - LEFT - RIGHT, width / 2, height - TOP + 34
    issuer = block(
        book, record.issuer, "serif_bold", inside, sizes=(18.0, 16.0, 14.0), lines=3, name="发证机关"
    )
    ops: list[Op] = [*centred(book, issuer, middle, top)]
    top -= issuer.height + 2
    lines = 1 if len(record.title) <= 18 else 5
    title = block(
        book, record.title, "serif_bold", inside * 0.92, sizes=TITLE_SIZES, lines=lines, name="标题"
    )
    title = replace(title, lines=_balanced(book, record.title, title.size, inside * 0.92, len(title.lines)))
    ops += centred(book, title, middle, top)
    top -= title.height + 4
    if record.number:
        number = block(book, record.number, "serif", inside, sizes=(14.0, 12.0, 10.0), lines=2, name="文号")
        ops += centred(book, number, middle, top)
        top -= number.height
    return ops, top - 12


def _balanced(book: FontBook, text: str, size: float, width: float, lines: int) -> tuple[str, ...]:
    """The narrowest setting that still takes `lines` lines, so that a long title breaks near its middle."""
    best = wrap(book, text, "serif_bold", size, width)
    while width > size * 6:
        width -= size
        cut = wrap(book, text, "serif_bold", size, width)
        if len(cut) > lines:
            break
        best = cut
    return tuple(best)


def _fit(book: FontBook, texts: Sequence[str], room: _Room) -> _Set:
    """One page at the largest size that allows it, else as many as needed at the first size."""
    settings = [_paginate(book, texts, room, size, leading) for size, leading in STEPS]
    return next((made for made in settings if len(made.pages) == 1), settings[0])


def _paginate(book: FontBook, texts: Sequence[str], room: _Room, size: float, leading: float) -> _Set:
    lines = _lines(book, texts, size, room.width)
    pages: list[tuple[_Line, ...]] = []
    height = room.first_top - room.first_floor
    while True:
        fits = max(int(height // leading), 1)
        whole = int((height - SIGN_HEIGHT - 6) // leading)
        if len(lines) <= whole:
            pages.append(tuple(lines))
            return _Set(tuple(pages), size, leading)
        cut = min(fits, len(lines) - KEEP) if len(lines) <= fits else fits
        pages.append(tuple(lines[: max(cut, 1)]))
        lines = lines[max(cut, 1) :]
        height = room.top - room.floor


def _lines(book: FontBook, texts: Sequence[str], size: float, width: float) -> list[_Line]:
    """Every paragraph in lines: the addressee flush left, the others indented by two characters, full lines
    justified."""
    out: list[_Line] = []
    for number, text in enumerate(texts):
        indent = 0.0 if number == 0 and text.endswith("：") else 2 * size
        for part in paragraphs(text):
            cut = wrap(book, part, "serif", size, width, indent=indent)
            for at, line in enumerate(cut):
                shift = indent if at == 0 else 0.0
                slack = width - shift - book.width(line, "serif", size)
                justify = at + 1 < len(cut) and len(line) > 1 and slack < 2.5 * size
                out.append(_Line(line, number, shift, slack / (len(line) - 1) if justify else 0.0))
    return out


def _body(made: _Set, pages: Sequence[PagePlan], room: _Room) -> float:
    """Puts the lines on their pages; returns the height at which the last one ends."""
    top = room.first_top
    for at, (page, lines) in enumerate(zip(pages, made.pages, strict=True)):
        top = room.first_top if at == 0 else room.top
        for line in lines:
            y = top - made.leading / 2 - made.size * 0.36
            page.body.append(Text(LEFT + line.indent, y, line.text, "serif", made.size, line.tracking))
            top -= made.leading
        if at and made.pages[at - 1][-1].paragraph == lines[0].paragraph:
            page.opens_inside = pages[at - 1].ends_inside = True
    return top


def _sign(
    record: PageRecord, book: FontBook, page: PagePlan, top: float
) -> tuple[float, float, float, float]:
    """Issuer and date at the right below `top`; returns the seal box over them."""
    centre = page.width - RIGHT - SIGN_WIDTH / 2 + 6
    middle = top - 6 - SIGN_HEIGHT / 2
    issuer = block(
        book, record.issuer, "serif", SIGN_WIDTH, sizes=(16.0, 14.0, 12.0, 10.5), lines=4, name="发证机关"
    )
    page.body += centred(book, issuer, centre, middle + 4 + issuer.height)
    if record.issued:
        day = block(book, record.issued, "serif", SIGN_WIDTH, sizes=(16.0, 12.0), lines=1, name="日期")
        page.body += centred(book, day, centre, middle - 6)
    return centre - SEAL / 2, middle - SEAL / 2, centre + SEAL / 2, middle + SEAL / 2
