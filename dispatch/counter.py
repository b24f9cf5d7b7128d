"""The window's shelf: finding an envelope, who may take it away and what he must show, handing it over or not.

What is compared with the number on file is compared here and never shown. A mistyped tail is counted, so that nobody
finds it out by trying.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import select

from .attachments import AttachmentView, attach, attachments_of
from .consignments.authority import authority_words
from .consignments.codes import envelope_by_code, paper_by_code, tidy
from .consignments.envelope import addressee_of, cases_inside, contents, find_consignment, title_of
from .consignments.label import masked_recipient
from .consignments.scans import take_scans
from .consignments.signers import strictest
from .counters import Limit, count, forget, refuse_reached
from .custody import read_place
from .errors import Fault, Invalid, NotFound, RuleViolation
from .lifecycle import ConsignmentState
from .models import Case, CaseSearch, Consignment, Document
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "COLLECTORS",
    "REFUSALS",
    "Collector",
    "Shelf",
    "found_on_shelf",
    "hand_over",
    "on_shelf",
    "refuse_collection",
]

_K = ConsignmentState
#: tries at the tail of an id number, by envelope and day
TAIL_TRIES: Final = Limit("collector_tail", 5, timedelta(days=1))


@dataclass(frozen=True)
class Collector:
    """Who comes: the word, the kind of signer it counts as, its relation, what he shows, and for whom it is offered."""

    word: str
    signer: str
    relation: str
    shows: tuple[str, ...]
    persons: bool = True
    organizations: bool = False


COLLECTORS: Final[Mapping[str, Collector]] = MappingProxyType(
    {
        "self": Collector("本人", "self", "", ("本人的身份证原件",)),
        "agent": Collector(
            "代领人",
            "representative",
            "代领人",
            ("申请人的身份证（原件或复印件）", "代领人的身份证原件", "签过字的授权委托书"),
            True,
            True,
        ),
        "designated": Collector(
            "指定代收人", "designated", "", ("身份证原件，与申请单上写的一致",), True, True
        ),
        "household_adult": Collector(
            "同住成年家属", "household_adult", "家属", ("来人的身份证原件", "户口簿或其他同住证明")
        ),
        "guardian": Collector(
            "监护人", "representative", "监护人", ("监护人的身份证原件", "户口簿、出生证明等监护关系证明")
        ),
        "heir": Collector(
            "继承人",
            "representative",
            "继承人",
            ("继承人的身份证原件", "死亡证明", "亲属关系证明或继承公证书"),
        ),
        "legal": Collector(
            "法定代表人",
            "representative",
            "法定代表人",
            ("身份证原件", "营业执照（电子的也行）"),
            False,
            True,
        ),
        "mailroom": Collector(
            "单位收发或经办人", "mailroom", "", ("来人的身份证原件", "单位介绍信或授权委托书"), False, True
        ),
    }
)
#: why an envelope was not handed out
REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "identity_mismatch": "身份对不上",
        "papers_missing": "该带的证件没带齐",
        "not_authorized": "没有授权，不能代领",
        "other": "其他",
    }
)


@dataclass(frozen=True)
class Shelf:
    """One envelope on the shelf as the clerk sees it; persons masked. ``authority``: what the case says of who receives;
    ``asks_tail``: whether the last four of the id number are compared when the person himself comes."""

    id: str
    place: str
    recipient: str
    titles: tuple[str, ...]
    acceptance_no: str
    policy: str
    needs_code: bool
    since: datetime
    authority: str
    organization: bool
    asks_tail: bool
    pictures: tuple[AttachmentView, ...]

    @property
    def collectors(self) -> dict[str, Collector]:
        """Who may come for this envelope."""
        return {
            key: one
            for key, one in COLLECTORS.items()
            if (one.organizations if self.organization else one.persons)
            and (self.policy != "self" or key in ("self", "guardian", "heir", "legal", "mailroom"))
        }


# -- finding -------------------------------------------------------------------------------------------------------
def found_on_shelf(services: Services, actor: Actor, q: str) -> set[str]:
    """Ids of envelopes on this office's shelf that ``q`` may mean: place on the shelf, exact name, last four of a phone,
    acceptance number, or a scanned code."""
    actor.require(Scope.ISSUE)
    text = unicodedata.normalize("NFKC", q).strip()[:2100]
    with services.store.read(actor) as work:
        here = {row.id: row for row in work.session.scalars(_here(actor))}
        place = read_place(text)
        if place is not None:
            return {row.id for row in here.values() if row.shelf_place == place}
        keys = [work.vault.blind("name", text)]
        if len(text) == 4 and text.isascii() and text.isdigit():
            keys.append(work.vault.blind("phone_tail", text))
        cases = select(CaseSearch.case_id).where(CaseSearch.key.in_(keys))
        query = (
            select(Document.consignment_id)
            .join(Case, Case.id == Document.case_id)
            .where(Document.consignment_id.in_(here), (Case.acceptance_no == text) | Case.id.in_(cases))
        )
        found = {str(one) for one in work.session.scalars(query)}
        code = tidy(text)
        if not found and len(code) >= 6:
            label, paper = envelope_by_code(work, actor, code), paper_by_code(work, actor, code)
            found |= {label.consignment.id} if label else set()
            found |= {paper.consignment_id} if paper and paper.consignment_id else set()
        return found & set(here)


def _here(actor: Actor) -> Any:
    query = select(Consignment).where(
        Consignment.method == "counter", Consignment.state == str(_K.READY_FOR_COLLECTION)
    )
    if actor.office:
        query = query.where(Consignment.division_code.startswith(actor.office, autoescape=True))
    return query


def on_shelf(services: Services, actor: Actor, consignment_id: str) -> Shelf:
    """One envelope that waits at the counter; ``NotFound`` when absent or another office's, ``RuleViolation('not_now')``
    when it is not there any more."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        row = find_consignment(work, actor, consignment_id)
        if row.method != "counter" or row.state != _K.READY_FOR_COLLECTION:
            raise RuleViolation("not_now", "这个信封现在不在窗口等人领取。")
        return _shelf(work, row)


