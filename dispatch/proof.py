"""校对: a second pair of eyes compares the finished page with the case before the page is printed or packed.

A title asks for it (``proofread`` in its template), an office switches it on (``DISPATCH_PROOFREAD``). Who issued does
not proofread. A page found wrong holds its case: it is corrected by a new document, never by changing this one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import pypdfium2
from sqlalchemy import select, update

from labels.pdfium import PDFIUM_LOCK

from .calendar import local_time
from .errors import Fault, Invalid, NotFound, RuleViolation
from .holds import active_holds, hold_in
from .lifecycle import DocumentState
from .models import Case, Document
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "RIGHT",
    "WRONG",
    "find_right",
    "find_wrong",
    "open_proof",
    "page_image",
    "proof_asked",
    "proof_states",
    "refuse_unread",
    "unread",
    "waiting_for_proof",
    "wrong_pages",
]

RIGHT: Final = "right"
WRONG: Final = "wrong"
SHOWN: Final = 300
#: dots per point of the page's picture: small print stays readable
_SCALE: Final = 1.7
_NAMES: Final = (
    ("title", "文书名称"),
    ("copy", "正副本"),
    ("number", "文号"),
    ("issuer", "机关"),
    ("holder", "持有人（相对人）"),
)


# -- who asks for it -----------------------------------------------------------------------------------------------
def proof_asked(services: Services, document: Document) -> bool:
    """Whether this document is to be proofread in this office."""
    if not services.settings.proofread or document.source != "compose":
        return False
    kind: Any = document.kind
    return services.templates.for_title(document.title, kind).proofread


def unread(services: Services, documents: Iterable[Document]) -> list[Document]:
    """Those that ask for proofreading and were not found right."""
    return [one for one in documents if proof_asked(services, one) and one.proofread_outcome != RIGHT]


def refuse_unread(services: Services, documents: Iterable[Document]) -> None:
    """``RuleViolation('not_proofread')`` with ``document_ids`` where a page waits for its second pair of eyes."""
    waiting = unread(services, documents)
    if waiting:
        titles = "、".join(dict.fromkeys(f"《{one.title}》" for one in waiting))
        raise RuleViolation(
            "not_proofread",
            f"{len(waiting)} 份证件还没有校对：{titles}。请不是出件人的同事在“校对”里核对后再打印。",
            document_ids=[one.id for one in waiting],
        )


# -- looking -------------------------------------------------------------------------------------------------------
def waiting_for_proof(services: Services, actor: Actor) -> list[dict[str, Any]]:
    """Pages of this office that wait, those found wrong last, else the oldest first:
    ``{document_id, title, copy, number, acceptance_no, department, item, valid_at, outcome, mine}``; ``mine``: this actor
    issued it and may not proofread it."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return [
            {
                "document_id": document.id,
                "title": document.title,
                "copy": document.copy,
                "number": document.number,
                "acceptance_no": case.acceptance_no,
                "department": case.department_name,
                "item": case.item_name,
                "valid_at": _moment(document.valid_at),
                "outcome": document.proofread_outcome,
                "mine": case.issued_by == actor.name,
            }
            for document, case in _open_pages(services, work, actor)
        ]


def wrong_pages(services: Services, work: Work, actor: Actor) -> list[tuple[Document, Case]]:
    """Pages found wrong and not replaced yet; for the worklist."""
    return [pair for pair in _open_pages(services, work, actor) if pair[0].proofread_outcome == WRONG]


def _open_pages(services: Services, work: Work, actor: Actor) -> list[tuple[Document, Case]]:
    titles = [t for one in services.templates.templates.values() if one.proofread for t in one.titles]
    if not services.settings.proofread:
        return []
    query = (
        select(Document, Case)
        .join(Case, Case.id == Document.case_id)
        .where(Document.title.in_(titles), Document.source == "compose", Document.live)
        .where(Document.state == str(DocumentState.VALID), Document.packed_at.is_(None))
        .where(Document.proofread_outcome.is_(None) | (Document.proofread_outcome == WRONG))
        .where(Case.division_code.startswith(actor.office, autoescape=True))
        .order_by(Document.proofread_outcome.is_not(None), Document.valid_at, Document.id)
        .limit(SHOWN)
    )
    rows = work.session.execute(query)
    return [(document, case) for document, case in rows if proof_asked(services, document)]


def proof_states(services: Services, actor: Actor, acceptance_no: str) -> dict[str, dict[str, Any]]:
    """Document id → ``{outcome, by, at, note, mine}`` for the case's valid papers that ask for proofreading."""
    if not services.settings.proofread:
        return {}
    with services.store.read(actor) as work:
        query = (
            select(Document, Case)
            .join(Case, Case.id == Document.case_id)
            .where(Case.acceptance_no == acceptance_no, Document.state == str(DocumentState.VALID))
            .where(Case.division_code.startswith(actor.office, autoescape=True))
        )
        return {
            document.id: {
                "outcome": document.proofread_outcome,
                "by": document.proofread_by,
                "at": _moment(document.proofread_at),
                "note": work.open(document, "proofread_note") or "",
                "mine": case.issued_by == actor.name,
            }
            for document, case in work.session.execute(query)
            if proof_asked(services, document)
        }


