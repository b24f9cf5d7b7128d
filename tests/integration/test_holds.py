"""Holding a case back: fixed reasons, a day to look again, what was done when it is lifted; rule, page and API."""

from __future__ import annotations

import json
import re
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dispatch.calendar import local_date
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.holds import KINDS, OUTCOMES, lift_hold, list_holds, place_hold, postpone_hold, read_day
from dispatch.intake.receive import receive_case
from dispatch.issue import cancel_case, issue_case
from dispatch.models import Audit, Hold
from dispatch.rights import SYSTEM
from dispatch.services import Services
from dispatch.worklist import worklist
from tests.factories import CLERK, COLLEAGUE, COURIER, ELSEWHERE, approval
from tests.webhouse import House, open_house

pytestmark = pytest.mark.integration


def taken_in(services: Services) -> str:
    case = approval()
    receive_case(services, CLERK, case, source="api")
    return str(case["acceptance_no"])


def today(services: Services) -> date:
    return local_date(services.clock.now())


def test_every_reason_has_its_word_and_what_may_have_been_done() -> None:
    assert set(OUTCOMES) == set(KINDS)


def test_several_holds_each_with_its_reason_and_all_must_be_lifted(services: Services) -> None:
    no = taken_in(services)
    first = place_hold(services, CLERK, no, "缺身份证复印件", kind="materials")
    second = place_hold(services, CLERK, no, "", kind="fee")
    rows = {row["id"]: row for row in list_holds(services, CLERK).rows}
    assert (rows[first]["kind"], rows[first]["reason"]) == ("materials", "容缺材料未补齐：缺身份证复印件")
    assert (rows[second]["kind"], rows[second]["reason"]) == ("fee", "税费未缴")
    lift_hold(services, CLERK, no, first, done="材料已补齐")
    with pytest.raises(RuleViolation, match="held") as refusal:
        issue_case(services, COLLEAGUE, no)
    assert "税费未缴" in refusal.value.detail and "材料" not in refusal.value.detail
    lift_hold(services, CLERK, no, second, done="税费已缴清")
    assert issue_case(services, COLLEAGUE, no)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("税费未缴", "fee"),
        ("旧证未交回，下周带来", "old_paper"),
        ("部门要求暂缓", "department"),
        ("申请人来电说改天", "other"),
    ],
)
def test_a_free_text_is_sorted_by_its_first_words(services: Services, text: str, kind: str) -> None:
    place_hold(services, CLERK, taken_in(services), text)
    assert [(row["kind"], row["reason"]) for row in list_holds(services, CLERK).rows] == [(kind, text)]


@pytest.mark.parametrize("kind", ["", "proof", "unknown", "OTHER"])
def test_nobody_invents_a_reason(services: Services, kind: str) -> None:
    with pytest.raises(Invalid) as refusal:
        place_hold(services, CLERK, taken_in(services), "为什么", kind=kind)
    assert refusal.value.faults[0].pointer == "/kind"


@pytest.mark.parametrize(
    ("kind", "reason"), [("other", " "), (None, ""), ("fee", "长" * 200), (None, "长" * 201)]
)
def test_a_reason_is_asked_for_and_kept_short(services: Services, kind: str | None, reason: str) -> None:
    with pytest.raises(RuleViolation, match="reason_required"):
        place_hold(services, CLERK, taken_in(services), reason, kind=kind)


def test_a_hold_comes_up_on_its_day_and_does_not_lift_itself(services: Services, clock) -> None:
    no = taken_in(services)
    hold = place_hold(services, CLERK, no, "", kind="old_paper", until=today(services) + timedelta(days=3))
    assert not [row for row in worklist(services, CLERK)["stuck"] if row["kind"] == "hold_due"]
    clock.advance(timedelta(days=3))
    (row,) = [row for row in worklist(services, CLERK)["stuck"] if row["kind"] == "hold_due"]
    assert row["acceptance_no"] == no and "暂缓到期，请处理：旧证未交回" in row["why"]
    assert not [row for row in worklist(services, ELSEWHERE)["stuck"] if row["kind"] == "hold_due"]
    assert list_holds(services, CLERK, due=True).counts["due"] == 1
    with pytest.raises(RuleViolation, match="held"):
        issue_case(services, COLLEAGUE, no)
    postpone_hold(services, CLERK, no, hold, today(services) + timedelta(days=1))
    assert list_holds(services, CLERK, due=True).rows == []
    postpone_hold(services, CLERK, no, hold, None)
    clock.advance(timedelta(days=30))
    assert list_holds(services, CLERK).counts["due"] == 0
    lift_hold(services, CLERK, no, hold, done="旧证已交回")
    with pytest.raises(RuleViolation, match="lifted"):
        postpone_hold(services, CLERK, no, hold, today(services))


@pytest.mark.parametrize("days", [-1, -400, 731, 40000])
def test_a_day_past_or_far_away_is_refused(services: Services, days: int) -> None:
    no, until = taken_in(services), today(services) + timedelta(days=days)
    with pytest.raises(Invalid) as refusal:
        place_hold(services, CLERK, no, "", kind="fee", until=until)
    assert refusal.value.faults[0].pointer == "/until"
    assert list_holds(services, CLERK).rows == []


@pytest.mark.parametrize(
    "text", ["明天", "2026-2-30", "2026-02-30", "20261", "2026/12/31", "2026-12-31T00:00"]
)
def test_a_day_is_written_one_way(text: str) -> None:
    with pytest.raises(Invalid):
        read_day(text)
    assert read_day(" ") is None and read_day(None) is None


