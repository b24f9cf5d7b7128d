"""Overprinting at the window: forms in files of their own, moved as the printer needs it; the sealed file stays as it is."""

from __future__ import annotations

import io

import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient

from dispatch.errors import Invalid, NotFound, RuleViolation
from dispatch.printing.batches import PrintView, start_print
from dispatch.printing.file import ELECTRONIC, loading_order, paper_files, print_pdf
from dispatch.printing.outcome import print_rest, stopped_at
from dispatch.printing.printers import printers_of, remove_printer, save_printer
from dispatch.printing.stock import receive_forms
from dispatch.services import Services
from tests.factories import CLERK, ELSEWHERE, approval, document
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration

TITLE = "农家乐（民宿）经营登记证"
INN = document(
    kind="certificate", title=TITLE, number=None,
    fields={"申请人": "磐安县小满农家乐", "办理事项": "民宿登记", "地址": "岭外村2组21号", "决定内容": "准予登记"},
)  # fmt: skip
MM = 72 / 25.4


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def with_forms(house: House) -> None:
    receive_forms(
        house.services, CLERK, kind=TITLE, prefix="", first="001", last="020", source="县农业农村局"
    )


def batch(house: House) -> PrintView:
    made = house.issued(approval(documents=[INN, document(), INN | {"copy": "副本"}]))
    return start_print(house.services, CLERK, [d["document_id"] for d in made["documents"]])


def texts(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as opened:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in opened]


