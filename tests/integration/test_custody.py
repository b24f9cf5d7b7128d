"""Who holds a paper: one holder at every moment, from production to the recipient, and what the ledger says of it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select, update

from dispatch import custody, ledger
from dispatch.consignments.codes import label_text
from dispatch.consignments.pack import pack_check, unpack
from dispatch.consignments.scans import take_scans
from dispatch.custody import Holder, Pass, custody_of_case, pass_on
from dispatch.documents.validity import revoke
from dispatch.errors import NotFound, RuleViolation
from dispatch.models import Custody, CustodyEvent, Document, ServiceRecord
from dispatch.printing.batches import start_print
from dispatch.printing.outcome import confirm_print
from dispatch.rights import SYSTEM
from dispatch.service.entry import take_back_service
from dispatch.service.spot import sign_on_the_spot
from dispatch.services import Services
from dispatch.signature import Signature
from dispatch.undo import undo_issue
from tests.factories import CHIEF, CLERK, COLLEAGUE, ELSEWHERE, SECOND_CHIEF, approval, document
from tests.webhouse import House, house_on

pytestmark = pytest.mark.integration

MYSELF = {"kind": "self", "name": "周小满", "relation": ""}


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def where(house: House, no: str) -> list[str]:
    """Where the case's papers are, in words, in the order of the papers."""
    shown = custody_of_case(house.services, CLERK, no)
    return [
        shown[d["document_id"]]["where"] for d in house.view(no)["documents"] if d["document_id"] in shown
    ]


def print_it(house: House, no: str) -> None:
    papers = [d["document_id"] for d in house.view(no)["documents"] if d["state"] == "valid"]
    batch = start_print(house.services, CLERK, papers)
    confirm_print(house.services, CLERK, batch.id, papers, [])


def pack(house: House, no: str) -> str:
    view = house.view(no)
    (envelope,) = view["consignments"]
    for paper in envelope["documents"]:
        pack_check(
            house.services, CLERK, label_text(house.services.settings.public_base_url, envelope["id"]), paper
        )
    return str(envelope["id"])


def scan(house: House, code: str, action: str, **more: object) -> str:
    now = house.services.clock.now()
    raw = {
        "scan_id": f"{action}-{code}",
        "code": code,
        "action": action,
        "occurred_at": now.isoformat(),
    } | more
    return str(take_scans(house.services, CLERK, now, [raw], source="window")[0]["outcome"])


