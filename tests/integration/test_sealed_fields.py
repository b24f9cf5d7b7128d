"""Nobody's data can be read from the database file; ciphertexts do not open elsewhere; the chain shows every change."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from dispatch.errors import Rejected
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.ledger import check
from dispatch.models import Base, Case
from dispatch.models.base import Sealed
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COLLEAGUE, approval, recipient

pytestmark = pytest.mark.integration

CANARIES = ("钟离玄霜", "19055556666", "隐秘巷77号", "司空见明")


def canary_case():
    case = approval(
        delivery={
            "method": "express",
            "recipient": recipient(name="司空见明", phone="19055556666", address="隐秘巷77号"),
        }
    )
    case["applicant"] |= {"name": "钟离玄霜", "phone": "19055556666"}
    case["documents"][0]["fields"]["申请人"] = "钟离玄霜"
    return case


def test_no_canary_in_any_cell_of_any_table(services, drain) -> None:
    case = canary_case()
    receive_case(services, CLERK, case, source="api")
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    canaries = [c.encode() for c in (*CANARIES, case["applicant"]["id_no"])]
    with services.store.read(SYSTEM) as work:
        for table in Base.metadata.sorted_tables:
            for row in work.session.execute(select(table)):
                for value in row:
                    raw = (
                        value
                        if isinstance(value, bytes)
                        else json.dumps(str(value), ensure_ascii=False).encode()
                    )
                    assert not [c for c in canaries if c in raw], table.name


def test_a_ciphertext_moved_to_another_row_does_not_open(services) -> None:
    first, second = approval(), approval()
    for case in (first, second):
        receive_case(services, CLERK, case, source="api")
    with services.store.work(SYSTEM) as work:
        rows = list(work.session.scalars(select(Case).order_by(Case.acceptance_no)))
        rows[0].body = rows[1].body
        work.session.flush()
        with pytest.raises(Rejected, match="sealed_field"):
            work.open(rows[0], "body")


def test_sealed_columns_are_declared(services) -> None:
    sealed = {
        f"{t.name}.{c.name}"
        for t in Base.metadata.sorted_tables
        for c in t.columns
        if isinstance(c.type, Sealed)
    }
    assert {
        "cases.body",
        "consignments.recipient",
        "documents.record",
        "documents.token_body",
        "notices.text",
    } <= sealed


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET actor = 'user:nobody' WHERE seq = 1", "DELETE FROM audit WHERE seq = 2"]
)
def test_a_changed_or_missing_audit_row_is_named(services, change) -> None:
    for _ in range(3):
        receive_case(services, CLERK, approval(), source="api")
    assert check(services) == []
    with services.store.work(SYSTEM) as work:
        work.session.execute(text(change))
    assert any("审计记录" in finding for finding in check(services))


def test_a_truncated_audit_is_noticed(services) -> None:
    for _ in range(2):
        receive_case(services, CLERK, approval(), source="api")
    with services.store.work(SYSTEM) as work:
        work.session.execute(text("DELETE FROM audit WHERE seq = 2"))
    assert any("审计记录" in finding for finding in check(services))


def test_field_keys_rotate_and_old_rows_still_open(services) -> None:
    case = approval()
    receive_case(services, CLERK, case, source="api")
    services.keys.rotate("field", services.clock.now())
    with services.store.work(SYSTEM) as work:
        row = work.session.scalar(select(Case))
        assert work.open(row, "body")["applicant"]["name"] == case["applicant"]["name"]
        old = row.body
        work.seal(row, "body", work.open(row, "body"))
        assert row.body[:3] != old[:3]
