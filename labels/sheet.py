"""A sheet of paper, measured in millimetres from its top left corner; every printed thing is drawn on one."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from labels import code128, qr
from labels.fonts import Face, FontBook
from labels.text import draw_line, fit, fit_line, wrap

__all__ = [
    "SAMPLE_MARK",
    "Box",
    "DoesNotFit",
    "PlacedBarcode",
    "PlacedQr",
    "Sheet",
    "grouped",
    "plain",
]

SAMPLE_MARK: Final = "演示样本 不具法律效力"
SPACING: Final = 1.22
#: Share of the em above the baseline in the Noto SC faces.
ASCENT: Final = 0.88
#: Thinner QR modules do not survive a 203 dpi head on rough envelope paper.
QR_DOTS: Final = (6, 5, 4, 3)
_S10 = re.compile(r"([A-Z]{2})(\d{3})(\d{3})(\d{3})([A-Z]{2})")
_FORM = re.compile(r"(SQ|NJ|JJ|SH|DJ|NB)(\d{8})(\d{4,8})([0-9A-Z])")
_ACCEPTANCE = re.compile(r"(\d{6})(\d{8})(\d{7})")
_WIDE_GAP = re.compile(" {3,}")
_LETTERS_DIGITS = re.compile(r"([A-Z]*)(\d{8,})")


class DoesNotFit(ValueError):
    """A value is too long for its place at the smallest readable size; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} does not fit its place on the paper")
        self.field = field


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres, `y` downwards from the top of the sheet."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, across: float, down: float | None = None) -> Box:
        down = across if down is None else down
        return Box(self.x + across, self.y + down, self.width - 2 * across, self.height - 2 * down)

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class PlacedBarcode:
    """Where a Code 128 stands, in printer dots from the top left corner; `x` is the first bar's."""

    symbol: code128.Symbol
    x: int
    y: int
    height: int
    dots: int


@dataclass(frozen=True)
class PlacedQr:
    """Where a QR code stands, in printer dots from the top left corner, quiet zone excluded."""

    text: str
    x: int
    y: int
    dots: int
    modules: int


def plain(text: str) -> str:
    """One line of visible text: white space as spaces, at most two together (they part columns), none at the
    ends; what has no shape of its own (controls, direction marks, selectors) is dropped.
    """
    kept = (" " if character.isspace() else character for character in text if not _shapeless(character))
    return _WIDE_GAP.sub("  ", "".join(kept).strip())


def _shapeless(character: str) -> bool:
    if character.isspace():
        return False
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return selector or unicodedata.category(character) in {"Cc", "Cf"}


def grouped(number: str) -> str:
    """A number cut into pieces the eye can hold: EA 000 000 015 ZZ, ZD 0000 0000 0000 1."""
    for pattern in (_S10, _ACCEPTANCE, _FORM):
        found = pattern.fullmatch(number)
        if found:
            return " ".join(found.groups())
    found = _LETTERS_DIGITS.fullmatch(number)
    if not found:
        return number
    digits = found[2]
    return " ".join(filter(None, (found[1], *(digits[at : at + 4] for at in range(0, len(digits), 4)))))


def _dots(millimetres: float) -> int:
    return round(millimetres / code128.DOT_MM)


