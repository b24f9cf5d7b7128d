"""Scans and photos of signed sheets find their own place by the barcode on them.

A file comes in whole and is kept before anything is tried with it. Every part whose number we know is attached at once;
the rest waits with its picture until somebody says where it belongs. Nothing that was sent is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

import pypdfium2
from sqlalchemy import select, update

from labels.pdfium import PDFIUM_LOCK

from .attachments import KINDS, attach, media_type
from .consignments.codes import envelope_by_code, paper_by_code, tidy
from .consignments.envelope import cases_inside, reason_given
from .errors import Fault, Invalid, NotFound, RuleViolation
from .form_numbers import FORM_WORDS, FormKind, bind_form, form_by_number, form_kind, read_form_number
from .models import Case, Document, PaperForm, Upload, UploadPart, new_id
from .picture_codes import Page, Unreadable, page_image, read_codes
from .rights import Actor, Scope
from .services import Services
from .store import Work

__all__ = [
    "REASONS",
    "PartView",
    "assign_part",
    "drop_part",
    "part_file",
    "part_picture",
    "take_upload",
    "waiting_parts",
]

SHOWN: Final = 60
#: edge of the small picture in the list, pixels: a form is recognized, its handwriting is not read
SMALL: Final = 240
REASONS: Final = MappingProxyType(
    {
        "no_code": "没有认出条码",
        "several": "一页上有几个单号，请看图选一个",
        "unknown": "单号不是本窗口打的单子",
        "blank": "空白申请单，还没有办件：请填受理号",
        "skipped": "这一页没有来得及认，或者页面有损坏",
        "refused": "单号认出来了，但没有归上，请再试一次",
    }
)
_UNREADABLE: Final = MappingProxyType(
    {
        "damaged": "文件打不开：可能损坏或有密码。请重新拍或重新扫描。",
        "too_many_pages": "页数太多（一个 PDF 最多 80 页），请分几个文件传。",
        "too_large": "图片太大，请用较低的分辨率重新拍或扫。",
    }
)
#: which kind of attachment a sheet becomes
_KINDS: Final = MappingProxyType(
    {
        FormKind.APPLICATION: "application", FormKind.CONTENTS: "contents", FormKind.MANIFEST: "manifest",
        FormKind.SERVICE: "receipt", FormKind.SHEET: "sheet", FormKind.HANDOVER: "handover",
        FormKind.SHIFT: "shift",
    }
)  # fmt: skip


@dataclass(frozen=True)
class PartView:
    """Part of an upload: ``state`` attached, waiting or dropped; ``words`` where it went or why it waits; ``guess`` what
    to offer for its number; ``pages`` as people count them, empty for a picture."""

    id: str
    filename: str
    pages: str
    state: str
    words: str
    guess: str
    added_at: datetime


@dataclass(frozen=True)
class _Place:
    """Where a sheet belongs: one kind of attachment, one or more subjects of one office."""

    kind: str
    subject_kind: str
    subjects: tuple[str, ...]
    division_code: str
    words: str


@dataclass(frozen=True)
class _Part:
    first: int
    last: int
    guess: str
    reason: str


# -- coming in -------------------------------------------------------------------------------------------------------
def take_upload(services: Services, actor: Actor, filename: str, data: bytes) -> list[PartView]:
    """Keep one file and attach what its barcodes name; one view for each part, in the order of the pages.

    ``Invalid`` for what is no picture or PDF, is too large, locked or damaged; then nothing was kept. The same file again
    is answered as it stands.
    """
    actor.require(Scope.ISSUE)
    form, digest = media_type(data), hashlib.sha256(data).hexdigest()
    known = _known(services, actor, digest)
    if known:
        return known
    try:
        pages = read_codes(data)
    except Unreadable as fault:
        raise Invalid([Fault("/file", fault.code, _UNREADABLE[fault.code])]) from fault
    upload_id = new_id()
    blob = f"uploads/{upload_id}"
    services.blobs.put(blob, services.vault.seal_bytes("uploads", "blob", upload_id, data))
    with services.store.work(actor) as work:
        row = Upload(
            id=upload_id, division_code=actor.office, media_type=form, sha256=digest, blob=blob, pages=len(pages),
            added_at=work.now, added_by=actor.name,
        )  # fmt: skip
        work.seal(row, "filename", filename[:120])
        work.add(row)
        work.session.flush()
        parts = [_add_part(work, row, part) for part in _parts(work, actor, pages)]
        work.audit("upload_kept", "upload", upload_id, pages=len(pages), parts=len(parts))
    for part in parts:
        if not part.reason:
            _attach_by_number(services, actor, part, data)
    return _views(services, actor, [part.id for part in parts])


def _known(services: Services, actor: Actor, digest: str) -> list[PartView]:
    with services.store.read(actor) as work:
        query = (
            select(UploadPart.id)
            .join(Upload, Upload.id == UploadPart.upload_id)
            .where(Upload.sha256 == digest, Upload.division_code == actor.office)
        )
        ids = list(work.session.scalars(query.order_by(UploadPart.first)))
    return _views(services, actor, ids)


def _parts(work: Work, actor: Actor, pages: Sequence[Page]) -> list[_Part]:
    """Pages side by side with one number are one part; a page without its own never joins somebody else's sheet."""
    parts: list[_Part] = []
    for at, page in enumerate(pages):
        guess, reason = _told(work, actor, page)
        last = parts[-1] if parts else None
        if last and not reason and not last.reason and last.guess == guess:
            parts[-1] = _Part(last.first, at, guess, "")
        else:
            parts.append(_Part(at, at, guess, reason))
    return parts


