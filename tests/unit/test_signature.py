"""Signatures as pages send them: good ones kept, everything else refused with words."""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from dispatch.errors import Invalid
from dispatch.signature import signature_of

pytestmark = pytest.mark.unit
PREFIX = "data:image/png;base64,"


def picture(size: tuple[int, int] = (600, 200), *, drawn: bool = True, mode: str = "RGB") -> bytes:
    image = Image.new(mode, size, "white" if mode == "RGB" else (0, 0, 0, 0))
    if drawn:
        ImageDraw.Draw(image).line([(20, 30), (300, 150), (500, 40)], fill="#14213d", width=4)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def as_sent(png: bytes) -> str:
    return PREFIX + base64.b64encode(png).decode()


def refused(**form: str) -> str:
    with pytest.raises(Invalid) as refusal:
        signature_of(form)
    assert refusal.value.faults[0].pointer == "/signature"
    return refusal.value.faults[0].code


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_drawn_name_is_kept_byte_for_byte(mode: str) -> None:
    png = picture(mode=mode)
    found = signature_of({"signature": as_sent(png)})
    assert found.png == png
    assert not found.on_paper


def test_who_cannot_write_ticks_the_box() -> None:
    assert signature_of({"signature": "", "signature_paper": "1"}).on_paper
    with pytest.raises(Invalid):
        signature_of({"signature_paper": "1"}, paper=False)


def test_nothing_at_all_is_refused() -> None:
    assert refused() == "required"
    assert refused(signature="   ") == "required"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_empty_field_is_no_signature(mode: str) -> None:
    assert refused(signature=as_sent(picture(drawn=False, mode=mode))) == "empty"


@pytest.mark.parametrize(
    "sent",
    [
        "hello",
        PREFIX + "not base64!",
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode(),
        as_sent(b"\xff\xd8\xff" + bytes(100)),
        as_sent(picture((2401, 100))),
        PREFIX + "A" * 400_001,
    ],
)
def test_what_is_no_picture_of_ours_is_refused(sent: str) -> None:
    assert refused(signature=sent) == "malformed"


def test_a_small_file_that_claims_to_be_huge_is_never_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + bytes(60)
    )
    assert refused(signature=as_sent(bomb)) == "malformed"


def test_a_damaged_picture_counts_as_empty() -> None:
    assert refused(signature=as_sent(picture()[:60])) == "empty"
