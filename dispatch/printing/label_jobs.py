"""Labels to the label printer, one at a time, through the outbox.

Each label has its position: before it is sent the row says ``sending``, afterwards ``sent``, each in a unit of its own,
and nothing is sent within one. A worker that dies in between leaves ``sending`` behind; nobody can then say whether the
label came out, so a person is asked, and no label is printed twice by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from sqlalchemy import func, select, update

from labels.label import LabelSize
from labels.zpl import Dpi, label_zpl, slip_zpl

from .. import outbox
from ..consignments.label import marked_record, slip_record
from ..errors import NotFound, Rejected, RuleViolation, Unavailable
from ..models import LabelJob, LabelJobItem, PrintBatch, new_id
from ..outbox import Claim, LostClaim
from ..ports import LabelPrinter
from ..rights import SYSTEM, Actor, Scope
from ..services import Services
from ..store import Work
from .batches import find_batch, view_of
from .labels import envelopes_of, marks_of

__all__ = [
    "TROUBLES",
    "JobView",
    "answer_doubt",
    "give_up_labels",
    "jobs_of",
    "print_labels",
    "send_labels",
    "stop_labels",
    "try_again",
]

STEP: Final = "labels.print"
#: labels of one claim; the rest is claimed anew, so that other steps get their turn
AT_ONCE: Final = 20
TROUBLES: Final = MappingProxyType(
    {
        "paper_out": "打印机缺纸，请装纸，装好会自己接着打。",
        "head_open": "打印机盖子开着，请合上。",
        "ribbon_out": "打印机碳带用完了，请换碳带。",
        "paused": "打印机按了暂停，请按继续。",
    }
)


@dataclass(frozen=True)
class JobView:
    """A job as it is shown. ``state``: waiting, asking, stopped, done; ``asking`` the mark of the label in doubt;
    ``trouble`` why it does not go on, in Chinese."""

    id: str
    kind: str
    state: str
    sent: int
    total: int
    trouble: str
    asking: str


def send_labels(services: Services, actor: Actor, batch_id: str, kind: str = "label") -> str:
    """Hand the labels (``kind`` slip: the shelf slips) of a batch to the label printer; the job's id.

    ``RuleViolation``: ``no_printer``, ``no_labels``, ``already_printing`` while a job of the same kind still runs.
    """
    if services.label_printer is None:
        raise RuleViolation("no_printer", "没有接面单打印机（LABEL_PRINTER），请用 PDF 打印。")
    found = envelopes_of(services, actor, batch_id)
    chosen = found.slips if kind == "slip" else found.labelled
    if not chosen:
        raise RuleViolation("no_labels", "这一批还没有可以打印的面单，请稍候刷新。")
    with services.store.work(actor) as work:
        batch = find_batch(work, actor, batch_id)
        work.locked(PrintBatch, batch.id)
        running = select(LabelJob.id).where(
            LabelJob.batch_id == batch.id, LabelJob.kind == kind, LabelJob.state.in_(("waiting", "asking"))
        )
        if work.session.scalar(running) is not None:
            raise RuleViolation("already_printing", "这一批正在打印，请先等它打完，或停下它。")
        marks = marks_of(view_of(work, batch))
        job = work.add(
            LabelJob(
                id=new_id(), batch_id=batch.id, kind=kind, actor=actor.name, created_at=work.now, state="waiting", trouble=""
            )
        )  # fmt: skip
        work.session.flush()
        for position, one in enumerate(chosen):
            work.add(
                LabelJobItem(job_id=job.id, position=position, consignment_id=one, mark=marks[one], state="")
            )
        work.emit(STEP, job.id)
        work.audit("labels_sent", "print", batch.id, labels=len(chosen), kind=kind)
        return job.id


# -- the stage ---------------------------------------------------------------------------------------------------------
def print_labels(services: Services, claim: Claim) -> None:
    """Send what is not sent yet. ``Unavailable`` while the printer cannot; the reason stands on the job meanwhile."""
    printer = services.label_printer
    if printer is None:
        raise Rejected("no_printer", "没有接面单打印机（LABEL_PRINTER），请用 PDF 打印。")
    try:
        for item in _waiting(services, claim):
            _require_ready(printer)
            if not _send(services, claim, printer, item):
                return
    except LostClaim:
        raise
    except Unavailable as fault:
        _note(services, claim, fault)
        raise
    _settle(services, claim)


def _waiting(services: Services, claim: Claim) -> list[LabelJobItem]:
    """The next labels, none of a job that is no longer to be printed."""
    with services.store.read(SYSTEM) as work:
        job = work.session.get_one(LabelJob, claim.subject)
        if job.state != "waiting":
            return []
        query = select(LabelJobItem).where(LabelJobItem.job_id == job.id, LabelJobItem.state != "sent")
        return list(work.session.scalars(query.order_by(LabelJobItem.position).limit(AT_ONCE)))


def _require_ready(printer: LabelPrinter) -> None:
    state = printer.status()
    if state in TROUBLES:
        raise Unavailable(f"printer_{state}", TROUBLES[state])


def _send(services: Services, claim: Claim, printer: LabelPrinter, item: LabelJobItem) -> bool:
    """One label; False when somebody must look before it goes on."""
    zpl = "" if item.state else _zpl(services, claim, item, printer)
    with services.store.work(SYSTEM) as work:
        outbox.renew(work, claim)
        if not _mark(work, item, "", "sending"):
            _ask(work, claim)
            return False
    try:
        printer.send(zpl)
    except (Rejected, Unavailable) as fault:
        with services.store.work(SYSTEM) as work:
            if fault.code == "printer_in_doubt":
                _ask(work, claim)
                return False
            outbox.renew(work, claim)
            _mark(work, item, "sending", "")
        raise
    with services.store.work(SYSTEM) as work:
        outbox.renew(work, claim)
        _mark(work, item, "sending", "sent")
        _set(work, claim.subject, trouble="")
    return True


def _zpl(services: Services, claim: Claim, item: LabelJobItem, printer: LabelPrinter) -> str:
    with services.store.read(SYSTEM) as work:
        kind = work.session.get_one(LabelJob, claim.subject).kind
    dpi = cast(Dpi, printer.dpi)
    try:
        if kind == "slip":
            return slip_zpl(
                slip_record(services, SYSTEM, item.consignment_id, item.mark), services.fonts, dpi
            )
        record = marked_record(services, SYSTEM, item.consignment_id, item.mark)
        return label_zpl(record, cast(LabelSize, printer.size), services.fonts, dpi)
    except RuleViolation as fault:  # the envelope was booked anew or cancelled since
        raise Rejected(
            "label_impossible", f"{item.mark} 的面单已经作废或正在重做，请重新打印这一批。"
        ) from fault
    except ValueError as fault:
        raise Rejected(
            "label_impossible", f"{item.mark} 的面单无法生成：有字库没有的字，或者太长。"
        ) from fault


def _mark(work: Work, item: LabelJobItem, before: str, after: str) -> bool:
    values: dict[str, object] = {"state": after}
    if after == "sent":
        values["sent_at"] = work.now
    done = work.session.execute(
        update(LabelJobItem)
        .where(
            LabelJobItem.job_id == item.job_id,
            LabelJobItem.position == item.position,
            LabelJobItem.state == before,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def _set(work: Work, job_id: str, **values: object) -> None:
    work.session.execute(
        update(LabelJob)
        .where(LabelJob.id == job_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _ask(work: Work, claim: Claim) -> None:
    """Nobody can say whether the label came out: the step ends here, a person's answer begins it anew."""
    _set(work, claim.subject, state="asking", trouble="")
    outbox.finish(work, claim)


