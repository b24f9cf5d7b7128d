"""Cases over the API: in, shown, issued, held, cancelled (contract, section 4)."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..casefile import case_view, list_cases
from ..errors import Fault, Invalid
from ..holds import lift_hold, place_hold, read_day
from ..intake.receive import correct_case, receive_batch, receive_case
from ..issue import cancel_case, issue_case
from ..redirect import redirect_case
from . import access
from .access import current_actor, services
from .api_input import answer, json_body, page_args, read
from .api_models import Holding, Reason
from .problems import PayloadTooLarge, UnsupportedMedia
from .security import BATCH_LIMIT, body_limit

__all__ = ["MAX_LINES", "blueprint"]

MAX_LINES = 10_000
_NDJSON = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)

blueprint = Blueprint("api_cases", __name__, url_prefix="/api/v1")


@blueprint.post("/cases")
@access.scope("cases")
def create() -> ResponseReturnValue:
    """Hand in a case: 201 new, 200 the same content as last received, 409 other content."""
    actor = current_actor()
    received = receive_case(services(), actor, json_body(), source="api" if actor.role is None else "hand")
    status = 201 if received.outcome == "created" else 200
    view = case_view(services(), actor, received.acceptance_no)
    return answer(view, status, Location=f"/api/v1/cases/{received.acceptance_no}")


@blueprint.post("/cases/batch")
@access.scope("cases")
@body_limit(BATCH_LIMIT)
def create_many() -> ResponseReturnValue:
    """NDJSON, up to 10,000 lines: one result per line, in order."""
    if request.mimetype not in _NDJSON:
        raise UnsupportedMedia("内容类型应为 application/x-ndjson，每行一个办件。")
    lines = request.get_data().split(b"\n")
    if lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise Invalid([Fault("", "required", "没有内容。每行一个办件。")])
    if len(lines) > MAX_LINES:
        raise PayloadTooLarge(f"一次最多 {MAX_LINES} 行，请分批提交。")
    return answer({"results": receive_batch(services(), current_actor(), lines)})


@blueprint.put("/cases/<no>")
@access.scope("cases")
def correct(no: str) -> ResponseReturnValue:
    """Correct a case while it is ready or one of its documents is blocked; else 409."""
    correct_case(services(), current_actor(), no, json_body())
    return answer(case_view(services(), current_actor(), no))


@blueprint.get("/cases/<no>")
@access.scope("read")
def one(no: str) -> ResponseReturnValue:
    """The case view."""
    return answer(case_view(services(), current_actor(), no))


@blueprint.get("/cases")
@access.scope("read")
def many() -> ResponseReturnValue:
    """Cases of this office by the day they are due; ``state`` and ``q`` narrow the list."""
    page = list_cases(
        services(),
        current_actor(),
        state=request.args.get("state") or None,
        q=request.args.get("q"),
        **page_args(),
    )
    return answer({"items": page.items, "next_cursor": page.next_cursor})


@blueprint.post("/cases/<no>/issue")
@access.scope("issue")
def issue(no: str) -> ResponseReturnValue:
    """Mark a case issued: 202 the first time, 200 afterwards."""
    first = issue_case(services(), current_actor(), no)
    return answer(case_view(services(), current_actor(), no), 202 if first else 200)


@blueprint.post("/cases/<no>/holds")
@access.scope("issue")
def hold(no: str) -> ResponseReturnValue:
    """Hold a case for a reason, with a day on which somebody looks again."""
    asked = read(Holding)
    hold_id = place_hold(services(), current_actor(), no, asked.reason, until=read_day(asked.until))
    made = {"id": hold_id, "reason": asked.reason, "until": asked.until}
    return answer(made, 201, Location=f"/api/v1/cases/{no}/holds/{hold_id}")


@blueprint.delete("/cases/<no>/holds/<hold_id>")
@access.scope("issue")
def unhold(no: str, hold_id: str) -> ResponseReturnValue:
    """Lift a hold."""
    lift_hold(services(), current_actor(), no, hold_id)
    return "", 204


@blueprint.post("/cases/<no>/cancel")
@access.scope("issue")
def cancel(no: str) -> ResponseReturnValue:
    """Cancel a case; its documents are voided. 409 after hand-over."""
    cancel_case(services(), current_actor(), no, read(Reason).reason)
    return answer(case_view(services(), current_actor(), no))


@blueprint.put("/cases/<no>/delivery")
@access.scope("issue")
def delivery(no: str) -> ResponseReturnValue:
    """Another way, recipient or address, until hand-over; an old label is voided."""
    redirect_case(services(), current_actor(), no, json_body())
    return answer(case_view(services(), current_actor(), no))
