"""政务专递 without any connection: waybills go out to Excel and come back, or the pre-printed form is scanned."""

from __future__ import annotations

import re
from typing import Final

from dispatch.ports import BookingAnswer, BookingRequest

__all__ = ["ManualCarrier"]

_S10: Final = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")
_OTHER: Final = re.compile(r"(?=[0-9A-Z]*[0-9]{6})[0-9A-Z]{8,30}")
_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


class ManualCarrier:
    """Implements ``ports.Carrier``; the number is registered by a person."""

    code = "manual"
    name = "政务专递（手工登记）"
    postal = True
    holds_address = False
    own_hands = False

    def book(self, request: BookingRequest) -> BookingAnswer:
        """Nothing can be asked of anybody: the number comes later."""
        return BookingAnswer(None)

    def number_is_wellformed(self, waybill_no: str) -> bool:
        """Anything that looks like a carrier's number; what has the shape of S10 must have its check digit."""
        found = _S10.fullmatch(waybill_no)
        if found is None:
            return _OTHER.fullmatch(waybill_no) is not None
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, found[1], strict=True))
        digit = 11 - total % 11
        return int(found[2]) == {10: 0, 11: 5}.get(digit, digit)
