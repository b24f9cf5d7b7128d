"""Cases for the tests of intake: the project's samples, and a small one that is in order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def samples() -> list[dict[str, Any]]:
    """All sample cases, fresh."""
    return [json.loads(line) for line in (ROOT / "tests/data/cases.jsonl").read_text("utf-8").splitlines()]


def schema() -> dict[str, Any]:
    """The published schema of a case."""
    loaded: dict[str, Any] = json.loads((ROOT / "dispatch/data/case.schema.json").read_text("utf-8"))
    return loaded


_RECIPIENT = {
    "name": "示例收件人",
    "phone": "19000000002",
    "relation": "contact",
    "division_code": "331127002",
    "region": ["浙江省", "丽水市", "景宁畲族自治县", "鹤溪街道"],
    "address": "示例路1号",
}
_CASE = {
    "acceptance_no": "331127202611010000001",
    "item": {"code": "YL-001", "name": "示例事项", "promised_working_days": 5},
    "department": {"name": "示例局", "division_code": "331127"},
    "applicant": {
        "type": "person",
        "name": "示例申请人",
        "id_type": "resident_id",
        "id_no": "11010519491231002X",
        "phone": "19000000001",
    },
    "decision": "approved",
    "accepted_at": "2026-10-26T13:13:00+08:00",
    "decided_at": "2026-11-02T13:55:00+08:00",
    "documents": [
        {"kind": "notice", "source": "compose", "title": "示例通知书", "fields": {"内容": "准予"}},
        {"kind": "certificate", "source": "compose", "title": "示例证", "recipient": _RECIPIENT},
    ],
    "delivery": {"method": "express", "recipient": _RECIPIENT},
    "materials_in": {"carrier": "ems", "waybill_no": "1164569952996"},
}


def good() -> dict[str, Any]:
    """A case in order, with every optional part; fresh each time."""
    case: dict[str, Any] = json.loads(json.dumps(_CASE))
    return case


DROP = object()


def changed(pointer: str, value: object) -> dict[str, Any]:
    """The good case with one member replaced, added, or (``DROP``) taken away."""
    case = good()
    node: Any = case
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    key: Any = int(last) if isinstance(node, list) else last
    if value is DROP:
        del node[key]
    else:
        node[key] = value
    return case
