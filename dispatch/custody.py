"""Who holds each paper: one holder at every moment, and the chain of holders behind it.

A paper is passed on by one guarded write, so two people cannot both have taken it; what happened stays in the events.
Where a paper is follows from what is done with it anyway (made, printed, packed, scanned); nobody keeps a second book.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select, update

from .cases import find_case
from .chronicle import shown_actor
from .errors import NotFound, RuleViolation
from .lifecycle import ConsignmentState, DocumentState
from .models import (
    Case,
    Consignment,
    Custody,
    CustodyEvent,
    Document,
    Point,
    PrintItem,
    RedTray,
    Waybill,
    new_id,
)
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "ACT_WORDS",
    "HOLDER_WORDS",
    "RED",
    "Holder",
    "Pass",
    "begin",
    "ended",
    "custody_of_case",
    "faults",
    "follow",
    "into_envelope",
    "mark_destroyed",
    "out_of_envelope",
    "papers_at_window",
    "pass_on",
    "place_words",
    "printed",
    "read_place",
    "signed_for",
    "signed_wrongly",
    "where_words",
]

_K, _D = ConsignmentState, DocumentState
_ENDED: Final = (_D.VOID, _D.REVOKED, _D.SUPERSEDED)
#: no paper belongs to these: the file itself is what is delivered
_PAPERLESS: Final = "electronic"


class Holder(StrEnum):
    """Who or what holds a paper."""

    DEPARTMENT = "department"
    PRODUCTION = "production"
    WINDOW = "window"
    ENVELOPE = "envelope"
    CARRIER = "carrier"
    POINT = "point"
    RECIPIENT = "recipient"
    TO_DESTROY = "to_destroy"
    DESTROYED = "destroyed"


_PLACE: Final = re.compile(r"([A-Z])[- ]?0*([0-9]{1,4})")
#: the place of what was set aside
RED: Final = "红盘"
_SHOWN: Final = 500
_H = Holder
_GONE: Final = (_H.TO_DESTROY, _H.DESTROYED)
HOLDER_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        _H.DEPARTMENT: "审批部门",
        _H.PRODUCTION: "制证",
        _H.WINDOW: "窗口",
        _H.ENVELOPE: "信封",
        _H.CARRIER: "承运方",
        _H.POINT: "代办点",
        _H.RECIPIENT: "收件人",
        _H.TO_DESTROY: "待销毁",
        _H.DESTROYED: "已销毁",
    }
)
ACT_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "begun": "开始保管",
        "printed": "打印",
        "received": "内部交接",
        "given_back": "退回",
        "destroyed": "销毁",
        "packed": "装进信封",
        "unpacked": "从信封取出",
        "road": "随信封",
        "void": "作废",
        "signed": "当面签收",
        "unsigned": "撤销送达",
        "shift": "交班",
        "set_aside": "放进红盘",
        "taken_out": "从红盘取出",
    }
)
#: whose hands an envelope of this state is in; of the others the last known holder keeps it
_ON_THE_ROAD: Final[Mapping[str, Holder]] = MappingProxyType(
    {
        **dict.fromkeys(
            (_K.HANDED_OVER, _K.IN_TRANSIT, _K.OUT_FOR_DELIVERY, _K.ATTEMPT_FAILED, _K.HELD, _K.RETURNING),
            _H.CARRIER,
        ),
        **dict.fromkeys((_K.DELIVERED, _K.TO_VERIFY), _H.RECIPIENT),
        _K.RETURNED: _H.WINDOW,
        **dict.fromkeys((_K.LABELLED, _K.PACKED), _H.ENVELOPE),
    }
)


@dataclass(frozen=True)
class Pass:
    """To whom a paper goes. ``at``: when it happened, None for now; ``beside``: the other one who signed."""

    kind: Holder
    holder: str
    act: str
    place: str = ""
    at: datetime | None = None
    beside: str = ""
    handover_id: str | None = None


def pass_on(work: Work, document: Document, to: Pass) -> bool:
    """Write that the paper is with the next holder now; False where it was there already.

    ``RuleViolation('changed_meanwhile')`` when somebody else passed it on in the same moment.
    """
    work.session.flush()
    now = work.session.get(Custody, document.id, populate_existing=True)
    if now is not None and (now.kind, now.holder, now.place) == (str(to.kind), to.holder, to.place):
        return False
    before = (now.seq, now.kind, now.holder) if now is not None else (0, "", "")
    _set(work, document, before[0], to)
    work.add(
        CustodyEvent(
            id=new_id(), document_id=document.id, seq=before[0] + 1, act=to.act, from_kind=before[1],
            from_holder=before[2], to_kind=str(to.kind), to_holder=to.holder, place=to.place, at=to.at or work.now,
            recorded_at=work.now, by=work.actor.name, beside=to.beside, handover_id=to.handover_id,
        )
    )  # fmt: skip
    work.session.flush()
    return True


def _set(work: Work, document: Document, seq: int, to: Pass) -> None:
    """The one row that says where it is; refused when it is not the one read before."""
    values = {
        "kind": str(to.kind), "holder": to.holder, "place": to.place, "since": to.at or work.now, "seq": seq + 1,
    }  # fmt: skip
    if seq == 0:
        case = work.session.get_one(Case, document.case_id)
        fresh = {"document_id": document.id, "division_code": case.division_code, **values}
        done = work.insert_missing(Custody, fresh, ["document_id"])
    else:
        same = (Custody.document_id == document.id, Custody.seq == seq)
        changed = work.session.execute(update(Custody).where(*same).values(**values))
        done = changed.rowcount == 1  # type: ignore[attr-defined]
    if not done:
        raise RuleViolation("changed_meanwhile", "刚才有人同时交接了这份纸，请刷新后再看。")


def custody_of(work: Work, document_id: str) -> Custody | None:
    """Where the paper is; None before it exists and for what has no paper."""
    return work.session.get(Custody, document_id)


# -- what follows from other acts ----------------------------------------------------------------------------------
def begin(work: Work, document: Document) -> None:
    """A document became valid: its paper is to be made here, or is still with the department that made it."""
    case = work.session.get_one(Case, document.case_id)
    if case.method == _PAPERLESS and document.consignment_id is None:
        return
    if custody_of(work, document.id) is None:
        pass_on(work, document, _first(document))


def _first(document: Document) -> Pass:
    if document.source == "compose":
        return Pass(_H.PRODUCTION, "", "begun")
    return Pass(_H.DEPARTMENT, document.department_name, "begun")


def printed(work: Work, document_id: str) -> None:
    """The paper came out of the printer into the hands of who printed it. An accompanying sheet says nothing about the
    thing it accompanies; a paper already packed or gone stays where it is."""
    document = work.session.get_one(Document, document_id)
    now = custody_of(work, document_id)
    waits = now.kind == _H.PRODUCTION if now is not None else document.packed_at is None
    if document.source == "compose" and document.live and waits:
        pass_on(work, document, Pass(_H.WINDOW, work.actor.name, "printed"))


def into_envelope(work: Work, document: Document, consignment_id: str, beside: str = "") -> None:
    """The pack check put it in; ``beside``: the second person who vouched for it."""
    pass_on(work, document, Pass(_H.ENVELOPE, consignment_id, "packed", beside=beside))


def out_of_envelope(work: Work, consignment_id: str, document_id: str | None = None) -> None:
    """An envelope was opened, or this one document taken out of it: the papers are with who did so."""
    query = select(Custody.document_id).where(
        Custody.kind == str(_H.ENVELOPE), Custody.holder == consignment_id
    )
    if document_id is not None:
        query = query.where(Custody.document_id == document_id)
    for one in list(work.session.scalars(query)):
        document = work.session.get_one(Document, one)
        kind = _H.TO_DESTROY if document.state in _ENDED else _H.WINDOW
        pass_on(work, document, Pass(kind, work.actor.name, "unpacked"))


def follow(work: Work, consignment: Consignment, at: datetime | None) -> None:
    """The envelope's state is another now: what lies in it went the same way; what was never put in stays where it is,
    unless somebody collected it all at the counter."""
    to = _holder_of(work, consignment)
    if to is None:
        return
    inside = select(Document).where(Document.consignment_id == consignment.id)
    if to[0] != _H.RECIPIENT or consignment.method != "counter":
        inside = inside.where(Document.packed_at.is_not(None))
    for document in work.session.scalars(inside.order_by(Document.id)):
        now = custody_of(work, document.id)
        if now is None or now.kind not in _GONE:
            pass_on(work, document, Pass(to[0], to[1], "road", at=at))


def _holder_of(work: Work, consignment: Consignment) -> tuple[Holder, str] | None:
    state = ConsignmentState(consignment.state)
    if state is _K.READY_FOR_COLLECTION:
        at_point = consignment.method == "point" and consignment.point_id is not None
        if at_point:
            return _H.POINT, str(consignment.point_id)
        here = consignment.base_state == _K.READY_FOR_COLLECTION
        return (_H.ENVELOPE, consignment.id) if here else (_H.CARRIER, consignment.carrier)
    kind = _ON_THE_ROAD.get(state)
    if kind is None:
        return None
    person = (
        work.actor.name if work.actor.name.startswith("user:") else ""
    )  # a carrier's message stands at no window
    holders = {_H.CARRIER: consignment.carrier, _H.WINDOW: person, _H.ENVELOPE: consignment.id}
    return kind, holders.get(kind, "")


def ended(work: Work, document: Document) -> None:
    """A document is void, revoked or replaced: its print must not stay about, what was never printed is gone with it.
    One in an envelope is there until somebody takes it out; a thing made elsewhere goes back to who made it."""
    now = custody_of(work, document.id)
    if now is None or document.source != "compose":
        return
    if now.kind == _H.WINDOW:
        pass_on(work, document, Pass(_H.TO_DESTROY, now.holder, "void", place=now.place))
    elif now.kind == _H.PRODUCTION:
        sheets = select(PrintItem.document_id).where(
            PrintItem.document_id == document.id, PrintItem.outcome.not_in(("spoiled", "unprinted"))
        )
        about = work.session.scalar(sheets.limit(1)) is not None
        kind, holder = (_H.TO_DESTROY, work.actor.name) if about else (_H.DESTROYED, "")
        pass_on(work, document, Pass(kind, holder, "void"))


def signed_for(work: Work, document: Document) -> None:
    """Whoever it belongs to has it in his hands, without any envelope."""
    now = custody_of(work, document.id)
    if now is None or now.kind not in _GONE:
        pass_on(work, document, Pass(_H.RECIPIENT, "", "signed"))


def signed_wrongly(work: Work, document: Document) -> None:
    """A service entered by hand was taken back: the paper is at the window, where it was."""
    now = custody_of(work, document.id)
    if now is not None and now.kind == _H.RECIPIENT and document.consignment_id is None:
        pass_on(work, document, Pass(_H.WINDOW, work.actor.name, "unsigned"))


def papers_at_window(services: Services, actor: Actor, q: str = "") -> list[dict[str, Any]]:
    """Loose papers in the window's hands, by place: ``{document_id, acceptance_no, title, copy, place, holder, since,
    destroy}``;
    with ``q`` those of a place, a holder or an acceptance number. Those to be destroyed come too. At most 500."""
    actor.require(Scope.ISSUE)
    wanted = " ".join(q.split()).upper()[:60]
    with services.store.read(actor) as work:
        query = (
            select(Custody, Document, Case.acceptance_no)
            .join(Document, Document.id == Custody.document_id)
            .join(Case, Case.id == Document.case_id)
            .where(Custody.kind.in_((str(_H.WINDOW), str(_H.TO_DESTROY))))
            .where(Custody.division_code.startswith(actor.office, autoescape=True))
        )
        if wanted:
            holder = f"user:{q.strip()}"
            query = query.where(
                (Custody.place == (read_place(wanted) or wanted))
                | (Case.acceptance_no == wanted)
                | (Custody.holder == holder)
            )
        rows = work.session.execute(query.order_by(Custody.place, Custody.since).limit(_SHOWN))
        return [
            {
                "document_id": paper.id, "acceptance_no": number, "title": paper.title, "copy": paper.copy,
                "place": now.place, "holder": shown_actor(now.holder), "since": now.since,
                "destroy": now.kind == _H.TO_DESTROY,
            }
            for now, paper, number in rows
        ]  # fmt: skip


def mark_destroyed(services: Services, actor: Actor, document_id: str, beside: str) -> None:
    """A void print was destroyed, two people saw it. ``RuleViolation('not_now')`` for any other paper."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        now = custody_of(work, document_id)
        if now is None or not actor.sees(now.division_code):
            raise NotFound("没有找到这份证件。")
        if now.kind != _H.TO_DESTROY:
            raise RuleViolation("not_now", "只有“待销毁”的作废证件才登记销毁。")
        document = work.session.get_one(Document, document_id)
        pass_on(work, document, Pass(_H.DESTROYED, "", "destroyed", beside=beside))
        aside = update(RedTray).where(RedTray.document_id == document_id, RedTray.taken_at.is_(None))
        work.session.execute(aside.values(taken_at=work.now, taken_by=actor.name, outcome="已销毁"))
        work.audit("document_destroyed", "document", document_id, second=beside)


