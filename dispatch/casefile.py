"""A case as it is shown: the case view, lists, exact search, the unmasked look.

A page of 200 cases costs as many queries as one case: everything belonging to the page is fetched by kind.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, or_, select, tuple_, union

from labels.masks import mask_name, mask_phone

from .calendar import SHANGHAI, local_date
from .chronicle import audit_event, scan_event
from .consignments.envelope import addressee_of, find_consignment
from .consignments.fold import BY_PAPER
from .consignments.label import masked_recipient
from .deadlines import Deadline, deadlines_of
from .documents.token import to_base32
from .errors import Fault, Invalid, NotFound, NotPermitted
from .lifecycle import CaseState, ConsignmentState, DocumentState
from .models import (
    Audit,
    Case,
    CaseSearch,
    Consignment,
    Document,
    Hold,
    PaperEntry,
    ScanEvent,
    ServiceRecord,
    Waybill,
)
from .rights import Actor, Scope
from .service.records import receipts_of, records_of, standing, together
from .services import Services
from .store import Work
from .workday import CaseFilter, matching
from .worklist import retry_step, worklist

__all__ = [
    "MAX_FILE",
    "MAX_PAGE",
    "Page",
    "all_cases",
    "applicant_masked",
    "case_view",
    "consignment_view",
    "list_cases",
    "retry_step",
    "reveal",
    "worklist",
]

MAX_PAGE = 200
#: cases that one file may list
MAX_FILE = 20_000
_LOOKERS = (Scope.READ, Scope.CASES, Scope.ISSUE)
API = "/api/v1"

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """Some cases and where the next ones begin; ``next_cursor`` None at the end."""

    items: list[dict[str, Any]]
    next_cursor: str | None


# -- one case ----------------------------------------------------------------------------------------------------
def case_view(services: Services, actor: Actor, acceptance_no: str) -> dict[str, Any]:
    """The case view (contract, section 4); ``NotFound`` when absent or another office's."""
    _require_look(actor)
    with services.store.read(actor) as work:
        case = work.session.scalar(select(Case).where(Case.acceptance_no == acceptance_no))
        if case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这个受理号的办件。请核对受理号。")
        return _views(work, [case])[0]


def consignment_view(services: Services, actor: Actor, consignment_id: str) -> dict[str, Any]:
    """One consignment as a case view shows it; ``NotFound`` when absent or another office's."""
    _require_look(actor)
    with services.store.read(actor) as work:
        envelope = find_consignment(work, actor, consignment_id)
        cases = list(
            work.session.scalars(select(Document.case_id).where(Document.consignment_id == envelope.id))
        )
        gathered = _gather(work, cases or [""])
        known = gathered.consignments if envelope.id in gathered.consignments else {envelope.id: envelope}
        return _consignment(gathered, known[envelope.id])


def _require_look(actor: Actor) -> None:
    if not any(actor.may(scope) for scope in _LOOKERS):
        raise NotPermitted("scope", "没有查看办件的权限。请联系管理员。")


# -- many --------------------------------------------------------------------------------------------------------
def list_cases(
    services: Services,
    actor: Actor,
    *,
    state: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    only: CaseFilter | None = None,
) -> Page:
    """Cases of this office by the day they are due. ``q``: acceptance, document or waybill number, 查验码, exact name,
    or the last four digits of a phone. ``only``: further conditions. Raises ``Invalid`` for a wrong state, limit or cursor."""
    _require_look(actor)
    with services.store.read(actor) as work:
        query = _filtered(work, actor, state, q)
        if only is not None:
            query = query.where(*matching(services, work, actor, only))
        if cursor:
            after = _read_cursor(cursor)
            query = query.where(tuple_(Case.next_due, Case.id) > tuple_(*after))
        limit = _checked_limit(limit)
        rows = list(work.session.scalars(query.order_by(Case.next_due, Case.id).limit(limit + 1)))
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(_views(work, rows), _write_cursor(rows[-1]) if more else None)


