from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatch.errors import Fault, Invalid
from dispatch.intake.schema import MAX_FAULTS, Case, faults_of, parse_case, parse_document
from tests.approvals import DROP, NOW, ROOT, changed, good, samples


def faults(obj: object) -> list[Fault]:
    with pytest.raises(Invalid) as refusal:
        parse_case(obj, now=NOW)
    return list(refusal.value.faults)


def codes(obj: object) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in faults(obj)}


def test_every_sample_is_in_order() -> None:
    cases = [parse_case(obj, now=NOW) for obj in samples()]
    assert len(cases) == 340
    assert not [notice for case in cases for notice in case.warnings]


def test_the_demonstration_set_shows_everything() -> None:
    lines = (ROOT / "dispatch/data/demo_cases.jsonl").read_text("utf-8").splitlines()
    cases = [parse_case(json.loads(line), now=NOW) for line in lines]
    documents = [document for case in cases for document in case.documents]
    assert 60 <= len(cases) <= 80
    assert len({document.title for document in documents}) == 18
    assert {case.delivery.method for case in cases} == {
        "express", "door", "point", "counter", "on_the_spot", "electronic",
    }  # fmt: skip
    assert {document.copy_ for document in documents} == {None, "正本", "副本"}
    assert any(document.kind == "physical" for document in documents)
    assert any(document.number is None for document in documents)
    assert any(document.recipient for document in documents)
    assert any(case.decision == "denied" for case in cases)
    assert any(case.item.sensitivity == "sensitive" for case in cases)
    assert set("𬭎𫖮𠮷𬍛") <= set("".join(lines))
    siblings = [case for case in cases if case.item.name == "同日办结的另一事项"]
    for sibling in siblings:
        same = [
            c
            for c in cases
            if c.applicant.id_no == sibling.applicant.id_no and c.delivery == sibling.delivery
        ]
        assert len(same) >= 2
    assert siblings


def test_defaults_are_filled_in_and_values_kept() -> None:
    obj = good()
    obj["documents"][0] |= {"copy": "", "number": None}
    del obj["delivery"]["recipient"]["relation"]
    case = parse_case(obj, now=NOW)
    assert case.item.sensitivity == "normal"
    assert case.delivery.payer is None  # unsaid: the rule of item and area decides
    assert case.delivery.recipient is not None
    assert case.delivery.recipient.relation == "self"
    document = case.documents[0]
    assert (document.signer_policy, document.copy_, document.number, document.holder) == (
        "authorized",
        None,
        None,
        None,
    )
    assert case.accepted_at == datetime(2026, 10, 26, 5, 13, tzinfo=UTC)
    assert case.model_dump(mode="json")["documents"][0]["copy"] is None


def test_a_case_cannot_be_changed() -> None:
    case = parse_case(good(), now=NOW)
    with pytest.raises(ValueError, match="frozen"):
        case.decision = "denied"


# -- the fingerprint of the content ----------------------------------------------------------------
def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(inner) for inner in value] if isinstance(value, list) else value


def test_content_hash_ignores_the_order_of_keys_only() -> None:
    plain = parse_case(good(), now=NOW).content_hash()
    assert parse_case(reversed_keys(good()), now=NOW).content_hash() == plain
    assert parse_case(changed("/applicant/phone", "19000000009"), now=NOW).content_hash() != plain
    assert parse_case(changed("/item/sensitivity", "normal"), now=NOW).content_hash() != plain
    assert parse_case(changed("/item/promised_working_days", 5.0), now=NOW).content_hash() == plain


def test_content_hash_is_of_canonical_json() -> None:
    obj = samples()[0]
    text = json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert parse_case(obj, now=NOW).content_hash() == hashlib.sha256(text.encode()).hexdigest()


def test_swapping_two_documents_is_other_content() -> None:
    obj = good()
    obj["documents"].reverse()
    assert parse_case(obj, now=NOW).content_hash() != parse_case(good(), now=NOW).content_hash()


