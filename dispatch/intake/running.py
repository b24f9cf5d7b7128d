"""A file being judged or taken in, at once or in the background by step ``import.run``.

In the background the file is first read into chunks, then each claim judges one. A chunk and its counts are one unit, and
a case taken twice is no news, so that a worker killed in between loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import delete, select, update

from .. import outbox
from ..errors import DispatchError, Invalid
from ..models import ImportChunk, ImportFault, ImportFile, ImportRun, new_id
from ..outbox import Claim
from ..rights import SYSTEM, Actor, Scope
from ..services import Services
from ..store import Work
from .files import Row
from .kept import own_run, row_from, row_kept, rows_of
from .receive import Verdict, judge_rows

__all__ = [
    "KEPT_FOR",
    "MOST_CASES",
    "clear",
    "drop_old",
    "forget_files",
    "give_up_import",
    "run_at_once",
    "run_import",
]

#: cases that a run in the background can read within its lease
MOST_CASES: Final = 30_000
_CHUNK: Final = 250
#: for so long a file and the rows that were not taken can be fetched again
KEPT_FOR: Final = timedelta(days=30)
_AT_ONCE: Final = 100


def clear(work: Work, run: ImportRun) -> None:
    """Before a run: no counts, no faults, no chunks of an earlier one."""
    run.total = run.done = run.created = run.same = run.refused = 0
    run.problem, run.ended_at = "", None
    work.session.execute(delete(ImportFault).where(ImportFault.run_id == run.id))
    work.session.execute(delete(ImportChunk).where(ImportChunk.run_id == run.id))


def run_at_once(services: Services, actor: Actor, run_id: str) -> None:
    """Judge a small file while the clerk waits. What refuses the whole file ends the run and is raised."""
    with services.store.read(actor) as work:
        run = own_run(work, actor, run_id)
        act = run.act
    try:
        with services.store.read(actor) as work:
            rows = rows_of(work, run, MOST_CASES)
        verdicts = list(judge_rows(services, actor, rows, dry_run=act == "try"))
    except DispatchError as refusal:
        with services.store.work(actor) as work:
            _fail(own_run(work, actor, run_id, lock=True), said(refusal), work.now)
        raise
    with services.store.work(actor) as work:
        row = own_run(work, actor, run_id, lock=True)
        row.total = len(rows)
        _count(work, row, verdicts)
        _end(work, row)


def run_import(services: Services, claim: Claim) -> None:
    """Step ``import.run``: read the file into chunks, or judge the next one. What refuses the whole file ends the run."""
    with services.store.read(SYSTEM) as work:
        run = work.session.get_one(ImportRun, claim.subject)
        chunk = _next_chunk(work, run.id)
        rows = [row_from(kept) for kept in work.open(chunk, "cases")] if chunk is not None else []
    if run.state == "running" and run.total == 0:
        _read(services, claim, run)
        return
    actor = Actor(run.actor, run.office, frozenset({Scope.CASES}))
    wanted = rows if run.state == "running" else []
    verdicts = list(judge_rows(services, actor, wanted, dry_run=run.act == "try"))
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)
        row = work.locked(ImportRun, run.id)
        if row is None or row.state != "running":
            return
        _count(work, row, verdicts)
        if chunk is not None:
            work.session.execute(delete(ImportChunk).where(ImportChunk.id == chunk.id))
        _go_on(work, row)


def _read(services: Services, claim: Claim, run: ImportRun) -> None:
    rows, problem = list[Row](), ""
    try:
        with services.store.read(SYSTEM) as work:
            rows = rows_of(work, run, MOST_CASES)
    except Invalid as refusal:
        problem = said(refusal)
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)
        row = work.locked(ImportRun, run.id)
        if row is None or row.state != "running":
            return
        if problem:
            _fail(row, problem, work.now)
            return
        row.total = len(rows)
        _lay_down(work, row, rows)
        _go_on(work, row)


def _lay_down(work: Work, run: ImportRun, rows: Sequence[Row]) -> None:
    pieces = iter(rows)
    for position, piece in enumerate(iter(lambda: list(islice(pieces, _CHUNK)), [])):
        chunk = ImportChunk(id=new_id(), run_id=run.id, position=position)
        work.seal(chunk, "cases", [row_kept(one) for one in piece])
        work.add(chunk)
    work.session.flush()


def _go_on(work: Work, run: ImportRun) -> None:
    if _next_chunk(work, run.id) is not None:
        work.emit("import.run", run.id)
    else:
        _end(work, run)


def _next_chunk(work: Work, run_id: str) -> ImportChunk | None:
    query = select(ImportChunk).where(ImportChunk.run_id == run_id).order_by(ImportChunk.position).limit(1)
    return work.session.scalar(query)


def _count(work: Work, run: ImportRun, verdicts: Sequence[Verdict]) -> None:
    tally = [sum(1 for one in verdicts if one.outcome == what) for what in ("created", "same", "refused")]
    work.session.flush()
    work.session.execute(
        update(ImportRun).where(ImportRun.id == run.id)
        .values(
            done=ImportRun.done + len(verdicts), created=ImportRun.created + tally[0],
            same=ImportRun.same + tally[1], refused=ImportRun.refused + tally[2],
        )
    )  # fmt: skip
    work.session.refresh(run)
    for one in verdicts:
        if one.faults:
            row = ImportFault(id=new_id(), run_id=run.id, line=one.row.line)
            facts = {
                "lines": list(one.row.lines) or [one.row.line],
                "acceptance_no": one.row.acceptance_no or "",
                "faults": [fault.as_dict() for fault in one.faults],
            }
            work.seal(row, "facts", facts)
            work.add(row)


def _end(work: Work, run: ImportRun) -> None:
    take = run.act == "take"
    run.state, run.ended_at = ("taken" if take else "tried"), work.now
    counts = {"created": run.created, "same": run.same, "refused": run.refused}
    work.audit("file_taken" if take else "file_tried", "import", run.id, **counts)
    if take and not run.refused:  # nothing left to mend: persons' data are not kept twice
        work.session.execute(delete(ImportFile).where(ImportFile.id == run.id))


# -- nothing is kept longer than needed ---------------------------------------------------------------------------------
def drop_old(work: Work) -> bool:
    """Files that were handed in long ago go, with the rows that were not taken; whether more of them are left."""
    old = select(ImportRun.id).where(ImportRun.kept_at < work.now - KEPT_FOR, ImportRun.state != "running")
    ids = list(work.session.scalars(old.limit(_AT_ONCE)))
    for table, key in (
        (ImportFault, ImportFault.run_id),
        (ImportChunk, ImportChunk.run_id),
        (ImportFile, ImportFile.id),
    ):
        work.session.execute(delete(table).where(key.in_(ids)))
    work.session.execute(delete(ImportRun).where(ImportRun.id.in_(ids)))
    if ids:
        work.audit("files_forgotten", "import", "files", count=len(ids))
    return len(ids) == _AT_ONCE


def forget_files(services: Services, claim: Claim) -> None:
    """Step ``import.forget``, due once nobody has handed in a file for so long that the last one must go."""
    with services.store.work(SYSTEM) as work:
        outbox.finish(work, claim)
        if drop_old(work):
            work.emit("import.forget", "files")


def give_up_import(services: Services, run_id: str, reason: str) -> None:
    """The step failed for good: the run says why; what was taken stays taken."""
    with services.store.work(SYSTEM) as work:
        _fail(work.locked(ImportRun, run_id), reason, work.now)


def _fail(run: ImportRun | None, reason: str, now: datetime) -> None:
    if run is not None and run.state == "running":
        run.state, run.problem, run.ended_at = "failed", reason[:400], now


def said(refusal: DispatchError) -> str:
    """The refusal in one line."""
    if isinstance(refusal, Invalid):
        return "；".join(fault.detail for fault in refusal.faults)
    return refusal.detail
