"""Hand-over lists 交接清单: what went from our hands into a carrier's, with both signatures.

A list moves nothing by being made. The hand-over is the scan or the signed list, whichever is entered first; the other
is recorded and changes nothing (contract, section 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from labels.manifest import ManifestRecord, ManifestRow, SignedBy, render_manifest
from labels.masks import mask_phone

from ..attachments import attachment_bytes
from ..calendar import local_time
from ..errors import NotFound, Rejected, RuleViolation
from ..export import Table, export_table
from ..form_numbers import FormKind, register_form
from ..holds import active_holds
from ..lifecycle import ConsignmentState, ScanAction
from ..models import Consignment, Manifest, ManifestItem, ScanEvent, Waybill, new_id
from ..ports import Carrier
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .envelope import addressee_of, contents, ended_inside, find_consignment
from .fold import BY_LIST
from .journey import Report, judge, keep
from .label import masked_recipient
from .tickets import mint_ticket, ticket_text

__all__ = [
    "MAX_ITEMS",
    "ManifestView",
    "find_manifest",
    "hand_over_all",
    "list_manifests",
    "make_manifest",
    "manifest_file",
    "manifest_pdf",
    "objection",
    "sign_manifest",
    "signer_named",
    "signer_of",
    "waybill_number",
]

MAX_ITEMS: Final = 2000
_PACKED: Final = str(ConsignmentState.PACKED)


@dataclass(frozen=True)
class ManifestView:
    """A list as it is shown. ``consignment_ids`` in the order of the list; ``signed``: whether the list was entered as signed."""

    id: str
    list_no: str
    carrier: str
    consignment_ids: tuple[str, ...]
    created_at: datetime
    signed: bool


def make_manifest(
    services: Services,
    actor: Actor,
    carrier: str,
    consignment_ids: Sequence[str] | None = None,
    *,
    all_packed: bool = False,
) -> ManifestView:
    """A list of packed envelopes of one carrier: the named ones, or all of this office that may leave.

    ``RuleViolation``: ``unknown_carrier``, ``nothing_packed``, ``not_packed``, ``held``, ``ended_inside``. Of all packed
    ones those that are held or hold an ended paper are left out.
    """
    actor.require(Scope.ISSUE)
    if carrier not in services.carriers:
        raise RuleViolation(
            "unknown_carrier", f"没有这种寄递方式，可用的有：{'、'.join(services.carriers)}。"
        )
    return _make(services, actor, carrier, consignment_ids, all_packed)


def _make(
    services: Services, actor: Actor, carrier: str, consignment_ids: Sequence[str] | None, all_packed: bool
) -> ManifestView:
    with services.store.work(actor) as work:
        if all_packed:
            rows = [row for row in _all_packed(work, actor, carrier) if objection(work, row) is None]
        else:
            rows = [_named(work, actor, carrier, one) for one in dict.fromkeys(consignment_ids or ())]
        if not rows:
            raise RuleViolation("nothing_packed", "没有已封装待交寄的信封。请先装封核对。")
        if len(rows) > MAX_ITEMS:
            raise RuleViolation("batch_size", f"一张交接清单最多 {MAX_ITEMS} 件。")
        manifest = _add(work, actor, carrier, rows)
        work.audit("manifest_made", "manifest", manifest.id, list_no=manifest.list_no, envelopes=len(rows))
        return ManifestView(
            manifest.id, manifest.list_no, carrier, tuple(row.id for row in rows), manifest.created_at, False
        )


def _all_packed(work: Work, actor: Actor, carrier: str) -> list[Consignment]:
    query = select(Consignment).where(Consignment.state == _PACKED, Consignment.carrier == carrier)
    if actor.office:
        query = query.where(Consignment.division_code.startswith(actor.office, autoescape=True))
    return list(work.session.scalars(query.order_by(Consignment.packed_at, Consignment.id).limit(MAX_ITEMS)))


def _named(work: Work, actor: Actor, carrier: str, consignment_id: str) -> Consignment:
    row = find_consignment(work, actor, consignment_id)
    if row.state != _PACKED or row.carrier != carrier:
        raise RuleViolation(
            "not_packed", "只有已封装、由这一承运方寄送的信封才能列入交接清单。", consignment_id=row.id
        )
    found = objection(work, row)
    if found:
        raise RuleViolation(*found, consignment_id=row.id)
    return row


def objection(work: Work, row: Consignment) -> tuple[str, str] | None:
    """Why a packed envelope must not leave: a code and words; None where it may."""
    if ended_inside(work, row.id):
        return "ended_inside", "信封里有已经失效或冻结的证件，请拆封取出。"
    if any(active_holds(work, document.case_id) for document in contents(work, row.id)):
        return "held", "信封里有暂缓出件的证件，解除后再交寄。"
    return None


def _add(work: Work, actor: Actor, carrier: str, rows: Sequence[Consignment]) -> Manifest:
    number, office = new_id(), actor.office or rows[0].division_code
    manifest = Manifest(
        id=number, list_no=register_form(work, FormKind.MANIFEST, "manifest", number, office),
        division_code=office, carrier=carrier, created_at=work.now, created_by=actor.name,
    )  # fmt: skip
    work.add(manifest)
    work.session.flush()
    for position, row in enumerate(rows):
        work.add(ManifestItem(manifest_id=manifest.id, position=position, consignment_id=row.id))
    work.session.flush()
    return manifest


def list_manifests(services: Services, actor: Actor, limit: int = 50) -> list[ManifestView]:
    """The newest lists of this office."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        query = select(Manifest)
        if actor.office:
            query = query.where(Manifest.division_code.startswith(actor.office, autoescape=True))
        found = work.session.scalars(
            query.order_by(Manifest.created_at.desc(), Manifest.id).limit(min(limit, 200))
        )
        return [_view(work, manifest) for manifest in found]


