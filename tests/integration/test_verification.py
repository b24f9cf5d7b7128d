"""Verification against a real register: every status, forged and stolen, damaged databases, and what is told
to whom."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql

from dispatch import outbox
from dispatch.documents.token import assemble, parse, signing_input, to_base32
from dispatch.documents.validity import revoke, supersede, suspend
from dispatch.errors import Invalid, RuleViolation
from dispatch.issue import cancel_case
from dispatch.models import Document, LogHead, LogLeaf
from dispatch.offline import check_pdf
from dispatch.pinned import jwks
from dispatch.rights import SYSTEM
from dispatch.verdict import Answer
from dispatch.verification import verify, verify_many
from tests.factories import CHIEF, CLERK, SECOND_CHIEF, approval, document
from tests.road import Road
from workers.pipeline import STEPS

pytestmark = pytest.mark.integration


class Desk(Road):
    """A road whose papers are really drawn, signed and logged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with self.services.store.work(SYSTEM) as work:
            work.insert_missing(LogHead, {"id": 1, "size": 0}, ["id"])

    def drain(self) -> list[str]:
        done = []
        while (claim := outbox.claim_next(self.services.store)) is not None:
            STEPS[claim.step](self.services, claim)
            done.append(claim.step)
        return done

    def paper(self, **changes: Any) -> Document:
        """One issued notice, valid."""
        self.issue(documents=[document(**changes)])
        return self.newest()

    def newest(self) -> Document:
        with self.services.store.read(SYSTEM) as work:
            rows = list(work.session.query(Document).order_by(Document.log_index.desc().nulls_last()))
            return rows[0]

    def raw(self, paper: Document) -> bytes:
        with self.services.store.read(SYSTEM) as work:
            row = work.session.get_one(Document, paper.id)
            assert row.signature is not None
            return assemble(bytes.fromhex(work.open(row, "token_body")), row.signature)

    def ask(self, **question: Any) -> Answer:
        return verify(self.services, question, "192.0.2.7")

    def ask_token(self, paper: Document) -> Answer:
        return self.ask(token=to_base32(self.raw(paper)))

    def minted(self, raw: bytes, **changes: int) -> str:
        """What somebody with the key in hand could make of a genuine token."""
        body = bytearray(raw[:-64])
        for at, value in ((int(name[1:]), value) for name, value in changes.items()):
            body[at] = value
        return to_base32(
            assemble(bytes(body), self.services.keys.sign("token", 1, signing_input(bytes(body))))
        )

    def execute(self, statement: str, **values: Any) -> None:
        with self.services.store.engine.begin() as connection:
            connection.execute(sql(statement), values)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.services.store.engine.dispose()


def test_a_fresh_paper_passes_at_once_with_everything_to_compare(desk: Desk) -> None:
    paper = desk.paper()
    got = desk.ask_token(paper)
    assert (got.result, got.status, got.sample) == ("PASSED", "valid", True)
    assert got.checked == ("signature", "date", "status", "log")
    assert got.not_checked == ("file", "fields")
    shown = got.as_dict()["document"]
    assert shown["title"] == "企业名称预先核准通知书"
    assert shown["holder"] == "周**"
    assert shown["issuer"] == "磐安县市场监督管理局"
    assert shown["issued"] == "2026-11-08"
    assert shown["replaced_by"] is None
    assert 2 <= len(shown["compare"]) <= 5
    assert shown["compare"]["申请人"] == "周小满"


def test_every_spelling_of_a_token(desk: Desk) -> None:
    bare = to_base32(desk.raw(desk.paper()))
    for text in (
        bare.lower(),
        f" {bare}\n",
        f"https://elsewhere.example/v#{bare}",
        f"https://zd.example/V/{bare}",
    ):
        assert desk.ask(token=text).status == "valid"


def test_a_bent_token_fails_without_asking_the_database(desk: Desk) -> None:
    raw = desk.raw(desk.paper())
    desk.execute("ALTER TABLE documents RENAME TO gone")
    for at in (5, 20, 40, len(raw) - 70, len(raw) - 1):
        bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        got = desk.ask(token=to_base32(bent))
        assert (got.result, got.status) == ("FAILED", "bad_signature")
        assert got.document is None
    assert desk.ask(token=to_base32(raw[:1] + b"\xff\xff" + raw[3:])).status == "unknown_key"


