"""Documents on a real database: made once, blocked with a reason, mended, ended by two, superseded, undone."""

from __future__ import annotations

import hashlib
import json

import pypdfium2
import pytest
from sqlalchemy import func, select, update

from dispatch import outbox
from dispatch.documents.compose import compose_document, give_up
from dispatch.documents.files import original_of, pdf_of, store_import
from dispatch.documents.finish import finish_document, read_qr
from dispatch.documents.token import Flag, from_text, parse
from dispatch.documents.validity import reinstate, revoke, supersede, suspend
from dispatch.errors import Invalid, NotFound, Rejected, RuleViolation
from dispatch.intake.receive import correct_case, receive_case
from dispatch.issue import cancel_case, issue_case
from dispatch.ledger import check
from dispatch.models import Audit, Case, Document, LogLeaf, Outbox
from dispatch.offline import check_pdf
from dispatch.pinned import jwks
from dispatch.rights import SYSTEM
from dispatch.verification import verify
from tests.factories import CHIEF, CLERK, COLLEAGUE, ELSEWHERE, SECOND_CHIEF, approval, document

pytestmark = pytest.mark.integration


@pytest.fixture
def issued(services, drain):
    """Receive, issue and finish a case; gives its documents as they are afterwards."""

    def run(case=None, *, work=True):
        case = case or approval()
        receive_case(services, CLERK, case, source="api")
        issue_case(services, COLLEAGUE, case["acceptance_no"])
        if work:
            drain()
        return documents_of(services, case["acceptance_no"])

    return run


def documents_of(services, acceptance_no):
    with services.store.read(SYSTEM) as work:
        rows = (
            select(Document).join(Case).where(Case.acceptance_no == acceptance_no).order_by(Document.position)
        )
        return list(work.session.scalars(rows))


def test_a_document_is_sealed_logged_and_verifies(services, issued) -> None:
    [made] = issued()
    assert (made.state, made.log_index) == ("valid", 0)
    pdf = pdf_of(services, CLERK, made.id)
    assert hashlib.sha256(pdf).hexdigest() == made.pdf_sha256
    answer = check_pdf(
        pdf, jwks(services.keys)["keys"], now=services.clock.now(), roots_pem=services.sealer.ca_pem()
    )
    assert answer.result == "PASSED"
    token = parse(from_text(read_qr(pdf)))
    assert token.document_id == made.id
    assert token.has(Flag.SAMPLE)
    assert check(services) == []


def test_doing_a_step_twice_changes_nothing(services, issued, drain) -> None:
    [made] = issued()
    with services.store.work(SYSTEM) as work:
        work.emit("document.compose", made.id)
        work.emit("document.finish", made.id)
    drain()
    [again] = documents_of(services, next(iter([_acceptance(services, made)])))
    assert (again.pdf_sha256, again.log_index, again.signature) == (
        made.pdf_sha256,
        made.log_index,
        made.signature,
    )
    assert check(services) == []


def _acceptance(services, made):
    with services.store.read(SYSTEM) as work:
        return work.session.get_one(Case, made.case_id).acceptance_no


def test_a_worker_that_lost_its_claim_commits_nothing(services, issued) -> None:
    [draft] = issued(work=False)
    with services.store.read(SYSTEM) as work:
        step = work.session.scalar(select(Outbox.id).where(Outbox.step == "document.compose"))
    slow = outbox.claim(services.store, step)
    with services.store.work(SYSTEM) as work:  # its lease runs out while it is paused
        work.session.execute(update(Outbox).where(Outbox.id == step).values(lease_until=work.now))
    fast = outbox.claim(services.store, step)
    assert fast is not None
    compose_document(services, fast)
    with pytest.raises(outbox.LostClaim):
        compose_document(services, slow)
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(LogLeaf)) == 1
        assert work.session.get_one(Document, draft.id).log_index == 0


