"""Which envelope, which way: a case's documents are grouped and each group gets its carrier (contract, section 5).

An envelope holds one applicant's documents, never a denial or a sensitive one with others. A new document joins an
envelope that is not packed yet; nothing waits for company.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from .. import custody, outbox
from ..errors import RuleViolation
from ..intake.case import Delivery
from ..issue import UNDO_TIME, find_case
from ..lifecycle import AFTER_HAND_OVER, CaseState, ConsignmentState, DocumentState
from ..models import (
    Case,
    CaseSearch,
    Consignment,
    Custody,
    Document,
    Handover,
    HandoverItem,
    Placement,
    Point,
    new_id,
)
from ..notices import Words, is_told, notify
from ..outbox import Claim
from ..payers import Fee, payer_of
from ..ports import Carrier
from ..rights import SYSTEM, Actor, Scope
from ..services import Services
from ..store import Work
from .envelope import Addressee, contents, void_waybill
from .links import ensure_private_link

__all__ = ["COUNTER", "change_delivery", "free_place", "plan_case", "plan_documents", "redirect", "take_out"]

_K = ConsignmentState
COUNTER: Final = "counter"
_SENT: Final = ("express", "door", "point")
#: state organs' official documents: only the postal enterprise, our own hands or the counter (邮政法 art. 55)
_OFFICIAL: Final = ("notice", "decision")
_PLANNABLE: Final = (str(DocumentState.DRAFT), str(DocumentState.VALID), str(DocumentState.BLOCKED))
_JOINABLE: Final = (_K.PLANNED, _K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED, _K.LABELLED)


@dataclass(frozen=True)
class _Way:
    """How one document goes: method, carrier, to whom; ``key`` is equal for what may share an envelope."""

    method: str
    carrier: str
    addressee: Addressee
    fee: Fee
    key: bytes


def plan_case(services: Services, claim: Claim) -> None:
    """Step ``case.plan``: envelopes for every document of the case that has none yet."""
    with services.store.work(SYSTEM) as work:
        case = work.locked(Case, claim.subject)
        if case is not None and case.state in (CaseState.ISSUED, CaseState.CLOSED):
            plan_documents(services, work, case)
            _announce(services, work, case)
            work.emit("case.settle", case.id)
        outbox.finish(work, claim)


def plan_documents(services: Services, work: Work, case: Case) -> list[Consignment]:
    """Put each waiting document into an envelope, in this unit; returns the envelopes that are new."""
    body = work.open(case, "body")
    query = select(Document).where(
        Document.case_id == case.id,
        Document.live,
        Document.consignment_id.is_(None),
        Document.state.in_(_PLANNABLE),
    )
    documents = list(work.session.scalars(query.order_by(Document.position)))
    ways = [(document, _way(services, work, case, body, document)) for document in documents]
    sent = [(document, way) for document, way in ways if way is not None]
    _lock_keys(work, {way.key for _, way in sent})
    made = []
    for document, way in sent:
        consignment = _open_envelope(work, case, way)
        if consignment is None:
            consignment = _new_envelope(work, case, way)
            made.append(consignment)
        document.consignment_id = consignment.id
        work.add(
            Placement(id=new_id(), document_id=document.id, consignment_id=consignment.id, placed_at=work.now)
        )
        if document.signer_policy == "self" and consignment.delivery_code is None:
            _only_himself(work, consignment)
        work.session.flush()
        if document.state == DocumentState.VALID:
            custody.begin(work, document)  # one that was electronic until now has a paper from here on
    return made


# -- the way of one document -------------------------------------------------------------------------------------
def _way(
    services: Services, work: Work, case: Case, body: Mapping[str, Any], document: Document
) -> _Way | None:
    """How the document goes, None where it needs no envelope (当场领取, 电子送达)."""
    delivery = body["delivery"]
    own = body["documents"][document.position].get("recipient")
    method = delivery["method"]
    if own:
        method = method if method in _SENT else "express"
    elif method not in (*_SENT, COUNTER):
        return None
    addressee = _addressee(body, own, method)
    carrier = COUNTER if method == COUNTER else _carrier(services, method, document.kind).code
    fee = payer_of(work, case, method, delivery.get("payer"))
    alone = document.id if document.denial or case.sensitive else ""
    parts = [
        case.division_code, case.person_key.hex(), method, carrier, fee.payer, addressee.name, addressee.organization,
        addressee.phone, *addressee.region, addressee.address, addressee.point, alone,
    ]  # fmt: skip
    return _Way(
        method, carrier, addressee, fee, work.vault.blind("envelope", json.dumps(parts, ensure_ascii=False))
    )


def _carrier(services: Services, method: str, kind: str) -> Carrier:
    """The method's carrier; for official documents one that the law allows, whatever the settings say."""
    wanted = services.carriers[services.settings.express_carrier if method == "express" else "staff"]
    if kind not in _OFFICIAL or wanted.postal or wanted.own_hands:
        return wanted
    lawful = [carrier for carrier in services.carriers.values() if carrier.postal and not carrier.own_hands]
    return lawful[0] if lawful else services.carriers["staff"]


