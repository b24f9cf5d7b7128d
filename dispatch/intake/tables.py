"""Rows of the flat table to cases: rows with the same acceptance number are one case, a document each.

One bad row spoils its whole case, since half a case must never be sent out, and no other case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Fault
from . import divisions
from .cells import Bad, is_empty, value_of
from .columns import Column, Header
from .schema import faults_of
from .wording import fault, pointer_of

__all__ = ["Row", "join_rows"]


@dataclass(frozen=True)
class Row:
    """One case of a file: its first line (counted from 1), all its lines, and either the case as it would
    come through the API, still to be judged by ``parse_case``, or the faults for which there is none."""

    line: int
    case: dict[str, Any] | None
    faults: list[Fault]
    acceptance_no: str | None
    lines: tuple[int, ...] = ()


@dataclass
class _Line:
    """One row read: values by path, and faults by path with what the sentence needs."""

    number: int
    values: dict[tuple[str | int, ...], object] = field(default_factory=dict)
    bad: dict[tuple[str | int, ...], Bad] = field(default_factory=dict)

    @property
    def acceptance_no(self) -> str | None:
        value = self.values.get(("acceptance_no",))
        return value if isinstance(value, str) else None


def join_rows(header: Header, rows: Iterable[tuple[int, Sequence[object]]]) -> Iterator[Row]:
    """Cases in the order of their first rows; empty rows are passed over. The rows are all read before this
    returns, so that a file that breaks off is refused whole."""
    groups: dict[str | int, list[_Line]] = {}
    for number, cells in rows:
        if all(is_empty(cell) for cell in cells):
            continue
        line = _read(header, number, cells)
        groups.setdefault(line.acceptance_no or number, []).append(line)
    return (_case(lines) for lines in groups.values())


def _read(header: Header, number: int, cells: Sequence[object]) -> _Line:
    line = _Line(number)
    given: list[tuple[Column, object]] = [
        (column, cells[place] if place < len(cells) else None) for place, column in header.columns.items()
    ]
    for column, cell in (*given, *header.constants):
        if is_empty(cell):
            continue
        value = value_of(column, cell)
        if isinstance(value, Bad):
            line.bad[column.path] = value
        else:
            _put(line, column, value)
    return line


def _put(line: _Line, column: Column, value: object) -> None:
    """One cell may hold several printed fields; the same field in two columns must agree."""
    pairs = {column.path: value}
    if isinstance(value, dict):
        pairs = {(*column.path, name): text for name, text in value.items()}
    for path, single in pairs.items():
        if line.values.setdefault(path, single) != single:
            line.bad[path] = Bad("duplicate_member", "content_twice")


def _case(lines: list[_Line]) -> Row:
    tree: dict[str, Any] = {}
    faults: list[Fault] = []
    for place, line in enumerate(lines):
        _add(tree, faults, lines, place, line)
    _complete(tree)
    spared = _without_region(tree, faults)
    if faults or spared:
        faults = [one for one in faults_of(tree, faults) if one.pointer not in spared]
    first, number = lines[0], lines[0].acceptance_no
    return Row(first.number, None if faults else tree, faults, number, tuple(line.number for line in lines))


def _add(tree: dict[str, Any], faults: list[Fault], lines: list[_Line], place: int, line: _Line) -> None:
    tree.setdefault("documents", []).append({})
    for path, value in line.values.items():
        target = _in_case(path, place)
        if path[0] != "document" and place:
            _agree(faults, lines[:place], line, path)
        _set(tree, target, value)
    for path, bad in line.bad.items():
        target = _in_case(path, place)
        details = {"wanted": bad.wanted} | ({"choices": bad.choices} if bad.choices else {})
        faults.append(fault(pointer_of(target), bad.code, text=bad.text, **details))


def _agree(faults: list[Fault], before: list[_Line], line: _Line, path: tuple[str | int, ...]) -> None:
    """What belongs to the case may be written once or in every row, but not in two ways."""
    earlier = next((other for other in before if path in other.values), None)
    if earlier is not None and earlier.values[path] != line.values[path]:
        pointer = pointer_of(path)
        if all(known.pointer != pointer for known in faults):
            faults.append(fault(pointer, "rows_differ", other=earlier.number, line=line.number))


def _in_case(path: tuple[str | int, ...], place: int) -> tuple[str | int, ...]:
    return ("documents", place, *path[1:]) if path[0] == "document" else path


def _set(tree: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    node: Any = tree
    for part in path[:-1]:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    node[path[-1]] = value


def _complete(tree: dict[str, Any]) -> None:
    """What the table leaves to us: where a document comes from, and the names of a region."""
    for document in tree["documents"]:
        if "source" not in document and "kind" in document:
            document["source"] = "physical" if document["kind"] == "physical" else "compose"
        _complete_recipient(document.get("recipient"))
    _complete_recipient(tree.get("delivery", {}).get("recipient"))


def _without_region(tree: dict[str, Any], faults: Sequence[Fault]) -> set[str]:
    """Pointers of regions that are missing only because their code is wrong: one mistake is told once."""
    told = {one.pointer for one in faults}
    owners: list[tuple[tuple[object, ...], Any]] = [
        (("documents", at, "recipient"), document.get("recipient"))
        for at, document in enumerate(tree["documents"])
    ]
    owners.append((("delivery", "recipient"), tree.get("delivery", {}).get("recipient")))
    spared = set()
    for path, recipient in owners:
        if recipient is None or "region" in recipient:
            continue
        if recipient.get("division_code") or pointer_of((*path, "division_code")) in told:
            spared.add(pointer_of((*path, "region")))
    return spared


def _complete_recipient(recipient: dict[str, Any] | None) -> None:
    if recipient is None:
        return
    parts = recipient.get("region", {})
    code = recipient.get("division_code", "")
    if not parts and divisions.is_known(code):
        parts = dict(enumerate(divisions.region_of(code)))
    names = [parts.get(place, "") for place in range(4)]
    if any(names):
        recipient["region"] = names if names[3] else names[:3]
