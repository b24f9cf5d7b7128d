"""One report more about an envelope: kept, folded with all others, and what follows from a new conclusion.

Nothing here decides what a report means: ``fold`` does. This module stores, concludes, tells people and wakes the
next stage, all in the caller's unit of work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from .. import custody
from ..calendar import WorkingCalendar, local_date
from ..lifecycle import ConsignmentState, ScanAction
from ..models import Case, Consignment, ScanEvent, new_id
from ..notices import Words, is_told, notify
from ..services import Services
from ..store import Work
from .envelope import addressee_of, cases_inside, ended_inside
from .fold import RANKS, Event, Folded, Judgement, fold

__all__ = [
    "CONTESTED",
    "UNPLACED",
    "Report",
    "corrected",
    "expected_day",
    "judge",
    "keep",
    "second_content",
    "summary",
]

_K = ConsignmentState
#: in front of the key of a report that came twice with different content; such a one is kept and never folded
CONTESTED: Final = "!"
UNPLACED: Final = "有一次扫描与信封当时的状态不符，已留底，请核对。"
_ON_THE_ROAD: Final = (_K.HANDED_OVER, _K.IN_TRANSIT, _K.OUT_FOR_DELIVERY)
_FLAGS: Final = {
    _K.TO_VERIFY: "签收人不符合签收要求，或送达码未核对，请联系收件人核实。",
    _K.RETURNED: "已退回窗口，请联系收件人改址再寄，或改为窗口领取。",
    _K.LOST: "信封丢失，请与承运方核查，必要时换发证件。",
    _K.DAMAGED: "信封破损，请开封检查，必要时换发证件。",
    _K.HELD: "暂存待联系，请联系收件人。",
}


@dataclass(frozen=True)
class Report:
    """What somebody says happened. ``key`` is unique and the reporter's own; ``digest`` tells the content."""

    key: str
    digest: str
    action: str
    occurred_at: datetime
    corrected_at: datetime
    source: str
    reason: str = ""
    signer_allowed: bool = True
    particulars: Mapping[str, Any] | None = None
    detail: str = ""


def corrected(occurred_at: datetime, sent_at: datetime, received_at: datetime) -> datetime:
    """The reporter's clock set right: occurred + (receipt − sent), never later than the receipt."""
    return min(occurred_at + (received_at - sent_at), received_at)


def keep(work: Work, report: Report, consignment: Consignment | None, outcome: str) -> ScanEvent:
    """Store a report. Every one is kept, also what we do not know or cannot place."""
    event = ScanEvent(
        id=new_id(), scan_id=report.key, content_hash=report.digest, action=report.action,
        consignment_id=consignment.id if consignment else None, occurred_at=report.occurred_at,
        corrected_at=report.corrected_at, received_at=work.now, source=report.source,
        source_rank=RANKS[report.source], actor=work.actor.name, reason=report.reason,
        signer_allowed=report.signer_allowed, outcome=outcome, detail=report.detail[:400],
    )  # fmt: skip
    if report.particulars:
        work.seal(event, "particulars", dict(report.particulars))
    work.add(event)
    work.session.flush()
    return event


def second_content(work: Work, report: Report, consignment_id: str | None) -> None:
    """Keep a report whose key is already there with other content; it counts for nothing until somebody looks."""
    key = CONTESTED + report.digest[: 64 - len(CONTESTED)]
    if work.session.scalar(select(ScanEvent.id).where(ScanEvent.scan_id == key)) is not None:
        return
    consignment = work.locked(Consignment, consignment_id) if consignment_id else None
    event = keep(work, report_with_key(report, key), consignment, "conflict")
    event.detail = "同一编号先后报来不同内容，已留底待核对。"
    if consignment is not None and consignment.flag is None:
        consignment.flag = "同一次扫描先后报来不同内容，请核对。"


def report_with_key(report: Report, key: str) -> Report:
    """The same report under another key."""
    return Report(
        key, report.digest, report.action, report.occurred_at, report.corrected_at, report.source, report.reason,
        report.signer_allowed, report.particulars, report.detail,
    )  # fmt: skip


# -- concluding --------------------------------------------------------------------------------------------------
def summary(work: Work, consignment: Consignment) -> Folded:
    """The fold over everything reported about the envelope, as it stands."""
    return _fold(consignment, _reported(work, consignment))


def _reported(work: Work, consignment: Consignment) -> list[ScanEvent]:
    query = select(ScanEvent).where(ScanEvent.consignment_id == consignment.id)
    return [event for event in work.session.scalars(query) if _counts(consignment, event)]


def _fold(consignment: Consignment, events: list[ScanEvent]) -> Folded:
    return fold(ConsignmentState(consignment.base_state), map(_event, events))


