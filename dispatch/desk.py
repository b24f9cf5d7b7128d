"""What lies on the window's desk and in the courier's bag: lists of envelopes for the rooms, and what the window says.

Lists show persons masked. Who has an envelope in hand sees where to carry it; that look is audited like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, select

from labels.masks import mask_address, mask_phone
from labels.receipt import ReceiptRecord, render_receipt

from .calendar import local_date
from .casefile import applicant_masked
from .consignments.book import NUMBER_WANTED
from .consignments.codes import envelope_by_code, paper_by_code
from .consignments.envelope import addressee_of, cases_inside, title_of
from .consignments.label import masked_recipient
from .consignments.links import case_by_secret, ensure_private_link
from .consignments.signers import strictest
from .errors import NotFound, NotPermitted, Rejected
from .issue import find_case
from .lifecycle import CaseState, ConsignmentState
from .models import Case, CaseCorrection, Consignment, Document, Notice, Point, ScanEvent, Waybill
from .notices import day_words
from .rights import SYSTEM, Actor, Role, Scope
from .services import Services
from .store import Work

__all__ = [
    "at_counter",
    "courier_stops",
    "facts_of_cases",
    "messages_of",
    "packed_by_carrier",
    "papers_inside",
    "point_rows",
    "private_particulars",
    "receipt_pdf",
    "scanned",
    "standing_labels",
    "wanting_number",
]

SHOWN: Final = 300
_K = ConsignmentState
_WITH_US: Final = (_K.HANDED_OVER, _K.IN_TRANSIT, _K.OUT_FOR_DELIVERY, _K.ATTEMPT_FAILED, _K.HELD)
_AT_POINTS: Final = (Consignment.method == "point") & Consignment.state.in_(
    [str(state) for state in (*_WITH_US, _K.READY_FOR_COLLECTION)]
)
_WAYS: Final = MappingProxyType(
    {
        "express": "政务专递，送到您填的地址",
        "door": "工作人员送到您填的地址",
        "point": "送到您选的代办点",
        "counter": "窗口自取",
        "on_the_spot": "窗口当场领取",
        "electronic": "在线查看",
    }
)

_MAY_SIGN: Final = MappingProxyType(
    {
        "self": "本人（单位由法定代表人或收发室）",
        "authorized": "本人、同住的成年家属、代理人、您指定的代收人、单位收发室",
        "any": "本人，或任何一位替您收的成年人",
    }
)

M = TypeVar("M")


# -- envelopes by where they stand ---------------------------------------------------------------------------------
def standing_labels(services: Services, actor: Actor, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Envelopes with a label that are not packed yet, the oldest first; rows as in ``_rows``."""
    return _list(services, actor, Consignment.state == str(_K.LABELLED), limit)


