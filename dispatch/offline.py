"""Verification without any connection: a scanned text or a file against keys one already holds. Pure; no
database.

What cannot be known offline is said in ``not_checked``: the present status and the log. A right signature
within its dates passes. A token under a withdrawn key cannot be judged here, however old it says it is:
whoever holds the key chooses the date, and only the log tells what was there before the withdrawal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import pypdfium2
import zxingcpp

from labels.masks import mask_name
from labels.pdfium import PDFIUM_LOCK

from .calendar import local_date
from .documents.token import Flag, Token, TokenError, fields_digest, from_text, parse
from .pinned import PinnedKeys
from .sealed_file import NotReadable, SealedFile, altered_beyond_reading, read_sealed, seal_fault
from .verdict import Answer, Check, PublicDocument, Status, answer, field_label

__all__ = [
    "check_pdf",
    "check_text",
    "first_page_codes",
    "is_expired",
    "seal_fault",
    "shown_holder",
    "token_document",
]

_NO_TYPES: Final[Mapping[int, str]] = {}
_DPI: Final = 300
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_MOST_PIXELS: Final = 40_000_000
#: names shorter than this are taken for a person's
_ORGANIZATION: Final = 6


@dataclass(frozen=True)
class _Attached:
    """``document.json`` of the contract's section 8, its shape checked."""

    printed: dict[str, str]
    salt: bytes
    token: Token
    identifier: str


def check_text(
    text: str, keys: Iterable[Mapping[str, Any]], *, now: datetime, types: Mapping[int, str] = _NO_TYPES
) -> Answer:
    """The answer for what a scanner read. ``keys``: JWKs of ``/keys.json``; ``types``: titles by type
    number."""
    try:
        token = parse(from_text(text))
    except TokenError as refusal:
        return answer("unsupported" if refusal.code == "unsupported" else "unreadable")
    return _judge(token, PinnedKeys(keys), now, types)


def check_pdf(
    data: bytes,
    keys: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    types: Mapping[int, str] = _NO_TYPES,
    roots_pem: bytes = b"",
) -> Answer:
    """The answer for a file of any origin, up to 30 MB.

    ``roots_pem``: the root certificates of the seals (``/ca.pem``). Without them, or with a seal of somebody
    else, the page itself cannot be vouched for: ``unknown_key``, even where token and attachment are right.
    """
    try:
        found = read_sealed(data, roots_pem)
    except NotReadable as refusal:
        if refusal.encrypted:
            return answer("unsupported")
        return (
            answer("bad_signature", checked=["file"])
            if altered_beyond_reading(data)
            else answer("unreadable")
        )
    if found.attachment is None:
        return answer("unreadable")
    try:
        attached = _attached(found.attachment)
    except TokenError as refusal:
        return answer("unsupported" if refusal.code == "unsupported" else "unreadable")
    return _judge_file(data, found, attached, _judge(attached.token, PinnedKeys(keys), now, types))


def token_document(token: Token, types: Mapping[int, str] = _NO_TYPES) -> PublicDocument:
    """What the token itself says, in the shape of the answer; ``compare`` as it stands on the paper."""
    said = token.fields
    issued, expires = said.issued.isoformat(), said.expires.isoformat() if said.expires else ""
    rows = {
        "holder": said.holder,
        "number": said.number,
        "id_tail": said.id_tail.strip("-"),
        "issued": issued,
        "expires": expires,
    }
    return PublicDocument(
        title=types.get(said.type_no, ""),
        number=said.number,
        copy="副本" if token.has(Flag.DUPLICATE) else "",
        holder=shown_holder(said.holder),
        issued=issued,
        expires=expires,
        compare={field_label(key): value for key, value in rows.items() if value},
    )


def shown_holder(name: str) -> str:
    """The holder as anybody may see it: a person masked; an organization, known by its longer name, in
    full."""
    person = len(name) < _ORGANIZATION or any(mark in name for mark in "·•・ ")
    return mask_name(name) if person else name


