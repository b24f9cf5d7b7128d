"""The seal register: which seals a department has, and what each was used for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, new_id

__all__ = ["Seal", "SealUse"]


class Seal(Base):
    """One seal of one department. ``titles``: one a line, empty for all. ``registered`` is False for an entry that the
    house made itself on the first use; a supervisor has yet to say which seal that is."""

    __tablename__ = "seals"
    __table_args__ = (
        # one entry made by the house per department and kind, however many sealings come at once
        Index(
            "uq_seals_unregistered",
            "department_name",
            "division_code",
            "kind",
            unique=True,
            sqlite_where=text("NOT registered"),
            postgresql_where=text("NOT registered"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    department_name: Mapped[str] = mapped_column(String(80), index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))  # electronic | hand
    source: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    titles: Mapped[str] = mapped_column(String(4000), default="")
    keeper: Mapped[str] = mapped_column(String(80), default="")
    registered: Mapped[bool]
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    suspended_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(120))


class SealUse(Base):
    """A seal put on a document: by the machine when the file was sealed, by hand when somebody said so. Never changed.

    ``actor``: in whose act it was used. ``sheet``: on the sheet that accompanies a paper. ``note``: why a second time.
    """

    __tablename__ = "seal_uses"
    __table_args__ = (Index("ix_seal_uses_seal", "seal_id", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    seal_id: Mapped[str] = mapped_column(ForeignKey("seals.id"))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    title: Mapped[str] = mapped_column(String(80))
    acceptance_no: Mapped[str] = mapped_column(String(40))
    division_code: Mapped[str] = mapped_column(String(12), index=True)
    sheet: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(200), default="")