def _addressee(body: Mapping[str, Any], own: Mapping[str, Any] | None, method: str) -> Addressee:
    applicant = body["applicant"]
    who = own or body["delivery"].get("recipient") or _applicant_as_recipient(applicant)
    return Addressee(
        name=who["name"],
        organization=who.get("organization") or "",
        phone=who["phone"],
        relation=who.get("relation") or "self",
        region=tuple(who.get("region") or ()),
        address=who.get("address") or "",
        division_code=who.get("division_code") or "",
        point=(body["delivery"].get("point") or "") if method == "point" else "",
        for_organization=bool(who.get("organization")) if own else applicant["type"] == "organization",
    )


def _applicant_as_recipient(applicant: Mapping[str, Any]) -> dict[str, Any]:
    """At the counter nobody else need be named: the applicant, or whom the organization sends."""
    if applicant["type"] == "organization":
        return {
            "name": applicant.get("contact") or applicant["name"],
            "organization": applicant["name"],
            "phone": applicant["phone"],
            "relation": "contact",
        }
    return {"name": applicant["name"], "phone": applicant["phone"]}


# -- envelopes ---------------------------------------------------------------------------------------------------
def _lock_keys(work: Work, keys: set[bytes]) -> None:
    """Two cases of one applicant planned at once must find each other's envelope (SQLite has one writer anyway)."""
    if work.session.get_bind().dialect.name != "postgresql":
        return
    for key in sorted(keys):
        work.session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key[:8], "big", signed=True))))


def _open_envelope(work: Work, case: Case, way: _Way) -> Consignment | None:
    """An envelope with this key that is not packed yet."""
    same = (Consignment.envelope_key == way.key, Consignment.division_code == case.division_code)
    if way.carrier == COUNTER:
        still = (Consignment.state == str(_K.READY_FOR_COLLECTION), Consignment.packed_at.is_(None))
    else:
        still = (Consignment.state.in_([str(state) for state in _JOINABLE]), Consignment.packed_at.is_(None))
    query = select(Consignment).where(*same, *still).order_by(Consignment.created_at, Consignment.id).limit(1)
    return work.session.scalar(query.with_for_update())


def _new_envelope(work: Work, case: Case, way: _Way) -> Consignment:
    state = _K.READY_FOR_COLLECTION if way.carrier == COUNTER else _K.PLANNED
    number = new_id()
    row = Consignment(
        id=number, direction="out", division_code=case.division_code, method=way.method, carrier=way.carrier,
        state=str(state), base_state=str(state), state_at=work.now, created_at=work.now, envelope_key=way.key,
        payer=way.fee.payer, payer_reason=way.fee.reason, order_no=number, sort_code="", shelf_place="",
    )  # fmt: skip
    work.seal(row, "recipient", way.addressee.as_json())
    if way.addressee.point:
        _name_point(work, case, row, way.addressee.point)
    if state is _K.READY_FOR_COLLECTION:
        row.shelf_place = free_place(work, case.division_code)
    work.add(row)
    work.session.flush()
    if state is _K.PLANNED:
        work.emit("consignment.book", row.id)
    work.audit("consignment_planned", "consignment", row.id, method=way.method, carrier=way.carrier)
    return row


def _name_point(work: Work, case: Case, row: Consignment, name: str) -> None:
    """The pick-up point by name; an unknown one is created and flagged, and holds nothing up."""
    name = " ".join(name.split())
    fresh = {
        "id": new_id(),
        "division_code": case.division_code,
        "name": name,
        "confirmed": False,
        "created_at": work.now,
    }
    if work.insert_missing(Point, fresh, ["division_code", "name"]):
        work.audit("point_named", "point", str(fresh["id"]))
    query = select(Point).where(Point.division_code == case.division_code, Point.name == name)
    row.point_id = work.session.scalars(query).one().id


def free_place(work: Work, division_code: str) -> str:
    """The first free place on the shelf: A-01 … Z-99, after that counted on. Loose papers and envelopes share the shelf."""
    query = select(Consignment.shelf_place).where(
        Consignment.division_code == division_code,
        Consignment.carrier == COUNTER,
        Consignment.state == str(_K.READY_FOR_COLLECTION),
    )
    loose = select(Custody.place).where(Custody.division_code == division_code, Custody.place != "")
    taken = {*work.session.scalars(query), *work.session.scalars(loose.where(Custody.kind == "window"))}
    listed = select(HandoverItem.place).join(Handover, Handover.id == HandoverItem.handover_id)
    taken |= set(work.session.scalars(listed.where(Handover.state == "open", HandoverItem.place != "")))
    places = (f"{row}-{column:02d}" for row in string.ascii_uppercase for column in range(1, 100))
    return next((place for place in places if place not in taken), f"Z-{len(taken) + 1}")


