"""Every failure in one shape: RFC 9457 ``application/problem+json`` on the API, a plain page elsewhere.

``code`` is stable English for programs, ``title`` and ``detail`` Chinese for people. An unexpected exception gets a
reference number; the log has where it happened, never what it said, because messages quote what people typed.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, current_app, redirect, request
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..errors import DispatchError, Invalid, NotFound, NotPermitted, Rejected, RuleViolation, Unavailable
from .access import is_api, login_address
from .door import door_page
from .kept import keep_form, kept_form
from .pages import render_page

__all__ = ["MEDIA_TYPE", "TITLES", "PayloadTooLarge", "Throttled", "UnsupportedMedia", "install", "problem"]

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 3

_log = logging.getLogger("dispatch.web")

TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: "请求格式有误",
        401: "需要登录或密钥",
        403: "没有这项权限",
        404: "没有找到",
        405: "这个地址不支持这种操作",
        406: "没有这种格式",
        409: "现在不能这样做",
        413: "内容太大",
        415: "内容格式不支持",
        422: "内容有误",
        429: "请求过于频繁",
        500: "系统出错",
        503: "服务暂时不可用",
    }
)
_DETAILS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("bad_request", "请求无法识别，请核对后再试。"),
        401: ("unauthorized", "请登录，或在 Authorization 头中带上有效的密钥（Bearer）。"),
        403: ("forbidden", "没有这项权限。请联系管理员。"),
        404: ("not_found", "没有这个地址，请核对。"),
        405: ("method_not_allowed", "这个地址不支持这种操作，请看接口说明。"),
        413: ("too_large", "内容超过上限，请分批提交。"),
        415: ("unsupported_media_type", "内容格式不支持，请看接口说明。"),
        429: ("too_many_requests", "请求过于频繁，请稍后再试。"),
        503: ("unavailable", "服务暂时不可用，请稍后再试。"),
    }
)
#: codes whose status differs from their exception's usual one
_STATUS_OF_CODE: Mapping[str, int] = MappingProxyType(
    {
        "too_many_requests": 429,
        "too_many": 429,
        "throttled": 429,
        "too_large": 413,
        "malformed_json": 400,
        "sealed_field": 500,
    }
)
_RETRYABLE = frozenset({"not_ready", "still_running", "changed_meanwhile", "conflict"})
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "errors"})


class PayloadTooLarge(DispatchError):
    """More than this route takes: 413."""

    def __init__(self, detail: str) -> None:
        super().__init__("too_large", detail)


class UnsupportedMedia(DispatchError):
    """A content type this route does not read: 415."""

    def __init__(self, detail: str) -> None:
        super().__init__("unsupported_media_type", detail)


class Throttled(DispatchError):
    """Too many tries: 429."""

    def __init__(self, detail: str) -> None:
        super().__init__("too_many_requests", detail)


_STATUS: tuple[tuple[type[DispatchError], int], ...] = (
    (Invalid, 422),
    (PayloadTooLarge, 413),
    (UnsupportedMedia, 415),
    (Throttled, 429),
    (NotFound, 404),
    (NotPermitted, 403),
    (RuleViolation, 409),
    (Unavailable, 503),
    (Rejected, 409),
)


def problem(status: int, code: str, detail: str, /, **extra: object) -> Response:
    """A problem document (RFC 9457). ``extra`` members stand beside the fixed ones and cannot replace them."""
    body: dict[str, object] = {
        "type": f"/api/docs#{code}",
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "code": code,
    }
    body |= {key: value for key, value in extra.items() if key not in _RESERVED or key == "errors"}
    answer = current_app.response_class(current_app.json.dumps(body), status=status, mimetype=MEDIA_TYPE)
    if status in (429, 503) or code in _RETRYABLE:
        answer.headers["Retry-After"] = str(extra.get("retry_after", RETRY_AFTER))
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="zhengda"'
    return answer


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DispatchError, _on_refusal)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_surprise)


def status_of(fault: DispatchError) -> int:
    """The HTTP status of a refusal."""
    if fault.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[fault.code]
    return next((status for kind, status in _STATUS if isinstance(fault, kind)), 500)


def _on_refusal(fault: DispatchError) -> BaseResponse:
    status = status_of(fault)
    extra: dict[str, Any] = dict(fault.extra)
    if isinstance(fault, Invalid):
        extra["errors"] = [one.as_dict() for one in fault.faults]
    if status >= 500:
        _log.warning("refused: %s", fault.code)
    if is_api():
        return problem(status, fault.code, fault.detail, **extra)
    if fault.code == "csrf" and (late := _late_form()):
        return late
    return _page(status, fault.detail, faults=extra.get("errors", ()))


def _on_http(fault: HTTPException) -> BaseResponse:
    status = fault.code or 500
    if status < 400 and fault.response is None:
        return fault.get_response()
    if status == HTTPStatus.UNAUTHORIZED and not is_api():
        return _to_login()
    code, detail = _DETAILS.get(status, ("error", "请求没有成功，请稍后再试。"))
    answer = problem(status, code, detail) if is_api() else _page(status, detail)
    for name, value in fault.get_headers():
        if name.lower() in ("allow", "retry-after", "location", "accept-ranges", "content-range"):
            answer.headers[name] = value
    return answer


def _to_login() -> BaseResponse:
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": login_address()})
    kept = keep_form()
    if kept:
        fault = "登录已经结束，刚才填的没有交上去，也没有丢。登录以后接着交。"
        return Response(door_page(kept=kept, fault=fault), status=401)
    return redirect(login_address())


def _late_form() -> BaseResponse | None:
    """A form of an older session of this very browser: shown again under the present one. Not for a browser that does
    not say where the form came from."""
    kept = kept_form(keep_form()) if request.headers.get("Sec-Fetch-Site") == "same-origin" else None
    return Response(render_page("people/again.html", waits=kept), status=403) if kept else None


def _on_surprise(fault: Exception) -> BaseResponse:
    reference = secrets.token_hex(4).upper()
    places = " < ".join(
        f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno} {f.name}"
        for f in reversed(traceback.extract_tb(fault.__traceback__))
    )
    _log.error("unexpected %s, reference %s, at %s", type(fault).__name__, reference, places)
    detail = f"系统出错，没有执行或没有执行完。请稍后再试；仍不行请联系管理员，并告知编号 {reference}。"
    if is_api():
        return problem(500, "internal_error", detail, reference=reference)
    return _page(500, detail, ref=reference)


def _page(status: int, detail: str, **context: Any) -> BaseResponse:
    """The page of this status, a plain one where the house has no template for it."""
    head = TITLES.get(status, "请求没有成功")
    facts: dict[str, Any] = {
        "status": status,
        "code": str(status),
        "head": head,
        "title": head,
        "body": detail,
        "detail": detail,
    }
    names = (
        [f"base/{status}.html", "base/message.html"]
        if status in (400, 403, 404, 413, 429, 500, 503) and not _tells_more(status)
        else ["base/message.html"]
    )
    for name in names:
        try:
            return Response(render_page(name, **facts, **context), status=status)
        except TemplateNotFound:
            continue
        except DispatchError:
            break  # the page's own context needs what is out of reach now
    return Response(f"{head}。{detail}\n", status=status, mimetype="text/plain")


def _tells_more(status: int) -> bool:
    """Whether the sentence of this very refusal helps more than the status page's general one."""
    return status not in (404, 500, 503)
