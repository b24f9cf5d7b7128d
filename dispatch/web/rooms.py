"""The staff rooms: which doors a role sees, and the frame of their pages."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from ..badges import witness
from ..errors import Invalid, NotPermitted, Rejected, RuleViolation
from ..rights import Actor, Role
from .access import current_actor, services
from .pages import render_page

__all__ = ["act", "home_of", "second_person", "staff_page"]

#: key, address, word, icon, roles that see it
_DOORS: Final = (
    ("list", "/window", "工作台", "list", (Role.CLERK, Role.SUPERVISOR)),
    ("list", "/window", "办件", "list", (Role.DEPARTMENT, Role.OBSERVER)),
    ("counter", "/window/counter", "窗口自取", "door", (Role.CLERK, Role.SUPERVISOR)),
    ("worklist", "/window/worklist", "待处理", "alert", (Role.CLERK, Role.SUPERVISOR)),
    ("imports", "/window/imports", "导入", "upload", (Role.DEPARTMENT,)),
    ("more", "/window/more", "更多", "list", (Role.CLERK, Role.SUPERVISOR)),
    ("supervise", "/supervise", "督查", "chart", (Role.SUPERVISOR, Role.DEPARTMENT)),
    ("courier", "/courier", "送件", "truck", (Role.SUPERVISOR,)),
    ("admin", "/admin", "管理", "key", (Role.ADMIN,)),
)
_HOMES: Final = MappingProxyType(
    {
        Role.CLERK: "/window",
        Role.COURIER: "/courier",
        Role.AGENT: "/point",
        Role.DEPARTMENT: "/supervise",
        Role.SUPERVISOR: "/supervise",
        Role.OBSERVER: "/window",
        Role.ADMIN: "/admin",
    }
)


def home_of(role: Role | None) -> str:
    """Where somebody of this role begins."""
    return _HOMES.get(role, "/") if role else "/"


def staff_page(template: str, here: str, **context: Any) -> str:
    """A page of the staff rooms. ``here``: the key of the door; ``counts`` in ``context``: numbers beside doors."""
    role = current_actor().role
    counts = context.get("counts") or {}
    rooms = [
        (key, href, text, mark, counts.get(key, 0), key == "worklist")
        for key, href, text, mark, roles in _DOORS
        if role in roles
    ]
    return render_page(template, here=here, rooms=rooms, home=home_of(role), **context)


def act(do: Callable[[], object], done: str, back: str) -> ResponseReturnValue:
    """Do one rule and go back; a refusal is told there, what is unexpected goes its own way."""
    try:
        do()
    except Invalid as refusal:
        flash("；".join(fault.detail for fault in refusal.faults), "bad")
    except (RuleViolation, Rejected) as refusal:
        flash(refusal.detail, "bad")
    except NotPermitted as refusal:
        if refusal.code != "pin_failed":
            raise
        flash(refusal.detail, "bad")
    else:
        flash(done, "ok")
    return redirect(back, 303)


def second_person() -> Actor:
    """The colleague whom the form's part ``second`` names; raises what ``dispatch.badges.witness`` raises."""
    who, pin = request.form.get("second_who", ""), request.form.get("second_pin", "")
    return witness(services(), current_actor(), who, pin, screen=request.remote_addr or "window")