def _announce(services: Services, work: Work, case: Case) -> None:
    """Tell the applicant once that the case is issued, with the private link; not before issuing stands for good."""
    if is_told(work, "issued", case_id=case.id):
        return
    secret = ensure_private_link(work, case)
    notify(
        work,
        case,
        None,
        "issued",
        Words(services).issued(case, secret),
        work.open(case, "body")["applicant"]["phone"],
        delay=UNDO_TIME,
    )


def _only_himself(work: Work, consignment: Consignment) -> None:
    """The envelope now holds a paper for the person himself: a code for the recipient, and the label must say so."""
    work.seal(consignment, "delivery_code", f"{secrets.randbelow(10**6):06d}")
    if consignment.state == _K.LABELLED:
        work.emit("consignment.book", consignment.id)


# -- another way -------------------------------------------------------------------------------------------------
def change_delivery(services: Services, actor: Actor, acceptance_no: str, delivery: Delivery) -> None:
    """Send the case another way: old labels are voided, envelopes planned anew.

    ``RuleViolation('handed_over')`` once one of its envelopes has left, ``cancelled`` for a cancelled case.
    Documents with a recipient of their own keep their envelopes.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        if case.state == CaseState.CANCELLED:
            raise RuleViolation("cancelled", "这个办件已取消，不再送达。")
        body = work.open(case, "body")
        mine = _with_common_recipient(work, case, body)
        for consignment_id in sorted({d.consignment_id for d in mine if d.consignment_id}):
            _refuse_gone(work, consignment_id)
        if case.state == CaseState.CLOSED:
            raise RuleViolation("handed_over", "证件已经送达，不能再改送达方式。")
        for document in mine:
            take_out(work, document, "送达方式或地址变更")
        redirect(work, case, body, delivery)
        if case.state == CaseState.ISSUED:
            plan_documents(services, work, case)
            work.emit("case.settle", case.id)
        work.audit("delivery_changed", "case", case.id, method=delivery.method)


def _with_common_recipient(work: Work, case: Case, body: Mapping[str, Any]) -> list[Document]:
    query = select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
    return [d for d in work.session.scalars(query) if not body["documents"][d.position].get("recipient")]


def _refuse_gone(work: Work, consignment_id: str) -> None:
    consignment = work.locked(Consignment, consignment_id)
    assert consignment is not None
    waits_here = consignment.carrier == COUNTER and consignment.state == _K.READY_FOR_COLLECTION
    if ConsignmentState(consignment.state) in AFTER_HAND_OVER and not waits_here:
        raise RuleViolation("handed_over", "信封已经交寄，不能再改送达方式；可在送达前联系邮政改址或拦截。")


def take_out(work: Work, document: Document, reason: str) -> None:
    """Take a document out of its envelope before hand-over; the envelope's label is voided when nothing else is in it.

    What stays behind must be packed anew when the envelope was already closed.
    """
    if document.consignment_id is None:
        return
    consignment = work.locked(Consignment, document.consignment_id)
    assert consignment is not None
    document.consignment_id, document.packed_at, document.packed_by = None, None, None
    custody.out_of_envelope(work, consignment.id, document.id)
    work.session.flush()
    if not contents(work, consignment.id):
        void_waybill(work, consignment.id, reason)
        work.move(
            consignment,
            _K.CANCELLED,
            base_state=str(_K.CANCELLED),
            state_at=work.now,
            packed_at=None,
            flag=None,
        )
        work.audit("consignment_cancelled", "consignment", consignment.id, reason=reason)
    elif consignment.state == _K.PACKED:
        flag = "信封已封装，但有一份证件改为另寄：请取出后重新核对封装。"
        work.move(
            consignment,
            _K.LABELLED,
            base_state=str(_K.LABELLED),
            state_at=work.now,
            packed_at=None,
            flag=flag,
        )


def redirect(work: Work, case: Case, body: dict[str, Any], delivery: Delivery) -> None:
    """Store the new way and make the new recipient findable."""
    said = body["delivery"].get("payer")  # who pays was said once; another address does not unsay it
    body["delivery"] = delivery.model_dump(mode="json")
    body["delivery"]["payer"] = delivery.payer or said
    work.seal(case, "body", body)
    case.method = delivery.method
    if delivery.recipient is None:
        return
    tail = "".join(ch for ch in delivery.recipient.phone if ch.isdigit())[-4:]
    for kind, value in (("name", delivery.recipient.name), ("phone_tail", tail)):
        key = work.vault.blind(kind, value)
        known = select(CaseSearch.id).where(CaseSearch.case_id == case.id, CaseSearch.key == key)
        if work.session.scalar(known.limit(1)) is None:
            work.add(CaseSearch(id=new_id(), case_id=case.id, kind=kind, key=key))
