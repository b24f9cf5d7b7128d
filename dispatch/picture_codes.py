"""What the barcodes on a scan or photo say, page by page. Nothing here knows what a code means.

Pictures come from anywhere: a small file may claim gigabytes, a PDF thousands of pages. Sizes are read before anything
is unpacked, pages are counted before they are drawn, and one file may take only so long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium_c
import zxingcpp
from PIL import Image, ImageOps

from labels.pdfium import PDFIUM_LOCK

__all__ = ["MOST_PAGES", "Page", "Unreadable", "page_image", "pages_of", "read_codes"]

MOST_PAGES: Final = 80
#: pixels of the longer edge: an A4 page's bars have four or more; then finer, for a sheet that fills a corner of a photo
EDGES: Final = (3000, 4800)
#: a JPEG is shrunk while it is unpacked, anything else has to be unpacked whole
MOST_JPEG: Final = 200_000_000
MOST_PIXELS: Final = 40_000_000
#: seconds that one file may take; what is left then is told apart by hand
LONGEST: Final = 25.0
_FORMATS: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode])


class Unreadable(ValueError):
    """The file is damaged, locked, or too large to be opened; ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Page:
    """The texts of the codes on one page, each once; ``skipped``: there was no time left to look."""

    codes: tuple[str, ...] = ()
    skipped: bool = False


def read_codes(data: bytes) -> list[Page]:
    """One entry for every page of a PDF, one for a picture. ``Unreadable``: ``damaged``, ``too_many_pages``,
    ``too_large``."""
    until = time.monotonic() + LONGEST
    pages: list[Page] = []
    for at in range(pages_of(data)):
        if time.monotonic() > until:
            pages.append(Page(skipped=True))
            continue
        try:
            pages.append(Page(_codes(data, at)))
        except Unreadable:
            if not data.startswith(b"%PDF-"):
                raise
            pages.append(Page(skipped=True))  # one bad page does not cost the others
    return pages


def _codes(data: bytes, at: int) -> tuple[str, ...]:
    seen = 0
    for edge in EDGES:
        image = page_image(data, at, edge)
        if max(image.size) <= seen:
            break  # the picture has no more to show
        seen = max(image.size)
        found: list[Any] = zxingcpp.read_barcodes(image, formats=_FORMATS)
        if found:
            return tuple(dict.fromkeys(str(one.text) for one in found))
    return ()


def pages_of(data: bytes) -> int:
    """How many pages; 1 for a picture. ``Unreadable`` as above."""
    if not data.startswith(b"%PDF-"):
        return 1
    with _opened(data) as document:
        count = len(document)
    if not 1 <= count <= MOST_PAGES:
        raise Unreadable("too_many_pages" if count else "damaged")
    return count


def page_image(data: bytes, page: int, edge: int) -> Image.Image:
    """A page in grey, upright, no larger than ``edge`` pixels either way. ``Unreadable`` as above."""
    if data.startswith(b"%PDF-"):
        return _drawn(data, page, edge)
    try:
        return _unpacked(data, edge)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as fault:
        if isinstance(fault, Unreadable):
            raise
        # Pillow's answers to damaged files are of many kinds; a bomb is told apart.
        raise Unreadable(
            "too_large" if isinstance(fault, Image.DecompressionBombError) else "damaged"
        ) from fault


def _unpacked(data: bytes, edge: int) -> Image.Image:
    with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
        pixels = image.width * image.height
        if pixels > (MOST_JPEG if image.format == "JPEG" else MOST_PIXELS):
            raise Unreadable("too_large")
        image.draft("L", (edge, edge))
        whole = ImageOps.exif_transpose(image) or image
        grey = _flat(whole)
    grey.thumbnail((edge, edge))
    return grey


def _flat(image: Image.Image) -> Image.Image:
    """Grey on white: what is transparent on a screen is white on paper."""
    if image.mode in ("L", "1"):
        return image.convert("L")
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("L")
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    return white.convert("L")


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """The PDF, while nobody else uses PDFium."""
    with PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as fault:
            raise Unreadable("damaged") from fault
        try:
            yield document
        finally:
            document.close()


def _drawn(data: bytes, at: int, edge: int) -> Image.Image:
    with _opened(data) as document:
        try:
            page = document[at]
            wide, high = page.get_size()
            if not (0 < wide < 20_000 and 0 < high < 20_000) or _pictures(page) > 4 * MOST_PIXELS:
                raise Unreadable("too_large")
            bitmap = page.render(scale=edge / max(wide, high), grayscale=True)
            return _flat(bitmap.to_pil())
        except (pypdfium2.PdfiumError, IndexError) as fault:
            raise Unreadable("damaged") from fault


def _pictures(page: Any) -> int:
    """Pixels of all pictures on a page, before any is unpacked."""
    found = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3)
    return sum(wide * high for wide, high in (one.get_px_size() for one in found))
