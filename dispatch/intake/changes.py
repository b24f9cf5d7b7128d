"""What a correction changes, in words: old and new beside each other, member by member."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from .wording import field_name, options_at, pointer_of

__all__ = ["case_changes", "content_digest"]


def case_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """``{pointer, name, old, new}`` of every member that differs, in the order of the form; empty text for none. Both are
    cases as stored or as shown; a member that is null and one that is absent are the same."""
    old, new = dict(_flat(before, ())), dict(_flat(after, ()))
    return [
        {
            "pointer": pointer,
            "name": field_name(pointer),
            "old": _worded(pointer, old.get(pointer, "")),
            "new": _worded(pointer, new.get(pointer, "")),
        }
        for pointer in dict.fromkeys((*new, *old))
        if old.get(pointer, "") != new.get(pointer, "")
    ]


def content_digest(content: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        if all(isinstance(one, str) for one in value):
            yield pointer_of(path), " ".join(value)
            return
        for at, inner in enumerate(value):
            yield from _flat(inner, (*path, str(at)))
    elif value is not None:
        yield pointer_of(path), str(value)


def _worded(pointer: str, text: str) -> str:
    return options_at(pointer).get(text, text)
