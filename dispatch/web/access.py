"""Who may open which route. Every route declares exactly one rule; a route without one is closed.

    @blueprint.get("/window")
    @access.role("clerk", "supervisor")
    def window() -> ResponseReturnValue: ...

The guard runs before every view. On the API a program brings ``Authorization: Bearer KEY``, a browser its session
cookie and, for whatever changes something, ``X-CSRF-Token``. Pages send the token as the form field ``csrf_token``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Flask, current_app, g, request
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.local import LocalProxy

from ..errors import NotPermitted
from ..people import LoggedIn, SignedIn, authenticate_key, resume
from ..rights import Actor, Role, Scope
from ..services import Services

__all__ = [
    "API_PREFIX",
    "LOGIN_PATH",
    "Rule",
    "begin_here",
    "csrf_token",
    "current_actor",
    "hook",
    "install",
    "is_api",
    "login_address",
    "optional_actor",
    "public",
    "role",
    "rule_of",
    "safe_next",
    "scope",
    "secret_link",
    "services",
    "session_cookie",
    "session_secret",
    "signed_in",
]

API_PREFIX = "/api/"
LOGIN_PATH = "/login"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MARK = "access_rule"
_FOR_MACHINES = frozenset({"/metrics", "/healthz", "/readyz", "/ca.pem"})

View = TypeVar("View", bound=Callable[..., Any])
Kind = Literal["public", "scope", "role", "signed_in", "secret_link", "hook"]


@dataclass(frozen=True)
class Rule:
    """What a route asks of who opens it. ``secret_link`` and ``hook``: the secret in the path, checked by the view."""

    kind: Kind
    scope: Scope | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)

    @property
    def open(self) -> bool:
        return self.kind in ("public", "secret_link", "hook")


# -- declaring ---------------------------------------------------------------------------------------------------
def _declare(view: View, rule: Rule) -> View:
    if hasattr(view, _MARK):
        raise TypeError(f"{view.__qualname__} has two access rules")
    setattr(view, _MARK, rule)
    return view


def public(view: View) -> View:
    """Anybody."""
    return _declare(view, Rule("public"))


def secret_link(view: View) -> View:
    """Whoever knows the 128-bit secret in the path; the view finds its object by it."""
    return _declare(view, Rule("secret_link"))


def hook(view: View) -> View:
    """A carrier's server, known by the secret in the path and its own signature; the view checks both."""
    return _declare(view, Rule("hook"))


def signed_in(view: View) -> View:
    """Any member of staff with a session."""
    return _declare(view, Rule("signed_in"))


def scope(name: str) -> Callable[[View], View]:
    """A key, or a session whose role has this scope."""
    rule = Rule("scope", scope=Scope(name))
    return lambda view: _declare(view, rule)


def role(*names: str) -> Callable[[View], View]:
    """A session of one of these roles."""
    rule = Rule("role", roles=frozenset(Role(name) for name in names))
    return lambda view: _declare(view, rule)


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """The declared rule, None where somebody forgot it."""
    return cast("Rule | None", getattr(view, _MARK, None))


# -- who is it ---------------------------------------------------------------------------------------------------
def services() -> Services:
    """The services of this application."""
    return cast(Services, current_app.extensions["dispatch"])


def session_cookie(secure: bool) -> str:
    """The cookie's name; the ``__Host-`` prefix binds it to this host and to https (RFC 6265bis, 4.1.3.2)."""
    return "__Host-zd" if secure else "zd"


def session_secret() -> str:
    """What the browser's session cookie says, empty without one."""
    return request.cookies.get(session_cookie(bool(current_app.config["SESSION_COOKIE_SECURE"])), "")


def begin_here(begun: LoggedIn) -> None:
    """The rest of this request runs under a session just begun: its page shows who acts and carries the right token."""
    g.zd_session = begun.session


def is_api() -> bool:
    """Whether a program asks: it gets problem documents instead of pages."""
    path = request.path
    return path.startswith(API_PREFIX) or path in _FOR_MACHINES or path.endswith(".json")