def test_two_finishing_at_once_store_one_signature(services, issued, drain, monkeypatch) -> None:
    [draft] = issued(work=False)
    with services.store.read(SYSTEM) as work:
        step = work.session.scalar(select(Outbox.id).where(Outbox.step == "document.compose"))
    compose_document(services, outbox.claim(services.store, step))
    with services.store.read(SYSTEM) as work:
        step = work.session.scalar(select(Outbox.id).where(Outbox.step == "document.finish"))
    claim = outbox.claim(services.store, step)
    first = []
    put = services.blobs.put

    def die_once(name, data):
        if not first:
            first.append(name)
            raise Rejected("disk", "磁盘已满")
        put(name, data)

    monkeypatch.setattr(services.blobs, "put", die_once)
    with pytest.raises(Rejected):
        finish_document(services, claim)
    with services.store.read(SYSTEM) as work:
        signed = work.session.get_one(Document, draft.id).signature
    assert signed is not None
    finish_document(services, claim)
    with services.store.read(SYSTEM) as work:
        done = work.session.get_one(Document, draft.id)
    assert (done.state, done.signature) == ("valid", signed)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"documents": [document(fields={"申请人": "周\U0003106d"})]}, "U+3106D"),
        (
            {
                "decision": "denied",
                "documents": [document(kind="decision", title="不予行政许可决定书", fields={"依据": "某法"})],
            },
            "复议机关",
        ),
    ],
)
def test_what_cannot_be_made_is_blocked_with_the_reason_and_mended(
    services, issued, drain, changes, word
) -> None:
    case = approval(**changes)
    [blocked] = issued(case)
    assert blocked.state == "blocked"
    assert word in blocked.reason
    assert blocked.log_index is None
    assert check(services) == []
    with pytest.raises(RuleViolation, match="not_ready") as refusal:
        pdf_of(services, CLERK, blocked.id)
    assert word in refusal.value.detail
    case["documents"][0]["fields"] = {
        "申请人": "周小满",
        "审查情况": "材料不齐。",
        "依据": "某法第一条",
        "复议机关": "磐安县人民政府",
        "管辖法院": "磐安县人民法院",
    }  # fmt: skip
    correct_case(services, CLERK, case["acceptance_no"], case)
    drain()
    [mended] = documents_of(services, case["acceptance_no"])
    assert (mended.id, mended.state, mended.number) == (blocked.id, "valid", blocked.number)
    assert check(services) == []


def test_a_mended_case_leaves_its_valid_documents_alone(services, issued) -> None:
    case = approval(
        documents=[document(), document(title="准予注销登记通知书", fields={"申请人": "周\U0003106d"})]
    )
    good, bad = issued(case)
    assert (good.state, bad.state) == ("valid", "blocked")
    case["documents"][0]["fields"]["申请人"] = "别人"
    with pytest.raises(RuleViolation, match="document_issued"):
        correct_case(services, CLERK, case["acceptance_no"], case)


def test_a_document_that_finally_fails_gets_a_void_leaf(services, issued) -> None:
    [draft] = issued(work=False)
    with services.store.read(SYSTEM) as work:
        step = work.session.scalar(select(Outbox.id).where(Outbox.step == "document.compose"))
    compose_document(services, outbox.claim(services.store, step))
    give_up(services, draft.id, "电子印章服务多次未能盖章")
    with services.store.read(SYSTEM) as work:
        kinds = list(work.session.scalars(select(LogLeaf.kind).order_by(LogLeaf.index)))
        failed = work.session.get_one(Document, draft.id)
    assert kinds == [0, 1]
    assert (failed.state, failed.signature) == ("blocked", None)
    assert "盖章" in failed.reason


def test_the_accompanying_sheet_of_a_physical_original(services, issued) -> None:
    [made] = issued(
        approval(
            documents=[
                document(
                    kind="physical",
                    source="physical",
                    title="居民身份证",
                    object_no="33072719800101803X",
                    fields={},
                )
            ]
        )
    )
    assert (made.state, made.number) == ("valid", None)
    token = parse(from_text(read_qr(pdf_of(services, CLERK, made.id))))
    assert token.has(Flag.SHEET)


def sheet_text(services, made) -> str:
    file = pypdfium2.PdfDocument(pdf_of(services, CLERK, made.id))
    try:
        return "".join(file[0].get_textpage().get_text_bounded().split())
    finally:
        file.close()


def test_the_sheet_says_what_it_goes_with_and_not_what_is_read_from_the_object(services, issued) -> None:
    deed = document(kind="physical", source="physical", title="不动产权证书", object_no="D33001234567")
    [made] = issued(approval(documents=[deed]))
    text = sheet_text(services, made)
    assert "出件随附单" in text
    assert "不动产权证书" in text
    assert "4567" not in text


def test_the_sheet_of_an_imported_file_names_its_hash(services, issued, drain) -> None:
    [waiting] = issued(approval(documents=[document(source="import")]))
    digest = store_import(services, CLERK, waiting.id, b"%PDF-1.7\n" + bytes(range(200)))
    drain()
    assert f"电子原件摘要：{digest}" in sheet_text(services, waiting).replace(
        "电子原件摘要", "电子原件摘要：", 1
    )
    with services.store.read(SYSTEM) as work:
        (kept,) = work.session.scalars(select(Audit.detail).where(Audit.action == "original_stored"))
    assert digest in kept
    found = verify(services, {"sha256": digest})
    assert found.document is not None
    assert found.document.title == waiting.title


def test_an_imported_original_is_kept_byte_for_byte(services, issued, drain) -> None:
    [waiting] = issued(approval(documents=[document(source="import")]))
    assert waiting.state == "draft"
    assert check(services) == []
    with pytest.raises(Invalid):
        store_import(services, CLERK, waiting.id, b"GIF89a")
    original = b"%PDF-1.7\n" + bytes(range(256))
    store_import(services, CLERK, waiting.id, original)
    assert store_import(services, CLERK, waiting.id, original) == hashlib.sha256(original).hexdigest()
    drain()
    assert original_of(services, CLERK, waiting.id) == ("application/pdf", original)
    with pytest.raises(RuleViolation, match="already_issued"):
        store_import(services, CLERK, waiting.id, original + b"x")
    with pytest.raises(NotFound):
        original_of(services, ELSEWHERE, waiting.id)


