"""Cases over the API: in, corrected, shown, issued, held, cancelled, sent another way."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from dispatch.services import Services
from tests.factories import approval, document, recipient
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration


@pytest.fixture
def database() -> str:
    """SQLite: the questions that databases answer differently are asked in test_casefile.py."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def post(house: House, case, *scopes: str, **more):
    return house.call("POST", "/cases", *(scopes or ("cases",)), json=case, **more)


def number_of(case) -> str:
    return case["acceptance_no"]


# -- handing in ----------------------------------------------------------------------------------------------------
def test_new_same_and_other_content(house: House) -> None:
    case = approval()
    first = post(house, case)
    assert first.status_code == 201
    assert first.headers["Location"] == f"/api/v1/cases/{number_of(case)}"
    assert first.get_json()["state"] == "ready"
    again = post(house, dict(reversed(case.items())))
    assert again.status_code == 200
    assert again.get_json()["acceptance_no"] == number_of(case)
    case["applicant"]["phone"] = "19000000999"
    other = post(house, case)
    assert (other.status_code, other.get_json()["code"]) == (409, "content_differs")


def test_all_faults_at_once_and_nothing_stored(house: House) -> None:
    case = approval(decided_at="yesterday", surprise=1)
    case["applicant"]["phone"] = "12"
    found = post(house, case)
    assert found.status_code == 422
    assert found.mimetype == "application/problem+json"
    pointers = {fault["pointer"]: fault["code"] for fault in found.get_json()["errors"]}
    assert {"/decided_at", "/surprise", "/applicant/phone"} <= set(pointers)
    assert pointers["/surprise"] == "unknown_field"
    assert house.call("GET", f"/cases/{number_of(case)}", "read").status_code == 404


def test_a_taken_number_is_told_apart(house: House) -> None:
    post(house, approval(documents=[document(number="磐市监名〔2026〕7号")]))
    clash = post(house, approval(documents=[document(number="磐市监名〔2026〕7号")]))
    assert (clash.status_code, clash.get_json()["code"]) == (409, "number_taken")


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"", "application/json", 400, "malformed_json"),
        (b"\xff\xfe{}", "application/json", 400, "malformed_json"),
        (b'{"a": NaN}', "application/json", 400, "malformed_json"),
        (b"[" * 100_000, "application/json", 400, "malformed_json"),
        (b'["\\ud800"]', "application/json", 400, "malformed_json"),
        (b'{"a": 1, "a": 2}', "application/json", 422, None),
        (b"[]", "application/json", 422, None),
        (b"null", "application/json", 422, None),
        (b'"x"', "application/json", 422, None),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b" " * 1_100_000, "application/json", 413, "too_large"),
    ],
)
def test_what_is_no_case_is_refused_in_kind(
    house: House, data: bytes, kind: str, status: int, code: str | None
) -> None:
    found = house.call("POST", "/cases", "cases", data=data, content_type=kind)
    assert found.status_code == status, found.text
    assert found.mimetype == "application/problem+json"
    assert code is None or found.get_json()["code"] == code


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE cases; --", "{{7*7}}", "%s%n", "../../etc/passwd"]
)
def test_hostile_words_are_only_words(house: House, text: str) -> None:
    case = approval(item={"code": "T-1", "name": text, "promised_working_days": 1})
    assert post(house, case).status_code == 201
    assert house.view(number_of(case))["item"]["name"] == text


def test_a_batch_answers_line_by_line(house: House) -> None:
    good, bad = approval(), approval(decision="perhaps")
    lines = [json.dumps(good), "{", json.dumps(bad), json.dumps(good)]
    found = house.call(
        "POST", "/cases/batch", "cases", data="\n".join(lines).encode(), content_type="application/x-ndjson"
    )
    assert found.status_code == 200
    results = found.get_json()["results"]
    assert [(r["line"], r["status"]) for r in results] == [(1, 201), (2, 400), (3, 422), (4, 200)]
    assert results[0]["acceptance_no"] == number_of(good)
    assert results[2]["errors"][0]["pointer"] == "/decision"


def test_a_batch_has_its_limits(house: House) -> None:
    kind = {"content_type": "application/x-ndjson"}
    assert house.call("POST", "/cases/batch", "cases", data=b"{}\n" * 10_001, **kind).status_code == 413
    assert house.call("POST", "/cases/batch", "cases", data=b"", **kind).status_code == 422
    assert (
        house.call("POST", "/cases/batch", "cases", data=b" " * (20 * 1024 * 1024 + 1), **kind).status_code
        == 413
    )
    assert house.call("POST", "/cases/batch", "cases", json=[]).status_code == 415


