"""当场领取: issued, printed, signed on the office's screen. The third act, after which the case is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from ..attachments import attach
from ..calendar import local_date
from ..cases import find_case
from ..consignments.signers import KINDS, may_sign, strictest
from ..errors import Fault, Invalid, RuleViolation
from ..holds import active_holds
from ..lifecycle import CaseState, DocumentState
from ..models import Case, Document
from ..printing.outcome import came_out
from ..rights import Actor, Scope
from ..services import Services
from ..signature import Signature
from ..store import Work
from .entry import keep
from .methods import Entry
from .records import receipts_of, records_of

__all__ = ["sign_on_the_spot", "signed_on_paper", "waits_for_signature"]


def waits_for_signature(work: Work, case: Case) -> list[Document]:
    """Papers of a case for 当场领取 that nobody has signed for yet, in order."""
    if case.method != "on_the_spot" or case.state != CaseState.ISSUED:
        return []
    query = select(Document).where(
        Document.case_id == case.id, Document.live, Document.consignment_id.is_(None)
    )
    papers = list(work.session.scalars(query.order_by(Document.position)))
    known = records_of(work, [paper.id for paper in papers])
    body = work.open(case, "body")
    return [
        paper
        for paper in papers
        if paper.id not in known and not body["documents"][paper.position].get("recipient")
    ]


def sign_on_the_spot(
    services: Services, actor: Actor, acceptance_no: str, signer: Mapping[str, str], signature: Signature
) -> int:
    """Who stands before the window signs for all papers of the case; how many. What was sent to
    the printer just before is thereby told to have come out. ``signer``: ``kind``, ``name``,
    ``relation``. The drawn name is kept with each paper as its 送达回证.

    ``Invalid`` for a missing name or kind; ``RuleViolation``: ``not_now``, ``not_ready``, ``held``, ``signer``, or
    ``receipt_required`` (a refusal signed on paper needs the paper's picture first).
    """
    actor.require(Scope.ISSUE)
    name, kind = " ".join(signer.get("name", "").split()), signer.get("kind", "")
    relation = " ".join(signer.get("relation", "").split())
    if faults := _faults(name, kind, relation):
        raise Invalid(faults)
    with services.store.read(actor) as work:
        case = find_case(work, actor, acceptance_no)
        papers = _checked(work, case, kind, relation, signature)
    if signature.png is not None:
        for paper in papers:
            attach(
                services, actor, kind="receipt", subject_kind="document", subject_id=paper.id,
                division_code=case.division_code, data=signature.png, note="当场签名",
            )  # fmt: skip
    with services.store.work(actor) as work:
        case = find_case(work, actor, acceptance_no, lock=True)
        papers = _checked(work, case, kind, relation, signature)
        came_out(work, [paper.id for paper in papers])
        entry = _entry(name, kind, relation, signature, local_date(work.now), actor.name)
        for paper in papers:
            keep(work, paper, case, entry, origin="spot")
        return len(papers)


def signed_on_paper(work: Work, case: Case, signer: Mapping[str, str], day: date, server: str) -> int:
    """The same in the caller's unit, as somebody wrote it on paper on ``day``: ``server`` handed the papers over. The
    picture of that sheet is kept elsewhere; a refusal needs its 送达回证 all the same."""
    name, kind, relation = signer["name"], signer["kind"], signer.get("relation", "")
    papers = _checked(work, case, kind, relation, Signature(None))
    entry = _entry(name, kind, relation, Signature(None), day, server)
    for paper in papers:
        keep(work, paper, case, entry, origin="spot")
    return len(papers)


def _faults(name: str, kind: str, relation: str) -> list[Fault]:
    faults = []
    if not name or len(name) > 200:
        faults.append(Fault("/name", "required", "请填写签收人的姓名。"))
    if kind not in KINDS or kind in ("point", "village"):
        faults.append(Fault("/kind", "unknown_value", "请选签收人是谁：本人、代理人……"))
    if len(relation) > 60:
        faults.append(Fault("/relation", "too_long", "与申请人的关系最多 60 字。"))
    return faults


def _checked(work: Work, case: Case, kind: str, relation: str, signature: Signature) -> list[Document]:
    papers = waits_for_signature(work, case)
    if not papers:
        raise RuleViolation("not_now", "这个办件现在没有等着当场签收的证件。")
    if any(paper.state != DocumentState.VALID for paper in papers):
        raise RuleViolation("not_ready", "证件还没有全部做好，等几秒钟再签收。")
    if active_holds(work, case.id):
        raise RuleViolation("held", "这个办件暂缓出件，先不要交出去。")
    organization = work.open(case, "body")["applicant"]["type"] == "organization"
    policy = strictest(paper.signer_policy for paper in papers)
    if not may_sign(policy, kind, relation, organization=organization):
        raise RuleViolation("signer", _who_may(policy, organization))
    denied = [paper.id for paper in papers if paper.denial]
    if denied and signature.on_paper and set(denied) - receipts_of(work, denied):
        raise RuleViolation(
            "receipt_required", "不予许可的决定书要有签过字的送达回证：请先上传回证照片，再签收。"
        )
    return papers


def _who_may(policy: str, organization: bool) -> str:
    if policy == "self":
        return "这份证件要本人领取。" if not organization else "这份证件要法定代表人或单位收发室领取。"
    return "来人不在可以签收的人里：要本人、同住成年家属、代理人、指定代收人或单位收发室。"


def _entry(name: str, kind: str, relation: str, signature: Signature, day: date, server: str) -> Entry:
    facts = {
        "signer": name, "signer_kind": kind, "relation": relation, "server": server, "date": day.isoformat(),
        "signed": "纸质签名或手印" if signature.on_paper else "屏幕签名",
    }  # fmt: skip
    return Entry("direct", day, {key: value for key, value in facts.items() if value})