def all_cases(
    services: Services,
    actor: Actor,
    *,
    state: str | None = None,
    q: str | None = None,
    only: CaseFilter | None = None,
) -> list[dict[str, Any]]:
    """Every case that ``list_cases`` would show page by page, for a file; ``Invalid('too_many')`` beyond 20,000."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = list_cases(services, actor, state=state, q=q, cursor=cursor, limit=MAX_PAGE, only=only)
        found += page.items
        if page.next_cursor is None:
            return found
        if len(found) >= MAX_FILE:
            raise Invalid([Fault("", "too_many", f"超过 {MAX_FILE} 件，一张表太大。请按天用回传文件导出。")])
        cursor = page.next_cursor


def _filtered(work: Work, actor: Actor, state: str | None, q: str | None) -> Select[Case]:
    query = select(Case)
    if actor.office:
        query = query.where(Case.division_code.startswith(actor.office, autoescape=True))
    if state:
        if state not in set(CaseState):
            raise Invalid([Fault("/state", "unknown_value", f"状态应为：{'、'.join(CaseState)}。")])
        query = query.where(Case.state == state)
    wanted = (q or "").strip()
    if len(wanted) > 200:
        raise Invalid([Fault("/q", "too_long", "查询内容最多 200 字。")])
    return query.where(_matches(work, wanted)) if wanted else query


def _matches(work: Work, wanted: str) -> ColumnElement[bool]:
    """Exact matches only: what is encrypted can be found by its blind key, not by a part of it."""
    upper = wanted.upper()
    keys = [("name", work.vault.blind("name", wanted))]
    if len(wanted) == 4 and wanted.isascii() and wanted.isdigit():
        keys.append(("phone_tail", work.vault.blind("phone_tail", wanted)))
    found = union(
        select(Document.case_id).where(or_(Document.number == wanted, Document.id == upper)),
        select(Document.case_id)
        .join(Waybill, Waybill.consignment_id == Document.consignment_id)
        .where(Waybill.number == upper),
        *(
            select(CaseSearch.case_id).where(CaseSearch.key == key, CaseSearch.kind == kind)
            for kind, key in keys
        ),
    ).subquery()
    return or_(Case.acceptance_no == wanted, Case.id.in_(select(found.c.case_id)))


def _checked_limit(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid([Fault("/limit", "out_of_range", f"每页 1 到 {MAX_PAGE} 条。")])
    return limit


def _write_cursor(last: Case) -> str:
    plain = json.dumps([last.next_due.isoformat(), last.id]).encode()
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[date, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        due, case_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return date.fromisoformat(due), str(case_id)
    except (ValueError, TypeError) as fault:
        raise Invalid([Fault("/cursor", "bad_cursor", "翻页位置无效，请从第一页重新开始。")]) from fault


# -- gathering and showing ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Gathered:
    """Everything that belongs to a page of cases, by kind."""

    work: Work
    today: date
    documents: Mapping[str, list[Document]]
    holds: Mapping[str, list[Hold]]
    consignments: Mapping[str, Consignment]
    waybills: Mapping[str, str]
    inside: Mapping[str, list[str]]
    audit: Mapping[str, list[Audit]]
    scans: Mapping[str, list[ScanEvent]]
    on_paper: Mapping[str, str]
    served: Mapping[str, list[ServiceRecord]]
    receipts: frozenset[str]


def _views(work: Work, cases: Sequence[Case]) -> list[dict[str, Any]]:
    gathered = _gather(work, [case.id for case in cases])
    return [_view(gathered, case) for case in cases]


def _gather(work: Work, case_ids: Sequence[str]) -> _Gathered:
    fetch = work.session.scalars
    documents = list(
        fetch(select(Document).where(Document.case_id.in_(case_ids)).order_by(Document.position, Document.id))
    )
    envelopes = {d.consignment_id for d in documents if d.consignment_id}
    consignments = list(fetch(select(Consignment).where(Consignment.id.in_(envelopes))))
    holds = fetch(
        select(Hold).where(Hold.case_id.in_(case_ids), Hold.lifted_at.is_(None)).order_by(Hold.placed_at)
    )
    waybills = fetch(select(Waybill).where(Waybill.consignment_id.in_(envelopes), Waybill.active))
    subjects = [*case_ids, *(d.id for d in documents), *envelopes]
    audit = fetch(
        select(Audit).where(Audit.object_kind != "outbox", Audit.object_id.in_(subjects)).order_by(Audit.seq)
    )
    scans = list(
        fetch(
            select(ScanEvent)
            .where(ScanEvent.consignment_id.in_(envelopes))
            .order_by(ScanEvent.corrected_at, ScanEvent.id)
        )
    )
    contents = work.session.execute(
        select(Document.consignment_id, Document.id)
        .where(Document.consignment_id.in_(envelopes))
        .order_by(Document.case_id, Document.position)
    )
    served = records_of(work, [d.id for d in documents])
    return _Gathered(
        work=work,
        today=local_date(work.now),
        documents=_grouped((d.case_id, d) for d in documents),
        holds=_grouped((h.case_id, h) for h in holds),
        consignments={c.id: c for c in consignments},
        waybills={w.consignment_id: w.number for w in waybills},
        inside=_grouped((str(envelope), document) for envelope, document in contents),
        audit=_grouped((a.object_id, a) for a in audit),
        scans=_grouped((str(s.consignment_id), s) for s in scans),
        on_paper=_on_paper(work, [s.scan_id for s in scans if s.source == BY_PAPER]),
        served=served,
        receipts=frozenset(receipts_of(work, served)),
    )


def _on_paper(work: Work, scan_ids: Sequence[str]) -> dict[str, str]:
    """Who did what was entered from a sheet, by the scan's id."""
    if not scan_ids:
        return {}
    rows = work.session.scalars(select(PaperEntry).where(PaperEntry.scan_id.in_(scan_ids)))
    return {str(row.scan_id): row.done_by for row in rows}


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def _view(gathered: _Gathered, case: Case) -> dict[str, Any]:
    approval = gathered.work.open(case, "body")
    # what was taken back stands behind, so that the others keep the order received
    documents = sorted(gathered.documents.get(case.id, []), key=lambda d: d.state == DocumentState.VOID)
    envelopes = [gathered.consignments[i] for i in dict.fromkeys(d.consignment_id for d in documents) if i]
    shown: dict[str, Any] = {
        "acceptance_no": case.acceptance_no,
        "state": case.state,
        "item": {
            "code": case.item_code,
            "name": case.item_name,
            "sensitivity": "sensitive" if case.sensitive else "normal",
        },
        "department": {"name": case.department_name, "division_code": case.division_code},
        "applicant_masked": applicant_masked(approval["applicant"]),
        "decision": case.decision,
        "holds": [_hold(hold) for hold in gathered.holds.get(case.id, [])],
        "documents": [_document(gathered, document) for document in documents],
        "consignments": [_consignment(gathered, envelope) for envelope in envelopes],
        "deadlines": [d.as_dict() for d in _deadlines(gathered.today, case, envelopes)],
    }
    service = _service(gathered, case, envelopes)
    if service is not None:
        shown["service"] = service
    shown["events"] = _events(gathered, case, documents, envelopes)
    return shown


