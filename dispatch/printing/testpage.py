"""The test page of a printer: does it keep to the millimetre, how small can it print."""

from __future__ import annotations

from labels.testpage import TEST_SIZES, render_test_page

from ..errors import Fault, Invalid
from ..rights import Actor, Scope
from ..services import Services

__all__ = ["test_page"]


def test_page(services: Services, actor: Actor, size: str) -> bytes:
    """The page as PDF, ``size`` one of ``TEST_SIZES``; ``Invalid`` for another."""
    actor.require(Scope.ISSUE)
    if size not in TEST_SIZES:
        raise Invalid([Fault("/size", "unknown_value", f"测试页的纸张应为：{'、'.join(TEST_SIZES)}。")])
    return render_test_page(size, services.fonts)
