"""The DZ1 token that stands in the QR (contract, section 7). Pure: bytes in, bytes out, no key and no clock.

A token is a body and a signature of 64 bytes. All integers are big-endian; days count from 2020-01-01,
Asia/Shanghai. What breaks a rule is refused with ``TokenError``; nothing else is ever raised for bad bytes or
bad text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntFlag
from typing import Final, Literal

__all__ = [
    "DOCUMENT_LEAF",
    "EPOCH",
    "LAST_DAY",
    "MAX_TEXT",
    "NO_TAIL",
    "SIGNATURE_LENGTH",
    "VOID_LEAF",
    "Flag",
    "Token",
    "TokenBody",
    "TokenError",
    "assemble",
    "canonical_json",
    "document_id_bytes",
    "document_id_text",
    "fields_digest",
    "from_text",
    "id_tail",
    "in_range",
    "leaf_data",
    "leaf_hash",
    "parse",
    "parse_body",
    "shorten_holder",
    "shorten_number",
    "signing_input",
    "to_base32",
    "token_text",
]

EPOCH: Final = date(2020, 1, 1)
LAST_DAY: Final = date(2199, 6, 6)
NO_TAIL: Final = "----"
SIGNATURE_LENGTH: Final = 64
MAX_TEXT: Final = 2048
DOCUMENT_LEAF: Final = 0
VOID_LEAF: Final = 1

_DOMAIN: Final = b"DZ1\0"
_VERSION: Final = 1
_ES256: Final = 1
_HEAD: Final = 24
_HOLDER_MOST: Final = 60
_NUMBER_MOST: Final = 40
_DIGEST: Final = 16
_ID: Final = 10
#: head, one length byte, signature: what any version of the token has at least
_LEAST: Final = _HEAD + 1 + SIGNATURE_LENGTH
_BASE32: Final = re.compile(r"[A-Z2-7]+")
_GROUPING: Final = re.compile(r"[\s\-‐‑–—]+")

Code = Literal["unreadable", "unsupported", "too_long", "out_of_range", "bad_value"]


class TokenError(ValueError):
    """Why a token cannot be read or made.

    ``unreadable``: not a DZ1 token; ``unsupported``: one of a later kind; ``too_long``: text over 2 KB;
    ``out_of_range``: a day the token cannot carry; ``bad_value``: another value it cannot carry.
    The message never repeats what was read.
    """

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code: Code = code


class Flag(IntFlag):
    """What a verifier must know beforehand."""

    SAMPLE = 1
    SENSITIVE = 2
    DENIAL = 4
    SHEET = 8
    DUPLICATE = 16


_KNOWN_FLAGS: Final = int(Flag.SAMPLE | Flag.SENSITIVE | Flag.DENIAL | Flag.SHEET | Flag.DUPLICATE)


@dataclass(frozen=True)
class TokenBody:
    """What is signed. ``holder`` and ``number`` as they stand in the token, already shortened.

    ``document_id`` 10 bytes, ``digest16`` the first 16 bytes of the fields' digest, ``id_tail`` 4 ASCII
    characters.
    """

    kid: int
    document_id: bytes
    type_no: int
    issued: date
    expires: date | None
    log_index: int
    flags: int
    holder: str
    number: str
    id_tail: str
    digest16: bytes

    def pack(self) -> bytes:
        """The body's bytes; ``TokenError`` where a value does not fit."""
        holder, number = _utf8(self.holder), _utf8(self.number)
        self._check(holder, number)
        tail = self.id_tail.encode("ascii")
        return b"".join(
            (
                bytes([_VERSION << 4 | _ES256]),
                self.kid.to_bytes(2, "big"),
                self.document_id,
                self.type_no.to_bytes(2, "big"),
                _day(self.issued).to_bytes(2, "big"),
                (_last_day(self.expires) if self.expires else 0).to_bytes(2, "big"),
                self.log_index.to_bytes(4, "big"),
                bytes([self.flags, len(holder)]),
                holder,
                bytes([len(number)]),
                number,
                tail,
                self.digest16,
            )
        )

    def _check(self, holder: bytes, number: bytes) -> None:
        rules = (
            (0 <= self.kid <= 0xFFFF, "kid"),
            (len(self.document_id) == _ID, "document id"),
            (0 <= self.type_no <= 0xFFFF, "type"),
            (0 <= self.log_index <= 0xFFFFFFFF, "log index"),
            (self.flags >= 0 and not self.flags & ~_KNOWN_FLAGS, "flags"),
            (len(holder) <= _HOLDER_MOST, "holder"),
            (len(number) <= _NUMBER_MOST, "number"),
            (not self.flags & Flag.SENSITIVE or not holder + number, "a sensitive token names nobody"),
            (_is_tail(self.id_tail), "id tail"),
            (len(self.digest16) == _DIGEST, "digest"),
        )
        for holds, name in rules:
            if not holds:
                raise TokenError("bad_value", name)