def _shelf(work: Work, row: Consignment) -> Shelf:
    to, papers = addressee_of(work, row), contents(work, row.id)
    case = next(iter(cases_inside(work, row.id)), None)
    if case is None:
        raise NotFound("这个信封里没有证件了。")
    body = work.open(case, "body")
    pictures = [
        *attachments_of(work, "consignment", row.id, "authorization"),
        *attachments_of(work, "case", case.id, "authorization"),
    ]
    return Shelf(
        id=row.id, place=row.shelf_place,
        recipient=" ".join(dict.fromkeys(p for p in (to.organization, masked_recipient(to)) if p)),
        titles=tuple(title_of(paper) for paper in papers), acceptance_no=case.acceptance_no,
        policy=strictest(paper.signer_policy for paper in papers), needs_code=row.delivery_code is not None,
        since=row.state_at, authority=authority_words(body), organization=to.for_organization,
        asks_tail=_tail_on_file(body, to.name) is not None, pictures=tuple(pictures),
    )  # fmt: skip


def _tail_on_file(body: Mapping[str, Any], name: str) -> str | None:
    """The last four of the applicant's id number, where the envelope is for himself."""
    applicant = body["applicant"]
    number = str(applicant.get("id_no") or "")
    himself = applicant["type"] == "person" and applicant["name"] == name and len(number) >= 4
    return number[-4:].upper() if himself else None


# -- handing over --------------------------------------------------------------------------------------------------
def hand_over(
    services: Services,
    actor: Actor,
    consignment_id: str,
    typed: Mapping[str, str],
    shown: Sequence[str],
    picture: bytes = b"",
) -> str:
    """Hand the envelope to who came; the state afterwards (``delivered``, or ``to_verify`` where the signer policy does not
    allow him). ``typed``: ``who`` of ``COLLECTORS``, ``name``, ``id_tail``, ``code``; ``shown``: what he showed, as worded
    there; ``picture``: a photo of the authorization.

    ``Invalid`` names what is missing; ``RuleViolation``: ``identity_mismatch``, ``too_many``, or what the scan answers. A wrong
    code is a delivery to verify, as everywhere.
    """
    actor.require(Scope.ISSUE)
    shelf = on_shelf(services, actor, consignment_id)
    collector = shelf.collectors.get(typed.get("who", ""))
    name = " ".join(typed.get("name", "").split())
    faults = _faults(shelf, collector, typed, name, shown)
    if faults or collector is None:
        raise Invalid(faults)
    _compare(services, actor, shelf, typed)
    if picture:
        with services.store.read(actor) as work:
            division = find_consignment(work, actor, shelf.id).division_code
        attach(
            services, actor, kind="authorization", subject_kind="consignment", subject_id=shelf.id, division_code=division,
            data=picture, note=collector.word,
        )  # fmt: skip
    return _scan(services, actor, shelf, collector, typed, name)


