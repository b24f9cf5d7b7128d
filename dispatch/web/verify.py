"""The verification page. With JavaScript the browser checks the signature itself; without, the server does."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from ..errors import Invalid, RuleViolation
from ..verification import verify
from . import access, words
from .access import services
from .pages import render_page
from .security import scanner

__all__ = ["blueprint"]

_CODE = re.compile(r"[A-Z2-7]{16}")

blueprint = Blueprint("verify", __name__)


@blueprint.get("/v")
@access.public
@scanner
def by_code() -> ResponseReturnValue:
    """Where a document's QR leads; the token stands in the fragment, which no server sees."""
    return _page()


@blueprint.get("/verify")
@access.public
@scanner
def form() -> ResponseReturnValue:
    """The same page for who comes without a code."""
    return _page()


@blueprint.post("/verify")
@access.public
@scanner
def check() -> ResponseReturnValue:
    """The server's answer, for browsers without JavaScript."""
    code = request.form.get("code", "").strip()
    try:
        answer = verify(services(), _question(code), request.remote_addr or "").as_dict()
    except Invalid as refusal:
        return _page(given=code[:2100], fault="；".join(fault.detail for fault in refusal.faults)), 422
    except RuleViolation as refusal:
        return _page(given=code[:2100], fault=refusal.detail), 429 if refusal.code == "too_many" else 409
    current_app.extensions["dispatch_tally"].verified(answer["status"])
    return _page(answer=answer, given=code[:2100])


def _question(code: str) -> dict[str, Any]:
    plain = re.sub(r"\s", "", code).upper()
    if _CODE.fullmatch(plain):
        return {"document_id": plain}
    if code or not request.form.get("document_no"):
        return {"token": code}
    return {
        "document_no": request.form["document_no"].strip(),
        "holder_tail": request.form.get("holder_tail", "").strip(),
    }


def _page(**context: Any) -> str:
    told = {status: asdict(verdict) for status, verdict in words.VERDICTS.items()}
    host = services().settings.public_base_url.partition("://")[2].partition("/")[0].lower()
    return render_page("verify/verify.html", verdicts=told, hosts=[host], **({"answer": None} | context))
