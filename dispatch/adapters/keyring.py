"""Keys as files: ``<folder>/<kind>/<kid>.pem`` (P-256) or ``.bin`` (32 random bytes), and ``<kid>.json``
beside it.

A key exists once its ``.json`` stands there. Secrets are written create-only and never changed; the ``.json``
holds public facts and is replaced whole. Every writer takes the folder's lock, so two processes that start at
once make one key. Readers look at the folder's time stamp before each use, so a rotation in another process
counts at once.

A signing key is planned for a year; ``ensure`` follows it up a month before. After a rotation the old key may
finish for one more day what was already fixed with its id; then it only verifies.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, get_args

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dispatch.errors import NotFound, Rejected, Unavailable
from dispatch.ports import SIGNING_LIFE, KeyInfo, KeyKind

__all__ = ["SIGNING_KINDS", "FileKeyRing", "public_jwk"]

SIGNING_KINDS: Final[frozenset[KeyKind]] = frozenset({"token", "seal", "log"})
AHEAD: Final = timedelta(days=30)
#: how long tokens whose key id was fixed before a rotation may still be signed
FINISHING: Final = timedelta(days=1)
#: nanoseconds; coarser than any file system's clock we run on
TICK: Final = 50_000_000
_MOST_KEYS: Final = 0xFFFF
_KINDS: Final[tuple[KeyKind, ...]] = get_args(KeyKind)

Stamp = tuple[int, int]


@dataclass(frozen=True)
class _Loaded:
    """The keys of one kind as last read, and the folder's stamp at that time."""

    stamp: Stamp | None
    keys: Mapping[int, KeyInfo]


class FileKeyRing:
    """The ``KeyRing`` of one machine. Thread-safe; one object per process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: dict[KeyKind, _Loaded] = {}
        self._private: dict[tuple[KeyKind, int], ec.EllipticCurvePrivateKey] = {}
        self._secret: dict[tuple[KeyKind, int], bytes] = {}

    # -- reading ---------------------------------------------------------------------------------------------
    def current(self, kind: KeyKind) -> KeyInfo:
        """The key to use for new things; ``Unavailable('no_key')`` before ``ensure``."""
        usable = [key for key in self._read(kind).values() if key.withdrawn_at is None]
        if not usable:
            raise Unavailable("no_key", f"密钥 {kind} 尚未创建，请先运行 python -m dispatch init")
        return usable[-1]

    def all(self, kind: KeyKind) -> list[KeyInfo]:
        """Every key ever made, the oldest first."""
        return list(self._read(kind).values())

    def sign(self, kind: KeyKind, kid: int, data: bytes) -> bytes:
        """ES256: r‖s, 64 bytes. ``NotFound`` for an unknown id, ``Rejected`` for a withdrawn key."""
        key = self._known(kind, kid)
        if kind not in SIGNING_KINDS:
            raise Rejected("not_a_signing_key", f"密钥 {kind} 不用于签名")
        if key.withdrawn_at is not None:
            raise Rejected("key_withdrawn", f"密钥 {kind} {kid} 已停用，不能再签名")
        r, s = decode_dss_signature(self._private_key(kind, kid).sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def secret(self, kind: KeyKind, kid: int) -> bytes:
        """32 bytes. ``Rejected`` for signing kinds: their secrets never leave."""
        if kind in SIGNING_KINDS:
            raise Rejected("not_a_secret", f"签名密钥 {kind} 不可读出")
        found = self._secret.get((kind, kid))
        if found is None:
            self._known(kind, kid)
            found = self._file(kind, kid, "bin").read_bytes()
            if len(found) != 32:
                raise Rejected("broken_key", f"密钥文件 {kind}/{kid}.bin 已损坏，请从密钥备份恢复")
            self._secret[kind, kid] = found
        return found

    # -- writing ---------------------------------------------------------------------------------------------
    def ensure(self, now: datetime) -> None:
        """Create what is missing, and the successor of a signing key near its planned end."""
        for kind in _KINDS:
            with self._writing(kind):
                keys = self._read(kind)
                usable = [key for key in keys.values() if key.withdrawn_at is None]
                if not usable or (
                    kind in SIGNING_KINDS and now > usable[-1].not_before + SIGNING_LIFE - AHEAD
                ):
                    self._create(kind, now)

    def rotate(self, kind: KeyKind, now: datetime) -> KeyInfo:
        """A new current key; the old ones keep verifying and opening."""
        if kind == "index":
            # Blind index entries are looked up by equality: under another key nothing would be found any
            # more.
            raise Rejected("not_rotatable", "检索密钥不能轮换，否则已有记录将查不到")
        with self._writing(kind):
            return self._create(kind, now)

    def withdraw(self, kind: KeyKind, kid: int, now: datetime, reason: str) -> KeyInfo:
        """Stop a key for good (it may be in wrong hands); a current one is followed up at once. Safe to
        repeat."""
        if kind not in SIGNING_KINDS:
            raise Rejected("not_withdrawable", f"密钥 {kind} 不能停用，请用轮换")
        with self._writing(kind):
            key = self._known(kind, kid)
            if key.withdrawn_at is None:
                self._write_facts(replace(key, withdrawn_at=now, reason=reason))
                if not any(other.withdrawn_at is None for other in self._read(kind).values()):
                    self._create(kind, now)
            return self._known(kind, kid)

    # -- files -----------------------------------------------------------------------------------------------
    def _file(self, kind: KeyKind, kid: int, ending: str) -> Path:
        return self._folder / kind / f"{kid}.{ending}"

    @contextmanager
    def _writing(self, kind: KeyKind) -> Iterator[None]:
        folder = self._folder / kind
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise Unavailable("key_folder", "密钥目录无法写入，请检查数据目录的权限") from fault
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with self._lock:
                self._loaded.pop(kind, None)
            yield
        finally:
            os.close(handle)
            with self._lock:
                self._loaded.pop(kind, None)

    def _read(self, kind: KeyKind) -> Mapping[int, KeyInfo]:
        try:
            seen = os.stat(self._folder / kind)
        except FileNotFoundError:
            return MappingProxyType({})
        stamp = (seen.st_mtime_ns, seen.st_ino)
        loaded = self._loaded.get(kind)
        if loaded is None or loaded.stamp != stamp:
            # Two changes within one tick of the file system's clock have one stamp: a young one is looked at
            # again.
            settled = time.time_ns() - seen.st_mtime_ns > TICK
            keys = _with_ends(_read_folder(kind, self._folder / kind))
            loaded = _Loaded(stamp if settled else None, keys)
            with self._lock:
                self._loaded[kind] = loaded
        return loaded.keys

    def _known(self, kind: KeyKind, kid: int) -> KeyInfo:
        found = self._read(kind).get(kid)
        if found is None:
            raise NotFound(f"没有密钥 {kind} {kid}", code="unknown_key")
        return found

    def _create(self, kind: KeyKind, now: datetime) -> KeyInfo:
        kid = max(self._read(kind), default=0) + 1
        if kid > _MOST_KEYS:
            raise Rejected("keys_used_up", "密钥编号已用完")
        public = None
        if kind in SIGNING_KINDS:
            _create_only(self._file(kind, kid, "pem"), _fresh_pem())
            public = public_jwk(self._private_key(kind, kid).public_key())
        else:
            _create_only(self._file(kind, kid, "bin"), secrets.token_bytes(32))
        self._write_facts(KeyInfo(kind, kid, now.astimezone(UTC), None, None, None, public))
        return self._known(kind, kid)

    def _write_facts(self, key: KeyInfo) -> None:
        facts = {
            "not_before": key.not_before.isoformat(),
            "withdrawn_at": key.withdrawn_at.isoformat() if key.withdrawn_at else None,
            "reason": key.reason,
            "public_jwk": key.public_jwk,
        }
        target = self._file(key.kind, key.kid, "json")
        fresh = _temporary(target, json.dumps(facts, ensure_ascii=False, indent=1).encode())
        os.replace(fresh, target)
        _sync(target.parent)
        with self._lock:
            self._loaded.pop(key.kind, None)

    def _private_key(self, kind: KeyKind, kid: int) -> ec.EllipticCurvePrivateKey:
        found = self._private.get((kind, kid))
        if found is None:
            try:
                loaded = serialization.load_pem_private_key(
                    self._file(kind, kid, "pem").read_bytes(), password=None
                )
            except (OSError, ValueError) as fault:
                raise Rejected(
                    "broken_key", f"密钥文件 {kind}/{kid}.pem 读不出来，请从密钥备份恢复"
                ) from fault
            if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not isinstance(
                loaded.curve, ec.SECP256R1
            ):
                raise Rejected("broken_key", f"密钥文件 {kind}/{kid}.pem 不是 P-256 密钥")
            found = self._private[kind, kid] = loaded
        return found


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The key's JWK members (RFC 7518, 6.2)."""
    point = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "x": _base64url(point.x.to_bytes(32, "big")),
        "y": _base64url(point.y.to_bytes(32, "big")),
    }