ORDER = {
    "kind": "revoked",
    "reason": "核查发现材料虚假",
    "organ": "磐安县市场监督管理局",
    "decision_no": "〔2026〕1号",
}


def test_one_person_suspends_and_two_revoke(services, issued) -> None:
    [made] = issued()
    assert revoke(services, CHIEF, made.id, **ORDER) == "suspended"
    assert (
        revoke(services, CHIEF, made.id, **ORDER) == "suspended"
    )  # the same person again is still one person
    assert (
        revoke(services, SECOND_CHIEF, made.id, **(ORDER | {"kind": "penalty"})) == "suspended"
    )  # not the same act
    assert revoke(services, SECOND_CHIEF, made.id, **ORDER) == "revoked"
    assert revoke(services, CHIEF, made.id, **ORDER) == "revoked"
    assert check(services) == []


def test_revoking_names_every_fault_at_once(services, issued) -> None:
    [made] = issued()
    with pytest.raises(Invalid) as refusal:
        revoke(services, CHIEF, made.id, kind="burnt", reason=" ", organ="", decision_no="x" * 81)
    assert {f.pointer for f in refusal.value.faults} == {"/kind", "/reason", "/organ", "/decision_no"}


def test_reinstating_takes_two_and_forgets_what_was_asked_before(services, issued) -> None:
    [made] = issued()
    assert suspend(services, CHIEF, made.id, reason="接到举报") == "suspended"
    assert revoke(services, CHIEF, made.id, **ORDER) == "suspended"
    assert reinstate(services, CHIEF, made.id, reason="查无此事") == "suspended"
    assert reinstate(services, SECOND_CHIEF, made.id, reason="查无此事") == "valid"
    assert revoke(services, SECOND_CHIEF, made.id, **ORDER) == "suspended"


def test_superseding_keeps_the_number_with_the_next_revision(services, issued, drain) -> None:
    [old] = issued()
    better = document(fields={"申请人": "周小满", "决定内容": "更正后的内容。"})
    assert supersede(services, CHIEF, old.id, reason="更正", replacement=better) == ("suspended", None)
    state, new_id = supersede(services, SECOND_CHIEF, old.id, reason="更正", replacement=better)
    drain()
    with services.store.read(SYSTEM) as work:
        before, after = work.session.get_one(Document, old.id), work.session.get_one(Document, new_id)
    assert (state, before.replaced_by, before.live) == ("superseded", new_id, False)
    assert (after.state, after.number, after.revision) == ("valid", old.number, 2)
    assert check(services) == []


def test_cancelling_an_issued_case_voids_documents_and_label(services, issued, drain) -> None:
    [made] = issued()
    cancel_case(services, CLERK, _acceptance(services, made), "部门通知撤件")
    drain()
    with services.store.read(SYSTEM) as work:
        gone = work.session.get_one(Document, made.id)
        assert (gone.state, gone.live) == ("void", False)
        assert list(work.session.scalars(select(LogLeaf.kind).order_by(LogLeaf.index))) == [0, 1]
    assert check(services) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE log_leaves SET data = x'00' WHERE \"index\" = 0", "日志第 0 条"),
        ("UPDATE log_leaves SET data = x'00' WHERE \"index\" = 0", "日志的根"),
        ("UPDATE documents SET pdf_sha256 = '00'", "摘要不符"),
        ("UPDATE documents SET signature = NULL", "没有签名"),
        ("DELETE FROM document_numbers", "编号有缺"),
        ("DELETE FROM range_numbers", "不认识这个号码"),
        ("UPDATE documents SET pdf_blob = 'documents/none.pdf'", "取不到"),
    ],
)
def test_the_ledger_names_each_broken_promise(services, issued, change, word) -> None:
    if services.store.engine.dialect.name != "sqlite":
        change = change.replace("x'00'", "'\\x00'::bytea")
    issued()
    assert check(services) == []
    with services.store.work(SYSTEM) as work:
        work.session.connection().exec_driver_sql(change)
    assert any(word in finding for finding in check(services)), check(services)


def test_printed_values_travel_inside_the_file(services, issued) -> None:
    [made] = issued()
    pdf = pdf_of(services, CLERK, made.id)
    assert b"/AFRelationship /Data" in pdf or b"/AFRelationship/Data" in pdf
    with services.store.read(SYSTEM) as work:
        stored = work.open(work.session.get_one(Document, made.id), "record")
    assert json.loads(stored["page"])["printed"]["title"] == made.title