# -- faults ----------------------------------------------------------------------------------------
BAD = [
    ("/acceptance_no", DROP, "required"),
    ("/acceptance_no", "12345", "pattern"),
    ("/acceptance_no", "123456\n", "bad_character"),
    ("/acceptance_no", " 1234567", "pattern"),
    ("/acceptance_no", "受理号123456", "pattern"),
    ("/acceptance_no", "3.31127E+20", "excel_number"),
    ("/acceptance_no", 331127202610267000001, "excel_number"),
    ("/acceptance_no", 3.31127e20, "excel_number"),
    ("/acceptance_no", 1234567, "type"),
    ("/acceptance_no", None, "type"),
    ("/item", [], "type"),
    ("/item/code", "", "too_short"),
    ("/item/code", "x" * 41, "too_long"),
    ("/item/name", "名" * 121, "too_long"),
    ("/item/name", "名称 ", "surrounding_space"),
    ("/item/promised_working_days", -1, "out_of_range"),
    ("/item/promised_working_days", 366, "out_of_range"),
    ("/item/promised_working_days", "5", "type"),
    ("/item/promised_working_days", 5.5, "type"),
    ("/item/promised_working_days", True, "type"),
    ("/item/promised_working_days", math.nan, "type"),
    ("/item/promised_working_days", math.inf, "type"),
    ("/item/promised_working_days", 10**400, "out_of_range"),
    ("/item/sensitivity", "secret", "not_allowed"),
    ("/item/sensitivity", None, "not_allowed"),
    ("/department/name", "局", "too_short"),
    ("/department/division_code", "33112", "pattern"),
    ("/department/division_code", "033112", "pattern"),
    ("/department/division_code", "3311270", "pattern"),
    ("/department/division_code", "999999", "unknown_division"),
    ("/department/division_code", "331199", "unknown_division"),
    ("/department/division_code", 331127, "type"),
    ("/applicant/type", "company", "not_allowed"),
    ("/applicant/name", "", "too_short"),
    ("/applicant/name", "　示例", "surrounding_space"),
    ("/applicant/name", "示\x00例", "bad_character"),
    ("/applicant/name", "示\ud800例", "bad_character"),
    ("/applicant/name", "示\u202e例", "bad_character"),
    ("/applicant/name", "示\ufffd例", "bad_character"),
    ("/applicant/name", "示\n例", "bad_character"),
    ("/applicant/contact", None, "type"),
    ("/applicant/id_type", "id", "not_allowed"),
    ("/applicant/id_no", "11010519491231002", "pattern"),
    ("/applicant/id_no", "110105491231002", "pattern"),
    ("/applicant/id_no", "110105194912310021", "check_character"),
    ("/applicant/id_no", "110105194902310026", "birth_date"),
    ("/applicant/id_no", "110105204912310027", "birth_date"),
    ("/applicant/id_no", "１１010519491231002X", "pattern"),
    ("/applicant/id_no", "1.10105E+17", "excel_number"),
    ("/applicant/id_no", "110105194912310000", "excel_number"),
    ("/applicant/id_no", 110105194912310016, "excel_number"),
    ("/applicant/id_no", 1.10105194912310e17, "excel_number"),
    ("/applicant/id_no", "11010519491231002X ", "surrounding_space"),
    ("/applicant/phone", "12", "phone"),
    ("/applicant/phone", 19000000001, "type"),
    ("/applicant/phone", "1.9E+10", "excel_number"),
    ("/applicant/phone", "19000000001\u200b", "bad_character"),
    ("/applicant/nick", "x", "unknown_field"),
    ("/decision", "ok", "not_allowed"),
    ("/accepted_at", "2026-10-26T13:13:00", "date_time"),
    ("/accepted_at", "2026-10-26 13:13:00+08:00", "date_time"),
    ("/accepted_at", "2026-02-30T13:13:00+08:00", "date_time"),
    ("/accepted_at", "0001-01-01T00:00:00+08:00", "date_time"),
    ("/accepted_at", "1949-10-01T00:00:00+08:00", "out_of_range"),
    ("/accepted_at", 1761455580, "type"),
    ("/accepted_at", "2026-11-03T13:13:00+08:00", "decided_before_accepted"),
    ("/decided_at", "yesterday", "date_time"),
    ("/decided_at", "2026-11-22T12:00:01+08:00", "in_future"),
    ("/decided_at", None, "type"),
    ("/documents", [], "too_few"),
    ("/documents", {}, "type"),
    ("/documents", "x", "type"),
    ("/documents/0", None, "type"),
    ("/documents/0/kind", "paper", "not_allowed"),
    ("/documents/0/kind", "physical", "@/documents/0/source kind_source"),
    ("/documents/0/source", "physical", "kind_source"),
    ("/documents/0/source", DROP, "required"),
    ("/documents/0/title", "证", "too_short"),
    ("/documents/0/title", "证" * 81, "too_long"),
    ("/documents/0/copy", "本" * 21, "too_long"),
    ("/documents/0/copy", 1, "type"),
    ("/documents/0/number", "号" * 61, "too_long"),
    ("/documents/0/number", "1.2E+18", "excel_number"),
    ("/documents/0/number", "号 ", "surrounding_space"),
    ("/documents/0/object_no", "1" * 41, "too_long"),
    ("/documents/0/holder", "人" * 201, "too_long"),
    ("/documents/0/fields", None, "type"),
    ("/documents/0/fields", [["a", "b"]], "type"),
    ("/documents/0/fields/内容", "字" * 4001, "too_long"),
    ("/documents/0/fields/内容", 120.5, "type"),
    ("/documents/0/fields/内容", "\x07", "bad_character"),
    ("/documents/0/fields/a~1b~0c", 1, "type"),
    ("/documents/0/signer_policy", "none", "not_allowed"),
    ("/documents/0/valid_from", "2026-11-31", "date"),
    ("/documents/0/valid_from", "20261102", "date"),
    ("/documents/0/valid_from", "2019-12-31", "out_of_range"),
    ("/documents/0/valid_from", "2199-06-07", "out_of_range"),
    ("/documents/0/valid_until", "9999-12-31", "out_of_range"),
    ("/documents/0/valid_until", "2020-01-01", "out_of_range"),
    ("/documents/0/valid_until", 0, "type"),
    ("/documents/1/recipient", None, "type"),
    ("/documents/1/recipient/phone", "0571", "phone"),
    ("/documents/1/recipient/division_code", "990000", "unknown_division"),
    ("/delivery/method", "drone", "not_allowed"),
    ("/delivery/recipient", DROP, "required"),
    ("/delivery/recipient/relation", "friend", "not_allowed"),
    ("/delivery/recipient/region", ["浙江省", "丽水市"], "too_few"),
    ("/delivery/recipient/region", ["a", "b", "c", "d", "e"], "too_many"),
    ("/delivery/recipient/region/1", None, "type"),
    ("/delivery/recipient/address", "路", "too_short"),
    ("/delivery/recipient/address", "路" * 301, "too_long"),
    ("/delivery/point", "点" * 121, "too_long"),
    ("/delivery/payer", "nobody", "not_allowed"),
    ("/materials_in/carrier", DROP, "required"),
    ("/materials_in/expected", "身份证", "type"),
    ("/materials_in/expected", [1], "@/materials_in/expected/0 type"),
    ("/surprise", 1, "unknown_field"),
]  # fmt: skip


