"""Reading requests: bodies by their model, query parameters by their kind; every fault at once, in Chinese."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import Fault, Invalid
from ..intake.jsontext import load_json
from .problems import UnsupportedMedia

__all__ = ["answer", "json_body", "page_args", "read"]

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "missing": ("required", "缺少这一项，请补上。"),
    "extra_forbidden": ("unknown_field", "没有这一项，请核对名称或删去。"),
    "string_type": ("type", "应为文字。"),
    "list_type": ("type", "应为列表。"),
    "dict_type": ("type", "应为对象。"),
    "model_type": ("type", "应为对象。"),
    "model_attributes_type": ("type", "应为对象。"),
    "string_too_short": ("required", "不能为空。"),
    "string_too_long": ("too_long", "太长，最多 {max_length} 个字。"),
    "too_short": ("too_few", "至少要有 {min_length} 项。"),
    "too_long": ("too_many", "最多 {max_length} 项，请分批提交。"),
    "literal_error": ("not_allowed", "只能是：{expected}。"),
    "string_pattern_mismatch": ("pattern", "格式不对，请核对。"),
}


def json_body() -> Any:
    """The JSON of the request; 415 for another content type, 400 ``malformed_json``."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("内容类型应为 application/json。")
    try:
        value = load_json(request.get_data())
    except Invalid as refusal:
        if any(fault.code == "encoding" for fault in refusal.faults):
            raise Invalid(refusal.faults, "malformed_json") from refusal
        raise
    _refuse_half_characters(value)
    return value


def _refuse_half_characters(value: Any) -> None:
    """Halves of surrogate pairs are no text: nothing could store, print or hash them."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str) and not item.isascii():
            if any("\ud800" <= character <= "\udfff" for character in item):
                raise Invalid(
                    [Fault("", "encoding", "内容中有不完整的字符，请检查文字编码。")], "malformed_json"
                )
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def read(model: type[M]) -> M:
    """The body as ``model``; ``Invalid`` with every fault."""
    value = json_body()
    try:
        return model.model_validate(value)
    except ValidationError as refusal:
        raise Invalid([_fault(error) for error in refusal.errors(include_url=False)]) from refusal


def _fault(error: ErrorDetails) -> Fault:
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"])
    code, words = _WORDS.get(error["type"], ("invalid", "内容不对，请核对。"))
    facts = {name: str(value) for name, value in error.get("ctx", {}).items()}
    return Fault(pointer, code, words.format_map(facts) if "{" in words else words)


def page_args() -> dict[str, Any]:
    """``cursor`` and ``limit`` of a list."""
    text = request.args.get("limit", "50")
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid([Fault("/limit", "out_of_range", "每页条数应为 1 到 200 的整数。")])
    return {"cursor": request.args.get("cursor") or None, "limit": int(text)}


def answer(body: Any, status: int = 200, **headers: str) -> ResponseReturnValue:
    """JSON in UTF-8, keys in the order written."""
    made = current_app.json.response(body)
    made.status_code = status
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made
