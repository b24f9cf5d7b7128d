"""Fields in rows of one or two, set as large as fits, and the continuation pages for what is too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from labels.fonts import FontBook
from labels.text import wrap

from .plan import Op, PagePlan, Text, on_form, spread

__all__ = ["Cell", "Grid", "add_continuation", "continuation", "fit_grid", "fit_slots"]

SIZES: Final = (16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.5)
SPACING: Final = 1.42
LABEL_SIZE: Final = 12.5
COLUMN_GAP: Final = 22.0
LABEL_GAP: Final = 12.0
NARROWEST_ROW_GAP: Final = 3.0
WIDEST_ROW_GAP: Final = 18.0
#: of rows at fixed places: lines at the first size, characters of a label, how full one may be, what stands for a value
#: overleaf
SLOT_LINES: Final = 2.25
SLOT_LABEL: Final = 6
SLOT_FULL: Final = 0.9
OVERLEAF: Final = "见续页"
CONTINUED_SIZE: Final = 11.0
CONTINUED_LEADING: Final = 16.0
LONGEST_LIST: Final = 90


@dataclass(frozen=True)
class Cell:
    """A field: its label as printed and its value. `extra`: a pre-printed form has no place for it."""

    label: str
    value: str
    extra: bool = False


@dataclass(frozen=True)
class _Set:
    """A cell set at a size: label and value lines, and where its columns begin."""

    label: tuple[str, ...]
    value: tuple[str, ...]
    x: float
    extra: bool = False


@dataclass(frozen=True)
class Grid:
    """Rows set at one size. `overflow`: the cells whose values go to continuation pages; `scale`: the paper's;
    `pitch`: from one row to the next where their places are fixed, else 0."""

    rows: tuple[tuple[_Set, ...], ...]
    size: float
    label_width: float
    overflow: tuple[Cell, ...]
    scale: float = 1.0
    pitch: float = 0.0

    @property
    def leading(self) -> float:
        return self.size * SPACING

    @property
    def label_size(self) -> float:
        largest = LABEL_SIZE * self.scale
        return largest if self.pitch else min(self.size, largest)

    def roomy(self, column: int) -> bool:
        """Whether every cell of a column keeps to its row's place."""
        cells = [row[column] for row in self.rows if column < len(row)]
        return all(len(cell.value) * self.leading <= self.pitch * SLOT_FULL for cell in cells)

    def height(self) -> float:
        """Without the gaps between rows."""
        return sum(_row_lines(row) for row in self.rows) * self.leading

    def ops(self, book: FontBook, x: float, top: float, height: float) -> list[Op]:
        """Rows below `top`, spread over at most `height`."""
        spare = (height - self.height()) / max(len(self.rows), 1)
        gap = min(max(spare, 0.0), WIDEST_ROW_GAP * self.scale)
        first = SIZES[0] * self.scale if self.pitch else self.size
        out: list[Op] = []
        for row in self.rows:
            for cell in row:
                out += self._cell(book, cell, x + cell.x, top - first)
            top -= self.pitch or _row_lines(row) * self.leading + gap
        return out

    def _cell(self, book: FontBook, cell: _Set, x: float, y: float) -> list[Op]:
        out: list[Op] = []
        for at, line in enumerate(cell.label):
            whole = len(cell.label) == 1
            tracking = spread(book, line, "serif_bold", self.label_size, self.label_width) if whole else 0.0
            label = Text(x, y - at * self.leading, line, "serif_bold", self.label_size, tracking, 0.15)
            out += [label] if cell.extra else on_form([label])
        for at, line in enumerate(cell.value):
            out.append(
                Text(x + self.label_width + LABEL_GAP, y - at * self.leading, line, "serif", self.size)
            )
        return out


def fit_grid(
    book: FontBook, rows: Sequence[Sequence[Cell]], width: float, height: float, scale: float = 1.0
) -> Grid | None:
    """The rows as large as fits into `width` × `height`; the longest values are moved to a continuation
    page one by one until the rest fits. None when not even the list of what was moved has room."""
    kept = [list(row) for row in rows]
    moved: list[Cell] = []
    while True:
        if _set_if_fits(book, kept, moved, width, height, SIZES[-1], scale) is not None:
            settings = (_set_if_fits(book, kept, moved, width, height, size, scale) for size in SIZES)
            return next(grid for grid in settings if grid is not None)
        movable = [
            cell for row in (kept[1:] or kept) for cell in row
        ]  # the first row names the holder: it stays
        if not movable:
            return None
        longest = max(movable, key=lambda cell: len(cell.value) + 4 * len(cell.label))
        moved.append(longest)
        kept = [[cell for cell in row if cell is not longest] for row in kept]
        kept = [row for row in kept if row]