def wanting_number(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Envelopes that wait for the number on a pre-printed form."""
    waiting = (Consignment.carrier == "manual") & (Consignment.state == str(_K.BOOKING))
    return _list(services, actor, waiting | (Consignment.flag == NUMBER_WANTED))


def packed_by_carrier(
    services: Services, actor: Actor, limit: int = SHOWN
) -> dict[str, list[dict[str, Any]]]:
    """Closed envelopes that wait to be handed over, by carrier."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _list(services, actor, Consignment.state == str(_K.PACKED), limit):
        groups[row["carrier"]].append(row)
    return dict(groups)


def at_counter(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Envelopes on the window's shelf, the oldest first."""
    here = (Consignment.method == "counter") & (Consignment.state == str(_K.READY_FOR_COLLECTION))
    return _list(services, actor, here)


def _list(
    services: Services, actor: Actor, which: ColumnElement[bool], limit: int = SHOWN
) -> list[dict[str, Any]]:
    if not (actor.may(Scope.READ) or actor.may(Scope.ISSUE)):
        raise NotPermitted("scope", "没有查看寄递件的权限。请联系管理员。")
    with services.store.read(actor) as work:
        return _rows(work, _found(work, actor, which, limit))


def _found(work: Work, actor: Actor, which: ColumnElement[bool], limit: int = SHOWN) -> list[Consignment]:
    query = _mine(select(Consignment).where(which, Consignment.direction == "out"), actor)
    return list(work.session.scalars(query.order_by(Consignment.state_at, Consignment.id).limit(limit)))


def _mine(query: Select[M], actor: Actor) -> Select[M]:
    column = Consignment.division_code
    return query.where(column.startswith(actor.office, autoescape=True)) if actor.office else query


def _rows(work: Work, envelopes: Sequence[Consignment]) -> list[dict[str, Any]]:
    """``{id, carrier, method, state, waybill_no, recipient, titles, acceptance_no, policy, needs_code, point, since,
    packed_at, shelf_place, flag, label_ready}``, persons masked."""
    ids = [row.id for row in envelopes]
    numbers = {w.consignment_id: w.number for w in _waybills(work, ids)}
    named = select(Point).where(Point.id.in_({row.point_id for row in envelopes if row.point_id}))
    points = {row.id: row.name for row in work.session.scalars(named)}
    inside = _inside(work, ids)
    return [_row(work, row, numbers, points, inside.get(row.id, [])) for row in envelopes]


def _waybills(work: Work, ids: Sequence[str]) -> Iterable[Waybill]:
    return work.session.scalars(select(Waybill).where(Waybill.consignment_id.in_(ids), Waybill.active))


def _inside(work: Work, ids: Sequence[str]) -> Mapping[str, list[tuple[Document, str]]]:
    """Live documents of each envelope, with their case's number."""
    query = (
        select(Document, Case.acceptance_no)
        .join(Case, Case.id == Document.case_id)
        .where(Document.consignment_id.in_(ids), Document.live)
        .order_by(Document.case_id, Document.position)
    )
    groups: dict[str, list[tuple[Document, str]]] = defaultdict(list)
    for document, number in work.session.execute(query):
        groups[str(document.consignment_id)].append((document, number))
    return groups


def _row(
    work: Work,
    row: Consignment,
    numbers: Mapping[str, str],
    points: Mapping[str, str],
    inside: Sequence[tuple[Document, str]],
) -> dict[str, Any]:
    to = addressee_of(work, row)
    return {
        "id": row.id,
        "carrier": row.carrier,
        "method": row.method,
        "state": row.state,
        "waybill_no": numbers.get(row.id, ""),
        "recipient": " ".join(
            dict.fromkeys(p for p in (to.organization, masked_recipient(to), mask_phone(to.phone)) if p)
        ),
        "titles": [title_of(document) for document, _ in inside],
        "acceptance_no": inside[0][1] if inside else "",
        "policy": strictest(document.signer_policy for document, _ in inside),
        "needs_code": row.delivery_code is not None,
        "point": points.get(row.point_id or "", ""),
        "since": row.state_at,
        "packed_at": row.packed_at,
        "shelf_place": row.shelf_place,
        "flag": row.flag or "",
        "label_ready": row.label_blob is not None,
    }


def papers_inside(services: Services, actor: Actor, consignment_ids: Sequence[str]) -> list[str]:
    """Ids of the documents in these envelopes of this office, in the order of the envelopes."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = _mine(select(Consignment).where(Consignment.id.in_(consignment_ids)), actor)
        seen = {row.id for row in work.session.scalars(query)}
        inside = _inside(work, [one for one in consignment_ids if one in seen])
    return [document.id for one in consignment_ids for document, _ in inside.get(one, [])]


# -- the courier's bag, the village's shelf ------------------------------------------------------------------------
def courier_stops(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Envelopes of our own hands that are out: ``{id, waybill_no, recipient, name, phone, address, policy, needs_code,
    needs_id_tail, state}``. Name, phone and address in full only where this courier scanned the envelope himself."""
    actor.require(Scope.SCANS)
    out = (Consignment.carrier == "staff") & Consignment.state.in_(
        [str(state) for state in (_K.PACKED, *_WITH_US)]
    )
    if actor.role is Role.AGENT:
        out = _AT_POINTS
    with services.store.work(actor) as work:
        envelopes = _found(work, actor, out)
        held = _scanned_by(work, actor, [row.id for row in envelopes])
        stops = [
            _stop(work, row, shown, row.id in held)
            for row, shown in zip(envelopes, _rows(work, envelopes), strict=True)
        ]
        mine = sum(1 for row in envelopes if row.id in held)
        if mine:
            work.audit("stops_shown", "office", actor.office or "all", envelopes=mine)
    return stops


def _scanned_by(work: Work, actor: Actor, ids: Sequence[str]) -> set[str]:
    query = select(ScanEvent.consignment_id).where(
        ScanEvent.consignment_id.in_(ids), ScanEvent.actor == actor.name, ScanEvent.outcome == "accepted"
    )
    return {str(one) for one in work.session.scalars(query)}


def _stop(work: Work, row: Consignment, shown: Mapping[str, Any], in_hand: bool) -> dict[str, Any]:
    to = addressee_of(work, row)
    address = to.point or f"{''.join(to.region[2:])}{to.address}"
    known = {name: shown[name] for name in ("id", "waybill_no", "recipient", "policy", "needs_code", "state")}
    return known | {
        "name": to.name if in_hand else "",
        "recipient": f"{to.name} {to.organization}".strip() if in_hand else shown["recipient"],
        "phone": to.phone if in_hand else "",
        "address": address if in_hand else "领件扫一下，才看得到地址",
        "needs_id_tail": shown["policy"] == "self",
    }


def point_rows(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Envelopes on their way to pick-up points of this office, or waiting there; persons masked."""
    actor.require(Scope.SCANS)
    with services.store.read(actor) as work:
        return _rows(work, _found(work, actor, _AT_POINTS))


# -- what the window says ------------------------------------------------------------------------------------------
def facts_of_cases(services: Services, actor: Actor, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Beside the case view: ``{method, entered_by_me, accepted_at, decided_at}`` by number. ``entered_by_me``: somebody
    else must issue it."""
    rule = services.settings.same_person_rule
    with services.store.read(actor) as work:
        cases = list(work.session.scalars(select(Case).where(Case.acceptance_no.in_(numbers))))
        corrected = select(CaseCorrection.case_id).where(
            CaseCorrection.case_id.in_([case.id for case in cases]),
            CaseCorrection.by == actor.name,
            CaseCorrection.person,
        )
        mine = set(work.session.scalars(corrected))
        return {
            case.acceptance_no: {
                "method": case.method,
                "entered_by_me": rule
                and (case.id in mine or (case.source != "api" and case.entered_by == actor.name)),
                "accepted_at": case.accepted_at,
                "decided_at": case.decided_at,
            }
            for case in cases
            if actor.sees(case.division_code)
        }


def messages_of(services: Services, actor: Actor, acceptance_no: str) -> list[dict[str, Any]]:
    """Messages of a case, the newest first, for the window to read out or to copy: ``{at, to, text}``; audited,
    because a delivery code may stand in them."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no)
        query = (
            select(Notice)
            .where(Notice.case_id == case.id, Notice.cancelled_at.is_(None))
            .order_by(Notice.created_at.desc())
            .limit(20)
        )
        found = list(work.session.scalars(query))
        if found:
            work.audit("messages_shown", "case", case.id, count=len(found))
        return [
            {"at": row.created_at, "to": mask_phone(work.open(row, "to")), "text": work.open(row, "text")}
            for row in found
        ]


def receipt_pdf(services: Services, actor: Actor, acceptance_no: str) -> bytes:
    """受理回执 of a case with the QR of its private link; printing it again gives the same link."""
    actor.require(Scope.ISSUE)
    settings = services.settings
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no)
        secret = ensure_private_link(work, case)
        work.audit("receipt_printed", "case", case.id)
        accepted = local_date(case.accepted_at)
        record = ReceiptRecord(
            operator=settings.operator,
            acceptance_no=case.acceptance_no,
            item="（不在回执上显示）" if case.sensitive else case.item_name,
            department=case.department_name,
            applicant_masked=applicant_masked(work.open(case, "body")["applicant"]),
            accepted_on=f"{accepted.year}年{accepted.month}月{accepted.day}日",
            delivery=_WAYS.get(case.method, ""),
            expected_day="" if case.state == CaseState.CANCELLED else f"最迟 {day_words(case.delivery_due)}",
            tracking_url=f"{settings.public_base_url}/m/{secret}",
            window_phone=settings.operator_phone,
            sample=settings.sample,
        )
    try:
        return render_receipt(record, services.fonts)
    except ValueError as fault:  # a glyph no face has, or a text that does not fit
        raise Rejected("receipt_impossible", "回执无法生成：有文字打印不出来，请更正办件信息。") from fault


def scanned(services: Services, actor: Actor, code: str) -> tuple[str, str]:
    """``(acceptance number, document id)`` behind a scanned paper, or with an empty id behind a scanned label;
    ``NotFound`` for anything else."""
    with services.store.read(actor) as work:
        document = paper_by_code(work, actor, code)
        found = None if document else envelope_by_code(work, actor, code)
        cases = cases_inside(work, found.consignment.id) if found else []
        case = work.session.get(Case, document.case_id) if document else next(iter(cases), None)
        if case is None or not actor.sees(case.division_code):
            raise NotFound("没有找到这个码对应的办件。")
        return case.acceptance_no, document.id if document else ""


def private_particulars(services: Services, secret: str) -> dict[str, dict[str, str]]:
    """For the private page, by envelope: ``{recipient, where, signers, needs_code}``; room number and name masked,
    because a link may be passed on."""
    with services.store.read(SYSTEM) as work:
        case = case_by_secret(work, secret)
        if case is None:
            raise NotFound("这个链接已失效或不完整。请用短信里的完整链接，或拨打窗口电话。")
        ids = set(
            work.session.scalars(
                select(Document.consignment_id).where(Document.case_id == case.id, Document.live)
            )
        )
        envelopes = list(
            work.session.scalars(select(Consignment).where(Consignment.id.in_({one for one in ids if one})))
        )
        return {
            row.id: _particulars(work, row, shown)
            for row, shown in zip(envelopes, _rows(work, envelopes), strict=True)
        }


def _particulars(work: Work, row: Consignment, shown: Mapping[str, Any]) -> dict[str, str]:
    to = addressee_of(work, row)
    where = (
        "行政服务中心窗口"
        if row.method == "counter"
        else to.point or f"{to.region_text}{mask_address(to.address)}"
    )
    return {
        "recipient": shown["recipient"],
        "where": where,
        "signers": _MAY_SIGN[shown["policy"]],
        "needs_code": "是" if shown["needs_code"] else "",
    }
