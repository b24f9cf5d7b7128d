"""Who may do what over the API: keys, scopes, offices, sessions, other people's sites."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import request

from dispatch import people
from dispatch.rights import CLI, SCOPES
from dispatch.services import Services
from dispatch.web.access import public, rule_of
from tests.factories import approval
from tests.webhouse import House, house_on, open_house

pytestmark = pytest.mark.integration


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def guarded(house: House):
    """(method, path with something for every parameter, scope) of every call that asks for a scope."""
    for rule in house.app.url_map.iter_rules():
        asks = rule_of(house.app.view_functions[rule.endpoint])
        if rule.rule.startswith(("/api/v1/", "/metrics")) and asks is not None and asks.scope is not None:
            path = "".join("X" if part.startswith("<") else part for part in _parts(rule.rule))
            for method in set(rule.methods or ()) - {"HEAD", "OPTIONS"}:
                yield method, path, asks.scope


def _parts(rule: str) -> list[str]:
    return rule.replace("<", "\0<").replace(">", ">\0").split("\0")


def test_there_is_something_to_guard(house: House) -> None:
    assert len(list(guarded(house))) >= 20


def test_without_a_key_every_call_is_401(house: House) -> None:
    for method, path, _ in guarded(house):
        found = house.call(method, path)
        assert (found.status_code, found.get_json()["code"]) == (401, "unauthorized"), path
        assert found.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer zd_" + "x" * 43,
        "Basic dXNlcjpwdw==",
        "zd_x",
        "Bearer " + "é" * 9,
        "Bearer zd_" + "x" * 9000,
    ],
)
def test_a_wrong_key_is_401_and_never_falls_back_to_the_cookie(house: House, header: str) -> None:
    client, _ = house.browser("clerk", "clerk")
    found = client.get("/api/v1/cases", headers={"Authorization": header.encode("utf-8").decode("latin-1")})
    assert found.status_code in (401, 431)


def test_every_call_refuses_every_other_scope(house: House) -> None:
    for method, path, scope in guarded(house):
        others = [str(other) for other in SCOPES if other != scope]
        found = house.call(method, path, *others)
        assert found.status_code == 403, f"{method} {path}"
        assert found.get_json()["code"] == "scope"


def test_a_revoked_key_opens_nothing(house: House) -> None:
    house.call("GET", "/cases", "read")
    people.revoke_key(house.services, CLI, "read-")
    assert house.call("GET", "/cases", "read").status_code == 401


def test_another_offices_case_does_not_exist(house: House) -> None:
    case = approval()
    view = house.issued(case)
    number, paper, envelope = (
        case["acceptance_no"],
        view["documents"][0]["document_id"],
        view["consignments"][0]["id"],
    )
    reason = {"reason": "试一试"}
    revocation = {"kind": "revoked", "reason": "试一试", "organ": "某局", "decision_no": "1"}
    calls = [
        ("GET", f"/cases/{number}", "read", {}),
        ("POST", f"/cases/{number}/issue", "issue", {}),
        ("POST", f"/cases/{number}/holds", "issue", {"json": reason}),
        ("POST", f"/cases/{number}/cancel", "issue", {"json": reason}),
        ("PUT", f"/cases/{number}/delivery", "issue", {"json": {"method": "counter"}}),
        ("GET", f"/documents/{paper}/pdf", "read", {}),
        ("GET", f"/documents/{paper}/file", "read", {}),
        ("PUT", f"/documents/{paper}/file", "cases", {"data": b"%PDF-1.7"}),
        ("POST", f"/documents/{paper}/revoke", "validity", {"json": revocation}),
        ("POST", f"/documents/{paper}/suspend", "validity", {"json": reason}),
        ("POST", f"/documents/{paper}/reinstate", "validity", {"json": reason}),
        ("GET", f"/consignments/{envelope}", "read", {}),
        ("GET", f"/consignments/{envelope}/label.pdf", "read", {}),
        ("GET", f"/consignments/{envelope}/label.zpl", "read", {}),
        ("POST", "/manifests", "issue", {"json": {"carrier": "range", "consignment_ids": [envelope]}}),
    ]
    for method, path, scope, more in calls:
        foreign = house.call(method, path, scope, office="44", **more)
        absent = house.call(
            method,
            path.replace(number, "999999").replace(paper, "A" * 16).replace(envelope, "A" * 26),
            scope,
            office="33",
            **_absent(more, envelope),
        )
        assert foreign.status_code == 404, f"{method} {path}: {foreign.text}"
        assert foreign.get_json() == absent.get_json() or absent.status_code == 404, path
    assert house.call("GET", "/cases", "read", office="44").get_json()["items"] == []
    assert len(house.call("GET", "/cases", "read", office="3307").get_json()["items"]) == 1
    assert (
        house.call("GET", "/cases", "read", office="44", query_string={"q": number}).get_json()["items"] == []
    )
    scan = {
        "scan_id": "s-1",
        "code": view["consignments"][0]["waybill_no"],
        "action": "hand_over",
        "occurred_at": "2026-11-20T10:00:00+08:00",
    }
    found = house.call(
        "POST", "/scans", "scans", office="44", json={"sent_at": "2026-11-20T10:00:00+08:00", "scans": [scan]}
    )
    assert found.get_json()["results"][0]["outcome"] == "unknown"


def _absent(more, envelope):
    return {"json": {"carrier": "range", "consignment_ids": ["A" * 26]}} if envelope in str(more) else more


def test_an_office_cannot_hand_in_for_another(house: House) -> None:
    found = house.call("POST", "/cases", "cases", office="44", json=approval())
    assert found.status_code == 422
    assert found.get_json()["errors"][0]["pointer"] == "/department/division_code"


# -- a browser at the API --------------------------------------------------------------------------------------------
def test_a_session_may_read_and_needs_its_token_to_change(house: House) -> None:
    client, csrf = house.browser("clerk", "clerk")
    case = approval()
    assert client.get("/api/v1/cases").status_code == 200
    without = client.post("/api/v1/cases", json=case)
    assert (without.status_code, without.get_json()["code"]) == (403, "csrf")
    wrong = client.post("/api/v1/cases", json=case, headers={"X-CSRF-Token": csrf[:-1] + "é"})
    assert wrong.status_code == 403
    in_the_body = client.post("/api/v1/cases?csrf_token=" + csrf, json=case)
    assert in_the_body.status_code == 403
    assert client.post("/api/v1/cases", json=case, headers={"X-CSRF-Token": csrf}).status_code == 201


def test_who_enters_by_hand_does_not_issue(house: House) -> None:
    client, csrf = house.browser("clerk", "clerk")
    other, other_csrf = house.browser("colleague", "clerk")
    case = approval()
    client.post("/api/v1/cases", json=case, headers={"X-CSRF-Token": csrf})
    path = f"/api/v1/cases/{case['acceptance_no']}/issue"
    refused = client.post(path, headers={"X-CSRF-Token": csrf})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "same_person")
    assert other.post(path, headers={"X-CSRF-Token": other_csrf}).status_code == 202


def test_one_persons_token_does_not_serve_another(house: House) -> None:
    client, _ = house.browser("clerk", "clerk")
    _, other_csrf = house.browser("colleague", "clerk")
    assert (
        client.post("/api/v1/cases", json=approval(), headers={"X-CSRF-Token": other_csrf}).status_code == 403
    )


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_another_sites_form_changes_nothing_here(
    house: House, headers: dict[str, str], allowed: bool
) -> None:
    client, csrf = house.browser("clerk", "clerk")
    found = client.post("/api/v1/cases", json=approval(), headers=headers | {"X-CSRF-Token": csrf})
    assert found.status_code == (201 if allowed else 403)


def test_a_read_only_role_cannot_change(house: House) -> None:
    client, csrf = house.browser("looker", "observer")
    assert client.get("/api/v1/cases").status_code == 200
    assert client.post("/api/v1/cases", json=approval(), headers={"X-CSRF-Token": csrf}).status_code == 403


def test_a_disabled_account_is_out_at_once(house: House) -> None:
    client, _ = house.browser("clerk", "clerk")
    people.disable_user(house.services, CLI, "clerk")
    assert client.get("/api/v1/cases").status_code == 401


# -- what every answer carries ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/cases", "/api/docs", "/nowhere", "/api/v1/nowhere"])
def test_every_answer_carries_its_headers(house: House, path: str) -> None:
    found = house.client.get(path)
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Referrer-Policy"] == "no-referrer"
    assert found.headers["Cache-Control"] == "no-store"
    assert "camera=()" in found.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in found.headers


def test_https_is_asked_for_where_there_is_https(tmp_path: Path) -> None:
    house = open_house(tmp_path, PUBLIC_BASE_URL="https://zd.example.gov.cn")
    assert house.client.get("/healthz").headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize(("hops", "seen"), [("0", "127.0.0.1"), ("1", "192.0.2.7"), ("2", "10.0.0.9")])
def test_the_callers_address_is_what_the_trusted_proxies_say(tmp_path: Path, hops: str, seen: str) -> None:
    """What a caller writes into the header himself stands further left and counts for nothing."""
    house = open_house(tmp_path, DISPATCH_TRUSTED_PROXIES=hops)
    house.app.add_url_rule("/echo", view_func=public(lambda: request.remote_addr or ""))
    found = house.client.get("/echo", headers={"X-Forwarded-For": "198.51.100.1, 10.0.0.9, 192.0.2.7"})
    assert found.text == seen


def test_only_an_administrator_sees_figures(house: House) -> None:
    house.issued(approval())
    assert house.client.get("/metrics").status_code == 401
    assert house.call("GET", "/metrics", "read").status_code == 403
    found = house.call("GET", "/metrics", "admin")
    assert found.status_code == 200
    assert 'dispatch_documents{state="valid"} 1.0' in found.text
    assert "dispatch_backlog 1.0" in found.text  # the message that waits its minute
    assert "周小满" not in found.text


def test_the_log_has_patterns_and_never_numbers(house: House, caplog: pytest.LogCaptureFixture) -> None:
    case = approval()
    with caplog.at_level("INFO", logger="dispatch.web"):
        house.issued(case)
        house.client.get("/V/CEAACPMRJLFJATLWQ2RCGAAC")
        house.call("GET", "/cases", "read", query_string={"q": "周小满"})
    written = "\n".join(record.getMessage() for record in caplog.records if record.name == "dispatch.web")
    assert "/api/v1/cases/<no>" in written
    assert "/V/<text>" in written
    for secret in (case["acceptance_no"], "周小满", "CEAACPMRJLFJ", house.key("read")):
        assert secret not in written
