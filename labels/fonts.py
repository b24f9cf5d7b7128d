"""The vendored typefaces and how a character finds one that has it.

TrueType files live in `typefaces/`, compressed with xz and expanded in memory only. A character is drawn
in the wanted Noto SC face where that has it, else in the Noto face for Latin, Greek and Cyrillic
(foreign names), else in another Noto SC face, else in HanaMinB (Chinese characters beyond U+FFFF).
A character that no face has is never drawn: `FontBook.missing` names it and `FontBook.runs` refuses it.
"""

from __future__ import annotations

import io
import lzma
import threading
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont

__all__ = ["FACES", "EmbeddedFont", "Face", "FontBook", "MissingGlyph", "to_unicode_cmap"]

Face = Literal["sans", "serif", "serif_bold"]

FACES: Final[tuple[Face, ...]] = ("sans", "serif", "serif_bold")
HAN_TIER: Final = "ZD-HanaMinB"
TYPEFACES: Final = Path(__file__).parent / "typefaces"

FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ZD-Sans": "NotoSansSC-Regular.ttf.xz",
        "ZD-Serif": "NotoSerifSC-Regular.ttf.xz",
        "ZD-SerifBold": "NotoSerifSC-Bold.ttf.xz",
        "ZD-LatinSans": "NotoSans-Regular.ttf.xz",
        "ZD-LatinSerif": "NotoSerif-Regular.ttf.xz",
        "ZD-LatinSerifBold": "NotoSerif-Bold.ttf.xz",
        HAN_TIER: "HanaMinB.ttf.xz",
    }
)
ORDER: Final[Mapping[Face, tuple[str, ...]]] = MappingProxyType(
    {
        "sans": ("ZD-Sans", "ZD-LatinSans", "ZD-Serif"),
        "serif": ("ZD-Serif", "ZD-LatinSerif", "ZD-Sans"),
        "serif_bold": ("ZD-SerifBold", "ZD-LatinSerifBold", "ZD-Serif", "ZD-Sans"),
    }
)
LAYOUT_SPACE: Final = "\n\r\t"
# Control, format, unpaired surrogate, private use, unassigned; line and paragraph separators; and
# combining marks, which would need a shaping engine to sit right.
NEVER_DRAWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Mc", "Me"})
# Latin ligatures: readers give them back as separate letters, so what is printed could not be compared.
LIGATURES: Final = frozenset("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06")
BFCHAR_LIMIT: Final = 100


class MissingGlyph(ValueError):
    """Text was to be drawn that holds a character no face has; `character` is that character."""

    def __init__(self, character: str) -> None:
        super().__init__(f"no face has U+{ord(character):04X}")
        self.character = character


def to_unicode_cmap(font_name: str, subset: list[int]) -> str:
    """The ToUnicode CMap of one subset (ISO 32000-1, 9.10.3).

    Values are UTF-16BE, so characters beyond U+FFFF are surrogate pairs, and blocks hold at most 100
    entries as Adobe's CMap specification wants. reportlab writes the bare code point and one block: text
    copied out of such a file loses rare names.
    """
    pairs = [
        f"<{code:02X}> <{chr(point).encode('utf-16-be').hex().upper()}>"
        for code, point in enumerate(subset)
        if point
    ]
    blocks = [pairs[at : at + BFCHAR_LIMIT] for at in range(0, len(pairs), BFCHAR_LIMIT)]
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        f"/CIDSystemInfo << /Registry ({font_name}) /Ordering ({font_name}) /Supplement 0 >> def",
        f"/CMapName /{font_name} def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<00> <FF>",
        "endcodespacerange",
    ]
    for block in blocks:
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines)


class _Glyphs:
    """The `glyf` table: gives out pieces and is never copied as a whole."""

    def __init__(self, data: bytes, start: int, length: int) -> None:
        self._view = memoryview(data)[start : start + length]

    def __getitem__(self, part: slice) -> bytes:
        return bytes(self._view[part])


