"""Documents over the API: files and validity (contract, section 4)."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..documents.files import original_of, pdf_of, store_import
from ..documents.validity import reinstate, revoke, supersede, suspend
from ..errors import Fault, Invalid
from . import access
from .access import current_actor, services
from .api_input import answer, read
from .api_models import Reason, Revocation, Supersession
from .security import FILE_LIMIT, body_limit

__all__ = ["attachment", "blueprint"]

blueprint = Blueprint("api_documents", __name__, url_prefix="/api/v1/documents")


def attachment(data: bytes, media_type: str, name: str) -> Response:
    """Bytes to look at or to keep; a Chinese name by RFC 6266."""
    disposition = f"inline; filename=\"document\"; filename*=UTF-8''{quote(name)}"
    return Response(data, mimetype=media_type, headers={"Content-Disposition": disposition})


@blueprint.get("/<document_id>/pdf")
@access.scope("read")
def pdf(document_id: str) -> ResponseReturnValue:
    """The sealed PDF; 409 ``not_ready`` with Retry-After until it is made."""
    return attachment(
        pdf_of(services(), current_actor(), document_id), "application/pdf", f"{document_id}.pdf"
    )


@blueprint.put("/<document_id>/file")
@access.scope("cases")
@body_limit(FILE_LIMIT)
def put_file(document_id: str) -> ResponseReturnValue:
    """The department's own file (PDF or OFD), kept byte for byte; for documents of source ``import``."""
    data = request.get_data()
    if not data:
        raise Invalid([Fault("", "required", "没有收到文件内容。")])
    digest = store_import(services(), current_actor(), document_id, data)
    return answer({"document_id": document_id, "sha256": digest})


@blueprint.get("/<document_id>/file")
@access.scope("read")
def get_file(document_id: str) -> ResponseReturnValue:
    """The imported original, byte for byte."""
    media_type, data = original_of(services(), current_actor(), document_id)
    return attachment(
        data, media_type, f"{document_id}.{'pdf' if media_type == 'application/pdf' else 'ofd'}"
    )


@blueprint.post("/<document_id>/revoke")
@access.scope("validity")
def end(document_id: str) -> ResponseReturnValue:
    """End validity: suspended at once, revoked when a second holder of the scope confirms by the same call."""
    asked = read(Revocation)
    state = revoke(
        services(), current_actor(), document_id,
        kind=asked.kind, reason=asked.reason, organ=asked.organ, decision_no=asked.decision_no,
    )  # fmt: skip
    return answer({"document_id": document_id, "state": state})


@blueprint.post("/<document_id>/supersede")
@access.scope("validity")
def replace(document_id: str) -> ResponseReturnValue:
    """Replace by a corrected document; number kept with revision + 1 unless a new one is given."""
    asked = read(Supersession)
    state, new = supersede(
        services(), current_actor(), document_id, reason=asked.reason, replacement=asked.document
    )
    return answer({"document_id": document_id, "state": state, "replaced_by": new})


@blueprint.post("/<document_id>/suspend")
@access.scope("validity")
def freeze(document_id: str) -> ResponseReturnValue:
    """冻结核查, at once."""
    state = suspend(services(), current_actor(), document_id, reason=read(Reason).reason)
    return answer({"document_id": document_id, "state": state})


@blueprint.post("/<document_id>/reinstate")
@access.scope("validity")
def restore(document_id: str) -> ResponseReturnValue:
    """Restore a suspended document; takes two."""
    state = reinstate(services(), current_actor(), document_id, reason=read(Reason).reason)
    return answer({"document_id": document_id, "state": state})
