"""Files of documents: the sealed PDF we made, and the department's own original, byte for byte."""

from __future__ import annotations

import hashlib

from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..lifecycle import CaseState, DocumentState
from ..models import Case, Document
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work

__all__ = ["MAX_ORIGINAL", "original_of", "pdf_of", "store_import"]

MAX_ORIGINAL = 30 * 1024 * 1024


def pdf_of(services: Services, actor: Actor, document_id: str) -> bytes:
    """The sealed PDF; ``RuleViolation('not_ready')`` until it is made."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        document = _seen(work, actor, document_id)
    if document.pdf_blob is None:
        why = document.reason or "证件正在制作，请稍候再取。"
        raise RuleViolation("not_ready", why)
    return services.blobs.get(document.pdf_blob)


def original_of(services: Services, actor: Actor, document_id: str) -> tuple[str, bytes]:
    """Media type and bytes of the imported original."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        document = _seen(work, actor, document_id)
    if document.file_blob is None:
        raise NotFound("这份证件没有部门上传的电子原件。")
    data = services.blobs.get(document.file_blob)
    return _media_type(data), data


def store_import(services: Services, actor: Actor, document_id: str, data: bytes) -> str:
    """Keep the department's own file (PDF or OFD) for a document of source ``import``; returns its SHA-256."""
    actor.require(Scope.CASES)
    if len(data) > MAX_ORIGINAL:
        raise Invalid([Fault("", "too_large", "文件超过 30 MB，请部门重新导出后上传。")])
    _media_type(data)
    with services.store.read(actor) as work:
        _open_for_file(_seen(work, actor, document_id))
    digest = hashlib.sha256(data).hexdigest()
    name = f"originals/{document_id}-{digest[:16]}"
    services.blobs.put(name, data)
    with services.store.work(actor) as work:
        document = _seen(work, actor, document_id, lock=True)
        if document.file_sha256 == digest:
            return digest
        _open_for_file(document)
        document.file_sha256, document.file_blob = digest, name
        case = work.session.get_one(Case, document.case_id)
        if case.state == CaseState.ISSUED:
            work.emit("document.compose", document.id)
        work.audit("original_stored", "document", document.id, sha256=digest)
    return digest


def _open_for_file(document: Document) -> None:
    if document.source != "import":
        raise RuleViolation("not_import", "这份证件由我们制作或随附实体原件，不需要上传电子原件。")
    if document.state != DocumentState.DRAFT or document.log_index is not None:
        raise RuleViolation("already_issued", "这份证件已经生效，不能更换电子原件。")


def _seen(work: Work, actor: Actor, document_id: str, *, lock: bool = False) -> Document:
    document = work.locked(Document, document_id) if lock else work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    return document


def _media_type(data: bytes) -> str:
    if data[:5] == b"%PDF-":
        return "application/pdf"
    if data[:4] == b"PK\x03\x04" and b"OFD.xml" in data:
        return "application/ofd"
    raise Invalid([Fault("", "unsupported_file", "只接受 PDF 或 OFD 文件，请核对后重新上传。")])
