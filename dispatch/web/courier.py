"""The courier's phone, the pick-up point's page, and the script that keeps both when there is no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from flask import Blueprint, Response, flash, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue

from ..consignments.scans import take_scans
from ..desk import courier_stops, point_rows
from ..rights import Role
from . import access, words
from .access import current_actor, services
from .api_input import answer
from .pages import render_page
from .rooms import home_of
from .security import scanner

__all__ = ["blueprint"]

COURIERS = ("courier", "agent", "clerk", "supervisor")
STATIC = Path(__file__).parent / "static"
#: the large buttons: scan action, word, icon, one sentence of help
_COURIER: Final = (
    ("hand_over", "领件", "hand", "领件：从窗口接过信封，一封一封扫。"),
    ("deliver", "送达", "check", "送达：交到人手里以后扫，再点谁签收的。"),
    ("attempt_failed", "没送到", "alert", "没送到：扫一下，再点为什么。"),
    ("return_start", "退回", "undo", "退回：送不了、要带回窗口的，扫一下。"),
)
_AGENT: Final = (
    ("ready_for_collection", "收到", "envelope", "收到：信封送来了，一封一封扫，村民会收到通知。"),
    ("deliver", "领走", "check", "领走：村民来领，看过身份证再扫，点谁领的。"),
    ("return_start", "退回", "undo", "退回：没人来领、要带回窗口的，扫一下。"),
)

blueprint = Blueprint("courier", __name__)


@blueprint.get("/sw.js")
@access.public
def offline_script() -> Response:
    """The service worker, from the root so that it may serve every page."""
    found = send_from_directory(STATIC, "sw.js", mimetype="text/javascript")
    found.headers["Cache-Control"] = "no-cache"
    return found


@blueprint.get("/courier")
@access.role(*COURIERS)
@scanner
def courier() -> ResponseReturnValue:
    """Four large modes and the list of the day."""
    actor = current_actor()
    buttons = _AGENT if actor.role is Role.AGENT else _COURIER
    told = {
        "modes": dict(words.SCAN_ACTIONS),
        "help": {action: help_ for action, _, _, help_ in buttons},
        "reasons": list(words.ATTEMPT_REASONS.items()),
        "signers": list(words.SIGNERS.items()),
        "outcomes": dict(words.SCAN_OUTCOMES),
    }
    stops = courier_stops(services(), actor)
    faces = [face[:3] for face in buttons]
    return render_page("courier/index.html", words=told, stops=stops, buttons=faces, home=home_of(actor.role))


@blueprint.get("/courier/today.json")
@access.role(*COURIERS)
def today() -> ResponseReturnValue:
    """The list of the day anew."""
    return answer({"items": courier_stops(services(), current_actor())})


@blueprint.get("/point")
@access.role("agent", "clerk", "supervisor")
def point() -> ResponseReturnValue:
    """What is at the pick-up point or on its way there."""
    return render_page("courier/point.html", rows=point_rows(services(), current_actor()), home="/point")


@blueprint.post("/point/<consignment_id>")
@access.role("agent", "clerk", "supervisor")
def point_act(consignment_id: str) -> ResponseReturnValue:
    """Received at the point, or collected from it: one scan by hand."""
    result = take_scans(services(), current_actor(), _now(), [_scan(consignment_id)], source="agent")[0]
    if result["outcome"] != "accepted":
        flash(result.get("detail") or words.plain(words.SCAN_OUTCOMES, result["outcome"]), "bad")
    elif result["state"] == "to_verify":
        flash("已记下。领的人与要求不符，窗口会打电话核实。", "wait")
    else:
        flash("已记下。", "ok")
    return redirect("/point", 303)


def _now() -> str:
    return services().clock.now().isoformat()


def _scan(consignment_id: str) -> dict[str, Any]:
    action = "deliver" if request.form.get("act") == "deliver" else "ready_for_collection"
    scan: dict[str, Any] = {
        "scan_id": str(uuid4()),
        "code": consignment_id,
        "action": action,
        "occurred_at": _now(),
    }
    if action == "deliver":
        signer = {key: request.form.get(key, "").strip() for key in ("kind", "name", "code")}
        scan["signer"] = {key: value for key, value in signer.items() if value}
    return scan