def _told(work: Work, actor: Actor, page: Page) -> tuple[str, str]:
    """The form number and an empty reason, or what else may help a person and why it waits."""
    if page.skipped:
        return "", "skipped"
    numbers = list(dict.fromkeys(one for one in map(read_form_number, page.codes) if one))
    if len(numbers) > 1:
        return "", "several"
    if not numbers:
        return _hint(work, actor, page.codes), "no_code"
    row = form_by_number(work, actor, numbers[0])
    if row is None:
        return numbers[0], "unknown"
    return numbers[0], "" if row.subject_id else "blank"


def _hint(work: Work, actor: Actor, codes: Sequence[str]) -> str:
    """An acceptance number of ours among other codes, to be offered and never followed by itself."""
    for code in codes:
        if 6 <= len(code) <= 40 and work.session.scalar(select(Case.id).where(Case.acceptance_no == code)):
            return code
    return ""


def _add_part(work: Work, upload: Upload, part: _Part) -> UploadPart:
    row = UploadPart(
        id=new_id(), upload_id=upload.id, division_code=upload.division_code, first=part.first, last=part.last,
        guess=part.guess, reason=part.reason, state="waiting",
    )  # fmt: skip
    work.add(row)
    work.session.flush()
    return row


def _attach_by_number(services: Services, actor: Actor, part: UploadPart, data: bytes) -> None:
    with services.store.read(actor) as work:
        row = form_by_number(work, actor, part.guess)
        place = _place_of_form(work, row) if row is not None else None
    if place is None:
        _still_waits(services, actor, part.id, "unknown")
        return
    _keep(services, actor, part, _piece(data, part.first, part.last), place)


def _still_waits(services: Services, actor: Actor, part_id: str, reason: str) -> None:
    with services.store.work(actor) as work:
        work.session.get_one(UploadPart, part_id).reason = reason


def _keep(services: Services, actor: Actor, part: UploadPart, data: bytes, place: _Place) -> None:
    """Attach to every subject, then say so. Repeating it after an interruption attaches nothing twice."""
    for subject in place.subjects:
        attach(
            services, actor, kind=place.kind, subject_kind=place.subject_kind, subject_id=subject,
            division_code=place.division_code, data=data, note=part.guess,
        )  # fmt: skip
    _settle(services, actor, part.id, "attached")