@pytest.mark.parametrize("text", ["x", "A" * 200, "\0", "𬭎" * 50, "https://zd.example/v#" + "A" * 50])
def test_junk_is_unreadable(desk: Desk, text: str) -> None:
    assert desk.ask(token=text).status == "unreadable"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"token": ""},
        {"token": "  "},
        {"token": 7},
        {"token": ["A"]},
        {"token": None},
        {"token": "A", "document_id": "B"},
        {"document_no": "1"},
        {"holder_tail": "1234"},
        {"document_no": "1", "holder_tail": "1234", "sha256": "0" * 64},
        {"sha256": "00"},
        {"sha256": "g" * 64},
        {"document_id": 5},
    ],
)
def test_what_is_no_question_is_refused(desk: Desk, question: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        desk.ask(**question)


def test_a_token_over_two_kilobytes_is_too_large(desk: Desk) -> None:
    for text in ("A" * 2049, "A" * 100_000, "啊" * 1000):
        with pytest.raises(Invalid) as refused:
            desk.ask(token=text)
        assert refused.value.code == "too_large"


# -- what became of it ---------------------------------------------------------------------------------------
def test_the_last_day_is_still_valid(desk: Desk) -> None:
    paper = desk.paper(valid_until="2026-11-17")
    desk.clock.forward(hours=37)  # the 17th, 23:00 in Shanghai
    assert desk.ask_token(paper).status == "valid"
    desk.clock.forward(hours=1)
    for got in (desk.ask_token(paper), desk.ask(document_id=paper.id)):
        assert (got.result, got.status, got.authenticity, got.validity) == (
            "FAILED",
            "expired",
            "genuine",
            "expired",
        )


def test_suspended_then_revoked(desk: Desk) -> None:
    paper = desk.paper()
    suspend(desk.services, CHIEF, paper.id, reason="核查")
    got = desk.ask_token(paper)
    assert (got.result, got.status, got.validity) == ("FAILED", "suspended", "suspended")
    for chief in (CHIEF, SECOND_CHIEF):
        revoke(desk.services, chief, paper.id, kind="revoked", reason="撤销", organ="局", decision_no="")
    for got in (desk.ask_token(paper), desk.ask(document_id=paper.id), desk.ask(sha256=paper.pdf_sha256)):
        assert (got.result, got.status, got.authenticity) == ("FAILED", "revoked", "genuine")


def test_superseded_says_by_what(desk: Desk) -> None:
    paper = desk.paper()
    for chief in (CHIEF, SECOND_CHIEF):
        supersede(desk.services, chief, paper.id, reason="更正", replacement=document())
    desk.drain()
    got = desk.ask_token(paper)
    assert (got.result, got.status) == ("FAILED", "superseded")
    assert got.document is not None
    new = got.document.replaced_by
    assert new
    assert desk.ask(document_id=new).status == "valid"


def test_a_void_paper_counts_no_longer(desk: Desk) -> None:
    number = desk.issue(documents=[document()])
    paper = desk.newest()
    raw = to_base32(desk.raw(paper))
    cancel_case(desk.services, CLERK, number, "申请人撤回")
    assert desk.ask(token=raw).status == "revoked"


# -- the log -------------------------------------------------------------------------------------------------
def test_a_stolen_key_cannot_change_a_paper(desk: Desk) -> None:
    raw = desk.raw(desk.paper())
    forged = desk.minted(raw, b18=raw[18] ^ 1)  # another last day
    got = desk.ask(token=forged)
    assert (got.result, got.status) == ("INDETERMINATE", "unavailable"), (
        "the leaf is younger than the merge delay"
    )
    desk.clock.forward(seconds=61)
    got = desk.ask(token=forged)
    assert (got.result, got.status, got.authenticity) == ("FAILED", "log_mismatch", "not_genuine")
    assert got.document is None


def test_a_stolen_key_cannot_mint_a_new_paper(desk: Desk) -> None:
    raw = desk.raw(desk.paper())
    desk.clock.forward(seconds=61)
    assert (
        desk.ask(token=desk.minted(raw, b5=raw[5] ^ 1)).status == "log_mismatch"
    )  # a new id at a used index
    beyond = desk.ask(
        token=desk.minted(raw, b5=raw[5] ^ 1, b20=9)
    )  # a new id at an index the log does not have
    assert (beyond.result, beyond.status, beyond.authenticity) == (
        "INDETERMINATE",
        "not_found",
        "undetermined",
    )
    assert desk.ask(token=desk.minted(raw, b20=9)).status == "log_mismatch"  # a known id at such an index


def test_a_withdrawn_key_fails_only_what_was_not_logged_before(desk: Desk) -> None:
    paper = desk.paper()
    raw = desk.raw(paper)
    late = desk.minted(raw, b5=raw[5] ^ 1, b20=9)
    desk.clock.forward(minutes=5)
    desk.services.keys.withdraw("token", 1, desk.clock.now(), "外泄")
    assert desk.ask_token(paper).status == "valid"
    assert desk.ask(token=late).status == "unavailable", "withdrawn less than the merge delay ago"
    desk.clock.forward(minutes=5)
    assert desk.ask_token(paper).status == "valid"
    got = desk.ask(token=late)
    assert (got.result, got.status) == ("FAILED", "log_mismatch")
    desk.execute("UPDATE log_leaves SET added_at = :at", at="2026-11-16 02:05:01.000000")
    assert desk.ask_token(paper).status == "log_mismatch", "logged after the withdrawal"


def test_a_changed_log_is_noticed_by_every_route(desk: Desk) -> None:
    paper = desk.paper()
    desk.clock.forward(minutes=5)
    desk.execute("UPDATE log_leaves SET data = :data", data=bytes(33))
    for got in (desk.ask_token(paper), desk.ask(document_id=paper.id), desk.ask(sha256=paper.pdf_sha256)):
        assert (got.result, got.status) == ("FAILED", "log_mismatch")


# -- faults are no forgeries ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE documents RENAME TO gone",
        "DROP TABLE log_leaves",
        "UPDATE documents SET record = x'00'",
        "UPDATE documents SET token_body = x'0102'",
    ],
)
def test_a_database_out_of_reach_or_damaged(desk: Desk, damage: str) -> None:
    paper = desk.paper()
    bare = to_base32(desk.raw(paper))
    desk.execute(damage)
    got = desk.ask(token=bare)
    assert (got.result, got.status, got.authenticity, got.validity) == (
        "INDETERMINATE",
        "unavailable",
        "genuine",
        "unknown",
    )
    assert got.checked == ("signature",)
    for got in (
        desk.ask(document_id=paper.id),
        desk.ask(sha256=paper.pdf_sha256),
        desk.ask(document_no=paper.number, holder_tail="0000"),
    ):
        assert (got.result, got.authenticity) == ("INDETERMINATE", "undetermined")


