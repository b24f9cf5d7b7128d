"""Rules of routes and what surrounds them, without a database."""

from __future__ import annotations

import pytest

from dispatch.rights import Role, Scope
from dispatch.web import access, security


def test_a_view_has_one_rule_and_not_two() -> None:
    @access.scope("read")
    def view() -> str:
        return ""

    assert access.rule_of(view) == access.Rule("scope", scope=Scope.READ)
    with pytest.raises(TypeError, match="two access rules"):
        access.public(view)


def test_a_role_that_does_not_exist_fails_at_once() -> None:
    with pytest.raises(ValueError, match="boss"):
        access.role("boss")
    with pytest.raises(ValueError, match="everything"):
        access.scope("everything")


def test_roles_are_kept() -> None:
    view = access.role("clerk", "supervisor")(lambda: "")
    rule = access.rule_of(view)
    assert rule is not None
    assert rule.roles == {Role.CLERK, Role.SUPERVISOR}
    assert not rule.open


@pytest.mark.parametrize("target", ["/window", "/window?state=ready&q=1", "/m/abc", "/"])
def test_the_way_back_stays_in_the_house(target: str) -> None:
    assert access.safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "",
        None,
        "/a\nb",
        "/a\\b",
        "window",
    ],
)
def test_the_way_back_leads_nowhere_else(target: str | None) -> None:
    assert access.safe_next(target) == "/"


def test_policy_begins_with_nothing_and_adds_wasm_for_scanners_only() -> None:
    plain, scans = security.policy(scans=False, secure=False), security.policy(scans=True, secure=True)
    assert plain.startswith("default-src 'none'")
    assert "unsafe" not in plain
    assert "script-src 'self' 'wasm-unsafe-eval'" in scans
    assert "unsafe-inline" not in scans
    for both in (plain, scans):
        assert "frame-ancestors 'none'" in both
        assert "base-uri 'none'" in both
        assert "form-action 'self'" in both
    assert "upgrade-insecure-requests" in scans
    assert "upgrade-insecure-requests" not in plain


def test_the_cookie_is_bound_to_the_host_where_there_is_https() -> None:
    assert access.session_cookie(True).startswith("__Host-")
    assert not access.session_cookie(False).startswith("__")
