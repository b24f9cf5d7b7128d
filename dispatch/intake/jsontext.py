"""JSON from outside: read strictly, refused with an answer instead of a crash.

Stricter than the library in three ways: NaN and Infinity are no JSON, a member given twice is ambiguous,
and text nested beyond reason is refused rather than run into the interpreter's limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from ..errors import Fault, Invalid
from .wording import fault, pointer_of

__all__ = ["MAX_BYTES", "load_json"]

MAX_BYTES = 4_000_000


def load_json(data: bytes | str) -> object:
    """The value written in ``data`` (bytes in UTF-8, a byte order mark tolerated).

    Raises ``Invalid`` with ``too_large``, ``encoding``, ``malformed`` or every ``duplicate_member``.
    """
    if len(data) > MAX_BYTES:
        raise Invalid([fault("", "too_large")])
    twice: list[Fault] = []
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value: object = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_pairs(twice))
    except UnicodeDecodeError as refusal:
        raise Invalid([fault("", "encoding")]) from refusal
    except json.JSONDecodeError as refusal:
        raise Invalid([fault("", "malformed", line=refusal.lineno)], "malformed_json") from refusal
    except (ValueError, RecursionError) as refusal:
        raise Invalid([fault("", "malformed", line=1)], "malformed_json") from refusal
    if twice:
        raise Invalid(twice)
    return value


def _no_constant(_name: str) -> float:
    raise ValueError("no JSON number")


def _pairs(twice: list[Fault]) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen and len(twice) < 20:
                    twice.append(fault(pointer_of([key]), "duplicate_member"))
                seen.add(key)
        return members

    return collect
