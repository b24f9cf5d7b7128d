"""The window's act: a ready case is marked issued, once, whoever asks how often and from where.

In one transaction: the case moves, numbers are allotted, each document and the case leave their next step in the
outbox. Nothing is drawn, signed or booked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select, update

from . import outbox
from .calendar import local_date
from .cases import find_case
from .errors import NotFound, RuleViolation
from .holds import active_holds
from .lifecycle import AFTER_HAND_OVER, CaseState, ConsignmentState
from .models import Case, CaseCorrection, Consignment, Document, IssueBatch, IssueBatchItem, Waybill, new_id
from .numbering import allot
from .outbox import Claim
from .rights import CLI, SYSTEM, Actor, Scope
from .services import Services
from .store import Work
from .voiding import void_document

__all__ = [
    "UNDO_TIME",
    "active_holds",
    "batch_progress",
    "cancel_case",
    "find_case",
    "issue_case",
    "issue_within",
    "refuse_same_person",
    "ready_numbers",
    "run_batch",
    "start_batch",
]


#: so long issuing may be taken back, and so long messages to people wait
UNDO_TIME: Final = timedelta(minutes=1)


def issue_case(services: Services, actor: Actor, acceptance_no: str) -> bool:
    """Mark the case issued; True the first time, False when it already was.

    Raises ``RuleViolation`` ``held``, ``cancelled`` or ``same_person`` (contract, section 4).
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        return issue_within(services, work, acceptance_no)


def issue_within(services: Services, work: Work, acceptance_no: str) -> bool:
    """``issue_case`` in the caller's unit of work, under its actor's name."""
    case = find_case(work, work.actor, acceptance_no, lock=True)
    if case.state in (CaseState.ISSUED, CaseState.CLOSED):
        return False
    if case.state == CaseState.CANCELLED:
        raise RuleViolation("cancelled", "这个办件已取消，不能出件。")
    _refuse_held(work, case)
    refuse_same_person(services, work, case, work.actor.name)
    _issue(services, work, case)
    return True


def _refuse_held(work: Work, case: Case) -> None:
    holds = active_holds(work, case.id)
    if holds:
        reasons = "；".join(hold.reason for hold in holds)
        raise RuleViolation("held", f"这个办件暂缓出件：{reasons}。解除后再出件。")


def refuse_same_person(services: Services, work: Work, case: Case, who: str) -> None:
    """``RuleViolation('same_person')`` where ``who``, an actor's name, entered the case or corrected it."""
    if not services.settings.same_person_rule or who == CLI.name:
        return
    if case.source in ("hand", "file") and case.entered_by == who:
        raise RuleViolation("same_person", "录入办件的人不能自己出件，请由另一位同事出件。")
    mine = select(CaseCorrection.id).where(
        CaseCorrection.case_id == case.id, CaseCorrection.by == who, CaseCorrection.person
    )
    if work.session.scalar(mine.limit(1)):
        raise RuleViolation("same_person", "更正过办件的人不能自己出件，请由另一位同事出件。")


def _issue(services: Services, work: Work, case: Case) -> None:
    documents = list(
        work.session.scalars(
            select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
        )
    )
    _allot_numbers(services, work, documents)
    work.move(
        case, CaseState.ISSUED, issued_at=work.now, issued_by=work.actor.name, next_due=case.delivery_due
    )
    for document in documents:
        work.emit("document.compose", document.id)
    work.emit("case.plan", case.id)
    work.audit("case_issued", "case", case.id, acceptance_no=case.acceptance_no, documents=len(documents))


def _allot_numbers(services: Services, work: Work, documents: Sequence[Document]) -> None:
    """Copies of one document share one number; what others made keeps what stands on it."""
    groups: dict[tuple[str, bytes, bytes], list[Document]] = {}
    for document in documents:
        if document.number is None and document.source == "compose":
            groups.setdefault((document.title, document.holder_key, document.recipient_key), []).append(
                document
            )
    for copies in groups.values():
        first = copies[0]
        letters = services.templates.number_letters(first.department_name, first.title, first.kind)  # type: ignore[arg-type]
        allot(work, letters, copies, local_date(work.now).year)


def cancel_case(services: Services, actor: Actor, acceptance_no: str, reason: str) -> None:
    """Cancel the case and void its documents; ``RuleViolation('handed_over')`` once an envelope has left."""
    actor.require(Scope.ISSUE)
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise RuleViolation("reason_required", "请写明取消的原因（200 字以内）。")
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        if case.state == CaseState.CANCELLED:
            return
        documents = list(
            work.session.scalars(select(Document).where(Document.case_id == case.id, Document.live))
        )
        _cancel_envelopes(work, documents)
        for document in documents:
            void_document(work, document, f"办件取消：{reason}")
        work.move(case, CaseState.CANCELLED, cancelled_reason=reason)
        work.audit("case_cancelled", "case", case.id, reason=reason)


