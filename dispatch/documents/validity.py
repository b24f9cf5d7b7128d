"""Ending and restoring a document's validity: withdraw, revoke, cancel, penalty, void; suspend, reinstate, supersede.

No single person ends a document: the first call suspends it at once, a second holder of the scope confirms by the
same call (contract, section 4; policy, on by default).
"""

from __future__ import annotations

import base64
import secrets
from typing import Any, Literal

from sqlalchemy import select

from .. import custody
from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..intake.schema import parse_document
from ..lifecycle import DocumentState
from ..models import Case, Document, DocumentNumber, ValidityRequest, new_id
from ..numbering import reserve_given
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work

__all__ = ["KINDS", "reinstate", "revoke", "supersede", "suspend"]

Act = Literal["revoke", "suspend", "reinstate", "supersede"]

#: kinds of ending a document's validity and their words
KINDS = {"withdrawn": "撤回", "revoked": "撤销", "cancelled": "注销", "penalty": "吊销", "void": "作废"}


def revoke(
    services: Services,
    actor: Actor,
    document_id: str,
    *,
    kind: str,
    reason: str,
    organ: str,
    decision_no: str,
) -> str:
    """End validity; returns the state afterwards: ``suspended``, or ``revoked`` once a second person confirmed."""
    faults = []
    if kind not in KINDS:
        faults.append(Fault("/kind", "unknown_value", f"处理方式应为：{'、'.join(KINDS)}。"))
    for name, value, word, most in (("reason", reason, "原因", 400), ("organ", organ, "决定机关", 120)):
        if not value.strip() or len(value) > most:
            faults.append(Fault(f"/{name}", "required", f"请填写{word}（{most} 字以内）。"))
    if len(decision_no) > 80:
        faults.append(Fault("/decision_no", "too_long", "决定文号最多 80 字。"))
    if faults:
        raise Invalid(faults)
    with services.store.work(actor) as work:
        document = _mine(work, actor, document_id)
        if document.state == DocumentState.REVOKED:
            return document.state
        facts = {"kind": kind, "organ": organ, "decision_no": decision_no}
        if not _confirmed(services, work, document, "revoke", reason, facts):
            _suspend_now(work, document)
            return document.state
        work.move(document, DocumentState.REVOKED, reason=KINDS[kind], live=False)
        custody.ended(work, document)
        work.audit(
            "document_revoked", "document", document.id, kind=kind, organ=organ, decision_no=decision_no
        )
        work.emit("case.settle", document.case_id)
        return document.state


def suspend(services: Services, actor: Actor, document_id: str, *, reason: str) -> str:
    """冻结核查: at once, by one person; ``reinstate`` takes two."""
    reason = _required(reason)
    with services.store.work(actor) as work:
        document = _mine(work, actor, document_id)
        if document.state != DocumentState.SUSPENDED:
            _request(work, document, "suspend", reason, {})
            _suspend_now(work, document)
        return document.state


def reinstate(services: Services, actor: Actor, document_id: str, *, reason: str) -> str:
    """Restore a suspended document; the first call only asks, the second person's restores."""
    reason = _required(reason)
    with services.store.work(actor) as work:
        document = _mine(work, actor, document_id)
        if document.state == DocumentState.VALID:
            return document.state
        if _confirmed(services, work, document, "reinstate", reason, {}):
            work.move(document, DocumentState.VALID, reason=None)
            work.audit("document_reinstated", "document", document.id)
            _close_requests(work, document)
        return document.state


def supersede(
    services: Services, actor: Actor, document_id: str, *, reason: str, replacement: object
) -> tuple[str, str | None]:
    """Replace a document by a corrected one; returns the old one's state and the new one's id once confirmed.

    The number is kept with revision + 1 unless ``replacement`` gives a new one.
    """
    reason = _required(reason)
    wanted = parse_document(replacement)
    with services.store.work(actor) as work:
        document = _mine(work, actor, document_id)
        if document.state == DocumentState.SUPERSEDED:
            return document.state, document.replaced_by
        if wanted.title != document.title:
            raise Invalid([Fault("/document/title", "differs", "替换证件的名称应与原证件相同。")])
        if not _confirmed(services, work, document, "supersede", reason, {}):
            _suspend_now(work, document)
            return document.state, None
        new = _replacement(work, document, wanted)
        work.emit("document.compose", new.id)
        work.emit("case.plan", new.case_id)
        return document.state, new.id