def open_proof(services: Services, actor: Actor, document_id: str) -> dict[str, Any]:
    """The page and what must stand on it, from the case: ``{document_id, title, copy, number, acceptance_no, item, pages,
    outcome, note, fields: [{key, label, value}]}``. Values are shown in full, so the look is audited.

    Raises ``RuleViolation`` ``same_person`` or ``not_asked``, ``NotFound``.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document, case = _mine(services, work, actor, document_id)
        fields = _fields(document, work.open(case, "body"))
        work.audit("proof_opened", "document", document.id)
        note = work.open(document, "proofread_note") or ""
    return {
        "document_id": document.id,
        "title": document.title,
        "copy": document.copy,
        "number": document.number,
        "acceptance_no": case.acceptance_no,
        "item": case.item_name,
        "pages": _count_pages(services.blobs.get(str(document.pdf_blob))),
        "outcome": document.proofread_outcome,
        "note": note,
        "fields": fields,
    }


def page_image(services: Services, actor: Actor, document_id: str, page: int) -> bytes:
    """One page of the sealed file as PNG, pages from 1; ``NotFound`` for a page it has not."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        document, _ = _mine(services, work, actor, document_id)
        data = services.blobs.get(str(document.pdf_blob))
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument(data)
        whole.init_forms()  # without it the seal, a signature's picture, is not drawn
        try:
            if not 1 <= page <= len(whole):
                raise NotFound("没有这一页。")
            image = whole[page - 1].render(scale=_SCALE).to_pil()
        finally:
            whole.close()
    out = io.BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.getvalue()


def _count_pages(data: bytes) -> int:
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument(data)
        try:
            return len(whole)
        finally:
            whole.close()


def _mine(
    services: Services, work: Work, actor: Actor, document_id: str, *, lock: bool = False
) -> tuple[Document, Case]:
    document = work.locked(Document, document_id) if lock else work.session.get(Document, document_id)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这份证件。请核对查验码。")
    if not proof_asked(services, document) or document.pdf_blob is None:
        raise RuleViolation("not_asked", "这份证件不用校对。")
    if document.state != DocumentState.VALID:
        raise RuleViolation("not_ready", "这份证件还没有生效或已不再有效，不用校对。")
    if case.issued_by == actor.name:
        raise RuleViolation("same_person", "这一件是您出的，要由另一位同事校对。")
    return document, case


def _fields(document: Document, approval: Mapping[str, Any]) -> list[dict[str, str]]:
    """What must stand on the page, as the case has it; empty values are left out."""
    wanted = approval["documents"][document.position]
    whole = {
        "title": document.title,
        "copy": document.copy,
        "number": document.number or "",
        "issuer": document.department_name,
        "holder": str(wanted["holder"] or approval["applicant"]["name"]),
    }
    rows = [{"key": key, "label": label, "value": whole[key]} for key, label in _NAMES]
    rows += [
        {"key": f"fields.{name}", "label": name, "value": value} for name, value in wanted["fields"].items()
    ]
    for key, label, day in (
        ("issued", "落款日期", document.issued_on),
        ("expires", "有效期至", document.valid_until),
    ):
        rows.append({"key": key, "label": label, "value": _words(day)})
    return [row for row in rows if row["value"].strip()]


def _words(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


# -- deciding ------------------------------------------------------------------------------------------------------
def find_right(services: Services, actor: Actor, document_id: str, confirmed: Sequence[str]) -> None:
    """Everything on the page agrees: ``confirmed`` holds the key of every field, else ``Invalid`` names the missing.

    A page found wrong by a slip may be found right by another look; its hold is lifted by hand.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document, case = _mine(services, work, actor, document_id, lock=True)
        missing = [f for f in _fields(document, work.open(case, "body")) if f["key"] not in confirmed]
        if missing:
            names = "、".join(field["label"] for field in missing[:6])
            raise Invalid([Fault(f"/{missing[0]['key']}", "required", f"还有没核对的：{names}。")])
        if document.proofread_outcome != RIGHT:
            _decide(work, document, RIGHT, None)
            work.audit("proof_right", "document", document.id)


def find_wrong(services: Services, actor: Actor, document_id: str, wrong: Sequence[str], note: str) -> None:
    """Something on the page is wrong: the document goes to the worklist, the case is held.

    ``wrong``: keys of the fields; ``note``: what is wrong, kept encrypted. ``Invalid`` without either,
    ``RuleViolation('packed')`` when the page lies in an envelope.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document, case = _mine(services, work, actor, document_id, lock=True)
        labels = [f["label"] for f in _fields(document, work.open(case, "body")) if f["key"] in wrong]
        if not labels or not note.strip() or len(note) > 400:
            raise Invalid([Fault("/note", "required", "请指出哪一栏有误，并写明错在哪里（400 字以内）。")])
        if document.packed_at is not None:
            raise RuleViolation("packed", "这份证件已经装进信封。请先拆开信封，再来登记有误。")
        if document.proofread_outcome == WRONG and any(
            h.kind == "proof" for h in active_holds(work, case.id)
        ):
            raise RuleViolation("known_wrong", "这份证件已经登记为有误，办件已暂缓，请到办件页处理。")
        _decide(work, document, WRONG, note.strip())
        hold_in(work, case, "proof", f"校对有误：《{document.title}》的{'、'.join(labels)}"[:200])
        work.audit("proof_wrong", "document", document.id, fields=len(labels))


def _decide(work: Work, document: Document, outcome: str, note: str | None) -> None:
    """Guarded: of two readers at once the second is told."""
    before = document.proofread_outcome
    same = Document.proofread_outcome.is_(None) if before is None else Document.proofread_outcome == before
    decided = work.session.execute(
        update(Document)
        .where(Document.id == document.id, Document.state == str(DocumentState.VALID), same)
        .values(proofread_outcome=outcome, proofread_by=work.actor.name, proofread_at=work.now)
    )
    if decided.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("changed_meanwhile", "刚才有人同时处理了它，请刷新后再看。")
    work.session.refresh(document)
    if note is None:
        document.proofread_note = None
    else:
        work.seal(document, "proofread_note", note)


def _moment(at: Any) -> str:
    return local_time(at).isoformat(timespec="seconds") if at else ""
