"""The seal register: which seals a department has, from whom, from when until when, and what each was used for.

Every sealing leaves its row in the transaction that makes it count. A department nobody registered a seal for gets one
entry on its first use, marked as unregistered, so that work goes on and a supervisor sees it. A suspended or expired
seal is not used: the document waits on the worklist with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import Select, func, select

from .calendar import local_date, local_time
from .documents.record import PageRecord
from .documents.templates import Sealing
from .errors import NotFound, NotPermitted, Rejected, RuleViolation
from .lifecycle import DocumentState
from .models import Case, Document, Seal, SealUse, new_id
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "KINDS",
    "SHOWN",
    "hand_sealings",
    "mark_sealed",
    "note_sealing",
    "require_look",
    "seal_state",
    "seal_trouble",
    "waiting_for_ink",
]

KINDS: Final[Mapping[Sealing, str]] = MappingProxyType({"electronic": "电子印章", "hand": "实物盖章"})
UNREGISTERED: Final = "未登记 — 请督查人员核实"
SHOWN: Final = 300

Q = TypeVar("Q", bound="Select[*tuple[Any, ...]]")


# -- which seal ----------------------------------------------------------------------------------------------------
def seal_trouble(work: Work, document: Document, division_code: str, kind: Sealing) -> str:
    """Why the department has no seal for this document today, in words for the worklist; empty when it has one."""
    try:
        _choose(work, document, division_code, kind)
    except RuleViolation as refusal:
        return refusal.detail
    return ""


def note_sealing(work: Work, document: Document, case: Case, *, sheet: bool) -> None:
    """The electronic seal was put on this document: called in the unit that makes the sealed file count.

    The use is in the name of who issued. ``Rejected`` when the seal may not be used (any more).
    """
    try:
        seal = _chosen_or_new(work, document, case, "electronic")
    except RuleViolation as refusal:
        raise Rejected(refusal.code, refusal.detail) from refusal
    _use(work, seal, document, case, case.issued_by or work.actor.name, sheet=sheet)


def seal_state(seal: Seal, today: date) -> str:
    """``active``, ``suspended``, ``expired`` or ``future``."""
    if seal.suspended_at is not None:
        return "suspended"
    if seal.valid_until is not None and today > seal.valid_until:
        return "expired"
    return "future" if seal.valid_from is not None and today < seal.valid_from else "active"


def _choose(work: Work, document: Document, division_code: str, kind: Sealing) -> Seal | None:
    """The department's seal for this title: one for this title before one for all, a registered before another.

    None where nobody registered any. ``RuleViolation('seal_unusable')`` says why none of the known ones will do.
    """
    today = local_date(work.now)
    rows = select(Seal).where(Seal.department_name == document.department_name, Seal.kind == kind)
    known = [seal for seal in work.session.scalars(rows) if division_code.startswith(seal.division_code)]
    fitting = [seal for seal in known if not seal.titles or document.title in seal.titles.splitlines()]
    usable = [seal for seal in fitting if seal_state(seal, today) == "active"]
    if usable:
        return min(usable, key=lambda seal: (not seal.titles, not seal.registered, seal.created_at, seal.id))
    if fitting:
        raise RuleViolation("seal_unusable", _why(fitting[0], today))
    if known:
        raise RuleViolation(
            "seal_unusable",
            f"{document.department_name}登记的{KINDS[kind]}都不包括《{document.title}》，请督查人员在印章登记簿里增补。",
        )
    return None


def _why(seal: Seal, today: date) -> str:
    state = seal_state(seal, today)
    if state == "suspended":
        return f"该印章已停用（{seal.name}）：{seal.suspended_reason}。请督查人员恢复或另行登记后重做。"
    if state == "expired":
        return f"该印章已过期（{seal.name}，到 {seal.valid_until}）。请督查人员更新印章登记后重做。"
    return f"该印章还没有启用（{seal.name}，从 {seal.valid_from} 起）。请督查人员核对印章登记。"


def _chosen_or_new(work: Work, document: Document, case: Case, kind: Sealing) -> Seal:
    found = _choose(work, document, case.division_code, kind)
    if found is not None:
        return found
    values = {
        "id": new_id(), "department_name": document.department_name, "division_code": case.division_code,
        "name": UNREGISTERED, "kind": kind, "source": "", "titles": "", "keeper": "", "registered": False,
        "suspended_reason": "", "created_at": work.now, "created_by": work.actor.name,
    }  # fmt: skip
    unique = ["department_name", "division_code", "kind"]
    if work.insert_missing(Seal, values, unique, where="NOT registered"):
        work.audit("seal_first_used", "seal", str(values["id"]), kind=kind)
    made = select(Seal).where(*(getattr(Seal, name) == values[name] for name in unique))
    return work.session.scalars(made.where(Seal.registered.is_(False))).one()


def _use(
    work: Work, seal: Seal, document: Document, case: Case, actor: str, *, sheet: bool, note: str = ""
) -> None:
    work.add(
        SealUse(
            id=new_id(), seal_id=seal.id, document_id=document.id, title=document.title, at=work.now, actor=actor,
            acceptance_no=case.acceptance_no, division_code=case.division_code, sheet=sheet, note=note,
        )
    )  # fmt: skip


# -- with ink ------------------------------------------------------------------------------------------------------
def mark_sealed(
    services: Services, actor: Actor, document_ids: Sequence[str], *, seal_id: str = "", again: str = ""
) -> int:
    """Note that these papers were sealed by hand, all or none; how many.

    ``seal_id``: which seal, where the department has several. ``again``: why a paper is sealed a second time. Raises
    ``RuleViolation`` ``nothing_chosen``, ``not_by_hand``, ``not_ready``, ``already_sealed`` or ``seal_unusable``.
    """
    require_look(actor, Scope.ISSUE, Scope.VALIDITY)
    wanted = list(dict.fromkeys(document_ids))
    if not 1 <= len(wanted) <= SHOWN:
        raise RuleViolation("nothing_chosen", f"请先勾选盖好章的证件（一次最多 {SHOWN} 份）。")
    with services.store.work(actor) as work:
        for document_id in wanted:
            _mark(work, actor, document_id, seal_id, again.strip()[:200])
    return len(wanted)


def _mark(work: Work, actor: Actor, document_id: str, seal_id: str, again: str) -> None:
    document = work.locked(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    if document.state != DocumentState.VALID:
        raise RuleViolation("not_ready", f"《{document.title}》还没有生效或已不再有效，不能盖章。")
    if not _by_hand(work, document):
        raise RuleViolation("not_by_hand", f"《{document.title}》用的是电子印章，不用再盖实物章。")
    before = work.session.scalar(select(func.count(SealUse.id)).where(SealUse.document_id == document.id))
    if before and not again:
        raise RuleViolation(
            "already_sealed", f"《{document.title}》已经登记过盖章。重印后再盖的，请写明原因。"
        )
    seal = _chosen_or_new(work, document, case, "hand")
    if seal_id and seal_id != seal.id:
        seal = _named(work, document, case, seal_id)
    _use(work, seal, document, case, actor.name, sheet=False, note=again)
    work.session.flush()
    work.audit("document_hand_sealed", "document", document.id, seal=seal.name, again=again)


def _named(work: Work, document: Document, case: Case, seal_id: str) -> Seal:
    seal = work.session.get(Seal, seal_id)
    fits = seal is not None and (not seal.titles or document.title in seal.titles.splitlines())
    mine = (
        seal is not None
        and (seal.department_name, seal.kind) == (document.department_name, "hand")
        and case.division_code.startswith(seal.division_code)
    )
    if seal is None or not mine or not fits or seal_state(seal, local_date(work.now)) != "active":
        raise RuleViolation("seal_unusable", "选的这枚印章不能盖在这份证件上，请在印章登记簿里核对。")
    return seal


def _by_hand(work: Work, document: Document) -> bool:
    """As the page was drawn, whatever the template says today."""
    stored = work.open(document, "record")
    return bool(stored) and PageRecord.from_bytes(stored["page"].encode()).by_hand


def hand_sealings(services: Services, actor: Actor, acceptance_no: str) -> dict[str, list[dict[str, Any]]]:
    """Document id → its sealings by hand, for each of the case's papers whose seal area is empty.

    A sealing: ``{seal, at, actor, note}``; an empty list: nobody sealed it yet.
    """
    with services.store.read(actor) as work:
        query = (
            select(Document)
            .join(Case, Case.id == Document.case_id)
            .where(Case.acceptance_no == acceptance_no, Document.pdf_blob.is_not(None), Document.live)
        )
        papers = [one.id for one in work.session.scalars(_mine(query, actor)) if _by_hand(work, one)]
        found: dict[str, list[dict[str, Any]]] = {paper: [] for paper in papers}
        uses = (
            select(SealUse, Seal.name)
            .join(Seal, Seal.id == SealUse.seal_id)
            .where(SealUse.document_id.in_(papers))
            .order_by(SealUse.at)
        )
        for use, name in work.session.execute(uses):
            found[use.document_id].append(
                {"seal": name, "at": _moment(use.at), "actor": use.actor, "note": use.note}
            )
        return found


def waiting_for_ink(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Papers that are printed with an empty seal area and not sealed yet, by department, the oldest first:
    ``{document_id, title, copy, number, acceptance_no, department, valid_at}``."""
    require_look(actor, Scope.READ, Scope.ISSUE, Scope.VALIDITY)
    titles = [
        title
        for template in services.templates.templates.values()
        if template.seal == "hand"
        for title in template.titles
    ]
    query = (
        select(Document, Case)
        .join(Case, Case.id == Document.case_id)
        .where(Document.title.in_(titles), Document.source == "compose", Document.live)
        .where(Document.state == str(DocumentState.VALID))
        .where(~select(SealUse.id).where(SealUse.document_id == Document.id).exists())
        .order_by(Document.department_name, Document.valid_at, Document.id)
    )
    with services.store.read(actor) as work:
        rows = work.session.execute(_mine(query, actor).limit(SHOWN))
        return [
            {
                "document_id": document.id,
                "title": document.title,
                "copy": document.copy,
                "number": document.number,
                "acceptance_no": case.acceptance_no,
                "department": document.department_name,
                "valid_at": _moment(document.valid_at) if document.valid_at else None,
            }
            for document, case in rows
            if _by_hand(work, document)
        ]


# -- who may look ---------------------------------------------------------------------------------------------------
def _mine(query: Q, actor: Actor) -> Q:
    return query.where(Case.division_code.startswith(actor.office, autoescape=True))


def require_look(actor: Actor, *scopes: Scope) -> None:
    """Raise ``NotPermitted`` unless the actor has one of these scopes."""
    if not any(actor.may(scope) for scope in scopes):
        raise NotPermitted("scope", "没有查看印章登记的权限。请联系管理员。")


def _moment(at: datetime) -> str:
    return local_time(at).isoformat(timespec="seconds")
