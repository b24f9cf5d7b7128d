"""Number ranges that carriers issued: imported by a person, used one by one, no number ever twice.

S10 (UPU): two letters, eight digits, a check digit, two letters of the country. Domestic numbers are 13 digits whose
check rule is not public, so they are counted as they are. Our own hand-overs count ``ZD`` + 12 digits + Luhn.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update

from ..errors import Fault, Invalid, Rejected, RuleViolation
from ..models import CarrierRange, RangeNumber, new_id
from ..rights import SYSTEM, Actor, Scope
from ..services import Services
from ..store import Store, Work

__all__ = [
    "DatabaseNumbers",
    "RangeView",
    "ensure_demo_range",
    "import_range",
    "list_ranges",
    "low_water",
    "luhn_digit",
    "s10_digit",
]

STAFF: Final = "staff"
DEMO_CARRIER: Final = "range"
DEMO_COUNTRY: Final = "ZZ"
DEMO_SIZE: Final = 100_000
#: below so many, or a tenth of all imported, somebody should order new ones
LOW_WATER: Final = 200

_S10 = re.compile(r"([A-Z]{2})([0-9]{8})([0-9])([A-Z]{2})")
_DOMESTIC = re.compile(r"([1-9][0-9])([0-9]{11})")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_OWN_LETTERS: Final = "ZD"
_OWN_LAST: Final = 10**12 - 1


def s10_digit(serial: int) -> int:
    """Check digit of an 8-digit S10 serial (UPU S10, weights 8 6 4 2 3 5 9 7)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, f"{serial:08d}", strict=True))
    digit = 11 - total % 11
    return {10: 0, 11: 5}.get(digit, digit)


def luhn_digit(digits: str) -> int:
    """The Luhn digit that follows ``digits`` (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


@dataclass(frozen=True)
class RangeView:
    """A range as people see it: numbers with their check digits; ``low`` when the carrier's stock runs out."""

    carrier: str
    first: str
    last: str
    next: str | None
    total: int
    remaining: int
    low: bool


@dataclass(frozen=True)
class _Number:
    prefix: str
    serial: int
    suffix: str


def _write(prefix: str, suffix: str, serial: int) -> str:
    """The number as it stands on the envelope."""
    if prefix == _OWN_LETTERS and not suffix:
        return f"{prefix}{serial:012d}{luhn_digit(f'{serial:012d}')}"
    if suffix:
        return f"{prefix}{serial:08d}{s10_digit(serial)}{suffix}"
    return f"{prefix}{serial:011d}"


# -- importing ---------------------------------------------------------------------------------------------------
def import_range(services: Services, actor: Actor, carrier: str, first: str, last: str) -> RangeView:
    """Take over the numbers ``first`` … ``last`` that a carrier issued.

    ``Invalid`` with every fault (unknown carrier, wrong check digit, mixed prefixes, order), ``RuleViolation``
    ``range_overlap`` where one of the numbers was imported before.
    """
    actor.require(Scope.ADMIN)
    begin, end = _checked(services, carrier, first, last)
    with services.store.work(actor) as work:
        _refuse_overlap(work, begin, end)
        row = _add(work, carrier, begin.prefix, begin.suffix, begin.serial, end.serial)
        work.audit("range_imported", "range", row.id, carrier=carrier, first=_first(row), last=_last(row))
    return next(
        view for view in list_ranges(services, actor) if view.carrier == carrier and view.first == _first(row)
    )


def _checked(services: Services, carrier: str, first: str, last: str) -> tuple[_Number, _Number]:
    faults: list[Fault] = []
    known = [code for code, found in services.carriers.items() if not found.own_hands]
    if carrier not in known:
        faults.append(
            Fault("/carrier", "unknown_carrier", f"没有这种寄递方式，可用的有：{'、'.join(known)}。")
        )
    begin, end = _parsed("/first", first, faults), _parsed("/last", last, faults)
    if begin and end:
        if (begin.prefix, begin.suffix) != (end.prefix, end.suffix):
            faults.append(Fault("/last", "mixed_prefixes", "首末两个号码的字头字尾应相同，请分段导入。"))
        elif end.serial < begin.serial:
            faults.append(Fault("/last", "order", "末号小于首号，请核对次序。"))
        if begin.suffix == DEMO_COUNTRY and services.settings.production:
            faults.append(Fault("/first", "demonstration", "ZZ 号段只供演示，正式环境请导入邮政发放的号段。"))
    if faults or begin is None or end is None:
        raise Invalid(faults)
    return begin, end


def _parsed(pointer: str, text: str, faults: list[Fault]) -> _Number | None:
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    found = _S10.fullmatch(plain)
    if found:
        serial = int(found[2])
        if s10_digit(serial) == int(found[3]):
            return _Number(found[1], serial, found[4])
        faults.append(Fault(pointer, "check_digit", "号码的校验位不对，请对照号段单重新输入。"))
        return None
    domestic = _DOMESTIC.fullmatch(plain)
    if domestic:
        return _Number(domestic[1], int(domestic[2]), "")
    faults.append(Fault(pointer, "malformed", "号码应为两个字母、九位数字、两个字母，或十三位数字。"))
    return None


def _refuse_overlap(work: Work, begin: _Number, end: _Number) -> None:
    """Numbers are compared over all carriers: the same digits never stand on two envelopes."""
    clash = select(CarrierRange).where(
        CarrierRange.prefix == begin.prefix,
        CarrierRange.suffix == begin.suffix,
        CarrierRange.first <= end.serial,
        CarrierRange.last >= begin.serial,
    )
    row = work.session.scalar(clash.limit(1))
    if row is not None:
        raise RuleViolation(
            "range_overlap", f"与已导入的号段 {_first(row)} 至 {_last(row)} 重叠，请核对首末号码。"
        )


