"""Pictures of the guide, made from what the browser tests saw: ``python -m tests.functional.pictures SHOTS docs/pictures``.

The tests put whole pages into ``SHOTS_DIR``; here the ones that the guide shows are cut to what matters, made smaller
and reduced to few colours, so that the repository stays small.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image

from tests.functional.hands import MOST_BYTES

__all__ = ["GUIDE", "make"]

_WIDTH, _COLOURS = 1000, 64

#: picture in the guide → picture of the tests, height kept in pixels of the page
GUIDE = {
    "guide-import": ("day-import-1280", 900),
    "guide-issued": ("day-issued-1280", 760),
    "guide-print": ("day-print-1280", 900),
    "guide-swapped": ("day-swapped-1280", 800),
    "guide-packed": ("day-packed-1280", 620),
    "guide-sign": ("day-sign-1280", 1100),
    "guide-shift": ("day-shift-1280", 900),
    "guide-paper": ("paper-sheet-wide-1280", 1000),
}


def make(shots: Path, out: Path) -> list[Path]:
    """Write every picture of the guide, and those of the table of tasks as they were taken; ``FileNotFoundError`` names
    the one the tests did not take."""
    guide = [_one(shots / f"{name}.png", out / f"{kept}.png", tall) for kept, (name, tall) in GUIDE.items()]
    tasks = [Path(shutil.copy(taken, out)) for taken in sorted(shots.glob("tasks-*.png"))]
    return guide + tasks


def _one(source: Path, target: Path, tall: int) -> Path:
    with Image.open(source) as page:
        cut = page.convert("RGB").crop((0, 0, page.width, min(tall, page.height)))
    width = min(_WIDTH, cut.width)
    small = cut.resize((width, round(cut.height * width / cut.width)), Image.Resampling.LANCZOS)
    small.quantize(_COLOURS).save(target, optimize=True)
    if target.stat().st_size > MOST_BYTES:
        raise ValueError(f"{target.name} has {target.stat().st_size} bytes, more than {MOST_BYTES}")
    return target


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("".join(f"{one.name} {one.stat().st_size}\n" for one in made))
