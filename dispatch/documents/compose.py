"""From fields to a fixed record: what will stand on the page, the unsigned token, its place in the log.

Whether the page can be made is found out first, outside any transaction; then one transaction takes the next log
index, fixes record and token body, and appends the leaf. From here on nothing about the document changes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from .. import outbox
from ..calendar import local_date
from ..errors import RuleViolation
from ..lifecycle import CaseState, DocumentState
from ..log import DOCUMENT_LEAF, append, next_index
from ..models import Case, Document, DocumentType
from ..outbox import Claim
from ..rights import SYSTEM, Actor, Scope
from ..seals import seal_trouble
from ..services import Services
from ..store import Work
from ..voiding import append_void_leaf
from .page import inspect
from .record import FIELD_PREFIX, PageRecord
from .token import (
    NO_TAIL,
    Flag,
    TokenBody,
    TokenError,
    document_id_bytes,
    fields_digest,
    id_tail,
    shorten_holder,
    shorten_number,
)

__all__ = ["Facts", "compose_document", "give_up", "page_record", "printed_of", "retry_document"]


@dataclass(frozen=True)
class Facts:
    """What composing reads of a document and its case; plain values, no session behind them."""

    document: Document
    approval: dict[str, Any]
    today: date
    division: str = ""

    @property
    def wanted(self) -> dict[str, Any]:
        """The document as the case describes it."""
        found: dict[str, Any] = self.approval["documents"][self.document.position]
        return found

    @property
    def holder(self) -> str:
        return str(self.wanted["holder"] or self.approval["applicant"]["name"])

    @property
    def sheet(self) -> bool:
        """Whether our page accompanies another paper."""
        return self.document.source != "compose"

    @property
    def sensitive(self) -> bool:
        return bool(self.approval["item"]["sensitivity"] == "sensitive")

    @property
    def issued_on(self) -> date:
        return self.document.valid_from or self.today


def printed_of(facts: Facts) -> dict[str, str]:
    """The flat object of the contract's section 8; every value as it stands on the paper."""
    document = facts.document
    until = document.valid_until
    printed = {
        "title": document.title,
        "number": document.number or "",
        "copy": document.copy,
        "issuer": document.department_name,
        "holder": facts.holder,
        "issued": _chinese(facts.issued_on),
        "expires": _chinese(until) if until else "",
    }
    return printed | {FIELD_PREFIX + name: value for name, value in facts.wanted["fields"].items()}


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def page_record(services: Services, facts: Facts) -> PageRecord:
    """Everything that stands on the page."""
    document, settings = facts.document, services.settings
    kind: Any = document.kind
    return PageRecord(
        kind=kind,
        printed=printed_of(facts),
        template=services.templates.for_title(document.title, kind, sheet=facts.sheet),
        issued_on=facts.issued_on,
        token_holder="" if facts.sensitive else shorten_holder(facts.holder),
        token_number="" if facts.sensitive else shorten_number(document.number or ""),
        tail=_tail(facts),
        check_code=document.id,
        operator=settings.operator,
        verify_domain=settings.verify_domain,
        sample=settings.sample,
        sensitive=facts.sensitive,
        denial=document.denial,
        sheet=facts.sheet,
        file_sha256=document.file_sha256 or "",
    )


def _tail(facts: Facts) -> str:
    """The applicant's; of somebody else's document the token tells no number."""
    if facts.holder != facts.approval["applicant"]["name"]:
        return NO_TAIL
    return id_tail(facts.approval["applicant"]["id_no"])


def _flags(facts: Facts, *, sample: bool) -> int:
    flags = Flag(0)
    for flag, holds in (
        (Flag.SAMPLE, sample),
        (Flag.SENSITIVE, facts.sensitive),
        (Flag.DENIAL, facts.document.denial),
        (Flag.SHEET, facts.sheet),
        (Flag.DUPLICATE, facts.document.copy.startswith("副本")),
    ):
        if holds:
            flags |= flag
    return int(flags)


