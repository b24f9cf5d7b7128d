"""Signed sheets come back as scans and photos: each finds its place by its barcode, the rest waits and nothing is lost."""

from __future__ import annotations

import os
import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from dispatch import picture_codes
from dispatch.attachments import attachment_bytes, attachments_of
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.form_numbers import form_by_number
from dispatch.forms import blank_applications, forms_pdf
from dispatch.picture_codes import Unreadable, read_codes
from dispatch.uploads import assign_part, drop_part, part_file, part_picture, take_upload, waiting_parts
from tests.factories import CLERK, COURIER, ELSEWHERE, document
from tests.road import Road

pytestmark = pytest.mark.integration


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def shot(
    pdf: bytes, at: int = 0, *, angle: float = 0.0, kind: str = "JPEG", dpi: int = 150, blur: float = 0
) -> bytes:
    """A page as somebody's phone would take it: on a table, a little turned, grey, with noise."""
    page = pypdfium2.PdfDocument(pdf)[at].render(scale=dpi / 72).to_pil().convert("L")
    table = Image.new("L", (page.width + 200, page.height + 200), 90)
    table.paste(page, (100, 100))
    if angle:
        table = table.rotate(angle, fillcolor=90, expand=True, resample=Image.Resampling.BICUBIC)
    if blur:
        table = table.filter(ImageFilter.GaussianBlur(blur))
    dim = table.point(lambda value: 40 + value * 0.7)
    out = BytesIO()
    dim.save(out, kind, **({"quality": 70} if kind == "JPEG" else {}))
    return out.getvalue()


def joined(*parts: bytes) -> bytes:
    whole = pypdfium2.PdfDocument.new()
    for part in parts:
        whole.import_pages(pypdfium2.PdfDocument(part))
    out = BytesIO()
    whole.save(out)
    return out.getvalue()


def empty_page() -> bytes:
    page = pypdfium2.PdfDocument.new()
    page.new_page(595, 842)
    out = BytesIO()
    page.save(out)
    return out.getvalue()


def kept(road: Road, subject_kind: str, subject_id: str) -> list[str]:
    with road.services.store.read(CLERK) as work:
        return [one.kind for one in attachments_of(work, subject_kind, subject_id)]


def receipt_of(road: Road, number: str) -> bytes:
    return forms_pdf(road.services, CLERK, "service", [number])


@pytest.mark.parametrize("angle", [0, 3, -6, 90, 180, 272])
def test_a_photo_attaches_itself_however_it_was_held(road: Road, angle: float) -> None:
    number = road.issue()
    (part,) = take_upload(road.services, CLERK, "IMG_0001.jpg", shot(receipt_of(road, number), angle=angle))
    assert part.state == "attached" and number in part.words and "送达回证" in part.words
    assert kept(road, "document", road.documents(number)[0].id) == ["receipt"]


def test_a_thick_scan_is_parted_by_its_barcodes(road: Road) -> None:
    first, second = road.issue(), road.issue()
    application = forms_pdf(road.services, CLERK, "application", [first])
    whole = joined(
        receipt_of(road, first), receipt_of(road, second), receipt_of(road, second), empty_page(), application
    )
    parts = take_upload(road.services, CLERK, "扫描.pdf", whole)
    assert [(part.pages, part.state) for part in parts] == [
        ("第 1 页", "attached"), ("第 2 到 3 页", "attached"), ("第 4 页", "waiting"), ("第 5 页", "attached"),
    ]  # fmt: skip
    assert kept(road, "case", road.case(first).id) == ["application"]
    with road.services.store.read(CLERK) as work:
        (one,) = attachments_of(work, "document", road.documents(second)[0].id)
    media, data = attachment_bytes(road.services, CLERK, one.id)
    assert media == "application/pdf" and len(pypdfium2.PdfDocument(data)) == 2, (
        "its own pages and nobody else's"
    )


def test_a_receipt_for_several_papers_is_kept_with_each(road: Road) -> None:
    number = road.issue(documents=[document(), document(title="企业名称变更核准通知书")])
    take_upload(road.services, CLERK, "a.jpg", shot(receipt_of(road, number)))
    assert [kept(road, "document", paper.id) for paper in road.documents(number)] == [
        ["receipt"],
        ["receipt"],
    ]


def test_the_same_file_again_is_no_news(road: Road) -> None:
    picture = shot(receipt_of(road, road.issue()))
    first = take_upload(road.services, CLERK, "a.jpg", picture)
    assert [one.id for one in take_upload(road.services, CLERK, "b.jpg", picture)] == [
        one.id for one in first
    ]


def test_what_cannot_be_told_waits_and_is_assigned_by_hand(road: Road) -> None:
    number = road.issue()
    blurred = shot(receipt_of(road, number), blur=9)
    (part,) = take_upload(road.services, CLERK, "糊了.jpg", blurred)
    assert (part.state, part.words) == ("waiting", "没有认出条码")
    assert [one.id for one in waiting_parts(road.services, CLERK)] == [part.id]
    assert waiting_parts(road.services, ELSEWHERE) == []
    assert part_picture(road.services, CLERK, part.id).startswith(b"\x89PNG")
    assert part_file(road.services, CLERK, part.id) == ("image/jpeg", blurred), "the original, byte for byte"
    paper = road.documents(number)[0]
    with pytest.raises(Invalid) as unknown:
        assign_part(road.services, CLERK, part.id, "000000", "receipt")
    assert "受理号" in unknown.value.faults[0].detail
    with pytest.raises(Invalid):
        assign_part(road.services, CLERK, part.id, number, "")
    assert assign_part(road.services, CLERK, part.id, number, "receipt") == "送达回证"
    assert kept(road, "document", paper.id) == ["receipt"]
    assert waiting_parts(road.services, CLERK) == []
    with pytest.raises(RuleViolation, match="已经有人处理"):
        assign_part(road.services, CLERK, part.id, number, "receipt")


