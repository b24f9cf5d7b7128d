"""What a scan anywhere at the window opens, and that it opens nothing of anybody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch import badges
from dispatch.consignments.manifest import make_manifest
from dispatch.documents.paper_codes import bind_code
from dispatch.errors import NotFound, NotPermitted
from dispatch.form_numbers import FORM_WORDS, FormKind, blank_form, register_form
from dispatch.opening import Found, what_is
from dispatch.people import create_user
from dispatch.printing.batches import Reprint, new_batch
from dispatch.printing.marks import sheet_code
from dispatch.rights import ROLE_SCOPES, SYSTEM, Actor, Role
from tests.factories import CLERK, COURIER, ELSEWHERE
from tests.road import Road

pytestmark = pytest.mark.integration

COUNTY = Actor("user:county", "330727", CLERK.scopes, CLERK.role)
DEPARTMENT = Actor("user:dept", "33", ROLE_SCOPES[Role.DEPARTMENT], Role.DEPARTMENT)


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


def test_a_print_batch_and_its_sheets_open_the_batch(road: Road) -> None:
    with road.services.store.work(COUNTY) as work:
        county = new_batch(work, Reprint())
    with road.services.store.work(CLERK) as work:
        batch, later = new_batch(work, Reprint()), new_batch(work, Reprint())
    sheet = sheet_code(batch.number, 17)
    for text in (batch.number, f"P{batch.number}", sheet, sheet.lower(), sheet[1:], "Ｐ" + sheet[1:]):
        found = what_is(road.services, CLERK, text)
        assert (found.kind, found.address) == ("print", f"/window/papers/{batch.id}"), text
    assert found.words == f"打印批次 {batch.number} 的第 17 张"
    assert what_is(road.services, CLERK, later.number).address.endswith(later.id)
    assert county.number == batch.number, "each office counts for itself"
    assert what_is(road.services, COUNTY, sheet).address.endswith(county.id)
    for stranger in (ELSEWHERE, DEPARTMENT):
        with pytest.raises(NotFound):
            what_is(road.services, stranger, sheet)
    for text in ("P0101-9/1", f"P{batch.number}/", f"{batch.number}/17/2", f"X{sheet}"):
        with pytest.raises(NotFound):
            what_is(road.services, CLERK, text)


def test_every_numbered_form_opens_what_it_belongs_to(road: Road) -> None:
    number = road.issue()
    case, paper, envelope = road.case(number), road.documents(number)[0], road.envelopes(number)[0]
    subjects = {
        FormKind.APPLICATION: ("case", case.id),
        FormKind.CONTENTS: ("consignment", envelope.id),
        FormKind.SERVICE: ("document", paper.id),
        FormKind.HANDOVER: ("handover", "HANDOVER1"),
        FormKind.SHIFT: ("shift", "SHIFT1"),
        FormKind.SHEET: ("sheet", "SHEET1"),
    }
    assert set(subjects) == set(FormKind) - {FormKind.MANIFEST}, "a new kind of form has to open something"
    with road.services.store.work(CLERK) as work:
        known = {kind: register_form(work, kind, *subject, "33") for kind, subject in subjects.items()}
        blanks = [blank_form(work, kind, "33") for kind in (FormKind.APPLICATION, FormKind.SHEET)]
    address = {
        FormKind.HANDOVER: "/window/internal/HANDOVER1",
        FormKind.SHIFT: "/window/shift/SHIFT1",
        FormKind.SHEET: "/window/paper/SHEET1",
    }
    for kind, form in known.items():
        found = what_is(road.services, CLERK, f"{form[:10]} {form[10:]}".lower())
        assert found.address == address.get(kind, f"/window/cases/{number}#papers"), kind
        assert FORM_WORDS[kind] in found.words
    for form in blanks:
        assert what_is(road.services, CLERK, form).address == "/window/attach"
    for form in (*known.values(), *blanks):
        wrong = form[:-1] + ("A" if form[-1] != "A" else "B")
        for who, text in ((ELSEWHERE, form), (CLERK, wrong)):
            with pytest.raises(NotFound):
                what_is(road.services, who, text)


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
