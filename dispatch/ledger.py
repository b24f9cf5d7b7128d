"""The ledger check: every promise of the contract's section 9, recomputed from the rows and the files.

Reads only. Each finding is one line in Chinese that names the record and what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from . import custody, log
from .documents.token import DOCUMENT_LEAF, VOID_LEAF, TokenError, assemble, leaf_data, parse
from .errors import NotFound, Rejected, Unavailable
from .lifecycle import BEFORE_HAND_OVER, CaseState, ConsignmentState, DocumentState
from .models import (
    Audit,
    AuditHead,
    Case,
    Consignment,
    Document,
    DocumentNumber,
    LogLeaf,
    NumberCounter,
    Outbox,
    RangeNumber,
    Waybill,
)
from .pinned import PinnedKeys, jwks
from .rights import SYSTEM
from .sealed_file import seal_fault
from .services import Services
from .store import Work, audit_hash

__all__ = ["check"]

#: a step waiting longer than this without an error is unexplained
PATIENCE = timedelta(minutes=10)
_ENDED = (DocumentState.REVOKED, DocumentState.VOID, DocumentState.SUPERSEDED)


def check(services: Services) -> list[str]:
    """All findings; empty when every promise holds."""
    with services.store.read(SYSTEM) as work:
        return [
            *_live_documents(work),
            *_numbers(work),
            *_papers(services, work),
            *_log(work),
            *_waybills(services, work),
            *_envelopes(work),
            *custody.faults(work),
            *_outbox(work),
            *_audit(work),
        ]


def _live_documents(work: Work) -> Iterator[str]:
    """At most one live document each; none only where the newest has ended."""
    rows = work.session.execute(
        select(Document, Case.acceptance_no)
        .join(Case, Case.id == Document.case_id)
        .where(Case.state.in_([CaseState.ISSUED, CaseState.CLOSED]))
    )
    groups: dict[tuple[str, str, str, bytes, bytes], list[Document]] = {}
    for document, acceptance_no in rows:
        key = (acceptance_no, document.title, document.copy, document.holder_key, document.recipient_key)
        groups.setdefault(key, []).append(document)
    for (acceptance_no, title, copy, _, _), documents in groups.items():
        live = [d for d in documents if d.live]
        if len(live) > 1:
            yield f"办件 {acceptance_no}：{title}{copy} 有 {len(live)} 份同时有效"
        newest = max(documents, key=lambda d: d.revision)
        if not live and newest.state not in _ENDED:
            yield f"办件 {acceptance_no}：{title}{copy} 没有有效的一份，状态却是 {newest.state}"


def _numbers(work: Work) -> Iterator[str]:
    """Every value up to the counter is recorded: allotted, or given and stepped over."""
    taken: dict[tuple[str, str, int], set[int]] = {}
    for number in work.session.scalars(select(DocumentNumber)):
        if number.year is not None and number.value is not None:
            taken.setdefault((number.department_name, number.title, number.year), set()).add(number.value)
    for counter in work.session.scalars(select(NumberCounter)):
        known = taken.get((counter.department_name, counter.title, counter.year), set())
        for value in sorted(set(range(1, counter.last + 1)) - known):
            yield f"编号有缺：{counter.department_name}《{counter.title}》{counter.year} 年第 {value} 号没有记录"


def _papers(services: Services, work: Work) -> Iterator[str]:
    """PDF present, its hash and seal right, the token's signature right and its leaf in the log."""
    leaves = {leaf.index: leaf for leaf in work.session.scalars(select(LogLeaf))}
    open_steps = _open_subjects(work)
    pinned = PinnedKeys(jwks(services.keys)["keys"])
    voided = {leaf.document_id for leaf in leaves.values() if leaf.kind == VOID_LEAF}
    rows = work.session.execute(select(Document, Case.state).join(Case, Case.id == Document.case_id))
    for document, case_state in rows:
        yield from _token(pinned, work, document, leaves)
        if document.pdf_blob is not None:
            yield from _pdf(services, document)
        elif document.state in (DocumentState.VALID, DocumentState.SUSPENDED, DocumentState.REVOKED):
            yield f"证件 {document.id}：状态 {document.state}，却没有 PDF"
        waits = document.source == "import" and document.file_blob is None
        if document.state == DocumentState.DRAFT and case_state == CaseState.ISSUED and not waits:
            if document.id not in open_steps:
                yield f"证件 {document.id}：正在制作，却没有待办的步骤"
        if document.state in (DocumentState.BLOCKED, DocumentState.VOID) and document.log_index is not None:
            if document.id not in voided:
                yield f"证件 {document.id}：没有制成，日志里却没有作废记录"