@pytest.mark.parametrize(("pointer", "value", "expected"), BAD)
def test_each_fault_alone(pointer: str, value: object, expected: str) -> None:
    where, _, code = expected.rpartition(" ")
    found = faults(changed(pointer, value))
    assert [(fault.pointer, fault.code) for fault in found] == [(where.lstrip("@") or pointer, code)]
    assert any("\u4e00" <= ch <= "\u9fff" for ch in found[0].detail)
    assert "{" not in found[0].detail


@pytest.mark.parametrize("value", [None, [], "case", 1, True, math.nan, b"{}"])
def test_what_is_no_object_is_refused(value: object) -> None:
    assert codes(value) == {"": "type"}


def test_a_point_needs_a_name_and_a_recipient() -> None:
    obj = changed("/delivery", {"method": "point"})
    assert codes(obj) == {"/delivery/recipient": "required", "/delivery/point": "required"}
    obj["delivery"] |= {"point": "", "recipient": good()["delivery"]["recipient"]}
    assert codes(obj) == {"/delivery/point": "required"}


@pytest.mark.parametrize("method", ["counter", "on_the_spot", "electronic"])
def test_other_ways_need_no_recipient(method: str) -> None:
    assert parse_case(changed("/delivery", {"method": method}), now=NOW).delivery.method == method


