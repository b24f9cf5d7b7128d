"""Envelopes on their way, their numbers, scans, lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment, Sealed, new_id

__all__ = [
    "CarrierRange",
    "Consignment",
    "Manifest",
    "ManifestItem",
    "Placement",
    "Point",
    "RangeNumber",
    "ScanEvent",
    "Waybill",
]


class Consignment(Base):
    """An envelope. ``state`` is a conclusion: before hand-over from the window's acts, afterwards folded from scans."""

    __tablename__ = "consignments"
    __table_args__ = (Index("ix_consignments_worklist", "state", "division_code"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    direction: Mapped[str] = mapped_column(String(3), default="out")
    division_code: Mapped[str] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(12))
    carrier: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(24))
    base_state: Mapped[str] = mapped_column(
        String(24)
    )  # where the fold of scans starts: the window's own conclusion
    state_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    envelope_key: Mapped[bytes] = mapped_column(index=True)
    recipient: Mapped[bytes] = mapped_column(Sealed)
    payer: Mapped[str] = mapped_column(String(12))
    payer_reason: Mapped[str] = mapped_column(String(160), default="", server_default="")
    point_id: Mapped[str | None] = mapped_column(ForeignKey("points.id"))
    order_no: Mapped[str] = mapped_column(String(40), unique=True)
    sort_code: Mapped[str] = mapped_column(String(40), default="")
    label_blob: Mapped[str | None] = mapped_column(String(120))
    shelf_place: Mapped[str] = mapped_column(String(20), default="")
    delivery_code: Mapped[bytes | None] = mapped_column(Sealed)
    flag: Mapped[str | None] = mapped_column(String(400))  # why somebody must look at it
    packed_at: Mapped[datetime | None] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)


class Placement(Base):
    """A document was put into an envelope. Append-only: what an old return file said can be said again after the document
    has gone into another one."""

    __tablename__ = "placements"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(String(16), index=True)
    consignment_id: Mapped[str] = mapped_column(String(26), index=True)
    placed_at: Mapped[datetime] = mapped_column(Moment)


class Waybill(Base):
    """A carrier's number on an envelope: at most one active per envelope, never two envelopes with one number."""

    __tablename__ = "waybills"
    __table_args__ = (
        UniqueConstraint("carrier", "number"),
        Index(
            "uq_waybills_active",
            "consignment_id",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    consignment_id: Mapped[str] = mapped_column(ForeignKey("consignments.id"), index=True)
    carrier: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(40), index=True)
    active: Mapped[bool]
    bound_at: Mapped[datetime] = mapped_column(Moment)
    voided_at: Mapped[datetime | None] = mapped_column(Moment)
    void_reason: Mapped[str | None] = mapped_column(String(200))


class CarrierRange(Base):
    """Numbers a carrier issued: S10 service letters, first to last serial, country; ``next`` is the next free serial."""

    __tablename__ = "carrier_ranges"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    carrier: Mapped[str] = mapped_column(String(20), index=True)
    prefix: Mapped[str] = mapped_column(String(4))
    suffix: Mapped[str] = mapped_column(String(4))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    next: Mapped[int] = mapped_column(BigInteger)
    imported_at: Mapped[datetime] = mapped_column(Moment)
    imported_by: Mapped[str] = mapped_column(String(120))


class RangeNumber(Base):
    """A number taken from a range for an order; kept for ever, so that none is used twice."""

    __tablename__ = "range_numbers"

    carrier: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_no: Mapped[str] = mapped_column(String(40), unique=True)
    taken_at: Mapped[datetime] = mapped_column(Moment)


class Point(Base):
    """A pick-up point (代办点). Made when first named; ``confirmed`` by a supervisor later."""

    __tablename__ = "points"
    __table_args__ = (UniqueConstraint("division_code", "name"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    division_code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120))
    confirmed: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)


class ScanEvent(Base):
    """Something that happened to an envelope, as somebody reported it. Append-only; every scan is kept."""

    __tablename__ = "scan_events"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    scan_id: Mapped[str] = mapped_column(String(64), unique=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    consignment_id: Mapped[str | None] = mapped_column(ForeignKey("consignments.id"), index=True)
    action: Mapped[str] = mapped_column(String(24))
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    corrected_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    source: Mapped[str] = mapped_column(String(12))
    source_rank: Mapped[int]
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(24), default="")
    signer_allowed: Mapped[bool] = mapped_column(default=True)
    particulars: Mapped[bytes | None] = mapped_column(Sealed)  # signer, proof, note: JSON
    outcome: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(String(400), default="")


class Manifest(Base):
    """A hand-over list 交接清单. Moves no state by itself.

    ``signer``: the carrier's person, JSON ``{name, staff_no}``; ``signed_with``: who stood on the office's side;
    ``signature_id``: the attachment with the drawn signature, None where it was signed on paper.
    """

    __tablename__ = "manifests"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    list_no: Mapped[str] = mapped_column(String(24), unique=True)
    division_code: Mapped[str] = mapped_column(String(12))
    carrier: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(120))
    signed_at: Mapped[datetime | None] = mapped_column(Moment)
    signed_with: Mapped[str | None] = mapped_column(String(120))
    signer: Mapped[bytes | None] = mapped_column(Sealed)
    signature_id: Mapped[str | None] = mapped_column(String(26))


class ManifestItem(Base):
    """An envelope on a hand-over list."""

    __tablename__ = "manifest_items"

    manifest_id: Mapped[str] = mapped_column(ForeignKey("manifests.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[str] = mapped_column(ForeignKey("consignments.id"), index=True)
    left_out_at: Mapped[datetime | None] = mapped_column(Moment)  # struck out when the list was signed