def applicant_masked(applicant: Mapping[str, Any]) -> str:
    """张* for a person; an organization's name in full."""
    name = str(applicant["name"])
    return name if applicant.get("type") == "organization" else mask_name(name)


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "kind": hold.kind,
        "reason": hold.reason,
        "until": hold.until.isoformat() if hold.until else None,
        "placed_at": _moment(hold.placed_at),
        "placed_by": hold.placed_by,
    }


def _document(gathered: _Gathered, document: Document) -> dict[str, Any]:
    ended = (
        document.state == DocumentState.VALID
        and document.valid_until is not None
        and gathered.today > document.valid_until
    )
    shown: dict[str, Any] = {
        "document_id": document.id,
        "title": document.title,
        "kind": document.kind,
        "source": document.source,
        "copy": document.copy or None,
        "number": document.number,
        "revision": document.revision,
        "state": "expired" if ended else document.state,
    }
    if document.reason:
        shown["reason"] = document.reason
    shown["sha256"] = document.pdf_sha256
    shown["token"] = _token(gathered.work, document)
    shown["pdf_url"] = f"{API}/documents/{document.id}/pdf" if document.pdf_blob else None
    shown["consignment_id"] = document.consignment_id
    return shown


def _token(work: Work, document: Document) -> str | None:
    """Bare BASE32, from the moment the document became valid and ever after."""
    if document.valid_at is None or document.signature is None or document.token_body is None:
        return None
    return to_base32(bytes.fromhex(work.open(document, "token_body")) + document.signature)


def _consignment(gathered: _Gathered, envelope: Consignment) -> dict[str, Any]:
    return {
        "id": envelope.id,
        "direction": envelope.direction,
        "method": envelope.method,
        "carrier": envelope.carrier,
        "waybill_no": gathered.waybills.get(envelope.id),
        "state": envelope.state,
        "documents": gathered.inside.get(envelope.id, []),
        "recipient_masked": _recipient_masked(gathered.work, envelope),
        "label_url": f"{API}/consignments/{envelope.id}/label.pdf" if envelope.label_blob else None,
    }


def _recipient_masked(work: Work, envelope: Consignment) -> str:
    """张* 138****5678; organizations in full."""
    addressee = addressee_of(work, envelope)
    parts = (addressee.organization, masked_recipient(addressee), mask_phone(addressee.phone))
    return " ".join(dict.fromkeys(part for part in parts if part))


def _deadlines(today: date, case: Case, envelopes: Sequence[Consignment]) -> list[Deadline]:
    return deadlines_of(
        promise_due=case.promise_due,
        delivery_due=case.delivery_due,
        provisional=case.due_provisional,
        issued_at=case.issued_at,
        served_at=_served_at(case, envelopes),
        cancelled=case.state == CaseState.CANCELLED,
        today=today,
    )


