"""Every sheet that leaves the house, rendered as a printer of 203 and of 300 dpi would and read back, with long and rare
content on each. ``SHEETS_DIR=folder`` keeps the pictures, to be looked at."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pypdfium2 as pdfium
import pytest
import zxingcpp

from dispatch.documents.page import inspect, overprint, render
from dispatch.documents.record import PageRecord
from dispatch.documents.templates import TemplateBook
from dispatch.printing.file import ELECTRONIC, PrintSource, merged
from labels.application import ApplicationRecord, render_applications
from labels.badge import BadgeRecord, render_badge
from labels.card import CardBox, CardRecord, render_card
from labels.contents import ContentsRecord, ContentsRow, render_contents
from labels.fonts import FontBook
from labels.label import LABEL_SIZES, LabelRecord, render_label
from labels.lists import Column, ListRecord, render_list
from labels.manifest import ManifestRecord, ManifestRow, render_manifest
from labels.receipt import ReceiptRecord, render_receipt
from labels.service_receipt import ServicePaper, ServiceRecord, render_service_receipts
from labels.service_record import ServiceSheet, render_service_record
from labels.slip import SlipRecord, render_slip
from labels.testpage import TEST_SIZES, render_test_page
from tests.pages import PREFIX, ROOT, approvals_by_title, record_of, token_of

pytestmark = pytest.mark.unit

BOOK: Final = FontBook()
TEMPLATES: Final = TemplateBook.load(ROOT / "templates/documents")
BY_TITLE: Final = approvals_by_title()
#: sixty characters, one of them beyond U+FFFF
ORGANIZATION: Final = ("景宁畲族自治县" + "𠮷祥" + "山区农副产品产销专业合作社联合总社" * 3)[:58] + "公司"
#: four lines on any label
ADDRESS: Final = "浙江省丽水市景宁畲族自治县鹤溪街道" + "敕木山村民委员会东侧" * 8 + "𠮷路69号2单元501室"
NO: Final = "331127202610267000001"
CENTRE, PHONE, MARK = "景宁畲族自治县行政服务中心综合出件窗口", "0578-5082123", "1231-999 · 198-200/200"
CONSIGNMENT: Final = "https://dispatch.service-centre.example.gov.cn/c#01JD3Z0000000000000000ABCD"

Draw = Callable[[], bytes]
_MILLIMETRES: Final = 25.4 / 72
_QUIET: Final = 2 / _MILLIMETRES


# -- documents ---------------------------------------------------------------------------------------------------------
def _long(title: str, copy: str = "", **fields: str) -> PageRecord:
    """The first sample of a title with every one of its texts made long."""
    approval, document = BY_TITLE[title][0]
    places = {
        name: ADDRESS for name in document["fields"] if "址" in name or name in ("坐落", "经营场所", "住所")
    }
    names = {
        name: ORGANIZATION
        for name in document["fields"]
        if name in ("申请人", "名称", "经营者名称", "权利人")
    }
    printed = {"holder": ORGANIZATION, "copy": copy, "number": "景市监许准字〔2026〕第100001号"}
    return record_of(TEMPLATES, approval, document, fields=places | names | fields, printed=printed)


def _page(record: PageRecord) -> bytes:
    assert inspect(record, BOOK) == []
    return render(record, PREFIX, token_of(record), BOOK).pdf


def _print(record: PageRecord) -> bytes:
    """As the printer gets it: with the batch's marks."""
    note = "" if record.by_hand or record.sheet else ELECTRONIC
    return merged([PrintSource(_page(record), "P1231-999/200", "1231-999 · 200/200", note)], BOOK)


def _form(record: PageRecord) -> bytes:
    pdf = overprint(record, PREFIX, token_of(record), BOOK)
    return merged([PrintSource(pdf, "P1231-999/200", "1231-999 · 200/200", "", (4.2, -4.2))], BOOK)


