"""What a scan anywhere at the window opens.

Each kind of code has one recognizer: it looks at the tidied text and says what it is and where that is shown, or
``None``. The first that knows the code wins, so the narrow ones stand first. Opening never changes anything: a scan
acts only on the page made for that act.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sqlalchemy import select

from .badges import badge_holder
from .consignments.codes import MAX_CODE, envelope_by_code, paper_by_code, tidy
from .consignments.envelope import cases_inside
from .consignments.tickets import ticket_in
from .custody import read_place
from .errors import NotFound, NotPermitted
from .form_numbers import FORM_WORDS, FormKind, form_by_number, form_kind, read_form_number
from .models import Case, Consignment, Custody, Document, Manifest, PaperForm, PrintBatch
from .printing.marks import parse_sheet
from .printing.stock import blank_form
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["RECOGNIZERS", "Found", "Recognizer", "what_is"]

#: shorter texts are places on the shelf, names, phone tails or slips of a finger, not codes
SHORTEST: Final = 6
#: a print batch of the day; its sheets are known by ``parse_sheet``
_BATCH_NO: Final = re.compile(r"P?([0-9]{4}-[0-9]{1,4})\Z", re.IGNORECASE)
_ACCEPTANCE_NO: Final = re.compile(r"[0-9A-Za-z-]{6,40}\Z")


@dataclass(frozen=True)
class Found:
    """What a code is (``kind``: case, paper, label, list, badge …), the address of its page, and words that say so
    without naming a person."""

    kind: str
    address: str
    words: str


#: ``(work, actor, tidied text) -> Found``, or None for a text of another kind, an unknown one or another office's
Recognizer = Callable[[Work, Actor, str], "Found | None"]


def what_is(
    services: Services, actor: Actor, text: str, recognizers: Sequence[Recognizer] | None = None
) -> Found:
    """What was scanned. ``NotFound`` with the remedy for what nobody recognizes or is another office's; ``NotPermitted``
    for who may look at no case."""
    if not any(actor.may(scope) for scope in (Scope.READ, Scope.CASES, Scope.ISSUE)):
        raise NotPermitted("scope", "没有查看办件的权限。请联系管理员。")
    code = tidy(text) if len(text) <= MAX_CODE else ""
    codes = RECOGNIZERS if recognizers is None else recognizers
    with services.store.read(actor) as work:
        for recognize in codes if len(code) >= SHORTEST else (_place,):
            found = recognize(work, actor, code)
            if found is not None:
                return found
    raise NotFound("没有认出这个码：可能是别的窗口或别家单位的，也可能没扫全。请再扫一次，或按受理号查找。")


def case_page(number: str) -> str:
    """Where a case is shown."""
    return f"/window/cases/{quote(number, safe='')}"


def _place(work: Work, actor: Actor, text: str) -> Found | None:
    """A place on the shelf where something lies: loose papers, or an envelope that waits for who collects it."""
    place = read_place(text)
    if place is None or not actor.may(Scope.ISSUE):
        return None
    loose = select(Custody.division_code).where(Custody.place == place, Custody.kind == "window")
    if any(actor.sees(code) for code in work.session.scalars(loose)):
        return Found("place", f"/window/internal?q={place}#papers", f"{place} 架上的纸")
    waits = select(Consignment.division_code).where(
        Consignment.shelf_place == place, Consignment.state == "ready_for_collection"
    )
    if any(actor.sees(code) for code in work.session.scalars(waits)):
        return Found("place", f"/window/counter?q={place}", f"{place} 架上等人领取的信封")
    return None


# -- one function per kind of code -----------------------------------------------------------------------------------
def _list(work: Work, actor: Actor, code: str) -> Found | None:
    """The number of a hand-over list."""
    number = read_form_number(code) or code.upper()
    if not number.startswith(FormKind.MANIFEST):
        return None
    row = work.session.scalar(select(Manifest).where(Manifest.list_no == number))
    if row is None or not actor.sees(row.division_code):
        return None
    return Found("list", f"/window/manifests/{row.id}", f"交接清单 {row.list_no}")


def _ticket(work: Work, actor: Actor, code: str) -> Found | None:
    """The one-time code on a printed hand-over list; whether it still works is said by the page it opens."""
    secret = ticket_in(code)
    return Found("sign", f"/window/sign/{secret}", "交接清单的签收码") if secret else None


def _handover(work: Work, actor: Actor, code: str) -> Found | None:
    """The number of a 内部交接单."""
    row = form_by_number(work, actor, code)
    if row is None or form_kind(row.number) is not FormKind.HANDOVER:
        return None
    return Found("handover", f"/window/internal/{row.subject_id}", f"内部交接单 {row.number}")


def _shift(work: Work, actor: Actor, code: str) -> Found | None:
    """The number of a 交接班单."""
    row = form_by_number(work, actor, code)
    if row is None or form_kind(row.number) is not FormKind.SHIFT:
        return None
    return Found("shift", f"/window/shift/{row.subject_id}", f"交接班单 {row.number}")


def _sheet(work: Work, actor: Actor, code: str) -> Found | None:
    """The number of a 当日登记单."""
    row = form_by_number(work, actor, code)
    if row is None or form_kind(row.number) is not FormKind.SHEET or not row.subject_id:
        return None
    return Found("sheet", f"/window/paper/{row.subject_id}", f"{FORM_WORDS[FormKind.SHEET]} {row.number}")


def _form(work: Work, actor: Actor, code: str) -> Found | None:
    """One of the sheets that belong to a case: 快递申请单, 内件清单, 送达回证; or one that belongs to nothing yet."""
    row = form_by_number(work, actor, code)
    if row is not None and not row.subject_id:
        return Found(
            "blank", "/window/attach", f"空白的{FORM_WORDS[form_kind(row.number)]}，填好签好后在这里传上来"
        )
    case = _case_of_form(work, row) if row is not None else None
    if row is None or case is None or not actor.sees(case.division_code):
        return None
    words = f"{FORM_WORDS[form_kind(row.number)]}，办件 {case.acceptance_no}"
    return Found("form", f"{case_page(case.acceptance_no)}#papers", words)


def _case_of_form(work: Work, row: PaperForm) -> Case | None:
    if row.subject_kind == "case":
        return work.session.get(Case, row.subject_id)
    if row.subject_kind in ("document", "documents"):
        document = work.session.get(Document, (row.covers or row.subject_id).split()[0])
        return work.session.get(Case, document.case_id) if document else None
    if row.subject_kind == "consignment":
        return next(iter(cases_inside(work, row.subject_id)), None)
    return None


def _print(work: Work, actor: Actor, code: str) -> Found | None:
    """A print batch by its number (``1125-3``), or one of its sheets (``P1125-3/17``). Every office counts for itself
    and anew every year: one's own office is meant before those below it, then the newest."""
    sheet, batch = parse_sheet(code), _BATCH_NO.match(code)
    number = sheet.batch if sheet else batch[1] if batch else ""
    if not number or not actor.may(Scope.ISSUE):
        return None
    query = select(PrintBatch).where(
        PrintBatch.number == number, PrintBatch.office.startswith(actor.office, autoescape=True)
    )
    row = work.session.scalar(query.order_by(PrintBatch.office, PrintBatch.created_at.desc()).limit(1))
    if row is None:
        return None
    words = f"打印批次 {row.number}" + (f" 的第 {sheet.place} 张" if sheet else "")
    return Found("print", f"/window/papers/{row.id}", words)


