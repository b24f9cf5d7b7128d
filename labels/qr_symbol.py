"""QR symbols, drawn fast.

The tables, the fixed patterns and the rules are the `qrcode` library's; three of its loops are not, because they take
nine tenths of its time: bits are joined as text, error correction divides by a whole row of the generator at once, and
the eight masks are judged on whole symbols. The modules are always those that the library would draw.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final, Literal

from qrcode import base, util
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode

__all__ = ["ALPHANUMERIC", "BYTE", "Segment", "best_mask", "symbol"]

Cell = tuple[int, int]
Grid = Sequence[Sequence[object]]
Mode = Literal[2, 4]
#: mode and content
Segment = tuple[Mode, bytes]

# Mode indicators of ISO/IEC 18004, table 2; the library uses the same numbers.
ALPHANUMERIC: Final = 2
BYTE: Final = 4
_LETTERS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PADDING: Final = (f"{0xEC:08b}{0x11:08b}") * 1500
#: every mask repeats after twelve rows and twelve columns
PERIOD: Final = 12
#: ISO/IEC 18004, table 10: row, column → inverted
RULES: Final[tuple[Callable[[int, int], bool], ...]] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: (i * j % 3 + (i + j) % 2) % 2 == 0,
)


def symbol(segments: Iterable[Segment]) -> list[list[bool]]:
    """The modules of the smallest symbol for these segments, error correction M, best mask; True is dark.

    ValueError for a character that its mode has not; DataOverflowError beyond the largest symbol.
    """
    parts = [(mode, len(content), _bits(mode, content)) for mode, content in segments]
    version, bits = _fitted(parts)
    code = _Symbol(version=version, error_correction=ERROR_CORRECT_M, border=0)
    code.data_cache = _codewords(version, bits)
    code.make(fit=False)
    return [[bool(cell) for cell in row] for row in code.modules]


def _bits(mode: int, content: bytes) -> str:
    if mode == BYTE:
        return "".join(f"{byte:08b}" for byte in content)
    values = [_LETTERS.index(letter) for letter in content]
    pairs = "".join(
        f"{first * 45 + second:011b}" for first, second in zip(values[::2], values[1::2], strict=False)
    )
    return pairs + (f"{values[-1]:06b}" if len(values) % 2 else "")


def _fitted(parts: Sequence[tuple[Mode, int, str]]) -> tuple[int, str]:
    """The smallest version, and all bits up to its terminator. The width of a length grows with the version."""
    for start in (1, 10, 27):
        widths = util.mode_sizes_for_version(start)
        bits = "".join(f"{mode:04b}{count:0{widths[mode]}b}{content}" for mode, count, content in parts)
        version = bisect_left(util.BIT_LIMIT_TABLE[ERROR_CORRECT_M], len(bits), start)
        if version <= 40 and util.mode_sizes_for_version(version) is widths:
            return version, bits
    raise DataOverflowError


def _codewords(version: int, bits: str) -> list[int]:
    """The bits, padded, with their error correction: the blocks' bytes in turn."""
    blocks = base.rs_blocks(version, ERROR_CORRECT_M)
    room = 8 * sum(block.data_count for block in blocks)
    bits += "0" * min(4, room - len(bits))
    bits += "0" * (-len(bits) % 8)
    bits += _PADDING[: room - len(bits)]
    data = int(bits, 2).to_bytes(room // 8, "big")
    divider = _Divider(blocks[0].total_count - blocks[0].data_count)  # the same in all blocks of a version
    parts, checks = [], []
    at = 0
    for block in blocks:
        parts.append(data[at : at + block.data_count])
        checks.append(divider.remainder(parts[-1]))
        at += block.data_count
    return [
        byte
        for group in (parts, checks)
        for column in zip_longest(*group)
        for byte in column
        if byte is not None
    ]


class _Divider:
    """Division by the generator of degree `count`, in the field of 256 elements; a row is its product with one byte."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._rows: dict[int, int] = {}
        self._generator = [1]
        for power in range(count):
            shifted = [0, *(_times(factor, base.gexp(power)) for factor in self._generator)]
            self._generator = [a ^ b for a, b in zip([*self._generator, 0], shifted, strict=True)]

    def remainder(self, data: bytes) -> bytes:
        """The error correction of one block."""
        whole, top, rest = (1 << 8 * self._count) - 1, 8 * (self._count - 1), 0
        for byte in data:
            rest = ((rest << 8) & whole) ^ self._row((rest >> top) ^ byte)
        return rest.to_bytes(self._count, "big")

    def _row(self, lead: int) -> int:
        if lead not in self._rows:
            self._rows[lead] = int.from_bytes(
                bytes(_times(factor, lead) for factor in self._generator[1:]), "big"
            )
        return self._rows[lead]


def _times(one: int, other: int) -> int:
    """Product in the field of 256 elements."""
    return base.gexp(base.glog(one) + base.glog(other)) if one and other else 0


class _Symbol(QRCode[Any]):
    """The library's symbol with its two slow loops replaced."""

    _free: list[Cell] | None = None

    def best_mask_pattern(self) -> int:
        """Draws the symbol once, with mask 0, and judges the eight masks on it."""
        self.makeImpl(True, 0)
        assert self._free is not None
        free = [[False] * self.modules_count for _ in range(self.modules_count)]
        for row, column in self._free:
            free[row][column] = True
        return best_mask(self.modules, free)

    def map_data(self, data: Sequence[int], mask_pattern: int) -> None:
        """Fills the free cells with the bits of `data`, what is left with light, and applies the mask."""
        if self._free is None:
            self._free = list(_free_cells(self.modules))
        bits = "".join(f"{byte:08b}" for byte in data).ljust(len(self._free), "0")
        modules, inverted = self.modules, _tile(mask_pattern)
        for (row, column), bit in zip(self._free, bits, strict=True):
            modules[row][column] = (bit == "1") ^ inverted[row % PERIOD][column % PERIOD]


def _tile(mask: int) -> list[list[bool]]:
    """One period of a mask."""
    rule = RULES[mask]
    return [[rule(row, column) for column in range(PERIOD)] for row in range(PERIOD)]


def _free_cells(modules: Sequence[Sequence[bool | None]]) -> Iterator[Cell]:
    """Cells without a fixed module, in the order in which data fills them: pairs of columns from the right, up and
    down in turn, the timing column left out."""
    size = len(modules)
    upwards = True
    for right in range(size - 1, 0, -2):
        column = right - 1 if right <= 6 else right
        for row in range(size - 1, -1, -1) if upwards else range(size):
            if modules[row][column] is None:
                yield row, column
            if modules[row][column - 1] is None:
                yield row, column - 1
        upwards = not upwards


def best_mask(modules: Grid, free: Grid) -> int:
    """The first mask with the fewest points. `modules` come drawn with mask 0; only `free` cells are masked."""
    size = len(modules)
    judge = _Judge(size)
    upright, turned = _number(modules), _number(list(zip(*modules, strict=True)))
    room, room_turned = _number(free), _number(list(zip(*free, strict=True)))
    points = []
    for mask in range(len(RULES)):
        change = [
            [new ^ old for new, old in zip(*lines, strict=True)]
            for lines in zip(_tile(mask), _tile(0), strict=True)
        ]
        rows = upright ^ (room & _spread(change, size))
        columns = turned ^ (room_turned & _spread(list(zip(*change, strict=True)), size))
        points.append(judge.points(rows, columns))
    return points.index(min(points))


def _number(grid: Grid) -> int:
    """A bit per cell, row after row, the first cell highest."""
    return int("".join("1" if cell else "0" for row in grid for cell in row), 2)


def _spread(tile: Grid, size: int) -> int:
    """The period repeated over the whole symbol."""
    lines = [("".join("1" if cell else "0" for cell in row) * (size // PERIOD + 1))[:size] for row in tile]
    return int("".join(lines[row % PERIOD] for row in range(size)), 2)


class _Judge:
    """The four penalties for symbols of one size. `rows` and `columns` are the symbol and the symbol turned over its
    diagonal, as `_number` writes them; bit b + 1 is the cell before bit b."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._all = (1 << size * size) - 1
        # cells that have so many others before them in their row
        self._after_one = self._cells(size - 1)
        self._after_ten = self._cells(size - 10)

    def _cells(self, last: int) -> int:
        line = (1 << last) - 1 if last > 0 else 0
        whole = 0
        for row in range(self._size):
            whole |= line << row * self._size
        return whole

    def points(self, rows: int, columns: int) -> int:
        """All penalties together."""
        lines = sum(self._runs(grid) + self._finders(grid) for grid in (rows, columns))
        return lines + self._blocks(rows) + self._balance(rows)

    def _equal(self, grid: int) -> int:
        """Cells of the colour of the cell before them in the row."""
        return (grid ^ (grid >> 1) ^ self._all) & self._after_one

    def _runs(self, grid: int) -> int:
        """3 for a run of five, 1 more for each further module."""
        same = self._equal(grid)
        two = same & (same >> 1)
        five = two & (two >> 2)
        return five.bit_count() + 2 * (five & ~(five >> 1)).bit_count()

    def _blocks(self, grid: int) -> int:
        """3 for each square of 2 × 2 modules of one colour."""
        same, above = self._equal(grid), grid ^ (grid >> self._size) ^ self._all
        return 3 * (same & (same >> self._size) & above).bit_count()

    def _finders(self, grid: int) -> int:
        """40 for each 1011101 with four light modules on one side."""
        light = grid ^ self._all
        pair = light & (light >> 1)
        four = pair & (pair >> 2)
        core = grid & (light >> 1) & (grid >> 2) & (grid >> 3) & (grid >> 4) & (light >> 5) & (grid >> 6)
        before, after = core & (four >> 7), four & (core >> 4)
        return 40 * sum((side & self._after_ten).bit_count() for side in (before, after))

    def _balance(self, grid: int) -> int:
        """10 for each whole 5 % that dark modules are off one half."""
        percent = float(grid.bit_count()) / (self._size**2)
        return int(abs(percent * 100 - 50) / 5) * 10