DOCUMENTS: Final[Mapping[str, tuple[PageRecord, str, Callable[[PageRecord], bytes]]]] = {
    "A4": (_long("不动产权证书"), "A4", _print),
    "A4-landscape": (_long("营业执照", "正本"), "A4L", _print),
    "A3-landscape": (_long("建筑工程施工许可证"), "A3L", _print),
    "A3-overleaf": (_long("建筑工程施工许可证", 决定内容="很长的内容" * 500), "A3L", _print),
    "A4-duplicate": (_long("建筑工程施工许可证", "副本"), "A4L", _print),
    "notice": (_long("企业名称预先核准通知书"), "A4", _print),
    "decision": (_long("不予行政许可决定书"), "A4", _print),
    "accompanying": (_long("居民身份证"), "A4", _print),
    "sealed-by-hand": (_long("农家乐（民宿）经营登记证"), "A4", _print),
    "onto-a-form": (_long("农家乐（民宿）经营登记证"), "A4", _form),
}  # fmt: skip

# -- the other sheets --------------------------------------------------------------------------------------------------
LABEL = LabelRecord(
    waybill_no="EA000000015ZZ", carrier_name="邮政速递", product="政务专递", sort_code="331127 鹤溪", sender_name=CENTRE,
    sender_phone=PHONE, sender_address="浙江省丽水市景宁畲族自治县人民中路1号行政服务中心一楼综合出件窗口",
    recipient_masked="欧**", phone_masked="190****3078", organization=ORGANIZATION,
    region="浙江省丽水市景宁畲族自治县鹤溪街道", address_printed=ADDRESS, qr_text=CONSIGNMENT, count_text="12 份",
    note="请交本人签收，单位由收发室签收", printed_on="2026-11-21 14:05", mark=MARK,
)  # fmt: skip
SLIP = SlipRecord(
    CENTRE, "A-03-12", "欧**", NO, CONSIGNMENT, ("领取人身份证原件", "代领的，另看委托书和委托人身份证复印件"),
    organization=ORGANIZATION, phone_masked="190****3078", count_text="12 份", waiting_since="11月21日", keep_until="12月21日",
    note="内有不动产权证书原件，请当面清点", mark=MARK,
)  # fmt: skip
APPLICATION = ApplicationRecord(
    operator=CENTRE, phone=PHONE, form_no="SQ202611160001K", acceptance_no=NO, applicant=ORGANIZATION, id_tail="002X",
    applicant_phone="19000000123", item="食品经营许可新办（含学校食堂、养老机构食堂）", department="景宁畲族自治县市场监督管理局",
    method="express", payer="office", recipient="欧阳𠮷", recipient_phone="19000000123", organization=ORGANIZATION,
    address=ADDRESS, receivers=("self", "designated"), designated="欧阳𠮷𠮷", relation="配偶的母亲",
)  # fmt: skip
CONTENTS = ContentsRecord(
    CENTRE, PHONE, "NJ202611160001K", "EA000000015ZZ", "欧** 190****0123", "2026年11月16日",
    (ContentsRow("食品经营许可证（正本）", "JY23311270001234", "ABCDEFGH234567AB"),
     ContentsRow("关于农村宅基地房地一体确权登记发证的批准文件（𠮷祥村）" * 2, "景自然资〔2026〕100001号", "BBCDEFGH234567AB"),
     *(ContentsRow(f"准予行政许可决定书之{n}") for n in range(3, 13))),
)  # fmt: skip
MANIFEST = ManifestRecord(
    CENTRE, "邮政速递", "JJ202611160001S", "2026年11月21日 16:00",
    tuple(
        ManifestRow(f"ZD{n:013d}", "浙江省丽水市景宁畲族自治县鹤溪街道", n, "欧阳𠮷", "19000000123",
                    organization=ORGANIZATION if n == 2 else "", address=ADDRESS if n == 2 else "城南路1号")
        for n in range(1, 9)
    ),
)  # fmt: skip
SERVICE = ServiceRecord(
    "景宁畲族自治县市场监督管理局", "SH202611160001K", NO, "食品经营许可新办（含学校食堂、养老机构食堂）",
    (ServicePaper("不予行政许可决定书", "景市监许不字〔2026〕第100003号"), ServicePaper("退还申请材料清单", "")),
    ORGANIZATION, "19000000123", ADDRESS, "post",
)  # fmt: skip
HANDOVER = ListRecord(
    "内部交接单", "NB202611160001Q", (("交出", "景宁畲族自治县自然资源和规划局不动产登记中心"), ("接收", CENTRE)),
    (Column("序号", 12, centred=True), Column("受理号", 74, bars=True), Column("证件", 70), Column("架位", 34)),
    tuple((str(n), f"331127202611{n:09d}", "不动产权证书（𠮷祥村）" * (1 + n % 3), "A-07") for n in range(1, 9)),
    (("交出", "欧阳𠮷"), ("接收", "")), least=13.0,
)  # fmt: skip
SHEET = ServiceSheet(
    CENTRE, NO, (("送达文书", "不予行政许可决定书"), ("受送达人", ORGANIZATION), ("送达地址", ADDRESS)),
    (("11月16日 09:00", "制成"), ("11月16日 16:00", "交邮政，运单 EA000000015ZZ")), "已附", "2026年11月21日 16:00",
)  # fmt: skip
RECEIPT = ReceiptRecord(
    CENTRE, NO, "食品经营许可新办（含学校食堂、养老机构食堂）", "景宁畲族自治县市场监督管理局", ORGANIZATION, "2026年10月26日",
    "邮政专递，送到登记的地址", "11月9日前", f"https://dz.example.gov.cn/track#{NO}", PHONE,
)  # fmt: skip


