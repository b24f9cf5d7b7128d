"""The window's working screen: what is due, what waits for me, what is stuck and why, and how far today's work is.

The four steps of the window are issue, print, pack, hand over. Figures are this office's; ``mine`` is what the person
who looks has issued today and how much of it has left his hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from .calendar import SHANGHAI, local_date
from .errors import NotFound, RuleViolation
from .issue import batch_progress
from .lifecycle import CaseState, ConsignmentState, DocumentState
from .models import (
    Audit,
    Case,
    CaseCorrection,
    Consignment,
    Document,
    Hold,
    IssueBatch,
    IssueBatchItem,
    PrintItem,
)
from .proof import unread, waiting_for_proof
from .rights import Actor, Scope
from .seals import waiting_for_ink
from .services import Services
from .store import Work
from .undo import REASON as UNDONE
from .worklist import worklist

__all__ = [
    "CaseFilter",
    "Day",
    "batch_made",
    "day_screen",
    "departments",
    "matching",
    "papers_of_batch",
    "unprinted",
    "waiting_for_printer",
]

_K = ConsignmentState
#: reasons shown at once; the worklist has them all
FIRST: Final = 3
#: papers one printing may hold
MOST: Final = 200
_OPEN_ENVELOPE: Final = (_K.LABELLED, _K.READY_FOR_COLLECTION)
_BEFORE_PACKED: Final = (_K.PLANNED, _K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED, _K.LABELLED)
_AFTER_PACKED: Final = (*_BEFORE_PACKED, _K.PACKED)

Q = TypeVar("Q", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True)
class CaseFilter:
    """Which cases of the list: ``due`` is ``late``, ``today`` (late ones too) or empty; ``mine``: only those I may
    issue."""

    department: str = ""
    method: str = ""
    due: str = ""
    mine: bool = False


@dataclass(frozen=True)
class Day:
    """``counts`` as of ``worklist``; ``steps``: what waits at issue, print, pack, handover; ``waiting``: ready cases
    I may issue; ``stuck``: the first rows of the worklist, the longest waiting first; ``mine``: ``{cases, papers,
    printed, packed, handed, undone}`` of what I issued today, ``undone`` in cases; ``checks``: ``{proof, ink}``, papers
    that wait for my second look and for a seal by hand. The last two are zero for who may not issue."""

    counts: Mapping[str, int]
    steps: Mapping[str, int]
    waiting: int
    stuck: tuple[Mapping[str, Any], ...]
    mine: Mapping[str, int]
    checks: Mapping[str, int]


def day_screen(services: Services, actor: Actor) -> Day:
    """The head of the working screen. ``NotPermitted`` for who may not look at cases."""
    listed = worklist(services, actor)
    counts = listed["counts"]
    with services.store.read(actor) as work:
        waiting = work.session.scalar(
            _mine(select(func.count(Case.id)), actor).where(
                *matching(services, work, actor, CaseFilter(mine=True))
            )
        )
        steps = {
            "issue": counts["ready"],
            "print": _count(work, waiting_for_printer(actor)),
            "pack": counts["labelled"],
            "handover": counts["packed"],
        }
        mine = _mine_today(work, actor)
    stuck = tuple(listed["stuck"][:FIRST])
    return Day(counts, steps, waiting or 0, stuck, mine, _checks(services, actor))


def _checks(services: Services, actor: Actor) -> dict[str, int]:
    if not actor.may(Scope.ISSUE):
        return {"proof": 0, "ink": 0}
    mine = [one for one in waiting_for_proof(services, actor) if not one["mine"] and not one["outcome"]]
    return {"proof": len(mine), "ink": len(waiting_for_ink(services, actor))}


def _count(work: Work, query: Select[Document]) -> int:
    return work.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _mine(query: Q, actor: Actor) -> Q:
    return (
        query.where(Case.division_code.startswith(actor.office, autoescape=True)) if actor.office else query
    )


# -- the list's filters ------------------------------------------------------------------------------------------------
def matching(services: Services, work: Work, actor: Actor, only: CaseFilter) -> list[ColumnElement[bool]]:
    """What a case must be to stand in the list."""
    today = local_date(work.now)
    wanted: list[ColumnElement[bool]] = []
    if only.department:
        wanted.append(Case.department_name == only.department)
    if only.method:
        wanted.append(Case.method == only.method)
    if only.due == "late":
        wanted.append(Case.next_due < today)
    elif only.due == "today":
        wanted.append(Case.next_due <= today)
    if only.mine:
        wanted += [Case.state == CaseState.READY, ~_held()]
        if services.settings.same_person_rule:
            wanted.append(~_touched_by(actor))
    return wanted


def _held() -> ColumnElement[bool]:
    return exists().where(Hold.case_id == Case.id, Hold.lifted_at.is_(None))


def _touched_by(actor: Actor) -> ColumnElement[bool]:
    """Entered or corrected by this very person, who therefore does not issue it."""
    corrected = exists().where(
        CaseCorrection.case_id == Case.id, CaseCorrection.by == actor.name, CaseCorrection.person
    )
    return or_(and_(Case.source != "api", Case.entered_by == actor.name), corrected)


def departments(services: Services, actor: Actor, state: str) -> list[tuple[str, int]]:
    """Departments of the cases in this state with how many, the most first, at most 60."""
    with services.store.read(actor) as work:
        query = select(Case.department_name, func.count()).where(Case.state == state)
        query = (
            _mine(query, actor)
            .group_by(Case.department_name)
            .order_by(func.count().desc(), Case.department_name)
        )
        return [(name, int(many)) for name, many in work.session.execute(query.limit(60))]


# -- what I issued today -----------------------------------------------------------------------------------------------
def _mine_today(work: Work, actor: Actor) -> dict[str, int]:
    begin = datetime.combine(local_date(work.now), time(), SHANGHAI)
    issued = (
        Case.issued_by == actor.name,
        Case.issued_at >= begin,
        Case.issued_at < begin + timedelta(days=1),
    )
    cases = work.session.scalar(_mine(select(func.count(Case.id)), actor).where(*issued)) or 0
    printed = exists().where(PrintItem.document_id == Document.id, PrintItem.outcome == "printed")
    query = (
        select(printed, Consignment.state, Case.state, func.count())
        .select_from(Document)
        .join(Case, Case.id == Document.case_id)
        .outerjoin(Consignment, Consignment.id == Document.consignment_id)
        .where(*issued, Document.live, or_(Case.method != "electronic", Document.consignment_id.is_not(None)))
        .group_by(printed, Consignment.state, Case.state)
    )
    told: Counter[str] = Counter(cases=cases)
    for on_paper, envelope, case, many in work.session.execute(_mine(query, actor)):
        gone = case == CaseState.CLOSED or (envelope is not None and envelope not in _AFTER_PACKED)
        packed = gone or envelope == _K.PACKED
        told.update(
            papers=many, printed=many * (bool(on_paper) or packed), packed=many * packed, handed=many * gone
        )
    told["undone"] = _undone(work, actor, begin)
    return {name: told[name] for name in ("cases", "papers", "printed", "packed", "handed", "undone")}


def _undone(work: Work, actor: Actor, begin: datetime) -> int:
    """Cases I took back within their minute since ``begin``."""
    query = (
        select(func.count(func.distinct(Document.case_id)))
        .join(Audit, Audit.object_id == Document.id)
        .where(
            Document.live.is_(False),
            Document.reason == UNDONE,
            Audit.object_kind == "document",
            Audit.action == "document_void",
            Audit.actor == actor.name,
            Audit.at >= begin,
        )
    )
    return work.session.scalar(query) or 0


# -- what waits for the printer ------------------------------------------------------------------------------------------
def waiting_for_printer(actor: Actor) -> Select[Document]:
    """Papers that are made, lie in no envelope that is closed, and stand in no batch that may have come out."""
    in_batch = exists().where(PrintItem.document_id == Document.id, PrintItem.outcome != "unprinted")
    by_hand = (Consignment.carrier == "manual") & (Consignment.state == str(_K.BOOKING))
    query = (
        select(Document)
        .join(Case, Case.id == Document.case_id)
        .outerjoin(Consignment, Consignment.id == Document.consignment_id)
        .where(
            Document.live,
            Document.state == str(DocumentState.VALID),
            Document.pdf_blob.is_not(None),
            Case.state == CaseState.ISSUED,
            or_(
                Consignment.id.is_(None) & (Case.method == "on_the_spot"),
                Consignment.state.in_([str(state) for state in _OPEN_ENVELOPE]),
                by_hand,
            ),
            ~in_batch,
        )
    )
    return _mine(query, actor)


def _first(services: Services, work: Work, query: Select[Document]) -> list[str]:
    """Ids, the earliest term first; what waits for a second pair of eyes is left out."""
    ordered = query.order_by(Case.next_due, Document.case_id, Document.position).limit(2 * MOST)
    papers = list(work.session.scalars(ordered))
    unread_ones = {one.id for one in unread(services, papers)}
    return [one.id for one in papers if one.id not in unread_ones][:MOST]


def unprinted(services: Services, actor: Actor) -> list[str]:
    """Ids of the papers that wait for the printer, the earliest term first, at most ``MOST``."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return _first(services, work, waiting_for_printer(actor))