def _note(services: Services, claim: Claim, fault: Unavailable) -> None:
    with services.store.work(SYSTEM) as work:
        _set(work, claim.subject, trouble=fault.detail[:200])


def _settle(services: Services, claim: Claim) -> None:
    with services.store.work(SYSTEM) as work:
        job = work.session.get_one(LabelJob, claim.subject)
        outbox.finish(work, claim)
        if job.state != "waiting":
            return
        if _left(work, job.id):
            work.emit(STEP, job.id)
        else:
            job.state = "done"


def _left(work: Work, job_id: str) -> int:
    query = select(func.count()).select_from(LabelJobItem)
    return work.session.scalar(query.where(LabelJobItem.job_id == job_id, LabelJobItem.state != "sent")) or 0


def give_up_labels(services: Services, job_id: str, reason: str) -> None:
    """It will never go on by itself: stopped, with the reason on the batch's page."""
    with services.store.work(SYSTEM) as work:
        _set(work, job_id, state="stopped", trouble=reason[:200])


# -- what people say ----------------------------------------------------------------------------------------------------
def answer_doubt(services: Services, actor: Actor, job_id: str, *, came_out: bool) -> None:
    """Somebody looked at the printer: the label in doubt came out, or it did not and is sent again."""
    with services.store.work(actor) as work:
        job = _job(work, actor, job_id)
        if job.state != "asking":
            raise RuleViolation("not_asked", "现在没有要核对的面单，请刷新后再看。")
        work.session.execute(
            update(LabelJobItem)
            .where(LabelJobItem.job_id == job.id, LabelJobItem.state == "sending")
            .values(state="sent" if came_out else "", sent_at=work.now if came_out else None)
        )
        job.state = "waiting"
        work.emit(STEP, job.id)
        work.audit("labels_answered", "print", job.batch_id, came_out=came_out)


