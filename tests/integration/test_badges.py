"""Second persons at the counter, and pictures kept with what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch import badges
from dispatch.attachments import attach, attachment_bytes, attachments_of
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.people import create_user
from dispatch.rights import ROLE_SCOPES, SYSTEM, Actor, Role
from tests.factories import CLERK, ELSEWHERE
from tests.road import Road

pytestmark = pytest.mark.integration

PASSWORD = "tall-quiet-river-9"
PIN = "528041"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def road(tmp_path: Path) -> Road:
    house = Road(tmp_path)
    for name, office in (("clerk", "33"), ("lin", "33"), ("far", "44")):
        create_user(house.services, SYSTEM, name, "clerk", office, PASSWORD)
        badges.set_own_pin(house.services, _actor(name, office), PASSWORD, PIN)
    return house


def _actor(name: str, office: str) -> Actor:
    return Actor(f"user:{name}", office, ROLE_SCOPES[Role.CLERK], Role.CLERK)


def test_a_colleague_confirms_by_name_or_badge(road: Road) -> None:
    assert badges.witness(road.services, CLERK, "lin", PIN).name == "user:lin"
    badges.set_badge(road.services, SYSTEM, "lin", "BADGE-000123")
    assert badges.witness(road.services, CLERK, "badge-000123", PIN).name == "user:lin"


@pytest.mark.parametrize(("who", "pin"), [("", PIN), ("lin", ""), ("clerk", PIN), ("far", PIN)])
def test_oneself_nobody_and_another_office_are_no_second_person(road: Road, who: str, pin: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        badges.witness(road.services, CLERK, who, pin)
    assert refusal.value.code == "second_person"


def test_wrong_pins_are_counted_and_say_nothing(road: Road) -> None:
    for who in ("lin", "nobody"):
        with pytest.raises(NotPermitted) as refusal:
            badges.witness(road.services, CLERK, who, "000000")
        assert refusal.value.code == "pin_failed"
    for _ in range(4):
        with pytest.raises(NotPermitted):
            badges.witness(road.services, CLERK, "lin", "000000")
    with pytest.raises(RuleViolation) as stopped:
        badges.witness(road.services, CLERK, "lin", PIN)
    assert stopped.value.code == "too_many"


@pytest.mark.parametrize("pin", ["12345", "123456", "111111", "121212", "abcdef", "１２５７３９"])
def test_a_simple_pin_is_refused(road: Road, pin: str) -> None:
    with pytest.raises(Invalid):
        badges.set_own_pin(road.services, CLERK, PASSWORD, pin)


def test_a_badge_belongs_to_one(road: Road) -> None:
    badges.set_badge(road.services, SYSTEM, "lin", "BADGE-000123")
    with pytest.raises(RuleViolation):
        badges.set_badge(road.services, SYSTEM, "clerk", "BADGE-000123")
    badges.set_badge(road.services, SYSTEM, "lin", "")
    badges.set_badge(road.services, SYSTEM, "clerk", "BADGE-000123")


def test_a_picture_is_ciphertext_at_rest_and_comes_back_for_its_office(road: Road) -> None:
    facts = {"kind": "receipt", "subject_kind": "case", "subject_id": "A" * 26, "division_code": "330727"}
    number = attach(road.services, CLERK, data=PICTURE, **facts)
    assert attach(road.services, CLERK, data=PICTURE, **facts) == number
    assert PICTURE[8:] not in road.services.blobs.get(f"attachments/{number}")
    assert attachment_bytes(road.services, CLERK, number) == ("image/png", PICTURE)
    with pytest.raises(NotFound):
        attachment_bytes(road.services, ELSEWHERE, number)
    with road.services.store.read(CLERK) as work:
        assert [one.kind for one in attachments_of(work, "case", "A" * 26, "receipt")] == ["receipt"]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg>", b"\xff\xd8\xff" + bytes(13 * 1024 * 1024)])
def test_other_files_are_refused_with_the_remedy(road: Road, data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        attach(
            road.services,
            CLERK,
            kind="photo",
            subject_kind="case",
            subject_id="A",
            division_code="33",
            data=data,
        )
    assert "重新" in refusal.value.faults[0].detail
