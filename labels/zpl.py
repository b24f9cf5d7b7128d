"""The label in ZPL II for thermal printers of 203 dpi: barcodes by the printer, everything else as one
graphic.

Printers carry no Chinese font one may count on, so text and lines are rendered here at eight dots to the
millimetre and sent as `^GFA`. Bars and QR modules stay native: the printer draws them sharper than any
bitmap.
"""

from __future__ import annotations

import itertools
from typing import Final

import pypdfium2 as pdfium
from PIL import Image

from labels import code128
from labels.fonts import FontBook
from labels.label import LabelRecord, LabelSize, compose_label
from labels.pdfium import PDFIUM_LOCK
from labels.sheet import PlacedBarcode, PlacedQr

__all__ = ["label_zpl"]

#: Grey below this is black; Chinese at five points keeps its strokes apart.
BLACK_BELOW: Final = 150
#: Where ^BQ puts its first dot, counted down from ^FO (Zebra's own firmware).
QR_OFFSET: Final = 10
_RUN_UNITS: Final = "GHIJKLMNOPQRSTUVWXY"
_RUN_TWENTIES: Final = "ghijklmnopqrstuvwxyz"
_HEX_MARK: Final = "_"


def label_zpl(record: LabelRecord, size: LabelSize, book: FontBook) -> str:
    """One label as ZPL (ASCII), page width and length in dots; raises what `render_label` raises."""
    sheet = compose_label(record, size, book, codes=False)
    width, height = _in_dots(sheet.width), _in_dots(sheet.height)
    parts = ["^XA", "^CI28", f"^PW{width}", f"^LL{height}", "^LH0,0"]
    parts.append(f"^FO0,0{_graphic(_bitmap(sheet.finish(), width, height))}^FS")
    for placed in sheet.placed:
        parts.append(_barcode(placed) if isinstance(placed, PlacedBarcode) else _qr(placed))
    parts += ["^PQ1", "^XZ"]
    return "\n".join(parts) + "\n"


def _in_dots(millimetres: float) -> int:
    return round(millimetres / code128.DOT_MM)


def _bitmap(pdf: bytes, width: int, height: int) -> Image.Image:
    """The page as one bit per dot, ink set."""
    with PDFIUM_LOCK:
        document = pdfium.PdfDocument(pdf)
        try:
            grey = document[0].render(scale=1 / code128.DOT_PT, grayscale=True).to_pil().convert("L").copy()
        finally:
            document.close()
    exact = Image.new("L", (width, height), 255)
    exact.paste(grey, (0, 0))
    return exact.point([255 if level < BLACK_BELOW else 0 for level in range(256)]).convert("1")


def _graphic(bitmap: Image.Image) -> str:
    """`^GFA` with ZPL's run-length coding: repeat counts, `,` rest of the row white, `:` the row above."""
    row_bytes = (bitmap.width + 7) // 8
    data = bitmap.tobytes()
    rows, above = [], ""
    for start in range(0, len(data), row_bytes):
        row = data[start : start + row_bytes].hex().upper()
        rows.append(":" if row == above else _packed(row))
        above = row
    return f"^GFA,{len(data)},{len(data)},{row_bytes},{''.join(rows)}"


def _packed(row: str) -> str:
    ink = row.rstrip("0")
    if len(row) - len(ink) < 2:
        ink = row
    packed = "".join(_run(digit, len(list(same))) for digit, same in itertools.groupby(ink))
    return packed if len(ink) == len(row) else packed + ","


def _run(digit: str, count: int) -> str:
    """`count` times `digit`: G to Y stand for 1 to 19, g to z for 20 to 400."""
    if count == 1:
        return digit
    out = ""
    while count > 419:
        out, count = out + "z" + digit, count - 400
    twenties, units = divmod(count, 20)
    letters = (_RUN_TWENTIES[twenties - 1] if twenties else "") + (_RUN_UNITS[units - 1] if units else "")
    return out + letters + digit


def _barcode(placed: PlacedBarcode) -> str:
    return (
        f"^BY{placed.dots},3,{placed.height}^FO{placed.x},{placed.y}"
        f"^BCN,{placed.height},N,N,N,N^FD{placed.symbol.zpl_data}^FS"
    )


def _qr(placed: PlacedQr) -> str:
    """Error correction M, automatic segments: never larger than the byte segment measured here."""
    top = placed.y - QR_OFFSET
    return f"^FO{placed.x},{top}^BQN,2,{placed.dots}^FH{_HEX_MARK}^FDMA,{_escaped(placed.text)}^FS"


def _escaped(text: str) -> str:
    """Whatever could be read as a command, or is not ASCII, as hexadecimal bytes of UTF-8."""
    out = []
    for byte in text.encode("utf-8"):
        character = chr(byte)
        safe = " " <= character <= "~" and character not in "^~_\\"
        out.append(character if safe else f"{_HEX_MARK}{byte:02X}")
    return "".join(out)
