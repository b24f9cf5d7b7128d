"""Files of approvals on their way in, and how each platform's columns are to be read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = ["ColumnMapping", "ImportChunk", "ImportFault", "ImportFile", "ImportRun"]


class ImportRun(Base):
    """One file that somebody handed in. ``survey``: name and first rows, sealed. ``layout``: how its columns are read, JSON
    without personal data. ``act`` and ``state``: see ``dispatch.intake.imports``."""

    __tablename__ = "import_runs"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    actor: Mapped[str] = mapped_column(String(120), index=True)
    office: Mapped[str] = mapped_column(String(12))
    survey: Mapped[bytes] = mapped_column(Sealed)
    layout: Mapped[str] = mapped_column(Text, default="")
    act: Mapped[str] = mapped_column(String(8), default="")
    state: Mapped[str] = mapped_column(String(8))
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(400), default="")
    kept_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ImportFile(Base):
    """The bytes of a run's file, sealed; ``id`` is the run's. Not in the create-only store, because it goes as soon as it
    is not needed."""

    __tablename__ = "import_files"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    data: Mapped[bytes] = mapped_column(Sealed)


class ImportChunk(Base):
    """Cases of a large file that are read and wait to be judged or stored; deleted with the unit that counts them."""

    __tablename__ = "import_chunks"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("import_runs.id"), index=True)
    position: Mapped[int]
    cases: Mapped[bytes] = mapped_column(Sealed)


class ImportFault(Base):
    """A case of a file that was not taken, ``line`` its first. ``facts``, sealed: ``{lines, acceptance_no, faults}``."""

    __tablename__ = "import_faults"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("import_runs.id"), index=True)
    line: Mapped[int]
    facts: Mapped[bytes] = mapped_column(Sealed)


class ColumnMapping(Base):
    """How one platform's table is read: ``labels`` its headings, ``targets`` ours for them, ``constants`` what it does not
    have; all JSON. ``fingerprint``: SHA-256 of the headings that matter, in any order."""

    __tablename__ = "column_mappings"
    __table_args__ = (UniqueConstraint("office", "name"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    office: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    labels: Mapped[str] = mapped_column(Text)
    targets: Mapped[str] = mapped_column(Text)
    constants: Mapped[str] = mapped_column(Text)
    used_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(120))
