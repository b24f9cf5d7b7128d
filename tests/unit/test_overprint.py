"""Overprinting: only what the form lacks, always in the same places; the whole page keeps those places too."""

from __future__ import annotations

import dataclasses

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest

from dispatch.documents.page import inspect, overprint, render
from dispatch.documents.record import PageRecord
from dispatch.documents.templates import Template, TemplateBook
from dispatch.printing.marks import file_words, form_paper, is_form, loading_words
from dispatch.printing.printers import tenths
from labels.fonts import FontBook
from tests.pages import PREFIX, ROOT, approvals_by_title, page_codes, page_text, record_of, squeeze, token_of

pytestmark = pytest.mark.unit

BOOK = FontBook()
TEMPLATES = TemplateBook.load(ROOT / "templates/documents")
TITLE = "农家乐（民宿）经营登记证"
RECORD = record_of(TEMPLATES, *approvals_by_title()[TITLE][0])
LABELS = ("申请人", "办理事项", "经营地址", "决定内容", "有效期至")
NOTE = "悬挂或者摆放本证"


def laid(record: PageRecord) -> bytes:
    assert inspect(record, BOOK) == []
    return overprint(record, PREFIX, token_of(record), BOOK)


def whole(record: PageRecord) -> bytes:
    return render(record, PREFIX, token_of(record), BOOK).pdf


def changed(**fields: str) -> PageRecord:
    printed = dict(RECORD.printed) | {f"fields.{name}": value for name, value in fields.items()}
    return dataclasses.replace(RECORD, printed=printed)


def places(pdf: bytes, words: str) -> tuple[float, float]:
    """Left and bottom of the first character of these words on the first page, in points."""
    page = pdfium.PdfDocument(pdf)[0].get_textpage()
    found = page.search(words).get_next()
    assert found is not None, words
    left, bottom, _, _ = page.get_charbox(found[0], loose=True)
    return round(left, 1), round(bottom, 1)


def test_the_form_gets_values_and_codes_and_nothing_it_has_already() -> None:
    full, form = page_text(whole(RECORD)), page_text(laid(RECORD))
    for fixed in (TITLE, f"{RECORD.template.number_label}：", *LABELS, NOTE):
        assert squeeze(fixed) in full
        assert form.count(squeeze(fixed)) == full.count(squeeze(fixed)) - 1, fixed
    for name, value in RECORD.printed.items():
        assert name == "title" or squeeze(value) in form, name
    assert page_codes(laid(RECORD)) == [[PREFIX + token_of(RECORD)]]


def test_no_line_is_drawn_onto_the_form() -> None:
    plain = dataclasses.replace(RECORD, sample=False)
    assert _wide_paths(whole(plain)) >= 3, "two borders and the line over the foot"
    assert _wide_paths(laid(plain)) == 0


def _wide_paths(pdf: bytes) -> int:
    """Drawn shapes wider than the QR."""
    document = pdfium.PdfDocument(pdf)
    shapes = list(document[0].get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH]))
    bounds = [shape.get_bounds() for shape in shapes]
    return sum(right - left > 150 for left, _, right, _ in bounds)


@pytest.mark.parametrize(
    "other",
    [
        changed(办理事项="农"),
        changed(办理事项="很长的办理事项" * 12),
        changed(申请人="景宁畲族自治县" * 8 + "有限责任公司", 地址="浙江省丽水市" * 12 + "𠮷路1号"),
        changed(申请人=""),
        changed(备注="多出来的一栏"),
        dataclasses.replace(RECORD, printed=dict(RECORD.printed) | {"number": "三农〔2026〕100001号"}),
    ],
)
def test_every_value_keeps_its_place_whatever_the_others_say(other: PageRecord) -> None:
    for words in ("有效期至", "决定内容", "经营地址"):
        assert places(whole(other), words) == places(whole(RECORD), words)
    left, bottom = places(laid(RECORD), RECORD.printed["expires"])
    moved, below = places(laid(other), RECORD.printed["expires"])
    # a smaller size stands on the same line; its box begins a little higher
    assert (moved, below) == (pytest.approx(left, abs=0.5), pytest.approx(bottom, abs=2.5))


def test_what_the_form_has_no_place_for_comes_with_its_name() -> None:
    assert squeeze("备注多出来的一栏") in page_text(laid(changed(备注="多出来的一栏")))


def test_what_is_too_long_goes_overleaf_onto_plain_paper() -> None:
    long = changed(决定内容="很长的内容" * 200)
    document = pdfium.PdfDocument(laid(long))
    assert len(document) == 2
    first, second = ("".join(page.get_textpage().get_text_bounded().split()) for page in document)
    assert "见续页" in first and TITLE not in first
    assert TITLE in second and "【决定内容】" in second, (
        "plain paper carries nothing: title and name are drawn"
    )
    assert squeeze(long.printed["fields.决定内容"]) in page_text(laid(long))


def test_more_rows_than_the_form_has_room_for_are_refused_with_words() -> None:
    many = changed(**{f"第{n}栏": "值" for n in range(30)})
    assert inspect(many, BOOK) == ["栏目过长，版面放不下，请缩短后重新提交。"]


def test_only_a_certificate_sealed_by_hand_can_be_overprinted() -> None:
    good = RECORD.template.model_dump()
    assert Template.model_validate(good).overprint
    for bad in ({"seal": "electronic"}, {"layout": "notice"}):
        with pytest.raises(ValueError, match="overprint"):
            Template.model_validate(good | bad)


def test_forms_are_a_pile_of_their_own() -> None:
    assert form_paper("A4L") == "A4LF" and is_form("A4LF") and not is_form("A4L")
    assert file_words("A4F", 3) == "空白证 A4 竖放 3 张"
    files = [("A4", 2), ("A4F", 3, "林权证"), ("A4F", 1, "登记证")]
    assert loading_words(files) == "先放 A4 纸 2 张，再放《林权证》空白证 3 张，再放《登记证》空白证 1 张。"
    assert loading_words(files[1:2]) == "放《林权证》空白证 3 张。"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.5", 15), ("-0,5", -5), ("＋２", 20), ("", 0), ("0", 0), (" 3 ", 30), ("20", 200), ("-20.0", -200), ("−1", -10),
        ("20.1", None), ("1.55", None), ("abc", None), ("1.5mm", None), ("--1", None), (".5", None), ("1e1", None),
        ("9" * 30, None), ("١", None),
    ],
)  # fmt: skip
def test_lengths_as_people_type_them(text: str, wanted: int | None) -> None:
    assert tenths(text) == wanted
