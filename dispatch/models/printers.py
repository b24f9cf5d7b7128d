"""The office's printers for forms, and how far each prints beside the mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["Printer"]


class Printer(Base):
    """``right``, ``down``: how far a print onto a form is moved, in tenths of a millimetre; below zero left and up."""

    __tablename__ = "printers"
    __table_args__ = (UniqueConstraint("office", "name"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    office: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(40))
    right: Mapped[int]
    down: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(String(120))