def test_lost_rows_are_not_found(desk: Desk) -> None:
    paper = desk.paper()
    bare = to_base32(desk.raw(paper))
    desk.execute("DELETE FROM log_leaves")
    desk.clock.forward(minutes=5)
    got = desk.ask(token=bare)
    assert (got.result, got.status, got.authenticity) == ("INDETERMINATE", "not_found", "undetermined")


def test_a_paper_signed_but_not_in_force_yet(desk: Desk) -> None:
    paper = desk.paper()
    desk.execute("UPDATE documents SET state = 'draft'")
    got = desk.ask_token(paper)
    assert (got.result, got.status, got.authenticity) == ("INDETERMINATE", "unavailable", "genuine")
    assert desk.ask(document_id=paper.id).status == "not_found"


# -- without the token ---------------------------------------------------------------------------------------
def test_by_check_code_as_people_type_it(desk: Desk) -> None:
    paper = desk.paper()
    for typed in (paper.id, paper.id.lower(), f" {paper.id[:4]} {paper.id[4:8]}-{paper.id[8:]} "):
        got = desk.ask(document_id=typed)
        assert (got.result, got.status) == ("PASSED", "valid")
        assert got.checked == ("date", "status", "log")
        assert got.document is not None
        assert (got.document.holder, dict(got.document.compare)) == ("周**", {})
    assert desk.ask(document_id=base64.b32encode(bytes(10)).decode()).status == "not_found"
    assert desk.ask(document_id="not a code").status == "unreadable"


def test_by_the_file_that_was_sealed(desk: Desk) -> None:
    paper = desk.paper()
    got = desk.ask(sha256=str(paper.pdf_sha256).upper())
    assert (got.result, got.status) == ("PASSED", "valid")
    assert got.checked == ("date", "status", "log", "file")
    assert desk.ask(sha256="0" * 64).status == "not_found"


def tail_of(desk: Desk, paper: Document) -> str:
    return parse(desk.raw(paper)).fields.id_tail


