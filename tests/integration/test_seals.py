"""The seal register: every sealing leaves its row, a seal out of use stops its documents, ink is noted by people."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from dispatch.calendar import local_date
from dispatch.documents.compose import retry_document
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.export import export_table
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.models import Document, LogLeaf, Seal, SealUse
from dispatch.rights import SYSTEM
from dispatch.seal_register import (
    change_seal,
    list_seals,
    list_uses,
    register_seal,
    resume_seal,
    seals_table,
    suspend_seal,
    uses_table,
)
from dispatch.seals import hand_sealings, mark_sealed, waiting_for_ink
from dispatch.services import Services
from tests.factories import CHIEF, CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval, document
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration

BUREAU = "磐安县市场监督管理局"
INN = {
    "kind": "certificate", "title": "农家乐（民宿）经营登记证",
    "fields": {"申请人": "周小满", "办理事项": "农家乐经营登记", "地址": "岭外村2组21号", "决定内容": "准予登记。"},
}  # fmt: skip


def entry(**changes: str) -> dict[str, str]:
    return {
        "department": BUREAU, "division_code": "330727", "name": "行政审批专用章(1)", "kind": "electronic",
        "source": "县公安局备案 3307270012345", "keeper": "王主任",
    } | changes  # fmt: skip


def issued(services: Services, drain: Any, **changes: Any) -> str:
    case = approval(delivery={"method": "counter"}, **changes)
    receive_case(services, CLERK, case, source="api")
    issue_case(services, COLLEAGUE, case["acceptance_no"])
    drain()
    return str(case["acceptance_no"])


def paper(services: Services, no: str) -> Document:
    with services.store.read(SYSTEM) as work:
        query = select(Document).where(Document.case_id.in_(_case(no)))
        return work.session.scalars(query).one()


def _case(no: str) -> Any:
    from_cases = Document.__table__.metadata.tables["cases"]
    return select(from_cases.c.id).where(from_cases.c.acceptance_no == no)


def test_the_first_sealing_makes_one_entry_for_a_supervisor_to_look_at(
    services: Services, drain: Any
) -> None:
    first, second = issued(services, drain), issued(services, drain)
    (row,) = list_seals(services, CHIEF, unregistered=True)
    assert (row["department"], row["kind"], row["registered"], row["uses"]) == (
        BUREAU,
        "electronic",
        False,
        2,
    )
    assert "未登记" in row["name"]
    uses = list_uses(services, CLERK)
    assert [(one["acceptance_no"], one["actor"], one["title"]) for one in uses] == [
        (second, COLLEAGUE.name, "企业名称预先核准通知书"), (first, COLLEAGUE.name, "企业名称预先核准通知书"),
    ]  # fmt: skip
    assert paper(services, first).state == "valid"
    change_seal(services, CHIEF, row["id"], entry())
    (row,) = list_seals(services, CHIEF)
    assert (row["registered"], row["name"], row["uses"]) == (True, "行政审批专用章(1)", 2)


def test_a_suspended_seal_stops_documents_before_they_are_logged(services: Services, drain: Any) -> None:
    seal = register_seal(services, CHIEF, entry())
    suspend_seal(services, CHIEF, seal, "印章更换")
    no = issued(services, drain)
    stopped = paper(services, no)
    assert stopped.state == "blocked"
    assert stopped.reason is not None and "该印章已停用" in stopped.reason and "印章更换" in stopped.reason
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(LogLeaf)) == 0
        assert work.session.scalar(select(func.count(SealUse.id))) == 0
    resume_seal(services, CHIEF, seal)
    retry_document(services, COLLEAGUE, stopped.id)
    drain()
    assert paper(services, no).state == "valid"
    assert [one["seal"] for one in list_uses(services, CLERK)] == ["行政审批专用章(1)"]


def test_a_seal_suspended_while_the_page_is_drawn_is_not_used(
    services: Services, drain: Any, monkeypatch
) -> None:
    seal = register_seal(services, CHIEF, entry())
    put = services.blobs.put

    def slow(name: str, data: bytes) -> None:
        put(name, data)
        suspend_seal(services, CHIEF, seal, "当场收回")

    with monkeypatch.context() as patch:
        patch.setattr(services.blobs, "put", slow)
        no = issued(services, drain)
    stopped = paper(services, no)
    assert (stopped.state, stopped.pdf_blob) == ("blocked", None)
    assert "当场收回" in str(stopped.reason)
    assert list_uses(services, CLERK) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"valid_until": "2026-11-19"}, "已过期"),
        ({"valid_from": "2026-11-21"}, "还没有启用"),
        ({"titles": "营业执照\n食品经营许可证"}, "都不包括《企业名称预先核准通知书》"),
    ],
)
def test_a_seal_out_of_its_time_or_scope_stops_documents(
    services: Services, drain: Any, change: dict[str, str], word: str
) -> None:
    register_seal(services, CHIEF, entry(**change))
    assert word in str(paper(services, issued(services, drain)).reason)


def test_the_last_day_still_counts_and_the_narrower_seal_goes_first(services: Services, drain: Any) -> None:
    register_seal(services, CHIEF, entry(name="局章"))
    register_seal(
        services, CHIEF, entry(name="名称专用章", titles="企业名称预先核准通知书", valid_until="2026-11-20")
    )
    issued(services, drain)
    assert [one["seal"] for one in list_uses(services, CLERK)] == ["名称专用章"]


def test_another_county_of_the_same_name_has_its_own_seals(services: Services, drain: Any) -> None:
    register_seal(services, CHIEF, entry(division_code="331127"))
    issued(services, drain)
    assert sorted((one["division_code"], one["uses"]) for one in list_seals(services, CHIEF)) == [
        ("330727", 1),
        ("331127", 0),
    ]


def test_many_first_sealings_at_once_make_one_entry(services: Services, drain: Any) -> None:
    numbers = []
    for _ in range(4):
        case = approval(delivery={"method": "counter"})
        receive_case(services, CLERK, case, source="api")
        issue_case(services, COLLEAGUE, case["acceptance_no"])
        numbers.append(case["acceptance_no"])
    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain()
    with services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count(Seal.id))) == 1
        assert work.session.scalar(select(func.count(SealUse.id))) == len(numbers)


# -- ink -----------------------------------------------------------------------------------------------------------
def test_a_paper_sealed_by_hand_waits_for_ink_and_is_noted_once(services: Services, drain: Any) -> None:
    no = issued(services, drain, documents=[document(**INN)])
    made = paper(services, no)
    assert made.state == "valid" and list_uses(services, CLERK) == []
    assert [one["document_id"] for one in waiting_for_ink(services, CLERK)] == [made.id]
    assert hand_sealings(services, CLERK, no) == {made.id: []}
    assert waiting_for_ink(services, ELSEWHERE) == [] and hand_sealings(services, ELSEWHERE, no) == {}
    assert mark_sealed(services, COLLEAGUE, [made.id, made.id]) == 1
    assert waiting_for_ink(services, CLERK) == []
    with pytest.raises(RuleViolation, match="already_sealed"):
        mark_sealed(services, COLLEAGUE, [made.id])
    mark_sealed(services, COLLEAGUE, [made.id], again="打印机卡纸，重印")
    told = hand_sealings(services, CLERK, no)[made.id]
    assert [(one["actor"], one["note"]) for one in told] == [
        (COLLEAGUE.name, ""),
        (COLLEAGUE.name, "打印机卡纸，重印"),
    ]
    assert [row["kind"] for row in list_seals(services, CHIEF)] == ["hand"]


def test_ink_is_refused_where_it_does_not_belong_all_or_none(services: Services, drain: Any) -> None:
    electronic = paper(services, issued(services, drain))
    inn = paper(services, issued(services, drain, documents=[document(**INN)]))
    with pytest.raises(RuleViolation, match="not_by_hand"):
        mark_sealed(services, CLERK, [inn.id, electronic.id])
    assert [one["document_id"] for one in waiting_for_ink(services, CLERK)] == [inn.id]
    for who, kind in ((ELSEWHERE, NotFound), (COURIER, NotPermitted)):
        with pytest.raises(kind):
            mark_sealed(services, who, [inn.id])
    with pytest.raises(RuleViolation, match="nothing_chosen"):
        mark_sealed(services, CLERK, [])
    seal = register_seal(services, CHIEF, entry(kind="hand", name="登记专用章"))
    other = register_seal(services, CHIEF, entry(kind="hand", name="别局的章", department="磐安县水利局"))
    with pytest.raises(RuleViolation, match="seal_unusable"):
        mark_sealed(services, CLERK, [inn.id], seal_id=other)
    suspend_seal(services, CHIEF, seal, "保管人出差")
    with pytest.raises(RuleViolation, match="保管人出差"):
        mark_sealed(services, CLERK, [inn.id])


# -- the register --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"department": "局"}, "/department"),
        ({"name": "章" * 81}, "/name"),
        ({"source": " "}, "/source"),
        ({"keeper": "王" * 81}, "/keeper"),
        ({"kind": "gold"}, "/kind"),
        ({"division_code": "33072"}, "/division_code"),
        ({"division_code": "440100"}, "/division_code"),
        ({"valid_from": "2026-02-30"}, "/valid_from"),
        ({"valid_from": "2026-12-01", "valid_until": "2026-11-30"}, "/valid_until"),
        ({"titles": "名" * 81}, "/titles"),
        ({"titles": "\n".join(f"证{n}" for n in range(61))}, "/titles"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_field(
    services: Services, change: dict[str, str], pointer: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        register_seal(services, CHIEF, entry(**change))
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert list_seals(services, CHIEF) == []


def test_an_entry_stands_once_and_keeps_whose_it_is(services: Services, drain: Any) -> None:
    seal = register_seal(services, CHIEF, entry())
    with pytest.raises(RuleViolation, match="seal_known"):
        register_seal(services, CHIEF, entry())
    change_seal(services, CHIEF, seal, entry(department="磐安县市监局"))
    change_seal(services, CHIEF, seal, entry())
    issued(services, drain)
    with pytest.raises(RuleViolation, match="seal_used"):
        change_seal(services, CHIEF, seal, entry(department="磐安县水利局"))
    with pytest.raises(NotPermitted):
        register_seal(services, CLERK, entry(name="另一枚"))
    for act in (
        lambda who: change_seal(services, who, seal, entry()),
        lambda who: suspend_seal(services, who, seal, "停"),
        lambda who: resume_seal(services, who, seal),
    ):
        with pytest.raises(NotPermitted):
            act(CLERK)
    assert list_seals(services, ELSEWHERE) == [] and list_uses(services, ELSEWHERE) == []


def test_uses_are_found_by_day_department_and_seal_and_leave_as_a_file(
    services: Services, drain: Any, clock
) -> None:
    first = issued(services, drain)
    clock.advance(timedelta(days=1))
    second = issued(services, drain)
    today = local_date(services.clock.now())
    assert [one["acceptance_no"] for one in list_uses(services, CLERK, day=today)] == [second]
    assert list_uses(services, CLERK, department="水利") == [] == list_uses(services, CLERK, seal_id="X")
    assert len(list_uses(services, CLERK, department="市场监督")) == 2
    text = export_table(uses_table(services, CLERK), "csv").decode("utf-8-sig")
    assert first in text and second in text and text.startswith("时间,部门,印章")
    assert BUREAU in export_table(seals_table(services, CLERK), "csv").decode("utf-8-sig")


# -- pages ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("seals"))


def test_the_pages_from_first_use_to_ink(house: House) -> None:
    case = approval(delivery={"method": "counter"}, documents=[document(), document(**INN)])
    view = house.issued(case)
    assert [one["state"] for one in view["documents"]] == ["valid", "valid"]
    no, inn = case["acceptance_no"], view["documents"][1]["document_id"]
    clerk, token = house.browser("窗口丙", "clerk")
    chief, chief_token = house.browser("督查丙", "supervisor")
    page = clerk.get(f"/window/cases/{no}").get_data(as_text=True)
    assert page.count("盖章处是空的") == 1
    assert "1 份证件等着盖实物章" in clerk.get("/window/seals").get_data(as_text=True)
    assert inn in clerk.get("/window/seals/waiting").get_data(as_text=True)
    form = {"csrf_token": token, "document_id": inn, "acceptance_no": no}
    assert clerk.post("/window/seals/mark", data=form).headers["Location"].endswith(f"/window/cases/{no}")
    assert "已盖实物章" in clerk.get(f"/window/cases/{no}").get_data(as_text=True)
    assert clerk.post("/window/seals/new", data={"csrf_token": token} | entry()).status_code == 403
    assert "没有登记的印章" in chief.get("/supervise").get_data(as_text=True)
    unregistered = list_seals(house.services, CHIEF, unregistered=True)
    assert {one["kind"] for one in unregistered} == {"electronic", "hand"}
    address = f"/window/seals/{unregistered[0]['id']}"
    wrong = {"csrf_token": chief_token} | entry(source="", kind=unregistered[0]["kind"], keeper="<b>李</b>")
    refused = chief.post(address, data=wrong)
    assert refused.status_code == 422
    assert "请填写制发机关或备案号" in refused.get_data(as_text=True)
    assert "&lt;b&gt;李" in refused.get_data(as_text=True)
    assert chief.post(address, data=wrong | {"source": "县公安局备案"}).status_code == 303
    assert "行政审批专用章(1)" in clerk.get(address).get_data(as_text=True)
    page = clerk.get(f"/window/seals/uses?day=junk&seal={unregistered[0]['id']}").get_data(as_text=True)
    assert no[-7:] in page and "日期没有看懂" in page
    assert clerk.get("/window/seals/uses/export?as=csv").status_code == 200
    assert clerk.get("/window/seals/NOSUCH").status_code == 404


def test_a_print_batch_asks_for_the_ink_of_its_own_papers(house: House) -> None:
    case = approval(delivery={"method": "counter"}, documents=[document(), document(**INN)])
    ids = [one["document_id"] for one in house.issued(case)["documents"]]
    clerk, token = house.browser("窗口丁", "clerk")
    begun = clerk.post("/window/papers", data={"csrf_token": token, "document_id": ids}).headers["Location"]
    page = clerk.get(begun).get_data(as_text=True)
    assert "1 份要盖实物章" in page
    form = {"csrf_token": token, "batch": begun.rsplit("/", 1)[-1], "document_id": ids[1]}
    assert clerk.post("/window/seals/mark", data=form).headers["Location"] == begun
    assert "要盖实物章" not in clerk.get(begun).get_data(as_text=True)
