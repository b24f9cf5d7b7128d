"""Putting the web application together."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from ..services import Services
from . import access, idempotency, problems, public_files, security, words
from .routes import BLUEPRINTS
from .tally import Tally

__all__ = ["create_app"]

ROOT = Path(__file__).resolve().parents[2]


def create_app(services: Services) -> Flask:
    """The application on these services. Everything it needs is handed in; nothing is read from the environment."""
    app = Flask("dispatch", template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions["dispatch"] = services
    app.extensions["dispatch_tally"] = Tally()
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.filters.update(words.filters())
    security.install(app, services.settings)
    app.secret_key = services.keys.secret("session", services.keys.current("session").kid)
    problems.install(app)
    access.install(app)
    idempotency.install(app)
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=public_files.static)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
