"""Verification against the register: is this paper genuine, and does it still count (contract, section 6).

The signature is checked before the database is read. A fault on our side, a key we do not know, or a leaf
younger than the log's merge delay is never called a forgery. What a document says goes only to who brings a
right signature.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from . import counters
from .counters import Limit
from .documents.record import PageRecord
from .documents.token import (
    DOCUMENT_LEAF,
    MAX_TEXT,
    NO_TAIL,
    Flag,
    Token,
    TokenError,
    document_id_bytes,
    document_id_text,
    from_text,
    leaf_data,
    parse,
    parse_body,
)
from .errors import DispatchError, Fault, Invalid, Rejected, Unavailable
from .lifecycle import DocumentState
from .models import Case, Document, LogLeaf
from .offline import is_expired, shown_holder, token_document
from .pinned import PinnedKeys
from .rights import SYSTEM
from .services import Services
from .store import Work
from .verdict import Answer, Check, PublicDocument, Status, answer, field_label

__all__ = ["MERGE_DELAY", "MOST_ITEMS", "verify", "verify_many"]

#: a leaf younger than this may not be seen by every reader yet
MERGE_DELAY: Final = timedelta(seconds=60)
MOST_ITEMS: Final = 1000

_PER_NUMBER: Final = Limit("verify-number", 5, timedelta(days=1))
_PER_ADDRESS: Final = Limit("verify-address", 20, timedelta(hours=1))
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_BRACKETS: Final = str.maketrans("[]［］【】()（）", "〔〕" * 5)
_MEMBERS: Final = ("token", "document_id", "sha256", "document_no", "holder_tail")
_STANDING: Final[Mapping[str, Status]] = {
    DocumentState.VALID: "valid",
    DocumentState.SUSPENDED: "suspended",
    DocumentState.SUPERSEDED: "superseded",
    DocumentState.REVOKED: "revoked",
    DocumentState.VOID: "revoked",
}
_MOST_COPIES: Final = 20
#: what the register may raise when it is out of reach or damaged; none of it says anything about the paper
_FAULTS: Final = (Unavailable, Rejected, SQLAlchemyError)


@dataclass(frozen=True)
class _Found:
    """What the register holds of a document, read in one snapshot. ``leaf``: the one at the document's log
    index."""

    document: Document
    leaf: LogLeaf | None
    body: bytes | None
    shown: PublicDocument
    compare: Mapping[str, str]


def verify(services: Services, asked: Mapping[str, Any], address: str = "") -> Answer:
    """The answer to one question: ``token``, ``document_id``, ``sha256``, or ``document_no`` with
    ``holder_tail``.

    ``address``: who asks, for the limit on looking up numbers. Raises ``Invalid`` for a question that is none
    (``too_large`` for a token over 2 KB) and ``RuleViolation('too_many')``; never for junk inside a token.
    """
    given = {name: asked[name] for name in _MEMBERS if asked.get(name) is not None}
    _check_question(given)
    if "token" in given:
        return _by_token(services, given["token"])
    if "document_id" in given:
        return _by_id(services, given["document_id"])
    if "sha256" in given:
        return _by_file(services, given["sha256"])
    return _by_number(services, given["document_no"], given["holder_tail"], address)


def verify_many(services: Services, items: Sequence[object]) -> list[Answer]:
    """Answers in order, for at most 1,000 questions without numbers and tails; every fault in one
    ``Invalid``."""
    if len(items) > MOST_ITEMS:
        raise Invalid([Fault("/items", "too_many", f"一次最多核验 {MOST_ITEMS} 项，请分批提交。")])
    faults: list[Fault] = []
    questions: list[Mapping[str, Any]] = []
    for at, item in enumerate(items):
        try:
            questions.append(_batch_question(item))
        except Invalid as refusal:
            faults += [replace(fault, pointer=f"/items/{at}{fault.pointer}") for fault in refusal.faults]
    if faults:
        raise Invalid(faults)
    return [verify(services, question) for question in questions]


# -- the question --------------------------------------------------------------------------------------------
def _batch_question(item: object) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise Invalid([Fault("", "invalid", "每一项应为一个对象。")])
    given = {name: item[name] for name in _MEMBERS if item.get(name) is not None}
    if "document_no" in given or "holder_tail" in given:
        raise Invalid(
            [Fault("/document_no", "not_in_batches", "批量核验不能按编号查询，请用核验码或查验码。")]
        )
    _check_question(given)
    return given


def _check_question(given: Mapping[str, Any]) -> None:
    wanted = {"document_no", "holder_tail"} if given.keys() & {"document_no", "holder_tail"} else set(given)
    if set(given) != wanted or not given or (len(given) > 1 and "document_no" not in wanted):
        detail = "请只给出一种：token、document_id、sha256，或 document_no 连同 holder_tail。"
        raise Invalid([Fault("", "one_question", detail)])
    faults = [
        Fault(f"/{name}", "required", "应为非空文字。")
        for name, value in given.items()
        if not isinstance(value, str) or not value.strip()
    ]
    if faults:
        raise Invalid(faults)
    for name, value in given.items():
        if len(value.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            raise Invalid([Fault(f"/{name}", "too_large", "内容超过 2 KB，不是核验码。")], code="too_large")
    if "sha256" in given and not _SHA256.fullmatch(given["sha256"].strip()):
        raise Invalid([Fault("/sha256", "pattern", "应为 64 位十六进制的 SHA-256。")])


# -- by token ------------------------------------------------------------------------------------------------
def _by_token(services: Services, text: str) -> Answer:
    try:
        token = parse(from_text(text))
    except TokenError as refusal:
        return answer("unsupported" if refusal.code == "unsupported" else "unreadable")
    sample = token.has(Flag.SAMPLE)
    try:
        keys = _pinned(services, token.fields.kid)
    except (DispatchError, OSError):
        return answer("unavailable", sample=sample)
    finding = keys.check(token)
    if finding != "right":
        return answer(finding, checked=["signature"] if finding == "bad_signature" else [], sample=sample)
    withdrawn = keys.withdrawn_at(token.fields.kid)
    try:
        with services.store.read(SYSTEM) as work:
            return _signed(work, token, withdrawn)
    except _FAULTS:
        # Under a withdrawn key only the log tells whether the signature was ours.
        return answer(
            "unavailable",
            checked=["signature"],
            sample=sample,
            genuine=withdrawn is None,
            document=token_document(token) if withdrawn is None else None,
        )


def _pinned(services: Services, kid: int) -> PinnedKeys:
    return PinnedKeys(
        {
            **(key.public_jwk or {}),
            "kid": key.kid,
            "withdrawn_at": int(key.withdrawn_at.timestamp()) if key.withdrawn_at else None,
        }
        for key in services.keys.all("token")
        if key.kid == kid
    )


def _signed(work: Work, token: Token, withdrawn: datetime | None) -> Answer:
    """A right signature against log and register. A stolen key signs well: only the log knows what we
    signed."""
    sample, checked = token.has(Flag.SAMPLE), _checks("signature", "log")
    found = _found(work, work.session.get(Document, token.document_id))
    leaf = work.session.get(LogLeaf, token.fields.log_index)
    logged = leaf is not None and hmac.compare_digest(leaf.data, leaf_data(DOCUMENT_LEAF, token.body))
    if not logged or (withdrawn is not None and leaf is not None and leaf.added_at >= withdrawn):
        status = _unlogged(work.now, leaf or (found.leaf if found else None), withdrawn)
        return answer(status, checked=checked, sample=sample)
    if found is None:
        return answer("not_found", checked=checked, sample=sample)
    if found.body != token.body:  # an earlier making of the same document, given up and voided in the log
        return answer("revoked", checked={*checked, "status"}, sample=sample, document=found.shown)
    shown = replace(found.shown, compare=found.compare)
    return _standing(work.now, found, shown, sample, checked, signed=True)


def _unlogged(now: datetime, leaf: LogLeaf | None, withdrawn: datetime | None) -> Status:
    """The log does not back this token: a forgery, unless the log may simply not be complete yet."""
    if withdrawn is not None:
        return "log_mismatch" if now - withdrawn >= MERGE_DELAY else "unavailable"
    if leaf is None:
        return "not_found"
    return "log_mismatch" if now - leaf.added_at >= MERGE_DELAY else "unavailable"


# -- by what is known of it ----------------------------------------------------------------------------------
def _by_id(services: Services, text: str) -> Answer:
    try:
        document_id = document_id_text(document_id_bytes(text))
    except TokenError:
        return answer("unreadable")
    try:
        with services.store.read(SYSTEM) as work:
            return _registered(work, _found(work, work.session.get(Document, document_id)), _checks())
    except _FAULTS:
        return answer("unavailable")


def _by_file(services: Services, digest: str) -> Answer:
    digest = digest.strip().lower()
    try:
        with services.store.read(SYSTEM) as work:
            rows = _ordered(work, or_(Document.pdf_sha256 == digest, Document.file_sha256 == digest))
            return _registered(work, _found(work, rows[0] if rows else None), _checks("file"))
    except _FAULTS:
        return answer("unavailable")


def _by_number(services: Services, number: str, tail: str, address: str) -> Answer:
    """The same answer for a number that is not there and a tail that does not fit; both are counted."""
    number = "".join(number.split())
    try:
        with services.store.read(SYSTEM) as work:
            counters.refuse_reached(work, _PER_NUMBER, number, "按编号查询")
            counters.refuse_reached(work, _PER_ADDRESS, address, "按编号查询")
            spellings = {number, number.translate(_BRACKETS)}
            candidates = [_found(work, row) for row in _ordered(work, Document.number.in_(spellings))]
            match = next((found for found in candidates if found and _tail_fits(found, tail)), None)
            if match is not None:
                got = _registered(work, match, _checks())
                return replace(got, document=None) if _is_sensitive(match) else got
        with services.store.work(SYSTEM) as work:
            counters.count(work, _PER_NUMBER, number)
            counters.count(work, _PER_ADDRESS, address)
    except _FAULTS:
        return answer("unavailable")
    return answer("not_found")


def _ordered(work: Work, condition: Any) -> list[Document]:
    """Those that count first, the newest revision first."""
    rows = list(work.session.scalars(select(Document).where(condition).limit(_MOST_COPIES)))
    return sorted(
        rows, key=lambda row: (row.state != DocumentState.VALID, not row.live, -row.revision, row.id)
    )


def _tail_fits(found: _Found, tail: str) -> bool:
    if found.body is None or found.document.state not in _STANDING:
        return False
    known = parse_body(found.body).id_tail
    typed = tail.strip().upper()
    return known != NO_TAIL and typed.isascii() and hmac.compare_digest(known.encode(), typed.encode())


def _is_sensitive(found: _Found) -> bool:
    return found.body is not None and bool(parse_body(found.body).flags & Flag.SENSITIVE)


def _registered(work: Work, found: _Found | None, checked: set[Check]) -> Answer:
    """A document looked up without its signature: the register's word, held against the log."""
    if found is None or found.body is None or found.document.state not in _STANDING:
        return answer("not_found")
    sample = bool(parse_body(found.body).flags & Flag.SAMPLE)
    if found.leaf is None or found.leaf.data != leaf_data(DOCUMENT_LEAF, found.body):
        return answer(_unlogged(work.now, found.leaf, None), checked={*checked, "log"}, sample=sample)
    return _standing(work.now, found, found.shown, sample, {*checked, "log"}, signed=False)


