"""Who pays the 寄递费: the case's word, the narrowest rule, else the office; told with its reason, on label and page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dispatch.consignments.label import label_pdf
from dispatch.errors import Invalid, NotFound, NotPermitted
from dispatch.intake.receive import receive_case
from dispatch.models import PayerRule
from dispatch.payers import add_rule, fees_of, remove_rule, rules
from dispatch.redirect import redirect_case
from dispatch.rights import SYSTEM
from tests.factories import CHIEF, CLERK, ELSEWHERE, approval, recipient
from tests.integration.test_service import words_of
from tests.road import Road

pytestmark = pytest.mark.integration


@pytest.fixture
def road(tmp_path) -> Road:
    return Road(tmp_path)


def rule(road: Road, payer: str = "recipient", **more: str) -> None:
    plain = {"item_prefix": "", "division_prefix": "", "method": "", "reason": ""}
    add_rule(road.services, CHIEF, payer=payer, **(plain | more))


def payer(road: Road, no: str) -> tuple[str, str]:
    (envelope,) = road.envelopes(no)
    return envelope.payer, envelope.payer_reason


def test_without_a_rule_the_office_pays(road) -> None:
    assert payer(road, road.issue()) == ("office", "没有另外的规定")


def test_the_narrowest_rule_of_item_area_and_way_counts(road) -> None:
    rule(road, "recipient", reason="收费办法")
    rule(road, "office", division_prefix="330727", reason="磐安县全免")
    rule(road, "recipient", division_prefix="330727", method="express", reason="专递到付")
    assert payer(road, road.issue()) == ("recipient", "按规定：专递到付")
    door = {"method": "door", "recipient": recipient()}
    assert payer(road, road.issue(delivery=door)) == ("office", "按规定：磐安县全免")
    rule(road, "office", item_prefix="T-", reason="惠企事项")
    assert payer(road, road.issue()) == ("office", "按规定：惠企事项")


def test_what_the_case_says_wins_and_a_new_address_does_not_unsay_it(road) -> None:
    rule(road, "recipient")
    said = {"method": "express", "recipient": recipient(), "payer": "office"}
    no = road.issue(delivery=said)
    assert payer(road, no) == ("office", "办件里写明")
    redirect_case(
        road.services, CLERK, no, {"method": "express", "recipient": recipient(address="岭外村9号")}
    )
    road.drain()
    assert payer(road, no) == ("office", "办件里写明")
    fee, envelopes = fees_of(road.services, CLERK, no)
    assert fee.words == "中心付（寄付），办件里写明"
    assert "中心付（寄付），办件里写明" in envelopes.values()


def test_the_label_says_who_pays_and_never_of_a_permit(road) -> None:
    rule(road, "recipient")
    no = road.issue()
    text = words_of(label_pdf(road.services, CLERK, road.envelopes(no)[0].id))
    assert "到付" in text
    assert "许可费" not in text


def test_at_the_counter_nothing_is_carried_and_nothing_is_paid(road) -> None:
    rule(road, "recipient")
    assert payer(road, road.issue(delivery={"method": "counter"})) == ("office", "不用寄")


def test_the_same_content_again_is_still_no_news(road) -> None:
    case = approval()
    assert receive_case(road.services, CLERK, case, source="api").outcome == "created"
    assert receive_case(road.services, CLERK, case, source="api").outcome == "same"
    bad = approval(delivery={"method": "express", "recipient": recipient(), "payer": None})
    with pytest.raises(Invalid):
        receive_case(road.services, CLERK, bad, source="api")


def test_rules_are_the_supervisors_and_stay_in_their_area(road) -> None:
    with pytest.raises(NotPermitted):
        add_rule(
            road.services, CLERK, item_prefix="", division_prefix="", method="", payer="office", reason=""
        )
    for wrong in (
        {"division_prefix": "44"},
        {"division_prefix": "abc"},
        {"method": "pigeon"},
        {"reason": "字" * 101},
    ):
        with pytest.raises(Invalid):
            rule(road, **wrong)
    with pytest.raises(Invalid):
        rule(road, "nobody")
    rule(road, "recipient", item_prefix="T-")
    rule(road, "office", item_prefix="T-", reason="改了")  # the same scope: another word, not a second rule
    (row,) = rules(road.services, CLERK)
    assert (row["payer"], row["reason"], row["division_prefix"]) == ("中心付（寄付）", "改了", "33")
    assert rules(road.services, ELSEWHERE) == []
    with pytest.raises(NotPermitted):
        remove_rule(road.services, CLERK, row["id"])
    remove_rule(road.services, CHIEF, row["id"])
    with pytest.raises(NotFound):
        remove_rule(road.services, CHIEF, row["id"])
    with road.services.store.read(SYSTEM) as work:
        assert list(work.session.scalars(select(PayerRule))) == []