def _token(pinned: PinnedKeys, work: Work, document: Document, leaves: dict[int, LogLeaf]) -> Iterator[str]:
    body = work.open(document, "token_body")
    if body is None:
        if document.state == DocumentState.VALID:
            yield f"证件 {document.id}：有效，却没有核验码"
        return
    leaf = leaves.get(document.log_index if document.log_index is not None else -1)
    if leaf is None or leaf.data != leaf_data(DOCUMENT_LEAF, bytes.fromhex(body)):
        yield f"证件 {document.id}：日志第 {document.log_index} 条与核验码不符"
    if document.signature is not None:
        if not _signed(pinned, bytes.fromhex(body), document.signature):
            yield f"证件 {document.id}：核验码的签名不对"
    elif document.state == DocumentState.VALID:
        yield f"证件 {document.id}：有效，核验码却没有签名"


def _signed(pinned: PinnedKeys, body: bytes, signature: bytes) -> bool:
    try:
        return pinned.check(parse(assemble(body, signature))) == "right"
    except TokenError:
        return False


def _pdf(services: Services, document: Document) -> Iterator[str]:
    try:
        data = services.blobs.get(document.pdf_blob or "")
    except (NotFound, Unavailable, Rejected):
        yield f"证件 {document.id}：PDF 文件取不到"
        return
    if hashlib.sha256(data).hexdigest() != document.pdf_sha256:
        yield f"证件 {document.id}：PDF 与登记的摘要不符"
        return
    fault = seal_fault(data)
    if fault:
        yield f"证件 {document.id}：{fault}"


def _log(work: Work) -> Iterator[str]:
    missing = log.gaps(work)
    if missing:
        yield f"日志不连续：缺第 {'、'.join(map(str, missing[:10]))} 条"
        return
    if log.recomputed_root(work) != log.root(work)[1]:
        yield "日志的根与各条目不符：有条目被改动"


def _waybills(services: Services, work: Work) -> Iterator[str]:
    issued = {(n.carrier, n.number) for n in work.session.scalars(select(RangeNumber))}
    active: dict[str, int] = {}
    for waybill in work.session.scalars(select(Waybill)):
        carrier = services.carriers.get(waybill.carrier)
        known = carrier is not None and carrier.number_is_wellformed(waybill.number)
        if waybill.carrier in ("range", "staff"):
            known = known and (waybill.carrier, waybill.number) in issued
        if not known:
            yield f"运单 {waybill.number}：承运方 {waybill.carrier} 不认识这个号码"
        if waybill.active:
            active[waybill.consignment_id] = active.get(waybill.consignment_id, 0) + 1
    for consignment_id, count in active.items():
        if count > 1:
            yield f"寄递件 {consignment_id}：有 {count} 个有效运单"


def _envelopes(work: Work) -> Iterator[str]:
    """Every envelope either moves or says why not; a packed paper has exactly one envelope that is packed or on."""
    open_steps = _open_subjects(work)
    states = {c.id: c for c in work.session.scalars(select(Consignment))}
    numbered = set(work.session.scalars(select(Waybill.consignment_id).where(Waybill.active)))
    for consignment in states.values():
        state = ConsignmentState(consignment.state)
        stuck = state in (ConsignmentState.PLANNED, ConsignmentState.BOOKING)
        if stuck and consignment.id not in open_steps and not consignment.flag:
            yield f"寄递件 {consignment.id}：状态 {state}，却没有待办的步骤"
        needs_number = state not in BEFORE_HAND_OVER - {ConsignmentState.LABELLED, ConsignmentState.PACKED}
        if needs_number and consignment.carrier and state != ConsignmentState.CANCELLED:
            if consignment.method in ("express", "door", "point") and consignment.id not in numbered:
                yield f"寄递件 {consignment.id}：状态 {state}，却没有有效运单"
    for document in work.session.scalars(
        select(Document).where(Document.packed_at.is_not(None), Document.live)
    ):
        if document.consignment_id is None or document.consignment_id not in states:
            yield f"证件 {document.id}：已装封，却不知道在哪个信封里"


def _outbox(work: Work) -> Iterator[str]:
    rows = select(Outbox).where(Outbox.done_at.is_(None))
    for row in work.session.scalars(rows):
        if row.parked_at is not None and not row.error:
            yield f"步骤 {row.step}（{row.subject}）停在待处理，没有记下原因"
        elif not row.error and row.due_at < work.now - PATIENCE:
            yield f"步骤 {row.step}（{row.subject}）等了太久，没有人做，也没有记下原因"


def _open_subjects(work: Work) -> set[str]:
    return set(work.session.scalars(select(Outbox.subject).where(Outbox.done_at.is_(None))))


def _audit(work: Work) -> Iterator[str]:
    """The chain recomputes from the first row to the head."""
    previous, expected = bytes(32), 1
    while page := list(
        work.session.scalars(select(Audit).where(Audit.seq >= expected).order_by(Audit.seq).limit(1000))
    ):
        for row in page:
            if row.seq != expected or row.prev_hash != previous or audit_hash(row) != row.hash:
                yield f"审计记录第 {row.seq} 条被改动或缺失"
                return
            previous, expected = row.hash, row.seq + 1
        work.session.expunge_all()
    head = work.session.get(AuditHead, 1)
    if head is None or head.hash != previous or head.seq != expected - 1:
        yield "审计记录的末尾与登记不符，可能被截断"
