"""``Idempotency-Key`` on every POST of the API: the same request again gets the first answer again.

Runs after the access guard, so the key's holder is known; a stranger's POST (verify, track) changes nothing and needs
no key. An answer of our own failure (5xx) or of throttling is not kept: the repetition is meant to run then.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from ..answers import Answer, Ticket, begin, forget, keep
from ..errors import DispatchError, Fault, Invalid
from ..rights import Actor
from .access import optional_actor, services

__all__ = ["HEADER", "install"]

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("Content-Type", "Location", "Retry-After")


def install(app: Flask) -> None:
    """Look for a kept answer before the view, keep a new one after it."""
    app.before_request(_before)
    app.after_request(_after)


def _before() -> Response | None:
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or not request.path.startswith("/api/v1/"):
        return None
    actor = optional_actor()
    if actor is None or request.url_rule is None:
        return None
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Invalid([Fault("", "idempotency_key", "Idempotency-Key 应为 1 到 200 个可见的英文字符。")])
    found = begin(services(), actor, request.full_path, key, request.get_data())
    if isinstance(found, Answer):
        return Response(found.body, status=found.status, headers=found.headers | {REPLAYED: "true"})
    g.zd_ticket = (actor, found)
    return None


def _after(answer: Response) -> Response:
    if "zd_ticket" not in g:
        return answer
    actor, ticket = g.pop("zd_ticket")
    try:
        _settle(actor, ticket, answer)
    except DispatchError:
        # The act itself is done and stays done; only its repetition will run again after a while.
        answer.headers["Idempotency-Kept"] = "false"
    return answer


def _settle(actor: Actor, ticket: Ticket, answer: Response) -> None:
    if answer.status_code >= 500 or answer.status_code == 429 or answer.is_streamed:
        forget(services(), actor, ticket)
        return
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    keep(services(), actor, ticket, Answer(answer.status_code, headers, answer.get_data()))