def try_again(services: Services, actor: Actor, job_id: str) -> None:
    """Do not wait for the next try: the paper is in, the lid is shut. Also takes up a stopped job again."""
    with services.store.work(actor) as work:
        job = _job(work, actor, job_id)
        if job.state not in ("waiting", "stopped"):
            raise RuleViolation("not_waiting", "这些面单不在等打印，请刷新后再看。")
        job.state, job.trouble = "waiting", ""
        work.emit(STEP, job.id)


def stop_labels(services: Services, actor: Actor, job_id: str) -> None:
    """Print no more of them; what is at the printer comes out."""
    with services.store.work(actor) as work:
        job = _job(work, actor, job_id)
        if job.state not in ("waiting", "asking"):
            raise RuleViolation("not_waiting", "这些面单不在等打印，请刷新后再看。")
        job.state, job.trouble = "stopped", "已停下，没有再打。"
        work.audit("labels_stopped", "print", job.batch_id)


def _job(work: Work, actor: Actor, job_id: str) -> LabelJob:
    actor.require(Scope.ISSUE)
    job = work.locked(LabelJob, job_id)
    if job is None:
        raise NotFound("没有找到这次面单打印。")
    find_batch(work, actor, job.batch_id)
    return job


def jobs_of(services: Services, actor: Actor, batch_id: str) -> list[JobView]:
    """The label jobs of a batch, the newest first."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        find_batch(work, actor, batch_id)
        query = select(LabelJob).where(LabelJob.batch_id == batch_id)
        jobs = work.session.scalars(query.order_by(LabelJob.created_at.desc(), LabelJob.id))
        return [_view(work, job) for job in jobs]


def _view(work: Work, job: LabelJob) -> JobView:
    items = list(
        work.session.scalars(
            select(LabelJobItem).where(LabelJobItem.job_id == job.id).order_by(LabelJobItem.position)
        )
    )
    asking = next((item.mark for item in items if item.state == "sending"), "")
    sent = sum(1 for item in items if item.state == "sent")
    return JobView(
        job.id, job.kind, job.state, sent, len(items), job.trouble, asking if job.state == "asking" else ""
    )
