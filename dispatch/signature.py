"""A signature drawn on the office's screen: what a page sends is checked here before it is kept.

The picture is a PNG on white. Who cannot write puts a fingerprint or a name on paper, and the box that says so is
ticked instead; then there is no picture, and the paper must be kept.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from .errors import Fault, Invalid

__all__ = ["Signature", "signature_of"]

_PREFIX: Final = "data:image/png;base64,"
_MOST_TEXT: Final = 400_000
_MOST_PIXELS: Final = (2400, 1200)
#: fewer dark dots are a slip of the hand, not a name
_LEAST_INK: Final = 60


@dataclass(frozen=True)
class Signature:
    """What was signed. ``png`` None: on paper."""

    png: bytes | None

    @property
    def on_paper(self) -> bool:
        return self.png is None


def signature_of(form: Mapping[str, str], name: str = "signature", *, paper: bool = True) -> Signature:
    """The signature in a form's field ``name``, or the tick ``<name>_paper``.

    ``Invalid`` with pointer ``/<name>`` where neither is there, the picture is none, too large, or empty.
    """
    drawn = form.get(name, "").strip()
    if not drawn:
        if paper and form.get(f"{name}_paper"):
            return Signature(None)
        raise Invalid(
            [Fault(f"/{name}", "required", "还没有签名。请在框里签名；不能手写的，勾选“无法手写”。")]
        )
    png = _decoded(drawn)
    if png is None:
        raise Invalid([Fault(f"/{name}", "malformed", "签名没有传完整，请点“重写”再签一次。")])
    if _ink(png) < _LEAST_INK:
        raise Invalid([Fault(f"/{name}", "empty", "签名框里几乎是空的，请再签一次。")])
    return Signature(png)


def _decoded(drawn: str) -> bytes | None:
    if len(drawn) > _MOST_TEXT or not drawn.startswith(_PREFIX):
        return None
    try:
        png = base64.b64decode(drawn.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return None
    if png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR" or len(png) < 33:
        return None
    wide, high = struct.unpack(">II", png[16:24])
    # Sizes are read before anything is unpacked: a small file may claim a picture of many gigabytes.
    return png if 0 < wide <= _MOST_PIXELS[0] and 0 < high <= _MOST_PIXELS[1] else None


def _ink(png: bytes) -> int:
    """How many dots are dark; none where the picture cannot be read."""
    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as image:
            on_white = Image.new("RGBA", image.size, "white")
            on_white.alpha_composite(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for damaged pictures
        return 0
    return sum(on_white.convert("L").histogram()[:128])
