"""A form that came too late is not lost: what was typed is sealed into the page that asks to log in, and sent again.

The browser carries it as one ciphertext, so that a screen nobody is logged in to shows nobody's particulars, and what
comes back is what was sent, to the address it was sent to.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Final

from flask import request

from ..errors import DispatchError
from .access import services

__all__ = ["Kept", "keep_form", "kept_form"]

_MOST: Final = 300_000
_PLACE: Final = ("kept_form", "values", "form")
#: secrets are typed again, tokens are fresh
_SECRET: Final = re.compile(r"(^|_)(password|pin|token|secret|old|again)$")


@dataclass(frozen=True)
class Kept:
    """A form as it was sent: its address, its fields in order, and whether files were with it (they are not kept)."""

    path: str
    values: tuple[tuple[str, str], ...]
    files: bool


def keep_form() -> str:
    """The form of this request, sealed; empty when there is none worth keeping or it is too large."""
    values = [(name, text) for name, text in request.form.items(multi=True) if not _SECRET.search(name)]
    files = any(upload.filename for upload in request.files.values())
    plain = json.dumps([request.full_path.rstrip("?"), values, files], ensure_ascii=False)
    if request.method != "POST" or not (values or files) or len(plain) > _MOST:
        return ""
    return base64.urlsafe_b64encode(services().vault.seal(*_PLACE, plain)).decode()


def kept_form(text: str) -> Kept | None:
    """What ``keep_form`` sealed; None for anything else."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        path, values, files = (
            json.loads(services().vault.open(*_PLACE, sealed)) if sealed else ("", [], False)
        )
    except (DispatchError, ValueError):
        return None
    return Kept(path, tuple((name, value) for name, value in values), files) if path else None
