"""The fast symbol is the library's symbol, module by module, and its penalties are the library's."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import QRData, lost_point

from labels.qr_symbol import ALPHANUMERIC, BYTE, best_mask, symbol

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def by_the_library(prefix: bytes, token: bytes) -> list[list[bool]]:
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    for content, mode in ((prefix, BYTE), (token, ALPHANUMERIC)):
        code.add_data(QRData(content, mode=mode), optimize=0)
    code.make(fit=True)
    return [[bool(cell) for cell in row] for row in code.modules]


@pytest.mark.parametrize("length", [0, 1, 2, 17, 100, 219, 220, 336, 500, 1200, 2600])
def test_every_size_is_the_librarys(length: int) -> None:
    token = "".join(random.Random(length).choices(BASE32, k=length)).encode()
    prefix = b"https://dz.example.gov.cn/v#"
    assert symbol([(BYTE, prefix), (ALPHANUMERIC, token)]) == by_the_library(prefix, token)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=90), st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=150))
def test_any_content_is_the_librarys(prefix: bytes, token: str) -> None:
    assert symbol([(BYTE, prefix), (ALPHANUMERIC, token.encode())]) == by_the_library(prefix, token.encode())


def masked(modules: list[list[bool]], rule: Any) -> list[list[bool]]:
    return [
        [cell ^ rule(row, column) for column, cell in enumerate(line)] for row, line in enumerate(modules)
    ]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([21, 25, 29]), st.floats(0.02, 0.98), st.randoms(use_true_random=False))
def test_the_mask_has_the_fewest_points_by_the_librarys_count(
    size: int, dark: float, chance: random.Random
) -> None:
    plain = [[chance.random() < dark for _ in range(size)] for _ in range(size)]
    rules = [
        lambda i, j: (i + j) % 2 == 0, lambda i, j: i % 2 == 0, lambda i, j: j % 3 == 0, lambda i, j: (i + j) % 3 == 0,
        lambda i, j: (i // 2 + j // 3) % 2 == 0, lambda i, j: i * j % 2 + i * j % 3 == 0,
        lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0, lambda i, j: (i * j % 3 + (i + j) % 2) % 2 == 0,
    ]  # fmt: skip
    points = [lost_point(masked(plain, rule)) for rule in rules]
    assert best_mask(masked(plain, rules[0]), [[True] * size] * size) == points.index(min(points))


def test_what_a_mode_has_not_and_what_no_symbol_holds_is_refused() -> None:
    with pytest.raises(ValueError):
        symbol([(ALPHANUMERIC, b"abc")])
    with pytest.raises(DataOverflowError):
        symbol([(BYTE, bytes(2332))])
    assert len(symbol([(BYTE, bytes(2331))])) == 177
