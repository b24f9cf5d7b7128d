"""Invented approvals for tests: every number has a right check character and belongs to nobody."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from dispatch.rights import ROLE_SCOPES, Actor, Role

__all__ = [
    "CHIEF",
    "CLERK",
    "COLLEAGUE",
    "COURIER",
    "ELSEWHERE",
    "SECOND_CHIEF",
    "approval",
    "document",
    "recipient",
    "resident_id",
]

_serial = itertools.count(1)


def _staff(name: str, role: Role, office: str = "33") -> Actor:
    return Actor(f"user:{name}", office, ROLE_SCOPES[role], role)


CLERK = _staff("clerk", Role.CLERK)
COLLEAGUE = _staff("colleague", Role.CLERK)
CHIEF = _staff("chief", Role.SUPERVISOR)
SECOND_CHIEF = _staff("second-chief", Role.SUPERVISOR)
COURIER = _staff("courier", Role.COURIER)
ELSEWHERE = _staff("elsewhere", Role.CLERK, "44")


def resident_id(serial: int, birth: str = "19800101") -> str:
    """An 18-character number with the check character of GB 11643."""
    body = f"330727{birth}{serial % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def recipient(**changes: Any) -> dict[str, Any]:
    """A recipient in a county town."""
    plain = {
        "name": "周小满", "phone": "19000000123", "relation": "self", "division_code": "330727100",
        "region": ["浙江省", "金华市", "磐安县", "安文街道"], "address": "岭外村2组21号",
    }  # fmt: skip
    return plain | changes


def document(**changes: Any) -> dict[str, Any]:
    """A notice without a number."""
    plain: dict[str, Any] = {
        "kind": "notice", "source": "compose", "title": "企业名称预先核准通知书", "copy": None, "number": None,
        "fields": {"申请人": "周小满", "办理事项": "企业名称预先核准", "决定内容": "经审查，符合规定，准予办理。"},
        "signer_policy": "any", "valid_from": "2026-11-08", "valid_until": None,
    }  # fmt: skip
    return plain | changes


def approval(**changes: Any) -> dict[str, Any]:
    """A case that is accepted as it stands; members given replace the plain ones."""
    number = next(_serial)
    plain: dict[str, Any] = {
        "acceptance_no": f"33072720261101{number:07d}",
        "item": {"code": "T-001", "name": "企业名称预先核准", "promised_working_days": 5, "sensitivity": "normal"},
        "department": {"name": "磐安县市场监督管理局", "division_code": "330727"},
        "applicant": {
            "type": "person", "name": "周小满", "id_type": "resident_id", "id_no": resident_id(number), "phone": "19000000123",
        },
        "decision": "approved",
        "accepted_at": "2026-11-02T09:00:00+08:00",
        "decided_at": "2026-11-06T09:00:00+08:00",
        "documents": [document()],
        "delivery": {"method": "express", "recipient": recipient()},
    }  # fmt: skip
    return copy.deepcopy(plain | changes)
