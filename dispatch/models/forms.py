"""Sheets we print and get back signed: their numbers, and uploads that wait to be told apart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment

__all__ = ["FormCounter", "PaperForm"]


class FormCounter(Base):
    """The last serial given to a kind of sheet on a day."""

    __tablename__ = "form_counters"

    kind: Mapped[str] = mapped_column(String(2), primary_key=True)
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class PaperForm(Base):
    """A numbered sheet and what it belongs to; a blank one belongs to nothing until somebody says so.

    ``covers``: ids of the documents one sheet stands for, parted by blanks; empty where the subject says it.
    """

    __tablename__ = "paper_forms"
    __table_args__ = (
        Index(
            "uq_paper_forms_subject",
            "kind",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=text("subject_id <> ''"),
            postgresql_where=text("subject_id <> ''"),
        ),
    )

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(2))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(26))
    division_code: Mapped[str] = mapped_column(String(12))
    covers: Mapped[str] = mapped_column(String(1000), default="")
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(120))
