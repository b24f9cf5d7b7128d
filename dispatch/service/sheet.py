"""送达情况记录 of one document as PDF: for the file, names in full, and therefore audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from labels.fonts import MissingGlyph
from labels.masks import mask_name
from labels.service_record import ServiceSheet, render_service_record
from labels.sheet import DoesNotFit

from ..calendar import local_date, local_time
from ..casefile import case_view
from ..chronicle import shown_actor
from ..consignments.envelope import title_of
from ..errors import Rejected, RuleViolation
from ..models import Case, Document, ServiceRecord
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .entry import find_document
from .methods import METHODS
from .overview import evidence_words
from .records import receipts_of, records_of, standing, terms_for

__all__ = ["service_record_pdf"]

#: what of a case's history tells where the paper went; looks and prints of other things do not belong there
_TOLD: Final = frozenset(
    {
        "case_issued", "document_valid", "document_printed", "document_packed", "consignment_packed", "waybill_bound",
        "hand_over", "depart", "arrive", "out_for_delivery", "attempt_failed", "ready_for_collection", "deliver",
        "return_start", "return_arrive", "hold", "damage", "lose", "delivery_confirmed", "delivery_changed",
        "service_recorded", "service_ended", "consent_recorded", "attachment_kept",
    }
)  # fmt: skip


def service_record_pdf(services: Services, actor: Actor, document_id: str) -> bytes:
    """The sheet; ``RuleViolation('not_served')`` while nothing was recorded, ``Rejected`` where a text cannot be printed."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document, case = find_document(work, actor, document_id)
        rows = records_of(work, [document.id]).get(document.id, [])
        if not rows:
            raise RuleViolation(
                "not_served", "这份证件还没有送达记录。送到以后系统自动记录，也可以手工登记。"
            )
        facts, receipt = (
            _facts(services, work, document, case, rows),
            document.id in receipts_of(work, [document.id]),
        )
        work.audit("service_sheet_made", "document", document.id)
        now = work.now
    events = case_view(services, actor, case.acceptance_no)["events"]
    steps = [
        (_clock(one["at"]), f"{one['detail']}（{one['actor']}）") for one in events if one["type"] in _TOLD
    ]
    settings = services.settings
    record = ServiceSheet(
        operator=settings.operator, acceptance_no=case.acceptance_no, facts=facts, steps=steps,
        receipt="已附签名的送达回证" if receipt else "尚未收到",
        made=f"{shown_actor(actor.name)} {local_time(now):%Y-%m-%d %H:%M} 生成", sample=settings.sample,
    )  # fmt: skip
    try:
        return render_service_record(record, services.fonts)
    except (DoesNotFit, MissingGlyph) as fault:
        raise Rejected("record_impossible", "送达情况记录印不下或有印不出的字，请更正登记内容。") from fault


def _facts(
    services: Services, work: Work, document: Document, case: Case, rows: list[ServiceRecord]
) -> list[tuple[str, str]]:
    body = work.open(case, "body")
    counted = standing(
        rows, receipt=document.id in receipts_of(work, [document.id]), today=local_date(work.now)
    )
    row = next(
        (one for one in rows if one.served_on == counted.served_on and one.method == counted.method), rows[0]
    )
    to, told = work.open(row, "recipient"), work.open(row, "facts")
    applicant = body["applicant"]
    facts = [
        ("送达文书", f"{'文件' if case.sensitive else title_of(document)} {document.number or ''}".strip()),
        ("办理事项", "（不显示）" if case.sensitive else case.item_name),
        ("作出机关", case.department_name),
        (
            "申请人",
            applicant["name"] if applicant["type"] == "organization" else mask_name(applicant["name"]),
        ),
        ("受送达人", " ".join(part for part in (to.get("organization", ""), to.get("name", "")) if part)),
        ("送达方式", METHODS[row.method]),
        ("送达日期", f"{_day(row)}（{counted.word}）"),
        ("送达人", shown_actor(str(told.get("server", "")) or row.recorded_by)),
        ("送达情况", "；".join(evidence_words(told, masked=False))),
    ]
    facts += _rest(services, document, body, counted, told)
    return [(label, value) for label, value in facts if value]


def _rest(
    services: Services, document: Document, body: Mapping[str, Any], counted: Any, told: Mapping[str, Any]
) -> list[tuple[str, str]]:
    rest = [("公告内容", str(told.get("text", "")))] if told.get("text") else []
    fields = body["documents"][document.position].get("fields") or {}
    terms = terms_for(document, fields, counted, services.calendar)
    if terms is not None:
        rest.append(("救济期限", f"行政复议到 {terms.review_until}，行政诉讼到 {terms.suit_until}"))
    return rest


def _day(row: ServiceRecord) -> str:
    return f"{row.served_on.year}年{row.served_on.month}月{row.served_on.day}日"


def _clock(at: str) -> str:
    return f"{local_time(datetime.fromisoformat(at)):%Y-%m-%d %H:%M}"
