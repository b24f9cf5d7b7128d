"""Numbered blank stock: forms that come printed and numbered, each of which must be accounted for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["BlankCount", "BlankForm", "BlankReceipt"]


class BlankReceipt(Base):
    """领用: forms ``first`` to ``last`` (digits as printed, after ``prefix``) of one kind came from ``source``."""

    __tablename__ = "blank_receipts"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    office: Mapped[str] = mapped_column(String(12), index=True)
    kind: Mapped[str] = mapped_column(String(120))
    prefix: Mapped[str] = mapped_column(String(12))
    first: Mapped[str] = mapped_column(String(16))
    last: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int]
    source: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(120))


class BlankForm(Base):
    """One numbered form. ``state``: stock, used (by ``document_id``), spoiled (kept to be destroyed), destroyed.

    ``kind``: the title it is for, with the copy where only that copy stands on it. ``code``: its number as printed.
    ``changed_at``, ``changed_by``, ``reason``, ``second``: the last change of its state.
    """

    __tablename__ = "blank_forms"
    __table_args__ = (Index("ix_blank_forms_kind", "kind", "state", "code"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    receipt_id: Mapped[str] = mapped_column(String(26), index=True)
    office: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    # no foreign key: what became of the form outlives a document that is taken out again
    document_id: Mapped[str | None] = mapped_column(String(26), index=True)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(200), default="")
    second: Mapped[str] = mapped_column(String(120), default="")


class BlankCount(Base):
    """盘点: what should have been there and what was; ``missing`` and ``extra`` name the differences, one a line."""

    __tablename__ = "blank_counts"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    office: Mapped[str] = mapped_column(String(12), index=True)
    kind: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(120))
    second: Mapped[str] = mapped_column(String(120))
    expected: Mapped[int]
    counted: Mapped[int]
    missing: Mapped[str] = mapped_column(Text)
    extra: Mapped[str] = mapped_column(Text)
