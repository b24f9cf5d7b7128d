"""From a fixed record to a valid document: token signed once, page drawn, QR read back, sealed, stored.

Everything slow happens between two short transactions. A killed worker leaves a draft whose next attempt draws the
same bytes, because the record and the token's signature are stored before the page is drawn.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pypdfium2
import zxingcpp
from sqlalchemy import update

from labels.pdfium import PDFIUM_LOCK

from .. import custody, outbox
from ..errors import Rejected
from ..lifecycle import CaseState, DocumentState
from ..models import Case, Document
from ..outbox import Claim
from ..ports import Appearance
from ..rights import SYSTEM
from ..seals import note_sealing
from ..services import Services
from ..store import Work
from .page import Rendered, render
from .record import PageRecord
from .token import assemble, signing_input, to_base32, token_text

__all__ = ["finish_document", "read_qr"]

#: dots per inch at which the finished page is read, the easiest for the machine first: at 120 a module is two dots wide,
#: and what can be read there can be read from the paper
_READ_AT = (120, 300)


@dataclass(frozen=True)
class _Draft:
    """A document about to be finished."""

    id: str
    kid: int
    department: str
    body: bytes
    signature: bytes | None
    record: PageRecord
    salt: str


def finish_document(services: Services, claim: Claim) -> None:
    """Step ``document.finish``. ``Rejected`` when the page cannot be made valid; then somebody must look at it."""
    draft = _read(services, claim.subject)
    if draft is None:
        with services.store.work(SYSTEM) as work:
            outbox.finish(work, claim)
        return
    token = assemble(draft.body, _signature(services, draft))
    page = render(draft.record, services.settings.verify_prefix, to_base32(token), services.fonts)
    expected = token_text(services.settings.verify_prefix, token)
    if read_qr(page.pdf) != expected:
        raise Rejected("qr_unreadable", "成品页上的二维码读不出来或与核验码不符")
    sealed = _seal(services, draft, page, token)
    digest = hashlib.sha256(sealed).hexdigest()
    # The name tells attempts apart: sealing twice gives other bytes, and a stored file is never overwritten.
    name = f"documents/{draft.id}-{digest[:16]}.pdf"
    services.blobs.put(name, sealed)
    with services.store.work(SYSTEM) as work:
        _make_valid(work, draft, digest, name)
        outbox.finish(work, claim)


def _read(services: Services, document_id: str) -> _Draft | None:
    with services.store.read(SYSTEM) as work:
        document = work.session.get_one(Document, document_id)
        if document.state != DocumentState.DRAFT or document.token_kid is None:
            return None
        stored = work.open(document, "record")
        return _Draft(
            id=document.id, kid=document.token_kid, department=document.department_name,
            body=bytes.fromhex(work.open(document, "token_body")), signature=document.signature,
            record=PageRecord.from_bytes(stored["page"].encode()), salt=stored["salt"],
        )  # fmt: skip


def _signature(services: Services, draft: _Draft) -> bytes:
    """The stored signature, or a new one stored now. Of two made at once the first stored counts."""
    if draft.signature is not None:
        return draft.signature
    fresh = services.keys.sign("token", draft.kid, signing_input(draft.body))
    with services.store.work(SYSTEM) as work:
        work.session.execute(
            update(Document)
            .where(Document.id == draft.id, Document.signature.is_(None))
            .values(signature=fresh)
        )
        stored = work.session.get_one(Document, draft.id, populate_existing=True).signature
    if stored is None:
        raise Rejected("signature_lost", "核验码签名没有存下")
    return stored


def read_qr(pdf: bytes) -> str | None:
    """The text of the one verification QR on the first page; None unless exactly one is found."""
    for dpi in _READ_AT:
        found = _codes(pdf, dpi)
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _codes(pdf: bytes, dpi: int) -> list[str]:
    """Every QR on the whole first page. Turned, inverted and enlarged codes are not looked for: ours are none of these."""
    with PDFIUM_LOCK:
        document = pypdfium2.PdfDocument(pdf)
        try:
            image = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        finally:
            document.close()
    wanted = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    codes = zxingcpp.read_barcodes(
        image, formats=wanted, try_rotate=False, try_downscale=False, try_invert=False
    )
    return [code.text for code in codes]


def _seal(services: Services, draft: _Draft, page: Rendered, token: bytes) -> bytes:
    attachment = {
        "printed": dict(draft.record.printed),
        "salt": draft.salt,
        "token": to_base32(token),
        "identifier": draft.id,
    }
    image = services.seal_images.image(
        draft.department, services.fonts, sample=draft.record.sample, by_hand=draft.record.by_hand
    )
    return services.sealer.certify(
        page.pdf,
        appearance=Appearance(page.seal_page, page.seal_box, image),
        department=draft.department,
        attachment=json.dumps(attachment, ensure_ascii=False, separators=(",", ":")).encode(),
        now=services.clock.now(),
        sample=draft.record.sample,
    )


def _make_valid(work: Work, draft: _Draft, digest: str, name: str) -> None:
    document = work.locked(Document, draft.id)
    assert document is not None
    if document.state != DocumentState.DRAFT:
        return  # cancelled meanwhile: the file stays unused
    work.move(document, DocumentState.VALID, pdf_sha256=digest, pdf_blob=name, valid_at=work.now, reason=None)
    work.audit("document_valid", "document", document.id, log_index=document.log_index)
    custody.begin(work, document)
    case = work.session.get_one(Case, document.case_id)
    if not draft.record.by_hand:
        note_sealing(work, document, case, sheet=draft.record.sheet)
    if case.state == CaseState.ISSUED and document.consignment_id is None:
        work.emit("case.settle", case.id)
