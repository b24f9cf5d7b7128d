"""Taking an issue back: within a minute, and before anything of the case lies in an envelope.

The papers become void, each with its leaf in the log; numbers that were allotted stay taken and stand in the list of void
numbers (作废号登记); labels and waybills count no longer; what was to be told to people is not told. The case is ready
again and, issued anew, gets new papers and new numbers.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select, update

from .consignments.envelope import title_of
from .consignments.plan import take_out
from .errors import NotFound, RuleViolation
from .issue import UNDO_TIME, find_case
from .lifecycle import CaseState, DocumentState
from .models import (
    Case,
    Consignment,
    Document,
    DocumentNumber,
    IssueBatch,
    IssueBatchItem,
    PaperCode,
    PrintBatch,
    PrintItem,
)
from .notices import cancel_unsent
from .printing.stock import spoil_of_document
from .rights import Actor, Scope
from .service.records import records_of
from .services import Services
from .store import Work
from .voiding import void_document

__all__ = [
    "REASON",
    "BatchUndone",
    "JustIssued",
    "Undone",
    "just_issued",
    "seconds_left",
    "undo_batch",
    "undo_issue",
]

#: why the papers are void
REASON: Final = "窗口撤回"
_UNDOABLE: Final = frozenset({DocumentState.DRAFT, DocumentState.VALID, DocumentState.BLOCKED})
_SHOWN: Final = 60


@dataclass(frozen=True)
class Undone:
    """What was taken back. ``numbers``: allotted numbers that are void now; ``printed``: titles and sheet numbers
    of papers that went to a printer and must be destroyed; ``labels``: whether a label may have been printed."""

    acceptance_no: str
    numbers: tuple[str, ...]
    printed: tuple[str, ...]
    labels: bool


@dataclass(frozen=True)
class JustIssued:
    """A case whose issuing can still be taken back for ``seconds``."""

    acceptance_no: str
    item: str
    seconds: int


@dataclass
class BatchUndone:
    """A batch taken back case by case; ``stopped`` had not been issued yet, ``refused``: ``(number, why)``."""

    undone: list[Undone] = field(default_factory=list)
    stopped: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


# -- how long ------------------------------------------------------------------------------------------------------
def seconds_left(services: Services, actor: Actor, acceptance_no: str) -> int:
    """For how many seconds this case's issuing can be taken back; 0 where it cannot."""
    if not actor.may(Scope.ISSUE):
        return 0
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        return 0 if _packed(work, case.id) else _left(work, case)


def just_issued(services: Services, actor: Actor) -> list[JustIssued]:
    """What this person issued within the last minute and can take back, the newest first, at most 60."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(Case).where(
            Case.state == CaseState.ISSUED,
            Case.issued_by == actor.name,
            Case.issued_at > work.now - UNDO_TIME,
        )
        cases = work.session.scalars(query.order_by(Case.issued_at.desc(), Case.id).limit(_SHOWN))
        return [
            JustIssued(case.acceptance_no, case.item_name, _left(work, case))
            for case in cases
            if actor.sees(case.division_code) and not _packed(work, case.id)
        ]


def _left(work: Work, case: Case) -> int:
    if case.state != CaseState.ISSUED or case.issued_at is None:
        return 0
    return max(0, int((case.issued_at + UNDO_TIME - work.now).total_seconds()))


def _packed(work: Work, case_id: str) -> bool:
    packed = select(Document.id).where(
        Document.case_id == case_id, Document.live, Document.packed_at.is_not(None)
    )
    return work.session.scalar(packed.limit(1)) is not None


# -- one case ------------------------------------------------------------------------------------------------------
def undo_issue(services: Services, actor: Actor, acceptance_no: str) -> Undone:
    """Take the issuing of one case back.

    ``RuleViolation``: ``not_issued``, ``too_late`` (more than a minute ago), ``packed``, ``served``, ``document_changed``
    (a paper was frozen, revoked or replaced meanwhile).
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        _refuse_late(work, case)
        documents = _locked(work, case)
        printed = _printed(work, documents)
        labels = any(document.consignment_id for document in documents)
        numbers = [number for document in documents if (number := _take_back(work, document))]
        cancel_unsent(work, case.id)
        due = min(case.promise_due, case.delivery_due)
        work.move(case, CaseState.READY, issued_at=None, issued_by=None, next_due=due)
        work.audit("case_undone", "case", case.id, acceptance_no=case.acceptance_no, documents=len(documents))
    return Undone(case.acceptance_no, tuple(dict.fromkeys(numbers)), printed, labels)


def _refuse_late(work: Work, case: Case) -> None:
    if case.state == CaseState.READY:
        raise RuleViolation("not_issued", "这个办件现在是“待出件”，没有什么要撤回的。")
    if case.state != CaseState.ISSUED or case.issued_at is None:
        raise RuleViolation("not_issued", "这个办件已经办结或取消，不能撤回出件。")
    if work.now - case.issued_at > UNDO_TIME:
        raise RuleViolation(
            "too_late", "出件超过一分钟，不能再撤回。要收回证件，请走撤回、作废或取消办件的手续。"
        )


