"""What strangers may ask and fetch: verification, keys, types, health."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from sqlalchemy import delete

from dispatch.models import AuditHead
from dispatch.rights import SYSTEM
from dispatch.services import Services
from tests.factories import approval
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def verify(house: House, body, *scopes: str):
    return house.call("POST", "/verify", *scopes, json=body)


def test_a_genuine_paper_passes_and_says_it_is_a_sample(house: House) -> None:
    [paper] = house.issued(approval())["documents"]
    found = verify(house, {"token": paper["token"]}).get_json()
    assert (found["result"], found["status"], found["authenticity"], found["validity"], found["sample"]) == (
        "PASSED", "valid", "genuine", "valid", True)  # fmt: skip
    assert set(found["checked"]) | set(found["not_checked"]) == {
        "signature",
        "date",
        "status",
        "log",
        "file",
        "fields",
    }
    assert found["document"]["holder"] == "周**"
    assert found["document"]["compare"]
    by_id = verify(house, {"document_id": paper["document_id"]}).get_json()
    assert (by_id["result"], "compare" in by_id["document"]) == ("PASSED", False)
    by_file = verify(house, {"sha256": paper["sha256"]}).get_json()
    assert by_file["result"] == "PASSED"


def test_every_changed_character_is_noticed(house: House) -> None:
    token = house.issued(approval())["documents"][0]["token"]
    for at in range(4, len(token), 9):
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        found = verify(house, {"token": forged})
        assert (found.status_code, found.get_json()["result"]) != (200, "PASSED")
        assert found.status_code == 200


@pytest.mark.parametrize(
    "token", ["x", "https://evil.example/v#AAAA", "\u0000", "𬭎" * 50, "=" * 40, "A" * 2000, "<script>"]
)
def test_junk_is_unreadable_and_no_forgery(house: House, token: str) -> None:
    found = verify(house, {"token": token})
    assert found.status_code == 200
    assert (found.get_json()["status"], found.get_json()["result"]) == ("unreadable", "INDETERMINATE")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"token": ""}, 422),
        ({"token": None}, 422),
        ({"token": 7}, 422),
        ({"token": []}, 422),
        ({"token": "A" * 100_000}, 413),
        ({"token": "A", "sha256": "0" * 64}, 422),
        ({"document_no": "x"}, 422),
        ({"holder_tail": "1234"}, 422),
        ({"sha256": "0"}, 422),
        ({"surprise": 1}, 422),
        ([], 422),
        ("x", 422),
        ({"token": "A", "items": []}, 422),
        ({"items": {}}, 422),
    ],
)
def test_a_question_that_is_none(house: House, body, status: int) -> None:
    found = verify(house, body)
    assert found.status_code == status, found.text
    assert found.mimetype == "application/problem+json"


def test_many_at_once_need_a_key(house: House) -> None:
    token = house.issued(approval())["documents"][0]["token"]
    items = {"items": [{"token": token}, {"token": "x"}]}
    assert verify(house, items).status_code == 401
    assert verify(house, items, "read").status_code == 403
    found = verify(house, items, "verify")
    assert [one["status"] for one in found.get_json()["results"]] == ["valid", "unreadable"]
    assert verify(house, {"items": [{"token": "x"}] * 1001}, "verify").status_code == 422
    numbers = {"items": [{"document_no": "x", "holder_tail": "1234"}]}
    assert verify(house, numbers, "verify").status_code == 422


def test_looking_up_numbers_is_limited_and_checking_tokens_is_not(house: House) -> None:
    token = house.issued(approval())["documents"][0]["token"]
    ask = {"document_no": "磐市监名〔2026〕999号", "holder_tail": "1234"}
    assert {verify(house, ask).status_code for _ in range(5)} == {200}
    limited = verify(house, ask)
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 60
    assert {verify(house, {"token": token}).status_code for _ in range(30)} == {200}


def test_checks_are_counted(house: House) -> None:
    verify(house, {"token": "x"})
    verify(house, {"token": "y"})
    assert (
        'dispatch_verifications_total{status="unreadable"} 2.0' in house.call("GET", "/metrics", "admin").text
    )


# -- files -----------------------------------------------------------------------------------------------------------
def test_published_keys_check_our_tokens(house: House) -> None:
    token = house.issued(approval())["documents"][0]["token"]
    raw = base64.b32decode(token + "=" * (-len(token) % 8))
    keys = {key["kid"]: key for key in house.client.get("/keys.json").get_json()["keys"]}
    key = keys[str(int.from_bytes(raw[1:3], "big"))]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert isinstance(key["nbf"], int)


def test_no_private_part_is_published(house: House) -> None:
    for key in house.client.get("/keys.json").get_json()["keys"]:
        assert set(key) <= {
            "kty",
            "crv",
            "x",
            "y",
            "kid",
            "alg",
            "use",
            "nbf",
            "exp",
            "withdrawn_at",
            "reason",
        }


def test_types_name_what_tokens_number(house: House) -> None:
    title = house.issued(approval())["documents"][0]["title"]
    types = house.client.get("/types.json").get_json()["types"]
    assert title in {one["title"] for one in types}
    assert len({one["type"] for one in types}) == len(types)


def test_public_files_may_be_read_from_any_page(house: House) -> None:
    for path in ("/keys.json", "/types.json"):
        assert house.client.get(path).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in house.client.get("/api/v1/cases").headers


def test_the_certificate_for_seals(house: House) -> None:
    assert x509.load_pem_x509_certificates(house.client.get("/ca.pem").data)


def test_ready_once_the_database_is(house: House) -> None:
    assert house.client.get("/healthz").status_code == 200
    assert house.client.get("/readyz").get_json()["ready"] is True
    with house.services.store.work(SYSTEM) as work:
        work.session.execute(delete(AuditHead))
    found = house.client.get("/readyz")
    assert (found.status_code, found.get_json()["database"]) == (503, False)
    assert house.client.get("/healthz").status_code == 200


def test_an_absent_database_is_a_503_with_time_to_come_back(house: House) -> None:
    for path in house.services.settings.data_dir.glob("dispatch.sqlite3*"):
        path.unlink()
    house.services.store.engine.dispose()
    found = house.client.get("/readyz")
    assert (found.status_code, found.mimetype) == (503, "application/problem+json")
    assert found.headers["Retry-After"]
    assert house.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/V/CEAACPMRJLFJ", "/v#CEAACPMRJLFJ"),
        ("/V/ceaa", "/v#ceaa"),
        ("/V/<script>", "/v"),
        ("/V/" + "A" * 3000, "/v"),
        ("/V/a%0d%0aX: y", "/v"),
    ],
)
def test_the_old_address_goes_into_the_fragment(house: House, path: str, target: str) -> None:
    found = house.client.get(path)
    assert (found.status_code, found.headers["Location"]) == (302, target)
    assert "X" not in found.headers


def test_static_files_stay_in_their_folder(house: House) -> None:
    with house.client.get("/static/zhengda.css") as style:
        assert style.mimetype == "text/css"
        assert style.headers["Cache-Control"].startswith("public")
    for path in ("/static/../access.py", "/static/%2e%2e/access.py", "/static/nothing", "/static/vendor"):
        with house.client.get(path) as found:
            assert found.status_code == 404, path
