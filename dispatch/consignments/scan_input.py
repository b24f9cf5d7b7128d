"""One scan as a client sends it, checked strictly: what is malformed is said in one sentence. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..calendar import parse_instant, utc
from ..lifecycle import ScanAction
from .codes import MAX_CODE, tidy
from .fold import REVERSE
from .signers import KINDS

__all__ = ["REASONS", "Malformed", "Scan", "read_scan"]

#: why a delivery failed (contract, section 5)
REASONS: Final = {
    "refused": "拒收",
    "not_home": "家里没有人",
    "unreachable": "电话没有打通",
    "wrong_address": "地址有误",
    "identity_mismatch": "身份不符",
    "closed": "单位关门",
    "postponed": "约定改日",
    "moved_away": "已搬走",
    "deceased": "收件人去世",
    "other": "其他",
}
_ID_MOST: Final = 64
_NOTE_MOST: Final = 1000
#: a photograph's or signature's reference, or a small picture itself
_PROOF_MOST: Final = 300_000
_SIGNER_PARTS: Final = {"name": 200, "relation": 60, "id_tail": 10, "code": 20}


class Malformed(ValueError):
    """The scan cannot be taken; the message says what is wrong, in Chinese, without repeating what was sent."""


@dataclass(frozen=True)
class Scan:
    """A scan of the right shape. ``signer``: kind, name and what else was given, all texts."""

    scan_id: str
    code: str
    action: str
    occurred_at: datetime
    reason: str
    signer: Mapping[str, str] | None
    proof: Any
    note: str

    @property
    def digest(self) -> str:
        """SHA-256 of the content in lower-case hex; the same moment in another time zone is the same content."""
        plain = [
            tidy(self.code), self.action, utc(self.occurred_at).isoformat(), self.reason,
            dict(self.signer) if self.signer else None, self.proof, self.note,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    @property
    def particulars(self) -> dict[str, Any]:
        """What is kept sealed: signer, proof, note, as far as given."""
        found = {"signer": dict(self.signer) if self.signer else None, "proof": self.proof, "note": self.note}
        return {name: value for name, value in found.items() if value not in (None, "")}


def read_scan(raw: object, *, source: str) -> Scan:
    """The scan, or ``Malformed``. Only a carrier may take a delivery back."""
    if not isinstance(raw, Mapping):
        raise Malformed("每条扫描应为一个对象。")
    action = _action(raw.get("action"), source)
    scan = Scan(
        scan_id=_scan_id(raw.get("scan_id")),
        code=_text(raw, "code", MAX_CODE, needed=True),
        action=action,
        occurred_at=_moment(raw.get("occurred_at")),
        reason=_reason(raw.get("reason")),
        signer=_signer(raw.get("signer")),
        proof=_proof(raw.get("proof")),
        note=_text(raw, "note", _NOTE_MOST),
    )
    if action == ScanAction.DELIVER and scan.signer is None:
        raise Malformed("签收扫描要写明签收人（signer）。")
    if action == ScanAction.ATTEMPT_FAILED and not scan.reason:
        raise Malformed("投递未成功要写明原因（reason）。")
    return scan


def _scan_id(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _ID_MOST or not value.isprintable():
        raise Malformed(f"scan_id 应为 1 到 {_ID_MOST} 个字符，每次扫描不同。")
    if value[0] in "!=" or value != value.strip():
        raise Malformed("scan_id 不能以“!”“=”或空格开头，也不能以空格结尾。")
    return value


def _action(value: object, source: str) -> str:
    known = {str(action) for action in ScanAction} | ({REVERSE} if source == "carrier" else set())
    if not isinstance(value, str) or value not in known:
        raise Malformed("动作（action）不认识。")
    return value


def _moment(value: object) -> datetime:
    found = parse_instant(value) if isinstance(value, str) else None
    if found is None:
        raise Malformed("occurred_at 应为带时区的时间，例如 2026-11-21T09:30:00+08:00。")
    return utc(found)


def _reason(value: object) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in REASONS:
        raise Malformed("原因（reason）不认识。")
    return value


def _signer(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Malformed("签收人（signer）应为一个对象。")
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed("签收人类别（signer.kind）不认识。")
    parts = {name: _text(value, name, most, needed=name == "name") for name, most in _SIGNER_PARTS.items()}
    return {"kind": kind, **{name: part for name, part in parts.items() if part}}


def _proof(value: object) -> Any:
    if value is None:
        return None
    try:
        size = len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as fault:
        raise Malformed("签收凭证（proof）的格式不对。") from fault
    if size > _PROOF_MOST:
        raise Malformed("签收凭证（proof）太大，请压缩照片后重试。")
    return value


def _text(raw: Mapping[Any, Any], name: str, most: int, *, needed: bool = False) -> str:
    value = raw.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
        raise Malformed(f"{name} 应为文字，{'不能为空，' if needed else ''}最多 {most} 字。")
    try:
        value.encode()
    except UnicodeEncodeError as fault:
        raise Malformed(f"{name} 含有无法识别的字符。") from fault
    return value.strip()