def _locked(work: Work, case: Case) -> list[Document]:
    """The case's live papers, envelopes locked before papers as everywhere; refuses what is packed or changed."""
    query = select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
    found = list(work.session.scalars(query))
    for consignment_id in sorted({document.consignment_id for document in found if document.consignment_id}):
        work.locked(Consignment, consignment_id)
    documents = []
    for one in found:
        document = work.locked(Document, one.id)
        assert document is not None
        documents.append(document)
    if any(document.packed_at is not None for document in documents):
        raise RuleViolation(
            "packed", "刚刚已经有人把证件装进信封，不能撤回出件。要停下来，请先拆封，再取消办件或改证。"
        )
    if records_of(work, [document.id for document in documents]):
        raise RuleViolation("served", "证件已经当场签收或送达，不能撤回出件。")
    if any(document.state not in _UNDOABLE for document in documents):
        raise RuleViolation("document_changed", "有证件正在冻结核查或已被替换，不能撤回出件。")
    return documents


def _printed(work: Work, documents: Sequence[Document]) -> tuple[str, ...]:
    """Titles of papers that lie printed somewhere, with their sheet numbers."""
    titles = {document.id: title_of(document) for document in documents}
    query = (
        select(PrintItem, PrintBatch.number)
        .join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
        .where(PrintItem.document_id.in_(titles), PrintItem.outcome.not_in(("spoiled", "unprinted")))
        .order_by(PrintBatch.created_at, PrintItem.no)
    )
    return tuple(
        f"{titles[item.document_id]}，{number} 第 {item.no} 张" if number else titles[item.document_id]
        for item, number in work.session.execute(query)
    )


def _take_back(work: Work, document: Document) -> str:
    """Void one paper and put a fresh draft in its place; the allotted number that is void with it, else empty."""
    take_out(work, document, REASON)
    void_document(work, document, REASON)
    spoil_of_document(work, document.id, REASON)
    fresh = _fresh(work, document)
    given = _given(work, document)
    if given is not None:
        fresh.number, given.document_id = document.number, fresh.id
    work.session.execute(
        update(PaperCode).where(PaperCode.document_id == document.id).values(document_id=fresh.id)
    )
    work.session.flush()
    return "" if given is not None else document.number or ""


def _given(work: Work, document: Document) -> DocumentNumber | None:
    """The department's own number goes on to the new paper: it never was ours to use up."""
    query = select(DocumentNumber).where(
        DocumentNumber.document_id == document.id, DocumentNumber.origin == "given"
    )
    return work.session.scalar(query)


def _fresh(work: Work, old: Document) -> Document:
    """The same paper, not made yet. A file the department sent and a code on an object stay with it."""
    row = Document(
        id=base64.b32encode(secrets.token_bytes(10)).decode(), case_id=old.case_id, position=old.position,
        kind=old.kind, source=old.source, title=old.title, copy=old.copy, department_name=old.department_name,
        revision=old.revision, state=str(DocumentState.DRAFT), live=True, holder_key=old.holder_key,
        recipient_key=old.recipient_key, signer_policy=old.signer_policy, denial=old.denial, valid_from=old.valid_from,
        valid_until=old.valid_until, file_sha256=old.file_sha256, file_blob=old.file_blob,
    )  # fmt: skip
    work.add(row)
    work.session.flush()
    return row


# -- a batch -------------------------------------------------------------------------------------------------------
def undo_batch(services: Services, actor: Actor, batch_id: str) -> BatchUndone:
    """Take a whole batch back: what still waits is not issued any more, what was issued is undone case by case.

    ``NotFound`` for another person's batch.
    """
    actor.require(Scope.ISSUE)
    result, numbers = BatchUndone(), _stop(services, actor, batch_id)
    for number in numbers:
        try:
            result.undone.append(undo_issue(services, actor, number))
        except RuleViolation as refusal:
            if refusal.code == "not_issued":
                result.stopped += 1
            else:
                result.refused.append((number, refusal.detail))
    return result


def _stop(services: Services, actor: Actor, batch_id: str) -> list[str]:
    """Nothing more of this batch is issued; the numbers it issued or would have issued."""
    with services.store.work(actor) as work:
        batch = work.session.get(IssueBatch, batch_id)
        if batch is None or batch.actor != actor.name:
            raise NotFound("没有找到这一批出件。")
        waits = (IssueBatchItem.batch_id == batch_id, IssueBatchItem.outcome == "")
        stopped = work.session.scalar(select(func.count()).select_from(IssueBatchItem).where(*waits)) or 0
        work.session.execute(
            update(IssueBatchItem).where(*waits).values(outcome="stopped", detail="这一批已撤回，没有出件。")
        )
        work.audit("batch_undone", "batch", batch.id, stopped=stopped)
        done = select(IssueBatchItem.acceptance_no).where(
            IssueBatchItem.batch_id == batch_id, IssueBatchItem.outcome.in_(("issued", "stopped"))
        )
        return list(work.session.scalars(done.order_by(IssueBatchItem.position)))