def _faults(
    shelf: Shelf, collector: Collector | None, typed: Mapping[str, str], name: str, shown: Sequence[str]
) -> list[Fault]:
    if collector is None:
        return [Fault("/who", "unknown_value", "请选谁来领。")]
    faults = [
        Fault("/shown", "evidence_required", f"请看过并勾选：{one}。")
        for one in collector.shows
        if one not in shown
    ]
    if not name or len(name) > 200:
        faults.append(Fault("/name", "required", "请填写来人的姓名。"))
    tail = typed.get("id_tail", "").strip()
    if typed.get("who") == "self" and shelf.asks_tail and not tail:
        faults.append(Fault("/id_tail", "required", "请照着身份证输入最后四位。"))
    if tail and not re.fullmatch(r"[0-9]{3}[0-9Xx]", unicodedata.normalize("NFKC", tail)):
        faults.append(Fault("/id_tail", "pattern", "身份证最后四位应为数字，末位可以是 X。"))
    return faults


def _compare(services: Services, actor: Actor, shelf: Shelf, typed: Mapping[str, str]) -> None:
    """The tail of the id number, against the one on file; counted, never told."""
    if typed.get("who") != "self" or not shelf.asks_tail:
        return
    tail = unicodedata.normalize("NFKC", typed.get("id_tail", "")).strip().upper()
    with services.store.work(actor) as work:
        refuse_reached(work, TAIL_TRIES, shelf.id, "身份证末四位输错的")
        row = find_consignment(work, actor, shelf.id)
        case = next(iter(cases_inside(work, row.id)))
        right = _tail_on_file(work.open(case, "body"), addressee_of(work, row).name) == tail
        if right:
            forget(work, TAIL_TRIES, shelf.id)
        else:
            count(work, TAIL_TRIES, shelf.id)
            work.audit("collection_mismatch", "consignment", shelf.id)
    if not right:
        raise RuleViolation(
            "identity_mismatch", "身份证末四位与登记的对不上。请再看一遍；不是本人来的，请选代领人等。"
        )


def _scan(
    services: Services, actor: Actor, shelf: Shelf, collector: Collector, typed: Mapping[str, str], name: str
) -> str:
    signer = {
        "kind": collector.signer, "name": name, "relation": collector.relation,
        "id_tail": typed.get("id_tail", "").strip(), "code": typed.get("code", "").strip(),
    }  # fmt: skip
    moment = services.clock.now().isoformat()
    scan = {
        "scan_id": str(uuid4()), "code": shelf.id, "action": "deliver", "occurred_at": moment,
        "signer": {key: value for key, value in signer.items() if value},
        "note": f"窗口核对：{'、'.join(collector.shows)}",
    }  # fmt: skip
    result = take_scans(services, actor, moment, [scan], source="window")[0]
    if result["outcome"] != "accepted":
        raise RuleViolation(str(result["outcome"]), str(result.get("detail") or "没有记下，请刷新后再看。"))
    return str(result["state"])


def refuse_collection(
    services: Services, actor: Actor, consignment_id: str, reason: str, note: str = ""
) -> None:
    """Somebody came and did not get it; the envelope stays where it lies, the reason is kept."""
    actor.require(Scope.ISSUE)
    if reason not in REFUSALS:
        raise Invalid(
            [Fault("/reason", "unknown_value", f"请选为什么没有交：{'、'.join(REFUSALS.values())}。")]
        )
    if reason == "other" and not note.strip():
        raise Invalid([Fault("/note", "required", "请写明为什么没有交。")])
    if len(note) > 200:
        raise Invalid([Fault("/note", "too_long", "说明最多 200 字。")])
    shelf = on_shelf(services, actor, consignment_id)
    with services.store.work(actor) as work:
        work.audit("collection_refused", "consignment", shelf.id, reason=REFUSALS[reason])
