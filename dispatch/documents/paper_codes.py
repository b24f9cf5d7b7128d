"""Codes that stand on the paper itself: bound to their document once, accepted at the pack check ever after."""

from __future__ import annotations

import hashlib
import unicodedata

from sqlalchemy import delete

from ..errors import NotFound, RuleViolation
from ..models import Case, Document, PaperCode
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .token import TokenError, document_id_bytes, document_id_text, from_text, parse

__all__ = ["bind_code", "bind_in", "document_of_code", "release_code"]


def bind_code(services: Services, actor: Actor, document_id: str, code: str) -> bool:
    """Bind a code to a document; False when it already was.

    ``RuleViolation``: ``code_taken`` (another document's), ``own_code`` (a token or 查验码 of ours needs no binding).
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document = work.session.get(Document, document_id)
        case = work.session.get(Case, document.case_id) if document else None
        if document is None or case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这份证件。请核对查验码。")
        fresh = bind_in(work, document, code)
        if fresh:
            work.audit("code_bound", "document", document_id)
        return fresh


def bind_in(work: Work, document: Document, code: str) -> bool:
    """The same inside another unit of work; the caller has seen that the document is the actor's."""
    if _is_ours(work, code):
        raise RuleViolation("own_code", "这是核验二维码或查验码，系统本来就认识，不需要登记。")
    key = _key(code)
    fresh = {"key": key, "document_id": document.id, "bound_at": work.now, "bound_by": work.actor.name}
    if work.insert_missing(PaperCode, fresh, ["key"]):
        return True
    if work.session.get_one(PaperCode, key).document_id != document.id:
        raise RuleViolation("code_taken", "这个编号已登记在另一份证件上，请核对是否拿错了纸。")
    return False


def release_code(work: Work, code: str) -> None:
    """The paper with this code counts no more: nobody's code from now on."""
    work.session.execute(delete(PaperCode).where(PaperCode.key == _key(code)))


def document_of_code(work: Work, code: str) -> Document | None:
    """The document this code was bound to, None for any other text."""
    row = work.session.get(PaperCode, _key(code))
    return work.session.get(Document, row.document_id) if row is not None else None


def _key(code: str) -> str:
    """One spelling: NFKC, capitals, no white space; a scanner and a hand type the same number differently."""
    plain = "".join(unicodedata.normalize("NFKC", code).upper().split())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _is_ours(work: Work, code: str) -> bool:
    """Whether it is a token, or the 查验码 of a document we know."""
    try:
        parse(from_text(code))
    except TokenError:
        pass
    else:
        return True
    try:
        return work.session.get(Document, document_id_text(document_id_bytes(code.strip()))) is not None
    except TokenError:
        return False
