"""Printing and codes on paper over the API."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from dispatch.services import Services
from tests.factories import approval, document, recipient
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def two_papers(house: House) -> list[str]:
    view = house.issued(approval(documents=[document(copy="正本"), document(copy="副本")]))
    return [d["document_id"] for d in view["documents"]]


def start(house: House, papers, **more):
    return house.call("POST", "/print-batches", "issue", json={"document_ids": papers, **more})


def confirm(house: House, batch: str, printed=(), spoiled=()):
    body = {"printed": list(printed), "spoiled": list(spoiled)}
    return house.call("POST", f"/print-batches/{batch}/confirm", "issue", json=body)


def test_many_papers_come_as_one_file_with_their_seals(house: House) -> None:
    papers = two_papers(house)
    found = start(house, papers)
    assert found.status_code == 201
    body = found.get_json()
    assert [item["document_id"] for item in body["items"]] == papers
    whole = house.call("GET", body["pdf_url"], "issue")
    assert whole.mimetype == "application/pdf"
    singles = [house.call("GET", f"/documents/{paper}/pdf", "read").data for paper in papers]
    with pypdfium2.PdfDocument(io.BytesIO(whole.data)) as merged:
        pages = [pypdfium2.PdfDocument(io.BytesIO(single)) for single in singles]
        assert len(merged) == sum(len(one) for one in pages)
        assert vermilion(merged[0]) > 100
        for one in pages:
            one.close()


def vermilion(page: pypdfium2.PdfPage) -> int:
    """How many dots of the page are as red as a seal, drawn without annotations."""
    picture = page.render(scale=1, may_draw_forms=False, draw_annots=False).to_pil().convert("RGB")
    data = picture.tobytes()
    return sum(data[i] > 150 and data[i + 1] < 90 and data[i + 2] < 110 for i in range(0, len(data), 3))


def test_a_second_print_asks_for_a_reason_unless_the_first_was_spoiled(house: House) -> None:
    first, second = two_papers(house)
    batch = start(house, [first, second]).get_json()["id"]
    told = confirm(house, batch, printed=[first], spoiled=[second]).get_json()
    assert [item["outcome"] for item in told["items"]] == ["printed", "spoiled"]
    assert start(house, [second]).status_code == 201
    refused = start(house, [first])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "reprint_reason")
    assert refused.get_json()["document_ids"] == [first]
    assert start(house, [first], reason="原件遗失，经主管同意").status_code == 201


def test_telling_twice_is_harmless_and_telling_otherwise_refused(house: House) -> None:
    first, second = two_papers(house)
    batch = start(house, [first]).get_json()["id"]
    assert confirm(house, batch, printed=[first]).status_code == 200
    assert confirm(house, batch, printed=[first]).status_code == 200
    assert confirm(house, batch, spoiled=[first]).status_code == 409
    assert confirm(house, batch, printed=[second]).status_code == 422
    assert confirm(house, batch, printed=[first], spoiled=[first]).status_code == 422
    assert confirm(house, "NOSUCH", printed=[first]).status_code == 404


def test_only_valid_papers_of_ones_own_office_are_printed(house: House) -> None:
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    draft = house.view(case["acceptance_no"])["documents"][0]["document_id"]
    assert start(house, [draft]).get_json()["code"] == "not_ready"
    paper = two_papers(house)[0]
    foreign = house.call("POST", "/print-batches", "issue", office="44", json={"document_ids": [paper]})
    assert foreign.status_code == 404
    batch = start(house, [paper]).get_json()["id"]
    assert house.call("GET", f"/print-batches/{batch}/pdf", "issue", office="44").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"document_ids": []}, {"document_ids": "x"}, {"document_ids": [1]}, {"document_ids": ["x"] * 201}],
)
def test_a_batch_that_is_none(house: House, body) -> None:
    assert house.call("POST", "/print-batches", "issue", json=body).status_code == 422


# -- codes on the paper ----------------------------------------------------------------------------------------------
def bind(house: House, paper: str, code: str, **more):
    return house.call("POST", "/bindings", "issue", json={"document_id": paper, "code": code}, **more)


def test_a_bound_code_packs_its_paper(house: House) -> None:
    way = {"method": "express", "recipient": recipient(phone="19000000881")}
    view = house.issued(approval(delivery=way))
    paper, label = view["documents"][0]["document_id"], view["consignments"][0]["waybill_no"]
    check = {"label": label, "paper": " no 0012345678 "}
    assert house.call("POST", "/pack-checks", "issue", json=check).get_json()["reason"] == "unknown"
    assert bind(house, paper, "No 0012345678").status_code == 201
    assert bind(house, paper, "ＮＯ　0012345678").status_code == 200
    assert house.call("POST", "/pack-checks", "issue", json=check).get_json()["outcome"] == "matched"


def test_one_code_one_paper(house: House) -> None:
    first, second = two_papers(house)
    assert bind(house, first, "A-1").status_code == 201
    taken = bind(house, second, "a-1")
    assert (taken.status_code, taken.get_json()["code"]) == (409, "code_taken")
    assert bind(house, first, "A-2").status_code == 201


def test_our_own_codes_and_strangers_papers_are_not_bound(house: House) -> None:
    first, second = two_papers(house)
    token = house.call("GET", "/cases", "read").get_json()["items"][0]["documents"][1]["token"]
    for code in (second, token, f"https://zd.example/v#{token}"):
        assert bind(house, first, code).status_code in (409,), code
    assert bind(house, "A" * 16, "A-9").status_code == 404
    assert bind(house, first, "A-9", office="44").status_code == 404
    assert bind(house, first, "   ").status_code == 422


def test_a_code_does_not_stand_in_the_way_of_a_correction(house: House) -> None:
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    old = house.view(case["acceptance_no"])["documents"][0]["document_id"]
    assert bind(house, old, "B-1").status_code == 201
    case["item"]["name"] = "企业名称变更核准"
    assert house.call("PUT", f"/cases/{case['acceptance_no']}", "cases", json=case).status_code == 200
    new = house.view(case["acceptance_no"])["documents"][0]["document_id"]
    assert bind(house, new, "B-1").status_code == 201