def test_all_faults_come_at_once() -> None:
    obj = good()
    obj["applicant"] |= {"phone": "12", "id_no": "110105194912310021"}
    obj["decided_at"], obj["surprise"] = "yesterday", 1
    obj["documents"][1]["recipient"]["phone"] = ""
    del obj["item"]["code"]
    assert codes(obj) == {
        "/item/code": "required",
        "/applicant/id_no": "check_character",
        "/applicant/phone": "phone",
        "/decided_at": "date_time",
        "/documents/1/recipient/phone": "phone",
        "/surprise": "unknown_field",
    }


def test_faults_stand_in_the_order_of_the_form() -> None:
    obj = changed("/delivery/method", "x") | {"item": {}, "acceptance_no": ""}
    pointers = [fault.pointer for fault in faults(obj)]
    assert pointers[0] == "/acceptance_no"
    assert pointers[-1] == "/delivery/method"


def test_no_fault_repeats_what_was_typed_in() -> None:
    obj = good()
    obj["applicant"] |= {"name": " 秘密姓名 ", "id_no": "110105194912310021", "phone": "19000008888x"}
    text = json.dumps([fault.as_dict() for fault in faults(obj)], ensure_ascii=False)
    assert "秘密姓名" not in text
    assert "194912310021" not in text
    assert "19000008888" not in text


def test_a_fault_names_the_field_in_chinese() -> None:
    obj = changed("/documents/1/recipient/phone", "1")
    assert faults(obj)[0].detail.startswith("“第 2 份证件的收件人的电话”")
    assert "第 1 份证件的内容项“面积”" in faults(changed("/documents/0/fields/面积", 1))[0].detail


def test_an_unknown_member_is_answered_with_the_likely_one() -> None:
    assert "phone" in faults(changed("/applicant/phne", "x"))[0].detail


def test_a_day_too_early_for_either_end_of_validity() -> None:
    obj = good()
    obj["documents"][0] |= {"valid_from": "2026-11-02", "valid_until": "2026-11-01"}
    assert codes(obj) == {"/documents/0/valid_until": "valid_order"}
    obj["documents"][0]["valid_until"] = "2026-11-02"
    assert parse_case(obj, now=NOW).documents[0].valid_until is not None


@pytest.mark.parametrize("day", ["2020-01-01", "2199-06-06"])
def test_the_outermost_issue_days_are_good(day: str) -> None:
    assert str(parse_case(changed("/documents/0/valid_from", day), now=NOW).documents[0].valid_from) == day


def test_decided_up_to_a_day_ahead_and_in_the_moment_of_acceptance() -> None:
    obj = good()
    obj["decided_at"] = obj["accepted_at"] = (NOW + timedelta(days=1)).isoformat()
    assert parse_case(obj, now=NOW).decided_at == NOW + timedelta(days=1)


def test_two_documents_alike_could_not_both_live() -> None:
    obj = good()
    obj["documents"].append(
        dict(obj["documents"][0], copy="", holder="示例申请人", fields={"内容": "另一份"})
    )
    assert codes(obj) == {"/documents/2": "duplicate_document"}
    for change in ({"copy": "副本"}, {"holder": "另一人"}, {"recipient": good()["delivery"]["recipient"]}):
        obj["documents"][2] = {**obj["documents"][0], **change}
        assert len(parse_case(obj, now=NOW).documents) == 3


def test_line_breaks_are_content_only_inside_printed_fields() -> None:
    case = parse_case(changed("/documents/0/fields/内容", "一\r\n\t二"), now=NOW)
    assert case.documents[0].fields["内容"] == "一\r\n\t二"
    assert codes(changed("/delivery/recipient/address", "一路\n二号")) == {
        "/delivery/recipient/address": "bad_character"
    }


