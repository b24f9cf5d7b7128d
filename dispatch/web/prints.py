"""The print batches of the day and those of other days by their number; labels on their way to the label printer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from ..errors import NotFound
from ..printing.label_jobs import answer_doubt, send_labels, stop_labels, try_again
from ..printing.ledger import batches_of, find_batches
from . import access
from .access import current_actor, services
from .rooms import act, staff_page

__all__ = ["blueprint"]

DOERS = ("clerk", "supervisor")

blueprint = Blueprint("prints", __name__, url_prefix="/window/prints")


@blueprint.get("")
@access.role(*DOERS)
def batches() -> ResponseReturnValue:
    """Today's batches, those nobody confirmed first; ``?q=`` a batch or sheet number."""
    asked = request.args.get("q", "").strip()
    if asked:
        try:
            found = find_batches(services(), current_actor(), asked[:64])
        except NotFound as refusal:
            flash(refusal.detail, "bad")
        else:
            if len(found) == 1:
                return redirect(f"/window/papers/{found[0]['id']}", 303)
            return staff_page("window/prints.html", "labels", batches=found, asked=asked)
    return staff_page(
        "window/prints.html", "labels", batches=batches_of(services(), current_actor()), asked=asked
    )


@blueprint.post("/<batch_id>/labels")
@access.role(*DOERS)
def labels(batch_id: str) -> ResponseReturnValue:
    """The batch's labels, or its shelf slips, to the label printer."""
    kind = "slip" if request.form.get("kind") == "slip" else "label"
    send = partial(send_labels, services(), current_actor(), batch_id, kind)
    return act(send, "正在送往面单打印机。", f"/window/papers/{quote(batch_id)}#labels")


@blueprint.post("/jobs/<job_id>/<what>")
@access.role(*DOERS)
def job(job_id: str, what: str) -> ResponseReturnValue:
    """What somebody says at the printer: it came out, it did not, go on, stop."""
    house, actor = services(), current_actor()
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "came": (partial(answer_doubt, house, actor, job_id, came_out=True), "已记下，接着打下一张。"),
        "missing": (partial(answer_doubt, house, actor, job_id, came_out=False), "已记下，再打这一张。"),
        "again": (partial(try_again, house, actor, job_id), "接着打。"),
        "stop": (partial(stop_labels, house, actor, job_id), "已停下。"),
    }
    if what not in acts:
        raise NotFound("没有这个操作。")
    do, done = acts[what]
    return act(do, done, f"/window/papers/{quote(request.form.get('batch_id', '')[:26])}#labels")
