"""Labels and shelf slips in ZPL II for thermal printers of 203 or 300 dpi: barcodes by the printer, everything
else as one graphic.

Printers carry no Chinese font one may count on, so text and lines are rendered here in the printer's dots and
sent as `^GFA`. Bars and QR modules stay native: the printer draws them sharper than any bitmap. Sheets count in
dots of 203 dpi; on a head of 300 dpi modules take the nearest whole number of its dots that the place holds.
"""

from __future__ import annotations

import itertools
from typing import Final, Literal, get_args

import pypdfium2 as pdfium
from PIL import Image

from labels import code128
from labels.fonts import FontBook
from labels.label import LabelRecord, LabelSize, compose_label
from labels.pdfium import PDFIUM_LOCK
from labels.sheet import PlacedBarcode, PlacedQr, Sheet
from labels.slip import SlipRecord, compose_slip

__all__ = ["DPIS", "Dpi", "label_zpl", "sheet_zpl", "slip_zpl"]

Dpi = Literal[203, 300]
DPIS: Final[tuple[Dpi, ...]] = get_args(Dpi)
#: dots to the millimetre: a head "of 203 dpi" has eight, one "of 300 dpi" has 300 to the inch
_PER_MM: Final = {203: 8.0, 300: 300 / 25.4}

#: Grey below this is black; Chinese at five points keeps its strokes apart.
BLACK_BELOW: Final = 150
#: Where ^BQ puts its first dot, counted down from ^FO (Zebra's own firmware).
QR_OFFSET: Final = 10
_RUN_UNITS: Final = "GHIJKLMNOPQRSTUVWXY"
_RUN_TWENTIES: Final = "ghijklmnopqrstuvwxyz"
_HEX_MARK: Final = "_"


def label_zpl(record: LabelRecord, size: LabelSize, book: FontBook, dpi: Dpi = 203) -> str:
    """One label as ZPL (ASCII), page width and length in dots; raises what `render_label` raises."""
    return sheet_zpl(compose_label(record, size, book, codes=False), dpi)


def slip_zpl(record: SlipRecord, book: FontBook, dpi: Dpi = 203) -> str:
    """One shelf slip of 100 x 150 mm as ZPL; raises what `render_slip` raises."""
    return sheet_zpl(compose_slip(record, book, codes=False), dpi)


def sheet_zpl(sheet: Sheet, dpi: Dpi) -> str:
    """A sheet drawn without its codes (`codes=False`); ValueError for a resolution no head has."""
    if dpi not in DPIS:
        raise ValueError("a thermal head has 203 or 300 dots to the inch")
    per_mm = _PER_MM[dpi]
    width, height = round(sheet.width * per_mm), round(sheet.height * per_mm)
    parts = ["^XA", "^CI28", f"^PW{width}", f"^LL{height}", "^LH0,0"]
    parts.append(f"^FO0,0{_graphic(_bitmap(sheet.finish(), width, height, per_mm))}^FS")
    scale = per_mm * code128.DOT_MM
    for placed in sheet.placed:
        parts.append(
            _barcode(placed, scale, width) if isinstance(placed, PlacedBarcode) else _qr(placed, scale)
        )
    parts += ["^PQ1", "^XZ"]
    return "\n".join(parts) + "\n"


def _bitmap(pdf: bytes, width: int, height: int, per_mm: float) -> Image.Image:
    """The page as one bit per dot, ink set."""
    with PDFIUM_LOCK:
        document = pdfium.PdfDocument(pdf)
        try:
            scale = per_mm * 25.4 / 72
            grey = document[0].render(scale=scale, grayscale=True).to_pil().convert("L").copy()
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


def _barcode(placed: PlacedBarcode, scale: float, width: int) -> str:
    """Centred where it stands; one dot less to the module where ten quiet ones would leave the label."""
    modules = placed.symbol.modules
    middle = (placed.x + modules * placed.dots / 2) * scale
    dots = max(round(placed.dots * scale), 2)
    if 2 * min(middle, width - middle) < (modules + 2 * code128.QUIET_MODULES) * dots and dots > 3:
        dots -= 1
    x, y, height = round(middle - modules * dots / 2), round(placed.y * scale), round(placed.height * scale)
    return f"^BY{dots},3,{height}^FO{x},{y}^BCN,{height},N,N,N,N^FD{placed.symbol.zpl_data}^FS"


def _qr(placed: PlacedQr, scale: float) -> str:
    """Error correction M, automatic segments: never larger than the byte segment measured here."""
    dots = int(placed.dots * scale)
    spare = (placed.modules * (placed.dots * scale - dots)) / 2
    x, y = round(placed.x * scale + spare), round(placed.y * scale + spare) - QR_OFFSET
    return f"^FO{x},{y}^BQN,2,{dots}^FH{_HEX_MARK}^FDMA,{_escaped(placed.text)}^FS"


def _escaped(text: str) -> str:
    """Whatever could be read as a command, or is not ASCII, as hexadecimal bytes of UTF-8."""
    out = []
    for byte in text.encode("utf-8"):
        character = chr(byte)
        safe = " " <= character <= "~" and character not in "^~_\\"
        out.append(character if safe else f"{_HEX_MARK}{byte:02X}")
    return "".join(out)
