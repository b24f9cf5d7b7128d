"""One approval from the window to the applicant's door and onto a stranger's phone; nothing is replaced by a mock.

One test on purpose: every step stands on what the step before it did, and each names itself when it fails.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.functional.reading import codes, forged, one_code, render
from tests.functional.service import Service
from tests.pages import page_text, squeeze

pytestmark = pytest.mark.functional


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def scans(service: Service, code: str, action: str, **more: Any) -> dict[str, Any]:
    at = now()
    one = {"scan_id": str(uuid.uuid4()), "code": code, "action": action, "occurred_at": at} | more
    answer = service.call("POST", "/scans", "window", json={"sent_at": at, "scans": [one]})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["results"][0]
    return result


def test_an_approval_leaves_and_arrives(service: Service, tmp_path: Path) -> None:
    """The whole way."""
    case = service.take_in([0])[0]
    number = case["acceptance_no"]
    view = service.issued(number)
    papers, envelope = view["documents"], view["consignments"][0]
    assert [p["state"] for p in papers] == ["valid", "valid"]

    tokens = []
    for paper, wanted in zip(papers, case["documents"], strict=True):
        pdf = service.pdf(paper["document_id"])
        text = page_text(pdf)
        for value in (wanted["title"], wanted["number"], *wanted["fields"].values()):
            assert squeeze(value) in text
        code = one_code(render(pdf, 300), "QR")
        assert code.text.startswith(service.base + "/v#")
        assert code.text.endswith("#" + paper["token"])
        tokens.append(code.text)

    label = render(service.label(envelope["id"]), 203)
    assert one_code(label, "128").text == envelope["waybill_no"]
    assert one_code(label, "QR").text == f"{service.base}/c#{envelope['id']}"
    assert {one.kind for one in codes(label)} == {"128", "QR"}

    for n, token in enumerate(tokens, 1):
        answer = service.call(
            "POST",
            "/pack-checks",
            "window",
            json={"label": f"{service.base}/c#{envelope['id']}", "paper": token},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["packed"] == n

    made = service.call(
        "POST",
        "/manifests",
        "window",
        json={"carrier": envelope["carrier"], "consignment_ids": [envelope["id"]]},
    )
    assert made.status_code == 201, made.text
    for action, more in (
        ("hand_over", {}),
        ("out_for_delivery", {}),
        ("deliver", {"signer": {"kind": "designated", "name": "费强洋"}}),
    ):
        assert scans(service, envelope["waybill_no"], action, **more)["outcome"] == "accepted", action
    assert service.view(number)["consignments"][0]["state"] == "delivered"

    pdf = tmp_path / "paper.pdf"
    pdf.write_bytes(service.pdf(papers[0]["document_id"]))
    assert forged(papers[0]["token"], 60) != papers[0]["token"]

    told = service.call(
        "POST", "/track", json={"acceptance_no": number, "phone_tail": case["applicant"]["phone"][-4:]}
    )
    assert told.status_code == 200, told.text
    assert told.json()["state"] == "delivered"
    done = service.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