@dataclass(frozen=True)
class Token:
    """A token as read: what it says, the signed bytes, the signature (not checked here)."""

    fields: TokenBody
    body: bytes
    signature: bytes

    @property
    def document_id(self) -> str:
        """16 BASE32 capitals, the printed 查验码."""
        return document_id_text(self.fields.document_id)

    def has(self, flag: Flag) -> bool:
        return bool(self.fields.flags & flag)

    def to_bytes(self) -> bytes:
        return self.body + self.signature


def signing_input(body: bytes) -> bytes:
    """What the signature covers: the domain ``DZ1\\0``, then the body."""
    return _DOMAIN + body


def assemble(body: bytes, signature: bytes) -> bytes:
    """The whole token; the parts are checked as a reader would."""
    if len(signature) != SIGNATURE_LENGTH:
        raise TokenError("bad_value", "signature")
    raw = body + signature
    parse(raw)
    return raw


def parse(raw: bytes) -> Token:
    """Read a token strictly; ``TokenError`` ``unreadable`` or ``unsupported``."""
    if len(raw) < _LEAST:
        raise TokenError("unreadable", "too short")
    body, signature = raw[:-SIGNATURE_LENGTH], raw[-SIGNATURE_LENGTH:]
    return Token(parse_body(body), body, signature)


def parse_body(body: bytes) -> TokenBody:
    """Read the unsigned part strictly."""
    _check_kind(body)
    name_end = _HEAD + 1 + body[_HEAD]
    if name_end >= len(body):
        raise TokenError("unreadable", "length")
    number_end = name_end + 1 + body[name_end]
    if len(body) != number_end + 4 + _DIGEST or body[_HEAD] > _HOLDER_MOST or body[name_end] > _NUMBER_MOST:
        raise TokenError("unreadable", "length")
    if body[23] & ~_KNOWN_FLAGS:
        raise TokenError("unsupported", "flags")
    tail_end = number_end + 4
    expires = int.from_bytes(body[17:19], "big")
    found = TokenBody(
        kid=int.from_bytes(body[1:3], "big"),
        document_id=body[3:13],
        type_no=int.from_bytes(body[13:15], "big"),
        issued=_date(int.from_bytes(body[15:17], "big")),
        expires=_date(expires) if expires else None,
        log_index=int.from_bytes(body[19:23], "big"),
        flags=body[23],
        holder=_text(body[_HEAD + 1 : name_end]),
        number=_text(body[name_end + 1 : number_end]),
        id_tail=_text(body[number_end:tail_end]),
        digest16=body[tail_end:],
    )
    if not _is_tail(found.id_tail) or (found.flags & Flag.SENSITIVE and found.holder + found.number):
        raise TokenError("unreadable", "content")
    return found


def _check_kind(body: bytes) -> None:
    if len(body) <= _HEAD:
        raise TokenError("unreadable", "too short")
    version, algorithm = body[0] >> 4, body[0] & 15
    if not version or not algorithm:
        raise TokenError("unreadable", "no such kind")
    if version != _VERSION or algorithm != _ES256:
        raise TokenError("unsupported", "version or algorithm")


def from_text(text: str) -> bytes:
    """The token's bytes from what was scanned or typed: QR text, ``/V/`` address or bare BASE32, any case.

    The host is never looked at: what counts is the signature. ``TokenError`` ``too_long`` over 2 KB,
    ``unreadable`` for anything that is not the one canonical spelling.
    """
    if len(text) > MAX_TEXT or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise TokenError("too_long", "text")
    text = text.strip()
    for mark in ("#", "/V/", "/v/"):
        text = text.rsplit(mark, 1)[-1]
    return _from_base32(text.strip())


