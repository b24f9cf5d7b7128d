"""A page before it is drawn: what stands where, in points from the lower left corner.

Layouts make a plan, `page` paints it. Text that continues over a page break must be read without a gap,
so each page keeps its furniture (border, page number, verification block) apart from its body, and the
painter decides which of the two is written first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from labels.fonts import Face, FontBook
from labels.text import wrap

__all__ = [
    "A3",
    "A4",
    "MM",
    "Block",
    "Code",
    "DoesNotFit",
    "Frame",
    "Mark",
    "Op",
    "PagePlan",
    "Plan",
    "Rule",
    "Text",
    "block",
    "centred",
    "on_form",
    "paper_scale",
    "paper_size",
    "scaled",
    "spread",
    "stack",
]

MM: Final = 72 / 25.4
A4: Final = (210 * MM, 297 * MM)
A3: Final = (297 * MM, 420 * MM)


class DoesNotFit(Exception):
    """What `field` (a Chinese name) holds has no room on the page, however small it is set."""

    def __init__(self, field: str) -> None:
        super().__init__(f"no room for {field}")
        self.field = field


@dataclass(frozen=True)
class Text:
    """One line on the baseline `y`; `tracking` is extra space after each character, `grey` 0 is black.
    `fixed`: how many of its first characters a pre-printed form of this title carries already."""

    x: float
    y: float
    text: str
    face: Face
    size: float
    tracking: float = 0.0
    grey: float = 0.0
    fixed: int = 0


@dataclass(frozen=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.5
    grey: float = 0.0


@dataclass(frozen=True)
class Frame:
    """A rectangle's outline."""

    x: float
    y: float
    width: float
    height: float
    line: float = 0.5
    grey: float = 0.0


@dataclass(frozen=True)
class Code:
    """The verification QR, quiet zone included, from this lower left corner."""

    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    """Large pale text across the page, centred on (`x`, `y`) and turned by `angle` degrees."""

    x: float
    y: float
    text: str
    size: float
    angle: float
    grey: float


Op = Text | Rule | Frame | Code | Mark


@dataclass
class PagePlan:
    """One page. `opens_inside`: its body begins within a value that began on the page before;
    `ends_inside`: its last value goes on overleaf. `scale`: how much larger than on A4 its type is set."""

    width: float
    height: float
    furniture: list[Op] = field(default_factory=list)
    body: list[Op] = field(default_factory=list)
    opens_inside: bool = False
    ends_inside: bool = False
    scale: float = 1.0


@dataclass(frozen=True)
class Plan:
    """All pages, and where the visible seal goes: page index and (x1, y1, x2, y2)."""

    pages: tuple[PagePlan, ...]
    seal_page: int
    seal_box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Block:
    """Lines set at one size, the first one indented."""

    lines: tuple[str, ...]
    face: Face
    size: float
    leading: float
    indent: float = 0.0

    @property
    def height(self) -> float:
        return len(self.lines) * self.leading


def paper_size(paper: str, landscape: bool) -> tuple[float, float]:
    """Width and height in points."""
    short, long = A3 if paper == "A3" else A4
    return (long, short) if landscape else (short, long)


def paper_scale(paper: str) -> float:
    """How much larger type and margins are than on A4: A3 has twice the area, the same shape."""
    return 2**0.5 if paper == "A3" else 1.0


def scaled(sizes: Sequence[float], scale: float) -> tuple[float, ...]:
    """Each size in points, enlarged."""
    return tuple(size * scale for size in sizes)


def block(
    book: FontBook,
    text: str,
    face: Face,
    width: float,
    *,
    sizes: Sequence[float],
    lines: int,
    spacing: float = 1.35,
    indent: float = 0.0,
    name: str,
) -> Block:
    """`text` at the first of `sizes` at which it takes at most `lines` lines; DoesNotFit(name) when none
    does.
    `indent` counts characters."""
    for size in sizes:
        cut = wrap(book, text, face, size, width, indent=indent * size)
        if len(cut) <= lines:
            return Block(tuple(cut), face, size, size * spacing, indent * size)
    raise DoesNotFit(name)


def stack(made: Block, x: float, top: float, *, grey: float = 0.0) -> list[Text]:
    """The block's lines flush left below `top`."""
    return [
        Text(x if at else x + made.indent, _baseline(made, top, at), line, made.face, made.size, grey=grey)
        for at, line in enumerate(made.lines)
    ]


def centred(book: FontBook, made: Block, x: float, top: float, *, tracking: float = 0.0) -> list[Text]:
    """The block's lines centred on `x` below `top`."""
    out: list[Text] = []
    for at, line in enumerate(made.lines):
        width = book.width(line, made.face, made.size) + tracking * (len(line) - 1)
        out.append(Text(x - width / 2, _baseline(made, top, at), line, made.face, made.size, tracking))
    return out


def on_form(ops: Sequence[Text], characters: int | None = None) -> list[Text]:
    """The same lines as a pre-printed form carries them: wholly, or the first `characters` of all together."""
    out: list[Text] = []
    left = sum(len(op.text) for op in ops) if characters is None else characters
    for op in ops:
        out.append(replace(op, fixed=min(left, len(op.text))))
        left -= out[-1].fixed
    return out


def spread(book: FontBook, label: str, face: Face, size: float, width: float) -> float:
    """The tracking that spreads a short label over `width` (分散对齐), 0 for labels of one or many
    characters."""
    if not 2 <= len(label) <= 7:
        return 0.0
    return max((width - book.width(label, face, size)) / (len(label) - 1), 0.0)


def _baseline(made: Block, top: float, at: int) -> float:
    return top - at * made.leading - made.size * 0.88 - (made.leading - made.size) / 2
