"""送件到家、代办点: our own staff carry the envelope, under numbers of our own (``ZD`` + 12 digits + Luhn)."""

from __future__ import annotations

import re
from typing import Final

from dispatch.errors import Rejected
from dispatch.ports import BookingAnswer, BookingRequest, NumberSource

__all__ = ["StaffCarrier"]

_NUMBER: Final = re.compile(r"ZD([0-9]{13})")


class StaffCarrier:
    """Implements ``ports.Carrier`` with our own people, who see the address on their screens."""

    code = "staff"
    name = "专人送达"
    postal = True
    holds_address = True
    own_hands = True

    def __init__(self, numbers: NumberSource) -> None:
        self._numbers = numbers

    def book(self, request: BookingRequest) -> BookingAnswer:
        """The next number of our own; the route is the recipient's town."""
        number = self._numbers.take(self.code, request.order_no)
        if not self.number_is_wellformed(number):
            raise Rejected("malformed_number", "内部运单号生成有误，请联系管理员。")
        town = next((part for part in reversed(request.region) if part.strip()), "")
        return BookingAnswer(number, town[:40])

    def number_is_wellformed(self, waybill_no: str) -> bool:
        """``ZD`` and 13 digits of which the last is the Luhn digit over the 12 before (ISO/IEC 7812-1, annex B)."""
        found = _NUMBER.fullmatch(waybill_no)
        if found is None:
            return False
        doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(found[1])))
        return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
