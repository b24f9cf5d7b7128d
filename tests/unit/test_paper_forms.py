"""The sheets people sign: what stands on them, codes that read from a printer's dots, text that fits or is refused."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp

from labels.application import NOTICE, ApplicationRecord, render_applications
from labels.contents import CONTENTS_SIZES, ContentsRecord, ContentsRow, ContentsSize, render_contents
from labels.fonts import FontBook, MissingGlyph
from labels.service_receipt import MOST_PAPERS, ServicePaper, ServiceRecord, render_service_receipts
from labels.sheet import DoesNotFit

pytestmark = pytest.mark.unit

NO = "331127202610267000001"
APPLICATION = ApplicationRecord(
    operator="县行政服务中心", phone="0570-0000000", form_no="SQ202611160001K", acceptance_no=NO, applicant="周小满",
    id_tail="002X", applicant_phone="19000000123", item="食品经营许可新办", department="景宁畲族自治县市场监督管理局",
    method="express", payer="office", recipient="周小满", recipient_phone="19000000123",
    address="浙江省丽水市景宁畲族自治县鹤溪街道人民中路128号2单元501室", receivers=("self", "designated"),
    designated="欧阳𠮷", relation="配偶",
)  # fmt: skip
CONTENTS = ContentsRecord(
    "县行政服务中心", "0570-0000000", "NJ202611160001K", "EA000000015ZZ", "周** 190****0123", "2026年11月16日",
    (ContentsRow("食品经营许可证（正本）", "JY23311270001234", "ABCDEFGH234567AB"), ContentsRow("准予行政许可决定书")),
)  # fmt: skip
SERVICE = ServiceRecord(
    "景宁畲族自治县市场监督管理局", "SH202611160001K", NO, "食品经营许可新办",
    (ServicePaper("不予行政许可决定书", "景市监许不字〔2026〕第3号"),), "周小满", "19000000123",
    "浙江省丽水市景宁畲族自治县鹤溪街道人民中路128号", "post",
)  # fmt: skip
LONG_ADDRESS = "浙江省丽水市景宁畲族自治县鹤溪街道" + "𠮷祥路很长的地址" * 33

Draw = Callable[[FontBook], bytes]
SHEETS: dict[str, tuple[Draw, set[str]]] = {
    "application": (lambda book: render_applications([APPLICATION], book), {APPLICATION.form_no, NO}),
    "blank": (
        lambda book: render_applications(
            [ApplicationRecord("县行政服务中心", "0570-0000000", "SQ2026111600027", tear_off=True)], book
        ),
        {"SQ2026111600027"},
    ),
    "contents": (lambda book: render_contents([CONTENTS], book), {CONTENTS.form_no}),
    "contents-half": (lambda book: render_contents([CONTENTS], book, "A4-half"), {CONTENTS.form_no}),
    "receipt": (lambda book: render_service_receipts([SERVICE], book), {SERVICE.form_no, NO}),
    "application-long": (
        lambda book: render_applications(
            [
                dataclasses.replace(
                    APPLICATION, operator="某某自治县行政服务中心综合出件窗口含乡镇分中心", applicant="银行" * 30,
                    item="某" * 120, department="局" * 80, method="point", point="代办点" * 30, recipient="𠮷" * 60,
                    organization="有限责任公司" * 10, address=LONG_ADDRESS, designated="𠮷" * 30, relation="配偶的母亲",
                    contact="欧阳" * 10,
                )
            ],
            book,
        ),
        {APPLICATION.form_no, NO},
    ),
    "receipt-long": (
        lambda book: render_service_receipts(
            [
                dataclasses.replace(
                    SERVICE, issuer="局" * 60, item="某" * 120, recipient="𠮷" * 60, address=LONG_ADDRESS,
                    papers=(ServicePaper("不予行政许可决定书" * 8 + "（副本）", "字〔2026〕第" + "9" * 50),) * MOST_PAPERS,
                    note="备注" * 60,
                )
            ],
            book,
        ),
        {SERVICE.form_no, NO},
    ),
    "contents-long": (
        lambda book: render_contents(
            [
                dataclasses.replace(
                    CONTENTS, recipient_masked="银行" * 30,
                    rows=(ContentsRow("𠮷很长的标题" * 13, "字〔2026〕第" + "9" * 50, "A" * 16),) * 9,
                )
            ],
            book,
        ),
        {CONTENTS.form_no},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def book() -> FontBook:
    return FontBook()


def pages(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in pdfium.PdfDocument(pdf)]


def overlaps(page: pdfium.PdfPage) -> list[tuple[object, object]]:
    width, height = page.get_size()
    boxes = [item.get_bounds() for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT])]
    boxes = [box for box in boxes if box[2] > box[0]]
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height for box in boxes)
    return [
        (one, other)
        for one, other in itertools.combinations(boxes, 2)
        if min(one[2], other[2]) - max(one[0], other[0]) > 0.3
        and min(one[3], other[3]) - max(one[1], other[1]) > 0.8
    ]


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("dpi", [203, 300])
def test_codes_read_from_every_page_at_both_resolutions(book: FontBook, name: str, dpi: int) -> None:
    draw, expected = SHEETS[name]
    for page in pdfium.PdfDocument(draw(book)):
        found = {code.text for code in zxingcpp.read_barcodes(page.render(scale=dpi / 72).to_pil())}
        assert found == expected


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_overlaps_and_every_page_is_a_sample(book: FontBook, name: str) -> None:
    pdf = SHEETS[name][0](book)
    for page, text in zip(pdfium.PdfDocument(pdf), pages(pdf), strict=True):
        assert overlaps(page) == []
        assert "演示样本不具法律效力" in text


@pytest.mark.parametrize("name", SHEETS)
def test_the_same_record_gives_the_same_bytes(book: FontBook, name: str) -> None:
    assert SHEETS[name][0](book) == SHEETS[name][0](book)


def test_an_application_says_all_that_is_signed(book: FontBook) -> None:
    (text,) = pages(render_applications([APPLICATION], book))
    for part in (
        "快递申请单", "送达地址确认书", "代收授权", "周小满", "末四位002X", "19000000123", "食品经营许可新办",
        APPLICATION.address, "欧阳𠮷", "配偶", "不是办证收费", "本中心告知文本", "申请人签名或盖章",
    ):  # fmt: skip
        assert part in text
    assert "".join(NOTICE).replace(" ", "") in text
    assert "留存" not in text


def test_a_blank_application_has_its_number_on_both_parts(book: FontBook) -> None:
    (text,) = pages(SHEETS["blank"][0](book))
    assert text.count("SQ2026111600027") == 2
    assert "统一受理号（窗口填写）" in text and "沿虚线剪下" in text
    assert text.count("演示样本不具法律效力") == 2, "either part is a sample by itself"


def test_who_must_sign_himself_has_no_other_box(book: FontBook) -> None:
    (text,) = pages(render_applications([dataclasses.replace(APPLICATION, only_self=True)], book))
    assert "须本人签收" in text and "同住成年家属" not in text


def _marks(pdf: bytes) -> int:
    """Thick strokes: the two of a mark in a box."""
    page = pdfium.PdfDocument(pdf)[0]
    paths = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH])
    boxes = [item.get_bounds() for item in paths]
    return sum(1 for left, low, right, high in boxes if 2 < right - left < 8 and 3 < high - low < 9.9)


def test_only_what_was_chosen_is_ticked(book: FontBook) -> None:
    none = dataclasses.replace(APPLICATION, method="", payer="", receivers=())
    before = _marks(render_applications([none], book))
    assert _marks(render_applications([dataclasses.replace(none, method="door")], book)) > before
    assert _marks(render_applications([dataclasses.replace(none, method="no such way")], book)) == before


@pytest.mark.parametrize("size", CONTENTS_SIZES)
def test_a_contents_list_counts_and_goes_on(book: FontBook, size: ContentsSize) -> None:
    rows = tuple(
        ContentsRow(f"证件{n:02d}", f"编号{n:02d}", "ABCDEFGH234567AB", 1 + n % 2) for n in range(40)
    )
    pdf = render_contents([dataclasses.replace(CONTENTS, rows=rows)], book, size)
    found = pages(pdf)
    text = "".join(found)
    assert all(text.count(f"证件{n:02d}") == 1 for n in range(40))
    assert all(f"第{at}页/共{len(found)}页" in page for at, page in enumerate(found, 1)) and len(found) > 1
    assert "共40项，60份" in found[0]
    assert "以下空白" in found[-1] and "以下空白" not in found[0]
    width, height = pdfium.PdfDocument(pdf)[0].get_size()
    assert (width * 25.4 / 72, height * 25.4 / 72) == pytest.approx(CONTENTS_SIZES[size], abs=0.01)


def test_several_records_are_several_pages_in_order(book: FontBook) -> None:
    receipts = [dataclasses.replace(SERVICE, recipient=f"周小满{n}") for n in range(3)]
    found = pages(render_service_receipts(receipts, book))
    assert [f"周小满{n}" in page for n, page in enumerate(found)] == [True] * 3


def test_a_receipt_has_room_for_all_who_sign(book: FontBook) -> None:
    (text,) = pages(render_service_receipts([SERVICE], book))
    for part in (
        "送达回证",
        "不予行政许可决定书",
        "景市监许不字〔2026〕第3号",
        "1份",
        "代收理由",
        "见证人签名",
        "送达人",
    ):
        assert part in text
    assert text.count("签名") >= 5


@pytest.mark.parametrize(
    ("field", "draw"),
    [
        ("address", lambda book: render_applications([dataclasses.replace(APPLICATION, address="村" * 2000)], book)),
        ("address", lambda book: render_service_receipts([dataclasses.replace(SERVICE, address="村" * 2000)], book)),
        ("papers", lambda book: render_service_receipts([dataclasses.replace(SERVICE, papers=())], book)),
        ("papers", lambda book: render_service_receipts([dataclasses.replace(SERVICE, papers=SERVICE.papers * 9)], book)),
        ("rows/0", lambda book: render_contents([dataclasses.replace(CONTENTS, rows=(ContentsRow("长" * 2000),))], book)),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(book: FontBook, field: str, draw: Draw) -> None:
    with pytest.raises(DoesNotFit) as refusal:
        draw(book)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "draw",
    [
        lambda book: render_applications([dataclasses.replace(APPLICATION, recipient="周\ue000")], book),
        lambda book: render_service_receipts([dataclasses.replace(SERVICE, recipient="周\ue000")], book),
        lambda book: render_contents([dataclasses.replace(CONTENTS, recipient_masked="\ue000")], book),
    ],
)
def test_a_missing_glyph_is_an_error_and_never_a_box(book: FontBook, draw: Draw) -> None:
    with pytest.raises(MissingGlyph):
        draw(book)


def test_no_records_are_no_file(book: FontBook) -> None:
    for draw in (render_applications, render_contents, render_service_receipts):
        with pytest.raises(ValueError):
            draw([], book)


def test_in_production_nothing_is_a_sample(book: FontBook) -> None:
    for pdf in (
        render_applications([dataclasses.replace(APPLICATION, sample=False, tear_off=True)], book),
        render_contents([dataclasses.replace(CONTENTS, sample=False)], book),
        render_service_receipts([dataclasses.replace(SERVICE, sample=False)], book),
    ):
        assert "演示样本" not in "".join(pages(pdf))
