"""Scans and photos that belong to something: a signed receipt, a paper sheet, an authorization."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["Attachment"]


class Attachment(Base):
    """A picture or PDF somebody took of a paper; the bytes lie in the blob store, create-only.

    ``kind`` says what it shows (``dispatch.attachments.KINDS``); ``subject_kind`` and ``subject_id`` what it belongs to.
    """

    __tablename__ = "attachments"
    __table_args__ = (Index("ix_attachments_subject", "subject_kind", "subject_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(24))
    subject_kind: Mapped[str] = mapped_column(
        String(16)
    )  # case | document | consignment | manifest | sheet | handover
    subject_id: Mapped[str] = mapped_column(String(26))
    division_code: Mapped[str] = mapped_column(String(12))
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    blob: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(200), default="")
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[str] = mapped_column(String(120))
