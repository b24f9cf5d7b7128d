"""Shapes of request bodies. They check what comes in and are printed in the OpenAPI document; the case itself has its
own schema (``dispatch/data/case.schema.json``) and its own checks in ``dispatch.intake``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "Binding",
    "Body",
    "Holding",
    "Manifest",
    "PackCheck",
    "PrintBatch",
    "PrintConfirm",
    "Reason",
    "Revocation",
    "Scans",
    "Supersession",
    "Track",
    "Verify",
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Code = Annotated[str, StringConstraints(max_length=2048)]


class Body(BaseModel):
    """Base: unknown members are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Reason(Body):
    """``{reason}``: why."""

    reason: Text


class Holding(Reason):
    """Why a case is held back, and the day (YYYY-MM-DD) on which somebody looks again."""

    until: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


class Revocation(Body):
    """The end of a document's validity."""

    kind: Literal["withdrawn", "revoked", "cancelled", "penalty", "void"]
    reason: Text
    organ: Short
    decision_no: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = ""


class Supersession(Body):
    """A corrected document in place of this one; ``document`` as in the case schema."""

    reason: Text
    document: dict[str, Any]


class PrintBatch(Body):
    """Documents for one PDF; ``reason`` where an original is printed a second time, ``spoiled_sheet`` the number of the
    sheet it takes the place of."""

    document_ids: Annotated[list[Id], Field(min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    spoiled_sheet: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24)] = ""


class PrintConfirm(Body):
    """Which came out of the printer well and which did not."""

    printed: Annotated[list[Id], Field(max_length=200)] = []
    spoiled: Annotated[list[Id], Field(max_length=200)] = []


class Binding(Body):
    """A code that stands on the paper itself."""

    document_id: Id
    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)]


class PackCheck(Body):
    """Label and paper as scanned. For a thing made elsewhere: ``object_tail``, its last characters, or a second person
    (``second_who``: badge or name, ``second_pin``) where nothing stands on it."""

    label: Code
    paper: Code
    object_tail: Annotated[str, StringConstraints(max_length=40)] | None = None
    second_who: Annotated[str, StringConstraints(max_length=64)] | None = None
    second_pin: Annotated[str, StringConstraints(max_length=12)] | None = None


class Manifest(Body):
    """A hand-over list of packed consignments: the named ones, or all of this carrier."""

    carrier: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    consignment_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None
    all_packed: bool = False


class Scans(Body):
    """Up to 500 scans; each is judged by itself, so a bad one does not refuse the others."""

    sent_at: Annotated[str, StringConstraints(max_length=64)]
    scans: Annotated[list[Any], Field(max_length=500)]


class Query(Body):
    """One thing to verify: exactly one of token, document_id, sha256, or document_no with holder_tail."""

    token: Any = None
    document_id: Any = None
    sha256: Any = None
    document_no: Any = None
    holder_tail: Any = None


class Verify(Query):
    """A single check, or with a key ``items``."""

    items: list[Any] | None = None


class Track(Body):
    """Where is it: acceptance number and the last four digits of the phone on file."""

    acceptance_no: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    phone_tail: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{4}$")]