def _view(work: Work, manifest: Manifest) -> ManifestView:
    ids = _items(work, manifest)
    signed = manifest.signed_at is not None or _signed_long_ago(work, manifest, ids)
    return ManifestView(
        manifest.id, manifest.list_no, manifest.carrier, tuple(ids), manifest.created_at, signed
    )


def _signed_long_ago(work: Work, manifest: Manifest, ids: Sequence[str]) -> bool:
    """Before lists knew when they were signed, the hand-over by list said so."""
    first = _signature_key(manifest.id, ids[0]) if ids else ""
    return work.session.scalar(select(ScanEvent.id).where(ScanEvent.scan_id == first)) is not None


def _items(work: Work, manifest: Manifest) -> list[str]:
    """The envelopes on the list in its order, without those struck out at signing."""
    query = select(ManifestItem.consignment_id).where(
        ManifestItem.manifest_id == manifest.id, ManifestItem.left_out_at.is_(None)
    )
    return list(work.session.scalars(query.order_by(ManifestItem.position)))


def find_manifest(work: Work, actor: Actor, manifest_id: str) -> Manifest:
    """The list; ``NotFound`` when it is absent or another office's."""
    manifest = work.session.get(Manifest, manifest_id)
    if manifest is None or not actor.sees(manifest.division_code):
        raise NotFound("没有找到这张交接清单。")
    return manifest


# -- on paper and as a file --------------------------------------------------------------------------------------
def manifest_pdf(services: Services, actor: Actor, manifest_id: str) -> bytes:
    """The list for signing with a fresh one-time code, or the signed one with its signature. Persons in full only for a
    carrier that holds nothing electronically; that look, like the one at a signature, is audited."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        manifest = find_manifest(work, actor, manifest_id)
        record = _record(services, work, manifest, services.carriers[manifest.carrier])
        if manifest.signed_at is None and not _signed_long_ago(work, manifest, _items(work, manifest)):
            secret = mint_ticket(work, manifest)
            record = replace(record, ticket=ticket_text(services.settings.public_base_url, secret))
        if record.full:
            work.audit("manifest_printed", "manifest", manifest.id, envelopes=len(record.rows))
    if record.signed is not None and manifest.signature_id is not None:
        _, picture = attachment_bytes(services, actor, manifest.signature_id)
        record = replace(record, signed=replace(record.signed, picture=picture))
    try:
        return render_manifest(record, services.fonts)
    except ValueError as fault:  # a glyph no face has, or a row higher than a page
        raise Rejected(
            "manifest_impossible", "交接清单无法生成：有姓名或地址打印不出来，请更正收件信息。"
        ) from fault


def _record(services: Services, work: Work, manifest: Manifest, carrier: Carrier) -> ManifestRecord:
    settings = services.settings
    items = work.session.scalars(
        select(ManifestItem).where(ManifestItem.manifest_id == manifest.id).order_by(ManifestItem.position)
    )
    return ManifestRecord(
        operator=settings.operator,
        carrier_name=carrier.name,
        list_no=manifest.list_no,
        made_on=_moment(manifest.created_at),
        rows=tuple(_row(work, one, full=not carrier.holds_address) for one in items),
        title="内部交接单" if carrier.own_hands else "交接清单",
        full=not carrier.holds_address,
        signed=_signed(work, manifest),
        sample=settings.sample,
    )


def _moment(at: datetime) -> str:
    local = local_time(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def _signed(work: Work, manifest: Manifest) -> SignedBy | None:
    if manifest.signed_at is None:
        return None
    name, staff_no = signer_of(work, manifest)
    clerk = (manifest.signed_with or "").removeprefix("user:")
    return SignedBy(name, staff_no, clerk, _moment(manifest.signed_at))


def signer_of(work: Work, manifest: Manifest) -> tuple[str, str]:
    """Name and staff number of the carrier's person, empty where nobody signed yet."""
    known = work.open(manifest, "signer") or {}
    return str(known.get("name", "")), str(known.get("staff_no", ""))