# -- a batch that was just issued ----------------------------------------------------------------------------------------
def batch_made(services: Services, actor: Actor, batch_id: str) -> dict[str, Any]:
    """``batch_progress`` of one's own batch and how far its papers are: ``papers``; ``made`` (a page is there and the
    envelope has its label) and of these ``unread`` (wait for a second pair of eyes); ``stuck`` (blocked, refused by the
    carrier, waiting for a file)."""
    told = batch_progress(services, actor, batch_id)
    with services.store.read(actor) as work:
        rows = _of_batch(work, batch_id)
        states = [_made(*row) for row in rows]
    ready = [document for (document, _, _), state in zip(rows, states, strict=True) if state == "made"]
    return told | {
        "papers": len(states),
        "made": len(ready),
        "unread": len(unread(services, ready)),
        "stuck": states.count("stuck"),
    }


def _of_batch(work: Work, batch_id: str) -> Sequence[tuple[Document, Consignment | None, str]]:
    """The batch's papers with their envelope and the case's way of delivery."""
    query = (
        select(Document, Consignment, Case.method)
        .select_from(IssueBatchItem)
        .join(Case, Case.acceptance_no == IssueBatchItem.acceptance_no)
        .join(Document, Document.case_id == Case.id)
        .outerjoin(Consignment, Consignment.id == Document.consignment_id)
        .where(
            IssueBatchItem.batch_id == batch_id,
            IssueBatchItem.outcome.in_(("issued", "already")),
            Document.live,
            or_(Case.method != "electronic", Document.consignment_id.is_not(None)),
        )
        .order_by(IssueBatchItem.position, Document.position)
    )
    return [(document, envelope, method) for document, envelope, method in work.session.execute(query)]


