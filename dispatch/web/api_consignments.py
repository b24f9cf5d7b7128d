"""Consignments over the API: labels, pack checks, hand-over lists, scans (contract, section 4)."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..casefile import consignment_view
from ..consignments.label import DEFAULT_SIZE, label_pdf, label_zpl
from ..consignments.manifest import make_manifest, manifest_pdf
from ..consignments.pack import Second, pack_check
from ..consignments.scans import take_scans
from ..errors import Fault, Invalid
from ..rights import Actor, Role
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .api_input import answer, read
from .api_models import Manifest, PackCheck, Scans

__all__ = ["blueprint"]

_SOURCES = {Role.COURIER: "courier", Role.AGENT: "agent", None: "api"}

blueprint = Blueprint("api_consignments", __name__, url_prefix="/api/v1")


@blueprint.get("/consignments/<consignment_id>")
@access.scope("read")
def one(consignment_id: str) -> ResponseReturnValue:
    """One consignment."""
    return answer(consignment_view(services(), current_actor(), consignment_id))


@blueprint.get("/consignments/<consignment_id>/label.pdf")
@access.scope("read")
def label(consignment_id: str) -> ResponseReturnValue:
    """The label; 409 ``not_ready`` before the waybill is bound."""
    size = request.args.get("size", DEFAULT_SIZE)
    return attachment(
        label_pdf(services(), current_actor(), consignment_id, size), "application/pdf", "label.pdf"
    )


@blueprint.get("/consignments/<consignment_id>/label.zpl")
@access.scope("read")
def zpl(consignment_id: str) -> ResponseReturnValue:
    """The label for thermal printers (ZPL II, 203 dpi)."""
    size = request.args.get("size", DEFAULT_SIZE)
    return Response(label_zpl(services(), current_actor(), consignment_id, size), mimetype="application/zpl")


@blueprint.post("/pack-checks")
@access.scope("issue")
def pack() -> ResponseReturnValue:
    """Paper against envelope: 200 ``matched``, 409 ``mismatch`` with the reason; 422 says what a thing needs besides."""
    asked = read(PackCheck)
    beside = Second(asked.second_who or "", asked.second_pin or "", request.remote_addr or "window")
    made = pack_check(services(), current_actor(), asked.label, asked.paper, asked.object_tail, beside)
    return answer(asdict(made))


@blueprint.post("/manifests")
@access.scope("issue")
def manifest() -> ResponseReturnValue:
    """A hand-over list of packed consignments; moves no state."""
    asked = read(Manifest)
    if (asked.consignment_ids is None) != asked.all_packed:
        raise Invalid(
            [
                Fault(
                    "/consignment_ids",
                    "required",
                    "请给出 consignment_ids，或者 all_packed: true，二者择一。",
                )
            ]
        )
    made = make_manifest(
        services(), current_actor(), asked.carrier, asked.consignment_ids, all_packed=asked.all_packed
    )
    pdf_url = f"/api/v1/manifests/{made.id}/pdf"
    shown = {
        "id": made.id,
        "list_no": made.list_no,
        "consignment_ids": list(made.consignment_ids),
        "pdf_url": pdf_url,
    }
    return answer(shown, 201, Location=pdf_url)


@blueprint.get("/manifests/<manifest_id>/pdf")
@access.scope("issue")
def manifest_paper(manifest_id: str) -> ResponseReturnValue:
    """The hand-over list for signing."""
    return attachment(
        manifest_pdf(services(), current_actor(), manifest_id), "application/pdf", "交接清单.pdf"
    )


@blueprint.post("/scans")
@access.scope("scans")
def scans() -> ResponseReturnValue:
    """Up to 500 scans, each judged by itself."""
    asked = read(Scans)
    results = take_scans(
        services(), current_actor(), asked.sent_at, asked.scans, source=_source(current_actor())
    )
    return answer({"results": results})


def _source(actor: Actor) -> str:
    """Who stood nearest to the envelope: it decides between two reports of the same moment."""
    return _SOURCES.get(actor.role, "window")
