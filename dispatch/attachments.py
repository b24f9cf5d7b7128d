"""Scans and photos kept with what they show. The bytes are stored create-only, encrypted like every personal field.

A picture of a signed paper holds names and signatures: it is ciphertext at rest, and every look is audited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import select

from .errors import Fault, Invalid, NotFound
from .models import Attachment, new_id
from .rights import Actor
from .services import Services
from .store import Work

__all__ = [
    "KINDS",
    "MOST_BYTES",
    "AttachmentView",
    "attach",
    "attachment_bytes",
    "attachments_of",
    "media_type",
]

MOST_BYTES: Final = 12 * 1024 * 1024
#: what a picture shows, and its word on screen
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application": "快递申请单",
        "contents": "内件清单",
        "manifest": "交接清单",
        "receipt": "送达回证",
        "authorization": "授权或身份证明",
        "consent": "电子送达确认书",
        "sheet": "纸质登记单",
        "handover": "内部交接单",
        "shift": "交接班单",
        "photo": "照片",
        "other": "其他",
    }
)
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


@dataclass(frozen=True)
class AttachmentView:
    """One picture as lists show it."""

    id: str
    kind: str
    subject_kind: str
    subject_id: str
    media_type: str
    note: str
    added_at: datetime
    added_by: str


def media_type(data: bytes) -> str:
    """PDF, JPEG or PNG by the first bytes; ``Invalid`` for anything else, empty or over 12 MB."""
    if len(data) > MOST_BYTES:
        raise Invalid([Fault("/file", "too_large", "照片或扫描件超过 12 MB，请用较低的分辨率重新拍或扫。")])
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    raise Invalid([Fault("/file", "unsupported_file", "只接受 JPG、PNG 照片或 PDF 扫描件，请重新选择文件。")])


def attach(
    services: Services,
    actor: Actor,
    *,
    kind: str,
    subject_kind: str,
    subject_id: str,
    division_code: str,
    data: bytes,
    note: str = "",
) -> str:
    """Keep a picture; the id. The same bytes for the same thing again are no news. The caller has found the subject and
    knows that the actor may see it."""
    if kind not in KINDS:
        raise Invalid([Fault("/kind", "unknown_value", f"附件种类应为：{'、'.join(KINDS.values())}。")])
    form, digest = media_type(data), hashlib.sha256(data).hexdigest()
    with services.store.read(actor) as work:
        known = _known(work, subject_kind, subject_id, digest)
    if known:
        return known
    number = new_id()
    blob = f"attachments/{number}"
    services.blobs.put(blob, services.vault.seal_bytes("attachments", "blob", number, data))
    with services.store.work(actor) as work:
        work.add(
            Attachment(
                id=number, kind=kind, subject_kind=subject_kind, subject_id=subject_id, division_code=division_code,
                media_type=form, sha256=digest, blob=blob, note=note.strip()[:200], added_at=work.now, added_by=actor.name,
            )
        )  # fmt: skip
        work.audit("attachment_kept", subject_kind, subject_id, kind=kind, attachment=number)
    return number


def _known(work: Work, subject_kind: str, subject_id: str, digest: str) -> str:
    query = select(Attachment.id).where(
        Attachment.subject_kind == subject_kind,
        Attachment.subject_id == subject_id,
        Attachment.sha256 == digest,
    )
    return work.session.scalar(query) or ""


def attachments_of(work: Work, subject_kind: str, subject_id: str, kind: str = "") -> list[AttachmentView]:
    """What is kept with one thing, the newest first."""
    query = select(Attachment).where(
        Attachment.subject_kind == subject_kind, Attachment.subject_id == subject_id
    )
    if kind:
        query = query.where(Attachment.kind == kind)
    rows = work.session.scalars(query.order_by(Attachment.added_at.desc(), Attachment.id))
    return [
        AttachmentView(
            row.id,
            row.kind,
            row.subject_kind,
            row.subject_id,
            row.media_type,
            row.note,
            row.added_at,
            row.added_by,
        )
        for row in rows
    ]


def attachment_bytes(services: Services, actor: Actor, attachment_id: str) -> tuple[str, bytes]:
    """Media type and bytes; every look is audited. ``NotFound`` when absent or another office's."""
    with services.store.work(actor) as work:
        row = work.session.get(Attachment, attachment_id)
        if row is None or not actor.sees(row.division_code):
            raise NotFound("没有找到这个附件。")
        work.audit("attachment_shown", row.subject_kind, row.subject_id, attachment=row.id)
    sealed = services.blobs.get(row.blob)
    return row.media_type, services.vault.open_bytes("attachments", "blob", row.id, sealed)
