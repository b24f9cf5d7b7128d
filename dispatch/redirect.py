"""Another way for a case that is on its way out: the new delivery is checked like the one it came with."""

from __future__ import annotations

from .consignments.plan import change_delivery
from .errors import Fault, Invalid
from .intake.schema import Delivery, parse_case
from .issue import find_case
from .rights import Actor, Scope
from .service.consent import consent_of
from .services import Services

__all__ = ["redirect_case"]

_PREFIX = "/delivery"


def redirect_case(services: Services, actor: Actor, acceptance_no: str, delivery: object) -> None:
    """Change method, recipient or address until hand-over.

    ``delivery`` as in the case schema; ``Invalid`` with pointers into it, ``RuleViolation('handed_over')``.
    """
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        body = work.open(case, "body")
        now = work.now
        agreed = case.method == "electronic" or consent_of(work, case.id) is not None
    faults: list[Fault] = []
    try:
        parse_case(body | {"delivery": delivery}, now=now)
    except Invalid as refusal:
        faults = [_inside(fault) for fault in refusal.faults if fault.pointer.startswith(_PREFIX)]
    if faults:
        raise Invalid(faults)
    wanted = Delivery.model_validate(delivery)
    if wanted.method == "electronic" and not agreed:
        words = "改成电子送达要先有收件人的同意：请在“送达”页登记电子送达确认书。"
        raise Invalid([Fault("/method", "consent_required", words)])
    change_delivery(services, actor, acceptance_no, wanted)


def _inside(fault: Fault) -> Fault:
    return Fault(fault.pointer.removeprefix(_PREFIX), fault.code, fault.detail)
