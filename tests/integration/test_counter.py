"""The window's shelf: found by what people can say, checked before it is given, refused with a reason."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from dispatch.counter import COLLECTORS, found_on_shelf, hand_over, on_shelf, refuse_collection
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.models import Audit
from dispatch.opening import what_is
from dispatch.rights import SYSTEM
from dispatch.service.overview import case_service
from tests.factories import CLERK, COURIER, ELSEWHERE, approval, document, recipient, resident_id
from tests.road import Road

pytestmark = pytest.mark.integration

COMPANY = {
    "type": "organization", "name": "磐安县怡文便利店", "id_type": "uscc", "id_no": "91330727MA29K0XK2L",
    "phone": "19000000789", "contact": "李文",
}  # fmt: skip


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def waiting(road: Road, **changes: object) -> tuple[str, str]:
    """A case on the shelf: its number and its envelope."""
    delivery = changes.pop("delivery", {"method": "counter"})
    no = road.issue(delivery=delivery, **changes)
    return no, road.envelopes(no)[0].id


def tail_of(road: Road, no: str) -> str:
    with road.services.store.read(SYSTEM) as work:
        return str(work.open(road.case(no), "body")["applicant"]["id_no"][-4:])


def give(
    road: Road, envelope: str, who: str = "self", *, shown=None, picture: bytes = b"", **typed: str
) -> str:
    papers = COLLECTORS[who].shows if shown is None else shown
    return hand_over(road.services, CLERK, envelope, {"who": who, "name": "周小满", **typed}, papers, picture)


def faults(road: Road, *args, **more) -> set[str]:
    with pytest.raises(Invalid) as refusal:
        give(road, *args, **more)
    return {one.pointer for one in refusal.value.faults}


# -- finding -------------------------------------------------------------------------------------------------------
def test_found_by_place_name_phone_tail_number_and_scan(road) -> None:
    no, envelope = waiting(road)
    waiting(road, applicant=approval()["applicant"] | {"name": "吴大有", "phone": "19000009999"})
    (paper,) = road.documents(no)
    for said in ("A-01", "a1", "Ａ－０１", " a-001 ", "0123", no, road.label(envelope), envelope, paper.id):
        assert found_on_shelf(road.services, CLERK, said) == {envelope}, said
    assert len(found_on_shelf(road.services, CLERK, "周小满")) == 1
    for nothing in ("A-99", "周小", "9998", "", "%", "Z-0"):
        assert found_on_shelf(road.services, CLERK, nothing) == set(), nothing
    assert found_on_shelf(road.services, ELSEWHERE, "A-01") == set()
    with pytest.raises(NotPermitted):
        found_on_shelf(road.services, COURIER, "A-01")


def test_a_scanned_slip_opens_the_page_of_its_envelope(road) -> None:
    no, envelope = waiting(road)
    found = what_is(road.services, CLERK, road.label(envelope))
    assert found.address == f"/window/counter/{envelope}"
    give(road, envelope, id_tail=tail_of(road, no))
    assert what_is(road.services, CLERK, road.label(envelope)).address.startswith("/window/cases/")


def test_the_page_tells_who_may_come_and_what_he_shows_without_naming_anybody(road) -> None:
    no, envelope = waiting(
        road,
        documents=[document(signer_policy="self")],
        delivery={
            "method": "counter",
            "recipient": recipient(name="李大明", relation="designated", authorization="委托书 3 号"),
        },
    )
    shelf = on_shelf(road.services, CLERK, envelope)
    assert (shelf.place, shelf.acceptance_no, shelf.policy) == ("A-01", no, "self")
    assert shelf.authority == "李**（指定代收人），凭 委托书 3 号"
    assert set(shelf.collectors) == {"self", "guardian", "heir"}
    assert "李大明" not in repr(shelf)
    with pytest.raises(NotFound):
        on_shelf(road.services, ELSEWHERE, envelope)


def test_organizations_send_others_than_persons_do(road) -> None:
    _, envelope = waiting(road, applicant=COMPANY)
    shelf = on_shelf(road.services, CLERK, envelope)
    assert set(shelf.collectors) == {"agent", "designated", "legal", "mailroom"}
    assert not shelf.asks_tail


# -- handing over --------------------------------------------------------------------------------------------------
def test_himself_with_the_right_tail_takes_it_and_is_served(road) -> None:
    no, envelope = waiting(road)
    assert give(road, envelope, id_tail=tail_of(road, no).lower()) == "delivered"
    road.drain()
    paper = case_service(road.services, CLERK, no).papers[0]
    assert paper.standing.state == "served"
    assert "核对了身份证号末几位" in paper.records[0].evidence
    with pytest.raises(RuleViolation, match="not_now"):
        give(road, envelope, id_tail=tail_of(road, no))


def test_a_wrong_tail_is_refused_counted_and_never_told(road) -> None:
    no, envelope = waiting(road)
    right = tail_of(road, no)
    wrong = "1111" if right != "1111" else "2222"
    for _ in range(5):
        with pytest.raises(RuleViolation, match="identity_mismatch") as refusal:
            give(road, envelope, id_tail=wrong)
        assert right not in refusal.value.detail
    with pytest.raises(RuleViolation, match="too_many"):
        give(road, envelope, id_tail=right)
    assert road.envelope(envelope).state == "ready_for_collection"
    with road.services.store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(Audit).where(Audit.action == "collection_mismatch")))
    assert len(rows) == 5
    assert all(json.loads(row.detail) == {} for row in rows)
    road.clock.forward(days=1)
    assert give(road, envelope, id_tail=right) == "delivered"


def test_everything_that_was_not_shown_is_named(road) -> None:
    no, envelope = waiting(road)
    assert faults(road, envelope, shown=[], id_tail=tail_of(road, no)) == {"/shown"}
    assert faults(road, envelope) == {"/id_tail"}
    assert faults(road, envelope, id_tail="12A4") == {"/id_tail"}
    assert faults(road, envelope, id_tail=tail_of(road, no), name=" ") == {"/name"}
    with pytest.raises(Invalid) as refusal:
        give(road, envelope, "agent", shown=["代领人的身份证原件"])
    assert [one.detail for one in refusal.value.faults] == [
        "请看过并勾选：申请人的身份证（原件或复印件）。", "请看过并勾选：签过字的授权委托书。",
    ]  # fmt: skip
    assert faults(road, envelope, "legal") == {"/who"}
    assert road.envelope(envelope).state == "ready_for_collection"


def test_somebody_sent_brings_papers_and_their_picture_is_kept(road) -> None:
    no, envelope = waiting(road, documents=[document(signer_policy="authorized")])
    out = BytesIO()
    image = Image.new("RGB", (200, 100), "white")
    ImageDraw.Draw(image).line([(5, 5), (150, 90)], fill="black", width=4)
    image.save(out, "PNG")
    with pytest.raises(Invalid):
        give(road, envelope, "agent", name="李明", picture=b"GIF89a")
    assert road.envelope(envelope).state == "ready_for_collection"
    assert give(road, envelope, "agent", name="李明", picture=out.getvalue()) == "delivered"
    road.drain()
    evidence = case_service(road.services, CLERK, no).papers[0].records[0].evidence
    assert evidence[0] == "代理人 李*，代领人 签收"


def test_a_guardian_for_a_paper_for_the_person_himself_waits_for_the_supervisor(road) -> None:
    _, envelope = waiting(road, documents=[document(signer_policy="self")])
    assert give(road, envelope, "guardian", name="周大") == "to_verify"


def test_a_wrong_code_is_to_be_verified_and_a_right_one_is_not(road) -> None:
    first, one = waiting(road, documents=[document(signer_policy="self")])
    assert give(road, one, id_tail=tail_of(road, first), code="000000") in ("to_verify", "delivered")
    person = approval()["applicant"] | {"id_no": resident_id(871)}
    second, other = waiting(road, documents=[document(signer_policy="self")], applicant=person)
    assert give(road, other, id_tail=tail_of(road, second), code=str(road.code(other))) == "delivered"


def test_who_did_not_get_it_leaves_a_reason_and_the_envelope(road) -> None:
    _, envelope = waiting(road)
    refuse_collection(road.services, CLERK, envelope, "papers_missing")
    for bad in (("pigeon", ""), ("other", " "), ("other", "字" * 201)):
        with pytest.raises(Invalid):
            refuse_collection(road.services, CLERK, envelope, *bad)
    with pytest.raises(NotFound):
        refuse_collection(road.services, ELSEWHERE, envelope, "papers_missing")
    assert road.envelope(envelope).state == "ready_for_collection"
    with road.services.store.read(SYSTEM) as work:
        row = work.session.scalars(select(Audit).where(Audit.action == "collection_refused")).one()
    assert json.loads(row.detail) == {"reason": "该带的证件没带齐"}