def fit_slots(
    book: FontBook, rows: Sequence[Sequence[Cell]], width: float, height: float, scale: float
) -> Grid | None:
    """The rows at places that do not depend on what they say, as a pre-printed form has them: each has room for two
    lines at the first size. A value that has no room even at the smallest goes to a continuation page, its place says
    so. None when there are too many rows."""
    pitch = SIZES[0] * SPACING * SLOT_LINES * scale
    if len(rows) * pitch > height:
        return None
    moved: list[Cell] = []
    kept: list[list[Cell]] = []
    for row in rows:
        long = [
            not _slots(book, [row], width, SIZES[-1] * scale, scale, pitch).roomy(at)
            for at in range(len(row))
        ]
        moved += [cell for cell, gone in zip(row, long, strict=True) if gone]
        kept.append(
            [replace(cell, value=OVERLEAF) if gone else cell for cell, gone in zip(row, long, strict=True)]
        )
    settings = (_slots(book, kept, width, size * scale, scale, pitch) for size in SIZES)
    fitting = next(grid for grid in settings if all(grid.roomy(at) for row in kept for at in range(len(row))))
    return replace(fitting, overflow=tuple(moved))


def _slots(
    book: FontBook, rows: Sequence[Sequence[Cell]], width: float, size: float, scale: float, pitch: float
) -> Grid:
    label_size = LABEL_SIZE * scale
    half = (width - COLUMN_GAP * scale) / 2
    sizes, label_width = (size, label_size), label_size * SLOT_LABEL
    out = [
        tuple(
            _set_cell(book, cell, at * (width - half), half if len(row) == 2 else width, sizes, label_width)
            for at, cell in enumerate(row)
        )
        for row in rows
    ]
    return Grid(tuple(out), size, label_width, (), scale, pitch)


def continuation(
    book: FontBook, cells: Sequence[Cell], width: float, height: float, scale: float = 1.0
) -> list[tuple[bool, list[Text]]]:
    """Pages of the moved cells: (begins inside a value, lines from (0, 0) at the top left downwards)."""
    size, leading = CONTINUED_SIZE * scale, CONTINUED_LEADING * scale
    pages: list[tuple[bool, list[Text]]] = [(False, [])]
    y = 0.0
    for cell in cells:
        label = wrap(book, f"【{cell.label}】", "serif_bold", size, width)
        if y - (len(label) + 1) * leading < -height and pages[-1][1]:
            pages.append((False, []))
            y = 0.0
        for line in label:
            y -= leading
            pages[-1][1].append(Text(0, y, line, "serif_bold", size))
        for line in wrap(book, cell.value, "serif", size, width):
            if y - leading < -height:
                pages.append((True, []))
                y = 0.0
            y -= leading
            pages[-1][1].append(Text(0, y, line, "serif", size))
        y -= leading / 2
    return pages


def add_continuation(page: PagePlan, lines: Sequence[Text], x: float, top: float) -> None:
    """Puts the lines of one continuation page into its body."""
    page.body += [Text(x + line.x, top + line.y, line.text, line.face, line.size) for line in lines]


def _set_if_fits(
    book: FontBook,
    rows: Sequence[Sequence[Cell]],
    moved: Sequence[Cell],
    width: float,
    height: float,
    size: float,
    scale: float,
) -> Grid | None:
    listed = [*rows, [_list_of(moved)]] if moved else list(rows)
    grid = _set_rows(book, listed, width, size * scale, tuple(moved), scale)
    return grid if grid.height() + NARROWEST_ROW_GAP * len(grid.rows) <= height else None


def _list_of(moved: Sequence[Cell]) -> Cell:
    names = "、".join(cell.label for cell in moved)
    if len(names) > LONGEST_LIST:
        return Cell("其余各项", f"共{len(moved)}项，内容见续页")
    return Cell("见续页", names)


def _set_rows(
    book: FontBook,
    rows: Sequence[Sequence[Cell]],
    width: float,
    size: float,
    overflow: tuple[Cell, ...],
    scale: float,
) -> Grid:
    label_size = min(size, LABEL_SIZE * scale)
    longest = max((len(cell.label) for row in rows for cell in row), default=4)
    label_width = label_size * min(max(longest, 4), 6)
    out: list[tuple[_Set, ...]] = []
    gap = COLUMN_GAP * scale
    half = (width - gap) / 2
    for row in rows:
        pair = [
            _set_cell(book, cell, at * (half + gap), half, (size, label_size), label_width)
            for at, cell in enumerate(row)
        ]
        if len(row) == 2 and all(len(cell.value) <= 2 for cell in pair):
            out.append(tuple(pair))
        else:
            out += [(_set_cell(book, cell, 0.0, width, (size, label_size), label_width),) for cell in row]
    return Grid(tuple(out), size, label_width, overflow, scale)


def _set_cell(
    book: FontBook, cell: Cell, x: float, width: float, sizes: tuple[float, float], label_width: float
) -> _Set:
    """`sizes`: of the value, of the label."""
    label = wrap(book, cell.label, "serif_bold", sizes[1], label_width)
    value = wrap(book, cell.value, "serif", sizes[0], width - label_width - LABEL_GAP)
    return _Set(tuple(label), tuple(value), x, cell.extra)


def _row_lines(row: Sequence[_Set]) -> int:
    return max(max(len(cell.label), len(cell.value)) for cell in row)
