"""Correcting a case by hand: the whole case as a form while it is ready, its blocked documents afterwards.

A form is a list of cells; each is named by the JSON pointer of what it holds, so a fault finds its cell. What is shown
is unmasked, so opening the form is audited. Storing is ``intake.receive.correct_case``, the same as over the API.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from .calendar import local_time, parse_instant
from .cases import find_case
from .errors import RuleViolation
from .intake.case import canonical_json
from .intake.changes import case_changes, content_digest
from .intake.receive import correct_case
from .intake.schema import parse_case
from .intake.wording import field_name, options_at, pointer_of
from .lifecycle import CaseState, DocumentState
from .models import Case, Document
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["NEW_FIELDS", "Cell", "Form", "Preview", "Section", "preview", "read_form", "save"]

#: empty rows for further fields of a document
NEW_FIELDS: Final = 2
#: longer texts get several lines
_LONG: Final = 24
_NOWHERE: Final = "—"
_ITEM: Final = ("code", "name", "promised_working_days", "sensitivity")
_APPLICANT: Final = ("type", "name", "id_type", "id_no", "phone", "contact")
_DOCUMENT: Final = (
    "kind", "source", "title", "copy", "number", "object_no", "holder", "signer_policy", "valid_from", "valid_until",
)  # fmt: skip
_RECIPIENT: Final = (
    "name", "organization", "phone", "relation", "authorization", "division_code", "region", "address",
)  # fmt: skip
_DEFAULTS: Final = {
    "sensitivity": "normal",
    "signer_policy": "authorized",
    "relation": "self",
}
_KINDS: Final = {
    "promised_working_days": "number", "accepted_at": "moment", "decided_at": "moment", "valid_from": "date",
    "valid_until": "date", "region": "region", "expected": "lines",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One input: ``pointer`` names it, ``kind`` is text, long, number, date, moment, region, lines or choice."""

    pointer: str
    label: str
    value: str
    kind: str = "text"
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """Cells that belong together; ``document``: position of the document they describe; ``why``: what blocked it."""

    title: str
    cells: tuple[Cell, ...]
    document: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Form:
    """What may be corrected now. ``whole``: the case is ready; else only its blocked documents. ``seen``: digest of the
    content the form was made from. ``body``: that content, without nulls."""

    acceptance_no: str
    item: str
    whole: bool
    seen: str
    sections: tuple[Section, ...]
    body: dict[str, Any]


@dataclass(frozen=True)
class Preview:
    """What would change: ``changes`` as ``{pointer, name, old, new}``; ``digest`` of the content that was looked at."""

    changes: tuple[dict[str, str], ...]
    digest: str


# -- the form ------------------------------------------------------------------------------------------------------
def read_form(services: Services, actor: Actor, acceptance_no: str) -> Form:
    """The form for this case. ``NotFound``; ``RuleViolation('not_correctable')`` when nothing may be corrected now."""
    actor.require(Scope.CASES)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no)
        blocked = _blocked(work, case)
        whole = case.state == CaseState.READY
        if not whole and not blocked:
            raise RuleViolation("not_correctable", "办件已经出件，且没有制证受阻的证件，不能再更正。")
        body = _without_nulls(work.open(case, "body"))
        work.audit("case_revealed", "case", case.id)
    sections = _whole(body) if whole else ()
    sections += tuple(
        _document(body, at, blocked.get(at, ""))
        for at in range(len(body["documents"]))
        if whole or at in blocked
    )
    return Form(case.acceptance_no, case.item_name, whole, case.content_hash, sections, body)


def _blocked(work: Work, case: Case) -> dict[int, str]:
    rows = select(Document).where(
        Document.case_id == case.id, Document.live, Document.state == str(DocumentState.BLOCKED)
    )
    return {row.position: row.reason or "" for row in work.session.scalars(rows)}


