"""What a scanner read: a label's QR, a waybill number, a document's QR or its typed check code.

Scanners add white space, full-width digits, prefixes and control characters; none of it matters here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from ..documents.paper_codes import document_of_code
from ..documents.token import TokenError, document_id_bytes, document_id_text, from_text, parse
from ..models import Case, Consignment, Document, Waybill
from ..rights import Actor
from ..store import Work

__all__ = [
    "MAX_CODE",
    "FoundEnvelope",
    "FoundPaper",
    "envelope_by_code",
    "label_text",
    "paper_by_code",
    "read_paper",
    "tidy",
]

MAX_CODE: Final = 2048
_LABEL: Final = re.compile(r"/C#([A-Z2-7]{26})\Z")
_ID: Final = re.compile(r"[A-Z2-7]{26}\Z")
_NUMBER: Final = re.compile(r"[0-9A-Z]{6,40}\Z")


@dataclass(frozen=True)
class FoundEnvelope:
    """An envelope and whether the scanned label or number counts no longer."""

    consignment: Consignment
    void: bool


@dataclass(frozen=True)
class FoundPaper:
    """A document and where its code stands: ``on_paper`` for a code bound to it, which is on the thing itself; else the
    code is ours and of a thing made elsewhere only its accompanying sheet carries it."""

    document: Document
    on_paper: bool


def label_text(public_base_url: str, consignment_id: str) -> str:
    """The text of a label's QR (contract, section 5)."""
    return f"{public_base_url}/c#{consignment_id}"


def tidy(text: str) -> str:
    """One spelling: NFKC, no white space, no control or format characters."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(ch for ch in plain if not ch.isspace() and unicodedata.category(ch) not in ("Cc", "Cf"))


def envelope_by_code(work: Work, actor: Actor, text: str) -> FoundEnvelope | None:
    """The envelope of a label's QR, its bare id or a waybill number; None where it is not ours or not this office's."""
    if len(text) > MAX_CODE:
        return None
    code = tidy(text).upper()
    found = _LABEL.search(code) or _ID.match(code)
    if found:
        consignment = work.session.get(Consignment, code[-26:])
        if consignment is None or not actor.sees(consignment.division_code):
            return None
        return FoundEnvelope(consignment, consignment.state == "cancelled")
    return _by_number(work, actor, code) if _NUMBER.match(code) else None


def _by_number(work: Work, actor: Actor, number: str) -> FoundEnvelope | None:
    """By waybill number: the active one first. A number is never guessed to be some carrier's."""
    query = select(Waybill, Consignment).join(Consignment, Consignment.id == Waybill.consignment_id)
    rows = work.session.execute(query.where(Waybill.number == number).order_by(Waybill.bound_at.desc())).all()
    seen = [(waybill, consignment) for waybill, consignment in rows if actor.sees(consignment.division_code)]
    seen.sort(key=lambda pair: not pair[0].active)
    if not seen:
        return None
    waybill, consignment = seen[0]
    return FoundEnvelope(consignment, not waybill.active or consignment.state == "cancelled")


def paper_by_code(work: Work, actor: Actor, text: str) -> Document | None:
    """The document of ``read_paper``, wherever its code stands."""
    found = read_paper(work, actor, text)
    return found.document if found is not None else None


def read_paper(work: Work, actor: Actor, text: str) -> FoundPaper | None:
    """The document of a QR text, a bare token, a 查验码 or a code bound to it; None where it is not ours, or the token
    is not the stored one.

    Of a token only the document's id is believed; a whole token must then be the very one we made.
    """
    if len(text) > MAX_CODE:
        return None
    document, on_paper = _named(work, tidy(text)), False
    if document is None:
        document, on_paper = document_of_code(work, text), True
    if document is None:
        return None
    case = work.session.get(Case, document.case_id)
    return FoundPaper(document, on_paper) if case is not None and actor.sees(case.division_code) else None


def _named(work: Work, code: str) -> Document | None:
    try:
        document_id, token = _read(code)
    except TokenError:
        return None
    document = work.session.get(Document, document_id)
    if document is None or (token is not None and token != _stored_token(work, document)):
        return None
    return document


def _read(code: str) -> tuple[str, bytes | None]:
    bare = code.replace("-", "")
    if len(bare) == 16 and bare.isascii():
        return document_id_text(document_id_bytes(bare)), None
    raw = from_text(code)
    return parse(raw).document_id, raw


def _stored_token(work: Work, document: Document) -> bytes | None:
    body = work.open(document, "token_body")
    return (
        bytes.fromhex(body) + document.signature
        if body is not None and document.signature is not None
        else None
    )
