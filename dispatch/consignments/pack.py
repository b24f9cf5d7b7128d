"""Pack check: the paper in the hand against the envelope in the hand, before the envelope is closed.

Two envelopes swapped are worse than one late: the server answers ``matched`` only for this very paper in this very
envelope, valid today, and not held (contract, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import select, update

from .. import counters, custody
from ..badges import witness
from ..calendar import local_date
from ..errors import Fault, Invalid, RuleViolation
from ..holds import active_holds
from ..lifecycle import ConsignmentState, DocumentState
from ..models import Case, Consignment, Document
from ..proof import unread
from ..red_tray import in_tray
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .codes import FoundEnvelope, envelope_by_code, read_paper, tidy
from .envelope import contents, ended_inside, find_consignment, reason_given, title_of
from .words import STATE_WORDS

__all__ = ["REASONS", "PackResult", "Second", "pack_check", "pack_on_paper", "unpack"]

_K, _D = ConsignmentState, DocumentState
#: reasons of a mismatch and what the clerk is told
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown": "没有认出来：请扫信封面单上的码和证件上的核验二维码。",
        "void_waybill": "这张面单已作废，请撕掉，打印新面单后再封装。",
        "revoked": "这份证件已撤销或作废，不能寄出，请抽出。",
        "suspended": "这份证件正在冻结核查，暂时不能寄出。",
        "superseded": "这份证件已被新证件替换，请抽出，改装新的一份。",
        "expired": "这份证件已过有效期，不能寄出。",
        "held": "这个办件暂缓出件，先不要封装。",
        "already_packed": "这份证件已经装进另一个信封，请核对是否重复打印。",
        "different_envelope": "这份证件不属于这个信封，请换正确的信封。",
        "not_ready": "还不能封装：证件尚未生效，或者信封的面单还没有就绪。",
        "object_mismatch": "实体证件上的编号与登记的不一致，请核对是否拿错了证件。",
    }
)
_ENDED: Final = {
    _D.REVOKED: "revoked",
    _D.VOID: "revoked",
    _D.SUSPENDED: "suspended",
    _D.SUPERSEDED: "superseded",
}
#: readings of one object's last characters in a day; a right one begins anew
_TRIES: Final = counters.Limit("object_tail", 5, timedelta(days=1))
_TAIL_WANTED: Final = "object_tail_required"
_READ_IT: Final = "“{}”：请看实物，输入它上面编号的最后几位（至少 4 位）。"
_NO_CODE: Final = "“{}”没有登记过编号或码，请一位同事一起看过实物，扫工牌、输 PIN 确认。"
_WORN_OUT: Final = "“{}”的编号今天输错太多次了，请一位同事一起看过实物，扫工牌、输 PIN 确认。"
_UNREAD: Final = "这份证件还没有校对。请不是出件人的同事在“校对”里核对后再装。"
_SET_ASIDE: Final = "这份证件登记在红盘里，先查清问题、在“红盘”里取出，再来装。"
_BEFORE_LABEL: Final = (_K.PLANNED, _K.BOOKING, _K.BOOKING_UNKNOWN, _K.BOOKING_REJECTED)


@dataclass(frozen=True)
class PackResult:
    """The pair matched. ``packed`` of ``of`` papers are in; ``missing``: titles of the others."""

    consignment_id: str
    packed: int
    of: int
    missing: tuple[str, ...]
    outcome: str = "matched"


@dataclass(frozen=True)
class Second:
    """Who stands beside: a badge's code or a name with the PIN, and the screen they stand at."""

    who: str
    pin: str
    screen: str


class _Mismatch(Exception):
    """Why the pair does not match."""

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__(reason)
        self.reason, self.words = reason, words or REASONS[reason]


class _NeedsSecond(Exception):
    """An object that only two people can vouch for; ``division`` is the case's."""

    def __init__(self, division: str, detail: str) -> None:
        super().__init__(detail)
        self.division, self.detail = division, detail


@dataclass(frozen=True)
class _Asked:
    """One check: the texts as scanned, what was read from the object, who vouches for it beside the clerk."""

    label: str
    paper: str
    object_tail: str
    worn_out: bool = False
    second: str = ""


