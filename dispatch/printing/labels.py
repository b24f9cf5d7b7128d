"""The labels and shelf slips of a batch, in the batch's order, with its mark on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from ..consignments.label import DEFAULT_SIZE, labels_pdf, slips_pdf
from ..errors import RuleViolation
from ..models import Consignment, Waybill
from ..rights import Actor, Scope
from ..services import Services
from .batches import PrintView, find_batch, view_of
from .marks import label_mark

__all__ = ["Envelopes", "batch_labels", "batch_slips", "envelopes_of", "marks_of"]


@dataclass(frozen=True)
class Envelopes:
    """The envelopes of a batch in its order: those with a label, those that hang on a shelf slip, and how many have
    neither yet."""

    labelled: tuple[str, ...]
    slips: tuple[str, ...]
    waiting: int


def marks_of(view: PrintView) -> Mapping[str, str]:
    """Envelope → its mark, in the batch's order."""
    numbers: dict[str, list[int]] = {}
    for item in view.items:
        if item["consignment_id"]:
            numbers.setdefault(item["consignment_id"], []).append(item["no"])
    total = view.total
    return {
        key: label_mark(view.sequence, nos, total) if view.sequence else "" for key, nos in numbers.items()
    }


def envelopes_of(services: Services, actor: Actor, batch_id: str) -> Envelopes:
    """Which envelopes of the batch have a label or a slip to print."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        ids = list(marks_of(view_of(work, find_batch(work, actor, batch_id))))
        rows = {
            row.id: row for row in work.session.scalars(select(Consignment).where(Consignment.id.in_(ids)))
        }
        bound = select(Waybill.consignment_id).where(Waybill.consignment_id.in_(ids), Waybill.active)
        booked = set(work.session.scalars(bound))
    labelled = tuple(one for one in ids if one in booked and rows[one].label_blob is not None)
    slips = tuple(
        one for one in ids if one in rows and rows[one].method == "counter" and rows[one].shelf_place
    )
    return Envelopes(labelled, slips, len(ids) - len(labelled) - len(slips))


def batch_labels(services: Services, actor: Actor, batch_id: str, size: str = DEFAULT_SIZE) -> bytes:
    """The labels of the batch as one PDF; ``RuleViolation('no_labels')`` where no envelope has one."""
    found = envelopes_of(services, actor, batch_id)
    if not found.labelled:
        raise RuleViolation("no_labels", "这一批还没有可以打印的面单：运单号还没有绑定，请稍候刷新。")
    return labels_pdf(services, actor, found.labelled, size, marks=_marks(services, actor, batch_id))


def batch_slips(services: Services, actor: Actor, batch_id: str) -> bytes:
    """The shelf slips of the batch's envelopes at the counter as one PDF; ``RuleViolation('no_slips')``."""
    found = envelopes_of(services, actor, batch_id)
    if not found.slips:
        raise RuleViolation("no_slips", "这一批没有窗口自取的信封，不用打印取件架位单。")
    return slips_pdf(services, actor, found.slips, marks=_marks(services, actor, batch_id))


def _marks(services: Services, actor: Actor, batch_id: str) -> Mapping[str, str]:
    with services.store.read(actor) as work:
        return marks_of(view_of(work, find_batch(work, actor, batch_id)))