def _made(document: Document, envelope: Consignment | None, method: str) -> str:
    """``made``, ``waiting`` or ``stuck``."""
    wants_file = document.source == "import" and document.file_blob is None
    if document.state == DocumentState.BLOCKED or (wants_file and document.state == DocumentState.DRAFT):
        return "stuck"
    if document.state != DocumentState.VALID or document.pdf_blob is None:
        return "waiting"
    if envelope is None:
        return "made" if method == "on_the_spot" else "waiting"
    if envelope.flag or envelope.state in (_K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED):
        return "stuck"
    if envelope.state in (_K.PLANNED, _K.BOOKING) and envelope.carrier != "manual":
        return "waiting"
    return "made"


def papers_of_batch(services: Services, actor: Actor, batch_id: str) -> list[str]:
    """Ids of the batch's papers that can be printed now and were not yet, at most ``MOST``; ``RuleViolation`` when
    there is none."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        batch = work.session.get(IssueBatch, batch_id)
        if batch is None or not batch.office.startswith(actor.office):
            raise NotFound("没有找到这一批出件。")
        mine = {document.id for document, _, _ in _of_batch(work, batch_id)}
        found = _first(services, work, waiting_for_printer(actor).where(Document.id.in_(mine)))
    if not found:
        raise RuleViolation(
            "nothing_to_print", "这一批没有等着打印的：可能还没有做好，也可能已经在别的批次里打了。"
        )
    return found