def _replacement(work: Work, old: Document, wanted: Any) -> Document:
    case = work.session.get_one(Case, old.case_id)
    body = work.open(case, "body")
    new = Document(
        id=base64.b32encode(secrets.token_bytes(10)).decode(), case_id=case.id, position=len(body["documents"]),
        kind=wanted.kind, source=wanted.source, title=wanted.title, copy=wanted.copy_ or "",
        department_name=old.department_name, number=wanted.number or old.number, revision=old.revision + 1,
        state=str(DocumentState.DRAFT), live=True, signer_policy=wanted.signer_policy, denial=old.denial,
        holder_key=work.vault.blind("holder", wanted.holder or body["applicant"]["name"]),
        recipient_key=work.vault.blind("recipient", wanted.recipient.model_dump_json() if wanted.recipient else ""),
        valid_from=wanted.valid_from, valid_until=wanted.valid_until,
    )  # fmt: skip
    work.move(old, DocumentState.SUPERSEDED, live=False, replaced_by=new.id, reason=None)
    custody.ended(work, old)
    body["documents"].append(wanted.model_dump(mode="json"))
    work.seal(case, "body", body)
    work.add(new)
    kept = old.number is not None and new.number == old.number
    key = (old.department_name, old.title, old.number, new.copy)
    taken = work.session.get(DocumentNumber, key) if kept else None
    if taken is not None:
        taken.document_id = new.id
    else:
        reserve_given(work, new)
    work.audit("document_superseded", "document", old.id, replaced_by=new.id)
    return new


def _mine(work: Work, actor: Actor, document_id: str) -> Document:
    actor.require(Scope.VALIDITY)
    document = work.locked(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    if document.state in (DocumentState.DRAFT, DocumentState.BLOCKED, DocumentState.VOID):
        raise RuleViolation("not_valid_yet", "这份证件尚未生效或已作废，不需要此项处理。")
    return document


def _required(reason: str) -> str:
    if not reason.strip() or len(reason) > 400:
        raise Invalid([Fault("/reason", "required", "请填写原因（400 字以内）。")])
    return reason.strip()


def _suspend_now(work: Work, document: Document) -> None:
    if document.state == DocumentState.VALID:
        work.move(document, DocumentState.SUSPENDED, reason="冻结核查")
        work.audit("document_suspended", "document", document.id)


def _confirmed(
    services: Services, work: Work, document: Document, act: Act, reason: str, facts: dict[str, str]
) -> bool:
    """Whether this call completes the act; else it is noted as the first of two."""
    open_requests = list(
        work.session.scalars(
            select(ValidityRequest)
            .where(ValidityRequest.document_id == document.id, ValidityRequest.act == act)
            .where(ValidityRequest.confirmed_at.is_(None))
        )
    )
    for request in open_requests:
        if request.asked_by != work.actor.name and request.kind == facts.get("kind", ""):
            request.confirmed_by, request.confirmed_at = work.actor.name, work.now
            return True
    if not services.settings.two_person_rule:
        done = _request(work, document, act, reason, facts)
        done.confirmed_by, done.confirmed_at = work.actor.name, work.now
        return True
    if not any(r.asked_by == work.actor.name and r.kind == facts.get("kind", "") for r in open_requests):
        _request(work, document, act, reason, facts)
    return False


def _request(work: Work, document: Document, act: Act, reason: str, facts: dict[str, str]) -> ValidityRequest:
    request = ValidityRequest(
        id=new_id(), document_id=document.id, act=act, kind=facts.get("kind", ""), organ=facts.get("organ", ""),
        decision_no=facts.get("decision_no", ""), asked_by=work.actor.name, asked_at=work.now,
    )  # fmt: skip
    work.seal(request, "reason", reason)
    work.audit("validity_asked", "document", document.id, act=act, kind=request.kind)
    return work.add(request)


def _close_requests(work: Work, document: Document) -> None:
    """A restored document starts afresh: what was asked before no longer counts as the first of two."""
    for request in work.session.scalars(
        select(ValidityRequest).where(
            ValidityRequest.document_id == document.id, ValidityRequest.confirmed_at.is_(None)
        )
    ):
        request.confirmed_by, request.confirmed_at = "system", work.now