def compose_document(services: Services, claim: Claim) -> None:
    """Step ``document.compose``: fix the record and take the log index, or say why it cannot be made."""
    facts = _read(services, claim.subject)
    if facts is None:
        with services.store.work(SYSTEM) as work:
            outbox.finish(work, claim)
        return
    record = page_record(services, facts)
    reasons = inspect(record, services.fonts)
    salt = os.urandom(16)
    with services.store.work(SYSTEM) as work:
        document = work.locked(Document, facts.document.id)
        assert document is not None
        if document.state == DocumentState.DRAFT and document.log_index is None:
            if not record.by_hand and (trouble := seal_trouble(work, document, facts.division, "electronic")):
                reasons.append(trouble)
            if reasons:
                _block(work, document, "；".join(reasons))
            else:
                _fix(services, work, document, facts, record, salt)
                work.emit("document.finish", document.id)
        outbox.finish(work, claim)


def _read(services: Services, document_id: str) -> Facts | None:
    """Facts of a document that is to be composed now; None when it is done, void, or waits for its file."""
    with services.store.read(SYSTEM) as work:
        document = work.session.get_one(Document, document_id)
        case = work.session.get_one(Case, document.case_id)
        waits_for_file = document.source == "import" and document.file_sha256 is None
        if document.state != DocumentState.DRAFT or document.log_index is not None or waits_for_file:
            return None
        if case.state not in (CaseState.ISSUED, CaseState.CLOSED):
            return None
        return Facts(document, work.open(case, "body"), local_date(work.now), case.division_code)


def _block(work: Work, document: Document, reason: str) -> None:
    work.move(document, DocumentState.BLOCKED, reason=reason[:400])
    work.audit("document_blocked", "document", document.id)


def _fix(
    services: Services, work: Work, document: Document, facts: Facts, record: PageRecord, salt: bytes
) -> None:
    """Take the next log index; everything that goes into the body is settled under the head's lock."""
    index = next_index(work)
    kid = services.keys.current("token").kid
    body = TokenBody(
        kid=kid, document_id=document_id_bytes(document.id), type_no=_type_no(work, document.title),
        issued=facts.issued_on, expires=document.valid_until, log_index=index,
        flags=_flags(facts, sample=services.settings.sample), holder=record.token_holder, number=record.token_number,
        id_tail=record.tail, digest16=fields_digest(salt, record.printed),
    )  # fmt: skip
    try:
        packed = body.pack()
    except TokenError as fault:
        _block(work, document, f"日期或编号无法写入核验码（{fault.code}），请更正后重做")
        return
    append(work, DOCUMENT_LEAF, packed, document.id)
    document.type_no, document.issued_on = body.type_no, facts.issued_on
    document.token_kid, document.log_index = kid, index
    work.seal(document, "record", {"page": record.to_bytes().decode(), "salt": salt.hex()})
    work.seal(document, "token_body", packed.hex())
    work.audit("document_composed", "document", document.id, log_index=index, number=document.number)


def _type_no(work: Work, title: str) -> int:
    """The title's number in the token; a new title gets the next one. Safe: the log's head is locked."""
    known = work.session.scalar(select(DocumentType.type_no).where(DocumentType.title == title))
    if known is not None:
        return known
    newest = work.session.scalar(select(func.max(DocumentType.type_no))) or 0
    work.add(DocumentType(type_no=newest + 1, title=title))
    return newest + 1


def give_up(services: Services, document_id: str, reason: str) -> None:
    """Final failure of making a document: ``blocked`` with the reason, and a void leaf where it had a leaf."""
    with services.store.work(SYSTEM) as work:
        document = work.locked(Document, document_id)
        if document is not None and document.state == DocumentState.DRAFT:
            append_void_leaf(work, document)
            _forget(document)
            _block(work, document, reason)


def _forget(document: Document) -> None:
    """Clear what belonged to the failed attempt, so that a mended document starts afresh with a new leaf."""
    document.record = document.token_body = document.signature = None
    document.log_index = document.token_kid = None


def retry_document(services: Services, actor: Actor, document_id: str) -> None:
    """Try a blocked document again, after what blocked it was mended outside."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document = work.locked(Document, document_id)
        case = work.session.get(Case, document.case_id) if document else None
        if document is None or case is None or not actor.sees(case.division_code):
            raise RuleViolation("not_found", "没有找到这份证件。")
        if document.state == DocumentState.BLOCKED:
            work.move(document, DocumentState.DRAFT, reason=None)
            work.emit("document.compose", document.id)
            work.audit("document_retried", "document", document.id)