def _card() -> bytes:
    words = tomllib.loads(sorted((ROOT / "templates/cards").glob("*.toml"))[0].read_text("utf-8"))
    boxes = tuple(CardBox(box["heading"], tuple(box["lines"])) for box in words["box"])
    return render_card(CardRecord(words["title"], CENTRE, PHONE, boxes), BOOK)


#: name → how it is drawn, what is read from all its pages together
SHEETS: Final[Mapping[str, tuple[Draw, set[str]]]] = {
    **{
        f"label-{size}": (
            (lambda size=size: render_label(LABEL, size, BOOK)),
            {LABEL.waybill_no, CONSIGNMENT},
        )
        for size in LABEL_SIZES
    },
    **{
        f"test-{size}": (
            (lambda size=size: render_test_page(size, BOOK)),
            {
                f"CESHI-{size.upper()}-0123456789",
                "CESHI-0123456789" if size in ("A4", "A3") else "CESHI-01234",
            },
        )
        for size in TEST_SIZES
    },
    "slip": (lambda: render_slip(SLIP, BOOK), {NO, CONSIGNMENT}),
    "slip-A5": (lambda: render_slip(SLIP, BOOK, "A5"), {NO, CONSIGNMENT}),
    "快递申请单": (lambda: render_applications([APPLICATION], BOOK), {APPLICATION.form_no, NO}),
    "内件清单": (lambda: render_contents([CONTENTS], BOOK), {CONTENTS.form_no}),
    "内件清单-half": (lambda: render_contents([CONTENTS], BOOK, "A4-half"), {CONTENTS.form_no}),
    "交接清单": (
        lambda: render_manifest(MANIFEST, BOOK),
        {MANIFEST.list_no, *(row.waybill_no for row in MANIFEST.rows)},
    ),
    "交接清单-full": (
        lambda: render_manifest(dataclasses.replace(MANIFEST, full=True), BOOK),
        {MANIFEST.list_no, *(row.waybill_no for row in MANIFEST.rows)},
    ),
    "送达回证": (lambda: render_service_receipts([SERVICE], BOOK), {SERVICE.form_no, NO}),
    "送达情况记录": (lambda: render_service_record(SHEET, BOOK), {NO}),
    "内部交接单": (
        lambda: render_list(HANDOVER, BOOK),
        {HANDOVER.number, *(row[1] for row in HANDOVER.rows)},
    ),
    "受理回执": (lambda: render_receipt(RECEIPT, BOOK), {RECEIPT.tracking_url}),
    "工牌": (
        lambda: render_badge(BadgeRecord(CENTRE, "欧阳𠮷", "窗口人员", "GP-7F3K9Q2M"), BOOK),
        {"GP-7F3K9Q2M"},
    ),
    "速查卡": (_card, set()),
}


