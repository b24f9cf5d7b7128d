"""A small house for tests of the road: real database, keys and files; papers are made valid without drawing them."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select

from dispatch import outbox
from dispatch.adapters.bell import NullBell
from dispatch.adapters.blobs import open_blobs
from dispatch.adapters.carriers.manual import ManualCarrier
from dispatch.adapters.carriers.range import RangeCarrier
from dispatch.adapters.carriers.staff import StaffCarrier
from dispatch.adapters.keyring import FileKeyRing
from dispatch.adapters.notify import RecordingNotifier
from dispatch.adapters.sealer import PadesSealer
from dispatch.calendar import WorkingCalendar
from dispatch.config import Settings
from dispatch.consignments.book import book_consignment
from dispatch.consignments.codes import label_text
from dispatch.consignments.pack import pack_check
from dispatch.consignments.plan import plan_case
from dispatch.consignments.ranges import DatabaseNumbers, ensure_demo_range
from dispatch.consignments.scans import take_scans
from dispatch.consignments.track import settle_case
from dispatch.documents.templates import TemplateBook
from dispatch.documents.token import TokenBody, document_id_bytes, token_text
from dispatch.errors import RuleViolation, Unavailable
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.lifecycle import DocumentState
from dispatch.models import AuditHead, Base, Case, Consignment, Document, LogHead, Notice, Waybill
from dispatch.notices import send_notice
from dispatch.rights import SYSTEM
from dispatch.services import Services
from dispatch.store import Store, make_engine
from dispatch.vault import Vault
from labels.fonts import FontBook
from tests.factories import CLERK, COLLEAGUE, approval

__all__ = ["Road", "TestClock"]

START = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # Monday, ten in the morning in Shanghai


class TestClock:
    """A clock that goes when told."""

    __test__ = False

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: int) -> None:
        self.at += timedelta(**by)


@cache
def _fonts() -> FontBook:
    return FontBook()


@cache
def _templates() -> TemplateBook:
    return TemplateBook.load(Path(__file__).resolve().parents[1] / "templates" / "documents")


class Road:
    """Services on SQLite and the few acts that every test of the road begins with."""

    def __init__(self, folder: Path, **environ: str) -> None:
        settings = Settings.from_env({"DISPATCH_DATA_DIR": str(folder), **environ})
        self.clock = TestClock()
        keys = FileKeyRing(folder / "keys")
        keys.ensure(self.clock.now())
        vault = Vault(keys)
        store = Store(make_engine(settings.database_url), vault, self.clock, NullBell())
        numbers = DatabaseNumbers(store)
        carriers = (RangeCarrier(numbers), ManualCarrier(), StaffCarrier(numbers))
        self.services = Services(
            settings=settings, clock=self.clock, store=store, vault=vault, keys=keys,
            sealer=PadesSealer(keys, folder / "keys"), blobs=open_blobs(settings.blob_url),
            carriers={carrier.code: carrier for carrier in carriers}, notifier=RecordingNotifier(), fonts=_fonts(),
            templates=_templates(), calendar=WorkingCalendar(),
        )  # fmt: skip
        Base.metadata.create_all(store.engine)
        with store.work(SYSTEM) as work:
            work.add(AuditHead(id=1, seq=0, hash=bytes(32)))
            work.add(LogHead(id=1, size=0, frontier=b""))

    # -- cases -----------------------------------------------------------------------------------------------------
    def issue(self, numbers: bool = True, **changes: object) -> str:
        """Receive and issue a case, do every due step; its acceptance number."""
        if numbers:
            ensure_demo_range(self.services)
        case = approval(**changes)
        receive_case(self.services, CLERK, case, source="api")
        issue_case(self.services, COLLEAGUE, case["acceptance_no"])
        self.drain()
        return str(case["acceptance_no"])

    def drain(self) -> list[str]:
        """Do every due step; papers become valid with a token of their own. Returns the steps done."""
        stages = {
            "case.plan": plan_case, "consignment.book": book_consignment, "notice.send": send_notice,
            "case.settle": settle_case, "document.compose": self._make_valid,
        }  # fmt: skip
        done = []
        while (claim := outbox.claim_next(self.services.store)) is not None:
            try:
                stages[claim.step](self.services, claim)
                done.append(claim.step)
            except Unavailable as fault:
                outbox.give_back(self.services.store, claim, fault.code)
                break
        return done

    def _make_valid(self, services: Services, claim: outbox.Claim) -> None:
        with services.store.work(SYSTEM) as work:
            document = work.session.get_one(Document, claim.subject)
            body = TokenBody(
                kid=1, document_id=document_id_bytes(document.id), type_no=1, issued=date(2026, 11, 16), expires=None,
                log_index=0, flags=1, holder="周小满", number=document.number or "", id_tail="----",
                digest16=secrets.token_bytes(16),
            ).pack()  # fmt: skip
            work.seal(document, "token_body", body.hex())
            document.signature = secrets.token_bytes(64)
            work.move(document, DocumentState.VALID, valid_at=work.now)
            case = work.session.get_one(Case, document.case_id)
            if document.consignment_id is None:
                work.emit("case.settle", case.id)
            outbox.finish(work, claim)

    def case(self, acceptance_no: str) -> Case:
        with self.services.store.read(SYSTEM) as work:
            return work.session.scalars(select(Case).where(Case.acceptance_no == acceptance_no)).one()

    def documents(self, acceptance_no: str) -> list[Document]:
        with self.services.store.read(SYSTEM) as work:
            query = (
                select(Document)
                .join(Case, Case.id == Document.case_id)
                .where(Case.acceptance_no == acceptance_no)
            )
            return list(work.session.scalars(query.order_by(Document.position)))

    def envelopes(self, acceptance_no: str) -> list[Consignment]:
        """The envelopes the case's papers are in, in the papers' order."""
        ids = dict.fromkeys(d.consignment_id for d in self.documents(acceptance_no) if d.consignment_id)
        return [self.envelope(one) for one in ids]

    def envelope(self, consignment_id: str) -> Consignment:
        with self.services.store.read(SYSTEM) as work:
            return work.session.get_one(Consignment, consignment_id)

    def number(self, consignment_id: str) -> str:
        with self.services.store.read(SYSTEM) as work:
            query = select(Waybill.number).where(Waybill.consignment_id == consignment_id, Waybill.active)
            return str(work.session.scalars(query).one())

    def code(self, consignment_id: str) -> str | None:
        with self.services.store.read(SYSTEM) as work:
            found = work.open(work.session.get_one(Consignment, consignment_id), "delivery_code")
        return None if found is None else str(found)

    def qr(self, document: Document) -> str:
        """The text of the paper's QR."""
        with self.services.store.read(SYSTEM) as work:
            body = bytes.fromhex(work.open(document, "token_body"))
        return token_text(self.services.settings.verify_prefix, body + (document.signature or b""))

    def label(self, consignment_id: str) -> str:
        return label_text(self.services.settings.public_base_url, consignment_id)

    def notices(self, occasion: str) -> list[tuple[str, str]]:
        """``(to, text)`` of the messages of one occasion, the oldest first."""
        with self.services.store.read(SYSTEM) as work:
            rows = work.session.scalars(
                select(Notice).where(Notice.occasion == occasion).order_by(Notice.created_at)
            )
            return [(work.open(row, "to"), work.open(row, "text")) for row in rows]

    # -- acts ------------------------------------------------------------------------------------------------------
    def pack(self, acceptance_no: str) -> str:
        """Pack every paper of the case into its envelope; the last envelope's id."""
        for document in self.documents(acceptance_no):
            assert document.consignment_id is not None
            pack_check(self.services, CLERK, self.label(document.consignment_id), document.id)
        return str(document.consignment_id)

    def mismatch(self, label: str, paper: str, object_tail: str | None = None) -> str:
        """The reason for which this pair is refused."""
        try:
            pack_check(self.services, CLERK, label, paper, object_tail)
        except RuleViolation as refusal:
            assert refusal.code == "mismatch"
            assert refusal.extra["outcome"] == "mismatch"
            return str(refusal.extra["reason"])
        return "matched"

    def scan(
        self, code: str, action: str, *, actor: object = CLERK, source: str = "api", **more: object
    ) -> dict[str, object]:
        """One scan, happening now unless ``minutes`` says how long ago."""
        ago = more.pop("minutes", 0)
        assert isinstance(ago, int)
        raw = {"scan_id": secrets.token_hex(8), "code": code, "action": action} | more
        raw.setdefault("occurred_at", (self.clock.now() - timedelta(minutes=ago)).isoformat())
        return take_scans(self.services, actor, self.clock.now(), [raw], source=source)[0]  # type: ignore[arg-type]
