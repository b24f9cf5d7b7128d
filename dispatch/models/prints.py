"""What was printed, and codes that stand on the paper itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["PaperCode", "PrintBatch", "PrintItem"]


class PrintBatch(Base):
    """Documents that go to the printer as one file. ``reason``: why an original is printed once more."""

    __tablename__ = "print_batches"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)


class PrintItem(Base):
    """One document of a print batch: ``outcome`` empty until told, then printed or spoiled."""

    __tablename__ = "print_items"

    batch_id: Mapped[str] = mapped_column(ForeignKey("print_batches.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(8), default="")


class PaperCode(Base):
    """A code on the paper (印制流水号, its own QR text, a sticker): ``key`` is SHA-256 of its one spelling."""

    __tablename__ = "paper_codes"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # a case corrected before issue gets its documents anew; the code is free again with the old one
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    bound_at: Mapped[datetime] = mapped_column(Moment)
    bound_by: Mapped[str] = mapped_column(String(120))