class Sheet:
    """One PDF in the making. The same calls give the same bytes: no date, no random identifier.

    With `codes=False` barcodes and QR codes are placed, not drawn (a printer draws them itself); `placed`
    tells where they stand either way.
    """

    def __init__(
        self, book: FontBook, width: float, height: float, title: str, *, codes: bool = True
    ) -> None:
        self.book = book
        self.width = width
        self.height = height
        self.codes = codes
        self.placed: list[PlacedBarcode | PlacedQr] = []
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=(width * mm, height * mm), invariant=1, pageCompression=1)
        self.canvas.setTitle(title)
        self.canvas.setAuthor("")
        self.canvas.setCreator("证达")
        self.canvas.setViewerPreference("PrintScaling", "None")

    def next_page(self, width: float = 0, height: float = 0) -> None:
        """Begin another page; of another size where one is given, in millimetres."""
        self.canvas.showPage()
        if width and height:
            self.width, self.height = width, height
            self.canvas.setPageSize((width * mm, height * mm))

    def finish(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self._buffer.getvalue()

    def width_of(self, text: str, size: float, face: Face = "sans") -> float:
        """Width in millimetres of one line."""
        return self.book.width(plain(text), face, size) / mm

    def text(
        self, x: float, y: float, text: str, size: float, face: Face = "sans", align: str = "left"
    ) -> float:
        """One line whose top stands at `y`; `x` is its left, middle or right. Returns its height."""
        text = plain(text)
        width = self.book.width(text, face, size)
        left = x * mm - {"left": 0.0, "centre": width / 2, "right": width}[align]
        baseline = (self.height - y) * mm - size * (ASCENT + (SPACING - 1) / 2)
        if text:
            draw_line(self.canvas, self.book, left, baseline, text, face, size)
        return size * SPACING / mm

    def lines(self, x: float, y: float, lines: Iterable[str], size: float, face: Face = "sans") -> float:
        """Lines below each other from the top `y`; returns their height in millimetres."""
        top = y
        for line in lines:
            top += self.text(x, top, line, size, face)
        return top - y

    def wrap(self, text: str, size: float, width: float, face: Face = "sans") -> list[str]:
        return wrap(self.book, plain(text), face, size, width * mm)

    def one_line(
        self,
        box: Box,
        text: str,
        field: str,
        *,
        size: float,
        minimum: float,
        face: Face = "sans",
        align: str = "left",
    ) -> float:
        """One line in mid-height of the box, stepped down until it fits; returns its size in points."""
        largest = min(size, box.height * mm / SPACING)
        found = fit_line(self.book, plain(text), face, box.width * mm, size=largest, minimum=minimum)
        if found is None:
            raise DoesNotFit(field)
        x = {"left": box.x, "centre": box.x + box.width / 2, "right": box.right}[align]
        self.text(x, box.y + (box.height - found * SPACING / mm) / 2, text, found, face, align)
        return found

    def block(
        self,
        box: Box,
        text: str,
        field: str,
        *,
        size: float,
        minimum: float,
        face: Face = "sans",
        shorten: bool = False,
    ) -> float:
        """Wrapped text from the top of the box, stepped down until it fits; returns its height, mm.

        What does not fit at `minimum` raises DoesNotFit, or with `shorten` ends in an ellipsis.
        """
        found = fit(
            self.book,
            plain(text),
            face,
            box.width * mm,
            box.height * mm,
            size=size,
            minimum=minimum,
            spacing=SPACING,
        )
        if found is not None:
            return self.lines(box.x, box.y, found.lines, found.size, face)
        room = int(box.height * mm / (minimum * SPACING) + 0.01)
        if not shorten or room < 1:
            raise DoesNotFit(field)
        kept = self.wrap(text, minimum, box.width, face)[:room]
        while kept[-1] and self.width_of(kept[-1] + "…", minimum, face) > box.width:
            kept[-1] = kept[-1][:-1]
        return self.lines(box.x, box.y, [*kept[:-1], kept[-1] + "…"], minimum, face)

    def line_or_block(
        self, box: Box, text: str, field: str, *, size: float, least_line: float = 7, minimum: float = 5
    ) -> None:
        """One line while it can be `least_line` points, else wrapped, at last cut."""
        if self.width_of(text, least_line) <= box.width:
            self.one_line(box, text, field, size=size, minimum=min(least_line, box.height * mm / SPACING))
        else:
            self.block(box.inset(0, 0.4), text, field, size=least_line, minimum=minimum, shorten=True)

    @staticmethod
    def line_height(size: float) -> float:
        """Millimetres from one line to the next at `size` points."""
        return size * SPACING / mm

    def table(
        self, box: Box, facts: Sequence[tuple[str, str]], label_width: float, *, size: float, minimum: float
    ) -> float:
        """Labels and values below each other, all at the largest common size; returns the height used, mm.

        Raises DoesNotFit naming the label of the longest value.
        """
        while size >= minimum:
            broken = [(label, self.wrap(text, size, box.width - label_width)) for label, text in facts]
            step, gap = self.line_height(size), self.line_height(size) * 0.5
            if sum(len(lines) * step + gap for _, lines in broken) <= box.height:
                top = box.y
                for label, lines in broken:
                    self.text(box.x, top, label, size)
                    top += self.lines(box.x + label_width, top, lines, size) + gap
                return top - box.y
            size -= 0.5
        raise DoesNotFit(max(facts, key=lambda fact: len(fact[1]))[0])

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, dots: int = 2, dashed: bool = False
    ) -> None:
        self.canvas.saveState()
        self.canvas.setLineWidth(dots * code128.DOT_PT)
        if dashed:
            self.canvas.setDash(4, 3)
        self.canvas.line(x1 * mm, (self.height - y1) * mm, x2 * mm, (self.height - y2) * mm)
        self.canvas.restoreState()

    def frame(self, box: Box, *, dots: int = 2) -> None:
        self.canvas.saveState()
        self.canvas.setLineWidth(dots * code128.DOT_PT)
        self.canvas.rect(box.x * mm, (self.height - box.bottom) * mm, box.width * mm, box.height * mm)
        self.canvas.restoreState()

    def picture(self, box: Box, png: bytes) -> None:
        """A picture in grey, as large as the box lets it be, in its middle; ValueError for bytes that are no PNG."""
        try:
            with Image.open(io.BytesIO(png), formats=("PNG",)) as drawn:
                image = Image.new("RGBA", drawn.size, "white")
                image.alpha_composite(drawn.convert("RGBA"))
        except (OSError, SyntaxError) as fault:  # what Pillow raises for damaged pictures
            raise ValueError("this is no picture") from fault
        scale = min(box.width / image.width, box.height / image.height)
        wide, high = image.width * scale, image.height * scale
        x, y = box.x + (box.width - wide) / 2, box.y + (box.height - high) / 2
        bottom = (self.height - y - high) * mm
        self.canvas.drawImage(ImageReader(image.convert("L")), x * mm, bottom, wide * mm, high * mm)

    def barcode(self, box: Box, text: str, field: str, *, widest: int = 3) -> float:
        """Code 128 centred in the box with quiet zones inside it; returns the bars' width in millimetres."""
        symbol = code128.encode(text)
        try:
            dots = code128.fitting_dots(symbol, box.width, widest)
        except code128.BarcodeTooWide as error:
            raise DoesNotFit(field) from error
        x = _dots(box.x) + (_dots(box.width) - symbol.modules * dots) // 2
        y, height = _dots(box.y), _dots(box.height)
        self.placed.append(PlacedBarcode(symbol, x, y, height, dots))
        if self.codes:
            bottom = self.height * mm - (y + height) * code128.DOT_PT
            code128.draw(self.canvas, symbol, x * code128.DOT_PT, bottom, height * code128.DOT_PT, dots)
        return symbol.modules * dots * code128.DOT_MM

    def qr(self, box: Box, text: str, field: str) -> float:
        """QR of `text`, centred in the box with four quiet modules inside it; returns its side, mm."""
        matrix = qr.byte_matrix(text)
        whole = len(matrix) + 2 * qr.QUIET
        room = _dots(min(box.width, box.height))
        dots = next((dots for dots in QR_DOTS if whole * dots <= room), 0)
        if not dots:
            raise DoesNotFit(field)
        x = _dots(box.x) + (_dots(box.width) - whole * dots) // 2
        y = _dots(box.y) + (_dots(box.height) - whole * dots) // 2
        self.placed.append(PlacedQr(text, x + qr.QUIET * dots, y + qr.QUIET * dots, dots, len(matrix)))
        if self.codes:
            bottom = self.height * mm - (y + whole * dots) * code128.DOT_PT
            qr.draw(self.canvas, x * code128.DOT_PT, bottom, matrix, module=dots * code128.DOT_PT)
        return whole * dots * code128.DOT_MM
