"""The paper: every printed value stands on it and comes back, the QR reads, the same record gives the
same bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from dispatch.documents.page import LARGEST_QR, LAYOUTS, PageRecord, inspect, render
from dispatch.documents.templates import TemplateBook
from labels.fonts import FontBook
from tests.pages import (
    PREFIX,
    ROOT,
    approvals_by_title,
    page_codes,
    page_text,
    record_of,
    squeeze,
    token_of,
)

BOOK = FontBook()
TEMPLATES = TemplateBook.load(ROOT / "templates/documents")
BY_TITLE = approvals_by_title()
#: One document of each title and copy.
SAMPLES = {
    (title, document["copy"]): (approval, document)
    for title, pairs in BY_TITLE.items()
    for approval, document in reversed(pairs)
}
SAMPLE_RECORDS = [record_of(TEMPLATES, *pair) for pair in SAMPLES.values()]
NAMES = [record.title + record.copy for record in SAMPLE_RECORDS]
LONG_ADDRESS = "https://" + "x" * 65 + ".gov.cn/v#"


def painted(record: PageRecord, prefix: str = PREFIX) -> bytes:
    assert inspect(record, BOOK) == []
    return render(record, prefix, token_of(record), BOOK).pdf


def assert_everything_stands(record: PageRecord, text: str) -> None:
    for key, value in record.printed.items():
        assert squeeze(value) in text, key
    for value in (
        record.token_holder,
        record.token_number,
        record.tail,
        record.check_code,
        record.verify_domain,
    ):
        assert squeeze(value) in text
    assert ("演示样本不具法律效力" in text) == record.sample


@pytest.mark.parametrize("title", BY_TITLE)
def test_every_value_of_every_sample_stands_on_its_paper(title: str) -> None:
    for approval, document in BY_TITLE[title]:
        record = record_of(TEMPLATES, approval, document)
        assert_everything_stands(record, page_text(painted(record)))


@pytest.mark.parametrize("record", SAMPLE_RECORDS, ids=NAMES)
def test_the_qr_stands_once_on_the_first_page_and_reads(record: PageRecord) -> None:
    codes = page_codes(painted(record))
    assert codes == [[PREFIX + token_of(record)]] + [[]] * (len(codes) - 1)


@pytest.mark.parametrize("record", SAMPLE_RECORDS, ids=NAMES)
def test_the_largest_token_reads_too(record: PageRecord) -> None:
    largest = dataclasses.replace(
        record,
        token_holder="长" * 20,
        token_number="编" * 13 + "1",
        sensitive=False,
        verify_domain="x" * 65 + ".gov.cn",
    )
    pdf = painted(largest, LONG_ADDRESS)
    assert page_codes(pdf)[0] == [LONG_ADDRESS + token_of(largest)]
    assert_everything_stands(largest, page_text(pdf))


def test_the_same_record_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    records = SAMPLE_RECORDS[:6]
    stored = tmp_path / "records"
    stored.mkdir()
    for at, record in enumerate(records):
        (stored / f"{at}.json").write_bytes(record.to_bytes())
    here = [hashlib.sha256(painted(record)).hexdigest() for record in records]
    script = (
        "import hashlib, pathlib, sys\n"
        "from dispatch.documents.page import PageRecord, render\n"
        "from labels.fonts import FontBook\n"
        "from tests.pages import PREFIX, token_of\n"
        "book = FontBook()\n"
        f"for at in reversed(range({len(records)})):\n"
        f"    record = PageRecord.from_bytes((pathlib.Path({str(stored)!r}) / f'{{at}}.json').read_bytes())\n"
        "    print(hashlib.sha256(render(record, PREFIX, token_of(record), book).pdf).hexdigest())\n"
    )
    env = os.environ | {"PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1000000000", "TZ": "America/New_York"}
    there = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert there.stdout.split() == list(reversed(here))


def test_a_record_survives_being_kept() -> None:
    for record in SAMPLE_RECORDS:
        again = PageRecord.from_bytes(record.to_bytes())
        assert again == record
        assert list(again.printed) == list(record.printed)


def test_two_documents_differ_in_bytes_and_identifier() -> None:
    record = SAMPLE_RECORDS[0]
    other = dataclasses.replace(record, check_code="7654327654327654")
    assert painted(record) != painted(other)


@pytest.mark.parametrize("record", SAMPLE_RECORDS, ids=NAMES)
def test_the_seal_area_is_41_mm_inside_the_page_over_issuer_and_date(record: PageRecord) -> None:
    made = render(record, PREFIX, token_of(record), BOOK)
    left, bottom, right, top = made.seal_box
    assert right - left == pytest.approx(top - bottom) == pytest.approx(41 * 72 / 25.4)
    page = pdfium.PdfDocument(made.pdf)[made.seal_page]
    width, height = page.get_size()
    assert 0 < left < right < width and 0 < bottom < top < height
    beneath = squeeze(page.get_textpage().get_text_bounded(left - 70, bottom, right + 70, top))
    assert squeeze(record.issuer) in beneath
    assert squeeze(record.issued) in beneath


def test_paper_is_turned_where_the_template_says() -> None:
    licence = record_of(TEMPLATES, *SAMPLES[("营业执照", "正本")])
    width, height = pdfium.PdfDocument(painted(licence))[0].get_size()
    assert (round(width), round(height)) == (842, 595)
    upright = dataclasses.replace(
        licence,
        template=licence.template.model_copy(
            update={"orientation_by_copy": {"正本": "portrait"}, "paper": "A3"}
        ),
    )
    width, height = pdfium.PdfDocument(painted(upright))[0].get_size()
    assert (round(width), round(height)) == (842, 1191)


def test_a_copy_may_stand_on_larger_paper_with_larger_type() -> None:
    approval, document = SAMPLES[("建筑工程施工许可证", None)]
    large = record_of(TEMPLATES, approval, document)
    small = record_of(TEMPLATES, approval, document, printed={"copy": "副本"})
    sizes = {}
    for record in (large, small):
        pdf = painted(record)
        assert_everything_stands(record, page_text(pdf))
        page = pdfium.PdfDocument(pdf)[0]
        letters = [page.get_textpage().get_charbox(at) for at in range(400)]
        sizes[record.copy] = (*map(round, page.get_size()), max(box[3] - box[1] for box in letters))
    assert sizes[""][:2] == (1191, 842) and sizes["副本"][:2] == (842, 595)
    assert sizes[""][2] == pytest.approx(sizes["副本"][2] * 2**0.5, rel=0.02), (
        "title and all grow with the paper"
    )


def test_file_says_title_language_and_day_and_embeds_every_font() -> None:
    record = record_of(TEMPLATES, *SAMPLES[("林权证", None)])
    pdf = painted(record)
    document = pdfium.PdfDocument(pdf)
    meta = document.get_metadata_dict()
    assert meta["Title"] == "林权证"
    assert meta["Author"] == record.issuer
    assert meta["CreationDate"] == f"D:{record.issued_on:%Y%m%d}000000+08'00'"
    assert b"/Lang (zh-CN)" in pdf
    assert b"Helvetica" not in pdf and b"Courier" not in pdf
    assert pdf.count(b"/FontFile2") == pdf.count(b"/Type /FontDescriptor") > 0


def test_production_pages_carry_no_sample_notice() -> None:
    record = dataclasses.replace(SAMPLE_RECORDS[0], sample=False)
    assert_everything_stands(record, page_text(painted(record)))


def test_a_sensitive_page_says_why_the_block_names_nobody() -> None:
    record = next(record for record in SAMPLE_RECORDS if record.sensitive)
    text = page_text(painted(record))
    assert "内容敏感，不写入二维码" in text
    assert text.count(squeeze(record.number)) == 1


def test_an_accompanying_sheet_shows_only_the_tail_of_the_object() -> None:
    approval, document = SAMPLES[("居民身份证", None)]
    record = record_of(TEMPLATES, approval, document, object_no="33072719720301803X")
    text = page_text(painted(record))
    assert "出件随附单" in text and "****803X" in text
    assert "33072719720301803X" not in text and "19720301" not in text


def test_a_notice_ends_like_an_official_paper() -> None:
    record = record_of(TEMPLATES, *SAMPLES[("企业名称预先核准通知书", None)])
    body = page_text(painted(record)).partition(record.issuer)[2]
    order = [record.title, record.number, f"{record.holder}：", "特此通知。", record.issuer, record.issued]
    places = [body.index(squeeze(part)) for part in order]
    assert places == sorted(places)


def test_a_denial_names_reason_basis_organ_and_court() -> None:
    record = record_of(TEMPLATES, *SAMPLES[("不予行政许可决定书", None)])
    text = page_text(painted(record))
    fields = record.fields
    assert f"{fields['复议期限']}向{fields['复议机关']}申请行政复议" in text
    assert f"{fields['诉讼期限']}向{fields['管辖法院']}提起行政诉讼" in text


@pytest.mark.parametrize("kind", ["certificate", "notice", "decision"])
def test_an_unknown_title_comes_out_without_code(kind: str) -> None:
    approval, document = SAMPLES[("林权证", None)]
    record = record_of(
        TEMPLATES,
        approval,
        document | {"kind": kind, "title": "野生动物人工繁育登记文书"},
        fields={"物种": "梅花鹿", "数量": "12头", "备注": "第一段\n第二段"},
    )
    assert_everything_stands(record, page_text(painted(record)))


def test_nothing_overlaps_and_nothing_leaves_the_page() -> None:
    for record in SAMPLE_RECORDS:
        plan = LAYOUTS[record.template.layout](record, BOOK, LARGEST_QR)
        for page in plan.pages:
            boxes = [
                (
                    op.x,
                    op.y - 0.1 * op.size,
                    op.x + BOOK.width(op.text, op.face, op.size),
                    op.y + 0.8 * op.size,
                    op.text,
                )
                for op in [*page.furniture, *page.body]
                if hasattr(op, "face")
            ]
            for left, bottom, right, top, text in boxes:
                assert left > 20 and bottom > 10 and right < page.width - 20 and top < page.height - 8, text
            for one, two in itertools.combinations(boxes, 2):
                apart = one[0] >= two[2] or two[0] >= one[2] or one[1] >= two[3] or two[1] >= one[3]
                assert apart, (record.title, one[4], two[4])
