"""A hand-over list signed on the office's screen: counted, the missing struck out, one code for one signature."""

from __future__ import annotations

import base64
import re
import threading
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from sqlalchemy import select

from dispatch.attachments import attachment_bytes
from dispatch.consignments.manifest import list_manifests, make_manifest, manifest_pdf, sign_manifest
from dispatch.consignments.pack import unpack
from dispatch.consignments.signing import open_list, sign_on_screen
from dispatch.consignments.tickets import manifest_of_ticket, ticket_in
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.models import Audit, Manifest, ManifestTicket
from dispatch.opening import what_is
from dispatch.rights import SYSTEM
from dispatch.signature import Signature
from dispatch.uploads import take_upload
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE
from tests.road import Road
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration


def ink(width: int = 800) -> bytes:
    drawn = Image.new("RGB", (width, 240), "white")
    ImageDraw.Draw(drawn).line([(60, 200), (300, 40), (420, 220), (700, 60)], fill="black", width=7)
    out = BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def packed(road: Road, count: int = 3) -> list[str]:
    return [road.pack(road.issue()) for _ in range(count)]


def list_of(road: Road, ids: list[str]) -> str:
    return make_manifest(road.services, CLERK, "range", ids).id


def sign(
    road: Road, manifest_id: str, counted: int | None, out: list[str] | None = None, **more: object
) -> list[str]:
    facts: dict[str, object] = {
        "name": "王师傅",
        "staff_no": "ems-0417",
        "signature": Signature(ink()),
    } | more
    results = sign_on_screen(road.services, CLERK, manifest_id, counted=counted, left_out=out or [], **facts)  # type: ignore[arg-type]
    return [one["outcome"] for one in results]


def ticket_of(road: Road, manifest_id: str) -> str:
    """The one-time code as the clerk's scanner reads it from the paper."""
    page = pypdfium2.PdfDocument(manifest_pdf(road.services, CLERK, manifest_id))[0]
    texts = [code.text for code in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())]
    return next(text for text in texts if "/window/sign/" in text)


def states(road: Road, ids: list[str]) -> list[str]:
    return [road.envelope(one).state for one in ids]


def refused(act: object, code: str) -> str:
    with pytest.raises(RuleViolation) as refusal:
        act()  # type: ignore[operator]
    assert refusal.value.code == code
    return refusal.value.detail


def test_signed_on_the_screen_everything_is_handed_over(road: Road) -> None:
    ids = packed(road)
    made = list_of(road, ids)
    assert sign(road, made, 3) == ["accepted"] * 3
    assert states(road, ids) == ["handed_over"] * 3
    view = open_list(road.services, CLERK, made)
    assert (view.signed_by, view.staff_no, view.signed_with, view.signed_at) == (
        "王师傅", "EMS-0417", "clerk", road.clock.now(),
    )  # fmt: skip
    assert attachment_bytes(road.services, CLERK, view.signature_id) == ("image/png", ink())
    assert [one.signed for one in list_manifests(road.services, CLERK)] == [True]
    pdf = manifest_pdf(road.services, CLERK, made)
    text = re.sub(r"\s+", "", pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded())
    assert "王师傅（工号EMS-0417）" in text and "只用一次" not in text
    assert "signed_already" == _code(lambda: sign(road, made, 3))
    assert {one["outcome"] for one in sign_manifest(road.services, CLERK, made, "别人")} == {"duplicate"}
    assert open_list(road.services, CLERK, made).signed_by == "王师傅", (
        "the paper entered later changes nothing"
    )


def _code(act: object) -> str:
    with pytest.raises(RuleViolation) as refusal:
        act()  # type: ignore[operator]
    return refusal.value.code


def test_what_is_struck_out_stays_packed_and_goes_on_the_next_list(road: Road) -> None:
    ids = packed(road)
    made = list_of(road, ids)
    assert "少 1 封" in refused(lambda: sign(road, made, 2), "count_differs")
    assert "多 1 封" in refused(lambda: sign(road, made, 4), "count_differs")
    assert states(road, ids) == ["packed"] * 3, "a refusal moves nothing"
    assert sign(road, made, 2, [ids[1]]) == ["accepted"] * 2
    assert states(road, ids) == ["handed_over", "packed", "handed_over"]
    assert [row.left_out for row in open_list(road.services, CLERK, made).rows] == [False, True, False]
    text = re.sub(
        r"\s+",
        "",
        pypdfium2.PdfDocument(manifest_pdf(road.services, CLERK, made))[0].get_textpage().get_text_bounded(),
    )
    assert "未交，留在窗口" in text and "实交2件" in text
    assert {one["consignment_id"] for one in sign_manifest(road.services, CLERK, made, "x")} == {
        ids[0],
        ids[2],
    }
    next_list = make_manifest(road.services, CLERK, "range", all_packed=True)
    assert next_list.consignment_ids == (ids[1],)
    assert sign(road, next_list.id, 1) == ["accepted"]


