"""Our parser against the published schema: what the schema refuses we refuse, at the same place."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from dispatch.errors import Invalid
from dispatch.intake.schema import parse_case
from tests.approvals import NOW, good, samples, schema

VALIDATOR = Draft202012Validator(schema(), format_checker=FormatChecker())
SAMPLES = [good(), *samples()[::17]]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [5.0, "", "x", "x" * 41, "名" * 201, "330000", "331127002", "self", "physical", "2026-11-02"]
    ),
    st.sampled_from(
        ["2026-11-02T13:55:00Z", "2026-11-02T13:55:00", "compose", "express", "sensitive", "正本"]
    ),
    st.text(max_size=8),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=5),
    st.dictionaries(st.text(max_size=4), st.one_of(st.text(max_size=3), st.none()), max_size=3),
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a value inside."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in inner for place in [(*path, key), *places(value, (*path, key))]]


def mutate(case: Any, draw: Any) -> None:
    """Replace, add or take away one thing somewhere."""
    path = draw(st.sampled_from(places(case)))
    node = case
    for key in path[:-1]:
        node = node[key]
    act = draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
    if act == "remove":
        del node[path[-1]]
    elif act == "add" and isinstance(node[path[-1]], dict):
        node[path[-1]][draw(st.text(min_size=1, max_size=5))] = draw(VALUES)
    elif act == "repeat" and isinstance(node[path[-1]], list):
        node[path[-1]] *= draw(st.integers(0, 25))
    else:
        node[path[-1]] = draw(VALUES)


def broken_at(error: ValidationError) -> set[tuple[Any, ...]]:
    """The places an error of the schema points at, in the way we point: at the member that lacks or is too
    much."""
    path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    whole: Any = error.schema
    found: Any = error.instance
    if error.validator == "required":
        return {(*path, name) for name in rule if name not in found}
    if error.validator == "additionalProperties" and rule is False:
        known = set(whole["properties"])
        return {(*path, name) for name in found if name not in known}
    return {path}


def token(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def ours(obj: object) -> set[str]:
    try:
        parse_case(obj, now=NOW)
    except Invalid as refusal:
        return {fault.pointer for fault in refusal.faults}
    return set()


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_what_the_schema_refuses_we_refuse_in_the_same_place(data: st.DataObject) -> None:
    case = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(case, data.draw)
    found = ours(case)
    for error in VALIDATOR.iter_errors(case):
        assert found, error.message
        for place in broken_at(error):
            pointer = "".join("/" + token(part) for part in place)
            if pointer.isprintable() and len(pointer) < 200:
                assert pointer in found, (pointer, error.message, found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(
    JSON, st.sampled_from(["", "documents", "delivery", "applicant", "item", "accepted_at", "acceptance_no"])
)
def test_any_value_gets_an_answer(value: Any, place: str) -> None:
    assert ours(good() | {place: value} if place else value) or place


def test_the_samples_satisfy_the_schema() -> None:
    assert not [error for case in samples() for error in VALIDATOR.iter_errors(case)]


def test_the_comparison_can_fail() -> None:
    case = good()
    case["applicant"]["name"] = ""
    (error,) = VALIDATOR.iter_errors(case)
    assert broken_at(error) == {("applicant", "name")}
    assert ours(case) == {"/applicant/name"}
