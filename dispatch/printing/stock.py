"""Numbered blank stock: forms received, used by a document, spoiled, destroyed. Every number is accounted for.

A form is one document's from the moment its number was scanned beside the printed sheet; from then on the pack check
knows the paper by that number. A spoiled one stands for no document any more and is kept until two people destroy it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, insert, select, update

from ..consignments.envelope import reason_given, title_of
from ..documents.paper_codes import bind_code, bind_in, release_code
from ..errors import Fault, Invalid, RuleViolation
from ..lifecycle import DocumentState
from ..models import BlankForm, BlankReceipt, Case, Document, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .batches import PrintView, seen_document
from .form_codes import MOST, code_of, tidy_code
from .overprint import kinds_of, mine

__all__ = [
    "STATES",
    "FormPlan",
    "acceptance_of",
    "bind_paper",
    "blank_form",
    "destroy_forms",
    "form_plan",
    "receive_forms",
    "spoil_form",
    "spoil_of_document",
    "use_form",
]

_PREFIX: Final = re.compile(r"[A-Z0-9\u4e00-\u9fff]{0,12}\Z")
_DIGITS: Final = re.compile(r"[0-9]{1,16}\Z")
STATES: Final = ("stock", "used", "spoiled", "destroyed")


@dataclass(frozen=True)
class FormPlan:
    """Which form a document of a batch is printed on: ``used`` its number, else ``proposed`` the next one of its kind,
    empty where none is left."""

    document_id: str
    no: int
    title: str
    acceptance_no: str
    kind: str
    used: str
    proposed: str


# -- 领用 --------------------------------------------------------------------------------------------------------------
def receive_forms(
    services: Services, actor: Actor, *, kind: str, prefix: str, first: str, last: str, source: str
) -> int:
    """Take ``first`` to ``last`` (digits as printed) into stock; how many. ``Invalid`` names every field that is wrong,
    ``RuleViolation('forms_known')`` numbers that were received before."""
    actor.require(Scope.ISSUE)
    kind, source = " ".join(kind.split()), " ".join(source.split())
    prefix, first, last = tidy_code(prefix), tidy_code(first), tidy_code(last)
    _refuse_range(kind, prefix, first, last, source)
    codes = [code_of(prefix, number, len(first)) for number in range(int(first), int(last) + 1)]
    with services.store.work(actor) as work:
        _refuse_known(work, codes)
        receipt = BlankReceipt(
            id=new_id(), office=actor.office, kind=kind, prefix=prefix, first=first, last=last, amount=len(codes),
            source=source, at=work.now, by=actor.name,
        )  # fmt: skip
        work.add(receipt)
        work.session.flush()
        same = {"receipt_id": receipt.id, "office": actor.office, "kind": kind, "state": "stock", "reason": "", "second": "",
                "changed_at": work.now, "changed_by": actor.name}  # fmt: skip
        work.session.execute(insert(BlankForm), [same | {"id": new_id(), "code": code} for code in codes])
        work.audit("forms_received", "stock", receipt.id, kind=kind, first=codes[0], last=codes[-1])
    return len(codes)


def _refuse_range(kind: str, prefix: str, first: str, last: str, source: str) -> None:
    faults = []
    if not kind or len(kind) > 120:
        faults.append(Fault("/kind", "required", "请写是哪种证的空白证，和证件名称一样（120 字以内）。"))
    if not source or len(source) > 80:
        faults.append(Fault("/source", "required", "请写从哪里领来（80 字以内）。"))
    if not _PREFIX.match(prefix):
        faults.append(Fault("/prefix", "malformed", "号码前面的字母或字最多 12 个，不含横线和符号。"))
    right = [bool(_DIGITS.match(text)) for text in (first, last)]
    if not all(right) or len(first) != len(last):
        faults.append(
            Fault("/last", "malformed", "起号和止号照纸上抄数字，前面的 0 也要写，两个一样长（16 位以内）。")
        )
    elif int(last) < int(first):
        faults.append(Fault("/last", "order", "止号比起号小，请对调。"))
    elif int(last) - int(first) >= MOST:
        faults.append(Fault("/last", "out_of_range", f"一次最多领 {MOST} 张，请分几次登记。"))
    if faults:
        raise Invalid(faults)


def _refuse_known(work: Work, codes: Sequence[str]) -> None:
    for at in range(0, len(codes), 500):
        query = select(BlankForm).where(BlankForm.code.in_(codes[at : at + 500])).order_by(BlankForm.code)
        known = work.session.scalars(query.limit(1)).first()
        if known is not None:
            raise RuleViolation(
                "forms_known",
                f"{known.code} 已经登记过（{known.kind}），这一段没有收。请核对起止号；两种空白证号码一样的，在前面加字母区分。",
            )


# -- 打印 --------------------------------------------------------------------------------------------------------------
def use_form(services: Services, actor: Actor, document_id: str, code: str) -> str:
    """The document stands on this form now; the number that was next in stock (another one means that one was passed
    over). Doing the same again changes nothing. ``RuleViolation``: ``not_ready``, ``unknown_form``, ``wrong_form``,
    ``form_used``, ``form_spoiled``, ``has_form``, ``code_taken``."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        document = seen_document(work, actor, document_id)
        form = _found(work, actor, code)
        if form.state == "used" and form.document_id == document_id:
            return form.code
        _refuse_use(work, document, form)
        following = select(func.min(BlankForm.code)).where(
            BlankForm.kind == form.kind, BlankForm.state == "stock"
        )
        expected = str(work.session.scalar(mine(following, actor)))
        _change(work, form, "used", document_id=document_id)
        bind_in(work, document, form.code)
        work.audit("form_used", "document", document_id, code=form.code)
        return expected