def test_what_must_not_leave_is_struck_out_first(road: Road) -> None:
    ids = packed(road)
    made = list_of(road, ids)
    unpack(road.services, CLERK, ids[0], "装错了")
    rows = open_list(road.services, CLERK, made).rows
    assert rows[0].objection and not rows[1].objection
    refused(lambda: sign(road, made, 3), "must_stay")
    assert sign(road, made, 2, [ids[0]]) == ["accepted"] * 2
    assert states(road, ids)[0] == "labelled"


def test_a_scan_that_was_quicker_is_no_obstacle(road: Road) -> None:
    ids = packed(road, 2)
    made = list_of(road, ids)
    assert road.scan(road.number(ids[0]), "hand_over")["outcome"] == "accepted"
    assert sign(road, made, 2) == ["accepted"] * 2
    assert states(road, ids) == ["handed_over"] * 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " "}, "/name"), ({"name": "长" * 61}, "/name"), ({"staff_no": ""}, "/staff_no"),
        ({"staff_no": "工号一"}, "/staff_no"), ({"staff_no": "1"}, "/staff_no"),
    ],
)  # fmt: skip
def test_who_signs_must_be_named(road: Road, change: dict[str, str], pointer: str) -> None:
    made = list_of(road, packed(road, 1))
    with pytest.raises(Invalid) as refusal:
        sign(road, made, 1, **change)
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    with pytest.raises(Invalid):
        sign(road, made, None)


def test_nothing_left_and_foreign_envelopes_are_refused(road: Road) -> None:
    ids = packed(road, 2)
    made = list_of(road, ids[:1])
    refused(lambda: sign(road, made, 0, [ids[0]]), "nothing_left")
    refused(lambda: sign(road, made, 0, [ids[1]]), "count_differs")
    for actor, fault in ((ELSEWHERE, NotFound), (COURIER, NotPermitted)):
        with pytest.raises(fault):
            open_list(road.services, actor, made)


def test_who_cannot_write_signs_on_paper(road: Road) -> None:
    made = list_of(road, packed(road, 1))
    sign(road, made, 1, signature=Signature(None))
    assert open_list(road.services, CLERK, made).signature_id == ""
    assert manifest_pdf(road.services, CLERK, made).startswith(b"%PDF")


# -- the one-time code -----------------------------------------------------------------------------------------------
def test_the_code_on_the_paper_opens_its_list_and_works_once(road: Road) -> None:
    ids = packed(road)
    one, two = list_of(road, ids[:2]), list_of(road, ids[2:])
    text = ticket_of(road, one)
    secret = str(ticket_in(text))
    assert len(secret) == 26
    assert manifest_of_ticket(road.services, CLERK, secret) == one
    assert manifest_of_ticket(road.services, CLERK, secret.lower()) == one, "looking uses nothing up"
    assert what_is(road.services, CLERK, text).address == f"/window/sign/{secret}"
    again = str(ticket_in(ticket_of(road, one)))
    assert again != secret, "each print has its own"
    sign(road, one, 2, ticket=secret)
    for used in (secret, again):
        assert "已经签收" in refused(
            lambda used=used: manifest_of_ticket(road.services, CLERK, used), "used_ticket"
        )
    refused(lambda: sign(road, two, 1, ticket=secret), "used_ticket")
    assert states(road, ids) == ["handed_over", "handed_over", "packed"]


def test_a_code_of_another_list_does_not_sign_this_one(road: Road) -> None:
    ids = packed(road, 2)
    one, two = list_of(road, ids[:1]), list_of(road, ids[1:])
    secret = str(ticket_in(ticket_of(road, one)))
    refused(lambda: sign(road, two, 1, ticket=secret), "unknown_ticket")
    assert states(road, ids) == ["packed"] * 2
    sign(road, one, 1, ticket=secret)


def test_the_code_ends_with_the_day(road: Road) -> None:
    made = list_of(road, packed(road, 1))
    secret = str(ticket_in(ticket_of(road, made)))
    road.clock.forward(hours=13)  # 23:00 in Shanghai
    assert manifest_of_ticket(road.services, CLERK, secret) == made
    road.clock.forward(hours=1)
    assert "重新打印" in refused(lambda: manifest_of_ticket(road.services, CLERK, secret), "old_ticket")
    refused(lambda: sign(road, made, 1, ticket=secret), "old_ticket")


