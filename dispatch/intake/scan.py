"""The first look at what came in: is it JSON's kinds of values, of bearable size, in characters one can
print.

Runs before everything else and without recursion, so that no nesting can exhaust the stack. Line breaks and
tabs are allowed inside the printed content of a document and nowhere else.
"""

from __future__ import annotations

import math
import re

from ..errors import Fault
from .wording import fault, pointer_of

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_TEXT", "has_bad_character", "scan"]

MAX_DEPTH = 12
MAX_NODES = 20_000
MAX_TEXT = 2_000_000

# Control characters, unpaired surrogates, line and paragraph separators, direction overrides and other
# invisible marks with which one name can be made to look like another, U+FFFD (a character already lost),
# non-characters.
_BAD = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufdd0-\ufdef\ufeff\ufff9-\uffff]"
)
_LINE_BREAKS = re.compile("[\t\n\r]")

Path = tuple[object, ...]


def has_bad_character(text: str, *, lines: bool = False) -> bool:
    """Whether ``text`` holds a character that must not be stored; ``lines`` allows tab, CR and LF."""
    return _BAD.search(_LINE_BREAKS.sub("", text) if lines else text) is not None


def _is_printed_content(path: Path) -> bool:
    return len(path) >= 2 and path[-2] == "fields"


def scan(value: object, prefix: Path = ()) -> list[Fault]:
    """Faults ``type``, ``bad_character``, ``too_large`` of a value as it came; ``prefix`` stands before
    pointers. After ``too_large`` nothing else should look at the value."""
    faults: list[Fault] = []
    pending: list[tuple[Path, object, int]] = [(prefix, value, 0)]
    nodes = letters = 0
    while pending:
        path, node, depth = pending.pop()
        nodes += 1
        letters += len(node) if isinstance(node, str) else 0
        if nodes > MAX_NODES or letters > MAX_TEXT or depth > MAX_DEPTH:
            return [fault("", "too_large")]
        found = _look(path, node)
        if found is not None:
            faults.append(found)
        if isinstance(node, dict):
            letters += sum(len(key) for key in node if isinstance(key, str))
            faults += [f for key in node if (f := _look_at_key(path, key)) is not None]
            pending += [((*path, key), inner, depth + 1) for key, inner in node.items()]
        elif isinstance(node, list):
            pending += [((*path, place), inner, depth + 1) for place, inner in enumerate(node)]
    return faults


def _look(path: Path, node: object) -> Fault | None:
    if type(node) is str:
        bad = has_bad_character(node, lines=_is_printed_content(path))
        return fault(pointer_of(path), "bad_character") if bad else None
    if type(node) is float and not math.isfinite(node):
        return fault(pointer_of(path), "type", wanted="有限的数字")
    if node is None or type(node) in (bool, int, float, dict, list):
        return None
    return fault(pointer_of(path), "type", wanted="JSON 的值")


def _look_at_key(path: Path, key: object) -> Fault | None:
    if type(key) is not str:
        return fault(pointer_of(path), "type", wanted="以文字为名称的内容")
    return fault(pointer_of((*path, key)), "bad_character") if has_bad_character(key) else None
