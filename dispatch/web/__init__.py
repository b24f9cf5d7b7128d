"""The web: parse, call one rule, answer. No SQL, no rule of its own."""

from __future__ import annotations

from .access import current_actor, optional_actor, services
from .pages import render_page

__all__ = ["current_actor", "optional_actor", "render_page", "services"]
