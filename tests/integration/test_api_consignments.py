"""Envelopes over the API: labels, pack checks, lists, scans, tracking."""

from __future__ import annotations

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


def someone(serial: int):
    """A case whose envelope is nobody else's."""
    return approval(
        delivery={
            "method": "express",
            "recipient": recipient(phone=f"190000008{serial:02d}", address=f"岭外村{serial}组1号"),
        }
    )


def pack(house: House, label: str, paper: str, **more):
    return house.call("POST", "/pack-checks", "issue", json={"label": label, "paper": paper, **more})


def scan(house: House, code: str, action: str, scan_id: str, **more):
    now = house.services.clock.now().isoformat()
    one = {"scan_id": scan_id, "code": code, "action": action, "occurred_at": now, **more}
    found = house.call("POST", "/scans", "scans", json={"sent_at": now, "scans": [one]})
    assert found.status_code == 200, found.text
    return found.get_json()["results"][0]


def packed(house: House, serial: int):
    view = house.issued(someone(serial))
    [envelope] = view["consignments"]
    for paper in view["documents"]:
        assert pack(house, envelope["waybill_no"], paper["token"]).status_code == 200
    return view, envelope


def test_a_consignment_by_itself_is_as_in_its_case(house: House) -> None:
    [envelope] = house.issued(someone(1))["consignments"]
    assert house.call("GET", f"/consignments/{envelope['id']}", "read").get_json() == envelope


@pytest.mark.parametrize("size", ["76x130", "100x150", "100x180"])
def test_labels_in_every_size(house: House, size: str) -> None:
    [envelope] = house.issued(someone(1))["consignments"]
    found = house.call("GET", f"/consignments/{envelope['id']}/label.pdf?size={size}", "read")
    assert (found.status_code, found.data[:5]) == (200, b"%PDF-")
    zpl = house.call("GET", f"/consignments/{envelope['id']}/label.zpl?size={size}", "read")
    assert zpl.text.startswith("^XA")
    assert f"/c#{envelope['id']}" in zpl.text


def test_a_size_that_no_printer_has_and_a_label_that_is_not_there(house: House) -> None:
    case = someone(1)
    [envelope] = house.issued(case)["consignments"]
    assert house.call("GET", f"/consignments/{envelope['id']}/label.pdf?size=1x1", "read").status_code == 422
    counter = approval(delivery={"method": "counter"})
    [waiting] = house.issued(counter)["consignments"]
    found = house.call("GET", f"/consignments/{waiting['id']}/label.pdf", "read")
    assert (found.status_code, found.get_json()["code"]) == (409, "not_ready")


def test_packing_counts_up_and_repeats_harmlessly(house: House) -> None:
    view = house.issued(someone(1) | {"documents": [document(copy="正本"), document(copy="副本")]})
    [envelope] = view["consignments"]
    first, second = (d["token"] for d in view["documents"])
    one = pack(house, envelope["waybill_no"], first).get_json()
    assert (one["outcome"], one["packed"], one["of"], one["consignment_id"]) == (
        "matched",
        1,
        2,
        envelope["id"],
    )
    assert one["missing"] == ["企业名称预先核准通知书（副本）"]
    assert pack(house, envelope["waybill_no"], first).get_json()["packed"] == 1
    assert pack(house, envelope["waybill_no"], second).get_json() | {"missing": []} == one | {
        "packed": 2,
        "missing": [],
    }
    assert house.call("GET", f"/consignments/{envelope['id']}", "read").get_json()["state"] == "packed"


def test_a_swapped_envelope_is_caught(house: House) -> None:
    mine, other = house.issued(someone(1)), house.issued(someone(2))
    found = pack(house, mine["consignments"][0]["waybill_no"], other["documents"][0]["token"])
    body = found.get_json()
    assert (found.status_code, body["outcome"], body["reason"]) == (409, "mismatch", "different_envelope")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"label": "x"},
        {"label": 1, "paper": "y"},
        {"label": "x", "paper": "y" * 3000},
        {"label": "x", "paper": "y", "z": 1},
        [],
    ],
)
def test_a_pack_check_needs_two_texts(house: House, body) -> None:
    assert house.call("POST", "/pack-checks", "issue", json=body).status_code == 422


def test_codes_of_others_are_unknown(house: House) -> None:
    for label, paper in (
        ("", ""),
        ("EE123456789CN", "https://evil.example/v#AAAA"),
        ("\x00", "\x00"),
        ("𬭎" * 50, "𬭎" * 50),
    ):
        assert pack(house, label, paper).get_json()["reason"] == "unknown"


