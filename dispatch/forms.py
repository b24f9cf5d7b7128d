"""The sheets of a case as records for print: 快递申请单, 内件清单, 送达回证, filled from what we hold.

They show persons in full, because they are signed; every print is audited like a look. Each sheet has one number for
one thing, so that printing it again gives the same barcode.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select

from labels.application import ApplicationRecord, render_applications
from labels.contents import CONTENTS_SIZES, ContentsRecord, ContentsRow, ContentsSize, render_contents
from labels.masks import mask_phone
from labels.service_receipt import MOST_PAPERS, ServicePaper, ServiceRecord, render_service_receipts
from labels.sheet import DoesNotFit

from .attachments import KINDS
from .calendar import SHANGHAI, local_date
from .cases import find_case
from .consignments.envelope import (
    active_waybill,
    addressee_of,
    cases_inside,
    contents,
    find_consignment,
    title_of,
)
from .consignments.label import masked_recipient
from .consignments.signers import strictest
from .errors import Fault, Invalid, Rejected, RuleViolation
from .form_numbers import FormKind, blank_form, register_form
from .models import Attachment, Case, Consignment, Document, Manifest, ManifestItem
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = ["MOST_SHEETS", "attachments_of_case", "blank_applications", "denials_of_day", "forms_pdf"]

MOST_SHEETS: Final = 200
MOST_BLANK: Final = 100
#: how the envelope travels → which box of the receipt is ticked already
_WAYS: Final = MappingProxyType(
    {
        "express": "post",
        "door": "direct",
        "counter": "direct",
        "on_the_spot": "direct",
        "electronic": "electronic",
    }
)
_FIELDS: Final = MappingProxyType(
    {
        "address": "地址", "recipient": "收件人", "applicant": "申请人", "organization": "收件单位", "item": "事项名称",
        "department": "部门名称", "issuer": "部门名称", "point": "代办点", "designated": "代收人", "papers": "文书名称或文号",
        "recipient_masked": "收件人", "contact": "联系人",
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Sheet:
    """A record and the case it belongs to, to be named when it cannot be printed."""

    acceptance_no: str
    record: Any


def forms_pdf(
    services: Services,
    actor: Actor,
    kind: str,
    acceptance_nos: Sequence[str] = (),
    *,
    consignment_ids: Sequence[str] = (),
    size: str = "A5",
) -> bytes:
    """One kind of sheet for cases in the order given: ``application``, ``contents`` or ``service``.

    ``consignment_ids``: contents lists and receipts of these envelopes alone. ``RuleViolation``: ``nothing_chosen``,
    ``batch_size``, ``not_ready`` before issue; ``Rejected('form_impossible')`` names case and field.
    """
    actor.require(Scope.ISSUE)
    make, draw = _maker(services, kind, size)
    numbers, envelopes = list(dict.fromkeys(acceptance_nos)), list(dict.fromkeys(consignment_ids))
    if not numbers and not envelopes:
        raise RuleViolation("nothing_chosen", "请先勾选要打印的办件。")
    if len(numbers) + len(envelopes) > MOST_SHEETS:
        raise RuleViolation("batch_size", f"一次最多打印 {MOST_SHEETS} 件，请分几次。")
    with services.store.work(actor) as work:
        sheets = [sheet for one in numbers for sheet in make(work, find_case(work, actor, one), None)]
        for one in envelopes:
            envelope = find_consignment(work, actor, one)
            for case in cases_inside(work, envelope.id)[:1]:
                sheets += make(work, case, envelope)
    if not sheets:
        raise RuleViolation("not_ready", "这些办件没有可打的这种单子：当场领取和电子送达没有信封。")
    return _drawn(sheets, draw)


_Make = Callable[[Work, Case, "Consignment | None"], list[_Sheet]]
_Draw = Callable[[Sequence[Any]], bytes]


def _maker(services: Services, kind: str, size: str) -> tuple[_Make, _Draw]:
    fonts = services.fonts
    if kind == "application":
        return lambda w, c, e: [_application(services, w, c)], lambda r: render_applications(r, fonts)
    if kind == "service":
        return lambda w, c, e: _receipts(services, w, c, e), lambda r: render_service_receipts(r, fonts)
    if kind == "contents":
        known: ContentsSize | None = next((one for one in CONTENTS_SIZES if one == size), None)
        if known is None:
            raise Invalid([Fault("/size", "unknown_value", f"纸张应为 {'、'.join(CONTENTS_SIZES)}。")])
        fixed = known
        return lambda w, c, e: _contents(services, w, c, e), lambda r: render_contents(r, fonts, fixed)
    raise Invalid([Fault("/kind", "unknown_value", "单子应为快递申请单、内件清单或送达回证。")])


def _drawn(sheets: Sequence[_Sheet], draw: _Draw) -> bytes:
    try:
        return draw([sheet.record for sheet in sheets])
    except ValueError:  # a glyph no face has, or a text too long: say whose
        for sheet in sheets:
            _try(sheet, draw)
        raise


def _try(sheet: _Sheet, draw: _Draw) -> None:
    try:
        draw([sheet.record])
    except DoesNotFit as fault:
        field = _FIELDS.get(fault.field.split("/")[0], "有一栏")
        raise Rejected(
            "form_impossible", f"办件 {sheet.acceptance_no} 的{field}太长，单子上写不下，请更正后再打。"
        ) from fault
    except ValueError as fault:
        raise Rejected(
            "form_impossible", f"办件 {sheet.acceptance_no} 里有字库没有的字，打印不出来，请更正后再打。"
        ) from fault


# -- 快递申请单 ------------------------------------------------------------------------------------------------------
def blank_applications(services: Services, actor: Actor, count: int) -> bytes:
    """So many blank forms, each with a number of its own to tear off; ``Invalid`` unless 1 to 100."""
    actor.require(Scope.ISSUE)
    if not 1 <= count <= MOST_BLANK:
        raise Invalid([Fault("/count", "out_of_range", f"空白申请单一次打 1 到 {MOST_BLANK} 张。")])
    settings = services.settings
    with services.store.work(actor) as work:
        numbers = [blank_form(work, FormKind.APPLICATION, actor.office) for _ in range(count)]
        work.audit("blank_forms_printed", "office", actor.office or "all", count=count, first=numbers[0])
    return render_applications(
        [
            ApplicationRecord(
                settings.operator, settings.operator_phone, number, tear_off=True, sample=settings.sample
            )
            for number in numbers
        ],
        services.fonts,
    )


def _application(services: Services, work: Work, case: Case) -> _Sheet:
    body, settings = work.open(case, "body"), services.settings
    applicant, delivery = body["applicant"], body["delivery"]
    to: Mapping[str, Any] = delivery.get("recipient") or {}
    papers = work.session.scalars(select(Document).where(Document.case_id == case.id, Document.live))
    number = register_form(work, FormKind.APPLICATION, "case", case.id, case.division_code)
    work.audit("form_printed", "case", case.id, kind="application", number=number)
    relation = str(to.get("relation", "self"))
    named = relation not in ("self", "contact", "mailroom")
    record = ApplicationRecord(
        operator=settings.operator, phone=settings.operator_phone, form_no=number, acceptance_no=case.acceptance_no,
        applicant=applicant["name"], id_tail=applicant["id_no"][-4:], contact=applicant.get("contact") or "",
        applicant_phone=applicant["phone"], item=case.item_name, department=case.department_name, method=case.method,
        point=delivery.get("point") or "", payer=delivery.get("payer") or "office", recipient=to.get("name", ""),
        organization=to.get("organization") or "", recipient_phone=to.get("phone", ""),
        address="".join(part for part in to.get("region", ()) if part) + str(to.get("address", "")),
        receivers=_receivers(relation), only_self=_only_self(list(papers)),
        designated=str(to.get("name", "")) if named else "", relation=_RELATIONS.get(relation, ""),
        sample=settings.sample,
    )  # fmt: skip
    return _Sheet(case.acceptance_no, record)


_RELATIONS: Final = MappingProxyType(
    {
        "spouse": "配偶", "child": "子女", "parent": "父母", "colleague": "同事", "representative": "代理人",
        "guardian": "监护人", "heir": "继承人",
    }
)  # fmt: skip


def _receivers(relation: str) -> tuple[str, ...]:
    if relation == "mailroom":
        return ("self", "mailroom")
    return ("self",) if relation in ("self", "contact") else ("self", "designated")


def _only_self(papers: Sequence[Document]) -> bool:
    return bool(papers) and strictest(paper.signer_policy for paper in papers) == "self"


# -- 内件清单 --------------------------------------------------------------------------------------------------------
def _envelopes(work: Work, case: Case, only: Consignment | None) -> list[Consignment]:
    if only is not None:
        return [only]
    query = select(Document.consignment_id).where(Document.case_id == case.id, Document.live)
    ids = dict.fromkeys(one for one in work.session.scalars(query.order_by(Document.position)) if one)
    return [work.session.get_one(Consignment, one) for one in ids]


def _contents(services: Services, work: Work, case: Case, only: Consignment | None) -> list[_Sheet]:
    _issued(case, "内件清单")
    return [_list(services, work, case, row) for row in _envelopes(work, case, only)]


def _list(services: Services, work: Work, case: Case, envelope: Consignment) -> _Sheet:
    settings, to = services.settings, addressee_of(work, envelope)
    number = register_form(work, FormKind.CONTENTS, "consignment", envelope.id, envelope.division_code)
    work.audit("form_printed", "consignment", envelope.id, kind="contents", number=number)
    waybill, day = active_waybill(work, envelope.id), local_date(work.now)
    hidden = {one.id for one in cases_inside(work, envelope.id) if one.sensitive}
    record = ContentsRecord(
        operator=settings.operator, phone=settings.operator_phone, form_no=number,
        waybill_no=waybill.number if waybill else "",
        recipient_masked="  ".join(
            dict.fromkeys(part for part in (masked_recipient(to), to.organization, mask_phone(to.phone)) if part)
        ),
        made_on=f"{day.year}年{day.month}月{day.day}日",
        rows=tuple(_row(paper, neutral=paper.case_id in hidden) for paper in contents(work, envelope.id)),
        sample=settings.sample,
    )  # fmt: skip
    return _Sheet(case.acceptance_no, record)


def _row(paper: Document, *, neutral: bool) -> ContentsRow:
    """Of a sensitive matter the list says no more than the envelope does: 文件."""
    if neutral:
        return ContentsRow("文件")
    return ContentsRow(title_of(paper), paper.number or "", paper.id if paper.valid_at is not None else "")


# -- 送达回证 --------------------------------------------------------------------------------------------------------
def _receipts(services: Services, work: Work, case: Case, only: Consignment | None) -> list[_Sheet]:
    """One receipt for each recipient, more where there are more papers than one sheet can name."""
    _issued(case, "送达回证")
    query = select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
    groups: dict[str | None, list[Document]] = {}
    for paper in work.session.scalars(query):
        if only is None or paper.consignment_id == only.id:
            groups.setdefault(paper.consignment_id, []).append(paper)
    return [
        _receipt(services, work, case, papers[at : at + MOST_PAPERS])
        for papers in groups.values()
        for at in range(0, len(papers), MOST_PAPERS)
    ]


def _receipt(services: Services, work: Work, case: Case, papers: Sequence[Document]) -> _Sheet:
    number = _receipt_number(work, case, [paper.id for paper in papers])
    for paper in papers:
        work.audit("form_printed", "document", paper.id, kind="service", number=number)
    name, phone, address = _served(work, case, papers[0])
    record = ServiceRecord(
        issuer=papers[0].department_name, form_no=number, acceptance_no=case.acceptance_no, item=case.item_name,
        papers=tuple(ServicePaper(title_of(paper), paper.number or "") for paper in papers),
        recipient=name, phone=phone, address=address, way=_WAYS.get(case.method, ""), sample=services.settings.sample,
    )  # fmt: skip
    return _Sheet(case.acceptance_no, record)


def _receipt_number(work: Work, case: Case, ids: Sequence[str]) -> str:
    """Of one document, or of exactly these together: another set is another receipt with another number."""
    if len(ids) == 1:
        return register_form(work, FormKind.SERVICE, "document", ids[0], case.division_code)
    together = base64.b32encode(hashlib.sha256(" ".join(ids).encode()).digest()).decode()[:26]
    return register_form(work, FormKind.SERVICE, "documents", together, case.division_code, ids)


def _served(work: Work, case: Case, paper: Document) -> tuple[str, str, str]:
    """Name, phone and address of who is served: the envelope's recipient, else the applicant."""
    if paper.consignment_id is not None:
        to = addressee_of(work, work.session.get_one(Consignment, paper.consignment_id))
        name = "  ".join(dict.fromkeys(part for part in (to.organization, to.name) if part))
        return name, to.phone, to.point or f"{to.region_text}{to.address}"
    applicant = work.open(case, "body")["applicant"]
    return applicant["name"], applicant["phone"], ""