def pack_check(
    services: Services,
    actor: Actor,
    label: str,
    paper: str,
    object_tail: str | None = None,
    second: Second | None = None,
) -> PackResult:
    """Check a pair and note the paper as packed; with the last one the envelope is packed.

    A thing made elsewhere needs more than our sheet's QR: a code that stands on itself, its last characters, or a second
    person. ``Invalid`` with the code ``object_tail_required`` or ``second_person_required`` says which.
    ``RuleViolation('mismatch')`` with ``outcome`` and ``reason`` in its extra; such a check is audited too.
    """
    actor.require(Scope.ISSUE)
    tail = (object_tail or "").strip()
    asked = _Asked(label, paper, tail, bool(tail) and _count_try(services, actor, paper))
    try:
        with services.store.work(actor) as work:
            return _check(services, work, actor, asked)
    except _Mismatch as found:
        raise _told(services, actor, found) from None
    except _NeedsSecond as need:
        if second is None or not second.who.strip():
            fault = Fault("/second_who", "second_person_required", need.detail)
            raise Invalid([fault], code="second_person_required") from None
        division = need.division
    here = replace(actor, office=actor.office or division)
    beside = witness(services, here, second.who, second.pin, screen=second.screen)
    try:
        with services.store.work(actor) as work:
            return _check(services, work, actor, replace(asked, second=beside.name))
    except _Mismatch as found:
        raise _told(services, actor, found) from None


def _told(services: Services, actor: Actor, found: _Mismatch) -> RuleViolation:
    with services.store.work(actor) as work:
        work.audit("pack_mismatch", "office", actor.office or "all", reason=found.reason)
    return RuleViolation("mismatch", found.words, outcome="mismatch", reason=found.reason)


def _check(services: Services, work: Work, actor: Actor, asked: _Asked) -> PackResult:
    found = envelope_by_code(work, actor, asked.label)
    paper = read_paper(work, actor, asked.paper)
    if found is None or paper is None:
        raise _Mismatch("unknown")
    consignment = work.locked(Consignment, found.consignment.id)
    locked = work.locked(Document, paper.document.id)
    assert consignment is not None and locked is not None
    _refuse(work, FoundEnvelope(consignment, found.void), locked)
    if unread(services, [locked]):
        raise _Mismatch("not_ready", _UNREAD)
    known_by = _look_at_object(work, locked, paper.on_paper, asked)
    if locked.packed_at is None:
        locked.packed_at, locked.packed_by = work.now, actor.name
        work.session.flush()
        more = {"second": asked.second} if known_by == "second" else {}
        work.audit(
            "document_packed", "document", locked.id, consignment=consignment.id, known_by=known_by, **more
        )
        custody.into_envelope(work, locked, consignment.id, asked.second)
    return _close(work, consignment)


def _refuse(work: Work, found: FoundEnvelope, document: Document) -> None:
    """The first reason that holds: the label, then the paper's validity, then whether the two belong together."""
    consignment = found.consignment
    if found.void:
        raise _Mismatch("void_waybill")
    ended = _ENDED.get(DocumentState(document.state))
    if ended:
        raise _Mismatch(ended)
    if document.valid_until is not None and local_date(work.now) > document.valid_until:
        raise _Mismatch("expired")
    if active_holds(work, document.case_id):
        raise _Mismatch("held")
    if document.packed_at is None and in_tray(work, document.id) is not None:
        raise _Mismatch("held", _SET_ASIDE)
    if document.consignment_id != consignment.id:
        raise _Mismatch("already_packed" if document.packed_at is not None else "different_envelope")
    before_label = consignment.state in {str(state) for state in _BEFORE_LABEL}
    if before_label or document.state != _D.VALID:
        raise _Mismatch("not_ready")


def _look_at_object(work: Work, document: Document, on_paper: bool, asked: _Asked) -> str:
    """By what the paper in the hand is known: ``code`` on it, ``tail`` read from it, or ``second`` person.

    Our sheet's QR says which object belongs here, not that it is the one in the hand. What stands on the object is
    compared here and never shown. One that lies in its envelope already was known before.
    """
    case = work.session.get_one(Case, document.case_id)
    body = work.open(case, "body")
    stands = tidy(body["documents"][document.position].get("object_no") or "").upper()
    if asked.object_tail and stands and not asked.worn_out:
        if not _ends_with(stands, asked.object_tail):
            raise _Mismatch("object_mismatch")
        counters.forget(work, _TRIES, document.id)
        return "tail"
    if document.source != "physical" or on_paper or document.packed_at is not None:
        return "code"
    if asked.second:
        return "second"
    if stands and not asked.worn_out:
        wanted = Fault("/object_tail", _TAIL_WANTED, _READ_IT.format(title_of(document)))
        raise Invalid([wanted], code=_TAIL_WANTED)
    raise _NeedsSecond(case.division_code, (_WORN_OUT if stands else _NO_CODE).format(title_of(document)))


def _ends_with(whole: str, given: str) -> bool:
    tail = tidy(given).upper()
    return len(tail) >= min(4, len(whole)) and whole.endswith(tail)


