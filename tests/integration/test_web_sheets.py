"""The pages of sheets to sign: printed from the case, sent back as photos, looked at."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from tests.factories import approval
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path)
    yield opened
    opened.services.store.engine.dispose()


def photo(pdf: bytes) -> bytes:
    out = BytesIO()
    pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil().convert("L").save(out, "JPEG")
    return out.getvalue()


def test_a_sheet_goes_out_and_comes_back(house: House) -> None:
    case = approval()
    view = house.issued(case)
    number = case["acceptance_no"]
    clerk, csrf = house.browser("lin", "clerk")
    page = clerk.get(f"/window/cases/{number}").text
    for word in ("快递申请单", "内件清单", "送达回证", "还没有签好的单子"):
        assert word in page
    form = {"csrf_token": csrf, "acceptance_no": number}
    sheets = {
        kind: clerk.post(f"/window/forms.pdf?kind={kind}", data=form)
        for kind in ("application", "contents", "service")
    }
    assert all(one.status_code == 200 and one.mimetype == "application/pdf" for one in sheets.values())
    sent = clerk.post(
        "/window/attach",
        data={
            "csrf_token": csrf,
            "file": [
                (BytesIO(photo(sheets["service"].data)), "回证.jpg"),
                (BytesIO(photo(sheets["application"].data)), "申请单.jpg"),
                (BytesIO(b"GIF89a"), "动图.gif"),
                (BytesIO(b"\xff\xd8\xff" + bytes(99)), "坏了.jpg"),
            ],
        },
        content_type="multipart/form-data",
    )
    assert sent.status_code == 200
    assert sent.text.count(f"办件 {number}") == 2 and "动图.gif" in sent.text and "文件打不开" in sent.text
    page = clerk.get(f"/window/cases/{number}").text
    assert page.count('href="/window/attachments/') == 2
    address = page.split('href="/window/attachments/')[1].split('"')[0]
    looked = clerk.get(f"/window/attachments/{address}")
    assert looked.mimetype == "image/jpeg" and looked.data.startswith(b"\xff\xd8")
    assert looked.headers["Cache-Control"] == "no-store"
    seen = " ".join(one["detail"] for one in house.view(number)["events"])
    assert "打印了送达回证" in seen and "收到签好的单子" in seen and "查看了附件" in seen
    assert view["acceptance_no"] == number


def test_what_waits_is_shown_and_assigned(house: House) -> None:
    case = approval()
    house.issued(case)
    clerk, csrf = house.browser("lin", "clerk")
    blank = clerk.post("/window/forms/blank.pdf", data={"csrf_token": csrf, "count": "1"})
    files = {"csrf_token": csrf, "file": [(BytesIO(photo(blank.data)), "blank.jpg")]}
    sent = clerk.post("/window/attach", data=files, content_type="multipart/form-data").text
    assert "空白申请单" in sent and "1 页等您说是什么" in sent
    part = sent.split("/window/attach/")[1].split("/")[0]
    assert clerk.get(f"/window/attach/{part}.png").mimetype == "image/png"
    assert clerk.get(f"/window/attach/{part}/look").mimetype == "image/jpeg"
    wrong = clerk.post(
        f"/window/attach/{part}/assign", data={"csrf_token": csrf, "number": "nothing"}, follow_redirects=True
    )
    assert "没有找到这个号" in wrong.text
    right = clerk.post(
        f"/window/attach/{part}/assign",
        data={"csrf_token": csrf, "number": case["acceptance_no"]},
        follow_redirects=True,
    )
    assert "已归档" in right.text and "没有等着认的扫描件" in right.text


def test_many_at_once_from_list_and_tray(house: House) -> None:
    """The buttons of the list and of the print page send what they need."""
    waiting = approval()
    assert house.call("POST", "/cases", "cases", json=waiting).status_code == 201
    view = house.issued(approval())
    clerk, csrf = house.browser("lin", "clerk")
    assert 'formaction="/window/forms.pdf?kind=application"' in clerk.get("/window?state=ready").text
    tray = clerk.get("/window/labels").text
    form = {"csrf_token": csrf, "size": "100x180", "consignment_id": [view["consignments"][0]["id"]]}
    for kind in ("contents", "service"):
        assert f'formaction="/window/forms.pdf?kind={kind}"' in tray
        assert clerk.post(f"/window/forms.pdf?kind={kind}", data=form).mimetype == "application/pdf"
    form = {"csrf_token": csrf, "acceptance_no": [waiting["acceptance_no"], view["acceptance_no"]]}
    both = clerk.post("/window/forms.pdf?kind=application", data=form)
    assert len(pypdfium2.PdfDocument(both.data)) == 2


def test_slips_are_answered_with_words(house: House) -> None:
    clerk, csrf = house.browser("lin", "clerk")
    none = clerk.post("/window/attach", data={"csrf_token": csrf}, content_type="multipart/form-data")
    assert none.status_code == 422 and "请先选好" in none.text
    assert clerk.post("/window/forms/blank.pdf", data={"csrf_token": csrf, "count": "x"}).status_code == 422
    assert clerk.post("/window/forms.pdf?kind=application", data={"csrf_token": csrf}).status_code == 409
    assert clerk.get("/window/attachments/" + "A" * 26).status_code == 404
    assert clerk.get("/window/attach/" + "A" * 26 + "/look").status_code == 404
    assert clerk.get("/window/forms?day=nonsense").status_code == 200


def test_couriers_and_departments_have_no_business_here(house: House) -> None:
    for role in ("courier", "department"):
        person, csrf = house.browser(role, role)
        for path in ("/window/attach", "/window/forms"):
            assert person.get(path).status_code == 403
        assert person.post("/window/forms.pdf?kind=application", data={"csrf_token": csrf}).status_code == 403
