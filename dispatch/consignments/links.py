"""The private link of a case, ``/m/{secret}``: 128 random bits, found by a blind index."""

from __future__ import annotations

from sqlalchemy import select

from ..models import Case, PrivateLink, new_id
from ..store import Work

__all__ = ["case_by_secret", "ensure_private_link"]


def ensure_private_link(work: Work, case: Case) -> str:
    """The case's secret, made when there is none yet; kept so that a receipt can be printed again."""
    known = work.session.scalar(select(PrivateLink).where(PrivateLink.case_id == case.id))
    if known is not None:
        return str(work.open(known, "secret"))
    secret = new_id()
    link = PrivateLink(id=new_id(), case_id=case.id, key=work.vault.blind("private_link", secret))
    work.seal(link, "secret", secret)
    work.add(link)
    work.session.flush()
    return secret


def case_by_secret(work: Work, secret: str) -> Case | None:
    """The case of this link, None for any other text."""
    if not secret or len(secret) > 64:
        return None
    key = work.vault.blind("private_link", secret)
    link = work.session.scalar(select(PrivateLink).where(PrivateLink.key == key))
    return work.session.get(Case, link.case_id) if link is not None else None