def bind_paper(services: Services, actor: Actor, document_id: str, code: str) -> bool:
    """A code that stands on this document's paper, typed or scanned anywhere; False when it was known as such.

    The number of a blank form is used by it, so that no form stands for a paper and lies in stock as well, and no waste
    stands for one again. Raises what ``bind_code`` or ``use_form`` raises.
    """
    with services.store.read(actor) as work:
        form = blank_form(work, actor, code)
        known = form is not None and form.document_id == document_id and form.state == "used"
    if form is None:
        return bind_code(services, actor, document_id, code)
    use_form(services, actor, document_id, code)
    return not known


def blank_form(work: Work, actor: Actor, code: str) -> BlankForm | None:
    """The form with this number as scanned or typed; None for an unknown one or another office's."""
    return work.session.scalar(mine(select(BlankForm).where(BlankForm.code == tidy_code(code)), actor))


def _found(work: Work, actor: Actor, code: str) -> BlankForm:
    form = blank_form(work, actor, code)
    if form is None:
        words = f"空白证里没有“{tidy_code(code)[:24]}”这个号。请看清纸上的印制流水号，或先登记领用。"
        raise RuleViolation("unknown_form", words)
    return form


def _refuse_use(work: Work, document: Document, form: BlankForm) -> None:
    if document.state != DocumentState.VALID:
        raise RuleViolation("not_ready", "这份证件还没有制成，或已不再有效，不能印。")
    if form.kind not in kinds_of(document):
        raise RuleViolation(
            "wrong_form", f"{form.code} 是“{form.kind}”的空白证，这份是《{title_of(document)}》。"
        )
    if form.state == "used":
        raise RuleViolation("form_used", f"{form.code} 已经印过另一份证件，请核对是不是拿错了纸。")
    if form.state != "stock":
        raise RuleViolation("form_spoiled", f"{form.code} 已登记作废，不能再用。")
    query = select(BlankForm.code).where(BlankForm.document_id == document.id, BlankForm.state == "used")
    other = work.session.scalar(query)
    if other is not None:
        raise RuleViolation("has_form", f"这份证件已印在 {other} 上。那张坏了的话，先登记作废，再用新的。")


