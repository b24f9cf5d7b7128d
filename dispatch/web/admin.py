"""Accounts, keys of programs, number ranges."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from .. import people
from ..badges import set_badge
from ..cards import badge_card
from ..consignments.ranges import list_ranges
from ..errors import Invalid, NotFound, RuleViolation
from ..rights import SCOPES
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import act, staff_page
from .words import ROLES, plain

__all__ = ["blueprint"]

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("")
@access.role("admin")
def index() -> ResponseReturnValue:
    """Everything on one page."""
    return _page()


def _page(**more: Any) -> str:
    house, actor = services(), current_actor()
    return staff_page(
        "admin/index.html", "admin", users=people.list_users(house, actor), keys=people.list_keys(house, actor),
        ranges=list_ranges(house, actor), scopes=[str(one) for one in SCOPES], **more,
    )  # fmt: skip


def _refused(refusal: Invalid | RuleViolation) -> ResponseReturnValue:
    faults = (
        [fault.as_dict() for fault in refusal.faults]
        if isinstance(refusal, Invalid)
        else [{"detail": refusal.detail}]
    )
    return _page(faults=faults), 422 if isinstance(refusal, Invalid) else 409


@blueprint.post("/users")
@access.role("admin")
def new_user() -> ResponseReturnValue:
    """An account with a random password, shown once."""
    name, role, office = (request.form.get(key, "").strip() for key in ("name", "role", "office"))
    password = people.random_password()
    try:
        people.create_user(services(), current_actor(), name, role, office, password)
    except (Invalid, RuleViolation) as refusal:
        return _refused(refusal)
    return _page(secret={"what": f"{name} 的密码", "value": password})


@blueprint.post("/users/<name>/password")
@access.role("admin")
def new_password(name: str) -> ResponseReturnValue:
    """A new random password, shown once."""
    password = people.random_password()
    people.set_password(services(), current_actor(), name, password)
    return _page(secret={"what": f"{name} 的新密码", "value": password})


@blueprint.post("/users/<name>/disable")
@access.role("admin")
def disable(name: str) -> ResponseReturnValue:
    """The account opens nothing any more."""
    return act(lambda: people.disable_user(services(), current_actor(), name), f"{name} 已停用。", "/admin")


@blueprint.post("/users/<name>/badge")
@access.role("admin")
def badge(name: str) -> ResponseReturnValue:
    """The card somebody scans already, registered; an empty code takes it away."""
    code = request.form.get("code", "").strip()
    said = f"{name} 的工牌登记好了。" if code else f"{name} 的工牌注销了。"
    return act(lambda: set_badge(services(), current_actor(), name, code), said, "/admin#users")


@blueprint.post("/users/<name>/badge.pdf")
@access.role("admin")
def badge_paper(name: str) -> ResponseReturnValue:
    """A new badge to cut out; the older one opens nothing any more."""
    house, actor = services(), current_actor()
    found = next((one for one in people.list_users(house, actor) if one.name == name), None)
    if found is None:
        raise NotFound(f"没有名为 {name} 的用户。")
    data = badge_card(house, actor, name, plain(ROLES, found.role))
    return attachment(data, "application/pdf", f"工牌 {name}.pdf")


@blueprint.post("/keys")
@access.role("admin")
def new_key() -> ResponseReturnValue:
    """A program's key, shown once."""
    name, office = request.form.get("name", "").strip(), request.form.get("office", "").strip()
    try:
        key = people.create_key(services(), current_actor(), name, request.form.getlist("scope"), office)
    except (Invalid, RuleViolation) as refusal:
        return _refused(refusal)
    return _page(secret={"what": f"密钥 {name}", "value": key})


@blueprint.post("/keys/<name>/revoke")
@access.role("admin")
def revoke_key(name: str) -> ResponseReturnValue:
    """The key opens nothing any more."""
    return act(
        lambda: people.revoke_key(services(), current_actor(), name), f"密钥 {name} 已停用。", "/admin"
    )
