"""Text as shapes: for a mark across a page that readers must not take for text.

Reads simple glyphs of the `glyf` table (OpenType 1.9, "Simple Glyph Description"); the vendored Noto SC
faces have no others for Chinese characters.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

from reportlab.pdfgen.canvas import Canvas

from labels.fonts import EmbeddedFont

__all__ = ["draw_outline", "outline", "shapes"]

ON_CURVE, X_SHORT, Y_SHORT, REPEAT, X_SAME, Y_SAME = 1, 2, 4, 8, 16, 32
HEADER: Final = 10


@dataclass(frozen=True)
class _Point:
    x: float
    y: float
    on: bool


def outline(font: EmbeddedFont, character: str) -> list[list[tuple[float, float, bool]]]:
    """The closed contours of one character in thousandths of an em: (x, y, on the curve). Empty for a space;
    ValueError for a composite glyph."""
    scale = 1000 / font.units_per_em()
    return [
        [(point.x * scale, point.y * scale, point.on) for point in contour]
        for contour in _contours(font.glyph(character))
    ]


def draw_outline(canvas: Canvas, font: EmbeddedFont, x: float, y: float, text: str, size: float) -> None:
    """Fills the shapes of `text` on the baseline (`x`, `y`) in the canvas's fill colour."""
    code: Any = canvas
    canvas.saveState()
    canvas.translate(x, y)
    code._code.append(shapes(font, text, size))
    canvas.restoreState()


def shapes(font: EmbeddedFont, text: str, size: float) -> str:
    """PDF path operators that fill `text` from the origin; kept by the font: a mark stands on every page."""
    key = (text, size)
    if key not in font.shapes:
        operators: list[str] = []
        scale, x = size / 1000, 0.0
        for character in text:
            for contour in outline(font, character):
                _trace(operators, [_Point(x + px * scale, py * scale, on) for px, py, on in contour])
            x += font.advance(character) * scale
        font.shapes[key] = " ".join([*operators, "f"])
    return font.shapes[key]


def _contours(data: bytes) -> list[list[_Point]]:
    if not data:
        return []
    count = struct.unpack(">h", data[:2])[0]
    if count < 0:
        raise ValueError("composite glyph")
    ends = struct.unpack(f">{count}H", data[HEADER : HEADER + 2 * count])
    at = HEADER + 2 * count
    at += 2 + struct.unpack(">H", data[at : at + 2])[0]
    flags, at = _flags(data, at, ends[-1] + 1)
    xs, at = _coordinates(data, at, flags, X_SHORT, X_SAME)
    ys, _ = _coordinates(data, at, flags, Y_SHORT, Y_SAME)
    points = [_Point(x, y, bool(flag & ON_CURVE)) for x, y, flag in zip(xs, ys, flags, strict=True)]
    starts = (0, *(end + 1 for end in ends[:-1]))
    return [points[start : end + 1] for start, end in zip(starts, ends, strict=True)]


def _flags(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    flags: list[int] = []
    while len(flags) < count:
        flag = data[at]
        at += 1
        times = 1
        if flag & REPEAT:
            times += data[at]
            at += 1
        flags += [flag] * times
    return flags, at


def _coordinates(data: bytes, at: int, flags: list[int], short: int, same: int) -> tuple[list[int], int]:
    values: list[int] = []
    value = 0
    for flag in flags:
        if flag & short:
            value += data[at] if flag & same else -data[at]
            at += 1
        elif not flag & same:
            value += struct.unpack(">h", data[at : at + 2])[0]
            at += 2
        values.append(value)
    return values, at


def _trace(operators: list[str], points: list[_Point]) -> None:
    """One contour: quadratic curves, a point between two control points implied, drawn as cubic ones."""
    full: list[_Point] = []
    for at, point in enumerate(points):
        before = points[at - 1]
        if not point.on and not before.on:
            full.append(_Point((point.x + before.x) / 2, (point.y + before.y) / 2, True))
        full.append(point)
    start = next(at for at, point in enumerate(full) if point.on)
    full = full[start:] + full[: start + 1]
    here = full[0]
    operators.append(f"{_at(here)} m")
    control: _Point | None = None
    for point in full[1:]:
        if not point.on:
            control = point
        elif control is None:
            operators.append(f"{_at(point)} l")
            here = point
        else:
            first, second = _third(here, control), _third(point, control)
            operators.append(f"{_at(first)} {_at(second)} {_at(point)} c")
            here, control = point, None
    operators.append("h")


def _third(end: _Point, control: _Point) -> _Point:
    """The cubic control point next to `end` of the quadratic curve with this control point."""
    return _Point(end.x + 2 / 3 * (control.x - end.x), end.y + 2 / 3 * (control.y - end.y), False)


def _at(point: _Point) -> str:
    return f"{point.x:.2f} {point.y:.2f}"
