"""校对: another person than the issuer compares page and case; until then the page is neither printed nor packed."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from dispatch.config import Settings
from dispatch.consignments.pack import pack_check
from dispatch.documents.validity import supersede
from dispatch.errors import Invalid, NotFound, NotPermitted, Rejected, RuleViolation
from dispatch.holds import lift_hold, list_holds
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.models import Audit, Document
from dispatch.printing.batches import start_print
from dispatch.proof import find_right, find_wrong, open_proof, page_image, proof_states, waiting_for_proof
from dispatch.rights import SYSTEM
from dispatch.services import Services
from dispatch.worklist import worklist
from tests.factories import CHIEF, CLERK, COLLEAGUE, COURIER, ELSEWHERE, SECOND_CHIEF, approval, document
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration

GRANTED = {
    "kind": "decision", "title": "准予行政许可决定书", "number": None,
    "fields": {"申请人": "周小满", "办理事项": "取水许可", "地址": "岭外村2组21号", "决定内容": "准予取水许可。"},
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("proof"), DISPATCH_PROOFREAD="on")


@pytest.fixture
def made(house: House) -> dict[str, Any]:
    """A decision that CLERK issued and an ordinary notice beside it, with its envelope's label."""
    case = approval(documents=[document(**GRANTED), document()])
    receive_case(house.services, COLLEAGUE, case, source="api")
    issue_case(house.services, CLERK, case["acceptance_no"])
    house.work()
    view = house.view(case["acceptance_no"])
    decision, notice = (one["document_id"] for one in view["documents"])
    labels = {i: one["id"] for one in view["consignments"] for i in one["documents"]}
    return {"no": case["acceptance_no"], "id": decision, "notice": notice, "labels": labels}


def keys(house: House, document_id: str) -> list[str]:
    return [field["key"] for field in open_proof(house.services, COLLEAGUE, document_id)["fields"]]


def packed(house: House, made: dict[str, Any], which: str) -> str:
    label = f"{house.services.settings.public_base_url}/c#{made['labels'][made[which]]}"
    try:
        pack_check(house.services, CLERK, label, made[which])
    except RuleViolation as refusal:
        return f"{refusal.extra['reason']}: {refusal.detail}"
    return "matched"


def test_before_it_is_read_a_page_is_neither_printed_nor_packed(house: House, made: dict[str, Any]) -> None:
    with pytest.raises(RuleViolation, match="not_proofread") as refusal:
        start_print(house.services, CLERK, [made["notice"], made["id"]])
    assert refusal.value.extra["document_ids"] == [made["id"]] and "还没有校对" in refusal.value.detail
    assert packed(house, made, "id").startswith("not_ready: 这份证件还没有校对")
    find_right(house.services, COLLEAGUE, made["id"], keys(house, made["id"]))
    find_right(house.services, COLLEAGUE, made["id"], keys(house, made["id"]))
    assert len(start_print(house.services, CLERK, [made["notice"], made["id"]]).items) == 2
    assert packed(house, made, "id") == "matched"
    state = proof_states(house.services, CLERK, made["no"])
    assert list(state) == [made["id"]] and state[made["id"]]["by"] == COLLEAGUE.name


def test_a_title_that_does_not_ask_is_printed_at_once(house: House, made: dict[str, Any]) -> None:
    assert len(start_print(house.services, CLERK, [made["notice"]]).items) == 1
    with pytest.raises(RuleViolation, match="not_asked"):
        open_proof(house.services, COLLEAGUE, made["notice"])


def test_who_issued_does_not_proofread(house: House, made: dict[str, Any]) -> None:
    (row,) = [one for one in waiting_for_proof(house.services, CLERK) if one["document_id"] == made["id"]]
    assert row["mine"]
    for act in (
        lambda: open_proof(house.services, CLERK, made["id"]),
        lambda: page_image(house.services, CLERK, made["id"], 1),
        lambda: find_right(house.services, CLERK, made["id"], ["title"]),
        lambda: find_wrong(house.services, CLERK, made["id"], ["title"], "错"),
    ):
        with pytest.raises(RuleViolation, match="same_person"):
            act()


