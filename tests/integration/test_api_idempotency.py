"""The same request twice: one act, one answer."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from dispatch import answers
from dispatch.errors import Invalid, RuleViolation, Unavailable
from dispatch.rights import SYSTEM, Actor
from dispatch.services import Services
from dispatch.web import api_cases
from tests.factories import approval
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration
KEY = {"Idempotency-Key": "7f0c2f8e-order-1"}


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def hold(house: House, case, reason: str = "税费未缴", *, headers=None, scopes=("issue",)):
    path = f"/cases/{case['acceptance_no']}/holds"
    return house.call(
        "POST", path, *scopes, json={"reason": reason}, headers=KEY if headers is None else headers
    )


@pytest.fixture
def case(house: House):
    made = approval()
    house.call("POST", "/cases", "cases", json=made)
    return made


def test_the_same_again_gets_the_first_answer_and_acts_once(house: House, case) -> None:
    first, again = hold(house, case), hold(house, case)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert len(house.view(case["acceptance_no"])["holds"]) == 1


def test_another_body_under_the_same_key_is_refused(house: House, case) -> None:
    hold(house, case)
    other = hold(house, case, "另一个原因")
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    assert len(house.view(case["acceptance_no"])["holds"]) == 1


def test_without_a_key_every_request_acts(house: House, case) -> None:
    hold(house, case, headers={})
    hold(house, case, headers={})
    assert len(house.view(case["acceptance_no"])["holds"]) == 2


def test_keys_belong_to_their_holder_and_path(house: House, case) -> None:
    other = approval()
    house.call("POST", "/cases", "cases", json=other)
    assert hold(house, case).status_code == 201
    assert hold(house, case, "同一把钥匙，另一个持有人", scopes=("issue", "read")).status_code == 201
    assert hold(house, other).status_code == 201
    assert len(house.view(case["acceptance_no"])["holds"]) == 2


def test_a_refusal_is_an_answer_too(house: House, case) -> None:
    hold(house, case, headers={})
    path = f"/cases/{case['acceptance_no']}"
    refused = house.call("POST", f"{path}/issue", "issue", headers=KEY)
    [held] = house.view(case["acceptance_no"])["holds"]
    house.call("DELETE", f"{path}/holds/{held['id']}", "issue")
    again = house.call("POST", f"{path}/issue", "issue", headers=KEY)
    assert (refused.status_code, again.status_code) == (409, 409)
    assert again.mimetype == "application/problem+json"
    assert house.call("POST", f"{path}/issue", "issue", headers={"Idempotency-Key": "new"}).status_code == 202


def test_our_own_failure_is_not_kept(house: House, case, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> str:
        raise Unavailable("database", "数据库暂时没有回应。")

    with monkeypatch.context() as patch:
        patch.setattr(api_cases, "place_hold", away)
        assert hold(house, case).status_code == 503
    assert hold(house, case).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there", "é"])
def test_a_malformed_key_is_refused(house: House, case, key: str) -> None:
    found = hold(house, case, headers={"Idempotency-Key": key})
    assert (found.status_code, found.get_json()["errors"][0]["code"]) == (422, "idempotency_key")


def test_a_key_on_a_reading_call_or_of_a_stranger_means_nothing(house: House, case) -> None:
    assert house.call("GET", "/cases", "read", headers=KEY).status_code == 200
    body = {"acceptance_no": case["acceptance_no"], "phone_tail": "0123"}
    assert house.call("POST", "/track", json=body, headers=KEY).status_code == 200
    assert house.call("POST", "/track", json=body | {"phone_tail": "9999"}, headers=KEY).status_code == 404


def test_a_kept_answer_is_not_readable_in_the_database(house: House) -> None:
    ticket = answers.begin(house.services, ANYBODY, "/x", "k", b"1")
    assert isinstance(ticket, answers.Ticket)
    answers.keep(house.services, ANYBODY, ticket, answers.Answer(200, {}, "纸上没有的话".encode()))
    raw = b"".join(path.read_bytes() for path in house.services.settings.data_dir.glob("dispatch.sqlite3*"))
    assert "纸上没有的话".encode() not in raw


# -- the store of answers --------------------------------------------------------------------------------------------
ANYBODY = Actor("key:test")


def test_a_running_request_is_not_started_again(house: House) -> None:
    assert isinstance(answers.begin(house.services, ANYBODY, "/x", "k", b"1"), answers.Ticket)
    with pytest.raises(RuleViolation, match="still_running"):
        answers.begin(house.services, ANYBODY, "/x", "k", b"1")
    with pytest.raises(Invalid, match="idempotency_key_reused"):
        answers.begin(house.services, ANYBODY, "/x", "k", b"2")


def test_a_request_that_was_cut_off_can_be_repeated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answers.begin(house.services, ANYBODY, "/x", "k", b"1")
    monkeypatch.setattr(answers, "LONGEST_RUN", timedelta(seconds=-1))
    assert isinstance(answers.begin(house.services, ANYBODY, "/x", "k", b"1"), answers.Ticket)


def test_after_a_day_the_key_is_free(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = answers.begin(house.services, ANYBODY, "/x", "k", b"1")
    assert isinstance(ticket, answers.Ticket)
    answers.keep(house.services, ANYBODY, ticket, answers.Answer(201, {"Location": "/x/1"}, b"{}"))
    assert answers.begin(house.services, ANYBODY, "/x", "k", b"1") == answers.Answer(
        201, {"Location": "/x/1"}, b"{}"
    )
    monkeypatch.setattr(answers, "KEPT", timedelta(seconds=-1))
    assert isinstance(answers.begin(house.services, ANYBODY, "/x", "k", b"2"), answers.Ticket)
    assert answers.forget_old(house.services, SYSTEM) == 1


def test_of_many_at_once_one_runs(house: House) -> None:
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(type(answers.begin(house.services, ANYBODY, "/x", "k", b"1")).__name__)
        except RuleViolation as refusal:
            found.append(refusal.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["Ticket"] + ["still_running"] * 7