def _open_envelopes(envelopes: Sequence[Consignment]) -> list[Consignment]:
    return [e for e in envelopes if e.direction == "out" and e.state != ConsignmentState.CANCELLED]


def _served_at(case: Case, envelopes: Sequence[Consignment]) -> datetime | None:
    """When the last envelope was delivered; without envelopes, when the case was closed."""
    mine = _open_envelopes(envelopes)
    delivered = [e.delivered_at for e in mine if e.state == ConsignmentState.DELIVERED and e.delivered_at]
    if mine and len(delivered) == len(mine):
        return max(delivered)
    return case.closed_at if case.state == CaseState.CLOSED and not mine else None


def _service(gathered: _Gathered, case: Case, envelopes: Sequence[Consignment]) -> dict[str, Any] | None:
    """Whether the decision is served (送达). A returned one is not; a refusal only with its signed receipt.

    Without records of service (cases of an earlier time) the deliveries tell.
    """
    if case.issued_at is None or case.state == CaseState.CANCELLED:
        return None
    states = {e.state for e in _open_envelopes(envelopes)}
    papers = [d for d in gathered.documents.get(case.id, []) if d.live]
    if any(d.id in gathered.served for d in papers):
        stands = together(
            [
                standing(
                    gathered.served.get(d.id, []), receipt=d.id in gathered.receipts, today=gathered.today
                )
                for d in papers
            ]
        )
        method, state = case.method, stands.state
        rows = [row for d in papers for row in gathered.served.get(d.id, [])]
        if all(row.origin == "hand" for row in rows):
            method = stands.method or case.method
        day = stands.served_on if state == "served" else None
    else:
        served = _served_at(case, envelopes)
        method, state, day = (
            case.method,
            "served" if served else "pending",
            local_date(served) if served else None,
        )
    if state == "pending" and ConsignmentState.RETURNED in states:
        state = "not_served"
    return {"state": state, "method": method, "served_on": day.isoformat() if day else None}


def _events(
    gathered: _Gathered, case: Case, documents: Sequence[Document], envelopes: Sequence[Consignment]
) -> list[dict[str, str]]:
    """Oldest first."""
    subjects = {case.id: ""}
    subjects |= {d.id: d.title + (f"（{d.copy}）" if d.copy else "") for d in documents}
    subjects |= {
        e.id: "信封" if len(envelopes) == 1 else f"第 {n} 个信封" for n, e in enumerate(envelopes, 1)
    }
    told = [audit_event(row, words) for key, words in subjects.items() for row in gathered.audit.get(key, [])]
    for envelope in envelopes:
        for row in gathered.scans.get(envelope.id, []):
            done_by = gathered.on_paper.get(row.scan_id, "")
            told.append(scan_event(row, subjects[envelope.id], _signer_kind(gathered.work, row), done_by))
    told.sort(key=lambda event: event["at"])  # in full, before the fractions of a second are cut off
    return [event | {"at": _moment(datetime.fromisoformat(event["at"]))} for event in told]


def _signer_kind(work: Work, row: ScanEvent) -> str:
    facts = work.open(row, "particulars") if row.particulars else None
    signer = facts.get("signer") if isinstance(facts, dict) else None
    return str(signer.get("kind", "")) if isinstance(signer, dict) else ""


def _moment(at: datetime) -> str:
    """RFC 3339 with the offset of Asia/Shanghai."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


# -- the unmasked look -------------------------------------------------------------------------------------------
def reveal(services: Services, actor: Actor, acceptance_no: str) -> dict[str, Any]:
    """The persons of a case, unmasked: ``{applicant, recipients: [{for, …}]}``. Every look is audited, in the
    transaction that grants it; read-only roles get none."""
    if not (actor.may(Scope.ISSUE) or actor.may(Scope.CASES)):
        raise NotPermitted("scope", "您的账号不能查看未遮盖的个人信息。")
    with services.store.work(actor) as work:
        case = work.session.scalar(select(Case).where(Case.acceptance_no == acceptance_no))
        if case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这个受理号的办件。请核对受理号。")
        approval = work.open(case, "body")
        work.audit("case_revealed", "case", case.id)
    recipients = (
        [{"for": None, **approval["delivery"]["recipient"]}] if approval["delivery"].get("recipient") else []
    )
    recipients += [{"for": d["title"], **d["recipient"]} for d in approval["documents"] if d.get("recipient")]
    return {"applicant": approval["applicant"], "recipients": recipients}
