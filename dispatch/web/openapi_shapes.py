"""Shapes of answers, as JSON Schema, for the OpenAPI document (contract, sections 4 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..lifecycle import CaseState, ConsignmentState, DocumentState

__all__ = ["SHAPES"]

Shape = dict[str, Any]

_TEXT: Shape = {"type": "string"}
_MAYBE: Shape = {"type": ["string", "null"]}
_DAY: Shape = {"type": "string", "format": "date"}
_MOMENT: Shape = {"type": "string", "format": "date-time"}
_COUNT: Shape = {"type": "integer", "minimum": 0}


def _object(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def _list(of: Shape) -> Shape:
    return {"type": "array", "items": of}


def _one_of(values: Any) -> Shape:
    return {"enum": [str(value) for value in values]}


def _ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


_FAULT = _object({"pointer": _TEXT, "code": _TEXT, "detail": _TEXT})
_EVENT = _object({"at": _MOMENT, "type": _TEXT, "actor": _TEXT, "detail": _TEXT})
_DEADLINE = _object(
    {
        "kind": _one_of(("promise", "delivery")),
        "due_on": _DAY,
        "state": _one_of(("open", "met", "overdue", "late")),
    },
    {"provisional": {"type": "boolean"}},
)
_DOCUMENT = _object(
    {
        "document_id": _TEXT,
        "title": _TEXT,
        "kind": _one_of(("certificate", "notice", "decision", "physical")),
        "source": _one_of(("compose", "import", "physical")),
        "copy": _MAYBE,
        "number": _MAYBE,
        "revision": {"type": "integer", "minimum": 1},
        "state": _one_of([*DocumentState, "expired"]),
        "sha256": _MAYBE,
        "token": _MAYBE,
        "pdf_url": _MAYBE,
        "consignment_id": _MAYBE,
    },
    {"reason": _TEXT},
)
_CONSIGNMENT = _object(
    {
        "id": _TEXT,
        "direction": _one_of(("in", "out")),
        "method": _TEXT,
        "carrier": _TEXT,
        "waybill_no": _MAYBE,
        "state": {
            "anyOf": [_one_of(ConsignmentState), _one_of(("expected", "arrived", "checked", "accepted"))]
        },
        "documents": _list(_TEXT),
        "recipient_masked": _TEXT,
        "label_url": _MAYBE,
    }
)
_CASE_VIEW = _object(
    {
        "acceptance_no": _TEXT,
        "state": _one_of(CaseState),
        "item": _object({"code": _TEXT, "name": _TEXT}),
        "department": _object({"name": _TEXT, "division_code": _TEXT}),
        "applicant_masked": _TEXT,
        "holds": _list(_object({"id": _TEXT, "reason": _TEXT}, {"kind": _TEXT, "until": _MAYBE})),
        "documents": _list(_DOCUMENT),
        "consignments": _list(_ref("Consignment")),
        "deadlines": _list(_DEADLINE),
        "events": _list(_EVENT),
    },
    {
        "service": _object(
            {"state": _TEXT, "method": _TEXT, "served_on": {"type": ["string", "null"], "format": "date"}}
        )
    },
)
_PRINT_ITEM = _object(
    {
        "document_id": _TEXT,
        "title": _TEXT,
        "copy": _MAYBE,
        "number": _MAYBE,
        "outcome": {"enum": ["printed", "spoiled", "unprinted", None]},
    },
    {
        "position": _COUNT,
        "sheet": _TEXT,
        "mark": _TEXT,
        "no": _COUNT,
        "paper": _TEXT,
        "pages": _COUNT,
        "acceptance_no": _TEXT,
        "consignment_id": _MAYBE,
        "instead_of": _TEXT,
        "flag": _TEXT,
    },
)
_VERIFICATION_STATUS = _one_of(
    (
        "unreadable", "unsupported", "unknown_key", "bad_signature", "log_mismatch", "not_found", "revoked", "suspended",
        "superseded", "expired", "valid", "unavailable",
    )
)  # fmt: skip
_CHECKS = _list(_one_of(("signature", "date", "status", "log", "file", "fields")))
_VERDICT = _object(
    {
        "result": _one_of(("PASSED", "FAILED", "INDETERMINATE")),
        "status": _VERIFICATION_STATUS,
        "authenticity": _one_of(("genuine", "not_genuine", "undetermined")),
        "validity": _one_of(("valid", "revoked", "suspended", "superseded", "expired", "unknown")),
        "sample": {"type": "boolean"},
        "checked": _CHECKS,
        "not_checked": _CHECKS,
        "document": {"type": ["object", "null"]},
    }
)

#: name → schema
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "Problem": _object(
            {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "code": _TEXT},
            {"errors": _list(_FAULT)},
        ),
        "CaseView": _CASE_VIEW,
        "CaseList": _object({"items": _list(_ref("CaseView")), "next_cursor": _MAYBE}),
        "BatchResults": _object(
            {
                "results": _list(
                    _object(
                        {"line": _COUNT, "acceptance_no": _MAYBE, "status": {"type": "integer"}},
                        {"code": _TEXT, "errors": _list(_FAULT)},
                    )
                )
            }
        ),
        "Hold": _object({"id": _TEXT, "reason": _TEXT}, {"until": _MAYBE}),
        "StoredFile": _object({"document_id": _TEXT, "sha256": _TEXT}),
        "DocumentState": _object(
            {"document_id": _TEXT, "state": _one_of([*DocumentState, "expired"])}, {"replaced_by": _MAYBE}
        ),
        "Consignment": _CONSIGNMENT,
        "Packed": _object(
            {
                "outcome": _one_of(("matched",)),
                "consignment_id": _TEXT,
                "packed": _COUNT,
                "of": _COUNT,
                "missing": _list(_TEXT),
            }
        ),
        "ManifestMade": _object({"id": _TEXT, "consignment_ids": _list(_TEXT), "pdf_url": _TEXT}),
        "ScanResults": _object(
            {
                "results": _list(
                    _object(
                        {
                            "scan_id": _MAYBE,
                            "outcome": _one_of(("accepted", "duplicate", "conflict", "unknown", "rejected")),
                            "state": _MAYBE,
                        },
                        {"detail": _TEXT},
                    )
                )
            }
        ),
        "PrintBatch_made": _object(
            {"id": _TEXT, "pdf_url": _TEXT, "items": _list(_PRINT_ITEM)},
            {
                "number": _TEXT,
                "files": _list(_object({"paper": _TEXT, "sheets": _COUNT, "pdf_url": _TEXT})),
            },
        ),
        "BindingMade": _object({"document_id": _TEXT, "code": _TEXT}),
        "Verification": {"anyOf": [_VERDICT, _object({"results": _list(_VERDICT)})]},
        "Tracking": _object(
            {
                "state": _TEXT,
                "state_words": _TEXT,
                "expected_day": {"type": ["string", "null"]},
                "next_step": _TEXT,
            }
        ),
        "OpenApi": {"type": "object"},
    }
)