# -- the answer ----------------------------------------------------------------------------------------------
def _standing(
    now: datetime, found: _Found, shown: PublicDocument, sample: bool, checked: set[Check], *, signed: bool
) -> Answer:
    """Whether a genuine document counts today."""
    status = _STANDING.get(found.document.state)
    if status is None:  # signed already, not in force yet
        return answer("unavailable", checked=checked, sample=sample, genuine=signed)
    if status == "valid" and is_expired(found.document.valid_until, now):
        status = "expired"
    return answer(status, checked={*checked, "status", "date"}, sample=sample, document=shown)


def _found(work: Work, document: Document | None) -> _Found | None:
    if document is None:
        return None
    leaf = None if document.log_index is None else work.session.get(LogLeaf, document.log_index)
    body, stored = work.open(document, "token_body"), work.open(document, "record")
    if body is None or stored is None:
        return _Found(document, leaf, None, PublicDocument(), {})
    raw, record = bytes.fromhex(body), PageRecord.from_bytes(stored["page"].encode("utf-8", "surrogatepass"))
    compare = {
        field_label(key): record.printed[key]
        for key in record.template.compare
        if record.printed.get(key, "").strip()
    }
    return _Found(document, leaf, raw, _shown(work, document, record), compare)


def _shown(work: Work, document: Document, record: PageRecord) -> PublicDocument:
    return PublicDocument(
        title=document.title,
        number="" if record.sensitive else document.number or "",
        copy=document.copy,
        issuer=document.department_name,
        holder="" if record.sensitive else _holder(work, document, record.holder),
        issued=document.issued_on.isoformat() if document.issued_on else "",
        expires=document.valid_until.isoformat() if document.valid_until else "",
        replaced_by=document.replaced_by,
    )


def _holder(work: Work, document: Document, name: str) -> str:
    """Persons masked, organizations in full; of a holder other than the applicant the name itself must
    tell."""
    applicant = work.open(work.session.get_one(Case, document.case_id), "body")["applicant"]
    if applicant["name"] == name and applicant["type"] == "organization":
        return name
    return shown_holder(name)


def _checks(*names: Check) -> set[Check]:
    return set(names)
