"""Making a document void: it leaves the live ones, and a token already in the log gets its void leaf."""

from __future__ import annotations

from . import custody
from .lifecycle import DocumentState
from .log import VOID_LEAF, append
from .models import Document
from .store import Work

__all__ = ["append_void_leaf", "void_document"]


def void_document(work: Work, document: Document, reason: str) -> None:
    """Move to ``void``. A number once used in a document stays taken (作废号登记)."""
    append_void_leaf(work, document)
    work.move(document, DocumentState.VOID, reason=reason[:400], live=False)
    custody.ended(work, document)
    work.audit("document_void", "document", document.id, reason=reason[:200], number=document.number)


def append_void_leaf(work: Work, document: Document) -> None:
    """Say in the log that the token of this document counts no longer; nothing where it never had a leaf."""
    body = work.open(document, "token_body")
    if body is not None:
        append(work, VOID_LEAF, bytes.fromhex(body), document.id)