def _without_nulls(value: Any) -> Any:
    """A member without a value is left out, as the schema wants it."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _whole(body: Mapping[str, Any]) -> tuple[Section, ...]:
    matter = [
        *_cells(body, ("item",), _ITEM),
        *_cells(body, ("department",), ("name", "division_code")),
        *_cells(body, (), ("decision", "accepted_at", "decided_at")),
    ]
    way = [
        *_cells(body, ("delivery",), ("method", "point", "payer")),
        *_cells(body, ("delivery", "recipient"), _RECIPIENT),
    ]
    sections = [
        Section("办件", tuple(matter)),
        Section("申请人", tuple(_cells(body, ("applicant",), _APPLICANT))),
        Section("怎么送、送给谁", tuple(way)),
    ]
    if "materials_in" in body:
        cells = _cells(body, ("materials_in",), ("carrier", "waybill_no", "expected"))
        sections.append(Section("申请材料寄送", tuple(cells)))
    return tuple(sections)


def _document(body: Mapping[str, Any], at: int, why: str) -> Section:
    wanted = body["documents"][at]
    cells = _cells(body, ("documents", str(at)), _DOCUMENT)
    for name, value in wanted.get("fields", {}).items():
        pointer = pointer_of(("documents", str(at), "fields", name))
        long = len(value) > _LONG or "\n" in value
        cells.append(Cell(pointer, name, value, "long" if long else "text"))
    if "recipient" in wanted:
        cells += _cells(body, ("documents", str(at), "recipient"), _RECIPIENT)
    return Section(f"第 {at + 1} 份证件：{wanted['title']}", tuple(cells), at, why)


def _cells(body: Mapping[str, Any], path: tuple[str, ...], names: Sequence[str]) -> list[Cell]:
    holder = _at(body, path) or {}
    return [_cell(pointer_of((*path, name)), name, holder.get(name)) for name in names]


def _cell(pointer: str, name: str, value: Any) -> Cell:
    choices, kind = options_at(pointer), _KINDS.get(name, "text")
    if name == "payer":  # unsaid is a value of its own: then the rule of item and area decides
        choices = {"": "没有写明，按规定"} | choices
    # the section says which document it is
    label = re.sub(r"^第 \d+ 份证件的", "", field_name(pointer))
    if choices:
        return Cell(pointer, label, str(value or _DEFAULTS.get(name, "")), "choice", choices)
    return Cell(pointer, label, _shown(kind, value), kind)


def _shown(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "moment":
        return _local(str(value))
    if kind == "region":
        return " ".join(part or _NOWHERE for part in value)
    return "\n".join(value) if kind == "lines" else str(value)


def _local(text: str) -> str:
    """The clock on the wall here, as ``datetime-local`` wants it."""
    moment = parse_instant(text)
    return f"{local_time(moment):%Y-%m-%dT%H:%M}" if moment else text


def _at(body: Any, path: Sequence[str]) -> Any:
    for part in path:
        body = (
            body[int(part)] if isinstance(body, list) else body.get(part) if isinstance(body, dict) else None
        )
    return body


# -- what was typed ------------------------------------------------------------------------------------------------
def _rebuilt(form: Form, typed: Mapping[str, str]) -> dict[str, Any]:
    """The case with what was typed in its cells. Cells that did not come back stay as they are."""
    body = copy.deepcopy(form.body)
    for section in form.sections:
        for cell in section.cells:
            if cell.pointer in typed and typed[cell.pointer] != cell.value:
                _put(body, cell, typed[cell.pointer].strip())
        if section.document is not None:
            _add_fields(body["documents"][section.document], section.document, typed)
    _drop_empty_people(body)
    if form.whole:
        kept = [d for at, d in enumerate(body["documents"]) if typed.get(f"/documents/{at}/drop") != "yes"]
        body["documents"] = kept
    return body


def _put(body: dict[str, Any], cell: Cell, text: str) -> None:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in cell.pointer.split("/")[1:]]
    holder: Any = body
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
    if text:
        holder[parts[-1]] = _value(cell.kind, text)
    else:
        holder.pop(parts[-1], None)


def _value(kind: str, text: str) -> Any:
    if kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text
    if kind == "moment":
        return f"{text}:00+08:00" if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text) else text
    if kind == "region":
        return ["" if part == _NOWHERE else part for part in text.split()]
    if kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text


def _add_fields(document: dict[str, Any], at: int, typed: Mapping[str, str]) -> None:
    for n in range(NEW_FIELDS):
        name = typed.get(f"/documents/{at}/new/{n}/name", "").strip()
        if name:
            document.setdefault("fields", {})[name] = typed.get(f"/documents/{at}/new/{n}/value", "").strip()


def _drop_empty_people(body: dict[str, Any]) -> None:
    """A recipient of whom nothing is left but the defaults of two selects is none."""
    for holder in (body["delivery"], *body["documents"]):
        if not set(holder.get("recipient", {})) - {"relation"}:
            holder.pop("recipient", None)


# -- looking and storing -------------------------------------------------------------------------------------------
def preview(services: Services, form: Form, typed: Mapping[str, str]) -> Preview:
    """What would change; ``Invalid`` with every fault, pointers naming the cells."""
    obj = _rebuilt(form, typed)
    approval = parse_case(obj, now=services.clock.now())
    changes = case_changes(form.body, _without_nulls(approval.model_dump(mode="json")))
    return Preview(tuple(changes), content_digest(canonical_json(obj)))


def save(services: Services, actor: Actor, form: Form, typed: Mapping[str, str], agreed: str) -> bool:
    """Store what was looked at; False when something else was typed since, so that it must be looked at first.

    Raises what ``correct_case`` raises; ``RuleViolation('changed_meanwhile')`` when the case is no longer the one seen.
    """
    obj = _rebuilt(form, typed)
    if content_digest(canonical_json(obj)) != agreed:
        return False
    correct_case(services, actor, form.acceptance_no, obj, seen=typed.get("seen", form.seen))
    return True
