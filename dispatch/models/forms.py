"""Sheets we print and get back signed: their numbers, and uploads that wait to be told apart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = ["FormCounter", "ManifestTicket", "PaperForm", "Upload", "UploadPart"]


class FormCounter(Base):
    """The last serial given to a kind of sheet on a day."""

    __tablename__ = "form_counters"

    kind: Mapped[str] = mapped_column(String(2), primary_key=True)
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class PaperForm(Base):
    """A numbered sheet and what it belongs to; a blank one belongs to nothing until somebody says so. A thing may have a
    printed one and a blank one that became its own.

    ``covers``: ids of the documents one sheet stands for, parted by blanks; empty where the subject says it.
    """

    __tablename__ = "paper_forms"
    __table_args__ = (Index("ix_paper_forms_subject", "subject_kind", "subject_id"),)

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(2))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(26))
    division_code: Mapped[str] = mapped_column(String(12))
    covers: Mapped[str] = mapped_column(String(1000), default="")
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(120))


class Upload(Base):
    """A file of scans as it came in, kept whole and encrypted until every part of it has found its place."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    division_code: Mapped[str] = mapped_column(String(12))
    filename: Mapped[bytes] = mapped_column(Sealed)
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    blob: Mapped[str] = mapped_column(String(120))
    pages: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[str] = mapped_column(String(120))


class UploadPart(Base):
    """Pages ``first`` to ``last`` of an upload that show one sheet. ``state``: waiting, attached or dropped."""

    __tablename__ = "upload_parts"
    __table_args__ = (Index("ix_upload_parts_waiting", "state", "division_code"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    first: Mapped[int]
    last: Mapped[int]
    guess: Mapped[str] = mapped_column(String(40), default="")  # what the codes on it suggest
    reason: Mapped[str] = mapped_column(String(24), default="")  # why it waits; key of uploads.REASONS
    state: Mapped[str] = mapped_column(String(8))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_by: Mapped[str | None] = mapped_column(String(120))


class ManifestTicket(Base):
    """The one-time code on a printed hand-over list; ``key`` is the SHA-256 of its 128-bit secret."""

    __tablename__ = "manifest_tickets"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    manifest_id: Mapped[str] = mapped_column(ForeignKey("manifests.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
