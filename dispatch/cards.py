"""Quick cards for the wall, their words are data (``templates/cards/*.toml``); and the card that is somebody's badge."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal

from labels.badge import BadgeRecord, render_badge
from labels.card import CardBox, CardRecord, render_card

from .badges import new_badge
from .rights import Actor
from .services import Services

__all__ = ["FOLDER", "CardName", "badge_card", "quick_card"]

FOLDER: Final = Path(__file__).resolve().parents[1] / "templates" / "cards"
CardName = Literal["clerk"]


def quick_card(services: Services, name: CardName) -> bytes:
    """The card as a one-page A4 PDF with this centre's name and telephone."""
    words = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    settings = services.settings
    record = CardRecord(
        title=words["title"],
        operator=settings.operator,
        phone=settings.operator_phone,
        boxes=tuple(CardBox(box["heading"], tuple(box["lines"])) for box in words["box"]),
        foot=words.get("foot", ""),
        sample=settings.sample,
    )
    return render_card(record, services.fonts)


def badge_card(services: Services, actor: Actor, name: str, role: str) -> bytes:
    """A fresh badge for somebody as an A4 PDF to cut out; any older one opens nothing from now on. ``role``: the word
    on the card. ``NotFound`` for an unknown name."""
    record = BadgeRecord(
        services.settings.operator, name, role, new_badge(services, actor, name), services.settings.sample
    )
    return render_badge(record, services.fonts)