def test_lifting_says_what_was_done_and_once(services: Services) -> None:
    no = taken_in(services)
    hold = place_hold(services, CLERK, no, "", kind="materials")
    for nothing in ("", "  ", "长" * 201):
        with pytest.raises(Invalid):
            lift_hold(services, CLERK, no, hold, done=nothing)
    threads = [
        threading.Thread(target=lift_hold, args=(services, who, no, hold), kwargs={"done": who.name})
        for who in (CLERK, COLLEAGUE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.store.read(SYSTEM) as work:
        row = work.session.get_one(Hold, hold)
        told = list(work.session.scalars(select(Audit).where(Audit.action == "hold_lifted")))
    assert row.lifted_by == row.outcome and row.lifted_at is not None
    assert [json.loads(one.detail)["done"] for one in told] == [row.outcome]
    (shown,) = list_holds(services, CLERK, lifted=True).rows
    assert shown["outcome"] == row.outcome and not shown["due"]


def test_holds_of_ended_cases_are_not_listed_as_open(services: Services) -> None:
    no = taken_in(services)
    place_hold(services, CLERK, no, "", kind="fee", until=today(services))
    assert list_holds(services, CLERK).counts | {"due": 1, "fee": 1} == list_holds(services, CLERK).counts
    cancel_case(services, CLERK, no, "申请人撤回申请")
    assert list_holds(services, CLERK).rows == []
    assert list_holds(services, CLERK).counts["due"] == 0
    with pytest.raises(RuleViolation, match="settled"):
        place_hold(services, CLERK, no, "", kind="fee")


def test_other_offices_and_couriers_see_no_hold(services: Services) -> None:
    no = taken_in(services)
    hold = place_hold(services, CLERK, no, "", kind="fee")
    assert list_holds(services, ELSEWHERE).rows == []
    for act in (
        lambda: place_hold(services, ELSEWHERE, no, "", kind="fee"),
        lambda: lift_hold(services, ELSEWHERE, no, hold, done="好了"),
        lambda: postpone_hold(services, ELSEWHERE, no, hold, None),
        lambda: lift_hold(services, CLERK, taken_in(services), hold, done="好了"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotPermitted):
        list_holds(services, COURIER)


# -- the page ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("holds"))


@pytest.fixture(scope="module")
def desk(house: House):
    return house.browser("窗口乙", "clerk")


def test_the_form_keeps_what_was_typed(house: House, desk) -> None:
    browser, token = desk
    no = taken_in(house.services)
    form = {"csrf_token": token, "kind": "fee", "reason": "差二百元", "until": "2001-01-01"}
    refused = browser.post(f"/window/cases/{no}/holds", data=form)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "已经过去" in page and 'value="差二百元"' in page and 'value="2001-01-01"' in page
    assert re.search(r'value="fee" selected', page)
    form["until"] = (today(house.services) + timedelta(days=7)).isoformat()
    assert browser.post(f"/window/cases/{no}/holds", data=form).status_code == 303
    page = browser.get(f"/window/cases/{no}").get_data(as_text=True)
    assert "暂缓出件：税费未缴：差二百元" in page and "再加一条暂缓" in page


def test_the_list_narrows_by_reason_and_lifts_in_place(house: House, desk) -> None:
    browser, token = desk
    no, other = taken_in(house.services), taken_in(house.services)
    hold = place_hold(house.services, CLERK, no, "", kind="old_paper")
    place_hold(house.services, CLERK, other, "<script>", kind="other")
    page = browser.get("/window/holds").get_data(as_text=True)
    assert no in page and other in page and "<script>" not in page.split("</head>")[1].split("<h1>")[1][:9000]
    page = browser.get("/window/holds?kind=old_paper").get_data(as_text=True)
    assert no in page and other not in page
    lifted = browser.post(
        f"/window/cases/{no}/holds/{hold}/lift",
        data={"csrf_token": token, "done": "旧证已交回", "note": "收在柜里", "back": "holds"},
    )
    assert (lifted.status_code, lifted.headers["Location"]) == (303, "/window/holds")
    assert "旧证已交回：收在柜里" in browser.get("/window/holds?view=lifted").get_data(as_text=True)
    file = browser.get("/window/holds/export?as=csv").get_data().decode("utf-8-sig")
    assert other in file and "<script>" in file and file.splitlines()[0].startswith("受理号,事项,")
    assert no not in file and no in browser.get("/window/holds/export?view=lifted&as=jsonl").get_data(True)
    assert browser.get("/window/holds?kind=nonsense&view=nonsense").status_code == 200


# -- the API -------------------------------------------------------------------------------------------------------
def test_a_program_may_give_a_day(house: House) -> None:
    no = taken_in(house.services)
    day = (today(house.services) + timedelta(days=5)).isoformat()
    made = house.call("POST", f"/cases/{no}/holds", "issue", json={"reason": "税费未缴", "until": day})
    assert made.status_code == 201
    assert made.get_json() == {"id": made.get_json()["id"], "reason": "税费未缴", "until": day}
    (shown,) = house.view(no)["holds"]
    assert (shown["kind"], shown["until"], shown["reason"]) == ("fee", day, "税费未缴")
    assert house.call("DELETE", f"/cases/{no}/holds/{shown['id']}", "issue").status_code == 204
    assert house.view(no)["holds"] == []


@pytest.mark.parametrize("until", ["", "soon", "2026-13-01", "2001-01-01", 20261231])
def test_a_program_gives_a_right_day_or_none(house: House, until: object) -> None:
    no = taken_in(house.services)
    refused = house.call("POST", f"/cases/{no}/holds", "issue", json={"reason": "税费未缴", "until": until})
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.get_json()["errors"]] == ["/until"]
