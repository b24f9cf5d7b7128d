"""Service of documents 送达, kept apart from delivery: who was served with what, how, when, proven by what."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = ["ElectronicConsent", "PayerRule", "ServiceRecord"]


class ServiceRecord(Base):
    """One service of one document to one recipient. Never changed: a wrong one is ended with the reason, a new one made.

    ``origin``: ``system`` follows from a delivery, ``hand`` was entered with its evidence. ``served_on``: the day from
    which terms run; of a public notice a day still to come. ``needs_receipt``: counts only once the signed 送达回证 is
    there. ``recipient``: ``{name, relation}``; ``facts``: the evidence as told, by method (``dispatch.service.methods``).
    """

    __tablename__ = "service_records"
    __table_args__ = (
        Index(
            "uq_service_records_system",
            "document_id",
            "consignment_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND origin = 'system'"),
            postgresql_where=text("ended_at IS NULL AND origin = 'system'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    division_code: Mapped[str] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(8))
    consignment_id: Mapped[str | None] = mapped_column(String(26), index=True)
    served_on: Mapped[date]
    needs_receipt: Mapped[bool]
    recipient: Mapped[bytes] = mapped_column(Sealed)
    facts: Mapped[bytes] = mapped_column(Sealed)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(String(120))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[str] = mapped_column(String(120), default="")
    end_reason: Mapped[str] = mapped_column(String(200), default="")


class ElectronicConsent(Base):
    """Somebody agreed to electronic service for a case, and what proves it. ``particulars``: ``{who, how, note}``."""

    __tablename__ = "electronic_consents"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    particulars: Mapped[bytes] = mapped_column(Sealed)
    given_on: Mapped[date]
    form_no: Mapped[str] = mapped_column(String(40), default="")
    attachment_id: Mapped[str | None] = mapped_column(String(26))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)


class PayerRule(Base):
    """Who pays the 寄递费 where the case does not say: the narrowest rule of item, area and way counts.

    ``item_prefix``, ``division_prefix`` and ``method`` empty: any. ``payer``: office | recipient.
    """

    __tablename__ = "payer_rules"
    __table_args__ = (Index("uq_payer_rules", "division_prefix", "item_prefix", "method", unique=True),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    division_prefix: Mapped[str] = mapped_column(String(12), default="")
    item_prefix: Mapped[str] = mapped_column(String(40), default="")
    method: Mapped[str] = mapped_column(String(12), default="")
    payer: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(120), default="")
    set_at: Mapped[datetime] = mapped_column(Moment)
    set_by: Mapped[str] = mapped_column(String(120))
