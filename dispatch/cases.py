"""Finding a case that an actor may see."""

from __future__ import annotations

from sqlalchemy import select

from .errors import NotFound
from .models import Case
from .rights import Actor
from .store import Work

__all__ = ["find_case"]


def find_case(work: Work, actor: Actor, acceptance_no: str, *, lock: bool = False) -> Case:
    """The case, or ``NotFound`` when it is absent or another office's."""
    query = select(Case).where(Case.acceptance_no == acceptance_no)
    case = work.session.scalar(query.with_for_update() if lock else query)
    if case is None or not actor.sees(case.division_code):
        raise NotFound("没有找到这个受理号的办件。请核对受理号。")
    return case
