"""The label of an envelope and the slip of one that waits at the counter.

The sender is the centre and the contents are 文件: nothing on an envelope tells what the matter is. Persons are masked;
the room number is hidden only where the carrier has the address on its own screens (contract, section 8).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import pypdfium2

from labels.label import LABEL_SIZES, LabelRecord, LabelSize, render_label
from labels.masks import mask_address, mask_name, mask_phone
from labels.pdfium import PDFIUM_LOCK
from labels.slip import SlipRecord, SlipSize, render_slip
from labels.zpl import label_zpl as render_zpl

from ..calendar import local_date
from ..errors import Fault, Invalid, Rejected, RuleViolation
from ..models import Consignment
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .codes import label_text
from .envelope import Addressee, active_waybill, addressee_of, cases_inside, contents, find_consignment
from .signers import strictest

__all__ = [
    "DEFAULT_SIZE",
    "MAX_LABELS",
    "Drawn",
    "describe",
    "draw",
    "label_pdf",
    "label_zpl",
    "labels_pdf",
    "marked_record",
    "masked_recipient",
    "slip_pdf",
    "slip_record",
    "slips_pdf",
]

DEFAULT_SIZE: Final[LabelSize] = "100x180"
MAX_LABELS: Final = 200
_ORGANIZATION: Final = re.compile(
    r".{2,}(?:公司|银行|分行|支行|局|厂|店|部|社|院|学校|中心|委员会|事务所|协会|集团|政府|机构|工作室)$"
)
_ASK: Final = {
    "self": ("请出示本人身份证件，核对姓名与照片。", "须本人领取；单位由法定代表人或收发室领取。"),
    "authorized": ("请出示身份证件。", "代领请出示授权委托书。"),
    "any": ("请出示身份证件。",),
}


@dataclass(frozen=True)
class Drawn:
    """A label ready to be stored: the name tells its content, so the same label is stored once."""

    name: str
    pdf: bytes


def masked_recipient(addressee: Addressee) -> str:
    """The recipient's name as a stranger may read it; organizations in full."""
    name = addressee.name
    if name == addressee.organization or _ORGANIZATION.match(name):
        return name
    return mask_name(name)


def describe(services: Services, work: Work, consignment: Consignment, waybill_no: str) -> LabelRecord:
    """What the label says."""
    settings, addressee = services.settings, addressee_of(work, consignment)
    carrier = services.carriers[consignment.carrier]
    address = mask_address(addressee.address) if carrier.holds_address else addressee.address
    only_self = strictest(document.signer_policy for document in contents(work, consignment.id)) == "self"
    name = masked_recipient(addressee)
    return LabelRecord(
        waybill_no=waybill_no,
        carrier_name=carrier.name,
        product=_product(consignment, addressee),
        sort_code=consignment.sort_code,
        sender_name=settings.operator,
        sender_phone=settings.operator_phone,
        sender_address=settings.operator_address,
        recipient_masked=name,
        phone_masked=mask_phone(addressee.phone),
        organization=addressee.organization if addressee.organization != name else "",
        region=addressee.region_text,
        address_printed=address,
        qr_text=label_text(settings.public_base_url, consignment.id),
        note="须本人签收，请核对身份证件" if only_self else "",
        sample=settings.sample,
    )


def _product(consignment: Consignment, addressee: Addressee) -> str:
    if consignment.method == "door":
        return "送件到家"
    if consignment.method == "point":
        return f"代办点：{addressee.point}" if addressee.point else "代办点"
    return "到付" if consignment.payer == "recipient" else "寄付"


def draw(services: Services, record: LabelRecord, consignment_id: str) -> Drawn:
    """The label in the usual size; ``Rejected('label_impossible')`` where it cannot be drawn."""
    pdf = _rendered(services, record, DEFAULT_SIZE)
    digest = hashlib.sha256(pdf).hexdigest()[:12]
    return Drawn(f"labels/{consignment_id}-{record.waybill_no}-{digest}.pdf", pdf)


def _rendered(services: Services, record: LabelRecord, size: LabelSize) -> bytes:
    try:
        return render_label(record, size, services.fonts)
    except ValueError as fault:  # a glyph no face has, or a value too long for its place
        raise Rejected(
            "label_impossible", "面单无法生成：姓名或地址有字库没有的字，或者太长。请更正收件信息。"
        ) from fault


def _size(size: str) -> LabelSize:
    found = next((known for known in LABEL_SIZES if known == size), None)
    if found is None:
        raise Invalid([Fault("/size", "unknown_value", f"面单尺寸应为 {'、'.join(LABEL_SIZES)}（毫米）。")])
    return found


# -- asked for by people and programs ----------------------------------------------------------------------------
def label_pdf(services: Services, actor: Actor, consignment_id: str, size: str = DEFAULT_SIZE) -> bytes:
    """The label as PDF: the stored one in the usual size, drawn now in the others. ``RuleViolation('not_ready')``."""
    actor.require(Scope.READ)
    wanted = _size(size)
    record, blob = _ready(services, actor, consignment_id)
    if wanted == DEFAULT_SIZE and blob is not None:
        return services.blobs.get(blob)
    return _rendered(services, record, wanted)


