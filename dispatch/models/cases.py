"""Cases, their holds and what they are searched by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = [
    "Case",
    "CaseCorrection",
    "CaseSearch",
    "Hold",
    "IssueBatch",
    "IssueBatchItem",
    "Notice",
    "PrivateLink",
]


class Case(Base):
    """A completed approval. ``body``: the whole case as received, canonical JSON, encrypted."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_worklist", "state", "division_code", "next_due"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    acceptance_no: Mapped[str] = mapped_column(String(40), unique=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(8))  # api | file | hand
    entered_by: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    item_code: Mapped[str] = mapped_column(String(40))
    item_name: Mapped[str] = mapped_column(String(120))
    sensitive: Mapped[bool]
    department_name: Mapped[str] = mapped_column(String(80))
    division_code: Mapped[str] = mapped_column(String(12), index=True)
    decision: Mapped[str] = mapped_column(String(8))
    method: Mapped[str] = mapped_column(String(12))
    accepted_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    promise_due: Mapped[date]
    delivery_due: Mapped[date]
    due_provisional: Mapped[bool]
    next_due: Mapped[date]
    person_key: Mapped[bytes]  # blind index of the applicant's id number
    body: Mapped[bytes] = mapped_column(Sealed)
    issued_at: Mapped[datetime | None] = mapped_column(Moment)
    issued_by: Mapped[str | None] = mapped_column(String(120))
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_reason: Mapped[str | None] = mapped_column(String(400))


class CaseSearch(Base):
    """Blind index rows: what of a case can be found exactly without being readable."""

    __tablename__ = "case_search"
    __table_args__ = (Index("ix_case_search_key", "key"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # name | phone_tail
    key: Mapped[bytes]


class CaseCorrection(Base):
    """Somebody changed what a case says. ``person``: by hand, so that he does not issue it; ``changed``: old and new."""

    __tablename__ = "case_corrections"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(120))
    person: Mapped[bool]
    changed: Mapped[bytes] = mapped_column(Sealed)


class Hold(Base):
    """A reason not to issue or pack a case for now; ``until`` is the day on which somebody looks again. Lifted holds
    stay, ``outcome`` says what was done."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="other", server_default="other")
    reason: Mapped[str] = mapped_column(String(400))
    until: Mapped[date | None]
    placed_at: Mapped[datetime] = mapped_column(Moment)
    placed_by: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(200), default="", server_default="")
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_by: Mapped[str | None] = mapped_column(String(120))


class IssueBatch(Base):
    """Many cases marked issued at once; the worker goes through the items, the page shows how far it is."""

    __tablename__ = "issue_batches"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    actor: Mapped[str] = mapped_column(String(120))
    office: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Moment)


class IssueBatchItem(Base):
    """One case of a batch: ``outcome`` empty while waiting, then issued, already or the code of the refusal."""

    __tablename__ = "issue_batch_items"

    batch_id: Mapped[str] = mapped_column(ForeignKey("issue_batches.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    acceptance_no: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(400), default="")


class Notice(Base):
    """A message for the applicant or recipient, kept where the clerk can read it."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    consignment_id: Mapped[str | None] = mapped_column(String(26))
    occasion: Mapped[str] = mapped_column(String(40))
    to: Mapped[bytes] = mapped_column(Sealed)
    text: Mapped[bytes] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # what it told was taken back before it left


class PrivateLink(Base):
    """The secret of ``/m/{secret}``: found by its blind index, kept encrypted so that a receipt can be printed again."""

    __tablename__ = "private_links"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
    key: Mapped[bytes] = mapped_column(unique=True)
    secret: Mapped[bytes] = mapped_column(Sealed)
    code: Mapped[bytes | None] = mapped_column(
        Sealed
    )  # what was sent to the phone, for what changes anything here
    code_until: Mapped[datetime | None] = mapped_column(Moment)