def _count_try(services: Services, actor: Actor, paper: str) -> bool:
    """Count one reading of an object's last characters before it is compared; whether that is one too many today."""
    with services.store.work(actor) as work:
        found = read_paper(work, actor, paper)
        return found is not None and counters.count(work, _TRIES, found.document.id) > _TRIES.most


def _close(work: Work, consignment: Consignment) -> PackResult:
    """Count what is in; with everything in it the envelope is packed, unless a paper inside has lost its validity."""
    inside = contents(work, consignment.id)
    missing = tuple(title_of(document) for document in inside if document.packed_at is None)
    ended = ended_inside(work, consignment.id)
    if ended:
        consignment.flag = f"信封里的“{title_of(ended[0])}”已不再有效，请拆封取出后重新核对。"
    elif not missing and consignment.packed_at is None:
        _seal(work, consignment)
        work.audit("consignment_packed", "consignment", consignment.id, documents=len(inside))
    return PackResult(consignment.id, len(inside) - len(missing), len(inside), missing)


def _seal(work: Work, consignment: Consignment, at: datetime | None = None) -> None:
    when = at or work.now
    if consignment.state != _K.LABELLED:  # at the counter: it stays where it lies
        consignment.packed_at = when
        return
    packed = str(_K.PACKED)
    work.move(consignment, _K.PACKED, base_state=packed, state_at=when, packed_at=when, flag=None)


def pack_on_paper(
    services: Services, work: Work, consignment: Consignment, at: datetime, done_by: str, beside: str
) -> bool:
    """The envelope was packed while nothing could be scanned: ``done_by`` and ``beside`` looked at it, ``at`` that time.

    No code was compared, so everything the house itself can say is asked all the more: ``RuleViolation('mismatch')`` for
    a void label, a paper that has ended, expired, is held, not made or not proofread, as at the pack check. False where
    all was packed already. The record says that it was paper and who vouches.
    """
    inside = contents(work, consignment.id)
    try:
        for document in inside or _ended_of(work, consignment.id):
            _refuse(work, FoundEnvelope(consignment, consignment.state == _K.CANCELLED), document)
        if unread(services, inside):
            raise _Mismatch("not_ready", _UNREAD)
    except _Mismatch as found:
        raise RuleViolation("mismatch", found.words, reason=found.reason) from None
    fresh = [document for document in inside if document.packed_at is None]
    if fresh and consignment.state not in (_K.LABELLED, _K.PACKED, _K.READY_FOR_COLLECTION):
        words = f"信封现在是“{STATE_WORDS[consignment.state]}”，不能再登记装封。"
        raise RuleViolation("mismatch", words, reason="not_ready")
    for document in fresh:
        document.packed_at, document.packed_by = at, done_by
        work.session.flush()
        work.audit(
            "document_packed",
            "document",
            document.id,
            consignment=consignment.id,
            known_by="paper",
            second=beside,
        )
        into = custody.Pass(custody.Holder.ENVELOPE, consignment.id, "packed", at=at, beside=beside)
        custody.pass_on(work, document, into)
    if consignment.packed_at is None:
        _seal(work, consignment, at)
        work.audit("consignment_packed", "consignment", consignment.id, documents=len(inside))
    return bool(fresh)


def _ended_of(work: Work, consignment_id: str) -> list[Document]:
    """Papers of an envelope in which none is left that counts; ``_Mismatch`` where there never was one."""
    found = list(work.session.scalars(select(Document).where(Document.consignment_id == consignment_id)))
    if not found:
        raise _Mismatch("unknown", "这个信封里没有证件，不能登记装封。")
    return found


def unpack(services: Services, actor: Actor, consignment_id: str, reason: str) -> None:
    """Open a closed envelope again before hand-over; every paper must be checked in anew."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.work(actor) as work:
        consignment = find_consignment(work, actor, consignment_id, lock=True)
        at_counter = consignment.carrier == "counter" and consignment.state == _K.READY_FOR_COLLECTION
        if consignment.state == _K.PACKED:
            work.move(
                consignment, _K.LABELLED, base_state=str(_K.LABELLED), state_at=work.now, packed_at=None
            )
        elif consignment.state != _K.LABELLED and not at_counter:
            raise RuleViolation("handed_over", "信封已经交寄或还没有封装，不能拆封。")
        consignment.packed_at = consignment.flag = None
        work.session.execute(
            update(Document)
            .where(Document.consignment_id == consignment.id)
            .values(packed_at=None, packed_by=None)
        )
        custody.out_of_envelope(work, consignment.id)
        work.audit("consignment_unpacked", "consignment", consignment.id, reason=why)