# -- correcting ----------------------------------------------------------------------------------------------------
def test_a_ready_case_can_be_corrected(house: House) -> None:
    case = approval()
    post(house, case)
    case["item"]["name"] = "企业名称变更核准"
    found = house.call("PUT", f"/cases/{number_of(case)}", "cases", json=case)
    assert found.status_code == 200
    assert found.get_json()["item"]["name"] == "企业名称变更核准"


def test_an_issued_case_cannot_be_corrected(house: House) -> None:
    case = approval()
    house.issued(case)
    case["item"]["name"] = "另一事项"
    assert house.call("PUT", f"/cases/{number_of(case)}", "cases", json=case).status_code == 409


def test_a_correction_keeps_the_number_of_the_address(house: House) -> None:
    case, other = approval(), approval()
    post(house, case)
    found = house.call("PUT", f"/cases/{number_of(case)}", "cases", json=other)
    assert (found.status_code, found.get_json()["errors"][0]["pointer"]) == (422, "/acceptance_no")


# -- the view ------------------------------------------------------------------------------------------------------
def test_the_view_has_the_contracts_members_and_hides_the_person(house: House) -> None:
    case = approval()
    view = house.issued(case)
    assert {"acceptance_no", "state", "item", "department", "applicant_masked", "holds", "documents", "consignments",
            "deadlines", "events", "service"} <= set(view)  # fmt: skip
    assert view["applicant_masked"] == "周**"
    [paper] = view["documents"]
    assert {"document_id", "title", "kind", "source", "copy", "number", "revision", "state", "sha256", "token", "pdf_url",
            "consignment_id"} <= set(paper)  # fmt: skip
    assert (paper["state"], len(paper["document_id"])) == ("valid", 16)
    assert paper["number"].endswith("号")
    [envelope] = view["consignments"]
    assert (envelope["state"], envelope["documents"]) == ("labelled", [paper["document_id"]])
    assert envelope["recipient_masked"] == "周** 190****0123"
    whole = json.dumps(view, ensure_ascii=False)
    for secret in ("周小满", case["applicant"]["id_no"], "19000000123", "岭外村"):
        assert secret not in whole


def test_events_tell_the_story_in_order(house: House) -> None:
    view = house.issued(approval())
    kinds = [event["type"] for event in view["events"]]
    assert kinds[:2] == ["case_received", "case_issued"]
    assert {"document_composed", "document_valid", "consignment_planned", "waybill_bound"} <= set(kinds)
    assert all(
        event["detail"] and event["actor"] and event["at"].endswith("+08:00") for event in view["events"]
    )
    assert "处理记录" not in {event["detail"] for event in view["events"]}


def test_documents_stand_in_the_order_received_without_token_until_valid(house: House) -> None:
    case = approval(documents=[document(copy="正本"), document(copy="副本"), document(title="领证通知书")])
    view = post(house, case).get_json()
    assert [(d["title"], d["copy"]) for d in view["documents"]] == [
        (d["title"], d["copy"]) for d in case["documents"]
    ]
    assert {d["token"] for d in view["documents"]} == {None}
    assert {d["pdf_url"] for d in view["documents"]} == {None}


def test_deadlines_of_a_view(house: House) -> None:
    view = post(house, approval()).get_json()
    assert [d["kind"] for d in view["deadlines"]] == ["promise", "delivery"]
    assert view["deadlines"][0]["due_on"] == "2026-11-09"
    assert view["deadlines"][1]["due_on"] == "2026-11-20"


# -- lists ---------------------------------------------------------------------------------------------------------
def test_a_list_goes_on_where_it_stopped_without_gaps_or_repeats(house: House) -> None:
    numbers = {
        number_of(case) for case in (approval() for _ in range(7)) if post(house, case).status_code == 201
    }
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = house.call("GET", f"/cases?limit=3&cursor={quote(cursor)}", "read").get_json()
        seen += [item["acceptance_no"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == numbers


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "limit=1e9",
        "cursor=%00",
        "cursor=bm90aGluZw",
        "cursor=WzEsMl0",
        "cursor=é",
        "state=gone",
        "q=" + "x" * 201,
    ],
)
def test_a_senseless_question_is_refused(house: House, query: str) -> None:
    found = house.call("GET", f"/cases?{query}", "read")
    assert found.status_code == 422, found.text
    assert found.get_json()["errors"]


def test_search_is_exact_and_finds_what_the_contract_names(house: House) -> None:
    case = approval(documents=[document(number="磐市监名〔2026〕9号")])
    case["applicant"] |= {"name": "蓝天晴", "phone": "19000004321"}
    other = approval()
    view = house.issued(case)
    house.issued(other)
    mine = [number_of(case)]
    for wanted in (number_of(case), "磐市监名〔2026〕9号", "蓝天晴", " 蓝天晴 ", "4321", view["consignments"][0]["waybill_no"],
                   view["documents"][0]["document_id"], view["consignments"][0]["waybill_no"].lower()):  # fmt: skip
        found = house.call("GET", "/cases", "read", query_string={"q": wanted}).get_json()
        assert [item["acceptance_no"] for item in found["items"]] == mine, wanted
    for wanted in ("蓝天", "%", "_", "4322", "磐市监名〔2026〕", "331", "' OR 1=1 --"):
        assert house.call("GET", "/cases", "read", query_string={"q": wanted}).get_json()["items"] == [], (
            wanted
        )