def _counts(consignment: Consignment, event: ScanEvent) -> bool:
    """A hand-over reported before the envelope was packed handed nothing over; it is no later one's rival."""
    if event.scan_id.startswith(CONTESTED):
        return False
    if event.action != ScanAction.HAND_OVER:
        return True
    return consignment.packed_at is not None and event.received_at >= consignment.packed_at


def _event(row: ScanEvent) -> Event:
    return Event(row.scan_id, row.action, row.corrected_at, row.source, row.signer_allowed)


def judge(services: Services, work: Work, consignment: Consignment, event: ScanEvent) -> Judgement:
    """Fold anew with ``event``, set the envelope's state to the conclusion, and see to what follows."""
    reported = _reported(work, consignment)
    folded = _fold(consignment, reported)
    old = ConsignmentState(consignment.state)
    judged = folded.judgements.get(event.scan_id) or Judgement(folded.state, moved=False, legal=False)
    event.outcome = "conflict"
    for one in reported:  # a late report can make earlier ones fit, or show that they do not
        one.outcome = "accepted" if folded.judgements[one.scan_id].legal else "conflict"
    _conclude(work, consignment, folded)
    _flag_unplaced(work, consignment, folded)
    work.session.flush()
    if folded.state is not old:
        custody.follow(work, consignment, folded.since)
        work.audit(
            "scan_moved",
            "scan",
            event.id,
            consignment=consignment.id,
            before=str(old),
            after=str(folded.state),
        )
        _follow(services, work, consignment, event, old, folded)
    return Judgement(folded.state, judged.moved, judged.legal)


def _conclude(work: Work, consignment: Consignment, folded: Folded) -> None:
    if folded.since is None:
        return
    if consignment.state != folded.state:
        consignment.flag = _FLAGS.get(folded.state)
        if consignment.state == _K.PACKED and ended_inside(work, consignment.id):
            consignment.flag = "信封里有已经失效的证件，请立即联系承运方拦截。"
    consignment.state, consignment.state_at = str(folded.state), folded.since
    consignment.delivered_at = folded.delivered_at


def _flag_unplaced(work: Work, consignment: Consignment, folded: Folded) -> None:
    """Say that a report does not fit, and stop saying so once a late one has made it fit."""
    if folded.unplaced and consignment.flag is None:
        consignment.flag = UNPLACED
    elif not folded.unplaced and consignment.flag == UNPLACED:
        consignment.flag = _FLAGS.get(folded.state)


# -- what follows ------------------------------------------------------------------------------------------------
def _follow(
    services: Services,
    work: Work,
    consignment: Consignment,
    event: ScanEvent,
    old: ConsignmentState,
    folded: Folded,
) -> None:
    cases = cases_inside(work, consignment.id)
    if {old, folded.state} & {_K.DELIVERED, _K.RETURNED}:
        for case in cases:
            work.emit("case.settle", case.id)
    if cases:
        _tell(services, work, cases[0], consignment, event, folded)


def _tell(
    services: Services, work: Work, case: Case, consignment: Consignment, event: ScanEvent, folded: Folded
) -> None:
    """One message for what the envelope has come to; nothing for what was overtaken meanwhile."""
    words, state = Words(services), folded.state
    addressee = addressee_of(work, consignment)
    code = work.open(consignment, "delivery_code")
    if state in _ON_THE_ROAD and not is_told(work, "handed_over", consignment_id=consignment.id):
        left = local_date(folded.handed_over_at or event.corrected_at)
        text = words.handed_over(
            consignment.method, expected_day(services.calendar, consignment.method, left), code
        )
        notify(work, case, consignment, "handed_over", text, addressee.phone)
    elif state is _K.ATTEMPT_FAILED:
        notify(work, case, consignment, "attempt_failed", words.attempt_failed(event.reason), addressee.phone)
    elif state is _K.READY_FOR_COLLECTION:
        notify(
            work,
            case,
            consignment,
            "ready_for_collection",
            words.ready(addressee.point, code),
            addressee.phone,
        )
    elif state in (_K.DELIVERED, _K.RETURNED):
        phone = work.open(case, "body")["applicant"]["phone"]
        if state is _K.DELIVERED:
            day = local_date(folded.delivered_at or event.corrected_at)
            notify(work, case, consignment, "delivered", words.delivered(day), phone)
        else:
            notify(work, case, consignment, "returned", words.returned(), phone)


def expected_day(calendar: WorkingCalendar, method: str, left: date) -> date:
    """The day by which an envelope that left on ``left`` should have arrived, in working days."""
    return calendar.add_working_days(left, {"door": 1, "point": 2}.get(method, 3)).day
