"""Scans of couriers, agents, windows and programs, taken in batches; each answered by itself.

The same scan again is no news, however often a telephone without signal repeats it. What is not understood is kept
and flagged, never guessed (contract, sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from ..calendar import parse_instant, utc
from ..errors import Fault, Invalid, RuleViolation
from ..lifecycle import ConsignmentState, ScanAction
from ..models import Consignment, Document, ScanEvent, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .codes import FoundEnvelope, envelope_by_code, paper_by_code
from .envelope import addressee_of, find_consignment, reason_given
from .fold import CONFIRM, RANKS
from .journey import Report, corrected, judge, keep, second_content
from .scan_input import Malformed, Scan, read_scan
from .signers import code_right, may_sign, strictest
from .words import ACTION_WORDS, STATE_WORDS

__all__ = ["MAX_SCANS", "confirm_delivery", "take_scans", "take_within"]

MAX_SCANS: Final = 500
#: so many in one unit of work: the writer's lock is given back in between
_CHUNK: Final = 25
#: our own couriers and agents stand before the person and can ask for the delivery code
_ASK_FOR_CODE: Final = ("courier", "agent")


@dataclass(frozen=True)
class _Batch:
    services: Services
    actor: Actor
    sent_at: datetime
    source: str


def take_scans(
    services: Services, actor: Actor, sent_at: object, scans: object, *, source: str
) -> list[dict[str, Any]]:
    """One ``{scan_id, outcome, state, detail?}`` per scan, in order.

    ``sent_at``: the sender's clock when sending, aware or RFC 3339. ``source``: a key of ``fold.RANKS``. ``Invalid``
    for a batch that is none; a fault of one scan rejects that scan alone.
    """
    actor.require(Scope.SCANS)
    if source not in RANKS:
        raise ValueError("no such source of scans")
    sent, wanted = _checked_batch(sent_at, scans)
    batch = _Batch(services, actor, sent, source)
    results: list[dict[str, Any]] = []
    for start in range(0, len(wanted), _CHUNK):
        results += _chunk(batch, wanted[start : start + _CHUNK])
    return results


def take_within(services: Services, work: Work, raw: object, *, source: str) -> dict[str, Any]:
    """One scan in the caller's unit of work, told at its ``work.now``; answered as in ``take_scans``. One that is there
    already and made no legal move when it came is judged anew, because other things may have been told since."""
    answer = _take(_Batch(services, work.actor, work.now, source), work, raw)
    if answer["outcome"] != "duplicate":
        return answer
    event = work.session.scalars(select(ScanEvent).where(ScanEvent.scan_id == answer["scan_id"])).one()
    consignment = work.locked(Consignment, event.consignment_id) if event.consignment_id else None
    if consignment is None or event.outcome == "accepted":
        return answer
    judged = judge(services, work, consignment, event)
    words = "" if judged.legal else f"信封现在是“{STATE_WORDS[judged.state]}”，仍对不上；已留底待核对。"
    outcome = "accepted" if judged.legal else "conflict"
    return _answer(str(answer["scan_id"]), outcome, judged.state, words)


def _checked_batch(sent_at: object, scans: object) -> tuple[datetime, Sequence[object]]:
    faults = []
    if isinstance(sent_at, str):
        sent_at = parse_instant(sent_at)
    sent = utc(sent_at) if isinstance(sent_at, datetime) and sent_at.tzinfo is not None else None
    if sent is None:
        faults.append(Fault("/sent_at", "date_time", "sent_at 应为发送时的时间，带时区。"))
    if not isinstance(scans, list | tuple):
        faults.append(Fault("/scans", "type", "scans 应为扫描记录的列表。"))
    elif len(scans) > MAX_SCANS:
        faults.append(Fault("/scans", "too_many", f"一次最多 {MAX_SCANS} 条扫描，请分批发送。"))
    if faults or sent is None or not isinstance(scans, list | tuple):
        raise Invalid(faults)
    return sent, scans


def _chunk(batch: _Batch, scans: Sequence[object]) -> list[dict[str, Any]]:
    try:
        return _unit(batch, scans)
    except RuleViolation as race:
        if race.code != "conflict":
            raise
    # The same scan came in twice at once: the other one is stored by now, so this one is a duplicate.
    return _unit(batch, scans)


def _unit(batch: _Batch, scans: Sequence[object]) -> list[dict[str, Any]]:
    with batch.services.store.work(batch.actor) as work:
        return [_take(batch, work, raw) for raw in scans]


def _take(batch: _Batch, work: Work, raw: object) -> dict[str, Any]:
    try:
        scan = read_scan(raw, source=batch.source)
    except Malformed as fault:
        given = raw.get("scan_id") if isinstance(raw, dict) else None
        return _answer(given if isinstance(given, str) else None, "rejected", None, str(fault))
    known = work.session.scalar(select(ScanEvent).where(ScanEvent.scan_id == scan.scan_id))
    if known is not None:
        return _again(batch, work, scan, known)
    found = _resolve(work, batch.actor, scan.code)
    if found is None:
        keep(work, _report(batch, work, scan, None), None, "unknown")
        return _answer(scan.scan_id, "unknown", None, "这个码不是我们的信封，或不归本处办理；已留底。")
    consignment = work.locked(Consignment, found.consignment.id)
    assert consignment is not None
    report = _report(batch, work, scan, consignment, "扫的是已作废的面单" if found.void else "")
    event = keep(work, report, consignment, "accepted")
    return _judged(batch, work, scan, consignment, event)


def _judged(
    batch: _Batch, work: Work, scan: Scan, consignment: Consignment, event: ScanEvent
) -> dict[str, Any]:
    before = consignment.state
    judged = judge(batch.services, work, consignment, event)
    if judged.legal:
        detail = (
            "签收人不符合签收要求或送达码未核对，待窗口核实。"
            if judged.state == ConsignmentState.TO_VERIFY
            else ""
        )
        return _answer(scan.scan_id, "accepted", judged.state, detail)
    detail = f"信封现在是“{STATE_WORDS[before]}”，不能做“{ACTION_WORDS[scan.action]}”；已留底待核对。"
    return _answer(
        scan.scan_id, "conflict", judged.state, f"{event.detail}。{detail}" if event.detail else detail
    )


def _again(batch: _Batch, work: Work, scan: Scan, known: ScanEvent) -> dict[str, Any]:
    """A scan id that is already there: the same content is no news, other content is kept and flagged."""
    consignment = work.session.get(Consignment, known.consignment_id) if known.consignment_id else None
    if consignment is not None and not batch.actor.sees(consignment.division_code):
        return _answer(scan.scan_id, "unknown", None, "这个码不是我们的信封，或不归本处办理。")
    state = consignment.state if consignment is not None else None
    if known.content_hash != scan.digest:
        second_content(work, _report(batch, work, scan, consignment), known.consignment_id)
        return _answer(scan.scan_id, "conflict", state, "这个扫描编号已经收到过，内容不同；已留底待核对。")
    if consignment is not None:
        return _answer(scan.scan_id, "duplicate", state)
    return _adopt(batch, work, scan, known)


def _adopt(batch: _Batch, work: Work, scan: Scan, known: ScanEvent) -> dict[str, Any]:
    """A code unknown at first may be ours by now (a number registered afterwards): then the scan counts."""
    found = _resolve(work, batch.actor, scan.code)
    if found is None:
        return _answer(scan.scan_id, "duplicate", None, "这条扫描已经收到过，码仍不认识。")
    consignment = work.locked(Consignment, found.consignment.id)
    assert consignment is not None
    known.consignment_id = consignment.id
    known.signer_allowed = _signer_allowed(work, batch.source, scan, consignment)
    return _judged(batch, work, scan, consignment, known)


def _resolve(work: Work, actor: Actor, code: str) -> FoundEnvelope | None:
    """The envelope of a label, a number, or of the paper whose QR was scanned."""
    found = envelope_by_code(work, actor, code)
    if found is not None:
        return found
    document = paper_by_code(work, actor, code)
    if document is None or document.consignment_id is None:
        return None
    return FoundEnvelope(work.session.get_one(Consignment, document.consignment_id), void=False)


def _report(
    batch: _Batch, work: Work, scan: Scan, consignment: Consignment | None, detail: str = ""
) -> Report:
    allowed = consignment is None or _signer_allowed(work, batch.source, scan, consignment)
    return Report(
        key=scan.scan_id,
        digest=scan.digest,
        action=scan.action,
        occurred_at=scan.occurred_at,
        corrected_at=corrected(scan.occurred_at, batch.sent_at, work.now),
        source=batch.source,
        reason=scan.reason,
        signer_allowed=allowed,
        particulars=scan.particulars,
        detail=detail,
    )


def _signer_allowed(work: Work, source: str, scan: Scan, consignment: Consignment) -> bool:
    """Whether the strictest policy inside allows who signed, and the delivery code is right where one is due."""
    if scan.action != ScanAction.DELIVER or scan.signer is None:
        return True
    query = select(Document.signer_policy).where(Document.consignment_id == consignment.id)
    organization = addressee_of(work, consignment).for_organization
    policy = strictest(work.session.scalars(query))
    if not may_sign(policy, scan.signer["kind"], scan.signer.get("relation", ""), organization=organization):
        return False
    expected, given = work.open(consignment, "delivery_code"), scan.signer.get("code", "")
    if expected is None or (not given and source not in _ASK_FOR_CODE):
        return True
    return code_right(expected, given)


def _answer(scan_id: str | None, outcome: str, state: str | None, detail: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = {"scan_id": scan_id, "outcome": outcome, "state": str(state) if state else None}
    return answer | {"detail": detail} if detail else answer


def confirm_delivery(services: Services, actor: Actor, consignment_id: str, reason: str) -> str:
    """签收待核实 → 已送达, after a clerk has checked who signed; returns the state. ``RuleViolation('not_now')``."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.work(actor) as work:
        consignment = find_consignment(work, actor, consignment_id, lock=True)
        if consignment.state == ConsignmentState.DELIVERED:
            return consignment.state
        if consignment.state != ConsignmentState.TO_VERIFY:
            raise RuleViolation("not_now", "只有签收待核实的信封需要核实签收。")
        key = f"=confirm:{new_id()}"
        report = Report(key, key, CONFIRM, work.now, work.now, "window", particulars={"note": why})
        judge(services, work, consignment, keep(work, report, consignment, "accepted"))
        work.audit("delivery_confirmed", "consignment", consignment.id)
        return consignment.state
