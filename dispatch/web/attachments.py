"""Scans and photos of signed sheets: uploaded in one go, told apart by their barcodes, the rest by hand; and the look at
what is kept."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..attachments import KINDS, attachment_bytes
from ..errors import Invalid, RuleViolation, Unavailable
from ..uploads import assign_part, drop_part, part_file, part_picture, take_upload, waiting_parts
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import act, staff_page
from .security import body_limit

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")
READERS = ("clerk", "supervisor", "department", "observer")
MOST_FILES: Final = 30
#: thirty photos of a phone, or one thick scan
UPLOAD_LIMIT: Final = 90 * 1024 * 1024
_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}

blueprint = Blueprint("attachments", __name__, url_prefix="/window")


@blueprint.get("/attach")
@access.role(*DOERS)
def attach() -> ResponseReturnValue:
    """What waits to be told apart, and the field to send more."""
    return _page([])


@blueprint.post("/attach")
@access.role(*DOERS)
@body_limit(UPLOAD_LIMIT)
def send() -> ResponseReturnValue:
    """Take every file by itself: one that is refused does not cost the others."""
    files = [one for one in request.files.getlist("file") if one.filename]
    if not files or len(files) > MOST_FILES:
        words = "请先选好照片或扫描件。" if not files else f"一次最多传 {MOST_FILES} 个文件，请分几次。"
        return _page([{"filename": "", "fault": words, "parts": []}]), 422
    return _page([_taken(one.filename or "", one.read()) for one in files])


def _taken(filename: str, data: bytes) -> dict[str, Any]:
    try:
        return {
            "filename": filename,
            "fault": "",
            "parts": take_upload(services(), current_actor(), filename, data),
        }
    except Invalid as refusal:
        fault = "；".join(one.detail for one in refusal.faults)
    except (RuleViolation, Unavailable) as refusal:
        fault = f"{refusal.detail} 这个文件请再传一次，不会重复。"
    return {"filename": filename, "fault": fault, "parts": []}


def _page(results: list[dict[str, Any]]) -> str:
    waiting = waiting_parts(services(), current_actor())
    return staff_page("window/attach.html", "more", results=results, waiting=waiting, kinds=dict(KINDS))


@blueprint.post("/attach/<part_id>/assign")
@access.role(*DOERS)
def assign(part_id: str) -> ResponseReturnValue:
    """Say where a part belongs."""
    number, kind = request.form.get("number", "").strip()[:200], request.form.get("kind", "")
    return act(
        lambda: assign_part(services(), current_actor(), part_id, number, kind), "已归档。", "/window/attach"
    )


@blueprint.post("/attach/<part_id>/drop")
@access.role(*DOERS)
def drop(part_id: str) -> ResponseReturnValue:
    """Say that a part shows nothing worth keeping apart."""
    reason = request.form.get("reason", "")
    return act(
        lambda: drop_part(services(), current_actor(), part_id, reason),
        "已从列表里去掉，原件仍保存。",
        "/window/attach",
    )


@blueprint.get("/attach/<part_id>.png")
@access.role(*DOERS)
def picture(part_id: str) -> Response:
    """The small picture of a part."""
    return Response(part_picture(services(), current_actor(), part_id), mimetype="image/png")


@blueprint.get("/attach/<part_id>/look")
@access.role(*DOERS)
def look_part(part_id: str) -> Response:
    """A part in full; audited."""
    media, data = part_file(services(), current_actor(), part_id)
    return attachment(data, media, f"扫描件.{_ENDINGS[media]}")


@blueprint.get("/attachments/<attachment_id>")
@access.role(*READERS)
def look(attachment_id: str) -> Response:
    """What is kept with a case, a document, an envelope or a list; every look is audited."""
    media, data = attachment_bytes(services(), current_actor(), attachment_id)
    return attachment(data, media, f"附件.{_ENDINGS[media]}")