@pytest.mark.parametrize("secret", ["", "A" * 26, "nonsense", "\ud800"])
def test_an_unknown_code_opens_nothing(road: Road, secret: str) -> None:
    refused(lambda: manifest_of_ticket(road.services, CLERK, secret), "unknown_ticket")


def test_another_office_gets_nothing_from_the_code_and_the_database_does_not_hold_it(
    road: Road, tmp_path: Path
) -> None:
    made = list_of(road, packed(road, 1))
    secret = str(ticket_in(ticket_of(road, made)))
    refused(lambda: manifest_of_ticket(road.services, ELSEWHERE, secret), "unknown_ticket")
    with road.services.store.read(SYSTEM) as work:
        (row,) = work.session.scalars(select(ManifestTicket))
    assert secret not in row.key and len(row.key) == 64
    sign(road, made, 1)
    road.services.store.engine.dispose()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(
        secret.encode() in data or "王师傅".encode() in data or ink()[40:400] in data for data in files
    )


def test_two_screens_at_once_sign_once(road: Road) -> None:
    ids = packed(road, 2)
    made = list_of(road, ids)
    outcomes: list[str] = []

    def go(actor: object, width: int) -> None:
        try:
            sign_on_screen(
                road.services, actor, made, counted=2, left_out=[], name="王师傅", staff_no="0417",  # type: ignore[arg-type]
                signature=Signature(ink(width)),
            )  # fmt: skip
            outcomes.append("signed")
        except RuleViolation as refusal:
            outcomes.append(refusal.code)

    hands = [
        threading.Thread(target=go, args=(actor, width)) for actor, width in ((CLERK, 800), (COLLEAGUE, 900))
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(outcomes) == ["signed", "signed_already"]
    with road.services.store.read(SYSTEM) as work:
        assert len(list(work.session.scalars(select(Audit).where(Audit.action == "manifest_signed")))) == 1


def test_a_list_signed_on_paper_comes_back_by_its_barcode(road: Road) -> None:
    made = list_of(road, packed(road, 1))
    page = pypdfium2.PdfDocument(manifest_pdf(road.services, CLERK, made))[0].render(scale=150 / 72).to_pil()
    out = BytesIO()
    page.convert("L").save(out, "JPEG")
    (part,) = take_upload(road.services, CLERK, "清单.jpg", out.getvalue())
    assert part.state == "attached" and "交接清单" in part.words
    assert [one.kind for one in open_list(road.services, CLERK, made).attachments] == ["manifest"]


def test_lists_from_before_know_that_they_were_signed(road: Road) -> None:
    made = list_of(road, packed(road, 1))
    sign_manifest(road.services, CLERK, made, "王师傅", staff_no="0417")
    with road.services.store.work(SYSTEM) as work:
        row = work.session.get_one(Manifest, made)
        row.signed_at = row.signed_with = row.signer = None
    assert [one.signed for one in list_manifests(road.services, CLERK)] == [True]


# -- the pages -------------------------------------------------------------------------------------------------------
def _house(road: Road) -> House:
    return house_on(road.services)


def test_the_pages_sign_and_keep_what_was_typed(road: Road) -> None:
    ids = packed(road)
    made = list_of(road, ids)
    secret = str(ticket_in(ticket_of(road, made)))
    road.clock.forward(minutes=1)
    clerk, csrf = _house(road).browser("lin", "clerk")
    opened = clerk.get(f"/window/sign/{secret}")
    assert opened.status_code == 200 and f'value="{secret}"' in opened.text and "等签收" not in opened.text
    picture = "data:image/png;base64," + base64.b64encode(ink()).decode()
    form = {
        "csrf_token": csrf,
        "counted": "2",
        "name": "王师傅",
        "staff_no": "0417",
        "signature": picture,
        "ticket": secret,
    }
    short = clerk.post(f"/window/manifests/{made}/sign", data=form)
    assert (
        short.status_code == 409
        and "少 1 封" in short.text
        and 'value="王师傅"' in short.text
        and secret in short.text
    )
    unsigned = clerk.post(f"/window/manifests/{made}/sign", data=form | {"signature": "", "counted": "3"})
    assert unsigned.status_code == 422 and "还没有签名" in unsigned.text
    done = clerk.post(
        f"/window/manifests/{made}/sign", data=form | {"left_out": ids[2]}, follow_redirects=True
    )
    assert "已签收 2 封" in done.text and "王师傅（工号 0417）" in done.text and "留在窗口" in done.text
    used = clerk.get(f"/window/sign/{secret}", follow_redirects=True)
    assert "已经签收过了" in used.text
    assert "已经签收过了" in clerk.get(f"/window/manifests/{made}/sign").text
    assert clerk.get("/window/manifests/" + "A" * 26).status_code == 404
    assert f"/window/manifests/{made}" in clerk.get("/window/handover").text
