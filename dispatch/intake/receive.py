"""Storing approvals: each case whole or not at all.

The same acceptance number with the same content is no news, with other content a conflict; a correction is an act of
its own (contract, section 4). Given numbers are reserved here, so that a clash shows before anything is printed.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import delete, select

from ..calendar import delivery_due, promise_due
from ..errors import Fault, Invalid, NotFound, NotPermitted, Rejected, RuleViolation
from ..lifecycle import CaseState, DocumentState
from ..models import Case, CaseCorrection, CaseSearch, Document, new_id
from ..numbering import release_given, reserve_given
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .changes import case_changes
from .columns import Layout
from .files import Row, read_cases
from .identifiers import canonical
from .jsontext import load_json
from .phones import tail
from .schema import Case as Approval
from .schema import parse_case

__all__ = [
    "ImportReport",
    "Received",
    "Verdict",
    "correct_case",
    "import_file",
    "judge_rows",
    "receive_batch",
    "receive_case",
]

Source = Literal["api", "hand", "file"]


@dataclass(frozen=True)
class Received:
    """What became of one case: ``created`` or ``same`` as already known."""

    case_id: str
    acceptance_no: str
    outcome: Literal["created", "same"]


def receive_case(services: Services, actor: Actor, obj: object, *, source: Source) -> Received:
    """Check and store one case.

    Raises ``Invalid`` with all faults, ``RuleViolation`` ``content_differs`` or ``number_taken``, ``NotPermitted``.
    """
    actor.require(Scope.CASES)
    approval = parse_case(obj, now=services.clock.now())
    try:
        return _store(services, actor, approval, source)
    except RuleViolation as refusal:
        if refusal.code != "conflict":
            raise
    # Somebody stored the same number in the same moment: now it is there, so the answer is one of the two below.
    return _store(services, actor, approval, source)


def _store(services: Services, actor: Actor, approval: Approval, source: Source) -> Received:
    _require_own_office(actor, approval)
    digest = approval.content_hash()
    with services.store.work(actor) as work:
        known = work.session.scalar(select(Case).where(Case.acceptance_no == approval.acceptance_no))
        if known is not None:
            if known.content_hash == digest and actor.sees(known.division_code):
                return Received(known.id, known.acceptance_no, "same")
            raise RuleViolation(
                "content_differs", "这个受理号已经收到过，但内容不同。若要更正，请用更正（PUT）提交。"
            )
        case = _new_case(services, work, approval, source)
        _add_documents(work, case, approval)
        work.audit("case_received", "case", case.id, acceptance_no=case.acceptance_no, source=source)
    return Received(case.id, case.acceptance_no, "created")


def _require_own_office(actor: Actor, approval: Approval) -> None:
    code = approval.department.division_code
    if not actor.sees(code):
        raise Invalid(
            [Fault("/department/division_code", "foreign_office", f"区划代码 {code} 不在您的办理范围内。")]
        )


def _new_case(services: Services, work: Work, approval: Approval, source: Source) -> Case:
    case = Case(id=new_id(), acceptance_no=approval.acceptance_no, state=str(CaseState.READY), source=source)
    case.entered_by, case.received_at = work.actor.name, work.now
    _fill(services, work, case, approval)
    work.add(case)
    work.session.flush()
    _index(work, case, approval)
    return case


def _fill(services: Services, work: Work, case: Case, approval: Approval) -> None:
    case.content_hash = approval.content_hash()
    case.item_code, case.item_name = approval.item.code, approval.item.name
    case.sensitive = approval.item.sensitivity == "sensitive"
    case.department_name = approval.department.name
    case.division_code = approval.department.division_code
    case.decision, case.method = approval.decision, approval.delivery.method
    case.accepted_at, case.decided_at = approval.accepted_at, approval.decided_at
    promised = promise_due(services.calendar, approval.accepted_at, approval.item.promised_working_days)
    legal = delivery_due(services.calendar, approval.decided_at)
    case.promise_due, case.delivery_due = promised.day, legal.day
    case.due_provisional = promised.provisional or legal.provisional
    case.next_due = min(promised.day, legal.day)
    case.person_key = work.vault.blind(
        "person", canonical(approval.applicant.id_type, approval.applicant.id_no)
    )
    work.seal(case, "body", approval.model_dump(mode="json"))


def _index(work: Work, case: Case, approval: Approval) -> None:
    """Blind keys for exact names and phone tails of applicant and recipients."""
    recipients = [approval.delivery.recipient, *(document.recipient for document in approval.documents)]
    people = [r for r in recipients if r is not None]
    names = {approval.applicant.name, approval.applicant.contact or "", *(p.name for p in people)} - {""}
    phones = {approval.applicant.phone, *(p.phone for p in people)}
    keys = {("name", name) for name in names} | {("phone_tail", tail(phone)) for phone in phones}
    work.session.execute(delete(CaseSearch).where(CaseSearch.case_id == case.id))
    for kind, value in sorted(keys):
        work.add(CaseSearch(id=new_id(), case_id=case.id, kind=kind, key=work.vault.blind(kind, value)))


def _add_documents(work: Work, case: Case, approval: Approval) -> None:
    for position, wanted in enumerate(approval.documents):
        document = Document(
            id=base64.b32encode(secrets.token_bytes(10)).decode(), case_id=case.id, position=position
        )
        document.state, document.live, document.revision = str(DocumentState.DRAFT), True, 1
        _describe(work, document, approval, wanted)
        work.add(document)
        reserve_given(work, document)
    work.session.flush()


def _describe(work: Work, document: Document, approval: Approval, wanted: Any) -> None:
    document.kind, document.source, document.title = wanted.kind, wanted.source, wanted.title
    document.copy, document.number = wanted.copy_ or "", wanted.number
    document.department_name = approval.department.name
    document.holder_key = work.vault.blind("holder", wanted.holder or approval.applicant.name)
    own = wanted.recipient.model_dump_json() if wanted.recipient else ""
    document.recipient_key = work.vault.blind("recipient", own)
    document.signer_policy = wanted.signer_policy
    document.denial = approval.decision == "denied" and wanted.kind == "decision"
    document.valid_from, document.valid_until = wanted.valid_from, wanted.valid_until


# -- correction --------------------------------------------------------------------------------------------------
def correct_case(
    services: Services, actor: Actor, acceptance_no: str, obj: object, *, seen: str = ""
) -> None:
    """Replace a case's content while it is ready, or mend its blocked documents; else 409 ``not_correctable``.

    ``seen``: digest of the content that the correction was made from; ``changed_meanwhile`` when it is another by now.
    Who corrects by hand counts as entering: he does not issue, and who issued does not correct (``same_person``).
    """
    actor.require(Scope.CASES)
    approval = parse_case(obj, now=services.clock.now())
    if approval.acceptance_no != acceptance_no:
        raise Invalid([Fault("/acceptance_no", "differs", "受理号与地址中的不一致，请核对。")])
    _require_own_office(actor, approval)
    with services.store.work(actor) as work:
        case = work.session.scalar(select(Case).where(Case.acceptance_no == acceptance_no).with_for_update())
        if case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这个受理号的办件。请核对受理号。")
        if case.content_hash == approval.content_hash():
            return
        if seen and seen != case.content_hash:
            raise RuleViolation("changed_meanwhile", "刚才有人改过这个办件，请重新打开更正页再改。")
        before = work.open(case, "body")
        if case.state == CaseState.READY:
            _replace_all(work, case, approval)
        else:
            _refuse_issuer(services, actor, case)
            _mend_blocked(work, case, approval)
        _fill(services, work, case, approval)
        if case.issued_at is not None:
            case.next_due = case.delivery_due
        _index(work, case, approval)
        _note_correction(work, case, before, approval)


def _refuse_issuer(services: Services, actor: Actor, case: Case) -> None:
    """What stands on an issued paper takes two: one who says what, one who issues."""
    by_person = actor.role is not None
    if services.settings.same_person_rule and by_person and case.issued_by == actor.name:
        raise RuleViolation("same_person", "这一件是您出的，证件内容要由另一位同事更正。")


def _note_correction(work: Work, case: Case, before: dict[str, Any], approval: Approval) -> None:
    """Old and new are kept encrypted; the audit names the members only."""
    changes = case_changes(before, approval.model_dump(mode="json"))
    row = CaseCorrection(
        id=new_id(), case_id=case.id, at=work.now, by=work.actor.name, person=work.actor.role is not None
    )
    work.seal(row, "changed", changes)
    work.add(row)
    named = [one["name"] for one in changes[:8]]
    work.audit(
        "case_corrected", "case", case.id, acceptance_no=case.acceptance_no, members=named, count=len(changes)
    )


def _replace_all(work: Work, case: Case, approval: Approval) -> None:
    # what was voided stays: its number and its leaf in the log are accounted for by its row
    old = list(work.session.scalars(select(Document).where(Document.case_id == case.id, Document.live)))
    for document in old:
        release_given(work, document.id)
        work.session.delete(document)
    work.session.flush()
    _add_documents(work, case, approval)


def _mend_blocked(work: Work, case: Case, approval: Approval) -> None:
    before = work.open(case, "body")
    rows = list(
        work.session.scalars(
            select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
        )
    )
    blocked = {row.position for row in rows if row.state == DocumentState.BLOCKED}
    after = approval.model_dump(mode="json")
    if not blocked:
        raise RuleViolation("not_correctable", "办件已经出件，且没有制证受阻的证件，不能再更正。")
    if (
        len(after["documents"]) != len(before["documents"])
        or after["applicant"] != before["applicant"]
        and len(blocked) < len(rows)
    ):
        raise RuleViolation("document_issued", "已经制成的证件不能随更正改变；只能更正受阻的那几份。")
    for row in rows:
        wanted, had = after["documents"][row.position], before["documents"][row.position]
        if row.position not in blocked:
            if wanted != had:
                raise RuleViolation(
                    "document_issued", f"“{row.title}”已经制成，不能更正；只能更正受阻的那几份。"
                )
            continue
        if wanted["title"] != had["title"] or wanted["copy"] != had["copy"]:
            raise RuleViolation("document_issued", "出件以后不能改换证件名称或正副本。")
        _redo(work, row, approval)


def _redo(work: Work, row: Document, approval: Approval) -> None:
    wanted = approval.documents[row.position]
    allotted = row.number
    if wanted.number is not None and wanted.number != allotted:
        release_given(work, row.id)
    _describe(work, row, approval, wanted)
    row.number = wanted.number or allotted
    reserve_given(work, row)
    work.move(row, DocumentState.DRAFT, reason=None)
    work.emit("document.compose", row.id)


# -- many at once ------------------------------------------------------------------------------------------------
def receive_batch(services: Services, actor: Actor, lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """One result per NDJSON line, in order: ``{line, acceptance_no, status, code?, errors?}``; status as of one POST."""
    actor.require(Scope.CASES)
    return [_one_line(services, actor, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _one_line(services: Services, actor: Actor, number: int, line: bytes) -> dict[str, Any]:
    try:
        obj = load_json(line)
    except Invalid as refusal:
        faults = [fault.as_dict() for fault in refusal.faults]
        return {
            "line": number,
            "acceptance_no": None,
            "status": 400,
            "code": "malformed_json",
            "errors": faults,
        }
    answer: dict[str, Any] = {"line": number, "acceptance_no": _number_of(obj)}
    try:
        received = receive_case(services, actor, obj, source="api")
    except Invalid as refusal:
        return answer | {"status": 422, "code": refusal.code, "errors": [f.as_dict() for f in refusal.faults]}
    except RuleViolation as refusal:
        return answer | {"status": 409, "code": refusal.code, "detail": refusal.detail}
    return answer | {"status": 201 if received.outcome == "created" else 200}


def _number_of(obj: object) -> str | None:
    found = obj.get("acceptance_no") if isinstance(obj, dict) else None
    return found if isinstance(found, str) else None


@dataclass
class ImportReport:
    """Counts and faults of an import: ``rows`` are ``{line, acceptance_no, outcome, faults}``."""

    created: int = 0
    same: int = 0
    refused: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)


def import_file(
    services: Services,
    actor: Actor,
    path: Path,
    *,
    layout: Layout | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Cases from .jsonl, .csv or .xlsx, another maker's table by ``layout``: good rows kept, bad ones reported with line,
    field and reason."""
    actor.require(Scope.CASES)
    report = ImportReport()
    for one in judge_rows(services, actor, read_cases(path, layout), dry_run=dry_run):
        if one.outcome == "created":
            report.created += 1
        elif one.outcome == "same":
            report.same += 1
        else:
            report.refused += 1
        report.rows.append(
            {
                "line": one.row.line,
                "acceptance_no": one.row.acceptance_no,
                "outcome": one.outcome,
                "faults": [fault.as_dict() for fault in one.faults],
            }
        )
        if progress is not None:
            progress(one.row.line)
    return report


