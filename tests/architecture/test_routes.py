"""Every route of the house declares who may open it, and the API is described as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.web import openapi
from dispatch.web.access import Rule, rule_of
from tests.webhouse import House, open_house

pytestmark = pytest.mark.architecture

#: what a stranger may open; everything else asks for a key, a session or a secret
OPEN_TO_ALL = {
    "/", "/c", "/v", "/verify", "/track", "/open", "/guide", "/keys.json", "/types.json", "/ca.pem", "/status-list",
    "/healthz", "/readyz", "/login", "/people/session.json", "/people/unlock",
    "/people/unlock.json", "/api/openapi.json", "/api/docs", "/api/v1/verify", "/api/v1/track",
    "/V/<text>", "/static/<path:filename>",
}  # fmt: skip
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("house"))


def rules(house: House):
    return sorted(house.app.url_map.iter_rules(), key=lambda rule: rule.rule)


def test_every_route_has_a_rule(house: House) -> None:
    without = [
        rule.rule
        for rule in rules(house)
        if not isinstance(rule_of(house.app.view_functions[rule.endpoint]), Rule)
    ]
    assert without == []


def test_only_known_routes_are_open_to_all(house: House) -> None:
    opened = {
        rule.rule
        for rule in rules(house)
        if rule_of(house.app.view_functions[rule.endpoint]).kind == "public"
    }
    assert {
        path for path in opened if not path.startswith(("/log/", "/static/", "/v/", "/sw"))
    } <= OPEN_TO_ALL | {"/static/<path:filename>"}


def test_secret_links_and_hooks_carry_their_secret_in_the_path(house: House) -> None:
    for rule in rules(house):
        if rule_of(house.app.view_functions[rule.endpoint]).kind in ("secret_link", "hook"):
            assert "<secret>" in rule.rule, rule.rule


def test_the_api_asks_for_scopes(house: House) -> None:
    for rule in rules(house):
        if rule.rule.startswith("/api/v1/") and rule.rule not in OPEN_TO_ALL:
            assert rule_of(house.app.view_functions[rule.endpoint]).kind == "scope", rule.rule


def test_reading_changes_nothing_by_method(house: House) -> None:
    """One view serves either reading or changing methods under the API, so the guard's CSRF check fits the view."""
    for rule in rules(house):
        methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/"):
            assert len(methods) == 1, rule.rule


def test_a_forgotten_rule_closes_the_route(tmp_path: Path) -> None:
    fresh = open_house(tmp_path)
    fresh.app.add_url_rule("/api/v1/forgotten", view_func=lambda: "secret")
    found = fresh.call("GET", "/forgotten", "admin", "read")
    assert found.status_code == 403
    assert "secret" not in found.text


def test_the_description_has_every_call_of_the_api_and_no_other(house: House) -> None:
    described = openapi.build(house.app)
    there = {
        (openapi.plain_path(rule.rule), method)
        for rule in rules(house)
        if rule.rule.startswith("/api/") and rule.rule != "/api/docs"
        for method in set(rule.methods or ()) - {"HEAD", "OPTIONS"}
    }
    told = {(path, method.upper()) for path, calls in described["paths"].items() for method in calls}
    assert told == there
    endpoints = {rule.endpoint for rule in rules(house)}
    assert set(openapi.OPERATIONS) <= endpoints