def test_what_must_stand_comes_from_the_case_and_the_look_is_noted(
    house: House, made: dict[str, Any]
) -> None:
    card = open_proof(house.services, COLLEAGUE, made["id"])
    values = {field["key"]: field["value"] for field in card["fields"]}
    assert values["title"] == "准予行政许可决定书" and values["number"].startswith("磐市监许〔2026〕")
    assert values["fields.地址"] == "岭外村2组21号" and values["issued"] == "2026年11月8日"
    assert "copy" not in values and "expires" not in values
    with house.services.store.read(SYSTEM) as work:
        looks = select(Audit).where(Audit.action == "proof_opened", Audit.object_id == made["id"])
        assert [one.actor for one in work.session.scalars(looks)] == [COLLEAGUE.name]
    image = Image.open(io.BytesIO(page_image(house.services, COLLEAGUE, made["id"], 1)))
    assert image.format == "PNG" and image.width > 900
    red = [n for n, (r, g, b) in image.convert("RGB").getcolors(1 << 24) if r > 150 and g < 80 and b < 90]
    assert sum(red) > 500, "the seal is seen"
    for page in (0, 2, 99):
        with pytest.raises(NotFound):
            page_image(house.services, COLLEAGUE, made["id"], page)


def test_every_field_is_confirmed_or_named(house: House, made: dict[str, Any]) -> None:
    known = keys(house, made["id"])
    for confirmed in ([], ["nonsense"], known[:-1]):
        with pytest.raises(Invalid) as refusal:
            find_right(house.services, COLLEAGUE, made["id"], confirmed)
        assert "还有没核对的" in refusal.value.faults[0].detail
    for wrong, note in (([], "错"), (["nonsense"], "错"), (["holder"], " "), (["holder"], "长" * 401)):
        with pytest.raises(Invalid):
            find_wrong(house.services, COLLEAGUE, made["id"], wrong, note)
    assert proof_states(house.services, CLERK, made["no"])[made["id"]]["outcome"] is None


def test_a_wrong_page_holds_its_case_until_it_is_replaced(house: House, made: dict[str, Any]) -> None:
    note = "申请人写成周小满，应为周小曼"
    find_wrong(house.services, COLLEAGUE, made["id"], ["holder", "fields.申请人"], note)
    (hold,) = house.view(made["no"])["holds"]
    assert hold["kind"] == "proof" and hold["reason"].endswith("的持有人（相对人）、申请人")
    (row,) = [r for r in worklist(house.services, CLERK)["stuck"] if r["ref"] == made["id"]]
    assert row["kind"] == "proof_wrong" and row["acceptance_no"] == made["no"]
    assert packed(house, made, "notice").startswith("held")
    with pytest.raises(RuleViolation, match="known_wrong"):
        find_wrong(house.services, COLLEAGUE, made["id"], ["title"], "还是错")
    with house.services.store.read(SYSTEM) as work:
        stored = work.session.get_one(Document, made["id"])
        assert note.encode() not in bytes(stored.proofread_note or b"")
        assert all(note not in detail for detail in work.session.scalars(select(Audit.detail)))
    assert proof_states(house.services, CLERK, made["no"])[made["id"]]["note"] == note
    better = document(**(GRANTED | {"fields": GRANTED["fields"] | {"申请人": "周小曼"}}))  # type: ignore[operator]
    for chief in (CHIEF, SECOND_CHIEF):
        supersede(house.services, chief, made["id"], reason="校对有误", replacement=better)
    house.work()
    fresh = next(one for one in house.view(made["no"])["documents"] if one["revision"] == 2)
    waiting = [
        r["document_id"]
        for r in waiting_for_proof(house.services, COLLEAGUE)
        if r["acceptance_no"] == made["no"]
    ]
    assert waiting == [fresh["document_id"]], "the new page is read anew, the old one no more"
    lift_hold(house.services, CLERK, made["no"], hold["id"], done="已更正或换发")
    assert list_holds(house.services, CLERK, kind="proof").rows == []


def test_a_slip_of_the_reader_is_mended_by_another_look(house: House, made: dict[str, Any]) -> None:
    find_wrong(house.services, COLLEAGUE, made["id"], ["number"], "看错了")
    find_right(house.services, CHIEF, made["id"], keys(house, made["id"]))
    state = proof_states(house.services, CLERK, made["no"])[made["id"]]
    assert (state["outcome"], state["by"], state["note"]) == ("right", CHIEF.name, "")
    assert house.view(made["no"])["holds"], "the hold is lifted by hand"


