"""The API is what its description says, tried by a machine."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema.validators import Draft202012Validator

from dispatch.services import Services
from tests.factories import approval
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration


@schemathesis.serializer("application/x-ndjson", "application/pdf", "application/ofd")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def described(house: House) -> dict[str, Any]:
    document: dict[str, Any] = house.client.get("/api/openapi.json").get_json()
    return document


def check(document: dict[str, Any], name: str, value: object) -> None:
    """``value`` has the shape ``name`` of the description."""
    Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    ).validate(value)


def test_every_reference_leads_somewhere(house: House) -> None:
    document = described(house)
    references = set(_references(document))
    assert references
    for reference in references:
        assert reference.startswith("#/components/schemas/")
        assert reference.rsplit("/", 1)[1] in document["components"]["schemas"], reference


def _references(value: Any):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_every_schema_is_one(house: House) -> None:
    for name, schema in described(house)["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema, name


def test_real_answers_have_their_shapes(house: House) -> None:
    document = described(house)
    case = approval()
    check(document, "Case", case)
    view = house.issued(case)
    check(document, "CaseView", view)
    check(document, "CaseList", house.call("GET", "/cases", "read").get_json())
    check(document, "Consignment", view["consignments"][0])
    check(
        document,
        "Verification",
        house.call("POST", "/verify", json={"token": view["documents"][0]["token"]}).get_json(),
    )
    check(
        document,
        "Tracking",
        house.call(
            "POST", "/track", json={"acceptance_no": case["acceptance_no"], "phone_tail": "0123"}
        ).get_json(),
    )
    packed = house.call(
        "POST",
        "/pack-checks",
        "issue",
        json={"label": view["consignments"][0]["waybill_no"], "paper": view["documents"][0]["token"]},
    )
    check(document, "Packed", packed.get_json())
    check(document, "Problem", house.call("GET", "/cases/nothing", "read").get_json())
    check(document, "Problem", house.call("POST", "/cases", "cases", json={}).get_json())


def test_the_check_can_fail(house: House) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(described(house), "CaseView", {"acceptance_no": 7})


def test_scopes_are_told(house: House) -> None:
    paths = described(house)["paths"]
    assert paths["/api/v1/cases"]["post"]["security"][0] == {"key": ["cases"]}
    assert paths["/api/v1/track"]["post"]["security"] == []
    assert "401" not in paths["/api/v1/track"]["post"]["responses"]
    assert {"401", "403", "422"} <= set(paths["/api/v1/cases"]["post"]["responses"])


def test_the_page_for_people_lists_every_call(house: House) -> None:
    page = house.client.get("/api/docs")
    assert page.status_code == 200
    for path in described(house)["paths"]:
        assert path in page.text


def test_a_machine_tries_everything_and_finds_no_crash(house: House) -> None:
    """Inputs made from the description: no 500, and nothing answered that the description does not know."""
    key = house.key("cases", "read", "issue", "scans", "validity", "verify", "admin")
    house.issued(approval())
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", house.app)
    tried = 0
    for result in schema.get_all_operations():
        tried += 1
        _try(result.ok(), key)
    assert tried >= 25


def _try(operation: Any, key: str) -> None:
    known = set(operation.definition.raw["responses"]) | {"404", "405"}

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code != 500, f"{operation.label}: {answer.text[:300]}"
        assert str(answer.status_code) in known, (
            f"{operation.label}: {answer.status_code} {answer.text[:300]}"
        )

    run()
