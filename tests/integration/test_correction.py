"""Correcting a case by hand: the whole case while ready, only blocked documents afterwards; looked at before it is stored;
who corrects does not issue."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dispatch.calendar import local_time
from dispatch.correction import preview, read_form, save
from dispatch.desk import facts_of_cases
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.intake.receive import correct_case, receive_case
from dispatch.issue import issue_case
from dispatch.models import Audit, Case, CaseCorrection
from dispatch.rights import SYSTEM, Actor, Scope
from dispatch.services import Services
from tests.factories import CHIEF, CLERK, COLLEAGUE, ELSEWHERE, approval, document, recipient
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration

KEY = Actor("key:platform", "", frozenset({Scope.CASES, Scope.ISSUE}))
#: no font has it, so the page cannot be made
UNPRINTABLE = "\U0003fffd"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("correct"))


def taken_in(services: Services, **changes: Any) -> dict[str, Any]:
    case = approval(**changes)
    receive_case(services, KEY, case, source="api")
    return case


def corrected(
    services: Services, case: dict[str, Any], who: Actor = CLERK, **typed: str
) -> list[dict[str, str]]:
    """Type into the named cells, look, store; what changed."""
    form = read_form(services, who, case["acceptance_no"])
    seen = preview(services, form, typed)
    assert save(services, who, form, typed, seen.digest)
    return list(seen.changes)


def body(services: Services, case: dict[str, Any]) -> dict[str, Any]:
    with services.store.read(SYSTEM) as work:
        row = work.session.scalars(select(Case).where(Case.acceptance_no == case["acceptance_no"])).one()
        found: dict[str, Any] = work.open(row, "body")
        return found


# -- rules -----------------------------------------------------------------------------------------------------------
def test_what_was_not_touched_is_not_changed(house: House) -> None:
    case = taken_in(
        house.services,
        documents=[
            document(fields={"说明": "第一行\n第二行", "a/b~c": "1"}, recipient=recipient()),
            document(copy="副本"),
        ],
        materials_in={"carrier": "ems", "expected": ["身份证", "户口簿"]},
        accepted_at="2026-11-02T09:00:59.25+08:00",
        delivery={"method": "express", "recipient": recipient(region=["浙江省", "", "磐安县", "安文街道"])},
    )
    form = read_form(house.services, CLERK, case["acceptance_no"])
    same = {cell.pointer: cell.value for section in form.sections for cell in section.cells}
    assert preview(house.services, form, same).changes == ()
    assert preview(house.services, form, {}).changes == ()


def test_old_and_new_stand_beside_each_other_and_are_kept_sealed(house: House) -> None:
    case = taken_in(house.services)
    changes = corrected(
        house.services, case,
        **{"/applicant/name": "周小曼", "/documents/0/fields/申请人": "周小曼", "/delivery/payer": "recipient",
           "/item/promised_working_days": "7"},
    )  # fmt: skip
    told = {one["name"]: (one["old"], one["new"]) for one in changes}
    assert told == {
        "承诺工作日": ("5", "7"),
        "申请人名称": ("周小满", "周小曼"),
        "第 1 份证件的内容项“申请人”": ("周小满", "周小曼"),
        "付费方": ("", "收件人付费"),
    }
    with house.services.store.read(SYSTEM) as work:
        row = work.session.scalars(select(CaseCorrection).order_by(CaseCorrection.at.desc())).first()
        assert row is not None and "周小曼".encode() not in row.changed
        assert {one["new"] for one in work.open(row, "changed")} == {"周小曼", "7", "收件人付费"}
        details = work.session.scalars(select(Audit.detail).where(Audit.action == "case_corrected"))
        assert all("周小" not in detail for detail in details)
    assert "申请人名称" in house.view(case["acceptance_no"])["events"][-1]["detail"]


def test_fields_and_documents_are_added_emptied_and_dropped(house: House) -> None:
    case = taken_in(house.services, documents=[document(), document(copy="副本")])
    corrected(
        house.services, case,
        **{"/documents/0/fields/办理事项": "", "/documents/0/new/1/name": "备注/一", "/documents/0/new/1/value": "加急",
           "/documents/1/drop": "yes"},
    )  # fmt: skip
    (only,) = body(house.services, case)["documents"]
    assert set(only["fields"]) == {"申请人", "决定内容", "备注/一"}
    assert [one["copy"] for one in house.view(case["acceptance_no"])["documents"]] == [None]
    with pytest.raises(Invalid) as refusal:
        corrected(house.services, case, **{"/documents/0/drop": "yes"})
    assert any(one.pointer == "/documents" for one in refusal.value.faults)


def test_another_way_of_delivery_leaves_the_recipient_out(house: House) -> None:
    case = taken_in(house.services)
    empty = {f"/delivery/recipient/{n}": "" for n in ("name", "phone", "division_code", "region", "address")}
    corrected(house.services, case, **({"/delivery/method": "counter"} | empty))
    assert body(house.services, case)["delivery"]["recipient"] is None
    corrected(
        house.services, case,
        **{"/delivery/method": "express", "/delivery/recipient/name": "王大山", "/delivery/recipient/phone": "19000000124",
           "/delivery/recipient/division_code": "330727100", "/delivery/recipient/region": "浙江省 — 磐安县 安文街道",
           "/delivery/recipient/address": "岭外村2组22号"},
    )  # fmt: skip
    assert body(house.services, case)["delivery"]["recipient"]["region"] == [
        "浙江省",
        "",
        "磐安县",
        "安文街道",
    ]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/applicant/id_no", "330727198001010011"),
        ("/applicant/phone", "12"),
        ("/item/promised_working_days", "五"),
        ("/accepted_at", "昨天"),
        ("/decided_at", "2026-10-01T09:00"),
        ("/documents/0/valid_from", "2026-02-30"),
        ("/documents/0/title", ""),
        ("/documents/0/kind", "stamp"),
        ("/delivery/recipient/region", "浙江省"),
        ("/department/division_code", "999999"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_stored(house: House, pointer: str, value: str) -> None:
    case = taken_in(house.services)
    before = body(house.services, case)
    with pytest.raises(Invalid) as refusal:
        corrected(house.services, case, **{pointer: value})
    assert any(one.pointer.startswith(pointer) or pointer == "/decided_at" for one in refusal.value.faults)
    assert body(house.services, case) == before


def test_cells_that_are_not_on_the_form_change_nothing(house: House) -> None:
    case = taken_in(house.services)
    form = read_form(house.services, CLERK, case["acceptance_no"])
    typed = {
        "/acceptance_no": "330727202611010999999",
        "/documents/7/title": "营业执照",
        "/surprise": "1",
        "x": "y",
    }
    assert preview(house.services, form, typed).changes == ()


@given(
    typed=st.dictionaries(
        st.sampled_from(["/applicant/name", "/documents/0/title", "/documents/0/fields/申请人", "/decided_at",
                         "/delivery/recipient/region", "/documents/0/new/0/name", "/documents/0/drop", "/item/code"]),
        st.text(max_size=60), max_size=5,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_is_a_change_or_a_fault(house: House, typed: dict[str, str]) -> None:
    if not hasattr(house, "fuzzed"):
        house.fuzzed = taken_in(house.services)  # type: ignore[attr-defined]
    form = read_form(house.services, CLERK, house.fuzzed["acceptance_no"])  # type: ignore[attr-defined]
    try:
        seen = preview(house.services, form, typed)
    except Invalid as refusal:
        assert refusal.faults
    else:
        json.dumps(seen.changes, ensure_ascii=False).encode("utf-8", "surrogatepass")


def test_what_was_not_looked_at_is_not_stored(house: House) -> None:
    case = taken_in(house.services)
    form = read_form(house.services, CLERK, case["acceptance_no"])
    seen = preview(house.services, form, {"/applicant/contact": "甲"})
    assert not save(house.services, CLERK, form, {"/applicant/contact": "乙"}, seen.digest)
    assert body(house.services, case)["applicant"]["contact"] is None


def test_of_two_who_correct_at_once_the_second_begins_anew(house: House) -> None:
    case = taken_in(house.services)
    forms = [read_form(house.services, who, case["acceptance_no"]) for who in (CLERK, COLLEAGUE)]
    typed = {"/applicant/contact": "甲"}
    assert save(house.services, CLERK, forms[0], typed, preview(house.services, forms[0], typed).digest)
    typed = {"/applicant/contact": "乙"}
    with pytest.raises(RuleViolation, match="changed_meanwhile"):
        save(house.services, COLLEAGUE, forms[1], typed, preview(house.services, forms[1], typed).digest)
    late = read_form(house.services, COLLEAGUE, case["acceptance_no"])
    with pytest.raises(RuleViolation, match="changed_meanwhile"):
        save(
            house.services,
            COLLEAGUE,
            late,
            typed | {"seen": forms[1].seen},
            preview(house.services, late, typed).digest,
        )


def test_who_corrects_does_not_issue_and_who_issued_does_not_correct(house: House) -> None:
    case = taken_in(house.services)
    no = case["acceptance_no"]
    assert not facts_of_cases(house.services, CLERK, [no])[no]["entered_by_me"]
    corrected(house.services, case, **{"/applicant/contact": "甲"})
    corrected(house.services, case, COLLEAGUE, **{"/applicant/contact": "乙"})
    for who in (CLERK, COLLEAGUE):
        assert facts_of_cases(house.services, who, [no])[no]["entered_by_me"]
        with pytest.raises(RuleViolation, match="same_person"):
            issue_case(house.services, who, no)
    assert issue_case(house.services, CHIEF, no)


def test_a_program_that_corrects_may_issue(house: House) -> None:
    case = taken_in(house.services)
    case["applicant"]["contact"] = "甲"
    correct_case(house.services, KEY, case["acceptance_no"], case)
    assert issue_case(house.services, KEY, case["acceptance_no"])


def test_after_issuing_only_blocked_documents_are_on_the_form(house: House) -> None:
    bad = document(title="职业资格证书", kind="certificate", fields={"姓名": UNPRINTABLE})
    case = taken_in(house.services, documents=[document(), bad])
    issue_case(house.services, COLLEAGUE, case["acceptance_no"])
    house.work()
    form = read_form(house.services, CLERK, case["acceptance_no"])
    assert not form.whole and [section.document for section in form.sections] == [1]
    assert "字库中没有" in form.sections[0].why
    sneaky = {
        "/documents/1/fields/姓名": "周小满",
        "/documents/0/title": "营业执照",
        "/applicant/name": "王五",
    }
    seen = preview(house.services, form, sneaky)
    assert [one["pointer"] for one in seen.changes] == ["/documents/1/fields/姓名"]
    with pytest.raises(RuleViolation, match="same_person"):
        save(house.services, COLLEAGUE, form, sneaky, seen.digest)
    assert save(house.services, CLERK, form, sneaky, seen.digest)
    house.work()
    assert [one["state"] for one in house.view(case["acceptance_no"])["documents"]] == ["valid", "valid"]
    with pytest.raises(RuleViolation, match="not_correctable"):
        read_form(house.services, CLERK, case["acceptance_no"])


def test_other_offices_and_readers_see_no_form(house: House) -> None:
    case = taken_in(house.services)
    with pytest.raises(NotFound):
        read_form(house.services, ELSEWHERE, case["acceptance_no"])
    with pytest.raises(NotPermitted):
        read_form(house.services, CHIEF, case["acceptance_no"])


# -- the page --------------------------------------------------------------------------------------------------------
def inputs(page: str) -> dict[str, str]:
    """What a browser would send back: names and values of inputs, selected options, texts."""
    form = page.split('/correct" data-once', 1)[1].split("</form>")[0]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input ([^>]*)>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and "checkbox" not in tag:
            found[html.unescape(name[1])] = html.unescape(value[1])
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', form):
        found[html.unescape(name)] = html.unescape(text).replace("\n", "\r\n")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)">(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[html.unescape(name)] = html.unescape(chosen[1]) if chosen else ""
    return found


def test_look_mend_look_store_with_everything_kept(house: House) -> None:
    long = "甲" * 60 + "\n" + "乙" * 10
    case = taken_in(house.services, documents=[document(fields={"说明": long, "<b>": "&"})])
    browser, token = house.browser("更正甲", "clerk")
    address = f"/window/cases/{case['acceptance_no']}/correct"
    sent = inputs(browser.get(address).get_data(as_text=True))
    assert sent["/applicant/name"] == "周小满" and sent["/documents/0/fields/<b>"] == "&"
    assert sent["/accepted_at"] == f"{local_time(datetime.fromisoformat(case['accepted_at'])):%Y-%m-%dT%H:%M}"
    page = browser.post(address, data=sent | {"csrf_token": token, "act": "look"}).get_data(as_text=True)
    assert "没有改动" in page
    sent |= {"/applicant/phone": "12", "/applicant/name": "周小曼"}
    refused = browser.post(address, data=sent | {"csrf_token": token, "act": "look"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and inputs(page)["/applicant/phone"] == "12" and 'class="fault"' in page
    sent = inputs(page) | {"/applicant/phone": "19000000999"}
    page = browser.post(address, data=sent | {"csrf_token": token, "act": "look"}).get_data(as_text=True)
    assert "会改这 2 处" in page and "<del>周小满</del>" in page
    sent = inputs(page)
    other = browser.post(address, data=sent | {"csrf_token": token, "act": "save", "/applicant/name": "王五"})
    assert other.status_code == 200 and "王五" in other.get_data(as_text=True)
    assert body(house.services, case)["applicant"]["name"] == "周小满", "what nobody looked at is not stored"
    stored = browser.post(address, data=sent | {"csrf_token": token, "act": "save"})
    assert stored.headers["Location"].endswith(case["acceptance_no"])
    now = body(house.services, case)
    assert (now["applicant"]["name"], now["applicant"]["phone"]) == ("周小曼", "19000000999")
    assert now["documents"][0]["fields"]["说明"] == long
    page = browser.get(f"/window/cases/{case['acceptance_no']}").get_data(as_text=True)
    assert "更正过的，要由另一位同事出件" in page
    assert browser.post(address, data={"act": "save"}).status_code == 403