def is_expired(last_day: date | None, now: datetime) -> bool:
    """Whether the last valid day (Asia/Shanghai) is over; the day itself is still valid."""
    return last_day is not None and local_date(now) > last_day


def first_page_codes(data: bytes) -> list[str]:
    """Texts of the QR codes on the first page, at 300 dpi. Only for files whose seal is right and known."""
    with PDFIUM_LOCK:
        document = pypdfium2.PdfDocument(data)
        try:
            page = document[0]
            pixels = page.get_width() * page.get_height() * (_DPI / 72) ** 2
            scale = _DPI / 72 * min(1.0, (_MOST_PIXELS / pixels) ** 0.5)
            image = page.render(scale=scale, grayscale=True).to_pil()
        finally:
            document.close()
    wanted: Any = zxingcpp.BarcodeFormat.QRCode
    return [code.text for code in zxingcpp.read_barcodes(image, formats=wanted)]


def _judge(token: Token, keys: PinnedKeys, now: datetime, types: Mapping[int, str]) -> Answer:
    sample = token.has(Flag.SAMPLE)
    finding = keys.check(token)
    if finding != "right":
        return answer(finding, checked=["signature"] if finding == "bad_signature" else [], sample=sample)
    known = token_document(token, types)
    if keys.withdrawn_at(token.fields.kid) is not None:
        return answer("unavailable", checked=["signature"], sample=sample, document=known)
    status: Status = "expired" if is_expired(token.fields.expires, now) else "valid"
    return answer(status, checked=["signature", "date"], sample=sample, document=known)


def _judge_file(data: bytes, found: SealedFile, attached: _Attached, token: Answer) -> Answer:
    """The token's answer, unless the file contradicts it or cannot be vouched for."""
    if token.status in ("unknown_key", "bad_signature"):
        return token
    checked: set[Check] = {*token.checked, "fields"}
    said = attached.token
    if (
        said.fields.digest16 != fields_digest(attached.salt, attached.printed)
        or attached.identifier != said.document_id
    ):
        return answer("bad_signature", checked=checked, sample=token.sample)
    if found.fault is not None:
        return answer("bad_signature", checked={*checked, "file"}, sample=token.sample)
    document = _with_printed(token.document or PublicDocument(), attached.printed)
    if not found.trusted:
        return answer("unknown_key", checked=checked, sample=token.sample, document=document)
    if not _page_shows(data, said):
        return answer("bad_signature", checked={*checked, "file"}, sample=token.sample)
    return replace(token, checked=answer(token.status, checked={*checked, "file"}).checked, document=document)


def _page_shows(data: bytes, token: Token) -> bool:
    """Whether the one QR of the first page is this token."""
    try:
        shown = [from_text(text) for text in first_page_codes(data)]
    except (TokenError, pypdfium2.PdfiumError, IndexError, ZeroDivisionError):
        return False
    return shown == [token.to_bytes()]


def _with_printed(document: PublicDocument, printed: Mapping[str, str]) -> PublicDocument:
    """Title, copy and issuer as the attachment says them, once its digest is right."""
    return replace(
        document,
        title=printed.get("title") or document.title,
        copy=printed.get("copy") or document.copy,
        issuer=printed.get("issuer") or document.issuer,
    )


def _attached(data: bytes) -> _Attached:
    """``TokenError`` when it is not of the shape that section 8 of the contract fixes."""
    try:
        plain = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
        printed, salt = plain["printed"], plain["salt"]
        token, identifier = plain["token"], plain["identifier"]
        whole = isinstance(printed, dict) and isinstance(salt, str) and _SALT.fullmatch(salt)
        if not whole or not isinstance(token, str) or not isinstance(identifier, str):
            raise TokenError("unreadable", "shape of the attachment")
        known = _Attached(printed, bytes.fromhex(salt), parse(from_text(token)), identifier)
        fields_digest(known.salt, known.printed)  # refuses values that are no strings
    except TokenError as refusal:
        raise TokenError(
            "unsupported" if refusal.code == "unsupported" else "unreadable", "attachment"
        ) from refusal
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise TokenError("unreadable", "attachment") from fault
    return known


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a name stands twice")
    return out
