"""The test page of a printer: does it keep to the millimetre, how small can it print."""

from __future__ import annotations

from labels.testpage import TEST_SIZES, render_test_page

from ..errors import Fault, Invalid
from ..rights import Actor, Scope
from ..services import Services
from .printers import found_printer

__all__ = ["test_page"]


def test_page(services: Services, actor: Actor, size: str, printer: str = "") -> bytes:
    """The page as PDF, ``size`` one of ``TEST_SIZES``, moved as the printer with this id needs it; ``Invalid`` for another
    size, ``NotFound`` for another printer."""
    actor.require(Scope.ISSUE)
    if size not in TEST_SIZES:
        raise Invalid([Fault("/size", "unknown_value", f"测试页的纸张应为：{'、'.join(TEST_SIZES)}。")])
    if not printer:
        return render_test_page(size, services.fonts)
    with services.store.read(actor) as work:
        found = found_printer(work, actor, printer)
        right, down = found.right / 10, found.down / 10
        said = f"已照“{found.name}”的偏移移过：往右 {right:g} 毫米，往下 {down:g} 毫米"
    return render_test_page(size, services.fonts, (right, down), said)
