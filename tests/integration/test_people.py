"""Accounts, log-ins, sessions and keys on a real database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch import counters, people
from dispatch.counters import Limit
from dispatch.errors import Invalid, NotFound, NotPermitted, RuleViolation
from dispatch.models import ApiKey, Audit, FailureCount, LoginSession, User
from dispatch.people import ABSOLUTE, IDLE
from dispatch.rights import CLI, SYSTEM, Role, Scope
from tests.factories import CLERK

pytestmark = pytest.mark.integration

PASSWORD = "quiet-river-42"
HERE = "10.0.0.7"


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch):
    """What a hash costs is no matter of these rules."""
    monkeypatch.setattr(people, "_COST", {"n": 16, "r": 1, "p": 1})


@pytest.fixture
def wang(services):
    people.create_user(services, CLI, "wang", "clerk", "3311", PASSWORD)
    return "wang"


def wrong(services, name="wang", address=HERE):
    with pytest.raises(NotPermitted, match="login_failed"):
        people.log_in(services, name, "not-the-password", address)


def test_a_clerk_logs_in_works_and_logs_out(services, wang) -> None:
    entered = people.log_in(services, wang, PASSWORD, HERE)
    found = people.resume(services, entered.secret)
    assert found is not None and found.csrf == entered.session.csrf
    assert (found.actor.name, found.actor.office, found.actor.role) == ("user:wang", "3311", Role.CLERK)
    assert found.actor.may(Scope.ISSUE) and not found.actor.may(Scope.ADMIN)
    people.log_out(services, entered.secret)
    people.log_out(services, entered.secret)
    assert people.resume(services, entered.secret) is None


def test_every_session_has_its_own_secret(services, wang) -> None:
    first, second = (people.log_in(services, wang, PASSWORD, HERE) for _ in range(2))
    assert first.secret != second.secret and first.session.csrf != second.session.csrf
    people.log_out(services, first.secret)
    assert people.resume(services, second.secret) is not None


def test_a_session_ends_when_nobody_uses_it(services, wang, clock) -> None:
    secret = people.log_in(services, wang, PASSWORD, HERE).secret
    clock.advance(IDLE - timedelta(minutes=1))
    assert people.resume(services, secret) is not None
    clock.advance(IDLE - timedelta(minutes=1))
    assert people.resume(services, secret) is not None
    clock.advance(IDLE)
    assert people.resume(services, secret) is None


def test_a_session_in_use_ends_after_a_working_day(services, wang, clock) -> None:
    secret = people.log_in(services, wang, PASSWORD, HERE).secret
    for _ in range(int(ABSOLUTE / timedelta(minutes=20)) - 1):
        clock.advance(timedelta(minutes=20))
        assert people.resume(services, secret) is not None
    clock.advance(timedelta(minutes=20))
    assert people.resume(services, secret) is None


@pytest.mark.parametrize("secret", ["", "x", "' OR 1=1 --", "a" * 10_000, "\ud800", "中文"])
def test_invented_cookies_open_nothing(services, wang, secret) -> None:
    people.log_in(services, wang, PASSWORD, HERE)
    assert people.resume(services, secret) is None


def test_the_database_holds_nothing_to_log_in_with(services, wang) -> None:
    secret = people.log_in(services, wang, PASSWORD, HERE).secret
    key = people.create_key(services, CLI, "platform", ["cases"])
    with services.store.read(SYSTEM) as work:
        session = work.session.scalars(select(LoginSession)).one()
        user = work.session.scalars(select(User)).one()
        stored = work.session.scalars(select(ApiKey)).one()
        counts = work.session.scalars(select(FailureCount)).all()
    assert secret not in session.id and people.resume(services, session.id) is None
    assert PASSWORD not in user.password_hash
    assert key not in stored.key_hash and people.authenticate_key(services, stored.key_hash) is None
    assert all(HERE.encode() not in row.key and b"wang" not in row.key for row in counts)


# -- failing to log in -------------------------------------------------------------------------------------------
def test_unknown_names_and_wrong_passwords_are_told_alike(services, wang) -> None:
    said = []
    for name in ("wang", "nobody"):
        with pytest.raises(NotPermitted) as refusal:
            people.log_in(services, name, "not-the-password", HERE)
        said.append(refusal.value.detail)
    assert said[0] == said[1]


def test_after_five_mistakes_one_waits_and_is_told_how_long(services, wang, clock) -> None:
    for _ in range(5):
        wrong(services)
    with pytest.raises(RuleViolation, match="too_many") as refusal:
        people.log_in(services, wang, PASSWORD, HERE)
    assert "分钟后再试" in refusal.value.detail and 60 <= refusal.value.extra["retry_after"] <= 900
    assert people.log_in(services, wang, PASSWORD, "10.0.0.8").secret  # another desk is not locked out
    clock.advance(timedelta(minutes=15))
    assert people.log_in(services, wang, PASSWORD, HERE).secret


def test_a_right_password_forgives_the_mistakes_before(services, wang) -> None:
    for _ in range(3):
        for _ in range(4):
            wrong(services)
        people.log_in(services, wang, PASSWORD, HERE)


def test_one_name_attacked_from_everywhere_is_closed_for_a_while(services, wang) -> None:
    for number in range(30):
        wrong(services, address=f"10.0.1.{number}")
    with pytest.raises(RuleViolation, match="too_many"):
        people.log_in(services, wang, PASSWORD, "10.0.2.1")


def test_one_address_trying_many_names_is_closed_for_a_while(services, wang) -> None:
    for number in range(60):
        wrong(services, name=f"name{number}")
    with pytest.raises(RuleViolation, match="too_many"):
        people.log_in(services, wang, PASSWORD, HERE)


def test_a_whole_office_behind_one_address_logs_in(services, wang) -> None:
    for _ in range(70):
        people.log_in(services, wang, PASSWORD, HERE)


def test_trying_in_parallel_gains_nothing(services, wang) -> None:
    refused: list[str] = []

    def attempt() -> None:
        try:
            people.log_in(services, wang, "not-the-password", HERE)
        except (NotPermitted, RuleViolation) as refusal:
            refused.append(refusal.code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused.count("login_failed") == 5 and len(refused) == 12


# -- accounts ----------------------------------------------------------------------------------------------------
def test_all_faults_of_a_new_account_are_told_at_once(services) -> None:
    with pytest.raises(Invalid) as refusal:
        people.create_user(services, CLI, "no spaces", "boss", "浙江", "short")
    assert {fault.pointer for fault in refusal.value.faults} == {"/name", "/role", "/office", "/password"}


@pytest.mark.parametrize("password", ["", "short", "a" * 9, "aaaaaaaaaaaa", "x" * 129, "my-name-is-wang-yes"])
def test_passwords_too_easy_are_refused(services, password) -> None:
    with pytest.raises(Invalid):
        people.create_user(services, CLI, "wang", "clerk", "33", password)


def test_a_name_is_given_once(services, wang) -> None:
    with pytest.raises(RuleViolation, match="name_taken"):
        people.create_user(services, CLI, wang, "clerk", "33", PASSWORD)


def test_a_disabled_account_is_out_at_once(services, wang) -> None:
    secret = people.log_in(services, wang, PASSWORD, HERE).secret
    people.disable_user(services, CLI, wang)
    people.disable_user(services, CLI, wang)
    assert people.resume(services, secret) is None
    wrong(services)
    with pytest.raises(NotPermitted):
        people.log_in(services, wang, PASSWORD, HERE)
    with pytest.raises(NotFound):
        people.actor_of(services, wang)


def test_a_new_password_ends_sessions_under_the_old_one(services, wang) -> None:
    secret = people.log_in(services, wang, PASSWORD, HERE).secret
    people.set_password(services, CLI, wang, "another-river-43")
    assert people.resume(services, secret) is None
    assert people.log_in(services, wang, "another-river-43", HERE).secret


def test_demonstration_accounts_have_no_place_in_production(services, wang) -> None:
    people.create_user(services, CLI, "demo", "clerk", "33", PASSWORD, demo=True)
    secret = people.log_in(services, "demo", PASSWORD, HERE).secret
    strict = replace(services, settings=replace(services.settings, env="production"))
    with pytest.raises(Invalid):
        people.create_user(strict, CLI, "demo2", "clerk", "33", PASSWORD, demo=True)
    assert people.resume(strict, secret) is None
    with pytest.raises(NotPermitted):
        people.log_in(strict, "demo", PASSWORD, HERE)
    assert people.demo_users(strict) == ["demo"]


def test_only_administrators_make_accounts_and_keys(services, wang) -> None:
    for act in (
        lambda: people.create_user(services, CLERK, "li", "clerk", "33", PASSWORD),
        lambda: people.set_password(services, CLERK, wang, "another-river-43"),
        lambda: people.disable_user(services, CLERK, wang),
        lambda: people.list_users(services, CLERK),
        lambda: people.create_key(services, CLERK, "mine", ["admin"]),
        lambda: people.list_keys(services, CLERK),
        lambda: people.revoke_key(services, CLERK, "any"),
    ):
        with pytest.raises(NotPermitted):
            act()


# -- keys --------------------------------------------------------------------------------------------------------
def test_a_key_opens_its_scopes_and_office_until_revoked(services) -> None:
    key = people.create_key(services, CLI, "platform", ["cases", "read", "cases"], "3311")
    actor = people.authenticate_key(services, key)
    assert actor is not None and actor.name == "key:platform" and actor.office == "3311"
    assert actor.scopes == {Scope.CASES, Scope.READ}
    people.revoke_key(services, CLI, "platform")
    people.revoke_key(services, CLI, "platform")
    assert people.authenticate_key(services, key) is None


@pytest.mark.parametrize("text", ["", "zd_", "zd_" + "A" * 43, "x" * 5000, "zd_\ud800", "Bearer zd_x"])
def test_invented_keys_open_nothing(services, text) -> None:
    people.create_key(services, CLI, "platform", ["cases"])
    assert people.authenticate_key(services, text) is None


def test_a_key_needs_a_known_scope(services) -> None:
    for scopes in ([], ["everything"], ["cases", "root"]):
        with pytest.raises(Invalid):
            people.create_key(services, CLI, "platform", scopes)


def test_what_is_over_is_swept_out(services, wang, clock) -> None:
    people.log_in(services, wang, PASSWORD, HERE)
    wrong(services)
    clock.advance(timedelta(days=4))
    kept = people.log_in(services, wang, PASSWORD, HERE).secret
    assert people.forget_expired(services) >= 2
    assert people.resume(services, kept) is not None
    with services.store.read(SYSTEM) as work:
        assert len(work.session.scalars(select(LoginSession)).all()) == 1


def test_acts_on_accounts_are_in_the_audit_without_secrets(services, wang) -> None:
    key = people.create_key(services, CLI, "platform", ["cases"])
    with services.store.read(SYSTEM) as work:
        rows = work.session.scalars(select(Audit).where(Audit.actor == "cli")).all()
    assert {"user_created", "key_created"} <= {row.action for row in rows}
    assert not any(key in row.detail or PASSWORD in row.detail for row in rows)


def test_counting_is_exact_under_threads(services) -> None:
    limit = Limit("test", 1000, timedelta(hours=1))

    def count() -> None:
        for _ in range(10):
            with services.store.work(SYSTEM) as work:
                counters.count(work, limit, "somebody")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.store.work(SYSTEM) as work:
        assert counters.count(work, limit, "somebody") == 41
        assert counters.count(work, limit, "somebody else") == 1