# -- telling -------------------------------------------------------------------------------------------------------
def read_place(text: str) -> str | None:
    """A shelf place as it is kept, of what somebody typed or scanned (a7, Ａ－０７, A-07); None for another text."""
    found = _PLACE.fullmatch(unicodedata.normalize("NFKC", text).strip().upper()) if len(text) <= 20 else None
    return f"{found[1]}-{int(found[2]):02d}" if found else None


def place_words(place: str) -> str:
    """A-12 架; 红盘 is no shelf."""
    return place if place == RED else f"{place} 架"


def where_words(work: Work, now: Custody | CustodyEvent) -> str:
    """Where the paper is, as people say it: 窗口 A-12 架（张三）, 信封 ZD 0000…, 已交邮政…; no recipient is named."""
    kind = now.kind if isinstance(now, Custody) else now.to_kind
    holder = now.holder if isinstance(now, Custody) else now.to_holder
    word = HOLDER_WORDS[kind]
    if kind in (_H.WINDOW, _H.TO_DESTROY):
        place = f" {place_words(now.place)}" if now.place else ""
        return f"{word}{place}（{shown_actor(holder)}）" if holder else f"{word}{place}"
    if kind == _H.DEPARTMENT:
        return holder or word
    if kind == _H.ENVELOPE:
        return _envelope_words(work, holder)
    if kind == _H.POINT:
        point = work.session.get(Point, holder)
        return f"代办点 {point.name}" if point is not None else word
    if kind == _H.CARRIER:
        return {"staff": "本单位送件人员", "counter": "窗口"}.get(holder, "承运方")
    return word


