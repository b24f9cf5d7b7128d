"""Accounts, keys of programs, number ranges."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from .. import people
from ..consignments.ranges import list_ranges
from ..errors import Invalid, RuleViolation
from ..rights import SCOPES
from . import access
from .access import current_actor, services
from .rooms import act, staff_page

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
