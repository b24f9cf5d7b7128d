"""Electronic service needs consent (民事诉讼法 2023, art. 90): who agreed, how, when, and what proves it."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Final

from sqlalchemy import select

from ..attachments import attach, media_type
from ..calendar import local_date, parse_date
from ..cases import find_case
from ..errors import Fault, Invalid
from ..models import Case, ElectronicConsent, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work

__all__ = ["HOW", "consent_of", "keep_consent", "record_consent", "withdraw_consent"]

#: how somebody agreed
HOW: Final = MappingProxyType(
    {"form": "当面签了电子送达确认书", "platform": "网上申报时勾选同意", "online": "用手机验证后在线确认"}
)


def consent_of(work: Work, case_id: str) -> ElectronicConsent | None:
    """The consent that stands for this case, the newest."""
    query = select(ElectronicConsent).where(
        ElectronicConsent.case_id == case_id, ElectronicConsent.withdrawn_at.is_(None)
    )
    return work.session.scalar(query.order_by(ElectronicConsent.recorded_at.desc()).limit(1))


def record_consent(
    services: Services, actor: Actor, acceptance_no: str, *, who: str, how: str, given_on: str, form_no: str = "",
    picture: bytes = b"",
) -> None:  # fmt: skip
    """Note that electronic service was agreed to. ``Invalid`` without who, how, when, or without a form's number or its
    picture."""
    actor.require(Scope.ISSUE)
    who, form_no, day = " ".join(who.split()), " ".join(form_no.split()), parse_date(given_on.strip())
    faults = _faults(who, how, form_no, picture, day, local_date(services.clock.now()))
    if faults or day is None:
        raise Invalid(faults)
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
    attachment = ""
    if picture:
        attachment = attach(
            services, actor, kind="consent", subject_kind="case", subject_id=case.id, division_code=case.division_code,
            data=picture,
        )  # fmt: skip
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        keep_consent(work, case, who=who, how=how, day=day, form_no=form_no, attachment=attachment)


def _faults(who: str, how: str, form_no: str, picture: bytes, day: date | None, today: date) -> list[Fault]:
    faults = []
    if not who or len(who) > 200:
        faults.append(Fault("/who", "required", "请填写谁同意电子送达。"))
    if how not in ("form", "platform"):
        faults.append(Fault("/how", "unknown_value", "请选是怎么同意的。"))
    if day is None or day > today:
        faults.append(Fault("/given_on", "date", "请填写同意的日期，不晚于今天，例如 2026-11-25。"))
    if len(form_no) > 40:
        faults.append(Fault("/form_no", "too_long", "确认书编号最多 40 字。"))
    if not form_no and not picture:
        faults.append(
            Fault(
                "/form_no",
                "evidence_required",
                "请附上签好的电子送达确认书，或填写它的编号（网上申报的填申报号）。",
            )
        )
    if picture:
        media_type(picture)
    return faults


def keep_consent(
    work: Work, case: Case, *, who: str, how: str, day: date, form_no: str = "", attachment: str = ""
) -> None:
    """Write a consent in the caller's unit."""
    row = ElectronicConsent(
        id=new_id(), case_id=case.id, given_on=day, form_no=form_no, attachment_id=attachment or None,
        recorded_at=work.now, recorded_by=work.actor.name,
    )  # fmt: skip
    work.seal(row, "particulars", {"who": who, "how": how})
    work.add(row)
    work.audit("consent_recorded", "case", case.id, how=how)


def withdraw_consent(services: Services, actor: Actor, acceptance_no: str) -> None:
    """The consent was taken back: nothing is served electronically on this case from now on."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        row = consent_of(work, case.id)
        if row is not None:
            row.withdrawn_at = work.now
            work.audit("consent_withdrawn", "case", case.id)
