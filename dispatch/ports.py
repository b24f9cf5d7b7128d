"""What the outside must offer, and the shapes that cross the edge. No implementation here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

__all__ = [
    "SIGNING_LIFE",
    "Appearance",
    "Bell",
    "BlobStore",
    "BookingAnswer",
    "BookingRequest",
    "Carrier",
    "Clock",
    "KeyInfo",
    "KeyKind",
    "KeyRing",
    "LabelPrinter",
    "Message",
    "Notifier",
    "NumberSource",
    "PrinterState",
    "Sealer",
]

#: how long a key signs unless it is replaced sooner
SIGNING_LIFE = timedelta(days=365)

KeyKind = Literal["token", "seal", "log", "field", "index", "webhook", "session"]


class Clock(Protocol):
    """Gives the present moment, aware, in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class KeyInfo:
    """One key without its secret. ``sign_until``: last moment of signing, None while current."""

    kind: KeyKind
    kid: int
    not_before: datetime
    sign_until: datetime | None
    withdrawn_at: datetime | None
    reason: str | None
    public_jwk: dict[str, str] | None


class KeyRing(Protocol):
    """Keys by kind and id. Old ones keep verifying; secrets of signing keys never leave it."""

    def ensure(self, now: datetime) -> None:
        """Create what is missing; safe to repeat and to run twice at once."""

    def current(self, kind: KeyKind) -> KeyInfo: ...

    def all(self, kind: KeyKind) -> list[KeyInfo]: ...

    def sign(self, kind: KeyKind, kid: int, data: bytes) -> bytes:
        """ES256 over ``data``: raw r‖s, 64 bytes."""

    def secret(self, kind: KeyKind, kid: int) -> bytes:
        """32 bytes, for the kinds field, index, webhook and session."""

    def rotate(self, kind: KeyKind, now: datetime) -> KeyInfo: ...

    def withdraw(self, kind: KeyKind, kid: int, now: datetime, reason: str) -> KeyInfo: ...


@dataclass(frozen=True)
class Appearance:
    """Where and how the visible seal stands: page from 0, box in points (x1, y1, x2, y2), a one-page PDF."""

    page: int
    box: tuple[float, float, float, float]
    pdf: bytes


class Sealer(Protocol):
    """Puts the department's electronic seal on a finished page (PAdES, ISO 32000 DocMDP 1)."""

    def certify(
        self,
        pdf: bytes,
        *,
        appearance: Appearance,
        department: str,
        attachment: bytes,
        now: datetime,
        sample: bool,
    ) -> bytes:
        """Attach ``document.json`` and sign in one increment. ``Unavailable`` or ``Rejected`` on failure."""

    def ca_pem(self) -> bytes: ...


class BlobStore(Protocol):
    """Create-only storage of bytes under a name."""

    def put(self, name: str, data: bytes) -> None:
        """Store; the same bytes again is no error, other bytes under the same name are ``Rejected``."""

    def get(self, name: str) -> bytes:
        """``NotFound`` when absent, ``Unavailable`` on a fault."""

    def exists(self, name: str) -> bool: ...


@dataclass(frozen=True)
class BookingRequest:
    """What a carrier is told. ``order_no`` is ours, stored before the first send, never made anew on a retry."""

    order_no: str
    consignment_id: str
    recipient_name: str
    recipient_organization: str
    recipient_phone: str
    region: tuple[str, ...]
    address: str
    payer: Literal["office", "recipient"]


@dataclass(frozen=True)
class BookingAnswer:
    """What a carrier answered. ``waybill_no`` None: the number comes later (by file or by scan)."""

    waybill_no: str | None
    sort_code: str = ""


class NumberSource(Protocol):
    """Numbers a carrier issued and somebody imported; one number per order, never used twice."""

    def take(self, carrier: str, order_no: str) -> str:
        """``Rejected('range_empty')`` when used up; the same order gets the same number again."""


class Carrier(Protocol):
    """Somebody who carries envelopes. Facts as attributes, one call to book."""

    code: str
    name: str
    postal: bool  # the postal enterprise or our own hands: may carry official documents (邮政法 art. 55)
    holds_address: bool  # holds recipient and address electronically, so the label may hide the room number
    own_hands: bool

    def book(self, request: BookingRequest) -> BookingAnswer:
        """``Unavailable``: not taken, try again. ``Rejected``: refused for good."""

    def number_is_wellformed(self, waybill_no: str) -> bool: ...


@dataclass(frozen=True)
class Message:
    """One message to a person: ``to`` a phone number, ``text`` in plain Chinese."""

    to: str
    text: str
    reference: str


class Notifier(Protocol):
    """Sends messages. The default keeps them where the clerk can read them."""

    name: str

    def send(self, messages: Sequence[Message]) -> None: ...


class Bell(Protocol):
    """Wakes a worker. Ringing is a hint: it may fail silently and loses nothing."""

    def ring(self, outbox_ids: Sequence[str]) -> None: ...


PrinterState = Literal["ready", "paper_out", "head_open", "ribbon_out", "paused", "unknown"]


class LabelPrinter(Protocol):
    """A thermal printer for labels. ``dpi`` 203 or 300; ``size`` the paper in it, ``100x180``."""

    name: str
    dpi: int
    size: str

    def status(self) -> PrinterState:
        """What it says of itself, ``unknown`` where it says nothing; raises as ``send`` does."""

    def send(self, zpl: str) -> None:
        """One label. ``Unavailable``: nothing was printed, try again; with the code ``printer_in_doubt`` nobody can say.
        ``Rejected``: it can never work (a wrong address)."""