def _settle(services: Services, actor: Actor, part_id: str, state: str, **facts: object) -> None:
    with services.store.work(actor) as work:
        done = work.session.execute(
            update(UploadPart)
            .where(UploadPart.id == part_id, UploadPart.state == "waiting")
            .values(state=state, reason="", settled_at=work.now, settled_by=actor.name)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise RuleViolation("changed_meanwhile", "这一页刚才已经有人处理了，请刷新。")
        work.audit(f"upload_{state}", "upload", part_id, **facts)


def _piece(data: bytes, first: int, last: int) -> bytes:
    """These pages of a PDF as a file of their own; a picture as it is."""
    if not data.startswith(b"%PDF-"):
        return data
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument(data)
        piece = pypdfium2.PdfDocument.new()
        try:
            if len(whole) == last - first + 1:
                return data
            piece.import_pages(whole, list(range(first, last + 1)))
            out = BytesIO()
            piece.save(out)
            return out.getvalue()
        finally:
            piece.close()
            whole.close()


# -- where a sheet belongs -------------------------------------------------------------------------------------------
def _place_of_form(work: Work, row: PaperForm) -> _Place | None:
    """None for a blank one."""
    if not row.subject_id:
        return None
    kind = form_kind(row.number)
    subjects = tuple(row.covers.split()) or (row.subject_id,)
    subject_kind = "document" if row.subject_kind == "documents" else row.subject_kind
    return _Place(_KINDS[kind], subject_kind, subjects, row.division_code, FORM_WORDS[kind])


def _place_by_hand(work: Work, actor: Actor, text: str, kind: str) -> _Place:
    """Of a form, acceptance, document or waybill number; ``Invalid`` for none of ours."""
    row = form_by_number(work, actor, text)
    if row is not None and row.subject_id:
        place = _place_of_form(work, row)
        assert place is not None
        return place
    if kind not in KINDS:
        raise Invalid([Fault("/kind", "required", "请选这是什么单子。")])
    code = tidy(text)
    case = work.session.scalar(select(Case).where(Case.acceptance_no.in_((code, code.upper()))))
    if case is not None and actor.sees(case.division_code):
        return _place_in_case(work, case, kind)
    paper = paper_by_code(work, actor, text)
    if paper is not None:
        owner = work.session.get_one(Case, paper.case_id)
        return _Place(kind, "document", (paper.id,), owner.division_code, KINDS[kind])
    envelope = envelope_by_code(work, actor, text)
    if envelope is None:
        words = "没有找到这个号。请填单号、受理号、查验码或运单号，写完整。"
        raise Invalid([Fault("/number", "unknown_number", words)])
    found = envelope.consignment
    if kind == "receipt":
        papers = work.session.scalars(
            select(Document.id).where(Document.consignment_id == found.id, Document.live)
        )
        return _Place(kind, "document", tuple(papers), found.division_code, KINDS[kind])
    return _Place(kind, "consignment", (found.id,), found.division_code, KINDS[kind])


def _place_in_case(work: Work, case: Case, kind: str) -> _Place:
    """A signed receipt proves service of a document, so it is kept with one; which one must be plain."""
    if kind != "receipt":
        return _Place(kind, "case", (case.id,), case.division_code, KINDS[kind])
    papers = list(work.session.scalars(select(Document.id).where(Document.case_id == case.id, Document.live)))
    if len(papers) != 1:
        raise RuleViolation(
            "which_document", "这个办件有几份文书，请填回证上那一份的查验码，或回证自己的单号（SH…）。"
        )
    return _Place(kind, "document", tuple(papers), case.division_code, KINDS[kind])


# -- by hand ---------------------------------------------------------------------------------------------------------
def assign_part(services: Services, actor: Actor, part_id: str, number: str, kind: str = "") -> str:
    """Say where a waiting part belongs; words for what it became. A blank application becomes the case's own by this.

    ``number``: of a form, case, document or envelope. ``Invalid``, ``RuleViolation`` (``which_document``,
    ``changed_meanwhile``)."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        part, upload = _waiting(work, actor, part_id)
        blank = form_by_number(work, actor, part.guess) if part.reason == "blank" else None
        place = _place_by_hand(work, actor, number, "application" if blank is not None else kind)
    _keep(services, actor, part, _piece(_original(services, upload), part.first, part.last), place)
    if blank is not None and place.subject_kind == "case":
        with services.store.work(actor) as work:
            bind_form(work, blank.number, "case", place.subjects[0])
    return place.words


def drop_part(services: Services, actor: Actor, part_id: str, reason: str) -> None:
    """A part that shows nothing (an empty back, a blurred double): out of the list, kept with the original."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.read(actor) as work:
        part, _ = _waiting(work, actor, part_id)
    _settle(services, actor, part.id, "dropped", reason=why[:100])


def _waiting(work: Work, actor: Actor, part_id: str) -> tuple[UploadPart, Upload]:
    part, upload = _part(work, actor, part_id)
    if part.state != "waiting":
        raise RuleViolation("changed_meanwhile", "这一页刚才已经有人处理了，请刷新。")
    return part, upload


def _part(work: Work, actor: Actor, part_id: str) -> tuple[UploadPart, Upload]:
    part = work.session.get(UploadPart, part_id)
    if part is None or not actor.sees(part.division_code):
        raise NotFound("没有找到这一页。")
    return part, work.session.get_one(Upload, part.upload_id)


def _original(services: Services, upload: Upload) -> bytes:
    return services.vault.open_bytes("uploads", "blob", upload.id, services.blobs.get(upload.blob))


# -- looking ---------------------------------------------------------------------------------------------------------
def waiting_parts(services: Services, actor: Actor) -> list[PartView]:
    """What waits for somebody of this office, the oldest first."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(UploadPart.id).join(Upload, Upload.id == UploadPart.upload_id)
        query = query.where(UploadPart.state == "waiting")
        if actor.office:
            query = query.where(UploadPart.division_code.startswith(actor.office, autoescape=True))
        ids = list(work.session.scalars(query.order_by(Upload.added_at, UploadPart.first).limit(SHOWN)))
    return _views(services, actor, ids)


def _views(services: Services, actor: Actor, ids: Sequence[str]) -> list[PartView]:
    with services.store.read(actor) as work:
        return [_view(work, actor, *_part(work, actor, one)) for one in ids]


def _view(work: Work, actor: Actor, part: UploadPart, upload: Upload) -> PartView:
    if upload.media_type != "application/pdf":
        pages = ""
    elif part.first == part.last:
        pages = f"第 {part.first + 1} 页"
    else:
        pages = f"第 {part.first + 1} 到 {part.last + 1} 页"
    words = {"attached": _went(work, actor, part), "dropped": "不用归档"}.get(part.state)
    return PartView(
        part.id,
        str(work.open(upload, "filename")),
        pages,
        part.state,
        words or REASONS.get(part.reason or "refused", ""),
        part.guess,
        upload.added_at,
    )


def _went(work: Work, actor: Actor, part: UploadPart) -> str:
    row = form_by_number(work, actor, part.guess)
    place = _place_of_form(work, row) if row is not None else None
    if place is None:
        return "已归档"
    case = _case_of(work, place)
    return f"已归到{place.words}" + (f"，办件 {case.acceptance_no}" if case is not None else f" {part.guess}")


def _case_of(work: Work, place: _Place) -> Case | None:
    subject = place.subjects[0]
    if place.subject_kind == "case":
        return work.session.get(Case, subject)
    if place.subject_kind == "document":
        paper = work.session.get(Document, subject)
        return work.session.get(Case, paper.case_id) if paper else None
    if place.subject_kind == "consignment":
        return next(iter(cases_inside(work, subject)), None)
    return None


def part_picture(services: Services, actor: Actor, part_id: str) -> bytes:
    """A small PNG of a part's first page for the list; too small to read what was written."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        part, upload = _part(work, actor, part_id)
    try:
        image: Any = page_image(_original(services, upload), part.first, SMALL)
    except Unreadable as fault:
        raise NotFound("这一页画不出来。") from fault
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def part_file(services: Services, actor: Actor, part_id: str) -> tuple[str, bytes]:
    """Media type and bytes of a part in full; the look is audited."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        part, upload = _part(work, actor, part_id)
        work.audit("upload_shown", "upload", part.id)
    return upload.media_type, _piece(_original(services, upload), part.first, part.last)
