"""电子送达 by the private link: a code sent to the phone on file, consent where there is none yet, then the papers.

Opening them with the code is the receipt. A link may be passed on, a code on the telephone is not; wrong ones are counted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from labels.masks import mask_phone

from ..calendar import local_date
from ..consignments.envelope import title_of
from ..consignments.links import case_by_secret
from ..consignments.signers import code_right
from ..counters import Limit, count, forget, refuse_reached
from ..errors import Fault, Invalid, NotFound, NotPermitted, RuleViolation
from ..lifecycle import CaseState, DocumentState
from ..models import Case, Document, PrivateLink
from ..notices import Words, notify
from ..rights import SYSTEM
from ..services import Services
from ..store import Work
from .consent import consent_of, keep_consent
from .entry import keep
from .methods import Entry
from .records import records_of

__all__ = ["CODE_TIME", "Electronic", "electronic_view", "paper_by_code", "receive", "send_code"]

#: so long a code opens the papers
CODE_TIME: Final = timedelta(minutes=15)
SENT: Final = Limit("link_codes", 5, timedelta(days=1))
WRONG: Final = Limit("link_code_wrong", 5, timedelta(hours=1))


@dataclass(frozen=True)
class Electronic:
    """What the private page of an electronic case says. ``ready``: every paper is made; ``code_sent``: a code is on its
    way and still opens; ``phone``: where to, masked."""

    ready: bool
    consented: bool
    received: bool
    code_sent: bool
    phone: str
    papers: tuple[tuple[str, str], ...]


def electronic_view(services: Services, secret: str) -> Electronic | None:
    """None where the case goes another way; ``NotFound`` for any other text than a link's secret."""
    with services.store.read(SYSTEM) as work:
        case, link = _case(work, secret)
        if case.method != "electronic" or case.state not in (CaseState.ISSUED, CaseState.CLOSED):
            return None
        papers = _papers(work, case)
        done = records_of(work, [paper.id for paper in papers])
        return Electronic(
            ready=bool(papers) and all(paper.state == DocumentState.VALID for paper in papers),
            consented=consent_of(work, case.id) is not None,
            received=bool(papers) and all(paper.id in done for paper in papers),
            code_sent=link.code_until is not None and link.code_until > work.now,
            phone=mask_phone(work.open(case, "body")["applicant"]["phone"]),
            papers=tuple((paper.id, title_of(paper)) for paper in papers if paper.pdf_blob),
        )


def _case(work: Work, secret: str) -> tuple[Case, PrivateLink]:
    case = case_by_secret(work, secret)
    link = work.session.scalar(select(PrivateLink).where(PrivateLink.case_id == case.id)) if case else None
    if case is None or link is None:
        raise NotFound("这个链接已失效或不完整。请用短信里的完整链接，或拨打窗口电话。")
    return case, link


def _papers(work: Work, case: Case) -> list[Document]:
    """Papers that go this way; one with a recipient of its own travels in an envelope."""
    query = select(Document).where(Document.case_id == case.id, Document.live).order_by(Document.position)
    body = work.open(case, "body")
    return [
        one for one in work.session.scalars(query) if not body["documents"][one.position].get("recipient")
    ]


def send_code(services: Services, secret: str) -> None:
    """Send a fresh code to the phone on file; at most five a day."""
    with services.store.work(SYSTEM) as work:
        case, link = _electronic(work, secret)
        refuse_reached(work, SENT, case.id, "验证码发送")
        count(work, SENT, case.id)
        code = f"{secrets.randbelow(10**6):06d}"
        work.seal(link, "code", code)
        link.code_until = work.now + CODE_TIME
        phone = work.open(case, "body")["applicant"]["phone"]
        notify(work, case, None, "code", Words(services).code(code), phone)
        work.audit("link_code_sent", "case", case.id)


def _electronic(work: Work, secret: str) -> tuple[Case, PrivateLink]:
    case, link = _case(work, secret)
    if case.method != "electronic" or case.state not in (CaseState.ISSUED, CaseState.CLOSED):
        raise RuleViolation("not_now", "这个办件现在不能在线收取。请看办理进度，或拨打窗口电话。")
    return case, link


def receive(services: Services, secret: str, code: str, *, agreed: bool) -> None:
    """Take the papers: the code is right, electronic service is agreed to, and with that they are served.

    ``NotPermitted('wrong_code')``, ``RuleViolation('too_many')``, ``Invalid`` without consent, ``not_ready`` while a paper
    is being made. A second time changes nothing.
    """
    _prove(services, secret, code)
    with services.store.work(SYSTEM) as work:
        case, _ = _electronic(work, secret)
        papers = _papers(work, case)
        if not papers or any(paper.state != DocumentState.VALID for paper in papers):
            raise RuleViolation("not_ready", "证件还没有全部做好，做好了会通知您。")
        body, today = work.open(case, "body"), local_date(work.now)
        if consent_of(work, case.id) is None:
            if not agreed:
                raise Invalid(
                    [Fault("/agree", "consent_required", "电子送达要您同意：请勾选“我同意”再收取。")]
                )
            keep_consent(work, case, who=body["applicant"]["name"], how="online", day=today)
        done = records_of(work, [paper.id for paper in papers])
        facts = {
            "system": mask_phone(body["applicant"]["phone"]), "signer": body["applicant"]["name"],
            "date": today.isoformat(), "signed": "凭手机验证码在线收取",
        }  # fmt: skip
        for paper in papers:
            if paper.id not in done:
                keep(work, paper, case, Entry("electronic", today, facts), origin="online")


def paper_by_code(services: Services, secret: str, code: str, document_id: str) -> tuple[bytes, str, str]:
    """A received paper's bytes, media type and name; the department's own file where there is one. Audited."""
    _prove(services, secret, code)
    with services.store.work(SYSTEM) as work:
        case, _ = _electronic(work, secret)
        paper = next((one for one in _papers(work, case) if one.id == document_id), None)
        if paper is None or document_id not in records_of(work, [document_id]):
            raise NotFound("没有这份证件，或者还没有收取。")
        work.audit("paper_opened", "document", paper.id)
        blob, name = paper.file_blob or paper.pdf_blob or "", title_of(paper)
    data: Any = services.blobs.get(blob)
    kind = "application/pdf" if data.startswith(b"%PDF-") else "application/ofd"
    return data, kind, f"{name}.{'pdf' if kind.endswith('pdf') else 'ofd'}"


def _prove(services: Services, secret: str, code: str) -> None:
    """The code is the one on the telephone and not too old. Counted before it is compared."""
    with services.store.work(SYSTEM) as work:
        case, link = _electronic(work, secret)
        refuse_reached(work, WRONG, case.id, "验证码输错")
        count(work, WRONG, case.id)
        expected = work.open(link, "code") if link.code else None
        fresh = link.code_until is not None and link.code_until > work.now
        right = expected is not None and fresh and code_right(str(expected), "".join(code.split())[:12])
        if right:
            forget(work, WRONG, case.id)
    if not right:
        raise NotPermitted("wrong_code", "验证码不对或已过期，请核对短信，或重新发一个。")