def _read(name: str, pdf: bytes, dpi: int) -> set[str]:
    """Every code on every page, from pixels that are either black or white, as a laser or a thermal head puts them."""
    found: set[str] = set()
    with pdfium.PdfDocument(pdf) as opened:
        for at, page in enumerate(opened):
            image = page.render(scale=dpi / 72, grayscale=True).to_pil()
            if folder := os.environ.get("SHEETS_DIR"):
                image.save(Path(folder) / f"{name}-{dpi}-{at + 1}.png")
            found |= {
                code.text for code in zxingcpp.read_barcodes(image.point(lambda grey: 255 * (grey > 127)))
            }
    return found


def _outside(pdf: bytes) -> list[str]:
    """Texts that stand beyond the edge of their page."""
    out = []
    with pdfium.PdfDocument(pdf) as opened:
        for page in opened:
            width, height = page.get_size()
            text = page.get_textpage()
            for at in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(at)
                if right > left and (left < 0 or bottom < 0 or right > width or top > height):
                    out.append(text.get_text_range(at, 1))
    return out


def _crowded(pdf: bytes) -> list[str]:
    """Letters within two millimetres left or right of a barcode's bars."""
    out = []
    with pdfium.PdfDocument(pdf) as opened:
        for page in opened:
            image = page.render(scale=300 / 72, grayscale=True).to_pil()
            bars = [code for code in zxingcpp.read_barcodes(image) if "128" in str(code.format)]
            text, height = page.get_textpage(), page.get_height()
            letters = [(text.get_text_range(at, 1), text.get_charbox(at)) for at in range(text.count_chars())]
            for code in bars:
                corners = (code.position.top_left, code.position.bottom_right)
                (x1, y1), (x2, y2) = ((c.x * 72 / 300, height - c.y * 72 / 300) for c in corners)
                out += [
                    letter
                    for letter, (left, bottom, right, top) in letters
                    if right > left
                    and right > x1 - _QUIET
                    and left < x2 + _QUIET
                    and top > y2 + 1
                    and bottom < y1 - 1
                ]
    return out


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_code_of_every_kind_of_document_reads_from_its_print(name: str, dpi: int) -> None:
    record, _, draw = DOCUMENTS[name]
    assert _read(name, draw(record), dpi) == {PREFIX + token_of(record)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_print_has_exactly_its_papers_size_and_loses_nothing(name: str) -> None:
    record, paper, draw = DOCUMENTS[name]
    wanted = {"A4": (210, 297), "A4L": (297, 210), "A3L": (420, 297)}[paper]
    pdf = draw(record)
    with pdfium.PdfDocument(pdf) as opened:
        assert {tuple(round(side * _MILLIMETRES, 1) for side in page.get_size()) for page in opened} == {
            wanted
        }
        said = "".join("".join(page.get_textpage().get_text_bounded().split()) for page in opened)
    assert "".join(record.holder.split()) in said
    assert _outside(pdf) == []


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", SHEETS)
def test_the_codes_of_every_other_sheet_read(name: str, dpi: int) -> None:
    draw, wanted = SHEETS[name]
    assert _read(name, draw(), dpi) == wanted


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_stands_beyond_the_edge_of_a_sheet_or_in_the_white_of_its_bars(name: str) -> None:
    pdf = SHEETS[name][0]()
    assert _outside(pdf) == []
    assert _crowded(pdf) == []
