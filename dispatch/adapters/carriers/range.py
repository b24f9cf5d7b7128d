"""政务专递 by number range: the postal enterprise issued numbers beforehand, each envelope takes the next one.

Nothing is sent to the carrier when a number is taken; it learns of the envelope from the hand-over list, and the
label carries the whole address.
"""

from __future__ import annotations

import re
from typing import Final

from dispatch.ports import BookingAnswer, BookingRequest, NumberSource

__all__ = ["RangeCarrier"]

_S10: Final = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")
_DOMESTIC: Final = re.compile(r"[1-9][0-9]{12}")
_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


class RangeCarrier:
    """Implements ``ports.Carrier`` with numbers from an imported range."""

    code = "range"
    name = "政务专递"
    postal = True
    holds_address = False
    own_hands = False

    def __init__(self, numbers: NumberSource) -> None:
        self._numbers = numbers

    def book(self, request: BookingRequest) -> BookingAnswer:
        """The number of this order; ``Rejected('range_empty')`` when none is left."""
        return BookingAnswer(self._numbers.take(self.code, request.order_no))

    def number_is_wellformed(self, waybill_no: str) -> bool:
        """S10 with its check digit (UPU S10), or 13 digits, whose check rule is not public."""
        found = _S10.fullmatch(waybill_no)
        if found is None:
            return _DOMESTIC.fullmatch(waybill_no) is not None
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, found[1], strict=True))
        digit = 11 - total % 11
        return int(found[2]) == {10: 0, 11: 5}.get(digit, digit)
