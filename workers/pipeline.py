"""The order of the stages, written once: which function does which step of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dispatch.consignments.book import book_consignment
from dispatch.consignments.plan import plan_case
from dispatch.consignments.track import settle_case
from dispatch.documents.compose import compose_document, give_up
from dispatch.documents.finish import finish_document
from dispatch.intake.running import forget_files, give_up_import, run_import
from dispatch.issue import run_batch
from dispatch.notices import send_notice
from dispatch.outbox import Claim
from dispatch.paper_day import enter_waiting
from dispatch.printing.label_jobs import give_up_labels, print_labels
from dispatch.services import Services

__all__ = ["GIVE_UP", "STEPS", "Stage"]

Stage = Callable[[Services, Claim], None]

STEPS: Mapping[str, Stage] = MappingProxyType(
    {
        "import.run": run_import,
        "import.forget": forget_files,
        "issue.batch": run_batch,
        "document.compose": compose_document,
        "document.finish": finish_document,
        "case.plan": plan_case,
        "consignment.book": book_consignment,
        "notice.send": send_notice,
        "case.settle": settle_case,
        "labels.print": print_labels,
        "paper.enter": enter_waiting,
    }
)

#: steps whose final failure is a state of its own, with a reason on the worklist; the others are parked
GIVE_UP: Mapping[str, Callable[[Services, str, str], None]] = MappingProxyType(
    {
        "document.compose": give_up,
        "document.finish": give_up,
        "labels.print": give_up_labels,
        "import.run": give_up_import,
    }
)
