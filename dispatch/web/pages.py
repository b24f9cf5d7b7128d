"""Pages: the words every page shows, and the templates' shared context."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from ..people import IDLE
from ..rights import Actor
from .access import csrf_token, current_session, services

__all__ = ["render_page", "shared"]


def render_page(template: str, **context: Any) -> str:
    """Render ``template`` with what every page needs: ``user``, ``csrf_token``, ``operator``, ``hotline``, ``sample``,
    ``verify_domain``, ``printed_at``, ``idle_seconds``, ``here_path`` (for coming back), and whatever the view hands in."""
    return render_template(template, **(shared() | context))


def shared() -> dict[str, Any]:
    """The context of every page. ``user``: ``{name, role, office, office_name}`` or None."""
    house = services()
    found = current_session()
    return {
        "user": _user(found.actor) if found else None,
        "csrf_token": csrf_token(),
        "operator": house.settings.operator,
        "operator_address": house.settings.operator_address,
        "hotline": house.settings.operator_phone,
        "sample": house.settings.sample,
        "verify_domain": house.settings.verify_domain,
        "base_url": house.settings.public_base_url,
        "printed_at": house.clock.now(),
        "idle_seconds": int(IDLE.total_seconds()),
        "here_path": request.full_path.rstrip("?") if request.method == "GET" else "",
    }


def _user(actor: Actor) -> dict[str, Any]:
    return {
        "name": actor.name.removeprefix("user:"),
        "role": str(actor.role) if actor.role else "",
        "office": actor.office,
        "office_name": "",
    }
