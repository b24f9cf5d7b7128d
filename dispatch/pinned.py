"""Public token keys as a verifier holds them: read from ``/keys.json``, pinned, never fetched because a token
says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from .documents.token import Token, signing_input
from .errors import Rejected
from .ports import SIGNING_LIFE, KeyInfo, KeyRing

__all__ = ["Finding", "PinnedKeys", "jwks"]

Finding = Literal["right", "unknown_key", "bad_signature"]

_MOST_KID: Final = 0xFFFF


@dataclass(frozen=True)
class _Key:
    key: ec.EllipticCurvePublicKey
    withdrawn_at: datetime | None


class PinnedKeys:
    """The keys a signature is checked with. Holds no secret; build it once and use it for many tokens."""

    def __init__(self, jwks: Iterable[Mapping[str, Any]]) -> None:
        """``jwks``: entries of ``keys``. Other kinds of key are passed over; a broken one is ``Rejected``."""
        self._keys: dict[int, _Key] = {}
        for jwk in jwks:
            if not isinstance(jwk, Mapping):
                raise _broken()
            if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
                self._keys[_kid(jwk)] = _Key(_point(jwk), _moment(jwk.get("withdrawn_at")))

    @classmethod
    def from_document(cls, document: object) -> PinnedKeys:
        """From the JSON of ``/keys.json``; ``Rejected('keys_file')`` when it is something else."""
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list):
            raise _broken()
        return cls(keys)

    def check(self, token: Token) -> Finding:
        """Whether the signature is right. Reads nothing but the token."""
        known = self._keys.get(token.fields.kid)
        if known is None:
            return "unknown_key"
        r, s = (int.from_bytes(part, "big") for part in (token.signature[:32], token.signature[32:]))
        try:
            known.key.verify(encode_dss_signature(r, s), signing_input(token.body), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "bad_signature"
        return "right"

    def withdrawn_at(self, kid: int) -> datetime | None:
        """When the key was withdrawn, None while it stands."""
        known = self._keys.get(kid)
        return known.withdrawn_at if known else None


def jwks(keys: KeyRing) -> dict[str, list[dict[str, Any]]]:
    """What stands at ``/keys.json`` (contract, section 7): the token keys, with their times in Unix seconds."""
    return {"keys": [_entry(key) for key in keys.all("token") if key.public_jwk is not None]}


def _entry(key: KeyInfo) -> dict[str, Any]:
    end = key.sign_until or key.not_before + SIGNING_LIFE
    entry: dict[str, Any] = dict(key.public_jwk or {})
    entry |= {"kid": str(key.kid), "nbf": int(key.not_before.timestamp()), "exp": int(end.timestamp())}
    if key.withdrawn_at is not None:
        entry["withdrawn_at"] = int(key.withdrawn_at.timestamp())
        entry["reason"] = key.reason or ""
    return entry


def _kid(jwk: Mapping[str, Any]) -> int:
    kid = str(jwk.get("kid", ""))
    if not (kid.isascii() and kid.isdigit() and len(kid) <= 5 and int(kid) <= _MOST_KID):
        raise _broken()
    return int(kid)


def _point(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (int.from_bytes(_base64url(jwk[name]), "big") for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError, binascii.Error) as fault:
        raise _broken() from fault


def _base64url(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > 64:
        raise ValueError("no coordinate")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _moment(seconds: object) -> datetime | None:
    if seconds is None:
        return None
    if not isinstance(seconds, int) or not 0 <= seconds <= 1 << 36:
        raise _broken()
    return datetime.fromtimestamp(seconds, UTC)


def _broken() -> Rejected:
    return Rejected("keys_file", '公钥文件读不懂：应为 {"keys": [...]}，可从核验网站的 /keys.json 下载')
