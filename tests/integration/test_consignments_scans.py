"""Scans, messages, returns, closing and tracking on a real database."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dispatch.consignments.manifest import make_manifest, sign_manifest
from dispatch.consignments.plan import change_delivery
from dispatch.consignments.returns import keep_returned, send_again
from dispatch.consignments.scans import confirm_delivery, take_scans
from dispatch.consignments.track import private_view, public_track
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation, Unavailable
from dispatch.intake.schema import Delivery
from dispatch.models import Audit, FailureCount, Notice, ScanEvent
from dispatch.rights import SYSTEM, Actor, Scope
from tests.factories import CHIEF, CLERK, COURIER, ELSEWHERE, document, recipient
from tests.road import Road

pytestmark = pytest.mark.integration

KEY = Actor("key:ems", "33", frozenset({Scope.SCANS}))
SENT = "2026-11-16T10:00:00Z"
HIMSELF = {"kind": "self", "name": "周小满"}
FIRM = {
    "type": "organization", "name": "磐安县小满竹艺有限公司", "id_type": "uscc", "id_no": "91330727MA29P7KQ4Q",
    "contact": "周小满", "phone": "19000000123",
}  # fmt: skip


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


@pytest.fixture
def packed(road) -> str:
    """A packed envelope whose paper anybody may receive."""
    return road.pack(road.issue())


def stored(road: Road) -> list[ScanEvent]:
    with road.services.store.read(SYSTEM) as work:
        return list(work.session.scalars(select(ScanEvent).order_by(ScanEvent.corrected_at)))


# -- the usual way -------------------------------------------------------------------------------------------------
def test_from_the_window_into_the_hand(road, packed) -> None:
    label, number = road.label(packed), road.number(packed)
    steps = [
        (label, "hand_over", "handed_over"), (number, "depart", "in_transit"), (number, "arrive", "in_transit"),
        (label, "out_for_delivery", "out_for_delivery"), (label, "deliver", "delivered"),
    ]  # fmt: skip
    for code, action, state in steps:
        road.clock.forward(minutes=30)
        answer = road.scan(code, action, actor=KEY, **({"signer": HIMSELF} if action == "deliver" else {}))
        assert (answer["outcome"], answer["state"]) == ("accepted", state)
    envelope = road.envelope(packed)
    assert envelope.delivered_at == road.clock.now()
    assert envelope.flag is None
    road.drain()
    assert road.case(road_number(road, packed)).state == "closed"


def road_number(road: Road, consignment_id: str) -> str:
    with road.services.store.read(SYSTEM) as work:
        from_case = (
            "SELECT acceptance_no FROM cases JOIN documents ON case_id = cases.id WHERE consignment_id = ?"
        )
        return str(work.session.connection().exec_driver_sql(from_case, (consignment_id,)).scalar_one())


def test_the_paper_itself_may_be_scanned(road) -> None:
    no = road.issue()
    road.pack(no)
    (paper,) = road.documents(no)
    assert road.scan(road.qr(paper), "hand_over")["state"] == "handed_over"


def test_every_answer_has_its_shape(road, packed) -> None:
    good = {
        "scan_id": "a",
        "code": road.label(packed),
        "action": "hand_over",
        "occurred_at": "2026-11-16T10:00:00+08:00",
    }
    answers = take_scans(
        road.services, KEY, "2026-11-16T10:00:00+08:00",
        [good, good, good | {"occurred_at": "2026-11-16T09:00:00+08:00"}, good | {"scan_id": "b", "code": "EZ999"}, {}, 5, None],
        source="api",
    )  # fmt: skip
    assert [(a["scan_id"], a["outcome"], a["state"]) for a in answers] == [
        ("a", "accepted", "handed_over"), ("a", "duplicate", "handed_over"), ("a", "conflict", "handed_over"),
        ("b", "unknown", None), (None, "rejected", None), (None, "rejected", None), (None, "rejected", None),
    ]  # fmt: skip
    assert all(set(a) <= {"scan_id", "outcome", "state", "detail"} for a in answers)
    assert len(stored(road)) == 3


def test_the_same_moment_in_another_zone_is_the_same_scan(road, packed) -> None:
    scan = {"scan_id": "a", "occurred_at": "2026-11-16T10:00:00+08:00"}
    assert road.scan(road.label(packed), "hand_over", **scan)["outcome"] == "accepted"
    assert (
        road.scan(road.label(packed), "hand_over", **scan | {"occurred_at": "2026-11-16T02:00:00Z"})[
            "outcome"
        ]
        == "duplicate"
    )


def test_other_content_under_one_id_is_kept_and_moves_nothing(road, packed) -> None:
    road.scan(road.label(packed), "hand_over", scan_id="a")
    for _ in range(2):
        answer = road.scan(road.label(packed), "lose", scan_id="a", occurred_at="2026-11-16T10:00:00+08:00")
        assert answer["outcome"] == "conflict"
    assert road.envelope(packed).state == "handed_over"
    assert [row.outcome for row in stored(road)].count("conflict") == 1
    assert road.envelope(packed).flag


@pytest.mark.parametrize(
    "change",
    [
        {"scan_id": ""}, {"scan_id": 5}, {"scan_id": "x" * 65}, {"scan_id": "=list:a"}, {"scan_id": "!a"}, {"scan_id": None},
        {"code": ""}, {"code": None}, {"code": 12}, {"code": "x" * 2049}, {"code": "\ud800"},
        {"action": "teleport"}, {"action": None}, {"action": ["hand_over"]},
        {"action": "confirm_delivery"}, {"action": "reverse_delivery"},
        {"occurred_at": None}, {"occurred_at": "yesterday"}, {"occurred_at": "2026-11-16T10:00:00"}, {"occurred_at": 1763258400},
        {"reason": "bored"}, {"reason": 1}, {"note": "x" * 1001}, {"note": {}}, {"proof": "x" * 300_001},
        {"signer": "周小满"}, {"signer": {}}, {"signer": {"kind": "self"}}, {"signer": {"kind": "self", "name": " "}},
        {"signer": {"kind": "dog", "name": "阿黄"}}, {"signer": {"kind": ["self"], "name": "周"}},
        {"action": "deliver"}, {"action": "deliver", "signer": None}, {"action": "attempt_failed"},
    ],
)  # fmt: skip
def test_malformed_scans_are_rejected_one_by_one(road, packed, change) -> None:
    good = {
        "scan_id": "a",
        "code": road.label(packed),
        "action": "hand_over",
        "occurred_at": "2026-11-16T10:00:00+08:00",
    }
    bad = good | {"scan_id": "b"} | change
    first, second = take_scans(road.services, KEY, road.clock.now(), [bad, good], source="api")
    assert first["outcome"] == "rejected"
    assert first["detail"]
    assert second["outcome"] == "accepted"
    assert len(stored(road)) == 1


@pytest.mark.parametrize(
    ("sent_at", "scans"),
    [(None, []), ("now", []), ("2026-11-16T10:00:00", []), (SENT, {}), (SENT, None), (SENT, [{}] * 501)],
)
def test_a_batch_that_is_none_is_refused_whole(road, sent_at, scans) -> None:
    with pytest.raises(Invalid):
        take_scans(road.services, KEY, sent_at, scans, source="api")


def test_scanning_needs_the_right_and_the_office(road, packed) -> None:
    with pytest.raises(NotPermitted):
        road.scan(road.label(packed), "hand_over", actor=Actor("key:x", "", frozenset({Scope.READ})))
    answer = road.scan(road.label(packed), "hand_over", actor=ELSEWHERE, scan_id="theirs")
    assert (answer["outcome"], answer["state"]) == ("unknown", None)
    assert road.envelope(packed).state == "packed"
    road.scan(road.label(packed), "hand_over", scan_id="ours")
    answer = road.scan(road.label(packed), "hand_over", actor=ELSEWHERE, scan_id="ours")
    assert (answer["outcome"], answer["state"]) == ("unknown", None)


def test_five_hundred_scans_in_one_batch(road, packed) -> None:
    label = road.label(packed)
    at = road.clock.now()
    scans = [
        {
            "scan_id": "h",
            "code": label,
            "action": "hand_over",
            "occurred_at": (at - timedelta(hours=10)).isoformat(),
        }
    ]
    for n in range(499):
        occurred = (at - timedelta(minutes=500 - n)).isoformat()
        action = ("depart", "arrive")[n % 2]
        scans.append({"scan_id": str(n), "code": label, "action": action, "occurred_at": occurred})
    answers = take_scans(road.services, KEY, at, scans, source="api")
    assert {a["outcome"] for a in answers} == {"accepted"}
    assert {a["outcome"] for a in take_scans(road.services, KEY, at, scans, source="api")} == {"duplicate"}


# -- time ----------------------------------------------------------------------------------------------------------
def test_a_wrong_clock_is_set_right(road, packed) -> None:
    now = road.clock.now()
    wrong = now + timedelta(days=3)
    scan = {
        "scan_id": "a",
        "code": road.label(packed),
        "action": "hand_over",
        "occurred_at": (wrong - timedelta(minutes=7)).isoformat(),
    }
    take_scans(road.services, KEY, wrong, [scan], source="api")
    assert stored(road)[0].corrected_at == now - timedelta(minutes=7)
    ahead = {
        "scan_id": "b",
        "code": road.label(packed),
        "action": "depart",
        "occurred_at": (now + timedelta(hours=9)).isoformat(),
    }
    take_scans(road.services, KEY, now, [ahead], source="api")
    assert stored(road)[1].corrected_at == now


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(7)))
def test_any_order_of_arrival_ends_the_same(road, order) -> None:
    envelope = road.pack(road.issue())
    label = road.label(envelope)
    way = [
        ("hand_over", {}), ("depart", {}), ("arrive", {}), ("out_for_delivery", {}), ("attempt_failed", {"reason": "not_home"}),
        ("out_for_delivery", {}), ("deliver", {"signer": HIMSELF}),
    ]  # fmt: skip
    for place in order:
        action, more = way[place]
        road.scan(label, action, actor=KEY, minutes=70 - place * 10, **more)
    found = road.envelope(envelope)
    assert found.state == "delivered"
    assert found.delivered_at == road.clock.now() - timedelta(minutes=10)
    assert found.flag is None


def test_no_move_now_is_kept_and_flagged(road, packed) -> None:
    answer = road.scan(road.label(packed), "depart")
    assert (answer["outcome"], answer["state"]) == ("conflict", "packed")
    assert "已封装" in str(answer["detail"])
    assert road.envelope(packed).flag
    assert [row.outcome for row in stored(road)] == ["conflict"]


def test_a_hand_over_before_packing_is_no_hand_over(road) -> None:
    no = road.issue()
    (envelope,) = road.envelopes(no)
    road.clock.forward(minutes=1)
    assert road.scan(road.label(envelope.id), "hand_over")["outcome"] == "conflict"
    road.clock.forward(minutes=1)
    road.pack(no)
    assert road.envelope(envelope.id).state == "packed"
    road.clock.forward(minutes=1)
    assert road.scan(road.label(envelope.id), "hand_over") | {"scan_id": ""} == {
        "scan_id": "",
        "outcome": "accepted",
        "state": "handed_over",
    }


def test_a_void_label_is_scanned_in_vain(road) -> None:
    no = road.issue()
    (old,) = road.envelopes(no)
    number = road.number(old.id)
    change_delivery(
        road.services,
        CLERK,
        no,
        Delivery.model_validate({"method": "express", "recipient": recipient(address="花溪村5组3号")}),
    )
    answer = road.scan(number, "hand_over")
    assert answer["outcome"] == "conflict"
    assert "作废" in str(answer["detail"])


# -- who signs -----------------------------------------------------------------------------------------------------
def deliver(road: Road, envelope: str, *, actor=KEY, source="api", **signer):
    road.scan(road.label(envelope), "hand_over", minutes=5)
    signer = {"name": "某人"} | signer
    return road.scan(road.label(envelope), "deliver", actor=actor, source=source, signer=signer)["state"]


@pytest.mark.parametrize(
    ("policies", "applicant", "signer", "state"),
    [
        (["self"], None, {"kind": "self"}, "delivered"),
        (["self"], None, {"kind": "household_adult"}, "to_verify"),
        (["self"], None, {"kind": "mailroom"}, "to_verify"),
        (["self"], FIRM, {"kind": "mailroom"}, "delivered"),
        (["self"], FIRM, {"kind": "representative"}, "to_verify"),
        (["self"], FIRM, {"kind": "representative", "relation": "法定代表人"}, "delivered"),
        (["authorized"], None, {"kind": "household_adult"}, "delivered"),
        (["authorized"], None, {"kind": "village"}, "to_verify"),
        (["authorized"], None, {"kind": "point"}, "to_verify"),
        (["any"], None, {"kind": "village"}, "delivered"),
        (["any", "self"], None, {"kind": "village"}, "to_verify"),
        (["any", "authorized"], None, {"kind": "designated"}, "delivered"),
    ],
)
def test_the_strictest_paper_says_who_may_sign(road, policies, applicant, signer, state) -> None:
    changes = {"applicant": applicant} if applicant else {}
    papers = [document(copy=f"副本{n + 1}", signer_policy=policy) for n, policy in enumerate(policies)]
    envelope = road.pack(road.issue(documents=papers, **changes))
    assert deliver(road, envelope, **signer) == state
    assert (road.envelope(envelope).flag is not None) == (state == "to_verify")


def test_the_delivery_code(road) -> None:
    def fresh() -> str:
        road.clock.forward(minutes=1)
        return road.pack(road.issue(documents=[document(signer_policy="self")]))

    envelope = fresh()
    code = road.code(envelope)
    assert code is not None
    assert re.fullmatch(r"\d{6}", code)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert deliver(road, envelope, actor=COURIER, source="courier", kind="self", code=code) == "delivered"
    for more, source in (
        ({}, "courier"),
        ({"code": wrong}, "courier"),
        ({"code": "000000x"}, "api"),
        ({}, "agent"),
    ):
        assert deliver(road, fresh(), actor=COURIER, source=source, kind="self", **more) == "to_verify", (
            more,
            source,
        )
    assert deliver(road, fresh(), kind="self") == "delivered"  # the post has its own check
    last = fresh()
    assert deliver(road, last, kind="self", code=road.code(last)) == "delivered"


def test_without_a_self_paper_there_is_no_code(road, packed) -> None:
    assert road.code(packed) is None
    assert deliver(road, packed, actor=COURIER, source="courier", kind="village") == "delivered"


def test_a_clerk_confirms_what_was_signed_by_somebody_else(road) -> None:
    no = road.issue(documents=[document(signer_policy="self")])
    envelope = road.pack(no)
    assert deliver(road, envelope, kind="household_adult") == "to_verify"
    road.drain()
    assert road.case(no).state == "issued"
    with pytest.raises(RuleViolation, match="reason_required"):
        confirm_delivery(road.services, CLERK, envelope, "")
    assert confirm_delivery(road.services, CLERK, envelope, "电话核实本人已收到") == "delivered"
    assert confirm_delivery(road.services, CLERK, envelope, "电话核实本人已收到") == "delivered"
    road.drain()
    assert road.case(no).state == "closed"
    assert road.envelope(envelope).flag is None


def test_confirming_is_for_what_waits_for_it(road, packed) -> None:
    with pytest.raises(RuleViolation, match="not_now"):
        confirm_delivery(road.services, CLERK, packed, "没有必要")
    with pytest.raises(NotFound):
        confirm_delivery(road.services, ELSEWHERE, packed, "别处")


# -- closing, reopening, coming back -----------------------------------------------------------------------------
def test_a_delivery_taken_back_reopens_the_case(road) -> None:
    no = road.issue()
    envelope = road.pack(no)
    deliver(road, envelope, kind="self")
    road.drain()
    assert road.case(no).state == "closed"
    road.clock.forward(minutes=1)
    assert road.scan(road.number(envelope), "reverse_delivery", source="carrier")["state"] == "in_transit"
    road.drain()
    assert road.case(no).state == "issued"
    assert road.case(no).closed_at is None
    road.clock.forward(minutes=1)
    road.scan(road.number(envelope), "deliver", signer=HIMSELF)
    road.drain()
    assert road.case(no).state == "closed"


def test_a_case_closes_with_its_last_envelope(road) -> None:
    bank = recipient(name="吴经理", organization="磐安农商银行安文支行", phone="19000000456")
    no = road.issue(documents=[document(), document(copy="副本", recipient=bank)])
    road.pack(no)
    first, second = road.envelopes(no)
    deliver(road, first.id, kind="self")
    road.drain()
    assert road.case(no).state == "issued"
    deliver(road, second.id, kind="mailroom")
    road.drain()
    assert road.case(no).state == "closed"


def returned(road: Road, no: str) -> str:
    envelope = road.pack(no)
    road.scan(road.label(envelope), "hand_over", minutes=9)
    road.scan(road.label(envelope), "out_for_delivery", minutes=8)
    road.scan(road.label(envelope), "attempt_failed", reason="moved_away", minutes=7)
    road.scan(road.label(envelope), "return_start", minutes=6)
    assert road.scan(road.label(envelope), "return_arrive", minutes=5)["state"] == "returned"
    road.drain()
    return envelope


def test_what_came_back_is_sent_again(road) -> None:
    no = road.issue()
    old = returned(road, no)
    assert road.case(no).state == "issued"
    assert "退回" in (road.envelope(old).flag or "")
    other = Delivery.model_validate({"method": "express", "recipient": recipient(address="花溪村5组3号")})
    (new,) = send_again(road.services, CLERK, old, other)
    road.drain()
    assert new != old
    assert road.envelope(old).state == "returned"
    assert road.envelope(new).state == "labelled"
    assert road.mismatch(road.label(old), road.documents(no)[0].id) == "different_envelope"
    assert road.pack(no) == new
    deliver(road, new, kind="self")
    road.drain()
    assert road.case(no).state == "closed"
    with pytest.raises(RuleViolation, match="not_now"):
        send_again(road.services, CLERK, new)


def test_what_came_back_may_stay_at_the_window(road) -> None:
    no = road.issue()
    old = returned(road, no)
    keep_returned(road.services, CLERK, old, "申请人要求窗口保管")
    road.drain()
    assert road.case(no).state == "closed"


def test_lost_and_damaged_are_flagged(road, packed) -> None:
    road.scan(road.label(packed), "hand_over", minutes=3)
    assert road.scan(road.label(packed), "damage", minutes=2)["state"] == "damaged"
    assert road.scan(road.label(packed), "lose", minutes=1)["state"] == "lost"
    assert "丢失" in (road.envelope(packed).flag or "")


def test_an_ended_paper_on_the_road_raises_the_alarm(road) -> None:
    no = road.issue()
    envelope = road.pack(no)
    with road.services.store.work(SYSTEM) as work:
        row = work.session.merge(road.documents(no)[0])
        work.move(row, "suspended")
    assert road.scan(road.label(envelope), "hand_over")["outcome"] == "accepted"
    assert "拦截" in (road.envelope(envelope).flag or "")


# -- messages ------------------------------------------------------------------------------------------------------
def test_people_are_told_in_plain_words(road) -> None:
    no = road.issue(
        documents=[document(signer_policy="self")],
        delivery={"method": "express", "recipient": recipient(phone="19000000888")},
    )
    envelope = road.pack(no)
    road.scan(road.label(envelope), "hand_over", minutes=9)
    road.scan(road.label(envelope), "depart", minutes=8)
    ((to, text),) = road.notices("handed_over")
    assert to == "19000000888"
    assert "已交给邮政，预计 11月19日 前送到" in text
    assert str(road.code(envelope)) in text
    assert "企业名称" not in text
    road.scan(road.label(envelope), "attempt_failed", reason="not_home", minutes=7)
    assert "家里没有人" in road.notices("attempt_failed")[0][1]
    road.scan(road.label(envelope), "ready_for_collection", minutes=6)
    assert len(road.notices("ready_for_collection")) == 1
    road.scan(road.label(envelope), "deliver", signer=HIMSELF, minutes=5)
    ((to, text),) = road.notices("delivered")
    assert to == "19000000123"
    assert "11月16日" in text
    road.scan(road.label(envelope), "arrive", minutes=7)  # overtaken: nobody is told
    with road.services.store.read(SYSTEM) as work:
        assert work.session.scalar(select(func.count()).select_from(Notice)) == 5


def test_codes_and_names_stand_nowhere_else(road) -> None:
    envelope = road.pack(road.issue(documents=[document(signer_policy="self")]))
    deliver(
        road,
        envelope,
        actor=COURIER,
        source="courier",
        kind="self",
        name="周小满",
        code=road.code(envelope),
        id_tail="123X",
    )
    with road.services.store.read(SYSTEM) as work:
        plain = " ".join(work.session.scalars(select(Audit.detail)))
        plain += " ".join(
            f"{e.detail}{e.content_hash}{e.scan_id}" for e in work.session.scalars(select(ScanEvent))
        )
        sealed = b"".join(e.particulars or b"" for e in work.session.scalars(select(ScanEvent)))
        sealed += b"".join(n.text + n.to for n in work.session.scalars(select(Notice)))
    for secret in ("周小满", "19000000123", str(road.code(envelope)), "123X"):
        assert secret not in plain
        assert secret.encode() not in sealed


class Deaf:
    """A gateway that does not answer."""

    name = "deaf"

    def send(self, messages) -> None:
        raise Unavailable("gateway", "短信网关没有回应")


def test_a_message_that_could_not_be_sent_is_tried_again(road, packed) -> None:
    quiet, road.services = road.services, replace(road.services, notifier=Deaf())
    road.scan(road.label(packed), "hand_over")
    road.drain()
    with road.services.store.read(SYSTEM) as work:
        waiting = select(func.count()).select_from(Notice).where(Notice.sent_at.is_(None))
        assert work.session.scalar(waiting) == 2  # and the one that waits until issuing stands for good
    road.services = quiet
    road.clock.forward(seconds=65)
    assert "notice.send" in road.drain()
    with road.services.store.read(SYSTEM) as work:
        assert work.session.scalar(waiting) == 0


# -- tracking ------------------------------------------------------------------------------------------------------
def test_the_public_learns_where_it_is_and_nothing_more(road) -> None:
    no = road.issue()
    answer = public_track(road.services, no, "0123", "10.0.0.1")
    assert set(answer) == {"state", "state_words", "expected_day", "next_step"}
    assert (answer["state"], answer["expected_day"]) == ("labelled", "2026-11-20")
    envelope = road.pack(no)
    road.scan(road.label(envelope), "hand_over")
    answer = public_track(road.services, no, "0123", "10.0.0.1")
    assert (answer["state"], answer["state_words"], answer["expected_day"]) == (
        "handed_over",
        "已交寄",
        "2026-11-19",
    )
    road.clock.forward(minutes=1)
    road.scan(road.label(envelope), "deliver", signer=HIMSELF)
    road.drain()
    answer = public_track(road.services, f" {no} ", "0123", "10.0.0.1")
    assert (answer["state"], answer["expected_day"]) == ("delivered", None)
    assert "11月16日" in answer["next_step"]


def miss(road: Road, number: str, tail: str, address: str) -> str:
    with pytest.raises(NotFound) as refusal:
        public_track(road.services, number, tail, address)
    return refusal.value.detail


def test_every_miss_sounds_the_same_and_five_are_enough(road) -> None:
    no = road.issue()
    answers = {miss(road, no, tail, f"10.0.0.{n}") for n, tail in enumerate(("0124", "", "123", "abcd"))}
    answers |= {miss(road, "331127202610267000001", "0123", "10.0.0.9")}
    assert len(answers) == 1
    assert public_track(road.services, no, "0123", "10.0.0.1")["state"] == "labelled"
    assert miss(road, no, "9999", "10.0.0.1") in answers
    assert miss(road, no, "0123", "10.0.0.2") in answers  # the right tail, too late
    road.clock.forward(days=1)
    assert public_track(road.services, no, "0123", "10.0.0.1")["state"] == "labelled"


def test_twenty_misses_close_an_address_for_the_hour(road) -> None:
    no = road.issue()
    for n in range(20):
        miss(road, f"33072720261101999{n:04d}", "0123", "10.0.0.1")
    miss(road, no, "0123", "10.0.0.1")
    assert public_track(road.services, no, "0123", "10.0.0.2")
    road.clock.forward(hours=1)
    assert public_track(road.services, no, "0123", "10.0.0.1")
    with road.services.store.read(SYSTEM) as work:
        kept = list(work.session.scalars(select(FailureCount)))
    assert all(len(row.key) == 32 for row in kept)  # whose misses they were is not readable


@pytest.mark.parametrize("method", ["counter", "on_the_spot", "electronic", "door"])
def test_every_method_has_words(road, method) -> None:
    delivery = {"method": method, "recipient": recipient()} if method == "door" else {"method": method}
    answer = public_track(road.services, road.issue(delivery=delivery), "0123", "10.0.0.1")
    assert answer["next_step"].endswith("。")
    assert "{" not in answer["next_step"]


def test_every_state_has_words(road, packed) -> None:
    no = road_number(road, packed)
    said = set()
    for action in (
        "hand_over",
        "depart",
        "out_for_delivery",
        "attempt_failed",
        "hold",
        "ready_for_collection",
        "return_start",
        "return_arrive",
        "damage",
    ):
        road.clock.forward(minutes=1)
        road.scan(road.label(packed), action, reason="not_home")
        answer = public_track(road.services, no, "0123", "10.0.0.1")
        assert answer["state"] == road.envelope(packed).state
        said.add(answer["next_step"])
    assert len(said) == 8


def test_the_private_link(road) -> None:
    no = road.issue(delivery={"method": "counter"})
    secret = re.search(r"/m/([A-Z2-7]{26})", road.notices("issued")[0][1])
    assert secret
    view = private_view(road.services, secret[1])
    assert (view["acceptance_no"], view["state"]) == (no, "ready_for_collection")
    assert view["consignments"][0]["shelf_place"] == "A-01"
    assert view["documents"][0]["title"] == "企业名称预先核准通知书"
    for wrong in ("", "A" * 26, secret[1] + " x", secret[1] * 3):
        with pytest.raises(NotFound):
            private_view(road.services, wrong)


def test_collection_at_the_counter_closes_the_case(road) -> None:
    no = road.issue(delivery={"method": "counter"}, documents=[document(signer_policy="self")])
    road.pack(no)
    (envelope,) = road.envelopes(no)
    road.clock.forward(minutes=1)
    assert (
        road.scan(road.label(envelope.id), "deliver", source="window", signer=HIMSELF)["state"] == "delivered"
    )
    road.drain()
    assert road.case(no).state == "closed"


def test_a_signed_list_counts_at_the_time_it_was_signed(road, packed) -> None:
    view = make_manifest(road.services, CHIEF, "range", all_packed=True)
    road.clock.forward(hours=3)
    with pytest.raises(RuleViolation, match="signer_required"):
        sign_manifest(road.services, CLERK, view.id, " ")
    sign_manifest(road.services, CLERK, view.id, "王师傅", road.clock.now() - timedelta(hours=2))
    assert road.scan(road.label(packed), "depart", minutes=60)["state"] == "in_transit"
