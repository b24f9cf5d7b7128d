"""Files for machines and for the watch: keys, types, CA, health, figures, static files, the old-style QR address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, redirect, send_from_directory
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ..publications import figures, key_set, readiness, type_list
from . import access
from .access import services
from .api_input import answer
from .tally import Tally

__all__ = ["blueprint", "static"]

STATIC = Path(__file__).parent / "static"
_BRIEF = "public, max-age=300"

blueprint = Blueprint("public_files", __name__)


@access.public
def static(filename: str) -> Response:
    """A file of the pages: style, script, icon. Its endpoint is ``static``, so that ``url_for`` works as everywhere."""
    found = send_from_directory(STATIC, filename, max_age=3600, conditional=True)
    found.headers["Cache-Control"] = "public, max-age=3600"
    return found


@blueprint.get("/keys.json")
@access.public
def keys() -> ResponseReturnValue:
    """The token keys as a JWK set."""
    return _published(key_set(services()))


@blueprint.get("/types.json")
@access.public
def types() -> ResponseReturnValue:
    """Numbers and titles of document types."""
    return _published(type_list(services()))


def _published(body: dict[str, Any]) -> ResponseReturnValue:
    """Anybody may read it from any page: checking must not depend on us."""
    return answer(
        body,
        Cache_Control=_BRIEF,
        Access_Control_Allow_Origin="*",
        Cross_Origin_Resource_Policy="cross-origin",
    )


@blueprint.get("/ca.pem")
@access.public
def ca() -> ResponseReturnValue:
    """The certificate that seals are checked against."""
    return Response(
        services().sealer.ca_pem(), mimetype="application/x-pem-file", headers={"Cache-Control": _BRIEF}
    )


@blueprint.get("/healthz")
@access.public
def alive() -> ResponseReturnValue:
    """This process answers."""
    return answer({"alive": True})


@blueprint.get("/readyz")
@access.public
def ready() -> ResponseReturnValue:
    """200 when requests can be served, 503 until then."""
    state = readiness(services())
    return answer(state, 200 if state["ready"] else 503)


@blueprint.get("/metrics")
@access.scope("admin")
def metrics() -> ResponseReturnValue:
    """Figures in the text format of Prometheus. Verifications are counted by each web process for itself."""
    registry = CollectorRegistry()
    now = figures(services())
    for name, words in (
        ("backlog", "Steps that wait"),
        ("parked", "Steps that wait for a person"),
        ("log_size", "Leaves of the log"),
    ):
        Gauge(f"dispatch_{name}", words, registry=registry).set(now[name])
    for name in ("documents", "consignments"):
        gauge = Gauge(f"dispatch_{name}", f"{name.capitalize()} by state", ["state"], registry=registry)
        for state, count in now[name].items():
            gauge.labels(state=state).set(count)
    tally: Tally = current_app.extensions["dispatch_tally"]
    return Response(
        generate_latest(registry) + generate_latest(tally.registry), content_type=CONTENT_TYPE_LATEST
    )


@blueprint.get("/V/<text>")
@access.public
def old_address(text: str) -> ResponseReturnValue:
    """Never printed; some readers turn a fragment into a path. The token goes back where servers do not see it."""
    plain = text if len(text) <= 2048 and text.isascii() and text.isalnum() else ""
    return redirect(f"/v#{plain}" if plain else "/v")
