"""Service of documents at the window: how each stands, entering one with its evidence, signing on the spot, consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..calendar import local_date
from ..consignments.signers import KINDS as SIGNERS
from ..errors import Invalid, Rejected, RuleViolation
from ..export import Cell, Table
from ..service.consent import HOW, record_consent, withdraw_consent
from ..service.entry import add_receipt, record_service, take_back_service
from ..service.methods import METHODS, NOTICE_REASONS
from ..service.overview import case_service, waiting_service
from ..service.sheet import service_record_pdf
from ..service.spot import sign_on_the_spot
from ..signature import signature_of
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .case_page import case_address
from .exports import table_file
from .rooms import act, staff_page
from .security import FILE_LIMIT, body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
_PICTURES: Final = ("receipt", "photo", "consent", "other")
_AT_WINDOW: Final = ("self", "household_adult", "representative", "designated", "mailroom")

blueprint = Blueprint("service", __name__, url_prefix="/window")


def _page(
    no: str,
    *,
    typed: dict[str, str] | None = None,
    faults: list[dict[str, str]] | None = None,
    form: str = "",
) -> str:
    view = case_service(services(), current_actor(), no)
    return staff_page(
        "window/service.html", "list", service=view, typed=typed or {}, faults=faults or [], form=form, methods=METHODS,
        notice_reasons=NOTICE_REASONS, how={key: HOW[key] for key in ("form", "platform")},
        signers={key: SIGNERS[key] for key in _AT_WINDOW}, today=local_date(services().clock.now()).isoformat(),
    )  # fmt: skip


def service_address(no: str) -> str:
    """Where the page of a case's service is."""
    return f"{case_address(no)}/service"


@blueprint.get("/cases/<no>/service")
@access.role("clerk", "supervisor", "department", "observer")
def case_page(no: str) -> ResponseReturnValue:
    """How the service of each document stands, and the ways to enter one."""
    return _page(no)


def _typed() -> dict[str, str]:
    return {
        key: value.strip() for key, value in request.form.items() if key not in ("csrf_token", "signature")
    }


def _uploads() -> list[tuple[str, bytes]]:
    found = []
    for kind in _PICTURES:
        for upload in request.files.getlist(kind)[:6]:
            data = upload.read()
            if data:
                found.append((kind, data))
    return found


def _told(no: str, form: str, do: Callable[[], object], done: str) -> ResponseReturnValue:
    """Do one rule; a refusal comes back on the page with everything typed still there."""
    try:
        do()
    except Invalid as refusal:
        faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in refusal.faults]
        return _page(no, typed=_typed(), faults=faults, form=form), 422
    except (RuleViolation, Rejected) as refusal:
        return _page(no, typed=_typed(), faults=[{"pointer": "", "detail": refusal.detail}], form=form), 409
    flash(done, "ok")
    return redirect(service_address(no), 303)


@blueprint.post("/cases/<no>/service/<document_id>")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def enter(no: str, document_id: str) -> ResponseReturnValue:
    """Enter one service with its evidence."""
    return _told(
        no,
        document_id,
        lambda: record_service(services(), current_actor(), document_id, _typed(), _uploads()),
        "送达记下了。",
    )


@blueprint.post("/cases/<no>/service/<document_id>/receipt")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def receipt(no: str, document_id: str) -> ResponseReturnValue:
    """The signed receipt of a document."""
    upload = request.files.get("receipt")
    data = upload.read() if upload else b""
    return _told(
        no,
        document_id,
        lambda: add_receipt(services(), current_actor(), document_id, data),
        "送达回证收好了。",
    )


@blueprint.post("/cases/<no>/service/records/<record_id>/end")
@access.role(*DOERS)
def end(no: str, record_id: str) -> ResponseReturnValue:
    """A record entered wrongly counts no longer."""
    reason = request.form.get("reason", "")
    return act(
        lambda: take_back_service(services(), current_actor(), record_id, reason),
        "这条送达记录已撤销，留有原因。",
        service_address(no),
    )


@blueprint.post("/cases/<no>/consent")
@access.role(*DOERS)
@body_limit(FILE_LIMIT)
def consent(no: str) -> ResponseReturnValue:
    """Consent to electronic service."""
    typed, upload = _typed(), request.files.get("consent")
    picture = upload.read() if upload else b""
    return _told(
        no,
        "consent",
        lambda: record_consent(
            services(), current_actor(), no, who=typed.get("who", ""), how=typed.get("how", ""),
            given_on=typed.get("given_on", ""), form_no=typed.get("form_no", ""), picture=picture,
        ),
        "电子送达的同意记下了。",
    )  # fmt: skip


@blueprint.post("/cases/<no>/consent/withdraw")
@access.role(*DOERS)
def no_consent(no: str) -> ResponseReturnValue:
    """The consent was taken back."""
    return act(
        lambda: withdraw_consent(services(), current_actor(), no),
        "已记下：不再同意电子送达。",
        service_address(no),
    )


@blueprint.post("/cases/<no>/sign")
@access.role(*DOERS)
def sign(no: str) -> ResponseReturnValue:
    """当场领取: who stands at the window signs for all papers; with that the case is done."""
    typed = _typed()
    try:
        signed = sign_on_the_spot(services(), current_actor(), no, typed, signature_of(request.form))
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
    except RuleViolation as refusal:
        flash(refusal.detail, "bad")
    else:
        flash(f"签收好了，{signed} 份证件已交到手里，这一件办完了。", "ok")
    return redirect(case_address(no), 303)


@blueprint.get("/documents/<document_id>/service.pdf")
@access.role(*DOERS)
def sheet(document_id: str) -> Response:
    """送达情况记录 for the file, names in full; audited."""
    return attachment(
        service_record_pdf(services(), current_actor(), document_id), "application/pdf", "送达情况记录.pdf"
    )


# -- the office's list ---------------------------------------------------------------------------------------------
@blueprint.get("/service")
@access.role("clerk", "supervisor", "observer")
def waiting() -> ResponseReturnValue:
    """What waits for a receipt, which notices run, what was served of late."""
    return staff_page("window/service_list.html", "more", found=waiting_service(services(), current_actor()))


@blueprint.get("/service/table")
@access.role("clerk", "supervisor", "observer")
def waiting_file() -> Response:
    """The same as a table."""
    found = waiting_service(services(), current_actor())
    rows: list[tuple[Cell, ...]] = []
    listed = [("待回证", row, None) for row in found.receipts] + [
        ("公告中", row, None) for row in found.notices
    ]
    for word, row, terms in [*listed, *(("已送达", row, terms) for row, terms in found.served)]:
        review, suit = (terms.review_until, terms.suit_until) if terms else (None, None)
        rows.append(
            (word, row.acceptance_no, row.title, row.number, row.recipient, row.method, row.day, review, suit)
        )
    headings = (
        "情况",
        "统一受理号",
        "证件（文书）",
        "文号",
        "受送达人",
        "送达方式",
        "日期",
        "复议期限到",
        "诉讼期限到",
    )
    return table_file(Table("送达登记", headings, rows))