@pytest.mark.parametrize("by", ["form", "paper", "waybill"])
def test_any_number_of_the_case_will_do(road: Road, by: str) -> None:
    number = road.issue()
    receipt, paper = receipt_of(road, number), road.documents(number)[0]
    text = {
        "form": read_codes(receipt)[0].codes,
        "paper": (paper.id,),
        "waybill": (road.number(str(paper.consignment_id)),),
    }[by]
    code = next(one for one in text if one != number)
    (part,) = take_upload(road.services, CLERK, "x.jpg", shot(receipt, blur=9))
    assign_part(road.services, CLERK, part.id, code.lower(), "receipt")
    assert kept(road, "document", paper.id) == ["receipt"]


def test_which_of_several_papers_must_be_said(road: Road) -> None:
    number = road.issue(documents=[document(), document(title="企业名称变更核准通知书")])
    (part,) = take_upload(road.services, CLERK, "x.jpg", shot(receipt_of(road, number), blur=9))
    with pytest.raises(RuleViolation, match="查验码"):
        assign_part(road.services, CLERK, part.id, number, "receipt")
    assert assign_part(road.services, CLERK, part.id, number, "photo") == "照片"


def test_a_blank_application_becomes_the_cases_own(road: Road) -> None:
    number = road.issue()
    printed = forms_pdf(road.services, CLERK, "application", [number])
    blank = blank_applications(road.services, CLERK, 1)
    (part,) = take_upload(road.services, CLERK, "blank.png", shot(blank, kind="PNG"))
    assert part.state == "waiting" and part.words.startswith("空白申请单")
    assign_part(road.services, CLERK, part.id, number)
    assert kept(road, "case", road.case(number).id) == ["application"]
    with road.services.store.read(CLERK) as work:
        row = form_by_number(work, CLERK, part.guess)
    assert row is not None and row.subject_id == road.case(number).id
    (again,) = take_upload(road.services, CLERK, "again.jpg", shot(blank, angle=2))
    assert again.state == "attached", "from now on it finds its case alone"
    assert read_codes(forms_pdf(road.services, CLERK, "application", [number])) == read_codes(printed)


def test_another_offices_sheet_is_not_ours_and_two_numbers_are_a_question(road: Road) -> None:
    one, two = receipt_of(road, road.issue()), receipt_of(road, road.issue())
    (foreign,) = take_upload(road.services, ELSEWHERE, "x.jpg", shot(one))
    assert foreign.state == "waiting" and "不是本窗口" in foreign.words
    with pytest.raises(NotFound):
        part_file(road.services, CLERK, foreign.id)
    left, right = (Image.open(BytesIO(shot(pdf))) for pdf in (one, two))
    both = Image.new("L", (left.width * 2, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    out = BytesIO()
    both.save(out, "JPEG")
    (part,) = take_upload(road.services, CLERK, "two.jpg", out.getvalue())
    assert part.state == "waiting" and "几个单号" in part.words


def test_an_empty_back_is_dropped_with_a_reason_and_kept(road: Road) -> None:
    back = empty_page()
    (part,) = take_upload(road.services, CLERK, "back.pdf", back)
    with pytest.raises(RuleViolation):
        drop_part(road.services, CLERK, part.id, " ")
    drop_part(road.services, CLERK, part.id, "空白背面")
    assert waiting_parts(road.services, CLERK) == []
    assert part_file(road.services, CLERK, part.id)[1] == back


def _png(wide: int, high: int) -> bytes:
    """A small file that claims to be a large picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def test_what_is_no_picture_is_refused_and_kept_nowhere(road: Road) -> None:
    noise = random.Random(7).randbytes(3000)
    receipt = shot(receipt_of(road, road.issue()))
    for data, code in (
        (b"", "unsupported_file"),
        (b"GIF89a" + noise, "unsupported_file"),
        (b"%PDF-1.7\n" + noise, "damaged"),
        (b"\xff\xd8\xff" + noise, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + noise, "damaged"),
        (receipt[: len(receipt) // 3], "damaged"),
        (_png(60_000, 60_000), "too_large"),
        (_png(9000, 9000), "too_large"),
        (b"%PDF-" + bytes(13 * 1024 * 1024), "too_large"),
    ):
        with pytest.raises(Invalid) as refusal:
            take_upload(road.services, CLERK, "x", data)
        assert refusal.value.faults[0].code == code
    assert waiting_parts(road.services, CLERK) == []


def test_too_many_pages_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="too_many_pages"):
        read_codes(joined(*[empty_page()] * 81))
    monkeypatch.setattr(picture_codes, "LONGEST", -1.0)
    assert [page.skipped for page in read_codes(joined(empty_page(), empty_page()))] == [True, True]


def test_only_who_issues_may_send_and_see(road: Road) -> None:
    for act in (
        lambda: take_upload(road.services, COURIER, "x", b""),
        lambda: waiting_parts(road.services, COURIER),
        lambda: drop_part(road.services, COURIER, "A" * 26, "x"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_at_rest_nothing_can_be_read(road: Road, tmp_path: Path) -> None:
    picture = shot(receipt_of(road, road.issue()))
    take_upload(road.services, CLERK, "周小满的回证.jpg", picture)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and os.path.getsize(path)]
    assert not any(picture[:2000] in data or "周小满的回证".encode() in data for data in files)
