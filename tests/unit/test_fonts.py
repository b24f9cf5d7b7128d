"""Every name can be drawn and found again, or is refused by name: never a box."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
from typing import Any

import pypdfium2 as pdfium
import pytest
from reportlab.pdfbase import ttfonts
from reportlab.pdfgen.canvas import Canvas

from labels.fonts import FACES, TYPEFACES, FontBook, MissingGlyph, to_unicode_cmap
from labels.text import draw_line

RARE = "䶮㛃𬭎𠅤𪚥𫚕𬎆鿏𮧵⿰〇·龴龦㼆𤧛𣲘𬍛"
FOREIGN = "阿卜杜拉·Wałęsa Şahin Õige Žižek Ἀθήνα Дмитрий ＡＢＣ１２㎡"
BEYOND = (
    "\x00\x07\u202e\u2066\u200b\u200d\ufeff\ufe0f\u0301\ue000\ud800\ufb01\U0001f600\U00031350\u0627\u05d0"
)


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def drawn(book: FontBook, text: str, face: str) -> str:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, initialFontName=book.font_name("serif"))
    for at in range(0, len(text), 30):
        draw_line(canvas, book, 30, 800 - at, text[at : at + 30], face, 12)  # type: ignore[arg-type]
    canvas.save()
    page = pdfium.PdfDocument(out.getvalue())[0]
    return re.sub(r"\s", "", page.get_textpage().get_text_bounded())


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("text", [RARE, FOREIGN])
def test_rare_and_foreign_names_come_back_as_they_were_written(book: FontBook, face: str, text: str) -> None:
    assert book.missing(text) == ()
    assert drawn(book, text, face) == re.sub(r"\s", "", text)


def test_more_than_a_hundred_characters_beyond_ffff_come_back(book: FontBook) -> None:
    text = "".join(chr(point) for point in range(0x20000, 0x20000 + 400))
    assert drawn(book, text, "serif") == text


@pytest.mark.parametrize("character", BEYOND)
def test_what_cannot_be_drawn_is_named_and_refused(book: FontBook, character: str) -> None:
    assert book.missing(f"张{character}三{character}") == (character,)
    assert not book.covers(character)
    for face in FACES:
        with pytest.raises(MissingGlyph) as refused:
            book.runs(f"张{character}三", face)
        assert refused.value.character == character


def test_white_space_is_layout_not_a_missing_character(book: FontBook) -> None:
    assert book.missing("甲\r\n乙\t丙\u3000丁\u2003戊\u00a0己") == ()
    pieces = "".join(piece for _, piece in book.runs("甲\n乙\t丙", "sans"))
    assert pieces == "甲 乙 丙"


def test_runs_keep_the_text_and_change_font_only_where_needed(book: FontBook) -> None:
    runs = book.runs("王𪚥ł明", "serif_bold")
    assert "".join(piece for _, piece in runs) == "王𪚥ł明"
    assert runs[0] == ("ZD-SerifBold", "王")
    assert runs[1] == ("ZD-HanaMinB", "𪚥")
    assert runs[2] == ("ZD-LatinSerifBold", "ł")


def test_width_is_that_of_what_is_drawn(book: FontBook) -> None:
    assert book.width("行政服务", "serif", 10) == pytest.approx(40)
    assert book.width("王𪚥ł\t", "serif", 10) == pytest.approx(
        sum(book.width(ch, "serif", 10) for ch in "王𪚥ł ")
    )


def test_unicode_map_uses_surrogate_pairs_and_short_blocks() -> None:
    cmap = to_unicode_cmap("AAAAAA+Test", [0, *range(0x20000, 0x20000 + 150)])
    assert "<01> <D840DC00>" in cmap
    assert [int(size) for size in re.findall(r"(\d+) beginbfchar", cmap)] == [100, 50]
    assert "<00>" not in cmap.replace("<00> <FF>", "")


def test_reportlab_itself_is_left_as_it_was(book: FontBook) -> None:
    assert ttfonts.makeToUnicodeCMap.__module__ == "reportlab.pdfbase.ttfonts"
    assert ttfonts.TTFont.addObjects.__module__ == "reportlab.pdfbase.ttfonts"


def test_a_second_book_shares_what_the_first_loaded(book: FontBook) -> None:
    assert FontBook().font("serif") is book.font("serif")


def test_vendored_files_are_what_their_record_says() -> None:
    record = json.loads((TYPEFACES / "vendor.json").read_text("utf-8"))
    listed = {row["file"] for row in record["files"]}
    assert listed == {path.name for path in TYPEFACES.glob("*.xz")}
    for row in record["files"]:
        packed = (TYPEFACES / row["file"]).read_bytes()
        assert hashlib.sha256(packed).hexdigest() == row["sha256"]
        assert hashlib.sha256(lzma.decompress(packed)).hexdigest() == row["sha256_expanded"]
        assert (TYPEFACES / row["licence_file"]).stat().st_size > 500


def test_load_expands_the_three_faces_and_pieces_of_glyphs_are_bytes() -> None:
    loaded = FontBook()
    loaded.load()
    assert set(loaded._fonts) == {"ZD-Sans", "ZD-Serif", "ZD-SerifBold"}
    face: Any = loaded.font("sans").face
    start, length = face.get_table_pos("glyf")
    assert face.get_table("glyf")[10:30] == face._ttf_data[start + 10 : start + 30]
    assert (
        face.get_table("glyf")[length - 5 : length + 40]
        == face._ttf_data[start + length - 5 : start + length]
    )
    assert isinstance(face.get_table("head"), bytes)
