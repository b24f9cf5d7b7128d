"""A hand-over list signed on the office's screen: counted, what is missing struck out, name, staff number, signature.

What is struck out stays packed and goes on the next list. The office's side is whoever is logged in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from ..attachments import AttachmentView, attach, attachments_of
from ..errors import Fault, Invalid, RuleViolation
from ..lifecycle import ConsignmentState
from ..models import Consignment, Manifest, ManifestItem, ManifestTicket
from ..rights import Actor, Scope
from ..services import Services
from ..signature import Signature
from ..store import Work
from .envelope import addressee_of
from .label import masked_recipient
from .manifest import find_manifest, hand_over_all, objection, signer_named, signer_of, waybill_number
from .tickets import find_ticket

__all__ = [
    "Signing",
    "SigningRow",
    "open_list",
    "sign_on_screen",
]

_STAFF_NO: Final = re.compile(r"[0-9A-Za-z-]{2,20}")


@dataclass(frozen=True)
class SigningRow:
    """An envelope on the list: ``codes`` that a scan of it may read; ``objection`` why it must be struck out, empty for
    none; ``left_out``: it was."""

    id: str
    waybill_no: str
    recipient: str
    objection: str
    left_out: bool


@dataclass(frozen=True)
class Signing:
    """A list as its page shows it. ``signed_by`` and ``staff_no``: the carrier's person, empty before."""

    id: str
    list_no: str
    carrier: str
    created_at: datetime
    rows: tuple[SigningRow, ...]
    signed_at: datetime | None
    signed_by: str
    staff_no: str
    signed_with: str
    signature_id: str
    attachments: tuple[AttachmentView, ...]


