"""Lines of Chinese text: breaking, fitting, drawing. A value is only ever drawn, never parsed as markup."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from reportlab.pdfgen.canvas import Canvas

from labels.fonts import Face, FontBook

__all__ = ["Fitted", "draw_centred", "draw_line", "draw_right", "fit", "fit_line", "paragraphs", "wrap"]

# Line-edge rules of GB/T 15834 and of common typesetting practice.
NO_LINE_START: Final = frozenset("，。、；：？！）〕】》〉」』〗］｝”’…—·％‰℃,.;:?!)]}%~～°′″㎡㎥")
NO_LINE_END: Final = frozenset("（〔【《〈「『〖［｛“‘([{￥¥$＄№#")
WORD_MARKS: Final = frozenset("-_./@&+'’:%#=\\")
PARAGRAPH: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Fitted:
    """Lines and the size in points at which they fit."""

    size: float
    lines: tuple[str, ...]
    leading: float

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return len(self.lines) * self.leading


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a value, empty ones dropped, white space at both ends cut."""
    return [part.strip() for part in PARAGRAPH.split(text) if part.strip()]


def wrap(
    book: FontBook, text: str, face: Face, size: float, width: float, *, indent: float = 0.0
) -> list[str]:
    """Breaks `text` into lines no wider than `width` points; a line break in it begins a new paragraph.

    No closing mark begins a line and no opening mark ends one, words and numbers stay whole; what is
    wider than a line of its own is cut where it must be. `indent` shortens the first line of every paragraph.
    """
    lines: list[str] = []
    for part in paragraphs(text):
        lines += _wrap_paragraph(book, part, face, size, width, indent)
    return lines


def fit(
    book: FontBook,
    text: str,
    face: Face,
    width: float,
    height: float,
    *,
    size: float,
    minimum: float,
    spacing: float = 1.3,
    step: float = 0.5,
) -> Fitted | None:
    """The largest size from `size` down to `minimum` at which `text` fits the box, or None. `spacing` is
    leading over size."""
    while size >= minimum:
        lines = wrap(book, text, face, size, width)
        if len(lines) * size * spacing <= height + 0.01:
            return Fitted(size, tuple(lines), size * spacing)
        size -= step
    return None


def fit_line(
    book: FontBook, text: str, face: Face, width: float, *, size: float, minimum: float, step: float = 0.5
) -> float | None:
    """The largest size from `size` down to `minimum` at which `text` fits on one line, or None."""
    while size >= minimum:
        if book.width(text, face, size) <= width + 0.01:
            return size
        size -= step
    return None


def draw_line(
    canvas: Canvas,
    book: FontBook,
    x: float,
    y: float,
    text: str,
    face: Face,
    size: float,
    *,
    tracking: float = 0.0,
) -> float:
    """Draws one line from `x` on the baseline `y`; `tracking` is extra space after each character.
    Returns its width. Raises MissingGlyph before anything is drawn when a character has no glyph."""
    pieces = book.runs(text, face)
    line = canvas.beginText(x, y)
    line.setCharSpace(tracking)
    for name, piece in pieces:
        line.setFont(name, size)
        line.textOut(piece)
    line.setCharSpace(0)
    canvas.drawText(line)
    return book.width(text, face, size) + tracking * len(text)


def draw_centred(
    canvas: Canvas,
    book: FontBook,
    x: float,
    y: float,
    text: str,
    face: Face,
    size: float,
    *,
    tracking: float = 0.0,
) -> None:
    """Draws one line centred on `x`."""
    width = book.width(text, face, size) + tracking * max(len(text) - 1, 0)
    draw_line(canvas, book, x - width / 2, y, text, face, size, tracking=tracking)


def draw_right(
    canvas: Canvas, book: FontBook, x: float, y: float, text: str, face: Face, size: float
) -> None:
    """Draws one line ending at `x`."""
    draw_line(canvas, book, x - book.width(text, face, size), y, text, face, size)


def _wrap_paragraph(
    book: FontBook, text: str, face: Face, size: float, width: float, indent: float
) -> list[str]:
    lines: list[str] = []
    current, used, room = "", 0.0, width - indent
    for unit in _pieces_that_fit(book, _units(text), face, size, room):
        need = book.width(unit, face, size)
        if current and used + book.width(unit.rstrip(), face, size) > room + 0.01:
            lines.append(current.rstrip())
            current, used, room = "", 0.0, width
            unit = unit.lstrip()
            need = book.width(unit, face, size)
        current += unit
        used += need
    if current.strip():
        lines.append(current.rstrip())
    return lines


def _pieces_that_fit(book: FontBook, units: list[str], face: Face, size: float, room: float) -> list[str]:
    out: list[str] = []
    for unit in units:
        if book.width(unit, face, size) <= room:
            out.append(unit)
        else:
            out.extend(unit)
    return out


def _is_word(character: str) -> bool:
    if character in WORD_MARKS:
        return True
    return unicodedata.category(character) in {"Lu", "Ll", "Lt", "Nd", "Lm"} and unicodedata.east_asian_width(
        character
    ) not in {"W", "F"}


def _units(text: str) -> list[str]:
    """Cuts text into what must stay together: words, and characters with the marks that cling to them."""
    units: list[str] = []
    glue = False
    for character in text:
        previous = units[-1][-1] if units else ""
        clings = bool(units) and (
            glue
            or character in NO_LINE_START
            or (_is_word(character) and _is_word(previous))
            or (character.isspace() and not previous.isspace())
        )
        if clings:
            units[-1] += character
        else:
            units.append(character)
        glue = character in NO_LINE_END
    return units
