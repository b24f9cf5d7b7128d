"""Keys on disk: made once, rotated, withdrawn, seen by other processes, never readable by others."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from dispatch.adapters.keyring import SIGNING_KINDS, FileKeyRing
from dispatch.errors import NotFound, Rejected, Unavailable
from dispatch.pinned import jwks
from dispatch.ports import KeyKind, KeyRing

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
KINDS: tuple[KeyKind, ...] = get_args(KeyKind)


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyRing:
    made = FileKeyRing(tmp_path / "keys")
    made.ensure(NOW)
    return made


def right(jwk: dict[str, Any], data: bytes, signature: bytes) -> bool:
    """ES256 from the JWK alone."""
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in "xy")
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def test_it_is_a_key_ring(ring: FileKeyRing) -> None:
    port: KeyRing = ring
    assert port.current("token").kid == 1


def test_nothing_is_there_before_ensure(tmp_path: Path) -> None:
    empty = FileKeyRing(tmp_path / "keys")
    with pytest.raises(Unavailable):
        empty.current("token")
    assert empty.all("token") == []
    assert jwks(empty) == {"keys": []}
    assert not (tmp_path / "keys").exists()


def test_ensure_makes_one_of_each_and_repeats_safely(ring: FileKeyRing, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "keys").rglob("*.*") if path.is_file()}
    ring.ensure(NOW)
    FileKeyRing(tmp_path / "keys").ensure(NOW + timedelta(days=1))
    assert {path: path.read_bytes() for path in before} == before
    for kind in KINDS:
        only = ring.all(kind)
        assert [(key.kid, key.kind, key.not_before, key.sign_until) for key in only] == [(1, kind, NOW, None)]
        assert (only[0].public_jwk is not None) is (kind in SIGNING_KINDS)


def test_nobody_else_may_read(ring: FileKeyRing, tmp_path: Path) -> None:
    for path in (tmp_path / "keys", *(tmp_path / "keys").rglob("*")):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("kind", sorted(SIGNING_KINDS))
def test_signatures_are_raw_and_right(ring: FileKeyRing, kind: KeyKind) -> None:
    jwk = ring.current(kind).public_jwk
    assert jwk is not None
    for number in range(20):
        signature = ring.sign(kind, 1, bytes([number]))
        assert len(signature) == 64
        assert right(jwk, bytes([number]), signature)
        assert not right(jwk, b"other", signature)


def test_secrets_and_signing_keys_are_kept_apart(ring: FileKeyRing) -> None:
    secrets = {ring.secret(kind, 1) for kind in KINDS if kind not in SIGNING_KINDS}
    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {32}
    for kind in SIGNING_KINDS:
        with pytest.raises(Rejected):
            ring.secret(kind, 1)
    with pytest.raises(Rejected):
        ring.sign("field", 1, b"")


@pytest.mark.parametrize(
    "call",
    [
        lambda ring: ring.sign("token", 2, b""),
        lambda ring: ring.secret("field", 9),
        lambda ring: ring.withdraw("token", 5, NOW, ""),
    ],
)
def test_unknown_ids(ring: FileKeyRing, call: Any) -> None:
    with pytest.raises(NotFound):
        call(ring)


def test_rotation_keeps_the_old_key_verifying(ring: FileKeyRing) -> None:
    old = ring.sign("token", 1, b"data")
    later = NOW + timedelta(days=10)
    assert ring.rotate("token", later).kid == 2
    assert ring.current("token").kid == 2
    first, second = ring.all("token")
    assert first.public_jwk and second.public_jwk and first.public_jwk != second.public_jwk
    assert right(first.public_jwk, b"data", old)
    assert not right(second.public_jwk, b"data", old)
    assert first.sign_until == later + timedelta(days=1)
    assert second.sign_until is None
    assert right(first.public_jwk, b"fixed before", ring.sign("token", 1, b"fixed before"))
    secret = ring.secret("field", 1)
    ring.rotate("field", later)
    assert ring.secret("field", 1) == secret != ring.secret("field", 2)


def test_a_signing_key_near_its_planned_end_is_followed_up(ring: FileKeyRing) -> None:
    ring.ensure(NOW + timedelta(days=334))
    assert ring.current("token").kid == 1
    ring.ensure(NOW + timedelta(days=336))
    assert ring.current("token").kid == 2
    assert ring.current("field").kid == 1


def test_the_index_key_is_never_rotated(ring: FileKeyRing) -> None:
    with pytest.raises(Rejected):
        ring.rotate("index", NOW)


def test_withdrawal_stops_signing_and_is_followed_up(ring: FileKeyRing) -> None:
    later = NOW + timedelta(hours=1)
    gone = ring.withdraw("token", 1, later, "密钥外泄")
    assert (gone.withdrawn_at, gone.reason, gone.sign_until) == (later, "密钥外泄", later)
    assert ring.current("token").kid == 2
    with pytest.raises(Rejected):
        ring.sign("token", 1, b"")
    again = ring.withdraw("token", 1, later + timedelta(days=1), "又一次")
    assert (again.withdrawn_at, again.reason) == (later, "密钥外泄")
    assert len(ring.all("token")) == 2
    with pytest.raises(Rejected):
        ring.withdraw("field", 1, NOW, "")


def test_withdrawing_an_old_key_makes_no_new_one(ring: FileKeyRing) -> None:
    ring.rotate("token", NOW)
    ring.withdraw("token", 1, NOW, "旧密钥")
    assert [key.kid for key in ring.all("token")] == [1, 2]
    assert ring.current("token").kid == 2


def test_published_keys(ring: FileKeyRing) -> None:
    ring.rotate("token", NOW + timedelta(days=1))
    ring.withdraw("token", 1, NOW + timedelta(hours=36, milliseconds=700), "试验")
    first, second = json.loads(json.dumps(jwks(ring)))["keys"]
    start = int(NOW.timestamp())
    assert (
        first.items()
        >= {
            "kty": "EC",
            "crv": "P-256",
            "kid": "1",
            "nbf": start,
            "exp": start + 36 * 3600,
            "withdrawn_at": start + 36 * 3600,
            "reason": "试验",
        }.items()
    )
    assert second.items() >= {"kid": "2", "nbf": start + 86400, "exp": start + 366 * 86400}.items()
    assert not {"withdrawn_at", "reason", "d"} & second.keys()
    assert "d" not in first


def test_a_rotation_elsewhere_is_seen_at_once(ring: FileKeyRing, tmp_path: Path) -> None:
    other = FileKeyRing(tmp_path / "keys")
    assert other.current("token").kid == 1
    for kid in range(2, 12):
        ring.rotate("token", NOW)
        assert other.current("token").kid == kid
        assert len(other.sign("token", kid, b"")) == 64
    ring.withdraw("token", 11, NOW, "")
    with pytest.raises(Rejected):
        other.sign("token", 11, b"")


def _start(folder: Path, barrier: Any) -> None:
    barrier.wait()
    FileKeyRing(folder).ensure(NOW)


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    started = [context.Process(target=_start, args=(tmp_path / "keys", barrier)) for _ in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join(30)
        assert process.exitcode == 0
    ring = FileKeyRing(tmp_path / "keys")
    assert [len(ring.all(kind)) for kind in KINDS] == [1] * len(KINDS)
    assert not list((tmp_path / "keys").rglob(".*.*.*")), "a temporary file stayed"


def test_threads_that_rotate_at_once_get_different_ids(ring: FileKeyRing) -> None:
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(ring.rotate("token", NOW).kid)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(2, 10))


def test_a_secret_without_facts_is_finished_not_replaced(ring: FileKeyRing, tmp_path: Path) -> None:
    """As a process leaves it that is killed between its two writes."""
    facts = tmp_path / "keys" / "token" / "1.json"
    jwk = json.loads(facts.read_text())["public_jwk"]
    facts.unlink()
    fresh = FileKeyRing(tmp_path / "keys")
    fresh.ensure(NOW)
    assert fresh.current("token").public_jwk == jwk


@pytest.mark.parametrize(
    ("name", "data"),
    [("token/1.pem", b"junk"), ("token/1.json", b"{}"), ("token/1.json", b"[]"), ("field/1.bin", b"short")],
)
def test_broken_files_are_named(ring: FileKeyRing, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / "keys" / name).unlink()
    (tmp_path / "keys" / name).write_bytes(data)
    fresh = FileKeyRing(tmp_path / "keys")
    with pytest.raises(Rejected, match=name):
        if name.startswith("token"):
            fresh.sign("token", fresh.current("token").kid, b"")
        else:
            fresh.secret("field", 1)