def label_zpl(services: Services, actor: Actor, consignment_id: str, size: str = DEFAULT_SIZE) -> str:
    """The label as ZPL for thermal printers of 203 dpi."""
    actor.require(Scope.READ)
    wanted = _size(size)
    record, _ = _ready(services, actor, consignment_id)
    try:
        return render_zpl(record, wanted, services.fonts)
    except ValueError as fault:
        raise Rejected("label_impossible", "面单无法生成，请更正收件信息。") from fault


def labels_pdf(
    services: Services,
    actor: Actor,
    consignment_ids: Sequence[str],
    size: str = DEFAULT_SIZE,
    *,
    marks: Mapping[str, str] | None = None,
) -> bytes:
    """Several labels in one PDF, in the order asked; slips for what waits at the counter are left out by the caller.

    ``marks``: envelope → its place in a print batch, which stands on the label.
    """
    wanted = list(dict.fromkeys(consignment_ids))
    if not wanted or len(wanted) > MAX_LABELS:
        raise RuleViolation("batch_size", f"请先勾选要打印的面单（一次最多 {MAX_LABELS} 张）。")
    known = marks or {}
    return _merged([_marked_label(services, actor, one, size, known.get(one, "")) for one in wanted])


def _marked_label(services: Services, actor: Actor, consignment_id: str, size: str, mark: str) -> bytes:
    if not mark:
        return label_pdf(services, actor, consignment_id, size)
    return _rendered(services, marked_record(services, actor, consignment_id, mark), _size(size))


def marked_record(services: Services, actor: Actor, consignment_id: str, mark: str) -> LabelRecord:
    """What the label says, with its place in a print batch; ``RuleViolation('not_ready')``."""
    record, _ = _ready(services, actor, consignment_id)
    return replace(record, mark=mark)


def _merged(parts: Sequence[bytes]) -> bytes:
    """One PDF of all pages in order; PDFium works for one thread at a time."""
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument.new()
        try:
            for part in parts:
                page = pypdfium2.PdfDocument(part)
                whole.import_pages(page)
                page.close()
            out = BytesIO()
            whole.save(out)
            return out.getvalue()
        finally:
            whole.close()


def slips_pdf(
    services: Services, actor: Actor, consignment_ids: Sequence[str], *, marks: Mapping[str, str]
) -> bytes:
    """Several shelf slips in one PDF, in the order asked, each with its place in a print batch."""
    return _merged([slip_pdf(services, actor, one, mark=marks.get(one, "")) for one in consignment_ids])


def slip_pdf(
    services: Services, actor: Actor, consignment_id: str, size: SlipSize = "100x150", mark: str = ""
) -> bytes:
    """The shelf slip of an envelope at the counter, ``RuleViolation('not_ready')`` for any other."""
    record = slip_record(services, actor, consignment_id, mark)
    try:
        return render_slip(record, services.fonts, size)
    except ValueError as fault:
        raise Rejected("label_impossible", "取件架位单无法生成，请核对收件人姓名。") from fault


def slip_record(services: Services, actor: Actor, consignment_id: str, mark: str = "") -> SlipRecord:
    """What the shelf slip says, with its place in a print batch; ``RuleViolation('not_ready')`` as above."""
    actor.require(Scope.READ)
    with services.store.read(actor) as work:
        consignment = find_consignment(work, actor, consignment_id)
        if consignment.method != "counter" or not consignment.shelf_place:
            raise RuleViolation("not_ready", "只有窗口自取的信封才有取件架位单。")
        return replace(_slip(services, work, consignment), mark=mark)


def _slip(services: Services, work: Work, consignment: Consignment) -> SlipRecord:
    addressee, inside = addressee_of(work, consignment), contents(work, consignment.id)
    name = masked_recipient(addressee)
    cases = cases_inside(work, consignment.id)
    day = local_date(consignment.created_at)
    return SlipRecord(
        operator=services.settings.operator,
        shelf_place=consignment.shelf_place,
        name_masked=name,
        phone_masked=mask_phone(addressee.phone),
        organization=addressee.organization if addressee.organization != name else "",
        acceptance_no=cases[0].acceptance_no if cases else "",
        count_text=f"共 {len(inside)} 份",
        waiting_since=f"{day.month}月{day.day}日",
        qr_text=label_text(services.settings.public_base_url, consignment.id),
        ask_for=_ASK[strictest(document.signer_policy for document in inside)],
        sample=services.settings.sample,
    )


def _ready(services: Services, actor: Actor, consignment_id: str) -> tuple[LabelRecord, str | None]:
    with services.store.read(actor) as work:
        consignment = find_consignment(work, actor, consignment_id)
        waybill = active_waybill(work, consignment.id)
        if waybill is None or consignment.label_blob is None:
            if consignment.method == "counter":
                raise RuleViolation("not_ready", "窗口自取不用面单，请打印取件架位单。")
            raise RuleViolation("not_ready", consignment.flag or "面单还没有就绪，请稍候再取。")
        return describe(services, work, consignment, waybill.number), consignment.label_blob