def test_a_hand_over_list_of_what_is_packed(house: House) -> None:
    _, one = packed(house, 1)
    _, two = packed(house, 2)
    found = house.call("POST", "/manifests", "issue", json={"carrier": one["carrier"], "all_packed": True})
    body = found.get_json()
    assert found.status_code == 201
    assert set(body["consignment_ids"]) == {one["id"], two["id"]}
    paper = house.call("GET", body["pdf_url"].removeprefix("/api/v1"), "issue")
    assert (paper.status_code, paper.data[:5]) == (200, b"%PDF-")
    assert house.call("GET", f"/consignments/{one['id']}", "read").get_json()["state"] == "packed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"carrier": "range"},
        {"carrier": "range", "all_packed": True, "consignment_ids": ["A"]},
        {"carrier": "range", "consignment_ids": []},
        {"carrier": 1, "all_packed": True},
    ],
)
def test_a_list_is_either_named_or_everything(house: House, body) -> None:
    assert house.call("POST", "/manifests", "issue", json=body).status_code == 422


def test_what_is_not_packed_is_on_no_list(house: House) -> None:
    [envelope] = house.issued(someone(1))["consignments"]
    found = house.call(
        "POST",
        "/manifests",
        "issue",
        json={"carrier": envelope["carrier"], "consignment_ids": [envelope["id"]]},
    )
    assert found.status_code == 409


def test_the_road_to_the_hand_and_what_the_applicant_sees(house: House) -> None:
    view, envelope = packed(house, 1)
    number = envelope["waybill_no"]
    for step, action in enumerate(("hand_over", "depart", "out_for_delivery")):
        assert scan(house, number, action, f"s-{step}")["outcome"] == "accepted"
    assert scan(house, number, "depart", "s-1", note="x")["outcome"] == "conflict"
    assert scan(house, number, "deliver", "s-9")["outcome"] == "rejected"
    done = scan(house, number, "deliver", "s-3", signer={"kind": "self", "name": "周小满"})
    assert (done["outcome"], done["state"]) == ("accepted", "delivered")
    house.work()
    after = house.view(view["acceptance_no"])
    assert (after["state"], after["service"]["state"]) == ("closed", "served")
    assert "信封：已送达，本人签收" in {event["detail"] for event in after["events"]}
    assert "周小满" not in str(after)
    told = house.call("POST", "/track", json={"acceptance_no": view["acceptance_no"], "phone_tail": "0123"})
    assert told.status_code == 200
    assert "周" not in told.text


def test_scans_are_judged_one_by_one(house: House) -> None:
    now = house.services.clock.now().isoformat()
    good = {"scan_id": "a", "code": "NOSUCH", "action": "depart", "occurred_at": now}
    body = {
        "sent_at": now,
        "scans": [good, "junk", None, {"scan_id": "b"}, good | {"scan_id": "c", "action": "fly"}],
    }
    found = house.call("POST", "/scans", "scans", json=body)
    assert found.status_code == 200
    assert [r["outcome"] for r in found.get_json()["results"]] == [
        "unknown",
        "rejected",
        "rejected",
        "rejected",
        "rejected",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sent_at": "now", "scans": []},
        {"sent_at": "2026-11-20T10:00:00", "scans": []},
        {"sent_at": "2026-11-20T10:00:00Z", "scans": {}},
        {"sent_at": "2026-11-20T10:00:00Z", "scans": [{}] * 501},
    ],
)
def test_a_batch_of_scans_that_is_none(house: House, body) -> None:
    assert house.call("POST", "/scans", "scans", json=body).status_code == 422


# -- tracking --------------------------------------------------------------------------------------------------------
def test_tracking_says_the_same_for_every_miss_and_then_nothing(house: House) -> None:
    case = someone(1)
    house.issued(case)
    ask = {"acceptance_no": case["acceptance_no"], "phone_tail": "0001"}
    answers = {house.call("POST", "/track", json=ask).data for _ in range(5)}
    answers.add(house.call("POST", "/track", json=ask | {"acceptance_no": "999999999"}).data)
    answers.add(house.call("POST", "/track", json=ask | {"phone_tail": "0123"}).data)  # right, and too late
    assert len(answers) == 1
    assert b'"status": 404' in answers.pop()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"acceptance_no": "331127000000"},
        {"acceptance_no": "331127000000", "phone_tail": "12"},
        {"acceptance_no": "331127000000", "phone_tail": "１２３４"},
        {"acceptance_no": 7, "phone_tail": "0123"},
        {"acceptance_no": "", "phone_tail": "0123"},
        {"acceptance_no": "3", "phone_tail": "0123", "x": 1},
    ],
)
def test_a_question_without_its_two_parts(house: House, body) -> None:
    assert house.call("POST", "/track", json=body).status_code == 422
