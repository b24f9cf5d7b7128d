"""What was printed, sheet by sheet, and codes that stand on the paper itself."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["LabelJob", "LabelJobItem", "PaperCode", "PrintBatch", "PrintCounter", "PrintItem"]


class PrintBatch(Base):
    """Documents that go to the printer together. ``number``: month and day, running number of the office that day.

    ``sequence`` and ``total``: the batch whose order stands on the sheets, this one or the one whose rest it prints
    (``rest_of``), so that label and sheet keep the same number after a jam. ``second``: who stood beside at a reprint.
    """

    __tablename__ = "print_batches"
    __table_args__ = (
        UniqueConstraint("office", "day", "serial"),
        Index("ix_print_batches_day", "day", "office"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    office: Mapped[str] = mapped_column(String(12), default="", server_default="")
    # empty on batches of the time before batches had numbers
    day: Mapped[date | None]
    serial: Mapped[int | None]
    number: Mapped[str] = mapped_column(String(16), default="", server_default="", index=True)
    sequence: Mapped[str] = mapped_column(String(16), default="", server_default="")
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    rest_of: Mapped[str | None] = mapped_column(String(26), index=True)
    second: Mapped[str] = mapped_column(String(120), default="", server_default="")


class PrintCounter(Base):
    """The last running number of an office's print batches on a day."""

    __tablename__ = "print_counters"

    office: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class PrintItem(Base):
    """One document of a print batch, which is one sheet number. ``outcome`` empty until told, then printed, spoiled, or
    unprinted (never came out of the printer).

    ``no``: its place in the batch's sequence, counted from 1. ``paper``: A4, A4L (landscape), A3 … ``again``: the
    document was on paper before; ``instead_of``: the sheet number of what was spoiled; ``flag``: what the ledger warns
    of, ``no_sheet`` or ``alone``.
    """

    __tablename__ = "print_items"

    batch_id: Mapped[str] = mapped_column(ForeignKey("print_batches.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(12), default="")
    no: Mapped[int | None]
    consignment_id: Mapped[str | None] = mapped_column(String(26), index=True)
    paper: Mapped[str] = mapped_column(String(12), default="A4", server_default="A4")
    pages: Mapped[int] = mapped_column(default=1, server_default="1")
    again: Mapped[bool] = mapped_column(default=False, server_default="0")
    instead_of: Mapped[str] = mapped_column(String(24), default="", server_default="")
    flag: Mapped[str] = mapped_column(String(12), default="", server_default="")
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    told_by: Mapped[str] = mapped_column(String(120), default="", server_default="")


class LabelJob(Base):
    """Labels (or shelf slips) on their way to the label printer. ``state``: waiting, asking (somebody must look whether
    one came out), stopped, done. ``trouble``: a code of why it does not go on just now."""

    __tablename__ = "label_jobs"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    batch_id: Mapped[str] = mapped_column(ForeignKey("print_batches.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # label | slip
    actor: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(8))
    trouble: Mapped[str] = mapped_column(String(200), default="")


class LabelJobItem(Base):
    """One label of a job. ``state``: empty, sending (a worker is at it, or died there), sent."""

    __tablename__ = "label_job_items"

    job_id: Mapped[str] = mapped_column(ForeignKey("label_jobs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[str] = mapped_column(ForeignKey("consignments.id"))
    mark: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


class PaperCode(Base):
    """A code on the paper (印制流水号, its own QR text, a sticker): ``key`` is SHA-256 of its one spelling."""

    __tablename__ = "paper_codes"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # a case corrected before issue gets its documents anew; the code is free again with the old one
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    bound_at: Mapped[datetime] = mapped_column(Moment)
    bound_by: Mapped[str] = mapped_column(String(120))