def _case(work: Work, actor: Actor, code: str) -> Found | None:
    """An acceptance number, from a form's barcode or typed."""
    if not _ACCEPTANCE_NO.match(code):
        return None
    case = work.session.scalar(select(Case).where(Case.acceptance_no.in_((code, code.upper()))))
    if case is None or not actor.sees(case.division_code):
        return None
    return Found("case", case_page(case.acceptance_no), f"办件 {case.acceptance_no}")


def _label(work: Work, actor: Actor, code: str) -> Found | None:
    """A label's QR, its bare id, or a waybill number."""
    found = envelope_by_code(work, actor, code)
    if found is None:
        return None
    case = next(iter(cases_inside(work, found.consignment.id)), None)
    if case is None or not actor.sees(case.division_code):
        return None
    waits = found.consignment.method == "counter" and found.consignment.state == "ready_for_collection"
    if waits and actor.may(Scope.ISSUE):
        return Found("shelf", f"/window/counter/{found.consignment.id}", f"取件单，办件 {case.acceptance_no}")
    words = "作废的面单" if found.void else "面单"
    address = f"{case_page(case.acceptance_no)}#envelope-{found.consignment.id}"
    return Found("label", address, f"{words}，办件 {case.acceptance_no}")


def _paper(work: Work, actor: Actor, code: str) -> Found | None:
    """A paper's QR, its 查验码, or a code bound to it."""
    document = paper_by_code(work, actor, code)
    case = work.session.get(Case, document.case_id) if document else None
    if document is None or case is None:
        return None
    address = f"{case_page(case.acceptance_no)}#paper-{document.id}"
    return Found("paper", address, f"{document.title}，办件 {case.acceptance_no}")


def _blank(work: Work, actor: Actor, code: str) -> Found | None:
    """A numbered form on which no document stands: in stock, spoiled or destroyed."""
    row = blank_form(work, actor, code) if actor.may(Scope.ISSUE) else None
    return Found("blank", f"/window/stock/forms?q={quote(row.code)}", f"空白证 {row.code}") if row else None


def _badge(work: Work, actor: Actor, code: str) -> Found | None:
    """A colleague's badge: the dialog that changes who acts, which asks for the PIN."""
    holder = badge_holder(work, code)
    if holder is None or not (actor.sees(holder.office) or actor.office.startswith(holder.office)):
        return None
    return Found("badge", "/people/switch", f"{holder.name} 的工牌")


#: add a line for another kind of code; narrow patterns first, what asks the database for any text last
RECOGNIZERS: Final[tuple[Recognizer, ...]] = (
    _list, _ticket, _handover, _shift, _sheet, _form, _print, _label, _case, _paper, _blank, _badge,
)  # fmt: skip
