"""What one shift left to the next, and papers that were set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["Charge", "RedTray", "Shift", "ShiftItem"]


class Shift(Base):
    """A named colleague took over what was left. Append-only, like its items."""

    __tablename__ = "shifts"
    __table_args__ = (Index("ix_shifts_office", "division_code", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    division_code: Mapped[str] = mapped_column(String(12))
    given_by: Mapped[str] = mapped_column(String(120))
    taken_by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(String(200), default="")


class ShiftItem(Base):
    """One thing that was taken over, as it stood then. ``kind`` and ``ref``: as ``dispatch.shift`` names it; ``owner``: who
    had it before."""

    __tablename__ = "shift_items"

    shift_id: Mapped[str] = mapped_column(ForeignKey("shifts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    ref: Mapped[str] = mapped_column(String(26), index=True)
    acceptance_no: Mapped[str] = mapped_column(String(40), default="")
    what: Mapped[str] = mapped_column(String(160))
    why: Mapped[str] = mapped_column(String(240), default="")
    place: Mapped[str] = mapped_column(String(20), default="")
    owner: Mapped[str] = mapped_column(String(120), default="")


class Charge(Base):
    """Who answers for a thing now, since a shift end; ``shift_id`` guards every change. Gone with the next shift end after
    the thing is done."""

    __tablename__ = "charges"
    __table_args__ = (Index("ix_charges_holder", "holder"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12))
    holder: Mapped[str] = mapped_column(String(120))
    shift_id: Mapped[str] = mapped_column(ForeignKey("shifts.id"))


class RedTray(Base):
    """红盘: a paper set aside because something is wrong with it, until somebody has looked into it. ``document_id`` is
    empty for a paper nobody can place; ``place_before``: the shelf it came from."""

    __tablename__ = "red_trays"
    __table_args__ = (
        Index(
            "uq_red_trays_open",
            "document_id",
            unique=True,
            sqlite_where=text("taken_at IS NULL"),
            postgresql_where=text("taken_at IS NULL"),
        ),
        Index("ix_red_trays_office", "division_code", "taken_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    division_code: Mapped[str] = mapped_column(String(12))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(200), default="")
    place_before: Mapped[str] = mapped_column(String(20), default="")
    put_at: Mapped[datetime] = mapped_column(Moment)
    put_by: Mapped[str] = mapped_column(String(120))
    taken_at: Mapped[datetime | None] = mapped_column(Moment)
    taken_by: Mapped[str | None] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(200), default="")