@dataclass(frozen=True)
class Verdict:
    """What became of one case of a file: ``created`` or ``same`` (in a dry run: would become), or ``refused`` and why."""

    row: Row
    outcome: str
    faults: tuple[Fault, ...] = ()


def judge_rows(services: Services, actor: Actor, rows: Iterable[Row], *, dry_run: bool) -> Iterator[Verdict]:
    """Store the cases of a file one by one, or only say what would become of them; a bad one stops no other."""
    for row in rows:
        if row.faults or row.case is None:
            yield Verdict(row, "refused", tuple(row.faults))
            continue
        try:
            outcome = (
                _try(services, actor, row.case)
                if dry_run
                else receive_case(services, actor, row.case, source="file").outcome
            )
        except Invalid as refusal:
            yield Verdict(row, "refused", refusal.faults)
        except (RuleViolation, NotFound, NotPermitted, Rejected) as refusal:
            yield Verdict(row, "refused", (Fault("", refusal.code, refusal.detail),))
        else:
            yield Verdict(row, outcome)


def _try(services: Services, actor: Actor, obj: object) -> str:
    """What ``receive_case`` would say, with nothing stored."""
    approval = parse_case(obj, now=services.clock.now())
    _require_own_office(actor, approval)
    with services.store.read(actor) as work:
        known = work.session.scalar(select(Case).where(Case.acceptance_no == approval.acceptance_no))
        if known is None:
            return "created"
        if known.content_hash == approval.content_hash():
            return "same"
    raise RuleViolation(
        "content_differs", "这个受理号已经收到过，但内容不同。若要更正，请用更正（PUT）提交。"
    )