def test_a_paper_is_followed_from_production_to_the_recipient(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    assert where(house, no) == ["制证"]
    print_it(house, no)
    assert where(house, no) == ["窗口（clerk）"]
    pack(house, no)
    number = house.view(no)["consignments"][0]["waybill_no"]
    assert where(house, no) == [f"信封里（运单 {number}）"]
    assert scan(house, number, "hand_over") == "accepted"
    assert where(house, no) == ["承运方"]
    assert scan(house, number, "deliver", signer={"kind": "self", "name": "周小满"}) == "accepted"
    assert where(house, no) == ["收件人"]
    (told,) = custody_of_case(house.services, CLERK, no).values()
    assert [one["text"] for one in told["chain"]][::-1] == [
        "开始保管，在制证", "打印，在窗口（clerk）",
        f"装进信封，在信封里（运单 {number}）", "随信封，在承运方", "随信封，在收件人",
    ]  # fmt: skip
    assert ledger.check(house.services) == []


def test_what_a_department_made_is_with_the_department_first(house: House) -> None:
    thing = document(kind="physical", source="physical", title="不动产权证书", object_no="D33001234567")
    no = house.issued(approval(documents=[thing]))["acceptance_no"]
    assert where(house, no) == ["磐安县市场监督管理局"]
    print_it(house, no)
    assert where(house, no) == ["磐安县市场监督管理局"], (
        "its sheet came out of our printer, the thing did not"
    )


def test_an_unpacked_paper_is_with_who_opened_the_envelope(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    print_it(house, no)
    unpack(house.services, COLLEAGUE, pack(house, no), "地址写错")
    assert where(house, no) == ["窗口（colleague）"]
    assert ledger.check(house.services) == []


def test_a_returned_envelope_brings_its_papers_back_to_the_window(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    pack(house, no)
    number = house.view(no)["consignments"][0]["waybill_no"]
    for action, more in (("hand_over", {}), ("return_start", {"reason": "refused"}), ("return_arrive", {})):
        assert scan(house, number, action, **more) == "accepted"
    assert where(house, no) == ["窗口（clerk）"]
    assert ledger.check(house.services) == []


def test_an_envelope_for_the_counter_lies_on_its_shelf(house: House) -> None:
    no = house.issued(approval(delivery={"method": "counter"}))["acceptance_no"]
    pack(house, no)
    assert where(house, no) == ["窗口 A-01 架，信封里"]
    assert ledger.check(house.services) == []


def test_what_is_collected_at_the_counter_without_an_envelope_went_along(house: House) -> None:
    """The pack check may be left out at the shelf: the papers are in the collector's hands all the same."""
    no = house.issued(approval(delivery={"method": "counter"}))["acceptance_no"]
    print_it(house, no)
    envelope = house.view(no)["consignments"][0]["id"]
    assert scan(house, envelope, "deliver", signer={"kind": "self", "name": "周小满"}) == "accepted"
    assert where(house, no) == ["收件人"]
    assert ledger.check(house.services) == []


def test_what_was_signed_for_at_the_window_is_with_the_recipient_until_that_is_taken_back(
    house: House,
) -> None:
    no = house.issued(approval(delivery={"method": "on_the_spot"}))["acceptance_no"]
    print_it(house, no)
    sign_on_the_spot(house.services, CLERK, no, MYSELF, Signature(None))
    assert where(house, no) == ["收件人"]
    with house.services.store.read(SYSTEM) as work:
        record = work.session.scalars(select(ServiceRecord.id)).one()
    take_back_service(house.services, CLERK, record, "点错了人")
    assert where(house, no) == ["窗口（clerk）"]


def test_an_electronic_document_has_no_paper(house: House) -> None:
    case = approval(delivery={"method": "electronic"})
    no = house.issued(case)["acceptance_no"]
    assert where(house, no) == []


# -- void -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("printed", "kept"), [("no", "已销毁"), ("begun", "待销毁（clerk）"), ("told", "待销毁（clerk）")]
)
def test_an_undone_paper_is_to_be_destroyed_if_it_may_exist(house: House, printed: str, kept: str) -> None:
    no = house.issued(approval())["acceptance_no"]
    (paper,) = house.view(no)["documents"]
    if printed == "begun":
        start_print(house.services, CLERK, [paper["document_id"]])
    elif printed == "told":
        print_it(house, no)
    undo_issue(house.services, CLERK, no)
    assert custody_of_case(house.services, CLERK, no)[paper["document_id"]]["where"] == kept
    assert ledger.check(house.services) == []


def test_a_revoked_paper_leaves_its_envelope_for_the_shredder(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    print_it(house, no)
    envelope = pack(house, no)
    (paper,) = house.view(no)["documents"]
    for chief in (CHIEF, SECOND_CHIEF):
        revoke(
            house.services, chief, paper["document_id"], kind="revoked", reason="核查发现材料虚假", organ="某局",
            decision_no="〔2026〕1号",
        )  # fmt: skip
    assert where(house, no)[0].startswith("信封里"), "it still lies in there"
    unpack(house.services, CLERK, envelope, "证件已撤销")
    assert where(house, no) == ["待销毁（clerk）"]
    assert ledger.check(house.services) == []


# -- guards ---------------------------------------------------------------------------------------------------------
def test_another_office_learns_nothing(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    with pytest.raises(NotFound):
        custody_of_case(house.services, ELSEWHERE, no)


def test_passing_on_to_where_it_is_writes_nothing(house: House) -> None:
    (paper,) = house.issued(approval())["documents"]
    for expected in (True, False):
        with house.services.store.work(CLERK) as work:
            document = work.session.get_one(Document, paper["document_id"])
            assert pass_on(work, document, Pass(Holder.WINDOW, CLERK.name, "printed")) is expected


def test_two_who_take_the_same_paper_make_one_chain(house: House) -> None:
    (paper,) = house.issued(approval())["documents"]
    refused: list[str] = []

    def take(who: str) -> None:
        try:
            with house.services.store.work(CLERK) as work:
                document = work.session.get_one(Document, paper["document_id"])
                pass_on(work, document, Pass(Holder.WINDOW, who, "printed"))
        except RuleViolation as refusal:
            refused.append(refusal.code)

    threads = [threading.Thread(target=take, args=(f"user:c{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(refused) <= {"changed_meanwhile", "conflict"}
    with house.services.store.read(SYSTEM) as work:
        now = work.session.get_one(Custody, paper["document_id"])
        assert now.seq == 1 + 4 - len(refused)
        assert list(custody.faults(work)) == []


def test_the_ledger_names_a_paper_whose_holder_does_not_follow_from_its_chain(house: House) -> None:
    (paper,) = house.issued(approval())["documents"]
    with house.services.store.work(SYSTEM) as work:
        work.session.execute(update(Custody).values(holder="user:nobody"))
    assert ledger.check(house.services) == [f"证件 {paper['document_id']}：保管记录前后对不上"]
    with house.services.store.work(SYSTEM) as work:
        work.session.execute(delete(Custody))
    assert ledger.check(house.services) == [
        f"证件 {paper['document_id']}：有保管经过，却没有登记现在的保管人"
    ]


def test_the_ledger_names_a_packed_paper_that_is_said_to_be_elsewhere(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    pack(house, no)
    (paper,) = house.view(no)["documents"]
    with house.services.store.work(SYSTEM) as work:
        document = work.session.get_one(Document, paper["document_id"])
        pass_on(work, document, Pass(Holder.DEPARTMENT, "某局", "printed"))
    (finding,) = ledger.check(house.services)
    assert paper["document_id"] in finding
    assert "审批部门" in finding


def test_papers_from_before_custody_was_kept_are_no_findings_and_get_their_chain_when_passed_on(
    house: House,
) -> None:
    no = house.issued(approval())["acceptance_no"]
    pack(house, no)
    with house.services.store.work(SYSTEM) as work:
        work.session.execute(delete(CustodyEvent))
        work.session.execute(delete(Custody))
    assert ledger.check(house.services) == []
    assert where(house, no) == []
    scan(house, house.view(no)["consignments"][0]["waybill_no"], "hand_over")
    assert where(house, no) == ["承运方"]
    assert ledger.check(house.services) == []


def test_the_case_page_says_where_the_paper_is(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    browser, _ = house.browser("clerk", "clerk")
    page = browser.get(f"/window/cases/{no}").text
    assert "纸质现在在：<b>制证</b>" in page
    assert "开始保管" in page


def test_the_ledger_names_a_paper_that_nobody_has(house: House) -> None:
    house.issued(approval())  # since when custody is kept
    (paper,) = house.issued(approval())["documents"]
    with house.services.store.work(SYSTEM) as work:
        for table in (Custody, CustodyEvent):
            work.session.execute(delete(table).where(table.document_id == paper["document_id"]))
    assert ledger.check(house.services) == [
        f"证件 {paper['document_id']}：没有登记保管人，不知道这份纸在谁手里"
    ]


def test_the_ledger_names_a_paper_in_an_envelope_it_was_not_packed_into(house: House) -> None:
    no = house.issued(approval())["acceptance_no"]
    (paper,) = house.view(no)["documents"]
    for holder in ("NOT-ITS-ENVELOPE", house.view(no)["consignments"][0]["id"]):
        with house.services.store.work(SYSTEM) as work:
            document = work.session.get_one(Document, paper["document_id"])
            pass_on(work, document, Pass(Holder.ENVELOPE, holder, "packed"))
        assert ledger.check(house.services) == [
            f"证件 {paper['document_id']}：登记在信封里，却没有装进这个信封"
        ]


def test_what_was_electronic_has_a_paper_from_when_it_is_to_be_sent(house: House) -> None:
    view = house.issued(approval(delivery={"method": "electronic"}))
    no = view["acceptance_no"]
    assert custody_of_case(house.services, CLERK, no) == {}
    sent = house.call("PUT", f"/cases/{no}/delivery", "issue", json=approval()["delivery"])
    assert sent.status_code == 200, sent.text
    house.work()
    assert where(house, no) == ["制证"]
    assert ledger.check(house.services) == []