def current_actor() -> Actor:
    """Who acts; only in routes whose rule lets nobody in unknown."""
    actor = optional_actor()
    if actor is None:
        raise Unauthorized
    return actor


def optional_actor() -> Actor | None:
    """Who acts, None for a stranger on a public route."""
    key = _bearer_actor()
    if key is not None:
        return key
    found = current_session()
    return found.actor if found else None


def current_session() -> SignedIn | None:
    """The staff session of this request, looked up once."""
    if "zd_session" not in g:
        secret = session_secret()
        g.zd_session = resume(services(), secret) if secret else None
    return cast("SignedIn | None", g.zd_session)


def csrf_token() -> str:
    """The token for forms of this session, empty without one."""
    found = current_session()
    return found.csrf if found else ""


def _bearer_actor() -> Actor | None:
    """The actor of the key in the header. A key that is unknown is never a reason to look at the cookie."""
    if "zd_key_actor" in g:
        return cast("Actor | None", g.zd_key_actor)
    g.zd_key_actor = None
    header = request.headers.get("Authorization", "")
    if header:
        kind, _, key = header.partition(" ")
        actor = (
            authenticate_key(services(), key.strip()) if kind.lower() == "bearer" and key.strip() else None
        )
        if actor is None:
            raise Unauthorized
        g.zd_key_actor = actor
    return cast("Actor | None", g.zd_key_actor)


# -- the guard ---------------------------------------------------------------------------------------------------
def install(app: Flask) -> None:
    """Put the guard before every view. Templates see ``csrf_token`` everywhere, imported macros included."""
    app.before_request(_guard)
    app.jinja_env.globals["csrf_token"] = LocalProxy(csrf_token)


def _guard() -> None:
    if request.endpoint is None or (request.method == "OPTIONS" and is_api()):
        return  # no such route, or only the list of methods
    rule = rule_of(current_app.view_functions[request.endpoint])
    if rule is None:
        raise Forbidden
    if rule.kind != "hook":
        _refuse_foreign_site()
    if rule.open:
        return
    actor = current_actor()
    _check_csrf()
    _check_rule(rule, actor)


def _check_rule(rule: Rule, actor: Actor) -> None:
    if rule.scope is not None:
        actor.require(rule.scope)
    elif actor.role is None or (rule.kind == "role" and actor.role not in rule.roles):
        raise NotPermitted("role", "您的账号没有看这一页的权限。如果工作需要，请找管理员开通。")


def _refuse_foreign_site() -> None:
    """A form on somebody else's page must not act here, signed in or not.

    With ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` for our own forms, so the fetch metadata
    decides where they are sent, and the origin only where they are not.
    """
    if request.method in _SAFE or "Authorization" in request.headers:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    foreign = (
        site not in ("same-origin", "none")
        if site
        else origin != "null" and urlsplit(origin).netloc != request.host
    )
    if foreign:
        raise NotPermitted("foreign_site", "这个请求来自别的网站，没有执行。请在本系统的页面上操作。")


def _check_csrf() -> None:
    found = current_session()
    if request.method in _SAFE or _bearer_actor() is not None or found is None:
        return
    in_form = "" if request.path.startswith(API_PREFIX) else request.form.get("csrf_token", "")
    given = request.headers.get("X-CSRF-Token") or in_form
    if not hmac.compare_digest(given.encode("utf-8", "replace"), found.csrf.encode()):
        raise NotPermitted("csrf", "页面已经过期，没有执行。请刷新页面后再试，填过的内容请先复制下来。")


# -- logging in and coming back ------------------------------------------------------------------------------------
def login_address() -> str:
    """Where a stranger logs in, with the way back for what was only read."""
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return f"{LOGIN_PATH}?next={quote(safe_next(back), safe='/')}"


def safe_next(target: str | None, default: str = "/") -> str:
    """``target`` if it is a path of this house, else ``default``: log-in never sends anybody elsewhere."""
    plain = target or ""
    inside = (
        plain.startswith("/")
        and not plain.startswith(("//", "/\\"))
        and plain.isprintable()
        and "\\" not in plain
    )
    return plain if inside else default
