"""What came out of the printer: all of it, all but a few, or only the first so many before it jammed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import select, update

from .. import custody
from ..consignments.codes import paper_by_code
from ..errors import Fault, Invalid, RuleViolation
from ..models import PrintBatch, PrintItem
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .batches import PrintView, Reprint, batch_items, find_batch, new_batch, sheet_of, view_of
from .marks import parse_place, parse_sheet

__all__ = ["Outcome", "came_out", "confirm_print", "place_in", "print_rest", "stopped_at", "tell"]

Outcome = Literal["printed", "spoiled", "unprinted"]


def confirm_print(
    services: Services, actor: Actor, batch_id: str, printed: Sequence[str], spoiled: Sequence[str]
) -> PrintView:
    """Tell what came out well and what did not; telling the same again changes nothing.

    ``RuleViolation('already_confirmed')`` for a document told otherwise before.
    """
    told: dict[str, Outcome] = dict.fromkeys(printed, "printed")
    told |= dict.fromkeys(spoiled, "spoiled")
    if len(told) != len(set(printed)) + len(set(spoiled)):
        raise Invalid([Fault("/spoiled", "both", "同一份证件不能既打印成功又打坏，请核对。")])
    return tell(services, actor, batch_id, told)


def tell(services: Services, actor: Actor, batch_id: str, told: Mapping[str, Outcome]) -> PrintView:
    """The outcome of documents of the batch, as in ``confirm_print``; ``unprinted`` never came out of the printer."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        batch = find_batch(work, actor, batch_id)
        items = {item.document_id: item for item in batch_items(work, actor, batch_id)}
        if any(document_id not in items for document_id in told):
            raise Invalid([Fault("/printed", "not_in_batch", "有证件不在这一批打印中，请核对。")])
        for document_id, outcome in told.items():
            _settle(work, batch, items[document_id], outcome)
        work.session.flush()
        return view_of(work, batch)


def _settle(work: Work, batch: PrintBatch, item: PrintItem, outcome: Outcome) -> None:
    if item.outcome == outcome:
        return
    if item.outcome:
        raise RuleViolation("already_confirmed", "这份证件的打印结果已经登记过，不能改动。")
    done = work.session.execute(
        update(PrintItem)
        .where(
            PrintItem.batch_id == item.batch_id, PrintItem.position == item.position, PrintItem.outcome == ""
        )
        .values(outcome=outcome, told_at=work.now, told_by=work.actor.name)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("already_confirmed", "这份证件的打印结果刚才有人登记过，请刷新后再看。")
    work.audit(f"document_{outcome}", "document", item.document_id, sheet=sheet_of(batch, item))
    if outcome == "printed":
        custody.printed(work, item.document_id)


def came_out(work: Work, document_ids: Sequence[str]) -> None:
    """Somebody has these papers in hand: a sheet of theirs that nobody told of yet was printed."""
    query = (
        select(PrintItem, PrintBatch)
        .join(PrintBatch, PrintBatch.id == PrintItem.batch_id)
        .where(PrintItem.document_id.in_(document_ids), PrintItem.outcome == "")
    )
    for item, batch in work.session.execute(query).all():
        _settle(work, batch, item, "printed")


def stopped_at(
    services: Services, actor: Actor, batch_id: str, start: int, spoiled: Sequence[str]
) -> PrintView:
    """The printer stopped: from the place ``start`` on nothing came out, except what ``spoiled`` names.

    What was told before stays as it was. ``Invalid`` for a place that the batch has not.
    """
    view = _view(services, actor, batch_id)
    if start not in {item["no"] for item in view.items}:
        last = view.items[-1]["no"]
        raise Invalid(
            [Fault("/from", "out_of_range", f"这一批没有第 {start} 份，最后一份是第 {last} 份，请核对。")]
        )
    told: dict[str, Outcome] = {}
    for item in view.items:
        if item["document_id"] in view.open:
            told[item["document_id"]] = "printed" if item["no"] < start else "unprinted"
            if item["document_id"] in spoiled:
                told[item["document_id"]] = "spoiled"
    return tell(services, actor, batch_id, told)


def _view(services: Services, actor: Actor, batch_id: str) -> PrintView:
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return view_of(work, find_batch(work, actor, batch_id))


def place_in(services: Services, actor: Actor, batch_id: str, text: str) -> int:
    """The place of a sheet in the batch's sequence, from what was scanned or typed: its QR, its 查验码, its number or
    the place itself. ``Invalid`` for a sheet of another batch and for what nobody knows."""
    view = _view(services, actor, batch_id)
    sheet = parse_sheet(text)
    if sheet is not None:
        found = [i["no"] for i in view.items if sheet.batch == view.number and i["position"] == sheet.place]
    else:
        place = parse_place(text)
        found = [i["no"] for i in view.items if i["no"] == place] if place else []
        found = found or _scanned(services, actor, view, text)
    if not found:
        raise Invalid(
            [Fault("/last", "not_in_batch", "这张纸不在这一批里。请扫最后一张好的，或输入它的序号。")]
        )
    return int(found[0])


def _scanned(services: Services, actor: Actor, view: PrintView, text: str) -> list[int]:
    with services.store.read(actor) as work:
        document = paper_by_code(work, actor, text)
    return [item["no"] for item in view.items if document and item["document_id"] == document.id]


def print_rest(services: Services, actor: Actor, batch_id: str, reprint: Reprint | None = None) -> PrintView:
    """Print what is missing: what never came out, and what was spoiled.

    It gets a batch number of its own and keeps the place in the first one's sequence, so that sheet and label still
    carry the same. ``RuleViolation``: ``nothing_left``; ``reprint_reason`` where sheets were spoiled and nobody says why.
    """
    actor.require(Scope.ISSUE)
    why = reprint or Reprint()
    with services.store.work(actor) as work:
        old = work.locked(PrintBatch, batch_id)
        items = {item.document_id: item for item in batch_items(work, actor, batch_id)}
        if old is None or not (left := view_of(work, old).rest):
            raise RuleViolation("nothing_left", "这一批没有要重印的了。")
        if not why.reason.strip() and any(items[one].outcome == "spoiled" for one in left):
            raise RuleViolation("reprint_reason", "有打坏的：重印请写明原因。")
        batch = new_batch(work, why)
        batch.sequence, batch.total, batch.rest_of = (
            old.sequence or batch.number,
            old.total or len(items),
            old.id,
        )
        for position, document_id in enumerate(left):
            work.add(_again(batch, position, old, items[document_id], why))
        work.session.flush()
        work.audit(
            "print_started", "print", batch.id, batch=batch.number, documents=len(left), reason=batch.reason, rest_of=old.id
        )  # fmt: skip
        return view_of(work, batch)


def _again(batch: PrintBatch, position: int, old: PrintBatch, item: PrintItem, why: Reprint) -> PrintItem:
    spoiled = item.outcome == "spoiled"
    again = spoiled or item.again
    return PrintItem(
        batch_id=batch.id, position=position, document_id=item.document_id, outcome="", no=item.no or item.position + 1,
        consignment_id=item.consignment_id, paper=item.paper, pages=item.pages, again=again,
        instead_of=sheet_of(old, item) if spoiled else item.instead_of,
        flag="alone" if spoiled and why.second is None else item.flag if not spoiled else "", told_by="",
    )  # fmt: skip