def test_by_number_and_tail(desk: Desk) -> None:
    paper = desk.paper()
    tail = tail_of(desk, paper)
    number = str(paper.number)
    for typed in (
        number,
        f" {number} ",
        number.replace("〔", "[").replace("〕", "]"),
        number.replace("〔", "（").replace("〕", "）"),
    ):
        got = desk.ask(document_no=typed, holder_tail=tail.lower())
        assert (got.result, got.status) == ("PASSED", "valid"), typed
        assert got.document is not None
        assert not got.document.compare
        assert "signature" in got.not_checked


def test_wrong_tails_and_absent_numbers_answer_alike_and_are_counted(desk: Desk) -> None:
    paper = desk.paper()
    tail = tail_of(desk, paper)
    wrong = "9999" if tail != "9999" else "8888"
    first = desk.ask(document_no=paper.number, holder_tail=wrong)
    assert (
        first
        == desk.ask(document_no="没有这个号", holder_tail=wrong)
        == desk.ask(document_no=paper.number, holder_tail="----")
    )
    assert (first.status, first.document) == ("not_found", None)
    for _ in range(3):
        desk.ask(document_no=paper.number, holder_tail=wrong)
    with pytest.raises(RuleViolation) as refused:
        desk.ask(document_no=paper.number, holder_tail=tail)
    assert refused.value.code == "too_many"
    assert desk.ask_token(paper).status == "valid", "tokens are never limited"
    desk.clock.forward(days=1)
    assert desk.ask(document_no=paper.number, holder_tail=tail).status == "valid"


def test_one_address_cannot_try_many_numbers(desk: Desk) -> None:
    for number in range(20):
        assert desk.ask(document_no=f"号{number}", holder_tail="0000").status == "not_found"
    with pytest.raises(RuleViolation):
        desk.ask(document_no="号21", holder_tail="0000")
    assert (
        verify(desk.services, {"document_no": "号21", "holder_tail": "0000"}, "192.0.2.8").status
        == "not_found"
    )


def test_of_a_sensitive_matter_a_stranger_learns_nothing(desk: Desk) -> None:
    item = approval()["item"] | {"sensitivity": "sensitive"}
    desk.issue(item=item, documents=[document()])
    paper = desk.newest()
    shown = desk.ask(document_id=paper.id).document
    assert shown is not None
    assert (shown.holder, shown.number) == ("", "")
    by_number = desk.ask(document_no=paper.number, holder_tail=tail_of(desk, paper))
    assert (by_number.status, by_number.document) == ("valid", None)


# -- many at once --------------------------------------------------------------------------------------------
def test_batches_answer_in_order(desk: Desk) -> None:
    paper = desk.paper()
    bare = to_base32(desk.raw(paper))
    got = verify_many(
        desk.services, [{"token": "junk"}, {"token": bare}, {"document_id": paper.id}, {"sha256": "0" * 64}]
    )
    assert [one.status for one in got] == ["unreadable", "valid", "valid", "not_found"]
    assert verify_many(desk.services, []) == []


def test_batches_name_every_fault(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        verify_many(
            desk.services,
            [{"token": 7}, {"document_no": "1", "holder_tail": "1234"}, {}, "x", {"token": "A"}],
        )
    assert [fault.pointer for fault in refused.value.faults] == [
        "/items/0/token",
        "/items/1/document_no",
        "/items/2",
        "/items/3",
    ]
    with pytest.raises(Invalid):
        verify_many(desk.services, [{"token": "A"}] * 1001)


def test_the_log_holds_one_leaf_for_the_paper(desk: Desk) -> None:
    paper = desk.paper()
    with desk.services.store.read(SYSTEM) as work:
        leaf = work.session.get_one(LogLeaf, paper.log_index)
        assert leaf.document_id == paper.id
        assert leaf.added_at + timedelta(seconds=60) > desk.clock.now()


def test_the_file_that_is_handed_out_passes_without_the_register(desk: Desk) -> None:
    paper = desk.paper(copy="副本")
    pdf = desk.services.blobs.get(str(paper.pdf_blob))
    keys = jwks(desk.services.keys)["keys"]
    roots = desk.services.sealer.ca_pem()
    got = check_pdf(pdf, keys, now=desk.clock.now(), roots_pem=roots)
    assert (got.result, got.status, got.not_checked) == ("PASSED", "valid", ("status", "log"))
    assert got.document is not None
    assert (got.document.title, got.document.copy) == ("企业名称预先核准通知书", "副本")
    assert check_pdf(pdf + b"\n", keys, now=desk.clock.now(), roots_pem=roots).result == "FAILED"