def test_of_two_readers_at_once_one_holds_the_case(house: House, made: dict[str, Any]) -> None:
    known, refused = keys(house, made["id"]), []

    def judge(act: Any, *args: Any) -> None:
        try:
            act(house.services, *args)
        except RuleViolation as refusal:
            refused.append(refusal.code)

    threads = [
        threading.Thread(target=judge, args=(find_wrong, who, made["id"], ["title"], "错"))
        for who in (COLLEAGUE, CHIEF, SECOND_CHIEF)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known and refused == ["known_wrong", "known_wrong"]
    assert len(house.view(made["no"])["holds"]) == 1


def test_what_lies_in_an_envelope_is_taken_out_first(house: House, made: dict[str, Any]) -> None:
    find_right(house.services, COLLEAGUE, made["id"], keys(house, made["id"]))
    assert packed(house, made, "id") == "matched"
    with pytest.raises(RuleViolation, match="packed"):
        find_wrong(house.services, COLLEAGUE, made["id"], ["title"], "错")


def test_other_offices_and_couriers_read_nothing(house: House, made: dict[str, Any]) -> None:
    assert waiting_for_proof(house.services, ELSEWHERE) == []
    assert proof_states(house.services, ELSEWHERE, made["no"]) == {}
    with pytest.raises(NotFound):
        open_proof(house.services, ELSEWHERE, made["id"])
    with pytest.raises(NotPermitted):
        waiting_for_proof(house.services, COURIER)
    with pytest.raises(NotFound):
        open_proof(house.services, COLLEAGUE, "A" * 16)


def test_an_office_that_does_not_proofread_goes_on_as_before(services: Services, drain: Any) -> None:
    case = approval(documents=[document(**GRANTED)])
    receive_case(services, COLLEAGUE, case, source="api")
    issue_case(services, CLERK, case["acceptance_no"])
    drain()
    with services.store.read(SYSTEM) as work:
        only = work.session.scalars(select(Document)).one()
    assert (
        waiting_for_proof(services, COLLEAGUE) == []
        and proof_states(services, CLERK, case["acceptance_no"]) == {}
    )
    assert len(start_print(services, CLERK, [only.id]).items) == 1
    with pytest.raises(RuleViolation, match="not_asked"):
        find_wrong(services, COLLEAGUE, only.id, ["title"], "错")


def test_the_switch_is_on_or_off() -> None:
    assert not Settings.from_env({}).proofread
    with pytest.raises(Rejected, match="DISPATCH_PROOFREAD"):
        Settings.from_env({"DISPATCH_PROOFREAD": "yes"})


def test_the_page_keeps_what_was_ticked(house: House, made: dict[str, Any]) -> None:
    reader, token = house.browser("校对甲", "clerk")
    address = f"/window/proof/{made['id']}"
    page = reader.get(address).get_data(as_text=True)
    assert "岭外村2组21号" in page and f"{address}/1.png" in page
    assert reader.get(f"{address}/1.png").mimetype == "image/png"
    assert reader.get(f"{address}/7.png").status_code == 404
    form = {"csrf_token": token} | {f"f:{key}": "right" for key in keys(house, made["id"])}
    del form["f:holder"]
    refused = reader.post(address, data=form)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "还有没核对的：持有人" in page
    assert page.count('value="right" checked') == len(form) - 1
    wrong = reader.post(address, data=form | {"f:holder": "wrong"})
    assert wrong.status_code == 422 and 'value="wrong" checked' in wrong.get_data(as_text=True)
    assert reader.post(address, data=form | {"f:holder": "right"}).headers["Location"] == "/window/proof"
    assert "校对一致" in reader.get(f"/window/cases/{made['no']}").get_data(as_text=True)


def test_what_waits_holds_back_nothing_else(house: House, made: dict[str, Any]) -> None:
    clerk, token = house.browser("打印甲", "clerk")
    form = {"csrf_token": token, "document_id": [made["id"], made["notice"]]}
    refused = clerk.post("/window/papers", data=form)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409 and "先打其余 1 份" in page
    assert f'value="{made["notice"]}"' in page and f'value="{made["id"]}"' not in page
    printed = clerk.post("/window/papers", data=form | {"document_id": made["notice"]})
    assert printed.status_code == 303 and "/window/papers/" in printed.headers["Location"]
