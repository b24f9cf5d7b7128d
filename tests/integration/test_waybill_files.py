"""Waybill numbers by file on a real database: what goes out, what an answer comes to before and after it is taken."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch.consignments.waybill_files import (
    AnswerRow,
    count_waiting,
    look_at_answer,
    request_file,
    take_numbers,
)
from dispatch.errors import Invalid, NotPermitted
from dispatch.models import Audit, Consignment
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COURIER, ELSEWHERE, approval, recipient, resident_id
from tests.road import Road
from tests.webhouse import House, house_on, open_house

pytestmark = pytest.mark.integration

GOOD, ALSO, THIRD = "EA473124829CN", "1234567890123", "1234567890124"


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path, DISPATCH_EXPRESS_CARRIER="manual")


def envelopes(road: Road, count: int) -> list[Consignment]:
    """Envelopes that wait for a number, each of another person."""
    person = approval()["applicant"]
    return [
        road.envelopes(road.issue(applicant=person | {"id_no": resident_id(serial)}))[0]
        for serial in range(1, count + 1)
    ]


def answer(*pairs: tuple[str, str], encoding: str = "gb18030") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("客户订单号", "运单号"), *pairs])
    return text.getvalue().encode(encoding)


def looked(road: Road, *pairs: tuple[str, str], actor: object = CLERK) -> list[AnswerRow]:
    return look_at_answer(road.services, actor, "结果.csv", answer(*pairs))  # type: ignore[arg-type]


def outcomes(rows: list[AnswerRow]) -> list[str]:
    return [row.outcome for row in rows]


def test_what_waits_goes_out_in_full_and_is_written_down(road: Road) -> None:
    delivery = {"method": "express", "recipient": recipient(name="=cmd|' /C calc'!A0", phone="0579-84661234")}
    road.issue(delivery=delivery)
    assert (count_waiting(road.services, CLERK), count_waiting(road.services, ELSEWHERE)) == (1, 0)
    made = request_file(road.services, CLERK)
    told = dict(zip(made.headings, made.rows[0], strict=True))
    assert (told["收件人姓名"], told["收件人电话"]) == ("=cmd|' /C calc'!A0", "0579-84661234")
    assert (told["寄件人姓名"], told["寄件人区县"]) == ("县行政服务中心", "磐安县")
    assert request_file(road.services, ELSEWHERE).rows == []
    with road.services.store.read(SYSTEM) as work:
        acts = work.session.scalars(
            select(Audit).where(Audit.action == "waybills_exported").order_by(Audit.seq)
        ).all()
    assert [json.loads(act.detail)["count"] for act in acts] == [1, 0]
    assert not any("calc" in act.detail for act in acts)
    with pytest.raises(Invalid):
        request_file(road.services, CLERK, "no-such-portal")
    for forbidden in (
        lambda: request_file(road.services, COURIER),
        lambda: looked(road, ("A", "B"), actor=COURIER),
    ):
        with pytest.raises(NotPermitted):
            forbidden()


def test_an_answer_is_looked_at_line_by_line(road: Road) -> None:
    first, second, third, fourth = envelopes(road, 4)
    take_numbers(road.services, CLERK, [(2, first.order_no, GOOD)])
    rows = looked(
        road,
        (first.order_no, GOOD),
        (first.order_no.lower(), GOOD),
        (second.order_no, GOOD),
        (third.order_no, "EA473124820CN"),
        (fourth.order_no, ""),
        ("B" * 26, ALSO),
    )
    assert outcomes(rows) == ["number_twice", "number_twice", "number_twice", "malformed", "empty", "unknown"]
    assert outcomes(looked(road, (first.order_no, GOOD), (second.order_no, ALSO))) == ["same", "new"]
    assert outcomes(looked(road, (second.order_no, GOOD))) == ["taken"]
    assert outcomes(looked(road, (first.order_no, ALSO))) == ["other_number"]
    twice = looked(road, (second.order_no, ALSO), (second.order_no, THIRD))
    assert outcomes(twice) == ["twice", "twice"]
    assert "第 2、3 行" in twice[0].detail
    assert outcomes(looked(road, (second.order_no, "1.23457E+12"))) == ["malformed"]
    assert outcomes(looked(road, (second.order_no, ALSO), actor=ELSEWHERE)) == ["unknown"]
    assert [road.envelope(one.id).state for one in (first, second)] == [
        "labelled",
        "booking",
    ]  # nothing stored
    assert all(row.detail for row in [*rows, *twice] if row.outcome not in ("new", "same", "empty"))


def test_what_was_looked_at_is_taken_and_judged_once_more(road: Road) -> None:
    first, second, third = envelopes(road, 3)
    rows = take_numbers(
        road.services, CLERK,
        [(2, first.order_no, GOOD), (3, second.order_no, GOOD), (4, third.order_no, " ｅａ473124829ｃｎ"), (5, "B" * 26, ALSO)],
    )  # fmt: skip
    assert outcomes(rows) == ["bound", "refused", "refused", "refused"]
    assert road.number(first.id) == GOOD
    assert outcomes(take_numbers(road.services, ELSEWHERE, [(2, second.order_no, ALSO)])) == ["refused"]
    again = take_numbers(road.services, CLERK, [(2, first.order_no, GOOD), (3, second.order_no, ALSO)])
    assert outcomes(again) == ["bound", "bound"]
    assert [road.envelope(one.id).state for one in (first, second, third)] == [
        "labelled",
        "labelled",
        "booking",
    ]


# -- by the browser ------------------------------------------------------------------------------------------------------
@pytest.fixture
def house(road: Road) -> House:
    return house_on(road.services)


def test_out_and_back_by_the_browser(road: Road, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.web.waybills.AT_ONCE", 1)
    first, second = envelopes(road, 2)
    browser, token = house.browser("甲", "clerk")
    assert "2 个信封等运单号" in browser.get("/window/waybills").text
    out = browser.get("/window/waybills.xlsx?layout=by-hand&as=csv-gbk")
    assert first.order_no in out.data.decode("gb18030") and "周小满" in out.data.decode("gb18030")
    assert browser.get("/window/waybills.xlsx?layout=none").status_code == 422
    data = answer((first.order_no, GOOD), (second.order_no, ALSO), ("X1", THIRD))

    def send(content: bytes, name: str = "结果.csv"):
        form = {"csrf_token": token, "file": (io.BytesIO(content), name)}
        return browser.post("/window/waybills", data=form)

    page = send(data)
    assert page.status_code == 200 and "可以登记 2 个" in page.text and "没有这个订单 1 个" in page.text
    assert road.envelope(first.id).state == "booking"
    pairs = "\n".join((f"2 {first.order_no} {GOOD}", f"3 {second.order_no} {ALSO}", "junk", "x y z"))
    assert f"2 {first.order_no} {GOOD}" in page.text
    done = browser.post("/window/waybills/take", data={"csrf_token": token, "pairs": pairs})
    assert "已登记 1 个" in done.text and "还有 1 个没有登记" in done.text
    assert (road.envelope(first.id).state, road.envelope(second.id).state) == ("labelled", "booking")
    rest = browser.post(
        "/window/waybills/take", data={"csrf_token": token, "pairs": f"3 {second.order_no} {ALSO}"}
    )
    assert "面单已经做好" in rest.text and road.number(second.id) == ALSO
    assert send(b"x", "a.pdf").status_code == 422
    assert browser.post("/window/waybills", data={"csrf_token": token}).status_code == 422


def test_who_may_see_addresses(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    for role in ("observer", "department", "courier", "admin"):
        browser, _ = house.browser(role, role)
        for path in ("/window/waybills", "/window/waybills.xlsx"):
            assert browser.get(path).status_code == 403, (role, path)