def test_a_field_name_with_a_control_character() -> None:
    obj = changed("/documents/0/fields", {"a\x00b": "x", "c\ud800": "y"})
    found = faults(obj)
    assert {fault.code for fault in found} == {"bad_character"}
    assert len(found) == 2
    json.dumps([fault.as_dict() for fault in found], ensure_ascii=False).encode("utf-8")


# -- nothing crashes -------------------------------------------------------------------------------
def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("place", ["/surprise", "/documents", "/documents/0/fields", "/item"])
def test_deep_nesting_is_refused(place: str) -> None:
    assert codes(changed(place, nested(100_000))) == {"": "too_large"}


def test_an_endless_case_is_refused() -> None:
    assert codes(changed("/documents/0/fields", {str(i): "x" for i in range(30_000)})) == {"": "too_large"}
    assert codes(changed("/surprise", "x" * 3_000_000)) == {"": "too_large"}


def test_very_many_faults_are_cut_short() -> None:
    found = faults(good() | {f"x{i}": 1 for i in range(1000)})
    assert len(found) == MAX_FAULTS + 1
    assert found[-1].code == "too_many_faults"


def test_values_that_are_no_json() -> None:
    obj = good()
    obj["item"]["code"], obj["applicant"]["name"] = datetime.now(UTC), b"bytes"
    assert codes(obj) == {"/item/code": "type", "/applicant/name": "type"}
    assert "type" in codes(dict[Any, Any](good()) | {5: "x"}).values()


def test_the_input_is_left_alone() -> None:
    obj = good()
    parse_case(obj, now=NOW)
    assert obj == good()


# -- what holds nothing up -------------------------------------------------------------------------
def warned(obj: object) -> dict[str, str]:
    return {notice.pointer: notice.code for notice in parse_case(obj, now=NOW).warnings}


def test_warnings() -> None:
    assert warned(good()) == {}
    assert warned(changed("/department/division_code", "331127999")) == {
        "/department/division_code": "unknown_town"
    }
    assert warned(changed("/department/division_code", "330104")) == {
        "/department/division_code": "retired_division"
    }
    assert warned(changed("/delivery/recipient/region/0", "江苏省")) == {
        "/delivery/recipient/region": "region_differs"
    }
    assert warned(changed("/applicant/name", "王?")) == {"/applicant/name": "lost_character"}
    assert warned(changed("/documents/0/holder", "李□")) == {"/documents/0/holder": "lost_character"}


# -- one document alone ----------------------------------------------------------------------------
def test_a_document_alone() -> None:
    document = parse_document(good()["documents"][1])
    assert document.title == "示例证"
    wrong = good()["documents"][1] | {
        "valid_from": "2019-01-01",
        "kind": "physical",
        "extra": 1,
        "title": "\x00xx",
    }
    wrong["recipient"]["phone"] = "1"
    with pytest.raises(Invalid) as refusal:
        parse_document(wrong)
    assert {fault.pointer: fault.code for fault in refusal.value.faults} == {
        "/document/title": "bad_character",
        "/document/source": "kind_source",
        "/document/valid_from": "out_of_range",
        "/document/recipient/phone": "phone",
        "/document/extra": "unknown_field",
    }
    with pytest.raises(Invalid):
        parse_document(None)


def test_faults_without_a_clock() -> None:
    known = [Fault("/decision", "cell_error", "…")]
    obj = changed("/applicant/phone", "1")
    assert {f.pointer for f in faults_of(obj, known)} == {"/decision", "/applicant/phone"}
    assert faults_of(changed("/decided_at", "2100-01-01T00:00:00Z")) == []
    assert [f.code for f in faults_of([], known)] == ["cell_error", "type"]


def test_the_models_follow_the_schema() -> None:
    from_schema = set(json.loads((ROOT / "dispatch/data/case.schema.json").read_text("utf-8"))["properties"])
    assert set(Case.model_fields) == from_schema
