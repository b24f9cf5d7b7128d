"""What every answer carries and every request must keep to: headers, body limits, hosts, proxies, cookies.

The content security policy starts from nothing; a route that scans adds camera and WebAssembly for itself alone.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from ..config import Settings

__all__ = ["BATCH_LIMIT", "FILE_LIMIT", "body_limit", "install", "policy", "scanner"]

DEFAULT_LIMIT = 1024 * 1024
BATCH_LIMIT = 20 * 1024 * 1024
FILE_LIMIT = 30 * 1024 * 1024
ONE_YEAR = 31_536_000

_LIMIT_MARK = "body_limit"
_SCANNER_MARK = "scanner"
_log = logging.getLogger("dispatch.web")

View = TypeVar("View", bound=Callable[..., Any])


def body_limit(size: int) -> Callable[[View], View]:
    """This view reads bodies of up to ``size`` bytes; others up to 1 MB."""

    def mark(view: View) -> View:
        setattr(view, _LIMIT_MARK, size)
        return view

    return mark


def scanner(view: View) -> View:
    """This page may open the camera and run the barcode reader's WebAssembly."""
    setattr(view, _SCANNER_MARK, True)
    return view


def policy(*, scans: bool, secure: bool) -> str:
    """The content security policy of a page."""
    parts = [
        "default-src 'none'",
        "script-src 'self'" + (" 'wasm-unsafe-eval'" if scans else ""),
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if scans:
        parts.append("media-src 'self' blob:")
    if secure:
        parts.append("upgrade-insecure-requests")
    return "; ".join(parts)


def install(app: Flask, settings: Settings) -> None:
    """Set limits, hosts, cookies and headers of ``app``."""
    secure = urlsplit(settings.public_base_url).scheme == "https"
    app.config.update(
        MAX_CONTENT_LENGTH=DEFAULT_LIMIT,
        MAX_FORM_MEMORY_SIZE=DEFAULT_LIMIT,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="__Host-zd-note" if secure else "zd-note",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        TRUSTED_HOSTS=_hosts(settings),
    )
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_headers)
    app.after_request(_note)


def _hosts(settings: Settings) -> list[str] | None:
    """In production only our own name and the machine's own probes; elsewhere whatever name a test network has."""
    if not settings.production:
        return None
    return [urlsplit(settings.public_base_url).hostname or "", "127.0.0.1", "localhost"]


def _begin() -> None:
    g.zd_began = time.monotonic()
    g.zd_request = secrets.token_hex(4)
    view = _view()
    limit = getattr(view, _LIMIT_MARK, None)
    if limit is not None:
        request.max_content_length = cast(int, limit)


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint) if request.endpoint else None


def _headers(answer: Response) -> Response:
    scans = bool(getattr(_view(), _SCANNER_MARK, False))
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    fixed = {
        "Content-Security-Policy": policy(scans=scans, secure=secure),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": f"camera=({'self' if scans else ''}), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    if secure:
        fixed["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
    for name, value in fixed.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")  # personal unless the view says otherwise
    answer.headers["X-Request-Id"] = g.get("zd_request", "-")
    return answer


def _note(answer: Response) -> Response:
    """One line per request: the route's pattern instead of the path, so no secret, number or name is written down."""
    pattern = request.url_rule.rule if request.url_rule else "(no route)"
    took = (time.monotonic() - g.get("zd_began", time.monotonic())) * 1000
    _log.info(
        "%s %s %s %.0f ms %s", request.method, pattern, answer.status_code, took, g.get("zd_request", "-")
    )
    return answer