def _cancel_envelopes(work: Work, documents: Sequence[Document]) -> None:
    """Cancel envelopes that hold nothing else; refuse when one has left the house."""
    mine = {document.id for document in documents}
    for consignment_id in {d.consignment_id for d in documents if d.consignment_id}:
        consignment = work.locked(Consignment, consignment_id)
        assert consignment is not None
        state = ConsignmentState(consignment.state)
        if state in AFTER_HAND_OVER and consignment.base_state != ConsignmentState.READY_FOR_COLLECTION:
            raise RuleViolation("handed_over", "信封已经交寄，不能取消。可在送达前联系邮政拦截。")
        if state == ConsignmentState.DELIVERED:
            raise RuleViolation("handed_over", "证件已经领取，不能取消。")
        others = work.session.scalar(
            select(func.count()).select_from(Document)
            .where(Document.consignment_id == consignment_id, Document.live, Document.id.not_in(mine))
        )  # fmt: skip
        if not others:
            work.move(
                consignment,
                ConsignmentState.CANCELLED,
                base_state=str(ConsignmentState.CANCELLED),
                state_at=work.now,
            )
            work.session.execute(
                update(Waybill).where(Waybill.consignment_id == consignment_id, Waybill.active)
                .values(active=False, voided_at=work.now, void_reason="办件取消")
            )  # fmt: skip


def ready_numbers(services: Services, actor: Actor) -> list[str]:
    """Acceptance numbers of all this actor's cases that wait to be issued, the most urgent first."""
    actor.require(Scope.ISSUE)
    waiting = select(Case.acceptance_no).where(
        Case.state == CaseState.READY, Case.division_code.startswith(actor.office)
    )
    with services.store.read(actor) as work:
        return list(work.session.scalars(waiting.order_by(Case.next_due, Case.acceptance_no)))


# -- many at once ----------------------------------------------------------------------------------------------
def start_batch(services: Services, actor: Actor, numbers: Sequence[str]) -> str:
    """Leave many cases to be issued one by one under this actor's name; returns the batch's id."""
    actor.require(Scope.ISSUE)
    wanted = list(dict.fromkeys(numbers))
    if not wanted or len(wanted) > 2000:
        raise RuleViolation("batch_size", "请先勾选要出件的办件（最多 2000 件）。")
    with services.store.work(actor) as work:
        batch = work.add(IssueBatch(id=new_id(), actor=actor.name, office=actor.office, created_at=work.now))
        work.session.flush()
        for position, number in enumerate(wanted):
            work.add(IssueBatchItem(batch_id=batch.id, position=position, acceptance_no=number[:40]))
        work.emit("issue.batch", batch.id)
        work.audit("batch_started", "batch", batch.id, cases=len(wanted))
    return batch.id


def batch_progress(services: Services, actor: Actor, batch_id: str) -> dict[str, Any]:
    """``{total, done, issued, refused: [{acceptance_no, outcome, detail}], undo_seconds}`` of one's own batch;
    ``undo_seconds``: how long the whole batch can still be taken back, 0 where it cannot."""
    with services.store.read(actor) as work:
        batch = work.session.get(IssueBatch, batch_id)
        if batch is None or batch.actor != actor.name:
            raise NotFound("没有找到这一批出件。")
        items = list(
            work.session.scalars(
                select(IssueBatchItem)
                .where(IssueBatchItem.batch_id == batch_id)
                .order_by(IssueBatchItem.position)
            )
        )
        left = int((batch.created_at + UNDO_TIME - work.now).total_seconds())
    done = [item for item in items if item.outcome]
    refused = [item for item in done if item.outcome not in ("issued", "already")]
    return {
        "total": len(items),
        "done": len(done),
        "issued": len(done) - len(refused),
        "refused": [
            {"acceptance_no": i.acceptance_no, "outcome": i.outcome, "detail": i.detail} for i in refused
        ],
        "undo_seconds": max(0, left),
    }


def run_batch(services: Services, claim: Claim) -> None:
    """Issue the waiting items of a batch; each is its own unit, so a killed worker goes on where it stopped.

    At most 100 items a claim, so that the lease holds; the rest is left as due work.
    """
    with services.store.read(SYSTEM) as work:
        batch = work.session.get_one(IssueBatch, claim.subject)
        waiting = list(
            work.session.scalars(
                select(IssueBatchItem)
                .where(IssueBatchItem.batch_id == batch.id, IssueBatchItem.outcome == "")
                .order_by(IssueBatchItem.position)
                .limit(101)
            )
        )
    actor = Actor(batch.actor, batch.office, frozenset({Scope.ISSUE}))
    for item in waiting[:100]:
        _issue_item(services, actor, item)
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)
        if len(waiting) > 100:
            work.emit("issue.batch", batch.id)


def _issue_item(services: Services, actor: Actor, item: IssueBatchItem) -> None:
    """Issue one case and note it in the same unit, so that a batch taken back meanwhile issues nothing more."""
    key = (item.batch_id, item.position)
    try:
        with services.store.work(actor) as work:
            row = work.locked(IssueBatchItem, key)
            if row is not None and row.outcome == "":
                fresh = issue_within(services, work, item.acceptance_no)
                row.outcome = "issued" if fresh else "already"
        return
    except (RuleViolation, NotFound) as refusal:
        told = {"outcome": refusal.code, "detail": refusal.detail[:400]}
    with services.store.work(SYSTEM) as work:
        still = (IssueBatchItem.batch_id == key[0], IssueBatchItem.position == key[1])
        work.session.execute(
            update(IssueBatchItem).where(*still, IssueBatchItem.outcome == "").values(**told)
        )