# -- the page --------------------------------------------------------------------------------------------------------
def open_list(services: Services, actor: Actor, manifest_id: str) -> Signing:
    """The list with every envelope on it, persons masked; ``NotFound`` when absent or another office's."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        manifest = find_manifest(work, actor, manifest_id)
        items = work.session.scalars(
            select(ManifestItem)
            .where(ManifestItem.manifest_id == manifest.id)
            .order_by(ManifestItem.position)
        )
        rows = tuple(_row(work, item, signed=manifest.signed_at is not None) for item in items)
        name, staff_no = signer_of(work, manifest)
        kept = tuple(attachments_of(work, "manifest", manifest.id))
        return Signing(
            manifest.id, manifest.list_no, manifest.carrier, manifest.created_at, rows, manifest.signed_at, name, staff_no,
            (manifest.signed_with or "").removeprefix("user:"), manifest.signature_id or "", kept,
        )  # fmt: skip


def _row(work: Work, item: ManifestItem, *, signed: bool) -> SigningRow:
    envelope = work.session.get_one(Consignment, item.consignment_id)
    to = addressee_of(work, envelope)
    return SigningRow(
        envelope.id, waybill_number(work, envelope.id), masked_recipient(to),
        "" if signed else _must_stay(work, envelope), item.left_out_at is not None,
    )  # fmt: skip


def _must_stay(work: Work, envelope: Consignment) -> str:
    if envelope.state == ConsignmentState.PACKED:
        found = objection(work, envelope)
        return found[1] if found else ""
    if envelope.state in (ConsignmentState.PLANNED, ConsignmentState.LABELLED, ConsignmentState.CANCELLED):
        return "已经拆封或取消，不能交出去，请划掉。"
    return ""  # a scan was quicker than the list


# -- signing ---------------------------------------------------------------------------------------------------------
def sign_on_screen(
    services: Services,
    actor: Actor,
    manifest_id: str,
    *,
    counted: int | None,
    left_out: Sequence[str],
    name: str,
    staff_no: str,
    signature: Signature,
    ticket: str = "",
) -> list[dict[str, Any]]:
    """The carrier's person has counted and signs; every envelope not struck out is handed over, what is struck out stays
    packed.

    ``counted``: envelopes in his hands. Returns as ``sign_manifest``. ``Invalid`` for name, staff number or count
    missing; ``RuleViolation``: ``signed_already``, ``count_differs``, ``must_stay``, ``nothing_left`` and those of the
    ticket.
    """
    actor.require(Scope.ISSUE)
    who, number = _who(name, staff_no, counted)
    out = frozenset(left_out)
    view = open_list(services, actor, manifest_id)
    _check(view, out, counted or 0)
    with services.store.read(actor) as work:
        office = find_manifest(work, actor, manifest_id).division_code
        if ticket:
            _own_ticket(work, actor, ticket, manifest_id)
    picture = None
    if signature.png is not None:
        picture = attach(
            services, actor, kind="manifest", subject_kind="manifest", subject_id=view.id, division_code=office,
            data=signature.png, note="屏幕上的签名",
        )  # fmt: skip
    with services.store.work(actor) as work:
        if ticket:
            _use(work, _own_ticket(work, actor, ticket, manifest_id))
        manifest = find_manifest(work, actor, manifest_id)
        _mark(work, manifest, out, picture)
        work.seal(manifest, "signer", {"name": who, "staff_no": number})
        results = hand_over_all(services, work, manifest, work.now, who)
        work.audit(
            "manifest_signed", "manifest", manifest.id, list_no=manifest.list_no, envelopes=len(results),
            left_out=len(out), on_screen=picture is not None,
        )  # fmt: skip
    return results


def _who(name: str, staff_no: str, counted: int | None) -> tuple[str, str]:
    faults = []
    try:
        name = signer_named(name)
    except RuleViolation as refusal:
        faults.append(Fault("/name", refusal.code, refusal.detail))
    number = staff_no.strip().upper()
    if not _STAFF_NO.fullmatch(number):
        faults.append(Fault("/staff_no", "malformed", "请写接收人的工号（2 到 20 位数字或字母）。"))
    if counted is None or counted < 0:
        faults.append(Fault("/counted", "required", "请写实点多少封。"))
    if faults:
        raise Invalid(faults)
    return name, number


def _check(view: Signing, out: frozenset[str], counted: int) -> None:
    """Whether what was counted is what the list says without what is struck out."""
    if view.signed_at is not None:
        raise RuleViolation("signed_already", f"清单 {view.list_no} 已经签收过了。")
    if not out <= {row.id for row in view.rows}:
        raise RuleViolation("count_differs", "划掉的信封不在这张清单上，请刷新后再签。")
    stuck = [row for row in view.rows if row.objection and row.id not in out]
    if stuck:
        raise RuleViolation("must_stay", f"{stuck[0].waybill_no} 不能交出去：{stuck[0].objection} 请先划掉。")
    due = len(view.rows) - len(out)
    if due == 0:
        raise RuleViolation("nothing_left", "信封全划掉了，没有可签收的。")
    if counted != due:
        words = f"少 {due - counted} 封" if counted < due else f"多 {counted - due} 封"
        raise RuleViolation(
            "count_differs",
            f"清单上应交 {due} 封，实点 {counted} 封，{words}。请逐封扫一遍：没有的划掉，多出的拿出来。",
        )


def _own_ticket(work: Work, actor: Actor, ticket: str, manifest_id: str) -> ManifestTicket:
    row = find_ticket(work, actor, ticket)
    if row.manifest_id != manifest_id:
        raise RuleViolation("unknown_ticket", "这个签收码是另一张清单的，请扫这张清单上的码。")
    return row


def _use(work: Work, ticket: ManifestTicket) -> None:
    used = work.session.execute(
        update(ManifestTicket)
        .where(ManifestTicket.key == ticket.key, ManifestTicket.used_at.is_(None))
        .values(used_at=work.now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("used_ticket", "签收码刚才已经用过了，请看清单是不是已经签收。")


def _mark(work: Work, manifest: Manifest, out: frozenset[str], picture: str | None) -> None:
    signed = work.session.execute(
        update(Manifest)
        .where(Manifest.id == manifest.id, Manifest.signed_at.is_(None))
        .values(signed_at=work.now, signed_with=work.actor.name, signature_id=picture)
    )
    if signed.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("signed_already", f"清单 {manifest.list_no} 刚才已经签收过了。")
    work.session.execute(
        update(ManifestItem)
        .where(ManifestItem.manifest_id == manifest.id, ManifestItem.consignment_id.in_(out))
        .values(left_out_at=work.now)
    )
    work.session.refresh(manifest)
