"""A screen for several people: lock, come back, take over; what ends a session and what a PIN is good for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch import badges, people
from dispatch.errors import Invalid, NotPermitted, RuleViolation
from dispatch.models import Audit, LoginSession
from dispatch.people import ABSOLUTE, IDLE, LoggedIn
from dispatch.rights import ROLE_SCOPES, SYSTEM, Actor, Role
from dispatch.shared_screen import lock_screen, screen_state, switch_user, unlock_screen
from tests.road import Road

pytestmark = pytest.mark.integration

PASSWORD = "tall-quiet-river-9"
PIN, OTHER_PIN = "528041", "730294"
HERE = "10.0.0.7"


@pytest.fixture
def road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Road:
    monkeypatch.setattr(people, "_COST", {"n": 16, "r": 1, "p": 1})
    house = Road(tmp_path)
    for name, role, office, pin in (
        ("wang", Role.CLERK, "3307", PIN), ("lin", Role.CLERK, "330727", OTHER_PIN), ("far", Role.CLERK, "44", OTHER_PIN),
        ("boss", Role.ADMIN, "", OTHER_PIN), ("bare", Role.CLERK, "3307", ""),
    ):  # fmt: skip
        people.create_user(house.services, SYSTEM, name, str(role), office, PASSWORD)
        if pin:
            badges.set_own_pin(house.services, _actor(name, role, office), PASSWORD, pin)
    return house


def _actor(name: str, role: Role = Role.CLERK, office: str = "3307") -> Actor:
    return Actor(f"user:{name}", office, ROLE_SCOPES[role], role)


def _in(road: Road, name: str = "wang") -> str:
    return people.log_in(road.services, name, PASSWORD, HERE).secret


def _unlock(road: Road, secret: str, proof: str, who: str = "") -> LoggedIn:
    return unlock_screen(road.services, secret, who, proof, HERE)


def test_a_locked_screen_opens_nothing_until_its_person_is_back(road: Road) -> None:
    secret = _in(road)
    assert screen_state(road.services, secret).state == "open"
    lock_screen(road.services, _actor("wang"), secret)
    lock_screen(road.services, _actor("wang"), secret)
    assert people.resume(road.services, secret) is None
    told = screen_state(road.services, secret)
    assert (told.state, told.user_name, told.csrf) == ("locked", "wang", "")
    begun = _unlock(road, secret, PIN)
    assert begun.session.user_name == "wang" and begun.secret != secret
    assert people.resume(road.services, begun.secret) is not None
    assert screen_state(road.services, secret).state == "over"


def test_idle_is_locked_and_the_days_end_is_the_end(road: Road) -> None:
    secret = _in(road)
    ends = people.resume(road.services, secret)
    assert ends is not None
    road.clock.forward(seconds=int(IDLE.total_seconds()))
    assert people.resume(road.services, secret) is None
    assert screen_state(road.services, secret).state == "locked"
    assert people.forget_expired(road.services) == 0
    begun = _unlock(road, secret, PIN)
    assert begun.session.expires_at == ends.expires_at  # a PIN does not lengthen the day
    road.clock.forward(seconds=int(ABSOLUTE.total_seconds()))
    assert screen_state(road.services, begun.secret).state == "over"
    with pytest.raises(NotPermitted) as refusal:
        _unlock(road, begun.secret, PIN, who="wang")
    assert refusal.value.code == "password_needed"
    assert _unlock(road, begun.secret, PASSWORD, who="wang").session.user_name == "wang"


def test_asking_how_it_stands_is_no_use_of_it(road: Road) -> None:
    secret = _in(road)
    for _ in range(4):
        road.clock.forward(minutes=9)
        screen_state(road.services, secret)
    assert screen_state(road.services, secret).state == "locked"


def test_a_pin_alone_opens_no_screen(road: Road) -> None:
    for secret in ("", "invented", "\ud800"):
        with pytest.raises(NotPermitted) as refusal:
            _unlock(road, secret, PIN, who="wang")
        assert refusal.value.code == "password_needed"
    with pytest.raises(Invalid):
        _unlock(road, "invented", PIN)
    out = _in(road)
    people.log_out(road.services, out)
    with pytest.raises(NotPermitted):
        _unlock(road, out, PIN, who="wang")


def test_a_password_opens_with_a_day_of_its_own_and_ends_what_was(road: Road) -> None:
    secret = _in(road)
    road.clock.forward(hours=2)
    begun = _unlock(road, secret, PASSWORD)
    assert begun.session.expires_at == road.clock.now() + ABSOLUTE
    with road.services.store.read(SYSTEM) as work:
        assert len(list(work.session.scalars(select(LoginSession)))) == 1


def test_a_colleague_takes_over_by_badge_or_name(road: Road) -> None:
    badges.set_badge(road.services, SYSTEM, "lin", "BADGE-000123")
    first = _in(road)
    begun = switch_user(road.services, _actor("wang"), first, "badge-000123", OTHER_PIN, screen=HERE)
    assert begun.session.actor.name == "user:lin" and begun.session.actor.office == "330727"
    assert people.resume(road.services, first) is None
    back = switch_user(road.services, _actor("lin"), begun.secret, "wang", PIN, screen=HERE)
    assert back.session.user_name == "wang" and back.session.expires_at == begun.session.expires_at
    with road.services.store.read(SYSTEM) as work:
        rows = list(
            work.session.scalars(select(Audit).where(Audit.action == "user_switched").order_by(Audit.seq))
        )
    assert [(row.actor, row.object_id) for row in rows] == [("user:lin", "lin"), ("user:wang", "wang")]


@pytest.mark.parametrize(
    ("who", "pin", "code"),
    [
        ("lin", PIN, "pin_failed"), ("nobody", PIN, "pin_failed"), ("bare", PIN, "pin_failed"),
        ("far", OTHER_PIN, "other_office"), ("boss", OTHER_PIN, "password_needed"), ("", PIN, "invalid"), ("lin", "", "invalid"),
    ],
)  # fmt: skip
def test_who_may_not_take_over_and_the_first_stays(road: Road, who: str, pin: str, code: str) -> None:
    secret = _in(road)
    with pytest.raises((NotPermitted, Invalid)) as refusal:
        switch_user(road.services, _actor("wang"), secret, who, pin, screen=HERE)
    assert refusal.value.code == code
    assert people.resume(road.services, secret) is not None


def test_one_session_is_handed_on_once(road: Road) -> None:
    secret = _in(road)
    switch_user(road.services, _actor("wang"), secret, "lin", OTHER_PIN, screen=HERE)
    with pytest.raises(NotPermitted) as refusal:
        switch_user(road.services, _actor("wang"), secret, "lin", OTHER_PIN, screen=HERE)
    assert refusal.value.code == "password_needed"


def test_pins_cannot_be_tried_through(road: Road) -> None:
    secret = _in(road)
    for _ in range(5):
        with pytest.raises(NotPermitted):
            _unlock(road, secret, "000000")
    with pytest.raises(RuleViolation) as stopped:
        _unlock(road, secret, PIN)
    assert stopped.value.code == "too_many"
    road.clock.at += timedelta(minutes=15)
    assert _unlock(road, secret, PIN).session.user_name == "wang"


def test_a_disabled_colleague_and_a_changed_password_end_it(road: Road) -> None:
    secret = _in(road)
    people.disable_user(road.services, SYSTEM, "lin")
    with pytest.raises(NotPermitted):
        switch_user(road.services, _actor("wang"), secret, "lin", OTHER_PIN, screen=HERE)
    people.set_password(road.services, SYSTEM, "wang", "another-river-43")
    assert screen_state(road.services, secret).state == "over"


def test_the_password_behind_a_pin_cannot_be_tried_through(road: Road) -> None:
    for _ in range(5):
        with pytest.raises(NotPermitted):
            badges.set_own_pin(road.services, _actor("lin"), "wrong-password-1", "402857")
    with pytest.raises(RuleViolation):
        badges.set_own_pin(road.services, _actor("lin"), PASSWORD, "402857")