def _issued(case: Case, what: str) -> None:
    if case.issued_at is None:
        raise RuleViolation("not_ready", f"办件 {case.acceptance_no} 还没有出件，出件以后才能打{what}。")


def denials_of_day(services: Services, actor: Actor, day: date) -> list[str]:
    """Acceptance numbers of this office's denials issued on ``day``, in the order of issue: each needs its receipt."""
    actor.require(Scope.ISSUE)
    begin = datetime.combine(day, time(), SHANGHAI)
    with services.store.read(actor) as work:
        query = select(Case.acceptance_no).where(
            Case.decision == "denied", Case.issued_at >= begin, Case.issued_at < begin + timedelta(days=1)
        )
        if actor.office:
            query = query.where(Case.division_code.startswith(actor.office, autoescape=True))
        return list(work.session.scalars(query.order_by(Case.issued_at, Case.id).limit(MOST_SHEETS)))


def attachments_of_case(services: Services, actor: Actor, acceptance_no: str) -> list[dict[str, Any]]:
    """Every scan and photo kept with a case, its documents, envelopes and their hand-over lists, the newest first:
    ``{id, kind, what, media_type, at, by}``; ``what`` says of what, empty for the case itself."""
    if not any(actor.may(scope) for scope in (Scope.READ, Scope.CASES, Scope.ISSUE)):
        return []
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        subjects = _subjects(work, case)
        query = select(Attachment).where(Attachment.subject_id.in_(subjects))
        rows = work.session.scalars(query.order_by(Attachment.added_at.desc(), Attachment.id))
        return [
            {
                "id": row.id, "kind": KINDS[row.kind], "what": subjects[row.subject_id], "note": row.note,
                "media_type": row.media_type, "at": row.added_at, "by": row.added_by,
            }
            for row in rows
        ]  # fmt: skip


def _subjects(work: Work, case: Case) -> dict[str, str]:
    """Ids of what belongs to a case, with its words."""
    papers = list(work.session.scalars(select(Document).where(Document.case_id == case.id)))
    envelopes = {paper.consignment_id for paper in papers if paper.consignment_id}
    lists = select(Manifest).join(ManifestItem, ManifestItem.manifest_id == Manifest.id)
    listed = work.session.scalars(lists.where(ManifestItem.consignment_id.in_(envelopes)))
    named = {case.id: ""} | {paper.id: title_of(paper) for paper in papers}
    return named | dict.fromkeys(envelopes, "信封") | {one.id: one.list_no for one in listed}
