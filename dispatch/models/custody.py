"""Who holds each paper, who held it before, where it lies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["Custody", "CustodyEvent", "Handover", "HandoverItem"]


class Custody(Base):
    """The one holder of a paper now; ``seq`` is that of the newest event and guards every change.

    ``holder``: a member of staff, a department, a carrier's code, an envelope's or a point's id, as ``kind`` says.
    """

    __tablename__ = "custodies"
    __table_args__ = (Index("ix_custodies_holder", "division_code", "kind", "holder"),)

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(12))
    holder: Mapped[str] = mapped_column(String(120), default="")
    place: Mapped[str] = mapped_column(String(20), default="")
    since: Mapped[datetime] = mapped_column(Moment)
    seq: Mapped[int]


class CustodyEvent(Base):
    """A paper came from one holder to the next. Append-only; ``at``: when it happened, ``recorded_at``: when it was said."""

    __tablename__ = "custody_events"
    __table_args__ = (UniqueConstraint("document_id", "seq"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    seq: Mapped[int]
    act: Mapped[str] = mapped_column(String(16))
    from_kind: Mapped[str] = mapped_column(String(12), default="")
    from_holder: Mapped[str] = mapped_column(String(120), default="")
    to_kind: Mapped[str] = mapped_column(String(12))
    to_holder: Mapped[str] = mapped_column(String(120), default="")
    place: Mapped[str] = mapped_column(String(20), default="")
    at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(120))
    beside: Mapped[str] = mapped_column(String(120), default="")  # the other one who signed
    handover_id: Mapped[str | None] = mapped_column(String(26))


class Handover(Base):
    """内部交接单: papers from the back office to the window (``in``) or back (``back``), signed by both."""

    __tablename__ = "handovers"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    division_code: Mapped[str] = mapped_column(String(12), index=True)
    direction: Mapped[str] = mapped_column(String(4))
    department_name: Mapped[str] = mapped_column(String(80))  # empty: production 制证
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | signed | cancelled
    strays: Mapped[int] = mapped_column(default=0)  # codes that nobody knew
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(120))
    signed_at: Mapped[datetime | None] = mapped_column(Moment)
    signed_how: Mapped[str] = mapped_column(String(8), default="")  # pin | paper
    given_by: Mapped[str] = mapped_column(String(120), default="")
    taken_by: Mapped[str] = mapped_column(String(120), default="")


class HandoverItem(Base):
    """A paper on such a list: expected, seen, or both; ``place``: the shelf it was put on."""

    __tablename__ = "handover_items"

    handover_id: Mapped[str] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]
    expected: Mapped[bool]
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    place: Mapped[str] = mapped_column(String(20), default="")