def _add(work: Work, carrier: str, prefix: str, suffix: str, first: int, last: int) -> CarrierRange:
    row = CarrierRange(
        id=new_id(), carrier=carrier, prefix=prefix, suffix=suffix, first=first, last=last, next=first,
        imported_at=work.now, imported_by=work.actor.name,
    )  # fmt: skip
    work.add(row)
    work.session.flush()
    return row


def _first(row: CarrierRange) -> str:
    return _write(row.prefix, row.suffix, row.first)


def _last(row: CarrierRange) -> str:
    return _write(row.prefix, row.suffix, row.last)


def ensure_demo_range(services: Services) -> bool:
    """Outside production, where no range exists: 100,000 demonstration numbers with country ZZ. True when made."""
    if services.settings.production:
        return False
    with services.store.work(SYSTEM) as work:
        any_range = select(CarrierRange.id).where(CarrierRange.carrier != STAFF).limit(1)
        if work.session.scalar(any_range) is not None:
            return False
        row = _add(work, DEMO_CARRIER, "EZ", DEMO_COUNTRY, 1, DEMO_SIZE)
        work.audit(
            "range_imported", "range", row.id, carrier=DEMO_CARRIER, first=_first(row), last=_last(row)
        )
    return True


# -- looking -----------------------------------------------------------------------------------------------------
def list_ranges(services: Services, actor: Actor) -> list[RangeView]:
    """All imported ranges, the oldest first; our own counter is none of them."""
    if not (actor.may(Scope.ADMIN) or actor.may(Scope.READ)):
        actor.require(Scope.ADMIN)
    with services.store.read(actor) as work:
        query = select(CarrierRange).where(CarrierRange.carrier != STAFF)
        rows = list(work.session.scalars(query.order_by(CarrierRange.imported_at, CarrierRange.id)))
    low = {
        carrier
        for carrier in {row.carrier for row in rows}
        if _is_low([r for r in rows if r.carrier == carrier])
    }
    return [_view(row, low) for row in rows]


def _view(row: CarrierRange, low: set[str]) -> RangeView:
    following = _write(row.prefix, row.suffix, row.next) if row.next <= row.last else None
    total = row.last - row.first + 1
    return RangeView(
        row.carrier, _first(row), _last(row), following, total, _remaining(row), row.carrier in low
    )


def low_water(services: Services, actor: Actor) -> list[str]:
    """One sentence per carrier whose numbers run out."""
    views = list_ranges(services, actor)
    left = {
        view.carrier: sum(v.remaining for v in views if v.carrier == view.carrier)
        for view in views
        if view.low
    }
    names = {code: _carrier_name(services, code) for code in left}
    return [f"{names[code]}的运单号只剩 {left[code]} 个，请申领新号段并导入。" for code in sorted(left)]


def _carrier_name(services: Services, code: str) -> str:
    return services.carriers[code].name if code in services.carriers else code


def _remaining(row: CarrierRange) -> int:
    return max(0, row.last - row.next + 1)


def _is_low(rows: list[CarrierRange]) -> bool:
    total = sum(row.last - row.first + 1 for row in rows)
    return sum(_remaining(row) for row in rows) < max(LOW_WATER, total / 10)


# -- taking ------------------------------------------------------------------------------------------------------
class DatabaseNumbers:
    """``ports.NumberSource`` on the database. The number and the order it is for are stored in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, carrier: str, order_no: str) -> str:
        """The number of this order: the one it got before, else the next free one. ``Rejected('range_empty')``."""
        try:
            return self._take(carrier, order_no)
        except RuleViolation as race:
            if race.code != "conflict":
                raise
        # Somebody stored a number for the same order in the same moment: now it is there to be read.
        return self._take(carrier, order_no)

    def _take(self, carrier: str, order_no: str) -> str:
        with self._store.work(SYSTEM) as work:
            known = work.session.scalar(select(RangeNumber).where(RangeNumber.order_no == order_no))
            if known is not None:
                return known.number
            number = _next_number(work, carrier)
            work.add(RangeNumber(carrier=carrier, number=number, order_no=order_no, taken_at=work.now))
            return number


def _next_number(work: Work, carrier: str) -> str:
    if carrier == STAFF:
        _ensure_own(work)
    open_ranges = select(CarrierRange.id).where(
        CarrierRange.carrier == carrier, CarrierRange.next <= CarrierRange.last
    )
    for range_id in list(
        work.session.scalars(open_ranges.order_by(CarrierRange.imported_at, CarrierRange.id))
    ):
        # Guarded: whoever raised the row first has the number; a range that just ran out gives none.
        taken = work.session.execute(
            update(CarrierRange)
            .where(CarrierRange.id == range_id, CarrierRange.next <= CarrierRange.last)
            .values(next=CarrierRange.next + 1)
            .returning(CarrierRange.prefix, CarrierRange.suffix, CarrierRange.next)
            .execution_options(synchronize_session=False)
        ).first()
        if taken is not None:
            return _write(taken.prefix, taken.suffix, taken.next - 1)
    raise Rejected("range_empty", "号段用完：请向邮政申领新的运单号段，由管理员导入后点“重新下单”。")


def _ensure_own(work: Work) -> None:
    """Our own counter needs no import: it begins at one and never comes to its end."""
    if work.session.scalar(
        select(func.count()).select_from(CarrierRange).where(CarrierRange.carrier == STAFF)
    ):
        return
    own = {
        "id": STAFF, "carrier": STAFF, "prefix": _OWN_LETTERS, "suffix": "", "first": 1, "last": _OWN_LAST, "next": 1,
        "imported_at": work.now, "imported_by": work.actor.name,
    }  # fmt: skip
    work.insert_missing(CarrierRange, own, ["id"])