def _read_folder(kind: KeyKind, folder: Path) -> dict[int, KeyInfo]:
    found: dict[int, KeyInfo] = {}
    for path in folder.glob("*.json"):
        if path.stem.isascii() and path.stem.isdigit():
            found[int(path.stem)] = _facts(kind, int(path.stem), path)
    return dict(sorted(found.items()))


def _facts(kind: KeyKind, kid: int, path: Path) -> KeyInfo:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        withdrawn = facts["withdrawn_at"]
        return KeyInfo(
            kind=kind,
            kid=kid,
            not_before=datetime.fromisoformat(facts["not_before"]),
            sign_until=None,
            withdrawn_at=datetime.fromisoformat(withdrawn) if withdrawn else None,
            reason=facts["reason"],
            public_jwk=facts["public_jwk"],
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Rejected("broken_key", f"密钥说明 {kind}/{kid}.json 读不出来，请从密钥备份恢复") from fault


def _with_ends(keys: Mapping[int, KeyInfo]) -> Mapping[int, KeyInfo]:
    """A key's signing ends a day after its successor's begin, or when it was withdrawn."""
    out: dict[int, KeyInfo] = {}
    following: KeyInfo | None = None
    for kid, key in sorted(keys.items(), reverse=True):
        ends = [following.not_before + FINISHING] if following else []
        ends += [key.withdrawn_at] if key.withdrawn_at else []
        out[kid] = replace(key, sign_until=min(ends) if ends else None)
        following = key
    return MappingProxyType(dict(sorted(out.items())))


def _fresh_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _create_only(target: Path, data: bytes) -> None:
    """Write whole or not at all; what already stands there stays (left by a process that died before its
    facts)."""
    fresh = _temporary(target, data)
    try:
        os.link(fresh, target)
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)
    _sync(target.parent)


def _temporary(target: Path, data: bytes) -> Path:
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