def _row(work: Work, item: ManifestItem, *, full: bool) -> ManifestRow:
    consignment = work.session.get_one(Consignment, item.consignment_id)
    addressee = addressee_of(work, consignment)
    return ManifestRow(
        waybill_no=waybill_number(work, consignment.id),
        region=addressee.region_text,
        count=len(contents(work, consignment.id)),
        recipient=addressee.name if full else masked_recipient(addressee),
        phone=addressee.phone if full else mask_phone(addressee.phone),
        organization=addressee.organization if addressee.organization != addressee.name else "",
        left_out=item.left_out_at is not None,
    )


def waybill_number(work: Work, consignment_id: str) -> str:
    """The envelope's number for people to read: the active one, else the last; a dash for none."""
    query = select(Waybill.number).where(Waybill.consignment_id == consignment_id)
    return work.session.scalar(query.order_by(Waybill.active.desc(), Waybill.bound_at.desc()).limit(1)) or "-"


def manifest_file(services: Services, actor: Actor, manifest_id: str) -> bytes:
    """The list as xlsx for a carrier that holds nothing electronically, with full addresses; audited.

    ``RuleViolation('not_needed')`` for a carrier that has them on its own screens.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        manifest = find_manifest(work, actor, manifest_id)
        if services.carriers[manifest.carrier].holds_address:
            raise RuleViolation("not_needed", "这一承运方在系统里就能看到收件信息，不需要另发文件。")
        rows = [_file_row(work, one) for one in _items(work, manifest)]
        work.audit("manifest_exported", "manifest", manifest.id, envelopes=len(rows))
    headings = ("运单号", "收件人", "收件单位", "电话", "地区", "详细地址", "内件", "份数", "付费")
    return export_table(Table("交寄清单", headings, rows), "xlsx")


def _file_row(work: Work, consignment_id: str) -> list[str | int]:
    consignment = work.session.get_one(Consignment, consignment_id)
    to = addressee_of(work, consignment)
    payer = "到付" if consignment.payer == "recipient" else "寄付"
    count = len(contents(work, consignment_id))
    return [
        waybill_number(work, consignment_id),
        to.name,
        to.organization,
        to.phone,
        to.region_text,
        to.address,
        "文件",
        count,
        payer,
    ]


# -- signed ------------------------------------------------------------------------------------------------------
def sign_manifest(
    services: Services,
    actor: Actor,
    manifest_id: str,
    signed_by: str,
    signed_at: datetime | None = None,
    *,
    staff_no: str = "",
) -> list[dict[str, Any]]:
    """Enter that the carrier signed the paper list: every envelope on it is handed over, unless a scan said so before.

    Returns ``{consignment_id, outcome, state}`` per envelope; entering it twice changes nothing.
    """
    actor.require(Scope.ISSUE)
    name = signer_named(signed_by)
    with services.store.work(actor) as work:
        manifest = find_manifest(work, actor, manifest_id)
        at = min(signed_at, work.now) if signed_at is not None else work.now
        if manifest.signed_at is None:
            manifest.signed_at, manifest.signed_with = at, actor.name
            work.seal(manifest, "signer", {"name": name, "staff_no": staff_no.strip()[:20]})
        results = hand_over_all(services, work, manifest, at, name)
        work.audit(
            "manifest_signed", "manifest", manifest.id, list_no=manifest.list_no, envelopes=len(results)
        )
    return results


def signer_named(signed_by: str) -> str:
    """The name without white space around; ``RuleViolation('signer_required')`` where it is empty or too long."""
    name = " ".join(signed_by.split())
    if not name or len(name) > 60:
        raise RuleViolation("signer_required", "请写明接收人姓名（60 字以内）。")
    return name


def hand_over_all(
    services: Services, work: Work, manifest: Manifest, at: datetime, signed_by: str
) -> list[dict[str, Any]]:
    """Every envelope on the list that is not struck out is handed over; results as ``sign_manifest``."""
    return [_hand_over(services, work, manifest, one, at, signed_by) for one in _items(work, manifest)]


def _hand_over(
    services: Services, work: Work, manifest: Manifest, consignment_id: str, at: datetime, signed_by: str
) -> dict[str, Any]:
    key = _signature_key(manifest.id, consignment_id)
    consignment = work.locked(Consignment, consignment_id)
    assert consignment is not None
    known = work.session.scalar(select(ScanEvent).where(ScanEvent.scan_id == key))
    if known is not None:
        return {"consignment_id": consignment_id, "outcome": "duplicate", "state": consignment.state}
    digest = hashlib.sha256(key.encode()).hexdigest()
    report = Report(
        key, digest, str(ScanAction.HAND_OVER), at, at, BY_LIST, particulars={"signed_by": signed_by}
    )
    judged = judge(services, work, consignment, keep(work, report, consignment, "accepted"))
    return {
        "consignment_id": consignment_id,
        "outcome": "accepted" if judged.legal else "conflict",
        "state": str(judged.state),
    }


def _signature_key(manifest_id: str, consignment_id: str) -> str:
    """One signature per list and envelope; clients' scan ids cannot begin with ``=``."""
    return f"=list:{manifest_id}:{consignment_id}"
