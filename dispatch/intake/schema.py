"""From an object as received to a ``Case``: every fault at once, or a case that may be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import Fault, Invalid
from .case import Applicant, Case, Delivery, Department, Document, Item, MaterialsIn, Recipient
from .checks import check_case, check_document, looks_mangled, notices
from .scan import scan
from .wording import fault, field_name, known_members, nearest, pointer_of

__all__ = [
    "MAX_FAULTS",
    "Applicant",
    "Case",
    "Delivery",
    "Department",
    "Document",
    "Item",
    "MaterialsIn",
    "Recipient",
    "faults_of",
    "parse_case",
    "parse_document",
]

MAX_FAULTS = 200
M = TypeVar("M", bound=BaseModel)

# Members whose values are long numbers: the ones spreadsheets spoil.
_LONG_NUMBERS = frozenset(
    {"acceptance_no", "id_no", "phone", "number", "object_no", "division_code", "waybill_no"}
)
_PATTERNS = {
    "acceptance_no": "应为 6 至 40 位数字、字母或连字符。请核对。",
    "division_code": "应为 6、9 或 12 位数字，第一位不是 0。请核对。",
}
_ORDER = tuple(Case.model_fields)


def parse_case(obj: object, *, now: datetime) -> Case:
    """The case in ``obj`` (JSON values), checked as the contract's section 4 demands.

    ``now`` is aware and bounds the time of decision and dates of birth. Raises ``Invalid`` with all faults.
    """
    faults, model, content = _judge(obj, (), now)
    if faults or model is None:
        raise Invalid(_in_order(faults))
    return model.attach(content, notices(model))


def faults_of(obj: object, known: Sequence[Fault] = ()) -> list[Fault]:
    """Everything wrong with a case as far as it can be told without the time, ``known`` faults included. For
    tables, where some faults show before there is a case."""
    try:
        return _in_order(_judge(obj, known, None)[0])
    except Invalid as refusal:
        return [*known, *refusal.faults]


def _judge(
    obj: object, known: Sequence[Fault], now: datetime | None
) -> tuple[list[Fault], Case | None, Mapping[str, object]]:
    found, content = _first_look(obj, ())
    faults = [*known, *found]
    model, shape = _shape(Case, content, (), faults)
    faults += shape
    faults += check_case(content, {f.pointer for f in faults}, now)
    return faults, model, content


def parse_document(obj: object, prefix: str = "/document") -> Document:
    """One document standing alone, as in a supersession. Raises ``Invalid``; pointers begin with ``prefix``,
    a single level."""
    parts = (prefix.lstrip("/"),)
    faults, content = _first_look(obj, parts)
    model, shape = _shape(Document, content, parts, faults)
    faults += shape
    faults += check_document(content, {f.pointer for f in faults}, prefix)
    if faults or model is None:
        raise Invalid(_in_order(faults))
    return model


def _first_look(obj: object, prefix: tuple[str, ...]) -> tuple[list[Fault], Mapping[str, object]]:
    """Faults of the raw value and the value as an object; raises at once where nothing more can be said."""
    if not isinstance(obj, dict):
        raise Invalid([fault(pointer_of(prefix), "type", wanted="一个对象（名称与值）")])
    faults = scan(obj, prefix)
    if any(f.code == "too_large" for f in faults):
        raise Invalid(faults)
    return faults, cast("Mapping[str, object]", obj)


def _shape(
    model: type[M], content: Mapping[str, object], prefix: tuple[str, ...], known: Iterable[Fault]
) -> tuple[M | None, list[Fault]]:
    seen = {f.pointer for f in known}
    try:
        return model.model_validate(content), []
    except ValidationError as refusal:
        found: list[Fault] = []
        for error in refusal.errors(include_url=False, include_context=True):
            one = _translate(error, prefix)
            if one.pointer not in seen:
                seen.add(one.pointer)
                found.append(one)
        return None, found


def _translate(error: ErrorDetails, prefix: tuple[str, ...]) -> Fault:
    """One of pydantic's errors in our words."""
    loc = tuple(part for part in error["loc"] if part != "[key]")
    pointer, kind, given = pointer_of((*prefix, *loc)), error["type"], error["input"]
    name = str(loc[-1]) if loc else ""
    if kind == "missing":
        return fault(pointer, "required")
    if kind == "extra_forbidden":
        return fault(pointer, "unknown_field", hint=_suggestion(pointer, name))
    if kind in ("literal_error", "date_time", "date"):
        return fault(pointer, "not_allowed" if kind == "literal_error" else kind)
    if kind == "string_pattern_mismatch":
        mangled = isinstance(given, str) and looks_mangled(given)
        return fault(pointer, "excel_number" if mangled else "pattern", hint=_PATTERNS.get(name, "请核对。"))
    limited = _limited(pointer, kind, error.get("ctx", {}))
    return limited or _wrong_type(pointer, name, kind, given)


def _limited(pointer: str, kind: str, bounds: Mapping[str, Any]) -> Fault | None:
    """Faults of length and size; a text left empty that must not be is simply not filled in."""
    match kind:
        case "string_too_short":
            return fault(pointer, "too_short", least=bounds["min_length"])
        case "string_too_long":
            return fault(pointer, "too_long", most=bounds["max_length"])
        case "greater_than_equal":
            return fault(pointer, "out_of_range", text="below", least=bounds["ge"])
        case "less_than_equal":
            return fault(pointer, "out_of_range", text="above", most=bounds["le"])
    return None


def _wrong_type(pointer: str, name: str, kind: str, given: object) -> Fault:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if kind == "string_type" and number:
        long = isinstance(given, int) and abs(given) >= 10**15
        if long or (isinstance(given, float) and name in _LONG_NUMBERS):
            return fault(pointer, "excel_number")
        return fault(pointer, "type", wanted="文字（加引号）")
    wanted = {
        "string_type": "文字",
        "int_type": "整数",
        "int_from_float": "整数",
        "tuple_type": "列表",
        "dict_type": "对象（名称与值）",
        "model_type": "对象（名称与值）",
    }
    return fault(pointer, "type", wanted=wanted.get(kind, "另一种值"))


def _suggestion(pointer: str, name: str) -> str:
    found = nearest(name, known_members(pointer.rpartition("/")[0]))
    return (
        f"您是不是要写 {found}（{field_name(pointer.rpartition('/')[0] + '/' + found)}）？" if found else ""
    )


def _in_order(faults: Sequence[Fault]) -> list[Fault]:
    """In the order of the form; cut short when a whole file's worth of faults came in one object."""
    ordered = sorted(faults, key=_place)
    if len(ordered) <= MAX_FAULTS:
        return ordered
    return [*ordered[:MAX_FAULTS], fault("", "too_many_faults", most=MAX_FAULTS)]


def _place(one: Fault) -> tuple[int, list[tuple[int, str]]]:
    parts = one.pointer.split("/")[1:]
    first = parts[0] if parts else ""
    rest = [(int(part) if part.isdecimal() and len(part) < 9 else -1, part) for part in parts]
    return (_ORDER.index(first) if first in _ORDER else len(_ORDER)), rest