def test_a_list_by_state(house: House) -> None:
    ready, issued = approval(), approval()
    post(house, ready)
    house.issued(issued)
    for state, case in (("ready", ready), ("issued", issued)):
        found = house.call("GET", f"/cases?state={state}", "read").get_json()
        assert [item["acceptance_no"] for item in found["items"]] == [number_of(case)]
    assert house.call("GET", "/cases?state=closed", "read").get_json() == {"items": [], "next_cursor": None}


# -- issue, hold, cancel -------------------------------------------------------------------------------------------
def test_issued_once_and_the_same_documents_afterwards(house: House) -> None:
    case = approval()
    view = house.issued(case)
    again = house.call("POST", f"/cases/{number_of(case)}/issue", "issue")
    assert again.status_code == 200
    assert [d["document_id"] for d in again.get_json()["documents"]] == [
        d["document_id"] for d in view["documents"]
    ]


def test_a_held_case_is_not_issued_until_the_hold_is_lifted(house: House) -> None:
    case = approval()
    post(house, case)
    path = f"/cases/{number_of(case)}"
    hold = house.call("POST", f"{path}/holds", "issue", json={"reason": "税费未缴"})
    assert hold.status_code == 201
    assert house.view(number_of(case))["holds"][0]["reason"] == "税费未缴"
    refused = house.call("POST", f"{path}/issue", "issue")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "held")
    lifted = house.call("DELETE", f"{path}/holds/{hold.get_json()['id']}", "issue")
    assert (lifted.status_code, lifted.data) == (204, b"")
    assert house.call("POST", f"{path}/issue", "issue").status_code == 202
    assert house.call("DELETE", f"{path}/holds/NOSUCH", "issue").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": "  "},
        {"reason": 7},
        {"reason": None},
        {"reason": "x", "more": 1},
        {"reason": "长" * 401},
        [],
        7,
        "x",
    ],
)
def test_a_hold_needs_its_reason(house: House, body) -> None:
    case = approval()
    post(house, case)
    assert house.call("POST", f"/cases/{number_of(case)}/holds", "issue", json=body).status_code == 422


def test_a_cancelled_case_voids_its_documents(house: House) -> None:
    case = approval()
    house.issued(case)
    found = house.call("POST", f"/cases/{number_of(case)}/cancel", "issue", json={"reason": "申请人撤回"})
    assert found.status_code == 200
    view = found.get_json()
    assert view["state"] == "cancelled"
    assert {d["state"] for d in view["documents"]} == {"void"}
    assert view["deadlines"] == []
    refused = house.call("POST", f"/cases/{number_of(case)}/issue", "issue")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "cancelled")


# -- another way ---------------------------------------------------------------------------------------------------
def test_delivery_can_change_until_hand_over(house: House) -> None:
    case = approval()
    old = house.issued(case)["consignments"][0]["waybill_no"]
    way = {"method": "express", "recipient": recipient(address="岭外村3组8号", phone="19000000777")}
    assert house.call("PUT", f"/cases/{number_of(case)}/delivery", "issue", json=way).status_code == 200
    house.work()
    [envelope] = [e for e in house.view(number_of(case))["consignments"] if e["state"] != "cancelled"]
    assert envelope["waybill_no"] not in (None, old)
    assert envelope["recipient_masked"].endswith("190****0777")
    void = house.call(
        "POST",
        "/pack-checks",
        "issue",
        json={"label": old, "paper": house.view(number_of(case))["documents"][0]["token"]},
    )
    assert (void.status_code, void.get_json()["reason"]) == (409, "void_waybill")


def test_a_changed_delivery_is_checked_like_a_new_one(house: House) -> None:
    case = approval()
    house.issued(case)
    for way, pointer in (
        ({"method": "express"}, "/recipient"),
        ({"method": "pigeon"}, "/method"),
        ({"method": "express", "recipient": recipient(phone="12")}, "/recipient/phone"),
        ({"method": "counter", "surprise": 1}, "/surprise"),
    ):
        found = house.call("PUT", f"/cases/{number_of(case)}/delivery", "issue", json=way)
        assert found.status_code == 422, way
        assert pointer in {fault["pointer"] for fault in found.get_json()["errors"]}, way
    for junk in ([], "x", True, 7):
        assert house.call("PUT", f"/cases/{number_of(case)}/delivery", "issue", json=junk).status_code == 422