def code_place(pdf: bytes) -> tuple[float, float]:
    """Where the QR stands on the first page, in millimetres from the left and the top."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as opened:
        image = opened[0].render(scale=300 / 72, grayscale=True).to_pil()
    [code] = [one for one in zxingcpp.read_barcodes(image) if "QR" in str(one.format)]
    return code.position.top_left.x * 25.4 / 300, code.position.top_left.y * 25.4 / 300


# -- the batch ---------------------------------------------------------------------------------------------------------
def test_without_forms_of_that_kind_the_whole_page_is_printed(house: House) -> None:
    receive_forms(house.services, CLERK, kind="别的证", prefix="", first="1", last="9", source="县局")
    view = batch(house)
    assert [one.paper for one in paper_files(view)] == ["A4"]
    assert [TITLE in text for text in texts(print_pdf(house.services, CLERK, view.id))] == [True, False, True]


def test_forms_come_in_a_file_of_their_own_and_the_sealed_file_stays(house: House) -> None:
    with_forms(house)
    view = batch(house)
    plain, forms = paper_files(view)
    assert (plain.paper, plain.documents, forms.paper, forms.title, forms.sheets) == (
        "A4",
        1,
        "A4F",
        TITLE,
        2,
    )
    assert loading_order(view) == f"先放 A4 纸 1 张，再放《{TITLE}》空白证 2 张。"
    inn = next(item for item in view.items if item["title"] == TITLE)
    before = house.call("GET", f"/documents/{inn['document_id']}/pdf", "read").data
    pages = texts(print_pdf(house.services, CLERK, view.id, "A4F", title=TITLE))
    assert len(pages) == 2
    for text in pages:
        assert TITLE not in text and "登记证号" not in text and "决定内容" not in text
        assert "磐安县小满农家乐" in text and "岭外村2组21号" in text
        assert ELECTRONIC not in text
    assert inn["sheet"] in pages[0] and "".join(inn["mark"].split()) in pages[0]
    assert house.call("GET", f"/documents/{inn['document_id']}/pdf", "read").data == before
    assert TITLE in texts(before)[0]


def test_each_title_has_its_own_pile(house: House) -> None:
    with_forms(house)
    view = batch(house)
    with pytest.raises(NotFound):
        print_pdf(house.services, CLERK, view.id, "A4F", title="林权证")
    with pytest.raises(NotFound):
        print_pdf(house.services, CLERK, view.id, "A4LF")
    assert len(texts(print_pdf(house.services, CLERK, view.id))) == 3, "without a paper, all of them in order"


def test_after_a_jam_the_rest_is_still_for_forms(house: House) -> None:
    with_forms(house)
    view = batch(house)
    stopped_at(house.services, CLERK, view.id, 1, [])
    assert [one.paper for one in paper_files(print_rest(house.services, CLERK, view.id))] == ["A4", "A4F"]


def test_the_rest_interface_names_the_file_of_the_forms(house: House) -> None:
    with_forms(house)
    made = house.issued(approval(documents=[INN]))
    asked = {"document_ids": [d["document_id"] for d in made["documents"]]}
    answer = house.call("POST", "/print-batches", "issue", json=asked).get_json()
    [file] = answer["files"]
    assert file["paper"] == "A4F" and "title=" in file["pdf_url"]
    pdf = house.call("GET", file["pdf_url"].removeprefix("/api/v1"), "issue")
    assert pdf.status_code == 200 and "小满" in texts(pdf.data)[0]


# -- offsets -----------------------------------------------------------------------------------------------------------
def test_a_printer_moves_the_form_and_nothing_else(house: House) -> None:
    with_forms(house)
    view = batch(house)
    printer = save_printer(house.services, CLERK, name="3号窗口", right="1.5", down="-2")
    straight = print_pdf(house.services, CLERK, view.id, "A4F", title=TITLE)
    moved = print_pdf(house.services, CLERK, view.id, "A4F", title=TITLE, printer=printer.id)
    (x, y), (right, down) = code_place(straight), code_place(moved)
    assert (right - x, down - y) == (pytest.approx(1.5, abs=0.15), pytest.approx(-2, abs=0.15))
    plain = print_pdf(house.services, CLERK, view.id, "A4")
    with_printer = print_pdf(house.services, CLERK, view.id, "A4", printer=printer.id)
    assert code_place(plain) == code_place(with_printer), "a whole page is not moved"


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"name": " "}, ["/name"]),
        ({"name": "名" * 41}, ["/name"]),
        ({"right": "1.55"}, ["/right"]),
        ({"right": "21", "down": "x"}, ["/right", "/down"]),
        ({"name": "", "right": "一", "down": "-20.1"}, ["/name", "/right", "/down"]),
    ],
)
def test_what_is_no_offset_is_refused_by_field(
    house: House, changes: dict[str, str], pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        save_printer(house.services, CLERK, **({"name": "3号窗口", "right": "0", "down": "0"} | changes))
    assert [fault.pointer for fault in refusal.value.faults] == pointers
    assert printers_of(house.services, CLERK) == []


def test_printers_are_the_offices_own(house: House) -> None:
    printer = save_printer(house.services, CLERK, name=" 3号  窗口 ", right="", down="０．５")
    assert (printer.name, printer.right, printer.down) == ("3号 窗口", 0, 5)
    with pytest.raises(RuleViolation, match="已经有一台"):
        save_printer(house.services, CLERK, name="3号 窗口", right="1", down="1")
    again = save_printer(house.services, CLERK, printer_id=printer.id, name="3号 窗口", right="-1", down="0")
    assert again.id == printer.id and [one.right for one in printers_of(house.services, CLERK)] == [-10]
    assert printers_of(house.services, ELSEWHERE) == []
    for act in (
        lambda: save_printer(
            house.services, ELSEWHERE, printer_id=printer.id, name="我的", right="9", down="9"
        ),
        lambda: remove_printer(house.services, ELSEWHERE, printer.id),
        lambda: remove_printer(house.services, CLERK, "nothing"),
    ):
        with pytest.raises(NotFound):
            act()
    remove_printer(house.services, CLERK, printer.id)
    assert printers_of(house.services, CLERK) == []


# -- pages -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def clerk(house: House) -> tuple[FlaskClient, str]:
    return house.browser("clerk", "clerk")


def test_offsets_are_set_beside_the_test_page(house: House, clerk: tuple[FlaskClient, str]) -> None:
    client, csrf = clerk
    typed = {"csrf_token": csrf, "name": "3号窗口激光", "right": "1,5", "down": "abc"}
    refused = client.post("/window/printers", data=typed)
    assert (
        refused.status_code == 422
        and 'value="3号窗口激光"' in refused.text
        and "往下移多少毫米" in refused.text
    )
    page = client.post("/window/printers", data=typed | {"down": "-0.5"}, follow_redirects=True).text
    assert 'value="1.5"' in page and 'value="-0.5"' in page
    assert client.post("/window/printers", data=typed | {"down": "0"}).status_code == 409
    [printer] = printers_of(house.services, CLERK)
    [text] = texts(client.get(f"/window/printers/test.pdf?printer={printer.id}").data)
    assert "已照“3号窗口激光”的偏移移过：往右1.5毫米，往下-0.5毫米" in text
    assert client.get("/window/printers/test.pdf?printer=nothing").status_code == 404
    gone = client.post(
        "/window/printers/remove", data={"csrf_token": csrf, "printer_id": printer.id}, follow_redirects=True
    )
    assert "已删除" in gone.text and printers_of(house.services, CLERK) == []


def test_the_batch_offers_the_printer_used_last(house: House, clerk: tuple[FlaskClient, str]) -> None:
    with_forms(house)
    view = batch(house)
    client, _ = clerk
    address = f"/window/papers/{view.id}"
    page = client.get(address).text
    assert f"套打《{TITLE}》 2 张" in page and "量一次偏移" in page
    for name in ("1号", "2号"):
        save_printer(house.services, CLERK, name=name, right="0", down="0")
    second = printers_of(house.services, CLERK)[1]
    asked = {"paper": "A4F", "title": TITLE, "printer": second.id}
    assert client.get(f"{address}.pdf", query_string=asked).status_code == 200
    assert f'<option value="{second.id}" selected>' in client.get(address).text
    assert client.get(f"{address}.pdf", query_string=asked | {"printer": "nothing"}).status_code == 404
    assert client.get(f"{address}.pdf", query_string=asked | {"title": "x"}).status_code == 404