def _envelope_words(work: Work, consignment_id: str) -> str:
    consignment = work.session.get(Consignment, consignment_id)
    if consignment is not None and consignment.shelf_place:
        return f"窗口 {consignment.shelf_place} 架，信封里"
    query = select(Waybill.number).where(Waybill.consignment_id == consignment_id, Waybill.active)
    number = work.session.scalar(query)
    return f"信封里（运单 {number}）" if number else "信封里"


def custody_of_case(services: Services, actor: Actor, acceptance_no: str) -> dict[str, dict[str, Any]]:
    """Where each paper of a case is: ``{document_id: {where, since, kind, chain: [{at, text, actor}]}}``, the newest
    first. Papers from before custody was kept are left out; ``NotFound`` for another office's case."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        mine = select(Document.id).where(Document.case_id == case.id)
        events: dict[str, list[CustodyEvent]] = {}
        query = select(CustodyEvent).where(CustodyEvent.document_id.in_(mine))
        for row in work.session.scalars(query.order_by(CustodyEvent.seq.desc())):
            events.setdefault(row.document_id, []).append(row)
        rows = work.session.scalars(select(Custody).where(Custody.document_id.in_(mine)))
        return {
            now.document_id: {
                "where": where_words(work, now), "since": now.since, "kind": now.kind,
                "chain": [_link(work, row) for row in events.get(now.document_id, [])],
            }
            for now in rows
        }  # fmt: skip


def _link(work: Work, row: CustodyEvent) -> dict[str, Any]:
    return {
        "at": row.at,
        "text": f"{ACT_WORDS[row.act]}，在{where_words(work, row)}",
        "actor": _signers(row),
    }


def _signers(row: CustodyEvent) -> str:
    return "、".join(shown_actor(one) for one in (row.by, row.beside) if one)


# -- the ledger's question -----------------------------------------------------------------------------------------
def faults(work: Work) -> Iterator[str]:
    """One custodian for every paper, recomputed from the events; one line for each paper where that does not hold.

    Papers from before custody was kept have no chain until they are next passed on.
    """
    events: dict[str, list[CustodyEvent]] = {}
    rows = select(CustodyEvent).order_by(CustodyEvent.document_id, CustodyEvent.seq)
    for row in work.session.scalars(rows):
        events.setdefault(row.document_id, []).append(row)
    kept_since = min((chain[0].recorded_at for chain in events.values()), default=None)
    known = set()
    for now in work.session.scalars(select(Custody)):
        known.add(now.document_id)
        if not _recomputes(now, events.pop(now.document_id, [])):
            yield f"证件 {now.document_id}：保管记录前后对不上"
    for document_id in events:
        yield f"证件 {document_id}：有保管经过，却没有登记现在的保管人"
    if kept_since is not None:
        yield from _without_custodian(work, kept_since, known | set(events))
    yield from _envelope_faults(work)


def _without_custodian(work: Work, kept_since: datetime, known: Set[str]) -> Iterator[str]:
    """Every paper that was made since custody is kept has somebody who has it."""
    on_paper = (Case.method != _PAPERLESS) | Document.consignment_id.is_not(None)
    query = (
        select(Document.id)
        .join(Case, Case.id == Document.case_id)
        .where(Document.valid_at >= kept_since, Document.live, on_paper)
    )
    for document_id in work.session.scalars(query.order_by(Document.id)):
        if document_id not in known:
            yield f"证件 {document_id}：没有登记保管人，不知道这份纸在谁手里"


def _recomputes(now: Custody, chain: Sequence[CustodyEvent]) -> bool:
    before = ("", "")
    for seq, event in enumerate(chain, 1):
        if event.seq != seq or (event.from_kind, event.from_holder) != before:
            return False
        before = (event.to_kind, event.to_holder)
    last = chain[-1] if chain else None
    return (
        last is not None
        and now.kind in HOLDER_WORDS
        and now.seq == last.seq
        and (now.kind, now.holder, now.place) == (last.to_kind, last.to_holder, last.place)
    )


def _envelope_faults(work: Work) -> Iterator[str]:
    """A packed paper is where its envelope is; one that is registered in an envelope was packed into that one."""
    rows = work.session.execute(
        select(Document, Custody, Consignment)
        .join(Custody, Custody.document_id == Document.id)
        .outerjoin(Consignment, Consignment.id == Document.consignment_id)
        .where(Document.live)
    )
    for document, now, consignment in rows:
        packed = document.packed_at is not None and consignment is not None
        if packed and now.kind not in _where_packed(work, consignment):
            words = HOLDER_WORDS.get(now.kind, now.kind)
            yield f"证件 {document.id}：信封是 {consignment.state}，纸却登记在{words}"
        elif now.kind == _H.ENVELOPE and not (packed and now.holder == consignment.id):
            yield f"证件 {document.id}：登记在信封里，却没有装进这个信封"


def _where_packed(work: Work, consignment: Consignment) -> set[str]:
    """Kinds of holders that may have what was packed into this envelope."""
    due = _holder_of(work, consignment)
    known = {str(one) for one in _GONE} | ({str(due[0])} if due else set(HOLDER_WORDS))
    if consignment.state == _K.RETURNED:  # settled at the window: kept, given back, or collected after all
        known |= {str(_H.DEPARTMENT), str(_H.RECIPIENT)}
    return known
