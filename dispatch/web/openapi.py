"""The OpenAPI 3.1 document, made from the route table, the request models and the case schema.

A route of the API that is not described here, or described and not there, fails a test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from . import access, api_models
from .access import rule_of, services
from .api_input import answer
from .openapi_shapes import SHAPES
from .pages import render_page
from .problems import MEDIA_TYPE, TITLES

__all__ = ["OPERATIONS", "Operation", "blueprint", "build", "plain_path"]

blueprint = Blueprint("openapi", __name__)
CASE_SCHEMA = Path(__file__).resolve().parents[1] / "data" / "case.schema.json"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_NDJSON = "application/x-ndjson"
_METHODS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Operation:
    """What one call takes and gives. ``body``: a model's name, ``Case``, or media types for raw bytes. ``answers``:
    status → shape name, None for no content, or a media type for bytes. ``problems``: statuses beyond the usual."""

    answers: Mapping[int, str | None]
    body: str | tuple[str, ...] | None = None
    problems: tuple[int, ...] = ()
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_PAGE: dict[str, Mapping[str, Any]] = {
    "cursor": {"schema": {"type": "string"}, "description": "next_cursor of the page before"},
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
}
_LIST: Mapping[str, Mapping[str, Any]] = _PAGE | {
    "state": {"schema": {"enum": ["ready", "issued", "closed", "cancelled"]}},
    "q": {
        "schema": {"type": "string", "maxLength": 200},
        "description": "acceptance, document or waybill number, exact name, or last four of a phone",
    },
}
_SIZE = {"size": {"schema": {"enum": ["76x130", "100x150", "100x180"], "default": "100x180"}}}

#: endpoint → operation
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "api_cases.create": Operation({201: "CaseView", 200: "CaseView"}, "Case", (409,)),
        "api_cases.create_many": Operation({200: "BatchResults"}, (_NDJSON,)),
        "api_cases.correct": Operation({200: "CaseView"}, "Case", (404, 409)),
        "api_cases.one": Operation({200: "CaseView"}, None, (404,)),
        "api_cases.many": Operation({200: "CaseList"}, None, (422,), _LIST),
        "api_cases.issue": Operation({202: "CaseView", 200: "CaseView"}, None, (404, 409)),
        "api_cases.hold": Operation({201: "Hold"}, "Holding", (404, 409)),
        "api_cases.unhold": Operation({204: None}, None, (404,)),
        "api_cases.cancel": Operation({200: "CaseView"}, "Reason", (404, 409)),
        "api_cases.delivery": Operation({200: "CaseView"}, "Delivery", (404, 409)),
        "api_documents.pdf": Operation({200: "application/pdf"}, None, (404, 409)),
        "api_documents.put_file": Operation(
            {200: "StoredFile"},
            ("application/pdf", "application/ofd", "application/octet-stream"),
            (404, 409),
        ),
        "api_documents.get_file": Operation({200: "application/octet-stream"}, None, (404,)),
        "api_documents.end": Operation({200: "DocumentState"}, "Revocation", (404, 409)),
        "api_documents.replace": Operation({200: "DocumentState"}, "Supersession", (404, 409)),
        "api_documents.freeze": Operation({200: "DocumentState"}, "Reason", (404, 409)),
        "api_documents.restore": Operation({200: "DocumentState"}, "Reason", (404, 409)),
        "api_consignments.one": Operation({200: "Consignment"}, None, (404,)),
        "api_consignments.label": Operation({200: "application/pdf"}, None, (404, 409, 422), _SIZE),
        "api_consignments.zpl": Operation({200: "application/zpl"}, None, (404, 409, 422), _SIZE),
        "api_consignments.pack": Operation({200: "Packed"}, "PackCheck", (409,)),
        "api_consignments.manifest": Operation({201: "ManifestMade"}, "Manifest", (404, 409)),
        "api_consignments.manifest_paper": Operation({200: "application/pdf"}, None, (404,)),
        "api_consignments.scans": Operation({200: "ScanResults"}, "Scans"),
        "api_prints.create": Operation({201: "PrintBatch_made"}, "PrintBatch", (404, 409)),
        "api_prints.pdf": Operation({200: "application/pdf"}, None, (404,)),
        "api_prints.confirm": Operation({200: "PrintBatch_made"}, "PrintConfirm", (404, 409)),
        "api_prints.bind": Operation({201: "BindingMade", 200: "BindingMade"}, "Binding", (404, 409)),
        "api_public.verify": Operation({200: "Verification"}, "Verify", (401, 403, 429, 503)),
        "api_public.track": Operation({200: "Tracking"}, "Track", (404, 429)),
        "openapi.document": Operation({200: "OpenApi"}),
    }
)


@blueprint.get("/api/openapi.json")
@access.public
def document() -> ResponseReturnValue:
    """The OpenAPI document."""
    return answer(build(current_app), Cache_Control="public, max-age=300")


@blueprint.get("/api/docs")
@access.public
def docs() -> ResponseReturnValue:
    """The same for people."""
    return render_page(
        "base/api.html", document=build(current_app), titles=TITLES, base=services().settings.public_base_url
    )


def build(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of this application."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in _rules(app):
        for method in sorted(set(rule.methods or ()) & set(_METHODS)):
            path = plain_path(rule.rule)
            paths.setdefault(path, {})[method.lower()] = _operation(app, rule, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "证达接口", "version": "1", "description": "办结之后：出件、盖章、寄递、核验。"},
        "servers": [{"url": app.extensions["dispatch"].settings.public_base_url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": _schemas(), "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "key": {"type": "http", "scheme": "bearer"},
    "session": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "with the cookie of a staff session",
    },
}


def plain_path(rule: str) -> str:
    """``/cases/<no>`` as OpenAPI writes it: ``/cases/{no}``."""
    return _PARAMETER.sub(r"{\1}", rule)


def _rules(app: Flask) -> Iterator[Rule]:
    yield from (
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule != "/api/docs"
    )


def _operation(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    described = OPERATIONS[rule.endpoint]
    view = app.view_functions[rule.endpoint]
    asks = rule_of(view)
    guarded = asks is not None and not asks.open
    made: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": " ".join((view.__doc__ or "").split()),
        "tags": [rule.endpoint.partition(".")[0].removeprefix("api_")],
        "parameters": [*_path_parameters(rule), *_query(described), *_header(method)],
        "responses": _responses(described, guarded, method),
    }
    if guarded and asks is not None and asks.scope:
        made["security"] = [{"key": [str(asks.scope)]}, {"session": []}]
    elif rule.endpoint == "api_public.verify":
        made["security"] = [{}, {"key": ["verify"]}]
    else:
        made["security"] = []
    if described.body:
        made["requestBody"] = {"required": True, "content": _content(described.body)}
    return made


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    names = _PARAMETER.findall(rule.rule)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in names
    ]


def _query(described: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, **facts} for name, facts in described.query.items()
    ]


def _header(method: str) -> list[dict[str, Any]]:
    if method != "POST":
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    ]


def _content(body: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(body, tuple):
        return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in body}
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}


def _responses(described: Operation, guarded: bool, method: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for status, shape in described.answers.items():
        entry: dict[str, Any] = {"description": "成功"}
        if shape is not None:
            entry["content"] = (
                _raw(shape)
                if "/" in shape
                else {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
            )
        made[str(status)] = entry
    usual = (
        {500, 503} | ({401, 403} if guarded else set()) | ({400, 413, 415, 422} if described.body else set())
    )
    usual |= {409, 422} if method == "POST" and guarded else set()
    for status in sorted(usual | set(described.problems)):
        schema = {"$ref": "#/components/schemas/Problem"}
        made[str(status)] = {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    return made


def _raw(media_type: str) -> dict[str, Any]:
    kinds = (
        ("application/pdf", "application/ofd") if media_type == "application/octet-stream" else (media_type,)
    )
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}


def _schemas() -> dict[str, Any]:
    case = json.loads(CASE_SCHEMA.read_text("utf-8"))
    parts = case.pop("$defs")
    schemas: dict[str, Any] = {
        "Case": _moved(case),
        **{f"Case_{name}": _moved(part) for name, part in parts.items()},
    }
    schemas["Delivery"] = _moved(case["properties"]["delivery"])
    for name in api_models.__all__:
        if name != "Body":
            schemas[name] = _moved_model(getattr(api_models, name).model_json_schema())
    return schemas | {name: dict(shape) for name, shape in SHAPES.items()}


def _moved(value: Any) -> Any:
    """The case schema's own references as they stand in the components."""
    if isinstance(value, dict):
        kept = {key: _moved(inner) for key, inner in value.items() if key != "$schema"}
        if isinstance(kept.get("$ref"), str):
            kept["$ref"] = kept["$ref"].replace("#/$defs/", "#/components/schemas/Case_")
        return kept
    return [_moved(item) for item in value] if isinstance(value, list) else value


def _moved_model(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$defs"}
