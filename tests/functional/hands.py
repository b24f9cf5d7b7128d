"""The hands of somebody new at the window: every press of the pointer and every Enter goes through them and is counted."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

from tests.functional.screens import scan

__all__ = ["MOST_BYTES", "Hands", "picture"]

#: a picture for the documentation is no heavier than this
MOST_BYTES = 150_000


class Hands:
    """``clicks``: presses of the pointer or of Enter since the last ``counting``. Typing, a scanner's keys and the name
    somebody writes with a pen are none; nothing here moves to a page by its address."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.scans, self.strokes = page, 0, 0, 0

    @contextmanager
    def counting(self) -> Iterator[Hands]:
        """From zero."""
        self.clicks = self.scans = self.strokes = 0
        yield self

    def click(self, target: Locator) -> None:
        """Press the pointer on it, where it is in sight."""
        target.click()
        self.clicks += 1

    def enter(self) -> None:
        """Press Enter where the cursor is."""
        self.page.keyboard.press("Enter")
        self.clicks += 1

    def type(self, text: str) -> None:
        """Keys, where the cursor is, in the rhythm of a person."""
        self.page.keyboard.type(text, delay=70)

    def tab(self, fields: int = 1) -> None:
        """So many fields on, by the Tab key."""
        for _ in range(fields):
            self.page.keyboard.press("Tab")

    def scan(self, text: str) -> None:
        """Pull the scanner's trigger."""
        scan(self.page, text)
        self.scans += 1

    def sign(self, canvas: Locator) -> None:
        """A name in one stroke of the pen."""
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + 40, middle)
        self.page.mouse.down()
        for step in range(1, 30):
            lift = math.sin(step / 1.5) * math.cos(step / 5.5) * box["height"] / 4
            self.page.mouse.move(box["x"] + 40 + step * 10, middle + lift)
        self.page.mouse.up()
        self.strokes += 1


def picture(page: Page, name: str) -> None:
    """What is on the screen as a small PNG in SHOTS_DIR, where somebody asks for pictures."""
    folder = os.environ.get("SHOTS_DIR")
    if not folder:
        return
    with Image.open(io.BytesIO(page.screenshot())) as seen:
        small = seen.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
    path = Path(folder) / f"{name}.png"
    small.save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES, path
