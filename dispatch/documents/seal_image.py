"""What stands where a department's seal belongs, as a one-page PDF for the sealer to place.

Sealed electronically: a plain vermilion ring with the department's name along the upper arc. No emblem and no
star: what stands in the middle says what it is. Sealed by hand: a thin dashed box that stays empty for the ink,
with the department's name below. Set in the vendored typefaces; the bytes are the same for the same name.
"""

from __future__ import annotations

import io
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from reportlab.pdfgen.canvas import Canvas

from labels.fonts import Face, FontBook
from labels.text import wrap

__all__ = ["SIZE", "SealImages", "empty_area", "seal_image"]

#: edge of the square page in points: 42 mm, the diameter of a county organ's seal
SIZE: Final = 42 * 72 / 25.4
VERMILION: Final = (0xC8 / 255, 0x10 / 255, 0x2E / 255)
FACE: Final[Face] = "serif_bold"
#: the name may take this much of the circle, in degrees
WIDEST: Final = 250.0
_RING: Final = 2.6
_GREY: Final = 0.5
#: more departments than a county has
_MOST_KEPT: Final = 256


@dataclass(frozen=True)
class _Arc:
    """How the name is set: size in points, radius of the baseline, degrees from one character's middle to the
    next."""

    size: float
    radius: float
    step: float


def seal_image(department: str, fonts: FontBook, *, sample: bool) -> bytes:
    """One page of ``SIZE`` × ``SIZE`` points, transparent but for the drawing. ``MissingGlyph`` for a rare
    character."""
    out = io.BytesIO()
    canvas = _canvas(out, fonts)
    canvas.setStrokeColorRGB(*VERMILION)
    canvas.setFillColorRGB(*VERMILION)
    canvas.setLineWidth(_RING)
    canvas.circle(SIZE / 2, SIZE / 2, SIZE / 2 - _RING / 2 - 0.5)
    _name(canvas, fonts, "".join(department.split()))
    _middle(canvas, fonts, "演示用章" if sample else "电子印章")
    canvas.save()
    return out.getvalue()


def empty_area(department: str, fonts: FontBook) -> bytes:
    """As ``seal_image`` for a paper that is sealed by hand: room for the ink over issuer and date, whose it is below."""
    out = io.BytesIO()
    canvas = _canvas(out, fonts)
    canvas.setStrokeGray(_GREY)
    canvas.setFillGray(_GREY)
    canvas.setLineWidth(0.6)
    canvas.setDash(3, 2.4)
    canvas.rect(1, 1, SIZE - 2, SIZE - 2)
    lines, size = _small_print(fonts, "".join(department.split()))
    bottom = 5.0
    for line in reversed(lines):
        _draw(canvas, fonts, line, (SIZE - fonts.width(line, "sans", size)) / 2, bottom, size, "sans")
        bottom += size * 1.2
    words = "盖章处"
    _draw(canvas, fonts, words, (SIZE - fonts.width(words, "sans", 8)) / 2, bottom + 2, 8, "sans")
    canvas.save()
    return out.getvalue()


def _small_print(fonts: FontBook, name: str) -> tuple[list[str], float]:
    """The name in the largest size at which it stays below issuer and date."""
    for size in (6.5, 5.8, 5.0, 4.2, 3.4):
        lines = wrap(fonts, name, "sans", size, SIZE - 10)
        if len(lines) * size * 1.2 <= 16:
            break
    return lines, size


def _canvas(out: io.BytesIO, fonts: FontBook) -> Canvas:
    make: Any = Canvas  # the stubs know no font name
    canvas: Canvas = make(
        out, pagesize=(SIZE, SIZE), invariant=1, pageCompression=1, initialFontName=fonts.font_name(FACE)
    )
    canvas.setTitle("seal")
    return canvas


class SealImages:
    """Seal images of one process, drawn once; the longest unused is forgotten first. Thread-safe."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, bool, bool], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def image(self, department: str, fonts: FontBook, *, sample: bool, by_hand: bool = False) -> bytes:
        """As ``seal_image``; as ``empty_area`` for a paper sealed by hand."""
        key = (department, sample, by_hand)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = empty_area(department, fonts) if by_hand else seal_image(department, fonts, sample=sample)
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return drawn


def _arc(count: int) -> _Arc:
    """The largest setting that keeps ``count`` characters apart and within the arc."""
    for size in (15.0, 13.5, 12.0, 10.5, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.2, 2.6):
        radius = SIZE / 2 - _RING - 3.0 - size
        least = math.degrees(size * 0.92 / radius)
        if least * max(count - 1, 1) <= WIDEST:
            break
    widest_step = math.degrees(size * 2.2 / radius)
    return _Arc(size, radius, min(widest_step, WIDEST / max(count - 1, 1)))


def _name(canvas: Canvas, fonts: FontBook, name: str) -> None:
    arc = _arc(len(name))
    angle = arc.step * (len(name) - 1) / 2
    for character in name:
        canvas.saveState()
        canvas.translate(SIZE / 2, SIZE / 2)
        canvas.rotate(angle)
        _draw(
            canvas,
            fonts,
            character,
            -fonts.width(character, FACE, arc.size) / 2,
            arc.radius + arc.size * 0.12,
            arc.size,
        )
        canvas.restoreState()
        angle -= arc.step


def _middle(canvas: Canvas, fonts: FontBook, words: str) -> None:
    size = 13.0
    _draw(canvas, fonts, words, (SIZE - fonts.width(words, FACE, size)) / 2, SIZE / 2 - size * 0.85, size)


def _draw(
    canvas: Canvas, fonts: FontBook, text: str, x: float, y: float, size: float, face: Face = FACE
) -> None:
    for font, piece in fonts.runs(text, face):
        canvas.setFont(font, size)
        canvas.drawString(x, y, piece)
        x += fonts.width(piece, face, size)
