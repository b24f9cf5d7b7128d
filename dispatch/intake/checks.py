"""What a case must satisfy beyond its shape.

Works on the content as received and only on parts that are in order, so that a wrong phone, a wrong check
character and an impossible date come back in one answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ..calendar import local_date, parse_date, parse_instant
from ..errors import Fault
from . import divisions
from .case import Case, Document, Recipient, canonical_json
from .identifiers import resident_id_fault, uscc_fault
from .phones import parse_phone
from .wording import fault

__all__ = [
    "EARLIEST_DAY",
    "LATEST_DAY",
    "MAX_DOCUMENTS",
    "check_case",
    "check_document",
    "looks_mangled",
    "notices",
]

# What two bytes of days since 2020-01-01 can say in a token; 0 there means no last day.
EARLIEST_DAY = date(2020, 1, 1)
LATEST_DAY = date(2199, 6, 6)
MAX_DOCUMENTS = 20
# Nothing decided before the administrative licensing law's time is sent out by this office.
_EARLIEST_INSTANT_YEAR = 1970

_MANGLED = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,3}\Z", re.ASCII)
_ROUNDED = re.compile(r"[0-9]{15}000\Z", re.ASCII)
_LOST = re.compile("[?？□■�]")

_ID_HINTS = {
    "resident_id": "居民身份证号码是 18 位，末位可以是 X。请按证件填写。",
    "uscc": "统一社会信用代码是 18 位数字和大写字母。请按执照填写。",
}
# Names and numbers that are compared or printed: a blank at either end makes two of one.
_TRIMMED = (
    "/item/code",
    "/item/name",
    "/department/name",
    "/applicant/name",
    "/applicant/id_no",
    "/applicant/contact",
    "/applicant/phone",
    "/delivery/point",
)
_TRIMMED_DOCUMENT = ("/title", "/copy", "/number", "/object_no", "/holder")
_TRIMMED_RECIPIENT = ("/name", "/organization", "/phone")
_NUMBERS = ("/applicant/id_no", "/applicant/phone")
_NUMBERS_DOCUMENT = ("/number", "/object_no")


def looks_mangled(text: str) -> bool:
    """Whether a spreadsheet turned a long number into scientific notation: 3.30727E+17."""
    return _MANGLED.match(text) is not None


@dataclass
class _Look:
    """The content, the pointers already faulted, and the faults found here. One fault per pointer."""

    content: object
    broken: set[str]
    faults: list[Fault] = field(default_factory=list)

    def at(self, pointer: str) -> object:
        """The value at ``pointer``; None when it is absent, faulted, or inside something faulted."""
        node, walked = self.content, ""
        for part in pointer.split("/")[1:]:
            walked += "/" + part
            if walked in self.broken:
                return None
            if isinstance(node, Mapping):
                node = node.get(part)
            elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
                node = node[int(part)]
            else:
                return None
        return node

    def text(self, pointer: str) -> str | None:
        value = self.at(pointer)
        return value if isinstance(value, str) else None

    def add(self, pointer: str, code: str, *, text: str | None = None, **details: object) -> None:
        if pointer not in self.broken:
            self.broken.add(pointer)
            self.faults.append(fault(pointer, code, text=text, **details))


def check_case(content: Mapping[str, object], broken: set[str], now: datetime | None) -> list[Fault]:
    """Faults of a case's content beyond its shape; ``broken`` are the pointers already known to be wrong.
    Without ``now`` nothing is said about the future."""
    look = _Look(content, set(broken))
    _trimmed(look, _TRIMMED)
    _unmangled(look, (*_NUMBERS, "/materials_in/waybill_no"))
    _identity(look, local_date(now) if now is not None else LATEST_DAY)
    _phone(look, "/applicant/phone")
    _division(look, "/department/division_code")
    _times(look, now)
    documents = look.at("/documents")
    for place in range(min(len(documents), MAX_DOCUMENTS) if isinstance(documents, list) else 0):
        _document(look, f"/documents/{place}", place)
    _delivery(look)
    _length(look, "/documents", 1, MAX_DOCUMENTS)
    _no_twins(look)
    return look.faults


def check_document(content: object, broken: set[str], prefix: str) -> list[Fault]:
    """The same for one document standing alone at ``prefix`` (one level, such as ``/document``)."""
    look = _Look({prefix.lstrip("/"): content}, set(broken))
    _document(look, prefix, 0)
    return look.faults


def _trimmed(look: _Look, pointers: tuple[str, ...], prefix: str = "") -> None:
    for pointer in pointers:
        value = look.text(prefix + pointer)
        if value is not None and value != value.strip():
            look.add(prefix + pointer, "surrounding_space")


def _unmangled(look: _Look, pointers: tuple[str, ...], prefix: str = "") -> None:
    for pointer in pointers:
        if looks_mangled(look.text(prefix + pointer) or ""):
            look.add(prefix + pointer, "excel_number")


def _identity(look: _Look, today: date) -> None:
    pointer, kind = "/applicant/id_no", look.text("/applicant/id_type")
    number = look.text(pointer)
    if number is None or kind not in _ID_HINTS:
        return
    code = resident_id_fault(number, today) if kind == "resident_id" else uscc_fault(number)
    if code is not None and _ROUNDED.match(number):
        look.add(pointer, "excel_number")
    elif code is not None:
        look.add(pointer, code, hint=_ID_HINTS[kind])


def _phone(look: _Look, pointer: str) -> None:
    value = look.text(pointer)
    if value is not None and parse_phone(value) is None:
        look.add(pointer, "phone")


def _division(look: _Look, pointer: str) -> None:
    value = look.text(pointer)
    if value is not None and not divisions.is_known(value):
        look.add(pointer, "unknown_division")


def _times(look: _Look, now: datetime | None) -> None:
    accepted = parse_instant(look.text("/accepted_at") or "")
    decided = parse_instant(look.text("/decided_at") or "")
    for pointer, moment in (("/accepted_at", accepted), ("/decided_at", decided)):
        if moment is not None and moment.year < _EARLIEST_INSTANT_YEAR:
            look.add(pointer, "out_of_range", least="1970-01-01", most="明天")
    if decided is not None and now is not None and decided > now + timedelta(days=1):
        look.add("/decided_at", "in_future")
    if accepted is not None and decided is not None and accepted > decided:
        look.add("/accepted_at", "decided_before_accepted")


def _document(look: _Look, prefix: str, place: int) -> None:
    _trimmed(look, _TRIMMED_DOCUMENT, prefix)
    _unmangled(look, _NUMBERS_DOCUMENT, prefix)
    kind, source = look.text(prefix + "/kind"), look.text(prefix + "/source")
    if kind is not None and source is not None and (kind == "physical") != (source == "physical"):
        look.add(prefix + "/source", "kind_source")
    _validity(look, prefix, place)
    if look.at(prefix + "/recipient") is not None:
        _recipient(look, prefix + "/recipient")


def _validity(look: _Look, prefix: str, place: int) -> None:
    start = _day(look, prefix + "/valid_from", EARLIEST_DAY, "请核对日期。")
    until = _day(look, prefix + "/valid_until", EARLIEST_DAY + timedelta(days=1), "长期有效的请留空。")
    if start is not None and until is not None and until < start:
        look.add(prefix + "/valid_until", "valid_order", index=place + 1)


def _day(look: _Look, pointer: str, least: date, hint: str) -> date | None:
    day = parse_date(look.text(pointer) or "")
    if day is not None and not least <= day <= LATEST_DAY:
        look.add(pointer, "out_of_range", least=least, most=LATEST_DAY, hint=hint)
        return None
    return day


def _length(look: _Look, pointer: str, least: int, most: int) -> None:
    value = look.at(pointer)
    if isinstance(value, list) and not least <= len(value) <= most:
        look.add(pointer, "too_few" if len(value) < least else "too_many", least=least, most=most)


def _recipient(look: _Look, prefix: str) -> None:
    _length(look, prefix + "/region", 3, 4)
    _trimmed(look, _TRIMMED_RECIPIENT, prefix)
    _unmangled(look, ("/phone",), prefix)
    _phone(look, prefix + "/phone")
    _division(look, prefix + "/division_code")


def _delivery(look: _Look) -> None:
    method = look.text("/delivery/method")
    if method in ("express", "door", "point") and look.at("/delivery/recipient") is None:
        look.add("/delivery/recipient", "required")
    if method == "point" and not look.text("/delivery/point"):
        look.add("/delivery/point", "required")
    if look.at("/delivery/recipient") is not None:
        _recipient(look, "/delivery/recipient")


def _no_twins(look: _Look) -> None:
    """At most one live document per title, copy, holder and recipient of a case: two alike could not both
    live."""
    documents = look.at("/documents")
    applicant = look.text("/applicant/name")
    seen: dict[bytes, int] = {}
    for place, document in enumerate(documents if isinstance(documents, list) else []):
        pointer = f"/documents/{place}"
        if not isinstance(document, Mapping) or any(p.startswith(pointer + "/") for p in look.broken):
            continue
        recipient = document.get("recipient")
        to = {"relation": "self", **recipient} if isinstance(recipient, Mapping) else None
        holder = document.get("holder") or applicant
        key = canonical_json([document.get("title"), document.get("copy") or "", holder, to])
        if key in seen:
            look.add(pointer, "duplicate_document", other=seen[key] + 1)
        seen.setdefault(key, place)


# -- what holds nothing up -------------------------------------------------------------------------
def notices(case: Case) -> tuple[Fault, ...]:
    """What a person should look at in a case that is in order: new towns, abolished counties, lost
    characters."""
    return tuple(_notices(case))


def _notices(case: Case) -> Iterator[Fault]:
    yield from _division_notices("/department/division_code", case.department.division_code)
    yield from _name_notices("/applicant/name", case.applicant.name)
    for place, document in enumerate(case.documents):
        yield from _document_notices(f"/documents/{place}", document)
    if case.delivery.recipient is not None:
        yield from _recipient_notices("/delivery/recipient", case.delivery.recipient)


def _document_notices(prefix: str, document: Document) -> Iterator[Fault]:
    yield from _name_notices(prefix + "/holder", document.holder or "")
    if document.recipient is not None:
        yield from _recipient_notices(prefix + "/recipient", document.recipient)


def _recipient_notices(prefix: str, recipient: Recipient) -> Iterator[Fault]:
    yield from _name_notices(prefix + "/name", recipient.name)
    yield from _division_notices(prefix + "/division_code", recipient.division_code)
    table = divisions.builtin()
    province, _, county, _ = table.region_of(recipient.division_code)
    pairs = ((province, recipient.region[0]), (county, recipient.region[2]))
    if any(known and given and known != given for known, given in pairs):
        yield fault(prefix + "/region", "region_differs")


def _division_notices(pointer: str, code: str) -> Iterator[Fault]:
    table = divisions.builtin()
    retired = table.retired.get(code[:6])
    if retired is not None:
        yield fault(
            pointer, "retired_division", successor=f"{retired.successor} {table.name_of(retired.successor)}"
        )
    elif not table.knows_town(code):
        yield fault(pointer, "unknown_town")


def _name_notices(pointer: str, name: str) -> Iterator[Fault]:
    if _LOST.search(name):
        yield fault(pointer, "lost_character")
