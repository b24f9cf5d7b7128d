"""What a scan anywhere at the window opens, and that it opens nothing of anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch import badges
from dispatch.consignments.manifest import make_manifest
from dispatch.documents.paper_codes import bind_code
from dispatch.errors import NotFound, NotPermitted
from dispatch.opening import Found, what_is
from dispatch.people import create_user
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COURIER, ELSEWHERE
from tests.road import Road

pytestmark = pytest.mark.integration


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def test_everything_the_house_prints_opens_its_page(road: Road) -> None:
    number = road.issue()
    paper, envelope = road.documents(number)[0], road.envelopes(number)[0]
    bind_code(road.services, CLERK, paper.id, "NO.00012345")
    road.pack(number)
    made = make_manifest(road.services, CLERK, "range", [envelope.id])
    case = f"/window/cases/{number}"
    waybill = road.number(envelope.id)
    known = {
        number: ("case", case),
        road.label(envelope.id): ("label", f"{case}#envelope-{envelope.id}"),
        envelope.id: ("label", f"{case}#envelope-{envelope.id}"),
        waybill: ("label", f"{case}#envelope-{envelope.id}"),
        waybill.lower(): ("label", f"{case}#envelope-{envelope.id}"),
        road.qr(paper): ("paper", f"{case}#paper-{paper.id}"),
        road.qr(paper).rpartition("#")[2].lower(): ("paper", f"{case}#paper-{paper.id}"),
        paper.id: ("paper", f"{case}#paper-{paper.id}"),
        "ｎｏ．０００１２３４５": ("paper", f"{case}#paper-{paper.id}"),
        made.list_no: ("list", f"/window/manifests/{made.id}"),
    }
    for text, (kind, address) in known.items():
        found = what_is(road.services, CLERK, f" {text}\r\n")
        assert (found.kind, found.address) == (kind, address), text
        assert "周小满" not in found.words
        with pytest.raises(NotFound):
            what_is(road.services, ELSEWHERE, text)


@pytest.mark.parametrize(
    "text", ["", " ", "0123", "周小满", "A" * 16, "https://example.com/c#" + "A" * 26, "JJ20261125-0001", "9" * 3000, "\x00\x1d"]
)  # fmt: skip
def test_strange_codes_are_told_so_with_the_remedy(road: Road, text: str) -> None:
    road.issue()
    with pytest.raises(NotFound) as refusal:
        what_is(road.services, CLERK, text)
    assert "再扫一次" in refusal.value.detail


def test_a_badge_asks_who_acts_and_only_for_colleagues(road: Road) -> None:
    for name, office in (("lin", "3307"), ("far", "44")):
        create_user(road.services, SYSTEM, name, "clerk", office, "tall-quiet-river-9")
        badges.set_badge(road.services, SYSTEM, name, f"BADGE-{name}")
    assert what_is(road.services, CLERK, "badge-LIN") == Found("badge", "/people/switch", "lin 的工牌")
    with pytest.raises(NotFound):
        what_is(road.services, CLERK, "BADGE-far")
    with pytest.raises(NotFound):
        what_is(road.services, ELSEWHERE, "BADGE-lin")


def test_who_may_look_at_no_case_opens_none(road: Road) -> None:
    number = road.issue()
    with pytest.raises(NotPermitted):
        what_is(road.services, COURIER, number)


def test_others_add_a_line(road: Road) -> None:
    def _mine(work: object, actor: object, code: str) -> Found | None:
        return Found("sheet", "/window/prints", code) if code.startswith("P0722") else None

    assert what_is(road.services, CLERK, " P0722-3/017 ", [_mine]).words == "P0722-3/017"
    with pytest.raises(NotFound):
        what_is(road.services, CLERK, "X0722-3/017", [_mine])
