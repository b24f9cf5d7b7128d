"""Documents, their numbers, the transparency log, validity requests."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = [
    "Document",
    "DocumentNumber",
    "DocumentType",
    "LogHead",
    "LogLeaf",
    "NumberCounter",
    "ValidityRequest",
]


class Document(Base):
    """One document of a case. ``id``: 10 random bytes as 16 BASE32 capitals, the token's id and the 查验码.

    ``record``: what the page is drawn from, once fixed. ``token_body``: the unsigned token, once fixed.
    """

    __tablename__ = "documents"
    __table_args__ = (
        # contract, section 9: one live document per title, copy, holder and recipient of a case
        Index(
            "uq_documents_live",
            "case_id",
            "title",
            "copy",
            "holder_key",
            "recipient_key",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(80))
    type_no: Mapped[int | None]
    copy: Mapped[str] = mapped_column(String(20), default="")
    department_name: Mapped[str] = mapped_column(String(80))
    number: Mapped[str | None] = mapped_column(String(80), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(400))
    live: Mapped[bool] = mapped_column(default=True)
    holder_key: Mapped[bytes]
    recipient_key: Mapped[bytes]
    signer_policy: Mapped[str] = mapped_column(String(12))
    denial: Mapped[bool]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    issued_on: Mapped[date | None]
    record: Mapped[bytes | None] = mapped_column(Sealed)
    token_body: Mapped[bytes | None] = mapped_column(Sealed)
    token_kid: Mapped[int | None]
    signature: Mapped[bytes | None]
    log_index: Mapped[int | None] = mapped_column(unique=True)
    pdf_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    pdf_blob: Mapped[str | None] = mapped_column(String(120))
    file_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    file_blob: Mapped[str | None] = mapped_column(String(120))
    consignment_id: Mapped[str | None] = mapped_column(ForeignKey("consignments.id"), index=True)
    replaced_by: Mapped[str | None] = mapped_column(String(16))
    valid_at: Mapped[datetime | None] = mapped_column(Moment)
    proofread_outcome: Mapped[str | None] = mapped_column(String(8))  # right | wrong
    proofread_by: Mapped[str | None] = mapped_column(String(120))
    proofread_at: Mapped[datetime | None] = mapped_column(Moment)
    proofread_note: Mapped[bytes | None] = mapped_column(Sealed)
    packed_at: Mapped[datetime | None] = mapped_column(Moment)
    packed_by: Mapped[str | None] = mapped_column(String(120))


class DocumentNumber(Base):
    """A number taken: given by the department at intake, or allotted at issue. Never taken twice."""

    __tablename__ = "document_numbers"

    department_name: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    copy: Mapped[str] = mapped_column(String(20), primary_key=True)
    origin: Mapped[str] = mapped_column(String(8))  # given | allotted
    document_id: Mapped[str] = mapped_column(String(16), index=True)
    year: Mapped[int | None]
    value: Mapped[int | None]


class NumberCounter(Base):
    """The last value allotted for a department, title and year: a row, not a sequence, so no gaps come of roll-backs."""

    __tablename__ = "number_counters"

    department_name: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(80), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class DocumentType(Base):
    """Numbers of document types in the token; append-only, published at /types.json."""

    __tablename__ = "document_types"

    type_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(80), unique=True)


class LogHead(Base):
    """The one row that hands out log indexes: dense, taken in the transaction that appends the leaf.

    ``frontier``: roots of the full subtrees, 32 bytes each, the largest first; with them the root is known without
    reading the leaves, and leaves changed later no longer agree with it.
    """

    __tablename__ = "log_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int]
    frontier: Mapped[bytes] = mapped_column(default=b"")


class LogLeaf(Base):
    """A leaf of the Merkle log: ``data`` is the type byte and SHA-256("DZ1\\0" ‖ body). Never updated."""

    __tablename__ = "log_leaves"

    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int]  # 0 document, 1 void
    data: Mapped[bytes]
    document_id: Mapped[str] = mapped_column(String(16), index=True)
    added_at: Mapped[datetime] = mapped_column(Moment)


class ValidityRequest(Base):
    """One person asked to end (or restore) a document's validity; a second one confirms by the same call."""

    __tablename__ = "validity_requests"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    act: Mapped[str] = mapped_column(String(12))  # revoke | suspend | reinstate | supersede
    kind: Mapped[str] = mapped_column(String(12), default="")
    reason: Mapped[bytes] = mapped_column(Sealed)
    organ: Mapped[str] = mapped_column(String(120), default="")
    decision_no: Mapped[str] = mapped_column(String(80), default="")
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_by: Mapped[str | None] = mapped_column(String(120))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