class EmbeddedFont(TTFont):
    """A TrueType font whose subsets carry a right ToUnicode map; safe for several documents in several
    threads."""

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(name, io.BytesIO(data), asciiReadable=False, shapable=False)
        face: Any = self.face
        table = face.get_table
        glyphs = _Glyphs(face._ttf_data, *face.get_table_pos("glyf"))
        # A subset needs a few dozen glyphs; the library copies the whole table, eight megabytes, for each.
        face.get_table = lambda tag: glyphs if tag == "glyf" else table(tag)
        self.lock = threading.Lock()
        self.shapes: dict[tuple[str, float], str] = {}

    def has(self, character: str) -> bool:
        """True when the font has a glyph for this one character."""
        face: Any = self.face
        return ord(character) in face.charToGlyph

    def advance(self, character: str) -> float:
        """Advance width in thousandths of an em."""
        face: Any = self.face
        return float(face.getCharWidth(ord(character)))

    def units_per_em(self) -> int:
        """Units of the outlines."""
        face: Any = self.face
        return int(face.unitsPerEm)

    def glyph(self, character: str) -> bytes:
        """The character's entry in the `glyf` table, empty for one without shape."""
        face: Any = self.face
        number = face.charToGlyph[ord(character)]
        start, end = face.glyphPos[number], face.glyphPos[number + 1]
        base = face.get_table_pos("glyf")[0]
        return bytes(face._ttf_data[base + start : base + end])

    def file(self) -> bytes:
        """The TrueType file as it was read."""
        face: Any = self.face
        return bytes(face._ttf_data)

    def addObjects(self, doc: Any) -> None:
        """Writes the font objects of every subset used in `doc`; called by reportlab when a document is
        saved."""
        state = self.state[doc]
        state.frozen = 1
        with self.lock:  # the parser keeps a reading position
            for number, subset in enumerate(state.subsets):
                self._add_subset(doc, number, subset)
        del self.state[doc]

    def _add_subset(self, doc: Any, number: int, subset: list[int]) -> None:
        internal = self.getSubsetInternalName(number, doc)[1:]
        face: Any = self.face
        base = (SUBSETN(number) + b"+" + face.name).decode("ascii")
        font: Any = pdfdoc.PDFTrueTypeFont()
        font.Name = internal
        font.BaseFont = base
        font.FirstChar = 0
        font.LastChar = len(subset) - 1
        font.Widths = pdfdoc.PDFArray([face.getCharWidth(point) for point in subset])
        cmap: Any = pdfdoc.PDFStream()
        cmap.content = to_unicode_cmap(base, subset)
        if doc.compression:
            cmap.filters = [pdfdoc.PDFZCompress]
        font.ToUnicode = doc.Reference(cmap, "toUnicodeCMap:" + base)
        font.FontDescriptor = face.addSubsetObjects(doc, base, subset)
        doc.Reference(font, internal)
        doc.idToObject["BasicFonts"].dict[internal] = font


class FontBook:
    """The faces of one process. Build it once and hand it on; faces are expanded when first needed.

    reportlab looks fonts up by name in a registry of its own, so a face is registered there when it is
    loaded, and a second book uses what the first one registered.
    """

    def __init__(self, folder: Path = TYPEFACES) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._fonts: dict[str, EmbeddedFont] = {}
        self._found: dict[tuple[Face, str], tuple[str, str] | None] = {}
        self._advances: dict[tuple[Face, str], float] = {}

    def font_name(self, face: Face) -> str:
        """The name under which `face` itself is registered with reportlab (loads it)."""
        name = ORDER[face][0]
        self._font(name)
        return name

    def load(self) -> None:
        """Expands the three faces now, about a second's work, so that nobody waits for it later."""
        for face in FACES:
            self._font(ORDER[face][0])

    def font(self, face: Face) -> EmbeddedFont:
        """The font of `face` itself, loaded."""
        return self._font(ORDER[face][0])

    def data(self, font_name: str) -> bytes:
        """The expanded TrueType file behind a font name from `runs` or `font_name`."""
        return self._font(font_name).file()

    def covers(self, character: str) -> bool:
        """True when the single character can be drawn."""
        return self._locate("serif", character) is not None

    def missing(self, text: str) -> tuple[str, ...]:
        """The characters of `text` that cannot be drawn, each once, in order. Line breaks and tabs are
        layout."""
        return tuple(dict.fromkeys(ch for ch in text if not self.covers(ch)))

    def runs(self, text: str, face: Face) -> list[tuple[str, str]]:
        """`text` cut where the font changes: (registered font name, piece). Raises MissingGlyph, never a box.

        White space that no face has (tabs, line breaks, rare spaces) becomes an ordinary space.
        """
        out: list[tuple[str, str]] = []
        for character in text:
            found = self._locate(face, character)
            if found is None:
                raise MissingGlyph(character)
            name, drawn = found
            if out and out[-1][0] == name:
                out[-1] = (name, out[-1][1] + drawn)
            else:
                out.append((name, drawn))
        return out

    def width(self, text: str, face: Face, size: float) -> float:
        """Width in points of `text` on one line; a character no face has counts as one em."""
        return sum(self._advance(face, character) for character in text) * size / 1000.0

    def _advance(self, face: Face, character: str) -> float:
        key = (face, character)
        if key not in self._advances:
            found = self._locate(face, character)
            self._advances[key] = 1000.0 if found is None else self._font(found[0]).advance(found[1])
        return self._advances[key]

    def _locate(self, face: Face, character: str) -> tuple[str, str] | None:
        """(font name, character to draw), or None when no face has it."""
        key = (face, character)
        if key not in self._found:
            self._found[key] = self._search(face, character)
        return self._found[key]

    def _search(self, face: Face, character: str) -> tuple[str, str] | None:
        if character in LAYOUT_SPACE:
            return ORDER[face][0], " "
        category = unicodedata.category(character)
        if category in NEVER_DRAWN or character in LIGATURES:
            return None
        for name in ORDER[face]:
            if self._font(name).has(character):
                return name, character
        if ord(character) > 0xFFFF and self._font(HAN_TIER).has(character):
            return HAN_TIER, character
        return (ORDER[face][0], " ") if category == "Zs" else None

    def _font(self, name: str) -> EmbeddedFont:
        font = self._fonts.get(name)
        if font is None:
            with self._lock:
                font = self._fonts.get(name) or self._load(name)
                self._fonts[name] = font
        return font

    def _load(self, name: str) -> EmbeddedFont:
        if name in pdfmetrics.getRegisteredFontNames():
            known = pdfmetrics.getFont(name)
            if isinstance(known, EmbeddedFont):
                return known
        font = EmbeddedFont(name, lzma.decompress((self._folder / FILES[name]).read_bytes()))
        pdfmetrics.registerFont(font)
        return font
