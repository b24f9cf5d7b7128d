"""Failures in one shape."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from flask import Flask

from dispatch.errors import (
    DispatchError,
    Fault,
    Invalid,
    NotFound,
    NotPermitted,
    Rejected,
    RuleViolation,
    Unavailable,
)
from dispatch.web import problems


@pytest.fixture
def app() -> Flask:
    """An application that only fails."""
    made = Flask(__name__, template_folder="nowhere")
    made.json.ensure_ascii = False  # type: ignore[attr-defined]
    problems.install(made)
    return made


def failing(app: Flask, fault: Exception, path: str = "/api/v1/x"):
    def view() -> str:
        raise fault

    app.add_url_rule(path, view_func=view)
    return app.test_client().get(path)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Invalid([Fault("/a", "required", "请填写。")]), 422),
        (Invalid([Fault("", "malformed", "读不懂。")], "malformed_json"), 400),
        (RuleViolation("held", "暂缓出件。"), 409),
        (RuleViolation("too_many", "请稍后再试。", retry_after=600), 429),
        (NotFound(), 404),
        (NotPermitted("scope", "没有权限。"), 403),
        (Unavailable("database", "稍后再试。"), 503),
        (Rejected("refused", "不行。"), 409),
        (Rejected("sealed_field", "密文与所在记录不符"), 500),
        (problems.PayloadTooLarge("太大。"), 413),
        (problems.UnsupportedMedia("格式不对。"), 415),
        (problems.Throttled("太快。"), 429),
        (DispatchError("other", "其他。"), 500),
    ],
)
def test_every_refusal_has_its_status(app: Flask, fault: DispatchError, status: int) -> None:
    found = failing(app, fault)
    assert found.status_code == status
    assert found.mimetype == "application/problem+json"
    body = found.get_json()
    assert body["status"] == status
    assert body["code"] == fault.code
    assert body["detail"] == fault.detail
    assert body["type"] == f"/api/docs#{fault.code}"
    assert any("\u4e00" <= character <= "\u9fff" for character in body["title"])


def test_all_faults_stand_in_the_answer_at_once(app: Flask) -> None:
    faults = [Fault("/a", "required", "请填写。"), Fault("/b/0", "too_long", "太长。")]
    assert failing(app, Invalid(faults)).get_json()["errors"] == [fault.as_dict() for fault in faults]


def test_what_may_pass_says_when_to_come_back(app: Flask) -> None:
    assert int(failing(app, RuleViolation("not_ready", "正在制作。")).headers["Retry-After"]) > 0


def test_a_refusals_own_wait_is_told(app: Flask) -> None:
    assert failing(app, RuleViolation("too_many", "太多。", retry_after=600)).headers["Retry-After"] == "600"


def test_what_is_final_names_no_time(app: Flask) -> None:
    assert "Retry-After" not in failing(app, RuleViolation("held", "暂缓。")).headers


def test_further_members_stand_beside_and_never_replace(app: Flask) -> None:
    body = failing(
        app, RuleViolation("mismatch", "不一致。", outcome="mismatch", reason="held", status=200)
    ).get_json()
    assert (body["outcome"], body["reason"], body["status"]) == ("mismatch", "held", 409)


def test_a_surprise_tells_a_number_and_not_what_happened(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        found = failing(app, ValueError("周小满 330727198001010010"))
    body = found.get_json()
    assert found.status_code == 500
    assert body["code"] == "internal_error"
    assert body["reference"] in body["detail"]
    assert body["reference"] in caplog.text
    assert "ValueError" in caplog.text
    assert "周小满" not in caplog.text + found.text
    assert "330727" not in caplog.text + found.text


def test_unknown_addresses_and_methods(app: Flask) -> None:
    app.add_url_rule("/api/v1/only-get", view_func=lambda: "")
    client = app.test_client()
    missing, wrong = client.get("/api/v1/nothing"), client.post("/api/v1/only-get")
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.get_json()["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]


def test_an_unknown_key_is_told_how_to_prove_itself(app: Flask) -> None:
    with app.test_request_context("/api/v1/x"):
        found = problems.problem(401, "unauthorized", "请登录。")
    assert found.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_page_without_template_still_says_what_is_wrong(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = SimpleNamespace(settings=SimpleNamespace())
    monkeypatch.setattr(problems, "render_page", _no_template)
    app.extensions["dispatch"] = house
    found = failing(app, RuleViolation("held", "暂缓出件。"), "/window/x")
    assert found.status_code == 409
    assert "暂缓出件" in found.text
    assert found.mimetype == "text/plain"


def _no_template(*_names: object, **_context: object) -> str:
    raise Unavailable("database", "数据库暂时没有回应。")
