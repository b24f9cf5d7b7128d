"""What becomes of an envelope that came back: sent again, or kept at the window."""

from __future__ import annotations

from ..errors import RuleViolation
from ..intake.case import Delivery
from ..lifecycle import CaseState, ConsignmentState
from ..models import Case, Consignment
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .envelope import cases_inside, contents, find_consignment, reason_given
from .plan import plan_documents, redirect

__all__ = ["keep_returned", "send_again"]


def send_again(
    services: Services, actor: Actor, consignment_id: str, delivery: Delivery | None = None
) -> list[str]:
    """Plan the papers of a returned envelope anew, another way when ``delivery`` is given; returns the new envelopes.

    The returned envelope keeps its number and its history; nothing of the new one hangs on it.
    """
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        consignment = _returned(work, actor, consignment_id)
        cases = cases_inside(work, consignment.id)
        for document in contents(work, consignment.id):
            document.consignment_id, document.packed_at, document.packed_by = None, None, None
        consignment.flag = None
        work.session.flush()
        made = [row.id for case in cases for row in _plan_anew(services, work, case, delivery)]
        work.audit("consignment_sent_again", "consignment", consignment.id, envelopes=len(made))
    return made


def _plan_anew(services: Services, work: Work, case: Case, delivery: Delivery | None) -> list[Consignment]:
    if delivery is not None:
        redirect(work, case, work.open(case, "body"), delivery)
    work.emit("case.settle", case.id)
    return plan_documents(services, work, case) if case.state in (CaseState.ISSUED, CaseState.CLOSED) else []


def keep_returned(services: Services, actor: Actor, consignment_id: str, reason: str) -> None:
    """The papers stay in the window's custody; with that the envelope is settled, though nothing was served."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.work(actor) as work:
        consignment = _returned(work, actor, consignment_id)
        consignment.flag = None
        for case in cases_inside(work, consignment.id):
            work.emit("case.settle", case.id)
        work.audit("consignment_kept", "consignment", consignment.id, reason=why)


def _returned(work: Work, actor: Actor, consignment_id: str) -> Consignment:
    consignment = find_consignment(work, actor, consignment_id, lock=True)
    if consignment.state != ConsignmentState.RETURNED:
        raise RuleViolation("not_now", "只有已退回窗口的信封才需要这样处理。")
    return consignment
