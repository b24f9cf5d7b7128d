"""证达: a completed approval leaves the office sealed, verifiable, and in the right hands.

This package is imported by the command line and by workers as well, so the web framework is loaded only when an
application is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .services import Services

__all__ = ["create_app"]


def create_app(services: Services) -> Flask:
    """The web application on these services (see ``dispatch.web.app``)."""
    app: Flask = import_module("dispatch.web.app").create_app(services)
    return app