def _change(work: Work, form: BlankForm, state: str, **values: object) -> None:
    done = work.session.execute(
        update(BlankForm)
        .where(BlankForm.id == form.id, BlankForm.state == form.state)
        .values(state=state, changed_at=work.now, changed_by=work.actor.name, **values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleViolation("changed_meanwhile", "刚才有人同时登记了这张空白证，请刷新后再看。")


def form_plan(services: Services, actor: Actor, view: PrintView) -> tuple[FormPlan, ...]:
    """The batch's documents that stand on forms this office has in stock or has used, in the batch's order; each without
    one is proposed the next number of its kind."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        ids = [item["document_id"] for item in view.items]
        documents = {
            row.id: row for row in work.session.scalars(select(Document).where(Document.id.in_(ids)))
        }
        used = dict(
            work.session.execute(
                select(BlankForm.document_id, BlankForm.code).where(
                    BlankForm.document_id.in_(ids), BlankForm.state == "used"
                )
            ).all()
        )
        known = set(work.session.scalars(mine(select(BlankForm.kind), actor).distinct()))
        plans: list[FormPlan] = []
        left: dict[str, list[str]] = {}
        for item in view.items:
            kind = next(
                (one for one in reversed(kinds_of(documents[item["document_id"]])) if one in known), ""
            )
            if not kind:
                continue
            if kind not in left:
                left[kind] = _next_codes(work, actor, kind, len(ids))
            code = used.get(item["document_id"], "")
            proposed = "" if code or not left[kind] else left[kind].pop(0)
            plans.append(
                FormPlan(
                    item["document_id"], item["no"], title_of(documents[item["document_id"]]), item["acceptance_no"],
                    kind, code, proposed,
                )
            )  # fmt: skip
    return tuple(plans)


def _next_codes(work: Work, actor: Actor, kind: str, count: int) -> list[str]:
    query = select(BlankForm.code).where(BlankForm.kind == kind, BlankForm.state == "stock")
    return list(work.session.scalars(mine(query, actor).order_by(BlankForm.code).limit(count)))


# -- 作废 --------------------------------------------------------------------------------------------------------------
def spoil_form(services: Services, actor: Actor, code: str, reason: str, second: Actor) -> str:
    """The form counts no more, used or not, and is kept to be destroyed; its code. ``second`` has seen it: nobody takes a
    blank form out of the books alone. ``RuleViolation``: ``unknown_form``, ``reason_required``, ``form_spoiled``."""
    actor.require(Scope.ISSUE)
    why = reason_given(reason)
    with services.store.work(actor) as work:
        form = _found(work, actor, code)
        if form.state not in ("stock", "used"):
            raise RuleViolation("form_spoiled", f"{form.code} 已经登记作废了。")
        _spoil(work, form, why, second.name)
        return form.code


def _spoil(work: Work, form: BlankForm, why: str, second: str = "") -> None:
    if form.state == "used":
        release_code(work, form.code)
    kind, object_id = ("document", form.document_id) if form.document_id else ("stock", form.id)
    _change(work, form, "spoiled", reason=why, second=second)
    work.audit("form_spoiled", kind, str(object_id), code=form.code, reason=why, second=second)


def spoil_of_document(work: Work, document_id: str, why: str) -> None:
    """A document was taken back: the form it stands on is waste."""
    query = select(BlankForm).where(BlankForm.document_id == document_id, BlankForm.state == "used")
    for form in list(work.session.scalars(query)):
        _spoil(work, form, why)


def destroy_forms(services: Services, actor: Actor, codes: Sequence[str], second: Actor) -> int:
    """Spoiled forms are destroyed before two people; how many. ``RuleViolation('none_chosen' | 'not_spoiled')``: then
    nothing is recorded."""
    actor.require(Scope.ISSUE)
    wanted = list(dict.fromkeys(tidy_code(code) for code in codes))[:MOST]
    if not wanted:
        raise RuleViolation("none_chosen", "请先勾出要销毁的是哪几张。")
    with services.store.work(actor) as work:
        for code in wanted:
            form = _found(work, actor, code)
            if form.state != "spoiled":
                raise RuleViolation("not_spoiled", f"{form.code} 没有登记作废，不能销毁。")
            _change(work, form, "destroyed", second=second.name)
        work.audit("forms_destroyed", "stock", new_id(), count=len(wanted), second=second.name)
    return len(wanted)


def acceptance_of(work: Work, ids: Sequence[str]) -> dict[str, str]:
    """Document → its case's number."""
    query = select(Document.id, Case.acceptance_no).join(Case, Case.id == Document.case_id)
    return dict(work.session.execute(query.where(Document.id.in_(ids))).all())
