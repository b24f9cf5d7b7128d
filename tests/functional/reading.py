"""What a reader without our code sees: text of a PDF, codes on a rendered page, a forged token."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pypdfium2 as pdfium
import zxingcpp
from PIL import Image

__all__ = ["Code", "codes", "forged", "one_code", "render"]


@dataclass(frozen=True)
class Code:
    """A code on a picture: ``kind`` "QR" or "128", its text, its middle in pixels."""

    kind: str
    text: str
    middle: tuple[int, int]


def render(pdf: bytes, dpi: int, page: int = 0) -> Image.Image:
    """A page as a printer of this resolution puts it on paper."""
    opened = pdfium.PdfDocument(pdf)
    try:
        return opened[page].render(scale=dpi / 72, grayscale=True).to_pil()
    finally:
        opened.close()


def codes(image: Image.Image) -> list[Code]:
    """Every code a scanner reads."""
    found = []
    for one in zxingcpp.read_barcodes(image):
        corners = (
            one.position.top_left,
            one.position.top_right,
            one.position.bottom_right,
            one.position.bottom_left,
        )
        middle = (sum(c.x for c in corners) // 4, sum(c.y for c in corners) // 4)
        name = str(one.format)
        found.append(Code("QR" if "QR" in name else "128" if "128" in name else name, one.text, middle))
    return found


def one_code(image: Image.Image, kind: str) -> Code:
    """The code of this kind; where it stands twice (a label has two parts) both say the same, and the first counts."""
    found = [one for one in codes(image) if one.kind == kind]
    assert len({one.text for one in found}) == 1, f"{kind} in {codes(image)}"
    return found[0]


def forged(token: str) -> str:
    """The token of a forger who changed the last digit of the number and kept the rest (layout: contract, section 7)."""
    raw = bytearray(base64.b32decode(token + "=" * (-len(token) % 8)))
    last = 25 + raw[24] + raw[25 + raw[24]]
    raw[last] ^= 1
    return base64.b32encode(bytes(raw)).decode().rstrip("=")
