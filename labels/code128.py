"""Code 128 (ISO/IEC 15417), code sets B and C, as vector bars that land on printer dots.

A thermal head of 203 dpi has eight dots to the millimetre. A bar that is not a whole number of dots is
rounded by the printer, each bar differently, and the symbol stops being read; so widths are counted in dots
here and turned into points at the last step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "DOT_MM",
    "DOT_PT",
    "QUIET_MODULES",
    "BarcodeTooWide",
    "Symbol",
    "draw",
    "encode",
    "fitting_dots",
    "snap",
]

DOT_MM = 0.125
DOT_PT = DOT_MM * 72 / 25.4
QUIET_MODULES = 10
#: Below two dots (0.25 mm) a thermal printer's bars run into each other; above four nothing is gained.
NARROWEST_DOTS = 2
WIDEST_DOTS = 4

_CODE_B, _CODE_C = 100, 99
_START = {"B": 104, "C": 105}
_STOP_WIDTHS = "2331112"
_PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 "
    "122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 "
    "322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 "
    "112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 "
    "331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 "
    "112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 "
    "411311 113141 114131 311141 411131 211412 211214 211232"
)
_WIDTHS = tuple(_PATTERNS[at : at + 6] for at in range(0, len(_PATTERNS), 7))

#: What the ZPL command ^BC wants in place of characters that mean something to it.
_ZPL_ESCAPES = {">": ">0", "^": "><", "~": ">="}
_ZPL_START = {"B": ">:", "C": ">;"}
_ZPL_SWITCH = {"B": ">6", "C": ">5"}


class BarcodeTooWide(ValueError):
    """The symbol does not fit the given width even with the narrowest readable bars."""


class _Canvas(Protocol):
    """The part of a reportlab canvas that bars need."""

    def rect(
        self, x: float, y: float, width: float, height: float, stroke: int = 1, fill: int = 0
    ) -> None: ...


@dataclass(frozen=True)
class Symbol:
    """One encoded symbol: `runs` are the stretches of one code set, `values` start to check, without stop."""

    text: str
    runs: tuple[tuple[str, str], ...]
    values: tuple[int, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Bar, space, bar, ... in modules, stop pattern included, quiet zones not."""
        return tuple(int(w) for value in self.values for w in _WIDTHS[value]) + tuple(map(int, _STOP_WIDTHS))

    @property
    def modules(self) -> int:
        """Width of the bars in modules: 11 for each symbol character, 13 for the stop pattern."""
        return 11 * len(self.values) + 13

    @property
    def modules_with_quiet(self) -> int:
        return self.modules + 2 * QUIET_MODULES

    @property
    def zpl_data(self) -> str:
        """Field data for `^BC` in mode N that makes the printer choose the very same characters."""
        parts = []
        for index, (code_set, stretch) in enumerate(self.runs):
            parts.append((_ZPL_SWITCH if index else _ZPL_START)[code_set])
            parts.append("".join(_ZPL_ESCAPES.get(character, character) for character in stretch))
        return "".join(parts)

    def bars(self) -> Iterator[tuple[int, int]]:
        """(left, width) of every dark bar in modules from the first bar's left edge."""
        left = 0
        for index, width in enumerate(self.widths):
            if index % 2 == 0:
                yield left, width
            left += width


def encode(text: str) -> Symbol:
    """Encodes printable ASCII with the fewest symbol characters; anything else raises ValueError."""
    if not text:
        raise ValueError("a barcode needs at least one character")
    if not all(" " <= character <= "~" for character in text):
        raise ValueError("Code 128 here takes printable ASCII only")
    runs = tuple(_runs(text))
    values = [_START[runs[0][0]]]
    for index, (code_set, stretch) in enumerate(runs):
        if index:
            values.append(_CODE_B if code_set == "B" else _CODE_C)
        values.extend(_stretch_values(code_set, stretch))
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    return Symbol(text, runs, (*values, check))


def _stretch_values(code_set: str, stretch: str) -> list[int]:
    if code_set == "B":
        return [ord(character) - 32 for character in stretch]
    return [int(stretch[place : place + 2]) for place in range(0, len(stretch), 2)]


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """The cheapest split into code sets, found from the end; a tie stays in the set it is in."""
    cost: dict[tuple[int, str], int] = {(len(text), "B"): 0, (len(text), "C"): 0}
    choice: dict[tuple[int, str], str] = {}
    for place in range(len(text) - 1, -1, -1):
        in_b = 1 + cost[place + 1, "B"]
        pair = _digit_pair(text, place)
        in_c = 1 + cost[place + 2, "C"] if pair else len(text) * 4
        for current, stay, leave, other in (("B", in_b, in_c, "C"), ("C", in_c, in_b, "B")):
            cost[place, current] = min(stay, leave + 1)
            choice[place, current] = current if stay <= leave + 1 else other
    yield from _walk(text, choice, "C" if cost[0, "C"] < cost[0, "B"] else "B")


def _walk(text: str, choice: dict[tuple[int, str], str], first: str) -> Iterator[tuple[str, str]]:
    place, current, stretch = 0, choice[0, first], ""
    while place < len(text):
        wanted = choice[place, current]
        if wanted != current:
            yield current, stretch
            current, stretch = wanted, ""
        step = 1 if current == "B" else 2
        stretch += text[place : place + step]
        place += step
    yield current, stretch


def _digit_pair(text: str, place: int) -> bool:
    pair = text[place : place + 2]
    return len(pair) == 2 and pair.isdigit()


def fitting_dots(symbol: Symbol, width_mm: float, widest: int = WIDEST_DOTS) -> int:
    """Dots to a module, the most that fit `width_mm` with both quiet zones; BarcodeTooWide if none."""
    for dots in range(widest, NARROWEST_DOTS - 1, -1):
        if symbol.modules_with_quiet * dots * DOT_MM <= width_mm + 1e-9:
            return dots
    raise BarcodeTooWide(f"a barcode of {symbol.modules} modules does not fit {width_mm:g} mm")


def snap(points: float) -> float:
    """The nearest whole printer dot, in points."""
    return round(points / DOT_PT) * DOT_PT


def draw(canvas: _Canvas, symbol: Symbol, x: float, y: float, height: float, dots: int) -> float:
    """Draws the bars with the first one's left edge at `x` (points, snapped to a dot); returns their width.

    The caller leaves ten modules white on both sides.
    """
    if dots < NARROWEST_DOTS:
        raise ValueError("bars narrower than two printer dots cannot be read")
    left_dots = round(x / DOT_PT)
    for left, width in symbol.bars():
        canvas.rect((left_dots + left * dots) * DOT_PT, y, width * dots * DOT_PT, height, stroke=0, fill=1)
    return symbol.modules * dots * DOT_PT