def to_base32(raw: bytes) -> str:
    """Upper case, no padding."""
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def token_text(verify_prefix: str, raw: bytes) -> str:
    """The QR's text; ``verify_prefix`` ends in ``/v#``."""
    return verify_prefix + to_base32(raw)


def document_id_text(document_id: bytes) -> str:
    """10 bytes → 16 BASE32 capitals."""
    if len(document_id) != _ID:
        raise TokenError("bad_value", "document id")
    return to_base32(document_id)


def document_id_bytes(text: str) -> bytes:
    """10 bytes of a 查验码 as typed: any case, with or without spaces and hyphens between groups."""
    if len(text) > MAX_TEXT:
        raise TokenError("too_long", "text")
    found = _from_base32(_GROUPING.sub("", text))
    if len(found) != _ID:
        raise TokenError("unreadable", "document id")
    return found


def id_tail(id_no: str) -> str:
    """Last four characters of an id number as the token carries them; ``----`` where they are not plain
    ASCII."""
    tail = id_no.strip()[-4:].upper()
    return tail if _is_tail(tail) else NO_TAIL


def shorten_holder(holder: str) -> str:
    """At most 60 bytes: the first 27 and the last 30, cut at characters and joined by ``…``."""
    data = _utf8(holder)
    if len(data) <= _HOLDER_MOST:
        return holder
    return _first(data, 27) + "…" + _last(data, 30)


def shorten_number(number: str) -> str:
    """At most 40 bytes: ``…`` and the last 37, cut at a character."""
    data = _utf8(number)
    return number if len(data) <= _NUMBER_MOST else "…" + _last(data, 37)


def in_range(day: date) -> bool:
    """Whether a token can carry ``day`` as its issue day; otherwise the input's fault is ``out_of_range``."""
    return EPOCH <= day <= LAST_DAY


def canonical_json(printed: Mapping[str, str]) -> bytes:
    """UTF-8, keys sorted by code point, no spaces, nothing escaped that need not be (contract, section 8)."""
    for key, value in printed.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TokenError("bad_value", "printed holds strings only")
    return _utf8(json.dumps(dict(printed), ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def fields_digest(salt: bytes, printed: Mapping[str, str]) -> bytes:
    """16 bytes: SHA-256(salt ‖ canonical JSON), cut."""
    return hashlib.sha256(salt + canonical_json(printed)).digest()[:_DIGEST]


def leaf_data(leaf_type: int, body: bytes) -> bytes:
    """33 bytes, what the log keeps of a token: type byte ‖ SHA-256(``DZ1\\0`` ‖ body)."""
    return bytes([leaf_type]) + hashlib.sha256(signing_input(body)).digest()


def leaf_hash(leaf_type: int, body: bytes) -> bytes:
    """The Merkle leaf hash (RFC 6962, 2.1) of that entry."""
    return hashlib.sha256(b"\0" + leaf_data(leaf_type, body)).digest()


def _from_base32(text: str) -> bytes:
    # ASCII first: some other letters become A-Z when capitalized.
    if not text.isascii() or not _BASE32.fullmatch(text.upper()) or len(text) % 8 in (1, 3, 6):
        raise TokenError("unreadable", "not BASE32")
    text = text.upper()
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    if to_base32(raw) != text:
        raise TokenError("unreadable", "not the canonical spelling")
    return raw


def _is_tail(tail: str) -> bool:
    return len(tail) == 4 and tail.isascii() and tail.isprintable()


def _day(day: date) -> int:
    if not in_range(day):
        raise TokenError("out_of_range", "issue day")
    return (day - EPOCH).days


def _last_day(day: date) -> int:
    if not EPOCH < day <= LAST_DAY:  # the first day's number, 0, means none
        raise TokenError("out_of_range", "last valid day")
    return (day - EPOCH).days


def _date(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise TokenError("bad_value", "text is not Unicode") from fault


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise TokenError("unreadable", "text is not UTF-8") from fault


def _first(data: bytes, most: int) -> str:
    return data[:most].decode("utf-8", "ignore")


def _last(data: bytes, most: int) -> str:
    tail = data[-most:]
    while tail[0] & 0xC0 == 0x80:
        tail = tail[1:]
    return tail.decode("utf-8")
