"""A day on paper: the printed register, which case stands on which of its lines, and what was entered from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = ["PaperEntry", "PaperLine", "PaperSheet"]


class PaperSheet(Base):
    """当日登记单: printed in the morning, written on while the network is down, entered afterwards. ``blanks``: empty lines
    below the printed ones."""

    __tablename__ = "paper_sheets"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    division_code: Mapped[str] = mapped_column(String(12), index=True)
    day: Mapped[date]
    blanks: Mapped[int]
    left_out: Mapped[int]  # cases that had no room on it
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(120))


class PaperLine(Base):
    """A line of a sheet: a case, and its envelope where it had one when the sheet was printed. ``by_hand``: written there
    by hand, known since somebody entered it."""

    __tablename__ = "paper_lines"

    sheet_id: Mapped[str] = mapped_column(ForeignKey("paper_sheets.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    consignment_id: Mapped[str | None] = mapped_column(String(26))
    by_hand: Mapped[bool]


class PaperEntry(Base):
    """One act written on a line. ``done_by`` and ``beside`` are accounts of who did it and of the second person on the
    paper; ``entered_by`` typed it. ``particulars``: who signed. ``outcome``: accepted, known (the
    system had it already), waiting or conflict; ``tries``: how many different contents were sent for it."""

    __tablename__ = "paper_entries"
    __table_args__ = (UniqueConstraint("sheet_id", "position", "act"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    sheet_id: Mapped[str] = mapped_column(ForeignKey("paper_sheets.id"), index=True)
    position: Mapped[int]
    act: Mapped[str] = mapped_column(String(12))
    happened_at: Mapped[datetime] = mapped_column(Moment)
    done_by: Mapped[str] = mapped_column(String(120))
    beside: Mapped[str] = mapped_column(String(120), default="")
    particulars: Mapped[bytes | None] = mapped_column(Sealed)
    outcome: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(String(400), default="")
    tries: Mapped[int] = mapped_column(default=1)
    scan_id: Mapped[str | None] = mapped_column(String(64), index=True)
    entered_at: Mapped[datetime] = mapped_column(Moment)
    entered_by: Mapped[str] = mapped_column(String(120))
