"""Numbered blank stock: received, used by a document and known to the pack check, spoiled, destroyed, counted."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from dispatch.badges import set_own_pin
from dispatch.errors import Invalid, NotFound, RuleViolation
from dispatch.opening import what_is
from dispatch.people import create_user
from dispatch.printing.batches import PrintView, start_print
from dispatch.printing.stock import destroy_forms, form_plan, receive_forms, spoil_form, use_form
from dispatch.printing.stocktaking import count_forms, counts_of, forms_of, kinds_in_stock, receipts_of
from dispatch.rights import SYSTEM
from dispatch.services import Services
from dispatch.undo import undo_issue
from tests.factories import CLERK, COLLEAGUE, ELSEWHERE, approval, document
from tests.webhouse import PASSWORD, House, house_on

pytestmark = pytest.mark.integration

TITLE = "企业名称预先核准通知书"
RANGE = {"kind": TITLE, "prefix": "a", "first": "000101", "last": "000110", "source": "市局印制中心"}


@pytest.fixture
def database() -> str:
    """SQLite: nothing here depends on which database it is."""
    return ""


@pytest.fixture
def house(services: Services) -> House:
    return house_on(services)


def receive(house: House, **changes: str) -> int:
    return receive_forms(house.services, CLERK, **(RANGE | changes))


def batch(house: House, count: int = 2) -> PrintView:
    made = house.issued(approval(documents=[document(copy=f"第{n}份") for n in range(1, count + 1)]))
    return start_print(house.services, CLERK, [d["document_id"] for d in made["documents"]])


def ids(view: PrintView) -> list[str]:
    return [item["document_id"] for item in view.items]


def packed_with(house: House, view: PrintView, paper: str) -> str:
    label = house.view(view.items[0]["acceptance_no"])["consignments"][0]["waybill_no"]
    answer = house.call("POST", "/pack-checks", "issue", json={"label": label, "paper": paper})
    return str(answer.get_json()["outcome"])


# -- 领用 --------------------------------------------------------------------------------------------------------------
def test_a_range_comes_in_number_by_number(house: House) -> None:
    assert receive(house) == 10
    [kind] = kinds_in_stock(house.services, CLERK)
    assert (kind.kind, kind.stock, kind.next, kind.lies) == (TITLE, 10, "A000101", ("A000101-A000110",))
    [receipt] = receipts_of(house.services, CLERK)
    assert (receipt.prefix, receipt.amount, receipt.by) == ("A", 10, CLERK.name)
    assert kinds_in_stock(house.services, ELSEWHERE) == ()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": " "}, "/kind"),
        ({"kind": "证" * 121}, "/kind"),
        ({"source": ""}, "/source"),
        ({"prefix": "A-"}, "/prefix"),
        ({"prefix": "A" * 13}, "/prefix"),
        ({"first": "10", "last": "011"}, "/last"),
        ({"first": "", "last": ""}, "/last"),
        ({"first": "12a", "last": "130"}, "/last"),
        ({"first": "000110", "last": "000101"}, "/last"),
        ({"first": "000000", "last": "005000"}, "/last"),
        ({"first": "1" * 17, "last": "2" * 17}, "/last"),
    ],
)
def test_a_range_that_cannot_be_is_refused_by_field(
    house: House, changes: dict[str, str], pointer: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        receive(house, **changes)
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert kinds_in_stock(house.services, CLERK) == ()


def test_a_number_comes_in_once(house: House) -> None:
    receive(house)
    with pytest.raises(RuleViolation, match="A000110 已经登记过"):
        receive(house, kind="别的证", first="000110", last="000120")
    assert [kind.stock for kind in kinds_in_stock(house.services, CLERK)] == [10], "all or nothing"


# -- 打印 --------------------------------------------------------------------------------------------------------------
def test_documents_are_proposed_the_next_numbers_and_the_pack_check_knows_them(house: House) -> None:
    view = batch(house)
    assert form_plan(house.services, CLERK, view) == ()
    receive(house)
    plan = form_plan(house.services, CLERK, view)
    assert [(one.no, one.proposed, one.used) for one in plan] == [(1, "A000101", ""), (2, "A000102", "")]
    assert packed_with(house, view, "A000101") == "mismatch"
    assert use_form(house.services, CLERK, ids(view)[0], "ａ 000101") == "A000101"
    assert use_form(house.services, CLERK, ids(view)[0], "A000101") == "A000101", "twice is no fault"
    assert packed_with(house, view, "A000101") == "matched"
    plan = form_plan(house.services, CLERK, view)
    assert [(one.proposed, one.used) for one in plan] == [("", "A000101"), ("A000102", "")]
    chronicle = [one["detail"] for one in house.view(view.items[0]["acceptance_no"])["events"]]
    assert any("印在空白证 A000101 上" in sentence for sentence in chronicle)


def test_a_form_passed_over_is_told(house: House) -> None:
    view = batch(house)
    receive(house)
    assert use_form(house.services, CLERK, ids(view)[0], "A000103") == "A000101"
    [kind] = kinds_in_stock(house.services, CLERK)
    assert kind.lies == ("A000101-A000102", "A000104-A000110")


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("A999999", "unknown_form"),
        ("", "unknown_form"),
        ("B01", "wrong_form"),
        ("A000101", "form_used"),
        ("A000102", "form_spoiled"),
    ],
)
def test_a_form_that_cannot_be_this_documents_is_refused(house: House, code: str, refused: str) -> None:
    view = batch(house)
    receive(house)
    receive(house, kind="营业执照", prefix="B", first="01", last="02")
    use_form(house.services, CLERK, ids(view)[0], "A000101")
    spoil_form(house.services, CLERK, "A000102", "污损", COLLEAGUE)
    with pytest.raises(RuleViolation) as refusal:
        use_form(house.services, CLERK, ids(view)[1], code)
    assert refusal.value.code == refused


def test_one_document_stands_on_one_form(house: House) -> None:
    view = batch(house)
    receive(house)
    use_form(house.services, CLERK, ids(view)[0], "A000101")
    with pytest.raises(RuleViolation) as refusal:
        use_form(house.services, CLERK, ids(view)[0], "A000102")
    assert refusal.value.code == "has_form" and "A000101" in refusal.value.detail


def test_a_copy_may_have_forms_of_its_own(house: House) -> None:
    view = batch(house)
    receive(house, kind=f"{TITLE}（第2份）")
    assert [(one.no, one.proposed) for one in form_plan(house.services, CLERK, view)] == [(2, "A000101")]
    with pytest.raises(RuleViolation) as refusal:
        use_form(house.services, CLERK, ids(view)[0], "A000101")
    assert refusal.value.code == "wrong_form"


# -- 作废 --------------------------------------------------------------------------------------------------------------
def test_a_spoiled_form_is_nobodys_and_the_next_takes_its_place(house: House) -> None:
    view = batch(house)
    receive(house)
    use_form(house.services, CLERK, ids(view)[0], "A000101")
    with pytest.raises(RuleViolation, match="原因"):
        spoil_form(house.services, CLERK, "A000101", "  ", COLLEAGUE)
    spoil_form(house.services, CLERK, "A000101", "打偏了", COLLEAGUE)
    assert packed_with(house, view, "A000101") == "mismatch", "the waste is not this paper"
    assert form_plan(house.services, CLERK, view)[0].proposed == "A000102"
    use_form(house.services, CLERK, ids(view)[0], "A000102")
    assert packed_with(house, view, "A000102") == "matched"
    with pytest.raises(RuleViolation) as refusal:
        spoil_form(house.services, CLERK, "A000101", "再来", COLLEAGUE)
    assert refusal.value.code == "form_spoiled"


def test_waste_is_destroyed_before_two_people_all_or_nothing(house: House) -> None:
    receive(house)
    for code in ("A000103", "A000104"):
        spoil_form(house.services, CLERK, code, "污损", COLLEAGUE)
    with pytest.raises(RuleViolation) as refusal:
        destroy_forms(house.services, CLERK, ["A000103", "A000105"], COLLEAGUE)
    assert refusal.value.code == "not_spoiled"
    assert len(forms_of(house.services, CLERK, state="spoiled")) == 2
    assert destroy_forms(house.services, CLERK, ["A000103", "a000104", "A000103"], COLLEAGUE) == 2
    rows = forms_of(house.services, CLERK, state="destroyed")
    assert [(row["code"], row["reason"], row["second"]) for row in rows] == [
        ("A000103", "污损", COLLEAGUE.name), ("A000104", "污损", COLLEAGUE.name),
    ]  # fmt: skip
    with pytest.raises(RuleViolation):
        destroy_forms(house.services, CLERK, [], COLLEAGUE)


def test_another_office_has_nothing_to_do_with_it(house: House) -> None:
    receive(house)
    for act in (
        lambda: spoil_form(house.services, ELSEWHERE, "A000101", "污损", COLLEAGUE),
        lambda: destroy_forms(house.services, ELSEWHERE, ["A000101"], COLLEAGUE),
    ):
        with pytest.raises(RuleViolation) as refusal:
            act()
        assert refusal.value.code == "unknown_form"
    assert forms_of(house.services, ELSEWHERE) == []


def test_a_document_taken_back_leaves_its_form_as_waste(house: House) -> None:
    view = batch(house)
    receive(house)
    use_form(house.services, CLERK, ids(view)[0], "A000101")
    number = view.items[0]["acceptance_no"]
    undo_issue(house.services, CLERK, number)
    [form] = forms_of(house.services, CLERK, state="spoiled")
    assert form["code"] == "A000101" and form["reason"]


# -- 盘点 --------------------------------------------------------------------------------------------------------------
def test_a_count_names_what_is_missing_and_what_should_not_be_there(house: House) -> None:
    view = batch(house)
    receive(house)
    use_form(house.services, CLERK, ids(view)[0], "A000101")
    spoil_form(house.services, CLERK, "A000102", "污损", COLLEAGUE)
    right = count_forms(house.services, CLERK, TITLE, "A000103-A000110", COLLEAGUE)
    assert (right.expected, right.counted, right.missing, right.extra) == (8, 8, "", "")
    wrong = count_forms(
        house.services, CLERK, TITLE, "A000101、A000102 A000104-000105,A000108\nZ9", COLLEAGUE
    )
    assert (wrong.expected, wrong.counted) == (8, 6)
    assert wrong.missing.split("\n") == ["A000103", "A000106-A000107", "A000109-A000110"]
    assert wrong.extra.split("\n") == ["A000101 登记为已用", "A000102 登记为作废", "Z9 不在册"]
    empty = count_forms(house.services, CLERK, TITLE, "", COLLEAGUE)
    assert (empty.counted, empty.missing) == (0, "A000103-A000110")
    assert [row.id for row in counts_of(house.services, CLERK, TITLE)] == [empty.id, wrong.id, right.id]
    assert kinds_in_stock(house.services, CLERK)[0].stock == 8, "a count changes nothing"


@pytest.mark.parametrize(("kind", "there"), [("没有的证", ""), (TITLE, "A1-B2"), (TITLE, "0000-9999")])
def test_a_count_of_what_nobody_understands_is_refused(house: House, kind: str, there: str) -> None:
    receive(house)
    with pytest.raises(Invalid):
        count_forms(house.services, CLERK, kind, there, COLLEAGUE)


# -- pages -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def clerk(house: House) -> tuple[FlaskClient, str]:
    create_user(house.services, SYSTEM, "colleague", "clerk", "33", PASSWORD)
    set_own_pin(house.services, COLLEAGUE, PASSWORD, "528041")
    return house.browser("clerk", "clerk")


def post(clerk: tuple[FlaskClient, str], path: str, **form: object):
    client, csrf = clerk
    return client.post(f"/window/stock{path}", data={"csrf_token": csrf} | form, follow_redirects=True)


def table(clerk: tuple[FlaskClient, str], path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(clerk[0].get(f"/window/stock{path}").data.decode("utf-8-sig"))))


TWO = {"second_who": "colleague", "second_pin": "528041"}


def test_the_whole_life_of_forms_at_the_window(house: House, clerk: tuple[FlaskClient, str]) -> None:
    assert "还没有登记领用" in clerk[0].get("/window/stock").text
    assert "已登记领用 10 张" in post(clerk, "", **RANGE).text
    view = batch(house)
    page = clerk[0].get(f"/window/papers/{view.id}").text
    assert '该用 <b class="num">A000101</b>' in page
    used = post(clerk, "/use", batch=view.id, document_id=ids(view)[0], code="A000101")
    assert "已记下：印在 A000101 上" in used.text
    skipped = post(clerk, "/use", batch=view.id, document_id=ids(view)[1], code="A000103")
    assert "下一张本该是 A000102" in skipped.text and "都对上号了" in skipped.text
    waste: dict[str, object] = {"code": "A000103", "reason": "打偏了", "batch": view.id}
    assert "第二个人" in post(clerk, "/spoil", **waste, second_who="clerk", second_pin="528041").text
    assert forms_of(house.services, CLERK, state="spoiled") == [], "nobody spoils a form alone"
    assert "已登记作废" in post(clerk, "/spoil", **waste, **TWO).text
    [spoilt] = forms_of(house.services, CLERK, state="spoiled")
    assert (spoilt["reason"], spoilt["second"]) == ("打偏了", COLLEAGUE.name)
    assert "第二个人" in post(clerk, "/destroy", code="A000103", second_who="", second_pin="").text
    assert forms_of(house.services, CLERK, state="destroyed") == []
    assert "请先勾出" in post(clerk, "/destroy", **TWO).text
    assert "已登记销毁 1 张" in post(clerk, "/destroy", code="A000103", **TWO).text
    counted = post(clerk, "/count", kind=TITLE, there="A000102, A000104-A000109", **TWO).text
    assert "有对不上的" in counted and "少了 A000110" in counted
    assert "账物相符：8 张" in post(clerk, "/count", kind=TITLE, there="A000102, A000104-A000110", **TWO).text
    assert [row[0] for row in table(clerk, "/forms/export?as=csv&state=destroyed")] == [
        "印制流水号",
        "A000103",
    ]
    assert len(table(clerk, "/forms/export?as=csv")) == 11
    assert table(clerk, "/receipts/export?as=csv")[1][1:6] == [TITLE, "A", "000101", "000110", "10"]
    assert [row[4] for row in table(clerk, "/counts/export?as=csv")[1:]] == ["", "A000110"]


def test_what_was_typed_stays(clerk: tuple[FlaskClient, str]) -> None:
    answer = post(clerk, "", **(RANGE | {"last": "99"}))
    assert answer.status_code == 422 and 'value="市局印制中心"' in answer.text
    post(clerk, "", **RANGE)
    again = post(clerk, "", **RANGE)
    assert again.status_code == 409 and "已经登记过" in again.text
    odd = post(clerk, "/count", kind=TITLE, there="A1-B2", **TWO)
    assert odd.status_code == 422 and "A1-B2" in odd.text
    alone = post(clerk, "/count", kind=TITLE, there="A000101", second_who="", second_pin="")
    assert alone.status_code == 409 and "第二个人" in alone.text


def test_stock_is_no_observers(house: House) -> None:
    other, _ = house.browser("seer", "observer")
    for path in ("", "/forms", "/count", "/forms/export", "/receipts/export", "/counts/export"):
        assert other.get(f"/window/stock{path}").status_code == 403


def test_a_form_scanned_anywhere_opens_what_became_of_it(house: House) -> None:
    view = batch(house)
    receive(house)
    found = what_is(house.services, CLERK, "a000102")
    assert (found.kind, found.address) == ("blank", "/window/stock/forms?q=A000102")
    use_form(house.services, CLERK, ids(view)[0], "A000102")
    assert what_is(house.services, CLERK, "A000102").kind == "paper", "now it is that document's paper"
    with pytest.raises(NotFound):
        what_is(house.services, ELSEWHERE, "A000103")


def test_a_number_typed_elsewhere_uses_its_form_too(house: House, clerk: tuple[FlaskClient, str]) -> None:
    view = batch(house)
    first, second = ids(view)
    receive(house)
    spoil_form(house.services, CLERK, "A000110", "污损", COLLEAGUE)
    bound = {"document_id": first, "code": "a000105"}
    assert [house.call("POST", "/bindings", "issue", json=bound).status_code for _ in range(2)] == [201, 200]
    assert kinds_in_stock(house.services, CLERK)[0].used == 1
    assert packed_with(house, view, "A000105") == "matched"
    taken = house.call("POST", "/bindings", "issue", json=bound | {"document_id": second})
    waste = house.call("POST", "/bindings", "issue", json={"document_id": second, "code": "A000110"})
    assert [(a.status_code, a.get_json()["code"]) for a in (taken, waste)] == [
        (409, "form_used"),
        (409, "form_spoiled"),
    ]
    client, csrf = clerk
    typed = {"csrf_token": csrf, "code": "A000110"}
    page = client.post(f"/window/documents/{second}/code", data=typed, follow_redirects=True)
    assert "已登记作废，不能再用" in page.text
    sticker = house.call("POST", "/bindings", "issue", json={"document_id": second, "code": "STICKER-1"})
    assert sticker.status_code == 201, "other codes are bound as ever"


@pytest.mark.parametrize(
    "code", ["", "\x00", "A" * 4000, "%", "A0001__", "' OR 1=1", "<b>A000101</b>", "\u202eA000101"]
)
def test_nonsense_is_no_number(house: House, clerk: tuple[FlaskClient, str], code: str) -> None:
    receive(house)
    view = batch(house)
    used = post(clerk, "/use", batch=view.id, document_id=ids(view)[0], code=code)
    assert used.status_code == 200 and "空白证里没有" in used.text and "<b>A000101</b>" not in used.text
    assert "空白证里没有" in post(clerk, "/spoil", code=code, reason="污损", **TWO).text
    assert (
        clerk[0].get("/window/stock/forms", query_string={"q": code, "state": "x", "kind": code}).status_code
        == 200
    )
    assert kinds_in_stock(house.services, CLERK)[0].stock == 10
