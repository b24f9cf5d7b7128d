"""Service as it is shown: document by document on a case's page, and what still waits for the whole office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from labels.masks import mask_name

from ..attachments import AttachmentView, attachments_of
from ..calendar import local_date
from ..cases import find_case
from ..chronicle import shown_actor
from ..consignments.authority import authority_words
from ..consignments.envelope import title_of
from ..consignments.signers import KINDS as SIGNERS
from ..lifecycle import CaseState, DocumentState
from ..models import Case, Document, ServiceRecord
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .consent import HOW, consent_of
from .methods import METHODS
from .records import Standing, has_terms, receipts_of, records_of, standing, terms_for
from .spot import waits_for_signature
from .terms import Terms

__all__ = [
    "MOST",
    "CaseService",
    "PaperService",
    "Record",
    "Waiting",
    "case_service",
    "evidence_words",
    "waiting_service",
]

MOST: Final = 500
_SERVABLE: Final = (
    DocumentState.VALID,
    DocumentState.SUSPENDED,
    DocumentState.REVOKED,
    DocumentState.SUPERSEDED,
)
_ORIGINS: Final = {
    "system": "系统按签收自动记录",
    "hand": "手工登记",
    "spot": "窗口当场签收",
    "online": "收件人在线收取",
}


@dataclass(frozen=True)
class Record:
    """One record as it is shown; persons masked."""

    id: str
    method: str
    served_on: date
    origin: str
    from_delivery: bool
    recipient: str
    evidence: tuple[str, ...]
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class PaperService:
    """How the service of one document stands. ``terms`` None where none run; ``wants_receipt``: a denial."""

    document_id: str
    title: str
    number: str
    standing: Standing
    method: str
    records: tuple[Record, ...]
    terms: Terms | None
    expects_terms: bool
    receipt: bool
    wants_receipt: bool
    attachments: tuple[AttachmentView, ...]


@dataclass(frozen=True)
class CaseService:
    """A case's service. ``consent``: words on the consent to electronic service, empty without; ``to_sign``: titles that
    wait for a signature on the spot; ``authority``: whom the case names as receiving for the applicant."""

    acceptance_no: str
    method: str
    papers: tuple[PaperService, ...]
    consent: str
    to_sign: tuple[str, ...]
    organization: bool
    authority: str


def case_service(services: Services, actor: Actor, acceptance_no: str) -> CaseService:
    """Service of a case's documents, in order; ``NotFound`` when absent or another office's."""
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        body = work.open(case, "body")
        query = select(Document).where(Document.case_id == case.id, Document.state.in_(_SERVABLE))
        papers = list(work.session.scalars(query.order_by(Document.position)))
        ids = [paper.id for paper in papers]
        rows, receipts = records_of(work, ids), receipts_of(work, ids)
        shown = [
            _paper(services, work, paper, rows.get(paper.id, []), paper.id in receipts, _fields(body, paper))
            for paper in papers
            if paper.live or paper.id in rows
        ]
        to_sign = tuple(title_of(paper) for paper in waits_for_signature(work, case))
        organization = body["applicant"]["type"] == "organization"
        return CaseService(
            case.acceptance_no,
            case.method,
            tuple(shown),
            _consent_words(work, case),
            to_sign,
            organization,
            authority_words(body),
        )


def _fields(body: Mapping[str, Any], paper: Document) -> Mapping[str, str]:
    found: Mapping[str, str] = body["documents"][paper.position].get("fields") or {}
    return found


def _paper(
    services: Services,
    work: Work,
    paper: Document,
    rows: Sequence[ServiceRecord],
    receipt: bool,
    fields: Mapping[str, str],
) -> PaperService:
    stands = standing(rows, receipt=receipt, today=local_date(work.now))
    return PaperService(
        document_id=paper.id, title=title_of(paper), number=paper.number or "", standing=stands,
        method=METHODS.get(stands.method, ""), records=tuple(_record(work, row) for row in rows),
        terms=terms_for(paper, fields, stands, services.calendar), expects_terms=has_terms(paper, fields), receipt=receipt,
        wants_receipt=paper.denial, attachments=tuple(attachments_of(work, "document", paper.id)),
    )  # fmt: skip


def _record(work: Work, row: ServiceRecord) -> Record:
    to, facts = work.open(row, "recipient"), work.open(row, "facts")
    name = to.get("organization") or mask_name(to.get("name", ""))
    return Record(
        id=row.id, method=METHODS[row.method], served_on=row.served_on, origin=_ORIGINS[row.origin],
        from_delivery=row.origin == "system", recipient=name, evidence=tuple(evidence_words(facts, masked=True)),
        recorded_at=row.recorded_at, recorded_by=shown_actor(row.recorded_by),
    )  # fmt: skip


def evidence_words(facts: Mapping[str, Any], *, masked: bool) -> list[str]:
    """The evidence of a record in short phrases; names masked on screens, in full on paper for the file."""

    def person(name: str) -> str:
        return mask_name(name) if masked else name

    kind = SIGNERS.get(str(facts.get("signer_kind", "")), "")
    signer = facts.get("signer", "")
    words = []
    if signer or kind:
        relation = f"，{facts['relation']}" if facts.get("relation") else ""
        words.append(f"{kind or '签收人'} {person(str(signer))}{relation} 签收".replace("  ", " "))
    checks = [
        text for key, text in (("id_checked", "身份证号末几位"), ("code_checked", "送达码")) if facts.get(key)
    ]
    words += [f"核对了{'、'.join(checks)}"] if checks else []
    words += ["窗口电话核实过签收人"] if facts.get("confirmed") else []
    for key, text in (
        ("signed", "{}"), ("reason", "原因：{}"), ("unit", "转交单位 {}"), ("waybill", "运单 {}"), ("carrier", "{}"),
        ("system", "送到 {}"), ("form_no", "确认书 {}"), ("place", "公告处 {}"), ("note", "备注：{}"),
    ):  # fmt: skip
        if facts.get(key):
            words.append(text.format(facts[key]))
    if facts.get("witnesses"):
        words.append(f"见证人 {person(str(facts['witnesses']))}")
    return words


def _consent_words(work: Work, case: Case) -> str:
    row = consent_of(work, case.id)
    if row is None:
        return ""
    told = work.open(row, "particulars")
    form = f"，确认书 {row.form_no}" if row.form_no else ""
    day = f"{row.given_on.year}年{row.given_on.month}月{row.given_on.day}日"
    return f"{mask_name(told['who'])} {day} {HOW.get(told['how'], told['how'])}{form}"


# -- the office's list ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """A document whose service waits for something."""

    acceptance_no: str
    document_id: str
    title: str
    number: str
    method: str
    recipient: str
    day: date
    days: int


@dataclass
class Waiting:
    """``receipts``: delivered refusals without the signed receipt, the oldest first; ``notices``: public notices that run,
    the next to end first; ``served``: what was served within the last thirty days, the newest first; ``terms`` beside it."""

    receipts: list[Row] = field(default_factory=list)
    notices: list[Row] = field(default_factory=list)
    served: list[tuple[Row, Terms | None]] = field(default_factory=list)


def waiting_service(services: Services, actor: Actor) -> Waiting:
    """What waits for a receipt, which notices run, and what was served of late, in this office."""
    actor.require(Scope.READ)
    found = Waiting()
    with services.store.read(actor) as work:
        today = local_date(work.now)
        query = (
            select(ServiceRecord, Document, Case)
            .join(Document, Document.id == ServiceRecord.document_id)
            .join(Case, Case.id == ServiceRecord.case_id)
            .where(ServiceRecord.ended_at.is_(None), Case.state != CaseState.CANCELLED)
        )
        if actor.office:
            query = query.where(ServiceRecord.division_code.startswith(actor.office, autoescape=True))
        rows = list(work.session.execute(query.order_by(ServiceRecord.served_on.desc()).limit(MOST * 4)))
        receipts = receipts_of(work, [document.id for _, document, _ in rows])
        groups: dict[str, list[tuple[ServiceRecord, Document, Case]]] = {}
        for record, document, case in rows:
            groups.setdefault(document.id, []).append((record, document, case))
        for document_id, group in groups.items():
            _sort_in(services, work, found, group, document_id in receipts, today)
    found.receipts.sort(key=lambda row: row.day)
    found.notices.sort(key=lambda row: row.day)
    found.served.sort(key=lambda pair: pair[0].day, reverse=True)
    return found


def _sort_in(
    services: Services,
    work: Work,
    found: Waiting,
    group: Sequence[tuple[ServiceRecord, Document, Case]],
    receipt: bool,
    today: date,
) -> None:
    first, document, case = group[-1]
    stands = standing([record for record, _, _ in group], receipt=receipt, today=today)
    if stands.served_on is None:
        return
    to = work.open(first, "recipient")
    days = abs((today - stands.served_on).days)
    row = Row(
        case.acceptance_no, document.id, title_of(document), document.number or "", METHODS.get(stands.method, ""),
        to.get("organization") or mask_name(to.get("name", "")), stands.served_on, days,
    )  # fmt: skip
    if stands.state == "awaiting_receipt":
        found.receipts.append(row)
    elif stands.state == "running":
        found.notices.append(row)
    elif days <= 30 and len(found.served) < MOST:
        fields = _fields(work.open(case, "body"), document)
        found.served.append((row, terms_for(document, fields, stands, services.calendar)))
