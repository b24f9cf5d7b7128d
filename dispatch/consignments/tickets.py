"""The one-time code on a printed hand-over list.

People of the carrier use no program of ours (they have devices of their own). The clerk's scanner reads the code, the
page for exactly this list opens on the office's screen, and the carrier's person signs there. The code has 128 random
bits, works once, ends with the day, and only its hash is kept.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, time, timedelta
from typing import Final

from ..calendar import SHANGHAI, local_date
from ..errors import RuleViolation
from ..models import Manifest, ManifestTicket, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work

__all__ = ["find_ticket", "manifest_of_ticket", "mint_ticket", "ticket_in", "ticket_text"]

_TICKET: Final = re.compile(r"/WINDOW/SIGN/([A-Z2-7]{26})\Z")


def ticket_text(public_base_url: str, secret: str) -> str:
    """What the code on the paper says."""
    return f"{public_base_url}/window/sign/{secret}"


def ticket_in(text: str) -> str | None:
    """The secret in a scanned text, None for any other."""
    found = _TICKET.search(text.strip().upper())
    return found[1] if found else None


def mint_ticket(work: Work, manifest: Manifest) -> str:
    """A new secret for this list, good until the day ends; the caller prints it and keeps it nowhere."""
    secret, day = new_id(), local_date(work.now)
    ends = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
    work.add(ManifestTicket(key=_digest(secret), manifest_id=manifest.id, made_at=work.now, expires_at=ends))
    return secret


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.upper().encode("utf-8", "surrogatepass")).hexdigest()


def manifest_of_ticket(services: Services, actor: Actor, secret: str) -> str:
    """The list that a scanned code opens. ``RuleViolation``: ``unknown_ticket``, ``used_ticket``, ``old_ticket``, each with
    the way on. Looking uses nothing up; signing does."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        return find_ticket(work, actor, secret).manifest_id


def find_ticket(work: Work, actor: Actor, secret: str) -> ManifestTicket:
    """The row of a code that still opens its list; ``RuleViolation`` as ``manifest_of_ticket``."""
    row = work.session.get(ManifestTicket, _digest(secret))
    manifest = work.session.get(Manifest, row.manifest_id) if row is not None else None
    if row is None or manifest is None or not actor.sees(manifest.division_code):
        raise RuleViolation("unknown_ticket", "这个签收码不是本窗口打的清单上的。请在“交接”里按清单号找。")
    if row.used_at is not None or manifest.signed_at is not None:
        raise RuleViolation("used_ticket", f"清单 {manifest.list_no} 已经签收过了，签收码只能用一次。")
    if row.expires_at <= work.now:
        raise RuleViolation(
            "old_ticket", f"清单 {manifest.list_no} 的签收码只在打印当天有效。请重新打印清单再签。"
        )
    return row
