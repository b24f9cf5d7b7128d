"""Documents over the API: files in and out, validity by two."""

from __future__ import annotations

import hashlib

import pytest

from dispatch.services import Services
from tests.factories import approval, document
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration

REVOCATION = {
    "kind": "revoked",
    "reason": "核查发现材料虚假",
    "organ": "某市监局",
    "decision_no": "〔2026〕1号",
}
PDF = b"%PDF-1.7\n% the department's own file\n%%EOF\n"


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def imported() -> dict[str, object]:
    return document(
        kind="certificate", source="import", title="施工许可证", number="3307272026001", fields={}
    )


def papers(house: House, case) -> list[str]:
    return [d["document_id"] for d in house.view(case["acceptance_no"])["documents"]]


def test_the_sealed_file_is_given_as_it_was_hashed(house: House) -> None:
    [paper] = house.issued(approval())["documents"]
    found = house.call("GET", f"/documents/{paper['document_id']}/pdf", "read")
    assert (found.status_code, found.mimetype) == (200, "application/pdf")
    assert hashlib.sha256(found.data).hexdigest() == paper["sha256"]
    assert found.headers["Cache-Control"] == "no-store"
    assert paper["pdf_url"] == f"/api/v1/documents/{paper['document_id']}/pdf"


def test_a_file_that_is_not_made_yet_says_when_to_come_back(house: House) -> None:
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    found = house.call("GET", f"/documents/{papers(house, case)[0]}/pdf", "read")
    assert (found.status_code, found.get_json()["code"]) == (409, "not_ready")
    assert int(found.headers["Retry-After"]) > 0


def test_an_original_is_kept_byte_for_byte(house: House) -> None:
    case = approval(documents=[imported()])
    house.call("POST", "/cases", "cases", json=case)
    [paper] = papers(house, case)
    missing = house.call("GET", f"/documents/{paper}/file", "read")
    stored = house.call("PUT", f"/documents/{paper}/file", "cases", data=PDF, content_type="application/pdf")
    assert (missing.status_code, stored.status_code) == (404, 200)
    assert stored.get_json() == {"document_id": paper, "sha256": hashlib.sha256(PDF).hexdigest()}
    found = house.call("GET", f"/documents/{paper}/file", "read")
    assert (found.data, found.mimetype) == (PDF, "application/pdf")


def test_what_is_no_document_file_is_refused(house: House) -> None:
    case = approval(documents=[imported()])
    house.call("POST", "/cases", "cases", json=case)
    [paper] = papers(house, case)
    for data, status in (
        (b"", 422),
        (b"MZ\x90\x00", 422),
        (b"<html>", 422),
        (b" " * (30 * 1024 * 1024 + 1), 413),
    ):
        found = house.call("PUT", f"/documents/{paper}/file", "cases", data=data)
        assert found.status_code == status
        assert found.mimetype == "application/problem+json"


def test_a_composed_document_takes_no_file(house: House) -> None:
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    found = house.call("PUT", f"/documents/{papers(house, case)[0]}/file", "cases", data=PDF)
    assert (found.status_code, found.get_json()["code"]) == (409, "not_import")


# -- validity --------------------------------------------------------------------------------------------------------
def chief(house: House, which: str, paper: str, act: str, body) -> tuple[int, dict[str, object]]:
    """The same call under two different keys: a second scope makes another holder."""
    scopes = ("validity",) if which == "first" else ("validity", "read")
    found = house.call("POST", f"/documents/{paper}/{act}", *scopes, json=body)
    return found.status_code, found.get_json()


def test_one_suspends_and_the_second_revokes(house: House) -> None:
    paper = house.issued(approval())["documents"][0]["document_id"]
    assert chief(house, "first", paper, "revoke", REVOCATION) == (
        200,
        {"document_id": paper, "state": "suspended"},
    )
    assert chief(house, "first", paper, "revoke", REVOCATION)[1]["state"] == "suspended"
    assert chief(house, "second", paper, "revoke", REVOCATION)[1]["state"] == "revoked"


def test_freezing_is_for_one_and_thawing_for_two(house: House) -> None:
    paper = house.issued(approval())["documents"][0]["document_id"]
    why = {"reason": "有人来电质疑"}
    assert chief(house, "first", paper, "suspend", why)[1]["state"] == "suspended"
    assert chief(house, "first", paper, "reinstate", why)[1]["state"] == "suspended"
    assert chief(house, "second", paper, "reinstate", why)[1]["state"] == "valid"


def test_a_corrected_document_takes_the_olds_place(house: House) -> None:
    case = approval()
    paper = house.issued(case)["documents"][0]
    body = {
        "reason": "姓名有误",
        "document": document(
            fields={"申请人": "周小漫", "办理事项": "企业名称预先核准", "决定内容": "准予办理。"}
        ),
    }
    chief(house, "first", paper["document_id"], "supersede", body)
    status, answer = chief(house, "second", paper["document_id"], "supersede", body)
    assert (status, answer["state"]) == (200, "superseded")
    house.work()
    old, new = house.view(case["acceptance_no"])["documents"]
    assert (old["state"], new["state"]) == ("superseded", "valid")
    assert (new["document_id"], new["number"], new["revision"]) == (answer["replaced_by"], old["number"], 2)
    assert old["token"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (REVOCATION | {"kind": "burned"}, "/kind"),
        (REVOCATION | {"reason": ""}, "/reason"),
        (REVOCATION | {"organ": "x" * 121}, "/organ"),
        (REVOCATION | {"surprise": 1}, "/surprise"),
        ({"kind": "revoked"}, "/reason"),
        (REVOCATION | {"reason": ["x"]}, "/reason"),
    ],
)
def test_ending_a_document_needs_its_particulars(house: House, body, pointer: str) -> None:
    paper = house.issued(approval())["documents"][0]["document_id"]
    found = house.call("POST", f"/documents/{paper}/revoke", "validity", json=body)
    assert found.status_code == 422
    assert pointer in {fault["pointer"] for fault in found.get_json()["errors"]}
    assert house.call("GET", f"/documents/{paper}/pdf", "read").status_code == 200


def test_what_is_not_valid_yet_cannot_be_ended(house: House) -> None:
    case = approval()
    house.call("POST", "/cases", "cases", json=case)
    found = house.call("POST", f"/documents/{papers(house, case)[0]}/revoke", "validity", json=REVOCATION)
    assert found.status_code == 409
