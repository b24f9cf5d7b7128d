"""QR codes as module matrices and as vector paths on a page."""

from __future__ import annotations

from typing import Any, Final

from reportlab.pdfgen.canvas import Canvas

from labels.qr_symbol import ALPHANUMERIC, BYTE, symbol

__all__ = ["MODULE", "QUIET", "byte_matrix", "draw", "matrix", "side"]

MODULE: Final = 1.2  # points: 0.4233 mm, five dots at 300 dpi
QUIET: Final = 4  # modules, ISO/IEC 18004


def matrix(prefix: str, alnum: str) -> list[list[bool]]:
    """The modules (rows from the top, True is dark) of `prefix` + `alnum`, error correction M, mask
    chosen by penalty.

    `prefix` is a byte segment, `alnum` an alphanumeric one (capitals, digits and ` $%*+-./:`), so that
    BASE32 costs 5.5 bits a character; an optimizer's own segmentation can be a version larger.
    """
    return symbol([(BYTE, prefix.encode("utf-8")), (ALPHANUMERIC, alnum.encode("ascii"))])


def byte_matrix(text: str) -> list[list[bool]]:
    """The modules of `text` as one byte segment, error correction M."""
    return symbol([(BYTE, text.encode("utf-8"))])


def side(modules: list[list[bool]], module: float = MODULE) -> float:
    """Side of the drawn symbol in points, four quiet modules on each edge included."""
    return (len(modules) + 2 * QUIET) * module


def draw(canvas: Canvas, x: float, y: float, modules: list[list[bool]], module: float = MODULE) -> None:
    """Draws the symbol with its quiet zone; (`x`, `y`) is the lower left corner of the quiet zone.

    White ground, then black paths, one rectangle per run of dark modules in a row.
    """
    whole = side(modules, module)
    canvas.saveState()
    canvas.setFillGray(1)
    canvas.rect(x, y, whole, whole, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.translate(x + QUIET * module, y + whole - QUIET * module)
    canvas.scale(module, -module)
    code: Any = canvas
    code._code.append(_dark_path(modules))
    canvas.restoreState()


def _dark_path(modules: list[list[bool]]) -> str:
    """PDF operators that fill the dark modules, one unit each, rows downwards from the origin."""
    runs = [(start, row, length) for row, cells in enumerate(modules) for start, length in _dark_runs(cells)]
    return " ".join([*(f"{start} {row} {length} 1 re" for start, row, length in runs), "f"])


def _dark_runs(cells: list[bool]) -> list[tuple[int, int]]:
    """(start, length) of each run of dark cells."""
    runs: list[tuple[int, int]] = []
    for at, dark in enumerate(cells):
        if not dark:
            continue
        if runs and sum(runs[-1]) == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((at, 1))
    return runs
