"""The case as the acceptance platform hands it over: ``data/case.schema.json`` as frozen models.

These models say what has the right shape. What is beyond shape (check characters, known divisions, the
order of times) is ``checks``, and so is the length of lists: a list that is too long still has its members
judged; how the two are joined is ``schema.parse_case``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from ..calendar import parse_date, parse_instant
from ..errors import Fault

__all__ = [
    "ACCEPTANCE_NO",
    "DIVISION",
    "Applicant",
    "Case",
    "Delivery",
    "Department",
    "Document",
    "Item",
    "MaterialsIn",
    "Recipient",
    "canonical_json",
]

ACCEPTANCE_NO = r"^[0-9A-Za-z-]{6,40}$"
DIVISION = r"^[1-9][0-9]{5}([0-9]{3}([0-9]{3})?)?$"


def canonical_json(value: object) -> bytes:
    """UTF-8, keys sorted by code point, no white space; 5.0 and 5 are the same number."""
    text = json.dumps(
        _plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "date-time must be a string")
    moment = parse_instant(value)
    if moment is None:
        raise PydanticCustomError("date_time", "no RFC 3339 date-time with offset")
    return moment


def _day(value: object) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "date must be a string")
    day = parse_date(value)
    if day is None:
        raise PydanticCustomError("date", "no date YYYY-MM-DD")
    return day


def _integral(value: object) -> object:
    # JSON knows no integer type: 5.0 is as good as 5.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _given(value: object) -> object:
    # A member may be left out; written as null it has the wrong type.
    if value is None:
        raise PydanticCustomError("string_type", "null")
    return value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Instant = Annotated[datetime, BeforeValidator(_instant), Strict(False)]
Day = Annotated[date | None, BeforeValidator(_day)]
Division = Annotated[str, StringConstraints(pattern=DIVISION)]
NotNull = BeforeValidator(_given)
# Spreadsheets and forms send "" for what is not there.
Blank = BeforeValidator(_empty_is_none)


def _text(least: int, most: int) -> Any:
    return StringConstraints(min_length=least, max_length=most)


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, serialize_by_alias=True
    )


class Item(_Part):
    """The matter applied for. ``promised_working_days`` 0 is decided on the spot (即办件)."""

    code: Annotated[str, _text(1, 40)]
    name: Annotated[str, _text(1, 120)]
    promised_working_days: Annotated[int, Field(ge=0, le=365), BeforeValidator(_integral)]
    sensitivity: Literal["normal", "sensitive"] = "normal"


class Department(_Part):
    """Who decided."""

    name: Annotated[str, _text(2, 80)]
    division_code: Division


class Applicant(_Part):
    """Who applied; ``contact`` is whom to call in an organization."""

    type: Literal["person", "organization"]
    name: Annotated[str, _text(1, 200)]
    id_type: Literal["resident_id", "uscc", "passport", "hk_macao_taiwan", "foreign_permanent", "other"]
    id_no: Annotated[str, _text(4, 40)]
    contact: Annotated[Annotated[str, _text(0, 200)] | None, NotNull] = None
    phone: str


class Recipient(_Part):
    """Who receives an envelope. ``region``: province, city (may be empty), county, town."""

    name: Annotated[str, _text(1, 200)]
    organization: Annotated[Annotated[str, _text(0, 200)] | None, NotNull] = None
    phone: str
    relation: Literal[
        "self",
        "contact",
        "mailroom",
        "spouse",
        "child",
        "parent",
        "colleague",
        "representative",
        "designated",
        "guardian",
        "heir",
    ] = "self"
    authorization: Annotated[Annotated[str, _text(0, 120)] | None, NotNull] = None
    division_code: Division
    region: Annotated[tuple[str, ...], Strict(False)]
    address: Annotated[str, _text(2, 300)]


class Document(_Part):
    """One document of the case. ``copy_`` is ``copy`` outside (正本, 副本 …); ``number`` None: allotted at
    issue; ``holder`` None: the applicant; ``recipient``: this document goes to somebody else."""

    kind: Literal["certificate", "notice", "decision", "physical"]
    source: Literal["compose", "import", "physical"]
    title: Annotated[str, _text(2, 80)]
    copy_: Annotated[Annotated[str, _text(0, 20)] | None, Blank] = Field(default=None, alias="copy")
    number: Annotated[Annotated[str, _text(0, 60)] | None, Blank] = None
    object_no: Annotated[Annotated[str, _text(0, 40)] | None, Blank] = None
    holder: Annotated[Annotated[str, _text(0, 200)] | None, Blank] = None
    fields: dict[str, Annotated[str, _text(0, 4000)]] = Field(default_factory=dict)
    signer_policy: Literal["self", "authorized", "any"] = "authorized"
    valid_from: Day = None
    valid_until: Day = None
    recipient: Annotated[Recipient | None, NotNull] = None


class Delivery(_Part):
    """How the documents reach the applicant."""

    method: Literal["express", "door", "point", "counter", "on_the_spot", "electronic"]
    recipient: Annotated[Recipient | None, NotNull] = None
    point: Annotated[Annotated[str, _text(0, 120)] | None, NotNull] = None
    payer: Annotated[Literal["office", "recipient"] | None, NotNull] = None


class MaterialsIn(_Part):
    """Materials that the applicant mailed in."""

    carrier: str
    waybill_no: Annotated[str | None, NotNull] = None
    expected: Annotated[tuple[str, ...], Strict(False)] = ()


class Case(_Part):
    """A completed approval, checked. Made by ``schema.parse_case`` only, which sets what was received."""

    acceptance_no: Annotated[str, StringConstraints(pattern=ACCEPTANCE_NO)]
    item: Item
    department: Department
    applicant: Applicant
    decision: Literal["approved", "denied"]
    accepted_at: Instant
    decided_at: Instant
    documents: Annotated[tuple[Document, ...], Strict(False)]
    delivery: Delivery
    materials_in: Annotated[MaterialsIn | None, NotNull] = None

    _received: bytes = PrivateAttr(default=b"")
    _warnings: tuple[Fault, ...] = PrivateAttr(default=())

    @property
    def received(self) -> bytes:
        """Canonical JSON of the content as it came, defaults not filled in."""
        return self._received

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What a person should look at though it holds nothing up, in the shape of faults."""
        return self._warnings

    def content_hash(self) -> str:
        """SHA-256 in lower-case hex of ``received``: the order of keys makes no difference."""
        return hashlib.sha256(self._received).hexdigest()

    def attach(self, content: Mapping[str, object], warnings: tuple[Fault, ...]) -> Case:
        """The same case remembering what was received and what was noticed."""
        case = self.model_copy()
        case._received, case._warnings = canonical_json(content), warnings
        return case
